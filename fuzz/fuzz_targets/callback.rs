//! `cargo +nightly fuzz run callback`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::callback(bytes));
