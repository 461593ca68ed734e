//! Arabic and Persian digits, as banks of the East write them, brought into ours.

use std::borrow::Cow;

use super::rows::Row;

/// A cell with more letters than those of a currency is a text, which stays as it is.
const MAX_LETTERS: usize = 3;

/// The rows with such digits in their dates and amounts replaced.
pub(super) fn plain(rows: &[Row]) -> Cow<'_, [Row]> {
    if !rows.iter().any(|row| row.cells.iter().any(|cell| is_written_so(cell))) {
        return Cow::Borrowed(rows);
    }
    let of_cell = |cell: &String| if is_written_so(cell) { replaced(cell) } else { cell.clone() };
    let of_row = |row: &Row| Row { line: row.line, cells: row.cells.iter().map(of_cell).collect() };
    Cow::Owned(rows.iter().map(of_row).collect())
}

fn is_written_so(cell: &str) -> bool {
    cell.chars().any(|letter| value(letter).is_some())
        && cell.chars().filter(|letter| letter.is_alphabetic()).count() <= MAX_LETTERS
}

fn value(letter: char) -> Option<u32> {
    let zero = ['\u{660}', '\u{6F0}'].into_iter().find(|zero| (0..10).contains(&distance(*zero, letter)))?;
    u32::try_from(distance(zero, letter)).ok()
}

fn distance(zero: char, letter: char) -> i64 {
    i64::from(u32::from(letter)) - i64::from(u32::from(zero))
}

fn replaced(cell: &str) -> String {
    let of_letter = |letter: char| match letter {
        '٫' => Some('.'),
        '٬' => Some(','),
        // Marks of the direction of writing are no part of a number.
        '\u{200E}' | '\u{200F}' | '\u{61C}' => None,
        _ => value(letter).and_then(|digit| char::from_digit(digit, 10)).or(Some(letter)),
    };
    cell.chars().filter_map(of_letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_amounts_are_replaced_and_texts_are_not() {
        let cells = ["٠٣/٠٨/٢٠٢٦", "١٬٤٩٨٫٢٥-", "۱۴۰۵", "دفعة رقم ٤ للعقد", "12.50"];
        let row = Row { line: 1, cells: cells.map(str::to_owned).to_vec() };
        let wanted = ["03/08/2026", "1,498.25-", "1405", "دفعة رقم ٤ للعقد", "12.50"];
        assert_eq!(plain(&[row])[0].cells, wanted);
    }
}
