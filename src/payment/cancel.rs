//! Cancelling an obligation: what was paid in part is owed back to its payers.

use std::collections::BTreeSet;

use super::book::{Book, Bucket, Held};
use super::flush::flush;
use super::held::load_obligations;
use super::refund::owed_back::Debts;
use super::{payment_query, query, repaid};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::{ObligationId, PaymentId, UnitId};
use crate::ledger::{self, Account, Posting, Source};
use crate::obligation::{self, Obligation, State};
use crate::receipt::query as receipts;
use crate::store::{Stamp, Tx};
use crate::text;

/// Whether a part of it is paid and the rest is waited for: it came in parts, or the bank took a part back.
pub fn awaits_rest(owed: &Obligation) -> bool {
    matches!(owed.state, State::PartlyPaid | State::Reopened) && owed.allocated.is_positive()
}

/// Cancels an obligation. Partial payments become surplus, and each is asked about until it is refunded; one that
/// is fully paid is cancelled only after its receipt is (`obligation_has_receipt`).
pub fn cancel(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ObligationId,
    reason: &str,
) -> Result<Obligation> {
    actor.require_role(&[Role::DossierSystem, Role::Finance, Role::System])?;
    actor.scope.require(unit)?;
    let before = obligation::find(tx, unit, id)?;
    if before.allocated.is_zero() {
        return obligation::cancel(tx, stamp, actor, unit, id, reason);
    }
    if !awaits_rest(&before) {
        return Err(Error::conflict("obligation_has_receipt", "it is paid; cancel its receipt first"));
    }
    if text::clean(reason).is_empty() {
        return Err(Error::invalid("reason", "reason_missing", "say why it is cancelled"));
    }
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    query::lock_accounts(tx, &[(unit, before.account)])?;
    let on = query::first_open_day(tx, unit, before.account, stamp.today())?;
    load_obligations(tx, stamp, &mut book, &[(unit, id)])?;
    if !receipts::current_of_obligations(tx, &[(unit, id)])?.is_empty() {
        // A correction asks for more: what was paid before is on a receipt and no advance.
        return Err(Error::conflict("obligation_has_receipt", "a receipt stands; cancel that first"));
    }
    let (mut returned, mut netted) = (Dong::ZERO, Vec::new());
    for (payment, share) in shares(tx, unit, id, &mut book)? {
        let kept = text::clean(reason);
        let state = held_state(&book, unit, payment)?;
        book.tell_payment(unit, payment, "moved", state, Some(kept))?;
        // What the bank took back of it is covered first: nobody is refunded while that is missing.
        let debt = ledger::balance(tx, unit, &Account::ReversalToRecover(payment))?;
        let covered = debt.max(Dong::ZERO).min(share);
        if covered.is_positive() && covered == debt {
            let ended = repaid::asked_alone(tx, unit, payment, "what was paid in part covers it")?;
            book.settled_exceptions.extend(ended);
        }
        netted.extend(Some(payment).filter(|_| covered.is_positive()));
        for (bucket, credit, amount) in [
            (Bucket::Reversed, Account::ReversalToRecover(payment), covered),
            (Bucket::Surplus, Account::Surplus(payment), share.checked_sub(covered)?),
        ] {
            if amount.is_zero() {
                continue;
            }
            book.allocate(unit, payment, Bucket::Obligation(id), bucket, amount)?;
            book.postings.push(Posting {
                unit,
                debit: Account::ReceivedInAdvance(id),
                credit,
                amount,
                accounting_date: on,
                source: Source::Payment(payment),
            });
        }
        returned = returned.checked_add(share)?;
        let surplus = share.checked_sub(covered)?;
        if surplus.is_positive() {
            let account = book.payments.get(&(unit, payment)).and_then(|held| held.value.account);
            book.exceptions.push(exception::New {
                unit,
                kind: Kind::LatePayment,
                subject: Subject::Payment(payment),
                account,
                amount: surplus,
                opened_on: stamp.today(),
                detail: Detail::Obligation { obligation: id, code: before.reference_code.clone() }.into(),
            });
        }
    }
    // Nobody waits for the rest any more.
    book.settled_exceptions.push((unit, Kind::Underpaid, Subject::Obligation(id), "it was cancelled"));
    let left = before.allocated.checked_sub(returned)?;
    if !left.is_zero() {
        return Err(Error::internal("an obligation holds money of no payment"));
    }
    let event = book.tell(unit, id, "cancelled", State::Cancelled, left)?;
    book.obligation_events[event].reason = Some(text::clean(reason));
    flush(tx, stamp, actor, book)?;
    for payment in netted {
        Debts::of(tx, unit, payment)?.ask(tx, stamp, None)?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "obligation.cancelled", id)])?;
    obligation::find(tx, unit, id)
}

fn held_state(book: &Book, unit: UnitId, payment: PaymentId) -> Result<super::book::PaymentState> {
    let held =
        book.payments.get(&(unit, payment)).ok_or_else(|| Error::internal("a payment was not read"))?;
    Ok(held.value.state)
}

/// The payments that stand on the obligation, locked, with their shares.
pub(super) fn shares(
    tx: &mut Tx<'_>,
    unit: UnitId,
    id: ObligationId,
    book: &mut Book,
) -> Result<Vec<(PaymentId, Dong)>> {
    let payments: BTreeSet<PaymentId> = payment_query::payments_on(tx, unit, id)?.into_iter().collect();
    let keys: Vec<(UnitId, PaymentId)> = payments.iter().map(|payment| (unit, *payment)).collect();
    for payment in payment_query::lock_payments(tx, &keys)? {
        let revision = payment.revision;
        book.payments.insert((unit, payment.id), Held::read(payment, revision));
    }
    let mut shares = Vec::with_capacity(payments.len());
    for payment in payments {
        let on_it = payment_query::allocated_to(tx, unit, payment)?
            .into_iter()
            .find(|(obligation, _)| *obligation == id);
        shares.extend(on_it.map(|(_, share)| (payment, share)));
    }
    Ok(shares)
}
