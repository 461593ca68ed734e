//! The daily round over many accounts: import, match, close. The web and the command line both
//! come through here.

use super::day_close::{self, Through};
use super::query;
use super::run::{Report, reconcile};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::obligation::reference::{CodeBook, Found};
use crate::receipt::seal::Keyring;
use crate::statement::{self, Imported};
use crate::store::{Stamp, Store};

/// Imports a bank file with the reference codes of its memos.
pub fn import<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    bytes: &[u8],
) -> Result<Imported> {
    let book = CodeBook::hanoi();
    statement::import_file(store, stamp, actor, &|memo| codes_in(&book, memo), bytes)
}

/// The verified and the damaged codes of a memo.
fn codes_in(book: &CodeBook, memo: &str) -> (Vec<String>, Vec<String>) {
    let (mut verified, mut damaged) = (Vec::new(), Vec::new());
    for found in book.extract(memo) {
        match found {
            Found::Verified(code) => verified.push(code.as_str().to_owned()),
            Found::Damaged { text, .. } => damaged.push(text),
        }
    }
    (verified, damaged)
}

/// One account of a round: what its run did, or why it could not.
pub struct Visited {
    pub unit: UnitId,
    pub account: AccountId,
    pub outcome: std::result::Result<Report, Error>,
}

/// Matches every account in scope, or one unit's. One account's failure never blocks another.
pub fn reconcile_accounts<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: Option<UnitId>,
) -> Result<Vec<Visited>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    if let Some(unit) = unit {
        actor.scope.require(unit)?;
    }
    let accounts = store.read(&actor.scope, |conn| query::accounts(conn, unit))?;
    Ok(accounts
        .into_iter()
        .filter(|(unit, _)| actor.scope.covers(*unit))
        .map(|(unit, account)| {
            let outcome = reconcile(store, &stamp(), actor, unit, account);
            if let Err(error) = &outcome {
                tracing::error!(%unit, %account, %error, "matching failed for this account");
            }
            Visited { unit, account, outcome }
        })
        .collect())
}

/// One account of a closing round: how far it came, or why it could not begin.
pub struct ClosedUntil {
    pub unit: UnitId,
    pub account: AccountId,
    pub outcome: std::result::Result<Through, Error>,
}

/// Closes what can be closed up to `until` in every account in scope, or one unit's. An account that
/// stays open, or fails, never blocks another.
pub fn close_accounts<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: Option<UnitId>,
    until: BusinessDay,
) -> Result<Vec<ClosedUntil>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    if let Some(unit) = unit {
        actor.scope.require(unit)?;
    }
    let accounts = store.read(&actor.scope, |conn| query::accounts(conn, unit))?;
    Ok(accounts
        .into_iter()
        .filter(|(unit, _)| actor.scope.covers(*unit))
        .map(|(unit, account)| {
            let outcome = day_close::close_through(store, keyring, stamp, actor, unit, account, until);
            if let Err(error) = &outcome {
                tracing::error!(%unit, %account, %error, "closing failed for this account");
            }
            ClosedUntil { unit, account, outcome }
        })
        .collect())
}
