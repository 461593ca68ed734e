//! `cargo +nightly fuzz run csv`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::csv(bytes));
