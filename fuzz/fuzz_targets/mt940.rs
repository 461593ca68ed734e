//! `cargo +nightly fuzz run mt940`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::mt940(bytes));
