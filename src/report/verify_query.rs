//! The checks of the books in SQL: each names what breaks it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::verify::Check;
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;

/// Broken things that one check names at most.
const SHOWN_LIMIT: usize = 20;

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
              AND r.state IN ('numbered', 'signed', 'adjusted')) <> \
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
        code: "suspense",
        vi: "Tiền chưa rõ không âm",
        en: "No more left suspense than stood there",
        sql: concat!("SELECT b.account AS t FROM ", balances!("suspense/%"), " b WHERE b.balance > 0"),
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
    Check {
        code: "due_to_unit",
        vi: "Tiền của đơn vị khác không bị chuyển đi quá số đã nhận",
        en: "No unit was paid more than came for it, and what is owed has an open item",
        sql: concat!(
            "SELECT b.account AS t FROM ",
            balances!("due_to_unit/%"),
            " b WHERE b.balance > 0 OR (b.balance < 0 \
             AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.unit_id = $1 AND x.kind = 18 AND x.state <> 'resolved'))"
        ),
    },
];
