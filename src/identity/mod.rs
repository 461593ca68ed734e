//! Persons, their logins and sessions, and the API clients that act for them or for another system.
//!
//! A machine shows a client's token, a person signs in and has a session; neither opens the other's
//! door. Makers and checkers are compared by person, however many logins and clients they have.
//!
//! A client shows a token, `<client id>.<secret>`. Only the hash of the secret is kept, so a copy
//! of the database opens no door. Revoking a client ends its token at its next request.

pub mod invitation;
mod lockout;
mod lockout_query;
pub mod login;
mod login_query;
pub mod own;
pub mod password;
pub mod person;
pub mod query;
pub mod screen;
mod screen_query;
pub mod session;
mod session_query;
pub mod sign_in;
pub mod sso;
mod token;
pub mod totp;
pub mod vouch;

use std::collections::BTreeSet;

use secrecy::SecretString;

use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{ClientId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

const NAME_LIMIT: usize = 100;

/// A client to be made.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Where the client is registered: its home, not its scope.
    pub unit: UnitId,
    pub name: String,
    /// The human behind it; makers and checkers are compared by this.
    pub person: Option<PersonId>,
    pub role: Role,
    pub scope: Scope,
}

/// A client as it is listed; its secret is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub unit: UnitId,
    pub id: ClientId,
    pub name: String,
    pub person: Option<PersonId>,
    pub role: Role,
    pub scope: Scope,
    pub is_revoked: bool,
}

/// Records a human. The name is what receipts print as the collector.
pub fn create_person(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    name: &str,
) -> Result<PersonId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let display_name = checked_name(name)?;
    let id: PersonId = stamp.mint()?;
    rows::insert(tx, &[query::PersonRow { unit_id: unit, id, display_name, created_at: stamp.now }])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "person.created", id)])?;
    Ok(id)
}

/// Makes a client and its token. The token is shown this once. A second token of the same name, role and
/// scope in a unit belongs to the same system: a dossier system whose token is changed keeps what it raised.
/// Only who looks after all units gives such a token; the trail names the system by its first one.
///
/// # Errors
/// `role_not_allowed`, `person_not_found`, `client_name_taken`, `scope_too_wide` when the new client would see
/// units its maker does not, `scope_empty`, `person_required` for roles of humans.
pub fn create_client(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewClient,
) -> Result<(ClientId, SecretString)> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(new.unit)?;
    let name = checked_name(&new.name)?;
    check_role(&new)?;
    check_scope(&actor.scope, &new.scope)?;
    if let Some(person) = new.person {
        person_name(tx, person)?;
    }
    let joins = match new.role {
        Role::DossierSystem => query::system_of(tx, new.unit, &name, &scope_text(&new.scope))?,
        _ => None,
    };
    if joins.is_some() && actor.scope != Scope::All {
        let detail = "a system of this name is there; the city gives it another token";
        return Err(Error::conflict("client_name_taken", detail));
    }
    let id: ClientId = stamp.mint()?;
    let (secret_sha256, text) = token::draw(id)?;
    rows::insert(
        tx,
        &[query::ClientRow {
            unit_id: new.unit,
            id,
            name,
            person_id: new.person,
            role: new.role.as_str(),
            scope: scope_text(&new.scope),
            secret_sha256,
            created_at: stamp.now,
        }],
    )?;
    let detail = match joins {
        Some(first) => format!("{} of {first}", new.role.as_str()),
        None => new.role.as_str().to_owned(),
    };
    let entry = audit::Entry::by(actor, new.unit, "client.created", id).with(&detail);
    audit::record(tx, stamp, &[entry])?;
    Ok((id, text))
}

/// The unit at which a client within the scope is registered.
///
/// # Errors
/// `client_not_found`.
pub fn locate_client(conn: &mut Conn, scope: &Scope, id: ClientId) -> Result<UnitId> {
    query::unit_of(conn, id)?
        .filter(|unit| scope.covers(*unit))
        .ok_or_else(|| Error::not_found("client_not_found", "no such client in your scope"))
}

/// Ends a client's token for good. Revoking twice changes nothing.
pub fn revoke(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, id: ClientId) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    if query::revoke(tx, stamp.now, unit, id)? {
        audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "client.revoked", id)])?;
    }
    Ok(())
}

/// Who shows this token. `token_unknown` for everything that is not a valid one; the reason is
/// not told, and the comparison takes the same time whatever differs.
///
/// Reads by the token's own key, so the connection must see all units.
pub fn authenticate(conn: &mut Conn, shown: &str) -> Result<Actor> {
    let unknown = || Error::unauthenticated("token_unknown", "no such token");
    let (id, secret) = token::split(shown).ok_or_else(unknown)?;
    let stored = query::credentials(conn, id)?;
    let expected = stored.as_ref().map_or("", |stored| stored.secret_sha256.as_str());
    if !token::matches(secret, expected) {
        return Err(unknown());
    }
    let stored = stored.filter(|stored| stored.revoked_at.is_none()).ok_or_else(unknown)?;
    let role = Role::parse(&stored.role)?;
    let client = if role == Role::DossierSystem { query::first_of_system(conn, id)? } else { id };
    Ok(Actor { person: stored.person, client: Some(client), role, scope: read_scope(&stored.scope)? })
}

/// The dossier system of that id, or the only one there is, as what it raises names it.
///
/// # Errors
/// `client_not_found`, also where none is named and several systems are on record.
pub fn dossier_system(conn: &mut Conn, named: Option<ClientId>) -> Result<Option<ClientId>> {
    let known = query::dossier_systems(conn)?;
    match (named, known.as_slice()) {
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(*only)),
        (Some(named), _) if known.contains(&query::first_of_system(conn, named)?) => {
            query::first_of_system(conn, named).map(Some)
        }
        _ => {
            let told: Vec<String> = known.iter().map(ToString::to_string).collect();
            Err(Error::not_found("client_not_found", format!("one of: {}", told.join(", "))))
        }
    }
}

/// The clients of these units, oldest first.
pub fn clients(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Client>> {
    query::clients(conn, units)?
        .into_iter()
        .map(|row| {
            Ok(Client {
                unit: row.unit,
                id: row.id,
                name: row.name,
                person: row.person,
                role: Role::parse(&row.role)?,
                scope: read_scope(&row.scope)?,
                is_revoked: row.revoked_at.is_some(),
            })
        })
        .collect()
}

/// How a person is called on a page that tells who did something: the name, or the id where none is known,
/// so that no list is lost for one.
pub fn called(conn: &mut Conn, person: PersonId) -> Result<String> {
    Ok(query::person_name(conn, person)?.unwrap_or_else(|| person.to_string()))
}

/// The name receipts and pages print. Persons may be registered at another unit than the one they
/// work for, so the connection must see all units.
pub fn person_name(conn: &mut Conn, person: PersonId) -> Result<String> {
    query::person_name(conn, person)?
        .ok_or_else(|| Error::invalid("person", "person_not_found", "no such person"))
}

/// Recovery codes that are left, and sessions that are open, of a login.
pub fn recovery_codes_left(conn: &mut Conn, id: crate::id::LoginId) -> Result<i64> {
    login_query::recovery_codes_left(conn, id)
}

fn checked_name(name: &str) -> Result<String> {
    let name = text::clean(name);
    if name.is_empty() {
        return Err(Error::invalid("name", "field_missing", "must not be empty"));
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(Error::invalid("name", "field_too_long", format!("at most {NAME_LIMIT} characters")));
    }
    Ok(name)
}

/// A cashier, an officer of finance and an approver are humans; the program itself has no token.
fn check_role(new: &NewClient) -> Result<()> {
    if new.role == Role::System {
        return Err(Error::invalid("role", "role_not_grantable", "the program itself needs no token"));
    }
    let is_human = matches!(new.role, Role::Cashier | Role::Finance | Role::Approver);
    if is_human && new.person.is_none() {
        return Err(Error::invalid("person", "client_without_person", "this role is exercised by a person"));
    }
    Ok(())
}

fn check_scope(own: &Scope, asked: &Scope) -> Result<()> {
    let Scope::Units(units) = asked else {
        let is_wide_enough = *own == Scope::All;
        return is_wide_enough.then_some(()).ok_or_else(too_wide);
    };
    if units.is_empty() {
        return Err(Error::invalid("scope", "scope_empty", "name at least one unit"));
    }
    if units.iter().all(|unit| own.covers(*unit)) { Ok(()) } else { Err(too_wide()) }
}

fn too_wide() -> Error {
    Error::forbidden("scope_too_wide", "nobody can give more than they have")
}

const SCOPE_ALL: &str = "*";

fn scope_text(scope: &Scope) -> String {
    match scope {
        Scope::All => SCOPE_ALL.to_owned(),
        Scope::Units(units) => units.iter().map(|unit| unit.0.to_string()).collect::<Vec<_>>().join(","),
    }
}

/// An unreadable scope is no scope at all, never a wide one.
fn read_scope(stored: &str) -> Result<Scope> {
    if stored == SCOPE_ALL {
        return Ok(Scope::All);
    }
    stored
        .split(',')
        .map(|unit| unit.parse().map(UnitId))
        .collect::<std::result::Result<BTreeSet<UnitId>, _>>()
        .map(Scope::Units)
        .map_err(|_| Error::internal("a stored scope is unreadable"))
}

#[cfg(test)]
mod tests;
