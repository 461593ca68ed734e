//! Withdrawing an approved correction whose money never came: one person asks, another agrees. The
//! extra lines go, nothing was numbered, the document stands as before and may be corrected again.

use super::{ASKERS, Correction, State, checker, find, query, tell};
use crate::actor::Actor;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::payment::awaited;
use crate::payment::withdraw::{self, Withdrawal, Withdrawn};
use crate::store::{Stamp, Tx};
use crate::text;

/// Asks for an approved correction to be withdrawn.
///
/// # Errors
/// `correction_not_awaiting` when it waits for no money, `reason_missing`.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
    reason: &str,
) -> Result<Correction> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = text::reason(reason)?;
    let mut correction = find(tx, unit, id)?;
    let awaits = awaited::of_correction(tx, unit, id)?.is_some();
    if correction.state != State::Approved || !awaits {
        return Err(not_awaiting(&correction));
    }
    correction.state = State::WithdrawalRequested;
    correction.withdrawal_maker = Some(maker);
    correction.revision += 1;
    query::store(tx, &correction)?;
    tell(tx, stamp, &correction, maker, "withdrawal_requested", Some(reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.withdrawal_requested", id)])?;
    Ok(correction)
}

/// Agrees: the correction is withdrawn with what was paid of it, in this transaction.
///
/// # Errors
/// `maker_is_checker`, `correction_withdrawal_not_requested`, `correction_not_awaiting` when
/// its money came meanwhile.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
) -> Result<(Correction, Withdrawn)> {
    let (mut correction, checker, maker) = requested(tx, actor, unit, id)?;
    correction.state = State::Withdrawn;
    correction.withdrawal_checker = Some(checker);
    correction.revision += 1;
    // The decision comes first: of two approvers at one moment the later one finds it changed.
    query::store(tx, &correction)?;
    tell(tx, stamp, &correction, checker, "withdrawn", None)?;
    let reason = format!("rút đề nghị sửa {id}");
    let withdrawal = Withdrawal { unit, correction: id, obligation: correction.obligation, reason, maker };
    let withdrawn = withdraw::withdraw(tx, stamp, actor, &withdrawal)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.withdrawn", id)])?;
    Ok((correction, withdrawn))
}

/// Turns the withdrawal down: the correction goes on waiting for its money.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
    reason: &str,
) -> Result<Correction> {
    let reason = text::reason(reason)?;
    let (mut correction, checker, _) = requested(tx, actor, unit, id)?;
    correction.state = State::Approved;
    correction.withdrawal_maker = None;
    correction.revision += 1;
    query::store(tx, &correction)?;
    tell(tx, stamp, &correction, checker, "withdrawal_refused", Some(reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.withdrawal_refused", id)])?;
    Ok(correction)
}

/// The correction, who decides now, and who asked.
fn requested(
    tx: &mut Tx<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
) -> Result<(Correction, PersonId, PersonId)> {
    let checker = checker(actor, unit)?;
    let correction = find(tx, unit, id)?;
    let maker = correction.withdrawal_maker.filter(|_| correction.state == State::WithdrawalRequested);
    let Some(maker) = maker else {
        let detail = format!("it is {}", correction.state.as_str());
        return Err(Error::conflict("correction_withdrawal_not_requested", detail));
    };
    if maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must decide"));
    }
    Ok((correction, checker, maker))
}

fn not_awaiting(correction: &Correction) -> Error {
    let detail = format!("it is {} and waits for no money", correction.state.as_str());
    Error::conflict("correction_not_awaiting", detail)
}
