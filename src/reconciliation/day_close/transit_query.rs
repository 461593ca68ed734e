//! The SQL of what was on its way at the end of a day.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::transit::Claim;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LineId, MovementId, PaymentId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::unit::BankAccount;

#[derive(QueryableByName)]
struct ClaimRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    movement_id: Option<i64>,
    #[diesel(sql_type = BigInt)]
    payment_id: i64,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Date)]
    first_seen: BusinessDay,
}

fn claim(row: ClaimRow) -> Claim {
    Claim {
        movement: row.movement_id.map(MovementId),
        payment: PaymentId(row.payment_id),
        code: row.code,
        amount: Dong(row.amount),
        first_seen: row.first_seen,
    }
}

/// Where an account's clearing lies: `clearing/<account>/<channel>`.
fn clearing(account: &BankAccount) -> String {
    format!("clearing/{}/%", account.id)
}

fn claims(conn: &mut Conn, account: &BankAccount, date: BusinessDay, sql: &str) -> Result<Vec<Claim>> {
    let found: Vec<ClaimRow> = diesel::sql_query(sql)
        .bind::<BigInt, _>(account.unit)
        .bind::<BigInt, _>(account.id)
        .bind::<Date, _>(date)
        .bind::<Text, _>(clearing(account))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(claim).collect())
}

/// Claims of a channel that settles which no line has shown whole: what is open of them.
pub fn expected(conn: &mut Conn, account: &BankAccount, until: BusinessDay) -> Result<Vec<Claim>> {
    claims(
        conn,
        account,
        until,
        "SELECT m.id AS movement_id, p.id AS payment_id, m.code, m.amount - m.proven AS amount, \
         m.first_seen_on AS first_seen FROM movement m JOIN payment p ON p.unit_id = m.unit_id AND p.id = m.payment_id \
         WHERE m.unit_id = $1 AND m.account_id = $2 AND m.state = 'expected' AND m.payment_id IS NOT NULL \
         AND p.accounting_date <= $3 AND p.debit_account LIKE $4",
    )
}

/// Card payments that no batch has shown.
pub fn cards(conn: &mut Conn, account: &BankAccount, until: BusinessDay) -> Result<Vec<Claim>> {
    claims(
        conn,
        account,
        until,
        "SELECT CAST(NULL AS BIGINT) AS movement_id, p.id AS payment_id, '' AS code, p.amount, \
         p.accounting_date AS first_seen FROM payment p WHERE p.unit_id = $1 AND $2 = $2 AND p.state = 'claimed' \
         AND p.method = 'card' AND p.accounting_date <= $3 AND p.debit_account LIKE $4",
    )
}

/// Card payments that a batch showed after the day.
pub fn cards_shown_after(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Vec<Claim>> {
    claims(
        conn,
        account,
        day,
        "SELECT CAST(NULL AS BIGINT) AS movement_id, p.id AS payment_id, '' AS code, p.amount, \
         p.accounting_date AS first_seen FROM pos_event e JOIN pos_match x ON x.unit_id = e.unit_id \
         AND x.batch_id = e.batch_id AND x.revision = e.revision AND x.kind = 'sale' JOIN pos_batch b \
         ON b.unit_id = x.unit_id AND b.id = x.batch_id AND b.revision = x.revision JOIN payment p ON p.unit_id = x.unit_id \
         AND p.id = x.payment_id \
         WHERE e.unit_id = $1 AND $2 = $2 AND e.kind = 'credited' AND e.on_date > $3 AND p.accounting_date <= $3 \
         AND p.state <> 'claimed' AND p.debit_account LIKE $4",
    )
}

/// Claims that two persons found never to have come, on the day or after it; the newest first.
pub fn disproven_since(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Vec<Claim>> {
    let found: Vec<ClaimRow> = diesel::sql_query(
        "SELECT p.movement_id, p.id AS payment_id, COALESCE(m.code, '') AS code, p.amount, \
         p.accounting_date AS first_seen FROM payment_event e JOIN payment p ON p.unit_id = e.unit_id \
         AND p.id = e.payment_id LEFT JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         WHERE e.unit_id = $1 AND e.kind = 'disproven' AND e.at >= $2 AND p.accounting_date <= $3 \
         AND p.debit_account LIKE $4 ORDER BY e.id DESC",
    )
    .bind::<BigInt, _>(account.unit)
    .bind::<BigInt, _>(day.start().ms())
    .bind::<Date, _>(day)
    .bind::<Text, _>(clearing(account))
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(claim).collect())
}

/// A posting that emptied clearing after a day, or, `is_back`, filled it again from a line's suspense.
#[derive(Clone, Debug)]
pub struct Left {
    pub other: String,
    pub source_kind: String,
    pub source_id: i64,
    pub is_back: bool,
}

#[derive(QueryableByName)]
struct LeftRow {
    #[diesel(sql_type = Text)]
    other: String,
    #[diesel(sql_type = Text)]
    source_kind: String,
    #[diesel(sql_type = BigInt)]
    source_id: i64,
    #[diesel(sql_type = BigInt)]
    back: i64,
}

/// What moved on an account's clearing after a day, other than claims.
pub fn left_after(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Vec<Left>> {
    let found: Vec<LeftRow> = diesel::sql_query(
        "SELECT debit_account AS other, source_kind, source_id, CAST(0 AS BIGINT) AS back FROM posting \
         WHERE unit_id = $1 AND accounting_date > $2 AND credit_account LIKE $3 \
         UNION SELECT credit_account, source_kind, source_id, CAST(1 AS BIGINT) FROM posting \
         WHERE unit_id = $1 AND accounting_date > $2 AND debit_account LIKE $3 AND credit_account LIKE 'suspense/%'",
    )
    .bind::<BigInt, _>(account.unit)
    .bind::<Date, _>(day)
    .bind::<Text, _>(clearing(account))
    .load(conn)
    .classify()?;
    let left = |row: LeftRow| Left {
        other: row.other,
        source_kind: row.source_kind,
        source_id: row.source_id,
        is_back: row.back == 1,
    };
    Ok(found.into_iter().map(left).collect())
}

/// What these lines show of claims that were there at the end of a day, as their matches stand.
pub fn shown_by(
    conn: &mut Conn,
    account: &BankAccount,
    until: BusinessDay,
    lines: &[LineId],
) -> Result<Vec<Claim>> {
    parts(conn, account, until, lines, "NOT EXISTS")
}

/// The same of matches that were undone.
pub fn unshown_by(
    conn: &mut Conn,
    account: &BankAccount,
    until: BusinessDay,
    lines: &[LineId],
) -> Result<Vec<Claim>> {
    parts(conn, account, until, lines, "EXISTS")
}

fn parts(
    conn: &mut Conn,
    account: &BankAccount,
    until: BusinessDay,
    lines: &[LineId],
    undone: &str,
) -> Result<Vec<Claim>> {
    type Part = (MovementId, PaymentId, String, Dong, BusinessDay);
    let found: Vec<Part> = rows::fetch::<(BigInt, BigInt, Text, BigInt, Date), _>(
        conn,
        "SELECT m.id, p.id, m.code, t.amount, m.first_seen_on FROM match_part t JOIN movement m \
         ON m.unit_id = t.unit_id AND m.id = t.movement_id JOIN payment p ON p.unit_id = m.unit_id \
         AND p.id = m.payment_id",
        &[
            ("unit_id", Column::of(lines.iter().map(|_| account.unit))),
            ("line_id", Column::of(lines.iter().copied())),
        ],
        &format!(
            "AND +t.undoes_id IS NULL AND p.accounting_date <= '{until}' AND p.debit_account LIKE '{}' \
             AND {undone} (SELECT 1 FROM match_part u WHERE u.unit_id = t.unit_id AND u.undoes_id = t.id)",
            clearing(account)
        ),
        Lock::None,
    )?;
    let claim = |(movement, payment, code, amount, first_seen): Part| Claim {
        movement: Some(movement),
        payment,
        code,
        amount,
        first_seen,
    };
    Ok(found.into_iter().map(claim).collect())
}
