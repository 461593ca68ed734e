//! Legal profiles: what the law in force on a day asks of a receipt, as data.
//!
//! Every item carries how sure we are of it, because parts of the law could be read only in
//! quotations: an uncertain item is corrected here without touching code.

use chrono::NaiveDate;

use super::pattern;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::text::words::Wording;

/// How well an item of a profile is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Read in the legal or technical text, or measured on real documents.
    Verified,
    /// Read in somebody else's restatement of it.
    SecondHand,
    /// From memory; not to be presented as law.
    FromMemory,
    /// Our own decision where no public rule exists.
    OwnProposal,
}

impl Certainty {
    /// The stable word, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Verified => "verified",
            Certainty::SecondHand => "second_hand",
            Certainty::FromMemory => "from_memory",
            Certainty::OwnProposal => "own_proposal",
        }
    }
}

/// A value with its certainty and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Item<T> {
    pub value: T,
    pub certainty: Certainty,
    pub source: &'static str,
}

/// Whether phí and lệ phí of one payment stand on one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeesAndCharges {
    OnOneDocument,
    Apart,
}

/// Which ways of correcting a receipt the law of the day knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrections {
    pub replace: bool,
    pub adjust: bool,
    pub cancel: bool,
}

/// The rules for receipts issued from `valid_from` to `valid_until`, both included.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: &'static str,
    pub valid_from: BusinessDay,
    /// None while the profile is the newest.
    pub valid_until: Option<BusinessDay>,
    pub legal_basis: Item<&'static str>,
    /// `PBan` of our own receipt format; never one of the tax authority's version numbers, because
    /// those define no receipt of fees.
    pub format_version: Item<&'static str>,
    /// The tax authority's data version for registration, reports and error notices.
    pub message_version: Item<&'static str>,
    /// `TBLai`.
    pub title: Item<&'static str>,
    /// Pattern of the template code (ký hiệu mẫu), in the subset of `pattern`.
    pub template_pattern: Item<&'static str>,
    /// Pattern of the series (ký hiệu).
    pub series_pattern: Item<&'static str>,
    /// The most digits a number may have; numbers start at 1 each year.
    pub number_digits: Item<u32>,
    pub wording: Item<Wording>,
    pub fees_and_charges: Item<FeesAndCharges>,
    pub usage_report_form: Item<&'static str>,
    pub error_notice_form: Item<&'static str>,
    pub corrections: Item<Corrections>,
    pub registration_form: Item<&'static str>,
}

const fn day(year: i32, month: u32, day: u32) -> BusinessDay {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => BusinessDay(date),
        None => panic!("a legal profile names a day that does not exist"),
    }
}

const fn verified<T>(value: T, source: &'static str) -> Item<T> {
    Item { value, certainty: Certainty::Verified, source }
}

const fn second_hand<T>(value: T, source: &'static str) -> Item<T> {
    Item { value, certainty: Certainty::SecondHand, source }
}

const fn from_memory<T>(value: T, source: &'static str) -> Item<T> {
    Item { value, certainty: Certainty::FromMemory, source }
}

const fn proposed<T>(value: T, source: &'static str) -> Item<T> {
    Item { value, certainty: Certainty::OwnProposal, source }
}

const NO_FORMAT: &str = "no public data format for a receipt of fees exists; ours can be replaced";
const TITLE: &str = "Biên lai thu phí, lệ phí";
const TITLE_SOURCE: &str = "Decree 123/2020/NĐ-CP art. 32.2a";
const TEMPLATE: &str = r"^0[12]BLP0-\d{3}$";
const SERIES: &str = r"^[A-Z]{2}-\d{2}E$";
const SHAPE_SOURCE: &str = "shape in public code; Decree 123/2020/NĐ-CP art. 32.2b";
const NUMBER_SOURCE: &str = "Decree 123/2020/NĐ-CP art. 32.2c";
const ALL_CORRECTIONS: Corrections = Corrections { replace: true, adjust: true, cancel: true };
const CORRECTION_SOURCE: &str = "no readable article on wrong receipts; the invoice's rules by analogy, and the \
     usage report counts cancelled numbers";
const APART_SOURCE: &str = "the receipt kind covers both; no rule asks for two documents";

static PROFILES: [Profile; 3] = [
    Profile {
        name: "ND123-2.0.0",
        valid_from: day(2022, 7, 1),
        valid_until: Some(day(2025, 5, 31)),
        legal_basis: verified(
            "Nghị định 123/2020/NĐ-CP; Quyết định 1450/QĐ-TCT",
            "text of both; the first day is from memory",
        ),
        format_version: proposed("BL-1.0", NO_FORMAT),
        message_version: verified("2.0.0", "Decision 1450/QĐ-TCT"),
        title: verified(TITLE, TITLE_SOURCE),
        template_pattern: verified(TEMPLATE, SHAPE_SOURCE),
        series_pattern: verified(SERIES, SHAPE_SOURCE),
        number_digits: verified(7, NUMBER_SOURCE),
        wording: verified(Wording::STANDARD, "accepted signed invoices"),
        fees_and_charges: proposed(FeesAndCharges::OnOneDocument, APART_SOURCE),
        usage_report_form: from_memory("BC26/BLĐT", "the older decree names the same form"),
        error_notice_form: from_memory("04/SS-HĐĐT", "no form for receipts of its own before 2.1.0"),
        corrections: proposed(ALL_CORRECTIONS, CORRECTION_SOURCE),
        registration_form: second_hand("01/ĐK-BL", "replaced by 01/ĐKTĐ-CTĐT in 2.1.0"),
    },
    Profile {
        name: "ND70-2.1.0",
        valid_from: day(2025, 6, 1),
        valid_until: Some(day(2026, 6, 30)),
        legal_basis: verified(
            "Nghị định 70/2025/NĐ-CP; Thông tư 32/2025/TT-BTC; Quyết định 1271/QĐ-CT",
            "text of the decision; the decree in quotations",
        ),
        format_version: proposed("BL-1.0", NO_FORMAT),
        message_version: verified("2.1.0", "Decision 1271/QĐ-CT"),
        title: verified(TITLE, TITLE_SOURCE),
        template_pattern: verified(TEMPLATE, SHAPE_SOURCE),
        series_pattern: verified(SERIES, SHAPE_SOURCE),
        number_digits: verified(7, NUMBER_SOURCE),
        wording: verified(Wording::STANDARD, "accepted signed invoices"),
        fees_and_charges: proposed(FeesAndCharges::OnOneDocument, APART_SOURCE),
        usage_report_form: verified("BC26/BLĐT", "the tax authority's stylesheet"),
        error_notice_form: verified("04/SS-CTĐT", "the tax authority's stylesheet"),
        corrections: proposed(ALL_CORRECTIONS, CORRECTION_SOURCE),
        registration_form: verified("01/ĐKTĐ-CTĐT", "the tax authority's stylesheet"),
    },
    Profile {
        name: "ND254-2.1.1",
        valid_from: day(2026, 7, 1),
        valid_until: None,
        legal_basis: second_hand(
            "Nghị định 254/2026/NĐ-CP; Thông tư 91/2026/TT-BTC",
            "quoted in public code; articles 17 to 20 of the circular (receipts) unread",
        ),
        format_version: proposed("BL-1.0", NO_FORMAT),
        message_version: second_hand("2.1.1", "emitted by software of 2026"),
        title: verified(TITLE, TITLE_SOURCE),
        template_pattern: from_memory(TEMPLATE, "annex I of Circular 91/2026/TT-BTC unread"),
        series_pattern: from_memory(SERIES, "annex I of Circular 91/2026/TT-BTC unread"),
        number_digits: from_memory(7, "assumed unchanged"),
        wording: verified(Wording::STANDARD, "accepted signed invoices"),
        fees_and_charges: proposed(FeesAndCharges::OnOneDocument, APART_SOURCE),
        usage_report_form: from_memory("BC26/BLĐT", "annex III of Circular 91/2026/TT-BTC unread"),
        error_notice_form: from_memory("04/SS-CTĐT", "annex III of Circular 91/2026/TT-BTC unread"),
        corrections: proposed(ALL_CORRECTIONS, CORRECTION_SOURCE),
        registration_form: from_memory("01/ĐKTĐ-CTĐT", "annex III of Circular 91/2026/TT-BTC unread"),
    },
];

/// The profile in force on a day of issue. Days before the first profile get the first one: the
/// program issues nothing there, it only has to read.
pub fn for_day(day: BusinessDay) -> &'static Profile {
    let [first, ..] = &PROFILES;
    PROFILES.iter().rev().find(|profile| profile.valid_from <= day).unwrap_or(first)
}

/// The profile stored beside a receipt.
///
/// # Errors
/// `receipt_profile_unknown` for a name that no profile has.
pub fn by_name(name: &str) -> Result<&'static Profile> {
    PROFILES
        .iter()
        .find(|profile| profile.name == name)
        .ok_or_else(|| Error::invalid("profile", "receipt_profile_unknown", "no such legal profile"))
}

/// All profiles, oldest first.
pub fn all() -> &'static [Profile] {
    &PROFILES
}

impl Profile {
    pub fn accepts_template(&self, template: &str) -> bool {
        pattern::matches(self.template_pattern.value, template)
    }

    pub fn accepts_series(&self, series: &str) -> bool {
        pattern::matches(self.series_pattern.value, series)
    }

    /// The largest number a series can reach.
    pub fn number_limit(&self) -> u32 {
        10_u32.saturating_pow(self.number_digits.value) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_on(day: &str) -> &'static str {
        for_day(day.parse().unwrap()).name
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
