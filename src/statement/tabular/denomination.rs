//! The currency of a table: named by a label, a column, a heading or beside an amount. đồng are
//! assumed only where the table is Vietnamese; a currency nothing names is unknown (`XXX`).

use super::amount::Notation;
use super::column::{Column, has_any, is_understood, normalise};
use super::dictionary;
use super::header::Columns;
use super::label;
use super::movement::is_dated;
use super::rows::Row;
use crate::statement::currency::{self, UNKNOWN};
use crate::statement::finding::Finding;

const MONEY: [Column; 3] = [Column::Amount, Column::Debit, Column::Credit];

/// What the text around a table says of its currency.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub is_vietnamese: bool,
    /// Words that only banks of the United States write: elsewhere it is a cheque.
    pub is_american: bool,
    /// Its headings are neither English nor Vietnamese: nobody there writes the month first.
    pub is_foreign: bool,
    /// A branch of a bank in India, where HUF is an undivided family.
    is_indian: bool,
    /// Codes that stand in the text.
    named: Vec<String>,
}

impl Surroundings {
    /// Of a table of which nothing is known but that its days come first.
    pub fn vietnamese() -> Surroundings {
        Surroundings { is_vietnamese: true, ..Surroundings::default() }
    }

    pub fn note(&mut self, row: &Row) {
        self.is_foreign |= is_foreign(row);
        let mut is_behind_name = false;
        for cell in &row.cells {
            let words = normalise(cell);
            let names = names_somebody(cell);
            let is_name = names || is_behind_name;
            // The name may stand behind its label in one cell; what follows then is of its own.
            let is_told = cell.split_once([':', '：']).is_some_and(|(_, name)| !name.trim().is_empty());
            is_behind_name = names && !is_told && !cell.contains(|c: char| c.is_ascii_digit());
            self.is_vietnamese |= has_any(
                &words,
                &[
                    "NGAY",
                    "SO TIEN",
                    "SO DU",
                    "DIEN GIAI",
                    "NOI DUNG",
                    "GHI NO",
                    "GHI CO",
                    "TAI KHOAN",
                    "SAO KE",
                ],
            );
            self.is_american |= has_any(&words, &["CHECK", "CHECKS", "RUNNING BAL", "ROUTING NUMBER"]);
            // Two columns of dollars are those of one bank of Canada, which writes the month first.
            self.is_american |= matches!(cell.trim(), "CAD$" | "USD$");
            self.is_indian |= has_any(&words, &["IFSC"]);
            if is_name {
                continue;
            }
            let words = cell.split(|c: char| !c.is_alphanumeric());
            words.filter(|word| currency::is_code_in_text(word)).for_each(|code| self.name(code));
            let signs = cell.matches(currency::is_sign).filter_map(currency::of_sign);
            signs.for_each(|code| self.name(code));
        }
    }

    fn name(&mut self, code: &str) {
        if !self.named.iter().any(|known| known == code) {
            self.named.push(code.to_owned());
        }
    }

    fn only_named(&self) -> Option<String> {
        let named: Vec<&str> = self.named.iter().map(String::as_str).collect();
        let named: Vec<&str> = named.into_iter().filter(|code| !(self.is_indian && *code == "HUF")).collect();
        match named.as_slice() {
            [] if self.is_indian => Some("INR".to_owned()),
            [only] => Some((*only).to_owned()),
            _ => None,
        }
    }
}

/// What names a person or a place: letters in brackets there are no currency.
fn names_somebody(cell: &str) -> bool {
    let label = normalise(cell.split([':', '：']).next().unwrap_or_default());
    let is_label = cell.contains([':', '：']) || label.split(' ').count() <= 3;
    let of_somebody = [
        "NAME",
        "CUSTOMER",
        "ACCOUNT HOLDER",
        "JOINT HOLDER",
        "ADDRESS",
        "TEN KHACH HANG",
        "DIA CHI",
        "NAMA",
    ];
    is_label && has_any(&label, &of_somebody) && !has_any(&label, &["CURRENCY", "CCY"])
}

/// A row of headings that only another language than English or Vietnamese knows.
fn is_foreign(row: &Row) -> bool {
    let cells = || row.cells.iter().map(String::as_str).filter(|cell| !cell.is_empty());
    let Some(language) =
        dictionary::language_of(cells()).filter(|language| !dictionary::is_neutral(language))
    else {
        return false;
    };
    dictionary::count_in(cells().filter(|cell| !is_understood(cell)), &language) > 1
}

/// The currency the table names: in a column, beside a balance or an amount, in a heading, by the
/// user's layout, in the text around it, or beside some of the amounts and balances of the rows.
pub(super) fn named(
    columns: &Columns,
    body: &[Row],
    balances: &[&str],
    surroundings: &Surroundings,
    has_own_layout: bool,
) -> Option<String> {
    let in_column = || body.iter().find_map(|row| currency_in_cell(columns.currency_cell(row)));
    let beside_balance = || balances.iter().find_map(|value| beside(value));
    let beside_amount = || beside_all(columns, body);
    let in_heading = || columns.heading_currency().map(str::to_owned);
    let by_layout = || columns.currency().filter(|_| has_own_layout).map(str::to_owned);
    in_column()
        .or_else(beside_balance)
        .or_else(beside_amount)
        .or_else(in_heading)
        .or_else(by_layout)
        .or_else(|| surroundings.only_named())
        .or_else(|| beside_some(columns, body).filter(|_| !is_vietnamese(columns, surroundings)))
}

/// A table of ours is in đồng where it names nothing else for all of its rows.
fn is_vietnamese(columns: &Columns, surroundings: &Surroundings) -> bool {
    surroundings.is_vietnamese || columns.currency() == Some("VND")
}

/// The code in a cell of the column of currencies, or what its sign or word stands for.
pub(super) fn currency_in_cell(cell: &str) -> Option<String> {
    label::currency_in(cell).or_else(|| match normalise(cell).as_str() {
        "EURO" | "EUROS" => Some("EUR".to_owned()),
        "VN DONG" | "DONG" => Some("VND".to_owned()),
        // The numbers of ISO 4217.
        "704" => Some("VND".to_owned()),
        "840" => Some("USD".to_owned()),
        "978" => Some("EUR".to_owned()),
        "360" => Some("IDR".to_owned()),
        "764" => Some("THB".to_owned()),
        "458" => Some("MYR".to_owned()),
        "702" => Some("SGD".to_owned()),
        "643" | "810" => Some("RUB".to_owned()),
        "392" => Some("JPY".to_owned()),
        "156" => Some("CNY".to_owned()),
        "826" => Some("GBP".to_owned()),
        "ر س" => Some("SAR".to_owned()),
        "د ا" => Some("AED".to_owned()),
        words => currency::of_sign(cell.trim()).or_else(|| currency::of_sign(words)).map(str::to_owned),
    })
}

/// The currency that stands beside every amount.
fn beside_all(columns: &Columns, body: &[Row]) -> Option<String> {
    let cells = body.iter().flat_map(|row| MONEY.map(|column| columns.cell(row, column)));
    let mut amounts = cells.filter(|cell| cell.bytes().any(|byte| byte.is_ascii_digit())).map(beside);
    let first = amounts.next()??;
    amounts.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The only currency that stands beside amounts and balances, where several of them have one. Beside a single
/// one it is as likely that of another account.
fn beside_some(columns: &Columns, body: &[Row]) -> Option<String> {
    let money = [Column::Amount, Column::Debit, Column::Credit, Column::Balance];
    let rows = body.iter().filter(|row| is_dated(columns, row));
    let mut found = rows.flat_map(|row| money.map(|column| columns.cell(row, column))).filter_map(beside);
    let first = found.next()?;
    let others: Vec<String> = found.collect();
    let is_one = !others.is_empty() && others.iter().all(|other| *other == first);
    (is_one && currency::is_known(&first)).then_some(first)
}

fn beside(cell: &str) -> Option<String> {
    Notation::of(UNKNOWN).read(cell).ok().flatten().and_then(|read| read.currency)
}

/// What is assumed when nothing names a currency, with the warning that tells it.
pub(super) fn assumed(
    columns: &Columns,
    body: &[Row],
    surroundings: &Surroundings,
    at: &str,
) -> (&'static str, Finding) {
    let cells = body.iter().flat_map(|row| MONEY.map(|column| columns.cell(row, column)));
    let amounts: Vec<&str> = cells.filter(|cell| !matches!(*cell, "" | "-" | "0")).collect();
    let vnd = Notation::of("VND");
    // đồng have no decimals: amounts with some are of another currency.
    let has_cents =
        amounts.iter().all(|cell| has_decimals(cell)) && amounts.iter().any(|cell| vnd.read(cell).is_err());
    if is_vietnamese(columns, surroundings) && !has_cents {
        let finding = Finding::new(
            at,
            "currency_assumed",
            "Tệp không ghi loại tiền; hiểu là VND",
            "the file names no currency; VND is assumed",
        );
        return ("VND", finding);
    }
    let finding = Finding::new(
        at,
        "currency_unknown",
        "Tệp không ghi loại tiền và không phải bảng tiếng Việt hoặc có số lẻ; loại tiền chưa rõ (XXX)",
        "the file names no currency and is not Vietnamese or has decimals; the currency is unknown (XXX)",
    );
    (UNKNOWN, finding)
}

/// One or two digits behind the last mark.
fn has_decimals(cell: &str) -> bool {
    let number = cell.trim_matches(|c: char| !c.is_ascii_digit());
    let tail = number.rsplit_once(['.', ',']).map_or("", |(_, tail)| tail);
    (1..=2).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_digit())
}
