//! Reading elements of others: any prefix, white space where it is harmless, nothing guessed.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use roxmltree::Node;

use crate::receipt::sign::DSIG;
use crate::receipt::verify::problem::Problem;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn local_name<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

pub(super) fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The only child element of this name; None when there is none or more than one.
pub(super) fn only<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    let mut found = elements(node).filter(|child| local_name(*child) == name);
    found.next().filter(|_| found.next().is_none())
}

pub(super) fn is_dsig(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && local_name(node) == name && node.tag_name().namespace() == Some(DSIG)
}

/// The child elements of an element of XML-DSig that has no text of its own.
pub(super) fn structure<'a, 'i>(node: Node<'a, 'i>) -> Result<Vec<Node<'a, 'i>>, Problem> {
    let is_text = |child: Node<'_, '_>| child.is_text() && !is_blank(child.text().unwrap_or_default());
    if node.children().any(is_text) {
        return Err(Problem::TextBetweenElements);
    }
    Ok(elements(node).collect())
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The text of an element without child elements, comments or instructions in it.
pub(super) fn leaf(node: Node<'_, '_>) -> Option<String> {
    let mut text = String::new();
    for child in node.children() {
        if !child.is_text() {
            return None;
        }
        text.push_str(child.text().unwrap_or_default());
    }
    Some(text)
}

/// Base64, in lines of any length.
pub(super) fn decoded(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let packed: String = leaf(node)?.split([' ', '\t', '\r', '\n']).collect();
    BASE64.decode(packed).ok().filter(|bytes| !bytes.is_empty())
}

pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.namespace().is_none() && a.name() == name).map(|a| a.value())
}
