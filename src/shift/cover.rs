//! Which cash is proven: takings are shown by the deposits that brought their drawer's money to
//! the bank, or by a person who answers for what is short (`accounting.md`: cash is shared out by
//! its credited deposit). What a person answers for counts, because gross is owed to the budget.

use std::collections::{BTreeMap, HashMap};

use super::{cover_query as query, rules};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, ObligationId, PaymentId, ShiftId, SlipId, UnitId};
use crate::store::Conn;

/// Where and when the money of cash payments came to the bank; payments that are not cash, or not
/// all there, are left out.
pub fn shown(
    conn: &mut Conn,
    unit: UnitId,
    payments: &[PaymentId],
) -> Result<HashMap<PaymentId, (BusinessDay, AccountId)>> {
    let drawers = query::drawers_of(conn, unit, payments)?;
    let mut takings: BTreeMap<ShiftId, Vec<(PaymentId, Dong)>> = BTreeMap::new();
    for (shift, payment, amount) in query::takings(conn, unit, &drawers)? {
        takings.entry(shift).or_default().push((payment, amount));
    }
    let covers = covers(conn, unit, &drawers)?;
    let mut found = HashMap::new();
    for (shift, takings) in takings {
        let covers = covers.get(&shift).map(Vec::as_slice).unwrap_or_default();
        found.extend(rules::shown(&takings, covers)?);
    }
    found.retain(|payment, _| payments.contains(payment));
    Ok(found)
}

type Cover = (BusinessDay, AccountId, Dong);

fn covers(conn: &mut Conn, unit: UnitId, drawers: &[ShiftId]) -> Result<BTreeMap<ShiftId, Vec<Cover>>> {
    let mut covers: BTreeMap<ShiftId, Vec<Cover>> = BTreeMap::new();
    let slips = query::slips_of(conn, unit, drawers)?;
    let ids: Vec<SlipId> = slips.iter().map(|(slip, _)| *slip).collect();
    let mut parts: BTreeMap<SlipId, Vec<(ShiftId, Dong)>> = BTreeMap::new();
    for (slip, shift, amount) in super::deposit_query::parts(conn, unit, &ids)? {
        parts.entry(slip).or_default().push((shift, amount));
    }
    let mut credits: BTreeMap<SlipId, Vec<(BusinessDay, Dong)>> = BTreeMap::new();
    for (slip, on, amount) in query::credits(conn, unit, &ids)? {
        credits.entry(slip).or_default().push((on, amount));
    }
    for (slip, account) in slips {
        let (Some(parts), Some(credits)) = (parts.get(&slip), credits.get(&slip)) else { continue };
        for (shift, on, amount) in rules::spread(parts, credits)? {
            covers.entry(shift).or_default().push((on, account, amount));
        }
    }
    for (shift, on, account, short) in query::shortages(conn, unit, drawers)? {
        covers.entry(shift).or_default().push((on, account, short));
    }
    Ok(covers)
}

/// Obligations whose cash may have come to the bank in these days.
pub fn candidates(
    conn: &mut Conn,
    unit: UnitId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<ObligationId>> {
    query::candidates(conn, unit, first, last)
}
