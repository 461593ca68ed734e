//! The SQL of what was on its way at the end of a day.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};

use super::transit::Claim;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LineId, MatchId, MovementId, PaymentId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::payment;
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

/// What the index of movements alone knows of claims that brought a payment and that no line has shown whole.
const OPEN: &str = "m.unit_id = $1 AND m.account_id = $2 AND m.state = 'expected' AND m.payment_id IS NOT NULL \
     AND m.first_seen_on <= $3 AND m.amount > m.proven";

#[derive(QueryableByName)]
struct CountedRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// How many claims with a payment that were first seen by a day are open, and how much of them. Their payments are not
/// looked at: of a few it may be another day's, or no claim's.
pub fn counted(conn: &mut Conn, account: &BankAccount, until: BusinessDay) -> Result<(usize, Dong)> {
    let sql = format!(
        "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(m.amount - m.proven), 0) AS BIGINT) AS amount \
         FROM movement m WHERE {OPEN}"
    );
    let found: CountedRow = diesel::sql_query(sql)
        .bind::<BigInt, _>(account.unit)
        .bind::<BigInt, _>(account.id)
        .bind::<Date, _>(until)
        .get_result(conn)
        .classify()?;
    Ok((usize::try_from(found.count).unwrap_or_default(), Dong(found.amount)))
}

/// The first of these by payment.
pub fn first(conn: &mut Conn, account: &BankAccount, until: BusinessDay, limit: usize) -> Result<Vec<Claim>> {
    let sql = format!(
        "SELECT m.id AS movement_id, m.payment_id, m.code, m.amount - m.proven AS amount, \
         m.first_seen_on AS first_seen FROM movement m WHERE {OPEN} ORDER BY m.payment_id LIMIT $4"
    );
    let found: Vec<ClaimRow> = diesel::sql_query(sql)
        .bind::<BigInt, _>(account.unit)
        .bind::<BigInt, _>(account.id)
        .bind::<Date, _>(until)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(claim).collect())
}

/// Those of these movements that are among them, with what is open of each.
pub fn among(
    conn: &mut Conn,
    account: &BankAccount,
    until: BusinessDay,
    ids: &[MovementId],
) -> Result<Vec<(MovementId, Dong)>> {
    rows::fetch::<(BigInt, BigInt), _>(
        conn,
        "SELECT t.id, t.amount - t.proven FROM movement t",
        &[("unit_id", Column::of(ids.iter().map(|_| account.unit))), ("id", Column::of(ids.iter().copied()))],
        &format!(
            "AND t.account_id = {} AND t.state = 'expected' AND t.payment_id IS NOT NULL \
             AND t.first_seen_on <= '{until}' AND t.amount > t.proven",
            account.id.0
        ),
        Lock::None,
    )
}

/// Whether the unit ever took a card. Said as the index of card payments says it, which holds no others.
pub fn takes_cards(conn: &mut Conn, account: &BankAccount) -> Result<bool> {
    let found: Option<PaymentId> = payment::table
        .filter(payment::unit_id.eq(account.unit))
        .filter(diesel::dsl::sql::<Bool>("payment.method = 'card'"))
        .select(payment::id)
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.is_some())
}

/// Card payments that no batch has shown, but those whose batch stood on that day and was taken apart later.
pub fn cards(conn: &mut Conn, account: &BankAccount, until: BusinessDay) -> Result<Vec<Claim>> {
    claims(
        conn,
        account,
        until,
        "SELECT CAST(NULL AS BIGINT) AS movement_id, p.id AS payment_id, '' AS code, p.amount, \
         p.accounting_date AS first_seen FROM payment p WHERE p.unit_id = $1 AND $2 = $2 AND p.state = 'claimed' \
         AND p.method = 'card' AND p.accounting_date <= $3 AND p.debit_account LIKE $4 AND NOT EXISTS (SELECT 1 \
         FROM pos_match x JOIN pos_event e ON e.unit_id = x.unit_id AND e.batch_id = x.batch_id \
         AND e.revision = x.revision JOIN pos_event u ON u.unit_id = e.unit_id AND u.batch_id = e.batch_id \
         AND u.revision = e.revision + 1 AND u.kind = 'unmatched' WHERE x.unit_id = p.unit_id \
         AND x.payment_id = p.id AND x.kind = 'sale' AND e.on_date <= $3 AND u.on_date > $3)",
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
         ON b.unit_id = x.unit_id AND b.id = x.batch_id AND b.revision = x.revision \
         JOIN payment p ON p.unit_id = x.unit_id AND p.id = x.payment_id \
         WHERE e.unit_id = $1 AND $2 = $2 AND e.kind = 'credited' AND e.on_date > $3 AND p.accounting_date <= $3 \
         AND p.state <> 'claimed' AND p.debit_account LIKE $4",
    )
}

/// Claims that were taken back after a day: two persons found that they never came, or a line showed that they were
/// another claim's money. It is the day in the books that counts: what was taken back under the line of an earlier day
/// was gone by then. A decision and its postings are written at the same instant.
pub fn disproven_after(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Vec<Claim>> {
    let found: Vec<ClaimRow> = diesel::sql_query(
        "SELECT p.movement_id, p.id AS payment_id, COALESCE(m.code, '') AS code, p.amount, \
         p.accounting_date AS first_seen FROM payment_event e JOIN payment p ON p.unit_id = e.unit_id \
         AND p.id = e.payment_id LEFT JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         WHERE e.unit_id = $1 AND e.kind = 'disproven' AND e.at >= $2 AND p.accounting_date <= $3 \
         AND p.debit_account LIKE $4 AND EXISTS (SELECT 1 FROM posting x WHERE x.unit_id = e.unit_id \
         AND x.accounting_date > $3 AND x.credit_account = p.debit_account AND x.created_at = e.at \
         AND x.debit_account NOT LIKE 'bank/%' AND x.debit_account NOT LIKE 'suspense/%') ORDER BY e.id",
    )
    .bind::<BigInt, _>(account.unit)
    .bind::<BigInt, _>(day.start())
    .bind::<Date, _>(day)
    .bind::<Text, _>(clearing(account))
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(claim).collect())
}

/// What was posted between clearing and another account after a day, under a source.
#[derive(Clone, Debug)]
pub struct Left {
    pub other: String,
    pub source_kind: String,
    pub source_id: i64,
    pub amount: Dong,
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
    amount: i64,
}

/// What left an account's clearing after a day, and what came back to it from a line's suspense.
pub fn left_after(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Vec<Left>> {
    let found: Vec<LeftRow> = diesel::sql_query(
        "SELECT other, source_kind, source_id, CAST(SUM(amount) AS BIGINT) AS amount FROM \
         (SELECT debit_account AS other, source_kind, source_id, amount FROM posting \
         WHERE unit_id = $1 AND accounting_date > $2 AND credit_account LIKE $3 \
         UNION ALL SELECT credit_account, source_kind, source_id, amount FROM posting \
         WHERE unit_id = $1 AND accounting_date > $2 AND debit_account LIKE $3 AND credit_account LIKE 'suspense/%') \
         AS later GROUP BY other, source_kind, source_id",
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
        amount: Dong(row.amount),
    };
    Ok(found.into_iter().map(left).collect())
}

/// A match of a line with a claim, or the undoing of one.
#[derive(Clone, Debug)]
pub struct Part {
    pub line: LineId,
    pub claim: Claim,
    /// The claim was there before, or on the day that is looked at.
    pub is_claimed_by_then: bool,
    pub rule: String,
    pub is_undone: bool,
}

type PartSql = ((BigInt, BigInt, BigInt, BigInt, Text), (BigInt, Date, Date, Text, Bool));
type PartRow =
    ((MatchId, LineId, MovementId, PaymentId, String), (Dong, BusinessDay, BusinessDay, String, bool));

/// Every match that these lines ever had with claims of a channel that settles, oldest first.
pub fn parts(
    conn: &mut Conn,
    account: &BankAccount,
    until: BusinessDay,
    lines: &[LineId],
) -> Result<Vec<Part>> {
    let mut found: Vec<PartRow> = rows::fetch::<PartSql, _>(
        conn,
        "SELECT t.id, t.line_id, m.id, p.id, m.code, t.amount, m.first_seen_on, p.accounting_date, t.rule, \
         t.undoes_id IS NOT NULL FROM match_part t JOIN movement m ON m.unit_id = t.unit_id AND m.id = t.movement_id \
         JOIN payment p ON p.unit_id = m.unit_id AND p.id = m.payment_id",
        &[
            ("unit_id", Column::of(lines.iter().map(|_| account.unit))),
            ("line_id", Column::of(lines.iter().copied())),
        ],
        &format!("AND p.debit_account LIKE '{}'", clearing(account)),
        Lock::None,
    )?;
    found.sort_by_key(|(what, _)| what.0);
    let part = |((_, line, movement, payment, code), rest): PartRow| {
        let (amount, first_seen, claimed_on, rule, is_undone) = rest;
        let claim = Claim { movement: Some(movement), payment, code, amount, first_seen };
        Part { line, claim, is_claimed_by_then: claimed_on <= until, rule, is_undone }
    };
    Ok(found.into_iter().map(part).collect())
}
