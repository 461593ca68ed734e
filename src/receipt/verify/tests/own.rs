//! Receipts of our own format that are not judged as bare ones. Who hands one in chooses the wrapping, and may not
//! choose with it how strictly the receipt is judged.

use super::attacks::Attack;
use super::forge::{body, changed, part, replaced, signed_again};
use super::vendor::Style;
use super::*;
use crate::receipt::testing::{document_text, signer};

fn bare(text: &str) -> String {
    replaced(text, DECLARATION, "")
}

fn in_message(text: &str) -> String {
    let head = format!("{DECLARATION}<TDiep><TTChung><MLTDiep>203</MLTDiep></TTChung>");
    format!("{head}<DLieu>{}</DLieu></TDiep>", bare(text))
}

fn behind(what: &str, text: &str) -> String {
    format!("{DECLARATION}{what}{}", bare(text))
}

/// The sample receipt in a message, signed by its own unit as others sign.
fn signed_as_others(style: &Style, of: &str) -> String {
    let signature = style.signature("S-1", &[of]);
    let receipt = format!("<BLai>{}<DSCKS><TCThu>{signature}</TCThu></DSCKS></BLai>", body(&document_text()));
    in_message(&format!("{DECLARATION}{receipt}"))
}

pub fn attacks() -> Vec<Attack> {
    const COMMENT: &str = "<!-- -->";
    const STYLESHEET: &str = "<?xml-stylesheet type=\"text/xsl\" href=\"a.xsl\"?>";
    let beside = |what: &str| changed("<DSCKS>", &format!("{what}<DSCKS>"));
    let camera = beside("<DLQRCode>https://example.invalid/nop-them</DLQRCode>");
    let note = beside("<GChu>đã hủy</GChu>");
    let in_object = changed("</Signature>", "<Object><Ghi xmlns=\"\">đã hủy</Ghi></Object></Signature>");
    let hidden =
        camera.replace("<PBan>BL-1.0<", "<PBan >BL-1.0<").replace("<BLai>", "<BLai><!-- <PBan>2.1.0 -->");
    let signed = |from: &str, to: &str| signed_again(&changed(from, to), &signer());
    let properties = "<Object><SignatureProperties xmlns=\"\"><SignatureProperty><Ghi>đã hủy</Ghi></SignatureProperty>\
                      </SignatureProperties></Object></Signature>";
    let style = Style::default();
    let whole = signed_as_others(&style, "");
    let cut_out = style.sign(replaced(&whole, &part(&whole, "<Reference URI=\"#Obj", "</Reference>"), ""));
    let utc = Style { time: "2026-09-02T07:30:00Z", ..Style::default() };
    let utc = utc.sign(signed_as_others(&utc, "BL-rcp-42"));
    let reworded = signed("Hai mươi lăm nghìn", "Chín mươi lăm nghìn");
    let extended = signed("</NDBLai>", "<GChu>đã hủy</GChu></NDBLai>");
    vec![
        ("code-for-cameras-behind-a-comment", behind(COMMENT, &camera), Problem::UnsignedContent),
        ("code-for-cameras-behind-an-instruction", behind(STYLESHEET, &camera), Problem::UnsignedContent),
        ("code-for-cameras-in-a-message", in_message(&camera), Problem::UnsignedContent),
        ("code-for-cameras-under-a-hidden-version", hidden, Problem::UnsignedContent),
        ("note-behind-a-comment", behind(COMMENT, &note), Problem::UnsignedContent),
        ("note-in-a-message", in_message(&note), Problem::UnsignedContent),
        ("words-in-a-message", in_message(&beside("đã hủy")), Problem::UnsignedContent),
        (
            "words-among-signatures",
            in_message(&changed("</DSCKS>", "<CQT>đã hủy</CQT></DSCKS>")),
            Problem::UnsignedContent,
        ),
        ("words-in-the-signature", in_message(&in_object), Problem::UnsignedContent),
        (
            "words-among-properties",
            in_message(&changed("</Signature>", properties)),
            Problem::UnsignedContent,
        ),
        ("time-cut-out-of-what-is-signed", cut_out, Problem::UnsignedContent),
        ("time-of-a-zone-that-cannot-be", utc, Problem::SigningTimeUnreadable),
        ("code-of-the-authority", in_message(&beside("<MCCQT>00AB</MCCQT>")), Problem::UnsignedContent),
        ("words-that-are-not-the-figures", in_message(&reworded), Problem::ContentInconsistent),
        ("more-than-the-format-has", behind(COMMENT, &extended), Problem::ContentUnreadable),
    ]
}

#[test]
fn a_receipt_of_ours_in_a_message_tells_its_time_in_our_one_spelling_whenever_it_is_judged() {
    let judged = |time: &'static str, at: Instant| {
        let style = Style { time, ..Style::default() };
        verify(style.sign(signed_as_others(&style, "BL-rcp-42")).as_bytes(), &trust(), at)
    };
    let moments = [now(), now().plus_seconds(86_400), now().plus_seconds(365 * 86_400)];
    for at in moments {
        let report = judged("2026-09-01T09:30:15", at);
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
        for time in [
            "2026-09-01T02:30:15Z",
            "2026-09-02T07:30:00Z",
            "2026-09-01T09:30:15+07:00",
            "2026-09-01T09:30:15.0",
            "2026-09-01T09:30",
            "2026-09-01 09:30:15",
            "01/09/2026 09:30:15",
            " 2026-09-01T09:30:15",
            "1980-01-01T00:00:00",
            "hôm qua",
            "",
        ] {
            let report = judged(time, at);
            assert_eq!(report.verdict, Verdict::Invalid, "{time:?}: {report:?}");
            assert_eq!(report.documents[0].problems, [Problem::SigningTimeUnreadable], "{time:?}");
        }
    }
}

#[test]
fn a_receipt_of_ours_is_valid_behind_a_comment_and_in_a_message_as_it_is_bare() {
    let text = document_text();
    for genuine in [text.clone(), in_message(&text), behind("<!-- -->", &text), behind("<?x?>", &text)] {
        let report = verify(genuine.as_bytes(), &trust(), now());
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    }
}
