//! The agenda: everything that waits for a second person, of every kind, in every unit that somebody sees. The
//! board counts it; the page of decisions, the API and the command list it: one list, in one order.

use std::cmp::Reverse;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::decision::{self, Matter, Open};
use super::waiting;
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::privacy::{self, act};
use crate::report::proposal;
use crate::store::Conn;
use crate::tariff::draft;
use crate::unit::{self, CITY};

/// Who reads the agenda, each what their role reads of it.
pub const READERS: [Role; 5] =
    [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System];
/// Who reads the page of contingency slips.
const SIGNERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::System];

/// One thing that waits.
#[derive(Clone, Debug)]
pub struct Item {
    pub open: Open,
    /// Why the city is asked; none while the unit has time.
    pub why: Option<String>,
}

impl Item {
    pub fn place(&self) -> Place {
        let one = &self.open;
        let is_escalated = Reverse(self.why.is_some());
        Place { is_escalated, asked_at: one.asked_at, matter: one.matter, unit: one.unit, id: one.id }
    }
}

/// Where a thing stands in the agenda: what the city is asked for first, then the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    is_escalated: Reverse<bool>,
    asked_at: Instant,
    matter: Matter,
    unit: UnitId,
    id: i64,
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Place { is_escalated, asked_at, matter, unit, id } = self;
        write!(f, "{}.{}.{}.{}.{id}", u8::from(is_escalated.0), asked_at.0, matter.as_str(), unit.0)
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Place> {
        let read = || {
            let mut parts = text.split('.');
            let place = Place {
                is_escalated: Reverse(parts.next()? == "1"),
                asked_at: Instant(parts.next()?.parse().ok()?),
                matter: Matter::parse(parts.next()?).ok()?,
                unit: UnitId(parts.next()?.parse().ok()?),
                id: parts.next()?.parse().ok()?,
            };
            parts.next().is_none().then_some(place)
        };
        read()
            .ok_or_else(|| Error::invalid("cursor", "cursor_unreadable", "expected next of an earlier page"))
    }
}

/// What waits in the units that an actor sees, or in one of them.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn of(conn: &mut Conn, actor: &Actor, unit: Option<UnitId>) -> Result<Vec<Item>> {
    actor.require_role(&READERS)?;
    let units: Vec<UnitId> = match unit {
        Some(unit) => {
            actor.scope.require(unit)?;
            vec![unit]
        }
        None => unit::of_scope(conn, &actor.scope)?.into_iter().map(|unit| unit.id).collect(),
    };
    let mut found = Vec::new();
    for unit in units {
        let open = of_unit(conn, actor, unit)?;
        if open.is_empty() {
            continue;
        }
        let mut escalated = waiting::escalated(conn, unit)?;
        found.extend(open.into_iter().map(|open| {
            let why = escalated.remove(&(open.matter.as_str().to_owned(), open.id, open.asked_at));
            Item { open, why }
        }));
    }
    found.sort_by_key(Item::place);
    Ok(found)
}

/// The one list of kinds: what is decided on the page of decisions, and what waits on a page of its own.
fn of_unit(conn: &mut Conn, actor: &Actor, unit: UnitId) -> Result<Vec<Open>> {
    let mut found = decision::open(conn, unit)?;
    if SIGNERS.contains(&actor.role) {
        // Cash that was taken on paper holds up its cashier's shift until somebody countersigns it.
        found.extend(decision::slips(conn, unit)?);
    }
    let reads = |readers: &[Role]| actor.role == Role::System || readers.contains(&actor.role);
    let of = |matter, id, maker, asked_at| {
        let makers = vec![maker];
        Open { unit, matter, id, makers, amount: Dong::ZERO, asked_at }
    };
    if reads(&privacy::READERS) {
        let acts = act::waiting(conn, unit)?;
        found.extend(acts.iter().map(|one| of(Matter::DataAct, one.request.0, one.maker, one.asked_at)));
    }
    if unit != CITY || actor.scope != Scope::All {
        return Ok(found);
    }
    if reads(&draft::READERS) {
        let drafts = draft::waiting(conn)?;
        found.extend(drafts.iter().map(|one| of(Matter::Tariff, one.id.0, one.maker, one.created_at)));
    }
    if reads(&proposal::READERS) {
        let asked = proposal::waiting(conn)?;
        found.extend(asked.iter().map(|one| of(Matter::Proposal, one.id.0, one.maker, one.created_at)));
    }
    Ok(found)
}

/// The things behind a place, as many as a page shows, and where the next page begins when there is one.
pub fn page(items: &[Item], after: Option<Place>, limit: usize) -> (&[Item], Option<Place>) {
    let begin = after.map_or(0, |after| items.partition_point(|one| one.place() <= after));
    let rest = items.get(begin..).unwrap_or_default();
    let shown = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let next = shown.last().map(Item::place).filter(|_| rest.len() > shown.len());
    (shown, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(why: Option<&str>, asked_at: i64, id: i64) -> Item {
        let (unit, matter, amount) = (UnitId(2), Matter::Slip, Dong::ZERO);
        let open = Open { unit, matter, id, makers: Vec::new(), amount, asked_at: Instant(asked_at) };
        Item { open, why: why.map(str::to_owned) }
    }

    #[test]
    fn pages_of_the_agenda_meet_without_gap_or_repeat_also_when_what_was_last_is_decided() {
        let mut items =
            vec![item(None, 5, 1), item(None, 3, 2), item(Some("waited"), 9, 3), item(None, 3, 4)];
        items.sort_by_key(Item::place);
        let ids = |items: &[Item]| items.iter().map(|one| one.open.id).collect::<Vec<_>>();
        assert_eq!(ids(&items), [3, 2, 4, 1], "what the city is asked for first, then the oldest");
        let (first, next) = page(&items, None, 2);
        assert_eq!(ids(first), [3, 2]);
        let next: Place = next.unwrap().to_string().parse().unwrap();
        items.remove(1);
        let (second, none) = page(&items, Some(next), 2);
        assert_eq!((ids(second), none), (vec![4, 1], None));
    }

    #[test]
    fn a_place_that_nobody_gave_is_refused() {
        for text in ["", "1", "1.2.slip.3", "1.2.nothing.3.4", "1.2.slip.3.4.5", "x"] {
            assert_eq!(text.parse::<Place>().unwrap_err().code(), "cursor_unreadable", "{text}");
        }
    }
}
