//! A paragraph: pieces of text in several faces and sizes, set as one.

use std::ops::Range;
use std::rc::Rc;

use super::font::{Face, Glyph, shape};
use crate::text;

/// Where lines stand in their column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

impl Align {
    /// What stands left of a thing of this width.
    pub(super) fn indent(self, room: f32, width: f32) -> f32 {
        match self {
            Align::Left => 0.0,
            Align::Centre => (room - width) / 2.0,
            Align::Right => room - width,
        }
    }
}

/// Text to be set. Pieces follow each other without a space between them.
#[derive(Clone, Debug)]
pub struct Paragraph {
    pub(super) align: Align,
    size: f32,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    face: Face,
    size: f32,
    text: String,
    /// The piece begins on a line of its own.
    is_on_new_line: bool,
    /// No line ends in the piece or behind it.
    is_label: bool,
}

impl Piece {
    fn of(face: Face, size: f32, text: &str) -> Piece {
        Piece { face, size, text: text::visible(text), is_on_new_line: false, is_label: false }
    }
}

impl Paragraph {
    /// An empty paragraph; pieces have this size unless they say otherwise.
    pub fn new(size: f32) -> Self {
        Paragraph { align: Align::Left, size, pieces: Vec::new() }
    }

    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    pub fn regular(self, text: &str) -> Self {
        let size = self.size;
        self.piece(Face::Regular, size, text)
    }

    pub fn bold(self, text: &str) -> Self {
        let size = self.size;
        self.piece(Face::Bold, size, text)
    }

    pub fn italic(self, text: &str) -> Self {
        let size = self.size;
        self.piece(Face::Italic, size, text)
    }

    /// Appends a label, which stays on one line with the first word of what it names.
    pub fn label(mut self, text: &str) -> Self {
        let piece = Piece::of(Face::Regular, self.size, text);
        self.pieces.push(Piece { is_label: true, ..piece });
        self
    }

    /// Appends text; what cannot be shown in a document is taken out here, whoever wrote it.
    pub fn piece(mut self, face: Face, size: f32, text: &str) -> Self {
        self.pieces.push(Piece::of(face, size, text));
        self
    }

    /// Appends text on a new line of the same paragraph.
    pub fn line(mut self, face: Face, size: f32, text: &str) -> Self {
        self.pieces.push(Piece { is_on_new_line: true, ..Piece::of(face, size, text) });
        self
    }

    pub(super) fn shaped(&self) -> Shaped {
        let mut text = String::new();
        let mut glyphs = Vec::new();
        let mut forced = Vec::new();
        let mut labels = Vec::new();
        for piece in &self.pieces {
            if piece.is_on_new_line && !text.is_empty() {
                // A screen reader and a copied text need a word boundary here.
                let at = text.len();
                text.push(' ');
                shape(piece.face, piece.size, &text, at, &mut glyphs);
                forced.push(glyphs.len());
            }
            let (at, first) = (text.len(), glyphs.len());
            text.push_str(&piece.text);
            shape(piece.face, piece.size, &text, at, &mut glyphs);
            if piece.is_label {
                labels.push(first..glyphs.len());
            }
        }
        Shaped { text: text.into(), glyphs: glyphs.into(), forced, labels, align: self.align }
    }
}

/// A paragraph as glyphs, not yet broken into lines.
pub(super) struct Shaped {
    pub text: Rc<str>,
    pub glyphs: Rc<[Glyph]>,
    /// Glyphs that begin a new line, ascending.
    pub forced: Vec<usize>,
    /// Glyphs after which no line ends.
    pub labels: Vec<Range<usize>>,
    pub align: Align,
}
