//! `/finance/exceptions/{id}/beside`: what helps with an item besides deciding it: whose it is, the letter
//! to the bank and its reply, and which units of the city wait for exactly this sum.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use super::exceptions::{OWNERS, locate};
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Owner, State};
use crate::id::{ExceptionId, LetterId, PersonId};
use crate::identity::{person, person_name};
use crate::queue::letter::{self, Content, Outcome, Reply};
use crate::queue::{hint, letter_query};
use crate::web::Shared;
use crate::web::api::days::file;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// A letter with the bank's replies.
struct LetterRow {
    id: LetterId,
    number: String,
    question: String,
    /// Day, outcome, number.
    replies: Vec<(String, &'static str, String)>,
}

#[derive(Template)]
#[template(path = "beside.html")]
struct BesidePage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    typed: Fields,
    id: ExceptionId,
    title: &'static str,
    amount: String,
    owner: String,
    /// The role that has it now; the form begins with it.
    owner_role: String,
    assignee: Option<String>,
    owners: Vec<(&'static str, &'static str)>,
    people: Vec<(String, String)>,
    letters: Vec<LetterRow>,
    outcomes: Vec<(&'static str, &'static str)>,
    /// Units that wait for this sum once, and how many wait for it more than once.
    hint: Option<(Vec<String>, usize)>,
    can_work: bool,
    is_open: bool,
}

/// `GET /finance/exceptions/{id}/beside`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let none = (Wrong::default(), Fields::default());
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, none).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<BesidePage> {
    signed.require(&READERS)?;
    let id: ExceptionId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let lang = frame.lang;
    block(move || {
        let hint = hinted(&app, &actor, id)?;
        // Persons and their logins stand at the city; only those of the actor's sight are named.
        let people = app.store.read(&Scope::All, |conn| person::choices(conn, &actor))?;
        app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let item = exception::find(conn, unit, id)?;
            let mut letters = Vec::new();
            for one in letter_query::of_exception(conn, unit, id)? {
                let replies = letter_query::replies(conn, unit, one.id)?.into_iter();
                let replies =
                    replies.map(|reply| (day(reply.on), lang.t(outcome_key(reply.outcome)), reply.number));
                letters.push(LetterRow {
                    id: one.id,
                    number: one.numbered(),
                    question: one.question.clone(),
                    replies: replies.collect(),
                });
            }
            let owner = OWNERS.iter().find(|(role, _)| *role == item.owner);
            Ok(BesidePage {
                csrf,
                wrong,
                typed,
                id,
                title: lang.pick(item.title_vi(), item.title_en()),
                amount: item.amount.to_string(),
                owner: owner.map_or_else(|| item.owner.clone(), |(_, key)| lang.t(key).to_owned()),
                assignee: item.assignee.map(|person| person_name(conn, person)).transpose()?,
                owner_role: item.owner.clone(),
                owners: OWNERS.into_iter().map(|(role, key)| (role, lang.t(key))).collect(),
                people: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
                letters,
                outcomes: Outcome::ALL
                    .into_iter()
                    .map(|one| (one.as_str(), lang.t(outcome_key(one))))
                    .collect(),
                hint,
                can_work: letter::WRITERS.contains(&actor.role),
                is_open: item.state != State::Resolved,
                frame,
            })
        })
    })
    .await
}

/// The whole city is looked at; what comes back names units and nothing else. Nothing for items that no
/// hint fits, and for those who may not ask.
fn hinted(app: &App, actor: &Actor, id: ExceptionId) -> Result<Option<(Vec<String>, usize)>> {
    match app.store.read(&Scope::All, |conn| hint::of(conn, actor, id)) {
        Ok(found) => {
            Ok(Some((found.units.into_iter().map(|unit| unit.name).collect(), found.units_with_several)))
        }
        Err(error) if matches!(error.code(), "hint_unfit" | "role_not_allowed") => Ok(None),
        Err(error) => Err(error),
    }
}

fn outcome_key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Identified => "letter_identified",
        Outcome::Returned => "letter_returned",
        Outcome::NotReceived => "letter_not_received",
        Outcome::Unknown => "letter_unknown",
    }
}

/// `POST /finance/exceptions/{id}/beside`: gives the item to somebody, writes a letter, records a reply.
pub async fn step(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&letter::WRITERS)?;
    let id: ExceptionId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    match block(move || act(&app, &actor, id, &typed)).await {
        Ok(()) => Ok(see(format!("/finance/exceptions/{id}/beside"))),
        Err(error) => {
            let wrong = Wrong::all(faults(&fields), error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn act(app: &App, actor: &Actor, id: ExceptionId, fields: &Fields) -> Result<()> {
    let owner = owner_typed(app, fields)?;
    app.write(actor, |tx, stamp| {
        let unit = locate(tx, actor, id)?;
        if let Some(owner) = &owner {
            let given = (owner, fields.get("reason"));
            return exception::assign(tx, stamp, actor, unit, id, given).map(|_| ());
        }
        match fields.get("do") {
            "letter" => letter::write(tx, stamp, actor, unit, id, fields.get("question")).map(|_| ()),
            "reply" => {
                let reply = reply_of(fields)?;
                let letter: LetterId = fields.get("letter").parse()?;
                letter::record_reply(tx, stamp, actor, unit, letter, &reply).map(|_| ())
            }
            _ => Err(Error::invalid("form.do", "form_unreadable", "no such step")),
        }
    })
}

/// The owner that a form names: a role, and perhaps a person. None where it gives its item to nobody.
///
/// # Errors
/// Those of `Owner::named`.
pub(super) fn owner_typed(app: &App, fields: &Fields) -> Result<Option<Owner>> {
    if fields.get("do") != "assign" {
        return Ok(None);
    }
    let person = chosen(fields)?;
    app.store.read(&Scope::All, |conn| Owner::named(conn, fields.get("owner"), person)).map(Some)
}

fn chosen(fields: &Fields) -> Result<Option<PersonId>> {
    let text = fields.trimmed("person");
    let unknown = |_| Error::invalid("person", "person_not_found", "no such person");
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(unknown) }
}

/// What cannot be read of the form that has more than one field to type into: what the bank answered.
fn faults(fields: &Fields) -> Vec<Error> {
    if fields.get("do") != "reply" {
        return Vec::new();
    }
    let read = [
        day_of(fields).err(),
        letter::reply_number(fields.get("number")).err(),
        letter::reply_words(fields.get("words")).err(),
    ];
    read.into_iter().flatten().collect()
}

fn day_of(fields: &Fields) -> Result<BusinessDay> {
    fields.trimmed("on").parse().map_err(|_| Error::invalid("on", "date_unreadable", "a day"))
}

fn reply_of(fields: &Fields) -> Result<Reply> {
    Ok(Reply {
        outcome: Outcome::parse(fields.get("outcome"))?,
        on: day_of(fields)?,
        number: fields.trimmed("number").to_owned(),
        words: fields.get("words").to_owned(),
    })
}

/// `GET /finance/letters/{id}/pdf`: the letter to be signed; printing it leaves a trace.
pub async fn letter_pdf(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&letter::PRINTERS)?;
    let id: LetterId = extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor);
    let (name, bytes) = block(move || {
        let content = app.write(&actor, |tx, stamp| {
            let unit = letter_query::unit_of(tx, &actor.scope, id)?.ok_or_else(letter_query::not_found)?;
            let letter = letter_query::find(tx, unit, id)?;
            audit::record(tx, stamp, &[audit::Entry::by(&actor, unit, "letter.printed", id)])?;
            Content::read(tx, stamp.vault, &letter)
        })?;
        Ok((content.file_stem(), letter::pdf(&content)?))
    })
    .await?;
    Ok(file(bytes, "application/pdf", &format!("{name}.pdf")))
}
