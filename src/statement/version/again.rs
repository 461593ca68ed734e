//! A version that waits while another one of the same lines goes in is compared again: what it changes
//! of the lines as they stand now is what persons decide about.

use super::{Difference, Event, Version, advance, compare, difference_row, query, settle_exception};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::statement::draft::{self, Draft};
use crate::statement::line::{self, CodesOf};
use crate::statement::query as statements;
use crate::statement::saved::{self, Understood};
use crate::store::vault::Vault;
use crate::store::{Stamp, Store, Tx, rows};
use crate::unit::{BankAccount, account};

/// What a new comparison came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It changes what it did.
    Same,
    /// It changes something else: it is held again, and any proposal about it is void.
    Held(Version),
    /// It moves no money any more; its lines may go in.
    Applied(Version),
}

/// What the file of a version changes of the lines as they stand. Its text is read again.
pub fn compare_again(
    store: &Store,
    stamp: &Stamp<'_>,
    codes_of: &CodesOf<'_>,
    version: &Version,
) -> Result<Vec<Difference>> {
    let InFile { account, format, draft } = in_file(store, stamp.vault, version)?
        .ok_or_else(|| Error::internal("a stored bank file no longer reads as before"))?;
    let features = line::features(stamp.vault, version.unit, &draft.lines);
    let found = store
        .read(&Actor::system().scope, |conn| compare(conn, &account, &draft, format, &features, codes_of))?;
    Ok(found.map_or_else(Vec::new, |found| found.differences))
}

/// A version as its file has it.
pub(super) struct InFile {
    account: BankAccount,
    /// The format of the file.
    format: &'static str,
    /// What its statement says there.
    pub draft: Draft,
}

/// Reads a version in its file again; `None` where the file no longer reads as it did.
pub(super) fn in_file(store: &Store, vault: &Vault, version: &Version) -> Result<Option<InFile>> {
    let system = Actor::system();
    let account = store.read(&system.scope, |conn| account::find(conn, version.unit, version.account))?;
    let stored = (version.unit, version.file_sha256.as_str());
    let (_, understood) = saved::understand_stored(store, vault, &system, stored, &account.account_no)?;
    let Understood { mut parsed, account_no, .. } = understood;
    let Ok(sorted) = draft::drafts(&mut parsed, account_no.as_deref()) else { return Ok(None) };
    let told = sorted.drafts.into_iter().find(|draft| draft.position == version.position);
    Ok(told.map(|draft| InFile { account, format: parsed.format.as_str(), draft }))
}

/// Records a comparison that is not the one on record.
pub fn renew(tx: &mut Tx<'_>, stamp: &Stamp<'_>, version: &Version, found: &[Difference]) -> Result<Renewed> {
    statements::lock_account(tx, version.unit, version.account)?;
    let waiting = query::find(tx, version.unit, version.id)?;
    let is_open = matches!(waiting.state.as_str(), "held" | "proposed");
    if !is_open || query::differences(tx, version.unit, version.id)? == found {
        return Ok(Renewed::Same);
    }
    list_anew(tx, version, found)?;
    let moves_money = found.iter().any(|one| one.moves_money);
    let state = if moves_money { "held" } else { "applied" };
    let reason = "compared again: another version went in";
    let event = Event { kind: state, state, decision: None, maker: None, checker: None, reason };
    let version = advance(tx, stamp, &waiting, &event)?;
    if moves_money {
        return Ok(Renewed::Held(version));
    }
    settle_exception(tx, stamp, &version, "another version told the same")?;
    Ok(Renewed::Applied(version))
}

/// Lists what a new comparison found behind those on record; the last one counts.
pub(super) fn list_anew(tx: &mut Tx<'_>, version: &Version, found: &[Difference]) -> Result<()> {
    let (edition, next) = query::edition(tx, version.unit, version.id)?;
    let listed: Vec<query::DifferenceRow> = (usize::try_from(next).unwrap_or_default()..)
        .zip(found)
        .map(|(index, one)| difference_row(version.unit, version.id, (edition.saturating_add(1), index), one))
        .collect();
    rows::insert(tx, &listed)
}
