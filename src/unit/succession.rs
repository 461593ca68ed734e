//! Mergers: which unit goes on for which, from when, by which decision.
//!
//! From its day on nothing new is raised for the unit that ends, and the staff of the one that goes on acts for
//! it too. What it leaves is handed over later, when its days are closed (`report::merger`).

use std::collections::BTreeSet;

use super::succession_query::{self as query, SuccessionRow};
use super::{CITY, query as units};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// Staff of the unit that goes on acts for those that ended. Cashiers do not: nothing is taken there any more.
const ACTING: [Role; 4] = [Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];

/// One unit that another goes on for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    pub unit: UnitId,
    pub successor: UnitId,
    pub effective_on: BusinessDay,
    /// Number of the decision.
    pub decision: String,
}

/// The mergers a unit has a part in, the oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Succession>> {
    query::of_unit(conn, unit)
}

/// The merger that ends a unit, whether its day has come or not.
pub fn ending(conn: &mut Conn, unit: UnitId) -> Result<Option<Succession>> {
    query::ending(conn, unit)
}

/// Who goes on for a unit, then who goes on for that one, as decided: their days may be to come.
pub fn after(conn: &mut Conn, unit: UnitId) -> Result<Vec<UnitId>> {
    let (mut found, mut last) = (Vec::new(), unit);
    while let Some(next) = ending(conn, last)? {
        last = next.successor;
        found.push(last);
    }
    Ok(found)
}

/// The units that a unit goes on for, straight or through others.
pub fn before(conn: &mut Conn, unit: UnitId) -> Result<BTreeSet<UnitId>> {
    let (mut found, mut newest) = (BTreeSet::new(), vec![unit]);
    while let Some(one) = newest.pop() {
        for merger in of_unit(conn, one)?.into_iter().filter(|merger| merger.successor == one) {
            if found.insert(merger.unit) {
                newest.push(merger.unit);
            }
        }
    }
    Ok(found)
}

/// Whether the decision of a merger is named.
///
/// # Errors
/// `field_missing`.
pub fn check_decision(number: &str) -> Result<()> {
    if text::clean(number).is_empty() {
        return Err(Error::invalid("decision_no", "field_missing", "name the decision"));
    }
    Ok(())
}

/// Whether a merger can be recorded.
///
/// # Errors
/// `merger_with_itself`, `merger_of_the_city`, `unit_not_found`, `unit_merged` where either of them was ended by
/// a merger already, `field_missing` without the decision, `date_in_the_past`: what the unit raised and issued until
/// today stays its own.
pub fn check(conn: &mut Conn, merger: &Succession, today: BusinessDay) -> Result<()> {
    if merger.unit == merger.successor {
        return Err(Error::invalid("successor", "merger_with_itself", "another unit goes on"));
    }
    if merger.unit == CITY || merger.successor == CITY {
        return Err(Error::invalid("unit", "merger_of_the_city", "the city is no collecting unit"));
    }
    check_decision(&merger.decision)?;
    if merger.effective_on < today {
        let detail = "until today the unit raised and issued on its own";
        return Err(Error::invalid("effective_on", "date_in_the_past", detail));
    }
    for unit in [merger.unit, merger.successor] {
        let found = super::find(conn, unit)?;
        if ending(conn, unit)?.is_some() {
            let detail = format!("{} was ended by a merger already", found.code);
            return Err(Error::conflict("unit_merged", detail));
        }
    }
    Ok(())
}

/// Records a merger; both units are locked, so that no two mergers make a ring.
///
/// # Errors
/// `role_not_allowed` and those of `check`.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, merger: &Succession) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let both = BTreeSet::from([merger.unit, merger.successor]);
    for unit in &both {
        actor.scope.require(*unit)?;
        units::lock(tx, *unit)?;
    }
    check(tx, merger, stamp.today())?;
    let row = SuccessionRow {
        unit_id: merger.unit,
        successor_id: merger.successor,
        effective_on: merger.effective_on,
        decision: text::clean(&merger.decision),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    query::end_unit(tx, merger.unit, merger.effective_on.plus_days(-1))?;
    let entries = both.into_iter().map(|unit| audit::Entry::by(actor, unit, "unit.merged", merger.unit));
    audit::record(tx, stamp, &entries.collect::<Vec<_>>())
}

/// Nothing new is raised for a unit from the day on which another goes on for it.
///
/// # Errors
/// `unit_merged`, naming the successor where the caller may see it.
pub fn require_standing(conn: &mut Conn, unit: UnitId, today: BusinessDay) -> Result<()> {
    let Some(ended) = ending(conn, unit)?.filter(|one| one.effective_on <= today) else { return Ok(()) };
    // Row-level security may hide the other unit from this caller.
    let successor =
        super::find(conn, ended.successor).map_or_else(|_| "another unit".to_owned(), |unit| unit.code);
    let detail = format!("since {} {successor} goes on for it", ended.effective_on);
    Err(Error::conflict("unit_merged", detail))
}

/// When a unit was handed over to the one that goes on for it, and how many obligations went there.
pub fn handed_over(conn: &mut Conn, unit: UnitId) -> Result<Option<(Instant, i64)>> {
    query::handed_over(conn, unit)
}

/// The books of a unit that was handed over are at their end: nothing settled there is opened again, because
/// nobody would look for it and nothing could be done about it there.
///
/// # Errors
/// `unit_handed_over`.
pub fn require_not_handed_over(conn: &mut Conn, unit: UnitId) -> Result<()> {
    match handed_over(conn, unit)? {
        None => Ok(()),
        Some((at, _)) => {
            let detail = format!("on {}: put it right in the unit that goes on for it", at.business_day());
            Err(Error::conflict("unit_handed_over", detail))
        }
    }
}

/// The actor with the units that theirs go on for, as far as their role acts there. The connection must see
/// every unit.
pub fn acting(conn: &mut Conn, actor: Actor, today: BusinessDay) -> Result<Actor> {
    let Scope::Units(own) = &actor.scope else { return Ok(actor) };
    if !ACTING.contains(&actor.role) {
        return Ok(actor);
    }
    let mut units = own.clone();
    let mut newest: Vec<UnitId> = own.iter().copied().collect();
    while !newest.is_empty() {
        newest =
            query::before(conn, &newest, today)?.into_iter().filter(|unit| units.insert(*unit)).collect();
    }
    Ok(Actor { scope: Scope::Units(units), ..actor })
}
