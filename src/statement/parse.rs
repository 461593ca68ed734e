//! The entry point: bytes of any bank file to statements and findings.

use super::archive::{self, Content, Member};
use super::balance;
use super::camt;
use super::detect::{self, Kind};
use super::encoding::{Decoded, decode};
use super::finding::{Finding, Findings, line_place};
use super::layout::{Layout, Layouts};
use super::model::{Format, Parsed, Statement};
use super::mt940;
use super::tabular::{self, Ending, FirstRows, Preview, Row};
use super::totals;
use super::workbook;

/// The largest file that is read; a year of a busy account is far below it.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;

/// What a reader of one format gives back.
pub(super) struct Reading {
    pub format: Format,
    pub version: Option<String>,
    pub statements: Vec<Statement>,
    pub findings: Findings,
}

/// Reads a bank file. Never panics, whatever the bytes are.
///
/// The format is found by content. Everything that could not be read or proven is an error with
/// its place; the lines that could be read are kept beside it.
pub fn parse(bytes: &[u8]) -> Parsed {
    parse_with(bytes, None)
}

/// The same, with the user's layout of the table.
pub fn parse_with(bytes: &[u8], layout: Option<&Layout>) -> Parsed {
    if bytes.len() > MAX_BYTES {
        return unreadable(too_large());
    }
    let layouts = Layouts::with(layout);
    if archive::is_archive(bytes) {
        return match archive::open(bytes) {
            Ok(Content::Workbook(parts)) => parse_workbook(workbook::of_parts(&parts), Format::Xlsx, layouts),
            Ok(Content::Spreadsheet(content)) => {
                parse_workbook(workbook::of_content(&content), Format::Ods, layouts)
            }
            Ok(Content::Files(members)) => parse_members(&members, layouts),
            Err(finding) => unreadable(finding),
        };
    }
    if detect::is_old_workbook(bytes) {
        return parse_workbook(workbook::of_records(bytes), Format::Xls, layouts);
    }
    parse_text(bytes, layouts)
}

/// How the table in the file is understood; `None` for files that are no table.
pub fn preview(bytes: &[u8], layout: Option<&Layout>) -> Option<Preview> {
    let layouts = Layouts::with(layout);
    tabular::preview(&sheets(bytes, layouts)?, layouts)
}

/// The first rows of a table as they stand, whether they are understood or not; `None` for what is no
/// table.
pub fn first_rows(bytes: &[u8]) -> Option<FirstRows> {
    tabular::first_rows(&sheets(bytes, Layouts::default())?)
}

/// The sheets of a table, a text being one.
fn sheets(bytes: &[u8], layouts: Layouts<'_>) -> Option<Vec<Vec<Row>>> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    if archive::is_archive(bytes) {
        return match archive::open(bytes).ok()? {
            Content::Workbook(parts) => workbook::of_parts(&parts).ok(),
            Content::Spreadsheet(content) => workbook::of_content(&content).ok(),
            Content::Files(_) => None,
        };
    }
    if detect::is_old_workbook(bytes) {
        return workbook::of_records(bytes).ok();
    }
    let decoded = decode(bytes);
    match detect::detect_text(&decoded.text, layouts) {
        Kind::Table => Some(vec![tabular::rows_of_text(&decoded.text, layouts)]),
        Kind::Markup => Some(vec![tabular::rows_of_markup(&decoded.text)]),
        Kind::Unknown => Some(vec![tabular::rows_of_unknown(&decoded.text)]),
        Kind::Camt | Kind::Swift => None,
    }
}

fn parse_text(bytes: &[u8], layouts: Layouts<'_>) -> Parsed {
    let decoded = decode(bytes);
    match read_text(&decoded, layouts) {
        Ok(reading) => finish(reading, Some(&decoded)),
        Err(finding) => unreadable(finding),
    }
}

fn read_text(decoded: &Decoded<'_>, layouts: Layouts<'_>) -> Result<Reading, Finding> {
    let text = decoded.text.as_ref();
    match detect::detect_text(text, layouts) {
        Kind::Camt => Ok(camt::read(text)),
        Kind::Swift => Ok(mt940::read(text)),
        Kind::Table => Ok(read_table(text, layouts)),
        Kind::Markup => Ok(read_markup(text, layouts)),
        Kind::Unknown => Err(unknown()),
    }
}

fn read_table(text: &str, layouts: Layouts<'_>) -> Reading {
    let rows = tabular::rows_of_text(text, layouts);
    let mut reading = tabular::read(&[rows], Format::Csv, Ending::of_text(text), layouts);
    if let Some(at) = text.find('\0') {
        let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        reading.findings.error(Finding::new(
            line_place(line),
            "encoding_broken",
            "Có byte 0 trong tệp",
            "a byte of zero stands in the file",
        ));
    }
    if let Some(line) = tabular::open_quote(text, layouts) {
        // What else is wrong with the rows comes of it.
        reading.findings.errors.insert(
            0,
            Finding::new(
                line_place(line),
                "quote_unclosed",
                "Dấu nháy kép mở ở dòng này không đóng; phần sau của tệp bị mất",
                "the quote opened in this line is never closed; the rest of the file is lost",
            ),
        );
    }
    reading
}

fn read_markup(text: &str, layouts: Layouts<'_>) -> Reading {
    let rows = tabular::rows_of_markup(text);
    let mut reading = tabular::read(&[rows], Format::Html, Ending::OfWorkbook, layouts);
    if let Some(line) = tabular::open_element(text) {
        // What else is wrong with the rows comes of it.
        let cut = Finding::new(
            line_place(line),
            "markup_cut",
            "Tệp kết thúc khi bảng chưa đóng; có thể bị cắt cụt",
            "the file ends before its table is closed; it may be cut off",
        );
        reading.findings.errors.insert(0, cut);
    }
    reading
}

fn parse_workbook(
    sheets: Result<Vec<Vec<tabular::Row>>, Finding>,
    format: Format,
    layouts: Layouts<'_>,
) -> Parsed {
    match sheets {
        Ok(sheets) => finish(tabular::read(&sheets, format, Ending::OfWorkbook, layouts), None),
        Err(finding) => unreadable(finding),
    }
}

/// The files of a delivery as one: every place names its file, and the pages of a statement may come in
/// files of their own, in any order.
fn parse_members(members: &[Member], layouts: Layouts<'_>) -> Parsed {
    let mut whole: Option<Parsed> = None;
    let mut requires_balances = true;
    for member in members {
        let decoded = decode(&member.bytes);
        let mut part = match read_text(&decoded, layouts) {
            Ok(reading) => close(reading, Some(&decoded)),
            Err(finding) => unreadable(finding),
        };
        requires_balances &= part.format.requires_balances();
        place_in_member(&mut part, &member.name);
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => {
                if whole.format == Format::Unknown {
                    whole.format = part.format;
                }
                whole.statements.append(&mut part.statements);
                whole.warnings.append(&mut part.warnings);
                whole.errors.append(&mut part.errors);
            }
        }
    }
    let mut whole = whole.unwrap_or_else(|| unreadable(unknown()));
    balance::order_pages(&mut whole.statements);
    let mut findings =
        Findings { warnings: std::mem::take(&mut whole.warnings), errors: std::mem::take(&mut whole.errors) };
    check_all(&whole.statements, requires_balances, &mut findings);
    (whole.warnings, whole.errors) = (findings.warnings, findings.errors);
    if whole.statements.is_empty() {
        whole.format = Format::Unknown;
    }
    whole
}

fn place_in_member(part: &mut Parsed, name: &str) {
    let within = |at: &mut String| *at = format!("{name}: {at}");
    part.warnings.iter_mut().chain(&mut part.errors).for_each(|finding| within(&mut finding.at));
    for statement in &mut part.statements {
        within(&mut statement.at);
        statement
            .opening
            .iter_mut()
            .chain(&mut statement.closing)
            .for_each(|balance| within(&mut balance.at));
        if let Some(totals) = &mut statement.totals {
            [&mut totals.at, &mut totals.credit_at, &mut totals.debit_at].into_iter().for_each(within);
        }
        for line in &mut statement.lines {
            within(&mut line.at);
            line.details.iter_mut().for_each(|detail| within(&mut detail.at));
        }
    }
}

fn finish(mut reading: Reading, decoded: Option<&Decoded<'_>>) -> Parsed {
    check_all(&reading.statements, reading.format.requires_balances(), &mut reading.findings);
    close(reading, decoded)
}

/// What the statements of a file say of each other.
fn check_all(statements: &[Statement], requires_balances: bool, findings: &mut Findings) {
    balance::check_sequence(statements, findings);
    if findings.errors.is_empty() && requires_balances {
        balance::check_contradicted(statements, findings);
    }
    if findings.errors.is_empty() && requires_balances {
        balance::prove_joined_pages(statements, findings);
    }
    if findings.errors.is_empty() {
        totals::check_totals_of_pages(statements, findings);
    } else {
        totals::tell_uncompared_pages(statements, findings);
    }
}

fn close(mut reading: Reading, decoded: Option<&Decoded<'_>>) -> Parsed {
    if let Some(decoded) = decoded {
        note_encoding(decoded, &mut reading.findings);
    }
    // What has no statement in it was not read, whatever it looked like.
    let format = if reading.statements.is_empty() && reading.format.is_table() {
        Format::Unknown
    } else {
        reading.format
    };
    Parsed {
        format,
        statements: reading.statements,
        warnings: reading.findings.warnings,
        errors: reading.findings.errors,
        version: reading.version,
        encoding: decoded.map_or("", |decoded| decoded.encoding),
    }
}

fn note_encoding(decoded: &Decoded<'_>, findings: &mut Findings) {
    let name = decoded.encoding;
    if decoded.damaged {
        findings.error(Finding::new(
            "line 1",
            "encoding_broken",
            format!("Có byte không thuộc bảng mã {name}"),
            format!("some bytes do not exist in {name}"),
        ));
    } else if decoded.guessed {
        findings.warn(Finding::new(
            "line 1",
            "encoding_guessed",
            format!("Tệp không phải UTF-8, đọc theo bảng mã {name}"),
            format!("the file is not UTF-8 and was read as {name}"),
        ));
    }
}

fn too_large() -> Finding {
    Finding::new(
        "line 1",
        "file_too_large",
        format!("Tệp lớn hơn {MAX_BYTES} byte"),
        format!("the file is larger than {MAX_BYTES} bytes"),
    )
}

fn unknown() -> Finding {
    Finding::new(
        "line 1",
        "format_unknown",
        "Không nhận ra định dạng sao kê (camt.053, MT940, bảng tính hoặc CSV có dòng tiêu đề)",
        "not a known statement format (camt.053, MT940, a workbook or CSV with a heading row)",
    )
}

fn unreadable(error: Finding) -> Parsed {
    Parsed {
        format: Format::Unknown,
        statements: Vec::new(),
        warnings: Vec::new(),
        errors: vec![error],
        version: None,
        encoding: "",
    }
}
