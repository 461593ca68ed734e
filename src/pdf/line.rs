//! Breaking a shaped paragraph into lines.

use std::ops::Range;

use super::font::{Face, Glyph};
use super::paragraph::Shaped;

/// Distance of two baselines as a share of the size: Vietnamese capitals carry two marks.
const LEADING: f32 = 1.19;

/// A line of a paragraph.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub glyphs: Range<usize>,
    /// Without the spaces at its end.
    pub width: f32,
    pub height: f32,
    /// From the line's top to its baseline.
    pub baseline: f32,
}

impl Shaped {
    /// The width the paragraph takes when nothing but its own line breaks breaks it.
    pub fn natural_width(&self) -> f32 {
        self.lines(f32::INFINITY).iter().map(|line| line.width).fold(0.0, f32::max)
    }

    /// Breaks at spaces and after hyphens and slashes; a word that is wider than the column is
    /// broken between letters. A paragraph without text has no line.
    pub fn lines(&self, width: f32) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut forced = self.forced.iter().copied().peekable();
        // The line began at `from`, is `filled` wide up to `at`, and may end at `chance`.
        let (mut from, mut at, mut filled, mut chance) = (0, 0, 0.0_f32, None);
        while let Some(glyph) = self.glyphs.get(at) {
            let is_forced = forced.next_if_eq(&at).is_some();
            let is_full = !self.is_space(at) && filled + glyph.advance > width && self.begins_cluster(at);
            if at > from && (is_forced || is_full) {
                let end = if is_forced { at } else { chance.unwrap_or(at) };
                lines.push(self.line(from..end));
                from = end;
                filled = self.advance(from..at);
                chance = None;
                continue;
            }
            filled += glyph.advance;
            at += 1;
            if self.may_end_after(at - 1) {
                chance = Some(at);
            }
        }
        if from < at {
            lines.push(self.line(from..at));
        }
        lines
    }

    fn line(&self, glyphs: Range<usize>) -> Line {
        let trailing = glyphs.clone().rev().take_while(|&at| self.is_space(at)).count();
        let inside = self.glyphs.get(glyphs.clone()).unwrap_or_default();
        let size = inside.iter().map(|glyph| glyph.size).fold(0.0, f32::max);
        let font = inside.first().map_or(Face::Regular, |glyph| glyph.face).font();
        let height = size * LEADING;
        let half_leading = (height - size * (font.ascent + font.descent)) / 2.0;
        Line {
            width: self.advance(glyphs.start..glyphs.end - trailing),
            baseline: half_leading + size * font.ascent,
            height,
            glyphs,
        }
    }

    fn advance(&self, glyphs: Range<usize>) -> f32 {
        self.glyphs.get(glyphs).unwrap_or_default().iter().map(|glyph| glyph.advance).sum()
    }

    fn shown(&self, glyph: &Glyph) -> &str {
        self.text.get(glyph.range.clone()).unwrap_or_default()
    }

    fn is_space(&self, at: usize) -> bool {
        self.glyphs.get(at).is_some_and(|glyph| self.shown(glyph) == " ")
    }

    fn may_end_after(&self, at: usize) -> bool {
        self.glyphs.get(at).is_some_and(|glyph| self.shown(glyph).ends_with([' ', '-', '/', '–', '—']))
    }

    /// Letter and mark stay together.
    fn begins_cluster(&self, at: usize) -> bool {
        let start = |at: usize| self.glyphs.get(at).map(|glyph| glyph.range.start);
        at == 0 || start(at - 1) != start(at)
    }
}
