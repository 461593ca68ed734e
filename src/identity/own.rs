//! What people change about their own login: the password, the recovery codes, a second factor set up later.

use super::invitation::{context, recovery_codes};
use super::lockout::{self, Counted};
use super::login::{self, Login, Sealed, State};
use super::session::{self, Session};
use super::sign_in::Checked;
use super::{login_query as query, totp};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::vault::Vault;
use crate::store::{Stamp, Tx};

/// Puts a new password in the place of the one that `checked` compared, and ends every other session of the
/// login: whoever knew the old one is out.
///
/// `password_hash` comes from `invitation::prepare`, outside the transaction. Answers whether the old password
/// was right; a wrong one is counted in the same transaction, so it must commit.
pub fn change_password(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    session: &Session,
    checked: &Checked,
    password_hash: &str,
) -> Result<bool> {
    let counted = Counted::confirmation(stamp.vault, session.login.id);
    let Some(mut login) = query::lock(tx, session.login.id)? else { return Ok(false) };
    if login.state != State::Active || lockout::is_locked(tx, stamp.now, &counted)? {
        return Ok(false);
    }
    if !checked.is_password_of(&login) {
        lockout::fail(tx, stamp, &counted, Some(login.id))?;
        return Ok(false);
    }
    lockout::clear(tx, &counted)?;
    login.password = Some(password_hash.to_owned());
    changed(tx, stamp, &mut login, ("password_changed", "login.password_changed"))?;
    session::end_others(tx, login.id, session.id)?;
    Ok(true)
}

/// New recovery codes, shown this once; those before open nothing any more.
///
/// # Errors
/// `second_factor_none` for a login that has no second factor to replace.
pub fn renew_recovery_codes(tx: &mut Tx<'_>, stamp: &Stamp<'_>, session: &Session) -> Result<Vec<String>> {
    let mut login = active(tx, session)?;
    if login.second.is_none() {
        return Err(Error::conflict("second_factor_none", "recovery codes replace a second factor"));
    }
    let codes = recovery_codes(tx, stamp, login.id)?;
    changed(tx, stamp, &mut login, ("recovery_renewed", "login.recovery_renewed"))?;
    Ok(codes)
}

/// The secret that a session offers for a second factor. It is the same as long as the session lasts, so that
/// nothing of it is kept before a code of it was shown. 128 bits, as RFC 4226 asks for.
pub fn offered_second_factor(vault: &Vault, session: &Session) -> Vec<u8> {
    let about = format!("{}/{}", session.login.id.0, session.id.0);
    vault.blind(UnitId::CITY, "second_factor", &about).into_bytes()
}

/// Keeps the offered second factor once a code of it was shown. Answers the recovery codes, shown this once.
///
/// # Errors
/// `second_factor_there`, `second_factor_wrong`.
pub fn add_second_factor(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    session: &Session,
    code: &str,
) -> Result<Vec<String>> {
    let mut login = active(tx, session)?;
    if login.second.is_some() {
        return Err(Error::conflict("second_factor_there", "an administrator takes the lost one away"));
    }
    let secret = offered_second_factor(stamp.vault, session);
    login.second_step = totp::step_of(&secret, stamp.now, 0, code)
        .ok_or_else(|| Error::invalid("code", "second_factor_wrong", "not the code of this moment"))?;
    let key = stamp.lasting_key(tx, UnitId::CITY)?;
    login.second = Some(Sealed { key: key.id, bytes: stamp.vault.seal(&key, &context(login.id), &secret)? });
    let codes = recovery_codes(tx, stamp, login.id)?;
    changed(tx, stamp, &mut login, ("second_factor_added", "login.second_factor_added"))?;
    Ok(codes)
}

fn active(tx: &mut Tx<'_>, session: &Session) -> Result<Login> {
    let login = query::lock(tx, session.login.id)?.filter(|login| login.state == State::Active);
    login.ok_or_else(|| Error::unauthenticated("session_over", "sign in"))
}

fn changed(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    login: &mut Login,
    (event, action): (&'static str, &'static str),
) -> Result<()> {
    let actor = login.actor();
    login::store(tx, stamp, login, event, &audit::actor_text(&actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(&actor, UnitId::CITY, action, login.id)])
}
