//! Column mappings that persons saved, version by version: for an account, or for a unit's partners of one kind
//! (`holder`). Whoever hands a table of that account in afterwards, by command, by API or through the inbox, has it
//! read by the newest one; a partner's table is read by the newest one that has its headings.

mod holder;
mod query;

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::import::Options;
use super::layout::Layout;
use super::partner::{self, Named};
use super::{Line, Parsed, Statement, file, parse_with, sequence};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Store, Tx};
use crate::text;
use crate::unit::account;

pub use holder::Holder;

/// A mapping as it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved<H, L> {
    /// Who it is kept for.
    pub holder: H,
    /// From one.
    pub version: i32,
    pub layout: L,
    /// The person or client who saved it.
    pub saved_by: String,
    pub created_at: Instant,
}

impl<H: Holder> Serialize for Saved<H, H::Layout> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(5))?;
        fields.serialize_entry(H::CALLED, &self.holder)?;
        fields.serialize_entry("version", &self.version)?;
        fields.serialize_entry("layout", &self.layout)?;
        fields.serialize_entry("saved_by", &self.saved_by)?;
        fields.serialize_entry("created_at", &self.created_at)?;
        fields.end()
    }
}

/// Who saves mappings.
pub const KEEPERS: [Role; 2] = [Role::Finance, Role::Administrator];

/// Saves a mapping as the newest for its tables. The same mapping again is no new version.
pub fn save<H: Holder>(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    holder: H,
    layout: &H::Layout,
) -> Result<Saved<H, H::Layout>> {
    if actor.role != Role::System {
        actor.require_role(&KEEPERS)?;
    }
    actor.scope.require(unit)?;
    holder.lock(tx, unit)?;
    let known = versions(tx, unit, holder)?;
    let last = known.first().map_or(0, |newest| newest.version);
    let newest = known.into_iter().find(|one| H::are_of_one_table(&one.layout, layout));
    if let Some(same) = newest.filter(|one| one.layout == *layout) {
        return Ok(same);
    }
    let saved = Saved {
        holder,
        version: last.saturating_add(1),
        layout: layout.clone(),
        saved_by: audit::actor_text(actor),
        created_at: stamp.now,
    };
    holder.insert(tx, unit, &saved)?;
    let entry = audit::Entry::by(actor, unit, "statement.layout_saved", holder);
    audit::record(tx, stamp, &[entry.with(format!("version {}", saved.version))])?;
    Ok(saved)
}

/// Every version, newest first.
pub fn versions<H: Holder>(conn: &mut Conn, unit: UnitId, holder: H) -> Result<Vec<Saved<H, H::Layout>>> {
    holder.parts(conn, unit)?.into_iter().map(|parts| saved_of(holder, parts)).collect()
}

fn saved_of<H: Holder>(
    holder: H,
    (version, mapping, saved_by, created_at): query::Parts,
) -> Result<Saved<H, H::Layout>> {
    Ok(Saved { holder, version, layout: H::read(&mapping)?, saved_by, created_at })
}

/// The newest mapping of an account.
pub fn newest(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<Saved<AccountId, Layout>>> {
    Ok(versions(conn, unit, account)?.into_iter().next())
}

/// How tables of a unit's partners are read, the newest mapping first.
pub fn named(conn: &mut Conn, unit: UnitId, kind: partner::Kind) -> Result<Vec<Named>> {
    Ok(versions(conn, unit, kind)?.into_iter().map(|one| one.layout).collect())
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
