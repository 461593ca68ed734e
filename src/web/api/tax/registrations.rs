//! Registrations with the tax office: what was accepted, the form that one person drafts and another one
//! approves, acceptances recorded by hand.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{READERS, UnitQuery, decide, filing_json};
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::form::registration::{Action, Entrusting};
use crate::filing::registration::Asked;
use crate::filing::{self, Kind, query};
use crate::id::{FilingId, RegistrationId, UnitId};
use crate::receipt::profile;
use crate::store::{Conn, Stamp};
use crate::unit::registration::{self, Acceptance, CertificateAction, ListedCertificate};
use crate::web::Shared;
use crate::web::api::seen::ApproveBody;
use crate::web::api::step::ReasonBody;
use crate::web::api::{paging, unit_asked};
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// `GET /api/v1/tax/registrations`: what was accepted, what is on its way.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: UnitQuery = extract::query(&request)?;
    let page = paging::asked::<FilingId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("filing", page.cursor))?;
            let accepted: Vec<Value> = registration::of_unit(conn, unit)?
                .into_iter()
                .map(|held| {
                    json!({
                        "id": held.id, "form": held.form, "notice_no": held.notice_no,
                        "accepted_on": held.accepted_on, "document_kinds": held.document_kinds,
                        "office_code": held.office_code, "office_name": held.office_name, "filing": held.filing,
                    })
                })
                .collect();
            let forms = query::of_unit(conn, unit, Some(Kind::Registration), page)?;
            let next = paging::next(&forms, page.limit, |form| form.id);
            Ok(json!({
                "next": next,
                "accepted": accepted,
                "certificates": registration::in_force(conn, unit)?,
                "forms": forms.iter().map(filing_json).collect::<Vec<_>>(),
            }))
        })
    });
    respond::ok(&found.await?)
}

#[derive(Deserialize, Clone, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct CertificateBody {
    /// PEM of the certificate that is added or renewed.
    #[serde(default)]
    pem: Option<String>,
    /// The serial of one that is stopped.
    #[serde(default)]
    serial: Option<String>,
    /// Its issuer, where two have the same serial.
    #[serde(default)]
    issuer: Option<String>,
    action: CertificateAction,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct RegistrationBody {
    unit: String,
    action: Action,
    office_code: String,
    office_name: String,
    contact_name: String,
    contact_email: String,
    contact_phone: String,
    #[serde(default)]
    receipts_with_value: bool,
    /// Empty for the installed ones.
    #[serde(default)]
    certificates: Vec<CertificateBody>,
    /// `DSDKUNhiem`
    #[serde(default)]
    entrustments: Vec<Entrusting>,
}

/// `POST /api/v1/tax/registrations`: drafts 01/ĐKTĐ-CTĐT; another person approves it.
pub async fn register(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Administrator])?;
    let asked: RegistrationBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        let (actor, tax) = (&caller.0, &shared.app().config.tax);
        shared.app().write(actor, |tx, stamp| {
            let id = unit_asked(tx, actor, Some(&asked.unit))?;
            let wanted = Asked {
                action: asked.action,
                office_code: asked.office_code.clone(),
                office_name: asked.office_name.clone(),
                contact_name: asked.contact_name.clone(),
                contact_email: asked.contact_email.clone(),
                contact_phone: asked.contact_phone.clone(),
                receipts_with_value: asked.receipts_with_value,
                certificates: listed(tx, stamp, id, &asked.certificates)?,
                entrustments: asked.entrustments.clone(),
            };
            let through_transmitter = tax.sender.as_deref().is_some_and(|code| code.starts_with('V'));
            let way = (tax.place.as_str(), through_transmitter);
            let form = filing::registration::compose(tx, stamp, id, wanted, way)?;
            let made = filing::registration::draft(tx, stamp, actor, id, &form)?;
            Ok(filing_json(&filing::find(tx, id, made)?))
        })
    });
    respond::ok(&json!({ "form": made.await? }))
}

fn listed(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    asked: &[CertificateBody],
) -> Result<Vec<ListedCertificate>> {
    if asked.is_empty() {
        return filing::registration::installed(conn, unit, stamp.now);
    }
    let known = registration::certificates(conn, unit)?;
    let wrong = || {
        let detail = "give pem, or the serial of a registered certificate that is stopped";
        Error::invalid("certificates", "registration_certificates_wrong", detail)
    };
    asked
        .iter()
        .map(|line| match (&line.pem, &line.serial) {
            (Some(pem), None) => filing::registration::listed_of(conn, unit, pem, line.action),
            (None, Some(serial)) => {
                let held = registration::find_certificate(&known, line.issuer.as_deref(), serial)?;
                Ok(ListedCertificate { action: line.action, ..held.clone() })
            }
            _ => Err(wrong()),
        })
        .collect()
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct AcceptBody {
    unit: String,
    notice_no: String,
    accepted_on: BusinessDay,
    /// A form sent from here whose answer was unclear; the rest is taken from it.
    #[serde(default)]
    form: Option<FilingId>,
    #[serde(default)]
    form_name: Option<String>,
    #[serde(default)]
    office_code: String,
    #[serde(default)]
    office_name: String,
    #[serde(default)]
    document_kinds: Vec<String>,
    #[serde(default)]
    certificates: Vec<CertificateBody>,
}

/// `POST /api/v1/tax/registrations/accept`: records an acceptance by hand.
pub async fn accept(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: AcceptBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let recorded: RegistrationId = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = unit_asked(tx, actor, Some(&asked.unit))?;
            if let Some(form) = asked.form {
                let place = (unit, form);
                return filing::registration::accept_by_hand(
                    tx,
                    stamp,
                    actor,
                    place,
                    &asked.notice_no,
                    asked.accepted_on,
                );
            }
            let acceptance = Acceptance {
                unit,
                form: asked.form_name.clone().unwrap_or_else(|| {
                    let profile = profile::for_day(asked.accepted_on);
                    profile.registration_form_of(&asked.document_kinds).to_owned()
                }),
                notice_no: asked.notice_no.clone(),
                accepted_on: asked.accepted_on,
                document_kinds: asked.document_kinds.clone(),
                office_code: asked.office_code.clone(),
                office_name: asked.office_name.clone(),
                certificates: listed(tx, stamp, unit, &asked.certificates)?,
                filing: None,
            };
            filing::registration::record_by_hand(tx, stamp, actor, acceptance)
        })
    })
    .await?;
    respond::ok(&json!({ "registration": recorded }))
}

/// `POST /api/v1/tax/registrations/{id}/approve`: another person than the one who drafted it.
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    decide(&request, caller, shared, "form", move |tx, stamp, actor, unit, id| {
        let before = filing::find(tx, unit, id)?.revision;
        let approved = filing::registration::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(approved)
    })
    .await
}

/// `POST /api/v1/tax/registrations/{id}/withdraw`
pub async fn withdraw(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    decide(&request, caller, shared, "form", move |tx, stamp, actor, unit, id| {
        filing::registration::withdraw(tx, stamp, actor, unit, id, &reason)
    })
    .await
}
