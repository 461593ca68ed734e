//! The SQL of the Treasury's reports.

use diesel::prelude::*;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
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
