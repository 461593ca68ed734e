//! The SQL of single sign-on. All of it stands at the city's unit; none of it is a fact.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{LoginId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema_sso::{sso_attempt, sso_link, sso_subject};
use crate::store::{Conn, Tx, rows};

crate::table_row! {
    pub struct AttemptRow in "sso_attempt" {
        pub unit_id: UnitId,
        pub token_sha256: String,
        pub browser_sha256: String,
        pub login_id: Option<LoginId>,
        pub next: String,
        pub subject_hash: Option<String>,
        pub confirmed_at: Instant,
        pub expires_at: Instant,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct SubjectRow in "sso_subject" {
        pub unit_id: UnitId,
        pub subject_hash: String,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct LinkRow in "sso_link" {
        pub unit_id: UnitId,
        pub login_id: LoginId,
        pub subject_hash: String,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

/// An attempt as it is stored.
#[derive(Queryable)]
pub struct Attempt {
    pub browser_sha256: String,
    pub login: Option<LoginId>,
    pub next: String,
    pub subject_hash: Option<String>,
    pub confirmed_at: Instant,
    pub expires_at: Instant,
}

pub fn attempt(conn: &mut Conn, token_sha256: &str) -> Result<Option<Attempt>> {
    sso_attempt::table
        .filter(sso_attempt::unit_id.eq(UnitId::CITY))
        .filter(sso_attempt::token_sha256.eq(token_sha256))
        .select((
            sso_attempt::browser_sha256,
            sso_attempt::login_id,
            sso_attempt::next,
            sso_attempt::subject_hash,
            sso_attempt::confirmed_at,
            sso_attempt::expires_at,
        ))
        .first(conn)
        .optional()
        .classify()
}

/// Takes an attempt away; of two who try at once only one finds it.
pub fn drop_attempt(tx: &mut Tx<'_>, token_sha256: &str) -> Result<bool> {
    diesel::delete(
        sso_attempt::table
            .filter(sso_attempt::unit_id.eq(UnitId::CITY))
            .filter(sso_attempt::token_sha256.eq(token_sha256)),
    )
    .execute(tx.conn())
    .classify()
    .map(|count| count == 1)
}

pub fn purge(tx: &mut Tx<'_>, now: Instant) -> Result<usize> {
    diesel::delete(
        sso_attempt::table
            .filter(sso_attempt::unit_id.eq(UnitId::CITY))
            .filter(sso_attempt::expires_at.le(now)),
    )
    .execute(tx.conn())
    .classify()
}

/// Whose a subject is: `person`'s from now on, unless it was somebody's before.
pub fn owner(tx: &mut Tx<'_>, fresh: SubjectRow) -> Result<PersonId> {
    rows::insert_if_absent(tx, std::slice::from_ref(&fresh), &["unit_id", "subject_hash"])?;
    sso_subject::table
        .filter(sso_subject::unit_id.eq(UnitId::CITY))
        .filter(sso_subject::subject_hash.eq(&fresh.subject_hash))
        .select(sso_subject::person_id)
        .first(tx.conn())
        .classify()
}

/// The subject a login is linked to.
pub fn subject_of(conn: &mut Conn, login: LoginId) -> Result<Option<String>> {
    sso_link::table
        .filter(sso_link::unit_id.eq(UnitId::CITY))
        .filter(sso_link::login_id.eq(login))
        .select(sso_link::subject_hash)
        .first(conn)
        .optional()
        .classify()
}

/// The logins a subject is linked to.
pub fn logins_of(conn: &mut Conn, subject_hash: &str) -> Result<Vec<LoginId>> {
    sso_link::table
        .filter(sso_link::unit_id.eq(UnitId::CITY))
        .filter(sso_link::subject_hash.eq(subject_hash))
        .order(sso_link::login_id)
        .select(sso_link::login_id)
        .load(conn)
        .classify()
}

/// Every login that is linked.
pub fn linked(conn: &mut Conn) -> Result<Vec<LoginId>> {
    sso_link::table
        .filter(sso_link::unit_id.eq(UnitId::CITY))
        .select(sso_link::login_id)
        .load(conn)
        .classify()
}

pub fn drop_link(tx: &mut Tx<'_>, login: LoginId) -> Result<usize> {
    diesel::delete(
        sso_link::table.filter(sso_link::unit_id.eq(UnitId::CITY)).filter(sso_link::login_id.eq(login)),
    )
    .execute(tx.conn())
    .classify()
}

pub fn drop_subject(tx: &mut Tx<'_>, subject_hash: &str) -> Result<usize> {
    diesel::delete(
        sso_subject::table
            .filter(sso_subject::unit_id.eq(UnitId::CITY))
            .filter(sso_subject::subject_hash.eq(subject_hash)),
    )
    .execute(tx.conn())
    .classify()
}
