//! Wrong tries, counted by name *and* by the network they come from, so that somebody who types wrong
//! passwords from elsewhere keeps nobody out. Counts fade; names that nobody has are counted alike, so
//! that a try tells nothing about which names there are.

use super::lockout_query::{self as query, FailureRow, Kept};
use crate::audit;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{LoginId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx};

/// Wrong tries of one source before it has to wait.
const FREE_FAILURES: i32 = 5;
/// The same while a name is tried from many sources: each of them then has one.
const FREE_WHEN_HUNTED: i32 = 1;
/// From so many sources within the fading time a name is being hunted.
const HUNTED_SOURCES: i64 = 20;
const FIRST_LOCK_S: i64 = 60;
const LONGEST_LOCK_S: i64 = 3_600;
/// One wrong try is forgiven for each quarter of an hour without another.
const FADES_S: i64 = 900;
/// After so long nothing is left of any.
const FORGOTTEN_S: i64 = 86_400;

/// Whose tries are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    who: String,
    source: String,
}

impl Counted {
    /// Tries to sign in by a name from a network, `source` as text.
    pub fn sign_in(vault: &Vault, name: &str, source: &str) -> Counted {
        Counted {
            who: vault.blind(UnitId::CITY, "sign_in_name", name),
            source: vault.blind(UnitId::CITY, "sign_in_source", source),
        }
    }

    /// Confirmations by somebody who is signed in: counted apart, for the login as a whole.
    pub fn confirmation(vault: &Vault, login: LoginId) -> Counted {
        Counted {
            who: vault.blind(UnitId::CITY, "confirmation", &login.0.to_string()),
            source: String::new(),
        }
    }
}

/// Wrong tries that count still. Pure.
fn left(kept: Kept, now: Instant) -> i32 {
    let forgiven = now.seconds_since(kept.failed_at).max(0) / FADES_S;
    kept.failures.saturating_sub(i32::try_from(forgiven).unwrap_or(i32::MAX)).max(0)
}

/// How long the next try has to wait after so many wrong ones. Pure.
fn lock_seconds(failures: i32, free: i32) -> i64 {
    if failures < free {
        return 0;
    }
    let doublings = u32::try_from(failures - free).unwrap_or(0).min(16);
    (FIRST_LOCK_S << doublings).min(LONGEST_LOCK_S)
}

/// Whether a try is refused unseen.
pub(super) fn is_locked(conn: &mut Conn, now: Instant, counted: &Counted) -> Result<bool> {
    let kept = query::of(conn, &counted.who, &counted.source)?;
    Ok(kept.is_some_and(|kept| kept.locked_until > now))
}

/// Counts a wrong try. Where the source has to wait now, the trail says so: of the login, or of none.
pub(super) fn fail(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    counted: &Counted,
    login: Option<LoginId>,
) -> Result<()> {
    metrics::counter!("bienlai_sign_in_failures_total").increment(1);
    query::purge(tx, stamp.now.minus_seconds(FORGOTTEN_S))?;
    let before = query::of(tx, &counted.who, &counted.source)?;
    let failures = before.map_or(0, |kept| left(kept, stamp.now)).saturating_add(1);
    let is_hunted = query::sources(tx, &counted.who, stamp.now.minus_seconds(FADES_S * 4))? >= HUNTED_SOURCES;
    let lock_s = lock_seconds(failures, if is_hunted { FREE_WHEN_HUNTED } else { FREE_FAILURES });
    query::store(
        tx,
        &FailureRow {
            unit_id: UnitId::CITY,
            who: counted.who.clone(),
            source: counted.source.clone(),
            failures,
            failed_at: stamp.now,
            locked_until: if lock_s > 0 { stamp.now.plus_seconds(lock_s) } else { Instant(0) },
        },
    )?;
    if lock_s == 0 {
        return Ok(());
    }
    let subject = login.map_or_else(|| "unknown".to_owned(), |login| login.to_string());
    let entry = audit::Entry {
        unit: UnitId::CITY,
        actor: "unknown".to_owned(),
        action: "login.locked",
        subject,
        detail: lock_s.to_string(),
    };
    audit::record(tx, stamp, &[entry])
}

/// A right try clears the count of its source.
pub(super) fn clear(tx: &mut Tx<'_>, counted: &Counted) -> Result<()> {
    query::forget(tx, &counted.who, &counted.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_doubles_with_each_failure_and_never_exceeds_an_hour() {
        let lock = |failures| lock_seconds(failures, FREE_FAILURES);
        assert_eq!((1..=4).map(lock).sum::<i64>(), 0);
        assert_eq!([5, 6, 7, 8].map(lock), [60, 120, 240, 480]);
        assert_eq!(lock(12), 3_600);
        assert_eq!(lock(i32::MAX), 3_600);
    }

    #[test]
    fn wrong_tries_fade_one_by_one() {
        let kept = |failures| Kept { failures, failed_at: Instant(0), locked_until: Instant(0) };
        let after = |seconds: i64| Instant(seconds * 1_000_000);
        assert_eq!(left(kept(4), after(899)), 4);
        assert_eq!(left(kept(4), after(900)), 3);
        assert_eq!(left(kept(4), after(3_600)), 0);
        assert_eq!(left(kept(4), after(360_000)), 0);
        assert_eq!(left(kept(4), Instant(-1)), 4, "a clock set back forgives nothing");
    }
}
