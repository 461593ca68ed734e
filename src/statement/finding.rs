//! Findings: what is wrong with a bank file, and where.

use std::fmt::Display;

use serde::Serialize;

/// More findings of one kind than this say nothing new and would only fill the memory.
const MAX_FINDINGS: usize = 1_000;

/// Something the reader of a bank file must know.
///
/// `at` is a place in the file: `line 17`, or the path of an XML element such as
/// `/Document/BkToCstmrStmt/Stmt[1]/Ntry[3]/Amt`. `code` is stable; `message` is Vietnamese, then
/// English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub at: String,
    #[serde(skip)]
    pub code: &'static str,
    pub message: String,
    /// Where the Vietnamese words end.
    #[serde(skip)]
    pub(super) vi_end: usize,
}

impl Finding {
    pub(super) fn new(at: impl Into<String>, code: &'static str, vi: impl Display, en: impl Display) -> Self {
        let vi = vi.to_string();
        Finding { at: at.into(), code, message: format!("{vi} / {en}"), vi_end: vi.len() }
    }

    /// The Vietnamese and the English words.
    pub fn words(&self) -> (&str, &str) {
        let en = self.message.get(self.vi_end..).and_then(|rest| rest.strip_prefix(" / "));
        (self.message.get(..self.vi_end).unwrap_or(&self.message), en.unwrap_or_default())
    }
}

/// Why a piece of text could not be read; the caller knows the place and makes it a `Finding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: &'static str,
    vi: String,
    en: String,
}

impl Fault {
    pub fn new(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Fault { code, vi: vi.into(), en: en.into() }
    }

    pub fn at(self, at: impl Into<String>) -> Finding {
        Finding::new(at, self.code, self.vi, self.en)
    }
}

/// Warnings and errors while a file is read.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub warnings: Vec<Finding>,
    pub errors: Vec<Finding>,
}

impl Findings {
    pub fn warn(&mut self, finding: Finding) {
        push_limited(&mut self.warnings, finding);
    }

    pub fn error(&mut self, finding: Finding) {
        push_limited(&mut self.errors, finding);
    }

    pub fn append(&mut self, other: Findings) {
        other.warnings.into_iter().for_each(|finding| self.warn(finding));
        other.errors.into_iter().for_each(|finding| self.error(finding));
    }
}

fn push_limited(list: &mut Vec<Finding>, finding: Finding) {
    match list.len() {
        n if n < MAX_FINDINGS => list.push(finding),
        MAX_FINDINGS => list.push(Finding::new(
            finding.at,
            "too_many_findings",
            "Còn nhiều lỗi khác từ đây trở đi",
            "more of the same from here on",
        )),
        _ => {}
    }
}

/// The place of a line in a text file, counted from one.
pub(super) fn line_place(number: usize) -> String {
    format!("line {number}")
}

/// What is quoted of the file in a message: short, and without anything invisible.
pub(super) fn excerpt(raw: &str) -> String {
    let cleaned = crate::text::clean(raw.get(..400).unwrap_or(raw));
    let mut shown: String = cleaned.chars().take(40).collect();
    if shown.len() < cleaned.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_wrong_everywhere_is_told_a_thousand_times_and_not_more() {
        let mut findings = Findings::default();
        for number in 1..=MAX_FINDINGS + 50 {
            findings.error(Finding::new(line_place(number), "amount_unreadable", "", ""));
        }
        assert_eq!(findings.errors.len(), MAX_FINDINGS + 1);
        let last = findings.errors.last().unwrap();
        assert_eq!((last.at.as_str(), last.code), ("line 1001", "too_many_findings"));
    }
}
