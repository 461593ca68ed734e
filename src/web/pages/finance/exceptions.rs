//! `/finance/exceptions`: everything unexplained, oldest first; proposals wait for another person.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::{READERS, confirm, units};
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, State, query, work_query};
use crate::id::{ExceptionId, UnitId};
use crate::payment::resolve;
use crate::payment::settler::Numbered;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Items on one page: the oldest, because they are the ones to do.
const SHOWN_LIMIT: usize = 100;

struct Row {
    id: ExceptionId,
    unit: String,
    title: &'static str,
    amount: String,
    opened_on: String,
    age: i64,
    is_overdue: bool,
    subject: String,
    detail: String,
    next_step: &'static str,
    proposal: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ExceptionsPage {
    frame: Frame,
    csrf: String,
    can_approve: bool,
    must_confirm: bool,
    has_second_factor: bool,
    wrong: Wrong,
    rows: Vec<Row>,
    left_out: usize,
}

/// `GET /finance/exceptions`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
) -> Result<ExceptionsPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, lang) = (signed.actor.clone(), frame.lang);
    let (rows, left_out) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&actor, |conn| {
            let mut items: Vec<(String, Exception)> = Vec::new();
            for unit in units(conn, &actor)? {
                for state in [State::Proposed, State::Open] {
                    let limit = i64::try_from(SHOWN_LIMIT).unwrap_or(i64::MAX) + 1;
                    let found = exception::list(conn, unit.id, Some(state), None, limit)?;
                    items.extend(found.into_iter().map(|item| (unit.name.clone(), item)));
                }
            }
            items.sort_by_key(|(_, item)| (item.state != State::Proposed, item.opened_on, item.id));
            let left_out = items.len().saturating_sub(SHOWN_LIMIT);
            items.truncate(SHOWN_LIMIT);
            let rows: Result<Vec<Row>> =
                items.into_iter().map(|(unit, item)| row(conn, lang, unit, &item, today)).collect();
            Ok((rows?, left_out))
        })
    })
    .await?;
    Ok(ExceptionsPage {
        frame,
        csrf: signed.csrf.clone(),
        can_approve: signed.actor.role == Role::Approver,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        rows,
        left_out,
    })
}

fn row(conn: &mut Conn, lang: Lang, unit: String, item: &Exception, today: BusinessDay) -> Result<Row> {
    let proposal = match item.state {
        State::Proposed => work_query::last_proposal(conn, item.unit, item.id)?,
        _ => None,
    };
    Ok(Row {
        id: item.id,
        unit,
        title: lang.pick(item.kind.title_vi(), item.kind.title_en()),
        amount: item.amount.to_string(),
        opened_on: item.opened_on.0.format("%d/%m/%Y").to_string(),
        age: item.age_days(today),
        is_overdue: item.due_on < today,
        subject: item.subject_text(),
        detail: item.detail.clone(),
        next_step: lang.pick(item.kind.next_step_vi(), item.kind.next_step_en()),
        proposal: proposal.map(|proposal| (proposal.resolution, proposal.reason)),
    })
}

/// `POST /finance/exceptions/approve`: another person than the one who proposed, with their code.
pub async fn approve(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Approver])?;
    let app = Arc::clone(shared.app());
    let mut page = compose(&request, &signed, &shared).await?;
    match block(move || approved(&app, &signed, &fields)).await {
        Ok(()) => Ok(see("/finance/exceptions")),
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn approved(app: &crate::app::App, signed: &Signed, fields: &Fields) -> Result<()> {
    let actor = &signed.actor;
    let id: ExceptionId = fields.get("exception").parse()?;
    confirm(app, signed, fields.get("confirm"))?;
    let receipts = app.write(actor, |tx, stamp| {
        let unit: UnitId = query::unit_of(tx, &actor.scope, id)?
            .ok_or_else(|| Error::not_found("exception_not_found", "no such exception in your scope"))?;
        resolve::approve(tx, stamp, actor, unit, id).map(|(_, receipts)| receipts)
    })?;
    app.sealing.numbered(&receipts);
    Ok(())
}
