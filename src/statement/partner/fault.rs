//! Why a partner's table is not read, and where.

use super::Field;
use crate::amount::Dong;
use crate::error::Error;
use crate::statement::finding::Finding;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1; of a workbook the row of the sheet.
    pub line: usize,
    /// The column, where it is one cell that cannot be read.
    pub column: Option<Field>,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The file cannot be opened or decoded, or breaks off: in Vietnamese and in English.
    Container(String, String),
    /// Several files in an archive.
    SeveralFiles,
    /// No row of headings.
    NoTable,
    SeveralTables,
    /// No column is one of these; the headings that were found.
    ColumnMissing {
        wanted: &'static [Field],
        found: Vec<String>,
    },
    ColumnTwice(Field),
    TooWide,
    /// So many rows at most.
    TooLong(usize),
    /// More cells than headings, or fewer.
    Cells,
    Key,
    Amount,
    Fee,
    /// As much as the amount, or more.
    FeeTooLarge,
    Currency,
    Kind,
    State,
    NetDiffers,
    /// What the file states, and what the rows come to.
    SumsDiffer(Dong, Dong),
    CountDiffers(usize),
}

impl Why {
    /// Whether a person could help by naming the columns.
    pub fn is_of_headings(&self) -> bool {
        matches!(self, Why::NoTable | Why::ColumnMissing { .. } | Why::ColumnTwice(_))
    }

    pub fn vi(&self) -> String {
        let words = match self {
            Why::Container(vi, _) => vi.as_str(),
            Why::ColumnMissing { wanted, found } => {
                let wanted = names(wanted, Field::vi, " hoặc ");
                return format!("thiếu cột {wanted}; các cột tìm thấy: {}", found.join(", "));
            }
            Why::ColumnTwice(field) => return format!("có hai cột {}", field.vi()),
            Why::TooLong(rows) => return format!("nhiều nhất {rows} dòng"),
            Why::SumsDiffer(stated, sum) => {
                return format!("dòng tổng ghi {stated}, các dòng cộng lại được {sum}");
            }
            Why::CountDiffers(count) => return format!("số dòng ghi trong tệp khác {count} dòng đọc được"),
            Why::SeveralFiles => "tệp nén có nhiều tệp; hãy nhập từng tệp",
            Why::NoTable => "không thấy dòng tiêu đề của bảng",
            Why::SeveralTables => "tệp có nhiều bảng; hãy nhập từng bảng",
            Why::TooWide => "dòng có nhiều ô hơn mọi bảng của đối tác",
            Why::Cells => "số ô của dòng không khớp dòng tiêu đề; dòng có thể bị cắt",
            Why::Key => "mã của dòng thiếu, quá dài, bị bảng tính đổi dạng hoặc là công thức",
            Why::Amount => "không đọc được số tiền, hoặc số tiền bằng không",
            Why::Fee => "không rõ phí được thu hay được trả lại",
            Why::FeeTooLarge => "phí bằng hoặc lớn hơn số tiền",
            Why::Currency => "chỉ nhận tiền đồng",
            Why::Kind => "không rõ dòng này là khoản thu hay khoản trả lại",
            Why::State => "trạng thái không phải là giao dịch thành công",
            Why::NetDiffers => "số tiền trừ phí khác số thực nhận",
        };
        words.to_owned()
    }

    pub fn en(&self) -> String {
        let words = match self {
            Why::Container(_, en) => en.as_str(),
            Why::ColumnMissing { wanted, found } => {
                let wanted = names(wanted, Field::en, " or ");
                return format!("the column {wanted} is missing; found are: {}", found.join(", "));
            }
            Why::ColumnTwice(field) => return format!("two columns are {}", field.en()),
            Why::TooLong(rows) => return format!("at most {rows} rows"),
            Why::SumsDiffer(stated, sum) => {
                return format!("the sums state {stated}, and the rows add up to {sum}");
            }
            Why::CountDiffers(count) => {
                return format!("the file states another number than the {count} rows that were read");
            }
            Why::SeveralFiles => "the archive has several files; take them on one by one",
            Why::NoTable => "there is no row of headings",
            Why::SeveralTables => "the file has several tables; take them on one by one",
            Why::TooWide => "the row has more cells than a partner's table",
            Why::Cells => "the cells of the row do not fit the headings; it may be cut off",
            Why::Key => "the code of the row is missing, too long, rewritten by a spreadsheet or a formula",
            Why::Amount => "the amount cannot be read, or is zero",
            Why::Fee => "it is not clear whether the fee was kept or given back",
            Why::FeeTooLarge => "the fee is as much as the amount, or more",
            Why::Currency => "only đồng are taken",
            Why::Kind => "it is not clear whether the row came in or went back",
            Why::State => "the state is not that of a transaction that was carried out",
            Why::NetDiffers => "amount less fee is not the net amount",
        };
        words.to_owned()
    }
}

fn names(fields: &[Field], name: impl Fn(Field) -> &'static str, or: &str) -> String {
    let quoted: Vec<String> = fields.iter().map(|field| format!("“{}”", name(*field))).collect();
    quoted.join(or)
}

/// A place in Vietnamese: `dòng 3, cột “Số tiền”`.
pub fn place_vi(line: usize, column: Option<Field>) -> String {
    column.map_or(format!("dòng {line}"), |field| format!("dòng {line}, cột “{}”", field.vi()))
}

/// The same in English.
pub fn place_en(line: usize, column: Option<Field>) -> String {
    column.map_or(format!("line {line}"), |field| format!("line {line}, column “{}”", field.en()))
}

impl Fault {
    pub fn at(line: usize, why: Why) -> Fault {
        Fault { line, column: None, why }
    }

    /// The same, of the cell in this column.
    pub(super) fn in_column(self, field: Field) -> Fault {
        Fault { column: Some(field), ..self }
    }

    /// Of the reader of containers, which knows no line.
    pub(super) fn of_finding(finding: &Finding) -> Fault {
        let (vi, en) = finding.words();
        Fault::container(1, vi, en)
    }

    pub(super) fn container(line: usize, vi: &str, en: &str) -> Fault {
        Fault::at(line, Why::Container(vi.to_owned(), en.to_owned()))
    }

    /// The same as an error of the field; a missing column has a code of its own.
    pub fn error(&self, field: &str, code: &'static str) -> Error {
        let detail = format!("{}: {}", place_en(self.line, self.column), self.why.en());
        match self.why {
            Why::ColumnMissing { .. } => Error::invalid(field, "partner_column_missing", detail),
            _ => Error::invalid(field, code, detail),
        }
    }
}
