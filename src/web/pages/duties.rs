//! `/duties`: what waits for a second person, and delegations: offered, accepted, used, ended.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::acting::{self, Acted, By};
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
use crate::duty::agenda::{self, Counts, Item, Place};
use crate::duty::decision::{self, Matter, Verdict};
use crate::duty::delegation::{self, Answer, DELEGATES, Offer};
use crate::duty::{Kind, Seat};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::id::{DelegationId, PersonId, UnitId};
use crate::identity::vouch;
use crate::payment::settler::Numbered;
use crate::remittance::document::Tariffs;
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::unit;
use crate::web::Shared;
use crate::web::api::duties::{acted, answered, offered};
use crate::web::extract;
use crate::web::respond::block;

const SEATED: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];
pub(super) const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

/// Decisions of one page, and of one delegation on it.
pub(super) const SHOWN: usize = 50;

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
    /// How many wait in all, here and on other pages.
    total: usize,
    /// The place behind which this page begins, as its address says it; empty for the first.
    after: String,
    /// Where the next page begins.
    next: Option<String>,
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
    let asked: Asked = extract::query(&request).map_err(|error| error.in_field("form"))?;
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, &asked.after).await?))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    after: String,
}

/// A place that is no longer one, or never was, is the beginning.
fn place(after: &str) -> Option<Place> {
    after.parse().ok()
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    after: &str,
) -> Result<DutiesPage> {
    signed.require(&SEATED)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    // Delegations may be of another unit than the delegate's; each list keeps to what is theirs.
    let after = place(after);
    let read = move || app.store.read(&Scope::All, |conn| Parts::read(conn, &app, (&actor, lang), after));
    let parts = block(read).await?;
    Ok(DutiesPage {
        csrf: signed.csrf.clone(),
        shows_waiting: READERS.contains(&signed.actor.role),
        can_offer: signed.actor.role == Role::Approver,
        can_answer: DELEGATES.contains(&signed.actor.role),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        waiting: parts.waiting,
        total: parts.total,
        after: after.map(|after| after.to_string()).unwrap_or_default(),
        next: parts.next,
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
    total: usize,
    next: Option<String>,
    elsewhere: Vec<(String, &'static str)>,
    delegations: Vec<DelegationRow>,
    units: Vec<(String, String)>,
    people: Vec<(String, String)>,
}

impl Parts {
    fn read(
        conn: &mut Conn,
        app: &App,
        (actor, lang): (&Actor, Lang),
        after: Option<Place>,
    ) -> Result<Parts> {
        let stamp = app.stamp();
        let (counts, (shown, next)) = match READERS.contains(&actor.role) {
            true => {
                (agenda::counts(conn, actor, None)?, agenda::page_of_decisions(conn, actor, (after, SHOWN))?)
            }
            false => Default::default(),
        };
        let mut tariffs = Tariffs::default();
        let row = |item: &Item| waiting_row(conn, stamp.vault, (actor, lang), item, &mut tariffs);
        let waiting: Vec<WaitingRow> = shown.iter().map(row).collect::<Result<_>>()?;
        let found = delegation::list(conn, actor)?;
        let delegated = |one| delegation_row(conn, &stamp, (actor, lang), one, &mut tariffs);
        let delegations: Result<Vec<DelegationRow>> = found.iter().map(delegated).collect();
        let offers = actor.role == Role::Approver;
        let all = if offers { unit::all(conn)? } else { Vec::new() };
        let own = all.into_iter().filter(|unit| unit.id != unit::CITY && actor.scope.covers(unit.id));
        let people = if offers { delegation::choices(conn, actor)? } else { Vec::new() };
        Ok(Parts {
            waiting,
            total: counts.waiting(),
            next: next.map(|next| next.to_string()),
            elsewhere: elsewhere(&counts, vouch::awaiting(conn, actor)?.len(), lang),
            delegations: delegations?,
            units: own.map(|unit| (unit.code.clone(), unit.name)).collect(),
            people: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        })
    }
}

/// Slips on paper, changes of the tariff, proposals for the city, acts on personal data and logins wait on pages of
/// their own; who reads these is told here that something waits.
fn elsewhere(counts: &Counts, logins: usize, lang: Lang) -> Vec<(String, &'static str)> {
    let words = |(matter, count): (Matter, usize)| {
        let href = matter.own_page()?;
        let key = match matter {
            Matter::Tariff => "duties_tariff",
            Matter::Proposal => "duties_proposals",
            Matter::DataAct => "duties_privacy",
            Matter::SetAside => "duties_set_aside",
            _ => "duties_slips",
        };
        Some((lang.with(key, count), href))
    };
    let own = Some((lang.with("duties_logins", logins), "/users")).filter(|_| logins > 0);
    counts.of_matters().filter_map(words).chain(own).collect()
}

pub(super) fn title(lang: Lang, kind: Kind) -> &'static str {
    let (vi, en) = kind.title();
    lang.pick(vi, en)
}

fn waiting_row(
    conn: &mut Conn,
    vault: &Vault,
    (actor, lang): (&Actor, Lang),
    item: &Item,
    tariffs: &mut Tariffs,
) -> Result<WaitingRow> {
    let one = &item.open;
    let (vi, en) = one.matter.title();
    let mut facts = facts(conn, vault, lang, one, tariffs)?;
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
        why: match item.why.as_deref() {
            Some("nobody_else") => lang.t("duties_nobody_else"),
            Some(_) => lang.t("duties_waited"),
            None => "",
        },
        is_open: one.is_open_to(actor) && !facts.is_part,
        facts,
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
        if answer == Answer::Accept {
            require_second_factor(signed)?;
        }
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
        require_second_factor(signed)?;
        let (actor, id) = (&signed.actor, read_delegation(fields)?);
        let matter = Matter::Kind(Kind::delegable(fields.get("act"))?);
        let subject = matter.subject_id(fields.get("subject"))?;
        if let Ok(seen) = fields.trimmed("seen").parse::<i64>() {
            // The thing may be of another unit than the delegate's: it is the delegation that opens that unit.
            let standing = |conn: &mut Conn| delegation::standing_in(conn, actor, seat(signed), id);
            let (standing_in, lent) = app.store.read(&Scope::All, standing)?;
            require_seen(app, &standing_in.scope, (lent.unit, matter, subject), seen)?;
        }
        acted(app, (actor, seat(signed)), id, fields.get("act"), fields.get("subject"))
    })
    .await
}

/// Who approves in another's place shows what approvers show: a login without a second factor takes nothing on.
fn require_second_factor(signed: &Signed) -> Result<()> {
    if signed.session.login.has_second_factor() {
        return Ok(());
    }
    Err(Error::forbidden("delegation_wants_second_factor", "the login has no second factor"))
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
/// # Errors
/// `act_changed`.
fn require_seen(
    app: &App,
    scope: &Scope,
    (unit, matter, id): (UnitId, Matter, i64),
    seen: i64,
) -> Result<()> {
    let now = app.store.read(scope, |conn| {
        let waits = decision::find(conn, unit, (matter, id))?;
        waits.map(|one| matter::edition(conn, &one)).transpose()
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
    let acting = move |app: &App, signed: &Signed, fields: &Fields| {
        confirm(app, signed, fields.get("confirm"))?;
        work(app, signed, fields)
    };
    let Acted { signed, fields, done } =
        acting::act_on(signed, fields, &shared, By::roles(roles), acting).await?;
    match done {
        // What follows the thing that was decided is on the same page again.
        Ok(()) => Ok(match place(fields.get("after")) {
            Some(after) => see_done(format!("/duties?after={after}")),
            None => see_done("/duties"),
        }),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared, fields.get("after")).await?;
            let status = match error.kind() {
                // Somebody else was faster, most often: the list says what waits now.
                ErrorKind::NotFound => StatusCode::NOT_FOUND,
                _ => StatusCode::BAD_REQUEST,
            };
            page.wrong = match status {
                StatusCode::NOT_FOUND => {
                    Wrong(vec![(String::new(), page.frame.lang.of_code(error.code()).to_owned())])
                }
                _ => Wrong::of(error, page.frame.lang)?,
            };
            page.typed = fields;
            Ok(html(status, &page))
        }
    }
}
