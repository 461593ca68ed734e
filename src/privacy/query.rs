//! The SQL of requests about personal data and of views.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::file::{Document, Entry, View};
use super::request::Request;
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{obligation, receipt};
use crate::store::schema_privacy::{data_request, data_request_event, data_view};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct RequestRow in "data_request" {
        pub unit_id: UnitId,
        pub id: DataRequestId,
        pub kind: String,
        pub subject_kind: String,
        pub subject_hash: String,
        pub identity_shown: String,
        pub received_at: Instant,
        pub due_at: Instant,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: String,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "data_request_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub request_id: DataRequestId,
        pub revision: i64,
        pub state: String,
        pub ground: Option<String>,
        pub reason: String,
        pub person_id: PersonId,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct ViewRow in "data_view" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub party_id: PartyId,
        pub request_id: Option<DataRequestId>,
        pub person_id: PersonId,
        pub purpose: String,
        pub at: Instant,
    }
}

pub fn insert(tx: &mut Tx<'_>, one: &Request) -> Result<()> {
    rows::insert(
        tx,
        &[RequestRow {
            unit_id: one.unit,
            id: one.id,
            kind: one.kind.clone(),
            subject_kind: one.subject_kind.clone(),
            subject_hash: one.subject_hash.clone(),
            identity_shown: one.identity_shown.clone(),
            received_at: one.received_at,
            due_at: one.due_at,
            maker_person_id: one.maker,
            created_at: one.received_at,
            state: one.state.clone(),
            revision: one.revision,
        }],
    )
}

pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    one: &Request,
    ground: Option<&str>,
    reason: &str,
    person: PersonId,
) -> Result<()> {
    let id: EventId = stamp.mint()?;
    rows::insert(
        tx,
        &[EventRow {
            unit_id: one.unit,
            id,
            request_id: one.id,
            revision: one.revision,
            state: one.state.clone(),
            ground: ground.map(str::to_owned),
            reason: reason.to_owned(),
            person_id: person,
            at: stamp.now,
        }],
    )
}

/// The projection, guarded by the revision before.
pub fn store(tx: &mut Tx<'_>, one: &Request) -> Result<()> {
    rows::advance(
        tx,
        "data_request",
        (one.unit, one.id),
        one.revision,
        vec![("state", Column::of([one.state.clone()]))],
    )
}

/// A request in the words of the database.
#[derive(Queryable)]
pub struct Stored {
    unit: UnitId,
    id: DataRequestId,
    kind: String,
    subject_kind: String,
    subject_hash: String,
    identity_shown: String,
    received_at: Instant,
    due_at: Instant,
    maker: PersonId,
    state: String,
    revision: i64,
}

type Sql = (BigInt, BigInt, Text, Text, Text, Text, BigInt, BigInt, BigInt, Text, BigInt);

const SELECT: &str = "SELECT t.unit_id, t.id, t.kind, t.subject_kind, t.subject_hash, t.identity_shown, \
     t.received_at, t.due_at, t.maker_person_id, t.state, t.revision FROM data_request t";

fn read(row: Stored) -> Request {
    Request {
        unit: row.unit,
        id: row.id,
        kind: row.kind,
        identity_shown: row.identity_shown,
        received_at: row.received_at,
        due_at: row.due_at,
        maker: row.maker,
        state: row.state,
        ground: None,
        reason: None,
        answered_at: None,
        subject_kind: row.subject_kind,
        subject_hash: row.subject_hash,
        revision: row.revision,
    }
}

pub fn lock(tx: &mut Tx<'_>, unit: UnitId, id: DataRequestId) -> Result<Option<Request>> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(tx, SELECT, &keys, "", Lock::Update)?;
    Ok(found.pop().map(read))
}

/// The unit of a request within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: DataRequestId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, data_request, id)
}

/// Requests of a unit with their answers, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Request>> {
    let found: Vec<Stored> = crate::newest_of!(data_request, unit, page)
        .select((
            data_request::unit_id,
            data_request::id,
            data_request::kind,
            data_request::subject_kind,
            data_request::subject_hash,
            data_request::identity_shown,
            data_request::received_at,
            data_request::due_at,
            data_request::maker_person_id,
            data_request::state,
            data_request::revision,
        ))
        .load(conn)
        .classify()?;
    let mut requests: Vec<Request> = found.into_iter().map(read).collect();
    let ids: Vec<DataRequestId> = requests.iter().map(|one| one.id).collect();
    let answers: Vec<(DataRequestId, Option<String>, String, Instant)> = data_request_event::table
        .filter(data_request_event::unit_id.eq(unit))
        .filter(data_request_event::request_id.eq_any(&ids))
        .filter(data_request_event::state.ne("received"))
        .select((
            data_request_event::request_id,
            data_request_event::ground,
            data_request_event::reason,
            data_request_event::at,
        ))
        .load(conn)
        .classify()?;
    for (id, ground, reason, at) in answers {
        if let Some(one) = requests.iter_mut().find(|one| one.id == id) {
            (one.ground, one.reason, one.answered_at) = (ground, Some(reason), Some(at));
        }
    }
    Ok(requests)
}

/// Whether somebody opened the file for a request.
pub fn was_seen(conn: &mut Conn, unit: UnitId, id: DataRequestId) -> Result<bool> {
    let count: i64 = data_view::table
        .filter(data_view::unit_id.eq(unit))
        .filter(data_view::request_id.eq(id))
        .count()
        .get_result(conn)
        .classify()?;
    Ok(count > 0)
}

pub fn record_views(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    parties: &[PartyId],
    (request, person, purpose): (DataRequestId, PersonId, &str),
) -> Result<()> {
    let mut rows = Vec::with_capacity(parties.len());
    for party in parties {
        rows.push(ViewRow {
            unit_id: unit,
            id: stamp.mint()?,
            party_id: *party,
            request_id: Some(request),
            person_id: person,
            purpose: purpose.to_owned(),
            at: stamp.now,
        });
    }
    rows::insert(tx, &rows)
}

/// A view of something that is no person's file.
pub fn record_view_of(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    (person, purpose): (PersonId, &str),
) -> Result<()> {
    let row = ViewRow {
        unit_id: unit,
        id: stamp.mint()?,
        party_id: PartyId(0),
        request_id: None,
        person_id: person,
        purpose: purpose.to_owned(),
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

type Seen = (EventId, PartyId, Option<DataRequestId>, PersonId, String, Instant);

fn view((id, party, request, person, purpose, at): Seen) -> View {
    View { id, party, request, person, purpose, at }
}

pub fn views_of(conn: &mut Conn, unit: UnitId, parties: &[PartyId]) -> Result<Vec<View>> {
    let found: Vec<Seen> = data_view::table
        .filter(data_view::unit_id.eq(unit))
        .filter(data_view::party_id.eq_any(parties))
        .order(data_view::id)
        .select((
            data_view::id,
            data_view::party_id,
            data_view::request_id,
            data_view::person_id,
            data_view::purpose,
            data_view::at,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(view).collect())
}

pub fn views(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<View>> {
    let found: Vec<Seen> = crate::newest_of!(data_view, unit, page)
        .select((
            data_view::id,
            data_view::party_id,
            data_view::request_id,
            data_view::person_id,
            data_view::purpose,
            data_view::at,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(view).collect())
}

/// What the parties owed, oldest first, with the documents.
pub fn entries(conn: &mut Conn, unit: UnitId, parties: &[PartyId]) -> Result<Vec<(PartyId, Entry)>> {
    type Owed = (PartyId, ObligationId, String, String, i64, String, Instant);
    let owed: Vec<Owed> = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::party_id.eq_any(parties))
        .order(obligation::id)
        .select((
            obligation::party_id,
            obligation::id,
            obligation::dossier_code,
            obligation::reference_code,
            obligation::total,
            obligation::state,
            obligation::created_at,
        ))
        .load(conn)
        .classify()?;
    let mut entries = Vec::with_capacity(owed.len());
    for (party, id, dossier_code, reference_code, total, state, raised_at) in owed {
        let documents = documents(conn, unit, id)?;
        let total = Dong(total);
        let entry = Entry { payer: None, dossier_code, reference_code, total, state, raised_at, documents };
        entries.push((party, entry));
    }
    Ok(entries)
}

fn documents(conn: &mut Conn, unit: UnitId, of: ObligationId) -> Result<Vec<Document>> {
    type Stored = (String, i64, String, i64, chrono::NaiveDate, String);
    let found: Vec<Stored> = receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::obligation_id.eq(of))
        .order(receipt::id)
        .select((
            receipt::series,
            receipt::number,
            receipt::document_kind,
            receipt::amount,
            receipt::issued_on,
            receipt::state,
        ))
        .load(conn)
        .classify()?;
    let document = |(series, number, kind, amount, issued_on, state): Stored| Document {
        series,
        number,
        kind,
        amount: Dong(amount),
        issued_on: BusinessDay(issued_on),
        state,
    };
    Ok(found.into_iter().map(document).collect())
}
