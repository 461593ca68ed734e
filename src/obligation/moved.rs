//! Obligations that go on in another unit after a merger. Their codes lead to where they are now: citizens'
//! links and what is paid under the old code find the new one.

use std::collections::HashMap;

use diesel::sql_types::BigInt;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::store::rows::{self, Column, Lock};
use crate::store::{Conn, Stamp, Tx};

/// An obligation by its whole key.
pub type Key = (UnitId, ObligationId);

crate::table_row! {
    pub struct MovedRow in "obligation_handover" {
        pub unit_id: UnitId,
        pub obligation_id: ObligationId,
        pub successor_id: UnitId,
        pub successor_obligation_id: ObligationId,
        pub created_at: Instant,
    }
}

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
        let moved = next(conn, &keys)?;
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

fn next(conn: &mut Conn, keys: &[&mut Key]) -> Result<HashMap<Key, Key>> {
    type Stored = (UnitId, ObligationId, UnitId, ObligationId);
    let found: Vec<Stored> = rows::fetch::<(BigInt, BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.successor_id, t.successor_obligation_id FROM obligation_handover t",
        &[
            ("unit_id", Column::of(keys.iter().map(|key| key.0))),
            ("obligation_id", Column::of(keys.iter().map(|key| key.1))),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(unit, id, successor, new)| ((unit, id), (successor, new))).collect())
}
