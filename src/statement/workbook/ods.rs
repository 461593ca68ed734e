//! OpenDocument spreadsheets: the tables of `content.xml`.
//!
//! Source: OASIS OpenDocument 1.2 part 1, chapter 9. Elements are found by local name; repeated rows
//! and cells count only as far as they hold something, so that a sheet padded to a million columns is
//! small.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::xlsx::{append, attribute, next};
use super::{Grid, broken};
use crate::statement::finding::Finding;
use crate::statement::tabular::Row;

/// A filled cell or row repeated more often than this is not believed.
const MAX_REPEATED: usize = 10_000;

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    kind: String,
    /// The number or the date behind what is shown.
    value: String,
    shown: String,
    repeated: usize,
}

impl Cell {
    fn of(tag: &BytesStart<'_>) -> Cell {
        let kind = attribute(tag, "value-type").unwrap_or_default();
        let name = if kind == "date" { "date-value" } else { "value" };
        Cell {
            value: attribute(tag, name).unwrap_or_default(),
            kind,
            shown: String::new(),
            repeated: times(tag, "number-columns-repeated"),
        }
    }

    /// Money stays the digits it is written in; a date is its day.
    fn text(&self) -> String {
        match self.kind.as_str() {
            "float" | "currency" | "percentage" if !self.value.is_empty() => self.value.clone(),
            "date" if !self.value.is_empty() => self.value.replace('T', " "),
            _ => self.shown.clone(),
        }
    }
}

fn times(tag: &BytesStart<'_>, name: &str) -> usize {
    attribute(tag, name).and_then(|count| count.parse().ok()).unwrap_or(1).max(1)
}

pub(super) fn sheets(xml: &str) -> Result<Vec<Vec<Row>>, Finding> {
    let mut reader = Reader::from_str(xml);
    let mut sheets = Vec::new();
    let mut grid = Grid::default();
    let (mut row, mut column, mut row_times) = (0_usize, 0_usize, 1_usize);
    let mut cells: Vec<(usize, String)> = Vec::new();
    let mut cell: Option<Cell> = None;
    let (mut depth, mut is_text, mut is_note) = (0_usize, false, false);
    loop {
        match next(&mut reader)? {
            Event::Start(tag) => {
                depth += 1;
                match tag.local_name().into_inner() {
                    "table" => (row, column) = (0, 0),
                    "table-row" => (column, row_times) = (0, times(&tag, "number-rows-repeated")),
                    "table-cell" | "covered-table-cell" => cell = Some(Cell::of(&tag)),
                    "annotation" => is_note = true,
                    "p" => {
                        is_text = !is_note;
                        if let Some(cell) = cell.as_mut().filter(|cell| is_text && !cell.shown.is_empty()) {
                            cell.shown.push('\n');
                        }
                    }
                    _ => {}
                }
            }
            Event::Empty(tag) => match tag.local_name().into_inner() {
                "table-cell" | "covered-table-cell" => {
                    let empty = Cell::of(&tag);
                    put(&mut cells, &mut column, &empty)?;
                }
                "table-row" => row = row.saturating_add(times(&tag, "number-rows-repeated")),
                "s" => space(cell.as_mut(), times(&tag, "c")),
                _ => {}
            },
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                match tag.local_name().into_inner() {
                    "table-cell" | "covered-table-cell" => {
                        let done = cell.take().unwrap_or_default();
                        put(&mut cells, &mut column, &done)?;
                    }
                    "table-row" => {
                        let count = if cells.is_empty() { 0 } else { row_times };
                        if count > MAX_REPEATED {
                            return Err(broken());
                        }
                        for repeat in 0..count {
                            for (column, text) in &cells {
                                grid.put(row.saturating_add(repeat), *column, text.clone())?;
                            }
                        }
                        cells.clear();
                        row = row.saturating_add(row_times);
                    }
                    "p" => is_text = false,
                    "annotation" => is_note = false,
                    "table" => {
                        let rows = std::mem::take(&mut grid).into_rows();
                        if !rows.is_empty() {
                            sheets.push(rows);
                        }
                    }
                    _ => {}
                }
            }
            Event::Eof if depth == 0 => return Ok(sheets),
            Event::Eof => return Err(broken()),
            event if is_text => {
                if let Some(cell) = &mut cell {
                    append(&mut cell.shown, &event);
                }
            }
            _ => {}
        }
    }
}

fn space(cell: Option<&mut Cell>, count: usize) {
    if let Some(cell) = cell {
        cell.shown.push_str(&" ".repeat(count.min(MAX_REPEATED)));
    }
}

fn put(cells: &mut Vec<(usize, String)>, column: &mut usize, cell: &Cell) -> Result<(), Finding> {
    let text = cell.text();
    if !text.is_empty() {
        if cell.repeated > MAX_REPEATED {
            return Err(broken());
        }
        cells.extend((0..cell.repeated).map(|repeat| (column.saturating_add(repeat), text.clone())));
    }
    *column = column.saturating_add(cell.repeated.max(1));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<office:document-content><office:body><office:spreadsheet><table:table>";
    const TAIL: &str = "</table:table></office:spreadsheet></office:body></office:document-content>";

    fn rows(inside: &str) -> Vec<Vec<String>> {
        let sheets = sheets(&format!("{HEAD}{inside}{TAIL}")).unwrap();
        sheets.into_iter().flatten().map(|row| row.cells).collect()
    }

    #[test]
    fn cells_come_with_their_values_and_repeats_count_where_they_hold_something() {
        let found = rows(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>Ngày</text:p></table:table-cell>\
             <table:table-cell table:number-columns-repeated=\"2\"/>\
             <table:table-cell office:value-type=\"string\"><text:p>Số<text:s/>tiền &amp; phí</text:p></table:table-cell>\
             <table:table-cell table:number-columns-repeated=\"16000\"/></table:table-row>\
             <table:table-row table:number-rows-repeated=\"3\"><table:table-cell/></table:table-row>\
             <table:table-row><table:table-cell office:value-type=\"date\" office:date-value=\"2026-11-22T09:30:00\">\
             <text:p>22/11/26</text:p></table:table-cell><table:table-cell office:value-type=\"float\" office:value=\"-25000\">\
             <office:annotation><text:p>ghi chú</text:p></office:annotation><text:p>-25.000</text:p></table:table-cell>\
             </table:table-row><table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell/></table:table-row>",
        );
        assert_eq!(found, [vec!["Ngày", "", "", "Số tiền & phí"], vec!["2026-11-22 09:30:00", "-25000"]]);
    }

    #[test]
    fn what_unfolds_without_end_or_breaks_off_is_refused() {
        let filled = "<table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"999999999\">\
                      <text:p>x</text:p></table:table-cell>";
        let refused = |content: String| sheets(&content).unwrap_err().code;
        let wide = format!("{HEAD}<table:table-row>{filled}</table:table-row>{TAIL}");
        assert_eq!(refused(wide), "workbook_broken");
        let row = "<table:table-row table:number-rows-repeated=\"999999999\"><table:table-cell><text:p>x</text:p>\
                   </table:table-cell></table:table-row>";
        assert_eq!(refused(format!("{HEAD}{row}{TAIL}")), "workbook_broken");
        assert_eq!(refused(format!("{HEAD}<table:table-row>")), "workbook_broken");
        assert_eq!(refused(format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{HEAD}{TAIL}")), "workbook_broken");
    }
}
