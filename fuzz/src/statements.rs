//! Bank files, in every form that is read.

use std::io::{Cursor, Write};

use bienlai::statement::{join_pages, parse, preview, prove_balance};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// Nothing read is an error told, with its place; and what is read without an error is proven.
fn assert_sound(bytes: &[u8]) {
    let parsed = parse(bytes);
    let _ = preview(bytes, None);
    assert!(parsed.exit_code() != 2 || !parsed.errors.is_empty(), "unreadable, and nothing told");
    assert!(!parsed.statements.is_empty() || !parsed.errors.is_empty(), "nothing read and nothing told");
    for error in &parsed.errors {
        assert!(error.at.contains("line ") || error.at.contains('/'), "{error:?}");
    }
    if parsed.errors.is_empty() && parsed.format.requires_balances() {
        for joined in join_pages(parsed.statements) {
            if joined.opening.is_some() && joined.closing.is_some() {
                assert_eq!(prove_balance(&joined), None);
            }
        }
    }
}

/// SWIFT messages: what does not begin like one is made to.
pub fn mt940(bytes: &[u8]) {
    match bytes {
        [b':' | b'{', ..] => assert_sound(bytes),
        _ => assert_sound(&[b":20:A\r\n:25:1\r\n", bytes].concat()),
    }
}

/// Messages of ISO 20022.
pub fn camt(bytes: &[u8]) {
    assert_sound(bytes);
}

/// Whatever the bytes look like: text, markup, workbook, archive.
pub fn table(bytes: &[u8]) {
    assert_sound(bytes);
}

pub fn csv(rows: &[u8]) {
    assert_sound(&under_heading(rows));
}

pub fn html(cells: &[u8]) {
    assert_sound(&on_page(cells));
}

/// A workbook of before 2007.
pub fn xls(bytes: &[u8]) {
    let mut whole = bytes.to_vec();
    if let Some(head) = whole.first_chunk_mut::<8>() {
        *head = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    }
    assert_sound(&whole);
}

pub fn xlsx(bytes: &[u8]) {
    assert_sound(&workbook(bytes));
}

/// Rows under the heading of a bank's table.
pub fn under_heading(rows: &[u8]) -> Vec<u8> {
    let heading = "Ngày;Số tham chiếu;Nội dung;Ghi nợ;Ghi có;Số dư\n";
    [heading.as_bytes(), rows].concat()
}

/// The table of a page.
pub fn on_page(cells: &[u8]) -> Vec<u8> {
    [b"<html><table><tr><td>", cells].concat()
}

/// A workbook: the bytes before the first zero byte are the sheet, those behind it the shared texts.
/// Damage to a packed one would only break its checksums.
pub fn workbook(bytes: &[u8]) -> Vec<u8> {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let sheet = halves.next().unwrap_or_default();
    let texts = halves.next().unwrap_or(b"<sst/>");
    archive([
        ("xl/workbook.xml", b"<workbook/>".as_slice()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", texts),
    ])
}

/// A ZIP archive of these parts; what cannot be written is left out.
pub fn archive<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        if archive.start_file(name, plain).is_ok() {
            archive.write_all(content).expect("memory takes a part");
        }
    }
    archive.finish().expect("the archive ends").into_inner()
}
