//! What a cashier searches by, and what the desk keeps.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Obligation;
use super::query::by_ids;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{EventId, ObligationId, PartyId, PersonId, UnitId, first_minted_at};
use crate::party::Term;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{obligation, party_index};
use crate::store::schema_desk::{dossier_link, favourite_list, queue_ticket};

/// Payers of one name that are looked through, the newest of them.
const NAMESAKES_LIMIT: i64 = 500;

#[derive(QueryableByName)]
struct Owed {
    #[diesel(sql_type = BigInt)]
    id: ObligationId,
}

/// What payers who are found by one of these terms still owe a unit, newest first. However many bear a name, only
/// what is owed is looked at.
pub fn owed_by(conn: &mut Conn, unit: UnitId, terms: &[Term], limit: i64) -> Result<Vec<Obligation>> {
    let mut ids: Vec<ObligationId> = Vec::new();
    for (kind, hash) in terms {
        let known = party_index::table
            .filter(party_index::unit_id.eq(unit))
            .filter(party_index::kind.eq(*kind))
            .filter(party_index::hash.eq(hash))
            .select(party_index::party_id);
        // Most terms are nobody's: what was typed is a name or a number, not all of them.
        if known.first::<PartyId>(conn).optional().classify()?.is_none() {
            continue;
        }
        // Ordered so that what is open is found by its index, and not by the key over everything there ever was.
        let owed: Vec<Owed> = diesel::sql_query(
            "SELECT o.id FROM obligation o WHERE o.unit_id = $1 AND o.state IN ('raised', 'partly_paid', 'reopened') \
             AND o.party_id IN (SELECT i.party_id FROM party_index i WHERE i.unit_id = $1 AND i.kind = $2 \
             AND i.hash = $3) ORDER BY +o.id DESC LIMIT $4",
        )
        .bind::<BigInt, _>(unit)
        .bind::<Text, _>(*kind)
        .bind::<Text, _>(hash)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .classify()?;
        ids.extend(owed.into_iter().map(|one| one.id));
    }
    ids.sort_unstable();
    ids.dedup();
    let ids = ids.into_iter().rev().take(usize::try_from(limit).unwrap_or(0));
    let mut found = by_ids(conn, &ids.map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(found)
}

/// What payers who are found by one of these terms have paid a unit, of what was raised since an instant, newest
/// first.
pub fn paid_by(
    conn: &mut Conn,
    unit: UnitId,
    terms: &[Term],
    since: Instant,
    limit: i64,
) -> Result<Vec<Obligation>> {
    let mut parties: Vec<i64> = Vec::new();
    for (kind, hash) in terms {
        let known: Vec<i64> = party_index::table
            .filter(party_index::unit_id.eq(unit))
            .filter(party_index::kind.eq(*kind))
            .filter(party_index::hash.eq(hash))
            .order(party_index::party_id.desc())
            .limit(NAMESAKES_LIMIT)
            .select(party_index::party_id)
            .load(conn)
            .classify()?;
        parties.extend(known);
    }
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    // A range of one state's index: ids carry the time they were minted at.
    let paid: Vec<ObligationId> = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::state.eq("paid"))
        .filter(obligation::id.ge(ObligationId(first_minted_at(since))))
        .filter(obligation::party_id.eq_any(parties))
        .order(obligation::id.desc())
        .limit(limit)
        .select(obligation::id)
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &paid.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
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

/// The obligations for which a ticket was noted since an instant.
pub fn bearing(conn: &mut Conn, unit: UnitId, ticket: &str, since: Instant) -> Result<Vec<ObligationId>> {
    queue_ticket::table
        .filter(queue_ticket::unit_id.eq(unit))
        .filter(queue_ticket::ticket.eq(ticket.to_owned()))
        .filter(queue_ticket::id.ge(EventId(first_minted_at(since))))
        .order(queue_ticket::id)
        .select(queue_ticket::obligation_id)
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
#[derive(Clone, Debug, QueryableByName)]
pub struct Paid {
    #[diesel(sql_type = BigInt)]
    pub obligation: ObligationId,
    #[diesel(sql_type = Text)]
    pub dossier: String,
    #[diesel(sql_type = BigInt)]
    pub amount: Dong,
    #[diesel(sql_type = BigInt)]
    pub at: Instant,
}

/// What was paid in full since an instant, newest first.
pub fn paid_since(conn: &mut Conn, unit: UnitId, since: Instant, limit: i64) -> Result<Vec<Paid>> {
    // Ids carry the time they were minted at: a day is a range of the key, walked from its end until there are
    // enough. The index that begins with the unit would give everything it ever had, to be sorted.
    diesel::sql_query(
        "SELECT e.obligation_id AS obligation, o.dossier_code AS dossier, e.allocated AS amount, e.at \
         FROM obligation_event e CROSS JOIN obligation o WHERE +e.unit_id = $1 AND e.id >= $2 AND e.kind = 'paid' \
         AND o.unit_id = e.unit_id AND o.id = e.obligation_id ORDER BY e.id DESC LIMIT $3",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(first_minted_at(since))
    .bind::<BigInt, _>(limit)
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
