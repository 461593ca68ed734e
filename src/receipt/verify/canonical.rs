//! Canonical XML 1.0, inclusive and without comments, of one element and what is inside it
//! (W3C Recommendation of 15 March 2001), over the tree of the one parser we use.
//!
//! Receipts are issued in canonical form already; this is the independent second way to the same
//! bytes, on which verifying rests.

use std::collections::BTreeMap;

use roxmltree::{Attribute, Node};

use crate::receipt::xml::{push_attribute_value, push_text};

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Canonical bytes of the subtree under `apex`, which carries the namespaces it inherits.
///
/// Walks without recursion, so that depth costs no stack.
pub fn canonical(apex: Node<'_, '_>) -> Vec<u8> {
    let mut out = String::with_capacity(apex.range().len() + 128);
    let mut node = apex;
    loop {
        open(&mut out, node, node == apex);
        if let Some(child) = node.first_child() {
            node = child;
            continue;
        }
        loop {
            close(&mut out, node);
            if node == apex {
                return out.into_bytes();
            }
            if let Some(sibling) = node.next_sibling() {
                node = sibling;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return out.into_bytes(),
            }
        }
    }
}

fn open(out: &mut String, node: Node<'_, '_>, is_apex: bool) {
    if node.is_element() {
        out.push('<');
        out.push_str(qualified_name(node));
        push_namespaces(out, node, is_apex);
        push_attributes(out, node, is_apex);
        out.push('>');
    } else if node.is_text() {
        push_text(out, node.text().unwrap_or_default());
    } else if let Some(instruction) = node.pi() {
        out.push_str("<?");
        out.push_str(instruction.target);
        if let Some(value) = instruction.value.filter(|value| !value.is_empty()) {
            out.push(' ');
            out.push_str(&value.replace('\r', "&#xD;"));
        }
        out.push_str("?>");
    }
}

fn close(out: &mut String, node: Node<'_, '_>) {
    if node.is_element() {
        out.push_str("</");
        out.push_str(qualified_name(node));
        out.push('>');
    }
}

/// The name as the document spells it: the parser keeps namespaces but not prefixes.
pub(super) fn qualified_name<'a>(node: Node<'a, '_>) -> &'a str {
    let source = node.document().input_text();
    let tag = source.get(node.range().start + 1..).unwrap_or_default();
    let end = tag.find([' ', '\t', '\r', '\n', '/', '>']).unwrap_or(tag.len());
    tag.get(..end).unwrap_or_default()
}

fn attribute_name<'a>(node: Node<'a, '_>, attribute: &Attribute<'_, '_>) -> &'a str {
    node.document().input_text().get(attribute.range_qname()).unwrap_or_default()
}

/// Prefix (empty for the default) to namespace, as in force on an element.
fn in_scope<'a>(node: Node<'a, '_>) -> BTreeMap<&'a str, &'a str> {
    node.namespaces()
        .map(|namespace| (namespace.name().unwrap_or_default(), namespace.uri()))
        .filter(|&(prefix, _)| prefix != "xml")
        .collect()
}

/// Declarations that differ from those of the parent; on the apex, all that are in force. An
/// undeclared default needs saying only where the parent has one.
fn push_namespaces(out: &mut String, node: Node<'_, '_>, is_apex: bool) {
    if node.namespaces().len() == 0 {
        return;
    }
    let above = match node.parent_element() {
        Some(parent) if !is_apex => in_scope(parent),
        _ => BTreeMap::new(),
    };
    for (prefix, uri) in in_scope(node) {
        if above.get(prefix).copied().unwrap_or_default() == uri {
            continue;
        }
        out.push_str(" xmlns");
        if !prefix.is_empty() {
            out.push(':');
            out.push_str(prefix);
        }
        out.push_str("=\"");
        push_attribute_value(out, uri);
        out.push('"');
    }
}

/// Sorted by namespace, then by local name; the apex also takes the `xml:` attributes in force.
fn push_attributes(out: &mut String, node: Node<'_, '_>, is_apex: bool) {
    let mut attributes: Vec<(&str, &str, &str, &str)> = node
        .attributes()
        .map(|a| (a.namespace().unwrap_or_default(), a.name(), attribute_name(node, &a), a.value()))
        .collect();
    if is_apex {
        for ancestor in node.ancestors().skip(1) {
            for a in ancestor.attributes().filter(|a| a.namespace() == Some(XML_NAMESPACE)) {
                if !attributes.iter().any(|known| (known.0, known.1) == (XML_NAMESPACE, a.name())) {
                    attributes.push((XML_NAMESPACE, a.name(), attribute_name(ancestor, &a), a.value()));
                }
            }
        }
    }
    attributes.sort_unstable();
    for (_, _, name, value) in attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        push_attribute_value(out, value);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    fn canonical_of(xml: &str, tag: &str) -> String {
        let document = Document::parse(xml).unwrap();
        let apex =
            document.descendants().find(|node| node.has_tag_name(tag) || node.tag_name().name() == tag);
        String::from_utf8(canonical(apex.unwrap())).unwrap()
    }

    #[test]
    fn the_apex_carries_the_namespaces_it_inherits() {
        let xml = r#"<a xmlns="urn:d" xmlns:p="urn:p"><b><c xmlns=""/></b></a>"#;
        assert_eq!(canonical_of(xml, "b"), r#"<b xmlns="urn:d" xmlns:p="urn:p"><c xmlns=""></c></b>"#);
        assert_eq!(canonical_of(xml, "c"), r#"<c xmlns:p="urn:p"></c>"#);
    }

    #[test]
    fn repeated_declarations_are_said_once() {
        let xml = r#"<a xmlns="urn:d"><b xmlns="urn:d"><c xmlns="urn:e"/></b></a>"#;
        assert_eq!(canonical_of(xml, "a"), r#"<a xmlns="urn:d"><b><c xmlns="urn:e"></c></b></a>"#);
    }

    #[test]
    fn attributes_are_sorted_by_namespace_then_name() {
        let xml = r#"<a xmlns:z="urn:a" xmlns:y="urn:b" z:k='1' b="2" y:a="3" a="4"/>"#;
        assert_eq!(
            canonical_of(xml, "a"),
            r#"<a xmlns:y="urn:b" xmlns:z="urn:a" a="4" b="2" z:k="1" y:a="3"></a>"#
        );
    }

    #[test]
    fn text_cdata_and_line_ends_become_plain_escaped_text() {
        let xml = "<a t='&#9;&quot;\n&lt;'>x\r\ny<![CDATA[<&>]]>&#13;<!-- gone --><?pi  v ?></a>";
        assert_eq!(canonical_of(xml, "a"), "<a t=\"&#x9;&quot; &lt;\">x\ny&lt;&amp;&gt;&#xD;<?pi v ?></a>");
    }

    #[test]
    fn a_subtree_takes_the_xml_attributes_of_its_ancestors() {
        let xml = r#"<a xml:lang="vi" xml:space="preserve"><b xml:lang="en"><c/></b></a>"#;
        assert_eq!(canonical_of(xml, "c"), r#"<c xml:lang="en" xml:space="preserve"></c>"#);
    }
}
