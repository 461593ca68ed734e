//! The format of a file, by its content; names and suffixes lie.

use super::layout::Layouts;
use super::mt940;
use super::tabular;

/// What kind of reader a text needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Camt,
    Swift,
    Table,
    /// An HTML page or SpreadsheetML with rows of a table.
    Markup,
    Unknown,
}

/// A compound file of OLE: a workbook of before 2007.
pub(super) fn is_old_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])
}

pub(super) fn detect_text(text: &str, layouts: Layouts<'_>) -> Kind {
    if text.trim_start().starts_with('<') {
        let is_camt =
            ["BkToCstmrStmt", "StmtReqLogMsg", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn", ":camt.05"];
        if is_camt.iter().any(|name| text.contains(name)) {
            return Kind::Camt;
        }
        return if tabular::is_markup(text) { Kind::Markup } else { Kind::Unknown };
    }
    if mt940::looks_like_swift(text) {
        return Kind::Swift;
    }
    let is_table =
        tabular::has_header(text, layouts) || (layouts.own().is_none() && tabular::is_unheaded(text));
    if is_table { Kind::Table } else { Kind::Unknown }
}
