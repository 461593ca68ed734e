//! The agenda: everything that waits for a second person, of every kind, in every unit that somebody sees. The
//! board counts it; the page of decisions, the API and the command list it: one list, in one order, read page by
//! page.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::decision::{Matter, Open};
use super::waiting_query as query;
use crate::actor::{Actor, Role, Scope};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::privacy;
use crate::report::proposal;
use crate::store::Conn;
use crate::tariff::draft;
use crate::unit;

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
    pub(super) is_escalated: Reverse<bool>,
    pub(super) asked_at: Instant,
    pub(super) matter: Matter,
    pub(super) unit: UnitId,
    pub(super) id: i64,
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

/// How many of each matter wait, and how many of them the city is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Matter, (usize, usize)>);

impl Counts {
    pub fn waiting(&self) -> usize {
        self.0.values().map(|(waiting, _)| waiting).sum()
    }

    pub fn for_city(&self) -> usize {
        self.0.values().map(|(_, for_city)| for_city).sum()
    }

    /// Each matter of which something waits.
    pub fn of_matters(&self) -> impl Iterator<Item = (Matter, usize)> {
        self.0.iter().map(|(matter, (waiting, _))| (*matter, *waiting))
    }
}

/// How much waits in the units that an actor sees, or in one of them.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn counts(conn: &mut Conn, actor: &Actor, unit: Option<UnitId>) -> Result<Counts> {
    let units = units(conn, actor, unit)?;
    query::counts(conn, &units, &matters(actor)).map(Counts)
}

/// What waits there behind a place, as many as a page shows, and where the next page begins when there is one.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn page(
    conn: &mut Conn,
    actor: &Actor,
    unit: Option<UnitId>,
    (after, limit): (Option<Place>, usize),
) -> Result<(Vec<Item>, Option<Place>)> {
    turned(conn, actor, unit, (&matters(actor), after, limit))
}

/// The same of what is decided on the page of decisions.
///
/// # Errors
/// `role_not_allowed`.
pub fn page_of_decisions(
    conn: &mut Conn,
    actor: &Actor,
    (after, limit): (Option<Place>, usize),
) -> Result<(Vec<Item>, Option<Place>)> {
    let here = matters(actor).into_iter().filter(|matter| matter.own_page().is_none());
    turned(conn, actor, None, (&here.collect::<Vec<_>>(), after, limit))
}

/// All of it, for a command.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn all(conn: &mut Conn, actor: &Actor, unit: Option<UnitId>) -> Result<Vec<Item>> {
    let units = units(conn, actor, unit)?;
    query::page(conn, (&units, &matters(actor)), None, i64::MAX)
}

fn turned(
    conn: &mut Conn,
    actor: &Actor,
    unit: Option<UnitId>,
    (matters, after, limit): (&[Matter], Option<Place>, usize),
) -> Result<(Vec<Item>, Option<Place>)> {
    let units = units(conn, actor, unit)?;
    // One more than is shown says whether there is another page.
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut items = query::page(conn, (&units, matters), after, asked)?;
    let has_more = limit < items.len();
    items.truncate(limit);
    let next = items.last().map(Item::place).filter(|_| has_more);
    Ok((items, next))
}

fn units(conn: &mut Conn, actor: &Actor, unit: Option<UnitId>) -> Result<Vec<UnitId>> {
    actor.require_role(&READERS)?;
    match unit {
        Some(unit) => {
            actor.scope.require(unit)?;
            Ok(vec![unit])
        }
        None => Ok(unit::of_scope(conn, &actor.scope)?.into_iter().map(|unit| unit.id).collect()),
    }
}

/// What of it an actor's role reads: each matter with a page of its own by who reads that page.
fn matters(actor: &Actor) -> Vec<Matter> {
    let reads = |readers: &[Role]| actor.role == Role::System || readers.contains(&actor.role);
    let is_city = actor.scope == Scope::All;
    let is_read = |matter: &Matter| match matter {
        Matter::Slip => reads(&SIGNERS),
        Matter::DataAct => reads(&privacy::READERS),
        Matter::Tariff => is_city && reads(&draft::READERS),
        Matter::Proposal => is_city && reads(&proposal::READERS),
        _ => true,
    };
    Matter::all().filter(is_read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role, scope: Scope) -> Actor {
        Actor { person: None, client: None, role, scope }
    }

    #[test]
    fn each_role_reads_what_its_pages_show() {
        let unit = || Scope::unit(UnitId(2));
        let reads = |role, scope, matter| matters(&actor(role, scope)).contains(&matter);
        assert!(
            reads(Role::Finance, unit(), Matter::Slip) && !reads(Role::Administrator, unit(), Matter::Slip)
        );
        assert!(
            reads(Role::Auditor, unit(), Matter::DataAct) && !reads(Role::Approver, unit(), Matter::DataAct)
        );
        assert!(
            reads(Role::Approver, Scope::All, Matter::Tariff)
                && !reads(Role::Approver, unit(), Matter::Tariff)
        );
        assert!(
            !reads(Role::Finance, Scope::All, Matter::Proposal),
            "who may not read a proposal counts none"
        );
        assert_eq!(matters(&Actor::system()).len(), Matter::all().count());
    }

    #[test]
    fn a_place_that_nobody_gave_is_refused() {
        for text in ["", "1", "1.2.slip.3", "1.2.nothing.3.4", "1.2.slip.3.4.5", "x"] {
            assert_eq!(text.parse::<Place>().unwrap_err().code(), "cursor_unreadable", "{text}");
        }
    }
}
