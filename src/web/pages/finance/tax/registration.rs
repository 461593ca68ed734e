//! `/tax/registration`: what the tax office accepted of a unit, the forms 01/ĐKTĐ-CTĐT on their way to it
//! with what stands in them and the rules behind them, and the next one.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::registration_form::{self, Entrust, Typed};
use super::words;
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::form::registration::{Action, Registration};
use crate::filing::{self, Filing, Kind, State, query, transmission};
use crate::id::{FilingId, TransmissionId};
use crate::store::Conn;
use crate::unit::Unit;
use crate::unit::imprint;
use crate::unit::registration::{self, CertificateAction, InForce, ListedCertificate, Signing};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::called;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::finance::report_page::{unit_choices, unit_named};
use crate::web::pages::finance::{READERS, confirm};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day, or_dash, time};
use crate::web::pages::marks;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Forms on one page, the newest.
const SHOWN_LIMIT: i64 = 20;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
}

/// A form as the page shows it.
struct Form {
    id: FilingId,
    title: String,
    state: &'static str,
    tone: &'static str,
    /// Whether the office accepted it and it could not come into force.
    is_held: bool,
    made_at: String,
    /// What stands in it: name and value.
    says: Vec<(&'static str, String)>,
    /// The rules by which it was made, each with its mark.
    rules: Vec<String>,
    /// What happened: when, what, and the reason where there is one.
    history: Vec<(String, String, String)>,
    message: Option<TransmissionId>,
    can_accept: bool,
    /// Whether the person who looks may decide about it, on the page of what waits.
    can_decide: bool,
    can_withdraw: bool,
}

#[derive(Template)]
#[template(path = "tax_registration.html")]
struct RegistrationPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    units: Vec<(String, String)>,
    unit: String,
    accepted: Listing,
    certificates: Listing,
    forms: Vec<Form>,
    /// `new`, or `change` where the office accepted one.
    action: &'static str,
    can_draft: bool,
    /// Certificates that a change may stop: serial and what it is.
    stoppable: Vec<(String, String)>,
    typed: Typed,
    /// What was typed beside an acceptance that was refused: the form's id, number and day.
    accepting: (String, String, String),
    must_confirm: bool,
    has_second_factor: bool,
}

struct Found {
    unit: Unit,
    accepted: Vec<registration::Registration>,
    certificates: Vec<InForce>,
    forms: Vec<Form>,
    is_registered: bool,
    is_waiting: bool,
    typed: Typed,
}

/// `GET /tax/registration?unit=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    compose(&request, &signed, &shared, (asked.unit, None, Wrong::default())).await
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (unit, fields, mut wrong): (String, Option<&Fields>, Wrong),
) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let can_work = signed.actor.role == Role::Administrator;
    let (app, actor, lang, code) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang, unit.clone());
    let (choices, found) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&actor, |conn| {
            let found = found(conn, (&actor, lang), &code, today);
            Ok((unit_choices(conn, &actor)?, found))
        })
    })
    .await?;
    let found = match found {
        Ok(found) => Some(found),
        Err(error) => {
            wrong.0.extend(Wrong::of(error, lang)?.0);
            None
        }
    };
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let is_registered = found.as_ref().is_some_and(|found| found.is_registered);
    let certificates = found.as_ref().map(|found| found.certificates.as_slice()).unwrap_or_default();
    let field = |name: &str| fields.map(|fields| fields.get(name).to_owned()).unwrap_or_default();
    let page = RegistrationPage {
        csrf: signed.csrf.clone(),
        wrong,
        units: choices,
        unit: found.as_ref().map_or(unit, |found| found.unit.code.clone()),
        accepted: accepted(&frame, found.as_ref().map(|found| found.accepted.as_slice()).unwrap_or_default()),
        stoppable: certificates
            .iter()
            .map(|one| (one.certificate.serial.clone(), certificate(lang, &one.certificate)))
            .collect(),
        certificates: listed(&frame, certificates),
        action: if is_registered { "change" } else { "new" },
        can_draft: can_work && found.as_ref().is_some_and(|found| !found.is_waiting),
        typed: match (fields, &found) {
            (Some(fields), _) if fields.get("do") == "draft" => Typed::of(fields),
            (_, Some(found)) => found.typed.clone(),
            _ => Typed::default(),
        },
        accepting: (field("form"), field("notice_no"), field("on")),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        forms: found.map(|found| found.forms).unwrap_or_default(),
        frame,
    };
    Ok(html(status, &page))
}

fn found(conn: &mut Conn, (actor, lang): (&Actor, Lang), code: &str, today: BusinessDay) -> Result<Found> {
    let unit = unit_named(conn, actor, code)?;
    let filings = query::of_unit(conn, unit.id, Some(Kind::Registration), SHOWN_LIMIT)?;
    let standing = filing::registration::standing(conn, unit.id)?;
    let newest: Option<Registration> = filings.first().map(Filing::data).transpose()?;
    let of = |one: &Filing| form(conn, lang, (actor, one, standing.held.contains(&one.id)));
    let forms: Result<Vec<Form>> = filings.iter().map(of).collect();
    // What the office accepted and could not come into force here is changed as well, and not registered again.
    let is_registered =
        !standing.held.is_empty() || registration::accepted(conn, unit.id, "receipt")?.is_some();
    let mut typed = newest.map(|form| Typed::before(&form)).unwrap_or_default();
    let imprint = imprint::recorded(conn, &[unit.id], today)?.pop().map(|(_, imprint)| imprint);
    if let Some(principal) = imprint.and_then(|imprint| imprint.principal).filter(|_| !is_registered) {
        typed.entrust = Entrust::by(&principal);
    }
    Ok(Found {
        accepted: registration::of_unit(conn, unit.id)?,
        certificates: registration::in_force(conn, unit.id)?,
        forms: forms?,
        is_registered,
        is_waiting: standing.open.is_some(),
        typed,
        unit,
    })
}

fn form(conn: &mut Conn, lang: Lang, (actor, filing, is_held): (&Actor, &Filing, bool)) -> Result<Form> {
    let can_work = actor.role == Role::Administrator;
    let (waits, is_own) = (filing.state == State::Requested, filing.maker == actor.person);
    let (state, tone) = words::form_state(lang, filing.state);
    let said: Registration = filing.data()?;
    let message = transmission::of_filing(conn, filing.unit, filing.id)?.pop();
    let history = query::history(conn, filing.unit, filing.id)?;
    let step = |(event, _, _, reason, at): (String, String, String, Option<String>, _)| {
        let reason = match (event.as_str(), reason) {
            ("acceptance_held", Some(code)) => lang.of_code(&code).to_owned(),
            (_, reason) => reason.unwrap_or_default(),
        };
        (time(at), words::form_event(lang, &event), reason)
    };
    Ok(Form {
        id: filing.id,
        title: lang
            .t(if said.action == Action::New { "registration_new" } else { "registration_change" })
            .into(),
        state,
        tone,
        is_held,
        made_at: time(filing.created_at),
        says: says(lang, &said),
        rules: marks::of_form(lang, filing)?,
        history: history.into_iter().map(step).collect(),
        message: message.map(|message| message.id),
        can_decide: matches!(actor.role, Role::Finance | Role::Approver) && waits && !is_own,
        can_withdraw: can_work && waits,
        can_accept: can_work && (State::Signed..State::Accepted).contains(&filing.state),
    })
}

/// What stands in a form.
pub fn says(lang: Lang, form: &Registration) -> Vec<(&'static str, String)> {
    let mut kinds = Vec::new();
    if form.receipts_without_value {
        kinds.push(lang.t("registration_without_value"));
    }
    if form.receipts_with_value {
        kinds.push(lang.t("registration_with_value"));
    }
    let office = format!("{} {}", form.taxpayer.office_code, form.taxpayer.office_name);
    let contact = format!("{}, {}, {}", form.contact_name, form.contact_phone, form.contact_email);
    let mut rows = vec![
        (lang.t("day"), day(form.made_on)),
        (lang.t("registration_office"), office),
        (lang.t("registration_contact"), contact),
        (lang.t("registration_kinds"), kinds.join("; ")),
    ];
    for one in &form.certificates {
        rows.push((lang.t("registration_certificate"), certificate(lang, one)));
    }
    for one in &form.entrustments {
        let told =
            format!("{} {} ({} – {})", one.organisation, one.tax_code, one.valid_from, one.valid_until);
        rows.push((lang.t("registration_entrustment"), told));
    }
    rows
}

/// What happens to a certificate, its serial, who issued it, and its days.
fn certificate(lang: Lang, one: &ListedCertificate) -> String {
    let key = match one.action {
        CertificateAction::Add => "registration_add",
        CertificateAction::Renew => "registration_renew",
        CertificateAction::Stop => "registration_stop",
    };
    let days = format!("{} – {}", day(one.valid_from.business_day()), day(one.valid_until.business_day()));
    format!("{}: {} · {} · {days}", lang.t(key), one.serial, one.issuer)
}

fn accepted(frame: &Frame, held: &[registration::Registration]) -> Listing {
    let row = |one: &registration::Registration| {
        let kinds: Vec<String> =
            one.document_kinds.iter().map(|kind| called::document(frame.lang, kind)).collect();
        vec![
            Cell::text(one.form.clone()),
            Cell::text(one.notice_no.clone()),
            Cell::text(day(one.accepted_on)),
            Cell::text(kinds.join(", ")),
            Cell::text(format!("{} {}", one.office_code, one.office_name)),
        ]
    };
    Listing {
        caption: frame.t("registration_accepted_ones"),
        heads: [
            "messages_form",
            "reports_notice_no",
            "registration_accepted_on",
            "registration_kinds",
            "registration_office",
        ]
        .iter()
        .map(|key| frame.t(key))
        .collect(),
        rows: held.iter().map(row).collect(),
    }
}

fn listed(frame: &Frame, held: &[InForce]) -> Listing {
    let row = |InForce { certificate, signs }: &InForce| {
        vec![
            Cell::mono(certificate.serial.clone()),
            Cell::text(certificate.issuer.clone()),
            Cell::text(time(certificate.valid_from)),
            Cell::text(time(certificate.valid_until)),
            Cell::text(documents(frame.lang, signs)),
        ]
    };
    let heads =
        ["registration_serial", "registration_issuer", "duties_from", "duties_until", "registration_signs"];
    Listing {
        caption: frame.t("registration_certificates"),
        heads: heads.map(|key| frame.t(key)).to_vec(),
        rows: held.iter().map(row).collect(),
    }
}

/// The documents that a certificate is registered to sign, each with its first and last day.
fn documents(lang: Lang, signs: &[Signing]) -> String {
    let of = |one: &Signing| {
        let named = called::document(lang, one.documents.as_str());
        format!("{named}: {} – {}", day(one.from), day(one.until))
    };
    let all: Vec<String> = signs.iter().map(of).collect();
    or_dash(Some(all.join("; ")).filter(|text| !text.is_empty()))
}

/// `POST /tax/registration`: `do` is `draft`, `withdraw` with a reason, or `accept` with the number and day of
/// the office's notice and with code or password.
pub async fn step(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let work = |app: &App, signed: &Signed, fields: &Fields| match fields.get("do") {
        "draft" => registration_form::draft(app, &signed.actor, fields),
        "withdraw" => registration_form::withdraw(app, &signed.actor, fields),
        "accept" => {
            confirm(app, signed, fields.get("confirm"))?;
            registration_form::accept(app, &signed.actor, fields)
        }
        _ => Err(Error::invalid("form.do", "form_unreadable", "draft, withdraw or accept")),
    };
    let by = By::roles(&[Role::Administrator]);
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, work).await?;
    match done {
        Ok(unit) => Ok(see(format!("/tax/registration?unit={unit}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            compose(&request, &signed, &shared, (fields.get("unit").to_owned(), Some(&fields), wrong)).await
        }
    }
}
