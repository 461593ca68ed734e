//! Sessions: who is signed in. They live in the database, so that ending one ends it at its next
//! request, in every process. Only the hash of a session's token is kept.

use secrecy::SecretString;

use super::login::{Login, State};
use super::{login_query, session_query as query, token};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{LoginId, SessionId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};

/// A session nobody uses ends after this: office machines are shared.
const IDLE_S: i64 = 3_600;
/// And however busy, after a working day.
const LIFE_S: i64 = 12 * 3_600;
/// How often being used is written down.
const SEEN_EVERY_S: i64 = 60;
/// How long a confirmation by code or password stands for further acts.
const CONFIRMED_S: i64 = 300;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub login: Login,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub confirmed_at: Instant,
}

impl Session {
    /// Whether the person showed code or password a moment ago.
    pub fn is_confirmed(&self, now: Instant) -> bool {
        now.seconds_since(self.confirmed_at) < CONFIRMED_S
    }

    /// Whether it is time to write down that the session is used.
    pub fn is_due(&self, now: Instant) -> bool {
        now.seconds_since(self.seen_at) >= SEEN_EVERY_S
    }
}

/// Opens a session with a token that nobody has seen before, whatever the browser showed.
pub(super) fn open(tx: &mut Tx<'_>, stamp: &Stamp<'_>, login: &Login) -> Result<SecretString> {
    // Signing in just now is itself the confirmation.
    open_confirmed(tx, stamp, login, stamp.now)
}

/// The same for somebody who showed code or password at another moment, or never.
pub(super) fn open_confirmed(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    login: &Login,
    confirmed_at: Instant,
) -> Result<SecretString> {
    query::purge(tx, stamp.now.minus_seconds(LIFE_S), stamp.now.minus_seconds(IDLE_S))?;
    let (token_sha256, shown) = token::draw_bare()?;
    let id: SessionId = stamp.mint()?;
    rows::insert(
        tx,
        &[query::SessionRow {
            unit_id: UnitId::CITY,
            id,
            login_id: login.id,
            token_sha256,
            created_at: stamp.now,
            seen_at: stamp.now,
            confirmed_at,
        }],
    )?;
    Ok(shown)
}

/// The session of a token. `session_over` for one that ended, by whatever.
pub fn find(conn: &mut Conn, now: Instant, shown: &str) -> Result<Session> {
    let over = || Error::unauthenticated("session_over", "sign in");
    let hash = token::hash_of_bare(shown).ok_or_else(over)?;
    let stored = query::by_token(conn, &hash)?.ok_or_else(over)?;
    let is_alive =
        now.seconds_since(stored.seen_at) < IDLE_S && now.seconds_since(stored.created_at) < LIFE_S;
    let login = login_query::by_id(conn, stored.login)?;
    let login = login.filter(|login| is_alive && login.state == State::Active).ok_or_else(over)?;
    Ok(Session {
        id: stored.id,
        login,
        created_at: stored.created_at,
        seen_at: stored.seen_at,
        confirmed_at: stored.confirmed_at,
    })
}

/// Notes that the session is used.
pub fn seen(tx: &mut Tx<'_>, now: Instant, id: SessionId) -> Result<()> {
    query::seen(tx, now, id)
}

pub(super) fn confirmed(tx: &mut Tx<'_>, now: Instant, id: SessionId) -> Result<()> {
    query::confirmed(tx, now, id)
}

/// Ends a session; ending one twice changes nothing.
pub fn end(tx: &mut Tx<'_>, id: SessionId) -> Result<()> {
    query::end(tx, id)
}

/// Ends the session of a token, if it has one.
pub fn end_by_token(tx: &mut Tx<'_>, shown: &str) -> Result<()> {
    match token::hash_of_bare(shown) {
        Some(hash) => query::end_by_token(tx, &hash),
        None => Ok(()),
    }
}

/// Ends every session of a login but one.
pub(super) fn end_others(tx: &mut Tx<'_>, login: LoginId, kept: SessionId) -> Result<usize> {
    query::end_others(tx, login, kept)
}

/// The sessions of a login that stand, newest first: which, since when, last seen.
pub fn of_login(conn: &mut Conn, now: Instant, login: LoginId) -> Result<Vec<(SessionId, Instant, Instant)>> {
    let all = query::of_login(conn, login)?;
    let is_alive = |(_, created, seen): &(SessionId, Instant, Instant)| {
        now.seconds_since(*seen) < IDLE_S && now.seconds_since(*created) < LIFE_S
    };
    Ok(all.into_iter().filter(is_alive).collect())
}

/// Ends one session of a login, if it is one of its.
pub fn end_own(tx: &mut Tx<'_>, login: LoginId, id: SessionId) -> Result<()> {
    query::end_own(tx, login, id)
}

/// Ends every session of a login; tells how many there were.
pub fn end_all(tx: &mut Tx<'_>, login: LoginId) -> Result<usize> {
    query::end_all(tx, login)
}
