//! The life of a series: planned -> open -> stopped, exhausted or closed. Each step is an event.

use serde::Serialize;

use super::{NewSeries, Series, admit, find};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, SeriesId, UnitId};
use crate::store::rows::{self, Column, Update};
use crate::store::{Stamp, Tx};
use crate::text;

/// Where a series stands. Only an open one gives numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Registered, to be opened later.
    Planned,
    Open,
    /// Stopped by a person, with a reason; for good.
    Stopped,
    /// Every allowed number is given.
    Exhausted,
    /// Its year is over.
    Closed,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Planned => "planned",
            Phase::Open => "open",
            Phase::Stopped => "stopped",
            Phase::Exhausted => "exhausted",
            Phase::Closed => "closed",
        }
    }

    /// What numbering reads: `open` or `closed`.
    pub(super) fn numbering(self) -> &'static str {
        if self == Phase::Open { "open" } else { "closed" }
    }

    pub(super) fn parse(text: &str) -> Phase {
        match text {
            "planned" => Phase::Planned,
            "stopped" => Phase::Stopped,
            "exhausted" => Phase::Exhausted,
            "closed" => Phase::Closed,
            _ => Phase::Open,
        }
    }

    /// The steps there are.
    fn may_become(self, next: Phase) -> bool {
        matches!(
            (self, next),
            (Phase::Planned, Phase::Open | Phase::Stopped | Phase::Closed)
                | (Phase::Open, Phase::Stopped | Phase::Exhausted | Phase::Closed)
                | (Phase::Exhausted, Phase::Closed)
        )
    }
}

crate::table_row! {
    pub struct EventRow in "receipt_series_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub series_id: SeriesId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub actor: String,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

/// A step that was made.
pub(super) struct Turn {
    pub unit: UnitId,
    pub series: SeriesId,
    pub revision: i64,
    pub phase: Phase,
    pub kind: &'static str,
    pub reason: Option<String>,
}

/// Opens a planned series.
///
/// # Errors
/// Those of `admit`; `series_step_illegal` when it is not planned any more.
pub fn open_planned(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, series: &Series) -> Result<()> {
    admit(
        tx,
        actor,
        &NewSeries {
            unit: series.unit,
            document_kind: series.document_kind.clone(),
            template: series.template.clone(),
            series: series.series.clone(),
            year: series.year,
            last_allowed_no: series.last_allowed_no,
            registration: series.registration.clone(),
        },
        stamp.today(),
    )?;
    turn(tx, stamp, actor, series, Phase::Open, "opened", None)
}

/// A person stops a series: no number of it is given any more.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `reason_missing`, `series_not_found`,
/// `series_step_illegal`.
pub fn stop(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: SeriesId,
    reason: &str,
) -> Result<Series> {
    actor.require_role(&[Role::Administrator])?;
    actor.require_person()?;
    actor.scope.require(unit)?;
    let reason = text::reason(reason)?;
    let series = find(tx, unit, id)?;
    turn(tx, stamp, actor, &series, Phase::Stopped, "stopped", Some(reason))?;
    find(tx, unit, id)
}

/// The last allowed number is given.
pub fn exhaust(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, series: &Series) -> Result<()> {
    if series.remaining() > 0 {
        return Err(Error::conflict("series_step_illegal", "it still has numbers"));
    }
    turn(tx, stamp, actor, series, Phase::Exhausted, "exhausted", None)
}

/// The year is over.
pub fn close(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, series: &Series) -> Result<()> {
    if series.year >= stamp.today().year() {
        return Err(Error::conflict("series_step_illegal", "its year is not over"));
    }
    turn(tx, stamp, actor, series, Phase::Closed, "closed", None)
}

fn turn(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    series: &Series,
    phase: Phase,
    kind: &'static str,
    reason: Option<String>,
) -> Result<()> {
    if !series.phase.may_become(phase) {
        let detail = format!("a series that is {} does not become {}", series.phase.as_str(), phase.as_str());
        return Err(Error::conflict("series_step_illegal", detail));
    }
    let revision = series.revision + 1;
    rows::update(
        tx,
        Update {
            table: "receipt_series",
            keys: vec![("unit_id", Column::of([series.unit])), ("id", Column::of([series.id]))],
            guard: vec![("revision", Column::of([series.revision]))],
            sets: vec![
                ("state", Column::of([phase.numbering()])),
                ("phase", Column::of([phase.as_str()])),
                ("revision", Column::of([revision])),
            ],
        },
    )?;
    record(tx, stamp, actor, Turn { unit: series.unit, series: series.id, revision, phase, kind, reason })
}

pub(super) fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, turn: Turn) -> Result<()> {
    let row = EventRow {
        unit_id: turn.unit,
        id: stamp.mint()?,
        series_id: turn.series,
        revision: turn.revision,
        kind: turn.kind,
        state: turn.phase.as_str(),
        actor: audit::actor_text(actor),
        reason: turn.reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    let action = match turn.kind {
        "planned" => "series.planned",
        "opened" => "series.opened",
        "stopped" => "series.stopped",
        "exhausted" => "series.exhausted",
        _ => "series.closed",
    };
    audit::record(tx, stamp, &[audit::Entry::by(actor, turn.unit, action, turn.series)])
}

#[cfg(test)]
mod tests {
    use super::Phase::{Closed, Exhausted, Open, Planned, Stopped};

    #[test]
    fn a_series_only_goes_forward_and_what_was_stopped_stays_stopped() {
        let all = [Planned, Open, Stopped, Exhausted, Closed];
        for end in [Stopped, Closed] {
            assert!(all.iter().all(|next| !end.may_become(*next)), "{end:?}");
        }
        assert!(all.iter().all(|phase| !phase.may_become(Planned)));
        assert!(Planned.may_become(Open) && !Planned.may_become(Exhausted));
        assert!(Exhausted.may_become(Closed) && !Exhausted.may_become(Open));
        for phase in all {
            assert_eq!(super::Phase::parse(phase.as_str()), phase);
        }
    }
}
