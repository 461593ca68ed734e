//! The SQL of what open days wait for, each by an index of the account.

use diesel::dsl::{max, min};
use diesel::prelude::*;

use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::Kind;
use crate::id::{ExceptionId, LineId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{exception, statement, statement_line};
use crate::unit::BankAccount;

/// The last day that a whole statement of the account shows.
pub fn stated_until(conn: &mut Conn, account: &BankAccount) -> Result<Option<BusinessDay>> {
    statement::table
        .filter(statement::unit_id.eq(account.unit))
        .filter(statement::account_id.eq(account.id))
        .filter(statement::state.eq("ready"))
        .order(statement::closing_on.desc())
        .select(statement::closing_on)
        .first(conn)
        .optional()
        .classify()
}

/// The last line booked after a day.
pub fn line_after(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Option<BusinessDay>> {
    statement_line::table
        .filter(statement_line::unit_id.eq(account.unit))
        .filter(statement_line::account_id.eq(account.id))
        .filter(statement_line::booking_date.gt(day))
        .filter(crate::of_ready_statement!())
        .select(max(statement_line::booking_date))
        .first(conn)
        .classify()
}

/// The first line of each day of a span that is not posted.
pub fn unposted(
    conn: &mut Conn,
    account: &BankAccount,
    (from, until): (BusinessDay, BusinessDay),
) -> Result<Vec<(BusinessDay, LineId)>> {
    let found: Vec<(BusinessDay, Option<LineId>)> = statement_line::table
        .filter(statement_line::unit_id.eq(account.unit))
        .filter(statement_line::account_id.eq(account.id))
        .filter(statement_line::booking_date.ge(from))
        .filter(statement_line::booking_date.le(until))
        .filter(statement_line::posted_on.is_null())
        .filter(crate::of_ready_statement!())
        .group_by(statement_line::booking_date)
        .select((statement_line::booking_date, min(statement_line::id)))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().filter_map(|(day, line)| Some((day, line?))).collect())
}

/// The items of the account that were opened by a day and are not resolved: id, kind, day.
pub fn unresolved(
    conn: &mut Conn,
    account: &BankAccount,
    until: BusinessDay,
) -> Result<Vec<(ExceptionId, Kind, BusinessDay)>> {
    let found: Vec<(ExceptionId, i32, BusinessDay)> = exception::table
        .filter(exception::unit_id.eq(account.unit))
        .filter(exception::account_id.eq(account.id))
        .filter(exception::state.ne("resolved"))
        .filter(exception::opened_on.le(until))
        .order(exception::id)
        .select((exception::id, exception::kind, exception::opened_on))
        .load(conn)
        .classify()?;
    found
        .into_iter()
        .map(|(id, kind, on)| Ok((id, Kind::from_number(u8::try_from(kind).unwrap_or_default())?, on)))
        .collect()
}
