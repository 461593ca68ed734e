//! Tokens: `<client id>.<32 random bytes, base64url>`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;

use crate::error::{Error, Result};
use crate::id::ClientId;
use crate::text;

const SECRET_BYTES: usize = 32;
/// 32 bytes in base64url without padding.
const SECRET_LENGTH: usize = 43;

/// A new secret: the hash to keep, and the token to show once.
pub fn draw(id: ClientId) -> Result<(String, SecretString)> {
    let secret = random()?;
    Ok((hash(&secret), SecretString::from(format!("{id}.{secret}"))))
}

/// A new secret without a name in front: of a session or an invitation.
pub fn draw_bare() -> Result<(String, SecretString)> {
    let secret = random()?;
    Ok((hash(&secret), SecretString::from(secret)))
}

fn random() -> Result<String> {
    let mut bytes = [0_u8; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the random source failed"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The parts of a token that has the right form.
pub fn split(shown: &str) -> Option<(ClientId, &str)> {
    let (id, secret) = shown.split_once('.')?;
    is_secret(secret).then_some(())?;
    Some((id.parse().ok()?, secret))
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The hash under which a bare secret is kept; none for what has not the form of one.
pub fn hash_of_bare(shown: &str) -> Option<String> {
    is_secret(shown).then(|| hash(shown))
}

/// Compares in constant time: both sides go through an HMAC, whose verification is.
pub fn matches(secret: &str, stored_sha256: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"bienlai token comparison");
    let stored = hmac::sign(&key, stored_sha256.as_bytes());
    hmac::verify(&key, hash(secret).as_bytes(), stored.as_ref()).is_ok()
}

fn hash(secret: &str) -> String {
    text::hex(digest(&SHA256, secret.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_opens_by_its_hash_and_another_one_does_not() {
        let id = ClientId(4_711);
        let (kept, token) = draw(id).unwrap();
        let (found, secret) = split(token.expose_secret()).unwrap();
        assert_eq!(found, id);
        assert!(matches(secret, &kept));
        let (_, other) = draw(id).unwrap();
        assert!(!matches(split(other.expose_secret()).unwrap().1, &kept));
        assert!(!kept.contains(secret), "the secret itself is not kept");
    }

    #[test]
    fn what_has_not_the_form_of_a_token_is_none() {
        let (_, token) = draw(ClientId(1)).unwrap();
        let token = token.expose_secret();
        for wrong in
            ["", ".", "cli_0000000000001", &token[1..], &token[..token.len() - 1], &format!("{token}=")]
        {
            assert!(split(wrong).is_none(), "{wrong}");
        }
    }
}
