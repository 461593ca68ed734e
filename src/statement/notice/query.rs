//! The SQL of notified details.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_intake::entry_detail;
use crate::text;

crate::table_row! {
    pub struct DetailRow in "entry_detail" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub account_id: AccountId,
        pub bank_reference: String,
        pub entry_amount: Dong,
        pub position: i32,
        pub amount: Option<Dong>,
        pub codes: String,
        pub damaged: String,
        pub key_id: KeyId,
        pub memo_cipher: Vec<u8>,
        pub file_sha256: String,
        pub created_at: Instant,
    }
}

/// One payment inside an entry, as a notification listed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Of the entry, squashed.
    pub bank_reference: String,
    /// Minus is money out.
    pub entry_amount: Dong,
    pub amount: Option<Dong>,
    /// Joined by spaces.
    pub codes: String,
    pub damaged: String,
}

type Parts = (String, Dong, Option<Dong>, String, String);

/// The details of some entries of an account, by their references.
pub fn details(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    references: &[String],
) -> Result<Vec<Detail>> {
    let mut found = Vec::new();
    for chunk in references.chunks(1_000) {
        let read: Vec<Parts> = entry_detail::table
            .filter(entry_detail::unit_id.eq(unit))
            .filter(entry_detail::account_id.eq(account))
            .filter(entry_detail::bank_reference.eq_any(chunk))
            .order((entry_detail::bank_reference, entry_detail::position))
            .select((
                entry_detail::bank_reference,
                entry_detail::entry_amount,
                entry_detail::amount,
                entry_detail::codes,
                entry_detail::damaged,
            ))
            .load(conn)
            .classify()?;
        found.extend(read.into_iter().map(|(bank_reference, entry_amount, amount, codes, damaged)| Detail {
            bank_reference,
            entry_amount,
            amount,
            codes,
            damaged,
        }));
    }
    Ok(found)
}

/// The newest detail of some entries of an account, by their references.
pub fn newest(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    references: &[String],
) -> Result<Option<EventId>> {
    let mut newest: Option<i64> = None;
    for chunk in references.chunks(1_000) {
        let of_chunk: Option<i64> = entry_detail::table
            .filter(entry_detail::unit_id.eq(unit))
            .filter(entry_detail::account_id.eq(account))
            .filter(entry_detail::bank_reference.eq_any(chunk))
            .select(diesel::dsl::max(entry_detail::id))
            .first(conn)
            .classify()?;
        newest = newest.max(of_chunk);
    }
    Ok(newest.map(EventId))
}

/// The codes that the details of one entry name, by its reference as its line shows it.
pub fn codes_of_entry(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    bank_reference: &str,
    amount: Dong,
) -> Result<BTreeSet<String>> {
    let found = details(conn, unit, account, &[text::squash(bank_reference)])?;
    let of_entry = found.iter().filter(|detail| detail.entry_amount == amount);
    Ok(of_entry.flat_map(|detail| detail.codes.split_whitespace()).map(str::to_owned).collect())
}

/// Whether anything was ever notified of an account.
pub fn has_any(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<bool> {
    diesel::select(diesel::dsl::exists(
        entry_detail::table
            .filter(entry_detail::unit_id.eq(unit))
            .filter(entry_detail::account_id.eq(account)),
    ))
    .get_result(conn)
    .classify()
}
