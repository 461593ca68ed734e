//! The number a visitor drew at the door: keyed by the cashier, called by the waiting room's screen. A
//! machine gives out the same numbers every day, so a number counts for the day it was noted.

use std::collections::BTreeMap;

use super::counter_query::{self as query, TicketRow};
use super::{Obligation, find};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// A ticket as machines print it: up to two letters, up to four digits. No name fits into it.
///
/// # Errors
/// `ticket_wrong`.
pub fn read(typed: &str) -> Result<String> {
    let ticket = text::squash(typed);
    let letters = ticket.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = ticket.get(letters..).unwrap_or_default();
    let is_good =
        letters <= 2 && (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_good.then_some(ticket).ok_or_else(|| Error::invalid("ticket", "ticket_wrong", "like A027"))
}

/// Notes the ticket of somebody who pays; the newest of a day counts.
///
/// # Errors
/// `ticket_wrong`, `obligation_not_found`.
pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ObligationId),
    typed: &str,
) -> Result<()> {
    actor.require_role(&[Role::Cashier])?;
    actor.scope.require(unit)?;
    let ticket = read(typed)?;
    find(tx, unit, id)?;
    let row = TicketRow {
        unit_id: unit,
        id: stamp.mint()?,
        obligation_id: id,
        ticket,
        person_id: actor.require_person()?,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// The tickets of a day by obligation.
pub fn of_day(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[ObligationId],
    day: BusinessDay,
) -> Result<BTreeMap<ObligationId, String>> {
    Ok(query::tickets_since(conn, unit, ids, day.start())?.into_iter().collect())
}

/// The obligations whose visitor drew this ticket on a day, newest first; none where it is no ticket.
pub fn named(conn: &mut Conn, unit: UnitId, typed: &str, day: BusinessDay) -> Result<Vec<Obligation>> {
    let Ok(ticket) = read(typed) else { return Ok(Vec::new()) };
    let ids = query::bearing(conn, unit, &ticket, day.start())?;
    // Who was given another number afterwards is called by that one.
    let newest = of_day(conn, unit, &ids, day)?;
    let of_it: Vec<(UnitId, ObligationId)> =
        newest.into_iter().filter(|(_, last)| *last == ticket).map(|(id, _)| (unit, id)).collect();
    let mut found = super::query::by_ids(conn, &of_it)?;
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_a_number_of_a_machine_and_holds_no_name() {
        for (typed, ticket) in [("a027", "A027"), (" B-12 ", "B12"), ("7", "7"), ("AB 1234", "AB1234")] {
            assert_eq!(read(typed).unwrap(), ticket);
        }
        for wrong in ["", "A", "LAN", "ABC1", "12345", "A12 Lan", "0912345678", "A1B"] {
            assert_eq!(read(wrong).map_err(|error| error.code()), Err("ticket_wrong"), "{wrong}");
        }
    }
}
