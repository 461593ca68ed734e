//! Closing a bank account's day: proven, its fees shared out, certified and chained.
//!
//! The proof is worked out and the certificate signed outside any transaction; storing checks
//! again that nothing it looked at has changed. Days close in their order, nil days too.

mod bank_query;
mod beyond;
mod beyond_query;
pub mod bridge_part;
mod carried;
pub mod certificate;
mod chain;
pub mod chain_file;
mod facts;
mod fee_query;
mod fees;
mod fingerprint_query;
pub mod outline;
pub mod page;
mod part;
pub(super) mod placed;
mod query;
pub mod reading;
mod share;
mod standing;
mod standing_query;
mod transit;
mod transit_query;
pub mod words;

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};

use super::proof::{Obstacle, Proof, day_proof};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::ledger::{self, Posting, Source};
use crate::receipt::attest::attest;
use crate::receipt::relation::{self, Relation};
use crate::receipt::seal::{Held, Keyring};
use crate::reconciliation::reopening;
use crate::remittance;
use crate::statement;
use crate::store::{Conn, Lane, Stamp, Store, Tx, failpoint, failure, rows};
use crate::text;
use crate::unit::{self, BankAccount, account};
use certificate::Content;
use facts::DayRead;
use fingerprint_query::{Fingerprint, fingerprint};
use query::{CertificateRow, DayEventRow, DayRow};
use share::{cap, shares};

pub use chain::{verify_chain, verify_chain_within};
pub use query::{Certificate, Listed, certificate, certificate_by_id, certificates, newest, unit_of};
pub use share::Share;

pub use crate::statement::open_day_query::last_closed;

/// How often a close that something overtook starts over.
const ATTEMPT_LIMIT: u32 = 5;

/// What closing came to.
#[derive(Clone, Debug)]
pub enum Closing {
    Closed(Box<Certificate>),
    /// Everything that keeps the day open. As an error: `day_not_closable`.
    Refused(Vec<Obstacle>),
}

impl Closing {
    /// The certificate, or `day_not_closable` with the codes of what is open.
    pub fn certificate(self) -> Result<Certificate> {
        match self {
            Closing::Closed(certificate) => Ok(*certificate),
            Closing::Refused(obstacles) => {
                let codes: BTreeSet<&str> = obstacles.iter().map(Obstacle::code).collect();
                let codes: Vec<&str> = codes.into_iter().collect();
                Err(Error::conflict("day_not_closable", codes.join(", ")))
            }
        }
    }
}

/// A proven day with the certificate's bytes, ready to be signed.
pub struct Prepared {
    pub unit: UnitId,
    pub account: AccountId,
    pub date: BusinessDay,
    pub id: CertificateId,
    pub revision: i64,
    pub proof: Proof,
    pub shares: Vec<Share>,
    /// The bytes to sign.
    pub document: Vec<u8>,
    pub document_sha256: String,
    pub previous_sha256: String,
    clearing: Dong,
    issued_at: Instant,
    first: BusinessDay,
    seen: Fingerprint,
}

/// Closes one day. Every day before it must be closed.
///
/// # Errors
/// `day_closed` when it is closed already, `day_in_future`, `day_before_account`,
/// `signing_key_missing`, `certificate_not_valid`, `account_not_found`, `role_not_allowed`.
pub fn close<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Closing> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(unit)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match close_once(store, keyring, stamp, actor, unit, account, date) {
            Err(error) if error.code() == failure::RETRY && attempt < ATTEMPT_LIMIT => {
                tracing::debug!(%unit, %account, %date, attempt, "closing starts over");
            }
            other => return other,
        }
    }
}

fn close_once<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Closing> {
    let now = stamp();
    // The city's key may sign for a unit, so the signer is looked up in every unit's scope.
    let held =
        store.read(&crate::actor::Scope::All, |conn| keyring.signer(conn, now.vault, unit, now.now))?;
    let serial = held.signer.certificate().serial().to_owned();
    let prepared =
        store.read_widely(&actor.scope, |conn| prepare(conn, &now, unit, account, date, &serial))?;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(obstacles) => return Ok(Closing::Refused(obstacles)),
    };
    let signature = sign(&prepared, &held)?;
    failpoint::hit("close");
    let certificate = store.write(&actor.scope, Lane::Bulk, |tx| {
        store_close(tx, &stamp(), actor, &prepared, &signature, held.certificate)
    })?;
    Ok(Closing::Closed(Box::new(certificate)))
}

/// How far `close_through` came.
#[derive(Clone, Debug, Default)]
pub struct Through {
    pub closed: Vec<Certificate>,
    /// The first day that did not close, and why. None when all did.
    pub refused: Option<(BusinessDay, Vec<Obstacle>)>,
}

/// Closes every open day up to `date`, one after the other, and stops at the first that does not.
pub fn close_through<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Through> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(unit)?;
    let mut day = store.read(&actor.scope, |conn| first_open_day(conn, unit, account))?;
    let mut through = Through::default();
    while day <= date {
        match close(store, keyring, stamp, actor, unit, account, day)? {
            Closing::Closed(certificate) => through.closed.push(*certificate),
            Closing::Refused(obstacles) => {
                through.refused = Some((day, obstacles));
                break;
            }
        }
        day = day.next();
    }
    Ok(through)
}

/// The day after the last closed one; the account's first day when none is.
pub fn first_open_day(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<BusinessDay> {
    let account = account::find(conn, unit, account)?;
    Ok(last_closed(conn, unit, account.id)?.map_or(account.opened_on, BusinessDay::next))
}

/// The closed days of an account with the revision of the certificate that stands for each; one of
/// another revision was superseded by a re-opening.
pub fn standing(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<BTreeSet<(BusinessDay, i64)>> {
    Ok(query::closed(conn, unit, account)?.into_iter().collect())
}

/// What closing the days of a span posted as shares, over every certificate of them: one that was
/// made again posts the difference only.
pub fn posted_shares(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    (first, last): (BusinessDay, BusinessDay),
) -> Result<Vec<reading::Share>> {
    let sums = fee_query::shared_between(conn, unit, account, first, last)?;
    let share = |((from, to), amount): ((String, String), Dong)| reading::Share { from, to, amount };
    Ok(sums.into_iter().filter(|(_, amount)| !amount.is_zero()).map(share).collect())
}

/// What the ledger has on the bank account at the end of a day.
pub fn balance_of_books(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    until: BusinessDay,
) -> Result<Dong> {
    bank_query::balance(conn, unit, account, until)
}

/// What the ledger has on the bank account before a day and at its end.
pub fn books_around(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    day: BusinessDay,
) -> Result<(Dong, Dong)> {
    bank_query::around(conn, unit, account, day)
}

/// Works out the proof and the certificate, or everything that stands in the way.
pub fn prepare(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
    signer_serial: &str,
) -> Result<std::result::Result<Prepared, Vec<Obstacle>>> {
    let account = account::find(conn, unit, account)?;
    let revision = check_date(conn, stamp, &account, date)?;
    // The fingerprint comes first: whatever changes while the facts are read shows when it is stored.
    let first = month_start(date).max(account.opened_on);
    let seen = fingerprint(conn, unit, account.id, first, date)?;
    let read = facts::read(conn, &account, date, stamp.today(), None)?;
    match weigh(&read) {
        Ok(proof) => {
            share_out(conn, stamp, &account, revision, proof, &read, signer_serial, (first, seen)).map(Ok)
        }
        Err(obstacles) => Ok(Err(obstacles)),
    }
}

/// The proof of what was read, or everything that stands in the way of it.
fn weigh(read: &DayRead) -> std::result::Result<Proof, Vec<Obstacle>> {
    match day_proof(&read.facts) {
        Ok(proof) if read.blockers.is_empty() => Ok(proof),
        outcome => {
            let mut obstacles = outcome.err().unwrap_or_default();
            obstacles.extend(read.blockers.iter().cloned());
            Err(obstacles)
        }
    }
}

/// The certificate of a proven day, with the shares of its fees.
#[allow(clippy::too_many_arguments, reason = "the parts of one certificate, each used once")]
fn share_out(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    account: &BankAccount,
    revision: i64,
    proof: Proof,
    read: &DayRead,
    signer_serial: &str,
    (first, seen): (BusinessDay, Fingerprint),
) -> Result<Prepared> {
    let (unit, date) = (account.unit, proof.day);
    let shares = shares(
        &fees::to_date(conn, account, first, date)?,
        &fee_query::shared_between(conn, unit, account.id, first, date)?,
    )?;
    let shares = cap(shares, remittance::free(conn, unit, account.id)?)?;
    let corrections = relation::posted_on(conn, unit, account.id, date)?;
    certify(conn, stamp, account, revision, proof, (shares, &corrections), read, signer_serial, (first, seen))
}

#[allow(clippy::too_many_arguments, reason = "the parts of one certificate, each used once")]
fn certify(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    account: &BankAccount,
    revision: i64,
    proof: Proof,
    (shares, corrections): (Vec<Share>, &[Relation]),
    read: &DayRead,
    signer_serial: &str,
    (first, seen): (BusinessDay, Fingerprint),
) -> Result<Prepared> {
    let id: CertificateId = stamp.mint()?;
    let unit = unit::find(conn, account.unit)?;
    let replaced = query::certificate(conn, account.unit, account.id, proof.day)?;
    let audit_root = audit::last_root(conn, account.unit)?;
    let shared: Vec<(String, String)> =
        shares.iter().map(|share| (share.from.to_string(), share.to.to_string())).collect();
    let bridge = bridge_part::of_day(conn, (account.unit, account.id), proof.day, &shared)?;
    let document = certificate::document(&Content {
        id,
        revision,
        replaces_sha256: replaced.as_ref().map(|one| one.document_sha256.as_str()),
        unit: &unit,
        account,
        proof: &proof,
        shares: &shares,
        corrections,
        in_transit: &read.in_transit.claims,
        in_transit_unnamed: read.in_transit_unnamed,
        bridge: &bridge,
        cash: &read.cash,
        statements: &read.statements,
        audit_root: audit_root.as_ref(),
        previous_sha256: &read.previous_sha256,
        issued_at: stamp.now,
        signer_serial,
    });
    Ok(Prepared {
        unit: account.unit,
        account: account.id,
        date: proof.day,
        id,
        revision,
        document_sha256: sha256(&document),
        document,
        previous_sha256: read.previous_sha256.clone(),
        clearing: read.clearing,
        proof,
        shares,
        issued_at: stamp.now,
        first,
        seen,
    })
}

/// The revision the closed day will have.
fn check_date(conn: &mut Conn, stamp: &Stamp<'_>, account: &BankAccount, date: BusinessDay) -> Result<i64> {
    if date > stamp.today() {
        return Err(Error::invalid("date", "day_in_future", "the day is not over"));
    }
    if date < account.opened_on {
        let detail = format!("the account is reconciled from {} on", account.opened_on);
        return Err(Error::invalid("date", "day_before_account", detail));
    }
    match query::day_state(conn, account.unit, account.id, date)? {
        Some((state, _)) if state == "closed" => {
            Err(Error::conflict("day_closed", "this day is closed already"))
        }
        Some((_, revision)) => Ok(revision + 1),
        None => Ok(1),
    }
}

fn month_start(date: BusinessDay) -> BusinessDay {
    use chrono::Datelike;
    BusinessDay(date.0.with_day(1).unwrap_or(date.0))
}

/// Signs the certificate's bytes and checks the signature before anything is stored.
pub fn sign(prepared: &Prepared, held: &Held) -> Result<Vec<u8>> {
    attest(held, &prepared.document, prepared.issued_at)
}

/// Stores the day, its event, its certificate and the shares of its fees. Fails as contended when
/// anything the proof looked at changed since `prepare`.
pub fn store_close(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    prepared: &Prepared,
    signature: &[u8],
    signed_by: CertificateId,
) -> Result<Certificate> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(prepared.unit)?;
    statement::query::lock_account(tx, prepared.unit, prepared.account)?;
    let seen = fingerprint(tx, prepared.unit, prepared.account, prepared.first, prepared.date)?;
    if seen != prepared.seen {
        return Err(Error::busy(failure::RETRY, 1, "the day changed while its certificate was signed"));
    }
    query::store_day(tx, day_row(prepared, stamp))?;
    rows::insert(tx, &[day_event(prepared, stamp, actor)?])?;
    let row = certificate_row(prepared, signature, signed_by);
    rows::insert(tx, std::slice::from_ref(&row))?;
    reopening::closed_again(tx, stamp, (prepared.unit, prepared.account), prepared.date)?;
    ledger::post(tx, stamp, &postings(prepared)?)?;
    let entry = audit::Entry::by(actor, prepared.unit, "day.closed", prepared.id)
        .with(format!("{} {} {}", prepared.account, prepared.date, prepared.document_sha256));
    audit::record(tx, stamp, &[entry])?;
    Ok(certificate_of(row))
}

fn day_row(prepared: &Prepared, stamp: &Stamp<'_>) -> DayRow {
    DayRow {
        unit_id: prepared.unit,
        account_id: prepared.account,
        date: prepared.date,
        created_at: stamp.now,
        state: "closed",
        revision: prepared.revision,
    }
}

fn day_event(prepared: &Prepared, stamp: &Stamp<'_>, actor: &Actor) -> Result<DayEventRow> {
    Ok(DayEventRow {
        unit_id: prepared.unit,
        id: stamp.mint()?,
        account_id: prepared.account,
        date: prepared.date,
        revision: prepared.revision,
        kind: "closed",
        state: "closed",
        maker_person_id: actor.person,
        checker_person_id: None,
        reason: None,
        at: stamp.now,
    })
}

fn certificate_row(prepared: &Prepared, signature: &[u8], signed_by: CertificateId) -> CertificateRow {
    CertificateRow {
        unit_id: prepared.unit,
        id: prepared.id,
        account_id: prepared.account,
        date: prepared.date,
        revision: prepared.revision,
        opening: prepared.proof.opening,
        closing: prepared.proof.closing,
        clearing: Some(prepared.clearing),
        document: prepared.document.clone(),
        document_sha256: prepared.document_sha256.clone(),
        previous_sha256: prepared.previous_sha256.clone(),
        signature: signature.to_vec(),
        certificate_id: signed_by,
        created_at: prepared.issued_at,
    }
}

fn certificate_of(row: CertificateRow) -> Certificate {
    Certificate {
        unit: row.unit_id,
        id: row.id,
        account: row.account_id,
        date: row.date,
        revision: row.revision,
        opening: row.opening,
        closing: row.closing,
        document: row.document,
        document_sha256: row.document_sha256,
        previous_sha256: row.previous_sha256,
        signature: row.signature,
        signed_by: row.certificate_id,
        created_at: row.created_at,
    }
}

/// A share that shrank is posted the other way round: postings are above zero.
fn postings(prepared: &Prepared) -> Result<Vec<Posting>> {
    prepared
        .shares
        .iter()
        .map(|share| {
            let is_less = share.amount < Dong::ZERO;
            let (debit, credit) = if is_less { (&share.to, &share.from) } else { (&share.from, &share.to) };
            Ok(Posting {
                unit: prepared.unit,
                debit: debit.clone(),
                credit: credit.clone(),
                amount: if is_less { Dong::ZERO.checked_sub(share.amount)? } else { share.amount },
                accounting_date: prepared.date,
                source: Source::Day(prepared.id),
            })
        })
        .collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    text::hex(digest(&SHA256, bytes).as_ref())
}
