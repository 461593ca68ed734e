//! The sums and counts that a table states of its rows.

use super::dictionary::{self, Word};
use super::table::is_like_money;
use super::{Fault, Field, Kind, Table, Why};
use crate::amount::Dong;
use crate::statement::tabular::{self, Row};

/// A table has a sum for each of its groups, but not more.
pub(super) const MAX_TOTALS: usize = 500;

/// A row of sums.
#[derive(Debug)]
pub(super) struct Total {
    /// So many rows stand above it.
    pub after: usize,
    pub row: Row,
}

/// What the rows say in a column that a sum may be of: as it is written, or as it is understood.
#[derive(Debug)]
pub struct Series {
    field: Field,
    values: Vec<Dong>,
}

impl Series {
    pub fn of(field: Field, values: impl IntoIterator<Item = Dong>) -> Series {
        Series { field, values: values.into_iter().collect() }
    }

    /// The sums up to each row.
    fn running(&self) -> Result<Vec<Dong>, Why> {
        let mut running = vec![Dong::ZERO];
        let mut sum = Dong::ZERO;
        for value in &self.values {
            sum = sum.checked_add(*value).map_err(|_| Why::Amount)?;
            running.push(sum);
        }
        Ok(running)
    }
}

/// What a figure counts.
#[derive(Clone, Copy)]
enum Figure {
    Sum(Field),
    Rows,
}

/// What the words before a figure announce: “Tổng phí”, “Thực nhận”, “Số giao dịch”.
fn figure(kind: Kind, words: &str) -> Option<Figure> {
    let of = |words: &str| {
        if dictionary::says(words, Word::Count) {
            return Some(Figure::Rows);
        }
        let named = dictionary::named(kind, words).map(|(field, _)| field);
        named.filter(|field| field.is_money()).map(Figure::Sum)
    };
    of(words).or_else(|| dictionary::behind_total(words).find_map(of))
}

/// The first cell of a row that is filled.
fn label(row: &Row) -> Option<(usize, &str)> {
    (0..row.cells.len()).map(|index| (index, row.cell(index))).find(|(_, cell)| !cell.is_empty())
}

impl Table {
    /// Whether the row sums others up: it begins with the word of a total or names a figure, or holds nothing
    /// but sums.
    pub(super) fn is_total(&self, row: &Row, own_total: &str) -> bool {
        let Some((first, label)) = label(row) else { return false };
        if first != self.key && !row.cell(self.key).is_empty() {
            return false;
        }
        let words = tabular::words(label.split(':').next().unwrap_or_default());
        let is_own = !own_total.is_empty() && words == tabular::words(own_total);
        let is_sum = |index: usize| {
            let is_of_money = Field::MONEY.iter().any(|field| self.columns.index(*field) == Some(index));
            is_of_money && is_like_money(row.cell(index))
        };
        let has_sums_alone =
            (first..row.cells.len()).all(|index| row.cell(index).is_empty() || is_sum(index));
        is_own || dictionary::is_total(&words) || figure(self.kind, &words).is_some() || has_sums_alone
    }

    /// Compares each sum that is stated with the rows above it, all of them or those since an earlier sum.
    ///
    /// # Errors
    /// A sum or a count that the rows do not come to, with its line.
    pub fn check_totals(&self, series: &[Series]) -> Result<(), Fault> {
        let running: Vec<(Field, Vec<Dong>)> = series
            .iter()
            .map(|one| one.running().map(|sums| (one.field, sums)))
            .collect::<Result<_, Why>>()
            .map_err(|why| Fault::at(self.line(), why))?;
        let mut starts = vec![0];
        for total in &self.totals {
            let check = |stated: &(Figure, Dong)| match stated {
                (Figure::Rows, count) => check_count(*count, &starts, total.after),
                (Figure::Sum(field), sum) => check_sum((*field, *sum), &running, &starts, total.after),
            };
            let stated = self.stated(&total.row);
            let checked = stated.and_then(|stated| stated.iter().try_for_each(check));
            checked.map_err(|why| Fault::at(total.row.line, why))?;
            if starts.last() != Some(&total.after) {
                starts.push(total.after);
            }
        }
        Ok(())
    }

    /// The figures of a row of sums: the one its words name, or each under its heading.
    fn stated(&self, row: &Row) -> Result<Vec<(Figure, Dong)>, Why> {
        let Some((first, label)) = label(row) else { return Ok(Vec::new()) };
        let number = |cell: &str| if is_like_money(cell) { self.amount(cell) } else { Ok(None) };
        let (words, beside) = label.split_once(':').unwrap_or((label, ""));
        let named = figure(self.kind, &tabular::words(words));
        if let Some(sum) = number(beside)? {
            return Ok(vec![(named.unwrap_or(Figure::Sum(Field::Amount)), sum)]);
        }
        if let Some(named) = named {
            let cells = (first + 1..row.cells.len()).map(|index| row.cell(index));
            let mut numbers = cells.filter_map(|cell| number(cell).ok().flatten());
            if let (Some(only), None) = (numbers.next(), numbers.next()) {
                return Ok(vec![(named, only)]);
            }
        }
        let mut stated = Vec::new();
        for field in Field::MONEY {
            let sum = number(self.columns.cell(row, field))?;
            stated.extend(sum.map(|sum| (Figure::Sum(field), sum)));
        }
        Ok(stated)
    }
}

fn check_count(stated: Dong, starts: &[usize], after: usize) -> Result<(), Why> {
    let is_count = |start: &usize| i64::try_from(after.saturating_sub(*start)) == Ok(stated.0);
    if starts.iter().any(is_count) { Ok(()) } else { Err(Why::CountDiffers(after)) }
}

/// What went back or was kept may be summed up with either sign.
fn check_sum(
    (field, stated): (Field, Dong),
    running: &[(Field, Vec<Dong>)],
    starts: &[usize],
    after: usize,
) -> Result<(), Why> {
    let mut whole = None;
    for (_, sums) in running.iter().filter(|(of, _)| *of == field) {
        let upto = sums.get(after).copied().unwrap_or_default();
        whole = whole.or(Some(upto));
        for start in starts {
            let before = sums.get(*start).copied().unwrap_or_default();
            let sum = upto.checked_sub(before).map_err(|_| Why::Amount)?;
            if sum.0.unsigned_abs() == stated.0.unsigned_abs() {
                return Ok(());
            }
        }
    }
    whole.map_or(Ok(()), |sum| Err(Why::SumsDiffer(stated, sum)))
}
