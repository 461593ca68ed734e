//! A refund that came back: its money is the payer's surplus again. A line that says so by its code or by the
//! reference of the debit is known by itself (`line`); of any other credit two persons say it here.

use super::debit::Debit;
use super::owed_back::Debts;
use super::{Refund, State, desk, find, owed_back, query, step};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::book::{Book, Bucket, Held};
use crate::payment::flush::flush;
use crate::payment::payment_query;
use crate::payment::pos::rules::pair;
use crate::payment::repaid;
use crate::payment::settle_cash::line_of;
use crate::store::{Conn, Stamp, Tx};

/// A credit in suspense is a refund (target) that came back, whole or less what a bank kept for it; with what its debit
/// took beyond it, or without.
pub const REFUND_BOUNCED: &str = "refund_bounced";

/// It is all that the debit of a refund (target) took which came back, less so much of it that it is no more than the
/// refund. Its amount does not tell that from the refund alone.
pub const REFUND_BOUNCED_WHOLE: &str = "refund_bounced_whole";

/// Refunds looked at for whether one could have come back.
const READ_LIMIT: i64 = 200;

/// What persons say of a credit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// The refund, and where it is more than that, all that its debit took.
    Refund,
    /// All that its debit took.
    Whole,
}

impl Came {
    /// Of a resolution; None for others.
    pub fn of(resolution: &str) -> Option<Came> {
        match resolution {
            REFUND_BOUNCED => Some(Came::Refund),
            REFUND_BOUNCED_WHOLE => Some(Came::Whole),
            _ => None,
        }
    }
}

/// What is out of a refund, in the parts in which it comes back.
#[derive(Debug, PartialEq)]
struct Out {
    /// The refund itself: the payer is owed it again. Nothing of one that had been refused and of which less was owed:
    /// it stays refused.
    refund: Dong,
    /// What its debit took beyond it, out of surplus that no refund held.
    surplus: Dong,
    /// What its debit took beyond all that was owed, and nobody paid back since.
    owed: Dong,
}

impl Out {
    /// Of a refund that a line showed leaving: what a credit of this amount would bring back. A credit of no more than
    /// the refund is the refund, whatever else its debit took, unless persons say that it is all of it; None for more
    /// than all that is out.
    fn of(conn: &mut Conn, refund: &Refund, (came, said): (Dong, Came)) -> Result<Option<Out>> {
        let alone = Out { refund: refund.amount, surplus: Dong::ZERO, owed: Dong::ZERO };
        if came <= refund.amount && said == Came::Refund {
            let owed = owed_back::of_refused(conn, refund)?;
            let surplus = refund.amount.checked_sub(owed)?;
            return Ok(Some(if owed.is_positive() {
                Out { refund: Dong::ZERO, surplus, owed }
            } else {
                alone
            }));
        }
        let (unit, payment) = (refund.unit, refund.payment);
        let over = query::debits(conn, unit, refund.id)?.pop();
        let Some((line, _, at)) = over.filter(|(_, kind, _)| kind == Debit::Over.event()) else {
            return Ok(None);
        };
        let sides = (&Account::Surplus(payment), &Account::UnexplainedDebit(line));
        let surplus = ledger::posted_at(conn, unit, sides, at)?;
        let owed = Debts::of(conn, unit, payment)?.under(line)?;
        let whole = Out { surplus, owed, ..alone };
        Ok(Some(whole).filter(|whole| whole.sum().is_ok_and(|sum| came <= sum)))
    }

    /// What the payment gets back.
    fn of_payment(&self) -> Result<Dong> {
        self.refund.checked_add(self.surplus)
    }

    fn sum(&self) -> Result<Dong> {
        self.of_payment()?.checked_add(self.owed)
    }
}

/// Whether a credit of this account and amount may be this refund, with what its debit took beyond it or without. It
/// stands in suspense whole: the caller's to know.
pub fn fits(conn: &mut Conn, item: &Exception, (target, said): (Option<i64>, Came)) -> Result<bool> {
    let Some(id) = target.map(RefundId) else { return Ok(false) };
    let Some(refund) = query::by_ids(conn, &[(item.unit, id)])?.pop() else { return Ok(false) };
    if !is_like(item, &refund) {
        return Ok(false);
    }
    let Some(out) = Out::of(conn, &refund, (item.amount, said))? else { return Ok(false) };
    let held = payment_query::payments(conn, &[(item.unit, refund.payment)])?.pop();
    let given = out.of_payment()?;
    // One that was debited short, or netted since, does not come back as a whole; another refund of the payment may
    // have left beside it, so that the payment alone does not tell. One of which nothing was owed is all paid back.
    let is_out = held.is_some_and(|payment| payment.reversed >= given);
    Ok(is_out
        && !query::was_debited_short(conn, item.unit, refund.id)?
        && owed_back::of_refused(conn, &refund)? < refund.amount)
}

fn is_like(item: &Exception, refund: &Refund) -> bool {
    refund.state == State::Debited && Some(refund.account) == item.account
}

/// Refuses a refund of which banks would have kept more than they ask for giving a transfer back: then the credit is
/// another payment's, or the missing money is to be asked for.
///
/// # Errors
/// `refund_charge_beyond_limit`.
pub(in crate::payment) fn check_kept(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    item: &Exception,
    (target, said): (Option<i64>, Came),
) -> Result<()> {
    let Some(id) = target.map(RefundId) else { return Ok(()) };
    let Some(refund) = query::by_ids(conn, &[(item.unit, id)])?.pop() else { return Ok(()) };
    let Some(out) = Out::of(conn, &refund, (item.amount, said))? else { return Ok(()) };
    let kept = out.sum()?.checked_sub(item.amount)?;
    if kept > stamp.returned_charge_limit {
        let detail = format!("{kept} would be kept, at most {} may be", stamp.returned_charge_limit);
        return Err(Error::conflict("refund_charge_beyond_limit", detail));
    }
    Ok(())
}

/// Whether any refund could be what came back; all that a debit took only where its amount does not say so by itself.
pub fn could_be(conn: &mut Conn, item: &Exception, said: Came) -> Result<bool> {
    for refund in query::page(conn, item.unit, Some(State::Debited), READ_LIMIT)? {
        let is_told = said == Came::Whole && item.amount > refund.amount;
        if is_like(item, &refund) && !is_told && Out::of(conn, &refund, (item.amount, said))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The item about a refund that came back.
pub(in crate::payment) fn asked(refund: &Refund, account: AccountId, on: BusinessDay) -> exception::New {
    exception::New {
        unit: refund.unit,
        kind: Kind::RefundBounced,
        subject: Subject::Payment(refund.payment),
        account: Some(account),
        amount: refund.amount,
        opened_on: on,
        detail: Detail::Refund { refund: refund.id, code: refund.reference_code.clone() }.into(),
    }
}

/// Takes a credit in suspense for the refund. Two persons decided; the account is locked.
///
/// # Errors
/// `resolution_unfit` when either changed meanwhile; `refund_charge_beyond_limit`.
pub(in crate::payment) fn settle(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    (said, on): (Came, BusinessDay),
) -> Result<()> {
    let (unit, line) = (item.unit, line_of(tx, item)?);
    let unfit = || Error::conflict("resolution_unfit", "this refund is not what came back");
    let id = proposal.target.map(RefundId).ok_or_else(unfit)?;
    let payment = find(tx, unit, id)?.payment;
    let held = payment_query::lock_payments(tx, &[(unit, payment)])?.pop().ok_or_else(unfit)?;
    if !fits(tx, item, (proposal.target, said))? {
        return Err(unfit());
    }
    check_kept(tx, stamp, item, (proposal.target, said))?;
    let mut refund = find(tx, unit, id)?;
    let out = Out::of(tx, &refund, (item.amount, said))?.ok_or_else(unfit)?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let (state, revision) = (held.state, held.revision);
    book.payments.insert((unit, payment), Held::read(held, revision));
    book.tell_payment(unit, payment, "refund_bounced", state, None)?;
    book.allocate(unit, payment, Bucket::Reversed, Bucket::Surplus, out.of_payment()?)?;
    // What a bank kept for it is no loss of the payer's.
    let kept = out.sum()?.checked_sub(item.amount)?;
    let debits = vec![(Account::ChargesToRecover, kept), (Account::Suspense(line), item.amount)];
    let credits = vec![
        (Account::RefundPayable, out.refund),
        (Account::Surplus(payment), out.surplus),
        (Account::ReversalToRecover(payment), out.owed),
    ];
    let post = |book: &mut Book, (debit, credit, amount), source| {
        book.postings.push(Posting { unit, debit, credit, amount, accounting_date: on, source });
    };
    for sides in pair(debits, credits)? {
        post(&mut book, sides, Source::Exception(item.id));
    }
    // What is surplus again covers first what the bank took back of the payment.
    let debt = Account::ReversalToRecover(payment);
    let owed = ledger::balance(tx, unit, &debt)?.checked_sub(out.owed)?;
    let netted = out.surplus.min(owed.max(Dong::ZERO));
    if netted.is_positive() {
        book.allocate(unit, payment, Bucket::Surplus, Bucket::Reversed, netted)?;
        // Under the refund: what the item posts on the debt is what came back of this one.
        post(&mut book, (Account::Surplus(payment), debt, netted), Source::Refund(id));
        if netted == owed {
            let ended = repaid::asked_alone(tx, unit, payment, "what came back of a refund covered it")?;
            book.settled_exceptions.extend(ended);
        }
    }
    let is_refused = out.refund.is_zero();
    if !is_refused {
        book.exceptions.push(asked(&refund, refund.account, on));
    }
    if out.surplus > netted {
        let about = (&refund, refund.account, on);
        desk::ask_for_surplus(tx, stamp, &mut book, about, "its refund came back")?;
    }
    flush(tx, stamp, actor, book)?;
    let (end, kind) = if is_refused { (State::Refused, "refused") } else { (State::Bounced, "bounced") };
    step(tx, stamp, &mut refund, end, (kind, actor.person, Some(line), None))?;
    if out.owed.is_positive() || netted.is_positive() {
        Debts::of(tx, unit, payment)?.ask(tx, stamp, Some(item.id))?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.bounce_named", id)])
}
