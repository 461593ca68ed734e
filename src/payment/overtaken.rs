//! Claims that came while lines were matched.

use std::collections::BTreeSet;

use super::movement::State;
use super::prove::{Case, LIKENESS_DAYS, LineWork, reference_key};
use super::query;
use super::reversal::direction;
use crate::error::{Error, Result};
use crate::id::{MovementId, UnitId};
use crate::store::Tx;

/// A claim that was committed after matching read the movements may be the money of a line that
/// matching took for unclaimed: posting both would count one transfer twice.
pub(super) fn refuse(tx: &mut Tx<'_>, works: &[&LineWork], seen: &BTreeSet<MovementId>) -> Result<()> {
    let unclaimed: Vec<&&LineWork> = works
        .iter()
        .filter(|work| matches!(work.case, Case::Credit { .. } | Case::UnknownCredit(_)))
        .collect();
    let looks: BTreeSet<query::Likeness> = unclaimed
        .iter()
        .map(|work| query::Likeness {
            unit: work.unit,
            account: work.account,
            direction: direction(work).as_str(),
            code: work.code.clone(),
            amount: work.size(),
        })
        .collect();
    let Some(earliest) = unclaimed.iter().map(|work| work.booking_date).min() else { return Ok(()) };
    let mut candidates =
        query::alike(tx, &looks.into_iter().collect::<Vec<_>>(), earliest.plus_days(-LIKENESS_DAYS))?;
    let keys: BTreeSet<(UnitId, String)> = unclaimed.iter().filter_map(|work| reference_key(work)).collect();
    let by_key: BTreeSet<(UnitId, MovementId)> =
        query::movement_keys(tx, &keys.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|(unit, _, id)| (unit, id))
            .collect();
    candidates.extend(query::movements(tx, &by_key.into_iter().collect::<Vec<_>>())?);
    if candidates.iter().any(|movement| movement.state == State::Expected && !seen.contains(&movement.id)) {
        return Err(Error::busy(
            crate::store::failure::RETRY,
            1,
            "a claim came while the lines were matched",
        ));
    }
    Ok(())
}
