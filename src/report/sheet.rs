//! What a book is written into: CSV, a spreadsheet (XLSX), or rows in memory. Both files are
//! written as they are filled.

use std::io::{Seek, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};

/// A cell. Texts are shown as they are, never calculated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Empty,
    Text(String),
    Date(BusinessDay),
    /// Local time in Hà Nội, to the second.
    Time(Instant),
    Amount(Dong),
    /// How many.
    Count(i64),
}

impl Cell {
    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Date(day) => day.0.format("%d/%m/%Y").to_string(),
            Cell::Time(at) => at.in_hanoi().format("%d/%m/%Y %H:%M:%S").to_string(),
            Cell::Amount(amount) => amount.to_string(),
            Cell::Count(count) => count.to_string(),
        }
    }

    pub fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

/// Rows of up to as many cells as there are columns.
pub trait Sheet {
    /// # Errors
    /// `internal` where the sink fails, as of the other two; `sheet_full`.
    fn title(&mut self, lines: &[String]) -> Result<()>;
    fn columns(&mut self, names: &[&str]) -> Result<()>;
    fn row(&mut self, cells: &[Cell]) -> Result<()>;
}

/// How a sheet is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    Xlsx,
}

impl Form {
    pub fn parse(name: &str) -> Result<Form> {
        match name {
            "csv" => Ok(Form::Csv),
            "xlsx" => Ok(Form::Xlsx),
            other => {
                let detail = format!("`{other}` is neither csv nor xlsx");
                Err(Error::invalid("format", "sheet_form_unknown", detail))
            }
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Form::Csv => "text/csv; charset=utf-8",
            Form::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    pub fn suffix(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Xlsx => "xlsx",
        }
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("the sheet cannot be written: {error}"))
}

/// Comma-separated values (RFC 4180) in UTF-8 with the mark that office programs look for.
pub struct Csv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    pub fn new(mut sink: W) -> Result<Self> {
        sink.write_all("\u{FEFF}".as_bytes()).map_err(|error| unwritable(&error))?;
        Ok(Csv { writer: csv::WriterBuilder::new().flexible(true).from_writer(sink) })
    }

    pub fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(|error| unwritable(&error))
    }

    fn record<'a>(&mut self, cells: impl Iterator<Item = std::borrow::Cow<'a, str>>) -> Result<()> {
        let cells: Vec<_> = cells.collect();
        self.writer.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(|error| unwritable(&error))
    }
}

/// A text that an office program would take for a formula gets an apostrophe before it (OWASP, CSV
/// injection).
fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return format!("'{text}").into();
    }
    text.into()
}

impl<W: Write> Sheet for Csv<W> {
    fn title(&mut self, lines: &[String]) -> Result<()> {
        lines.iter().try_for_each(|line| self.record(std::iter::once(harmless(line))))
    }

    fn columns(&mut self, names: &[&str]) -> Result<()> {
        self.record(names.iter().map(|name| harmless(name)))
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        self.record(cells.iter().map(|cell| match cell {
            Cell::Empty => "".into(),
            Cell::Text(text) => harmless(text),
            Cell::Amount(amount) => amount.0.to_string().into(),
            Cell::Date(_) | Cell::Time(_) | Cell::Count(_) => cell.shown().into(),
        }))
    }
}

/// One worksheet; rows that are done leave memory for a temporary file.
pub struct Xlsx {
    workbook: Workbook,
    next_row: u32,
    bold: Format,
    amount: Format,
    date: Format,
    time: Format,
}

/// The first columns are made wide enough for a time (`dd/mm/yyyy hh:mm:ss`) and most codes.
const WIDE_COLUMNS: u16 = 40;
const COLUMN_WIDTH_PIXELS: u32 = 152;

/// The rows a worksheet can hold.
const ROW_LIMIT: u32 = 1_048_576;

impl Xlsx {
    pub fn new() -> Result<Self> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(|error| unwritable(&error))?;
        // Widths must stand before the first row, and a date in a column that is too narrow reads ########.
        for column in 0..WIDE_COLUMNS {
            sheet.set_column_width_pixels(column, COLUMN_WIDTH_PIXELS).map_err(|error| unwritable(&error))?;
        }
        Ok(Xlsx {
            workbook,
            next_row: 0,
            bold: Format::new().set_bold(),
            amount: Format::new().set_num_format("#,##0"),
            date: Format::new().set_num_format("dd/mm/yyyy"),
            time: Format::new().set_num_format("dd/mm/yyyy hh:mm:ss"),
        })
    }

    /// # Errors
    /// `internal` where the sink fails.
    pub fn finish(mut self, sink: &mut dyn Write) -> Result<()> {
        let mut file = tempfile::tempfile().map_err(|error| unwritable(&error))?;
        self.workbook.save_to_writer(&mut file).map_err(|error| unwritable(&error))?;
        file.rewind().map_err(|error| unwritable(&error))?;
        std::io::copy(&mut file, sink).map_err(|error| unwritable(&error))?;
        Ok(())
    }

    fn write(
        &mut self,
        fill: impl FnOnce(&mut Worksheet, u32, [&Format; 4]) -> std::result::Result<(), XlsxError>,
    ) -> Result<()> {
        let row = self.next_row;
        if row >= ROW_LIMIT {
            let detail = format!("a worksheet holds {ROW_LIMIT} rows; take a shorter period, or csv");
            return Err(Error::invalid("format", "sheet_full", detail));
        }
        let sheet = self.workbook.worksheet_from_index(0).map_err(|error| unwritable(&error))?;
        let formats = [&self.bold, &self.amount, &self.date, &self.time];
        fill(sheet, row, formats).map_err(|error| unwritable(&error))?;
        self.next_row += 1;
        Ok(())
    }
}

impl Sheet for Xlsx {
    fn title(&mut self, lines: &[String]) -> Result<()> {
        for line in lines {
            self.write(|sheet, row, [bold, ..]| {
                sheet.write_string_with_format(row, 0, line, bold).map(|_| ())
            })?;
        }
        Ok(())
    }

    fn columns(&mut self, names: &[&str]) -> Result<()> {
        self.write(|sheet, row, [bold, ..]| {
            for (column, name) in (0_u16..).zip(names) {
                sheet.write_string_with_format(row, column, *name, bold)?;
            }
            Ok(())
        })
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        self.write(|sheet, row, [_, amount_format, date_format, time_format]| {
            for (column, cell) in (0_u16..).zip(cells) {
                match cell {
                    Cell::Empty => {}
                    Cell::Text(text) => {
                        sheet.write_string(row, column, text)?;
                    }
                    Cell::Date(day) => {
                        let date = ExcelDateTime::parse_from_str(&day.to_string())?;
                        sheet.write_datetime_with_format(row, column, &date, date_format)?;
                    }
                    Cell::Time(at) => {
                        let local = at.in_hanoi().format("%Y-%m-%dT%H:%M:%S").to_string();
                        let time = ExcelDateTime::parse_from_str(&local)?;
                        sheet.write_datetime_with_format(row, column, &time, time_format)?;
                    }
                    Cell::Count(count) => {
                        sheet.write_number(row, column, *count as f64)?;
                    }
                    // A spreadsheet counts in floating point: exact up to 2^53 đồng.
                    Cell::Amount(amount) => {
                        sheet.write_number_with_format(row, column, amount.0 as f64, amount_format)?;
                    }
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worksheet_that_is_full_says_so_instead_of_losing_rows() {
        let mut sheet = Xlsx::new().unwrap();
        sheet.next_row = ROW_LIMIT - 1;
        sheet.row(&[]).unwrap();
        assert_eq!(sheet.row(&[]).unwrap_err().code(), "sheet_full");
    }
}
