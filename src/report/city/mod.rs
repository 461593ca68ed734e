//! The city's figures of a month: what was collected, how units stand against their targets, who needs
//! help early, and the report that leaves before the fifteenth.

pub mod mail;
pub mod paper;
mod sheet;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Conn, Stamp};
use crate::unit::{self, CITY, Unit};

use super::Period;
use super::collection::{self, Collection, Counted, Paid, percent, share};
use super::fees::Span;
use super::target::total::{self, Total};
use super::target::{Measure, Target, Targets};

pub use sheet::{query_line, table};

/// A share against what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    pub measure: Measure,
    /// In hundredths of a percent; none where there are no figures.
    pub share: Option<i64>,
    pub target: Option<Target>,
}

impl Measured {
    fn of(measure: Measure, share: Option<i64>, target: Option<&Target>) -> Measured {
        Measured { measure, share, target: target.cloned() }
    }

    /// None where there is no figure or nothing is asked.
    pub fn is_met(&self) -> Option<bool> {
        Some(self.target.as_ref()?.is_met(self.share?))
    }

    /// `62,5 %`, or that there are no figures.
    pub fn shown(&self) -> String {
        self.share.map_or_else(|| NO_FIGURES.0.to_owned(), percent)
    }
}

/// What stands where figures are missing, Vietnamese and English.
pub const NO_FIGURES: (&str, &str) = ("chưa có số liệu", "no figures yet");

/// How a unit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub unit_code: String,
    pub unit_name: String,
    pub kind: String,
    pub amount: Dong,
    pub paid: Paid,
    /// None where the dossier system told nothing.
    pub dossiers: Option<Total>,
    /// The last day that all of those count, where it is an old one.
    pub dossiers_old_until: Option<BusinessDay>,
    pub measured: Vec<Measured>,
}

/// A unit and field that miss a target now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub unit_code: String,
    pub unit_name: String,
    pub field: String,
    pub measured: Measured,
    /// The last day that its dossiers count, where the measure is of dossiers and the day an old one.
    pub old_until: Option<BusinessDay>,
    /// Less than half of what is asked.
    pub is_grave: bool,
}

/// A sum with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sum {
    pub code: String,
    pub name: String,
    pub amount: Dong,
}

/// The figures of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub month: String,
    pub from: BusinessDay,
    /// The last day that is counted: yesterday's month ends, this month so far.
    pub until: BusinessDay,
    /// The moment whose figures these are.
    pub counted_at: Instant,
    pub total: Dong,
    pub paid: Paid,
    pub by_item: Vec<Sum>,
    pub by_channel: Vec<Sum>,
    pub by_day: Vec<(BusinessDay, Dong)>,
    pub units: Vec<Standing>,
    /// The worst first.
    pub warnings: Vec<Warning>,
    /// Units the dossier system told nothing about.
    pub without_totals: usize,
    pub report_due_on: BusinessDay,
    pub report_source: String,
    pub report_certainty: String,
}

/// The days of a month that are counted: to its end, or to today.
///
/// # Errors
/// `month_in_future`.
pub fn days_counted(month: BusinessDay, today: BusinessDay) -> Result<Period> {
    let mut period = Span::Month(super::target::first_of_month(month)).period()?;
    if period.from > today {
        return Err(Error::invalid("month", "month_in_future", "the month has not begun"));
    }
    period.until = period.until.min(today);
    Ok(period)
}

/// Works the figures of a month out for one unit, or for every unit of the scope, from what was counted in
/// the days that `days_counted` names.
///
/// `name` says what a fee item is called.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `month_in_future`, `amount_out_of_range`.
pub fn figures(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (month, only): (BusinessDay, Option<UnitId>),
    counted: &Counted,
    targets: &Targets,
    name: &dyn Fn(&str) -> String,
) -> Result<Figures> {
    actor.require_role(&collection::READERS)?;
    let period = days_counted(month, stamp.today())?;
    if let Some(only) = only {
        actor.scope.require(only)?;
    }
    let units: Vec<Unit> = unit::all(conn)?
        .into_iter()
        .filter(|unit| unit.id != CITY && actor.scope.covers(unit.id))
        .filter(|unit| only.is_none_or(|only| only == unit.id))
        .collect();
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let collected = counted.of(actor, &ids)?;
    let totals = total::of_month(conn, &ids, period.from)?;
    let days = Days::of(period.until, stamp.today());
    let mut standings = Vec::with_capacity(units.len());
    let (mut warnings, mut paid) = (Vec::new(), Paid::default());
    for unit in &units {
        let standing = standing(unit, &collected, &totals, targets, days)?;
        paid.add(&standing.paid)?;
        standings.push(standing);
        warnings.extend(warned(unit, &collected, &totals, targets, days));
    }
    warnings.sort_by_key(|one: &Warning| {
        let missing = one.measured.target.as_ref().map_or(0, |target| target.percent * 100)
            - one.measured.share.unwrap_or(0);
        (std::cmp::Reverse(missing), one.unit_code.clone(), one.field.clone())
    });
    let (report_due_on, source, certainty) = targets.report_due(stamp.calendar, period.from);
    Ok(Figures {
        month: Span::Month(period.from).to_string(),
        counted_at: counted.at(),
        from: period.from,
        until: period.until,
        total: collected.total,
        paid,
        by_item: sums(&collected.by_item, name),
        by_channel: sums(&collected.by_way, &|way| way_words(way).0.to_owned()),
        by_day: collected.by_day.iter().map(|(day, amount)| (*day, *amount)).collect(),
        without_totals: standings.iter().filter(|one| one.dossiers.is_none()).count(),
        units: standings,
        warnings,
        report_due_on,
        report_source: source.to_owned(),
        report_certainty: certainty.to_owned(),
    })
}

/// The largest first.
fn sums(found: &BTreeMap<String, Dong>, name: &dyn Fn(&str) -> String) -> Vec<Sum> {
    let sum =
        |(code, amount): (&String, &Dong)| Sum { code: code.clone(), name: name(code), amount: *amount };
    let mut sums: Vec<Sum> = found.iter().map(sum).collect();
    sums.sort_by(|one, other| (other.amount, &one.code).cmp(&(one.amount, &other.code)));
    sums
}

/// What a way of payment is called, Vietnamese and English.
pub fn way_words(way: &str) -> (&str, &str) {
    match way {
        "cash" => ("Tiền mặt", "Cash"),
        "card" => ("Thẻ (POS)", "Card (POS)"),
        "statement" => ("Chuyển khoản, thấy trên sao kê", "Transfer, seen on the statement"),
        "in_parts" => ("Chuyển khoản nhiều lần", "Transfer in parts"),
        "other" => ("Điều chỉnh, hoàn trả", "Corrections and refunds"),
        channel => (channel, channel),
    }
}

type Totals = BTreeMap<(UnitId, String), Total>;

/// The day whose targets hold, and the last one that totals of dossiers should count: today's are still coming.
#[derive(Clone, Copy)]
struct Days {
    asked: BusinessDay,
    counted: BusinessDay,
}

impl Days {
    fn of(until: BusinessDay, today: BusinessDay) -> Days {
        Days { asked: until, counted: until.min(today.plus_days(-1)) }
    }
}

fn standing(
    unit: &Unit,
    collected: &Collection,
    totals: &Totals,
    targets: &Targets,
    days: Days,
) -> Result<Standing> {
    let paid = collected.of_unit(unit.id)?;
    let mut dossiers: Option<Total> = None;
    for (_, total) in totals.range((unit.id, String::new())..).take_while(|((one, _), _)| *one == unit.id) {
        dossiers.get_or_insert_default().add(total);
    }
    Ok(Standing {
        unit_code: unit.code.clone(),
        unit_name: unit.name.clone(),
        kind: unit.kind.clone(),
        amount: collected.by_unit.get(&unit.id).copied().unwrap_or_default(),
        measured: measured(unit, &paid, dossiers.as_ref(), targets, days.asked),
        dossiers_old_until: dossiers.as_ref().and_then(|total| total.old_until(days.counted)),
        paid,
        dossiers,
    })
}

fn measured(
    unit: &Unit,
    paid: &Paid,
    dossiers: Option<&Total>,
    targets: &Targets,
    day: BusinessDay,
) -> Vec<Measured> {
    let found = |measure| match measure {
        Measure::Electronic => paid.share_by_count(),
        Measure::Online => dossiers.and_then(|total| share(total.online, total.total)),
        Measure::FullProcess => dossiers.and_then(|total| share(total.full_process, total.total)),
    };
    let one = |measure: Measure| Measured::of(measure, found(measure), targets.of(&unit.kind, measure, day));
    Measure::ALL.into_iter().map(one).collect()
}

/// The fields of a unit that miss a target.
fn warned(
    unit: &Unit,
    collected: &Collection,
    totals: &Totals,
    targets: &Targets,
    days: Days,
) -> Vec<Warning> {
    let mut fields: BTreeMap<&str, (Paid, Option<&Total>)> = BTreeMap::new();
    for ((one, field), paid) in &collected.dossiers {
        if *one == unit.id {
            fields.entry(field).or_default().0 = *paid;
        }
    }
    for ((one, field), total) in totals {
        if *one == unit.id {
            fields.entry(field).or_default().1 = Some(total);
        }
    }
    let mut found = Vec::new();
    for (field, (paid, total)) in fields {
        for measured in measured(unit, &paid, total, targets, days.asked) {
            if measured.is_met() != Some(false) {
                continue;
            }
            let half = measured.target.as_ref().map_or(0, |target| target.percent * 50);
            found.push(Warning {
                unit_code: unit.code.clone(),
                unit_name: unit.name.clone(),
                field: field.to_owned(),
                old_until: total
                    .filter(|_| measured.measure != Measure::Electronic)
                    .and_then(|total| total.old_until(days.counted)),
                is_grave: measured.share.is_some_and(|share| share < half),
                measured,
            });
        }
    }
    found
}
