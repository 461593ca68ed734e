//! Who may decide: what waits for a second person, who may stand in for an approver, when the city
//! takes over, and what somebody who leaves still holds.
//!
//! A delegation lends one person's power to approve to another person: named acts, up to a sum, in one
//! unit, for some days, under a decision. It is used act by act and told with each of them. It can not
//! be passed on, because only an approver's own login or client gives one, and it never makes one
//! person of two: neither the delegate nor the giver may have asked for what is approved.

pub mod agenda;
pub mod decision;
pub mod delegation;
mod delegation_query;
pub mod leaving;
mod leaving_query;
pub mod rules;
mod seat;
pub mod waiting;
mod waiting_query;

use serde::Serialize;

pub use seat::Seat;

use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;

/// What waits for a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Exception,
    Refund,
    Correction,
    Remittance,
    Reopening,
    Version,
    Rule,
    Notice,
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Exception,
        Kind::Refund,
        Kind::Correction,
        Kind::Remittance,
        Kind::Reopening,
        Kind::Version,
        Kind::Rule,
        Kind::Notice,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Exception => "exception",
            Kind::Refund => "refund",
            Kind::Correction => "correction",
            Kind::Remittance => "remittance",
            Kind::Reopening => "reopening",
            Kind::Version => "version",
            Kind::Rule => "rule",
            Kind::Notice => "notice",
        }
    }

    /// Vietnamese, English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Kind::Exception => ("Đề nghị xử lý ngoại lệ", "Proposal for an exception"),
            Kind::Refund => ("Hoàn tiền", "Refund"),
            Kind::Correction => ("Xử lý chứng từ sai", "Correction of a document"),
            Kind::Remittance => ("Lệnh nộp ngân sách", "Order to the Treasury"),
            Kind::Reopening => ("Mở lại ngày đã khóa", "Re-opening of a closed day"),
            Kind::Version => ("Sao kê gửi lại", "Corrected statement"),
            Kind::Rule => ("Quy tắc phân loại", "Classification rule"),
            Kind::Notice => ("Thông báo chứng từ sai sót", "Error notice"),
        }
    }

    /// Kinds whose approval may be delegated: single acts on one subject.
    pub const DELEGABLE: [Kind; 6] =
        [Kind::Exception, Kind::Refund, Kind::Correction, Kind::Remittance, Kind::Reopening, Kind::Notice];

    /// `act_unknown` when the text names no act, or one that cannot be delegated.
    pub fn delegable(text: &str) -> Result<Kind> {
        let named = Kind::DELEGABLE.into_iter().find(|kind| kind.as_str() == text);
        named.ok_or_else(|| Error::invalid("acts", "act_unknown", "exception, refund, correction, …"))
    }

    /// The id of a subject as people write it.
    pub fn subject_text(self, id: i64) -> String {
        match self {
            Kind::Exception => ExceptionId(id).to_string(),
            Kind::Refund => RefundId(id).to_string(),
            Kind::Correction => CorrectionId(id).to_string(),
            Kind::Remittance => RemittanceId(id).to_string(),
            Kind::Reopening => ReopeningId(id).to_string(),
            Kind::Version => VersionId(id).to_string(),
            Kind::Rule => ClassRuleId(id).to_string(),
            Kind::Notice => FilingId(id).to_string(),
        }
    }

    /// The id behind what people wrote.
    pub fn subject_id(self, text: &str) -> Result<i64> {
        match self {
            Kind::Exception => text.parse().map(|id: ExceptionId| id.0),
            Kind::Refund => text.parse().map(|id: RefundId| id.0),
            Kind::Correction => text.parse().map(|id: CorrectionId| id.0),
            Kind::Remittance => text.parse().map(|id: RemittanceId| id.0),
            Kind::Reopening => text.parse().map(|id: ReopeningId| id.0),
            Kind::Version => text.parse().map(|id: VersionId| id.0),
            Kind::Rule => text.parse().map(|id: ClassRuleId| id.0),
            Kind::Notice => text.parse().map(|id: FilingId| id.0),
        }
    }
}

/// One thing that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub unit: UnitId,
    pub kind: Kind,
    pub id: i64,
    /// Everybody who asked for it or had a hand in it: none of them may approve.
    pub makers: Vec<PersonId>,
    /// Zero where no money is named.
    pub amount: Dong,
    pub asked_at: Instant,
}
