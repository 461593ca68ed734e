//! `/sign-in`, `/sign-out`, `/account`: sessions begin and end here.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::fields::{Fields, Pairs, Wrong};
use super::frame::{self, Frame, local, see};
use super::matter::moment;
use super::session::{self, Signed, check_origin, is_led_by_own_page};
use super::{Page, Posted, html, read};
use crate::actor::{Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::SessionId;
use crate::identity::sign_in::{self, Shown};
use crate::identity::{recovery_codes_left, session as sessions, sso};
use crate::store::Lane;
use crate::unit::CITY;
use crate::web::Shared;
use crate::web::extract;
use crate::web::limit;
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    /// Where its person wanted to go.
    next: String,
    name: String,
    is_refused: bool,
    /// Why somebody is here again.
    note: &'static str,
    /// What single sign-on is called, where it is offered.
    sso: Option<String>,
}

/// The sign-in page for somebody whose try failed for the reason of this key.
pub(super) fn refused(frame: Frame, shared: &Shared, key: &str, (next, name): (&str, &str)) -> HttpResponse {
    let page = SignInPage {
        note: frame.t(key),
        frame,
        next: place(next).unwrap_or_default().to_owned(),
        name: name.to_owned(),
        is_refused: true,
        sso: super::sso::offered(shared),
    };
    html(StatusCode::UNAUTHORIZED, &page)
}

/// The answer to somebody who is in: their page, with the cookie of the new session.
pub(super) fn entered(role: Role, token: &SecretString, next: &str) -> HttpResponse {
    let mut answer = see(place(next).unwrap_or(frame::home(role)));
    let _ = answer.add_cookie(&session::cookie(token.expose_secret()));
    answer
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
    /// Whether a form was sent whose session is over.
    lost: String,
}

/// `GET /sign-in`
pub async fn form(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let asked = extract::query::<Asked>(&request).unwrap_or_default();
    let frame = Frame::public(&request);
    let is_lost = !asked.lost.is_empty() && is_led_by_own_page(&request);
    let page = SignInPage {
        next: place(&asked.next).unwrap_or_default().to_owned(),
        name: String::new(),
        is_refused: false,
        note: if is_lost { frame.t("sign_in_over") } else { "" },
        frame,
        sso: super::sso::offered(&shared),
    };
    Ok(html(StatusCode::OK, &page))
}

/// Pages of staff that signing in may lead to.
pub(super) fn place(next: &str) -> Option<&str> {
    let path = local(next)?;
    let first = path.split('/').nth(1)?;
    const ROOMS: [&str; 11] = [
        "counter",
        "finance",
        "tax",
        "users",
        "duties",
        "privacy",
        "account",
        "city",
        "tariff",
        "admin",
        "onboarding",
    ];
    ROOMS.contains(&first).then_some(path)
}

/// `POST /sign-in`: a session with a new token, whatever the browser showed before.
pub async fn enter(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    let source = shared.source(&request);
    shared.sign_ins.check(source)?;
    let source = limit::network(source).to_string();
    let _turn = shared.hashing.turn().await?;
    let fields = Fields::of(read(form)?);
    let frame = Frame::public(&request);
    let old = session::token_of(&request);
    let app = Arc::clone(shared.app());
    let typed = fields.clone();
    let trying = block(move || {
        let shown = Shown {
            name: typed.trimmed("name"),
            password: typed.get("password"),
            code: typed.trimmed("code"),
            source: &source,
        };
        let login = app.store.read(&Scope::All, |conn| sign_in::named(conn, shown.name))?;
        let checked = sign_in::check(login.as_ref(), &shown)?;
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let entered = sign_in::sign_in(tx, &app.stamp(), &checked, &shown)?;
            if entered.is_some()
                && let Some(old) = &old
            {
                sessions::end_by_token(tx, old)?;
            }
            Ok(entered)
        })
    });
    let Some((login, token)) = trying.await? else {
        let typed = (fields.get("next"), fields.trimmed("name"));
        return Ok(refused(frame, &shared, "sign_in_refused", typed));
    };
    Ok(entered(login.role, &token, fields.get("next")))
}

/// `POST /sign-out`
pub async fn leave(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    signed.fields(&request, form)?;
    let app = Arc::clone(shared.app());
    block(move || {
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let entry = audit::Entry::by(&signed.actor, CITY, "login.signed_out", signed.session.login.id);
            audit::record(tx, &app.stamp(), &[entry])?;
            sessions::end(tx, signed.session.id)
        })
    })
    .await?;
    Ok(away())
}

/// To the sign-in page, without a cookie and without anything the browser kept of this service.
fn away() -> HttpResponse {
    let mut answer = see("/sign-in");
    let _ = answer.add_cookie(&session::no_cookie());
    answer.headers_mut().insert(
        header::HeaderName::from_static("clear-site-data"),
        header::HeaderValue::from_static("\"cache\""),
    );
    answer
}

struct SessionRow {
    id: SessionId,
    since: String,
    seen: String,
    /// The one in which the page is looked at.
    is_this: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    csrf: String,
    login: String,
    name: String,
    has_second_factor: bool,
    recovery_left: i64,
    sessions: Vec<SessionRow>,
    /// What single sign-on is called, where it is offered, and whether the login is linked.
    sso: Option<(String, bool)>,
    must_confirm: bool,
    wrong: Wrong,
}

/// `GET /account`: the person's own login.
pub async fn account(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    account_page(request, &signed, shared, Wrong::default()).await
}

/// The same page when a form of it comes back.
pub(super) async fn account_page(
    request: HttpRequest,
    signed: &Signed,
    shared: web::Data<Shared>,
    wrong: Wrong,
) -> Page {
    let frame = Frame::of(signed, &request);
    let app = Arc::clone(shared.app());
    let (id, this) = (signed.session.login.id, signed.session.id);
    let (recovery_left, sessions, is_linked) = block(move || {
        app.store.read(&Scope::All, |conn| {
            let sessions = sessions::of_login(conn, app.clock.now(), id)?;
            Ok((recovery_codes_left(conn, id)?, sessions, sso::is_linked(conn, id)?))
        })
    })
    .await?;
    let row = |(id, since, seen): (SessionId, Instant, Instant)| SessionRow {
        id,
        since: moment(since),
        seen: moment(seen),
        is_this: id == this,
    };
    let page = AccountPage {
        frame,
        csrf: signed.csrf.clone(),
        login: signed.session.login.name.clone(),
        name: signed.name.clone(),
        has_second_factor: signed.session.login.has_second_factor(),
        recovery_left,
        sessions: sessions.into_iter().map(row).collect(),
        sso: super::sso::offered(&shared).map(|name| (name, is_linked)),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong,
    };
    let status = if page.wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(html(status, &page))
}

/// `POST /account/sign-out-everywhere`: ends every session of the login, this one too.
pub async fn leave_everywhere(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    signed.fields(&request, form)?;
    let app = Arc::clone(shared.app());
    block(move || -> Result<usize> {
        app.store.write(&Scope::All, Lane::Live, |tx| sessions::end_all(tx, signed.session.login.id))
    })
    .await?;
    Ok(away())
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::*;
    use crate::web::routes;

    #[test]
    fn signing_in_leads_back_to_every_page_of_staff() {
        const OPEN: [&str; 16] = [
            "",
            "sign-in",
            "invitation",
            "p",
            "r",
            "s",
            "screen",
            "lookup",
            "verify",
            "api",
            "assets",
            "robots.txt",
            "favicon.ico",
            "healthz",
            "readyz",
            "metrics",
        ];
        for entry in routes::entries().iter().filter(|entry| entry.method == Method::GET) {
            let first = entry.path.split('/').nth(1).unwrap_or_default();
            let path = entry.path.replace(['{', '}'], "");
            assert_eq!(place(&path).is_some(), !OPEN.contains(&first), "{path}");
        }
    }

    #[test]
    fn signing_in_leads_to_pages_of_staff_only() {
        for good in ["/counter", "/finance/days", "/users", "/counter/obligations/obl_01"] {
            assert_eq!(place(good), Some(good));
        }
        for bad in ["//evil.example/counter", "/sign-out", "/p/X", "https://x", "/counter?x=1", ""] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
