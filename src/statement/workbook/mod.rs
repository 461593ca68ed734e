//! Workbooks: XLSX, ODS and XLS (BIFF5 and BIFF8) become rows of text.
//!
//! Only what a table needs is read: texts, numbers, what a formula last gave, and whether a number
//! is a date. `xlsx` reads the parts of an archive, `compound` the file system of the old format
//! and `biff` the records in it, `cell` writes a number as text. Nothing a file says of its sizes
//! is believed: memory grows with the cells that are there.

mod biff;
mod cell;
mod compound;
mod ods;
mod xlsx;

use super::archive::Member;
use super::finding::Finding;
use super::tabular::Row;
pub(super) use cell::number_text;

/// Cells of all sheets together.
const MAX_CELLS: usize = 5_000_000;
/// A cell further right than this is not believed.
const MAX_COLUMNS: usize = 512;

/// The rows of each sheet of an XLSX workbook.
pub(super) fn of_parts(parts: &[Member]) -> Result<Vec<Vec<Row>>, Finding> {
    xlsx::sheets(parts)
}

/// The rows of each sheet of an OpenDocument spreadsheet, by its `content.xml`.
pub(super) fn of_content(content: &[u8]) -> Result<Vec<Vec<Row>>, Finding> {
    ods::sheets(std::str::from_utf8(content).map_err(|_| broken())?)
}

/// The rows of each sheet of a workbook of before 2007.
pub(super) fn of_records(bytes: &[u8]) -> Result<Vec<Vec<Row>>, Finding> {
    let stream = compound::workbook_stream(bytes).ok_or_else(broken)?;
    biff::sheets(&stream)
}

/// Rows in the making: cells come with their place, in any order.
#[derive(Default)]
struct Grid {
    rows: std::collections::BTreeMap<usize, Vec<String>>,
    cell_count: usize,
}

impl Grid {
    /// Row and column count from zero.
    fn put(&mut self, row: usize, column: usize, text: String) -> Result<(), Finding> {
        if column >= MAX_COLUMNS || text.is_empty() {
            return Ok(());
        }
        let cells = self.rows.entry(row).or_default();
        if cells.len() <= column {
            self.cell_count += column + 1 - cells.len();
            cells.resize(column + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(column) {
            *cell = text;
        }
        if self.cell_count > MAX_CELLS { Err(too_large()) } else { Ok(()) }
    }

    fn into_rows(self) -> Vec<Row> {
        let rows = self.rows.into_iter().map(|(row, cells)| Row { line: row.saturating_add(1), cells });
        rows.filter(|row| !row.is_blank()).collect()
    }
}

fn broken() -> Finding {
    Finding::new(
        "line 1",
        "workbook_broken",
        "Tệp bảng tính hỏng, có mật khẩu hoặc quá cũ; hãy lưu thành XLSX hoặc CSV",
        "the workbook is broken, has a password or is too old; save it as XLSX or CSV",
    )
}

fn too_large() -> Finding {
    Finding::new(
        "line 1",
        "workbook_too_large",
        format!("Bảng tính có hơn {MAX_CELLS} ô"),
        format!("the workbook has more than {MAX_CELLS} cells"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_holds_so_many_cells_and_no_more() {
        let mut almost = Grid { cell_count: MAX_CELLS - 1, ..Grid::default() };
        assert!(almost.put(0, 0, "a".to_owned()).is_ok(), "the last one");
        assert!(almost.put(0, 0, "b".to_owned()).is_ok(), "in the place of the same");
        assert_eq!(almost.put(1, 0, "c".to_owned()).unwrap_err().code, "workbook_too_large");
    }
}
