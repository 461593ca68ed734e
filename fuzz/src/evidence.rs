//! What proves something to somebody without a database: words of authorities and the files of evidence.

use std::sync::LazyLock;

use bienlai::audit::sha256_hex;
use bienlai::clock::Instant;
use bienlai::error::Result;
use bienlai::receipt::evidence::bundle::{Bundle, Finding, Judgement};
use bienlai::receipt::evidence::revocation::{self, Standing};
use bienlai::receipt::evidence::timestamp::{self, Stamped};
use bienlai::receipt::key::certificates_in;
use bienlai::receipt::verify::TrustStore;
use bienlai::reconciliation::day_close::chain_file::{self, ChainFile};
use bienlai::report::evidence::judge::judge;

use super::statements::archive;

const AUTHORITY_PEM: &str = include_str!("../../fixtures/receipt/test-only-ca.pem");
const SIGNER_PEM: &str = include_str!("../../fixtures/receipt/test-only-signer.pem");
const DOCUMENT: &[u8] = include_bytes!("../../fixtures/receipt/test-only-receipt.xml");
const DOCUMENT_SHA256: &str = "2a34c6997b32c4c4216bac2704bd4a0b09059bda155a3e9940b122955c56d452";
/// When the document says that it was signed, and what the seeds say of it.
const SIGNED_AT: &str = "2026-09-01T09:30:15+07:00";
pub const REVOKED_AT: &str = "2026-11-01T07:00:00+07:00";
pub const STAMPED_AT: &str = "2026-11-28T06:13:08+07:00";
const JUDGED_AT: &str = "2026-12-01T08:00:00+07:00";
/// The root over the document alone, which the seeds of `timestamp` stamp.
const ROOT: [u8; 32] = [
    0xa6, 0xbf, 0x7e, 0x6d, 0xa5, 0x24, 0x31, 0xf6, 0x6c, 0x6e, 0xa8, 0x1e, 0x1d, 0x8f, 0xd0, 0xb7, 0xd3,
    0x94, 0xa2, 0xfd, 0xdd, 0x95, 0x4b, 0xa7, 0xe0, 0xde, 0x80, 0x64, 0xcb, 0xaa, 0x7d, 0xca,
];

static AUTHORITY: LazyLock<Vec<u8>> = LazyLock::new(|| first_of(AUTHORITY_PEM));
static SIGNER: LazyLock<Vec<u8>> = LazyLock::new(|| first_of(SIGNER_PEM));

fn first_of(pem: &str) -> Vec<u8> {
    certificates_in(pem).expect("certificates in PEM").swap_remove(0)
}

pub fn at(text: &str) -> Instant {
    text.parse().expect("a good time")
}

/// Whatever an authority signed it said: no damage changes what is believed of it.
fn assert_said(standing: &Standing) {
    assert!(standing.revoked_at.is_none_or(|revoked| revoked == at(REVOKED_AT)), "{standing:?}");
    assert!(standing.this_update < at(JUDGED_AT), "{standing:?}");
}

/// What a revocation list says of the signer.
pub fn by_list(list: &[u8]) -> Result<Standing> {
    revocation::by_list(list, &SIGNER, &AUTHORITY, at(JUDGED_AT))
}

/// What an answer says of the signer.
pub fn by_answer(answer: &[u8]) -> Result<Standing> {
    revocation::by_answer(answer, &SIGNER, &AUTHORITY, at(JUDGED_AT))
}

/// What an authority's response stamps, or the token in it.
pub fn stamped(bytes: &[u8]) -> Result<Stamped> {
    let token = timestamp::token(bytes).unwrap_or_else(|_| bytes.to_vec());
    timestamp::check(&token, &ROOT, std::slice::from_ref(&AUTHORITY))
}

/// What evidence proves of the document.
pub fn judged(bundle: &Bundle) -> Result<Judgement> {
    bundle.judge(DOCUMENT, at(SIGNED_AT), std::slice::from_ref(&AUTHORITY), at(JUDGED_AT))
}

pub fn crl(list: &[u8]) {
    if let Ok(standing) = by_list(list) {
        assert_said(&standing);
    }
}

pub fn ocsp(answer: &[u8]) {
    if let Ok(standing) = by_answer(answer) {
        assert_said(&standing);
    }
}

/// A token stamps when it stamped, whatever was damaged.
pub fn timestamp(bytes: &[u8]) {
    if let Ok(stamped) = stamped(bytes) {
        assert_eq!(stamped.at, at(STAMPED_AT));
    }
}

/// The evidence for one document: whatever was damaged, it proves this document alone, as it was stamped.
pub fn evidence_file(bytes: &[u8]) {
    let Ok(bundle) = Bundle::read(bytes) else { return };
    let Ok(judgement) = judged(&bundle) else { return };
    if matches!(judgement.finding, Finding::ValidWhenSigned | Finding::ValidWhenSignedExpiredSince) {
        assert_eq!(bundle.document_sha256, DOCUMENT_SHA256);
        assert_eq!(judgement.existed_at, Some(at(STAMPED_AT)));
        assert_eq!(judgement.revoked_at, None, "the stamp of the seeds is later than their revocation");
    }
}

/// The chain of an account's days: it holds only if every certificate in it is signed and believed.
pub fn day_chain(bytes: &[u8]) {
    let trust = TrustStore::from_pem(AUTHORITY_PEM).expect("a good authority");
    let Ok(file) = ChainFile::read(bytes) else { return };
    let judgement = chain_file::judge(&file, &trust);
    assert!(!judgement.holds() || judgement.shown.len() == file.certificates.len(), "{judgement:?}");
}

/// A bundle for auditors, as its entries: name, a zero byte, content, a zero byte, and so on. The manifest
/// lists whatever stands there, so that damage is not refused for its hash alone.
pub fn evidence_bundle(bytes: &[u8]) {
    let trust = TrustStore::from_pem(AUTHORITY_PEM).expect("a good authority");
    let entries = listed(bytes);
    let packed = archive(entries.iter().map(|(name, content)| (name.as_str(), content.as_slice())));
    let _ = judge(&packed, &trust, at(JUDGED_AT));
}

fn listed(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut pieces = bytes.split(|byte| *byte == 0);
    let mut entries = Vec::new();
    while let (Some(name), Some(content)) = (pieces.next(), pieces.next()) {
        entries.push((String::from_utf8_lossy(name).into_owned(), content.to_vec()));
    }
    let hashes: serde_json::Map<String, serde_json::Value> = entries
        .iter()
        .filter(|(name, _)| name != "manifest.json")
        .map(|(name, content)| (name.clone(), sha256_hex(content).into()))
        .collect();
    for (name, content) in &mut entries {
        if name == "manifest.json"
            && let Ok(mut manifest) = serde_json::from_slice::<serde_json::Value>(content)
            && manifest.is_object()
        {
            manifest["files"] = hashes.clone().into();
            *content = manifest.to_string().into_bytes();
        }
    }
    entries
}
