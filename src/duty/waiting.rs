//! What waits for a second person, for how long, and when the city takes over: after a working day, or
//! at once where nobody of the unit may decide. A city's approver may approve in every unit already;
//! escalating says that they are asked to.

use serde::Serialize;

use super::delegation::{self, Delegation};
use super::{Kind, Waiting, delegation_query, rules, waiting_query as query};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::identity::person;
use crate::store::{Conn, Lane, Stamp, Store, rows};
use crate::unit;

/// Why the city is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A working day passed.
    Waited,
    /// Nobody of the unit may decide: everybody who could had a hand in it.
    NobodyElse,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Waited => "waited",
            Why::NobodyElse => "nobody_else",
        }
    }
}

/// A waiting decision as people see it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub unit: UnitId,
    pub kind: Kind,
    pub title: &'static str,
    pub title_en: &'static str,
    pub subject: String,
    pub amount: Dong,
    pub makers: Vec<PersonId>,
    pub asked_at: Instant,
    pub due_at: Instant,
    /// Why the city is asked; none while the unit has time.
    pub escalated: Option<String>,
}

/// What waits in a unit, oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Waiting>> {
    let mut found = query::of_unit(conn, unit)?;
    found.sort_by_key(|one| (one.asked_at, one.kind, one.id));
    Ok(found)
}

/// One of them: `approval_not_waiting` for what is decided, is not there or waits for something else.
pub fn find(conn: &mut Conn, unit: UnitId, kind: Kind, id: i64) -> Result<Waiting> {
    let found = query::of_unit(conn, unit)?.into_iter().find(|one| one.kind == kind && one.id == id);
    found.ok_or_else(|| Error::not_found("approval_not_waiting", "nothing of that name waits for approval"))
}

/// Who has a hand in something, in whatever state it is.
pub(super) fn makers(conn: &mut Conn, unit: UnitId, kind: Kind, id: i64) -> Result<Vec<PersonId>> {
    query::makers(conn, unit, kind, id)
}

/// What waits in the units an actor sees, or in one of them, with what was handed to the city.
pub fn list(conn: &mut Conn, stamp: &Stamp<'_>, actor: &Actor, unit: Option<UnitId>) -> Result<Vec<Shown>> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System])?;
    let mut found = Vec::new();
    for unit in units(conn, &actor.scope, unit)? {
        let escalated = query::escalated(conn, unit)?;
        for one in of_unit(conn, unit)? {
            let why = escalated.get(&(one.kind.as_str().to_owned(), one.id, one.asked_at)).cloned();
            let (title, title_en) = one.kind.title();
            found.push(Shown {
                unit,
                kind: one.kind,
                title,
                title_en,
                subject: one.kind.subject_text(one.id),
                amount: one.amount,
                due_at: rules::due_at(one.asked_at, stamp.calendar),
                makers: one.makers,
                asked_at: one.asked_at,
                escalated: why,
            });
        }
    }
    found.sort_by_key(|one| (one.escalated.is_none(), one.asked_at));
    Ok(found)
}

fn units(conn: &mut Conn, scope: &Scope, asked: Option<UnitId>) -> Result<Vec<UnitId>> {
    if let Some(unit) = asked {
        scope.require(unit)?;
        return Ok(vec![unit]);
    }
    Ok(unit::all(conn)?.into_iter().map(|unit| unit.id).filter(|unit| scope.covers(*unit)).collect())
}

/// Hands to the city what waited for a working day, or what nobody of the unit may decide. Running it
/// again changes nothing. Returns how many are new.
pub fn escalate(store: &Store, stamp: &Stamp<'_>) -> Result<usize> {
    let mut count = 0;
    for unit in store.read(&Scope::All, |conn| units(conn, &Scope::All, None))? {
        let due = store.read(&Scope::All, |conn| due(conn, stamp, unit))?;
        if due.is_empty() {
            continue;
        }
        let is_new = store.write(&Scope::All, Lane::Bulk, |tx| {
            rows::insert_if_absent(tx, &due, &["unit_id", "kind", "subject_id", "asked_at"])
        })?;
        for (row, _) in due.iter().zip(is_new).filter(|(_, is_new)| *is_new) {
            let (kind, why) = (row.kind, row.why);
            metrics::counter!("bienlai_approvals_escalated_total", "why" => why).increment(1);
            tracing::warn!(%unit, kind, why, "a decision waits for the city");
            count += 1;
        }
    }
    Ok(count)
}

fn due(conn: &mut Conn, stamp: &Stamp<'_>, unit: UnitId) -> Result<Vec<query::EscalationRow>> {
    let waiting = of_unit(conn, unit)?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let deciders = person::deciders(conn, unit)?;
    let mut delegations = delegation_query::all(conn)?;
    delegations.retain(|one| one.unit == unit && rules::is_in_force(one, stamp.today()));
    let mut rows = Vec::new();
    for one in waiting {
        let why = if rules::due_at(one.asked_at, stamp.calendar) <= stamp.now {
            Why::Waited
        } else if !rules::has_decider(&deciders, &one) && !has_delegate(conn, &delegations, &one, stamp)? {
            Why::NobodyElse
        } else {
            continue;
        };
        rows.push(query::EscalationRow {
            unit_id: unit,
            id: stamp.mint()?,
            kind: one.kind.as_str(),
            subject_id: one.id,
            asked_at: one.asked_at,
            why: why.as_str(),
            created_at: stamp.now,
        });
    }
    Ok(rows)
}

/// Whether somebody who stands in for an approver may decide on this very thing.
fn has_delegate(
    conn: &mut Conn,
    delegations: &[Delegation],
    waits: &Waiting,
    stamp: &Stamp<'_>,
) -> Result<bool> {
    for one in delegations {
        if delegation::lets_decide(conn, one, waits, stamp.today())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many decisions the city is asked for, for the metrics.
pub fn count_escalated(conn: &mut Conn, stamp: &Stamp<'_>) -> Result<usize> {
    let all = list(conn, stamp, &Actor::system(), None)?;
    Ok(all.iter().filter(|one| one.escalated.is_some()).count())
}
