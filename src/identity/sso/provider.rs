//! The provider over HTTP: what it says of itself (OpenID Connect Discovery 1.0), its keys, and the exchange
//! of a code for an ID token. Asked outside transactions; redirects are not followed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::jws::{self, Fault, Jwk};
use super::rules::{self, Claims, Expected};
use super::{Proof, refused};
use crate::clock::Instant;
use crate::config::sso::{Sso, is_safe_url};
use crate::error::{Error, Result};

const ANSWER_LIMIT_BYTES: u64 = 256 * 1_024;
/// What the provider says of itself is asked anew after this; a key it withdrew is then not believed.
const KNOWN_S: i64 = 600;
/// For a key we do not know the set is fetched anew, but not more often than this.
const ANEW_S: i64 = 5;

pub struct Provider {
    config: Sso,
    secret: Option<SecretString>,
    /// Where the provider sends people back to.
    redirect_url: String,
    agent: ureq::Agent,
    known: Mutex<Option<Known>>,
}

/// What was fetched, and when.
#[derive(Clone)]
struct Known {
    metadata: Metadata,
    keys: Vec<Jwk>,
    at: Instant,
}

/// The parts of the discovery document that are used.
#[derive(Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207: whether answers name their issuer.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

/// The secrets of one try; they follow from what only its browser holds.
pub struct Question<'a> {
    pub state: &'a str,
    pub nonce: &'a str,
    pub verifier: &'a str,
}

impl Provider {
    pub fn new(config: &Sso, public_url: &str) -> Result<Provider> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(config.timeout_s)))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Ok(Provider {
            secret: config.secret()?,
            config: config.clone(),
            redirect_url: format!("{public_url}/sign-in/sso/callback"),
            agent,
            known: Mutex::new(None),
        })
    }

    pub fn display_name(&self) -> &str {
        &self.config.display_name
    }

    pub fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Where the browser goes: the code flow with PKCE (RFC 7636, S256).
    pub fn address(&self, now: Instant, question: &Question<'_>) -> Result<String> {
        let endpoint = self.known(now)?.metadata.authorization_endpoint;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, question.verifier.as_bytes()));
        let fields = [
            ("response_type", "code"),
            ("scope", "openid"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", &self.redirect_url),
            ("state", question.state),
            ("nonce", question.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let query: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{joint}{}", query.join("&")))
    }

    /// Who came back with a code. `iss` is what the answer named as its issuer.
    ///
    /// # Errors
    /// `sso_refused` for everything that is not right, `sso_unreachable`.
    pub fn redeem(
        &self,
        now: Instant,
        code: &str,
        iss: Option<&str>,
        question: &Question<'_>,
    ) -> Result<Proof> {
        let known = self.known(now)?;
        let must_name = known.metadata.authorization_response_iss_parameter_supported;
        if iss.map_or(must_name, |iss| iss != self.config.issuer) {
            return Err(refused("an answer of another issuer"));
        }
        let tokens = self.exchange(&known.metadata, code, question)?;
        let payload = self.verified(now, &tokens.id_token, &known)?;
        let claims: Claims =
            serde_json::from_slice(&payload).map_err(|_| refused("the claims are unreadable"))?;
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: question.nonce,
            access_token: tokens.access_token.as_deref(),
            now,
            skew_s: i64::from(self.config.clock_skew_s),
        };
        rules::check(&claims, &expected).map_err(refused)?;
        let (acr, amr) = (&self.config.sufficient_acr, &self.config.sufficient_amr);
        Ok(Proof { confirmed_at: rules::confirmed_at(&claims, acr, amr, now), subject: claims.sub })
    }

    fn verified(&self, now: Instant, token: &str, known: &Known) -> Result<Vec<u8>> {
        let outcome = match jws::verified(token, &known.keys) {
            // A key that is newer than our copy of the set.
            Err(Fault::UnknownKey) if now.seconds_since(known.at) >= ANEW_S => {
                jws::verified(token, &self.fetch(now)?.keys)
            }
            outcome => outcome,
        };
        outcome.map_err(|fault| refused(fault.as_str()))
    }

    fn exchange(&self, metadata: &Metadata, code: &str, question: &Question<'_>) -> Result<Tokens> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_url),
            ("code_verifier", question.verifier),
            ("client_id", &self.config.client_id),
        ];
        let mut asked = self.agent.post(&metadata.token_endpoint).header("Accept", "application/json");
        if let Some(secret) = &self.secret {
            let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
            // Without a word of it, Basic is the way (Discovery 1.0, 3).
            if methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic")) {
                let pair = format!("{}:{}", escaped(&self.config.client_id), escaped(secret.expose_secret()));
                asked = asked.header("Authorization", format!("Basic {}", STANDARD.encode(pair)));
            } else {
                fields.push(("client_secret", secret.expose_secret()));
            }
        }
        let (status, body) = read(asked.send_form(fields))?;
        if status != 200 {
            return Err(refused("the provider does not take the code"));
        }
        serde_json::from_slice(&body).map_err(|_| refused("the provider gave no ID token"))
    }

    fn known(&self, now: Instant) -> Result<Known> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept.filter(|known| (0..KNOWN_S).contains(&now.seconds_since(known.at))) {
            Some(known) => Ok(known),
            None => self.fetch(now),
        }
    }

    fn fetch(&self, now: Instant) -> Result<Known> {
        let base = self.config.issuer.trim_end_matches('/');
        let metadata: Metadata =
            serde_json::from_slice(&self.get(&format!("{base}/.well-known/openid-configuration"))?)
                .map_err(|_| unreachable("its discovery document is unreadable"))?;
        if metadata.issuer != self.config.issuer {
            return Err(unreachable("its discovery document is another issuer's"));
        }
        let named = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        if !named.into_iter().all(|url| is_safe_url(url)) {
            return Err(unreachable("it names an address without TLS"));
        }
        let keys = jws::keys(&self.get(&metadata.jwks_uri)?)
            .ok_or_else(|| unreachable("its set of keys is unreadable"))?;
        let known = Known { metadata, keys, at: now };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    fn get(&self, url: &str) -> Result<Vec<u8>> {
        match read(self.agent.get(url).header("Accept", "application/json").call())? {
            (200, body) => Ok(body),
            _ => Err(unreachable("it does not answer what it is asked")),
        }
    }
}

fn read(
    answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Vec<u8>)> {
    let mut answer = answer.map_err(|_| unreachable("no answer"))?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_LIMIT_BYTES).read_to_vec();
    Ok((status, body.map_err(|_| unreachable("its answer breaks off or is too long"))?))
}

fn unreachable(why: &'static str) -> Error {
    tracing::warn!(why, "the identity provider cannot be asked");
    Error::busy("sso_unreachable", 10, why)
}

/// Percent-encoding for queries and forms; a space is `%20`, which both read.
fn escaped(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_not_there_is_asked_again_later() {
        let asked = read(Err(ureq::Error::HostNotFound)).unwrap_err();
        assert!(asked.is_busy() && asked.code() == "sso_unreachable", "{asked:?}");
    }
}
