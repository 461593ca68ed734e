//! `/onboarding`: which account of which unit is how far; one unit with its steps, and going live.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::fields::{Fields, Pairs, Wrong};
use super::finance::confirm;
use super::frame::Frame;
use super::listing::{Cell, Listing, or_dash, time};
use super::session::Signed;
use super::{Page, Posted, html, vietqr};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::AccountId;
use crate::obligation::{Obligation, State};
use crate::report::onboarding::{self, Checklist, READERS, Standing, Step, trial};
use crate::store::Conn;
use crate::unit::{self, Unit};
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "onboarding.html")]
struct BoardPage {
    frame: Frame,
    listing: Listing,
    live: usize,
    ready: usize,
    total: usize,
}

struct StepRow {
    words: &'static str,
    found: String,
    is_done: bool,
    /// Where it is done; none for what this page does itself.
    href: Option<String>,
}

/// What to transfer for the test, and its code as a picture.
struct Trial {
    account: AccountId,
    svg: String,
    memo: String,
    amount: String,
}

impl Trial {
    fn is_of(&self, part: &AccountPart) -> bool {
        part.id == Some(self.account)
    }
}

struct AccountPart {
    id: Option<AccountId>,
    account_no: String,
    steps: Vec<StepRow>,
    done: usize,
    live_since: Option<String>,
    is_green: bool,
    /// Whether the button that begins the test payment stands below.
    wants_test: bool,
}

#[derive(Template)]
#[template(path = "onboarding_unit.html")]
struct UnitPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    code: String,
    name: String,
    accounts: Vec<AccountPart>,
    trial: Option<Trial>,
}

/// What the checklists need beside the rows of their units.
fn lists(app: &App, actor: &Actor, code: Option<&str>) -> Result<Vec<Checklist>> {
    let tariff = app.tariff().ok();
    let staff = app.store.read(&Scope::All, onboarding::staff)?;
    let stamp = app.stamp();
    app.read(actor, |conn| {
        let only = code.map(|code| named(conn, actor, code).map(|unit| unit.id)).transpose()?;
        onboarding::checklists(conn, &stamp, actor, only, tariff.as_deref(), &staff)
    })
}

fn named(conn: &mut Conn, actor: &Actor, code: &str) -> Result<Unit> {
    let missing = || Error::not_found("unit_not_found", "no such unit in your scope");
    let found = unit::find_by_code(conn, code).map_err(|_| missing())?;
    actor.scope.covers(found.id).then_some(found).ok_or_else(missing)
}

/// `GET /onboarding`
pub async fn board(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    let app = Arc::clone(shared.app());
    let mut found = block(move || lists(&app, &signed.actor, None)).await?;
    // Those who need something first.
    found.sort_by_key(|list| (list.live_since.is_some(), list.done(), list.unit_code.clone()));
    let row = |list: &Checklist| {
        let next = list.steps.iter().find(|one| !one.is_done);
        let state = match (&list.live_since, list.is_green(), next.is_none()) {
            (Some(_), true, _) => Cell::state(frame.t("onboarding_live"), "done"),
            (Some(_), false, _) => Cell::state(frame.t("onboarding_broken"), "late"),
            (None, true, _) => Cell::state(frame.t("onboarding_ready"), "done"),
            _ => Cell::state(frame.t("onboarding_going_on"), "wait"),
        };
        vec![
            Cell::link(list.unit_name.clone(), format!("/onboarding/{}", list.unit_code)),
            Cell::text(or_dash(list.account_no.clone())),
            Cell::figure(format!("{}/{}", list.done(), list.steps.len())),
            state,
            Cell::text(next.map_or_else(String::new, |one| {
                let (vi, en) = one.step.words();
                format!("{}: {}", frame.lang.pick(vi, en), frame.lang.pick(&one.vi, &one.en))
            })),
        ]
    };
    let page = BoardPage {
        live: found.iter().filter(|list| list.live_since.is_some()).count(),
        ready: found.iter().filter(|list| list.live_since.is_none() && list.is_green()).count(),
        total: found.len(),
        listing: Listing {
            caption: frame.t("onboarding_board"),
            heads: ["unit", "account", "onboarding_done", "state", "onboarding_next"]
                .map(|key| frame.t(key))
                .to_vec(),
            rows: found.iter().map(row).collect(),
        },
        frame,
    };
    Ok(html(StatusCode::OK, &page))
}

/// `GET /onboarding/{code}`
pub async fn unit(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let code = path_text(&request, "code").to_owned();
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, code).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    code: String,
) -> Result<UnitPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, asked) = (Arc::clone(shared.app()), signed.actor.clone(), code.clone());
    let found = block(move || lists(&app, &actor, Some(&asked))).await?;
    let lang = frame.lang;
    let step = |one: &Standing| {
        let (vi, en) = one.step.words();
        StepRow {
            words: lang.pick(vi, en),
            found: lang.pick(&one.vi, &one.en).to_owned(),
            is_done: one.is_done,
            href: place(one.step, &code),
        }
    };
    let part = |list: &Checklist| AccountPart {
        id: list.account,
        account_no: or_dash(list.account_no.clone()),
        steps: list.steps.iter().map(step).collect(),
        done: list.done(),
        live_since: list.live_since.map(time),
        is_green: list.is_green(),
        wants_test: list.steps.iter().any(|one| one.step == Step::TestPayment && !one.is_done),
    };
    Ok(UnitPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        name: found.first().map(|list| list.unit_name.clone()).unwrap_or_default(),
        accounts: found.iter().map(part).collect(),
        trial: None,
        code,
        frame,
    })
}

/// The page where a step is done.
fn place(step: Step, code: &str) -> Option<String> {
    let unit = |form: &str| Some(format!("/admin/units/{code}{form}"));
    match step {
        Step::NamesAndTaxCode | Step::BudgetCode => Some(format!("/admin/proposals?unit={code}#naming-unit")),
        Step::Registration => Some(format!("/tax/registration?unit={code}")),
        Step::TreasuryAccount => unit("#imprint-form"),
        Step::Series => unit("#series-form"),
        Step::Certificate => unit("#certificate-form"),
        Step::OpeningBalance => unit("#account-form"),
        Step::Staff => Some("/users".to_owned()),
        Step::Tariff => Some("/tariff".to_owned()),
        Step::TestPayment => None,
    }
}

/// `POST /onboarding/test`: what to transfer so that the way of money is proven.
pub async fn test(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Administrator])?;
    let code = fields.trimmed("unit").to_owned();
    let (app, signed) = (Arc::clone(shared.app()), Arc::new(signed));
    let acting = Arc::clone(&signed);
    let begun = block(move || {
        confirm(&app, &acting, fields.get("confirm"))?;
        let account: AccountId = fields.get("account").parse()?;
        let actor = &acting.actor;
        app.write(actor, |tx, stamp| {
            let unit = named(tx, actor, fields.trimmed("unit"))?.id;
            let held = trial::begin(tx, stamp, actor, unit, account)?;
            // Nobody owes it, and it can be transferred all the same.
            let open = Obligation { state: State::Raised, ..held };
            let drawn = vietqr::payload(tx, &open, stamp.today())?;
            let svg = crate::obligation::vietqr::svg(&drawn.text)?;
            Ok(Trial { account, svg, memo: drawn.memo, amount: drawn.amount.to_string() })
        })
    })
    .await;
    let mut page = compose(&request, &signed, &shared, code).await?;
    match begun {
        Ok(trial) => {
            page.trial = Some(trial);
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::CONFLICT, &page))
        }
    }
}

/// `POST /onboarding/live`: the account goes live, if every step is there.
pub async fn live(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Administrator])?;
    let code = fields.trimmed("unit").to_owned();
    let (app, signed) = (Arc::clone(shared.app()), Arc::new(signed));
    let acting = Arc::clone(&signed);
    let done = block(move || go(&app, &acting, &fields)).await;
    let mut page = compose(&request, &signed, &shared, code).await?;
    match done {
        Ok(()) => Ok(html(StatusCode::OK, &page)),
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::CONFLICT, &page))
        }
    }
}

fn go(app: &App, signed: &Signed, fields: &Fields) -> Result<()> {
    confirm(app, signed, fields.get("confirm"))?;
    let actor = &signed.actor;
    let account: AccountId = fields.get("account").parse()?;
    let tariff = app.tariff().ok();
    let staff = app.store.read(&Scope::All, onboarding::staff)?;
    app.write(actor, |tx, stamp| {
        let unit = named(tx, actor, fields.trimmed("unit"))?.id;
        onboarding::go_live(tx, stamp, actor, (unit, account), tariff.as_deref(), &staff)
    })
}
