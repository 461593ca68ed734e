//! Any markup is read without a panic as the table of a page; what is read without an error is proven.
//! `cargo +nightly fuzz run html`
#![no_main]

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = b"<html><table><tr><td>".to_vec();
    whole.extend_from_slice(bytes);
    assert_sound(&whole);
});
