//! A debit that was no money of a refund is taken off it again, by two persons who decided so: the refund waits for its
//! debit as before, and its money is the payment's surplus that it holds.

use super::debit::Debit;
use super::{Refund, State, desk, find, query, step};
use crate::actor::Actor;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, SURPLUS_KINDS, Subject};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::payment::book::{Book, Bucket, Held, Payment, PaymentState};
use crate::payment::flush::flush;
use crate::payment::payment_query;
use crate::store::past::PastEvent;
use crate::store::{Conn, Stamp, Tx};

/// The step of a refund with which a debit is taken off it.
const UNDEBITED: &str = "undebited";
const WHY: &str = "the debit was no money of the refund";

/// What one line showed leaving for a refund, exactly and by its code, as it stands.
pub(in crate::payment) struct Debited {
    pub refund: Refund,
    line: LineId,
    /// Where the refund stood before it.
    before: State,
}

fn gone() -> Error {
    Error::conflict("undo_money_gone", "the refund came back, or the bank took money of its payment, since")
}

/// The refund that a line showed leaving.
///
/// # Errors
/// `undo_money_gone` where it came back since, or the bank took money of its payment back.
pub(in crate::payment) fn standing(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Debited> {
    for refund in query::debited_by(conn, unit, line)? {
        let events = query::events(conn, unit, refund.id)?;
        let Some(before) = state_before(&events, line)? else { continue };
        let payment = payment_query::payments(conn, &[(unit, refund.payment)])?.pop().ok_or_else(gone)?;
        check(conn, &payment, &refund)?;
        return Ok(Debited { refund, line, before });
    }
    Err(gone())
}

/// Where the refund stood when the line showed it leaving last. Events are in their order.
fn state_before(events: &[PastEvent], line: LineId) -> Result<Option<State>> {
    let is_debit = |event: &PastEvent| event.kind == Debit::Exact.event() && event.line == Some(line);
    let place = events.iter().rposition(is_debit).and_then(|place| place.checked_sub(1));
    let earlier = place.and_then(|place| events.get(place));
    earlier.map(|event| State::stored(&event.state)).transpose()
}

/// All of it must be out still, and nothing of its payment owed back: a payment is never owed to its payer and owed by
/// them at once.
fn check(conn: &mut Conn, payment: &Payment, refund: &Refund) -> Result<()> {
    let owed = ledger::balance(conn, payment.unit, &Account::ReversalToRecover(payment.id))?;
    let is_out = payment.state == PaymentState::Proven && payment.reversed >= refund.amount;
    if is_out && owed.is_zero() { Ok(()) } else { Err(gone()) }
}

/// Takes it off its refund. The postings are the caller's, who holds the lock of the account; `on` is their day.
///
/// # Errors
/// `undo_money_gone` where the payment changed meanwhile.
pub(in crate::payment) fn take_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (debited, on): (&Debited, BusinessDay),
) -> Result<()> {
    let (unit, payment) = (debited.refund.unit, debited.refund.payment);
    let held = payment_query::lock_payments(tx, &[(unit, payment)])?.pop().ok_or_else(gone)?;
    let mut refund = find(tx, unit, debited.refund.id)?;
    if refund.revision != debited.refund.revision {
        return Err(gone());
    }
    check(tx, &held, &refund)?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let (state, revision) = (held.state, held.revision);
    book.payments.insert((unit, payment), Held::read(held, revision));
    book.tell_payment(unit, payment, "refund_undebited", state, Some(WHY.to_owned()))?;
    book.allocate(unit, payment, Bucket::Reversed, Bucket::Surplus, refund.amount)?;
    if asked_about(tx, unit, payment)? {
        desk::ask_for_surplus(tx, stamp, &mut book, (&refund, refund.account, on), WHY)?;
    }
    flush(tx, stamp, actor, book)?;
    let what = (UNDEBITED, actor.person, Some(debited.line), Some(WHY.to_owned()));
    step(tx, stamp, &mut refund, debited.before, what)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.undebited", refund.id)])
}

/// Whether the surplus is asked about, or was until it had left; of a correction's refund nobody is, and what persons
/// settled stays settled.
fn asked_about(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<bool> {
    for kind in SURPLUS_KINDS {
        let Some(item) = exception::find_any(conn, unit, kind, Subject::Payment(payment))? else { continue };
        let is_open = item.state != exception::State::Resolved;
        if is_open || exception::query::settled_by_itself(conn, unit, item.id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;

    fn event(kind: &str, state: &str, line: Option<i64>) -> PastEvent {
        PastEvent {
            kind: kind.to_owned(),
            state: state.to_owned(),
            person: None,
            line: line.map(LineId),
            reason: None,
            at: Instant(0),
        }
    }

    #[test]
    fn a_refund_stands_again_where_it_stood_when_the_line_showed_it_leaving() {
        let mut events = vec![event("approved", "approved", None), event("debited", "debited", Some(1))];
        let before = |events: &[PastEvent], line| state_before(events, LineId(line)).unwrap();
        assert_eq!((before(&events, 1), before(&events, 2)), (Some(State::Approved), None));
        events.push(event("undebited", "approved", Some(1)));
        events.push(event("sent", "sent", None));
        events.push(event("debited", "debited", Some(2)));
        assert_eq!(before(&events, 2), Some(State::Sent));
        events.push(event("debited_short", "debited", Some(3)));
        assert_eq!(before(&events, 3), None, "what persons named is opened again with its item");
    }
}
