//! The certificates of the units in scope and the alarms about them, for administrators and auditors; and how one is
//! stopped, by two persons.

use actix_web::{HttpRequest, web};
use serde_json::{Value, json};

use super::step::{ReasonBody, step};
use crate::actor::{Actor, Role};
use crate::error::Result;
use crate::id::{CertificateId, EventId, UnitId};
use crate::receipt::key::alarm;
use crate::store::{Conn, Stamp, Tx};
use crate::unit;
use crate::unit::{certificate, certificate_stop};
use crate::web::Shared;
use crate::web::extract::Caller;
use crate::web::respond::{self, Answer, block};

/// `GET /api/v1/keys`
pub async fn list(caller: Caller, shared: web::Data<Shared>) -> Answer {
    let answer = block(move || {
        caller.0.require_role(&[Role::Administrator, Role::Auditor, Role::System])?;
        let app = shared.app();
        let now = app.clock.now();
        app.read(&caller.0, |conn| {
            let codes: std::collections::BTreeMap<_, _> =
                unit::all(conn)?.into_iter().map(|unit| (unit.id, unit.code)).collect();
            let code = |unit: &crate::id::UnitId| codes.get(unit).map_or("city", String::as_str);
            let all = certificate::all(conn)?;
            let certificates: Vec<_> = all
                .iter()
                .filter(|one| caller.0.scope.require(one.unit).is_ok())
                .map(|one| {
                    json!({
                        "id": one.id, "unit": code(&one.unit), "subject": one.subject, "serial": one.serial,
                        "signer": one.signer, "active_from": one.active_from, "not_after": one.not_after,
                        "days_left": one.not_after.seconds_since(now).max(0) / 86_400,
                        "signs": certificate::is_chosen(&certificate::of_unit_in(&all, one.unit), one.id, now),
                        "listed_for": one.listed_for,
                        "test": one.is_test, "revoked_at": one.revoked_at, "stopped": one.is_stopped,
                    })
                })
                .collect();
            let alarms: Vec<_> = alarm::open(conn)?
                .iter()
                .filter(|one| caller.0.scope.require(one.unit).is_ok())
                .map(|one| {
                    let (vi, en) = one.kind.title();
                    json!({
                        "id": one.id, "unit": code(&one.unit), "kind": one.kind, "certificate": one.certificate,
                        "detail": one.detail, "raised_at": one.raised_at, "vi": vi, "en": en,
                    })
                })
                .collect();
            let mut stops = Vec::new();
            let units: std::collections::BTreeSet<UnitId> = all.iter().map(|one| one.unit).collect();
            for unit in units.into_iter().filter(|unit| caller.0.scope.require(*unit).is_ok()) {
                let waiting = certificate_stop::waiting(conn, unit)?;
                stops.extend(waiting.iter().map(|asked| {
                    let mut shown = json!(asked);
                    shown["unit"] = json!(code(&unit));
                    shown
                }));
            }
            Ok(json!({ "certificates": certificates, "alarms": alarms, "stops": stops }))
        })
    });
    respond::ok(&answer.await?)
}

/// `POST /api/v1/keys/{id}/stop`: asks for it; another person decides.
pub async fn stop(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&certificate_stop::ASKERS)?;
    let reason = ReasonBody::read(payload).await?;
    let asked = step(&request, caller, shared, certified, move |tx, stamp, actor, unit, id| {
        let id = certificate_stop::ask(tx, stamp, actor, (unit, id), &reason)?;
        certificate_stop::find(tx, unit, id)
    });
    respond::ok(&json!({ "stop": asked.await? }))
}

/// `POST /api/v1/keys/stops/{id}/approve`: from now on the certificate signs nothing, for good.
pub async fn approve_stop(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let app = std::sync::Arc::clone(shared.app());
    let stopped = change(&request, caller, shared, |tx, stamp, actor, unit, id| {
        let certificate = certificate_stop::approve(tx, stamp, actor, unit, id)?;
        Ok(json!({ "certificate": certificate, "stopped": true }))
    })
    .await?;
    // What is stopped signs nothing more, not even until the choice is made anew by itself.
    app.keyring.forget();
    respond::ok(&stopped)
}

/// `POST /api/v1/keys/stops/{id}/refuse`: the certificate goes on signing.
pub async fn refuse_stop(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    let kept = change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let certificate = certificate_stop::refuse(tx, stamp, actor, (unit, id), &reason)?;
        Ok(json!({ "certificate": certificate, "stopped": false }))
    });
    respond::ok(&kept.await?)
}

/// `POST /api/v1/keys/stops/{id}/withdraw`: whoever asked takes it back.
pub async fn withdraw_stop(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&certificate_stop::ASKERS)?;
    let reason = ReasonBody::read(payload).await?;
    let kept = change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let certificate = certificate_stop::withdraw(tx, stamp, actor, (unit, id), &reason)?;
        Ok(json!({ "certificate": certificate, "stopped": false }))
    });
    respond::ok(&kept.await?)
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, EventId) -> Result<Value> + Send + 'static,
) -> Result<Value> {
    step(request, caller, shared, asked, act).await
}

fn certified(conn: &mut Conn, actor: &Actor, id: CertificateId) -> Result<UnitId> {
    certificate_stop::locate(conn, &actor.scope, id).map(|one| one.unit)
}

fn asked(conn: &mut Conn, actor: &Actor, id: EventId) -> Result<UnitId> {
    certificate_stop::unit_of(conn, &actor.scope, id)
}
