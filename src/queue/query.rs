//! What the upkeep of the queue reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{movement, obligation_event, unit};
use crate::store::scoped::listed;

crate::table_row! {
    pub struct AlarmRow in "age_alarm" {
        pub unit_id: UnitId,
        pub id: AlarmId,
        pub kind: &'static str,
        pub subject_kind: &'static str,
        pub subject_id: i64,
        pub account_id: Option<AccountId>,
        pub amount: Dong,
        pub threshold_hours: i64,
        pub since: Instant,
        pub created_at: Instant,
    }
}

/// Whether any channel told of money of the account since then: then it should tell of all.
pub fn is_told_of(conn: &mut Conn, unit: UnitId, account: AccountId, since: BusinessDay) -> Result<bool> {
    let found: Option<MovementId> = movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::account_id.eq(account))
        .filter(movement::state.eq_any(["expected", "proven"]))
        .filter(movement::first_seen_on.ge(since))
        .filter(movement::claimed_by.ne(""))
        .select(movement::id)
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.is_some())
}

/// Money that only a line told of: (payment, booking day, amount).
#[derive(QueryableByName)]
pub struct Untold {
    #[diesel(sql_type = BigInt)]
    pub payment: i64,
    #[diesel(sql_type = Date)]
    pub booked_on: chrono::NaiveDate,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
}

/// Payments of an account made since then by lines that no channel told of. What a channel told of
/// later is left out.
pub fn untold(conn: &mut Conn, unit: UnitId, account: AccountId, since: Instant) -> Result<Vec<Untold>> {
    diesel::sql_query(
        "SELECT p.id AS payment, m.first_seen_on AS booked_on, p.amount AS amount FROM payment p \
         JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         WHERE p.unit_id = $1 AND p.account_id = $2 AND p.id >= $3 AND p.channel = 'statement' \
         AND p.method = 'transfer' AND p.state = 'proven' AND m.claimed_by = '' ORDER BY p.id",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<BigInt, _>(first_minted_at(since))
    .load(conn)
    .classify()
}

/// Of these payments those that a channel told of meanwhile.
pub fn told_since(conn: &mut Conn, unit: UnitId, payments: &[PaymentId]) -> Result<Vec<PaymentId>> {
    let mut found = Vec::new();
    for chunk in payments.chunks(500) {
        let ids: Vec<i64> = chunk.iter().map(|id| id.0).collect();
        let told: Vec<PaymentId> = movement::table
            .filter(movement::unit_id.eq(unit))
            .filter(movement::payment_id.eq_any(ids))
            .filter(movement::claimed_by.ne(""))
            .select(movement::payment_id.assume_not_null())
            .load(conn)
            .classify()?;
        found.extend(told);
    }
    Ok(found)
}

/// Whether a claim, a payment or a decision changed an obligation after an instant.
pub fn is_told_since(conn: &mut Conn, unit: UnitId, id: ObligationId, since: Instant) -> Result<bool> {
    let newer: Option<EventId> = obligation_event::table
        .filter(obligation_event::unit_id.eq(unit))
        .filter(obligation_event::obligation_id.eq(id))
        .filter(obligation_event::at.gt(since))
        .select(obligation_event::id)
        .first(conn)
        .optional()
        .classify()?;
    Ok(newer.is_some())
}

/// A line that pays one obligation, with what names its payer and its sender.
#[derive(QueryableByName)]
pub struct Named {
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    #[diesel(sql_type = BigInt)]
    pub payment: i64,
    #[diesel(sql_type = BigInt)]
    pub party: i64,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
    #[diesel(sql_type = Date)]
    pub booked_on: chrono::NaiveDate,
}

/// Lines booked on the account on these days that pay one obligation each.
pub fn paying_lines(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    (from, until): (BusinessDay, BusinessDay),
    limit: i64,
) -> Result<Vec<Named>> {
    diesel::sql_query(
        "SELECT l.id AS line, p.id AS payment, o.party_id AS party, l.amount AS amount, l.booking_date AS booked_on \
         FROM statement_line l JOIN match_part k ON k.unit_id = l.unit_id AND k.line_id = l.id \
         JOIN movement m ON m.unit_id = k.unit_id AND m.id = k.movement_id \
         JOIN payment p ON p.unit_id = m.unit_id AND p.id = m.payment_id \
         JOIN obligation o ON o.unit_id = p.unit_id AND o.id = p.obligation_id \
         WHERE l.unit_id = $1 AND l.account_id = $2 AND l.booking_date >= $3 AND l.booking_date <= $4 \
         AND l.class = 'fee_receipt' AND +k.undoes_id IS NULL ORDER BY l.id LIMIT $5",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(from.0)
    .bind::<Date, _>(until.0)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .classify()
}

/// Units with exactly one open obligation of exactly this sum; how many have several.
pub struct Owing {
    pub one: Vec<UnitId>,
    pub several: usize,
}

#[derive(QueryableByName)]
struct OwingRow {
    #[diesel(sql_type = BigInt)]
    unit_id: i64,
    #[diesel(sql_type = BigInt)]
    found: i64,
}

/// See `Owing`. The connection must see all units.
pub fn owing(conn: &mut Conn, amount: Dong, but: UnitId) -> Result<Owing> {
    let rows: Vec<OwingRow> = diesel::sql_query(
        "SELECT unit_id, CAST(COUNT(*) AS BIGINT) AS found FROM obligation \
         WHERE state IN ('raised', 'partly_paid', 'reopened') AND total + adjusted - allocated = $1 \
         AND unit_id <> $2 GROUP BY unit_id ORDER BY unit_id",
    )
    .bind::<BigInt, _>(amount.0)
    .bind::<BigInt, _>(but)
    .load(conn)
    .classify()?;
    let one = rows.iter().filter(|row| row.found == 1).map(|row| UnitId(row.unit_id)).collect();
    Ok(Owing { one, several: rows.iter().filter(|row| row.found > 1).count() })
}

/// Code and name of a unit, as anybody may see them.
pub fn unit_label(conn: &mut Conn, id: UnitId) -> Result<(String, String)> {
    unit::table.filter(unit::unit_id.eq(id)).select((unit::code, unit::name)).first(conn).classify()
}

/// An alarm whose cause stands: the highest age it has passed.
#[derive(Clone, Debug, QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = BigInt)]
    pub unit_id: i64,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub subject_kind: String,
    #[diesel(sql_type = BigInt)]
    pub subject_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub account_id: Option<i64>,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
    #[diesel(sql_type = BigInt)]
    pub threshold_hours: i64,
    #[diesel(sql_type = BigInt)]
    pub since: i64,
}

/// Alarms that stand, of a unit or of all in sight, oldest cause first.
pub fn standing(conn: &mut Conn, unit: Option<UnitId>) -> Result<Vec<Standing>> {
    let of_unit = unit.map_or(String::new(), |unit| format!("AND a.unit_id = {}", unit.0));
    let columns = "a.unit_id, a.kind, a.subject_kind, a.subject_id, a.account_id, a.amount, \
         CAST(MAX(a.threshold_hours) AS BIGINT) AS threshold_hours, a.since";
    let group = "GROUP BY a.unit_id, a.kind, a.subject_kind, a.subject_id, a.account_id, a.amount, a.since";
    let text = format!(
        "SELECT {columns} FROM age_alarm a JOIN exception x ON x.unit_id = a.unit_id AND x.id = a.subject_id \
         WHERE a.kind = 'money_unknown' AND x.state <> 'resolved' {of_unit} {group} \
         UNION ALL SELECT {columns} FROM age_alarm a JOIN movement m ON m.unit_id = a.unit_id AND m.id = a.subject_id \
         WHERE a.kind = 'claim_unproven' AND a.subject_kind = 'movement' AND m.state = 'expected' {of_unit} {group} \
         UNION ALL SELECT {columns} FROM age_alarm a JOIN payment p ON p.unit_id = a.unit_id AND p.id = a.subject_id \
         WHERE a.kind = 'claim_unproven' AND a.subject_kind = 'payment' AND p.state = 'claimed' {of_unit} {group} \
         ORDER BY since, subject_id"
    );
    diesel::sql_query(text).load(conn).classify()
}

/// How a unit's queue stands.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Unsettled {
    #[diesel(sql_type = BigInt)]
    pub unit_id: UnitId,
    /// Items that are open or proposed.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
    #[diesel(sql_type = Date)]
    pub oldest_on: BusinessDay,
    /// The number of the oldest's kind.
    #[diesel(sql_type = Integer)]
    pub oldest_kind: i32,
}

/// How the queues of these units stand, however long they are; a unit where nothing waits is left out.
pub fn unsettled(conn: &mut Conn, units: &[UnitId], today: BusinessDay) -> Result<Vec<Unsettled>> {
    // The state stands in the text, so that the index of exactly these is taken.
    let text = format!(
        "SELECT x.unit_id, CAST(COUNT(*) AS BIGINT) AS open, \
         CAST(SUM(CASE WHEN x.due_on < $1 THEN 1 ELSE 0 END) AS BIGINT) AS overdue, MIN(x.opened_on) AS oldest_on, \
         (SELECT o.kind FROM exception o WHERE o.unit_id = x.unit_id AND o.state <> 'resolved' \
         ORDER BY o.opened_on, o.id LIMIT 1) AS oldest_kind FROM exception x \
         WHERE x.unit_id IN ({}) AND x.state <> 'resolved' GROUP BY x.unit_id",
        listed(units)
    );
    diesel::sql_query(text).bind::<Date, _>(today).load(conn).classify()
}
