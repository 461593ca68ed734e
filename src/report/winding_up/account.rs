//! An account of a unit ends on a day: no new obligation names it, nothing of it is open, its last day is closed.

use super::winding_up_query::{self as query, AccountEndRow};
pub use super::winding_up_query::{AccountEnd, ends_of_unit};
use super::{Obstacle, What, counted, require_none};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, PersonId, UnitId};
use crate::reconciliation::day_close;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::{account, succession};

/// What stands in the way of an account's end on a day.
pub fn obstacles(
    conn: &mut Conn,
    unit: UnitId,
    id: AccountId,
    last_day: BusinessDay,
) -> Result<Vec<Obstacle>> {
    let mut found = Vec::new();
    let first_open = day_close::first_open_day(conn, unit, id)?;
    if first_open <= last_day && query::is_used(conn, unit, id)? {
        found.push(Obstacle { what: What::DayOpen, detail: format!("{first_open} – {last_day}") });
    }
    found.extend(counted(What::LineAfter, query::lines_after(conn, unit, id, last_day)?));
    found.extend(counted(What::ClaimUnproven, query::expected(conn, unit, Some(id))?));
    found.extend(under_way(conn, unit, Some(id))?);
    found.extend(counted(What::ExceptionOpen, query::exceptions(conn, unit, Some(id))?));
    // Where a merger ends the unit, its obligations go on elsewhere.
    if succession::ending(conn, unit)?.is_none() {
        found.extend(counted(What::ObligationOpen, query::obligations_of_account(conn, unit, id)?));
    }
    Ok(found)
}

/// Money that left for the account, or is to leave it, and that no statement has shown.
pub(super) fn under_way(conn: &mut Conn, unit: UnitId, account: Option<AccountId>) -> Result<Vec<Obstacle>> {
    let counts = [
        (What::RefundUnderWay, query::refunds(conn, unit, account)?),
        (What::SlipUnderWay, query::slips(conn, unit, account)?),
        (What::OrderUnderWay, query::orders(conn, unit, account)?),
    ];
    Ok(counts.into_iter().filter_map(|(what, count)| counted(what, count)).collect())
}

/// Whether an end can be proposed: the account is the unit's and open, and there is a reason.
///
/// # Errors
/// `account_not_found`, `account_ended`, `field_missing`, `date_out_of_range` before its first day.
pub fn check(
    conn: &mut Conn,
    unit: UnitId,
    id: AccountId,
    last_day: BusinessDay,
    reason: &str,
) -> Result<()> {
    let found = account::find(conn, unit, id)?;
    if let Some(on) = found.closed_on {
        return Err(Error::conflict("account_ended", format!("it ended on {on}")));
    }
    if last_day < found.opened_on {
        return Err(Error::invalid("last_day", "date_out_of_range", "before the account's first day"));
    }
    if text::clean(reason).is_empty() {
        return Err(Error::invalid("reason", "field_missing", "why it ends"));
    }
    Ok(())
}

/// Ends it, as two persons decided.
///
/// # Errors
/// `role_not_allowed`, `maker_is_checker`, those of `check`, `date_out_of_range` for a day to come, `account_busy`
/// with everything that is open.
pub fn end(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, AccountId),
    (last_day, reason): (BusinessDay, &str),
    (maker, checker): (PersonId, PersonId),
) -> Result<()> {
    actor.require_role(&[Role::Administrator])?;
    actor.scope.require(unit)?;
    if maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    query::lock_account(tx, unit, id)?;
    check(tx, unit, id, last_day, reason)?;
    if last_day > stamp.today() {
        return Err(Error::invalid("last_day", "date_out_of_range", "the day is not over"));
    }
    require_none("account_busy", &obstacles(tx, unit, id, last_day)?)?;
    let row = AccountEndRow {
        unit_id: unit,
        account_id: id,
        last_day,
        reason: text::clean(reason),
        maker_person_id: maker,
        checker_person_id: checker,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    query::close_account(tx, unit, id, last_day)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "account.ended", id)])
}
