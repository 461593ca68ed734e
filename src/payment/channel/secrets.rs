//! The secrets shared with a partner, and the two ways of proving that one knows them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// One secret, or two while one replaces the other. Both are accepted. Those of the configuration hold until
/// others are put in their place while the service runs.
pub struct Secrets {
    active: RwLock<Vec<Secret>>,
    /// As they were configured.
    configured: Vec<SecretString>,
    least_bytes: usize,
}

struct Secret {
    key: hmac::Key,
    /// The secret's own bytes, hashed under it.
    own_tag: hmac::Tag,
    /// Whether it proved a message since somebody asked.
    is_used: AtomicBool,
}

pub const ACTIVE_LIMIT: usize = 2;
/// Marks the secrets of `bienlai.example.toml`.
const EXAMPLE: &str = "change-me";

impl Secrets {
    /// # Errors
    /// `channel_secret_count` unless there are one or two, `channel_secret_too_short` for one below
    /// `least_bytes`, `channel_secret_published` for the example file's: either would let anybody sign.
    pub fn new(field: &str, secrets: &[SecretString], least_bytes: usize) -> Result<Self> {
        if !(1..=ACTIVE_LIMIT).contains(&secrets.len()) {
            return Err(Error::invalid(
                field,
                "channel_secret_count",
                "give one secret, or two while changing it",
            ));
        }
        let found = Secrets {
            active: RwLock::new(secrets.iter().map(Secret::new).collect()),
            configured: secrets.to_vec(),
            least_bytes,
        };
        secrets.iter().try_for_each(|secret| found.check(secret).map_err(|error| error.in_field(field)))?;
        Ok(found)
    }

    /// Whether a secret is long enough for this channel, and not one that everybody can read.
    ///
    /// # Errors
    /// `channel_secret_too_short`, `channel_secret_published`.
    pub fn check(&self, secret: &SecretString) -> Result<()> {
        if secret.expose_secret().len() < self.least_bytes {
            let detail = format!("a secret has at least {} bytes", self.least_bytes);
            return Err(Error::invalid("secret", "channel_secret_too_short", detail));
        }
        if secret.expose_secret().contains(EXAMPLE) {
            let detail = "this is the example file's; make your own: openssl rand -hex 32";
            return Err(Error::invalid("secret", "channel_secret_published", detail));
        }
        Ok(())
    }

    /// The secrets of the configuration.
    pub fn configured(&self) -> &[SecretString] {
        &self.configured
    }

    /// Takes these from now on, and no others; one that was taken before keeps having been used.
    pub fn replace(&self, secrets: &[SecretString]) {
        let mut active = self.active.write().unwrap_or_else(PoisonError::into_inner);
        let fresh: Vec<Secret> = secrets.iter().map(Secret::new).collect();
        for secret in &fresh {
            let known = active.iter().find(|one| one.own_tag.as_ref() == secret.own_tag.as_ref());
            let is_used = known.is_some_and(|one| one.is_used.load(Ordering::Relaxed));
            secret.is_used.store(is_used, Ordering::Relaxed);
        }
        *active = fresh;
    }

    /// Whether any secret proved a message that nobody noted yet.
    pub fn is_used(&self) -> bool {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        active.iter().any(|one| one.is_used.load(Ordering::Relaxed))
    }

    /// Whether a secret proved a message since this was asked last.
    pub fn was_used(&self, secret: &SecretString) -> bool {
        let asked = Secret::new(secret);
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        let found = active.iter().find(|one| one.own_tag.as_ref() == asked.own_tag.as_ref());
        found.is_some_and(|one| one.is_used.swap(false, Ordering::Relaxed))
    }

    /// Whether `tag` is the HMAC-SHA256 of `timestamp.body` under one of the secrets.
    pub fn verify(&self, timestamp: &str, body: &[u8], tag: &[u8]) -> bool {
        self.recognise(&message(timestamp, body), tag)
    }

    /// Whether `tag` is the HMAC-SHA256 of `message` under one of the secrets.
    pub fn recognise(&self, message: &[u8], tag: &[u8]) -> bool {
        self.any(|secret| hmac::verify(&secret.key, message, tag).is_ok())
    }

    /// Whether `presented` is one of the secrets themselves, as with API keys and passwords.
    ///
    /// What was presented is hashed under the secret and compared with the secret hashed under
    /// itself, so that the comparison takes the same time whatever was presented.
    pub fn contain(&self, presented: &[u8]) -> bool {
        self.any(|secret| hmac::verify(&secret.key, presented, secret.own_tag.as_ref()).is_ok())
    }

    /// The HMAC-SHA256 of `message` under the newest secret, the first of the list.
    pub fn sign(&self, message: &[u8]) -> Option<hmac::Tag> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        active.first().map(|secret| hmac::sign(&secret.key, message))
    }

    /// Asks every secret even after a hit, so that time does not tell which of them it was.
    fn any(&self, proof: impl Fn(&Secret) -> bool) -> bool {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        active.iter().fold(false, |proven, secret| {
            let is_it = proof(secret);
            // Written in any case, so that a hit costs what a miss does.
            secret.is_used.fetch_or(is_it, Ordering::Relaxed);
            is_it | proven
        })
    }
}

impl Secret {
    fn new(secret: &SecretString) -> Self {
        let key = key(secret);
        let own_tag = hmac::sign(&key, secret.expose_secret().as_bytes());
        Secret { key, own_tag, is_used: AtomicBool::new(false) }
    }
}

fn key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

fn message(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), b".", body].concat()
}

/// The sender's side: lower-case hex of HMAC-SHA256 over `timestamp.body`.
pub fn sign_hex(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    to_hex(hmac::sign(&key(secret), &message(timestamp, body)).as_ref())
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The 32 bytes of a SHA-256 tag from 64 hex digits of either case.
pub fn tag_from_hex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut tag = [0_u8; 32];
    if pairs.len() != tag.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in tag.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(tag)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Result<Secrets> {
        let list: Vec<SecretString> = texts.iter().map(|text| SecretString::from(*text)).collect();
        Secrets::new("secrets", &list, 8)
    }

    #[test]
    fn both_secrets_are_taken_while_one_replaces_the_other() {
        let both = secrets(&["new-secret", "old-secret"]).unwrap();
        for text in ["new-secret", "old-secret"] {
            assert!(both.contain(text.as_bytes()), "{text}");
        }
        for wrong in ["", "new-secre", "new-secret2", "NEW-SECRET", "new-secret\0"] {
            assert!(!both.contain(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn an_empty_a_short_or_a_third_secret_is_refused_at_the_start() {
        let code = |texts: &[&str]| secrets(texts).err().map(|error| error.code());
        assert_eq!(code(&[]), Some("channel_secret_count"));
        assert_eq!(code(&["one-secret", "two-secret", "three-secret"]), Some("channel_secret_count"));
        assert_eq!(code(&["one-secret", ""]), Some("channel_secret_too_short"));
        assert_eq!(code(&["one-secret"]), None);
        for line in include_str!("../../../bienlai.example.toml").lines() {
            let Some((_, quoted)) = line.split_once("= [\"change-me") else { continue };
            let copied = format!("change-me{}", quoted.trim_end_matches("\"]"));
            assert_eq!(code(&[&copied]), Some("channel_secret_published"), "everybody knows it");
        }
    }

    #[test]
    fn a_tag_is_sixty_four_hex_digits() {
        let text = "0aFF".repeat(16);
        assert_eq!(tag_from_hex(&text).map(|tag| to_hex(&tag)), Some(text.to_lowercase()));
        for wrong in ["", "0a", &"0g".repeat(32), &"0a".repeat(33), &"é".repeat(32)] {
            assert_eq!(tag_from_hex(wrong), None, "{wrong}");
        }
    }
}
