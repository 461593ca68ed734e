//! `MLTDiep`: what the kinds of messages are called, with how sure we are of each. Under which number a form goes
//! stands in the legal profile, and so does which kinds answer it.

use super::Kind;
use crate::receipt::profile::{self, Answer, Certainty, Item, Profile};

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

/// Whether messages of this number are sent or read: the catalogue names it, or a profile sends under it.
pub fn is_known(code: i32) -> bool {
    let is_sent = |profile: &profile::Profile| {
        profile.messages().iter().any(|item| i32::try_from(item.value).is_ok_and(|value| value == code))
    };
    code != 0 && (of(code).is_some() || profile::all().iter().any(is_sent))
}

/// The kinds that can answer a form, in the order in which they come: those of the profile, and one that says that
/// the message could not be read.
pub fn answers_to(form: Kind, rules: &Profile) -> Vec<i32> {
    let (technical, check) = (&rules.technical_answer, &rules.check_answer);
    let answers: Vec<&Item<Answer>> = match form {
        Kind::Registration => {
            vec![technical, &rules.registration_received_answer, &rules.registration_answer]
        }
        Kind::UsageReport | Kind::Invoice => vec![technical, check],
        Kind::ErrorNotice => vec![technical, &rules.correction_answer, check],
    };
    let named = answers.into_iter().flat_map(|answer| answer.value.kinds.iter().copied());
    named.chain([UNREADABLE]).collect()
}

/// Whether this answer ends the matter, as the profile has it.
pub fn is_final(form: Kind, answer: i32, rules: &Profile) -> bool {
    let last = match form {
        Kind::Registration => &rules.registration_answer,
        Kind::UsageReport | Kind::Invoice => &rules.check_answer,
        Kind::ErrorNotice => &rules.correction_answer,
    };
    last.value.kinds.contains(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_once_in_the_catalogue_and_every_answer_is_known() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[at + 1..].iter().all(|other| other.code != kind.code), "{}", kind.code);
        }
        for form in [Kind::Registration, Kind::UsageReport, Kind::Invoice, Kind::ErrorNotice] {
            for answer in profile::all().iter().flat_map(|rules| answers_to(form, rules)) {
                assert!(of(answer).is_some(), "{answer}");
            }
        }
        assert!(is_known(212) && !is_known(777) && !is_known(0));
    }

    #[test]
    fn what_answers_a_form_and_what_ends_it_is_the_profiles_to_say() {
        let shipped = profile::newest();
        let mut other = shipped.clone();
        other.registration_received_answer.value.kinds = vec![114];
        other.registration_answer.value.kinds = vec![115, 116];
        other.check_answer.value.kinds = vec![214];
        assert_eq!(answers_to(Kind::Registration, shipped), [999, 110, 111, -1]);
        assert_eq!(answers_to(Kind::Registration, &other), [999, 114, 115, 116, -1]);
        assert_eq!(answers_to(Kind::ErrorNotice, &other), [999, 301, 214, -1]);
        let ends = |form: Kind, rules: &Profile| -> Vec<i32> {
            let answers = answers_to(form, rules).into_iter();
            answers.filter(|answer| is_final(form, *answer, rules)).collect()
        };
        assert_eq!(ends(Kind::Registration, shipped), [111]);
        assert_eq!(ends(Kind::Registration, &other), [115, 116]);
        assert_eq!(ends(Kind::UsageReport, &other), [214]);
        assert_eq!(ends(Kind::ErrorNotice, &other), [301]);
        assert!(!is_final(Kind::Registration, 111, &other));
    }

    #[test]
    fn the_catalogue_is_no_surer_of_a_number_than_the_profile_that_sends_under_it() {
        let newest = profile::newest();
        for item in newest.messages() {
            let known = i32::try_from(item.value).ok().and_then(of);
            assert!(known.is_some(), "{} has no name for people", item.value);
        }
    }
}
