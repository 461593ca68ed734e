//! What an exception is about, and how its id reads.

use crate::id::*;

/// What an exception is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Movement(MovementId),
    Line(LineId),
    Obligation(ObligationId),
    Payment(PaymentId),
    Claim(ClaimId),
    Statement(StatementId),
    /// A statement of a file that was left out of it.
    FilePart(FilePartId),
    Series(SeriesId),
    Batch(BatchId),
    Shift(ShiftId),
    Slip(SlipId),
    Remittance(RemittanceId),
    Settlement(SettlementId),
}

impl Subject {
    /// What a statement that was left out of its file is called.
    pub const FILE_PART: &'static str = "file_part";

    pub fn kind(self) -> &'static str {
        match self {
            Subject::Movement(_) => "movement",
            Subject::Line(_) => "line",
            Subject::Obligation(_) => "obligation",
            Subject::Payment(_) => "payment",
            Subject::Claim(_) => "claim",
            Subject::Statement(_) => "statement",
            Subject::FilePart(_) => Subject::FILE_PART,
            Subject::Series(_) => "series",
            Subject::Batch(_) => "batch",
            Subject::Shift(_) => "shift",
            Subject::Slip(_) => "slip",
            Subject::Remittance(_) => "remittance",
            Subject::Settlement(_) => "settlement",
        }
    }

    pub fn id(self) -> i64 {
        match self {
            Subject::Movement(id) => id.0,
            Subject::Line(id) => id.0,
            Subject::Obligation(id) => id.0,
            Subject::Payment(id) => id.0,
            Subject::Claim(id) => id.0,
            Subject::Statement(id) => id.0,
            Subject::FilePart(id) => id.0,
            Subject::Series(id) => id.0,
            Subject::Batch(id) => id.0,
            Subject::Shift(id) => id.0,
            Subject::Slip(id) => id.0,
            Subject::Remittance(id) => id.0,
            Subject::Settlement(id) => id.0,
        }
    }

    pub fn text(kind: &str, id: i64) -> String {
        match kind {
            "movement" => MovementId(id).to_string(),
            "line" => LineId(id).to_string(),
            "obligation" => ObligationId(id).to_string(),
            "payment" => PaymentId(id).to_string(),
            "claim" => ClaimId(id).to_string(),
            Subject::FILE_PART => FilePartId(id).to_string(),
            "series" => SeriesId(id).to_string(),
            "batch" => BatchId(id).to_string(),
            "shift" => ShiftId(id).to_string(),
            "slip" => SlipId(id).to_string(),
            "remittance" => RemittanceId(id).to_string(),
            "settlement" => SettlementId(id).to_string(),
            _ => StatementId(id).to_string(),
        }
    }
}
