//! The SQL of persons and clients.

use diesel::prelude::*;

use crate::actor::Role;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ClientId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema::{api_client, person};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct PersonRow in "person" {
        pub unit_id: UnitId,
        pub id: PersonId,
        pub display_name: String,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct ClientRow in "api_client" {
        pub unit_id: UnitId,
        pub id: ClientId,
        pub name: String,
        pub person_id: Option<PersonId>,
        pub role: &'static str,
        pub scope: String,
        pub secret_sha256: String,
        pub created_at: Instant,
    }
}

/// What a token is checked against.
#[derive(Queryable)]
pub struct Credentials {
    pub person: Option<PersonId>,
    pub role: String,
    pub scope: String,
    pub secret_sha256: String,
    pub revoked_at: Option<Instant>,
}

#[derive(Queryable)]
pub struct Listed {
    pub unit: UnitId,
    pub id: ClientId,
    pub name: String,
    pub person: Option<PersonId>,
    pub role: String,
    pub scope: String,
    pub revoked_at: Option<Instant>,
}

/// A token names its client and no unit, so this one query is by id alone.
pub fn credentials(conn: &mut Conn, id: ClientId) -> Result<Option<Credentials>> {
    api_client::table
        .filter(api_client::id.eq(id))
        .select((
            api_client::person_id,
            api_client::role,
            api_client::scope,
            api_client::secret_sha256,
            api_client::revoked_at,
        ))
        .first(conn)
        .optional()
        .classify()
}

pub fn unit_of(conn: &mut Conn, id: ClientId) -> Result<Option<UnitId>> {
    api_client::table
        .filter(api_client::id.eq(id))
        .select(api_client::unit_id)
        .first(conn)
        .optional()
        .classify()
}

/// The first token of the system that a token belongs to: unit, name, role and scope are the same.
pub fn first_of_system(conn: &mut Conn, id: ClientId) -> Result<ClientId> {
    let of: Option<(UnitId, String, String, String)> = api_client::table
        .filter(api_client::id.eq(id))
        .select((api_client::unit_id, api_client::name, api_client::role, api_client::scope))
        .first(conn)
        .optional()
        .classify()?;
    let Some((unit, name, role, scope)) = of else { return Ok(id) };
    let first = match role == Role::DossierSystem.as_str() {
        true => system_of(conn, unit, &name, &scope)?,
        false => None,
    };
    Ok(first.unwrap_or(id))
}

/// The first token of a unit's dossier system of that name and scope.
pub fn system_of(conn: &mut Conn, unit: UnitId, name: &str, scope: &str) -> Result<Option<ClientId>> {
    api_client::table
        .filter(api_client::unit_id.eq(unit))
        .filter(api_client::name.eq(name))
        .filter(api_client::role.eq(Role::DossierSystem.as_str()))
        .filter(api_client::scope.eq(scope))
        .order(api_client::id)
        .select(api_client::id)
        .first(conn)
        .optional()
        .classify()
}

/// The first token of every dossier system that has one which is not revoked.
pub fn dossier_systems(conn: &mut Conn) -> Result<Vec<ClientId>> {
    let live: Vec<ClientId> = api_client::table
        .filter(api_client::role.eq(Role::DossierSystem.as_str()))
        .filter(api_client::revoked_at.is_null())
        .order(api_client::id)
        .select(api_client::id)
        .load(conn)
        .classify()?;
    let mut first = Vec::with_capacity(live.len());
    for id in live {
        first.push(first_of_system(conn, id)?);
    }
    first.sort_unstable();
    first.dedup();
    Ok(first)
}

pub fn clients(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Listed>> {
    api_client::table
        .filter(api_client::unit_id.eq_any(units))
        .order(api_client::id)
        .select((
            api_client::unit_id,
            api_client::id,
            api_client::name,
            api_client::person_id,
            api_client::role,
            api_client::scope,
            api_client::revoked_at,
        ))
        .load(conn)
        .classify()
}

/// Whether the client was there and not revoked before.
pub fn revoke(tx: &mut Tx<'_>, now: Instant, unit: UnitId, id: ClientId) -> Result<bool> {
    let live = api_client::table
        .filter(api_client::unit_id.eq(unit))
        .filter(api_client::id.eq(id))
        .filter(api_client::revoked_at.is_null());
    diesel::update(live)
        .set(api_client::revoked_at.eq(now))
        .execute(tx.conn())
        .classify()
        .map(|count| count == 1)
}

/// A person is a human of the whole city; see `person_name` of the room.
pub fn person_name(conn: &mut Conn, id: PersonId) -> Result<Option<String>> {
    person::table.filter(person::id.eq(id)).select(person::display_name).first(conn).optional().classify()
}

/// Every person: home unit, id, name. A city has thousands at most.
pub fn persons(conn: &mut Conn) -> Result<Vec<(UnitId, PersonId, String)>> {
    person::table.select((person::unit_id, person::id, person::display_name)).load(conn).classify()
}

/// What persons may by the clients that act for them and are not revoked.
pub fn seats(conn: &mut Conn) -> Result<Vec<(PersonId, String, String)>> {
    api_client::table
        .filter(api_client::revoked_at.is_null())
        .filter(api_client::person_id.is_not_null())
        .select((api_client::person_id.assume_not_null(), api_client::role, api_client::scope))
        .load(conn)
        .classify()
}
