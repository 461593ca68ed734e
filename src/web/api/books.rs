//! The bookkeeping of a day: bank files in, lines matched, days closed.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{by_code, unit_asked};
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::reconciliation;
use crate::reconciliation::day_close::{self, Closing};
use crate::reconciliation::open_days;
use crate::reconciliation::proof::Obstacle;
use crate::report;
use crate::statement;
use crate::store::Conn;
use crate::unit::{self, account};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// Who may read statements and certificates.
pub(super) const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountQuery {
    pub unit: Option<String>,
    pub account: Option<String>,
}

/// `GET /api/v1/statements?unit=&account=`
pub async fn statements(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AccountQuery = extract::query(&request)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let (unit, account) = account_asked(conn, &caller.0, &asked)?;
            let found = statement::query::statements_of(conn, unit, account)?;
            by_code::named(conn, json!({ "statements": found }))
        })
    });
    respond::ok(&found.await?)
}

#[derive(Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReconcileBody {
    #[serde(default)]
    unit: Option<String>,
}

/// `POST /api/v1/reconciliations`: matches what is open, in one unit or in all of the scope.
pub async fn reconcile(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: ReconcileBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let visited = block(move || {
        let app = shared.app();
        let unit = match &asked.unit {
            Some(code) => Some(app.read(&caller.0, |conn| unit_asked(conn, &caller.0, Some(code)))?),
            None => None,
        };
        let visited = reconciliation::reconcile_accounts(&app.store, &|| app.stamp(), &caller.0, unit)?;
        let receipts: Vec<_> = visited
            .iter()
            .filter_map(|one| one.outcome.as_ref().ok())
            .flat_map(|report| report.receipts.clone())
            .collect();
        crate::payment::settler::Numbered::numbered(&*app.sealing, &receipts);
        app.read(&caller.0, |conn| {
            visited.iter().map(|one| visited_json(conn, one)).collect::<Result<Vec<Value>>>()
        })
    });
    respond::ok(&json!({ "accounts": visited.await? }))
}

/// An account's part of a round, named as requests name it.
fn visited_json(conn: &mut Conn, visited: &reconciliation::office::Visited) -> Result<Value> {
    let unit = unit::find(conn, visited.unit)?.code;
    let account = account::find(conn, visited.unit, visited.account)?.account_no;
    Ok(match &visited.outcome {
        Ok(report) => json!({
            "unit": unit,
            "account": account,
            "account_id": visited.account,
            "lines_posted": report.lines_posted,
            "proven": report.proven,
            "credited": report.credited,
            "classified": report.classified,
            "reversed": report.reversed,
            "unknown": report.unknown,
            "overdue_claims": report.overdue_claims,
            "receipts": report.receipts.iter().map(|(_, id)| id).collect::<Vec<_>>(),
        }),
        Err(error) => json!({
            "unit": unit,
            "account": account,
            "account_id": visited.account,
            "error": error.code(),
        }),
    })
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    #[serde(default)]
    unit: Option<String>,
    /// The account's number.
    #[serde(default)]
    account: Option<String>,
    date: BusinessDay,
}

/// `POST /api/v1/days/close`: 200 with the certificate, or 409 with everything that is open.
pub async fn close_day(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: CloseBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let closing = block(move || {
        let app = shared.app();
        let query = AccountQuery { unit: asked.unit, account: asked.account };
        let (unit, account) = app.read(&caller.0, |conn| account_asked(conn, &caller.0, &query))?;
        let stamp = || app.stamp();
        let closing =
            day_close::close(&app.store, &app.keyring, &stamp, &caller.0, unit, account, asked.date)?;
        Ok(match closing {
            Closing::Closed(certificate) => {
                let answer = json!({ "certificate": certificate_json(&certificate) });
                Ok(app.read(&caller.0, |conn| by_code::named(conn, answer))?)
            }
            Closing::Refused(obstacles) => Err(obstacles),
        })
    });
    match closing.await? {
        Ok(answer) => respond::ok(&answer),
        Err(obstacles) => respond::json(
            actix_web::http::StatusCode::CONFLICT,
            &json!({
                "error": respond::refusal("day_not_closable"),
                "obstacles": obstacles.iter().map(obstacle_json).collect::<Vec<_>>(),
            }),
        ),
    }
}

pub(super) fn obstacle_json(obstacle: &Obstacle) -> Value {
    json!({ "code": obstacle.code(), "message": obstacle.vi(), "message_en": obstacle.en() })
}

pub(super) fn certificate_json(certificate: &day_close::Certificate) -> Value {
    json!({
        "id": certificate.id,
        "unit": certificate.unit,
        "account": certificate.account,
        "date": certificate.date,
        "revision": certificate.revision,
        "opening": certificate.opening,
        "closing": certificate.closing,
        "sha256": certificate.document_sha256,
        "previous_sha256": certificate.previous_sha256,
    })
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DaysQuery {
    unit: Option<String>,
    account: Option<String>,
    /// The first and the last day that are listed; all where they are left out.
    from: Option<BusinessDay>,
    until: Option<BusinessDay>,
}

/// `GET /api/v1/days?unit=&account=&from=&until=`: the certificates of an account, oldest first, which of them
/// stand, whether their chain holds, and the days that are over and not closed, with what each waits for.
pub async fn days(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: DaysQuery = extract::query(&request)?;
    let found = block(move || {
        let app = shared.app();
        let stamp = app.stamp();
        let span = (asked.from, asked.until);
        if let (Some(from), Some(until)) = span {
            report::Period::new(from, until)?;
        }
        let query = AccountQuery { unit: asked.unit, account: asked.account };
        let (unit, account) = app.read(&caller.0, |conn| account_asked(conn, &caller.0, &query))?;
        let broken = day_close::verify_chain_within(&app.store, &caller.0.scope, unit, account)?;
        app.read(&caller.0, |conn| {
            let held = account::find(conn, unit, account)?;
            let open = open_days::with_proof(conn, &stamp, &caller.0, &held, (span, open_days::LIMIT))?;
            let listed = certificates_of(conn, (unit, account), span)?;
            let answer = json!({
                "certificates": listed,
                "chain_holds": broken.is_none(),
                "broken": broken,
                "open": open.days.iter().map(open_day_json).collect::<Vec<_>>(),
                "open_count": open.count,
            });
            by_code::named(conn, answer)
        })
    });
    respond::ok(&found.await?)
}

fn certificates_of(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    (from, until): open_days::Span,
) -> Result<Vec<Value>> {
    let standing = day_close::standing(conn, unit, account)?;
    let is_asked =
        |date: BusinessDay| from.is_none_or(|from| from <= date) && until.is_none_or(|until| date <= until);
    let certificates = day_close::certificates(conn, unit, account)?;
    let listed = certificates.iter().filter(|one| is_asked(one.date)).map(|one| {
        let mut view = certificate_json(one);
        view["stands"] = json!(standing.contains(&(one.date, one.revision)));
        view
    });
    Ok(listed.collect())
}

/// A day that is over and not closed.
pub fn open_day_json(day: &open_days::OpenDay) -> Value {
    let waits_for: Vec<Value> = day.waits_for.iter().map(obstacle_json).collect();
    json!({ "date": day.date, "state": day.state(), "waits_for": waits_for })
}

pub(super) fn account_asked(
    conn: &mut Conn,
    actor: &crate::actor::Actor,
    asked: &AccountQuery,
) -> Result<(UnitId, AccountId)> {
    let unit = unit_asked(conn, actor, asked.unit.as_deref())?;
    let Some(number) = &asked.account else {
        return report::only_account(conn, unit).map(|account| (unit, account));
    };
    account::of_unit(conn, unit)?
        .iter()
        .find(|account| account.account_no.eq_ignore_ascii_case(number.trim()))
        .map(|account| (unit, account.id))
        .ok_or_else(|| Error::not_found("account_not_found", "no such account in this unit"))
}
