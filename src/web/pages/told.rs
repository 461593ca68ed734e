//! `POST /p/{code}/told`: “Tôi đã chuyển tiền”. A payer whose transfer is not on the page says what
//! they sent; the unit answers by a day that the page names.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::fields::{Fields, Wrong};
use super::pay::{Forms, Told, shown};
use super::session::check_origin;
use super::upload::Chosen;
use super::wording::Lang;
use super::{Page, html, on_paper, upload};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::obligation;
use crate::payment::picture;
use crate::payment::told::{self, Word};
use crate::store::Lane;
use crate::web::Shared;
use crate::web::respond::block;

/// A picture and a few words around it.
const FORM_LIMIT_BYTES: usize = picture::BYTES_LIMIT + 64 * 1024;

pub async fn tell(request: HttpRequest, payload: web::Payload, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let limit = upload::Limit::of_anybody(FORM_LIMIT_BYTES);
    let (fields, chosen) = upload::form(&request, payload, limit, "picture").await?;
    let code = on_paper::code_of(&request)?;
    let picture = picture_of(chosen);
    let mut faults = faults(&fields, shared.app().clock.now());
    faults.extend(picture.as_ref().err().cloned());
    let app = Arc::clone(shared.app());
    let answered = block(move || {
        let (word, picture) = (word_of(&fields)?, picture?);
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let item = obligation::find_by_code(tx, code.as_str())?;
            let stamp = app.stamp();
            let answer_on = told::tell(tx, &stamp, &item, &word)?;
            if let Some(picture) = &picture {
                picture::keep(tx, &stamp, &item, picture)?;
            }
            Ok(answer_on)
        })
    })
    .await;
    let lang = Lang::of(&request);
    let (status, outcome) = match answered {
        Ok(answer_on) => {
            let day = answer_on.0.format("%d/%m/%Y").to_string();
            (StatusCode::OK, Told { answer_on: Some(day), ..Told::default() })
        }
        Err(error) => {
            (StatusCode::BAD_REQUEST, Told { wrong: Wrong::all(faults, error, lang)?, ..Told::default() })
        }
    };
    let forms = Forms { told: outcome, ..Forms::default() };
    Ok(html(status, &shown(&request, &shared, forms).await?))
}

fn word_of(fields: &Fields) -> Result<Word> {
    let text = |name: &str| fields.trimmed(name).to_owned();
    Ok(Word { amount: amount(fields)?, on: day(fields)?, time: text("time"), trace: text("trace") })
}

/// Everything that is wrong with what was typed, in the order of the form.
fn faults(fields: &Fields, now: Instant) -> Vec<Error> {
    let (amount, on) = (amount(fields), day(fields));
    let known = on.as_ref().ok().copied();
    let of_word = told::faults(known, fields.trimmed("time"), fields.trimmed("trace"), now);
    amount.err().into_iter().chain(on.err()).chain(of_word).collect()
}

fn missing(field: &str) -> Error {
    Error::invalid(field, "field_missing", "must be filled in")
}

fn amount(fields: &Fields) -> Result<Dong> {
    let amount = fields.dong("amount")?.filter(|amount| *amount > 0);
    amount.map(Dong).ok_or_else(|| missing("amount"))
}

fn day(fields: &Fields) -> Result<BusinessDay> {
    match fields.trimmed("on") {
        "" => Err(missing("on")),
        text => text.parse().map_err(|_| Error::invalid("on", "date_unreadable", "a day")),
    }
}

/// The picture, where one was chosen and can be kept.
fn picture_of(chosen: Chosen) -> Result<Option<Vec<u8>>> {
    let file = match chosen {
        Chosen::Nothing => return Ok(None),
        Chosen::File(bytes) => bytes,
        Chosen::TooLarge => return Err(picture::unfit()),
    };
    picture::check(&file)?;
    Ok(Some(file))
}
