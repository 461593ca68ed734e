//! The secrets of channels while the service runs: a second one is added, the partner moves over to it, the
//! old one is retired. Those of the configuration are known by their keyed hash and are retired alike; a channel
//! never has more than two, and never none.

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use super::channel::{ACTIVE_LIMIT, Channel, Secrets};
use super::webhook_query::{self as query, SecretRow, Stored};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ChannelSecretId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx};
use crate::text;

/// Characters of a keyed hash by which people tell secrets apart.
const MARK_LENGTH: usize = 8;
/// Bytes of a secret that we draw; it is shown as twice as many hexadecimal digits.
const DRAWN_BYTES: usize = 32;

/// A secret as lists show it; itself it is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Tells it apart from others, and tells nothing about it.
    pub mark: String,
    pub is_configured: bool,
    /// When it was added; none for one of the configuration that nothing is on record of.
    pub since: Option<Instant>,
    pub used_at: Option<Instant>,
    pub retired_at: Option<Instant>,
}

/// A secret with its keyed hash.
struct Known {
    fingerprint: String,
    secret: SecretString,
}

/// The secrets of a channel, those that are taken first. None where they stand in the configuration alone.
pub fn held(conn: &mut Conn, vault: &Vault, channel: &dyn Channel) -> Result<Option<Vec<Held>>> {
    let Some(secrets) = channel.secrets() else { return Ok(None) };
    let configured = configured(vault, channel.name(), secrets);
    let stored = query::of_channel(conn, channel.name())?;
    let is_stored = |print: &str| stored.iter().any(|row| row.fingerprint == print);
    let is_configured = |print: &str| configured.iter().any(|known| known.fingerprint == print);
    let fresh = configured.iter().filter(|known| !is_stored(&known.fingerprint)).map(|known| Held {
        mark: mark(&known.fingerprint),
        is_configured: true,
        since: None,
        used_at: None,
        retired_at: None,
    });
    let rest = stored.iter().map(|row| Held {
        mark: mark(&row.fingerprint),
        is_configured: is_configured(&row.fingerprint),
        since: Some(row.created_at),
        used_at: row.used_at,
        retired_at: row.revoked_at,
    });
    let mut all: Vec<Held> = fresh.chain(rest).collect();
    all.sort_by_key(|one| one.retired_at);
    Ok(Some(all))
}

/// Adds a secret, the one that is given or a new one; it is shown this once.
///
/// # Errors
/// `role_not_allowed`, `webhook_is_the_citys`, `channel_without_secrets`, `channel_secret_count` when
/// there are two already, `channel_secret_too_short`, `channel_secret_known`.
pub fn add(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    channel: &dyn Channel,
    given: Option<SecretString>,
) -> Result<SecretString> {
    let secrets = governed(actor, channel)?;
    if active(tx, stamp.vault, channel, secrets)?.len() >= ACTIVE_LIMIT {
        let detail = "two are taken already; retire one first";
        return Err(Error::invalid("secret", "channel_secret_count", detail));
    }
    let secret = given.map_or_else(drawn, Ok)?;
    secrets.check(&secret)?;
    let print = fingerprint(stamp.vault, channel.name(), &secret);
    let known = || Error::invalid("secret", "channel_secret_known", "it was used on this channel before");
    if configured(stamp.vault, channel.name(), secrets).iter().any(|one| one.fingerprint == print) {
        return Err(known());
    }
    let id: ChannelSecretId = stamp.mint()?;
    let key = stamp.lasting_key(tx, UnitId::CITY)?;
    let sealed = stamp.vault.seal(&key, &context(&print), secret.expose_secret().as_bytes())?;
    let row = SecretRow {
        unit_id: UnitId::CITY,
        id,
        channel: channel.name().to_owned(),
        fingerprint: print,
        key_id: Some(key.id),
        cipher: Some(sealed),
        made_by: audit::actor_text(actor),
        created_at: stamp.now,
    };
    if !query::insert(tx, row)? {
        return Err(known());
    }
    let entry = audit::Entry::by(actor, UnitId::CITY, "channel.secret_added", id).with(channel.name());
    audit::record(tx, stamp, &[entry])?;
    Ok(secret)
}

/// Retires the secret of this mark for good.
///
/// # Errors
/// `role_not_allowed`, `webhook_is_the_citys`, `channel_without_secrets`, `channel_secret_last` for the
/// only one, `channel_secret_not_found`.
pub fn retire(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    channel: &dyn Channel,
    shown: &str,
) -> Result<()> {
    let secrets = governed(actor, channel)?;
    let active = active(tx, stamp.vault, channel, secrets)?;
    let missing = || Error::invalid("mark", "channel_secret_not_found", "no secret in use has this mark");
    let found = active.iter().find(|one| mark(&one.fingerprint) == shown.trim()).ok_or_else(missing)?;
    if active.len() == 1 {
        return Err(Error::invalid("mark", "channel_secret_last", "add another one first"));
    }
    on_record(tx, stamp, channel.name(), &found.fingerprint)?;
    if query::retire(tx, stamp.now, channel.name(), &found.fingerprint)? {
        let subject = format!("{}/{}", channel.name(), mark(&found.fingerprint));
        let entry = audit::Entry::by(actor, UnitId::CITY, "channel.secret_retired", subject);
        audit::record(tx, stamp, &[entry])?;
    }
    Ok(())
}

/// Makes a channel take what is on record, in this process.
pub fn apply(conn: &mut Conn, vault: &Vault, channel: &dyn Channel) -> Result<()> {
    let Some(secrets) = channel.secrets() else { return Ok(()) };
    let active = active(conn, vault, channel, secrets)?;
    let taken: Vec<SecretString> = active.into_iter().map(|known| known.secret).collect();
    secrets.replace(&taken);
    Ok(())
}

/// Writes down which secrets proved a message in this process since the last time.
pub fn note_use(tx: &mut Tx<'_>, stamp: &Stamp<'_>, channel: &dyn Channel) -> Result<()> {
    let Some(secrets) = channel.secrets() else { return Ok(()) };
    for known in active(tx, stamp.vault, channel, secrets)? {
        if secrets.was_used(&known.secret) {
            on_record(tx, stamp, channel.name(), &known.fingerprint)?;
            query::used(tx, stamp.now, channel.name(), &known.fingerprint)?;
        }
    }
    Ok(())
}

/// A row about a secret of the configuration; one that is stored has its row.
fn on_record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, channel: &str, fingerprint: &str) -> Result<()> {
    let row = SecretRow {
        unit_id: UnitId::CITY,
        id: stamp.mint()?,
        channel: channel.to_owned(),
        fingerprint: fingerprint.to_owned(),
        key_id: None,
        cipher: None,
        made_by: "configuration".to_owned(),
        created_at: stamp.now,
    };
    query::insert(tx, row).map(|_| ())
}

/// Channels serve every unit, so only those who look after the whole city change their secrets.
fn governed<'a>(actor: &Actor, channel: &'a dyn Channel) -> Result<&'a Secrets> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    if actor.scope != Scope::All {
        return Err(Error::forbidden("webhook_is_the_citys", "a channel serves every unit"));
    }
    let alone = || {
        let detail = "its secrets stand in the configuration alone";
        Error::invalid("channel", "channel_without_secrets", detail)
    };
    channel.secrets().ok_or_else(alone)
}

/// What is taken, newest first: stored ones, then those of the configuration, without the retired.
fn active(conn: &mut Conn, vault: &Vault, channel: &dyn Channel, secrets: &Secrets) -> Result<Vec<Known>> {
    let stored = query::of_channel(conn, channel.name())?;
    let is_retired =
        |print: &str| stored.iter().any(|row| row.fingerprint == print && row.revoked_at.is_some());
    let mut found = Vec::new();
    for row in stored.iter().filter(|row| row.revoked_at.is_none()) {
        found.extend(opened(conn, vault, row)?);
    }
    let rest = configured(vault, channel.name(), secrets);
    found.extend(rest.into_iter().filter(|known| !is_retired(&known.fingerprint)));
    Ok(found)
}

fn opened(conn: &mut Conn, vault: &Vault, row: &Stored) -> Result<Option<Known>> {
    let Some((key, cipher)) = row.key.zip(row.cipher.as_ref()) else { return Ok(None) };
    let plain = vault.open(conn, UnitId::CITY, key, &context(&row.fingerprint), cipher)?;
    let unreadable = |_| Error::internal("a stored secret of a channel is no text");
    let secret = SecretString::from(String::from_utf8(plain).map_err(unreadable)?);
    Ok(Some(Known { fingerprint: row.fingerprint.clone(), secret }))
}

fn configured(vault: &Vault, channel: &str, secrets: &Secrets) -> Vec<Known> {
    let known = |secret: &SecretString| Known {
        fingerprint: fingerprint(vault, channel, secret),
        secret: secret.clone(),
    };
    secrets.configured().iter().map(known).collect()
}

fn fingerprint(vault: &Vault, channel: &str, secret: &SecretString) -> String {
    vault.blind(UnitId::CITY, "channel_secret", &format!("{channel}\n{}", secret.expose_secret()))
}

fn mark(fingerprint: &str) -> String {
    fingerprint.chars().take(MARK_LENGTH).collect()
}

fn context(fingerprint: &str) -> String {
    format!("channel_secret/{fingerprint}")
}

fn drawn() -> Result<SecretString> {
    let mut bytes = [0_u8; DRAWN_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the random source failed"))?;
    Ok(SecretString::from(text::hex(&bytes)))
}
