//! The imprints' SQL.

use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::imprint::{Imprint, Principal};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

crate::table_row! {
    pub struct ImprintRow in "unit_imprint" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub valid_from: BusinessDay,
        pub email: Option<String>,
        pub treasury_account: Option<String>,
        pub treasury_code: Option<String>,
        pub principal_name: Option<String>,
        pub principal_tax_code: Option<String>,
        pub contract: Option<String>,
        pub created_at: Instant,
    }
}

/// The imprints in force on a day, of those units that have one.
pub fn in_force(conn: &mut Conn, units: &[UnitId], day: BusinessDay) -> Result<Vec<(UnitId, Imprint)>> {
    type Sql = (
        (BigInt, BigInt, Date),
        (Nullable<Text>, Nullable<Text>, Nullable<Text>),
        (Nullable<Text>, Nullable<Text>, Nullable<Text>),
    );
    type Stored = (
        (UnitId, EventId, BusinessDay),
        (Option<String>, Option<String>, Option<String>),
        (Option<String>, Option<String>, Option<String>),
    );
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.valid_from, t.email, t.treasury_account, t.treasury_code, t.principal_name, \
         t.principal_tax_code, t.contract FROM unit_imprint t",
        &[("unit_id", Column::of(units.iter().copied()))],
        "",
        Lock::None,
    )?;
    found.retain(|((_, _, from), _, _)| *from <= day);
    // The newest day counts, and of one day what was recorded last.
    found.sort_by_key(|((unit, id, from), _, _)| (*unit, std::cmp::Reverse((*from, *id))));
    found.dedup_by_key(|((unit, _, _), _, _)| *unit);
    Ok(found
        .into_iter()
        .map(|((unit, _, _), (email, treasury_account, treasury_code), (name, tax_code, contract))| {
            let principal = name.zip(tax_code).map(|(name, tax_code)| Principal {
                name,
                tax_code,
                contract: contract.unwrap_or_default(),
            });
            (unit, Imprint { email, treasury_account, treasury_code, principal })
        })
        .collect())
}
