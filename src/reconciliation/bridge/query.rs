//! What the bridge reads.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::rules::Entry;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, LineId, RemittanceId, SlipId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    debit_account: String,
    #[diesel(sql_type = Text)]
    credit_account: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What was posted from one accounting date to another, both included, summed by the pair of
/// accounts. Shares of day closes are left out: they move nothing between receipts and bank, and are
/// told apart; so is that balances were handed over: nothing moved in the bank, and no document was issued. Only
/// what explains a line of the bank across two units, from its suspense on, belongs here.
pub fn entries(
    conn: &mut Conn,
    unit: UnitId,
    (from, until): (BusinessDay, BusinessDay),
) -> Result<Vec<Entry>> {
    let found: Vec<Row> = diesel::sql_query(
        "SELECT debit_account, credit_account, CAST(SUM(amount) AS BIGINT) AS amount FROM posting \
         WHERE unit_id = $1 AND accounting_date >= $2 AND accounting_date <= $3 AND source_kind <> 'day' \
         AND NOT (source_kind = 'handover' AND debit_account NOT LIKE 'suspense/%' \
         AND credit_account NOT LIKE 'suspense/%') \
         GROUP BY debit_account, credit_account ORDER BY debit_account, credit_account",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(from)
    .bind::<Date, _>(until)
    .load(conn)
    .classify()?;
    Ok(found
        .into_iter()
        .map(|row| Entry { debit: row.debit_account, credit: row.credit_account, amount: Dong(row.amount) })
        .collect())
}

/// What a document posted on fees, by the account on the other side.
pub struct Told {
    pub is_issued: bool,
    pub other: String,
    pub document: i64,
    pub amount: Dong,
}

#[derive(QueryableByName)]
struct ToldRow {
    #[diesel(sql_type = BigInt)]
    issued: i64,
    #[diesel(sql_type = Text)]
    other: String,
    #[diesel(sql_type = BigInt)]
    document: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// The receipts and invoices that were issued, cancelled or corrected in a span of accounting dates. What only moves
/// from one fee to another is neither.
pub fn documents(
    conn: &mut Conn,
    unit: UnitId,
    (from, until): (BusinessDay, BusinessDay),
) -> Result<Vec<Told>> {
    let found: Vec<ToldRow> = diesel::sql_query(
        "SELECT issued, other, source_id AS document, \
         CAST(SUM(amount) AS BIGINT) AS amount FROM (SELECT CAST(CASE WHEN credit_account LIKE 'fees_collected/%' \
         THEN 1 ELSE 0 END AS BIGINT) AS issued, CASE WHEN credit_account LIKE 'fees_collected/%' THEN debit_account \
         ELSE credit_account END AS other, source_id, amount FROM posting WHERE unit_id = $1 \
         AND accounting_date >= $2 AND accounting_date <= $3 AND source_kind = 'receipt' \
         AND (credit_account LIKE 'fees_collected/%') <> (debit_account LIKE 'fees_collected/%')) AS told \
         GROUP BY issued, other, source_id ORDER BY issued, other, source_id",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(from)
    .bind::<Date, _>(until)
    .load(conn)
    .classify()?;
    let told = |row: ToldRow| Told {
        is_issued: row.issued == 1,
        other: row.other,
        document: row.document,
        amount: Dong(row.amount),
    };
    Ok(found.into_iter().map(told).collect())
}

/// The bank account that a line, a slip or an order belongs to, by the text of its id.
pub fn accounts_of(
    conn: &mut Conn,
    unit: UnitId,
    (lines, slips, orders): (&[LineId], &[SlipId], &[RemittanceId]),
) -> Result<HashMap<String, AccountId>> {
    let mut found: HashMap<String, AccountId> = HashMap::new();
    let asked: [(&str, Vec<i64>, fn(i64) -> String); 3] = [
        ("statement_line", lines.iter().map(|id| id.0).collect(), |id| LineId(id).to_string()),
        ("deposit_slip", slips.iter().map(|id| id.0).collect(), |id| SlipId(id).to_string()),
        ("remittance", orders.iter().map(|id| id.0).collect(), |id| RemittanceId(id).to_string()),
    ];
    for (table, ids, name) in asked {
        let select = format!("SELECT t.id, t.account_id FROM {table} t");
        let keys =
            [("unit_id", Column::of(ids.iter().map(|_| unit))), ("id", Column::of(ids.iter().copied()))];
        let listed: Vec<(i64, AccountId)> =
            rows::fetch::<(BigInt, BigInt), _>(conn, &select, &keys, "", Lock::None)?;
        found.extend(listed.into_iter().map(|(id, account)| (name(id), account)));
    }
    Ok(found)
}
