//! Usage reports that are due, and their way without a person: made when a quarter is over, renewed
//! while they wait and receipts change, let go as the legal profile says.

use std::collections::BTreeMap;

use serde::Serialize;

use super::form::usage::UsageReport;
use super::period::Quarter;
use super::query::Filed;
use super::{Filing, Kind, State, query, report, transmission};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{FilingId, UnitId};
use crate::receipt::profile::{self, ReportRelease};
use crate::store::{Conn, Stamp, Tx};
use crate::text;
use crate::unit::registration;
use crate::unit::series::{self, Series};

/// Told as soon from so many days before it is due.
const SOON_DAYS: i64 = 10;

/// How near the last day of a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Open,
    /// Ten days or fewer are left.
    Soon,
    /// Today is the last day.
    Today,
    Overdue,
}

impl Urgency {
    fn of(days_left: i64) -> Urgency {
        match days_left {
            ..=-1 => Urgency::Overdue,
            0 => Urgency::Today,
            1..=SOON_DAYS => Urgency::Soon,
            _ => Urgency::Open,
        }
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Urgency::Open => ("chưa nộp", "open"),
            Urgency::Soon => ("sắp đến hạn", "soon"),
            Urgency::Today => ("hôm nay là hạn cuối", "due today"),
            Urgency::Overdue => ("quá hạn", "overdue"),
        }
    }
}

/// A report that the authority does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Due {
    pub quarter: String,
    pub due_on: BusinessDay,
    pub days_left: i64,
    pub urgency: Urgency,
    /// The newest one that was made, and how far it came.
    pub filing: Option<FilingId>,
    pub state: Option<&'static str>,
}

/// The reports of quarters that are over and that the authority does not have, oldest first.
pub fn due(conn: &mut Conn, unit: UnitId, today: BusinessDay) -> Result<Vec<Due>> {
    Ok(due_of_units(conn, &[unit], today)?.remove(&unit).unwrap_or_default())
}

/// The same of each of these units: as many questions for a city as for one of them.
pub fn due_of_units(
    conn: &mut Conn,
    units: &[UnitId],
    today: BusinessDay,
) -> Result<BTreeMap<UnitId, Vec<Due>>> {
    let due = |(quarter, filed): (Quarter, Vec<Filed>)| {
        let due_on = quarter.report_due_on();
        let days_left = due_on.0.signed_duration_since(today.0).num_days();
        let newest = filed.iter().rev().find(|filing| filing.state != State::Withdrawn);
        Due {
            quarter: quarter.to_string(),
            due_on,
            days_left,
            urgency: Urgency::of(days_left),
            filing: newest.map(|filing| filing.id),
            state: newest.map(|filing| filing.state.as_str()),
        }
    };
    let open = missing(conn, units, today)?.into_iter();
    Ok(open.map(|(unit, quarters)| (unit, quarters.into_iter().map(due).collect())).collect())
}

/// A quarter with everything that was made for it.
type Open = (Quarter, Vec<Filed>);

/// The open quarters of each unit.
fn missing(conn: &mut Conn, units: &[UnitId], today: BusinessDay) -> Result<BTreeMap<UnitId, Vec<Open>>> {
    let mut registers: BTreeMap<UnitId, Vec<Series>> = BTreeMap::new();
    for held in series::of_units(conn, units)? {
        registers.entry(held.unit).or_default().push(held);
    }
    let mut made: BTreeMap<(UnitId, String), Vec<Filed>> = BTreeMap::new();
    for one in query::reports(conn, units)? {
        made.entry((one.unit, one.period.clone())).or_default().push(one);
    }
    let mut open: BTreeMap<UnitId, Vec<Open>> = BTreeMap::new();
    for (unit, since) in registration::first_accepted(conn, units)? {
        let register = registers.remove(&unit).unwrap_or_default();
        let Some(first_year) = register.iter().map(|held| held.year).min() else { continue };
        let mut quarter = Quarter::of(since).max(Quarter { year: first_year, quarter: 1 });
        while quarter.last_day() < today {
            let filed = made.remove(&(unit, quarter.to_string())).unwrap_or_default();
            let has_authority =
                filed.iter().any(|filing| filing.state.is_live() && filing.state >= State::Sent);
            if !has_authority && !owes_nothing(conn, unit, quarter, &register)? {
                open.entry(unit).or_default().push((quarter, filed));
            }
            quarter = quarter.next();
        }
    }
    Ok(open)
}

/// Without receipt series there is nothing to report on; and when no number was free at the beginning of
/// the quarter and none was registered or used, not even a report of zeros is owed (Decree
/// 123/2020/NĐ-CP art. 38).
fn owes_nothing(conn: &mut Conn, unit: UnitId, quarter: Quarter, register: &[Series]) -> Result<bool> {
    let mut of_year = register
        .iter()
        .filter(|held| held.year == quarter.year && held.document_kind.starts_with("receipt"))
        .peekable();
    if of_year.peek().is_none() {
        return Ok(true);
    }
    // Only a register that is used up can be without stock; the receipts need not be read for others.
    if of_year.any(|held| held.remaining() > 0) {
        return Ok(false);
    }
    let lines = report::figures(conn, unit, quarter)?;
    Ok(lines.iter().all(|line| line.opening == 0 && line.used == 0))
}

/// The quarters of a unit whose report the authority does not have, oldest first.
pub fn open_quarters(conn: &mut Conn, unit: UnitId, today: BusinessDay) -> Result<Vec<Quarter>> {
    let open = missing(conn, &[unit], today)?.remove(&unit).unwrap_or_default();
    Ok(open.into_iter().map(|(quarter, _)| quarter).collect())
}

/// Makes the report of an open quarter, and makes it anew where it waits for its approval while what it
/// says has changed. What was refused waits for a person, who knows why. Each quarter is made for itself:
/// one that cannot be made keeps no other from its report. Returns the report if it is new.
///
/// # Errors
/// `form_off_schema`, `registration_missing` and those of `Taxpayer::check`; `report_exists` when another
/// process was faster.
pub fn produce(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, quarter): (UnitId, Quarter),
    place: &str,
) -> Result<Option<FilingId>> {
    let system = Actor::system();
    let release = profile::for_day(stamp.today()).usage_report_release.value;
    let state = match release {
        ReportRelease::Approved => State::Requested,
        ReportRelease::Automatic => State::Drafted,
    };
    let mut filed = query::of_period(tx, unit, Kind::UsageReport, &quarter.to_string())?;
    let ordinal = filed.len();
    if filed.iter().any(|filing| filing.state == State::Refused) {
        return Ok(None);
    }
    let written = match report::compose(tx, stamp, (unit, quarter), place, None) {
        Err(error) if error.code() == "report_nothing_registered" => return Ok(None),
        written => written?,
    };
    if let Some(live) = filed.iter_mut().find(|filing| filing.state.is_live()) {
        if live.state != State::Requested || is_same(live, &written)? {
            return Ok(None);
        }
        super::advance(tx, stamp, &system, live, ("withdrawn", State::Withdrawn), Some(CHANGED))?;
    }
    report::store(tx, stamp, &system, (unit, &written), ordinal, None, state).map(Some)
}

/// Why a report that waited was made anew.
const CHANGED: &str = "report_figures_changed";

/// Whether a stored report says what one written now would say, but for its day.
fn is_same(filing: &Filing, now: &UsageReport) -> Result<bool> {
    let stored: UsageReport = filing.data()?;
    Ok(stored.lines == now.lines && stored.taxpayer == now.taxpayer)
}

/// Lets a report go that was made by itself: it is signed and sent then.
///
/// # Errors
/// `filing_not_found`, `report_not_requested`; `report_figures_changed` when the receipts changed since:
/// a new one is made within minutes.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: FilingId,
) -> Result<Filing> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator])?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let mut filing = super::requested(tx, (unit, id), Kind::UsageReport, "report_not_requested")?;
    let stored: UsageReport = filing.data()?;
    let now = report::compose(tx, stamp, (unit, stored.quarter), &stored.taxpayer.place, None)?;
    if !is_same(&filing, &now)? {
        return Err(Error::conflict(CHANGED, "receipts changed since the report was made"));
    }
    super::approve(tx, stamp, actor, &mut filing, "report.approved")?;
    Ok(filing)
}

/// A person records that the tax office has a report, which went through its portal for one: the signed
/// form is exported with `bienlai tax form --xml`.
///
/// # Errors
/// `filing_not_found`, `field_missing`; `filing_not_open` for one that is not signed or is answered.
pub fn accept_by_hand(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, FilingId),
    notice_no: &str,
) -> Result<Filing> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator])?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let notice_no = text::clean(notice_no);
    if notice_no.is_empty() {
        return Err(Error::invalid("notice_no", "field_missing", "the number of the tax office's notice"));
    }
    let mut filing = super::find(tx, unit, id)?;
    let is_open = (State::Signed..State::Accepted).contains(&filing.state);
    if filing.kind != Kind::UsageReport || !is_open {
        let detail = format!("the form is {}", filing.state.as_str());
        return Err(Error::conflict("filing_not_open", detail));
    }
    super::advance(tx, stamp, actor, &mut filing, ("accepted_by_hand", State::Accepted), Some(&notice_no))?;
    transmission::settle_by_hand(tx, stamp, &filing)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "report.accepted_by_hand", id)])?;
    Ok(filing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_ten_days_before_and_on_its_last_day_and_after_it() {
        let of = |days: [i64; 5]| days.map(Urgency::of);
        assert_eq!(
            of([11, 10, 1, 0, -1]),
            [Urgency::Open, Urgency::Soon, Urgency::Soon, Urgency::Today, Urgency::Overdue]
        );
    }
}
