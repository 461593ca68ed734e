//! What a cashier searches by, and what the desk keeps.

use diesel::prelude::*;

use super::Obligation;
use super::query::by_ids;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{EventId, ObligationId, PartyId, PersonId, UnitId, first_minted_at};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{obligation, obligation_event};
use crate::store::schema_desk::{dossier_link, favourite_list, queue_ticket};

/// What these payers still owe a unit, newest first.
pub fn owed_by(conn: &mut Conn, unit: UnitId, payers: &[PartyId], limit: i64) -> Result<Vec<Obligation>> {
    let payers: Vec<i64> = payers.iter().map(|payer| payer.0).collect();
    let ids: Vec<ObligationId> = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::state.eq_any(["raised", "partly_paid", "reopened"]))
        .filter(obligation::party_id.eq_any(payers))
        .order(obligation::id.desc())
        .limit(limit)
        .select(obligation::id)
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(found)
}

crate::table_row! {
    pub struct FavouritesRow in "favourite_list" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub items: String,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct LinkRow in "dossier_link" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub obligation_id: ObligationId,
        pub dossier_code: String,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct TicketRow in "queue_ticket" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub obligation_id: ObligationId,
        pub ticket: String,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

/// The tickets noted for obligations since an instant, oldest first.
pub fn tickets_since(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[ObligationId],
    since: Instant,
) -> Result<Vec<(ObligationId, String)>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    queue_ticket::table
        .filter(queue_ticket::unit_id.eq(unit))
        .filter(queue_ticket::obligation_id.eq_any(ids))
        .filter(queue_ticket::id.ge(EventId(first_minted_at(since))))
        .order(queue_ticket::id)
        .select((queue_ticket::obligation_id, queue_ticket::ticket))
        .load(conn)
        .classify()
}

/// The favourite items of a unit as they were chosen last: a JSON list of codes.
pub fn favourites(conn: &mut Conn, unit: UnitId) -> Result<Option<String>> {
    favourite_list::table
        .filter(favourite_list::unit_id.eq(unit))
        .order(favourite_list::id.desc())
        .select(favourite_list::items)
        .first(conn)
        .optional()
        .classify()
}

/// The dossier an obligation was linked to last.
pub fn linked(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Option<String>> {
    dossier_link::table
        .filter(dossier_link::unit_id.eq(unit))
        .filter(dossier_link::obligation_id.eq(id))
        .order(dossier_link::id.desc())
        .select(dossier_link::dossier_code)
        .first(conn)
        .optional()
        .classify()
}

/// The obligations that were ever linked to a dossier.
pub fn linked_to(conn: &mut Conn, unit: UnitId, code: &str, limit: i64) -> Result<Vec<ObligationId>> {
    dossier_link::table
        .filter(dossier_link::unit_id.eq(unit))
        .filter(dossier_link::dossier_code.eq(code.to_owned()))
        .order(dossier_link::id.desc())
        .limit(limit)
        .select(dossier_link::obligation_id)
        .load(conn)
        .classify()
}

/// An obligation that was paid in full.
#[derive(Clone, Debug, Queryable)]
pub struct Paid {
    pub obligation: ObligationId,
    pub dossier: String,
    pub amount: Dong,
    pub at: Instant,
}

/// What was paid in full since an instant, newest first.
pub fn paid_since(conn: &mut Conn, unit: UnitId, since: Instant, limit: i64) -> Result<Vec<Paid>> {
    // Ids carry the time they were minted at: a day is a range of the key.
    let first = EventId(first_minted_at(since));
    obligation_event::table
        .inner_join(
            obligation::table.on(obligation::unit_id
                .eq(obligation_event::unit_id)
                .and(obligation::id.eq(obligation_event::obligation_id))),
        )
        .filter(obligation_event::unit_id.eq(unit))
        .filter(obligation_event::kind.eq("paid"))
        .filter(obligation_event::id.ge(first))
        .order(obligation_event::id.desc())
        .limit(limit)
        .select((obligation::id, obligation::dossier_code, obligation_event::allocated, obligation_event::at))
        .load(conn)
        .classify()
}

/// What still owes exactly a sum, newest first.
pub fn owing_exactly(conn: &mut Conn, unit: UnitId, amount: Dong, limit: i64) -> Result<Vec<ObligationId>> {
    obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::state.eq_any(["raised", "partly_paid", "reopened"]))
        .filter((obligation::total + obligation::adjusted - obligation::allocated).eq(amount.0))
        .order(obligation::id.desc())
        .limit(limit)
        .select(obligation::id)
        .load(conn)
        .classify()
}

/// The reference code of the newest obligation of a dossier that was not cancelled.
pub fn standing_of_dossier(conn: &mut Conn, unit: UnitId, dossier_code: &str) -> Result<Option<String>> {
    obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::dossier_code.eq(dossier_code.to_owned()))
        .filter(obligation::state.ne("cancelled"))
        .order(obligation::id.desc())
        .select(obligation::reference_code)
        .first(conn)
        .optional()
        .classify()
}
