//! An invoice that was cancelled here, because its money never came, and that the tax authority has: an adjusting
//! invoice takes its sums back there. No money moves, for it was taken back when the invoice was cancelled, and
//! the obligation stays as it is: whoever pays it gets an invoice of its own.

use super::amend::{Amended, Amendment, number};
use super::awaited::{self, Collected, Correcting};
use super::book::Book;
use super::held::load_obligations;
use super::query;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::Result;
use crate::obligation;
use crate::receipt::relation::{self, Action, RelationRow};
use crate::store::{Stamp, Tx};

/// Numbers the adjusting invoice. That the authority has the cancelled one, and who may say so, is the caller's.
///
/// # Errors
/// The reasons for which a document cannot be numbered (`series_missing`, …).
pub fn to_nothing(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    amendment: &Amendment<'_>,
) -> Result<Amended> {
    let original = amendment.original;
    let (unit, id) = (original.unit, original.obligation);
    let owed = obligation::find(tx, unit, id)?;
    query::lock_accounts(tx, &[(unit, owed.account)])?;
    let posted_on = query::first_open_day(tx, unit, owed.account, stamp.today())?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &[(unit, id)])?;
    let correcting = Correcting {
        correction: amendment.correction,
        action: Action::Adjust,
        original: original.clone(),
        payer: awaited::payer(tx, stamp, original, amendment.party)?,
        note: amendment.note.clone(),
        old: obligation::lines(tx, unit, id)?,
        new: amendment.lines.clone(),
        waiting: None,
    };
    let (by, method) = awaited::collected_as_printed(tx, original)?;
    let collected = Collected { at: original.collected_at, by: &by, method };
    let draft = correcting.draft(&book, &owed, &collected)?;
    let made = number(tx, stamp, actor, draft)?;
    relation::record(
        tx,
        RelationRow {
            unit_id: unit,
            correction_id: amendment.correction,
            receipt_id: made,
            original_id: original.id,
            action: Action::Adjust.as_str(),
            account_id: owed.account,
            posted_on,
            difference: Dong::ZERO,
            created_at: stamp.now,
        },
    )?;
    Ok(Amended { receipt: Some(made), ..Amended::default() })
}
