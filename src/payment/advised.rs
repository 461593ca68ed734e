//! Money that a channel told of and that no statement has proven yet. Nothing was settled by it, so the debt is
//! still open in the books: who takes cash for it takes the same money twice.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::movement::State;
use super::movement_query;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, ObligationId, UnitId};
use crate::obligation::{Obligation, query};
use crate::store::Conn;
use crate::unit::account;

/// The field by which who takes money says that they know of a transfer that the bank told of.
pub const DESPITE: &str = "despite";

type Key = (UnitId, ObligationId);

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

/// Days before a transfer was told of in which the same money may have been told of otherwise.
const TOLD_BEFORE_DAYS: i64 = 7;

/// Those whose payer is asked for the money again: two persons said of a transfer that was told of that it never came,
/// and no other one waits. Where one came and settled nothing, its money lies in suspense: nobody is asked.
pub fn disproven(conn: &mut Conn, items: &[Obligation]) -> Result<HashSet<Key>> {
    let mut accounts: Vec<(UnitId, AccountId)> = Vec::new();
    for unit in items.iter().map(|item| item.unit).collect::<BTreeSet<_>>() {
        let own = account::of_unit(conn, unit)?.into_iter();
        accounts.extend(own.map(|account| (unit, account.id)));
    }
    let raised = items.iter().map(|item| item.created_at.business_day()).min();
    let Some(since) = raised else { return Ok(HashSet::new()) };
    let mut gone = unsettled(conn, (&accounts, items), State::Disproven, since)?;
    for state in [State::Expected, State::Proven] {
        let Some(first) = gone.values().min() else { break };
        let since = first.plus_days(-TOLD_BEFORE_DAYS);
        for key in unsettled(conn, (&accounts, items), state, since)?.into_keys() {
            gone.remove(&key);
        }
    }
    Ok(gone.into_keys().collect())
}

/// Those that a movement in this state names, which settled nothing, with the day when it was first seen.
fn unsettled(
    conn: &mut Conn,
    (accounts, items): (&[(UnitId, AccountId)], &[Obligation]),
    state: State,
    since: BusinessDay,
) -> Result<HashMap<Key, BusinessDay>> {
    let named: HashMap<&str, Key> =
        items.iter().map(|item| (item.reference_code.as_str(), (item.unit, item.id))).collect();
    let mut found: HashMap<Key, BusinessDay> = HashMap::new();
    for (unit, code, day) in movement_query::unsettled(conn, accounts, state, since)? {
        for key in code.split('+').filter_map(|one| named.get(one)).filter(|key| key.0 == unit) {
            let first = found.entry(*key).or_insert(day);
            *first = day.min(*first);
        }
    }
    Ok(found)
}

/// Refuses what was taken over the head of a transfer that the bank told of. Ask after the taking, in its
/// transaction: that one of them is paid, or waits on a slip, is told first. Of a form that is refused anyway, ask
/// about those that can still be taken.
///
/// # Errors
/// `transfer_advised`, unless who takes it said that they know.
pub fn refuse_unseen(conn: &mut Conn, unit: UnitId, ids: &[ObligationId], is_despite: bool) -> Result<()> {
    if is_despite {
        return Ok(());
    }
    let keys: Vec<Key> = ids.iter().map(|id| (unit, *id)).collect();
    let items = query::by_ids(conn, &keys)?;
    if of(conn, unit, &items)?.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(DESPITE, "transfer_advised", "the bank told of a transfer that is not proven"))
}
