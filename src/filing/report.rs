//! The quarterly report of what receipt series were used for, and what changed after it was sent.

use std::collections::BTreeMap;

use super::form::Taxpayer;
use super::form::usage::{FORM, Line, Supplement, UsageReport};
use super::period::Quarter;
use super::{Draft, Filing, Kind, State, query, report_query};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{FilingId, UnitId, minted_at};
use crate::receipt::{DocumentKind, profile};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::{self, registration, series};

/// The figures of a quarter as the receipts table has them now, series by series.
pub fn figures(conn: &mut Conn, unit: UnitId, quarter: Quarter) -> Result<Vec<Line>> {
    let (first, last) = (quarter.first_day(), quarter.last_day());
    let mut lines = Vec::new();
    let register = series::of_unit(conn, unit)?;
    // A series registered later was no stock of this quarter. Where none is known from then and the unit was
    // accepted already, its register was only written down later, as when it came from another program.
    let was_registered = |held: &series::Series| minted_at(held.id.0).business_day() <= last;
    let was_accepted = registration::of_unit(conn, unit)?.iter().any(|held| held.accepted_on <= last);
    let is_late_register = was_accepted && !register.iter().any(was_registered);
    for held in register {
        // By the kind of its documents: what their templates look like is the law's to change.
        if !DocumentKind::parse(&held.document_kind).is_some_and(DocumentKind::is_receipt) {
            continue;
        }
        let place = (unit, held.id);
        let used = report_query::issued(conn, place, first, last)?;
        let was_stock = held.year == quarter.year && (was_registered(&held) || is_late_register);
        if !used.is_empty() || was_stock {
            let before = report_query::last_before(conn, place, first)?;
            lines.push(line(&held, before.unwrap_or(0), &used)?);
        }
    }
    lines.sort_by(|one, other| (&one.template, &one.series).cmp(&(&other.template, &other.series)));
    Ok(lines)
}

fn line(held: &series::Series, before: i64, used: &[(i64, String, Dong)]) -> Result<Line> {
    let numbers = |wanted: &str| -> Vec<i64> {
        used.iter().filter(|(_, state, _)| state == wanted).map(|(number, _, _)| *number).collect()
    };
    let mut amount = Dong::ZERO;
    for (_, state, money) in used {
        if !matches!(state.as_str(), "cancelled" | "replaced") {
            amount = amount.checked_add(*money)?;
        }
    }
    let last = used.last().map_or(before, |(number, _, _)| *number);
    Ok(Line {
        template: held.template.clone(),
        series: held.series.clone(),
        opening: held.last_allowed_no - before,
        from_no: used.first().map(|(number, _, _)| *number),
        to_no: used.last().map(|(number, _, _)| *number),
        used: i64::try_from(used.len()).unwrap_or(i64::MAX),
        cancelled: numbers("cancelled"),
        replaced: numbers("replaced"),
        amount,
        closing: held.last_allowed_no - last,
    })
}

/// Makes the report of a quarter that is over. A quarter without receipts makes a zero report.
///
/// # Errors
/// `report_period_not_over`, `report_exists`, `report_nothing_registered`, `registration_missing`.
pub fn make(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    quarter: Quarter,
    place: &str,
) -> Result<FilingId> {
    may_report(actor, unit)?;
    let earlier = query::of_period(tx, unit, Kind::UsageReport, &quarter.to_string())?;
    if let Some(live) = earlier.iter().find(|filing| filing.state.is_live()) {
        let next = match live.state {
            State::Requested => "approve it",
            _ => "supplement it if figures changed",
        };
        let detail = format!("{} is {}; {next}", live.id, live.state.as_str());
        return Err(Error::conflict("report_exists", detail));
    }
    let written = compose(tx, stamp, (unit, quarter), place, None)?;
    store(tx, stamp, actor, (unit, &written), earlier.len(), None, State::Drafted)
}

/// Makes the marked supplementary report of what changed since the newest report of the quarter.
///
/// # Errors
/// `report_missing`, `report_not_sent`, `report_unchanged`.
pub fn supplement(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    quarter: Quarter,
    place: &str,
) -> Result<FilingId> {
    may_report(actor, unit)?;
    let earlier = query::of_period(tx, unit, Kind::UsageReport, &quarter.to_string())?;
    let live: Vec<&Filing> = earlier.iter().filter(|filing| filing.state.is_live()).collect();
    let (Some(first), Some(last)) = (live.first(), live.last()) else {
        return Err(Error::not_found("report_missing", "there is no report of this quarter to supplement"));
    };
    if last.state < State::Sent {
        return Err(Error::conflict("report_not_sent", "the last report is still on its way"));
    }
    if reported(last)? == figures(tx, unit, quarter)? {
        return Err(Error::conflict("report_unchanged", "nothing changed since the last report"));
    }
    let ordinal = i64::try_from(live.len()).unwrap_or(i64::MAX);
    let mark = Supplement { ordinal, first: super::body_id(first.id) };
    let written = compose(tx, stamp, (unit, quarter), place, Some(mark))?;
    store(tx, stamp, actor, (unit, &written), earlier.len(), Some(first.id), State::Drafted)
}

fn may_report(actor: &Actor, unit: UnitId) -> Result<()> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator, Role::System])?;
    actor.scope.require(unit)
}

/// What a report of the quarter says now.
///
/// # Errors
/// `report_period_not_over`, `report_nothing_registered`, `registration_missing`, and those of
/// `Taxpayer::check`.
pub(super) fn compose(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    (unit, quarter): (UnitId, Quarter),
    place: &str,
    supplement: Option<Supplement>,
) -> Result<UsageReport> {
    if stamp.today() <= quarter.last_day() {
        let detail = format!("the quarter ends on {}", quarter.last_day());
        return Err(Error::conflict("report_period_not_over", detail));
    }
    let lines = figures(conn, unit, quarter)?;
    if lines.is_empty() {
        let detail = "the unit had no receipt series by the end of the quarter";
        return Err(Error::conflict("report_nothing_registered", detail));
    }
    let taxpayer = taxpayer(conn, unit, place)?;
    taxpayer.check()?;
    Ok(UsageReport { taxpayer, quarter, made_on: stamp.today(), supplement, lines })
}

/// `ordinal` counts the quarter's reports, those that were refused or withdrawn too.
pub(super) fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, report): (UnitId, &UsageReport),
    ordinal: usize,
    first: Option<FilingId>,
    state: State,
) -> Result<FilingId> {
    let quarter = report.quarter;
    let new = Draft {
        unit,
        kind: Kind::UsageReport,
        form: profile::for_day(stamp.today()).usage_report_form.value,
        period: Some(quarter.to_string()),
        slot: Some(format!("{FORM} {quarter}/{ordinal}")),
        earlier: first,
        detail: serde_json::to_string(report).map_err(|error| Error::internal(error.to_string()))?,
        state,
        maker: actor.person,
    };
    let made = super::draft(tx, stamp, actor, new, |profile, id| {
        report.body(profile.usage_report_form.value, profile.message_version.value, id)
    });
    // Who loses a race for the quarter is told what who came later would be told.
    made.map_err(|error| match error.code() {
        "filing_exists" => Error::conflict("report_exists", "somebody made it at this moment"),
        _ => error,
    })
}

/// Who files: the unit, with the tax office of its accepted registration.
///
/// # Errors
/// `registration_missing`.
pub(super) fn taxpayer(conn: &mut Conn, unit: UnitId, place: &str) -> Result<Taxpayer> {
    let held = registration::of_unit(conn, unit)?.pop().ok_or_else(|| {
        Error::conflict(
            "registration_missing",
            "record the accepted registration first: it names the tax office",
        )
    })?;
    let unit = unit::find(conn, unit)?;
    Ok(Taxpayer {
        name: unit.name,
        tax_code: unit.tax_code,
        budget_code: unit.budget_code,
        office_code: held.office_code,
        office_name: held.office_name,
        place: place.to_owned(),
    })
}

fn reported(filing: &Filing) -> Result<Vec<Line>> {
    Ok(filing.data::<UsageReport>()?.lines)
}

/// What a report said and what the receipts table says now, for one series.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    pub template: String,
    pub series: String,
    pub reported: Option<Line>,
    pub now: Option<Line>,
}

/// What changed since the newest report of the quarter; nothing while there is none.
pub fn changes(conn: &mut Conn, unit: UnitId, quarter: Quarter) -> Result<Vec<Change>> {
    let filings = query::of_period(conn, unit, Kind::UsageReport, &quarter.to_string())?;
    let Some(last) = filings.iter().rev().find(|filing| filing.state.is_live()) else {
        return Ok(Vec::new());
    };
    let (before, now) = (reported(last)?, figures(conn, unit, quarter)?);
    let name = |line: &Line| (line.template.clone(), line.series.clone());
    let mut names: Vec<(String, String)> = before.iter().chain(&now).map(name).collect();
    names.sort_unstable();
    names.dedup();
    let find =
        |lines: &[Line], wanted: &(String, String)| lines.iter().find(|line| name(line) == *wanted).cloned();
    Ok(names
        .iter()
        .map(|wanted| Change {
            template: wanted.0.clone(),
            series: wanted.1.clone(),
            reported: find(&before, wanted),
            now: find(&now, wanted),
        })
        .filter(|change| change.reported != change.now)
        .collect())
}

/// Years back in which a report that is out of date is looked for.
const LOOKED_BACK_YEARS: i32 = 2;

/// Quarters whose newest report the authority has and which says something else than the receipts do now:
/// a receipt of theirs was cancelled or replaced since. Unit by unit, oldest first; only where numbers were struck is
/// more read than for one unit.
pub fn out_of_date(conn: &mut Conn, units: &[UnitId], today: BusinessDay) -> Result<Vec<(Quarter, Filing)>> {
    let since = Quarter { year: today.year() - LOOKED_BACK_YEARS, quarter: 1 }.first_day();
    let mut struck: BTreeMap<(UnitId, Quarter), i64> = BTreeMap::new();
    for (unit, day, count) in report_query::struck(conn, units, since)? {
        *struck.entry((unit, Quarter::of(day))).or_default() += count;
    }
    if struck.is_empty() {
        return Ok(Vec::new());
    }
    let mut newest: BTreeMap<(UnitId, String), query::Filed> = BTreeMap::new();
    for one in query::reports(conn, units)?.into_iter().filter(|one| one.state.is_live()) {
        newest.insert((one.unit, one.period.clone()), one);
    }
    let last = |(unit, quarter): &(UnitId, Quarter)| newest.get(&(*unit, quarter.to_string()));
    let sent = struck.keys().filter_map(last).filter(|one| one.state >= State::Sent);
    let keys: Vec<(UnitId, FilingId)> = sent.map(|one| (one.unit, one.id)).collect();
    let mut found = Vec::new();
    for last in query::by_keys(conn, &keys)? {
        let quarter: Quarter = last.period.as_deref().unwrap_or_default().parse()?;
        // Numbers that were struck before the report stand in it; only others make it worth reading all.
        let told: usize =
            reported(&last)?.iter().map(|line| line.cancelled.len() + line.replaced.len()).sum();
        let count = struck.get(&(last.unit, quarter)).copied().unwrap_or_default();
        if usize::try_from(count).ok() != Some(told) && !changes(conn, last.unit, quarter)?.is_empty() {
            found.push((quarter, last));
        }
    }
    found.sort_by_key(|(quarter, last)| (last.unit, *quarter));
    Ok(found)
}
