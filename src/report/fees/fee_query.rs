//! What the figures of fees read.

use diesel::dsl::min;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::Span;
use super::figures::Move;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, PersonId, UnitId};
use crate::report::Period;
use crate::store::failure::Classify;
use crate::store::rows;
use crate::store::schema::bank_account;
use crate::store::schema_closing::fee_filing;
use crate::store::{Conn, Stamp, Tx};

/// The accounts that fees, the budget and the kept share stand on.
const OURS: &str = "(a LIKE 'fees_collected/%' OR a LIKE 'collected_without_document/%' OR a LIKE 'budget_due/%' \
     OR a LIKE 'budget_refund_due/%' OR a LIKE 'share_kept/%')";

#[derive(QueryableByName)]
struct Balance {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// Credits less debits of those accounts at the end of a day.
pub fn balances(conn: &mut Conn, unit: UnitId, until: BusinessDay) -> Result<Vec<(String, Dong)>> {
    let text = format!(
        "SELECT a, CAST(SUM(amount) AS BIGINT) AS amount FROM (\
         SELECT credit_account AS a, amount FROM posting WHERE unit_id = $1 AND accounting_date <= $2 \
         UNION ALL SELECT debit_account, -amount FROM posting WHERE unit_id = $1 AND accounting_date <= $2) AS m \
         WHERE {OURS} GROUP BY a ORDER BY a"
    );
    let found: Vec<Balance> =
        diesel::sql_query(text).bind::<BigInt, _>(unit).bind::<Date, _>(until).load(conn).classify()?;
    Ok(found.into_iter().map(|row| (row.a, Dong(row.amount))).collect())
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = Text)]
    debit_account: String,
    #[diesel(sql_type = Text)]
    credit_account: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What moved in the period on those accounts, summed by the pair of accounts.
pub fn moves(conn: &mut Conn, unit: UnitId, period: Period) -> Result<Vec<Move>> {
    let text = format!(
        "SELECT debit_account, credit_account, CAST(SUM(amount) AS BIGINT) AS amount FROM posting \
         WHERE unit_id = $1 AND accounting_date >= $2 AND accounting_date <= $3 AND ({} OR {}) \
         GROUP BY debit_account, credit_account ORDER BY debit_account, credit_account",
        OURS.replace("a LIKE", "debit_account LIKE"),
        OURS.replace("a LIKE", "credit_account LIKE")
    );
    let found: Vec<Moved> = diesel::sql_query(text)
        .bind::<BigInt, _>(unit)
        .bind::<Date, _>(period.from)
        .bind::<Date, _>(period.until)
        .load(conn)
        .classify()?;
    Ok(found
        .into_iter()
        .map(|row| Move { debit: row.debit_account, credit: row.credit_account, amount: Dong(row.amount) })
        .collect())
}

/// The first day that the oldest account of each unit is reconciled; a unit without one is left out.
pub fn first_days(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, BusinessDay)>> {
    let found: Vec<(UnitId, Option<BusinessDay>)> = bank_account::table
        .filter(bank_account::unit_id.eq_any(units))
        .filter(bank_account::bank_bin.ne(""))
        .group_by(bank_account::unit_id)
        .select((bank_account::unit_id, min(bank_account::opened_on)))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().filter_map(|(unit, first)| Some((unit, first?))).collect())
}

/// What these units handed in: unit, kind and period.
pub fn filed(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, String, String)>> {
    fee_filing::table
        .filter(fee_filing::unit_id.eq_any(units))
        .order(fee_filing::id)
        .select((fee_filing::unit_id, fee_filing::kind, fee_filing::period))
        .load(conn)
        .classify()
}

crate::table_row! {
    pub struct FilingRow in "fee_filing" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub kind: &'static str,
        pub period: String,
        pub reference_no: String,
        pub filed_on: BusinessDay,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

pub fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    span: Span,
    reference_no: String,
    person: PersonId,
) -> Result<()> {
    let row = FilingRow {
        unit_id: unit,
        id: stamp.mint()?,
        kind: span.kind(),
        period: span.to_string(),
        reference_no,
        filed_on: stamp.today(),
        person_id: person,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])
}
