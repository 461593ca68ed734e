//! Labels around the table: account, currency, opening and closing balance, totals, footers.

use chrono::NaiveDate;

use crate::statement::date::table_date;
use crate::statement::layout::DateOrder;

use super::column::{has_any, normalise};
use super::rows::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Account,
    Currency,
    Opening,
    Closing,
    Period,
    /// Sums of the debit and credit columns.
    Total,
    /// Printed by, page numbers, signatures.
    Footer,
}

const OPENING: &[&str] = &[
    "SO DU DAU KY",
    "SO DU DAU NGAY",
    "SO DU DAU",
    "DU DAU KY",
    "DU DAU",
    "OPENING BALANCE",
    "BEGINNING BALANCE",
    "BALANCE BROUGHT FORWARD",
    "BALANCE FORWARD",
    "BALANCE B F",
    "BROUGHT FORWARD",
    "STARTING BALANCE",
    "BALANCE AT START",
    "PREVIOUS BALANCE",
    "ANFANGSSALDO",
    "SALDO INICIAL",
    "SALDO INIZIALE",
    "SOLDE INITIAL",
    "SOLDE PRECEDENT",
    "SOLDE EN DEBUT",
    "ALTER SALDO",
    "BEGINSALDO",
    "SALDO POCZATKOWE",
    "NYITO EGYENLEG",
    "INGAENDE SALDO",
];
const CLOSING: &[&str] = &[
    "SO DU CUOI KY",
    "SO DU CUOI NGAY",
    "SO DU CUOI",
    "DU CUOI KY",
    "DU CUOI",
    "CLOSING BALANCE",
    "ENDING BALANCE",
    "BALANCE AT END",
    "BALANCE CARRIED FORWARD",
    "BALANCE C F",
    "CARRIED FORWARD",
    "ENDSALDO",
    "SALDO FINAL",
    "SALDO FINALE",
    "SOLDE FINAL",
    "NOUVEAU SOLDE",
    "SOLDE EN FIN",
    "NEUER SALDO",
    "EINDSALDO",
    "SALDO KONCOWE",
    "ZARO EGYENLEG",
    "UTGAENDE SALDO",
];
const TOTAL: &[&str] = &[
    "TONG CONG",
    "TONG PHAT SINH",
    "TONG SO",
    "CONG DOANH SO",
    "CONG PHAT SINH",
    "TOTAL",
    "GRAND TOTAL",
    "SUMME",
    "TOTALE",
];
/// The sum of one side over the days of the statement.
const TURNOVER: &[&str] = &["TURNOVER", "KAIVE", "APYVARTA", "APGROZIJUMS", "UMSATZSUMME"];
const FOOTER: &[&str] = &[
    "CHUNG TU NAY",
    "SAO KE NAY",
    "DUOC IN",
    "NGAY IN",
    "THOI GIAN IN",
    "PRINTED",
    "PRINT DATE",
    "TRANG",
    "PAGE",
    "NGUOI LAP",
    "KIEM SOAT",
    "GIAO DICH VIEN",
    "THIS STATEMENT",
    "THIS IS",
    "END OF STATEMENT",
];
const CURRENCY: &[&str] = &[
    "LOAI TIEN",
    "TIEN TE",
    "NGUYEN TE",
    "CURRENCY",
    "CCY",
    "WAHRUNG",
    "DEVISE",
    "MONEDA",
    "DIVISA",
    "MUNTSOORT",
    "WALUTA",
];
const ACCOUNT: &[&str] = &[
    "SO TAI KHOAN",
    "TAI KHOAN",
    "ACCOUNT NO",
    "ACCOUNT NUMBER",
    "ACCOUNT",
    "SO TK",
    "STK",
    "IBAN",
    "KONTONUMMER",
];

/// What a cell announces; only its words before a colon count.
pub(super) fn label_of(cell: &str) -> Option<Label> {
    let words = normalise(cell.split([':', '：']).next().unwrap_or(cell));
    let starts = |phrases: &[&str]| {
        phrases.iter().any(|phrase| {
            words.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    let ends = |phrases: &[&str]| phrases.iter().any(|phrase| words.ends_with(&format!(" {phrase}")));
    if words.is_empty() || words.len() > 80 {
        return starts(FOOTER).then_some(Label::Footer);
    }
    if starts(OPENING) {
        Some(Label::Opening)
    } else if starts(CLOSING) {
        Some(Label::Closing)
    } else if starts(TOTAL) || matches!(words.as_str(), "TONG" | "CONG") {
        Some(Label::Total)
    } else if starts(&["TU NGAY", "FROM DATE", "FROM", "PERIOD", "KY SAO KE"]) {
        Some(Label::Period)
    } else if starts(FOOTER) {
        Some(Label::Footer)
    } else if starts(CURRENCY) {
        Some(Label::Currency)
    } else if (starts(ACCOUNT) || (cell.contains([':', '：']) && ends(ACCOUNT)))
        && !has_any(&words, &["CU", "OLD", "NAME", "TYPE", "LOAI", "BALANCE"])
    {
        Some(Label::Account)
    } else {
        super::dictionary::label(&words)
    }
}

/// What a cell states by its words alone: a balance or a sum, without anything behind it.
pub(super) fn exact_label(cell: &str) -> Option<Label> {
    let words = normalise(cell);
    let is_one_of = |phrases: &[&str]| phrases.contains(&words.as_str());
    match () {
        () if words.is_empty() || words.len() > 40 => None,
        () if is_one_of(OPENING) || words == "SALDO ANTERIOR" => Some(Label::Opening),
        () if is_one_of(CLOSING) || matches!(words.as_str(), "S A L D O" | "SALDO ATUAL") => {
            Some(Label::Closing)
        }
        () if is_one_of(TURNOVER) => Some(Label::Total),
        // “Total” may be the name of a payee.
        () => super::dictionary::label(&words).filter(|label| *label != Label::Total),
    }
}

/// The words of a sum alone: “Tổng công ty” begins as “Tổng cộng” does.
pub(super) fn is_total(cell: &str) -> bool {
    let words = normalise(cell);
    TOTAL.contains(&words.as_str())
        || matches!(words.as_str(), "TONG" | "CONG")
        || super::dictionary::label(&words) == Some(Label::Total)
}

/// What the first filled cell of a row announces.
pub(super) fn leading_label(row: &Row) -> Option<Label> {
    row.cells.iter().find(|cell| !cell.trim().is_empty()).and_then(|cell| label_of(cell))
}

/// The labels of a row with their values: behind the colon, in the next filled cell, or the last
/// word of the same cell.
pub(super) fn labels_of(row: &Row) -> Vec<(Label, String)> {
    let mut labels = Vec::new();
    for (index, cell) in row.cells.iter().enumerate() {
        let Some(label) = label_of(cell) else { continue };
        let behind_colon =
            cell.split_once([':', '：']).map(|(_, value)| value.trim()).filter(|value| !value.is_empty());
        let behind = row.cells.iter().skip(index + 1).map(|cell| cell.trim());
        let mut behind = behind.filter(|cell| !matches!(*cell, "" | ":" | "="));
        let is_balance = matches!(label, Label::Opening | Label::Closing);
        // “as on 31/01/2024” stands between some balances and their label.
        let is_remark = |cell: &str| is_balance && label_of(cell).is_none() && ends_in_day(cell);
        let next = behind.next();
        let in_next = if next.is_some_and(is_remark) { behind.next() } else { next };
        let is_value = |next: &&str| {
            label_of(next).is_none() && (!is_balance || next.bytes().any(|byte| byte.is_ascii_digit()))
        };
        let in_next = in_next.filter(is_value);
        let last_words = cell.trim().rsplit_once(['/', ' ']).map(|(_, word)| word);
        let last_number = last_words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
        let value = behind_colon.or(in_next).or(last_number).unwrap_or_default();
        labels.push((label, value.to_owned()));
    }
    labels
}

/// Words with a day behind them.
fn ends_in_day(cell: &str) -> bool {
    let day = cell.rsplit_once(char::is_whitespace).filter(|(words, _)| words.contains(char::is_alphabetic));
    day.is_some_and(|(_, day)| day.len() >= 6 && table_date(day, DateOrder::DayFirst).is_ok())
}

/// An account number: letters and digits, at least five digits, nothing else but separators. An IBAN
/// may be written in groups of four.
pub(super) fn account_in(value: &str) -> Option<String> {
    let grouped: String = value.split_whitespace().take_while(|word| word.len() <= 4).collect();
    let is_iban = grouped.len() >= 15
        && grouped.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && grouped.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = value.split_whitespace().next().unwrap_or_default();
    let word = if is_iban { grouped.as_str() } else { first };
    let looks_like_account =
        word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '\'' | '_'));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let bare: String = word.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    (looks_like_account && digits >= 5).then_some(bare)
}

/// The account number of a column of its own, which some banks write in groups of digits.
pub(super) fn account_in_cell(cell: &str) -> Option<String> {
    let is_grouped = cell.split_whitespace().all(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    if is_grouped { account_in(&cell.split_whitespace().collect::<String>()) } else { account_in(cell) }
}

/// The three letters of a currency.
pub(super) fn currency_in(value: &str) -> Option<String> {
    let words = normalise(value);
    words
        .split(' ')
        .find(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
        .map(str::to_owned)
}

/// First and last date of `Từ ngày 01/11/2026 đến ngày 30/11/2026`, anywhere in the row.
pub(super) fn period_in(row: &Row) -> Option<(NaiveDate, NaiveDate)> {
    let words = row.cells.iter().flat_map(|cell| cell.split([' ', '\n', ':', '\u{A0}']));
    let dates: Vec<NaiveDate> = words
        .filter(|word| word.len() >= 8)
        .filter_map(|word| table_date(word, DateOrder::DayFirst).ok())
        .map(|(date, _)| date)
        .collect();
    match dates.as_slice() {
        [first, last] if first <= last => Some((*first, *last)),
        _ => None,
    }
}
