//! The gate before the parser: size, encoding, document types and depth.

use super::BYTES_LIMIT;
use crate::error::{Error, Result};

const DEPTH_LIMIT: usize = 32;
/// A reply names each refused document; a thousand of them stay far below.
pub const ELEMENTS_LIMIT: usize = 60_000;

/// The bytes as text, without byte order mark.
pub fn text(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > BYTES_LIMIT {
        return Err(Error::too_large("message_too_large", format!("at most {BYTES_LIMIT} bytes")));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable("not UTF-8"))?;
    scan(text)?;
    Ok(text)
}

#[track_caller]
pub fn unreadable(detail: &str) -> Error {
    Error::invalid("message", "message_unreadable", detail)
}

fn scan(text: &str) -> Result<()> {
    let (mut depth, mut elements, mut rest) = (0_usize, 0_usize, text);
    while let Some(at) = rest.find('<') {
        let tag = rest.get(at..).unwrap_or_default();
        let (end, change) = if tag.starts_with("<!--") {
            ("-->", 0)
        } else if tag.starts_with("<![CDATA[") {
            ("]]>", 0)
        } else if tag.starts_with("<!") {
            return Err(Error::invalid("message", "message_dtd_refused", "a document type is refused"));
        } else if tag.starts_with("<?") {
            ("?>", 0)
        } else if tag.starts_with("</") {
            (">", -1)
        } else {
            (">", 1)
        };
        let length = tag.find(end).ok_or_else(|| unreadable("a tag does not end"))?;
        let is_empty = tag.get(..length).is_some_and(|tag| tag.ends_with('/'));
        match change {
            1 => {
                elements += 1;
                depth += usize::from(!is_empty);
            }
            -1 => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT || elements > ELEMENTS_LIMIT {
            return Err(Error::too_large("message_too_deep", "nested too deeply, or too many elements"));
        }
        rest = tag.get(length + end.len()..).unwrap_or_default();
    }
    Ok(())
}
