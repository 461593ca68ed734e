//! The SQL of logins, their events, invitations and recovery codes. All stand at the city's unit.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use super::login::{Login, State, read};
use super::vouch;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, KeyId, LoginId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema_duty::delegation;
use crate::store::schema_sign_in::{invitation, login, login_event, recovery_code};
use crate::store::{Conn, Tx};

crate::table_row! {
    /// A login as it is invited: without password and second factor.
    pub struct LoginRow in "login" {
        pub unit_id: UnitId,
        pub id: LoginId,
        pub name: String,
        pub person_id: PersonId,
        pub role: &'static str,
        pub scope: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub second_step: i64,
        pub failures: i32,
        pub locked_until: Instant,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "login_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub login_id: LoginId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub actor: String,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct InvitationRow in "invitation" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub login_id: LoginId,
        pub token_sha256: String,
        pub second_key_id: KeyId,
        pub second_factor: Vec<u8>,
        pub expires_at: Instant,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct RecoveryRow in "recovery_code" {
        pub unit_id: UnitId,
        pub login_id: LoginId,
        pub code_hash: String,
        pub created_at: Instant,
    }
}

/// A login in the words of the database.
#[derive(Queryable)]
pub struct Stored {
    pub id: LoginId,
    pub name: String,
    pub person: PersonId,
    pub role: String,
    pub scope: String,
    pub state: String,
    pub password: Option<String>,
    pub second_key: Option<KeyId>,
    pub second: Option<Vec<u8>>,
    pub second_step: i64,
    pub failures: i32,
    pub locked_until: Instant,
    pub revision: i64,
}

type Sql = (
    BigInt,
    Text,
    BigInt,
    Text,
    Text,
    Text,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<Binary>,
    BigInt,
    Integer,
    BigInt,
    BigInt,
);

const SELECT: &str = "SELECT t.id, t.name, t.person_id, t.role, t.scope, t.state, t.password, t.second_key_id, \
     t.second_factor, t.second_step, t.failures, t.locked_until, t.revision FROM login t";

fn one(conn: &mut Conn, key: (&str, Column), lock: Lock) -> Result<Option<Login>> {
    let keys = [("unit_id", Column::of([UnitId::CITY])), key];
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", lock)?;
    found.pop().map(read).transpose()
}

pub fn by_id(conn: &mut Conn, id: LoginId) -> Result<Option<Login>> {
    one(conn, ("id", Column::of([id])), Lock::None)
}

pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Login>> {
    one(conn, ("name", Column::of([name])), Lock::None)
}

/// The login under its lock, so that tries at the same moment follow each other.
pub fn lock(tx: &mut Tx<'_>, id: LoginId) -> Result<Option<Login>> {
    one(tx, ("id", Column::of([id])), Lock::Update)
}

/// Every login, by name: a city has hundreds.
pub fn all(conn: &mut Conn) -> Result<Vec<Login>> {
    let found: Vec<Stored> = login::table
        .filter(login::unit_id.eq(UnitId::CITY))
        .order(login::name)
        .select((
            login::id,
            login::name,
            login::person_id,
            login::role,
            login::scope,
            login::state,
            login::password,
            login::second_key_id,
            login::second_factor,
            login::second_step,
            login::failures,
            login::locked_until,
            login::revision,
        ))
        .load(conn)
        .classify()?;
    found.into_iter().map(read).collect()
}

/// The projection, guarded by the revision before.
pub fn store(tx: &mut Tx<'_>, login: &Login) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "login",
            keys: vec![("unit_id", Column::of([UnitId::CITY])), ("id", Column::of([login.id]))],
            guard: vec![("revision", Column::of([login.revision - 1]))],
            sets: vec![
                ("state", Column::of([login.state.as_str()])),
                ("password", Column::of([login.password.clone()])),
                ("second_key_id", Column::of([login.second.as_ref().map(|sealed| sealed.key)])),
                ("second_factor", Column::of([login.second.as_ref().map(|sealed| sealed.bytes.clone())])),
                ("second_step", Column::of([login.second_step])),
                ("failures", Column::of([login.failures])),
                ("locked_until", Column::of([login.locked_until])),
                ("revision", Column::of([login.revision])),
            ],
        },
    )
}

/// Who handed out the way in to a login, see `vouch::handed_out`.
pub fn handed_out_by(conn: &mut Conn, id: LoginId) -> Result<Vec<String>> {
    let events: Vec<(String, String)> = login_event::table
        .filter(login_event::unit_id.eq(UnitId::CITY))
        .filter(login_event::login_id.eq(id))
        .filter(login_event::kind.eq_any(["invited", "sso_linked", "activated", vouch::VOUCHED]))
        .order(login_event::revision.desc())
        .select((login_event::kind, login_event::actor))
        .load(conn)
        .classify()?;
    Ok(vouch::handed_out(events))
}

/// The event by which a login was set up that has not opened since, and when.
pub fn set_up(conn: &mut Conn, id: LoginId) -> Result<Option<(EventId, Instant)>> {
    let last: Option<(String, EventId, Instant)> = login_event::table
        .filter(login_event::unit_id.eq(UnitId::CITY))
        .filter(login_event::login_id.eq(id))
        .filter(login_event::kind.eq_any(["set_up", "activated", vouch::VOUCHED]))
        .order(login_event::revision.desc())
        .select((login_event::kind, login_event::id, login_event::at))
        .first(conn)
        .optional()
        .classify()?;
    Ok(last.filter(|(kind, ..)| kind == "set_up").map(|(_, id, at)| (id, at)))
}

/// Whether a login ever stood open.
pub fn was_open(conn: &mut Conn, id: LoginId) -> Result<bool> {
    let open = login_event::table
        .filter(login_event::unit_id.eq(UnitId::CITY))
        .filter(login_event::login_id.eq(id))
        .filter(login_event::state.eq(State::Active.as_str()));
    diesel::select(diesel::dsl::exists(open)).get_result(conn).classify()
}

/// Whether a person may decide for somebody else today or later, in any unit: they took a delegation on, or may yet.
pub fn is_delegate(conn: &mut Conn, person: PersonId, today: BusinessDay) -> Result<bool> {
    let lent = delegation::table
        .filter(delegation::delegate_person_id.eq(person))
        .filter(delegation::state.eq_any(["offered", "accepted"]))
        .filter(delegation::valid_until.ge(today));
    diesel::select(diesel::dsl::exists(lent)).get_result(conn).classify()
}

/// An invitation that was not used: its login, its second factor, when it ends.
#[derive(Queryable)]
pub struct Open {
    pub login: LoginId,
    pub second_key: KeyId,
    pub second: Vec<u8>,
    pub expires_at: Instant,
}

pub fn invitation(conn: &mut Conn, token_sha256: &str) -> Result<Option<Open>> {
    invitation::table
        .filter(invitation::unit_id.eq(UnitId::CITY))
        .filter(invitation::token_sha256.eq(token_sha256))
        .select((
            invitation::login_id,
            invitation::second_key_id,
            invitation::second_factor,
            invitation::expires_at,
        ))
        .first(conn)
        .optional()
        .classify()
}

/// Takes the invitations of a login away; tells how many there were.
pub fn drop_invitations(tx: &mut Tx<'_>, id: LoginId) -> Result<usize> {
    diesel::delete(
        invitation::table.filter(invitation::unit_id.eq(UnitId::CITY)).filter(invitation::login_id.eq(id)),
    )
    .execute(tx.conn())
    .classify()
}

pub fn forget_recovery_codes(tx: &mut Tx<'_>, id: LoginId) -> Result<usize> {
    diesel::delete(
        recovery_code::table
            .filter(recovery_code::unit_id.eq(UnitId::CITY))
            .filter(recovery_code::login_id.eq(id)),
    )
    .execute(tx.conn())
    .classify()
}

/// Uses a recovery code up; tells whether it was there.
pub fn use_recovery_code(tx: &mut Tx<'_>, id: LoginId, code_hash: &str) -> Result<bool> {
    diesel::delete(
        recovery_code::table
            .filter(recovery_code::unit_id.eq(UnitId::CITY))
            .filter(recovery_code::login_id.eq(id))
            .filter(recovery_code::code_hash.eq(code_hash)),
    )
    .execute(tx.conn())
    .classify()
    .map(|count| count == 1)
}

pub fn recovery_codes_left(conn: &mut Conn, id: LoginId) -> Result<i64> {
    recovery_code::table
        .filter(recovery_code::unit_id.eq(UnitId::CITY))
        .filter(recovery_code::login_id.eq(id))
        .count()
        .get_result(conn)
        .classify()
}
