//! What a writing use case takes from outside: the time, fresh ids, the vault and the calendar.

use super::Tx;
use super::vault::{DataKey, Vault};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{Ids, UnitId};
use crate::working_days::WorkingDays;

/// One reading of the clock for a whole use case, with the ids and keys to write by.
#[derive(Clone, Copy)]
pub struct Stamp<'a> {
    pub now: Instant,
    pub ids: &'a Ids,
    pub vault: &'a Vault,
    pub calendar: &'a WorkingDays,
    /// The most that banks may have kept of a refund that comes back short.
    pub returned_charge_limit: Dong,
}

impl Stamp<'_> {
    pub fn mint<T: From<i64>>(&self) -> Result<T> {
        self.ids.mint(self.now)
    }

    pub fn today(&self) -> BusinessDay {
        self.now.business_day()
    }

    pub fn sealing_key(&self, tx: &mut Tx<'_>, unit: UnitId) -> Result<DataKey> {
        self.vault.sealing_key(tx, unit, self.now, self.ids)
    }

    pub fn lasting_key(&self, tx: &mut Tx<'_>, unit: UnitId) -> Result<DataKey> {
        self.vault.lasting_key(tx, unit, self.now, self.ids)
    }
}
