//! What stands around every page: language, who is signed in, where they can go.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use serde::Deserialize;

use super::asset;
use super::session::{self, Signed};
use super::wording::{COOKIE, Lang};
use super::{Page, Posted, read};
use crate::actor::Role;

/// A year, in seconds.
const LANGUAGE_LIFE_S: i64 = 365 * 86_400;

/// The frame of a page.
#[derive(Default)]
pub struct Frame {
    pub lang: Lang,
    /// Where switching the language leads back to; empty where a page is the answer to a form.
    pub back: String,
    pub desk: Option<Desk>,
}

/// The part of the frame that staff see.
pub struct Desk {
    pub name: String,
    pub role: &'static str,
    pub csrf: String,
    pub home: &'static str,
    pub items: Vec<Item>,
}

/// One way to go.
pub struct Item {
    pub href: &'static str,
    pub words: &'static str,
    pub is_here: bool,
}

impl Frame {
    pub fn public(request: &HttpRequest) -> Frame {
        Frame { lang: Lang::of(request), back: back(request), desk: None }
    }

    pub fn of(signed: &Signed, request: &HttpRequest) -> Frame {
        let lang = Lang::of(request);
        let path = request.path();
        let item = |&(href, key): &(&'static str, &'static str)| Item {
            href,
            words: lang.t(key),
            is_here: href == path,
        };
        Frame {
            lang,
            back: back(request),
            desk: Some(Desk {
                name: signed.name.clone(),
                role: role_words(lang, signed.actor.role),
                csrf: signed.csrf.clone(),
                home: home(signed.actor.role),
                items: ways(signed.actor.role).iter().map(item).collect(),
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

/// The path of a page that can be asked for again. Paths hold no personal data.
fn back(request: &HttpRequest) -> String {
    let is_page = request.method() == actix_web::http::Method::GET;
    if is_page { request.path().to_owned() } else { String::new() }
}

pub fn role_words(lang: Lang, role: Role) -> &'static str {
    lang.t(match role {
        Role::Cashier => "role_cashier",
        Role::Finance => "role_finance",
        Role::Approver => "role_approver",
        Role::Administrator => "role_administrator",
        Role::Auditor => "role_auditor",
        Role::DossierSystem | Role::UnitReader | Role::System => "role_system",
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

fn ways(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::Cashier => &[
            ("/counter", "way_counter"),
            ("/counter/walk-in", "way_walk_in"),
            ("/counter/shift", "way_shift"),
            ("/counter/slips", "way_slips"),
            ("/counter/complaints", "complaint_title"),
            ("/duties", "way_duties"),
            ("/privacy", "way_privacy"),
            ("/account", "way_account"),
        ],
        Role::Auditor => &[
            ("/finance", "way_board"),
            ("/finance/statements", "way_statements"),
            ("/finance/exceptions", "way_exceptions"),
            ("/finance/refunds", "way_refunds"),
            ("/finance/slips", "way_slips"),
            ("/finance/days", "way_days"),
            ("/finance/remittances", "way_remittances"),
            ("/finance/trust", "way_trust"),
            ("/finance/lists", "way_lists"),
            ("/city", "way_city"),
            ("/tariff", "way_tariff"),
            ("/admin/units", "way_units"),
            ("/onboarding", "way_onboarding"),
            ("/users", "way_users"),
            ("/admin/clients", "way_clients"),
            ("/admin/webhooks", "way_webhooks"),
            ("/admin/operations", "way_operations"),
            ("/admin/trail", "way_trail"),
            ("/admin/evidence", "way_evidence"),
            ("/admin/proposals", "way_proposals"),
            ("/duties", "way_duties"),
            ("/privacy", "way_privacy"),
            ("/account", "way_account"),
        ],
        Role::Approver => &[
            ("/finance", "way_board"),
            ("/finance/statements", "way_statements"),
            ("/finance/exceptions", "way_exceptions"),
            ("/finance/refunds", "way_refunds"),
            ("/finance/slips", "way_slips"),
            ("/finance/days", "way_days"),
            ("/finance/remittances", "way_remittances"),
            ("/finance/trust", "way_trust"),
            ("/finance/lists", "way_lists"),
            ("/city", "way_city"),
            ("/tariff", "way_tariff"),
            ("/duties", "way_duties"),
            ("/account", "way_account"),
        ],
        Role::Finance => &[
            ("/finance", "way_board"),
            ("/finance/statements", "way_statements"),
            ("/finance/exceptions", "way_exceptions"),
            ("/finance/refunds", "way_refunds"),
            ("/finance/slips", "way_slips"),
            ("/finance/days", "way_days"),
            ("/finance/remittances", "way_remittances"),
            ("/finance/trust", "way_trust"),
            ("/finance/lists", "way_lists"),
            ("/city", "way_city"),
            ("/tariff", "way_tariff"),
            ("/counter/complaints", "complaint_title"),
            ("/duties", "way_duties"),
            ("/privacy", "way_privacy"),
            ("/account", "way_account"),
        ],
        Role::Administrator => &[
            ("/users", "way_users"),
            ("/admin/units", "way_units"),
            ("/onboarding", "way_onboarding"),
            ("/tariff", "way_tariff"),
            ("/admin/clients", "way_clients"),
            ("/admin/webhooks", "way_webhooks"),
            ("/admin/operations", "way_operations"),
            ("/admin/trail", "way_trail"),
            ("/admin/proposals", "way_proposals"),
            ("/finance/trust", "way_trust"),
            ("/finance", "way_board"),
            ("/city", "way_city"),
            ("/duties", "way_duties"),
            ("/privacy", "way_privacy"),
            ("/account", "way_account"),
        ],
        _ => &[],
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
