//! Any bytes are read without a panic, as camt messages; what is read
//! without an error is proven. `cargo +nightly fuzz run camt`
#![no_main]

use bienlai::statement::{join_pages, parse, prove_balance};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = parse(bytes);
    assert!(!parsed.statements.is_empty() || !parsed.errors.is_empty());
    if parsed.errors.is_empty() && parsed.format.requires_balances() {
        for joined in join_pages(parsed.statements) {
            if joined.opening.is_some() && joined.closing.is_some() {
                assert_eq!(prove_balance(&joined), None);
            }
        }
    }
});
