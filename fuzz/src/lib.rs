//! What every target that reads bank files asserts.

use bienlai::statement::{join_pages, parse, preview, prove_balance};

/// Nothing read is an error told, and what is read without an error is proven.
pub fn assert_sound(bytes: &[u8]) {
    let parsed = parse(bytes);
    let _ = preview(bytes, None);
    assert!(!parsed.statements.is_empty() || !parsed.errors.is_empty());
    if parsed.errors.is_empty() && parsed.format.requires_balances() {
        for joined in join_pages(parsed.statements) {
            if joined.opening.is_some() && joined.closing.is_some() {
                assert_eq!(prove_balance(&joined), None);
            }
        }
    }
}
