//! Orders that wait, with since when.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable};

use super::{Order, query};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, RemittanceId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_cash::remittance;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: RemittanceId,
    #[diesel(sql_type = BigInt)]
    since: Instant,
}

/// A unit's orders that are not at their end, oldest first, with the instant of their last event.
pub fn waiting(conn: &mut Conn, unit: UnitId) -> Result<Vec<(Order, Instant)>> {
    let found: Vec<Row> = diesel::sql_query(
        "SELECT r.id AS id, CAST(MAX(e.at) AS BIGINT) AS since FROM remittance r JOIN remittance_event e \
         ON e.unit_id = r.unit_id AND e.remittance_id = r.id WHERE r.unit_id = $1 \
         AND r.state IN ('drafted', 'approved', 'debited', 'credited', 'rejected') GROUP BY r.id ORDER BY r.id",
    )
    .bind::<BigInt, _>(unit)
    .load(conn)
    .classify()?;
    let ids: Vec<(UnitId, RemittanceId)> = found.iter().map(|row| (unit, row.id)).collect();
    let orders = query::by_ids(conn, &ids)?;
    Ok(orders
        .into_iter()
        .filter_map(|order| {
            let since = found.iter().find(|row| row.id == order.id)?.since;
            Some((order, since))
        })
        .collect())
}

/// The last day that an order of the account covers which took something for the Treasury.
pub fn ordered_until(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<BusinessDay>> {
    remittance::table
        .filter(remittance::unit_id.eq(unit))
        .filter(remittance::account_id.eq(account))
        .filter(remittance::kind.eq("treasury"))
        .filter(remittance::state.ne_all(["refused", "returned"]))
        .select(max(remittance::covered_until))
        .first(conn)
        .classify()
}

#[derive(QueryableByName)]
struct First {
    #[diesel(sql_type = Nullable<Date>)]
    first: Option<BusinessDay>,
}

/// The first closed day after `after` (of all when None) that made something due to the budget.
pub fn first_due_after(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    after: Option<BusinessDay>,
) -> Result<Option<BusinessDay>> {
    // No account of ours is older.
    let after = after.unwrap_or(BusinessDay(chrono::NaiveDate::default()));
    let found: First = diesel::sql_query(
        "SELECT MIN(c.date) AS first FROM day_certificate c CROSS JOIN posting p \
         WHERE c.unit_id = $1 AND c.account_id = $2 AND c.date > $3 AND p.unit_id = c.unit_id \
         AND p.source_kind = 'day' AND p.source_id = c.id \
         AND p.accounting_date = c.date AND p.credit_account LIKE 'budget_due/%'",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(after)
    .get_result(conn)
    .classify()?;
    Ok(found.first)
}
