//! `/finance/reports`: the quarter's report of receipt use (BC26/BLĐT): when it is due, what it says, what
//! changed since, how far it came; made, supplemented, approved, recorded as accepted, downloaded.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::report_page::{Ask, unit_choices, unit_named};
use super::{READERS, confirm, stored, units};
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::form::usage::Line;
use crate::filing::period::Quarter;
use crate::filing::{self, Filing, Kind, State, due, query, report, transmission};
use crate::id::{FilingId, TransmissionId, UnitId};
use crate::store::Conn;
use crate::unit::Unit;
use crate::web::api::days;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day, or_dash, time};
use crate::web::pages::marks;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;
use crate::web::{Shared, message};

/// Who makes a report and lets it go.
const MAKERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Administrator];

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    quarter: String,
}

/// A report that was made.
struct Made {
    id: FilingId,
    made_at: String,
    state: String,
    tone: &'static str,
    is_supplement: bool,
    can_approve: bool,
    can_accept: bool,
    has_file: bool,
    /// The rules by which it was made, each with its mark.
    rules: Vec<String>,
    message: Option<TransmissionId>,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    asks: Vec<Ask>,
    unit: String,
    quarter: String,
    due: Listing,
    figures: Listing,
    /// Series whose figures are no longer what the newest report says.
    changed: Vec<String>,
    made: Vec<Made>,
    can_make: bool,
    /// Why no report of a quarter that is over is owed: the unit had no series by then.
    owes_none: Option<&'static message::Words>,
    /// The day from which the report of a quarter that is not over can be made.
    makes_from: Option<String>,
    can_supplement: bool,
    must_confirm: bool,
    has_second_factor: bool,
}

/// `GET /finance/reports?unit=&quarter=`: `2026-Q3`; the quarter before this one when left out.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    compose(&request, &signed, &shared, asked, Wrong::default()).await
}

/// What stands about one quarter of one unit.
struct Found {
    unit: Unit,
    quarter: Quarter,
    /// None once the quarter is over.
    makes_from: Option<BusinessDay>,
    lines: Vec<Line>,
    changed: Vec<String>,
    /// With the message that carries it.
    made: Vec<(Filing, Option<TransmissionId>)>,
}

impl Found {
    /// The quarter is over, and there is a series to report on.
    fn can_be_reported(&self) -> bool {
        self.makes_from.is_none() && !self.lines.is_empty()
    }

    /// The quarter is over, and the unit had no series by then.
    fn owes_none(&self) -> bool {
        self.makes_from.is_none() && self.lines.is_empty()
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
    mut wrong: Wrong,
) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang, typed) =
        (Arc::clone(shared.app()), signed.actor.clone(), frame.lang, asked.clone());
    let (choices, due, found) = block(move || {
        let today = app.stamp().today();
        app.read(&actor, |conn| {
            let due = due_rows(conn, &actor, today, lang)?;
            Ok((unit_choices(conn, &actor)?, due, found(conn, &actor, &typed, today)))
        })
    })
    .await?;
    let found = match found {
        Ok(found) => Some(found),
        Err(error) => {
            wrong.0.extend(Wrong::of(error, lang)?.0);
            None
        }
    };
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let can_work = MAKERS.contains(&signed.actor.role);
    let (unit, quarter) = found
        .as_ref()
        .map_or((asked.unit, asked.quarter), |found| (found.unit.code.clone(), found.quarter.to_string()));
    let live =
        found.as_ref().map_or(0, |found| found.made.iter().filter(|(one, _)| one.state.is_live()).count());
    let page = ReportsPage {
        csrf: signed.csrf.clone(),
        wrong,
        asks: vec![
            Ask::one_of("unit", frame.t("unit"), &unit, choices),
            Ask::text("quarter", frame.t("reports_quarter"), &quarter),
        ],
        unit,
        quarter,
        due: Listing {
            caption: frame.t("reports_due"),
            heads: ["unit", "reports_quarter", "figures_due_on", "state", "reports_newest"]
                .iter()
                .map(|key| frame.t(key))
                .collect(),
            rows: due,
        },
        figures: figures(&frame, found.as_ref().map(|found| found.lines.as_slice()).unwrap_or_default()),
        changed: found.as_ref().map(|found| found.changed.clone()).unwrap_or_default(),
        can_make: can_work && live == 0 && found.as_ref().is_some_and(Found::can_be_reported),
        owes_none: found
            .as_ref()
            .filter(|found| live == 0 && found.owes_none())
            .map(|_| message::words("report_nothing_registered")),
        makes_from: found.as_ref().and_then(|found| found.makes_from).map(day),
        can_supplement: can_work && found.as_ref().is_some_and(|found| !found.changed.is_empty()),
        made: found
            .map(|found| found.made.iter().map(|one| made(lang, can_work, one)).collect::<Result<_>>())
            .transpose()?
            .unwrap_or_default(),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        frame,
    };
    Ok(html(status, &page))
}

fn found(conn: &mut Conn, actor: &Actor, asked: &Asked, today: BusinessDay) -> Result<Found> {
    let unit = unit_named(conn, actor, &asked.unit)?;
    let quarter = match asked.quarter.trim() {
        "" => Quarter::of(today).previous(),
        text => text.parse().map_err(|error: Error| Error::invalid("quarter", error.code(), "a quarter"))?,
    };
    let mut made = Vec::new();
    for one in query::of_period(conn, unit.id, Kind::UsageReport, &quarter.to_string())? {
        let message = transmission::of_filing(conn, unit.id, one.id)?.pop();
        made.push((one, message.map(|message| message.id)));
    }
    let changed = report::changes(conn, unit.id, quarter)?;
    Ok(Found {
        lines: report::figures(conn, unit.id, quarter)?,
        changed: changed.into_iter().map(|one| format!("{} {}", one.template, one.series)).collect(),
        made,
        makes_from: (today <= quarter.last_day()).then(|| quarter.next().first_day()),
        quarter,
        unit,
    })
}

/// What the authority does not have yet, of every unit one keeps.
fn due_rows(conn: &mut Conn, actor: &Actor, today: BusinessDay, lang: Lang) -> Result<Vec<Vec<Cell>>> {
    let mut rows = Vec::new();
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut due = due::due_of_units(conn, &ids, today)?;
    for unit in units {
        for one in due.remove(&unit.id).unwrap_or_default() {
            let tone = match one.urgency {
                due::Urgency::Open => "gone",
                due::Urgency::Soon | due::Urgency::Today => "wait",
                due::Urgency::Overdue => "late",
            };
            let (vi, en) = one.urgency.words();
            let href = format!("/finance/reports?unit={}&quarter={}", unit.code, one.quarter);
            rows.push(vec![
                Cell::text(unit.name.clone()),
                Cell::link(one.quarter, href),
                Cell::text(day(one.due_on)),
                Cell::state(lang.pick(vi, en), tone),
                Cell::text(one.state.map_or_else(|| "–".to_owned(), |state| stored::value(lang, state))),
            ]);
        }
    }
    Ok(rows)
}

fn figures(frame: &Frame, lines: &[Line]) -> Listing {
    let heads = [
        "reports_template",
        "reports_series",
        "reports_opening",
        "reports_from",
        "reports_to",
        "reports_used",
        "reports_cancelled",
        "reports_replaced",
        "amount",
        "reports_closing",
    ];
    let number = |number: Option<i64>| or_dash(number.map(|number| number.to_string()));
    let row = |line: &Line| {
        vec![
            Cell::mono(line.template.clone()),
            Cell::mono(line.series.clone()),
            Cell::figure(line.opening),
            Cell::figure(number(line.from_no)),
            Cell::figure(number(line.to_no)),
            Cell::figure(line.used),
            Cell::figure(line.cancelled.len()),
            Cell::figure(line.replaced.len()),
            Cell::figure(line.amount),
            Cell::figure(line.closing),
        ]
    };
    Listing {
        caption: frame.t("reports_figures"),
        heads: heads.iter().map(|key| frame.t(key)).collect(),
        rows: lines.iter().map(row).collect(),
    }
}

fn made(lang: Lang, can_work: bool, (filing, message): &(Filing, Option<TransmissionId>)) -> Result<Made> {
    let tone = match filing.state {
        State::Accepted => "done",
        State::Refused => "late",
        State::Withdrawn => "gone",
        _ => "wait",
    };
    Ok(Made {
        id: filing.id,
        made_at: time(filing.created_at),
        state: stored::value(lang, filing.state.as_str()),
        tone,
        is_supplement: filing.earlier.is_some(),
        can_approve: can_work && filing.state == State::Requested,
        can_accept: can_work && (State::Signed..State::Accepted).contains(&filing.state),
        has_file: message.is_some(),
        rules: marks::of_form(lang, filing)?,
        message: *message,
    })
}

/// `POST /finance/reports`: `do` is `make` or `supplement`.
pub async fn make(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&MAKERS)?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let made = block(move || {
        let place = app.config.tax.place.clone();
        app.write(&actor, |tx, stamp| {
            let unit = unit_named(tx, &actor, typed.get("unit"))?;
            let quarter: Quarter = typed.trimmed("quarter").parse()?;
            let act = if typed.get("do") == "supplement" { report::supplement } else { report::make };
            act(tx, stamp, &actor, unit.id, quarter, &place)?;
            Ok((unit.code, quarter))
        })
    })
    .await;
    match made {
        Ok((unit, quarter)) => Ok(see(format!("/finance/reports?unit={unit}&quarter={quarter}"))),
        Err(error) => again(&request, &signed, &shared, &fields, error).await,
    }
}

async fn again(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    fields: &Fields,
    error: Error,
) -> Page {
    let wrong = Wrong::of(error, Lang::of(request))?;
    let asked = Asked { unit: fields.get("unit").to_owned(), quarter: fields.get("quarter").to_owned() };
    compose(request, signed, shared, asked, wrong).await
}

/// `POST /finance/reports/{id}`: `do` is `approve`, or `accept` with the number of the office's notice.
pub async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&MAKERS)?;
    let id: FilingId = extract::path(&request, "id")?;
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    let (signed, decided) = block(move || {
        let decided = decided(&app, &signed, id, &typed);
        Ok((signed, decided))
    })
    .await?;
    match decided {
        Ok((unit, quarter)) => Ok(see(format!("/finance/reports?unit={unit}&quarter={quarter}"))),
        Err(error) => again(&request, &signed, &shared, &fields, error).await,
    }
}

fn decided(app: &App, signed: &Signed, id: FilingId, fields: &Fields) -> Result<(String, String)> {
    let actor = &signed.actor;
    let unit = app.read(actor, |conn| unit_of(conn, actor, id))?;
    let is_approved = fields.get("do") == "approve";
    if is_approved {
        confirm(app, signed, fields.get("confirm"))?;
    }
    app.write(actor, |tx, stamp| {
        let filing = match is_approved {
            true => due::approve(tx, stamp, actor, unit, id)?,
            false => due::accept_by_hand(tx, stamp, actor, (unit, id), fields.get("notice_no"))?,
        };
        Ok((crate::unit::find(tx, unit)?.code, filing.period.unwrap_or_default()))
    })
}

fn unit_of(conn: &mut Conn, actor: &Actor, id: FilingId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("filing_not_found", "no such form in your scope"))
}

/// `GET /finance/reports/{id}/xml`: the signed message, as it goes to the authority.
pub async fn xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: FilingId = extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor);
    let (name, bytes) = block(move || {
        app.read(&actor, |conn| {
            let unit = unit_of(conn, &actor, id)?;
            let filing = filing::find(conn, unit, id)?;
            let message = transmission::of_filing(conn, unit, id)?.pop();
            let message =
                message.ok_or_else(|| Error::conflict("filing_not_signed", "it is signed within minutes"))?;
            let code = crate::unit::find(conn, unit)?.code;
            let name = format!("BC26-{code}-{}.xml", filing.period.unwrap_or_default());
            Ok((name, transmission::payload(conn, unit, message.id)?))
        })
    })
    .await?;
    Ok(days::file(bytes, "application/xml", &name))
}
