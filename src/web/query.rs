//! The SQL of the web's own tables: repeated requests and refused callbacks.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ClientId, KeyId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{idempotency, refused_event};

crate::table_row! {
    pub struct RefusedRow in "refused_event" {
        pub id: i64,
        pub channel: String,
        pub code: &'static str,
        pub source_sha256: String,
        pub body_sha256: String,
        /// The first bytes of the body, encrypted.
        pub body_head: Vec<u8>,
        pub key_id: Option<KeyId>,
        pub received_at: Instant,
    }
}

crate::table_row! {
    pub struct IdempotencyRow in "idempotency" {
        pub client_id: ClientId,
        pub route: &'static str,
        pub key: String,
        pub request_sha256: String,
        pub status: i32,
        pub answer: Vec<u8>,
        pub created_at: Instant,
    }
}

/// An answer that was given before.
#[derive(Queryable)]
pub struct Given {
    pub request_sha256: String,
    pub status: i32,
    pub answer: Vec<u8>,
}

pub fn given(conn: &mut Conn, client: ClientId, route: &str, key: &str) -> Result<Option<Given>> {
    idempotency::table
        .find((client, route, key))
        .select((idempotency::request_sha256, idempotency::status, idempotency::answer))
        .first(conn)
        .optional()
        .classify()
}

/// A refused callback as it was kept.
pub struct Refused {
    pub id: i64,
    pub channel: String,
    pub code: String,
    pub body_sha256: String,
    /// Encrypted where `key` is there. Older ones were emptied when encryption came.
    pub head: Vec<u8>,
    pub key: Option<KeyId>,
    pub received_at: Instant,
}

/// Refused callbacks, newest first.
pub fn refused(conn: &mut Conn, limit: i64) -> Result<Vec<Refused>> {
    type Stored = (i64, String, String, String, Vec<u8>, Option<KeyId>, Instant);
    let found: Vec<Stored> = refused_event::table
        .order(refused_event::id.desc())
        .limit(limit)
        .select((
            refused_event::id,
            refused_event::channel,
            refused_event::code,
            refused_event::body_sha256,
            refused_event::body_head,
            refused_event::key_id,
            refused_event::received_at,
        ))
        .load(conn)
        .classify()?;
    let of = |(id, channel, code, body_sha256, head, key, received_at): Stored| Refused {
        id,
        channel,
        code,
        body_sha256,
        head,
        key,
        received_at,
    };
    Ok(found.into_iter().map(of).collect())
}
