//! Who is signed in at the pages: the cookie, the form token, the origin of a request.
//!
//! The API takes no cookie and the pages take no token. A form of somebody signed in carries a token
//! that follows from the session and is worth nothing in another one.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use ring::hmac;

use super::fields::{Fields, Pairs};
use super::frame::local;
use super::{PageFailure, Posted, read};
use crate::actor::{Actor, Role, Scope};
use crate::error::{Error, Result};
use crate::identity::{self, session};
use crate::store::Lane;
use crate::text;
use crate::unit::succession;
use crate::web::Shared;
use crate::web::respond::block;

/// `__Host-`: over TLS only (or to this very machine), for this host only, for every path.
const COOKIE: &str = "__Host-bienlai";

/// Somebody who is signed in.
pub struct Signed {
    pub session: session::Session,
    pub actor: Actor,
    /// The person's name, as receipts print it.
    pub name: String,
    /// The token that the forms of this session carry.
    pub csrf: String,
}

impl Signed {
    pub fn require(&self, roles: &[Role]) -> Result<()> {
        self.actor.require_role(roles)
    }

    /// The fields of a form that came from a page of this session. `form_forged` for another one's.
    pub fn fields(&self, request: &HttpRequest, form: Posted<Pairs>) -> Result<Fields> {
        check_origin(request)?;
        let fields = Fields::of(read(form)?);
        self.check_token(fields.get("csrf"))?;
        Ok(fields)
    }

    pub fn check_token(&self, shown: &str) -> Result<()> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"bienlai form token comparison");
        let own = hmac::sign(&key, self.csrf.as_bytes());
        let is_own = hmac::verify(&key, shown.as_bytes(), own.as_ref()).is_ok();
        is_own.then_some(()).ok_or_else(forged)
    }
}

fn forged() -> Error {
    Error::forbidden("form_forged", "the form is not of a page of this session")
}

/// What follows from a session's token for its forms. Nobody gets from one to the other.
fn form_token(token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    text::hex(hmac::sign(&key, b"bienlai form token v1").as_ref())
}

/// A request whose browser says that another site sent it is refused. Browsers say so in `Origin`,
/// newer ones in `Sec-Fetch-Site` too; programs without either have no session to abuse.
pub fn check_origin(request: &HttpRequest) -> Result<()> {
    if let Some(site) = site(request)
        && !matches!(site, "same-origin" | "none")
    {
        return Err(forged());
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(()) };
    is_own(request, origin.to_str().unwrap_or_default()).then_some(()).ok_or_else(forged)
}

/// Where the browser says that a request comes from.
fn site(request: &HttpRequest) -> Option<&str> {
    request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok())
}

/// Whether the browser says that a page of this service led here, through every redirect between. What a page
/// tells because of its address alone, anybody could have it tell by a link.
pub(super) fn is_led_by_own_page(request: &HttpRequest) -> bool {
    site(request).map_or_else(|| page_before(request).is_some(), |site| site == "same-origin")
}

/// Whether an origin is this service, as it was asked for or as it is known outside.
fn is_own(request: &HttpRequest, origin: &str) -> bool {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let public = request.app_data::<web::Data<Shared>>().map(|shared| shared.url(""));
    let is_host = origin.split_once("://").is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https") && !host.is_empty() && authority == host
    });
    is_host || public.as_deref().is_some_and(|public| origin == origin_of(public))
}

/// The page of this service on which a form was sent, where the browser says so.
fn page_before(request: &HttpRequest) -> Option<String> {
    let referer = request.headers().get(header::REFERER)?.to_str().ok()?;
    let origin = origin_of(referer);
    let path = referer.strip_prefix(origin)?.split(['?', '#']).next()?;
    local(path).filter(|_| is_own(request, origin)).map(str::to_owned)
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

impl FromRequest for Signed {
    type Error = SignedFailure;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self, SignedFailure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let shared = request.app_data::<web::Data<Shared>>().cloned();
        let token = token_of(request);
        let is_form = !matches!(*request.method(), Method::GET | Method::HEAD);
        let next = if is_form { page_before(request) } else { Some(request.path().to_owned()) };
        Box::pin(async move {
            let found = async {
                let shared = shared.ok_or_else(|| Error::internal("the handlers share nothing"))?;
                let token =
                    token.ok_or_else(|| Error::unauthenticated("session_over", "no session is shown"))?;
                let app = Arc::clone(shared.app());
                block(move || signed(&app, &token)).await
            };
            found.await.map_err(|error| SignedFailure { error: error.into(), next, is_form })
        })
    }
}

/// The token of the session cookie, if there is exactly one.
pub fn token_of(request: &HttpRequest) -> Option<String> {
    let cookies = request.cookies().ok()?;
    let mut own = cookies.iter().filter(|cookie| cookie.name() == COOKIE);
    let token = own.next()?.value().to_owned();
    own.next().is_none().then_some(token)
}

fn signed(app: &crate::app::App, token: &str) -> Result<Signed> {
    let now = app.clock.now();
    let (session, name, actor) = app.store.read(&Scope::All, |conn| {
        let session = session::find(conn, now, token)?;
        let name = identity::person_name(conn, session.login.person)?;
        let actor = succession::acting(conn, session.login.actor(), now.business_day())?;
        Ok((session, name, actor))
    })?;
    if session.is_due(now) {
        app.store.write(&Scope::All, Lane::Live, |tx| session::seen(tx, now, session.id))?;
    }
    Ok(Signed { actor, csrf: form_token(token), name, session })
}

/// Why there is no session, and where its person wanted to go.
#[derive(Debug)]
pub struct SignedFailure {
    error: PageFailure,
    next: Option<String>,
    /// A form was sent, and nothing of it was taken.
    is_form: bool,
}

impl std::fmt::Display for SignedFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for SignedFailure {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    /// Without a session one signs in and comes back to the page; forms are typed again, and who sent one is told.
    fn error_response(&self) -> HttpResponse {
        if self.error.status_code() != StatusCode::UNAUTHORIZED {
            return self.error.error_response();
        }
        let next = self.next.as_deref().unwrap_or_default();
        super::frame::see(match self.is_form {
            true => format!("/sign-in?next={next}&lost=form"),
            false => format!("/sign-in?next={next}"),
        })
    }
}

/// The cookie of a new session.
pub fn cookie(token: &str) -> Cookie<'static> {
    Cookie::build(COOKIE, token.to_owned())
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// The cookie that takes a session's away.
pub fn no_cookie() -> Cookie<'static> {
    let mut cookie = cookie("");
    cookie.make_removal();
    cookie
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_form_token_belongs_to_one_session() {
        assert_eq!(form_token("one"), form_token("one"));
        assert_ne!(form_token("one"), form_token("two"));
        assert!(!form_token("one").contains("one"));
    }

    #[test]
    fn a_request_that_another_site_sent_is_refused() {
        let check = |headers: &[(&str, &str)]| {
            let mut request = TestRequest::post().insert_header(("host", "bienlai.example"));
            for header in headers {
                request = request.insert_header(*header);
            }
            check_origin(&request.to_http_request()).is_ok()
        };
        assert!(check(&[("origin", "https://bienlai.example")]));
        assert!(check(&[("origin", "https://bienlai.example"), ("sec-fetch-site", "same-origin")]));
        assert!(check(&[]));
        for bad in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "https://bienlai.example.evil.example")],
            &[("origin", "ftp://bienlai.example")],
            &[("origin", "https://bienlai.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
        ] {
            assert!(!check(bad), "{bad:?}");
        }
        assert_eq!(origin_of("https://bienlai.example/path"), "https://bienlai.example");
    }

    #[test]
    fn who_sent_a_form_comes_back_to_its_page_and_to_no_other_place() {
        let before = |referer: &str| {
            let request = TestRequest::post().insert_header(("host", "bienlai.example"));
            page_before(&request.insert_header(("referer", referer)).to_http_request())
        };
        let page = "https://bienlai.example/counter/obligations/obl_01?change=1#top";
        assert_eq!(before(page).as_deref(), Some("/counter/obligations/obl_01"));
        for elsewhere in [
            "https://evil.example/counter",
            "https://bienlai.example.evil.example/counter",
            "https://bienlai.example//evil.example",
            "/counter",
            "",
        ] {
            assert_eq!(before(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_link_that_somebody_sent_was_not_led_by_a_page_of_ours() {
        let led = |headers: &[(&str, &str)]| {
            let mut request = TestRequest::get().insert_header(("host", "bienlai.example"));
            for header in headers {
                request = request.insert_header(*header);
            }
            is_led_by_own_page(&request.to_http_request())
        };
        let own = ("referer", "https://bienlai.example/counter");
        assert!(led(&[("sec-fetch-site", "same-origin")]));
        assert!(led(&[own]), "a browser that does not say where a request comes from");
        for other in ["none", "same-site", "cross-site", ""] {
            assert!(!led(&[("sec-fetch-site", other), own]), "{other}");
        }
        assert!(!led(&[("referer", "https://evil.example/counter")]) && !led(&[]));
    }

    #[test]
    fn the_session_cookie_is_for_this_host_and_no_script() {
        let text = cookie("t").to_string();
        for part in ["__Host-bienlai=t", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("Domain"), "{text}");
        assert!(no_cookie().to_string().contains("Max-Age=0"));
    }
}
