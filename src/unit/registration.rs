//! What the tax office accepted: the documents a unit may issue and the certificates it may sign
//! with. The forms themselves and their way to the authority belong to the room `filing`; here are
//! the facts that opening a series and installing a key stand on.

use std::collections::{BTreeMap, BTreeSet};

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

/// Numbers and names of notices, forms and offices are far shorter.
const TEXT_LIMIT: usize = 300;

/// A family of documents: what a form of registration covers, and what it lists a certificate for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Receipt,
    Invoice,
}

impl Family {
    pub const ALL: [Family; 2] = [Family::Receipt, Family::Invoice];

    /// As it is stored beside a registration.
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Receipt => "receipt",
            Family::Invoice => "invoice",
        }
    }

    /// The family of a kind of document by the name under which the kind is stored; None for none of ours.
    pub fn of_kind(kind: &str) -> Option<Family> {
        match kind {
            "receipt" | "receipt_phi" | "receipt_le_phi" => Some(Family::Receipt),
            "invoice"
            | "invoice_vat"
            | "invoice_sales"
            | "invoice_vat_with_receipt"
            | "invoice_sales_with_receipt" => Some(Family::Invoice),
            _ => None,
        }
    }
}

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

/// `MCQT`, `MCQTQLy`: a tax office is known by a number of up to five digits.
pub fn is_office_code(code: &str) -> bool {
    (1..=5).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
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
    /// `MCQT`, up to five digits, and `TCQT`: the office that manages the unit.
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
/// `field_missing`, `field_too_long`, `tax_office_wrong`, `document_kind_not_issued`, `registration_date_in_future`,
/// `registration_exists` for a notice that is on record, `registration_certificate_missing` when a certificate that is
/// installed and still valid is neither listed nor stopped by any form, `registration_without_certificate` when what is
/// recorded by hand names documents for which no certificate would be listed. What is stopped signs nothing that the
/// form covers from now on: so a rotation ends.
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
    let mut listed: Vec<ListedCertificate> =
        query::lines(tx, Some(new.unit))?.into_iter().map(|(_, _, line)| line).collect();
    listed.extend(new.certificates.iter().cloned());
    for (issuer, serial) in query::installed_names(tx, new.unit, stamp.now)? {
        if last_word(&listed, issuer.as_deref(), &serial).is_none() {
            let detail = format!("certificate {serial} is installed and not listed");
            return Err(Error::conflict("registration_certificate_missing", detail));
        }
    }
    require_signable(tx, stamp.now, &new)?;
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
        text::required(field, value, "field_missing", TEXT_LIMIT)?;
    }
    if !is_office_code(&text::clean(&new.office_code)) {
        let detail = "the code of the managing office has up to five digits";
        return Err(Error::invalid("office_code", "tax_office_wrong", detail));
    }
    if new.document_kinds.is_empty() {
        return Err(Error::invalid("document_kinds", "field_missing", "receipt or invoice"));
    }
    if let Some(unknown) = new.document_kinds.iter().find(|kind| Family::of_kind(kind).is_none()) {
        let detail = format!("`{unknown}` is none of receipt and invoice");
        return Err(Error::invalid("document_kinds", "document_kind_not_issued", detail));
    }
    if new.accepted_on > stamp.today() {
        let detail = "an acceptance is recorded when it has come";
        return Err(Error::invalid("accepted_on", "registration_date_in_future", detail));
    }
    Ok(())
}

/// Documents for which no certificate is listed would be numbered, and signed by nobody. An answer to a form that was
/// sent from here is taken as it is, and so is an acceptance that stops a certificate: it may be the last one.
fn require_signable(conn: &mut Conn, now: Instant, new: &Acceptance) -> Result<()> {
    let stops = new.certificates.iter().any(|line| line.action == CertificateAction::Stop);
    if new.filing.is_some() || stops {
        return Ok(());
    }
    let newest = RegistrationId(i64::MAX);
    let mut registrations = query::covering(conn, Some(new.unit))?;
    let kinds = new.document_kinds.join(",");
    registrations.push((new.unit, newest, new.accepted_on, text::clean(&new.form), kinds));
    let mut lines = query::lines(conn, Some(new.unit))?;
    lines.extend(new.certificates.iter().map(|line| (new.unit, newest, line.clone())));
    let listing = grouped(&registrations, lines).remove(&new.unit).unwrap_or_default();
    let mut named = new.document_kinds.iter().filter_map(|kind| Family::of_kind(kind));
    let Some(bare) = named.find(|family| !listing.has_one_for(*family, now)) else { return Ok(()) };
    let detail = format!("no certificate that is still valid is listed for {}", bare.as_str());
    Err(Error::conflict("registration_without_certificate", detail))
}

/// The newest line about a certificate.
fn last_word(lines: &[ListedCertificate], issuer: Option<&str>, serial: &str) -> Option<CertificateAction> {
    lines.iter().rev().find(|line| line.is_called(issuer, serial)).map(|line| line.action)
}

/// What a unit's accepted registrations say of certificates. A form speaks for the documents that it covers and for
/// no others: for the families that this acceptance of it or an earlier one names, so that a change speaks for as much
/// as its form did until then, and what its form covers later widens nothing that was said before.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Whether any form was accepted: before, nothing can be issued.
    is_accepted: bool,
    /// In the order in which they came into force.
    lines: Vec<Said>,
}

/// What an accepted form says of a certificate.
#[derive(Clone, Debug)]
struct Said {
    /// What the form covers by then.
    families: BTreeSet<Family>,
    accepted_on: BusinessDay,
    line: ListedCertificate,
}

/// Documents that a certificate is registered to sign: from the day on which a form that lists it for them was
/// accepted, within the certificate's own days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Signing {
    pub documents: Family,
    pub from: BusinessDay,
    pub until: BusinessDay,
}

/// A certificate that a form still lists, with the documents that it is registered to sign.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InForce {
    #[serde(flatten)]
    pub certificate: ListedCertificate,
    pub signs: Vec<Signing>,
}

impl Listing {
    /// What the forms that cover the family say of a certificate, oldest first.
    fn about<'a>(
        &'a self,
        family: Family,
        issuer: Option<&'a str>,
        serial: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Said> {
        let is_about =
            move |said: &&Said| said.families.contains(&family) && said.line.is_called(issuer, serial);
        self.lines.iter().filter(is_about)
    }

    /// The newest line about a certificate in a form that covers the family.
    fn last_word(&self, family: Family, issuer: Option<&str>, serial: &str) -> Option<CertificateAction> {
        self.about(family, issuer, serial).next_back().map(|said| said.line.action)
    }

    /// The day since which the forms that cover the family list a certificate, without a stop in between.
    fn listed_since(&self, family: Family, issuer: Option<&str>, serial: &str) -> Option<BusinessDay> {
        self.about(family, issuer, serial).fold(None, |since, said| match said.line.action {
            CertificateAction::Add | CertificateAction::Renew => since.or(Some(said.accepted_on)),
            CertificateAction::Stop => None,
        })
    }

    /// The documents that a certificate is registered to sign.
    fn signings(&self, held: &ListedCertificate) -> Vec<Signing> {
        let until = held.valid_until.business_day();
        let of = |documents: Family| {
            let since = self.listed_since(documents, Some(&held.issuer), &held.serial)?;
            let from = since.max(held.valid_from.business_day());
            (from <= until).then_some(Signing { documents, from, until })
        };
        Family::ALL.into_iter().filter_map(of).collect()
    }

    /// The families of documents that the certificate may sign: those for which a form lists it; all before the
    /// first acceptance, since the form itself wants a signature.
    pub fn families(&self, issuer: Option<&str>, serial: &str) -> Vec<Family> {
        if !self.is_accepted {
            return Family::ALL.to_vec();
        }
        let is_listed = |family: &Family| {
            let word = self.last_word(*family, issuer, serial);
            word.is_some_and(|word| word != CertificateAction::Stop)
        };
        Family::ALL.into_iter().filter(is_listed).collect()
    }

    /// Whether a form lists a certificate for the documents that is still valid.
    fn has_one_for(&self, family: Family, now: Instant) -> bool {
        self.lines.iter().map(|said| &said.line).any(|line| {
            now < line.valid_until && self.families(Some(&line.issuer), &line.serial).contains(&family)
        })
    }

    /// Whether every form that speaks of the certificate says that it signs no longer.
    pub fn stops(&self, issuer: Option<&str>, serial: &str) -> bool {
        let words = Family::ALL.into_iter().filter_map(|family| self.last_word(family, issuer, serial));
        let words: Vec<CertificateAction> = words.collect();
        !words.is_empty() && words.iter().all(|word| *word == CertificateAction::Stop)
    }

    /// The certificates that a form still lists, each by its newest line that adds or renews it.
    fn in_force(&self) -> Vec<ListedCertificate> {
        let mut held: Vec<ListedCertificate> = Vec::new();
        for line in self.lines.iter().map(|said| &said.line) {
            let is_listed = !self.families(Some(&line.issuer), &line.serial).is_empty();
            if is_listed && line.action != CertificateAction::Stop {
                held.retain(|known| !known.is_called(Some(&line.issuer), &line.serial));
                held.push(line.clone());
            }
        }
        held
    }
}

/// What the accepted registrations of a unit, or of all in scope, say of certificates; a unit without one is left
/// out.
pub fn listings(conn: &mut Conn, unit: Option<UnitId>) -> Result<BTreeMap<UnitId, Listing>> {
    Ok(grouped(&query::covering(conn, unit)?, query::lines(conn, unit)?))
}

/// What the accepted registrations of one unit say of certificates.
pub fn listing(conn: &mut Conn, unit: UnitId) -> Result<Listing> {
    Ok(listings(conn, Some(unit))?.remove(&unit).unwrap_or_default())
}

fn grouped(registrations: &[query::Covering], lines: Vec<query::Line>) -> BTreeMap<UnitId, Listing> {
    let mut covered: BTreeMap<(UnitId, &str), BTreeSet<Family>> = BTreeMap::new();
    let mut found: BTreeMap<UnitId, Listing> = BTreeMap::new();
    let mut covers: BTreeMap<(UnitId, RegistrationId), (BusinessDay, BTreeSet<Family>)> = BTreeMap::new();
    for (unit, id, accepted_on, form, kinds) in registrations {
        found.entry(*unit).or_default().is_accepted = true;
        let so_far = covered.entry((*unit, form.as_str())).or_default();
        so_far.extend(kinds.split(',').filter_map(Family::of_kind));
        covers.insert((*unit, *id), (*accepted_on, so_far.clone()));
    }
    for (unit, id, line) in lines {
        if let Some((accepted_on, families)) = covers.get(&(unit, id)).cloned() {
            found.entry(unit).or_default().lines.push(Said { families, accepted_on, line });
        }
    }
    found
}

impl ListedCertificate {
    /// A certificate is known by its issuer and its serial: two authorities may give the same serial. What
    /// was stored before issuers were kept is known by its serial alone.
    pub fn is_called(&self, issuer: Option<&str>, serial: &str) -> bool {
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

/// Whether the accepted registrations of a unit say of these certificates what the last of these lines about each
/// says: that it signs, or that it is stopped.
pub fn says(conn: &mut Conn, unit: UnitId, told: &[ListedCertificate]) -> Result<bool> {
    let lines = query::lines(conn, Some(unit))?;
    let known: Vec<ListedCertificate> = lines.into_iter().map(|(_, _, line)| line).collect();
    let stops = |lines: &[ListedCertificate], one: &ListedCertificate| {
        last_word(lines, Some(&one.issuer), &one.serial).map(|word| word == CertificateAction::Stop)
    };
    Ok(told.iter().all(|one| stops(&known, one) == stops(told, one)))
}

/// The certificates that an accepted registration still lists, for whatever documents.
pub fn certificates(conn: &mut Conn, unit: UnitId) -> Result<Vec<ListedCertificate>> {
    Ok(listing(conn, unit)?.in_force())
}

/// The same, each with the documents that it is registered to sign.
pub fn in_force(conn: &mut Conn, unit: UnitId) -> Result<Vec<InForce>> {
    let listing = listing(conn, unit)?;
    let of = |certificate: ListedCertificate| InForce { signs: listing.signings(&certificate), certificate };
    Ok(listing.in_force().into_iter().map(of).collect())
}

/// The newest accepted registration that names the family of a kind of document.
pub fn accepted(conn: &mut Conn, unit: UnitId, document_kind: &str) -> Result<Option<Registration>> {
    let Some(family) = Family::of_kind(document_kind) else { return Ok(None) };
    let names =
        |held: &Registration| held.document_kinds.iter().any(|kind| Family::of_kind(kind) == Some(family));
    Ok(query::registrations(conn, unit)?.into_iter().rev().find(names))
}

/// # Errors
/// `series_not_registered`.
pub fn require_accepted(conn: &mut Conn, unit: UnitId, document_kind: &str) -> Result<Registration> {
    accepted(conn, unit, document_kind)?.ok_or_else(|| {
        Error::conflict(
            "series_not_registered",
            format!("record the acceptance of the registration for {document_kind} first"),
        )
    })
}

/// Whether the unit may sign anything with this certificate: a form lists it, for whatever documents. Before the
/// first acceptance nothing can be issued, and the form itself wants a signature, so any fits.
///
/// # Errors
/// `certificate_not_registered`; the way forward is a change form that adds it.
pub fn require_listed(conn: &mut Conn, unit: UnitId, issuer: &str, serial: &str) -> Result<()> {
    if !listing(conn, unit)?.families(Some(issuer), serial).is_empty() {
        return Ok(());
    }
    let detail = "the accepted registration does not list it; send a change form (HThuc 2) that adds it";
    Err(Error::conflict("certificate_not_registered", detail))
}

#[cfg(test)]
mod tests;
