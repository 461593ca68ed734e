//! `/lookup`: finding receipts without a link, and the page of what is owed. By look-up or reference
//! code; by dossier code with the payer's
//! full personal id or a one-time code. Everything is posted, so that no address holds personal
//! data, and answers about dossiers take the same time whether or not there is such a dossier.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use ring::rand::SystemRandom;

use super::fields::{Fields, Pairs, Wrong, of_field};
use super::finance::stored;
use super::frame::{Frame, see};
use super::session::check_origin;
use super::wording::Lang;
use super::{Page, Posted, html, mask, on_paper, pay, read};
use crate::actor::Scope;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Kind, Result};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::notification::lookup::{self, Outcome, Proven};
use crate::notification::{self, bundle::Entry};
use crate::receipt::query::Stored;
use crate::report::Period;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp};
use crate::web::Shared;
use crate::web::bundle as streamed;
use crate::web::limit::subscriber;
use crate::web::respond::block;
use crate::{obligation, receipt, text, unit};

/// Answers about dossiers are given at whole multiples of this.
const PACE: Duration = Duration::from_millis(400);

/// How long the receipts that were found may be downloaded together.
const TICKET_LIFE_S: i64 = 900;
/// The most receipts of one download.
const ZIP_RECEIPTS: usize = 200;

#[derive(Template)]
#[template(path = "lookup.html")]
struct LookupPage {
    frame: Frame,
    wrong: Wrong,
    /// A code is on its way, if dossier and phone belong together.
    is_sent: bool,
    /// The dossier a one-time code was asked for.
    code_for: Option<String>,
}

#[derive(Template)]
#[template(path = "found.html")]
struct FoundPage {
    frame: Frame,
    wrong: Wrong,
    found: Found,
    /// That one download does not hold them all, where there are so many.
    beyond: Option<String>,
}

impl FoundPage {
    fn of(frame: Frame, wrong: Wrong, found: Found) -> FoundPage {
        let (lang, count) = (frame.lang, found.receipts.len());
        let words = || lang.with("found_zip_limit", count).replacen("{}", &ZIP_RECEIPTS.to_string(), 1);
        let beyond = (count > ZIP_RECEIPTS).then(words);
        FoundPage { frame, wrong, found, beyond }
    }
}

/// What of a dossier is its payer's, as the page shows it.
struct Found {
    dossier: String,
    owed: Vec<FoundOwed>,
    receipts: Vec<FoundReceipt>,
    ticket: String,
    /// That the page does not go further, where there may be more.
    limit: Option<String>,
}

/// Something the payer owes or paid: its page takes what they have to say.
struct FoundOwed {
    unit: String,
    code: String,
    amount: String,
    standing: &'static str,
    /// What is said of its documents that are still due.
    waits: Vec<String>,
}

struct FoundReceipt {
    unit: String,
    label: String,
    issued_on: String,
    amount: String,
    payer: String,
    link: String,
    is_signed: bool,
}

/// `GET /lookup`
pub async fn forms(request: HttpRequest) -> HttpResponse {
    drawn(Frame::public(&request), StatusCode::OK, Wrong::default(), None)
}

fn drawn(frame: Frame, status: StatusCode, wrong: Wrong, code_for: Option<String>) -> HttpResponse {
    html(status, &LookupPage { frame, wrong, is_sent: false, code_for })
}

/// What is wrong with a form of the page; what is nobody's fault goes on as it is.
fn refused(request: &HttpRequest, status: StatusCode, error: Error) -> Page {
    let frame = Frame::public(request);
    let told = Wrong::of(error, frame.lang)?;
    Ok(drawn(frame, status, told, None))
}

fn status_of(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::Conflict => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The same answer whatever was wrong: which, or whether the dossier exists, is not told.
fn general(frame: Frame, status: StatusCode, key: &str, code_for: Option<String>) -> HttpResponse {
    let wrong = Wrong(vec![(String::new(), frame.t(key).to_owned())]);
    drawn(frame, status, wrong, code_for)
}

/// The fields of a public form that came from a page of ours.
fn fields(request: &HttpRequest, form: Posted<Pairs>, shared: &Shared) -> Result<Fields> {
    check_origin(request)?;
    shared.lookups.check(shared.source(request))?;
    Ok(Fields::of(read(form)?))
}

/// `POST /lookup/receipt`: to the receipt's own page.
pub async fn by_lookup_code(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    let asked = fields(&request, form, &shared)?;
    led(&request, shared, (asked, "lookup_code"), [receipt_page, pay_page]).await
}

/// `POST /lookup/pay`: by reference code to the page of what is owed, where its payer pays, or says that
/// they have.
pub async fn by_reference(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    let asked = fields(&request, form, &shared)?;
    led(&request, shared, (asked, "reference"), [pay_page, receipt_page]).await
}

/// Finds the page of a code.
type Way = fn(&mut Conn, &str) -> Result<String>;

/// To the page of the code that was typed: of the kind that was asked for, or of the other one, because people hold
/// both and take one for the other.
async fn led(
    request: &HttpRequest,
    shared: web::Data<Shared>,
    (asked, field): (Fields, &'static str),
    [meant, other]: [Way; 2],
) -> Page {
    let is_missing = |error: &Error| *error.kind() == Kind::NotFound;
    let found = block(move || {
        let typed = asked.trimmed(field);
        if typed.is_empty() {
            return Err(Error::invalid(field, "field_missing", "must be filled in"));
        }
        shared.app().store.read(&Scope::All, |conn| match meant(conn, typed) {
            Err(error) if is_missing(&error) => {
                other(conn, typed).map_err(|second| if is_missing(&second) { error } else { second })
            }
            found => found,
        })
    });
    match found.await {
        Ok(page) => Ok(see(page)),
        Err(error) => refused(request, StatusCode::NOT_FOUND, of_field(error, field)),
    }
}

fn receipt_page(conn: &mut Conn, typed: &str) -> Result<String> {
    let code = on_paper::lookup_in(typed).ok_or_else(super::receipt::not_found)?;
    super::receipt::find(conn, &code)?;
    Ok(format!("/r/{}", code.as_str()))
}

fn pay_page(conn: &mut Conn, typed: &str) -> Result<String> {
    let code = on_paper::code_in(typed).ok_or_else(obligation::not_found)?;
    obligation::find_by_code(conn, code.as_str())?;
    Ok(format!("/p/{}", code.as_str()))
}

/// `POST /lookup/dossier`
pub async fn by_personal_id(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    let asked = fields(&request, form, &shared)?;
    let dossier = asked.get("dossier").to_owned();
    paced(answer(&request, &shared, (dossier, None), move |app| {
        lookup::by_personal_id(&app.store, &app.stamp(), asked.get("dossier"), asked.get("personal_id"))
    }))
    .await
}

/// `POST /lookup/code`: the answer is the same whoever asks for whatever dossier.
pub async fn request_code(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    let asked = fields(&request, form, &shared)?;
    let (dossier, frame) = (asked.get("dossier").to_owned(), Frame::public(&request));
    paced(async move {
        let is_open = block(move || {
            let app = shared.app();
            let courier = Arc::clone(&shared.running.courier);
            if !courier.sends_sms() {
                return Err(Error::conflict("sms_not_configured", "no SMS operator is configured"));
            }
            let words = |code: &str| courier.one_time_code(code);
            let random = SystemRandom::new();
            let (dossier, phone) = (asked.get("dossier"), asked.get("phone"));
            lookup::request_code(&app.store, &app.stamp(), dossier, phone, &random, &words)
        })
        .await;
        match is_open {
            Ok(true) => {
                let code_for = Some(dossier);
                let page = LookupPage { frame, wrong: Wrong::default(), is_sent: true, code_for };
                Ok(html(StatusCode::OK, &page))
            }
            Ok(false) => Ok(general(frame, StatusCode::TOO_MANY_REQUESTS, "lookup_locked", None)),
            Err(error) => refused(&request, status_of(&error), error),
        }
    })
    .await
}

/// `POST /lookup/code/confirm`
pub async fn by_one_time_code(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    let asked = fields(&request, form, &shared)?;
    let dossier = asked.get("dossier").to_owned();
    let look = move |app: &App| {
        app.store.write(&Scope::All, Lane::Live, |tx| {
            lookup::by_code(tx, &app.stamp(), asked.get("dossier"), asked.get("code"))
        })
    };
    paced(answer(&request, &shared, (dossier.clone(), Some(dossier)), look)).await
}

async fn answer(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    (dossier, code_for): (String, Option<String>),
    look: impl FnOnce(&App) -> Result<Outcome> + Send + 'static,
) -> Page {
    let (shared, frame) = (shared.clone(), Frame::public(request));
    let lang = frame.lang;
    let seen = block(move || {
        let app = shared.app();
        Ok(match look(app)? {
            Outcome::Open(proven) => {
                let ticket = ticket(&app.stamp(), &dossier, &proven.obligations);
                let named = (dossier, ticket);
                Seen::Found(
                    app.store.read(&Scope::All, |conn| shown(conn, &app.vault, lang, &proven, named))?,
                )
            }
            Outcome::Wrong => Seen::Wrong,
            Outcome::Locked => Seen::Locked,
        })
    });
    Ok(match seen.await {
        Ok(Seen::Found(found)) => html(StatusCode::OK, &FoundPage::of(frame, Wrong::default(), found)),
        Ok(Seen::Wrong) => general(frame, StatusCode::NOT_FOUND, "lookup_wrong", code_for),
        Ok(Seen::Locked) => general(frame, StatusCode::TOO_MANY_REQUESTS, "lookup_locked", None),
        Err(error) => return refused(request, status_of(&error), error),
    })
}

enum Seen {
    Found(Found),
    Wrong,
    Locked,
}

fn shown(
    conn: &mut Conn,
    vault: &Vault,
    lang: Lang,
    proven: &Proven,
    (dossier, ticket): (String, String),
) -> Result<Found> {
    let is_full = proven.obligations.len() >= lookup::OBLIGATIONS_LIMIT;
    Ok(Found {
        dossier,
        owed: owed(conn, lang, &proven.obligations)?,
        receipts: found(conn, vault, lang, &proven.receipts)?,
        ticket,
        limit: is_full.then(|| lang.with("found_limit", lookup::OBLIGATIONS_LIMIT)),
    })
}

fn owed(conn: &mut Conn, lang: Lang, proven: &[(UnitId, ObligationId)]) -> Result<Vec<FoundOwed>> {
    let mut shown = Vec::with_capacity(proven.len());
    for (unit, id) in proven {
        let item = obligation::find(conn, *unit, *id)?;
        let has_none = pay::none_stands(&pay::receipts_of(conn, lang, &item)?);
        shown.push(FoundOwed {
            unit: unit::find(conn, *unit)?.name,
            amount: item.total.to_string(),
            standing: super::counter::standing(lang, &item, has_none),
            waits: pay::waits_of(conn, lang, &item)?,
            code: item.reference_code,
        });
    }
    Ok(shown)
}

/// Waits for the next multiple of `PACE`, so that the time taken tells nothing.
async fn paced(work: impl Future<Output = Page>) -> Page {
    let start = tokio::time::Instant::now();
    let page = work.await;
    let steps = start.elapsed().as_millis() / PACE.as_millis() + 1;
    let end = start + PACE * u32::try_from(steps).unwrap_or(1);
    tokio::time::sleep_until(end).await;
    page
}

fn found(conn: &mut Conn, vault: &Vault, lang: Lang, items: &[Stored]) -> Result<Vec<FoundReceipt>> {
    let mut shown = Vec::with_capacity(items.len());
    for item in items {
        let owed = obligation::find(conn, item.unit, item.obligation)?;
        let key = (owed.unit, owed.party);
        let payer = crate::party::load(conn, vault, &[key])?.remove(&key).and_then(|payer| payer.name);
        let (noun, noun_en) = item.noun();
        shown.push(FoundReceipt {
            unit: unit::find(conn, item.unit)?.name,
            label: format!(
                "{} {}",
                text::capitalised(lang.pick(noun, noun_en)),
                super::receipt::name(lang, item)
            ),
            issued_on: item.issued_on.0.format("%d/%m/%Y").to_string(),
            amount: item.amount.to_string(),
            payer: payer.map(|name| mask::name(&name)).unwrap_or_default(),
            link: item.lookup_code.clone(),
            is_signed: item.state != "numbered",
        });
    }
    Ok(shown)
}

/// What the payer proved a moment ago, so that neither the bundle nor the page that comes back needs a second
/// proof: an end, what is theirs of the dossier, the dossier as it was named, and a keyed hash over all of it.
fn ticket(stamp: &Stamp<'_>, dossier: &str, proven: &[(UnitId, ObligationId)]) -> String {
    let end = stamp.now.plus_seconds(TICKET_LIFE_S).seconds();
    let owed: Vec<String> = proven.iter().map(|(unit, id)| format!("{}:{}", unit.0, id.0)).collect();
    let text = format!("{end};{};{}", owed.join(","), text::clean(dossier));
    let tag = stamp.vault.blind(unit::CITY, "ticket", &text);
    format!("{text};{tag}")
}

/// The dossier of a ticket, and what of it is the payer's.
type Redeemed = (String, Vec<(UnitId, ObligationId)>);

fn redeem(stamp: &Stamp<'_>, ticket: &str) -> Result<Redeemed> {
    let over = || Error::forbidden("ticket_over", "the proof is too old or not ours");
    let (text, tag) = ticket.rsplit_once(';').ok_or_else(over)?;
    let (end, proven) = text.split_once(';').ok_or_else(over)?;
    let (owed, dossier) = proven.split_once(';').ok_or_else(over)?;
    let is_ours = stamp.vault.blind(unit::CITY, "ticket", text) == tag;
    let is_fresh = end.parse::<i64>().is_ok_and(|end| stamp.now.seconds() <= end);
    if !is_ours || !is_fresh {
        return Err(over());
    }
    let pair = |text: &str| {
        let (unit, id) = text.split_once(':')?;
        Some((UnitId(unit.parse().ok()?), ObligationId(id.parse().ok()?)))
    };
    let owed = owed.split(',').filter(|text| !text.is_empty()).map(|text| pair(text).ok_or_else(over));
    Ok((dossier.to_owned(), owed.collect::<Result<_>>()?))
}

/// The first and the last day that a download is asked for, each if it is.
type Days = (Option<BusinessDay>, Option<BusinessDay>);

fn days(asked: &Fields) -> Result<Days> {
    let day = |name: &str| -> Result<Option<BusinessDay>> {
        match asked.trimmed(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Error::invalid(name, "date_unreadable", "a day")),
        }
    };
    let days = (day("from")?, day("until")?);
    if let (Some(from), Some(until)) = days {
        Period::new(from, until)?;
    }
    Ok(days)
}

/// `POST /lookup/receipts.zip`: the receipts just found, of a period where one is named.
pub async fn bundle(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    let asked = fields(&request, form, &shared)?;
    let redeemed = redeem(&shared.app().stamp(), asked.get("ticket"))?;
    let (reader, owed) = (Arc::clone(shared.app()), redeemed.1.clone());
    let chosen = match days(&asked) {
        Ok(days) => block(move || reader.store.read(&Scope::All, |conn| within(conn, &owed, days))).await,
        Err(error) => Err(error),
    };
    let mut rest = match chosen {
        Ok(keys) => keys.into_iter(),
        Err(error) => return found_again(&request, &shared, (asked.get("ticket"), redeemed), error).await,
    };
    let app = Arc::clone(shared.app());
    let slot = shared.citizen_bundles.take(subscriber(shared.source(&request)))?;
    let drawer = streamed::Drawer::of(&shared);
    let answer = streamed::stream(slot, ("bien-lai.zip", streamed::ZIP), move |out| {
        notification::bundle::write(out, || {
            for (unit, id) in rest.by_ref() {
                let entry = app.store.read(&Scope::unit(unit), |conn| signed(conn, unit, id))?;
                if let Some(entry) = entry {
                    return Ok(vec![Entry { rendition: drawer.page(unit, id), ..entry }]);
                }
            }
            Ok(Vec::new())
        })
    });
    answer.map_err(|failure| failure.0.into())
}

/// The page of what was found once more, with what is wrong with the days of its download, or that they are empty.
async fn found_again(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    (ticket, (dossier, owed)): (&str, Redeemed),
    error: Error,
) -> Page {
    let (shared, frame) = (shared.clone(), Frame::public(request));
    let (lang, named) = (frame.lang, (dossier, ticket.to_owned()));
    let wrong = Wrong::of(error, lang)?;
    let found = block(move || {
        let app = shared.app();
        app.store.read(&Scope::All, |conn| {
            let receipts = documents(conn, &owed)?;
            shown(conn, &app.vault, lang, &Proven { obligations: owed, receipts }, named)
        })
    })
    .await?;
    Ok(html(StatusCode::BAD_REQUEST, &FoundPage::of(frame, wrong, found)))
}

/// The documents of what is owed, in the order of the page.
fn documents(conn: &mut Conn, owed: &[(UnitId, ObligationId)]) -> Result<Vec<Stored>> {
    let mut found = receipt::query::of_obligations(conn, owed)?;
    Ok(owed.iter().filter_map(|key| found.remove(key)).flatten().collect())
}

/// What one download holds: the first signed documents that were issued within the days.
///
/// # Errors
/// `period_without_documents` when there are none.
fn within(
    conn: &mut Conn,
    owed: &[(UnitId, ObligationId)],
    (from, until): Days,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let is_asked = |item: &Stored| {
        item.state != "numbered"
            && from.is_none_or(|from| item.issued_on >= from)
            && until.is_none_or(|until| item.issued_on <= until)
    };
    let asked = documents(conn, owed)?.into_iter().filter(is_asked).take(ZIP_RECEIPTS);
    let keys: Vec<_> = asked.map(|item| (item.unit, item.id)).collect();
    if keys.is_empty() {
        return Err(Error::invalid("from", "period_without_documents", "no signed document in these days"));
    }
    Ok(keys)
}

fn signed(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<Option<Entry>> {
    let Some(item) = receipt::query::by_id(conn, unit, id)? else { return Ok(None) };
    let Some(document) = receipt::query::document(conn, unit, id)? else { return Ok(None) };
    Ok(Some(Entry {
        unit: unit::find(conn, unit)?.code,
        kind: item.kind().unwrap_or(receipt::DocumentKind::Receipt),
        series: item.series,
        number: item.number,
        issued_on: item.issued_on,
        amount: item.amount,
        // The index is the citizen's to read, and its headings are Vietnamese.
        state: stored::value(Lang::Vi, &item.state),
        document,
        rendition: None,
    }))
}
