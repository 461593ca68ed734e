//! `cargo +nightly fuzz run evidence_bundle`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::evidence::evidence_bundle(bytes));
