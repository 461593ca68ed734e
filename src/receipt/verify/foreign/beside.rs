//! What stands in a document beside the data and the signatures. No signature of the kind covers it,
//! so a whole structure could pose as the data and is refused; a lone note is only reported. On a receipt
//! of our own format, which is issued without, a note is refused as well.

use roxmltree::Node;

use super::find::Found;
use super::read::{elements, is_blank, is_dsig, local_name};
use crate::receipt::verify::problem::Problem;

/// Known to stand beside the data, without elements of their own: the authority's code, the QR code.
const LEAVES: [&str; 2] = ["MCCQT", "DLQRCode"];
/// What an Object in a signature holds besides: times and other properties of the signature.
const PROPERTIES: [&str; 2] = ["SignatureProperties", "QualifyingProperties"];

pub(super) fn problem(found: &Found<'_, '_>) -> Option<Problem> {
    let is_ours = found.is_ours();
    let own = elements(found.node).filter(|child| {
        let name = local_name(*child);
        let is_known = match name {
            // The number of a notice of the tax authority, and a block of the format before Decree 123.
            "STBao" => found.kind == "notice",
            "controlData" => found.body_name == "invoiceData",
            // What the page of such an invoice is drawn with.
            "qrCodeData" | "RowPerPage" if found.body_name == "Content" => elements(*child).next().is_none(),
            name if LEAVES.contains(&name) => !is_ours && elements(*child).next().is_none(),
            name => name == found.body_name,
        };
        !is_known
    });
    let inner = own.filter_map(of_element);
    let loose = has_loose_text(found.node).then_some(Problem::UnsignedNote);
    let problem = worst(loose.into_iter().chain(inner));
    if is_ours { problem.map(|_| Problem::UnsignedContent) } else { problem }
}

/// The blocks that hold signatures are searched; whatever else says something is a finding.
fn of_element(node: Node<'_, '_>) -> Option<Problem> {
    if local_name(node) == "Signature" {
        return None;
    }
    let is_signature = |inner: &Node<'_, '_>| is_dsig(*inner, "Signature");
    if local_name(node) == "DSCKS" || node.descendants().any(|inner| is_signature(&inner)) {
        let loose = has_loose_text(node).then_some(Problem::UnsignedNote);
        return worst(loose.into_iter().chain(elements(node).filter_map(of_element)));
    }
    let is_structured = elements(node).next().is_some();
    match (says_something(node), is_structured) {
        (false, _) => None,
        (true, true) => Some(Problem::UnsignedContent),
        (true, false) => Some(Problem::UnsignedNote),
    }
}

/// Whether an Object that the signature does not cover, and that says something, holds anything but properties.
pub(super) fn is_loose_object(object: Node<'_, '_>) -> bool {
    has_loose_text(object) || elements(object).any(|inner| !PROPERTIES.contains(&local_name(inner)))
}

pub(super) fn says_something(node: Node<'_, '_>) -> bool {
    node.descendants().any(has_loose_text)
}

fn has_loose_text(node: Node<'_, '_>) -> bool {
    node.children().any(|child| child.is_text() && !is_blank(child.text().unwrap_or_default()))
}

fn worst(found: impl Iterator<Item = Problem>) -> Option<Problem> {
    found.reduce(|one, other| if other == Problem::UnsignedContent { other } else { one })
}
