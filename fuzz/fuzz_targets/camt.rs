//! Any bytes are read without a panic, as camt messages; what is read without an error is proven.
//! `cargo +nightly fuzz run camt`
#![no_main]

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| assert_sound(bytes));
