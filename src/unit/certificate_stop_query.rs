//! The SQL of certificates that people stop.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::certificate_stop::Asked;
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{CertificateId, EventId, PersonId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_duty::{certificate_stop, certificate_stop_decision};

/// Verdicts as they are stored.
pub const STOPPED: &str = "stopped";
pub const REFUSED: &str = "refused";

crate::table_row! {
    pub struct StopRow in "certificate_stop" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub certificate_id: CertificateId,
        pub reason: String,
        pub maker_person_id: PersonId,
        pub asked_at: Instant,
    }
}

crate::table_row! {
    pub struct DecisionRow in "certificate_stop_decision" {
        pub unit_id: UnitId,
        pub stop_id: EventId,
        pub certificate_id: CertificateId,
        pub maker_person_id: PersonId,
        pub verdict: &'static str,
        pub reason: Option<String>,
        pub checker_person_id: PersonId,
        pub decided_at: Instant,
    }
}

/// What waits for another person, oldest first.
pub fn waiting(conn: &mut Conn, unit: UnitId) -> Result<Vec<Asked>> {
    let decided: Vec<EventId> = certificate_stop_decision::table
        .filter(certificate_stop_decision::unit_id.eq(unit))
        .select(certificate_stop_decision::stop_id)
        .load(conn)
        .classify()?;
    let asked: Vec<(EventId, CertificateId, String, PersonId, Instant)> = certificate_stop::table
        .filter(certificate_stop::unit_id.eq(unit))
        .order(certificate_stop::id)
        .select((
            certificate_stop::id,
            certificate_stop::certificate_id,
            certificate_stop::reason,
            certificate_stop::maker_person_id,
            certificate_stop::asked_at,
        ))
        .load(conn)
        .classify()?;
    let open = asked.into_iter().filter(|(id, ..)| !decided.contains(id));
    let asked =
        |(id, certificate, reason, maker, asked_at)| Asked { unit, id, certificate, reason, maker, asked_at };
    Ok(open.map(asked).collect())
}

/// The unit of what was asked for, within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: EventId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, certificate_stop, id)
}

/// The certificates that two persons stopped, of one unit or of all in scope.
pub fn stopped(conn: &mut Conn, unit: Option<UnitId>) -> Result<BTreeSet<(UnitId, CertificateId)>> {
    let mut found = certificate_stop_decision::table
        .filter(certificate_stop_decision::verdict.eq(STOPPED))
        .select((certificate_stop_decision::unit_id, certificate_stop_decision::certificate_id))
        .into_boxed();
    if let Some(unit) = unit {
        found = found.filter(certificate_stop_decision::unit_id.eq(unit));
    }
    let found: Vec<(UnitId, CertificateId)> = found.load(conn).classify()?;
    Ok(found.into_iter().collect())
}
