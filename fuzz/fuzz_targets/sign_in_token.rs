//! `cargo +nightly fuzz run sign_in_token`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::messages::sign_in_token(bytes));
