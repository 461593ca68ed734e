//! `/finance/slips`: provisional slips that a cashier entered wait here for another person.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::{confirm, units};
use crate::actor::{Role, Scope};
use crate::app::App;
use crate::error::Result;
use crate::id::UnitId;
use crate::identity;
use crate::obligation;
use crate::payment::counter;
use crate::payment::provisional as money;
use crate::payment::settler::Numbered;
use crate::shift::{provisional, provisional_query as query};
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see_done};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

const READERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];

struct Row {
    unit_code: String,
    unit: String,
    number: i64,
    dossier: String,
    amount: String,
    /// What the case owes now, where that is not what the slip says.
    owed: Option<String>,
    collected_at: String,
    cashier: String,
}

#[derive(Template)]
#[template(path = "countersign.html")]
struct CountersignPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    rows: Vec<Row>,
    can_sign: bool,
    must_confirm: bool,
    has_second_factor: bool,
}

/// `GET /finance/slips`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, Wrong::default()).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    wrong: Wrong,
) -> Result<CountersignPage> {
    signed.require(&READERS)?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let rows = block(move || {
        app.read(&actor, |conn| {
            let mut rows = Vec::new();
            let units = units(conn, &actor)?;
            let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
            let slips = query::entered(conn, &ids)?;
            for unit in units {
                for slip in slips.iter().filter(|slip| slip.unit == unit.id) {
                    let Some(entry) = query::entry(conn, unit.id, slip.number)? else { continue };
                    let item = obligation::find(conn, unit.id, entry.obligation)?;
                    let owed = counter::owed(conn, &item)?;
                    rows.push(Row {
                        unit_code: unit.code.clone(),
                        unit: unit.name.clone(),
                        number: slip.number,
                        dossier: item.dossier_code,
                        owed: (owed != entry.amount).then(|| owed.to_string()),
                        amount: entry.amount.to_string(),
                        collected_at: entry.collected_at.in_hanoi().format("%H:%M %d/%m/%Y").to_string(),
                        cashier: identity::person_name(conn, entry.person).unwrap_or_default(),
                    });
                }
            }
            Ok(rows)
        })
    })
    .await?;
    Ok(CountersignPage {
        frame: Frame::of(signed, request),
        csrf: signed.csrf.clone(),
        wrong,
        rows,
        can_sign: matches!(signed.actor.role, Role::Finance | Role::Approver),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
    })
}

/// `POST /finance/slips`: `do` is `sign` or `send_back`.
pub async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver])?;
    let app = Arc::clone(shared.app());
    let (signed, done) = block(move || {
        let done = act(&app, &signed, &fields);
        Ok((signed, done))
    })
    .await?;
    match done {
        Ok(()) => Ok(see_done("/finance/slips")),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            Ok(html(StatusCode::BAD_REQUEST, &compose(&request, &signed, &shared, wrong).await?))
        }
    }
}

fn act(app: &App, signed: &Signed, fields: &Fields) -> Result<()> {
    let actor = &signed.actor;
    let number: i64 = fields.get("number").parse().map_err(|_| provisional::not_found())?;
    let is_signed = fields.get("do") == "sign";
    if is_signed {
        confirm(app, signed, fields.get("confirm"))?;
    }
    let differs = fields.get("differs") == "1";
    let (unit, collector) = app.store.read(&Scope::All, |conn| {
        let unit = crate::unit::find_by_code(conn, fields.get("unit"))?.id;
        actor.scope.require(unit)?;
        let slip = query::find(conn, unit, number)?.ok_or_else(provisional::not_found)?;
        Ok((unit, identity::person_name(conn, slip.person)?))
    })?;
    let receipts = app.write(actor, |tx, stamp| {
        if !is_signed {
            provisional::send_back(tx, stamp, actor, (unit, number), fields.get("reason"))?;
            return Ok(Vec::new());
        }
        let (_, taken) = money::countersign(tx, stamp, actor, (unit, number), (&collector, differs))?;
        Ok(taken.receipts.into_iter().map(|receipt| (unit, receipt)).collect::<Vec<_>>())
    })?;
    app.sealing.numbered(&receipts);
    Ok(())
}
