//! Which element a signature means by an Id.
//!
//! An Id that only one element bears is that element's. Some issuers write the same Ids into every invoice; in a
//! message of several such an Id is taken for the element in the signature's own document, and only if nothing
//! about it could be read in another way.

use std::collections::{HashMap, HashSet};

use roxmltree::{Attribute, Document, Node};

use super::canonical::XML_NAMESPACE;
use super::find::Found;
use super::read::{decoded, elements, is_dsig};
use crate::receipt::verify::problem::Problem;

pub(super) struct Ids<'a, 'i> {
    /// Every Id, with its elements in the order of the file.
    bearers: HashMap<&'a str, Vec<Node<'a, 'i>>>,
    /// Ids of several elements, of which one stands outside every document.
    strays: HashSet<&'a str>,
    /// The digests of signatures that stand in more than one document: at most one is no copy.
    copied: HashSet<Vec<u8>>,
}

impl<'a, 'i> Ids<'a, 'i> {
    /// An Id counts however it is spelled, so that none can hide: `Id`, `ID`, `id`, in any namespace.
    pub(super) fn of(document: &'a Document<'i>, found: &[Found<'a, 'i>]) -> Ids<'a, 'i> {
        let mut bearers: HashMap<&'a str, Vec<Node<'a, 'i>>> = HashMap::new();
        for node in document.descendants().filter(Node::is_element) {
            for attribute in node.attributes().filter(|a| a.name().eq_ignore_ascii_case("id")) {
                bearers.entry(attribute.value()).or_default().push(node);
            }
        }
        let strays = bearers.iter().filter(|(_, nodes)| has_stray(nodes, found)).map(|(id, _)| *id).collect();
        let copied = if found.len() > 1 { copied(document, found) } else { HashSet::new() };
        Ids { bearers, strays, copied }
    }

    /// The element with the Id, which must be the only one, or the only one in the document (or message) around
    /// the signature.
    pub(super) fn named(
        &self,
        id: &str,
        around: Node<'a, 'i>,
        signature: Node<'a, 'i>,
    ) -> Result<Node<'a, 'i>, Problem> {
        let only = match self.bearers.get(id).map(Vec::as_slice) {
            None | Some([]) => return Err(Problem::ReferenceTargetUnknown),
            Some([only]) => *only,
            Some(several) => self.own(id, several, around, signature).ok_or(Problem::DuplicateId)?,
        };
        let in_sight = |a: &Attribute<'_, '_>| {
            a.value() == id
                && a.name().eq_ignore_ascii_case("id")
                && matches!(a.namespace(), None | Some(XML_NAMESPACE))
        };
        if only.attributes().any(|a| in_sight(&a)) { Ok(only) } else { Err(Problem::IdDisguised) }
    }

    /// The only one of several that is in `around`. None if there are more in it, if one is in no document at all,
    /// where it might stand for any of them, and if the signature was copied from one document into another.
    fn own(
        &self,
        id: &str,
        several: &[Node<'a, 'i>],
        around: Node<'a, 'i>,
        signature: Node<'a, 'i>,
    ) -> Option<Node<'a, 'i>> {
        let range = around.range();
        let before = several.partition_point(|bearer| bearer.range().start < range.start);
        let until = several.partition_point(|bearer| bearer.range().start < range.end);
        let [own] = several.get(before..until)? else { return None };
        let is_clear = !self.strays.contains(id) && !self.copied.contains(&digests(signature));
        is_clear.then_some(*own)
    }
}

fn has_stray(bearers: &[Node<'_, '_>], found: &[Found<'_, '_>]) -> bool {
    bearers.len() > 1 && bearers.iter().any(|bearer| document_of(*bearer, found).is_none())
}

/// The place among the documents, which follow each other, of the one that holds the element.
fn document_of(node: Node<'_, '_>, found: &[Found<'_, '_>]) -> Option<usize> {
    let start = node.range().start;
    let at = found.partition_point(|found| found.node.range().start <= start).checked_sub(1)?;
    found.get(at).filter(|found| start < found.node.range().end).map(|_| at)
}

/// What signatures in more than one document say they digested. No two documents have the same data, so one of them
/// has another's signature. The value tells less: with an elliptic curve it can be written in two ways.
fn copied(document: &Document<'_>, found: &[Found<'_, '_>]) -> HashSet<Vec<u8>> {
    let mut first: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut copied = HashSet::new();
    for signature in document.descendants().filter(|node| is_dsig(*node, "Signature")) {
        let Some(at) = document_of(signature, found) else { continue };
        let digests = digests(signature);
        if *first.entry(digests.clone()).or_insert(at) != at {
            copied.insert(digests);
        }
    }
    copied
}

/// All digests of a signature, one behind the other.
fn digests(signature: Node<'_, '_>) -> Vec<u8> {
    let signed = elements(signature).filter(|child| is_dsig(*child, "SignedInfo"));
    let told = signed.flat_map(elements).flat_map(elements).filter(|child| is_dsig(*child, "DigestValue"));
    told.filter_map(decoded).flatten().collect()
}
