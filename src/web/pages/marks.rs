//! The rules of the legal profile behind a form, each with the mark that says how sure it is, for whoever
//! approves by them.

use super::wording::Lang;
use crate::error::Result;
use crate::filing::Filing;
use crate::filing::mark::{self, Rule};

/// Each rule: what it is about, its value, its mark in words, where it comes from.
pub fn of_form(lang: Lang, form: &Filing) -> Result<Vec<String>> {
    Ok(mark::rules(form)?.iter().map(|rule| worded(lang, rule)).collect())
}

fn worded(lang: Lang, rule: &Rule) -> String {
    let about = key(rule.item).map_or(rule.item, |key| lang.t(key));
    format!("{about}: {} [{}] {} ({})", rule.value, rule.mark, lang.pick(rule.vi, rule.en), rule.source)
}

fn key(item: &str) -> Option<&'static str> {
    Some(match item {
        "registration_form" => "mark_registration_form",
        "registration_received_answer" => "mark_registration_received",
        "registration_answer" => "mark_registration_answer",
        "registration_message"
        | "usage_report_message"
        | "receipt_notice_message"
        | "invoice_notice_message"
        | "invoice_message"
        | "integrated_invoice_message" => "mark_message",
        "usage_report_form" => "mark_usage_form",
        "usage_report_release" => "mark_usage_release",
        "usage_report_head" => "mark_usage_head",
        "check_answer" => "mark_check_answer",
        "error_notice_form" | "invoice_error_notice_form" => "mark_notice_form",
        "receipt_corrections" | "invoice_corrections" => "mark_corrections",
        "withdrawn_invoices" => "mark_withdrawn_invoices",
        "receipt_types" => "mark_receipt_types",
        "correction_answer" => "mark_correction_answer",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_with_its_mark_and_its_source() {
        let rule = Rule {
            item: "usage_report_form",
            value: "BC26/BLĐT".into(),
            mark: "P",
            vi: "đề xuất của phần mềm",
            en: "our own proposal",
            source: "none",
        };
        assert_eq!(worded(Lang::Vi, &rule), "Mẫu báo cáo: BC26/BLĐT [P] đề xuất của phần mềm (none)");
        assert_eq!(key("not an item"), None);
    }
}
