//! `/admin/clients`: the programs that act through the API. A token is shown once, when it is made.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use secrecy::ExposeSecret;

use super::{READERS, unit_coded};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{ClientId, UnitId};
use crate::identity::{self, Client, NewClient};
use crate::unit::{self, CITY, Unit};
use crate::web::Shared;
use crate::web::idempotency::{Repeatable, once};
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong, fresh_key, key_of};
use crate::web::pages::frame::{Frame, role_words};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

const ROUTE: &str = "POST /admin/clients/create";

/// Roles of programs; those of persons sign in, or act through a client of their own by command.
const ROLES: [Role; 2] = [Role::DossierSystem, Role::UnitReader];

struct Row {
    id: ClientId,
    name: String,
    unit: String,
    role: &'static str,
    /// What it is called.
    role_words: &'static str,
    scope: String,
    is_revoked: bool,
}

#[derive(Template)]
#[template(path = "clients.html")]
struct ClientsPage {
    frame: Frame,
    csrf: String,
    /// Names the form that makes one, so that sending it twice makes one.
    key: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    typed: Fields,
    rows: Vec<Row>,
    /// Each with what it is called.
    roles: Vec<(&'static str, &'static str)>,
    /// The name of a new client and its token.
    token: Option<(String, String)>,
}

/// `GET /admin/clients`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<ClientsPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let (all, lang) = (frame.t("users_all_units"), frame.lang);
    let rows = block(move || {
        app.read(&actor, |conn| {
            let units: Vec<Unit> = unit::all(conn)?;
            let mut rows = Vec::new();
            let mut homes: Vec<(UnitId, String)> = units
                .iter()
                .filter(|unit| actor.scope.covers(unit.id))
                .map(|unit| (unit.id, unit.code.clone()))
                .collect();
            if actor.scope.covers(CITY) {
                homes.insert(0, (CITY, all.to_owned()));
            }
            let ids: Vec<UnitId> = homes.iter().map(|(home, _)| *home).collect();
            let clients = identity::clients(conn, &ids)?;
            for (home, code) in homes {
                for client in clients.iter().filter(|client| client.unit == home) {
                    rows.push(row(client, &units, code.clone(), (lang, all)));
                }
            }
            Ok(rows)
        })
    })
    .await?;
    Ok(ClientsPage {
        csrf: signed.csrf.clone(),
        key: fresh_key()?,
        can_change: signed.actor.role == Role::Administrator,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        typed: Fields::default(),
        rows,
        roles: ROLES.iter().map(|role| (role.as_str(), role_words(lang, *role))).collect(),
        token: None,
        frame,
    })
}

fn row(client: &Client, units: &[Unit], unit: String, (lang, all): (Lang, &str)) -> Row {
    let scope = match &client.scope {
        Scope::All => all.to_owned(),
        Scope::Units(ids) => {
            let codes: Vec<&str> =
                units.iter().filter(|unit| ids.contains(&unit.id)).map(|unit| unit.code.as_str()).collect();
            codes.join(", ")
        }
    };
    Row {
        id: client.id,
        name: client.name.clone(),
        unit,
        role: client.role.as_str(),
        role_words: role_words(lang, client.role),
        scope,
        is_revoked: client.is_revoked,
    }
}

/// `POST /admin/clients/create`: makes a client of a unit, once however often the form is sent, and shows its token
/// this once.
pub async fn create(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let (held, path) = (shared.clone(), request.path().to_owned());
    let by = By::confirmed(&[Role::Administrator]);
    let work =
        move |_: &App, signed: &Signed, fields: &Fields| created(&held, signed, &path, fields).map(Some);
    let acted = acting::act_on(signed, fields, &shared, by, work).await?;
    told(&request, &shared, acted).await
}

/// The name of the new client and its token, which is kept nowhere: a form that is sent again has none to show.
///
/// # Errors
/// `idempotency_key_reused` for a form that made a client before, with the same words or others.
fn created(shared: &Shared, signed: &Signed, path: &str, fields: &Fields) -> Result<(String, String)> {
    let (actor, name) = (&signed.actor, fields.trimmed("name"));
    let role = Role::parse(fields.get("role"))?;
    if !ROLES.contains(&role) {
        return Err(Error::invalid("role", "client_without_person", "a person signs in"));
    }
    let content = [name, fields.trimmed("unit"), role.as_str()].join("\n");
    let sender = signed.session.login.as_sender();
    let repeatable = Repeatable::of_form(sender, ROUTE, key_of(fields)?, path, &content);
    let everywhere = Actor { scope: Scope::All, ..actor.clone() };
    let mut token = None;
    let given =
        once(shared.app(), &shared.in_flight, &everywhere, &repeatable, StatusCode::CREATED, |tx, stamp| {
            let unit = unit_coded(tx, actor, fields.get("unit")).map_err(|_| unknown_unit())?.id;
            let scope = Scope::Units(BTreeSet::from([unit]));
            let new = NewClient { unit, name: name.to_owned(), person: None, role, scope };
            let (client, secret) = identity::create_client(tx, stamp, actor, new)?;
            token = Some(secret);
            Ok(client.to_string().into_bytes())
        })?;
    let again = || Error::conflict("idempotency_key_reused", "this form made a client before");
    let token = token.filter(|_| !given.is_repeated).ok_or_else(again)?;
    Ok((name.to_owned(), token.expose_secret().to_owned()))
}

fn unknown_unit() -> Error {
    Error::invalid("unit", "unit_not_found", "no such unit in your scope")
}

/// `POST /admin/clients/revoke`: ends a token for good.
pub async fn revoke(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let id: ClientId = fields.get("client").parse()?;
        app.write(actor, |tx, stamp| {
            let home = identity::locate_client(tx, &actor.scope, id)?;
            identity::revoke(tx, stamp, actor, home, id)
        })?;
        Ok(None)
    })
    .await
}

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    act: impl Fn(&App, &Actor, &Fields) -> Result<Option<(String, String)>> + Send + 'static,
) -> Page {
    let by = By::confirmed(&[Role::Administrator]);
    let acted = acting::act(&request, signed, form, &shared, by, act).await?;
    told(&request, &shared, acted).await
}

/// The page after an act, with the token of a new client.
async fn told(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    acted: Acted<Option<(String, String)>>,
) -> Page {
    let Acted { signed, fields, done } = acted;
    let mut page = compose(request, &signed, shared).await?;
    match done {
        Ok(token) => {
            page.token = token;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = match error.code() {
                "idempotency_key_reused" => {
                    Wrong(vec![(String::new(), page.frame.t("clients_before").to_owned())])
                }
                _ => Wrong::of(error, page.frame.lang)?,
            };
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
