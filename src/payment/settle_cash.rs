//! What two persons decide about cash and the Treasury where no code in a line's memo says it:
//! resolutions of exceptions, carried out by `resolve`.

use super::handover::TO_UNIT;
use super::{line_query, query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Proposal};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::remittance::{self, rules as orders};
use crate::shift::deposit;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::account;

/// A credit in suspense is the cash of a slip (target).
pub const DEPOSIT: &str = "deposit";
/// What was deposited short, the person who handed it over answers for.
pub const SHORTAGE: &str = "shortage";
/// An unexplained debit, or a credit in suspense, is money of an order (target).
pub const REMITTANCE: &str = "remittance";
/// An unexplained debit is an order (target) that was refused and left the account all the same.
pub const REFUSED_ORDER: &str = "remittance_refused";
/// Money in suspense is handed to the budget; the reason names the decision.
pub const TO_BUDGET: &str = "to_budget";

/// A credit in suspense is what a person (target) answered for.
pub const REPAID: &str = "shortage_repaid";

/// An unexplained debit was cash that a person (target) took out, by a decision; they answer for it until a
/// credit repays it.
pub const WITHDRAWN: &str = exception::CASH_WITHDRAWN;

/// A credit gives back what the bank had charged.
pub const CHARGE_RETURNED: &str = "charge_returned";

/// An unexplained debit went to the Treasury without an order of ours; the reason names the decision. The
/// Treasury owes it back, as what it got twice: a claim asks for it.
pub const BUDGET_PAID: &str = exception::BUDGET_PAID;

/// The budget account of what was paid without an order.
const UNORDERED: &str = "unordered";

/// The budget account of money whose owner nobody found.
const UNIDENTIFIED: &str = "unidentified";

pub fn is_ours(resolution: &str) -> bool {
    let ours = [
        DEPOSIT,
        SHORTAGE,
        REMITTANCE,
        REFUSED_ORDER,
        TO_BUDGET,
        REPAID,
        WITHDRAWN,
        CHARGE_RETURNED,
        BUDGET_PAID,
    ];
    ours.contains(&resolution)
}

/// Whether an exception about cash or an order stands for money that is missing still: such a one
/// is not acknowledged away.
pub fn is_open(conn: &mut Conn, item: &Exception) -> Result<bool> {
    match item.subject_kind.as_str() {
        "slip" => Ok(deposit::find(conn, item.unit, SlipId(item.subject_id))?.open().is_positive()),
        "shift" => {
            let shift = crate::shift::find(conn, item.unit, ShiftId(item.subject_id))?;
            let held = crate::shift::balance(conn, item.unit, shift.id)?;
            let over = ledger::balance(conn, item.unit, &Account::DrawerSuspense(shift.id))?;
            Ok(shift.state == crate::shift::State::Counted || !held.is_zero() || !over.is_zero())
        }
        "remittance" => {
            let order = remittance::find(conn, item.unit, RemittanceId(item.subject_id))?;
            Ok(order.state == remittance::State::Rejected)
        }
        _ => Ok(false),
    }
}

/// Carries an approved proposal out. The exception's account is locked.
pub fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    proposal: &Proposal,
    on: BusinessDay,
) -> Result<()> {
    let target = || proposal.target.ok_or_else(|| Error::invalid("target", "target_missing", "name it"));
    let postings = match proposal.resolution.as_str() {
        DEPOSIT => vec![deposited(tx, stamp, item, SlipId(target()?), on)?],
        SHORTAGE => {
            let person = actor.require_person()?;
            vec![deposit::accept_shortage(tx, stamp, item.unit, SlipId(item.subject_id), person, on)?]
        }
        REMITTANCE => remitted(tx, stamp, item, RemittanceId(target()?), on)?,
        REFUSED_ORDER => {
            let person = actor.require_person()?;
            refused_and_debited(tx, stamp, item, (RemittanceId(target()?), person), on)?
        }
        TO_BUDGET => vec![to_budget(tx, item, on)?],
        CHARGE_RETURNED => {
            let suspense = Account::Suspense(line_of(tx, item)?);
            vec![posting(item, suspense, Account::ChargesToRecover, item.amount, on)]
        }
        BUDGET_PAID => {
            let unexplained = Account::UnexplainedDebit(line_of(tx, item)?);
            let owed_back = Account::BudgetRefundDue(UNORDERED.to_owned());
            vec![posting(item, owed_back, unexplained, item.amount, on)]
        }
        WITHDRAWN => vec![withdrawn(tx, item, PersonId(target()?), on)?],
        REPAID => vec![repaid(tx, item, PersonId(target()?), on)?],
        _ => return Err(Error::internal("a resolution of another room")),
    };
    ledger::post(tx, stamp, &postings)
}

/// What went to the Treasury without an order is no debt of the Treasury any more only where no claim asks for it.
///
/// # Errors
/// `undo_claimed`.
pub(super) fn check_unclaimed(conn: &mut Conn, item: &Exception) -> Result<()> {
    let account = item.account.ok_or_else(|| Error::internal("a debit without an account"))?;
    let source = Account::BudgetRefundDue(UNORDERED.to_owned()).to_string();
    if remittance::unclaimed(conn, item.unit, account, &source)? < item.amount {
        let detail = "a claim asks the Treasury for it: refuse the claim first";
        return Err(Error::conflict("undo_claimed", detail));
    }
    Ok(())
}

/// The line an exception is about, or the one that shows its movement.
pub(super) fn line_of(conn: &mut Conn, item: &Exception) -> Result<LineId> {
    let line = match item.subject_kind.as_str() {
        "line" => Some(LineId(item.subject_id)),
        "movement" => {
            let movement = (item.unit, MovementId(item.subject_id));
            line_query::lines_of_movements(conn, &[movement])?.pop().map(|(_, _, line)| line)
        }
        _ => None,
    };
    line.ok_or_else(|| Error::conflict("resolution_unfit", "the exception is not about a statement line"))
}

fn posting(item: &Exception, debit: Account, credit: Account, amount: Dong, on: BusinessDay) -> Posting {
    let source = Source::Exception(item.id);
    Posting { unit: item.unit, debit, credit, amount, accounting_date: on, source }
}

/// A line's money that stands in suspense.
pub(super) fn in_suspense(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Dong> {
    Dong::ZERO.checked_sub(ledger::balance(conn, unit, &Account::Suspense(line))?)
}

fn unfit(detail: &str) -> Error {
    Error::conflict("resolution_unfit", detail)
}

/// The whole credit is money of the slip, and not more than it waits for. A claim that was
/// identified meanwhile has taken it: then nothing stands in suspense.
fn deposited(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    slip: SlipId,
    on: BusinessDay,
) -> Result<Posting> {
    let line = line_of(tx, item)?;
    let amount = in_suspense(tx, item.unit, line)?;
    let mut slip = deposit::find(tx, item.unit, slip)?;
    if Some(slip.account) != item.account {
        return Err(unfit("the slip is for another account"));
    }
    let effect = deposit::credit(&mut slip, amount).ok_or_else(|| unfit("the slip waits for no money"))?;
    if effect.excess.is_positive() {
        return Err(unfit("the credit is more than the slip waits for"));
    }
    deposit::store_credit(tx, stamp, &slip, effect.taken, on, Some(line))?;
    Ok(posting(item, Account::Suspense(line), Account::DepositInTransit(slip.id), effect.taken, on))
}

fn remitted(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    order: RemittanceId,
    on: BusinessDay,
) -> Result<Vec<Posting>> {
    let line = line_of(tx, item)?;
    let mut order = remittance::find(tx, item.unit, order)?;
    if Some(order.account) != item.account {
        return Err(unfit("the order is from another account"));
    }
    let debit = Dong::ZERO.checked_sub(ledger::balance(tx, item.unit, &Account::UnexplainedDebit(line))?)?;
    let (stands_on, amount) = if debit.is_zero() {
        (Account::Suspense(line), in_suspense(tx, item.unit, line)?)
    } else {
        (Account::UnexplainedDebit(line), debit)
    };
    let leg = orders::leg_named(&order, amount).ok_or_else(|| unfit("the order waits for another amount"))?;
    let lines = remittance::query::lines(tx, item.unit, order.id)?;
    let bank = Account::Bank(order.account);
    let postings = orders::postings(&order, &lines, leg, order.account)?
        .into_iter()
        .map(|(debit, credit, amount)| {
            // The bank account was posted with the line already; its other side is explained now.
            let explained = |side: Account| if side == bank { stands_on.clone() } else { side };
            posting(item, explained(debit), explained(credit), amount, on)
        })
        .collect();
    remittance::store_line(tx, stamp, &mut order, leg, line)?;
    Ok(postings)
}

/// Whether the target is an order of the line's account and amount that was refused.
pub fn is_refused_order(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    let Some(target) = target.map(RemittanceId) else { return Ok(false) };
    let line = line_of(conn, item)?;
    let debited = ledger::balance(conn, item.unit, &Account::UnexplainedDebit(line))?;
    let order = remittance::query::by_ids(conn, &[(item.unit, target)])?.pop();
    Ok(order.is_some_and(|order| {
        order.state == remittance::State::Refused
            && Some(order.account) == item.account
            && order.kind != remittance::Kind::Claim
            && order.amount == debited
    }))
}

/// A refused order that the bank paid: where its sums are free it stands again; where another order
/// took them since, the Treasury got them twice and owes them back.
fn refused_and_debited(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    (order, checker): (RemittanceId, PersonId),
    on: BusinessDay,
) -> Result<Vec<Posting>> {
    let line = line_of(tx, item)?;
    let unexplained = Account::UnexplainedDebit(line);
    let mut order = remittance::find(tx, item.unit, order)?;
    if !is_refused_order(tx, item, Some(order.id.0))? {
        return Err(unfit("it is no refused order of this account and amount"));
    }
    let lines = remittance::query::lines(tx, item.unit, order.id)?;
    let stands = remittance::debited_though_refused(tx, stamp, &mut order, (checker, line))?;
    if !stands && order.kind != remittance::Kind::Treasury {
        return Err(unfit("another order withdrew this share meanwhile; ask for the money back"));
    }
    let sides = if stands {
        orders::postings(&order, &lines, remittance::Leg::Out, order.account)?
    } else {
        orders::overpaid_postings(&lines, order.account)?
    };
    let bank = Account::Bank(order.account);
    let explained = |side: Account| if side == bank { unexplained.clone() } else { side };
    let entry = |(debit, credit, amount)| posting(item, explained(debit), explained(credit), amount, on);
    Ok(sides.into_iter().map(entry).collect())
}

/// Whether the bank has charged so much that nobody has given back.
pub fn is_charged(conn: &mut Conn, item: &Exception) -> Result<bool> {
    Ok(ledger::balance(conn, item.unit, &Account::ChargesToRecover)? >= item.amount)
}

/// Where the budget is owed what nobody was found for.
pub(super) fn unidentified_due() -> Account {
    Account::BudgetDue(UNIDENTIFIED.to_owned())
}

/// Cash counted over in a drawer, or a line's money that no payment has: identified money is its
/// payer's.
fn to_budget(tx: &mut Tx<'_>, item: &Exception, on: BusinessDay) -> Result<Posting> {
    let suspense = match item.subject_kind.as_str() {
        "shift" => Account::DrawerSuspense(ShiftId(item.subject_id)),
        _ => Account::Suspense(line_of(tx, item)?),
    };
    let amount = unidentified(tx, item, &suspense)?;
    Ok(posting(item, suspense, unidentified_due(), amount, on))
}

/// What a person answers for, what the bank charged and what is owed to another unit belongs to the unit, not to an
/// account: lines on two accounts must not settle it twice at the same moment.
pub fn lock(tx: &mut Tx<'_>, item: &Exception, resolution: &str) -> Result<()> {
    match resolution {
        REPAID | CHARGE_RETURNED | TO_UNIT | exception::UNMATCH => lock_unit(tx, item.unit),
        _ => Ok(()),
    }
}

/// Locks every account of a unit.
pub(super) fn lock_unit(tx: &mut Tx<'_>, unit: UnitId) -> Result<()> {
    let accounts = account::of_unit(tx, unit)?;
    let keys: Vec<_> = accounts.iter().map(|account| (unit, account.id)).collect();
    query::lock_accounts(tx, &keys)
}

fn withdrawn(tx: &mut Tx<'_>, item: &Exception, person: PersonId, on: BusinessDay) -> Result<Posting> {
    let line = line_of(tx, item)?;
    // Only who is known here can answer for cash.
    crate::identity::person_name(tx, person)?;
    Ok(posting(item, Account::Shortage(person), Account::UnexplainedDebit(line), item.amount, on))
}

/// A person paid back, in whole or in part, what they answered for.
fn repaid(tx: &mut Tx<'_>, item: &Exception, person: PersonId, on: BusinessDay) -> Result<Posting> {
    let suspense = Account::Suspense(line_of(tx, item)?);
    let amount = unidentified(tx, item, &suspense)?;
    let owed = ledger::balance(tx, item.unit, &Account::Shortage(person))?;
    if amount > owed {
        return Err(unfit("the person answers for less than this credit"));
    }
    Ok(posting(item, suspense, Account::Shortage(person), amount, on))
}

/// What stands in suspense and nobody has identified.
fn unidentified(tx: &mut Tx<'_>, item: &Exception, suspense: &Account) -> Result<Dong> {
    let amount = Dong::ZERO.checked_sub(ledger::balance(tx, item.unit, suspense)?)?;
    if !amount.is_positive() {
        return Err(Error::conflict("line_not_in_suspense", "nothing stands in suspense"));
    }
    Ok(amount)
}
