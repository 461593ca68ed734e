//! Finding the heading row by what its cells mean.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use super::amount::Notation;
use super::cell_words::has_figure;
use super::column::{Column, classify, has_any, normalise};
use super::denomination::Surroundings;
use super::dictionary;
use super::rank;
use super::rows::Row;
use super::shape;
use crate::statement::date::{
    FoundOrder, find_order, find_order_of_day_first, has_short_year, impossible, may_be_date, table_date,
};
use crate::statement::finding::Fault;
use crate::statement::layout::{DateOrder, Layout, Layouts, Place};

/// Banks print their address, the account and the balances above the table, but not more.
pub(super) const SEARCHED_ROWS: usize = 120;

/// A heading row of a known layout goes before any that is only understood.
const LAYOUT_SCORE: usize = 100;

/// Which cell of a row is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::statement) struct Columns {
    pub(super) found: Vec<(Column, usize)>,
    width: usize,
    /// Absent until all dates of the table are known.
    dates: Option<DateOrder>,
    /// Of the dates whose year is written whole, and a year around.
    years: Option<RangeInclusive<i32>>,
    layout: Option<String>,
    currency: Option<String>,
    /// The currency in the headings of the amounts.
    heading_currency: Option<String>,
    /// The column of fees is one of fees alone, not of interest too.
    has_only_fees: bool,
    /// Columns of amounts that count as much as the first by their headings.
    equal_amounts: Vec<usize>,
    /// Columns that may hold other words than those of a state by their headings.
    loose_states: Vec<usize>,
    /// The column of what the bank only keeps back.
    reserved: Option<usize>,
    /// Cells of the heading row, empty ones too.
    outer: usize,
    /// Cells a row may have.
    accepted: usize,
    /// The side of a row without a mark, where only those of the other have one.
    pub(super) unmarked: Option<bool>,
    /// “借” and “贷” may be those of the holder's books instead of the bank's.
    may_be_own_view: bool,
}

impl Columns {
    /// The columns of a heading row; `None` unless it has a date, an amount and some text. The
    /// user's layout decides alone where it is given, then the layout of a bank, then the words.
    pub fn of(row: &Row, layouts: Layouts<'_>) -> Option<Columns> {
        if shape::is_too_wide(row) {
            return None;
        }
        if let Some(own) = layouts.own() {
            let columns = Columns::by_layout(row, own).filter(Columns::is_complete);
            return columns.map(|columns| columns.knowing_fees(row));
        }
        let of_bank = |is_last_resort| {
            let fitting =
                Layouts::of_banks().iter().filter(move |layout| layout.is_last_resort == is_last_resort);
            fitting
                .filter_map(|layout| Columns::by_layout(row, layout))
                .find(Columns::is_complete)
                .map(|columns| columns.completed(row))
        };
        let found = of_bank(false).or_else(|| Columns::by_words(row)).or_else(|| of_bank(true));
        found.map(|columns| columns.knowing_fees(row))
    }

    /// Whether an unsigned number in the column of fees can be nothing but money out.
    pub fn has_only_fees(&self) -> bool {
        self.has_only_fees
    }

    fn knowing_fees(mut self, row: &Row) -> Columns {
        let headings = self.found.iter().filter(|(column, _)| matches!(column, Column::Fee | Column::Tax));
        let mut headings =
            headings.filter_map(|(_, index)| row.cells.get(*index)).map(|cell| normalise(cell));
        self.has_only_fees = headings.all(|heading| !has_any(&heading, &["LAI", "INTEREST"]));
        let states =
            self.found.iter().filter(|(column, _)| *column == Column::State).map(|(_, index)| *index);
        self.loose_states = states.filter(|index| normalise(row.cell(*index)) == "INFO").collect();
        let mut headings = row.cells.iter().map(|cell| normalise(cell));
        self.reserved = headings.position(|heading| heading == "KWOTA BLOKADY ZWOLNIENIE BLOKADY");
        self
    }

    /// What the layout of a bank leaves out is understood by its words.
    fn completed(mut self, row: &Row) -> Columns {
        for (index, cell) in row.cells.iter().enumerate() {
            let is_known = |column| self.found.iter().any(|(known, at)| *known == column || *at == index);
            if let Some(column) = classify(cell, None).filter(|column| !is_known(*column)) {
                self.found.push((column, index));
            }
        }
        self
    }

    /// The columns of a table without a heading row.
    pub fn without_heading(layout: &Layout) -> Columns {
        let number = |place: &Place| match place {
            Place::Number(number) => number.checked_sub(1),
            Place::Heading(_) => None,
        };
        let found = found_by(layout, number);
        let width = found.iter().map(|(_, index)| index + 1).max().unwrap_or(0).max(layout.width);
        Columns {
            found,
            width,
            dates: Some(layout.dates),
            years: None,
            layout: Some(layout.name.clone()),
            currency: layout.currency.clone(),
            heading_currency: None,
            has_only_fees: false,
            equal_amounts: Vec::new(),
            loose_states: Vec::new(),
            reserved: None,
            outer: width,
            accepted: width,
            unmarked: None,
            may_be_own_view: false,
        }
    }

    fn by_words(row: &Row) -> Option<Columns> {
        Some(Columns::understood(row)).filter(Columns::is_complete)
    }

    /// The columns of a heading row that has a date and an amount, and no text by a word that is known.
    pub fn without_text(row: &Row) -> Option<Columns> {
        if shape::is_too_wide(row) {
            return None;
        }
        let columns = Columns::understood(row);
        let is_one = columns.has_date() && columns.has_amount() && !columns.has_text();
        is_one.then(|| columns.knowing_fees(row))
    }

    /// What the words of a row of headings say.
    fn understood(row: &Row) -> Columns {
        let language = dictionary::language_of(row.cells.iter().map(String::as_str));
        let classified = row.cells.iter().enumerate();
        let mut found: Vec<(Column, usize)> = classified
            .filter_map(|(index, cell)| classify(cell, language.as_deref()).map(|column| (column, index)))
            .collect();
        settle_bare_no(&mut found, row);
        settle_value(&mut found, row);
        settle_mark(&mut found);
        let equal_amounts = rank::settle(&mut found, row);
        let heading_currency = heading_currency(&found, row);
        drop_other_currencies(&mut found, row);
        let width = width_of(row);
        let may_be_own_view = may_be_own_view(&found, row);
        Columns {
            found,
            width,
            dates: None,
            years: None,
            layout: None,
            currency: None,
            heading_currency,
            has_only_fees: false,
            equal_amounts,
            loose_states: Vec::new(),
            reserved: None,
            outer: row.cells.len(),
            accepted: width,
            unmarked: None,
            may_be_own_view,
        }
    }

    fn by_layout(row: &Row, layout: &Layout) -> Option<Columns> {
        let headings: Vec<String> = row.cells.iter().map(|cell| normalise(cell)).collect();
        let index_of = |heading: &str| {
            let wanted = normalise(heading);
            headings.iter().position(|found| *found == wanted)
        };
        let is_meant = layout.headings.iter().all(|heading| index_of(heading).is_some());
        let width = width_of(row);
        if !is_meant || width < layout.width || layout.is_without_heading {
            return None;
        }
        let place = |place: &Place| match place {
            Place::Number(number) => number.checked_sub(1).filter(|index| *index < width),
            Place::Heading(heading) => index_of(heading),
        };
        let found = found_by(layout, place);
        Some(Columns {
            heading_currency: heading_currency(&found, row),
            has_only_fees: false,
            equal_amounts: Vec::new(),
            loose_states: Vec::new(),
            reserved: None,
            outer: row.cells.len(),
            accepted: width,
            unmarked: None,
            may_be_own_view: may_be_own_view(&found, row),
            found,
            width,
            dates: Some(layout.dates),
            years: None,
            layout: Some(layout.name.clone()),
            currency: layout.currency.clone(),
        })
    }

    fn is_complete(&self) -> bool {
        self.has_date() && self.has_amount() && self.has_text()
    }

    fn has_date(&self) -> bool {
        let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
        kinds.into_iter().any(|column| self.has(column))
    }

    fn has_amount(&self) -> bool {
        (self.has(Column::Debit) && self.has(Column::Credit)) || self.has(Column::Amount)
    }

    fn has_text(&self) -> bool {
        let texts = [Column::Description, Column::CounterpartyName, Column::Reference];
        texts.into_iter().any(|column| self.has(column))
    }

    /// The first cell of that meaning.
    pub fn index(&self, column: Column) -> Option<usize> {
        self.found.iter().find(|(found, _)| *found == column).map(|(_, index)| *index)
    }

    pub fn has(&self, column: Column) -> bool {
        self.index(column).is_some()
    }

    pub fn cell<'a>(&self, row: &'a Row, column: Column) -> &'a str {
        self.index(column).map_or("", |index| row.cell(index))
    }

    /// The currency of the row: where each side has its own beside it, that of the side which is filled.
    pub fn currency_cell<'a>(&self, row: &'a Row) -> &'a str {
        let is_currency = |index: usize| self.found.contains(&(Column::Currency, index));
        let sides = self.index(Column::Debit).zip(self.index(Column::Credit));
        let sides = sides.filter(|(debit, credit)| is_currency(debit + 1) && is_currency(credit + 1));
        let is_filled = |index: usize| has_figure(row.cell(index));
        sides.map_or_else(
            || self.cell(row, Column::Currency),
            |(debit, credit)| row.cell(if is_filled(credit) { credit + 1 } else { debit + 1 }),
        )
    }

    /// All cells of that meaning, not empty.
    pub fn cells<'a>(&'a self, row: &'a Row, column: Column) -> impl Iterator<Item = &'a str> {
        let indexes = self.found.iter().filter(move |(found, _)| *found == column).map(|(_, index)| *index);
        indexes.map(|index| row.cell(index)).filter(|cell| !cell.is_empty())
    }

    /// The cells that tell the state of the row, and whether their column holds nothing else.
    pub fn states<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a str, bool)> {
        let indexes = self.found.iter().filter(|(found, _)| *found == Column::State).map(|(_, index)| *index);
        indexes.map(|index| (row.cell(index), !self.loose_states.contains(&index)))
    }

    /// Whether nothing moved in the row but what the bank only keeps back.
    pub fn is_reserved(&self, row: &Row) -> bool {
        let is_kept = self.reserved.is_some_and(|index| has_figure(row.cell(index)));
        is_kept && !has_figure(self.cell(row, Column::Amount))
    }

    /// The same columns with another one of that meaning in the place of the first.
    pub fn rivals(&self, column: Column) -> impl Iterator<Item = Columns> {
        let places = self.found.iter().enumerate().filter(move |(_, (found, _))| *found == column);
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let first = places.first().copied().unwrap_or(0);
        places.into_iter().skip(1).map(move |place| {
            let mut columns = self.clone();
            columns.found.swap(first, place);
            columns
        })
    }

    /// The same columns but for that meaning.
    pub fn without(&self, column: Column) -> Columns {
        let mut columns = self.clone();
        columns.found.retain(|(found, _)| *found != column);
        columns
    }

    /// Whether another column of amounts, as good by its heading, says something else in the row.
    pub fn amounts_differ(&self, row: &Row, notation: &Notation) -> bool {
        let read = |cell: &str| notation.read(cell).ok().flatten().map(|read| read.amount);
        let amount = read(self.cell(row, Column::Amount));
        let others = self.equal_amounts.iter().filter_map(|index| read(row.cell(*index)));
        amount.is_some() && others.map(Some).any(|other| other != amount)
    }

    /// Cells up to the last heading.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Cells of the heading row, with those that are empty.
    pub fn outer_width(&self) -> usize {
        self.outer
    }

    /// Cells a row may have.
    pub fn accepted_width(&self) -> usize {
        self.accepted
    }

    pub fn accept(&mut self, width: usize) {
        self.accepted = width;
    }

    pub fn score(&self) -> usize {
        self.found.len() + if self.layout.is_some() { LAYOUT_SCORE } else { 0 }
    }

    /// The date at the start of a cell, in the order of the table, and what stands behind it.
    pub fn date<'a>(&self, cell: &'a str) -> Result<(NaiveDate, &'a str), Fault> {
        table_date(cell, self.date_order())
    }

    /// The day a row is booked on, as its date. Two digits that make a year far from those that are written whole are
    /// what is left of one.
    pub fn day<'a>(&self, cell: &'a str) -> Result<(NaiveDate, &'a str), Fault> {
        let found = self.date(cell)?;
        let is_of_years = self.years.as_ref().is_none_or(|years| years.contains(&found.0.year()));
        if is_of_years || !has_short_year(cell) { Ok(found) } else { Err(impossible(cell)) }
    }

    /// Whether the cell starts with a date; in any order as long as that of the table is not known.
    pub fn is_date(&self, cell: &str) -> bool {
        match self.dates {
            Some(order) => table_date(cell, order).is_ok(),
            None => may_be_date(cell),
        }
    }

    pub fn date_order(&self) -> DateOrder {
        self.dates.unwrap_or_default()
    }

    /// Finds the order of the dates from all of them, unless a layout says it. Vietnamese tables have
    /// the day first wherever that is possible.
    pub fn settle_dates(&mut self, rows: &[Row], around: &Surroundings, usual: DateOrder) -> FoundOrder {
        let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
        let cells = rows.iter().flat_map(|row| kinds.map(|kind| self.cell(row, kind)));
        let cells: Vec<&str> = cells.filter(|cell| may_be_date(cell)).collect();
        let fits_day_first = || cells.iter().all(|cell| table_date(cell, DateOrder::DayFirst).is_ok());
        let found = match self.dates {
            Some(order) => FoundOrder { order, is_assumed: false },
            None if around.is_vietnamese && fits_day_first() => {
                FoundOrder { order: DateOrder::DayFirst, is_assumed: false }
            }
            None if around.is_foreign && fits_day_first() => find_order_of_day_first(cells.iter().copied()),
            None => find_order(cells.iter().copied(), usual),
        };
        self.dates = Some(found.order);
        self.years = years_of(&cells, found.order);
        found
    }

    /// The name of the layout that was used.
    pub fn layout(&self) -> Option<&str> {
        self.layout.as_deref()
    }

    /// The currency in the headings of the amounts.
    pub fn heading_currency(&self) -> Option<&str> {
        self.heading_currency.as_deref()
    }

    /// The currency the layout names.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Whether the words for the sides are those that a holder's books have, too.
    pub fn may_be_own_view(&self) -> bool {
        self.may_be_own_view
    }

    /// What each column means, with its index.
    pub fn meanings(&self) -> &[(Column, usize)] {
        &self.found
    }
}

/// The columns of a layout, its texts in the order of the table.
fn found_by(layout: &Layout, index_of: impl Fn(&Place) -> Option<usize>) -> Vec<(Column, usize)> {
    let texts = layout.other_texts.iter().map(|number| (Column::Description, Place::Number(*number)));
    let named = layout.columns.iter().filter_map(|(column, place)| Some((*column, index_of(place)?)));
    let mut found: Vec<_> =
        named.chain(texts.filter_map(|(column, place)| Some((column, index_of(&place)?)))).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Of the dates whose year is written whole, and a year around.
fn years_of(cells: &[&str], order: DateOrder) -> Option<RangeInclusive<i32>> {
    let whole = cells.iter().filter(|cell| !has_short_year(cell));
    let years = whole.filter_map(|cell| table_date(cell, order).ok()).map(|(day, _)| day.year());
    let (first, last) = (years.clone().min()?, years.max()?);
    Some(first - 1..=last + 1)
}

/// Books of companies and of banks write 借 and 贷 alike and mean the opposite.
fn may_be_own_view(found: &[(Column, usize)], row: &Row) -> bool {
    let begins = |column: Column, words: [char; 2]| {
        let mut headings = found.iter().filter(|(known, _)| *known == column);
        headings.next().is_some_and(|(_, index)| row.cell(*index).starts_with(words))
    };
    begins(Column::Debit, ['借', '付']) && begins(Column::Credit, ['贷', '貸'])
}

fn heading_currency(found: &[(Column, usize)], row: &Row) -> Option<String> {
    let is_money =
        |column: Column| matches!(column, Column::Amount | Column::Debit | Column::Credit | Column::Balance);
    let is_first =
        |place: usize, column: Column| !found.iter().take(place).any(|(known, _)| *known == column);
    let money = found
        .iter()
        .enumerate()
        .filter(|(place, (column, _))| is_money(*column) && is_first(*place, *column));
    dictionary::currency_in(money.map(|(_, (_, index))| row.cell(*index)))
}

/// Where the heading of the amount names its currency, a column of currencies is that of something else.
fn drop_other_currencies(found: &mut Vec<(Column, usize)>, row: &Row) {
    let amount = found.iter().find(|(column, _)| *column == Column::Amount).map(|(_, index)| *index);
    if amount.is_some_and(|index| dictionary::currency_in([row.cell(index)].into_iter()).is_some()) {
        found.retain(|(column, _)| *column != Column::Currency);
    }
}

/// “Soll/Haben” alone, without a column of amounts, is the amount with its sign.
fn settle_mark(found: &mut [(Column, usize)]) {
    let has = |column| found.iter().any(|(known, _)| *known == column);
    if has(Column::Amount) || has(Column::Debit) || has(Column::Credit) {
        return;
    }
    if let Some((column, _)) = found.iter_mut().find(|(column, _)| *column == Column::Mark) {
        *column = Column::Amount;
    }
}

fn width_of(row: &Row) -> usize {
    row.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1)
}

/// Without marks “No” and “Co” are “Nợ” and “Có” when they stand together.
fn settle_bare_no(found: &mut [(Column, usize)], row: &Row) {
    let has_debit = found.iter().any(|(column, _)| *column == Column::Debit);
    let has_bare_credit =
        found.iter().any(|(column, index)| *column == Column::Credit && normalise(row.cell(*index)) == "CO");
    if has_debit || !has_bare_credit {
        return;
    }
    let bare_no = found.iter_mut().rev().find(|(_, index)| normalise(row.cell(*index)) == "NO");
    if let Some((column, _)) = bare_no {
        *column = Column::Debit;
    }
}

/// “Value” is the value date beside an amount, and the amount where there is no other.
fn settle_value(found: &mut [(Column, usize)], row: &Row) {
    if found.iter().any(|(column, _)| matches!(column, Column::Amount | Column::Debit | Column::Credit)) {
        return;
    }
    let value = found.iter_mut().find(|(_, index)| normalise(row.cell(*index)) == "VALUE");
    if let Some((column, _)) = value {
        *column = Column::Amount;
    }
}

/// The best heading row among the first rows: the one with the most known headings.
pub(super) fn find(rows: &[Row], layouts: Layouts<'_>) -> Option<(usize, Columns)> {
    if let Some(own) = layouts.own().filter(|own| own.is_without_heading) {
        return Some((0, Columns::without_heading(own)));
    }
    let candidates = rows.iter().take(SEARCHED_ROWS).enumerate();
    candidates
        .filter_map(|(index, row)| Columns::of(row, layouts).map(|columns| (index, columns)))
        .reduce(|best, next| if next.1.score() > best.1.score() { next } else { best })
}
