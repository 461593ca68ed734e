//! What a verified ID token must say (OpenID Connect Core 1.0, 3.1.3.7) before it names anybody. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use crate::clock::Instant;

/// A token older than this was not made for the answer it came with.
const AGE_LIMIT_S: i64 = 600;
const SUBJECT_LIMIT: usize = 255;

/// The claims that are read. One that is of another type makes the whole token unreadable, instead of
/// passing for one that is not there; a name that stands twice does too.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub exp: i64,
    pub iat: i64,
    #[serde(default)]
    pub nbf: Option<i64>,
    #[serde(default)]
    pub nonce: Option<String>,
    #[serde(default)]
    pub azp: Option<String>,
    #[serde(default)]
    pub at_hash: Option<String>,
    #[serde(default)]
    pub acr: Option<String>,
    #[serde(default)]
    pub amr: Option<Vec<String>>,
    #[serde(default)]
    pub auth_time: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What we asked for.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub access_token: Option<&'a str>,
    pub now: Instant,
    pub skew_s: i64,
}

/// The first thing that is wrong, named for the log.
pub fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), &'static str> {
    let now = expected.now.seconds();
    if claims.iss != expected.issuer {
        return Err("another issuer");
    }
    if claims.sub.is_empty() || claims.sub.len() > SUBJECT_LIMIT {
        return Err("no subject");
    }
    check_audience(claims, expected.client_id)?;
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err("another nonce");
    }
    if claims.exp.saturating_add(expected.skew_s) <= now {
        return Err("expired");
    }
    let earliest = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
    if earliest.saturating_sub(expected.skew_s) > now {
        return Err("from the future");
    }
    if now.saturating_sub(claims.iat) > AGE_LIMIT_S + expected.skew_s {
        return Err("too old");
    }
    match (&claims.at_hash, expected.access_token) {
        (Some(hash), Some(token)) if *hash != half_hash(token) => Err("another access token"),
        (Some(_), None) => Err("no access token"),
        _ => Ok(()),
    }
}

/// It is for us and for nobody beside us.
fn check_audience(claims: &Claims, client_id: &str) -> Result<(), &'static str> {
    let is_ours = match &claims.aud {
        Audience::One(one) => one == client_id,
        Audience::Many(many) => !many.is_empty() && many.iter().all(|one| one == client_id),
    };
    let is_our_party = claims.azp.as_deref().is_none_or(|party| party == client_id);
    if is_ours && is_our_party { Ok(()) } else { Err("another audience") }
}

/// `at_hash` of the algorithms that hash with SHA-256: the left half of the access token's hash.
fn half_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, access_token.as_bytes()).as_ref()[..16])
}

/// When the provider itself saw a second factor, if what it says of that is enough; never later than now.
pub fn confirmed_at(claims: &Claims, acr: &[String], amr: &[String], now: Instant) -> Option<Instant> {
    let is_acr = claims.acr.as_ref().is_some_and(|one| acr.contains(one));
    let is_amr = claims.amr.iter().flatten().any(|one| amr.contains(one));
    let at = Instant::from_ms(claims.auth_time?.checked_mul(1_000)?);
    (is_acr || is_amr).then(|| at.min(now))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW_S: i64 = 1_795_399_200;

    fn good() -> Value {
        json!({
            "iss": "https://sso.example", "sub": "s-1", "aud": "bienlai", "exp": NOW_S + 300,
            "iat": NOW_S - 5, "nonce": "n", "acr": "mfa", "auth_time": NOW_S - 10,
        })
    }

    fn judged(claims: &Value) -> Result<(), &'static str> {
        let claims: Claims = serde_json::from_value(claims.clone()).map_err(|_| "unreadable")?;
        let expected = Expected {
            issuer: "https://sso.example",
            client_id: "bienlai",
            nonce: "n",
            access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            now: Instant::from_ms(NOW_S * 1_000),
            skew_s: 60,
        };
        check(&claims, &expected)
    }

    #[test]
    fn only_a_fresh_answer_to_our_own_question_names_somebody() {
        assert_eq!(judged(&good()), Ok(()));
        let cases = [
            ("iss", json!("https://sso.example/"), "another issuer"),
            ("sub", json!(""), "no subject"),
            ("sub", json!("x".repeat(256)), "no subject"),
            ("sub", json!(7), "unreadable"),
            ("aud", json!("other"), "another audience"),
            ("aud", json!([]), "another audience"),
            ("aud", json!(["bienlai", "other"]), "another audience"),
            ("azp", json!("other"), "another audience"),
            ("nonce", json!("m"), "another nonce"),
            ("nonce", Value::Null, "another nonce"),
            ("exp", json!(NOW_S - 60), "expired"),
            ("exp", json!("never"), "unreadable"),
            ("iat", json!(NOW_S + 61), "from the future"),
            ("nbf", json!(NOW_S + 61), "from the future"),
            ("nbf", json!("later"), "unreadable"),
            ("iat", json!(NOW_S - 661), "too old"),
            ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RR"), "another access token"),
        ];
        for (name, value, why) in cases {
            let mut claims = good();
            claims[name] = value.clone();
            assert_eq!(judged(&claims), Err(why), "{name} = {value}");
        }
        let fine = [
            ("aud", json!(["bienlai"])),
            ("azp", json!("bienlai")),
            ("exp", json!(NOW_S - 59)),
            ("iat", json!(NOW_S + 60)),
            // The example of OpenID Connect Core, appendix A.3.
            ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")),
        ];
        for (name, value) in fine {
            let mut claims = good();
            claims[name] = value.clone();
            assert_eq!(judged(&claims), Ok(()), "{name} = {value}");
        }
        let twice = good().to_string().replacen('{', "{\"sub\":\"s-2\",", 1);
        assert!(serde_json::from_str::<Claims>(&twice).is_err(), "a name that stands twice");
    }

    #[test]
    fn a_second_factor_of_the_provider_counts_where_it_is_named_and_dated() {
        let now = Instant::from_ms(NOW_S * 1_000);
        let claims = |value: &Value| serde_json::from_value::<Claims>(value.clone()).unwrap();
        let mfa = ["mfa".to_owned()];
        assert_eq!(confirmed_at(&claims(&good()), &mfa, &[], now), Some(now.minus_seconds(10)));
        assert_eq!(confirmed_at(&claims(&good()), &[], &mfa, now), None, "by default ours is asked");
        let mut by_method = good();
        by_method["amr"] = json!(["pwd", "mfa"]);
        assert!(confirmed_at(&claims(&by_method), &[], &mfa, now).is_some());
        let mut undated = good();
        undated["auth_time"] = Value::Null;
        assert_eq!(confirmed_at(&claims(&undated), &mfa, &[], now), None);
        let mut ahead = good();
        ahead["auth_time"] = json!(NOW_S + 3_600);
        assert_eq!(confirmed_at(&claims(&ahead), &mfa, &[], now), Some(now));
    }
}
