//! `cargo +nightly fuzz run gateway_report`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::gateway_report(bytes));
