//! `/counter/walk-in`: somebody without a dossier: favourite items, pages and copies, the price from
//! the tariff, and on to taking the money.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use rust_decimal::Decimal;
use serde_json::json;

use super::own_unit;
use super::take::{fresh_key, key_of};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::id::{EventId, ObligationId, UnitId};
use crate::obligation::{self, IntakeMode, ticket, walk_in};
use crate::party::Payer;
use crate::store::Stamp;
use crate::tariff::{FeeItem, Measure, Place, Pricing, Tariff, UnitKind};
use crate::text;
use crate::unit::{self, Unit};
use crate::web::Shared;
use crate::web::api::raise::{self, Asked, AskedLine};
use crate::web::idempotency::{Given, Repeatable, given_before, once};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see, see_done};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::{self, block};

const ROUTE: &str = "POST /counter/walk-in";
/// What a form may ask of an item, and whether its number is money.
const ASKED: [&str; 5] = ["pages", "copies", "quantity", "base", "amount"];

/// One item of the screen.
struct Item {
    name: String,
    ground: String,
    /// Name of the field, its words, what was typed.
    fields: Vec<(String, &'static str, String)>,
}

/// What it comes to.
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
    name: String,
    address: String,
    case: String,
    ticket: String,
    priced: Option<Priced>,
}

/// `GET /counter/walk-in`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let key = text::hex(&fresh_key()?);
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
    let (items, others, typed) = block(move || {
        let (unit, favourites) = desk(&app, &actor)?;
        let Some(tariff) = tariff_of(&app)? else { return Ok((Vec::new(), Vec::new(), typed)) };
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
        Ok((items.into_iter().map(|(_, item)| item).collect(), others, typed))
    })
    .await?;
    Ok(WalkInPage {
        frame,
        csrf: signed.csrf.clone(),
        wrong: Wrong::default(),
        key,
        items,
        others,
        name: typed.trimmed("name").to_owned(),
        address: typed.trimmed("address").to_owned(),
        case: typed.trimmed("case").to_owned(),
        ticket: typed.trimmed("ticket").to_owned(),
        priced: None,
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
    let field = |&(name, key): &(&str, &str)| {
        let name = format!("{name}.{}", item.code);
        let value = typed.trimmed(&name).to_owned();
        (name, lang.t(key), value)
    };
    Item { name: words(lang, item), ground: ground.to_owned(), fields: asked.iter().map(field).collect() }
}

/// The items that something was typed for, in the order of the tariff.
fn chosen<'t>(tariff: &'t Tariff, fields: &Fields) -> Vec<&'t FeeItem> {
    let is_asked = |item: &&FeeItem| {
        ASKED.iter().any(|kind| !fields.trimmed(&format!("{kind}.{}", item.code)).is_empty())
    };
    tariff.items().filter(is_asked).collect()
}

/// What was typed for the items, in the order of the tariff. An item with an empty form is not asked.
fn lines(tariff: &Tariff, fields: &Fields) -> Result<Vec<AskedLine>> {
    let mut asked = Vec::new();
    for item in chosen(tariff, fields) {
        let name = |kind: &str| format!("{kind}.{}", item.code);
        asked.push(AskedLine {
            item: item.code.clone(),
            pages: whole(fields, &name("pages"))?,
            copies: whole(fields, &name("copies"))?,
            quantity: decimal(fields, &name("quantity"))?,
            base_value: fields.dong(&name("base"))?.map(Dong),
            amount: fields.dong(&name("amount"))?.map(Dong),
        });
    }
    Ok(asked)
}

fn whole(fields: &Fields, name: &str) -> Result<Option<u32>> {
    let text = fields.trimmed(name);
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Error::invalid(name.to_owned(), "walk_in_number_wrong", "a whole number");
    text.parse().map(Some).map_err(wrong)
}

fn decimal(fields: &Fields, name: &str) -> Result<Option<Decimal>> {
    let text = fields.trimmed(name);
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Error::invalid(name.to_owned(), "walk_in_number_wrong", "a number");
    vietnamese(text).map(Some).ok_or_else(wrong)
}

/// A number as it is written here: dots group thousands, a comma begins the decimals. `1.500` is fifteen hundred,
/// as in every other field; what a dot cannot mean is no number.
fn vietnamese(text: &str) -> Option<Decimal> {
    let (whole, part) = text.split_once(',').unwrap_or((text, ""));
    let mut groups = whole.split('.');
    let first = groups.next().filter(|first| !first.is_empty())?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_grouped || !digits(first) || !rest.iter().all(|group| digits(group)) || !digits(part) {
        return None;
    }
    let ends_open = text.ends_with(',');
    (!ends_open).then(|| format!("{first}{}.{part}0", rest.concat()).parse().ok()).flatten()
}

/// The request as a dossier system would make it, without a dossier.
fn asked(app: &App, unit: &Unit, fields: &Fields, case: String) -> Result<Asked> {
    let tariff = app.tariff()?;
    let lines = lines(&tariff, fields)?;
    let first = lines.first().map(|line| line.item.clone()).unwrap_or_default();
    let procedure = tariff.procedures().find(|procedure| procedure.items.contains(&first));
    let some = |name: &str| Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty());
    let now = app.clock.now();
    Ok(Asked {
        unit: unit.code.clone(),
        dossier_code: case,
        procedure_code: procedure.map_or(first, |procedure| procedure.code.clone()),
        procedure_field: walk_in::FIELD.to_owned(),
        intake_mode: IntakeMode::Counter.as_str().to_owned(),
        receiving_unit: None,
        competent_unit: None,
        submitted_at: now,
        result_due_on: None,
        due_on: now.business_day(),
        electronic_payment_required: false,
        payer: Payer { name: some("name"), address: some("address"), ..Payer::default() },
        lines,
        exemptions: Vec::new(),
    })
}

/// A number of the desk's own for a case that has none yet: `QUAY-261127-7C02FA`.
fn local_case(stamp: &Stamp<'_>) -> Result<String> {
    let id: EventId = stamp.mint()?;
    // Ids of one moment differ in the middle; the screen of the waiting room shows the last four letters.
    let mixed = crate::audit::merkle::sha256_hex(id.to_string().as_bytes());
    let last = mixed.get(..6).unwrap_or_default().to_uppercase();
    Ok(format!("QUAY-{}-{last}", stamp.today().0.format("%y%m%d")))
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
    let done = block(move || {
        if wants_price {
            return price(held.app(), &actor, &typed).map(Outcome::Priced);
        }
        raised(&held, &actor, &typed, &repeatable).map(Outcome::Raised)
    })
    .await;
    let mut status = StatusCode::OK;
    let lang = Lang::of(&request);
    let named = |tariff: Arc<Tariff>| {
        let items = chosen(&tariff, &fields).into_iter();
        items.map(|item| (item.code.clone(), words(lang, item))).collect()
    };
    let chosen: Vec<(String, String)> = tariff_of(shared.app())?.map(named).unwrap_or_default();
    // What is chosen to be added stands among the choices still when the form comes back.
    let mut page = compose(&request, &signed, &shared, (key, fields), done.is_ok()).await?;
    match done {
        Ok(Outcome::Raised(id)) => return Ok(see(format!("/counter/obligations/{id}"))),
        Ok(Outcome::Priced(priced)) => page.priced = priced,
        Err(error) => {
            page.wrong = beside(error, &page, &chosen)?;
            status = StatusCode::BAD_REQUEST;
        }
    }
    Ok(html(status, &page))
}

enum Outcome {
    Priced(Option<Priced>),
    Raised(ObligationId),
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
    let has = |name: &str| page.items.iter().any(|item| item.fields.iter().any(|(field, ..)| field == name));
    if has(&place) || matches!(place.as_str(), "name" | "address" | "case" | "ticket") {
        return Ok(Wrong(vec![(place, reason)]));
    }
    let reason = whose.map_or(reason.clone(), |item| format!("{item}: {reason}"));
    Ok(Wrong(vec![(String::new(), reason)]))
}

/// `pages.chung_thuc_ban_sao` for `lines[0].pages`, with the item's name where a line is meant.
fn placed<'c>(field: &str, chosen: &'c [(String, String)]) -> (String, Option<&'c str>) {
    let last = field.rsplit('.').next().unwrap_or_default();
    let line = field.strip_prefix("lines[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    if let Some((code, name)) = line.and_then(|line| chosen.get(line)) {
        let kind = if last == "base_value" { "base" } else { last };
        return (format!("{kind}.{code}"), Some(name));
    }
    let is_own = ASKED.iter().any(|name| field.starts_with(&format!("{name}.")));
    (if is_own { field } else { last }.to_owned(), None)
}

/// Everything that makes two forms the same.
fn content(fields: &Fields) -> String {
    let all = fields.beginning("").filter(|(name, _)| !matches!(*name, "csrf" | "key" | "do"));
    all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
}

fn price(app: &App, actor: &Actor, fields: &Fields) -> Result<Option<Priced>> {
    let (unit, _) = desk(app, actor)?;
    let tariff = app.tariff()?;
    let asked = asked(app, &unit, fields, String::new())?;
    if asked.lines.is_empty() {
        return Ok(None);
    }
    let on = app.clock.now().business_day();
    let lines = raise::priced(&tariff, &unit, IntakeMode::Counter, on, &asked.lines)?;
    let total = Dong::sum(lines.iter().map(|line| line.amount))?;
    let line = |line: &crate::obligation::Line| {
        let why = line.explanation.lines().next().unwrap_or_default().to_owned();
        (line.item_name.clone(), why, line.amount.to_string())
    };
    Ok(Some(Priced { lines: lines.iter().map(line).collect(), total: total.to_string() }))
}

/// Raises it once, however often the form is sent.
fn raised(shared: &Shared, actor: &Actor, fields: &Fields, repeatable: &Repeatable) -> Result<ObligationId> {
    let given = match given_before(shared.app(), actor, repeatable)? {
        Some(given) => given,
        None => raise_once(shared, actor, fields, repeatable)?,
    };
    let answer: serde_json::Value =
        serde_json::from_slice(&given.body).map_err(|error| Error::internal(error.to_string()))?;
    let id = answer.get("obligation").and_then(|id| id.as_str()).unwrap_or_default();
    id.parse().map_err(|_| Error::internal("a stored answer names no obligation"))
}

fn raise_once(shared: &Shared, actor: &Actor, fields: &Fields, repeatable: &Repeatable) -> Result<Given> {
    let app = shared.app();
    let (unit, _) = desk(app, actor)?;
    raise::require_live(app, unit.id)?;
    let tariff = app.tariff()?;
    let units = raise::Units { receiving: unit.id, competent: unit.id, collecting: unit.clone() };
    once(app, &shared.in_flight, actor, repeatable, StatusCode::CREATED, |tx, stamp| {
        let case = match fields.trimmed("case") {
            "" => local_case(stamp)?,
            typed => typed.to_owned(),
        };
        let asked = asked(app, &unit, fields, case)?;
        let (made, _) = raise::raise(tx, stamp, actor, &tariff, &units, &asked)?;
        if !fields.trimmed("ticket").is_empty() {
            ticket::note(tx, stamp, actor, (unit.id, made.id), fields.trimmed("ticket"))?;
        }
        respond::to_bytes(&json!({ "obligation": made.id }))
    })
}

/// `POST /counter/obligations/{id}/withdraw`: it was raised by mistake, or its visitor went away.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = crate::web::extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let done = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit: UnitId = own_unit(&actor)?;
            // Under the obligation's lock, as a slip is entered.
            if obligation::query::lock(tx, &[(unit, id)])?.is_empty() {
                return Err(obligation::not_found());
            }
            crate::shift::provisional::refuse_collected(tx, unit, &[id])?;
            walk_in::withdraw(tx, stamp, &actor, (unit, id), fields.trimmed("reason"))
        })
    })
    .await;
    came_back(done, (&request, &signed, &shared), id).await
}

/// Back to the page of the obligation, with what was wrong.
async fn came_back(
    done: Result<()>,
    (request, signed, shared): (&HttpRequest, &Signed, &web::Data<Shared>),
    id: ObligationId,
) -> Page {
    match done {
        Ok(()) => Ok(see_done(format!("/counter/obligations/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(request))?;
            let mut page = super::take::fresh(request, signed, shared).await?;
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
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = crate::web::extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let linked = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit: UnitId = own_unit(&actor)?;
            walk_in::link(tx, stamp, &actor, (unit, id), fields.trimmed("dossier"))
        })
    })
    .await;
    came_back(linked, (&request, &signed, &shared), id).await
}

#[cfg(test)]
mod tests {
    use super::{placed, vietnamese};

    #[test]
    fn numbers_are_read_as_they_are_written_here() {
        let read = |text| vietnamese(text).map(|number| number.normalize().to_string());
        for (text, number) in
            [("3", "3"), ("1500", "1500"), ("1.500", "1500"), ("1.500,5", "1500.5"), ("0,25", "0.25")]
        {
            assert_eq!(read(text).as_deref(), Some(number), "{text}");
        }
        for text in ["1.5", "1.50", "15.00", "1500.000", ",5", "1,", "1,5,5", "-1", "1e3", "một", ".500"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_stands_beside_its_item() {
        let chosen =
            [("ban_sao".to_owned(), "Bản sao".to_owned()), ("chu_ky".to_owned(), "Chữ ký".to_owned())];
        let at = |field: &str| {
            let (place, whose) = placed(field, &chosen);
            (place, whose.map(str::to_owned))
        };
        assert_eq!(at("lines[1].pages"), ("pages.chu_ky".to_owned(), Some("Chữ ký".to_owned())));
        assert_eq!(at("lines[0].base_value"), ("base.ban_sao".to_owned(), Some("Bản sao".to_owned())));
        assert_eq!(at("lines[7].pages"), ("pages".to_owned(), None));
        assert_eq!(at("copies.ban_sao"), ("copies.ban_sao".to_owned(), None));
        assert_eq!(at("payer.name"), ("name".to_owned(), None));
    }
}
