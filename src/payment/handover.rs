//! Money that came into this unit's account for another unit is paid on: the debit that does it ends what
//! is owed to that unit, and the exceptions about it. The code of the debt in the transfer's text
//! says which; without one two persons name the unit and the sum decides, oldest first.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::case::Case;
use super::movement::State as MovementState;
use super::prove::{Desk, LineWork, Mark};
use super::{line_query, movement_query, payment_query};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter};
use crate::exception::{Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::obligation;
use crate::store::{Conn, Tx};
use crate::unit;

/// An unexplained debit paid another unit (target) what is owed to it.
pub const TO_UNIT: &str = "to_unit";

/// The class of a line that pays money on.
pub(super) const CLASS: &str = "other_unit";

/// Items looked at: what a unit owes others is paid on within days.
const READ_LIMIT: i64 = 1_000;

const WHY: &str = "the money was paid on to the unit it belongs to";

/// Proven money that is owed to another unit, as one line brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub line: LineId,
    pub to: UnitId,
    pub amount: Dong,
    /// The codes of what it was paid for, joined by `+`.
    pub code: String,
}

/// What a unit owes others, oldest first: each line whose exception is open.
pub fn owed(conn: &mut Conn, unit: UnitId) -> Result<Vec<Owed>> {
    let filter = Filter {
        unit: Some(unit),
        kind: Some(Kind::WrongAccount),
        unresolved: true,
        limit: READ_LIMIT,
        ..Filter::default()
    };
    let mut found = Vec::new();
    for item in work_query::page(conn, &Scope::unit(unit), &filter)? {
        found.extend(of_item(conn, &item)?);
    }
    Ok(found)
}

/// What one open item is about, where a line shows it and all of it is one unit's.
pub(super) fn of_item(conn: &mut Conn, item: &Exception) -> Result<Option<Owed>> {
    if item.subject_kind != "line" {
        return Ok(None);
    }
    let line = LineId(item.subject_id);
    let (mut units, mut codes, mut amount) = (BTreeSet::new(), BTreeSet::new(), Dong::ZERO);
    for (_, movement, _) in line_query::standing_parts(conn, item.unit, line)? {
        let Some(movement) = movement_query::movements(conn, &[(item.unit, movement)])?.pop() else {
            continue;
        };
        let Some(id) = movement.payment.filter(|_| movement.state == MovementState::Proven) else { continue };
        let Some(payment) = payment_query::payments(conn, &[(item.unit, id)])?.pop() else { continue };
        if payment.other_unit.is_positive() {
            units.extend(line_query::owed_to(conn, item.unit, id)?);
            codes.extend(movement.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned));
            amount = amount.checked_add(payment.other_unit)?;
        }
    }
    let code = codes.into_iter().collect::<Vec<_>>().join("+");
    let only = units.first().copied().filter(|_| units.len() == 1);
    Ok(only.map(|to| Owed { line, to, amount, code }))
}

/// Which of them, oldest first, a sum pays: one of exactly that amount, or the oldest together. Pure.
fn paid_by(owed: &[Owed], sum: Dong) -> Option<Vec<&Owed>> {
    if let Some(one) = owed.iter().find(|one| one.amount == sum) {
        return Some(vec![one]);
    }
    let mut left = sum;
    let mut taken = Vec::new();
    for one in owed {
        left = left.checked_sub(one.amount).ok().filter(|left| *left >= Dong::ZERO)?;
        taken.push(one);
        if left.is_zero() {
            return Some(taken);
        }
    }
    None
}

/// Whether a debit of this sum pays what is owed to a unit: the one that is named, or the only one.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    Ok(receiver(conn, item, target)?.is_some())
}

/// The unit that a debit of this sum pays, with the lines whose money that is.
fn receiver(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<Option<(UnitId, Vec<Owed>)>> {
    let all = owed(conn, item.unit)?;
    let named = target.map(UnitId);
    let units: BTreeSet<UnitId> =
        all.iter().map(|one| one.to).filter(|to| named.is_none_or(|one| one == *to)).collect();
    let mut found = Vec::new();
    for unit in units {
        let owed: Vec<Owed> = all.iter().filter(|one| one.to == unit).cloned().collect();
        let paid = paid_by(&owed, item.amount).map(|paid| paid.into_iter().cloned().collect::<Vec<_>>());
        found.extend(paid.map(|paid| (unit, paid)));
    }
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// What an approved resolution posts, and the items that end with it.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    item: &Exception,
    proposal: &Proposal,
    (line, on): (LineId, BusinessDay),
) -> Result<(Posting, Vec<(UnitId, Kind, Subject, &'static str)>)> {
    let unfit =
        || Error::conflict("resolution_unfit", "this sum is not what is owed to that unit, or to one alone");
    let (unit, paid) = receiver(tx, item, proposal.target)?.ok_or_else(unfit)?;
    let posting = Posting {
        unit: item.unit,
        debit: Account::DueToUnit(unit),
        credit: Account::UnexplainedDebit(line),
        amount: item.amount,
        accounting_date: on,
        source: Source::Exception(item.id),
    };
    let ended = paid.into_iter().map(|one| (item.unit, Kind::WrongAccount, Subject::Line(one.line), WHY));
    Ok((posting, ended.collect()))
}

/// What a transfer must say so that its line is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    pub unit: UnitId,
    pub unit_code: String,
    pub unit_name: String,
    pub bank_bin: String,
    pub account_no: String,
    pub holder_name: String,
    pub amount: Dong,
    pub memo: String,
}

/// How an open item of money for another unit is paid on. The connection must see every unit: the
/// account is the other one's.
pub fn transfer(conn: &mut Conn, item: &Exception) -> Result<Option<Transfer>> {
    if item.kind != Kind::WrongAccount {
        return Ok(None);
    }
    let Some(owed) = of_item(conn, item)? else { return Ok(None) };
    let Ok(account) = unit::account::receiving(conn, owed.to) else { return Ok(None) };
    let unit = unit::find(conn, owed.to)?;
    Ok(Some(Transfer {
        unit: unit.id,
        unit_code: unit.code,
        unit_name: unit.name,
        bank_bin: account.bank_bin,
        account_no: account.account_no,
        holder_name: account.holder_name,
        amount: owed.amount,
        memo: owed.code.replace('+', " "),
    }))
}

/// What debits of a run may pay on, by line of the debit.
#[derive(Default)]
pub struct Handovers(HashMap<LineId, Vec<Owed>>);

impl Handovers {
    /// Those whose text names debts of another unit that money lies here for, and whose sum is theirs. `accounts_of`
    /// such lines are locked: no other run, and no two persons, read and end the same debts meanwhile.
    pub fn named(tx: &mut Tx<'_>, works: &[&LineWork]) -> Result<Handovers> {
        let mut found = Handovers::default();
        for (work, codes) in passing_on(tx, works)? {
            let is_named =
                |one: &Owed| one.code.split('+').all(|code| codes.iter().any(|known| known == code));
            let mut paid: Vec<Owed> = owed(tx, work.unit)?.into_iter().filter(is_named).collect();
            let taken =
                paid_by(&paid, work.size()).map(|taken| taken.into_iter().cloned().collect::<Vec<_>>());
            paid = taken.unwrap_or_default();
            let is_free = |one: &Owed| !found.0.values().flatten().any(|other| other.line == one.line);
            if !paid.is_empty() && paid.iter().all(is_free) && paid.iter().all(|one| one.to == paid[0].to) {
                found.0.insert(work.line, paid);
            }
        }
        Ok(found)
    }
}

/// The lines that may pay money on, with the codes in their text: debits that nothing else explains and that name
/// debts of other units alone.
fn passing_on<'w>(conn: &mut Conn, works: &[&'w LineWork]) -> Result<Vec<(&'w LineWork, Vec<String>)>> {
    let is_open = |work: &&LineWork| {
        let is_plain = matches!(work.case, Case::UnknownDebit(Kind::UnknownDebit) | Case::Proof { .. });
        is_plain && work.amount < Dong::ZERO && !work.code.is_empty()
    };
    let codes_of = |work: &LineWork| work.code.split('+').map(str::to_owned).collect::<Vec<String>>();
    let mut found: Vec<(&LineWork, Vec<String>)> =
        works.iter().copied().filter(is_open).map(|work| (work, codes_of(work))).collect();
    let all: BTreeSet<String> = found.iter().flat_map(|(_, codes)| codes).cloned().collect();
    let owners = obligation::query::resolve_codes(conn, &all.into_iter().collect::<Vec<_>>())?;
    found.retain(|(work, codes)| {
        let mut named = codes.iter().filter_map(|code| owners.get(code)).peekable();
        named.peek().is_some() && named.all(|(owner, _)| *owner != work.unit)
    });
    Ok(found)
}

/// All accounts of the units of which one of these lines may pay another unit's money on. Such money may lie in any
/// of them, and debits of two of them may name it at one moment.
pub(super) fn accounts_of(conn: &mut Conn, works: &[&LineWork]) -> Result<Vec<(UnitId, AccountId)>> {
    let units: BTreeSet<UnitId> = passing_on(conn, works)?.into_iter().map(|(work, _)| work.unit).collect();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let units: Vec<UnitId> = units.into_iter().collect();
    let accounts = unit::account::of_units(conn, &units)?;
    Ok(accounts.into_iter().map(|account| (account.unit, account.id)).collect())
}

impl Desk<'_> {
    /// A debit that pays another unit what is owed to it. None for every other line.
    pub(super) fn handover_line(&mut self, work: &LineWork) -> Option<Mark> {
        let paid = self.handovers.0.remove(&work.line)?;
        for one in paid {
            self.entry(work, Account::DueToUnit(one.to), Account::Bank(work.account), one.amount);
            let ended = (work.unit, Kind::WrongAccount, Subject::Line(one.line), WHY);
            self.book.settled_exceptions.push(ended);
        }
        Some(Mark { matched: work.size(), class: CLASS })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;

    fn owed(amounts: &[i64]) -> Vec<Owed> {
        let one = |(line, amount): (usize, &i64)| Owed {
            line: LineId(line as i64),
            to: UnitId(3),
            amount: Dong(*amount),
            code: String::new(),
        };
        amounts.iter().enumerate().map(one).collect()
    }

    fn lines(amounts: &[i64], sum: i64) -> Option<Vec<i64>> {
        let owed = owed(amounts);
        paid_by(&owed, Dong(sum)).map(|paid| paid.into_iter().map(|one| one.line.0).collect())
    }

    #[test]
    fn a_sum_pays_the_item_of_its_amount_or_the_oldest_together() {
        assert_eq!(lines(&[25, 40, 10], 40), Some(vec![1]));
        assert_eq!(lines(&[25, 25], 25), Some(vec![0]), "of equal ones the oldest");
        assert_eq!(lines(&[25, 40, 10], 65), Some(vec![0, 1]));
        assert_eq!(lines(&[25, 40, 10], 75), Some(vec![0, 1, 2]));
    }

    /// One of that amount, the oldest; else however many of the oldest together, tried one after the other.
    fn by_force(amounts: &[i64], sum: i64) -> Option<Vec<i64>> {
        let count = |of: usize| (0..of as i64).collect::<Vec<_>>();
        let one = (0..amounts.len()).find(|place| amounts[*place] == sum).map(|place| vec![place as i64]);
        let together = || (1..=amounts.len()).find(|of| amounts[..*of].iter().sum::<i64>() == sum).map(count);
        one.or_else(together)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

        #[test]
        fn what_a_sum_pays_is_what_trying_everything_finds(
            amounts in prop::collection::vec(1_i64..=9, 0..=8),
            sum in 1_i64..=40,
            of in 0_usize..=8,
        ) {
            prop_assert_eq!(lines(&amounts, sum), by_force(&amounts, sum));
            let oldest: i64 = amounts.iter().take(of).sum();
            if oldest > 0 {
                prop_assert_eq!(lines(&amounts, oldest), by_force(&amounts, oldest));
            }
        }
    }

    #[test]
    fn another_sum_pays_nothing() {
        for sum in [1, 35, 50, 76] {
            assert_eq!(lines(&[25, 40, 10], sum), None, "{sum}");
        }
        assert_eq!(lines(&[], 5), None);
    }
}
