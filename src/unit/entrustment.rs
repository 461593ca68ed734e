//! Entrusted signing (ủy nhiệm): the city's certificate signs the documents of a unit that has none of its
//! own, by a decision, between two days. The documents then name the city as who collects and signs, and the
//! unit as whom it acts for (`UNThu`; on invoices the unit stays the seller and `MSTDVNUNLHDon` is the city).

use std::collections::BTreeMap;

use super::CITY;
use super::certificate::{self, Listed};
use super::entrustment_query::{self as query, EntrustmentRow};
pub use super::entrustment_query::{any_within, in_force, newest, of_unit};
use super::registration::{self, Family, Listing};
use super::{imprint, query as units};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// Who stands on the documents in the unit's place, as the city was called when it was entrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub name: String,
    pub tax_code: String,
    pub address: String,
    pub phone: Option<String>,
    pub budget_code: Option<String>,
}

/// An entrustment, or the end of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrustment {
    pub decision_no: String,
    pub decided_on: BusinessDay,
    pub valid_from: BusinessDay,
    /// The last day.
    pub valid_until: BusinessDay,
    pub is_end: bool,
    pub issuer: Issuer,
    pub recorded_at: Instant,
}

/// The decision by which a unit entrusts its signing to the city.
#[derive(Clone, Debug)]
pub struct Decision {
    pub number: String,
    pub decided_on: BusinessDay,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
}

/// Records that the city's certificate signs for the unit. The city must have a tax code (`unit::city`), and
/// where a registration of the unit was accepted it must list the certificate; it signs the documents that the form
/// covers.
///
/// # Errors
/// `role_not_allowed`, `field_missing`, `entrustment_dates_wrong`, `city_identity_missing`,
/// `certificate_not_registered`, `entrustment_twice` for a unit that collects on somebody's behalf itself,
/// `series_shared` when two entrusting units have a series of the same name.
pub fn entrust(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    decision: &Decision,
) -> Result<EventId> {
    check(decision)?;
    // Two units entrusted at the same moment must each see the other's series.
    let city = units::lock(tx, CITY)?;
    let city = city.ok_or_else(|| Error::not_found("unit_not_found", "the city is not in your scope"))?;
    if city.tax_code.is_empty() || city.address.is_empty() {
        let detail = "give the city its name, tax code and address first (bienlai unit city)";
        return Err(Error::conflict("city_identity_missing", detail));
    }
    let signing = certificate::of_unit(tx, CITY)?;
    if let Some(signing) = certificate::chosen(&signing, stamp.now)
        && families(&registration::listing(tx, unit)?, signing).is_empty()
    {
        let detail = "the unit's accepted registration does not list the city's certificate";
        return Err(Error::conflict("certificate_not_registered", detail));
    }
    let imprint = imprint::recorded(tx, &[unit], decision.valid_from)?.pop();
    if imprint.is_some_and(|(_, imprint)| imprint.principal.is_some()) {
        let detail = "the unit collects on a principal's behalf itself; a receipt names one principal only";
        return Err(Error::conflict("entrustment_twice", detail));
    }
    let period = (decision.valid_from, decision.valid_until);
    for (template, series, year) in query::receipt_series_of(tx, unit, stamp.today().year())? {
        require_series_alone(tx, unit, (&template, &series, year), period)?;
    }
    let issuer = Issuer {
        name: city.name,
        tax_code: city.tax_code,
        address: city.address,
        phone: city.phone,
        budget_code: city.budget_code,
    };
    record(tx, stamp, actor, unit, decision, &issuer, "entrusted")
}

/// Ends the entrustment in force from a day on; what was numbered before is still signed by the city.
///
/// # Errors
/// `role_not_allowed`, `entrustment_missing` when none is in force on that day.
pub fn end(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (decision_no, decided_on): (&str, BusinessDay),
    from: BusinessDay,
) -> Result<EventId> {
    let Some((_, held)) = in_force(tx, &[unit], from)?.pop() else {
        return Err(Error::conflict("entrustment_missing", format!("no entrustment is in force on {from}")));
    };
    let decision =
        Decision { number: decision_no.to_owned(), decided_on, valid_from: from, valid_until: from };
    check(&decision)?;
    record(tx, stamp, actor, unit, &decision, &held.issuer, "ended")
}

/// Whether a decision is named.
///
/// # Errors
/// `field_missing`.
pub fn check_number(number: &str) -> Result<()> {
    if text::clean(number).is_empty() {
        return Err(Error::invalid("decision_no", "field_missing", "name the decision"));
    }
    Ok(())
}

/// Whether a decision can be one at all.
///
/// # Errors
/// `field_missing`, `entrustment_dates_wrong`.
pub fn check(decision: &Decision) -> Result<()> {
    check_number(&decision.number)?;
    check_days(decision.decided_on, decision.valid_from, decision.valid_until)
}

/// Whether what is decided begins after it was decided, and ends after it begins.
///
/// # Errors
/// `entrustment_dates_wrong`.
pub fn check_days(decided_on: BusinessDay, from: BusinessDay, until: BusinessDay) -> Result<()> {
    if until < from || from < decided_on {
        let detail = "it is decided first, then begins, then ends";
        return Err(Error::invalid("valid_until", "entrustment_dates_wrong", detail));
    }
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    decision: &Decision,
    issuer: &Issuer,
    action: &'static str,
) -> Result<EventId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let id: EventId = stamp.mint()?;
    let row = EntrustmentRow {
        unit_id: unit,
        id,
        action,
        decision_no: text::clean(&decision.number),
        decided_on: decision.decided_on,
        valid_from: decision.valid_from,
        valid_until: decision.valid_until,
        issuer_name: issuer.name.clone(),
        issuer_tax_code: issuer.tax_code.clone(),
        issuer_address: issuer.address.clone(),
        issuer_phone: issuer.phone.clone(),
        issuer_budget_code: issuer.budget_code.clone(),
        actor: audit::actor_text(actor),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    let action = if action == "ended" { "unit.entrustment_ended" } else { "unit.entrusted" };
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, action, id)])?;
    Ok(id)
}

/// The periods, from a day on, for which the unit was entrusted; those that were ended in between are not cut.
pub fn coming(conn: &mut Conn, unit: UnitId, today: BusinessDay) -> Result<Vec<(BusinessDay, BusinessDay)>> {
    let all = of_unit(conn, unit)?;
    let given = all.iter().filter(|held| !held.is_end && today <= held.valid_until);
    let mut found: Vec<(BusinessDay, BusinessDay)> = Vec::new();
    for held in given {
        let period = (held.valid_from.max(today), held.valid_until);
        if any_within(conn, &[unit], period)? {
            found.push(period);
        }
    }
    Ok(found)
}

/// Receipts under an entrustment carry the city's tax code, so that two units' series of one name would give
/// two receipts the same template, series and number, on any day of the period.
///
/// # Errors
/// `series_shared`.
pub fn require_series_alone(
    conn: &mut Conn,
    unit: UnitId,
    (template, series, year): (&str, &str, i32),
    period: (BusinessDay, BusinessDay),
) -> Result<()> {
    let others = query::units_with_series(conn, unit, (template, series, year))?;
    if !any_within(conn, &others, period)? {
        return Ok(());
    }
    let detail = format!("another unit that the city signs for has the series {series}; take another one");
    Err(Error::conflict("series_shared", detail))
}

/// The families of the unit's documents that this certificate of the city may sign, by what the unit's accepted
/// registrations list.
fn families(listing: &Listing, certificate: &Listed) -> Vec<Family> {
    let issuer = Some(certificate.issuer.as_str()).filter(|issuer| !issuer.is_empty());
    listing.families(issuer, &certificate.serial)
}

/// The city's certificates that the unit's registrations list, each for the families of documents for which they do.
pub fn listed_of_city(conn: &mut Conn, unit: UnitId, now: Instant) -> Result<Vec<Listed>> {
    let listing = registration::listing(conn, unit)?;
    Ok(as_listed(&listing, &certificate::of_unit(conn, CITY)?, now))
}

/// The same of each of these units: the city's certificates and what the forms list are read once for all of them.
pub fn listed_of_city_for(
    conn: &mut Conn,
    units: &[UnitId],
    now: Instant,
) -> Result<BTreeMap<UnitId, Vec<Listed>>> {
    if units.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (citys, listings) = (certificate::of_unit(conn, CITY)?, registration::listings(conn, None)?);
    let none = Listing::default();
    let of = |unit: &UnitId| (*unit, as_listed(listings.get(unit).unwrap_or(&none), &citys, now));
    Ok(units.iter().map(of).collect())
}

fn as_listed(listing: &Listing, citys: &[Listed], now: Instant) -> Vec<Listed> {
    let running = citys.iter().filter(|one| now < one.not_after);
    let told = running.map(|one| Listed { listed_for: families(listing, one), ..one.clone() });
    told.filter(|one| !one.listed_for.is_empty()).collect()
}
