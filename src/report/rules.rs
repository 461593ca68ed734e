//! How a posting reads in a book (pure).

use super::chart::Charts;
use super::sheet::Cell;
use super::{Book, Period, Summary, question};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::unit::{BankAccount, Unit};

/// Which accounts a book looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    All,
    One(String),
    Begin(&'static str),
}

impl Accounts {
    pub fn has(&self, account: &str) -> bool {
        match self {
            Accounts::All => true,
            Accounts::One(one) => one == account,
            Accounts::Begin(begin) => account.starts_with(begin),
        }
    }

    /// As a pattern of LIKE; account texts hold no percent sign.
    pub fn pattern(&self) -> String {
        match self {
            Accounts::All => "%".to_owned(),
            Accounts::One(one) => one.clone(),
            Accounts::Begin(begin) => format!("{begin}%"),
        }
    }
}

/// A posting as a book tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub date: BusinessDay,
    pub id: PostingId,
    pub debit: String,
    pub credit: String,
    pub amount: Dong,
    pub source_kind: String,
    pub source_id: i64,
    /// Template, series and number, where the source is a receipt or an invoice.
    pub number: Option<String>,
    /// The bank's own reference, where the source is a statement line that has one.
    pub bank_reference: Option<String>,
}

/// The title, whose book it is, the period, the charts with the mark of how certain they are, and what was asked.
pub fn heading(unit: &Unit, book: Book, period: Period, charts: &Charts) -> [String; 5] {
    [
        book.title().to_owned(),
        format!("{} {}", unit.code, unit.name),
        format!(
            "Từ ngày {from} đến ngày {until} / From {from} to {until}",
            from = day_text(period.from),
            until = day_text(period.until)
        ),
        charts.words(period),
        question::line_over(&book.asked(), &unit.id.to_string(), period),
    ]
}

/// The bank's numbers of the accounts that a file's rows name by their ids; `None` where there is none.
pub fn accounts_line(held: &[BankAccount], book: Book) -> Option<String> {
    let is_named = |one: &&BankAccount| match book {
        Book::Bank(account) => one.id == account,
        Book::Journal | Book::Cash | Book::Fees => true,
    };
    let named: Vec<String> =
        held.iter().filter(is_named).map(|one| format!("{} ({})", one.account_no, one.id)).collect();
    let named = named.join("; ");
    (!named.is_empty()).then(|| format!("Số tài khoản: {named} / Account: {named}"))
}

pub fn columns(book: Book) -> &'static [&'static str] {
    match book {
        Book::Journal => &[
            "Ngày hạch toán / Date",
            "Chứng từ / Document",
            "Ghi nợ / Debit account",
            "Ghi có / Credit account",
            "Số hiệu TK nợ / Debit, chart",
            "Số hiệu TK có / Credit, chart",
            "Số tiền / Amount",
        ],
        Book::Bank(_) | Book::Cash | Book::Fees => &[
            "Ngày hạch toán / Date",
            "Chứng từ / Document",
            "Tài khoản / Account",
            "Tài khoản đối ứng / Contra account",
            "Số hiệu TK đối ứng / Contra, chart",
            "Nợ / Debit",
            "Có / Credit",
            "Số dư / Balance",
        ],
    }
}

pub fn opening_row(opening: Dong, book: Book) -> Vec<Cell> {
    let mut row = vec![Cell::Empty; 8];
    row[1] = Cell::text("Số dư đầu kỳ / Opening balance");
    row[7] = Cell::Amount(signed(book, opening));
    row
}

pub fn total_row(book: Book, summary: &Summary) -> Vec<Cell> {
    if book == Book::Journal {
        let mut row = vec![Cell::Empty; 7];
        row[1] = Cell::text("Cộng / Total");
        row[6] = Cell::Amount(summary.debits);
        return row;
    }
    let mut row = vec![Cell::Empty; 8];
    row[1] = Cell::text("Cộng phát sinh, số dư cuối kỳ / Turnover, closing balance");
    row[5] = Cell::Amount(summary.debits);
    row[6] = Cell::Amount(summary.credits);
    row[7] = Cell::Amount(signed(book, summary.closing()));
    row
}

/// The debits and credits of a line within the book's own accounts. A move from one of them to
/// another, such as a fee put under another item, is both.
fn sides(book: Book, line: &Line) -> (Dong, Dong) {
    let accounts = book.accounts();
    let side = |account: &str| if accounts.has(account) { line.amount } else { Dong::ZERO };
    (side(&line.debit), side(&line.credit))
}

/// # Errors
/// `amount_too_large`: the totals of a book are sums like all others.
pub fn add(summary: &mut Summary, book: Book, line: &Line) -> Result<()> {
    let (debit, credit) = sides(book, line);
    summary.count += 1;
    summary.debits = summary.debits.checked_add(debit)?;
    summary.credits = summary.credits.checked_add(credit)?;
    Ok(())
}

/// `balance`: debits minus credits after this line. Its accounts are those of the chart in force on its date.
///
/// # Errors
/// `chart_account_missing`.
pub fn row(book: Book, line: &Line, charts: &Charts, balance: Dong) -> Result<Vec<Cell>> {
    let chart = charts.in_force(line.date)?;
    let (date, document) = (Cell::Date(line.date), Cell::Text(document(line)));
    if book == Book::Journal {
        return Ok(vec![
            date,
            document,
            Cell::text(&line.debit),
            Cell::text(&line.credit),
            Cell::text(chart.account_of(&line.debit)?),
            Cell::text(chart.account_of(&line.credit)?),
            Cell::Amount(line.amount),
        ]);
    }
    let (debit, credit) = sides(book, line);
    let (own, contra) =
        if debit.is_zero() { (&line.credit, &line.debit) } else { (&line.debit, &line.credit) };
    let amount = |side: Dong| if side.is_zero() { Cell::Empty } else { Cell::Amount(side) };
    Ok(vec![
        date,
        document,
        Cell::text(own),
        Cell::text(contra),
        Cell::text(chart.account_of(contra)?),
        amount(debit),
        amount(credit),
        Cell::Amount(signed(book, balance)),
    ])
}

/// Money that we hold stands in debit; fees collected stand in credit, and are shown as such.
fn signed(book: Book, balance: Dong) -> Dong {
    if book == Book::Fees { Dong(-balance.0) } else { balance }
}

fn document(line: &Line) -> String {
    if let Some(number) = &line.number {
        return format!("Biên lai, hóa đơn {number}");
    }
    let raw = line.source_id;
    match line.source_kind.as_str() {
        "payment" => format!("Khoản nộp {}", PaymentId(raw)),
        "receipt" => format!("Biên lai {}", ReceiptId(raw)),
        "refund" => format!("Hoàn trả {}", RefundId(raw)),
        "line" => match &line.bank_reference {
            // A reference is one text, with nothing in it that reads as two languages.
            Some(reference) => format!("Dòng sao kê {} · {}", LineId(raw), reference.replace(" / ", "/")),
            None => format!("Dòng sao kê {}", LineId(raw)),
        },
        "exception" => format!("Xử lý ngoại lệ {}", ExceptionId(raw)),
        "day" => format!("Khóa sổ ngày {}", CertificateId(raw)),
        "account" => format!("Mở tài khoản · {}", AccountId(raw)),
        "shift" => format!("Kiểm quỹ ca {}", ShiftId(raw)),
        "slip" => format!("Giấy nộp tiền {}", SlipId(raw)),
        "correction" => format!("Rút yêu cầu điều chỉnh {}", CorrectionId(raw)),
        "remittance" => format!("Lệnh nộp ngân sách {}", RemittanceId(raw)),
        "handover" => format!("Bàn giao khi sáp nhập {}", EventId(raw)),
        other => format!("{other} {raw}"),
    }
}

/// What documents begin with, Vietnamese and English.
const DOCUMENTS: [(&str, &str); 13] = [
    ("Biên lai, hóa đơn", "Receipt, invoice"),
    ("Biên lai", "Receipt"),
    ("Khoản nộp", "Payment"),
    ("Hoàn trả", "Refund"),
    ("Dòng sao kê", "Statement line"),
    ("Xử lý ngoại lệ", "Exception settled"),
    ("Khóa sổ ngày", "Day closed"),
    ("Mở tài khoản", "Account taken on"),
    ("Kiểm quỹ ca", "Shift counted"),
    ("Giấy nộp tiền", "Deposit slip"),
    ("Rút yêu cầu điều chỉnh", "Correction withdrawn"),
    ("Lệnh nộp ngân sách", "Remittance order"),
    ("Bàn giao khi sáp nhập", "Handed over in a merger"),
];

/// A document of a book in English, for readers of a page: books are kept in Vietnamese. `None` for any other text.
pub fn in_english(text: &str) -> Option<String> {
    DOCUMENTS.iter().find_map(|(vi, en)| {
        let rest = text.strip_prefix(vi)?;
        rest.starts_with(' ').then(|| format!("{en}{rest}"))
    })
}

pub fn day_text(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

/// # Errors
/// `chart_account_missing`: named by the first word of the account.
pub fn chart_account_missing(chart: &str, account: &str) -> Error {
    let detail = format!("the chart {chart} has no account for `{account}`");
    Error::invalid("chart", "chart_account_missing", detail)
}
