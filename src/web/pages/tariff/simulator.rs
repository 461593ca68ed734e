//! `/tariff/simulator`: what a dossier would cost on a day, and why; by the tariff in force or by a
//! draft.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::channel_key;
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Kind, Result};
use crate::id::EventId;
use crate::tariff::{
    AskedItem, Assessment, IntakeMode, Place, Quantities, Request, Tariff, UnitKind, assess, draft, load,
};
use crate::unit::{self, Unit};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Who may ask what something costs: everybody who is staff.
const READERS: [Role; 5] = [Role::Administrator, Role::Auditor, Role::Approver, Role::Finance, Role::Cashier];
/// Items of one question.
const ITEMS: usize = 3;

struct LineRow {
    name: String,
    amount: String,
    why: Vec<String>,
}

#[derive(Template)]
#[template(path = "simulator.html")]
struct SimulatorPage {
    frame: Frame,
    wrong: Wrong,
    typed: Fields,
    rows: Vec<usize>,
    units: Vec<(String, String)>,
    channels: Vec<(&'static str, &'static str)>,
    items: Vec<(String, String)>,
    procedures: Vec<(String, String)>,
    groups: Vec<(String, String)>,
    day: String,
    total: Option<String>,
    lines: Vec<LineRow>,
}

/// `GET /tariff/simulator?unit=&channel=&on=&procedure=&item0=&pages0=&copies0=&quantity0=&base0=…&group=&draft=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    let lang = frame.lang;
    let pairs: Pairs = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let fields = Fields::of(pairs);
    let app = Arc::clone(shared.app());
    let today = app.clock.now().business_day();
    let typed = fields.clone();
    let (units, tariff, found) = block(move || {
        let tariff = chosen(&app, &signed.actor, &typed)?;
        let units: Vec<Unit> = app.read(&signed.actor, unit::all)?;
        let units: Vec<Unit> = units.into_iter().filter(|unit| signed.actor.scope.covers(unit.id)).collect();
        let is_asked = !typed.trimmed("unit").is_empty();
        let found = is_asked.then(|| cost(&tariff, &units, &typed, today));
        Ok((units, tariff, found))
    })
    .await?;
    let words = |words: &crate::tariff::Words| lang.pick(&words.vi, &words.en).to_owned();
    let mut page = SimulatorPage {
        wrong: Wrong::default(),
        rows: (0..ITEMS).collect(),
        units: units.into_iter().map(|unit| (unit.code, unit.name)).collect(),
        channels: IntakeMode::ALL.iter().map(|mode| (mode.as_str(), lang.t(channel_key(*mode)))).collect(),
        items: tariff.items().map(|item| (item.code.clone(), words(&item.name))).collect(),
        procedures: tariff.procedures().map(|one| (one.code.clone(), words(&one.name))).collect(),
        groups: tariff.exemption_groups().map(|one| (one.code.clone(), words(&one.name))).collect(),
        day: if fields.trimmed("on").is_empty() {
            today.to_string()
        } else {
            fields.trimmed("on").to_owned()
        },
        typed: fields,
        total: None,
        lines: Vec::new(),
        frame,
    };
    let mut status = StatusCode::OK;
    match found {
        None => {}
        Some(Ok(found)) => {
            page.total = Some(found.total.to_string());
            page.lines = lines(lang, &found);
        }
        Some(Err(error)) => {
            page.wrong = Wrong::of(beside(error), lang)?;
            status = StatusCode::BAD_REQUEST;
        }
    }
    Ok(html(status, &page))
}

/// The tariff in force, or a draft of it.
fn chosen(app: &App, actor: &Actor, fields: &Fields) -> Result<Arc<Tariff>> {
    let asked = fields.trimmed("draft");
    if asked.is_empty() {
        return app.tariff();
    }
    actor.require_role(&draft::READERS)?;
    let id: EventId = asked.parse()?;
    let found = app.store.read(&Scope::All, |conn| draft::find(conn, id))?;
    load(&found.content)
        .map(Arc::new)
        .map_err(|problems| Error::internal(format!("a stored draft has {} bad rows", problems.len())))
}

fn cost(tariff: &Tariff, units: &[Unit], fields: &Fields, today: BusinessDay) -> Result<Assessment> {
    let unit = units.iter().find(|unit| unit.code == fields.trimmed("unit"));
    let unit = unit.ok_or_else(|| Error::invalid("unit", "unit_not_found", "no such unit in your scope"))?;
    let place = Place { unit_code: unit.code.clone(), unit_kind: UnitKind::parse(&unit.kind)? };
    let on = match fields.trimmed("on") {
        "" => today,
        text => text.parse().map_err(|_| Error::invalid("on", "date_unreadable", "a day"))?,
    };
    let mut items = Vec::new();
    for row in 0..ITEMS {
        let code = fields.trimmed(&format!("item{row}"));
        if !code.is_empty() {
            items.push(asked(fields, row, code)?);
        }
    }
    if items.is_empty() {
        let procedure = tariff.procedure(fields.trimmed("procedure"));
        let usual = procedure.map(|procedure| procedure.items.as_slice()).unwrap_or_default();
        for code in usual {
            items.push(asked(fields, 0, code)?);
        }
    }
    let group = fields.trimmed("group");
    let request = Request {
        place,
        channel: IntakeMode::parse(fields.get("channel"))?,
        on,
        items,
        exemptions: if group.is_empty() { Vec::new() } else { vec![group.to_owned()] },
    };
    assess(tariff, &request)
}

fn asked(fields: &Fields, row: usize, code: &str) -> Result<AskedItem> {
    let number = |name: &str| fields.whole(&format!("{name}{row}"));
    let key = format!("quantity{row}");
    let quantity = match fields.trimmed(&key) {
        "" => None,
        text => Some(
            text.replace(',', ".")
                .parse()
                .map_err(|_| Error::invalid(key.clone(), "walk_in_number_wrong", "a number"))?,
        ),
    };
    Ok(AskedItem {
        code: code.to_owned(),
        quantities: Quantities {
            pages: number("pages")?,
            copies: number("copies")?,
            quantity,
            base_value: fields.dong(&format!("base{row}"))?.map(Dong),
        },
        amount: fields.dong(&format!("amount{row}"))?.map(Dong),
    })
}

/// The tariff says `items[1].pages` where the form has `pages1`.
fn beside(error: Error) -> Error {
    let Kind::Invalid { field } = error.kind() else { return error };
    let Some(rest) = field.strip_prefix("items[") else { return error };
    let (row, name) = rest.split_once("].").unwrap_or((rest.trim_end_matches(']'), "code"));
    let name = match name {
        "code" => "item",
        "base_value" => "base",
        other => other,
    };
    Error::invalid(format!("{name}{row}"), error.code(), error.detail())
}

fn lines(lang: Lang, found: &Assessment) -> Vec<LineRow> {
    let row = |line: &crate::tariff::Line| LineRow {
        name: lang.pick(&line.name.vi, &line.name.en).to_owned(),
        amount: line.amount.to_string(),
        why: line.explanation().iter().map(|words| lang.pick(&words.vi, &words.en).to_owned()).collect(),
    };
    found.lines.iter().map(row).collect()
}
