//! Canonical XML, inclusive 1.0 (W3C Recommendation of 15 March 2001) and 1.1 (2 May 2008) or
//! exclusive (18 July 2002), of one element or the whole document, over the tree of the one parser
//! we use.
//!
//! Receipts are issued in canonical form already; this is the independent second way to the same
//! bytes, on which verifying rests.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Attribute, Namespace, Node};

use crate::receipt::xml::{push_attribute_value, push_text};

pub(super) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Which canonical form, and of how much of the subtree.
#[derive(Clone, Debug, Default)]
pub struct Form<'a, 'i> {
    /// Exclusive form, with the prefixes of `InclusiveNamespaces` (`#default` for none).
    pub exclusive: Option<BTreeSet<&'a str>>,
    /// Left out with everything in it: the signature, by the enveloped-signature transform.
    pub without: Option<Node<'a, 'i>>,
    /// Comments belong to it.
    pub comments: bool,
    /// Canonical XML 1.1: an apex does not inherit `xml:id`, and joins `xml:base` (`joins_bases`).
    pub keeps_ids: bool,
}

/// Inclusive canonical bytes of the subtree under `apex`, which carries the namespaces it inherits.
pub fn canonical(apex: Node<'_, '_>) -> Vec<u8> {
    canonical_as(apex, &Form::default()).into_bytes()
}

/// Canonical text of the subtree under `apex` in a form; `apex` may be the document itself.
///
/// Walks without recursion, so that depth costs no stack.
pub fn canonical_as<'a, 'i>(apex: Node<'a, 'i>, form: &Form<'a, 'i>) -> String {
    let mut writer = Writer {
        out: String::with_capacity(apex.range().len() + 128),
        apex,
        form,
        rendered: Vec::new(),
        depth: 0,
        is_behind_root: false,
    };
    writer.walk();
    writer.out
}

struct Writer<'f, 'a, 'i> {
    out: String,
    apex: Node<'a, 'i>,
    form: &'f Form<'a, 'i>,
    /// Exclusive form: what the open elements have declared, and how deep.
    rendered: Vec<(usize, &'a str, &'a str)>,
    depth: usize,
    /// The root element has been written.
    is_behind_root: bool,
}

impl<'a, 'i> Writer<'_, 'a, 'i> {
    fn walk(&mut self) {
        let mut node = self.apex;
        loop {
            let left_out = self.form.without == Some(node);
            if !left_out {
                self.open(node);
                if let Some(child) = node.first_child() {
                    node = child;
                    self.depth += 1;
                    continue;
                }
                self.close(node);
            }
            loop {
                if node == self.apex {
                    return;
                }
                if let Some(sibling) = node.next_sibling() {
                    node = sibling;
                    break;
                }
                let Some(parent) = node.parent() else { return };
                node = parent;
                self.depth = self.depth.saturating_sub(1);
                self.close(node);
            }
        }
    }

    fn open(&mut self, node: Node<'a, 'i>) {
        if node.is_element() {
            self.is_behind_root = true;
            self.out.push('<');
            self.out.push_str(qualified_name(node));
            match &self.form.exclusive {
                Some(inclusive) => self.push_used_namespaces(node, inclusive),
                None => push_namespaces(&mut self.out, node, node == self.apex),
            }
            let inherits = node == self.apex && self.form.exclusive.is_none();
            push_attributes(&mut self.out, node, inherits, self.form.keeps_ids);
            self.out.push('>');
        } else if node.is_text() {
            push_text(&mut self.out, node.text().unwrap_or_default());
        } else if let Some(instruction) = node.pi() {
            let value = instruction.value.unwrap_or_default();
            let gap = if value.is_empty() { "" } else { " " };
            self.push_beside(node, ["<?", instruction.target, gap, value, "?>"]);
        } else if node.is_comment() && self.form.comments {
            self.push_beside(node, ["<!--", node.text().unwrap_or_default(), "-->", "", ""]);
        }
    }

    /// Beside the root element every instruction and comment has a line of its own.
    fn push_beside(&mut self, node: Node<'a, 'i>, parts: [&str; 5]) {
        let outside = node.parent_element().is_none();
        let behind = outside && self.is_behind_root;
        if behind {
            self.out.push('\n');
        }
        for part in parts {
            // The parser keeps the line ends of the file here, which XML reads as line feeds.
            self.out.push_str(&part.replace("\r\n", "\n").replace('\r', "\n"));
        }
        if outside && !behind {
            self.out.push('\n');
        }
    }

    fn close(&mut self, node: Node<'a, 'i>) {
        if !node.is_element() {
            return;
        }
        self.out.push_str("</");
        self.out.push_str(qualified_name(node));
        self.out.push('>');
        while self.rendered.last().is_some_and(|declared| declared.0 >= self.depth) {
            self.rendered.pop();
        }
    }

    /// The declarations that the element and its attributes use and that are not in force yet.
    fn push_used_namespaces(&mut self, node: Node<'a, 'i>, inclusive: &BTreeSet<&'a str>) {
        let mut used: BTreeSet<&'a str> = BTreeSet::new();
        used.insert(prefix_of(qualified_name(node)));
        for attribute in node.attributes() {
            let prefix = prefix_of(attribute_name(node, &attribute));
            if !prefix.is_empty() {
                used.insert(prefix);
            }
        }
        if !inclusive.is_empty() {
            let named =
                |prefix: &str| inclusive.contains(if prefix.is_empty() { "#default" } else { prefix });
            let prefixes = node.namespaces().map(|namespace| namespace.name().unwrap_or_default());
            used.extend(prefixes.filter(|prefix| named(prefix)));
        }
        for prefix in used.into_iter().filter(|&prefix| prefix != "xml") {
            let called = |namespace: &&Namespace<'_>| namespace.name().unwrap_or_default() == prefix;
            let uri = node.namespaces().find(called).map_or("", |namespace| namespace.uri());
            let known = self.rendered.iter().rev().find(|declared| declared.1 == prefix);
            if known.map_or("", |declared| declared.2) != uri {
                push_declaration(&mut self.out, prefix, uri);
                self.rendered.push((self.depth, prefix, uri));
            }
        }
    }
}

fn prefix_of(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

/// The name as the document spells it: the parser keeps namespaces but not prefixes.
pub(super) fn qualified_name<'a>(node: Node<'a, '_>) -> &'a str {
    let source = node.document().input_text();
    let tag = source.get(node.range().start + 1..).unwrap_or_default();
    let ends = |byte: u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>');
    let end = tag.bytes().position(ends).unwrap_or(tag.len());
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
    let parent = node.parent_element().filter(|_| !is_apex);
    if node.namespaces().len() == 0 || parent.is_some_and(|parent| parent.namespaces().eq(node.namespaces()))
    {
        return;
    }
    let above = parent.map(in_scope).unwrap_or_default();
    for (prefix, uri) in in_scope(node) {
        if above.get(prefix).copied().unwrap_or_default() != uri {
            push_declaration(out, prefix, uri);
        }
    }
}

fn push_declaration(out: &mut String, prefix: &str, uri: &str) {
    out.push_str(" xmlns");
    if !prefix.is_empty() {
        out.push(':');
        out.push_str(prefix);
    }
    out.push_str("=\"");
    push_attribute_value(out, uri);
    out.push('"');
}

/// Sorted by namespace, then by local name; an inclusive apex also takes the `xml:` attributes in
/// force.
fn push_attributes(out: &mut String, node: Node<'_, '_>, inherits: bool, keeps_ids: bool) {
    if !inherits && node.attributes().len() == 0 {
        return;
    }
    let mut attributes: Vec<(&str, &str, &str, &str)> = node
        .attributes()
        .map(|a| (a.namespace().unwrap_or_default(), a.name(), attribute_name(node, &a), a.value()))
        .collect();
    if inherits {
        for ancestor in node.ancestors().skip(1) {
            let of_xml = |a: &Attribute<'_, '_>| {
                a.namespace() == Some(XML_NAMESPACE) && !(keeps_ids && a.name() == "id")
            };
            for a in ancestor.attributes().filter(of_xml) {
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

/// Whether the form of an element would say a base that is not computed here: Canonical XML 1.1 (section 2.4) has an
/// apex join its `xml:base` with those of the elements above it.
pub(super) fn joins_bases(apex: Node<'_, '_>, form: &Form<'_, '_>) -> bool {
    let has_base = |node: Node<'_, '_>| node.attribute((XML_NAMESPACE, "base")).is_some();
    form.keeps_ids && form.exclusive.is_none() && apex.ancestors().skip(1).any(has_base)
}

/// Whether an element, or one above it, declares a namespace by a relative URI: such a document has no canonical form
/// (Canonical XML 1.0, section 1.3).
pub(super) fn declares_relative(node: Node<'_, '_>) -> bool {
    let is_as_above = node.parent_element().is_some_and(|parent| parent.namespaces().eq(node.namespaces()));
    // What it inherits was looked at on the element that declares it.
    !is_as_above && node.namespaces().any(|namespace| is_relative(namespace.uri()))
}

/// Whether a URI has no scheme, or characters that none may have (RFC 3986). Empty is no URI.
fn is_relative(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return !uri.is_empty() };
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let allowed =
        |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`');
    !(begins && scheme.chars().all(good) && rest.chars().all(allowed))
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

    #[test]
    fn comments_stay_where_the_form_has_them() {
        let document = Document::parse("<!--a--><r><!-- b\r\n --></r><!--c-->").unwrap();
        let with = Form { comments: true, ..Form::default() };
        assert_eq!(canonical_as(document.root(), &with), "<!--a-->\n<r><!-- b\n --></r>\n<!--c-->");
        assert_eq!(canonical_as(document.root(), &Form::default()), "<r></r>");
    }

    #[test]
    fn an_inherited_id_is_of_the_first_edition_only() {
        let document = Document::parse("<a xml:id=\"i\" xml:lang=\"vi\"><b/></a>").unwrap();
        let b = document.root_element().first_child().unwrap();
        let newer = Form { keeps_ids: true, ..Form::default() };
        assert_eq!(canonical_as(b, &newer), r#"<b xml:lang="vi"></b>"#);
        assert_eq!(canonical_as(b, &Form::default()), r#"<b xml:id="i" xml:lang="vi"></b>"#);
    }

    #[test]
    fn a_relative_namespace_is_told_from_an_absolute_one() {
        for relative in ["abc", "/x", "//h/x", "1a:b", "a b", "http://a b", "ầ:x", "#x", " urn:x"] {
            assert!(is_relative(relative), "{relative}");
        }
        for absolute in ["", "urn:x", "abc:", "http://www.w3.org/2000/09/xmldsig#", "http://[x]/"] {
            assert!(!is_relative(absolute), "{absolute}");
        }
    }
}
