//! Single sign-on: an OpenID Connect provider says who sits at the browser, and we say what that person may.
//!
//! A subject of the provider opens logins that were linked to it on purpose, by their own person or by an
//! administrator; nobody becomes a user by signing in elsewhere, and one subject is one person. A login's own
//! second factor is asked as ever, unless the configuration takes the provider's word for it.
//!
//! A try is a row until it is used once. Its secrets follow from its state and from what only its browser
//! holds, so that neither a copy of the database nor an address bar is enough to end another's try.

pub mod jws;
pub mod provider;
mod query;
pub mod rules;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use self::query::{AttemptRow, LinkRow, SubjectRow};
use super::lockout::{self, Counted};
use super::login::{self, Login, State};
use super::{login_query, session, sign_in, token, vouch};
use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{LoginId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};

/// How long somebody may take at the provider, and to choose a login afterwards.
const LIFE_S: i64 = 600;

/// Who the provider says it is.
#[derive(Debug)]
pub struct Proof {
    pub subject: String,
    /// When the provider saw a second factor, where its word is enough.
    pub confirmed_at: Option<Instant>,
}

/// A try that begins: what goes to the provider, and what stays in the browser.
pub struct Started {
    pub state: SecretString,
    pub browser: SecretString,
}

/// What a try was for.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// The login to be linked; none for signing in.
    pub link: Option<LoginId>,
    /// The page to go to, as it was asked; whoever uses it checks it.
    pub next: String,
}

/// Somebody who came back and still chooses a login or types a code.
pub struct Waiting {
    confirmed_at: Option<Instant>,
    pub next: String,
    /// The active logins of the subject, by name.
    pub logins: Vec<Login>,
}

impl Waiting {
    /// Whether a login's own code is asked.
    pub fn asks_code(&self, login: &Login) -> bool {
        login.has_second_factor() && self.confirmed_at.is_none()
    }
}

/// `sso_refused`: the one answer to everything that is wrong; why is for the log.
pub fn refused(why: &'static str) -> Error {
    tracing::warn!(why, "single sign-on was refused");
    metrics::counter!("bienlai_sso_refused_total").increment(1);
    Error::unauthenticated("sso_refused", why)
}

/// Begins a try. `browser` is what the browser holds of an earlier one, so that several tabs go side by side.
pub fn start(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    purpose: &Purpose,
    browser: Option<&str>,
) -> Result<Started> {
    query::purge(tx, stamp.now)?;
    let (token_sha256, state) = token::draw_bare()?;
    let (browser_sha256, browser) = match browser.and_then(|held| Some((token::hash_of_bare(held)?, held))) {
        Some((hash, held)) => (hash, SecretString::from(held)),
        None => token::draw_bare()?,
    };
    let row = AttemptRow {
        unit_id: UnitId::CITY,
        token_sha256,
        browser_sha256,
        login_id: purpose.link,
        next: purpose.next.clone(),
        subject_hash: None,
        confirmed_at: Instant(0),
        expires_at: stamp.now.plus_seconds(LIFE_S),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    Ok(Started { state, browser })
}

/// Nonce and PKCE verifier of a try.
pub fn secrets(state: &str, browser: &str) -> (String, String) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, browser.as_bytes());
    let of = |what: &str| URL_SAFE_NO_PAD.encode(hmac::sign(&key, format!("{what}/{state}").as_bytes()));
    (of("nonce"), of("verifier"))
}

/// Uses a try up. `sso_refused` for one that is over, used, none, or another browser's.
pub fn take(tx: &mut Tx<'_>, stamp: &Stamp<'_>, state: &str, browser: &str) -> Result<Purpose> {
    let found = attempt(tx, stamp, state, browser)?;
    if found.subject_hash.is_some() || !drop_attempt(tx, state)? {
        return Err(refused("the state was used"));
    }
    Ok(Purpose { link: found.login, next: found.next })
}

fn drop_attempt(tx: &mut Tx<'_>, shown: &str) -> Result<bool> {
    match token::hash_of_bare(shown) {
        Some(hash) => query::drop_attempt(tx, &hash),
        None => Ok(false),
    }
}

fn attempt(conn: &mut Conn, stamp: &Stamp<'_>, shown: &str, browser: &str) -> Result<query::Attempt> {
    let hash = token::hash_of_bare(shown).ok_or_else(|| refused("no state"))?;
    let found = query::attempt(conn, &hash)?.ok_or_else(|| refused("an unknown state"))?;
    if found.expires_at <= stamp.now {
        return Err(refused("the try took too long"));
    }
    // Both are hashes of random secrets: how long the comparison takes tells nothing.
    if token::hash_of_bare(browser).as_deref() != Some(found.browser_sha256.as_str()) {
        return Err(refused("another browser"));
    }
    Ok(found)
}

fn hashed(vault: &Vault, issuer: &str, subject: &str) -> String {
    vault.blind(UnitId::CITY, "sso_subject", &format!("{issuer}\n{subject}"))
}

/// Keeps what was proven until its person chose a login or typed a code; the ticket is for their form.
pub fn wait(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    issuer: &str,
    proof: &Proof,
    browser: &str,
    next: &str,
) -> Result<SecretString> {
    let browser_sha256 = token::hash_of_bare(browser).ok_or_else(|| refused("no browser"))?;
    let (token_sha256, ticket) = token::draw_bare()?;
    let row = AttemptRow {
        unit_id: UnitId::CITY,
        token_sha256,
        browser_sha256,
        login_id: None,
        next: next.to_owned(),
        subject_hash: Some(hashed(stamp.vault, issuer, &proof.subject)),
        confirmed_at: proof.confirmed_at.unwrap_or(Instant(0)),
        expires_at: stamp.now.plus_seconds(LIFE_S),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    Ok(ticket)
}

/// Who waits with a ticket. `sso_refused` also where no active login is linked to the subject.
pub fn waiting(conn: &mut Conn, stamp: &Stamp<'_>, ticket: &str, browser: &str) -> Result<Waiting> {
    let found = attempt(conn, stamp, ticket, browser)?;
    let subject_hash = found.subject_hash.ok_or_else(|| refused("nothing is proven"))?;
    let mut logins = Vec::new();
    for id in query::logins_of(conn, &subject_hash)? {
        logins.extend(login_query::by_id(conn, id)?.filter(Login::is_active));
    }
    if logins.is_empty() {
        return Err(refused("no active login is linked to the subject"));
    }
    logins.sort_by(|a, b| a.name.cmp(&b.name));
    let confirmed_at = Some(found.confirmed_at).filter(|at| at.0 > 0);
    Ok(Waiting { confirmed_at, next: found.next, logins })
}

/// Opens a session of a login that waits; the token for the cookie is shown this once. `None` when the code
/// is wrong or the login is locked here: the failure is counted, so the transaction must commit. `source` is
/// the network as text.
///
/// # Errors
/// `sso_refused`.
pub fn enter(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (ticket, browser): (&str, &str),
    id: LoginId,
    code: &str,
    source: &str,
) -> Result<Option<(Login, SecretString)>> {
    let mut login = login_query::lock(tx, id)?.ok_or_else(|| refused("no such login"))?;
    // Read under the lock: the link may have been taken away, or the login ended, meanwhile.
    let waiting = waiting(tx, stamp, ticket, browser)?;
    if !waiting.logins.iter().any(|one| one.id == id) {
        return Err(refused("the login is not linked to the subject"));
    }
    let counted = Counted::sign_in(stamp.vault, &login.name, source);
    if lockout::is_locked(tx, stamp.now, &counted)? {
        return Ok(None);
    }
    let mut confirmed_at = waiting.confirmed_at.unwrap_or(Instant(0));
    if waiting.asks_code(&login) {
        if !sign_in::second_factor(tx, stamp, &mut login, code)? {
            lockout::fail(tx, stamp, &counted, Some(id))?;
            return Ok(None);
        }
        lockout::clear(tx, &counted)?;
        confirmed_at = stamp.now;
    }
    drop_attempt(tx, ticket)?;
    let actor = login.actor();
    login::store(tx, stamp, &mut login, "signed_in", &audit::actor_text(&actor))?;
    let entry = audit::Entry::by(&actor, UnitId::CITY, "login.signed_in", id).with("sso");
    audit::record(tx, stamp, &[entry])?;
    let token = session::open_confirmed(tx, stamp, &login, confirmed_at)?;
    Ok(Some((login, token)))
}

/// Links a login to a subject: its own person's doing, or an administrator's who governs the login. One link
/// replaces another. A login that decides, its own or under a delegation, waits for a second person's word when
/// another than its own linked it.
///
/// # Errors
/// `sso_subject_taken` when the subject is another person's; `sso_subject_wrong`; `login_not_found`,
/// `login_ended`.
pub fn link(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    id: LoginId,
    issuer: &str,
    subject: &str,
) -> Result<()> {
    let mut login = governed(tx, actor, id)?;
    let subject = subject.trim();
    if subject.is_empty() || subject.len() > 255 || subject.chars().any(char::is_control) {
        return Err(Error::invalid(
            "subject",
            "sso_subject_wrong",
            "1 to 255 bytes, as the provider says it",
        ));
    }
    let subject_hash = hashed(stamp.vault, issuer, subject);
    if query::subject_of(tx, id)?.as_ref() == Some(&subject_hash) {
        return Ok(());
    }
    forget(tx, id)?;
    let fresh = SubjectRow {
        unit_id: UnitId::CITY,
        subject_hash: subject_hash.clone(),
        person_id: login.person,
        created_at: stamp.now,
    };
    if query::owner(tx, fresh)? != login.person {
        let detail = "another person signs in with it; one subject is one person";
        return Err(Error::invalid("subject", "sso_subject_taken", detail));
    }
    let row = LinkRow {
        unit_id: UnitId::CITY,
        login_id: id,
        subject_hash,
        person_id: login.person,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    let is_open_to_another = login.is_active() && vouch::is_anothers(actor, &login);
    if is_open_to_another && vouch::asks(tx, &login, stamp.today())? {
        login.state = State::Invited;
        session::end_all(tx, id)?;
    }
    login::store(tx, stamp, &mut login, "sso_linked", &audit::actor_text(actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, UnitId::CITY, "login.sso_linked", id)])
}

/// Takes a login's link away; without one nothing changes.
pub fn unlink(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: LoginId) -> Result<()> {
    let mut login = governed(tx, actor, id)?;
    if !forget(tx, id)? {
        return Ok(());
    }
    login::store(tx, stamp, &mut login, "sso_unlinked", &audit::actor_text(actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, UnitId::CITY, "login.sso_unlinked", id)])
}

/// The login under its lock, for its own person or for whoever governs it.
fn governed(tx: &mut Tx<'_>, actor: &Actor, id: LoginId) -> Result<Login> {
    let login = login_query::lock(tx, id)?.filter(Login::is_open).ok_or_else(login::not_found)?;
    if actor.person == Some(login.person) {
        return Ok(login);
    }
    login::governed(tx, actor, id)
}

/// Whether there was a link. A subject that opens no login any more is nobody's.
pub(super) fn forget(tx: &mut Tx<'_>, id: LoginId) -> Result<bool> {
    let Some(subject_hash) = query::subject_of(tx, id)? else { return Ok(false) };
    query::drop_link(tx, id)?;
    if query::logins_of(tx, &subject_hash)?.is_empty() {
        query::drop_subject(tx, &subject_hash)?;
    }
    Ok(true)
}

pub fn is_linked(conn: &mut Conn, id: LoginId) -> Result<bool> {
    Ok(query::subject_of(conn, id)?.is_some())
}

/// Every login with a link.
pub fn linked(conn: &mut Conn) -> Result<Vec<LoginId>> {
    query::linked(conn)
}

/// What a started try asks the provider, in one place for both who start one.
pub fn address(provider: &provider::Provider, now: Instant, started: &Started) -> Result<String> {
    let state = started.state.expose_secret();
    let (nonce, verifier) = secrets(state, started.browser.expose_secret());
    provider.address(now, &provider::Question { state, nonce: &nonce, verifier: &verifier })
}
