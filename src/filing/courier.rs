//! The courier: brings messages to the authority, one unit's in their order, and collects answers.
//!
//! Nothing is sent inside a transaction. Before a message goes, the ledger says that it is going;
//! so whatever ends the process, a message that may have arrived is asked for, never sent again.

use ring::rand::{SecureRandom, SystemRandom};

use super::endpoint::TaxEndpoint;
use super::rules::{self, Next, Outcome, State};
use super::transmission::{self, Message};
use crate::actor::Scope;
use crate::error::Result;
use crate::store::{Lane, Stamp, Store, failpoint, failure};

/// Steps of one round; the next round goes on.
const STEPS_LIMIT: usize = 500;
const POLLS_LIMIT: i64 = 100;
/// So many failures in a row are an outage, and the round ends.
const FAILURES_LIMIT: usize = 3;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub sent: usize,
    pub found: usize,
    pub asked: usize,
    pub failed: usize,
}

pub struct Courier<'a> {
    pub store: &'a Store,
    pub endpoint: &'a dyn TaxEndpoint,
    /// The time and the ids, taken anew at each step.
    pub stamp: &'a dyn Fn() -> Stamp<'a>,
}

impl Courier<'_> {
    /// Sends what is due and asks for answers, until nothing is due or the authority is out of reach.
    pub fn round(&self) -> Result<Round> {
        let mut round = Round::default();
        let mut failures = 0;
        for _ in 0..STEPS_LIMIT {
            let now = (self.stamp)().now;
            let heads = self.store.read(&Scope::All, transmission::heads)?;
            let due: Vec<Message> = heads.into_iter().filter(|head| head.run_at <= now).collect();
            if due.is_empty() {
                break;
            }
            for head in due {
                let reached = self.step(&head, &mut round)?;
                failures = if reached { 0 } else { failures + 1 };
                if failures >= FAILURES_LIMIT {
                    return Ok(round);
                }
            }
        }
        let now = (self.stamp)().now;
        for message in
            self.store.read(&Scope::All, |conn| transmission::delivered_due(conn, now, POLLS_LIMIT))?
        {
            let outcome = self.endpoint.ask(&message.message_code);
            let reached = is_reached(&outcome);
            let asked = i32::try_from(message.revision).unwrap_or(i32::MAX);
            let next = rules::after_polling(asked, &outcome, chance());
            self.record(&message, next, &outcome)?;
            round.asked += 1;
            failures = if reached { 0 } else { failures + 1 };
            if failures >= FAILURES_LIMIT {
                break;
            }
        }
        Ok(round)
    }

    /// One step of one message. False when the authority was out of reach.
    fn step(&self, message: &Message, round: &mut Round) -> Result<bool> {
        match message.state {
            State::Queued => self.send(message, round),
            _ => self.ask(message, round),
        }
    }

    fn send(&self, message: &Message, round: &mut Round) -> Result<bool> {
        let mut message = message.clone();
        let claimed = self.store.write(&Scope::All, Lane::Bulk, |tx| {
            let mut claimed = message.clone();
            let next = Next { state: State::Sending, event: "sending", after_s: rules::LEASE_S };
            let attempts = message.attempts + 1;
            transmission::advance(tx, &(self.stamp)(), &mut claimed, next, attempts, "")?;
            let may_be_there = transmission::may_have_arrived(tx, message.unit, message.id)?;
            Ok((claimed, may_be_there, transmission::payload(tx, message.unit, message.id)?))
        });
        let (claimed, may_be_there, payload) = match claimed {
            Ok(claimed) => claimed,
            // Another process took it.
            Err(error) if error.code() == failure::RETRY => return Ok(true),
            Err(error) => return Err(error),
        };
        message = claimed;
        let outcome = self.endpoint.send(&message.message_code, &payload);
        failpoint::hit("filing_sent");
        let reached = is_reached(&outcome);
        if matches!(outcome, Outcome::Known(_)) {
            round.sent += 1;
        }
        round.failed += usize::from(!reached);
        let next = rules::after_sending(message.attempts, may_be_there, &outcome, chance());
        self.record(&message, next, &outcome)?;
        Ok(reached)
    }

    fn ask(&self, message: &Message, round: &mut Round) -> Result<bool> {
        let outcome = self.endpoint.ask(&message.message_code);
        let reached = is_reached(&outcome);
        if matches!(outcome, Outcome::Known(_)) {
            round.found += 1;
        }
        round.failed += usize::from(!reached);
        self.record(message, rules::after_asking(message.attempts, &outcome, chance()), &outcome)?;
        Ok(reached)
    }

    fn record(&self, message: &Message, next: Next, outcome: &Outcome) -> Result<()> {
        metrics::counter!("bienlai_tax_messages_total", "event" => next.event).increment(1);
        let recorded = self.store.write(&Scope::All, Lane::Bulk, |tx| {
            transmission::record(tx, &(self.stamp)(), message, next, outcome)
        });
        match recorded {
            // Another process was faster; it stored the same.
            Err(error) if error.code() == failure::RETRY => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }
}

fn is_reached(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Unreachable(_) | Outcome::Lost(_))
}

/// Spreads waits; a failing source of chance spreads nothing and harms nothing.
fn chance() -> u8 {
    let mut byte = [0_u8; 1];
    let _ = SystemRandom::new().fill(&mut byte);
    byte[0]
}
