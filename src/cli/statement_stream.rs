//! Printing a statement file that is too large for the memory, line by line.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Cursor, Read as _, Write};
use std::path::Path;

use serde::Serialize;

use crate::statement::{self, Format, Line, LineSink, Parsed, Statement};

/// Smaller files are read as a whole: their JSON has the usual order, their pages are joined.
const LARGE: u64 = 64 * 1024 * 1024;

/// A statement file as it is read.
pub enum Input {
    Whole(Vec<u8>),
    /// Too large for that, in a form that can be read line by line.
    Streamed(Box<dyn BufRead>),
}

/// Opens a file, or a pipe, whose size shows while it is read.
pub fn open(path: &Path) -> io::Result<Input> {
    let file = File::open(path)?;
    let size = file.metadata().ok().filter(Metadata::is_file).map(|data| data.len());
    let mut input = BufReader::with_capacity(1024 * 1024, file);
    if size.is_some_and(|size| size > LARGE) && statement::can_stream(input.fill_buf()?) {
        return Ok(Input::Streamed(Box::new(input)));
    }
    let mut head = Vec::new();
    input.by_ref().take(LARGE + 1).read_to_end(&mut head)?;
    if head.len() as u64 > LARGE && statement::can_stream(&head) {
        return Ok(Input::Streamed(Box::new(Cursor::new(head).chain(input))));
    }
    // One byte more than is read tells that it is too large.
    let left = (statement::MAX_BYTES + 1).saturating_sub(head.len()) as u64;
    input.take(left).read_to_end(&mut head)?;
    Ok(Input::Whole(head))
}

/// Prints the JSON of `parse` while the file is read. Within a statement the lines come first:
/// balances are known for certain only at its end.
pub fn print_json(input: &mut dyn BufRead) -> io::Result<Parsed> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut sink = JsonSink { out: &mut out, statement_count: 0, line_count: 0 };
    let parsed = statement::parse_stream(input, &mut sink)?;
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
