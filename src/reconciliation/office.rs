//! The daily round over many accounts: import, match, close. The web and the command line both
//! come through here.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::day_close::{self, Through};
use super::query;
use super::run::{Report, reconcile};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result, caught};
use crate::exception;
use crate::id::{AccountId, StatementId, UnitId};
use crate::obligation::reference::{CodeBook, Found};
use crate::obligation::virtual_account;
use crate::receipt::seal::Keyring;
use crate::statement::job::{self, Job};
use crate::statement::quarantine::{self, Allowed, Decided, Verdict};
use crate::statement::version::{self, Renewed, Version};
use crate::statement::{self, Imported, Options};
use crate::store::{Lane, Stamp, Store};

/// Imports a bank file with the reference codes of its memos.
pub fn import<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    bytes: &[u8],
) -> Result<Imported> {
    import_with(store, stamp, actor, bytes, Options::default())
}

/// The same, told more.
pub fn import_with<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    bytes: &[u8],
    options: Options<'_>,
) -> Result<Imported> {
    let reader = Reader::open(store)?;
    statement::import_file_with(store, stamp, actor, &|memo| reader.codes_in(memo), bytes, options)
}

/// Takes the oldest queued import in and does `then` with what came in; `None` when none waits. It stops
/// between two chunks, to be taken up again, when it may not keep on.
pub fn run_import<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    keep_on: &dyn Fn() -> bool,
    then: &dyn Fn(&Imported),
) -> Result<Option<Job>> {
    let reader = Reader::open(store)?;
    job::run_next(store, stamp, &|memo| reader.codes_in(memo), job::Run { keep_on, then })
}

/// Compares a version that waits with the lines as they stand; see `statement::version::renew`.
pub fn compare_again(store: &Store, stamp: &Stamp<'_>, version: &Version) -> Result<Renewed> {
    let reader = Reader::open(store)?;
    let found = version::compare_again(store, stamp, &|memo| reader.codes_in(memo), version)?;
    store.write(&Actor::system().scope, Lane::Live, |tx| version::renew(tx, stamp, version, &found))
}

/// Decides every line of a statement that could not be read; see `statement::quarantine`.
pub fn decide_quarantine<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    statement: (UnitId, StatementId),
    verdicts: &[Verdict],
) -> Result<Decided> {
    let reader = Reader::open(store)?;
    let limit = store.read(&actor.scope, |conn| exception::limit::in_force(conn, statement.0))?;
    let allowed = Allowed { codes_of: &|memo| reader.codes_in(memo), limit };
    quarantine::decide(store, stamp, actor, allowed, statement, verdicts)
}

/// Reads what a memo names: reference codes, and virtual accounts that stand for one.
struct Reader {
    book: CodeBook,
    ranges: Vec<virtual_account::Range>,
}

impl Reader {
    fn open(store: &Store) -> Result<Reader> {
        let ranges = store.read(&Actor::system().scope, virtual_account::all)?;
        Ok(Reader { book: CodeBook::hanoi(), ranges })
    }

    /// The verified and the damaged codes of a memo.
    fn codes_in(&self, memo: &str) -> (Vec<String>, Vec<String>) {
        let (mut verified, mut damaged) = (Vec::new(), Vec::new());
        for found in self.book.extract(memo) {
            match found {
                Found::Verified(code) => verified.push(code.as_str().to_owned()),
                Found::Damaged { text, .. } => damaged.push(text),
            }
        }
        for code in virtual_account::codes_in(&self.book, &self.ranges, memo) {
            if !verified.iter().any(|known| known == code.as_str()) {
                verified.push(code.as_str().to_owned());
            }
        }
        (verified, damaged)
    }
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
    stamp: &(dyn Fn() -> Stamp<'a> + Sync),
    actor: &Actor,
    unit: Option<UnitId>,
) -> Result<Vec<Visited>> {
    reconcile_side_by_side(store, stamp, actor, unit, threads(store))
}

/// Matches the accounts that a file told of. One account's failure never blocks another.
pub fn reconcile_imported<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    imported: &Imported,
) -> Vec<Visited> {
    imported
        .accounts
        .iter()
        .copied()
        .map(|(unit, account)| match_account(store, &stamp(), actor, unit, account))
        .collect()
}

/// Matches one account; a failure is logged and kept.
pub fn match_account(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
) -> Visited {
    let outcome = caught(|| reconcile(store, stamp, actor, unit, account));
    if let Err(error) = &outcome {
        tracing::error!(%unit, %account, %error, "matching failed for this account");
    }
    Visited { unit, account, outcome }
}

/// As `reconcile_accounts`, on so many threads, at least one.
pub fn reconcile_side_by_side<'a>(
    store: &Store,
    stamp: &(dyn Fn() -> Stamp<'a> + Sync),
    actor: &Actor,
    unit: Option<UnitId>,
    threads: usize,
) -> Result<Vec<Visited>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    if let Some(unit) = unit {
        actor.scope.require(unit)?;
    }
    each_account(store, actor, unit, threads, &|unit, account| {
        match_account(store, &stamp(), actor, unit, account)
    })
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
    stamp: &(dyn Fn() -> Stamp<'a> + Sync),
    actor: &Actor,
    unit: Option<UnitId>,
    until: BusinessDay,
) -> Result<Vec<ClosedUntil>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    if let Some(unit) = unit {
        actor.scope.require(unit)?;
    }
    each_account(store, actor, unit, threads(store), &|unit, account| {
        // One that breaks off keeps no other account waiting.
        let outcome = caught(|| day_close::close_through(store, keyring, stamp, actor, unit, account, until));
        if let Err(error) = &outcome {
            tracing::error!(%unit, %account, %error, "closing failed for this account");
        }
        ClosedUntil { unit, account, outcome }
    })
}

/// No more threads than there are cores, and half the writers at most: callbacks and counters need the rest.
fn threads(store: &Store) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    cores.min(usize::try_from(store.settling_writers()).unwrap_or(1))
}

/// Visits the accounts in scope side by side. Each visit locks what it changes, so the result, which is in
/// the order of the accounts, does not depend on the number of threads.
fn each_account<T: Send>(
    store: &Store,
    actor: &Actor,
    unit: Option<UnitId>,
    threads: usize,
    visit: &(dyn Fn(UnitId, AccountId) -> T + Sync),
) -> Result<Vec<T>> {
    let mut accounts = store.read(&actor.scope, |conn| query::accounts(conn, unit))?;
    accounts.retain(|(unit, _)| actor.scope.covers(*unit));
    let threads = threads.max(1).min(accounts.len());
    let next = AtomicUsize::new(0);
    let visit_next = || {
        let mut visited = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((unit, account)) = accounts.get(at) else { return visited };
            visited.push((at, visit(*unit, *account)));
        }
    };
    let mut visited = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(visit_next)).collect();
        threads.into_iter().try_fold(Vec::new(), |mut visited, thread| {
            visited.extend(thread.join().map_err(|_| Error::internal("a round over accounts ended early"))?);
            Ok::<_, Error>(visited)
        })
    })?;
    visited.sort_unstable_by_key(|(at, _)| *at);
    Ok(visited.into_iter().map(|(_, one)| one).collect())
}
