//! What a request carries: its sender, body, key, path and query.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::Shared;
use super::by_name::ByName;
use super::respond::{Failure, block};
use crate::actor::{Actor, Scope};
use crate::amount;
use crate::error::{Error, Result};
use crate::identity;
use crate::unit::succession;

/// The largest body of an API request.
pub const API_BODY_LIMIT_BYTES: usize = 1024 * 1024;
/// The largest bank file, read into memory up to here.
pub const STATEMENT_BODY_LIMIT_BYTES: usize = 64 * 1024 * 1024;
/// The longest token worth looking at.
const TOKEN_LIMIT: usize = 200;
const KEY_LIMIT: usize = 128;
/// The longest path to a field that is named; ours are far shorter.
const PATH_LIMIT: usize = 100;

/// The API client behind a bearer token.
pub struct Caller(pub Actor);

impl FromRequest for Caller {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let shared = request.app_data::<web::Data<Shared>>().cloned();
        let token = bearer(request);
        Box::pin(async move {
            let shared = shared.ok_or_else(|| Error::internal("the handlers share nothing"))?;
            let token = token?;
            let app = std::sync::Arc::clone(shared.app());
            // The token's client may be registered anywhere, so its row is read in every unit.
            let actor = block(move || {
                let today = app.clock.now().business_day();
                app.store.read(&Scope::All, |conn| {
                    let actor = identity::authenticate(conn, &token)?;
                    succession::acting(conn, actor, today)
                })
            });
            Ok(Caller(actor.await?))
        })
    }
}

fn bearer(request: &HttpRequest) -> Result<String> {
    let missing = || Error::unauthenticated("token_missing", "expected Authorization: Bearer");
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(Error::unauthenticated("token_repeated", "Authorization may appear once"));
    }
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    let token = token.trim();
    let is_plausible = scheme.eq_ignore_ascii_case("bearer") && (1..=TOKEN_LIMIT).contains(&token.len());
    is_plausible.then(|| token.to_owned()).ok_or_else(missing)
}

/// Reads the whole body; `body_too_large` as soon as it exceeds the limit.
pub async fn body(mut payload: web::Payload, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::invalid("body", "body_interrupted", "the body ended early"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Error::too_large("body_too_large", format!("at most {limit} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads JSON by the names of its fields, with no unknown ones; the field and place of a fault are told, its value
/// is not.
///
/// # Errors
/// `json_unreadable`, and `amount_not_whole` where it is an amount that does not read.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let unreadable = |field: &str, error: &serde_json::Error| {
        let detail = without_values(&error.to_string());
        if detail.contains(amount::EXPECTED) {
            return Error::invalid(field.to_owned(), "amount_not_whole", detail);
        }
        Error::invalid(field.to_owned(), "json_unreadable", detail)
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(ByName(&mut reader)).map_err(|error| {
        let path = error.path().to_string();
        unreadable(field_at(&path), error.inner())
    })?;
    reader.end().map_err(|error| unreadable("body", &error))?;
    Ok(read)
}

/// The field of a fault by its path; the body where the fault is in no field, and where a name in the path is
/// the sender's own.
pub fn field_at(path: &str) -> &str {
    let is_ours = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.[]".contains(&byte);
    let is_field = path != "." && path.len() <= PATH_LIMIT && path.bytes().all(is_ours);
    if is_field { path } else { "body" }
}

/// serde quotes offending strings in double quotes; they may be personal data.
fn without_values(message: &str) -> String {
    let mut kept = String::with_capacity(message.len());
    for (index, part) in message.split('"').enumerate() {
        kept.push_str(if index % 2 == 0 { part } else { "…" });
    }
    kept
}

/// Reads the query string.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T> {
    web::Query::<T>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| Error::invalid("query", "query_unreadable", without_values(&error.to_string())))
}

/// A part of the path, read as an id or another typed text.
pub fn path<T: FromStr<Err = Error>>(request: &HttpRequest, name: &str) -> Result<T> {
    request.match_info().get(name).unwrap_or_default().parse()
}

pub fn path_text<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.match_info().get(name).unwrap_or_default()
}

/// The `Idempotency-Key`: 1 to 128 visible ASCII characters, exactly once.
pub fn idempotency_key(request: &HttpRequest) -> Result<String> {
    let invalid = |code, detail| Error::invalid("Idempotency-Key", code, detail);
    let mut values = request.headers().get_all("idempotency-key");
    let value = values.next().ok_or_else(|| invalid("idempotency_key_missing", "the header is required"))?;
    let is_good = (1..=KEY_LIMIT).contains(&value.len())
        && value.as_bytes().iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    match value.to_str() {
        Ok(key) if is_good => Ok(key.to_owned()),
        _ => Err(invalid("idempotency_key_unreadable", "1 to 128 visible ASCII characters, once")),
    }
}

/// Where a request came from. Behind trusted proxies that is the last address in
/// `X-Forwarded-For` that is none of theirs: what stands before it anybody may have written.
pub fn source(request: &HttpRequest, trusted: &[IpAddr]) -> IpAddr {
    let peer =
        request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical());
    if !trusted.contains(&peer) {
        return peer;
    }
    let lines: Vec<&str> =
        request.headers().get_all(header::X_FORWARDED_FOR).filter_map(|value| value.to_str().ok()).collect();
    let hops = lines.iter().flat_map(|line| line.split(','));
    let addresses = hops.map_while(|hop| hop.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical()));
    let known: Vec<IpAddr> = addresses.collect();
    known.into_iter().rev().find(|address| !trusted.contains(address)).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;

    use super::*;
    use crate::error::Kind;

    #[actix_web::test]
    async fn a_body_that_breaks_off_is_told_apart_from_one_that_is_too_large() {
        let read = async |parts: Vec<Result<web::Bytes, PayloadError>>, limit| {
            let request = TestRequest::default().to_http_request();
            let mut sent: Payload = Payload::Stream { payload: Box::pin(futures_util::stream::iter(parts)) };
            let sent = web::Payload::from_request(&request, &mut sent).await.unwrap();
            body(sent, limit).await.map_err(|error| error.code())
        };
        let begun = || Ok(web::Bytes::from_static(b"{ \"a\""));
        assert_eq!(read(vec![begun(), begun()], 10).await, Ok(b"{ \"a\"{ \"a\"".to_vec()));
        assert_eq!(read(vec![begun(), begun()], 9).await, Err("body_too_large"));
        assert_eq!(
            read(vec![begun(), Err(PayloadError::Incomplete(None))], 12).await,
            Err("body_interrupted")
        );
    }

    #[test]
    fn a_key_is_one_visible_text() {
        let key = |values: &[&str]| {
            let mut request = TestRequest::default();
            for value in values {
                request = request.append_header(("Idempotency-Key", *value));
            }
            idempotency_key(&request.to_http_request()).map_err(|error| error.code())
        };
        assert_eq!(key(&["H26-0001"]), Ok("H26-0001".to_owned()));
        assert_eq!(key(&[]), Err("idempotency_key_missing"));
        for wrong in [&["a b"][..], &[""], &["a", "a"], &["khoá"], &[&"k".repeat(129)]] {
            assert_eq!(key(wrong), Err("idempotency_key_unreadable"), "{wrong:?}");
        }
    }

    #[test]
    fn a_token_is_shown_once_and_in_one_header() {
        let shown = |values: &[&str]| {
            let mut request = TestRequest::default();
            for value in values {
                request = request.append_header(("Authorization", *value));
            }
            bearer(&request.to_http_request()).map_err(|error| error.code())
        };
        assert_eq!(shown(&["Bearer cli_1.secret"]), Ok("cli_1.secret".to_owned()));
        for missing in [&[][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["cli_1.secret"]] {
            assert_eq!(shown(missing), Err("token_missing"), "{missing:?}");
        }
        assert_eq!(shown(&["Bearer a", "Bearer b"]), Err("token_repeated"));
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let request = |peer: &str| {
            TestRequest::default()
                .peer_addr(format!("{peer}:5000").parse().unwrap())
                .append_header(("X-Forwarded-For", "203.0.113.9, 198.51.100.7"))
                .append_header(("X-Forwarded-For", "10.0.0.1"))
                .to_http_request()
        };
        let found = |peer: &str| source(&request(peer), &[proxy]).to_string();
        assert_eq!(found("10.0.0.1"), "198.51.100.7", "the first entry is the sender's own word");
        assert_eq!(found("203.0.113.1"), "203.0.113.1");
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Named {
        pages: u32,
        payer: Option<Payer>,
        #[serde(default)]
        lines: Vec<Payer>,
        pair: Option<(u32, String)>,
        by: Option<By>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Payer {
        name: String,
        share: Option<rust_decimal::Decimal>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum By {
        Nobody,
        Desk { name: String },
    }

    #[test]
    fn fields_are_read_by_their_names_and_never_by_their_order() {
        let whole = br#" {"pages": 3, "payer": {"name": "A", "share": "0.5"}, "lines": [{"name": "B"}, {"name": "C"}],
            "pair": [7, "x"], "by": {"desk": {"name": "D"}}}"#;
        let payer = |name: &str, share: Option<&str>| Payer {
            name: name.to_owned(),
            share: share.map(|share| share.parse().unwrap()),
        };
        let read = Named {
            pages: 3,
            payer: Some(payer("A", Some("0.5"))),
            lines: vec![payer("B", None), payer("C", None)],
            pair: Some((7, "x".to_owned())),
            by: Some(By::Desk { name: "D".to_owned() }),
        };
        assert_eq!(json::<Named>(whole).unwrap(), read);
        let nobody = json::<Named>(br#"{"pages": 3, "payer": null, "by": "nobody"}"#).unwrap();
        assert_eq!((nobody.payer, nobody.by), (None, Some(By::Nobody)));
        for (body, at) in [
            (r#" [3]"#, "body"),
            (r#"{"pages": 3, "payer": ["A", "0.5"]}"#, "payer"),
            (r#"{"pages": 3, "lines": [{"name": "B"}, ["C", null]]}"#, "lines[1]"),
            (r#"{"pages": 3, "by": {"desk": ["D"]}}"#, "by"),
        ] {
            let error = json::<Named>(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "json_unreadable", "{body}");
            let Kind::Invalid { field } = error.kind() else { panic!("{body}: {error:?}") };
            assert!(field.starts_with(at), "{body}: {field}");
        }
    }

    #[test]
    fn a_fault_in_json_tells_the_place_and_no_value() {
        let error = json::<Named>(b"{\"pages\": \"Nguyen Van Mau\"}").unwrap_err();
        assert_eq!(error.code(), "json_unreadable");
        assert!(error.detail().contains("line 1") && !error.detail().contains("Mau"), "{}", error.detail());
    }
}
