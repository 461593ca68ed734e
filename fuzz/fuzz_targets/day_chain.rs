//! `cargo +nightly fuzz run day_chain`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::evidence::day_chain(bytes));
