//! `POST /callback/sms/{operator}`: delivery reports of SMS operators.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::actor::Scope;
use crate::error::Error;
use crate::notification::{self, Channel, query, rules, sms::report};
use crate::store::Lane;
use crate::web::Shared;
use crate::web::extract::{self, path_text};
use crate::web::respond::{Failure, block};

const BODY_LIMIT_BYTES: usize = 16 * 1024;

/// 2xx means durably stored. A report told again changes nothing.
pub async fn sms_report(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let operator = path_text(&request, "operator").to_owned();
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (timestamp, signature) = (header("x-bienlai-timestamp"), header("x-bienlai-signature"));
    let body = extract::body(payload, BODY_LIMIT_BYTES).await?;
    let state = block(move || {
        let app = shared.app();
        let courier = &shared.running.courier;
        let secret = courier
            .report_secret(&operator)
            .ok_or_else(|| Error::not_found("channel_not_found", "no SMS operator has this path"))?;
        let told = report::read(secret, &timestamp, &signature, &body, app.clock.now())?;
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let stamp = app.stamp();
            // What became of a letter is not an operator's to say, nor of an SMS that another one has.
            let (unit, id) = told.message;
            let is_sms = query::find(tx, unit, id)?.is_some_and(|message| message.channel == Channel::Sms);
            let events = query::events(tx, unit, id)?;
            let holder =
                rules::holder(events.iter().map(|event| (event.kind.as_str(), event.via.as_deref())));
            if !is_sms || holder != Some(operator.as_str()) {
                return Err(notification::not_found());
            }
            if told.is_delivered {
                notification::delivered(tx, &stamp, told.message, &operator)
            } else {
                let goes_by_sms = courier.sends_sms();
                notification::bounced(tx, &stamp, told.message, &operator, &told.code, goes_by_sms)
            }
        })
    })
    .await?;
    Ok(HttpResponse::Ok().json(json!({ "state": state.as_str() })))
}
