//! The SQL of payers' pictures.

use diesel::prelude::*;

use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_desk::told_picture;

crate::table_row! {
    pub struct PictureRow in "told_picture" {
        pub unit_id: UnitId,
        pub id: PictureId,
        pub obligation_id: ObligationId,
        pub media_type: &'static str,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub created_at: Instant,
    }
}

/// Those that are kept: an erasure leaves a row without content (`party::contact`).
pub fn of_obligation(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Vec<PictureId>> {
    told_picture::table
        .filter(told_picture::unit_id.eq(unit))
        .filter(told_picture::obligation_id.eq(id))
        .filter(told_picture::cipher.ne(Vec::<u8>::new()))
        .order(told_picture::id)
        .select(told_picture::id)
        .load(conn)
        .classify()
}

type Stored = (UnitId, String, KeyId, Vec<u8>);

/// A picture within a scope, as it is stored.
pub fn find(conn: &mut Conn, scope: &Scope, id: PictureId) -> Result<Option<Stored>> {
    let found = told_picture::table
        .filter(told_picture::id.eq(id))
        .filter(told_picture::cipher.ne(Vec::<u8>::new()))
        .select((told_picture::unit_id, told_picture::media_type, told_picture::key_id, told_picture::cipher))
        .into_boxed();
    let found = crate::in_scope!(found, scope, told_picture);
    found.first(conn).optional().classify()
}
