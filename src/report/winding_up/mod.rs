//! Accounts and units that end. Nothing is handed over by halves: what is still open is told, each thing by a
//! code and its words, and the end waits until it is settled.

pub mod account;
pub mod unit;
mod winding_up_query;

use serde::Serialize;

use crate::error::{Error, Result};

/// What stands in the way, and how much or what of it: numbers, days and accounts of the books, no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    pub what: What,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    ShiftOpen,
    DayOpen,
    LineAfter,
    ClaimUnproven,
    RefundUnderWay,
    SlipUnderWay,
    OrderUnderWay,
    ReceiptUnsigned,
    ExceptionOpen,
    CorrectionOpen,
    ObligationOpen,
    AccountOpen,
    Balance,
}

impl What {
    pub const ALL: [What; 13] = [
        What::ShiftOpen,
        What::DayOpen,
        What::LineAfter,
        What::ClaimUnproven,
        What::RefundUnderWay,
        What::SlipUnderWay,
        What::OrderUnderWay,
        What::ReceiptUnsigned,
        What::ExceptionOpen,
        What::CorrectionOpen,
        What::ObligationOpen,
        What::AccountOpen,
        What::Balance,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            What::ShiftOpen => "shift_open",
            What::DayOpen => "day_open",
            What::LineAfter => "line_after",
            What::ClaimUnproven => "claim_unproven",
            What::RefundUnderWay => "refund_under_way",
            What::SlipUnderWay => "slip_under_way",
            What::OrderUnderWay => "order_under_way",
            What::ReceiptUnsigned => "receipt_unsigned",
            What::ExceptionOpen => "exception_open",
            What::CorrectionOpen => "correction_open",
            What::ObligationOpen => "obligation_open",
            What::AccountOpen => "account_open",
            What::Balance => "balance",
        }
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            What::ShiftOpen => ("Ca thu chưa đóng", "Shifts that are not closed"),
            What::DayOpen => ("Ngày chưa đối soát", "Days that are not closed"),
            What::LineAfter => ("Dòng sao kê sau ngày cuối", "Statement lines after the last day"),
            What::ClaimUnproven => ("Báo có chưa được sao kê chứng minh", "Claims no statement has proven"),
            What::RefundUnderWay => {
                ("Phiếu hoàn tiền chưa xong (đề nghị, đã duyệt, đã gửi)", "Refunds that are not over")
            }
            What::SlipUnderWay => ("Tiền mặt đang nộp vào tài khoản", "Deposits under way to the account"),
            What::OrderUnderWay => {
                ("Lệnh nộp ngân sách chưa xong", "Orders to the Treasury that are not over")
            }
            What::ReceiptUnsigned => ("Chứng từ chưa ký", "Documents that are not signed"),
            What::ExceptionOpen => ("Ngoại lệ chưa xử lý", "Exceptions that are not settled"),
            What::CorrectionOpen => ("Điều chỉnh đang chờ", "Corrections that wait"),
            What::ObligationOpen => ("Nghĩa vụ nộp đang mở", "Obligations that are open"),
            What::AccountOpen => ("Tài khoản chưa chấm dứt", "Accounts that did not end"),
            What::Balance => ("Số dư chưa tất toán", "Balances that are not settled"),
        }
    }
}

/// A counted obstacle, when there is any.
fn counted(what: What, count: i64) -> Option<Obstacle> {
    (count > 0).then(|| Obstacle { what, detail: count.to_string() })
}

/// Refuses under a code, naming everything that stands in the way.
fn require_none(code: &'static str, obstacles: &[Obstacle]) -> Result<()> {
    if obstacles.is_empty() {
        return Ok(());
    }
    let told: Vec<String> =
        obstacles.iter().map(|one| format!("{}: {}", one.what.as_str(), one.detail)).collect();
    Err(Error::conflict(code, told.join("; ")))
}
