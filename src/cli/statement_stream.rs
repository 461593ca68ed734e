//! Printing a statement file that is too large for the memory, line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::Serialize;

use crate::statement::{self, Format, Line, LineSink, Parsed, Statement};

/// Smaller files are read as a whole: their JSON has the usual order, their pages are joined.
const LARGE: u64 = 64 * 1024 * 1024;

/// The file to be streamed, when it is large and can be.
pub fn large_file(path: &Path) -> Option<BufReader<File>> {
    let file = File::open(path).ok()?;
    let is_large = file.metadata().is_ok_and(|data| data.is_file() && data.len() > LARGE);
    let mut input = BufReader::with_capacity(1024 * 1024, file);
    (is_large && statement::can_stream(input.fill_buf().ok()?)).then_some(input)
}

/// Prints the JSON of `parse` while the file is read. Within a statement the lines come first:
/// balances are known for certain only at its end.
pub fn print_json(mut input: BufReader<File>) -> io::Result<Parsed> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut sink = JsonSink { out: &mut out, statement_count: 0, line_count: 0 };
    let parsed = statement::parse_stream(&mut input, &mut sink)?;
    if sink.statement_count == 0 {
        write!(out, "{{\"format\":{},\"statements\":[", text(&parsed.format)?)?;
    }
    writeln!(out, "],\"warnings\":{},\"errors\":{}}}", text(&parsed.warnings)?, text(&parsed.errors)?)?;
    out.flush()?;
    Ok(parsed)
}

struct JsonSink<'a, W: Write> {
    out: &'a mut W,
    statement_count: usize,
    line_count: usize,
}

impl<W: Write> LineSink for JsonSink<'_, W> {
    fn begin(&mut self, format: Format) -> io::Result<()> {
        if self.statement_count == 0 {
            write!(self.out, "{{\"format\":{},\"statements\":[", text(&format)?)?;
        } else {
            self.out.write_all(b",")?;
        }
        self.statement_count += 1;
        self.line_count = 0;
        self.out.write_all(b"{\"lines\":[")
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        self.out.write_all(if self.line_count == 0 { b"\n" } else { b",\n" })?;
        self.line_count += 1;
        serde_json::to_writer(&mut self.out, line).map_err(io::Error::from)
    }

    fn end(&mut self, statement: &Statement) -> io::Result<()> {
        write!(
            self.out,
            "],\"account\":{},\"currency\":{},\"number\":{},\"opening\":{},\"closing\":{}}}",
            text(&statement.account)?,
            text(&statement.currency)?,
            text(&statement.number)?,
            text(&statement.opening)?,
            text(&statement.closing)?
        )
    }
}

fn text<T: Serialize>(value: &T) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::from)
}
