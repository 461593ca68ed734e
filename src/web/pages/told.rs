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
use crate::clock::BusinessDay;
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
    let (fields, chosen) = upload::form(&request, payload, FORM_LIMIT_BYTES, "picture").await?;
    let code = on_paper::code_of(&request)?;
    let app = Arc::clone(shared.app());
    let typed = fields.clone();
    let answered = block(move || {
        let word = word_of(&typed)?;
        let file = match chosen {
            Chosen::Nothing => None,
            Chosen::File(bytes) => Some(bytes),
            Chosen::TooLarge => return Err(picture::unfit()),
        };
        if let Some(file) = &file {
            picture::check(file)?;
        }
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let item = obligation::find_by_code(tx, code.as_str())?;
            let stamp = app.stamp();
            let answer_on = told::tell(tx, &stamp, &item, &word)?;
            if let Some(file) = &file {
                picture::keep(tx, &stamp, &item, file)?;
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
        Err(error) => (StatusCode::BAD_REQUEST, Told { wrong: Wrong::of(error, lang)?, ..Told::default() }),
    };
    let forms = Forms { told: outcome, ..Forms::default() };
    Ok(html(status, &shown(&request, &shared, forms).await?))
}

fn word_of(fields: &Fields) -> Result<Word> {
    let missing = |field| Error::invalid(field, "field_missing", "must be filled in");
    let amount = fields.dong("amount")?.filter(|amount| *amount > 0).ok_or_else(|| missing("amount"))?;
    let on: BusinessDay = match fields.trimmed("on") {
        "" => return Err(missing("on")),
        text => text.parse().map_err(|_| Error::invalid("on", "date_unreadable", "a day"))?,
    };
    let text = |name: &str| fields.trimmed(name).to_owned();
    Ok(Word { amount: Dong(amount), on, time: text("time"), trace: text("trace") })
}
