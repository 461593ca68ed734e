//! `/finance/classification-rules`: the rules that say what lines are that are no fee: those in force, changes
//! that wait for a second person, a form to try a rule on past days and to propose it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::report_page::{day_typed, unit_named};
use super::rule_form::{self, TRIED_DAYS, begun, classes, rank_of, rule_of, says, with_days};
use super::{READERS, confirm, stored, units};
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{ClassRuleId, UnitId};
use crate::identity;
use crate::reconciliation::classification::Class;
use crate::reconciliation::rulebook::{self, Change, NewVersion, Question, Version, WRITERS, WhatIf, query};
use crate::store::Conn;
use crate::unit::CITY;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day, or_dash, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// How the form names the rules of all units.
const WHOLE_CITY: &str = "city";
/// Lines of a trial on the page.
const SHOWN_CHANGES: usize = 100;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    /// The rule that the form begins with.
    rule: String,
}

/// A version that waits for somebody.
struct Waiting {
    id: ClassRuleId,
    name: String,
    says: String,
    rank: i32,
    reason: String,
    maker: String,
    asked_at: String,
    is_own: bool,
}

/// What a trial came to.
struct Tried {
    looked_at: usize,
    count: usize,
    listing: Listing,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    units: Vec<(String, String)>,
    classes: Vec<(&'static str, &'static str)>,
    directions: Vec<(&'static str, String)>,
    typed: Fields,
    in_force: Listing,
    waiting: Vec<Waiting>,
    past: Listing,
    tried: Option<Tried>,
    can_write: bool,
    must_confirm: bool,
    has_second_factor: bool,
}

/// `GET /finance/classification-rules?unit=&rule=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let fields = Fields::of(vec![("unit".to_owned(), asked.unit), ("rule".to_owned(), asked.rule)]);
    match compose(&request, &signed, &shared, fields.clone()).await {
        Ok(page) => Ok(html(StatusCode::OK, &page)),
        Err(error) => again(&request, &signed, &shared, fields, (Vec::new(), error)).await,
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    typed: Fields,
) -> Result<RulesPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, person) = (Arc::clone(shared.app()), signed.actor.clone(), signed.actor.person);
    let csrf = signed.csrf.clone();
    let must_confirm = !signed.session.is_confirmed(app.clock.now());
    let has_second_factor = signed.session.login.has_second_factor();
    block(move || {
        let unit = app.read(&actor, |conn| place(conn, &actor, typed.get("unit")))?;
        // City rules hold no unit's data and count for every unit.
        let (in_force, versions) = app.store.read(&Scope::All, |conn| {
            let in_force = rulebook::in_force_of(query::in_force(conn, unit)?, None);
            Ok((in_force, query::versions(conn, unit)?))
        })?;
        let lang = frame.lang;
        let today = app.stamp().today();
        app.read(&actor, |conn| {
            let mut waiting = Vec::new();
            let mut past = Vec::new();
            for one in &versions {
                let maker = identity::called(conn, one.maker)?;
                match one.state.as_str() {
                    "proposed" => waiting.push(Waiting {
                        id: one.id,
                        name: format!("{} · {}", one.rule.id, one.version),
                        says: says(lang, &one.rule),
                        rank: one.rank,
                        reason: one.reason.clone(),
                        maker,
                        asked_at: time(one.created_at),
                        is_own: Some(one.maker) == person,
                    }),
                    _ => past.push(past_row(conn, lang, one, maker)?),
                }
            }
            let code = typed.trimmed("unit").to_owned();
            let chosen = in_force.iter().find(|one| one.rule.id == typed.trimmed("rule"));
            let typed = match chosen {
                Some(one) if typed.get("do").is_empty() => begun(&typed, &one.rule, one.rank),
                _ => typed,
            };
            Ok(RulesPage {
                csrf,
                wrong: Wrong::default(),
                units: choices(conn, &frame, &actor)?,
                classes: classes(lang),
                directions: ["credit", "debit", "both"].map(|one| (one, stored::value(lang, one))).into(),
                typed: with_days(typed, today),
                in_force: in_force_listing(&frame, &in_force, &code),
                waiting,
                past: past_listing(&frame, past),
                tried: None,
                can_write: WRITERS.contains(&actor.role),
                must_confirm,
                has_second_factor,
                frame,
            })
        })
    })
    .await
}

/// The unit of the form, or the city for those who keep all of it.
fn place(conn: &mut Conn, actor: &Actor, text: &str) -> Result<UnitId> {
    if text.trim() == WHOLE_CITY {
        actor.scope.require(CITY)?;
        return Ok(CITY);
    }
    Ok(unit_named(conn, actor, text)?.id)
}

fn choices(conn: &mut Conn, frame: &Frame, actor: &Actor) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> =
        units(conn, actor)?.into_iter().map(|unit| (unit.code, unit.name)).collect();
    if actor.scope.covers(CITY) {
        found.push((WHOLE_CITY.to_owned(), frame.t("rules_whole_city").to_owned()));
    }
    Ok(found)
}

fn in_force_listing(frame: &Frame, rules: &[rulebook::InForce], unit: &str) -> Listing {
    let lang = frame.lang;
    let row = |one: &rulebook::InForce| {
        let origin = match one.origin {
            rulebook::Origin::Unit => "unit",
            rulebook::Origin::City => "city",
            rulebook::Origin::Shipped => "shipped",
        };
        let class = lang.pick(one.rule.class.vi(), one.rule.class.en());
        vec![
            Cell::figure(one.rank),
            rule_link(&one.rule.id, class, unit),
            if one.rule.is_off { Cell::state(lang.t("rules_off"), "gone") } else { Cell::default() },
            Cell::mono(one.rule.id.clone()),
            Cell::text(says(lang, &one.rule)),
            Cell::text(stored::value(lang, origin)),
        ]
    };
    let heads = ["rules_rank", "rules_class", "state", "rules_rule", "rules_conditions", "rules_origin"];
    Listing {
        caption: frame.t("rules_in_force"),
        heads: heads.iter().map(|key| frame.t(key)).collect(),
        rows: rules.iter().map(row).collect(),
    }
}

/// To the form that begins from the rule; names that an address cannot hold as they are lead nowhere.
fn rule_link(name: &str, class: &str, unit: &str) -> Cell {
    let is_plain =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !is_plain(name) || !is_plain(unit) {
        return Cell::text(class);
    }
    let asked = if unit.is_empty() { String::new() } else { format!("unit={unit}&") };
    Cell::link(class, format!("/finance/classification-rules?{asked}rule={name}#form"))
}

fn past_row(conn: &mut Conn, lang: Lang, one: &Version, maker: String) -> Result<Vec<Cell>> {
    let checker = one.checker.map(|person| identity::called(conn, person)).transpose()?;
    let tone = if one.state == "in_force" { "done" } else { "gone" };
    Ok(vec![
        Cell::mono(format!("{} · {}", one.rule.id, one.version)),
        Cell::text(says(lang, &one.rule)),
        Cell::text(one.reason.clone()),
        Cell::text(maker),
        Cell::text(or_dash(checker)),
        Cell::state(stored::value(lang, &one.state), tone),
    ])
}

fn past_listing(frame: &Frame, rows: Vec<Vec<Cell>>) -> Listing {
    let heads = ["rules_rule", "rules_conditions", "reason", "matter_makers", "rules_checker", "state"];
    Listing {
        caption: frame.t("rules_versions"),
        heads: heads.iter().map(|key| frame.t(key)).collect(),
        rows,
    }
}

enum Outcome {
    Tried(WhatIf),
    Proposed,
}

/// `POST /finance/classification-rules`: `do` is `try` (writes nothing) or `propose`.
pub async fn draft(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&WRITERS)?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let outcome = block(move || drafted(&app, &actor, &typed)).await;
    match outcome {
        Ok(Outcome::Proposed) => Ok(see(back(&fields))),
        Ok(Outcome::Tried(found)) => {
            let mut page = compose(&request, &signed, &shared, fields).await?;
            page.tried = Some(tried(&page.frame, &found));
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            let faults = rule_form::faults(&fields, shared.app().clock.now().business_day());
            again(&request, &signed, &shared, fields, (faults, error)).await
        }
    }
}

fn back(fields: &Fields) -> String {
    let unit = fields.trimmed("unit");
    let is_code = !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let asked = if is_code { format!("?unit={unit}") } else { String::new() };
    format!("/finance/classification-rules{asked}")
}

async fn again(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    fields: Fields,
    (faults, error): (Vec<Error>, Error),
) -> Page {
    let wrong = Wrong::all(faults, error, Lang::of(request))?;
    let fields = if wrong.at("unit").is_some() { Fields::default() } else { fields };
    let mut page = compose(request, signed, shared, fields).await?;
    page.wrong = wrong;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

fn drafted(app: &App, actor: &Actor, fields: &Fields) -> Result<Outcome> {
    let (rule, rank) = (rule_of(fields)?, rank_of(fields)?);
    let unit = app.read(actor, |conn| place(conn, actor, fields.get("unit")))?;
    if fields.get("do") == "propose" {
        let new = NewVersion { unit, rule, rank, reason: fields.get("reason").to_owned() };
        app.write(actor, |tx, stamp| rulebook::propose(tx, stamp, actor, &new))?;
        return Ok(Outcome::Proposed);
    }
    if unit == CITY {
        return Err(Error::invalid("unit", "what_if_unit", "rules are tried on the lines of one unit"));
    }
    let today = app.stamp().today();
    let last = day_typed("until", fields.get("until"), today)?;
    let question = Question {
        unit,
        account: None,
        first: day_typed("from", fields.get("from"), last.plus_days(1 - TRIED_DAYS))?,
        last,
        rules: vec![(rule, rank)],
    };
    rulebook::what_if(&app.store, &app.vault, actor, &question).map(Outcome::Tried)
}

fn tried(frame: &Frame, found: &WhatIf) -> Tried {
    let lang = frame.lang;
    let by = |found: &Option<(Class, String)>| match found {
        Some((class, rule)) => format!("{} ({rule})", lang.pick(class.vi(), class.en())),
        None => "–".to_owned(),
    };
    let row = |one: &Change| {
        let posted = one.posted_as.as_deref().and_then(|name| Class::parse(name).ok());
        vec![
            Cell::text(day(one.booking_date)),
            Cell::figure(one.amount),
            Cell::text(or_dash(posted.map(|class| lang.pick(class.vi(), class.en()).to_owned()))),
            Cell::text(by(&one.before)),
            Cell::text(by(&one.after)),
            Cell::mono(one.line.to_string()),
        ]
    };
    let heads = ["day", "amount", "rules_posted_as", "rules_before", "rules_after", "value_line"];
    Tried {
        looked_at: found.lines_looked_at,
        count: found.changes.len(),
        listing: Listing {
            caption: frame.t("rules_changes"),
            heads: heads.iter().map(|key| frame.t(key)).collect(),
            rows: found.changes.iter().take(SHOWN_CHANGES).map(row).collect(),
        },
    }
}

/// `POST /finance/classification-rules/{id}`: `do` is `approve`, or `refuse` with its reason.
pub async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&WRITERS)?;
    let id: ClassRuleId = extract::path(&request, "id")?;
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    let (signed, decided) = block(move || {
        let decided = decided(&app, &signed, id, &typed);
        Ok((signed, decided))
    })
    .await?;
    match decided {
        Ok(()) => Ok(see(back(&fields))),
        Err(error) => {
            let unit = vec![("unit".to_owned(), fields.get("unit").to_owned())];
            again(&request, &signed, &shared, Fields::of(unit), (Vec::new(), error)).await
        }
    }
}

fn decided(app: &App, signed: &Signed, id: ClassRuleId, fields: &Fields) -> Result<()> {
    let actor = &signed.actor;
    let is_approved = fields.get("do") == "approve";
    let unit = app.read(actor, |conn| query::unit_of(conn, &actor.scope, id))?;
    let unit = unit.ok_or_else(rulebook::not_found)?;
    if is_approved {
        confirm(app, signed, fields.get("confirm"))?;
    }
    app.write(actor, |tx, stamp| {
        match is_approved {
            true => rulebook::approve(tx, stamp, actor, unit, id)?,
            false => rulebook::refuse(tx, stamp, actor, unit, id, fields.get("reason"))?,
        };
        Ok(())
    })
}
