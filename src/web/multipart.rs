//! Forms with files (RFC 7578): the parts of a body that stands in memory.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::error::{Error, Result};

/// Fields a form of ours may have.
pub const PARTS_LIMIT: usize = 40;

/// One field.
#[derive(Debug)]
pub struct Part<'b> {
    pub name: String,
    pub content: &'b [u8],
}

/// The boundary of a form, if the body is one.
pub fn boundary(request: &HttpRequest) -> Option<String> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (kind, parameters) = kind.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// Every part of the form. `form_unreadable` when the body is no multipart form.
pub fn parts<'b>(form: &'b [u8], boundary: &str) -> Result<Vec<Part<'b>>> {
    let unreadable = || Error::invalid("form.file", "form_unreadable", "expected multipart/form-data");
    let opening = format!("--{boundary}");
    let closing = format!("\r\n--{boundary}");
    let mut rest = form.strip_prefix(opening.as_bytes()).ok_or_else(unreadable)?;
    let mut found = Vec::new();
    while !rest.starts_with(b"--") {
        if found.len() == PARTS_LIMIT {
            return Err(unreadable());
        }
        let part = rest.strip_prefix(b"\r\n").ok_or_else(unreadable)?;
        let head = find(part, b"\r\n\r\n").ok_or_else(unreadable)?;
        let content = part.get(head + 4..).unwrap_or_default();
        let end = find(content, closing.as_bytes()).ok_or_else(unreadable)?;
        let name = name_in(part.get(..head).unwrap_or_default()).ok_or_else(unreadable)?;
        found.push(Part { name, content: content.get(..end).unwrap_or_default() });
        rest = content.get(end + closing.len()..).unwrap_or_default();
        if rest.is_empty() {
            return Err(unreadable());
        }
    }
    Ok(found)
}

fn name_in(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let rest = line.split_once("; name=\"")?.1;
    rest.split('"').next().map(str::to_owned)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--B\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        1;2\r\n--x\r\n--B--\r\n";

    #[test]
    fn the_parts_of_a_form_are_its_fields() {
        let found = parts(FORM, "B").unwrap();
        let shown: Vec<_> = found.iter().map(|part| (part.name.as_str(), part.content)).collect();
        assert_eq!(shown, [("csrf", b"abc".as_slice()), ("file", b"1;2\r\n--x".as_slice())]);
    }

    #[test]
    fn what_is_no_form_is_refused_and_never_panics() {
        for end in 0..FORM.len() - 2 {
            let code = parts(&FORM[..end], "B").err().map(|error| error.code());
            assert!(code == Some("form_unreadable") || end >= FORM.len() - 4, "{end}: {code:?}");
        }
        let many =
            [b"--B".to_vec(), b"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--B".repeat(30)];
        assert_eq!(parts(&many.concat(), "B").unwrap_err().code(), "form_unreadable");
    }
}
