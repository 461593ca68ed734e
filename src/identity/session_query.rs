//! The SQL of sessions.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{LoginId, SessionId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema_sign_in::session;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct SessionRow in "session" {
        pub unit_id: UnitId,
        pub id: SessionId,
        pub login_id: LoginId,
        pub token_sha256: String,
        pub created_at: Instant,
        pub seen_at: Instant,
        pub confirmed_at: Instant,
    }
}

#[derive(Queryable)]
pub struct Stored {
    pub id: SessionId,
    pub login: LoginId,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub confirmed_at: Instant,
}

pub fn by_token(conn: &mut Conn, token_sha256: &str) -> Result<Option<Stored>> {
    session::table
        .filter(session::unit_id.eq(UnitId::CITY))
        .filter(session::token_sha256.eq(token_sha256))
        .select((
            session::id,
            session::login_id,
            session::created_at,
            session::seen_at,
            session::confirmed_at,
        ))
        .first(conn)
        .optional()
        .classify()
}

pub fn seen(tx: &mut Tx<'_>, now: Instant, id: SessionId) -> Result<()> {
    let one = session::table.filter(session::unit_id.eq(UnitId::CITY)).filter(session::id.eq(id));
    diesel::update(one).set(session::seen_at.eq(now)).execute(tx.conn()).classify().map(|_| ())
}

pub fn confirmed(tx: &mut Tx<'_>, now: Instant, id: SessionId) -> Result<()> {
    let one = session::table.filter(session::unit_id.eq(UnitId::CITY)).filter(session::id.eq(id));
    diesel::update(one).set(session::confirmed_at.eq(now)).execute(tx.conn()).classify().map(|_| ())
}

pub fn end(tx: &mut Tx<'_>, id: SessionId) -> Result<()> {
    diesel::delete(session::table.filter(session::unit_id.eq(UnitId::CITY)).filter(session::id.eq(id)))
        .execute(tx.conn())
        .classify()
        .map(|_| ())
}

pub fn end_by_token(tx: &mut Tx<'_>, token_sha256: &str) -> Result<()> {
    let one = session::table
        .filter(session::unit_id.eq(UnitId::CITY))
        .filter(session::token_sha256.eq(token_sha256));
    diesel::delete(one).execute(tx.conn()).classify().map(|_| ())
}

pub fn end_all(tx: &mut Tx<'_>, login: LoginId) -> Result<usize> {
    diesel::delete(
        session::table.filter(session::unit_id.eq(UnitId::CITY)).filter(session::login_id.eq(login)),
    )
    .execute(tx.conn())
    .classify()
}

pub fn end_others(tx: &mut Tx<'_>, login: LoginId, kept: SessionId) -> Result<usize> {
    let others = session::table
        .filter(session::unit_id.eq(UnitId::CITY))
        .filter(session::login_id.eq(login))
        .filter(session::id.ne(kept));
    diesel::delete(others).execute(tx.conn()).classify()
}

pub fn end_own(tx: &mut Tx<'_>, login: LoginId, id: SessionId) -> Result<()> {
    let one = session::table
        .filter(session::unit_id.eq(UnitId::CITY))
        .filter(session::login_id.eq(login))
        .filter(session::id.eq(id));
    diesel::delete(one).execute(tx.conn()).classify().map(|_| ())
}

pub fn of_login(conn: &mut Conn, login: LoginId) -> Result<Vec<(SessionId, Instant, Instant)>> {
    session::table
        .filter(session::unit_id.eq(UnitId::CITY))
        .filter(session::login_id.eq(login))
        .order(session::id.desc())
        .select((session::id, session::created_at, session::seen_at))
        .load(conn)
        .classify()
}

/// Takes away what ended by itself.
pub fn purge(tx: &mut Tx<'_>, created_before: Instant, seen_before: Instant) -> Result<usize> {
    let over = session::created_at.lt(created_before).or(session::seen_at.lt(seen_before));
    diesel::delete(session::table.filter(session::unit_id.eq(UnitId::CITY)).filter(over))
        .execute(tx.conn())
        .classify()
}
