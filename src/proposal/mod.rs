//! What one person proposes for the whole city and another one decides: kept with its reason, decided once.
//! What can be proposed, and what approving it does, is the business of the rooms that propose: the tariff,
//! targets, entrustments and the like. All of it stands at the city's unit.

mod query;

use serde::Serialize;

use self::query::{EventRow, ProposalRow};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx};
use crate::text;

pub use query::{find, list, of_state};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Proposed,
    Approved,
    Refused,
}

crate::text_enum! { State { Proposed = "proposed", Approved = "approved", Refused = "refused" } }

/// A proposal as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub id: EventId,
    /// Of the room that proposed it; the database knows all kinds.
    pub kind: String,
    /// The whole of it, as its room writes it.
    pub content: String,
    /// What it rests on, and is void without: the edition of the tariff that it changes.
    pub base: Option<EventId>,
    pub reason: String,
    pub maker: PersonId,
    pub created_at: Instant,
    pub state: State,
    pub checker: Option<PersonId>,
    pub revision: i64,
}

/// What is proposed.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub kind: &'static str,
    pub content: String,
    pub base: Option<EventId>,
    pub reason: &'a str,
}

/// A reason as it is kept.
///
/// # Errors
/// `field_missing`, `field_too_long`.
pub fn reason_of(raw: &str) -> Result<String> {
    text::required("reason", raw, "field_missing", text::REASON_LIMIT)
}

/// What the same person proposed in the same words, and nobody decided yet: a form that is sent twice proposes once.
/// Whoever asks holds the lock of the city's unit, so that the second of two equal ones sees the first.
///
/// # Errors
/// `field_missing`, `field_too_long`.
pub fn waiting_already(conn: &mut Conn, maker: PersonId, new: &New<'_>) -> Result<Option<Proposal>> {
    let reason = reason_of(new.reason)?;
    let is_same = |one: &Proposal| {
        one.maker == maker && one.content == new.content && one.base == new.base && one.reason == reason
    };
    let waiting = of_state(conn, new.kind, State::Proposed)?;
    Ok(waiting.into_iter().filter(is_same).max_by_key(|one| one.id))
}

/// Writes a proposal down; nothing holds before another person approves it.
///
/// # Errors
/// `field_missing`, `field_too_long`.
pub fn propose(tx: &mut Tx<'_>, stamp: &Stamp<'_>, maker: PersonId, new: New<'_>) -> Result<EventId> {
    let reason = reason_of(new.reason)?;
    let id: EventId = stamp.mint()?;
    query::insert(
        tx,
        ProposalRow {
            unit_id: UnitId::CITY,
            id,
            kind: new.kind,
            content: new.content,
            base_id: new.base,
            reason: reason.clone(),
            maker_person_id: maker,
            created_at: stamp.now,
            state: State::Proposed.as_str(),
            checker_person_id: None,
            revision: 1,
        },
    )?;
    tell(tx, stamp, (id, 1), State::Proposed, maker, reason)?;
    Ok(id)
}

/// Another person than the one who proposed it approves; what that does is the caller's.
///
/// # Errors
/// `maker_is_checker`.
pub fn approve(tx: &mut Tx<'_>, stamp: &Stamp<'_>, found: &mut Proposal, checker: PersonId) -> Result<()> {
    if found.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    let reason = found.reason.clone();
    decide(tx, stamp, found, State::Approved, (checker, reason))
}

/// Somebody refuses, or takes their own back.
///
/// # Errors
/// `field_missing`, `field_too_long`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    found: &mut Proposal,
    checker: PersonId,
    reason: &str,
) -> Result<()> {
    let reason = reason_of(reason)?;
    decide(tx, stamp, found, State::Refused, (checker, reason))
}

fn decide(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    found: &mut Proposal,
    state: State,
    (checker, reason): (PersonId, String),
) -> Result<()> {
    query::decide(tx, found, state, checker)?;
    (found.state, found.checker) = (state, Some(checker));
    found.revision += 1;
    tell(tx, stamp, (found.id, found.revision), state, checker, reason)
}

fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (proposal_id, revision): (EventId, i64),
    state: State,
    person_id: PersonId,
    reason: String,
) -> Result<()> {
    let (kind, state) = (state.as_str(), state.as_str());
    let (unit_id, id, at) = (UnitId::CITY, stamp.mint()?, stamp.now);
    query::tell(tx, EventRow { unit_id, id, proposal_id, revision, kind, state, person_id, reason, at })
}

/// The proposal of one of these kinds, if nobody decided it yet.
///
/// # Errors
/// What the caller says of one that is not there, and of one that was decided.
pub fn undecided(
    conn: &mut Conn,
    kinds: &[&str],
    id: EventId,
    (missing, decided): (impl Fn() -> Error, impl Fn() -> Error),
) -> Result<Proposal> {
    let found = find(conn, kinds, id)?.ok_or_else(missing)?;
    if found.state == State::Proposed { Ok(found) } else { Err(decided()) }
}
