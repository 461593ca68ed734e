//! What makes content fit to be numbered and signed. Pure, so that an obligation can be checked
//! when it is raised, long before a number is spent on it.

use rust_decimal::Decimal;

use super::identifier::{is_digits, is_personal_id};
use super::{
    CollectedBy, CollectingUnit, Content, CorrectionAction, LINES_LIMIT, Line, Numbering, Payer, Reduction,
    Relation, Totals,
};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::receipt::field::{
    PERCENT_DECIMALS, QUANTITY_DECIMALS, budget_index, decimal, optional, required, tax_code, text_of,
    within_limit,
};
use crate::receipt::kind::DocumentKind;
use crate::receipt::pattern;
use crate::receipt::profile::{FeesAndCharges, Lengths, Profile};
use crate::text::words::amount_in_words;

impl Content {
    /// Checks everything but the number: forms of identifiers, lengths, legal characters, that
    /// each line and the totals add up, and the profile's rule on mixing fees and charges.
    ///
    /// # Errors
    /// `Invalid` with the field and one of the `receipt_…` or identifier codes.
    pub fn validate(&self, profile: &Profile) -> Result<()> {
        let lengths = &profile.lengths.value;
        self.unit.validate(lengths).map_err(|error| error.in_field("unit"))?;
        self.payer.validate(profile).map_err(|error| error.in_field("payer"))?;
        required("payment_method", &self.payment_method, lengths.short)?;
        optional("dossier_code", self.dossier_code.as_deref(), lengths.short)?;
        self.collected_by.validate(lengths, "NgayThudate2026-01-01NguoiThustring")?;
        self.validate_lines(profile)?;
        if let Some(relation) = &self.relation {
            relation.validate(profile).map_err(|error| error.in_field("relation"))?;
        }
        self.validate_totals()?;
        let words = amount_in_words(self.totals.payable, &profile.wording.value);
        text_of("totals.payable", &words, lengths.words)
    }

    fn adjusts(&self) -> bool {
        self.relation.as_ref().is_some_and(|relation| relation.action == CorrectionAction::Adjusts)
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
            line.validate(self.adjusts(), &profile.lengths.value)
                .map_err(|error| error.in_field(&format!("lines[{index}]")))?;
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

impl CollectedBy {
    /// `overhead` are the other texts that stand with the collector's in `TTKhac`.
    pub(in crate::receipt) fn validate(&self, lengths: &Lengths, overhead: &str) -> Result<()> {
        let (CollectedBy::Officer(name) | CollectedBy::Channel(name)) = self;
        required("collected_by", name, lengths.person)?;
        text_of("collected_by", &self.text(), lengths.extra.saturating_sub(overhead.chars().count()))
    }
}

impl CollectingUnit {
    pub(in crate::receipt) fn validate(&self, lengths: &Lengths) -> Result<()> {
        required("name", &self.name, lengths.party)?;
        tax_code("tax_code", &self.tax_code)?;
        if let Some(code) = &self.budget_code
            && !is_digits(code, 7)
        {
            return Err(Error::invalid("budget_code", "budget_code_wrong", "expected seven digits"));
        }
        required("address", &self.address, lengths.party)?;
        optional("phone", self.phone.as_deref(), lengths.phone)?;
        optional("email", self.email.as_deref(), lengths.short)?;
        optional("treasury_account", self.treasury_account.as_deref(), lengths.account)?;
        optional("treasury_code", self.treasury_code.as_deref(), lengths.phone)?;
        let Some(principal) = &self.principal else { return Ok(()) };
        required("principal.name", &principal.name, lengths.party)?;
        tax_code("principal.tax_code", &principal.tax_code)
    }
}

impl Payer {
    pub(in crate::receipt) fn validate(&self, profile: &Profile) -> Result<()> {
        self.faults(profile).into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that makes a payer unfit to be printed, by field; a document is refused for the first of it.
    pub fn faults(&self, profile: &Profile) -> Vec<Error> {
        let lengths = &profile.lengths.value;
        let provinces = profile.personal_id_provinces.value;
        let personal_id = self.personal_id.as_deref().filter(|id| !is_personal_id(id, provinces));
        let form = profile.passport_pattern.value;
        let passport = self.passport.as_deref().filter(|number| !pattern::matches(form, number));
        let faults = [
            optional("name", self.name.as_deref(), lengths.party).err(),
            optional("address", self.address.as_deref(), lengths.party).err(),
            optional("phone", self.phone.as_deref(), lengths.phone).err(),
            optional("email", self.email.as_deref(), lengths.short).err(),
            self.tax_code.as_deref().and_then(|code| tax_code("tax_code", code).err()),
            personal_id.map(|_| {
                Error::invalid("personal_id", "personal_id_wrong", "expected twelve digits of a personal id")
            }),
            passport
                .map(|_| Error::invalid("passport", "passport_wrong", format!("expected the form {form}"))),
        ];
        faults.into_iter().flatten().collect()
    }
}

impl Line {
    fn validate(&self, adjusts: bool, lengths: &Lengths) -> Result<()> {
        optional("item_code", self.item_code.as_deref(), lengths.short)?;
        required("name", &self.name, lengths.item)?;
        budget_index("chapter", self.chapter.as_deref(), 3)?;
        budget_index("sub_item", self.sub_item.as_deref(), 4)?;
        optional("unit", self.unit.as_deref(), lengths.short)?;
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
            self.reduction.as_ref().map_or(Ok(Dong::ZERO), |reduction| reduction.validate(gross, lengths))?;
        if gross.checked_sub(reduced)? != self.amount {
            let detail = "the amount is not quantity × unit price less the reduction";
            return Err(Error::invalid("amount", "receipt_line_sum_wrong", detail));
        }
        Ok(())
    }
}

impl Reduction {
    /// The amount taken off; a share may be rounded to either side of the half.
    fn validate(&self, gross: Dong, lengths: &Lengths) -> Result<Dong> {
        let wrong = |detail: &str| Error::invalid("reduction", "receipt_reduction_wrong", detail);
        required("reduction.ground", &self.ground, lengths.note)?;
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
        number(self.number, profile.number_limit())?;
        optional("note", self.note.as_deref(), profile.lengths.value.note)
    }
}

impl Numbering {
    /// Checks the form of template, series and number of a receipt, and that the series is not of a
    /// later year than the day of issue.
    ///
    /// # Errors
    /// `receipt_template_malformed`, `receipt_series_malformed`, `receipt_series_year_wrong`,
    /// `receipt_number_out_of_range`, `receipt_profile_of_another_day`.
    pub fn validate(&self, profile: &Profile) -> Result<()> {
        self.validate_as(DocumentKind::Receipt, profile)
    }

    /// The same for a document of any kind. An invoice's series is of the year of issue exactly.
    pub fn validate_as(&self, kind: DocumentKind, profile: &Profile) -> Result<()> {
        profile.accepts(kind, &self.template, &self.series)?;
        let of_issue = self.issued_on.year().rem_euclid(100);
        let year = pattern::year_digits(profile.series_pattern_of(kind), &self.series);
        let year = year.and_then(|digits| digits.parse::<i32>().ok());
        let is_of_year = year.is_none_or(|year| match kind.invoice() {
            Some(_) => year == of_issue,
            None => year <= of_issue,
        });
        if !is_of_year {
            let detail = "the series belongs to another year than the document";
            return Err(Error::invalid("series", "receipt_series_year_wrong", detail));
        }
        if self.issued_on < profile.valid_from
            || profile.valid_until.is_some_and(|last| last < self.issued_on)
        {
            let detail = format!("{} is not in force on {}", profile.name, self.issued_on);
            return Err(Error::invalid("issued_on", "receipt_profile_of_another_day", detail));
        }
        number(self.number, profile.number_limit_of(kind))
    }
}

pub(in crate::receipt) fn number(number: u32, limit: u32) -> Result<()> {
    if (1..=limit).contains(&number) {
        return Ok(());
    }
    let detail = format!("a number lies between 1 and {limit}");
    Err(Error::invalid("number", "receipt_number_out_of_range", detail))
}

#[track_caller]
pub(in crate::receipt) fn line_out_of_range() -> Error {
    Error::invalid("amount", "amount_out_of_range", "quantity × unit price is too large")
}
