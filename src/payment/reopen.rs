//! A settled exception is opened again by two persons. What its resolution did to money is taken
//! back here by new postings, down to the receipt it made and the slip it credited; where an order or a
//! refund stands on it, the way back is theirs. What cannot work is refused when it is asked for.

use super::book::{Book, Held, PaymentState};
use super::flush::flush;
use super::held::touch;
use super::merger_transfer::{self, Crossed, MERGER_TRANSFER};
use super::movement::{Movement, State};
use super::payout::back::{self, Kept};
use super::payout::nothing::{self, SettledWith};
use super::refund::owed_back::{self, REFUND_REPAID};
use super::resolve::lock_account;
use super::returned::{self, Returned};
use super::still_stands;
use super::take_back::{self, TakeBack};
use super::taken_back::TAKEN_BACK;
use super::undo::{self, Effect};
use super::unexplain::{self, Explained};
use super::untie::{self, Tied};
use super::{
    handover, late_payout, line_query, movement_query, own_transfer, payment_query, settle_cash, shown_claim,
    split, unmatch,
};
use crate::actor::Actor;
use crate::audit;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::exception::{self, Exception, work_query};
use crate::id::*;
use crate::ledger::{self, Account, Source};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::succession;

/// Resolutions that nothing else stands on: their postings are swapped.
const SWAPPED: [&str; 3] = ["bank_charge", "shortage_repaid", "charge_returned"];

/// What settled it last.
pub(super) const SETTLING: [&str; 4] = ["approved", "approved_alone", "settled_by_itself", "noted"];

const WHY: &str = "it was assigned wrongly";

/// What keeps a line together for a while: a closed day, an order or a refund that persons can end first.
const PASSING: [&str; 3] = ["unmatch_day_closed", "undo_ordered", "undo_refund_under_way"];

/// How a settled item is opened again.
enum Way {
    /// No money moved.
    Plain,
    Swap,
    /// Money was said to be a slip's, the budget's, or cash that a person took out.
    Explained(Box<Explained>),
    /// It covered what was owed back of a refund, which is owed again.
    Owe(RefundId),
    /// Money went from suspense to an obligation, and comes back.
    Assigned(Assigned),
    /// A debit paid another unit, or was one side of a transfer between own accounts.
    Untie(Box<Tied>),
    /// It was one side of a transfer from a merged unit to the one that goes on for it.
    Cross(Box<Crossed>),
    /// It was money that the bank took back.
    Return(Box<Returned>),
    /// It was a payout that the bank took back.
    Keep(Box<Kept>),
    /// A report that comes to nothing was settled with another one's payout.
    Separate(Box<SettledWith>),
}

/// What an assignment made of a line's money.
struct Assigned {
    line: LineId,
    movement: Movement,
    payment: PaymentId,
}

/// Asks for it to be opened again.
///
/// # Errors
/// Those of `exception::ask_to_reopen`, `reopen_money_moved`, `reopen_by_unmatch`, `unit_handed_over`,
/// `undo_day_closed`, `undo_ordered`, and those of `undo`.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    reason: &str,
) -> Result<Exception> {
    let item = exception::ask_to_reopen(tx, stamp, actor, unit, id, reason)?;
    if let Way::Cross(crossed) = way(tx, &item)?.0 {
        crossed.require_scope(actor)?;
    }
    Ok(item)
}

/// What opening it again would do, for the person who is to approve it.
pub fn check(conn: &mut Conn, item: &Exception) -> Result<Effect> {
    way(conn, item).map(|(_, effect)| effect)
}

/// Approves the request to open it again.
///
/// # Errors
/// `reopening_not_asked`, `maker_is_checker`, `reopen_money_moved`, `undo_day_closed`, `undo_ordered`, and those of
/// `undo`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<Exception> {
    let asked = exception::reopening_asked(tx, unit, id)?;
    let item = exception::approve_reopening(tx, stamp, actor, unit, id)?;
    match way(tx, &item)?.0 {
        Way::Untie(tied) => tied.lock(tx)?,
        // What the bank charged and what a person answers for belongs to the unit, not to an account.
        Way::Swap | Way::Explained(_) => settle_cash::lock_unit(tx, unit)?,
        _ => {}
    }
    let on = lock_account(tx, stamp, &item)?;
    match way(tx, &item)?.0 {
        Way::Plain => {}
        Way::Swap => {
            ledger::swap_back(tx, stamp, unit, Source::Exception(id), on)?;
        }
        Way::Explained(explained) => explained.take_back(tx, stamp, actor, (&item, on))?,
        Way::Owe(refund) => owed_back::owe_again(tx, stamp, actor, (&item, refund), on)?,
        Way::Untie(tied) => untie::carry_out(tx, stamp, &item, (*tied, on))?,
        Way::Cross(crossed) => crossed.take_back(tx, stamp, actor)?,
        Way::Return(returned) => returned.carry_out(tx, stamp, actor, (&item, on))?,
        Way::Keep(kept) => kept.carry_out(tx, stamp, actor, (&item, on))?,
        Way::Separate(settled) => {
            let missing = || Error::internal("nobody asked for what was approved");
            let persons = (asked.ok_or_else(missing)?.0, actor.require_person()?);
            settled.take_back(tx, stamp, actor, (&item, persons))?;
        }
        Way::Assigned(assigned) => unassign(tx, stamp, actor, &item, (assigned, on))?,
    }
    Ok(item)
}

fn way(conn: &mut Conn, item: &Exception) -> Result<(Way, Effect)> {
    let (way, effect) = way_of(conn, item)?;
    // What the bank moved between the two units is undone in both, whenever it came.
    if !matches!(way, Way::Cross(_)) {
        succession::require_not_handed_over(conn, item.unit)?;
    }
    Ok((way, effect))
}

fn way_of(conn: &mut Conn, item: &Exception) -> Result<(Way, Effect)> {
    let settled = work_query::last_of(conn, item.unit, item.id, &SETTLING)?;
    let resolution = settled.as_ref().and_then(|event| event.resolution.as_deref());
    if matches!(resolution, None | Some(MERGER_TRANSFER))
        && let Some(crossed) = merger_transfer::crossed(conn, item)?
    {
        let effect = crossed.effect.clone();
        return Ok((Way::Cross(Box::new(crossed)), effect));
    }
    match resolution {
        Some(MERGER_TRANSFER) => {
            Err(Error::conflict("undo_money_gone", "the other side was explained otherwise since"))
        }
        None | Some(own_transfer::OWN_TRANSFER | own_transfer::GIVEN_BACK) => {
            match untie::own_transfer(conn, item)? {
                Some(tied) => Ok(untied(tied)),
                None if resolution.is_none() => {
                    plain(conn, item, settled.as_ref().and_then(|event| event.target))
                }
                None => {
                    Err(Error::conflict("undo_money_gone", "the other side was explained otherwise since"))
                }
            }
        }
        Some(handover::TO_UNIT) => untie::paid_on(conn, item).map(untied),
        Some("acknowledge") => plain(conn, item, None),
        Some(known) if SWAPPED.contains(&known) => {
            Ok((Way::Swap, Effect { to_suspense: item.amount, ..Effect::default() }))
        }
        Some(known) if unexplain::DECIDED.contains(&known) => {
            let target = settled.as_ref().and_then(|event| event.target);
            let explained = unexplain::of_decision(conn, item, (known, target))?;
            let effect = explained.effect.clone();
            Ok((Way::Explained(Box::new(explained)), effect))
        }
        Some(REFUND_REPAID) => {
            let missing = || Error::internal("what a credit paid back has no refund");
            let refund = settled.as_ref().and_then(|event| event.target).map(RefundId).ok_or_else(missing)?;
            owed_back::check_undo(conn, item, refund)?;
            let items_reopened = owed_back::ended_with(conn, item)?;
            let effect = Effect { to_suspense: item.amount, items_reopened, ..Effect::default() };
            Ok((Way::Owe(refund), effect))
        }
        Some(settle_cash::BUDGET_PAID) => {
            settle_cash::check_unclaimed(conn, item)?;
            Ok((Way::Swap, Effect { to_suspense: item.amount, ..Effect::default() }))
        }
        Some(TAKEN_BACK) => {
            let target = settled.as_ref().and_then(|event| event.target);
            let returned = returned::of(conn, item, target)?;
            let effect = returned.effect.clone();
            Ok((Way::Return(Box::new(returned)), effect))
        }
        Some(back::PAYOUT_BACK) => {
            let kept = back::kept(conn, item, settled.as_ref().and_then(|event| event.target))?;
            let effect = kept.effect.clone();
            Ok((Way::Keep(Box::new(kept)), effect))
        }
        Some(late_payout::SETTLEMENT) if late_payout::is_about_report(item) => {
            let settled = nothing::of(conn, item)?;
            let effect = settled.effect().clone();
            Ok((Way::Separate(Box::new(settled)), effect))
        }
        Some("assign" | exception::COMBINE) => {
            let target = settled.as_ref().and_then(|event| event.target).map(ObligationId);
            let assigned = assigned(conn, item, target)?;
            let (line, to_suspense) = (Some(assigned.line), item.amount);
            let mut effect = Effect { line, to_suspense, ..Effect::default() };
            undo::of_payment(conn, item.unit, assigned.payment, &mut effect)?;
            Ok((Way::Assigned(assigned), effect))
        }
        Some(split::SPLIT | shown_claim::PROVES | late_payout::BATCH | late_payout::SETTLEMENT) => {
            Err(of_its_line(conn, item)?)
        }
        Some(other) => {
            let detail = format!(
                "{other} moved its money on: withdraw the order, or refund; an item that is open again follows \
                 from that"
            );
            Err(Error::conflict("reopen_money_moved", detail))
        }
    }
}

/// Why an item is not opened whose money its line shows in another way since.
fn of_its_line(conn: &mut Conn, item: &Exception) -> Result<Error> {
    if is_undone_by_line(conn, item)? {
        let detail = "its line shows what the money became: that line is taken apart";
        return Ok(Error::conflict("reopen_by_unmatch", detail));
    }
    let detail = "its line cannot be taken apart as this stands: cancel the receipts by a correction, and refund \
                  what is free then";
    Ok(Error::conflict("reopen_money_moved", detail))
}

/// Whether taking the item's line apart undoes what was decided, now or once what stands in the way for a while is
/// gone. Of what a lump sum or a batch paid beside its claims, and of what came beyond a slip, it does not.
///
/// # Errors
/// `unit_handed_over`.
fn is_undone_by_line(conn: &mut Conn, item: &Exception) -> Result<bool> {
    succession::require_not_handed_over(conn, item.unit)?;
    let lines = match item.subject_kind.as_str() {
        "line" => vec![LineId(item.subject_id)],
        "movement" => line_query::lines_ever_of(conn, item.unit, MovementId(item.subject_id))?,
        _ => Vec::new(),
    };
    let [line] = lines.as_slice() else { return Ok(false) };
    match unmatch::plan(conn, item.unit, *line) {
        Ok(_) => Ok(true),
        Err(error) if *error.kind() == ErrorKind::Conflict => Ok(PASSING.contains(&error.code())),
        Err(error) => Err(error),
    }
}

fn untied(tied: Tied) -> (Way, Effect) {
    let effect = tied.effect.clone();
    (Way::Untie(Box::new(tied)), effect)
}

/// What ended by itself moved no money; where a decision about another item ended it, that one is opened. An item
/// whose money found its place meanwhile would ask for nothing: what undoes that place asks about the money again.
fn plain(conn: &mut Conn, item: &Exception, by: Option<i64>) -> Result<(Way, Effect)> {
    match by {
        None if item.kind == exception::Kind::WrongAccount => {
            Err(Error::conflict("undo_paid_on", "the money was paid on, or taken back"))
        }
        None if still_stands::is_gone(conn, item)? => {
            Err(Error::conflict("undo_money_gone", "what it asked about found its place: undo that"))
        }
        None => Ok((Way::Plain, Effect::default())),
        Some(by) => {
            let detail = format!("it ended with {}: open that one again", ExceptionId(by));
            Err(Error::conflict("reopen_money_moved", detail))
        }
    }
}

/// The payment that the assignment made, with the movement and the line it came from.
fn assigned(conn: &mut Conn, item: &Exception, target: Option<ObligationId>) -> Result<Assigned> {
    let movements: Vec<(UnitId, MovementId)> = match item.subject_kind.as_str() {
        "line" => line_query::standing_parts(conn, item.unit, LineId(item.subject_id))?
            .into_iter()
            .map(|(_, movement, _)| (item.unit, movement))
            .collect(),
        _ => vec![(item.unit, MovementId(item.subject_id))],
    };
    for movement in movement_query::movements(conn, &movements)? {
        let Some(id) = movement.payment.filter(|_| movement.state == State::Proven) else { continue };
        let Some(payment) = payment_query::payments(conn, &[(item.unit, id)])?.pop() else { continue };
        let lines = line_query::lines_of_movements(conn, &[(item.unit, movement.id)])?;
        let [(_, _, line)] = lines.as_slice() else { continue };
        let is_from_suspense = payment.debit_account == Account::Suspense(*line).to_string();
        if is_from_suspense && payment.obligation == target {
            return Ok(Assigned { line: *line, movement, payment: id });
        }
    }
    Err(Error::conflict("undo_money_gone", "the money was taken back, or moved on, since"))
}

/// Back to suspense: what was paid with it is open again, and its receipt is cancelled.
fn unassign(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    (assigned, on): (Assigned, crate::clock::BusinessDay),
) -> Result<()> {
    let unit = item.unit;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let taken = take_back::read(tx, stamp, &mut book, (unit, assigned.payment))?;
    let (to, source) = (Account::Suspense(assigned.line), Source::Exception(item.id));
    let end = PaymentState::Reversed;
    TakeBack { stamp, actor, on, to, source, why: WHY, end }.all(tx, &mut book, &taken)?;
    let (id, revision) = (assigned.movement.id, assigned.movement.revision);
    let mut held = Held::read(assigned.movement, revision);
    held.value.payment = None;
    touch(&mut held);
    book.movements.insert((unit, id), held);
    line_query::forget_taught(tx, unit, assigned.line)?;
    flush(tx, stamp, actor, book).map(|_| ())
}
