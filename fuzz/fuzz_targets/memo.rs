//! `cargo +nightly fuzz run memo`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::memo(bytes));
