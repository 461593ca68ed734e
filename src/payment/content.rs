//! What a receipt of an obligation says: the same content is checked when the obligation is
//! raised and numbered when it is paid.

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::obligation::Line;
use crate::party::Payer;
use crate::payment::book::{CollectedBy, Method};
use crate::receipt::content::{self, Content, LineKind, ReceiptKind, Reduction, Totals};
use crate::receipt::{Numbering, issue, profile};
use crate::unit::Unit;

/// What a receipt is made of.
pub struct Material<'a> {
    pub unit: &'a Unit,
    pub payer: &'a Payer,
    pub dossier_code: &'a str,
    pub lines: &'a [Line],
    pub method: Method,
    pub collected_at: Instant,
    pub collected_by: &'a CollectedBy,
}

/// The content of the obligation's receipt, with a fresh look-up code; `None` when no line of it
/// is printed on a receipt.
pub fn receipt_content(material: &Material<'_>) -> Result<Option<Content>> {
    let printed: Vec<content::Line> =
        material.lines.iter().filter(|line| is_printed(line)).map(printed_line).collect();
    if printed.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content {
        kind: ReceiptKind::WithoutPrintedValue,
        unit: collecting_unit(material.unit),
        payer: printed_payer(material.payer),
        totals: Totals::of(&printed)?,
        lines: printed,
        payment_method: material.method.on_receipt().to_owned(),
        dossier_code: Some(material.dossier_code.to_owned()),
        lookup_code: issue::lookup_code()?,
        collected_on: material.collected_at.business_day(),
        collected_by: match material.collected_by {
            CollectedBy::Officer(name) => content::CollectedBy::Officer(name.clone()),
            CollectedBy::Channel(channel) => content::CollectedBy::Channel(channel.clone()),
        },
        relation: None,
    }))
}

/// Whether a line stands on a receipt.
pub fn is_printed(line: &Line) -> bool {
    line.document_kind == issue::RECEIPT && line.kind != "pass_through"
}

/// Whether a receipt of this content could be numbered on the day, asked long before a number is
/// spent on it: with a placeholder number and an unnamed collector.
///
/// Errors: those of `Content::validate`.
pub fn check_receipt(
    unit: &Unit,
    payer: &Payer,
    dossier_code: &str,
    lines: &[Line],
    on: BusinessDay,
) -> Result<()> {
    let material = Material {
        unit,
        payer,
        dossier_code,
        lines,
        method: Method::Transfer,
        collected_at: on.start(),
        collected_by: &CollectedBy::Channel("kiểm tra".to_owned()),
    };
    let Some(content) = receipt_content(&material)? else { return Ok(()) };
    let profile = profile::for_day(on);
    Numbering::placeholder(on).validate(profile)?;
    content.validate(profile)
}

fn collecting_unit(unit: &Unit) -> content::CollectingUnit {
    content::CollectingUnit {
        name: unit.name.clone(),
        tax_code: unit.tax_code.clone(),
        budget_code: unit.budget_code.clone(),
        address: unit.address.clone(),
        phone: unit.phone.clone(),
        email: None,
        treasury_account: None,
        treasury_code: None,
        principal: None,
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

/// A tiered fee has no single unit price; the receipt then shows one measure at the whole price,
/// because its format demands quantity × unit price = gross.
fn printed_line(line: &Line) -> content::Line {
    let product =
        line.quantity.checked_mul(line.unit_price).and_then(|product| Dong::round_half_up(product).ok());
    let (quantity, unit_price) = if product == Some(line.gross) {
        (line.quantity, line.unit_price)
    } else {
        (rust_decimal::Decimal::ONE, line.gross.to_decimal())
    };
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
