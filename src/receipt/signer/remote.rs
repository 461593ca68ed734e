//! Remote signing over HTTP, as the Cloud Signature Consortium describes it (CSC API v1):
//! `credentials/info`, `credentials/authorize` (the SAD) and `signatures/signHash` with a batch.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::checked;
use super::http::{Http, Reply};
use crate::error::{Error, Kind, Result};
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::sign::Signer;
use crate::text;

const SHA256_OID: &str = "2.16.840.1.101.3.4.2.1";
const RSA_SHA256_OID: &str = "1.2.840.113549.1.1.11";
const ANSWER_BYTES_LIMIT: u64 = 4 << 20;
const TIMEOUT_MS: u64 = 15_000;
/// Characters of what a service says of a refusal.
const SAID_LIMIT: usize = 200;
/// Tries of one request that was not answered or put off for a moment.
const TRIES: u32 = 3;
/// A wait longer than this is left to the signer's pause, which blocks nobody.
const WAIT_HERE_LIMIT_S: u32 = 2;

/// Which key of which service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteKey {
    /// Up to and including the version: `https://ky.example.vn/csc/v1`.
    pub url: String,
    pub credential_id: String,
    /// Milliseconds one request may take.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
}

fn timeout_ms() -> u64 {
    TIMEOUT_MS
}

/// What authorises: the access token of the service and the PIN of the credential.
#[derive(Clone)]
pub struct RemoteSecret {
    pub access_token: SecretString,
    pub pin: Option<SecretString>,
}

#[derive(Serialize, Deserialize)]
struct SecretText {
    access_token: String,
    pin: Option<String>,
}

impl RemoteSecret {
    pub fn read(text: &SecretString) -> Result<RemoteSecret> {
        let read: SecretText = serde_json::from_str(text.expose_secret())
            .map_err(|_| Error::internal("the stored credentials of a signing service do not read"))?;
        let SecretText { access_token, pin } = read;
        Ok(RemoteSecret { access_token: SecretString::from(access_token), pin: pin.map(SecretString::from) })
    }

    pub fn to_text(&self) -> SecretString {
        let pin = self.pin.as_ref().map(|pin| pin.expose_secret().to_owned());
        let text = SecretText { access_token: self.access_token.expose_secret().to_owned(), pin };
        SecretString::from(serde_json::to_string(&text).unwrap_or_default())
    }
}

/// Signs with a key that a service keeps.
pub struct RemoteSigner {
    key: RemoteKey,
    secret: RemoteSecret,
    certificate: SigningCertificate,
    http: Http,
}

/// What the service says of a credential.
pub struct Credential {
    /// DER, the signing certificate first.
    pub certificates: Vec<Vec<u8>>,
}

impl RemoteSigner {
    /// # Errors
    /// `url_unusable`.
    pub fn new(
        key: RemoteKey,
        secret: RemoteSecret,
        certificate: SigningCertificate,
    ) -> Result<RemoteSigner> {
        if super::http::host_of(&key.url).is_none() {
            return Err(Error::invalid("url", "url_unusable", "expected http:// or https:// and a host"));
        }
        let http = Http::new(key.timeout_ms, ANSWER_BYTES_LIMIT);
        Ok(RemoteSigner { key, secret, certificate, http })
    }

    /// Asks the service for a credential's certificate and chain.
    ///
    /// # Errors
    /// `remote_credential_unusable` when it is disabled or shows no certificate, and those of asking.
    pub fn credential(key: &RemoteKey, secret: &RemoteSecret) -> Result<Credential> {
        let http = Http::new(key.timeout_ms, ANSWER_BYTES_LIMIT);
        let question = json!({ "credentialID": key.credential_id, "certificates": "chain" });
        let answer = ask(&http, key, secret, "credentials/info", &question)?;
        let unusable = |why: &str| Error::conflict("remote_credential_unusable", why.to_owned());
        if answer.pointer("/key/status").and_then(Value::as_str) != Some("enabled") {
            return Err(unusable("the service says that the key is not enabled"));
        }
        let certificates: Option<Vec<Vec<u8>>> = answer
            .pointer("/cert/certificates")
            .and_then(Value::as_array)
            .and_then(|all| all.iter().map(|text| BASE64.decode(text.as_str()?).ok()).collect());
        match certificates {
            Some(certificates) if !certificates.is_empty() => Ok(Credential { certificates }),
            _ => Err(unusable("the service shows no certificate")),
        }
    }

    fn ask(&self, what: &str, question: &Value) -> Result<Value> {
        ask(&self.http, &self.key, &self.secret, what, question)
    }
}

impl Signer for RemoteSigner {
    fn sign(&self, batch: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let hashes: Vec<String> =
            batch.iter().map(|message| BASE64.encode(digest(&SHA256, message).as_ref())).collect();
        let mut question = json!({
            "credentialID": self.key.credential_id, "numSignatures": hashes.len(), "hash": hashes,
        });
        if let Some(pin) = &self.secret.pin {
            question["PIN"] = json!(pin.expose_secret());
        }
        let authorised = self.ask("credentials/authorize", &question)?;
        let sad = authorised.get("SAD").and_then(Value::as_str).ok_or_else(|| unreadable("SAD"))?;
        let question = json!({
            "credentialID": self.key.credential_id, "SAD": sad, "hash": hashes,
            "hashAlgo": SHA256_OID, "signAlgo": RSA_SHA256_OID,
        });
        let answer = self.ask("signatures/signHash", &question)?;
        let signatures: Option<Vec<Vec<u8>>> = answer
            .get("signatures")
            .and_then(Value::as_array)
            .and_then(|all| all.iter().map(|text| BASE64.decode(text.as_str()?).ok()).collect());
        checked(&self.certificate, batch, signatures.ok_or_else(|| unreadable("signatures"))?)
    }

    fn certificate(&self) -> &SigningCertificate {
        &self.certificate
    }

    fn is_outside(&self) -> bool {
        true
    }
}

/// Asks, and asks again when the service did not answer or put us off for a moment.
fn ask(http: &Http, key: &RemoteKey, secret: &RemoteSecret, what: &str, question: &Value) -> Result<Value> {
    let url = format!("{}/{what}", key.url.trim_end_matches('/'));
    let body = question.to_string();
    let mut tries = 0;
    loop {
        tries += 1;
        let answer = http
            .post(&url, "application/json", Some(secret.access_token.expose_secret()), body.as_bytes())
            .and_then(good);
        match answer {
            Ok(body) => return serde_json::from_slice(&body).map_err(|_| unreadable(what)),
            Err(error) => match wait_here(&error).filter(|_| tries < TRIES) {
                Some(seconds) => std::thread::sleep(std::time::Duration::from_secs(seconds)),
                None => return Err(error),
            },
        }
    }
}

/// The body of a good answer; of a refusal what the service says of it: an unknown credential, a wrong PIN.
fn good(reply: Reply) -> Result<Vec<u8>> {
    if reply.status != 400 {
        return reply.good();
    }
    let said: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let word = |name: &str| said.as_ref().and_then(|said| said.get(name)).and_then(Value::as_str);
    let why = text::clean(word("error_description").or_else(|| word("error")).unwrap_or_default());
    let why: String = why.chars().take(SAID_LIMIT).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    Err(Error::conflict("remote_refused", format!("status 400{why}")))
}

/// Seconds to wait before asking again, when the service put us off for only a moment.
fn wait_here(error: &Error) -> Option<u64> {
    match error.kind() {
        Kind::Busy { retry_after_s } if error.code() == "remote_busy" => {
            (*retry_after_s <= WAIT_HERE_LIMIT_S).then_some(u64::from(*retry_after_s).max(1))
        }
        _ => None,
    }
}

#[track_caller]
fn unreadable(what: &str) -> Error {
    Error::conflict("remote_answer_unreadable", format!("the signing service's answer has no good {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener};

    use super::*;

    /// A service that answers one question well, whatever it is.
    fn answering(body: &'static str) -> RemoteKey {
        answering_as("200 OK", body)
    }

    fn answering_as(status: &'static str, body: &'static str) -> RemoteKey {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/csc/v1", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let head = "content-type: application/json\r\nconnection: close\r\n";
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\n{head}content-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).unwrap();
            // The question is read to its end, or the answer would be lost with the connection.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        RemoteKey { url, credential_id: "SS-1".to_owned(), timeout_ms: 5_000 }
    }

    #[test]
    fn a_service_that_shows_no_good_certificate_is_told_by_what_it_lacks() {
        let secret = RemoteSecret { access_token: SecretString::from("ma-truy-cap"), pin: None };
        for (body, code) in [
            ("<html>", "remote_answer_unreadable"),
            ("{}", "remote_credential_unusable"),
            (r#"{"key":{"status":"disabled"}}"#, "remote_credential_unusable"),
            (r#"{"key":{"status":"enabled"}}"#, "remote_credential_unusable"),
            (r#"{"key":{"status":"enabled"},"cert":{"certificates":[]}}"#, "remote_credential_unusable"),
            (r#"{"key":{"status":"enabled"},"cert":{"certificates":["%"]}}"#, "remote_credential_unusable"),
        ] {
            let refused = RemoteSigner::credential(&answering(body), &secret).err();
            assert_eq!(refused.map(|error| error.code()), Some(code), "{body}");
        }
        let unknown = r#"{"error":"invalid_request","error_description":"Invalid parameter credentialID"}"#;
        for (body, told) in [(unknown, "status 400: Invalid parameter credentialID"), ("no", "status 400")] {
            let refused = RemoteSigner::credential(&answering_as("400 Bad Request", body), &secret).err();
            let refused = refused.map(|error| (error.code(), error.detail().to_owned()));
            assert_eq!(refused, Some(("remote_refused", told.to_owned())));
        }
        let good = answering(r#"{"key":{"status":"enabled"},"cert":{"certificates":["AQI="]}}"#);
        let shown = RemoteSigner::credential(&good, &secret).unwrap();
        assert_eq!(shown.certificates, [[1, 2]]);
    }
}
