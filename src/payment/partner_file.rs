//! Where a file of an acquirer or a gateway cannot be read, and why. Such a file counts as a whole, and is
//! refused with every bad row, so that it is mended at once.

use crate::amount::Dong;
use crate::error::Error;
use crate::statement::partner::{self, Field};

/// So many rows are told one by one; of those behind them the number.
const TOLD: usize = 100;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// The column, where it is one cell that is wrong.
    pub column: Option<Field>,
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
    /// Zero, below it, or more than any amount.
    OutOfRange,
    /// No approval code.
    ApprovalCode,
    /// The id of a transaction is missing or too long.
    Reference,
    /// A row above has the same transaction.
    Twice,
    FeeTooLarge,
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
            Why::OutOfRange => format!("số tiền phải lớn hơn 0 và không quá {}", Dong::LIMIT),
            Why::ApprovalCode => "mã chuẩn chi phải có 1 đến 20 chữ cái hoặc chữ số".to_owned(),
            Why::Reference => "mã giao dịch phải có 1 đến 100 ký tự".to_owned(),
            Why::Twice => "giao dịch này đã có ở một dòng trên".to_owned(),
            Why::FeeTooLarge => "phí nhỏ hơn 0 hoặc lớn hơn số tiền".to_owned(),
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
            Why::OutOfRange => format!("the amount is above zero and at most {}", Dong::LIMIT),
            Why::ApprovalCode => "an approval code has 1 to 20 letters and digits".to_owned(),
            Why::Reference => "a transaction id has 1 to 100 characters".to_owned(),
            Why::Twice => "a row above has the same transaction".to_owned(),
            Why::FeeTooLarge => "the fee is below zero or more than the amount".to_owned(),
            Why::SumsMissing => "the row of the sums is missing".to_owned(),
            Why::SumsDiffer(amount, fee) => format!("the rows add up to {amount} with a fee of {fee}"),
            Why::AfterSums => "nothing may follow the row of the sums".to_owned(),
            Why::Table(why) => why.en(),
        }
    }
}

impl Fault {
    /// Whether a person could help by naming the columns.
    fn is_of_headings(&self) -> bool {
        match &self.why {
            Why::Headings(_) => true,
            Why::Table(why) => why.is_of_headings(),
            _ => false,
        }
    }

    pub(super) fn at(line: usize, why: Why) -> Fault {
        Fault { line, column: None, why }
    }

    /// The same, of the cell in this column.
    pub(super) fn in_column(self, field: Field) -> Fault {
        Fault { column: Some(field), ..self }
    }

    /// Of the reader of tables; where it finds none, ours is the one that is expected.
    pub(super) fn of_table(fault: partner::Fault, ours: &str) -> Fault {
        match fault.why {
            partner::Why::NoTable => Fault::at(fault.line, Why::Headings(ours.to_owned())),
            _ => Fault::from(fault),
        }
    }

    /// The same as an error of this code; its detail names the place. A missing column has a code of its own.
    fn error(&self, code: &'static str) -> Error {
        match &self.why {
            Why::Table(why) => {
                let (line, column) = (self.line, self.column);
                partner::Fault { line, column, why: why.clone() }.error("items", code)
            }
            why => {
                let place = partner::place_en(self.line, self.column);
                Error::invalid("items", code, format!("{place}: {}", why.en()))
            }
        }
    }
}

impl From<partner::Fault> for Fault {
    fn from(fault: partner::Fault) -> Fault {
        Fault { line: fault.line, column: fault.column, why: Why::Table(fault.why) }
    }
}

/// Everything that is wrong with a file: at least one fault, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The first of them, one for each row.
    pub told: Vec<Fault>,
    /// How many rows are bad behind those that are told.
    pub more: usize,
}

impl Faults {
    /// Of each row the first fault counts.
    pub(super) fn of(mut all: Vec<Fault>) -> Faults {
        all.sort_by_key(|fault| fault.line);
        all.dedup_by_key(|fault| fault.line);
        let more = all.len().saturating_sub(TOLD);
        all.truncate(TOLD);
        Faults { told: all, more }
    }

    /// Of the reader of tables, in the words of `told`.
    pub(super) fn of_table(faults: Vec<partner::Fault>, told: impl Fn(partner::Fault) -> Fault) -> Faults {
        Faults::of(faults.into_iter().map(told).collect())
    }

    /// All rows, where none of them is bad.
    ///
    /// # Errors
    /// The bad ones.
    pub(super) fn none_of<T>(rows: impl Iterator<Item = Result<T, Fault>>) -> Result<Vec<T>, Faults> {
        let mut bad = Vec::new();
        let good = rows.filter_map(|row| row.map_err(|fault| bad.push(fault)).ok()).collect();
        if bad.is_empty() { Ok(good) } else { Err(Faults::of(bad)) }
    }

    /// The line at which the headings of a table are not known.
    pub fn unknown_headings_at(&self) -> Option<usize> {
        self.told.iter().find(|fault| fault.is_of_headings()).map(|fault| fault.line)
    }

    /// The first as an error of this code; its detail says how many others there are.
    pub(super) fn error(&self, code: &'static str) -> Error {
        let first =
            self.told.first().map_or_else(|| Error::invalid("items", code, ""), |one| one.error(code));
        match (self.told.len() + self.more).saturating_sub(1) {
            0 => first,
            others => {
                let detail = format!("{}; other wrong rows: {others}", first.detail());
                Error::invalid("items", first.code(), detail)
            }
        }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Faults {
        Faults { told: vec![fault], more: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_rows_are_told_in_their_order_and_the_others_are_counted() {
        let bad = |line| Fault::at(line, Why::Kind).in_column(Field::Kind);
        let all = (1..=130).rev().chain([7]).map(bad).collect();
        let faults = Faults::of(all);
        let lines: Vec<usize> = faults.told.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, (1..=100).collect::<Vec<usize>>(), "one for each row");
        assert_eq!(faults.more, 30);
        let error = faults.error("pos_batch_unreadable");
        assert!(error.detail().starts_with("line 1, column “"), "{}", error.detail());
        assert!(error.detail().ends_with("; other wrong rows: 129"), "{}", error.detail());
        assert_eq!(Faults::none_of([Ok(1), Ok(2)].into_iter()), Ok(vec![1, 2]));
        assert_eq!(Faults::none_of([Ok(1), Err(bad(3))].into_iter()).unwrap_err().told, [bad(3)]);
    }
}
