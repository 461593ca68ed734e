//! What stands around every page: language, who is signed in, where they can go.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{Method, header};
use serde::Deserialize;

use super::asset;
use super::session::{self, Signed};
use super::ways::{self, Ways};
use super::wording::{COOKIE, Lang};
use super::{Page, Posted, read};
use crate::actor::Role;

/// A year, in seconds.
const LANGUAGE_LIFE_S: i64 = 365 * 86_400;

/// What an address ends with that a form leads to when it was taken.
const DONE: &str = "done=1";

/// What an address may say about which part of a page is shown, and is kept where the language is switched.
/// Nothing that people type to find somebody, and nothing that opens a thing by itself, is among it.
const KEPT: [&str; 20] = [
    "account", "after", "age", "before", "book", "date", "day", "from", "kind", "month", "owner", "page",
    "period", "quarter", "rule", "size", "state", "unit", "until", "year",
];

/// The frame of a page.
#[derive(Default)]
pub struct Frame {
    pub lang: Lang,
    /// Where switching the language leads back to; empty where nobody knows.
    pub back: String,
    /// A form was taken and led here: the page says so.
    pub is_done: bool,
    pub desk: Option<Desk>,
}

/// The part of the frame that staff see.
pub struct Desk {
    pub name: String,
    pub role: &'static str,
    pub csrf: String,
    pub home: &'static str,
    pub ways: Vec<Ways>,
}

impl Frame {
    pub fn public(request: &HttpRequest) -> Frame {
        Frame { lang: Lang::of(request), back: back(request), is_done: false, desk: None }
    }

    pub fn of(signed: &Signed, request: &HttpRequest) -> Frame {
        let lang = Lang::of(request);
        Frame {
            lang,
            back: back(request),
            is_done: request.method() == Method::GET
                && request.query_string().split('&').any(|one| one == DONE),
            desk: Some(Desk {
                name: signed.name.clone(),
                role: role_words(lang, signed.actor.role),
                csrf: signed.csrf.clone(),
                home: home(signed.actor.role),
                ways: ways::of(signed.actor.role, request.path(), lang),
            }),
        }
    }

    pub fn t(&self, key: &str) -> &'static str {
        self.lang.t(key)
    }

    pub fn css(&self) -> &'static str {
        asset::css_path()
    }

    pub fn icon(&self) -> &'static str {
        asset::icon_path()
    }

    pub fn js(&self) -> &'static str {
        asset::js_path()
    }
}

/// The place of a page that can be asked for again; of the answer to a form, the page the form stood on.
/// Places hold no personal data.
fn back(request: &HttpRequest) -> String {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return place(request.path(), request.query_string());
    }
    asked_from(request).map(|(path, query)| place(path, query)).unwrap_or_default()
}

/// The path of the page of ours that a request came from; browsers name it to us alone.
pub(super) fn referer(request: &HttpRequest) -> Option<&str> {
    asked_from(request).map(|(path, _)| path)
}

/// The path of that page and what was asked of it.
fn asked_from(request: &HttpRequest) -> Option<(&str, &str)> {
    let from = request.headers().get(header::REFERER)?.to_str().ok()?;
    let (_, rest) = from.split_once("://")?;
    let address = rest.get(rest.find('/')?..)?.split('#').next()?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    local(path).map(|path| (path, query))
}

/// A path, and of what is asked there what is kept. While somebody signs in nothing is: a provider's answer has a
/// `state` of its own.
fn place(path: &str, query: &str) -> String {
    let is_inside = !path.starts_with("/sign-in");
    let kept: Vec<&str> = query.split('&').filter(|pair| is_inside && is_kept(pair)).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

fn is_kept(pair: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_word = |value: &str| (1..=64).contains(&value.len()) && value.bytes().all(is_plain);
    pair.split_once('=').is_some_and(|(name, value)| KEPT.contains(&name) && is_word(value))
}

pub fn role_words(lang: Lang, role: Role) -> &'static str {
    lang.t(match role {
        Role::Cashier => "role_cashier",
        Role::Finance => "role_finance",
        Role::Approver => "role_approver",
        Role::Administrator => "role_administrator",
        Role::Auditor => "role_auditor",
        Role::DossierSystem => "role_dossier_system",
        Role::UnitReader => "role_unit_reader",
        Role::System => "role_system",
    })
}

/// Where a role begins its day.
pub fn home(role: Role) -> &'static str {
    match role {
        Role::Cashier => "/counter",
        Role::Administrator => "/users",
        _ => "/finance",
    }
}

#[derive(Deserialize)]
pub struct LanguageForm {
    lang: String,
    back: String,
}

/// `POST /language`: remembers the language and leads back.
pub async fn choose(request: HttpRequest, form: Posted<LanguageForm>) -> Page {
    session::check_origin(&request)?;
    let asked = read(form)?;
    let cookie = Cookie::build(COOKIE, Lang::named(&asked.lang).code())
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .max_age(actix_web::cookie::time::Duration::seconds(LANGUAGE_LIFE_S))
        .finish();
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, led_back(&asked.back)))
        .cookie(cookie)
        .finish())
}

/// Where a form leads back to: a place of ours, whatever the form says.
fn led_back(asked: &str) -> String {
    let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
    local(path).map_or_else(|| "/lookup".to_owned(), |path| place(path, query))
}

/// A path of this service and nothing that a browser would take for another place.
pub fn local(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let is_plain = rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
    (is_plain && !rest.starts_with('/') && !path.contains("//") && path.len() <= 200).then_some(path)
}

/// `GET /`: to the place where somebody's day begins, or where citizens look up.
pub async fn start(signed: Option<Signed>) -> HttpResponse {
    let to = signed.map_or("/lookup", |signed| home(signed.actor.role));
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

/// To a page that says that the form was taken.
pub fn see_done(place: impl std::fmt::Display) -> HttpResponse {
    let place = place.to_string();
    let joint = if place.contains('?') { '&' } else { '?' };
    see(format!("{place}{joint}{DONE}"))
}

/// What a handler of a page answers when it has done its work: the next page.
pub fn see(path: impl Into<String>) -> HttpResponse {
    let path: String = path.into();
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_form_changes_its_language_on_the_page_of_the_form() {
        let back = |from: &str| {
            let request = actix_web::test::TestRequest::post().uri("/finance/days/close");
            super::back(&request.insert_header(("referer", from)).to_http_request())
        };
        assert_eq!(back("https://bienlai.example/finance/days?x=1"), "/finance/days");
        assert_eq!(back("https://bienlai.example"), "");
        assert_eq!(back("https://bienlai.example//evil.example"), "");
        let asked = actix_web::test::TestRequest::get().uri("/finance/days").to_http_request();
        assert_eq!(super::back(&asked), "/finance/days");
        assert_eq!(back("https://bienlai.example/finance/days?unit=00004#top"), "/finance/days?unit=00004");
    }

    #[test]
    fn the_language_is_switched_on_the_same_part_of_a_page_and_carries_nothing_of_a_person() {
        let asked = |query: &str| {
            let request = actix_web::test::TestRequest::get().uri(&format!("/finance/exceptions?{query}"));
            super::back(&request.to_http_request())
        };
        assert_eq!(asked("unit=00004&month=2026-11"), "/finance/exceptions?unit=00004&month=2026-11");
        for left_out in
            ["text=Nguyen", "code=K7", "next=/users", "done=1", "unit=", "unit", "unit=%C4%90%20A"]
        {
            assert_eq!(asked(left_out), "/finance/exceptions", "{left_out}");
        }
        assert_eq!(led_back("/tax/registration?unit=00004&text=Mau"), "/tax/registration?unit=00004");
        assert_eq!(led_back("/sign-in/sso/callback?state=abc"), "/sign-in/sso/callback");
        assert_eq!(led_back("//evil.example?unit=00004"), "/lookup");
        assert_eq!(led_back("/a?unit=b\r\nX: y"), "/a");
    }

    #[test]
    fn nobody_is_led_to_another_place() {
        for good in ["/counter", "/p/HNPH7K2MQ4X97", "/", "/r/AB.xml"] {
            assert_eq!(local(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a//b",
            "/a?next=b",
            "/a\r\nX: y",
            "/%2f",
        ] {
            assert_eq!(local(bad), None, "{bad}");
        }
    }
}
