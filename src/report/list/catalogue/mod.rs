//! The lists: each a table with its columns and the date by which it is asked.

mod bank;
mod money;
mod office;

use crate::id::*;

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    /// A stored word of the program: a state, a kind. Pages say it in the reader's language, files keep it.
    Code,
    Date,
    /// Microseconds, shown in the time of Hà Nội.
    Time,
    Amount,
    Count,
    /// An id, written with its prefix.
    Id(fn(i64) -> String),
    /// The number of a kind of exception.
    Exception,
    /// The same, told by what is to be done next.
    NextStep,
}

/// One column: its heading, the column of the table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    pub column: &'static str,
    pub kind: Kind,
}

/// How a list is asked by date.
#[derive(Clone, Copy, Debug)]
pub enum Dated {
    Day(&'static str),
    /// Microseconds.
    Time(&'static str),
}

#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    pub title: &'static str,
    /// A table, or a query in brackets whose rows have `unit_id`, `id` and what the columns name.
    pub table: &'static str,
    pub dated: Dated,
    /// What the date is, Vietnamese and English.
    pub date_title: &'static str,
    /// The states its rows can be in; none for rows without one.
    pub states: &'static [&'static str],
    pub columns: &'static [Column],
}

const fn of(title: &'static str, column: &'static str, kind: Kind) -> Column {
    Column { title, column, kind }
}

const fn text(title: &'static str, column: &'static str) -> Column {
    of(title, column, Kind::Text)
}

const fn code(title: &'static str, column: &'static str) -> Column {
    of(title, column, Kind::Code)
}

const fn amount(title: &'static str, column: &'static str) -> Column {
    of(title, column, Kind::Amount)
}

const STATE: Column = code("Trạng thái / State", "state");
const MADE: Column = of("Lập lúc / Made at", "created_at", Kind::Time);
const AMOUNT: Column = amount("Số tiền / Amount", "amount");
const CODE: Column = text("Mã nộp tiền / Reference code", "reference_code");

/// What belongs to something else has a place in it and no id: its rows are counted through, unit by unit, in an
/// order that new rows only go on with.
macro_rules! counted {
    ($order:literal, $rest:literal) => {
        concat!(
            "(SELECT ROW_NUMBER() OVER (PARTITION BY i.unit_id ORDER BY ",
            $order,
            ") AS id, i.*",
            $rest,
            ")"
        )
    };
}
pub(crate) use counted;

macro_rules! named {
    ($id:ident) => {
        Kind::Id(|raw| $id(raw).to_string())
    };
}

pub(crate) use named;

const PERSON: Column = of("Người làm / Person", "person_id", named!(PersonId));
const MAKER: Column = of("Người lập / Maker", "maker_person_id", named!(PersonId));
const CHECKER: Column = of("Người duyệt / Checker", "checker_person_id", named!(PersonId));
const ACCOUNT: Column = of("Tài khoản / Account", "account_id", named!(AccountId));
const OBLIGATION: Column = of("Nghĩa vụ / Obligation", "obligation_id", named!(ObligationId));
const PAYMENT: Column = of("Khoản nộp / Payment", "payment_id", named!(PaymentId));

/// Every list, in the order of the money's way, then what the bank and partners sent, then the office's own.
pub fn lists() -> impl Iterator<Item = &'static Definition> {
    money::MONEY.iter().chain(bank::BANK).chain(office::OFFICE)
}
