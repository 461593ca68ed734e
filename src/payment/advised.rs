//! Money that a channel told of and that no statement has proven yet. Nothing was settled by it, so the debt is
//! still open in the books: who takes cash for it takes the same money twice.

use std::collections::HashMap;

use super::movement_query;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AccountId, ObligationId, UnitId};
use crate::obligation::Obligation;
use crate::store::Conn;
use crate::unit::account;

/// What was told of for one obligation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advised {
    /// Of several transfers their sum.
    pub amount: Dong,
    /// When the last of them was told of.
    pub at: Instant,
}

/// What waits for its proof, by the obligation of the unit that it names. A transfer for several names each of them.
pub fn of(conn: &mut Conn, unit: UnitId, items: &[Obligation]) -> Result<HashMap<ObligationId, Advised>> {
    let mut found: HashMap<ObligationId, Advised> = HashMap::new();
    if items.is_empty() {
        return Ok(found);
    }
    let accounts: Vec<AccountId> =
        account::of_unit(conn, unit)?.into_iter().map(|account| account.id).collect();
    let codes: Vec<String> = items.iter().map(|item| item.reference_code.clone()).collect();
    for (code, amount, at) in movement_query::advised(conn, unit, &accounts, &codes)? {
        for item in items.iter().filter(|item| code.split('+').any(|one| one == item.reference_code)) {
            let before = found.get(&item.id).map_or(Dong::ZERO, |known| known.amount);
            found.insert(item.id, Advised { amount: before.checked_add(amount)?, at });
        }
    }
    Ok(found)
}
