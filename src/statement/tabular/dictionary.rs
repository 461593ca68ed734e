//! Headings by language: `profiles/statements/headings.toml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::column::{Column, normalise};
use crate::statement::currency;

const HEADINGS: &str = include_str!("../../../profiles/statements/headings.toml");

/// Languages in the order of the file, each with the headings of its columns.
type Languages = BTreeMap<String, BTreeMap<Column, Vec<String>>>;

/// A heading that means one thing in one language and another elsewhere (“Valuta” is the value date
/// of a German and the currency of a Swede) has each of its meanings.
static MEANINGS: LazyLock<HashMap<String, Vec<(String, Column)>>> = LazyLock::new(|| {
    let languages: Languages = toml::from_str(HEADINGS).unwrap_or_default();
    let mut meanings: HashMap<String, Vec<(String, Column)>> = HashMap::new();
    for (language, columns) in languages {
        for (column, headings) in columns {
            for heading in headings {
                meanings.entry(normalise(&heading)).or_default().push((language.clone(), column));
            }
        }
    }
    meanings
});

/// What a row of headings is written in: the language that knows most of them.
pub(super) fn language_of<'a>(headings: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for heading in headings {
        let mut languages: Vec<&str> =
            meanings_of(heading).iter().map(|(language, _)| language.as_str()).collect();
        languages.dedup();
        languages.into_iter().for_each(|language| *counts.entry(language).or_default() += 1);
    }
    // English words are in the headings of every language; another one goes before it on a tie.
    let rank = |(language, count): &(&str, usize)| (*count, *language != "english");
    counts.into_iter().max_by_key(rank).map(|(language, _)| language.to_owned())
}

/// What a heading means in that language; else in the first that knows it.
pub(super) fn meaning(heading: &str, language: Option<&str>) -> Option<Column> {
    let meanings = meanings_of(heading);
    let own = meanings.iter().find(|(known, _)| Some(known.as_str()) == language);
    own.or_else(|| meanings.first()).map(|(_, column)| *column)
}

fn meanings_of(heading: &str) -> &'static [(String, Column)] {
    let bare = without_currency(&normalise(heading));
    MEANINGS.get(&bare).map_or(&[], Vec::as_slice)
}

/// `BETRAG IN EUR` is `BETRAG`, `VWZ12` is `VWZ`, `OMSCHRIJVING 1` is `OMSCHRIJVING`.
fn without_currency(heading: &str) -> String {
    let mut words: Vec<&str> = heading.split(' ').collect();
    while let [.., last] = words.as_slice() {
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
        let is_filler = matches!(*last, "IN" | "EN" | "EURO");
        if words.len() < 2 || !(is_number || is_filler || currency::is_code(last)) {
            break;
        }
        words.pop();
    }
    words.join(" ").trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
}

/// The only currency the headings of the amounts name: `Amount (SGD)`, `Betrag in €`.
pub(super) fn currency_in<'a>(headings: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    for heading in headings {
        let words = heading.split(|c: char| !c.is_alphanumeric() && !currency::is_sign(c));
        let codes = words.filter_map(|word| match currency::of_sign(word) {
            Some(code) => Some(code.to_owned()),
            None if word == "Euro" => Some("EUR".to_owned()),
            None => Some(word.to_owned()).filter(|word| currency::is_code(word)),
        });
        found.extend(codes);
    }
    found.dedup();
    match found.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headings_are_read_and_each_language_knows_what_a_table_needs() {
        let languages: Languages = toml::from_str(HEADINGS).unwrap();
        for (language, columns) in &languages {
            let knows = |column: Column| columns.contains_key(&column);
            assert!(knows(Column::TransactionDate) && knows(Column::Amount), "{language}");
            assert!(knows(Column::Description) && knows(Column::Balance), "{language}");
            for heading in columns.values().flatten() {
                assert_eq!(heading.to_lowercase(), *heading, "{language}");
            }
        }
    }

    #[test]
    fn currencies_and_numbers_in_a_heading_make_no_difference() {
        for heading in ["Betrag", "BETRAG (EUR)", "Betrag in EUR", "Betrag 1"] {
            assert_eq!(meaning(heading, None), Some(Column::Amount), "{heading}");
        }
        assert_eq!(meaning("VWZ12", None), Some(Column::Description));
        assert_eq!(meaning("Solde précédent", None), None);
    }

    #[test]
    fn the_language_of_the_row_tells_what_a_word_means() {
        let german = language_of(["Datum", "Valuta", "Buchungstext", "Betrag"].into_iter());
        assert_eq!(german.as_deref(), Some("deutsch"));
        assert_eq!(meaning("Valuta", german.as_deref()), Some(Column::ValueDate));
        let dutch = language_of(["Datum", "Valuta", "Omschrijving", "Bedrag"].into_iter());
        assert_eq!(meaning("Valuta", dutch.as_deref()), Some(Column::Currency));
    }

    #[test]
    fn the_headings_of_amounts_may_name_their_currency() {
        assert_eq!(currency_in(["Withdrawals (SGD)", "Deposits (SGD)"].into_iter()).as_deref(), Some("SGD"));
        assert_eq!(currency_in(["Betrag in €"].into_iter()).as_deref(), Some("EUR"));
        assert_eq!(currency_in(["Amount (USD)", "Amount (EUR)"].into_iter()), None);
        assert_eq!(currency_in(["Debit", "Credit"].into_iter()), None);
    }
}
