//! Amounts as the formats write them. A number that can be read in two ways is refused.

use rust_decimal::Decimal;

use super::finding::{Fault, excerpt};

/// Digits in one amount; more than any currency needs, and within `Decimal`.
const MAX_DIGITS: usize = 24;

fn unreadable(text: &str) -> Fault {
    let shown = excerpt(text);
    Fault::new(
        "amount_unreadable",
        format!("Không đọc được số tiền “{shown}”"),
        format!("“{shown}” is not an amount"),
    )
}

/// A SWIFT amount: digits with a comma as decimal mark. The flag tells a deviation in form: no
/// comma, or a point before one or two decimals.
pub(super) fn swift_amount(text: &str) -> Result<(Decimal, bool), Fault> {
    let (whole, fraction, deviates) = match (text.split_once(','), text.split_once('.')) {
        (Some((whole, fraction)), None) => (whole, fraction, false),
        (None, Some((whole, fraction))) if (1..=2).contains(&fraction.len()) => (whole, fraction, true),
        (None, None) => (text, "", true),
        _ => return Err(unreadable(text)),
    };
    let amount = from_digits(whole, fraction).ok_or_else(|| unreadable(text))?;
    Ok((amount, deviates))
}

/// An ISO 20022 amount: unsigned, with a point, at most 18 digits.
pub(super) fn iso_amount(text: &str) -> Result<Decimal, Fault> {
    let text = text.trim();
    if text.starts_with('-') {
        let shown = excerpt(text);
        return Err(Fault::new(
            "amount_negative",
            format!("Số tiền “{shown}” không được âm: chiều tiền nằm ở CdtDbtInd"),
            format!("“{shown}” must not be negative: the direction is CdtDbtInd"),
        ));
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.trim_start_matches('0').len() + fraction.len() > 18 {
        return Err(unreadable(text));
    }
    from_digits(whole, fraction).ok_or_else(|| unreadable(text))
}

/// Money in is positive, money out negative, and zero has no sign.
pub(super) fn signed(amount: Decimal, is_in: bool) -> Decimal {
    if is_in || amount.is_zero() { amount } else { -amount }
}

fn from_digits(whole: &str, fraction: &str) -> Option<Decimal> {
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let length = whole.len() + fraction.len();
    if !all_digits(whole) || !all_digits(fraction) || length == 0 || length > MAX_DIGITS {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    let mantissa = digits.fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
    Decimal::try_from_i128_with_scale(mantissa, u32::try_from(fraction.len()).ok()?).ok()
}

/// An amount in a table, with the currency written beside it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TableAmount {
    pub amount: Decimal,
    pub currency: Option<String>,
}

/// A cell with an amount, or nothing (`-` and blank). Thousands may be grouped by points, commas,
/// spaces or apostrophes; parentheses or a minus on either side mean negative. đồng have no minor
/// unit: a last group of three digits is thousands and a zero fraction is dropped.
pub(super) fn table_amount(cell: &str, currency: Option<&str>) -> Result<Option<TableAmount>, Fault> {
    let (number, written_currency) = split_currency(cell.trim());
    if number.is_empty() || matches!(number, "-" | "–" | "—") {
        return Ok(None);
    }
    let (negative, number) = split_sign(number);
    let currency = written_currency.as_deref().or(currency).unwrap_or("VND");
    let split = split_decimals(number).or_else(|| split_by_currency(number, currency));
    let (whole, fraction) = split.ok_or_else(|| unreadable(cell))?;
    let fraction = if is_without_minor_unit(currency) {
        if fraction.bytes().any(|digit| digit != b'0') {
            return Err(unreadable(cell));
        }
        ""
    } else {
        fraction
    };
    let amount = from_digits(&whole, fraction).ok_or_else(|| unreadable(cell))?;
    Ok(Some(TableAmount { amount: signed(amount, !negative), currency: written_currency }))
}

fn is_without_minor_unit(currency: &str) -> bool {
    matches!(currency, "VND" | "JPY" | "KRW" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" | "XPF")
}

/// What only the currency makes certain: three decimals (`1.234,500 KWD`), or lakhs (`1,23,456.00 INR`).
fn split_by_currency<'n>(number: &'n str, currency: &str) -> Option<(String, &'n str)> {
    let mark_at = number.rfind(['.', ','])?;
    let (head, tail) = (number.get(..mark_at)?, number.get(mark_at + 1..)?);
    let mark = number.get(mark_at..mark_at + 1)?;
    if head.contains(mark) {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_mills = matches!(currency, "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND");
    if has_mills && tail.len() == 3 && digits(tail) {
        let other = head.chars().find(|c| !c.is_ascii_digit());
        let whole = other.map_or_else(|| Some(head.to_owned()), |other| ungroup(head, other))?;
        return Some((whole, tail));
    }
    let has_lakhs = matches!(currency, "BDT" | "INR" | "LKR" | "NPR" | "PKR");
    let mut groups = head.split(',').rev();
    let is_lakh = mark == "." && groups.next().is_some_and(|last| last.len() == 3 && digits(last));
    if has_lakhs && is_lakh && groups.all(|group| (1..=2).contains(&group.len()) && digits(group)) {
        return Some((head.replace(',', ""), tail)).filter(|(_, tail)| (1..=2).contains(&tail.len()));
    }
    None
}

/// `3,359,662,231 VND` is `3,359,662,231` and `VND`; `đ`, `đồng` and `VNĐ` are VND.
fn split_currency(cell: &str) -> (&str, Option<String>) {
    let is_letter = |c: char| c.is_alphabetic() || c == '₫';
    let trimmed = cell.trim_end_matches(is_letter).trim_start_matches(is_letter);
    let word: String = cell.chars().filter(|&c| is_letter(c)).collect();
    let before = cell.len() - cell.trim_start_matches(is_letter).len();
    let written_on_one_side =
        trimmed.len() + word.len() == cell.len() && (before == 0 || before == word.len());
    if word.is_empty() || !written_on_one_side {
        return (cell, None);
    }
    let currency = match crate::text::fold(&word).as_str() {
        "D" | "DONG" | "VND" | "₫" => "VND".to_owned(),
        code if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => code.to_owned(),
        _ => return (cell, None),
    };
    (trimmed.trim(), Some(currency))
}

fn split_sign(number: &str) -> (bool, &str) {
    if let Some(inner) = number.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return (true, inner.trim());
    }
    let is_minus = |c: char| matches!(c, '-' | '−' | '–');
    if let Some(rest) = number.strip_prefix(is_minus) {
        return (true, rest.trim_start());
    }
    if let Some(rest) = number.strip_suffix(is_minus) {
        return (true, rest.trim_end());
    }
    let bare = number.strip_prefix('+').or_else(|| number.strip_suffix('+')).unwrap_or(number);
    (false, bare.trim())
}

/// Whole digits without grouping, and the digits behind the decimal mark; `None` when the
/// grouping is wrong or the mark could be either.
fn split_decimals(number: &str) -> Option<(String, &str)> {
    let marks: Vec<(usize, char)> = number.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    let Some(&(last_at, last)) = marks.last() else {
        return Some((number.to_owned(), ""));
    };
    let tail = number.get(last_at + last.len_utf8()..)?;
    let kinds_differ = marks.iter().any(|&(_, mark)| mark != last);
    let repeats = marks.iter().filter(|&&(_, mark)| mark == last).count() > 1;
    let can_be_decimal = matches!(last, '.' | ',') && !repeats;
    let is_thousands = tail.len() == 3 && !(kinds_differ && can_be_decimal);
    if is_thousands {
        return ungroup(number, last).map(|whole| (whole, ""));
    }
    // Two kinds of mark and three digits behind the last: `1,234.567` is refused, not guessed.
    if !can_be_decimal || !(1..=2).contains(&tail.len()) {
        return None;
    }
    let head = number.get(..last_at)?;
    let whole = match marks.first() {
        Some(&(first_at, first)) if first_at != last_at => ungroup(head, first)?,
        _ => head.to_owned(),
    };
    Some((whole, tail))
}

/// Removes thousands marks of one kind; every group behind the first must have three digits.
fn ungroup(number: &str, mark: char) -> Option<String> {
    if !matches!(mark, '.' | ',' | ' ' | '\u{A0}' | '\u{202F}' | '\u{2009}' | '\'' | '’') {
        return None;
    }
    let mut groups = number.split(mark);
    let first = groups.next().filter(|group| (1..=3).contains(&group.len()))?;
    let mut whole = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        whole.push_str(group);
    }
    whole.bytes().all(|byte| byte.is_ascii_digit()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cell: &str, currency: &str) -> Option<String> {
        table_amount(cell, Some(currency)).unwrap().map(|read| read.amount.to_string())
    }

    #[test]
    fn swift_amounts_have_a_comma_and_real_ones_sometimes_do_not() {
        assert_eq!(swift_amount("25000,"), Ok((Decimal::from(25_000), false)));
        assert_eq!(swift_amount("0,05"), Ok((Decimal::new(5, 2), false)));
        assert_eq!(swift_amount("500"), Ok((Decimal::from(500), true)));
        assert_eq!(swift_amount("12.5"), Ok((Decimal::new(125, 1), true)));
        for wrong in ["", ",", "25.000", "1.234,00", "1,2,3", "12a,00", "-5,00"] {
            assert_eq!(swift_amount(wrong).unwrap_err().code, "amount_unreadable", "{wrong}");
        }
    }

    #[test]
    fn iso_amounts_are_unsigned_and_have_a_point() {
        assert_eq!(iso_amount(" 25000.00 ").unwrap().to_string(), "25000.00");
        assert_eq!(iso_amount("0.12345").unwrap().to_string(), "0.12345");
        assert_eq!(iso_amount("-1.00").unwrap_err().code, "amount_negative");
        for wrong in ["", "1,00", "1.2.3", "1e5", "1234567890123456789", "NaN"] {
            assert_eq!(iso_amount(wrong).unwrap_err().code, "amount_unreadable", "{wrong}");
        }
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
        ] {
            assert_eq!(table(cell, "VND").as_deref(), Some("1234567"), "{cell}");
        }
        for cell in ["-25.000", "(25,000)", "25000-", "−25 000"] {
            assert_eq!(table(cell, "VND").as_deref(), Some("-25000"), "{cell}");
        }
        assert_eq!(table("25.000", "VND").as_deref(), Some("25000"));
        assert_eq!(table(" - ", "VND"), None);
        assert_eq!(table("", "VND"), None);
    }

    #[test]
    fn other_currencies_keep_their_decimals() {
        assert_eq!(table("1.234,56", "EUR").as_deref(), Some("1234.56"));
        assert_eq!(table("1,234.5", "USD").as_deref(), Some("1234.5"));
        assert_eq!(table("12.50 USD", "VND").as_deref(), Some("12.50"));
    }

    #[test]
    fn three_decimals_and_lakhs_are_certain_by_their_currency_only() {
        assert_eq!(table("1.234,500", "KWD").as_deref(), Some("1234.500"));
        assert_eq!(table("1234.500", "TND").as_deref(), Some("1234.500"));
        assert_eq!(table("1,23,456.70", "INR").as_deref(), Some("123456.70"));
        for (cell, currency) in [("1,23,456.70", "EUR"), ("1234.500", "EUR"), ("1,2,3,456.70", "KWD")] {
            assert!(table_amount(cell, Some(currency)).is_err(), "{cell} {currency}");
        }
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
        ] {
            assert_eq!(table_amount(cell, Some("VND")).unwrap_err().code, "amount_unreadable", "{cell}");
        }
    }
}
