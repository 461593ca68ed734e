//! A settled exception is opened again by two persons. What its resolution did to money is taken
//! back here by new postings where nothing else stands on it; where a receipt, a slip, an order or a
//! refund does, the way back is theirs.

use super::resolve::lock_account;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, work_query};
use crate::id::*;
use crate::ledger::{self, Source};
use crate::store::{Stamp, Tx};

/// Resolutions that nothing else stands on: their postings are swapped.
const SWAPPED: [&str; 2] = ["bank_charge", "shortage_repaid"];

/// What settled it last.
const SETTLING: [&str; 4] = ["approved", "approved_alone", "settled_by_itself", "noted"];

/// Approves the request to open it again.
///
/// Errors: `reopening_not_asked`, `maker_is_checker`, `reopen_money_moved`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<Exception> {
    let item = exception::approve_reopening(tx, stamp, actor, unit, id)?;
    let settled = work_query::last_of(tx, unit, id, &SETTLING)?.and_then(|event| event.resolution);
    match settled.as_deref() {
        None | Some("acknowledge") => {}
        Some(resolution) if SWAPPED.contains(&resolution) => {
            let on = lock_account(tx, stamp, &item)?;
            ledger::swap_back(tx, stamp, unit, Source::Exception(id), on)?;
        }
        Some(resolution) => {
            let detail = format!(
                "{resolution} moved its money on: correct or cancel the receipt, withdraw the slip or the \
                 order, or refund; an item that is open again follows from that"
            );
            return Err(Error::conflict("reopen_money_moved", detail));
        }
    }
    Ok(item)
}
