//! What a form of ours carries: its fields, and the one file that may be chosen in it.

use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::fields::{Fields, Pairs};
use super::kept;
use crate::error::{Error, Result};
use crate::web::extract::body;
use crate::web::multipart::{Arriving, Part, boundary, parts};
use crate::web::respond::block;

/// What people send who did not look how large it is, past what the form may carry: a photograph by anybody, a film
/// of a telephone by who signed in. No more is waited for; who sends more has their answer if their browser shows it.
const DROPPED_OF_ANYBODY_BYTES: usize = 32 * 1024 * 1024;
const DROPPED_OF_STAFF_BYTES: usize = 128 * 1024 * 1024;

/// How much of a form is kept, and how much past that is waited for and dropped.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    kept_bytes: usize,
    dropped_bytes: usize,
}

impl Limit {
    /// Of a form that anybody sends.
    pub fn of_anybody(kept_bytes: usize) -> Limit {
        Limit { kept_bytes, dropped_bytes: DROPPED_OF_ANYBODY_BYTES }
    }

    /// Of a form whose sender signed in, in a role that may send it.
    pub fn of_staff(kept_bytes: usize) -> Limit {
        Limit { kept_bytes, dropped_bytes: DROPPED_OF_STAFF_BYTES }
    }
}

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
            Chosen::TooLarge => Err(too_large(field)),
        }
    }
}

/// What a file is refused with that is past what its form may carry.
pub fn too_large(field: &str) -> Error {
    Error::invalid(field, "body_too_large", "a smaller file")
}

/// The fields of a form that may carry one file, and the file where one was chosen. Too large a one is told beside
/// its field, and what was typed comes back. Browsers without a file field send the short form, which is read as well.
///
/// # Errors
/// `form_unreadable`, `body_interrupted`; `body_too_large` for a short form.
pub async fn form(
    request: &HttpRequest,
    payload: web::Payload,
    limit: Limit,
    file: &str,
) -> Result<(Fields, Chosen)> {
    let Some(boundary) = boundary(request) else {
        let (fields, _) = read(request, &body(payload, limit.kept_bytes).await?, file)?;
        return Ok((fields, Chosen::Nothing));
    };
    let (bytes, is_cut) = received(payload, &boundary, limit).await?;
    let (fields, chosen) = read(request, &bytes, file)?;
    let chosen = chosen.map_or(Chosen::Nothing, Chosen::File);
    Ok((fields, if is_cut { Chosen::TooLarge } else { chosen }))
}

/// A form as it arrived, and whether it is without the rest of a file, past what it may carry. A browser shows no
/// answer before it has sent all: that rest is waited for and dropped.
pub async fn received(mut payload: web::Payload, boundary: &str, limit: Limit) -> Result<(Vec<u8>, bool)> {
    let mut arriving = Arriving::new(boundary, limit.kept_bytes);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::invalid("body", "body_interrupted", "the body ended early"))?;
        arriving.push(&chunk);
        if arriving.left_out() > limit.dropped_bytes {
            break;
        }
    }
    Ok(arriving.done())
}

/// The fields of a form whose file was left out; they come back where the form does.
///
/// # Errors
/// `form_unreadable`.
pub async fn fields(
    request: &HttpRequest,
    form: Vec<u8>,
    boundary: String,
    file: &'static str,
) -> Result<Fields> {
    let pairs = block(move || Ok(typed(&parts(&form, &boundary)?, file))).await?;
    kept::note(request, pairs.clone());
    Ok(Fields::of(pairs))
}

/// What was typed beside the file.
fn typed(found: &[Part<'_>], file: &str) -> Pairs {
    let others = found.iter().filter(|part| part.name != file);
    others.map(|part| (part.name.clone(), String::from_utf8_lossy(part.content).into_owned())).collect()
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
    let pairs = typed(&found, file);
    kept::note(request, pairs.clone());
    Ok((Fields::of(pairs), chosen))
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest;
    use actix_web::dev::Payload;
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;
    use futures_util::stream;

    use super::*;

    const CHUNK_BYTES: usize = 64 * 1024;

    /// How much of an endless file is read, in bytes.
    async fn read_of_endless(limit: Limit) -> usize {
        let read = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = std::rc::Rc::clone(&read);
        let endless = stream::repeat_with(move || {
            counted.set(counted.get() + CHUNK_BYTES);
            Ok::<_, PayloadError>(web::Bytes::from_static(&[b'x'; CHUNK_BYTES]))
        });
        let mut sent: Payload = Payload::Stream { payload: Box::pin(endless) };
        let request = TestRequest::default().to_http_request();
        let payload = web::Payload::from_request(&request, &mut sent).await.unwrap();
        let (kept, is_cut) = received(payload, "XyZ", limit).await.unwrap();
        assert!(is_cut && kept.len() < limit.kept_bytes + CHUNK_BYTES, "{} bytes", kept.len());
        read.get()
    }

    #[actix_web::test]
    async fn past_its_limit_more_is_waited_for_of_staff_than_of_anybody() {
        let kept = 1024 * 1024;
        let slack = 4 * CHUNK_BYTES;
        for (limit, dropped) in [
            (Limit::of_anybody(kept), DROPPED_OF_ANYBODY_BYTES),
            (Limit::of_staff(kept), DROPPED_OF_STAFF_BYTES),
        ] {
            let read = read_of_endless(limit).await;
            assert!((kept + dropped..kept + dropped + slack).contains(&read), "{read} bytes of {limit:?}");
        }
    }
}
