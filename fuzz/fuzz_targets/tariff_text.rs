//! `cargo +nightly fuzz run tariff_text`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::tariff_text(bytes));
