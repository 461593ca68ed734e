//! ISO 20022 camt.053 statements, camt.052 reports and camt.054 notifications, any version.
//!
//! Elements are found by local name, so that every version (.02 to .14), prefix and wrapper
//! reads alike. `walker` streams the XML under limits and refuses DTDs, `fragment` is what it reads
//! of one element; `statement` collects one account statement and `balances` its balances; `entry`
//! reads `Ntry`, `detail` its `TxDtls` and `batch` compares them with what the bank says of them; `unread`
//! tells how the bank has counted an entry that cannot be trusted.

mod balances;
mod batch;
#[cfg(test)]
mod damaged_tests;
mod detail;
mod entry;
mod fragment;
#[cfg(test)]
mod habits_tests;
mod statement;
mod summary;
mod tee;
#[cfg(test)]
mod tests;
mod unread;
#[cfg(test)]
mod unread_tests;
mod walker;

use std::io::{self, BufRead};

use super::finding::{Finding, Findings};
use super::model::{Format, Page, Statement};
use super::parse::Reading;
use super::stream::LineSink;

use statement::Builder;
use walker::{Step, Walker};

/// The element of each message that holds statements, and what a statement is called in it. The
/// first version (.01) carries its number in the name: `BkToCstmrStmtV01`.
fn message_of(name: &str) -> Option<(Format, &'static str)> {
    match name.strip_suffix("V01").unwrap_or(name) {
        // The Italian banks' daily and periodic message has the content of the standard's.
        "BkToCstmrStmt" | "CBIDlyStmtReqLogMsg" | "CBIPrdcStmtReqLogMsg" => Some((Format::Camt053, "Stmt")),
        "BkToCstmrAcctRpt" => Some((Format::Camt052, "Rpt")),
        "BkToCstmrDbtCdtNtfctn" => Some((Format::Camt054, "Ntfctn")),
        _ => None,
    }
}

pub(super) fn read(text: &str) -> Reading {
    read_all(Walker::new(text), None).0
}

/// Hands each line on to the sink; gives back why that failed, if it did.
pub(super) fn read_stream(input: &mut dyn BufRead, sink: &mut dyn LineSink) -> (Reading, Option<io::Error>) {
    read_all(Walker::of_stream(input), Some(sink))
}

fn read_all<'a>(walker: Walker<'a>, sink: Option<&'a mut dyn LineSink>) -> (Reading, Option<io::Error>) {
    let mut reader = Reader {
        walker,
        sink,
        failure: None,
        message: None,
        message_page: None,
        statement_count: 0,
        statements: Vec::new(),
        findings: Findings::default(),
    };
    if let Err(finding) = reader.run() {
        reader.findings.error(finding);
    } else if reader.statements.is_empty() {
        reader.findings.error(Finding::new(
            reader.walker.path().to_owned(),
            "statement_missing",
            "Tệp không có sao kê",
            "the file has no statement",
        ));
    }
    let reading = Reading {
        format: reader.message.map_or(Format::Unknown, |(format, _)| format),
        version: reader.walker.take_version(),
        statements: reader.statements,
        findings: reader.findings,
    };
    (reading, reader.failure)
}

struct Reader<'a> {
    walker: Walker<'a>,
    sink: Option<&'a mut dyn LineSink>,
    failure: Option<io::Error>,
    message: Option<(Format, &'static str)>,
    /// Of the whole message: how .02 numbers the pages of a statement.
    message_page: Option<Page>,
    statement_count: usize,
    statements: Vec<Statement>,
    findings: Findings,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Finding> {
        loop {
            match self.walker.step()? {
                Step::Enter => self.enter()?,
                Step::Leave => {}
                Step::End => return Ok(()),
            }
        }
    }

    fn enter(&mut self) -> Result<(), Finding> {
        let name = self.walker.name();
        match (message_of(name), self.message) {
            (Some((format, _)), Some((known, _))) if format != known => {
                let (vi, en) = (
                    "Tệp có hai loại điện khác nhau",
                    "two kinds of messages stand in one file; send them apart",
                );
                return Err(Finding::new(self.walker.path().to_owned(), "xml_broken", vi, en));
            }
            (Some(message), _) => self.message = Some(message),
            (None, Some((format, statement))) if name == statement => self.read_statement(format)?,
            (None, Some(_)) if name == "GrpHdr" => {
                let header = self.walker.read_element()?;
                if let Some(page) = header.root().child("MsgPgntn") {
                    let path = format!("{}/MsgPgntn", header.path);
                    self.message_page = Some(statement::read_page(page, &path, &mut self.findings));
                }
                if let Some(moment) = header.root().child("CreDtTm") {
                    let path = format!("{}/CreDtTm", header.path);
                    statement::check_moment(moment, &path, &mut self.findings);
                }
            }
            // Money that belongs to no account must not be passed over.
            (None, Some(_)) if matches!(name, "Ntry" | "Bal") => {
                self.findings.error(stray(self.walker.path().to_owned()));
                self.walker.read_element()?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads to the end of the statement the walker has just entered. What was read before a
    /// break in the XML is kept.
    fn read_statement(&mut self, format: Format) -> Result<(), Finding> {
        self.statement_count += 1;
        self.walker.number_current(self.statement_count);
        let mut builder = Builder::new(format, self.walker.path().to_owned(), self.message_page);
        self.tell(|sink| sink.begin(format));
        let outcome = self.read_children(&mut builder);
        let is_whole = outcome.is_ok();
        let (statement, findings) = builder.finish(is_whole);
        self.tell(|sink| sink.end(&statement));
        self.statements.push(statement);
        self.findings.append(findings);
        outcome
    }

    /// Nothing more is told after the first failure.
    fn tell(&mut self, say: impl FnOnce(&mut dyn LineSink) -> io::Result<()>) {
        if let (Some(sink), None) = (&mut self.sink, &self.failure) {
            self.failure = say(*sink).err();
        }
    }

    fn read_children(&mut self, builder: &mut Builder) -> Result<(), Finding> {
        loop {
            match self.walker.step()? {
                Step::Enter => {
                    let ordinal = builder.ordinal_of(self.walker.name());
                    if let Some(ordinal) = ordinal {
                        self.walker.number_current(ordinal);
                    }
                    builder.take(&self.walker.read_element()?);
                    if self.sink.is_some() {
                        builder.take_lines().iter().for_each(|line| self.tell(|sink| sink.line(line)));
                    }
                }
                Step::Leave => return Ok(()),
                Step::End => return Err(self.walker.truncated()),
            }
        }
    }
}

fn stray(at: String) -> Finding {
    Finding::new(
        at,
        "entry_outside_statement",
        "Bút toán hoặc số dư nằm ngoài sao kê",
        "an entry or a balance stands outside of any statement",
    )
}

/// The exact text of the entry that a place lies in.
pub(super) fn entry_text(text: &str, place: &str) -> Option<String> {
    let mut walker = Walker::new(text);
    let (mut statement, mut statements, mut entries) = (None, 0, 0);
    loop {
        match walker.step().ok()? {
            Step::Enter => {
                let name = walker.name();
                if let Some((_, name)) = message_of(name) {
                    statement = Some(name);
                } else if statement == Some(name) {
                    (statements, entries) = (statements + 1, 0);
                    walker.number_current(statements);
                } else if name == "Ntry" && statements > 0 {
                    entries += 1;
                    walker.number_current(entries);
                    let entry = walker.read_element().ok()?;
                    if place
                        .strip_prefix(entry.path)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    {
                        return Some(entry.raw.into_owned());
                    }
                }
            }
            Step::Leave => {}
            Step::End => return None,
        }
    }
}
