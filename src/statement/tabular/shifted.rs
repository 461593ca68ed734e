//! Rows of a workbook whose amounts stand in the columns of others, for a cell that is missing or one too many. A text
//! shows it by the number of its cells; every cell of a workbook has a place of its own, and the balances show it: the
//! row does not follow from those beside it, and does once its cells are moved.

use rust_decimal::Decimal;

use super::amount::Notation;
use super::column::Column;
use super::ending::Ending;
use super::given::Given;
use super::habit::Habits;
use super::header::Columns;
use super::movement::{RowKind, RowReader};
use super::order::Movement;
use super::rows::Row;
use crate::statement::finding::Fault;

/// Where more rows do not follow from each other, that says something of the table and not of a row.
const MAX_ODD_ROWS: usize = 20;

/// A row whose cells are shifted.
pub(super) struct Shifted {
    /// Its place among the movements.
    pub position: usize,
    pub line: usize,
    pub fault: Fault,
}

/// The rows that the balances prove to be shifted, in their order. `is_proven`: the rows that have a balance follow
/// from each other.
pub(super) fn find(
    given: &Given<'_>,
    (columns, notation, habits): (&Columns, &Notation, Habits),
    movements: &[Movement],
    (opening, is_proven): (Option<Decimal>, bool),
) -> Vec<Shifted> {
    let mut found = Vec::new();
    if given.ending != Ending::OfWorkbook || !columns.has(Column::Balance) {
        return found;
    }
    let mut balances: Vec<Option<Decimal>> = movements.iter().map(|movement| movement.balance).collect();
    let is_odd = |(position, movement): &(usize, &Movement)| match movement.balance {
        _ if movement.label.is_some() => false,
        None => true,
        Some(own) => {
            let mut beside = beside(&balances, opening, *position);
            !is_proven && !beside.any(|before| movement.leads(before, own))
        }
    };
    let odd: Vec<(usize, &Movement)> = movements.iter().enumerate().filter(is_odd).collect();
    if odd.is_empty() || odd.len() > MAX_ODD_ROWS {
        return found;
    }
    let mark_column = given.mark_column(columns);
    let read = |row: &Row| {
        let mut reader = RowReader::new(columns, notation, mark_column, habits);
        let Ok(RowKind::Movement(movement)) = reader.read(row) else { return None };
        movement.sum().zip(movement.balance)
    };
    for (position, movement) in odd {
        let row = movement.line().and_then(|line| given.body.iter().find(|row| row.line == line));
        let known: Vec<Decimal> = beside(&balances, opening, position).collect();
        // Beside a row that is moved back, this one may follow as it stands.
        let follows = |own: Decimal| known.iter().any(|before| movement.leads(*before, own));
        let Some(row) = row.filter(|_| !movement.balance.is_some_and(follows)) else { continue };
        let Some((fault, balance)) = mended(row, &known, read) else { continue };
        if let Some(own) = balances.get_mut(position) {
            *own = Some(balance);
        }
        found.push(Shifted { position, line: row.line, fault });
    }
    found
}

/// The balances of the rows above and below: the newest row may come first.
fn beside(
    balances: &[Option<Decimal>],
    opening: Option<Decimal>,
    position: usize,
) -> impl Iterator<Item = Decimal> {
    let at = |position: usize| balances.get(position).copied().flatten();
    let above = position.checked_sub(1).map_or(opening, at);
    [above, at(position.saturating_add(1))].into_iter().flatten()
}

/// What is wrong with a row that follows from one beside it once a cell is put in or taken out behind the first, and
/// its balance then.
fn mended(
    row: &Row,
    beside: &[Decimal],
    read: impl Fn(&Row) -> Option<(Decimal, Decimal)>,
) -> Option<(Fault, Decimal)> {
    let follows = |moved: Row| {
        let (sum, balance) = read(&moved)?;
        beside.iter().any(|before| before.checked_add(sum) == Some(balance)).then_some(balance)
    };
    let mut places = 1..row.cells.len();
    if let Some(balance) = places.clone().find_map(|place| follows(with_one_more(row, place))) {
        return Some((lacks_one(), balance));
    }
    places.find_map(|place| follows(without(row, place))).map(|balance| (has_one_more(), balance))
}

fn with_one_more(row: &Row, place: usize) -> Row {
    let (before, behind) = row.cells.split_at_checked(place).unwrap_or_default();
    Row { line: row.line, cells: [before, &[String::new()], behind].concat() }
}

fn without(row: &Row, place: usize) -> Row {
    let cells = row.cells.iter().enumerate().filter(|(at, _)| *at != place);
    Row { line: row.line, cells: cells.map(|(_, cell)| cell.clone()).collect() }
}

fn lacks_one() -> Fault {
    Fault::new(
        "row_too_short",
        "Dòng thiếu một ô nên số tiền nằm lệch cột; dời các ô lại thì số dư khớp",
        "the row lacks a cell, and its amounts stand in other columns: moved back, its balance agrees",
    )
}

fn has_one_more() -> Fault {
    Fault::new(
        "row_too_wide",
        "Dòng thừa một ô nên số tiền nằm lệch cột; dời các ô lại thì số dư khớp",
        "the row has a cell too many, and its amounts stand in other columns: moved back, its balance agrees",
    )
}
