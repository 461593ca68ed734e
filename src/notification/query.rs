//! The messages' SQL.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::{Channel, Message, State};
use crate::actor::Scope;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, FilingId, KeyId, MessageId, ObligationId, PartyId, ReceiptId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{filing, message, notice_receipt};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct MessageRow in "message" {
        pub unit_id: UnitId,
        pub id: MessageId,
        pub kind: &'static str,
        pub subject_kind: &'static str,
        pub subject_id: i64,
        pub channel: &'static str,
        pub recipient_hash: String,
        pub key_id: Option<KeyId>,
        pub cipher: Option<Vec<u8>>,
        pub created_at: Instant,
        pub expires_at: Option<Instant>,
        pub state: &'static str,
        pub run_at: Instant,
        pub attempts: i32,
        pub revision: i64,
    }
}

crate::table_row! {
    /// An attempt, an answer, or another thing that happened to a message.
    pub struct EventRow in "message_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub message_id: MessageId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub via: Option<String>,
        pub code: Option<String>,
        pub reference: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct ConsentRow in "contact_consent" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub party_id: PartyId,
        pub is_given: bool,
        pub source: String,
        pub given_on: BusinessDay,
        pub actor: String,
        pub created_at: Instant,
    }
}

/// Inserts messages that are not there yet; tells for each whether it is new.
pub fn insert(tx: &mut Tx<'_>, messages: &[MessageRow]) -> Result<Vec<bool>> {
    let key = ["unit_id", "subject_kind", "subject_id", "kind", "channel", "recipient_hash"];
    rows::insert_if_absent(tx, messages, &key)
}

/// Moves a message from the revision that was read.
pub fn store(tx: &mut Tx<'_>, changed: &[(&Message, i64)]) -> Result<()> {
    let of = |cell: fn(&Message) -> i64| Column::of(changed.iter().map(|(item, _)| cell(item)));
    rows::update(
        tx,
        Update {
            table: "message",
            keys: vec![("unit_id", of(|item| item.unit.0)), ("id", of(|item| item.id.0))],
            guard: vec![("revision", Column::of(changed.iter().map(|(_, old)| *old)))],
            sets: vec![
                ("state", Column::of(changed.iter().map(|(item, _)| item.state.as_str()))),
                ("run_at", of(|item| item.run_at.0)),
                ("attempts", Column::of(changed.iter().map(|(item, _)| item.attempts as i32))),
                ("revision", of(|item| item.revision)),
            ],
        },
    )
}

pub(super) type Columns = (
    (UnitId, MessageId, String),
    (String, i64, String),
    (Instant, Option<Instant>),
    (String, Instant, i32, i64),
);

macro_rules! columns {
    () => {
        (
            (message::unit_id, message::id, message::kind),
            (message::subject_kind, message::subject_id, message::channel),
            (message::created_at, message::expires_at),
            (message::state, message::run_at, message::attempts, message::revision),
        )
    };
}
pub(super) use columns;

pub(super) fn from_columns((id, what, when, now): Columns) -> Result<Message> {
    Ok(Message {
        unit: id.0,
        id: id.1,
        kind: id.2,
        subject_kind: what.0,
        subject: what.1,
        channel: what.2.parse()?,
        created_at: when.0,
        expires_at: when.1,
        state: now.0.parse()?,
        run_at: now.1,
        attempts: u32::try_from(now.2).unwrap_or(0),
        revision: now.3,
    })
}

pub fn find(conn: &mut Conn, unit: UnitId, id: MessageId) -> Result<Option<Message>> {
    let found = message::table
        .filter(message::unit_id.eq(unit))
        .filter(message::id.eq(id))
        .select(columns!())
        .first::<Columns>(conn)
        .optional()
        .classify()?;
    found.map(from_columns).transpose()
}

/// Messages of a channel that are to be sent now, or whose sender's lease ran out. One-time codes
/// first: somebody is waiting for them.
pub fn due(conn: &mut Conn, channel: Channel, now: Instant, limit: i64) -> Result<Vec<Message>> {
    message::table
        .filter(message::state.eq_any([State::Waiting.as_str(), State::Sending.as_str()]))
        .filter(message::run_at.le(now))
        .filter(message::channel.eq(channel.as_str()))
        .order((message::expires_at.is_null(), message::run_at, message::id))
        .limit(limit)
        .select(columns!())
        .load::<Columns>(conn)
        .classify()?
        .into_iter()
        .map(from_columns)
        .collect()
}

/// Key and cipher of the recipient; `None` where there is none.
pub fn sealed(conn: &mut Conn, unit: UnitId, id: MessageId) -> Result<Option<(KeyId, Vec<u8>)>> {
    let found: Option<(Option<KeyId>, Option<Vec<u8>>)> = message::table
        .filter(message::unit_id.eq(unit))
        .filter(message::id.eq(id))
        .select((message::key_id, message::cipher))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.and_then(|(key, cipher)| key.zip(cipher)))
}

/// Messages about one thing, oldest first.
pub fn of_subject(conn: &mut Conn, unit: UnitId, kind: &str, subject: i64) -> Result<Vec<Message>> {
    message::table
        .filter(message::unit_id.eq(unit))
        .filter(message::subject_kind.eq(kind))
        .filter(message::subject_id.eq(subject))
        .order(message::id)
        .select(columns!())
        .load::<Columns>(conn)
        .classify()?
        .into_iter()
        .map(from_columns)
        .collect()
}

/// A unit's messages about receipts and money, newest first, below `before`; in any state where none is
/// named. The index holds the messages of each state in their order: the newest of every state are read and no others,
/// however many a unit ever sent.
pub fn page(
    conn: &mut Conn,
    unit: UnitId,
    states: &[State],
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Message>> {
    let asked: &[State] = if states.is_empty() { &State::ALL } else { states };
    let mut found = Vec::new();
    for state in asked {
        found.extend(newest_of(conn, (unit, *state), before, limit)?);
    }
    found.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

/// The newest messages of one state below `before`, but those that carry a code.
fn newest_of(
    conn: &mut Conn,
    (unit, state): (UnitId, State),
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Message>> {
    let mut found = message::table
        .filter(message::unit_id.eq(unit))
        .filter(message::state.eq(state.as_str()))
        .filter(message::kind.ne(super::KIND_CODE))
        .order(message::id.desc())
        .limit(limit)
        .select(columns!())
        .into_boxed();
    if let Some(before) = before {
        found = found.filter(message::id.lt(before));
    }
    found.load::<Columns>(conn).classify()?.into_iter().map(from_columns).collect()
}

/// Messages that do not get through, in all units: those that wait, and those that ended without
/// arriving and were made after `since`. (state, channel, count, when the oldest was made)
pub fn troubled(conn: &mut Conn, since: Instant) -> Result<Vec<(String, String, i64, Option<Instant>)>> {
    let counted =
        (message::state, message::channel, diesel::dsl::count_star(), diesel::dsl::min(message::created_at));
    let grouped = message::table.group_by((message::state, message::channel)).select(counted);
    let waiting = grouped.filter(message::state.eq_any(["waiting", "sending"]));
    let mut found: Vec<(String, String, i64, Option<Instant>)> = waiting.load(conn).classify()?;
    let ended = grouped
        .filter(message::state.eq_any(["bounced", "failed", "given_up"]))
        .filter(message::created_at.ge(since));
    found.extend(ended.load::<(String, String, i64, Option<Instant>)>(conn).classify()?);
    Ok(found)
}

/// Messages by state, in all units: (state, channel, count).
pub fn counts(conn: &mut Conn) -> Result<Vec<(String, String, i64)>> {
    message::table
        .group_by((message::state, message::channel))
        .select((message::state, message::channel, diesel::dsl::count_star()))
        .load(conn)
        .classify()
}

pub fn unit_of(conn: &mut Conn, scope: &Scope, id: MessageId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, message, id)
}

/// Something that happened to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: String,
    pub state: String,
    pub via: Option<String>,
    pub code: Option<String>,
    pub reference: Option<String>,
    pub at: Instant,
}

pub fn events(conn: &mut Conn, unit: UnitId, id: MessageId) -> Result<Vec<Event>> {
    Ok(events_of(conn, &[(unit, id)])?.remove(&id).unwrap_or_default())
}

/// What happened to each of these messages, in its order.
pub fn events_of(conn: &mut Conn, ids: &[(UnitId, MessageId)]) -> Result<HashMap<MessageId, Vec<Event>>> {
    type Sql = (BigInt, BigInt, (Text, Text), (Nullable<Text>, Nullable<Text>, Nullable<Text>), BigInt);
    type Parts =
        (MessageId, i64, (String, String), (Option<String>, Option<String>, Option<String>), Instant);
    let mut found: Vec<Parts> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.message_id, t.revision, t.kind, t.state, t.via, t.code, t.reference, t.at FROM message_event t",
        &rows::unit_keys("message_id", ids),
        "",
        Lock::None,
    )?;
    found.sort_by_key(|one| (one.0, one.1));
    let mut events: HashMap<MessageId, Vec<Event>> = HashMap::new();
    for (message, _, (kind, state), (via, code, reference), at) in found {
        events.entry(message).or_default().push(Event { kind, state, via, code, reference, at });
    }
    Ok(events)
}

/// The obligation of each receipt: (unit, receipt, obligation).
pub fn obligations(
    conn: &mut Conn,
    receipts: &[(UnitId, ReceiptId)],
) -> Result<Vec<(UnitId, ReceiptId, ObligationId)>> {
    rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.id, t.obligation_id FROM receipt t",
        &[
            ("unit_id", Column::of(receipts.iter().map(|(unit, _)| *unit))),
            ("id", Column::of(receipts.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )
}

/// Every consent record of these parties in the order they were made: (unit, party, given).
pub fn consents(conn: &mut Conn, parties: &[(UnitId, PartyId)]) -> Result<Vec<(UnitId, PartyId, bool)>> {
    let mut found: Vec<(UnitId, PartyId, i64, bool)> = rows::fetch::<(BigInt, BigInt, BigInt, Bool), _>(
        conn,
        "SELECT t.unit_id, t.party_id, t.id, t.is_given FROM contact_consent t",
        &[
            ("unit_id", Column::of(parties.iter().map(|(unit, _)| *unit))),
            ("party_id", Column::of(parties.iter().map(|(_, party)| *party))),
        ],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|(_, _, id, _)| *id);
    Ok(found.into_iter().map(|(unit, party, _, given)| (unit, party, given)).collect())
}

/// A receipt for a bundle: (id, kind, series, number, day, amount, state, document).
pub type Bundled = (ReceiptId, String, String, i64, BusinessDay, crate::amount::Dong, String, Vec<u8>);

/// Signed receipts of a unit that were issued in a period, by day and id, after a place.
pub fn signed_between(
    conn: &mut Conn,
    unit: UnitId,
    (from, until): (BusinessDay, BusinessDay),
    after: ReceiptId,
    limit: i64,
) -> Result<Vec<Bundled>> {
    use crate::store::schema::{receipt, receipt_seal};
    receipt::table
        .inner_join(
            receipt_seal::table
                .on(receipt_seal::unit_id.eq(receipt::unit_id).and(receipt_seal::receipt_id.eq(receipt::id))),
        )
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::issued_on.ge(from))
        .filter(receipt::issued_on.le(until))
        .filter(receipt::id.gt(after))
        .order(receipt::id)
        .limit(limit)
        .select((
            receipt::id,
            receipt::document_kind,
            receipt::series,
            receipt::number,
            receipt::issued_on,
            receipt::amount,
            receipt::state,
            receipt_seal::document,
        ))
        .load(conn)
        .classify()
}

/// Form and reason of the notices about a document that the tax authority took, oldest first. They are read
/// here, because forms to the authority are filed by a room above this one.
pub fn accepted_notices(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<(String, String)>> {
    let linked: Vec<(FilingId, String)> = notice_receipt::table
        .filter(notice_receipt::unit_id.eq(unit))
        .filter(notice_receipt::receipt_id.eq(receipt))
        .order(notice_receipt::filing_id)
        .select((notice_receipt::filing_id, notice_receipt::reason))
        .load(conn)
        .classify()?;
    let mut found = Vec::with_capacity(linked.len());
    for (id, reason) in linked {
        let form: Option<String> = filing::table
            .find((unit, id))
            .filter(filing::state.eq("accepted"))
            .select(filing::form)
            .first(conn)
            .optional()
            .classify()?;
        found.extend(form.map(|form| (form, reason)));
    }
    Ok(found)
}
