//! Collecting units, their bank accounts, receipt series, channel trust and signing certificates.

pub mod account;
pub mod certificate;
pub mod certificate_stop;
mod certificate_stop_query;
pub mod city;
pub mod codes;
pub mod entrustment;
mod entrustment_query;
pub mod holidays;
mod holidays_query;
pub mod imprint;
mod imprint_query;
pub mod naming;
mod naming_query;
pub mod query;
pub mod registration;
mod registration_query;
pub mod series;
pub mod succession;
mod succession_query;
pub mod trust;

use diesel::prelude::*;

use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::failure::{self, Classify};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

pub use account::BankAccount;
pub use series::Series;
pub use trust::{Level, Trust};

/// The reserved unit that owns what arrives on accounts nobody registered.
pub const CITY: UnitId = UnitId::CITY;

/// A unit that collects fees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub id: UnitId,
    /// The official code of the commune.
    pub code: String,
    pub name: String,
    /// `phường`, `xã`, `sở`, …
    pub kind: String,
    pub tax_code: String,
    pub budget_code: Option<String>,
    pub address: String,
    pub phone: Option<String>,
    pub valid_from: BusinessDay,
    pub valid_until: Option<BusinessDay>,
}

/// What is needed to register a unit.
#[derive(Clone, Debug)]
pub struct NewUnit {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub tax_code: String,
    pub budget_code: Option<String>,
    pub address: String,
    pub phone: Option<String>,
    pub valid_from: BusinessDay,
}

/// Registers a unit.
///
/// # Errors
/// `role_not_allowed`, `unit_exists` when its code is taken, `tax_code_taken`.
pub fn register(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: NewUnit) -> Result<UnitId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let id: UnitId = stamp.mint()?;
    let tax_code = text::clean(&new.tax_code);
    let row = query::UnitRow {
        unit_id: id,
        code: text::clean(&new.code),
        name: text::clean(&new.name),
        kind: text::clean(&new.kind),
        tax_code: tax_code.clone(),
        budget_code: new.budget_code.as_deref().map(text::clean),
        address: text::clean(&new.address),
        phone: new.phone.as_deref().map(text::clean),
        parent_id: Some(CITY),
        valid_from: new.valid_from,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("unit_exists", format!("unit {} is registered already", new.code)),
        _ => error,
    })?;
    codes::require_own_tax_code(tx, id, &tax_code, stamp.today())?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, id, "unit.registered", id)])?;
    Ok(id)
}

pub fn find(conn: &mut Conn, id: UnitId) -> Result<Unit> {
    query::by_ids(conn, &[id])?.pop().ok_or_else(|| Error::not_found("unit_not_found", "no such unit"))
}

pub fn find_by_code(conn: &mut Conn, code: &str) -> Result<Unit> {
    use crate::store::schema::unit;
    let id: Option<UnitId> =
        unit::table.filter(unit::code.eq(code)).select(unit::unit_id).first(conn).optional().classify()?;
    match id {
        Some(id) => find(conn, id),
        None => Err(Error::not_found("unit_not_found", format!("no unit has the code {code}"))),
    }
}

/// The units of a scope by code, and the city behind them where the scope is everything.
pub fn of_scope(conn: &mut Conn, scope: &Scope) -> Result<Vec<Unit>> {
    let mut found: Vec<Unit> = all(conn)?.into_iter().filter(|unit| scope.covers(unit.id)).collect();
    if *scope == Scope::All {
        found.push(find(conn, CITY)?);
    }
    Ok(found)
}

/// Every registered unit but the city itself, by code.
pub fn all(conn: &mut Conn) -> Result<Vec<Unit>> {
    query::all(conn)
}
