//! `cargo +nightly fuzz run pos_batch`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::money::pos_batch(bytes));
