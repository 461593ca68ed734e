//! `/invitation/{token}`: a person sets password and second factor, once.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::fields::{Fields, Pairs, Wrong};
use super::frame::{Frame, role_words};
use super::session::check_origin;
use super::{Page, Posted, html, read};
use crate::actor::Scope;
use crate::error::{Error, Result};
use crate::identity::{invitation, login, totp, vouch};
use crate::obligation::vietqr::svg;
use crate::store::Lane;
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    frame: Frame,
    wrong: Wrong,
    token: String,
    login: String,
    role: &'static str,
    needs_second_factor: bool,
    qr: String,
    typed: String,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    frame: Frame,
    login: String,
    recovery: Vec<String>,
    /// What is read aloud to the second person who vouches for it; none where it is open.
    word: Option<String>,
}

/// `GET /invitation/{token}`
pub async fn form(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    shared.sign_ins.check(shared.source(&request))?;
    let token = path_text(&request, "token").to_owned();
    let frame = Frame { back: String::new(), ..Frame::public(&request) };
    let page = page(&shared, frame, token, Wrong::default()).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn page(
    shared: &web::Data<Shared>,
    frame: Frame,
    token: String,
    wrong: Wrong,
) -> Result<InvitationPage> {
    let app = Arc::clone(shared.app());
    let shown = token.clone();
    let invited =
        block(move || app.store.read(&Scope::All, |conn| invitation::find(conn, &app.stamp(), &shown)))
            .await?;
    Ok(InvitationPage {
        role: role_words(frame.lang, invited.login.role),
        frame,
        wrong,
        token,
        qr: svg(&totp::uri(&invited.second_factor, &invited.login.name))?,
        typed: totp::typed(&invited.second_factor),
        login: invited.login.name,
        needs_second_factor: invited.needs_second_factor,
    })
}

/// `POST /invitation/{token}`
pub async fn accept(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    shared.sign_ins.check(shared.source(&request))?;
    let _turn = shared.hashing.turn().await?;
    let token = path_text(&request, "token").to_owned();
    let fields = Fields::of(read(form)?);
    let frame = Frame { back: String::new(), ..Frame::public(&request) };
    let app = Arc::clone(shared.app());
    let (shown, typed) = (token.clone(), fields.clone());
    let accepted = block(move || {
        let invited = app.store.read(&Scope::All, |conn| invitation::find(conn, &app.stamp(), &shown))?;
        let hash = invitation::prepare(&invited.login, fields.get("password"), fields.get("again"))?;
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let stamp = app.stamp();
            let (id, recovery) = invitation::accept(tx, &stamp, &shown, &hash, fields.get("code"))?;
            let login = login::find(tx, id)?;
            let word = vouch::waits(tx, stamp.vault, &login)?.set_up.map(|(_, word)| word);
            Ok((login.name, recovery, word))
        })
    })
    .await;
    match accepted {
        Ok((login, recovery, word)) => {
            Ok(html(StatusCode::OK, &WelcomePage { frame, login, recovery, word }))
        }
        Err(error) => {
            let faults = faults(&shared, token.clone(), typed).await?;
            let wrong = Wrong::all(faults, error, frame.lang)?;
            let page = page(&shared, frame, token, wrong).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// What is wrong with each field: the password, the same once more, and the code where the role needs one. Whether a
/// code is that of the moment is asked once the rest is right, so that a try is not spent in vain.
async fn faults(shared: &web::Data<Shared>, token: String, typed: Fields) -> Result<Vec<Error>> {
    let app = Arc::clone(shared.app());
    block(move || {
        let invited = app.store.read(&Scope::All, |conn| invitation::find(conn, &app.stamp(), &token))?;
        let mut found = invitation::faults(&invited.login, typed.get("password"), typed.get("again"));
        found.extend(invitation::check_code_shown(&invited.login, typed.get("code")).err());
        Ok(found)
    })
    .await
}
