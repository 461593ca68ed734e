//! Whether what the bank took back is told of every payment once: it is never owed to somebody and missing at once.

use std::collections::{BTreeMap, BTreeSet};

use super::verify_query as query;
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{PaymentId, UnitId};
use crate::payment::payment_query;
use crate::payment::refund::{self, State as RefundState};
use crate::store::Conn;

/// The payments of which something is free for its payer, or kept for another unit, while the bank took the same
/// money back. What is on its way out already stays a debt beside it.
pub(super) fn both_ways(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let owed: Vec<(UnitId, PaymentId)> = debts(conn, unit)?.into_keys().map(|id| (unit, id)).collect();
    let mut leaving: BTreeMap<PaymentId, Dong> = BTreeMap::new();
    for one in refund::query::of_payments(conn, &owed)? {
        if matches!(one.state, RefundState::Approved | RefundState::Sent | RefundState::Bounced) {
            let sum = leaving.entry(one.payment).or_default();
            *sum = sum.checked_add(one.amount)?;
        }
    }
    let mut wrong: BTreeSet<PaymentId> = query::kept_though_gone(conn, unit)?.into_iter().collect();
    for payment in payment_query::payments(conn, &owed)? {
        if payment.surplus > leaving.get(&payment.id).copied().unwrap_or(Dong::ZERO) {
            wrong.insert(payment.id);
        }
    }
    Ok(wrong.into_iter().map(|id| id.to_string()).collect())
}

/// The payments whose movement the bank took back, and that hold all of their money all the same.
pub(super) fn untold(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let debts = debts(conn, unit)?;
    let whole = query::whole_though_reversed(conn, unit)?;
    Ok(whole.into_iter().filter(|id| !debts.contains_key(id)).map(|id| id.to_string()).collect())
}

fn debts(conn: &mut Conn, unit: UnitId) -> Result<BTreeMap<PaymentId, Dong>> {
    let mut found = BTreeMap::new();
    for (account, balance) in query::debts(conn, unit)? {
        let id = account.strip_prefix("reversal_to_recover/").and_then(|id| id.parse().ok());
        found.extend(id.map(|id: PaymentId| (id, balance)));
    }
    Ok(found)
}
