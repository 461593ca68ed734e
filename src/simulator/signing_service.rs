//! A remote signing service (CSC API v1) with the habits of real ones: slow, failing,
//! rate-limited, or plainly wrong.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::http::{Answer, Request, Server};
use crate::error::{Error, Result};
use crate::receipt::key::certificates_in;

/// How the service behaves from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Waits so many milliseconds before each signature.
    Slow(u64),
    /// Answers only when it is given another mood.
    Held,
    /// Answers 500.
    Failing,
    /// Answers 429 with this Retry-After, so many times, then is well.
    Limited {
        times: usize,
        retry_after_s: u32,
    },
    /// Signs something else.
    Wrong,
}

/// How often a held answer looks whether it may go.
const HELD_LOOK: Duration = Duration::from_millis(5);

pub const TOKEN: &str = "simulated-token";
pub const PIN: &str = "12345678";
/// The one credential of a service that was given no other name for it.
pub const CREDENTIAL: &str = "ABC";

/// A running service with one credential.
pub struct SigningService {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    credential: String,
    key: RsaPrivateKey,
    certificates: Vec<String>,
    mood: Mutex<Mood>,
    signed: AtomicUsize,
    calls: AtomicUsize,
    /// Hashes each SAD authorises.
    authorised: Mutex<Vec<(String, Value)>>,
}

impl SigningService {
    /// Holds the key of a PEM text with its certificate and chain.
    ///
    /// # Errors
    /// `key_file_unreadable`, `Internal`.
    pub fn start(pem: &SecretString) -> Result<SigningService> {
        SigningService::start_on(pem, CREDENTIAL, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The same where it is to listen, with the name of its credential.
    ///
    /// # Errors
    /// As `start`; `port_taken`.
    pub fn start_on(pem: &SecretString, credential: &str, listen: SocketAddr) -> Result<SigningService> {
        let text = pem.expose_secret();
        let own = text.split("-----BEGIN CERTIFICATE").next().unwrap_or_default().trim();
        let key = RsaPrivateKey::from_pkcs8_pem(own)
            .or_else(|_| RsaPrivateKey::from_pkcs1_pem(own).map_err(|_| ()));
        let key = key.map_err(|_| Error::invalid("key", "key_file_unreadable", "no RSA key in this PEM"))?;
        let certificates = certificates_in(text)?.iter().map(|der| BASE64.encode(der)).collect();
        let shared = Arc::new(Shared {
            credential: credential.to_owned(),
            key,
            certificates,
            mood: Mutex::new(Mood::Well),
            signed: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            authorised: Mutex::default(),
        });
        let answering = Arc::clone(&shared);
        let server = Server::start_on(listen, move |request| answering.answer(request))?;
        Ok(SigningService { server, shared })
    }

    pub fn url(&self) -> String {
        format!("{}/csc/v1", self.server.url())
    }

    pub fn set(&self, mood: Mood) {
        *self.shared.mood() = mood;
    }

    /// Signatures given away so far.
    pub fn signed(&self) -> usize {
        self.shared.signed.load(Ordering::SeqCst)
    }

    /// Requests to `signHash` so far.
    pub fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn mood(&self) -> std::sync::MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn answer(&self, request: &Request) -> Answer {
        if request.authorization != format!("Bearer {TOKEN}") {
            return Answer::status(401);
        }
        let Ok(question) = serde_json::from_slice::<Value>(&request.body) else { return Answer::status(400) };
        let is_known = question["credentialID"].as_str() == Some(self.credential.as_str());
        match request.path.as_str() {
            "/csc/v1/credentials/info" | "/csc/v1/credentials/authorize" | "/csc/v1/signatures/signHash"
                if !is_known =>
            {
                unknown_credential()
            }
            "/csc/v1/credentials/info" => json_answer(&json!({
                "key": { "status": "enabled", "algo": ["1.2.840.113549.1.1.11"], "len": 2048 },
                "cert": { "status": "valid", "certificates": self.certificates },
                "multisign": 1_000,
            })),
            "/csc/v1/credentials/authorize" => self.authorize(&question),
            "/csc/v1/signatures/signHash" => self.sign(&question),
            _ => Answer::status(404),
        }
    }

    fn authorize(&self, question: &Value) -> Answer {
        let count = question["hash"].as_array().map_or(0, Vec::len);
        if question["PIN"].as_str() != Some(PIN) || question["numSignatures"] != json!(count) {
            return Answer::status(400);
        }
        let mut authorised = self.authorised.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let sad = format!("sad-{}", authorised.len());
        authorised.push((sad.clone(), question["hash"].clone()));
        json_answer(&json!({ "SAD": sad, "expiresIn": 300 }))
    }

    fn sign(&self, question: &Value) -> Answer {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut mood = *self.mood();
        while mood == Mood::Held {
            std::thread::sleep(HELD_LOOK);
            mood = *self.mood();
        }
        match mood {
            Mood::Well | Mood::Wrong | Mood::Held => {}
            Mood::Slow(ms) => std::thread::sleep(Duration::from_millis(ms)),
            Mood::Failing => return Answer::status(500),
            Mood::Limited { times, retry_after_s } => {
                let left = times.saturating_sub(1);
                *self.mood() =
                    if left == 0 { Mood::Well } else { Mood::Limited { times: left, retry_after_s } };
                return Answer { retry_after_s: Some(retry_after_s), ..Answer::status(429) };
            }
        }
        let is_authorised = {
            let authorised = self.authorised.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            authorised
                .iter()
                .any(|(sad, hashes)| question["SAD"] == json!(sad) && *hashes == question["hash"])
        };
        if !is_authorised {
            return Answer::status(403);
        }
        let hashes = question["hash"].as_array().cloned().unwrap_or_default();
        let signatures: Option<Vec<String>> = hashes.iter().map(|hash| self.signature(hash, mood)).collect();
        let Some(signatures) = signatures else { return Answer::status(400) };
        self.signed.fetch_add(signatures.len(), Ordering::SeqCst);
        json_answer(&json!({ "signatures": signatures }))
    }

    fn signature(&self, hash: &Value, mood: Mood) -> Option<String> {
        let mut hash = BASE64.decode(hash.as_str()?).ok()?;
        if mood == Mood::Wrong {
            *hash.first_mut()? ^= 1;
        }
        // DigestInfo of SHA-256 (RFC 8017, section 9.2).
        let scheme = Pkcs1v15Sign {
            hash_len: Some(32),
            prefix: [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20]
                .into(),
        };
        self.key.sign(scheme, &hash).ok().map(|signature| BASE64.encode(signature))
    }
}

/// As CSC API v1 says it.
fn unknown_credential() -> Answer {
    let said = json!({ "error": "invalid_request", "error_description": "Invalid parameter credentialID" });
    Answer { status: 400, ..json_answer(&said) }
}

fn json_answer(value: &Value) -> Answer {
    Answer::good("application/json", value.to_string().into_bytes())
}
