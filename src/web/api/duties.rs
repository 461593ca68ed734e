//! What waits for a second person, and delegations.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{paging, unit_asked};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::{BusinessDay, Instant};
use crate::duty::agenda::{self, Place};
use crate::duty::delegation::{self, Answer as Reply, Delegation, Offer};
use crate::duty::waiting::Shown;
use crate::duty::{Kind, Seat};
use crate::error::Result;
use crate::id::{DelegationId, LoginId, PersonId, UnitId};
use crate::identity::vouch;
use crate::payment::settler::Numbered;
use crate::store::{Conn, Lane};
use crate::unit::CITY;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// Whoever may have given or been given one.
const SEEN: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    unit: Option<String>,
}

/// A unit of the query, in the caller's scope; none when none is named.
fn named(conn: &mut Conn, actor: &Actor, asked: &ListQuery) -> Result<Option<UnitId>> {
    match &asked.unit {
        Some(code) => unit_asked(conn, actor, Some(code)).map(Some),
        None => Ok(None),
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgendaQuery {
    unit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<i64>,
}

/// A login that waits for a second person, as who may vouch for it sees it. Its person's word is for the page.
#[derive(Serialize)]
struct WaitingLogin {
    login: LoginId,
    name: String,
    person: PersonId,
    role: Role,
    /// None: the whole city.
    units: Option<Vec<UnitId>>,
    /// Who had a hand in its way in, as the trail names them.
    makers: Vec<String>,
    set_up_at: Option<Instant>,
}

/// Persons and their logins stand at the city; the use case keeps the actor to those they govern.
fn waiting_logins(app: &App, actor: &Actor, unit: Option<UnitId>) -> Result<Vec<WaitingLogin>> {
    app.store.read(&Scope::All, |conn| {
        let mut found = Vec::new();
        for login in vouch::awaiting(conn, actor)? {
            if unit.is_some_and(|unit| !login.scope.covers(unit)) {
                continue;
            }
            let waits = vouch::waits(conn, app.stamp().vault, &login)?;
            found.push(WaitingLogin {
                login: login.id,
                units: login.scope.unit_ids(),
                name: login.name,
                person: login.person,
                role: login.role,
                makers: waits.makers,
                set_up_at: waits.set_up.map(|(at, _)| at),
            });
        }
        Ok(found)
    })
}

/// `GET /api/v1/approvals?unit=&cursor=&limit=`
pub async fn waiting(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let AgendaQuery { unit, cursor, limit } = extract::query(&request)?;
    let limit = usize::try_from(paging::limit(limit)?).unwrap_or_default();
    let after: Option<Place> = paging::cursor_of(cursor.as_deref())?;
    let asked = ListQuery { unit };
    let answer = block(move || {
        let app = shared.app();
        let unit = app.read(&caller.0, |conn| named(conn, &caller.0, &asked))?;
        let logins = waiting_logins(app, &caller.0, unit)?;
        let (shown, next, counts) = app.read(&caller.0, |conn| {
            let (page, next) = agenda::page(conn, &caller.0, unit, (after, limit))?;
            let stamp = app.stamp();
            let shown: Vec<Shown> = page.iter().map(|item| Shown::of(item, stamp.calendar)).collect();
            Ok((shown, next, agenda::counts(conn, &caller.0, unit)?))
        })?;
        Ok(json!({
            "approvals": shared.unit_codes.beside(app, shown, |one| one.unit)?,
            "logins": logins,
            "total": counts.waiting(),
            "for_city": counts.for_city(),
            "next": next.map(|next| next.to_string()),
        }))
    });
    respond::ok(&answer.await?)
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    number: String,
    on: BusinessDay,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferBody {
    #[serde(default)]
    unit: Option<String>,
    delegate: PersonId,
    acts: Vec<String>,
    limit: Dong,
    valid_from: BusinessDay,
    valid_until: BusinessDay,
    decision: DecisionBody,
}

/// `POST /api/v1/delegations`
pub async fn offer(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Approver])?;
    let body: OfferBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        let app = shared.app();
        let unit = app.read(&caller.0, |conn| unit_asked(conn, &caller.0, body.unit.as_deref()))?;
        let acts = body.acts.iter().map(|act| Kind::delegable(act)).collect::<Result<Vec<_>>>()?;
        let offer = Offer {
            unit,
            delegate: body.delegate,
            acts,
            limit: body.limit,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            decision_no: body.decision.number.clone(),
            decision_on: body.decision.on,
        };
        offered(app, &caller.0, &offer)
    });
    respond::ok(&json!({ "delegation": made.await? }))
}

/// Persons and their logins stand at the city, so the transaction sees every unit; the use case keeps
/// the actor to their own.
pub fn offered(app: &App, actor: &Actor, offer: &Offer) -> Result<Delegation> {
    app.store.write(&Scope::All, Lane::Live, |tx| delegation::offer(tx, &app.stamp(), actor, offer))
}

/// `GET /api/v1/delegations?unit=`
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&SEEN)?;
    let asked: ListQuery = extract::query(&request)?;
    let found = block(move || {
        shared.app().store.read(&Scope::All, |conn| {
            let unit = named(conn, &caller.0, &asked)?;
            let mut found = delegation::list(conn, &caller.0)?;
            found.retain(|one| unit.is_none_or(|unit| one.unit == unit));
            Ok(found)
        })
    });
    respond::ok(&json!({ "delegations": found.await? }))
}

/// `GET /api/v1/delegations/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&SEEN)?;
    let id: DelegationId = extract::path(&request, "id")?;
    let found =
        block(move || shared.app().store.read(&Scope::All, |conn| delegation::told(conn, &caller.0, id)));
    let (delegation, acts) = found.await?;
    respond::ok(&json!({ "delegation": delegation, "acts": acts }))
}

/// `POST /api/v1/delegations/{id}/accept`
pub async fn accept(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    change(&request, caller, shared, Reply::Accept).await
}

/// `POST /api/v1/delegations/{id}/decline`
pub async fn decline(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    change(&request, caller, shared, Reply::Decline).await
}

/// `POST /api/v1/delegations/{id}/end`
pub async fn end(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    change(&request, caller, shared, Reply::End).await
}

async fn change(request: &HttpRequest, caller: Caller, shared: web::Data<Shared>, reply: Reply) -> Answer {
    let id: DelegationId = extract::path(request, "id")?;
    let changed = block(move || {
        let by = Seat::of_client(&caller.0)?;
        answered(shared.app(), &caller.0, id, (reply, by))
    });
    respond::ok(&json!({ "delegation": changed.await? }))
}

/// The delegate may belong to another unit, so the transaction sees every unit; the use case decides
/// whose it is.
pub fn answered(app: &App, actor: &Actor, id: DelegationId, reply: (Reply, Seat)) -> Result<Delegation> {
    app.store.write(&Scope::All, Lane::Live, |tx| {
        actor.require_role(&SEEN)?;
        let unit = delegation::unit_of(tx, id)?;
        delegation::answer(tx, &app.stamp(), actor, (unit, id), reply)
    })
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActBody {
    act: String,
    subject: String,
}

/// `POST /api/v1/delegations/{id}/acts`
pub async fn act(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&SEEN)?;
    let id: DelegationId = extract::path(&request, "id")?;
    let body: ActBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let told = json!({ "act": body.act, "subject": body.subject, "delegation": id });
    block(move || {
        let by = Seat::of_client(&caller.0)?;
        acted(shared.app(), (&caller.0, by), id, &body.act, &body.subject)
    })
    .await?;
    respond::ok(&json!({ "approved": told }))
}

/// Approves under a delegation, in a transaction that sees its unit, and the city's, where persons and their
/// logins stand.
pub fn acted(
    app: &App,
    (actor, seat): (&Actor, Seat),
    id: DelegationId,
    act: &str,
    subject: &str,
) -> Result<()> {
    let (standing_in, delegation) =
        app.store.read(&Scope::All, |conn| delegation::standing_in(conn, actor, seat, id))?;
    let kind = Kind::delegable(act)?;
    let subject = kind.subject_id(subject)?;
    let scope = Scope::Units([delegation.unit, CITY].into());
    let receipts = app.store.write(&scope, Lane::Live, |tx| {
        delegation::exercise(tx, &app.stamp(), &standing_in, id, (kind, subject))
    })?;
    app.sealing.numbered(&receipts);
    Ok(())
}
