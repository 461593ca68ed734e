//! The codes of all units, which never change: an answer names units that row-level security hides from its
//! caller, by their official code and nothing else.

use std::collections::HashMap;
use std::sync::RwLock;

use serde::Serialize;

use crate::actor::Scope;
use crate::app::App;
use crate::error::Result;
use crate::id::UnitId;
use crate::unit;

#[derive(Default)]
pub struct UnitCodes(RwLock<HashMap<UnitId, String>>);

/// What names its unit by id, with the official code beside it: requests name units by that alone.
#[derive(Serialize)]
pub struct Coded<T> {
    #[serde(flatten)]
    of: T,
    unit_code: Option<String>,
}

impl UnitCodes {
    /// Each with the code of its unit; to be called like `know`.
    pub fn beside<T>(&self, app: &App, found: Vec<T>, unit: impl Fn(&T) -> UnitId) -> Result<Vec<Coded<T>>> {
        self.know(app, found.iter().map(&unit))?;
        Ok(found.into_iter().map(|of| Coded { unit_code: self.of(unit(&of)), of }).collect())
    }

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
