//! What makes an invoice fit to be numbered and signed. Pure, as for receipts.

use rust_decimal::Decimal;

use super::{Invoice, Line, Relation, Totals};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::receipt::content::rules::{line_out_of_range, number};
use crate::receipt::content::{CorrectionAction, LINES_LIMIT};
use crate::receipt::field::{
    PERCENT_DECIMALS, QUANTITY_DECIMALS, decimal, optional, required, tax_code, text_of, within_limit,
};
use crate::receipt::profile::{Lengths, Profile};
use crate::text::words::amount_in_words;

/// The fields of `TTKhac` beside the collector's name.
const EXTRA: &str = "MTCuustring7K2M0Q419VABMaHoSostringNgayThudate2026-01-01NguoiThustring";

impl Invoice {
    /// Checks everything but the number.
    ///
    /// # Errors
    /// `Invalid` with the field and one of the `invoice_…`, `receipt_…` or identifier codes.
    pub fn validate(&self, profile: &Profile) -> Result<()> {
        let lengths = &profile.lengths.value;
        if !profile.invoice_names.value.0.contains_key(&self.kind.code()) {
            let detail = format!("{} knows no invoice of kind {}", profile.name, self.kind.code());
            return Err(Error::invalid("kind", "invoice_kind_unknown", detail));
        }
        if self.seller.principal.is_some() {
            let detail = "an entrusted unit issues receipts; invoices are its principal's";
            return Err(Error::invalid("unit.principal", "invoice_entrusted", detail));
        }
        self.seller.validate(lengths).map_err(|error| error.in_field("unit"))?;
        self.buyer.validate(profile).map_err(|error| error.in_field("payer"))?;
        required("payment_method", &self.payment_method, lengths.short)?;
        optional("dossier_code", self.dossier_code.as_deref(), lengths.short)?;
        let dossier_code = self.dossier_code.as_deref().unwrap_or_default();
        self.collected_by.validate(lengths, &format!("{EXTRA}{dossier_code}"))?;
        self.validate_lines(profile)?;
        self.validate_fees(lengths)?;
        if let Some(entrusted) = &self.entrusted {
            required("entrusted.name", &entrusted.name, lengths.party)?;
            required("entrusted.address", &entrusted.address, lengths.party)?;
            tax_code("entrusted.tax_code", &entrusted.tax_code)?;
        }
        if let Some(relation) = &self.relation {
            relation.validate(profile).map_err(|error| error.in_field("relation"))?;
        }
        self.validate_totals(profile)
    }

    fn adjusts(&self) -> bool {
        self.relation.as_ref().is_some_and(|relation| relation.action == CorrectionAction::Adjusts)
    }

    fn validate_lines(&self, profile: &Profile) -> Result<()> {
        if self.lines.is_empty() && !self.adjusts() {
            let detail = "an invoice names at least one good or service";
            return Err(Error::invalid("lines", "invoice_without_lines", detail));
        }
        if self.lines.len() > LINES_LIMIT {
            let detail = format!("at most {LINES_LIMIT} lines; more go onto an attached statement");
            return Err(Error::invalid("lines", "receipt_lines_too_many", detail));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let place = format!("lines[{index}]");
            line.validate(self.adjusts(), profile).map_err(|error| error.in_field(&place))?;
            if line.vat.is_some() != self.kind.shows_vat() {
                let detail = "kinds 1 and 8 show the tax of every line, the others of none";
                return Err(Error::invalid(format!("{place}.vat"), "invoice_vat_misplaced", detail));
            }
        }
        Ok(())
    }

    fn validate_fees(&self, lengths: &Lengths) -> Result<()> {
        if self.kind.is_integrated() == self.fees.is_empty() && !self.adjusts() {
            let detail = "kinds 8 and 9 carry fees beside what is sold, the others carry none";
            return Err(Error::invalid("fees", "invoice_fees_misplaced", detail));
        }
        for (index, fee) in self.fees.iter().enumerate() {
            let place = format!("fees[{index}]");
            required(&format!("{place}.name"), &fee.name, lengths.title)?;
            within_limit(&format!("{place}.amount"), fee.amount)?;
            if !self.adjusts() && fee.amount < Dong::ZERO {
                let detail = "only an adjustment may take money back";
                return Err(Error::invalid(format!("{place}.amount"), "receipt_amount_negative", detail));
            }
        }
        Ok(())
    }

    fn validate_totals(&self, profile: &Profile) -> Result<()> {
        if self.totals != Totals::of(&self.lines, &self.fees)? {
            let detail = "the totals are not the sums of the lines";
            return Err(Error::invalid("totals", "receipt_total_wrong", detail));
        }
        within_limit("totals.payable", self.totals.payable)?;
        if !self.adjusts() && !self.totals.payable.is_positive() {
            let detail = "nothing was collected, so there is nothing to invoice";
            return Err(Error::invalid("totals.payable", "receipt_amount_not_positive", detail));
        }
        let words = amount_in_words(self.totals.payable, &profile.wording.value);
        text_of("totals.payable", &words, profile.lengths.value.words)
    }
}

impl Line {
    fn validate(&self, adjusts: bool, profile: &Profile) -> Result<()> {
        let lengths = &profile.lengths.value;
        optional("item_code", self.item_code.as_deref(), lengths.short)?;
        required("name", &self.name, lengths.item)?;
        optional("unit", self.unit.as_deref(), lengths.short)?;
        decimal("quantity", self.quantity, QUANTITY_DECIMALS)?;
        decimal("unit_price", self.unit_price, QUANTITY_DECIMALS)?;
        within_limit("amount", self.amount)?;
        if self.quantity <= Decimal::ZERO {
            return Err(Error::invalid("quantity", "receipt_quantity_not_positive", "must be above zero"));
        }
        if !adjusts && (self.unit_price.is_sign_negative() || self.amount < Dong::ZERO) {
            let detail = "only an adjustment may take money back";
            return Err(Error::invalid("amount", "receipt_amount_negative", detail));
        }
        self.validate_sum()?;
        let Some(vat) = &self.vat else { return Ok(()) };
        if !profile.knows_rate(&vat.rate) {
            let detail = format!("{} does not list {}", profile.name, vat.rate);
            return Err(Error::invalid("vat", "vat_rate_unknown", detail));
        }
        let off = vat.rate.tax_on(self.amount)?.checked_sub(vat.tax)?;
        if off.0.abs() > 1 {
            let detail = "the tax is not the rate's share of the amount";
            return Err(Error::invalid("vat", "invoice_tax_wrong", detail));
        }
        Ok(())
    }

    /// Quantity × price less the discount is the amount. With tax taken out of prices that include
    /// it, each of the three is rounded by itself, so a đồng may be missing.
    fn validate_sum(&self) -> Result<()> {
        let product = self.quantity.checked_mul(self.unit_price).ok_or_else(line_out_of_range)?;
        let gross = Dong::round_half_up(product)?;
        let mut discount = Dong::ZERO;
        if let Some(off) = &self.discount {
            discount = off.amount;
            if let Some(percent) = off.percent {
                decimal("discount.percent", percent, PERCENT_DECIMALS)?;
                if percent.is_sign_negative() || percent > Decimal::ONE_HUNDRED {
                    let detail = "the share lies between 0 and 100 percent";
                    return Err(Error::invalid("discount", "receipt_reduction_wrong", detail));
                }
            }
        }
        let difference = gross.checked_sub(discount)?.checked_sub(self.amount)?;
        let tolerated = i64::from(self.vat.is_some());
        if difference.0.abs() > tolerated {
            let detail = "the amount is not quantity × unit price less the discount";
            return Err(Error::invalid("amount", "receipt_line_sum_wrong", detail));
        }
        Ok(())
    }
}

impl Relation {
    fn validate(&self, profile: &Profile) -> Result<()> {
        if !profile.related_document_kinds.value.contains(&self.kind) {
            let detail = format!("{} is no LHDCLQuan", self.kind);
            return Err(Error::invalid("kind", "invoice_kind_unknown", detail));
        }
        required("template", &self.template, 11)?;
        required("series", &self.series, 8)?;
        number(self.number, 99_999_999)?;
        optional("note", self.note.as_deref(), profile.lengths.value.note)
    }
}
