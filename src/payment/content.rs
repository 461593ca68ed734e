//! What the documents of an obligation say: the same content is checked when the obligation is
//! raised and numbered when it is paid.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::obligation::Line;
use crate::party::Payer;
use crate::payment::book::{CollectedBy, Method};
use crate::payment::channel::title;
use crate::receipt::content::{self, Content, LineKind, ReceiptKind, Reduction, Totals};
use crate::receipt::format::Rulebook;
use crate::receipt::invoice::{self, Discount, Fee, Invoice, Vat, VatRate};
use crate::receipt::kind::InvoiceKind;
use crate::receipt::profile::FeesAndCharges;
use crate::receipt::{Document, DocumentKind, Numbering, issue, profile, schema};
use crate::unit::Unit;
use crate::unit::imprint::Imprint;

/// What documents are made of.
pub struct Material<'a> {
    pub unit: &'a Unit,
    pub imprint: Option<&'a Imprint>,
    pub payer: &'a Payer,
    pub dossier_code: &'a str,
    pub lines: &'a [Line],
    pub method: Method,
    pub collected_at: Instant,
    pub collected_by: &'a CollectedBy,
}

/// Where a line of an obligation belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Passed on, or collected without a document.
    NoDocument,
    Document(DocumentKind),
    /// Its document kind is none that this version issues.
    Unknown,
}

pub fn place_of(line: &Line, rule: FeesAndCharges) -> Place {
    if line.kind == "pass_through" || line.document_kind == "none" {
        return Place::NoDocument;
    }
    DocumentKind::of_line(&line.document_kind, &line.kind, rule).map_or(Place::Unknown, Place::Document)
}

/// The rule on phí and lệ phí on a day of issue.
pub fn rule_on(day: BusinessDay) -> FeesAndCharges {
    profile::for_day(day).fees_and_charges.value
}

/// The documents of the obligation, one per kind and the receipt first, each with a fresh look-up
/// code. Kinds for which nothing was collected have none. A document whose content cannot be made
/// comes with its reason, and harms none of the others.
pub fn documents(material: &Material<'_>, rule: FeesAndCharges) -> Vec<(DocumentKind, Result<Document>)> {
    let mut by_kind: BTreeMap<DocumentKind, Vec<&Line>> = BTreeMap::new();
    for line in material.lines {
        if let Place::Document(kind) = place_of(line, rule) {
            by_kind.entry(kind).or_default().push(line);
        }
    }
    by_kind
        .into_iter()
        .filter(|(_, lines)| lines.iter().any(|line| line.amount.is_positive()))
        .map(|(kind, lines)| {
            let document = match kind {
                DocumentKind::Invoice(invoice) => invoice_of(material, invoice, &lines).map(Into::into),
                _ => receipt_of(material, &lines).map(Into::into),
            };
            (kind, document)
        })
        .collect()
}

/// Whether the documents of this content could be numbered on the day, asked long before a number
/// is spent on them: with a placeholder number and an unnamed collector, against the rules and
/// against the schema of the format.
///
/// # Errors
/// Those of `Document::validate`; `document_off_schema`.
pub fn check_documents(
    unit: &Unit,
    imprint: Option<&Imprint>,
    payer: &Payer,
    dossier_code: &str,
    lines: &[Line],
    on: BusinessDay,
) -> Result<()> {
    let material = Material {
        unit,
        imprint,
        payer,
        dossier_code,
        lines,
        method: Method::Transfer,
        collected_at: on.start(),
        collected_by: &CollectedBy::Channel("kiểm tra".to_owned()),
    };
    for (kind, document) in documents(&material, rule_on(on)) {
        let numbering = Numbering::placeholder_of(kind, on);
        let written = Rulebook::shipped().write(kind, &document?, &numbering, "BL-0")?;
        schema::check_body(&written.body)?;
    }
    Ok(())
}

pub(super) fn receipt_of(material: &Material<'_>, lines: &[&Line]) -> Result<Content> {
    let printed: Vec<content::Line> = lines.iter().map(|line| printed_line(line)).collect();
    Ok(Content {
        kind: ReceiptKind::WithoutPrintedValue,
        unit: collecting_unit(material),
        payer: printed_payer(material.payer),
        totals: Totals::of(&printed)?,
        lines: printed,
        payment_method: material.method.on_receipt().to_owned(),
        dossier_code: Some(material.dossier_code.to_owned()),
        lookup_code: issue::lookup_code()?,
        collected_on: material.collected_at.business_day(),
        collected_by: collector(material.collected_by),
        relation: None,
    })
}

/// On integrated kinds phí and lệ phí are fees beside what is sold; on the others everything is sold.
pub(super) fn invoice_of(material: &Material<'_>, kind: InvoiceKind, lines: &[&Line]) -> Result<Invoice> {
    let is_fee = |line: &Line| kind.is_integrated() && (line.kind == "phi" || line.kind == "le_phi");
    let sold = lines.iter().filter(|line| !is_fee(line)).map(|line| sold_line(line, kind));
    let sold = sold.collect::<Result<Vec<_>>>()?;
    let fees: Vec<Fee> = lines
        .iter()
        .filter(|line| is_fee(line) && !line.amount.is_zero())
        .map(|line| Fee { name: line.item_name.clone(), amount: line.amount })
        .collect();
    let mut seller = own_unit(material);
    seller.budget_code = None;
    seller.treasury_code = None;
    Ok(Invoice {
        kind,
        seller,
        buyer: printed_payer(material.payer),
        totals: invoice::Totals::of(&sold, &fees)?,
        lines: sold,
        fees,
        payment_method: material.method.on_receipt().to_owned(),
        dossier_code: Some(material.dossier_code.to_owned()),
        lookup_code: issue::lookup_code()?,
        collected_on: material.collected_at.business_day(),
        collected_by: collector(material.collected_by),
        relation: None,
        entrusted: material.imprint.and_then(|imprint| imprint.issuer.as_ref()).map(|issuer| {
            invoice::Entrusted {
                tax_code: issuer.tax_code.clone(),
                name: issuer.name.clone(),
                address: issuer.address.clone(),
            }
        }),
    })
}

fn collector(by: &CollectedBy) -> content::CollectedBy {
    match by {
        CollectedBy::Officer(name) => content::CollectedBy::Officer(name.clone()),
        CollectedBy::Channel(channel) => content::CollectedBy::Channel(title(channel).to_owned()),
    }
}

/// Where the city signs for the unit, it is who collects, on the unit's behalf; the account stays the unit's.
fn collecting_unit(material: &Material<'_>) -> content::CollectingUnit {
    let own = own_unit(material);
    match material.imprint.and_then(|imprint| imprint.issuer.as_ref()) {
        None => own,
        Some(issuer) => content::CollectingUnit {
            principal: Some(content::Principal { name: own.name, tax_code: own.tax_code }),
            name: issuer.name.clone(),
            tax_code: issuer.tax_code.clone(),
            address: issuer.address.clone(),
            phone: issuer.phone.clone(),
            budget_code: issuer.budget_code.clone(),
            ..own
        },
    }
}

fn own_unit(material: &Material<'_>) -> content::CollectingUnit {
    let unit = material.unit;
    let imprint = material.imprint;
    let naming = imprint.and_then(|imprint| imprint.naming.as_ref());
    content::CollectingUnit {
        name: naming.map_or(&unit.name, |naming| &naming.name).clone(),
        tax_code: unit.tax_code.clone(),
        budget_code: unit.budget_code.clone(),
        address: naming.map_or(&unit.address, |naming| &naming.address).clone(),
        phone: unit.phone.clone(),
        email: imprint.and_then(|imprint| imprint.email.clone()),
        treasury_account: imprint.and_then(|imprint| imprint.treasury_account.clone()),
        treasury_code: imprint.and_then(|imprint| imprint.treasury_code.clone()),
        principal: imprint.and_then(|imprint| imprint.principal.as_ref()).map(|principal| {
            content::Principal { name: principal.name.clone(), tax_code: principal.tax_code.clone() }
        }),
    }
}

/// A payer as documents print them.
pub fn printed_payer(payer: &Payer) -> content::Payer {
    content::Payer {
        name: payer.name.clone(),
        tax_code: payer.tax_code.clone(),
        personal_id: payer.personal_id.clone(),
        passport: payer.passport.clone(),
        address: payer.address.clone(),
        phone: payer.phone.clone(),
        email: payer.email.clone(),
    }
}

/// A tiered fee has no single unit price; the document then shows one measure at the whole price,
/// because its format demands quantity × unit price = gross.
fn measured(line: &Line) -> (Decimal, Decimal) {
    let product =
        line.quantity.checked_mul(line.unit_price).and_then(|product| Dong::round_half_up(product).ok());
    if product == Some(line.gross) {
        (line.quantity, line.unit_price)
    } else {
        (Decimal::ONE, line.gross.to_decimal())
    }
}

fn printed_line(line: &Line) -> content::Line {
    let (quantity, unit_price) = measured(line);
    content::Line {
        kind: if line.kind == "le_phi" { LineKind::Charge } else { LineKind::Fee },
        item_code: Some(line.item_code.clone()),
        name: line.item_name.clone(),
        chapter: line.chapter.clone(),
        sub_item: line.sub_item.clone(),
        unit: Some(line.measure_unit.clone()).filter(|unit| !unit.is_empty()),
        quantity,
        unit_price,
        reduction: line.reduction.is_positive().then(|| Reduction {
            percent: line.reduction_percent,
            amount: line.reduction,
            ground: line.reduction_ground.clone().unwrap_or_default(),
        }),
        amount: line.amount,
    }
}

/// Prices of the tariff are what the payer pays; where the invoice shows the tax, it is taken out of
/// them, and the đồng that rounding leaves belongs to the tax.
fn sold_line(line: &Line, kind: InvoiceKind) -> Result<invoice::Line> {
    let (quantity, unit_price) = measured(line);
    let percent = line.reduction_percent;
    let mut sold = invoice::Line {
        item_code: Some(line.item_code.clone()),
        name: line.item_name.clone(),
        unit: Some(line.measure_unit.clone()).filter(|unit| !unit.is_empty()),
        quantity,
        unit_price,
        discount: line.reduction.is_positive().then_some(Discount { percent, amount: line.reduction }),
        amount: line.amount,
        vat: None,
    };
    if kind.shows_vat() {
        let missing = || Error::invalid("vat_rate", "vat_rate_unknown", "the fee item names no tax rate");
        let rate: VatRate = line.vat_rate.as_deref().ok_or_else(missing)?.parse()?;
        let gross = rate.without_tax(line.gross)?;
        sold.amount = rate.without_tax(line.amount)?;
        sold.unit_price = rate
            .price_without_tax(unit_price)?
            .round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
            .normalize();
        if let Some(discount) = &mut sold.discount {
            discount.amount = gross.checked_sub(sold.amount)?;
        }
        sold.vat = Some(Vat { tax: line.amount.checked_sub(sold.amount)?, rate });
    }
    Ok(sold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, document: &str, amount: i64) -> Line {
        Line {
            item_code: "A".to_owned(),
            item_name: "Khoản thử".to_owned(),
            kind: kind.to_owned(),
            document_kind: document.to_owned(),
            vat_rate: (kind == "dich_vu").then(|| "8%".to_owned()),
            measure_unit: "bản".to_owned(),
            quantity: Decimal::ONE,
            unit_price: Decimal::from(amount),
            gross: Dong(amount),
            reduction: Dong::ZERO,
            reduction_percent: None,
            reduction_ground: None,
            amount: Dong(amount),
            chapter: None,
            sub_item: None,
            kept_share_bp: 0,
            legal_ground: "Nghị quyết thử".to_owned(),
            explanation: String::new(),
        }
    }

    fn unit() -> Unit {
        Unit {
            id: crate::id::UnitId(2),
            code: "00004".to_owned(),
            name: "Phường Thử Nghiệm".to_owned(),
            kind: "phường".to_owned(),
            tax_code: "9900000009".to_owned(),
            budget_code: None,
            address: "Số 1 phố Thử Nghiệm".to_owned(),
            phone: None,
            valid_from: day(),
            valid_until: None,
        }
    }

    fn day() -> BusinessDay {
        "2026-11-23".parse().unwrap()
    }

    fn made(lines: &[Line], rule: FeesAndCharges) -> Vec<(&'static str, Result<i64>)> {
        documents(&material(lines), rule)
            .into_iter()
            .map(|(kind, document)| (kind.as_str(), document.map(|one| one.payable().0)))
            .collect()
    }

    fn sums(made: Vec<(&'static str, Result<i64>)>) -> Vec<(&'static str, i64)> {
        made.into_iter().map(|(kind, sum)| (kind, sum.unwrap())).collect()
    }

    #[test]
    fn phi_and_le_phi_stand_together_or_apart_as_the_profile_says() {
        let lines = [line("phi", "receipt", 8_000), line("le_phi", "receipt", 9_000)];
        assert_eq!(sums(made(&lines, FeesAndCharges::OnOneDocument)), [("receipt", 17_000)]);
        let apart = [("receipt_phi", 8_000), ("receipt_le_phi", 9_000)];
        assert_eq!(sums(made(&lines, FeesAndCharges::Apart)), apart);
    }

    #[test]
    fn every_kind_gets_its_own_document_and_nothing_collected_gets_none() {
        let lines = [
            line("dich_vu", "invoice_vat", 10_800),
            line("phi", "receipt", 8_000),
            line("phi", "invoice_sales", 0),
            line("pass_through", "none", 3_000),
            line("phi", "none", 4_000),
        ];
        let expected = [("receipt", 8_000), ("invoice_vat", 10_800)];
        assert_eq!(sums(made(&lines, FeesAndCharges::OnOneDocument)), expected);
    }

    #[test]
    fn a_document_that_cannot_be_made_harms_none_of_the_others() {
        let mut service = line("dich_vu", "invoice_vat", 10_800);
        service.vat_rate = None;
        let made = made(&[service, line("phi", "receipt", 8_000)], FeesAndCharges::OnOneDocument);
        assert_eq!(made[0].1.as_ref().unwrap(), &8_000);
        assert_eq!(made[1].1.as_ref().unwrap_err().code(), "vat_rate_unknown");
    }

    #[test]
    fn the_tax_taken_out_of_a_price_and_the_rest_are_what_was_paid() {
        for rate in ["0%", "5%", "8%", "10%", "KCT", "KHAC:03.50%"] {
            for (quantity, price, reduction) in
                [(1, 10_800, 0), (3, 3_333, 1), (7, 999, 3_500), (1_000, 1, 0)]
            {
                let mut line = line("dich_vu", "invoice_vat", 0);
                line.vat_rate = Some(rate.to_owned());
                line.quantity = Decimal::from(quantity);
                line.unit_price = Decimal::from(price);
                (line.gross, line.reduction) = (Dong(quantity * price), Dong(reduction));
                line.amount = Dong(quantity * price - reduction);
                let sold = sold_line(&line, InvoiceKind::Vat).unwrap();
                assert_eq!(sold.amount.0 + sold.vat.as_ref().unwrap().tax.0, line.amount.0);
                let content = invoice_of(&material(&[line]), InvoiceKind::Vat, &[]).unwrap();
                let totals = invoice::Totals::of(std::slice::from_ref(&sold), &[]).unwrap();
                let whole = Invoice { lines: vec![sold], totals, ..content };
                whole
                    .validate(profile::for_day(day()))
                    .unwrap_or_else(|error| panic!("{rate} {quantity} × {price}: {error}"));
            }
        }
    }

    fn material(lines: &[Line]) -> Material<'_> {
        use std::sync::LazyLock;
        static UNIT: LazyLock<Unit> = LazyLock::new(unit);
        static PAYER: LazyLock<Payer> = LazyLock::new(Payer::default);
        static BY: LazyLock<CollectedBy> = LazyLock::new(|| CollectedBy::Officer("Trần Văn Mẫu".to_owned()));
        Material {
            unit: &UNIT,
            imprint: None,
            payer: &PAYER,
            dossier_code: "H26.1-261123-0001",
            lines,
            method: Method::Cash,
            collected_at: day().start(),
            collected_by: &BY,
        }
    }
}
