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

/// The path of a page that can be asked for again; of the answer to a form, the page the form stood on.
/// Paths hold no personal data.
fn back(request: &HttpRequest) -> String {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return request.path().to_owned();
    }
    referer(request).unwrap_or_default().to_owned()
}

/// The path of the page of ours that a request came from; browsers name it to us alone.
pub(super) fn referer(request: &HttpRequest) -> Option<&str> {
    let from = request.headers().get(header::REFERER)?.to_str().ok()?;
    path_of(from).and_then(local)
}

/// The path of an address, without what is asked.
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.get(rest.find('/')?..)?;
    path.split(['?', '#']).next()
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
        .insert_header((header::LOCATION, local(&asked.back).unwrap_or("/lookup").to_owned()))
        .cookie(cookie)
        .finish())
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
