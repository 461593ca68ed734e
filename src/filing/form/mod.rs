//! The forms as data and as canonical XML: registration, error notices, usage report.

pub mod notice;
pub mod registration;
pub mod usage;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::receipt::content::identifier::is_tax_code;
use crate::unit::registration::is_office_code;

/// Who files, with whom, where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taxpayer {
    /// `TNNT` s400
    pub name: String,
    /// `MST` s14
    pub tax_code: String,
    /// `MDVQHNSach` s7
    pub budget_code: Option<String>,
    /// `MCQT`/`MCQTQLy` s5
    pub office_code: String,
    /// `TCQT`/`CQTQLy` s100
    pub office_name: String,
    /// `DDanh` s50: where the form is made.
    pub place: String,
}

impl Taxpayer {
    /// # Errors
    /// `tax_code_wrong`, `tax_office_wrong`, `field_too_long`, `field_missing`.
    pub fn check(&self) -> Result<()> {
        if !is_tax_code(&self.tax_code) {
            return Err(Error::invalid("tax_code", "tax_code_wrong", "its check digit does not fit"));
        }
        if !is_office_code(&self.office_code) {
            let detail = "the code of the managing office has up to five digits";
            return Err(Error::invalid("office_code", "tax_office_wrong", detail));
        }
        within("name", &self.name, 400)?;
        within("office_name", &self.office_name, 100)?;
        within("place", &self.place, 50)
    }
}

/// A text that must be there, fit, and stand in XML 1.0.
pub(super) fn within(field: &str, value: &str, limit: usize) -> Result<()> {
    if value.trim().is_empty() {
        return Err(Error::invalid(field, "field_missing", "must not be empty"));
    }
    if value.chars().any(|c| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
        return Err(Error::invalid(field, "text_not_allowed", "a control character"));
    }
    if value.chars().count() > limit {
        return Err(Error::invalid(field, "field_too_long", format!("at most {limit} characters")));
    }
    Ok(())
}
