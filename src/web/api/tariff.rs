//! What may be charged at a unit on a day, and which quantities each item is asked for with: what a dossier
//! system reads before it raises an obligation.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::unit_asked;
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::tariff::{Charge, FeeItem, IntakeMode, Place, UnitKind};
use crate::unit;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};

const READERS: [Role; 7] = [
    Role::DossierSystem,
    Role::UnitReader,
    Role::Cashier,
    Role::Finance,
    Role::Approver,
    Role::Administrator,
    Role::Auditor,
];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemsQuery {
    unit: Option<String>,
    /// `counter`, `online_partial` or `online_full`; counter when absent.
    intake_mode: Option<String>,
    /// Today when absent.
    on: Option<BusinessDay>,
}

/// `GET /api/v1/tariff/items?unit=&intake_mode=&on=`: in the order of their codes.
pub async fn items(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ItemsQuery = extract::query(&request)?;
    let channel = asked.intake_mode.as_deref().map_or(Ok(IntakeMode::Counter), IntakeMode::parse)?;
    let found = block(move || {
        let app = shared.app();
        let collecting = app.read(&caller.0, |conn| {
            let id = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            unit::find(conn, id)
        })?;
        let on = asked.on.unwrap_or_else(|| app.clock.now().business_day());
        let place =
            Place { unit_code: collecting.code.clone(), unit_kind: UnitKind::parse(&collecting.kind)? };
        let tariff = app.tariff()?;
        let items: Vec<Value> =
            tariff.in_force(&place, channel, on).map(|(item, charge)| view(item, charge)).collect();
        Ok(json!({ "unit": collecting.code, "intake_mode": channel.as_str(), "on": on, "items": items }))
    });
    respond::ok(&found.await?)
}

fn view(item: &FeeItem, charge: &Charge) -> Value {
    json!({
        "item": item.code,
        "name": item.name.vi,
        "name_en": item.name.en,
        "kind": item.kind.as_str(),
        "document": item.document.as_str(),
        "takes": charge.pricing.takes(),
        "unit_of_quantity": item.unit.vi,
        "floor": charge.floor,
        "cap": charge.cap,
        "legal_ground": charge.legal_ground,
    })
}
