//! Where a file of an acquirer or a gateway cannot be read, and why. Such a file counts as a whole, so
//! one place is enough.

use crate::amount::Dong;
use crate::error::Error;
use crate::statement::partner;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
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
    /// In a table under headings of the partner's own.
    Table(partner::Why),
}

impl Why {
    pub fn vi(&self) -> String {
        match self {
            Why::Headings(wanted) => {
                format!("không thấy bảng nào; cần dòng tiêu đề {wanted}, hoặc bảng của đối tác")
            }
            Why::Columns(count) => format!("cần {count} cột"),
            Why::Kind => "loại phải là sale, chargeback hoặc refund".to_owned(),
            Why::Amount => "số tiền phải là số nguyên đồng".to_owned(),
            Why::SumsMissing => "thiếu dòng tổng; tệp có thể bị cắt".to_owned(),
            Why::SumsDiffer(amount, fee) => format!("các dòng cộng lại được {amount}, phí {fee}"),
            Why::AfterSums => "sau dòng tổng không được có dòng nào".to_owned(),
            Why::Table(why) => why.vi(),
        }
    }

    pub fn en(&self) -> String {
        match self {
            Why::Headings(wanted) => {
                format!("no table is known; expected {wanted}, or a table of the partner")
            }
            Why::Columns(count) => format!("{count} columns are expected"),
            Why::Kind => "sale, chargeback or refund".to_owned(),
            Why::Amount => "the amount is not whole đồng".to_owned(),
            Why::SumsMissing => "the row of the sums is missing".to_owned(),
            Why::SumsDiffer(amount, fee) => format!("the rows add up to {amount} with a fee of {fee}"),
            Why::AfterSums => "nothing may follow the row of the sums".to_owned(),
            Why::Table(why) => why.en(),
        }
    }
}

impl Fault {
    /// Whether a person could help by naming the columns.
    pub fn is_of_headings(&self) -> bool {
        match &self.why {
            Why::Headings(_) => true,
            Why::Table(why) => why.is_of_headings(),
            _ => false,
        }
    }

    pub(super) fn at(line: usize, why: Why) -> Fault {
        Fault { line, why }
    }

    /// Of the reader of tables; where it finds none, ours is the one that is expected.
    pub(super) fn of_table(fault: partner::Fault, ours: &str) -> Fault {
        match fault.why {
            partner::Why::NoTable => Fault::at(fault.line, Why::Headings(ours.to_owned())),
            why => Fault::at(fault.line, Why::Table(why)),
        }
    }

    /// The same as an error of this code; its detail names the line. A missing column has a code of its own.
    pub(super) fn error(&self, code: &'static str) -> Error {
        match &self.why {
            Why::Table(why) => partner::Fault::at(self.line, why.clone()).error("items", code),
            why => Error::invalid("items", code, format!("line {}: {}", self.line, why.en())),
        }
    }
}
