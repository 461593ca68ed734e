//! The entry point: bytes of any bank file to statements and findings.

use super::balance;
use super::camt;
use super::detect::{self, Kind};
use super::encoding::{Decoded, decode};
use super::finding::{Finding, Findings};
use super::model::{Format, Parsed, Statement};
use super::mt940;
use super::tabular;

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
    if bytes.len() > MAX_BYTES {
        return unreadable(Finding::new(
            "line 1",
            "file_too_large",
            format!("Tệp lớn hơn {MAX_BYTES} byte"),
            format!("the file is larger than {MAX_BYTES} bytes"),
        ));
    }
    if let Some(kind) = detect::detect_container(bytes) {
        return unreadable(refusal(kind));
    }
    let decoded = decode(bytes);
    let reading = match detect::detect_text(&decoded.text) {
        Kind::Camt => camt::read(&decoded.text),
        Kind::Swift => mt940::read(&decoded.text),
        Kind::Table => tabular::read(&decoded.text),
        kind => return unreadable(refusal(kind)),
    };
    finish(reading, &decoded)
}

fn finish(mut reading: Reading, decoded: &Decoded<'_>) -> Parsed {
    balance::check_sequence(&reading.statements, &mut reading.findings);
    if reading.findings.errors.is_empty() && reading.format.requires_balances() {
        balance::prove_joined_pages(&reading.statements, &mut reading.findings);
    }
    note_encoding(decoded, &mut reading.findings);
    Parsed {
        format: reading.format,
        statements: reading.statements,
        warnings: reading.findings.warnings,
        errors: reading.findings.errors,
        version: reading.version,
        encoding: decoded.encoding,
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

fn refusal(kind: Kind) -> Finding {
    match kind {
        Kind::Spreadsheet => Finding::new(
            "line 1",
            "spreadsheet_not_supported",
            "Chưa đọc được tệp bảng tính; hãy lưu thành CSV UTF-8",
            "spreadsheet files are not read yet; save it as CSV UTF-8",
        ),
        _ => Finding::new(
            "line 1",
            "format_unknown",
            "Không nhận ra định dạng sao kê (camt.053, MT940 hoặc CSV có dòng tiêu đề)",
            "not a known statement format (camt.053, MT940 or CSV with a header row)",
        ),
    }
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
