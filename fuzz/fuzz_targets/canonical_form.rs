//! `cargo +nightly fuzz run canonical_form`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::receipts::canonical_form(bytes));
