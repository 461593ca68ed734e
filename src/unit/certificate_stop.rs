//! A certificate whose key was stolen, or that was stored by mistake, is stopped: one person asks for it, another
//! one agrees, and nothing starts it again. It stays, and verifies what it signed.

use serde::Serialize;

use super::certificate::{self, Listed};
use super::certificate_stop_query::{self as query, DecisionRow, StopRow};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{CertificateId, EventId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text;

/// What was asked for and waits for another person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    #[serde(skip)]
    pub unit: UnitId,
    pub id: EventId,
    pub certificate: CertificateId,
    pub reason: String,
    pub maker: PersonId,
    pub asked_at: Instant,
}

/// Who asks for a certificate to be stopped.
pub const ASKERS: [Role; 2] = [Role::Administrator, Role::Approver];
/// Who decides about it.
pub const DECIDERS: [Role; 3] = [Role::Administrator, Role::Approver, Role::Finance];

/// Asks for a certificate to be stopped.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `reason_missing`, `certificate_not_found`; `certificate_stopped` when it
/// signs no more already, `certificate_stop_open` when that is asked for already.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, certificate): (UnitId, CertificateId),
    reason: &str,
) -> Result<EventId> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = text::reason(reason)?;
    // Whoever asks for the same at the same moment waits here, and is told of this one.
    super::query::lock(tx, unit)?;
    let is_asked = waiting(tx, unit)?.iter().any(|asked| asked.certificate == certificate);
    let all = certificate::of_unit(tx, unit)?;
    let known = all.into_iter().find(|one| one.id == certificate).ok_or_else(not_found)?;
    if known.is_stopped || known.revoked_at.is_some() {
        return Err(Error::conflict("certificate_stopped", "it signs no more already"));
    }
    if is_asked {
        return Err(Error::conflict("certificate_stop_open", "another person decides on what was asked for"));
    }
    let id: EventId = stamp.mint()?;
    let row = StopRow {
        unit_id: unit,
        id,
        certificate_id: certificate,
        reason,
        maker_person_id: maker,
        asked_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "certificate.stop_asked", certificate)])?;
    Ok(id)
}

/// Another person agrees: from now on the certificate signs nothing. A process that signs knows it when it
/// chooses anew, within half a minute, or at once when its keyring forgets.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `maker_is_checker`; `certificate_stop_not_open` when nothing of that id
/// waits.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: EventId,
) -> Result<CertificateId> {
    decide(tx, stamp, actor, (unit, id), None)
}

/// Takes back what oneself asked for: the certificate goes on signing.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `reason_missing`, `certificate_stop_not_open`; `not_the_maker` for what
/// somebody else asked for.
pub fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, EventId),
    reason: &str,
) -> Result<CertificateId> {
    actor.scope.require(unit)?;
    if find(tx, unit, id)?.maker != actor.require_person()? {
        return Err(Error::forbidden(
            "not_the_maker",
            "whoever asked for it takes it back; another person decides",
        ));
    }
    refuse(tx, stamp, actor, (unit, id), reason)
}

/// Turns it down, or takes one's own back: the certificate goes on signing.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `reason_missing`, `certificate_stop_not_open`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, EventId),
    reason: &str,
) -> Result<CertificateId> {
    let reason = text::reason(reason)?;
    decide(tx, stamp, actor, (unit, id), Some(reason))
}

fn decide(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, EventId),
    refused: Option<String>,
) -> Result<CertificateId> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let asked = find(tx, unit, id)?;
    let is_stopped = refused.is_none();
    if is_stopped && asked.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must decide"));
    }
    let row = DecisionRow {
        unit_id: unit,
        stop_id: id,
        certificate_id: asked.certificate,
        maker_person_id: asked.maker,
        verdict: if is_stopped { query::STOPPED } else { query::REFUSED },
        reason: refused,
        checker_person_id: checker,
        decided_at: stamp.now,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => not_open(),
        _ => error,
    })?;
    let action = if is_stopped { "certificate.stopped" } else { "certificate.stop_refused" };
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, action, asked.certificate)])?;
    Ok(asked.certificate)
}

/// What waits for another person, oldest first.
///
/// # Errors
/// Those of the store.
pub fn waiting(conn: &mut Conn, unit: UnitId) -> Result<Vec<Asked>> {
    query::waiting(conn, unit)
}

/// The unit of what was asked for, decided or not, within a scope.
///
/// # Errors
/// `certificate_stop_not_found`.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: EventId) -> Result<UnitId> {
    let missing = || Error::not_found("certificate_stop_not_found", "no such request in your scope");
    query::unit_of(conn, scope, id)?.ok_or_else(missing)
}

/// One that waits.
///
/// # Errors
/// `certificate_stop_not_open`.
pub fn find(conn: &mut Conn, unit: UnitId, id: EventId) -> Result<Asked> {
    waiting(conn, unit)?.into_iter().find(|asked| asked.id == id).ok_or_else(not_open)
}

/// The unit in whose certificates an id is, within a scope.
///
/// # Errors
/// `certificate_not_found`.
pub fn locate(conn: &mut Conn, scope: &Scope, id: CertificateId) -> Result<Listed> {
    let all = certificate::all(conn)?;
    all.into_iter().find(|one| one.id == id && scope.covers(one.unit)).ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("certificate_not_found", "no such certificate")
}

fn not_open() -> Error {
    Error::conflict("certificate_stop_not_open", "nothing of that id waits for a decision")
}
