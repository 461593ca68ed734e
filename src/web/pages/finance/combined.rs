//! A combination on the workbench: what was proposed together is shown, approved and sent back together.

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::exception::{self, Exception};
use crate::id::{ExceptionId, ReceiptId, UnitId};
use crate::payment::{combine, resolve};
use crate::store::{Conn, Stamp, Tx};
use crate::web::pages::acting::as_seen;
use crate::web::pages::fields::Fields;

/// What was proposed together with an item, itself among them.
pub(super) struct Together {
    pub parts: Vec<Part>,
    pub sum: String,
}

pub(super) struct Part {
    pub id: ExceptionId,
    pub amount: String,
    pub revision: i64,
}

pub(super) fn of(conn: &mut Conn, item: &Exception) -> Result<Option<Together>> {
    let parts = combine::of(conn, item)?;
    if parts.is_empty() {
        return Ok(None);
    }
    let part = |one: &Exception| Part { id: one.id, amount: one.amount.to_string(), revision: one.revision };
    let sum = combine::sum(&parts)?.to_string();
    Ok(Some(Together { parts: parts.iter().map(part).collect(), sum }))
}

/// Approves an item, or all of its combination as the form showed it.
pub(super) fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
    fields: &Fields,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let item = exception::find(tx, unit, id)?;
    if combine::of(tx, &item)?.is_empty() {
        let (approved, receipts) = resolve::approve(tx, stamp, actor, unit, id)?;
        as_seen(fields.get("seen"), approved.revision)?;
        return Ok(receipts);
    }
    let (parts, receipts) = combine::approve(tx, stamp, actor, (unit, id))?;
    let seen: Vec<(String, String)> = parts
        .iter()
        .map(|part| (part.revision.to_string(), fields.get(&format!("part.{}", part.id)).to_owned()))
        .collect();
    let is_as_shown = seen.iter().all(|(now, shown)| now == shown);
    if !is_as_shown || fields.beginning("part.").count() != parts.len() {
        return Err(Error::conflict("act_changed", "the combination changed after you looked"));
    }
    Ok(receipts)
}

/// Sends an item back, or all of its combination.
pub(super) fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
    reason: &str,
) -> Result<()> {
    let item = exception::find(tx, unit, id)?;
    if combine::of(tx, &item)?.is_empty() {
        return exception::refuse(tx, stamp, actor, unit, id, reason).map(|_| ());
    }
    combine::refuse(tx, stamp, actor, (unit, id), reason).map(|_| ())
}
