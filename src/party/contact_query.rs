//! The SQL of corrected contacts and of erasures.

use diesel::sql_types::{BigInt, Binary};

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{DataRequestId, EventId, KeyId, PartyId, PersonId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

crate::table_row! {
    pub struct ContactRow in "party_contact" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub party_id: PartyId,
        pub request_id: DataRequestId,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct ErasedRow in "party_erasure" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub party_id: PartyId,
        pub request_id: DataRequestId,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub created_at: Instant,
    }
}

type Stored = (UnitId, PartyId, EventId, KeyId, Vec<u8>);

/// Corrected contacts of payers, the oldest first.
pub fn of_parties(conn: &mut Conn, keys: &[(UnitId, PartyId)]) -> Result<Vec<Stored>> {
    let mut found: Vec<Stored> = rows::fetch::<(BigInt, BigInt, BigInt, BigInt, Binary), _>(
        conn,
        "SELECT t.unit_id, t.party_id, t.id, t.key_id, t.cipher FROM party_contact t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("party_id", Column::of(keys.iter().map(|(_, party)| *party))),
        ],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|row| row.2);
    Ok(found)
}

pub fn is_erased(conn: &mut Conn, unit: UnitId, party: PartyId) -> Result<bool> {
    let found: Vec<(EventId,)> = rows::fetch::<(BigInt,), _>(
        conn,
        "SELECT t.id FROM party_erasure t",
        &[("unit_id", Column::of([unit])), ("party_id", Column::of([party]))],
        "",
        Lock::None,
    )?;
    Ok(!found.is_empty())
}
