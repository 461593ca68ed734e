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
use crate::error::Result;
use crate::id::{ClientId, UnitId};
use crate::identity::{self, Client, NewClient};
use crate::store::Lane;
use crate::unit::{self, CITY, Unit};
use crate::web::Shared;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, role_words};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

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

/// `POST /admin/clients/create`: makes a client of a unit and shows its token this once.
pub async fn create(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let name = fields.trimmed("name").to_owned();
        let role = Role::parse(fields.get("role"))?;
        if !ROLES.contains(&role) {
            return Err(crate::error::Error::invalid("role", "client_without_person", "a person signs in"));
        }
        let (_, token) = app.store.write(&Scope::All, Lane::Live, |tx| {
            let unit = unit_coded(tx, actor, fields.get("unit")).map_err(|_| unknown_unit())?.id;
            let scope = Scope::Units(BTreeSet::from([unit]));
            let new = NewClient { unit, name: name.clone(), person: None, role, scope };
            identity::create_client(tx, &app.stamp(), actor, new)
        })?;
        Ok(Some((name, token.expose_secret().to_owned())))
    })
    .await
}

fn unknown_unit() -> crate::error::Error {
    crate::error::Error::invalid("unit", "unit_not_found", "no such unit in your scope")
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
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, act).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    match done {
        Ok(token) => {
            page.token = token;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
