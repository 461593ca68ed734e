//! The evidence for one receipt as a file of its own, and what it proves years later, without any
//! database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::tops::Tops;
use super::{Leaf, is_late, query, revocation, said_of, timestamp, without_stamp};
use crate::audit::merkle::{self, Step};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{AccountId, ReceiptId, UnitId};
use crate::receipt::certificate::{SigningCertificate, parse};
use crate::receipt::key::certificates_in;
use crate::receipt::verify::{Integrity, Report, Trust, Verdict};
use crate::store::Conn;
use crate::text;
use crate::unit::{self, certificate};

/// Evidence files are some kilobytes, with a revocation list some megabytes.
pub const BYTES_LIMIT: usize = 64 << 20;

/// What is kept about one signed receipt. Binary parts are Base64 of DER.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Of this file's form: 1.
    pub version: u32,
    /// SHA-256 of the signed document.
    pub document_sha256: String,
    /// The signing certificate and its authorities, as PEM.
    pub chain_pem: String,
    pub crl: Option<String>,
    pub ocsp: Option<String>,
    pub timestamp: Option<Timestamp>,
}

/// The way from the document to a time stamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    pub previous_root_sha256: String,
    pub path: Vec<Step>,
    pub root_sha256: String,
    pub token: String,
}

impl Timestamp {
    /// What the token proves of the document with this hash; None when the way or the token is of something else.
    pub fn check(&self, kind: Leaf, sha256: &str, authorities: &[Vec<u8>]) -> Option<timestamp::Stamped> {
        let leaf = merkle::leaf(kind.as_str(), sha256);
        let root = merkle::climb(&self.previous_root_sha256, &leaf, &self.path);
        let token = BASE64.decode(&self.token).unwrap_or_default();
        let root = query::bytes_of(&root).filter(|_| root == self.root_sha256)?;
        timestamp::check(&token, &root, authorities).ok()
    }
}

/// Collects the evidence for a receipt; `tops` are kept between calls.
///
/// # Errors
/// `receipt_not_signed`.
pub fn export(conn: &mut Conn, tops: &Tops, unit: UnitId, receipt: ReceiptId) -> Result<Bundle> {
    let (id, signed_at, document_sha256) = query::seal(conn, unit, receipt)?.ok_or_else(|| {
        Error::conflict("receipt_not_signed", "there is no signature yet to keep evidence for")
    })?;
    let mut all = certificate::of_unit(conn, unit)?;
    all.extend(certificate::of_unit(conn, unit::CITY)?);
    let signed_under = all.into_iter().find(|one| one.id == id);
    let signed_under = signed_under.ok_or_else(|| Error::internal("a seal's certificate is not stored"))?;
    let (timestamp, stamped_at) = timestamp_of(conn, tops, (unit, Leaf::Seal, receipt.0))?.unzip();
    let times = (signed_at, stamped_at);
    let (owner, crl_id, ocsp_id) = said_of(conn, (unit, receipt), &signed_under, times)?;
    let (mut crl, mut ocsp) = (None, None);
    for (id, place) in [(crl_id, &mut crl), (ocsp_id, &mut ocsp)] {
        if let Some(id) = id {
            *place = query::document(conn, owner, id)?.map(|document| BASE64.encode(document));
        }
    }
    Ok(Bundle { version: 1, document_sha256, chain_pem: signed_under.chain_pem, crl, ocsp, timestamp })
}

/// Of an account's certificates of days the one that was stamped last: the hash of its document, and its way. That
/// leads past leaves of other units. `tops` are kept between calls.
pub fn of_days(
    conn: &mut Conn,
    tops: &Tops,
    unit: UnitId,
    account: AccountId,
) -> Result<Option<(String, Timestamp)>> {
    let Some((id, sha256)) = query::newest_stamped(conn, unit, account)? else { return Ok(None) };
    let way = timestamp_of(conn, tops, (unit, Leaf::Day, id))?;
    Ok(way.map(|(way, _)| (sha256, way)))
}

/// With the time that the stamp says.
fn timestamp_of(
    conn: &mut Conn,
    tops: &Tops,
    (unit, kind, subject): (UnitId, Leaf, i64),
) -> Result<Option<(Timestamp, Instant)>> {
    let Some((day, position)) = query::leaf_of(conn, unit, kind, subject)? else { return Ok(None) };
    let Some((previous_root_sha256, root_sha256, token, stamped_at)) = query::stamp_of(conn, day)? else {
        return Ok(None);
    };
    // Places are counted from 1.
    let index = usize::try_from(position - 1).map_err(|_| Error::internal("a leaf is out of its tree"))?;
    let path = tops.path(day, index, |range| query::leaves_at(conn, day, range))?;
    let way = Timestamp { previous_root_sha256, path, root_sha256, token: BASE64.encode(token) };
    Ok(Some((way, stamped_at)))
}

/// Whether the certificate was good when the receipt was signed, judged by the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Stamped while the certificate was valid and its authority had not revoked it.
    ValidWhenSigned,
    /// The same, and the certificate's time is over today.
    ValidWhenSignedExpiredSince,
    /// Nothing speaks against it, but a part is missing that would prove it.
    NotProven,
    /// Revoked before it was signed, stamped before it could be signed, or evidence for something else.
    Contradicted,
}

impl Finding {
    /// For people, in Vietnamese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Finding::ValidWhenSigned => ("hợp lệ khi ký", "valid when signed"),
            Finding::ValidWhenSignedExpiredSince => {
                ("hợp lệ khi ký; chứng thư đã hết hạn sau đó", "valid when signed; certificate since expired")
            }
            Finding::NotProven => ("chưa đủ bằng chứng", "not proven"),
            Finding::Contradicted => ("bằng chứng trái ngược", "contradicted"),
        }
    }
}

/// What the evidence shows.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    pub finding: Finding,
    /// The document existed then, says the time stamping authority.
    pub existed_at: Option<Instant>,
    /// The time stamping authority is one of the given ones.
    pub timestamp_trusted: bool,
    /// The newest word of the certificate's authority, and when it spoke.
    pub status_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
    pub certificate_expired_at: Option<Instant>,
    /// Codes of what is missing or wrong.
    pub problems: Vec<&'static str>,
}

impl Judgement {
    fn open() -> Judgement {
        Judgement {
            finding: Finding::NotProven,
            existed_at: None,
            timestamp_trusted: false,
            status_at: None,
            revoked_at: None,
            certificate_expired_at: None,
            problems: Vec::new(),
        }
    }

    /// Whether it was valid when it was signed.
    pub fn is_proven(&self) -> bool {
        matches!(self.finding, Finding::ValidWhenSigned | Finding::ValidWhenSignedExpiredSince)
    }

    /// When the certificate was revoked, where it is proven that the signature was made before.
    pub fn revoked_since(&self) -> Option<Instant> {
        self.revoked_at.filter(|_| self.is_proven())
    }

    /// For people, in Vietnamese and English: the finding, with the day of a revocation that came after the
    /// signature.
    pub fn words(&self) -> (String, String) {
        let (vi, en) = self.finding.words();
        let Some(at) = self.revoked_since() else { return (vi.to_owned(), en.to_owned()) };
        let day = at.in_hanoi().format("%d/%m/%Y");
        (
            format!("hợp lệ khi ký; chứng thư đã bị thu hồi sau đó, ngày {day}"),
            format!("valid when signed; certificate since revoked, on {day}"),
        )
    }

    /// Has the verdict say what the evidence shows of the first signature. Whoever has the key of a certificate
    /// that is over or was revoked may write any signing time: a document is valid when this one is proven, intact
    /// when it is not, and refused when the evidence speaks against it or is another document's.
    pub fn weigh(&self, report: &mut Report) {
        let is_over = self.certificate_expired_at.is_some() || self.revoked_at.is_some();
        if self.is_proven() {
            let of = report.documents.iter().position(|document| !document.signatures.is_empty());
            of.into_iter().for_each(|document| report.settle_time(document));
        } else if self.finding == Finding::Contradicted {
            if report.verdict != Verdict::Unreadable {
                report.verdict = Verdict::Invalid;
            }
        } else if is_over && report.verdict == Verdict::Valid {
            report.verdict = Verdict::Intact;
        }
    }
}

impl Bundle {
    /// # Errors
    /// `evidence_unreadable`.
    pub fn read(bytes: &[u8]) -> Result<Bundle> {
        let unreadable =
            || Error::invalid("evidence", "evidence_unreadable", "not an evidence file of bienlai");
        if bytes.len() > BYTES_LIMIT {
            return Err(unreadable());
        }
        let bundle: Bundle = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
        if bundle.version == 1 { Ok(bundle) } else { Err(unreadable()) }
    }

    /// Judges at `now` a document by the evidence and by what `report` found of it: a file that a stranger
    /// brings proves nothing of a document that is refused, of a signature that is broken, of one by another
    /// certificate, or of a signer whom no trusted authority certified. It speaks of the first signature.
    ///
    /// # Errors
    /// Those of `judge`.
    pub fn judge_reported(
        &self,
        document: &[u8],
        report: &Report,
        authorities: &[Vec<u8>],
        now: Instant,
    ) -> Result<Judgement> {
        let mut signatures = report.documents.iter().flat_map(|one| &one.signatures);
        let Some((signature, signed_at)) = signatures.next().and_then(|one| Some((one, one.signed_at()?)))
        else {
            let problems = vec!["evidence_of_nothing"];
            return Ok(Judgement { finding: Finding::Contradicted, problems, ..Judgement::open() });
        };
        let mut judgement = self.judge(document, signed_at, authorities, now)?;
        let own = certificates_in(&self.chain_pem)?;
        let own = own.first().map(|own| SigningCertificate::from_der(own)).transpose()?;
        let is_by_own = signature.certificate.as_ref().map(|shown| shown.fingerprint.as_str())
            == own.as_ref().map(SigningCertificate::fingerprint).as_deref();
        if signature.integrity != Integrity::Ok || !is_by_own {
            judgement.problems.push("evidence_signature_broken");
            judgement.finding = Finding::Contradicted;
        } else if matches!(report.verdict, Verdict::Invalid | Verdict::Unreadable) {
            judgement.problems.push("evidence_document_invalid");
            judgement.finding = Finding::Contradicted;
        } else if !matches!(signature.trust, Trust::Ok | Trust::Test) {
            judgement.problems.push("evidence_signer_unknown");
            if judgement.finding != Finding::Contradicted {
                judgement.finding = Finding::NotProven;
            }
        }
        Ok(judgement)
    }

    /// Judges at `now` a document that was signed, as it says, at `signed_at`. `authorities` are
    /// DER of those whose time stamps are believed.
    ///
    /// # Errors
    /// `certificate_unreadable` and the like when the chain is no chain.
    pub fn judge(
        &self,
        document: &[u8],
        signed_at: Instant,
        authorities: &[Vec<u8>],
        now: Instant,
    ) -> Result<Judgement> {
        let chain = certificates_in(&self.chain_pem)?;
        let own = chain.first().ok_or_else(|| {
            Error::invalid("evidence", "evidence_unreadable", "the evidence holds no certificate")
        })?;
        let certificate = SigningCertificate::from_der(own)?;
        let expired = (certificate.valid_until() < now).then(|| certificate.valid_until());
        let mut judgement = Judgement { certificate_expired_at: expired, ..Judgement::open() };
        let sha256 = text::hex(digest(&SHA256, document).as_ref());
        if sha256 != self.document_sha256 || !certificate_stands_in(document, own) {
            judgement.problems.push("evidence_of_another_document");
        }
        self.judge_time((&sha256, without_stamp(signed_at, now)), authorities, &mut judgement);
        self.judge_status(&chain, signed_at, now, &mut judgement);
        if stamped_after_revocation(&judgement) {
            judgement.problems.push("stamped_after_revocation");
        }
        if stamped_after_expiry(&judgement, &certificate) {
            judgement.problems.push("stamped_after_expiry");
        }
        judgement.finding = finding(&judgement, &certificate, signed_at);
        Ok(judgement)
    }

    fn judge_time(
        &self,
        (sha256, absent): (&str, &'static str),
        authorities: &[Vec<u8>],
        judgement: &mut Judgement,
    ) {
        let Some(stamp) = &self.timestamp else {
            judgement.problems.push(absent);
            return;
        };
        match stamp.check(Leaf::Seal, sha256, authorities) {
            Some(stamped) => {
                judgement.existed_at = Some(stamped.at);
                judgement.timestamp_trusted = stamped.is_trusted;
                if !stamped.is_trusted {
                    judgement.problems.push("timestamp_untrusted");
                }
            }
            None => judgement.problems.push("timestamp_wrong"),
        }
    }

    fn judge_status(&self, chain: &[Vec<u8>], signed_at: Instant, now: Instant, judgement: &mut Judgement) {
        let [own, issuer, ..] = chain else {
            judgement.problems.push("chain_missing");
            return;
        };
        let decoded =
            |text: &Option<String>| text.as_ref().map(|text| BASE64.decode(text).unwrap_or_default());
        let by_list = decoded(&self.crl).map(|document| revocation::by_list(&document, own, issuer, now));
        let by_answer =
            decoded(&self.ocsp).map(|document| revocation::by_kept_answer(&document, own, issuer, now));
        // A word given at the time of the stamp, or later, covers it; so does one that was still meant then.
        let stamped_late = judgement.existed_at.filter(|at| is_late(*at, signed_at));
        let asked_of = stamped_late.unwrap_or(signed_at);
        let mut newest: Option<revocation::Standing> = None;
        for standing in by_list.into_iter().chain(by_answer) {
            match standing {
                // A word that was no longer meant at that time says nothing of it; a revocation stays one.
                Ok(standing) if !standing.is_fresh(asked_of) && standing.revoked_at.is_none() => {
                    judgement.problems.push("status_stale");
                }
                Ok(standing) if newest.is_none_or(|known| known.this_update < standing.this_update) => {
                    newest = Some(standing);
                }
                Ok(_) => {}
                Err(error) => judgement.problems.push(error.code()),
            }
        }
        match newest {
            Some(standing) => {
                judgement.status_at = Some(standing.this_update);
                judgement.revoked_at = standing.revoked_at;
            }
            None => judgement.problems.push("status_missing"),
        }
    }
}

/// Whoever has a revoked key may claim any signing time; only a stamp of before proves one.
fn stamped_after_revocation(judgement: &Judgement) -> bool {
    matches!((judgement.revoked_at, judgement.existed_at), (Some(revoked), Some(existed)) if revoked <= existed)
}

/// The stamp came when the certificate was over: of what is signed then nobody says any more that the key stood.
fn stamped_after_expiry(judgement: &Judgement, certificate: &SigningCertificate) -> bool {
    judgement.existed_at.is_some_and(|at| certificate.valid_until() < at)
}

fn finding(judgement: &Judgement, certificate: &SigningCertificate, signed_at: Instant) -> Finding {
    let wrong =
        ["evidence_of_another_document", "timestamp_wrong", "revocation_untrusted", "revocation_unreadable"];
    let revoked_before = judgement.revoked_at.is_some_and(|at| at <= signed_at);
    let before_its_time = judgement.existed_at.is_some_and(|at| at < certificate.valid_from());
    // A document cannot be stamped before it was signed; a day's tolerance covers clocks.
    let stamped_early = judgement.existed_at.is_some_and(|at| at.plus_seconds(86_400) < signed_at);
    let is_wrong = judgement.problems.iter().any(|problem| wrong.contains(problem));
    if is_wrong || revoked_before || before_its_time || stamped_early || !certificate.is_valid_at(signed_at) {
        return Finding::Contradicted;
    }
    let is_stamped = judgement.existed_at.is_some() && judgement.timestamp_trusted;
    let stamped_too_late =
        stamped_after_revocation(judgement) || stamped_after_expiry(judgement, certificate);
    if !is_stamped || judgement.status_at.is_none() || stamped_too_late {
        return Finding::NotProven;
    }
    match judgement.certificate_expired_at {
        Some(_) => Finding::ValidWhenSignedExpiredSince,
        None => Finding::ValidWhenSigned,
    }
}

/// The document names the certificate it was signed with; evidence about another proves nothing.
fn certificate_stands_in(document: &[u8], own: &[u8]) -> bool {
    let text = BASE64.encode(own);
    parse(own).is_ok() && document.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::key::pem_text;
    use crate::receipt::testing::{OTHER_SIGNER_PEM, SIGNER_PEM, document, now, signing_time, trust};
    use crate::receipt::verify::{TrustStore, verify};

    /// Evidence about the sample receipt that holds nothing but a chain of certificates.
    fn about(document: &[u8], chain: &[Vec<u8>]) -> Bundle {
        let document_sha256 = text::hex(digest(&SHA256, document).as_ref());
        let chain_pem = pem_text(chain);
        Bundle { version: 1, document_sha256, chain_pem, crl: None, ocsp: None, timestamp: None }
    }

    #[test]
    fn each_part_that_is_missing_or_of_something_else_is_named() {
        let (document, chain) = (document(), certificates_in(SIGNER_PEM).unwrap());
        let whole = about(&document, &chain);
        let problems = |bundle: &Bundle, document: &[u8]| {
            let judged = bundle.judge(document, signing_time(), &[], now()).unwrap();
            (judged.finding, judged.problems)
        };
        assert_eq!(
            problems(&whole, &document),
            (Finding::NotProven, vec!["timestamp_missing", "status_missing"])
        );
        let later = now().plus_seconds(700 * 86_400);
        let years_on = whole.judge(&document, signing_time(), &[], later).unwrap();
        assert_eq!(years_on.problems[0], "timestamp_overdue", "it may have come since this was fetched");
        assert_eq!(
            problems(&about(&document, &chain[..1]), &document),
            (Finding::NotProven, vec!["timestamp_missing", "chain_missing"])
        );
        assert_eq!(
            problems(&whole, b"<another/>"),
            (
                Finding::Contradicted,
                vec!["evidence_of_another_document", "timestamp_missing", "status_missing"]
            )
        );
        let timestamp = Some(Timestamp {
            previous_root_sha256: String::new(),
            path: Vec::new(),
            root_sha256: "00".repeat(32),
            token: String::new(),
        });
        assert_eq!(
            problems(&Bundle { timestamp, ..whole.clone() }, &document),
            (Finding::Contradicted, vec!["timestamp_wrong", "status_missing"])
        );
        let nothing = about(&document, &[]).judge(&document, signing_time(), &[], now());
        assert_eq!(nothing.unwrap_err().code(), "evidence_unreadable");
    }

    #[test]
    fn evidence_says_nothing_of_what_the_verifier_found_wanting() {
        let document = document();
        let bundle = |pem: &str| about(&document, &certificates_in(pem).unwrap());
        let good = verify(&document, &trust(), now());
        let judged = |bundle: &Bundle, report: &Report| {
            let judged = bundle.judge_reported(&document, report, &[], now()).unwrap();
            (judged.finding, judged.problems)
        };
        let own = bundle(SIGNER_PEM);
        assert_eq!(judged(&own, &good).0, Finding::NotProven, "nothing is wrong, and nothing stamped");
        let empty = Report { documents: Vec::new(), verdict: Verdict::Unreadable };
        assert_eq!(judged(&own, &empty), (Finding::Contradicted, vec!["evidence_of_nothing"]));
        let refused = Report { verdict: Verdict::Invalid, documents: good.documents.clone() };
        for (bundle, report, finding, problem) in [
            (&own, &refused, Finding::Contradicted, "evidence_document_invalid"),
            (&bundle(OTHER_SIGNER_PEM), &good, Finding::Contradicted, "evidence_signature_broken"),
            (
                &own,
                &verify(&document, &TrustStore::empty(), now()),
                Finding::NotProven,
                "evidence_signer_unknown",
            ),
        ] {
            let (found, problems) = judged(bundle, report);
            assert_eq!(found, finding, "{problem}");
            assert!(problems.contains(&problem), "{problem}: {problems:?}");
        }
    }

    #[test]
    fn a_stamp_from_after_the_revocation_is_told_from_one_before() {
        let stamped = |existed: i64| {
            let (revoked_at, existed_at) = (Some(Instant(5)), Some(Instant(existed)));
            stamped_after_revocation(&Judgement { revoked_at, existed_at, ..Judgement::open() })
        };
        assert_eq!([4, 5, 6].map(stamped), [false, true, true]);
    }

    #[test]
    fn what_may_be_dated_back_is_not_called_valid() {
        let weighed_as = |judgement: &Judgement, verdict: Verdict| {
            let mut report = Report { documents: Vec::new(), verdict };
            judgement.weigh(&mut report);
            report.verdict
        };
        let weighed = |judgement: Judgement| weighed_as(&judgement, Verdict::Valid);
        let revoked = || Judgement { revoked_at: Some(Instant(1)), ..Judgement::open() };
        let over = || Judgement { certificate_expired_at: Some(Instant(1)), ..Judgement::open() };
        assert_eq!(weighed(Judgement::open()), Verdict::Valid, "the certificate is in force");
        assert_eq!([weighed(revoked()), weighed(over())], [Verdict::Intact; 2]);
        // It once was called intact, while the exit code said that it is refused.
        let contradicted = Judgement { finding: Finding::Contradicted, ..Judgement::open() };
        let refused = [Verdict::Valid, Verdict::Intact, Verdict::Invalid];
        assert_eq!(refused.map(|verdict| weighed_as(&contradicted, verdict)), [Verdict::Invalid; 3]);
        assert_eq!(weighed_as(&contradicted, Verdict::Unreadable), Verdict::Unreadable);
        let proven = Judgement { finding: Finding::ValidWhenSigned, ..revoked() };
        let (vi, en) = proven.words();
        assert_eq!(vi, "hợp lệ khi ký; chứng thư đã bị thu hồi sau đó, ngày 01/01/1970");
        assert_eq!(en, "valid when signed; certificate since revoked, on 01/01/1970");
        assert_eq!(revoked().revoked_since(), None, "nothing proves that it was signed before");
        assert_eq!(revoked().words().1, "not proven");
        assert_eq!(weighed(proven), Verdict::Valid, "it was revoked after a time that is proven");
    }

    #[test]
    fn evidence_says_the_word_on_a_document_whose_certificate_is_over() {
        let later = "2040-01-01T00:00:00+07:00".parse().unwrap();
        let report = verify(&document(), &trust(), later);
        assert_eq!(report.verdict, Verdict::Intact, "nobody proves when it was signed");
        let weighed = |finding: Finding| {
            let mut report = report.clone();
            let certificate_expired_at = Some(Instant(1));
            Judgement { finding, certificate_expired_at, ..Judgement::open() }.weigh(&mut report);
            (report.verdict, report.is_contradicted())
        };
        let findings =
            [Finding::ValidWhenSignedExpiredSince, Finding::NotProven, Finding::Contradicted].map(weighed);
        let told = [(Verdict::Valid, false), (Verdict::Intact, false), (Verdict::Invalid, true)];
        assert_eq!(findings, told);
    }
}
