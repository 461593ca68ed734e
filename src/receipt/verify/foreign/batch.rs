//! The signature over all documents of a message (`TDiep/CKSNNT`), computed once for all of them.

use roxmltree::Node;

use super::judge::{Computed, Place, compute};
use super::read::{elements, is_dsig, only};
use super::{Ground, Terms};

/// A message of cash-register invoices has one.
const SIGNATURES_LIMIT: usize = 4;

/// What is signed of a message as a whole.
pub(super) struct Batch<'a, 'i> {
    pub signatures: Vec<Computed<'a, 'i>>,
    /// More signatures than are looked at.
    pub is_overfull: bool,
}

pub(super) fn compute_all<'a, 'i>(
    ground: &Ground<'a, 'i>,
    message: Node<'a, 'i>,
    terms: &Terms<'_>,
) -> Batch<'a, 'i> {
    let block = only(message, "CKSNNT");
    let mut nodes = block.into_iter().flat_map(elements).filter(|node| is_dsig(*node, "Signature"));
    let place = Place { around: message, body: None, canonical_body: None, attacked: None };
    let signatures = nodes
        .by_ref()
        .take(SIGNATURES_LIMIT)
        .map(|signature| compute(ground, &place, signature, terms))
        .collect();
    Batch { signatures, is_overfull: nodes.next().is_some() }
}
