//! The certificates of the units in scope and the alarms about them, for administrators and auditors.

use actix_web::web;
use serde_json::json;

use crate::actor::Role;
use crate::receipt::key::alarm;
use crate::unit;
use crate::unit::certificate;
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
                        "signs": certificate::chosen(&certificate::of_unit_in(&all, one.unit), now)
                            .is_some_and(|chosen| chosen.id == one.id),
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
            Ok(json!({ "certificates": certificates, "alarms": alarms }))
        })
    });
    respond::ok(&answer.await?)
}
