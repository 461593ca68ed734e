//! Signed tokens (JWS, RFC 7515) as an identity provider makes them, and its keys (JWK, RFC 7517): three
//! algorithms with public keys and no other. `none` and those with a shared secret have no way in, since
//! nothing of them is written here. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// Longer tokens are not looked at.
const LENGTH_LIMIT: usize = 16 * 1_024;
/// More keys than this are no provider's set.
const KEY_LIMIT: usize = 50;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Malformed,
    /// Its algorithm is not one of the three that are accepted.
    Algorithm,
    /// No key of the set fits: it may be newer than the set we hold.
    UnknownKey,
    Signature,
}

impl Fault {
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Malformed => "malformed",
            Fault::Algorithm => "algorithm",
            Fault::UnknownKey => "unknown key",
            Fault::Signature => "signature",
        }
    }
}

/// The algorithms of RFC 7518 that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Ps256,
    Es256,
}

impl Algorithm {
    fn parse(text: &str) -> Option<Algorithm> {
        match text {
            "RS256" => Some(Algorithm::Rs256),
            "PS256" => Some(Algorithm::Ps256),
            "ES256" => Some(Algorithm::Es256),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Ps256 => "PS256",
            Algorithm::Es256 => "ES256",
        }
    }

    fn key_kind(self) -> &'static str {
        match self {
            Algorithm::Rs256 | Algorithm::Ps256 => "RSA",
            Algorithm::Es256 => "EC",
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood; we understand none.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// A public key of the provider, with what it says it is for.
#[derive(Clone, Debug, Deserialize)]
pub struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// The keys of a set that can be read; kinds that nobody here knows are passed over.
pub fn keys(set: &[u8]) -> Option<Vec<Jwk>> {
    let set: KeySet = serde_json::from_slice(set).ok()?;
    let readable = set.keys.into_iter().take(KEY_LIMIT);
    Some(readable.filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// The payload of a token that a key of the set signed.
pub fn verified(token: &str, keys: &[Jwk]) -> Result<Vec<u8>, Fault> {
    if token.len() > LENGTH_LIMIT {
        return Err(Fault::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Fault::Malformed)?;
    if payload.contains('.') {
        return Err(Fault::Malformed);
    }
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Fault::Malformed)?;
    let algorithm = Algorithm::parse(&header.alg).ok_or(Fault::Algorithm)?;
    if header.crit.is_some() {
        return Err(Fault::Malformed);
    }
    let payload = decoded(payload)?;
    let signature = decoded(signature)?;
    let mut fitting = keys.iter().filter(|key| fits(key, algorithm, header.kid.as_deref())).peekable();
    if fitting.peek().is_none() {
        return Err(Fault::UnknownKey);
    }
    let is_signed = fitting.any(|key| is_signed_by(key, algorithm, signed.as_bytes(), &signature));
    if is_signed { Ok(payload) } else { Err(Fault::Signature) }
}

/// Whether a key may have made such a signature. One without a name may be tried.
fn fits(key: &Jwk, algorithm: Algorithm, kid: Option<&str>) -> bool {
    key.kty == algorithm.key_kind()
        && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
        && key.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str())
        && kid.is_none_or(|kid| key.kid.as_deref().is_none_or(|own| own == kid))
}

fn is_signed_by(key: &Jwk, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Rs256 => by_rsa(key, &RSA_PKCS1_2048_8192_SHA256, signed, signature),
        Algorithm::Ps256 => by_rsa(key, &RSA_PSS_2048_8192_SHA256, signed, signature),
        Algorithm::Es256 => by_p256(key, signed, signature).unwrap_or(false),
    }
}

fn by_rsa(key: &Jwk, parameters: &'static RsaParameters, signed: &[u8], signature: &[u8]) -> bool {
    let number = |text: &Option<String>| {
        let bytes = decoded(text.as_deref()?).ok()?;
        // Some providers write a zero in front; `ring` takes none.
        let first = bytes.iter().position(|byte| *byte != 0)?;
        Some(bytes[first..].to_vec())
    };
    let Some((n, e)) = number(&key.n).zip(number(&key.e)) else { return false };
    RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature).is_ok()
}

fn by_p256(key: &Jwk, signed: &[u8], signature: &[u8]) -> Option<bool> {
    if key.crv.as_deref() != Some("P-256") {
        return None;
    }
    let mut point = vec![4];
    for half in [key.x.as_deref()?, key.y.as_deref()?] {
        let half = decoded(half).ok().filter(|half| half.len() == 32)?;
        point.extend_from_slice(&half);
    }
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    Some(key.verify(signed, signature).is_ok())
}

fn decoded(text: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Fault::Malformed)
}

#[cfg(test)]
mod tests;
