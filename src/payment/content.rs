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
pub fn documents(
    material: &Material<'_>,
    rule: FeesAndCharges,
) -> Vec<(DocumentKind, Result<Document>)> {
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
/// Errors: those of `Document::validate`; `document_off_schema`.
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

fn receipt_of(material: &Material<'_>, lines: &[&Line]) -> Result<Content> {
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
fn invoice_of(material: &Material<'_>, kind: InvoiceKind, lines: &[&Line]) -> Result<Invoice> {
    let is_fee = |line: &Line| kind.is_integrated() && (line.kind == "phi" || line.kind == "le_phi");
    let sold = lines.iter().filter(|line| !is_fee(line)).map(|line| sold_line(line, kind));
    let sold = sold.collect::<Result<Vec<_>>>()?;
    let fees: Vec<Fee> = lines
        .iter()
        .filter(|line| is_fee(line) && line.amount.is_positive())
        .map(|line| Fee { name: line.item_name.clone(), amount: line.amount })
        .collect();
    let mut seller = collecting_unit(material);
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
    })
}

fn collector(by: &CollectedBy) -> content::CollectedBy {
    match by {
        CollectedBy::Officer(name) => content::CollectedBy::Officer(name.clone()),
        CollectedBy::Channel(channel) => content::CollectedBy::Channel(channel.clone()),
    }
}

fn collecting_unit(material: &Material<'_>) -> content::CollectingUnit {
    let unit = material.unit;
    let imprint = material.imprint;
    content::CollectingUnit {
        name: unit.name.clone(),
        tax_code: unit.tax_code.clone(),
        budget_code: unit.budget_code.clone(),
        address: unit.address.clone(),
        phone: unit.phone.clone(),
        email: imprint.and_then(|imprint| imprint.email.clone()),
        treasury_account: imprint.and_then(|imprint| imprint.treasury_account.clone()),
        treasury_code: imprint.and_then(|imprint| imprint.treasury_code.clone()),
        principal: imprint.and_then(|imprint| imprint.principal.as_ref()).map(|principal| {
            content::Principal { name: principal.name.clone(), tax_code: principal.tax_code.clone() }
        }),
    }
}

fn printed_payer(payer: &Payer) -> content::Payer {
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
