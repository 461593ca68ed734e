//! `/counter/walk-in`: somebody without a dossier: favourite items, pages and copies, the price from
//! the tariff, and on to taking the money.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde_json::json;

use super::own_unit;
use super::walk_in_form::{
    ASKED, MORE, asked, chosen, content, faults, is_of_payer, local_case, placed, price_words,
};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::id::{ObligationId, UnitId};
use crate::obligation::{self, IntakeMode, ticket, walk_in};
use crate::tariff::{ExemptionGroup, FeeItem, Measure, Place, Pricing, Tariff, UnitKind};
use crate::unit::{self, Unit};
use crate::web::Shared;
use crate::web::api::raise;
use crate::web::idempotency::{Repeatable, first_answer, given_before, once};
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong, fresh_key, key_of};
use crate::web::pages::frame::{Frame, see, see_done};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::{self, block};

const ROUTE: &str = "POST /counter/walk-in";

/// One item of the screen.
struct Item {
    code: String,
    name: String,
    ground: String,
    /// What one unit costs.
    price: String,
    fields: Vec<Field>,
    /// What it comes to and how, once it is asked.
    sum: Option<(String, String)>,
}

/// A number that is typed for an item.
struct Field {
    name: String,
    words: &'static str,
    value: String,
    is_money: bool,
}

/// What it comes to: each line's item with its sum and how that was found.
struct Priced {
    lines: Vec<(String, String, String)>,
    total: String,
}

#[derive(Template)]
#[template(path = "walk_in.html")]
struct WalkInPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    key: String,
    items: Vec<Item>,
    /// Items of the tariff that are charged here and are no favourites.
    others: Vec<(String, String)>,
    typed: Fields,
    /// Groups of the tariff that pay less or nothing.
    groups: Vec<(String, String)>,
    total: Option<String>,
    /// What this very form raised before with other figures, as behind the back button.
    made: Option<ObligationId>,
}

impl WalkInPage {
    /// Whether more than the name is told of the payer, or wrong there.
    fn is_more(&self) -> bool {
        MORE.iter().any(|name| !self.typed.trimmed(name).is_empty() || self.wrong.at(name).is_some())
    }

    fn show(&mut self, priced: Option<Priced>) {
        let Some(priced) = priced else { return };
        for item in &mut self.items {
            let line = priced.lines.iter().find(|(code, ..)| *code == item.code);
            item.sum = line.map(|(_, why, amount)| (amount.clone(), why.clone()));
        }
        self.total = Some(priced.total);
    }
}

/// `GET /counter/walk-in`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let key = fresh_key()?;
    let page = compose(&request, &signed, &shared, (key, Fields::default()), false).await?;
    Ok(html(StatusCode::OK, &page))
}

/// The unit, its place in the tariff, and the favourites.
fn desk(app: &App, actor: &Actor) -> Result<(Unit, Vec<String>)> {
    app.read(actor, |conn| {
        let unit = own_unit(actor)?;
        Ok((unit::find(conn, unit)?, walk_in::favourites(conn, unit)?))
    })
}

/// The tariff, or none while none is loaded: the page stands empty then, and says so.
pub(super) fn tariff_of(app: &App) -> Result<Option<Arc<Tariff>>> {
    match app.tariff() {
        Ok(tariff) => Ok(Some(tariff)),
        Err(error) if error.code() == "tariff_missing" => Ok(None),
        Err(error) => Err(error),
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (key, typed): (String, Fields),
    takes_up: bool,
) -> Result<WalkInPage> {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let lang = frame.lang;
    let (items, others, groups, typed) = block(move || {
        let (unit, favourites) = desk(&app, &actor)?;
        let Some(tariff) = tariff_of(&app)? else { return Ok((Vec::new(), Vec::new(), Vec::new(), typed)) };
        let today = app.clock.now().business_day();
        let place = Place { unit_code: unit.code.clone(), unit_kind: UnitKind::parse(&unit.kind)? };
        let (mut items, mut others) = (Vec::new(), Vec::new());
        for (item, charge) in tariff.in_force(&place, IntakeMode::Counter, today) {
            let position = favourites.iter().position(|code| *code == item.code);
            let is_asked =
                ASKED.iter().any(|name| !typed.trimmed(&format!("{name}.{}", item.code)).is_empty());
            let is_added = takes_up && typed.get("add") == item.code;
            if position.is_some() || is_asked || is_added {
                let made = item_of(lang, item, &charge.pricing, &charge.legal_ground, &typed);
                items.push((position.unwrap_or(usize::MAX), made));
            } else {
                others.push((item.code.clone(), words(lang, item)));
            }
        }
        items.sort_by_key(|(position, _)| *position);
        let group =
            |one: &ExemptionGroup| (one.code.clone(), lang.pick(&one.name.vi, &one.name.en).to_owned());
        let groups = tariff.exemption_groups().map(group).collect();
        Ok((items.into_iter().map(|(_, item)| item).collect(), others, groups, typed))
    })
    .await?;
    Ok(WalkInPage {
        frame,
        csrf: signed.csrf.clone(),
        wrong: Wrong::default(),
        key,
        items,
        others,
        typed,
        groups,
        total: None,
        made: None,
    })
}

fn words(lang: Lang, item: &FeeItem) -> String {
    lang.pick(&item.name.vi, &item.name.en).to_owned()
}

fn item_of(lang: Lang, item: &FeeItem, pricing: &Pricing, ground: &str, typed: &Fields) -> Item {
    let asked: &[(&str, &str)] = match pricing {
        Pricing::PerUnit { of, .. } | Pricing::Tiers { of, per_copy: false, .. } => match of {
            Measure::Pages => &[("pages", "walk_in_pages")],
            Measure::Copies => &[("copies", "walk_in_copies")],
            Measure::Quantity => &[("quantity", "walk_in_quantity")],
        },
        Pricing::Tiers { of: Measure::Pages, .. } => {
            &[("pages", "walk_in_pages"), ("copies", "walk_in_copies")]
        }
        Pricing::Tiers { .. } => &[("quantity", "walk_in_quantity"), ("copies", "walk_in_copies")],
        Pricing::Percentage { .. } => &[("base", "walk_in_base")],
        Pricing::Stated => &[("amount", "walk_in_amount")],
    };
    let field = |&(kind, key): &(&str, &str)| {
        let name = format!("{kind}.{}", item.code);
        let value = typed.trimmed(&name).to_owned();
        Field { name, words: lang.t(key), value, is_money: matches!(kind, "base" | "amount") }
    };
    Item {
        code: item.code.clone(),
        name: words(lang, item),
        ground: ground.to_owned(),
        price: price_words(lang, item, pricing),
        fields: asked.iter().map(field).collect(),
        sum: None,
    }
}

/// `POST /counter/walk-in`: `do=price` shows what it comes to, `do=raise` goes on to the money.
pub async fn raise(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let key = key_of(&fields)?;
    let (held, actor, typed) = (shared.clone(), signed.actor.clone(), fields.clone());
    let sender = signed.session.login.as_sender();
    let repeatable = Repeatable::of_form(sender, ROUTE, key.clone(), request.path(), &content(&fields));
    let wants_price = fields.get("do") != "raise";
    let lang = Lang::of(&request);
    let done = block(move || {
        if wants_price {
            return price(held.app(), lang, &actor, &typed).map(Outcome::Priced);
        }
        raised(&held, &actor, &typed, &repeatable)
    })
    .await;
    let mut status = StatusCode::OK;
    let today = shared.app().clock.now().business_day();
    let read = |tariff: Arc<Tariff>| {
        let items = chosen(&tariff, &fields).into_iter();
        let named = items.map(|item| (item.code.clone(), words(lang, item))).collect();
        (named, faults(&tariff, &fields, today))
    };
    let (chosen, faults): (Vec<(String, String)>, Vec<Error>) =
        tariff_of(shared.app())?.map(read).unwrap_or_default();
    // What was raised stays; only another press, under a key of its own, raises another one.
    let key = if matches!(done, Ok(Outcome::Before(_))) { fresh_key()? } else { key };
    // What is chosen to be added stands among the choices still when the form comes back.
    let mut page = compose(&request, &signed, &shared, (key, fields), done.is_ok()).await?;
    match done {
        Ok(Outcome::Raised(id)) => return Ok(see(format!("/counter/obligations/{id}"))),
        Ok(Outcome::Before(id)) => {
            page.wrong = Wrong(vec![(String::new(), lang.t("walk_in_before").to_owned())]);
            page.made = Some(id);
            status = StatusCode::CONFLICT;
        }
        Ok(Outcome::Priced(priced)) => page.show(priced),
        Err(error) => {
            for error in faults.into_iter().chain([error]) {
                let told = beside(error, &page, &chosen)?;
                page.wrong.add(told);
            }
            status = StatusCode::BAD_REQUEST;
        }
    }
    Ok(html(status, &page))
}

enum Outcome {
    Priced(Option<Priced>),
    Raised(ObligationId),
    /// This form raised something with other figures: these raise nothing.
    Before(ObligationId),
}

/// The field of an error as the form names it; what is wrong with an item that has no such field stands on top
/// under the item's name.
fn beside(error: Error, page: &WalkInPage, chosen: &[(String, String)]) -> Result<Wrong> {
    let lang = page.frame.lang;
    let field = match error.kind() {
        Kind::Invalid { field } => field.clone(),
        _ => return Wrong::of(error, lang),
    };
    let reason = lang.of_code(error.code()).to_owned();
    let (place, whose) = placed(&field, chosen);
    if let Some(number) = page.items.iter().flat_map(|item| &item.fields).find(|one| one.name == place) {
        return Ok(Wrong(vec![(place, format!("{}: {reason}", number.words))]));
    }
    if is_of_payer(&place) {
        return Ok(Wrong(vec![(place, reason)]));
    }
    let reason = whose.map_or(reason.clone(), |item| format!("{item}: {reason}"));
    Ok(Wrong(vec![(String::new(), reason)]))
}

fn price(app: &App, lang: Lang, actor: &Actor, fields: &Fields) -> Result<Option<Priced>> {
    let (unit, _) = desk(app, actor)?;
    let tariff = app.tariff()?;
    let now = app.clock.now();
    let asked = asked(&tariff, &unit, fields, String::new(), now)?;
    if asked.lines.is_empty() {
        return Ok(None);
    }
    let on = now.business_day();
    let lines = raise::priced(&tariff, &unit, IntakeMode::Counter, on, (&asked.lines, &asked.exemptions))?;
    let total = Dong::sum(lines.iter().map(|line| line.amount))?;
    let line = |line: &crate::obligation::Line| {
        let (why, why_en) =
            line.explanation.split_once('\n').unwrap_or((&line.explanation, &line.explanation));
        (line.item_code.clone(), lang.pick(why, why_en).to_owned(), line.amount.to_string())
    };
    Ok(Some(Priced { lines: lines.iter().map(line).collect(), total: total.to_string() }))
}

/// Raises it once, however often the form is sent.
fn raised(shared: &Shared, actor: &Actor, fields: &Fields, repeatable: &Repeatable) -> Result<Outcome> {
    let given = match given_before(shared.app(), actor, repeatable) {
        Ok(Some(given)) => Ok(given.body),
        Ok(None) => raise_once(shared, actor, fields, repeatable),
        Err(error) => Err(error),
    };
    match given {
        Ok(body) => obligation_in(&body).map(Outcome::Raised),
        Err(error) if error.code() == "idempotency_key_reused" => {
            let first = first_answer(shared.app(), actor, repeatable)?.ok_or(error)?;
            obligation_in(&first).map(Outcome::Before)
        }
        Err(error) => Err(error),
    }
}

fn obligation_in(body: &[u8]) -> Result<ObligationId> {
    let answer: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| Error::internal(error.to_string()))?;
    let id = answer.get("obligation").and_then(|id| id.as_str()).unwrap_or_default();
    id.parse().map_err(|_| Error::internal("a stored answer names no obligation"))
}

fn raise_once(shared: &Shared, actor: &Actor, fields: &Fields, repeatable: &Repeatable) -> Result<Vec<u8>> {
    let app = shared.app();
    let (unit, _) = desk(app, actor)?;
    raise::require_live(app, unit.id)?;
    let tariff = app.tariff()?;
    let units = raise::Units { receiving: unit.id, competent: unit.id, collecting: unit.clone() };
    let given = once(app, &shared.in_flight, actor, repeatable, StatusCode::CREATED, |tx, stamp| {
        let case = match fields.trimmed("case") {
            "" => local_case(stamp)?,
            typed => typed.to_owned(),
        };
        let asked = asked(&tariff, &unit, fields, case, stamp.now)?;
        let (made, _) = raise::raise(tx, stamp, actor, &tariff, &units, &asked)?;
        if !fields.trimmed("ticket").is_empty() {
            ticket::note(tx, stamp, actor, (unit.id, made.id), fields.trimmed("ticket"))?;
        }
        respond::to_bytes(&json!({ "obligation": made.id }))
    })?;
    Ok(given.body)
}

/// `POST /counter/obligations/{id}/withdraw`: it was raised by mistake, or its visitor went away. What is owed ends
/// with it, so that it wants code or password.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let id: ObligationId = crate::web::extract::path(&request, "id")?;
    let withdrawing = move |app: &App, actor: &Actor, fields: &Fields| {
        app.write(actor, |tx, stamp| {
            let unit: UnitId = own_unit(actor)?;
            // Under the obligation's lock, as a slip is entered.
            if obligation::query::lock(tx, &[(unit, id)])?.is_empty() {
                return Err(obligation::not_found());
            }
            crate::shift::provisional::refuse_collected(tx, unit, &[id])?;
            walk_in::withdraw(tx, stamp, actor, (unit, id), fields.trimmed("reason"))
        })
    };
    let by = By::confirmed(&[Role::Cashier]);
    came_back(acting::act(&request, signed, form, &shared, by, withdrawing).await?, (&request, &shared), id)
        .await
}

/// Back to the page of the obligation, with what was wrong.
async fn came_back(
    Acted { signed, done, .. }: Acted<()>,
    (request, shared): (&HttpRequest, &web::Data<Shared>),
    id: ObligationId,
) -> Page {
    match done {
        Ok(()) => Ok(see_done(format!("/counter/obligations/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(request))?;
            let mut page = super::take::fresh(request, &signed, shared).await?;
            page.wrong = wrong;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// `POST /counter/obligations/{id}/dossier`: the dossier that the case became.
pub async fn link(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let id: ObligationId = crate::web::extract::path(&request, "id")?;
    let linking = move |app: &App, actor: &Actor, fields: &Fields| {
        app.write(actor, |tx, stamp| {
            let unit: UnitId = own_unit(actor)?;
            walk_in::link(tx, stamp, actor, (unit, id), fields.trimmed("dossier"))
        })
    };
    let by = By::roles(&[Role::Cashier]);
    came_back(acting::act(&request, signed, form, &shared, by, linking).await?, (&request, &shared), id).await
}
