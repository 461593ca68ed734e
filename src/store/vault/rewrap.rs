//! Changing the master key: data keys are wrapped anew, a few in each transaction, so that it can
//! stop and go on at any place.

use diesel::prelude::*;

use super::{Vault, wrap_context};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{Ids, KeyId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema::data_key;
use crate::store::{Conn, Tx, rows};

crate::table_row! {
    pub struct WrappingRow in "data_key_event" {
        pub unit_id: UnitId,
        pub id: KeyId,
        pub key_id: KeyId,
        pub revision: i64,
        pub kind: &'static str,
        pub master_id: String,
        pub at: Instant,
    }
}

type Waiting = (UnitId, KeyId, Option<Vec<u8>>, i64);

impl Vault {
    /// Wraps up to `limit` data keys under the present master key that are under another one, or
    /// of which nobody noted under which. Returns how many; none when nothing is left.
    ///
    /// # Errors
    /// `master_key_wrong` when one opens with neither master key; nothing is changed then.
    pub fn rewrap(&self, tx: &mut Tx<'_>, now: Instant, ids: &Ids, limit: i64) -> Result<usize> {
        let waiting = self.waiting(tx, limit)?;
        let mut events = Vec::with_capacity(waiting.len());
        for (unit, id, wrapped, revision) in waiting {
            let Some(wrapped) = wrapped else { continue };
            let raw = self.unwrapped(unit, id, &wrapped)?;
            let anew = self.encrypt(&self.master.key, &wrap_context(unit, id), &raw)?;
            let changed = diesel::update(
                data_key::table
                    .filter(data_key::unit_id.eq(unit))
                    .filter(data_key::id.eq(id))
                    .filter(data_key::revision.eq(revision))
                    .filter(data_key::destroyed_at.is_null()),
            )
            .set((
                data_key::wrapped.eq(Some(anew)),
                data_key::master_id.eq(Some(self.master.id.as_str())),
                data_key::revision.eq(revision + 1),
            ))
            .execute(tx.conn())
            .classify()?;
            if changed != 1 {
                return Err(Error::busy(crate::store::failure::RETRY, 1, "a data key was changed meanwhile"));
            }
            events.push(WrappingRow {
                unit_id: unit,
                id: ids.mint(now)?,
                key_id: id,
                revision: revision + 1,
                kind: "rewrapped",
                master_id: self.master.id.clone(),
                at: now,
            });
        }
        rows::insert(tx, &events)?;
        Ok(events.len())
    }

    /// How many data keys are not under the present master key.
    pub fn left_to_rewrap(&self, conn: &mut Conn) -> Result<i64> {
        data_key::table
            .filter(data_key::wrapped.is_not_null())
            .filter(data_key::master_id.is_null().or(data_key::master_id.ne(self.master.id.as_str())))
            .count()
            .get_result(conn)
            .classify()
    }

    /// What the present master key is called in events and messages.
    pub fn master_id(&self) -> &str {
        &self.master.id
    }

    fn waiting(&self, conn: &mut Conn, limit: i64) -> Result<Vec<Waiting>> {
        data_key::table
            .filter(data_key::wrapped.is_not_null())
            .filter(data_key::master_id.is_null().or(data_key::master_id.ne(self.master.id.as_str())))
            .order((data_key::unit_id, data_key::id))
            .limit(limit)
            .select((data_key::unit_id, data_key::id, data_key::wrapped, data_key::revision))
            .load(conn)
            .classify()
    }
}
