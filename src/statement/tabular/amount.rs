//! Amounts of a table, in the notation of the file. A number that can be read in two ways is refused.

use rust_decimal::Decimal;

use crate::statement::currency;
use crate::statement::finding::{Fault, excerpt};
use crate::statement::number::{from_digits, signed};
use crate::text::fold;

/// How the amounts of a table are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::statement) struct Notation {
    /// Of the statement; ISO 4217.
    pub currency: String,
    /// The mark before the decimals, where some amount of the table proves it.
    decimal_mark: Option<char>,
    /// Cents are written with a zero behind them: `23.400`, `58.450`.
    is_padded: bool,
}

/// Currencies whose banks write thousands with cents behind them or not with a point.
const WITH_CENTS: [&str; 8] = ["AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SGD", "USD"];

/// An amount with the currency written beside it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::statement) struct Amount {
    pub amount: Decimal,
    pub currency: Option<String>,
}

impl Notation {
    pub fn of(currency: &str) -> Notation {
        Notation { currency: currency.to_owned(), decimal_mark: None, is_padded: false }
    }

    /// Looks for an amount that can be read in one way only: `1.234,56`, `12,5`, `1234.567`.
    pub fn learn<'a>(mut self, cells: impl Iterator<Item = &'a str>) -> Notation {
        let numbers: Vec<String> = cells.filter_map(|cell| Some(Parts::of(cell).ok()?.number)).collect();
        let (mut point, mut comma) = (false, false);
        let numbers = || numbers.iter().map(String::as_str);
        for mark in numbers().filter_map(proven_mark) {
            point |= mark == '.';
            comma |= mark == ',';
        }
        let marked = || numbers().filter(|number| number.contains(['.', ',']));
        self.is_padded = WITH_CENTS.contains(&self.currency.as_str())
            && marked().count() > 1
            && marked().all(|number| padded_cents(number).is_some())
            && marked().any(|number| padded_cents(number).is_some_and(|(_, cents)| !cents.ends_with('0')));
        self.decimal_mark = match (point, comma) {
            (true, false) => Some('.'),
            (false, true) => Some(','),
            _ => None,
        };
        self
    }

    /// A cell with an amount, or nothing (`-` and blank). Thousands may be grouped by points, commas,
    /// spaces or apostrophes; parentheses, a minus on either side or `DR` mean negative. đồng have no
    /// minor unit: a last group of three digits is thousands and a zero fraction is dropped.
    pub fn read(&self, cell: &str) -> Result<Option<Amount>, Fault> {
        if cell.trim().chars().all(|c| matches!(c, '-' | '–' | '—')) {
            return Ok(None);
        }
        let parts = Parts::of(cell)?;
        if parts.number.is_empty() {
            return Ok(None);
        }
        let currency = parts.currency.as_deref().unwrap_or(&self.currency);
        let (whole, fraction) = self.split(&parts.number, currency).ok_or_else(|| unreadable(cell))?;
        let decimals = currency::decimals(currency);
        let significant = fraction.trim_end_matches('0');
        // `25,0` of a currency without a minor unit is what a cut leaves of `25,000`; `25000.0` is a program's number.
        let is_cut = decimals == 0 && fraction.len() == 1 && whole.len() < 4;
        if significant.len() > decimals || is_cut {
            return Err(unreadable(cell));
        }
        let kept = if decimals == 0 { "" } else { fraction.get(..decimals).unwrap_or(fraction) };
        let amount = from_digits(&whole, kept).ok_or_else(|| unreadable(cell))?;
        Ok(Some(Amount { amount: signed(amount, !parts.is_negative), currency: parts.currency }))
    }

    /// Whole digits without grouping, and the digits behind the decimal mark; `None` when the grouping
    /// is wrong or the mark could be either.
    fn split<'a>(&self, number: &'a str, currency: &str) -> Option<(String, &'a str)> {
        if let Some((whole, cents)) = padded_cents(number).filter(|_| self.is_padded) {
            return Some((whole.to_owned(), cents));
        }
        let marks = Marks::of(number);
        let Some(last) = marks.last else { return Some((number.to_owned(), "")) };
        let tail = number.get(marks.last_at + last.len_utf8()..)?;
        let is_decimal = match self.decimal_mark.filter(|_| currency::decimals(currency) > 0) {
            Some(mark) if last == mark => {
                // `1.250` beside `12.50` is neither thousands nor cents.
                let is_odd = tail.len() == 3 && !marks.differ && currency::decimals(currency) < 3;
                if !marks.last_is_single() || is_odd {
                    return None;
                }
                true
            }
            Some(_) => false,
            None => marks.is_decimal(tail, currency)?,
        };
        let is_grouped_by_twos = currency != "VND";
        if !is_decimal {
            return ungroup(number, last, is_grouped_by_twos).map(|whole| (whole, ""));
        }
        let head = number.get(..marks.last_at)?;
        let whole = match marks.first.filter(|_| marks.count > 1) {
            Some(first) => ungroup(head, first, is_grouped_by_twos)?,
            None => head.to_owned(),
        };
        Some((whole, tail))
    }
}

/// `58.450` as whole and cents, if that is how it can be read.
fn padded_cents(number: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = number.split_once('.')?;
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let cents = fraction.strip_suffix('0').filter(|cents| cents.len() == 2)?;
    (are_digits(whole) && are_digits(cents)).then_some((whole, cents))
}

fn unreadable(text: &str) -> Fault {
    let shown = excerpt(text);
    Fault::new(
        "amount_unreadable",
        format!("Không đọc được số tiền “{shown}”"),
        format!("“{shown}” is not an amount"),
    )
}

/// The marks between the digits of a number.
struct Marks {
    first: Option<char>,
    last: Option<char>,
    last_at: usize,
    count: usize,
    /// More than one kind of mark.
    differ: bool,
    repeats_last: bool,
}

impl Marks {
    fn of(number: &str) -> Marks {
        let marks: Vec<(usize, char)> = number.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
        let last = marks.last().map(|(_, mark)| *mark);
        Marks {
            first: marks.first().map(|(_, mark)| *mark),
            last,
            last_at: marks.last().map_or(0, |(at, _)| *at),
            count: marks.len(),
            differ: marks.iter().any(|(_, mark)| Some(*mark) != last),
            repeats_last: marks.iter().filter(|(_, mark)| Some(*mark) == last).count() > 1,
        }
    }

    /// A decimal mark is a point or comma and comes once.
    fn last_is_single(&self) -> bool {
        matches!(self.last, Some('.' | ',')) && !self.repeats_last
    }

    /// Whether the last mark is that of decimals, from this number alone.
    fn is_decimal(&self, tail: &str, currency: &str) -> Option<bool> {
        let can_be_decimal = self.last_is_single();
        match tail.len() {
            3 if self.differ && can_be_decimal => currency::has_three_decimals(currency).then_some(true),
            3 if can_be_decimal && currency::has_three_decimals(currency) => {
                // `1.250` dinar; a lone comma could be either.
                (self.last == Some('.')).then_some(true)
            }
            3 => Some(false),
            0 => None,
            _ => can_be_decimal.then_some(true),
        }
    }
}

/// The decimal mark of a number that cannot be read in another way.
fn proven_mark(number: &str) -> Option<char> {
    let marks = Marks::of(number);
    let last = marks.last.filter(|_| marks.last_is_single())?;
    let head = number.get(..marks.last_at)?;
    let tail = number.get(marks.last_at + last.len_utf8()..)?;
    let is_no_group = tail.len() != 3 || head.len() > 3 || head.starts_with('0');
    (marks.differ || is_no_group).then_some(last).filter(|_| !tail.is_empty())
}

/// Removes thousands marks of one kind; every group behind the first must have three digits, or two
/// but for the last (`1,00,000`).
fn ungroup(number: &str, mark: char, by_twos: bool) -> Option<String> {
    if !matches!(mark, '.' | ',' | ' ' | '\u{A0}' | '\u{202F}' | '\u{2009}' | '\'' | '’') {
        return None;
    }
    let groups: Vec<&str> = number.split(mark).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is_in_threes = rest.iter().all(|group| group.len() == 3) && first.len() <= 3;
    let is_in_twos = by_twos
        && mark == ','
        && last.len() == 3
        && !middle.is_empty()
        && middle.iter().all(|group| group.len() == 2)
        && first.len() <= 2;
    let is_grouped = !first.is_empty() && (is_in_threes || is_in_twos);
    let whole = groups.concat();
    (is_grouped && whole.bytes().all(|byte| byte.is_ascii_digit())).then_some(whole)
}

/// A cell taken apart.
struct Parts {
    number: String,
    is_negative: bool,
    currency: Option<String>,
}

impl Parts {
    /// `-$20.00`, `544,00 €`, `(5.00)`, `200.00 CR`, `1.234.567 đ`.
    fn of(cell: &str) -> Result<Parts, Fault> {
        let mut parts = Parts { number: String::new(), is_negative: false, currency: None };
        let mut rest = cell.trim();
        let mut has_sign = false;
        if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (parts.is_negative, has_sign, rest) = (true, true, inner.trim());
        }
        // A triangle is the minus of Japanese banks.
        let is_sign = |c: char| matches!(c, '-' | '−' | '–' | '+' | '▲' | '△' | '▼');
        let is_word = |c: char| c.is_alphabetic() || currency::is_sign(c);
        // Sign and currency on either side, in any order.
        for _ in 0..3 {
            let behind_sign = rest.strip_prefix(is_sign).or_else(|| rest.strip_suffix(is_sign));
            if let Some(inner) = behind_sign {
                if has_sign {
                    return Err(unreadable(cell));
                }
                has_sign = true;
                parts.is_negative = !rest.starts_with('+') && !rest.ends_with('+');
                rest = inner.trim();
            }
            let inner = rest.trim_start_matches(is_word);
            let word = rest.strip_suffix(inner).unwrap_or_default();
            let (word, inner) = if word.is_empty() {
                let rest = without_last_point(rest);
                let inner = rest.trim_end_matches(is_word);
                (rest.strip_prefix(inner).unwrap_or_default(), inner)
            } else {
                (word, behind_point(word, inner).ok_or_else(|| unreadable(cell))?)
            };
            if !word.is_empty() {
                parts.take_word(word).ok_or_else(|| unreadable(cell))?;
                rest = inner.trim();
            }
        }
        rest.clone_into(&mut parts.number);
        Ok(parts)
    }

    /// A currency, or `CR` and `DR`.
    fn take_word(&mut self, word: &str) -> Option<()> {
        let folded = fold(word);
        let currency = match folded.as_str() {
            "CR" | "Π" => return Some(()),
            "DR" | "DB" | "Χ" => {
                self.is_negative = true;
                return Some(());
            }
            "D" | "DONG" | "VND" | "₫" => Some("VND"),
            "LEI" => Some("RON"),
            code if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => Some(code),
            // One of several currencies; the file must say which.
            "$" | "¥" | "KR" | "RS" | "R" | "FR" => None,
            "RM" => Some("MYR"),
            "RP" => Some("IDR"),
            "FT" => Some("HUF"),
            "EURO" | "EUROS" => Some("EUR"),
            _ => Some(currency::of_sign(word)?),
        };
        match (currency, &self.currency) {
            (Some(currency), Some(known)) if currency != known => None,
            (Some(currency), _) => {
                self.currency = Some(currency.to_owned());
                Some(())
            }
            (None, _) => Some(()),
        }
    }
}

/// Words that are written with a point behind them.
const SHORTENED: [&str; 6] = ["RS", "KR", "FR", "RP", "DR", "CR"];

/// What stands behind a word and the point that ends it: `Rs. 100`, `kr.50,00`, `EUR.1,500.00`. The point
/// of `EUR.50` may be that of the word or of the decimals: it is read as neither.
fn behind_point<'a>(word: &str, behind: &'a str) -> Option<&'a str> {
    let Some(inner) = behind.strip_prefix('.').filter(|_| word.chars().all(char::is_alphabetic)) else {
        return Some(behind);
    };
    let is_end = inner.starts_with(char::is_whitespace);
    let number = inner.trim_start_matches(['-', '−', '–', '+']);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    let has_mark = number.contains(|c: char| !c.is_ascii_digit() && !c.is_alphabetic());
    let is_short = SHORTENED.contains(&fold(word).as_str());
    (is_end || (is_number && (is_short || has_mark))).then_some(inner)
}

/// `50,00 kr.`, `50.00 Dr.`: the point belongs to the word.
fn without_last_point(text: &str) -> &str {
    text.strip_suffix('.').filter(|text| text.ends_with(char::is_alphabetic)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cell: &str, currency: &str) -> Option<String> {
        Notation::of(currency).read(cell).unwrap().map(|read| read.amount.to_string())
    }

    fn refused(cell: &str, currency: &str) -> &'static str {
        Notation::of(currency).read(cell).expect_err(cell).code
    }

    #[test]
    fn cents_with_a_zero_behind_them_are_no_thousands() {
        let read = |cells: &[&str], currency: &str| {
            let notation = Notation::of(currency).learn(cells.iter().copied());
            let read = |cell: &&str| notation.read(cell).unwrap().map(|read| read.amount.to_string());
            cells.iter().map(|cell| read(cell).unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(read(&["29.000", "58.450", "-3.000"], "CHF"), ["29.00", "58.45", "-3.00"]);
        assert_eq!(read(&["29.000", "58.000"], "CHF"), ["29000", "58000"], "nothing but thousands");
        assert_eq!(read(&["29.000", "58.455"], "CHF"), ["29000", "58455"]);
        assert_eq!(read(&["29.000", "58.450"], "VND"), ["29000", "58450"]);
    }

    #[test]
    fn tables_write_dong_in_many_ways() {
        for cell in [
            "1,234,567",
            "1.234.567",
            "1,234,567.00",
            "1.234.567,00",
            "1234567",
            "+1 234 567",
            "1\u{A0}234\u{A0}567 VND",
            "1.234.567 đ",
            "VND 1,234,567",
            "1.234.567 VNĐ",
            "1234567.0",
            "₫1,234,567",
        ] {
            assert_eq!(table(cell, "VND").as_deref(), Some("1234567"), "{cell}");
        }
        for cell in ["-25.000", "(25,000)", "25000-", "−25 000", "- 25.000 đ", "25,000 DR"] {
            assert_eq!(table(cell, "VND").as_deref(), Some("-25000"), "{cell}");
        }
        assert_eq!(table("25.000", "VND").as_deref(), Some("25000"));
        assert_eq!(table(" - ", "VND"), None);
        assert_eq!(table("", "VND"), None);
        assert_eq!(table("VND", "VND"), None);
    }

    #[test]
    fn other_currencies_keep_their_decimals() {
        assert_eq!(table("1.234,56", "EUR").as_deref(), Some("1234.56"));
        assert_eq!(table("1,234.5", "USD").as_deref(), Some("1234.5"));
        assert_eq!(table("12.50 USD", "VND").as_deref(), Some("12.50"));
        assert_eq!(table("11'373.94", "CHF").as_deref(), Some("11373.94"));
        assert_eq!(table("1,00,000.00", "INR").as_deref(), Some("100000.00"));
        assert_eq!(table("12,34,567", "INR").as_deref(), Some("1234567"));
    }

    #[test]
    fn dinars_have_three_decimals() {
        for (cell, amount) in
            [("1.250", "1.250"), ("1250.000", "1250.000"), ("1,250.125", "1250.125"), ("0.5", "0.5")]
        {
            assert_eq!(table(cell, "BHD").as_deref(), Some(amount), "{cell}");
        }
        assert_eq!(table("250.1250", "KWD").as_deref(), Some("250.125"));
        assert_eq!(refused("1,250", "KWD"), "amount_unreadable", "it could be either");
        let notation = Notation::of("KWD").learn(["0,500"].into_iter());
        assert_eq!(notation.read("1,250").unwrap().unwrap().amount.to_string(), "1.250");
    }

    #[test]
    fn signs_of_money_and_of_direction_stand_on_either_side() {
        for (cell, amount) in [
            ("$20.00", "20.00"),
            ("-$1,036.47", "-1036.47"),
            ("$-5.00", "-5.00"),
            ("($5.00)", "-5.00"),
            ("544,00 $", "544.00"),
            ("+ £1,100.00", "1100.00"),
            ("200.00 CR", "200.00"),
            ("50.00 Dr", "-50.00"),
            ("12,50 zł", "12.50"),
        ] {
            assert_eq!(table(cell, "XXX").as_deref(), Some(amount), "{cell}");
        }
        let read = Notation::of("XXX").read("£67.40").unwrap().unwrap();
        assert_eq!(read.currency.as_deref(), Some("GBP"));
        assert_eq!(Notation::of("XXX").read("$67.40").unwrap().unwrap().currency, None);
    }

    #[test]
    fn the_point_that_ends_a_short_word_is_none_of_the_decimals() {
        for (cell, currency, amount) in [
            ("Rs.100", "INR", "100"),
            ("Rs. 100", "INR", "100"),
            ("Rs.\u{A0}100", "INR", "100"),
            ("Rs.50", "INR", "50"),
            ("Rs.1,500.00", "INR", "1500.00"),
            ("Rs.1,00,000.00", "INR", "100000.00"),
            ("-Rs.50.00", "INR", "-50.00"),
            ("Rs.-50.00", "INR", "-50.00"),
            ("Rs. 50.00 Dr.", "INR", "-50.00"),
            ("kr.50,00", "DKK", "50.00"),
            ("50,00 kr.", "DKK", "50.00"),
            ("50,00kr.", "DKK", "50.00"),
            ("-1.050,00 kr.", "DKK", "-1050.00"),
            ("Fr.50.00", "CHF", "50.00"),
            ("50.00 Dr.", "XXX", "-50.00"),
            ("50.00 Cr.", "XXX", "50.00"),
            ("Rp.1.500.000,00", "IDR", "1500000.00"),
            ("EUR.1,500.00", "EUR", "1500.00"),
            ("$.50", "USD", "0.50"),
        ] {
            assert_eq!(table(cell, currency).as_deref(), Some(amount), "{cell}");
        }
        for cell in ["EUR.50", "EUR.500", "Rs..50", "50.00 Dr..", "50.", "RM.50", "EUR."] {
            assert_eq!(refused(cell, "XXX"), "amount_unreadable", "{cell}");
        }
    }

    #[test]
    fn one_amount_of_a_table_may_prove_how_the_others_are_written() {
        let read = |cells: &[&str], cell: &str| {
            let notation = Notation::of("EUR").learn(cells.iter().copied());
            notation.read(cell).ok().flatten().map(|read| read.amount.to_string())
        };
        assert_eq!(read(&["2,5"], "-1.250").as_deref(), Some("-1250"));
        assert_eq!(read(&["12.50"], "1,250").as_deref(), Some("1250"));
        assert_eq!(read(&["12.50"], "1.250"), None, "neither thousands nor cents");
        assert_eq!(read(&["12.50", "12,50"], "1.250").as_deref(), Some("1250"), "nothing is proven");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for cell in [
            "12,34,567",
            "1,234.567",
            "1.25",
            "1,2",
            "1.9036E+13",
            "12a",
            "1.234.56,00",
            "--5",
            "5 - 4",
            "1..2",
            "5.",
            "x5.00",
        ] {
            assert_eq!(refused(cell, "VND"), "amount_unreadable", "{cell}");
        }
        assert_eq!(refused("1,234.567", "EUR"), "amount_unreadable");
    }
}
