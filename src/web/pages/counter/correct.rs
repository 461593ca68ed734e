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
use crate::correction::{self, ASKERS, Agreement, Ask, Kind, agreement, ground};
use crate::error::{Error, Kind as ErrorKind, Result};
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
    signed.require(&ASKERS)?;
    let limit = upload::Limit::of_staff(FORM_LIMIT_BYTES);
    let (fields, chosen) = upload::form(&request, payload, limit, "agreement").await?;
    signed.check_token(fields.get("csrf"))?;
    let id: ObligationId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let file = file_of(chosen);
    let unfit = file.as_ref().err().cloned();
    let done = block(move || {
        let file = file?;
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
        Err(error) => refused(&request, &signed, &shared, id, (fields, unfit), error).await,
    }
}

/// The form again, with everything that is wrong with it and what ended the attempt.
async fn refused(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    id: ObligationId,
    (fields, unfit): (Fields, Option<Error>),
    ended: Error,
) -> Page {
    let is_overtaken = ended.code() == "correction_lines_changed";
    let status = if is_overtaken { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
    let lang = Lang::of(request);
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let today = app.clock.now().business_day();
    let found = block(move || app.read(&actor, |conn| wrong_in(conn, &actor, id, &typed, (lang, today))));
    let mut wrong = found.await.or_else(|error| Wrong::of(error, lang))?;
    // A line's amount is told under the name of its line.
    let is_told = is_of_line(&ended) && wrong.is_some();
    for error in unfit.into_iter().chain(Some(ended).filter(|_| !is_told)) {
        wrong.add(Wrong::of(error, lang)?.on(&FIELDS));
    }
    let page = compose(request, signed, shared, (wrong, Some(fields))).await?;
    Ok(html(status, &page))
}

/// The scan that was chosen, if it can be kept.
fn file_of(chosen: Chosen) -> Result<Option<Vec<u8>>> {
    let file = match chosen {
        Chosen::Nothing => return Ok(None),
        Chosen::File(bytes) => bytes,
        Chosen::TooLarge => return Err(agreement::too_large()),
    };
    agreement::check(&file)?;
    Ok(Some(file))
}

/// The fields that a reason may stand beside, other than the lines.
const FIELDS: [&str; 12] = [
    "receipt",
    "kind",
    "name",
    "address",
    "tax_code",
    "personal_id",
    "passport",
    "reason",
    "number",
    "on",
    "about",
    "agreement",
];

/// Everything that is wrong with what was typed, in the order of the form. Of lines that are no longer in force
/// nothing is said.
fn wrong_in(
    conn: &mut Conn,
    actor: &Actor,
    id: ObligationId,
    fields: &Fields,
    (lang, today): (Lang, BusinessDay),
) -> Result<Wrong> {
    let unit = locate(conn, actor, id)?;
    let (document, kind) = (document(conn, (unit, id), fields), Kind::parse(fields.get("kind")));
    let issued_on = document.as_ref().ok().map(|document| document.issued_on);
    let (mut of_payer, mut of_lines) = (Vec::new(), Wrong::default());
    if let (Ok(document), Ok(Kind::Replace | Kind::Adjust)) = (&document, &kind) {
        let payer = payer_typed(&correction::payer_shown(conn, unit, document.id)?, fields);
        of_payer = payer.map(|payer| ground::payer_faults(&payer, today)).unwrap_or_default();
        let edition = obligation::find(conn, unit, id)?.line_edition;
        let lines = correction::placed_in_force(conn, unit, document.id)?.into_iter();
        for (place, line) in lines.filter(|_| edition_of(fields) == Some(edition)) {
            let input = input_name(edition, place);
            if let Err(error) = fields.dong(&input) {
                of_lines.add(Wrong::of_row(&error, (&input, &line.item_name), lang));
            }
        }
    }
    let agreement = (fields.trimmed("number"), agreed_on(fields), fields.trimmed("about"));
    let of_ground = ground::faults(fields.trimmed("reason"), agreement, issued_on, today);
    let mut wrong = Wrong::default();
    for error in document.err().into_iter().chain(kind.err()).chain(of_payer) {
        wrong.add(Wrong::of(error, lang)?.on(&FIELDS));
    }
    wrong.add(of_lines);
    for error in of_ground {
        wrong.add(Wrong::of(error, lang)?.on(&FIELDS));
    }
    Ok(wrong)
}

fn is_of_line(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid { field } if field.starts_with(LINE))
}

/// The payer's fields; a form that has none of them says nothing of the payer.
const PAYER: [&str; 5] = ["name", "address", "tax_code", "personal_id", "passport"];

/// What the names of the lines' fields begin with.
const LINE: &str = "l.";

/// The field of a line's amount. By place, since two lines may be of one item, and by edition, since a place
/// is another line's in another edition.
fn input_name(edition: i32, place: usize) -> String {
    format!("{LINE}{edition}.{place}")
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
    let receipt = document(conn, (unit, id), fields)?.id;
    let kind = Kind::parse(fields.get("kind"))?;
    let agreement = Agreement {
        number: fields.trimmed("number").to_owned(),
        on: agreed_on(fields)?,
        about: fields.trimmed("about").to_owned(),
    };
    let (mut lines, mut is_changed) = (Vec::new(), false);
    for (place, line) in correction::placed_in_force(conn, unit, receipt)? {
        let amount = fields.dong(&input_name(edition, place))?.map_or(line.amount, Dong);
        is_changed |= amount != line.amount;
        lines.push(correction::at_amount(&line, amount));
    }
    let shown = match kind {
        // The form shows the payer of the last document, whichever is chosen: what nobody touched is nothing asked.
        Kind::Cancel => receipt::query::of_obligation(conn, unit, id)?.last().map_or(receipt, |one| one.id),
        Kind::Replace | Kind::Adjust => receipt,
    };
    let mut payer = payer_typed(&correction::payer_shown(conn, unit, shown)?, fields);
    if kind == Kind::Cancel {
        // The form shows lines and payer in any case: only what was typed over them is meant, and refused.
        if !is_changed {
            lines.clear();
        }
        payer = payer.filter(|_| PAYER.iter().any(|name| !fields.trimmed(name).is_empty()));
    }
    Ok(Ask { unit, receipt, kind, reason: fields.trimmed("reason").to_owned(), agreement, lines, payer })
}

/// The document that was chosen.
fn document(
    conn: &mut Conn,
    (unit, id): (UnitId, ObligationId),
    fields: &Fields,
) -> Result<receipt::query::Stored> {
    let missing = || Error::invalid("receipt", "receipt_not_found", "no such document of the obligation");
    let chosen: ReceiptId = fields.get("receipt").parse().map_err(|_| missing())?;
    let known = receipt::query::of_obligation(conn, unit, id)?;
    known.into_iter().find(|one| one.id == chosen).ok_or_else(missing)
}

fn agreed_on(fields: &Fields) -> Result<BusinessDay> {
    let unread = |_| Error::invalid("on", "correction_agreement_missing", "the day of the agreement");
    fields.trimmed("on").parse().map_err(unread)
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
