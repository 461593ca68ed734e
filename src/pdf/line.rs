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

    /// Breaks at spaces, and after hyphens and slashes that are not part of a date or a number, but never
    /// between a label and the first word of what it names; a word that is wider than the column is broken
    /// between letters. A paragraph without text has no line.
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
        let Some(glyph) = self.glyphs.get(at) else { return false };
        if self.labels.iter().any(|label| label.contains(&at)) {
            return false;
        }
        match self.shown(glyph).chars().next_back() {
            Some(' ') => true,
            // 27/11/2026, BL-26E and 05/BB-TT are read as one.
            Some('-' | '/' | '–' | '—') => !self.is_within_number(glyph),
            _ => false,
        }
    }

    /// Whether a digit stands on either side.
    fn is_within_number(&self, glyph: &Glyph) -> bool {
        let mark = self.shown(glyph).chars().next_back().map_or(0, char::len_utf8);
        let before = self.text.get(..glyph.range.end - mark).and_then(|text| text.chars().next_back());
        let after = self.text.get(glyph.range.end..).and_then(|text| text.chars().next());
        [before, after].into_iter().flatten().any(|one| one.is_ascii_digit())
    }

    /// Letter and mark stay together.
    fn begins_cluster(&self, at: usize) -> bool {
        let start = |at: usize| self.glyphs.get(at).map(|glyph| glyph.range.start);
        at == 0 || start(at - 1) != start(at)
    }
}

#[cfg(test)]
mod tests {
    use crate::pdf::Paragraph;

    /// The lines of a text in a column that is as wide as this text.
    fn set(text: &str, as_wide_as: &str) -> Vec<String> {
        broken(&Paragraph::new(10.0).regular(text), as_wide_as)
    }

    fn broken(paragraph: &Paragraph, as_wide_as: &str) -> Vec<String> {
        let room = Paragraph::new(10.0).regular(as_wide_as).shaped().natural_width() + 0.5;
        let shaped = paragraph.shaped();
        let text_of = |line: &super::Line| {
            let glyphs = &shaped.glyphs[line.glyphs.clone()];
            let (from, until) = (glyphs[0].range.start, glyphs[glyphs.len() - 1].range.end);
            shaped.text[from..until].trim_end().to_owned()
        };
        shaped.lines(room).iter().map(text_of).collect()
    }

    #[test]
    fn dates_numbers_and_series_stay_on_one_line() {
        assert_eq!(set("Ngày thu: 27/11/2026", "Ngày thu: 27/11/"), ["Ngày thu:", "27/11/2026"]);
        assert_eq!(set("Mã hồ sơ: H26-261127-01", "Mã hồ sơ: H26-261127-"), ["Mã hồ sơ:", "H26-261127-01"]);
        assert_eq!(set("Ký hiệu: BL-26E", "Ký hiệu: BL-"), ["Ký hiệu:", "BL-26E"]);
        assert_eq!(set("Văn bản 05/BB-TT", "Văn bản 05/BB"), ["Văn bản", "05/BB-TT"]);
    }

    #[test]
    fn a_label_goes_on_to_the_next_line_with_what_it_names() {
        let paid = Paragraph::new(10.0).label("Thanh toán: ").regular("Chuyển khoản").regular("   ");
        let both = paid.label("Ngày thu: ").regular("27/11/2026");
        let lines = broken(&both, "Thanh toán: Chuyển khoản   Ngày thu: 27/11/");
        assert_eq!(lines, ["Thanh toán: Chuyển khoản", "Ngày thu: 27/11/2026"]);
    }

    #[test]
    fn words_are_broken_after_their_hyphen_and_what_is_wider_than_the_column_anywhere() {
        assert_eq!(set("Bà Rịa/Vũng", "Bà Rịa/V"), ["Bà Rịa/", "Vũng"]);
        assert_eq!(set("261127-0001", "261127-"), ["261127-", "0001"]);
    }
}
