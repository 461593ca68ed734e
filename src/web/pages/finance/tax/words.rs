//! What the ledger of messages keeps as codes, in words.

use crate::filing::rules::State;
use crate::filing::{self, code};
use crate::web::pages::wording::Lang;

/// A message's state and its tone.
pub(in crate::web::pages) fn message_state(lang: Lang, state: State) -> (&'static str, &'static str) {
    let (key, tone) = match state {
        State::Queued => ("message_queued", "wait"),
        State::Sending => ("message_sending", "wait"),
        State::Unknown => ("message_unknown", "wait"),
        State::Delivered => ("message_delivered", "wait"),
        State::Answered => ("message_answered", "done"),
        State::Refused => ("message_refused", "late"),
        State::Halted => ("message_halted", "late"),
    };
    (lang.t(key), tone)
}

/// A form's state and its tone.
pub(in crate::web::pages) fn form_state(lang: Lang, state: filing::State) -> (&'static str, &'static str) {
    use filing::State;
    let (key, tone) = match state {
        State::Requested => ("form_requested", "wait"),
        State::Withdrawn => ("form_withdrawn", "gone"),
        State::Drafted => ("form_drafted", "wait"),
        State::Signed => ("form_signed", "wait"),
        State::Sent => ("form_sent", "wait"),
        State::Received => ("form_received", "wait"),
        State::Accepted => ("form_accepted", "done"),
        State::Refused => ("form_refused", "late"),
    };
    (lang.t(key), tone)
}

/// What happened to a message; the stored word where nobody worded it.
pub(in crate::web::pages) fn event(lang: Lang, kind: &str) -> String {
    let key = match kind {
        "queued" => "message_event_queued",
        "sending" => "message_event_sending",
        "sent" => "message_event_sent",
        "unreachable" => "message_event_unreachable",
        "answer_lost" => "message_event_answer_lost",
        "rejected" => "message_event_rejected",
        "resend_rejected" => "message_event_resend_rejected",
        "asking_rejected" => "message_event_asking_rejected",
        "found" => "message_event_found",
        "not_found" => "message_event_not_found",
        "not_answered" => "message_event_not_answered",
        "asked" => "message_event_asked",
        "no_longer_known" => "message_event_no_longer_known",
        "released" => "message_event_released",
        "asked_again" => "message_event_asked_again",
        "filed_by_hand" => "message_event_filed_by_hand",
        "answered" => "message_answered",
        "refused" => "message_refused",
        other => return other.to_owned(),
    };
    lang.t(key).to_owned()
}

/// What happened to a form; the stored word where nobody worded it.
pub(in crate::web::pages) fn form_event(lang: Lang, kind: &str) -> String {
    let key = match kind {
        "requested" => "form_requested",
        "withdrawn" => "form_withdrawn",
        "drafted" => "form_event_drafted",
        "approved" => "form_event_approved",
        "signed" => "form_event_signed",
        "sent" => "form_sent",
        "received" => "form_received",
        "accepted" => "form_accepted",
        "accepted_by_hand" => "form_event_accepted_by_hand",
        "acceptance_held" => "form_event_acceptance_held",
        "superseded" => "form_event_superseded",
        "refused" => "form_refused",
        "asked_again" => "message_event_asked_again",
        "unclear" => "form_event_unclear",
        other => return other.to_owned(),
    };
    lang.t(key).to_owned()
}

/// The number of a kind of message with its name, and the mark that says how sure the number is.
pub(super) fn kind(lang: Lang, number: i32) -> String {
    match code::of(number) {
        Some(known) => format!("{number} {} [{}]", lang.pick(known.vi, known.en), known.certainty.mark()),
        None => number.to_string(),
    }
}

/// What an answer says, and its tone.
pub(in crate::web::pages) fn verdict(lang: Lang, verdict: &str) -> (&'static str, &'static str) {
    let (key, tone) = match verdict {
        "accepted" => ("answer_accepted", "done"),
        "refused" => ("answer_refused", "late"),
        _ => ("answer_unclear", "wait"),
    };
    (lang.t(key), tone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_messages_and_forms_has_words_of_its_own_in_both_languages() {
        for lang in [Lang::Vi, Lang::En] {
            let mut seen = Vec::new();
            seen.extend(State::ALL.map(|state| message_state(lang, state).0));
            assert!(seen.iter().all(|words| *words != "…"), "{seen:?}");
            let count = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), count, "{seen:?}");
        }
        assert_eq!(kind(Lang::Vi, 999), "999 Phản hồi kỹ thuật [V]");
        assert_eq!(event(Lang::En, "nobody worded it"), "nobody worded it");
    }
}
