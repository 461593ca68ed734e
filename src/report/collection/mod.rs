//! What was collected: fees by unit, item, way of payment and day, and dossiers by how they paid.
//!
//! A day that is over is summed once, by the day on which its rows were recorded. Nothing is ever
//! recorded on a past day, so a sum stays right; what an accounting day got later stands in a later
//! sum. Days without a sum yet are read as they are. So figures cost the same with a thousand
//! receipts and with a million, and `kept.rs` keeps them between two looks.

mod collection_query;
mod kept;
mod parts;
mod recorded_query;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::store::{Conn, Lane, Stamp, Store, failure, rows};

use super::Period;
use collection_query::Day;
pub use collection_query::{AmountRow, DossierRow};
pub use kept::{Counted, Kept};
use recorded_query::recorded;

/// How long after midnight rows of the day before may still be on their way into the database.
const PATIENCE_S: i64 = 600;

/// Fees and dossiers of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collection {
    /// Net of what was taken back, by accounting day.
    pub by_unit: BTreeMap<UnitId, Dong>,
    pub by_item: BTreeMap<String, Dong>,
    /// `cash`, `card`, `statement`, `other`, or a channel; `in_parts` in sums of before payments counted each
    /// by its own way.
    pub by_way: BTreeMap<String, Dong>,
    pub by_day: BTreeMap<BusinessDay, Dong>,
    pub total: Dong,
    /// Dossiers paid in full for the first time, by unit and field.
    pub dossiers: BTreeMap<(UnitId, String), Paid>,
}

/// How dossiers paid: each counts once, on the day it was paid in full for the first time, and as electronic
/// only when no part of it was cash; its money counts by the way of each payment. Those that cost nothing
/// stand apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Paid {
    pub count: i64,
    pub amount: Dong,
    /// By transfer or card.
    pub electronic_count: i64,
    pub electronic_amount: Dong,
    /// Of 0 đồng.
    pub free_count: i64,
}

impl Paid {
    pub fn add(&mut self, other: &Paid) -> Result<()> {
        self.count += other.count;
        self.amount = self.amount.checked_add(other.amount)?;
        self.electronic_count += other.electronic_count;
        self.electronic_amount = self.electronic_amount.checked_add(other.electronic_amount)?;
        self.free_count += other.free_count;
        Ok(())
    }

    fn of(way: &str, dossiers: i64, amount: Dong) -> Paid {
        match way {
            "free" => Paid { free_count: dossiers, ..Paid::default() },
            "cash" => Paid { count: dossiers, amount, ..Paid::default() },
            _ => Paid {
                count: dossiers,
                amount,
                electronic_count: dossiers,
                electronic_amount: amount,
                free_count: 0,
            },
        }
    }

    /// Electronic payment in hundredths of a percent, by count; `None` where nobody paid.
    pub fn share_by_count(&self) -> Option<i64> {
        share(self.electronic_count, self.count)
    }

    /// The same by amount.
    pub fn share_by_amount(&self) -> Option<i64> {
        share(self.electronic_amount.0, self.amount.0)
    }
}

/// A share in hundredths of a percent, rounded half up, but never up to a whole percent: targets are whole, and
/// none is met by rounding.
pub fn share(part: i64, whole: i64) -> Option<i64> {
    let whole = (whole > 0).then(|| i128::from(whole))?;
    let exact = i128::from(part) * 10_000;
    let (cut, rounded) = (exact.div_euclid(whole), (exact * 2 + whole).div_euclid(whole * 2));
    let found = if rounded % 100 == 0 { cut } else { rounded };
    i64::try_from(found).ok()
}

/// A share as people read it: `62,5 %`.
pub fn percent(share: i64) -> String {
    let (whole, rest) = (share / 100, share % 100);
    match rest {
        0 => format!("{whole} %"),
        rest if rest % 10 == 0 => format!("{whole},{} %", rest / 10),
        rest => format!("{whole},{rest:02} %"),
    }
}

impl Collection {
    fn take(&mut self, row: &AmountRow) -> Result<()> {
        for sum in [
            self.by_unit.entry(row.unit).or_default(),
            self.by_item.entry(row.item.clone()).or_default(),
            self.by_way.entry(row.way.clone()).or_default(),
            self.by_day.entry(row.day).or_default(),
            &mut self.total,
        ] {
            *sum = sum.checked_add(row.amount)?;
        }
        Ok(())
    }

    fn take_dossiers(&mut self, row: &DossierRow) -> Result<()> {
        let paid = Paid::of(&row.way, row.dossiers, row.amount);
        self.dossiers.entry((row.unit, row.field.clone())).or_default().add(&paid)
    }

    fn add(&mut self, other: &Collection) -> Result<()> {
        fn each<K: Clone + Ord>(sums: &mut BTreeMap<K, Dong>, other: &BTreeMap<K, Dong>) -> Result<()> {
            for (key, amount) in other {
                let sum = sums.entry(key.clone()).or_default();
                *sum = sum.checked_add(*amount)?;
            }
            Ok(())
        }
        each(&mut self.by_unit, &other.by_unit)?;
        each(&mut self.by_item, &other.by_item)?;
        each(&mut self.by_way, &other.by_way)?;
        each(&mut self.by_day, &other.by_day)?;
        self.total = self.total.checked_add(other.total)?;
        for (key, paid) in &other.dossiers {
            self.dossiers.entry(key.clone()).or_default().add(paid)?;
        }
        Ok(())
    }

    /// The dossiers of a unit, whatever the field.
    pub fn of_unit(&self, unit: UnitId) -> Result<Paid> {
        let mut sum = Paid::default();
        for (_, paid) in self.dossiers.range((unit, String::new())..).take_while(|((one, _), _)| *one == unit)
        {
            sum.add(paid)?;
        }
        Ok(sum)
    }
}

/// Who may read the figures of their units.
pub const READERS: [Role; 5] =
    [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System];

/// What was collected in a period by the units of a scope, to the last committed row.
///
/// # Errors
/// `role_not_allowed`, `amount_out_of_range`.
pub fn of_period(conn: &mut Conn, actor: &Actor, units: &[UnitId], period: Period) -> Result<Collection> {
    Counted::read(conn, period, Instant(0))?.of(actor, units)
}

/// Sums the days that are over and have no sum yet, the oldest first, at most `limit` of them.
/// Returns how many days were summed.
///
/// # Errors
/// Those of the store. Another process that is faster is none.
pub fn sum_days<'a>(store: &Store, stamp: &dyn Fn() -> Stamp<'a>, limit: usize) -> Result<usize> {
    let scope = crate::actor::Scope::All;
    let mut count = 0;
    while count < limit {
        let now = stamp().now;
        let open = store.read(&scope, collection_query::open_from)?;
        let Some(day) = open.values().min().copied().filter(|day| is_over(*day, now)) else { break };
        let units: Vec<UnitId> =
            open.into_iter().filter(|(_, from)| *from == day).map(|(unit, _)| unit).collect();
        let written = store.write(&scope, Lane::Bulk, |tx| {
            let (amounts, dossiers) = recorded(tx, Day::only(day))?;
            let is_ours = |unit: &UnitId| units.binary_search(unit).is_ok();
            let amounts: Vec<_> = amounts.into_iter().filter(|row| is_ours(&row.unit)).collect();
            let dossiers: Vec<_> = dossiers.into_iter().filter(|row| is_ours(&row.unit)).collect();
            rows::insert(tx, &collection_query::days(&units, day, stamp().now))?;
            rows::insert(tx, &collection_query::amounts(&amounts))?;
            rows::insert(tx, &collection_query::dossiers(&dossiers))
        });
        match written {
            Ok(()) => count += 1,
            Err(error) if error.code() == failure::UNIQUE => break,
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Whether nothing can be recorded on the day any more.
fn is_over(day: BusinessDay, now: Instant) -> bool {
    day.next().start().plus_seconds(PATIENCE_S) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up_to_its_target() {
        assert_eq!(share(1_999, 2_000), Some(9_995));
        assert_eq!(share(599_999, 1_000_000), Some(5_999));
        assert_eq!(share(22, 24), Some(9_167), "91,666…");
        assert_eq!(share(1, 3), Some(3_333));
        assert_eq!(share(2, 200), Some(100));
        assert_eq!(share(1, 1_000_000), Some(0));
        assert_eq!(share(0, 5), Some(0));
        assert_eq!(share(5, 0), None);
        assert_eq!(percent(6_250), "62,5 %");
        assert_eq!(percent(10_000), "100 %");
        assert_eq!(percent(5_999), "59,99 %");
        assert_eq!(percent(5), "0,05 %");
    }

    #[test]
    fn what_costs_nothing_is_neither_electronic_nor_not() {
        let mut sum = Paid::default();
        for (way, count, amount) in
            [("free", 7, 0), ("cash", 1, 50_000), ("transfer", 2, 30_000), ("card", 1, 20_000)]
        {
            sum.add(&Paid::of(way, count, Dong(amount))).unwrap();
        }
        assert_eq!((sum.count, sum.free_count), (4, 7));
        assert_eq!(sum.share_by_count(), Some(7_500));
        assert_eq!(sum.share_by_amount(), Some(5_000));
        assert_eq!(Paid::of("free", 3, Dong::ZERO).share_by_count(), None);
    }

    #[test]
    fn a_day_is_summed_only_when_its_last_rows_have_arrived() {
        let day: BusinessDay = "2026-11-22".parse().unwrap();
        assert!(!is_over(day, day.next().start()));
        assert!(is_over(day, day.next().start().plus_seconds(PATIENCE_S)));
    }
}
