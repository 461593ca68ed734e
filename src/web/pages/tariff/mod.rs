//! `/tariff`: the prices in force; a change is proposed by one person and approved by another, and can
//! be tried in the simulator before.

mod change;
pub mod simulator;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::acting::{self, Acted, By};
use super::called;
use super::fields::{Fields, Pairs, Wrong};
use super::frame::{Frame, see};
use super::listing::{day, time};
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::identity::person_name;
use crate::proposal::reason_of;
use crate::store::{Conn, Lane, Stamp, Tx};
use crate::tariff::draft::{self, Draft, READERS, State};
use crate::tariff::revise::{self, Revision};
use crate::tariff::{Charge, FeeItem, Places, Pricing, RowError, Tariff, edition, load};
use crate::web::Shared;
use crate::web::extract;
use crate::web::respond::block;

/// Drafts on the page.
const DRAFTS_SHOWN: i64 = 20;

struct ChargeRow {
    /// Its place among the item's charges, for the form.
    at: usize,
    places: String,
    channels: String,
    valid: String,
    price: String,
    ground: String,
    is_in_force: bool,
    can_change: bool,
}

struct ItemPart {
    code: String,
    name: String,
    charges: Vec<ChargeRow>,
}

struct DraftRow {
    id: EventId,
    reason: String,
    maker: String,
    at: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "tariff.html")]
struct TariffPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    wrong: Wrong,
    typed: Fields,
    /// Bad rows of a text that was proposed.
    problems: Vec<String>,
    name: String,
    text: String,
    items: Vec<ItemPart>,
    drafts: Vec<DraftRow>,
}

/// `GET /tariff`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<TariffPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, lang) = (Arc::clone(shared.app()), frame.lang);
    let today = app.clock.now().business_day();
    let (tariff, text, drafts) = block(move || {
        let tariff = app.tariff().ok();
        // The tariff and its drafts stand at the city's unit; every reader may see them.
        app.store.read(&Scope::All, |conn| {
            let text = edition::newest_text(conn)?.map(|(_, text)| text).unwrap_or_default();
            let drafts: Result<Vec<DraftRow>> =
                draft::list(conn, DRAFTS_SHOWN)?.iter().map(|draft| row(conn, lang, draft)).collect();
            Ok((tariff, text, drafts?))
        })
    })
    .await?;
    Ok(TariffPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator && signed.actor.scope == Scope::All,
        wrong: Wrong::default(),
        typed: Fields::default(),
        problems: Vec::new(),
        name: tariff.as_ref().map(|tariff| tariff.name().to_owned()).unwrap_or_default(),
        items: tariff.as_ref().map(|tariff| items(lang, tariff, today)).unwrap_or_default(),
        text,
        drafts,
        frame,
    })
}

fn row(conn: &mut Conn, lang: Lang, draft: &Draft) -> Result<DraftRow> {
    let (key, tone) = state(draft.state);
    Ok(DraftRow {
        id: draft.id,
        reason: draft.reason.clone(),
        maker: person_name(conn, draft.maker).unwrap_or_default(),
        at: time(draft.created_at),
        state: lang.t(key),
        tone,
    })
}

fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Proposed => ("tariff_proposed", "wait"),
        State::Approved => ("tariff_approved", "done"),
        State::Refused => ("tariff_refused", "gone"),
    }
}

fn items(lang: Lang, tariff: &Tariff, today: BusinessDay) -> Vec<ItemPart> {
    let part = |item: &crate::tariff::FeeItem| ItemPart {
        code: item.code.clone(),
        name: lang.pick(&item.name.vi, &item.name.en).to_owned(),
        charges: item.charges.iter().enumerate().map(|(at, one)| charge(lang, at, one, today)).collect(),
    };
    tariff.items().map(part).collect()
}

fn charge(lang: Lang, at: usize, one: &Charge, today: BusinessDay) -> ChargeRow {
    let places = match &one.places {
        Places::City => lang.t("tariff_city").to_owned(),
        Places::Kinds(kinds) => {
            kinds.iter().map(|kind| called::unit_kind(lang, *kind)).collect::<Vec<_>>().join(", ")
        }
        Places::Units(codes) => codes.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let price = match &one.pricing {
        Pricing::PerUnit { price, .. } => price.to_string(),
        Pricing::Percentage { percent } => called::percent_words(lang, *percent),
        Pricing::Tiers { tiers, .. } => {
            let steps: Vec<String> = tiers.iter().map(|tier| tier.price.to_string()).collect();
            format!("{}: {}", lang.t("tariff_tiers"), steps.join(" → "))
        }
        Pricing::Stated => lang.t("tariff_stated").to_owned(),
    };
    let bound = |key: &str, amount: Option<Dong>| amount.map(|amount| lang.with(key, amount));
    let bounds = [bound("tariff_floor", one.floor), bound("tariff_cap", one.cap)];
    let price = [price].into_iter().chain(bounds.into_iter().flatten()).collect::<Vec<_>>().join(", ");
    ChargeRow {
        at,
        places,
        channels: one.channels.iter().map(|mode| lang.t(channel_key(*mode))).collect::<Vec<_>>().join(", "),
        valid: match one.period.to {
            Some(to) => format!("{} – {}", day(one.period.from), day(to)),
            None => day(one.period.from),
        },
        price,
        ground: one.legal_ground.clone(),
        is_in_force: one.period.holds(today),
        can_change: one.period.to.is_none() && matches!(one.pricing, Pricing::PerUnit { .. }),
    }
}

fn channel_key(mode: crate::tariff::IntakeMode) -> &'static str {
    use crate::tariff::IntakeMode;
    match mode {
        IntakeMode::Counter => "intake_counter",
        IntakeMode::OnlinePartial => "intake_partial",
        IntakeMode::OnlineFull => "intake_full",
    }
}

/// What proposing came to: a draft, or bad rows.
type Proposed = std::result::Result<EventId, Vec<RowError>>;

/// `POST /tariff/price`: one charge gets another price from a day on.
pub async fn price(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    propose(request, signed, form, shared, price_faults, |tx, stamp, actor, fields| {
        let revision = revision_of(fields)?;
        let text = edition::newest_text(tx)?.map(|(_, text)| text).unwrap_or_default();
        draft::propose(tx, stamp, actor, &revise::price(&text, &revision)?, fields.get("reason"))
    })
    .await
}

fn revision_of(fields: &Fields) -> Result<Revision> {
    let (item, charge) = fields.get("charge").rsplit_once('/').unwrap_or_default();
    let unknown = |_| Error::invalid("charge", "tariff_charge_unknown", "no such charge");
    Ok(Revision {
        item: item.to_owned(),
        charge: charge.parse().map_err(unknown)?,
        price: price_of(fields)?,
        from: from_of(fields)?,
        legal_ground: ground_of(fields)?,
    })
}

fn price_of(fields: &Fields) -> Result<Dong> {
    let missing = || Error::invalid("price", "field_missing", "the new price");
    fields.dong("price")?.map(Dong).ok_or_else(missing)
}

fn from_of(fields: &Fields) -> Result<BusinessDay> {
    fields.trimmed("from").parse().map_err(|_| Error::invalid("from", "date_unreadable", "a day"))
}

fn ground_of(fields: &Fields) -> Result<String> {
    let ground = crate::text::clean(fields.get("ground"));
    let missing = || Error::invalid("ground", "field_missing", "the resolution");
    (!ground.is_empty()).then_some(ground).ok_or_else(missing)
}

fn price_faults(fields: &Fields) -> Vec<Error> {
    let read = [price_of(fields).err(), from_of(fields).err(), ground_of(fields).err()];
    read.into_iter().flatten().chain(reason_faults(fields)).collect()
}

fn reason_faults(fields: &Fields) -> Vec<Error> {
    reason_of(fields.get("reason")).err().into_iter().collect()
}

/// `POST /tariff/text`: the whole text.
pub async fn text(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    propose(request, signed, form, shared, reason_faults, |tx, stamp, actor, fields| {
        draft::propose(tx, stamp, actor, &text_typed(fields), fields.get("reason"))
    })
    .await
}

/// Browsers send line ends of their own.
fn text_typed(fields: &Fields) -> String {
    fields.get("text").replace("\r\n", "\n")
}

async fn propose(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    faults: fn(&Fields) -> Vec<Error>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, &Fields) -> Result<Proposed> + Send + 'static,
) -> Page {
    let by = By::roles(&[Role::Administrator]);
    let proposing = move |app: &App, actor: &Actor, fields: &Fields| {
        app.store.write(&Scope::All, Lane::Live, |tx| act(tx, &app.stamp(), actor, fields))
    };
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, proposing).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    let lang = page.frame.lang;
    let problems = match done {
        Ok(Ok(id)) => return Ok(see(format!("/tariff/drafts/{id}"))),
        Ok(Err(problems)) => problems,
        Err(error) => {
            page.wrong = Wrong::all(faults(&fields), error, lang)?;
            // Where the reason ended it, nobody looked at the text yet.
            match fields.get("text") {
                "" => Vec::new(),
                _ => load(&text_typed(&fields)).err().unwrap_or_default(),
            }
        }
    };
    page.problems = problems.iter().map(|one| problem(lang, one)).collect();
    if !fields.get("text").is_empty() {
        page.text = text_typed(&fields);
    }
    page.typed = fields;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

/// A bad row of a text: where, what is wrong, and what the reader of the text says of it.
fn problem(lang: Lang, one: &RowError) -> String {
    let place = lang.with("import_line", one.line);
    format!("{place}, {}: {} ({})", one.row, lang.of_code(one.code), one.detail)
}

#[derive(Template)]
#[template(path = "tariff_draft.html")]
struct DraftPage {
    frame: Frame,
    csrf: String,
    can_decide: bool,
    must_confirm: bool,
    wrong: Wrong,
    row: DraftRow,
    is_open: bool,
    checker: String,
    /// The reader proposed it: another person approves.
    is_own: bool,
    /// The fee items whose prices or rules differ.
    changes: Vec<String>,
    /// Their prices before and after.
    prices: Vec<change::ChangeRow>,
    /// Lines that go and lines that come.
    gone: Vec<String>,
    come: Vec<String>,
}

/// `GET /tariff/drafts/{id}`
pub async fn one(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let id: EventId = extract::path(&request, "id")?;
    Ok(html(StatusCode::OK, &compose_draft(&request, &signed, &shared, id).await?))
}

async fn compose_draft(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    id: EventId,
) -> Result<DraftPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, lang) = (Arc::clone(shared.app()), frame.lang);
    let today = app.clock.now().business_day();
    let (found, row, checker, base) = block(move || {
        app.store.read(&Scope::All, |conn| {
            let found = draft::find(conn, id)?;
            let row = row(conn, lang, &found)?;
            let checker =
                found.checker.map(|person| person_name(conn, person).unwrap_or_default()).unwrap_or_default();
            let base = match found.base {
                Some(base) => edition::text_of(conn, base)?.unwrap_or_default(),
                None => String::new(),
            };
            Ok((found, row, checker, base))
        })
    })
    .await?;
    let (gone, come) = changed(&base, &found.content);
    Ok(DraftPage {
        is_own: signed.actor.person == Some(found.maker),
        changes: changed_items(lang, &base, &found.content),
        prices: match load(&found.content) {
            Ok(new) => change::rows(lang, load(&base).ok().as_ref(), &new, today),
            Err(_) => Vec::new(),
        },
        csrf: signed.csrf.clone(),
        can_decide: matches!(signed.actor.role, Role::Administrator | Role::Approver)
            && signed.actor.scope == Scope::All,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        is_open: found.state == State::Proposed,
        row,
        checker,
        gone,
        come,
        frame,
    })
}

/// The names of the fee items that are not the same in both texts, those that go and come among them.
fn changed_items(lang: Lang, old: &str, new: &str) -> Vec<String> {
    let read = |text: &str| load(text).ok();
    let (old, new) = (read(old), read(new));
    let items = |tariff: &Option<Tariff>| -> BTreeMap<String, FeeItem> {
        let items = tariff.iter().flat_map(|tariff| tariff.items());
        items.map(|item| (item.code.clone(), item.clone())).collect()
    };
    let (old, new) = (items(&old), items(&new));
    let codes: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = codes.into_iter().filter(|code| old.get(*code) != new.get(*code));
    let named = differing.filter_map(|code| new.get(code).or_else(|| old.get(code)));
    named.map(|item| lang.pick(&item.name.vi, &item.name.en).to_owned()).collect()
}

/// What differs between two texts: the lines between their common beginning and end.
fn changed(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let rest = old.len().min(new.len()) - start;
    let end =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
    let middle =
        |lines: &[&str]| lines[start..lines.len() - end].iter().map(|line| (*line).to_owned()).collect();
    (middle(&old), middle(&new))
}

/// `POST /tariff/drafts/{id}/approve`: another person, with the code of the moment.
pub async fn approve(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    decide(request, signed, form, shared, |app, actor, id, _| {
        app.store.write(&Scope::All, Lane::Live, |tx| draft::approve(tx, &app.stamp(), actor, id))
    })
    .await
}

/// `POST /tariff/drafts/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    decide(request, signed, form, shared, |app, actor, id, fields| {
        let reason = fields.get("reason");
        app.store.write(&Scope::All, Lane::Live, |tx| draft::refuse(tx, &app.stamp(), actor, id, reason))
    })
    .await
}

async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    act: impl Fn(&App, &Actor, EventId, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    let id: EventId = extract::path(&request, "id")?;
    let by = By::confirmed(&[Role::Administrator, Role::Approver]);
    let deciding = move |app: &App, actor: &Actor, fields: &Fields| act(app, actor, id, fields);
    let Acted { signed, done, .. } = acting::act(&request, signed, form, &shared, by, deciding).await?;
    let mut page = compose_draft(&request, &signed, &shared, id).await?;
    match done {
        Ok(()) => Ok(see(format!("/tariff/drafts/{id}"))),
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::CONFLICT, &page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang, changed, charge, load, problem};

    #[test]
    fn a_price_says_where_it_holds_and_how_much_as_people_read_it() {
        let tariff = load(include_str!("../../../../fixtures/tariff/hanoi.toml")).unwrap();
        let today = "2026-11-29".parse().unwrap();
        let read = |lang, code: &str| charge(lang, 0, &tariff.item(code).unwrap().charges[0], today);
        let shown = |code| read(Lang::Vi, code);
        assert_eq!(shown("ho_tich_cai_chinh").places, "Xã, Phường");
        assert!(shown("dat_dai_tham_dinh").price.starts_with("0,15 %"));
        assert!(read(Lang::En, "dat_dai_tham_dinh").price.starts_with("0.15 %"));
    }

    #[test]
    fn a_bad_row_of_a_text_is_told_in_ones_own_language() {
        let problems = load("[[fee]]\ncode = \"sai\"\n").unwrap_err();
        let told = problem(Lang::Vi, &problems[0]);
        assert!(told.starts_with(&format!("Dòng {}, ", problems[0].line)), "{told}");
        assert!(told.contains(Lang::Vi.of_code(problems[0].code)), "{told}");
    }

    #[test]
    fn a_draft_shows_what_goes_and_what_comes() {
        let (gone, come) = changed("a\nb\nc\n", "a\nx\ny\nc\n");
        assert_eq!((gone, come), (vec!["b".to_owned()], vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(changed("a\na\n", "a\n"), (vec!["a".to_owned()], Vec::new()));
        assert_eq!(changed("", "a\n"), (Vec::new(), vec!["a".to_owned()]));
    }
}
