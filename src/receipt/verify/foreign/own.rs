//! Receipts of our own format that do not come bare: in a message, or behind a comment or an instruction. A
//! forger chooses how a receipt is handed in, so what the one shape refuses of what is said is refused here too.

use super::judge::Covered;
use crate::receipt::verify::Fields;
use crate::receipt::verify::problem::Problem;

/// What the one shape would find in the signed data, or beside it within a signature.
pub(super) fn problem(canonical_body: Option<&str>, covered: &[Covered]) -> Option<Problem> {
    if let Some(problem) = covered.iter().find_map(|covered| covered.unlike_ours) {
        return Some(problem);
    }
    match Fields::read(canonical_body?) {
        None => Some(Problem::ContentUnreadable),
        Some(fields) => (!fields.is_consistent()).then_some(Problem::ContentInconsistent),
    }
}
