//! What fees came to in a month or a year: collected by item, shared out, owed to the budget, handed
//! over. The figures that the monthly declaration and the yearly settlement ask for; the forms
//! themselves are the tax authority's.

pub mod calendar;
mod fee_query;
pub mod figures;

use std::collections::BTreeMap;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Conn, Stamp, Tx, failure};
use crate::text;
use crate::unit;
use crate::working_days::WorkingDays;
use calendar::{Calendar, Due};
use figures::{Figures, Item, Owed};

use super::sheet::Cell;
use super::table::Table;
use super::{Period, question};

/// A month or a year, as figures are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// By its first day.
    Month(BusinessDay),
    Year(i32),
}

impl Span {
    /// `2026-11` or `2026`.
    ///
    /// # Errors
    /// `fee_period_unreadable`.
    pub fn parse(text: &str) -> Result<Span> {
        let wrong = || Error::invalid("period", "fee_period_unreadable", "expected YYYY-MM or YYYY");
        match text.len() {
            4 => {
                text.parse().ok().filter(|year| (2000..2100).contains(year)).map(Span::Year).ok_or_else(wrong)
            }
            7 => format!("{text}-01").parse().map(Span::Month).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// The month before the one that a day lies in.
    pub fn month_before(day: BusinessDay) -> Span {
        use chrono::Datelike;
        let first = BusinessDay(day.0.with_day(1).unwrap_or(day.0));
        let before = first.plus_days(-1);
        Span::Month(BusinessDay(before.0.with_day(1).unwrap_or(before.0)))
    }

    pub fn kind(self) -> &'static str {
        match self {
            Span::Month(_) => "month",
            Span::Year(_) => "year",
        }
    }

    /// Its first and last day.
    pub fn period(self) -> Result<Period> {
        let (first, after) = match self {
            Span::Month(first) => (first, first_of_month_after(first)),
            Span::Year(year) => (first_of_year(year)?, first_of_year(year + 1)?),
        };
        Period::new(first, after.plus_days(-1))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Span::Month(first) => write!(f, "{}", first.0.format("%Y-%m")),
            Span::Year(year) => write!(f, "{year}"),
        }
    }
}

fn first_of_month_after(first: BusinessDay) -> BusinessDay {
    use chrono::Datelike;
    let later = first.plus_days(31);
    BusinessDay(later.0.with_day(1).unwrap_or(later.0))
}

fn first_of_year(year: i32) -> Result<BusinessDay> {
    format!("{year:04}-01-01").parse()
}

/// Who may read figures.
pub const READERS: [Role; 5] =
    [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System];

/// Works the figures of a unit out.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `amount_out_of_range`.
pub fn figures(conn: &mut Conn, actor: &Actor, unit: UnitId, span: Span) -> Result<Figures> {
    actor.require_role(&READERS)?;
    actor.scope.require(unit)?;
    let period = span.period()?;
    let before = fee_query::balances(conn, unit, period.from.plus_days(-1))?;
    figures::figures(&before, &fee_query::moves(conn, unit, period)?)
}

/// The figures as rows, each section with its sums, as they are read `today`.
pub fn table(unit: &unit::Unit, span: Span, figures: &Figures, today: BusinessDay) -> Table {
    let (vi, en) = match span {
        Span::Month(_) => ("Số liệu khai phí, lệ phí tháng", "Figures for the monthly declaration"),
        Span::Year(_) => ("Số liệu quyết toán phí, lệ phí năm", "Figures for the yearly settlement"),
    };
    let mut title = vec![
        format!("{vi} / {en}"),
        format!("{} {} · {span}", unit.code, unit.name),
        "Theo ngày hạch toán / By accounting date".to_owned(),
    ];
    if span.period().is_ok_and(|period| period.until >= today) {
        title.push(
            "Kỳ chưa hết, số liệu còn thay đổi / The period is not over: figures may change".to_owned(),
        );
    }
    title.push(question::line(&["fees", &unit.code, &span.to_string()]));
    let columns: &[&str] = &[
        "Mục / Section",
        "Khoản, mã / Item, code",
        "Đầu kỳ / Opening",
        "Phát sinh / Arisen",
        "Nộp ngân sách / To budget",
        "Để lại / Kept",
        "Đã nộp, đã trích / Handed over",
        "Cuối kỳ / Closing",
    ];
    let mut rows = Vec::new();
    for one in &figures.items {
        rows.push(vec![
            Cell::text("Khoản thu / Fee item"),
            Cell::text(&one.code),
            Cell::Amount(one.opening),
            Cell::Amount(one.collected),
            Cell::Amount(one.budget),
            Cell::Amount(one.kept),
            Cell::Empty,
            Cell::Amount(one.closing),
        ]);
    }
    if !figures.items.is_empty() {
        let sum = |of: fn(&Item) -> Dong| Cell::Amount(total(figures.items.iter().map(of)));
        rows.push(vec![
            Cell::text("Khoản thu / Fee item"),
            Cell::text(TOTAL),
            sum(|one| one.opening),
            sum(|one| one.collected),
            sum(|one| one.budget),
            sum(|one| one.kept),
            Cell::Empty,
            sum(|one| one.closing),
        ]);
    }
    for (section, owed) in
        [("Phải nộp ngân sách / Owed to the budget", &figures.budget), ("Được để lại / Kept", &figures.kept)]
    {
        for one in owed {
            rows.push(vec![
                Cell::text(section),
                Cell::text(&one.code),
                Cell::Amount(one.opening),
                Cell::Amount(one.arisen),
                Cell::Empty,
                Cell::Empty,
                Cell::Amount(one.handed_over),
                Cell::Amount(one.closing),
            ]);
        }
        if !owed.is_empty() {
            let sum = |of: fn(&Owed) -> Dong| Cell::Amount(total(owed.iter().map(of)));
            rows.push(vec![
                Cell::text(section),
                Cell::text(TOTAL),
                sum(|one| one.opening),
                sum(|one| one.arisen),
                Cell::Empty,
                Cell::Empty,
                sum(|one| one.handed_over),
                sum(|one| one.closing),
            ]);
        }
    }
    Table { title, columns, rows }
}

const TOTAL: &str = "Cộng / Total";

/// The figures were added up without leaving what an amount may be.
fn total(amounts: impl Iterator<Item = Dong>) -> Dong {
    amounts.fold(Dong::ZERO, |sum, one| Dong(sum.0.saturating_add(one.0)))
}

/// What of a unit's figures is due or was not handed in, the oldest first.
///
/// # Errors
/// `fee_calendar_unreadable`.
pub fn due(conn: &mut Conn, calendar: &WorkingDays, today: BusinessDay, unit: UnitId) -> Result<Vec<Due>> {
    Ok(due_of_units(conn, calendar, today, &[unit])?.remove(&unit).unwrap_or_default())
}

/// The same of each of these units, in two questions.
///
/// # Errors
/// `fee_calendar_unreadable`.
pub fn due_of_units(
    conn: &mut Conn,
    calendar: &WorkingDays,
    today: BusinessDay,
    units: &[UnitId],
) -> Result<BTreeMap<UnitId, Vec<Due>>> {
    let mut filed: BTreeMap<UnitId, Vec<(String, String)>> = BTreeMap::new();
    for (unit, kind, period) in fee_query::filed(conn, units)? {
        filed.entry(unit).or_default().push((kind, period));
    }
    let rules = Calendar::shipped()?;
    let mut found = BTreeMap::new();
    for (unit, first) in fee_query::first_days(conn, units)? {
        let filed = filed.remove(&unit).unwrap_or_default();
        found.insert(unit, rules.due(calendar, today, first, &filed)?);
    }
    Ok(found)
}

/// Who records that figures were handed in.
pub const FILERS: [Role; 2] = [Role::Finance, Role::Administrator];

/// Records that figures were handed in: the reminder ends. A person says so, with the number of the
/// confirmation.
///
/// # Errors
/// `fee_period_not_over`, `fee_figures_filed`, `field_missing`, `person_required`.
pub fn record_filing(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    span: Span,
    reference_no: &str,
) -> Result<()> {
    actor.require_role(&FILERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    if span.period()?.until >= stamp.today() {
        return Err(Error::invalid("period", "fee_period_not_over", format!("{span} is not over")));
    }
    let reference_no = text::clean(reference_no);
    if reference_no.is_empty() || reference_no.chars().count() > 100 {
        return Err(Error::invalid("reference_no", "field_missing", "the confirmation's number"));
    }
    fee_query::record(tx, stamp, unit, span, reference_no, person).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("fee_figures_filed", format!("{span} was handed in already")),
        _ => error,
    })?;
    let entry = audit::Entry::by(actor, unit, "fees.filed", span);
    audit::record(tx, stamp, &[entry])
}

#[cfg(test)]
mod tests;
