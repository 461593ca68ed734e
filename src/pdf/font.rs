//! The embedded faces and shaping. Liberation Serif has the measures of the serif face that
//! official documents are set in, all Vietnamese letters, and a free licence (fonts/LICENSE-OFL.txt).

use std::ops::Range;
use std::sync::LazyLock;

use krilla::surface::Location;
use krilla::text::GlyphId;
use rustybuzz::{Direction, ShapePlan, UnicodeBuffer, script};

const REGULAR: &[u8] = include_bytes!("fonts/LiberationSerif-Regular.ttf");
const BOLD: &[u8] = include_bytes!("fonts/LiberationSerif-Bold.ttf");
const ITALIC: &[u8] = include_bytes!("fonts/LiberationSerif-Italic.ttf");

/// Shown instead of a character that the fonts do not have.
const SUBSTITUTE: char = '□';

/// A style of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Regular,
    Bold,
    Italic,
}

pub(super) struct Font {
    /// Named by krilla in the document; clones share it.
    pub pdf: krilla::text::Font,
    shaping: rustybuzz::Face<'static>,
    /// Making a plan costs more than shaping a receipt with it.
    plan: ShapePlan,
    units_per_em: f32,
    /// Shares of the size.
    pub ascent: f32,
    pub descent: f32,
}

static FONTS: LazyLock<[Font; 3]> = LazyLock::new(|| [load(REGULAR), load(BOLD), load(ITALIC)]);

/// The embedded files are part of the program: they are fonts, or no test passes.
#[expect(clippy::expect_used, reason = "part of the program; every test of a page loads them")]
fn load(bytes: &'static [u8]) -> Font {
    let shaping = rustybuzz::Face::from_slice(bytes, 0).expect("an embedded font");
    let pdf = krilla::text::Font::new(bytes.into(), 0).expect("an embedded font");
    let plan = ShapePlan::new(&shaping, Direction::LeftToRight, Some(script::LATIN), None, &[]);
    let units_per_em = shaping.units_per_em() as f32;
    let ascent = f32::from(shaping.ascender()) / units_per_em;
    let descent = -f32::from(shaping.descender()) / units_per_em;
    Font { pdf, shaping, plan, units_per_em, ascent, descent }
}

impl Face {
    pub(super) fn font(self) -> &'static Font {
        let [regular, bold, italic] = &*FONTS;
        match self {
            Face::Regular => regular,
            Face::Bold => bold,
            Face::Italic => italic,
        }
    }
}

/// A glyph in its place, with the bytes of the paragraph's text that it shows.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    pub id: u32,
    pub face: Face,
    pub size: f32,
    /// In points at this size, as are the offsets.
    pub advance: f32,
    pub x_offset: f32,
    pub y_offset: f32,
    pub range: Range<usize>,
}

impl krilla::text::Glyph for Glyph {
    fn glyph_id(&self) -> GlyphId {
        GlyphId::new(self.id)
    }

    fn text_range(&self) -> Range<usize> {
        self.range.clone()
    }

    // krilla asks for other sizes too: one, and the units of the font.
    fn x_advance(&self, size: f32) -> f32 {
        self.advance / self.size * size
    }

    fn x_offset(&self, size: f32) -> f32 {
        self.x_offset / self.size * size
    }

    fn y_offset(&self, size: f32) -> f32 {
        self.y_offset / self.size * size
    }

    fn y_advance(&self, _size: f32) -> f32 {
        0.0
    }

    fn location(&self) -> Option<Location> {
        None
    }
}

/// Appends the glyphs of `text[from..]`. Stretches that the face covers are shaped as a whole;
/// every other character gets the substitute, but keeps its own text for searching and copying.
pub(super) fn shape(face: Face, size: f32, text: &str, from: usize, glyphs: &mut Vec<Glyph>) {
    let font = face.font();
    let is_covered = |c: char| font.shaping.glyph_index(c).is_some_and(|glyph| glyph.0 != 0);
    let mut stretch = from;
    for (offset, c) in text.get(from..).unwrap_or_default().char_indices() {
        if !is_covered(c) {
            let at = from + offset;
            shape_covered(font, face, size, text, stretch..at, glyphs);
            stretch = at + c.len_utf8();
            glyphs.push(substitute(font, face, size, at..stretch));
        }
    }
    shape_covered(font, face, size, text, stretch..text.len(), glyphs);
}

fn shape_covered(
    font: &Font,
    face: Face,
    size: f32,
    text: &str,
    range: Range<usize>,
    glyphs: &mut Vec<Glyph>,
) {
    let Some(stretch) = text.get(range.clone()).filter(|stretch| !stretch.is_empty()) else { return };
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(stretch);
    buffer.set_direction(Direction::LeftToRight);
    buffer.set_script(script::LATIN);
    let shaped = rustybuzz::shape_with_plan(&font.shaping, &font.plan, buffer);
    let clusters: Vec<usize> =
        shaped.glyph_infos().iter().map(|info| range.start + info.cluster as usize).collect();
    let scale = size / font.units_per_em;
    for (index, (info, place)) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()).enumerate() {
        let start = clusters[index];
        let end = clusters[index..].iter().copied().find(|&next| next > start).unwrap_or(range.end);
        if info.glyph_id == 0 {
            glyphs.push(substitute(font, face, size, start..end));
            continue;
        }
        glyphs.push(Glyph {
            id: info.glyph_id,
            face,
            size,
            advance: place.x_advance as f32 * scale,
            x_offset: place.x_offset as f32 * scale,
            y_offset: place.y_offset as f32 * scale,
            range: start..end,
        });
    }
}

fn substitute(font: &Font, face: Face, size: f32, range: Range<usize>) -> Glyph {
    let glyph = [SUBSTITUTE, '?'].into_iter().find_map(|c| font.shaping.glyph_index(c)).unwrap_or_default();
    let advance = font.shaping.glyph_hor_advance(glyph).map_or(0.0, f32::from);
    Glyph {
        id: u32::from(glyph.0),
        face,
        size,
        advance: advance * size / font.units_per_em,
        x_offset: 0.0,
        y_offset: 0.0,
        range,
    }
}
