//! The key of the blind indexes, kept like a data key so that it outlives the master key it came
//! from.

use diesel::prelude::*;
use ring::hmac;

use super::{DataKeyRow, Vault, wrap_context};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{Ids, KeyId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema::data_key;
use crate::store::{Conn, Tx, rows};

/// The city's unit, which is there before every other.
const OWNER: UnitId = UnitId(1);
/// No year: the place of this one key among the city's.
const INDEX_YEAR: i32 = -1;

impl Vault {
    /// Takes the kept index key. False when none is kept yet.
    ///
    /// # Errors
    /// `master_key_wrong` when no configured master key opens it.
    pub fn take_index_key(&mut self, conn: &mut Conn) -> Result<bool> {
        let Some((id, wrapped)) = kept(conn)? else { return Ok(false) };
        self.index_key = hmac::Key::new(hmac::HMAC_SHA256, &self.unwrapped(OWNER, id, &wrapped)?);
        Ok(true)
    }

    /// Keeps the index key of an installation that has none yet: that of the master key which
    /// wrapped its oldest data key, else of the present one.
    ///
    /// # Errors
    /// `master_key_wrong`.
    pub fn keep_index_key(&self, tx: &mut Tx<'_>, now: Instant, ids: &Ids) -> Result<()> {
        let begun_with = match oldest(tx)? {
            Some((unit, id, wrapped)) => {
                let context = wrap_context(unit, id);
                let opens = |master: &super::Master| super::decrypt(&master.key, &context, &wrapped).is_ok();
                let second = self.second.as_ref().filter(|master| opens(master));
                if opens(&self.master) { Some(&self.master) } else { second }
            }
            None => Some(&self.master),
        };
        let begun_with = begun_with.ok_or_else(super::master_key_wrong)?;
        let id: KeyId = ids.mint(now)?;
        let row = DataKeyRow {
            unit_id: OWNER,
            id,
            year: INDEX_YEAR,
            created_at: now,
            wrapped: Some(self.encrypt(&self.master.key, &wrap_context(OWNER, id), &begun_with.index)?),
            destroyed_at: None,
            revision: 0,
            master_id: Some(self.master.id.clone()),
        };
        rows::insert_if_absent(tx, &[row], &["unit_id", "year"]).map(|_| ())
    }
}

fn kept(conn: &mut Conn) -> Result<Option<(KeyId, Vec<u8>)>> {
    let found: Option<(KeyId, Option<Vec<u8>>)> = data_key::table
        .filter(data_key::unit_id.eq(OWNER))
        .filter(data_key::year.eq(INDEX_YEAR))
        .select((data_key::id, data_key::wrapped))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.and_then(|(id, wrapped)| Some((id, wrapped?))))
}

/// The oldest data key that was not destroyed.
fn oldest(conn: &mut Conn) -> Result<Option<(UnitId, KeyId, Vec<u8>)>> {
    let found: Option<(UnitId, KeyId, Option<Vec<u8>>)> = data_key::table
        .filter(data_key::wrapped.is_not_null())
        .order((data_key::created_at, data_key::unit_id, data_key::id))
        .select((data_key::unit_id, data_key::id, data_key::wrapped))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.and_then(|(unit, id, wrapped)| Some((unit, id, wrapped?))))
}
