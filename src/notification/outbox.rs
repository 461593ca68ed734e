//! The outbox: messages are written in the transaction of what they tell of, and moved by events.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::money::Money;
use super::query::{self, EventRow, MessageRow};
use super::readdress::{self, Whereto};
use super::rules::{self, Answer};
use super::{
    Channel, KIND_CANCELLED, KIND_NOTICED, KIND_RECEIPT, Message, State, consent, not_found, other_way,
};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{MessageId, ReceiptId, UnitId};
use crate::obligation;
use crate::party;
use crate::receipt::seal::Announce;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// Where a message goes, and its words where they cannot be made again. Encrypted at rest.
#[derive(Serialize, Deserialize)]
pub(super) struct Recipient {
    pub to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What a message about money tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

/// A message to be written.
pub struct New {
    pub unit: UnitId,
    pub kind: &'static str,
    pub subject_kind: &'static str,
    pub subject: i64,
    pub channel: Channel,
    pub to: String,
    pub text: Option<String>,
    pub money: Option<Money>,
    pub expires_at: Option<Instant>,
}

fn context(id: MessageId) -> String {
    format!("message/{}", id.0)
}

/// Writes messages; one that exists for the same thing, channel and recipient stays as it is.
/// Returns how many are new.
pub fn enqueue(tx: &mut Tx<'_>, stamp: &Stamp<'_>, messages: &[New]) -> Result<usize> {
    let mut written = Vec::with_capacity(messages.len());
    for new in messages {
        let id: MessageId = stamp.mint()?;
        let (key_id, cipher) = if new.channel == Channel::Lookup {
            (None, None)
        } else {
            let key = stamp.sealing_key(tx, new.unit)?;
            let recipient = Recipient { to: new.to.clone(), text: new.text.clone(), money: new.money };
            let plain = serde_json::to_vec(&recipient).map_err(|error| Error::internal(error.to_string()))?;
            (Some(key.id), Some(stamp.vault.seal(&key, &context(id), &plain)?))
        };
        written.push(MessageRow {
            unit_id: new.unit,
            id,
            kind: new.kind,
            subject_kind: new.subject_kind,
            subject_id: new.subject,
            channel: new.channel.as_str(),
            recipient_hash: stamp.vault.blind(new.unit, "message", &new.to),
            key_id,
            cipher,
            created_at: stamp.now,
            expires_at: new.expires_at,
            state: if new.channel == Channel::Lookup { State::NoAddress } else { State::Waiting }.as_str(),
            run_at: stamp.now,
            attempts: 0,
            revision: 1,
        });
    }
    let is_new = query::insert(tx, &written)?;
    let mut events = Vec::with_capacity(written.len());
    for (row, _) in written.iter().zip(&is_new).filter(|(_, is_new)| **is_new) {
        events.push(EventRow {
            unit_id: row.unit_id,
            id: stamp.mint()?,
            message_id: row.id,
            revision: 1,
            kind: "enqueued",
            state: row.state,
            via: None,
            code: None,
            reference: None,
            at: stamp.now,
        });
    }
    rows::insert(tx, &events)?;
    Ok(events.len())
}

/// Opens where a message goes. `erased` when the payer's data was.
pub(super) fn recipient(conn: &mut Conn, vault: &Vault, message: &Message) -> Result<Recipient> {
    let (key, cipher) = query::sealed(conn, message.unit, message.id)?
        .ok_or_else(|| Error::internal("a message without recipient was to be sent"))?;
    let plain = vault.open(conn, message.unit, key, &context(message.id), &cipher)?;
    serde_json::from_slice(&plain).map_err(|error| Error::internal(error.to_string()))
}

/// Where a message goes; None where there never was an address, or it was erased.
pub fn address_of(conn: &mut Conn, vault: &Vault, message: &Message) -> Result<Option<String>> {
    if message.channel == Channel::Lookup {
        return Ok(None);
    }
    match recipient(conn, vault, message) {
        Ok(recipient) => Ok(Some(recipient.to)),
        Err(error) if error.code() == "erased" => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells the payers of sealed receipts: called by sealing, in its transaction.
pub struct Outbox;

impl Announce for Outbox {
    fn sealed(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, receipts: &[(UnitId, ReceiptId)]) -> Result<()> {
        enqueue_of(tx, stamp, KIND_RECEIPT, receipts)
    }
}

/// Tells the payer that a document is cancelled, in the transaction that cancels it: where a message about
/// the document left, or may have. Who never got one is not told that it ended: a letter about a receipt
/// that somebody never heard of explains nothing and sounds like a loss. One that still waits is not sent
/// any more (`receipt_not_current`), and the pay page and the look-up, where a payer without messages reads,
/// say themselves that the document is cancelled.
pub fn cancelled(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, receipt: ReceiptId) -> Result<()> {
    if !was_told_of(tx, unit, receipt)? {
        return Ok(());
    }
    enqueue_of(tx, stamp, KIND_CANCELLED, &[(unit, receipt)])
}

/// Tells the payer that the tax authority took the notice about a document's wrong name or address, where a
/// message about the document left, or may have. Once for each document and way: a second notice about the same
/// document is read on its page.
pub fn noticed(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, receipt: ReceiptId) -> Result<()> {
    if !was_told_of(tx, unit, receipt)? {
        return Ok(());
    }
    enqueue_of(tx, stamp, KIND_NOTICED, &[(unit, receipt)])
}

/// Whether a message about a document left, or may have.
fn was_told_of(tx: &mut Tx<'_>, unit: UnitId, receipt: ReceiptId) -> Result<bool> {
    let told = query::of_subject(tx, unit, "receipt", receipt.0)?;
    if told.is_empty() {
        return Ok(false);
    }
    let ids: Vec<_> = told.iter().map(|one| (one.unit, one.id)).collect();
    let events = query::events_of(tx, &ids)?;
    Ok(told.iter().filter(|one| one.kind == KIND_RECEIPT).any(|one| {
        let events = events.get(&one.id).map(Vec::as_slice).unwrap_or_default();
        rules::may_have_left(one.state, events.iter().map(|event| event.kind.as_str()))
    }))
}

/// Messages of one kind about documents, each to where its payer is reached.
fn enqueue_of(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    kind: &'static str,
    receipts: &[(UnitId, ReceiptId)],
) -> Result<()> {
    let of_receipts = query::obligations(tx, receipts)?;
    let ids: Vec<_> = of_receipts.iter().map(|(unit, _, obligation)| (*unit, *obligation)).collect();
    let parties: HashMap<_, _> = obligation::query::by_ids(tx, &distinct(ids))?
        .into_iter()
        .map(|owed| ((owed.unit, owed.id), owed.party))
        .collect();
    let keys = distinct(parties.iter().map(|((unit, _), party)| (*unit, *party)).collect());
    let payers = party::load(tx, stamp.vault, &keys)?;
    let consents = consent::given(tx, &keys)?;
    let mut messages = Vec::with_capacity(receipts.len());
    for (unit, receipt, obligation) in of_receipts {
        let key = parties.get(&(unit, obligation)).map(|party| (unit, *party));
        let payer = key.and_then(|key| payers.get(&key)).cloned().unwrap_or_default();
        let has_consented = key.and_then(|key| consents.get(&key)).copied().unwrap_or(false);
        let mut ways = rules::recipients(&payer, has_consented);
        if ways.is_empty() {
            ways.push((Channel::Lookup, String::new()));
        }
        messages.extend(ways.into_iter().map(|(channel, to)| New {
            unit,
            kind,
            subject_kind: "receipt",
            subject: receipt.0,
            channel,
            to,
            text: None,
            money: None,
            expires_at: None,
        }));
    }
    enqueue(tx, stamp, &messages).map(|_| ())
}

pub(super) fn distinct<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}

/// What an event says beside its kind.
#[derive(Default)]
pub(super) struct Detail {
    pub via: Option<String>,
    pub code: Option<String>,
    pub reference: Option<String>,
}

/// The other side's words, so that they can be stored whatever it says: else its answer would be
/// lost, and asked for for ever.
fn said(words: &str) -> String {
    text::clean(words).chars().take(200).collect()
}

/// Moves a message to `state` with an event; `run_at` and `attempts` are taken from it as they are.
pub(super) fn step(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    message: &mut Message,
    kind: &'static str,
    state: State,
    detail: Detail,
) -> Result<()> {
    let old = message.revision;
    message.revision += 1;
    message.state = state;
    query::store(tx, &[(message, old)])?;
    let event = EventRow {
        unit_id: message.unit,
        id: stamp.mint()?,
        message_id: message.id,
        revision: message.revision,
        kind,
        state: state.as_str(),
        via: detail.via,
        code: detail.code.as_deref().map(said),
        reference: detail.reference.as_deref().map(said),
        at: stamp.now,
    };
    rows::insert(tx, &[event])
}

/// Claims messages of a channel that are due: nobody else sends them until `lease_s` have passed.
/// Expired ones are given up.
pub(super) fn claim(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    channel: Channel,
    limit: i64,
    lease_s: i64,
) -> Result<Vec<Message>> {
    let mut claimed = Vec::new();
    for mut message in query::due(tx, channel, stamp.now, limit)? {
        if message.expires_at.is_some_and(|end| end <= stamp.now) {
            let code = Detail { code: Some("expired".into()), ..Detail::default() };
            step(tx, stamp, &mut message, "given_up", State::GivenUp, code)?;
            continue;
        }
        message.attempts += 1;
        message.run_at = stamp.now.plus_seconds(lease_s);
        step(tx, stamp, &mut message, "claimed", State::Sending, Detail::default())?;
        claimed.push(message);
    }
    Ok(claimed)
}

/// Marks that an operator is being given the message, before it is: after a crash it is asked.
pub(super) fn given(tx: &mut Tx<'_>, stamp: &Stamp<'_>, message: &mut Message, via: &str) -> Result<()> {
    let detail = Detail { via: Some(via.to_owned()), ..Detail::default() };
    step(tx, stamp, message, "given", State::Sending, detail)
}

/// Stores what came of an attempt. A message that moved meanwhile (a report overtook the answer, or
/// another process took it over) keeps its state; the answer is recorded all the same. A mail that came back is
/// followed by an SMS where one can leave (`goes_by_sms`).
pub(super) fn answered(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    sent: &Message,
    via: &str,
    answer: &Answer,
    (patience, chance): (crate::config::delivery::Patience, u8),
    goes_by_sms: bool,
) -> Result<State> {
    let mut message = query::find(tx, sent.unit, sent.id)?.ok_or_else(not_found)?;
    let (kind, mut state) = rules::after(message.channel, answer, message.attempts, patience.attempt_limit);
    let is_ours = message.state == State::Sending;
    let is_late_success = message.state == State::Waiting && matches!(answer, Answer::Accepted { .. });
    if !is_ours && !is_late_success {
        state = message.state;
    }
    if is_ours && state == State::Waiting {
        message.run_at = rules::next_attempt(stamp.now, patience.retry_after_s, message.attempts, chance);
    }
    let (code, reference) = match answer {
        Answer::Accepted { reference } => (None, reference.clone()),
        Answer::Refused { code }
        | Answer::Unavailable { code }
        | Answer::Unknown { code }
        | Answer::Outdated { code }
        | Answer::Impossible { code } => (Some(code.clone()), None),
    };
    step(tx, stamp, &mut message, kind, state, Detail { via: Some(via.to_owned()), code, reference })?;
    if is_ours && state == State::Bounced {
        other_way::follow(tx, stamp, &message, goes_by_sms)?;
    }
    Ok(state)
}

/// The other side says that it arrived. Told again, nothing happens.
pub fn delivered(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, id): (UnitId, MessageId),
    via: &str,
) -> Result<State> {
    let mut message = query::find(tx, unit, id)?.ok_or_else(not_found)?;
    if !matches!(message.state, State::Sending | State::Waiting | State::Sent) {
        return Ok(message.state);
    }
    let detail = Detail { via: Some(via.to_owned()), ..Detail::default() };
    step(tx, stamp, &mut message, "delivered", State::Delivered, detail)?;
    Ok(State::Delivered)
}

/// The other side says that it did not arrive and will not. Told again, nothing happens. A mail is followed by an SMS
/// where one can leave (`goes_by_sms`).
pub fn bounced(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, id): (UnitId, MessageId),
    via: &str,
    code: &str,
    goes_by_sms: bool,
) -> Result<State> {
    let mut message = query::find(tx, unit, id)?.ok_or_else(not_found)?;
    if !matches!(message.state, State::Sending | State::Waiting | State::Sent) {
        return Ok(message.state);
    }
    let state = if message.channel == Channel::Email { State::Bounced } else { State::Failed };
    let detail = Detail { via: Some(via.to_owned()), code: Some(code.to_owned()), ..Detail::default() };
    step(tx, stamp, &mut message, "bounced", state, detail)?;
    other_way::follow(tx, stamp, &message, goes_by_sms)?;
    Ok(state)
}

/// Who sends again what did not arrive.
pub const SENDERS: [Role; 3] = [Role::Cashier, Role::Finance, Role::Administrator];

/// Sends a message again that ended without arriving, to where its payer is reached by now.
/// `message_not_retriable` for others: what was sent is not sent twice, and to an erased address nothing is.
pub fn retry(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, id: MessageId) -> Result<()> {
    if actor.role != Role::System {
        actor.require_role(&SENDERS)?;
    }
    actor.scope.require(unit)?;
    let mut message = query::find(tx, unit, id)?.ok_or_else(not_found)?;
    let is_over = message.expires_at.is_some_and(|end| end <= stamp.now);
    if !matches!(message.state, State::Bounced | State::Failed | State::GivenUp) || is_over {
        return Err(Error::conflict("message_not_retriable", format!("it is {}", message.state.as_str())));
    }
    match readdress::now(tx, stamp.vault, &message)? {
        Whereto::Same => {
            message.attempts = 0;
            message.run_at = stamp.now;
            step(tx, stamp, &mut message, "asked_again", State::Waiting, Detail::default())?;
        }
        Whereto::Elsewhere(new) => {
            enqueue(tx, stamp, &[new])?;
        }
        Whereto::Nowhere => {
            return Err(Error::conflict("message_not_retriable", "its address was erased"));
        }
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "message.retried", id)])
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn whatever_the_other_side_says_can_be_stored() {
        assert_eq!(said("ok\u{0}\u{202e}\r\n7"), "ok 7");
        assert_eq!(said(&"ạ".repeat(10_000)).chars().count(), 200);
    }
}
