//! `/counter/complaints`: staff take a citizen's complaint down: an item of the queue with its words, about the
//! obligation, payment or receipt it is about.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::fields::{Fields, Pairs, Wrong};
use super::frame::Frame;
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html, on_paper};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::exception::Exception;
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
    let taken = block(move || app.write(&actor, |tx, stamp| recorded(tx, stamp, &actor, &typed))).await;
    match taken {
        Ok(item) => {
            let mut page = drawn(&request, &signed, Wrong::default(), Fields::default());
            let due = item.due_on.0.format("%d/%m/%Y").to_string();
            page.taken = Some((item.id.to_string(), due));
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
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

/// What people have in their hands is a paper; an id goes on as it is.
fn subject(conn: &mut Conn, actor: &Actor, text: &str) -> Result<String> {
    let found = on_paper::obligations(conn, actor, text, 2)?;
    match found.as_slice() {
        [] => Ok(text.to_owned()),
        [one] => Ok(one.id.to_string()),
        _ => Err(Error::invalid("subject", "complaint_subject_several", "more than one under this dossier")),
    }
}
