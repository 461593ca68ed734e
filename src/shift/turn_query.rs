//! The SQL of turns, for lists and reports alike.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::turn::Turn;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;

/// One row for each time that a shift was opened, in the order of the ids of their floats; a shift without a float
/// (earlier versions opened them) is one turn. What happened in a turn is told by ids, which are minted under the
/// shift's lock and so stay apart where two moments are the same: takings until the next float, deposits until the
/// count that closed it. A drawer that was sent back to be counted again is in the same turn.
pub const TURNS: &str = "(SELECT b.unit_id, b.id, b.shift_id, b.person_id, b.opened_on, b.opened_at, b.float_total, \
     (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM payment p WHERE p.unit_id = b.unit_id \
     AND p.shift_id = b.shift_id AND p.method = 'cash' AND p.id > b.since AND p.id < b.until) AS cash_taken, \
     (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM payment p WHERE p.unit_id = b.unit_id \
     AND p.shift_id = b.shift_id AND p.method = 'card' AND p.id > b.since AND p.id < b.until) AS card_taken, \
     (SELECT CAST(COALESCE(SUM(CASE WHEN e.kind = 'withdrawn' THEN -d.amount ELSE d.amount END), 0) AS BIGINT) \
     FROM deposit_part d JOIN deposit_event e ON e.unit_id = d.unit_id AND e.slip_id = d.slip_id \
     AND e.kind IN ('handed_over', 'withdrawn') WHERE d.unit_id = b.unit_id AND d.shift_id = b.shift_id \
     AND e.id > b.since AND e.id < COALESCE(c.id, b.until)) AS handed_over, \
     c.expected, c.total AS counted, c.total - c.expected AS variance, c.at AS closed_at, b.state, b.since, b.until \
     FROM (SELECT s.unit_id, COALESCE(f.id, s.id) AS id, s.id AS shift_id, s.person_id, s.opened_on, \
     COALESCE(f.at, s.opened_at) AS opened_at, COALESCE(f.total, 0) AS float_total, \
     CASE WHEN LAG(f.id) OVER w IS NULL THEN 0 ELSE f.id END AS since, \
     COALESCE(LEAD(f.id) OVER w, 9223372036854775807) AS until, \
     CASE WHEN LEAD(f.id) OVER w IS NULL THEN s.state ELSE 'closed' END AS state \
     FROM shift s LEFT JOIN shift_count f ON f.unit_id = s.unit_id AND f.shift_id = s.id AND f.kind = 'float' \
     WINDOW w AS (PARTITION BY s.unit_id, s.id ORDER BY f.revision)) b \
     LEFT JOIN shift_count c ON c.unit_id = b.unit_id AND b.state <> 'in_use' AND c.shift_id = b.shift_id \
     AND c.id = (SELECT MAX(k.id) FROM shift_count k WHERE k.unit_id = b.unit_id AND k.shift_id = b.shift_id \
     AND k.kind = 'closing' AND k.id > b.since AND k.id < b.until))";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    opened_at: i64,
    #[diesel(sql_type = BigInt)]
    float_total: i64,
    #[diesel(sql_type = BigInt)]
    cash_taken: i64,
    #[diesel(sql_type = BigInt)]
    card_taken: i64,
    #[diesel(sql_type = BigInt)]
    handed_over: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    expected: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    counted: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    variance: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    closed_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    since: i64,
    #[diesel(sql_type = BigInt)]
    until: i64,
}

/// The turns of a shift, oldest first. What an open one should hold now is not known here.
pub(super) fn of_shift(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Vec<Turn>> {
    let sql = format!(
        "SELECT t.opened_at, t.float_total, t.cash_taken, t.card_taken, t.handed_over, t.expected, t.counted, \
         t.variance, t.closed_at, t.since, t.until FROM {TURNS} t WHERE t.unit_id = $1 AND t.shift_id = $2 ORDER BY t.id"
    );
    let found: Vec<Row> =
        diesel::sql_query(sql).bind::<BigInt, _>(unit).bind::<BigInt, _>(id).load(conn).classify()?;
    let turn = |row: Row| Turn {
        opened_at: Instant(row.opened_at),
        float: Dong(row.float_total),
        cash_taken: Dong(row.cash_taken),
        card_taken: Dong(row.card_taken),
        handed_over: Dong(row.handed_over),
        expected: row.expected.map(Dong),
        counted: row.counted.map(Dong),
        variance: row.variance.map(Dong),
        closed_at: row.closed_at.map(Instant),
        since: row.since,
        until: row.until,
    };
    Ok(found.into_iter().map(turn).collect())
}
