//! `cargo +nightly fuzz run dossier_totals`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::dossier_totals(bytes));
