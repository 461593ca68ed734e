//! Evidence: why a line was matched, credited or suggested, as typed codes.
//!
//! Evidence is stored with the match it speaks for and put into words only when it is shown. It
//! holds codes, counts and amounts; never a name, an account or a memo.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::amount::Dong;

/// One observation. In JSON `{"evidence": "within_days", "value": 2}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "evidence", content = "value", rename_all = "snake_case")]
pub enum Evidence {
    /// A reference code whose check character holds stands in the memo.
    CodeVerified {
        code: String,
    },
    /// The number of the obligation's own virtual account, which stands for this code.
    VirtualAccount {
        code: String,
    },
    /// A code in the memo is one edit away from this one.
    CodeOneEditAway {
        code: String,
    },
    /// The code is valid, but no one obligation of that code is known.
    CodeWithoutObligation,
    /// The obligation of the code belongs to a unit that does not own the account.
    CodeOfOtherUnit,
    /// Several different valid codes stand in the memo.
    SeveralCodes(u32),
    SameBankReference,
    /// The text of a return names the bank reference of what it gives back.
    ReferenceNamed {
        reference: String,
    },
    /// The channel's own transaction id.
    SameProviderReference,
    /// Bank and channel reference point to different movements.
    ReferencesDisagree,
    ReferenceAmountDiffers {
        line: Dong,
        movement: Dong,
    },
    ReferenceCodeDiffers,
    AmountExact,
    AmountUnder {
        missing: Dong,
    },
    AmountOver {
        surplus: Dong,
    },
    /// The amounts have the same digits in another order.
    AmountDigitsSwapped,
    /// The amounts due under several codes, counted, add up exactly.
    SumExact(u32),
    /// Some of the codes, counted, add up exactly, and no other choice does.
    SubsetSumExact(u32),
    /// The movements under one settlement reference, counted, add up exactly.
    GroupTotalExact(u32),
    /// The lines under one reference, counted, add up to its movement.
    LinesAddUp(u32),
    /// What a bulk settlement lacks against the total of its movements.
    ChargeWithheld {
        amount: Dong,
    },
    /// The gateway's settlement report names the claims.
    SettlementReport {
        reference: String,
    },
    /// Of so many open claims of the gateway exactly one choice adds up, proven.
    OnlyChoice {
        taken: u32,
        of: u32,
    },
    /// More than one choice of so many claims adds up.
    SeveralChoices {
        of: u32,
    },
    /// No choice of so many claims adds up.
    NoChoice {
        of: u32,
    },
    /// The search among so many claims was not over within its steps.
    SearchNotFinished {
        of: u32,
    },
    NothingDue,
    ObligationClosed,
    /// Working days between the movement first seen and the booking date.
    WithinDays(u32),
    DossierCodeInMemo,
    PayerNameInMemo,
    SameCounterparty,
    /// An earlier payment of the same payer came from this account.
    PaidFromAccountBefore,
    /// The bank marked the line as a reversal (RC, RD, RvslInd).
    MarkedAsReversal,
    /// The memo speaks of money given back.
    ReversalWords,
    /// Another line is the same in account, day, amount, memo and reference.
    IdenticalTwin,
    /// A classification rule, by its id.
    ClassRule {
        rule: String,
    },
}

impl Evidence {
    /// What was looked at, as a word that programs may rely on.
    pub fn field(&self) -> &'static str {
        match self {
            Evidence::VirtualAccount { .. } => "virtual_account",
            Evidence::CodeVerified { .. }
            | Evidence::CodeOneEditAway { .. }
            | Evidence::CodeWithoutObligation
            | Evidence::CodeOfOtherUnit
            | Evidence::SeveralCodes(_)
            | Evidence::ReferenceCodeDiffers => "reference_code",
            Evidence::SameBankReference | Evidence::ReferenceNamed { .. } => "bank_reference",
            Evidence::SameProviderReference => "channel_reference",
            Evidence::ReferencesDisagree => "references",
            Evidence::ReferenceAmountDiffers { .. }
            | Evidence::AmountExact
            | Evidence::AmountUnder { .. }
            | Evidence::AmountOver { .. }
            | Evidence::AmountDigitsSwapped
            | Evidence::SumExact(_)
            | Evidence::SubsetSumExact(_)
            | Evidence::GroupTotalExact(_)
            | Evidence::LinesAddUp(_)
            | Evidence::ChargeWithheld { .. } => "amount",
            Evidence::SettlementReport { .. } => "settlement_report",
            Evidence::OnlyChoice { .. }
            | Evidence::SeveralChoices { .. }
            | Evidence::NoChoice { .. }
            | Evidence::SearchNotFinished { .. } => "open_claims",
            Evidence::NothingDue | Evidence::ObligationClosed => "obligation",
            Evidence::WithinDays(_) => "day",
            Evidence::DossierCodeInMemo => "dossier_code",
            Evidence::PayerNameInMemo => "payer_name",
            Evidence::SameCounterparty | Evidence::PaidFromAccountBefore => "counterparty_account",
            Evidence::MarkedAsReversal => "bank_mark",
            Evidence::ReversalWords => "memo",
            Evidence::IdenticalTwin => "twin",
            Evidence::ClassRule { .. } => "classification_rule",
        }
    }

    pub fn vi(&self) -> String {
        match self {
            Evidence::CodeVerified { code } => format!("mã {code} hợp lệ"),
            Evidence::VirtualAccount { code } => format!("nộp vào tài khoản định danh của mã {code}"),
            Evidence::CodeOneEditAway { code } => format!("mã trong nội dung lệch một ký tự so với {code}"),
            Evidence::CodeWithoutObligation => "mã hợp lệ nhưng không có nghĩa vụ tương ứng".into(),
            Evidence::CodeOfOtherUnit => "mã thuộc đơn vị thu khác".into(),
            Evidence::SeveralCodes(count) => format!("có {count} mã khác nhau trong nội dung"),
            Evidence::SameBankReference => "trùng số tham chiếu ngân hàng".into(),
            Evidence::ReferenceNamed { reference } => format!("nội dung nêu số tham chiếu {reference}"),
            Evidence::SameProviderReference => "trùng mã giao dịch của kênh thanh toán".into(),
            Evidence::ReferencesDisagree => "hai số tham chiếu chỉ đến hai biến động khác nhau".into(),
            Evidence::ReferenceAmountDiffers { line, movement } => {
                format!("cùng số tham chiếu nhưng sao kê {line}, báo có {movement}")
            }
            Evidence::ReferenceCodeDiffers => "cùng số tham chiếu nhưng mã nộp tiền khác".into(),
            Evidence::AmountExact => "đúng số tiền".into(),
            Evidence::AmountUnder { missing } => format!("thiếu {missing}"),
            Evidence::AmountOver { surplus } => format!("thừa {surplus}"),
            Evidence::AmountDigitsSwapped => "số tiền có thể bị đảo chữ số".into(),
            Evidence::SumExact(count) => format!("tổng của {count} nghĩa vụ đúng bằng số tiền"),
            Evidence::SubsetSumExact(count) => format!("chỉ {count} trong các mã cộng lại đúng bằng số tiền"),
            Evidence::GroupTotalExact(count) => format!("tổng của {count} giao dịch đúng bằng số tiền"),
            Evidence::LinesAddUp(count) => {
                format!("{count} dòng cùng số tham chiếu cộng lại đúng bằng báo có")
            }
            Evidence::ChargeWithheld { amount } => format!("thấp hơn tổng giao dịch {amount}"),
            Evidence::SettlementReport { reference } => format!("theo bảng kê quyết toán {reference}"),
            Evidence::OnlyChoice { taken, of } => {
                format!("chỉ một cách chọn: {taken} trong {of} báo có của cổng cộng lại đúng bằng số tiền")
            }
            Evidence::SeveralChoices { of } => {
                format!("nhiều cách chọn trong {of} báo có của cổng cùng đúng")
            }
            Evidence::NoChoice { of } => {
                format!("không cách chọn nào trong {of} báo có của cổng đúng bằng số tiền")
            }
            Evidence::SearchNotFinished { of } => format!("chưa xác định được trong {of} báo có của cổng"),
            Evidence::NothingDue => "nghĩa vụ không còn số phải nộp".into(),
            Evidence::ObligationClosed => "nghĩa vụ đã đóng".into(),
            Evidence::WithinDays(0) => "cùng ngày làm việc".into(),
            Evidence::WithinDays(days) => format!("cách {days} ngày làm việc"),
            Evidence::DossierCodeInMemo => "có mã hồ sơ trong nội dung".into(),
            Evidence::PayerNameInMemo => "có tên người nộp trong nội dung".into(),
            Evidence::SameCounterparty => "cùng tài khoản đối ứng".into(),
            Evidence::PaidFromAccountBefore => "người nộp đã từng nộp từ tài khoản này".into(),
            Evidence::MarkedAsReversal => "ngân hàng đánh dấu là giao dịch đảo".into(),
            Evidence::ReversalWords => "nội dung nói về hoàn, trả lại tiền".into(),
            Evidence::IdenticalTwin => "có dòng khác giống hệt".into(),
            Evidence::ClassRule { rule } => format!("theo quy tắc phân loại {rule}"),
        }
    }

    pub fn en(&self) -> String {
        match self {
            Evidence::CodeVerified { code } => format!("code {code} verified"),
            Evidence::VirtualAccount { code } => format!("paid into the virtual account of {code}"),
            Evidence::CodeOneEditAway { code } => format!("the code in the memo is one edit from {code}"),
            Evidence::CodeWithoutObligation => "valid code without an obligation".into(),
            Evidence::CodeOfOtherUnit => "the code belongs to another unit".into(),
            Evidence::SeveralCodes(count) => format!("{count} different codes in the memo"),
            Evidence::SameBankReference => "same bank reference".into(),
            Evidence::ReferenceNamed { reference } => format!("its text names the reference {reference}"),
            Evidence::SameProviderReference => "same transaction id of the channel".into(),
            Evidence::ReferencesDisagree => "the two references point to different movements".into(),
            Evidence::ReferenceAmountDiffers { line, movement } => {
                format!("same reference, but statement {line} and claim {movement}")
            }
            Evidence::ReferenceCodeDiffers => "same reference, different code".into(),
            Evidence::AmountExact => "exact amount".into(),
            Evidence::AmountUnder { missing } => format!("{missing} missing"),
            Evidence::AmountOver { surplus } => format!("{surplus} too much"),
            Evidence::AmountDigitsSwapped => "digits of the amount may be swapped".into(),
            Evidence::SumExact(count) => format!("{count} obligations add up exactly"),
            Evidence::SubsetSumExact(count) => format!("only {count} of the codes add up exactly"),
            Evidence::GroupTotalExact(count) => format!("{count} movements add up exactly"),
            Evidence::LinesAddUp(count) => format!("{count} lines of one reference add up to the claim"),
            Evidence::ChargeWithheld { amount } => format!("{amount} below the total of the movements"),
            Evidence::SettlementReport { reference } => format!("settlement report {reference}"),
            Evidence::OnlyChoice { taken, of } => {
                format!("the only choice: {taken} of {of} claims of the gateway add up exactly")
            }
            Evidence::SeveralChoices { of } => {
                format!("several choices of {of} claims of the gateway add up")
            }
            Evidence::NoChoice { of } => format!("no choice of {of} claims of the gateway adds up"),
            Evidence::SearchNotFinished { of } => format!("not decided among {of} claims of the gateway"),
            Evidence::NothingDue => "nothing is due any more".into(),
            Evidence::ObligationClosed => "the obligation is closed".into(),
            Evidence::WithinDays(0) => "same working day".into(),
            Evidence::WithinDays(1) => "1 working day apart".into(),
            Evidence::WithinDays(days) => format!("{days} working days apart"),
            Evidence::DossierCodeInMemo => "dossier code in the memo".into(),
            Evidence::PayerNameInMemo => "payer's name in the memo".into(),
            Evidence::SameCounterparty => "same counterparty account".into(),
            Evidence::PaidFromAccountBefore => "the payer has paid from this account before".into(),
            Evidence::MarkedAsReversal => "marked as a reversal by the bank".into(),
            Evidence::ReversalWords => "the memo speaks of money given back".into(),
            Evidence::IdenticalTwin => "another line is identical".into(),
            Evidence::ClassRule { rule } => format!("classification rule {rule}"),
        }
    }
}

/// A list of evidence as what is kept beside a suggestion.
pub fn values(evidence: &[Evidence]) -> Vec<Value> {
    evidence.iter().filter_map(|one| serde_json::to_value(one).ok()).collect()
}

/// What was kept, read again; what an older or newer version alone knows is left out.
pub fn of_values(values: &[Value]) -> Vec<Evidence> {
    values.iter().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
}

/// A list of evidence as one sentence part, Vietnamese.
pub fn words_vi(evidence: &[Evidence]) -> String {
    evidence.iter().map(Evidence::vi).collect::<Vec<_>>().join("; ")
}

/// A list of evidence as one sentence part, English.
pub fn words_en(evidence: &[Evidence]) -> String {
    evidence.iter().map(Evidence::en).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_stored_as_codes_and_shown_as_words() {
        let evidence = vec![
            Evidence::CodeVerified { code: "HNPH7K2MQ4X97".into() },
            Evidence::AmountExact,
            Evidence::WithinDays(2),
        ];
        let stored = serde_json::to_string(&evidence).unwrap();
        assert_eq!(
            stored,
            r#"[{"evidence":"code_verified","value":{"code":"HNPH7K2MQ4X97"}},{"evidence":"amount_exact"},{"evidence":"within_days","value":2}]"#
        );
        assert_eq!(serde_json::from_str::<Vec<Evidence>>(&stored).unwrap(), evidence);
        assert_eq!(words_vi(&evidence), "mã HNPH7K2MQ4X97 hợp lệ; đúng số tiền; cách 2 ngày làm việc");
        assert_eq!(words_en(&evidence), "code HNPH7K2MQ4X97 verified; exact amount; 2 working days apart");
    }

    #[test]
    fn amounts_in_evidence_are_written_as_documents_write_them() {
        let evidence = Evidence::ReferenceAmountDiffers { line: Dong(90_000), movement: Dong(100_000) };
        assert_eq!(evidence.vi(), "cùng số tham chiếu nhưng sao kê 90.000 đ, báo có 100.000 đ");
        assert_eq!(Evidence::AmountUnder { missing: Dong(5_000) }.en(), "5.000 đ missing");
    }
}
