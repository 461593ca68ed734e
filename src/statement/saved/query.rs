//! The SQL of saved layouts.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::bank_account;
use crate::store::schema_intake::{partner_layout, statement_layout};

crate::table_row! {
    pub struct LayoutRow in "statement_layout" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub version: i32,
        pub mapping: String,
        pub saved_by: String,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct PartnerLayoutRow in "partner_layout" {
        pub unit_id: UnitId,
        pub partner: String,
        pub version: i32,
        pub mapping: String,
        pub saved_by: String,
        pub created_at: Instant,
    }
}

/// What is kept of a version: (version, mapping, who, when).
pub type Parts = (i32, String, String, Instant);

/// Every version of an account's layout, newest first.
pub fn versions(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Parts>> {
    statement_layout::table
        .filter(statement_layout::unit_id.eq(unit))
        .filter(statement_layout::account_id.eq(account))
        .order(statement_layout::version.desc())
        .select((
            statement_layout::version,
            statement_layout::mapping,
            statement_layout::saved_by,
            statement_layout::created_at,
        ))
        .load(conn)
        .classify()
}

/// Every version of what is saved for a unit's partners of one kind, newest first.
pub fn versions_of_partner(conn: &mut Conn, unit: UnitId, partner: &str) -> Result<Vec<Parts>> {
    partner_layout::table
        .filter(partner_layout::unit_id.eq(unit))
        .filter(partner_layout::partner.eq(partner))
        .order(partner_layout::version.desc())
        .select((
            partner_layout::version,
            partner_layout::mapping,
            partner_layout::saved_by,
            partner_layout::created_at,
        ))
        .load(conn)
        .classify()
}

/// The newest layout of every account in sight that has one, with the account's number.
pub fn newest_of_all(conn: &mut Conn) -> Result<Vec<(UnitId, AccountId, String, String)>> {
    let found: Vec<(UnitId, AccountId, i32, String, String)> = statement_layout::table
        .inner_join(
            bank_account::table.on(bank_account::unit_id
                .eq(statement_layout::unit_id)
                .and(bank_account::id.eq(statement_layout::account_id))),
        )
        .order((statement_layout::unit_id, statement_layout::account_id, statement_layout::version.desc()))
        .select((
            statement_layout::unit_id,
            statement_layout::account_id,
            statement_layout::version,
            statement_layout::mapping,
            bank_account::account_no,
        ))
        .load(conn)
        .classify()?;
    let mut newest: Vec<(UnitId, AccountId, String, String)> = Vec::new();
    for (unit, account, _, mapping, number) in found {
        if newest.last().is_none_or(|last| (last.0, last.1) != (unit, account)) {
            newest.push((unit, account, mapping, number));
        }
    }
    Ok(newest)
}
