//! `cargo +nightly fuzz run pdf_attachment`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::messages::pdf_attachment(bytes));
