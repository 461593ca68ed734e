//! Stored words of the program (states, kinds, directions) as lists say them in the reader's language.

use super::exceptions::OWNERS;
use crate::exception::Kind;
use crate::reconciliation::classification::Class;
use crate::report::list::List;
use crate::web::pages::wording::Lang;

/// The words of a stored value; the value itself where it has none.
pub(super) fn words(lang: Lang, list: List, value: &str) -> String {
    if list.name() == "lines"
        && let Ok(class) = Class::parse(value)
    {
        return lang.pick(class.vi(), class.en()).to_owned();
    }
    let owner = OWNERS.iter().find(|(role, _)| *role == value).map(|(_, key)| *key);
    let of_budget = match (list.name(), value) {
        ("remittances", "claim") => Some("value_claim_of_budget"),
        // What another list calls so is another thing there.
        ("notifications", "sent") => Some("value_message_sent"),
        ("tax_messages", "unknown") => Some("value_answer_unknown"),
        ("tax_messages", "refused") => Some("value_tax_refused"),
        ("versions", "accepted") => Some("value_version_accepted"),
        ("provisional_slips", "settled") => Some("value_slip_settled"),
        _ => None,
    };
    match of_budget.or(owner).or_else(|| key(value)) {
        Some(key) => lang.t(key).to_owned(),
        None => value.to_owned(),
    }
}

/// What lists and their files say of an exception in Vietnamese, its kind and its next step, in English.
pub(super) fn in_english(text: &str) -> Option<&'static str> {
    Kind::all().find_map(|kind| match text {
        _ if kind.title_vi() == text => Some(kind.title_en()),
        _ if kind.next_step_vi() == text => Some(kind.next_step_en()),
        _ => None,
    })
}

/// The words of a stored value that stands in no list.
pub(in crate::web::pages) fn value(lang: Lang, value: &str) -> String {
    key(value).map_or_else(|| value.to_owned(), |key| lang.t(key).to_owned())
}

/// What a line was posted as, in words.
pub(super) fn case(lang: Lang, name: &str) -> String {
    let key = match name {
        "proof" => "case_proof",
        "same_money" => "case_same_money",
        "credit" => "case_credit",
        "bank_fee" => "case_bank_fee",
        "interest" => "case_interest",
        "reversal" => "case_reversal",
        "pos_batch" => "case_pos_batch",
        "lump_sum" => "case_lump_sum",
        "unknown_credit" => "case_unknown_credit",
        "unknown_debit" => "case_unknown_debit",
        "withdrawal" => "case_withdrawal",
        "taken_over" => "case_taken_over",
        other => return other.to_owned(),
    };
    lang.t(key).to_owned()
}

fn key(value: &str) -> Option<&'static str> {
    Some(match value {
        "raised" => "value_raised",
        "partly_paid" => "value_partly_paid",
        "paid" => "value_paid",
        "reopened" => "value_reopened",
        "cancelled" => "value_cancelled",
        "waived" => "value_waived",
        "expected" => "value_expected",
        "proven" => "value_proven",
        "disproven" => "value_disproven",
        "reversed" => "value_reversed",
        "same_as" => "value_same_as",
        "claimed" => "value_claimed",
        "numbered" => "value_numbered",
        "signed" => "value_signed",
        "replaced" => "value_replaced",
        "adjusted" => "value_adjusted",
        "requested" => "value_requested",
        "approved" => "value_approved",
        "refused" => "value_refused",
        "withdrawal_requested" => "value_withdrawal_requested",
        "withdrawn" => "value_withdrawn",
        "loading" => "value_loading",
        "ready" => "value_ready",
        "abandoned" => "value_abandoned",
        "open" => "value_open",
        "proposed" => "value_proposed",
        "resolved" => "value_resolved",
        "sent" => "value_sent",
        "debited" => "value_debited",
        "bounced" => "value_bounced",
        "in_use" => "value_in_use",
        "counted" => "value_counted",
        "closed" => "value_closed",
        "in_transit" => "value_in_transit",
        "short" => "value_short",
        "credited" => "value_credited",
        "drafted" => "value_drafted",
        "settled" => "value_settled",
        "rejected" => "value_rejected",
        "returned" => "value_returned",
        "credit" => "value_credit",
        "debit" => "value_debit",
        "advises" => "value_advises",
        "settles" => "value_settles",
        "cash" => "value_cash",
        "card" => "value_card",
        "transfer" => "value_transfer",
        "receipt" => "value_receipt",
        "invoice" => "value_invoice",
        "replace" => "value_replace",
        "adjust" => "value_adjust",
        "cancel" => "value_cancel",
        "treasury" => "value_treasury",
        "kept" => "value_kept",
        "movement" => "value_movement",
        "line" => "value_line",
        "obligation" => "value_obligation",
        "payment" => "value_payment",
        "claim" => "value_claim",
        "statement" => "value_statement",
        "file_part" => "value_file_part",
        "series" => "value_series",
        "batch" => "value_batch",
        "shift" => "value_shift",
        "slip" => "value_slip",
        "remittance" => "value_remittance",
        "settlement" => "value_settlement",
        "received" => "value_received",
        "accepted" => "value_accepted",
        "awaited" => "value_awaited",
        "unknown" => "value_unknown",
        "amount_differs" => "value_amount_differs",
        "sale" => "value_sale",
        "chargeback" => "value_chargeback",
        "in_force" => "value_in_force",
        "unit" => "value_of_unit",
        "city" => "value_of_city",
        "shipped" => "value_shipped",
        "unresolved" => "tab_unresolved",
        "queued" => "value_queued",
        "running" => "value_running",
        "done" => "value_done",
        "known" => "inbox_known",
        "failed" => "value_failed",
        "applied" => "value_applied",
        "held" => "value_held",
        "dismissed" => "value_dismissed",
        "repaired" => "value_repaired",
        "discarded" => "value_discarded",
        "superseded" => "value_superseded",
        "closed_again" => "value_closed_again",
        "offered" => "value_offered",
        "declined" => "value_declined",
        "ended" => "value_ended",
        "printed" => "value_printed",
        "entered" => "value_entered",
        "spoiled" => "value_spoiled",
        "waiting" => "value_waiting",
        "sending" => "value_sending",
        "delivered" => "value_delivered",
        "given_up" => "value_given_up",
        "no_address" => "value_no_address",
        "answered" => "value_answered",
        "halted" => "value_halted",
        "added" => "value_added",
        "gone" => "value_gone",
        "changed" => "value_changed",
        "planned" => "phase_planned",
        "stopped" => "phase_stopped",
        "exhausted" => "phase_exhausted",
        "float" => "value_float",
        "closing" => "value_closing",
        "money_unknown" => "value_money_unknown",
        "claim_unproven" => "value_claim_unproven",
        "both" => "value_both",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_every_list_has_words_in_both_languages() {
        for list in List::all() {
            for state in list.states() {
                let (vi, en) = (words(Lang::Vi, list, state), words(Lang::En, list, state));
                assert!(key(state).is_some() && vi != "…" && en != "…", "{} {state}", list.name());
                assert_ne!(vi, en, "{} {state}", list.name());
            }
        }
    }

    #[test]
    fn what_nobody_worded_is_shown_as_it_is() {
        let receipts = List::parse("receipts").unwrap();
        assert_eq!(words(Lang::Vi, receipts, "signed"), "đã ký");
        assert_eq!(words(Lang::En, receipts, "signed"), "signed");
        assert_eq!(words(Lang::Vi, receipts, "vpbank"), "vpbank");
    }
}
