//! Any bytes are judged without a panic, and what is refused stays refused under every lenient rule
//! but its own. `cargo +nightly fuzz run verify`
#![no_main]

use bienlai::receipt::verify::{Lenient, TrustStore, verify_leniently};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-09-02T08:00:00+07:00".parse().expect("a good time");
    let trust = TrustStore::empty();
    let strict = verify_leniently(bytes, &trust, now, &[]);
    let lenient = verify_leniently(bytes, &trust, now, &Lenient::ALL);
    assert!(lenient.exit_code() <= strict.exit_code());
});
