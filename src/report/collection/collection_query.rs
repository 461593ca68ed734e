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
    pub(super) fn ids(self) -> (i64, i64) {
        let last = self.before.map_or(i64::MAX, |before| first_minted_at(before.next().start()));
        (first_minted_at(self.from.start()), last)
    }

    pub(super) fn instants(self) -> (i64, i64) {
        (self.from.start().0, self.before.map_or(i64::MAX, |before| before.start().0))
    }
}

#[derive(QueryableByName)]
pub(super) struct Amount {
    #[diesel(sql_type = BigInt)]
    pub(super) unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    pub(super) recorded: i64,
    #[diesel(sql_type = Date)]
    pub(super) day: BusinessDay,
    #[diesel(sql_type = Text)]
    pub(super) item: String,
    #[diesel(sql_type = Text)]
    pub(super) other: String,
    #[diesel(sql_type = BigInt)]
    pub(super) amount: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) postings: i64,
}

#[derive(QueryableByName)]
pub(super) struct Dossiers {
    #[diesel(sql_type = BigInt)]
    pub(super) unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    pub(super) recorded: i64,
    #[diesel(sql_type = Text)]
    pub(super) field: String,
    #[diesel(sql_type = Text)]
    pub(super) intake_mode: String,
    #[diesel(sql_type = Text)]
    pub(super) way: String,
    #[diesel(sql_type = BigInt)]
    pub(super) dossiers: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) amount: i64,
}

/// Day `number` after 1970-01-01.
fn day_of(number: i64) -> BusinessDay {
    BusinessDay(chrono::NaiveDate::default()).plus_days(number)
}

pub(super) fn item_of(account: &str) -> String {
    account.split_once('/').map_or(account, |(_, item)| item).to_owned()
}

pub(super) fn amount_row(one: Amount) -> AmountRow {
    AmountRow {
        unit: one.unit_id,
        recorded_on: day_of(one.recorded),
        day: one.day,
        item: item_of(&one.item),
        way: way(&one.other).to_owned(),
        amount: Dong(one.amount),
        postings: one.postings,
    }
}

pub(super) fn way(other: &str) -> &str {
    match other.split_once('/') {
        Some(("drawer", _)) => "cash",
        Some(("bank", _)) => "statement",
        Some(("clearing", rest)) => match rest.rsplit('/').next().unwrap_or_default() {
            "pos" => "card",
            channel => channel,
        },
        _ => "other",
    }
}

pub(super) fn dossier_row(one: Dossiers) -> DossierRow {
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
