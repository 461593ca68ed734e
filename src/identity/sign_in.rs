//! Signing in: name, password and, where there is one, the second factor. What is wrong is not told,
//! and every answer costs the hashing of one password and one count, whether the name exists or not.
//!
//! Wrong tries make their own source wait, see `lockout`; confirmations are counted apart.

use secrecy::SecretString;

use super::invitation::{opened, recovery_hash};
use super::lockout::{self, Counted};
use super::login::{self, Login, State, normal};
use super::{login_query as query, password, session, totp};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{LoginId, UnitId};
use crate::store::{Conn, Stamp, Tx};

/// What a person typed.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// A code of the app or a recovery code; empty for a login without second factor.
    pub code: &'a str,
    /// The network it was typed in, as text.
    pub source: &'a str,
}

/// The outcome of looking at a password outside the transaction.
pub struct Checked {
    login: Option<LoginId>,
    /// The stored text it was the password of.
    matched: Option<String>,
}

impl Checked {
    /// Whether the password that was compared is the login's still.
    pub(super) fn is_password_of(&self, login: &Login) -> bool {
        self.login == Some(login.id) && self.matched.is_some() && self.matched == login.password
    }
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
    shown: &Shown<'_>,
) -> Result<Option<(Login, SecretString)>> {
    let counted = Counted::sign_in(stamp.vault, &normal(shown.name), shown.source);
    // Under the login's lock, so that tries at the same moment all count. No login has the id 0.
    let login = query::lock(tx, checked.login.unwrap_or(LoginId(0)))?;
    if lockout::is_locked(tx, stamp.now, &counted)? {
        return Ok(None);
    }
    let id = login.as_ref().map(|login| login.id);
    let Some(login) = entering(tx, stamp, checked, shown.code, login)? else {
        lockout::fail(tx, stamp, &counted, id)?;
        return Ok(None);
    };
    lockout::clear(tx, &counted)?;
    let token = session::open(tx, stamp, &login)?;
    Ok(Some((login, token)))
}

/// The login, if everything about the try is right.
fn entering(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    checked: &Checked,
    code: &str,
    login: Option<Login>,
) -> Result<Option<Login>> {
    let Some(mut login) = login.filter(|login| login.state == State::Active) else { return Ok(None) };
    // The password may have been changed since it was compared.
    let is_password = checked.matched.is_some() && checked.matched == login.password;
    if !is_password || !second_factor(tx, stamp, &mut login, code)? {
        return Ok(None);
    }
    let actor = login.actor();
    login::store(tx, stamp, &mut login, "signed_in", &audit::actor_text(&actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(&actor, UnitId::CITY, "login.signed_in", login.id)])?;
    Ok(Some(login))
}

/// Whether the second factor is right; a login without one has none to show.
pub(super) fn second_factor(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    login: &mut Login,
    code: &str,
) -> Result<bool> {
    let Some(sealed) = login.second.clone() else { return Ok(!login::needs_second_factor(login.role)) };
    let secret = opened(tx, stamp.vault, login.id, &sealed)?;
    if let Some(step) = totp::step_of(&secret, stamp.now, login.second_step, code) {
        login.second_step = step;
        return Ok(true);
    }
    query::use_recovery_code(tx, login.id, &recovery_hash(stamp.vault, login.id, code))
}

/// Confirms an act that wants more than a session: the code of the moment, or the password of a
/// login without second factor. `checked` is the outcome of comparing the password, made outside, and
/// none where there is a second factor.
/// Wrong ones are counted apart from those to sign in; the answer says whether it was right.
pub fn confirm(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    session: &session::Session,
    checked: Option<&Checked>,
    code: &str,
) -> Result<bool> {
    let counted = Counted::confirmation(stamp.vault, session.login.id);
    let Some(mut login) = query::lock(tx, session.login.id)? else { return Ok(false) };
    if login.state != State::Active || lockout::is_locked(tx, stamp.now, &counted)? {
        return Ok(false);
    }
    let is_right = if login.second.is_some() {
        second_factor(tx, stamp, &mut login, code)?
    } else {
        let matched = checked.and_then(|checked| checked.matched.as_ref());
        matched.is_some() && matched == login.password.as_ref()
    };
    if !is_right {
        lockout::fail(tx, stamp, &counted, Some(login.id))?;
        return Ok(false);
    }
    lockout::clear(tx, &counted)?;
    let actor = login.actor();
    login::store(tx, stamp, &mut login, "confirmed", &audit::actor_text(&actor))?;
    session::confirmed(tx, stamp.now, session.id)?;
    Ok(true)
}

/// `sign_in_refused`: the one answer to everything that is wrong.
pub fn refused() -> Error {
    Error::unauthenticated("sign_in_refused", "name, password or code is wrong, or the login is locked")
}
