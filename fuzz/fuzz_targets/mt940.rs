//! Any bytes are read without a panic, as SWIFT messages: the text is made to start like one; what is
//! read without an error is proven. `cargo +nightly fuzz run mt940`
#![no_main]

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = b":20:A\r\n:25:1\r\n".to_vec();
    whole.extend_from_slice(bytes);
    assert_sound(&whole);
});
