//! What a correcting document says of the earlier one (`GChu`), and what an approver reads.

use super::{Agreement, Kind};
use crate::receipt::query::Stored;

/// `GChu` allows so many characters.
const NOTE_LIMIT: usize = 255;

/// “Thay thế cho biên lai mẫu … ký hiệu … số … ngày … tháng … năm … theo …”, cut to what the format
/// allows: the earlier document comes first and always fits.
pub fn note(kind: Kind, original: &Stored, agreement: &Agreement) -> String {
    let begins = match kind {
        Kind::Replace => "Thay thế cho",
        Kind::Adjust => "Điều chỉnh cho",
        Kind::Cancel => "Hủy",
    };
    // The law says “mẫu số” of invoices (Circular 91/2026/TT-BTC art. 10).
    let form = if original.is_invoice() { "Mẫu số" } else { "mẫu" };
    let full = format!(
        "{begins} {} {form} {} ký hiệu {} số {} ngày {}; theo văn bản {} ngày {}: {}",
        original.noun().0,
        original.template,
        original.series,
        original.printed_number(),
        original.issued_on.0.format("%d tháng %m năm %Y"),
        agreement.number,
        agreement.on.0.format("%d/%m/%Y"),
        agreement.about,
    );
    let cut: String = full.chars().take(NOTE_LIMIT).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;
    use crate::clock::Instant;
    use crate::id::*;

    fn stored() -> Stored {
        Stored {
            unit: UnitId(2),
            id: ReceiptId(1),
            obligation: ObligationId(1),
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: "BD-26E".into(),
            number: 41,
            amount: Dong(25_000),
            issued_on: "2026-11-23".parse().unwrap(),
            collected_at: Instant(0),
            lookup_code: String::new(),
            state: "signed".into(),
        }
    }

    #[test]
    fn the_earlier_document_is_named_in_the_words_of_the_law() {
        let agreement =
            Agreement {
                number: "05/BB".into(), on: "2026-11-24".parse().unwrap(), about: "thu thừa".into()
            };
        assert_eq!(
            note(Kind::Replace, &stored(), &agreement),
            "Thay thế cho biên lai mẫu 01BLP0-001 ký hiệu BD-26E số 0000041 ngày 23 tháng 11 năm 2026; theo văn bản \
             05/BB ngày 24/11/2026: thu thừa"
        );
    }

    #[test]
    fn an_invoice_is_named_with_eight_digits() {
        let agreement =
            Agreement { number: "05/BB".into(), on: "2026-11-24".parse().unwrap(), about: "sai".into() };
        let invoice = Stored {
            document_kind: "invoice_vat".into(),
            template: "1".into(),
            series: "K26TBD".into(),
            ..stored()
        };
        let words = note(Kind::Adjust, &invoice, &agreement);
        let expected = "Điều chỉnh cho hóa đơn Mẫu số 1 ký hiệu K26TBD số 00000041 ngày 23 tháng 11 năm 2026";
        assert!(words.starts_with(expected), "{words}");
    }

    #[test]
    fn a_long_agreement_is_cut_to_what_the_format_allows() {
        let agreement =
            Agreement { number: "05/BB".into(), on: "2026-11-24".parse().unwrap(), about: "đ".repeat(400) };
        let words = note(Kind::Adjust, &stored(), &agreement);
        assert_eq!(words.chars().count(), NOTE_LIMIT);
        assert!(words.starts_with("Điều chỉnh cho biên lai mẫu 01BLP0-001"));
    }
}
