//! No text that a person can type makes rendering fail, and none gets lost on the way.

use proptest::prelude::*;

use super::*;
use crate::pdf::{
    Align, Attachment, Description, Face, Furniture, Moment, Paper, Paragraph, Part, Qr, Sheet,
};
use crate::receipt::xml::push_text;

/// Characters that make programs stumble, and any others.
fn typed() -> impl Strategy<Value = String> {
    let odd = proptest::sample::select(vec![
        '\0',
        '\t',
        '\n',
        '\r',
        '\u{7F}',
        '\u{AD}',
        '\u{300}',
        '\u{323}',
        '\u{34F}',
        '\u{5D0}',
        '\u{627}',
        '\u{E01}',
        '\u{1100}',
        '\u{1161}',
        '\u{115F}',
        '\u{17B4}',
        '\u{200B}',
        '\u{200D}',
        '\u{202E}',
        '\u{2028}',
        '\u{2066}',
        '\u{3164}',
        '中',
        '\u{D7FF}',
        '\u{E000}',
        '\u{F8FF}',
        '\u{FDD0}',
        '\u{FE0F}',
        '\u{FEFF}',
        '\u{FFFD}',
        '\u{FFFE}',
        '\u{FFFF}',
        '😀',
        '\u{1F468}',
        '\u{1FFFE}',
        '\u{E0041}',
        '\u{E0100}',
        '\u{F0000}',
        '\u{10FFFF}',
        '&',
        '<',
        '(',
        ')',
        '\\',
        '%',
        '/',
        '-',
        'ệ',
        'Đ',
        '□',
        ' ',
    ]);
    proptest::collection::vec(
        prop_oneof![3 => any::<char>(), 3 => odd, 2 => proptest::char::range('a', 'z')],
        0..60,
    )
    .prop_map(String::from_iter)
}

/// The characters that XML 1.0 can carry.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    push_text(&mut out, &text.chars().filter(|&c| is_xml(c)).collect::<String>());
    out
}

/// The sample with the text of every element that is not part of a signature replaced.
fn overwritten(document: &str, texts: &[String]) -> String {
    let (body, rest) = document.split_at(document.find("<DSCKS>").unwrap());
    let mut out = String::new();
    let mut next = texts.iter().cycle();
    for piece in body.split_inclusive('>') {
        match piece.rsplit_once('<') {
            Some((text, tag)) if !text.is_empty() && tag.starts_with('/') => {
                out.push_str(&next.next().map(|text| escaped(text)).unwrap_or_default());
                out.push('<');
                out.push_str(tag);
            }
            _ => out.push_str(piece),
        }
    }
    out + rest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_receipt_of_any_text_is_rendered(texts in proptest::collection::vec(typed(), 1..40)) {
        let document = overwritten(&document_text(), &texts);
        prop_assert!(render(document.as_bytes(), &Standing::Cancelled, &links()).is_ok(), "{document}");
    }

    #[test]
    fn an_invoice_of_any_text_is_rendered(texts in proptest::collection::vec(typed(), 1..40)) {
        let document = overwritten(&invoice(8, 2, false), &texts);
        prop_assert!(render(document.as_bytes(), &Standing::Valid, &links()).is_ok(), "{document}");
    }

    /// Below XML there are no characters that cannot come.
    #[test]
    fn a_page_of_any_text_is_written(texts in proptest::collection::vec(typed(), 5)) {
        let mut sheet = Sheet::new(Paper::A5_LANDSCAPE);
        for face in [Face::Regular, Face::Bold, Face::Italic] {
            sheet.text(Paragraph::new(10.0).piece(face, 10.0, &texts[0]).line(face, 7.0, &texts[1]));
        }
        let figure = Qr::new(&texts[1], 60.0, &texts[2]).map(|qr| Part::Figure(qr, Align::Centre));
        let title = Part::Title(Paragraph::new(12.0).bold("Biên lai").bold(&texts[2]));
        sheet.parts(figure.into_iter().chain([title]).collect());
        let plain = |_, _| Paragraph::new(8.0).italic(&texts[3]);
        let description = Description {
            title: &texts[2],
            author: &texts[3],
            id: "id",
            made_at: Moment { year: 2026, month: 9, day: 1, hour: 0, minute: 0, second: 0 },
            attachment: Attachment { name: "a.xml", description: &texts[4], bytes: b"<a/>" },
            watermark: Some(&texts[4]),
        };
        let written = sheet.finish(&Furniture { head: &plain, foot: &plain }, &description);
        prop_assert!(written.is_ok(), "{:?}", written.err());
    }
}
