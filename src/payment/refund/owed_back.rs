//! What a refund's debit took beyond all that was owed is a debt of whoever got it, and so is what had left with
//! refunds before the bank took all the money of the payment back. It ends when it comes back: two persons say so of a
//! credit in suspense, which covers all of it or a part. What a debit took too much is kept for each refund; what the
//! bank itself took of the same payment is a debt beside it, whose part under a document the payer covers by paying
//! again.

use std::collections::{BTreeMap, BTreeSet};

use super::bounce::{REFUND_BOUNCED, REFUND_BOUNCED_WHOLE};
use super::debit::Debit;
use super::owed::{Move, Owed, Standing};
use super::{Refund, State, asked_back, desk, find, query, rules};
use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter};
use crate::exception::{self, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Entry, Posting, Source};
use crate::payment::book::{Book, Bucket, Held, Payment};
use crate::payment::flush::flush;
use crate::payment::payment_query;
use crate::payment::reopen::SETTLING;
use crate::payment::repaid;
use crate::payment::settle_cash::line_of;
use crate::store::{Conn, Stamp, Tx};

/// A credit in suspense is what the debit of a refund (target) took too much, or what it had taken before the bank took
/// the payment back.
pub const REFUND_REPAID: &str = "refund_repaid";

/// Items looked at for whether a credit could pay back what they ask for.
const READ_LIMIT: i64 = 200;

/// What the debits of a payment's refunds took beyond all that was owed.
pub(in crate::payment) struct Debts {
    unit: UnitId,
    /// The oldest debit first.
    of_refunds: Vec<Owed>,
    /// What the bank itself took back of the payment, and nobody covered.
    of_bank: Dong,
}

impl Debts {
    pub(in crate::payment) fn of(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Debts> {
        let account = Account::ReversalToRecover(payment);
        let mut named = Vec::new();
        for refund in query::of_payments(conn, &[(unit, payment)])? {
            named.extend(beyond(conn, &refund)?.into_iter().map(|(line, at)| (refund.id, line, at)));
        }
        if named.is_empty() {
            let of_bank = ledger::balance(conn, unit, &account)?.max(Dong::ZERO);
            return Ok(Debts { unit, of_refunds: Vec::new(), of_bank });
        }
        let standing = Standing::after(&moves(conn, unit, &account, &named)?)?;
        let of_bank = standing.of_bank();
        Ok(Debts { unit, of_refunds: standing.of_refunds, of_bank })
    }

    /// What can be paid back under a refund: what its debits took too much, and once a line showed it leaving, what had
    /// left before the bank took the payment back, whichever of the payment's refunds it left with.
    fn payable(&self, conn: &mut Conn, refund: &Refund) -> Result<Dong> {
        let own = self.of_refund(refund.id)?;
        if refund.state != State::Debited {
            return Ok(own);
        }
        own.checked_add(self.left_before(conn, refund.payment)?)
    }

    /// What the bank took of the payment beyond all that it holds still: no money of an obligation, which the payer
    /// would pay again, and no surplus, which would cover it.
    fn left_before(&self, conn: &mut Conn, payment: PaymentId) -> Result<Dong> {
        let Some(held) = payment_query::payments(conn, &[(self.unit, payment)])?.pop() else {
            return Ok(Dong::ZERO);
        };
        let holds = held.amount.checked_sub(held.reversed)?;
        Ok(self.of_bank.checked_sub(holds)?.max(Dong::ZERO))
    }

    /// What is owed back under all debits of a refund.
    fn of_refund(&self, refund: RefundId) -> Result<Dong> {
        Dong::sum(self.of_refunds.iter().filter(|one| one.refund == refund).map(|one| one.left))
    }

    /// What is owed back under one of its debits.
    pub(super) fn under(&self, line: LineId) -> Result<Dong> {
        Dong::sum(self.of_refunds.iter().filter(|one| one.line == line).map(|one| one.left))
    }

    /// What the bank itself took back of the payment, and nobody covered.
    pub(in crate::payment) fn of_bank(&self) -> Dong {
        self.of_bank
    }

    /// What the item about a line asks for that took money of the payment: about the debit of a refund what that took
    /// too much, about every other line, and the payment, what the bank took.
    pub(in crate::payment) fn asked_of(&self, line: Option<LineId>) -> Result<Dong> {
        match line.filter(|line| self.is_of_refund(*line)) {
            Some(line) => self.under(line),
            None => Ok(self.of_bank),
        }
    }

    /// What a line took as the debit of a refund beyond all that was owed, covered since or not.
    pub(super) fn beyond(&self, line: LineId) -> Result<Dong> {
        Dong::sum(self.of_refunds.iter().filter(|one| one.line == line).map(|one| one.taken))
    }

    /// Whether a line is the debit of a refund that took too much, at some time.
    pub(super) fn is_of_refund(&self, line: LineId) -> bool {
        self.of_refunds.iter().any(|one| one.line == line)
    }

    /// The debits under which something is owed back.
    pub(in crate::payment) fn lines(&self) -> impl Iterator<Item = LineId> {
        self.of_refunds.iter().filter(|one| one.left.is_positive()).map(|one| one.line)
    }

    /// The item about each debit asks for what is owed now; with nothing owed it ends, because of the item `by` where
    /// a decision about that one covered it.
    pub(in crate::payment) fn ask(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        by: Option<ExceptionId>,
    ) -> Result<()> {
        for one in &self.of_refunds {
            let about = (self.unit, Kind::BankReversal, Subject::Line(one.line));
            asked_back::ask(tx, stamp, about, one.left, by)?;
        }
        Ok(())
    }
}

/// What happened to the debt of a payment, of whose refunds the debits `named` took more than was owed. What a
/// decision posted and was taken back is left out: its item may be settled otherwise since, and for another refund.
fn moves(
    conn: &mut Conn,
    unit: UnitId,
    account: &Account,
    named: &[(RefundId, LineId, Instant)],
) -> Result<Vec<(Move, Dong)>> {
    let entries = ledger::history(conn, unit, account)?;
    let undone = undone(&entries)?;
    let mut moves = Vec::with_capacity(entries.len());
    for (place, entry) in entries.into_iter().enumerate() {
        let item = entry.item;
        if item.and_then(|item| undone.get(&item)).is_some_and(|last| place <= *last) {
            continue;
        }
        let is_named = |(_, line, at): &&(RefundId, LineId, Instant)| {
            *at == entry.at && Account::UnexplainedDebit(*line).to_string() == entry.other
        };
        let what = match (entry.is_debit, item) {
            (true, _) => match named.iter().find(is_named) {
                Some((refund, line, _)) => Move::Beyond(*refund, *line),
                None => Move::Taken,
            },
            (false, Some(item)) => refund_of(conn, unit, item)?.map_or(Move::Covered, Move::Back),
            (false, None) => Move::Covered,
        };
        moves.push((what, entry.amount));
    }
    Ok(moves)
}

/// By item, the last place until which all that decisions about it had posted was taken back.
fn undone(entries: &[Entry]) -> Result<BTreeMap<ExceptionId, usize>> {
    let mut sums: BTreeMap<ExceptionId, Dong> = BTreeMap::new();
    let mut undone = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        let Some(item) = entry.item else { continue };
        let sum = sums.entry(item).or_default();
        *sum = if entry.is_debit { sum.checked_add(entry.amount)? } else { sum.checked_sub(entry.amount)? };
        if sum.is_zero() {
            undone.insert(item, place);
        }
    }
    Ok(undone)
}

/// The debits of a refund of which persons said that they took more than was owed, and when: other money of the
/// payment may be taken by the same line, as a chargeback in a batch of cards.
fn beyond(conn: &mut Conn, refund: &Refund) -> Result<Vec<(LineId, Instant)>> {
    let kinds = [Debit::Over, Debit::Refused].map(Debit::event);
    let debits = query::debits(conn, refund.unit, refund.id)?.into_iter();
    Ok(debits.filter(|(_, kind, _)| kinds.contains(&kind.as_str())).map(|(line, _, at)| (line, at)).collect())
}

/// The refund for which a settled item took money that came back.
fn refund_of(conn: &mut Conn, unit: UnitId, item: ExceptionId) -> Result<Option<RefundId>> {
    let settled = work_query::last_of(conn, unit, item, &SETTLING)?;
    Ok(settled.and_then(|event| match event.resolution.as_deref() {
        Some(REFUND_REPAID | REFUND_BOUNCED | REFUND_BOUNCED_WHOLE) => event.target.map(RefundId),
        _ => None,
    }))
}

/// Whether no more comes back with a credit than is owed so. It stands in suspense whole: the caller's to know.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    let Some(id) = target.map(RefundId) else { return Ok(false) };
    let Some(refund) = query::by_ids(conn, &[(item.unit, id)])?.pop() else { return Ok(false) };
    let debts = Debts::of(conn, item.unit, refund.payment)?;
    Ok(item.amount <= debts.payable(conn, &refund)?)
}

/// Whether so much can be paid back under any refund, and somebody is asked for it.
pub fn could_be(conn: &mut Conn, item: &Exception) -> Result<bool> {
    // Few of the payments that the bank took have a refund: only of those the debts are read.
    let asked: Vec<(UnitId, PaymentId)> =
        asked_about(conn, item.unit)?.into_iter().map(|payment| (item.unit, payment)).collect();
    let mut refunds: BTreeMap<PaymentId, Vec<Refund>> = BTreeMap::new();
    for refund in query::of_payments(conn, &asked)? {
        refunds.entry(refund.payment).or_default().push(refund);
    }
    for (payment, refunds) in refunds {
        let debts = Debts::of(conn, item.unit, payment)?;
        for refund in refunds {
            if item.amount <= debts.payable(conn, &refund)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The payments of which items ask for what was taken.
fn asked_about(conn: &mut Conn, unit: UnitId) -> Result<BTreeSet<PaymentId>> {
    let (mut found, mut lines) = (BTreeSet::new(), BTreeSet::new());
    for kind in [Kind::BankReversal, Kind::PosChargeback] {
        let asked = Filter { kind: Some(kind), unresolved: true, limit: READ_LIMIT, ..Filter::default() };
        for one in work_query::page(conn, &Scope::unit(unit), &asked)? {
            match one.subject_kind.as_str() {
                "line" => lines.extend([LineId(one.subject_id)]),
                "payment" => found.extend([PaymentId(one.subject_id)]),
                _ => {}
            }
        }
    }
    found.extend(ledger::recovered(conn, unit, &lines)?.into_iter().map(|(_, payment, _)| payment));
    Ok(found)
}

/// What is owed back of a refund that had been refused and left all the same: what of it was no surplus any more. What
/// comes back of that covers the debt, and is no surplus of the payment's. A debt that was covered since, as by a
/// cancelled document, leaves nothing to be covered: then it is the payer's like any other that comes back.
pub(super) fn of_refused(conn: &mut Conn, refund: &Refund) -> Result<Dong> {
    let Some((line, kind, _)) = query::debits(conn, refund.unit, refund.id)?.pop() else {
        return Ok(Dong::ZERO);
    };
    if kind != Debit::Refused.event() {
        return Ok(Dong::ZERO);
    }
    Debts::of(conn, refund.unit, refund.payment)?.under(line)
}

/// Takes a credit in suspense for what is owed back. Two persons decided; the account is locked.
///
/// # Errors
/// `resolution_unfit` when either changed meanwhile.
pub(in crate::payment) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (item, proposal): (&Exception, &Proposal),
    on: BusinessDay,
) -> Result<()> {
    let (unit, line) = (item.unit, line_of(tx, item)?);
    let unfit = || Error::conflict("resolution_unfit", "so much is not owed back under this refund");
    let refund = proposal.target.map(RefundId).ok_or_else(unfit)?;
    let payment = find(tx, unit, refund)?.payment;
    payment_query::lock_payments(tx, &[(unit, payment)])?;
    if !fits(tx, item, proposal.target)? {
        return Err(unfit());
    }
    let before = Debts::of(tx, unit, payment)?;
    let back = Posting {
        unit,
        debit: Account::Suspense(line),
        credit: Account::ReversalToRecover(payment),
        amount: item.amount,
        accounting_date: on,
        source: Source::Exception(item.id),
    };
    ledger::post(tx, stamp, &[back])?;
    ask_since(tx, stamp, payment, (&before, item.id))
}

/// The items about a payment ask for what is owed since it was read and the item `by` was decided.
fn ask_since(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    payment: PaymentId,
    (before, by): (&Debts, ExceptionId),
) -> Result<()> {
    let debts = Debts::of(tx, before.unit, payment)?;
    debts.ask(tx, stamp, Some(by))?;
    if debts.of_bank == before.of_bank {
        return Ok(());
    }
    asked_back::ask_of_bank(tx, stamp, (debts.unit, payment), &debts, by)
}

/// The items that ended when it was taken for what is owed back.
pub(in crate::payment) fn ended_with(conn: &mut Conn, item: &Exception) -> Result<Vec<ExceptionId>> {
    let mut ended = Vec::new();
    for kind in [Kind::BankReversal, Kind::PosChargeback] {
        let of_kind = exception::settled_with(conn, item.unit, kind, item.id)?;
        ended.extend(of_kind.into_iter().map(|one| one.id));
    }
    Ok(ended)
}

/// Whether what a credit covered can be owed again.
///
/// # Errors
/// `undo_money_gone` where what it covered is owed already, or stands nowhere to be taken back;
/// `undo_refund_under_way` while a refund of the payment is asked for or on its way: nobody is paid of a payment of
/// which something is owed back.
pub(in crate::payment) fn check_undo(conn: &mut Conn, item: &Exception, refund: RefundId) -> Result<()> {
    let (unit, payment) = (item.unit, find(conn, item.unit, refund)?.payment);
    let taken = ledger::taken_off(conn, unit, &Account::ReversalToRecover(payment))?;
    if !taken.contains(&(item.id, item.amount)) {
        let detail = "what it covered is owed back already, or went another way since";
        return Err(Error::conflict("undo_money_gone", detail));
    }
    for one in query::of_payments(conn, &[(unit, payment)])? {
        if rules::is_live(one.state) {
            let detail = format!("{} holds surplus of the same payment: that ends first", one.id);
            return Err(Error::conflict("undo_refund_under_way", detail));
        }
    }
    Ok(())
}

/// It was said wrongly: its posting is taken back, and the debt is asked for again. The account is locked.
///
/// # Errors
/// As of `check_undo`.
pub(in crate::payment) fn owe_again(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, refund): (&Exception, RefundId),
    on: BusinessDay,
) -> Result<()> {
    let (unit, payment) = (item.unit, find(tx, item.unit, refund)?.payment);
    // Another person may take a credit for the same debt at the same moment, on another account.
    let held = payment_query::lock_payments(tx, &[(unit, payment)])?.pop();
    let held = held.ok_or_else(|| Error::internal("a refund's payment is gone"))?;
    check_undo(tx, item, refund)?;
    let before = Debts::of(tx, unit, payment)?;
    ledger::swap_back(tx, stamp, unit, Source::Exception(item.id), on)?;
    net(tx, stamp, actor, held, (item.amount, refund, on))?;
    ask_since(tx, stamp, payment, (&before, item.id))
}

/// A payment is never owed to its payer and owed by them at once: what became too much of it since covers the debt.
fn net(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    held: Payment,
    (owed, refund, on): (Dong, RefundId, BusinessDay),
) -> Result<()> {
    let covered = held.surplus.min(owed);
    if !covered.is_positive() {
        return Ok(());
    }
    let (unit, payment, state) = (held.unit, held.id, held.state);
    let revision = held.revision;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    book.payments.insert((unit, payment), Held::read(held, revision));
    let why = "it covers what is owed back again";
    book.tell_payment(unit, payment, "moved", state, Some(why.to_owned()))?;
    book.allocate(unit, payment, Bucket::Surplus, Bucket::Reversed, covered)?;
    book.postings.push(Posting {
        unit,
        debit: Account::Surplus(payment),
        credit: Account::ReversalToRecover(payment),
        amount: covered,
        accounting_date: on,
        source: Source::Refund(refund),
    });
    // What the bank took is covered first, so that more may be owed than was said to have come back.
    if covered == ledger::balance(tx, unit, &Account::ReversalToRecover(payment))? {
        book.settled_exceptions.extend(repaid::asked_alone(tx, unit, payment, why)?);
    }
    desk::surplus_covered(tx, stamp, &mut book, (unit, payment), why)?;
    flush(tx, stamp, actor, book).map(|_| ())
}
