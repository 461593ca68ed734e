//! `/finance/batches`: the acquirer's batches of card payments: a file is looked at and taken on; each batch
//! with its rows and the payments they are.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};

use super::imports::{self, Outcome, Preview, Refusal, SHOWN_ITEMS, SHOWN_TAKEN};
use super::papers::{Paper, Papers, state};
use super::partner_columns::Reading;
use super::report_page::Ask;
use super::{stored, units};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::app::App;
use crate::error::Result;
use crate::exception::Subject;
use crate::id::{BatchId, PaymentId, UnitId};
use crate::payment::pos::{self, Batch, Item, NewBatch, file, query, rules};
use crate::statement::partner::Kind;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, day, or_dash};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted};

/// What was found in a file: its items, and the fee that it states or that was typed.
type Found = (Vec<Item>, Dong);

static BATCHES: Papers<BatchId, Found> = Papers {
    address: "/finance/batches",
    title: "way_batches",
    lead: "batches_lead",
    list: "pos_batches",
    hint: "batches_hint",
    kind: Kind::Pos,
    ask_more: |_, frame, asks| asks.push(Ask::text("fee", frame.t("import_fee"), "0")),
    taken,
    take: look_or_take,
    preview,
    subject: Subject::Batch,
    unit_of: query::unit_of,
    not_found: pos::not_found,
    read,
};

/// `GET /finance/batches`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    BATCHES.page(&request, &signed, &shared).await
}

/// `POST /finance/batches`: `do` is `preview` or `import`.
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> Page {
    BATCHES.take(&request, &signed, &shared, payload).await
}

/// `GET /finance/batches/{id}`
pub async fn one(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    BATCHES.one(&request, &signed, &shared).await
}

/// `POST /finance/batches/{id}`: asks for it to be withdrawn; leads to the item that another person approves.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    BATCHES.withdraw(&request, &signed, form, &shared).await
}

fn taken(conn: &mut Conn, frame: &Frame, actor: &Actor) -> Result<Vec<Listing>> {
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let name = |id: UnitId| units.iter().find(|unit| unit.id == id).map_or("", |unit| unit.name.as_str());
    let row = |one: Batch| {
        vec![
            Cell::link(one.reference.clone(), format!("/finance/batches/{}", one.id)),
            Cell::text(name(one.unit)),
            Cell::text(day(one.settled_on)),
            Cell::figure(one.sales),
            Cell::figure(one.charged_back),
            Cell::figure(one.fee),
            Cell::figure(one.net),
            state(frame.lang, &one.state),
        ]
    };
    let rows = query::newest(conn, &ids, SHOWN_TAKEN)?.into_iter().map(row).collect();
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

fn look_or_take(
    (app, actor): (&App, &Actor),
    fields: &Fields,
    bytes: &[u8],
    reading: &Reading,
) -> std::result::Result<Outcome<Found>, Refusal> {
    let report = file::read(bytes, &reading.named)?;
    let items = rules::items(&report.items)?;
    let fee = report.fee_beside(Dong(fields.dong("fee")?.unwrap_or(0)))?;
    if fields.get("do") != "import" {
        rules::sums(&items, fee)?;
        return Ok(Outcome::Seen((items, fee)));
    }
    let batch = app.write(actor, |tx, stamp| {
        let (unit, account) = imports::place_named(tx, actor, fields)?;
        reading.keep(tx, stamp, actor, unit.id)?;
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

fn preview(frame: &Frame, (items, fee): Found) -> Result<Preview> {
    let sums = rules::sums(&items, fee)?;
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

fn read(conn: &mut Conn, frame: &Frame, unit: UnitId, id: BatchId) -> Result<Paper> {
    let batch = pos::find(conn, unit, id)?;
    let items = query::items(conn, unit, id)?;
    let payments = payments_of(conn, &batch, &items)?;
    let row = |(place, item): (usize, &Item)| {
        let mut row = cells(frame.lang, item);
        row.push(Cell::mono(or_dash(payments.get(&place).map(ToString::to_string))));
        row
    };
    let rows = items.iter().enumerate().map(row).collect();
    let heads = ["import_kind", "batches_code", "amount", "import_payment"];
    Ok(Paper {
        title: frame.lang.with("batches_one", &batch.reference),
        facts: facts(frame, &batch),
        listing: Listing {
            caption: frame.t("import_items"),
            heads: heads.iter().map(|key| frame.t(key)).collect(),
            rows,
        },
        state: batch.state,
    })
}

/// The payments that the items are, by their places: what the line proved, and while it is awaited, what it will.
fn payments_of(conn: &mut Conn, batch: &Batch, items: &[Item]) -> Result<BTreeMap<usize, PaymentId>> {
    if batch.state == "awaited" {
        return Ok(rules::matched(items, &query::candidates(conn, batch.unit, items)?));
    }
    let proven = query::matches(conn, batch.unit, batch.id)?.into_iter();
    let place = |number: i32| usize::try_from(number).ok()?.checked_sub(1);
    Ok(proven.filter_map(|(number, payment)| Some((place(number)?, payment))).collect())
}

fn facts(frame: &Frame, batch: &Batch) -> Vec<(&'static str, String)> {
    vec![
        (frame.t("import_settled_on"), day(batch.settled_on)),
        (frame.t("batches_sales"), batch.sales.to_string()),
        (frame.t("batches_back"), batch.charged_back.to_string()),
        (frame.t("import_fee"), batch.fee.to_string()),
        (frame.t("import_net"), batch.net.to_string()),
    ]
}
