//! Money that moves between two accounts of one unit: a debit of the one, a credit of the other. Each line
//! is posted when its statement comes and waits under its exception; when both are there they explain
//! each other. Where a rule says what it is and only one line fits, nobody needs to decide.

use std::collections::BTreeSet;

use super::query;
use super::settle_cash;
use super::untie;
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter};
use crate::exception::{self, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::statement::{self, StoredLine};
use crate::store::{Conn, Stamp, Tx};

/// A debit and a credit (the item's line, and the target) are one transfer between own accounts.
pub const OWN_TRANSFER: &str = "own_transfer";

/// A credit (the item's line, or the target) gives back what the bank had taken with a debit of the same account.
pub const GIVEN_BACK: &str = "given_back";

/// What two lines are to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// Out of one account and into another.
    OwnTransfer,
    /// Out of an account, and back into it later.
    GivenBack,
}

impl Tie {
    /// Of a resolution; None for others.
    pub fn of(resolution: &str) -> Option<Tie> {
        match resolution {
            OWN_TRANSFER => Some(Tie::OwnTransfer),
            GIVEN_BACK => Some(Tie::GivenBack),
            _ => None,
        }
    }

    /// What may stand for the debit. That the bank took something back is no transfer of ours, but it may be
    /// given back.
    fn debits(self) -> &'static [Kind] {
        match self {
            Tie::OwnTransfer => &DEBITS,
            Tie::GivenBack => &untie::OF_DEBITS,
        }
    }

    fn allows(self, debit: &StoredLine, credit: &StoredLine) -> bool {
        let later = (credit.booking_date.0 - debit.booking_date.0).num_days();
        match self {
            Tie::OwnTransfer => debit.account != credit.account && later.abs() <= TRANSFER_DAYS,
            Tie::GivenBack => debit.account == credit.account && (0..=RETURN_DAYS).contains(&later),
        }
    }
}

/// The two lines of a transfer lie at most so many days apart.
const TRANSFER_DAYS: i64 = 3;
/// A bank gives back within so many days.
const RETURN_DAYS: i64 = 90;
/// Open items of a unit that are looked at.
const READ_LIMIT: i64 = 2_000;
/// What stands for a line nobody could explain.
pub(super) const DEBITS: [Kind; 2] = [Kind::UnknownDebit, Kind::RefundUnmatched];
pub(super) const CREDITS: [Kind; 2] = [Kind::UnidentifiedCredit, Kind::BankReversal];

const WHY: &str = "the other line is there: one explains the other";

/// Two lines that explain each other.
struct Pair {
    debit: StoredLine,
    credit: StoredLine,
}

impl Pair {
    /// None unless one is money out and the other the same money in, tied so.
    fn of(one: StoredLine, other: StoredLine, tie: Tie) -> Option<Pair> {
        let (debit, credit) = if one.amount < Dong::ZERO { (one, other) } else { (other, one) };
        let is_pair = debit.amount < Dong::ZERO
            && debit.amount.checked_add(credit.amount).is_ok_and(Dong::is_zero)
            && debit.unit == credit.unit
            && tie.allows(&debit, &credit);
        is_pair.then_some(Pair { debit, credit })
    }

    fn posting(&self, on: BusinessDay, source: Source) -> Posting {
        Posting {
            unit: self.debit.unit,
            debit: Account::Suspense(self.credit.id),
            credit: Account::UnexplainedDebit(self.debit.id),
            amount: self.credit.amount,
            accounting_date: on,
            source,
        }
    }

    fn ended(&self) -> Vec<(UnitId, Kind, Subject, &'static str)> {
        let unit = self.debit.unit;
        let debits = untie::OF_DEBITS.map(|kind| (unit, kind, Subject::Line(self.debit.id), WHY));
        let credits = CREDITS.map(|kind| (unit, kind, Subject::Line(self.credit.id), WHY));
        debits.into_iter().chain(credits).collect()
    }
}

/// Whether all of a line's money waits for its explanation.
pub(super) fn is_unplaced(conn: &mut Conn, line: &StoredLine) -> Result<bool> {
    let held = if line.amount < Dong::ZERO {
        ledger::balance(conn, line.unit, &Account::UnexplainedDebit(line.id))?
    } else {
        settle_cash::in_suspense(conn, line.unit, line.id)?
    };
    Ok(held.0 == line.amount.0.saturating_abs())
}

/// The lines that may be the other side: waiting lines of the unit, of the same sum.
fn others(conn: &mut Conn, line: &StoredLine, tie: Tie) -> Result<Vec<StoredLine>> {
    let kinds = if line.amount < Dong::ZERO { &CREDITS[..] } else { tie.debits() };
    let sum = Dong(line.amount.0.saturating_abs());
    let mut found = Vec::new();
    for kind in kinds {
        let filter = Filter {
            unit: Some(line.unit),
            kind: Some(*kind),
            unresolved: true,
            amount_from: Some(sum),
            amount_to: Some(sum),
            limit: READ_LIMIT,
            ..Filter::default()
        };
        for item in work_query::page(conn, &Scope::unit(line.unit), &filter)? {
            if item.subject_kind != "line" {
                continue;
            }
            let other = statement::line_query::line(conn, line.unit, LineId(item.subject_id))?;
            if Pair::of(line.clone(), other.clone(), tie).is_some() && is_unplaced(conn, &other)? {
                found.push(other);
            }
        }
    }
    Ok(found)
}

fn pair_of(conn: &mut Conn, item: &Exception, target: Option<i64>, tie: Tie) -> Result<Option<Pair>> {
    if item.subject_kind != "line" {
        return Ok(None);
    }
    let line = statement::line_query::line(conn, item.unit, LineId(item.subject_id))?;
    let mut others = others(conn, &line, tie)?;
    others.retain(|other| target.is_none_or(|id| other.id.0 == id));
    let only = others.pop().filter(|_| others.is_empty());
    Ok(only.and_then(|other| Pair::of(line, other, tie)))
}

/// Whether the other side is there: the line that is named, or the only one that fits.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>, tie: Tie) -> Result<bool> {
    Ok(pair_of(conn, item, target, tie)?.is_some())
}

/// Locks the accounts of both lines at once, in order, before anything locks the one of the item alone. A pair that is
/// not there is refused under the lock.
pub(super) fn lock(tx: &mut Tx<'_>, item: &Exception, proposal: &Proposal) -> Result<()> {
    let Some(tie) = Tie::of(&proposal.resolution) else { return Ok(()) };
    match pair_of(tx, item, proposal.target, tie)? {
        Some(pair) => query::lock_accounts(tx, &both(&pair)),
        None => Ok(()),
    }
}

/// What an approved resolution posts, and the other line's exceptions, which end with it.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    item: &Exception,
    (proposal, tie): (&Proposal, Tie),
    on: BusinessDay,
) -> Result<(Posting, Vec<(UnitId, Kind, Subject, &'static str)>)> {
    let unfit = || Error::conflict("resolution_unfit", "the other line is not there, or not alone");
    let pair = pair_of(tx, item, proposal.target, tie)?.ok_or_else(unfit)?;
    query::lock_accounts(tx, &both(&pair))?;
    if !is_unplaced(tx, &pair.debit)? || !is_unplaced(tx, &pair.credit)? {
        return Err(unfit());
    }
    Ok((pair.posting(on, Source::Exception(item.id)), pair.ended()))
}

fn both(pair: &Pair) -> Vec<(UnitId, AccountId)> {
    let unit = pair.debit.unit;
    BTreeSet::from([(unit, pair.debit.account), (unit, pair.credit.account)]).into_iter().collect()
}

/// Joins lines that a rule calls own transfers with their other side, where each is the only one that fits
/// the other. Returns how many pairs were joined.
pub fn join(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, lines: &[(UnitId, LineId)]) -> Result<usize> {
    actor.require_role(&[Role::Finance, Role::System])?;
    let mut joined = 0;
    for (unit, id) in lines {
        actor.scope.require(*unit)?;
        let line = statement::line_query::line(tx, *unit, *id)?;
        if line.posted_on.is_none() || !is_unplaced(tx, &line)? {
            continue;
        }
        let Some(pair) = only_pair(tx, line)? else { continue };
        if untie::was_untied(tx, *unit, pair.debit.id)? || untie::was_untied(tx, *unit, pair.credit.id)? {
            continue;
        }
        query::lock_accounts(tx, &both(&pair))?;
        if !is_unplaced(tx, &pair.debit)? || !is_unplaced(tx, &pair.credit)? {
            continue;
        }
        let on = first_open(tx, stamp, &pair)?;
        ledger::post(tx, stamp, &[pair.posting(on, Source::Line(pair.debit.id))])?;
        exception::settle_by_themselves(tx, stamp, &pair.ended())?;
        let entry = audit::Entry::by(actor, *unit, "line.own_transfer", pair.debit.id);
        audit::record(tx, stamp, &[entry.with(pair.credit.id.to_string())])?;
        joined += 1;
    }
    Ok(joined)
}

fn only_pair(conn: &mut Conn, line: StoredLine) -> Result<Option<Pair>> {
    let mut forth = others(conn, &line, Tie::OwnTransfer)?;
    let Some(other) = forth.pop().filter(|_| forth.is_empty()) else { return Ok(None) };
    let back = others(conn, &other, Tie::OwnTransfer)?;
    Ok(Pair::of(line, other, Tie::OwnTransfer).filter(|_| back.len() == 1))
}

/// The later of the two bookings, or the first day after it that is open on both accounts.
fn first_open(tx: &mut Tx<'_>, stamp: &Stamp<'_>, pair: &Pair) -> Result<BusinessDay> {
    let mut day = pair.debit.booking_date.max(pair.credit.booking_date).min(stamp.today());
    for (unit, account) in both(pair) {
        day = query::first_open_day(tx, unit, account, day)?.max(day);
    }
    Ok(day)
}
