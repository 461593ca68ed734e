//! The tax authority as it is seen from here: it takes messages, checks them, answers late, and now
//! and then takes one and loses the answer, or does not find it for a while. It counts what it got, so
//! that a double shows.

mod check;
mod reply;
pub mod server;

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

use crate::filing::code;
use crate::filing::endpoint::TaxEndpoint;
use crate::filing::envelope::{self, Received};
use crate::filing::rules::Outcome;

/// How the authority behaves.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Of a hundred messages so many are taken without an answer.
    pub lost_answers_percent: u32,
    /// Of a hundred messages so many are neither taken nor answered.
    pub lost_messages_percent: u32,
    /// Of a hundred messages so many are taken late: without an answer, and not found by who asks for them
    /// at first. One that comes again is a double.
    pub late_messages_percent: u32,
    /// What comes again is turned away at the door (400), and not told to be a double.
    pub rejects_doubles: bool,
    /// How often it is asked before the business answer is there.
    pub asked_before_answer: u32,
    pub refuses_registrations: bool,
    pub refuses_invoices: bool,
    pub refuses_notices: bool,
    pub seed: u64,
}

impl Default for Habits {
    fn default() -> Self {
        Habits {
            lost_answers_percent: 0,
            lost_messages_percent: 0,
            late_messages_percent: 0,
            rejects_doubles: false,
            asked_before_answer: 1,
            refuses_registrations: false,
            refuses_invoices: false,
            refuses_notices: false,
            seed: 1,
        }
    }
}

/// So often a message that was taken late is asked for and not found, unless it comes again.
const ASKED_IN_VAIN: u32 = 2;

/// A message the authority has.
struct Held {
    message: Received,
    /// How often it came.
    arrivals: u32,
    /// How often it is still not found.
    hidden: u32,
    asked: u32,
    answers: Vec<Vec<u8>>,
}

struct State {
    habits: Habits,
    chance: u64,
    is_out: bool,
    held: BTreeMap<String, Held>,
    order: Vec<String>,
    /// What may come once: reports by taxpayer and quarter, invoices by seller and number.
    once: HashSet<String>,
    deliveries: u64,
}

/// What becomes of a message on its arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    Answered(Vec<u8>),
    /// Taken or not: no answer goes back.
    Silence,
    /// It is no message, or is not taken as one.
    Unreadable,
}

pub struct TaxAuthority {
    state: Mutex<State>,
}

impl TaxAuthority {
    pub fn new(habits: Habits) -> TaxAuthority {
        TaxAuthority {
            state: Mutex::new(State {
                habits,
                chance: habits.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
                is_out: false,
                held: BTreeMap::new(),
                order: Vec::new(),
                once: HashSet::new(),
                deliveries: 0,
            }),
        }
    }

    /// An outage: nothing is taken and nothing is answered.
    pub fn set_out(&self, is_out: bool) {
        self.locked().is_out = is_out;
    }

    pub fn is_out(&self) -> bool {
        self.locked().is_out
    }

    /// Messages it holds, in the order of their first arrival: code, kind, taxpayer.
    pub fn taken(&self) -> Vec<(String, i32, String)> {
        let state = self.locked();
        let told = |code: &String| {
            let held = state.held.get(code)?;
            Some((code.clone(), held.message.kind, held.message.tax_code.clone().unwrap_or_default()))
        };
        state.order.iter().filter_map(told).collect()
    }

    /// Messages that came more than once.
    pub fn doubles(&self) -> usize {
        self.locked().held.values().filter(|held| held.arrivals > 1).count()
    }

    /// How many arrivals it saw, the lost ones included.
    pub fn deliveries(&self) -> u64 {
        self.locked().deliveries
    }

    /// A message arrives.
    pub fn receive(&self, bytes: &[u8]) -> Treatment {
        let mut state = self.locked();
        state.deliveries += 1;
        if state.is_out {
            return Treatment::Silence;
        }
        let Ok(message) = envelope::read(bytes) else { return Treatment::Unreadable };
        let roll = roll(&mut state.chance);
        let habits = state.habits;
        if roll < habits.lost_messages_percent {
            return Treatment::Silence;
        }
        let lost = habits.lost_messages_percent + habits.lost_answers_percent;
        let code = message.message_code.clone();
        let is_new = !state.held.contains_key(&code);
        let is_late = is_new && (lost..lost + habits.late_messages_percent).contains(&roll);
        let faults = match state.held.get_mut(&code) {
            Some(held) => {
                held.arrivals += 1;
                held.hidden = 0;
                if habits.rejects_doubles {
                    return Treatment::Unreadable;
                }
                vec![("20609", "Thông điệp trùng".to_owned())]
            }
            None => check::faults(&message, &mut state.once),
        };
        let answer = reply::technical(&message, &faults);
        if is_new {
            state.order.push(code.clone());
            let answers = vec![answer.clone()];
            // A refused message gets no business answer: it is not asked about any further.
            let asked = if faults.is_empty() { 0 } else { u32::MAX };
            let hidden = if is_late { ASKED_IN_VAIN } else { 0 };
            state.held.insert(code, Held { message, arrivals: 1, hidden, asked, answers });
        }
        if roll < lost || is_late {
            return Treatment::Silence;
        }
        Treatment::Answered(answer)
    }

    /// What it answered so far; None for a message it does not have, or does not find yet.
    pub fn asked(&self, message_code: &str) -> Option<Vec<Vec<u8>>> {
        let mut state = self.locked();
        let habits = state.habits;
        let held = state.held.get_mut(message_code)?;
        if held.hidden > 0 {
            held.hidden -= 1;
            return None;
        }
        if held.asked != u32::MAX {
            held.asked += 1;
            let kinds = business_answers(held.message.kind);
            let ready = held.asked.saturating_sub(habits.asked_before_answer) as usize;
            let wanted = kinds.len().min(ready) + 1;
            while held.answers.len() < wanted {
                let kind = kinds.get(held.answers.len() - 1).copied().unwrap_or(code::TECHNICAL);
                held.answers.push(reply::business(&held.message, kind, &habits));
            }
        }
        Some(held.answers.clone())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn business_answers(request: i32) -> &'static [i32] {
    match request {
        code::REGISTRATION => &[code::REGISTRATION_RECEIVED, code::REGISTRATION_RESULT],
        code::USAGE_REPORT => &[code::USAGE_RESULT],
        code::INVOICE | code::INTEGRATED_INVOICE => &[code::CHECK_RESULT],
        code::INVOICE_NOTICE | code::RECEIPT_NOTICE => &[code::CORRECTION_RESULT],
        _ => &[],
    }
}

/// 0 to 99.
fn roll(chance: &mut u64) -> u32 {
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    (*chance % 100) as u32
}

/// In one process, without a network: what is lost on the way is lost here as well.
impl TaxEndpoint for TaxAuthority {
    fn send(&self, _: &str, message: &[u8]) -> Outcome {
        if self.is_out() {
            return Outcome::Unreachable("out of service".into());
        }
        match self.receive(message) {
            Treatment::Answered(answer) => Outcome::Known(vec![answer]),
            Treatment::Silence => Outcome::Lost("no answer".into()),
            Treatment::Unreadable => Outcome::Rejected("not readable".into()),
        }
    }

    fn ask(&self, message_code: &str) -> Outcome {
        if self.is_out() {
            return Outcome::Unreachable("out of service".into());
        }
        self.asked(message_code).map_or(Outcome::NotKnown, Outcome::Known)
    }
}
