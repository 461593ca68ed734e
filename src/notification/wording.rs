//! The words of messages: Vietnamese first, English second. They hold what the payer needs to find
//! the document, and no personal data.

pub mod cancelled;
pub mod money;
pub mod noticed;
pub mod staff;

use askama::Template;

use super::sms::segment;
use crate::error::{Error, Result};
use crate::receipt::DocumentKind;
use crate::receipt::relation::Action;
use crate::text;

/// The end of every mail to a payer, in both of its forms: whoever reads plain text is warned too.
const FOOTER: &str = "Thư tự động, xin không trả lời. Cơ quan thu không bao giờ hỏi mật khẩu hay mã OTP qua thư. / \
                      Sent automatically; please do not reply. We never ask for passwords or codes by mail.";

/// A mail in words.
pub struct Words {
    pub subject: String,
    pub plain: String,
    pub html: String,
}

/// The words of a document's mail.
pub fn words(facts: &Facts) -> Result<Words> {
    Ok(Words { subject: subject(facts), plain: plain(facts), html: html(facts)? })
}

/// What a document's message says.
#[derive(Clone, Debug)]
pub struct Facts {
    pub unit: String,
    pub kind: DocumentKind,
    pub series: String,
    /// As it is printed, as are the others: `0000042`, `25.000 ₫`, `27/11/2026`.
    pub number: String,
    pub amount: String,
    pub issued_on: String,
    pub dossier_code: String,
    pub lookup_code: String,
    pub link: String,
    /// What it does to an earlier document.
    pub corrects: Option<Corrects>,
    /// The page to read and print is attached beside the XML.
    pub has_rendition: bool,
}

/// An earlier document that is corrected.
#[derive(Clone, Debug)]
pub struct Corrects {
    pub action: Action,
    pub series: String,
    pub number: String,
    pub issued_on: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>{{ name }}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1c2430;max-width:38em">
<p>Kính gửi Ông/Bà,</p>
<p>{{ said.told }}</p>
<p><b>{{ name }}: {{ facts.amount }}</b></p>
<p><a href="{{ facts.link }}">Xem và tải {{ said.noun }}</a> (mã tra cứu {{ facts.lookup_code }}). {{ said.files }}</p>
<hr><div lang="en"><p>Dear payer,</p>
<p>{{ said.told_en }}</p>
<p><a href="{{ facts.link }}">Open the {{ said.noun_en }}</a> (look-up code {{ facts.lookup_code }}). {{ said.files_en }}</p></div>
<p style="color:#5b6675;font-size:14px">{{ crate::notification::wording::FOOTER }}</p>
</body></html>
"#
)]
struct Html<'a> {
    facts: &'a Facts,
    name: String,
    said: Said,
}

/// The sentences that both forms of a mail share.
struct Said {
    noun: &'static str,
    noun_en: &'static str,
    told: String,
    told_en: String,
    files: String,
    files_en: String,
}

impl Said {
    fn of(facts: &Facts) -> Said {
        let (noun, noun_en) = facts.kind.noun();
        let (told, told_en) = match &facts.corrects {
            None => collected(facts),
            Some(earlier) => corrected(facts, earlier),
        };
        let (page, page_en) = if facts.has_rendition {
            ("; tệp PDF là bản thể hiện để xem và in", "; the PDF shows it for reading and printing")
        } else {
            ("", "")
        };
        Said {
            noun,
            noun_en,
            told,
            told_en,
            files: format!("Tệp XML đính kèm có chữ ký số là bản gốc của {noun}{page}."),
            files_en: format!("The attached XML file with its digital signature is the original{page_en}."),
        }
    }
}

fn collected(facts: &Facts) -> (String, String) {
    let Facts { unit, series, number, amount, issued_on, dossier_code, .. } = facts;
    let (noun, noun_en) = facts.kind.noun();
    (
        format!(
            "{unit} đã thu {amount} cho hồ sơ {dossier_code} và lập {noun} điện tử {series} số {number} ngày \
             {issued_on}."
        ),
        format!(
            "{unit} has collected {amount} for dossier {dossier_code} and issued the electronic {noun_en} {series} \
             no. {number} on {issued_on}."
        ),
    )
}

/// The amount of an adjusting document is the difference; of a replacing one the whole.
fn corrected(facts: &Facts, earlier: &Corrects) -> (String, String) {
    let Facts { unit, series, number, amount, issued_on, dossier_code, .. } = facts;
    let (noun, noun_en) = facts.kind.noun();
    let (verb, sum, verb_en, sum_en) = match earlier.action {
        Action::Adjust => ("điều chỉnh cho", "số tiền chênh lệch", "adjusts", "difference"),
        _ => ("thay thế cho", "số tiền", "replaces", "amount"),
    };
    let Corrects { series: old_series, number: old_number, issued_on: old_day, .. } = earlier;
    (
        format!(
            "{unit} đã lập {noun} điện tử {series} số {number} ngày {issued_on} {verb} {noun} {old_series} số \
             {old_number} ngày {old_day} của hồ sơ {dossier_code}; {sum} {amount}."
        ),
        format!(
            "{unit} has issued the electronic {noun_en} {series} no. {number} on {issued_on}, which {verb_en} \
             {noun_en} {old_series} no. {old_number} of {old_day} for dossier {dossier_code}; {sum_en} {amount}."
        ),
    )
}

/// `biên lai thay thế`, `replacement receipt`.
fn called(facts: &Facts) -> (String, String) {
    let (noun, noun_en) = facts.kind.noun();
    match facts.corrects.as_ref().map(|earlier| earlier.action.words()) {
        None => (noun.to_owned(), noun_en.to_owned()),
        Some((verb, verb_en)) => (format!("{noun} {verb}"), format!("{verb_en} {noun_en}")),
    }
}

/// `Biên lai BD-26E số 0000042`.
fn name(facts: &Facts) -> String {
    text::capitalised(&format!("{} {} số {}", called(facts).0, facts.series, facts.number))
}

fn subject(facts: &Facts) -> String {
    one_line(&format!("{} / {}", name(facts), text::capitalised(&called(facts).1)))
}

/// A subject is one line whatever a series is called.
fn one_line(subject: &str) -> String {
    text::clean(subject).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(facts: &Facts) -> String {
    let Said { noun, noun_en, told, told_en, files, files_en } = Said::of(facts);
    let Facts { lookup_code, link, .. } = facts;
    format!(
        "Kính gửi Ông/Bà,\n\n{told}\n\nXem và tải {noun}: {link}\nMã tra cứu: {lookup_code}\n\n{files}\n\n--\n\nDear \
         payer,\n\n{told_en}\n\nOpen the {noun_en}: {link}\nLook-up code: {lookup_code}\n\n{files_en}\n\n{FOOTER}\n"
    )
}

fn html(facts: &Facts) -> Result<String> {
    Html { facts, name: name(facts), said: Said::of(facts) }
        .render()
        .map_err(|error| Error::internal(error.to_string()))
}

/// One SMS. The unit's name is cut where the text would need a second segment.
pub fn sms(facts: &Facts, is_unicode: bool) -> String {
    let unit = short_unit(&facts.unit);
    let document = format!("{} {} số {}", called(facts).0, facts.series, facts.number);
    let said = match &facts.corrects {
        None => format!("đã thu {}, {document}", facts.amount),
        Some(earlier) => format!("{document} (cho số {}), {}", earlier.number, facts.amount),
    };
    segment::in_one(unit, |unit| format!("{unit}: {said}. Xem: {}", facts.link), is_unicode)
}

/// The one-time code of a look-up. It says what it is for, and that nobody may ask for it.
pub fn one_time_code(code: &str, is_unicode: bool) -> String {
    let text = format!("{code} là mã tra cứu biên lai, có hiệu lực 5 phút. Không đưa mã này cho bất kỳ ai.");
    if is_unicode { text } else { segment::unaccented(&text) }
}

/// The code of a refund to an account the money did not come from. It names the account's end, so that
/// whoever did not ask for it sees what somebody else wants.
pub fn refund_code(code: &str, account_no: &str, is_unicode: bool) -> String {
    let end = tail(account_no);
    let text = format!(
        "{code} là mã xác nhận hoàn tiền phí về tài khoản ...{end}, có hiệu lực 10 phút. Không phải bạn yêu cầu \
         thì đừng đưa mã này cho ai."
    );
    if is_unicode { text } else { segment::unaccented(&text) }
}

/// The same as a mail.
pub fn refund_code_mail(text: &str) -> Words {
    let said = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Words {
        subject: "Mã xác nhận hoàn tiền / Code for your refund".to_owned(),
        plain: format!(
            "{text}\n\nThư tự động, xin không trả lời. / Sent automatically; please do not reply.\n"
        ),
        html: format!("<!doctype html><html lang=\"vi\"><body><p>{said}</p></body></html>"),
    }
}

/// The last four characters of an account's number.
fn tail(account_no: &str) -> String {
    let letters: Vec<char> = account_no.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

fn short_unit(name: &str) -> &str {
    name.strip_prefix("Ủy ban nhân dân ").unwrap_or(name)
}

#[cfg(test)]
pub(super) fn sample() -> Facts {
    Facts {
        unit: "Ủy ban nhân dân phường Ba Đình".into(),
        kind: DocumentKind::Receipt,
        series: "BD-26E".into(),
        number: "0000001".into(),
        amount: "25.000 ₫".into(),
        issued_on: "27/11/2026".into(),
        dossier_code: "H26.1-261127-0001".into(),
        lookup_code: "7K2M-0Q41-9VAB".into(),
        link: "https://bienlai.example.vn/r/7K2M0Q419VAB".into(),
        corrects: None,
        has_rendition: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unaccented_receipt_message_is_one_segment_even_with_a_long_unit() {
        let mut facts = sample();
        let text = sms(&facts, false);
        assert_eq!(
            text,
            "phuong Ba Dinh: da thu 25.000 d, bien lai BD-26E so 0000001. Xem: https://bienlai.example.vn/r/7K2M0Q419VAB"
        );
        facts.unit =
            "Chi nhánh số 12 Trung tâm Phục vụ hành chính công thành phố tại một phường có tên rất dài"
                .into();
        let text = sms(&facts, false);
        assert_eq!(segment::size(&text).segments, 1, "{text}");
        assert!(text.ends_with("/r/7K2M0Q419VAB"), "the link stays whole: {text}");
        assert_eq!(segment::size(&one_time_code("012345", false)).segments, 1);
    }

    fn correcting(action: Action, amount: &str) -> Facts {
        let earlier = Corrects {
            action,
            series: "BD-26E".into(),
            number: "0000001".into(),
            issued_on: "27/11/2026".into(),
        };
        Facts { number: "0000002".into(), amount: amount.into(), corrects: Some(earlier), ..sample() }
    }

    #[test]
    fn a_replacement_says_what_it_replaces_and_does_not_say_that_money_was_collected() {
        let facts = correcting(Action::Replace, "22.000 ₫");
        let text = plain(&facts);
        assert!(text.contains("thay thế cho biên lai BD-26E số 0000001 ngày 27/11/2026"), "{text}");
        assert!(!text.contains("đã thu") && !text.contains("collected"), "{text}");
        assert_eq!(subject(&facts), "Biên lai thay thế BD-26E số 0000002 / Replacement receipt");
        assert!(html(&facts).unwrap().contains("replaces receipt BD-26E no. 0000001"));
    }

    #[test]
    fn an_adjustment_tells_the_difference_as_one_in_one_segment() {
        let facts = correcting(Action::Adjust, "-5.000 ₫");
        assert!(plain(&facts).contains("số tiền chênh lệch -5.000 ₫"));
        let text = sms(&facts, false);
        assert!(text.contains("bien lai dieu chinh BD-26E so 0000002 (cho so 0000001), -5.000 d"), "{text}");
        assert_eq!(segment::size(&text).segments, 1, "{text}");
    }

    #[test]
    fn an_invoice_is_never_called_a_receipt() {
        let kind = DocumentKind::Invoice(crate::receipt::kind::InvoiceKind::Sales);
        let facts = Facts { kind, number: "00000007".into(), ..sample() };
        for text in [subject(&facts), plain(&facts), html(&facts).unwrap(), sms(&facts, true)] {
            let lower = text.to_lowercase();
            assert!(lower.contains("hóa đơn"), "{text}");
            // The service's address holds the word.
            assert!(!lower.contains("biên lai") && !lower.contains("receipt"), "{text}");
        }
    }

    #[test]
    fn a_page_that_is_not_attached_is_not_promised() {
        let facts = Facts { has_rendition: false, ..sample() };
        assert!(!plain(&facts).contains("PDF") && plain(&sample()).contains("PDF"));
    }

    #[test]
    fn names_cannot_write_html_or_a_second_header() {
        let mut facts = sample();
        facts.unit = "<script>x</script>".into();
        assert!(!html(&facts).unwrap().contains("<script>"));
        facts.series = "BD\r\nBcc: a@b.vn".into();
        assert!(!subject(&facts).contains(['\r', '\n']));
    }

    #[test]
    fn vietnamese_stands_before_english() {
        let text = plain(&sample());
        assert!(text.find("Kính gửi").unwrap() < text.find("Dear payer").unwrap());
    }
}
