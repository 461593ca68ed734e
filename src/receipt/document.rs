//! Any document of a paid obligation: a receipt or an invoice, before it has a number.

use super::content::Content;
use super::invoice::Invoice;
use super::kind::DocumentKind;
use super::lookup::LookupCode;
use super::profile::Profile;
use crate::amount::Dong;
use crate::error::Result;

/// What one document says.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    Receipt(Box<Content>),
    Invoice(Box<Invoice>),
}

impl Document {
    pub fn payable(&self) -> Dong {
        match self {
            Document::Receipt(content) => content.totals.payable,
            Document::Invoice(invoice) => invoice.totals.payable,
        }
    }

    pub fn lookup_code(&self) -> &LookupCode {
        match self {
            Document::Receipt(content) => &content.lookup_code,
            Document::Invoice(invoice) => &invoice.lookup_code,
        }
    }

    /// Checks everything but the number.
    ///
    /// # Errors
    /// As `Content::validate` and `Invoice::validate`.
    pub fn validate(&self, profile: &Profile) -> Result<()> {
        match self {
            Document::Receipt(content) => content.validate(profile),
            Document::Invoice(invoice) => invoice.validate(profile),
        }
    }

    /// Whether it can stand in a series of this kind.
    pub fn is_of(&self, kind: DocumentKind) -> bool {
        match self {
            Document::Receipt(_) => kind.invoice().is_none(),
            Document::Invoice(invoice) => kind.invoice() == Some(invoice.kind),
        }
    }
}

impl From<Content> for Document {
    fn from(content: Content) -> Document {
        Document::Receipt(Box::new(content))
    }
}

impl From<Invoice> for Document {
    fn from(invoice: Invoice) -> Document {
        Document::Invoice(Box::new(invoice))
    }
}
