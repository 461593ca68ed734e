//! The corrections' SQL.

use diesel::prelude::*;

use super::{Agreement, Correction, Kind, State};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation::{Line, line_query};
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column};
use crate::store::schema::{correction, correction_agreement, correction_event, correction_line};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct CorrectionRow in "correction" {
        pub unit_id: UnitId,
        pub id: CorrectionId,
        pub receipt_id: ReceiptId,
        pub obligation_id: ObligationId,
        pub kind: &'static str,
        pub reason: String,
        pub agreement_no: String,
        pub agreement_on: BusinessDay,
        pub agreement_about: String,
        pub party_id: Option<PartyId>,
        pub profile: &'static str,
        pub certainty: &'static str,
        pub old_amount: Dong,
        pub new_amount: Dong,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
        pub document_kind: String,
    }
}

crate::table_row! {
    pub struct EventRow in "correction_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub correction_id: CorrectionId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: PersonId,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::line_row! {
    pub struct LineRow in "correction_line" {
        pub unit_id: UnitId,
        pub correction_id: CorrectionId,
        pub line_no: i32,
    }
}

crate::table_row! {
    pub struct AgreementRow in "correction_agreement" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub correction_id: CorrectionId,
        pub media_type: String,
        pub size: i64,
        pub sha256: String,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

/// The corrected lines as rows, numbered from 1.
pub fn line_rows(unit: UnitId, id: CorrectionId, lines: &[Line]) -> Vec<LineRow> {
    lines.iter().zip(1..).map(|(line, line_no)| LineRow::of(line, unit, id, line_no)).collect()
}

pub fn lines(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Vec<Line>> {
    let found: Vec<line_query::Stored> = correction_line::table
        .filter(correction_line::unit_id.eq(unit))
        .filter(correction_line::correction_id.eq(id))
        .order(correction_line::line_no)
        .select((
            (
                correction_line::item_code,
                correction_line::item_name,
                correction_line::kind,
                correction_line::document_kind,
                correction_line::measure_unit,
                correction_line::quantity,
                correction_line::unit_price,
            ),
            (
                correction_line::gross,
                correction_line::reduction,
                correction_line::reduction_percent,
                correction_line::reduction_ground,
                correction_line::amount,
            ),
            (
                correction_line::chapter,
                correction_line::sub_item,
                correction_line::kept_share_bp,
                correction_line::legal_ground,
                correction_line::explanation,
                correction_line::vat_rate,
            ),
        ))
        .load(conn)
        .classify()?;
    found.into_iter().map(line_query::line_of).collect()
}

type Parts = (
    (UnitId, CorrectionId, ReceiptId, ObligationId, String, String, String),
    (String, BusinessDay, String, Option<PartyId>, String, String, Option<String>),
    (Dong, Dong, PersonId, Option<PersonId>, Instant, String, i64),
    (Option<PersonId>, Option<PersonId>),
);

macro_rules! columns {
    () => {
        (
            (
                correction::unit_id,
                correction::id,
                correction::receipt_id,
                correction::obligation_id,
                correction::kind,
                correction::reason,
                correction::document_kind,
            ),
            (
                correction::agreement_no,
                correction::agreement_on,
                correction::agreement_about,
                correction::party_id,
                correction::profile,
                correction::certainty,
                correction::agreement_sha256,
            ),
            (
                correction::old_amount,
                correction::new_amount,
                correction::maker_person_id,
                correction::checker_person_id,
                correction::created_at,
                correction::state,
                correction::revision,
            ),
            (correction::withdrawal_maker_person_id, correction::withdrawal_checker_person_id),
        )
    };
}

fn correction_of((place, ground, now, withdrawal): Parts) -> Result<Correction> {
    Ok(Correction {
        unit: place.0,
        id: place.1,
        receipt: place.2,
        obligation: place.3,
        kind: Kind::parse(&place.4)?,
        reason: place.5,
        document_kind: place.6,
        agreement: Agreement { number: ground.0, on: ground.1, about: ground.2 },
        party: ground.3,
        profile: ground.4,
        certainty: ground.5,
        agreement_sha256: ground.6,
        old_amount: now.0,
        new_amount: now.1,
        maker: now.2,
        checker: now.3,
        created_at: now.4,
        state: State::parse(&now.5).ok_or_else(|| Error::internal("a stored correction is unreadable"))?,
        revision: now.6,
        withdrawal_maker: withdrawal.0,
        withdrawal_checker: withdrawal.1,
    })
}

pub fn by_id(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Option<Correction>> {
    let found: Option<Parts> =
        correction::table.find((unit, id)).select(columns!()).first(conn).optional().classify()?;
    found.map(correction_of).transpose()
}

/// Corrections of a unit, or of one receipt of it, newest first.
pub fn page(
    conn: &mut Conn,
    unit: UnitId,
    receipt: Option<ReceiptId>,
    state: Option<State>,
    page: impl Into<Page>,
) -> Result<Vec<Correction>> {
    let mut found = crate::newest_of!(correction, unit, page, state).select(columns!());
    if let Some(receipt) = receipt {
        found = found.filter(correction::receipt_id.eq(receipt));
    }
    let found: Vec<Parts> = found.load(conn).classify()?;
    found.into_iter().map(correction_of).collect()
}

/// Stores a correction's next revision; the row must be the one that was read.
pub fn store(tx: &mut Tx<'_>, changed: &Correction) -> Result<()> {
    rows::advance(
        tx,
        "correction",
        (changed.unit, changed.id),
        changed.revision,
        vec![
            ("state", Column::of([changed.state.as_str()])),
            ("checker_person_id", Column::of([changed.checker])),
            ("agreement_sha256", Column::of([changed.agreement_sha256.clone()])),
            ("withdrawal_maker_person_id", Column::of([changed.withdrawal_maker])),
            ("withdrawal_checker_person_id", Column::of([changed.withdrawal_checker])),
        ],
    )
}

/// The unit of a correction within a scope: ids do not tell their unit.
pub fn unit_of(conn: &mut Conn, scope: &crate::actor::Scope, id: CorrectionId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, correction, id)
}

/// One step of a correction's life: kind, state, person, reason, when.
pub type PastEvent = (String, String, PersonId, Option<String>, Instant);

pub fn events(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Vec<PastEvent>> {
    correction_event::table
        .filter(correction_event::unit_id.eq(unit))
        .filter(correction_event::correction_id.eq(id))
        .order(correction_event::revision)
        .select((
            correction_event::kind,
            correction_event::state,
            correction_event::person_id,
            correction_event::reason,
            correction_event::at,
        ))
        .load(conn)
        .classify()
}

/// An agreement as it is stored: (row, media type, hash, key, cipher).
pub type StoredAgreement = (EventId, String, String, KeyId, Vec<u8>);

/// The newest agreement attached to a correction.
pub fn agreement(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Option<StoredAgreement>> {
    correction_agreement::table
        .filter(correction_agreement::unit_id.eq(unit))
        .filter(correction_agreement::correction_id.eq(id))
        .order(correction_agreement::id.desc())
        .select((
            correction_agreement::id,
            correction_agreement::media_type,
            correction_agreement::sha256,
            correction_agreement::key_id,
            correction_agreement::cipher,
        ))
        .first(conn)
        .optional()
        .classify()
}
