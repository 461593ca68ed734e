//! What the authority's answers mean: taken for an acceptance only where they say so.

use serde::{Deserialize, Serialize};

use super::code;
use super::envelope::{self, Element, Received};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::receipt::profile::Profile;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Taken, or accepted.
    Accepted,
    Refused,
    /// Neither is said plainly; a person reads the answer.
    Unclear,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Refused => "refused",
            Verdict::Unclear => "unclear",
        }
    }
}

/// One reason of a refusal. Codes have had four digits in the regulation and five in reality; a reason in words
/// alone has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub code: String,
    pub text: String,
}

/// An answer that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub kind: i32,
    pub message_code: String,
    /// The message it answers.
    pub answers: String,
    pub verdict: Verdict,
    pub faults: Vec<Fault>,
    /// `STBao/So` and `STBao/NTBao`.
    pub notice_no: Option<String>,
    pub noticed_on: Option<BusinessDay>,
}

impl Reply {
    /// A technical reply that finds nothing wrong but that the same came before. Whether it came from here and under
    /// this `MTDiep`, the ledger knows.
    pub fn is_double(&self) -> bool {
        is_double(self.kind, &self.faults)
    }
}

/// Whether an answer of this kind with these reasons is one of a double and of nothing else.
pub fn is_double(kind: i32, faults: &[Fault]) -> bool {
    kind == code::TECHNICAL && !faults.is_empty() && faults.iter().all(|fault| fault.code == DOUBLE)
}

/// `MLoi` of what is there already: the message by its `MTDiep`, or its document by its number.
const DOUBLE: &str = "20609";
const FAULT_CODE_LIMIT: usize = 10;
const FAULT_TEXT_LIMIT: usize = 500;
const FAULTS_LIMIT: usize = 1_000;

/// Reads an answer.
///
/// # Errors
/// Those of `envelope::read`; `message_not_an_answer` when it names no message of ours.
pub fn read(bytes: &[u8], profile: &Profile) -> Result<Reply> {
    let received = envelope::read(bytes)?;
    let answers = answered(&received)?;
    let faults = faults(&received.data);
    let notices = everything(&received.data, "STBao");
    let notice = notices.first().copied();
    let part = |tag: &str| -> Result<Option<String>> {
        notice.map_or(Ok(None), |notice| Ok(notice.text_of(tag)?.map(str::to_owned)))
    };
    Ok(Reply {
        verdict: verdict(received.kind, &received.data, &faults, profile),
        notice_no: part("So")?.map(|text| bounded(&text, 30)),
        noticed_on: part("NTBao")?.and_then(|text| text.get(..10)?.parse().ok()),
        kind: received.kind,
        message_code: received.message_code,
        answers,
        faults,
    })
}

/// `MTDTChieu`; a technical reply names it in its data as well.
fn answered(received: &Received) -> Result<String> {
    if let Some(answers) = &received.answers {
        return Ok(answers.clone());
    }
    let inner = everything(&received.data, "TBao").first().map(|notice| notice.text_of("MTDiep"));
    match inner.transpose()?.flatten() {
        Some(answers) if envelope::is_message_code(answers) => Ok(answers.to_owned()),
        _ => Err(Error::invalid("MTDTChieu", "message_not_an_answer", "it names no message")),
    }
}

/// By the field in which, as the profile has it, messages of this kind say yes or no.
fn verdict(kind: i32, data: &Element, faults: &[Fault], profile: &Profile) -> Verdict {
    // Words without a code may stand beside a yes as well.
    if kind == code::UNREADABLE || faults.iter().any(|fault| !fault.code.is_empty()) {
        return Verdict::Refused;
    }
    for answer in profile.answers().map(|item| &item.value) {
        if !answer.kinds.contains(&kind) {
            continue;
        }
        let said = everything(data, answer.field);
        if said.iter().any(|flag| answer.no.contains(&flag.text.as_str())) {
            return Verdict::Refused;
        }
        if !said.is_empty() && said.iter().all(|flag| answer.yes.contains(&flag.text.as_str())) {
            return Verdict::Accepted;
        }
        if !said.is_empty() {
            return Verdict::Unclear;
        }
    }
    if !faults.is_empty() {
        return Verdict::Refused;
    }
    match kind {
        // Since 2.1.0 the absence of reasons is the acceptance; a receipt of delivery says no more.
        code::CORRECTION_RESULT | code::REGISTRATION_RECEIVED => Verdict::Accepted,
        _ => Verdict::Unclear,
    }
}

/// Every reason, wherever it stands: of the message, or of one document in it.
fn faults(data: &Element) -> Vec<Fault> {
    let mut faults = Vec::new();
    for reason in everything(data, "LDo") {
        let text = |tag: &str| {
            let found = reason.children.iter().find(|child| child.tag == tag);
            found.map(|child| child.text.clone()).unwrap_or_default()
        };
        let code = text("MLoi");
        let words = Some(text("MTLoi")).filter(|words| !words.is_empty()).unwrap_or_else(|| text("MTa"));
        // Since 2.1.0 it is the absence of words that is the acceptance.
        if code.is_empty() && words.is_empty() || faults.len() >= FAULTS_LIMIT {
            continue;
        }
        faults.push(Fault {
            code: bounded(&code, FAULT_CODE_LIMIT),
            text: bounded(&crate::text::clean(&words), FAULT_TEXT_LIMIT),
        });
    }
    faults
}

fn everything<'a>(data: &'a Element, tag: &str) -> Vec<&'a Element> {
    let mut found = Vec::new();
    data.all(tag, &mut found);
    found
}

fn bounded(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::profile;

    fn reply(kind: i32, data: &str) -> Reply {
        let uuid = "0123456789AB4DEF8123456789ABCDEF";
        let text = format!(
            "<TDiep><TTChung><PBan>2.1.0</PBan><MNGui>TCT</MNGui><MNNhan>K9900000009</MNNhan>\
             <MLTDiep>{kind}</MLTDiep><MTDiep>TCT{uuid}</MTDiep><MTDTChieu>K9900000009{uuid}</MTDTChieu>\
             <MST>9900000009</MST><SLuong>1</SLuong></TTChung><DLieu>{data}</DLieu></TDiep>"
        );
        read(text.as_bytes(), profile::newest()).unwrap()
    }

    #[test]
    fn a_technical_reply_says_taken_or_why_not_with_codes_of_any_length() {
        assert_eq!(reply(999, "<TBao><TTTNhan>0</TTTNhan></TBao>").verdict, Verdict::Accepted);
        let refused = reply(
            999,
            "<TBao><DSLDo><LDo><MTa>sai định dạng</MTa><MLoi>20001</MLoi></LDo></DSLDo><TTTNhan>1</TTTNhan></TBao>",
        );
        assert_eq!(refused.verdict, Verdict::Refused);
        assert_eq!(refused.faults, [Fault { code: "20001".into(), text: "sai định dạng".into() }]);
        let kind = "<TBao><DSLDo><LDo><MLoi/><MTa>Hợp lệ</MTa></LDo></DSLDo><TTTNhan>0</TTTNhan></TBao>";
        assert_eq!(reply(999, kind).verdict, Verdict::Accepted, "words beside a yes");
        assert_eq!(reply(999, "<TBao></TBao>").verdict, Verdict::Unclear);
        assert_eq!(reply(999, "<TBao><TTTNhan>7</TTTNhan></TBao>").verdict, Verdict::Unclear);
        assert_eq!(reply(-1, "<TBao></TBao>").verdict, Verdict::Refused);
    }

    #[test]
    fn a_double_is_one_only_where_nothing_else_is_wrong_and_is_a_refusal_by_itself() {
        let says = |kind: i32, codes: &[&str]| {
            let reasons: String =
                codes.iter().map(|code| format!("<LDo><MLoi>{code}</MLoi></LDo>")).collect();
            reply(kind, &format!("<TBao><TTTNhan>1</TTTNhan><DSLDo>{reasons}</DSLDo></TBao>"))
        };
        let double = says(999, &["20609"]);
        assert_eq!((double.is_double(), double.verdict), (true, Verdict::Refused));
        assert!(!says(999, &["20609", "20001"]).is_double(), "its form is wrong as well");
        assert!(!says(999, &["20001"]).is_double() && !says(999, &[]).is_double());
        assert!(!says(204, &["20609"]).is_double(), "the check judges the document and not the message");
    }

    #[test]
    fn an_error_notice_is_accepted_by_silence_in_2_1_and_by_a_flag_in_2_0() {
        let silent = reply(
            301,
            "<TBao><DLTBao></DLTBao><STBao><So>12/TB</So><NTBao>2026-11-27</NTBao></STBao></TBao>",
        );
        assert_eq!(silent.verdict, Verdict::Accepted);
        assert_eq!(silent.notice_no.as_deref(), Some("12/TB"));
        assert_eq!(silent.noticed_on.map(|day| day.to_string()).as_deref(), Some("2026-11-27"));
        let flagged = "<TBao><DLTBao><DSHDon><HDon><TTTNCCQT>1</TTTNCCQT></HDon><HDon><TTTNCCQT>2</TTTNCCQT>\
                       </HDon></DSHDon></DLTBao></TBao>";
        assert_eq!(reply(301, flagged).verdict, Verdict::Refused);
        let reasons = "<TBao><DLTBao><DSCTu><CTu><DSLDKTNhan><LDo><MLoi>4003</MLoi><MTa>trùng</MTa></LDo>\
                       </DSLDKTNhan></CTu></DSCTu></DLTBao></TBao>";
        assert_eq!(reply(301, reasons).faults[0].code, "4003");
        let in_words = reply(301, "<TBao><LDo><MTLoi>sai mã số thuế</MTLoi></LDo></TBao>");
        assert_eq!(in_words.verdict, Verdict::Refused, "a reason without a code is a reason");
        assert_eq!(in_words.faults, [Fault { code: String::new(), text: "sai mã số thuế".into() }]);
        assert_eq!(reply(301, "<TBao><LDo><MLoi/><MTLoi/></LDo></TBao>").verdict, Verdict::Accepted);
    }

    #[test]
    fn an_answer_that_names_no_message_of_ours_is_none() {
        let text = "<TDiep><TTChung><PBan>2.1.0</PBan><MNGui>TCT</MNGui><MNNhan>K9900000009</MNNhan>\
                    <MLTDiep>204</MLTDiep><MTDiep>TCT0123456789AB4DEF8123456789ABCDEF</MTDiep>\
                    <MST>9900000009</MST><SLuong>1</SLuong></TTChung><DLieu><TBao></TBao></DLieu></TDiep>";
        let error = read(text.as_bytes(), profile::newest()).unwrap_err();
        assert_eq!(error.code(), "message_not_an_answer");
    }

    #[test]
    fn a_registration_is_not_accepted_by_silence() {
        assert_eq!(reply(111, "<TBao><DLTBao></DLTBao></TBao>").verdict, Verdict::Unclear);
        assert_eq!(
            reply(111, "<TBao><DLTBao><TTXNCQT>1</TTXNCQT></DLTBao></TBao>").verdict,
            Verdict::Accepted
        );
        assert_eq!(reply(110, "<TBao><DLTBao><THop>2</THop></DLTBao></TBao>").verdict, Verdict::Refused);
    }

    #[test]
    fn how_a_notice_says_yes_is_the_profiles_to_say() {
        let mut other = profile::newest().clone();
        other.registration_answer.value.yes = vec!["9"];
        let said = |profile: &Profile| {
            let data = Element {
                tag: "DLieu".into(),
                text: String::new(),
                children: vec![Element { tag: "TTXNCQT".into(), text: "9".into(), children: Vec::new() }],
            };
            verdict(code::REGISTRATION_RESULT, &data, &[], profile)
        };
        assert_eq!((said(profile::newest()), said(&other)), (Verdict::Unclear, Verdict::Accepted));
    }

    #[test]
    fn a_check_notice_is_a_yes_only_where_it_says_so() {
        for kind in [204, 213] {
            let says = |data: &str| reply(kind, &format!("<TBao><DLTBao>{data}</DLTBao></TBao>")).verdict;
            assert_eq!(says("<LTBao>2</LTBao>"), Verdict::Accepted);
            assert_eq!(says("<LTBao>2</LTBao><LDo><MLoi>20001</MLoi></LDo>"), Verdict::Refused);
            for unclear in ["", "<LTBao>1</LTBao>", "<LTBao>7</LTBao>", "<LTBao>9</LTBao>"] {
                assert_eq!(says(unclear), Verdict::Unclear, "{unclear}");
            }
        }
    }
}
