//! `/p/{reference code}`: what is asked, why this amount, whom for, until when, how to pay, and what
//! came of it. The page turns to what happened by itself (`live`).

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::fields::Wrong;
use super::frame::Frame;
use super::surplus::{self, Surplus};
use super::wording::Lang;
use super::{Page, ReceiptLink, html, live, mask, on_paper, png, vietqr};
use crate::actor::Scope;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::obligation::reference::ReferenceCode;
use crate::obligation::{self, Line, Obligation, State, feed_query};
use crate::payment::{advised, due, told};
use crate::receipt::{self, DocumentKind};
use crate::shift::{provisional, provisional_query};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::text::capitalised;
use crate::web::Shared;
use crate::web::extract;
use crate::web::respond::block;
use crate::{party, unit};

/// Where an obligation stands, in words for its payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Unpaid,
    Late,
    Advised,
    Partial,
    Paid,
    /// Paid once, and the receipt of it was cancelled.
    ReceiptCancelled,
    Cancelled,
    Waived,
}

impl Standing {
    fn of(item: &Obligation, last_event: Option<&str>, receipts: &[ReceiptLink], today: BusinessDay) -> Self {
        match item.state {
            State::Paid => Standing::Paid,
            State::Cancelled => Standing::Cancelled,
            State::Waived => Standing::Waived,
            // The bank reported money that the statement has not shown yet.
            _ if last_event == Some("advised") => Standing::Advised,
            State::PartlyPaid => Standing::Partial,
            State::Reopened if none_stands(receipts) => Standing::ReceiptCancelled,
            State::Raised | State::Reopened if today > item.due_on => Standing::Late,
            State::Raised | State::Reopened => Standing::Unpaid,
        }
    }

    /// The key of its words, and its tone.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Standing::Unpaid => ("standing_unpaid", "open"),
            Standing::Late => ("standing_late", "late"),
            Standing::Advised => ("standing_advised", "wait"),
            Standing::Partial => ("standing_partial", "open"),
            Standing::Paid => ("standing_paid", "done"),
            Standing::ReceiptCancelled => ("standing_receipt_cancelled", "open"),
            Standing::Cancelled => ("standing_cancelled", "gone"),
            Standing::Waived => ("standing_waived", "done"),
        }
    }
}

struct LineWords {
    name: String,
    amount: String,
    reduction: Option<String>,
    why: String,
    why_en: String,
}

impl LineWords {
    fn of(line: &Line) -> Self {
        let (why, why_en) = line.explanation.split_once('\n').unwrap_or((&line.explanation, ""));
        LineWords {
            name: line.item_name.clone(),
            amount: line.amount.to_string(),
            reduction: line.reduction.is_positive().then(|| line.reduction.to_string()),
            why: why.to_owned(),
            why_en: why_en.to_owned(),
        }
    }
}

struct Payable {
    svg: String,
    drawn: vietqr::Drawn,
}

/// What the address asks for.
#[derive(Default, Deserialize)]
struct Asked {
    /// The form of who transferred stands open, on a page that does not turn under it.
    #[serde(default)]
    told: Option<u8>,
}

#[derive(Template)]
#[template(path = "pay.html")]
pub(super) struct PayPage {
    frame: Frame,
    code: String,
    plain_code: String,
    stamp: String,
    /// Whether anything may still happen while the page is open.
    is_live: bool,
    /// Whether a browser without scripts asks again by itself: not under somebody who types where money goes.
    asks_again: bool,
    standing: &'static str,
    tone: &'static str,
    is_paid: bool,
    is_late: bool,
    is_advised: bool,
    /// The bank told of a transfer that never came: it is asked for again.
    is_disproven: bool,
    unit: String,
    /// Where the payer asks who is told to ask the unit.
    unit_address: String,
    unit_phone: Option<String>,
    dossier_code: String,
    procedure_field: String,
    payer: Option<String>,
    due_on: String,
    total: String,
    received: Option<String>,
    missing: Option<String>,
    waived_ground: Option<String>,
    lines: Vec<LineWords>,
    payable: Option<Payable>,
    receipts: Vec<ReceiptLink>,
    /// What is said of documents that could not be made when the money came.
    waits: Vec<String>,
    surplus: Option<Surplus>,
    /// What somebody reads beside the state who is late, or must not pay any more.
    plain: Option<String>,
    forms: Forms,
}

/// The forms of the page as they were typed, and what is wrong with them.
#[derive(Default)]
pub(super) struct Forms {
    pub told: Told,
    pub surplus: surplus::Asked,
}

impl Forms {
    /// What is wrong with the form that was sent.
    fn wrong(&self) -> &Wrong {
        if self.told.wrong.is_some() { &self.told.wrong } else { &self.surplus.wrong }
    }

    /// Whether somebody types, or reads what is wrong: a page that turns by itself would wipe that.
    fn is_in_use(&self) -> bool {
        self.told.is_open || self.wrong().is_some()
    }
}

/// “Tôi đã chuyển tiền”: the form, or the day of the answer.
#[derive(Default)]
pub(super) struct Told {
    pub wrong: Wrong,
    /// Whether the address asks for the form.
    pub is_open: bool,
    pub answer_on: Option<String>,
    /// What the unit answered last, and when.
    pub answered: Option<(String, String)>,
}

pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let asked = extract::query::<Asked>(&request).unwrap_or_default();
    let told = Told { is_open: asked.told.is_some(), ..Told::default() };
    let forms = Forms { told, ..Forms::default() };
    Ok(html(StatusCode::OK, &shown(&request, &shared, forms).await?))
}

/// `GET /p/{code}/qr.png`: the same code as a picture to keep, for whoever pays on this very phone. What was collected
/// on a slip has none, as on the page.
pub async fn picture(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = on_paper::code_of(&request)?;
    let app = Arc::clone(shared.app());
    let drawn = block(move || {
        app.store.read(&Scope::All, |conn| {
            let item = obligation::find_by_code(conn, code.as_str())?;
            provisional::refuse_collected(conn, item.unit, &[item.id])?;
            obligation::vietqr::modules(&vietqr::payload(conn, &item, app.clock.now().business_day())?.text)
        })
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("image/png")
        .body(png::of_modules(&drawn.await?)))
}

/// The page as it is now.
pub(super) async fn shown(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    forms: Forms,
) -> Result<PayPage> {
    let code = on_paper::code_of(request)?;
    let frame = Frame::public(request);
    let app = Arc::clone(shared.app());
    block(move || {
        let today = app.clock.now().business_day();
        // The code is the right to see this one obligation, whatever its unit.
        app.store.read(&Scope::All, |conn| {
            let item = obligation::find_by_code(conn, code.as_str())?;
            // After a merger it goes on under another code than the one that was asked for.
            let code: ReferenceCode = item.reference_code.parse()?;
            compose(conn, &app.vault, (frame, forms), &code, &item, today)
        })
    })
    .await
}

fn compose(
    conn: &mut Conn,
    vault: &Vault,
    (frame, mut forms): (Frame, Forms),
    code: &ReferenceCode,
    item: &Obligation,
    today: BusinessDay,
) -> Result<PayPage> {
    let events = feed_query::events(conn, item.unit, item.id)?;
    let receipts = receipts_of(conn, frame.lang, item)?;
    let last = events.last().map(|event| event.kind.as_str());
    // A transfer that was told of and never came asks for nothing but the money.
    let is_disproven =
        last == Some("advised") && !advised::disproven(conn, std::slice::from_ref(item))?.is_empty();
    let last = last.filter(|_| !is_disproven);
    let standing = Standing::of(item, last, &receipts, today);
    let (words, tone) = standing.words();
    if forms.told.answer_on.is_none() {
        forms.told.answer_on = answer_on(conn, item, &events)?;
    }
    if forms.told.answer_on.is_none() {
        let day = |at: Instant| at.business_day().0.format("%d/%m/%Y").to_string();
        forms.told.answered = told::answer(conn, item)?.map(|(at, reason)| (day(at), reason));
    }
    let payer = party::load(conn, vault, &[(item.unit, item.party)])?.remove(&(item.unit, item.party));
    let is_part = item.allocated.is_positive() && item.outstanding().is_positive();
    let waits = waits_of(conn, frame.lang, item)?;
    let is_waiting = !waits.is_empty() || receipts.iter().any(|receipt| !receipt.is_signed);
    // Money on a slip is in the drawer and not in the books: nobody is asked for it again.
    let on_slip = provisional_query::awaited(conn, item.unit)?.remove(&item.id);
    let (words, tone) = if on_slip.is_some() { ("standing_slip", "wait") } else { (words, tone) };
    let surplus = surplus::of(conn, item, frame.lang)?;
    let is_awaited = item.outstanding().is_positive() || is_waiting;
    // Who pays twice does so on the same day: the page that said “paid” says that, too.
    let is_fresh = events.last().is_some_and(|event| today <= event.at.business_day().next());
    let plain = match on_slip {
        Some(number) => Some(frame.lang.with("pay_slip_waits", number)),
        None => plain_words(frame.lang, standing, item.due_on),
    };
    let unit = unit::find(conn, item.unit)?;
    Ok(PayPage {
        standing: frame.lang.t(words),
        code: code.grouped(),
        plain_code: code.as_str().to_owned(),
        stamp: live::stamp_of(conn, item)?,
        is_live: is_awaited || surplus.as_ref().is_some_and(|one| one.is_open || one.can_ask) || is_fresh,
        asks_again: is_awaited && !forms.is_in_use() && surplus.as_ref().is_none_or(|one| !one.can_ask),
        tone,
        is_paid: standing == Standing::Paid,
        is_late: standing != Standing::Late && item.outstanding().is_positive() && today > item.due_on,
        is_advised: standing == Standing::Advised,
        is_disproven: is_disproven && on_slip.is_none() && item.outstanding().is_positive(),
        unit: unit.name,
        unit_address: unit.address,
        unit_phone: unit.phone,
        dossier_code: item.dossier_code.clone(),
        procedure_field: item.procedure_field.clone(),
        payer: payer.and_then(|payer| payer.name).map(|name| mask::name(&name)),
        due_on: item.due_on.0.format("%d/%m/%Y").to_string(),
        total: item.total.to_string(),
        received: is_part.then(|| item.allocated.to_string()),
        missing: is_part.then(|| item.outstanding().to_string()),
        waived_ground: item.waived_ground.clone(),
        lines: obligation::lines(conn, item.unit, item.id)?.iter().map(LineWords::of).collect(),
        payable: if on_slip.is_none() { payable(conn, item, today)? } else { None },
        receipts,
        waits,
        surplus,
        plain,
        frame,
        forms,
    })
}

/// By when the payer who said that they transferred gets an answer: the page keeps to it until there is one. What
/// was said before the money came asks nothing any more.
fn answer_on(conn: &mut Conn, item: &Obligation, events: &[feed_query::PastEvent]) -> Result<Option<String>> {
    let open = told::open_word(conn, item)?.filter(|one| {
        item.outstanding().is_positive() || events.last().is_none_or(|event| event.at < one.created_at)
    });
    Ok(open.map(|one| one.due_on.0.format("%d/%m/%Y").to_string()))
}

/// What late, cancelled and waived mean for whoever holds the code.
fn plain_words(lang: Lang, standing: Standing, due_on: BusinessDay) -> Option<String> {
    let day = due_on.0.format("%d/%m/%Y");
    match standing {
        Standing::Late => Some(lang.with("plain_late", day)),
        Standing::Cancelled => Some(lang.t("plain_cancelled").to_owned()),
        Standing::Waived => Some(lang.t("plain_waived").to_owned()),
        _ => None,
    }
}

fn payable(conn: &mut Conn, item: &Obligation, today: BusinessDay) -> Result<Option<Payable>> {
    if !item.outstanding().is_positive() {
        return Ok(None);
    }
    let drawn = vietqr::payload(conn, item, today)?;
    let svg = obligation::vietqr::svg(&drawn.text)?;
    Ok(Some(Payable { svg, drawn }))
}

/// The documents of an obligation, to link to.
pub(super) fn receipts_of(conn: &mut Conn, lang: Lang, item: &Obligation) -> Result<Vec<ReceiptLink>> {
    let found = receipt::query::of_obligation(conn, item.unit, item.id)?;
    Ok(found
        .into_iter()
        .map(|receipt| ReceiptLink {
            id: receipt.id,
            label: label(lang, &receipt),
            is_signed: receipt.state != "numbered",
            amount: receipt.amount,
            collected_at: receipt.collected_at,
            lookup_code: receipt.lookup_code,
            state: receipt.state,
        })
        .collect())
}

/// What the payer of a paid obligation reads of each document that is still due.
pub(super) fn waits_of(conn: &mut Conn, lang: Lang, item: &Obligation) -> Result<Vec<String>> {
    let due = due::awaited_by(conn, item)?;
    Ok(due.iter().map(|(kind, cause)| waits(lang, kind, cause)).collect())
}

/// A kind that is unknown here is called a receipt.
fn waits(lang: Lang, kind: &str, cause: &str) -> String {
    let (noun, noun_en) = DocumentKind::parse(kind).unwrap_or(DocumentKind::Receipt).noun();
    let noun = match lang {
        Lang::Vi => capitalised(noun),
        Lang::En => noun_en.to_owned(),
    };
    if cause.starts_with("series_") {
        lang.with("pay_waits_series", noun)
    } else {
        lang.with("pay_waits", noun)
    }
}

/// Whether documents were made and none of them stands any more.
pub(super) fn none_stands(receipts: &[ReceiptLink]) -> bool {
    receipt::cancel::none_stands(receipts.iter().map(|receipt| (receipt.state.as_str(), receipt.amount)))
}

/// `Biên lai BL-26E số 0000042`, `Receipt BL-26E no. 0000042`.
pub(super) fn label(lang: Lang, document: &receipt::query::Stored) -> String {
    let kind = document.kind().map(DocumentKind::words);
    let kind = kind.map_or_else(|| lang.t("document"), |(vi, en)| lang.pick(vi, en));
    format!("{kind} {}", super::receipt::name(lang, document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;
    use crate::id::*;

    fn obligation(state: State) -> Obligation {
        Obligation {
            unit: UnitId(2),
            id: ObligationId(1),
            reference_code: "HNPH7K2MQ4X97".into(),
            dossier_code: "H26.1-261122-0001".into(),
            procedure_code: "1.001193".into(),
            procedure_field: "Hộ tịch".into(),
            intake_mode: "counter".into(),
            receiving_unit: UnitId(2),
            competent_unit: UnitId(2),
            submitted_at: Instant(0),
            result_due_on: None,
            due_on: "2026-11-22".parse().unwrap(),
            electronic_required: false,
            party: PartyId(1),
            account: AccountId(1),
            total: Dong(25_000),
            waived_ground: None,
            client: None,
            created_at: Instant(0),
            state,
            revision: 1,
            allocated: Dong(0),
            line_edition: 0,
        }
    }

    #[test]
    fn a_document_that_is_due_is_named_with_what_it_waits_for() {
        let series = waits(Lang::Vi, "invoice_vat", "series_closed");
        assert_eq!(series, "Hóa đơn sẽ được lập và gửi khi đơn vị có ký hiệu.");
        assert!(waits(Lang::En, "unknown", "series_missing").starts_with("The receipt will be made"));
        let other = waits(Lang::Vi, "receipt", "document_kind_not_issued");
        assert!(other.starts_with("Biên lai sẽ được lập") && !other.contains("ký hiệu"), "{other}");
    }

    #[test]
    fn each_state_has_its_own_words_for_the_payer() {
        let on = |state, last, day: &str| Standing::of(&obligation(state), last, &[], day.parse().unwrap());
        assert_eq!(on(State::Raised, Some("raised"), "2026-11-22"), Standing::Unpaid);
        assert_eq!(on(State::Raised, Some("raised"), "2026-11-23"), Standing::Late);
        assert_eq!(on(State::Raised, Some("advised"), "2026-11-23"), Standing::Advised);
        assert_eq!(on(State::PartlyPaid, Some("partly_paid"), "2026-11-23"), Standing::Partial);
        assert_eq!(on(State::Paid, Some("advised"), "2026-11-23"), Standing::Paid);
        assert_eq!(on(State::Cancelled, None, "2026-11-23"), Standing::Cancelled);
    }
}
