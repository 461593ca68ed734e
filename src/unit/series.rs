//! Receipt series: the numbering space (template, series, year) of a unit.

pub mod life;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::entrustment;
use crate::actor::{Actor, Role};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{SeriesId, UnitId};
use crate::store::failure::{self, Classify};
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::receipt_series;
use crate::store::{Conn, Stamp, Tx};
pub use life::Phase;

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
    pub phase: Phase,
    /// The acceptance it stands on.
    pub registration: String,
    pub revision: i64,
}

impl Series {
    /// Numbers that can still be given.
    pub fn remaining(&self) -> i64 {
        (self.last_allowed_no - self.next_no + 1).max(0)
    }
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
        pub phase: &'static str,
        pub revision: i64,
    }
}

/// A series to be opened or planned.
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
    admit(tx, actor, &new, stamp.today())?;
    enter(tx, stamp, actor, new, Phase::Open, "opened")
}

/// Registers a series that opens later: next year's, for one. It gives no number until then.
pub fn plan(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: NewSeries) -> Result<SeriesId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(new.unit)?;
    enter(tx, stamp, actor, new, Phase::Planned, "planned")
}

/// The one door to numbering: every opening, at once or of a planned series, passes it.
///
/// # Errors
/// `role_not_allowed`, `series_not_registered` without the acceptance of 01/ĐKTĐ-CTĐT, `series_shared` where
/// the city signs for several units and another one has a series of this name.
pub fn admit(tx: &mut Tx<'_>, actor: &Actor, new: &NewSeries, today: BusinessDay) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(new.unit)?;
    if new.registration.trim().is_empty() {
        return Err(Error::invalid(
            "registration",
            "series_not_registered",
            "name the acceptance of 01/ĐKTĐ-CTĐT",
        ));
    }
    super::registration::require_accepted(tx, new.unit, &new.document_kind)?;
    let is_receipt = new.document_kind.starts_with("receipt");
    if is_receipt {
        let name = (new.template.as_str(), new.series.as_str(), new.year);
        for period in entrustment::coming(tx, new.unit, today)? {
            entrustment::require_series_alone(tx, new.unit, name, period)?;
        }
    }
    Ok(())
}

fn enter(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewSeries,
    phase: Phase,
    kind: &'static str,
) -> Result<SeriesId> {
    let id: SeriesId = stamp.mint()?;
    let unit = new.unit;
    let row = SeriesRow {
        unit_id: unit,
        id,
        document_kind: new.document_kind,
        template: new.template,
        series: new.series,
        year: new.year,
        last_allowed_no: new.last_allowed_no,
        registration: new.registration,
        created_at: stamp.now,
        next_no: 1,
        state: phase.numbering(),
        phase: phase.as_str(),
        revision: 1,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("series_exists", "this series is registered already"),
        _ => error,
    })?;
    life::record(tx, stamp, actor, life::Turn { unit, series: id, revision: 1, phase, kind, reason: None })?;
    Ok(id)
}

type Stored = (
    (UnitId, SeriesId, String, String, String, i32),
    (i64, i64, Option<BusinessDay>, String, String, String, i64),
);

fn from_stored((what, used): Stored) -> Series {
    let (unit, id, document_kind, template, series, year) = what;
    let (next_no, last_allowed_no, last_issued_on, state, phase, registration, revision) = used;
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
        phase: Phase::parse(&phase),
        registration,
        revision,
    }
}

/// Locks the series of the units for the year, in key order.
pub fn lock_year(tx: &mut Tx<'_>, units: &[UnitId], year: i32) -> Result<Vec<Series>> {
    type Sql = (
        (BigInt, BigInt, Text, Text, Text, Integer),
        (BigInt, BigInt, Nullable<Date>, Text, Text, Text, BigInt),
    );
    let found: Vec<Stored> = rows::fetch::<Sql, _>(
        tx,
        "SELECT t.unit_id, t.id, t.document_kind, t.template, t.series, t.year, t.next_no, t.last_allowed_no, \
         t.last_issued_on, t.state, t.phase, t.registration, t.revision FROM receipt_series t",
        &[("unit_id", Column::of(units.iter().copied())), ("year", Column::of(units.iter().map(|_| year)))],
        "",
        Lock::Update,
    )?;
    Ok(found.into_iter().map(from_stored).collect())
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

macro_rules! columns {
    () => {
        (
            (
                receipt_series::unit_id,
                receipt_series::id,
                receipt_series::document_kind,
                receipt_series::template,
                receipt_series::series,
                receipt_series::year,
            ),
            (
                receipt_series::next_no,
                receipt_series::last_allowed_no,
                receipt_series::last_issued_on,
                receipt_series::state,
                receipt_series::phase,
                receipt_series::registration,
                receipt_series::revision,
            ),
        )
    };
}

/// The register of a unit, oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Series>> {
    of_units(conn, &[unit])
}

/// The registers of these units, oldest first.
pub fn of_units(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Series>> {
    let found: Vec<Stored> = receipt_series::table
        .filter(receipt_series::unit_id.eq_any(units))
        .order(receipt_series::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// Whether a stopped series leaves its kind of document without an open one of this year: nothing of that kind is
/// issued until another is opened. Next year's, which opens on the eve, gives no number before its year.
pub fn leaves_none(register: &[Series], stopped: &Series, year: i32) -> bool {
    let numbers = |one: &Series| one.is_open && one.year == year;
    !register.iter().any(|one| numbers(one) && one.document_kind == stopped.document_kind)
}

/// One series of a unit.
///
/// # Errors
/// `series_not_found`.
pub fn find(conn: &mut Conn, unit: UnitId, id: SeriesId) -> Result<Series> {
    receipt_series::table
        .find((unit, id))
        .select(columns!())
        .first::<Stored>(conn)
        .optional()
        .classify()?
        .map(from_stored)
        .ok_or_else(|| Error::not_found("series_not_found", "no such series in your scope"))
}

/// The unit of a series within a scope: ids do not tell their unit.
pub fn unit_of(conn: &mut Conn, scope: &crate::actor::Scope, id: SeriesId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, receipt_series, id)
}
