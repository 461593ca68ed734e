//! The words about a document whose name or address was wrong: what is right, that its number stands, and that
//! the tax authority knows.

use askama::Template;

use super::{FOOTER, Words, one_line, short_unit};
use crate::error::{Error, Result};
use crate::notification::sms::segment;
use crate::receipt::DocumentKind;
use crate::text;

/// What a message about a notice 04/SS says.
#[derive(Clone, Debug)]
pub struct NoticedFacts {
    pub unit: String,
    pub kind: DocumentKind,
    pub series: String,
    pub number: String,
    /// As printed, `27/11/2026`.
    pub issued_on: String,
    pub dossier_code: String,
    /// Of the notice: `04/SS-CTĐT`.
    pub form: String,
    /// What was wrong and what is right, as the notice says it.
    pub reason: String,
    /// The document's page.
    pub document_link: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>{{ said.subject }}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1c2430;max-width:38em">
<p>Kính gửi Ông/Bà,</p>
<p>{{ said.told }}</p>
<p>{{ facts.reason }}</p>
<p>{{ said.next }}</p>
<p><a href="{{ facts.document_link }}">Xem {{ said.noun }}</a></p>
<hr><div lang="en"><p>Dear payer,</p>
<p>{{ said.told_en }}</p>
<p lang="vi">{{ facts.reason }}</p>
<p>{{ said.next_en }}</p>
<p><a href="{{ facts.document_link }}">The {{ said.noun_en }}</a></p></div>
<p style="color:#5b6675;font-size:14px">{{ FOOTER }}</p>
</body></html>
"#
)]
struct Html<'a> {
    facts: &'a NoticedFacts,
    said: &'a Said,
}

struct Said {
    subject: String,
    noun: &'static str,
    noun_en: &'static str,
    told: String,
    told_en: String,
    next: String,
    next_en: String,
}

impl Said {
    fn of(facts: &NoticedFacts) -> Said {
        let NoticedFacts { unit, series, number, issued_on, dossier_code, form, .. } = facts;
        let (noun, noun_en) = facts.kind.noun();
        Said {
            subject: format!(
                "{} {series} số {number}: đính chính tên, địa chỉ / Name or address put right",
                text::capitalised(noun)
            ),
            noun,
            noun_en,
            told: format!(
                "{unit} xác nhận tên hoặc địa chỉ ghi trên {noun} điện tử {series} số {number} ngày {issued_on} của hồ \
                 sơ {dossier_code} có sai sót. Nội dung đúng:"
            ),
            told_en: format!(
                "{unit} confirms that the name or address on the electronic {noun_en} {series} no. {number} of \
                 {issued_on} for dossier {dossier_code} is wrong. What is right:"
            ),
            next: format!(
                "{} vẫn có giá trị, giữ nguyên số; cơ quan thuế đã nhận thông báo theo mẫu {form}.",
                text::capitalised(noun)
            ),
            next_en: format!(
                "The {noun_en} stays valid under its number; the tax authority has the notice, form {form}."
            ),
        }
    }
}

pub fn words(facts: &NoticedFacts) -> Result<Words> {
    let said = Said::of(facts);
    let html = Html { facts, said: &said }.render().map_err(|error| Error::internal(error.to_string()))?;
    let Said { noun, noun_en, told, told_en, next, next_en, .. } = &said;
    let NoticedFacts { document_link, reason, .. } = facts;
    let plain = format!(
        "Kính gửi Ông/Bà,\n\n{told}\n{reason}\n{next}\n\nXem {noun}: {document_link}\n\n--\n\nDear payer,\n\n\
         {told_en}\n{reason}\n{next_en}\n\nThe {noun_en}: {document_link}\n\n{FOOTER}\n"
    );
    Ok(Words { subject: one_line(&said.subject), plain, html })
}

/// One SMS; what is right stands on no text message. The unit's name is cut where the text would need a second
/// segment.
pub fn sms(facts: &NoticedFacts, is_unicode: bool) -> String {
    let NoticedFacts { series, number, document_link, .. } = facts;
    let noun = facts.kind.noun().0;
    segment::in_one(
        short_unit(&facts.unit),
        |unit| {
            format!("{unit}: đã báo thuế sửa tên, địa chỉ {noun} {series} số {number}. Xem: {document_link}")
        },
        is_unicode,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> NoticedFacts {
        NoticedFacts {
            unit: "Ủy ban nhân dân phường Ba Đình".into(),
            kind: DocumentKind::Receipt,
            series: "BD-26E".into(),
            number: "0000042".into(),
            issued_on: "27/11/2026".into(),
            dossier_code: "H26.1-261127-0001".into(),
            form: "04/SS-CTĐT".into(),
            reason: "Sai tên, đúng là Nguyễn Thị Mẫu".into(),
            document_link: "https://bienlai.example.vn/r/7K2M0Q419VAB".into(),
        }
    }

    #[test]
    fn the_payer_reads_what_is_right_and_that_the_number_stands() {
        let words = words(&facts()).unwrap();
        assert!(words.subject.starts_with("Biên lai BD-26E số 0000042: đính chính"), "{}", words.subject);
        for form in [&words.plain, &words.html] {
            for part in
                ["đúng là Nguyễn Thị Mẫu", "giữ nguyên số", "04/SS-CTĐT", "stays valid", "/r/7K2M0Q419VAB"]
            {
                assert!(form.contains(part), "{part}: {form}");
            }
        }
    }

    #[test]
    fn its_text_is_one_segment_and_names_nobody() {
        let text = sms(&facts(), false);
        assert_eq!(segment::size(&text).segments, 1, "{text}");
        assert!(text.contains("da bao thue sua ten") && !text.contains("Nguyen"), "{text}");
    }
}
