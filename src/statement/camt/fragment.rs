//! One element of a statement with everything inside it: a flat tree of places in the text, so that
//! reading an entry copies nothing and asks for no memory.

use std::borrow::Cow;

/// A piece of a text, by bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    pub start: usize,
    pub length: usize,
}

impl Span {
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.start + self.length).unwrap_or_default()
    }
}

/// The first bytes of a name as one number, so that names are compared without going through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Key(u64);

impl Key {
    const BYTES: usize = 8;

    #[inline]
    pub fn of(name: &str) -> Key {
        let bytes = name.as_bytes();
        Key(match bytes.first_chunk::<{ Key::BYTES }>() {
            Some(first) => u64::from_be_bytes(*first),
            None => bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)),
        })
    }
}

/// A name that is looked for.
#[derive(Clone, Copy)]
struct Sought<'n> {
    name: &'n str,
    key: Key,
}

impl<'n> Sought<'n> {
    #[inline]
    fn new(name: &'n str) -> Self {
        Sought { name, key: Key::of(name) }
    }

    #[inline]
    fn is(self, element: Element<'_>) -> bool {
        let node = element.node;
        node.key == self.key
            && node.name.length == self.name.len()
            && (self.name.len() <= Key::BYTES || element.name() == self.name)
    }
}

/// One element, as places in the text it was read from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Node {
    pub name: Span,
    pub key: Key,
    pub text: Span,
    /// Its place among the texts that stand in several pieces.
    pub pieced: Option<usize>,
    /// The attribute `Ccy`, in `currencies`.
    pub currency: Span,
    /// The place of the first element behind it and everything inside it.
    pub end: usize,
}

pub(super) const NOTHING: Node = Node {
    name: Span { start: 0, length: 0 },
    key: Key(0),
    text: Span { start: 0, length: 0 },
    pieced: None,
    currency: Span { start: 0, length: 0 },
    end: 0,
};

/// An element of a statement with everything inside it. Nothing is copied out of the text but what
/// character references and comments break to pieces.
pub(super) struct Fragment<'t> {
    pub path: &'t str,
    /// The exact text.
    pub raw: Cow<'t, str>,
    /// In the order of the document; the root comes first.
    pub nodes: &'t [Node],
    /// Texts that stand in several pieces.
    pub pieced: &'t [String],
    pub currencies: &'t str,
}

impl Fragment<'_> {
    pub fn root(&self) -> Element<'_> {
        Element { fragment: self, at: 0, node: self.nodes.first().unwrap_or(&NOTHING) }
    }

    pub fn name(&self) -> &str {
        last_name(self.path)
    }
}

/// An element by its local name, with what we need of it.
#[derive(Clone, Copy)]
pub(super) struct Element<'t> {
    fragment: &'t Fragment<'t>,
    at: usize,
    node: &'t Node,
}

impl<'t> Element<'t> {
    pub fn children(self) -> impl Iterator<Item = Element<'t>> {
        let mut next = self.at + 1;
        std::iter::from_fn(move || {
            let at = next;
            let node = self.fragment.nodes.get(at).filter(|_| at < self.node.end)?;
            next = node.end;
            Some(Element { fragment: self.fragment, at, node })
        })
    }

    pub fn name(self) -> &'t str {
        self.node.name.of(&self.fragment.raw)
    }

    #[inline]
    pub fn is(self, name: &str) -> bool {
        Sought::new(name).is(self)
    }

    /// Whether an element of that name stands anywhere inside.
    pub fn holds(self, name: &str) -> bool {
        let inside = self.fragment.nodes.get(self.at..self.node.end).unwrap_or_default();
        let sought = Sought::new(name);
        (self.at..).zip(inside).any(|(at, node)| sought.is(Element { fragment: self.fragment, at, node }))
    }

    /// Whether an amount anywhere inside is of another currency.
    pub fn is_in_other_currency(self, currency: &str) -> bool {
        let inside = self.fragment.nodes.get(self.at..self.node.end).unwrap_or_default();
        let mut named = inside.iter().map(|node| node.currency.of(self.fragment.currencies).trim());
        named.any(|named| !named.is_empty() && named != currency)
    }

    pub fn child(self, name: &str) -> Option<Element<'t>> {
        let sought = Sought::new(name);
        self.children().find(|child| sought.is(*child))
    }

    pub fn all(self, name: &str) -> impl Iterator<Item = Element<'t>> {
        let sought = Sought::new(name);
        self.children().filter(move |child| sought.is(*child))
    }

    pub fn descend(self, path: &[&str]) -> Option<Element<'t>> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The trimmed text of the element, if any.
    pub fn text(self) -> Option<&'t str> {
        let pieced = self.node.pieced.and_then(|at| self.fragment.pieced.get(at));
        let text = pieced.map_or_else(|| self.node.text.of(&self.fragment.raw), String::as_str);
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    pub fn text_at(self, path: &[&str]) -> Option<&'t str> {
        self.descend(path)?.text()
    }

    /// Cleaned text at the path, for names and references.
    pub fn clean_at(self, path: &[&str]) -> Option<String> {
        self.text_at(path).map(crate::text::clean).filter(|text| !text.is_empty())
    }

    /// The attribute `Ccy`.
    pub fn currency(self) -> Option<&'t str> {
        Some(self.node.currency.of(self.fragment.currencies).trim()).filter(|currency| !currency.is_empty())
    }
}

/// Of `/Document/BkToCstmrStmt/Stmt[1]` it is `Stmt`.
pub(super) fn last_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('[').next().unwrap_or(name)
}
