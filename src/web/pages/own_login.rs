//! `/account/…`: what people change about their own login: password, recovery codes, a second factor, sessions.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::acting::{self, Acted, By};
use super::fields::{Fields, Pairs, Wrong};
use super::frame::{Frame, see_done};
use super::session::Signed;
use super::sign_in::account_page;
use super::{Page, Posted, html};
use crate::actor::Scope;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::SessionId;
use crate::identity::sign_in::{self, Shown};
use crate::identity::{invitation, own, session, totp};
use crate::obligation::vietqr::svg;
use crate::store::Lane;
use crate::web::Shared;

#[derive(Template)]
#[template(path = "account_codes.html")]
struct CodesPage {
    frame: Frame,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "account_second_factor.html")]
struct SecondFactorPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    must_confirm: bool,
    has_second_factor: bool,
    qr: String,
    typed: String,
}

/// `POST /account/password`
pub async fn password(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let turn = shared.hashing.turn().await?;
    let Acted { signed, done, .. } =
        acting::act_on(signed, fields, &shared, By::OWN, change_password).await?;
    drop(turn);
    answered(request, signed, shared, done.map(|()| None)).await
}

fn change_password(app: &App, signed: &Signed, fields: &Fields) -> Result<()> {
    let login = &signed.session.login;
    let hash = invitation::prepare(login, fields.get("password"), fields.get("again"))?;
    let typed = Shown { name: &login.name, password: fields.get("current"), code: "", source: "" };
    let checked = sign_in::check(Some(login), &typed)?;
    let is_right = app.store.write(&Scope::All, Lane::Live, |tx| {
        own::change_password(tx, &app.stamp(), &signed.session, &checked, &hash)
    })?;
    let wrong = || Error::invalid("current", "password_wrong", "not the password of this login");
    is_right.then_some(()).ok_or_else(wrong)
}

/// `POST /account/recovery-codes`: new ones, shown this once.
pub async fn recovery_codes(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let renewing = |app: &App, signed: &Signed, _: &Fields| {
        app.store
            .write(&Scope::All, Lane::Live, |tx| own::renew_recovery_codes(tx, &app.stamp(), &signed.session))
    };
    let Acted { signed, done, .. } =
        acting::act_on(signed, fields, &shared, By::OWN_CONFIRMED, renewing).await?;
    answered(request, signed, shared, done.map(Some)).await
}

/// `POST /account/end-session`: ends one session of the login, such as the one on a lost machine.
pub async fn end_session(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let ending = |app: &App, signed: &Signed, fields: &Fields| {
        let unknown = |_| Error::not_found("session_over", "no such session of yours");
        let id: SessionId = fields.get("session").parse().map_err(unknown)?;
        let login = signed.session.login.id;
        app.store.write(&Scope::All, Lane::Live, |tx| session::end_own(tx, login, id))
    };
    let Acted { signed, done, .. } = acting::act_on(signed, fields, &shared, By::OWN, ending).await?;
    answered(request, signed, shared, done.map(|()| None)).await
}

/// Back to the account's page, with the codes that were made, or with what was wrong.
async fn answered(
    request: HttpRequest,
    signed: Arc<Signed>,
    shared: web::Data<Shared>,
    done: Result<Option<Vec<String>>>,
) -> Page {
    let frame = Frame::of(&signed, &request);
    match done {
        Ok(None) => Ok(see_done("/account")),
        Ok(Some(codes)) => Ok(html(StatusCode::OK, &CodesPage { frame, codes })),
        Err(error) => account_page(request, &signed, shared, Wrong::of(error, frame.lang)?).await,
    }
}

/// `GET /account/second-factor`: offers one to a login that has none.
pub async fn second_factor(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &offered(&request, &signed, &shared, Wrong::default())?))
}

fn offered(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    wrong: Wrong,
) -> Result<SecondFactorPage> {
    let app = shared.app();
    let secret = own::offered_second_factor(app.stamp().vault, &signed.session);
    Ok(SecondFactorPage {
        frame: Frame::of(signed, request),
        csrf: signed.csrf.clone(),
        wrong,
        must_confirm: !signed.session.is_confirmed(app.clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        qr: svg(&totp::uri(&secret, &signed.session.login.name))?,
        typed: totp::typed(&secret),
    })
}

/// `POST /account/second-factor`: keeps it once a code of it was shown.
pub async fn add_second_factor(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let adding = |app: &App, signed: &Signed, fields: &Fields| {
        app.store.write(&Scope::All, Lane::Live, |tx| {
            own::add_second_factor(tx, &app.stamp(), &signed.session, fields.get("code"))
        })
    };
    let Acted { signed, done, .. } =
        acting::act_on(signed, fields, &shared, By::OWN_CONFIRMED, adding).await?;
    let frame = Frame::of(&signed, &request);
    match done {
        Ok(codes) => Ok(html(StatusCode::OK, &CodesPage { frame, codes })),
        Err(error) => {
            let page = offered(&request, &signed, &shared, Wrong::of(error, frame.lang)?)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
