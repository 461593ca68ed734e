//! The events of a version: each names who took its step, and no version moves without one.

use super::{Decision, Version, query};
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::store::{Stamp, Tx, failure, rows};

pub(super) struct Event<'e> {
    pub kind: &'static str,
    pub state: &'static str,
    pub decision: Option<Decision>,
    pub maker: Option<PersonId>,
    pub checker: Option<PersonId>,
    pub reason: &'e str,
}

pub(super) fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    version: &Version,
    revision: i64,
    event: &Event<'_>,
) -> Result<()> {
    rows::insert(
        tx,
        &[query::EventRow {
            unit_id: version.unit,
            id: stamp.mint()?,
            version_id: version.id,
            revision,
            kind: event.kind,
            state: event.state,
            decision: event.decision.map(Decision::as_str),
            maker_person_id: event.maker,
            checker_person_id: event.checker,
            reason: event.reason.to_owned(),
            at: stamp.now,
        }],
    )
}

/// The next revision. Its event comes first: the database lets no version move without one. Where another process
/// took the same step, the transaction begins anew from what stands then.
pub(super) fn advance(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    version: &Version,
    event: &Event<'_>,
) -> Result<Version> {
    tell(tx, stamp, version, version.revision + 1, event).map_err(|error| match error.code() {
        failure::UNIQUE => Error::busy(failure::RETRY, 1, "another process moved the version on"),
        _ => error,
    })?;
    query::set_state(tx, version, event.state)?;
    query::find(tx, version.unit, version.id)
}
