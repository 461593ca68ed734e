//! Forms with files (RFC 7578): the parts of a body that stands in memory, and how a body that is larger than its
//! form may be gets there without most of its file.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::error::{Error, Result};

/// Fields a form of ours may have.
pub const PARTS_LIMIT: usize = 40;

/// Fields behind a file that was left out are kept up to here.
const BEHIND_BYTES: usize = 64 * 1024;
/// The head of a part is shorter than this.
const HEAD_BYTES: usize = 1024;

/// A form as it arrives. What is past its limit is the rest of a file: it is left out up to the end of its part, and
/// the fields behind it are kept.
pub struct Arriving {
    bytes: Vec<u8>,
    /// What ends a part.
    end: Vec<u8>,
    limit_bytes: usize,
    left_out: usize,
    reached: Reached,
}

/// How far a form has arrived, beside where what is kept from there on begins.
#[derive(Clone, Copy)]
enum Reached {
    Limit,
    Excess(usize),
    Behind(usize),
}

impl Arriving {
    pub fn new(boundary: &str, limit_bytes: usize) -> Arriving {
        let end = format!("\r\n--{boundary}").into_bytes();
        Arriving { bytes: Vec::new(), end, limit_bytes, left_out: 0, reached: Reached::Limit }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        if matches!(self.reached, Reached::Limit) && self.bytes.len() > self.limit_bytes {
            self.reached = Reached::Excess(self.cut_at());
        }
        if let Reached::Excess(from) = self.reached {
            self.leave_out(from);
        }
        if let Reached::Behind(from) = self.reached {
            let kept = from.saturating_add(BEHIND_BYTES);
            self.left_out += self.bytes.len().saturating_sub(kept);
            self.bytes.truncate(kept);
        }
    }

    /// Bytes that were left out so far.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The form as it is kept, and whether it is without a part of what arrived. Such a form is closed where it ends.
    pub fn done(mut self) -> (Vec<u8>, bool) {
        let is_cut = self.left_out > 0;
        if is_cut {
            self.bytes.extend_from_slice(&self.end);
            self.bytes.extend_from_slice(b"--\r\n");
        }
        (self.bytes, is_cut)
    }

    /// Where a part is cut: in its content at the limit, or before a part whose head is not whole there.
    fn cut_at(&self) -> usize {
        let searched = self.limit_bytes.saturating_sub(HEAD_BYTES);
        let last = self.bytes.get(searched..self.limit_bytes).unwrap_or_default();
        let begun = last.windows(self.end.len()).rposition(|window| window == self.end.as_slice());
        let is_in_head = |begun: &usize| find(last.get(*begun..).unwrap_or_default(), b"\r\n\r\n").is_none();
        begun.filter(is_in_head).map_or(self.limit_bytes, |begun| searched + begun)
    }

    /// Leaves out what stands from here to the end of the part, which may have begun just before.
    fn leave_out(&mut self, from: usize) {
        let overlap = self.end.len() - 1;
        // What was left out parts what stood before from what comes: no end lies across.
        let searched = if self.left_out == 0 { from.saturating_sub(overlap) } else { from };
        let found = find(self.bytes.get(searched..).unwrap_or_default(), &self.end).map(|at| searched + at);
        let until = found.unwrap_or_else(|| self.bytes.len().saturating_sub(overlap));
        if until > from {
            self.bytes.drain(from..until);
            self.left_out += until - from;
        }
        if let Some(end) = found {
            self.reached = Reached::Behind(end.min(from));
        }
    }
}

/// One field.
#[derive(Debug)]
pub struct Part<'b> {
    pub name: String,
    /// Whether it is a file that was chosen, be it empty: a browser sends a field without one under no file name.
    pub is_chosen: bool,
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
        let head = part.get(..head).unwrap_or_default();
        let name = quoted(head, "name").ok_or_else(unreadable)?;
        let is_chosen = quoted(head, "filename").is_some_and(|name| !name.is_empty());
        found.push(Part { name, is_chosen, content: content.get(..end).unwrap_or_default() });
        rest = content.get(end + closing.len()..).unwrap_or_default();
        if rest.is_empty() {
            return Err(unreadable());
        }
    }
    Ok(found)
}

/// What the head of a part says its `name` or `filename` is.
fn quoted(head: &[u8], key: &str) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let rest = line.split_once(&format!("; {key}=\""))?.1;
    rest.split('"').next().map(str::to_owned)
}

/// Most places are passed over by their first byte: what is dropped of a file is searched whole.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first();
    bytes.windows(wanted.len()).position(|window| window.first() == first && window == wanted)
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

    /// A form of a text, a file of so many bytes and another text, as it arrives in pieces of this size.
    fn arrived(file_bytes: usize, limit_bytes: usize, piece: usize) -> (Vec<(String, usize)>, bool, usize) {
        let text = |name: &str, text: &str| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let head = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let file = "\r\n-".repeat(file_bytes / 3);
        let form = [&text("csrf", "abc"), head, &file, "\r\n", &text("why", "vì"), "--B--\r\n"].concat();
        let mut arriving = Arriving::new("B", limit_bytes);
        let mut most = 0;
        for chunk in form.as_bytes().chunks(piece) {
            arriving.push(chunk);
            most = most.max(arriving.bytes.len());
        }
        let (bytes, is_cut) = arriving.done();
        let found = parts(&bytes, "B").expect("a form still");
        (found.into_iter().map(|part| (part.name, part.content.len())).collect(), is_cut, most)
    }

    #[test]
    fn what_is_typed_before_and_behind_a_file_past_the_limit_is_kept_and_the_file_is_not() {
        for piece in [1, 2, 7, 4096] {
            let (found, is_cut, most) = arrived(300_000, 3_000, piece);
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!((names, is_cut), (vec!["csrf", "file", "why"], true), "in pieces of {piece}");
            assert_eq!((found[0].1, found[2].1), (3, 3));
            assert!(found[1].1 < 3_000 && most < 3_200, "{most} bytes at once, in pieces of {piece}");
        }
    }

    #[test]
    fn wherever_the_limit_falls_behind_the_first_field_a_form_stays_one() {
        let whole = arrived(300, usize::MAX, 50);
        assert!(!whole.1);
        for limit_bytes in 56..700 {
            let (found, is_cut, _) = arrived(300, limit_bytes, 13);
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(
                (names, found[0].1),
                (vec!["csrf", "file", "why"], 3),
                "with a limit of {limit_bytes}"
            );
            assert!(is_cut || found == whole.0, "with a limit of {limit_bytes}");
        }
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
