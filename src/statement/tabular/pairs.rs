//! Labels in one row and their values in the next: account, currency and balances of a statement.

use super::account;
use super::column::{Column, classify};
use super::label::{self, Label};
use super::rows::Row;
use super::summary::{Part, Stated, is_figure};
use crate::statement::currency;
use crate::statement::date::may_be_date;

/// What two rows around a table say as labels and values. Every value stands below a label of words
/// alone; labels that are not known are passed over.
pub(super) fn of_two_rows(labels: &Row, values: &Row) -> Option<Vec<Stated>> {
    let filled = |row: &Row| -> Vec<usize> {
        (0..row.cells.len()).filter(|index| !row.cell(*index).is_empty()).collect()
    };
    let (named, valued) = (filled(labels), filled(values));
    let is_word = |index: &usize| !labels.cell(*index).chars().any(char::is_numeric);
    if named.len() < 2 || !named.iter().all(is_word) || !valued.iter().all(|index| named.contains(index)) {
        return None;
    }
    let mut stated: Vec<Stated> = Vec::new();
    for index in named {
        let Some(part) = part_of(labels.cell(index)) else { continue };
        let value = values.cell(index);
        if is_value(part, value) {
            stated.push(Stated { part, value: value.to_owned(), line: values.line });
        } else if part != Part::Account && !value.is_empty() {
            return None;
        }
    }
    let has = |part: Part| stated.iter().any(|stated| stated.part == part);
    let count = [Part::Account, Part::Currency, Part::Opening, Part::Closing].map(has);
    (count.into_iter().filter(|is_stated| *is_stated).count() > 1).then_some(stated)
}

/// The label of an account alone in its row, with the number alone in the next.
pub(super) fn of_label_alone(label: &Row, value: &Row) -> Option<Vec<Stated>> {
    let (name, number) = (account::lone_cell(label)?, account::lone_cell(value)?);
    let is_label = part_of(name) == Some(Part::Account) && !name.chars().any(char::is_numeric);
    let is_number = !number.contains(char::is_whitespace)
        && number.bytes().filter(u8::is_ascii_digit).count() > 6
        && !may_be_date(number)
        && account::account_in(number).is_some();
    let stated = || vec![Stated { part: Part::Account, value: number.to_owned(), line: value.line }];
    (is_label && is_number).then(stated)
}

fn part_of(label: &str) -> Option<Part> {
    match label::label_of(label) {
        Some(Label::Account) => Some(Part::Account),
        Some(Label::Currency) => Some(Part::Currency),
        Some(Label::Opening) => Some(Part::Opening),
        Some(Label::Closing) => Some(Part::Closing),
        Some(_) => None,
        None => match classify(label, None)? {
            Column::Account => Some(Part::Account),
            Column::Currency => Some(Part::Currency),
            _ => None,
        },
    }
}

fn is_value(part: Part, value: &str) -> bool {
    match part {
        Part::Account => account::account_in(value).is_some(),
        Part::Currency => currency::is_code(value) || currency::of_sign(value).is_some(),
        _ => is_figure(value),
    }
}
