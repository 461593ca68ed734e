//! What is known of an exception beside its subject and sum: a code and values, never a sentence. It is
//! put into words, in the reader's language, where it is shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::*;

/// Stored as JSON, `{"say": "handed_over", "on": "2026-11-27", "code": "…"}`. It holds ids, codes, days
/// and amounts and no personal data. Sentences that older versions stored are read by nobody but people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Detail {
    /// A payer says that they transferred; what waits and could be meant.
    PayerSays {
        amount: Dong,
        on: BusinessDay,
        /// The time of the transfer, `14:05`, where they know it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        waiting: Vec<ExceptionId>,
    },
    /// A complaint that somebody took down.
    Complaint {
        way: String,
        about: String,
    },
    /// The payer asks for their surplus back.
    AsksBack {
        request: RefundRequestId,
    },
    /// What the rules made of a statement line, and what they only suggest.
    Line {
        rule: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<Hint>,
    },
    /// A channel told of money and named these codes.
    Channel {
        channel: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        code: String,
    },
    /// A channel told of a payment that is under way.
    Pending {
        channel: String,
        transaction: String,
    },
    /// A channel told the same again.
    ToldAgain {
        channel: String,
    },
    /// A channel repeated an id with other content.
    ToldOtherwise {
        channel: String,
    },
    /// A line that no channel told of.
    Untold {
        booked_on: BusinessDay,
    },
    /// A claim at the edge of what statements cover.
    NotShown {
        claimed_on: BusinessDay,
        covered_until: BusinessDay,
    },
    /// A claim without a line.
    WithoutLine {
        working_days: u32,
    },
    SameDigits {
        paid: Dong,
        due: Dong,
    },
    OtherName {
        line: LineId,
    },
    Obligation {
        obligation: ObligationId,
        code: String,
    },
    Correction {
        correction: CorrectionId,
        of: ReceiptId,
    },
    Refund {
        refund: RefundId,
        code: String,
    },
    RestOfSplit {
        line: LineId,
    },
    Unmatched {
        exception: ExceptionId,
    },
    /// A gateway's settlement names transactions nobody told of.
    Settlement {
        reference: String,
        channel: String,
        transactions: Vec<String>,
    },
    Batch {
        reference: String,
        approval_codes: Vec<String>,
    },
    Approval {
        code: String,
    },
    CardInNoBatch {
        taken_on: BusinessDay,
    },
    HandedOver {
        on: BusinessDay,
        code: String,
    },
    InDrawer {
        of: BusinessDay,
    },
    CreditedInPart {
        credited: Dong,
        amount: Dong,
        code: String,
    },
    CountedShort {
        by: Dong,
    },
    CountedOver {
        by: Dong,
    },
    OverInDrawer {
        of: BusinessDay,
    },
    /// A report of the Treasury that does not fit the order, or a refusal.
    Order {
        number: i64,
        year: i32,
        code: String,
        is_rejected: bool,
    },
    Version {
        version: VersionId,
        added: i32,
        gone: i32,
        changed: i32,
    },
    /// A statement that was left out of its file: which it is, from one, and why.
    LeftOut {
        /// The hash under which the file is kept.
        file: String,
        ordinal: i32,
        place: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account_no: String,
        code: String,
        /// What it says of itself, as far as it reads: by this it is known when it comes in, in whatever file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<BusinessDay>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<Dong>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closing: Option<Dong>,
        /// A notification, which is none of its account's statements.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_notice: bool,
        /// Of a notification, its id and its first and last page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pages: Option<(u32, u32)>,
    },
    /// What is odd about the place of a statement among the others.
    Gaps {
        gaps: Vec<Value>,
    },
    /// Why documents wait: their kind, where there are several, and the code of the reason.
    Waits {
        causes: Vec<(String, String)>,
    },
    NumbersLeft {
        series: String,
        left: i64,
    },
    NoSuccessor {
        series: String,
        year: i32,
    },
    CannotOpen {
        series: String,
    },
    BrokenSeries {
        series: String,
        number: i64,
        fault: String,
        count: i64,
    },
}

/// What matching suggests where it may not decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
pub enum Hint {
    /// Equally good suggestions, in the order of matching.
    Suggested { all: Vec<Suggested> },
    /// What a search among claims came to.
    Searched { evidence: Vec<Value> },
    /// A corrected statement took a line out, and what it had proven.
    TakenOut { line: LineId, payments: Vec<PaymentId> },
}

/// What a line may be, with the evidence as codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suggested {
    /// An id, a class, or how many things together.
    pub what: String,
    pub score: i64,
    pub evidence: Vec<Value>,
}

impl Detail {
    /// The stored form read again; none for a sentence of an older version, and for no detail at all.
    pub fn read(stored: &str) -> Option<Detail> {
        serde_json::from_str(stored).ok()
    }

    /// What a statement told again has otherwise.
    pub fn version(version: VersionId, added: i32, gone: i32, changed: i32) -> Detail {
        Detail::Version { version, added, gone, changed }
    }

    /// The obligations that matching suggests, each with its evidence.
    pub fn suggested(&self) -> Vec<(ObligationId, &[Value])> {
        let Detail::Line { hint: Some(Hint::Suggested { all }), .. } = self else { return Vec::new() };
        let one = |one: &'_ Suggested| one.what.parse::<ObligationId>().ok();
        all.iter().filter_map(|suggested| Some((one(suggested)?, suggested.evidence.as_slice()))).collect()
    }

    /// The earlier lines that matching suggests as what this one takes back, each with its evidence.
    pub fn suggested_lines(&self) -> Vec<(LineId, &[Value])> {
        let Detail::Line { hint: Some(Hint::Suggested { all }), .. } = self else { return Vec::new() };
        let one = |one: &'_ Suggested| one.what.parse::<LineId>().ok();
        all.iter().filter_map(|suggested| Some((one(suggested)?, suggested.evidence.as_slice()))).collect()
    }

    /// Open items about money that waits and could be meant.
    pub fn waiting(&self) -> &[ExceptionId] {
        match self {
            Detail::PayerSays { waiting, .. } => waiting,
            _ => &[],
        }
    }
}

impl From<Detail> for String {
    fn from(detail: Detail) -> String {
        // A closed type of texts and numbers: writing it cannot fail.
        serde_json::to_string(&detail).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_a_code_with_values_and_reads_back() {
        let on: BusinessDay = "2026-11-27".parse().unwrap();
        let stored = String::from(Detail::HandedOver { on, code: "HNPH7K2MQ4X97".into() });
        assert_eq!(stored, r#"{"say":"handed_over","on":"2026-11-27","code":"HNPH7K2MQ4X97"}"#);
        assert_eq!(Detail::read(&stored), Some(Detail::HandedOver { on, code: "HNPH7K2MQ4X97".into() }));
        assert_eq!(Detail::read("handed over on 2026-11-27"), None, "a sentence of an older version");
        assert_eq!(Detail::read(""), None);
    }

    #[test]
    fn suggestions_are_values_whatever_they_are_called() {
        let (one, two) = (ObligationId(77), ObligationId(78));
        let evidence = vec![serde_json::json!({ "evidence": "amount_exact" })];
        let suggested = |what: String| Suggested { what, score: 60, evidence: evidence.clone() };
        let all = vec![suggested(one.to_string()), suggested("interest".into()), suggested(two.to_string())];
        let hint = Some(Hint::Suggested { all });
        let detail = Detail::Line { rule: "none".into(), code: String::new(), hint };
        let stored = String::from(detail);
        let read = Detail::read(&stored).unwrap();
        let found: Vec<ObligationId> = read.suggested().into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, [one, two]);
    }
}
