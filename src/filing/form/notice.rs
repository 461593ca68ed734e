//! 04/SS: error notices for receipts (04/SS-CTĐT, message 304) and invoices (04/SS-HĐĐT, message
//! 300). They explain a wrong name or address, and tell of an invoice that was cancelled after it was sent; no new
//! number is taken.

use serde::{Deserialize, Serialize};

use super::{Taxpayer, within};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::xml::Writer;
use crate::receipt::content::ReceiptKind;
use crate::receipt::profile::{self, Profile};
use crate::unit::registration::Family;

pub const RECEIPT_FORM: &str = "04/SS-CTĐT";
pub const INVOICE_FORM: &str = "04/SS-HĐĐT";
const RECEIPT_TITLE: &str = "Thông báo chứng từ điện tử có sai sót";
const INVOICE_TITLE: &str = "Thông báo hóa đơn điện tử có sai sót";
/// The message lists one document per line; thousands would pass 2 MB.
const ITEMS_LIMIT: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Receipts,
    Invoices,
}

impl Subject {
    /// The family of documents that such a notice is about.
    pub fn family(self) -> Family {
        match self {
            Subject::Receipts => Family::Receipt,
            Subject::Invoices => Family::Invoice,
        }
    }
}

/// The answer to a notice of the tax authority (`Loai` 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Demand {
    pub number: String,
    pub noticed_on: BusinessDay,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub template: String,
    pub series: String,
    pub number: i64,
    pub issued_on: BusinessDay,
    /// The code the authority gave a coded invoice.
    pub authority_code: Option<String>,
    /// `LDo` s255
    pub reason: String,
    /// The invoice is cancelled; else its text is explained.
    #[serde(default)]
    pub is_withdrawn: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub subject: Subject,
    pub taxpayer: Taxpayer,
    pub made_on: BusinessDay,
    pub demand: Option<Demand>,
    pub items: Vec<Item>,
}

impl Notice {
    /// The form's name in a profile.
    pub fn form(&self, profile: &Profile) -> &'static str {
        match self.subject {
            Subject::Receipts => profile.error_notice_form.value,
            Subject::Invoices => profile.invoice_error_notice_form.value,
        }
    }

    /// `MLTDiep`, with how sure the profile is of it.
    pub fn message<'a>(&self, profile: &'a Profile) -> &'a profile::Item<u32> {
        match self.subject {
            Subject::Receipts => &profile.receipt_notice_message,
            Subject::Invoices => &profile.invoice_notice_message,
        }
    }

    /// # Errors
    /// `tax_code_wrong`, `tax_office_wrong`, `field_missing`, `field_too_long`, `notice_items_wrong`.
    pub fn check(&self) -> Result<()> {
        self.taxpayer.check()?;
        if self.items.is_empty() || self.items.len() > ITEMS_LIMIT {
            let detail = format!("1 to {ITEMS_LIMIT} documents");
            return Err(Error::invalid("items", "notice_items_wrong", detail));
        }
        for (at, item) in self.items.iter().enumerate() {
            within("reason", &item.reason, 255).map_err(|error| error.in_field(&format!("items[{at}]")))?;
            let number_limit = if self.subject == Subject::Receipts { 9_999_999 } else { 99_999_999 };
            if !(1..=number_limit).contains(&item.number) || item.issued_on > self.made_on {
                let detail = "a document has an impossible number or day";
                return Err(Error::invalid("items", "notice_items_wrong", detail));
            }
        }
        if let Some(demand) = &self.demand {
            within("demand.number", &demand.number, 30)?;
        }
        Ok(())
    }

    /// Canonical bytes of `<DLTBao Id="…">…</DLTBao>` in the shape of the profile's data version.
    pub fn body(&self, profile: &Profile, id: &str) -> Vec<u8> {
        let version = profile.message_version.value;
        let mut xml = Writer::body("DLTBao", id);
        xml.text("PBan", version);
        xml.text("MSo", self.form(profile));
        match self.subject {
            Subject::Receipts => {
                xml.text("Ten", RECEIPT_TITLE);
                self.demand_first(&mut xml);
                self.who(&mut xml);
                xml.element("DSCTu", |xml| {
                    for (n, item) in (1..).zip(&self.items) {
                        receipt(xml, n, item, profile);
                    }
                });
            }
            Subject::Invoices => {
                xml.text("Ten", INVOICE_TITLE);
                self.invoices(&mut xml, is_first_shape(version));
            }
        }
        xml.finish("DLTBao")
    }

    fn kind(&self) -> i64 {
        if self.demand.is_some() { 2 } else { 1 }
    }

    fn demand_first(&self, xml: &mut Writer) {
        xml.number("Loai", self.kind());
        if let Some(demand) = &self.demand {
            xml.text("So", &demand.number);
            xml.text("NTBCCQT", &demand.noticed_on.to_string());
        }
    }

    fn who(&self, xml: &mut Writer) {
        xml.text("MCQT", &self.taxpayer.office_code);
        xml.text("TCQT", &self.taxpayer.office_name);
        xml.text("TNNT", &self.taxpayer.name);
        xml.text("MST", &self.taxpayer.tax_code);
        xml.optional("MDVQHNSach", self.taxpayer.budget_code.as_deref());
        xml.text("DDanh", &self.taxpayer.place);
        xml.text("NTBao", &self.made_on.to_string());
    }

    fn invoices(&self, xml: &mut Writer, first_shape: bool) {
        if first_shape {
            self.demand_first(xml);
            self.who(xml);
        } else {
            xml.number("Loai", self.kind());
            xml.text("MCQT", &self.taxpayer.office_code);
            xml.text("TCQT", &self.taxpayer.office_name);
            if let Some(demand) = &self.demand {
                xml.text("So", &demand.number);
                xml.text("NTBCCQT", &demand.noticed_on.to_string());
            }
            xml.text("MST", &self.taxpayer.tax_code);
            xml.text("TNNT", &self.taxpayer.name);
            xml.text("DDanh", &self.taxpayer.place);
            xml.text("NTBao", &self.made_on.to_string());
        }
        xml.element("DSHDon", |xml| {
            for (n, item) in (1..).zip(&self.items) {
                invoice(xml, n, item, first_shape);
            }
        });
    }
}

/// 2.0.x names fields and orders them otherwise than 2.1.0.
fn is_first_shape(version: &str) -> bool {
    version.starts_with("2.0")
}

fn receipt(xml: &mut Writer, ordinal: i64, item: &Item, profile: &Profile) {
    xml.element("CTu", |xml| {
        xml.number("STT", ordinal);
        xml.text("KHMSCTu", &item.template);
        xml.text("KHCTu", &item.series);
        xml.number("SCTu", item.number);
        xml.text("NLap", &item.issued_on.to_string());
        let kind = profile.receipt_kind(&item.template).unwrap_or(ReceiptKind::WithoutPrintedValue);
        xml.number("LCTDT", i64::from(kind.code()));
        xml.text("LDo", &item.reason);
    });
}

fn invoice(xml: &mut Writer, ordinal: i64, item: &Item, first_shape: bool) {
    xml.element("HDon", |xml| {
        xml.number("STT", ordinal);
        xml.optional(if first_shape { "MCQTCap" } else { "MCCQT" }, item.authority_code.as_deref());
        xml.text("KHMSHDon", &item.template);
        xml.text("KHHDon", &item.series);
        xml.number("SHDon", item.number);
        xml.text("Ngay", &item.issued_on.to_string());
        // 1: an e-invoice under Decree 123.
        xml.number("LADHDDT", 1);
        if first_shape {
            // 1: cancelled; 4: explained, neither cancelled nor replaced.
            xml.number("TCTBao", if item.is_withdrawn { 1 } else { 4 });
        }
        xml.text("LDo", &item.reason);
    });
}
