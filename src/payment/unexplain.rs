//! What explained money without a payment is taken back: a charge or interest that a rule alone told, the cash of a
//! deposit slip, a debit that its code tied to a paper or to another unit's money, money that was handed to the budget,
//! cash that a person took out. The money waits for its explanation again, and the paper for its money. `bank` stays as
//! the line posted it.

use super::debit_tie::{self, Tie};
use super::movement::State;
use super::settle_cash::{self, DEPOSIT, TO_BUDGET, WITHDRAWN};
use super::undo::Effect;
use super::{line_query, paper_line, query, unmatch};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posted, Posting, Source};
use crate::remittance;
use crate::shift::credit_back::{self, Credit};
use crate::statement::{StoredLine, version};
use crate::store::{Conn, Stamp, Tx};

/// Resolutions whose decision is taken back here.
pub(super) const DECIDED: [&str; 3] = [DEPOSIT, TO_BUDGET, WITHDRAWN];

const BANK_FEE: &str = "bank_fee";
const INTEREST: &str = "interest";
const CASH_DEPOSIT: &str = "deposit";

/// What takes postings back: debit, credit, amount.
pub(super) type Back = Vec<(Account, Account, Dong)>;

/// An explanation as it stands.
pub(super) struct Explained {
    back: Back,
    /// The day it belongs to, which is open; None where nothing but the balance counts: then the first open one.
    on: Option<BusinessDay>,
    /// What it credited to a slip.
    credit: Option<Credit>,
    /// What its code tied it to.
    tie: Option<Tie>,
    pub effect: Effect,
}

fn unfit(detail: &str) -> Error {
    Error::conflict("unmatch_unfit", detail)
}

fn gone(detail: &str) -> Error {
    Error::conflict("undo_money_gone", detail)
}

/// What a rule, or the code of a paper, alone said of a line; None of every other line, and of one that two persons
/// took this from before.
///
/// # Errors
/// `unmatch_unfit`, `undo_money_gone`, `undo_ordered`.
pub(super) fn of_line(conn: &mut Conn, line: &StoredLine) -> Result<Option<Explained>> {
    let case = line_query::case_of(conn, line.unit, line.id)?.unwrap_or_default();
    let class = match case.as_str() {
        CASH_DEPOSIT => "cash_deposit",
        known @ (BANK_FEE | INTEREST) => known,
        _ => return of_debit(conn, line, &case),
    };
    if line.class.as_deref() != Some(class) {
        return Ok(None);
    }
    require_standing(conn, line)?;
    let size = Dong(line.amount.0.saturating_abs());
    let (back, credit) = match case.as_str() {
        BANK_FEE => (charge_back(conn, line, size)?, None),
        INTEREST => (interest_back(conn, line, size)?, None),
        _ => {
            let credit = slip_credit(conn, line)?;
            let transit = Account::DepositInTransit(credit.slip);
            (vec![(transit, Account::Suspense(line.id), credit.amount)], Some(credit))
        }
    };
    let on = Some(line.posted_on.unwrap_or(line.booking_date));
    let effect = effect(Some(line.id), size, credit.as_ref());
    Ok(Some(Explained { back, on, credit, tie: None, effect }))
}

/// The same of a debit that its code tied to a paper of ours, or to what is owed to another unit.
fn of_debit(conn: &mut Conn, line: &StoredLine, case: &str) -> Result<Option<Explained>> {
    let class = paper_line::class_tied(case).filter(|_| line.amount < Dong::ZERO);
    if class.is_none() || line.class.as_deref() != class {
        return Ok(None);
    }
    require_standing(conn, line)?;
    let (tie, back) = debit_tie::of_line(conn, line, case)?;
    let mut effect = effect(Some(line.id), Dong(line.amount.0.saturating_abs()), None);
    tie.foresee(&mut effect);
    let on = Some(line.posted_on.unwrap_or(line.booking_date));
    Ok(Some(Explained { back, on, credit: None, tie: Some(tie), effect }))
}

fn require_standing(conn: &mut Conn, line: &StoredLine) -> Result<()> {
    if version::is_withdrawn(conn, line.unit, line.id)? {
        return Err(unfit("a corrected statement took the line out"));
    }
    Ok(())
}

fn effect(line: Option<LineId>, to_suspense: Dong, credit: Option<&Credit>) -> Effect {
    let deposits_expected_again = credit.map(|credit| credit.slip).into_iter().collect();
    Effect { line, to_suspense, deposits_expected_again, ..Effect::default() }
}

fn charge_back(conn: &mut Conn, line: &StoredLine, size: Dong) -> Result<Back> {
    if ledger::balance(conn, line.unit, &Account::ChargesToRecover)? < size {
        return Err(gone("the bank gave this charge back since"));
    }
    Ok(vec![(Account::UnexplainedDebit(line.id), Account::ChargesToRecover, size)])
}

/// Interest is owed to the budget as soon as it is posted.
fn interest_back(conn: &mut Conn, line: &StoredLine, size: Dong) -> Result<Back> {
    let due = Account::BudgetDue(INTEREST.to_owned());
    require_unordered(conn, (line.unit, line.account), &due, size)?;
    Ok(vec![(due, Account::Interest, size), (Account::Interest, Account::Suspense(line.id), size)])
}

/// The only slip that the line credits. What it brought beyond that waits in suspense still, or nothing of it is
/// taken back: two persons gave it its place, and open that one again first.
fn slip_credit(conn: &mut Conn, line: &StoredLine) -> Result<Credit> {
    let mut credits = Vec::new();
    for slip in ledger::slips_of(conn, line.unit, line.id)? {
        credits.extend(credit_back::standing(conn, (line.unit, slip), line.id)?);
    }
    let waiting = settle_cash::in_suspense(conn, line.unit, line.id)?;
    let is_bare = line_query::standing_parts(conn, line.unit, line.id)?.is_empty();
    let only = credits.pop().filter(|_| credits.is_empty() && is_bare);
    let whole = only.filter(|credit| credit.amount.checked_add(waiting).is_ok_and(|sum| sum == line.amount));
    whole.ok_or_else(|| unfit("a part of its money was placed by a decision: open that one again first"))
}

/// What the Treasury was ordered is not taken back: an order stands on it, or has left.
fn require_unordered(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    due: &Account,
    amount: Dong,
) -> Result<()> {
    if remittance::unordered(conn, unit, account, &due.to_string())? < amount {
        let detail = "an order to the Treasury takes it: refuse the order first";
        return Err(Error::conflict("undo_ordered", detail));
    }
    Ok(())
}

/// What an approved resolution of `DECIDED` said of an item's money.
///
/// # Errors
/// `undo_money_gone`, `undo_day_closed`, `undo_ordered`.
pub(super) fn of_decision(
    conn: &mut Conn,
    item: &Exception,
    (resolution, target): (&str, Option<i64>),
) -> Result<Explained> {
    let line = match item.subject_kind.as_str() {
        "shift" => None,
        _ => Some(settle_cash::line_of(conn, item)?),
    };
    if let Some(line) = line
        && version::is_withdrawn(conn, item.unit, line)?
    {
        return Err(gone("a corrected statement took the line out"));
    }
    let said = Said { item, line, target };
    match resolution {
        TO_BUDGET => said.budget(conn),
        DEPOSIT => said.cash_of_slip(conn),
        _ => said.cash_taken_out(conn),
    }
}

/// A decision about an item, with the line whose money it is about.
struct Said<'a> {
    item: &'a Exception,
    line: Option<LineId>,
    target: Option<i64>,
}

impl Said<'_> {
    fn line(&self) -> Result<LineId> {
        self.line.ok_or_else(|| Error::internal("what was decided about a line names none"))
    }

    fn target(&self) -> Result<i64> {
        self.target.ok_or_else(|| Error::internal("a decision about cash names nothing"))
    }

    /// The posting of the decision, with its day.
    fn posted(&self, conn: &mut Conn, debit: Account, credit: Account) -> Result<(Back, BusinessDay)> {
        let (unit, amount) = (self.item.unit, self.item.amount);
        let newest = ledger::newest_of(conn, unit, Source::Exception(self.item.id))?;
        let sides = (debit.to_string(), credit.to_string());
        let is_it = |one: &Posted| one.amount == amount && one.debit == sides.0 && one.credit == sides.1;
        let posted = newest.filter(is_it).ok_or_else(|| gone("the money is not where it was put"))?;
        Ok((vec![(credit, debit, amount)], posted.on))
    }

    /// What a closed day shared out, or made due, is changed by nothing but its opening.
    fn require_open(&self, conn: &mut Conn, day: BusinessDay) -> Result<()> {
        let Some(account) = self.item.account else { return Ok(()) };
        let key = (self.item.unit, account);
        if query::closed_days(conn, &[key], day)?.contains(&(key.0, key.1, day)) {
            let detail = format!("{day} is closed: two persons open it again first");
            return Err(Error::conflict("undo_day_closed", detail));
        }
        Ok(())
    }

    fn budget(&self, conn: &mut Conn) -> Result<Explained> {
        let held = match self.line {
            Some(line) => Account::Suspense(line),
            None => Account::DrawerSuspense(ShiftId(self.item.subject_id)),
        };
        let due = settle_cash::unidentified_due();
        let (back, on) = self.posted(conn, held, due.clone())?;
        self.require_open(conn, on)?;
        if let Some(account) = self.item.account {
            require_unordered(conn, (self.item.unit, account), &due, self.item.amount)?;
        }
        let effect = effect(self.line, self.item.amount, None);
        Ok(Explained { back, on: Some(on), credit: None, tie: None, effect })
    }

    fn cash_of_slip(&self, conn: &mut Conn) -> Result<Explained> {
        let (line, slip) = (self.line()?, SlipId(self.target()?));
        let sides = (Account::Suspense(line), Account::DepositInTransit(slip));
        let (back, on) = self.posted(conn, sides.0, sides.1)?;
        self.require_open(conn, on)?;
        let credit = credit_back::standing(conn, (self.item.unit, slip), line)?;
        let credit = credit.filter(|credit| credit.amount == self.item.amount);
        let credit = credit.ok_or_else(|| gone("the slip has this money no more"))?;
        let effect = effect(Some(line), self.item.amount, Some(&credit));
        Ok(Explained { back, on: Some(on), credit: Some(credit), tie: None, effect })
    }

    fn cash_taken_out(&self, conn: &mut Conn) -> Result<Explained> {
        let (line, debtor) = (self.line()?, Account::Shortage(PersonId(self.target()?)));
        let (back, _) = self.posted(conn, debtor.clone(), Account::UnexplainedDebit(line))?;
        if ledger::balance(conn, self.item.unit, &debtor)? < self.item.amount {
            return Err(gone("the person paid some of it back since"));
        }
        let effect = effect(Some(line), self.item.amount, None);
        Ok(Explained { back, on: None, credit: None, tie: None, effect })
    }
}

impl Explained {
    /// Takes it back, as two persons decided about an item. The accounts of the unit are locked; `on` is the first
    /// open day of the item's account.
    pub fn take_back(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        (item, on): (&Exception, BusinessDay),
    ) -> Result<()> {
        let accounting_date = self.on.unwrap_or(on);
        let posting = |(debit, credit, amount): &(Account, Account, Dong)| Posting {
            unit: item.unit,
            debit: debit.clone(),
            credit: credit.clone(),
            amount: *amount,
            accounting_date,
            source: Source::Exception(item.id),
        };
        let postings: Vec<Posting> = self.back.iter().map(posting).collect();
        ledger::post(tx, stamp, &postings)?;
        if let Some(tie) = &self.tie {
            tie.take_off(tx, stamp, actor, accounting_date)?;
        }
        match &self.credit {
            Some(credit) => credit_back::take_back(tx, stamp, actor, credit),
            None => Ok(()),
        }
    }

    /// The same of a line, which `opens` asks about from now on; money in is a movement of its own.
    pub fn take_off_line(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        (item, line): (&Exception, &StoredLine),
        opens: exception::New,
    ) -> Result<()> {
        self.take_back(tx, stamp, actor, (item, line.booking_date))?;
        if line.amount.is_positive() {
            unmatch::open_own(tx, stamp, line, State::Proven)?;
        }
        let over = (line.unit, Kind::DepositDiffers, Subject::Line(line.id), unmatch::WHY);
        exception::settle_by_themselves(tx, stamp, &[over])?;
        exception::open(tx, stamp, &[opens]).map(|_| ())
    }
}
