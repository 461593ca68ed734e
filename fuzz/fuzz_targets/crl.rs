//! `cargo +nightly fuzz run crl`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::evidence::crl(bytes));
