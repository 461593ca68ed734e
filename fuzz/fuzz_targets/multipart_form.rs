//! `cargo +nightly fuzz run multipart_form`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::messages::multipart_form(bytes));
