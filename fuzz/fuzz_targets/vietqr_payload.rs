//! `cargo +nightly fuzz run vietqr_payload`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::vietqr_payload(bytes));
