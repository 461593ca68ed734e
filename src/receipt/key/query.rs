//! Rows of the alarms about keys.

use diesel::prelude::*;

use super::alarm::{Kind, Open};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AlarmId, CertificateId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{key_alarm, key_alarm_cleared};

crate::table_row! {
    pub struct AlarmRow in "key_alarm" {
        pub unit_id: UnitId,
        pub id: AlarmId,
        pub kind: &'static str,
        pub certificate_id: Option<CertificateId>,
        pub detail: String,
        pub raised_at: Instant,
    }
}

crate::table_row! {
    pub struct ClearedRow in "key_alarm_cleared" {
        pub unit_id: UnitId,
        pub alarm_id: AlarmId,
        pub cleared_at: Instant,
    }
}

/// Alarms nobody cleared. Kinds of a later program are left to it.
pub fn open_alarms(conn: &mut Conn) -> Result<Vec<Open>> {
    type Columns = (UnitId, AlarmId, String, Option<CertificateId>, String, Instant);
    let found: Vec<Columns> = key_alarm::table
        .left_join(
            key_alarm_cleared::table.on(key_alarm_cleared::unit_id
                .eq(key_alarm::unit_id)
                .and(key_alarm_cleared::alarm_id.eq(key_alarm::id))),
        )
        .filter(key_alarm_cleared::cleared_at.nullable().is_null())
        .order(key_alarm::id)
        .select((
            key_alarm::unit_id,
            key_alarm::id,
            key_alarm::kind,
            key_alarm::certificate_id,
            key_alarm::detail,
            key_alarm::raised_at,
        ))
        .load(conn)
        .classify()?;
    let open = |(unit, id, kind, certificate, detail, raised_at): Columns| {
        Some(Open { unit, id, certificate, kind: Kind::parse(&kind)?, detail, raised_at })
    };
    Ok(found.into_iter().filter_map(open).collect())
}
