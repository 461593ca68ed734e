//! The registrations' SQL.

use diesel::prelude::*;

use super::certificate_stop_query;
use super::registration::{CertificateAction, ListedCertificate, Registration};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{CertificateId, FilingId, RegistrationId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{
    certificate_revocation, registration, registration_certificate, signing_certificate,
};

crate::table_row! {
    pub struct RegistrationRow in "registration" {
        pub unit_id: UnitId,
        pub id: RegistrationId,
        pub form: String,
        pub notice_no: String,
        pub accepted_on: BusinessDay,
        pub document_kinds: String,
        pub office_code: String,
        pub office_name: String,
        pub filing_id: Option<FilingId>,
        pub actor: String,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct CertificateRow in "registration_certificate" {
        pub unit_id: UnitId,
        pub registration_id: RegistrationId,
        pub ordinal: i32,
        pub issuer: String,
        pub serial: String,
        pub valid_from: Instant,
        pub valid_until: Instant,
        pub action: &'static str,
    }
}

impl CertificateRow {
    pub fn of(unit: UnitId, registration: RegistrationId, ordinal: i32, held: &ListedCertificate) -> Self {
        CertificateRow {
            unit_id: unit,
            registration_id: registration,
            ordinal,
            issuer: held.issuer.clone(),
            serial: held.serial.clone(),
            valid_from: held.valid_from,
            valid_until: held.valid_until,
            action: held.action.as_str(),
        }
    }
}

/// The day of the first acceptance of each unit; a unit without one is left out.
pub fn first_accepted(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, BusinessDay)>> {
    let found: Vec<(UnitId, Option<BusinessDay>)> = registration::table
        .filter(registration::unit_id.eq_any(units))
        .group_by(registration::unit_id)
        .select((registration::unit_id, diesel::dsl::min(registration::accepted_on)))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().filter_map(|(unit, first)| Some((unit, first?))).collect())
}

pub fn registrations(conn: &mut Conn, unit: UnitId) -> Result<Vec<Registration>> {
    type Stored = (RegistrationId, String, String, BusinessDay, String, String, String, Option<i64>);
    let found: Vec<Stored> = registration::table
        .filter(registration::unit_id.eq(unit))
        .order(registration::id)
        .select((
            registration::id,
            registration::form,
            registration::notice_no,
            registration::accepted_on,
            registration::document_kinds,
            registration::office_code,
            registration::office_name,
            registration::filing_id,
        ))
        .load(conn)
        .classify()?;
    Ok(found
        .into_iter()
        .map(|(id, form, notice_no, accepted_on, kinds, office_code, office_name, filing)| Registration {
            id,
            form,
            notice_no,
            accepted_on,
            document_kinds: kinds.split(',').map(str::to_owned).collect(),
            office_code,
            office_name,
            filing: filing.map(FilingId),
        })
        .collect())
}

/// An accepted registration: of whom, which, when, the form, the families of documents it names.
pub type Covering = (UnitId, RegistrationId, BusinessDay, String, String);

/// The accepted registrations of a unit, or of all in scope, oldest first.
pub fn covering(conn: &mut Conn, unit: Option<UnitId>) -> Result<Vec<Covering>> {
    let mut found = registration::table
        .order((registration::unit_id, registration::id))
        .select((
            registration::unit_id,
            registration::id,
            registration::accepted_on,
            registration::form,
            registration::document_kinds,
        ))
        .into_boxed();
    if let Some(unit) = unit {
        found = found.filter(registration::unit_id.eq(unit));
    }
    found.load(conn).classify()
}

/// A line about a certificate, and whose registration it stands in.
pub type Line = (UnitId, RegistrationId, ListedCertificate);

/// The lines of the accepted registrations of a unit, or of all in scope, in the order in which they came into
/// force.
pub fn lines(conn: &mut Conn, unit: Option<UnitId>) -> Result<Vec<Line>> {
    type Stored = ((UnitId, RegistrationId), (String, String, Instant, Instant, String));
    let mut asked = registration_certificate::table
        .order((
            registration_certificate::unit_id,
            registration_certificate::registration_id,
            registration_certificate::ordinal,
        ))
        .select((
            (registration_certificate::unit_id, registration_certificate::registration_id),
            (
                registration_certificate::issuer,
                registration_certificate::serial,
                registration_certificate::valid_from,
                registration_certificate::valid_until,
                registration_certificate::action,
            ),
        ))
        .into_boxed();
    if let Some(unit) = unit {
        asked = asked.filter(registration_certificate::unit_id.eq(unit));
    }
    let found: Vec<Stored> = asked.load(conn).classify()?;
    Ok(found
        .into_iter()
        .map(|((unit, id), (issuer, serial, valid_from, valid_until, action))| {
            let action = match action.as_str() {
                "renew" => CertificateAction::Renew,
                "stop" => CertificateAction::Stop,
                _ => CertificateAction::Add,
            };
            (unit, id, ListedCertificate { issuer, serial, valid_from, valid_until, action })
        })
        .collect())
}

/// Issuers and serials of the unit's own certificates that have not expired and were neither revoked nor stopped by two
/// persons.
pub fn installed_names(conn: &mut Conn, unit: UnitId, now: Instant) -> Result<Vec<(Option<String>, String)>> {
    let by_two = certificate_stop_query::stopped(conn, Some(unit))?;
    let revoked: Vec<CertificateId> = certificate_revocation::table
        .filter(certificate_revocation::unit_id.eq(unit))
        .select(certificate_revocation::certificate_id)
        .load(conn)
        .classify()?;
    let held: Vec<(CertificateId, Option<String>, String)> = signing_certificate::table
        .filter(signing_certificate::unit_id.eq(unit))
        .filter(signing_certificate::not_after.gt(now))
        .order(signing_certificate::id)
        .select((signing_certificate::id, signing_certificate::issuer, signing_certificate::serial))
        .load(conn)
        .classify()?;
    let in_use = held.into_iter().filter(|(id, ..)| !revoked.contains(id) && !by_two.contains(&(unit, *id)));
    Ok(in_use.map(|(_, issuer, serial)| (issuer, serial)).collect())
}
