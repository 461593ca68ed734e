//! `cargo +nightly fuzz run ocsp`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::evidence::ocsp(bytes));
