//! `/counter/obligations/{id}`: what is owed, taking it, and what was made of it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::waiting::{Waiting, is_despite, unseen};
use super::{in_use, is_count_waiting, own_unit, standing};
use crate::actor::Role;
use crate::amount::Dong;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{ObligationId, PaymentId, ReceiptId, ShiftId, UnitId};
use crate::obligation::{self, query, ticket, walk_in};
use crate::party;
use crate::payment::advised;
use crate::payment::book::Method;
use crate::payment::counter::{self, Taking, Tender};
use crate::payment::pos;
use crate::payment::settler::Numbered;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::idempotency::{Repeatable, once};
use crate::web::pages::fields::{Fields, Pairs, Wrong, fresh_key, key_of};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::pay::{self, receipts_of};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, ReceiptLink, html_that_prints};
use crate::web::respond::{self, block};

const ROUTE: &str = "POST /counter/obligations/{id}/take";

#[derive(Template)]
#[template(path = "take.html")]
pub(super) struct TakePage {
    frame: Frame,
    csrf: String,
    pub(super) wrong: Wrong,
    /// Names this form, so that sending it twice takes the money once.
    key: String,
    id: ObligationId,
    dossier: String,
    field: String,
    payer: String,
    code: String,
    standing: String,
    owed: String,
    owed_plain: i64,
    is_open: bool,
    is_partial: bool,
    /// The bank took its money back while its document stands.
    is_owed_again: bool,
    has_shift: bool,
    /// Today's count differs and waits for another person: no shift is opened before that.
    is_count_waiting: bool,
    /// The slip on which it was collected and which waits for another person.
    slip_waits: Option<i64>,
    /// The transfer that the bank told of and no statement has proven: it may be the same money.
    advised: Option<String>,
    /// The desk raised it and may take it back.
    may_withdraw: bool,
    must_confirm: bool,
    has_second_factor: bool,
    lines: Vec<(String, String)>,
    tendered: String,
    /// The card's slip as it was typed.
    approval_code: String,
    terminal: String,
    receipts: Vec<ReceiptLink>,
    /// Whether a document still waits for its signature.
    is_waiting: bool,
    stamp: String,
    change: Option<String>,
    /// This desk has just taken the money; otherwise somebody else's payment is shown.
    is_taken: bool,
    /// The money came another way while the cashier took it: it is given back.
    is_late: bool,
    /// The approval code on record, where another one was typed after it.
    kept_code: Option<String>,
    pub(super) paper: Paper,
    /// The dossier it was linked to afterwards.
    linked: Option<String>,
    /// The number its visitor drew today.
    ticket: Option<String>,
}

/// What a cashier typed off a slip, to come back with the reason.
#[derive(Default)]
pub(super) struct Paper {
    number: String,
    amount: String,
    collected_at: String,
}

impl Paper {
    pub(super) fn typed(fields: &Fields) -> Paper {
        Paper {
            number: fields.trimmed("number").to_owned(),
            amount: fields.trimmed("amount").to_owned(),
            collected_at: fields.trimmed("collected_at").to_owned(),
        }
    }
}

/// What came of a form that was just sent.
#[derive(Clone, Copy, Default, Deserialize)]
struct Asked {
    /// The payment that was taken: what was handed over for it is on record, and the page says the change.
    #[serde(default)]
    taken: Option<PaymentId>,
    /// The obligation was paid before the form came.
    #[serde(default)]
    late: Option<u8>,
    /// Another approval code than the one on record was typed.
    #[serde(default)]
    kept: Option<u8>,
}

impl Asked {
    fn kept_code(self, conn: &mut Conn, unit: UnitId) -> Result<Option<String>> {
        match (self.kept, self.taken) {
            (Some(_), Some(payment)) => pos::query::approval_code(conn, unit, payment),
            _ => Ok(None),
        }
    }
}

/// A payment of this cashier's drawer, with the change it left.
pub(super) fn just_taken(
    conn: &mut Conn,
    unit: UnitId,
    shift: Option<ShiftId>,
    payment: Option<PaymentId>,
) -> Result<Option<Option<Dong>>> {
    let Some(id) = payment else { return Ok(None) };
    let found = crate::payment::payment_query::payments(conn, &[(unit, id)])?.pop();
    if found.is_none_or(|found| found.shift.is_none() || found.shift != shift) {
        return Ok(None);
    }
    Ok(Some(counter::tender(conn, unit, id)?.map(|tender| tender.change())))
}

/// `GET /counter/obligations/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let asked = extract::query::<Asked>(&request).unwrap_or_default();
    let key = fresh_key()?;
    let page = compose(&request, &signed, &shared, key, asked).await?;
    Ok(html_that_prints(StatusCode::OK, &page))
}

/// The page with a new form, for an answer that is its own.
pub(super) async fn fresh(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
) -> Result<TakePage> {
    compose(request, signed, shared, fresh_key()?, Asked::default()).await
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    key: String,
    asked: Asked,
) -> Result<TakePage> {
    let id: ObligationId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, csrf) = (signed.actor.clone(), signed.csrf.clone());
    let lang = frame.lang;
    let must_confirm = !signed.session.is_confirmed(app.clock.now());
    let has_second_factor = signed.session.login.has_second_factor();
    block(move || {
        app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let item = obligation::find(conn, unit, id)?;
            let shift = in_use(conn, &actor, own_unit(&actor)?)?.map(|shift| shift.id);
            let taken = just_taken(conn, unit, shift, asked.taken)?;
            let today = app.clock.now().business_day();
            let owed = counter::owed(conn, &item)?;
            let waiting = Waiting::of(conn, unit, std::slice::from_ref(&item))?;
            let slip_waits = waiting.slip(id);
            let is_open = owed.is_positive() && slip_waits.is_none();
            let told = |key: &str| waiting.told(lang, key, id).filter(|_| is_open);
            let receipts = receipts_of(conn, lang, &item)?;
            let payer = party::load(conn, &app.vault, &[(unit, item.party)])?.remove(&(unit, item.party));
            let lines = obligation::lines(conn, unit, id)?;
            Ok(TakePage {
                frame,
                csrf,
                wrong: Wrong::default(),
                key,
                id,
                dossier: item.dossier_code.clone(),
                field: item.procedure_field.clone(),
                payer: payer.and_then(|payer| payer.name).unwrap_or_else(|| "–".to_owned()),
                code: item.reference_code.clone(),
                standing: told("standing_told")
                    .unwrap_or_else(|| standing(lang, &item, pay::none_stands(&receipts)).to_owned()),
                owed: owed.to_string(),
                owed_plain: owed.0,
                is_open,
                slip_waits,
                advised: told("take_told"),
                may_withdraw: walk_in::may_withdraw(&item) && slip_waits.is_none(),
                must_confirm,
                has_second_factor,
                is_partial: item.allocated.is_positive() && item.outstanding().is_positive(),
                is_owed_again: owed > item.outstanding(),
                has_shift: shift.is_some(),
                is_count_waiting: is_count_waiting(conn, &actor, own_unit(&actor)?, today)?,
                lines: lines.iter().map(|line| (line.item_name.clone(), line.amount.to_string())).collect(),
                tendered: String::new(),
                approval_code: String::new(),
                terminal: String::new(),
                is_waiting: receipts.iter().any(|receipt| !receipt.is_signed),
                stamp: crate::web::pages::live::stamp_of(conn, &item)?,
                receipts,
                change: taken.flatten().filter(|_| !owed.is_positive()).map(|change| change.to_string()),
                is_taken: taken.is_some(),
                paper: Paper::default(),
                is_late: asked.late.is_some(),
                kept_code: if taken.is_some() { asked.kept_code(conn, unit)? } else { None },
                linked: walk_in::linked(conn, unit, id)?,
                ticket: ticket::of_day(conn, unit, &[id], today)?.remove(&id),
            })
        })
    })
    .await
}

pub(super) fn locate(conn: &mut Conn, actor: &crate::actor::Actor, id: ObligationId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, None, id)?.ok_or_else(obligation::not_found)
}

/// What a cashier confirmed.
struct Confirmed {
    method: Method,
    tender: Option<Tender>,
    amount: Dong,
    /// Approval code and terminal of a card's slip; without a code it is noted later.
    slip: Option<(String, String)>,
    /// Whether they take it although the bank told of a transfer.
    is_despite: bool,
}

/// What the button that was pressed takes.
pub(super) fn method_of(fields: &Fields) -> Result<Method> {
    match fields.get("method") {
        "cash" => Ok(Method::Cash),
        "card" => Ok(Method::Card),
        _ => Err(Error::conflict("counter_method", "cash or card")),
    }
}

/// The form was sent before by its other button, or its money came another way: what lies on the desk now is given
/// back.
pub(super) fn is_late(error: &Error) -> bool {
    matches!(error.code(), "obligation_closed" | "idempotency_key_reused")
}

/// What was handed over for this sum, where somebody wrote it down; a card pays to the đồng.
pub(super) fn tender_of(fields: &Fields, method: Method, due: Dong) -> Result<Option<Tender>> {
    let tendered = fields.dong("tendered")?.filter(|_| method == Method::Cash);
    let tender = tendered.map(|tendered| Tender { tendered: Dong(tendered), due });
    tender.map_or(Ok(()), |tender| tender.check())?;
    Ok(tender)
}

/// Enter presses the first button, which is cash: who has noted a card's approval code did not mean that.
fn slip_of(fields: &Fields, method: Method) -> Result<Option<(String, String)>> {
    let code = fields.trimmed("approval_code");
    if code.is_empty() {
        return Ok(None);
    }
    if method == Method::Cash {
        return Err(Error::invalid("approval_code", "card_code_with_cash", "a card's code, and cash"));
    }
    pos::rules::approval_code(code)?;
    Ok(Some((code.to_owned(), fields.trimmed("terminal").to_owned())))
}

fn read_form(fields: &Fields) -> Result<Confirmed> {
    let method = method_of(fields)?;
    let amount = Dong(fields.dong("amount")?.unwrap_or_default());
    let tender = tender_of(fields, method, amount)?;
    Ok(Confirmed { method, tender, amount, slip: slip_of(fields, method)?, is_despite: is_despite(fields) })
}

/// Everything that is wrong with what was typed, in the order of the form.
fn faults(fields: &Fields) -> Vec<Error> {
    let (Ok(method), Ok(amount)) = (method_of(fields), fields.dong("amount")) else { return Vec::new() };
    let of_tender = tender_of(fields, method, Dong(amount.unwrap_or_default())).err();
    of_tender.into_iter().chain(slip_of(fields, method).err()).collect()
}

/// The fields of the form that a reason may stand beside.
const FIELDS: [&str; 4] = ["tendered", "approval_code", "terminal", advised::DESPITE];

/// `POST /counter/obligations/{id}/take`: takes the money once, however often the form is sent.
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = extract::path(&request, "id")?;
    let key = key_of(&fields)?;
    let taken = match read_form(&fields) {
        Ok(confirmed) => {
            let app = Arc::clone(shared.app());
            let (held, actor) = (shared.clone(), signed.actor.clone());
            let repeatable = Repeatable::of_form(
                signed.session.login.as_sender(),
                ROUTE,
                key.clone(),
                request.path(),
                // A card's code that is typed behind the back button makes no other taking of it.
                &format!("{}/{}", confirmed.method.as_str(), confirmed.amount.0),
            );
            let name = signed.name.clone();
            block(move || taking(&app, &held, &actor, name, id, &confirmed, &repeatable)).await
        }
        Err(error) => Err(error),
    };
    match taken {
        Ok((payment, is_other_kept)) => {
            let kept = if is_other_kept { "&kept=1" } else { "" };
            Ok(see(format!("/counter/obligations/{id}?taken={payment}{kept}")))
        }
        // Another till or the bank was faster: what lies on the desk is given back.
        Err(error) if is_late(&error) => Ok(see(format!("/counter/obligations/{id}?late=1"))),
        Err(error) => {
            let lang = Lang::of(&request);
            let mut wrong = Wrong::all(faults(&fields), error, lang)?.on(&FIELDS);
            let mut page = compose(&request, &signed, &shared, key, Asked::default()).await?;
            if page.is_open && page.has_shift {
                wrong.add(unseen((&signed, &shared), vec![id], &fields, lang).await?);
            }
            page.wrong = wrong;
            page.tendered = fields.trimmed("tendered").to_owned();
            page.approval_code = fields.trimmed("approval_code").to_owned();
            page.terminal = fields.trimmed("terminal").to_owned();
            Ok(html_that_prints(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// The payment, and whether another approval code than the one that was typed is on record.
fn taking(
    app: &Arc<App>,
    shared: &Shared,
    actor: &crate::actor::Actor,
    collector: String,
    id: ObligationId,
    confirmed: &Confirmed,
    repeatable: &Repeatable,
) -> Result<(PaymentId, bool)> {
    let mut numbered: Vec<(UnitId, ReceiptId)> = Vec::new();
    let given = once(app, &shared.in_flight, actor, repeatable, StatusCode::CREATED, |tx, stamp| {
        let unit = locate(tx, actor, id)?;
        let taking = Taking {
            unit,
            obligation: id,
            amount: confirmed.amount,
            method: confirmed.method,
            collector: collector.clone(),
        };
        let taken = counter::take(tx, stamp, actor, &taking)?;
        advised::refuse_unseen(tx, unit, &[id], confirmed.is_despite)?;
        if let Some((code, terminal)) = &confirmed.slip {
            pos::record_slip(tx, stamp, actor, unit, taken.payment, (code, terminal))?;
        }
        if let Some(tender) = confirmed.tender {
            counter::keep_tender(tx, stamp, (unit, &[taken.payment]), tender)?;
        }
        numbered = taken.receipts.iter().map(|receipt| (unit, *receipt)).collect();
        respond::to_bytes(&Answer { payments: vec![taken.payment] })
    })?;
    if !given.is_repeated && !numbered.is_empty() {
        app.sealing.numbered(&numbered);
    }
    let payment = first_of(&given.body)?;
    let is_other_kept = match &confirmed.slip {
        Some(slip) if given.is_repeated => note_slip(app, actor, (id, payment), slip)?,
        _ => false,
    };
    Ok((payment, is_other_kept))
}

/// Notes the code of a card's slip of a payment that was taken before; one that is noted already stays. Whether that
/// is another one.
fn note_slip(
    app: &App,
    actor: &crate::actor::Actor,
    (obligation, payment): (ObligationId, PaymentId),
    (code, terminal): &(String, String),
) -> Result<bool> {
    let noted = app.write(actor, |tx, stamp| {
        let unit = locate(tx, actor, obligation)?;
        pos::record_slip(tx, stamp, actor, unit, payment, (code, terminal))
    });
    match noted {
        Err(error) if error.code() == "card_slip_exists" => app.read(actor, |conn| {
            let unit = locate(conn, actor, obligation)?;
            let typed = pos::rules::approval_code(code)?;
            Ok(pos::query::approval_code(conn, unit, payment)? != Some(typed))
        }),
        noted => noted.map(|()| false),
    }
}

/// What a taking answers, the first time and whenever its form is sent again.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    pub payments: Vec<PaymentId>,
}

pub(super) fn first_of(body: &[u8]) -> Result<PaymentId> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let first = answer.and_then(|answer| answer.payments.first().copied());
    first.ok_or_else(|| Error::internal("what was taken is not in its answer"))
}
