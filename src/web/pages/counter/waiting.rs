//! What is still owed in the books and may be paid all the same: money collected on a provisional slip that waits for
//! another person, and transfers that the bank told of and no statement has proven.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::obligation::{Obligation, query};
use crate::payment::advised::{self, Advised};
use crate::shift::provisional_query;
use crate::store::Conn;
use crate::web::pages::fields::Fields;
use crate::web::pages::wording::Lang;

/// The box that a cashier ticks who takes money although the bank told of a transfer.
const DESPITE: &str = "despite";

/// What waits for the obligations of one page.
pub(super) struct Waiting {
    slips: HashMap<ObligationId, i64>,
    advised: HashMap<ObligationId, Advised>,
}

impl Waiting {
    pub(super) fn of(conn: &mut Conn, unit: UnitId, items: &[Obligation]) -> Result<Waiting> {
        let slips = provisional_query::awaited(conn, unit)?;
        Ok(Waiting { slips, advised: advised::of(conn, unit, items)? })
    }

    /// The number of the slip on which it was collected.
    pub(super) fn slip(&self, id: ObligationId) -> Option<i64> {
        self.slips.get(&id).copied()
    }

    /// Whether the bank told of a transfer for it.
    pub(super) fn is_advised(&self, id: ObligationId) -> bool {
        self.advised.contains_key(&id)
    }

    /// How much the bank told of, and when, in the words of a key.
    pub(super) fn told(&self, lang: Lang, key: &str, id: ObligationId) -> Option<String> {
        let told = self.advised.get(&id)?;
        let at = told.at.in_hanoi().format("%H:%M %d/%m/%Y").to_string();
        Some(lang.with(key, told.amount).replacen("{}", &at, 1))
    }
}

/// Whether the cashier said that they take it although the bank told of a transfer.
pub(super) fn is_despite(fields: &Fields) -> bool {
    !fields.get(DESPITE).is_empty()
}

/// Refuses what was taken over the head of a transfer that the bank told of. Ask after the taking, in its
/// transaction: that one of them is paid, or waits on a slip, is told first.
///
/// # Errors
/// `transfer_advised`, unless the cashier said that they know.
pub(super) fn refuse_unseen(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[ObligationId],
    is_despite: bool,
) -> Result<()> {
    if is_despite {
        return Ok(());
    }
    let keys: Vec<(UnitId, ObligationId)> = ids.iter().map(|id| (unit, *id)).collect();
    let items = query::by_ids(conn, &keys)?;
    if advised::of(conn, unit, &items)?.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(DESPITE, "transfer_advised", "the bank told of a transfer that is not proven"))
}
