//! A debit that was tied to other money is untied by two persons: it had paid another unit, or was one side of
//! a transfer between own accounts, joined by a decision or by a rule. It waits for its explanation again,
//! and with it what had ended because of it.

use std::collections::BTreeSet;

use super::movement::{Movement, State};
use super::prove::HELD_KINDS;
use super::reopen::SETTLING;
use super::undo::Effect;
use super::{handover, line_query, movement_query, query};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, State as Step, Subject, work_query};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::statement::{self, StoredLine};
use crate::store::{Conn, Stamp, Tx};

/// Under which a debit waits that nobody could explain.
pub(super) const OF_DEBITS: [Kind; 3] = [Kind::UnknownDebit, Kind::RefundUnmatched, Kind::BankReversal];

/// What is untied.
pub(super) struct Tied {
    /// The posting that takes it back.
    back: (Account, Account, Dong),
    /// Whose posting that was: it is taken back under the same source.
    source: Source,
    /// The accounts whose books it stands in, to be locked.
    accounts: BTreeSet<(UnitId, AccountId)>,
    /// Items that had ended with it, and wait again.
    others: Vec<Exception>,
    pub effect: Effect,
}

impl Tied {
    /// Locks both accounts at once, in order: who locked one of them before the other and somebody who locks all of the
    /// unit would wait for each other.
    pub(super) fn lock(&self, tx: &mut Tx<'_>) -> Result<()> {
        query::lock_accounts(tx, &self.accounts.iter().copied().collect::<Vec<_>>())
    }
}

/// A debit that paid another unit what is owed to it, with the items that ended then.
///
/// # Errors
/// `undo_money_gone` when that money is not owed any more.
pub(super) fn paid_on(conn: &mut Conn, item: &Exception) -> Result<Tied> {
    let gone = || Error::conflict("undo_money_gone", "the money it paid on was taken back since");
    let line = super::settle_cash::line_of(conn, item)?;
    let mut others = exception::settled_with(conn, item.unit, Kind::WrongAccount, item.id)?;
    if others.is_empty()
        && let Some(settled) = work_query::last_of(conn, item.unit, item.id, &SETTLING)?
    {
        others = exception::settled_at(conn, item.unit, Kind::WrongAccount, settled.at)?;
    }
    let (mut units, mut sum) = (BTreeSet::new(), Dong::ZERO);
    for other in &others {
        let owed = handover::of_item(conn, other)?.ok_or_else(gone)?;
        units.insert(owed.to);
        sum = sum.checked_add(owed.amount)?;
    }
    let unit = units.pop_first().filter(|_| units.is_empty() && sum == item.amount).ok_or_else(gone)?;
    let effect = Effect {
        line: Some(line),
        to_suspense: item.amount,
        items_reopened: others.iter().map(|other| other.id).collect(),
        ..Effect::default()
    };
    let back = (Account::UnexplainedDebit(line), Account::DueToUnit(unit), item.amount);
    Ok(Tied { back, source: Source::Exception(item.id), accounts: BTreeSet::new(), others, effect })
}

/// The transfer between own accounts that the item's line is one side of; None where it is none, or none any
/// more.
///
/// # Errors
/// `reopen_money_moved` where the bank took the credit back, or no item would ask about the other side.
pub(super) fn own_transfer(conn: &mut Conn, item: &Exception) -> Result<Option<Tied>> {
    if item.subject_kind != "line" {
        return Ok(None);
    }
    let line = statement::line_query::line(conn, item.unit, LineId(item.subject_id))?;
    let (own, prefix) = match line.amount < Dong::ZERO {
        true => (Account::UnexplainedDebit(line.id), "suspense/"),
        false => (Account::Suspense(line.id), "unexplained_debit/"),
    };
    let Some((other, _)) = ledger::between(conn, item.unit, &own, prefix)?.pop() else { return Ok(None) };
    let other: LineId = other.strip_prefix(prefix).unwrap_or_default().parse()?;
    let other = statement::line_query::line(conn, item.unit, other)?;
    let (debit, credit) = if line.amount < Dong::ZERO { (&line, &other) } else { (&other, &line) };
    if debit.id == credit.id {
        return Ok(None);
    }
    check_not_taken_back(conn, credit)?;
    let back = (Account::UnexplainedDebit(debit.id), Account::Suspense(credit.id), credit.amount);
    let source = ledger::source_of(conn, item.unit, (&back.1, &back.0), credit.amount)?;
    let Some(source) = source.filter(|_| item.amount == credit.amount) else { return Ok(None) };
    let mut others = Vec::new();
    for (side, kinds) in [(debit, &OF_DEBITS[..]), (credit, &HELD_KINDS[..])] {
        if side.id != line.id {
            others.extend(ended(conn, side, (credit.amount, source), kinds)?);
        }
    }
    let effect = Effect {
        line: Some(line.id),
        to_suspense: credit.amount,
        items_reopened: others.iter().map(|other| other.id).collect(),
        ..Effect::default()
    };
    let accounts = BTreeSet::from([(debit.unit, debit.account), (credit.unit, credit.account)]);
    Ok(Some(Tied { back, source, accounts, others, effect }))
}

/// The bank took the credit back by what persons decided about the debit: its movement ended with it.
pub(super) fn check_not_taken_back(conn: &mut Conn, credit: &StoredLine) -> Result<()> {
    let parts = line_query::standing_parts(conn, credit.unit, credit.id)?;
    let keys: Vec<(UnitId, MovementId)> =
        parts.into_iter().map(|(_, movement, _)| (credit.unit, movement)).collect();
    let is_taken = |one: &Movement| one.state == State::Reversed && one.payment.is_none();
    if movement_query::movements(conn, &keys)?.iter().any(is_taken) {
        let detail = "the bank took this money back by what was decided about the debit";
        return Err(Error::conflict("reopen_money_moved", detail));
    }
    Ok(())
}

/// The item about all of the other line's money that waits again: the one that was decided, or that ended last; None
/// where one is open.
///
/// # Errors
/// `reopen_money_moved` where no item would ask about that money.
pub(super) fn ended(
    conn: &mut Conn,
    line: &StoredLine,
    (sum, source): (Dong, Source),
    kinds: &[Kind],
) -> Result<Option<Exception>> {
    let mut newest: Option<(bool, Instant, Exception)> = None;
    for kind in kinds {
        let found = exception::find_any(conn, line.unit, *kind, Subject::Line(line.id))?;
        let Some(found) = found.filter(|one| one.amount == sum) else { continue };
        if found.state != Step::Resolved {
            return Ok(None);
        }
        let settled = work_query::last_of(conn, line.unit, found.id, &SETTLING)?;
        let at = settled.map_or(found.created_at, |event| event.at);
        let has_decided = matches!(source, Source::Exception(id) if id == found.id);
        if newest.as_ref().is_none_or(|(decided, known, _)| (has_decided, at) > (*decided, *known)) {
            newest = Some((has_decided, at, found));
        }
    }
    let gone = || Error::conflict("reopen_money_moved", "no item asks about the other line's money");
    newest.map(|(_, _, found)| Some(found)).ok_or_else(gone)
}

/// Whether persons untied a line of such a transfer before: then no rule joins it again.
pub(super) fn was_untied(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<bool> {
    for kind in OF_DEBITS.iter().chain(&HELD_KINDS) {
        if let Some(item) = exception::find_any(conn, unit, *kind, Subject::Line(line))?
            && exception::was_reopened_by_persons(conn, unit, item.id)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Carries it out for the item that two persons opened again.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    (tied, on): (Tied, BusinessDay),
) -> Result<()> {
    tied.lock(tx)?;
    let mut day = on;
    for (unit, account) in &tied.accounts {
        day = query::first_open_day(tx, *unit, *account, day)?.max(day);
    }
    let (debit, credit, amount) = tied.back;
    let source = tied.source;
    let posting = Posting { unit: item.unit, debit, credit, amount, accounting_date: day, source };
    ledger::post(tx, stamp, &[posting])?;
    let again: Vec<exception::New> = tied.others.iter().map(again).collect();
    exception::open(tx, stamp, &again).map(|_| ())
}

pub(super) fn again(other: &Exception) -> exception::New {
    exception::New {
        unit: other.unit,
        kind: other.kind,
        subject: Subject::Line(LineId(other.subject_id)),
        account: other.account,
        amount: other.amount,
        opened_on: other.opened_on,
        detail: String::new(),
    }
}
