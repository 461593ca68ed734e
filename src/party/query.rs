//! The payers' SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, KeyId, PartyId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{data_key, obligation, party, party_index};
use crate::store::schema_desk::told_picture;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct PartyRow in "party" {
        pub unit_id: UnitId,
        pub id: PartyId,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct IndexRow in "party_index" {
        pub unit_id: UnitId,
        pub kind: &'static str,
        pub hash: String,
        pub party_id: PartyId,
    }
}

crate::table_row! {
    pub struct ErasureRow in "erasure" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub year: i32,
        pub reason: String,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub created_at: Instant,
    }
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, PartyId)]) -> Result<Vec<(UnitId, PartyId, KeyId, Vec<u8>)>> {
    rows::fetch::<(BigInt, BigInt, BigInt, Binary), _>(
        conn,
        "SELECT t.unit_id, t.id, t.key_id, t.cipher FROM party t",
        &rows::unit_keys("id", ids),
        "",
        Lock::None,
    )
}

pub fn by_hash(conn: &mut Conn, unit: UnitId, kind: &str, hash: &str) -> Result<Vec<PartyId>> {
    party_index::table
        .filter(party_index::unit_id.eq(unit))
        .filter(party_index::kind.eq(kind))
        .filter(party_index::hash.eq(hash))
        .order(party_index::party_id)
        .select(party_index::party_id)
        .load(conn)
        .classify()
}

/// Which of these payers stand in the index under one of the terms.
pub fn found_by(
    conn: &mut Conn,
    unit: UnitId,
    terms: &[super::Term],
    parties: &[PartyId],
) -> Result<Vec<PartyId>> {
    let keys: Vec<(&super::Term, PartyId)> =
        terms.iter().flat_map(|term| parties.iter().map(move |party| (term, *party))).collect();
    let found: Vec<(PartyId,)> = rows::fetch::<(BigInt,), _>(
        conn,
        "SELECT t.party_id FROM party_index t",
        &[
            ("unit_id", Column::of(keys.iter().map(|_| unit))),
            ("kind", Column::of(keys.iter().map(|((kind, _), _)| *kind))),
            ("hash", Column::of(keys.iter().map(|((_, hash), _)| hash.clone()))),
            ("party_id", Column::of(keys.iter().map(|(_, party)| *party))),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(party,)| party).collect())
}

/// Search terms of some kinds; without them nobody is found by those any more.
pub fn forget_kinds(tx: &mut Tx<'_>, unit: UnitId, parties: &[PartyId], kinds: &[&str]) -> Result<()> {
    diesel::delete(
        party_index::table
            .filter(party_index::unit_id.eq(unit))
            .filter(party_index::party_id.eq_any(parties))
            .filter(party_index::kind.eq_any(kinds)),
    )
    .execute(tx.conn())
    .classify()?;
    Ok(())
}

/// Writes what is left of a payer over what there was; the database wants an erasure by two persons on record.
pub fn overwrite(tx: &mut Tx<'_>, unit: UnitId, id: PartyId, cipher: Vec<u8>) -> Result<()> {
    diesel::update(party::table.filter(party::unit_id.eq(unit)).filter(party::id.eq(id)))
        .set(party::cipher.eq(cipher))
        .execute(tx.conn())
        .classify()?;
    Ok(())
}

/// Corrected contacts, accounts somebody paid from, pictures they sent. Returns how many pictures.
pub fn forget_ways(tx: &mut Tx<'_>, unit: UnitId, id: PartyId) -> Result<usize> {
    for sql in [
        "DELETE FROM party_contact WHERE unit_id = $1 AND party_id = $2",
        "DELETE FROM payer_alias WHERE unit_id = $1 AND party_id = $2",
    ] {
        diesel::sql_query(sql).bind::<BigInt, _>(unit).bind::<BigInt, _>(id).execute(tx.conn()).classify()?;
    }
    let owed = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::party_id.eq(id))
        .select(obligation::id);
    let owed: Vec<i64> = owed.load(tx.conn()).classify()?;
    // A picture's row stays without its content.
    diesel::update(
        told_picture::table
            .filter(told_picture::unit_id.eq(unit))
            .filter(told_picture::obligation_id.eq_any(owed))
            .filter(told_picture::cipher.ne(Vec::<u8>::new())),
    )
    .set(told_picture::cipher.eq(Vec::<u8>::new()))
    .execute(tx.conn())
    .classify()
}

pub fn destroy_key(tx: &mut Tx<'_>, now: Instant, unit: UnitId, year: i32) -> Result<()> {
    let destroyed = diesel::update(
        data_key::table
            .filter(data_key::unit_id.eq(unit))
            .filter(data_key::year.eq(year))
            .filter(data_key::destroyed_at.is_null()),
    )
    .set((data_key::wrapped.eq(None::<Vec<u8>>), data_key::destroyed_at.eq(now)))
    .execute(tx.conn())
    .classify()?;
    if destroyed == 1 {
        return forget_terms(tx, unit, year);
    }
    Err(Error::not_found("data_key_not_found", "no data of this unit and year is kept"))
}

/// Without its search terms nobody can ask any more whether a person was among the erased.
fn forget_terms(tx: &mut Tx<'_>, unit: UnitId, year: i32) -> Result<()> {
    // Nor which account they paid from.
    diesel::sql_query(
        "DELETE FROM payer_alias WHERE unit_id = $1 AND party_id IN (SELECT p.id FROM party p \
         JOIN data_key k ON k.unit_id = p.unit_id AND k.id = p.key_id WHERE p.unit_id = $1 AND k.year = $2)",
    )
    .bind::<BigInt, _>(unit)
    .bind::<diesel::sql_types::Integer, _>(year)
    .execute(tx.conn())
    .classify()?;
    diesel::sql_query(
        "DELETE FROM party_index WHERE unit_id = $1 AND party_id IN (SELECT p.id FROM party p \
         JOIN data_key k ON k.unit_id = p.unit_id AND k.id = p.key_id WHERE p.unit_id = $1 AND k.year = $2)",
    )
    .bind::<BigInt, _>(unit)
    .bind::<diesel::sql_types::Integer, _>(year)
    .execute(tx.conn())
    .classify()
    .map(|_| ())
}
