//! `cargo +nightly fuzz run verify`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::receipts::verify(bytes));
