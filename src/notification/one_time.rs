//! One-time codes: six digits to a phone or mailbox that is known already. What is guarded is a *door*, a
//! dossier or a refund, known by its keyed hash alone; failures are counted at the door, and five lock it for a
//! day, whoever tried. A code opens what it was drawn for and nothing else.

use ring::rand::SecureRandom;

use super::KIND_CODE;
use super::lookup_query::{self, CodeRow, DossierRow};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::store::vault::Vault;
use crate::store::{Stamp, Tx};
use crate::unit::CITY;

/// Failures that lock a door, and for how long.
pub const FAILURE_LIMIT: i32 = 5;
pub const LOCKED_S: i64 = 24 * 3_600;

/// How long a code lives, how often it may be tried, how many one door gets an hour.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub life_s: i64,
    pub try_limit: i32,
    pub per_hour: i64,
}

/// A door that is not locked, with its count of failures.
pub struct Door(DossierRow);

/// A code on its way; only its hash is kept.
pub struct Drawn {
    pub id: EventId,
    pub code: String,
    pub expires_at: Instant,
}

/// The door of this hash, made at the first look; `None` while it is locked.
pub fn door(tx: &mut Tx<'_>, stamp: &Stamp<'_>, hash: String) -> Result<Option<Door>> {
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
    Ok((row.locked_until <= stamp.now).then_some(Door(row)))
}

/// Counts a failure. Failures are forgotten a day after the last one; a success forgets none.
pub fn failed(tx: &mut Tx<'_>, stamp: &Stamp<'_>, door: &Door) -> Result<()> {
    let row = &door.0;
    let is_recent = stamp.now.seconds_since(row.failed_at) < LOCKED_S;
    let failures = if is_recent { row.failures + 1 } else { 1 };
    let (failures, locked_until) = if failures >= FAILURE_LIMIT {
        (0, stamp.now.plus_seconds(LOCKED_S))
    } else {
        (failures, row.locked_until)
    };
    lookup_query::store(tx, row, failures, stamp.now, locked_until)
}

/// Whether the door may have another code this hour.
pub fn may_draw(tx: &mut Tx<'_>, stamp: &Stamp<'_>, door: &Door, rule: Rule) -> Result<bool> {
    let hour_ago = stamp.now.minus_seconds(3_600);
    Ok(lookup_query::codes_since(tx, &door.0.dossier_hash, hour_ago)? < rule.per_hour)
}

/// Draws a code for the door; earlier ones count no more. `bound` is the keyed hash of what it is good for.
pub fn draw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    door: &Door,
    bound: String,
    rule: Rule,
    random: &dyn SecureRandom,
) -> Result<Drawn> {
    let code = six_digits(random)?;
    let id: EventId = stamp.mint()?;
    let expires_at = stamp.now.plus_seconds(rule.life_s);
    lookup_query::insert_code(
        tx,
        CodeRow {
            unit_id: CITY,
            id,
            dossier_hash: door.0.dossier_hash.clone(),
            phone_hash: bound,
            code_hash: code_hash(stamp.vault, id, &code),
            expires_at,
            created_at: stamp.now,
            tries: 0,
            state: "open",
            revision: 1,
        },
    )?;
    Ok(Drawn { id, code, expires_at })
}

/// What the newest code of the door is bound to, if this is it; it is used up then. A wrong one is a try of it
/// and a failure at the door.
pub fn bound_to(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    door: &Door,
    rule: Rule,
    code: &str,
) -> Result<Option<String>> {
    let Some(sent) = lookup_query::open_code(tx, &door.0.dossier_hash, stamp.now)? else {
        failed(tx, stamp, door)?;
        return Ok(None);
    };
    let is_right = code_hash(stamp.vault, sent.id, &crate::text::squash(code)) == sent.code_hash;
    let tries = sent.tries + 1;
    let state = match is_right {
        true => "used",
        false if tries >= rule.try_limit => "spent",
        false => "open",
    };
    lookup_query::store_code(tx, sent.id, sent.revision, tries, state)?;
    if !is_right {
        failed(tx, stamp, door)?;
    }
    Ok(is_right.then_some(sent.phone_hash))
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
