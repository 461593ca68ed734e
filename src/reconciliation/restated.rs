//! What a statement that was corrected, or a notification, changes for the matching: lines under
//! question are left alone, what two persons accepted goes in with its contra lines, and details that
//! were notified bring their codes.

use std::collections::{BTreeSet, HashMap};

use super::query::StoredLine;
use super::{contra, office};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::*;
use crate::payment::query as payments;
use crate::statement::version::{self, Decision, Renewed, Version};
use crate::statement::{Imported, Options, file, notice};
use crate::store::{Conn, Lane, Stamp, Store};
use crate::text;
use crate::unit::account;

/// What was decided, and what went in.
#[derive(Clone, Debug)]
pub struct Decided {
    pub version: Version,
    /// Of an accepted version.
    pub imported: Option<Imported>,
    pub receipts: Vec<(UnitId, ReceiptId)>,
}

/// Approves the proposal about a held version. An accepted one goes in at once: its new lines as of any
/// statement, and against each line it takes out a contra line, posted here. Other versions that wait
/// are compared again with what stands then.
///
/// # Errors
/// As `version::approve`; `statement_version_day_closed` when a day it changes is closed and
/// must be re-opened first; `statement_version_overtaken` when the lines changed since it was
/// compared: it is held again with the new list, for persons to look at.
pub fn approve<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
    id: VersionId,
) -> Result<Decided> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let (waiting, is_accepted) = store.read(&actor.scope, |conn| {
        let version = version::find(conn, unit, id)?;
        let proposal = version::proposal(conn, unit, id)?.filter(|_| version.state == "proposed");
        Ok((version, proposal.is_some_and(|(decision, ..)| decision == "accept")))
    })?;
    if is_accepted {
        match office::compare_again(store, &stamp(), &waiting)? {
            Renewed::Same => {}
            Renewed::Held(_) => {
                let detail =
                    "the lines changed since; it was compared again: look at the list and propose anew";
                return Err(Error::conflict("statement_version_overtaken", detail));
            }
            Renewed::Applied(version) => {
                let imported = take_in(store, stamp, &version)?;
                return Ok(Decided { version, imported: Some(imported), receipts: Vec::new() });
            }
        }
    }
    let (version, decision) = store.write(&actor.scope, Lane::Live, |tx| {
        if is_accepted {
            refuse_closed_days(tx, &waiting)?;
        }
        version::approve(tx, &stamp(), actor, unit, id)
    })?;
    if decision == Decision::Dismiss {
        return Ok(Decided { version, imported: None, receipts: Vec::new() });
    }
    let imported = take_in(store, stamp, &version)?;
    let receipts = contra::post(store, &stamp(), &Actor::system(), unit, version.account)?;
    renew_others(store, stamp, &version)?;
    Ok(Decided { version, imported: Some(imported), receipts })
}

/// What waits beside a version that went in changes other lines now, or none any more.
fn renew_others<'a>(store: &Store, stamp: &dyn Fn() -> Stamp<'a>, gone_in: &Version) -> Result<()> {
    let others =
        store.read(&Actor::system().scope, |conn| version::undecided(conn, gone_in.unit, gone_in.account))?;
    for other in &others {
        if let Renewed::Applied(version) = office::compare_again(store, &stamp(), other)? {
            take_in(store, stamp, &version)?;
        }
    }
    Ok(())
}

/// The file of an accepted version goes in as any other.
///
/// # Errors
/// `statement_version_unreadable` when
/// nothing of it could be stored, so that nobody believes it did.
fn take_in<'a>(store: &Store, stamp: &dyn Fn() -> Stamp<'a>, version: &Version) -> Result<Imported> {
    let system = Actor::system();
    let (bytes, layout, account_no) = store.read(&system.scope, |conn| {
        if version.state == "accepted" {
            refuse_closed_days(conn, version)?;
        }
        let bytes = file::original_file(conn, stamp().vault, &system, version.unit, &version.file_sha256)?;
        let layout = file::layout_of(conn, version.unit, &version.file_sha256)?;
        Ok((bytes, layout, account::find(conn, version.unit, version.account)?.account_no))
    })?;
    let options = Options { layout: layout.as_ref(), account_no: Some(&account_no), ..Options::default() };
    let imported = office::import_with(store, stamp, &system, &bytes, options)?;
    let own = imported.refused.iter().find(|one| one.ordinal == version.position.saturating_add(1));
    match imported.errors.first().or(own.map(|one| &one.finding)) {
        Some(error) => {
            let detail = format!("{}: {}", version.id, error.code);
            Err(Error::conflict("statement_version_unreadable", detail))
        }
        None => Ok(imported),
    }
}

/// Takes in what was accepted and did not go in, because the process ended or something was in the way.
/// Its days cannot close before; a day that is closed all the same must be opened first.
pub(super) fn finish_accepted(
    store: &Store,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
) -> Result<()> {
    let left = store.read(&Actor::system().scope, |conn| version::unfinished(conn, unit, account))?;
    for version in &left {
        let taken = take_in(store, &|| *stamp, version);
        if let Err(error) = &taken {
            tracing::error!(%unit, %account, version = %version.id, %error, "an accepted version does not go in");
        }
        taken?;
    }
    Ok(())
}

fn refuse_closed_days(conn: &mut Conn, version: &Version) -> Result<()> {
    let days = contra::days_of(conn, version.unit, version.id)?;
    let Some(first) = days.first() else { return Ok(()) };
    let closed = payments::closed_days(conn, &[(version.unit, version.account)], *first)?;
    match closed.iter().find(|(_, account, day)| *account == version.account && days.contains(day)) {
        Some((_, _, day)) => {
            let detail = format!("{day} is closed: re-open it first");
            Err(Error::conflict("statement_version_day_closed", detail))
        }
        None => Ok(()),
    }
}

/// The lines as matching may see them: without those a held version questions and nothing has posted
/// yet, without withdrawn lines and their contra lines; with the codes of notified details.
pub(super) fn prepared(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    mut lines: Vec<StoredLine>,
) -> Result<Vec<StoredLine>> {
    let mut out: BTreeSet<LineId> = BTreeSet::new();
    let taken = version::withdrawn_of(conn, unit, account)?;
    if !taken.is_empty() {
        out.extend(contra::held_back(conn, unit, account)?);
        out.extend(taken.iter().flat_map(|one| [one.line, one.contra]));
    }
    let mut questioned: BTreeSet<LineId> = BTreeSet::new();
    for held in version::undecided(conn, unit, account)? {
        let differences = version::differences(conn, unit, held.id)?;
        questioned.extend(differences.into_iter().filter(|one| one.moves_money).filter_map(|one| one.line));
    }
    lines.retain(|line| !out.contains(&line.id) && (line.is_posted || !questioned.contains(&line.id)));
    add_notified(conn, unit, account, &mut lines)?;
    Ok(lines)
}

/// A line without codes takes those of the details that were notified of its entry.
fn add_notified(conn: &mut Conn, unit: UnitId, account: AccountId, lines: &mut [StoredLine]) -> Result<()> {
    let open = |line: &StoredLine| !line.is_posted && line.codes.is_empty();
    if !lines.iter().any(open) || !notice::has_any(conn, unit, account)? {
        return Ok(());
    }
    let key = |line: &StoredLine| line.bank_reference.as_deref().map(text::squash);
    let references: BTreeSet<String> = lines.iter().filter(|line| open(line)).filter_map(key).collect();
    let references: Vec<String> = references.into_iter().collect();
    let mut codes: HashMap<(String, i64), BTreeSet<String>> = HashMap::new();
    for detail in notice::details(conn, unit, account, &references)? {
        let told = codes.entry((detail.bank_reference, detail.entry_amount.0)).or_default();
        told.extend(detail.codes.split_whitespace().map(str::to_owned));
    }
    for line in lines.iter_mut().filter(|line| open(line)) {
        let told = key(line).and_then(|reference| codes.get(&(reference, line.amount.0)));
        if let Some(told) = told {
            line.codes = told.iter().cloned().collect::<Vec<_>>().join(" ");
        }
    }
    Ok(())
}
