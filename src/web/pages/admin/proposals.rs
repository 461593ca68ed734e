//! `/admin/proposals`: what the city decides by two persons: targets of units, for whom its certificate signs,
//! mergers, ends of accounts and names. The list of entrustments stands beside it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::identity::person_name;
use crate::proposal::reason_of;
use crate::report::proposal::{self, Content, Proposal, State};
use crate::report::target::Measure;
use crate::report::winding_up;
use crate::store::{self, Conn, Lane};
use crate::unit::{self, CITY, Unit, account, entrustment};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::called;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Proposals on the page.
const SHOWN: i64 = 50;

struct Row {
    id: EventId,
    what: String,
    reason: String,
    maker: String,
    checker: String,
    at: String,
    state: &'static str,
    tone: &'static str,
    is_open: bool,
    /// The reader proposed it: another person approves.
    is_own: bool,
    /// What keeps an account from ending.
    waits_for: Vec<String>,
}

#[derive(Template)]
#[template(path = "proposals.html")]
struct ProposalsPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    rows: Vec<Row>,
    /// The state of those that the page shows alone; empty for all.
    state: &'static str,
    /// What it is called.
    state_words: &'static str,
    /// The page as its address says it, for the forms.
    at: String,
    /// Newer ones were left out.
    is_later: bool,
    /// The last on the page, where older ones may follow.
    older: Option<EventId>,
    entrustments: Listing,
    units: Vec<(String, String)>,
    /// The unit that the forms are opened for, and its first account; empty for none.
    chosen: String,
    chosen_account: String,
    /// Accounts that did not end: `{unit's code}/{number}`.
    accounts: Vec<String>,
    channels: Vec<String>,
    measures: Vec<(&'static str, &'static str)>,
}

/// Which proposals are asked for: all, or those of one state, as `state=proposed` for what waits to be decided; and the
/// unit, by its code, that the forms are opened for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    state: String,
    before: Option<EventId>,
    unit: String,
}

impl Asked {
    /// The state of those on the page; none for all.
    ///
    /// # Errors
    /// `state_unknown`.
    fn state(&self) -> Result<Option<State>> {
        match self.state.as_str() {
            "" => Ok(None),
            named => State::named(named).map(Some),
        }
    }

    /// The page that a form was sent from, as its field `at` says it: a refused form stands on the same page.
    fn of_form(fields: &Fields) -> Asked {
        let asked = web::Query::<Asked>::from_query(fields.get("at")).map(web::Query::into_inner);
        asked.ok().filter(|asked| asked.state().is_ok()).unwrap_or_default()
    }

    /// The same page as its address says it; empty for the first one of all.
    fn at(&self) -> String {
        let before = self.before.map(|before| before.to_string()).unwrap_or_default();
        // A code is a word of an address as it is; what else was asked for names no unit.
        let is_code = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        let unit = if is_code(&self.unit) { self.unit.as_str() } else { "" };
        let parts = [("state", self.state.as_str()), ("before", before.as_str()), ("unit", unit)];
        let named = parts.iter().filter(|(_, value)| !value.is_empty());
        named.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

/// `GET /admin/proposals?state=&before=&unit=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked = extract::query(&request);
    match asked.and_then(|asked: Asked| asked.state().map(|_| asked)) {
        Ok(asked) => Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, asked).await?)),
        Err(error) => {
            let reason = Lang::of(&request).of_code(error.code()).to_owned();
            let wrong = Wrong(vec![(String::new(), reason)]);
            let page = compose(&request, &signed, &shared, Asked::default()).await?;
            Ok(html(StatusCode::BAD_REQUEST, &ProposalsPage { wrong, ..page }))
        }
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
) -> Result<ProposalsPage> {
    signed.require(&proposal::READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let state = asked.state()?;
    let shown = store::page::Page { cursor: asked.before.map(i64::from), limit: SHOWN };
    let (rows, older, entrustments, accounts, units) = block(move || {
        app.store.read(&Scope::All, |conn| {
            let (found, older) = proposal::page(conn, &actor, shown, state)?;
            let mut units = unit::all(conn)?;
            units.retain(|unit| unit.id != CITY && actor.scope.covers(unit.id));
            let rows: Vec<Row> =
                found.iter().map(|one| row(conn, (lang, &actor), &units, one)).collect::<Result<_>>()?;
            let entrustments = entrusted(conn, lang, &units)?;
            let accounts = open_accounts(conn, &units)?;
            let units: Vec<_> = units.into_iter().map(|unit| (unit.code, unit.name)).collect();
            Ok((rows, older, entrustments, accounts, units))
        })
    })
    .await?;
    Ok(ProposalsPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator && signed.actor.scope == Scope::All,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        rows,
        state: state.map(State::as_str).unwrap_or_default(),
        state_words: state.map(|state| lang.t(state_key(state).0)).unwrap_or_default(),
        at: asked.at(),
        is_later: asked.before.is_some(),
        older,
        entrustments,
        units,
        chosen_account: accounts.iter().find(|one| is_of(one, &asked.unit)).cloned().unwrap_or_default(),
        chosen: asked.unit,
        accounts,
        channels: shared.app().config.channels.names().into_iter().map(str::to_owned).collect(),
        measures: Measure::ALL.map(|one| (one.as_str(), lang.pick(one.words().0, one.words().1))).to_vec(),
        frame,
    })
}

/// Whether an account, `{unit's code}/{number}`, is one of this unit.
fn is_of(account: &str, code: &str) -> bool {
    account.split_once('/').is_some_and(|(unit, _)| unit == code)
}

/// What a state is called, and its tone.
fn state_key(state: State) -> (&'static str, &'static str) {
    match state {
        State::Proposed => ("proposal_open", "wait"),
        State::Approved => ("proposal_approved", "done"),
        State::Refused => ("proposal_refused", "gone"),
    }
}

fn row(conn: &mut Conn, (lang, actor): (Lang, &Actor), units: &[Unit], one: &Proposal) -> Result<Row> {
    let (state, tone) = state_key(one.state);
    let checker = match one.checker {
        Some(checker) => person_name(conn, checker)?,
        None => String::new(),
    };
    Ok(Row {
        id: one.id,
        what: words(conn, lang, units, &one.content)?,
        reason: one.reason.clone(),
        maker: person_name(conn, one.maker)?,
        checker,
        at: time(one.created_at),
        state: lang.t(state),
        tone,
        is_open: one.state == State::Proposed,
        is_own: actor.person == Some(one.maker),
        waits_for: waits_for(conn, lang, one)?,
    })
}

fn waits_for(conn: &mut Conn, lang: Lang, one: &Proposal) -> Result<Vec<String>> {
    let Content::AccountEnd(asked) = &one.content else { return Ok(Vec::new()) };
    if one.state != State::Proposed {
        return Ok(Vec::new());
    }
    let found = winding_up::account::obstacles(conn, asked.unit, asked.account, asked.last_day)?;
    let told = |one: winding_up::Obstacle| {
        let (vi, en) = one.what.words();
        format!("{}: {}", lang.pick(vi, en), one.detail)
    };
    Ok(found.into_iter().map(told).collect())
}

fn unit_name(units: &[Unit], id: UnitId) -> String {
    let found = units.iter().find(|unit| unit.id == id);
    found.map_or_else(|| id.to_string(), |unit| format!("{} {}", unit.code, unit.name))
}

fn words(conn: &mut Conn, lang: Lang, units: &[Unit], content: &Content) -> Result<String> {
    Ok(match content {
        Content::Target(target) => {
            let (vi, en) = target.measure.words();
            let until = target.valid_until.map(|until| format!(" – {}", day(BusinessDay(until))));
            format!(
                "{}: {} {} ({}), {}{}, {} ({})",
                lang.t("proposal_target"),
                lang.pick(vi, en),
                target.shown(),
                called::kinds(lang, &target.kinds),
                day(BusinessDay(target.valid_from)),
                until.unwrap_or_default(),
                target.source,
                target.certainty
            )
        }
        Content::Entrustment(asked) => format!(
            "{}: {}, {} {}, {} – {}",
            lang.t("proposal_entrust"),
            unit_name(units, asked.unit),
            asked.decision_no,
            day(asked.decided_on),
            day(asked.valid_from),
            day(asked.valid_until)
        ),
        Content::EntrustmentEnd(asked) => format!(
            "{}: {}, {} {}, {}",
            lang.t("proposal_end"),
            unit_name(units, asked.unit),
            asked.decision_no,
            day(asked.decided_on),
            day(asked.from)
        ),
        Content::Merger(asked) => format!(
            "{}: {} → {}, {}, {}",
            lang.t("proposal_merger"),
            unit_name(units, asked.unit),
            unit_name(units, asked.successor),
            asked.decision_no,
            day(asked.effective_on)
        ),
        Content::AccountEnd(asked) => format!(
            "{}: {}, {}, {}",
            lang.t("proposal_account_end"),
            unit_name(units, asked.unit),
            account::find(conn, asked.unit, asked.account)?.account_no,
            day(asked.last_day)
        ),
        Content::Trust(asked) => format!(
            "{}: {}, {}, {}, {} {}, {} {}, {} {}, {} – {}, {}",
            lang.t("proposal_trust"),
            unit_name(units, asked.unit),
            account::find(conn, asked.unit, asked.account)?.account_no,
            asked.channel,
            lang.t("trust_claim_limit"),
            asked.claim_limit,
            lang.t("trust_unproven_limit"),
            asked.unproven_limit,
            lang.t("trust_age_limit"),
            asked.age_limit_days,
            day(asked.valid_from),
            day(asked.valid_until),
            asked.agreement_no
        ),
        Content::Limit(asked) => format!(
            "{}: {}, {}, {}",
            lang.t("proposal_limit"),
            unit_name(units, asked.unit),
            asked.amount,
            asked.decision_no
        ),
        Content::Naming(asked) => format!(
            "{}: {} → {}, {}, {}, {}{}",
            lang.t("proposal_naming"),
            unit_name(units, asked.unit),
            asked.name,
            asked.address,
            asked.decision_no,
            day(asked.valid_from),
            codes_named(lang, asked)
        ),
    })
}

/// The codes that a naming changes, too.
fn codes_named(lang: Lang, asked: &proposal::Naming) -> String {
    [("tax_code", &asked.tax_code), ("unit_budget_code", &asked.budget_code)]
        .iter()
        .filter_map(|(key, code)| code.as_ref().map(|code| format!("; {}: {code}", lang.t(key))))
        .collect()
}

fn open_accounts(conn: &mut Conn, units: &[Unit]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for unit in units {
        let open = account::of_unit(conn, unit.id)?.into_iter().filter(|one| one.closed_on.is_none());
        found.extend(open.map(|one| format!("{}/{}", unit.code, one.account_no)));
    }
    Ok(found)
}

fn entrusted(conn: &mut Conn, lang: Lang, units: &[Unit]) -> Result<Listing> {
    let mut rows = Vec::new();
    for unit in units {
        for held in entrustment::of_unit(conn, unit.id)? {
            let what = if held.is_end { "proposal_end" } else { "proposal_entrust" };
            let valid = match held.is_end {
                true => day(held.valid_from),
                false => format!("{} – {}", day(held.valid_from), day(held.valid_until)),
            };
            rows.push(vec![
                Cell::mono(unit.code.clone()),
                Cell::text(unit.name.clone()),
                Cell::text(lang.t(what)),
                Cell::text(format!("{} {}", held.decision_no, day(held.decided_on))),
                Cell::text(valid),
                Cell::text(format!("{} ({})", held.issuer.name, held.issuer.tax_code)),
            ]);
        }
    }
    let heads = ["unit_code", "unit", "proposal_what", "proposal_decision", "city_valid", "proposal_issuer"];
    Ok(Listing {
        caption: lang.t("proposal_entrustments"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows,
    })
}

/// `POST /admin/proposals/{id}/approve`: another person.
pub async fn approve(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let id: EventId = extract::path(&request, "id")?;
    change(request, signed, form, shared, nothing, move |app, actor, _| {
        app.store.write(&Scope::All, Lane::Live, |tx| proposal::approve(tx, &app.stamp(), actor, id))?;
        Ok(())
    })
    .await
}

/// `POST /admin/proposals/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let id: EventId = extract::path(&request, "id")?;
    change(request, signed, form, shared, reason_faults, move |app, actor, fields| {
        let reason = fields.get("reason");
        app.store
            .write(&Scope::All, Lane::Live, |tx| proposal::refuse(tx, &app.stamp(), actor, id, reason))?;
        Ok(())
    })
    .await
}

pub(super) fn wrong(field: &'static str, code: &'static str) -> Error {
    Error::invalid(field, code, "as the form says")
}

/// A form that nothing is typed into.
fn nothing(_: &Fields) -> Vec<Error> {
    Vec::new()
}

/// What is wrong with the reason of a proposal, or of its refusal.
pub(super) fn reason_faults(fields: &Fields) -> Vec<Error> {
    reason_of(fields.get("reason")).err().into_iter().collect()
}

pub(super) fn read_day(fields: &Fields, name: &'static str) -> Result<BusinessDay> {
    fields.trimmed(name).parse().map_err(|_| wrong(name, "date_unreadable"))
}

/// Proposes what a form says, as it is read from the form in the proposal's transaction.
pub(super) fn propose(
    app: &App,
    actor: &Actor,
    fields: &Fields,
    content: impl Fn(&mut Conn) -> Result<Content>,
) -> Result<()> {
    app.store.write(&Scope::All, Lane::Live, |tx| {
        let content = content(tx)?;
        proposal::propose(tx, &app.stamp(), actor, &content, fields.get("reason"))
    })?;
    Ok(())
}

/// Acts on a form of the page. `faults` is everything that reading its fields shows, in the order of the form.
pub(super) async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    faults: fn(&Fields) -> Vec<Error>,
    act: impl Fn(&App, &Actor, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    let by = By::confirmed(&[Role::Administrator]);
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, act).await?;
    match done {
        Ok(()) => Ok(see("/admin/proposals")),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared, Asked::of_form(&fields)).await?;
            page.wrong = Wrong::all(faults(&fields), error, page.frame.lang)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
