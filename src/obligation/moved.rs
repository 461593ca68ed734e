//! Obligations that go on in another unit after a merger. Their codes lead to where they are now: citizens'
//! links and what is paid under the old code find the new one.

use super::moved_query::{self as query, MovedRow};
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};

/// An obligation by its whole key.
pub type Key = (UnitId, ObligationId);

/// More mergers in a row than a commune lives through; a ring would end here too.
const STEPS_LIMIT: usize = 16;

/// Notes where an obligation goes on.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, old: Key, new: Key) -> Result<()> {
    let row = MovedRow {
        unit_id: old.0,
        obligation_id: old.1,
        successor_id: new.0,
        successor_obligation_id: new.1,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// Leads each key to where its obligation is now, over as many mergers as there were.
pub fn follow<'k>(conn: &mut Conn, keys: impl Iterator<Item = &'k mut Key>) -> Result<()> {
    let mut keys: Vec<&mut Key> = keys.collect();
    for _ in 0..STEPS_LIMIT {
        if keys.is_empty() {
            return Ok(());
        }
        let moved = query::next(conn, &keys)?;
        keys.retain_mut(|key| match moved.get(key) {
            Some(new) => {
                **key = *new;
                true
            }
            None => false,
        });
    }
    Ok(())
}
