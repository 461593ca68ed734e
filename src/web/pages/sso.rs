//! `/sign-in/sso…`, `/account/sso…`: to the identity provider and back.
//!
//! Browsers hold redirects after a form to the policy for forms, which names this service alone. So whoever
//! goes to the provider follows a link.

use std::sync::Arc;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::fields::{Fields, Pairs, Wrong};
use super::finance::confirm;
use super::frame::{Frame, role_words, see};
use super::session::{self, Signed, check_origin};
use super::wording::Lang;
use super::{Page, Posted, html, read, sign_in};
use crate::actor::Scope;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::id::LoginId;
use crate::identity::login::Login;
use crate::identity::session as sessions;
use crate::identity::sso::provider::{Provider, Question};
use crate::identity::sso::{self, Purpose, Waiting};
use crate::store::Lane;
use crate::web::respond::block;
use crate::web::{Shared, extract, limit};

/// What only the browser of a try holds.
const COOKIE: &str = "__Host-bienlai-sso";
const COOKIE_LIFE_S: i64 = 900;

/// What single sign-on is called, where it is configured.
pub(super) fn offered(shared: &Shared) -> Option<String> {
    shared.app().sso.as_ref().map(|provider| provider.display_name().to_owned())
}

fn provider(app: &App) -> Result<&Provider> {
    app.sso.as_ref().ok_or_else(|| Error::not_found("sso_off", "no [sso] in the configuration"))
}

fn cookie(browser: &str) -> Cookie<'static> {
    Cookie::build(COOKIE, browser.to_owned())
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(COOKIE_LIFE_S))
        .finish()
}

fn held(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// Takes the try's cookie away with an answer.
fn over(mut answer: HttpResponse) -> HttpResponse {
    let mut gone = cookie("");
    gone.make_removal();
    let _ = answer.add_cookie(&gone);
    answer
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in/sso`: to the provider. Where it is not offered, to the sign-in page.
pub async fn begin(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    shared.sign_ins.check(shared.source(&request))?;
    if offered(&shared).is_none() {
        return Ok(see("/sign-in"));
    }
    let next = extract::query::<Asked>(&request).map(|asked| asked.next).unwrap_or_default();
    let next = sign_in::place(&next).unwrap_or_default().to_owned();
    let purpose = Purpose { link: None, next };
    match start(&shared, &request, purpose).await {
        Ok((address, browser)) => {
            let mut answer = see(address);
            let _ = answer.add_cookie(&cookie(browser.expose_secret()));
            Ok(answer)
        }
        Err(error) => told(&request, &shared, error),
    }
}

/// Begins a try: the provider's address, and what the browser is to hold.
async fn start(
    shared: &web::Data<Shared>,
    request: &HttpRequest,
    purpose: Purpose,
) -> Result<(String, SecretString)> {
    let (app, held) = (Arc::clone(shared.app()), held(request));
    block(move || {
        let provider = provider(&app)?;
        let started = app
            .store
            .write(&Scope::All, Lane::Live, |tx| sso::start(tx, &app.stamp(), &purpose, held.as_deref()))?;
        Ok((sso::address(provider, app.clock.now(), &started)?, started.browser))
    })
    .await
}

/// The sign-in page says what went wrong; other faults have a page of their own.
fn told(request: &HttpRequest, shared: &Shared, error: Error) -> Page {
    let key = match error.code() {
        "sso_refused" => "sso_refused",
        "sso_unreachable" => "sso_unreachable",
        _ => return Err(error.into()),
    };
    Ok(over(sign_in::refused(Frame::public(request), shared, key, ("", ""))))
}

/// What the provider sends people back with.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Where somebody is who came back.
enum Back {
    In(Login, SecretString, String),
    Linked,
    Waits(SecretString, Waiting),
}

/// `GET /sign-in/sso/callback`: back from the provider, with a code or with a refusal.
pub async fn back(request: HttpRequest, signed: Option<Signed>, shared: web::Data<Shared>) -> Page {
    // Tries are counted where they begin; a whole office may come back through one address.
    shared.polls.check(shared.source(&request))?;
    if offered(&shared).is_none() {
        return Ok(see("/sign-in"));
    }
    // A parameter that stands twice is no answer of a provider.
    let answer = extract::query::<Answer>(&request).ok();
    let browser = held(&request).unwrap_or_default();
    let source = limit::network(shared.source(&request)).to_string();
    let (app, old) = (Arc::clone(shared.app()), session::token_of(&request));
    let signed = signed.map(Arc::new);
    let acting = signed.clone();
    let came = block(move || {
        let answer = answer.ok_or_else(|| sso::refused("the answer is unreadable"))?;
        let old = old.as_deref();
        returned(&app, &answer, &browser, acting.as_deref(), old, &source)
    })
    .await;
    match came {
        Ok(Back::In(login, token, next)) => Ok(over(sign_in::entered(login.role, &token, &next))),
        Ok(Back::Linked) => Ok(over(see("/account"))),
        Ok(Back::Waits(ticket, waiting)) => {
            let lang = Lang::of(&request);
            let page = FinishPage::of(Frame::public(&request), lang, ticket, &waiting, Wrong::default(), "");
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) if error.code() == "sso_subject_taken" => match signed.and_then(Arc::into_inner) {
            Some(signed) => account_again(request, signed, shared, error).await,
            None => Err(error.into()),
        },
        Err(error) => told(&request, &shared, error),
    }
}

/// Uses the try up, asks the provider, and lets in whom nothing more is asked of.
fn returned(
    app: &App,
    answer: &Answer,
    browser: &str,
    signed: Option<&Signed>,
    old: Option<&str>,
    source: &str,
) -> Result<Back> {
    let provider = provider(app)?;
    let purpose =
        app.store.write(&Scope::All, Lane::Live, |tx| sso::take(tx, &app.stamp(), &answer.state, browser))?;
    if answer.error.is_some() || answer.code.is_empty() {
        return Err(sso::refused("the provider says no"));
    }
    let (nonce, verifier) = sso::secrets(&answer.state, browser);
    let question = Question { state: &answer.state, nonce: &nonce, verifier: &verifier };
    let proof = provider.redeem(app.clock.now(), &answer.code, answer.iss.as_deref(), &question)?;
    if let Some(login) = purpose.link {
        let own = signed.filter(|signed| signed.session.login.id == login);
        let own = own.ok_or_else(|| sso::refused("the login to be linked is not signed in"))?;
        app.store.write(&Scope::All, Lane::Live, |tx| {
            sso::link(tx, &app.stamp(), &own.actor, login, provider.issuer(), &proof.subject)
        })?;
        return Ok(Back::Linked);
    }
    app.store.write(&Scope::All, Lane::Live, |tx| {
        let stamp = app.stamp();
        let ticket = sso::wait(tx, &stamp, provider.issuer(), &proof, browser, &purpose.next)?;
        let shown = ticket.expose_secret();
        let waiting = sso::waiting(tx, &stamp, shown, browser)?;
        let [login] = waiting.logins.as_slice() else { return Ok(Back::Waits(ticket, waiting)) };
        if waiting.asks_code(login) {
            return Ok(Back::Waits(ticket, waiting));
        }
        let entered = sso::enter(tx, &stamp, (shown, browser), login.id, "", source)?;
        let (login, token) = entered.ok_or_else(|| sso::refused("the login is locked"))?;
        end_old(tx, old)?;
        Ok(Back::In(login, token, waiting.next))
    })
}

/// The session before ends with the new one.
fn end_old(tx: &mut crate::store::Tx<'_>, old: Option<&str>) -> Result<()> {
    old.map_or(Ok(()), |old| sessions::end_by_token(tx, old))
}

struct Choice {
    id: String,
    name: String,
    role: &'static str,
    asks_code: bool,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "sso.html")]
struct FinishPage {
    frame: Frame,
    ticket: String,
    logins: Vec<Choice>,
    asks_code: bool,
    wrong: Wrong,
}

impl FinishPage {
    fn of(
        frame: Frame,
        lang: Lang,
        ticket: SecretString,
        waiting: &Waiting,
        wrong: Wrong,
        chosen: &str,
    ) -> FinishPage {
        let is_only = waiting.logins.len() == 1;
        let choice = |login: &Login| Choice {
            id: login.id.to_string(),
            name: login.name.clone(),
            role: role_words(lang, login.role),
            asks_code: waiting.asks_code(login),
            is_chosen: is_only || login.id.to_string() == chosen,
        };
        let logins: Vec<Choice> = waiting.logins.iter().map(choice).collect();
        let asks_code = logins.iter().any(|one| one.asks_code);
        FinishPage { frame, ticket: ticket.expose_secret().to_owned(), logins, asks_code, wrong }
    }
}

/// `POST /sign-in/sso/finish`: the login that is meant, and its code.
pub async fn finish(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    shared.sign_ins.check(shared.source(&request))?;
    let fields = Fields::of(read(form)?);
    let browser = held(&request).unwrap_or_default();
    let source = limit::network(shared.source(&request)).to_string();
    let (app, old) = (Arc::clone(shared.app()), session::token_of(&request));
    let typed = fields.clone();
    let entered = block(move || {
        let ticket = typed.get("ticket");
        let waiting =
            app.store.read(&Scope::All, |conn| sso::waiting(conn, &app.stamp(), ticket, &browser))?;
        let Ok(id) = typed.get("login").parse::<LoginId>() else { return Ok(Err(waiting)) };
        let entered = app.store.write(&Scope::All, Lane::Live, |tx| {
            let shown = (ticket, browser.as_str());
            let entered = sso::enter(tx, &app.stamp(), shown, id, typed.trimmed("code"), &source)?;
            if entered.is_some() {
                end_old(tx, old.as_deref())?;
            }
            Ok(entered)
        })?;
        Ok(entered.map(|entered| (entered, waiting.next.clone())).ok_or(waiting))
    })
    .await;
    match entered {
        Ok(Ok(((login, token), next))) => Ok(over(sign_in::entered(login.role, &token, &next))),
        Ok(Err(waiting)) => {
            let lang = Lang::of(&request);
            let (field, key) = match fields.get("login") {
                "" => ("login", "sso_choose"),
                _ => ("code", "sign_in_refused"),
            };
            let wrong = Wrong(vec![(field.to_owned(), lang.t(key).to_owned())]);
            let ticket = SecretString::from(fields.get("ticket"));
            let frame = Frame::public(&request);
            let page = FinishPage::of(frame, lang, ticket, &waiting, wrong, fields.get("login"));
            Ok(html(StatusCode::UNAUTHORIZED, &page))
        }
        Err(error) => told(&request, &shared, error),
    }
}

#[derive(Template)]
#[template(path = "sso_go.html")]
struct GoPage {
    frame: Frame,
    name: String,
    address: String,
}

/// `POST /account/sso`: a link to the provider, for linking one's own login.
pub async fn link(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let (signed, confirmed) = confirmed(&request, signed, form, &shared).await?;
    if let Err(error) = confirmed {
        return account_again(request, signed, shared, error).await;
    }
    let purpose = Purpose { link: Some(signed.session.login.id), next: String::new() };
    let started = start(&shared, &request, purpose).await;
    let (address, browser) = match started {
        Ok(started) => started,
        Err(error) => return account_again(request, signed, shared, error).await,
    };
    let name = offered(&shared).unwrap_or_default();
    let mut answer = html(StatusCode::OK, &GoPage { frame: Frame::of(&signed, &request), name, address });
    let _ = answer.add_cookie(&cookie(browser.expose_secret()));
    Ok(answer)
}

/// `POST /account/sso/unlink`
pub async fn unlink(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let (signed, confirmed) = confirmed(&request, signed, form, &shared).await?;
    if let Err(error) = confirmed {
        return account_again(request, signed, shared, error).await;
    }
    let (app, actor, login) = (Arc::clone(shared.app()), signed.actor.clone(), signed.session.login.id);
    let unlinking =
        move || app.store.write(&Scope::All, Lane::Live, |tx| sso::unlink(tx, &app.stamp(), &actor, login));
    match block(unlinking).await {
        Ok(_) => Ok(see("/account")),
        Err(error) => account_again(request, signed, shared, error).await,
    }
}

/// The session with the outcome of its confirmation. Where nothing is configured there is nothing to change.
async fn confirmed(
    request: &HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: &web::Data<Shared>,
) -> Result<(Signed, Result<()>)> {
    let fields = signed.fields(request, form)?;
    let app = Arc::clone(shared.app());
    let signed = Arc::new(signed);
    let acting = Arc::clone(&signed);
    let outcome = block(move || {
        provider(&app)?;
        confirm(&app, &acting, fields.get("confirm"))
    })
    .await;
    let signed = Arc::into_inner(signed).ok_or_else(|| Error::internal("the session is held elsewhere"))?;
    Ok((signed, outcome))
}

/// The account page with what went wrong.
async fn account_again(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    error: Error,
) -> Page {
    let lang = Lang::of(&request);
    let wrong = match error.kind() {
        Kind::Busy { .. } => Wrong(vec![(String::new(), lang.of_code(error.code()).to_owned())]),
        _ => Wrong::of(error, lang)?,
    };
    sign_in::account_page(request, &signed, shared, wrong).await
}
