//! `/finance/quarantine/{id}`: the lines of a statement that could not be read, with their text: each is
//! repaired or discarded, all of them at once, under the statement's balances; where one person may not,
//! another one keys the same.
//!
//! A page shows fifty. What was typed about the lines of other pages goes with the form from page to page, and lines
//! about which nothing was said are discarded with one reason, if there is one.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::READERS;
use crate::actor::Actor;
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
use crate::web::pages::called;
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
    /// How many lines wait, on all pages, and which of them these are: the first and the last.
    waiting: usize,
    first: usize,
    last: usize,
    page: usize,
    before: Option<usize>,
    next: Option<usize>,
    /// What was typed about lines of other pages.
    carried: Vec<(String, String)>,
    /// Why lines are discarded about which nothing was said.
    rest: String,
    can_decide: bool,
    awaits_second: bool,
    /// Another person keyed the lines, and waits for somebody who keys the same.
    is_second: bool,
    must_confirm: bool,
    has_second_factor: bool,
}

impl SetAsidePage {
    /// Which lines these are, of how many.
    fn span(&self) -> String {
        let words = self.frame.lang.with("set_aside_span", self.first);
        words.replacen("{}", &self.last.to_string(), 1).replacen("{}", &self.waiting.to_string(), 1)
    }
}

/// Lines of one page.
const SHOWN: usize = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    page: usize,
}

/// `GET /finance/quarantine/{id}?page=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let none = (Wrong::default(), Fields::default(), asked.page);
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, none).await?))
}

/// The page that a form was on.
fn page_of(fields: &Fields) -> usize {
    fields.get("page").parse().unwrap_or(1)
}

/// The lines of a page: where they begin and end among so many, and the page itself, which is one that there is.
fn place(page: usize, waiting: usize) -> (usize, usize, usize) {
    let page = page.clamp(1, waiting.div_ceil(SHOWN).max(1));
    let first = (page - 1) * SHOWN;
    (first, waiting.min(first + SHOWN), page)
}

/// What is typed about a line.
const ABOUT: [&str; 6] = ["do", "date", "amount", "memo", "ref", "reason"];

/// Whether anything was said of a line: where only the choice stands as it was drawn, nothing was.
fn is_said(fields: &Fields, id: &str) -> bool {
    let of = |about: &&str| fields.trimmed(&format!("{about}.{id}"));
    of(&"do") == "discard" || ABOUT.iter().skip(1).any(|about| !of(about).is_empty())
}

/// What was typed about lines that a page does not show, to go with its form.
fn carried(fields: &Fields, shown: &[Row]) -> Vec<(String, String)> {
    let is_elsewhere = |id: &str| shown.iter().all(|row| row.id.to_string() != id);
    let said = fields.beginning("do.").map(|(id, _)| id).filter(|id| is_elsewhere(id) && is_said(fields, id));
    let typed = |id: &str| ABOUT.map(|about| format!("{about}.{id}"));
    let named = said.flat_map(typed).map(|name| (fields.get(&name).to_owned(), name));
    named.filter(|(value, _)| !value.is_empty()).map(|(value, name)| (name, value)).collect()
}

fn locate(conn: &mut Conn, actor: &Actor, id: StatementId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("statement_not_found", "no such statement in your scope"))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed, page): (Wrong, Fields, usize),
) -> Result<SetAsidePage> {
    signed.require(&READERS)?;
    let id: StatementId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let must_confirm = !signed.session.is_confirmed(app.clock.now());
    let has_second_factor = signed.session.login.has_second_factor();
    let lang = frame.lang;
    block(move || {
        let stamp = app.stamp();
        let (unit, name, stored, account_no, (rows, waiting, page), keyed) = app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let stored = query::statement(conn, unit, id)?;
            let mut open = quarantine::of_statement(conn, unit, id)?;
            open.retain(|line| line.state == "open");
            let (first, last, page) = place(page, open.len());
            let shown = open.get(first..last).unwrap_or_default();
            let texts = quarantine::texts_of(conn, stamp.vault, &stored, shown)?;
            let rows: Vec<Row> =
                shown.iter().zip(texts).map(|(line, text)| row(lang, line, text, &typed)).collect();
            let account_no = unit::account::find(conn, unit, stored.account)?.account_no;
            let keyed = quarantine::keyed(conn, unit, id)?;
            let name = unit::find(conn, unit)?.name;
            Ok((unit, name, stored, account_no, (rows, open.len(), page), keyed))
        })?;
        let expected = match rows.is_empty() {
            true => None,
            false => quarantine::expected(&app.store, &stamp, &actor, unit, id)?,
        };
        let can_decide = quarantine::DECIDERS.contains(&actor.role) && !rows.is_empty();
        let (first, last, page) = place(page, waiting);
        Ok(SetAsidePage {
            carried: carried(&typed, &rows),
            rest: typed.get("rest").to_owned(),
            waiting,
            first: first + 1,
            last,
            page,
            before: page.checked_sub(1).filter(|before| *before > 0),
            next: (last < waiting).then_some(page + 1),
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

fn row(lang: Lang, line: &quarantine::Quarantined, text: Option<String>, typed: &Fields) -> Row {
    let of = |field: &str| typed.get(&format!("{field}.{}", line.id)).to_owned();
    Row {
        id: line.id,
        place: called::place_in_file(lang, &line.place),
        message: lang.part(&line.message).to_owned(),
        text: text.unwrap_or_default(),
        is_discarded: of("do") == "discard",
        booking_date: of("date"),
        amount: of("amount"),
        memo: of("memo"),
        bank_reference: of("ref"),
        reason: of("reason"),
    }
}

/// What was said of each line; of the open ones about which nothing was, that they are discarded for the one reason, if
/// it is given. A line that is discarded without a reason of its own has that one too.
fn verdicts(fields: &Fields, open: &[EventId]) -> Result<Vec<Verdict>> {
    let rest = fields.trimmed("rest");
    let mut found = Vec::new();
    if !rest.is_empty() {
        let unsaid = open.iter().filter(|id| !is_said(fields, &id.to_string()));
        found.extend(unsaid.map(|id| Verdict { id: *id, repair: None, reason: rest.to_owned() }));
    }
    for (id, what) in fields.beginning("do.").filter(|(id, _)| rest.is_empty() || is_said(fields, id)) {
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
        let reason = match of("reason") {
            "" if repair.is_none() => rest,
            own => own,
        };
        found.push(Verdict { id: id.parse()?, repair, reason: reason.to_owned() });
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

/// `POST /finance/quarantine/{id}`: decides all of them, and matches what is new; or turns to another page with what
/// was typed. Who keys the same as another person did approves it, so both show code or password.
pub async fn decide(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let id: StatementId = extract::path(&request, "id")?;
    if let Ok(to) = fields.get("to").parse() {
        let page = compose(&request, &signed, &shared, (Wrong::default(), fields, to)).await?;
        return Ok(html(StatusCode::OK, &page));
    }
    let deciding = move |app: &App, signed: &Signed, fields: &Fields| decided(app, &signed.actor, id, fields);
    let by = By::confirmed(&quarantine::DECIDERS);
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, deciding).await?;
    match done {
        Ok(Decided::Lines(_)) => Ok(see("/finance/statements")),
        Ok(Decided::SecondPerson) => {
            let shown = page_of(&fields);
            let mut page = compose(&request, &signed, &shared, (Wrong::default(), fields, shown)).await?;
            page.awaits_second = true;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let shown = page_of(&fields);
            let page = compose(&request, &signed, &shared, (wrong, fields, shown)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn decided(app: &App, actor: &Actor, id: StatementId, fields: &Fields) -> Result<Decided> {
    let (unit, account, open) = app.read(actor, |conn| {
        let unit = locate(conn, actor, id)?;
        let lines = quarantine::of_statement(conn, unit, id)?.into_iter();
        let open: Vec<EventId> = lines.filter(|line| line.state == "open").map(|line| line.id).collect();
        Ok((unit, query::statement(conn, unit, id)?.account, open))
    })?;
    let verdicts = verdicts(fields, &open)?;
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

    fn typed(pairs: &[(&str, &str)]) -> Fields {
        Fields::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_page_is_one_that_there_is() {
        assert_eq!(place(0, 0), (0, 0, 1));
        assert_eq!(place(1, 50), (0, 50, 1));
        assert_eq!(place(2, 51), (50, 51, 2));
        assert_eq!(place(9, 120), (100, 120, 3));
        assert_eq!(place(usize::MAX, 3_000), (2_950, 3_000, 60));
    }

    #[test]
    fn lines_of_which_nothing_was_said_are_discarded_for_one_reason_and_the_others_as_typed() {
        let [one, two, three] = [EventId(1), EventId(2), EventId(3)];
        let (repaired, left) = (one.to_string(), two.to_string());
        let (how, date) = (format!("do.{repaired}"), format!("date.{repaired}"));
        let (sum, why, other) =
            (format!("amount.{repaired}"), format!("reason.{repaired}"), format!("do.{left}"));
        let said = [
            (how.as_str(), "repair"),
            (date.as_str(), "2026-11-23"),
            (sum.as_str(), "5.000"),
            (why.as_str(), "in sai"),
            (other.as_str(), "repair"),
        ];
        let fields = typed(&[&said[..], &[("rest", "dòng quảng cáo")]].concat());
        let mut found = verdicts(&fields, &[one, two, three]).unwrap();
        found.sort_by_key(|verdict| verdict.id);
        let told: Vec<(EventId, Option<Dong>, &str)> = found
            .iter()
            .map(|one| (one.id, one.repair.as_ref().map(|repair| repair.amount), one.reason.as_str()))
            .collect();
        let rest = "dòng quảng cáo";
        assert_eq!(told, [(one, Some(Dong(5_000)), "in sai"), (two, None, rest), (three, None, rest)]);
        // A line discarded by its button has its own reason, or the one of all.
        let buttons = [(other.as_str(), "discard"), ("rest", rest)];
        let reason = |more: &[(&str, &str)]| {
            let found = verdicts(&typed(&[&buttons[..], more].concat()), &[two]).unwrap();
            found.into_iter().map(|one| (one.id, one.repair.is_none(), one.reason)).collect::<Vec<_>>()
        };
        assert_eq!(reason(&[]), [(two, true, rest.to_owned())]);
        let own = format!("reason.{left}");
        assert_eq!(reason(&[(own.as_str(), "dòng trống")]), [(two, true, "dòng trống".to_owned())]);
        // Without the one reason a line that was not looked at is nobody's to discard.
        assert_eq!(verdicts(&typed(&said), &[one, two, three]).unwrap_err().code(), "date_unreadable");
        // What was typed of other pages goes with the form; what was only drawn does not.
        let away: Vec<String> = carried(&fields, &[]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(away, [how, date, sum, why]);
    }

    #[test]
    fn money_out_is_typed_with_a_minus() {
        assert_eq!(signed("-1.500").unwrap(), Dong(-1_500));
        assert_eq!(signed("25 000 đ").unwrap(), Dong(25_000));
        for wrong in ["", "-", "--5", "1e3"] {
            assert_eq!(signed(wrong).unwrap_err().code(), "amount_not_whole", "{wrong}");
        }
    }
}
