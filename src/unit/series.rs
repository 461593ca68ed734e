//! Receipt series: the numbering space (template, series, year) of a unit.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{SeriesId, UnitId};
use crate::store::failure::{self, Classify};
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::receipt_series;
use crate::store::{Conn, Stamp, Tx};

/// A series as numbering needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub unit: UnitId,
    pub id: SeriesId,
    pub document_kind: String,
    pub template: String,
    pub series: String,
    pub year: i32,
    pub next_no: i64,
    pub last_allowed_no: i64,
    pub last_issued_on: Option<BusinessDay>,
    pub is_open: bool,
    pub revision: i64,
}

crate::table_row! {
    pub struct SeriesRow in "receipt_series" {
        pub unit_id: UnitId,
        pub id: SeriesId,
        pub document_kind: String,
        pub template: String,
        pub series: String,
        pub year: i32,
        pub last_allowed_no: i64,
        pub registration: String,
        pub created_at: Instant,
        pub next_no: i64,
        pub state: &'static str,
        pub revision: i64,
    }
}

#[derive(Clone, Debug)]
pub struct NewSeries {
    pub unit: UnitId,
    pub document_kind: String,
    pub template: String,
    pub series: String,
    pub year: i32,
    pub last_allowed_no: i64,
    /// The tax office's acceptance of the registration this series stands on.
    pub registration: String,
}

/// Opens a series at number 1.
///
/// # Errors
/// `series_not_registered` while no acceptance of the registration is recorded, `series_exists`.
pub fn open(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: NewSeries) -> Result<SeriesId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    if new.registration.trim().is_empty() {
        return Err(Error::invalid(
            "registration",
            "series_not_registered",
            "name the acceptance of 01/ĐKTĐ-CTĐT",
        ));
    }
    super::registration::require_accepted(tx, new.unit, &new.document_kind)?;
    let id: SeriesId = stamp.mint()?;
    let row = SeriesRow {
        unit_id: new.unit,
        id,
        document_kind: new.document_kind,
        template: new.template,
        series: new.series,
        year: new.year,
        last_allowed_no: new.last_allowed_no,
        registration: new.registration,
        created_at: stamp.now,
        next_no: 1,
        state: "open",
        revision: 1,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("series_exists", "this series is open already"),
        _ => error,
    })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, new.unit, "series.opened", id)])?;
    Ok(id)
}

type Stored = (UnitId, SeriesId, String, String, String, i32, i64, i64, Option<BusinessDay>, String, i64);

fn from_stored(row: Stored) -> Series {
    let (
        unit,
        id,
        document_kind,
        template,
        series,
        year,
        next_no,
        last_allowed_no,
        last_issued_on,
        state,
        revision,
    ) = row;
    Series {
        unit,
        id,
        document_kind,
        template,
        series,
        year,
        next_no,
        last_allowed_no,
        last_issued_on,
        is_open: state == "open",
        revision,
    }
}

/// Locks the open series of the units for the year, in key order.
pub fn lock_open(tx: &mut Tx<'_>, units: &[UnitId], year: i32) -> Result<Vec<Series>> {
    type Sql = (BigInt, BigInt, Text, Text, Text, Integer, BigInt, BigInt, Nullable<Date>, Text, BigInt);
    let found: Vec<Stored> = rows::fetch::<Sql, _>(
        tx,
        "SELECT t.unit_id, t.id, t.document_kind, t.template, t.series, t.year, t.next_no, t.last_allowed_no, \
         t.last_issued_on, t.state, t.revision FROM receipt_series t",
        &[("unit_id", Column::of(units.iter().copied())), ("year", Column::of(units.iter().map(|_| year)))],
        "",
        Lock::Update,
    )?;
    Ok(found.into_iter().map(from_stored).filter(|series| series.is_open).collect())
}

/// Stores how far the locked series were used.
pub fn advance(tx: &mut Tx<'_>, used: &[Series]) -> Result<()> {
    rows::update(
        tx,
        rows::Update {
            table: "receipt_series",
            keys: vec![
                ("unit_id", Column::of(used.iter().map(|series| series.unit))),
                ("id", Column::of(used.iter().map(|series| series.id))),
            ],
            guard: vec![("revision", Column::of(used.iter().map(|series| series.revision)))],
            sets: vec![
                ("next_no", Column::of(used.iter().map(|series| series.next_no))),
                ("last_issued_on", Column::of(used.iter().map(|series| series.last_issued_on))),
                ("revision", Column::of(used.iter().map(|series| series.revision + 1))),
            ],
        },
    )
}

pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Series>> {
    let found: Vec<Stored> = receipt_series::table
        .filter(receipt_series::unit_id.eq(unit))
        .order(receipt_series::id)
        .select((
            receipt_series::unit_id,
            receipt_series::id,
            receipt_series::document_kind,
            receipt_series::template,
            receipt_series::series,
            receipt_series::year,
            receipt_series::next_no,
            receipt_series::last_allowed_no,
            receipt_series::last_issued_on,
            receipt_series::state,
            receipt_series::revision,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}
