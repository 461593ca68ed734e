//! Which human a new login is for. One human is one person, however many logins they have: makers and
//! checkers are compared by person, so whoever invites chooses somebody known, or says outright that
//! somebody of the same name is another human.

use std::collections::{HashMap, HashSet};

use super::login::Login;
use super::{check_scope, create_person, login_query, query, read_scope};
use crate::actor::{Actor, Role, Scope};
use crate::error::{Error, Result};
use crate::id::{PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx};
use crate::text;

/// The human of a new login.
#[derive(Clone, Copy, Debug)]
pub enum Whom<'a> {
    Known(PersonId),
    New {
        name: &'a str,
        /// Somebody of this name is registered, and this is another human.
        is_another: bool,
    },
}

/// Somebody who is registered, for whoever invites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// The names of their logins that have not ended.
    pub logins: Vec<String>,
}

/// The person of a new login: the known one, or a new one.
///
/// # Errors
/// `person_not_found` for somebody the actor may not choose, `person_namesake` when somebody of
/// the name is registered and nobody said that this is another human, and those of `create_person`.
pub fn choose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    home: UnitId,
    whom: Whom<'_>,
) -> Result<PersonId> {
    match whom {
        // Whom the page offers, and nobody else: a login in another human's name would be their hand.
        Whom::Known(person) => choices(tx, actor)?
            .into_iter()
            .find(|one| one.id == person)
            .map(|one| one.id)
            .ok_or_else(|| Error::invalid("person", "person_not_found", "no such person in your scope")),
        Whom::New { name, is_another } => {
            if !is_another && !namesakes(tx, name)?.is_empty() {
                let detail = "choose the registered person, or say that this is another of the same name";
                return Err(Error::invalid("person", "person_namesake", detail));
            }
            create_person(tx, stamp, actor, home, name)
        }
    }
}

/// Everybody of a name, whatever its capitals, accents and spaces, in the whole city: two units that
/// each register the same human would make two persons of one.
pub fn namesakes(conn: &mut Conn, name: &str) -> Result<Vec<PersonId>> {
    let asked = compared(name);
    let all = query::persons(conn)?;
    Ok(all.into_iter().filter(|(_, _, known)| compared(known) == asked).map(|(_, id, _)| id).collect())
}

fn compared(name: &str) -> String {
    text::fold(&text::clean(name))
}

/// Those whom an actor may give a further login: registered at its units, or with a login there.
pub fn choices(conn: &mut Conn, actor: &Actor) -> Result<Vec<Person>> {
    let mut by_person: HashMap<PersonId, Vec<Login>> = HashMap::new();
    for login in login_query::all(conn)?.into_iter().filter(Login::is_open) {
        by_person.entry(login.person).or_default().push(login);
    }
    let governs = |scope: &Scope| check_scope(&actor.scope, scope).is_ok();
    let mut found = Vec::new();
    for (home, id, name) in query::persons(conn)? {
        let own = by_person.remove(&id).unwrap_or_default();
        if actor.scope.covers(home) || own.iter().any(|login| governs(&login.scope)) {
            let logins = own.into_iter().map(|login| login.name).collect();
            found.push(Person { id, name, logins });
        }
    }
    found.sort_by_cached_key(|one| (text::fold(&one.name), one.id));
    Ok(found)
}

/// Whether a person has one of these roles in a unit, by an active login or a client of their own.
pub fn holds(conn: &mut Conn, person: PersonId, roles: &[Role], unit: UnitId) -> Result<bool> {
    let found = seats(conn)?;
    Ok(found
        .iter()
        .any(|seat| seat.person == person && roles.contains(&seat.role) && seat.scope.covers(unit)))
}

/// Whether a person comes in at all in one of these roles, wherever.
pub fn acts(conn: &mut Conn, person: PersonId, roles: &[Role]) -> Result<bool> {
    Ok(acting(conn, roles)?.contains(&person))
}

/// Everybody who comes in at all in one of these roles, wherever.
pub fn acting(conn: &mut Conn, roles: &[Role]) -> Result<HashSet<PersonId>> {
    let found = seats(conn)?;
    Ok(found.into_iter().filter(|seat| roles.contains(&seat.role)).map(|seat| seat.person).collect())
}

/// The persons of a unit itself who may decide what others asked for. Those who look after the whole
/// city are none of them.
pub fn deciders(conn: &mut Conn, unit: UnitId) -> Result<Vec<PersonId>> {
    let found = seats(conn)?;
    let is_own = |seat: &Seat| seat.scope != Scope::All && seat.scope.covers(unit);
    let decides = |seat: &Seat| matches!(seat.role, Role::Finance | Role::Approver);
    let mut persons: Vec<PersonId> =
        found.iter().filter(|seat| is_own(seat) && decides(seat)).map(|seat| seat.person).collect();
    persons.sort_unstable();
    persons.dedup();
    Ok(persons)
}

/// One role of one person, whichever way they come in.
struct Seat {
    person: PersonId,
    role: Role,
    scope: Scope,
}

fn seats(conn: &mut Conn) -> Result<Vec<Seat>> {
    let mut found: Vec<Seat> = login_query::all(conn)?
        .into_iter()
        .filter(|login| login.is_active())
        .map(|login| Seat { person: login.person, role: login.role, scope: login.scope })
        .collect();
    for (person, role, scope) in query::seats(conn)? {
        found.push(Seat { person, role: Role::parse(&role)?, scope: read_scope(&scope)? });
    }
    Ok(found)
}
