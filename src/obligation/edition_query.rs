//! The SQL of editions.

use diesel::prelude::*;

use super::{Line, Obligation};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::store::failure::{Classify, RETRY};
use crate::store::schema::{obligation, obligation_line};
use crate::store::{Tx, rows};

crate::table_row! {
    pub struct LineRow in "obligation_line" {
        pub unit_id: UnitId,
        pub obligation_id: ObligationId,
        pub line_no: i32,
        pub edition: i32,
        pub item_code: String,
        pub item_name: String,
        pub kind: String,
        pub document_kind: String,
        pub measure_unit: String,
        pub quantity: String,
        pub unit_price: String,
        pub gross: Dong,
        pub reduction: Dong,
        pub reduction_percent: Option<String>,
        pub reduction_ground: Option<String>,
        pub amount: Dong,
        pub chapter: Option<String>,
        pub sub_item: Option<String>,
        pub kept_share_bp: i32,
        pub legal_ground: String,
        pub explanation: String,
        pub vat_rate: Option<String>,
    }
}

/// The lines of an edition as rows, numbered from `first_no`.
pub(super) fn rows_of(
    (unit, id): (UnitId, ObligationId),
    edition: i32,
    first_no: i32,
    lines: &[Line],
) -> Vec<LineRow> {
    lines
        .iter()
        .zip(first_no..)
        .map(|(line, line_no)| LineRow {
            unit_id: unit,
            obligation_id: id,
            line_no,
            edition,
            item_code: line.item_code.clone(),
            item_name: line.item_name.clone(),
            kind: line.kind.clone(),
            document_kind: line.document_kind.clone(),
            measure_unit: line.measure_unit.clone(),
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
            gross: line.gross,
            reduction: line.reduction,
            reduction_percent: line.reduction_percent.map(|percent| percent.to_string()),
            reduction_ground: line.reduction_ground.clone(),
            amount: line.amount,
            chapter: line.chapter.clone(),
            sub_item: line.sub_item.clone(),
            kept_share_bp: line.kept_share_bp,
            legal_ground: line.legal_ground.clone(),
            explanation: line.explanation.clone(),
            vat_rate: line.vat_rate.clone(),
        })
        .collect()
}

/// Appends the lines of the obligation's edition; numbers go on from those before.
pub fn insert(tx: &mut Tx<'_>, owner: &Obligation, lines: &[Line]) -> Result<()> {
    let last: Option<i32> = obligation_line::table
        .filter(obligation_line::unit_id.eq(owner.unit))
        .filter(obligation_line::obligation_id.eq(owner.id))
        .select(diesel::dsl::max(obligation_line::line_no))
        .first(tx.conn())
        .classify()?;
    let first = last.unwrap_or(0) + 1;
    let rows = rows_of((owner.unit, owner.id), owner.line_edition, first, lines);
    rows::insert(tx, &rows)
}

/// Moves the total by the difference and names the edition in force.
pub fn store(tx: &mut Tx<'_>, changed: &Obligation, difference: Dong) -> Result<()> {
    let stored = diesel::update(
        obligation::table
            .find((changed.unit, changed.id))
            .filter(obligation::revision.eq(changed.revision - 1)),
    )
    .set((
        obligation::adjusted.eq(obligation::adjusted + difference),
        obligation::line_edition.eq(changed.line_edition),
        obligation::revision.eq(changed.revision),
    ))
    .execute(tx.conn())
    .classify()?;
    if stored == 1 {
        return Ok(());
    }
    Err(Error::busy(RETRY, 1, "the obligation changed meanwhile"))
}
