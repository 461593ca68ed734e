//! Whether somebody is asked about the money that waits for the rest of its obligation, or for its document.

use std::collections::BTreeSet;

use super::verify_query as query;
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::store::Conn;

/// The obligations that hold money in advance while no open item and no waiting correction asks for what is missing,
/// and those whose missing money is asked for though nothing was paid.
pub(super) fn unasked(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let asked = query::asked_advances(conn, unit)?;
    let mut wrong: BTreeSet<ObligationId> = query::asked_of_nothing(conn, unit)?.into_iter().collect();
    for (account, _) in query::advances(conn, unit)? {
        let id = account.strip_prefix("received_in_advance/").and_then(|id| id.parse().ok());
        wrong.extend(id.filter(|id: &ObligationId| !asked.contains(id)));
    }
    Ok(wrong.into_iter().map(|id| id.to_string()).collect())
}
