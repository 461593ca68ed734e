//! `/sign-in`, `/sign-out`, `/account`: sessions begin and end here.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::fields::{Fields, Pairs};
use super::frame::{self, Frame, local, see};
use super::session::{self, Signed, check_origin};
use super::{Page, Posted, html, read};
use crate::actor::Scope;
use crate::audit;
use crate::error::Result;
use crate::identity::sign_in::{self, Shown};
use crate::identity::{login_summary, session as sessions};
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
    /// Sent away because of too many tries from this address.
    note: &'static str,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn form(request: HttpRequest) -> Page {
    let next = extract::query::<Asked>(&request).map(|asked| asked.next).unwrap_or_default();
    let page = SignInPage {
        frame: Frame::public(&request),
        next: place(&next).unwrap_or_default().to_owned(),
        name: String::new(),
        is_refused: false,
        note: "",
    };
    Ok(html(StatusCode::OK, &page))
}

/// Pages of staff that signing in may lead to.
fn place(next: &str) -> Option<&str> {
    let path = local(next)?;
    let first = path.split('/').nth(1)?;
    const ROOMS: [&str; 10] = [
        "counter",
        "finance",
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
    let entered = block(move || {
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
    let Some((login, token)) = entered.await? else {
        let page = SignInPage {
            note: frame.t("sign_in_refused"),
            frame,
            next: place(fields.get("next")).unwrap_or_default().to_owned(),
            name: fields.trimmed("name").to_owned(),
            is_refused: true,
        };
        return Ok(html(StatusCode::UNAUTHORIZED, &page));
    };
    let home = frame::home(login.role);
    let to = place(fields.get("next")).unwrap_or(home);
    let mut answer = see(to);
    let _ = answer.add_cookie(&session::cookie(token.expose_secret()));
    Ok(answer)
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

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    csrf: String,
    login: String,
    name: String,
    has_second_factor: bool,
    recovery_left: i64,
    sessions: i64,
}

/// `GET /account`: the person's own login.
pub async fn account(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let frame = Frame::of(&signed, &request);
    let app = Arc::clone(shared.app());
    let id = signed.session.login.id;
    let (recovery_left, sessions) =
        block(move || app.store.read(&Scope::All, |conn| login_summary(conn, id))).await?;
    let page = AccountPage {
        frame,
        csrf: signed.csrf,
        login: signed.session.login.name.clone(),
        name: signed.name,
        has_second_factor: signed.session.login.has_second_factor(),
        recovery_left,
        sessions,
    };
    Ok(html(StatusCode::OK, &page))
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
    use super::*;

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
