//! Figures of a period: fees for declaration and settlement, the year-end cut-off, what is due.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::days::{form_asked, table_file};
use super::{unit_asked, units_asked};
use crate::actor::Actor;
use crate::error::Result;
use crate::report::{cut_off, fees};
use crate::unit;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeesQuery {
    unit: Option<String>,
    /// `2026-11` or `2026`; the month before this one when left out.
    period: Option<String>,
    format: Option<String>,
}

/// `GET /api/v1/reports/fees?unit=&period=&format=json|csv|xlsx`
pub async fn of_fees(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    fees_of(&request, caller.0, shared, "json").await
}

/// The figures that the query asks for; in this form where it names none.
pub(in crate::web) async fn fees_of(
    request: &HttpRequest,
    actor: Actor,
    shared: web::Data<Shared>,
    otherwise: &str,
) -> Answer {
    actor.require_role(&fees::READERS)?;
    let asked: FeesQuery = extract::query(request)?;
    let form = form_asked(Some(asked.format.as_deref().unwrap_or(otherwise)))?;
    let (unit, span, found, today) = block(move || {
        let today = shared.app().stamp().today();
        shared.app().read(&actor, |conn| {
            let unit = unit_asked(conn, &actor, asked.unit.as_deref())?;
            let span = match &asked.period {
                Some(period) => fees::Span::parse(period)?,
                None => fees::Span::month_before(today),
            };
            let found = fees::figures(conn, &actor, unit, span)?;
            Ok((unit::find(conn, unit)?, span, found, today))
        })
    })
    .await?;
    match form {
        None => respond::ok(&json!({ "period": span.to_string(), "figures": found })),
        Some(form) => {
            let name = format!("phi-le-phi-{}-{span}", unit.code);
            table_file(&fees::table(&unit, span, &found, today), form, &name)
        }
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CutOffQuery {
    unit: Option<String>,
    /// The year before this one when left out.
    year: Option<i32>,
    format: Option<String>,
}

/// `GET /api/v1/reports/cut-off?unit=&year=&format=json|csv|xlsx`
pub async fn at_year_end(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    cut_off_of(&request, caller.0, shared, "json").await
}

/// The cut-off that the query asks for; in this form where it names none.
pub(in crate::web) async fn cut_off_of(
    request: &HttpRequest,
    actor: Actor,
    shared: web::Data<Shared>,
    otherwise: &str,
) -> Answer {
    actor.require_role(&fees::READERS)?;
    let asked: CutOffQuery = extract::query(request)?;
    let form = form_asked(Some(asked.format.as_deref().unwrap_or(otherwise)))?;
    let (unit, found, today) = block(move || {
        let today = shared.app().stamp().today();
        shared.app().read(&actor, |conn| {
            let unit = unit_asked(conn, &actor, asked.unit.as_deref())?;
            let year = asked.year.unwrap_or_else(|| today.year() - 1);
            Ok((unit::find(conn, unit)?, cut_off::cut_off(conn, &actor, unit, year)?, today))
        })
    })
    .await?;
    match form {
        None => respond::ok(&json!({ "cut_off": found })),
        Some(form) => {
            let name = format!("khoa-so-nam-{}-{}", unit.code, found.year);
            table_file(&cut_off::table(&unit, &found, today), form, &name)
        }
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DueQuery {
    unit: Option<String>,
}

/// `GET /api/v1/reports/due?unit=`: figures that were not handed in, of one unit or of every unit of
/// the scope.
pub async fn due(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&fees::READERS)?;
    let asked: DueQuery = extract::query(&request)?;
    let found = block(move || {
        let stamp = shared.app().stamp();
        shared.app().read(&caller.0, |conn| {
            let units = units_asked(conn, &caller.0, asked.unit.as_deref())?;
            let mut shown: Vec<Value> = Vec::new();
            for unit in units {
                let due = fees::due(conn, stamp.calendar, stamp.today(), unit.id)?;
                shown.extend(due.iter().map(|one| json!({ "unit": unit.code, "due": one })));
            }
            Ok(shown)
        })
    });
    respond::ok(&json!({ "due": found.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FiledBody {
    #[serde(default)]
    unit: Option<String>,
    period: String,
    reference_no: String,
}

/// `POST /api/v1/reports/filed`: the figures of a period were handed in.
pub async fn filed(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: FiledBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let recorded = block(move || {
        shared.app().write(&caller.0, |tx, stamp| -> Result<String> {
            let unit = unit_asked(tx, &caller.0, asked.unit.as_deref())?;
            let span = fees::Span::parse(&asked.period)?;
            fees::record_filing(tx, stamp, &caller.0, unit, span, &asked.reference_no)?;
            Ok(span.to_string())
        })
    });
    respond::ok(&json!({ "period": recorded.await?, "filed": true }))
}
