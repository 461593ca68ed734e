//! Signing in: name, password and, where there is one, the second factor. What is wrong is not told,
//! and every answer takes as long as hashing a password does.
//!
//! After five failures in a row a login is locked for a minute, then twice as long each time, an
//! hour at most. Only its own failures lock a login; one address is slowed down before (`web`).

use secrecy::SecretString;

use super::invitation::{opened, recovery_hash};
use super::login::{self, Login, State, normal};
use super::{login_query as query, password, session, totp};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{LoginId, UnitId};
use crate::store::{Conn, Stamp, Tx};

const FREE_FAILURES: i32 = 5;
const FIRST_LOCK_S: i64 = 60;
const LONGEST_LOCK_S: i64 = 3_600;

/// What a person typed.
pub struct Shown<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// A code of the app or a recovery code; empty for a login without second factor.
    pub code: &'a str,
}

/// The outcome of looking at a password outside the transaction.
pub struct Checked {
    login: Option<LoginId>,
    /// The stored text it was the password of.
    matched: Option<String>,
}

/// Compares the password. Slow on purpose; call it outside transactions.
pub fn check(login: Option<&Login>, shown: &Shown<'_>) -> Result<Checked> {
    let stored =
        login.filter(|login| login.state == State::Active).and_then(|login| login.password.as_deref());
    let is_right = password::matches(shown.password, stored)?;
    Ok(Checked {
        login: login.map(|login| login.id),
        matched: stored.filter(|_| is_right).map(str::to_owned),
    })
}

/// The login somebody names, if there is one.
pub fn named(conn: &mut Conn, name: &str) -> Result<Option<Login>> {
    query::by_name(conn, &normal(name))
}

/// Decides and, if all is right, opens a new session; the token for the cookie is shown this once.
/// `None` when anything is wrong: the failure is counted in the same transaction, so it must commit.
pub fn sign_in(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    checked: &Checked,
    code: &str,
) -> Result<Option<(Login, SecretString)>> {
    let Some(id) = checked.login else { return Ok(None) };
    let Some(mut login) = query::lock(tx, id)? else { return Ok(None) };
    if login.state != State::Active || login.locked_until > stamp.now {
        return Ok(None);
    }
    // The password may have been changed since it was compared.
    let is_password = checked.matched.is_some() && checked.matched == login.password;
    let is_right = is_password && second_factor(tx, stamp, &mut login, code)?;
    if !is_right {
        fail(tx, stamp, &mut login)?;
        return Ok(None);
    }
    login.failures = 0;
    let actor = login.actor();
    login::store(tx, stamp, &mut login, "signed_in", &audit::actor_text(&actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(&actor, UnitId::CITY, "login.signed_in", login.id)])?;
    let token = session::open(tx, stamp, &login)?;
    Ok(Some((login, token)))
}

/// Whether the second factor is right; a login without one has none to show.
fn second_factor(tx: &mut Tx<'_>, stamp: &Stamp<'_>, login: &mut Login, code: &str) -> Result<bool> {
    let Some(sealed) = login.second.clone() else { return Ok(!login::needs_second_factor(login.role)) };
    let secret = opened(tx, stamp.vault, login.id, &sealed)?;
    if let Some(step) = totp::step_of(&secret, stamp.now, login.second_step, code) {
        login.second_step = step;
        return Ok(true);
    }
    query::use_recovery_code(tx, login.id, &recovery_hash(stamp.vault, login.id, code))
}

fn fail(tx: &mut Tx<'_>, stamp: &Stamp<'_>, login: &mut Login) -> Result<()> {
    login.failures = login.failures.saturating_add(1);
    let lock_s = lock_seconds(login.failures);
    if lock_s > 0 {
        login.locked_until = stamp.now.plus_seconds(lock_s);
        let entry =
            audit::Entry::by(&login.actor(), UnitId::CITY, "login.locked", login.id).with(lock_s.to_string());
        audit::record(tx, stamp, &[entry])?;
    }
    login::store(tx, stamp, login, "failed", "unknown")
}

/// How long the next try has to wait after so many failures in a row.
fn lock_seconds(failures: i32) -> i64 {
    if failures < FREE_FAILURES {
        return 0;
    }
    let doublings = u32::try_from(failures - FREE_FAILURES).unwrap_or(0).min(16);
    (FIRST_LOCK_S << doublings).min(LONGEST_LOCK_S)
}

/// Confirms an act that wants more than a session: the code of the moment, or the password of a
/// login without second factor. `matched` is the outcome of comparing the password, made outside.
/// Wrong ones count as failures to sign in; the answer says whether it was right.
pub fn confirm(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    session: &session::Session,
    checked: &Checked,
    code: &str,
) -> Result<bool> {
    let Some(mut login) = query::lock(tx, session.login.id)? else { return Ok(false) };
    if login.state != State::Active || login.locked_until > stamp.now {
        return Ok(false);
    }
    let is_right = if login.second.is_some() {
        second_factor(tx, stamp, &mut login, code)?
    } else {
        checked.matched.is_some() && checked.matched == login.password
    };
    if !is_right {
        fail(tx, stamp, &mut login)?;
        return Ok(false);
    }
    login.failures = 0;
    let actor = login.actor();
    login::store(tx, stamp, &mut login, "confirmed", &audit::actor_text(&actor))?;
    session::confirmed(tx, stamp.now, session.id)?;
    Ok(true)
}

/// Until when a locked login refuses everybody; none when it does not.
pub fn locked_until(login: &Login, now: Instant) -> Option<Instant> {
    (login.locked_until > now).then_some(login.locked_until)
}

/// `sign_in_refused`: the one answer to everything that is wrong.
pub fn refused() -> Error {
    Error::unauthenticated("sign_in_refused", "name, password or code is wrong, or the login is locked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_doubles_with_each_failure_and_never_exceeds_an_hour() {
        assert_eq!((1..=4).map(lock_seconds).sum::<i64>(), 0);
        assert_eq!([5, 6, 7, 8].map(lock_seconds), [60, 120, 240, 480]);
        assert_eq!(lock_seconds(12), 3_600);
        assert_eq!(lock_seconds(i32::MAX), 3_600);
    }
}
