//! `cargo +nightly fuzz run treasury`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::treasury(bytes));
