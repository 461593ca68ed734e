//! The SQL of accounts and units that end.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, EventId, ObligationId, PersonId, UnitId};
use crate::payment::refund::State as Refund;
use crate::remittance::State as Order;
use crate::shift::deposit::State as Slip;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{
    bank_account, correction, exception, movement, obligation, receipt, refund, shift, statement_line,
};
use crate::store::schema_cash::{deposit_slip, remittance};
use crate::store::schema_succession::{bank_account_end, obligation_handover};
use crate::store::{Conn, Tx};
use crate::unit;

crate::table_row! {
    pub struct AccountEndRow in "bank_account_end" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub last_day: BusinessDay,
        pub reason: String,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct HandoverRow in "unit_handover" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub successor_id: UnitId,
        pub obligations: i64,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

/// An account that ended, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEnd {
    pub account: AccountId,
    pub last_day: BusinessDay,
    pub reason: String,
}

pub fn ends_of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<AccountEnd>> {
    let found: Vec<(AccountId, BusinessDay, String)> = bank_account_end::table
        .filter(bank_account_end::unit_id.eq(unit))
        .order(bank_account_end::account_id)
        .select((bank_account_end::account_id, bank_account_end::last_day, bank_account_end::reason))
        .load(conn)
        .classify()?;
    Ok(found
        .into_iter()
        .map(|(account, last_day, reason)| AccountEnd { account, last_day, reason })
        .collect())
}

pub fn lock_unit(tx: &mut Tx<'_>, id: UnitId) -> Result<()> {
    let missing = || Error::not_found("unit_not_found", "no such unit");
    unit::query::lock(tx, id)?.map(|_| ()).ok_or_else(missing)
}

/// Locks an account against everything that names it: whoever settles, closes, or raises an obligation, waits.
pub fn lock_account(tx: &mut Tx<'_>, unit: UnitId, id: AccountId) -> Result<()> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let _: Vec<i64> =
        rows::fetch::<BigInt, _>(tx, "SELECT t.id FROM bank_account t", &keys, "", Lock::Whole)?;
    Ok(())
}

pub fn close_account(tx: &mut Tx<'_>, unit: UnitId, id: AccountId, last_day: BusinessDay) -> Result<()> {
    diesel::update(
        bank_account::table.filter(bank_account::unit_id.eq(unit)).filter(bank_account::id.eq(id)),
    )
    .set(bank_account::closed_on.eq(Some(last_day)))
    .execute(tx.conn())
    .classify()?;
    Ok(())
}

pub fn last_line(conn: &mut Conn, unit: UnitId, id: AccountId) -> Result<Option<BusinessDay>> {
    statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(id))
        .filter(crate::is_taken!())
        .select(max(statement_line::booking_date))
        .first(conn)
        .classify()
}

/// Whether a statement ever showed a line of an account; one that was never used has no days to close.
pub fn is_used(conn: &mut Conn, unit: UnitId, id: AccountId) -> Result<bool> {
    Ok(last_line(conn, unit, id)?.is_some())
}

pub fn lines_after(conn: &mut Conn, unit: UnitId, id: AccountId, day: BusinessDay) -> Result<i64> {
    statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(id))
        .filter(statement_line::booking_date.gt(day))
        .filter(crate::is_taken!())
        .count()
        .get_result(conn)
        .classify()
}

pub fn expected(conn: &mut Conn, unit: UnitId, account: Option<AccountId>) -> Result<i64> {
    let mut found = movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::state.eq("expected"))
        .count()
        .into_boxed();
    if let Some(account) = account {
        found = found.filter(movement::account_id.eq(account));
    }
    found.get_result(conn).classify()
}

pub fn exceptions(conn: &mut Conn, unit: UnitId, account: Option<AccountId>) -> Result<i64> {
    let mut found = exception::table
        .filter(exception::unit_id.eq(unit))
        .filter(exception::state.ne("resolved"))
        .count()
        .into_boxed();
    if let Some(account) = account {
        found = found.filter(exception::account_id.eq(account));
    }
    found.get_result(conn).classify()
}

/// Refunds that are asked for, approved or sent.
pub fn refunds(conn: &mut Conn, unit: UnitId, account: Option<AccountId>) -> Result<i64> {
    let states = [Refund::Requested, Refund::Approved, Refund::Sent].map(Refund::as_str);
    let mut found = refund::table
        .filter(refund::unit_id.eq(unit))
        .filter(refund::state.eq_any(states))
        .count()
        .into_boxed();
    if let Some(account) = account {
        found = found.filter(refund::account_id.eq(account));
    }
    found.get_result(conn).classify()
}

/// Cash that was handed over for the bank and is not credited, or not all of it.
pub fn slips(conn: &mut Conn, unit: UnitId, account: Option<AccountId>) -> Result<i64> {
    let states = [Slip::InTransit, Slip::Short].map(Slip::as_str);
    let mut found = deposit_slip::table
        .filter(deposit_slip::unit_id.eq(unit))
        .filter(deposit_slip::state.eq_any(states))
        .count()
        .into_boxed();
    if let Some(account) = account {
        found = found.filter(deposit_slip::account_id.eq(account));
    }
    found.get_result(conn).classify()
}

/// Orders that are drafted, on their way, or came back.
pub fn orders(conn: &mut Conn, unit: UnitId, account: Option<AccountId>) -> Result<i64> {
    let states = [Order::Drafted, Order::Approved, Order::Debited, Order::Rejected].map(Order::as_str);
    let mut found = remittance::table
        .filter(remittance::unit_id.eq(unit))
        .filter(remittance::state.eq_any(states))
        .count()
        .into_boxed();
    if let Some(account) = account {
        found = found.filter(remittance::account_id.eq(account));
    }
    found.get_result(conn).classify()
}

pub fn shifts(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    shift::table
        .filter(shift::unit_id.eq(unit))
        .filter(shift::state.ne("closed"))
        .count()
        .get_result(conn)
        .classify()
}

pub fn unsigned(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::state.eq("numbered"))
        .count()
        .get_result(conn)
        .classify()
}

pub fn corrections(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    correction::table
        .filter(correction::unit_id.eq(unit))
        .filter(correction::state.eq_any(["requested", "withdrawal_requested"]))
        .count()
        .get_result(conn)
        .classify()
}

/// Open obligations on which money stood or stands: they cannot go on elsewhere.
pub fn obligations_with_money(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::state.eq_any(["partly_paid", "reopened"]))
        .count()
        .get_result(conn)
        .classify()
}

pub fn obligations_of_account(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<i64> {
    obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::account_id.eq(account))
        .filter(obligation::state.eq_any(["raised", "partly_paid", "reopened"]))
        .count()
        .get_result(conn)
        .classify()
}

/// Obligations that were raised and never paid, oldest first.
pub fn raised(conn: &mut Conn, unit: UnitId, limit: i64) -> Result<Vec<ObligationId>> {
    obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::state.eq("raised"))
        .order(obligation::id)
        .limit(limit)
        .select(obligation::id)
        .load(conn)
        .classify()
}

/// How many obligations of a unit go on elsewhere.
pub fn moved(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    obligation_handover::table
        .filter(obligation_handover::unit_id.eq(unit))
        .count()
        .get_result(conn)
        .classify()
}
