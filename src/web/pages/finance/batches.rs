//! `/finance/batches`: the acquirer's batches of card payments: a file is looked at and taken on; each batch
//! with its rows and the payments they are.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::imports::{
    self, ImportPage, ImportsPage, Outcome, Preview, Refusal, SHOWN_ITEMS, SHOWN_TAKEN, Typed,
};
use super::report_page::Ask;
use super::{READERS, stored, units};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::error::Result;
use crate::exception::Subject;
use crate::id::BatchId;
use crate::payment::payout::withdrawal;
use crate::payment::pos::{self, Batch, Item, NewBatch, file, query, rules};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day, or_dash};
use crate::web::pages::session::Signed;
use crate::web::pages::upload::Chosen;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// `GET /finance/batches`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<ImportsPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || {
        let today = app.stamp().today();
        app.read(&actor, |conn| {
            let mut asks = imports::asks(conn, &frame, &actor, today)?;
            asks.push(Ask::text("fee", frame.t("import_fee"), "0"));
            Ok(ImportsPage {
                csrf,
                wrong: Wrong::default(),
                title: frame.t("way_batches"),
                lead: frame.t("batches_lead"),
                action: "/finance/batches",
                hint: frame.t("batches_hint"),
                can_import: actor.role == Role::Finance,
                asks,
                faults: Vec::new(),
                preview: None,
                taken: taken(conn, &frame, &actor)?,
                frame,
            })
        })
    })
    .await
}

fn taken(conn: &mut Conn, frame: &Frame, actor: &Actor) -> Result<Vec<Listing>> {
    let mut rows = Vec::new();
    for unit in units(conn, actor)? {
        for one in query::page(conn, unit.id, SHOWN_TAKEN)? {
            rows.push(vec![
                Cell::link(one.reference.clone(), format!("/finance/batches/{}", one.id)),
                Cell::text(unit.name.clone()),
                Cell::text(day(one.settled_on)),
                Cell::figure(one.sales),
                Cell::figure(one.charged_back),
                Cell::figure(one.fee),
                Cell::figure(one.net),
                state(frame.lang, &one.state),
            ]);
        }
    }
    let heads = [
        "import_reference",
        "unit",
        "import_settled_on",
        "batches_sales",
        "batches_back",
        "import_fee",
        "import_net",
        "state",
    ];
    let heads = heads.iter().map(|key| frame.t(key)).collect();
    Ok(vec![Listing { caption: frame.t("way_batches"), heads, rows }])
}

pub(super) fn state(lang: Lang, state: &str) -> Cell {
    Cell::state(
        stored::value(lang, state),
        match state {
            "credited" => "done",
            "withdrawn" => "gone",
            _ => "wait",
        },
    )
}

/// `POST /finance/batches`: `do` is `preview` or `import`.
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> Page {
    let (fields, file) = imports::sent(&request, &signed, payload).await?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let outcome = block(move || Ok(outcome(&app, &actor, &typed, file))).await?;
    let form = compose(&request, &signed, &shared);
    imports::answer(outcome, &fields, form, |frame, (items, fee)| preview(frame, &items, fee)).await
}

fn outcome(
    app: &App,
    actor: &Actor,
    fields: &Fields,
    file: Chosen,
) -> std::result::Result<Outcome<(Vec<Item>, Dong)>, Refusal> {
    let items = rules::items(&file::read(&imports::chosen(file)?)?)?;
    let fee = Dong(fields.dong("fee")?.unwrap_or(0));
    if fields.get("do") != "import" {
        rules::sums(&items, fee)?;
        return Ok(Outcome::Seen((items, fee)));
    }
    let batch = app.write(actor, |tx, stamp| {
        let (unit, account) = imports::place_named(tx, actor, fields)?;
        let new = NewBatch {
            unit: unit.id,
            account,
            reference: fields.get("reference").to_owned(),
            settled_on: imports::settled_on(fields)?,
            fee,
            items: items.clone(),
        };
        pos::import(tx, stamp, actor, &new)
    })?;
    Ok(Outcome::Taken(format!("/finance/batches/{}", batch.id)))
}

fn preview(frame: &Frame, items: &[Item], fee: Dong) -> Result<Preview> {
    let sums = rules::sums(items, fee)?;
    Ok(Preview {
        sums: vec![
            (frame.t("import_items"), items.len().to_string()),
            (frame.t("batches_sales"), sums.sales.to_string()),
            (frame.t("batches_back"), sums.charged_back.to_string()),
            (frame.t("import_fee"), fee.to_string()),
            (frame.t("import_net"), sums.net.to_string()),
        ],
        listing: Listing {
            caption: frame.t("import_first_rows"),
            heads: vec![frame.t("import_kind"), frame.t("batches_code"), frame.t("amount")],
            rows: items.iter().take(SHOWN_ITEMS).map(|item| cells(frame.lang, item)).collect(),
        },
    })
}

fn cells(lang: Lang, item: &Item) -> Vec<Cell> {
    vec![
        Cell::text(stored::value(lang, item.kind.as_str())),
        Cell::mono(item.approval_code.clone()),
        Cell::figure(item.amount),
    ]
}

/// `GET /finance/batches/{id}`
pub async fn one(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = of_one(&request, &signed, &shared, Typed::default()).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn of_one(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    typed: Typed,
) -> Result<ImportPage> {
    signed.require(&READERS)?;
    let id: BatchId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || app.read(&actor, |conn| composed(conn, (frame, csrf), (&actor, typed), id))).await
}

/// `POST /finance/batches/{id}`: asks for it to be withdrawn; leads to the item that another person approves.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver])?;
    let id: BatchId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        Ok(app.write(&actor, |tx, stamp| {
            let unit = query::unit_of(tx, &actor.scope, id)?.ok_or_else(pos::not_found)?;
            withdrawal::ask(tx, stamp, &actor, (unit, Subject::Batch(id)), typed.get("reason"))
        }))
    })
    .await?;
    match done {
        Ok(item) => Ok(see(format!("/finance/exceptions/{}", item.id))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let typed = Typed { wrong, reason: fields.trimmed("reason").to_owned() };
            let page = of_one(&request, &signed, &shared, typed).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn composed(
    conn: &mut Conn,
    (frame, csrf): (Frame, String),
    (actor, typed): (&Actor, Typed),
    id: BatchId,
) -> Result<ImportPage> {
    let unit = query::unit_of(conn, &actor.scope, id)?.ok_or_else(pos::not_found)?;
    let batch = pos::find(conn, unit, id)?;
    let matches = query::matches(conn, unit, id)?;
    let rows = (1..)
        .zip(query::items(conn, unit, id)?)
        .map(|(number, item): (i32, Item)| {
            let payment = matches.iter().find(|(of, _)| *of == number);
            let mut row = cells(frame.lang, &item);
            row.push(Cell::mono(or_dash(payment.map(|(_, id)| id.to_string()))));
            row
        })
        .collect();
    let heads = ["import_kind", "batches_code", "amount", "import_payment"];
    Ok(ImportPage {
        csrf,
        wrong: typed.wrong,
        withdraws_at: imports::withdraws_at(actor.role, &batch.state, format!("/finance/batches/{id}")),
        reason: typed.reason,
        title: frame.lang.with("batches_one", &batch.reference),
        way: ("/finance/batches", frame.t("way_batches")),
        facts: facts(&frame, crate::unit::find(conn, unit)?.name, &batch),
        listing: Listing {
            caption: frame.t("import_items"),
            heads: heads.iter().map(|key| frame.t(key)).collect(),
            rows,
        },
        frame,
    })
}

fn facts(frame: &Frame, unit: String, batch: &Batch) -> Vec<(&'static str, String)> {
    vec![
        (frame.t("unit"), unit),
        (frame.t("import_settled_on"), day(batch.settled_on)),
        (frame.t("batches_sales"), batch.sales.to_string()),
        (frame.t("batches_back"), batch.charged_back.to_string()),
        (frame.t("import_fee"), batch.fee.to_string()),
        (frame.t("import_net"), batch.net.to_string()),
        (frame.t("state"), stored::value(frame.lang, &batch.state)),
    ]
}
