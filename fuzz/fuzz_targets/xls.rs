//! Any bytes are read without a panic as a workbook of before 2007. `cargo +nightly fuzz run xls`
#![no_main]

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = bytes.to_vec();
    if let Some(head) = whole.first_chunk_mut::<8>() {
        *head = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    }
    assert_sound(&whole);
});
