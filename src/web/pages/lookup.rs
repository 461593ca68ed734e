//! `/lookup`: finding receipts without a link. By look-up code; by dossier code with the payer's
//! full personal id or a one-time code. Everything is posted, so that no address holds personal
//! data, and answers about dossiers take the same time whether or not there is such a dossier.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use ring::rand::SystemRandom;
use serde::Deserialize;

use super::frame::Frame;
use super::session::check_origin;
use super::{Page, Posted, html, mask, read};
use crate::actor::Scope;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::notification::lookup::{self, Outcome};
use crate::notification::{self, bundle::Entry};
use crate::receipt::LookupCode;
use crate::receipt::query::Stored;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Tx};
use crate::web::Shared;
use crate::web::bundle as streamed;
use crate::web::limit::subscriber;
use crate::web::respond::block;
use crate::{obligation, receipt, text, unit};

/// Answers about dossiers are given at whole multiples of this.
const PACE: Duration = Duration::from_millis(400);

/// How long the receipts that were found may be downloaded together.
const TICKET_LIFE_S: i64 = 900;
const TICKET_RECEIPTS: usize = 200;

#[derive(Template)]
#[template(path = "lookup.html")]
struct LookupPage {
    frame: Frame,
    notice: &'static str,
    notice_en: &'static str,
    /// The dossier a one-time code was asked for.
    code_for: Option<String>,
}

#[derive(Template)]
#[template(path = "found.html")]
struct FoundPage {
    frame: Frame,
    dossier: String,
    receipts: Vec<FoundReceipt>,
    ticket: String,
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
    let frame = Frame::public(&request);
    html(StatusCode::OK, &LookupPage { frame, notice: "", notice_en: "", code_for: None })
}

#[derive(Deserialize)]
pub struct CodeForm {
    lookup_code: String,
}

/// `POST /lookup/receipt`: to the receipt's own page, which is rate-limited itself.
pub async fn by_lookup_code(request: HttpRequest, form: Posted<CodeForm>) -> Page {
    check_origin(&request)?;
    let asked = read(form)?;
    let unknown = || Error::not_found("receipt_not_found", "no receipt has this look-up code");
    let code: LookupCode = asked.lookup_code.parse().map_err(|_| unknown())?;
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/r/{}", code.as_str()))).finish())
}

#[derive(Deserialize)]
pub struct DossierForm {
    dossier: String,
    personal_id: String,
}

/// `POST /lookup/dossier`
pub async fn by_personal_id(
    request: HttpRequest,
    form: Posted<DossierForm>,
    shared: web::Data<Shared>,
) -> Page {
    check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let asked = read(form)?;
    let dossier = asked.dossier.clone();
    paced(answer(&request, &shared, dossier, move |tx, stamp| {
        lookup::by_personal_id(tx, stamp, &asked.dossier, &asked.personal_id)
    }))
    .await
}

#[derive(Deserialize)]
pub struct PhoneForm {
    dossier: String,
    phone: String,
}

/// `POST /lookup/code`: the answer is the same whoever asks for whatever dossier.
pub async fn request_code(request: HttpRequest, form: Posted<PhoneForm>, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let asked = read(form)?;
    let (dossier, frame) = (asked.dossier.clone(), Frame::public(&request));
    paced(async move {
        let is_open = block(move || {
            let app = shared.app();
            let courier = Arc::clone(&shared.running.courier);
            if !courier.sends_sms() {
                return Err(Error::conflict("sms_not_configured", "no SMS operator is configured"));
            }
            app.store.write(&Scope::All, Lane::Live, |tx| {
                let words = |code: &str| courier.one_time_code(code);
                let random = SystemRandom::new();
                lookup::request_code(tx, &app.stamp(), &asked.dossier, &asked.phone, &random, &words)
            })
        })
        .await
        .map_err(|error| error.in_field("form"))?;
        Ok(if is_open {
            let page = LookupPage {
                frame,
                notice: "Nếu hồ sơ và số điện thoại khớp nhau, mã 6 số đã được gửi tới điện thoại đó.",
                notice_en: "If dossier and phone belong together, a 6-digit code has been sent to that phone.",
                code_for: Some(dossier),
            };
            html(StatusCode::OK, &page)
        } else {
            locked(frame)
        })
    })
    .await
}

#[derive(Deserialize)]
pub struct ConfirmForm {
    dossier: String,
    code: String,
}

/// `POST /lookup/code/confirm`
pub async fn by_one_time_code(
    request: HttpRequest,
    form: Posted<ConfirmForm>,
    shared: web::Data<Shared>,
) -> Page {
    check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let asked = read(form)?;
    let dossier = asked.dossier.clone();
    let look =
        move |tx: &mut Tx<'_>, stamp: &Stamp<'_>| lookup::by_code(tx, stamp, &asked.dossier, &asked.code);
    paced(answer(&request, &shared, dossier, look)).await
}

async fn answer(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    dossier: String,
    look: impl Fn(&mut Tx<'_>, &Stamp<'_>) -> Result<Outcome> + Send + 'static,
) -> Page {
    let (shared, frame) = (shared.clone(), Frame::public(request));
    let seen = block(move || {
        let app = shared.app();
        let outcome = app.store.write(&Scope::All, Lane::Live, |tx| look(tx, &app.stamp()))?;
        Ok(match outcome {
            Outcome::Open(items) => {
                let receipts = app.store.read(&Scope::All, |conn| found(conn, &app.vault, &items))?;
                let ticket = ticket(&app.stamp(), &items);
                Seen::Found(dossier, receipts, ticket)
            }
            Outcome::Wrong => Seen::Wrong,
            Outcome::Locked => Seen::Locked,
        })
    });
    Ok(match seen.await.map_err(|error| error.in_field("form"))? {
        Seen::Found(dossier, receipts, ticket) => {
            html(StatusCode::OK, &FoundPage { frame, dossier, receipts, ticket })
        }
        Seen::Wrong => wrong(frame),
        Seen::Locked => locked(frame),
    })
}

enum Seen {
    Found(String, Vec<FoundReceipt>, String),
    Wrong,
    Locked,
}

fn wrong(frame: Frame) -> HttpResponse {
    html(
        StatusCode::NOT_FOUND,
        &LookupPage {
            frame,
            notice: "Không tìm thấy, hoặc thông tin xác thực không đúng. Sai 5 lần thì hồ sơ bị khóa tra cứu 24 giờ.",
            notice_en: "Not found, or the proof is wrong. After 5 failures a dossier cannot be looked up for 24 hours.",
            code_for: None,
        },
    )
}

fn locked(frame: Frame) -> HttpResponse {
    html(
        StatusCode::TOO_MANY_REQUESTS,
        &LookupPage {
            frame,
            notice: "Hồ sơ này tạm khóa tra cứu trong 24 giờ vì xác thực sai nhiều lần. Mã tra cứu trên biên lai vẫn dùng được.",
            notice_en: "This dossier cannot be looked up for 24 hours after repeated failures. Look-up codes still work.",
            code_for: None,
        },
    )
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

fn found(conn: &mut Conn, vault: &Vault, items: &[Stored]) -> Result<Vec<FoundReceipt>> {
    let mut shown = Vec::with_capacity(items.len());
    for item in items {
        let owed = obligation::find(conn, item.unit, item.obligation)?;
        let key = (owed.unit, owed.party);
        let payer = crate::party::load(conn, vault, &[key])?.remove(&key).and_then(|payer| payer.name);
        shown.push(FoundReceipt {
            unit: unit::find(conn, item.unit)?.name,
            label: format!("{} {}", text::capitalised(item.noun().0), item.name()),
            issued_on: item.issued_on.0.format("%d/%m/%Y").to_string(),
            amount: item.amount.to_string(),
            payer: payer.map(|name| mask::name(&name)).unwrap_or_default(),
            link: item.lookup_code.clone(),
            is_signed: item.state != "numbered",
        });
    }
    Ok(shown)
}

/// What the payer proved a moment ago, so that the bundle needs no second proof: an end, the
/// receipts, and a keyed hash over both.
fn ticket(stamp: &Stamp<'_>, items: &[Stored]) -> String {
    let end = stamp.now.plus_seconds(TICKET_LIFE_S).seconds();
    let receipts: Vec<String> =
        items.iter().take(TICKET_RECEIPTS).map(|item| format!("{}:{}", item.unit.0, item.id.0)).collect();
    let text = format!("{end};{}", receipts.join(","));
    let tag = stamp.vault.blind(unit::CITY, "ticket", &text);
    format!("{text};{tag}")
}

fn redeem(stamp: &Stamp<'_>, ticket: &str) -> Result<Vec<(UnitId, ReceiptId)>> {
    let over = || Error::forbidden("ticket_over", "the proof is too old or not ours");
    let (text, tag) = ticket.rsplit_once(';').ok_or_else(over)?;
    let (end, receipts) = text.split_once(';').ok_or_else(over)?;
    let is_ours = stamp.vault.blind(unit::CITY, "ticket", text) == tag;
    let is_fresh = end.parse::<i64>().is_ok_and(|end| stamp.now.seconds() <= end);
    if !is_ours || !is_fresh {
        return Err(over());
    }
    let pair = |text: &str| {
        let (unit, id) = text.split_once(':')?;
        Some((UnitId(unit.parse().ok()?), ReceiptId(id.parse().ok()?)))
    };
    receipts.split(',').filter(|text| !text.is_empty()).map(|text| pair(text).ok_or_else(over)).collect()
}

#[derive(Deserialize)]
pub struct BundleForm {
    ticket: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
}

/// `POST /lookup/receipts.zip`: the receipts just found, of a period where one is named.
pub async fn bundle(request: HttpRequest, form: Posted<BundleForm>, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let asked = read(form)?;
    let day = |text: &Option<String>| -> Result<Option<BusinessDay>> {
        let given = text.as_deref().filter(|text| !text.is_empty());
        given.map(str::parse).transpose().map_err(|error: Error| error.in_field("form"))
    };
    let (from, until) = (day(&asked.from)?, day(&asked.until)?);
    let keys = redeem(&shared.app().stamp(), &asked.ticket)?;
    let app = Arc::clone(shared.app());
    let mut rest = keys.into_iter();
    let slot = shared.citizen_bundles.take(subscriber(shared.source(&request)))?;
    let drawer = streamed::Drawer::of(&shared);
    let answer = streamed::stream(slot, ("bien-lai.zip", streamed::ZIP), move |out| {
        notification::bundle::write(out, || {
            for (unit, id) in rest.by_ref() {
                let entry = app.store.read(&Scope::unit(unit), |conn| signed(conn, unit, id))?;
                let is_asked = |entry: &Entry| {
                    from.is_none_or(|from| entry.issued_on >= from)
                        && until.is_none_or(|until| entry.issued_on <= until)
                };
                if let Some(entry) = entry.filter(is_asked) {
                    return Ok(vec![Entry { rendition: drawer.page(unit, id), ..entry }]);
                }
            }
            Ok(Vec::new())
        })
    });
    answer.map_err(|failure| failure.0.into())
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
        state: item.state,
        document,
        rendition: None,
    }))
}
