//! The format of a file, by its content; names and suffixes lie.

use super::mt940;
use super::tabular;

/// What kind of reader a file needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Camt,
    Swift,
    Table,
    Spreadsheet,
    OtherXml,
    Unknown,
}

/// Looks at raw bytes only: containers that are not text.
pub(super) fn detect_container(bytes: &[u8]) -> Option<Kind> {
    let is_zip = bytes.starts_with(b"PK\x03\x04");
    let is_ole = bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
    (is_zip || is_ole).then_some(Kind::Spreadsheet)
}

pub(super) fn detect_text(text: &str) -> Kind {
    if text.trim_start().starts_with('<') {
        let is_camt = ["BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn", ":camt.05"];
        return if is_camt.iter().any(|name| text.contains(name)) { Kind::Camt } else { Kind::OtherXml };
    }
    if mt940::looks_like_swift(text) {
        return Kind::Swift;
    }
    if tabular::has_header(text) { Kind::Table } else { Kind::Unknown }
}
