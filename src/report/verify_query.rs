//! The checks of the books in SQL: each names what breaks it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::verify::Check;
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::Kind;
use crate::id::{AccountId, LineId, ObligationId, PaymentId, ShiftId, UnitId};
use crate::ledger::Account;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::exception;

/// Broken things that one check names at most.
const SHOWN_LIMIT: usize = 20;

/// Balances by account, debits less credits, of the accounts that begin with a word.
macro_rules! balances {
    ($word:literal) => {
        concat!(
            "(SELECT account, SUM(amount) AS balance FROM (SELECT debit_account AS account, amount FROM posting \
             WHERE unit_id = $1 AND debit_account LIKE '", $word, "' UNION ALL SELECT credit_account, -amount \
             FROM posting WHERE unit_id = $1 AND credit_account LIKE '", $word, "') side GROUP BY account)"
        )
    };
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    t: String,
}

pub fn broken(conn: &mut Conn, check: &Check, unit: UnitId) -> Result<Vec<String>> {
    let found: Vec<Named> = diesel::sql_query(check.sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().take(SHOWN_LIMIT).map(|one| one.t).collect())
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// What the posted lines of a bank account moved.
pub fn moved_by_lines(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Dong> {
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS sum FROM statement_line WHERE unit_id = $1 \
               AND account_id = $2 AND posted_on IS NOT NULL";
    let moved: Moved = diesel::sql_query(sql)
        .bind::<BigInt, _>(unit)
        .bind::<BigInt, _>(account)
        .get_result(conn)
        .classify()?;
    Ok(Dong(moved.sum))
}

/// What a merger posted on an account: what it held went over to the unit that goes on.
pub fn handed_over(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Dong> {
    // The unit comes first in the text too: SQLite numbers what is bound by where it is first named.
    let sql = "WITH moved AS (SELECT debit_account, credit_account, amount FROM posting WHERE unit_id = $1 \
               AND source_kind = 'handover') \
               SELECT CAST(COALESCE(SUM(CASE WHEN debit_account = $2 THEN amount ELSE 0 END), 0) \
               - COALESCE(SUM(CASE WHEN credit_account = $2 THEN amount ELSE 0 END), 0) AS BIGINT) AS sum FROM moved";
    let moved: Moved = diesel::sql_query(sql)
        .bind::<BigInt, _>(unit)
        .bind::<Text, _>(account)
        .get_result(conn)
        .classify()?;
    Ok(Dong(moved.sum))
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

/// The accounts of suspense that hold something: credits above zero.
pub fn suspense(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sql = concat!(
        "SELECT b.account, CAST(-b.balance AS BIGINT) AS balance FROM ",
        balances!("suspense/%"),
        " b WHERE b.balance <> 0 ORDER BY b.account"
    );
    let found: Vec<Standing> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| (one.account, Dong(one.balance))).collect())
}

/// The debits that nobody explained, and what stands for each.
pub fn unexplained(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sql = concat!(
        "SELECT b.account, CAST(b.balance AS BIGINT) AS balance FROM ",
        balances!("unexplained_debit/%"),
        " b WHERE b.balance > 0 ORDER BY b.account"
    );
    let found: Vec<Standing> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| (one.account, Dong(one.balance))).collect())
}

/// What the bank took back and nobody covered, by the account of each payment.
pub fn debts(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sql = concat!(
        "SELECT b.account, CAST(b.balance AS BIGINT) AS balance FROM ",
        balances!("reversal_to_recover/%"),
        " b WHERE b.balance > 0 ORDER BY b.account"
    );
    let found: Vec<Standing> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| (one.account, Dong(one.balance))).collect())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn payments(conn: &mut Conn, unit: UnitId, sql: &str) -> Result<Vec<PaymentId>> {
    let found: Vec<IdRow> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().take(SHOWN_LIMIT).map(|one| PaymentId(one.id)).collect())
}

/// Payments that an open item keeps for another unit though the bank took their movement back.
pub fn kept_though_gone(conn: &mut Conn, unit: UnitId) -> Result<Vec<PaymentId>> {
    let sql = "SELECT y.id FROM payment y JOIN movement m ON m.unit_id = y.unit_id AND m.id = y.movement_id \
               AND m.state = 'reversed' WHERE y.unit_id = $1 AND y.other_unit = y.amount AND EXISTS \
               (SELECT 1 FROM exception x WHERE x.unit_id = y.unit_id AND x.kind = 18 AND x.state <> 'resolved' \
               AND ((x.subject_kind = 'movement' AND x.subject_id = y.movement_id) OR (x.subject_kind = 'line' \
               AND EXISTS (SELECT 1 FROM match_part p WHERE p.unit_id = y.unit_id \
               AND p.movement_id = y.movement_id AND p.line_id = x.subject_id AND +p.undoes_id IS NULL \
               AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = p.unit_id AND u.undoes_id = p.id))))) \
               ORDER BY y.id";
    payments(conn, unit, sql)
}

/// Payments that hold all of their money though their movement was taken back.
pub fn whole_though_reversed(conn: &mut Conn, unit: UnitId) -> Result<Vec<PaymentId>> {
    let sql = "SELECT y.id FROM payment y JOIN movement m ON m.unit_id = y.unit_id AND m.id = y.movement_id \
               AND m.state = 'reversed' WHERE y.unit_id = $1 AND y.state IN ('claimed', 'proven') \
               AND y.reversed = 0 ORDER BY y.id";
    payments(conn, unit, sql)
}

/// The lines that open items are about, with what they ask about.
pub fn asked_of_lines(conn: &mut Conn, unit: UnitId) -> Result<Vec<(LineId, Dong)>> {
    exception::table
        .filter(exception::unit_id.eq(unit))
        .filter(exception::state.ne("resolved"))
        .filter(exception::subject_kind.eq("line"))
        .select((exception::subject_id, exception::amount))
        .load(conn)
        .classify()
        .map(|found: Vec<(i64, Dong)>| {
            found.into_iter().map(|(line, amount)| (LineId(line), amount)).collect()
        })
}

/// What stands for other units: what is owed to each is above zero.
pub fn due_to_units(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sql = concat!(
        "SELECT b.account, CAST(-b.balance AS BIGINT) AS balance FROM ",
        balances!("due_to_unit/%"),
        " b WHERE b.balance <> 0 ORDER BY b.account"
    );
    let found: Vec<Standing> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| (one.account, Dong(one.balance))).collect())
}

/// What the open items about money of other units stand for, by account: each payment once, whether its
/// claim or its line is asked about.
pub fn asked_for_units(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sql = "SELECT o.credit_account AS account, CAST(SUM(y.other_unit) AS BIGINT) AS balance FROM payment y \
               JOIN posting o ON o.unit_id = y.unit_id AND o.source_kind = 'payment' AND o.source_id = y.id \
               AND o.credit_account LIKE 'due_to_unit/%' WHERE y.unit_id = $1 AND y.other_unit > 0 AND EXISTS \
               (SELECT 1 FROM exception x WHERE x.unit_id = y.unit_id AND x.kind = 18 AND x.state <> 'resolved' \
               AND ((x.subject_kind = 'movement' AND x.subject_id = y.movement_id) OR (x.subject_kind = 'line' \
               AND EXISTS (SELECT 1 FROM match_part p WHERE p.unit_id = y.unit_id \
               AND p.movement_id = y.movement_id AND p.line_id = x.subject_id AND +p.undoes_id IS NULL \
               AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = p.unit_id AND u.undoes_id = p.id))))) \
               GROUP BY o.credit_account";
    let found: Vec<Standing> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| (one.account, Dong(one.balance))).collect())
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Integer)]
    kind: i32,
    #[diesel(sql_type = Text)]
    subject_kind: String,
    #[diesel(sql_type = BigInt)]
    subject_id: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// The open items about money in suspense: (kind, the account it stands on, amount). One about a movement
/// that no payment has is about the line that shows it.
pub fn holders(conn: &mut Conn, unit: UnitId) -> Result<Vec<(Kind, Account, Dong)>> {
    let sql = "SELECT x.kind, x.subject_kind, x.subject_id, x.amount FROM exception x WHERE x.unit_id = $1 \
               AND x.state <> 'resolved' AND x.subject_kind IN ('line', 'shift') UNION ALL \
               SELECT x.kind, 'line', p.line_id, x.amount FROM exception x \
               JOIN movement m ON m.unit_id = x.unit_id AND m.id = x.subject_id AND m.payment_id IS NULL \
               JOIN match_part p ON p.unit_id = x.unit_id AND p.movement_id = x.subject_id \
               AND +p.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = p.unit_id \
               AND u.undoes_id = p.id) \
               WHERE x.unit_id = $1 AND x.state <> 'resolved' AND x.subject_kind = 'movement'";
    let found: Vec<Holder> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    let mut holders = Vec::new();
    for one in found {
        let kind = Kind::from_number(u8::try_from(one.kind).unwrap_or_default())?;
        let account = match one.subject_kind.as_str() {
            "shift" => Account::DrawerSuspense(ShiftId(one.subject_id)),
            _ => Account::Suspense(LineId(one.subject_id)),
        };
        holders.push((kind, account, Dong(one.amount)));
    }
    Ok(holders)
}

/// What stands in advance, by the account of each obligation: credits above zero.
pub fn advances(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sql = concat!(
        "SELECT b.account, CAST(-b.balance AS BIGINT) AS balance FROM ",
        balances!("received_in_advance/%"),
        " b WHERE b.balance < 0 ORDER BY b.account"
    );
    let found: Vec<Standing> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| (one.account, Dong(one.balance))).collect())
}

fn obligations(conn: &mut Conn, unit: UnitId, sql: &str) -> Result<Vec<ObligationId>> {
    let found: Vec<IdRow> = diesel::sql_query(sql).bind::<BigInt, _>(unit).load(conn).classify()?;
    Ok(found.into_iter().map(|one| ObligationId(one.id)).collect())
}

/// The obligations whose rest, or whose document, an open item or a waiting correction asks for.
pub fn asked_advances(conn: &mut Conn, unit: UnitId) -> Result<BTreeSet<ObligationId>> {
    let sql = "SELECT x.subject_id AS id FROM exception x WHERE x.unit_id = $1 AND x.state <> 'resolved' \
               AND x.kind IN (7, 27) AND x.subject_kind = 'obligation' UNION SELECT a.obligation_id \
               FROM awaited_document a WHERE a.unit_id = $1 AND a.state = 'waiting'";
    obligations(conn, unit, sql).map(|found| found.into_iter().collect())
}

/// The obligations whose rest is asked for though nothing was paid, and no correction asks for it.
pub fn asked_of_nothing(conn: &mut Conn, unit: UnitId) -> Result<Vec<ObligationId>> {
    let sql = "SELECT o.id FROM exception x JOIN obligation o ON o.unit_id = x.unit_id AND o.id = x.subject_id \
               WHERE x.unit_id = $1 AND x.state <> 'resolved' AND x.kind = 7 AND x.subject_kind = 'obligation' \
               AND o.allocated = 0 AND NOT EXISTS (SELECT 1 FROM awaited_document a WHERE a.unit_id = o.unit_id \
               AND a.obligation_id = o.id AND a.state = 'waiting') ORDER BY o.id";
    obligations(conn, unit, sql)
}

pub const CHECKS: &[Check] = &[
    Check {
        code: "trial_balance",
        vi: "Tổng bên Nợ bằng tổng bên Có",
        en: "Debits and credits of all accounts sum to zero",
        sql: concat!(
            "SELECT 'trial_balance' AS t FROM (SELECT COALESCE(SUM(b.balance), 0) AS total FROM ",
            balances!("%"),
            " b) s WHERE s.total <> 0"
        ),
    },
    Check {
        code: "clearing",
        vi: "Tiền chờ chứng minh bằng các báo có chưa được sao kê chứng minh",
        en: "Clearing is what is claimed and not proven",
        sql: concat!(
            "SELECT b.account AS t FROM ",
            balances!("clearing/%"),
            " b WHERE b.balance <> \
             (SELECT COALESCE(SUM(p.amount - COALESCE(m.proven, 0)), 0) FROM payment p LEFT JOIN movement m \
             ON m.unit_id = p.unit_id AND m.id = p.movement_id WHERE p.unit_id = $1 \
             AND p.debit_account = b.account AND p.state = 'claimed')"
        ),
    },
    Check {
        code: "receipts",
        vi: "Biên lai còn hiệu lực bằng phí đã ghi nhận",
        en: "The valid receipts are the fees collected against receipts",
        sql: "SELECT 'fees_collected' AS t FROM unit u WHERE u.unit_id = $1 AND \
              (SELECT COALESCE(SUM(r.amount), 0) FROM receipt r WHERE r.unit_id = u.unit_id \
              AND r.state IN ('numbered', 'signed', 'adjusted') AND NOT EXISTS (SELECT 1 FROM receipt_relation x \
              JOIN receipt o ON o.unit_id = x.unit_id AND o.id = x.original_id WHERE x.unit_id = r.unit_id \
              AND x.receipt_id = r.id AND x.action = 'adjust' AND o.state = 'cancelled')) <> \
              (SELECT COALESCE(SUM(CASE WHEN p.credit_account LIKE 'fees_collected/%' THEN p.amount ELSE 0 END), 0) \
              - COALESCE(SUM(CASE WHEN p.debit_account LIKE 'fees_collected/%' THEN p.amount ELSE 0 END), 0) \
              FROM posting p WHERE p.unit_id = u.unit_id AND p.source_kind = 'receipt')",
    },
    Check {
        code: "owed_to_payers",
        vi: "Tiền thừa và tiền chờ hoàn bằng phần thừa của các khoản nộp",
        en: "Surplus and refund_payable are what payers are owed",
        sql: "SELECT 'surplus' AS t FROM unit u WHERE u.unit_id = $1 AND \
              (SELECT COALESCE(SUM(CASE WHEN p.credit_account = 'refund_payable' OR p.credit_account LIKE 'surplus/%' \
              THEN p.amount ELSE 0 END), 0) - COALESCE(SUM(CASE WHEN p.debit_account = 'refund_payable' \
              OR p.debit_account LIKE 'surplus/%' THEN p.amount ELSE 0 END), 0) FROM posting p \
              WHERE p.unit_id = u.unit_id) <> (SELECT COALESCE(SUM(y.surplus), 0) FROM payment y \
              WHERE y.unit_id = u.unit_id)",
    },
    Check {
        code: "advances",
        vi: "Không nghĩa vụ nào bị trừ quá số đã nộp trước",
        en: "No obligation gave more of its advance than it had",
        sql: concat!(
            "SELECT b.account AS t FROM ",
            balances!("received_in_advance/%"),
            " b WHERE b.balance > 0"
        ),
    },
    Check {
        code: "unexplained_debit",
        vi: "Khoản chi chưa rõ không được giải thích quá số tiền",
        en: "No debit is explained by more than it was",
        sql: concat!(
            "SELECT b.account AS t FROM ",
            balances!("unexplained_debit/%"),
            " b WHERE b.balance < 0"
        ),
    },
];
