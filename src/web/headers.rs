//! Headers that every answer carries, whatever made it; what a handler set itself stays.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Answers that are no page run nothing, load nothing and are framed by nobody.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Files that a viewer draws with styles of its own.
const FILE_POLICY: &str = "frame-ancestors 'none'";
/// Two years, as browsers' lists of hosts ask for.
const TRANSPORT: &str = "max-age=63072000";

/// Adds what is missing. `is_secure`: the service is reached over TLS.
pub fn complete(headers: &mut HeaderMap, is_secure: bool) {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|media| media.as_bytes().starts_with(b"application/json"));
    let policy = if is_json { DATA_POLICY } else { FILE_POLICY };
    let all = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let transport = is_secure.then_some((header::STRICT_TRANSPORT_SECURITY, TRANSPORT));
    for (name, value) in all.into_iter().chain(transport) {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_added_and_what_is_there_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"));
        complete(&mut headers, false);
        assert_eq!(headers.get(header::CONTENT_SECURITY_POLICY).unwrap(), "default-src 'self'");
        assert_eq!(headers.get(header::X_FRAME_OPTIONS).unwrap(), "DENY");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "plain HTTP promises nothing");
        let mut bare = HeaderMap::new();
        complete(&mut bare, true);
        assert_eq!(bare.get(header::CONTENT_SECURITY_POLICY).unwrap(), DATA_POLICY);
        assert!(bare.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
