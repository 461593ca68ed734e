//! The SQL of messages that have not gone yet, by whom they are for.

use diesel::prelude::*;

use super::query::{Columns, columns, from_columns};
use super::{Message, State};
use crate::error::Result;
use crate::id::{PartyId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{message, obligation, receipt};

const UNSENT: [&str; 2] = [State::Waiting.as_str(), State::Sending.as_str()];

/// About receipts of these payers.
pub fn about_receipts(conn: &mut Conn, unit: UnitId, parties: &[PartyId]) -> Result<Vec<(Message, PartyId)>> {
    let found: Vec<(Columns, PartyId)> = message::table
        .inner_join(
            receipt::table.on(receipt::unit_id.eq(message::unit_id).and(receipt::id.eq(message::subject_id))),
        )
        .inner_join(
            obligation::table
                .on(obligation::unit_id.eq(receipt::unit_id).and(obligation::id.eq(receipt::obligation_id))),
        )
        .filter(message::unit_id.eq(unit))
        .filter(message::subject_kind.eq("receipt"))
        .filter(message::state.eq_any(UNSENT))
        .filter(obligation::party_id.eq_any(parties))
        .order(message::id)
        .select((columns!(), obligation::party_id))
        .load(conn)
        .classify()?;
    found.into_iter().map(|(columns, party)| Ok((from_columns(columns)?, party))).collect()
}

/// About payments of whomever: their payers stand in the sealed part.
pub fn about_money(conn: &mut Conn, unit: UnitId) -> Result<Vec<Message>> {
    let found: Vec<Columns> = message::table
        .filter(message::unit_id.eq(unit))
        .filter(message::subject_kind.eq_any(["payment", super::money::REMINDER]))
        .filter(message::state.eq_any(UNSENT))
        .order(message::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_columns).collect()
}
