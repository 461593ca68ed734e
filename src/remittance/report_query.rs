//! The SQL of the Treasury's reports.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema_cash::treasury_report;

crate::table_row! {
    pub struct ReportRow in "treasury_report" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub file_sha256: String,
        pub row_count: i64,
        pub imported_by: Option<PersonId>,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct RowRow in "treasury_report_row" {
        pub unit_id: UnitId,
        pub report_id: EventId,
        pub line_no: i32,
        pub reference_code: String,
        pub chapter: String,
        pub sub_item: String,
        pub amount: Dong,
        pub on_date: BusinessDay,
        pub status: &'static str,
        pub reason: String,
        pub remittance_id: Option<RemittanceId>,
        pub outcome: &'static str,
    }
}

/// What became of a file each time it was taken.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// How often it was taken.
    pub count: usize,
    /// The codes of what agreed with it, and their orders.
    pub agreed: BTreeMap<String, Option<RemittanceId>>,
}

/// What became of a file, under its hash alone the first time, and under the hash with a number behind it then.
pub fn earlier(conn: &mut Conn, unit: UnitId, file_sha256: &str) -> Result<Earlier> {
    let reports: Vec<EventId> = treasury_report::table
        .filter(treasury_report::unit_id.eq(unit))
        .filter(
            treasury_report::file_sha256
                .eq(file_sha256)
                .or(treasury_report::file_sha256.like(format!("{file_sha256}/%"))),
        )
        .select(treasury_report::id)
        .load(conn)
        .classify()?;
    let told: Vec<(String, Option<RemittanceId>, String)> = rows::fetch::<(Text, Nullable<BigInt>, Text), _>(
        conn,
        "SELECT t.reference_code, t.remittance_id, t.outcome FROM treasury_report_row t",
        &[
            ("unit_id", Column::of(reports.iter().map(|_| unit))),
            ("report_id", Column::of(reports.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    let agrees = |outcome: &str| !matches!(outcome, "differs" | "unknown");
    let agreed = told.into_iter().filter(|(.., outcome)| agrees(outcome));
    let agreed = agreed.map(|(code, order, _)| (code, order)).collect();
    Ok(Earlier { count: reports.len(), agreed })
}

/// Reports of a unit, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, limit: i64) -> Result<Vec<(EventId, i64, Instant)>> {
    treasury_report::table
        .filter(treasury_report::unit_id.eq(unit))
        .order(treasury_report::id.desc())
        .limit(limit)
        .select((treasury_report::id, treasury_report::row_count, treasury_report::created_at))
        .load(conn)
        .classify()
}
