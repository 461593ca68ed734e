//! `/finance/settlements`: what payment gateways pay out at once: a report is looked at and taken on; each with
//! its transactions and how they stand; the terms agreed with gateways.

use actix_web::{HttpRequest, web};

use super::imports::{self, Outcome, Preview, Refusal, SHOWN_ITEMS, SHOWN_TAKEN};
use super::papers::{Paper, Papers, state};
use super::partner_columns::Reading;
use super::report_page::Ask;
use super::{accounts, stored, units};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::app::App;
use crate::error::Result;
use crate::exception::Subject;
use crate::id::{SettlementId, UnitId};
use crate::payment::gateway::{
    self, Item, ItemKind, NewSettlement, Settlement, Standing, file, query, rules,
};
use crate::statement::partner::Kind;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, day, or_dash};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted};

/// What was found in a report: its items, and the charge for the whole that was typed.
type Found = (Vec<Item>, Dong);

static SETTLEMENTS: Papers<SettlementId, Found> = Papers {
    address: "/finance/settlements",
    title: "way_settlements",
    lead: "settlements_lead",
    list: "settlements",
    hint: "settlements_hint",
    kind: Kind::Gateway,
    ask_more,
    taken: |conn, frame, actor| Ok(vec![taken(conn, frame, actor)?, terms(conn, frame, actor)?]),
    take: look_or_take,
    preview,
    subject: Subject::Settlement,
    unit_of: query::unit_of,
    not_found: gateway::not_found,
    read,
};

/// `GET /finance/settlements`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    SETTLEMENTS.page(&request, &signed, &shared).await
}

/// `POST /finance/settlements`: `do` is `preview` or `import`.
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> Page {
    SETTLEMENTS.take(&request, &signed, &shared, payload).await
}

/// `GET /finance/settlements/{id}`
pub async fn one(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    SETTLEMENTS.one(&request, &signed, &shared).await
}

/// `POST /finance/settlements/{id}`: asks for it to be withdrawn; leads to the item that another person approves.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    SETTLEMENTS.withdraw(&request, &signed, form, &shared).await
}

fn ask_more(app: &App, frame: &Frame, asks: &mut Vec<Ask>) {
    let channels = app.config.channels.names().into_iter().map(|name| (name.to_owned(), name.to_owned()));
    asks.push(Ask::text("charge", frame.t("settlements_charge"), "0"));
    asks.insert(2, Ask::one_of("channel", frame.t("channel"), "", channels.collect()));
}

fn taken(conn: &mut Conn, frame: &Frame, actor: &Actor) -> Result<Listing> {
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let name = |id: UnitId| units.iter().find(|unit| unit.id == id).map_or("", |unit| unit.name.as_str());
    let row = |one: Settlement| {
        vec![
            Cell::link(one.reference.clone(), format!("/finance/settlements/{}", one.id)),
            Cell::text(name(one.unit)),
            Cell::text(one.channel.clone()),
            Cell::text(day(one.settled_on)),
            Cell::figure(one.gross),
            Cell::figure(one.fee),
            Cell::figure(one.net),
            state(frame.lang, &one.state),
        ]
    };
    let rows = query::newest(conn, &ids, SHOWN_TAKEN)?.into_iter().map(row).collect();
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

fn look_or_take(
    (app, actor): (&App, &Actor),
    fields: &Fields,
    bytes: &[u8],
    reading: &Reading,
) -> std::result::Result<Outcome<Found>, Refusal> {
    let layout = file::Layout::built_in()?;
    let items = rules::items(&file::read(bytes, &layout, &reading.named)?)?;
    let charge = Dong(fields.dong("charge")?.unwrap_or(0));
    if fields.get("do") != "import" {
        rules::sums(&items, charge)?;
        return Ok(Outcome::Seen((items, charge)));
    }
    let settlement = app.write(actor, |tx, stamp| {
        let (unit, account) = imports::place_named(tx, actor, fields)?;
        reading.keep(tx, stamp, actor, unit.id)?;
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

fn preview(frame: &Frame, (items, charge): Found) -> Result<Preview> {
    let sums = rules::sums(&items, charge)?;
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

fn read(conn: &mut Conn, frame: &Frame, unit: UnitId, id: SettlementId) -> Result<Paper> {
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
    Ok(Paper {
        title: frame.lang.with("settlements_one", &settlement.reference),
        facts: facts(frame, &settlement),
        listing: Listing {
            caption: frame.t("import_items"),
            heads: heads.iter().map(|key| frame.t(key)).collect(),
            rows: rows.collect(),
        },
        state: settlement.state,
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

fn facts(frame: &Frame, settlement: &Settlement) -> Vec<(&'static str, String)> {
    vec![
        (frame.t("channel"), settlement.channel.clone()),
        (frame.t("import_settled_on"), day(settlement.settled_on)),
        (frame.t("settlements_gross"), settlement.gross.to_string()),
        (frame.t("settlements_returned"), settlement.returned.to_string()),
        (frame.t("import_fee"), settlement.fee.to_string()),
        (frame.t("import_net"), settlement.net.to_string()),
    ]
}
