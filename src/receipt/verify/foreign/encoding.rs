//! From bytes to text: UTF-8 or UTF-16, with or without a mark.

use std::borrow::Cow;

use crate::receipt::verify::BLANKS;
use crate::receipt::verify::problem::Problem;

/// Reads the bytes as the text that an XML parser sees.
///
/// # Errors
/// `encoding_not_utf8` for bytes or a declared encoding other than these; `xml_version_unsupported`; `not_xml` behind
/// a second mark, which is a character before the first tag, though our parser would pass it over.
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
    declared_narrow(text)?;
    Ok(Cow::Borrowed(text))
}

/// The declaration of a text that was read as UTF-8, where there is one, is one and names it.
///
/// # Errors
/// `not_xml`, `xml_version_unsupported`, `encoding_not_utf8`.
pub(in crate::receipt::verify) fn declared_narrow(text: &str) -> Result<(), Problem> {
    declared(text, &["utf-8", "utf8", "us-ascii", "ascii"])
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

/// The declaration is one, and the encoding named in it is the one found.
fn declared(text: &str, names: &[&str]) -> Result<(), Problem> {
    let Some(declaration) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(BLANKS)) else {
        return Ok(());
    };
    let inside = declaration.split_once("?>").map(|(inside, _)| inside);
    let [version, encoding, standalone] = inside.and_then(pseudo_attributes).ok_or(Problem::NotXml)?;
    let minor = version.and_then(|version| version.strip_prefix("1."));
    let is_known = minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|c| c.is_ascii_digit()))
        && standalone.is_none_or(|value| ["yes", "no"].contains(&value));
    if !is_known {
        return Err(Problem::NotXml);
    }
    // Another version reads other line ends and characters than our parser does, and has no canonical form.
    if minor != Some("0") {
        return Err(Problem::XmlVersionUnsupported);
    }
    match encoding {
        Some(name) if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) => {
            Err(Problem::EncodingNotUtf8)
        }
        _ => Ok(()),
    }
}

/// Version, encoding and standalone, in this order, each once at most (XML 1.0, section 2.8). No parser reads the
/// declaration of our own receipts, which are the same however they are declared.
fn pseudo_attributes(mut rest: &str) -> Option<[Option<&str>; 3]> {
    const NAMES: [&str; 3] = ["version", "encoding", "standalone"];
    let mut values = [None; 3];
    let mut from = 0;
    loop {
        let next = rest.trim_start_matches(BLANKS);
        if next.is_empty() {
            return Some(values);
        }
        let at = (from..NAMES.len()).find(|&at| next.starts_with(NAMES[at]) && next.len() < rest.len())?;
        let behind_name = next.strip_prefix(NAMES[at])?.trim_start_matches(BLANKS).strip_prefix('=')?;
        let quoted = behind_name.trim_start_matches(BLANKS);
        let quote = quoted.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
        let (value, behind) = quoted.get(1..)?.split_once(quote)?;
        (values[at], from, rest) = (Some(value), at + 1, behind);
    }
}
