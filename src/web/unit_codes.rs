//! The codes of all units, which never change: an answer names units that row-level security hides from its
//! caller, by their official code and nothing else.

use std::collections::HashMap;
use std::sync::RwLock;

use crate::actor::Scope;
use crate::app::App;
use crate::error::Result;
use crate::id::UnitId;
use crate::unit;

#[derive(Default)]
pub struct UnitCodes(RwLock<HashMap<UnitId, String>>);

impl UnitCodes {
    /// Reads the codes of units that are not known yet. It opens a connection of its own: call it while none is
    /// held, so that readers never wait for each other.
    pub fn know(&self, app: &App, ids: impl IntoIterator<Item = UnitId>) -> Result<()> {
        if ids.into_iter().all(|id| self.of(id).is_some()) {
            return Ok(());
        }
        let all = app.store.read(&Scope::All, |conn| {
            let mut all = unit::all(conn)?;
            all.push(unit::find(conn, unit::CITY)?);
            Ok(all)
        })?;
        let mut known = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.extend(all.into_iter().map(|unit| (unit.id, unit.code)));
        Ok(())
    }

    /// The code of a unit that is known.
    pub fn of(&self, id: UnitId) -> Option<String> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&id).cloned()
    }
}
