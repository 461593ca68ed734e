//! What a money transaction holds under its locks: rows read into the book, and marks of their change.

use std::collections::BTreeSet;

use super::book::{Book, Held};
use super::movement::Movement;
use super::{movement_query, repaid};
use crate::error::Result;
use crate::id::*;
use crate::obligation;
use crate::party;
use crate::store::{Stamp, Tx, rows};
use crate::unit;

pub(super) fn hold(book: &mut Book, movement: Movement) {
    let revision = movement.revision;
    book.movements.insert((movement.unit, movement.id), Held::read(movement, revision));
}

/// Marks a held movement changed, raising its revision once per transaction.
pub(super) fn touch(held: &mut Held<Movement>) {
    if let Some(read) = held.read_revision {
        held.value.revision = read + 1;
    }
    held.is_changed = true;
}

/// Locks obligations and reads all that documents for them would need.
pub(super) fn load_obligations(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    ids: &[(UnitId, ObligationId)],
) -> Result<()> {
    let mut parties = Vec::with_capacity(ids.len());
    for obligation in obligation::query::lock(tx, ids)? {
        parties.push((obligation.unit, obligation.party));
        let revision = obligation.revision;
        book.obligations.insert((obligation.unit, obligation.id), Held::read(obligation, revision));
    }
    book.lines.extend(obligation::query::lines(tx, ids)?);
    parties.sort_unstable();
    parties.dedup();
    book.payers.extend(party::load(tx, stamp.vault, &parties)?);
    let units: BTreeSet<UnitId> =
        ids.iter().map(|(unit, _)| *unit).filter(|unit| !book.units.contains_key(unit)).collect();
    let units: Vec<UnitId> = units.into_iter().collect();
    for unit in unit::query::by_ids(tx, &units)? {
        book.units.insert(unit.id, unit);
    }
    book.imprints.extend(unit::imprint::in_force(tx, &units, stamp.today())?);
    repaid::load(tx, book)
}

pub(super) fn movement_row(movement: &Movement, stamp: &Stamp<'_>) -> movement_query::MovementRow {
    movement_query::MovementRow {
        unit_id: movement.unit,
        id: movement.id,
        account_id: movement.account,
        direction: movement.direction.as_str(),
        amount: movement.amount,
        code: movement.code.clone(),
        first_seen_on: movement.first_seen_on,
        created_at: stamp.now,
        proven: movement.proven,
        claimed_by: movement.claimed_by.clone(),
        payment_id: movement.payment,
        state: movement.state.as_str(),
        revision: movement.revision,
    }
}

/// Stores the movements that the book opened, in the order of their keys.
pub(super) fn store_new(tx: &mut Tx<'_>, stamp: &Stamp<'_>, book: &Book) -> Result<()> {
    let opened = book.movements.values().filter(|held| held.read_revision.is_none());
    let mut fresh: Vec<_> = opened.map(|held| movement_row(&held.value, stamp)).collect();
    fresh.sort_by_key(|row| (row.unit_id, row.id));
    rows::insert(tx, &fresh)
}
