//! Canonical form is a fixed point: the canonical form of canonical text is that text.
//! `cargo +nightly fuzz run canonical`
#![no_main]

use bienlai::receipt::verify::canonical::canonical;
use libfuzzer_sys::fuzz_target;
use roxmltree::Document;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::parse(text) else { return };
    let once = canonical(document.root_element());
    let text = std::str::from_utf8(&once).expect("canonical form is text");
    let again = Document::parse(text).expect("canonical form is XML");
    assert_eq!(canonical(again.root_element()), once);
});
