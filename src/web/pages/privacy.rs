//! `/privacy`: what people ask about their own data, their files, incidents with their clock, the
//! register of processing.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::acting::{self, Acted, By};
use super::fields::{Fields, Pairs, Wrong};
use super::finance::stored;
use super::frame::Frame;
use super::matter::moment;
use super::privacy_forms::{
    ask_faults, asked, contact_faults, contact_of, counted, detail_faults, incident_faults, nothing,
    purpose_faults, reason_faults,
};
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{DataRequestId, EventId, IncidentId, UnitId};
use crate::identity::person_name;
use crate::party::Payer;
use crate::privacy::act::{self, Proposed};
use crate::privacy::file::{self, File};
use crate::privacy::incident::{self, Step};
use crate::privacy::register::{self, Activity};
use crate::privacy::request;
use crate::privacy::{READERS, RECEIVERS};
use crate::store::Conn;
use crate::unit::{self, CITY, Unit};
use crate::web::Shared;
use crate::web::respond::block;

/// Requests and incidents shown of one unit: the newest.
const SHOWN_LIMIT: i64 = 50;
const SEATED: [Role; 4] = [Role::Cashier, Role::Finance, Role::Administrator, Role::Auditor];

struct RequestRow {
    id: DataRequestId,
    unit: String,
    kind: &'static str,
    due_at: String,
    is_late: bool,
    is_open: bool,
    /// Whether something can be carried out for it, and whether it is a correction.
    is_act: bool,
    is_correction: bool,
    /// Who proposed to carry it out; empty while nobody did.
    proposed_by: String,
    /// What is proposed, for whoever may approve it.
    seen: Option<Proposed>,
    state: &'static str,
    /// Ground and words of the answer.
    answer: String,
}

struct IncidentRow {
    id: IncidentId,
    unit: String,
    nature: String,
    affected: i64,
    found_at: String,
    hours_left: Option<i64>,
    state: &'static str,
    is_closed: bool,
    events: Vec<(String, String)>,
}

#[derive(Default)]
struct FileShown {
    /// Dossier, who they said they are, what was owed, documents.
    entries: Vec<(String, String, String, String)>,
    /// When, who, for what.
    views: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage {
    frame: Frame,
    csrf: String,
    can_receive: bool,
    can_keep: bool,
    shows: bool,
    must_confirm: bool,
    wrong: Wrong,
    units: Vec<(String, String)>,
    requests: Vec<RequestRow>,
    incidents: Vec<IncidentRow>,
    activities: &'static [Activity],
    file: Option<FileShown>,
    done: bool,
    typed: Fields,
}

/// `GET /privacy`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<PrivacyPage> {
    signed.require(&SEATED)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let shows = READERS.contains(&actor.role);
    let can_keep = actor.role == Role::Administrator;
    // New contacts are shown to whoever gave a code a moment ago, as the file itself is.
    let must_confirm = !signed.session.is_confirmed(shared.app().clock.now());
    let parts = block(move || {
        let now = app.clock.now();
        let (units, mut requests, incidents, makers, deciding) = app.read(&actor, |conn| {
            let units: Vec<Unit> = unit::all(conn)?
                .into_iter()
                .filter(|unit| unit.id != CITY && actor.scope.covers(unit.id))
                .collect();
            let (mut requests, mut incidents) = (Vec::new(), Vec::new());
            let (mut makers, mut deciding) = (Vec::new(), Vec::new());
            for unit in units.iter().filter(|_| shows) {
                let acts = act::waiting(conn, unit.id)?;
                for one in request::list(conn, &actor, unit.id, SHOWN_LIMIT)? {
                    let row = request_row(lang, &unit.name, one, now);
                    if let Some(act) = acts.iter().find(|act| act.request == row.id) {
                        makers.push((row.id, act.maker));
                        if can_keep
                            && !must_confirm
                            && row.is_open
                            && actor.person.is_some_and(|own| own != act.maker)
                        {
                            deciding.push((unit.id, row.id));
                        }
                    }
                    requests.push(row);
                }
                for one in incident::list(conn, &actor, unit.id, SHOWN_LIMIT)? {
                    incidents.push(incident_row(lang, &unit.name, one, now));
                }
            }
            Ok((units, requests, incidents, makers, deciding))
        })?;
        for one in looks(&app, &actor, &deciding)? {
            if let Some(row) = requests.iter_mut().find(|row: &&mut RequestRow| row.id == one.request) {
                row.seen = Some(one);
            }
        }
        // Who proposed may be registered at another unit than these.
        app.store.read(&Scope::All, |conn| {
            for (id, maker) in &makers {
                let name = person_name(conn, *maker)?;
                if let Some(row) = requests.iter_mut().find(|row: &&mut RequestRow| row.id == *id) {
                    row.proposed_by = name;
                }
            }
            Ok(())
        })?;
        Ok((units, requests, incidents))
    });
    let (units, requests, incidents) = parts.await?;
    Ok(PrivacyPage {
        csrf: signed.csrf.clone(),
        can_receive: RECEIVERS.contains(&signed.actor.role),
        can_keep,
        shows,
        must_confirm,
        wrong: Wrong::default(),
        units: units.into_iter().map(|unit| (unit.code, unit.name)).collect(),
        requests,
        incidents,
        activities: register::activities()?,
        file: None,
        done: false,
        typed: Fields::default(),
        frame,
    })
}

/// What waits for this person's decision; that they saw it is written down.
fn looks(app: &App, actor: &Actor, deciding: &[(UnitId, DataRequestId)]) -> Result<Vec<Proposed>> {
    if deciding.is_empty() {
        return Ok(Vec::new());
    }
    app.write(actor, |tx, stamp| {
        let mut found = Vec::new();
        for key in deciding {
            found.extend(act::look(tx, stamp, actor, *key)?);
        }
        Ok(found)
    })
}

fn request_row(lang: Lang, unit: &str, one: request::Request, now: Instant) -> RequestRow {
    let is_open = one.state == "received";
    RequestRow {
        id: one.id,
        unit: unit.to_owned(),
        kind: lang.t(match one.kind.as_str() {
            "access" => "privacy_access",
            "correction" => "privacy_correction",
            _ => "privacy_erasure",
        }),
        due_at: moment(one.due_at),
        is_late: is_open && one.due_at < now,
        is_open,
        is_act: is_open && one.kind != "access",
        is_correction: one.kind == "correction",
        proposed_by: String::new(),
        seen: None,
        state: lang.t(match one.state.as_str() {
            "received" => "privacy_received",
            "answered" => "privacy_answered",
            _ => "privacy_refused",
        }),
        answer: [one.ground.map(|ground| ground_words(lang, &ground).to_owned()), one.reason]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": "),
    }
}

fn ground_words(lang: Lang, ground: &str) -> &'static str {
    lang.t(match ground {
        "retention_by_law" => "privacy_retention",
        "legal_claim" => "privacy_claim",
        "identity_not_proven" => "privacy_unproven",
        _ => "privacy_nothing",
    })
}

fn incident_row(lang: Lang, unit: &str, one: incident::Incident, now: Instant) -> IncidentRow {
    IncidentRow {
        id: one.id,
        unit: unit.to_owned(),
        hours_left: one.hours_left(now),
        nature: one.nature,
        affected: one.affected,
        found_at: moment(one.found_at),
        state: lang.t(match one.state.as_str() {
            "open" => "privacy_open",
            "notified" => "privacy_notified",
            _ => "privacy_closed",
        }),
        is_closed: one.state == "closed",
        events: one.events.into_iter().map(|event| (moment(event.at), event.detail)).collect(),
    }
}

/// `POST /privacy/receive`
pub async fn receive(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, By::roles(&RECEIVERS), ask_faults, |app, actor, fields| {
        app.write(actor, |tx, stamp| {
            let unit = unit_of(tx, fields)?;
            request::receive(tx, stamp, actor, &asked(fields, unit))
        })?;
        Ok(None)
    })
    .await
}

fn unit_of(conn: &mut Conn, fields: &Fields) -> Result<UnitId> {
    let unknown = |_| Error::invalid("unit", "unit_not_found", "no such unit");
    unit::find_by_code(conn, fields.trimmed("unit")).map(|unit| unit.id).map_err(unknown)
}

fn request_of(fields: &Fields) -> Result<DataRequestId> {
    fields.get("request").parse().map_err(|_| request::not_found())
}

/// `POST /privacy/file`: opens a person's file; the purpose is written down.
pub async fn see(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let lang = Lang::of(&request);
    change(request, signed, form, shared, keeping(), purpose_faults, move |app, actor, fields| {
        let id = request_of(fields)?;
        let file = app.write(actor, |tx, stamp| {
            let unit = request::locate(tx, actor, id)?;
            file::see(tx, stamp, actor, (unit, id), fields.get("purpose"))
        })?;
        // Who looked may be registered at another unit than this transaction sees.
        let names = app.store.read(&Scope::All, |conn| {
            file.views.iter().map(|view| person_name(conn, view.person)).collect::<Result<Vec<String>>>()
        })?;
        Ok(Some(shown(lang, file, names)))
    })
    .await
}

fn shown(lang: Lang, file: File, names: Vec<String>) -> FileShown {
    let entries = file.entries.into_iter().map(|entry| {
        let documents: Vec<String> = entry
            .documents
            .iter()
            .map(|one| {
                let state = stored::value(lang, &one.state);
                format!("{} {:07} – {} – {state}", one.series, one.number, one.amount)
            })
            .collect();
        let payer = entry.payer.map(|payer| words(&payer)).unwrap_or_default();
        let owed = format!("{} – {}", entry.total, moment(entry.raised_at));
        (entry.dossier_code, payer, owed, documents.join("; "))
    });
    let views = file.views.iter().zip(names);
    FileShown {
        entries: entries.collect(),
        views: views.map(|(view, name)| (moment(view.at), name, view.purpose.clone())).collect(),
    }
}

/// Everything that is kept of a payer, as the person is told it.
fn words(payer: &Payer) -> String {
    let all = [
        &payer.name,
        &payer.address,
        &payer.tax_code,
        &payer.personal_id,
        &payer.passport,
        &payer.phone,
        &payer.email,
    ];
    all.into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")
}

/// `POST /privacy/close`: answers a request, or refuses it with the ground.
pub async fn close(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, keeping(), reason_faults, |app, actor, fields| {
        let id = request_of(fields)?;
        app.write(actor, |tx, stamp| {
            let key = (request::locate(tx, actor, id)?, id);
            let reason = fields.get("reason");
            match fields.get("ground") {
                "" => request::answer(tx, stamp, actor, key, reason),
                ground => request::refuse(tx, stamp, actor, key, (ground, reason)),
            }
        })?;
        Ok(None)
    })
    .await
}

/// `POST /privacy/propose`: what is to be done for a request, for another person to decide.
pub async fn propose(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, keeping(), contact_faults, |app, actor, fields| {
        let id = request_of(fields)?;
        let contact = contact_of(fields);
        app.write(actor, |tx, stamp| {
            let key = (request::locate(tx, actor, id)?, id);
            act::propose(tx, stamp, actor, key, &contact)
        })?;
        Ok(None)
    })
    .await
}

/// `POST /privacy/approve`: another person carries it out.
pub async fn approve(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, keeping(), nothing, |app, actor, fields| {
        let id = request_of(fields)?;
        let seen: EventId = fields.get("act").parse().map_err(|_| act::not_proposed())?;
        app.write(actor, |tx, stamp| {
            let key = (request::locate(tx, actor, id)?, id);
            act::approve(tx, stamp, actor, key, seen)
        })?;
        Ok(None)
    })
    .await
}

/// `POST /privacy/incident`: opens an incident; its clock runs from now less the hours it was known.
pub async fn incident(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, keeping(), incident_faults, |app, actor, fields| {
        let affected = counted(fields, "affected")?;
        let hours = counted(fields, "hours")?.min(24 * 3_660);
        app.write(actor, |tx, stamp| {
            let unit = unit_of(tx, fields)?;
            let found_at = stamp.now.minus_seconds(hours * 3_600);
            incident::open(tx, stamp, actor, unit, (found_at, affected, fields.get("nature")))
        })?;
        Ok(None)
    })
    .await
}

/// `POST /privacy/step`: what was done about an incident.
pub async fn step(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, keeping(), detail_faults, |app, actor, fields| {
        let step = match fields.get("step") {
            "notified" => Step::Notified,
            "closed" => Step::Closed,
            _ => Step::Noted,
        };
        let id: IncidentId = fields.get("incident").parse()?;
        app.write(actor, |tx, stamp| {
            let unit = incident::locate(tx, actor, id)?;
            incident::step(tx, stamp, actor, (unit, id), step, fields.get("detail"))
        })?;
        Ok(None)
    })
    .await
}

/// By an administrator, with code or password.
fn keeping() -> By<'static> {
    By::confirmed(&[Role::Administrator])
}

/// `faults` is everything that reading the fields shows, in the order of the form.
async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    by: By<'_>,
    faults: fn(&Fields) -> Vec<Error>,
    work: impl Fn(&App, &Actor, &Fields) -> Result<Option<FileShown>> + Send + 'static,
) -> Page {
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, work).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    match done {
        Ok(file) => {
            page.done = file.is_none();
            page.file = file;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::all(faults(&fields), error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
