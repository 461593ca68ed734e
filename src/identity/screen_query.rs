//! The SQL of links to screens.

use diesel::prelude::*;

use super::screen::Link;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{EventId, PersonId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_sign_in::{screen_link, screen_link_end};

crate::table_row! {
    pub struct LinkRow in "screen_link" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub place: String,
        pub token_sha256: String,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct EndRow in "screen_link_end" {
        pub unit_id: UnitId,
        pub link_id: EventId,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

type Columns = (UnitId, EventId, String, PersonId, Instant);

pub fn of_units(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Link>> {
    let links: Vec<Columns> = screen_link::table
        .filter(screen_link::unit_id.eq_any(units))
        .order(screen_link::id)
        .select((
            screen_link::unit_id,
            screen_link::id,
            screen_link::place,
            screen_link::person_id,
            screen_link::created_at,
        ))
        .load(conn)
        .classify()?;
    let ends: Vec<(EventId, Instant)> = screen_link_end::table
        .filter(screen_link_end::unit_id.eq_any(units))
        .select((screen_link_end::link_id, screen_link_end::created_at))
        .load(conn)
        .classify()?;
    let ended = |id: EventId| ends.iter().find(|(link, _)| *link == id).map(|(_, at)| *at);
    let link = |(unit, id, place, maker, made_at): Columns| {
        let ended_at = ended(id);
        Link { unit, id, place, maker, made_at, ended_at }
    };
    Ok(links.into_iter().map(link).collect())
}

pub fn is_open(conn: &mut Conn, unit: UnitId, token_sha256: &str) -> Result<bool> {
    let open = screen_link::table
        .filter(screen_link::unit_id.eq(unit))
        .filter(screen_link::token_sha256.eq(token_sha256))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            screen_link_end::table
                .filter(screen_link_end::unit_id.eq(screen_link::unit_id))
                .filter(screen_link_end::link_id.eq(screen_link::id)),
        )));
    diesel::select(diesel::dsl::exists(open)).get_result(conn).classify()
}
