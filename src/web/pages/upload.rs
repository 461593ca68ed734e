//! What a form of ours carries: its fields, and the one file that may be chosen in it.

use actix_web::{HttpRequest, web};

use super::fields::{Fields, Pairs};
use super::kept;
use crate::error::{Error, Result};
use crate::web::extract::body;
use crate::web::multipart::{boundary, parts};

/// The fields of a form that may carry one file, and the file where one was chosen. Browsers without a
/// file field send the short form, which is read as well.
pub async fn form(
    request: &HttpRequest,
    payload: web::Payload,
    limit_bytes: usize,
    file: &str,
) -> Result<(Fields, Option<Vec<u8>>)> {
    let bytes = body(payload, limit_bytes).await?;
    let unreadable = || Error::invalid("form.file", "form_unreadable", "no form");
    let Some(boundary) = boundary(request) else {
        let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
        let pairs = web::Query::<Pairs>::from_query(text).map_err(|_| unreadable())?.into_inner();
        kept::note(request, pairs.clone());
        return Ok((Fields::of(pairs), None));
    };
    let found = parts(&bytes, &boundary)?;
    let chosen = found.iter().find(|part| part.name == file && !part.content.is_empty());
    let chosen = chosen.map(|part| part.content.to_vec());
    let others = found.iter().filter(|part| part.name != file);
    let pairs = others.map(|part| (part.name.clone(), String::from_utf8_lossy(part.content).into_owned()));
    let pairs: Pairs = pairs.collect();
    kept::note(request, pairs.clone());
    Ok((Fields::of(pairs), chosen))
}
