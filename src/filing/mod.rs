//! The tax authority: forms and invoices that are filed with it, the ledger of every message and answer,
//! and the courier that brings them there once.
//!
//! A form is drafted in a transaction, signed outside any, and enqueued in the transaction that
//! stores its message. The courier sends outside transactions, asks before it sends again, and
//! stores answers as they came, linked to what they answer.

pub mod alarm;
pub mod code;
pub mod courier;
pub mod due;
pub mod endpoint;
pub mod envelope;
pub mod form;
pub mod http;
pub mod invoice;
mod invoice_query;
pub mod mark;
pub mod notice;
mod notice_query;
pub mod period;
pub mod query;
pub mod registration;
pub mod reply;
pub mod report;
mod report_query;
pub mod rules;
mod schema;
pub mod sealing;
pub mod transmission;
pub mod xml;

use ring::digest::{SHA256, digest};

use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{FilingId, PersonId, UnitId};
use crate::receipt::profile::{self, Profile};
use crate::store::rows::{self, Column, Update};
use crate::store::{Conn, Stamp, Tx, failure};
use crate::text::{self, hex};
use crate::unit::registration as accepted;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Registration,
    UsageReport,
    ErrorNotice,
    /// An invoice, sent as it was issued.
    Invoice,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Registration => "registration",
            Kind::UsageReport => "usage_report",
            Kind::ErrorNotice => "error_notice",
            Kind::Invoice => "invoice",
        }
    }

    fn parse(text: &str) -> Result<Kind> {
        [Kind::Registration, Kind::UsageReport, Kind::ErrorNotice, Kind::Invoice]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::internal(format!("a filing of kind {text}")))
    }
}

/// Where a form is on its way. The order is the order of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Waits for a second person.
    Requested,
    Withdrawn,
    /// Waits for its signature.
    Drafted,
    Signed,
    /// The authority has the message.
    Sent,
    /// The authority said that it received it.
    Received,
    Accepted,
    Refused,
}

impl State {
    pub const ALL: [State; 8] = [
        State::Requested,
        State::Withdrawn,
        State::Drafted,
        State::Signed,
        State::Sent,
        State::Received,
        State::Accepted,
        State::Refused,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Withdrawn => "withdrawn",
            State::Drafted => "drafted",
            State::Signed => "signed",
            State::Sent => "sent",
            State::Received => "received",
            State::Accepted => "accepted",
            State::Refused => "refused",
        }
    }

    fn parse(text: &str) -> Result<State> {
        let found = State::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| Error::internal(format!("a filing in state {text}")))
    }

    /// Counts as filed, or on its way: a second one for the same would be one too many.
    pub fn is_live(self) -> bool {
        !matches!(self, State::Withdrawn | State::Refused)
    }
}

/// A form.
#[derive(Clone, Debug)]
pub struct Filing {
    pub unit: UnitId,
    pub id: FilingId,
    pub kind: Kind,
    /// `01/ĐKTĐ-CTĐT`, `BC26/BLĐT`, …
    pub form: String,
    /// The quarter of a report.
    pub period: Option<String>,
    /// The first report, where this one supplements it; the refused sending of an invoice that goes again; the
    /// notice that the authority did not accept and this one corrects.
    pub earlier: Option<FilingId>,
    pub profile: String,
    /// The form's data as JSON: what the body was written from.
    pub detail: String,
    pub body: Vec<u8>,
    pub maker: Option<PersonId>,
    pub checker: Option<PersonId>,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
}

impl Filing {
    /// The form's data.
    pub fn data<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.detail).map_err(|error| Error::internal(format!("{}: {error}", self.id)))
    }
}

/// A form to be drafted.
pub struct Draft<'a> {
    pub unit: UnitId,
    pub kind: Kind,
    pub form: &'a str,
    pub period: Option<String>,
    /// Unique in the unit: what may be filed once.
    pub slot: Option<String>,
    pub earlier: Option<FilingId>,
    pub detail: String,
    pub state: State,
    pub maker: Option<PersonId>,
}

/// The Id of a form's signed part.
pub fn body_id(id: FilingId) -> String {
    id.to_string().replace('_', "-")
}

/// Drafts a form; `body` writes its canonical bytes by profile and Id.
///
/// # Errors
/// `filing_exists` when its slot is taken; `form_off_schema` and `form_schema_unknown` for a body that
/// the form's schema refuses: then nothing is stored.
pub fn draft(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: Draft<'_>,
    body: impl FnOnce(&Profile, &str) -> Vec<u8>,
) -> Result<FilingId> {
    let id: FilingId = stamp.mint()?;
    let profile = profile::for_day(stamp.today());
    let body = body(profile, &body_id(id));
    schema::check_body(new.form, profile.message_version.value, &body)?;
    let row = query::FilingRow {
        unit_id: new.unit,
        id,
        kind: new.kind.as_str(),
        form: new.form.to_owned(),
        period: new.period,
        slot: new.slot,
        earlier_id: new.earlier,
        profile: profile.name.to_owned(),
        detail: new.detail,
        body_sha256: hex(digest(&SHA256, &body).as_ref()),
        body,
        maker_person_id: new.maker,
        created_at: stamp.now,
        state: new.state.as_str(),
        revision: 1,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("filing_exists", "this form was made already"),
        _ => error,
    })?;
    let actor_text = audit::actor_text(actor);
    query::tell(tx, stamp, new.unit, id, (1, new.state.as_str(), new.state), &actor_text, None)?;
    let entry = audit::Entry::by(actor, new.unit, "filing.drafted", id).with(new.form);
    audit::record(tx, stamp, &[entry])?;
    Ok(id)
}

/// Moves a form on, with its event. Every caller read `filing` in this transaction.
pub(crate) fn advance(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    filing: &mut Filing,
    (event, state): (&'static str, State),
    reason: Option<&str>,
) -> Result<()> {
    let revision = filing.revision + 1;
    rows::update(
        tx,
        Update {
            table: "filing",
            keys: vec![("unit_id", Column::of([filing.unit])), ("id", Column::of([filing.id]))],
            guard: vec![("revision", Column::of([filing.revision]))],
            sets: vec![
                ("state", Column::of([state.as_str()])),
                ("checker_person_id", Column::of([filing.checker])),
                ("revision", Column::of([revision])),
            ],
        },
    )?;
    query::tell(
        tx,
        stamp,
        filing.unit,
        filing.id,
        (revision, event, state),
        &audit::actor_text(actor),
        reason,
    )?;
    filing.state = state;
    filing.revision = revision;
    Ok(())
}

/// A form of a kind that waits for a second person; `refusal` is the code of one that does not.
///
/// # Errors
/// `filing_not_found`, and the refusal.
fn requested(
    conn: &mut Conn,
    (unit, id): (UnitId, FilingId),
    kind: Kind,
    refusal: &'static str,
) -> Result<Filing> {
    let filing = find(conn, unit, id)?;
    if filing.kind != kind || filing.state != State::Requested {
        return Err(Error::conflict(refusal, format!("the form is {}", filing.state.as_str())));
    }
    Ok(filing)
}

/// Another person than the maker approves a requested form: from here on it is signed and sent.
///
/// # Errors
/// `maker_is_checker`.
fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    filing: &mut Filing,
    event: &'static str,
) -> Result<()> {
    let checker = actor.require_person()?;
    if filing.maker == Some(checker) {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    filing.checker = Some(checker);
    advance(tx, stamp, actor, filing, ("approved", State::Drafted), None)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, filing.unit, event, filing.id)])
}

/// Takes back or turns down a requested form, with the reason.
///
/// # Errors
/// `reason_missing`.
fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (filing, reason): (&mut Filing, &str),
    event: &'static str,
) -> Result<()> {
    actor.require_person()?;
    let reason = text::reason(reason)?;
    advance(tx, stamp, actor, filing, ("withdrawn", State::Withdrawn), Some(&reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, filing.unit, event, filing.id)])
}

/// Forms of a unit that are looked at for a later one: the newest.
const LOOKED_AT: i64 = 20;

/// Whether something later stands in a form's place: a live form of its kind and period or about its documents, and
/// of a registration also what the tax office accepted since, however that came.
fn is_followed(conn: &mut Conn, filing: &Filing) -> Result<bool> {
    let is_later = |one: &Filing| one.id > filing.id && one.state.is_live();
    match filing.kind {
        Kind::Registration => {
            let accepted = accepted::of_unit(conn, filing.unit)?;
            let forms = query::of_unit(conn, filing.unit, Some(Kind::Registration), LOOKED_AT)?;
            Ok(accepted.iter().any(|held| held.id.0 > filing.id.0) || forms.iter().any(is_later))
        }
        Kind::UsageReport => {
            let period = filing.period.as_deref().unwrap_or_default();
            Ok(query::of_period(conn, filing.unit, Kind::UsageReport, period)?.iter().any(is_later))
        }
        Kind::Invoice => invoice::is_sent_later(conn, filing),
        Kind::ErrorNotice => notice::is_told_later(conn, filing),
    }
}

/// # Errors
/// `filing_not_found`.
pub fn find(conn: &mut Conn, unit: UnitId, id: FilingId) -> Result<Filing> {
    query::by_id(conn, unit, id)?
        .ok_or_else(|| Error::not_found("filing_not_found", "no such form in your scope"))
}
