//! The SQL of the web's own tables: repeated requests and refused callbacks.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::ClientId;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::idempotency;

crate::table_row! {
    pub struct RefusedRow in "refused_event" {
        pub id: i64,
        pub channel: String,
        pub code: &'static str,
        pub source_sha256: String,
        pub body_sha256: String,
        pub body_head: Vec<u8>,
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

/// Channel and kept bytes of refused callbacks, oldest first.
#[cfg(test)]
pub fn refused_sizes(conn: &mut Conn) -> Result<Vec<(String, usize)>> {
    use crate::store::schema::refused_event;
    let found: Vec<(String, Vec<u8>)> = refused_event::table
        .order(refused_event::id)
        .select((refused_event::channel, refused_event::body_head))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(channel, head)| (channel, head.len())).collect())
}
