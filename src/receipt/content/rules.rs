//! What makes content fit to be numbered and signed. Pure, so that an obligation can be checked
//! when it is raised, long before a number is spent on it.

use rust_decimal::Decimal;

use super::identifier::{is_digits, is_passport, is_personal_id, is_tax_code};
use super::{
    CollectedBy, CollectingUnit, Content, CorrectionAction, LINES_LIMIT, Line, Numbering, Payer, Reduction,
    Relation, Totals,
};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::receipt::profile::{FeesAndCharges, Profile};
use crate::text;

/// The tax formats allow 21 digits, of them six decimals.
const QUANTITY_DECIMALS: u32 = 6;
const PERCENT_DECIMALS: u32 = 4;
const DIGITS_LIMIT: i128 = 1_000_000_000_000_000_000_000;
/// All additional fields (`TTKhac`) together.
const EXTRA_TEXT_LIMIT: usize = 500;

impl Content {
    /// Checks everything but the number: forms of identifiers, lengths, legal characters, that
    /// each line and the totals add up, and the profile's rule on mixing fees and charges.
    ///
    /// # Errors
    /// `Invalid` with the field and one of the `receipt_…` or identifier codes.
    pub fn validate(&self, profile: &Profile) -> Result<()> {
        self.unit.validate().map_err(|error| error.in_field("unit"))?;
        self.payer.validate().map_err(|error| error.in_field("payer"))?;
        required("payment_method", &self.payment_method, 50)?;
        optional("dossier_code", self.dossier_code.as_deref(), 50)?;
        self.validate_collector()?;
        self.validate_lines(profile)?;
        if let Some(relation) = &self.relation {
            relation.validate(profile).map_err(|error| error.in_field("relation"))?;
        }
        self.validate_totals()
    }

    fn adjusts(&self) -> bool {
        self.relation.as_ref().is_some_and(|relation| relation.action == CorrectionAction::Adjusts)
    }

    fn validate_collector(&self) -> Result<()> {
        let (CollectedBy::Officer(name) | CollectedBy::Channel(name)) = &self.collected_by;
        required("collected_by", name, 100)?;
        let field_overhead = "NgayThudate2026-01-01NguoiThustring".chars().count();
        text_of("collected_by", &self.collected_by.text(), EXTRA_TEXT_LIMIT - field_overhead)
    }

    fn validate_lines(&self, profile: &Profile) -> Result<()> {
        let Some(first) = self.lines.first() else {
            return Err(Error::invalid("lines", "receipt_without_lines", "a receipt names at least one fee"));
        };
        if self.lines.len() > LINES_LIMIT {
            let detail = format!("at most {LINES_LIMIT} lines; more go onto an attached statement");
            return Err(Error::invalid("lines", "receipt_lines_too_many", detail));
        }
        for (index, line) in self.lines.iter().enumerate() {
            line.validate(self.adjusts()).map_err(|error| error.in_field(&format!("lines[{index}]")))?;
        }
        let apart = profile.fees_and_charges.value == FeesAndCharges::Apart;
        if apart && self.lines.iter().any(|line| line.kind != first.kind) {
            let detail = "this profile wants separate receipts for phí and lệ phí";
            return Err(Error::invalid("lines", "receipt_kinds_mixed", detail));
        }
        Ok(())
    }

    fn validate_totals(&self) -> Result<()> {
        if self.totals != Totals::of(&self.lines)? {
            return Err(Error::invalid(
                "totals",
                "receipt_total_wrong",
                "the totals are not the sums of the lines",
            ));
        }
        let Totals { gross, reduction, payable } = self.totals;
        for (field, amount) in [("gross", gross), ("reduction", reduction), ("payable", payable)] {
            within_limit(&format!("totals.{field}"), amount)?;
        }
        if !self.adjusts() && !payable.is_positive() {
            let detail = "nothing was collected, so there is nothing to receipt";
            return Err(Error::invalid("totals.payable", "receipt_amount_not_positive", detail));
        }
        Ok(())
    }
}

impl CollectingUnit {
    fn validate(&self) -> Result<()> {
        required("name", &self.name, 400)?;
        tax_code("tax_code", &self.tax_code)?;
        if let Some(code) = &self.budget_code
            && !is_digits(code, 7)
        {
            return Err(Error::invalid("budget_code", "budget_code_wrong", "expected seven digits"));
        }
        required("address", &self.address, 400)?;
        optional("phone", self.phone.as_deref(), 20)?;
        optional("email", self.email.as_deref(), 50)?;
        optional("treasury_account", self.treasury_account.as_deref(), 30)?;
        optional("treasury_code", self.treasury_code.as_deref(), 20)?;
        let Some(principal) = &self.principal else { return Ok(()) };
        required("principal.name", &principal.name, 400)?;
        tax_code("principal.tax_code", &principal.tax_code)
    }
}

impl Payer {
    fn validate(&self) -> Result<()> {
        optional("name", self.name.as_deref(), 400)?;
        optional("address", self.address.as_deref(), 400)?;
        optional("phone", self.phone.as_deref(), 20)?;
        optional("email", self.email.as_deref(), 50)?;
        self.tax_code.as_deref().map_or(Ok(()), |code| tax_code("tax_code", code))?;
        if self.personal_id.as_deref().is_some_and(|id| !is_personal_id(id)) {
            return Err(Error::invalid(
                "personal_id",
                "personal_id_wrong",
                "expected twelve digits of a personal id",
            ));
        }
        if self.passport.as_deref().is_some_and(|number| !is_passport(number)) {
            return Err(Error::invalid("passport", "passport_wrong", "expected 5 to 20 capitals and digits"));
        }
        Ok(())
    }
}

impl Line {
    fn validate(&self, adjusts: bool) -> Result<()> {
        optional("item_code", self.item_code.as_deref(), 50)?;
        required("name", &self.name, 500)?;
        budget_index("chapter", self.chapter.as_deref(), 3)?;
        budget_index("sub_item", self.sub_item.as_deref(), 4)?;
        optional("unit", self.unit.as_deref(), 50)?;
        decimal("quantity", self.quantity, QUANTITY_DECIMALS)?;
        decimal("unit_price", self.unit_price, QUANTITY_DECIMALS)?;
        if self.quantity <= Decimal::ZERO {
            return Err(Error::invalid("quantity", "receipt_quantity_not_positive", "must be above zero"));
        }
        if !adjusts && (self.unit_price.is_sign_negative() || self.amount < Dong::ZERO) {
            let detail = "only an adjustment may take money back";
            return Err(Error::invalid("amount", "receipt_amount_negative", detail));
        }
        let gross = self.gross()?;
        within_limit("amount", gross)?;
        let reduced =
            self.reduction.as_ref().map_or(Ok(Dong::ZERO), |reduction| reduction.validate(gross))?;
        if gross.checked_sub(reduced)? != self.amount {
            let detail = "the amount is not quantity × unit price less the reduction";
            return Err(Error::invalid("amount", "receipt_line_sum_wrong", detail));
        }
        Ok(())
    }
}

impl Reduction {
    /// The amount taken off; a share may be rounded to either side of the half.
    fn validate(&self, gross: Dong) -> Result<Dong> {
        let wrong = |detail: &str| Error::invalid("reduction", "receipt_reduction_wrong", detail);
        required("reduction.ground", &self.ground, 255)?;
        let full = gross.0.abs();
        if self.amount.0.abs() > full || self.amount.0.signum() * gross.0.signum() < 0 {
            return Err(wrong("a reduction takes off between nothing and everything"));
        }
        let Some(percent) = self.percent else { return Ok(self.amount) };
        decimal("reduction.percent", percent, PERCENT_DECIMALS)?;
        if percent.is_sign_negative() || percent > Decimal::ONE_HUNDRED {
            return Err(wrong("the share lies between 0 and 100 percent"));
        }
        let share =
            gross.to_decimal().checked_mul(percent).ok_or_else(line_out_of_range)? / Decimal::ONE_HUNDRED;
        let off = Dong::round_half_up(share)?.checked_sub(self.amount)?;
        if off.0.abs() > 1 {
            return Err(wrong("the amount is not the named share"));
        }
        Ok(self.amount)
    }
}

impl Relation {
    fn validate(&self, profile: &Profile) -> Result<()> {
        required("template", &self.template, 11)?;
        required("series", &self.series, 9)?;
        number(self.number, profile)?;
        optional("note", self.note.as_deref(), 255)
    }
}

impl Numbering {
    /// Checks the form of template, series and number, and that the series is not of a later year
    /// than the day of issue.
    ///
    /// # Errors
    /// `receipt_template_malformed`, `receipt_series_malformed`, `receipt_series_year_wrong`,
    /// `receipt_number_out_of_range`, `receipt_profile_of_another_day`.
    pub fn validate(&self, profile: &Profile) -> Result<()> {
        if !profile.accepts_template(&self.template) {
            return Err(Error::invalid(
                "template",
                "receipt_template_malformed",
                "expected the form 01BLP0-001",
            ));
        }
        if !profile.accepts_series(&self.series) {
            return Err(Error::invalid("series", "receipt_series_malformed", "expected the form BL-26E"));
        }
        let year = self.series.get(3..5).and_then(|digits| digits.parse::<i32>().ok());
        if year.is_none_or(|year| 2000 + year > self.issued_on.year()) {
            let detail = "the series belongs to a later year than the receipt";
            return Err(Error::invalid("series", "receipt_series_year_wrong", detail));
        }
        if self.issued_on < profile.valid_from
            || profile.valid_until.is_some_and(|last| last < self.issued_on)
        {
            let detail = format!("{} is not in force on {}", profile.name, self.issued_on);
            return Err(Error::invalid("issued_on", "receipt_profile_of_another_day", detail));
        }
        number(self.number, profile)
    }
}

fn number(number: u32, profile: &Profile) -> Result<()> {
    if (1..=profile.number_limit()).contains(&number) {
        return Ok(());
    }
    let detail = format!("a number lies between 1 and {}", profile.number_limit());
    Err(Error::invalid("number", "receipt_number_out_of_range", detail))
}

fn required(field: &str, value: &str, limit: usize) -> Result<()> {
    if value.is_empty() {
        return Err(Error::invalid(field, "receipt_text_missing", "must not be empty"));
    }
    text_of(field, value, limit)
}

/// An absent text is absent, not empty: empty optional tags are not written.
fn optional(field: &str, value: Option<&str>, limit: usize) -> Result<()> {
    value.map_or(Ok(()), |value| required(field, value, limit))
}

/// The limits of the tax formats count characters, not bytes.
fn text_of(field: &str, value: &str, limit: usize) -> Result<()> {
    if value.chars().count() > limit {
        return Err(Error::invalid(field, "receipt_text_too_long", format!("at most {limit} characters")));
    }
    if text::clean(value) != value {
        let detail = "must be composed (NFC), trimmed and free of invisible characters";
        return Err(Error::invalid(field, "receipt_text_not_clean", detail));
    }
    Ok(())
}

fn tax_code(field: &str, code: &str) -> Result<()> {
    if is_tax_code(code) {
        return Ok(());
    }
    Err(Error::invalid(field, "tax_code_wrong", "not a tax code, or its check digit is wrong"))
}

fn budget_index(field: &str, value: Option<&str>, digits: usize) -> Result<()> {
    if value.is_none_or(|value| is_digits(value, digits)) {
        return Ok(());
    }
    Err(Error::invalid(field, "budget_index_wrong", format!("expected {digits} digits")))
}

fn decimal(field: &str, value: Decimal, decimals: u32) -> Result<()> {
    let shortest = value.normalize();
    if shortest.scale() <= decimals && shortest.mantissa().abs() < DIGITS_LIMIT {
        return Ok(());
    }
    let detail = format!("at most 21 digits, of them at most {decimals} decimals");
    Err(Error::invalid(field, "receipt_decimal_out_of_range", detail))
}

fn within_limit(field: &str, amount: Dong) -> Result<()> {
    if amount.0.unsigned_abs() <= Dong::LIMIT.0.unsigned_abs() {
        return Ok(());
    }
    Err(Error::invalid(field, "amount_out_of_range", "the amount is too large"))
}

#[track_caller]
pub(super) fn line_out_of_range() -> Error {
    Error::invalid("amount", "amount_out_of_range", "quantity × unit price is too large")
}
