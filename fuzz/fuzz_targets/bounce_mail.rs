//! `cargo +nightly fuzz run bounce_mail`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::messages::bounce_mail(bytes));
