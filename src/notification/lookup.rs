//! Receipts of a dossier for somebody who names it and proves a second thing: the full personal id,
//! or a one-time code sent to the payer's phone. Five failures lock the dossier for 24 hours,
//! whoever tried, and nobody learns whether it exists, unless it is too large to be looked through.
//! Failures are forgotten a day after the last one; a success forgets none: one payer of
//! a dossier must not open it for guesses at another's id.

use std::collections::BTreeSet;

use ring::rand::SecureRandom;

use super::one_time::{self, Door, Rule};
use super::outbox::{self, New};
use super::{Channel, KIND_CODE, address, lookup_query};
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::party::{self, Payer};
use crate::receipt::query::Stored;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Store, Tx};
use crate::unit::CITY;
use crate::{receipt, text};

/// A one-time code of a look-up.
const RULE: Rule = Rule { life_s: 300, try_limit: 3, per_hour: 3 };

const DOSSIER_LIMIT: usize = 64;

/// The most obligations of one payer that are found at once; whoever shows them says so.
pub const OBLIGATIONS_LIMIT: usize = 100;
/// The most obligations of a dossier among which a payer is looked for, and how many payers are read at a time.
const DOSSIER_ROWS_LIMIT: usize = 5_000;
const PAYERS_AT_ONCE: usize = 100;

/// What a payer of a dossier proved to be theirs.
#[derive(Debug, Default)]
pub struct Proven {
    pub obligations: Vec<(UnitId, ObligationId)>,
    /// Perhaps none yet.
    pub receipts: Vec<Stored>,
}

/// What somebody who asked gets to know.
#[derive(Debug)]
pub enum Outcome {
    /// Proven: what of the dossier is the payer's.
    Open(Proven),
    /// Something was wrong; which, or whether the dossier exists, is not told.
    Wrong,
    /// Too many failures.
    Locked,
}

/// By dossier code and the full personal id or passport number of its payer. Payers are read before anything is
/// written: anybody may ask, and nobody's writing waits for that.
///
/// # Errors
/// `dossier_code_unreadable`, `dossier_too_large`.
pub fn by_personal_id(store: &Store, stamp: &Stamp<'_>, dossier: &str, personal_id: &str) -> Result<Outcome> {
    let dossier = cleaned(dossier)?;
    let given = text::squash(personal_id);
    let is_payer = |payer: &Payer| {
        let known = [&payer.personal_id, &payer.passport];
        known.into_iter().flatten().any(|number| text::squash(number) == given) && !given.is_empty()
    };
    let found = store.read(&Scope::All, |conn| proven(conn, stamp.vault, &dossier, is_payer))?;
    let is_locked = store.write(&Scope::All, Lane::Live, |tx| {
        let Some(door) = unlocked(tx, stamp, &dossier)? else { return Ok(true) };
        if found.is_none() {
            one_time::failed(tx, stamp, &door)?;
        }
        Ok(false)
    })?;
    Ok(match found {
        _ if is_locked => Outcome::Locked,
        Some(found) => Outcome::Open(found),
        None => Outcome::Wrong,
    })
}

/// Sends a one-time code to the payer's phone when it is the one named. `words` makes the SMS of a
/// code. False when the dossier is locked; true says nothing about the dossier.
///
/// # Errors
/// `phone_not_mobile`, `dossier_code_unreadable`, `dossier_too_large`.
pub fn request_code(
    store: &Store,
    stamp: &Stamp<'_>,
    dossier: &str,
    phone: &str,
    random: &dyn SecureRandom,
    words: &dyn Fn(&str) -> String,
) -> Result<bool> {
    let dossier = cleaned(dossier)?;
    let mobile = address::mobile(phone)
        .ok_or_else(|| Error::invalid("phone", "phone_not_mobile", "a Vietnamese mobile number"))?;
    let is_payer = |payer: &Payer| has_mobile(payer, &mobile);
    let owed = store.read(&Scope::All, |conn| obligations(conn, stamp.vault, &dossier, is_payer))?;
    store.write(&Scope::All, Lane::Live, |tx| {
        let Some(door) = unlocked(tx, stamp, &dossier)? else { return Ok(false) };
        let may_draw = one_time::may_draw(tx, stamp, &door, RULE)?;
        let Some((unit, _)) = owed.first().filter(|_| may_draw) else { return Ok(true) };
        let drawn = one_time::draw(tx, stamp, &door, phone_hash(stamp.vault, &mobile), RULE, random)?;
        let message = New {
            unit: *unit,
            kind: KIND_CODE,
            subject_kind: KIND_CODE,
            subject: drawn.id.0,
            channel: Channel::Sms,
            to: mobile.clone(),
            text: Some(words(&drawn.code)),
            money: None,
            expires_at: Some(drawn.expires_at),
        };
        outbox::enqueue(tx, stamp, &[message])?;
        Ok(true)
    })
}

/// By dossier code and the one-time code that was sent: only who has it has payers read.
///
/// # Errors
/// `dossier_code_unreadable`, `dossier_too_large`.
pub fn by_code(tx: &mut Tx<'_>, stamp: &Stamp<'_>, dossier: &str, code: &str) -> Result<Outcome> {
    let dossier = cleaned(dossier)?;
    let Some(door) = unlocked(tx, stamp, &dossier)? else { return Ok(Outcome::Locked) };
    let Some(bound) = one_time::bound_to(tx, stamp, &door, RULE, code)? else { return Ok(Outcome::Wrong) };
    let is_payer = |payer: &Payer| {
        let mobile = payer.phone.as_deref().and_then(address::mobile);
        mobile.is_some_and(|mobile| phone_hash(stamp.vault, &mobile) == bound)
    };
    Ok(Outcome::Open(proven(tx, stamp.vault, &dossier, is_payer)?.unwrap_or_default()))
}

/// Forgets codes and failures that mean nothing any more. Returns how many.
pub fn purge(tx: &mut Tx<'_>, now: Instant) -> Result<usize> {
    lookup_query::purge(tx, now.minus_seconds(7 * 86_400))
}

fn cleaned(dossier: &str) -> Result<String> {
    let dossier = text::clean(dossier);
    if dossier.is_empty() || dossier.chars().count() > DOSSIER_LIMIT {
        let detail = format!("1 to {DOSSIER_LIMIT} characters");
        return Err(Error::invalid("dossier", "dossier_code_unreadable", detail));
    }
    Ok(dossier)
}

/// `None` while the dossier is locked.
fn unlocked(tx: &mut Tx<'_>, stamp: &Stamp<'_>, dossier: &str) -> Result<Option<Door>> {
    one_time::door(tx, stamp, stamp.vault.blind(CITY, "dossier", &dossier.to_uppercase()))
}

/// Obligations of a dossier in any unit whose payer is the one who asks, however many others owe for it.
///
/// # Errors
/// `dossier_too_large`, before anybody is compared: a search that ends early would call its payer wrong, and one
/// whose failures are not counted would let others guess.
fn obligations(
    conn: &mut Conn,
    vault: &Vault,
    dossier: &str,
    is_payer: impl Fn(&Payer) -> bool,
) -> Result<Vec<(UnitId, ObligationId)>> {
    let owed = lookup_query::of_dossier(conn, dossier, DOSSIER_ROWS_LIMIT + 1)?;
    if owed.len() > DOSSIER_ROWS_LIMIT {
        return Err(Error::conflict("dossier_too_large", "too many obligations stand under this dossier"));
    }
    let mut theirs = Vec::new();
    for some in owed.chunks(PAYERS_AT_ONCE) {
        let keys: BTreeSet<_> = some.iter().map(|(unit, _, party)| (*unit, *party)).collect();
        let payers = party::load(conn, vault, &Vec::from_iter(keys))?;
        let is_theirs = |unit, party| payers.get(&(unit, party)).is_some_and(&is_payer);
        let found = some.iter().filter(|(unit, _, party)| is_theirs(*unit, *party));
        theirs.extend(found.map(|(unit, id, _)| (*unit, *id)));
        if theirs.len() >= OBLIGATIONS_LIMIT {
            break;
        }
    }
    theirs.truncate(OBLIGATIONS_LIMIT);
    Ok(theirs)
}

fn proven(
    conn: &mut Conn,
    vault: &Vault,
    dossier: &str,
    is_payer: impl Fn(&Payer) -> bool,
) -> Result<Option<Proven>> {
    let owed = obligations(conn, vault, dossier, is_payer)?;
    if owed.is_empty() {
        return Ok(None);
    }
    let mut receipts = Vec::new();
    for (unit, id) in &owed {
        receipts.extend(receipt::query::of_obligation(conn, *unit, *id)?);
    }
    Ok(Some(Proven { obligations: owed, receipts }))
}

fn has_mobile(payer: &Payer, mobile: &str) -> bool {
    payer.phone.as_deref().and_then(address::mobile).as_deref() == Some(mobile)
}

fn phone_hash(vault: &Vault, mobile: &str) -> String {
    vault.blind(CITY, "mobile", mobile)
}
