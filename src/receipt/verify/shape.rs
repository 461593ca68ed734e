//! The one shape a receipt has: where body and signature stand, and nothing else beside them.
//!
//! Generic XML-DSig engines accept a document whose signed data was moved aside and replaced. Here
//! every element has one place, so that the element that is read is the element that was signed.

use std::collections::HashSet;

use roxmltree::{Document, Node};

use super::canonical::qualified_name;
use super::problem::Problem;
use super::signature::{self, SignatureParts};
use crate::receipt::frame::Frame;
use crate::receipt::sign::DSIG;

pub(super) type Element<'a, 'i> = Node<'a, 'i>;

/// The parts of a document of the right shape.
pub(super) struct Parts<'a, 'i> {
    pub frame: Frame,
    pub body: Element<'a, 'i>,
    pub signature: SignatureParts<'a, 'i>,
}

/// Finds the parts, or names the first way in which the document departs from the shape.
pub(super) fn parts<'a, 'i>(document: &'a Document<'i>) -> Result<Parts<'a, 'i>, Problem> {
    let root = document.root_element();
    let frame = Frame::of_root(root.tag_name().name()).ok_or(Problem::DocumentUnknown)?;
    vocabulary(document)?;
    let body = body(document, root, frame)?;
    let signature = signature_element(document, root, frame)?;
    envelope(root, body, signature)?;
    Ok(Parts { frame, body, signature: signature::parts(document, body, signature)? })
}

/// Names, namespaces and Ids allowed anywhere.
fn vocabulary(document: &Document<'_>) -> Result<(), Problem> {
    let mut ids: HashSet<&str> = HashSet::new();
    for node in document.descendants().filter(Node::is_element) {
        if qualified_name(node).contains(':') {
            return Err(Problem::PrefixForbidden);
        }
        if !matches!(node.tag_name().namespace(), None | Some("" | DSIG)) {
            return Err(Problem::NamespaceUnexpected);
        }
        for attribute in node.attributes() {
            let is_id = attribute.name().eq_ignore_ascii_case("id");
            if is_id && (attribute.namespace().is_some() || attribute.name() != "Id") {
                return Err(Problem::IdDisguised);
            }
            if attribute.namespace().is_some() {
                return Err(Problem::AttributeUnexpected);
            }
            if is_id && !ids.insert(attribute.value()) {
                return Err(Problem::DuplicateId);
            }
        }
    }
    Ok(())
}

fn body<'a, 'i>(
    document: &'a Document<'i>,
    root: Element<'a, 'i>,
    frame: Frame,
) -> Result<Element<'a, 'i>, Problem> {
    let all: Vec<Element<'a, 'i>> =
        document.descendants().filter(|node| is_called(*node, frame.body)).collect();
    for node in &all {
        displaced_body(*node, root, frame)?;
    }
    match all.as_slice() {
        [only] => Ok(*only),
        [] => Err(Problem::BodyMissing),
        _ => Err(Problem::BodyRepeated),
    }
}

fn displaced_body(node: Element<'_, '_>, root: Element<'_, '_>, frame: Frame) -> Result<(), Problem> {
    let within = |name: &str| node.ancestors().skip(1).any(|ancestor| is_called(ancestor, name));
    if within("Object") {
        return Err(Problem::BodyInObject);
    }
    if within("Signature") {
        return Err(Problem::BodyInSignature);
    }
    if within(frame.body) {
        return Err(Problem::BodyNested);
    }
    if node.parent() != Some(root) {
        return Err(Problem::BodyMisplaced);
    }
    Ok(())
}

fn signature_element<'a, 'i>(
    document: &'a Document<'i>,
    root: Element<'a, 'i>,
    frame: Frame,
) -> Result<Element<'a, 'i>, Problem> {
    let all: Vec<Element<'a, 'i>> =
        document.descendants().filter(|node| is_called(*node, "Signature")).collect();
    if all.iter().any(|node| node.ancestors().any(|ancestor| is_called(ancestor, frame.body))) {
        return Err(Problem::SignatureInBody);
    }
    let only = match all.as_slice() {
        [only] => *only,
        [] => return Err(Problem::SignatureMissing),
        _ => return Err(Problem::SignatureRepeated),
    };
    let holder = only.parent();
    let block = holder.and_then(|holder| holder.parent());
    if block.is_none_or(|block| !is_called(block, "DSCKS") || block.parent() != Some(root)) {
        return Err(Problem::SignatureMisplaced);
    }
    if holder.is_none_or(|holder| !is_called(holder, frame.holder)) {
        return Err(Problem::SignatureRoleUnexpected);
    }
    if only.tag_name().namespace() != Some(DSIG) {
        return Err(Problem::SignatureNamespaceWrong);
    }
    Ok(only)
}

/// The root holds the body, then `DSCKS`, which holds the signer's element, which holds the signature.
fn envelope(root: Element<'_, '_>, body: Element<'_, '_>, signature: Element<'_, '_>) -> Result<(), Problem> {
    let holder = signature.parent().ok_or(Problem::SignatureMisplaced)?;
    let block = holder.parent().ok_or(Problem::SignatureMisplaced)?;
    for node in [root, block, holder] {
        outside_dsig(node)?;
        attributes(node, &[])?;
    }
    outside_dsig(body)?;
    attributes(body, &["Id"])?;
    match children(root)?.as_slice() {
        [first, second] if *first == body && *second == block => {}
        [first, second] if *first == block && *second == body => return Err(Problem::SignatureMisplaced),
        _ => return Err(Problem::UnsignedContent),
    }
    for node in [block, holder] {
        if children(node)?.len() != 1 {
            return Err(Problem::UnsignedContent);
        }
    }
    for node in body.descendants().filter(Node::is_element) {
        outside_dsig(node)?;
        if node != body {
            attributes(node, &[])?;
        }
    }
    Ok(())
}

/// Whether an element has this local name, in whatever namespace: a forger's namespace must not
/// hide it.
pub(super) fn is_called(node: Element<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn outside_dsig(node: Element<'_, '_>) -> Result<(), Problem> {
    match node.tag_name().namespace() {
        None | Some("") => Ok(()),
        Some(_) => Err(Problem::NamespaceUnexpected),
    }
}

/// The element has exactly these attributes.
pub(super) fn attributes(node: Element<'_, '_>, names: &[&str]) -> Result<(), Problem> {
    let found = node.attributes();
    let as_expected = found.len() == names.len() && node.attributes().all(|a| names.contains(&a.name()));
    if as_expected { Ok(()) } else { Err(Problem::AttributeUnexpected) }
}

/// The child elements of an element that holds no text.
pub(super) fn children<'a, 'i>(node: Element<'a, 'i>) -> Result<Vec<Element<'a, 'i>>, Problem> {
    if node.children().any(|child| !child.is_element()) {
        return Err(Problem::TextBetweenElements);
    }
    Ok(node.children().collect())
}

/// The text of an element that holds nothing else.
pub(super) fn leaf_text<'a>(node: Element<'a, '_>) -> Option<&'a str> {
    let mut children = node.children();
    match (children.next(), children.next()) {
        (None, _) => Some(""),
        (Some(only), None) => only.text().filter(|_| only.is_text()),
        _ => None,
    }
}
