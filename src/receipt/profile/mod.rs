//! Legal profiles: what the law in force on a day asks of a receipt or an invoice, as data.
//!
//! The files under `profiles/` ship with the program and are read once. Every item carries how sure
//! we are of it, because parts of the law could be read only in quotations: an uncertain item is
//! corrected there without touching code.

mod item;
mod load;

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};

pub use self::item::{
    Answer, Certainty, Codes, Correction, FeesAndCharges, InvoiceNames, Item, Lengths, Listed, ReceiptTypes,
    ReportRelease,
};
pub use self::load::{SHIPPED, load};
use super::kind::DocumentKind;
use super::pattern;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::receipt::content::ReceiptKind;
use crate::receipt::invoice::VatRate;
use crate::text::words::Wording;
use crate::unit::registration::Family;

macro_rules! profile {
    ($($(#[$doc:meta])* $item:ident: $kind:ty),+ $(,)?) => {
        /// The rules for documents issued from `valid_from` to `valid_until`, both included.
        #[derive(Clone, Debug)]
        pub struct Profile {
            pub name: &'static str,
            pub valid_from: BusinessDay,
            /// None while the profile is the newest.
            pub valid_until: Option<BusinessDay>,
            $($(#[$doc])* pub $item: Item<$kind>),+
        }

        /// As it stands in the file.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            name: String,
            valid_from: BusinessDay,
            valid_until: Option<BusinessDay>,
            $($item: Item<$kind>),+
        }

        impl<'de> Deserialize<'de> for Profile {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let raw = Raw::deserialize(deserializer)?;
                Ok(Profile {
                    name: item::kept(raw.name),
                    valid_from: raw.valid_from,
                    valid_until: raw.valid_until,
                    $($item: raw.$item),+
                })
            }
        }

        impl Profile {
            /// Every item with its mark and source.
            pub fn items(&self) -> Vec<Listed> {
                vec![$(self.$item.listed(stringify!($item))),+]
            }
        }
    };
}

profile! {
    legal_basis: &'static str,
    /// The tax authority's data version for registration, reports and error notices.
    message_version: &'static str,
    /// The form that covers receipts, and the one that covers invoices.
    registration_form: &'static str,
    invoice_registration_form: &'static str,
    usage_report_form: &'static str,
    /// Whether a usage report that was made by itself waits for a person.
    usage_report_release: ReportRelease,
    /// For receipts.
    error_notice_form: &'static str,
    invoice_error_notice_form: &'static str,
    /// `PBan` of our own receipt format, which also names its mapping; never one of the tax
    /// authority's version numbers, because those define no receipt of fees.
    format_version: &'static str,
    /// `TBLai`.
    title: &'static str,
    /// Pattern of the template code (ký hiệu mẫu), in the subset of `pattern`.
    template_pattern: &'static str,
    /// Pattern of the series (ký hiệu).
    series_pattern: &'static str,
    /// The most digits a number may have; numbers start at 1 each year.
    number_digits: u32,
    fees_and_charges: FeesAndCharges,
    receipt_corrections: Vec<Correction>,
    /// The mapping that writes invoices.
    invoice_format: &'static str,
    /// `PBan` of invoices.
    invoice_version: &'static str,
    /// `THDon` by `KHMSHDon`.
    invoice_names: InvoiceNames,
    /// `MLTDiep` of the forms: registration, usage report, error notices of receipts and of invoices.
    registration_message: u32,
    usage_report_message: u32,
    receipt_notice_message: u32,
    invoice_notice_message: u32,
    /// `MLTDiep` under which an uncoded invoice is sent as issued; 0: it is not sent.
    invoice_message: u32,
    /// The same for the integrated kinds 8 and 9.
    integrated_invoice_message: u32,
    /// `KHHDon`.
    invoice_series_pattern: &'static str,
    invoice_number_digits: u32,
    /// `TSuat`.
    vat_rates: Codes,
    /// `LHDCLQuan`.
    related_document_kinds: Vec<u8>,
    /// The buyer's name when nobody knows it; nothing when the tag stays empty.
    unknown_buyer: &'static str,
    /// Whose tax code `MSTTCGP` carries: `seller`, or nothing when the tag is left out.
    solution_provider: &'static str,
    invoice_corrections: Vec<Correction>,
    /// How the authority learns that an invoice it has ended here, because its money never came: by an invoice
    /// that adjusts it to nothing, or by a notice.
    withdrawn_invoices: Vec<Correction>,
    /// `LBLai` and `LCTDT` by the first characters of the template.
    receipt_types: ReceiptTypes,
    /// How many provinces begin personal ids; 0: nothing is asked of the first digits.
    personal_id_provinces: u32,
    /// `SHChieu`.
    passport_pattern: &'static str,
    /// How 999 says taken or not.
    technical_answer: Answer,
    /// How 301 does.
    correction_answer: Answer,
    /// How 110 does.
    registration_received_answer: Answer,
    /// How 111 does.
    registration_answer: Answer,
    /// How 204 and 213 do.
    check_answer: Answer,
    /// The head of the usage report: what stands in it beside its day.
    usage_report_head: &'static str,
    /// How the pages of documents are laid out; a layout stays for ever.
    page_layout: u32,
    wording: Wording,
    lengths: Lengths,
}

static PROFILES: LazyLock<std::result::Result<Vec<Profile>, String>> = LazyLock::new(|| load(&SHIPPED));

/// Whether the shipped profiles are sound; asked when the program starts.
///
/// # Errors
/// `profile_faulty` with file and place.
pub fn check_shipped() -> Result<()> {
    sound(&PROFILES)
}

fn sound(read: &std::result::Result<Vec<Profile>, String>) -> Result<()> {
    match read {
        Ok(_) => Ok(()),
        Err(fault) => Err(Error::invalid("profiles", "profile_faulty", fault.clone())),
    }
}

/// All profiles, oldest first. The files are part of the program, and the program asks
/// `check_shipped` before anything else.
#[expect(clippy::panic, reason = "`check_shipped` has looked at the files when the program began")]
pub fn all() -> &'static [Profile] {
    match &*PROFILES {
        Ok(profiles) => profiles,
        Err(fault) => panic!("a legal profile of this build is faulty: {fault}"),
    }
}

/// The profile in force on a day of issue, of a list in their order. Days before the first profile
/// get the first one: the program issues nothing there, it only has to read.
pub fn in_force(profiles: &[Profile], day: BusinessDay) -> Option<&Profile> {
    profiles.iter().rev().find(|profile| profile.valid_from <= day).or(profiles.first())
}

/// The shipped profile in force on a day of issue.
#[expect(clippy::panic, reason = "`check_shipped` has looked at the files when the program began")]
pub fn for_day(day: BusinessDay) -> &'static Profile {
    match in_force(all(), day) {
        Some(profile) => profile,
        None => panic!("this build has no legal profile"),
    }
}

/// The newest profile.
#[expect(clippy::panic, reason = "`check_shipped` has looked at the files when the program began")]
pub fn newest() -> &'static Profile {
    match all().last() {
        Some(profile) => profile,
        None => panic!("this build has no legal profile"),
    }
}

/// The profile stored beside a receipt.
///
/// # Errors
/// `receipt_profile_unknown` for a name that no profile has.
pub fn by_name(name: &str) -> Result<&'static Profile> {
    all()
        .iter()
        .find(|profile| profile.name == name)
        .ok_or_else(|| Error::invalid("profile", "receipt_profile_unknown", "no such legal profile"))
}

/// In a profile's list of rates: any other rate, written `KHAC:` with two digits and two decimals.
pub const OTHER_RATES: &str = "KHAC:AB.CD%";

impl Profile {
    /// Whether the law of the day knows the rate.
    pub fn knows_rate(&self, rate: &VatRate) -> bool {
        let listed = &self.vat_rates.value.0;
        let is_other = matches!(rate, VatRate::Other(_)) && listed.contains(&OTHER_RATES);
        is_other || listed.contains(&rate.to_string().as_str())
    }

    pub fn accepts_template(&self, template: &str) -> bool {
        pattern::matches(self.template_pattern.value, template)
    }

    pub fn accepts_series(&self, series: &str) -> bool {
        pattern::matches(self.series_pattern.value, series)
    }

    /// Whether template and series have the form of this kind of document.
    ///
    /// # Errors
    /// `receipt_template_malformed`, `receipt_series_malformed`, `invoice_template_malformed`,
    /// `invoice_kind_unknown`, `invoice_series_malformed`, `invoice_series_coded`.
    pub fn accepts(&self, kind: DocumentKind, template: &str, series: &str) -> Result<()> {
        let Some(invoice) = kind.invoice() else {
            if !self.accepts_template(template) {
                let detail = "expected the form 01BLP0-001";
                return Err(Error::invalid("template", "receipt_template_malformed", detail));
            }
            if !self.accepts_series(series) {
                let detail = "expected the form BL-26E";
                return Err(Error::invalid("series", "receipt_series_malformed", detail));
            }
            return Ok(());
        };
        if !self.invoice_names.value.0.contains_key(&invoice.code()) {
            let detail = format!("{} knows no invoice of kind {}", self.name, invoice.code());
            return Err(Error::invalid("template", "invoice_kind_unknown", detail));
        }
        if template != invoice.code().to_string() {
            let detail = format!("expected {}, the KHMSHDon of {kind}", invoice.code());
            return Err(Error::invalid("template", "invoice_template_malformed", detail));
        }
        if !pattern::matches(self.invoice_series_pattern.value, series) {
            let detail = "expected the form K26TAA";
            return Err(Error::invalid("series", "invoice_series_malformed", detail));
        }
        if series.starts_with('C') {
            // A coded invoice is invalid without the tax authority's code, which this program does not fetch.
            let detail = "a series of coded invoices (C…); this program issues uncoded ones (K…)";
            return Err(Error::invalid("series", "invoice_series_coded", detail));
        }
        Ok(())
    }

    pub fn series_pattern_of(&self, kind: DocumentKind) -> &'static str {
        match kind.invoice() {
            None => self.series_pattern.value,
            Some(_) => self.invoice_series_pattern.value,
        }
    }

    /// The largest number a receipt series can reach.
    pub fn number_limit(&self) -> u32 {
        limit(self.number_digits.value)
    }

    /// The largest number a series of this kind can reach.
    pub fn number_limit_of(&self, kind: DocumentKind) -> u32 {
        match kind.invoice() {
            None => self.number_limit(),
            Some(_) => limit(self.invoice_number_digits.value),
        }
    }

    /// The form under which documents of these families are registered: only where nothing but invoices is
    /// registered, theirs.
    pub fn registration_form_of(&self, document_kinds: &[String]) -> &'static str {
        let is_invoice = |kind: &String| Family::of_kind(kind) == Some(Family::Invoice);
        if !document_kinds.is_empty() && document_kinds.iter().all(is_invoice) {
            return self.invoice_registration_form.value;
        }
        self.registration_form.value
    }

    /// `LBLai` of a receipt, and `LCTDT` in a notice about it.
    pub fn receipt_kind(&self, template: &str) -> Option<ReceiptKind> {
        let types = &self.receipt_types.value.0;
        let found = types.iter().find(|(prefix, _)| template.starts_with(*prefix));
        found.and_then(|(_, code)| ReceiptKind::of_code(*code))
    }

    /// The numbers under which messages go; 0 is none.
    pub fn messages(&self) -> [&Item<u32>; 6] {
        [
            &self.registration_message,
            &self.usage_report_message,
            &self.receipt_notice_message,
            &self.invoice_notice_message,
            &self.invoice_message,
            &self.integrated_invoice_message,
        ]
    }

    /// The answers and how each says yes and no.
    pub fn answers(&self) -> [&Item<Answer>; 5] {
        [
            &self.technical_answer,
            &self.correction_answer,
            &self.registration_received_answer,
            &self.registration_answer,
            &self.check_answer,
        ]
    }

    /// Items by name, for who decides by them.
    pub fn named(&self, names: &[&str]) -> Vec<Listed> {
        self.items().into_iter().filter(|item| names.contains(&item.item)).collect()
    }

    /// Which corrections a document of this kind allows, with the rule's mark.
    pub fn corrections(&self, kind: DocumentKind) -> &Item<Vec<Correction>> {
        match kind.invoice() {
            None => &self.receipt_corrections,
            Some(_) => &self.invoice_corrections,
        }
    }

    /// The rules by which a document of this kind is put right: as long as it stands, and after it ended here.
    pub fn rules_of_correcting(&self, kind: DocumentKind) -> [&Item<Vec<Correction>>; 2] {
        [self.corrections(kind), &self.withdrawn_invoices]
    }

    /// The name of the mapping that writes this kind of document.
    pub fn format_of(&self, kind: DocumentKind) -> &'static str {
        match kind.invoice() {
            None => self.format_version.value,
            Some(_) => self.invoice_format.value,
        }
    }
}

fn limit(digits: u32) -> u32 {
    10_u32.saturating_pow(digits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_on(day: &str) -> &'static str {
        for_day(day.parse().unwrap()).name
    }

    #[test]
    fn a_profile_that_does_not_read_ends_the_start_with_its_file() {
        let fault = sound(&load(&[("2027.toml", "name = ")])).unwrap_err();
        assert_eq!(fault.code(), "profile_faulty");
        assert!(fault.detail().starts_with("2027.toml"), "{}", fault.detail());
        assert!(sound(&load(&SHIPPED)).is_ok());
    }

    #[test]
    fn the_day_of_issue_chooses_the_law() {
        assert_eq!(name_on("2025-05-31"), "ND123-2.0.0");
        assert_eq!(name_on("2025-06-01"), "ND70-2.1.0");
        assert_eq!(name_on("2026-06-30"), "ND70-2.1.0");
        assert_eq!(name_on("2026-07-01"), "ND254-2.1.1");
        assert_eq!(name_on("2030-01-01"), "ND254-2.1.1");
        assert_eq!(name_on("2019-01-01"), "ND123-2.0.0");
    }

    #[test]
    fn invoices_are_registered_on_a_form_of_their_own() {
        let form = |kinds: &[&str]| {
            let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            newest().registration_form_of(&kinds)
        };
        assert_eq!(form(&["invoice"]), "01/ĐKTĐ-HĐĐT");
        assert_eq!([form(&["receipt"]), form(&["receipt", "invoice"]), form(&[])], ["01/ĐKTĐ-CTĐT"; 3]);
    }

    #[test]
    fn profiles_follow_each_other_without_gap_or_overlap() {
        for pair in all().windows(2) {
            assert_eq!(
                pair[0].valid_until.map(BusinessDay::next),
                Some(pair[1].valid_from),
                "{}",
                pair[0].name
            );
        }
        assert!(all().last().unwrap().valid_until.is_none());
    }

    #[test]
    fn a_profile_is_found_by_the_name_stored_with_a_receipt() {
        assert_eq!(by_name("ND70-2.1.0").unwrap().message_version.value, "2.1.0");
        assert_eq!(by_name("ND999").unwrap_err().code(), "receipt_profile_unknown");
    }

    #[test]
    fn every_profile_accepts_the_usual_template_and_series() {
        for profile in all() {
            assert!(
                profile.accepts_template("01BLP0-001") && profile.accepts_series("BL-26E"),
                "{}",
                profile.name
            );
            assert!(!profile.accepts_series("BL-26T"), "a self-printed paper series in {}", profile.name);
            assert_eq!(profile.number_limit(), 9_999_999);
        }
    }
}
