//! How sure the rules are by which a form was made: whoever approves it sees their marks.

use serde::Serialize;

use super::{Filing, Kind};
use crate::error::Result;
use crate::receipt::profile::{self, Certainty};

/// A rule of the legal profile behind a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub item: &'static str,
    pub value: String,
    /// `V`, `V2`, `M` or `P`.
    pub mark: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub source: &'static str,
}

/// The rules behind a form, in the order of the profile.
///
/// # Errors
/// `receipt_profile_unknown`.
pub fn rules(filing: &Filing) -> Result<Vec<Rule>> {
    let profile = profile::by_name(&filing.profile)?;
    let items: &[&str] = match filing.kind {
        Kind::Registration => &[
            "registration_form",
            "registration_message",
            "registration_received_answer",
            "registration_answer",
        ],
        Kind::UsageReport => &[
            "usage_report_form",
            "usage_report_message",
            "usage_report_release",
            "receipt_types",
            "usage_report_head",
            "check_answer",
        ],
        Kind::ErrorNotice if filing.form == profile.error_notice_form.value => &[
            "error_notice_form",
            "receipt_notice_message",
            "receipt_corrections",
            "receipt_types",
            "correction_answer",
        ],
        Kind::ErrorNotice => &[
            "invoice_error_notice_form",
            "invoice_notice_message",
            "invoice_corrections",
            "withdrawn_invoices",
            "correction_answer",
        ],
        Kind::Invoice => &["invoice_message", "integrated_invoice_message", "check_answer"],
    };
    let rule = |listed: profile::Listed| {
        let (vi, en) = Certainty::of_mark(listed.mark).words();
        let profile::Listed { item, value, mark, source } = listed;
        Rule { item, value, mark, vi, en, source }
    };
    Ok(profile.named(items).into_iter().map(rule).collect())
}
