//! `/finance/quarantine/{id}`: the lines of a statement that could not be read, with their text: each is
//! repaired or discarded, all of them at once, under the statement's balances; where one person may not,
//! another one keys the same.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{AccountId, EventId, StatementId, UnitId};
use crate::payment::settler::Numbered as _;
use crate::reconciliation::office;
use crate::statement::quarantine::{self, Decided, Repair, Verdict};
use crate::statement::query;
use crate::store::Conn;
use crate::unit;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// A line with what was typed about it.
struct Row {
    id: EventId,
    place: String,
    message: String,
    text: String,
    is_discarded: bool,
    booking_date: String,
    amount: String,
    memo: String,
    bank_reference: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "set_aside.html")]
struct SetAsidePage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: StatementId,
    account: AccountId,
    account_no: String,
    unit: String,
    closing_on: String,
    /// What the lines must come to by the balances.
    expected: Option<String>,
    rows: Vec<Row>,
    can_decide: bool,
    awaits_second: bool,
    /// Another person keyed the lines, and waits for somebody who keys the same.
    is_second: bool,
    must_confirm: bool,
    has_second_factor: bool,
}

/// `GET /finance/quarantine/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let none = (Wrong::default(), Fields::default());
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, none).await?))
}

fn locate(conn: &mut Conn, actor: &Actor, id: StatementId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("statement_not_found", "no such statement in your scope"))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<SetAsidePage> {
    signed.require(&READERS)?;
    let id: StatementId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let must_confirm = !signed.session.is_confirmed(app.clock.now());
    let has_second_factor = signed.session.login.has_second_factor();
    block(move || {
        let stamp = app.stamp();
        let (unit, name, stored, account_no, rows, keyed) = app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let stored = query::statement(conn, unit, id)?;
            let mut rows = Vec::new();
            for line in quarantine::of_statement(conn, unit, id)?.iter().filter(|line| line.state == "open") {
                let text = quarantine::text_of(conn, stamp.vault, &stored, line)?;
                rows.push(row(line, text, &typed));
            }
            let account_no = unit::account::find(conn, unit, stored.account)?.account_no;
            let keyed = quarantine::keyed(conn, unit, id)?;
            Ok((unit, unit::find(conn, unit)?.name, stored, account_no, rows, keyed))
        })?;
        let expected = match rows.is_empty() {
            true => None,
            false => quarantine::expected(&app.store, &stamp, &actor, unit, id)?,
        };
        let can_decide = matches!(actor.role, Role::Finance | Role::Approver) && !rows.is_empty();
        Ok(SetAsidePage {
            is_second: can_decide && keyed.iter().any(|maker| actor.person.is_some_and(|own| own != *maker)),
            frame,
            csrf,
            wrong,
            id,
            account: stored.account,
            account_no,
            unit: name,
            closing_on: day(stored.closing_on),
            expected: expected.map(|sum| sum.to_string()),
            can_decide,
            rows,
            awaits_second: false,
            must_confirm,
            has_second_factor,
        })
    })
    .await
}

fn row(line: &quarantine::Quarantined, text: Option<String>, typed: &Fields) -> Row {
    let of = |field: &str| typed.get(&format!("{field}.{}", line.id)).to_owned();
    Row {
        id: line.id,
        place: line.place.clone(),
        message: line.message.clone(),
        text: text.unwrap_or_default(),
        is_discarded: of("do") == "discard",
        booking_date: of("date"),
        amount: of("amount"),
        memo: of("memo"),
        bank_reference: of("ref"),
        reason: of("reason"),
    }
}

/// What was typed about each line.
fn verdicts(fields: &Fields) -> Result<Vec<Verdict>> {
    let mut found = Vec::new();
    for (id, what) in fields.beginning("do.") {
        let of = |field: &str| fields.trimmed(&format!("{field}.{id}"));
        let repair = match what {
            "discard" => None,
            _ => Some(Repair {
                booking_date: of("date")
                    .parse()
                    .map_err(|_| Error::invalid("amount", "date_unreadable", "a day"))?,
                value_date: None,
                amount: signed(of("amount"))?,
                memo: of("memo").to_owned(),
                reference: None,
                bank_reference: Some(of("ref").to_owned()).filter(|text| !text.is_empty()),
                counterparty_name: None,
                counterparty_account: None,
            }),
        };
        found.push(Verdict { id: id.parse()?, repair, reason: of("reason").to_owned() });
    }
    Ok(found)
}

/// Whole đồng as people type it; minus is money out.
fn signed(text: &str) -> Result<Dong> {
    let (sign, digits) = match text.strip_prefix(['-', '−', '–']) {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let fields = Fields::of(vec![("amount".to_owned(), digits.trim().to_owned())]);
    let amount = fields.dong("amount")?;
    let amount = amount.ok_or_else(|| Error::invalid("amount", "amount_not_whole", "an amount"))?;
    Ok(Dong(sign * amount))
}

/// `POST /finance/quarantine/{id}`: decides all of them, and matches what is new. Who keys the same as another
/// person did approves it, so both show code or password.
pub async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let id: StatementId = extract::path(&request, "id")?;
    let deciding = move |app: &App, signed: &Signed, fields: &Fields| decided(app, &signed.actor, id, fields);
    let by = By::confirmed(&[Role::Finance, Role::Approver]);
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, deciding).await?;
    match done {
        Ok(Decided::Lines(_)) => Ok(see("/finance/statements")),
        Ok(Decided::SecondPerson) => {
            let mut page = compose(&request, &signed, &shared, (Wrong::default(), fields)).await?;
            page.awaits_second = true;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn decided(app: &App, actor: &Actor, id: StatementId, fields: &Fields) -> Result<Decided> {
    let verdicts = verdicts(fields)?;
    let (unit, account) = app.read(actor, |conn| {
        let unit = locate(conn, actor, id)?;
        Ok((unit, query::statement(conn, unit, id)?.account))
    })?;
    let decided = office::decide_quarantine(&app.store, &|| app.stamp(), actor, (unit, id), &verdicts)?;
    if let Decided::Lines(_) = decided {
        // What was repaired is matched as if it had come with the file.
        let visited = office::match_account(&app.store, &app.stamp(), &Actor::system(), unit, account);
        if let Ok(report) = visited.outcome {
            app.sealing.numbered(&report.receipts);
        }
    }
    Ok(decided)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_out_is_typed_with_a_minus() {
        assert_eq!(signed("-1.500").unwrap(), Dong(-1_500));
        assert_eq!(signed("25 000 đ").unwrap(), Dong(25_000));
        for wrong in ["", "-", "--5", "1e3"] {
            assert_eq!(signed(wrong).unwrap_err().code(), "amount_not_whole", "{wrong}");
        }
    }
}
