//! The imprints' SQL.

use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::entrustment;
use super::imprint::{Imprint, Principal};
use super::naming;
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

/// The imprints in force on a day, of those units that have one; with the city as issuer where an
/// entrustment is in force, and with the name of that day where a decision gave one.
pub fn in_force(conn: &mut Conn, units: &[UnitId], day: BusinessDay) -> Result<Vec<(UnitId, Imprint)>> {
    let mut found = recorded(conn, units, day)?;
    for (unit, held) in entrustment::in_force(conn, units, day)? {
        of(&mut found, unit).issuer = Some(held.issuer);
    }
    for (unit, held) in naming::in_force(conn, units, day)? {
        of(&mut found, unit).naming = Some(held);
    }
    Ok(found)
}

/// The imprint of a unit among those found, an empty one where there is none.
fn of(found: &mut Vec<(UnitId, Imprint)>, unit: UnitId) -> &mut Imprint {
    let at = found.iter().position(|(known, _)| *known == unit).unwrap_or_else(|| {
        found.push((unit, Imprint::default()));
        found.len() - 1
    });
    &mut found[at].1
}

/// What was recorded of the units' imprints and is in force on a day.
pub fn recorded(conn: &mut Conn, units: &[UnitId], day: BusinessDay) -> Result<Vec<(UnitId, Imprint)>> {
    let mut found = load(conn, units)?;
    found.retain(|(_, held)| held.valid_from <= day);
    // The newest day counts, and of one day what was recorded last.
    found.reverse();
    found.dedup_by_key(|(unit, _)| *unit);
    Ok(found.into_iter().map(|(unit, held)| (unit, held.imprint)).collect())
}

/// An imprint with the day from which it holds and when it was recorded.
#[derive(Clone, Debug)]
pub struct Dated {
    pub valid_from: BusinessDay,
    pub recorded_at: Instant,
    pub imprint: Imprint,
}

/// Every imprint of a unit, by the day from which it holds, and of one day as recorded.
pub fn history(conn: &mut Conn, unit: UnitId) -> Result<Vec<Dated>> {
    Ok(load(conn, &[unit])?.into_iter().map(|(_, held)| held).collect())
}

fn load(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, Dated)>> {
    type Sql = (
        (BigInt, BigInt, Date, BigInt),
        (Nullable<Text>, Nullable<Text>, Nullable<Text>),
        (Nullable<Text>, Nullable<Text>, Nullable<Text>),
    );
    type Stored = (
        (UnitId, EventId, BusinessDay, Instant),
        (Option<String>, Option<String>, Option<String>),
        (Option<String>, Option<String>, Option<String>),
    );
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.valid_from, t.created_at, t.email, t.treasury_account, t.treasury_code, \
         t.principal_name, t.principal_tax_code, t.contract FROM unit_imprint t",
        &[("unit_id", Column::of(units.iter().copied()))],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|((unit, id, from, _), _, _)| (*unit, *from, *id));
    Ok(found
        .into_iter()
        .map(|(key, (email, treasury_account, treasury_code), (name, tax_code, contract))| {
            let (unit, _, valid_from, recorded_at) = key;
            let principal = name.zip(tax_code).map(|(name, tax_code)| Principal {
                name,
                tax_code,
                contract: contract.unwrap_or_default(),
            });
            let imprint =
                Imprint { email, treasury_account, treasury_code, principal, issuer: None, naming: None };
            (unit, Dated { valid_from, recorded_at, imprint })
        })
        .collect())
}
