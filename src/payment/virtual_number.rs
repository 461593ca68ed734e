//! The accounts that claims name, virtual ones among them: as the account that was credited, or in their
//! text. Only what verifies by its own check is looked up, so that ordinary claims cost nothing.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use super::query;
use super::settle::Arrival;
use crate::error::Result;
use crate::id::*;
use crate::obligation::reference::CodeBook;
use crate::obligation::virtual_account::candidates;
use crate::payment::Claim;
use crate::store::{Stamp, Tx};
use crate::unit;

/// By the word that a claim says: the account that is credited, and the code the number stands for.
pub(super) struct Virtual(HashMap<String, ((UnitId, AccountId), String)>);

impl Virtual {
    /// The account behind a virtual one.
    pub fn account_of(&self, number: &str) -> Option<(UnitId, AccountId)> {
        self.0.get(&spelled(number)).map(|(account, _)| *account)
    }

    /// The codes that a claim names by numbers.
    pub fn codes_of<'v>(&'v self, claim: &Claim) -> impl Iterator<Item = &'v str> + use<'v> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for word in words_of(claim) {
            found.extend(self.0.get(&word).map(|(_, code)| code.as_str()));
        }
        found.into_iter()
    }
}

fn spelled(word: &str) -> String {
    word.trim().to_ascii_uppercase()
}

fn words_of(claim: &Claim) -> Vec<String> {
    let memo = claim.memo.split(|symbol: char| !symbol.is_ascii_alphanumeric());
    memo.chain([claim.account_no.as_str()]).map(spelled).collect()
}

/// The numbers of given-out ranges among what the claims say.
pub(super) fn virtual_accounts(tx: &mut Tx<'_>, book: &CodeBook, arrivals: &[Arrival]) -> Result<Virtual> {
    let mut by_key: HashMap<String, Vec<(String, String)>> = HashMap::new();
    let words: BTreeSet<String> = arrivals.iter().flat_map(|arrival| words_of(&arrival.claim)).collect();
    for word in words {
        for (key, code) in candidates(book, &word) {
            by_key.entry(key).or_default().push((word.clone(), code.as_str().to_owned()));
        }
    }
    let mut found = HashMap::new();
    if by_key.is_empty() {
        return Ok(Virtual(found));
    }
    let keys: Vec<String> = by_key.keys().cloned().collect();
    for (key, unit, account) in query::accounts_by_code(tx, &keys)? {
        for (word, code) in by_key.remove(&key).unwrap_or_default() {
            found.insert(word, ((unit, account), code));
        }
    }
    Ok(Virtual(found))
}

/// The account behind each number; a number nobody registered gets one under the city.
pub(super) fn accounts_of(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    arrivals: &[Arrival],
    named: &Virtual,
) -> Result<HashMap<String, (UnitId, AccountId)>> {
    let numbers: BTreeSet<String> = arrivals.iter().map(|arrival| arrival.claim.account_no.clone()).collect();
    let mut codes: Vec<String> = numbers.iter().map(|number| unit::account::directory_code(number)).collect();
    codes.dedup();
    let mut directory: HashMap<String, (UnitId, AccountId)> = query::accounts_by_code(tx, &codes)?
        .into_iter()
        .map(|(code, unit, account)| (code, (unit, account)))
        .collect();
    for number in numbers {
        let code = unit::account::directory_code(&number);
        // A unit's own account has the number it was registered with, whatever a range would read in it.
        let is_registered = directory.get(&code).is_some_and(|(unit, _)| *unit != unit::CITY);
        if let Some(account) = named.account_of(&number).filter(|_| !is_registered) {
            directory.insert(code, account);
            continue;
        }
        if let Entry::Vacant(unknown) = directory.entry(code) {
            unknown.insert((unit::CITY, unit::account::register_unknown(tx, stamp, &number)?));
        }
    }
    Ok(directory)
}
