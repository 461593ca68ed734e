//! Tables exported by Vietnamese banks: CSV now, other carriers of rows later.
//!
//! `rows` cuts text into rows, `column` knows what a heading means, `header` finds the heading
//! row, `label` reads what stands around the table, `movement` reads one row, `section` turns the
//! rows of one account into a statement and `order` brings them into the order of booking and
//! finds the balances.
//!
//! The bank's view is kept: “Nợ/Debit” is money out of our account.

mod column;
mod header;
mod label;
mod movement;
mod order;
mod rows;
mod section;
#[cfg(test)]
mod tests;

use super::finding::{Finding, Findings};
use super::model::Format;
use super::parse::Reading;

pub(super) fn has_header(text: &str) -> bool {
    rows::sniff(text).is_some()
}

pub(super) fn read(text: &str) -> Reading {
    let mut findings = Findings::default();
    let delimiter = rows::sniff(text).unwrap_or(b',');
    let rows = rows::split(text, delimiter, usize::MAX);
    let statements = section::read_sections(&rows, &mut findings);
    if statements.is_empty() {
        findings.error(Finding::new(
            "line 1",
            "statement_missing",
            "Tệp không có sao kê",
            "the file has no statement",
        ));
    }
    Reading { format: Format::Csv, version: None, statements, findings }
}
