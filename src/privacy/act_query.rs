//! The SQL of what is proposed for requests.

use diesel::prelude::*;

use super::act::Waiting;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::schema_privacy::data_act;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct ActRow in "data_act" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub request_id: DataRequestId,
        pub key_id: Option<KeyId>,
        pub cipher: Option<Vec<u8>>,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
    }
}

/// What is proposed for a request.
pub struct Act {
    pub id: EventId,
    pub maker: PersonId,
    /// New contacts, encrypted; none for an erasure.
    pub sealed: Option<(KeyId, Vec<u8>)>,
}

pub fn of_request(conn: &mut Conn, unit: UnitId, request: DataRequestId) -> Result<Option<Act>> {
    let found: Option<(EventId, PersonId, Option<KeyId>, Option<Vec<u8>>)> = data_act::table
        .filter(data_act::unit_id.eq(unit))
        .filter(data_act::request_id.eq(request))
        .select((data_act::id, data_act::maker_person_id, data_act::key_id, data_act::cipher))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(|(id, maker, key, cipher)| Act { id, maker, sealed: key.zip(cipher) }))
}

pub fn waiting(conn: &mut Conn, unit: UnitId) -> Result<Vec<Waiting>> {
    let found: Vec<(DataRequestId, PersonId, Instant)> = data_act::table
        .filter(data_act::unit_id.eq(unit))
        .order(data_act::id)
        .select((data_act::request_id, data_act::maker_person_id, data_act::created_at))
        .load(conn)
        .classify()?;
    let waiting = |(request, maker, asked_at)| Waiting { request, maker, asked_at };
    Ok(found.into_iter().map(waiting).collect())
}

/// It was decided, or another proposal takes its place.
pub fn drop_of(tx: &mut Tx<'_>, unit: UnitId, request: DataRequestId) -> Result<()> {
    diesel::delete(
        data_act::table.filter(data_act::unit_id.eq(unit)).filter(data_act::request_id.eq(request)),
    )
    .execute(tx.conn())
    .classify()?;
    Ok(())
}
