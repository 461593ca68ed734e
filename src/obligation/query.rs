//! The obligations' SQL.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};

use super::{Event, Line, Obligation, State, edition_query, line_query};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::obligation;
use crate::store::{Conn, Tx};
use crate::unit::account;

crate::table_row! {
    pub struct ObligationRow in "obligation" {
        pub unit_id: UnitId,
        pub id: ObligationId,
        pub reference_code: String,
        pub dossier_code: String,
        pub procedure_code: String,
        pub procedure_field: String,
        pub intake_mode: String,
        pub receiving_unit_id: UnitId,
        pub competent_unit_id: UnitId,
        pub submitted_at: Instant,
        pub result_due_on: Option<BusinessDay>,
        pub due_on: BusinessDay,
        pub electronic_required: bool,
        pub party_id: PartyId,
        pub total: Dong,
        pub waived_ground: Option<String>,
        pub client_id: Option<ClientId>,
        pub created_at: Instant,
        pub account_id: AccountId,
        pub state: &'static str,
        pub revision: i64,
        pub allocated: Dong,
    }
}

crate::table_row! {
    pub struct EventRow in "obligation_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub obligation_id: ObligationId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub allocated: Dong,
        pub payment_id: Option<PaymentId>,
        pub receipt_id: Option<ReceiptId>,
        pub actor: String,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

impl EventRow {
    pub fn new(id: EventId, at: Instant, event: &Event) -> Self {
        EventRow {
            unit_id: event.unit,
            id,
            obligation_id: event.obligation,
            revision: event.revision,
            kind: event.kind,
            state: event.state.as_str(),
            allocated: event.allocated,
            payment_id: event.payment,
            receipt_id: event.receipt,
            actor: event.actor.clone(),
            reason: event.reason.clone(),
            at,
        }
    }
}

pub fn insert(tx: &mut Tx<'_>, new: &Obligation, lines: &[Line]) -> Result<()> {
    rows::insert(
        tx,
        &[ObligationRow {
            unit_id: new.unit,
            id: new.id,
            reference_code: new.reference_code.clone(),
            dossier_code: new.dossier_code.clone(),
            procedure_code: new.procedure_code.clone(),
            procedure_field: new.procedure_field.clone(),
            intake_mode: new.intake_mode.clone(),
            receiving_unit_id: new.receiving_unit,
            competent_unit_id: new.competent_unit,
            submitted_at: new.submitted_at,
            result_due_on: new.result_due_on,
            due_on: new.due_on,
            electronic_required: new.electronic_required,
            party_id: new.party,
            total: new.total,
            waived_ground: new.waived_ground.clone(),
            client_id: new.client,
            created_at: new.created_at,
            account_id: new.account,
            state: new.state.as_str(),
            revision: new.revision,
            allocated: new.allocated,
        }],
    )?;
    let line_rows = edition_query::rows_of((new.unit, new.id), new.line_edition, 1, lines);
    rows::insert(tx, &line_rows)
}

/// Stores the projection of obligations, each with the revision it was read at.
pub fn store(tx: &mut Tx<'_>, changed: &[(&Obligation, i64)]) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "obligation",
            keys: vec![
                ("unit_id", Column::of(changed.iter().map(|(o, _)| o.unit))),
                ("id", Column::of(changed.iter().map(|(o, _)| o.id))),
            ],
            guard: vec![("revision", Column::of(changed.iter().map(|(_, read)| *read)))],
            sets: vec![
                ("state", Column::of(changed.iter().map(|(o, _)| o.state.as_str()))),
                ("revision", Column::of(changed.iter().map(|(o, _)| o.revision))),
                ("allocated", Column::of(changed.iter().map(|(o, _)| o.allocated))),
            ],
        },
    )
}

const SELECT: &str = "SELECT t.unit_id, t.id, t.reference_code, t.dossier_code, t.procedure_code, t.procedure_field, \
     t.intake_mode, t.receiving_unit_id, t.competent_unit_id, t.submitted_at, t.result_due_on, t.due_on, \
     t.electronic_required, t.party_id, t.account_id, t.total + t.adjusted, t.waived_ground, t.client_id, t.created_at, t.state, \
     t.revision, t.allocated, t.line_edition FROM obligation t";

type Sql = (
    BigInt,
    BigInt,
    Text,
    Text,
    Text,
    Text,
    Text,
    BigInt,
    BigInt,
    BigInt,
    Nullable<Date>,
    Date,
    Bool,
    BigInt,
    BigInt,
    BigInt,
    Nullable<Text>,
    Nullable<BigInt>,
    BigInt,
    Text,
    BigInt,
    BigInt,
    Integer,
);
type Stored = (
    UnitId,
    ObligationId,
    String,
    String,
    String,
    String,
    String,
    UnitId,
    UnitId,
    Instant,
    Option<BusinessDay>,
    BusinessDay,
    bool,
    PartyId,
    AccountId,
    Dong,
    Option<String>,
    Option<ClientId>,
    Instant,
    String,
    i64,
    Dong,
    i32,
);

fn from_stored(row: Stored) -> Result<Obligation> {
    Ok(Obligation {
        unit: row.0,
        id: row.1,
        reference_code: row.2,
        dossier_code: row.3,
        procedure_code: row.4,
        procedure_field: row.5,
        intake_mode: row.6,
        receiving_unit: row.7,
        competent_unit: row.8,
        submitted_at: row.9,
        result_due_on: row.10,
        due_on: row.11,
        electronic_required: row.12,
        party: row.13,
        account: row.14,
        total: row.15,
        waived_ground: row.16,
        client: row.17,
        created_at: row.18,
        state: row.19.parse()?,
        revision: row.20,
        allocated: row.21,
        line_edition: row.22,
    })
}

fn fetch(conn: &mut Conn, ids: &[(UnitId, ObligationId)], lock: Lock) -> Result<Vec<Obligation>> {
    let keys = rows::unit_keys("id", ids);
    let found: Vec<Stored> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", lock)?;
    found.into_iter().map(from_stored).collect()
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, ObligationId)]) -> Result<Vec<Obligation>> {
    fetch(conn, ids, Lock::None)
}

/// Locks the obligations in key order and reads them as they are under the lock.
pub fn lock(tx: &mut Tx<'_>, ids: &[(UnitId, ObligationId)]) -> Result<Vec<Obligation>> {
    fetch(tx, ids, Lock::Update)
}

/// The lines in force: those of the newest edition.
pub fn lines(
    conn: &mut Conn,
    ids: &[(UnitId, ObligationId)],
) -> Result<HashMap<(UnitId, ObligationId), Vec<Line>>> {
    let mut lines: HashMap<(UnitId, ObligationId), (i32, Vec<Line>)> = HashMap::with_capacity(ids.len());
    for (key, edition, line) in every_line(conn, ids)? {
        let (newest, held) = lines.entry(key).or_default();
        if edition > *newest {
            *newest = edition;
            held.clear();
        }
        held.push(line);
    }
    Ok(lines.into_iter().map(|(key, (_, lines))| (key, lines)).collect())
}

/// A line of an obligation with its edition.
pub(super) type EditedLine = ((UnitId, ObligationId), i32, Line);

/// The lines of every edition, in their order.
pub(super) fn every_line(conn: &mut Conn, ids: &[(UnitId, ObligationId)]) -> Result<Vec<EditedLine>> {
    type Sql = ((BigInt, BigInt, Integer, Integer), line_query::Sql);
    type Stored = ((UnitId, ObligationId, i32, i32), line_query::Stored);
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.line_no, t.edition, t.item_code, t.item_name, t.kind, t.document_kind, \
         t.measure_unit, t.quantity, t.unit_price, t.gross, t.reduction, t.reduction_percent, t.reduction_ground, \
         t.amount, t.chapter, t.sub_item, t.kept_share_bp, t.legal_ground, t.explanation, t.vat_rate \
         FROM obligation_line t",
        &rows::unit_keys("obligation_id", ids),
        "",
        Lock::None,
    )?;
    found.sort_by_key(|row| row.0);
    found
        .into_iter()
        .map(|((unit, id, _, edition), line)| Ok(((unit, id), edition, line_query::line_of(line)?)))
        .collect()
}

/// The obligations behind reference codes; unknown codes are absent.
pub fn resolve_codes(conn: &mut Conn, codes: &[String]) -> Result<HashMap<String, (UnitId, ObligationId)>> {
    let found = account::by_codes(conn, codes, account::KIND_OBLIGATION)?;
    let mut resolved: HashMap<String, (UnitId, ObligationId)> =
        found.into_iter().map(|(code, unit, id)| (code, (unit, ObligationId(id)))).collect();
    super::moved::follow(conn, resolved.values_mut())?;
    Ok(resolved)
}

/// A page of a unit's obligations, newest first, below `before`.
pub fn page(
    conn: &mut Conn,
    unit: UnitId,
    client: Option<ClientId>,
    state: Option<State>,
    dossier_code: Option<&str>,
    before: Option<ObligationId>,
    limit: i64,
) -> Result<Vec<Obligation>> {
    let mut ids = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .order(obligation::id.desc())
        .limit(limit)
        .select(obligation::id)
        .into_boxed();
    if let Some(client) = client {
        ids = ids.filter(obligation::client_id.eq(client));
    }
    if let Some(state) = state {
        ids = ids.filter(obligation::state.eq(state.as_str()));
    }
    if let Some(code) = dossier_code {
        // A dossier has few: they are put in order, so that nothing else that the unit ever raised is gone through.
        ids = ids
            .filter(obligation::dossier_code.eq(code.to_owned()))
            .order(diesel::dsl::sql::<BigInt>("+obligation.id DESC"));
    }
    if let Some(before) = before {
        ids = ids.filter(obligation::id.lt(before));
    }
    let ids: Vec<ObligationId> = ids.load(conn).classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.sort_by_key(|obligation| std::cmp::Reverse(obligation.id));
    Ok(found)
}

/// Open obligations of a unit behind this one, for matching.
pub fn open_of_unit(
    conn: &mut Conn,
    unit: UnitId,
    behind: ObligationId,
    limit: i64,
) -> Result<Vec<Obligation>> {
    let ids: Vec<ObligationId> = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::id.gt(behind))
        .filter(obligation::state.eq_any(["raised", "partly_paid", "reopened"]))
        .order(obligation::id)
        .limit(limit)
        .select(obligation::id)
        .load(conn)
        .classify()?;
    by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())
}

/// The unit of an obligation within a scope: ids do not tell their unit.
pub fn unit_of(
    conn: &mut Conn,
    scope: &crate::actor::Scope,
    client: Option<ClientId>,
    id: ObligationId,
) -> Result<Option<UnitId>> {
    let found = obligation::table.filter(obligation::id.eq(id)).select(obligation::unit_id).into_boxed();
    let mut found = crate::in_scope!(found, scope, obligation);
    if let Some(client) = client {
        found = found.filter(obligation::client_id.eq(client));
    }
    found.first(conn).optional().classify()
}
