//! All accounts at a glance, and closing what can be closed of them.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::books::{READERS, certificate_json, obstacle_json};
use super::days::{form_asked, table_file};
use super::{by_code, unit_asked};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::UnitId;
use crate::reconciliation::office::{self, ClosedUntil};
use crate::reconciliation::overview;
use crate::report;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OverviewQuery {
    unit: Option<String>,
    format: Option<String>,
}

/// `GET /api/v1/days/overview?unit=&format=json|csv|xlsx`: one unit, or every unit of the scope.
pub async fn show(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    of(&request, caller.0, shared, "json").await
}

/// The overview that the query asks for; in this form where it names none.
pub(in crate::web) async fn of(
    request: &HttpRequest,
    actor: Actor,
    shared: web::Data<Shared>,
    otherwise: &str,
) -> Answer {
    actor.require_role(&READERS)?;
    let asked: OverviewQuery = extract::query(request)?;
    let form = form_asked(Some(asked.format.as_deref().unwrap_or(otherwise)))?;
    let found = block(move || {
        let app = shared.app();
        let stamp = app.stamp();
        app.read(&actor, |conn| {
            let unit = named(conn, &actor, asked.unit.as_deref())?;
            overview::overview(conn, &stamp, &actor, unit)
        })
    })
    .await?;
    match form {
        None => respond::ok(&json!({ "overview": found })),
        Some(form) => {
            table_file(&report::overview::table(&found), form, &format!("khoa-ngay-{}", found.today))
        }
    }
}

/// One unit by its code; nothing stands for all in the scope.
fn named(conn: &mut Conn, actor: &Actor, code: Option<&str>) -> Result<Option<UnitId>> {
    code.map(|code| unit_asked(conn, actor, Some(code))).transpose()
}

#[derive(Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    #[serde(default)]
    unit: Option<String>,
    /// The last day to be closed; yesterday when left out.
    #[serde(default)]
    until: Option<BusinessDay>,
}

/// `POST /api/v1/days/close-all`: closes, account by account, every day that can be closed.
pub async fn close_all(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: CloseBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let closed = block(move || {
        let app = shared.app();
        let unit = app.read(&caller.0, |conn| named(conn, &caller.0, asked.unit.as_deref()))?;
        let until = asked.until.unwrap_or_else(|| app.stamp().today().plus_days(-1));
        let closed =
            office::close_accounts(&app.store, &app.keyring, &|| app.stamp(), &caller.0, unit, until)?;
        let answer = json!({ "accounts": closed.iter().map(view).collect::<Vec<Value>>() });
        app.read(&caller.0, |conn| by_code::named(conn, answer))
    });
    respond::ok(&closed.await?)
}

fn view(one: &ClosedUntil) -> Value {
    match &one.outcome {
        Err(error) => json!({ "unit": one.unit, "account": one.account, "error": error.code() }),
        Ok(through) => {
            let refused = through.refused.as_ref().map(|(date, obstacles)| {
                json!({ "date": date, "obstacles": obstacles.iter().map(obstacle_json).collect::<Vec<_>>() })
            });
            json!({
                "unit": one.unit,
                "account": one.account,
                "closed": through.closed.iter().map(certificate_json).collect::<Vec<_>>(),
                "refused": refused,
            })
        }
    }
}
