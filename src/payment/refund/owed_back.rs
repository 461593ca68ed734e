//! What a refund's debit took beyond all that was owed is a debt of whoever got it. It ends when it comes back: two
//! persons say so of a credit in suspense, which covers all of it or a part.

use super::query;
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter};
use crate::exception::{self, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::payment_query;
use crate::payment::settle_cash::line_of;
use crate::store::{Conn, Stamp, Tx};

/// A credit in suspense is what the debit of a refund (target) took too much.
pub const REFUND_REPAID: &str = "refund_repaid";

/// Items looked at for whether a credit could pay back what they ask for.
const READ_LIMIT: i64 = 200;

const WHY: &str = "what was refunded too much came back";

/// What is owed back under the debit of a refund.
struct Debt {
    unit: UnitId,
    payment: PaymentId,
    /// The debit; the item that asks for the debt is about it.
    line: LineId,
    amount: Dong,
}

impl Debt {
    fn account(&self) -> Account {
        Account::ReversalToRecover(self.payment)
    }

    /// None where nothing is owed so, and where the bank itself took money of the payment too: those debts are one.
    fn of(conn: &mut Conn, unit: UnitId, refund: RefundId) -> Result<Option<Debt>> {
        let Some(line) = query::debit_line(conn, unit, refund)? else { return Ok(None) };
        let Some(payment) = query::by_ids(conn, &[(unit, refund)])?.pop().map(|refund| refund.payment) else {
            return Ok(None);
        };
        let account = Account::ReversalToRecover(payment);
        let lines = ledger::lines_of(conn, unit, &account)?;
        if lines.is_empty() || lines.iter().any(|one| *one != line) {
            return Ok(None);
        }
        let amount = ledger::balance(conn, unit, &account)?;
        Ok(Some(Debt { unit, payment, line, amount }))
    }

    /// The item about the debit asks for what is owed now; with nothing owed it ends because of the item `by`.
    fn ask(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, by: ExceptionId) -> Result<()> {
        let (unit, subject) = (self.unit, Subject::Line(self.line));
        let left = ledger::balance(tx, unit, &self.account())?;
        if !left.is_positive() {
            let ended = [(unit, Kind::BankReversal, subject, WHY)];
            return exception::settle_with(tx, stamp, by, &ended).map(|_| ());
        }
        let Some(asked) = exception::find_any(tx, unit, Kind::BankReversal, subject)? else { return Ok(()) };
        if asked.state != exception::State::Resolved {
            let now = (left, asked.detail.as_str());
            let why = format!("{} đồng are owed back now", left.0);
            return exception::restate(tx, stamp, (unit, asked.id), now, why).map(|_| ());
        }
        let again = exception::New {
            unit,
            kind: Kind::BankReversal,
            subject,
            account: asked.account,
            amount: left,
            opened_on: asked.opened_on,
            detail: asked.detail,
        };
        exception::open(tx, stamp, &[again]).map(|_| ())
    }
}

/// Whether no more comes back with a credit than is owed so. It stands in suspense whole: the caller's to know.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    let Some(refund) = target.map(RefundId) else { return Ok(false) };
    let debt = Debt::of(conn, item.unit, refund)?;
    Ok(debt.is_some_and(|debt| item.amount <= debt.amount))
}

/// Whether any refund was debited with so much too much, and somebody is asked for it.
pub fn could_be(conn: &mut Conn, item: &Exception) -> Result<bool> {
    let (unit, kind) = (item.unit, Some(Kind::BankReversal));
    let asked = Filter { kind, unresolved: true, limit: READ_LIMIT, ..Filter::default() };
    for one in work_query::page(conn, &Scope::unit(unit), &asked)? {
        if one.subject_kind != "line" {
            continue;
        }
        let payments = ledger::recovered_by(conn, unit, LineId(one.subject_id))?;
        let payments: Vec<_> = payments.into_iter().map(|payment| (unit, payment)).collect();
        for refund in query::of_payments(conn, &payments)? {
            if fits(conn, item, Some(refund.id.0))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether all that a refund's debit took is owed by nobody: it had been refused, and nothing was too much. What of it
/// comes back covers the debt, and is no surplus of the payment's. A debt that was covered since, as by a cancelled
/// document, leaves nothing to be covered: then it is the payer's like any other that comes back.
pub(super) fn is_all(conn: &mut Conn, unit: UnitId, refund: &super::Refund) -> Result<bool> {
    let Some(line) = query::debit_line(conn, unit, refund.id)? else { return Ok(false) };
    let debt = Account::ReversalToRecover(refund.payment);
    let is_whole = ledger::taken_by(conn, unit, line, &debt)? >= refund.amount;
    Ok(is_whole && ledger::balance(conn, unit, &debt)? >= refund.amount)
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
    let payment = Debt::of(tx, unit, refund)?.ok_or_else(unfit)?.payment;
    payment_query::lock_payments(tx, &[(unit, payment)])?;
    let debt = Debt::of(tx, unit, refund)?.filter(|debt| item.amount <= debt.amount).ok_or_else(unfit)?;
    let back = Posting {
        unit,
        debit: Account::Suspense(line),
        credit: debt.account(),
        amount: item.amount,
        accounting_date: on,
        source: Source::Exception(item.id),
    };
    ledger::post(tx, stamp, &[back])?;
    debt.ask(tx, stamp, item.id)
}

/// It was said wrongly, and its posting is taken back: the debt is asked for again.
///
/// # Errors
/// `undo_money_gone` when the bank took other money of the payment since: the debts are one now, and no item is
/// about this one alone.
pub(in crate::payment) fn ask_again(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (item, refund): (&Exception, RefundId),
) -> Result<()> {
    match Debt::of(tx, item.unit, refund)? {
        Some(debt) => debt.ask(tx, stamp, item.id),
        None => Err(Error::conflict("undo_money_gone", "other money of this payment is owed back by now")),
    }
}
