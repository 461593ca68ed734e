//! From bytes to text: UTF-8 or UTF-16, with or without a mark.

use std::borrow::Cow;

use crate::receipt::verify::problem::Problem;

/// Reads the bytes as the text that an XML parser sees.
///
/// # Errors
/// `encoding_not_utf8` for bytes or a declared encoding other than these; `not_xml` behind a second mark, which is
/// a character before the first tag, though our parser would pass it over.
pub(in crate::receipt::verify) fn text_of(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let text = unmarked(bytes)?;
    if text.starts_with('\u{feff}') { Err(Problem::NotXml) } else { Ok(text) }
}

fn unmarked(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return wide(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return wide(rest, u16::from_be_bytes);
    }
    // XML 1.0, appendix F.1: without a mark the first character is `<`.
    if bytes.starts_with(b"<\0") {
        return wide(bytes, u16::from_le_bytes);
    }
    if bytes.starts_with(b"\0<") {
        return wide(bytes, u16::from_be_bytes);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::EncodingNotUtf8)?;
    declared(text, &["utf-8", "utf8", "us-ascii", "ascii"])?;
    Ok(Cow::Borrowed(text))
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Problem> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Problem::EncodingNotUtf8);
    }
    let text: String = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::EncodingNotUtf8)?;
    // The mark decides, as for libxml2, when a converter has left the old declaration.
    declared(&text, &["utf-16", "utf16", "utf-16le", "utf-16be", "utf-8"])?;
    Ok(Cow::Owned(text))
}

/// The encoding named in the declaration is the one found.
fn declared(text: &str, names: &[&str]) -> Result<(), Problem> {
    let Some(declaration) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(char::is_whitespace))
    else {
        return Ok(());
    };
    let declaration = declaration.split_once("?>").map_or("", |(inside, _)| inside);
    let version = declaration.trim_start().strip_prefix("version").unwrap_or_default().trim_start();
    let version = version.strip_prefix('=').unwrap_or_default().trim_start();
    if !version.starts_with("\"1.") && !version.starts_with("'1.") {
        return Err(Problem::NotXml);
    }
    if let Some((_, rest)) = declaration.split_once("standalone") {
        let value = rest.trim().trim_start_matches('=').trim();
        if !["'yes'", "'no'", "\"yes\"", "\"no\""].contains(&value) {
            return Err(Problem::NotXml);
        }
    }
    let Some((_, rest)) = declaration.split_once("encoding") else { return Ok(()) };
    let value = rest.trim_start().strip_prefix('=').unwrap_or_default().trim_start();
    let name =
        value.strip_prefix(['"', '\'']).and_then(|value| value.split(['"', '\'']).next()).unwrap_or_default();
    if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        Ok(())
    } else {
        Err(Problem::EncodingNotUtf8)
    }
}
