//! Where a file of an acquirer or a gateway cannot be read, and why. Such a file counts as a whole, so
//! one place is enough.

use crate::amount::Dong;
use crate::error::Error;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    NotUtf8,
    Empty,
    /// The headings that are expected.
    Headings(String),
    /// How many columns are expected.
    Columns(usize),
    Kind,
    Amount,
    SumsMissing,
    /// What the rows add up to: amounts, fees.
    SumsDiffer(Dong, Dong),
    AfterSums,
}

impl Why {
    pub fn vi(&self) -> String {
        match self {
            Why::NotUtf8 => "tệp không phải UTF-8".to_owned(),
            Why::Empty => "tệp trống".to_owned(),
            Why::Headings(wanted) => format!("cần dòng tiêu đề {wanted}"),
            Why::Columns(count) => format!("cần {count} cột"),
            Why::Kind => "loại phải là sale, chargeback hoặc refund".to_owned(),
            Why::Amount => "số tiền phải là số nguyên đồng".to_owned(),
            Why::SumsMissing => "thiếu dòng tổng; tệp có thể bị cắt".to_owned(),
            Why::SumsDiffer(amount, fee) => format!("các dòng cộng lại được {amount}, phí {fee}"),
            Why::AfterSums => "sau dòng tổng không được có dòng nào".to_owned(),
        }
    }

    pub fn en(&self) -> String {
        match self {
            Why::NotUtf8 => "the file is not UTF-8".to_owned(),
            Why::Empty => "the file is empty".to_owned(),
            Why::Headings(wanted) => format!("expected {wanted}"),
            Why::Columns(count) => format!("{count} columns are expected"),
            Why::Kind => "sale, chargeback or refund".to_owned(),
            Why::Amount => "the amount is not whole đồng".to_owned(),
            Why::SumsMissing => "the row of the sums is missing".to_owned(),
            Why::SumsDiffer(amount, fee) => format!("the rows add up to {amount} with a fee of {fee}"),
            Why::AfterSums => "nothing may follow the row of the sums".to_owned(),
        }
    }
}

impl Fault {
    pub(super) fn at(line: usize, why: Why) -> Fault {
        Fault { line, why }
    }

    /// The same as an error of this code; its detail names the line.
    pub(super) fn error(&self, code: &'static str) -> Error {
        Error::invalid("items", code, format!("line {}: {}", self.line, self.why.en()))
    }
}
