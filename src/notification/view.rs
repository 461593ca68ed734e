//! A message as staff and programs see it: what was sent when, by which way, and what came of it.
//! Addresses are not shown: they are the payer's.

use std::collections::HashMap;

use serde::Serialize;

use super::query::{self, Event};
use super::{Channel, Message};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{MessageId, PaymentId, ReceiptId, UnitId};
use crate::receipt::{self, query::Stored};
use crate::store::Conn;

#[derive(Serialize)]
pub struct MessageView {
    pub id: MessageId,
    pub unit: String,
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptId>,
    /// Of a message about money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// `BD-26E 0000001`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_number: Option<String>,
    pub channel: &'static str,
    pub state: &'static str,
    pub state_vi: &'static str,
    pub state_en: &'static str,
    /// All there ever were, those before somebody asked for it again too.
    pub attempts: usize,
    pub created_at: Instant,
    /// When it came into this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Instant>,
    /// The next attempt of one that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Instant>,
    /// Why it did not arrive, or was put off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where the receipt is found: the proof where there is no address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventView>,
}

#[derive(Serialize)]
pub struct EventView {
    pub kind: String,
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub at: Instant,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { kind, state, via, code, reference, at } = event;
        EventView { kind, state, via, code, reference, at }
    }
}

/// A message with its receipt's number and link, and its events where they are asked for.
pub fn of(
    conn: &mut Conn,
    public_url: &str,
    unit_code: &str,
    message: &Message,
    with_events: bool,
) -> Result<MessageView> {
    let mut found = of_each(conn, public_url, unit_code, std::slice::from_ref(message), with_events)?;
    found.pop().ok_or_else(super::not_found)
}

/// The same for messages of one unit, in their order; receipts and events are read for all of them at once.
pub fn of_each(
    conn: &mut Conn,
    public_url: &str,
    unit_code: &str,
    messages: &[Message],
    with_events: bool,
) -> Result<Vec<MessageView>> {
    let receipts: Vec<(UnitId, ReceiptId)> =
        messages.iter().filter_map(|one| Some((one.unit, receipt_of(one)?))).collect();
    let receipts: HashMap<ReceiptId, Stored> =
        receipt::query::by_ids(conn, &receipts)?.into_iter().map(|one| (one.id, one)).collect();
    let ids: Vec<(UnitId, MessageId)> = messages.iter().map(|one| (one.unit, one.id)).collect();
    let mut events = query::events_of(conn, &ids)?;
    let view = |message: &Message| {
        let receipt = receipt_of(message);
        let item = receipt.and_then(|id| receipts.get(&id));
        let events = events.remove(&message.id).unwrap_or_default();
        let last = events.last();
        let (state_vi, state_en) = message.state.words();
        let is_waiting = message.state == super::State::Waiting && message.channel != Channel::Lookup;
        MessageView {
            id: message.id,
            unit: unit_code.to_owned(),
            kind: message.kind.clone(),
            receipt,
            payment: (message.subject_kind == "payment").then_some(PaymentId(message.subject)),
            receipt_number: item.map(|item| format!("{} {}", item.series, item.printed_number())),
            channel: message.channel.as_str(),
            state: message.state.as_str(),
            state_vi,
            state_en,
            attempts: events.iter().filter(|event| event.kind == "claimed").count(),
            created_at: message.created_at,
            changed_at: last.map(|event| event.at),
            next_attempt_at: is_waiting.then_some(message.run_at),
            code: last.and_then(|event| event.code.clone()),
            link: item.map(|item| format!("{public_url}/r/{}", item.lookup_code)),
            events: if with_events { events.into_iter().map(EventView::from).collect() } else { Vec::new() },
        }
    };
    Ok(messages.iter().map(view).collect())
}

fn receipt_of(message: &Message) -> Option<ReceiptId> {
    (message.subject_kind == "receipt").then_some(ReceiptId(message.subject))
}
