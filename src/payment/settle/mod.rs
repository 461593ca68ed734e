//! Settling claims in batches: the six steps of every money transaction.
//!
//! (1) Dedupe in memory and sort by (unit, key); (2) lock the accounts; (3) read keys, movements,
//! trust, exposure and closed days under the locks; (4) lock the obligations; (5) decide on the
//! `Book` and write with guards, series locked last, by numbering; (6) check the book's sums
//! before anything of it is written.

mod identify;
mod read;
mod take;

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};

use read::{Read, World, look, read_claims};

use super::book::Book;
use super::flush::flush;
use super::held::movement_row;
use super::{Claim, Direction, movement_query, query, repeated};
use crate::actor::Actor;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::failpoint;
use crate::store::rows::{self, Insertion};
use crate::store::{Stamp, Tx};
use crate::unit::trust::{self, Level};

/// A verified claim with the bytes it came in.
#[derive(Clone)]
pub struct Arrival {
    pub claim: Claim,
    /// The body as received; archived encrypted in the same transaction.
    pub raw: Vec<u8>,
    pub received_at: Instant,
}

/// The answer to one arrival; every copy of the same claim gets the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub unit: UnitId,
    pub claim: ClaimId,
    pub movement: MovementId,
    /// The one obligation that the claim names; None when it names several.
    pub obligation: Option<ObligationId>,
    /// All that it names, each once, in the order of its codes; none where one of them is another unit's.
    pub obligations: Vec<ObligationId>,
    /// The receipt of the first obligation that the claim names, once it is paid: the first of `receipts`.
    pub receipt: Option<ReceiptId>,
    /// Every document of the paid obligations, of each the receipt first; also in the answer to a repetition.
    pub receipts: Vec<ReceiptId>,
    /// The same claim was known already.
    pub is_repeated: bool,
}

impl Settled {
    fn new(unit: UnitId, claim: ClaimId, movement: MovementId, obligations: Vec<ObligationId>) -> Self {
        let obligation = match obligations.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        Settled {
            unit,
            claim,
            movement,
            obligation,
            obligations,
            receipt: None,
            receipts: Vec::new(),
            is_repeated: false,
        }
    }
}

/// New facts beside the book's.
#[derive(Default)]
struct Facts {
    raw_events: Vec<query::RawEventRow>,
    movement_keys: Vec<movement_query::MovementKeyRow>,
    provider_keys: Vec<query::ProviderKeyRow>,
    claims: Vec<query::ClaimRow>,
    suspensions: Vec<(UnitId, AccountId, String, &'static str)>,
}

/// One batch under its locks: what was read, what is decided on it, and what is new beside that.
struct Batch<'a> {
    stamp: &'a Stamp<'a>,
    world: World,
    book: Book,
    facts: Facts,
}

/// Settles 1 to 256 claims in one transaction; the answers come in the order of the arrivals.
pub fn settle(tx: &mut Tx<'_>, stamp: &Stamp<'_>, arrivals: &[Arrival]) -> Result<Vec<Settled>> {
    let actor = Actor::system();
    let mut reads = read_claims(tx, stamp, arrivals)?;
    reads.sort_by_cached_key(|read| (read.unit, read.provider_key()));
    let mut accounts: Vec<(UnitId, AccountId)> = reads.iter().map(|read| (read.unit, read.account)).collect();
    accounts.sort_unstable();
    accounts.dedup();
    query::lock_accounts(tx, &accounts)?;
    let mut book = Book::new(crate::audit::actor_text(&actor), stamp.now);
    let world = look(tx, stamp, &reads, &accounts, &mut book)?;
    let mut batch = Batch { stamp, world, book, facts: Facts::default() };
    let mut settled: Vec<(usize, Settled)> = Vec::with_capacity(reads.len());
    for read in &reads {
        settled.push((read.position, batch.decide(tx, read)?));
    }
    batch.write_facts(tx)?;
    failpoint::hit("event_stored");
    let written = flush(tx, stamp, &actor, batch.book)?;
    failpoint::hit("settled");
    for (_, answer) in &mut settled {
        for obligation in &answer.obligations {
            let key = (answer.unit, *obligation);
            let made = written.receipts.get(&key).or_else(|| batch.world.known_receipts.get(&key));
            answer.receipts.extend(made.into_iter().flatten());
        }
        answer.receipt = answer.receipts.first().copied();
    }
    settled.sort_by_key(|(position, _)| *position);
    Ok(settled.into_iter().map(|(_, answer)| answer).collect())
}

impl Batch<'_> {
    /// Step 5 for one claim.
    fn decide(&mut self, tx: &mut Tx<'_>, read: &Read<'_>) -> Result<Settled> {
        let mut seen = BTreeSet::new();
        let named = read.codes.iter().filter_map(|code| self.world.codes.get(code).copied());
        // An obligation that a merger brought here has two codes.
        let named: Vec<(UnitId, ObligationId)> = named.filter(|one| seen.insert(*one)).collect();
        let is_own = named.iter().all(|(unit, _)| *unit == read.unit);
        let obligations: Vec<ObligationId> =
            named.iter().filter(|_| is_own).map(|(_, obligation)| *obligation).collect();
        let raw_event: RawEventId = self.archive(tx, read)?;
        if let Some(&(unit, claim, movement)) = self.world.provider.get(&read.provider_key()) {
            let known = Settled { is_repeated: true, ..Settled::new(unit, claim, movement, obligations) };
            return Ok(self.repeat(read, known));
        }
        let claim_id: ClaimId = self.stamp.mint()?;
        let identified = self.identify(tx, read)?;
        let trust_used = if read.claim().direction == Direction::Credit {
            self.take(tx, read, &named, identified.movement)?
        } else {
            Level::Advises
        };
        let claim = read.claim();
        self.facts.claims.push(query::ClaimRow {
            unit_id: read.unit,
            id: claim_id,
            movement_id: identified.movement,
            channel: claim.channel.clone(),
            external_id: claim.external_id.clone(),
            raw_event_id: raw_event,
            account_id: read.account,
            direction: claim.direction.as_str(),
            amount: claim.amount,
            code: read.code_text(),
            bank_reference: claim.bank_reference.clone(),
            trust: trust_used.as_str(),
            possible_duplicate: identified.is_joined_by_likeness,
            occurred_at: claim.occurred_at,
            created_at: self.stamp.now,
        });
        self.facts.provider_keys.push(query::ProviderKeyRow {
            channel: claim.channel.clone(),
            external_id: claim.external_id.clone(),
            unit_id: read.unit,
            claim_id,
            movement_id: identified.movement,
        });
        self.world.provider.insert(read.provider_key(), (read.unit, claim_id, identified.movement));
        self.world.stored_claims.insert(
            (read.unit, claim_id),
            (read.account, claim.direction.as_str().to_owned(), claim.amount, read.code_text()),
        );
        Ok(Settled::new(read.unit, claim_id, identified.movement, obligations))
    }

    fn archive(&mut self, tx: &mut Tx<'_>, read: &Read<'_>) -> Result<RawEventId> {
        let id: RawEventId = self.stamp.mint()?;
        let key = self.stamp.sealing_key(tx, read.unit)?;
        self.facts.raw_events.push(query::RawEventRow {
            unit_id: read.unit,
            id,
            channel: read.claim().channel.clone(),
            key_id: key.id,
            cipher: self.stamp.vault.seal(&key, &raw_context(id), &read.arrival.raw)?,
            sha256: crate::text::hex(digest(&SHA256, &read.arrival.raw).as_ref()),
            received_at: read.arrival.received_at,
        });
        Ok(id)
    }

    /// The same id again: equal content changes nothing; other content is an exception and changes
    /// nothing either.
    fn repeat(&mut self, read: &Read<'_>, known: Settled) -> Settled {
        let claim = read.claim();
        let is_equal = self.world.stored_claims.get(&(known.unit, known.claim)).is_some_and(
            |(account, direction, amount, code)| {
                *account == read.account
                    && direction == claim.direction.as_str()
                    && *amount == claim.amount
                    && *code == read.code_text()
            },
        );
        repeated::tell(
            &mut self.book,
            self.stamp.today(),
            (known.unit, known.claim, read.account),
            claim,
            is_equal,
        );
        known
    }

    fn write_facts(&self, tx: &mut Tx<'_>) -> Result<()> {
        let mut fresh: Vec<movement_query::MovementRow> = self
            .book
            .movements
            .values()
            .filter(|held| held.read_revision.is_none())
            .map(|held| movement_row(&held.value, self.stamp))
            .collect();
        fresh.sort_by_key(|row| (row.unit_id, row.id));
        rows::insert_together(
            tx,
            vec![
                Insertion::of(&self.facts.raw_events),
                Insertion::of(&fresh),
                Insertion::of(&self.facts.movement_keys),
                Insertion::of(&self.facts.provider_keys),
                Insertion::of(&self.facts.claims),
            ],
        )?;
        for (unit, account, channel, reason) in &self.facts.suspensions {
            trust::suspend(tx, self.stamp, *unit, *account, channel, reason)?;
        }
        Ok(())
    }
}

/// What an archived body is bound to.
pub fn raw_context(id: RawEventId) -> String {
    format!("raw_event/{}", id.0)
}
