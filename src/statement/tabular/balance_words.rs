//! Cells of nothing but the words of a balance: which one, and as of which day.
//!
//! Banks write it below their rows as if it were one: “Saldo contabile”, “Available balance”, “Saldo per
//! 30.04.2026”. A payer writes other words beside it (“saldo fattura 8745”), or the one word alone.

use super::column::normalise;
use super::label::Label;
use crate::statement::currency;

const NOUNS: &[&str] =
    &["SALDO", "BALANCE", "KONTOSTAND", "SOLDE", "ZUSTATEK", "ZOSTATOK", "EGYENLEG", "SO DU"];
/// Of these every payer may write the word alone: what is paid is the rest of a debt.
const ALSO_OF_PAYERS: &[&str] = &["SALDO", "BALANCE", "SOLDE", "SO DU"];
const AVAILABLE_NOUNS: &[&str] = &["DISPONIBILITA", "DOSTEPNE SRODKI", "VERFUGBARES GUTHABEN"];

const BOOKED: &[&str] = &[
    "CONTABILE",
    "CONTABLE",
    "COMPTABLE",
    "CONTABILISTICO",
    "LEDGER",
    "BOOKED",
    "CURRENT",
    "KSIEGOWE",
    "KSIEGOWY",
    "UCETNI",
    "HIEN TAI",
];
const AVAILABLE: &[&str] = &[
    "AVAILABLE",
    "DISPONIBILE",
    "DISPONIBLE",
    "DISPONIVEL",
    "LIQUIDO",
    "VERFUGBAR",
    "VERFUGBARER",
    "VERFUGBARES",
    "DOSTEPNE",
    "DOSTUPNY",
    "DISPONIBILNY",
    "KHA DUNG",
];
const OPENING: &[&str] = &["INIZIALE", "OPENING", "DAU KY"];
const CLOSING: &[&str] = &["FINALE", "CLOSING", "CUOI KY"];
/// What stands ahead of a day, or of nothing where the day is left out.
const AHEAD_OF_DAY: &[&str] = &["AL", "PER", "VOM", "AM", "ZUM", "AU", "AS OF", "AS AT", "ON", "DNE", "NGAY"];
const FILLERS: &[&str] = &["IN", "EURO", "C C", "CONTO"];

/// Which balance the words of a cell state, all of them; `None` where one of them is another.
pub(super) fn label(cell: &str) -> Option<Label> {
    let mut words = format!(" {} ", normalise(cell));
    let is_available_noun = take(&mut words, AVAILABLE_NOUNS);
    if !is_available_noun && !take(&mut words, NOUNS) {
        return None;
    }
    let has_day = take_day(&mut words);
    let is_available = take(&mut words, AVAILABLE) || is_available_noun;
    let is_booked = take(&mut words, BOOKED);
    let (is_opening, is_closing) = (take(&mut words, OPENING), take(&mut words, CLOSING));
    while take(&mut words, AHEAD_OF_DAY) || take(&mut words, FILLERS) {}
    let is_all = words.split_whitespace().all(currency::is_code);
    let names_one = is_available || is_booked || is_opening || is_closing || has_day;
    if !is_all || (!names_one && is_of_payers(cell)) {
        return None;
    }
    Some(match (is_available, is_opening, is_closing) {
        (true, _, _) => Label::Available,
        (false, true, false) => Label::Opening,
        (false, false, true) => Label::Closing,
        (false, _, _) => Label::Balance,
    })
}

/// Whether the cell has the word for a balance and nothing more, as a payer may write it, too.
pub(super) fn is_of_payers(cell: &str) -> bool {
    let mut words = format!(" {} ", normalise(cell));
    if !take(&mut words, ALSO_OF_PAYERS) {
        return false;
    }
    while take(&mut words, AHEAD_OF_DAY) || take(&mut words, FILLERS) {}
    words.split_whitespace().all(currency::is_code)
}

/// Takes the first of the phrases out of the words between blanks; false where none of them is there.
fn take(words: &mut String, phrases: &[&str]) -> bool {
    let found =
        phrases.iter().map(|phrase| format!(" {phrase} ")).find(|phrase| words.contains(phrase.as_str()));
    if let Some(phrase) = &found {
        *words = words.replacen(phrase.as_str(), " ", 1);
    }
    found.is_some()
}

/// Takes a day in three numbers out of the words, behind one that stands ahead of days.
fn take_day(words: &mut String) -> bool {
    let all: Vec<&str> = words.split_whitespace().collect();
    let is_number =
        |word: &&str| matches!(word.len(), 1 | 2 | 4) && word.bytes().all(|byte| byte.is_ascii_digit());
    let start = all.windows(3).position(|part| part.iter().all(is_number));
    let Some((ahead, rest)) = start.and_then(|start| all.split_at_checked(start)) else { return false };
    let leading = format!(" {} ", ahead.join(" "));
    let is_led = AHEAD_OF_DAY.iter().any(|word| leading.ends_with(&format!(" {word} ")));
    if is_led {
        let behind = rest.get(3..).unwrap_or_default();
        *words = format!("{leading}{} ", behind.join(" "));
    }
    is_led
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_the_words_of_a_balance_says_which_one() {
        for (cell, stated) in [
            ("Saldo contabile", Label::Balance),
            ("Saldo contabile al 30/04/2026", Label::Balance),
            ("Saldo per 30.04.2026", Label::Balance),
            ("Kontostand", Label::Balance),
            ("Current balance", Label::Balance),
            ("Saldo contabile:", Label::Balance),
            ("Saldo contabile finale", Label::Closing),
            ("Saldo contabile iniziale in Euro", Label::Opening),
            ("Available balance", Label::Available),
            ("Saldo liquido", Label::Available),
            ("Saldo disponibile EUR", Label::Available),
            ("Disponibilità al", Label::Available),
            ("Dostępne środki", Label::Available),
            ("Số dư khả dụng", Label::Available),
            ("Số dư hiện tại", Label::Balance),
        ] {
            assert_eq!(label(cell), Some(stated), "{cell}");
        }
    }

    #[test]
    fn other_words_beside_it_are_those_of_a_payer() {
        let of_payers =
            ["saldo fattura 8745", "Saldo 2025", "Balance of rent", "Saldo 30.04.2026", "Final balance"];
        for cell in of_payers.into_iter().chain(["Saldo", "Balance", "Solde", "Số dư", "", "30.04.2026"]) {
            assert_eq!(label(cell), None, "{cell}");
        }
        assert!(is_of_payers("Saldo") && is_of_payers("Saldo EUR") && is_of_payers("Số dư"));
        assert!(!is_of_payers("saldo fattura 8745") && !is_of_payers("Kontostand"));
    }
}
