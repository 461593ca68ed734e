//! Labels around the table: account, currency, opening and closing balance, totals, footers.

use chrono::NaiveDate;

use crate::statement::currency;
use crate::statement::date::{may_be_date, table_date};
use crate::statement::layout::DateOrder;

use super::account::{account_in, account_word, iban_in};
use super::balance_words;
use super::column::{has_any, normalise};
use super::rows::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Account,
    Currency,
    Opening,
    Closing,
    /// A booked balance; where its row stands says whether it is the closing one.
    Balance,
    /// A balance that counts what is not booked.
    Available,
    /// The bare word for a balance, with which payers name the rest of a debt, too.
    BalanceOrPayment,
    Period,
    /// Sums of the debit and credit columns.
    Total,
    /// The bare word “Total”, which is also the name of a payee.
    TotalOrPayee,
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
    "TRANSACTIONS TOTAL",
    "SUMME",
    "TOTALE",
];
/// Words of a sum in a row of its own, behind which a label would mean something else.
const SUM: &[&str] = &[
    "TOTALS",
    "SUB TOTAL",
    "SUBTOTAL",
    "TOTAL AMOUNT",
    "TOTAL DEBIT",
    "TOTAL DEBITS",
    "TOTAL CREDIT",
    "TOTAL CREDITS",
    "TONG GHI NO",
    "TONG GHI CO",
    "TONG PHAT SINH NO",
    "TONG PHAT SINH CO",
    "TONG",
    "CONG",
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

/// A balance of the day that stands behind these words.
const BALANCE_OF_DAY: &[&str] = &[
    "KONTOSTAND VOM",
    "KONTOSTAND AM",
    "KONTOSTAND ZUM",
    "KONTOSTAND PER",
    "SALDO VOM",
    "SALDO PER",
    "SOLDE AU",
];
/// Words a cell begins with that names the account in running text.
const NAMES_ACCOUNT: &[&str] = &[
    "STATEMENT",
    "EXTRATO",
    "EXTRACTO",
    "KONTOAUSZUG",
    "UMSATZE",
    "COMPTE",
    "ACCOUNT",
    "CUENTA",
    "CONTA",
    "MOVIMIENTOS",
    "MOVIMENTI",
    "IZVOD",
    "CCHQ",
    "PROMET",
    "POHYBY",
    "VYPIS",
    "ΚΙΝΗΣΕΙΣ",
];
/// What stands ahead of the number of an account in running text.
const AHEAD_OF_NUMBER: &[&str] = &[
    "ACCOUNT NO",
    "ACCOUNT NUMBER",
    "ACCOUNT",
    "A C NO",
    "COMPTE",
    "COMPTE N",
    "N",
    "NO",
    "NR",
    "CONTA",
    "CUENTA",
    "KONTO",
    "RACUNU",
    "RACUNA",
    "UCTU",
    "ΛΟΓΑΡΙΑΣΜΟΥ",
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
    let has_day = || words.bytes().filter(u8::is_ascii_digit).count() >= 4;
    if starts(OPENING) {
        Some(Label::Opening)
    } else if starts(CLOSING) || (starts(BALANCE_OF_DAY) && has_day()) {
        Some(Label::Closing)
    } else if starts(TOTAL) || matches!(words.as_str(), "TONG" | "CONG") {
        Some(Label::Total)
    } else if starts(&["TU NGAY", "FROM DATE", "FROM", "PERIOD", "KY SAO KE"])
        || (starts(&["ENTRE"]) && has_day())
    {
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
        () if words == "TOTAL" => Some(Label::TotalOrPayee),
        () if is_one_of(TOTAL) || is_one_of(SUM) || is_one_of(TURNOVER) => Some(Label::Total),
        () => super::dictionary::label(&words).or_else(|| balance_words::label(cell)),
    }
}

/// The words of a sum alone: “Tổng công ty” begins as “Tổng cộng” does.
pub(super) fn is_total(cell: &str) -> bool {
    matches!(exact_label(cell), Some(Label::Total | Label::TotalOrPayee))
}

/// What the first filled cell of a row announces.
pub(super) fn leading_label(row: &Row) -> Option<Label> {
    let first = row.cells.iter().position(|cell| !cell.trim().is_empty())?;
    let cell = row.cell(first);
    let next = row.cells.iter().skip(first + 1).find(|cell| !cell.trim().is_empty());
    // “Kontostand” with its day, below a table of Deutsche Bank and its like.
    let is_word = || matches!(normalise(cell).as_str(), "KONTOSTAND" | "ACCOUNT BALANCE");
    let is_balance = || is_word() && next.is_some_and(|next| is_day(next));
    label_of(cell).or_else(|| is_balance().then_some(Label::Closing))
}

/// The only day of a row of labels, where it can be read in one way.
pub(super) fn day_in(row: &Row) -> Option<NaiveDate> {
    let words = row.cells.iter().flat_map(|cell| cell.split_whitespace());
    let mut days = words.map(|word| word.trim_matches([':', ',', '(', ')'])).filter(|word| is_day(word));
    let day = days.next().filter(|day| !day.contains('/'))?;
    days.all(|other| other == day).then(|| table_date(day, DateOrder::DayFirst).ok().map(|found| found.0))?
}

/// The labels of a row with their values: behind the colon, in the next filled cell, or the last
/// word of the same cell.
pub(super) fn labels_of(row: &Row) -> Vec<(Label, String)> {
    let cells: Vec<&str> = row.cells.iter().flat_map(|cell| parts_of(plain(cell))).collect();
    let mut labels = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        let behind = cells.get(index + 1..).unwrap_or_default();
        if let Some(label) =
            label_of(cell).or_else(|| is_balance_of_day(cell, behind).then_some(Label::Closing))
        {
            let ahead = cells.get(..index).unwrap_or_default();
            labels.push((label, value_of(label, cell, behind, ahead)));
        } else if let Some(account) = account_within(cell) {
            labels.push((Label::Account, account));
            labels.push((Label::Period, String::new()));
        }
    }
    labels
}

/// The text that a spreadsheet is told not to read as a number: `="0123"`.
fn plain(cell: &str) -> &str {
    let formula = cell.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    formula.unwrap_or(cell)
}

/// `Ag: 1 | Conta: 2` and `Bank 1; Branch 2; Account 3` are labels side by side.
fn parts_of(cell: &str) -> Vec<&str> {
    // `Branch: 1  Account: 2`
    let apart: Vec<&str> = cell.split("  ").filter(|part| !part.trim().is_empty()).collect();
    let are_labels = apart.len() > 1 && apart.iter().all(|part| part.contains(':'));
    match [" | ", "; "].into_iter().find(|mark| cell.contains(mark)) {
        Some(mark) => cell.split(mark).collect(),
        None if are_labels => apart,
        None => vec![cell],
    }
}

/// “Kontostand” with its day in the next cell, or “Saldo:”.
fn is_balance_of_day(cell: &str, behind: &[&str]) -> bool {
    let next = behind.iter().find(|cell| !cell.trim().is_empty());
    match normalise(cell).as_str() {
        "KONTOSTAND" | "ACCOUNT BALANCE" => next.is_some_and(|next| is_day(next)),
        "SALDO" => {
            cell.trim().ends_with(':')
                && next.is_some_and(|next| next.bytes().any(|byte| byte.is_ascii_digit()))
        }
        _ => false,
    }
}

fn value_of(label: Label, cell: &str, behind: &[&str], ahead: &[&str]) -> String {
    let is_balance = matches!(label, Label::Opening | Label::Closing);
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let behind_colon =
        cell.split_once([':', '：']).map(|(_, value)| value.trim()).filter(|value| !value.is_empty());
    if let Some(whole) = behind_colon.filter(|_| is_balance).and_then(|start| torn_number(start, behind)) {
        return whole;
    }
    let mut cells = behind.iter().map(|cell| cell.trim());
    let mut cells = cells.by_ref().filter(|cell| !matches!(*cell, "" | ":" | "="));
    // “as on 31/01/2024” stands between some balances and their label.
    let is_remark =
        |cell: &str| is_balance && (is_day(cell) || (label_of(cell).is_none() && ends_in_day(cell)));
    let next = cells.next();
    let in_next = if next.is_some_and(is_remark) { cells.next() } else { next };
    let is_value = |next: &&str| label_of(next).is_none() && (!is_balance || has_digit(next));
    let in_next = in_next.filter(is_value);
    let last_words = cell.trim().rsplit_once(['/', ' ']).map(|(_, word)| word);
    let last_number = last_words.filter(|word| has_digit(word) && !(is_balance && is_day(word)));
    let in_cell = || behind_day(cell).filter(|_| is_balance);
    let value = behind_colon.or_else(in_cell).or(in_next).or(last_number).unwrap_or_default();
    match label {
        Label::Account if account_in(value).is_none() => {
            account_within(cell).map_or_else(|| value.to_owned(), |account| with_branch(&account, ahead))
        }
        // `6,790.45 as of 20260623`
        _ if is_balance => value.split(" as ").next().unwrap_or_default().trim().to_owned(),
        _ => value.to_owned(),
    }
}

/// `Saldo Awal : 1,410,973.34` in a table parted by commas: the rest of the number stands in the next cells.
fn torn_number(start: &str, behind: &[&str]) -> Option<String> {
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = start.trim_start_matches('-');
    if !are_digits(bare) || bare.len() > 3 {
        return None;
    }
    let mut whole = start.to_owned();
    for cell in behind {
        let (group, decimals) =
            cell.split_once('.').map_or((*cell, None), |(group, tail)| (group, Some(tail)));
        if group.len() != 3 || !are_digits(group) || decimals.is_some_and(|tail| !are_digits(tail)) {
            break;
        }
        whole.push(',');
        whole.push_str(cell);
        if decimals.is_some() {
            break;
        }
    }
    (whole.len() > start.len()).then_some(whole)
}

/// The amount in `Solde au 31/10/2026 1 234,56 €`.
fn behind_day(cell: &str) -> Option<&str> {
    let day = cell.split_whitespace().find(|word| is_day(word))?;
    let (_, rest) = cell.split_once(day)?;
    Some(rest.trim()).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+')))
}

/// The number of an account in running text that begins with the word for a statement or an account.
fn account_within(cell: &str) -> Option<String> {
    let text = normalise(cell);
    let first = text.split(' ').next().unwrap_or_default();
    if text.len() > 160 || !NAMES_ACCOUNT.contains(&first) {
        return None;
    }
    let words: Vec<&str> = cell.split_whitespace().collect();
    words.iter().enumerate().skip(1).find_map(|(index, word)| {
        let word = word.trim_matches(['(', ')', ',', '.', ';']);
        let iban = || iban_in(words.get(index..)?);
        let ahead = normalise(&words.get(..index)?.join(" "));
        let is_named =
            AHEAD_OF_NUMBER.iter().any(|phrase| ahead == *phrase || ahead.ends_with(&format!(" {phrase}")));
        account_word(word).or_else(iban).filter(|_| is_named && !may_be_date(word))
    })
}

/// Banks of New Zealand write bank and branch ahead of the account.
fn with_branch(account: &str, ahead: &[&str]) -> String {
    let number = |label: &str, cell: &str| {
        let words = normalise(cell);
        words.strip_prefix(label).map(|rest| rest.trim().to_owned())
    };
    match ahead {
        [.., bank, branch] => match (number("BANK", bank), number("BRANCH", branch)) {
            (Some(bank), Some(branch)) => format!("{bank}{branch}{account}"),
            _ => account.to_owned(),
        },
        _ => account.to_owned(),
    }
}

/// A day with marks between its parts.
fn is_day(cell: &str) -> bool {
    let cell = cell.trim().trim_end_matches(':');
    let has_marks = ['/', '.', '-'].into_iter().any(|mark| cell.matches(mark).count() == 2);
    has_marks && cell.len() <= 10 && may_be_date(cell)
}

/// Words with a day behind them.
fn ends_in_day(cell: &str) -> bool {
    let day = cell.rsplit_once(char::is_whitespace).filter(|(words, _)| words.contains(char::is_alphabetic));
    day.is_some_and(|(_, day)| day.len() >= 6 && table_date(day, DateOrder::DayFirst).is_ok())
}

/// The three letters of a currency, or its sign.
pub(super) fn currency_in(value: &str) -> Option<String> {
    let words = normalise(value);
    let is_letters = |word: &&str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let code = words.split(' ').find(is_letters).or_else(|| match words.as_str() {
        "RP" => Some("IDR"),
        "RM" => Some("MYR"),
        "NT" => Some("TWD"),
        _ => currency::of_sign(value.trim()),
    });
    // Russian banks write the code of the rouble that ended in 1998.
    code.map(|code| if code == "RUR" { "RUB" } else { code }.to_owned())
}

/// First and last date of `Từ ngày 01/11/2026 đến ngày 30/11/2026`, anywhere in the row.
pub(super) fn period_in(row: &Row) -> Option<(NaiveDate, NaiveDate)> {
    let words = row.cells.iter().flat_map(|cell| cell.split([' ', '\n', ':', '\u{A0}', '[', ']']));
    let dates: Vec<NaiveDate> = words
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.len() >= 8)
        .filter_map(|word| table_date(word, DateOrder::DayFirst).ok())
        .map(|(date, _)| date)
        .collect();
    match dates.as_slice() {
        [first, last] if first <= last => Some((*first, *last)),
        _ => None,
    }
}
