//! `cargo +nightly fuzz run camt`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::camt(bytes));
