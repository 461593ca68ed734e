use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

struct Signer {
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new() -> Signer {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Signer { pair }
    }

    fn jwk(&self, kid: &str) -> serde_json::Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
            "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..]),
        })
    }

    fn sign(&self, header: serde_json::Value, payload: &str) -> String {
        let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", B64.encode(signature))
    }
}

fn set(keys: &[serde_json::Value]) -> Vec<Jwk> {
    super::keys(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

#[test]
fn a_token_signed_by_a_key_of_the_set_is_read_and_a_changed_one_is_not() {
    let (own, other) = (Signer::new(), Signer::new());
    let keys = set(&[json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}), json!(7), own.jwk("a")]);
    let token = own.sign(json!({"alg": "ES256", "kid": "a"}), "{\"sub\":\"x\"}");
    assert_eq!(verified(&token, &keys), Ok(b"{\"sub\":\"x\"}".to_vec()));
    let nameless = own.sign(json!({"alg": "ES256"}), "{}");
    assert!(verified(&nameless, &keys).is_ok(), "a token without a key's name is tried");
    let parts: Vec<&str> = token.split('.').collect();
    let changed = format!("{}.{}.{}", parts[0], B64.encode("{\"sub\":\"y\"}"), parts[2]);
    assert_eq!(verified(&changed, &keys), Err(Fault::Signature));
    let foreign = other.sign(json!({"alg": "ES256", "kid": "a"}), "{}");
    assert_eq!(verified(&foreign, &keys), Err(Fault::Signature), "another's key under the same name");
    let newer = other.sign(json!({"alg": "ES256", "kid": "b"}), "{}");
    assert_eq!(verified(&newer, &keys), Err(Fault::UnknownKey));
}

#[test]
fn no_algorithm_without_a_public_key_gets_in() {
    let own = Signer::new();
    let jwk = own.jwk("a");
    let keys = set(std::slice::from_ref(&jwk));
    let payload = B64.encode("{}");
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS1", "ES384", "EdDSA"] {
        let header = B64.encode(json!({ "alg": alg, "kid": "a" }).to_string());
        // The classic: the public key as the secret of an HMAC.
        let secret = hmac::Key::new(hmac::HMAC_SHA256, jwk.to_string().as_bytes());
        let signed = format!("{header}.{payload}");
        let tag = B64.encode(hmac::sign(&secret, signed.as_bytes()));
        for signature in ["", tag.as_str()] {
            assert_eq!(verified(&format!("{signed}.{signature}"), &keys), Err(Fault::Algorithm), "{alg}");
        }
    }
    let as_rsa = own.sign(json!({"alg": "RS256", "kid": "a"}), "{}");
    assert_eq!(verified(&as_rsa, &keys), Err(Fault::UnknownKey), "a key is of one kind");
}

#[test]
fn what_is_no_token_is_refused() {
    let own = Signer::new();
    let keys = set(&[own.jwk("a")]);
    let good = own.sign(json!({"alg": "ES256"}), "{}");
    let critical = own.sign(json!({"alg": "ES256", "crit": ["b64"], "b64": false}), "{}");
    let long = "A".repeat(LENGTH_LIMIT + 1);
    let (five, padded) = (format!("{good}.{good}"), format!("{good}="));
    for bad in ["", ".", "..", "a.b", critical.as_str(), long.as_str(), five.as_str(), padded.as_str()] {
        assert_eq!(verified(bad, &keys), Err(Fault::Malformed), "{bad:.40}");
    }
    let mut encrypting = own.jwk("a");
    encrypting["use"] = json!("enc");
    assert_eq!(verified(&good, &set(&[encrypting])), Err(Fault::UnknownKey));
    assert!(super::keys(b"{}").is_none() && super::keys(b"[]").is_none());
}
