//! The city's figures of a month, and the dossier system's totals.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use super::days::file;
use super::unit_asked;
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::report::city::{self, Figures};
use crate::report::collection;
use crate::report::proposal;
use crate::report::sheet::Form;
use crate::report::target::total::{self, Told};
use crate::unit;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FiguresQuery {
    unit: Option<String>,
    /// `2026-11`; this month when left out.
    month: Option<String>,
    format: Option<String>,
}

/// The figures that a query asks for, for an actor.
pub fn figures_asked(app: &App, actor: &Actor, unit: Option<&str>, month: Option<&str>) -> Result<Figures> {
    let stamp = app.stamp();
    let month: BusinessDay = match month.filter(|month| !month.is_empty()) {
        Some(month) => format!("{month}-01")
            .parse()
            .map_err(|_| Error::invalid("month", "fee_period_unreadable", "expected YYYY-MM"))?,
        None => stamp.today(),
    };
    let tariff = app.tariff().ok();
    let name = |code: &str| {
        let item = tariff.as_ref().and_then(|tariff| tariff.item(code));
        item.map_or_else(|| code.to_owned(), |item| item.name.vi.clone())
    };
    let targets = app.store.read(&Scope::All, proposal::targets)?;
    let counted = app.collected.look(&app.store, city::days_counted(month, stamp.today())?, stamp.now)?;
    app.read(actor, |conn| {
        let only = match unit.filter(|unit| !unit.is_empty()) {
            Some(code) => Some(unit_asked(conn, actor, Some(code))?),
            None => None,
        };
        city::figures(conn, &stamp, actor, (month, only), &counted, &targets, &name)
    })
}

/// The report as a file, `xlsx`, `csv` or `pdf`: its bytes, their type, its name.
///
/// # Errors
/// `sheet_form_unknown`.
pub fn report_file(
    app: &App,
    actor: &Actor,
    figures: &Figures,
    format: &str,
) -> Result<(Vec<u8>, &'static str, String)> {
    let name = format!("bao-cao-thang-{}.{format}", figures.month);
    if format == "pdf" {
        // Whoever may ask for the figures of one unit may know the city's name.
        let scope = actor.scope.and(unit::CITY);
        let author = app.store.read(&scope, |conn| Ok(unit::find(conn, unit::CITY)?.name))?;
        return Ok((city::paper::render(figures, &author, app.clock.now())?, "application/pdf", name));
    }
    let form = Form::parse(format)?;
    let mut bytes = Vec::new();
    city::table(figures).write_as(form, &mut bytes)?;
    Ok((bytes, form.media_type(), name))
}

/// `GET /api/v1/city/figures?month=&unit=&format=json|csv|xlsx|pdf`
pub async fn figures(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&collection::READERS)?;
    let asked: FiguresQuery = extract::query(&request)?;
    let app = std::sync::Arc::clone(shared.app());
    let (found, made) = block(move || {
        let found = figures_asked(&app, &caller.0, asked.unit.as_deref(), asked.month.as_deref())?;
        let made = match asked.format.as_deref() {
            None | Some("json") => None,
            Some(format) => Some(report_file(&app, &caller.0, &found, format)?),
        };
        Ok((found, made))
    })
    .await?;
    match made {
        None => respond::ok(&json!({ "figures": found })),
        Some((bytes, media_type, name)) => Ok(file(bytes, media_type, &name)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TotalsBody {
    rows: Vec<Told>,
}

/// `POST /api/v1/dossier-totals`: what the dossier system counts, as JSON or as CSV.
pub async fn totals(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let body = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_csv = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/csv"));
    let rows = if is_csv { total::parse(&body)? } else { extract::json::<TotalsBody>(&body)?.rows };
    let recorded =
        block(move || shared.app().write(&caller.0, |tx, stamp| total::record(tx, stamp, &caller.0, &rows)));
    respond::ok(&json!({ "recorded": recorded.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceQuery {
    unit: String,
    from: BusinessDay,
    until: BusinessDay,
}

/// `GET /api/v1/evidence.zip?unit=&from=&until=`: the evidence of a unit and period, which
/// `bienlai audit verify-bundle` judges without a database.
pub async fn evidence(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&crate::report::evidence::TAKERS)?;
    let asked: EvidenceQuery = extract::query(&request)?;
    let period = (asked.from, asked.until);
    Ok(crate::web::pages::admin::evidence::bundled(&shared, caller.0, asked.unit, period).await?)
}
