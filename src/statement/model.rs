//! What a bank file says, in one shape for every format.
//!
//! Serialising gives exactly the public JSON; fields marked `serde(skip)` serve the import only.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::finding::Finding;
use super::tally::Tally;

/// The format of a file, found by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Format {
    /// Account report within the day; balances are optional.
    #[serde(rename = "camt.052")]
    Camt052,
    /// Bank to customer statement: the proof.
    #[serde(rename = "camt.053")]
    Camt053,
    /// Debit and credit notification; has no balances.
    #[serde(rename = "camt.054")]
    Camt054,
    /// Customer statement message.
    #[serde(rename = "mt940")]
    Mt940,
    /// Interim transaction report; has no balances.
    #[serde(rename = "mt942")]
    Mt942,
    /// A table with a header row, exported by an internet bank.
    #[serde(rename = "csv")]
    Csv,
    /// The same in an Office workbook.
    #[serde(rename = "xlsx")]
    Xlsx,
    /// In an OpenDocument spreadsheet.
    #[serde(rename = "ods")]
    Ods,
    /// In a workbook of before 2007 (BIFF).
    #[serde(rename = "xls")]
    Xls,
    /// In an HTML page or SpreadsheetML of 2003, whatever the file is called.
    #[serde(rename = "html")]
    Html,
    #[serde(rename = "unknown")]
    Unknown,
}

impl Format {
    /// Whether the statements come from a table with a heading row.
    pub fn is_table(self) -> bool {
        matches!(self, Format::Csv | Format::Xlsx | Format::Ods | Format::Xls | Format::Html)
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Camt052 => "camt.052",
            Format::Camt053 => "camt.053",
            Format::Camt054 => "camt.054",
            Format::Mt940 => "mt940",
            Format::Mt942 => "mt942",
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Ods => "ods",
            Format::Xls => "xls",
            Format::Html => "html",
            Format::Unknown => "unknown",
        }
    }

    /// Whether statements of this format must carry an opening and a closing balance.
    pub fn requires_balances(self) -> bool {
        matches!(self, Format::Camt053 | Format::Mt940)
    }
}

/// A file that was read: its statements, and every place where it cannot be trusted.
///
/// With any error the file must not be imported. Unreadable bytes give `Format::Unknown`, no
/// statements and at least one error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parsed {
    pub format: Format,
    pub statements: Vec<Statement>,
    pub warnings: Vec<Finding>,
    pub errors: Vec<Finding>,
    /// The message version where the format has one, e.g. `camt.053.001.08`.
    #[serde(skip)]
    pub version: Option<String>,
    /// The character encoding the bytes were read in.
    #[serde(skip)]
    pub encoding: &'static str,
}

impl Parsed {
    /// 0: everything was read and proven. 1: read, with errors. 2: nothing could be read.
    pub fn exit_code(&self) -> u8 {
        match (self.errors.is_empty(), self.statements.is_empty()) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        }
    }
}

/// One statement of one account. A paginated statement comes as one `Statement` per page, as the
/// bank sent it; `join_pages` puts them together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Statement {
    /// As the bank writes it: an account number, an IBAN, or BIC and number with a slash.
    pub account: Option<String>,
    /// ISO 4217, of the balances.
    pub currency: Option<String>,
    /// The bank's number of the statement: `:28C:`, or the electronic, legal or plain id of camt.
    pub number: Option<String>,
    pub opening: Option<Balance>,
    pub closing: Option<Balance>,
    /// Booked movements, in the order of booking.
    pub lines: Vec<Line>,
    /// `Stmt/Id` or `:20:`.
    #[serde(skip)]
    pub id: Option<String>,
    /// The running number of the statement within its account, for finding gaps.
    #[serde(skip)]
    pub sequence: Option<u64>,
    #[serde(skip)]
    pub page: Option<Page>,
    /// BIC or name of the bank that keeps the account.
    #[serde(skip)]
    pub bank_id: Option<String>,
    /// Set when the bank says that this is not the first copy; do not import it twice.
    #[serde(skip)]
    pub duplicate: Option<Duplicate>,
    /// Counts and sums as the bank gives them.
    #[serde(skip)]
    pub totals: Option<Totals>,
    /// Of a page of several: the ways in which the bank may have counted its entries.
    #[serde(skip)]
    pub(super) tallies: Vec<Tally>,
    #[serde(skip)]
    pub balance_basis: BalanceBasis,
    /// The sheet of a workbook that it stands on, from zero; places tell the row of a sheet and not which sheet.
    #[serde(skip)]
    pub sheet: usize,
    /// Where the statement starts in the file.
    #[serde(skip)]
    pub at: String,
}

impl Statement {
    /// The account without what banks put around it: a BIC or bank code before a slash, the
    /// currency behind, spaces and separators. For finding the registered account.
    pub fn account_number(&self) -> Option<String> {
        let account = self.account.as_deref()?.trim();
        let behind_slash = account.rsplit_once('/').filter(|(_, tail)| is_currency(tail));
        let account = behind_slash.map_or(account, |(own, _)| own);
        let own = account.rsplit_once('/').map_or(account, |(_, own)| own).trim();
        let squashed = crate::text::squash(own);
        let bare = self
            .currency
            .as_deref()
            .and_then(|currency| squashed.strip_suffix(currency))
            .filter(|bare| bare.ends_with(|c: char| c.is_ascii_digit()));
        Some(bare.map_or_else(|| squashed.clone(), str::to_owned)).filter(|number| !number.is_empty())
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A booked balance; minus is an overdraft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Balance {
    pub date: Option<NaiveDate>,
    pub amount: Decimal,
    #[serde(skip)]
    pub currency: String,
    #[serde(skip)]
    pub at: String,
}

/// Whether the balances were in the file or computed from its running balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BalanceBasis {
    #[default]
    Given,
    Derived,
}

/// Place of this part in a statement of several pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The number of the first one, where several were put together.
    pub first: Option<u32>,
    pub number: Option<u32>,
    /// A page of the same statement comes before (`:60M:`, page number above one).
    pub continues: bool,
    /// No page comes after (`:62F:`, `LastPgInd`).
    pub last: bool,
}

/// `CpyDplctInd`: a copy for another party, a duplicate of an earlier sending, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    Copy,
    Duplicate,
    CopyOfDuplicate,
}

/// Counts and unsigned sums as the bank states them, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    pub count: Option<u64>,
    pub sum: Option<Decimal>,
    /// Credits less debits.
    pub net: Option<Decimal>,
    pub credit_count: Option<u64>,
    pub credit_sum: Option<Decimal>,
    pub debit_count: Option<u64>,
    pub debit_sum: Option<Decimal>,
    /// Where each of them stands.
    pub at: String,
    pub credit_at: String,
    pub debit_at: String,
}

impl Totals {
    /// Whether a line more, less or other would show: by the net sum, or by the sums of both sides.
    pub fn covers_all_lines(&self) -> bool {
        self.net.is_some() || (self.credit_sum.is_some() && self.debit_sum.is_some())
    }
}

/// One booked movement on the account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Line {
    /// As given; MT940 may leave it out. See `day`.
    pub booking_date: Option<NaiveDate>,
    pub value_date: Option<NaiveDate>,
    /// Minus is money out.
    pub amount: Decimal,
    /// The customer's or end-to-end reference; absent for `NONREF` and `NOTPROVIDED`.
    pub reference: Option<String>,
    /// The reference of the bank that keeps the account.
    pub bank_reference: Option<String>,
    /// The whole remittance text, cleaned.
    pub memo: Option<String>,
    /// The movement takes back an earlier one (`RC`, `RD`, `RvslInd`).
    pub reversal: bool,
    /// Ordinal in the file, from one, within the statement.
    #[serde(skip)]
    pub entry_index: u32,
    #[serde(skip)]
    pub currency: String,
    /// Where the line starts in the file.
    #[serde(skip)]
    pub at: String,
    /// The text of the line exactly as it stands in the file.
    #[serde(skip)]
    pub raw: String,
    /// Supplementary details of `:61:`, or the posting text of the bank.
    #[serde(skip)]
    pub posting_text: Option<String>,
    /// The bank's type of transaction, e.g. `NTRF` or `PMNT/RCDT/ESCT`.
    #[serde(skip)]
    pub transaction_code: Option<String>,
    #[serde(skip)]
    pub counterparty_name: Option<String>,
    #[serde(skip)]
    pub counterparty_account: Option<String>,
    /// The balance after this line, where the export has that column.
    #[serde(skip)]
    pub running_balance: Option<Decimal>,
    #[serde(skip)]
    pub charges: Vec<Charge>,
    /// The payments inside a batch booking, when the bank lists them. A single one of a statement is
    /// kept only where it says more than the line itself.
    #[serde(skip)]
    pub details: Vec<Detail>,
}

impl Line {
    /// The day the line counts for: the booking date, or the value date where no other is given.
    pub fn day(&self) -> Option<NaiveDate> {
        self.booking_date.or(self.value_date)
    }
}

/// One payment inside a booked entry (`TxDtls`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// Signed like a line; absent where the bank gives none.
    pub amount: Option<Decimal>,
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub bank_reference: Option<String>,
    /// Id of the transaction in the clearing, or its UETR.
    pub transaction_id: Option<String>,
    pub uetr: Option<String>,
    pub memo: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_account: Option<String>,
    /// Reason code of a returned payment.
    pub return_reason: Option<String>,
    pub charges: Vec<Charge>,
    pub at: String,
}

impl Detail {
    /// Whether anything would be lost where the line takes over the words and the party.
    pub fn says_more_than_a_line(&self) -> bool {
        self.amount.is_some()
            || self.transaction_id.is_some()
            || self.uetr.is_some()
            || self.return_reason.is_some()
            || !self.charges.is_empty()
    }
}

/// A charge the bank reports with an entry; minus is taken from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub amount: Decimal,
    pub currency: String,
    /// Whether the amount of the entry is already reduced by it.
    pub included: Option<bool>,
}
