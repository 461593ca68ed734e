//! `/counter/obligations/{id}/correct`: a cashier, or Finance, asks for a document to be put right and attaches
//! the agreement; another person decides, as ever.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::take::locate;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::correction::{self, ASKERS, Agreement, Ask, Kind, agreement};
use crate::error::{Error, Result};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::obligation::{self, Line};
use crate::party::Payer;
use crate::receipt;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::upload::{self, Chosen};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// The agreement and the fields around it.
const FORM_LIMIT_BYTES: usize = agreement::BYTES_LIMIT + 64 * 1024;

#[derive(Template)]
#[template(path = "correct.html")]
struct CorrectPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: ObligationId,
    dossier: String,
    /// Whether the reader takes money at a counter, where the obligation has a page.
    is_cashier: bool,
    /// Id, name, whether it is chosen.
    documents: Vec<(ReceiptId, String, bool)>,
    /// The edition of the lines that the form is about.
    edition: i32,
    /// Input, name, the amount as it stands or as it was typed.
    lines: Vec<(String, String, String)>,
    /// What was typed about lines that are no longer in force: name and amount.
    overtaken: Vec<(String, String)>,
    typed: Typed,
    /// What was asked for already: words of its state.
    asked: Vec<&'static str>,
}

/// The form as it was typed.
#[derive(Default)]
struct Typed {
    kind: String,
    name: String,
    address: String,
    tax_code: String,
    personal_id: String,
    passport: String,
    reason: String,
    number: String,
    on: String,
    about: String,
}

impl Typed {
    fn of(fields: &Fields) -> Typed {
        let text = |name: &str| fields.trimmed(name).to_owned();
        Typed {
            kind: text("kind"),
            name: text("name"),
            address: text("address"),
            tax_code: text("tax_code"),
            personal_id: text("personal_id"),
            passport: text("passport"),
            reason: text("reason"),
            number: text("number"),
            on: text("on"),
            about: text("about"),
        }
    }
}

/// `GET /counter/obligations/{id}/correct`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, (Wrong::default(), None)).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, fields): (Wrong, Option<Fields>),
) -> Result<CorrectPage> {
    signed.require(&ASKERS)?;
    let id: ObligationId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || {
        app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let item = obligation::find(conn, unit, id)?;
            let found = receipt::query::of_obligation(conn, unit, id)?;
            let last = found.last().map(|one| one.id);
            let named = fields.as_ref().and_then(|fields| fields.get("receipt").parse().ok());
            let chosen = named.or(last);
            let payer = match last {
                Some(receipt) => correction::payer_shown(conn, unit, receipt)?,
                None => Default::default(),
            };
            let typed = fields.as_ref().map_or_else(
                || Typed {
                    kind: "replace".to_owned(),
                    name: payer.name.unwrap_or_default(),
                    address: payer.address.unwrap_or_default(),
                    tax_code: payer.tax_code.unwrap_or_default(),
                    ..Typed::default()
                },
                Typed::of,
            );
            let edition = item.line_edition;
            // What was typed about other lines is told beside these, never filled into them.
            let known = fields.as_ref().filter(|fields| edition_of(fields) == Some(edition));
            let amount = |place: usize, line: &Line| match known {
                Some(fields) => fields.trimmed(&input_name(edition, place)).to_owned(),
                None => line.amount.0.to_string(),
            };
            let lines = obligation::lines(conn, unit, id)?;
            let lines = lines.iter().enumerate().map(|(place, line)| {
                (input_name(edition, place), line.item_name.clone(), amount(place, line))
            });
            let overtaken = match fields.as_ref().filter(|_| known.is_none()) {
                Some(fields) => overtaken(conn, (unit, id), fields)?,
                None => Vec::new(),
            };
            Ok(CorrectPage {
                edition,
                lines: lines.collect(),
                overtaken,
                asked: asked(conn, frame.lang, unit, &found)?,
                frame,
                csrf,
                wrong,
                id,
                dossier: item.dossier_code.clone(),
                is_cashier: actor.role == Role::Cashier,
                documents: found.iter().map(|one| (one.id, one.name(), Some(one.id) == chosen)).collect(),
                typed,
            })
        })
    })
    .await
}

/// What was typed about the lines of an earlier edition, where it differs from them.
fn overtaken(
    conn: &mut Conn,
    (unit, id): (UnitId, ObligationId),
    fields: &Fields,
) -> Result<Vec<(String, String)>> {
    let Some(edition) = edition_of(fields) else { return Ok(Vec::new()) };
    let lines = obligation::edition::lines(conn, unit, id, edition)?;
    let typed = lines.into_iter().enumerate().filter_map(|(place, line)| {
        let typed = fields.trimmed(&input_name(edition, place));
        let is_changed = !typed.is_empty() && typed != line.amount.0.to_string();
        is_changed.then(|| (line.item_name, typed.to_owned()))
    });
    Ok(typed.collect())
}

fn asked(
    conn: &mut Conn,
    lang: Lang,
    unit: UnitId,
    documents: &[receipt::query::Stored],
) -> Result<Vec<&'static str>> {
    let mut states = Vec::new();
    for document in documents {
        for one in correction::list(conn, unit, Some(document.id), None, 20)? {
            states.push(lang.t(match one.state {
                correction::State::Requested => "correct_requested",
                correction::State::Approved => "correct_approved",
                correction::State::Refused => "correct_refused",
                correction::State::WithdrawalRequested | correction::State::Withdrawn => "correct_withdrawn",
            }));
        }
    }
    Ok(states)
}

/// `POST /counter/obligations/{id}/correct`: with the scan of the agreement where one was chosen, in one
/// transaction, so that nobody decides on a request whose paper is still to come.
pub async fn ask(
    request: HttpRequest,
    signed: Signed,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Page {
    check_origin(&request)?;
    let (fields, chosen) = upload::form(&request, payload, FORM_LIMIT_BYTES, "agreement").await?;
    signed.check_token(fields.get("csrf"))?;
    signed.require(&ASKERS)?;
    let id: ObligationId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        let file = match chosen {
            Chosen::Nothing => None,
            Chosen::File(bytes) => Some(bytes),
            Chosen::TooLarge => return Err(agreement::too_large()),
        };
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            let ask = read_form(tx, &actor, unit, id, &typed)?;
            let asked = correction::request(tx, stamp, &actor, ask)?;
            match &file {
                Some(file) => agreement::attach(tx, stamp, &actor, unit, asked.id, file),
                None => Ok(asked),
            }
        })
    })
    .await;
    match done {
        Ok(_) => Ok(see(format!("/counter/obligations/{id}/correct"))),
        Err(error) => {
            let is_overtaken = error.code() == "correction_lines_changed";
            let status = if is_overtaken { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, Some(fields))).await?;
            Ok(html(status, &page))
        }
    }
}

/// The field of a line's amount. By place, since two lines may be of one item, and by edition, since a place
/// is another line's in another edition.
fn input_name(edition: i32, place: usize) -> String {
    format!("l.{edition}.{place}")
}

/// The edition of the lines that stood on the form.
fn edition_of(fields: &Fields) -> Option<i32> {
    fields.trimmed("edition").parse().ok()
}

/// What the form asks for. A document of another obligation is none that stands on the page, and lines that
/// were changed since the page was drawn are no longer those it named.
///
/// # Errors
/// `correction_lines_changed`, `receipt_not_found` and those of the fields.
fn read_form(conn: &mut Conn, actor: &Actor, unit: UnitId, id: ObligationId, fields: &Fields) -> Result<Ask> {
    actor.scope.require(unit)?;
    let edition = obligation::find(conn, unit, id)?.line_edition;
    if edition_of(fields) != Some(edition) {
        let detail = format!("the lines of edition {edition} are in force");
        return Err(Error::conflict("correction_lines_changed", detail));
    }
    let missing = || Error::invalid("receipt", "receipt_not_found", "no such document of the obligation");
    let receipt: ReceiptId = fields.get("receipt").parse().map_err(|_| missing())?;
    let known = receipt::query::of_obligation(conn, unit, id)?;
    if !known.iter().any(|one| one.id == receipt) {
        return Err(missing());
    }
    let kind = Kind::parse(fields.get("kind"))?;
    let on: BusinessDay = fields
        .trimmed("on")
        .parse()
        .map_err(|_| Error::invalid("on", "correction_agreement_missing", "the day of the agreement"))?;
    let agreement = Agreement {
        number: fields.trimmed("number").to_owned(),
        on,
        about: fields.trimmed("about").to_owned(),
    };
    let (mut lines, mut payer) = (Vec::new(), None);
    if kind != Kind::Cancel {
        for (place, line) in correction::placed_in_force(conn, unit, receipt)? {
            let amount = fields.dong(&input_name(edition, place))?.map_or(line.amount, Dong);
            lines.push(correction::at_amount(&line, amount));
        }
        payer = payer_typed(&correction::payer_shown(conn, unit, receipt)?, fields);
    }
    Ok(Ask { unit, receipt, kind, reason: fields.trimmed("reason").to_owned(), agreement, lines, payer })
}

/// The payer as typed over what the document prints; None when nothing differs. The page does not show
/// personal ids and passports, so an empty field leaves them as they are.
fn payer_typed(shown: &Payer, fields: &Fields) -> Option<Payer> {
    let typed = |name: &str| Some(fields.trimmed(name).to_owned());
    let or_shown =
        |name: &str, shown: &Option<String>| typed(name).filter(|text| !text.is_empty()).or(shown.clone());
    let payer = Payer {
        name: typed("name"),
        address: typed("address"),
        tax_code: typed("tax_code"),
        personal_id: or_shown("personal_id", &shown.personal_id),
        passport: or_shown("passport", &shown.passport),
        ..shown.clone()
    };
    Some(payer.cleaned()).filter(|payer| *payer != shown.cleaned())
}
