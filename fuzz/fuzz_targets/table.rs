//! Any bytes are read without a panic, as whatever they look like: text, markup, workbook, archive;
//! what is read without an error is proven. `cargo +nightly fuzz run table`
#![no_main]

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| assert_sound(bytes));
