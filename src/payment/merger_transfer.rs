//! The bank moves what an account of a merged unit held to an account of the unit that goes on: a debit in the
//! books of the one, a credit in those of the other. Two persons who may act for both say that they are one. What
//! was handed over with the account before is taken from there; the rest stands between the two units.

use std::collections::BTreeSet;

use super::own_transfer::{CREDITS, DEBITS, is_unplaced};
use super::prove::HELD_KINDS;
use super::query;
use super::undo::Effect;
use super::untie::{OF_DEBITS, check_not_taken_back, ended};
use crate::actor::{Actor, Scope};
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
use crate::unit::succession;

/// A debit of a merged unit and a credit of a unit that goes on for it (the item's line, and the target) are one
/// transfer.
pub const MERGER_TRANSFER: &str = "merger_transfer";

/// The two lines lie at most so many days apart: a bank closes an account in its own time.
const DAYS: i64 = 30;
/// Open items of a unit that are looked at.
const READ_LIMIT: i64 = 2_000;

const WHY: &str = "the money of a merged unit came to the unit that goes on for it";

/// A debit of the unit that ended, and the credit of the one that goes on.
struct Crossing {
    debit: StoredLine,
    credit: StoredLine,
}

impl Crossing {
    /// None unless one is money out and the other the same money in. Who goes on for whom was looked at.
    fn of(one: StoredLine, other: StoredLine) -> Option<Crossing> {
        let (debit, credit) = if one.amount < Dong::ZERO { (one, other) } else { (other, one) };
        let apart = (credit.booking_date.0 - debit.booking_date.0).num_days().saturating_abs();
        let is_one = debit.amount < Dong::ZERO
            && debit.amount.checked_add(credit.amount).is_ok_and(Dong::is_zero)
            && apart <= DAYS;
        is_one.then_some(Crossing { debit, credit })
    }

    fn units(&self) -> [UnitId; 2] {
        [self.debit.unit, self.credit.unit]
    }

    fn accounts(&self) -> Vec<(UnitId, AccountId)> {
        let both = [(self.debit.unit, self.debit.account), (self.credit.unit, self.credit.account)];
        BTreeSet::from(both).into_iter().collect()
    }

    fn require_scope(&self, actor: &Actor) -> Result<()> {
        self.units().into_iter().try_for_each(|unit| actor.scope.require(unit))
    }

    /// Whether the money of both lines waits for its explanation.
    fn is_waiting(&self, conn: &mut Conn) -> Result<bool> {
        Ok(is_unplaced(conn, &self.debit)? && is_unplaced(conn, &self.credit)?)
    }

    /// What the account had when its unit was handed over leaves the books of the unit that goes on; what it took in
    /// otherwise stands between the two.
    fn postings(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, source: Source) -> Result<Vec<Posting>> {
        let (old, new) = (self.debit.unit, self.credit.unit);
        let account = Account::Bank(self.debit.account);
        let held = ledger::balance(tx, new, &account)?.max(Dong::ZERO).min(self.credit.amount);
        let rest = self.credit.amount.checked_sub(held)?;
        let mut postings = Vec::new();
        let on = open_day(tx, stamp, &self.debit)?;
        for (debit, amount) in [(account.clone(), held), (Account::Merger(new), rest)] {
            let credit = Account::UnexplainedDebit(self.debit.id);
            postings.push(Posting { unit: old, debit, credit, amount, accounting_date: on, source });
        }
        let on = open_day(tx, stamp, &self.credit)?;
        for (credit, amount) in [(account, held), (Account::Merger(old), rest)] {
            let debit = Account::Suspense(self.credit.id);
            postings.push(Posting { unit: new, debit, credit, amount, accounting_date: on, source });
        }
        Ok(postings)
    }

    fn ended(&self) -> Vec<(UnitId, Kind, Subject, &'static str)> {
        let about = |line: &StoredLine, kind: Kind| (line.unit, kind, Subject::Line(line.id), WHY);
        let debits = OF_DEBITS.iter().map(|kind| about(&self.debit, *kind));
        debits.chain(HELD_KINDS.iter().map(|kind| about(&self.credit, *kind))).collect()
    }
}

fn open_day(tx: &mut Tx<'_>, stamp: &Stamp<'_>, line: &StoredLine) -> Result<BusinessDay> {
    query::first_open_day(tx, line.unit, line.account, stamp.today())
}

/// The units on the other side of a line: those that go on for its unit, or those that its unit goes on for.
fn other_units(conn: &mut Conn, line: &StoredLine) -> Result<Vec<UnitId>> {
    if line.amount < Dong::ZERO {
        return succession::after(conn, line.unit);
    }
    Ok(succession::before(conn, line.unit)?.into_iter().collect())
}

/// The lines that may be the other side: waiting lines of the same sum.
fn others(conn: &mut Conn, line: &StoredLine) -> Result<Vec<StoredLine>> {
    let kinds: &[Kind] = if line.amount < Dong::ZERO { &CREDITS } else { &DEBITS };
    let sum = Dong(line.amount.0.saturating_abs());
    let mut found = Vec::new();
    for unit in other_units(conn, line)? {
        for kind in kinds {
            let filter = Filter {
                unit: Some(unit),
                kind: Some(*kind),
                unresolved: true,
                amount_from: Some(sum),
                amount_to: Some(sum),
                limit: READ_LIMIT,
                ..Filter::default()
            };
            for item in work_query::page(conn, &Scope::unit(unit), &filter)? {
                if item.subject_kind != "line" {
                    continue;
                }
                let other = statement::line_query::line(conn, unit, LineId(item.subject_id))?;
                if Crossing::of(line.clone(), other.clone()).is_some() && is_unplaced(conn, &other)? {
                    found.push(other);
                }
            }
        }
    }
    Ok(found)
}

/// The item's line with the one that is named, or with the only one that fits.
fn of_item(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<Option<Crossing>> {
    if item.subject_kind != "line" {
        return Ok(None);
    }
    let line = statement::line_query::line(conn, item.unit, LineId(item.subject_id))?;
    let mut others = others(conn, &line)?;
    others.retain(|other| target.is_none_or(|id| other.id.0 == id));
    let only = others.pop().filter(|_| others.is_empty());
    Ok(only.and_then(|other| Crossing::of(line, other)))
}

/// Whether the other side is there: the line that is named, or the only one that fits.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    Ok(of_item(conn, item, target)?.is_some())
}

/// Who says so acts for both units.
///
/// # Errors
/// `unit_out_of_scope`.
pub(super) fn check_maker(
    conn: &mut Conn,
    actor: &Actor,
    item: &Exception,
    target: Option<i64>,
) -> Result<()> {
    of_item(conn, item, target)?.map_or(Ok(()), |crossing| crossing.require_scope(actor))
}

/// Carries it out, in the books of both units.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
) -> Result<()> {
    let unfit = || Error::conflict("resolution_unfit", "the other line is not there, or not alone");
    let crossing = of_item(tx, item, proposal.target)?.ok_or_else(unfit)?;
    crossing.require_scope(actor)?;
    query::lock_accounts(tx, &crossing.accounts())?;
    if !crossing.is_waiting(tx)? {
        return Err(unfit());
    }
    let id: EventId = stamp.mint()?;
    let postings = crossing.postings(tx, stamp, Source::Handover(id))?;
    ledger::post(tx, stamp, &postings)?;
    exception::settle_with(tx, stamp, item.id, &crossing.ended())?;
    let told = format!("{} {}", crossing.debit.id, crossing.credit.id);
    let entry = |unit| audit::Entry::by(actor, unit, "line.merger_transfer", id).with(told.clone());
    audit::record(tx, stamp, &crossing.units().map(entry))
}

/// A transfer that is taken back: the lines, and the item of the other one, which waits again.
pub(super) struct Crossed {
    id: EventId,
    crossing: Crossing,
    others: Vec<Exception>,
    pub effect: Effect,
}

/// The transfer that the item's line is one side of; None where it is none, or none any more.
///
/// # Errors
/// `reopen_money_moved` where the bank took the credit back, or no item would ask about the other side.
pub(super) fn crossed(conn: &mut Conn, item: &Exception) -> Result<Option<Crossed>> {
    if item.subject_kind != "line" {
        return Ok(None);
    }
    let line = statement::line_query::line(conn, item.unit, LineId(item.subject_id))?;
    let own = if line.amount < Dong::ZERO {
        Account::UnexplainedDebit(line.id)
    } else {
        Account::Suspense(line.id)
    };
    let Some(id) = ledger::handover_on(conn, item.unit, &own)? else { return Ok(None) };
    let Some(other) = other_side(conn, &line, id)? else { return Ok(None) };
    let sum = Dong(line.amount.0.saturating_abs());
    let kinds = if other.amount < Dong::ZERO { &OF_DEBITS[..] } else { &HELD_KINDS[..] };
    let others: Vec<Exception> =
        ended(conn, &other, (sum, Source::Handover(id)), kinds)?.into_iter().collect();
    let effect = Effect {
        line: Some(line.id),
        to_suspense: sum,
        items_reopened: others.iter().map(|other| other.id).collect(),
        ..Effect::default()
    };
    let Some(crossing) = Crossing::of(line, other).filter(|_| item.amount == sum) else { return Ok(None) };
    check_not_taken_back(conn, &crossing.credit)?;
    Ok(Some(Crossed { id, crossing, others, effect }))
}

/// The line of the other unit that a transfer's postings name.
fn other_side(conn: &mut Conn, line: &StoredLine, id: EventId) -> Result<Option<StoredLine>> {
    let prefix = if line.amount < Dong::ZERO { "suspense/" } else { "unexplained_debit/" };
    for unit in other_units(conn, line)? {
        for (debit, credit, _) in ledger::of_handover(conn, unit, id)? {
            let named = [&debit, &credit].into_iter().find_map(|account| account.strip_prefix(prefix));
            if let Some(other) = named {
                return statement::line_query::line(conn, unit, other.parse()?).map(Some);
            }
        }
    }
    Ok(None)
}

impl Crossed {
    /// Who asks for it, and who approves it, acts for both units.
    pub(super) fn require_scope(&self, actor: &Actor) -> Result<()> {
        self.crossing.require_scope(actor)
    }

    /// Both lines wait again, each in its unit's books.
    pub(super) fn take_back(self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor) -> Result<()> {
        self.require_scope(actor)?;
        query::lock_accounts(tx, &self.crossing.accounts())?;
        for line in [&self.crossing.debit, &self.crossing.credit] {
            let on = open_day(tx, stamp, line)?;
            ledger::swap_back(tx, stamp, line.unit, Source::Handover(self.id), on)?;
        }
        let again: Vec<exception::New> = self.others.iter().map(super::untie::again).collect();
        exception::open(tx, stamp, &again).map(|_| ())
    }
}
