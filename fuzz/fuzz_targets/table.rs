//! `cargo +nightly fuzz run table`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::table(bytes));
