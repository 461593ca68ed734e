//! `cargo +nightly fuzz run html`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::statements::html(bytes));
