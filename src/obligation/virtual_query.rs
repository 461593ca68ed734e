//! The SQL of virtual accounts.

use diesel::prelude::*;

use super::virtual_account::Style;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_recon::virtual_range;

crate::table_row! {
    pub struct RangeRow in "virtual_range" {
        pub unit_id: UnitId,
        pub id: VirtualRangeId,
        pub account_id: AccountId,
        pub prefix: String,
        pub style: &'static str,
        pub valid_from: BusinessDay,
        pub valid_until: BusinessDay,
        pub agreement_no: String,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub created_at: Instant,
    }
}

/// The numbers that an account may give out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub unit: UnitId,
    pub id: VirtualRangeId,
    pub account: AccountId,
    pub prefix: String,
    pub style: Style,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub agreement_no: String,
}

type Stored = ((UnitId, VirtualRangeId, AccountId, String, String), (BusinessDay, BusinessDay, String));

macro_rules! columns {
    () => {
        (
            (
                virtual_range::unit_id,
                virtual_range::id,
                virtual_range::account_id,
                virtual_range::prefix,
                virtual_range::style,
            ),
            (virtual_range::valid_from, virtual_range::valid_until, virtual_range::agreement_no),
        )
    };
}

fn from_stored(((unit, id, account, prefix, style), dated): Stored) -> Result<Range> {
    let (valid_from, valid_until, agreement_no) = dated;
    let style = Style::parse(&style)?;
    Ok(Range { unit, id, account, prefix, style, valid_from, valid_until, agreement_no })
}

/// Of one account, oldest first.
pub fn of_account(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Range>> {
    let found: Vec<Stored> = virtual_range::table
        .filter(virtual_range::unit_id.eq(unit))
        .filter(virtual_range::account_id.eq(account))
        .order(virtual_range::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_stored).collect()
}

/// Of every unit in scope.
pub fn all(conn: &mut Conn) -> Result<Vec<Range>> {
    let found: Vec<Stored> = virtual_range::table
        .order((virtual_range::unit_id, virtual_range::id))
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_stored).collect()
}
