//! The SQL of the lines of statements.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{line_case, statement_line};

crate::table_row! {
    pub struct LineRow in "statement_line" {
        pub unit_id: UnitId,
        pub id: LineId,
        pub statement_id: StatementId,
        pub account_id: AccountId,
        pub line_no: i32,
        pub booking_date: BusinessDay,
        pub value_date: Option<BusinessDay>,
        pub amount: Dong,
        pub identity: String,
        pub reference: Option<String>,
        pub bank_reference: Option<String>,
        pub codes: String,
        pub damaged: String,
        pub key_id: KeyId,
        pub memo_cipher: Vec<u8>,
        pub is_reversal: bool,
        pub created_at: Instant,
        pub matched: Dong,
        pub revision: i64,
    }
}

/// A line as it stands. The memo is encrypted; see `line_memo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLine {
    pub unit: UnitId,
    pub id: LineId,
    pub statement: StatementId,
    pub account: AccountId,
    pub line_no: i32,
    pub booking_date: BusinessDay,
    pub value_date: Option<BusinessDay>,
    /// Minus is money out.
    pub amount: Dong,
    pub reference: Option<String>,
    pub bank_reference: Option<String>,
    /// Verified reference codes of the memo.
    pub codes: Vec<String>,
    /// What looked like a code and failed its check.
    pub damaged: Vec<String>,
    pub key: KeyId,
    pub memo_cipher: Vec<u8>,
    pub is_reversal: bool,
    /// Zero to the size of the amount, without sign.
    pub matched: Dong,
    pub class: Option<String>,
    pub posted_on: Option<BusinessDay>,
    pub revision: i64,
}

impl StoredLine {
    /// What no match explains yet, with the sign of the amount.
    pub fn open(&self) -> Dong {
        let open = self.amount.0.abs().saturating_sub(self.matched.0);
        Dong(open.saturating_mul(self.amount.0.signum()))
    }
}

type LineParts = (
    (UnitId, LineId, StatementId, AccountId, i32, BusinessDay, Option<BusinessDay>, Dong),
    (Option<String>, Option<String>, String, String, KeyId, Vec<u8>, bool),
    (Dong, Option<String>, Option<BusinessDay>, i64),
);

macro_rules! line_columns {
    () => {
        (
            (
                statement_line::unit_id,
                statement_line::id,
                statement_line::statement_id,
                statement_line::account_id,
                statement_line::line_no,
                statement_line::booking_date,
                statement_line::value_date,
                statement_line::amount,
            ),
            (
                statement_line::reference,
                statement_line::bank_reference,
                statement_line::codes,
                statement_line::damaged,
                statement_line::key_id,
                statement_line::memo_cipher,
                statement_line::is_reversal,
            ),
            (
                statement_line::matched,
                statement_line::class,
                statement_line::posted_on,
                statement_line::revision,
            ),
        )
    };
}

/// Only lines of statements that are loaded whole: a filter for queries of `statement_line`.
#[macro_export]
macro_rules! of_ready_statement {
    () => {{
        use $crate::store::schema::{statement, statement_line};
        diesel::dsl::exists(
            statement::table
                .filter(statement::unit_id.eq(statement_line::unit_id))
                .filter(statement::id.eq(statement_line::statement_id))
                .filter(statement::state.eq("ready")),
        )
    }};
}

fn line_of((what, text, state): LineParts) -> StoredLine {
    StoredLine {
        unit: what.0,
        id: what.1,
        statement: what.2,
        account: what.3,
        line_no: what.4,
        booking_date: what.5,
        value_date: what.6,
        amount: what.7,
        reference: text.0,
        bank_reference: text.1,
        codes: split(&text.2),
        damaged: split(&text.3),
        key: text.4,
        memo_cipher: text.5,
        is_reversal: text.6,
        matched: state.0,
        class: state.1,
        posted_on: state.2,
        revision: state.3,
    }
}

fn split(joined: &str) -> Vec<String> {
    joined.split_whitespace().map(str::to_owned).collect()
}

/// Lines of ready statements that are not posted or not fully matched, in the order of booking.
pub fn open_lines(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    until: Option<BusinessDay>,
) -> Result<Vec<StoredLine>> {
    let posted = exists(
        line_case::table
            .filter(line_case::unit_id.eq(statement_line::unit_id))
            .filter(line_case::line_id.eq(statement_line::id)),
    );
    let credit_open =
        statement_line::amount.gt(Dong::ZERO).and(statement_line::matched.lt(statement_line::amount));
    let debit_open = statement_line::amount
        .lt(Dong::ZERO)
        .and((statement_line::matched + statement_line::amount).lt(Dong::ZERO));
    let mut found = statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(account))
        .filter(not(posted).or(credit_open).or(debit_open))
        .filter(crate::of_ready_statement!())
        .order((statement_line::booking_date, statement_line::id))
        .select(line_columns!())
        .into_boxed();
    if let Some(until) = until {
        found = found.filter(statement_line::booking_date.le(until));
    }
    Ok(found.load::<LineParts>(conn).classify()?.into_iter().map(line_of).collect())
}

/// Lines of ready statements booked on one day, in the order of booking.
pub fn lines_of_day(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Vec<StoredLine>> {
    let found: Vec<LineParts> = statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(account))
        .filter(statement_line::booking_date.eq(date))
        .filter(crate::of_ready_statement!())
        .order(statement_line::id)
        .select(line_columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(line_of).collect())
}

pub fn line(conn: &mut Conn, unit: UnitId, id: LineId) -> Result<StoredLine> {
    statement_line::table
        .find((unit, id))
        .select(line_columns!())
        .first::<LineParts>(conn)
        .optional()
        .classify()?
        .map(line_of)
        .ok_or_else(|| Error::not_found("line_not_found", "no such statement line in this unit"))
}

/// Several lines of a unit.
pub fn lines_by_id(conn: &mut Conn, unit: UnitId, ids: &[LineId]) -> Result<Vec<StoredLine>> {
    let found: Vec<LineParts> = statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::id.eq_any(ids))
        .select(line_columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(line_of).collect())
}

/// Credits of ready statements, of exactly this sum or under one of these bank references, booked from a day until
/// another; the newest first.
pub fn credits_like(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    (from, until): (BusinessDay, BusinessDay),
    (amount, references): (Dong, &[String]),
    limit: i64,
) -> Result<Vec<StoredLine>> {
    let is_named = statement_line::bank_reference.assume_not_null().eq_any(references);
    let found: Vec<LineParts> = statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(account))
        .filter(statement_line::booking_date.between(from, until))
        .filter(statement_line::amount.eq(amount).or(statement_line::amount.gt(amount).and(is_named)))
        .filter(crate::of_ready_statement!())
        .order((statement_line::booking_date.desc(), statement_line::id.desc()))
        .limit(limit)
        .select(line_columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(line_of).collect())
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Nullable<BigInt>)]
    sum: Option<i64>,
}

/// The sum of the ready lines booked from `from` to before `until`.
pub fn turnover(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    from: BusinessDay,
    until: BusinessDay,
) -> Result<Dong> {
    let sum: Sum = diesel::sql_query(
        "SELECT CAST(SUM(l.amount) AS BIGINT) AS sum FROM statement_line l JOIN statement s \
         ON s.unit_id = l.unit_id AND s.id = l.statement_id WHERE l.unit_id = $1 AND l.account_id = $2 \
         AND l.booking_date >= $3 AND l.booking_date < $4 AND s.state = 'ready'",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(from)
    .bind::<Date, _>(until)
    .get_result(conn)
    .classify()?;
    Ok(Dong(sum.sum.unwrap_or(0)))
}
