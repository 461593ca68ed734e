//! Receipts of a dossier for somebody who names it and proves a second thing: the full personal id,
//! or a one-time code sent to the payer's phone. Five failures lock the dossier for 24 hours,
//! whoever tried, and nobody learns whether it exists. Failures are forgotten a day after the last one;
//! a success forgets none: one payer of a dossier must not open it for guesses at another's id.

use ring::rand::SecureRandom;

use super::lookup_query::{self, CodeRow, DossierRow};
use super::outbox::{self, New};
use super::{Channel, KIND_CODE, address};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, ObligationId, UnitId};
use crate::party::{self, Payer};
use crate::receipt::query::Stored;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::CITY;
use crate::{receipt, text};

/// Failures that lock a dossier, and for how long.
pub const FAILURE_LIMIT: i32 = 5;
pub const LOCKED_S: i64 = 24 * 3_600;

/// A one-time code: how long it lives, how often it may be tried, how many one dossier gets an hour.
const CODE_LIFE_S: i64 = 300;
const CODE_TRY_LIMIT: i32 = 3;
const CODES_PER_HOUR: i64 = 3;

const DOSSIER_LIMIT: usize = 64;

/// What somebody who asked gets to know.
#[derive(Debug)]
pub enum Outcome {
    /// Proven: the dossier's receipts, perhaps none yet.
    Open(Vec<Stored>),
    /// Something was wrong; which, or whether the dossier exists, is not told.
    Wrong,
    /// Too many failures.
    Locked,
}

/// By dossier code and the full personal id or passport number of its payer.
pub fn by_personal_id(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    dossier: &str,
    personal_id: &str,
) -> Result<Outcome> {
    let dossier = cleaned(dossier)?;
    let given = text::squash(personal_id);
    let Some(row) = unlocked(tx, stamp, &dossier)? else { return Ok(Outcome::Locked) };
    let is_payer = |payer: &Payer| {
        let known = [&payer.personal_id, &payer.passport];
        known.into_iter().flatten().any(|number| text::squash(number) == given) && !given.is_empty()
    };
    match receipts(tx, stamp.vault, &dossier, is_payer)? {
        Some(found) => Ok(Outcome::Open(found)),
        None => failed(tx, stamp, &row),
    }
}

/// Sends a one-time code to the payer's phone when it is the one named. `words` makes the SMS of a
/// code. False when the dossier is locked; true says nothing about the dossier.
///
/// # Errors
/// `phone_not_mobile`, `dossier_code_unreadable`.
pub fn request_code(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    dossier: &str,
    phone: &str,
    random: &dyn SecureRandom,
    words: &dyn Fn(&str) -> String,
) -> Result<bool> {
    let dossier = cleaned(dossier)?;
    let mobile = address::mobile(phone)
        .ok_or_else(|| Error::invalid("phone", "phone_not_mobile", "a Vietnamese mobile number"))?;
    let Some(row) = unlocked(tx, stamp, &dossier)? else { return Ok(false) };
    let hour_ago = stamp.now.minus_seconds(3_600);
    let owed = obligations(tx, stamp.vault, &dossier, |payer| has_mobile(payer, &mobile))?;
    let sent = lookup_query::codes_since(tx, &row.dossier_hash, hour_ago)?;
    let Some((unit, _)) = owed.first().filter(|_| sent < CODES_PER_HOUR) else { return Ok(true) };
    let code = six_digits(random)?;
    let id: EventId = stamp.mint()?;
    let expires_at = stamp.now.plus_seconds(CODE_LIFE_S);
    lookup_query::insert_code(
        tx,
        CodeRow {
            unit_id: CITY,
            id,
            dossier_hash: row.dossier_hash,
            phone_hash: phone_hash(stamp.vault, &mobile),
            code_hash: code_hash(stamp.vault, id, &code),
            expires_at,
            created_at: stamp.now,
            tries: 0,
            state: "open",
            revision: 1,
        },
    )?;
    let message = New {
        unit: *unit,
        kind: KIND_CODE,
        subject_kind: KIND_CODE,
        subject: id.0,
        channel: Channel::Sms,
        to: mobile,
        text: Some(words(&code)),
        money: None,
        expires_at: Some(expires_at),
    };
    outbox::enqueue(tx, stamp, &[message])?;
    Ok(true)
}

/// By dossier code and the one-time code that was sent.
pub fn by_code(tx: &mut Tx<'_>, stamp: &Stamp<'_>, dossier: &str, code: &str) -> Result<Outcome> {
    let dossier = cleaned(dossier)?;
    let Some(row) = unlocked(tx, stamp, &dossier)? else { return Ok(Outcome::Locked) };
    let Some(sent) = lookup_query::open_code(tx, &row.dossier_hash, stamp.now)? else {
        return failed(tx, stamp, &row);
    };
    let is_right = code_hash(stamp.vault, sent.id, &text::squash(code)) == sent.code_hash;
    let tries = sent.tries + 1;
    let state = match is_right {
        true => "used",
        false if tries >= CODE_TRY_LIMIT => "spent",
        false => "open",
    };
    lookup_query::store_code(tx, sent.id, sent.revision, tries, state)?;
    if !is_right {
        return failed(tx, stamp, &row);
    }
    let is_payer = |payer: &Payer| {
        let mobile = payer.phone.as_deref().and_then(address::mobile);
        mobile.is_some_and(|mobile| phone_hash(stamp.vault, &mobile) == sent.phone_hash)
    };
    Ok(Outcome::Open(receipts(tx, stamp.vault, &dossier, is_payer)?.unwrap_or_default()))
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

/// The dossier's count of failures, made at the first look; `None` while it is locked.
fn unlocked(tx: &mut Tx<'_>, stamp: &Stamp<'_>, dossier: &str) -> Result<Option<DossierRow>> {
    let hash = stamp.vault.blind(CITY, "dossier", &dossier.to_uppercase());
    let fresh = DossierRow {
        unit_id: CITY,
        dossier_hash: hash,
        created_at: stamp.now,
        failures: 0,
        failed_at: Instant(0),
        locked_until: Instant(0),
        revision: 1,
    };
    let row = lookup_query::dossier(tx, fresh)?;
    Ok((row.locked_until <= stamp.now).then_some(row))
}

fn failed(tx: &mut Tx<'_>, stamp: &Stamp<'_>, row: &DossierRow) -> Result<Outcome> {
    let is_recent = stamp.now.seconds_since(row.failed_at) < LOCKED_S;
    let failures = if is_recent { row.failures + 1 } else { 1 };
    let (failures, locked_until) = if failures >= FAILURE_LIMIT {
        (0, stamp.now.plus_seconds(LOCKED_S))
    } else {
        (failures, row.locked_until)
    };
    lookup_query::store(tx, row, failures, stamp.now, locked_until)?;
    Ok(Outcome::Wrong)
}

/// Obligations of a dossier in any unit whose payer is the one who asks.
fn obligations(
    conn: &mut Conn,
    vault: &Vault,
    dossier: &str,
    is_payer: impl Fn(&Payer) -> bool,
) -> Result<Vec<(UnitId, ObligationId)>> {
    let owed = lookup_query::of_dossier(conn, dossier)?;
    let keys: Vec<_> = owed.iter().map(|(unit, _, party)| (*unit, *party)).collect();
    let payers = party::load(conn, vault, &keys)?;
    Ok(owed
        .into_iter()
        .filter(|(unit, _, party)| payers.get(&(*unit, *party)).is_some_and(&is_payer))
        .map(|(unit, id, _)| (unit, id))
        .collect())
}

fn receipts(
    conn: &mut Conn,
    vault: &Vault,
    dossier: &str,
    is_payer: impl Fn(&Payer) -> bool,
) -> Result<Option<Vec<Stored>>> {
    let owed = obligations(conn, vault, dossier, is_payer)?;
    if owed.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (unit, id) in owed {
        found.extend(receipt::query::of_obligation(conn, unit, id)?);
    }
    Ok(Some(found))
}

fn has_mobile(payer: &Payer, mobile: &str) -> bool {
    payer.phone.as_deref().and_then(address::mobile).as_deref() == Some(mobile)
}

fn phone_hash(vault: &Vault, mobile: &str) -> String {
    vault.blind(CITY, "mobile", mobile)
}

/// A keyed hash: who reads the database cannot try all million codes.
fn code_hash(vault: &Vault, id: EventId, code: &str) -> String {
    vault.blind(CITY, KIND_CODE, &format!("{}/{code}", id.0))
}

/// Six digits, each of the million equally likely.
fn six_digits(random: &dyn SecureRandom) -> Result<String> {
    const LIMIT: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let mut drawn = [0_u8; 4];
        random.fill(&mut drawn).map_err(|_| Error::internal("the random source failed"))?;
        let number = u32::from_be_bytes(drawn);
        if number < LIMIT {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_time_codes_are_six_digits_and_differ() {
        let random = ring::rand::SystemRandom::new();
        let codes: Vec<String> = (0..500).map(|_| six_digits(&random).unwrap()).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|c| c.is_ascii_digit())));
        assert!(codes.iter().collect::<HashSet<_>>().len() > 480);
    }

    #[test]
    fn a_code_is_stored_so_that_the_database_alone_does_not_give_it_away() {
        let vault = Vault::for_tests();
        let hash = code_hash(&vault, EventId(5), "012345");
        assert_eq!(hash, code_hash(&vault, EventId(5), "012345"));
        assert_ne!(hash, code_hash(&vault, EventId(6), "012345"), "nor can equal codes be told");
        assert!(!hash.contains("012345"));
    }

    /// What a guesser can hope for, in numbers.
    #[test]
    fn guessing_is_hopeless_at_any_rate() {
        // Look-up codes: 31^12 of them. Ten million guesses against ten million receipts.
        let codes = 31_u128.pow(12);
        assert!(codes / (10_000_000 * 10_000_000) > 7_000, "one chance in more than seven thousand");
        // One-time codes: five failures a day, whatever the source.
        let per_year = u64::from(FAILURE_LIMIT.unsigned_abs()) * 365;
        assert!(per_year * 500 < 1_000_000, "a year of trying finds one dossier in five hundred");
    }
}
