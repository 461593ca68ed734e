//! `/duties`: what waits for a second person, and delegations: offered, accepted, used, ended.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::delegations::{DelegationRow, delegation_row};
use super::fields::{Fields, Pairs, Wrong};
use super::finance::confirm;
use super::frame::{Frame, see_done};
use super::matter::{self, Facts, facts, moment};
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::duty::decision::{self, Matter, Open, Verdict};
use crate::duty::delegation::{self, Answer, Offer};
use crate::duty::{Kind, Seat, waiting};
use crate::error::{Error, Result};
use crate::id::{DelegationId, PersonId, UnitId};
use crate::identity::person;
use crate::payment::settler::Numbered;
use crate::privacy;
use crate::proposal::State;
use crate::report::proposal;
use crate::shift::provisional_query;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp};
use crate::tariff::draft;
use crate::unit;
use crate::web::Shared;
use crate::web::api::duties::{acted, answered, offered};
use crate::web::respond::block;

const SEATED: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];
pub(super) const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
pub(super) const DELEGATES: [Role; 4] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator];

/// Who reads the page of contingency slips.
const SIGNERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];

/// Decisions shown at once; the rest follows when these are taken.
const SHOWN: usize = 100;
/// Proposals looked through for those that wait.
const SHOWN_ELSEWHERE: i64 = 200;

struct WaitingRow {
    unit: String,
    unit_id: UnitId,
    act: &'static str,
    title: &'static str,
    subject: String,
    amount: String,
    asked_at: String,
    /// Why the city is asked; empty while the unit has time.
    why: &'static str,
    facts: Facts,
    /// Whether the person who looks may decide.
    is_open: bool,
    /// Whether they asked for it themselves.
    is_own: bool,
    wants_reason: bool,
    /// What it was when it was drawn.
    edition: i64,
}

#[derive(Template)]
#[template(path = "duties.html")]
struct DutiesPage {
    frame: Frame,
    csrf: String,
    shows_waiting: bool,
    can_offer: bool,
    can_answer: bool,
    must_confirm: bool,
    has_second_factor: bool,
    wrong: Wrong,
    waiting: Vec<WaitingRow>,
    /// How many more wait than are shown.
    more: usize,
    /// What waits for another person on a page of its own: how many of what, and the page.
    elsewhere: Vec<(String, &'static str)>,
    delegations: Vec<DelegationRow>,
    units: Vec<(String, String)>,
    people: Vec<(String, String)>,
    acts: Vec<(&'static str, &'static str)>,
    typed: Fields,
}

/// `GET /duties`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<DutiesPage> {
    signed.require(&SEATED)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    // Delegations may be of another unit than the delegate's; each list keeps to what is theirs.
    let parts = block(move || app.store.read(&Scope::All, |conn| Parts::read(conn, &app, &actor, lang)));
    let parts = parts.await?;
    Ok(DutiesPage {
        csrf: signed.csrf.clone(),
        shows_waiting: READERS.contains(&signed.actor.role),
        can_offer: signed.actor.role == Role::Approver,
        can_answer: DELEGATES.contains(&signed.actor.role),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        waiting: parts.waiting,
        more: parts.more,
        elsewhere: parts.elsewhere,
        delegations: parts.delegations,
        units: parts.units,
        people: parts.people,
        acts: Kind::DELEGABLE.iter().map(|kind| (kind.as_str(), title(lang, *kind))).collect(),
        typed: Fields::default(),
        frame,
    })
}

struct Parts {
    waiting: Vec<WaitingRow>,
    more: usize,
    elsewhere: Vec<(String, &'static str)>,
    delegations: Vec<DelegationRow>,
    units: Vec<(String, String)>,
    people: Vec<(String, String)>,
}

impl Parts {
    fn read(conn: &mut Conn, app: &App, actor: &Actor, lang: Lang) -> Result<Parts> {
        let stamp = app.stamp();
        let (waiting, more) = match READERS.contains(&actor.role) {
            true => waiting_rows(conn, &stamp, actor, lang)?,
            false => (Vec::new(), 0),
        };
        let found = delegation::list(conn, actor)?;
        let delegations: Result<Vec<DelegationRow>> =
            found.iter().map(|one| delegation_row(conn, &stamp, (actor, lang), one)).collect();
        let offers = actor.role == Role::Approver;
        let all = if offers { unit::all(conn)? } else { Vec::new() };
        let own = all.into_iter().filter(|unit| unit.id != unit::CITY && actor.scope.covers(unit.id));
        let people = if offers { person::choices(conn, actor)? } else { Vec::new() };
        let others = people.into_iter().filter(|one| actor.person != Some(one.id));
        Ok(Parts {
            waiting,
            more,
            elsewhere: elsewhere(conn, actor, lang)?,
            delegations: delegations?,
            units: own.map(|unit| (unit.code.clone(), unit.name)).collect(),
            people: others.map(|one| (one.id.to_string(), one.name)).collect(),
        })
    }
}

/// Slips on paper, changes of the tariff, proposals for the city and acts on personal data wait on pages of their
/// own; who reads these is told here that something waits.
fn elsewhere(conn: &mut Conn, actor: &Actor, lang: Lang) -> Result<Vec<(String, &'static str)>> {
    let units: Vec<UnitId> =
        unit::all(conn)?.iter().map(|unit| unit.id).filter(|unit| actor.scope.covers(*unit)).collect();
    let mut found = Vec::new();
    let mut add = |key, count: usize, href| {
        if count > 0 {
            found.push((lang.with(key, count), href));
        }
    };
    if SIGNERS.contains(&actor.role) {
        // Cash that was taken on paper holds up its cashier's shift until somebody countersigns it.
        add("duties_slips", provisional_query::entered_in(conn, &units)?.len(), "/finance/slips");
    }
    if draft::READERS.contains(&actor.role) && actor.scope == Scope::All {
        let drafts = draft::list(conn, SHOWN_ELSEWHERE)?;
        add("duties_tariff", drafts.iter().filter(|one| one.state == State::Proposed).count(), "/tariff");
    }
    if proposal::READERS.contains(&actor.role) && actor.scope == Scope::All {
        let asked = proposal::list(conn, actor, SHOWN_ELSEWHERE)?;
        let count = asked.iter().filter(|one| one.state == State::Proposed).count();
        add("duties_proposals", count, "/admin/proposals");
    }
    if privacy::READERS.contains(&actor.role) {
        let mut count = 0;
        for unit in &units {
            count += privacy::act::waiting(conn, *unit)?.len();
        }
        add("duties_privacy", count, "/privacy");
    }
    Ok(found)
}

pub(super) fn title(lang: Lang, kind: Kind) -> &'static str {
    let (vi, en) = kind.title();
    lang.pick(vi, en)
}

/// What waits in the actor's units: what the city is asked for first, then the oldest.
fn waiting_rows(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    lang: Lang,
) -> Result<(Vec<WaitingRow>, usize)> {
    let mut open: Vec<(Open, Option<String>)> = Vec::new();
    for unit in unit::of_scope(conn, &actor.scope)? {
        let mut escalated = waiting::escalated(conn, unit.id)?;
        for one in decision::open(conn, unit.id)? {
            let why = escalated.remove(&(one.matter.as_str().to_owned(), one.id, one.asked_at));
            open.push((one, why));
        }
    }
    open.sort_by_key(|(one, why)| (why.is_none(), one.asked_at));
    let more = open.len().saturating_sub(SHOWN);
    let rows: Result<Vec<WaitingRow>> = open
        .iter()
        .take(SHOWN)
        .map(|(one, why)| waiting_row(conn, stamp.vault, (actor, lang), one, why.as_deref()))
        .collect();
    Ok((rows?, more))
}

fn waiting_row(
    conn: &mut Conn,
    vault: &Vault,
    (actor, lang): (&Actor, Lang),
    one: &Open,
    why: Option<&str>,
) -> Result<WaitingRow> {
    let (vi, en) = one.matter.title();
    let mut facts = facts(conn, vault, lang, one)?;
    // An administrator does not see to whom refunds go.
    let is_closed =
        |link: &String| actor.role == Role::Administrator && link.starts_with("/finance/refunds/");
    facts.link = facts.link.filter(|link| !is_closed(link));
    Ok(WaitingRow {
        unit: unit::find(conn, one.unit)?.name,
        unit_id: one.unit,
        act: one.matter.as_str(),
        title: lang.pick(vi, en),
        subject: one.matter.subject_text(one.id),
        amount: money(one.amount),
        asked_at: moment(one.asked_at),
        why: match why {
            Some("nobody_else") => lang.t("duties_nobody_else"),
            Some(_) => lang.t("duties_waited"),
            None => "",
        },
        facts,
        is_open: one.is_open_to(actor),
        is_own: actor.person.is_some_and(|person| one.makers.contains(&person)),
        wants_reason: one.matter.approval_wants_reason(),
        edition: matter::edition(conn, one)?,
    })
}

pub(super) fn money(amount: Dong) -> String {
    if amount.is_zero() { String::new() } else { amount.to_string() }
}

/// `POST /duties/offer`
pub async fn offer(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &[Role::Approver], |app, signed, fields| {
        let actor = &signed.actor;
        let code = fields.trimmed("unit").to_owned();
        let unknown = |_| Error::invalid("unit", "unit_not_found", "no such unit");
        let unit = app.read(actor, |conn| unit::find_by_code(conn, &code)).map_err(unknown)?.id;
        let chosen = fields.beginning("act-").map(|(act, _)| Kind::delegable(act));
        let missing = || Error::invalid("limit", "delegation_amount_wrong", "above zero");
        let offer = Offer {
            unit,
            delegate: read_person(fields)?,
            acts: chosen.collect::<Result<Vec<_>>>()?,
            limit: Dong(fields.dong("limit")?.ok_or_else(missing)?),
            valid_from: read_day(fields, "valid_from")?,
            valid_until: read_day(fields, "valid_until")?,
            decision_no: fields.get("decision_no").to_owned(),
            decision_on: read_day(fields, "decision_on")?,
        };
        offered(app, actor, &offer).map(|_| ())
    })
    .await
}

fn read_person(fields: &Fields) -> Result<PersonId> {
    let unknown = |_| Error::invalid("delegate", "person_not_found", "no such person");
    fields.trimmed("delegate").parse().map_err(unknown)
}

fn read_day(fields: &Fields, name: &str) -> Result<BusinessDay> {
    fields.trimmed(name).parse().map_err(|_| Error::invalid(name, "date_unreadable", "a day"))
}

/// `POST /duties/answer`: accepts, declines or ends.
pub async fn answer(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &DELEGATES, |app, signed, fields| {
        let answer = match fields.get("answer") {
            "accept" => Answer::Accept,
            "decline" => Answer::Decline,
            "end" => Answer::End,
            _ => return Err(Error::invalid("answer", "form_unreadable", "accept, decline or end")),
        };
        answered(app, &signed.actor, read_delegation(fields)?, (answer, seat(signed))).map(|_| ())
    })
    .await
}

fn read_delegation(fields: &Fields) -> Result<DelegationId> {
    fields.get("delegation").parse().map_err(|_| delegation::not_found())
}

/// `POST /duties/act`: approves one thing under a delegation.
pub async fn act(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &DELEGATES, |app, signed, fields| {
        let by = (&signed.actor, seat(signed));
        let matter = Matter::Kind(Kind::delegable(fields.get("act"))?);
        let subject = matter.subject_id(fields.get("subject"))?;
        if let (Ok(unit), Ok(seen)) = (fields.get("unit_id").parse(), fields.trimmed("seen").parse::<i64>()) {
            // The thing may be of another unit than the delegate's.
            require_seen(app, &Scope::All, (unit, matter, subject), seen)?;
        }
        acted(app, by, read_delegation(fields)?, fields.get("act"), fields.get("subject"))
    })
    .await
}

fn seat(signed: &Signed) -> Seat {
    Seat::Login(signed.session.login.id)
}

/// `POST /duties/decide`: approves or refuses one thing that waits. A refusal says why.
pub async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &[Role::Finance, Role::Approver], |app, signed, fields| {
        let matter = Matter::parse(fields.get("act"))?;
        let subject = matter.subject_id(fields.get("subject"))?;
        let unit: UnitId = fields.get("unit_id").parse()?;
        let verdict = match fields.get("verdict") {
            "approve" => Verdict::Approve(fields.get("reason")),
            "refuse" => Verdict::Refuse(fields.get("reason")),
            _ => return Err(Error::invalid("form.verdict", "form_unreadable", "approve or refuse")),
        };
        let about = (unit, matter, subject);
        if let (Verdict::Approve(_), Ok(seen)) = (&verdict, fields.trimmed("seen").parse::<i64>()) {
            require_seen(app, &signed.actor.scope, about, seen)?;
        }
        let receipts = decision::decide(&app.store, &|| app.stamp(), &signed.actor, about, verdict)?;
        app.sealing.numbered(&receipts);
        if matter == Matter::KeyStop {
            // What is stopped signs nothing more, not even until the choice is made anew by itself.
            app.keyring.forget();
        }
        Ok(())
    })
    .await
}

/// That what waits is still what the page showed.
///
/// Errors: `act_changed`.
fn require_seen(
    app: &App,
    scope: &Scope,
    (unit, matter, id): (UnitId, Matter, i64),
    seen: i64,
) -> Result<()> {
    let now = app.store.read(scope, |conn| {
        let waits = decision::open(conn, unit)?;
        let one = waits.iter().find(|one| one.matter == matter && one.id == id);
        one.map(|one| matter::edition(conn, one)).transpose()
    })?;
    // What waits no longer is told by the use case.
    if now.is_none_or(|now| now == seen) {
        return Ok(());
    }
    Err(Error::conflict("act_changed", "it changed after you looked"))
}

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    roles: &[Role],
    work: impl Fn(&App, &Signed, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(roles)?;
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    let signed = Arc::new(signed);
    let acting = Arc::clone(&signed);
    let done = block(move || {
        confirm(&app, &acting, typed.get("confirm"))?;
        work(&app, &acting, &typed)
    })
    .await;
    match done {
        Ok(()) => Ok(see_done("/duties")),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared).await?;
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
