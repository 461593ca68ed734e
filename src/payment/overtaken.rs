//! Claims that came while lines were matched.

use std::collections::BTreeSet;

use super::movement::State;
use super::prove::{Case, LIKENESS_DAYS, LineWork, reference_key};
use super::reversal::direction;
use super::{gateway, movement_query};
use crate::error::{Error, Result};
use crate::id::{AccountId, MovementId, UnitId};
use crate::store::Tx;

/// A claim that was committed after matching read the movements may be the money of a line that
/// matching took for unclaimed: posting both would count one transfer twice.
pub(super) fn refuse(tx: &mut Tx<'_>, works: &[&LineWork], seen: &BTreeSet<MovementId>) -> Result<()> {
    let unclaimed: Vec<&&LineWork> = works
        .iter()
        .filter(|work| matches!(work.case, Case::Credit { .. } | Case::UnknownCredit(_)))
        .collect();
    let looks: BTreeSet<movement_query::Likeness> = unclaimed
        .iter()
        .map(|work| movement_query::Likeness {
            unit: work.unit,
            account: work.account,
            direction: direction(work).as_str(),
            code: work.code.clone(),
            amount: work.size(),
        })
        .collect();
    refuse_unseen(tx, works, seen)?;
    let Some(earliest) = unclaimed.iter().map(|work| work.booking_date).min() else { return Ok(()) };
    let mut candidates = movement_query::alike(
        tx,
        &looks.into_iter().collect::<Vec<_>>(),
        earliest.plus_days(-LIKENESS_DAYS),
    )?;
    let keys: BTreeSet<(UnitId, String)> = unclaimed.iter().filter_map(|work| reference_key(work)).collect();
    let by_key: BTreeSet<(UnitId, MovementId)> =
        movement_query::movement_keys(tx, &keys.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|(unit, _, id)| (unit, id))
            .collect();
    candidates.extend(movement_query::movements(tx, &by_key.into_iter().collect::<Vec<_>>())?);
    if candidates.iter().any(|movement| movement.state == State::Expected && !seen.contains(&movement.id)) {
        return Err(Error::busy(
            crate::store::failure::RETRY,
            1,
            "a claim came while the lines were matched",
        ));
    }
    Ok(())
}

/// A lump sum found without a report is the only choice among the claims that matching knew: another
/// claim of the account may make it one of two.
pub(super) fn refuse_unseen(tx: &mut Tx<'_>, works: &[&LineWork], seen: &BTreeSet<MovementId>) -> Result<()> {
    let accounts: BTreeSet<(UnitId, AccountId)> = works
        .iter()
        .filter(|work| matches!(&work.case, Case::LumpSum(lump) if lump.settlement.is_none()))
        .map(|work| (work.unit, work.account))
        .collect();
    for (unit, account) in accounts {
        let expected = gateway::query::expected(tx, unit, account)?;
        if expected.iter().any(|movement| !seen.contains(movement)) {
            return Err(Error::busy(
                crate::store::failure::RETRY,
                1,
                "a claim came while a lump sum was taken apart",
            ));
        }
    }
    Ok(())
}
