//! Headings, labels and marks of other countries' banks, as data: `profiles/statements/headings.toml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use super::column::{Column, normalise};
use super::label::Label;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    columns: BTreeMap<Column, Vec<String>>,
    labels: BTreeMap<String, Vec<String>>,
    marks: BTreeMap<String, Vec<String>>,
}

#[derive(Default)]
struct Dictionary {
    columns: HashMap<String, Column>,
    labels: HashMap<String, Label>,
    /// True is money in.
    marks: HashMap<String, bool>,
}

const TEXT: &str = include_str!("../../../profiles/statements/headings.toml");

static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| toml::from_str(TEXT).map(Dictionary::of).unwrap_or_default());

impl Dictionary {
    fn of(file: File) -> Dictionary {
        let mut dictionary = Dictionary::default();
        for (column, words) in file.columns {
            for word in words {
                dictionary.columns.entry(normalise(&word)).or_insert(column);
            }
        }
        for (name, words) in file.labels {
            let label = match name.as_str() {
                "opening" => Label::Opening,
                "closing" => Label::Closing,
                "account" => Label::Account,
                "currency" => Label::Currency,
                "period" => Label::Period,
                _ => Label::Total,
            };
            dictionary.labels.extend(words.into_iter().map(|word| (normalise(&word), label)));
        }
        for (name, words) in file.marks {
            dictionary.marks.extend(words.into_iter().map(|word| (normalise(&word), name == "credit")));
        }
        dictionary
    }
}

/// What a heading means, and the currency behind its words.
pub(super) fn column(heading: &str) -> Option<(Column, Option<&str>)> {
    let (words, currency) = split_currency(heading);
    DICTIONARY.columns.get(&normalise(words)).map(|column| (*column, currency))
}

/// `Betrag (EUR)` is `Betrag` and `EUR`.
pub(super) fn split_currency(heading: &str) -> (&str, Option<&str>) {
    let bare = heading.trim().trim_end_matches([')', ']']);
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    match bare.rsplit_once([' ', '(', '[', '/']) {
        Some((words, code)) if is_code(code) && !words.trim().is_empty() => (words, Some(code)),
        _ => (heading, None),
    }
}

pub(super) fn label(words: &str) -> Option<Label> {
    DICTIONARY.labels.get(words).copied()
}

pub(super) fn mark(cell: &str) -> Option<bool> {
    DICTIONARY.marks.get(&normalise(cell)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_reads_and_no_heading_means_two_things() {
        let file: File = toml::from_str(TEXT).unwrap();
        let mut seen: HashMap<String, Column> = HashMap::new();
        for (column, words) in &file.columns {
            for word in words {
                let known = seen.insert(normalise(word), *column);
                assert!(known.is_none_or(|known| known == *column), "{word}: {known:?} and {column:?}");
            }
        }
        let mut marks: HashMap<String, String> = HashMap::new();
        for (side, words) in &file.marks {
            for word in words {
                let known = marks.insert(normalise(word), side.clone());
                assert!(known.is_none_or(|known| known == *side), "{word} is on both sides");
            }
        }
    }

    #[test]
    fn headings_of_other_languages_are_understood_with_their_currency() {
        for (heading, meaning, currency) in [
            ("Buchungstag", Column::BookingDate, None),
            ("Wertstellung", Column::ValueDate, None),
            ("Betrag (EUR)", Column::Amount, Some("EUR")),
            ("Umsatz in EUR", Column::Amount, Some("EUR")),
            ("Bedrag (EUR)", Column::Amount, Some("EUR")),
            ("Af Bij", Column::Mark, None),
            ("Libellé", Column::Description, None),
            ("Kwota operacji", Column::Amount, None),
            ("Tytuł", Column::Description, None),
            ("Fecha valor", Column::ValueDate, None),
            ("Tegenrekening", Column::CounterpartyAccount, None),
        ] {
            assert_eq!(column(heading), Some((meaning, currency)), "{heading}");
        }
        assert_eq!(column("Zustand"), None);
        assert_eq!(
            (mark("Bij"), mark("s"), mark("Soll"), mark("x")),
            (Some(true), Some(false), Some(false), None)
        );
    }
}
