//! `/counter/complaints`: staff take a citizen's complaint down: an item of the queue with its words, about the
//! obligation, payment or receipt it is about.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::fields::{Fields, Pairs, Wrong, of_field};
use super::frame::Frame;
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html, on_paper};
use crate::actor::Actor;
use crate::error::{Error, Kind, Result};
use crate::exception::{Exception, comment_of};
use crate::queue::complaint::{self, Complaint, TAKERS, WAYS};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "complaint.html")]
struct ComplaintPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    typed: Fields,
    /// Name and words.
    ways: Vec<(&'static str, &'static str)>,
    /// Its number and the day it is due, when it was taken down now.
    taken: Option<(String, String)>,
}

fn drawn(request: &HttpRequest, signed: &Signed, wrong: Wrong, typed: Fields) -> ComplaintPage {
    let frame = Frame::of(signed, request);
    let lang = frame.lang;
    ComplaintPage {
        frame,
        csrf: signed.csrf.clone(),
        wrong,
        typed,
        ways: WAYS.into_iter().map(|way| (way, lang.t(way_key(way)))).collect(),
        taken: None,
    }
}

pub(super) fn way_key(way: &str) -> &'static str {
    match way {
        "counter" => "complaint_counter",
        "phone" => "complaint_phone",
        "letter" => "complaint_letter",
        _ => "complaint_portal",
    }
}

/// `GET /complaints`
pub async fn page(request: HttpRequest, signed: Signed) -> Page {
    signed.require(&TAKERS)?;
    Ok(html(StatusCode::OK, &drawn(&request, &signed, Wrong::default(), Fields::default())))
}

/// `POST /complaints`
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&TAKERS)?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let taken = block(move || match app.write(&actor, |tx, stamp| recorded(tx, stamp, &actor, &typed)) {
        Ok(item) => Ok(Ok(item)),
        Err(error) => {
            let faults = app.read(&actor, |conn| Ok(faults(conn, &actor, &typed)))?;
            Ok(Err((faults, of_words(error))))
        }
    });
    match taken.await? {
        Ok(item) => {
            let mut page = drawn(&request, &signed, Wrong::default(), Fields::default());
            let due = item.due_on.0.format("%d/%m/%Y").to_string();
            page.taken = Some((item.id.to_string(), due));
            Ok(html(StatusCode::OK, &page))
        }
        Err((faults, error)) => {
            let wrong = Wrong::all(faults, error, Lang::of(&request))?;
            Ok(html(StatusCode::BAD_REQUEST, &drawn(&request, &signed, wrong, fields)))
        }
    }
}

fn recorded(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, fields: &Fields) -> Result<Exception> {
    let new = Complaint {
        subject: subject(tx, actor, fields.trimmed("subject"))?,
        way: fields.get("way").to_owned(),
        words: fields.get("words").to_owned(),
    };
    complaint::record(tx, stamp, actor, &new)
}

/// What is wrong with each field of the form: what it is about, and what is said of it.
fn faults(conn: &mut Conn, actor: &Actor, fields: &Fields) -> Vec<Error> {
    let about = subject(conn, actor, fields.trimmed("subject"));
    let about = about.and_then(|subject| complaint::unit_of(conn, actor, &subject)).err();
    let words = comment_of(fields.get("words")).err().map(of_words);
    // What nobody here may see has a page of its own, and it is what ended the attempt.
    let is_typed = |error: &Error| matches!(error.kind(), Kind::Invalid { .. });
    [about, words].into_iter().flatten().filter(is_typed).collect()
}

/// The words of a complaint are the first comment of its item.
fn of_words(error: Error) -> Error {
    let is_comment = matches!(error.kind(), Kind::Invalid { field } if field == "comment");
    if is_comment { of_field(error, "words") } else { error }
}

/// What people have in their hands is a paper; an id goes on as it is.
fn subject(conn: &mut Conn, actor: &Actor, text: &str) -> Result<String> {
    let found = on_paper::obligations(conn, actor, text, 2)?;
    match found.as_slice() {
        [] => Ok(text.to_owned()),
        [one] => Ok(one.id.to_string()),
        _ => Err(Error::invalid("subject", "complaint_subject_several", "more than one under this dossier")),
    }
}
