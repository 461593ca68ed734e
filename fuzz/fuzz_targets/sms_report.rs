//! `cargo +nightly fuzz run sms_report`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::messages::sms_report(bytes));
