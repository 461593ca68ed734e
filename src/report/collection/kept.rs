//! What was counted, kept in memory so that a page of figures costs the same on a busy day.
//!
//! Sums of days that are over never change while no further day is summed, so they are kept as long as that
//! holds. Rows of the days without a sum are read afresh while they are few; when they are many they are
//! kept for a while, and what shows them says of which moment they are.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use super::collection_query::{self, AmountRow, Day, DossierRow, sums};
use super::recorded_query::recorded;
use super::{Collection, READERS};
use crate::actor::{Actor, Scope};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::report::Period;
use crate::store::{Conn, Store};

/// Postings from which rows of the days without a sum are kept.
const KEPT_FROM: i64 = 4_000;
/// Postings that a second between two readings pays for: reading takes a hundredth of that second's work.
const POSTINGS_A_SECOND: i64 = 2_000;
const PACE_MIN_S: i64 = 30;
/// Periods whose sums are kept: this month, the last, and one that somebody looks back at.
const PERIODS: usize = 3;

/// The first day without a sum, by unit.
type OpenFrom = BTreeMap<UnitId, BusinessDay>;

/// The sums of a period, of every unit.
struct Stored {
    period: Period,
    open_from: OpenFrom,
    by_unit: BTreeMap<UnitId, Collection>,
}

/// Rows of the days without a sum, of every unit.
struct Open {
    at: Instant,
    open_from: OpenFrom,
    amounts: Vec<AmountRow>,
    dossiers: Vec<DossierRow>,
    postings: i64,
}

/// Everything counted in a period.
pub struct Counted {
    stored: Arc<Stored>,
    open: Arc<Open>,
}

impl Stored {
    fn read(conn: &mut Conn, period: Period, open_from: OpenFrom) -> Result<Stored> {
        let mut by_unit: BTreeMap<UnitId, Collection> = BTreeMap::new();
        let (amounts, dossiers) = sums(conn, period)?;
        for row in &amounts {
            by_unit.entry(row.unit).or_default().take(row)?;
        }
        for row in &dossiers {
            by_unit.entry(row.unit).or_default().take_dossiers(row)?;
        }
        Ok(Stored { period, open_from, by_unit })
    }
}

impl Open {
    fn read(conn: &mut Conn, at: Instant) -> Result<Open> {
        let open_from = collection_query::open_from(conn)?;
        let (mut amounts, mut dossiers) = match open_from.values().min() {
            Some(from) => recorded(conn, Day::since(*from))?,
            None => Default::default(),
        };
        let is_open = |unit: &UnitId, day: BusinessDay| open_from.get(unit).is_some_and(|from| *from <= day);
        amounts.retain(|row| is_open(&row.unit, row.recorded_on));
        dossiers.retain(|row| is_open(&row.unit, row.recorded_on));
        let postings = amounts.iter().map(|row| row.postings).sum();
        Ok(Open { at, open_from, amounts, dossiers, postings })
    }

    /// Seconds after which rows of so many postings are read again.
    fn pace_s(&self) -> i64 {
        PACE_MIN_S.max(self.postings / POSTINGS_A_SECOND)
    }
}

impl Counted {
    /// Reads what was counted to the last committed row.
    pub fn read(conn: &mut Conn, period: Period, at: Instant) -> Result<Counted> {
        let open = Open::read(conn, at)?;
        let stored = Stored::read(conn, period, open.open_from.clone())?;
        Ok(Counted { stored: Arc::new(stored), open: Arc::new(open) })
    }

    /// The moment whose figures these are.
    pub fn at(&self) -> Instant {
        self.open.at
    }

    /// What units of an actor's scope collected.
    ///
    /// # Errors
    /// `role_not_allowed`, `amount_out_of_range`.
    pub fn of(&self, actor: &Actor, units: &[UnitId]) -> Result<Collection> {
        actor.require_role(&READERS)?;
        let mut found = Collection::default();
        let is_asked = |unit: &UnitId| units.contains(unit) && actor.scope.covers(*unit);
        for (_, collected) in self.stored.by_unit.iter().filter(|(unit, _)| is_asked(unit)) {
            found.add(collected)?;
        }
        let Period { from, until } = self.stored.period;
        let is_in = |unit: &UnitId, day: BusinessDay| from <= day && day <= until && is_asked(unit);
        for row in self.open.amounts.iter().filter(|row| is_in(&row.unit, row.day)) {
            found.take(row)?;
        }
        for row in self.open.dossiers.iter().filter(|row| is_in(&row.unit, row.recorded_on)) {
            found.take_dossiers(row)?;
        }
        Ok(found)
    }
}

#[derive(Default)]
struct Held {
    open: Option<Arc<Open>>,
    stored: Vec<Arc<Stored>>,
}

/// What a process keeps.
pub struct Kept {
    held: RwLock<Held>,
    from_postings: i64,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept::from_postings(KEPT_FROM)
    }
}

impl Kept {
    /// Keeps rows of the days without a sum from so many postings on.
    pub fn from_postings(from_postings: i64) -> Kept {
        Kept { held: RwLock::default(), from_postings }
    }

    /// What was counted in a period: to the last committed row, or of a moment not long ago.
    ///
    /// # Errors
    /// Those of the store, `amount_out_of_range`.
    pub fn look(&self, store: &Store, period: Period, now: Instant) -> Result<Counted> {
        let open = match self.open_at(now) {
            Some(open) => open,
            None => self.read_open(store, now)?,
        };
        let stored = store.read(&Scope::All, |conn| self.stored(conn, period))?;
        if open.open_from == stored.open_from {
            return Ok(Counted { stored, open });
        }
        // A day was summed or a unit came since: the two are read at one moment.
        let counted = store.read(&Scope::All, |conn| Counted::read(conn, period, now))?;
        self.keep_open(&counted.open);
        Ok(counted)
    }

    /// Reads rows that are kept again when they are no longer new, so that who looks need not wait for it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn refresh(&self, store: &Store, now: Instant) -> Result<()> {
        let held = self.held.read().unwrap_or_else(|poisoned| poisoned.into_inner()).open.clone();
        let is_due = held.is_some_and(|open| now.seconds_since(open.at) >= open.pace_s());
        if is_due { self.read_open(store, now).map(|_| ()) } else { Ok(()) }
    }

    fn open_at(&self, now: Instant) -> Option<Arc<Open>> {
        let held = self.held.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let fresh = |open: &&Arc<Open>| (0..open.pace_s() * 3).contains(&now.seconds_since(open.at));
        held.open.as_ref().filter(fresh).cloned()
    }

    fn read_open(&self, store: &Store, now: Instant) -> Result<Arc<Open>> {
        let open = Arc::new(store.read(&Scope::All, |conn| Open::read(conn, now))?);
        self.keep_open(&open);
        Ok(open)
    }

    fn keep_open(&self, open: &Arc<Open>) {
        let is_worth = open.postings >= self.from_postings;
        let mut held = self.held.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        held.open = is_worth.then(|| Arc::clone(open));
    }

    fn stored(&self, conn: &mut Conn, period: Period) -> Result<Arc<Stored>> {
        let open_from = collection_query::open_from(conn)?;
        let is_same = |one: &&Arc<Stored>| one.period == period && one.open_from == open_from;
        let held = self.held.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(stored) = held.stored.iter().find(is_same) {
            return Ok(Arc::clone(stored));
        }
        drop(held);
        let stored = Arc::new(Stored::read(conn, period, open_from)?);
        let mut held = self.held.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        held.stored.retain(|one| one.period != period);
        held.stored.insert(0, Arc::clone(&stored));
        held.stored.truncate(PERIODS);
        Ok(stored)
    }
}
