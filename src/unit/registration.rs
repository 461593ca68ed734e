//! What the tax office accepted: the documents a unit may issue and the certificates it may sign
//! with. The forms themselves and their way to the authority belong to the room `filing`; here are
//! the facts that opening a series and installing a key stand on.

use super::registration_query as query;
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{FilingId, RegistrationId, UnitId};
use crate::store::failure;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

pub use query::{CertificateRow, first_accepted};

/// `HThuc` of a certificate in the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateAction {
    Add,
    Renew,
    Stop,
}

impl CertificateAction {
    pub fn as_str(self) -> &'static str {
        match self {
            CertificateAction::Add => "add",
            CertificateAction::Renew => "renew",
            CertificateAction::Stop => "stop",
        }
    }

    /// 1 add, 2 renew, 3 stop.
    pub fn code(self) -> u8 {
        match self {
            CertificateAction::Add => 1,
            CertificateAction::Renew => 2,
            CertificateAction::Stop => 3,
        }
    }
}

/// A signing certificate as a registration lists it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListedCertificate {
    /// `TTChuc`: who issued it.
    pub issuer: String,
    /// `Seri`, in hexadecimal.
    pub serial: String,
    pub valid_from: Instant,
    pub valid_until: Instant,
    pub action: CertificateAction,
}

/// An acceptance to be recorded.
#[derive(Clone, Debug)]
pub struct Acceptance {
    pub unit: UnitId,
    /// `01/ĐKTĐ-CTĐT`, or `01/ĐKTĐ-HĐĐT` for invoices.
    pub form: String,
    /// The number of the tax office's notice.
    pub notice_no: String,
    pub accepted_on: BusinessDay,
    /// Families of documents: `receipt`, `invoice`.
    pub document_kinds: Vec<String>,
    /// `MCQT`, five digits, and `TCQT`: the office that manages the unit.
    pub office_code: String,
    pub office_name: String,
    pub certificates: Vec<ListedCertificate>,
    /// The form sent through this program; None for what was done on the tax portal.
    pub filing: Option<FilingId>,
}

/// An accepted registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub id: RegistrationId,
    pub form: String,
    pub notice_no: String,
    pub accepted_on: BusinessDay,
    pub document_kinds: Vec<String>,
    pub office_code: String,
    pub office_name: String,
    pub filing: Option<FilingId>,
}

/// Records an acceptance. From now on series of its kinds may open and its certificates sign.
///
/// # Errors
/// `field_missing`, `registration_date_in_future`, `registration_exists` for a notice that is on
/// record, `registration_certificate_missing` when a certificate that is installed and still valid
/// is neither listed nor stopped. What is stopped signs nothing from now on: so a rotation ends.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: Acceptance) -> Result<RegistrationId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(new.unit)?;
    check(stamp, &new)?;
    if query::registrations(tx, new.unit)?
        .iter()
        .any(|known| known.form == new.form && known.notice_no == text::clean(&new.notice_no))
    {
        return Err(Error::conflict("registration_exists", "this notice is recorded already"));
    }
    let mut listed = query::certificates(tx, new.unit)?;
    listed.extend(new.certificates.iter().cloned());
    for (issuer, serial) in query::installed_names(tx, new.unit, stamp.now)? {
        if last_word(&listed, issuer.as_deref(), &serial).is_none() {
            let detail = format!("certificate {serial} is installed and not listed");
            return Err(Error::conflict("registration_certificate_missing", detail));
        }
    }
    let id: RegistrationId = stamp.mint()?;
    let row = query::RegistrationRow {
        unit_id: new.unit,
        id,
        form: text::clean(&new.form),
        notice_no: text::clean(&new.notice_no),
        accepted_on: new.accepted_on,
        document_kinds: text::clean(&new.document_kinds.join(",")),
        office_code: text::clean(&new.office_code),
        office_name: text::clean(&new.office_name),
        filing_id: new.filing,
        actor: audit::actor_text(actor),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("registration_exists", "this notice is recorded already"),
        _ => error,
    })?;
    let certificates: Vec<CertificateRow> =
        (1..).zip(&new.certificates).map(|(n, held)| CertificateRow::of(new.unit, id, n, held)).collect();
    rows::insert(tx, &certificates)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, new.unit, "registration.accepted", id)])?;
    Ok(id)
}

fn check(stamp: &Stamp<'_>, new: &Acceptance) -> Result<()> {
    let texts = [
        ("notice_no", &new.notice_no),
        ("form", &new.form),
        ("office_code", &new.office_code),
        ("office_name", &new.office_name),
    ];
    for (field, value) in texts {
        if value.trim().is_empty() {
            return Err(Error::invalid(field, "field_missing", "must not be empty"));
        }
    }
    if new.document_kinds.is_empty() {
        return Err(Error::invalid("document_kinds", "field_missing", "receipt or invoice"));
    }
    if new.accepted_on > stamp.today() {
        let detail = "an acceptance is recorded when it has come";
        return Err(Error::invalid("accepted_on", "registration_date_in_future", detail));
    }
    Ok(())
}

/// What the certificates' lines say together: added and renewed ones stay, stopped ones go.
fn in_force(lines: &[ListedCertificate]) -> Vec<ListedCertificate> {
    let mut held: Vec<ListedCertificate> = Vec::new();
    for line in lines {
        held.retain(|known| !known.is_called(Some(&line.issuer), &line.serial));
        if line.action != CertificateAction::Stop {
            held.push(line.clone());
        }
    }
    held
}

/// The newest line about a certificate.
fn last_word(lines: &[ListedCertificate], issuer: Option<&str>, serial: &str) -> Option<CertificateAction> {
    lines.iter().rev().find(|line| line.is_called(issuer, serial)).map(|line| line.action)
}

/// Whether the unit's accepted registrations say that a certificate signs no longer.
pub fn is_stopped(lines: &[ListedCertificate], issuer: Option<&str>, serial: &str) -> bool {
    last_word(lines, issuer, serial) == Some(CertificateAction::Stop)
}

impl ListedCertificate {
    /// A certificate is known by its issuer and its serial: two authorities may give the same serial. What
    /// was stored before issuers were kept is known by its serial alone.
    fn is_called(&self, issuer: Option<&str>, serial: &str) -> bool {
        let plain = |name: &str| text::clean(name).split_whitespace().collect::<String>().to_lowercase();
        let is_issuer = issuer.is_none_or(|issuer| plain(issuer) == plain(&self.issuer));
        is_issuer && same_serial(&self.serial, serial)
    }
}

/// The one certificate in force with this serial, of this issuer where one is named.
///
/// # Errors
/// `registration_certificates_wrong` when there is none, or more than one.
pub fn find_certificate<'a>(
    held: &'a [ListedCertificate],
    issuer: Option<&str>,
    serial: &str,
) -> Result<&'a ListedCertificate> {
    let mut found = held.iter().filter(|one| one.is_called(issuer, serial));
    let wrong = |detail: &str| Err(Error::invalid("certificates", "registration_certificates_wrong", detail));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => wrong("no such certificate is registered"),
        (Some(_), Some(_)) => wrong("two registered certificates have this serial; name the issuer too"),
    }
}

/// Serials are written with and without leading zeros, colons and in either case.
fn same_serial(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        digits.trim_start_matches('0').to_ascii_lowercase()
    };
    plain(one) == plain(other)
}

/// Every accepted registration of the unit, oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Registration>> {
    query::registrations(conn, unit)
}

/// The certificates in force by the accepted registrations.
pub fn certificates(conn: &mut Conn, unit: UnitId) -> Result<Vec<ListedCertificate>> {
    Ok(in_force(&query::certificates(conn, unit)?))
}

/// The newest accepted registration for a family of documents.
pub fn accepted(conn: &mut Conn, unit: UnitId, document_kind: &str) -> Result<Option<Registration>> {
    let family = family(document_kind);
    let covers = |held: &Registration| held.document_kinds.iter().any(|kind| kind == family);
    Ok(query::registrations(conn, unit)?.into_iter().rev().find(covers))
}

/// `receipt_phi` is a receipt, `invoice_8` an invoice.
fn family(document_kind: &str) -> &str {
    document_kind.split(['_', '.', '/']).next().unwrap_or(document_kind)
}

/// # Errors
/// `series_not_registered`.
pub fn require_accepted(conn: &mut Conn, unit: UnitId, document_kind: &str) -> Result<Registration> {
    accepted(conn, unit, document_kind)?.ok_or_else(|| {
        Error::conflict(
            "series_not_registered",
            format!("record the acceptance of the registration for {} first", family(document_kind)),
        )
    })
}

/// Certificates the unit holds that have not expired, as PEM.
pub fn installed(conn: &mut Conn, unit: UnitId, now: Instant) -> Result<Vec<String>> {
    query::installed_pems(conn, unit, now)
}

/// Whether the accepted registrations list the certificate, or none was accepted yet.
pub fn lists(conn: &mut Conn, unit: UnitId, issuer: Option<&str>, serial: &str) -> Result<bool> {
    let is_listed = certificates(conn, unit)?.iter().any(|held| held.is_called(issuer, serial));
    Ok(is_listed || query::registrations(conn, unit)?.is_empty())
}

/// Whether the unit may sign with this certificate. Before the first acceptance nothing can be
/// issued, and the form itself wants a signature, so any fits.
///
/// # Errors
/// `certificate_not_registered`; the way forward is a change form that adds it.
pub fn require_listed(conn: &mut Conn, unit: UnitId, issuer: &str, serial: &str) -> Result<()> {
    if lists(conn, unit, Some(issuer), serial)? {
        return Ok(());
    }
    let detail = "the accepted registration does not list it; send a change form (HThuc 2) that adds it";
    Err(Error::conflict("certificate_not_registered", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(serial: &str, action: CertificateAction) -> ListedCertificate {
        ListedCertificate {
            issuer: "CA thử".into(),
            serial: serial.into(),
            valid_from: Instant(0),
            valid_until: Instant(1),
            action,
        }
    }

    #[test]
    fn a_stopped_certificate_is_no_longer_listed_and_a_renewed_one_stays_once() {
        use CertificateAction::{Add, Renew, Stop};
        let held = in_force(&[line("0A", Add), line("0B", Add), line("a", Renew), line("0b", Stop)]);
        assert_eq!(held.iter().map(|held| held.serial.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_certificate_of_another_authority_with_the_same_serial_is_another_one() {
        use CertificateAction::{Add, Stop};
        let theirs = |action| ListedCertificate { issuer: "CA khác".into(), ..line("0A", action) };
        assert_eq!(in_force(&[line("0A", Add), theirs(Stop)]).len(), 1, "only their own is stopped");
        let held = in_force(&[line("0A", Add), theirs(Add)]);
        assert_eq!(held.len(), 2);
        assert_eq!(find_certificate(&held, Some("ca  KHÁC"), "a").unwrap().issuer, "CA khác");
        for (issuer, serial) in [(None, "a"), (None, "b"), (Some("CA lạ"), "a")] {
            let refused = find_certificate(&held, issuer, serial).unwrap_err();
            assert_eq!(refused.code(), "registration_certificates_wrong");
        }
        assert!(held[0].is_called(None, "00:0a"), "stored before issuers were kept");
    }

    #[test]
    fn serials_are_compared_as_numbers() {
        assert!(same_serial("00:54:0A", "540a"));
        assert!(!same_serial("540a", "540b"));
    }

    #[test]
    fn a_kind_belongs_to_the_family_its_registration_names() {
        assert_eq!(family("receipt"), "receipt");
        assert_eq!(family("receipt_phi"), "receipt");
        assert_eq!(family("invoice_8"), "invoice");
    }
}
