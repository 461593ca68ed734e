//! A version whose statement is given up.

use super::{Decision, Event, advance, query};
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::statement::query::StoredStatement;
use crate::store::{Stamp, Tx};

/// A version that moved no money is dismissed with its statement: what it tells is here already. One that two persons
/// accepted took lines out, which only its statement can say again.
///
/// # Errors
/// `statement_corrects`.
pub fn give_up(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    stored: &StoredStatement,
    (person, reason): (PersonId, &str),
) -> Result<()> {
    let (unit, account) = (stored.unit, stored.account);
    let Some(version) = query::by_position(tx, unit, account, &stored.file_sha256, stored.place())? else {
        return Ok(());
    };
    if version.state != "applied" {
        let detail = "two persons accepted what it takes out; it can only be loaded to its end";
        return Err(Error::conflict("statement_corrects", detail));
    }
    let event = Event {
        kind: "dismissed",
        state: "dismissed",
        decision: Some(Decision::Dismiss),
        maker: Some(person),
        checker: None,
        reason,
    };
    advance(tx, stamp, &version, &event).map(|_| ())
}
