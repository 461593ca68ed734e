//! Headings, labels and marks of many languages, as data: `profiles/statements/headings.toml`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::column::{Column, normalise};
use super::label::Label;
use crate::statement::currency;

const TEXT: &str = include_str!("../../../profiles/statements/headings.toml");

/// Words without a language of their own; another one goes before them.
const NEUTRAL: [&str; 2] = ["english", "other"];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// By language, then by column.
    headings: BTreeMap<String, BTreeMap<Column, Vec<String>>>,
    labels: BTreeMap<String, Vec<String>>,
    marks: BTreeMap<String, Vec<String>>,
    /// Kinds of movements that say on which side they are.
    kinds: BTreeMap<String, Vec<String>>,
    states: BTreeMap<String, Vec<String>>,
}

/// What a word in a column of states says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateWord {
    Booked,
    /// Waiting, declined or taken back.
    NotBooked,
    /// The same, but in other columns the word tells of other things: “Processing fee”.
    Open,
    /// Nothing of its own: “Transaction”, “has been”.
    About,
}

#[derive(Default)]
struct Dictionary {
    /// A heading that means one thing in one language and another elsewhere (“Valuta” is the value
    /// date of a German and the currency of a Swede) has each of its meanings.
    headings: HashMap<String, Vec<(String, Column)>>,
    labels: HashMap<String, Label>,
    /// True is money in.
    marks: HashMap<String, bool>,
    /// Marks of rows on neither side.
    neutral_marks: HashSet<String>,
    kinds: HashMap<String, bool>,
    states: HashMap<String, StateWord>,
}

static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| toml::from_str(TEXT).map(Dictionary::of).unwrap_or_default());

impl Dictionary {
    fn of(file: File) -> Dictionary {
        let mut dictionary = Dictionary::default();
        for (language, columns) in file.headings {
            for (column, headings) in columns {
                for heading in headings {
                    let meanings = dictionary.headings.entry(normalise(&heading)).or_default();
                    meanings.push((language.clone(), column));
                }
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
            if name == "neutral" {
                // A stroke has no letters to be folded.
                dictionary.neutral_marks.extend(words);
                continue;
            }
            dictionary.marks.extend(words.into_iter().map(|word| (normalise(&word), name == "credit")));
        }
        for (name, words) in file.kinds {
            dictionary.kinds.extend(words.into_iter().map(|word| (normalise(&word), name == "credit")));
        }
        for (name, words) in file.states {
            let state = match name.as_str() {
                "booked" => StateWord::Booked,
                "not_booked" => StateWord::NotBooked,
                "open" => StateWord::Open,
                _ => StateWord::About,
            };
            dictionary.states.extend(words.into_iter().map(|word| (normalise(&word), state)));
        }
        dictionary
    }
}

/// What the words before a colon announce.
pub(super) fn label(words: &str) -> Option<Label> {
    DICTIONARY.labels.get(words).copied()
}

/// Debit or credit; true is money in.
pub(super) fn mark(cell: &str) -> Option<bool> {
    DICTIONARY.marks.get(&normalise(cell)).copied()
}

/// Whether a mark says that the row is on neither side.
pub(super) fn is_neutral_mark(cell: &str) -> bool {
    DICTIONARY.neutral_marks.contains(cell)
}

/// The side of a movement by its kind (“Deposit”, “Withdrawal”); true is money in.
pub(super) fn kind(cell: &str) -> Option<bool> {
    DICTIONARY.kinds.get(&normalise(cell)).copied()
}

/// What the words of a state say, as a whole.
pub(super) fn state_word(words: &str) -> Option<StateWord> {
    DICTIONARY.states.get(words).copied()
}

/// Whether words that may tell of anything say that a row is pending, declined or taken back.
pub(super) fn is_not_booked(cell: &str) -> bool {
    if cell.is_empty() {
        return false;
    }
    let text = normalise(cell);
    let words: Vec<&str> = text.split(' ').collect();
    let is_state = |part: &[&str]| state_word(&part.join(" ")) == Some(StateWord::NotBooked);
    // The reason may follow the state. A longer text that does not begin with one tells of something else
    // that was cancelled or failed.
    let begins_with_one = (1..=words.len().min(4)).any(|count| words.get(..count).is_some_and(is_state));
    begins_with_one || (words.len() <= 3 && (1..=words.len()).any(|count| words.windows(count).any(is_state)))
}

/// Banks of the north say at the end of the text alone that an amount is only reserved.
pub(super) fn ends_in_reservation(text: &str) -> bool {
    let words = normalise(text);
    ["RESERVERT TRANSAKSJON", "RESERVERAT BELOPP"].iter().any(|reserved| words.ends_with(reserved))
}

/// What a row of headings is written in: the language that knows most of them.
pub(super) fn language_of<'a>(headings: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for heading in headings {
        let mut languages: Vec<&str> =
            meanings_of(heading).iter().map(|(language, _)| language.as_str()).collect();
        languages.dedup();
        languages.into_iter().for_each(|language| *counts.entry(language).or_default() += 1);
    }
    let rank = |(language, count): &(&str, usize)| (*count, !NEUTRAL.contains(language));
    counts.into_iter().max_by_key(rank).map(|(language, _)| language.to_owned())
}

/// English and words of many languages, which tell nothing of where a table comes from.
pub(super) fn is_neutral(language: &str) -> bool {
    NEUTRAL.contains(&language)
}

/// How many of the headings are words of the language.
pub(super) fn count_in<'a>(headings: impl Iterator<Item = &'a str>, language: &str) -> usize {
    headings.filter(|heading| meanings_of(heading).iter().any(|(known, _)| known == language)).count()
}

/// What a heading means in that language; else in the first that knows it.
pub(super) fn meaning(heading: &str, language: Option<&str>) -> Option<Column> {
    let meanings = meanings_of(heading);
    let own = meanings.iter().find(|(known, _)| Some(known.as_str()) == language);
    own.or_else(|| meanings.first()).map(|(_, column)| *column)
}

fn meanings_of(heading: &str) -> &'static [(String, Column)] {
    // What stands in brackets is a unit or a remark.
    let before_bracket = heading.split(['(', '[', '（', '【']).next().unwrap_or_default();
    let found = [heading, before_bracket].into_iter().find_map(|heading| {
        let bare = without_currency(&normalise(heading));
        DICTIONARY.headings.get(&bare)
    });
    found.map_or(&[], Vec::as_slice)
}

/// `BETRAG IN EUR` is `BETRAG`, `VWZ12` is `VWZ`, `OMSCHRIJVING 1` is `OMSCHRIJVING`.
pub(super) fn without_currency(heading: &str) -> String {
    let mut words: Vec<&str> = heading.split(' ').collect();
    while let [.., last] = words.as_slice() {
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
        let is_filler = matches!(*last, "IN" | "EN" | "EURO" | "EUROS");
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
            // `CAD$`
            None if word.strip_suffix('$').is_some_and(currency::is_code) => {
                Some(word.trim_end_matches('$').to_owned())
            }
            None if ["euro", "euros", "euroa"].iter().any(|euro| word.eq_ignore_ascii_case(euro)) => {
                Some("EUR".to_owned())
            }
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
        let file: File = toml::from_str(TEXT).unwrap();
        for (language, columns) in file.headings.iter().filter(|(language, _)| *language != "other") {
            let knows = |column: Column| columns.contains_key(&column);
            assert!(knows(Column::TransactionDate) && knows(Column::Amount), "{language}");
            assert!(knows(Column::Description) && knows(Column::Balance), "{language}");
            for heading in columns.values().flatten() {
                assert_eq!(heading.to_lowercase(), *heading, "{language}");
            }
        }
        for credit in &file.marks["credit"] {
            assert!(!file.marks["debit"].contains(credit), "{credit} is on both sides");
        }
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (name, word) in
            file.states.iter().flat_map(|(name, words)| words.iter().map(move |word| (name, word)))
        {
            let before = seen.insert(normalise(word), name);
            assert!(before.is_none_or(|before| before == name), "{word} says two things");
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
