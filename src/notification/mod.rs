//! Messages to payers: an outbox written with what it tells of, sent outside any transaction, with
//! every attempt and answer kept; and the look-up of receipts by people who have no message.
//!
//! A message is at-least-once: it is claimed, sent and its answer stored. When the process dies in
//! between it is sent again under the same Message-ID (e-mail) or idempotency id (SMS), by which
//! the other side recognises it.

pub mod address;
mod attachment;
pub mod bounce;
pub mod bundle;
pub mod consent;
pub mod email;
mod letter;
pub mod lookup;
mod lookup_query;
pub mod money;
pub mod one_time;
mod other_way;
mod outbox;
pub mod query;
pub mod readdress;
mod readdress_query;
pub mod rules;
pub mod send;
pub mod sms;
pub mod staff;
pub mod view;
pub mod wording;

use std::str::FromStr;

pub use outbox::{New, Outbox, SENDERS, address_of, bounced, cancelled, delivered, enqueue, noticed, retry};

use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{MessageId, UnitId};

/// By which way a payer gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Email,
    Sms,
    /// No address is known: the payer has the look-up code on the pay page and at the counter.
    Lookup,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
            Channel::Lookup => "lookup",
        }
    }
}

impl FromStr for Channel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Channel::Email, Channel::Sms, Channel::Lookup]
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or_else(|| Error::internal("a stored channel is unknown"))
    }
}

/// Where a message stands; the arrows are in `docs/states.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Waiting,
    /// Claimed by a process; after its lease another may take it.
    Sending,
    /// The mail server or SMS operator has taken it over.
    Sent,
    Delivered,
    Bounced,
    Failed,
    GivenUp,
    NoAddress,
}

impl State {
    pub const ALL: [State; 8] = [
        State::Waiting,
        State::Sending,
        State::Sent,
        State::Delivered,
        State::Bounced,
        State::Failed,
        State::GivenUp,
        State::NoAddress,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Delivered => "delivered",
            State::Bounced => "bounced",
            State::Failed => "failed",
            State::GivenUp => "given_up",
            State::NoAddress => "no_address",
        }
    }

    /// In words for the staff, Vietnamese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            State::Waiting => ("đang chờ gửi", "waiting"),
            State::Sending => ("đang gửi", "being sent"),
            State::Sent => ("đã gửi", "sent"),
            State::Delivered => ("đã đến nơi", "delivered"),
            State::Bounced => ("bị trả lại", "bounced"),
            State::Failed => ("không gửi được", "failed"),
            State::GivenUp => ("đã ngừng gửi", "given up"),
            State::NoAddress => ("không có địa chỉ; tra cứu bằng mã", "no address; by look-up code"),
        }
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        State::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::invalid("state", "state_unknown", "no such state of a message"))
    }
}

/// What a message tells.
pub const KIND_RECEIPT: &str = "receipt";
/// To the payer of a document they were told of: it is cancelled.
pub const KIND_CANCELLED: &str = "receipt_cancelled";
/// To the payer of a document they were told of: its name or address was wrong, and the tax authority knows.
pub const KIND_NOTICED: &str = "receipt_noticed";
pub const KIND_CODE: &str = "one_time_code";
pub const KIND_PARTIAL: &str = "paid_in_part";
pub const KIND_SURPLUS: &str = "paid_too_much";
/// To staff: a decision waits for the city.
pub const KIND_APPROVAL: &str = "approval_waits";
/// To staff: something about a signing key.
pub const KIND_KEY_ALARM: &str = "key_alarm";
/// To the mailboxes of the unit and the city: a channel's word is taken for money no more.
pub const KIND_TRUST_SUSPENDED: &str = "trust_suspended";
/// To staff: what misses its target, once a day.
pub const KIND_WARNING: &str = "city_warning";

/// A message as it stands.
#[derive(Clone, Debug)]
pub struct Message {
    pub unit: UnitId,
    pub id: MessageId,
    pub kind: String,
    pub subject_kind: String,
    pub subject: i64,
    pub channel: Channel,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub state: State,
    pub run_at: Instant,
    /// Since it was last asked for: waits and patience go by these.
    pub attempts: u32,
    pub revision: i64,
}

impl Message {
    /// The same for every attempt, so that a copy is recognised as one: the part before `@` of the
    /// Message-ID, and the idempotency id of an SMS. `resent` counts how often people asked for it
    /// to be sent again after it had failed; those are no copies.
    pub fn name(&self, resent: usize) -> String {
        match resent {
            0 => format!("{}.{}", self.id, self.unit),
            count => format!("{}.{}-r{count}", self.id, self.unit),
        }
    }
}

/// Reads what `Message::name` wrote.
pub fn parse_name(text: &str) -> Option<(UnitId, MessageId)> {
    let (message, rest) = text.split_once('.')?;
    let unit = rest.split_once('-').map_or(rest, |(unit, _)| unit);
    Some((unit.parse().ok()?, message.parse().ok()?))
}

pub fn not_found() -> Error {
    Error::not_found("message_not_found", "no such message in your scope")
}
