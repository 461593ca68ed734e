//! `/admin/evidence`: the evidence of a unit and period as one file, which proves itself offline.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{READERS, unit_coded};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::report::evidence;
use crate::unit::{self, CITY};
use crate::web::Shared;
use crate::web::bundle;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::Frame;
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::{Page, html};
use crate::web::respond::block;
use crate::worker::{settle_trail, write_evidence};

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidencePage {
    frame: Frame,
    wrong: Wrong,
    typed: Fields,
    units: Vec<(String, String)>,
}

/// `GET /admin/evidence`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<EvidencePage> {
    signed.require(&READERS)?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let units = block(move || {
        app.read(&actor, |conn| {
            let units = unit::all(conn)?.into_iter();
            let own = units.filter(|unit| unit.id != CITY && actor.scope.covers(unit.id));
            Ok(own.map(|unit| (unit.code, unit.name)).collect())
        })
    })
    .await?;
    Ok(EvidencePage {
        wrong: Wrong::default(),
        typed: Fields::default(),
        units,
        frame: Frame::of(signed, request),
    })
}

/// `GET /admin/evidence/file?unit=&from=&until=`: the file. That it was taken stands in the trail; another
/// site cannot make somebody take it.
pub async fn take(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    signed.require(&READERS)?;
    let pairs: Pairs = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let fields = Fields::of(pairs);
    let day = |name: &str| -> Result<BusinessDay> {
        fields.trimmed(name).parse().map_err(|_| Error::invalid(name, "date_unreadable", "a day"))
    };
    let period = day("from").and_then(|from| Ok((from, day("until")?)));
    let made = match period {
        Ok(period) => bundled(&shared, signed.actor.clone(), fields.trimmed("unit").to_owned(), period).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(response) => Ok(response),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared).await?;
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// The bundle as an answer that is written while it is read.
pub async fn bundled(
    shared: &web::Data<Shared>,
    actor: Actor,
    code: String,
    period: (BusinessDay, BusinessDay),
) -> Result<HttpResponse> {
    let client = actor.person.map_or_else(|| actor.role.as_str().to_owned(), |person| person.to_string());
    let slot = shared.staff_bundles.take(client)?;
    let app = Arc::clone(shared.app());
    let taking = block(move || {
        let taking = app.write(&actor, |tx, stamp| {
            let unit = unit_coded(tx, &actor, &code).map_err(|_| unknown_unit())?;
            evidence::admit(tx, stamp, &actor, unit.id, period)
        })?;
        // What can hold it up is told as an answer, before the file begins.
        settle_trail(&app, taking.unit.id, taking.entry)?;
        Ok(taking)
    })
    .await?;
    let app = Arc::clone(shared.app());
    let name = format!("ho-so-kiem-toan-{}-{}-{}.zip", taking.unit.code, period.0, period.1);
    bundle::stream(slot, (&name, bundle::ZIP), move |out| write_evidence(&app, out, &taking))
        .map_err(|failure| failure.0)
}

fn unknown_unit() -> Error {
    Error::not_found("unit_not_found", "no such unit in your scope")
}
