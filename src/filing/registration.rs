//! Registering with the tax office: the form that one person drafts and another one approves, and
//! acceptances that come back or are recorded by hand.

use super::form::Taxpayer;
use super::form::registration::{Action, Direction, Entrusting, Entrustment, FORM, Registration};
use super::{Draft, Filing, Kind, State, query};
use crate::actor::{Actor, Role};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{FilingId, UnitId};
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::key::certificates_in;
use crate::receipt::{profile, signer};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::registration::{self, CertificateAction, ListedCertificate};
use crate::unit::{self, certificate, entrustment, imprint};

mod earlier;
mod recorded;

use earlier::Earlier;
pub(super) use earlier::{ACCEPTANCE_HELD, unresolved};
pub use earlier::{Standing, not_listed_in, standing};
pub(super) use recorded::come_into_force;
pub use recorded::{accept_by_hand, record_by_hand};

/// What somebody says for the form; the rest is known.
pub struct Asked {
    pub action: Action,
    pub office_code: String,
    pub office_name: String,
    pub contact_name: String,
    pub contact_email: String,
    pub contact_phone: String,
    pub receipts_with_value: bool,
    pub certificates: Vec<ListedCertificate>,
    pub entrustments: Vec<Entrusting>,
}

/// The form of a unit: `place` is where it is made, and `through_transmitter` says that messages go
/// through a transmitting organisation.
///
/// # Errors
/// `registration_entrustment_missing` when the unit's documents name a principal (`UNThu`) that the first
/// form would not tell the tax office of.
pub fn compose(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    asked: Asked,
    (place, through_transmitter): (&str, bool),
) -> Result<Registration> {
    if asked.action == Action::New {
        require_told(conn, stamp.today(), unit, &asked.entrustments)?;
    }
    let unit = unit::find(conn, unit)?;
    Ok(Registration {
        action: asked.action,
        contact_name: asked.contact_name,
        contact_address: unit.address,
        contact_email: asked.contact_email,
        contact_phone: asked.contact_phone,
        made_on: stamp.today(),
        receipts_without_value: true,
        receipts_with_value: asked.receipts_with_value,
        through_transmitter,
        certificates: asked.certificates,
        entrustments: asked.entrustments.into_iter().map(Entrustment::from).collect(),
        taxpayer: Taxpayer {
            name: unit.name,
            tax_code: unit.tax_code,
            budget_code: unit.budget_code,
            office_code: asked.office_code,
            office_name: asked.office_name,
            place: place.to_owned(),
        },
    })
}

/// The tax office is told of every entrustment that the documents will name, in either direction.
fn require_told(conn: &mut Conn, today: BusinessDay, unit: UnitId, told: &[Entrusting]) -> Result<()> {
    let is_told = |direction: Direction, tax_code: &str| {
        told.iter().any(|line| line.direction == direction && line.tax_code == tax_code)
    };
    let missing =
        |detail: &str| Err(Error::invalid("entrustments", "registration_entrustment_missing", detail));
    let imprint = imprint::recorded(conn, &[unit], today)?.pop().map(|(_, imprint)| imprint);
    if let Some(principal) = imprint.and_then(|imprint| imprint.principal)
        && !is_told(Direction::Entrusted, &principal.tax_code)
    {
        return missing("the unit's documents name a principal; add the entrustment by which it collects");
    }
    let newest = entrustment::of_unit(conn, unit)?.pop();
    if let Some(held) = newest.filter(|held| !held.is_end && today <= held.valid_until)
        && !is_told(Direction::Entrusting, &held.issuer.tax_code)
    {
        return missing("the city signs for the unit; add the entrustment (entrusting) with its tax code");
    }
    Ok(())
}

/// The entrustments that the last form which the office accepted told it of, and that have not ended.
pub fn told_before(conn: &mut Conn, unit: UnitId, today: BusinessDay) -> Result<Vec<Entrusting>> {
    let earlier = Earlier::of(conn, unit)?;
    let Some(last) = earlier.accepted() else { return Ok(Vec::new()) };
    let told = last.data::<Registration>()?.entrustments;
    Ok(told.into_iter().filter(|held| today <= held.valid_until).map(Entrusting::from).collect())
}

/// Drafts 01/ĐKTĐ-CTĐT. It waits for another person.
///
/// # Errors
/// `person_required`; those of `Registration::check`; `registration_pending` while an earlier form waits
/// for a person or for its answer; `registration_missing` for a change where nothing is registered, and
/// `registration_held` for a first form where receipts are: another one would tell the office that
/// nothing was; `registration_unchanged` for a form that says what the last accepted one said. What the
/// office accepted and could not come into force here is registered there, and keeps no change from being
/// drafted.
pub fn draft(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    form: &Registration,
) -> Result<FilingId> {
    actor.require_role(&[Role::Administrator])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    form.check(stamp.now)?;
    let earlier = Earlier::of(tx, unit)?;
    if let Some(open) = earlier.open() {
        return Err(pending(format!("{} is {}", open.id, open.state.as_str())));
    }
    require_fitting(tx, unit, form.action)?;
    if let Some(last) = earlier.accepted()
        && says_the_same(&last.data()?, form)
    {
        let next = if earlier.is_held(last) { "; record its acceptance by hand" } else { "" };
        let detail = format!("{} said the same and was accepted{next}", last.id);
        return Err(Error::conflict("registration_unchanged", detail));
    }
    let new = Draft {
        unit,
        kind: Kind::Registration,
        form: profile::for_day(stamp.today()).registration_form.value,
        period: None,
        slot: Some(slot(earlier.forms.first())),
        earlier: None,
        detail: serde_json::to_string(form).map_err(|error| Error::internal(error.to_string()))?,
        state: State::Requested,
        maker: Some(maker),
    };
    let made = super::draft(tx, stamp, actor, new, |profile, id| {
        form.body(profile.registration_form.value, profile.message_version.value, id)
    });
    made.map_err(|error| match error.code() {
        "filing_exists" => pending("somebody drafted it at this moment".to_owned()),
        _ => error,
    })
}

/// One form follows the one before it: of two persons who draft at one moment one comes too late.
fn slot(before: Option<&Filing>) -> String {
    before.map_or_else(|| FORM.to_owned(), |last| format!("{FORM} {}", last.id))
}

#[track_caller]
fn pending(detail: String) -> Error {
    Error::conflict("registration_pending", detail)
}

/// Whether the unit is where such a form begins.
fn require_fitting(conn: &mut Conn, unit: UnitId, action: Action) -> Result<()> {
    let is_held = !query::held(conn, &[unit])?.is_empty();
    if action == Action::Change && !is_held && registration::of_unit(conn, unit)?.is_empty() {
        let detail = "a change needs a registration that was accepted";
        return Err(Error::conflict("registration_missing", detail));
    }
    if action == Action::New && (is_held || registration::accepted(conn, unit, "receipt")?.is_some()) {
        let detail = "an accepted registration is changed by a change form (change)";
        return Err(Error::conflict("registration_held", detail));
    }
    Ok(())
}

/// Whether two forms say the same but for their day, and for being the first one or a change.
fn says_the_same(before: &Registration, now: &Registration) -> bool {
    *before == Registration { made_on: before.made_on, action: before.action, ..now.clone() }
}

/// What is decided, or no registration.
const NOT_REQUESTED: &str = "registration_not_requested";

/// Approves a drafted form; from here on it is signed and sent. It is looked at again: a certificate may
/// have run out since, or the office's acceptance have been recorded by hand.
///
/// # Errors
/// `filing_not_found`, `maker_is_checker`, `registration_not_requested`, and those of `draft` about what
/// the form says.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: FilingId,
) -> Result<Filing> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator])?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let mut filing = super::requested(tx, (unit, id), Kind::Registration, NOT_REQUESTED)?;
    let form: Registration = filing.data()?;
    form.check(stamp.now)?;
    require_fitting(tx, unit, form.action)?;
    super::approve(tx, stamp, actor, &mut filing, "registration.approved")?;
    Ok(filing)
}

/// Takes back or turns down a drafted form.
///
/// # Errors
/// `filing_not_found`, `registration_not_requested`, `reason_missing`.
pub fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: FilingId,
    reason: &str,
) -> Result<Filing> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator])?;
    actor.scope.require(unit)?;
    let mut filing = super::requested(tx, (unit, id), Kind::Registration, NOT_REQUESTED)?;
    super::withdraw(tx, stamp, actor, (&mut filing, reason), "registration.withdrawn")?;
    Ok(filing)
}

/// A certificate as the form lists it.
pub fn listed(certificate: &SigningCertificate, action: CertificateAction) -> ListedCertificate {
    ListedCertificate {
        issuer: certificate.issuer().to_owned(),
        serial: certificate.serial().to_owned(),
        valid_from: certificate.valid_from(),
        valid_until: certificate.valid_until(),
        action,
    }
}

/// A certificate of the unit's own, or the city's, as the form lists it.
///
/// # Errors
/// `certificate_unreadable`, and those of `signer::accept`: its subject must name the unit's tax code or
/// the city's, under whose certificate a unit without one signs.
pub fn listed_of(
    conn: &mut Conn,
    unit: UnitId,
    pem: &str,
    action: CertificateAction,
) -> Result<ListedCertificate> {
    let own = unit::find(conn, unit)?.tax_code;
    let der = first_certificate(pem)?;
    let accepted = signer::accept(&der, &own).or_else(|error| match unit::find(conn, unit::CITY) {
        Ok(city) if !city.tax_code.is_empty() => signer::accept(&der, &city.tax_code),
        // Out of the caller's sight, or without a tax code: then only the unit's own will do.
        _ => Err(error),
    });
    Ok(listed(&accepted?, action))
}

/// The first certificate of a PEM text as the form lists it.
///
/// # Errors
/// `certificate_unreadable`.
pub fn listed_from_pem(pem: &str, action: CertificateAction) -> Result<ListedCertificate> {
    Ok(listed(&SigningCertificate::from_der(&first_certificate(pem)?)?, action))
}

fn first_certificate(pem: &str) -> Result<Vec<u8>> {
    certificates_in(pem)?.into_iter().next().ok_or_else(|| {
        Error::invalid("certificate", "certificate_unreadable", "no certificate in the PEM text")
    })
}

/// The certificates that sign for the unit, as a first registration lists them: those it holds, and the
/// city's where it entrusted the city. What was stopped or revoked is not listed anew.
pub fn installed(conn: &mut Conn, unit: UnitId, now: Instant) -> Result<Vec<ListedCertificate>> {
    let mut pems = held(conn, unit, now)?;
    let today = now.business_day();
    let is_entrusted = entrustment::of_unit(conn, unit)?
        .last()
        .is_some_and(|held| !held.is_end && today <= held.valid_until);
    if is_entrusted {
        pems.extend(held(conn, unit::CITY, now)?);
    }
    pems.iter().map(|pem| listed_from_pem(pem, CertificateAction::Add)).collect()
}

/// PEM of the unit's own certificates that are still in use or will be.
fn held(conn: &mut Conn, unit: UnitId, now: Instant) -> Result<Vec<String>> {
    let in_use = certificate::of_unit(conn, unit)?
        .into_iter()
        .filter(|one| now < one.not_after && one.revoked_at.is_none() && !one.is_stopped);
    Ok(in_use.map(|one| one.chain_pem).collect())
}
