//! Opening a partner's file: archive, workbook, page or text, in the encoding and by the separator under
//! which most headings are known.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1258;

use super::heading::SEARCHED_ROWS;
use super::{Fault, Why};
use crate::statement::archive::{self, Content};
use crate::statement::code_page::decode_tcvn3;
use crate::statement::encoding::decode;
use crate::statement::finding::Finding;
use crate::statement::tabular::{self, Row};
use crate::statement::{MAX_BYTES, detect, workbook};

/// How many headings some rows have.
type Score<'a> = &'a dyn Fn(&[Row]) -> usize;

/// The text and its separator, where the headings of our own form stand in its first line.
pub fn ours<'f>(bytes: &'f [u8], headings: &[&str]) -> Option<(&'f str, char)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let heading = text.lines().find(|line| !line.trim().is_empty())?;
    let separator = if heading.contains(';') { ';' } else { ',' };
    let names: Vec<String> = heading.split(separator).map(|name| name.trim().to_lowercase()).collect();
    (names == headings).then_some((text, separator))
}

pub(super) struct Source {
    /// A text is one sheet.
    pub sheets: Vec<Vec<Row>>,
    /// Cells were cut out of a text, by a sign that may stand in a cell as well.
    pub is_text: bool,
}

#[derive(Clone, Copy)]
enum Form {
    Markup,
    Cells(u8),
}

pub(super) fn open(bytes: &[u8], score: Score<'_>) -> Result<Source, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::container(1, "tệp quá lớn", "the file is too large"));
    }
    if archive::is_archive(bytes) {
        return match archive::open(bytes).map_err(|finding| Fault::of_finding(&finding))? {
            Content::Workbook(parts) => of_workbook(workbook::of_parts(&parts)),
            Content::Spreadsheet(content) => of_workbook(workbook::of_content(&content)),
            Content::Files(members) => match members.as_slice() {
                [only] => of_text(&only.bytes, score),
                _ => Err(Fault::at(1, Why::SeveralFiles)),
            },
        };
    }
    if detect::is_old_workbook(bytes) {
        return of_workbook(workbook::of_records(bytes));
    }
    of_text(bytes, score)
}

fn of_workbook(sheets: Result<Vec<Vec<Row>>, Finding>) -> Result<Source, Fault> {
    let sheets = sheets.map_err(|finding| Fault::of_finding(&finding))?;
    Ok(Source { sheets, is_text: false })
}

fn of_text(bytes: &[u8], score: Score<'_>) -> Result<Source, Fault> {
    let formed = readings(bytes).into_iter().map(|text| {
        let (found, form) = form_of(&text, score);
        (found, form, text)
    });
    let best = formed.reduce(|best, next| if next.0 > best.0 { next } else { best });
    match best {
        None => Err(broken_encoding()),
        Some((0, _, _)) => Err(Fault::at(1, Why::NoTable)),
        Some((_, form, text)) => rows(&text, form),
    }
}

/// The texts that the bytes may be, none of them damaged.
fn readings(bytes: &[u8]) -> Vec<Cow<'_, str>> {
    let decoded = decode(bytes);
    let mut readings = Vec::new();
    if !decoded.damaged {
        readings.push(decoded.text);
    }
    if decoded.guessed {
        // The old pages of Vietnamese, which the headings of statements alone do not tell here.
        let (text, is_damaged) = WINDOWS_1258.decode_without_bom_handling(bytes);
        readings.extend(Some(text).filter(|_| !is_damaged));
        let (text, is_damaged) = decode_tcvn3(bytes);
        readings.extend(Some(Cow::Owned(text)).filter(|_| !is_damaged));
    }
    readings
}

fn form_of(text: &str, score: Score<'_>) -> (usize, Form) {
    if text.trim_start().starts_with('<') {
        let rows = if tabular::is_markup(text) { tabular::rows_of_markup(text) } else { Vec::new() };
        return (score(&rows), Form::Markup);
    }
    [b',', b';', b'\t', b'|'].into_iter().fold((0, Form::Cells(b',')), |best, delimiter| {
        let found = score(&tabular::rows_by(text, delimiter, SEARCHED_ROWS));
        if found > best.0 { (found, Form::Cells(delimiter)) } else { best }
    })
}

fn rows(text: &str, form: Form) -> Result<Source, Fault> {
    if text.contains('\0') {
        return Err(broken_encoding());
    }
    match form {
        Form::Markup => match tabular::open_element(text) {
            Some(line) => Err(cut(line)),
            None => Ok(Source { sheets: vec![tabular::rows_of_markup(text)], is_text: false }),
        },
        Form::Cells(delimiter) => match tabular::open_quote_by(text, delimiter) {
            Some(line) => Err(cut(line)),
            None => Ok(Source { sheets: vec![tabular::rows_by(text, delimiter, usize::MAX)], is_text: true }),
        },
    }
}

fn cut(line: usize) -> Fault {
    let vi = "tệp kết thúc khi dấu nháy hoặc bảng chưa đóng; có thể bị cắt cụt";
    Fault::container(line, vi, "the file ends inside of a quote or a table; it may be cut off")
}

fn broken_encoding() -> Fault {
    Fault::container(
        1,
        "có byte không thuộc bảng mã của tệp",
        "some bytes do not exist in the file's encoding",
    )
}
