//! Writes the signed part of an invoice directly in canonical form, in the order of the tables of
//! Decision 1450/QĐ-TCT part II.2 (2.0.0) and Decision 1271/QĐ-CT (2.1.0).

use super::{Invoice, Line, RateSum, Relation};
use crate::receipt::content::{CollectingUnit, Numbering, Payer};
use crate::receipt::profile::Profile;
use crate::receipt::writer::{Writer, decimal_text};
use crate::text::words::amount_in_words;

/// Which tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tables {
    /// 2.0.0.
    Of1450,
    /// 2.1.0 and later.
    Of1271,
}

/// `TChat`: a good or service.
const SOLD: &str = "1";

/// Canonical bytes of `<DLHDon Id="…">…</DLHDon>`. Content and numbering were validated before.
pub fn body(
    invoice: &Invoice,
    numbering: &Numbering,
    profile: &Profile,
    id: &str,
    tables: Tables,
) -> Vec<u8> {
    let mut xml = Writer::body("DLHDon", id, 2_048 + 512 * invoice.lines.len());
    general(&mut xml, invoice, numbering, profile, tables);
    xml.element("NDHDon", |xml| {
        seller(xml, &invoice.seller);
        buyer(xml, &invoice.buyer, profile, tables);
        if !invoice.lines.is_empty() {
            xml.element("DSHHDVu", |xml| {
                for (index, line) in invoice.lines.iter().enumerate() {
                    sold(xml, index + 1, line);
                }
            });
        }
        // The tables leave the sums out of an adjustment that touches no amount.
        if invoice.names_amounts() {
            totals(xml, invoice, profile);
        }
    });
    xml.finish("DLHDon")
}

fn general(xml: &mut Writer, invoice: &Invoice, numbering: &Numbering, profile: &Profile, tables: Tables) {
    let name = profile.invoice_names.value.0.get(&invoice.kind.code()).copied().unwrap_or_default();
    xml.element("TTChung", |xml| {
        xml.text("PBan", profile.invoice_version.value);
        xml.text("THDon", name);
        xml.text("KHMSHDon", &numbering.template);
        xml.text("KHHDon", &numbering.series);
        xml.text("SHDon", &numbering.number.to_string());
        xml.text("NLap", &numbering.issued_on.to_string());
        if invoice.kind.shows_vat() {
            if tables >= Tables::Of1271 {
                // Not an invoice of finance leasing.
                xml.text("HDCTTChinh", "0");
            }
        } else {
            // The seller does not stand in a non-tariff zone.
            xml.text("HDDCKPTQuan", "0");
        }
        xml.text("DVTTe", "VND");
        xml.text("HTTToan", &invoice.payment_method);
        if profile.solution_provider.value == "seller" {
            xml.text("MSTTCGP", &invoice.seller.tax_code);
        }
        if let Some(entrusted) = &invoice.entrusted {
            xml.text("MSTDVNUNLHDon", &entrusted.tax_code);
            xml.text("TDVNUNLHDon", &entrusted.name);
            xml.text("DCDVNUNLHDon", &entrusted.address);
        }
        if let Some(earlier) = &invoice.relation {
            relation(xml, earlier);
        }
        xml.element("TTKhac", |xml| {
            xml.extra("MTCuu", "string", invoice.lookup_code.as_str());
            if let Some(dossier) = &invoice.dossier_code {
                xml.extra("MaHoSo", "string", dossier);
            }
            xml.extra("NgayThu", "date", &invoice.collected_on.to_string());
            xml.extra("NguoiThu", "string", &invoice.collected_by.text());
        });
    });
}

fn relation(xml: &mut Writer, earlier: &Relation) {
    xml.element("TTHDLQuan", |xml| {
        xml.text("TCHDon", &earlier.action.code().to_string());
        xml.text("LHDCLQuan", &earlier.kind.to_string());
        xml.text("KHMSHDCLQuan", &earlier.template);
        xml.text("KHHDCLQuan", &earlier.series);
        xml.text("SHDCLQuan", &earlier.number.to_string());
        xml.text("NLHDCLQuan", &earlier.issued_on.to_string());
        xml.optional("GChu", earlier.note.as_deref());
    });
}

fn seller(xml: &mut Writer, unit: &CollectingUnit) {
    xml.element("NBan", |xml| {
        xml.text("Ten", &unit.name);
        xml.text("MST", &unit.tax_code);
        xml.text("DChi", &unit.address);
        xml.optional("SDThoai", unit.phone.as_deref());
        xml.optional("DCTDTu", unit.email.as_deref());
        xml.optional("STKNHang", unit.treasury_account.as_deref());
    });
}

fn buyer(xml: &mut Writer, payer: &Payer, profile: &Profile, tables: Tables) {
    xml.element("NMua", |xml| {
        if payer.is_unknown() {
            let words = profile.unknown_buyer.value;
            return xml.optional("Ten", Some(words).filter(|words| !words.is_empty()));
        }
        xml.optional("Ten", payer.name.as_deref());
        xml.optional("MST", payer.tax_code.as_deref());
        xml.optional("DChi", payer.address.as_deref());
        xml.optional("SDThoai", payer.phone.as_deref());
        if tables >= Tables::Of1271 {
            xml.optional("CCCDan", payer.personal_id.as_deref());
            xml.optional("SHChieu", payer.passport.as_deref());
        }
        xml.optional("DCTDTu", payer.email.as_deref());
    });
}

fn sold(xml: &mut Writer, ordinal: usize, line: &Line) {
    xml.element("HHDVu", |xml| {
        xml.text("TChat", SOLD);
        xml.text("STT", &ordinal.to_string());
        xml.optional("MHHDVu", line.item_code.as_deref());
        xml.text("THHDVu", &line.name);
        xml.optional("DVTinh", line.unit.as_deref());
        xml.text("SLuong", &decimal_text(line.quantity));
        xml.text("DGia", &decimal_text(line.unit_price));
        if let Some(discount) = &line.discount {
            xml.optional("TLCKhau", discount.percent.map(decimal_text).as_deref());
            xml.text("STCKhau", &discount.amount.0.to_string());
        }
        xml.text("ThTien", &line.amount.0.to_string());
        xml.optional("TSuat", line.vat.as_ref().map(|vat| vat.rate.to_string()).as_deref());
    });
}

fn totals(xml: &mut Writer, invoice: &Invoice, profile: &Profile) {
    let totals = &invoice.totals;
    xml.element("TToan", |xml| {
        if invoice.kind.shows_vat() {
            xml.element("THTTLTSuat", |xml| {
                for sum in &totals.by_rate {
                    rate_sum(xml, sum);
                }
            });
            xml.text("TgTCThue", &totals.net.0.to_string());
            xml.text("TgTThue", &totals.tax.0.to_string());
        }
        if !invoice.fees.is_empty() {
            xml.element("DSLPhi", |xml| {
                for fee in &invoice.fees {
                    xml.element("LPhi", |xml| {
                        xml.text("TLPhi", &fee.name);
                        xml.text("TPhi", &fee.amount.0.to_string());
                    });
                }
            });
        }
        if !totals.discount.is_zero() {
            xml.text("TTCKTMai", &totals.discount.0.to_string());
        }
        xml.text("TgTTTBSo", &totals.payable.0.to_string());
        xml.text("TgTTTBChu", &amount_in_words(totals.payable, &profile.wording.value));
    });
}

fn rate_sum(xml: &mut Writer, sum: &RateSum) {
    xml.element("LTSuat", |xml| {
        xml.text("TSuat", &sum.rate.to_string());
        xml.text("ThTien", &sum.amount.0.to_string());
        xml.text("TThue", &sum.tax.0.to_string());
    });
}
