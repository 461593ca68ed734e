//! The SQL of orders to the Treasury.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::{Kind, Line, Order, Remittable, State, Status};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::past::PastEvent;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema_cash::{
    remittable, remittance, remittance_event, remittance_line, remittance_line_status,
};
use crate::store::{Conn, Tx};
use crate::unit::account;

pub use crate::statement::open_day_query::last_closed;

crate::table_row! {
    pub struct OrderRow in "remittance" {
        pub unit_id: UnitId,
        pub id: RemittanceId,
        pub account_id: AccountId,
        pub kind: &'static str,
        pub year: i32,
        pub order_no: i64,
        pub covered_until: BusinessDay,
        pub amount: Dong,
        pub reference_code: String,
        pub treasury_account: Option<String>,
        pub treasury_code: Option<String>,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct LineRow in "remittance_line" {
        pub unit_id: UnitId,
        pub remittance_id: RemittanceId,
        pub line_no: i32,
        pub source_account: String,
        pub chapter: Option<String>,
        pub sub_item: Option<String>,
        pub amount: Dong,
    }
}

crate::table_row! {
    pub struct EventRow in "remittance_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub remittance_id: RemittanceId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: Option<PersonId>,
        pub line_id: Option<LineId>,
        pub amount: Option<Dong>,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    /// What may be ordered from an account of one source; the database holds ordered ≤ due.
    pub struct RemittableRow in "remittable" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub source_account: String,
        pub due: Dong,
        pub ordered: Dong,
        pub revision: i64,
    }
}

type Sql = (
    (BigInt, BigInt, BigInt, Text, Integer, BigInt),
    (Date, BigInt, Text, Nullable<Text>, Nullable<Text>),
    (BigInt, Nullable<BigInt>, BigInt, Text, BigInt, BigInt, BigInt, BigInt),
);
type Parts = (
    (UnitId, RemittanceId, AccountId, String, i32, i64),
    (BusinessDay, Dong, String, Option<String>, Option<String>),
    (PersonId, Option<PersonId>, Instant, String, i64, i64, Dong, Dong),
);

const SELECT: &str = "SELECT t.unit_id, t.id, t.account_id, t.kind, t.year, t.order_no, t.covered_until, t.amount, \
     t.reference_code, t.treasury_account, t.treasury_code, t.maker_person_id, t.checker_person_id, t.created_at, \
     t.state, t.revision, (SELECT CAST(COALESCE(SUM(CASE WHEN e.kind = 'debited' THEN 1 ELSE -1 END), 0) AS BIGINT) \
     FROM remittance_event e WHERE e.unit_id = t.unit_id AND e.remittance_id = t.id \
     AND e.kind IN ('debited', 'undebited')), (SELECT CAST(COALESCE(SUM(l.amount), 0) AS BIGINT) \
     FROM remittance_line_status s JOIN remittance_line l ON l.unit_id = s.unit_id \
     AND l.remittance_id = s.remittance_id AND l.line_no = s.line_no WHERE s.unit_id = t.unit_id \
     AND s.remittance_id = t.id AND s.status = 'credited'), (SELECT \
     CAST(COALESCE(SUM(COALESCE(e.amount, l.amount)), 0) AS BIGINT) FROM remittance_event e \
     JOIN statement_line l ON l.unit_id = e.unit_id AND l.id = e.line_id WHERE e.unit_id = t.unit_id \
     AND e.remittance_id = t.id AND e.kind = 'returned') FROM remittance t";

fn order_of((what, sum, now): Parts) -> Result<Order> {
    Ok(Order {
        unit: what.0,
        id: what.1,
        account: what.2,
        kind: Kind::parse(&what.3)?,
        year: what.4,
        order_no: what.5,
        covered_until: sum.0,
        amount: sum.1,
        reference_code: sum.2,
        treasury_account: sum.3,
        treasury_code: sum.4,
        maker: now.0,
        checker: now.1,
        created_at: now.2,
        state: State::stored(&now.3)?,
        revision: now.4,
        was_debited: now.5 > 0,
        credited: now.6,
        returned: now.7,
    })
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, RemittanceId)]) -> Result<Vec<Order>> {
    let keys = rows::unit_keys("id", ids);
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", Lock::None)?;
    let mut found: Vec<Order> = found.into_iter().map(order_of).collect::<Result<_>>()?;
    found.sort_by_key(|order| (order.unit, order.id));
    Ok(found)
}

/// The orders behind reference codes; other codes are left out.
pub fn by_codes(conn: &mut Conn, codes: &[String]) -> Result<Vec<Order>> {
    let found = account::by_codes(conn, codes, account::KIND_REMITTANCE)?;
    let ids: Vec<(UnitId, RemittanceId)> =
        found.into_iter().map(|(_, unit, id)| (unit, RemittanceId(id))).collect();
    by_ids(conn, &ids)
}

crate::table_row! {
    /// What the Treasury's report said of a line.
    pub struct StatusRow in "remittance_line_status" {
        pub unit_id: UnitId,
        pub remittance_id: RemittanceId,
        pub line_no: i32,
        pub status: &'static str,
        pub reason: String,
        pub report_id: EventId,
        pub created_at: Instant,
    }
}

/// The lines of an order, in their order; numbered from 1.
pub fn lines(conn: &mut Conn, unit: UnitId, id: RemittanceId) -> Result<Vec<Line>> {
    type Stored = (i32, String, Option<String>, Option<String>, Dong);
    let found: Vec<Stored> = remittance_line::table
        .filter(remittance_line::unit_id.eq(unit))
        .filter(remittance_line::remittance_id.eq(id))
        .order(remittance_line::line_no)
        .select((
            remittance_line::line_no,
            remittance_line::source_account,
            remittance_line::chapter,
            remittance_line::sub_item,
            remittance_line::amount,
        ))
        .load(conn)
        .classify()?;
    let told: Vec<(i32, String, String)> = remittance_line_status::table
        .filter(remittance_line_status::unit_id.eq(unit))
        .filter(remittance_line_status::remittance_id.eq(id))
        .select((
            remittance_line_status::line_no,
            remittance_line_status::status,
            remittance_line_status::reason,
        ))
        .load(conn)
        .classify()?;
    let line = |(line_no, source, chapter, sub_item, amount): Stored| {
        let said = told.iter().find(|one| one.0 == line_no);
        let status = said.map(|(_, status, _)| Status::stored(status)).transpose()?;
        let reason = said.map(|(.., reason)| reason.clone()).filter(|reason| !reason.is_empty());
        Ok(Line { source, chapter, sub_item, amount, status, reason })
    };
    found.into_iter().map(line).collect()
}

pub fn insert(tx: &mut Tx<'_>, order: &Order, lines: &[Line]) -> Result<()> {
    let row = OrderRow {
        unit_id: order.unit,
        id: order.id,
        account_id: order.account,
        kind: order.kind.as_str(),
        year: order.year,
        order_no: order.order_no,
        covered_until: order.covered_until,
        amount: order.amount,
        reference_code: order.reference_code.clone(),
        treasury_account: order.treasury_account.clone(),
        treasury_code: order.treasury_code.clone(),
        maker_person_id: order.maker,
        created_at: order.created_at,
        state: order.state.as_str(),
        revision: order.revision,
    };
    let line = |(line_no, line): (i32, &Line)| LineRow {
        unit_id: order.unit,
        remittance_id: order.id,
        line_no,
        source_account: line.source.clone(),
        chapter: line.chapter.clone(),
        sub_item: line.sub_item.clone(),
        amount: line.amount,
    };
    let lines: Vec<LineRow> = (1..).zip(lines).map(line).collect();
    rows::insert(tx, &[row])?;
    rows::insert(tx, &lines)
}

/// Stores an order's next revision; the row must be the one that was read.
pub fn store(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    rows::advance(
        tx,
        "remittance",
        (order.unit, order.id),
        order.revision,
        vec![
            ("state", Column::of([order.state.as_str()])),
            ("checker_person_id", Column::of([order.checker])),
        ],
    )
}

/// The next number of the unit's orders in a year.
pub fn next_no(conn: &mut Conn, unit: UnitId, year: i32) -> Result<i64> {
    let last: Option<i64> = remittance::table
        .filter(remittance::unit_id.eq(unit))
        .filter(remittance::year.eq(year))
        .select(diesel::dsl::max(remittance::order_no))
        .first(conn)
        .classify()?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Orders of a unit, newest first.
pub fn page(
    conn: &mut Conn,
    unit: UnitId,
    state: Option<State>,
    page: impl Into<Page>,
) -> Result<Vec<Order>> {
    let ids: Vec<RemittanceId> =
        crate::newest_of!(remittance, unit, page, state).select(remittance::id).load(conn).classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.reverse();
    Ok(found)
}

/// The unit of an order within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: RemittanceId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, remittance, id)
}

/// The orders that a line showed leaving, whatever became of that.
pub fn debited_by(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<RemittanceId>> {
    remittance_event::table
        .filter(remittance_event::unit_id.eq(unit))
        .filter(remittance_event::line_id.eq(line))
        .filter(remittance_event::kind.eq("debited"))
        .order(remittance_event::id)
        .select(remittance_event::remittance_id)
        .load(conn)
        .classify()
}

/// The steps of an order's life.
pub fn events(conn: &mut Conn, unit: UnitId, id: RemittanceId) -> Result<Vec<PastEvent>> {
    crate::past_events!(conn, remittance_event, unit, remittance_id = id)
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What an account's closed days made owed, by ledger account: credits less debits. To it belong
/// interest and what persons decided to hand over, once their day is closed.
pub fn due(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<(String, Dong)>> {
    match last_closed(conn, unit, account)? {
        Some(until) => posted_until(conn, unit, account, until),
        None => Ok(Vec::new()),
    }
}

/// The same of open days too.
pub fn posted(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<(String, Dong)>> {
    let last = chrono::NaiveDate::from_ymd_opt(9999, 12, 31);
    posted_until(conn, unit, account, BusinessDay(last.unwrap_or(chrono::NaiveDate::MAX)))
}

/// Whose money is asked for: what stands before each part's own tables, unit, account and last day of its rows, and
/// the columns that name them.
pub(super) struct Whose<'w> {
    pub before: &'w str,
    pub unit: &'w str,
    pub account: &'w str,
    pub until: &'w str,
    pub columns: &'w str,
    /// The units as a list, where they are several: PostgreSQL does not carry it from one table to the other.
    pub units: &'w str,
}

/// What was posted as owed, by ledger account: credits less debits.
pub(super) fn owed(whose: &Whose<'_>) -> String {
    let Whose { before, unit, account, until, columns, units } = whose;
    let within = |table: &str| match *units {
        "" => String::new(),
        units => format!("AND {table}.unit_id IN ({units}) AND p.unit_id IN ({units})"),
    };
    let (within_day, within_line, within_item) = (within("c"), within("l"), within("x"));
    // Each part begins at the few: certificates, lines of interest, exceptions; never at the postings. Of `<=` SQLite
    // would make a bound of the postings' own days, and walk all of the unit's for each line of interest.
    let day = format!(
        "FROM {before}day_certificate c CROSS JOIN posting p WHERE c.unit_id = {unit} AND c.account_id = {account} \
         AND p.unit_id = c.unit_id AND p.source_kind = 'day' AND p.source_id = c.id \
         AND p.accounting_date = c.date {within_day}"
    );
    let line = format!(
        "FROM {before}statement_line l CROSS JOIN posting p WHERE l.unit_id = {unit} AND l.account_id = {account} \
         AND l.class = 'interest' AND NOT (l.posted_on > {until}) AND p.unit_id = l.unit_id \
         AND p.accounting_date = l.posted_on AND p.source_kind = 'line' AND p.source_id = l.id {within_line}"
    );
    let decided = format!(
        "FROM {before}exception x CROSS JOIN posting p WHERE x.unit_id = {unit} AND x.account_id = {account} \
         AND p.unit_id = x.unit_id AND p.source_kind = 'exception' AND p.source_id = x.id \
         AND p.accounting_date <= {until} {within_item}"
    );
    format!(
        "SELECT {columns}source, CAST(SUM(amount) AS BIGINT) AS amount FROM (\
         SELECT p.credit_account AS source, p.amount AS amount{key} {day} \
         UNION ALL SELECT p.debit_account, -p.amount{key} {day} \
         UNION ALL SELECT p.credit_account, p.amount{key} {line} AND p.credit_account LIKE 'budget_due/%' \
         UNION ALL SELECT p.debit_account, -p.amount{key} {line} \
         AND (p.debit_account LIKE 'budget_due/%' OR p.debit_account LIKE 'budget_refund_due/%') \
         UNION ALL SELECT p.credit_account, p.amount{key} {decided} AND p.credit_account LIKE 'budget_due/%' \
         UNION ALL SELECT p.debit_account, -p.amount{key} {decided} AND (p.debit_account LIKE 'budget_refund_due/%' \
         OR (p.debit_account LIKE 'budget_due/%' AND p.credit_account LIKE 'suspense/%')) \
         UNION ALL SELECT p.credit_account, p.amount{key} {decided} \
         AND p.credit_account LIKE 'budget_refund_due/%' AND p.debit_account LIKE 'unexplained_debit/%') AS owed \
         WHERE source LIKE 'budget_due/%' OR source LIKE 'share_kept/%' OR source LIKE 'budget_refund_due/%' \
         GROUP BY {columns}source ORDER BY {columns}source",
        key = if columns.is_empty() { "" } else { ", u.unit_id, u.account_id" },
    )
}

fn posted_until(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    until: BusinessDay,
) -> Result<Vec<(String, Dong)>> {
    let text = owed(&Whose { before: "", unit: "$1", account: "$2", until: "$3", columns: "", units: "" });
    let found: Vec<DueRow> = diesel::sql_query(text)
        .bind::<BigInt, _>(unit)
        .bind::<BigInt, _>(account)
        .bind::<Date, _>(until)
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|row| (row.source, Dong(row.amount))).collect())
}

/// What orders took, by source.
#[derive(Clone, Copy, Debug)]
pub struct Ordered {
    pub ordered: Dong,
    pub revision: i64,
}

pub fn ordered(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<BTreeMap<String, Ordered>> {
    let found: Vec<(String, Dong, i64)> = remittable::table
        .filter(remittable::unit_id.eq(unit))
        .filter(remittable::account_id.eq(account))
        .select((remittable::source_account, remittable::ordered, remittable::revision))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(source, ordered, revision)| (source, Ordered { ordered, revision })).collect())
}

/// Takes the lines' amounts, under the account's lock.
pub fn take(
    tx: &mut Tx<'_>,
    unit: UnitId,
    account: AccountId,
    available: &[Remittable],
    lines: &[Line],
) -> Result<()> {
    let known = ordered(tx, unit, account)?;
    let (mut fresh, mut moved) = (Vec::new(), Vec::new());
    for line in lines {
        let due = available.iter().find(|one| one.source == line.source).map(|one| one.due);
        let due = due.ok_or_else(|| Error::internal("an order takes from what is not due"))?;
        let before = known.get(&line.source);
        let row = RemittableRow {
            unit_id: unit,
            account_id: account,
            source_account: line.source.clone(),
            due,
            ordered: before.map_or(Dong::ZERO, |before| before.ordered).checked_add(line.amount)?,
            revision: before.map_or(0, |before| before.revision) + 1,
        };
        if before.is_some() { moved.push(row) } else { fresh.push(row) }
    }
    rows::insert(tx, &fresh)?;
    update(tx, &moved, true)
}

/// Gives the lines' amounts back: they may be ordered again.
pub fn give_back(tx: &mut Tx<'_>, unit: UnitId, account: AccountId, lines: &[Line]) -> Result<()> {
    let known = ordered(tx, unit, account)?;
    let mut moved = Vec::with_capacity(lines.len());
    for line in lines {
        let before = known.get(&line.source).ok_or_else(|| Error::internal("an order took from nothing"))?;
        moved.push(RemittableRow {
            unit_id: unit,
            account_id: account,
            source_account: line.source.clone(),
            due: Dong::ZERO,
            ordered: before.ordered.checked_sub(line.amount)?,
            revision: before.revision + 1,
        });
    }
    update(tx, &moved, false)
}

fn update(tx: &mut Tx<'_>, moved: &[RemittableRow], with_due: bool) -> Result<()> {
    let mut sets = vec![
        ("ordered", Column::of(moved.iter().map(|row| row.ordered))),
        ("revision", Column::of(moved.iter().map(|row| row.revision))),
    ];
    if with_due {
        sets.push(("due", Column::of(moved.iter().map(|row| row.due))));
    }
    rows::update(
        tx,
        Update {
            table: "remittable",
            keys: vec![
                ("unit_id", Column::of(moved.iter().map(|row| row.unit_id))),
                ("account_id", Column::of(moved.iter().map(|row| row.account_id))),
                ("source_account", Column::of(moved.iter().map(|row| row.source_account.clone()))),
            ],
            guard: vec![("revision", Column::of(moved.iter().map(|row| row.revision - 1)))],
            sets,
        },
    )
}
