//! The gate before the parser: sizes, and markup that a receipt never contains.
//!
//! With comments, CDATA, processing instructions and document types refused, every `<` begins a
//! tag. That makes counting depth and lengths exact, in one pass over the bytes, so that nothing
//! can make the parser or the memory work hard.

use super::foreign::encoding::declared_narrow;
use super::problem::Problem;
use super::{BLANKS, tag};
use crate::receipt::sign::DECLARATION;

/// A receipt with the most lines, all fields full, stays below.
pub const DOCUMENT_BYTES_LIMIT: usize = 1024 * 1024;
/// Version, encoding and standalone with generous blanks.
const DECLARATION_BYTES_LIMIT: usize = 100;
/// The format nests eight deep.
const DEPTH_LIMIT: usize = 16;
/// The longest tag is that of the Signature, below 150 bytes.
const TAG_BYTES_LIMIT: usize = 512;
/// One hundred lines of fourteen fields, and the rest.
pub const ELEMENTS_LIMIT: usize = 2_000;

/// Reads the bytes as text within the limits and gives the part behind the XML declaration.
pub fn gate(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > DOCUMENT_BYTES_LIMIT {
        return Err(Problem::DocumentTooLarge);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Problem::ByteOrderMark);
    }
    // An editor that saves a receipt puts UTF-8's mark before it. No byte that is signed changes.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    gate_text(std::str::from_utf8(bytes).map_err(|_| Problem::EncodingNotUtf8)?)
}

/// The same for text whose mark is taken off.
pub(super) fn gate_text(text: &str) -> Result<&str, Problem> {
    if text.len() > DOCUMENT_BYTES_LIMIT {
        return Err(Problem::DocumentTooLarge);
    }
    let content = match text.strip_prefix(DECLARATION) {
        Some(content) => content,
        None => behind_declaration(text)?,
    };
    scan(content)?;
    Ok(content)
}

/// Editors and libraries spell the declaration anew or leave it out; no byte that is signed changes. It must
/// still be one, and name the encoding that was found.
fn behind_declaration(text: &str) -> Result<&str, Problem> {
    let declaration = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(BLANKS));
    let content = match declaration {
        None => text,
        Some(rest) => match rest.find("?>").filter(|at| *at <= DECLARATION_BYTES_LIMIT) {
            Some(at) => {
                declared_narrow(text)?;
                rest.get(at + 2..).unwrap_or_default()
            }
            None => return Err(Problem::DeclarationUnexpected),
        },
    };
    if content.trim_start().starts_with('<') { Ok(content) } else { Err(Problem::NotXml) }
}

fn scan(content: &str) -> Result<(), Problem> {
    let (mut depth, mut elements) = (0_usize, 0_usize);
    let mut rest = content;
    // In text the search takes many bytes at once.
    while let Some(at) = rest.find('<') {
        let tag = rest.as_bytes().get(at..).unwrap_or_default();
        refuse_markup(tag)?;
        let window = tag.get(..TAG_BYTES_LIMIT.min(tag.len())).unwrap_or_default();
        let Some((end, _)) = tag::end(window) else {
            return Err(if window.len() < TAG_BYTES_LIMIT { Problem::NotXml } else { Problem::TagTooLong });
        };
        if tag.starts_with(b"</") {
            depth = depth.saturating_sub(1);
        } else {
            if !tag::is_plain(window.get(..end).unwrap_or_default()) {
                return Err(Problem::NotXml);
            }
            elements += 1;
            depth += 1;
            if elements > ELEMENTS_LIMIT {
                return Err(Problem::ElementsExceeded);
            }
            if depth > DEPTH_LIMIT {
                return Err(Problem::DepthExceeded);
            }
            if end > 0 && window.get(end - 1) == Some(&b'/') {
                depth -= 1;
            }
        }
        rest = rest.get(at + end + 1..).unwrap_or_default();
    }
    Ok(())
}

fn refuse_markup(tag: &[u8]) -> Result<(), Problem> {
    if tag.starts_with(b"<!--") {
        return Err(Problem::CommentPresent);
    }
    if tag.starts_with(b"<![CDATA[") {
        return Err(Problem::CdataPresent);
    }
    if tag.starts_with(b"<!") {
        return Err(Problem::DoctypeForbidden);
    }
    if tag.starts_with(b"<?") {
        return Err(Problem::InstructionPresent);
    }
    Ok(())
}
