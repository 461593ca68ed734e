//! `cargo +nightly fuzz run xlsx`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::xlsx(bytes));
