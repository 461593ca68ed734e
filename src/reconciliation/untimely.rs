//! Channels whose claims stay unproven for too long.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::id::*;
use crate::payment::line_query;
use crate::store::{Stamp, Tx};
use crate::unit::trust;

/// A channel whose claims stay unproven longer than its agreement allows is not believed any more.
pub(super) fn suspend(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    ages: &HashMap<MovementId, u32>,
) -> Result<()> {
    let movements: Vec<(UnitId, MovementId)> = ages.keys().map(|id| (unit, *id)).collect();
    let mut oldest: BTreeMap<String, u32> = BTreeMap::new();
    for ((_, movement), channel) in line_query::first_channels(tx, &movements)? {
        let age = ages.get(&movement).copied().unwrap_or_default();
        oldest.entry(channel).and_modify(|known| *known = age.max(*known)).or_insert(age);
    }
    let pairs: Vec<(UnitId, AccountId, String)> =
        oldest.keys().map(|channel| (unit, account, channel.clone())).collect();
    for ((_, _, channel), trust) in trust::in_force(tx, &pairs)? {
        let age = oldest.get(&channel).copied().unwrap_or_default();
        let is_untimely = i64::from(age) > i64::from(trust.age_limit_days);
        if trust.settles_on(stamp.today()) && is_untimely {
            trust::suspend(tx, stamp, unit, account, &channel, "age_limit")?;
        }
    }
    Ok(())
}
