//! `/counter/together`: what several obligations owe, taken at once: all of them or none.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::take::{Answer, first_of, is_late, just_taken, method_of, tender_of};
use super::waiting::{Waiting, is_despite, unseen};
use super::{Row, in_use, is_count_waiting, own_unit, rows};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{ObligationId, PaymentId, ReceiptId, UnitId};
use crate::obligation::{Obligation, query};
use crate::payment::advised;
use crate::payment::book::Method;
use crate::payment::counter::{self, TOGETHER_LIMIT, Taking, Tender};
use crate::payment::settler::Numbered;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::idempotency::{Repeatable, once};
use crate::web::pages::fields::{Fields, Pairs, Wrong, fresh_key, key_of};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::pay::receipts_of;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, ReceiptLink, html_that_prints};
use crate::web::respond::{self, block};

const ROUTE: &str = "POST /counter/together/take";
/// A signature that takes longer than this is slow: the payer gets a confirmation on paper.
const SLOW_SECONDS: i64 = 3;

#[derive(Template)]
#[template(path = "together.html")]
struct TogetherPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    key: String,
    rows: Vec<Row>,
    /// What each still owes, to say so in the form.
    owed: Vec<(ObligationId, i64)>,
    total: String,
    total_plain: i64,
    has_shift: bool,
    /// Today's count differs and waits for another person: no shift is opened before that.
    is_count_waiting: bool,
    tendered: String,
    receipts: Vec<ReceiptLink>,
    /// Whether a document still waits for its signature.
    is_waiting: bool,
    /// The dossiers whose documents take their time: a confirmation is printed meanwhile.
    slow: Vec<(ObligationId, String)>,
    /// Whether the bank told of a transfer for one of them that no statement has proven.
    is_advised: bool,
    change: Option<String>,
    is_taken: bool,
    is_late: bool,
}

/// What the address says: the obligations, and what was just taken.
#[derive(Clone, Default)]
struct Asked {
    ids: Vec<ObligationId>,
    taken: Option<PaymentId>,
    is_late: bool,
}

impl Asked {
    fn of(request: &HttpRequest) -> Asked {
        let pairs = extract::query::<Pairs>(request).unwrap_or_default();
        let named = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let ids = pairs.iter().filter(|(name, _)| name == "o").filter_map(|(_, id)| id.parse().ok());
        Asked {
            ids: ids.take(TOGETHER_LIMIT).collect(),
            taken: named("taken").and_then(|id| id.parse().ok()),
            is_late: named("late").is_some(),
        }
    }
}

pub(super) fn address(ids: &[ObligationId]) -> String {
    let list: Vec<String> = ids.iter().map(|id| format!("o={id}")).collect();
    format!("/counter/together?{}", list.join("&"))
}

/// `GET /counter/together`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let asked = Asked::of(&request);
    if let [one] = asked.ids.as_slice() {
        return Ok(see(format!("/counter/obligations/{one}")));
    }
    let key = fresh_key()?;
    Ok(html_that_prints(StatusCode::OK, &compose(&request, &signed, &shared, key, asked).await?))
}

fn load(conn: &mut Conn, actor: &Actor, ids: &[ObligationId]) -> Result<Vec<Obligation>> {
    let unit = own_unit(actor)?;
    let keys: Vec<_> = ids.iter().map(|id| (unit, *id)).collect();
    let mut found = query::by_ids(conn, &keys)?;
    found.sort_by_key(|item| ids.iter().position(|id| *id == item.id));
    Ok(found)
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    key: String,
    asked: Asked,
) -> Result<TogetherPage> {
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, csrf, lang) = (signed.actor.clone(), signed.csrf.clone(), frame.lang);
    block(move || {
        app.read(&actor, |conn| {
            let items = load(conn, &actor, &asked.ids)?;
            let unit = own_unit(&actor)?;
            let shift = in_use(conn, &actor, unit)?.map(|shift| shift.id);
            let taken = just_taken(conn, unit, shift, asked.taken)?;
            let (mut receipts, mut slow) = (Vec::new(), Vec::new());
            let patience_ends = app.clock.now().minus_seconds(SLOW_SECONDS);
            for item in &items {
                let of_item = receipts_of(conn, lang, item)?;
                if of_item.iter().any(|one| !one.is_signed && one.collected_at <= patience_ends) {
                    slow.push((item.id, item.dossier_code.clone()));
                }
                receipts.extend(of_item);
            }
            let waiting = Waiting::of(conn, unit, &items)?;
            let mut owed = Vec::new();
            for item in items.iter().filter(|item| waiting.slip(item.id).is_none()) {
                let amount = counter::owed(conn, item)?;
                owed.extend(amount.is_positive().then_some((item.id, amount.0)));
            }
            let total = Dong::sum(owed.iter().map(|(_, amount)| Dong(*amount)))?;
            Ok(TogetherPage {
                rows: rows(conn, &app.vault, lang, &items, &waiting)?,
                frame,
                csrf,
                wrong: Wrong::default(),
                key,
                change: taken.flatten().filter(|_| owed.is_empty()).map(|change| change.to_string()),
                is_advised: owed.iter().any(|(id, _)| waiting.is_advised(*id)),
                owed,
                total: total.to_string(),
                total_plain: total.0,
                has_shift: shift.is_some(),
                is_count_waiting: is_count_waiting(conn, &actor, unit, app.clock.now().business_day())?,
                tendered: String::new(),
                is_waiting: receipts.iter().any(|receipt| !receipt.is_signed),
                receipts,
                slow,
                is_taken: taken.is_some(),
                is_late: asked.is_late,
            })
        })
    })
    .await
}

/// What a cashier confirmed: each obligation with the sum that was shown for it.
struct Confirmed {
    parts: Vec<(ObligationId, Dong)>,
    method: Method,
    tender: Option<Tender>,
    /// Whether they take it although the bank told of a transfer.
    is_despite: bool,
}

fn read_form(fields: &Fields) -> Result<Confirmed> {
    let unreadable = || Error::invalid("form.o", "form_unreadable", "an obligation and its amount");
    let mut parts = Vec::new();
    for (id, amount) in fields.beginning("o.") {
        let id: ObligationId = id.parse().map_err(|_| unreadable())?;
        parts.push((id, Dong(amount.parse().map_err(|_| unreadable())?)));
    }
    let total = Dong::sum(parts.iter().map(|(_, amount)| *amount))?;
    let method = method_of(fields)?;
    let tender = tender_of(fields, method, total)?;
    Ok(Confirmed { parts, method, tender, is_despite: is_despite(fields) })
}

/// The fields of the form that a reason may stand beside.
const FIELDS: [&str; 2] = ["tendered", advised::DESPITE];

/// `POST /counter/together/take`: takes all of it once, however often the form is sent.
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let key = key_of(&fields)?;
    let named = fields.beginning("o.").filter_map(|(id, _)| id.parse().ok());
    let ids: Vec<ObligationId> = named.take(TOGETHER_LIMIT).collect();
    let taken = match read_form(&fields) {
        Ok(confirmed) => {
            let content = format!("{}/{:?}", confirmed.method.as_str(), confirmed.parts);
            let sender = signed.session.login.as_sender();
            let repeatable = Repeatable::of_form(sender, ROUTE, key.clone(), request.path(), &content);
            let (held, actor, name) = (shared.clone(), signed.actor.clone(), signed.name.clone());
            block(move || taking(held.app(), &held, &actor, &name, &confirmed, &repeatable)).await
        }
        Err(error) => Err(error),
    };
    match taken {
        Ok(payment) => Ok(see(format!("{}&taken={payment}", address(&ids)))),
        Err(error) if is_late(&error) => Ok(see(format!("{}&late=1", address(&ids)))),
        Err(error) => {
            let lang = Lang::of(&request);
            let mut wrong = Wrong::of(error, lang)?.on(&FIELDS);
            let asked = Asked { ids, ..Asked::default() };
            let mut page = compose(&request, &signed, &shared, key, asked).await?;
            if page.has_shift {
                let open = page.owed.iter().map(|(id, _)| *id).collect();
                wrong.add(unseen((&signed, &shared), open, &fields, lang).await?);
            }
            page.wrong = wrong;
            page.tendered = fields.trimmed("tendered").to_owned();
            Ok(html_that_prints(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn taking(
    app: &Arc<App>,
    shared: &Shared,
    actor: &Actor,
    collector: &str,
    confirmed: &Confirmed,
    repeatable: &Repeatable,
) -> Result<PaymentId> {
    let unit = own_unit(actor)?;
    let takings: Vec<Taking> = confirmed
        .parts
        .iter()
        .map(|(obligation, amount)| Taking {
            unit,
            obligation: *obligation,
            amount: *amount,
            method: confirmed.method,
            collector: collector.to_owned(),
        })
        .collect();
    let ids: Vec<ObligationId> = takings.iter().map(|taking| taking.obligation).collect();
    let mut numbered: Vec<(UnitId, ReceiptId)> = Vec::new();
    let given = once(app, &shared.in_flight, actor, repeatable, StatusCode::CREATED, |tx, stamp| {
        let taken = counter::take_together(tx, stamp, actor, &takings)?;
        advised::refuse_unseen(tx, unit, &ids, confirmed.is_despite)?;
        numbered = taken.iter().flat_map(|one| one.receipts.iter().map(|receipt| (unit, *receipt))).collect();
        let payments: Vec<_> = taken.iter().map(|one| one.payment).collect();
        if let Some(tender) = confirmed.tender {
            counter::keep_tender(tx, stamp, (unit, &payments), tender)?;
        }
        respond::to_bytes(&Answer { payments })
    })?;
    if !given.is_repeated && !numbered.is_empty() {
        app.sealing.numbered(&numbered);
    }
    first_of(&given.body)
}
