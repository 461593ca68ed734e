//! The parts of an XLSX archive: texts, styles and the sheets in the order of the workbook.
//!
//! Source: ECMA-376 part 1, chapter 18. Elements are found by local name. Numbers stay the text
//! they are written in; a DTD is refused.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::cell::{is_date_format, number_text};
use super::{Grid, broken};
use crate::statement::archive::Member;
use crate::statement::finding::Finding;
use crate::statement::tabular::Row;

pub(super) fn sheets(parts: &[Member]) -> Result<Vec<Vec<Row>>, Finding> {
    let part = |name: &str| parts.iter().find(|part| part.name == name);
    let text_of = |part: &Member| String::from_utf8(part.bytes.clone()).map_err(|_| broken());
    let texts = part("xl/sharedStrings.xml").map(text_of).transpose()?.map(|text| shared_texts(&text));
    let styles = part("xl/styles.xml").map(text_of).transpose()?.map(|text| Styles::of(&text));
    let mut book = Book { texts: texts.transpose()?.unwrap_or_default(), ..Book::default() };
    book.styles = styles.transpose()?.unwrap_or_default();
    let workbook = part("xl/workbook.xml").map(text_of).transpose()?.ok_or_else(broken)?;
    book.counts_from_1904 = is_of_1904(&workbook)?;
    // Sheets are numbered in their names; a name without a number comes last.
    let mut named: Vec<&Member> =
        parts.iter().filter(|part| part.name.starts_with("xl/worksheets/sheet")).collect();
    named.sort_by_key(|part| (part.name.len(), part.name.clone()));
    let mut sheets = Vec::new();
    for part in named {
        let rows = book.rows(&text_of(part)?)?;
        if !rows.is_empty() {
            sheets.push(rows);
        }
    }
    Ok(sheets)
}

/// The next event that matters; broken XML and DTDs are refused.
pub(super) fn next<'a>(reader: &mut Reader<&'a [u8]>) -> Result<Event<'a>, Finding> {
    match reader.read_event() {
        Ok(Event::DocType(_)) | Err(_) => Err(broken()),
        Ok(event) => Ok(event),
    }
}

pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes().flatten();
    attributes
        .find(|attribute| attribute.key.local_name().into_inner() == name)
        .map(|attribute| attribute.value.into_owned())
}

pub(super) fn append(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(character)) => text.push(character),
            _ => text.push_str(resolve_predefined_entity(reference).unwrap_or_default()),
        },
        _ => {}
    }
}

fn shared_texts(xml: &str) -> Result<Vec<String>, Finding> {
    let mut reader = Reader::from_str(xml);
    let (mut texts, mut current) = (Vec::new(), String::new());
    // Phonetic hints (`rPh`) are no part of the text.
    let (mut is_text, mut is_hint) = (false, false);
    loop {
        match next(&mut reader)? {
            Event::Start(tag) => match tag.local_name().into_inner() {
                "si" => current.clear(),
                "t" => is_text = !is_hint,
                "rPh" => is_hint = true,
                _ => {}
            },
            Event::Empty(tag) if tag.local_name().into_inner() == "si" => texts.push(String::new()),
            Event::End(tag) => match tag.local_name().into_inner() {
                "si" => texts.push(std::mem::take(&mut current)),
                "t" => is_text = false,
                "rPh" => is_hint = false,
                _ => {}
            },
            Event::Eof => return Ok(texts),
            event if is_text => append(&mut current, &event),
            _ => {}
        }
    }
}

fn is_of_1904(xml: &str) -> Result<bool, Finding> {
    let mut reader = Reader::from_str(xml);
    loop {
        match next(&mut reader)? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().into_inner() == "workbookPr" => {
                return Ok(
                    attribute(&tag, "date1904").is_some_and(|value| matches!(value.as_str(), "1" | "true"))
                );
            }
            Event::Eof => return Ok(false),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Styles {
    /// Whether each style of a cell shows a date.
    dates: Vec<bool>,
}

impl Styles {
    fn of(xml: &str) -> Result<Styles, Finding> {
        let mut reader = Reader::from_str(xml);
        let mut formats: Vec<(u16, String)> = Vec::new();
        let mut styles = Styles::default();
        let mut is_of_cells = false;
        loop {
            match next(&mut reader)? {
                Event::Start(tag) | Event::Empty(tag) => match tag.local_name().into_inner() {
                    "numFmt" => {
                        let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok());
                        formats.extend(id.zip(attribute(&tag, "formatCode")));
                    }
                    "cellXfs" => is_of_cells = true,
                    "xf" if is_of_cells => {
                        let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        let code =
                            formats.iter().find(|(known, _)| *known == id).map(|(_, code)| code.as_str());
                        styles.dates.push(is_date_format(id, code));
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().into_inner() == "cellXfs" => is_of_cells = false,
                Event::Eof => return Ok(styles),
                _ => {}
            }
        }
    }
}

#[derive(Default)]
struct Book {
    texts: Vec<String>,
    styles: Styles,
    counts_from_1904: bool,
}

/// A cell while it is read.
#[derive(Default)]
struct Open {
    row: usize,
    column: usize,
    kind: String,
    style: usize,
    value: String,
}

impl Book {
    fn rows(&self, xml: &str) -> Result<Vec<Row>, Finding> {
        let mut reader = Reader::from_str(xml);
        let mut grid = Grid::default();
        let (mut cell, mut row, mut column) = (Open::default(), 0_usize, 0_usize);
        let mut is_value = false;
        let mut depth = 0_usize;
        loop {
            match next(&mut reader)? {
                Event::Start(tag) => {
                    depth += 1;
                    match tag.local_name().into_inner() {
                        "row" => (row, column) = (row_number(&tag, row), 0),
                        "c" => cell = open(&tag, row, column),
                        "v" | "t" => is_value = true,
                        _ => {}
                    }
                }
                Event::End(tag) => {
                    depth = depth.saturating_sub(1);
                    match tag.local_name().into_inner() {
                        "c" => {
                            column = cell.column + 1;
                            let (row, column) = (cell.row, cell.column);
                            grid.put(row, column, self.text(std::mem::take(&mut cell)))?;
                        }
                        "v" | "t" => is_value = false,
                        "row" => row += 1,
                        _ => {}
                    }
                }
                Event::Empty(tag) => match tag.local_name().into_inner() {
                    "row" => row = row_number(&tag, row) + 1,
                    "c" => column = open(&tag, row, column).column + 1,
                    _ => {}
                },
                Event::Eof if depth == 0 => return Ok(grid.into_rows()),
                Event::Eof => return Err(broken()),
                event if is_value => append(&mut cell.value, &event),
                _ => {}
            }
        }
    }

    fn text(&self, cell: Open) -> String {
        match cell.kind.as_str() {
            "s" => cell
                .value
                .trim()
                .parse()
                .ok()
                .and_then(|index: usize| self.texts.get(index))
                .cloned()
                .unwrap_or_default(),
            "" | "n" if !cell.value.is_empty() => {
                let is_date = self.styles.dates.get(cell.style).copied().unwrap_or(false);
                number_text(cell.value.trim(), is_date, self.counts_from_1904)
            }
            _ => cell.value,
        }
    }
}

/// From zero; a row without its number follows the one before.
fn row_number(tag: &BytesStart<'_>, following: usize) -> usize {
    attribute(tag, "r")
        .and_then(|number| number.parse::<usize>().ok())
        .map_or(following, |number| number.saturating_sub(1))
}

fn open(tag: &BytesStart<'_>, row: usize, following: usize) -> Open {
    let place = attribute(tag, "r").and_then(|reference| place_of(&reference));
    Open {
        row: place.map_or(row, |(row, _)| row),
        column: place.map_or(following, |(_, column)| column),
        kind: attribute(tag, "t").unwrap_or_default(),
        style: attribute(tag, "s").and_then(|style| style.parse().ok()).unwrap_or(0),
        value: String::new(),
    }
}

/// `C12` is row 11, column 2.
fn place_of(reference: &str) -> Option<(usize, usize)> {
    let digits_at = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = reference.split_at_checked(digits_at)?;
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        let value = letter.is_ascii_uppercase().then(|| usize::from(letter - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(value)
    })?;
    Some((digits.parse::<usize>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_nonsense_is_none() {
        assert_eq!((place_of("A1"), place_of("AA10")), (Some((0, 0)), Some((9, 26))));
        for wrong in ["", "A", "1", "A0", "a1", "ZZZZZZZZZZZZZZZZZZZZ1"] {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
    }
}
