//! Which documents a file holds.

use roxmltree::Node;

use super::read::{elements, is_dsig, local_name, only};
use crate::receipt::verify::problem::Problem;

/// Root element, kind, and element with the data. An empty name: the first child that begins `DL`.
const KINDS: [(&str, &str, &str); 9] = [
    ("HDon", "invoice", "DLHDon"),
    ("BLai", "receipt", "DLBLai"),
    ("CTu", "certificate", "DLCTu"),
    ("TBao", "notice", "DLTBao"),
    ("TKhai", "declaration", "DLTKhai"),
    ("BTHDLieu", "summary", ""),
    ("BCTHSDBLai", "usage_report", "DLBCTHSDBLai"),
    // The authority's format before Decree 123: `laphoadon.gdt.gov.vn/2014/09/invoicexml/v1`.
    ("invoice", "invoice", "invoiceData"),
    // Of the same time, by issuers that had one of their own; others call other things an `Invoice`.
    ("Invoice", "invoice", "Content"),
];
const SOAP: [&str; 2] =
    ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"];

/// A document in the file.
#[derive(Clone, Copy)]
pub(super) struct Found<'a, 'i> {
    pub node: Node<'a, 'i>,
    pub kind: &'static str,
    pub body_name: &'a str,
    /// The message it came in.
    pub message: Option<Node<'a, 'i>>,
    pub misplaced: bool,
}

pub(super) fn documents<'a, 'i>(root: Node<'a, 'i>) -> Result<Vec<Found<'a, 'i>>, Problem> {
    let soap = root.tag_name().namespace().is_some_and(|namespace| SOAP.contains(&namespace));
    let bare = kind_of(root).is_some() || local_name(root) == "TDiep";
    let mut found = Vec::new();
    let mut next = Some(root);
    while let Some(node) = next {
        if kind_of(node).is_some() {
            found.extend(found_at(node, None, false));
            next = behind(node, root);
        } else if local_name(node) == "TDiep" && node.is_element() {
            found.extend(in_message(node));
            next = behind(node, root);
        } else {
            next = node.first_child().or_else(|| behind(node, root));
        }
    }
    // Our receipts are issued bare or in a message; anybody else's wrapper is no part of them.
    if !soap && !bare && found.iter().any(Found::is_ours) {
        return Err(Problem::DocumentUnknown);
    }
    // A technical acknowledgement (message 999) tells of a document beside it and is none itself.
    if found.iter().any(|found| !is_acknowledgement(found)) {
        found.retain(|found| !is_acknowledgement(found));
    }
    if found.is_empty() { Err(Problem::DocumentUnknown) } else { Ok(found) }
}

/// A `TBao` of a message of kind 999 that holds neither data nor a signature.
fn is_acknowledgement(found: &Found<'_, '_>) -> bool {
    let kind = found
        .message
        .and_then(|message| only(message, "TTChung"))
        .and_then(|general| only(general, "MLTDiep"));
    let is_telling = |node: Node<'_, '_>| ["DLTBao", "Signature"].contains(&local_name(node));
    kind.and_then(|kind| kind.text()) == Some("999")
        && local_name(found.node) == "TBao"
        && !found.node.descendants().any(|node| node.is_element() && is_telling(node))
}

/// The documents of a message stand in `DLieu`. One that stands elsewhere, which a reader might
/// take for the document, is found too and said to be misplaced.
fn in_message<'a, 'i>(message: Node<'a, 'i>) -> Vec<Found<'a, 'i>> {
    let data = only(message, "DLieu");
    let mut found = Vec::new();
    let mut next = message.first_child();
    while let Some(node) = next {
        if kind_of(node).is_some() {
            let misplaced = node.parent() != data || data.is_none();
            found.extend(found_at(node, Some(message), misplaced));
            next = behind(node, message);
        } else {
            next = node.first_child().or_else(|| behind(node, message));
        }
    }
    found
}

/// The next node in document order that is not inside this one.
fn behind<'a, 'i>(node: Node<'a, 'i>, within: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    node.ancestors().take_while(|ancestor| *ancestor != within).find_map(|ancestor| ancestor.next_sibling())
}

fn kind_of(node: Node<'_, '_>) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let is_there = |kind: &&(&str, &str, &str)| {
        kind.0 != "Invoice" || elements(node).any(|child| local_name(child) == kind.2)
    };
    KINDS.iter().find(|kind| node.is_element() && local_name(node) == kind.0).filter(is_there)
}

fn found_at<'a, 'i>(
    node: Node<'a, 'i>,
    message: Option<Node<'a, 'i>>,
    misplaced: bool,
) -> Option<Found<'a, 'i>> {
    let &(_, kind, body_name) = kind_of(node)?;
    let first = || {
        let is_data = |child: &Node<'_, '_>| {
            local_name(*child).starts_with("DL") && !is_dsig(*child, local_name(*child))
        };
        elements(node).find(is_data).map_or("", local_name)
    };
    let body_name = if body_name.is_empty() { first() } else { body_name };
    Some(Found { node, kind, body_name, message, misplaced })
}

impl Found<'_, '_> {
    /// A receipt of our own format, whose data nobody else's has.
    pub(super) fn is_ours(&self) -> bool {
        let version = only(self.node, "DLBLai")
            .and_then(|body| only(body, "TTChung"))
            .and_then(|general| only(general, "PBan"));
        self.kind == "receipt"
            && version.and_then(|version| version.text()).is_some_and(|version| version.starts_with("BL-"))
    }
}
