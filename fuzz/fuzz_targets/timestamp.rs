//! `cargo +nightly fuzz run timestamp`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::evidence::timestamp(bytes));
