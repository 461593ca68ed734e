//! What is drawn on a page, and which part of the document it belongs to.

use std::ops::Range;
use std::rc::Rc;

use super::font::Glyph;
use super::tree::NodeId;

/// Whose an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Node(NodeId),
    /// Rules and frames: of no meaning to a reader who does not see them.
    Layout,
    /// The head of a table again, on its next page.
    Repeated,
    /// The head of a page after the first.
    Head,
    Foot,
}

/// An operation. Rectangles are (x, y, width, height).
#[derive(Clone, Debug)]
pub(super) enum Draw {
    Text { x: f32, baseline: f32, text: Rc<str>, glyphs: Rc<[Glyph]>, range: Range<usize> },
    Rects(Vec<[f32; 4]>),
}

#[derive(Clone, Debug)]
pub(super) struct Op {
    pub owner: Owner,
    pub draw: Draw,
}
