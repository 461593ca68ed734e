//! Orders that wait, with since when; what closed days made due, and since when. One statement each over all units
//! that are asked for.

use std::collections::BTreeMap;

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::{Order, query};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, RemittanceId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_cash::{remittable, remittance};
use crate::store::scoped::listed;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    id: RemittanceId,
    #[diesel(sql_type = BigInt)]
    since: Instant,
}

/// Orders of these units that are not at their end, oldest first, with the instant of their last event.
pub fn waiting(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(Order, Instant)>> {
    let found: Vec<Row> = diesel::sql_query(format!(
        "SELECT r.unit_id AS unit_id, r.id AS id, CAST(MAX(e.at) AS BIGINT) AS since FROM remittance r \
         CROSS JOIN remittance_event e WHERE r.unit_id IN ({}) AND e.unit_id = r.unit_id AND e.remittance_id = r.id \
         AND r.state IN ('drafted', 'approved', 'debited', 'credited', 'rejected') GROUP BY r.unit_id, r.id",
        listed(units)
    ))
    .load(conn)
    .classify()?;
    let since: BTreeMap<(UnitId, RemittanceId), Instant> =
        found.into_iter().map(|row| ((row.unit_id, row.id), row.since)).collect();
    let keys: Vec<(UnitId, RemittanceId)> = since.keys().copied().collect();
    let orders = query::by_ids(conn, &keys)?;
    Ok(orders
        .into_iter()
        .filter_map(|order| Some((since.get(&(order.unit, order.id)).copied()?, order)))
        .map(|(since, order)| (order, since))
        .collect())
}

/// A day of each account.
pub type Days = BTreeMap<(UnitId, AccountId), BusinessDay>;

/// The last day that an order of each account covers which took something for the Treasury.
pub fn ordered_until(conn: &mut Conn, units: &[UnitId]) -> Result<Days> {
    let found: Vec<(UnitId, AccountId, Option<BusinessDay>)> = remittance::table
        .filter(remittance::unit_id.eq_any(units))
        .filter(remittance::kind.eq("treasury"))
        .filter(remittance::state.ne_all(["refused", "returned"]))
        .group_by((remittance::unit_id, remittance::account_id))
        .select((remittance::unit_id, remittance::account_id, max(remittance::covered_until)))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().filter_map(|(unit, account, until)| Some(((unit, account), until?))).collect())
}

#[derive(QueryableByName)]
struct First {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    account_id: AccountId,
    #[diesel(sql_type = Date)]
    first: BusinessDay,
}

/// The first closed day of each account that made something due to the budget, behind what its orders cover.
pub fn first_due(conn: &mut Conn, units: &[UnitId]) -> Result<Days> {
    let units = listed(units);
    let found: Vec<First> = diesel::sql_query(format!(
        "SELECT c.unit_id AS unit_id, c.account_id AS account_id, MIN(c.date) AS first FROM day_certificate c \
         CROSS JOIN posting p WHERE c.unit_id IN ({units}) AND p.unit_id IN ({units}) AND p.unit_id = c.unit_id \
         AND p.source_kind = 'day' AND p.source_id = c.id AND p.accounting_date = c.date \
         AND p.credit_account LIKE 'budget_due/%' \
         AND NOT EXISTS (SELECT 1 FROM remittance r WHERE r.unit_id = c.unit_id AND r.account_id = c.account_id \
         AND r.kind = 'treasury' AND r.state NOT IN ('refused', 'returned') AND r.covered_until >= c.date) \
         GROUP BY c.unit_id, c.account_id"
    ))
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| ((row.unit_id, row.account_id), row.first)).collect())
}

#[derive(QueryableByName)]
struct OfAccount {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    account_id: AccountId,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = BigInt)]
    amount: Dong,
}

/// What `query::due` says, of each account of these units at once.
pub fn due_of_units(
    conn: &mut Conn,
    units: &[UnitId],
) -> Result<BTreeMap<(UnitId, AccountId), Vec<(String, Dong)>>> {
    let units = listed(units);
    let whose = query::Whose {
        before: "closed u CROSS JOIN ",
        unit: "u.unit_id",
        account: "u.account_id",
        until: "u.until",
        columns: "unit_id, account_id, ",
        units: &units,
    };
    let text = format!(
        "WITH closed AS (SELECT d.unit_id, d.account_id, MAX(d.date) AS until FROM day d \
         WHERE d.unit_id IN ({units}) AND d.state = 'closed' GROUP BY d.unit_id, d.account_id) {}",
        query::owed(&whose)
    );
    let rows: Vec<OfAccount> = diesel::sql_query(text).load(conn).classify()?;
    let mut found: BTreeMap<(UnitId, AccountId), Vec<(String, Dong)>> = BTreeMap::new();
    for row in rows {
        found.entry((row.unit_id, row.account_id)).or_default().push((row.source, row.amount));
    }
    Ok(found)
}

/// What orders took in each of these units, by account and source.
pub fn ordered_of_units(
    conn: &mut Conn,
    units: &[UnitId],
) -> Result<BTreeMap<(UnitId, AccountId, String), Dong>> {
    let found: Vec<(UnitId, AccountId, String, Dong)> = remittable::table
        .filter(remittable::unit_id.eq_any(units))
        .select((
            remittable::unit_id,
            remittable::account_id,
            remittable::source_account,
            remittable::ordered,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(unit, account, source, sum)| ((unit, account, source), sum)).collect())
}
