//! Tokens a partner fetches with its user and password and then shows with every message.
//!
//! A token needs no table: it carries the second it was issued and an HMAC over that second, the
//! channel and the user, `v1.<issued_at_s>.<hex>`. It is good for 300 s. Tokens made under the
//! older of two keys stay good while the keys are changed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::envelope::unix_seconds;
use super::secrets::{Secrets, tag_from_hex, to_hex};
use super::{Incoming, Refusal, WINDOW_S};
use crate::clock::Instant;
use crate::error::{Error, Result as Configured};

const PASSWORD_LEAST_BYTES: usize = 12;
const KEY_LEAST_BYTES: usize = 32;

/// Longer credentials are not worth decoding.
const CREDENTIALS_LIMIT_BYTES: usize = 1024;

/// What the token endpoint hands out.
pub struct AccessToken {
    /// Sent back as `Authorization: Bearer <text>`.
    pub text: String,
    pub expires_in_s: i64,
}

/// Checks the partner's password, issues tokens and recognises them.
pub struct TokenIssuer {
    /// Covered by the token's HMAC, so that a token of one channel is no token of another, even
    /// under the same key.
    audience: String,
    /// `user:password` as one secret, for each password.
    credentials: Secrets,
    keys: Secrets,
}

impl TokenIssuer {
    /// One password and one key each, or two of them while they are changed; the newest first.
    ///
    /// # Errors
    /// `channel_user_unreadable`, `channel_secret_count`, `channel_secret_too_short`.
    pub fn new(
        channel: &str,
        user: &str,
        passwords: &[SecretString],
        keys: &[SecretString],
    ) -> Configured<Self> {
        // RFC 7617 section 2: the first colon ends the user.
        if user.is_empty() || user.contains(|c: char| c == ':' || c.is_control()) {
            let detail = "expected a user without colons and control characters";
            return Err(Error::invalid("user", "channel_user_unreadable", detail));
        }
        Secrets::new("passwords", passwords, PASSWORD_LEAST_BYTES)?;
        let pairs: Vec<SecretString> = passwords
            .iter()
            .map(|word| SecretString::from(format!("{user}:{}", word.expose_secret())))
            .collect();
        Ok(TokenIssuer {
            audience: format!("{channel}\n{user}"),
            credentials: Secrets::new("passwords", &pairs, PASSWORD_LEAST_BYTES)?,
            keys: Secrets::new("token_keys", keys, KEY_LEAST_BYTES)?,
        })
    }

    /// Answers a request with `Authorization: Basic base64(user:password)`; its body is ignored.
    ///
    /// # Errors
    /// `callback_credentials_missing`, `callback_credentials_wrong`, `callback_header_repeated`,
    /// and those of an oversized or encoded body.
    pub fn issue(&self, incoming: &Incoming) -> Result<AccessToken, Refusal> {
        incoming.check_envelope()?;
        let presented = incoming.credentials("basic")?.ok_or_else(|| {
            Refusal::unauthenticated("callback_credentials_missing", "expected Authorization: Basic")
        })?;
        let wrong = || Refusal::unauthenticated("callback_credentials_wrong", "no such user and password");
        if presented.len() > CREDENTIALS_LIMIT_BYTES {
            return Err(wrong());
        }
        let pair = STANDARD.decode(presented).map_err(|_| wrong())?;
        if !self.credentials.contain(&pair) {
            return Err(wrong());
        }
        let issued_at_s = incoming.now.seconds();
        let tag = self.keys.sign(&self.signed_text(issued_at_s)).ok_or_else(wrong)?;
        Ok(AccessToken { text: format!("v1.{issued_at_s}.{}", to_hex(tag.as_ref())), expires_in_s: WINDOW_S })
    }

    /// Whether `bearer` is a token of ours issued in the last 300 s. One from as far in the
    /// future is taken too, because the clocks of two of our nodes may differ; beyond that, a
    /// clock was wrong when the token was made, and it must not live longer for it.
    ///
    /// # Errors
    /// `callback_token_wrong`, `callback_token_expired`.
    pub fn verify(&self, bearer: &str, now: Instant) -> Result<(), Refusal> {
        let wrong = || Refusal::unauthenticated("callback_token_wrong", "not a token of ours");
        let (issued_at, tag) =
            bearer.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or_else(wrong)?;
        let issued_at_s = unix_seconds(issued_at).ok_or_else(wrong)?;
        let tag = tag_from_hex(tag).ok_or_else(wrong)?;
        if !self.keys.recognise(&self.signed_text(issued_at_s), &tag) {
            return Err(wrong());
        }
        if (issued_at_s - now.seconds()).abs() > WINDOW_S {
            return Err(Refusal::unauthenticated("callback_token_expired", "the token is older than 300 s"));
        }
        Ok(())
    }

    fn signed_text(&self, issued_at_s: i64) -> Vec<u8> {
        format!("bienlai access token v1\n{}\n{issued_at_s}", self.audience).into_bytes()
    }
}

/// The partner's side, for the simulator: the header that asks for a token.
pub fn present_password(user: &str, password: &SecretString) -> Vec<(String, String)> {
    let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    vec![("authorization".to_owned(), format!("Basic {pair}"))]
}

/// The partner's side, for the simulator: the header that shows a token.
pub fn present_token(token: &str) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), format!("Bearer {token}"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_763_776_800_000_000);
    const OLD_KEY: &str = "old-token-key-of-thirty-two-bytes!";
    const NEW_KEY: &str = "new-token-key-of-thirty-two-bytes!";

    fn issuer(channel: &str, user: &str, keys: &[&str]) -> TokenIssuer {
        let keys: Vec<SecretString> = keys.iter().map(|key| SecretString::from(*key)).collect();
        let passwords = [SecretString::from("new-password"), SecretString::from("old-password")];
        TokenIssuer::new(channel, user, &passwords, &keys).unwrap()
    }

    fn ask(issuer: &TokenIssuer, user: &str, password: &str) -> Result<AccessToken, Refusal> {
        let headers = present_password(user, &SecretString::from(password));
        issuer.issue(&Incoming { headers: &headers, body: b"", now: NOW })
    }

    fn code<T>(result: Result<T, Refusal>) -> &'static str {
        result.err().map_or("accepted", |refusal| refusal.code)
    }

    #[test]
    fn both_passwords_get_a_token_and_nothing_else_does() {
        let issuer = issuer("vietqr", "vietqr-user", &[NEW_KEY]);
        for password in ["new-password", "old-password"] {
            let token = ask(&issuer, "vietqr-user", password).unwrap();
            assert_eq!(token.expires_in_s, 300);
            assert_eq!(code(issuer.verify(&token.text, NOW)), "accepted");
        }
        for (user, password) in [("vietqr-user", "wrong-password"), ("other", "new-password"), ("", "")] {
            assert_eq!(code(ask(&issuer, user, password)), "callback_credentials_wrong", "{user}");
        }
        for value in ["Basic !!!", "Basic ", &format!("Basic {}", "QUJD".repeat(500))] {
            let headers = [("authorization".to_owned(), value.to_owned())];
            let answer = issuer.issue(&Incoming { headers: &headers, body: b"", now: NOW });
            assert!(answer.is_err_and(|refusal| refusal.status == 401), "{value}");
        }
    }

    #[test]
    fn a_token_lives_three_hundred_seconds() {
        let issuer = issuer("vietqr", "vietqr-user", &[NEW_KEY]);
        let token = ask(&issuer, "vietqr-user", "new-password").unwrap().text;
        for (age_s, expected) in [(299, "accepted"), (300, "accepted"), (301, "callback_token_expired")] {
            assert_eq!(code(issuer.verify(&token, NOW.plus_seconds(age_s))), expected, "{age_s}");
        }
        assert_eq!(code(issuer.verify(&token, NOW.minus_seconds(301))), "callback_token_expired");
    }

    #[test]
    fn tokens_outlive_the_change_of_the_key_and_die_with_the_key_itself() {
        let token =
            ask(&issuer("vietqr", "vietqr-user", &[OLD_KEY]), "vietqr-user", "new-password").unwrap().text;
        assert_eq!(
            code(issuer("vietqr", "vietqr-user", &[NEW_KEY, OLD_KEY]).verify(&token, NOW)),
            "accepted"
        );
        assert_eq!(
            code(issuer("vietqr", "vietqr-user", &[NEW_KEY]).verify(&token, NOW)),
            "callback_token_wrong"
        );
    }

    #[test]
    fn a_token_of_another_channel_or_user_is_worth_nothing_here() {
        let token =
            ask(&issuer("vietqr", "vietqr-user", &[NEW_KEY]), "vietqr-user", "new-password").unwrap().text;
        assert_eq!(
            code(issuer("other", "vietqr-user", &[NEW_KEY]).verify(&token, NOW)),
            "callback_token_wrong"
        );
        assert_eq!(code(issuer("vietqr", "other", &[NEW_KEY]).verify(&token, NOW)), "callback_token_wrong");
    }

    #[test]
    fn a_token_cannot_be_made_younger() {
        let issuer = issuer("vietqr", "vietqr-user", &[NEW_KEY]);
        let token = ask(&issuer, "vietqr-user", "new-password").unwrap().text;
        let younger = token.replace("1763776800", "1763777100");
        assert_eq!(code(issuer.verify(&younger, NOW.plus_seconds(400))), "callback_token_wrong");
        for forged in
            ["", "v1", "v1.", "v1..", "v1.1763776800.", "v2.1763776800.00", &token[..token.len() - 1]]
        {
            assert_eq!(code(issuer.verify(forged, NOW)), "callback_token_wrong", "{forged}");
        }
    }

    #[test]
    fn a_user_with_a_colon_or_a_short_password_is_refused_at_the_start() {
        let word = |text: &str| vec![SecretString::from(text)];
        let start = |user: &str, password: &str, key: &str| {
            TokenIssuer::new("vietqr", user, &word(password), &word(key)).err().map(|error| error.code())
        };
        assert_eq!(start("user", "long-enough-password", NEW_KEY), None);
        assert_eq!(start("us:er", "long-enough-password", NEW_KEY), Some("channel_user_unreadable"));
        assert_eq!(start("", "long-enough-password", NEW_KEY), Some("channel_user_unreadable"));
        assert_eq!(start("user", "short", NEW_KEY), Some("channel_secret_too_short"));
        assert_eq!(start("user", "long-enough-password", "short"), Some("channel_secret_too_short"));
    }
}
