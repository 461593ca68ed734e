//! The SQL of editions.

use diesel::prelude::*;

use super::{Line, Obligation};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::store::failure::{Classify, RETRY};
use crate::store::schema::{obligation, obligation_line};
use crate::store::{Tx, rows};

crate::line_row! {
    pub struct LineRow in "obligation_line" {
        pub unit_id: UnitId,
        pub obligation_id: ObligationId,
        pub line_no: i32,
        pub edition: i32,
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
        .map(|(line, line_no)| LineRow::of(line, unit, id, line_no, edition))
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
