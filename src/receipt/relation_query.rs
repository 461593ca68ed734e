//! The relations' SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::relation::{Action, Relation};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, CorrectionId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{receipt_event, receipt_relation};

crate::table_row! {
    pub struct RelationRow in "receipt_relation" {
        pub unit_id: UnitId,
        pub correction_id: CorrectionId,
        pub receipt_id: ReceiptId,
        pub original_id: ReceiptId,
        pub action: &'static str,
        pub account_id: AccountId,
        pub posted_on: BusinessDay,
        pub difference: Dong,
        pub created_at: Instant,
    }
}

type Sql = (BigInt, BigInt, BigInt, BigInt, Text, BigInt, Date, BigInt);
type Parts = (UnitId, CorrectionId, ReceiptId, ReceiptId, String, AccountId, BusinessDay, Dong);

const SELECT: &str = "SELECT t.unit_id, t.correction_id, t.receipt_id, t.original_id, t.action, t.account_id, \
     t.posted_on, t.difference FROM receipt_relation t";

fn relation_of(row: Parts) -> Result<Relation> {
    let action = Action::parse(&row.4).ok_or_else(|| Error::internal("a stored relation is unreadable"))?;
    Ok(Relation {
        unit: row.0,
        correction: row.1,
        receipt: row.2,
        original: row.3,
        action,
        account: row.5,
        posted_on: row.6,
        difference: row.7,
    })
}

fn by(conn: &mut Conn, unit: UnitId, key: &str, ids: Vec<i64>) -> Result<Vec<Relation>> {
    let keys = [("unit_id", Column::of(ids.iter().map(|_| unit))), (key, Column::of(ids.iter().copied()))];
    let mut found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", Lock::None)?;
    found.sort_by_key(|row| row.1);
    found.into_iter().map(relation_of).collect()
}

/// Relations whose correcting document is one of these.
pub fn of_receipts(conn: &mut Conn, unit: UnitId, ids: &[ReceiptId]) -> Result<Vec<Relation>> {
    by(conn, unit, "receipt_id", ids.iter().map(|id| id.0).collect())
}

/// Relations whose corrected document is one of these.
pub fn of_originals(conn: &mut Conn, unit: UnitId, ids: &[ReceiptId]) -> Result<Vec<Relation>> {
    by(conn, unit, "original_id", ids.iter().map(|id| id.0).collect())
}

pub fn of_correction(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Option<Relation>> {
    Ok(by(conn, unit, "correction_id", vec![id.0])?.pop())
}

pub fn posted_on(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    day: BusinessDay,
) -> Result<Vec<Relation>> {
    let ids: Vec<CorrectionId> = receipt_relation::table
        .filter(receipt_relation::unit_id.eq(unit))
        .filter(receipt_relation::account_id.eq(account))
        .filter(receipt_relation::posted_on.eq(day))
        .order(receipt_relation::correction_id)
        .select(receipt_relation::correction_id)
        .load(conn)
        .classify()?;
    by(conn, unit, "correction_id", ids.into_iter().map(|id| id.0).collect())
}

/// When a document came into the state it is in, where that is told by an event.
pub fn moved_at(conn: &mut Conn, item: &super::query::Stored) -> Result<Option<Instant>> {
    receipt_event::table
        .filter(receipt_event::unit_id.eq(item.unit))
        .filter(receipt_event::receipt_id.eq(item.id))
        .filter(receipt_event::state.eq(&item.state))
        .order(receipt_event::revision.desc())
        .select(receipt_event::at)
        .first(conn)
        .optional()
        .classify()
}
