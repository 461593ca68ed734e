//! The SQL of obligations that go on elsewhere.

use std::collections::HashMap;

use diesel::sql_types::BigInt;

use super::moved::Key;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

crate::table_row! {
    pub struct MovedRow in "obligation_handover" {
        pub unit_id: UnitId,
        pub obligation_id: ObligationId,
        pub successor_id: UnitId,
        pub successor_obligation_id: ObligationId,
        pub created_at: Instant,
    }
}

/// Where obligations went; those that did not move are absent.
pub fn next(conn: &mut Conn, keys: &[&mut Key]) -> Result<HashMap<Key, Key>> {
    type Stored = (UnitId, ObligationId, UnitId, ObligationId);
    let found: Vec<Stored> = rows::fetch::<(BigInt, BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.successor_id, t.successor_obligation_id FROM obligation_handover t",
        &[
            ("unit_id", Column::of(keys.iter().map(|key| key.0))),
            ("obligation_id", Column::of(keys.iter().map(|key| key.1))),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(unit, id, successor, new)| ((unit, id), (successor, new))).collect())
}
