//! Whether the statements of an account follow each other: by their balances, and by the numbers the
//! bank gives them. What is missing is an exception; what is merely odd is told with the import.

use serde::{Deserialize, Serialize};

use super::identity::{self, Span};
use super::line_query;
use super::query::{self, StoredStatement};
use super::version;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::BankAccount;

/// Something odd about the place of a statement among the others of its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Oddity {
    /// The opening balance does not follow from what is known.
    OpeningDiffers { known: Dong, opening: Dong },
    /// The bank's numbers leave statements out.
    NumbersMissing { first: i64, last: i64 },
    /// Another statement of this account has the number already.
    NumberRepeated { number: i64, other: StatementId },
    /// A later number is here already, with a later day.
    OutOfSequence { number: i64, last: i64 },
}

impl Oddity {
    pub fn vi(&self) -> String {
        match self {
            Oddity::OpeningDiffers { known, opening } => {
                format!("Số dư đầu kỳ {opening} khác số dư đã biết {known}: thiếu sao kê trước đó.")
            }
            Oddity::NumbersMissing { first, last } if first == last => format!("Thiếu sao kê số {first}."),
            Oddity::NumbersMissing { first, last } => format!("Thiếu sao kê từ số {first} đến số {last}."),
            Oddity::NumberRepeated { number, other } => format!("Số sao kê {number} đã có ở {other}."),
            Oddity::OutOfSequence { number, last } => {
                format!("Sao kê số {number} đến sau sao kê số {last}.")
            }
        }
    }

    pub fn en(&self) -> String {
        match self {
            Oddity::OpeningDiffers { known, opening } => {
                format!("The statement opens with {opening}, but {known} is known: one before it is missing.")
            }
            Oddity::NumbersMissing { first, last } if first == last => {
                format!("Statement number {first} is missing.")
            }
            Oddity::NumbersMissing { first, last } => {
                format!("The statements numbered {first} to {last} are missing.")
            }
            Oddity::NumberRepeated { number, other } => {
                format!("The number {number} was given to {other} already.")
            }
            Oddity::OutOfSequence { number, last } => {
                format!("Statement number {number} came after number {last}.")
            }
        }
    }

    /// Whether a statement is missing, which keeps the day open.
    fn is_gap(&self) -> bool {
        matches!(self, Oddity::OpeningDiffers { .. } | Oddity::NumbersMissing { .. })
    }
}

/// What is odd about a statement, by the numbers of the others. Pure. Banks number each format for
/// itself and begin anew with the year: what comes first then is one where the account was known before. Of an
/// account that is taken on within a year the first number seen begins the series.
pub(super) fn by_number(this: &StoredStatement, others: &[StoredStatement]) -> Vec<Oddity> {
    let Some(number) = this.sequence else { return Vec::new() };
    let year = this.closing_on.year();
    let alike = || others.iter().filter(|one| one.id != this.id && one.format == this.format);
    let siblings: Vec<(&StoredStatement, i64)> = alike()
        .filter(|one| one.closing_on.year() == year)
        .filter_map(|one| Some((one, one.sequence?)))
        .collect();
    let mut odd = Vec::new();
    let is_another = |one: &StoredStatement| {
        // The same period told again is a new version or a page, not a repeated number.
        one.closing_on < this.opening_on || this.closing_on < one.opening_on
    };
    if let Some((other, _)) = siblings.iter().find(|(one, other)| *other == number && is_another(one)) {
        odd.push(Oddity::NumberRepeated { number, other: other.id });
    }
    let before = siblings.iter().map(|(_, other)| *other).filter(|other| *other < number).max();
    // A bank that counts on over the years is past the number with which the year before ended.
    let earlier_years = alike().filter(|one| one.closing_on.year() < year);
    let last_before = earlier_years
        .filter_map(|one| Some((one.closing_on, one.sequence?)))
        .max()
        .filter(|(_, last)| number <= *last);
    let before = before.or(last_before.map(|_| 0));
    if let Some(before) = before.filter(|before| before + 1 < number) {
        odd.push(Oddity::NumbersMissing { first: before + 1, last: number - 1 });
    }
    let later = siblings.iter().filter(|(one, other)| *other > number && one.opening_on > this.closing_on);
    if let Some(last) = later.map(|(_, other)| *other).max() {
        odd.push(Oddity::OutOfSequence { number, last });
    }
    odd
}

/// Everything odd about a stored statement; `is_chained` as it was judged when it was planned.
pub(super) fn oddities(
    conn: &mut Conn,
    account: &BankAccount,
    stored: &StoredStatement,
    is_chained: bool,
) -> Result<Vec<Oddity>> {
    let mut odd = Vec::new();
    if !is_chained {
        let known = balance_before(conn, account, stored.opening_on)?;
        odd.push(Oddity::OpeningDiffers { known, opening: stored.opening });
    }
    if stored.sequence.is_some() {
        let others = query::statements_of(conn, account.unit, account.id)?;
        let ready: Vec<StoredStatement> = others.into_iter().filter(StoredStatement::is_ready).collect();
        odd.extend(by_number(stored, &ready));
    }
    Ok(odd)
}

/// The balance at the beginning of a day, from the opening of the account and all ready lines.
pub fn balance_before(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Dong> {
    let moved = line_query::turnover(conn, account.unit, account.id, account.opened_on, day)?;
    account.opening_balance.checked_add(moved)
}

/// Opens the exception of a statement before which one is missing.
pub(super) fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    stored: &StoredStatement,
    odd: &[Oddity],
) -> Result<()> {
    let gaps: Vec<&Oddity> = odd.iter().filter(|one| one.is_gap()).collect();
    if gaps.is_empty() {
        return Ok(());
    }
    let missing = gaps.iter().find_map(|gap| match gap {
        Oddity::OpeningDiffers { known, opening } => {
            Some(Dong(opening.0.saturating_sub(known.0).saturating_abs()))
        }
        _ => None,
    });
    let gaps = gaps.iter().filter_map(|gap| serde_json::to_value(gap).ok()).collect();
    exception::open(
        tx,
        stamp,
        &[exception::New {
            unit: stored.unit,
            kind: Kind::StatementGap,
            subject: Subject::Statement(stored.id),
            account: Some(stored.account),
            amount: missing.unwrap_or(Dong::ZERO),
            opened_on: stored.opening_on,
            detail: Detail::Gaps { gaps }.into(),
        }],
    )
    .map(|_| ())
}

/// A statement that came late may be the one that was missing.
pub(super) fn settle_gaps(tx: &mut Tx<'_>, stamp: &Stamp<'_>, account: &BankAccount) -> Result<()> {
    let open = exception::list(tx, account.unit, Some(exception::State::Open), Some(account.id), 1_000)?;
    let mut causes = Vec::new();
    for gap in
        open.into_iter().filter(|item| item.kind == Kind::StatementGap && item.subject_kind == "statement")
    {
        let id = StatementId(gap.subject_id);
        let stored = query::statement(tx, account.unit, id)?;
        let is_chained = is_chained(tx, account, &stored)?;
        if !oddities(tx, account, &stored, is_chained)?.iter().any(Oddity::is_gap) {
            let reason = "the missing statement came";
            causes.push((account.unit, Kind::StatementGap, Subject::Statement(id), reason));
        }
    }
    exception::settle_by_themselves(tx, stamp, &causes).map(|_| ())
}

fn is_chained(conn: &mut Conn, account: &BankAccount, stored: &StoredStatement) -> Result<bool> {
    let before = balance_before(conn, account, stored.opening_on)?;
    let day = version::query::known(conn, account, stored.opening_on, stored.opening_on)?;
    let known: Vec<identity::Known> = day.into_iter().map(|line| line.known).collect();
    let span =
        Span { first_day: stored.opening_on, opening: stored.opening, closing: stored.closing, lines: &[] };
    Ok(identity::plan(before, &known, span).is_chained)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_say_nothing_and_the_first_of_a_year_begins() {
        let known = [StoredStatement::numbered(1, 57, "2026-11-20")];
        assert_eq!(by_number(&StoredStatement::numbered(2, 58, "2026-11-23"), &known), []);
        assert_eq!(by_number(&StoredStatement::numbered(2, 1, "2027-01-04"), &known), []);
        assert_eq!(by_number(&known[0], &known), []);
    }

    #[test]
    fn the_first_number_of_a_year_left_out_is_named_where_the_account_was_known_before() {
        let old = StoredStatement::numbered(1, 57, "2026-12-31");
        let second = StoredStatement::numbered(3, 2, "2027-01-05");
        let missing = [Oddity::NumbersMissing { first: 1, last: 1 }];
        assert_eq!(by_number(&second, std::slice::from_ref(&old)), missing);
        assert_eq!(
            by_number(&second, &[old.clone(), StoredStatement::numbered(2, 1, "2027-01-04")]),
            [],
            "it came late"
        );
        assert_eq!(by_number(&second, &[]), [], "the account was taken on within the year");
        let other = StoredStatement { format: "camt.053".into(), ..old.clone() };
        assert_eq!(by_number(&second, &[other]), [], "each format is numbered by itself");
        assert_eq!(
            by_number(&StoredStatement::numbered(3, 58, "2027-01-05"), &[old]),
            [],
            "this bank counts on"
        );
    }

    #[test]
    fn a_number_left_out_is_named_until_it_comes() {
        let known = [StoredStatement::numbered(1, 1, "2026-11-20")];
        let late = StoredStatement::numbered(3, 4, "2026-11-24");
        assert_eq!(by_number(&late, &known), [Oddity::NumbersMissing { first: 2, last: 3 }]);
        let all = [
            known[0].clone(),
            StoredStatement::numbered(4, 2, "2026-11-21"),
            StoredStatement::numbered(5, 3, "2026-11-23"),
        ];
        assert_eq!(by_number(&late, &all), []);
    }

    #[test]
    fn a_repeated_number_and_a_late_one_are_told_apart() {
        let known =
            [StoredStatement::numbered(1, 1, "2026-11-20"), StoredStatement::numbered(2, 3, "2026-11-24")];
        assert_eq!(
            by_number(&StoredStatement::numbered(3, 2, "2026-11-23"), &known),
            [Oddity::OutOfSequence { number: 2, last: 3 }]
        );
        assert_eq!(
            by_number(&StoredStatement::numbered(3, 3, "2026-11-25"), &known)[0],
            Oddity::NumberRepeated { number: 3, other: StatementId(2) }
        );
        let same_day_again = StoredStatement::numbered(3, 3, "2026-11-24");
        assert!(
            !by_number(&same_day_again, &known)
                .iter()
                .any(|odd| matches!(odd, Oddity::NumberRepeated { .. }))
        );
    }
}
