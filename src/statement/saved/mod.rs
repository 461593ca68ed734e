//! Column mappings that persons saved for an account, version by version. Whoever hands a table of that
//! account in afterwards, by command, by API or through the inbox, has it read by the newest one.

mod query;

use std::collections::BTreeMap;

use serde::Serialize;

use super::import::Options;
use super::layout::Layout;
use super::{Line, Parsed, Statement, file, parse_with, sequence};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Store, Tx, rows};
use crate::text;
use crate::unit::account;

/// A mapping as it was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Saved {
    pub account: AccountId,
    /// From one.
    pub version: i32,
    pub layout: Layout,
    /// The person or client who saved it.
    pub saved_by: String,
    pub created_at: Instant,
}

/// Saves a mapping as the account's newest. The same mapping again is no new version.
pub fn save(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
    layout: &Layout,
) -> Result<Saved> {
    actor.require_role(&[Role::Finance, Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    super::query::lock_account(tx, unit, account)?;
    account::find(tx, unit, account)?;
    let newest = newest(tx, unit, account)?;
    if let Some(known) = newest.as_ref().filter(|known| known.layout == *layout) {
        return Ok(known.clone());
    }
    let version = newest.map_or(0, |known| known.version).saturating_add(1);
    rows::insert(
        tx,
        &[query::LayoutRow {
            unit_id: unit,
            account_id: account,
            version,
            mapping: layout.to_toml()?,
            saved_by: audit::actor_text(actor),
            created_at: stamp.now,
        }],
    )?;
    let entry =
        audit::Entry::by(actor, unit, "statement.layout_saved", account).with(format!("version {version}"));
    audit::record(tx, stamp, &[entry])?;
    self::newest(tx, unit, account)?.ok_or_else(|| Error::internal("a layout that was just saved is gone"))
}

/// Every version, newest first.
pub fn versions(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Saved>> {
    query::versions(conn, unit, account)?.into_iter().map(saved_of).collect()
}

pub fn newest(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<Saved>> {
    Ok(versions(conn, unit, account)?.into_iter().next())
}

fn saved_of((_, account, version, mapping, saved_by, created_at): query::Parts) -> Result<Saved> {
    Ok(Saved { account, version, layout: Layout::from_toml(&mapping)?, saved_by, created_at })
}

/// A file as it was understood, and the account of a table that names none.
pub(super) struct Understood {
    pub parsed: Parsed,
    pub account_no: Option<String>,
    /// The mapping of a user's by which a table was read.
    pub mapping: Option<String>,
}

/// Reads a file: by the layout given, else a table by the one saved for its account, else as `parse`
/// does. A table that names no account belongs to the account whose saved layout fits it, if exactly
/// one does; one that fits several is left without.
pub(super) fn understand(
    store: &Store,
    actor: &Actor,
    bytes: &[u8],
    options: Options<'_>,
) -> Result<Understood> {
    let named = options.account_no.map(text::squash);
    let parsed = parse_with(bytes, options.layout);
    let is_table = parsed.format.is_table() || parsed.statements.is_empty();
    if options.layout.is_some() || !is_table || bytes.len() > super::MAX_BYTES {
        let mapping = options.layout.filter(|_| is_table).map(Layout::to_toml).transpose()?;
        return Ok(Understood { parsed, account_no: named, mapping });
    }
    let saved = store.read(&actor.scope, query::newest_of_all)?;
    let mut numbers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, _, mapping, number) in saved {
        if named.as_ref().is_none_or(|named| *named == number) {
            numbers.entry(mapping).or_default().push(number);
        }
    }
    let mut by_name: Vec<(String, Parsed)> = Vec::new();
    let mut by_fit: Vec<(String, String, Parsed)> = Vec::new();
    for (mapping, numbers) in numbers {
        let read = parse_with(bytes, Some(&Layout::from_toml(&mapping)?));
        let told: Vec<String> = read.statements.iter().filter_map(Statement::account_number).collect();
        if read.statements.is_empty() || !told.iter().all(|number| numbers.contains(number)) {
            continue;
        }
        if told.is_empty() {
            let numbers = going_on(store, actor, numbers, &read)?;
            by_fit.extend(numbers.into_iter().map(|number| (number, mapping.clone(), read.clone())));
        } else {
            by_name.push((mapping, read));
        }
    }
    Ok(match (by_name.len(), by_fit.len(), by_name.pop(), by_fit.pop()) {
        (1, _, Some((mapping, parsed)), _) => {
            Understood { parsed, account_no: named, mapping: Some(mapping) }
        }
        (0, 1, _, Some((number, mapping, parsed))) => {
            Understood { parsed, account_no: Some(number), mapping: Some(mapping) }
        }
        _ => Understood { parsed, account_no: named, mapping: None },
    })
}

/// Of accounts whose mapping reads a table without an account, those whose books the table goes on from: a
/// table that only looks like theirs is not theirs. Nothing fits that is not read whole.
fn going_on(store: &Store, actor: &Actor, numbers: Vec<String>, read: &Parsed) -> Result<Vec<String>> {
    let [statement] = read.statements.as_slice() else { return Ok(Vec::new()) };
    let first = statement.lines.iter().filter_map(Line::day).min();
    let opening = statement.opening.as_ref().map(|balance| Dong::from_whole(balance.amount)).transpose()?;
    let (Some(first), Some(opening), true) = (first, opening, read.errors.is_empty()) else {
        return Ok(Vec::new());
    };
    store.read(&actor.scope, |conn| {
        let mut found = Vec::new();
        for number in numbers {
            let Some((unit, id)) = account::find_by_number(conn, &number)? else { continue };
            let account = account::find(conn, unit, id)?;
            if sequence::balance_before(conn, &account, BusinessDay(first))? == opening {
                found.push(number);
            }
        }
        Ok(found)
    })
}

/// A stored file as it is read again, by the mapping that was kept with it.
pub(super) fn understand_stored(
    store: &Store,
    vault: &Vault,
    actor: &Actor,
    (unit, sha256): (UnitId, &str),
    account_no: &str,
) -> Result<(Vec<u8>, Understood)> {
    let (bytes, layout) = store.read(&actor.scope, |conn| {
        Ok((file::open(conn, vault, unit, sha256)?, file::layout_of(conn, unit, sha256)?))
    })?;
    let options = Options { layout: layout.as_ref(), account_no: Some(account_no), ..Options::default() };
    let understood = understand(store, actor, &bytes, options)?;
    Ok((bytes, understood))
}
