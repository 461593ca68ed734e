//! Decisions about messages, without database or network.

use super::{Channel, State};
use crate::clock::Instant;
use crate::party::Payer;

use super::address;

/// The longest wait between two attempts.
const LONGEST_WAIT_S: i64 = 4 * 3_600;

/// Where a receipt's message goes. The receipt itself must reach the payer (that needs no consent):
/// by e-mail where there is an address, else by SMS. An SMS beside the e-mail is a courtesy and
/// needs consent. Empty when there is no address: the look-up code stands on the payer's page.
pub fn recipients(payer: &Payer, has_consented: bool) -> Vec<(Channel, String)> {
    let email = address_of(payer, Channel::Email);
    let mobile = address_of(payer, Channel::Sms);
    let mut found = Vec::new();
    if let (Some(mobile), true) = (mobile, email.is_none() || has_consented) {
        found.push((Channel::Sms, mobile));
    }
    if let Some(email) = email {
        found.insert(0, (Channel::Email, email));
    }
    found
}

/// Where a payer is reached by this way.
pub fn address_of(payer: &Payer, channel: Channel) -> Option<String> {
    match channel {
        Channel::Email => payer.email.as_deref().and_then(address::email),
        Channel::Sms => payer.phone.as_deref().and_then(address::mobile),
        Channel::Lookup => None,
    }
}

/// When the attempt after this one is due: the first wait doubled each time, at most four hours,
/// a quarter shorter or longer by chance so that a server that came back is not overrun.
pub fn next_attempt(now: Instant, first_wait_s: u32, attempts: u32, chance: u8) -> Instant {
    let doubled = i64::from(first_wait_s).saturating_mul(1 << attempts.saturating_sub(1).min(20));
    let wait_ms = doubled.min(LONGEST_WAIT_S) * 1_000;
    let spread_ms = wait_ms / 2 * i64::from(chance) / 255;
    Instant::from_ms(now.ms() + wait_ms - wait_ms / 4 + spread_ms)
}

/// What a try led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken over; the other side's own name for it.
    Accepted { reference: Option<String> },
    /// No use trying again: the recipient does not exist or refuses.
    Refused { code: String },
    /// Certainly not taken, for a reason that may pass.
    Unavailable { code: String },
    /// Perhaps taken: the answer was lost.
    Unknown { code: String },
    /// It cannot be made, for instance because the personal data was erased.
    Impossible { code: String },
    /// What it tells is no longer so.
    Outdated { code: String },
}

/// What becomes of a message after an answer: its event and state, and whether to wait.
pub fn after(channel: Channel, answer: &Answer, attempts: u32, attempt_limit: u32) -> (&'static str, State) {
    match answer {
        Answer::Accepted { .. } => ("sent", State::Sent),
        Answer::Refused { .. } if channel == Channel::Email => ("bounced", State::Bounced),
        Answer::Refused { .. } | Answer::Impossible { .. } => ("refused", State::Failed),
        Answer::Outdated { .. } => ("outdated", State::GivenUp),
        // The event says it the last time too: the message may be there.
        Answer::Unknown { .. } if attempts >= attempt_limit => ("answer_lost", State::GivenUp),
        Answer::Unavailable { .. } if attempts >= attempt_limit => ("given_up", State::GivenUp),
        Answer::Unavailable { .. } => ("put_off", State::Waiting),
        Answer::Unknown { .. } => ("answer_lost", State::Waiting),
    }
}

/// Whether a message may have reached its recipient: it is being sent now, was taken over once, or was given
/// away without an answer. One that came back, was refused or only waited has not.
pub fn may_have_left<'a>(state: State, mut events: impl Iterator<Item = &'a str>) -> bool {
    match state {
        State::Sending | State::Sent | State::Delivered => true,
        State::Bounced | State::Failed | State::NoAddress => false,
        State::Waiting | State::GivenUp => events.any(|kind| matches!(kind, "sent" | "answer_lost")),
    }
}

/// The operator that has a message, by what happened to it (event, by whom): the last it was given to, or that took
/// it. What another one says became of it is not its to say.
pub fn holder<'a>(events: impl DoubleEndedIterator<Item = (&'a str, Option<&'a str>)>) -> Option<&'a str> {
    events.rev().find(|(kind, _)| matches!(*kind, "given" | "sent")).and_then(|(_, via)| via)
}

/// What is to be done with a message by one of several operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Give it to this operator.
    Send(usize),
    /// This operator may have it: ask before anybody else gets it.
    Ask(usize),
}

/// What an operator did with the message so far, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// It was given to this operator and no answer is stored: the process died, or the answer was lost.
    Open(usize),
    /// This operator has certainly not taken it.
    NotTaken(usize),
}

/// The next step: an operator that may have the message is asked; else the operators take turns,
/// beginning with the first.
pub fn next_step(past: &[Past], operators: usize) -> Step {
    match past.last() {
        Some(Past::Open(at)) if *at < operators => Step::Ask(*at),
        Some(Past::NotTaken(at)) => Step::Send((at + 1) % operators.max(1)),
        _ => Step::Send(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payer(email: Option<&str>, phone: Option<&str>) -> Payer {
        Payer { email: email.map(str::to_owned), phone: phone.map(str::to_owned), ..Payer::default() }
    }

    #[test]
    fn a_receipt_goes_by_mail_else_by_sms_and_by_both_only_with_consent() {
        let of = |email, phone, consent| {
            recipients(&payer(email, phone), consent)
                .into_iter()
                .map(|(channel, _)| channel)
                .collect::<Vec<_>>()
        };
        let (mail, phone) = (Some("mau@example.vn"), Some("0900000001"));
        assert_eq!(of(mail, phone, false), [Channel::Email]);
        assert_eq!(of(mail, phone, true), [Channel::Email, Channel::Sms]);
        assert_eq!(of(None, phone, false), [Channel::Sms]);
        assert_eq!(of(Some("mau"), Some("02438000000"), true), []);
    }

    #[test]
    fn a_message_may_have_left_when_it_was_taken_over_or_its_answer_was_lost() {
        let left = |state, events: &[&str]| may_have_left(state, events.iter().copied());
        assert!(left(State::Sending, &["enqueued", "claimed"]));
        assert!(left(State::Sent, &["enqueued", "sent"]) && left(State::Delivered, &["sent", "delivered"]));
        assert!(
            left(State::Waiting, &["enqueued", "sent", "bounced", "retried"]),
            "sent again after a bounce"
        );
        assert!(left(State::Waiting, &["enqueued", "answer_lost", "put_off"]));
        assert!(left(State::GivenUp, &["enqueued", "answer_lost", "given_up"]));
        assert!(!left(State::Waiting, &["enqueued", "put_off"]), "the server was away");
        assert!(!left(State::GivenUp, &["enqueued", "put_off", "given_up"]));
        for never in [State::Bounced, State::Failed, State::NoAddress] {
            assert!(!left(never, &["enqueued"]), "{never:?}");
        }
    }

    #[test]
    fn waits_double_up_to_four_hours_and_differ_by_chance() {
        let now = Instant::from_ms(1_800_000_000_000);
        let wait = |attempts, chance| next_attempt(now, 30, attempts, chance).seconds_since(now);
        assert_eq!((wait(1, 0), wait(1, 255)), (22, 37));
        assert_eq!(wait(2, 128), 60);
        assert_eq!(wait(60, 255), 18_000);
        assert!((1..200).all(|attempts| wait(attempts, 7) <= 18_000));
    }

    #[test]
    fn the_next_operator_gets_a_message_only_when_the_one_before_has_not_taken_it() {
        assert_eq!(next_step(&[], 2), Step::Send(0));
        assert_eq!(next_step(&[Past::Open(0)], 2), Step::Ask(0), "a lost answer is asked for");
        assert_eq!(next_step(&[Past::Open(0), Past::NotTaken(0)], 2), Step::Send(1));
        assert_eq!(next_step(&[Past::NotTaken(0), Past::NotTaken(1)], 2), Step::Send(0));
        assert_eq!(next_step(&[Past::NotTaken(0)], 1), Step::Send(0));
        assert_eq!(next_step(&[Past::Open(3)], 2), Step::Send(0), "an operator that was taken off the list");
    }

    #[test]
    fn the_operator_that_has_a_message_is_the_last_that_got_it() {
        let of = |events: &[(&'static str, Option<&'static str>)]| holder(events.iter().copied());
        let (first, second) = (Some("op0"), Some("op1"));
        assert_eq!(of(&[("enqueued", None), ("claimed", None)]), None, "nobody was given it");
        let given = [("given", first), ("not_taken", first), ("given", second)];
        assert_eq!(of(&given), second, "before its answer is stored");
        assert_eq!(of(&[&given[..], &[("sent", second), ("asked_again", None)]].concat()), second);
        assert_eq!(of(&[("given", first), ("answer_lost", first)]), first, "it may have it");
    }

    #[test]
    fn a_refused_recipient_is_a_bounce_and_a_failing_server_is_tried_again_until_the_limit() {
        let refused = Answer::Refused { code: "550 5.1.1".into() };
        let down = Answer::Unavailable { code: "connection".into() };
        assert_eq!(after(Channel::Email, &refused, 1, 24), ("bounced", State::Bounced));
        assert_eq!(after(Channel::Sms, &refused, 1, 24), ("refused", State::Failed));
        assert_eq!(after(Channel::Email, &down, 23, 24), ("put_off", State::Waiting));
        assert_eq!(after(Channel::Email, &down, 24, 24), ("given_up", State::GivenUp));
        let lost = Answer::Unknown { code: "timeout".into() };
        assert_eq!(after(Channel::Email, &lost, 23, 24), ("answer_lost", State::Waiting));
        assert_eq!(after(Channel::Email, &lost, 24, 24), ("answer_lost", State::GivenUp));
    }
}
