//! The units' SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::city::Identity;
use super::{CITY, Unit};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::unit;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct UnitRow in "unit" {
        pub unit_id: UnitId,
        pub code: String,
        pub name: String,
        pub kind: String,
        pub tax_code: String,
        pub budget_code: Option<String>,
        pub address: String,
        pub phone: Option<String>,
        pub parent_id: Option<UnitId>,
        pub valid_from: BusinessDay,
        pub created_at: Instant,
    }
}

type Stored = (
    UnitId,
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    Option<String>,
    BusinessDay,
    Option<BusinessDay>,
);

fn from_stored(row: Stored) -> Unit {
    let (id, code, name, kind, tax_code, budget_code, address, phone, valid_from, valid_until) = row;
    Unit { id, code, name, kind, tax_code, budget_code, address, phone, valid_from, valid_until }
}

pub fn by_ids(conn: &mut Conn, ids: &[UnitId]) -> Result<Vec<Unit>> {
    fetch(conn, ids, Lock::None)
}

/// The unit under its lock, so that decisions about it follow each other.
pub fn lock(tx: &mut Tx<'_>, id: UnitId) -> Result<Option<Unit>> {
    Ok(fetch(tx, &[id], Lock::Update)?.pop())
}

fn fetch(conn: &mut Conn, ids: &[UnitId], lock: Lock) -> Result<Vec<Unit>> {
    type Sql = (BigInt, Text, Text, Text, Text, Nullable<Text>, Text, Nullable<Text>, Date, Nullable<Date>);
    let found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.code, t.name, t.kind, t.tax_code, t.budget_code, t.address, t.phone, t.valid_from, \
         t.valid_until FROM unit t",
        &[("unit_id", Column::of(ids.iter().copied()))],
        "",
        lock,
    )?;
    Ok(found.into_iter().map(from_stored).collect())
}

pub fn all(conn: &mut Conn) -> Result<Vec<Unit>> {
    let found: Vec<Stored> = unit::table
        .filter(unit::unit_id.ne(CITY))
        .order(unit::code)
        .select((
            unit::unit_id,
            unit::code,
            unit::name,
            unit::kind,
            unit::tax_code,
            unit::budget_code,
            unit::address,
            unit::phone,
            unit::valid_from,
            unit::valid_until,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// Sets the columns of a unit that may change.
pub fn set_identity(tx: &mut Tx<'_>, id: UnitId, identity: &Identity) -> Result<()> {
    let changed = (
        unit::name.eq(&identity.name),
        unit::tax_code.eq(&identity.tax_code),
        unit::address.eq(&identity.address),
        unit::phone.eq(&identity.phone),
        unit::budget_code.eq(&identity.budget_code),
    );
    diesel::update(unit::table.filter(unit::unit_id.eq(id))).set(changed).execute(tx.conn()).classify()?;
    Ok(())
}
