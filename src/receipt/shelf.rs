//! The series that one transaction numbers from: for each unit and kind the one in use, and behind
//! it those that take over when it runs out, in the middle of a batch too.

use std::collections::HashMap;

use super::kind::DocumentKind;
use crate::actor::Actor;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::{Stamp, Tx};
use crate::unit::Series;
use crate::unit::series::{self, Phase, life};

/// The unit and the kind of its series.
pub(super) type Space = (UnitId, &'static str);

/// A series as it was locked, and as far as this transaction used it.
struct Held {
    series: Series,
    read_no: i64,
}

/// See the module.
pub(super) struct Shelf {
    spaces: HashMap<Space, Vec<Held>>,
}

impl Shelf {
    /// Locks the series of the units for the year.
    pub fn lock(tx: &mut Tx<'_>, units: &[UnitId], year: i32) -> Result<Shelf> {
        let mut spaces: HashMap<Space, Vec<Held>> = HashMap::with_capacity(units.len());
        for series in series::lock_year(tx, units, year)? {
            let Some(kind) = DocumentKind::parse(&series.document_kind) else { continue };
            let read_no = series.next_no;
            spaces.entry((series.unit, kind.series_kind())).or_default().push(Held { series, read_no });
        }
        spaces.values_mut().for_each(|held| held.sort_by_key(|one| turn(&one.series)));
        Ok(Shelf { spaces })
    }

    /// The series that gives the next number: the newest open one that still has numbers. When every
    /// open one is used up, the next planned one of the year opens now, as the register would do
    /// some minutes later; a planned one follows others and never begins a kind. None when none is
    /// open; a used up one when nothing follows it.
    pub fn in_use(
        &mut self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        space: Space,
    ) -> Result<Option<&mut Series>> {
        let Some(held) = self.spaces.get_mut(&space) else { return Ok(None) };
        if !held.iter().any(|one| gives(&one.series)) {
            open_next(tx, stamp, held)?;
        }
        let place = held.iter().position(|one| gives(&one.series));
        let place = place.or_else(|| held.iter().position(|one| one.series.is_open));
        Ok(place.and_then(|place| held.get_mut(place)).map(|one| &mut one.series))
    }

    /// Those that gave numbers.
    pub fn used(self) -> Vec<Series> {
        let held = self.spaces.into_values().flatten();
        held.filter(|one| one.series.next_no != one.read_no).map(|one| one.series).collect()
    }
}

fn gives(series: &Series) -> bool {
    series.is_open && series.remaining() > 0
}

/// Newest first, planned ones in the order in which they were planned.
fn turn(series: &Series) -> (bool, i64) {
    let is_planned = series.phase == Phase::Planned;
    (is_planned, if is_planned { series.id.0 } else { -series.id.0 })
}

fn open_next(tx: &mut Tx<'_>, stamp: &Stamp<'_>, held: &mut [Held]) -> Result<()> {
    let is_used_up = |series: &Series| series.is_open || series.phase == Phase::Exhausted;
    let follows = held.iter().any(|one| is_used_up(&one.series) && one.series.remaining() == 0);
    if !follows {
        return Ok(());
    }
    for one in held.iter_mut().filter(|one| one.series.phase == Phase::Planned) {
        match life::open_planned(tx, stamp, &Actor::system(), &one.series) {
            Ok(()) => {
                one.series.phase = Phase::Open;
                one.series.is_open = true;
                one.series.revision += 1;
                return Ok(());
            }
            Err(error) if error.is_internal() || error.is_busy() => return Err(error),
            Err(error) => tracing::warn!(series = %one.series.id, %error, "a planned series cannot open"),
        }
    }
    Ok(())
}
