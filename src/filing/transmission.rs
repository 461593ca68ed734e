//! The transmission ledger: every message with its attempts and answers. Events are only added; a
//! projection says where each message is.

use super::form::notice::Notice;
use super::rules::{Next, Outcome, State, may_go_again, may_have_arrived_before};
use super::{Filing, Kind, State as FilingState, code, invoice, notice, registration, reply};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, TransmissionId, UnitId};
use crate::receipt::profile::{self, Profile};
use crate::store::rows::{self, Column, Update};
use crate::store::{Conn, Stamp, Tx};
use crate::text::hex;

mod transmission_query;

pub use transmission_query::{
    Event, Last, Message, ReplyRecord, Wanted, by_id, delivered_due, events, heads, last_events, of_filing,
    of_unit, oldest_waiting_of, payload, replies, troubled, unit_of,
};
use transmission_query::{EventRow, ReplyRow, TransmissionRow};

/// Puts a message into the ledger. Its filing was read in this transaction.
pub fn enqueue(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    filing: &Filing,
    message_code: String,
    payload: Vec<u8>,
) -> Result<TransmissionId> {
    let id: TransmissionId = stamp.mint()?;
    let row = TransmissionRow {
        unit_id: filing.unit,
        id,
        filing_id: filing.id,
        message_code,
        kind: message_kind(filing)?,
        payload_sha256: sha256(&payload),
        payload,
        created_at: stamp.now,
        state: State::Queued.as_str(),
        attempts: 0,
        run_at: stamp.now,
        revision: 1,
    };
    rows::insert(tx, &[row])?;
    tell(tx, stamp, filing.unit, id, (1, "queued", State::Queued), "")?;
    Ok(id)
}

/// `MLTDiep` of a form, as the profile of its day says.
///
/// # Errors
/// `receipt_profile_unknown`, and `Internal` for a form whose data cannot be read.
pub fn message_kind(filing: &Filing) -> Result<i32> {
    let profile = profile::by_name(&filing.profile)?;
    let number = match filing.kind {
        Kind::Registration => profile.registration_message.value,
        Kind::UsageReport => profile.usage_report_message.value,
        Kind::ErrorNotice => filing.data::<Notice>()?.message(profile).value,
        Kind::Invoice => return Ok(filing.data::<invoice::Sent>()?.message),
    };
    i32::try_from(number).map_err(|_| Error::internal("a profile's MLTDiep is no number of a message"))
}

fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    id: TransmissionId,
    (revision, kind, state): (i64, &'static str, State),
    detail: &str,
) -> Result<()> {
    let event = EventRow {
        unit_id: unit,
        id: stamp.mint::<EventId>()?,
        transmission_id: id,
        revision,
        kind,
        state: state.as_str(),
        detail: detail.to_owned(),
        at: stamp.now,
    };
    rows::insert(tx, &[event])
}

/// Moves a message on; a lost race fails as contended.
pub(super) fn advance(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    message: &mut Message,
    next: Next,
    attempts: i32,
    detail: &str,
) -> Result<()> {
    let revision = message.revision + 1;
    let run_at = stamp.now.plus_seconds(next.after_s);
    rows::update(
        tx,
        Update {
            table: "transmission",
            keys: vec![("unit_id", Column::of([message.unit])), ("id", Column::of([message.id]))],
            guard: vec![("revision", Column::of([message.revision]))],
            sets: vec![
                ("state", Column::of([next.state.as_str()])),
                ("attempts", Column::of([attempts])),
                ("run_at", Column::of([run_at])),
                ("revision", Column::of([revision])),
            ],
        },
    )?;
    tell(tx, stamp, message.unit, message.id, (revision, next.event, next.state), detail)?;
    message.state = next.state;
    message.attempts = attempts;
    message.run_at = run_at;
    message.revision = revision;
    Ok(())
}

/// Stores what came of sending or asking: the move, every new answer as it came, and what the
/// answers mean for the form.
pub(super) fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    message: &Message,
    next: Next,
    outcome: &Outcome,
) -> Result<State> {
    let mut message = message.clone();
    let detail = match outcome {
        Outcome::Unreachable(why) | Outcome::Lost(why) | Outcome::Rejected(why) => why.as_str(),
        Outcome::Known(_) | Outcome::NotKnown => "",
    };
    let attempts = message.attempts;
    advance(tx, stamp, &mut message, next, attempts, detail)?;
    let mut filing = super::find(tx, message.unit, message.filing)?;
    // Only the authority's word says that it has the form: what was rejected when it came again may be nowhere.
    let is_there = message.state == State::Delivered && matches!(outcome, Outcome::Known(_));
    if is_there && filing.state == FilingState::Signed {
        super::advance(tx, stamp, &Actor::system(), &mut filing, ("sent", FilingState::Sent), None)?;
    }
    if let Outcome::Known(answers) = outcome {
        let rules = profile::by_name(&filing.profile)?;
        let new = store_replies(tx, stamp, (&message, filing.kind), answers, rules)?;
        apply(tx, stamp, (&mut message, &mut filing), new, rules)?;
    }
    Ok(message.state)
}

/// The answers that were not known yet. One that cannot be read, or that answers something else,
/// is kept all the same: a person will want to see it.
fn store_replies(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (message, form): (&Message, Kind),
    answers: &[Vec<u8>],
    rules: &Profile,
) -> Result<Vec<reply::Reply>> {
    let mut new = Vec::new();
    for raw in answers {
        let hash = sha256(raw);
        let read = reply::read(raw, rules).ok().filter(|reply| reply.answers == message.message_code);
        let read = read.map(|reply| understood(tx, message, reply)).transpose()?;
        let row = ReplyRow {
            unit_id: message.unit,
            id: stamp.mint::<EventId>()?,
            transmission_id: message.id,
            message_code: read.as_ref().map_or_else(|| format!("sha256:{hash}"), |r| r.message_code.clone()),
            kind: read.as_ref().map_or(0, |reply| reply.kind),
            verdict: read.as_ref().map_or("unclear", |reply| reply.verdict.as_str()),
            faults: faults_text(read.as_ref())?,
            raw: raw.clone(),
            raw_sha256: hash,
            received_at: stamp.now,
        };
        let is_new = rows::insert_if_absent(tx, &[row], &["unit_id", "message_code"])?;
        if is_new.first() == Some(&true) {
            match read {
                Some(reply) => new.push(reply),
                None => tracing::warn!(transmission = %message.id, "an answer could not be read"),
            }
        }
    }
    let order = code::answers_to(form, rules);
    new.sort_by_key(|reply| order.iter().position(|kind| *kind == reply.kind));
    Ok(new)
}

/// What an answer says of this message: that it is a double says, where it may have arrived before, that it did.
fn understood(conn: &mut Conn, message: &Message, mut reply: reply::Reply) -> Result<reply::Reply> {
    if reply.is_double() && may_have_arrived(conn, message.unit, message.id)? {
        reply.verdict = reply::Verdict::Accepted;
    }
    Ok(reply)
}

/// Whether the authority may have a message from a sending before its last.
pub(super) fn may_have_arrived(conn: &mut Conn, unit: UnitId, id: TransmissionId) -> Result<bool> {
    Ok(may_have_arrived_before(&kinds(&events(conn, unit, id)?)))
}

fn kinds(way: &[Event]) -> Vec<&str> {
    way.iter().map(|event| event.kind.as_str()).collect()
}

/// Whether a person may let a message that came this way go again.
pub fn is_releasable(message: &Message, way: &[Event]) -> bool {
    may_go_again(message.state, &kinds(way))
}

/// Whether a message was refused only as a double of what may be its own earlier sending: then the authority may have
/// it, and is asked again when a person says so. Not where something later stands in its form's place, which an answer
/// to this one would come after.
///
/// # Errors
/// Those of reading.
pub fn is_refused_in_doubt(conn: &mut Conn, message: &Message) -> Result<bool> {
    if message.state != State::Refused {
        return Ok(false);
    }
    let mut is_double = false;
    let told = replies(conn, message.unit, message.id)?;
    for refusal in told.iter().filter(|one| one.verdict == reply::Verdict::Refused.as_str()) {
        let faults: Vec<reply::Fault> =
            serde_json::from_str(&refusal.faults).map_err(|error| Error::internal(error.to_string()))?;
        if !reply::is_double(refusal.kind, &faults) {
            return Ok(false);
        }
        is_double = true;
    }
    if !is_double || !may_have_arrived(conn, message.unit, message.id)? {
        return Ok(false);
    }
    let filing = super::find(conn, message.unit, message.filing)?;
    Ok(!super::is_followed(conn, &filing)?)
}

fn faults_text(reply: Option<&reply::Reply>) -> Result<String> {
    let faults = reply.map(|reply| reply.faults.clone()).unwrap_or_default();
    serde_json::to_string(&faults).map_err(|error| Error::internal(error.to_string()))
}

/// What the answers mean, in the order of the procedure, however they came.
fn apply(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (message, filing): (&mut Message, &mut Filing),
    replies: Vec<reply::Reply>,
    rules: &Profile,
) -> Result<()> {
    let expected = code::answers_to(filing.kind, rules);
    for reply in replies {
        if !expected.contains(&reply.kind) {
            tracing::warn!(transmission = %message.id, kind = reply.kind, "an answer of an unexpected kind");
            continue;
        }
        let is_final = code::is_final(filing.kind, reply.kind, rules);
        let is_received = rules.registration_received_answer.value.kinds.contains(&reply.kind);
        let (event, state) = match reply.verdict {
            reply::Verdict::Refused => ("refused", FilingState::Refused),
            reply::Verdict::Accepted if is_final => ("accepted", FilingState::Accepted),
            reply::Verdict::Accepted if is_received => ("received", FilingState::Received),
            reply::Verdict::Unclear if is_final => ("unclear", FilingState::Received),
            _ => continue,
        };
        let end = match (state, is_final) {
            (FilingState::Refused, _) => Some(State::Refused),
            (_, true) => Some(State::Answered),
            _ => None,
        };
        if let Some(end) = end.filter(|_| message.state == State::Delivered) {
            let next = Next { state: end, event: end.as_str(), after_s: 0 };
            let attempts = message.attempts;
            advance(tx, stamp, message, next, attempts, "")?;
        }
        if filing.state >= FilingState::Accepted || filing.state > state {
            continue;
        }
        conclude(tx, stamp, filing, (event, state), &reply)?;
    }
    Ok(())
}

/// Moves the form; an accepted registration comes into force in the same transaction.
fn conclude(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    filing: &mut Filing,
    step: (&'static str, FilingState),
    reply: &reply::Reply,
) -> Result<()> {
    let system = Actor::system();
    let codes: Vec<&str> = reply.faults.iter().map(|fault| fault.code.as_str()).collect();
    let reason = Some(codes.join(", ")).filter(|text| !text.is_empty());
    if step.1 == FilingState::Accepted && filing.kind == Kind::Registration {
        match registration::come_into_force(tx, stamp, &system, filing, reply) {
            Ok(_) => {}
            Err(error) if error.is_busy() || error.is_internal() => return Err(error),
            Err(error) => {
                // The answer stays. It is an alarm until a person clears the obstacle and records the acceptance, or
                // a change form follows.
                tracing::error!(filing = %filing.id, %error, "an acceptance could not come into force");
                let held = (registration::ACCEPTANCE_HELD, FilingState::Received);
                return super::advance(tx, stamp, &system, filing, held, Some(error.code()));
            }
        }
    }
    super::advance(tx, stamp, &system, filing, step, reason.as_deref())?;
    if step.1 == FilingState::Accepted && filing.kind == Kind::ErrorNotice {
        notice::tell_payers(tx, stamp, filing)?;
    }
    Ok(())
}

/// The message, for a person who may say how it goes on.
///
/// # Errors
/// `role_not_allowed`, `transmission_not_found`.
fn moved_by(conn: &mut Conn, actor: &Actor, unit: UnitId, id: TransmissionId) -> Result<Message> {
    actor.require_role(&[Role::Administrator, Role::Approver, Role::System])?;
    actor.scope.require(unit)?;
    by_id(conn, unit, id)?.ok_or_else(not_found)
}

/// Lets a halted message go again, or one that was rejected when it came again: the obstacle is gone. The authority is
/// asked first.
///
/// # Errors
/// `role_not_allowed`, `transmission_not_found`, `transmission_not_halted`.
pub fn release(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: TransmissionId,
) -> Result<()> {
    let mut message = moved_by(tx, actor, unit, id)?;
    if !is_releasable(&message, &events(tx, unit, id)?) {
        let detail = format!("the message is {}", message.state.as_str());
        return Err(Error::conflict("transmission_not_halted", detail));
    }
    let next = Next { state: State::Unknown, event: "released", after_s: 0 };
    let attempts = message.attempts;
    advance(tx, stamp, &mut message, next, attempts, "")?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "transmission.released", id)])
}

/// Asks the authority once more for a message that was refused as a double of what may be its own earlier sending: it
/// and its form are with the authority again, nothing is sent, and the answer that comes is linked.
///
/// # Errors
/// `role_not_allowed`, `transmission_not_found`; `transmission_not_in_doubt` for any other message, and for one whose
/// form something later stands in place of.
pub fn ask_again(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: TransmissionId,
) -> Result<()> {
    let mut message = moved_by(tx, actor, unit, id)?;
    if !is_refused_in_doubt(tx, &message)? {
        let detail = format!("the message is {}", message.state.as_str());
        return Err(Error::conflict("transmission_not_in_doubt", detail));
    }
    let next = Next { state: State::Delivered, event: "asked_again", after_s: 0 };
    let attempts = message.attempts;
    advance(tx, stamp, &mut message, next, attempts, "")?;
    let mut filing = super::find(tx, unit, message.filing)?;
    if filing.state == FilingState::Refused {
        super::advance(tx, stamp, actor, &mut filing, ("asked_again", FilingState::Sent), None)?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "transmission.asked_again", id)])
}

/// The form went another way, through the tax portal for one: what was never sent from here is not sent
/// any more. A message that may be there already goes on being asked for.
pub(super) fn settle_by_hand(tx: &mut Tx<'_>, stamp: &Stamp<'_>, filing: &Filing) -> Result<()> {
    for mut message in of_filing(tx, filing.unit, filing.id)? {
        if matches!(message.state, State::Queued | State::Halted) {
            let next = Next { state: State::Answered, event: "filed_by_hand", after_s: 0 };
            let attempts = message.attempts;
            advance(tx, stamp, &mut message, next, attempts, "")?;
        }
    }
    Ok(())
}

#[track_caller]
pub fn not_found() -> Error {
    Error::not_found("transmission_not_found", "no such message in your scope")
}

/// A message with the unit it belongs to, within the scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: TransmissionId) -> Result<Message> {
    let unit = unit_of(conn, scope, id)?.ok_or_else(not_found)?;
    by_id(conn, unit, id)?.ok_or_else(not_found)
}

/// When the oldest message that is not with the authority yet was made.
pub fn oldest_waiting(conn: &mut Conn) -> Result<Option<Instant>> {
    transmission_query::oldest_waiting(conn)
}
