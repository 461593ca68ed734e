//! Whether the statements of an account follow each other: by their balances, and by the numbers the
//! bank gives them. What is missing is an exception; what is merely odd is told with the import.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::identity::{self, Again, Chain, Features, Place, Span};
use super::line_query;
use super::quarantine;
use super::query::{self, StoredStatement};
use super::version::{self, query::Told};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Detail, Exception, Kind, Subject};
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
    /// The opening balance follows only behind lines that the statement tells itself, so many of which were here.
    AmidItsOwn { opening: Dong, count: usize },
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
            Oddity::AmidItsOwn { opening, count } => format!(
                "Số dư đầu kỳ {opening} chỉ khớp sau những dòng mà chính sao kê này có: hoặc sao kê trước đó thiếu hay in \
                 sai, hoặc trong {count} dòng đã coi là có sẵn có dòng mới giống hệt dòng trước. Hãy nạp sao kê cả ngày \
                 của ngân hàng, và sao kê đã sửa của ngày trước nếu có."
            ),
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
            Oddity::AmidItsOwn { opening, count } => format!(
                "The opening balance {opening} follows only behind lines that the statement shows itself: either a \
                 statement before it is missing or misprinted, or among its {count} lines that were taken as known there \
                 are new ones that look like earlier ones. Load the bank’s statement of the whole day, and the corrected \
                 one of the day before if there is one."
            ),
        }
    }

    /// Whether a statement is missing, which keeps the day open.
    fn is_gap(&self) -> bool {
        matches!(
            self,
            Oddity::OpeningDiffers { .. } | Oddity::NumbersMissing { .. } | Oddity::AmidItsOwn { .. }
        )
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
    odd.extend(by_number_now(conn, account, stored)?);
    Ok(odd)
}

fn by_number_now(conn: &mut Conn, account: &BankAccount, stored: &StoredStatement) -> Result<Vec<Oddity>> {
    if stored.sequence.is_none() {
        return Ok(Vec::new());
    }
    let others = query::statements_of(conn, account.unit, account.id)?;
    let ready: Vec<StoredStatement> = others.into_iter().filter(StoredStatement::is_ready).collect();
    Ok(by_number(stored, &ready))
}

/// The balance at the beginning of a day, from the opening of the account and all ready lines.
pub fn balance_before(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Dong> {
    let moved = line_query::turnover(conn, account.unit, account.id, account.opened_on, day)?;
    account.opening_balance.checked_add(moved)
}

/// What a statement tells, as far as the others of its day may tell the same.
pub(super) struct Telling<'a> {
    format: &'a str,
    sequence: Option<i64>,
    days: [BusinessDay; 2],
    opening: Dong,
    closing: Dong,
    /// The balances between its lines.
    inside: BTreeSet<Dong>,
    /// Of its lines, where each has one.
    references: Option<BTreeSet<String>>,
}

impl<'a> Telling<'a> {
    /// Of one that comes, with the lines that read. Without a number it is apart from none, whatever its balances.
    pub fn of(draft: &Draft, format: &'a str, lines: &[Features]) -> Telling<'a> {
        let numbered: Vec<&Features> = lines.iter().filter(|_| draft.sequence.is_some()).collect();
        let framed = Telling {
            format,
            sequence: draft.sequence,
            days: [draft.opening_on, draft.closing_on],
            opening: draft.opening,
            closing: draft.closing,
            inside: BTreeSet::new(),
            references: None,
        };
        framed.with_lines(&numbered)
    }

    /// Of one that is here, with those of the known lines that it brought.
    pub fn stored(stored: &'a StoredStatement, told: &[Told]) -> Telling<'a> {
        let own = told.iter().filter(|line| line.statement == stored.id);
        let lines: Vec<&Features> = own.map(|line| &line.known.features).collect();
        Telling::without_lines(stored).with_lines(&lines)
    }

    /// Of one that is here, as far as its row tells.
    fn without_lines(stored: &'a StoredStatement) -> Telling<'a> {
        Telling {
            format: &stored.format,
            sequence: stored.sequence,
            days: [stored.opening_on, stored.closing_on],
            opening: stored.opening,
            closing: stored.closing,
            inside: BTreeSet::new(),
            references: None,
        }
    }

    fn with_lines(self, lines: &[&Features]) -> Telling<'a> {
        let amounts: Vec<Dong> = lines.iter().map(|line| line.amount).collect();
        let inside = between(self.opening, self.closing, &amounts);
        let references = lines.iter().map(|line| line.bank_reference.clone()).collect();
        Telling { inside, references, ..self }
    }

    /// Whether the bank tells no line in both: it numbers the two as statements of one and the same day, and no balance
    /// says that they overlap. What tells a month beside its days, a day from its beginning or to its end once more, or
    /// the whole of it, is no such one. Where the lower number ends where it began, as when its money was swept away,
    /// the higher one begins there, too: then the references say whether it tells the same.
    fn is_apart_from(&self, other: &Telling<'_>) -> bool {
        self.is_framed_apart_from(other)
            && (self.opening != other.opening || self.shares_no_reference_with(other))
            && !self.inside.contains(&other.opening)
            && !other.inside.contains(&self.opening)
    }

    /// The same by numbers, days, openings and closings alone, whatever the lines say.
    fn is_framed_apart_from(&self, other: &Telling<'_>) -> bool {
        let [first, last] = self.days;
        let lower = if self.sequence < other.sequence { self.closing } else { other.closing };
        self.format == other.format
            && self.sequence.is_some()
            && other.sequence.is_some()
            && self.sequence != other.sequence
            && first == last
            && self.days == other.days
            && (self.opening != other.opening || self.opening == lower)
            && self.closing != other.closing
    }

    /// Whether each line of both has a reference, and none of them is in both.
    fn shares_no_reference_with(&self, other: &Telling<'_>) -> bool {
        let both = self.references.as_ref().zip(other.references.as_ref());
        both.is_some_and(|(own, others)| own.is_disjoint(others))
    }
}

/// The balances between the lines of a statement, counted from both of its ends: in the midst lines may be missing,
/// which another statement brought or which did not read. What begins with its last balance lies behind it.
fn between(opening: Dong, closing: Dong, amounts: &[Dong]) -> BTreeSet<Dong> {
    let sum = Dong::sum([opening].into_iter().chain(amounts.iter().copied()));
    let is_whole = sum.is_ok_and(|sum| sum == closing);
    let count = amounts.len().saturating_sub(usize::from(is_whole));
    let down = amounts.iter().take(count).scan(opening, |balance, amount| {
        *balance = balance.checked_add(*amount).ok()?;
        Some(*balance)
    });
    let up = amounts.iter().rev().take(count).scan(closing, |balance, amount| {
        *balance = balance.checked_sub(*amount).ok()?;
        Some(*balance)
    });
    down.chain(up).filter(|balance| *balance != closing).collect()
}

/// The statements of its day of which a statement tells no line, and where their lines lie to it. `told` are the known
/// lines of that day.
pub(super) fn apart(
    conn: &mut Conn,
    account: &BankAccount,
    this: &Telling<'_>,
    told: &[Told],
) -> Result<BTreeMap<StatementId, Place>> {
    let [first, last] = this.days;
    if told.is_empty() || this.sequence.is_none() || first != last {
        return Ok(BTreeMap::new());
    }
    let of_day = query::ready_on(conn, account.unit, account.id, &[last])?;
    Ok(apart_among(&of_day, this, told))
}

/// The same of the statements that close on its last day.
fn apart_among(
    of_day: &[StoredStatement],
    this: &Telling<'_>,
    told: &[Told],
) -> BTreeMap<StatementId, Place> {
    let place = |other: &StoredStatement| {
        if other.sequence > this.sequence { Place::Behind } else { Place::Before }
    };
    let lines = lines_by_statement(told);
    let is_apart = |other: &&StoredStatement| {
        let framed = Telling::without_lines(other);
        let own = lines.get(&other.id).map(Vec::as_slice).unwrap_or_default();
        this.is_framed_apart_from(&framed) && this.is_apart_from(&framed.with_lines(own))
    };
    let apart = of_day.iter().filter(is_apart);
    apart.map(|other| (other.id, place(other))).collect()
}

fn lines_by_statement(told: &[Told]) -> BTreeMap<StatementId, Vec<&Features>> {
    let mut lines: BTreeMap<StatementId, Vec<&Features>> = BTreeMap::new();
    for line in told {
        lines.entry(line.statement).or_default().push(&line.known.features);
    }
    lines
}

/// The lines that are known of the days from `first` to `last`, in the order of booking as it stands to a statement:
/// what the bank tells under other numbers of the same day lies before or behind it, whenever it came.
pub(super) fn known_beside(
    conn: &mut Conn,
    account: &BankAccount,
    (first, last): (BusinessDay, BusinessDay),
    this: &Telling<'_>,
) -> Result<Vec<Told>> {
    let told = version::known(conn, account, first, last)?;
    let apart = apart(conn, account, this, &told)?;
    Ok(placed(told, this, &apart))
}

fn placed(mut told: Vec<Told>, this: &Telling<'_>, apart: &BTreeMap<StatementId, Place>) -> Vec<Told> {
    for line in &mut told {
        line.known.place = apart.get(&line.statement).copied().unwrap_or_default();
        line.known.is_of_same_format = line.format == this.format;
    }
    told.sort_by_key(|line| (line.known.features.date, line.known.place));
    told
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
        let odd = oddities_now(tx, account, &stored)?;
        if !odd.iter().any(Oddity::is_gap) {
            let reason = "the missing statement came";
            causes.push((account.unit, Kind::StatementGap, Subject::Statement(id), reason));
        } else if odd.iter().any(|one| matches!(one, Oddity::AmidItsOwn { .. })) {
            ask_for_the_whole_day(tx, stamp, &gap, &odd)?;
        }
    }
    exception::settle_by_themselves(tx, stamp, &causes).map(|_| ())
}

/// What came since made an equal balance, but not before the statement: the item says what helps then.
fn ask_for_the_whole_day(tx: &mut Tx<'_>, stamp: &Stamp<'_>, gap: &Exception, odd: &[Oddity]) -> Result<()> {
    let gaps = odd.iter().filter(|one| one.is_gap()).filter_map(|one| serde_json::to_value(one).ok());
    let detail: String = Detail::Gaps { gaps: gaps.collect() }.into();
    if gap.detail == detail {
        return Ok(());
    }
    let reason = "its opening balance follows only behind its own lines".to_owned();
    exception::restate(tx, stamp, (gap.unit, gap.id), (gap.amount, detail.as_str()), reason).map(|_| ())
}

/// Everything odd about a stored statement by what is known now.
fn oddities_now(conn: &mut Conn, account: &BankAccount, stored: &StoredStatement) -> Result<Vec<Oddity>> {
    let (chain, count) = chain(conn, account, stored)?;
    if chain != Chain::AmidItsOwn {
        return oddities(conn, account, stored, chain == Chain::Follows);
    }
    let mut odd = vec![Oddity::AmidItsOwn { opening: stored.opening, count }];
    odd.extend(by_number_now(conn, account, stored)?);
    Ok(odd)
}

/// How it lies now among the lines of others, and how many of these it told.
fn chain(conn: &mut Conn, account: &BankAccount, stored: &StoredStatement) -> Result<(Chain, usize)> {
    let before = balance_before(conn, account, stored.opening_on)?;
    let told = version::known(conn, account, stored.opening_on, stored.closing_on)?;
    let of_day = query::ready_on(conn, account.unit, account.id, &[stored.closing_on])?;
    let this = Telling::stored(stored, &told);
    let apart = apart_among(&of_day, &this, &told);
    let told = placed(told, &this, &apart);
    // Its own lines lie behind its opening balance, and so do those of its other versions.
    let versions = of_day.iter().filter(|one| is_version(one, stored)).map(|one| one.id);
    let of_own: BTreeSet<StatementId> = versions.chain([stored.id]).collect();
    let (own, others): (Vec<Told>, Vec<Told>) =
        told.into_iter().partition(|line| of_own.contains(&line.statement));
    // What did not read is in its balances and not among its lines.
    let has_all = of_own.len() == 1 && quarantine::of_statement(conn, account.unit, stored.id)?.is_empty();
    let again = Again {
        count: usize::try_from(stored.line_count).unwrap_or_default().saturating_sub(own.len()),
        sum: if has_all { Some(told_of_others(stored, &own)?) } else { None },
    };
    let known: Vec<identity::Known> = others.into_iter().map(|line| line.known).collect();
    let span =
        Span { first_day: stored.opening_on, opening: stored.opening, closing: stored.closing, lines: &[] };
    Ok((identity::chain(before, &known, span, again), again.count))
}

/// What the statement moved beside its own lines.
fn told_of_others(stored: &StoredStatement, own: &[Told]) -> Result<Dong> {
    let brought = Dong::sum(own.iter().map(|line| line.known.features.amount))?;
    stored.closing.checked_sub(stored.opening)?.checked_sub(brought)
}

/// Whether two statements of one day are one, sent twice.
fn is_version(one: &StoredStatement, other: &StoredStatement) -> bool {
    one.format == other.format
        && one.sequence.is_some()
        && one.sequence == other.sequence
        && one.opening == other.opening
}

#[cfg(test)]
mod tests;
