//! The register of series: what each is in its life, next year's by itself, and the proof every
//! night that each is exactly 1..N.

pub mod broken;
pub mod certificate;
pub mod chain;
mod gone;
mod gone_query;
pub mod night;
pub mod parts;
pub mod proof;
pub mod query;
mod rules;
mod told_again;

use chrono::NaiveDate;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::UnitId;
use crate::receipt::{DocumentKind, Numbering, profile};
use crate::store::{Stamp, Tx};
use crate::unit::series::{self, NewSeries, Phase, Series, life};

pub use rules::{Settings, text_of_year};

/// Whether documents could be numbered in a series that is to be opened or planned, up to its last number.
///
/// # Errors
/// `document_kind_not_issued`, `receipt_series_year_wrong`, `series_last_number_wrong`, and those of
/// `Numbering::validate_as`.
pub fn check_new(new: &NewSeries) -> Result<()> {
    let kind = DocumentKind::parse(&new.document_kind)
        .filter(|kind| kind.series_kind() == kind.as_str())
        .ok_or_else(|| {
            let detail = format!("no series is kept for `{}`", new.document_kind);
            Error::invalid("series.document_kind", "document_kind_not_issued", detail)
        })?;
    let last_day = NaiveDate::from_ymd_opt(new.year, 12, 31).map(BusinessDay);
    let issued_on =
        last_day.ok_or_else(|| Error::invalid("series.year", "receipt_series_year_wrong", "no such year"))?;
    let (template, series) = (new.template.clone(), new.series.clone());
    let law = profile::for_day(issued_on);
    Numbering { template, series, number: 1, issued_on }
        .validate_as(kind, law)
        .map_err(|error| error.in_field("series"))?;
    let limit = i64::from(law.number_limit_of(kind));
    if !(1..=limit).contains(&new.last_allowed_no) {
        let detail = format!("between 1 and {limit}");
        return Err(Error::invalid("series.last_allowed_no", "series_last_number_wrong", detail));
    }
    Ok(())
}

/// Whether the year of a series that is to be opened or planned is near enough: this one, the next, or one that is
/// over.
///
/// # Errors
/// `series_year_far`.
pub fn check_year(new: &NewSeries, today: BusinessDay) -> Result<()> {
    let last = today.year() + 1;
    if new.year <= last {
        return Ok(());
    }
    Err(Error::invalid("series.year", "series_year_far", format!("a series of {last} at the latest")))
}

/// Registers a series that a person names: open from the eve of its year on, planned before, as next year's is that
/// follows by itself. Returns where it stands.
///
/// # Errors
/// Those of `series::open`.
pub fn enrol(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: NewSeries) -> Result<Phase> {
    if rules::begins(new.year, stamp.today()) {
        series::open(tx, stamp, actor, new)?;
        return Ok(Phase::Open);
    }
    series::admit(tx, actor, &new, stamp.today())?;
    series::plan(tx, stamp, actor, new)?;
    Ok(Phase::Planned)
}

/// What looking after a unit's register did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub planned: usize,
    pub opened: usize,
    pub ended: usize,
    pub warned: usize,
}

/// Looks after a unit's register: registers next year's series, opens those whose year begins,
/// ends those that are used up or whose year is over, and warns. Running it again
/// changes nothing.
pub fn keep(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    settings: Settings,
) -> Result<Kept> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let mut kept = Kept { planned: plan_missing(tx, stamp, actor, unit, settings)?, ..Kept::default() };
    for series in series::of_unit(tx, unit)? {
        if rules::opens(&series, stamp.today()) {
            match life::open_planned(tx, stamp, actor, &series) {
                Ok(()) => kept.opened += 1,
                Err(error) if error.is_internal() || error.is_busy() => return Err(error),
                // Not admitted yet: it stays planned and is warned about below.
                Err(error) => tracing::warn!(%unit, series = %series.id, %error, "a series cannot open"),
            }
        }
        kept.ended += end(tx, stamp, actor, &series)?;
    }
    kept.warned = warn(tx, stamp, unit, settings)?;
    Ok(kept)
}

/// Registers the successors that are missing and whose text follows from the old one.
fn plan_missing(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    settings: Settings,
) -> Result<usize> {
    let register = series::of_unit(tx, unit)?;
    let mut count = 0;
    for year in rules::years_to_provide(stamp.today(), settings) {
        for old in rules::without_successor(&register, year) {
            let follows = text_of_year(old, year).zip(rules::last_no_of_year(old, year));
            let Some((text, last_allowed_no)) = follows else { continue };
            series::plan(
                tx,
                stamp,
                actor,
                NewSeries {
                    unit,
                    document_kind: old.document_kind.clone(),
                    template: old.template.clone(),
                    series: text,
                    year,
                    last_allowed_no,
                    registration: old.registration.clone(),
                },
            )?;
            count += 1;
        }
    }
    Ok(count)
}

/// A series whose numbers are given, or whose year has been over for a day, gives none any more.
fn end(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, series: &Series) -> Result<usize> {
    // A day later: another process's clock may still be in the old year.
    let is_over = series.year < stamp.today().plus_days(-1).year();
    let is_alive = matches!(series.phase, Phase::Planned | Phase::Open | Phase::Exhausted);
    if is_alive && is_over {
        life::close(tx, stamp, actor, series)?;
        return Ok(1);
    }
    if series.phase == Phase::Open && series.remaining() == 0 {
        life::exhaust(tx, stamp, actor, series)?;
        return Ok(1);
    }
    Ok(0)
}

/// Names what soon ends without another behind it; takes back what is provided for.
fn warn(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, settings: Settings) -> Result<usize> {
    let register = series::of_unit(tx, unit)?;
    let today = stamp.today();
    let mut ending = Vec::new();
    for series in &register {
        if rules::runs_out(&register, series, today, settings) {
            let left = series.remaining();
            ending.push((series, Detail::NumbersLeft { series: series.series.clone(), left }));
        }
    }
    for year in rules::years_to_provide(today, settings) {
        for series in rules::without_successor(&register, year) {
            ending.push((series, Detail::NoSuccessor { series: series.series.clone(), year }));
        }
    }
    for series in register.iter().filter(|series| rules::opens(series, today)) {
        ending.push((series, Detail::CannotOpen { series: series.series.clone() }));
    }
    let items: Vec<exception::New> = ending
        .iter()
        .map(|(series, detail)| exception::New {
            unit,
            kind: Kind::SeriesEnding,
            subject: Subject::Series(series.id),
            account: None,
            amount: Dong::ZERO,
            opened_on: today,
            detail: detail.clone().into(),
        })
        .collect();
    let provided: Vec<_> = register
        .iter()
        .filter(|series| !ending.iter().any(|(other, _)| other.id == series.id))
        .map(|series| (unit, Kind::SeriesEnding, Subject::Series(series.id), "another series takes over"))
        .collect();
    exception::settle_by_themselves(tx, stamp, &provided)?;
    exception::open_lasting(tx, stamp, &items)
}
