//! How a message goes on after what happened to it (pure).

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// In the hands of a courier, until its lease ends.
    Sending,
    /// It may have arrived: the authority is asked before it is sent again.
    Unknown,
    /// The authority has it; answers are awaited.
    Delivered,
    /// The last answer came.
    Answered,
    Refused,
    /// A person must look: the way to the authority refuses it.
    Halted,
}

impl State {
    pub const ALL: [State; 7] = [
        State::Queued,
        State::Sending,
        State::Unknown,
        State::Delivered,
        State::Answered,
        State::Refused,
        State::Halted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sending => "sending",
            State::Unknown => "unknown",
            State::Delivered => "delivered",
            State::Answered => "answered",
            State::Refused => "refused",
            State::Halted => "halted",
        }
    }
}

/// What came of sending or asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The authority has the message; its answers so far.
    Known(Vec<Vec<u8>>),
    /// The authority does not have it.
    NotKnown,
    /// Nothing was sent: no name, no connection, no handshake.
    Unreachable(String),
    /// Something was sent and no answer came.
    Lost(String),
    /// The way to the authority refused it for good: wrong credentials, wrong form.
    Rejected(String),
}

/// The next state, the word for the event, and in how many seconds to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    pub state: State,
    pub event: &'static str,
    pub after_s: i64,
}

/// A message that may still be on its way is not asked for at once.
pub const SETTLE_S: i64 = 30;
/// How long a courier may hold a message.
pub const LEASE_S: i64 = 180;

/// The event of a message that was rejected when it came again.
pub const RESEND_REJECTED: &str = "resend_rejected";
/// The events that say whether the authority has a message.
pub const TELLING: [&str; 4] = ["sent", "found", "asked", RESEND_REJECTED];

const BACKOFF_FIRST_S: i64 = 5;
const BACKOFF_LIMIT_S: i64 = 900;
const POLL_FIRST_S: i64 = 15;

/// Doubles with each attempt up to fifteen minutes, a quarter more or less by chance.
pub fn backoff_s(attempts: i32, chance: u8) -> i64 {
    spread(BACKOFF_FIRST_S << attempts.clamp(0, 8).unsigned_abs(), chance)
}

/// How long to wait before asking for answers again.
pub fn poll_s(asked: i32, chance: u8) -> i64 {
    spread(POLL_FIRST_S << asked.clamp(0, 6).unsigned_abs(), chance)
}

fn spread(seconds: i64, chance: u8) -> i64 {
    let full = seconds.min(BACKOFF_LIMIT_S);
    full * 3 / 4 + full * i64::from(chance) / 512
}

/// After sending. Where an earlier sending may have arrived (`may_be_there`), that the message is rejected now says
/// nothing of that one: the authority may have it, and is asked for its answer. Its form does not count as sent until
/// the authority says that it has it.
pub fn after_sending(attempts: i32, may_be_there: bool, outcome: &Outcome, chance: u8) -> Next {
    let wait = backoff_s(attempts, chance);
    match outcome {
        Outcome::Known(_) => next(State::Delivered, "sent", poll_s(0, chance)),
        Outcome::Unreachable(_) => next(State::Queued, "unreachable", wait),
        Outcome::Lost(_) | Outcome::NotKnown => next(State::Unknown, "answer_lost", wait.max(SETTLE_S)),
        Outcome::Rejected(_) if may_be_there => next(State::Delivered, RESEND_REJECTED, poll_s(0, chance)),
        Outcome::Rejected(_) => next(State::Halted, "rejected", 0),
    }
}

/// After asking for a message whose sending was left in doubt.
pub fn after_asking(attempts: i32, outcome: &Outcome, chance: u8) -> Next {
    let wait = backoff_s(attempts, chance);
    match outcome {
        Outcome::Known(_) => next(State::Delivered, "found", poll_s(0, chance)),
        Outcome::NotKnown => next(State::Queued, "not_found", 0),
        Outcome::Unreachable(_) | Outcome::Lost(_) => next(State::Unknown, "not_answered", wait),
        // The question was rejected, and not the message.
        Outcome::Rejected(_) => next(State::Halted, "asking_rejected", 0),
    }
}

/// After asking for answers to a delivered message: it stays where it is, whatever is said.
pub fn after_polling(asked: i32, outcome: &Outcome, chance: u8) -> Next {
    let event = match outcome {
        Outcome::Known(_) => "asked",
        Outcome::NotKnown => "no_longer_known",
        Outcome::Unreachable(_) | Outcome::Lost(_) | Outcome::Rejected(_) => "not_answered",
    };
    next(State::Delivered, event, poll_s(asked, chance))
}

/// Whether a message may have arrived before it went the last time: by the events of its way, oldest first. An
/// earlier sending counts unless what came of it says that nothing was taken.
pub fn may_have_arrived_before(events: &[&str]) -> bool {
    let last = events.iter().rposition(|event| *event == "sending").unwrap_or_default();
    let before = events.get(..last).unwrap_or_default();
    before
        .windows(2)
        .any(|pair| matches!(pair, ["sending", came] if !matches!(*came, "unreachable" | "rejected")))
}

/// Whether a person may let a message go again: it is halted, or it was rejected when it came again and the authority
/// has not said since that it has it. By the events of its way, oldest first.
pub fn may_go_again(state: State, events: &[&str]) -> bool {
    let last = events.iter().copied().rev().find(|event| TELLING.contains(event));
    state == State::Halted || (state == State::Delivered && last == Some(RESEND_REJECTED))
}

fn next(state: State, event: &'static str, after_s: i64) -> Next {
    Next { state, event, after_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_chance_and_never_exceeds_its_bound() {
        assert_eq!(backoff_s(0, 128), 4);
        for attempts in 0..100 {
            let (least, most) = (backoff_s(attempts, 0), backoff_s(attempts, 255));
            assert!(least > 0 && least <= most && most <= 1_125, "{attempts}: {least} to {most}");
        }
        assert!(backoff_s(3, 0) > backoff_s(1, 255));
    }

    #[test]
    fn a_lost_answer_is_asked_for_and_never_sent_again_by_itself() {
        let lost = after_sending(1, false, &Outcome::Lost("timeout".into()), 0);
        assert_eq!(lost.state, State::Unknown);
        assert!(lost.after_s >= SETTLE_S);
        assert_eq!(after_asking(1, &Outcome::NotKnown, 0).state, State::Queued);
        assert_eq!(after_asking(1, &Outcome::Known(vec![]), 0).state, State::Delivered);
        assert_eq!(after_asking(9, &Outcome::Unreachable(String::new()), 0).state, State::Unknown);
    }

    #[test]
    fn what_was_never_sent_stays_in_its_place() {
        assert_eq!(after_sending(1, false, &Outcome::Unreachable(String::new()), 0).state, State::Queued);
    }

    #[test]
    fn a_rejection_halts_what_went_once_and_proves_nothing_of_what_may_have_arrived_before() {
        let rejected = Outcome::Rejected("HTTP 400".into());
        let after = |may_be_there| after_sending(2, may_be_there, &rejected, 0);
        assert_eq!((after(false).state, after(false).event), (State::Halted, "rejected"));
        assert_eq!((after(true).state, after(true).event), (State::Delivered, "resend_rejected"));
        let asked = after_asking(2, &rejected, 0);
        assert_eq!((asked.state, asked.event), (State::Halted, "asking_rejected"));
    }

    #[test]
    fn a_person_lets_go_again_what_is_halted_or_was_rejected_again_and_is_not_known_to_be_there() {
        let again = ["queued", "sending", "not_found", "sending", "resend_rejected", "no_longer_known"];
        assert!(may_go_again(State::Halted, &["queued", "sending", "rejected"]));
        assert!(may_go_again(State::Delivered, &again));
        assert!(!may_go_again(State::Delivered, &[&again[..], &["asked"]].concat()), "the authority has it");
        assert!(!may_go_again(State::Delivered, &["queued", "sending", "sent"]));
        assert!(!may_go_again(State::Answered, &again));
    }

    #[test]
    fn a_message_may_have_arrived_before_only_where_an_earlier_sending_was_left_in_doubt() {
        let in_doubt: [&[&str]; 4] = [
            &["queued", "sending", "answer_lost", "not_found", "sending", "sent"],
            // Its process ended while it was sent.
            &["queued", "sending", "not_found", "sending", "sent"],
            // The same, and the question for it was rejected.
            &["queued", "sending", "asking_rejected", "released", "not_found", "sending", "sent"],
            &["queued", "sending", "answer_lost", "not_found", "sending", "unreachable", "sending", "sent"],
        ];
        for events in in_doubt {
            assert!(may_have_arrived_before(events), "{events:?}");
        }
        let certain: [&[&str]; 5] = [
            &[],
            &["queued", "sending", "sent"],
            &["queued", "sending", "answer_lost", "found"],
            &["queued", "sending", "unreachable", "sending", "sent"],
            &["queued", "sending", "rejected", "released", "not_found", "sending", "sent"],
        ];
        for events in certain {
            assert!(!may_have_arrived_before(events), "{events:?}");
        }
    }

    #[test]
    fn a_delivered_message_is_never_sent_again_whatever_the_authority_forgets() {
        for outcome in [Outcome::NotKnown, Outcome::Lost(String::new()), Outcome::Rejected(String::new())] {
            assert_eq!(after_polling(1, &outcome, 0).state, State::Delivered);
        }
    }
}
