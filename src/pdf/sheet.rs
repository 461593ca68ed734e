//! A sheet of pages that is filled from top to bottom.

use std::rc::Rc;

use super::draw::{Draw, Op, Owner};
use super::emit::{self, Description};
use super::flow::{Flow, Part, Stack, Strand};
use super::mm;
use super::paragraph::Paragraph;
use super::tree::Tree;
use crate::error::Result;

/// Size and margins of a page.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    pub width: f32,
    pub height: f32,
    pub side: f32,
    pub top: f32,
    /// Holds the foot of the page.
    pub bottom: f32,
}

impl Paper {
    pub const A4: Paper =
        Paper { width: mm(210.0), height: mm(297.0), side: mm(15.0), top: mm(12.0), bottom: mm(15.0) };
    pub const A4_LANDSCAPE: Paper =
        Paper { width: mm(297.0), height: mm(210.0), side: mm(15.0), top: mm(12.0), bottom: mm(15.0) };
    pub const A5_LANDSCAPE: Paper =
        Paper { width: mm(210.0), height: mm(148.0), side: mm(12.0), top: mm(8.0), bottom: mm(11.0) };

    /// Between the margins.
    pub fn text_width(&self) -> f32 {
        self.width - 2.0 * self.side
    }
}

/// What every page carries besides its content, as a function of the page and the number of pages.
pub struct Furniture<'a> {
    /// The head of pages after the first.
    pub head: &'a dyn Fn(usize, usize) -> Paragraph,
    pub foot: &'a dyn Fn(usize, usize) -> Paragraph,
}

/// Kept free for the head of pages after the first.
const HEAD_HEIGHT: f32 = 22.0;
/// From the content to the foot.
const FOOT_GAP: f32 = 6.0;

/// The pages of one document, to be printed with those of others.
pub struct Leaves {
    pub(super) paper: Paper,
    pub(super) pages: Vec<Vec<Op>>,
    pub(super) tree: Tree,
    pub(super) watermark: Option<&'static str>,
}

/// Pages in the making.
pub struct Sheet {
    paper: Paper,
    pages: Vec<Vec<Op>>,
    pub(super) y: f32,
    pub(super) tree: Tree,
}

impl Sheet {
    pub fn new(paper: Paper) -> Sheet {
        Sheet { paper, pages: vec![Vec::new()], y: paper.top, tree: Tree::default() }
    }

    pub fn text_width(&self) -> f32 {
        self.paper.text_width()
    }

    /// Leaves a gap, unless the page has just begun.
    pub fn space(&mut self, height: f32) {
        if !self.is_fresh() {
            self.y += height;
        }
    }

    /// A paragraph over the whole width.
    pub fn text(&mut self, paragraph: Paragraph) {
        self.parts(vec![Part::Text(paragraph)]);
    }

    /// One column over the whole width.
    pub fn parts(&mut self, parts: Vec<Part>) {
        self.columns(vec![Stack { x: 0.0, width: self.text_width(), parts }]);
    }

    /// Draws the furniture and writes the document.
    ///
    /// # Errors
    /// `Internal`: the document breaks a rule of the standards. No text may lead there.
    pub fn finish(mut self, furniture: &Furniture<'_>, description: &Description<'_>) -> Result<Vec<u8>> {
        self.furnish_all(furniture);
        emit::emit(self.paper, &self.pages, &mut self.tree, description)
    }

    /// Draws the furniture and leaves the pages to be printed with those of other sheets.
    pub fn finish_for_print(mut self, furniture: &Furniture<'_>, watermark: Option<&'static str>) -> Leaves {
        self.furnish_all(furniture);
        Leaves { paper: self.paper, pages: self.pages, tree: self.tree, watermark }
    }

    fn furnish_all(&mut self, furniture: &Furniture<'_>) {
        let count = self.pages.len();
        for page in 0..count {
            if page > 0 {
                let head = (furniture.head)(page + 1, count);
                self.furnish(page, Owner::Head, &head, self.paper.top, HEAD_HEIGHT);
            }
            let foot = (furniture.foot)(page + 1, count);
            let top = self.paper.height - self.paper.bottom + FOOT_GAP;
            self.furnish(page, Owner::Foot, &foot, top, self.paper.bottom - FOOT_GAP);
        }
    }

    /// Lines that do not fit into the place kept for them are left out: they are decoration.
    fn furnish(&mut self, page: usize, owner: Owner, paragraph: &Paragraph, top: f32, room: f32) {
        let shaped = paragraph.shaped();
        let mut used = 0.0;
        for line in shaped.lines(self.text_width()) {
            if used + line.height > room {
                return;
            }
            let draw = Draw::Text {
                x: self.left() + shaped.align.indent(self.text_width(), line.width),
                baseline: top + used + line.baseline,
                text: Rc::clone(&shaped.text),
                glyphs: Rc::clone(&shaped.glyphs),
                range: line.glyphs.clone(),
            };
            used += line.height;
            if let Some(page) = self.pages.get_mut(page) {
                page.push(Op { owner, draw });
            }
        }
    }

    pub(super) fn left(&self) -> f32 {
        self.paper.side
    }

    pub(super) fn page(&self) -> usize {
        self.pages.len() - 1
    }

    pub(super) fn push(&mut self, op: Op) {
        if let Some(page) = self.pages.last_mut() {
            page.push(op);
        }
    }

    pub(super) fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = self.page_top();
    }

    fn page_top(&self) -> f32 {
        self.paper.top + if self.page() > 0 { HEAD_HEIGHT } else { 0.0 }
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.y <= self.page_top()
    }

    pub(super) fn remaining(&self) -> f32 {
        self.paper.height - self.paper.bottom - self.y
    }

    /// What a further page holds.
    pub(super) fn fresh_height(&self) -> f32 {
        self.paper.height - self.paper.bottom - self.paper.top - HEAD_HEIGHT
    }

    /// Begins a page when a thing that fits on one does not fit on the rest of this one.
    pub(super) fn keep_together(&mut self, height: f32, head: Option<&Flow<'_>>) {
        let head_height = head.map_or(0.0, Flow::height);
        if height > self.remaining() && height <= self.fresh_height() - head_height {
            self.turn(head);
        }
    }

    /// The height of columns, before they are laid out.
    pub fn height_of(&self, stacks: &[Stack]) -> f32 {
        let mut trial = Sheet::new(self.paper);
        let strands: Vec<Strand> = stacks.iter().map(|stack| trial.strand(stack.clone())).collect();
        Flow::plain(strands).height()
    }
}
