//! What a batch of claims names, and what the database knows about it under the locks.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Arrival;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation::reference::{CodeBook, Found};
use crate::obligation::{self};
use crate::payment::Claim;
use crate::payment::book::{Book, Held};
use crate::payment::held::{hold, load_obligations};
use crate::payment::movement::{Movement, bank_key};
use crate::payment::movement_query::{self, Likeness};
use crate::payment::query;
use crate::payment::virtual_number::{accounts_of, virtual_accounts};
use crate::store::{Stamp, Tx};
use crate::unit::{self, Trust, trust};

/// A claim with what was read from it before any lock.
pub(super) struct Read<'a> {
    pub(super) position: usize,
    pub(super) arrival: &'a Arrival,
    pub(super) unit: UnitId,
    pub(super) account: AccountId,
    pub(super) codes: Vec<String>,
    pub(super) is_damaged: bool,
}

impl Read<'_> {
    pub(super) fn claim(&self) -> &Claim {
        &self.arrival.claim
    }

    pub(super) fn code_text(&self) -> String {
        self.codes.join("+")
    }

    pub(super) fn provider_key(&self) -> (String, String) {
        (self.claim().channel.clone(), self.claim().external_id.clone())
    }

    pub(super) fn reference(&self) -> Option<&str> {
        self.claim().bank_reference.as_deref().filter(|reference| !reference.trim().is_empty())
    }

    pub(super) fn likeness(&self) -> Likeness {
        Likeness {
            unit: self.unit,
            account: self.account,
            direction: self.claim().direction.as_str(),
            code: self.code_text(),
            amount: self.claim().amount,
        }
    }
}

/// What the batch touches, as the database has it under the locks.
pub(super) struct World {
    pub(super) provider: HashMap<(String, String), (UnitId, ClaimId, MovementId)>,
    pub(super) stored_claims: HashMap<(UnitId, ClaimId), (AccountId, String, Dong, String)>,
    pub(super) keys: HashMap<(UnitId, String), MovementId>,
    pub(super) alike: HashMap<Likeness, BTreeSet<MovementId>>,
    pub(super) trust: HashMap<(UnitId, AccountId, String), Trust>,
    pub(super) suspended: HashSet<(UnitId, AccountId, String)>,
    pub(super) codes: HashMap<String, (UnitId, ObligationId)>,
    pub(super) closed: HashSet<(UnitId, AccountId, BusinessDay)>,
    pub(super) known_receipts: HashMap<(UnitId, ObligationId), Vec<ReceiptId>>,
}

pub(super) fn read_claims<'a>(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    arrivals: &'a [Arrival],
) -> Result<Vec<Read<'a>>> {
    let book = CodeBook::hanoi();
    let named = virtual_accounts(tx, &book, arrivals)?;
    let mut directory = accounts_of(tx, stamp, arrivals, &named)?;
    arrivals
        .iter()
        .enumerate()
        .map(|(position, arrival)| {
            let found = book.extract(&arrival.claim.memo);
            let mut codes: Vec<String> =
                found.iter().filter_map(Found::verified).map(|code| code.as_str().to_owned()).collect();
            codes.extend(named.codes_of(&arrival.claim).map(str::to_owned));
            codes.sort_unstable();
            codes.dedup();
            let is_damaged = codes.is_empty() && !found.is_empty();
            let key = unit::account::directory_code(&arrival.claim.account_no);
            let (unit, account) =
                directory.remove(&key).ok_or_else(|| Error::internal("an account was not resolved"))?;
            directory.insert(key, (unit, account));
            Ok(Read { position, arrival, unit, account, codes, is_damaged })
        })
        .collect()
}

fn unique<T: Ord + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Steps 3 and 4: reads under the account locks, then locks and reads the obligations.
pub(super) fn look(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reads: &[Read<'_>],
    accounts: &[(UnitId, AccountId)],
    book: &mut Book,
) -> Result<World> {
    let provider: HashMap<(String, String), (UnitId, ClaimId, MovementId)> =
        query::provider_keys(tx, &unique(reads.iter().map(Read::provider_key)))?
            .into_iter()
            .map(|(channel, id, unit, claim, movement)| ((channel, id), (unit, claim, movement)))
            .collect();
    let known: Vec<(UnitId, ClaimId)> = unique(provider.values().map(|(unit, claim, _)| (*unit, *claim)));
    let stored_claims = query::claims(tx, &known)?
        .into_iter()
        .map(|(unit, claim, account, direction, amount, code)| {
            ((unit, claim), (account, direction, amount, code))
        })
        .collect();
    let first_keys = reads.iter().filter_map(|read| {
        let claim = read.claim();
        Some((read.unit, bank_key(read.account, claim.direction, read.reference()?, claim.amount, 0)))
    });
    let keys: HashMap<(UnitId, String), MovementId> = movement_query::movement_keys(tx, &unique(first_keys))?
        .into_iter()
        .map(|(unit, key, movement)| ((unit, key), movement))
        .collect();
    let since = stamp.today().plus_days(-14);
    let mut alike: HashMap<Likeness, BTreeSet<MovementId>> = HashMap::new();
    for movement in movement_query::alike(tx, &unique(reads.iter().map(Read::likeness)), since)? {
        alike.entry(likeness(&movement)).or_default().insert(movement.id);
        hold(book, movement);
    }
    let by_key = keys.iter().map(|((unit, _), id)| (*unit, *id));
    let by_provider = provider.values().map(|(unit, _, movement)| (*unit, *movement));
    let missing = unique(by_key.chain(by_provider).filter(|key| !book.movements.contains_key(key)));
    for movement in movement_query::movements(tx, &missing)? {
        hold(book, movement);
    }
    let pairs = unique(reads.iter().map(|read| (read.unit, read.account, read.claim().channel.clone())));
    let trust = trust::in_force(tx, &pairs)?;
    for (key, (unproven, revision)) in query::exposures(tx, &pairs)? {
        book.exposures.insert(key, Held::read(unproven, revision));
    }
    let closed = query::closed_days(tx, accounts, stamp.today())?.into_iter().collect();
    let codes = look_at_obligations(tx, stamp, reads, book)?;
    let known_receipts = receipts_of_paid(tx, book)?;
    Ok(World {
        provider,
        stored_claims,
        keys,
        alike,
        trust,
        suspended: HashSet::new(),
        codes,
        closed,
        known_receipts,
    })
}

/// Documents that stand already, so that a repeated callback is answered with the first one's.
fn receipts_of_paid(tx: &mut Tx<'_>, book: &Book) -> Result<HashMap<(UnitId, ObligationId), Vec<ReceiptId>>> {
    let paid = unique(
        book.obligations
            .iter()
            .filter(|(_, held)| held.value.state == obligation::State::Paid)
            .map(|(key, _)| *key),
    );
    let mut receipts: HashMap<(UnitId, ObligationId), Vec<ReceiptId>> = HashMap::new();
    for current in crate::receipt::query::current_of_obligations(tx, &paid)? {
        receipts.entry((current.unit, current.obligation)).or_default().push(current.receipt);
    }
    Ok(receipts)
}

fn likeness(movement: &Movement) -> Likeness {
    Likeness {
        unit: movement.unit,
        account: movement.account,
        direction: movement.direction.as_str(),
        code: movement.code.clone(),
        amount: movement.amount,
    }
}

fn look_at_obligations(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reads: &[Read<'_>],
    book: &mut Book,
) -> Result<HashMap<String, (UnitId, ObligationId)>> {
    let named = unique(reads.iter().flat_map(|read| read.codes.iter().cloned()));
    let codes = obligation::query::resolve_codes(tx, &named)?;
    load_obligations(tx, stamp, book, &unique(codes.values().copied()))?;
    Ok(codes)
}
