//! Incidents: personal data went where it should not have, or may have. From the moment it is found the
//! authority is to be told within 72 hours (Nghị định 13/2023/NĐ-CP, article 23); late is told with the
//! reason. Everything that is done about one is an event of it.

use serde::Serialize;

use super::{CLOCK_S, KEEPERS, READERS, incident_query as query, worded};
use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::page::Page;
use crate::store::{Conn, Stamp, Tx};

/// An incident as it stands, with what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    pub unit: UnitId,
    pub id: IncidentId,
    pub found_at: Instant,
    /// Until when the authority is to be told.
    pub due_at: Instant,
    /// What happened, without anybody's data.
    pub nature: String,
    /// How many people it touches, as far as known.
    pub affected: i64,
    pub maker: PersonId,
    pub state: String,
    pub events: Vec<Event>,
    #[serde(skip)]
    pub revision: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    pub kind: String,
    pub detail: String,
    pub person: PersonId,
    pub at: Instant,
}

impl Incident {
    /// Whole hours left to tell the authority; below zero it is late, and none when it was told.
    pub fn hours_left(&self, now: Instant) -> Option<i64> {
        (self.state == "open").then(|| self.due_at.seconds_since(now).div_euclid(3_600))
    }
}

/// A step of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something was done about it.
    Noted,
    /// The authority was told; the number of the letter and, when late, why.
    Notified,
    /// Its cause is gone and people are safe again.
    Closed,
}

/// Opens an incident.
///
/// # Errors
/// `incident_time_wrong` for one found after now, `field_missing`.
pub fn open(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (found_at, affected, nature): (Instant, i64, &str),
) -> Result<Incident> {
    actor.require_role(&KEEPERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    if found_at > stamp.now {
        return Err(Error::invalid("found_at", "incident_time_wrong", "not after now"));
    }
    if affected < 0 {
        return Err(Error::invalid("affected", "incident_count_wrong", "zero or above"));
    }
    let incident = Incident {
        unit,
        id: stamp.mint()?,
        found_at,
        due_at: found_at.plus_seconds(CLOCK_S),
        nature: worded("nature", nature)?,
        affected,
        maker,
        state: "open".to_owned(),
        events: Vec::new(),
        revision: 1,
    };
    query::insert(tx, stamp, &incident)?;
    note(tx, stamp, actor, &incident, "opened", &incident.nature)?;
    Ok(incident)
}

/// Takes a step with an incident.
///
/// # Errors
/// `incident_not_found`, `incident_state_wrong`: it is closed only after the authority was told.
pub fn step(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, IncidentId),
    step: Step,
    detail: &str,
) -> Result<Incident> {
    actor.require_role(&KEEPERS)?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let detail = worded("detail", detail)?;
    let mut incident = query::lock(tx, unit, id)?.ok_or_else(not_found)?;
    let (kind, state) = match (step, incident.state.as_str()) {
        (Step::Noted, "open" | "notified") => ("noted", incident.state.clone()),
        (Step::Notified, "open") => ("notified", "notified".to_owned()),
        (Step::Closed, "notified") => ("closed", "closed".to_owned()),
        (_, state) => {
            return Err(Error::conflict("incident_state_wrong", format!("it is {state}")));
        }
    };
    incident.state = state;
    incident.revision += 1;
    query::store(tx, &incident)?;
    note(tx, stamp, actor, &incident, kind, &detail)?;
    Ok(incident)
}

fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    incident: &Incident,
    kind: &'static str,
    detail: &str,
) -> Result<()> {
    query::note(tx, stamp, incident, (kind, detail, actor.require_person()?))?;
    let action = match kind {
        "opened" => "incident.opened",
        "notified" => "incident.notified",
        "closed" => "incident.closed",
        _ => "incident.noted",
    };
    audit::record(tx, stamp, &[audit::Entry::by(actor, incident.unit, action, incident.id)])
}

/// Incidents of a unit, newest first.
pub fn list(conn: &mut Conn, actor: &Actor, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Incident>> {
    actor.require_role(&READERS)?;
    actor.scope.require(unit)?;
    query::page(conn, unit, page)
}

/// The unit of an incident in the actor's scope.
pub fn locate(conn: &mut Conn, actor: &Actor, id: IncidentId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("incident_not_found", "no such incident in your scope")
}
