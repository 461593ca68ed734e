//! Invitations: the one-time link with which a person sets password and second factor.

use secrecy::SecretString;

use super::login::{self, Login, Sealed, State, needs_second_factor};
use super::{login_query as query, password, token, totp, vouch};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{EventId, LoginId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// Three days: an invitation made before a weekend still opens on Monday.
const LIFE_S: i64 = 3 * 86_400;
const RECOVERY_CODES: usize = 8;
const RECOVERY_BYTES: usize = 7;

/// An invitation as its page shows it.
pub struct Invited {
    pub login: Login,
    /// The secret of the second factor, for the person's app.
    pub second_factor: Vec<u8>,
    pub needs_second_factor: bool,
}

/// A new invitation; the token is shown this once.
pub(super) fn issue(tx: &mut Tx<'_>, stamp: &Stamp<'_>, login: LoginId) -> Result<SecretString> {
    let (token_sha256, shown) = token::draw_bare()?;
    let key = stamp.lasting_key(tx, UnitId::CITY)?;
    let second_factor = stamp.vault.seal(&key, &context(login), &totp::draw()?)?;
    let id: EventId = stamp.mint()?;
    rows::insert(
        tx,
        &[query::InvitationRow {
            unit_id: UnitId::CITY,
            id,
            login_id: login,
            token_sha256,
            second_key_id: key.id,
            second_factor,
            expires_at: stamp.now.plus_seconds(LIFE_S),
            created_at: stamp.now,
        }],
    )?;
    Ok(shown)
}

/// What the secret of a login's second factor is sealed as.
pub(super) fn context(login: LoginId) -> String {
    format!("login/{}", login.0)
}

/// The invitation behind a link. `invitation_over` for one that is used, too old or none.
pub fn find(conn: &mut Conn, stamp: &Stamp<'_>, shown: &str) -> Result<Invited> {
    let open = open(conn, stamp, shown)?;
    let login = login::find(conn, open.login)?;
    let second_factor =
        opened(conn, stamp.vault, login.id, &Sealed { key: open.second_key, bytes: open.second })?;
    Ok(Invited { needs_second_factor: needs_second_factor(login.role), login, second_factor })
}

fn open(conn: &mut Conn, stamp: &Stamp<'_>, shown: &str) -> Result<query::Open> {
    let over = || Error::not_found("invitation_over", "the link was used or is too old");
    let hash = token::hash_of_bare(shown).ok_or_else(over)?;
    query::invitation(conn, &hash)?.filter(|open| open.expires_at > stamp.now).ok_or_else(over)
}

pub(super) fn opened(conn: &mut Conn, vault: &Vault, login: LoginId, sealed: &Sealed) -> Result<Vec<u8>> {
    vault.open(conn, UnitId::CITY, sealed.key, &context(login), &sealed.bytes)
}

/// Accepts an invitation: the password's hash is kept, and the second factor when a code of it is
/// shown. It opens at once, or when a second person vouches for it (`vouch`). Answers the recovery codes, which are
/// shown this once; none without a second factor.
///
/// `password_hash` comes from `password::hash` after `password::check`, outside the transaction.
///
/// # Errors
/// `invitation_over`, `second_factor_needed`, `second_factor_wrong`.
pub fn accept(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    shown: &str,
    password_hash: &str,
    code: &str,
) -> Result<(LoginId, Vec<String>)> {
    let open = open(tx, stamp, shown)?;
    let over = || Error::not_found("invitation_over", "the link was used or is too old");
    let mut login =
        query::lock(tx, open.login)?.filter(|login| login.state == State::Invited).ok_or_else(over)?;
    // Read again under the lock: a newer invitation may have made this one void meanwhile.
    let open = self::open(tx, stamp, shown)?;
    if query::drop_invitations(tx, login.id)? == 0 {
        return Err(over());
    }
    let sealed = Sealed { key: open.second_key, bytes: open.second };
    let code = code.trim();
    let mut recovery = Vec::new();
    check_code_shown(&login, code)?;
    if !code.is_empty() {
        let secret = opened(tx, stamp.vault, login.id, &sealed)?;
        login.second_step = totp::step_of(&secret, stamp.now, 0, code)
            .ok_or_else(|| Error::invalid("code", "second_factor_wrong", "not the code of this moment"))?;
        login.second = Some(sealed);
        recovery = recovery_codes(tx, stamp, login.id)?;
    }
    login.state = vouch::state_when_set_up(tx, &login, stamp.today())?;
    login.password = Some(password_hash.to_owned());
    login.failures = 0;
    login.locked_until = crate::clock::Instant(0);
    let actor = login.actor();
    let (kind, action) = match login.state {
        State::Active => ("activated", "login.activated"),
        _ => ("set_up", "login.set_up"),
    };
    login::store(tx, stamp, &mut login, kind, &audit::actor_text(&actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(&actor, UnitId::CITY, action, login.id)])?;
    Ok((login.id, recovery))
}

/// Fresh codes for a lost phone; the ones before are forgotten.
pub(super) fn recovery_codes(tx: &mut Tx<'_>, stamp: &Stamp<'_>, login: LoginId) -> Result<Vec<String>> {
    query::forget_recovery_codes(tx, login)?;
    let mut shown = Vec::with_capacity(RECOVERY_CODES);
    let mut kept = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0_u8; RECOVERY_BYTES];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
            .map_err(|_| Error::internal("the random source failed"))?;
        let code = text::hex(&bytes);
        shown.push(code.as_bytes().chunks(7).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-"));
        kept.push(query::RecoveryRow {
            unit_id: UnitId::CITY,
            login_id: login,
            code_hash: recovery_hash(stamp.vault, login, &code),
            created_at: stamp.now,
        });
    }
    rows::insert(tx, &kept)?;
    Ok(shown)
}

/// How a recovery code is kept: keyed, and different for each login.
pub(super) fn recovery_hash(vault: &Vault, login: LoginId, shown: &str) -> String {
    let plain: String = shown.chars().filter(char::is_ascii_hexdigit).collect();
    vault.blind(UnitId::CITY, "recovery_code", &format!("{}/{}", login.0, plain.to_ascii_lowercase()))
}

/// Checks a new password and hashes it: tens of milliseconds, outside transactions.
pub fn prepare(login: &Login, new: &str, again: &str) -> Result<String> {
    match faults(login, new, again).into_iter().next() {
        Some(first) => Err(first),
        None => password::hash(new),
    }
}

/// Everything that is wrong with a new password, where `prepare` names what it comes upon first.
pub fn faults(login: &Login, new: &str, again: &str) -> Vec<Error> {
    let is_same = new == again;
    let differs = (!is_same).then(|| Error::invalid("again", "password_differs", "type the same twice"));
    password::check(new, &login.name).err().into_iter().chain(differs).collect()
}

/// Whether a role that needs a second factor shows a code of it.
///
/// # Errors
/// `second_factor_needed`.
pub fn check_code_shown(login: &Login, code: &str) -> Result<()> {
    if code.trim().is_empty() && needs_second_factor(login.role) {
        return Err(Error::invalid("code", "second_factor_needed", "type the code that the app shows"));
    }
    Ok(())
}
