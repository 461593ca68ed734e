//! The records of an old workbook (BIFF8, and BIFF5 of 1995): texts, numbers, and what formulas last gave.
//!
//! Source: [MS-XLS]. A record is a type, a length and content. Records of no interest are passed.

use super::cell::{is_date_format, number_text};
use super::compound::{u16_at, u32_at};
use super::{Grid, broken};
use crate::statement::finding::Finding;
use crate::statement::tabular::Row;

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const FILE_PASS: u16 = 0x002F;
const DATE_1904: u16 = 0x0022;
const CONTINUE: u16 = 0x003C;
const BIFF8: u16 = 0x0600;
/// Texts are bytes of a code page, and lie in their cells.
const BIFF5: u16 = 0x0500;
const CODE_PAGE: u16 = 0x0042;

/// Windows-1252.
const WESTERN: u16 = 1252;

/// A record with the pieces of those that continue it.
struct Record<'a> {
    kind: u16,
    pieces: Vec<&'a [u8]>,
}

impl<'a> Record<'a> {
    fn content(&self) -> &'a [u8] {
        self.pieces.first().copied().unwrap_or_default()
    }
}

fn records(stream: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = stream;
    let single = std::iter::from_fn(move || {
        let kind = u16_at(rest, 0)?;
        let length = usize::from(u16_at(rest, 2)?);
        let content = rest.get(4..4 + length)?;
        rest = rest.get(4 + length..)?;
        Some((kind, content))
    });
    let mut single = single.peekable();
    std::iter::from_fn(move || {
        let (kind, content) = single.next()?;
        let mut pieces = vec![content];
        while let Some((_, more)) = single.next_if(|(kind, _)| *kind == CONTINUE) {
            pieces.push(more);
        }
        Some(Record { kind, pieces })
    })
}

pub(super) fn sheets(stream: &[u8]) -> Result<Vec<Vec<Row>>, Finding> {
    let mut book = Book::default();
    let mut depth = 0_usize;
    let mut is_whole = false;
    for record in records(stream) {
        match record.kind {
            BOF => {
                match u16_at(record.content(), 0) {
                    Some(BIFF8) => {}
                    Some(BIFF5) => book.code_page = book.code_page.or(Some(WESTERN)),
                    _ => return Err(broken()),
                }
                depth += 1;
                book.begin();
            }
            EOF => {
                depth = depth.saturating_sub(1);
                is_whole = depth == 0;
            }
            FILE_PASS => return Err(broken()),
            _ => book.take(&record)?,
        }
    }
    if !is_whole {
        return Err(broken());
    }
    book.begin();
    Ok(book.sheets)
}

#[derive(Default)]
struct Book {
    sheets: Vec<Vec<Row>>,
    grid: Grid,
    texts: Vec<String>,
    /// Custom number formats.
    formats: Vec<(u16, String)>,
    /// The number format of each style.
    styles: Vec<u16>,
    counts_from_1904: bool,
    /// Of a workbook of 1995, whose texts are bytes.
    code_page: Option<u16>,
    /// A formula gave a text, which the next record holds.
    awaits_text: Option<(usize, usize)>,
}

impl Book {
    /// The globals or a sheet begin; what was read before is a sheet if it has rows.
    fn begin(&mut self) {
        let rows = std::mem::take(&mut self.grid).into_rows();
        if !rows.is_empty() {
            self.sheets.push(rows);
        }
    }

    fn take(&mut self, record: &Record<'_>) -> Result<(), Finding> {
        let content = record.content();
        match record.kind {
            CODE_PAGE if self.code_page.is_some() => self.code_page = u16_at(content, 0),
            DATE_1904 => self.counts_from_1904 = u16_at(content, 0) == Some(1),
            0x041E => self.take_format(content),
            0x00E0 => self.styles.extend(u16_at(content, 2)),
            0x00FC => self.texts = shared_texts(&record.pieces),
            0x00FD => {
                let index = u32_at(content, 6).and_then(|index| usize::try_from(index).ok());
                let text = index.and_then(|index| self.texts.get(index)).cloned().unwrap_or_default();
                self.put(content, 0, text)?;
            }
            0x0204 | 0x00D6 => {
                let text = content.get(6..).and_then(|text| self.text(text, 2)).unwrap_or_default();
                self.put(content, 0, text)?;
            }
            0x0203 => self.put_number(content, 0, 4, float_at(content, 6))?,
            0x027E => self.put_number(content, 0, 4, u32_at(content, 6).map(packed_number))?,
            0x00BD => self.take_packed_row(content)?,
            0x0006 => self.take_formula(content)?,
            0x0207 => {
                if let Some((row, column)) = self.awaits_text.take() {
                    let text = self.text(content, 2).unwrap_or_default();
                    self.grid.put(row, column, text)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_format(&mut self, content: &[u8]) {
        let length_bytes = if self.code_page.is_some() { 1 } else { 2 };
        if let (Some(id), Some(code)) =
            (u16_at(content, 0), content.get(2..).and_then(|text| self.text(text, length_bytes)))
        {
            self.formats.push((id, code));
        }
    }

    /// A text with its length in front: characters, or the bytes of a code page.
    fn text(&self, content: &[u8], length_bytes: usize) -> Option<String> {
        let Some(code_page) = self.code_page else { return short_text(content, length_bytes) };
        let count = match length_bytes {
            1 => usize::from(*content.first()?),
            _ => usize::from(u16_at(content, 0)?),
        };
        let bytes = content.get(length_bytes..)?;
        let bytes = bytes.get(..count.min(bytes.len()))?;
        let encoding = match code_page {
            1250 => encoding_rs::WINDOWS_1250,
            1251 => encoding_rs::WINDOWS_1251,
            1253 => encoding_rs::WINDOWS_1253,
            1254 => encoding_rs::WINDOWS_1254,
            1257 => encoding_rs::WINDOWS_1257,
            1258 => encoding_rs::WINDOWS_1258,
            _ => encoding_rs::WINDOWS_1252,
        };
        Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
    }

    /// Several numbers side by side.
    fn take_packed_row(&mut self, content: &[u8]) -> Result<(), Finding> {
        let count = content.len().saturating_sub(6) / 6;
        for index in 0..count {
            let at = 4 + index * 6;
            self.put_number(content, index, at, u32_at(content, at + 2).map(packed_number))?;
        }
        Ok(())
    }

    fn take_formula(&mut self, content: &[u8]) -> Result<(), Finding> {
        let result = content.get(6..14).unwrap_or_default();
        if u16_at(result, 6) != Some(0xFFFF) {
            return self.put_number(content, 0, 4, float_at(content, 6));
        }
        if result.first() == Some(&0) {
            self.awaits_text = place(content, 0);
        }
        Ok(())
    }

    fn put(&mut self, content: &[u8], offset: usize, text: String) -> Result<(), Finding> {
        match place(content, offset) {
            Some((row, column)) => self.grid.put(row, column, text),
            None => Ok(()),
        }
    }

    fn put_number(
        &mut self,
        content: &[u8],
        offset: usize,
        style_at: usize,
        number: Option<String>,
    ) -> Result<(), Finding> {
        let Some(written) = number else { return Ok(()) };
        let style = u16_at(content, style_at).map_or(0, usize::from);
        let format = self.styles.get(style).copied().unwrap_or(0);
        let code = self.formats.iter().find(|(id, _)| *id == format).map(|(_, code)| code.as_str());
        let is_date = is_date_format(format, code);
        self.put(content, offset, number_text(&written, is_date, self.counts_from_1904))
    }
}

/// Row and column of a cell, from zero.
fn place(content: &[u8], offset: usize) -> Option<(usize, usize)> {
    Some((usize::from(u16_at(content, 0)?), usize::from(u16_at(content, 2)?) + offset))
}

/// The number as its shortest decimal text.
fn float_at(content: &[u8], at: usize) -> Option<String> {
    let bytes: [u8; 8] = content.get(at..at + 8)?.try_into().ok()?;
    Some(format!("{:e}", f64::from_le_bytes(bytes)))
}

/// RK: thirty bits of an integer or of a float, perhaps in hundredths.
fn packed_number(packed: u32) -> String {
    let is_in_hundredths = packed & 1 == 1;
    let bits = packed & !3;
    let exponent = if is_in_hundredths { "e-2" } else { "" };
    if packed & 2 == 2 {
        // An arithmetic shift keeps the sign.
        return format!("{}{}", bits.cast_signed() >> 2, if is_in_hundredths { "e-2" } else { "e0" });
    }
    let number = f64::from_bits(u64::from(bits) << 32);
    if exponent.is_empty() { format!("{number:e}") } else { format!("{:e}", number / f64::from(100_u8)) }
}

/// A text with its length in front, in one or two bytes a character.
fn short_text(content: &[u8], length_bytes: usize) -> Option<String> {
    let count = usize::from(u16_at(content, 0)?);
    let is_wide = content.get(length_bytes)? & 1 == 1;
    let characters = content.get(length_bytes + 1..)?;
    let size = if is_wide { count * 2 } else { count };
    Some(decode(characters.get(..size.min(characters.len()))?, is_wide))
}

fn decode(bytes: &[u8], is_wide: bool) -> String {
    if is_wide {
        let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|unit| u16_at(unit, 0)).collect();
        String::from_utf16_lossy(&units)
    } else {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }
}

/// The table of texts. A text may be cut by the end of a record; the next piece then begins with
/// how wide its characters are.
fn shared_texts(pieces: &[&[u8]]) -> Vec<String> {
    let mut cursor = Cursor { pieces, piece: 0, at: 8 };
    let mut texts = Vec::new();
    while let Some(text) = cursor.text() {
        texts.push(text);
    }
    texts
}

struct Cursor<'a> {
    pieces: &'a [&'a [u8]],
    piece: usize,
    at: usize,
}

impl Cursor<'_> {
    fn left(&self) -> usize {
        self.pieces.get(self.piece).map_or(0, |piece| piece.len().saturating_sub(self.at))
    }

    /// Moves on to the next piece at the end of one; false at the end of all.
    fn turn(&mut self) -> bool {
        while self.left() == 0 {
            if self.piece >= self.pieces.len() {
                return false;
            }
            self.piece += 1;
            self.at = 0;
        }
        true
    }

    fn byte(&mut self) -> Option<u8> {
        if !self.turn() {
            return None;
        }
        let byte = *self.pieces.get(self.piece)?.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let mut number = 0_usize;
        for index in 0..bytes {
            number |= usize::from(self.byte()?) << (8 * index);
        }
        Some(number)
    }

    fn skip(&mut self, mut count: usize) {
        while count > 0 && self.turn() {
            let step = count.min(self.left());
            self.at += step;
            count -= step;
        }
    }

    fn text(&mut self) -> Option<String> {
        let mut count = self.number(2)?;
        let flags = self.byte()?;
        let runs = if flags & 8 == 8 { self.number(2)? } else { 0 };
        let extra = if flags & 4 == 4 { self.number(4)? } else { 0 };
        let mut is_wide = flags & 1 == 1;
        let mut text = String::new();
        while count > 0 {
            if self.left() == 0 {
                // The text goes on in the next piece, with flags of its own.
                if !self.turn() {
                    return None;
                }
                is_wide = self.byte()? & 1 == 1;
            }
            let width = if is_wide { 2 } else { 1 };
            let taken = count.min(self.left() / width);
            if taken == 0 {
                return None;
            }
            let bytes = self.pieces.get(self.piece)?.get(self.at..self.at + taken * width)?;
            text.push_str(&decode(bytes, is_wide));
            self.at += taken * width;
            count -= taken;
        }
        self.skip(runs * 4);
        self.skip(extra);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_read() {
        for (packed, text) in
            [(0x3FF0_0000, "1e0"), ((25_000 << 2) | 2, "25000e0"), ((123 << 2) | 3, "123e-2")]
        {
            assert_eq!(packed_number(packed), text);
        }
        assert_eq!(packed_number(((-5_500_i32) << 2).cast_unsigned() | 2), "-5500e0");
    }

    #[test]
    fn a_text_that_is_cut_goes_on_in_the_next_record_at_another_width() {
        let first = [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, b'N', b'g'];
        let second = [1, 0xE0, 0, b'y', 0, 1, 0, 0, b'B'];
        assert_eq!(shared_texts(&[&first, &second]), ["Ngày", "B"]);
    }
}
