//! What taking a payment's money back would do, and whether it can be done: asked before anybody
//! proposes it, shown to the second person, and asked again when it is carried out.

use serde::Serialize;

use super::book::{Payment, PaymentState};
use super::refund::{self, State as RefundState};
use super::{awaited_query, payment_query, reopen, unmatch};
use crate::amount::Dong;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::exception::{self, Exception, Kind, Subject};
use crate::id::*;
use crate::obligation::{self, State};
use crate::receipt;
use crate::store::Conn;

/// What will happen, in ids and sums; no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Effect {
    /// The statement line whose money waits for its place again.
    pub line: Option<LineId>,
    /// What stands in suspense (money out: as unexplained debit) afterwards.
    pub to_suspense: Dong,
    /// Deposit slips that wait for this money again.
    pub deposits_expected_again: Vec<SlipId>,
    /// Orders to the Treasury, or of the kept share, that wait for their debit again.
    pub orders_expected_again: Vec<RemittanceId>,
    /// Refunds that wait for their debit again.
    pub refunds_expected_again: Vec<RefundId>,
    /// Movements that a channel told of and that wait for their line again.
    pub expected_again: Vec<MovementId>,
    pub payments_taken_back: Vec<PaymentId>,
    /// Payments that are claimed again: their receipts stay, and another line has to show them.
    pub claimed_again: Vec<PaymentId>,
    pub obligations_reopened: Vec<ObligationId>,
    pub receipts_cancelled: Vec<ReceiptId>,
    /// Requests that nobody approved yet; they fall.
    pub refunds_dropped: Vec<RefundId>,
    /// Other items that had ended with this one.
    pub items_reopened: Vec<ExceptionId>,
}

/// What the second person sees before deciding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one is foreseen at a time, and shown")]
pub enum Foreseen {
    Does(Effect),
    /// The code of the reason why it cannot be undone as things stand.
    Refused(&'static str),
}

impl Foreseen {
    /// What stands in the way is foreseen too; faults of ours are not.
    pub fn of(found: Result<Effect>) -> Result<Foreseen> {
        match found {
            Ok(effect) => Ok(Foreseen::Does(effect)),
            Err(error) if *error.kind() == ErrorKind::Conflict => Ok(Foreseen::Refused(error.code())),
            Err(error) => Err(error),
        }
    }
}

/// What undoing a settled item, or approving a proposed un-matching, would do. None for other items.
pub fn foreseen(conn: &mut Conn, item: &Exception) -> Result<Option<Foreseen>> {
    let found = match item.state {
        exception::State::Resolved => reopen::check(conn, item),
        exception::State::Proposed if item.kind == Kind::MatchDoubted && item.subject_kind == "line" => {
            unmatch::check(conn, item)
        }
        _ => return Ok(None),
    };
    Foreseen::of(found).map(Some)
}

/// Adds what taking one payment back would do.
///
/// # Errors
/// `undo_money_gone`, `undo_refund_under_way`, `undo_corrected`, `undo_paid_on`.
pub(super) fn of_payment(conn: &mut Conn, unit: UnitId, id: PaymentId, effect: &mut Effect) -> Result<()> {
    let payment = payment_query::payments(conn, &[(unit, id)])?.pop();
    let payment = payment.ok_or_else(|| Error::internal("a movement names a payment that is not there"))?;
    of_refunds(conn, &payment, effect)?;
    check_standing(conn, &payment)?;
    for (id, _) in payment_query::allocated_to(conn, unit, payment.id)? {
        let owed = obligation::find(conn, unit, id)?;
        if owed.line_edition > 0 && is_corrected(conn, (unit, id))? {
            let detail = "its receipt was corrected since: cancel the receipt by a correction first";
            return Err(Error::conflict("undo_corrected", detail));
        }
        if owed.state == State::Paid {
            let documents = receipt::query::current_of_obligations(conn, &[(unit, id)])?;
            effect.receipts_cancelled.extend(documents.into_iter().map(|current| current.receipt));
        }
        effect.obligations_reopened.push(id);
    }
    effect.payments_taken_back.push(payment.id);
    Ok(())
}

/// Whether a correction made the newest lines, and not a decision to ask for less.
fn is_corrected(conn: &mut Conn, (unit, id): (UnitId, ObligationId)) -> Result<bool> {
    let documents = receipt::query::of_obligation(conn, unit, id)?;
    let is_changed = documents.iter().any(|one| matches!(one.state.as_str(), "replaced" | "adjusted"));
    Ok(is_changed || awaited_query::waiting(conn, unit, id)?.is_some())
}

/// Refunds stand on proven money: a request falls with it, one that was approved is refused first.
pub(super) fn of_refunds(conn: &mut Conn, payment: &Payment, effect: &mut Effect) -> Result<()> {
    for one in refund::query::of_payments(conn, &[(payment.unit, payment.id)])? {
        match one.state {
            RefundState::Refused => {}
            RefundState::Requested => effect.refunds_dropped.push(one.id),
            _ => {
                let detail = format!("{} stands on this money: refuse it first", one.id);
                return Err(Error::conflict("undo_refund_under_way", detail));
            }
        }
    }
    Ok(())
}

/// All of its money must be where it was put: none taken back by the bank, none paid on.
pub(super) fn check_standing(conn: &mut Conn, payment: &Payment) -> Result<()> {
    let is_live = matches!(payment.state, PaymentState::Claimed | PaymentState::Proven);
    if !is_live || payment.reversed.is_positive() || payment.suspense.is_positive() {
        return Err(Error::conflict("undo_money_gone", "the money was taken back, or covered a debt, since"));
    }
    if payment.other_unit.is_positive() && !owes_other_unit(conn, payment)? {
        return Err(Error::conflict("undo_paid_on", "the money was paid on to the unit it belongs to"));
    }
    Ok(())
}

/// Whether the money of another unit is here still: its exception ends when it is paid on.
pub(super) fn owes_other_unit(conn: &mut Conn, payment: &Payment) -> Result<bool> {
    let Some(movement) = payment.movement else { return Ok(false) };
    let lines = super::line_query::lines_of_movements(conn, &[(payment.unit, movement)])?;
    let subjects = lines.into_iter().map(|(_, _, line)| Subject::Line(line));
    for subject in subjects.chain([Subject::Movement(movement)]) {
        if exception::find_open(conn, payment.unit, Kind::WrongAccount, subject)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
