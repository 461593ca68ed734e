//! Account numbers as cells write them.

use super::rows::Row;
use crate::statement::date::may_be_date;

/// An account number: letters and digits, at least five digits, nothing else but separators. An IBAN
/// may be written in groups of four; words may stand ahead of a number (“Savings Account 123-456789-0”).
pub(super) fn account_in(value: &str) -> Option<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    if let Some(iban) = iban_in(&words) {
        return Some(iban);
    }
    if let Some(grouped) = digits_in(&words) {
        return Some(grouped);
    }
    let (first, others) = words.split_first()?;
    let last = others.last().filter(|_| others.len() <= 3);
    let has_digit = |word: &&str| word.bytes().any(|byte| byte.is_ascii_digit());
    let behind_words = || last.filter(|_| words.iter().filter(|word| has_digit(word)).count() == 1);
    account_word(first).or_else(|| account_word(behind_words()?))
}

/// A number of nothing but digits in several groups.
fn digits_in(words: &[&str]) -> Option<String> {
    let are_digits = words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let number = words.concat();
    (words.len() > 1 && are_digits && (10..=34).contains(&number.len())).then_some(number)
}

/// An IBAN in groups of four, wherever it begins.
pub(super) fn iban_in(words: &[&str]) -> Option<String> {
    let is_group = |(index, word): &(usize, &&str)| {
        let is_word = *index > 2 && word.len() > 1 && word.chars().all(char::is_alphabetic);
        word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !is_word
    };
    let begins = |word: &str| {
        matches!(word.as_bytes(), [b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', ..])
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let starts = words.iter().enumerate().filter(|(_, word)| begins(word));
    let mut numbers = starts.map(|(start, word)| -> String {
        let groups = words.get(start..).unwrap_or_default().iter().enumerate().take_while(is_group);
        if word.len() > 4 { (*word).to_owned() } else { groups.map(|(_, word)| *word).collect() }
    });
    numbers.find(|iban| iban.len() >= 15)
}

pub(super) fn account_word(word: &str) -> Option<String> {
    let looks_like_account =
        word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '\'' | '_'));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let bare = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>();
    // A Czech number has the code of the bank behind a stroke.
    let with_bank = word.split_once('/').filter(|(number, bank)| {
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        bank.len() == 4 && are_digits(bank) && are_digits(number)
    });
    let written = with_bank.map_or_else(|| bare(word), |(number, bank)| format!("{}/{bank}", bare(number)));
    (looks_like_account && digits >= 5).then_some(written)
}

/// The account number of a column of its own, which some banks write in groups of digits.
pub(super) fn account_in_cell(cell: &str) -> Option<String> {
    let is_grouped = cell.split_whitespace().all(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    if is_grouped { account_in(&cell.split_whitespace().collect::<String>()) } else { account_in(cell) }
}

/// Whether a cell is the number of an account as it is written between countries.
pub(super) fn is_iban(cell: &str) -> bool {
    let starts = cell.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    starts && cell.len() >= 15 && account_in_cell(cell).is_some()
}

/// The only cell of its row that is not empty.
pub(super) fn lone_cell(row: &Row) -> Option<&str> {
    let mut filled = (0..row.cells.len()).map(|index| row.cell(index)).filter(|cell| !cell.is_empty());
    filled.next().filter(|_| filled.next().is_none())
}

/// The number of an account that stands alone in its row.
pub(super) fn lone_account(row: &Row) -> Option<String> {
    let only = lone_cell(row)?;
    let digits = only.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits > 6 && !only.contains(char::is_whitespace) && !only.contains(['/', '.']);
    account_word(only).filter(|_| is_number && !may_be_date(only))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_number_is_an_account_as_a_spreadsheet_keeps_its_zeros() {
        let lone = |cell: &str| lone_account(&Row { line: 1, cells: vec![String::new(), cell.to_owned()] });
        for cell in ["0123456789", "=\"0123456789\"", "'0123456789"] {
            assert_eq!(lone(cell).as_deref(), Some("0123456789"), "{cell}");
        }
        for other in ["=\"2026-01-05\"", "=\"12345\"", "0123456789 a"] {
            assert_eq!(lone(other), None, "{other}");
        }
    }
}
