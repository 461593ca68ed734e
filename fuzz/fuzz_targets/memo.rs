//! Any memo is searched without a panic; every code that is found verifies and stands in the memo.
//! `cargo +nightly fuzz run memo`
#![no_main]

use bienlai::obligation::reference::{CodeBook, Found, ReferenceCode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|memo: &str| {
    let book = CodeBook::hanoi();
    for found in book.extract(memo) {
        let codes = match found {
            Found::Verified(code) => vec![code],
            Found::Damaged { candidates, .. } => candidates,
        };
        for code in codes {
            assert!(code.as_str().parse::<ReferenceCode>().is_ok());
        }
    }
    let _ = book.parse(memo);
});
