//! How a unit is called, and where it is, from a day on. A document carries the name of its day of issue; pages
//! and lists show the name of today.

use super::naming_query::{self as query, NamingRow};
pub use super::naming_query::{in_force, of_unit};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::store::{Stamp, Tx, rows};
use crate::text;

/// A name and an address are at most so long; a receipt prints no more.
const LIMIT: usize = 400;

/// A unit's name and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    pub name: String,
    pub address: String,
}

/// A naming with the day from which it holds and the decision it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    pub naming: Naming,
    pub valid_from: BusinessDay,
    pub decision_no: String,
    pub recorded_at: Instant,
}

/// Whether a naming can be one at all.
///
/// # Errors
/// `field_missing`, `field_too_long`.
pub fn check(naming: &Naming, decision_no: &str) -> Result<()> {
    faults(naming, decision_no).into_iter().next().map_or(Ok(()), Err)
}

/// Everything that is wrong with a naming, where `check` names what it comes upon first.
pub fn faults(naming: &Naming, decision_no: &str) -> Vec<Error> {
    [("name", naming.name.as_str()), ("address", &naming.address), ("decision_no", decision_no)]
        .into_iter()
        .filter_map(|(field, value)| text::required(field, value, "field_missing", LIMIT).err())
        .collect()
}

/// Whether a name may hold from a day on.
///
/// # Errors
/// `date_in_the_past`.
pub fn check_day(valid_from: BusinessDay, today: BusinessDay) -> Result<()> {
    if valid_from < today {
        let detail = "documents were issued under the name of before already";
        return Err(Error::invalid("valid_from", "date_in_the_past", detail));
    }
    Ok(())
}

/// Records how a unit is called from a day on, which is today or later: documents of before keep what they say.
///
/// # Errors
/// `role_not_allowed`, `field_missing`, `field_too_long`, `date_in_the_past`.
pub fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    naming: &Naming,
    (valid_from, decision_no): (BusinessDay, &str),
) -> Result<EventId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    check(naming, decision_no)?;
    check_day(valid_from, stamp.today())?;
    let id: EventId = stamp.mint()?;
    let row = NamingRow {
        unit_id: unit,
        id,
        name: text::clean(&naming.name),
        address: text::clean(&naming.address),
        valid_from,
        decision_no: text::clean(decision_no),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "unit.named", id)])?;
    show(tx, stamp)?;
    Ok(id)
}

/// Brings what pages and lists show to the names of today; returns how many units changed.
pub fn show(tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<usize> {
    let mut count = 0;
    for (unit, naming) in query::newly_in_force(tx, stamp.today())? {
        query::show(tx, unit, &naming)?;
        count += 1;
    }
    Ok(count)
}
