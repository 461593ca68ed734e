//! The chain of an account's certificates as a file of its own, and what it proves to somebody who
//! has no database: every signature, every link, every balance handed on.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::query::{self, Certificate};
use super::reading::{self, Reading};
use super::sha256;
use crate::actor::Scope;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::evidence::Leaf;
use crate::receipt::evidence::bundle::{self, Timestamp};
use crate::receipt::evidence::tops::Tops;
use crate::receipt::key::certificates_in;
use crate::receipt::verify::trust::{Trust, TrustStore};
use crate::store::{Conn, Store};
use crate::unit::{self, CITY, account};

/// A year of days is about a megabyte.
pub const BYTES_LIMIT: usize = 256 << 20;

/// Certificates with their signatures. Binary parts are Base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainFile {
    /// Of this file's form: 2 with a time stamp, 1 without.
    pub version: u32,
    /// The signing certificates with their authorities, as PEM.
    pub signers: BTreeMap<String, String>,
    /// By day and revision.
    pub certificates: Vec<Kept>,
    /// Of the certificate that was stamped last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<TimeStamp>,
}

/// The time stamp of a certificate: it existed then, and so did all before it in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStamp {
    pub certificate_sha256: String,
    pub timestamp: Timestamp,
}

/// One certificate as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub document: String,
    /// RSA PKCS#1 v1.5 with SHA-256 over the document.
    pub signature: String,
    /// The name of its signer in `signers`.
    pub signer: String,
}

impl ChainFile {
    /// # Errors
    /// `day_chain_unreadable`.
    pub fn read(bytes: &[u8]) -> Result<ChainFile> {
        let unreadable = || Error::invalid("file", "day_chain_unreadable", "not a chain of day certificates");
        if bytes.len() > BYTES_LIMIT {
            return Err(unreadable());
        }
        let file: ChainFile = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
        if matches!(file.version, 1 | 2) { Ok(file) } else { Err(unreadable()) }
    }
}

/// Collects every certificate of an account of a unit in scope; `tops` are kept between calls.
///
/// # Errors
/// `unit_not_found`, `account_not_found`.
pub fn export(
    store: &Store,
    tops: &Tops,
    scope: &Scope,
    unit: UnitId,
    account: AccountId,
) -> Result<ChainFile> {
    scope.require(unit)?;
    // The way to a stamp leads past hashes of other units. Read before the certificates, so that its own is one.
    let stamp = store.read(&Scope::All, |conn| bundle::of_days(conn, tops, unit, account))?;
    let stamp = stamp.map(|(certificate_sha256, timestamp)| TimeStamp { certificate_sha256, timestamp });
    // The city's certificate may have signed for the unit.
    store.read(&scope.and(CITY), |conn| collect(conn, unit, account, stamp))
}

fn collect(conn: &mut Conn, unit: UnitId, account: AccountId, stamp: Option<TimeStamp>) -> Result<ChainFile> {
    let account = account::find(conn, unit, account)?;
    let version = if stamp.is_some() { 2 } else { 1 };
    let mut file = ChainFile { version, stamp, ..ChainFile::default() };
    for Certificate { document, signature, signed_by, .. } in query::certificates(conn, unit, account.id)? {
        let signer = signed_by.to_string();
        if !file.signers.contains_key(&signer) {
            let pem = unit::certificate::pem(conn, &[unit, CITY], signed_by)?.unwrap_or_default();
            file.signers.insert(signer.clone(), pem);
        }
        let (document, signature) = (BASE64.encode(document), BASE64.encode(signature));
        file.certificates.push(Kept { document, signature, signer });
    }
    Ok(file)
}

/// What a chain proves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judgement {
    pub certificates: usize,
    /// The first and the last day without a gap and with the newest certificate of each.
    pub first: Option<BusinessDay>,
    pub standing_until: Option<BusinessDay>,
    /// Certificates that a re-opening took out of force: signed and linked, but not standing.
    pub superseded: usize,
    /// Hash of the last standing certificate.
    pub head_sha256: Option<String>,
    /// Signers whose authority nobody vouches for; empty where no authorities were given.
    pub untrusted: Vec<String>,
    /// What is wrong, each with its day.
    pub faults: Vec<String>,
    /// What the time stamp proves; None in a file without, and where no certificate that it proves stands.
    pub stamped: Option<Stamped>,
    /// The certificates that read and are signed, by day and revision.
    #[serde(skip)]
    pub shown: Vec<Shown>,
}

/// Until which day the certificates existed when, by the word of an outside authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stamped {
    pub until: BusinessDay,
    pub at: Instant,
    /// The authority is one of the given ones.
    pub trusted: bool,
}

/// Whose a certificate of a chain is, and of which day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub unit: String,
    pub unit_code: String,
    pub tax_code: String,
    pub account: String,
    pub date: BusinessDay,
    pub sha256: String,
    pub is_standing: bool,
}

impl Judgement {
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.untrusted.is_empty() && self.certificates > 0
    }
}

/// A certificate of the file, read.
struct Link {
    reading: Reading,
    sha256: String,
    is_standing: bool,
}

impl Shown {
    fn of(link: Link) -> Shown {
        let Reading { unit_id, unit_code, tax_code, account_id, date, .. } = link.reading;
        let (sha256, is_standing) = (link.sha256, link.is_standing);
        Shown { unit: unit_id, unit_code, tax_code, account: account_id, date, sha256, is_standing }
    }
}

/// Judges a file by itself. `trust` says which authorities are believed; an empty one judges none.
pub fn judge(file: &ChainFile, trust: &TrustStore) -> Judgement {
    judge_stamped(file, trust, &[])
}

/// The same, with DER of the authorities whose time stamps are believed.
pub fn judge_stamped(file: &ChainFile, trust: &TrustStore, authorities: &[Vec<u8>]) -> Judgement {
    let mut judgement = Judgement { certificates: file.certificates.len(), ..Judgement::default() };
    let mut signers = Signers::default();
    let mut links: Vec<Link> = Vec::with_capacity(file.certificates.len());
    for (at, kept) in file.certificates.iter().enumerate() {
        match link(file, kept, trust, &mut signers, &mut judgement.untrusted) {
            Ok(link) => links.push(link),
            Err(fault) => judgement.faults.push(format!("{}: {fault}", at + 1)),
        }
    }
    links.sort_by_key(|link| (link.reading.date, link.reading.revision));
    for at in 0..links.len() {
        let (before, rest) = links.split_at_mut(at);
        if let Some(one) = rest.first_mut()
            && let Err(fault) = place(before, one)
        {
            judgement.faults.push(format!("{}: {fault}", one.reading.date));
        }
    }
    // Only the newest of a day can stand, and only behind one that stands.
    for at in 1..links.len() {
        if let [earlier, later, ..] = &mut links[at - 1..]
            && earlier.reading.date == later.reading.date
        {
            earlier.is_standing = false;
        }
    }
    stand(&mut links);
    let standing = || links.iter().filter(|link| link.is_standing);
    judgement.first = standing().next().map(|link| link.reading.date);
    judgement.standing_until = standing().next_back().map(|link| link.reading.date);
    judgement.head_sha256 = standing().next_back().map(|link| link.sha256.clone());
    judgement.superseded = links.len() - standing().count();
    match file.stamp.as_ref().map(|stamp| judge_stamp(stamp, &links, authorities)) {
        Some(Ok(stamped)) => judgement.stamped = stamped,
        Some(Err(fault)) => judgement.faults.push(fault.to_owned()),
        None => {}
    }
    judgement.shown = links.into_iter().map(Shown::of).collect();
    judgement
}

/// What a time stamp proves: the certificate that it names and those before it, as far as they stand.
fn judge_stamp(
    stamp: &TimeStamp,
    links: &[Link],
    authorities: &[Vec<u8>],
) -> std::result::Result<Option<Stamped>, &'static str> {
    let named = links.iter().find(|link| link.sha256 == stamp.certificate_sha256);
    let link = named.ok_or("the time stamp is of a certificate that is not there")?;
    let stamped = stamp.timestamp.check(Leaf::Day, &link.sha256, authorities);
    let stamped = stamped.ok_or("the time stamp does not hold")?;
    let newest = newest_standing(links, link);
    Ok(newest.map(|newest| Stamped {
        until: newest.reading.date,
        at: stamped.at,
        trusted: stamped.is_trusted,
    }))
}

/// The newest certificate that stands of this one and those before it: days may have been opened again since.
fn newest_standing<'l>(links: &'l [Link], from: &'l Link) -> Option<&'l Link> {
    let before = |link: &&'l Link| links.iter().find(|one| one.sha256 == link.reading.previous_sha256);
    std::iter::successors(Some(from), before).find(|link| link.is_standing)
}

/// What follows a certificate that does not stand does not stand either.
fn stand(links: &mut [Link]) {
    let mut standing: Option<String> = None;
    for link in links {
        let follows = match &standing {
            Some(sha256) => link.reading.previous_sha256 == *sha256,
            None => link.reading.previous_sha256.is_empty(),
        };
        link.is_standing &= follows;
        if link.is_standing {
            standing = Some(link.sha256.clone());
        }
    }
}

#[derive(Default)]
struct Signers {
    known: HashMap<String, Option<(SigningCertificate, Vec<Vec<u8>>)>>,
}

impl Signers {
    fn find(&mut self, file: &ChainFile, name: &str) -> Option<&(SigningCertificate, Vec<Vec<u8>>)> {
        let read = || {
            let mut chain = certificates_in(file.signers.get(name)?).ok()?;
            let own = if chain.is_empty() { return None } else { chain.remove(0) };
            Some((SigningCertificate::from_der(&own).ok()?, chain))
        };
        self.known.entry(name.to_owned()).or_insert_with(read).as_ref()
    }
}

/// Reads one and checks its signature.
fn link(
    file: &ChainFile,
    kept: &Kept,
    trust: &TrustStore,
    signers: &mut Signers,
    untrusted: &mut Vec<String>,
) -> std::result::Result<Link, &'static str> {
    let document = BASE64.decode(&kept.document).map_err(|_| "the document does not decode")?;
    let signature = BASE64.decode(&kept.signature).map_err(|_| "the signature does not decode")?;
    let reading = reading::read(&document).map_err(|_| "the document does not read")?;
    let (signer, chain) = signers.find(file, &kept.signer).ok_or("the signing certificate is not there")?;
    let at = stated_instant(&reading.issued_at).ok_or("its time does not read")?;
    if !signer.is_valid_at(at) || !signer.verifies(&document, &signature) {
        return Err("the signature does not verify");
    }
    if signer.serial() != reading.signer_serial {
        return Err("it names another signing certificate");
    }
    let is_believed =
        matches!(trust.trust_of(signer.der(), chain, at), Trust::Ok | Trust::Test | Trust::NotChecked);
    if !is_believed && !untrusted.contains(&kept.signer) {
        untrusted.push(kept.signer.clone());
    }
    Ok(Link { sha256: sha256(&document), reading, is_standing: true })
}

/// The instant that a certificate states in local time.
pub fn stated_instant(text: &str) -> Option<Instant> {
    let text = text.get(..19)?;
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok().map(Instant::from_hanoi)
}

/// Checks the place of one behind those before it, in the order of day and revision.
fn place(before: &[Link], one: &Link) -> std::result::Result<(), &'static str> {
    let reading = &one.reading;
    let Some(first) = before.first() else {
        return if reading.previous_sha256.is_empty() {
            Ok(())
        } else {
            Err("a day before it has no certificate")
        };
    };
    if (&first.reading.unit_id, &first.reading.account_id) != (&reading.unit_id, &reading.account_id) {
        return Err("it is another account's");
    }
    let earlier = before.iter().rfind(|link| link.reading.date == reading.date);
    if earlier.map(|link| link.sha256.as_str()) != reading.replaces_sha256.as_deref() {
        return Err("it does not take the place of the certificate before it");
    }
    if earlier.is_some_and(|link| link.reading.revision == reading.revision) {
        return Err("the day has two certificates of one revision");
    }
    if reading.date == first.reading.date {
        return if reading.previous_sha256.is_empty() {
            Ok(())
        } else {
            Err("a day before it has no certificate")
        };
    }
    let day_before = reading.date.plus_days(-1);
    let mut followed = before.iter().filter(|link| link.reading.date == day_before).peekable();
    if followed.peek().is_none() {
        return Err("a day before it has no certificate");
    }
    match followed.find(|link| link.sha256 == reading.previous_sha256) {
        None => Err("it does not follow a certificate of the day before"),
        Some(link) if link.reading.closing != reading.opening => {
            Err("it does not open with the balance of the day before")
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(date: &str, sha256: &str, previous: &str, is_standing: bool) -> Link {
        let document = format!(
            "<DayCertificate Id=\"DC-crt_1\"><Version>{}</Version>\
             <Unit><Id>u</Id><Code>1</Code><Name>U</Name><TaxCode>1</TaxCode></Unit>\
             <Account><Id>a</Id><BankBin>970436</BankBin><Number>*1</Number></Account>\
             <Date>{date}</Date><Revision>1</Revision><IsNil>false</IsNil>\
             <BalanceBasis>stated</BalanceBasis><SequenceChecked>true</SequenceChecked>\
             <Opening>0</Opening><Credits>0</Credits><Debits>0</Debits><Closing>0</Closing>\
             <LineCount>0</LineCount><InTransit><Count>0</Count><Amount>0</Amount></InTransit>\
             <PreviousSha256>{previous}</PreviousSha256><IssuedAt>{date}T20:00:00</IssuedAt>\
             <SignerSerial>1</SignerSerial></DayCertificate>",
            super::super::certificate::VERSION
        );
        let reading = reading::read(document.as_bytes()).unwrap();
        Link { reading, sha256: sha256.to_owned(), is_standing }
    }

    #[test]
    fn a_stamp_on_a_superseded_certificate_proves_the_days_before_it_that_stand() {
        let links = [
            link("2026-11-23", "monday", "", true),
            link("2026-11-24", "tuesday", "monday", false),
            link("2026-11-24", "tuesday again", "monday", true),
            link("2026-11-25", "wednesday", "tuesday", false),
        ];
        let until = |at: usize| newest_standing(&links, &links[at]).map(|one| one.sha256.as_str());
        assert_eq!([until(3), until(2), until(0)], [Some("monday"), Some("tuesday again"), Some("monday")]);
        let opened =
            [link("2026-11-23", "monday", "", false), link("2026-11-24", "tuesday", "monday", false)];
        assert!(newest_standing(&opened, &opened[1]).is_none(), "all was opened again");
    }

    #[test]
    fn a_file_with_a_stamp_is_of_the_second_form() {
        let read = |version: u32| {
            let file = ChainFile { version, ..ChainFile::default() };
            ChainFile::read(&serde_json::to_vec(&file).unwrap())
        };
        assert!(read(1).is_ok() && read(2).is_ok());
        assert_eq!([0, 3].map(|version| read(version).unwrap_err().code()), ["day_chain_unreadable"; 2]);
    }
}
