//! Whether anything moved that a proof of the day looked at.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// Figures that change whenever anything changes that a proof of the day looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Vec<i64>);

impl Fingerprint {
    /// Of what is told and never stored: it equals no other.
    pub fn none() -> Fingerprint {
        Fingerprint(Vec::new())
    }
}

pub fn fingerprint(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    first: BusinessDay,
    date: BusinessDay,
) -> Result<Fingerprint> {
    let questions = [
        "SELECT CAST(COUNT(*) AS BIGINT) AS count, CAST(COALESCE(SUM(revision), 0) AS BIGINT) AS sum FROM statement \
         WHERE unit_id = $1 AND account_id = $2 AND closing_on >= $3 AND opening_on <= $4",
        "SELECT CAST(COUNT(*) AS BIGINT) AS count, CAST(COALESCE(SUM(revision), 0) AS BIGINT) AS sum \
         FROM statement_line WHERE unit_id = $1 AND account_id = $2 AND booking_date >= $3 AND booking_date <= $4",
        "SELECT CAST(COUNT(*) AS BIGINT) AS count, CAST(COALESCE(SUM(revision), 0) AS BIGINT) AS sum FROM exception \
         WHERE unit_id = $1 AND account_id = $2 AND $3 = $3 AND opened_on <= $4",
        "SELECT CAST(COUNT(*) AS BIGINT) AS count, CAST(COALESCE(SUM(revision), 0) AS BIGINT) AS sum FROM day \
         WHERE unit_id = $1 AND account_id = $2 AND date >= $3 AND date <= $4",
        "SELECT CAST(COUNT(*) AS BIGINT) AS count, CAST(COALESCE(MAX(id), 0) AS BIGINT) AS sum FROM posting \
         WHERE unit_id = $1 AND $2 = $2 AND accounting_date >= $3 AND accounting_date <= $4",
    ];
    let mut figures = Vec::with_capacity(questions.len() * 2);
    for sql in questions {
        let counted: Counted = diesel::sql_query(sql)
            .bind::<BigInt, _>(unit)
            .bind::<BigInt, _>(account)
            .bind::<Date, _>(first)
            .bind::<Date, _>(date)
            .get_result(conn)
            .classify()?;
        figures.extend([counted.count, counted.sum]);
    }
    figures.push(crate::remittance::fingerprint(conn, unit, account)?);
    Ok(Fingerprint(figures))
}
