//! Logins: how a person signs in, in one role and scope. A person may have several, for several
//! roles; who made and who checks is still the person.
//!
//! A login begins with an invitation and no password. What changes about it (state, password, second
//! factor, failures) moves with its revision beside an event.

use secrecy::SecretString;

use super::{NewClient, person_name, session, sso};
use super::{check_role, check_scope, invitation, login_query as query, read_scope, scope_text};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ClientId, EventId, KeyId, LoginId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};

const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=40;

/// Where a login stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its person has not set a password yet, or must set a new one, or nobody vouched for what was set (`vouch`).
    Invited,
    Active,
    /// For good.
    Ended,
}

crate::text_enum! { State { Invited = "invited", Active = "active", Ended = "ended" } }

/// A login to be made.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// `thungan.badinh`: small letters, digits, dots, hyphens.
    pub name: String,
    pub person: PersonId,
    pub role: Role,
    pub scope: Scope,
}

/// A login as it is.
#[derive(Clone)]
pub struct Login {
    pub id: LoginId,
    pub name: String,
    pub person: PersonId,
    pub role: Role,
    pub scope: Scope,
    pub state: State,
    pub(super) password: Option<String>,
    pub(super) second: Option<Sealed>,
    /// The last step of the second factor that was used.
    pub(super) second_step: i64,
    /// What versions before counted here; wrong tries are counted by their source now, see `lockout`.
    pub(super) failures: i32,
    pub(super) locked_until: Instant,
    pub(super) revision: i64,
}

/// A secret under a data key of the city.
#[derive(Clone)]
pub(super) struct Sealed {
    pub key: KeyId,
    pub bytes: Vec<u8>,
}

/// Passwords and second factors stay out of logs, hashed or not.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Login {
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        self.state != State::Ended
    }

    pub fn has_second_factor(&self) -> bool {
        self.second.is_some()
    }

    /// Who acts when this login's person does something.
    pub fn actor(&self) -> Actor {
        Actor { person: Some(self.person), client: None, role: self.role, scope: self.scope.clone() }
    }

    /// What was used before: a login's name in the column that names API clients, for requests that
    /// are told apart by who sent them. Ids are unique whatever they name.
    pub fn as_sender(&self) -> ClientId {
        ClientId(self.id.0)
    }
}

/// Roles whose sign-in needs a second factor.
pub fn needs_second_factor(role: Role) -> bool {
    matches!(role, Role::Approver | Role::Administrator)
}

/// Makes a login and its invitation; the token for the link is shown this once.
///
/// # Errors
/// `role_not_allowed`, `login_name_wrong`, `login_name_taken`, `role_not_for_login`,
/// `login_without_counter`, `person_not_found`, `scope_too_wide`, `scope_empty`.
pub fn invite(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewLogin,
) -> Result<(LoginId, SecretString)> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let name = checked_name(&new.name)?;
    check(&new, actor)?;
    person_name(tx, new.person)?;
    if query::by_name(tx, &name)?.is_some() {
        return Err(Error::invalid("name", "login_name_taken", "choose another name"));
    }
    let id: LoginId = stamp.mint()?;
    rows::insert(
        tx,
        &[query::LoginRow {
            unit_id: UnitId::CITY,
            id,
            name,
            person_id: new.person,
            role: new.role.as_str(),
            scope: scope_text(&new.scope),
            created_at: stamp.now,
            state: State::Invited.as_str(),
            second_step: 0,
            failures: 0,
            locked_until: Instant(0),
            revision: 1,
        }],
    )?;
    let login = find(tx, id)?;
    note(tx, stamp, &login, "invited", &audit::actor_text(actor))?;
    let entry = audit::Entry::by(actor, UnitId::CITY, "login.invited", id).with(new.role.as_str());
    audit::record(tx, stamp, &[entry])?;
    Ok((id, invitation::issue(tx, stamp, id)?))
}

/// A new invitation for a login whose password or second factor was lost: both end now, with all
/// of its sessions.
///
/// # Errors
/// `login_not_found`, `login_ended`, and those of `invite`.
pub fn invite_again(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: LoginId) -> Result<SecretString> {
    let mut login = governed(tx, actor, id)?;
    login.state = State::Invited;
    login.password = None;
    login.second = None;
    query::forget_recovery_codes(tx, id)?;
    session::end_all(tx, id)?;
    sso::forget(tx, id)?;
    query::drop_invitations(tx, id)?;
    store(tx, stamp, &mut login, "invited", &audit::actor_text(actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, UnitId::CITY, "login.invited", id).with("again")])?;
    invitation::issue(tx, stamp, id)
}

/// Ends a login for good, with its sessions and invitations; what hangs on it was handed over before.
///
/// # Errors
/// `role_not_allowed`, `login_not_found`, `login_ended`.
pub fn end(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: LoginId) -> Result<()> {
    let mut login = governed(tx, actor, id)?;
    login.state = State::Ended;
    login.password = None;
    login.second = None;
    query::forget_recovery_codes(tx, id)?;
    session::end_all(tx, id)?;
    sso::forget(tx, id)?;
    query::drop_invitations(tx, id)?;
    store(tx, stamp, &mut login, "ended", &audit::actor_text(actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, UnitId::CITY, "login.ended", id)])
}

/// The logins whose every unit the actor governs, by name.
pub fn list(conn: &mut Conn, actor: &Actor) -> Result<Vec<Login>> {
    actor.require_role(&[Role::Administrator, Role::Auditor, Role::System])?;
    let all = query::all(conn)?;
    Ok(all.into_iter().filter(|login| check_scope(&actor.scope, &login.scope).is_ok()).collect())
}

/// Every login of a person, whatever its state.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Login>> {
    let all = query::all(conn)?;
    Ok(all.into_iter().filter(|login| login.person == person).collect())
}

pub fn find(conn: &mut Conn, id: LoginId) -> Result<Login> {
    query::by_id(conn, id)?.ok_or_else(not_found)
}

/// `login_not_found` for one that does not exist.
pub fn find_by_name(conn: &mut Conn, name: &str) -> Result<Login> {
    query::by_name(conn, &normal(name))?.ok_or_else(not_found)
}

/// Whether somebody administrates the whole city.
pub fn has_administrator(conn: &mut Conn) -> Result<bool> {
    Ok(query::all(conn)?.iter().any(|login| {
        login.role == Role::Administrator && login.scope == Scope::All && login.state == State::Active
    }))
}

/// The name of the login with which everything begins.
const FIRST: &str = "admin";

/// An invitation for the first administrator, while there is none; a later one makes earlier ones void.
pub fn first_administrator(tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<Option<SecretString>> {
    let system = Actor::system();
    if has_administrator(tx)? {
        return Ok(None);
    }
    match query::by_name(tx, FIRST)? {
        Some(login) if login.state == State::Invited => invite_again(tx, stamp, &system, login.id).map(Some),
        // It was ended: whoever did that invites the next one by command.
        Some(_) => Ok(None),
        None => {
            let person = super::create_person(tx, stamp, &system, UnitId::CITY, "Quản trị viên")?;
            let new = NewLogin { name: FIRST.into(), person, role: Role::Administrator, scope: Scope::All };
            invite(tx, stamp, &system, new).map(|(_, token)| Some(token))
        }
    }
}

pub(super) fn not_found() -> Error {
    Error::not_found("login_not_found", "no such login in your scope")
}

/// A login the actor may change, under its lock.
///
/// # Errors
/// `role_not_allowed`, `login_not_found`, `login_ended`.
pub fn governed(tx: &mut Tx<'_>, actor: &Actor, id: LoginId) -> Result<Login> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let login = query::lock(tx, id)?.ok_or_else(not_found)?;
    check_scope(&actor.scope, &login.scope).map_err(|_| not_found())?;
    if login.state == State::Ended {
        return Err(Error::conflict("login_ended", "it was ended for good"));
    }
    Ok(login)
}

/// Whether somebody may sign in by this role in these units.
///
/// # Errors
/// `role_not_for_login`, `login_without_counter`.
pub fn check_seat(role: Role, scope: &Scope) -> Result<()> {
    let is_for_people =
        matches!(role, Role::Cashier | Role::Finance | Role::Approver | Role::Administrator | Role::Auditor);
    if !is_for_people {
        return Err(Error::invalid("role", "role_not_for_login", "systems show the token of a client"));
    }
    // A counter stands in one unit; who works at two has two logins.
    let is_at_one = matches!(scope, Scope::Units(units) if units.len() == 1);
    if role == Role::Cashier && !is_at_one {
        return Err(Error::invalid("units", "login_without_counter", "a cashier's login is for one unit"));
    }
    Ok(())
}

fn check(new: &NewLogin, actor: &Actor) -> Result<()> {
    check_seat(new.role, &new.scope)?;
    check_role(&NewClient {
        unit: UnitId::CITY,
        name: new.name.clone(),
        person: Some(new.person),
        role: new.role,
        scope: new.scope.clone(),
    })?;
    check_scope(&actor.scope, &new.scope)
}

/// How a name is compared: what people type at sign-in may have capitals and spaces around it.
pub(super) fn normal(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

/// The name of a login as it is kept.
///
/// # Errors
/// `login_name_wrong`.
pub fn checked_name(name: &str) -> Result<String> {
    let name = normal(name);
    let is_good = NAME_LENGTH.contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if is_good {
        return Ok(name);
    }
    Err(Error::invalid("name", "login_name_wrong", "3 to 40 small letters, digits, dots and hyphens"))
}

/// Stores what changed about a login, guarded by the revision it was read at, beside its event.
pub(super) fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    login: &mut Login,
    kind: &'static str,
    actor: &str,
) -> Result<()> {
    login.revision += 1;
    query::store(tx, login)?;
    note(tx, stamp, login, kind, actor)
}

fn note(tx: &mut Tx<'_>, stamp: &Stamp<'_>, login: &Login, kind: &'static str, actor: &str) -> Result<()> {
    let id: EventId = stamp.mint()?;
    rows::insert(
        tx,
        &[query::EventRow {
            unit_id: UnitId::CITY,
            id,
            login_id: login.id,
            revision: login.revision,
            kind,
            state: login.state.as_str(),
            actor: actor.to_owned(),
            at: stamp.now,
        }],
    )
}

/// A stored login with the words it was stored in.
pub(super) fn read(row: query::Stored) -> Result<Login> {
    Ok(Login {
        id: row.id,
        name: row.name,
        person: row.person,
        role: Role::parse(&row.role)?,
        scope: read_scope(&row.scope)?,
        state: State::stored(&row.state)?,
        password: row.password,
        second: row.second_key.zip(row.second).map(|(key, bytes)| Sealed { key, bytes }),
        second_step: row.second_step,
        failures: row.failures,
        locked_until: row.locked_until,
        revision: row.revision,
    })
}
