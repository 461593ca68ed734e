//! Signed documents, ours and of others.

use bienlai::receipt::verify::canonical::canonical;
use bienlai::receipt::verify::{Lenient, TrustStore, verify_leniently};
use roxmltree::Document;

/// What is refused under every lenient rule is refused under none as well.
pub fn verify(bytes: &[u8]) {
    let now = "2026-09-02T08:00:00+07:00".parse().expect("a good time");
    let trust = TrustStore::empty();
    let strict = verify_leniently(bytes, &trust, now, &[]);
    let lenient = verify_leniently(bytes, &trust, now, &Lenient::ALL);
    assert!(lenient.exit_code() <= strict.exit_code(), "a lenient rule refuses nothing");
}

/// Canonical form is a fixed point: the canonical form of canonical text is that text.
pub fn canonical_form(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(document) = Document::parse(text) else { return };
    // The parser takes a declaration with another blank for an instruction; the gate of the verifier does not.
    if document.descendants().any(|node| node.pi().is_some_and(|found| found.target == "xml")) {
        return;
    }
    let once = canonical(document.root_element());
    let text = std::str::from_utf8(&once).expect("canonical form is text");
    let again = Document::parse(text).expect("canonical form is XML");
    assert_eq!(canonical(again.root_element()), once);
}
