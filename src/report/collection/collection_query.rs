//! The SQL of what was collected: rows as they were recorded, and their sums by day.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{UnitId, first_minted_at};
use crate::report::Period;
use crate::store::Conn;
use crate::store::failure::Classify;

/// Fees of a unit's item that came one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountRow {
    pub unit: UnitId,
    pub recorded_on: BusinessDay,
    /// By accounting date.
    pub day: BusinessDay,
    pub item: String,
    pub way: String,
    pub amount: Dong,
    pub postings: i64,
}

/// Dossiers of a unit and field that paid one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierRow {
    pub unit: UnitId,
    pub recorded_on: BusinessDay,
    pub field: String,
    pub intake_mode: String,
    pub way: String,
    pub dossiers: i64,
    pub amount: Dong,
}

/// The days whose rows are read.
#[derive(Clone, Copy)]
pub struct Day {
    from: BusinessDay,
    /// The first day after them; none for all that follow.
    before: Option<BusinessDay>,
}

impl Day {
    pub fn only(day: BusinessDay) -> Day {
        Day { from: day, before: Some(day.next()) }
    }

    pub fn since(day: BusinessDay) -> Day {
        Day { from: day, before: None }
    }

    /// Ids of their rows lie here: an id is minted when its row is recorded, or a little ahead.
    fn ids(self) -> (i64, i64) {
        let last = self.before.map_or(i64::MAX, |before| first_minted_at(before.next().start()));
        (first_minted_at(self.from.start()), last)
    }

    fn instants(self) -> (i64, i64) {
        (self.from.start().0, self.before.map_or(i64::MAX, |before| before.start().0))
    }
}

/// The number of a day in Hà Nội since 1970-01-01, from an instant.
const HANOI_DAY: &str = "((at_us + 25200000000) / 86400000000)";
/// Accounts that a share is moved to or from: no collecting.
const SHARED_OUT: [&str; 3] = ["budget_due/%", "budget_refund_due/%", "share_kept/%"];

#[derive(QueryableByName)]
struct Amount {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    recorded: i64,
    #[diesel(sql_type = Date)]
    day: BusinessDay,
    #[diesel(sql_type = Text)]
    item: String,
    #[diesel(sql_type = Text)]
    other: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    postings: i64,
}

#[derive(QueryableByName)]
struct Dossiers {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    recorded: i64,
    #[diesel(sql_type = Text)]
    field: String,
    #[diesel(sql_type = Text)]
    intake_mode: String,
    #[diesel(sql_type = Text)]
    way: String,
    #[diesel(sql_type = BigInt)]
    dossiers: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// One side of the postings: what stands on `fee` against `other`.
fn side(fee: &str, other: &str, amount: &str) -> String {
    let shared: Vec<String> = SHARED_OUT.iter().map(|like| format!("p.{other} NOT LIKE '{like}'")).collect();
    // The order of the tables matters to a planner that keeps it: rows of the days first, by their ids.
    format!(
        "SELECT p.unit_id, p.created_at AS at_us, p.accounting_date AS day, p.{fee} AS fee, \
         CASE WHEN p.{other} LIKE 'clearing/%' THEN p.{other} WHEN p.{other} LIKE 'drawer/%' THEN 'drawer/' \
         WHEN p.{other} LIKE 'bank/%' THEN 'bank/' WHEN p.{other} LIKE 'received_in_advance/%' THEN 'advance/' \
         ELSE '' END AS other, {amount} AS amount FROM posting p CROSS JOIN unit u \
         WHERE u.unit_id = p.unit_id AND p.id >= $1 AND p.id < $2 AND p.created_at >= $3 AND p.created_at < $4 \
         AND (p.{fee} LIKE 'fees_collected/%' OR p.{fee} LIKE 'collected_without_document/%') AND {}",
        shared.join(" AND ")
    )
}

/// What was recorded on these days, in every unit the connection sees.
pub fn recorded(conn: &mut Conn, days: Day) -> Result<(Vec<AmountRow>, Vec<DossierRow>)> {
    let ((first, last), (from, before)) = (days.ids(), days.instants());
    let text = format!(
        "SELECT unit_id, {HANOI_DAY} AS recorded, day, fee AS item, other, CAST(SUM(amount) AS BIGINT) AS amount, \
         CAST(COUNT(*) AS BIGINT) AS postings FROM ({} UNION ALL {}) AS m \
         GROUP BY unit_id, {HANOI_DAY}, day, fee, other",
        side("credit_account", "debit_account", "p.amount"),
        side("debit_account", "credit_account", "-p.amount"),
    );
    let amounts: Vec<Amount> = diesel::sql_query(text)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(before)
        .load(conn)
        .classify()?;
    let text = format!(
        "SELECT unit_id, {HANOI_DAY} AS recorded, field, intake_mode, way, CAST(COUNT(*) AS BIGINT) AS dossiers, \
         CAST(SUM(allocated) AS BIGINT) AS amount FROM (SELECT e.unit_id, e.at AS at_us, \
         o.procedure_field AS field, o.intake_mode, e.allocated, \
         CASE WHEN e.kind = 'waived' THEN 'free' ELSE COALESCE(p.method, 'transfer') END AS way \
         FROM obligation_event e CROSS JOIN unit u \
         JOIN obligation o ON o.unit_id = e.unit_id AND o.id = e.obligation_id \
         LEFT JOIN payment p ON p.unit_id = e.unit_id AND p.id = e.payment_id \
         WHERE u.unit_id = e.unit_id AND e.id >= $1 AND e.id < $2 AND e.at >= $3 AND e.at < $4 \
         AND e.kind IN ('paid', 'waived') AND NOT EXISTS (SELECT 1 FROM obligation_event b \
         WHERE b.unit_id = e.unit_id AND b.obligation_id = e.obligation_id AND b.revision < e.revision \
         AND b.kind = 'paid')) AS m GROUP BY unit_id, {HANOI_DAY}, field, intake_mode, way"
    );
    let dossiers: Vec<Dossiers> = diesel::sql_query(text)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(before)
        .load(conn)
        .classify()?;
    Ok((folded(amounts), dossiers.into_iter().map(dossier_row).collect()))
}

/// Day `number` after 1970-01-01.
fn day_of(number: i64) -> BusinessDay {
    BusinessDay(chrono::NaiveDate::default()).plus_days(number)
}

/// Rows by the way money came; several accounts of the ledger are one way.
fn folded(found: Vec<Amount>) -> Vec<AmountRow> {
    let mut rows: BTreeMap<(UnitId, BusinessDay, BusinessDay, String, String), (i64, i64)> = BTreeMap::new();
    for one in found {
        let item = one.item.split_once('/').map_or(one.item.as_str(), |(_, item)| item).to_owned();
        let key = (one.unit_id, day_of(one.recorded), one.day, item, way(&one.other).to_owned());
        let sum = rows.entry(key).or_default();
        *sum = (sum.0.saturating_add(one.amount), sum.1 + one.postings);
    }
    let row = |((unit, recorded_on, day, item, way), (amount, postings))| AmountRow {
        unit,
        recorded_on,
        day,
        item,
        way,
        amount: Dong(amount),
        postings,
    };
    rows.into_iter().map(row).collect()
}

fn way(other: &str) -> &str {
    match other.split_once('/') {
        Some(("drawer", _)) => "cash",
        Some(("bank", _)) => "statement",
        Some(("advance", _)) => "in_parts",
        Some(("clearing", rest)) => match rest.rsplit('/').next().unwrap_or_default() {
            "pos" => "card",
            channel => channel,
        },
        _ => "other",
    }
}

fn dossier_row(one: Dossiers) -> DossierRow {
    DossierRow {
        unit: one.unit_id,
        recorded_on: day_of(one.recorded),
        field: one.field,
        intake_mode: one.intake_mode,
        way: one.way,
        dossiers: one.dossiers,
        amount: Dong(one.amount),
    }
}

/// The stored sums of a period, by accounting day for amounts and by recording day for dossiers.
pub fn sums(conn: &mut Conn, period: Period) -> Result<(Vec<AmountRow>, Vec<DossierRow>)> {
    let amounts: Vec<Amount> = diesel::sql_query(
        "SELECT c.unit_id, CAST(0 AS BIGINT) AS recorded, c.day, c.item_code AS item, c.way AS other, \
         CAST(SUM(c.amount) AS BIGINT) AS amount, CAST(SUM(c.postings) AS BIGINT) AS postings \
         FROM unit u CROSS JOIN collection_amount c \
         WHERE c.unit_id = u.unit_id AND c.day >= $1 AND c.day <= $2 \
         GROUP BY c.unit_id, c.day, c.item_code, c.way",
    )
    .bind::<Date, _>(period.from)
    .bind::<Date, _>(period.until)
    .load(conn)
    .classify()?;
    let amount = |one: Amount| AmountRow {
        unit: one.unit_id,
        recorded_on: one.day,
        day: one.day,
        item: one.item,
        way: one.other,
        amount: Dong(one.amount),
        postings: one.postings,
    };
    let dossiers: Vec<Dossiers> = diesel::sql_query(
        "SELECT c.unit_id, CAST(0 AS BIGINT) AS recorded, c.field, c.intake_mode, c.way, \
         CAST(SUM(c.dossiers) AS BIGINT) AS dossiers, CAST(SUM(c.amount) AS BIGINT) AS amount \
         FROM unit u CROSS JOIN collection_dossier c \
         WHERE c.unit_id = u.unit_id AND c.recorded_on >= $1 AND c.recorded_on <= $2 \
         GROUP BY c.unit_id, c.field, c.intake_mode, c.way",
    )
    .bind::<Date, _>(period.from)
    .bind::<Date, _>(period.until)
    .load(conn)
    .classify()?;
    Ok((amounts.into_iter().map(amount).collect(), dossiers.into_iter().map(dossier_row).collect()))
}

#[derive(QueryableByName)]
struct Open {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    created_at: Instant,
    #[diesel(sql_type = Nullable<Date>)]
    last: Option<BusinessDay>,
}

/// The first day without a sum, by unit.
pub fn open_from(conn: &mut Conn) -> Result<BTreeMap<UnitId, BusinessDay>> {
    let found: Vec<Open> = diesel::sql_query(
        "SELECT u.unit_id, u.created_at, (SELECT MAX(d.recorded_on) FROM collection_day d \
         WHERE d.unit_id = u.unit_id) AS last FROM unit u WHERE u.unit_id <> $1 ORDER BY u.unit_id",
    )
    .bind::<BigInt, _>(UnitId::CITY)
    .load(conn)
    .classify()?;
    let open = |one: Open| {
        let first = one.created_at.business_day();
        (one.unit_id, one.last.map_or(first, BusinessDay::next))
    };
    Ok(found.into_iter().map(open).collect())
}

crate::table_row! {
    pub struct SummedDay in "collection_day" {
        pub unit_id: UnitId,
        pub recorded_on: BusinessDay,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct SummedAmount in "collection_amount" {
        pub unit_id: UnitId,
        pub recorded_on: BusinessDay,
        pub day: BusinessDay,
        pub item_code: String,
        pub way: String,
        pub amount: Dong,
        pub postings: i64,
    }
}

crate::table_row! {
    pub struct SummedDossiers in "collection_dossier" {
        pub unit_id: UnitId,
        pub recorded_on: BusinessDay,
        pub field: String,
        pub intake_mode: String,
        pub way: String,
        pub dossiers: i64,
        pub amount: Dong,
    }
}

pub fn days(units: &[UnitId], day: BusinessDay, now: Instant) -> Vec<SummedDay> {
    units.iter().map(|unit| SummedDay { unit_id: *unit, recorded_on: day, created_at: now }).collect()
}

pub fn amounts(found: &[AmountRow]) -> Vec<SummedAmount> {
    let row = |one: &AmountRow| SummedAmount {
        unit_id: one.unit,
        recorded_on: one.recorded_on,
        day: one.day,
        item_code: one.item.clone(),
        way: one.way.clone(),
        amount: one.amount,
        postings: one.postings,
    };
    found.iter().map(row).collect()
}

pub fn dossiers(found: &[DossierRow]) -> Vec<SummedDossiers> {
    let row = |one: &DossierRow| SummedDossiers {
        unit_id: one.unit,
        recorded_on: one.recorded_on,
        field: one.field.clone(),
        intake_mode: one.intake_mode.clone(),
        way: one.way.clone(),
        dossiers: one.dossiers,
        amount: one.amount,
    };
    found.iter().map(row).collect()
}
