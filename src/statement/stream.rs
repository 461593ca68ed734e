//! Reading a camt file that is too large for the memory: each line is handed on as soon as it is
//! read, and only sums are kept to prove the balances with.

use std::io::{self, BufRead};

use super::camt;
use super::finding::Finding;
use super::model::{Format, Line, Parsed, Statement};

/// Who takes the lines of a large file, one by one.
pub trait LineSink {
    /// A statement begins; the format of the file is known from the first.
    fn begin(&mut self, format: Format) -> io::Result<()>;
    fn line(&mut self, line: &Line) -> io::Result<()>;
    /// The statement is read to its end; it carries everything but its lines.
    fn end(&mut self, statement: &Statement) -> io::Result<()>;
}

/// Whether the head of a file says that it is a camt message in UTF-8, which can be streamed.
pub fn can_stream(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start_matches('\u{FEFF}').trim_start();
    let declared = start.split_once("?>").map_or("", |(declaration, _)| declaration).to_ascii_lowercase();
    let is_utf8 =
        !declared.contains("encoding") || declared.contains("utf-8") || declared.contains("us-ascii");
    let is_camt = ["BkToCstmrStmt", "StmtReqLogMsg", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn"];
    start.starts_with('<') && is_utf8 && is_camt.iter().any(|name| text.contains(name))
}

/// Reads a camt file of any size in constant memory.
///
/// What comes back has the statements without their lines. Pages whose balances stand on other
/// pages cannot be proven here and are an error; everything else is as `parse` reads it. Fails
/// only when the sink does, or the input cannot be read.
pub fn parse_stream(input: &mut dyn BufRead, sink: &mut dyn LineSink) -> io::Result<Parsed> {
    let (reading, failure) = camt::read_stream(input, sink);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let mut findings = reading.findings;
    for statement in &reading.statements {
        let is_open =
            statement.page.is_some() && (statement.opening.is_none() || statement.closing.is_none());
        if is_open && reading.format.requires_balances() {
            findings.error(Finding::new(
                &statement.at,
                "page_not_proven",
                "Trang sao kê không có đủ số dư; tệp quá lớn để ghép các trang",
                "the page has not both balances, and the file is too large to join its pages",
            ));
        }
    }
    Ok(Parsed {
        format: reading.format,
        statements: reading.statements,
        warnings: findings.warnings,
        errors: findings.errors,
        version: reading.version,
        encoding: "UTF-8",
    })
}
