//! `cargo +nightly fuzz run xls`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::xls(bytes));
