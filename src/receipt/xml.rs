//! Writes the signed part of a receipt directly in canonical form.
//!
//! The format is our own (`BL-1.0`), because none is published; `xsd/receipt` holds it.

use super::content::{CollectingUnit, Content, Line, Numbering, Payer, Reduction, Relation, Totals};
use super::profile::Profile;
use super::writer::{Writer, decimal_text};
pub use super::writer::{push_attribute_value, push_text};
use crate::text::words::{Wording, amount_in_words};

/// Canonical bytes of `<DLBLai Id="…">…</DLBLai>`.
///
/// The content and the numbering were validated before; `id` is unique within the document and is
/// checked when the document is assembled.
pub fn body(content: &Content, numbering: &Numbering, profile: &Profile, id: &str) -> Vec<u8> {
    let mut xml = Writer::body("DLBLai", id, 1_536 + 512 * content.lines.len());
    general(&mut xml, content, numbering, profile);
    xml.element("NDBLai", |xml| {
        collecting_unit(xml, &content.unit);
        payer(xml, &content.payer);
        xml.element("DSKThu", |xml| {
            for (index, line) in content.lines.iter().enumerate() {
                fee_line(xml, index + 1, line);
            }
        });
        totals(xml, &content.totals, &profile.wording.value);
    });
    xml.finish("DLBLai")
}

fn general(xml: &mut Writer, content: &Content, numbering: &Numbering, profile: &Profile) {
    xml.element("TTChung", |xml| {
        xml.text("PBan", profile.format_version.value);
        xml.text("TBLai", profile.title.value);
        let kind = profile.receipt_kind(&numbering.template).unwrap_or(content.kind);
        xml.text("LBLai", &kind.code().to_string());
        xml.text("KHMSBLai", &numbering.template);
        xml.text("KHBLai", &numbering.series);
        xml.text("SBLai", &numbering.number.to_string());
        xml.optional("MHSo", content.dossier_code.as_deref());
        xml.text("NLap", &numbering.issued_on.to_string());
        xml.text("DVTTe", "VND");
        xml.text("HTTToan", &content.payment_method);
        xml.text("MTCuu", content.lookup_code.as_str());
        if let Some(earlier) = &content.relation {
            relation(xml, earlier);
        }
        xml.element("TTKhac", |xml| {
            xml.extra("NgayThu", "date", &content.collected_on.to_string());
            xml.extra("NguoiThu", "string", &content.collected_by.text());
        });
    });
}

fn relation(xml: &mut Writer, earlier: &Relation) {
    xml.element("TTBLLQuan", |xml| {
        xml.text("TCBLai", &earlier.action.code().to_string());
        xml.text("LBLCLQuan", &earlier.kind.code().to_string());
        xml.text("KHMSBLCLQuan", &earlier.template);
        xml.text("KHBLCLQuan", &earlier.series);
        xml.text("SBLCLQuan", &earlier.number.to_string());
        xml.text("NLBLCLQuan", &earlier.issued_on.to_string());
        xml.optional("GChu", earlier.note.as_deref());
    });
}

fn collecting_unit(xml: &mut Writer, unit: &CollectingUnit) {
    xml.element("TCThu", |xml| {
        xml.text("Ten", &unit.name);
        xml.text("MST", &unit.tax_code);
        xml.optional("MDVQHNSach", unit.budget_code.as_deref());
        xml.text("DChi", &unit.address);
        xml.optional("SDThoai", unit.phone.as_deref());
        xml.optional("DCTDTu", unit.email.as_deref());
        xml.optional("STKKBac", unit.treasury_account.as_deref());
        xml.optional("MKBac", unit.treasury_code.as_deref());
        if let Some(principal) = &unit.principal {
            xml.element("UNThu", |xml| {
                xml.text("Ten", &principal.name);
                xml.text("MST", &principal.tax_code);
            });
        }
    });
}

fn payer(xml: &mut Writer, payer: &Payer) {
    if payer.is_unknown() {
        return;
    }
    xml.element("NNop", |xml| {
        xml.optional("Ten", payer.name.as_deref());
        xml.optional("MST", payer.tax_code.as_deref());
        xml.optional("CCCDan", payer.personal_id.as_deref());
        xml.optional("SHChieu", payer.passport.as_deref());
        xml.optional("DChi", payer.address.as_deref());
        xml.optional("SDThoai", payer.phone.as_deref());
        xml.optional("DCTDTu", payer.email.as_deref());
    });
}

fn fee_line(xml: &mut Writer, ordinal: usize, line: &Line) {
    xml.element("KThu", |xml| {
        xml.text("STT", &ordinal.to_string());
        xml.text("LKThu", &line.kind.code().to_string());
        xml.optional("MKThu", line.item_code.as_deref());
        xml.text("TKThu", &line.name);
        xml.optional("Chuong", line.chapter.as_deref());
        xml.optional("TMuc", line.sub_item.as_deref());
        xml.optional("DVTinh", line.unit.as_deref());
        xml.text("SLuong", &decimal_text(line.quantity));
        xml.text("DGia", &decimal_text(line.unit_price));
        if let Some(reduction) = &line.reduction {
            push_reduction(xml, reduction);
        }
        xml.text("ThTien", &line.amount.0.to_string());
    });
}

fn push_reduction(xml: &mut Writer, reduction: &Reduction) {
    xml.optional("TLMGiam", reduction.percent.map(decimal_text).as_deref());
    xml.text("STMGiam", &reduction.amount.0.to_string());
    xml.text("CCMGiam", &reduction.ground);
}

fn totals(xml: &mut Writer, totals: &Totals, wording: &Wording) {
    xml.element("TToan", |xml| {
        xml.text("TgTien", &totals.gross.0.to_string());
        xml.text("TgMGiam", &totals.reduction.0.to_string());
        xml.text("TgTTTBSo", &totals.payable.0.to_string());
        xml.text("TgTTTBChu", &amount_in_words(totals.payable, wording));
    });
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::receipt::content::sample;
    use crate::receipt::profile;

    fn written(content: &Content) -> String {
        let numbering = sample::numbering();
        let profile = profile::for_day(numbering.issued_on);
        String::from_utf8(body(content, &numbering, profile, "BL-1")).unwrap()
    }

    #[test]
    fn the_body_is_one_canonical_line_in_the_order_of_the_format() {
        let xml = written(&sample::content());
        assert!(xml.starts_with("<DLBLai Id=\"BL-1\"><TTChung><PBan>BL-1.0</PBan>"), "{xml}");
        assert!(
            xml.contains("<TKThu>Phí cấp bản sao trích lục &lt;hộ tịch&gt; &amp; xác nhận</TKThu>"),
            "{xml}"
        );
        assert!(
            xml.contains("<TgTTTBSo>25000</TgTTTBSo><TgTTTBChu>Hai mươi lăm nghìn đồng</TgTTTBChu>"),
            "{xml}"
        );
        assert!(!xml.contains("/>") && !xml.contains('\n') && !xml.contains("xmlns"), "{xml}");
    }

    #[test]
    fn the_collection_day_and_the_collector_are_fields_of_their_own() {
        let xml = written(&sample::content());
        let day = "<TTin><TTruong>NgayThu</TTruong><KDLieu>date</KDLieu><DLieu>2026-09-01</DLieu></TTin>";
        assert!(xml.contains(day), "{xml}");
        assert!(xml.contains("<DLieu>Thu tự động qua VietQR</DLieu>"), "{xml}");
    }

    #[test]
    fn the_kind_of_receipt_follows_its_template_as_the_profile_says() {
        for (template, kind) in [("01BLP0-001", 3), ("02BLP0-001", 4)] {
            let numbering = Numbering { template: template.to_owned(), ..sample::numbering() };
            let profile = profile::for_day(numbering.issued_on);
            let xml = String::from_utf8(body(&sample::content(), &numbering, profile, "BL-1")).unwrap();
            assert!(xml.contains(&format!("<LBLai>{kind}</LBLai><KHMSBLai>{template}</KHMSBLai>")), "{xml}");
        }
    }

    #[test]
    fn what_is_not_known_has_no_tag() {
        let mut anonymous = sample::content();
        anonymous.payer = Payer::default();
        anonymous.dossier_code = None;
        let xml = written(&anonymous);
        assert!(!xml.contains("NNop") && !xml.contains("MHSo") && !xml.contains("TTBLLQuan"), "{xml}");
    }

    #[test]
    fn quantities_are_written_without_trailing_zeros() {
        assert_eq!(decimal_text(Decimal::new(25_000_000, 3)), "25000");
        assert_eq!(decimal_text(Decimal::new(150, 3)), "0.15");
        assert_eq!(decimal_text(Decimal::new(-500, 2)), "-5");
    }
}
