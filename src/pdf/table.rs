//! Tables: columns measured from what stands in them, the head repeated on each page, rows split
//! when they are higher than a page, the sums kept with the last row.

use super::draw::Owner;
use super::flow::{Flow, Strand};
use super::paragraph::{Align, Paragraph, Shaped};
use super::sheet::Sheet;
use super::tree::{NodeId, Role};

const SIDE_PADDING: f32 = 3.0;
const PADDING: f32 = 1.8;
/// The column of texts gets at least this share of the table.
const REST_AT_LEAST: f32 = 0.3;

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Width {
    /// As wide as its longest content, at least so many points.
    Fit(f32),
    /// What the others leave. One column of a table.
    Rest,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub title: String,
    pub width: Width,
}

/// A cell over one or more columns.
#[derive(Clone, Debug)]
pub struct Cell {
    pub span: usize,
    pub content: Paragraph,
}

impl Cell {
    pub fn of(content: Paragraph) -> Cell {
        Cell { span: 1, content }
    }
}

pub type Row = Vec<Cell>;

#[derive(Clone, Debug)]
pub struct Table {
    pub columns: Vec<Column>,
    pub title_size: f32,
    pub body: Vec<Row>,
    /// Sums, kept with the last row of the body.
    pub foot: Vec<Row>,
    /// The height of what follows and should not stand alone on a page.
    pub keep_with: f32,
}

/// A shaped row: spans and contents.
type ShapedRow = Vec<(usize, Shaped)>;

impl Sheet {
    pub fn table(&mut self, table: &Table) {
        let title =
            |column: &Column| Paragraph::new(table.title_size).bold(&column.title).align(Align::Centre);
        let titles: ShapedRow = table.columns.iter().map(|column| (1, title(column).shaped())).collect();
        let (body, foot) = (shaped(&table.body), shaped(&table.foot));
        let edges = self.edges(table, body.iter().chain(&foot));

        let node = self.tree.add(None, Role::Table);
        let part = self.tree.add(Some(node), Role::TableHead);
        let head = self.row(part, &titles, &edges, |_| Role::HeaderCell);
        let part = self.tree.add(Some(node), Role::TableBody);
        let cell = |span| Role::Cell(u32::try_from(span).unwrap_or(1));
        let body: Vec<Flow<'_>> = body.iter().map(|row| self.row(part, row, &edges, cell)).collect();
        let part = self.tree.add(Some(node), Role::TableFoot);
        let foot: Vec<Flow<'_>> = foot.iter().map(|row| self.row(part, row, &edges, cell)).collect();

        // The head never stands at the bottom of a page without a row. A row that is the only one goes
        // with its sums and what follows them, and the head with it.
        let first = body.first().map_or(0.0, Flow::height);
        self.keep_together(head.height() + first, None);
        if body.len() == 1 {
            let whole = head.height() + first + foot.iter().map(Flow::height).sum::<f32>();
            self.keep_together(whole, None);
            self.keep_together(whole + table.keep_with, None);
        }
        self.flow(Flow { strands: head.strands.clone(), rules: head.rules.clone(), ..head });
        let last = body.len().saturating_sub(1);
        let sums: f32 = foot.iter().map(Flow::height).sum();
        for (index, row) in body.into_iter().enumerate() {
            if index == last {
                let whole = row.height() + sums;
                self.keep_together(whole, Some(&head));
                self.keep_together(whole + table.keep_with, Some(&head));
            }
            self.flow(Flow { head: Some(&head), ..row });
        }
        for row in foot {
            self.flow(Flow { head: Some(&head), ..row });
        }
    }

    fn row(
        &mut self,
        part: NodeId,
        row: &ShapedRow,
        edges: &[f32],
        role: impl Fn(usize) -> Role,
    ) -> Flow<'static> {
        let node = self.tree.add(Some(part), Role::Row);
        let mut strands = Vec::with_capacity(row.len());
        let mut rules: Vec<f32> = edges.first().copied().into_iter().collect();
        let mut column = 0;
        for (span, content) in row {
            let left = edges.get(column).copied().unwrap_or_default();
            column = (column + span).min(edges.len() - 1);
            let right = edges.get(column).copied().unwrap_or_default();
            rules.push(right);
            let mut strand = Strand::new(left + SIDE_PADDING, right - left - 2.0 * SIDE_PADDING);
            let cell = self.tree.add(Some(node), role(*span));
            strand.push_text(Owner::Node(cell), content);
            strands.push(strand);
        }
        Flow { strands, padding: PADDING, rules, head: None }
    }

    /// The left edge of each column and the right edge of the last.
    fn edges<'a>(&self, table: &Table, rows: impl Iterator<Item = &'a ShapedRow>) -> Vec<f32> {
        let total = self.text_width();
        let mut widths: Vec<f32> = table
            .columns
            .iter()
            .map(|column| match column.width {
                Width::Fit(least) => least,
                Width::Rest => 0.0,
            })
            .collect();
        for row in rows {
            let mut at = 0;
            for (span, content) in row {
                let is_measured = *span == 1 && table.columns.get(at).is_some_and(|c| c.width != Width::Rest);
                if let Some(width) = widths.get_mut(at).filter(|_| is_measured) {
                    *width = width.max(content.natural_width() + 2.0 * SIDE_PADDING + 0.1);
                }
                at += span;
            }
        }
        let fixed: f32 = widths.iter().sum();
        let most = total * (1.0 - REST_AT_LEAST);
        // Contents that are too wide for the page are broken within their cells.
        let scale = if fixed > most { most / fixed } else { 1.0 };
        let rest = total - fixed * scale;
        let mut edges = vec![self.left()];
        let mut edge = self.left();
        for (column, width) in table.columns.iter().zip(&widths) {
            edge += if column.width == Width::Rest { rest } else { width * scale };
            edges.push(edge);
        }
        edges
    }
}

fn shaped(rows: &[Row]) -> Vec<ShapedRow> {
    rows.iter()
        .map(|row| row.iter().map(|cell| (cell.span.max(1), cell.content.shaped())).collect())
        .collect()
}
