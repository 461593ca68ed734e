//! Cancelling: the number stays, visible as cancelled and counted as such; the signed bytes stay.

use diesel::prelude::*;

use super::query;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::receipt;
use crate::store::{Stamp, Tx};

/// Cancels a receipt that stands: numbered, signed, or adjusted by others. Who may decide that, and
/// what becomes of its money, is the caller's.
pub fn cancel(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ReceiptId,
    reason: &str,
) -> Result<()> {
    let from = &["numbered", "signed", "adjusted"];
    advance(tx, stamp, actor, unit, id, Step { from, to: "cancelled", reason })
}

/// Whether documents, each with its state and amount, were made and none of them stands any more. What is below
/// zero takes back an earlier one, and is no document of money by itself.
pub fn none_stands<'a>(documents: impl IntoIterator<Item = (&'a str, Dong)>) -> bool {
    let mut is_any = false;
    let is_over = documents.into_iter().all(|(state, amount)| {
        is_any = true;
        matches!(state, "cancelled" | "replaced") || amount < Dong::ZERO
    });
    is_any && is_over
}

/// A receipt's next state: where it may come from, and why.
pub struct Step<'a> {
    pub from: &'a [&'a str],
    /// `cancelled`, `replaced` or `adjusted`; also the event's kind.
    pub to: &'static str,
    pub reason: &'a str,
}

/// Moves a receipt's state on, with its event. Fails with `receipt_not_valid` from another state.
pub fn advance(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ReceiptId,
    step: Step<'_>,
) -> Result<()> {
    let (state, revision): (String, i64) = receipt::table
        .find((unit, id))
        .select((receipt::state, receipt::revision))
        .first(tx.conn())
        .optional()
        .classify()?
        .ok_or_else(|| Error::not_found("receipt_not_found", "no such receipt in your scope"))?;
    if !step.from.contains(&state.as_str()) {
        return Err(Error::conflict("receipt_not_valid", format!("the receipt is {state}")));
    }
    rows::update(
        tx,
        Update {
            table: "receipt",
            keys: vec![("unit_id", Column::of([unit])), ("id", Column::of([id]))],
            guard: vec![("revision", Column::of([revision]))],
            sets: vec![("state", Column::of([step.to])), ("revision", Column::of([revision + 1]))],
        },
    )?;
    rows::insert(
        tx,
        &[query::EventRow {
            unit_id: unit,
            id: stamp.mint()?,
            receipt_id: id,
            revision: revision + 1,
            kind: step.to,
            state: step.to,
            actor: audit::actor_text(actor),
            reason: Some(step.reason.to_owned()),
            at: stamp.now,
        }],
    )?;
    let action = match step.to {
        "replaced" => "receipt.replaced",
        "adjusted" => "receipt.adjusted",
        _ => "receipt.cancelled",
    };
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, action, id)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_back_a_cancelled_document_does_not_stand_for_its_money() {
        let of = |documents: &[(&str, i64)]| none_stands(documents.iter().map(|(s, n)| (*s, Dong(*n))));
        assert!(!of(&[]), "nothing was made");
        assert!(of(&[("cancelled", 100)]) && of(&[("replaced", 100), ("cancelled", 90)]));
        assert!(
            of(&[("cancelled", 100), ("signed", -100)]),
            "an invoice brought to nothing at the authority"
        );
        assert!(!of(&[("adjusted", 100), ("signed", -40)]), "the original stands");
        assert!(!of(&[("cancelled", 100), ("signed", 100)]), "it was paid again");
    }
}
