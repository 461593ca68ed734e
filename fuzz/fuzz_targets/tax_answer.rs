//! `cargo +nightly fuzz run tax_answer`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::messages::tax_answer(bytes));
