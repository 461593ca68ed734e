//! A report that is small enough to be held: its title, its columns, its rows. Shown as text, sent
//! as JSON by its room, written as CSV or a spreadsheet by the same code as the long lists.

use std::io::Write;

use super::sheet::{Cell, Csv, Form, Sheet, Xlsx};
use crate::error::Result;

/// A report as rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub title: Vec<String>,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Writes it as a file.
    ///
    /// # Errors
    /// Those of the sheet.
    pub fn write_as(&self, form: Form, sink: &mut dyn Write) -> Result<()> {
        write_as(form, sink, |sheet| {
            sheet.title(&self.title)?;
            sheet.columns(self.columns)?;
            self.rows.iter().try_for_each(|row| sheet.row(row))
        })
    }

    /// The rows as texts for people, amounts with their points.
    pub fn texts(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect()
    }

    /// The columns that are set to the right: those of amounts and counts.
    pub fn right(&self) -> Vec<usize> {
        let is_figure = |cell: &Cell| matches!(cell, Cell::Amount(_) | Cell::Count(_));
        (0..self.columns.len())
            .filter(|at| self.rows.iter().any(|row| row.get(*at).is_some_and(is_figure)))
            .collect()
    }
}

/// Opens a sheet of a form, has it filled, and sends it on. A spreadsheet is finished in a temporary
/// file first, since its parts are written in another order than they are read.
///
/// # Errors
/// Those of `fill`, `sheet_full`, and of the sink.
pub fn write_as<T>(
    form: Form,
    sink: &mut dyn Write,
    fill: impl FnOnce(&mut dyn Sheet) -> Result<T>,
) -> Result<T> {
    match form {
        Form::Csv => {
            let mut sheet = Csv::new(sink)?;
            let filled = fill(&mut sheet)?;
            sheet.finish()?;
            Ok(filled)
        }
        Form::Xlsx => {
            let mut sheet = Xlsx::new()?;
            let filled = fill(&mut sheet)?;
            sheet.finish(sink)?;
            Ok(filled)
        }
    }
}
