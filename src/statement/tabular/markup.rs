//! Tables in markup: an HTML page that a bank names `.xls`, and SpreadsheetML of 2003.
//!
//! Real pages are not well-formed, so tags are cut out one by one and only those that make rows
//! and cells mean anything: `tr`, `td`, `th`, and `Row`, `Cell` of SpreadsheetML. Rows of all
//! tables come in the order of the page.

use super::rows::Row;
use crate::statement::workbook::number_text;

/// A cell that says it stands further right than this is not believed.
const MAX_COLUMNS: usize = 256;
/// A cell that says it reaches further down is not believed.
const MAX_REACH: usize = 1_000;
/// Of a cell that stands in several rows, a longer text is told once.
const MAX_REACH_BYTES: usize = 200;
/// Rows of one page; a busy account has some thousand a day.
const MAX_ROWS: usize = 1_000_000;

/// Whether the text is markup with table rows in it.
pub(super) fn has_rows(text: &str) -> bool {
    Tags { rest: text, line: 1 }.any(|piece| matches!(piece, (_, Piece::Open(tag)) if is_row(tag.name())))
}

pub(super) fn rows(text: &str) -> Vec<Row> {
    let mut reader = Reader::default();
    for (line, piece) in (Tags { rest: text, line: 1 }) {
        reader.take(line, &piece);
        if reader.rows.len() >= MAX_ROWS {
            break;
        }
    }
    reader.close_row();
    reader.rows
}

fn is_row(name: &str) -> bool {
    name.eq_ignore_ascii_case("tr") || name == "Row" || name.ends_with(":Row")
}

/// `Data` of SpreadsheetML.
fn is_data(name: &str) -> bool {
    name == "Data" || name.ends_with(":Data")
}

fn is_cell(name: &str) -> bool {
    name.eq_ignore_ascii_case("td")
        || name.eq_ignore_ascii_case("th")
        || name == "Cell"
        || name.ends_with(":Cell")
}

/// The line where the text ends inside of a tag or of a table. Pages that leave end tags out are known by
/// the end of the page, or by never closing a table or a row.
pub(super) fn open_at_end(text: &str) -> Option<usize> {
    let (mut tables, mut workbooks, mut open_rows, mut closed_rows) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut is_page_closed = false;
    let mut last_line = 1;
    for (line, piece) in (Tags { rest: text, line: 1 }) {
        last_line = line;
        match piece {
            Piece::Open(tag) if tag.is_empty() => {}
            Piece::Open(tag) if tag.name().eq_ignore_ascii_case("table") => tables += 1,
            Piece::Open(tag) if is_workbook(tag.name()) => workbooks += 1,
            Piece::Open(tag) if is_row(tag.name()) => open_rows = 1,
            Piece::Close(name) if name.eq_ignore_ascii_case("table") => tables = tables.saturating_sub(1),
            Piece::Close(name) if is_workbook(name) => workbooks = workbooks.saturating_sub(1),
            Piece::Close(name) if is_row(name) => (open_rows, closed_rows) = (0, closed_rows + 1),
            Piece::Close(name) => {
                is_page_closed |= ["html", "body"].iter().any(|end| name.eq_ignore_ascii_case(end));
            }
            Piece::Text(_) | Piece::Open(_) => {}
        }
    }
    let ends_in_tag =
        text.rfind('<').is_some_and(|at| text.get(at..).is_some_and(|tail| !tail.contains('>')));
    let is_row_open = open_rows > 0 && closed_rows > 0;
    let is_open = ends_in_tag || workbooks > 0 || (!is_page_closed && (tables > 0 || is_row_open));
    is_open.then_some(last_line)
}

fn is_workbook(name: &str) -> bool {
    name == "Workbook" || name.ends_with(":Workbook")
}

#[derive(Default)]
struct Reader {
    rows: Vec<Row>,
    row: Option<Row>,
    /// Rows around a table that stands in a cell, with the depth of the table they are of.
    outer: Vec<(Row, usize)>,
    /// Tables that are open, and how many were when the row began.
    depth: usize,
    row_depth: usize,
    /// The cell holds a number as the program keeps it, with the noise of its arithmetic.
    is_number: bool,
    is_in_cell: bool,
    /// Cells that the open one covers to its right.
    covered: usize,
    /// Rows that the open cell reaches down to, beside its own.
    reaches: usize,
    /// Cells of rows above that reach into the next ones.
    above: Vec<Reach>,
    /// Inside of an element whose text is none: `style`, `script`.
    hidden: Option<String>,
}

/// A cell that stands in several rows: a date before all its movements, a heading beside two of one kind.
struct Reach {
    column: usize,
    rows_left: usize,
    text: String,
}

impl Reader {
    fn take(&mut self, line: usize, piece: &Piece<'_>) {
        if let Some(name) = &self.hidden {
            if matches!(piece, Piece::Close(closed) if closed.eq_ignore_ascii_case(name)) {
                self.hidden = None;
            }
            return;
        }
        match piece {
            Piece::Text(text) => self.add_text(text),
            Piece::Open(tag) => self.open(line, tag),
            Piece::Close(name) if is_row(name) => self.end_row(),
            Piece::Close(name) if name.eq_ignore_ascii_case("table") => {
                self.depth = self.depth.saturating_sub(1);
            }
            Piece::Close(name) if is_data(name) => self.round_number(),
            Piece::Close(name) if is_cell(name) => self.close_cell(),
            Piece::Close(name) if matches!(name.to_ascii_lowercase().as_str(), "p" | "div") => {
                self.add_break()
            }
            Piece::Close(_) => {}
        }
    }

    fn open(&mut self, line: usize, tag: &Tag<'_>) {
        let name = tag.name();
        if is_row(name) {
            self.open_row(line);
        } else if name.eq_ignore_ascii_case("table") && !tag.is_empty() {
            self.depth += 1;
            if self.depth == 1 {
                self.above.clear();
            }
        } else if is_data(name) {
            self.is_number = tag.0.contains("\"Number\"");
        } else if is_cell(name) {
            self.open_cell(tag);
        } else if name.eq_ignore_ascii_case("br") {
            self.add_break();
        } else if (name.eq_ignore_ascii_case("style") || name.eq_ignore_ascii_case("script"))
            && !tag.is_empty()
        {
            self.hidden = Some(name.to_owned());
        }
    }

    /// A row inside of a cell is one of a table of its own; the row around it goes on behind it.
    fn open_row(&mut self, line: usize) {
        let is_inside = self.is_in_cell && self.depth > self.row_depth;
        if let Some(around) = if is_inside { self.row.take() } else { None } {
            self.outer.push((around, self.row_depth));
        } else {
            self.close_row();
        }
        self.is_in_cell = false;
        self.row_depth = self.depth;
        self.row = Some(Row { line, cells: Vec::new() });
    }

    fn end_row(&mut self) {
        self.close_row();
        if let Some((around, depth)) = self.outer.pop() {
            (self.row, self.row_depth, self.is_in_cell) = (Some(around), depth, true);
        }
    }

    fn round_number(&mut self) {
        let is_number = std::mem::take(&mut self.is_number);
        if let Some(cell) = self.cell().filter(|_| is_number) {
            *cell = number_text(cell.trim(), false, false);
        }
    }

    fn open_cell(&mut self, tag: &Tag<'_>) {
        self.close_cell();
        let Some(row) = &mut self.row else { return };
        // SpreadsheetML leaves empty cells out and numbers the next one.
        if let Some(index) = tag.number("ss:Index").filter(|index| (1..=MAX_COLUMNS).contains(index)) {
            row.cells.resize(row.cells.len().max(index - 1), String::new());
        }
        if self.outer.is_empty() {
            fill_reached(row, &self.above);
        }
        row.cells.push(String::new());
        self.reaches = tag.number("rowspan").unwrap_or(1).clamp(1, MAX_REACH) - 1;
        let spanned =
            tag.number("colspan").map(|span| span.saturating_sub(1)).or(tag.number("ss:MergeAcross"));
        self.covered = spanned.unwrap_or(0).min(MAX_COLUMNS);
        self.is_in_cell = true;
        if tag.is_empty() {
            self.close_cell();
        }
    }

    fn close_cell(&mut self) {
        if !std::mem::take(&mut self.is_in_cell) {
            return;
        }
        let covered = std::mem::take(&mut self.covered);
        let rows_left = std::mem::take(&mut self.reaches);
        if let Some(row) = &mut self.row {
            // Tables inside of cells reach nowhere.
            if let Some(text) = row.cells.last().filter(|_| rows_left > 0 && self.outer.is_empty()) {
                let mut text = if text.len() > MAX_REACH_BYTES { String::new() } else { text.clone() };
                let first = row.cells.len() - 1;
                for column in (first..=first + covered).take_while(|column| *column < MAX_COLUMNS) {
                    // Its own row is counted too, and ends first.
                    let text = std::mem::take(&mut text);
                    self.above.push(Reach { column, rows_left: rows_left + 1, text });
                }
            }
            let width = (row.cells.len() + covered).min(MAX_COLUMNS.max(row.cells.len()));
            row.cells.resize(width, String::new());
        }
    }

    fn close_row(&mut self) {
        self.close_cell();
        if let Some(row) = self.row.as_mut().filter(|_| self.outer.is_empty()) {
            fill_reached(row, &self.above);
            self.above.retain_mut(|reach| {
                reach.rows_left -= 1;
                reach.rows_left > 0
            });
        }
        self.rows.extend(self.row.take().filter(|row| !row.is_blank()));
    }

    fn cell(&mut self) -> Option<&mut String> {
        let row = self.row.as_mut().filter(|_| self.is_in_cell)?;
        row.cells.last_mut()
    }

    fn add_text(&mut self, text: &str) {
        if let Some(cell) = self.cell() {
            // A line break of the source is a space of the page.
            cell.push_str(&unescaped(&text.replace(['\r', '\n', '\t'], " ")));
        }
    }

    fn add_break(&mut self) {
        if let Some(cell) = self.cell() {
            cell.push('\n');
        }
    }
}

/// Cells that rows above have put where the next cell would stand.
fn fill_reached(row: &mut Row, above: &[Reach]) {
    while let Some(reach) = above.iter().find(|reach| reach.column == row.cells.len()) {
        row.cells.push(reach.text.clone());
    }
}

enum Piece<'a> {
    Text(&'a str),
    Open(Tag<'a>),
    Close(&'a str),
}

/// The inside of `<…>`.
struct Tag<'a>(&'a str);

impl<'a> Tag<'a> {
    fn name(&self) -> &'a str {
        self.0.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.0.ends_with('/')
    }

    /// The number of an attribute, with or without quotes.
    fn number(&self, name: &str) -> Option<usize> {
        let lower = self.0.to_ascii_lowercase();
        let (_, behind) = lower.split_once(&name.to_ascii_lowercase())?;
        let value = behind.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        value.get(..end)?.parse().ok()
    }
}

/// Cuts markup into tags and text; comments and declarations are left out.
struct Tags<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Iterator for Tags<'a> {
    type Item = (usize, Piece<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let line = self.line;
            let Some(behind) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some((line, Piece::Text(self.cut(end, 0))));
            };
            if let Some(data) = behind.strip_prefix("![CDATA[") {
                let end = data.find("]]>").unwrap_or(data.len());
                self.cut("<![CDATA[".len(), 0);
                return Some((line, Piece::Text(self.cut(end, 3))));
            }
            if let Some(comment) = behind.strip_prefix("!--") {
                let end = comment.find("-->").unwrap_or(comment.len());
                self.cut("<!--".len() + end, 3);
                continue;
            }
            let end = behind.find('>').unwrap_or(behind.len());
            self.cut(1, 0);
            let inside = self.cut(end, 1);
            return Some((
                line,
                match inside.strip_prefix('/') {
                    Some(name) => Piece::Close(name.trim()),
                    None => Piece::Open(Tag(inside.trim_end())),
                },
            ));
        }
    }
}

impl<'a> Tags<'a> {
    /// Takes the text up to `end`, and leaves out as many bytes behind it.
    fn cut(&mut self, end: usize, skipped: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        let (gone, rest) = rest.split_at_checked(skipped).unwrap_or(("", ""));
        self.line += taken.matches('\n').count() + gone.matches('\n').count();
        self.rest = rest;
        taken
    }
}

/// Resolves character references: numbers, the five of XML, the space that does not break and the
/// Latin letters of HTML; others stay as they are.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let end = behind.find(';').filter(|end| *end <= 10);
        let resolved = end.and_then(|end| behind.get(..end)).and_then(character);
        match (end, resolved) {
            (Some(end), Some(character)) => {
                plain.push(character);
                rest = behind.get(end + 1..).unwrap_or_default();
            }
            _ => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hexadecimal = number.strip_prefix(['x', 'X']);
        let code = match hexadecimal {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    let found = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        _ => return accented(name),
    };
    Some(found)
}

/// `agrave` is a letter and the name of its accent.
fn accented(name: &str) -> Option<char> {
    let letter = name.chars().next().filter(char::is_ascii_alphabetic)?;
    let mark = match name.get(1..)? {
        "grave" => '\u{300}',
        "acute" => '\u{301}',
        "circ" => '\u{302}',
        "tilde" => '\u{303}',
        "uml" => '\u{308}',
        "cedil" => '\u{327}',
        _ => return None,
    };
    unicode_normalization::char::compose(letter, mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        rows(text).into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn a_page_without_closing_tags_gives_its_rows() {
        let page = "<html><style>td { x }</style><table><TR><TD>Ng&agrave;y<TD colspan=2>N&#7907;&nbsp;A<tr><td>1</td>\n<td>a<br/>b</td></table>";
        assert_eq!(cells(page), [vec!["Ngày", "Nợ A", ""], vec!["1", "a\nb"]]);
        assert_eq!(rows(page)[1].line, 1);
    }

    #[test]
    fn a_spreadsheet_of_2003_may_leave_cells_out() {
        let sheet = "<?xml version=\"1.0\"?><Workbook><Worksheet><Table>\n<Row><Cell><Data ss:Type=\"String\">A &amp; B</Data></Cell><Cell ss:Index=\"4\"><Data>5</Data></Cell></Row><Row><Cell/><Cell><Data>x</Data></Cell></Row></Table></Worksheet></Workbook>";
        assert_eq!(cells(sheet), [vec!["A & B", "", "", "5"], vec!["", "x"]]);
        assert_eq!(rows(sheet)[0].line, 2);
    }

    #[test]
    fn broken_markup_is_read_as_far_as_it_goes() {
        for text in [
            "<",
            "<tr",
            "<tr><td",
            "<!--",
            "<![CDATA[",
            "<tr><td>&#xFFFFFFFF; &; &",
            "<td>x</td>",
            "<tr><td colspan=99999999999>x",
        ] {
            rows(text);
        }
        assert_eq!(cells("<tr><td>a < b<td>c"), [vec!["a c"]], "a tag ends at the next mark");
    }
}
