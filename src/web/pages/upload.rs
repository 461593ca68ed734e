//! What a form of ours carries: its fields, and the one file that may be chosen in it.

use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::fields::{Fields, Pairs};
use super::kept;
use crate::error::{Error, Result};
use crate::web::multipart::{boundary, parts};

/// What people send who did not look how large it is, past what the form may carry; who sends more is cut off.
const DROPPED_BYTES: usize = 24 * 1024 * 1024;

/// A file that may have been chosen.
pub enum Chosen {
    Nothing,
    File(Vec<u8>),
    /// There was one, past what a form may carry; its bytes were not kept.
    TooLarge,
}

impl Chosen {
    /// The file, if one was chosen.
    ///
    /// # Errors
    /// `body_too_large`, at the form's field of the file.
    pub fn file(self, field: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Chosen::Nothing => Ok(None),
            Chosen::File(bytes) => Ok(Some(bytes)),
            Chosen::TooLarge => Err(Error::invalid(field, "body_too_large", "a smaller file")),
        }
    }
}

/// The fields of a form that may carry one file, and the file where one was chosen. Too large a one is told beside
/// its field, and what was typed before it comes back: the rest of its bytes is read and dropped. Browsers without a
/// file field send the short form, which is read as well.
pub async fn form(
    request: &HttpRequest,
    mut payload: web::Payload,
    limit_bytes: usize,
    file: &str,
) -> Result<(Fields, Chosen)> {
    let (mut bytes, mut dropped) = (Vec::new(), 0);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::invalid("body", "body_interrupted", "the body ended early"))?;
        let kept = chunk.len().min(limit_bytes.saturating_sub(bytes.len()));
        bytes.extend_from_slice(chunk.get(..kept).unwrap_or_default());
        dropped += chunk.len() - kept;
        if dropped > DROPPED_BYTES {
            return Err(Error::too_large("body_too_large", format!("at most {limit_bytes} bytes")));
        }
    }
    if dropped == 0 {
        let (fields, chosen) = read(request, &bytes, file)?;
        return Ok((fields, chosen.map_or(Chosen::Nothing, Chosen::File)));
    }
    let Some(boundary) = boundary(request) else {
        return Err(Error::too_large("body_too_large", format!("at most {limit_bytes} bytes")));
    };
    // The form as it was up to here: its fields stand before the file.
    bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Ok((read(request, &bytes, file)?.0, Chosen::TooLarge))
}

fn read(request: &HttpRequest, bytes: &[u8], file: &str) -> Result<(Fields, Option<Vec<u8>>)> {
    let unreadable = || Error::invalid("form.file", "form_unreadable", "no form");
    let Some(boundary) = boundary(request) else {
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable())?;
        let pairs = web::Query::<Pairs>::from_query(text).map_err(|_| unreadable())?.into_inner();
        kept::note(request, pairs.clone());
        return Ok((Fields::of(pairs), None));
    };
    let found = parts(bytes, &boundary)?;
    let chosen = found.iter().find(|part| part.name == file && !part.content.is_empty());
    let chosen = chosen.map(|part| part.content.to_vec());
    let others = found.iter().filter(|part| part.name != file);
    let pairs = others.map(|part| (part.name.clone(), String::from_utf8_lossy(part.content).into_owned()));
    let pairs: Pairs = pairs.collect();
    kept::note(request, pairs.clone());
    Ok((Fields::of(pairs), chosen))
}
