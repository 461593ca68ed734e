//! A cancelled obligation that is owed after all: two persons open it again for the money that came too late,
//! so that the payer need not wait for a refund and pay once more.

use super::book::{Book, Bucket, Completion, Held, Payment};
use super::documents;
use super::due::collector;
use super::flush::flush;
use super::held::load_obligations;
use super::{payment_query, refund};
use crate::actor::Actor;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::obligation::{self, Obligation, State, rules};
use crate::store::{Conn, Stamp, Tx};

/// The surplus of a late payment goes to the cancelled obligation it was paid for, which is open again.
pub const REOPEN: &str = "reopen_obligation";

/// Whether the item is money that came for a cancelled obligation, and none of it is on its way back.
pub fn fits(conn: &mut Conn, item: &Exception) -> Result<bool> {
    Ok(found(conn, item)?.is_some())
}

fn found(conn: &mut Conn, item: &Exception) -> Result<Option<(Payment, Obligation)>> {
    if item.kind != Kind::LatePayment || item.subject_kind != "payment" {
        return Ok(None);
    }
    let key = (item.unit, PaymentId(item.subject_id));
    let payment = payment_query::payments(conn, &[key])?.pop();
    let Some(payment) = payment.filter(|payment| payment.surplus.is_positive()) else { return Ok(None) };
    let Some(id) = payment.obligation else { return Ok(None) };
    let owed = obligation::find(conn, item.unit, id)?;
    let is_back = |one: &refund::Refund| {
        matches!(one.state, refund::State::Requested | refund::State::Approved | refund::State::Sent)
    };
    let is_free = !refund::query::of_payments(conn, &[key])?.iter().any(is_back);
    let is_closed = owed.state == State::Cancelled && owed.total.is_positive();
    Ok(Some((payment, owed)).filter(|_| is_closed && is_free))
}

/// Carries it out on that day; the account is locked. Returns the documents that were made.
///
/// # Errors
/// `resolution_unfit` where the obligation or the money is not what it was.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    on: BusinessDay,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let unfit = || Error::conflict("resolution_unfit", "it is no late money of a cancelled obligation");
    let named = found(tx, item)?.ok_or_else(unfit)?;
    let (unit, id, payment) = (item.unit, named.1.id, named.0.id);
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &[(unit, id)])?;
    for locked in payment_query::lock_payments(tx, &[(unit, payment)])? {
        let revision = locked.revision;
        book.payments.insert((unit, payment), Held::read(locked, revision));
    }
    let (paid, _) = found(tx, item)?.ok_or_else(unfit)?;
    open(&mut book, (item, proposal), id)?;
    move_in(tx, &mut book, (item, &paid), (id, on))?;
    let written = flush(tx, stamp, actor, book)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "obligation.reopened", id)])?;
    Ok(documents::all(&written))
}

fn open(book: &mut Book, (item, proposal): (&Exception, &Proposal), id: ObligationId) -> Result<()> {
    let event = book.tell(item.unit, id, "reopened", State::Reopened, crate::amount::Dong::ZERO)?;
    if let Some(told) = book.obligation_events.get_mut(event) {
        told.reason = Some(proposal.reason.clone());
    }
    Ok(())
}

/// As much of the surplus as the obligation asks for, as if it had come in time.
fn move_in(
    tx: &mut Tx<'_>,
    book: &mut Book,
    (item, paid): (&Exception, &Payment),
    (id, on): (ObligationId, BusinessDay),
) -> Result<()> {
    let (unit, payment) = (item.unit, paid.id);
    let missing = || Error::internal("an obligation was not read before it was opened again");
    let owed = book.obligations.get(&(unit, id)).ok_or_else(missing)?.value.clone();
    let effect = rules::receive(&owed, paid.surplus);
    book.tell_payment(
        unit,
        payment,
        "moved",
        paid.state,
        Some("its obligation was opened again".to_owned()),
    )?;
    book.allocate(unit, payment, Bucket::Surplus, Bucket::Obligation(id), effect.taken)?;
    let advance = Account::ReceivedInAdvance(id);
    book.postings.push(Posting {
        unit,
        debit: Account::Surplus(payment),
        credit: advance.clone(),
        amount: effect.taken,
        accounting_date: on,
        source: Source::Exception(item.id),
    });
    let kind = if effect.completes { "paid" } else { "partly_paid" };
    let event_index = book.tell_obligation(unit, id, payment, kind, effect.state, effect.taken)?;
    if effect.completes {
        let collected_by = collector(tx, paid)?;
        book.completions.push(Completion {
            unit,
            obligation: id,
            payment,
            debit: advance,
            accounting_date: on,
            collected_at: minted_at(payment.0),
            collected_by,
            method: paid.method,
            event_index,
        });
    }
    let rest = owed.total.checked_sub(effect.taken)?;
    for (kind, subject, amount) in [
        (Kind::Underpaid, Subject::Obligation(id), rest),
        (Kind::Overpaid, Subject::Payment(payment), effect.surplus),
    ] {
        if amount.is_positive() {
            book.exceptions.push(exception::New {
                unit,
                kind,
                subject,
                account: item.account,
                amount,
                opened_on: on,
                detail: Detail::Obligation { obligation: id, code: owed.reference_code.clone() }.into(),
            });
        }
    }
    Ok(())
}
