//! The tag tree: what the parts of a document are, in reading order.

use std::num::{NonZeroU16, NonZeroU32};

use krilla::geom::Rect;
use krilla::tagging::{BBox, Identifier, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

pub(super) type NodeId = usize;

/// What a part of a document is.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    Text,
    /// The heading, which is also the document's outline.
    Title,
    Table,
    TableHead,
    TableBody,
    TableFoot,
    Row,
    HeaderCell,
    /// With the number of columns it spans.
    Cell(u32),
    /// With the words for those who cannot see it.
    Figure(String),
}

/// The page and the rectangle of a figure.
pub(super) type Area = (usize, Rect);

struct Node {
    role: Role,
    parts: Vec<Part>,
    area: Option<Area>,
}

enum Part {
    Node(NodeId),
    Content(Identifier),
}

#[derive(Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
}

impl Tree {
    pub fn add(&mut self, parent: Option<NodeId>, role: Role) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { role, parts: Vec::new(), area: None });
        match parent.and_then(|parent| self.nodes.get_mut(parent)) {
            Some(parent) => parent.parts.push(Part::Node(id)),
            None => self.roots.push(id),
        }
        id
    }

    pub fn place(&mut self, node: NodeId, area: Area) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.area = Some(area);
        }
    }

    pub fn content(&mut self, node: NodeId, identifier: Identifier) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.parts.push(Part::Content(identifier));
        }
    }

    pub fn tags(&self, title: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(super::emit::LANGUAGE.to_owned()));
        for &root in &self.roots {
            if let Some(group) = self.group(root, title) {
                tree.push(group);
            }
        }
        tree
    }

    fn group(&self, id: NodeId, title: &str) -> Option<TagGroup> {
        let node = self.nodes.get(id)?;
        let mut group = TagGroup::new(tag(node, title));
        for part in &node.parts {
            match part {
                Part::Node(inner) => {
                    if let Some(inner) = self.group(*inner, title) {
                        group.push(inner);
                    }
                }
                Part::Content(identifier) => group.push(*identifier),
            }
        }
        // An empty cell keeps its place in the row, and a table with a head or sums must have a body (ISO 14289-1
        // 7.2); anything else without content says nothing.
        let is_kept = matches!(node.role, Role::Cell(_) | Role::HeaderCell | Role::TableBody);
        (is_kept || !group.children.is_empty()).then_some(group)
    }
}

fn tag(node: &Node, title: &str) -> TagKind {
    match &node.role {
        Role::Text => Tag::P.into(),
        Role::Title => Tag::Hn(NonZeroU16::MIN, Some(title.to_owned())).into(),
        Role::Table => Tag::Table.into(),
        Role::TableHead => Tag::THead.into(),
        Role::TableBody => Tag::TBody.into(),
        Role::TableFoot => Tag::TFoot.into(),
        Role::Row => Tag::TR.into(),
        Role::HeaderCell => Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell(span) => Tag::TD.with_col_span(NonZeroU32::new(*span).filter(|n| n.get() > 1)).into(),
        Role::Figure(words) => Tag::Figure(Some(words.clone()))
            .with_bbox(node.area.map(|(page, rect)| BBox::new(page, rect)))
            .into(),
    }
}
