//! One fee item with its charges.

use super::fields::{self, Fault};
use super::raw::{RawFee, RawKeptShare};
use super::{Report, Row, charge, validity};
use crate::tariff::explain::Words;
use crate::tariff::item::{DocumentKind, FeeItem, FeeKind, KeptShare};

const UNIT_LIMIT: usize = 50;
const ALL_BASIS_POINTS: i64 = 10_000;

/// The item, and its faults in the report: one for the item itself, one per bad charge.
pub(super) fn item(row: &Row<RawFee>, report: &mut Report) -> Option<FeeItem> {
    let mut item = report.keep(row, without_charges(&row.raw))?;
    let mut lines = Vec::new();
    for raw in &row.raw.charge {
        let line = report.line_of(raw.span().start);
        match charge::charge(raw.get_ref(), item.kind) {
            Ok(charge) => {
                item.charges.push(charge);
                lines.push(line);
            }
            Err(fault) => report.add(line, &row.label, fault),
        }
    }
    for (line, fault) in validity::overlaps(&item.charges, &lines) {
        report.add(line, &row.label, fault);
    }
    if !row.raw.may_pause {
        for (line, fault) in validity::gaps(&item.charges, &lines) {
            report.add(line, &row.label, fault);
        }
    }
    Some(item)
}

fn without_charges(raw: &RawFee) -> Result<FeeItem, Fault> {
    let kind = kind(&raw.kind)?;
    let document = document(&raw.document, kind)?;
    let (chapter, sub_item) = budget(raw, kind)?;
    if raw.charge.is_empty() {
        return Err(Fault::new("tariff_charges_missing", "an item needs at least one [[fee.charge]]"));
    }
    Ok(FeeItem {
        code: fields::code(&raw.code)?,
        name: fields::name("name", &raw.name, raw.name_en.as_deref())?,
        kind,
        document,
        vat_rate: vat_rate(raw, kind, document)?,
        chapter,
        sub_item,
        unit: unit(raw)?,
        kept_shares: kept_shares(&raw.kept_share, kind)?,
        charges: Vec::new(),
    })
}

fn kind(raw: &str) -> Result<FeeKind, Fault> {
    [FeeKind::Phi, FeeKind::LePhi, FeeKind::Service, FeeKind::PassThrough]
        .into_iter()
        .find(|kind| kind.as_str() == raw)
        .ok_or_else(|| {
            Fault::new(
                "tariff_row_unreadable",
                format!("`kind` must be phi, le_phi, dich_vu or pass_through, not `{raw}`"),
            )
        })
}

fn document(raw: &str, kind: FeeKind) -> Result<DocumentKind, Fault> {
    let raw = if raw == "invoice" { DocumentKind::InvoiceSales.as_str() } else { raw };
    let document = DocumentKind::ALL.into_iter().find(|document| document.as_str() == raw);
    let document = document.ok_or_else(|| {
        let known = DocumentKind::ALL.map(DocumentKind::as_str).join(", ");
        Fault::new("tariff_row_unreadable", format!("`document` must be one of {known}, not `{raw}`"))
    })?;
    let wrong = |detail: &str| Err(Fault::new("tariff_document_wrong", detail));
    match (kind, document) {
        (_, DocumentKind::None) | (FeeKind::Phi, _) => Ok(document),
        (FeeKind::PassThrough, _) => wrong("a pass-through line stands on no document of ours"),
        (FeeKind::LePhi, _) if !document.carries_fees() => {
            wrong("a lệ phí gets a receipt, or stands on an invoice with receipt")
        }
        (FeeKind::Service, DocumentKind::Receipt) => wrong("the price of a service gets an invoice"),
        _ => Ok(document),
    }
}

/// A rate stands exactly where something is sold on an invoice that shows the tax.
fn vat_rate(raw: &RawFee, kind: FeeKind, document: DocumentKind) -> Result<Option<String>, Fault> {
    let is_sold_with_tax = match document {
        DocumentKind::InvoiceVat => true,
        DocumentKind::InvoiceVatWithReceipt => kind == FeeKind::Service,
        _ => false,
    };
    let wrong = |detail: String| Err(Fault::new("tariff_vat_rate_wrong", detail));
    match (&raw.vat_rate, is_sold_with_tax) {
        (None, false) => Ok(None),
        (None, true) => wrong(format!("`vat_rate` is missing: {} shows the tax", document.as_str())),
        (Some(_), false) => wrong("`vat_rate` belongs to what is sold on an invoice with tax".to_owned()),
        (Some(rate), true) if is_rate(rate) => Ok(Some(rate.clone())),
        (Some(rate), true) => {
            wrong(format!("`vat_rate` must be 0%, 5%, 8%, 10%, KCT, KKKNT or KHAC:AB.CD%, not `{rate}`"))
        }
    }
}

/// The form of `TSuat`; which rates a day's law knows is asked when a document is made.
fn is_rate(rate: &str) -> bool {
    let is_other = |digits: &str| {
        let digits = digits.as_bytes();
        let numbers = [0, 1, 3, 4].iter().all(|at| digits.get(*at).is_some_and(u8::is_ascii_digit));
        digits.len() == 6 && numbers && digits.get(2) == Some(&b'.') && digits.get(5) == Some(&b'%')
    };
    ["0%", "5%", "8%", "10%", "KCT", "KKKNT"].contains(&rate)
        || rate.strip_prefix("KHAC:").is_some_and(is_other)
}

fn budget(raw: &RawFee, kind: FeeKind) -> Result<(Option<String>, Option<String>), Fault> {
    let digits = |text: &Option<String>, count: usize| {
        text.as_ref()
            .is_some_and(|text| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let right = match kind {
        FeeKind::PassThrough | FeeKind::Service => raw.chapter.is_none() && raw.sub_item.is_none(),
        FeeKind::Phi | FeeKind::LePhi => digits(&raw.chapter, 3) && digits(&raw.sub_item, 4),
    };
    if !right {
        let detail = "phí and lệ phí need `chapter` (3 digits) and `sub_item` (4 digits); services and pass-through lines have neither";
        return Err(Fault::new("tariff_budget_code_wrong", detail));
    }
    Ok((raw.chapter.clone(), raw.sub_item.clone()))
}

fn unit(raw: &RawFee) -> Result<Words, Fault> {
    let Some(vi) = &raw.unit else {
        return Ok(Words::new("hồ sơ", "dossier"));
    };
    let vi = fields::text("unit", vi, UNIT_LIMIT)?;
    let en = raw.unit_en.as_deref().map(|en| fields::text("unit_en", en, UNIT_LIMIT)).transpose()?;
    Ok(Words { en: en.unwrap_or_else(|| vi.clone()), vi })
}

fn kept_shares(raw: &[RawKeptShare], kind: FeeKind) -> Result<Vec<KeptShare>, Fault> {
    let wrong = |detail: &str| Err(Fault::new("tariff_kept_share_wrong", detail));
    let mut shares: Vec<KeptShare> = Vec::new();
    for raw in raw {
        let from = fields::day("kept_share.valid_from", &raw.valid_from)?;
        let in_range = (0..=ALL_BASIS_POINTS).contains(&raw.basis_points);
        let Some(basis_points) = i32::try_from(raw.basis_points).ok().filter(|_| in_range) else {
            return wrong("`basis_points` must be 0 to 10000");
        };
        if kind != FeeKind::Phi && basis_points > 0 {
            return wrong(
                "only a phí has a share that stays with the unit; lệ phí is wholly the budget's, a service wholly the unit's",
            );
        }
        if shares.last().is_some_and(|last| from <= last.from) {
            return wrong("`valid_from` must rise from share to share");
        }
        shares.push(KeptShare { from, basis_points });
    }
    Ok(shares)
}
