//! The tags without which a message is no statement, or only a part of one.

use crate::statement::balance::prove_balance;
use crate::statement::finding::{Finding, Findings, line_place};
use crate::statement::model::{Format, Statement};

use super::tag::Message;

/// Tells each tag that the standard asks for and the message has not.
pub(super) fn check_mandatory(
    statement: &Statement,
    message: &Message<'_>,
    (format, lacks_references): (Format, bool),
    findings: &mut Findings,
) {
    let first = line_place(message.first_line);
    let last = line_place(message.last_line);
    let has = |names: &[&str]| names.iter().any(|name| message.has(name));
    let missing = |at: &str, tag: &str| {
        Finding::new(
            at,
            "tag_missing",
            format!("Thiếu trường :{tag}:"),
            format!("the tag :{tag}: is missing"),
        )
    };
    let has_all_else = has(&["25", "25P"])
        && has(&["28", "28C"])
        && (!format.requires_balances() || (has(&["60F", "60M"]) && has(&["62F", "62M"])));
    if statement.id.is_none() {
        let finding = missing(&first, "20");
        // A bank that writes the tag and nothing in it has no references of its own.
        if (lacks_references || message.has("20")) && has_all_else {
            findings.warn(finding);
        } else {
            findings.error(finding);
        }
    }
    if statement.account.is_none() {
        findings.error(missing(&first, "25"));
    }
    if is_whole_without_number(statement, message) {
        findings.warn(missing(&first, "28C"));
    } else if statement.number.is_none() {
        findings.error(missing(&first, "28C"));
    }
    if !format.requires_balances() {
        return;
    }
    if !has(&["60F", "60M"]) {
        findings.error(missing(&first, "60F"));
    }
    if !has(&["62F", "62M"]) {
        findings.error(Finding::new(
            last,
            "closing_missing",
            "Thiếu số dư cuối kỳ :62F:; tệp có thể bị cắt cụt",
            "the closing balance :62F: is missing; the file may be cut off",
        ));
    }
}

/// Some banks send no number. What begins and ends with final balances has no other page, and where they prove the
/// lines none is missing.
pub(super) fn is_whole_without_number(statement: &Statement, message: &Message<'_>) -> bool {
    statement.number.is_none()
        && statement.id.is_some()
        && statement.account.is_some()
        && message.has("60F")
        && message.has("62F")
        && !message.has("60M")
        && !message.has("62M")
        && prove_balance(statement).is_none()
}
