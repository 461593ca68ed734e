//! What an officer does about an obligation that is paid in part: lower it on one of its lines, cancel it, remind.

use super::candidates::Candidate;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind};
use crate::id::ObligationId;
use crate::obligation;
use crate::payment::{cancel as cancelling, reduce};
use crate::receipt;
use crate::store::{Conn, Stamp, Tx};
use crate::web::pages::wording::Lang;

/// Whether the item is about an obligation of which a part is paid.
pub(super) fn is_partly_paid(conn: &mut Conn, item: &Exception) -> Result<bool> {
    if item.kind != Kind::Underpaid || item.subject_kind != "obligation" {
        return Ok(false);
    }
    let key = (item.unit, ObligationId(item.subject_id));
    let owed = obligation::find(conn, key.0, key.1)?;
    // Where a receipt stands, a correction asks for the rest: it is withdrawn, the receipt is not cancelled.
    Ok(cancelling::awaits_rest(&owed) && receipt::query::current_of_obligations(conn, &[key])?.is_empty())
}

/// Cancels what the item is about; what was paid of it is owed back, and asked about until it is refunded.
pub(super) fn cancel(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    reason: &str,
) -> Result<()> {
    if !is_partly_paid(tx, item)? {
        return Err(Error::conflict("resolution_unfit", "it is about no obligation that is paid in part"));
    }
    let owed = ObligationId(item.subject_id);
    cancelling::cancel(tx, stamp, actor, item.unit, owed, reason).map(|_| ())
}

/// The line that a proposal lowers, and by how much.
pub(in crate::web::pages) fn reduced(
    conn: &mut Conn,
    lang: Lang,
    item: &Exception,
    target: Option<i64>,
) -> Result<String> {
    let missing = obligation::find(conn, item.unit, ObligationId(item.subject_id))?.outstanding();
    let mut lines = reduce::lines(conn, item)?.into_iter();
    let lowered = lines.find(|(number, _)| target.is_none_or(|target| target == *number));
    Ok(lowered.map_or_else(String::new, |(number, line)| {
        format!("{}: {} −{missing}", lang.with("reduce_line", number), line.item_name)
    }))
}

/// The lines that could be lowered, as what the form chooses from.
pub(super) fn lines(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<Vec<Candidate>> {
    let found = reduce::lines(conn, item)?;
    let is_only = found.len() == 1;
    let shown = found.into_iter().map(|(number, line)| Candidate {
        id: number.to_string(),
        dossier: line.item_code,
        payer: line.item_name,
        owed: format!("{} · {}", lang.with("reduce_line", number), line.amount),
        evidence: String::new(),
        is_exact: false,
        is_chosen: is_only,
    });
    Ok(shown.collect())
}
