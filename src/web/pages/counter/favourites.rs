//! `/counter/favourites`: the at most twelve items that the desk offers at once.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::own_unit;
use super::walk_in::tariff_of;
use crate::actor::Role;
use crate::error::Result;
use crate::obligation::{IntakeMode, walk_in};
use crate::tariff::{Place, UnitKind};
use crate::unit;
use crate::web::Shared;
use crate::web::pages::fields::{Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "favourites.html")]
struct FavouritesPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    /// Code, name, whether it is chosen.
    items: Vec<(String, String, bool)>,
}

/// `GET /counter/favourites`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, None).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    typed: Option<Vec<String>>,
) -> Result<FavouritesPage> {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let items = block(move || {
        let Some(tariff) = tariff_of(&app)? else { return Ok(Vec::new()) };
        let today = app.clock.now().business_day();
        app.read(&actor, |conn| {
            let unit = unit::find(conn, own_unit(&actor)?)?;
            let stored = walk_in::favourites(conn, unit.id)?;
            let chosen = typed.as_ref().unwrap_or(&stored);
            let place = Place { unit_code: unit.code.clone(), unit_kind: UnitKind::parse(&unit.kind)? };
            let item = |(item, _): (&crate::tariff::FeeItem, _)| {
                let name = lang.pick(&item.name.vi, &item.name.en).to_owned();
                (item.code.clone(), name, chosen.contains(&item.code))
            };
            Ok(tariff.in_force(&place, IntakeMode::Counter, today).map(item).collect())
        })
    })
    .await?;
    Ok(FavouritesPage { frame, csrf: signed.csrf.clone(), wrong: Wrong::default(), items })
}

/// `POST /counter/favourites`
pub async fn choose(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let codes: Vec<String> = fields.beginning("i.").map(|(code, _)| code.to_owned()).collect();
    let (app, actor, chosen) = (Arc::clone(shared.app()), signed.actor.clone(), codes.clone());
    let done = block(move || {
        let tariff = app.tariff()?;
        app.write(&actor, |tx, stamp| {
            walk_in::set_favourites(tx, stamp, &actor, &tariff, (own_unit(&actor)?, &chosen))
        })
    })
    .await;
    match done {
        Ok(()) => Ok(see("/counter/walk-in")),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let mut page = compose(&request, &signed, &shared, Some(codes)).await?;
            page.wrong = wrong;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
