//! Money that a channel told of and that no statement has proven yet. Nothing was settled by it, so the debt is
//! still open in the books: who takes cash for it takes the same money twice.

use std::collections::HashMap;

use super::movement::State;
use super::movement_query;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{AccountId, ObligationId, UnitId};
use crate::obligation::{Obligation, query};
use crate::store::Conn;
use crate::unit::account;

/// The field by which who takes money says that they know of a transfer that the bank told of.
pub const DESPITE: &str = "despite";

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
    in_state(conn, unit, items, State::Expected)
}

/// Whether two persons said of a transfer that was told of that it never came, and no other one waits: whoever pays
/// is asked for the money again.
pub fn was_disproven(conn: &mut Conn, item: &Obligation) -> Result<bool> {
    let only = std::slice::from_ref(item);
    Ok(of(conn, item.unit, only)?.is_empty()
        && !in_state(conn, item.unit, only, State::Disproven)?.is_empty())
}

fn in_state(
    conn: &mut Conn,
    unit: UnitId,
    items: &[Obligation],
    state: State,
) -> Result<HashMap<ObligationId, Advised>> {
    let mut found: HashMap<ObligationId, Advised> = HashMap::new();
    if items.is_empty() {
        return Ok(found);
    }
    let accounts: Vec<AccountId> =
        account::of_unit(conn, unit)?.into_iter().map(|account| account.id).collect();
    let codes: Vec<String> = items.iter().map(|item| item.reference_code.clone()).collect();
    for (code, amount, at) in movement_query::advised(conn, unit, &accounts, &codes, state)? {
        for item in items.iter().filter(|item| code.split('+').any(|one| one == item.reference_code)) {
            let before = found.get(&item.id).map_or(Dong::ZERO, |known| known.amount);
            found.insert(item.id, Advised { amount: before.checked_add(amount)?, at });
        }
    }
    Ok(found)
}

/// Refuses what was taken over the head of a transfer that the bank told of. Ask after the taking, in its
/// transaction: that one of them is paid, or waits on a slip, is told first.
///
/// # Errors
/// `transfer_advised`, unless who takes it said that they know.
pub fn refuse_unseen(conn: &mut Conn, unit: UnitId, ids: &[ObligationId], is_despite: bool) -> Result<()> {
    if is_despite {
        return Ok(());
    }
    let keys: Vec<(UnitId, ObligationId)> = ids.iter().map(|id| (unit, *id)).collect();
    let items = query::by_ids(conn, &keys)?;
    if of(conn, unit, &items)?.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(DESPITE, "transfer_advised", "the bank told of a transfer that is not proven"))
}
