//! What a document says that corrects an earlier one of its kind: all lines when it replaces, the
//! differences when it adjusts. Pure.

use super::book::{CollectedBy, Method};
use super::content::{Material, invoice_of, receipt_of};
use super::difference::{at_difference, difference_lines, is_same_item};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::obligation::Line;
use crate::party::Payer;
use crate::receipt::content::{self, CorrectionAction, Numbering, ReceiptKind};
use crate::receipt::format::Rulebook;
use crate::receipt::invoice::{self, Invoice, VatRate};
use crate::receipt::query::Stored;
use crate::receipt::relation::Action;
use crate::receipt::{Document, DocumentKind, profile, schema};
use crate::unit::Unit;
use crate::unit::imprint::Imprint;

/// A correction, as its document will tell it.
#[derive(Clone, Copy)]
pub struct Corrects<'a> {
    pub action: Action,
    pub original: &'a Stored,
    /// `GChu`: the earlier document and the agreement, in words.
    pub note: &'a str,
    /// The obligation's lines before and after; those that stand on other documents are passed over.
    pub old: &'a [Line],
    pub new: &'a [Line],
}

/// The kind of a document that is to be corrected.
pub fn kind_of(original: &Stored) -> Result<DocumentKind> {
    original.kind().ok_or_else(|| {
        Error::conflict("correction_document_unfit", "this version does not know its kind of document")
    })
}

/// The payer as a document prints them.
pub fn payer_of(printed: content::Payer) -> Payer {
    Payer {
        name: printed.name,
        address: printed.address,
        tax_code: printed.tax_code,
        personal_id: printed.personal_id,
        passport: printed.passport,
        phone: printed.phone,
        email: printed.email,
    }
}

/// Whether a line of an obligation stands on a document of this kind.
pub fn stands_on(kind: DocumentKind, line: &Line) -> bool {
    kind.covers(&line.document_kind, &line.kind)
}

/// `LHDCLQuan`: an electronic invoice of Decree 123/2020/NĐ-CP.
const OF_DECREE_123: u8 = 1;

/// The correcting document, with a fresh look-up code. The material's own lines are not read.
///
/// # Errors
/// `correction_document_unfit`, and those of amounts out of range.
pub fn document(material: &Material<'_>, corrects: &Corrects<'_>) -> Result<Document> {
    let kind = kind_of(corrects.original)?;
    let lines: Vec<Line> = match corrects.action {
        Action::Adjust => adjusting_lines(kind, corrects)?,
        _ => corrects.new.iter().filter(|line| stands_on(kind, line)).cloned().collect(),
    };
    let lines: Vec<&Line> = lines.iter().collect();
    let number = u32::try_from(corrects.original.number);
    let number = number.map_err(|_| Error::internal("a document's number is out of range"))?;
    let action = match corrects.action {
        Action::Adjust => CorrectionAction::Adjusts,
        _ => CorrectionAction::Replaces,
    };
    let original = corrects.original;
    let (template, series) = (original.template.clone(), original.series.clone());
    let note = Some(corrects.note.to_owned()).filter(|note| !note.is_empty());
    let Some(invoice_kind) = kind.invoice() else {
        let mut content = receipt_of(material, &lines)?;
        let issued_on = original.issued_on;
        let rules = profile::for_day(issued_on);
        let kind = rules.receipt_kind(&template).unwrap_or(ReceiptKind::WithoutPrintedValue);
        content.relation =
            Some(content::Relation { action, kind, template, series, number, issued_on, note });
        return Ok(content.into());
    };
    let mut invoice = invoice_of(material, invoice_kind, &lines)?;
    if corrects.action == Action::Adjust {
        share_tax(&mut invoice, corrects)?;
    }
    invoice.relation = Some(invoice::Relation {
        action,
        kind: OF_DECREE_123,
        template,
        series,
        number,
        issued_on: original.issued_on,
        note,
    });
    Ok(invoice.into())
}

/// The differences. Where only the payer was wrong there are none: an invoice then leaves its goods and sums
/// out, as the tables of Decision 1450/QĐ-TCT part II.2 allow; a receipt, whose format wants a fee, names its
/// fees at 0 đồng.
fn adjusting_lines(kind: DocumentKind, corrects: &Corrects<'_>) -> Result<Vec<Line>> {
    let differences = difference_lines(kind, corrects.old, corrects.new)?;
    if !differences.is_empty() || kind.invoice().is_some() {
        return Ok(differences);
    }
    let named = corrects.new.iter().filter(|line| stands_on(kind, line));
    Ok(named.map(|line| at_difference(line, Dong::ZERO)).collect())
}

/// Net and tax of a difference are the differences of net and tax, so that an original and its
/// adjustments sum to the đồng to what one right invoice would have said.
fn share_tax(invoice: &mut Invoice, corrects: &Corrects<'_>) -> Result<()> {
    let kind = kind_of(corrects.original)?;
    let differences = difference_lines(kind, corrects.old, corrects.new)?;
    for line in &mut invoice.lines {
        let Some(vat) = &mut line.vat else { continue };
        let of_line = differences.iter().find(|one| {
            Some(&one.item_code) == line.item_code.as_ref()
                && one.vat_rate.as_deref() == Some(vat.rate.to_string().as_str())
        });
        let Some(difference) = of_line else { continue };
        let net = |lines: &[Line]| net_of(kind, lines, difference, &vat.rate);
        let of_sums = net(corrects.new)?.checked_sub(net(corrects.old)?)?;
        let tax = difference.amount.checked_sub(of_sums)?;
        let off = vat.rate.tax_on(of_sums)?.checked_sub(tax)?;
        if off.0.abs() > 1 {
            continue; // Many lines rounded one by one: the tax inside the difference itself is nearer.
        }
        (line.amount, line.unit_price, vat.tax) = (of_sums, of_sums.to_decimal(), tax);
    }
    invoice.totals = invoice::Totals::of(&invoice.lines, &invoice.fees)?;
    Ok(())
}

/// What an item's lines come to without the tax inside them.
fn net_of(kind: DocumentKind, lines: &[Line], like: &Line, rate: &VatRate) -> Result<Dong> {
    let same = lines.iter().filter(|line| stands_on(kind, line) && is_same_item(line, like));
    let nets = same.map(|line| rate.without_tax(line.amount)).collect::<Result<Vec<_>>>()?;
    Dong::sum(nets)
}

/// Whose document is checked, and for whom.
pub struct Parties<'a> {
    pub unit: &'a Unit,
    pub imprint: Option<&'a Imprint>,
    pub payer: &'a Payer,
    pub dossier_code: &'a str,
}

/// Whether the correcting document could be numbered on the day, asked before anybody approves it:
/// against the rules and against the schema of its format.
///
/// # Errors
/// Those of `Document::validate`; `document_off_schema`.
pub fn check(parties: &Parties<'_>, corrects: &Corrects<'_>, on: BusinessDay) -> Result<()> {
    let kind = kind_of(corrects.original)?;
    let material = Material {
        unit: parties.unit,
        imprint: parties.imprint,
        payer: parties.payer,
        dossier_code: parties.dossier_code,
        lines: corrects.new,
        method: Method::Transfer,
        collected_at: on.start(),
        collected_by: &CollectedBy::Channel("kiểm tra".to_owned()),
    };
    let document = document(&material, corrects)?;
    let written = Rulebook::shipped().write(kind, &document, &Numbering::placeholder_of(kind, on), "BL-0")?;
    schema::check_body(&written.body)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use rust_decimal::Decimal;

    use super::*;
    use crate::clock::Instant;
    use crate::id::{ObligationId, ReceiptId, UnitId};
    use crate::receipt::kind::InvoiceKind;

    fn service(item: &str, rate: &str, amount: i64) -> Line {
        Line {
            item_code: item.to_owned(),
            item_name: "Dịch vụ thử".to_owned(),
            kind: "dich_vu".to_owned(),
            document_kind: "invoice_vat".to_owned(),
            vat_rate: Some(rate.to_owned()),
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
            kept_share_bp: 10_000,
            legal_ground: "Nghị quyết thử".to_owned(),
            explanation: String::new(),
        }
    }

    fn fee(kind: &str, document_kind: &str, amount: i64) -> Line {
        Line {
            kind: kind.to_owned(),
            document_kind: document_kind.to_owned(),
            vat_rate: None,
            ..service("PHI", "8%", amount)
        }
    }

    fn original(document_kind: &str, template: &str, series: &str) -> Stored {
        Stored {
            unit: UnitId(2),
            id: ReceiptId(1),
            obligation: ObligationId(1),
            document_kind: document_kind.to_owned(),
            template: template.to_owned(),
            series: series.to_owned(),
            number: 7,
            amount: Dong(0),
            issued_on: day(),
            collected_at: Instant(0),
            lookup_code: String::new(),
            state: "signed".to_owned(),
        }
    }

    fn day() -> BusinessDay {
        "2026-11-23".parse().unwrap()
    }

    fn corrected(original: &Stored, action: Action, old: &[Line], new: &[Line]) -> Result<Document> {
        static UNIT: LazyLock<Unit> = LazyLock::new(|| Unit {
            id: UnitId(2),
            code: "00004".to_owned(),
            name: "Phường Thử Nghiệm".to_owned(),
            kind: "phường".to_owned(),
            tax_code: "9900000009".to_owned(),
            budget_code: None,
            address: "Số 1 phố Thử Nghiệm".to_owned(),
            phone: None,
            valid_from: day(),
            valid_until: None,
        });
        static PAYER: LazyLock<Payer> = LazyLock::new(Payer::default);
        let corrects = Corrects { action, original, note: "Điều chỉnh cho hóa đơn", old, new };
        let parties =
            Parties { unit: &UNIT, imprint: None, payer: &PAYER, dossier_code: "H26.1-261123-0001" };
        check(&parties, &corrects, day())?;
        let material = Material {
            unit: &UNIT,
            imprint: None,
            payer: &PAYER,
            dossier_code: "H26.1-261123-0001",
            lines: new,
            method: Method::Cash,
            collected_at: day().start(),
            collected_by: &CollectedBy::Officer("Trần Văn Mẫu".to_owned()),
        };
        document(&material, &corrects)
    }

    fn invoice(document: Document) -> Invoice {
        match document {
            Document::Invoice(invoice) => *invoice,
            Document::Receipt(_) => panic!("an invoice was expected"),
        }
    }

    #[test]
    fn an_original_and_its_adjustment_say_to_the_dong_what_one_right_invoice_would() {
        for rate in ["0%", "5%", "8%", "10%", "KCT"] {
            for (before, after) in [(10_800, 5_400), (9_999, 3_334), (1, 2), (7, 0), (25_001, 75_003)] {
                let (old, new) = ([service("A", rate, before)], [service("A", rate, after)]);
                let adjusting =
                    corrected(&original("invoice_vat", "1", "K26TBD"), Action::Adjust, &old, &new);
                let adjusting = invoice(adjusting.unwrap_or_else(|e| panic!("{rate} {before} {after}: {e}")));
                let rate: VatRate = rate.parse().unwrap();
                let net = |gross: i64| rate.without_tax(Dong(gross)).unwrap().0;
                assert_eq!(adjusting.totals.net.0, net(after) - net(before), "{rate} {before} {after}");
                assert_eq!(adjusting.totals.payable.0, after - before);
                assert_eq!(adjusting.totals.tax.0, after - before - adjusting.totals.net.0);
            }
        }
    }

    #[test]
    fn an_integrated_invoice_is_adjusted_in_its_fees_alone() {
        let kind = "invoice_vat_with_receipt";
        let sold = Line { document_kind: kind.to_owned(), ..service("A", "8%", 10_800) };
        let (old, new) = ([sold.clone(), fee("phi", kind, 8_000)], [sold, fee("phi", kind, 5_000)]);
        let adjusting = corrected(&original(kind, "8", "K26TBD"), Action::Adjust, &old, &new).unwrap();
        let adjusting = invoice(adjusting);
        assert_eq!(adjusting.kind, InvoiceKind::VatWithReceipt);
        assert!(adjusting.lines.is_empty(), "what is sold is as it was");
        assert_eq!((adjusting.fees[0].amount, adjusting.totals.payable), (Dong(-3_000), Dong(-3_000)));
        assert_eq!(adjusting.relation.unwrap().number, 7);
    }

    #[test]
    fn where_only_the_payer_was_wrong_an_invoice_names_no_goods_and_a_receipt_its_fees_at_nothing() {
        let sold = [service("A", "8%", 10_800)];
        let of_sale = original("invoice_vat", "1", "K26TBD");
        let made = invoice(corrected(&of_sale, Action::Adjust, &sold, &sold).unwrap());
        assert!(made.lines.is_empty() && made.fees.is_empty());
        assert_eq!((made.totals.payable, made.relation.unwrap().number), (Dong(0), 7));

        let fees = [fee("phi", "receipt", 8_000), fee("le_phi", "receipt", 9_000)];
        let of_fees = original("receipt", "01BLP0-001", "BD-26E");
        match corrected(&of_fees, Action::Adjust, &fees, &fees).unwrap() {
            Document::Receipt(content) => {
                let amounts: Vec<i64> = content.lines.iter().map(|line| line.amount.0).collect();
                assert_eq!((amounts, content.totals.payable), (vec![0, 0], Dong(0)));
            }
            Document::Invoice(_) => panic!("a receipt was expected"),
        }
    }

    #[test]
    fn a_receipt_kept_apart_is_corrected_in_its_own_lines_only() {
        let (old, new) = (
            [fee("phi", "receipt", 8_000), fee("le_phi", "receipt", 9_000)],
            [fee("phi", "receipt", 6_000), fee("le_phi", "receipt", 9_000)],
        );
        let of_fees = original("receipt_phi", "01BLP0-001", "BD-26E");
        for (action, payable) in [(Action::Adjust, -2_000), (Action::Replace, 6_000)] {
            let made = corrected(&of_fees, action, &old, &new).unwrap();
            assert_eq!((made.payable(), made.is_of(DocumentKind::ReceiptOfFees)), (Dong(payable), true));
        }
    }

    #[test]
    fn a_changed_rate_takes_the_old_one_back_and_puts_the_new_one_there() {
        let (old, new) = ([service("A", "8%", 10_800)], [service("A", "10%", 10_800)]);
        let adjusting =
            corrected(&original("invoice_vat", "1", "K26TBD"), Action::Adjust, &old, &new).unwrap();
        let adjusting = invoice(adjusting);
        let taxes: Vec<i64> = adjusting.totals.by_rate.iter().map(|sum| sum.tax.0).collect();
        assert_eq!((taxes, adjusting.totals.payable), (vec![-800, 982], Dong(0)));
    }
}
