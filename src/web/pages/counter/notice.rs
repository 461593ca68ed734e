//! `/counter/obligations/{id}/notice`: only the name or the address on a document is wrong: notice 04/SS, no new
//! number. Another person approves it under the waiting approvals.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::take::locate;
use crate::actor::Role;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::filing::form::notice::Demand;
use crate::filing::notice;
use crate::id::{ObligationId, ReceiptId};
use crate::obligation;
use crate::receipt;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::{Frame, see_done};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Who asks for notices.
pub const ASKERS: [Role; 2] = [Role::Cashier, Role::Finance];

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: ObligationId,
    dossier: String,
    /// Whether the reader takes money at a counter, where the obligation has a page.
    is_cashier: bool,
    /// The document, its name, whether it is chosen.
    documents: Vec<(ReceiptId, String, bool)>,
    reason: String,
    /// Last notices that the authority did not accept: about which document, and why not.
    unaccepted: Vec<(String, String)>,
    /// Number and day of the tax office's notice that this one answers.
    demand: (String, String),
}

/// `GET /counter/obligations/{id}/notice`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(
        StatusCode::OK,
        &compose(&request, &signed, &shared, (Wrong::default(), Fields::default())).await?,
    ))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<NoticePage> {
    signed.require(&ASKERS)?;
    let id: ObligationId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || {
        app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let (mut found, mut unaccepted) = (Vec::new(), Vec::new());
            for one in receipt::query::of_obligation(conn, unit, id)? {
                // Of others the notice would be refused: they have no signature, or no longer stand.
                if notice::may_be_about(conn, &one)? {
                    if let Some(last) = notice::to_be_corrected(conn, unit, one.id)? {
                        let faults = notice::faults(conn, unit, last)?.into_iter();
                        let why: Vec<String> =
                            faults.map(|one| format!("{} {}", one.code, one.text)).collect();
                        unaccepted.push((one.name(), why.join("; ")));
                    }
                    found.push(one);
                }
            }
            let chosen = typed.get("receipt").parse().ok().or(found.last().map(|one| one.id));
            Ok(NoticePage {
                frame,
                csrf,
                wrong,
                id,
                dossier: obligation::find(conn, unit, id)?.dossier_code,
                is_cashier: actor.role == Role::Cashier,
                documents: found.iter().map(|one| (one.id, one.name(), Some(one.id) == chosen)).collect(),
                reason: typed.get("reason").to_owned(),
                unaccepted,
                demand: (typed.get("demand_no").to_owned(), typed.get("demand_on").to_owned()),
            })
        })
    })
    .await
}

/// `POST /counter/obligations/{id}/notice`
pub async fn ask(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&ASKERS)?;
    let id: ObligationId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            let missing = |_| Error::invalid("receipt", "field_missing", "choose the document");
            let document: ReceiptId = typed.get("receipt").parse().map_err(missing)?;
            let of_this = receipt::query::of_obligation(tx, unit, id)?.iter().any(|one| one.id == document);
            if !of_this {
                return Err(Error::invalid("receipt", "receipt_not_found", "not of this obligation"));
            }
            let asked = notice::Request {
                unit,
                documents: vec![(document, typed.trimmed("reason").to_owned())],
                demand: demand(&typed)?,
                place: app.config.tax.place.clone(),
            };
            notice::request(tx, stamp, &actor, asked).map_err(|error| match error.kind() {
                ErrorKind::Invalid { field } if field == "demand.number" => of_field(error, "demand_no"),
                _ => of_field(error, "reason"),
            })
        })
    })
    .await;
    match done {
        Ok(_) => Ok(see_done(format!("/counter/obligations/{id}/notice"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// The tax office's notice that this one answers; none where both fields are empty.
fn demand(fields: &Fields) -> Result<Option<Demand>> {
    let (number, on) = (fields.trimmed("demand_no"), fields.trimmed("demand_on"));
    if number.is_empty() && on.is_empty() {
        return Ok(None);
    }
    if number.is_empty() {
        return Err(Error::invalid("demand_no", "field_missing", "the number of the tax office's notice"));
    }
    let noticed_on = on.parse().map_err(|_| Error::invalid("demand_on", "date_unreadable", "a day"))?;
    Ok(Some(Demand { number: number.to_owned(), noticed_on }))
}
