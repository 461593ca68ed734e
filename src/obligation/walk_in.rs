//! People without a dossier at the counter: the items a unit's desk offers at once, and the dossier
//! that an obligation turns out to belong to.

use super::counter_query::{self as query, FavouritesRow, LinkRow};
use super::{Obligation, State, find};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{EventId, ObligationId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::tariff::Tariff;
use crate::text;

/// More do not fit on one screen.
pub const FAVOURITES_LIMIT: usize = 12;
const DOSSIER_LIMIT: usize = 50;
/// A tariff does not tell fields; the city's figures count these apart.
pub const FIELD: &str = "Thu tại quầy";

/// Whether the desk raised it, and nothing was paid on it yet.
pub fn may_withdraw(item: &Obligation) -> bool {
    item.procedure_field == FIELD && item.state == State::Raised && item.allocated.is_zero()
}

/// Takes back what the desk raised by mistake, or for somebody who went away. What a dossier asks for is the
/// dossier system's to cancel.
///
/// # Errors
/// `walk_in_only`, `obligation_has_money`, `reason_missing`.
pub fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ObligationId),
    reason: &str,
) -> Result<()> {
    actor.require_role(&[Role::Cashier])?;
    actor.scope.require(unit)?;
    if find(tx, unit, id)?.procedure_field != FIELD {
        return Err(Error::conflict("walk_in_only", "a dossier's obligation is cancelled by its own system"));
    }
    super::end_unpaid(tx, stamp, actor, (unit, id), reason).map(|_| ())
}

/// The codes of a unit's favourite items, in their order; none where nobody chose.
pub fn favourites(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let stored = query::favourites(conn, unit)?;
    Ok(stored.map(|text| serde_json::from_str(&text).unwrap_or_default()).unwrap_or_default())
}

/// Chooses a unit's favourite items; a repeated code counts once.
///
/// # Errors
/// `favourites_too_many`, `tariff_item_unknown`.
pub fn set_favourites(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    tariff: &Tariff,
    (unit, codes): (UnitId, &[String]),
) -> Result<()> {
    actor.require_role(&[Role::Cashier, Role::Finance, Role::Administrator])?;
    actor.scope.require(unit)?;
    let person_id = actor.require_person()?;
    let mut chosen: Vec<&String> = Vec::new();
    for code in codes {
        if tariff.item(code).is_none() {
            return Err(Error::invalid("items", "tariff_item_unknown", "no such fee item in the tariff"));
        }
        if !chosen.contains(&code) {
            chosen.push(code);
        }
    }
    if chosen.len() > FAVOURITES_LIMIT {
        let detail = format!("at most {FAVOURITES_LIMIT}");
        return Err(Error::invalid("items", "favourites_too_many", detail));
    }
    let id: EventId = stamp.mint()?;
    let items = serde_json::to_string(&chosen).map_err(|error| Error::internal(error.to_string()))?;
    rows::insert(tx, &[FavouritesRow { unit_id: unit, id, items, person_id, created_at: stamp.now }])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "favourites.chosen", id)])
}

/// Names the dossier that an obligation belongs to. What its documents print stays as it was; the
/// newest link counts, and searching by the dossier finds the obligation.
///
/// # Errors
/// `field_missing`, `field_too_long`, `obligation_not_found`.
pub fn link(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ObligationId),
    dossier_code: &str,
) -> Result<()> {
    actor.require_role(&[Role::Cashier, Role::Finance])?;
    actor.scope.require(unit)?;
    let dossier_code = text::clean(dossier_code);
    if dossier_code.is_empty() {
        return Err(Error::invalid("dossier", "field_missing", "must not be empty"));
    }
    if dossier_code.chars().count() > DOSSIER_LIMIT {
        return Err(Error::invalid(
            "dossier",
            "field_too_long",
            format!("at most {DOSSIER_LIMIT} characters"),
        ));
    }
    find(tx, unit, id)?;
    let row = LinkRow {
        unit_id: unit,
        id: stamp.mint()?,
        obligation_id: id,
        dossier_code,
        person_id: actor.require_person()?,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "obligation.dossier_linked", id)])
}

/// The dossier an obligation was linked to last.
pub fn linked(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Option<String>> {
    query::linked(conn, unit, id)
}

/// What stands under a dossier: raised for it, or linked to it later; newest first.
pub fn of_dossier(conn: &mut Conn, unit: UnitId, code: &str, limit: i64) -> Result<Vec<Obligation>> {
    let mut found = super::query::page(conn, unit, None, None, Some(code), None, limit)?;
    let ids = query::linked_to(conn, unit, code, limit)?;
    let keys: Vec<_> = ids.into_iter().map(|id| (unit, id)).collect();
    for item in super::query::by_ids(conn, &keys)? {
        if !found.iter().any(|known| known.id == item.id) {
            found.push(item);
        }
    }
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(found)
}
