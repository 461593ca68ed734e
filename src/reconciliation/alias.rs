//! Accounts that payers have paid from, learned from matches that a code, a reference or two persons
//! decided. They only ever suggest whose money a line without a code may be, and only while what was
//! learned from stands: whoever withdraws a match forgets at once what its line taught
//! (`forget_taught` in `payment/line_query.rs`).
//!
//! Accounts and payers are known here by keyed hashes; erasing a payer's year forgets them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::alias_query as query;
use super::matching::Line;
use crate::actor::Actor;
use crate::error::Result;
use crate::id::*;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Store, rows};
use crate::text;

/// Rows of one transaction.
const CHUNK: usize = 500;

/// The keyed hash of an account's number, as lines carry it.
pub fn account_hash(vault: &Vault, unit: UnitId, account: &str) -> String {
    vault.blind(unit, "counterparty_account", &text::squash(account))
}

/// Remembers which payers the lines' accounts paid for, once per line. Returns how many were new.
///
/// A line that paid for several at once says nothing about any of them.
pub fn learn(store: &Store, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, lines: &[Line]) -> Result<usize> {
    let accounts: HashMap<LineId, &str> = lines
        .iter()
        .filter(|line| line.amount.is_positive() && !line.reversal)
        .filter_map(|line| Some((line.id, line.counterparty_account.as_deref()?)))
        .collect();
    if accounts.is_empty() {
        return Ok(0);
    }
    let ids: Vec<LineId> = accounts.keys().copied().collect();
    let found = store.read(&actor.scope, |conn| {
        let known = query::learned(conn, unit, &ids)?;
        let fresh: Vec<LineId> = ids.iter().copied().filter(|id| !known.contains(id)).collect();
        query::payers(conn, unit, &fresh)
    })?;
    let mut payers: BTreeMap<LineId, Vec<PartyId>> = BTreeMap::new();
    for (line, party) in found {
        payers.entry(line).or_default().push(party);
    }
    let fresh: Vec<query::AliasRow> = payers
        .into_iter()
        .filter_map(|(line, parties)| match parties.as_slice() {
            [party] => Some(query::AliasRow {
                unit_id: unit,
                account_hash: (*accounts.get(&line)?).to_owned(),
                party_id: *party,
                line_id: line,
                created_at: stamp.now,
            }),
            _ => None,
        })
        .collect();
    let mut count = 0;
    for chunk in fresh.chunks(CHUNK) {
        let key = ["unit_id", "account_hash", "party_id"];
        let inserted = store.write(&actor.scope, Lane::Bulk, |tx| {
            // A match that was withdrawn since it was read teaches nothing.
            let lines: Vec<LineId> = chunk.iter().map(|row| row.line_id).collect();
            let standing: HashSet<(LineId, PartyId)> = query::payers(tx, unit, &lines)?.into_iter().collect();
            let stands = |row: &&query::AliasRow| standing.contains(&(row.line_id, row.party_id));
            let taught: Vec<query::AliasRow> = chunk.iter().filter(stands).cloned().collect();
            rows::insert_if_absent(tx, &taught, &key)
        })?;
        count += inserted.into_iter().filter(|is_new| *is_new).count();
    }
    Ok(count)
}

/// Open obligations of the payers that the accounts of open lines have paid for, by the account's
/// hash.
pub fn suggested(
    conn: &mut Conn,
    unit: UnitId,
    lines: &[Line],
    owed: &[(ObligationId, PartyId)],
) -> Result<BTreeMap<String, BTreeSet<ObligationId>>> {
    let accounts: BTreeSet<&str> = lines
        .iter()
        .filter(|line| line.open.is_positive() && line.codes.is_empty())
        .filter_map(|line| line.counterparty_account.as_deref())
        .collect();
    if accounts.is_empty() || owed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut by_party: HashMap<PartyId, Vec<ObligationId>> = HashMap::new();
    for (obligation, party) in owed {
        by_party.entry(*party).or_default().push(*obligation);
    }
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let mut found: BTreeMap<String, BTreeSet<ObligationId>> = BTreeMap::new();
    for (account, party) in query::same_payers(conn, unit, &accounts)? {
        if let Some(obligations) = by_party.get(&party) {
            found.entry(account).or_default().extend(obligations);
        }
    }
    Ok(found)
}
