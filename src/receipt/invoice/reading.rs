//! Reads the fields of an invoice of ours from the canonical bytes that were digested, and only
//! from them. Every element is expected in the place where `xml` writes it.

use roxmltree::Document;
use rust_decimal::Decimal;

use super::{Discount, Entrusted, Fee, Invoice, Line, RateSum, Relation, Totals, Vat, VatRate};
use crate::amount::Dong;
use crate::receipt::content::{CollectingUnit, CorrectionAction, Numbering, Payer};
use crate::receipt::kind::InvoiceKind;
use crate::receipt::profile;
use crate::receipt::verify::reading::{
    Cursor, collected_by, dong, entries, every_wording, extra_field, parsed, relation,
};
use crate::text::words::amount_in_words;

const RELATION: [&str; 6] = ["TCHDon", "LHDCLQuan", "KHMSHDCLQuan", "KHHDCLQuan", "SHDCLQuan", "NLHDCLQuan"];

/// What the signed body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub invoice: Invoice,
    pub numbering: Numbering,
    /// `PBan`.
    pub version: String,
    /// `THDon`.
    pub name: String,
    /// `TgTTTBChu`, as it was signed; empty where no amount is named.
    pub amount_in_words: String,
}

impl Fields {
    /// Reads canonical bytes of `<DLHDon>`; None when they are not as this program writes them.
    pub fn read(canonical: &str) -> Option<Fields> {
        let document = Document::parse(canonical).ok()?;
        let mut body = Cursor::new(document.root_element());
        let mut general = body.element("TTChung")?;
        let mut data = body.element("NDHDon")?;
        body.end()?;

        let version = general.text("PBan")?.to_owned();
        profile::all().iter().any(|known| known.invoice_version.value == version).then_some(())?;
        let name = general.text("THDon")?.to_owned();
        let template = general.text("KHMSHDon")?.to_owned();
        let kind = InvoiceKind::of_code(parsed(&template)?)?;
        let series = general.text("KHHDon")?.to_owned();
        let number = parsed(general.text("SHDon")?)?;
        let issued_on = parsed(general.text("NLap")?)?;
        match (kind.shows_vat(), general.optional("HDCTTChinh"), general.optional("HDDCKPTQuan")) {
            (true, None, None) => {}
            (true, Some(flag), None) | (false, None, Some(flag)) if flag == "0" => {}
            _ => return None,
        }
        (general.text("DVTTe")? == "VND").then_some(())?;
        let payment_method = general.text("HTTToan")?.to_owned();
        let provider = general.optional("MSTTCGP");
        let entrusted = match general.optional("MSTDVNUNLHDon") {
            None => None,
            Some(tax_code) => Some(Entrusted {
                tax_code,
                name: general.text("TDVNUNLHDon")?.to_owned(),
                address: general.text("DCDVNUNLHDon")?.to_owned(),
            }),
        };
        let relation = match general.optional_element("TTHDLQuan") {
            Some(earlier) => Some(relation(earlier, RELATION, parsed)?),
            None => None,
        };
        let mut extra = general.element("TTKhac")?;
        general.end()?;
        let lookup_code = parsed(extra_field(&mut extra, "MTCuu", "string")?)?;
        let dossier_code = dossier(&mut extra);
        let collected_on = parsed(extra_field(&mut extra, "NgayThu", "date")?)?;
        let collected_by = collected_by(extra_field(&mut extra, "NguoiThu", "string")?);
        extra.end()?;

        let seller = seller(data.element("NBan")?)?;
        provider.is_none_or(|code| code == seller.tax_code).then_some(())?;
        let buyer = buyer(data.element("NMua")?)?;
        let mut lines = data.optional_element("DSHHDVu").map_or(Some(Vec::new()), lines)?;
        let sums = data.optional_element("TToan");
        // The sums are left out of an adjustment that touches no amount, and of nothing else.
        let may_lack_sums = lines.is_empty() && adjusts(&relation);
        let (totals, fees, amount_in_words) = match sums {
            Some(sums) => totals(sums, kind, &lines)?,
            None if may_lack_sums => (Totals::of(&[], &[]).ok()?, Vec::new(), String::new()),
            None => return None,
        };
        data.end()?;
        share_taxes(&mut lines, &totals.by_rate)?;
        let invoice = Invoice {
            kind,
            seller,
            buyer,
            lines,
            fees,
            totals,
            payment_method,
            dossier_code,
            lookup_code,
            collected_on,
            collected_by,
            relation,
            entrusted,
        };
        let numbering = Numbering { template, series, number, issued_on };
        Some(Fields { invoice, numbering, version, name, amount_in_words })
    }

    /// The totals are the sums of lines and fees, and the words are the figures in some accepted
    /// wording.
    pub fn is_consistent(&self) -> bool {
        let invoice = &self.invoice;
        let payable = invoice.totals.payable;
        let is_worded =
            || every_wording().any(|wording| amount_in_words(payable, &wording) == self.amount_in_words);
        Totals::of(&invoice.lines, &invoice.fees).is_ok_and(|sums| sums == invoice.totals)
            && (is_worded() || !invoice.names_amounts() && self.amount_in_words.is_empty())
    }
}

fn adjusts(relation: &Option<Relation>) -> bool {
    relation.as_ref().is_some_and(|relation| relation.action == CorrectionAction::Adjusts)
}

/// The field is there only when a dossier was named.
fn dossier(extra: &mut Cursor<'_, '_>) -> Option<String> {
    extra.begins_with("TTin", "TTruong", "MaHoSo").then_some(())?;
    extra_field(extra, "MaHoSo", "string").map(str::to_owned)
}

fn seller(mut from: Cursor<'_, '_>) -> Option<CollectingUnit> {
    let unit = CollectingUnit {
        name: from.text("Ten")?.to_owned(),
        tax_code: from.text("MST")?.to_owned(),
        budget_code: None,
        address: from.text("DChi")?.to_owned(),
        phone: from.optional("SDThoai"),
        email: from.optional("DCTDTu"),
        treasury_account: from.optional("STKNHang"),
        treasury_code: None,
        principal: None,
    };
    from.end()?;
    Some(unit)
}

fn buyer(mut from: Cursor<'_, '_>) -> Option<Payer> {
    let payer = Payer {
        name: from.optional("Ten"),
        tax_code: from.optional("MST"),
        address: from.optional("DChi"),
        phone: from.optional("SDThoai"),
        personal_id: from.optional("CCCDan"),
        passport: from.optional("SHChieu"),
        email: from.optional("DCTDTu"),
    };
    from.end()?;
    Some(payer)
}

fn lines(from: Cursor<'_, '_>) -> Option<Vec<Line>> {
    entries(from, "HHDVu", line).filter(|lines| !lines.is_empty())
}

fn line(mut from: Cursor<'_, '_>, ordinal: usize) -> Option<Line> {
    (from.text("TChat")? == "1" && from.text("STT")? == ordinal.to_string()).then_some(())?;
    let item_code = from.optional("MHHDVu");
    let name = from.text("THHDVu")?.to_owned();
    let unit = from.optional("DVTinh");
    let quantity = parsed(from.text("SLuong")?)?;
    let unit_price = parsed(from.text("DGia")?)?;
    let discount = discount(&mut from)?;
    let amount = dong(from.text("ThTien")?)?;
    // The line's own tax is not written; `share_taxes` makes it agree with the sums of the rates.
    let vat = match from.optional("TSuat") {
        Some(rate) => {
            let rate: VatRate = parsed(&rate)?;
            Some(Vat { tax: rate.tax_on(amount).ok()?, rate })
        }
        None => None,
    };
    from.end()?;
    Some(Line { item_code, name, unit, quantity, unit_price, discount, amount, vat })
}

/// Lines of one rate were rounded one by one, so their sum may differ from the rate's tax on it by a
/// đồng each; more is a fault. The first line takes the difference.
fn share_taxes(lines: &mut [Line], by_rate: &[RateSum]) -> Option<()> {
    for sum in by_rate {
        let mut of_rate: Vec<&mut Vat> = lines
            .iter_mut()
            .filter_map(|line| line.vat.as_mut())
            .filter(|vat| vat.rate == sum.rate)
            .collect();
        let taxes = Dong::sum(of_rate.iter().map(|vat| vat.tax)).ok()?;
        let difference = sum.tax.checked_sub(taxes).ok()?;
        (difference.0.unsigned_abs() <= of_rate.len() as u64).then_some(())?;
        let first = of_rate.first_mut()?;
        first.tax = first.tax.checked_add(difference).ok()?;
    }
    Some(())
}

/// The outer None is a fault, the inner one no discount.
fn discount(from: &mut Cursor<'_, '_>) -> Option<Option<Discount>> {
    let percent = match from.optional("TLCKhau") {
        Some(text) => Some(parsed::<Decimal>(&text)?),
        None => None,
    };
    match from.optional("STCKhau") {
        Some(amount) => Some(Some(Discount { percent, amount: dong(&amount)? })),
        None => percent.is_none().then_some(None),
    }
}

fn totals(mut from: Cursor<'_, '_>, kind: InvoiceKind, lines: &[Line]) -> Option<(Totals, Vec<Fee>, String)> {
    let sums = Totals::of(lines, &[]).ok()?;
    let mut totals = Totals { by_rate: Vec::new(), fees: Dong::ZERO, ..sums };
    if kind.shows_vat() {
        let mut rates = from.element("THTTLTSuat")?;
        while let Some(mut entry) = rates.optional_element("LTSuat") {
            let rate = parsed(entry.text("TSuat")?)?;
            let amount = dong(entry.text("ThTien")?)?;
            totals.by_rate.push(RateSum { rate, amount, tax: dong(entry.text("TThue")?)? });
            entry.end()?;
        }
        rates.end()?;
        totals.net = dong(from.text("TgTCThue")?)?;
        totals.tax = dong(from.text("TgTThue")?)?;
    }
    let mut fees = Vec::new();
    if let Some(mut list) = from.optional_element("DSLPhi") {
        while let Some(mut entry) = list.optional_element("LPhi") {
            let name = entry.text("TLPhi")?.to_owned();
            fees.push(Fee { name, amount: dong(entry.text("TPhi")?)? });
            entry.end()?;
        }
        list.end()?;
    }
    let discount = from.optional("TTCKTMai").map_or(Some(Dong::ZERO), |text| dong(&text))?;
    (discount == totals.discount).then_some(())?;
    totals.fees = Dong::sum(fees.iter().map(|fee| fee.amount)).ok()?;
    totals.payable = dong(from.text("TgTTTBSo")?)?;
    let words = from.text("TgTTTBChu")?.to_owned();
    from.end()?;
    Some((totals, fees, words))
}
