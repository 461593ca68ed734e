//! Any rows under a heading are read without a panic; what is read without an error is proven.
//! `cargo +nightly fuzz run csv`
#![no_main]

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;

const HEADING: &[u8] = "Ngày;Số tham chiếu;Nội dung;Ghi nợ;Ghi có;Số dư\n".as_bytes();

fuzz_target!(|bytes: &[u8]| {
    let mut whole = HEADING.to_vec();
    whole.extend_from_slice(bytes);
    assert_sound(&whole);
});
