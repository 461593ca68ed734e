//! Lines that a rule calls own transfers, joined with their other side after a run where it is the only one.

use super::classification::{Class, classify};
use super::matching::{Line, Settings};
use crate::actor::Actor;
use crate::error::Result;
use crate::id::{LineId, UnitId};
use crate::payment::own_transfer;
use crate::store::{Lane, Stamp, Store};

/// Lines looked at in one transaction.
const CHUNK: usize = 250;

/// Joins what can be joined; the rest waits under its exceptions.
pub fn join(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    lines: &[Line],
    settings: &Settings,
) -> Result<()> {
    let is_own =
        |line: &&Line| classify(line, &settings.rules).is_some_and(|(class, _)| class == Class::OwnTransfer);
    let named: Vec<(UnitId, LineId)> = lines.iter().filter(is_own).map(|line| (line.unit, line.id)).collect();
    for chunk in named.chunks(CHUNK) {
        store.write(&actor.scope, Lane::Bulk, |tx| own_transfer::join(tx, stamp, actor, chunk))?;
    }
    Ok(())
}
