//! `MLTDiep`: the kinds of messages, as data with how sure we are of each.

use crate::receipt::profile::Certainty;

/// One kind of message.
#[derive(Clone, Copy, Debug)]
pub struct MessageKind {
    pub code: i32,
    pub vi: &'static str,
    pub en: &'static str,
    pub certainty: Certainty,
    pub source: &'static str,
}

pub const INVOICE: i32 = 203;
pub const INTEGRATED_INVOICE: i32 = 209;
pub const INVOICE_NOTICE: i32 = 300;
pub const CORRECTION_RESULT: i32 = 301;
pub const RECEIPT_NOTICE: i32 = 304;
pub const REGISTRATION: i32 = 109;
pub const REGISTRATION_RECEIVED: i32 = 110;
pub const REGISTRATION_RESULT: i32 = 111;
pub const USAGE_REPORT: i32 = 212;
pub const USAGE_RESULT: i32 = 213;
pub const CHECK_RESULT: i32 = 204;
pub const TECHNICAL: i32 = 999;
pub const UNREADABLE: i32 = -1;

const REGULATION: &str = "Decision 1450/QĐ-TCT, part II";
const CATALOGUE: &str = "the message catalogue of software of 2026";

const fn kind(
    code: i32,
    vi: &'static str,
    en: &'static str,
    certainty: Certainty,
    source: &'static str,
) -> MessageKind {
    MessageKind { code, vi, en, certainty, source }
}

/// Every kind this program sends or reads.
pub const KINDS: [MessageKind; 13] = [
    kind(109, "Tờ khai 01/ĐKTĐ-CTĐT", "registration of e-documents", Certainty::SecondHand, CATALOGUE),
    kind(
        110,
        "Thông báo tiếp nhận tờ khai",
        "registration received or not",
        Certainty::SecondHand,
        CATALOGUE,
    ),
    kind(
        111,
        "Thông báo chấp nhận tờ khai",
        "registration accepted or not",
        Certainty::SecondHand,
        CATALOGUE,
    ),
    kind(203, "Hóa đơn không mã", "uncoded invoices", Certainty::Verified, REGULATION),
    kind(204, "Thông báo 01/TB-KTDL", "result of the check of data", Certainty::Verified, REGULATION),
    kind(
        209,
        "Hóa đơn tích hợp biên lai",
        "uncoded invoice integrated with a receipt",
        Certainty::SecondHand,
        CATALOGUE,
    ),
    kind(212, "Báo cáo BC26/BLĐT", "usage report of e-receipts", Certainty::SecondHand, CATALOGUE),
    kind(213, "Thông báo 01/TB-KTDL chứng từ", "check of e-documents", Certainty::SecondHand, CATALOGUE),
    kind(300, "Thông báo 04/SS-HĐĐT", "error notice for invoices", Certainty::Verified, REGULATION),
    kind(301, "Thông báo 01/TB-SSĐT", "result of an error notice", Certainty::Verified, REGULATION),
    kind(304, "Thông báo 04/SS-CTĐT", "error notice for e-documents", Certainty::SecondHand, CATALOGUE),
    kind(999, "Phản hồi kỹ thuật", "technical reply", Certainty::Verified, REGULATION),
    kind(
        -1,
        "Không đọc được thông điệp",
        "unreadable message",
        Certainty::Verified,
        "a gateway's validators",
    ),
];

pub fn of(code: i32) -> Option<&'static MessageKind> {
    KINDS.iter().find(|kind| kind.code == code)
}

/// The kinds that can answer a request, in the order in which they come.
pub fn answers_to(request: i32) -> &'static [i32] {
    match request {
        REGISTRATION => &[TECHNICAL, REGISTRATION_RECEIVED, REGISTRATION_RESULT, UNREADABLE],
        USAGE_REPORT => &[TECHNICAL, USAGE_RESULT, CHECK_RESULT, UNREADABLE],
        INVOICE | INTEGRATED_INVOICE => &[TECHNICAL, CHECK_RESULT, UNREADABLE],
        INVOICE_NOTICE | RECEIPT_NOTICE => &[TECHNICAL, CORRECTION_RESULT, CHECK_RESULT, UNREADABLE],
        _ => &[],
    }
}

/// Whether this answer ends the matter.
pub fn is_final(request: i32, answer: i32) -> bool {
    match request {
        REGISTRATION => answer == REGISTRATION_RESULT,
        USAGE_REPORT => matches!(answer, USAGE_RESULT | CHECK_RESULT),
        INVOICE | INTEGRATED_INVOICE => answer == CHECK_RESULT,
        INVOICE_NOTICE | RECEIPT_NOTICE => answer == CORRECTION_RESULT,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_once_in_the_catalogue_and_every_answer_is_known() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[at + 1..].iter().all(|other| other.code != kind.code), "{}", kind.code);
            for answer in answers_to(kind.code) {
                assert!(of(*answer).is_some(), "{answer}");
            }
        }
        assert!(is_final(REGISTRATION, 111) && !is_final(REGISTRATION, 110));
    }
}
