//! Links that open the screen of a waiting room: no login, nothing to press, and no more to see than whose turn
//! it is. A link is shown once, when it is made; only its hash is kept, and whoever administers the unit ends it
//! for good.

use secrecy::SecretString;

use super::screen_query::{self as query, EndRow, LinkRow};
use super::token;
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

const PLACE_LIMIT: usize = 100;

/// A link as it is listed; its secret is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub unit: UnitId,
    pub id: EventId,
    /// Where the screen hangs.
    pub place: String,
    pub maker: PersonId,
    pub made_at: Instant,
    pub ended_at: Option<Instant>,
}

/// Makes a link for the screen at a place and returns its secret, which is shown this once.
///
/// # Errors
/// `role_not_allowed`, `out_of_scope`, `person_required`, `field_missing`, `field_too_long`.
pub fn open(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    place: &str,
) -> Result<(EventId, SecretString)> {
    actor.require_role(&[Role::Administrator])?;
    actor.scope.require(unit)?;
    let place = text::clean(place);
    if place.is_empty() {
        return Err(Error::invalid("place", "field_missing", "where the screen hangs"));
    }
    if place.chars().count() > PLACE_LIMIT {
        return Err(Error::invalid("place", "field_too_long", format!("at most {PLACE_LIMIT} characters")));
    }
    let (token_sha256, secret) = token::draw_bare()?;
    let id: EventId = stamp.mint()?;
    let person_id = actor.require_person()?;
    rows::insert(
        tx,
        &[LinkRow { unit_id: unit, id, place, token_sha256, person_id, created_at: stamp.now }],
    )?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "screen.opened", id)])?;
    Ok((id, secret))
}

/// Ends a link: its screen shows nothing from its next look on.
///
/// # Errors
/// `role_not_allowed`, `screen_not_found` for one that is not there or ended already.
pub fn end(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, id: EventId) -> Result<()> {
    actor.require_role(&[Role::Administrator])?;
    let missing = || Error::not_found("screen_not_found", "no such link in your scope");
    if !actor.scope.covers(unit) {
        return Err(missing());
    }
    let open = query::of_units(tx, &[unit])?.into_iter().any(|link| link.id == id && link.ended_at.is_none());
    if !open {
        return Err(missing());
    }
    let person_id = actor.require_person()?;
    rows::insert(tx, &[EndRow { unit_id: unit, link_id: id, person_id, created_at: stamp.now }])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "screen.ended", id)])
}

/// The links of a unit, the oldest first.
///
/// # Errors
/// `role_not_allowed`.
pub fn of_units(conn: &mut Conn, actor: &Actor, units: &[UnitId]) -> Result<Vec<Link>> {
    actor.require_role(&[Role::Administrator, Role::Auditor])?;
    let seen: Vec<UnitId> = units.iter().copied().filter(|unit| actor.scope.covers(*unit)).collect();
    query::of_units(conn, &seen)
}

/// Whether a secret opens the screen of a unit now.
pub fn opens(conn: &mut Conn, unit: UnitId, shown: &str) -> Result<bool> {
    match token::hash_of_bare(shown) {
        Some(hash) => query::is_open(conn, unit, &hash),
        None => Ok(false),
    }
}
