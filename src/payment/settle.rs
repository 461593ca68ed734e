//! Settling claims in batches: the six steps of every money transaction.
//!
//! (1) Dedupe in memory and sort by (unit, key); (2) lock the accounts; (3) read keys, movements,
//! trust, exposure and closed days under the locks; (4) lock the obligations; (5) decide on the
//! `Book` and write with guards, series locked last, by numbering; (6) check the book's sums
//! before anything of it is written.

use std::collections::{BTreeSet, HashMap, HashSet};

use ring::digest::{SHA256, digest};

use super::book::{Book, CollectedBy, Destination, Held, Incoming, Method};
use super::flush::flush;
use super::movement::{Movement, State, bank_key};
use super::prove::LINE_KINDS;
use super::query::{self, Likeness};
use super::repeated;
use super::{Claim, Direction, line_query, repaid, same_money, settle_cash};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation::reference::{CodeBook, Found};
use crate::obligation::{self};
use crate::party;
use crate::payment::virtual_number::{accounts_of, virtual_accounts};
use crate::store::failpoint;
use crate::store::rows::{self, Insertion};
use crate::store::{Stamp, Tx};
use crate::unit::{self, Trust, trust};

/// A bank may use a reference again; after so many working days it is another movement.
const REFERENCE_REUSE_WORKING_DAYS: u32 = 10;
/// How far two reports of one movement may lie apart when they share no key.
const ALIKE_WORKING_DAYS: u32 = 3;

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
    pub obligation: Option<ObligationId>,
    /// The receipt this claim's money completed, if it did: the first of `receipts`.
    pub receipt: Option<ReceiptId>,
    /// Every document of the completed obligation, the receipt first.
    pub receipts: Vec<ReceiptId>,
    /// The same claim was known already.
    pub is_repeated: bool,
}

/// A claim with what was read from it before any lock.
struct Read<'a> {
    position: usize,
    arrival: &'a Arrival,
    unit: UnitId,
    account: AccountId,
    codes: Vec<String>,
    is_damaged: bool,
}

impl Read<'_> {
    fn claim(&self) -> &Claim {
        &self.arrival.claim
    }

    fn code_text(&self) -> String {
        self.codes.join("+")
    }

    fn provider_key(&self) -> (String, String) {
        (self.claim().channel.clone(), self.claim().external_id.clone())
    }

    fn reference(&self) -> Option<&str> {
        self.claim().bank_reference.as_deref().filter(|reference| !reference.trim().is_empty())
    }

    fn likeness(&self) -> Likeness {
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
struct World {
    provider: HashMap<(String, String), (UnitId, ClaimId, MovementId)>,
    stored_claims: HashMap<(UnitId, ClaimId), (AccountId, String, Dong, String)>,
    keys: HashMap<(UnitId, String), MovementId>,
    alike: HashMap<Likeness, BTreeSet<MovementId>>,
    trust: HashMap<(UnitId, AccountId, String), Trust>,
    suspended: HashSet<(UnitId, AccountId, String)>,
    codes: HashMap<String, (UnitId, ObligationId)>,
    closed: HashSet<(UnitId, AccountId, BusinessDay)>,
    known_receipts: HashMap<(UnitId, ObligationId), Vec<ReceiptId>>,
}

/// New facts beside the book's.
#[derive(Default)]
struct Facts {
    raw_events: Vec<query::RawEventRow>,
    movement_keys: Vec<query::MovementKeyRow>,
    provider_keys: Vec<query::ProviderKeyRow>,
    claims: Vec<query::ClaimRow>,
    suspensions: Vec<(UnitId, AccountId, String, &'static str)>,
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
    let mut world = look(tx, stamp, &reads, &accounts, &mut book)?;
    let mut facts = Facts::default();
    let mut settled: Vec<(usize, Settled)> = Vec::with_capacity(reads.len());
    for read in &reads {
        let answer = decide(tx, stamp, read, &mut world, &mut book, &mut facts)?;
        settled.push((read.position, answer));
    }
    write_facts(tx, stamp, &facts, &book)?;
    failpoint::hit("event_stored");
    let written = flush(tx, stamp, &actor, book)?;
    failpoint::hit("settled");
    for (_, answer) in &mut settled {
        if let Some(obligation) = answer.obligation {
            let key = (answer.unit, obligation);
            let made = written.receipts.get(&key).or_else(|| world.known_receipts.get(&key));
            answer.receipts = made.cloned().unwrap_or_default();
            answer.receipt = answer.receipts.first().copied();
        }
    }
    settled.sort_by_key(|(position, _)| *position);
    Ok(settled.into_iter().map(|(_, answer)| answer).collect())
}

fn read_claims<'a>(tx: &mut Tx<'_>, stamp: &Stamp<'_>, arrivals: &'a [Arrival]) -> Result<Vec<Read<'a>>> {
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
fn look(
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
    let keys: HashMap<(UnitId, String), MovementId> = query::movement_keys(tx, &unique(first_keys))?
        .into_iter()
        .map(|(unit, key, movement)| ((unit, key), movement))
        .collect();
    let since = stamp.today().plus_days(-14);
    let mut alike: HashMap<Likeness, BTreeSet<MovementId>> = HashMap::new();
    for movement in query::alike(tx, &unique(reads.iter().map(Read::likeness)), since)? {
        alike.entry(likeness(&movement)).or_default().insert(movement.id);
        hold(book, movement);
    }
    let by_key = keys.iter().map(|((unit, _), id)| (*unit, *id));
    let by_provider = provider.values().map(|(unit, _, movement)| (*unit, *movement));
    let missing = unique(by_key.chain(by_provider).filter(|key| !book.movements.contains_key(key)));
    for movement in query::movements(tx, &missing)? {
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

pub(super) fn hold(book: &mut Book, movement: Movement) {
    let revision = movement.revision;
    book.movements.insert((movement.unit, movement.id), Held::read(movement, revision));
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

/// Locks obligations and reads all that documents for them would need.
pub(super) fn load_obligations(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    ids: &[(UnitId, ObligationId)],
) -> Result<()> {
    let mut parties = Vec::with_capacity(ids.len());
    for obligation in obligation::query::lock(tx, ids)? {
        parties.push((obligation.unit, obligation.party));
        let revision = obligation.revision;
        book.obligations.insert((obligation.unit, obligation.id), Held::read(obligation, revision));
    }
    book.lines.extend(obligation::query::lines(tx, ids)?);
    parties.sort_unstable();
    parties.dedup();
    book.payers.extend(party::load(tx, stamp.vault, &parties)?);
    let units = unique(ids.iter().map(|(unit, _)| *unit).filter(|unit| !book.units.contains_key(unit)));
    for unit in unit::query::by_ids(tx, &units)? {
        book.units.insert(unit.id, unit);
    }
    book.imprints.extend(unit::imprint::in_force(tx, &units, stamp.today())?);
    repaid::load(tx, book)
}

/// Step 5 for one claim.
fn decide(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    world: &mut World,
    book: &mut Book,
    facts: &mut Facts,
) -> Result<Settled> {
    let named: Vec<(UnitId, ObligationId)> =
        read.codes.iter().filter_map(|code| world.codes.get(code).copied()).collect();
    let obligation = match named.as_slice() {
        [(unit, id)] if *unit == read.unit => Some(*id),
        _ => None,
    };
    let raw_event: RawEventId = archive(tx, stamp, read, facts)?;
    if let Some(&(unit, claim, movement)) = world.provider.get(&read.provider_key()) {
        return Ok(repeat(
            stamp,
            read,
            world,
            book,
            Settled {
                unit,
                claim,
                movement,
                obligation,
                receipt: None,
                receipts: Vec::new(),
                is_repeated: true,
            },
        ));
    }
    let claim_id: ClaimId = stamp.mint()?;
    let identified = identify(tx, stamp, read, world, book, facts)?;
    let trust_used = if read.claim().direction == Direction::Credit {
        take(tx, stamp, read, &named, identified.movement, world, book, facts)?
    } else {
        "advises"
    };
    let claim = read.claim();
    facts.claims.push(query::ClaimRow {
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
        trust: trust_used,
        possible_duplicate: identified.is_joined_by_likeness,
        occurred_at: claim.occurred_at,
        created_at: stamp.now,
    });
    facts.provider_keys.push(query::ProviderKeyRow {
        channel: claim.channel.clone(),
        external_id: claim.external_id.clone(),
        unit_id: read.unit,
        claim_id,
        movement_id: identified.movement,
    });
    world.provider.insert(read.provider_key(), (read.unit, claim_id, identified.movement));
    world.stored_claims.insert(
        (read.unit, claim_id),
        (read.account, claim.direction.as_str().to_owned(), claim.amount, read.code_text()),
    );
    Ok(Settled {
        unit: read.unit,
        claim: claim_id,
        movement: identified.movement,
        obligation,
        receipt: None,
        receipts: Vec::new(),
        is_repeated: false,
    })
}

fn archive(tx: &mut Tx<'_>, stamp: &Stamp<'_>, read: &Read<'_>, facts: &mut Facts) -> Result<RawEventId> {
    let id: RawEventId = stamp.mint()?;
    let key = stamp.sealing_key(tx, read.unit)?;
    facts.raw_events.push(query::RawEventRow {
        unit_id: read.unit,
        id,
        channel: read.claim().channel.clone(),
        key_id: key.id,
        cipher: stamp.vault.seal(&key, &raw_context(id), &read.arrival.raw)?,
        sha256: crate::text::hex(digest(&SHA256, &read.arrival.raw).as_ref()),
        received_at: read.arrival.received_at,
    });
    Ok(id)
}

/// What an archived body is bound to.
pub fn raw_context(id: RawEventId) -> String {
    format!("raw_event/{}", id.0)
}

/// The same id again: equal content changes nothing; other content is an exception and changes
/// nothing either.
fn repeat(stamp: &Stamp<'_>, read: &Read<'_>, world: &World, book: &mut Book, known: Settled) -> Settled {
    let claim = read.claim();
    let is_equal = world.stored_claims.get(&(known.unit, known.claim)).is_some_and(
        |(account, direction, amount, code)| {
            *account == read.account
                && direction == claim.direction.as_str()
                && *amount == claim.amount
                && *code == read.code_text()
        },
    );
    repeated::tell(book, stamp.today(), (known.unit, known.claim, read.account), claim, is_equal);
    known
}

struct Identified {
    movement: MovementId,
    is_joined_by_likeness: bool,
}

/// Finds the movement the claim reports, or opens a new one, and records its keys.
fn identify(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    world: &mut World,
    book: &mut Book,
    facts: &mut Facts,
) -> Result<Identified> {
    let (by_reference, free_key) = by_bank_reference(tx, stamp, read, world, book)?;
    let joined = match by_reference {
        Some(id) => Some((id, false)),
        None => by_likeness(stamp, read, world, book).map(|id| (id, true)),
    };
    let (movement, is_joined_by_likeness) = match joined {
        Some(found) => found,
        None => (open_movement(stamp, read, world, book)?, false),
    };
    if let Some(key) = free_key {
        world.keys.insert((read.unit, key.clone()), movement);
        facts.movement_keys.push(query::MovementKeyRow { unit_id: read.unit, key, movement_id: movement });
    }
    if let Some(held) = book.movements.get_mut(&(read.unit, movement)) {
        let channel = &read.claim().channel;
        if !held.value.is_claimed_by(channel) {
            held.value.add_claim_of(channel);
            touch(held);
        }
    }
    Ok(Identified { movement, is_joined_by_likeness })
}

/// Marks a held movement changed, raising its revision once per transaction.
pub(super) fn touch(held: &mut Held<Movement>) {
    if let Some(read) = held.read_revision {
        held.value.revision = read + 1;
    }
    held.is_changed = true;
}

/// The movement this bank reference names, and the key to record when it names none yet.
fn by_bank_reference(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    world: &mut World,
    book: &mut Book,
) -> Result<(Option<MovementId>, Option<String>)> {
    let Some(reference) = read.reference() else { return Ok((None, None)) };
    let claim = read.claim();
    for occurrence in 0.. {
        let key = bank_key(read.account, claim.direction, reference, claim.amount, occurrence);
        let known = match world.keys.get(&(read.unit, key.clone())) {
            Some(id) => Some(*id),
            None if occurrence == 0 => None,
            None => query::movement_keys(tx, &[(read.unit, key.clone())])?.pop().map(|(_, _, id)| id),
        };
        let Some(id) = known else { return Ok((None, Some(key))) };
        if !book.movements.contains_key(&(read.unit, id)) {
            for movement in query::movements(tx, &[(read.unit, id)])? {
                hold(book, movement);
            }
        }
        let id = same_money::stands_for(tx, read.unit, id, book)?;
        let held = book
            .movements
            .get(&(read.unit, id))
            .ok_or_else(|| Error::internal("a movement key points at no movement"))?;
        let days = stamp.calendar.distance(held.value.first_seen_on, stamp.today());
        if days <= REFERENCE_REUSE_WORKING_DAYS {
            return Ok((Some(id), None));
        }
    }
    Err(Error::internal("a bank reference has no free occurrence"))
}

/// The oldest movement that looks the same and has no claim of this channel.
fn by_likeness(stamp: &Stamp<'_>, read: &Read<'_>, world: &World, book: &Book) -> Option<MovementId> {
    world
        .alike
        .get(&read.likeness())?
        .iter()
        .filter_map(|id| book.movements.get(&(read.unit, *id)))
        .map(|held| &held.value)
        .filter(|movement| {
            (movement.is_live() || movement.is_cut())
                && !movement.is_claimed_by(&read.claim().channel)
                && stamp.calendar.distance(movement.first_seen_on, stamp.today()) <= ALIKE_WORKING_DAYS
        })
        .min_by_key(|movement| (!movement.is_live(), movement.first_seen_on, movement.id))
        .map(|movement| movement.id)
}

fn open_movement(
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    world: &mut World,
    book: &mut Book,
) -> Result<MovementId> {
    let id: MovementId = stamp.mint()?;
    let movement = Movement {
        unit: read.unit,
        id,
        account: read.account,
        direction: read.claim().direction,
        amount: read.claim().amount,
        code: read.code_text(),
        first_seen_on: stamp.today(),
        proven: Dong::ZERO,
        claimed_by: String::new(),
        payment: None,
        state: State::Expected,
        revision: 1,
    };
    world.alike.entry(read.likeness()).or_default().insert(id);
    book.movements.insert((read.unit, id), Held::fresh(movement));
    Ok(id)
}

/// Takes the claim for money as far as its channel is trusted. Returns the trust it was given.
#[allow(clippy::too_many_arguments, reason = "the parts of one decision; a struct would only rename them")]
fn take(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    named: &[(UnitId, ObligationId)],
    movement: MovementId,
    world: &mut World,
    book: &mut Book,
    facts: &mut Facts,
) -> Result<&'static str> {
    let claim = read.claim();
    let destination = book.destination(read.unit, claim.amount, named, read.is_damaged);
    let held = book.movements.get(&(read.unit, movement)).map(|held| &held.value);
    let (is_settled, state) = held.map_or((false, State::Expected), |one| (one.payment.is_some(), one.state));
    let is_proven = state == State::Proven;
    if is_settled || state == State::Reversed {
        // What the bank took back, or a person split, before the channel told of it leaves nothing to take.
        return Ok(if is_settled { trust_of(stamp, read, world, book, facts) } else { "advises" });
    }
    if is_proven && !matches!(destination, Destination::Unknown(_)) {
        identify_suspense(tx, stamp, read, movement, &destination, world, book)?;
        return Ok("advises");
    }
    if !is_proven {
        note_unknown(stamp, read, Subject::Movement(movement), &destination, book);
    }
    if trust_of(stamp, read, world, book, facts) == "advises"
        || matches!(destination, Destination::Unknown(_))
    {
        advise(book, read.unit, &destination)?;
        return Ok("advises");
    }
    let payment: PaymentId = stamp.mint()?;
    let incoming = Incoming {
        unit: read.unit,
        amount: claim.amount,
        movement: Some(movement),
        account: Some(read.account),
        shift: None,
        method: Method::Transfer,
        channel: claim.channel.clone(),
        debit: Account::Clearing(read.account, claim.channel.clone()),
        accounting_date: first_open_day(stamp.today(), read, world),
        collected_at: stamp.now,
        collected_by: CollectedBy::Channel(claim.channel.clone()),
        is_proven: false,
    };
    book.receive(payment, &incoming, &destination)?;
    book.expose(read.unit, read.account, &claim.channel, claim.amount)?;
    if let Some(held) = book.movements.get_mut(&(read.unit, movement)) {
        held.value.payment = Some(payment);
        touch(held);
    }
    Ok("settles")
}

/// The bank showed this money before its claim came, and nobody could place it then: now the
/// claim's code does, and the money leaves suspense.
fn identify_suspense(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    movement: MovementId,
    destination: &Destination,
    world: &World,
    book: &mut Book,
) -> Result<()> {
    let line = line_query::lines_of_movements(tx, &[(read.unit, movement)])?.pop();
    let (_, _, line) = line.ok_or_else(|| Error::internal("a proven movement has no line"))?;
    let suspended = settle_cash::in_suspense(tx, read.unit, line)?;
    if suspended < read.claim().amount {
        let late = Destination::Unknown(Kind::LatePayment);
        note_unknown(stamp, read, Subject::Movement(movement), &late, book);
        return Ok(());
    }
    let payment: PaymentId = stamp.mint()?;
    let incoming = Incoming {
        unit: read.unit,
        amount: read.claim().amount,
        movement: Some(movement),
        account: Some(read.account),
        shift: None,
        method: Method::Transfer,
        channel: read.claim().channel.clone(),
        debit: Account::Suspense(line),
        accounting_date: first_open_day(stamp.today(), read, world),
        collected_at: stamp.now,
        collected_by: CollectedBy::Channel(read.claim().channel.clone()),
        is_proven: true,
    };
    book.receive(payment, &incoming, destination)?;
    if let Some(held) = book.movements.get_mut(&(read.unit, movement)) {
        held.value.payment = Some(payment);
        touch(held);
    }
    let why = "identified by a later claim";
    book.settled_exceptions.push((read.unit, Kind::BulkSettlement, Subject::Movement(movement), why));
    // What else stands under the line has exceptions of its own.
    if suspended == read.claim().amount {
        book.settled_exceptions.extend(LINE_KINDS.map(|kind| (read.unit, kind, Subject::Line(line), why)));
    }
    note_unknown(stamp, read, Subject::Line(line), destination, book);
    Ok(())
}

/// The trust in force, within its limits. A claim that crosses one switches the channel back to
/// `advises` for this account; no money is refused.
fn trust_of(
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    world: &mut World,
    book: &Book,
    facts: &mut Facts,
) -> &'static str {
    let claim = read.claim();
    let key = (read.unit, read.account, claim.channel.clone());
    let Some(trust) = world.trust.get(&key) else { return "advises" };
    if !trust.settles_on(stamp.today()) || world.suspended.contains(&key) {
        return "advises";
    }
    let unproven = book.exposure(read.unit, read.account, &claim.channel);
    let crossed = if claim.amount > trust.claim_limit {
        Some("claim_limit")
    } else if unproven.0.saturating_add(claim.amount.0) > trust.unproven_limit.0 {
        Some("unproven_limit")
    } else {
        None
    };
    match crossed {
        None => "settles",
        Some(limit) => {
            facts.suspensions.push((read.unit, read.account, claim.channel.clone(), limit));
            world.suspended.insert(key);
            "advises"
        }
    }
}

/// Money that nobody knows a home for gets its name at once; it is posted when a line shows it,
/// and what a line showed already has its name under that line.
fn note_unknown(
    stamp: &Stamp<'_>,
    read: &Read<'_>,
    subject: Subject,
    destination: &Destination,
    book: &mut Book,
) {
    let kind = match destination {
        Destination::Obligations(_) => return,
        Destination::OtherUnit(..) => Kind::WrongAccount,
        Destination::Unknown(kind) => *kind,
    };
    book.exceptions.push(exception::New {
        unit: read.unit,
        kind,
        subject,
        account: Some(read.account),
        amount: read.claim().amount,
        opened_on: stamp.today(),
        detail: Detail::Channel { channel: read.claim().channel.clone(), code: read.code_text() }.into(),
    });
}

/// Tells the obligations that a claim waits for its proof, so that the citizen sees it.
fn advise(book: &mut Book, unit: UnitId, destination: &Destination) -> Result<()> {
    if let Destination::Obligations(ids) = destination {
        for id in ids {
            let Some(held) = book.obligations.get(&(unit, *id)) else { continue };
            let (state, allocated) = (held.value.state, held.value.allocated);
            book.tell(unit, *id, "advised", state, allocated)?;
        }
    }
    Ok(())
}

fn first_open_day(today: BusinessDay, read: &Read<'_>, world: &World) -> BusinessDay {
    let is_open = |day: &BusinessDay| !world.closed.contains(&(read.unit, read.account, *day));
    (0..).map(|days| today.plus_days(days)).find(is_open).unwrap_or(today)
}

fn write_facts(tx: &mut Tx<'_>, stamp: &Stamp<'_>, facts: &Facts, book: &Book) -> Result<()> {
    let mut fresh: Vec<query::MovementRow> = book
        .movements
        .values()
        .filter(|held| held.read_revision.is_none())
        .map(|held| movement_row(&held.value, stamp))
        .collect();
    fresh.sort_by_key(|row| (row.unit_id, row.id));
    rows::insert_together(
        tx,
        vec![
            Insertion::of(&facts.raw_events),
            Insertion::of(&fresh),
            Insertion::of(&facts.movement_keys),
            Insertion::of(&facts.provider_keys),
            Insertion::of(&facts.claims),
        ],
    )?;
    for (unit, account, channel, reason) in &facts.suspensions {
        trust::suspend(tx, stamp, *unit, *account, channel, reason)?;
    }
    Ok(())
}

pub(super) fn movement_row(movement: &Movement, stamp: &Stamp<'_>) -> query::MovementRow {
    query::MovementRow {
        unit_id: movement.unit,
        id: movement.id,
        account_id: movement.account,
        direction: movement.direction.as_str(),
        amount: movement.amount,
        code: movement.code.clone(),
        first_seen_on: movement.first_seen_on,
        created_at: stamp.now,
        proven: movement.proven,
        claimed_by: movement.claimed_by.clone(),
        payment_id: movement.payment,
        state: movement.state.as_str(),
        revision: movement.revision,
    }
}
