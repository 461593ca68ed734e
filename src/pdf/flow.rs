//! Columns side by side that flow down the page and on over the next: a paragraph is one column,
//! the head of a form three, a table's row as many as it has cells.

use std::collections::VecDeque;
use std::rc::Rc;

use krilla::geom::Rect;

use super::draw::{Draw, Op, Owner};
use super::font::Glyph;
use super::line::Line;
use super::paragraph::{Align, Paragraph, Shaped};
use super::qr::Qr;
use super::sheet::Sheet;
use super::tree::{NodeId, Role};

/// Sums of line heights are compared with a page's height, and neither is exact.
const TOLERANCE: f32 = 0.01;
/// The width of rules.
const THIN: f32 = 0.5;
/// From a frame to the text in it.
const FRAME_PADDING: f32 = 4.0;

/// One thing in a column.
#[derive(Clone, Debug)]
pub enum Part {
    Text(Paragraph),
    Title(Paragraph),
    Gap(f32),
    Figure(Qr, Align),
    /// A thin line of this length in the middle of the column.
    Rule(f32),
    /// Paragraphs in a frame.
    Framed(Vec<Paragraph>),
}

/// A column, from top to bottom. `x` is measured from the left margin.
#[derive(Clone, Debug)]
pub struct Stack {
    pub x: f32,
    pub width: f32,
    pub parts: Vec<Part>,
}

#[derive(Clone)]
pub(super) struct Item {
    pub owner: Owner,
    height: f32,
    /// From the column's edges.
    inset: f32,
    is_framed: bool,
    kind: Kind,
}

impl Item {
    fn new(owner: Owner, height: f32, kind: Kind) -> Item {
        Item { owner, height, inset: 0.0, is_framed: false, kind }
    }
}

#[derive(Clone)]
enum Kind {
    Line { text: Rc<str>, glyphs: Rc<[Glyph]>, line: Line, align: Align },
    Figure(Qr, Align, NodeId),
    Rule(f32),
    Gap,
}

/// A column as it is laid out.
#[derive(Clone)]
pub(super) struct Strand {
    pub x: f32,
    pub width: f32,
    pub items: VecDeque<Item>,
}

impl Strand {
    pub fn new(x: f32, width: f32) -> Strand {
        Strand { x, width, items: VecDeque::new() }
    }

    pub fn push_text(&mut self, owner: Owner, shaped: &Shaped) {
        self.push_lines(owner, shaped, 0.0, false);
    }

    fn push_lines(&mut self, owner: Owner, shaped: &Shaped, inset: f32, is_framed: bool) {
        for line in shaped.lines(self.width - 2.0 * inset) {
            let (text, glyphs) = (Rc::clone(&shaped.text), Rc::clone(&shaped.glyphs));
            let height = line.height;
            let kind = Kind::Line { text, glyphs, line, align: shaped.align };
            self.items.push_back(Item { owner, height, inset, is_framed, kind });
        }
    }

    fn push_gap(&mut self, height: f32, is_framed: bool) {
        self.items.push_back(Item { is_framed, ..Item::new(Owner::Layout, height, Kind::Gap) });
    }

    fn height(&self) -> f32 {
        self.items.iter().map(|item| item.height).sum()
    }
}

/// Strands of equal height, with what a table's row has besides.
pub(super) struct Flow<'a> {
    pub strands: Vec<Strand>,
    /// Above and below the strands.
    pub padding: f32,
    /// Where vertical rules stand; without any the flow has no rules.
    pub rules: Vec<f32>,
    /// Drawn again at the top of each further page.
    pub head: Option<&'a Flow<'a>>,
}

impl Flow<'_> {
    pub fn plain(strands: Vec<Strand>) -> Self {
        Flow { strands, padding: 0.0, rules: Vec::new(), head: None }
    }

    pub fn height(&self) -> f32 {
        self.strands.iter().map(Strand::height).fold(0.0, f32::max) + 2.0 * self.padding
    }

    /// The same as decoration: what it says was said before.
    fn repeated(&self) -> Flow<'static> {
        let mut strands = self.strands.clone();
        for item in strands.iter_mut().flat_map(|strand| strand.items.iter_mut()) {
            item.owner = Owner::Repeated;
        }
        Flow { strands, padding: self.padding, rules: self.rules.clone(), head: None }
    }
}

impl Sheet {
    /// Lays columns out side by side. They stay on one page when they fit on one.
    pub fn columns(&mut self, stacks: Vec<Stack>) {
        let strands = stacks.into_iter().map(|stack| self.strand(stack)).collect();
        self.flow(Flow::plain(strands));
    }

    pub(super) fn strand(&mut self, stack: Stack) -> Strand {
        let mut strand = Strand::new(self.left() + stack.x, stack.width);
        for part in stack.parts {
            self.push_part(&mut strand, part);
        }
        strand
    }

    fn push_part(&mut self, strand: &mut Strand, part: Part) {
        match part {
            Part::Text(paragraph) => {
                let node = self.tree.add(None, Role::Text);
                strand.push_text(Owner::Node(node), &paragraph.shaped());
            }
            Part::Title(paragraph) => {
                let node = self.tree.add(None, Role::Title);
                strand.push_text(Owner::Node(node), &paragraph.shaped());
            }
            Part::Gap(height) => strand.push_gap(height, false),
            Part::Rule(length) => {
                let item = Item::new(Owner::Layout, THIN, Kind::Rule(length));
                strand.items.push_back(item);
            }
            Part::Figure(qr, align) => {
                let node = self.tree.add(None, Role::Figure(qr.words.clone()));
                let item = Item::new(Owner::Node(node), qr.width, Kind::Figure(qr, align, node));
                strand.items.push_back(item);
            }
            Part::Framed(paragraphs) => {
                strand.push_gap(FRAME_PADDING, true);
                for paragraph in paragraphs {
                    let node = self.tree.add(None, Role::Text);
                    strand.push_lines(Owner::Node(node), &paragraph.shaped(), 2.0 * FRAME_PADDING, true);
                }
                strand.push_gap(FRAME_PADDING, true);
            }
        }
    }

    /// Lays a flow out at the cursor: whole on this page or the next when it fits there, in
    /// pieces otherwise.
    pub(super) fn flow(&mut self, mut flow: Flow<'_>) {
        let head_height = flow.head.map_or(0.0, Flow::height);
        let total = flow.height();
        if total > self.remaining() + TOLERANCE && total <= self.fresh_height() - head_height + TOLERANCE {
            self.turn(flow.head);
        }
        let mut is_fresh = self.is_fresh();
        loop {
            self.fill(&mut flow, is_fresh);
            if flow.strands.iter().all(|strand| strand.items.is_empty()) {
                return;
            }
            self.turn(flow.head);
            is_fresh = true;
        }
    }

    /// Begins a page, with the head of the table that goes on there.
    pub(super) fn turn(&mut self, head: Option<&Flow<'_>>) {
        self.new_page();
        if let Some(head) = head {
            let mut again = head.repeated();
            self.fill(&mut again, true);
        }
    }

    /// Places what fits on this page. On a fresh page one item of each strand always does, however
    /// high it is: so nothing goes on for ever.
    fn fill(&mut self, flow: &mut Flow<'_>, is_fresh: bool) {
        let top = self.y;
        let room = self.remaining() - 2.0 * flow.padding + TOLERANCE;
        let mut depth = 0.0_f32;
        for strand in &mut flow.strands {
            let mut used = 0.0;
            let mut framed: Option<(f32, f32)> = None;
            while let Some(item) = strand.items.front() {
                let is_first = is_fresh && used <= 0.0;
                if used + item.height > room && !is_first {
                    break;
                }
                let Some(item) = strand.items.pop_front() else { break };
                self.place(strand, &item, top + flow.padding + used);
                if item.is_framed {
                    let (begin, _) = framed.unwrap_or((used, used));
                    framed = Some((begin, used + item.height));
                }
                used += item.height;
            }
            if let Some((begin, end)) = framed {
                self.frame(strand, top + flow.padding + begin, end - begin);
            }
            depth = depth.max(used);
        }
        let is_row_of_nothing = flow.strands.iter().all(|strand| strand.items.is_empty());
        if depth <= 0.0 && !is_row_of_nothing {
            return;
        }
        self.y = top + depth + 2.0 * flow.padding;
        if let (Some(&first), Some(&last)) = (flow.rules.first(), flow.rules.last()) {
            self.rule_cells(first, last, &flow.rules, top);
        }
    }

    fn place(&mut self, strand: &Strand, item: &Item, top: f32) {
        let room = strand.width - 2.0 * item.inset;
        let indent = |align: Align, width: f32| item.inset + align.indent(room, width);
        let draw = match &item.kind {
            Kind::Gap => return,
            Kind::Rule(length) => {
                Draw::Rects(vec![[strand.x + indent(Align::Centre, *length), top, *length, THIN]])
            }
            Kind::Line { text, glyphs, line, align } => Draw::Text {
                x: strand.x + indent(*align, line.width),
                baseline: top + line.baseline,
                text: Rc::clone(text),
                glyphs: Rc::clone(glyphs),
                range: line.glyphs.clone(),
            },
            Kind::Figure(qr, align, node) => {
                let x = strand.x + indent(*align, qr.width);
                if let Some(area) = Rect::from_xywh(x, top, qr.width, qr.width) {
                    self.tree.place(*node, (self.page(), area));
                }
                Draw::Rects(qr.rects(x, top))
            }
        };
        self.push(Op { owner: item.owner, draw });
    }

    fn frame(&mut self, strand: &Strand, top: f32, height: f32) {
        let (x, width) = (strand.x, strand.width);
        let edges = [
            [x, top, width, THIN],
            [x, top + height - THIN, width, THIN],
            [x, top, THIN, height],
            [x + width - THIN, top, THIN, height],
        ];
        self.push(Op { owner: Owner::Layout, draw: Draw::Rects(edges.to_vec()) });
    }

    fn rule_cells(&mut self, first: f32, last: f32, rules: &[f32], top: f32) {
        let (height, width) = (self.y - top + THIN, last - first + THIN);
        let mut lines = vec![[first, top, width, THIN], [first, self.y, width, THIN]];
        lines.extend(rules.iter().map(|&x| [x, top, THIN, height]));
        self.push(Op { owner: Owner::Layout, draw: Draw::Rects(lines) });
    }
}
