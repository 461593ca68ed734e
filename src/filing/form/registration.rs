//! 01/ĐKTĐ-CTĐT: registration of e-documents, and its changes (message 109).

use serde::{Deserialize, Serialize};

use super::{Taxpayer, within};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::filing::xml::Writer;
use crate::notification::address;
use crate::receipt::content::identifier::is_tax_code;
use crate::unit::registration::ListedCertificate;

pub const FORM: &str = "01/ĐKTĐ-CTĐT";
const TITLE: &str = "Tờ khai đăng ký/thay đổi thông tin sử dụng chứng từ điện tử";
/// `STT` n3.
const CERTIFICATES_LIMIT: usize = 999;
const ENTRUSTMENTS_LIMIT: usize = 999;

/// `HThuc` of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    New,
    Change,
}

impl Action {
    fn code(self) -> i64 {
        match self {
            Action::New => 1,
            Action::Change => 2,
        }
    }
}

/// An entrustment as it is asked for, in a file or a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entrusting {
    pub direction: Direction,
    #[serde(default = "receipts")]
    pub document_name: String,
    pub template: String,
    pub series: String,
    /// The other party.
    pub tax_code: String,
    pub organisation: String,
    pub purpose: String,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub payment_method: String,
}

/// Whether this unit collects for the other one, or the other one for this unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// This unit entrusts its collecting to the other one.
    Entrusting,
    /// This unit collects on the other one's behalf.
    Entrusted,
}

/// What the documents of an entrustment are called, unless another name is given.
pub const DOCUMENT_NAME: &str = "Biên lai thu phí, lệ phí";

fn receipts() -> String {
    DOCUMENT_NAME.into()
}

impl From<Entrusting> for Entrustment {
    fn from(asked: Entrusting) -> Self {
        Entrustment {
            kind: match asked.direction {
                Direction::Entrusting => ENTRUSTING,
                Direction::Entrusted => ENTRUSTED,
            },
            document_name: asked.document_name,
            template: asked.template,
            series: asked.series,
            tax_code: asked.tax_code,
            organisation: asked.organisation,
            purpose: asked.purpose,
            valid_from: asked.valid_from,
            valid_until: asked.valid_until,
            payment_method: asked.payment_method,
        }
    }
}

impl From<Entrustment> for Entrusting {
    fn from(told: Entrustment) -> Self {
        Entrusting {
            direction: if told.kind == ENTRUSTING { Direction::Entrusting } else { Direction::Entrusted },
            document_name: told.document_name,
            template: told.template,
            series: told.series,
            tax_code: told.tax_code,
            organisation: told.organisation,
            purpose: told.purpose,
            valid_from: told.valid_from,
            valid_until: told.valid_until,
            payment_method: told.payment_method,
        }
    }
}

/// `LDKUNhiem`
const ENTRUSTING: i64 = 1;
const ENTRUSTED: i64 = 2;

/// `DKUNhiem`: collection that is entrusted to somebody, or by somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrustment {
    /// 1 this unit entrusts, 2 it is entrusted.
    pub kind: i64,
    pub document_name: String,
    pub template: String,
    pub series: String,
    pub tax_code: String,
    pub organisation: String,
    pub purpose: String,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub payment_method: String,
}

/// What a registration says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub action: Action,
    pub taxpayer: Taxpayer,
    /// `NLHe` s50
    pub contact_name: String,
    /// `DCLHe` s400
    pub contact_address: String,
    /// `DCTDTu` s50
    pub contact_email: String,
    /// `DTLHe` s20
    pub contact_phone: String,
    pub made_on: BusinessDay,
    /// `BLTPLPKIn`: receipts of fees, value not printed.
    pub receipts_without_value: bool,
    /// `BLTPLPIn`: value printed.
    pub receipts_with_value: bool,
    /// `CDLQTCTN`: through a transmitting organisation; otherwise directly.
    pub through_transmitter: bool,
    pub certificates: Vec<ListedCertificate>,
    pub entrustments: Vec<Entrustment>,
}

impl Registration {
    /// # Errors
    /// `tax_code_wrong`, `tax_office_wrong`, `field_missing`, `field_too_long`, `text_not_allowed`, `email_wrong`,
    /// `phone_unreadable`, `registration_without_documents`, `registration_certificates_wrong`,
    /// `registration_entrustment_wrong`.
    pub fn check(&self, now: Instant) -> Result<()> {
        self.taxpayer.check()?;
        within("contact_name", &self.contact_name, 50)?;
        within("contact_address", &self.contact_address, 400)?;
        within("contact_email", &self.contact_email, 50)?;
        within("contact_phone", &self.contact_phone, 20)?;
        self.check_reachable()?;
        if !self.receipts_without_value && !self.receipts_with_value {
            let detail = "tick at least one kind of receipt";
            return Err(Error::invalid("document_kinds", "registration_without_documents", detail));
        }
        let wrong =
            |detail: &str| Err(Error::invalid("certificates", "registration_certificates_wrong", detail));
        if self.certificates.is_empty() || self.certificates.len() > CERTIFICATES_LIMIT {
            return wrong("list 1 to 999 certificates");
        }
        for held in &self.certificates {
            within("certificates.issuer", &held.issuer, 400)?;
            within("certificates.serial", &held.serial, 40)?;
            if held.valid_until <= held.valid_from {
                return wrong("a certificate ends before it begins");
            }
            let stops = held.action == crate::unit::registration::CertificateAction::Stop;
            if !stops && held.valid_until <= now {
                return wrong("a certificate has expired");
            }
        }
        self.check_entrustments()
    }

    /// The tax office writes to this mailbox and calls this number: what is neither is found before it is registered.
    fn check_reachable(&self) -> Result<()> {
        if address::email(&self.contact_email).is_none() {
            return Err(Error::invalid("contact_email", "email_wrong", "expected name@domain"));
        }
        if !address::is_phone(&self.contact_phone) {
            return Err(Error::invalid("contact_phone", "phone_unreadable", "8 to 17 digits"));
        }
        Ok(())
    }

    fn check_entrustments(&self) -> Result<()> {
        let wrong =
            |detail: &str| Err(Error::invalid("entrustments", "registration_entrustment_wrong", detail));
        if self.entrustments.len() > ENTRUSTMENTS_LIMIT {
            return wrong("at most 999 entrustments");
        }
        for (at, held) in self.entrustments.iter().enumerate() {
            let texts = [
                ("document_name", &held.document_name, 100),
                ("template", &held.template, 11),
                ("series", &held.series, 9),
                ("organisation", &held.organisation, 400),
                ("purpose", &held.purpose, 255),
                ("payment_method", &held.payment_method, 50),
            ];
            for (field, value, limit) in texts {
                within(field, value, limit)
                    .map_err(|error| error.in_field(&format!("entrustments[{at}]")))?;
            }
            if !is_tax_code(&held.tax_code) {
                let field = format!("entrustments[{at}].tax_code");
                return Err(Error::invalid(field, "tax_code_wrong", "its check digit does not fit"));
            }
            if held.tax_code == self.taxpayer.tax_code {
                return wrong("the other party has the unit's own tax code");
            }
            if held.valid_until < held.valid_from {
                return wrong("an entrustment ends before it begins");
            }
            if !(ENTRUSTING..=ENTRUSTED).contains(&held.kind) {
                return wrong("the kind is 1 (entrusting) or 2 (entrusted)");
            }
        }
        Ok(())
    }

    /// `form` is its name in the profile. Canonical bytes of `<DLTKhai Id="…">…</DLTKhai>`.
    pub fn body(&self, form: &str, version: &str, id: &str) -> Vec<u8> {
        let mut xml = Writer::body("DLTKhai", id);
        xml.element("TTChung", |xml| self.general(xml, form, version));
        xml.element("NDTKhai", |xml| {
            xml.element("DTPHanh", |xml| {
                xml.flag("TCCNPHanh", true);
                xml.flag("CQTPHanh", false);
            });
            xml.element("LHSDung", |xml| {
                xml.flag("CTTNCNhan", false);
                xml.flag("CTKTTTMDTu", false);
                xml.flag("BLTPLPKIn", self.receipts_without_value);
                xml.flag("BLTPLPIn", self.receipts_with_value);
                xml.flag("BLTTPLPhi", false);
            });
            xml.element("HTGDLCTDT", |xml| {
                xml.flag("CDLQCCQT", !self.through_transmitter);
                xml.flag("CDLQTCTN", self.through_transmitter);
                xml.flag("CDLQTCTNUT", false);
            });
            xml.element("DSCTSSDung", |xml| {
                for (n, held) in (1..).zip(&self.certificates) {
                    certificate(xml, n, held);
                }
            });
            if !self.entrustments.is_empty() {
                xml.element("DSDKUNhiem", |xml| {
                    for (n, held) in (1..).zip(&self.entrustments) {
                        entrustment(xml, n, held);
                    }
                });
            }
        });
        xml.finish("DLTKhai")
    }

    fn general(&self, xml: &mut Writer, form: &str, version: &str) {
        xml.text("PBan", version);
        xml.text("MSo", form);
        xml.text("Ten", TITLE);
        xml.number("HThuc", self.action.code());
        xml.text("TNNT", &self.taxpayer.name);
        xml.text("MST", &self.taxpayer.tax_code);
        xml.text("CQTQLy", &self.taxpayer.office_name);
        xml.text("MCQTQLy", &self.taxpayer.office_code);
        xml.text("NLHe", &self.contact_name);
        xml.text("DCLHe", &self.contact_address);
        xml.text("DCTDTu", &self.contact_email);
        xml.text("DTLHe", &self.contact_phone);
        xml.text("DDanh", &self.taxpayer.place);
        xml.text("NLap", &self.made_on.to_string());
    }
}

fn certificate(xml: &mut Writer, ordinal: i64, held: &ListedCertificate) {
    xml.element("CTS", |xml| {
        xml.number("STT", ordinal);
        xml.text("TTChuc", &held.issuer);
        xml.text("Seri", &held.serial);
        xml.text("TNgay", &held.valid_from.hanoi_text());
        xml.text("DNgay", &held.valid_until.hanoi_text());
        xml.number("HThuc", i64::from(held.action.code()));
    });
}

fn entrustment(xml: &mut Writer, ordinal: i64, held: &Entrustment) {
    xml.element("DKUNhiem", |xml| {
        xml.number("LDKUNhiem", held.kind);
        xml.number("STT", ordinal);
        xml.text("TLCTu", &held.document_name);
        xml.text("KHMCTu", &held.template);
        xml.text("KHCTu", &held.series);
        xml.text("MST", &held.tax_code);
        xml.text("TTChuc", &held.organisation);
        xml.text("MDich", &held.purpose);
        xml.text("TNgay", &held.valid_from.to_string());
        xml.text("DNgay", &held.valid_until.to_string());
        xml.text("PThuc", &held.payment_method);
    });
}
