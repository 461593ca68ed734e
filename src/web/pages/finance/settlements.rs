//! `/finance/settlements`: what payment gateways pay out at once: a report is looked at and taken on; each with
//! its transactions and how they stand; the terms agreed with gateways.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::batches::state;
use super::imports::{
    self, ImportPage, ImportsPage, Outcome, Preview, Refusal, SHOWN_ITEMS, SHOWN_TAKEN, Typed,
};
use super::report_page::Ask;
use super::{READERS, accounts, stored, units};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::error::Result;
use crate::exception::Subject;
use crate::id::SettlementId;
use crate::payment::gateway::{
    self, Item, ItemKind, NewSettlement, Settlement, Standing, file, query, rules,
};
use crate::payment::payout::withdrawal;
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

/// `GET /finance/settlements`
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
            let channels =
                app.config.channels.names().into_iter().map(|name| (name.to_owned(), name.to_owned()));
            asks.push(Ask::text("charge", frame.t("settlements_charge"), "0"));
            asks.insert(2, Ask::one_of("channel", frame.t("channel"), "", channels.collect()));
            Ok(ImportsPage {
                csrf,
                wrong: Wrong::default(),
                title: frame.t("way_settlements"),
                lead: frame.t("settlements_lead"),
                action: "/finance/settlements",
                hint: frame.t("settlements_hint"),
                can_import: actor.role == Role::Finance,
                asks,
                faults: Vec::new(),
                preview: None,
                taken: vec![taken(conn, &frame, &actor)?, terms(conn, &frame, &actor)?],
                frame,
            })
        })
    })
    .await
}

fn taken(conn: &mut Conn, frame: &Frame, actor: &Actor) -> Result<Listing> {
    let mut rows = Vec::new();
    for unit in units(conn, actor)? {
        for one in query::page(conn, unit.id, SHOWN_TAKEN)? {
            rows.push(vec![
                Cell::link(one.reference.clone(), format!("/finance/settlements/{}", one.id)),
                Cell::text(unit.name.clone()),
                Cell::text(one.channel.clone()),
                Cell::text(day(one.settled_on)),
                Cell::figure(one.gross),
                Cell::figure(one.fee),
                Cell::figure(one.net),
                state(frame.lang, &one.state),
            ]);
        }
    }
    let heads = [
        "import_reference",
        "unit",
        "channel",
        "import_settled_on",
        "settlements_gross",
        "import_fee",
        "import_net",
        "state",
    ];
    Ok(Listing {
        caption: frame.t("way_settlements"),
        heads: heads.iter().map(|key| frame.t(key)).collect(),
        rows,
    })
}

/// What was agreed with gateways and is in force or was.
fn terms(conn: &mut Conn, frame: &Frame, actor: &Actor) -> Result<Listing> {
    let mut rows = Vec::new();
    for (unit, account) in accounts(conn, actor)? {
        for one in query::terms(conn, unit.id, account.id)? {
            rows.push(vec![
                Cell::text(unit.name.clone()),
                Cell::mono(account.account_no.clone()),
                Cell::text(one.channel.clone()),
                Cell::figure(format!("{},{:02} %", one.fee_bp / 100, one.fee_bp % 100)),
                Cell::figure(one.fee_fixed),
                Cell::text(format!("{} – {}", day(one.valid_from), day(one.valid_until))),
                Cell::text(one.agreement_no.clone()),
            ]);
        }
    }
    let heads = [
        "unit",
        "account",
        "channel",
        "settlements_share",
        "settlements_fixed",
        "settlements_valid",
        "settlements_agreement",
    ];
    Ok(Listing {
        caption: frame.t("settlements_terms"),
        heads: heads.iter().map(|key| frame.t(key)).collect(),
        rows,
    })
}

/// `POST /finance/settlements`: `do` is `preview` or `import`.
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
    imports::answer(outcome, &fields, form, |frame, (items, charge)| preview(frame, &items, charge)).await
}

fn outcome(
    app: &App,
    actor: &Actor,
    fields: &Fields,
    file: Chosen,
) -> std::result::Result<Outcome<(Vec<Item>, Dong)>, Refusal> {
    let layout = file::Layout::built_in()?;
    let items = rules::items(&file::read(&imports::chosen(file)?, &layout)?)?;
    let charge = Dong(fields.dong("charge")?.unwrap_or(0));
    if fields.get("do") != "import" {
        rules::sums(&items, charge)?;
        return Ok(Outcome::Seen((items, charge)));
    }
    let settlement = app.write(actor, |tx, stamp| {
        let (unit, account) = imports::place_named(tx, actor, fields)?;
        let new = NewSettlement {
            unit: unit.id,
            account,
            channel: fields.get("channel").to_owned(),
            reference: fields.get("reference").to_owned(),
            settled_on: imports::settled_on(fields)?,
            charge,
            items: items.clone(),
        };
        gateway::import(tx, stamp, actor, &new)
    })?;
    Ok(Outcome::Taken(format!("/finance/settlements/{}", settlement.id)))
}

fn preview(frame: &Frame, items: &[Item], charge: Dong) -> Result<Preview> {
    let sums = rules::sums(items, charge)?;
    Ok(Preview {
        sums: vec![
            (frame.t("import_items"), items.len().to_string()),
            (frame.t("settlements_gross"), sums.gross.to_string()),
            (frame.t("settlements_returned"), sums.returned.to_string()),
            (frame.t("import_fee"), sums.fee.to_string()),
            (frame.t("import_net"), sums.net.to_string()),
        ],
        listing: Listing {
            caption: frame.t("import_first_rows"),
            heads: vec![frame.t("settlements_transaction"), frame.t("amount"), frame.t("import_fee")],
            rows: items.iter().take(SHOWN_ITEMS).map(cells).collect(),
        },
    })
}

fn cells(item: &Item) -> Vec<Cell> {
    let amount = match item.kind {
        ItemKind::Paid => item.amount,
        ItemKind::Returned => Dong(-item.amount.0),
    };
    vec![Cell::mono(item.reference.clone()), Cell::figure(amount), Cell::figure(item.fee)]
}

/// `GET /finance/settlements/{id}`
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
    let id: SettlementId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || app.read(&actor, |conn| composed(conn, (frame, csrf), (&actor, typed), id))).await
}

/// `POST /finance/settlements/{id}`: asks for it to be withdrawn; leads to the item that another person approves.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver])?;
    let id: SettlementId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        Ok(app.write(&actor, |tx, stamp| {
            let unit = query::unit_of(tx, &actor.scope, id)?.ok_or_else(gateway::not_found)?;
            withdrawal::ask(tx, stamp, &actor, (unit, Subject::Settlement(id)), typed.get("reason"))
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
    id: SettlementId,
) -> Result<ImportPage> {
    let unit = query::unit_of(conn, &actor.scope, id)?.ok_or_else(gateway::not_found)?;
    let settlement = gateway::find(conn, unit, id)?;
    let items = query::items(conn, unit, id)?;
    let standings = query::standings(conn, &settlement, &items)?;
    let rows = items.iter().zip(standings).map(|(item, (standing, movement))| {
        let mut row = cells(item);
        row.push(standing_cell(frame.lang, standing));
        row.push(Cell::mono(or_dash(movement.map(|id| id.to_string()))));
        row
    });
    let heads = ["settlements_transaction", "amount", "import_fee", "state", "settlements_movement"];
    Ok(ImportPage {
        csrf,
        wrong: typed.wrong,
        withdraws_at: imports::withdraws_at(
            actor.role,
            &settlement.state,
            format!("/finance/settlements/{id}"),
        ),
        reason: typed.reason,
        title: frame.lang.with("settlements_one", &settlement.reference),
        way: ("/finance/settlements", frame.t("way_settlements")),
        facts: facts(&frame, crate::unit::find(conn, unit)?.name, &settlement),
        listing: Listing {
            caption: frame.t("import_items"),
            heads: heads.iter().map(|key| frame.t(key)).collect(),
            rows: rows.collect(),
        },
        frame,
    })
}

fn standing_cell(lang: Lang, standing: Standing) -> Cell {
    let (name, tone) = match standing {
        Standing::Awaited => ("awaited", "wait"),
        Standing::Proven => ("proven", "done"),
        Standing::Unknown => ("unknown", "late"),
        Standing::AmountDiffers => ("amount_differs", "late"),
    };
    Cell::state(stored::value(lang, name), tone)
}

fn facts(frame: &Frame, unit: String, settlement: &Settlement) -> Vec<(&'static str, String)> {
    vec![
        (frame.t("unit"), unit),
        (frame.t("channel"), settlement.channel.clone()),
        (frame.t("import_settled_on"), day(settlement.settled_on)),
        (frame.t("settlements_gross"), settlement.gross.to_string()),
        (frame.t("settlements_returned"), settlement.returned.to_string()),
        (frame.t("import_fee"), settlement.fee.to_string()),
        (frame.t("import_net"), settlement.net.to_string()),
        (frame.t("state"), stored::value(frame.lang, &settlement.state)),
    ]
}
