//! The words about a document that was cancelled: that it is worth nothing any more, and where to see what
//! is owed now and what is given back.

use askama::Template;

use super::{FOOTER, Words, one_line, short_unit};
use crate::error::{Error, Result};
use crate::notification::sms::segment;
use crate::receipt::DocumentKind;
use crate::text;

/// What a message about a cancelled document says.
#[derive(Clone, Debug)]
pub struct CancelledFacts {
    pub unit: String,
    pub kind: DocumentKind,
    pub series: String,
    pub number: String,
    /// As printed, `27/11/2026`.
    pub issued_on: String,
    pub dossier_code: String,
    /// The document's page, which says that it is cancelled.
    pub document_link: String,
    /// The pay page: what is owed now, and what is given back.
    pub pay_link: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>{{ said.subject }}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1c2430;max-width:38em">
<p>Kính gửi Ông/Bà,</p>
<p>{{ said.told }}</p>
<p>{{ NEXT }}</p>
<p><a href="{{ facts.pay_link }}">Xem khoản nộp và tiền được hoàn</a> · <a href="{{ facts.document_link }}">Xem {{ said.noun }} đã hủy</a></p>
<hr><div lang="en"><p>Dear payer,</p>
<p>{{ said.told_en }}</p>
<p>{{ NEXT_EN }}</p>
<p><a href="{{ facts.pay_link }}">What is owed and given back</a> · <a href="{{ facts.document_link }}">The cancelled {{ said.noun_en }}</a></p></div>
<p style="color:#5b6675;font-size:14px">{{ FOOTER }}</p>
</body></html>
"#
)]
struct Html<'a> {
    facts: &'a CancelledFacts,
    said: &'a Said,
}

const NEXT: &str = "Số tiền đã nhận, nếu có, được giữ cho Ông/Bà. Nếu chưa rõ lý do, xin liên hệ đơn vị thu.";
const NEXT_EN: &str = "What was received, if anything, is kept for you. Please ask the collecting unit if the reason is not clear.";

struct Said {
    subject: String,
    noun: &'static str,
    noun_en: &'static str,
    told: String,
    told_en: String,
}

impl Said {
    fn of(facts: &CancelledFacts) -> Said {
        let CancelledFacts { unit, series, number, issued_on, dossier_code, .. } = facts;
        let (noun, noun_en) = facts.kind.noun();
        Said {
            subject: format!("{} {series} số {number} đã hủy / Cancelled {noun_en}", text::capitalised(noun)),
            noun,
            noun_en,
            told: format!(
                "{unit} đã hủy {noun} điện tử {series} số {number} ngày {issued_on} của hồ sơ {dossier_code}; {noun} \
                 này không còn giá trị."
            ),
            told_en: format!(
                "{unit} has cancelled the electronic {noun_en} {series} no. {number} of {issued_on} for dossier \
                 {dossier_code}; it is no longer valid."
            ),
        }
    }
}

pub fn words(facts: &CancelledFacts) -> Result<Words> {
    let said = Said::of(facts);
    let html = Html { facts, said: &said }.render().map_err(|error| Error::internal(error.to_string()))?;
    let Said { noun, noun_en, told, told_en, .. } = &said;
    let CancelledFacts { document_link, pay_link, .. } = facts;
    let plain = format!(
        "Kính gửi Ông/Bà,\n\n{told}\n{NEXT}\n\nXem khoản nộp và tiền được hoàn: {pay_link}\nXem {noun} đã hủy: \
         {document_link}\n\n--\n\nDear payer,\n\n{told_en}\n{NEXT_EN}\n\nWhat is owed and given back: \
         {pay_link}\nThe cancelled {noun_en}: {document_link}\n\n{FOOTER}\n"
    );
    Ok(Words { subject: one_line(&said.subject), plain, html })
}

/// One SMS. The unit's name is cut where the text would need a second segment.
pub fn sms(facts: &CancelledFacts, is_unicode: bool) -> String {
    let CancelledFacts { series, number, pay_link, .. } = facts;
    let noun = facts.kind.noun().0;
    segment::in_one(
        short_unit(&facts.unit),
        |unit| format!("{unit}: đã hủy {noun} {series} số {number}. Xem: {pay_link}"),
        is_unicode,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> CancelledFacts {
        CancelledFacts {
            unit: "Ủy ban nhân dân phường Ba Đình".into(),
            kind: DocumentKind::Receipt,
            series: "BD-26E".into(),
            number: "0000042".into(),
            issued_on: "27/11/2026".into(),
            dossier_code: "H26.1-261127-0001".into(),
            document_link: "https://bienlai.example.vn/r/7K2M0Q419VAB".into(),
            pay_link: "https://bienlai.example.vn/p/HNPH7K2MQ4X97".into(),
        }
    }

    #[test]
    fn a_cancelled_document_is_named_in_both_languages_with_where_its_money_is_seen() {
        let words = words(&facts()).unwrap();
        assert_eq!(words.subject, "Biên lai BD-26E số 0000042 đã hủy / Cancelled receipt");
        for form in [&words.plain, &words.html] {
            assert!(form.contains("không còn giá trị") && form.contains("no longer valid"), "{form}");
            assert!(form.contains("/p/HNPH7K2MQ4X97") && form.contains("mật khẩu hay mã OTP"), "{form}");
        }
    }

    #[test]
    fn its_text_is_one_unaccented_segment() {
        let text = sms(&facts(), false);
        assert_eq!(segment::size(&text).segments, 1, "{text}");
        assert!(text.starts_with("phuong Ba Dinh: da huy bien lai BD-26E so 0000042. Xem: https"), "{text}");
    }
}
