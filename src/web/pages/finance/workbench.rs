//! `/finance/exceptions/{id}`: one item on the workbench: the line at the left, what it may be at the
//! right with the evidence, and every step through the use cases that the API has.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::about::{self, Fact};
use super::candidates::{Candidate, Related, candidates, division, related};
use super::combined::{self, Together};
use super::exceptions::locate;
use super::originals::originals;
use super::proposing::{self, finds_itself, propose_as};
use super::roads::{self, Road};
use super::withdrawing::{self, Withdrawing};
use super::{READERS, confirm, part_paid, steps, undoing};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::duty;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::exception::{self, Exception, State, work_query};
use crate::id::{ExceptionId, LineId, ObligationId, PictureId};
use crate::payment::handover::{self, Transfer};
use crate::payment::payout::back;
use crate::payment::reduce::{self, REDUCE};
use crate::payment::refund::bounce::{self, Came};
use crate::payment::refund::debit::Debit;
use crate::payment::refund::owed_back::{self, REFUND_REPAID};
use crate::payment::settler::Numbered;
use crate::payment::split;
use crate::payment::taken_back::TAKEN_BACK;
use crate::payment::{late_payout, picture, remind, reopen, resolve, told, undo};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::delegations;
use crate::web::pages::detail;
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::{Frame, see_done};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html, program_reason};
use crate::web::respond::block;
use crate::{audit, identity, statement, unit};

/// Who reads what a bank and its customers wrote: who decides about it, and auditors, who read everything.
pub(super) const TEXT_READERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];

/// Why a line's texts are seen, as the trail has it.
pub(super) fn purpose(role: Role) -> &'static str {
    if role == Role::Auditor { "audit" } else { "reconciliation" }
}

/// The line an item is about.
struct LineFacts {
    id: LineId,
    booked_on: String,
    amount: String,
    reference: String,
    memo: String,
    sender: String,
}

/// One thing that happened: when, by whom, what, why.
struct Past {
    at: String,
    who: String,
    what: String,
    why: String,
}

#[derive(Template)]
#[template(path = "workbench.html")]
struct WorkbenchPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: ExceptionId,
    revision: i64,
    title: &'static str,
    amount: String,
    unit: String,
    opened_on: String,
    due_on: String,
    is_overdue: bool,
    subject: String,
    /// Whose dossier and which money it is about.
    about: Vec<Fact>,
    detail: String,
    next_step: &'static str,
    effect: &'static str,
    /// Pages where it goes on.
    roads: Vec<Road>,
    /// Pages where its kind is worked on.
    pages: Vec<Road>,
    state: State,
    line: Option<LineFacts>,
    candidates: Vec<Candidate>,
    /// Waiting money that a payer's word could mean: the item, its sum and day.
    waiting: Vec<Related>,
    /// Words of payers that could mean this money.
    told: Vec<Related>,
    resolutions: Vec<&'static str>,
    /// Whether the reason is read by who said that they paid.
    answers_payer: bool,
    proposal: Option<(String, String, String)>,
    together: Option<Together>,
    /// The reader proposed it: another person approves.
    is_own: bool,
    reopening: Option<String>,
    /// What approving an un-matching, or undoing what is settled, will do.
    undoes: Vec<String>,
    /// How money of another unit is paid on.
    transfer: Option<Transfer>,
    pictures: Vec<PictureId>,
    events: Vec<Past>,
    /// Documents of what it was about, once it is settled: look-up code and name.
    receipts: Vec<(String, String)>,
    /// Who decided for whom.
    delegated: Vec<String>,
    can_propose: bool,
    /// Whether what it is about may be cancelled here: partly paid, and nobody pays the rest.
    can_cancel: bool,
    /// The correction whose difference it asks for.
    withdrawing: Option<Withdrawing>,
    can_decide: bool,
    can_comment: bool,
    must_confirm: bool,
    has_second_factor: bool,
    typed: Typed,
}

impl WorkbenchPage {
    /// Whether the item is worked on at another page.
    fn leads_on(&self) -> bool {
        self.roads.iter().any(|road| !road.leaves_it_open())
    }
}

/// The form as it was typed.
#[derive(Default)]
struct Typed {
    resolution: String,
    target: String,
    other: String,
    parts: String,
    reason: String,
    number: String,
    on: String,
}

impl Typed {
    fn of(fields: &Fields) -> Typed {
        let text = |name: &str| fields.trimmed(name).to_owned();
        Typed {
            resolution: text("resolution"),
            target: text("target"),
            other: text("other"),
            parts: text("parts"),
            reason: text("reason"),
            number: text("number"),
            on: text("on"),
        }
    }
}

/// `GET /finance/exceptions/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, (Wrong::default(), Typed::default())).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Typed),
) -> Result<WorkbenchPage> {
    signed.require(&READERS)?;
    let id: ExceptionId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, csrf, lang) = (signed.actor.clone(), signed.csrf.clone(), frame.lang);
    let must_confirm = !signed.session.is_confirmed(app.clock.now());
    let has_second_factor = signed.session.login.has_second_factor();
    block(move || {
        let today = app.clock.now().business_day();
        let works = matches!(actor.role, Role::Finance | Role::Approver);
        let line = app.write(&actor, |tx, stamp| line_facts(tx, stamp, &actor, id))?;
        let unit = app.read(&actor, |conn| locate(conn, &actor, id))?;
        let subject = (unit, duty::Kind::Exception, id.0);
        let delegated = app.store.read(&Scope::All, |conn| delegations::delegated(conn, lang, subject))?;
        // The account to pay is another unit's.
        let seen = app.read(&actor, |conn| exception::find(conn, unit, id))?;
        let transfer = app.store.read(&Scope::All, |conn| handover::transfer(conn, &seen))?;
        app.read(&actor, |conn| {
            let item = exception::find(conn, unit, id)?;
            let proposal = match item.state {
                State::Proposed => work_query::last_proposal(conn, unit, id)?,
                _ => None,
            };
            let is_own = proposal.as_ref().is_some_and(|one| Some(one.maker) == actor.person);
            let proposal = match proposal {
                Some(proposal) => {
                    let target =
                        proposal.target.map(|id| resolve::target_text(&item, &proposal.resolution, id));
                    let parts = match proposal.resolution.as_str() {
                        split::SPLIT => Some(proposing::parts_text(conn, lang, &item)?),
                        REDUCE => Some(part_paid::reduced(conn, lang, &item, proposal.target)?),
                        _ => None,
                    };
                    let target = parts.or(target).unwrap_or_default();
                    let target = about::named(conn, lang, unit, &target)?;
                    Some((proposal.resolution, target, proposal.reason))
                }
                None => None,
            };
            let is_open = item.state == State::Open;
            let resolutions = if is_open { fitting(conn, &item)? } else { Vec::new() };
            let (mut found, mut typed) = (Vec::new(), typed);
            if is_open && works {
                found = originals(conn, &app.vault, lang, &item)?;
                if typed.resolution.is_empty() && found.iter().any(|one| one.is_chosen) {
                    typed.resolution = TAKEN_BACK.to_owned();
                }
                if found.is_empty() {
                    found = candidates(conn, &app.vault, lang, &item)?;
                }
                if found.is_empty() {
                    found = part_paid::lines(conn, lang, &item)?;
                }
                if typed.parts.is_empty() {
                    typed.parts = division(conn, &item)?;
                }
                if typed.resolution.is_empty() {
                    let usual = steps::resolutions(item.kind).iter().find(|one| resolutions.contains(one));
                    typed.resolution = usual.copied().unwrap_or_default().to_owned();
                }
            }
            let pictures = match item.subject_kind.as_str() {
                "obligation" if picture::READERS.contains(&actor.role) => {
                    picture::of_obligation(conn, unit, ObligationId(item.subject_id))?
                }
                _ => Vec::new(),
            };
            let withdrawing = withdrawing::of(conn, lang, actor.role, &item)?;
            let usual_step = lang.pick(item.kind.next_step_vi(), item.kind.next_step_en());
            let usual_effect = lang.pick(item.kind.effect_vi(), item.kind.effect_en());
            Ok(WorkbenchPage {
                revision: item.revision,
                title: lang.pick(item.title_vi(), item.title_en()),
                next_step: withdrawing.as_ref().map_or(usual_step, |one| one.next_step),
                effect: withdrawing.as_ref().map_or(usual_effect, |one| one.effect),
                withdrawing,
                frame,
                csrf,
                wrong,
                id,
                amount: item.amount.to_string(),
                unit: unit::find(conn, unit)?.name,
                opened_on: item.opened_on.0.format("%d/%m/%Y").to_string(),
                due_on: item.due_on.0.format("%d/%m/%Y").to_string(),
                is_overdue: item.state != State::Resolved && item.due_on < today,
                subject: item.subject_text(),
                about: about::facts(conn, works.then_some(&app.vault), lang, &item)?,
                detail: about::named(conn, lang, unit, &detail::words(lang, &item.detail))?,
                roads: roads::of(conn, lang, actor.role, &item)?,
                state: item.state,
                line,
                candidates: found,
                waiting: related(told::waiting_for(conn, &item)?),
                told: related(told::told_of(conn, &item)?),
                answers_payer: told::is_word(&item),
                resolutions,
                pages: steps::of(lang, actor.role, &item),
                proposal,
                together: combined::of(conn, &item)?,
                is_own,
                reopening: exception::reopening_asked(conn, unit, id)?.map(|(_, reason)| reason),
                transfer,
                undoes: match undo::foreseen(conn, &item)? {
                    Some(found) => undoing::words(conn, lang, unit, &found)?,
                    None => Vec::new(),
                },
                pictures,
                events: past(conn, lang, &item)?,
                receipts: roads::receipts(conn, &item)?,
                delegated,
                can_propose: works && is_open,
                can_cancel: actor.role == Role::Finance && is_open && part_paid::is_partly_paid(conn, &item)?,
                can_decide: works,
                can_comment: works || actor.role == Role::Administrator,
                must_confirm,
                has_second_factor,
                typed,
            })
        })
    })
    .await
}

/// The line with its texts, for those who may read them; seeing them leaves a trace.
fn line_facts(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    id: ExceptionId,
) -> Result<Option<LineFacts>> {
    let unit = locate(tx, actor, id)?;
    let item = exception::find(tx, unit, id)?;
    if item.subject_kind != "line" {
        return Ok(None);
    }
    let line = statement::line_query::line(tx, unit, LineId(item.subject_id))?;
    let mut facts = LineFacts {
        id: line.id,
        booked_on: line.booking_date.0.format("%d/%m/%Y").to_string(),
        amount: line.amount.to_string(),
        reference: line.bank_reference.clone().or(line.reference.clone()).unwrap_or_default(),
        memo: String::new(),
        sender: String::new(),
    };
    if TEXT_READERS.contains(&actor.role) {
        let texts = statement::line_texts(tx, stamp.vault, unit, line.id, line.key, &line.memo_cipher)?;
        facts.memo = texts.memo;
        let sender = [texts.counterparty_name, texts.counterparty_account];
        facts.sender = sender.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let entry = audit::Entry::by(actor, unit, "line.texts_seen", line.id).with(purpose(actor.role));
        audit::record(tx, stamp, &[entry])?;
    }
    Ok(Some(facts))
}

/// The resolutions that could be carried out now; what they point at is named in the form.
fn fitting(conn: &mut Conn, item: &Exception) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    let is_debit = resolve::check_proposal(conn, item, "bank_charge", None).is_ok();
    let can_assign = resolve::check_proposal(conn, item, "assign", Some(item.id.0)).is_ok();
    for resolution in resolve::RESOLUTIONS {
        if resolution == REDUCE {
            // The line is named in the form.
            found.extend((!reduce::lines(conn, item)?.is_empty()).then_some(resolution));
            continue;
        }
        let is_refund = Debit::parse(resolution).is_some();
        let named = Some(item.id.0).filter(|_| !finds_itself(resolution));
        let fits = match resolve::check_proposal(conn, item, resolution, named) {
            Ok(()) => true,
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
                if late_payout::is_ours(resolution) {
                    // Of several that wait for this sum, a person names one.
                    let is_asked = is_debit || can_assign || late_payout::is_about_report(item);
                    if is_asked && !late_payout::waiting(conn, item, resolution)?.is_empty() {
                        found.push(resolution);
                    }
                    continue;
                }
                if resolution == back::PAYOUT_BACK {
                    if is_debit && back::could_be(conn, item)? {
                        found.push(resolution);
                    }
                    continue;
                }
                // These look at their target, which is not named yet.
                let looks = is_refund || matches!(resolution, "remittance_refused" | "taken_back");
                let returned = Came::of(resolution).filter(|_| can_assign);
                let repaid = resolution == REFUND_REPAID && can_assign;
                is_debit && looks
                    || can_assign && resolution == "proves"
                    || returned.map_or(Ok(false), |said| bounce::could_be(conn, item, said))?
                    || repaid && owed_back::could_be(conn, item)?
            }
            Err(error) => return Err(error),
        };
        if fits {
            found.push(resolution);
        }
    }
    Ok(found)
}

fn past(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<Vec<Past>> {
    let mut found = Vec::new();
    for event in work_query::events(conn, item.unit, item.id)? {
        let person = event.checker.or(event.maker);
        let who = match person {
            Some(person) => identity::person_name(conn, person).unwrap_or_default(),
            None => String::new(),
        };
        let what = lang.t(event_key(&event.kind)).to_owned();
        let what = match &event.resolution {
            Some(resolution) => format!("{what}: {}", lang.t(steps::resolution_key(resolution))),
            None => what,
        };
        let at = event.at.in_hanoi().format("%H:%M %d/%m/%Y").to_string();
        let why = if person.is_some() { event.reason } else { program_reason::words(lang, &event.reason) };
        found.push(Past { at, who, what, why });
    }
    Ok(found)
}

/// The last thing that happened to an item: what, why, by whom and when.
pub(super) fn last_words(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<String> {
    let last = past(conn, lang, item)?.pop();
    Ok(last.map_or_else(String::new, |last| {
        let parts = [last.what, last.why, last.who, last.at];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" – ")
    }))
}

fn event_key(kind: &str) -> &'static str {
    match kind {
        "opened" => "event_opened",
        "reopened" => "event_reopened",
        "restated" => "event_restated",
        "proposed" => "event_proposed",
        "approved" | "approved_alone" => "event_approved",
        "refused" | "reopen_refused" => "event_refused",
        "commented" => "event_commented",
        "reminded" => "event_reminded",
        "assigned" => "event_assigned",
        "escalated" => "event_escalated",
        "reopen_proposed" => "event_reopen_proposed",
        _ => "event_settled",
    }
}

/// `POST /finance/exceptions/{id}`: `do` says which step; approving and undoing want the code of the
/// moment.
pub async fn step(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver, Role::Administrator])?;
    let id: ExceptionId = extract::path(&request, "id")?;
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    let (signed, done) = block(move || {
        let done = act(&app, &signed, id, &typed);
        Ok((signed, done))
    })
    .await?;
    match done {
        Ok(()) => Ok(see_done(format!("/finance/exceptions/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            // What was typed into another form of the page stays there.
            let is_proposal = fields.get("do") == "propose";
            let typed = if is_proposal { Typed::of(&fields) } else { Typed::default() };
            let page = compose(&request, &signed, &shared, (wrong, typed)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn act(app: &App, signed: &Signed, id: ExceptionId, fields: &Fields) -> Result<()> {
    let actor = &signed.actor;
    let (step, reason) = (fields.get("do"), fields.get("reason"));
    if matches!(step, "approve" | "approve_reopening" | "cancel" | "withdraw") {
        confirm(app, signed, fields.get("confirm"))?;
    }
    let receipts = app.write(actor, |tx, stamp| {
        let unit = locate(tx, actor, id)?;
        match step {
            "propose" => propose_as(tx, stamp, actor, (unit, id), fields)?,
            "approve" => return combined::approve(tx, stamp, actor, (unit, id), fields),
            "refuse" => combined::refuse(tx, stamp, actor, (unit, id), reason)?,
            "comment" => {
                let noted = exception::comment(tx, stamp, actor, unit, id, reason);
                noted.map_err(|error| of_field(error, "reason"))?;
            }
            "cancel" => {
                let item = exception::find(tx, unit, id)?;
                part_paid::cancel(tx, stamp, actor, &item, reason)?;
            }
            "remind" => {
                let item = exception::find(tx, unit, id)?;
                remind::remind(tx, stamp, actor, &item)?;
            }
            "withdraw" => {
                let item = exception::find(tx, unit, id)?;
                withdrawing::ask(tx, stamp, actor, &item, reason)?;
            }
            "reopen" => reopen::ask(tx, stamp, actor, unit, id, reason).map(|_| ())?,
            "approve_reopening" => reopen::approve(tx, stamp, actor, unit, id).map(|_| ())?,
            "refuse_reopening" => {
                exception::refuse_reopening(tx, stamp, actor, unit, id, reason).map(|_| ())?;
            }
            _ => return Err(Error::invalid("form.do", "form_unreadable", "no such step")),
        }
        Ok(Vec::new())
    })?;
    app.sealing.numbered(&receipts);
    Ok(())
}
