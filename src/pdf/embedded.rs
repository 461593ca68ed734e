//! The XML file that a PDF carries (ISO 32000-2, 7.11.4): found by its stream, without reading the rest
//! of the document. Streams are never inside other objects, so a file that is not encrypted shows them.
//! Pure, and bounded: a few streams, each inflated up to a limit.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// The largest embedded file that is taken.
pub const LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// Embedded files that are looked at.
const FILES_LIMIT: usize = 16;
/// How far a stream's dictionary reaches, before and after its type.
const DICTIONARY_LIMIT: usize = 4 * 1024;

/// What a file carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Embedded {
    Xml(Vec<u8>),
    /// A PDF without an XML file, or in a form that is not read: encrypted, or another filter.
    Nothing,
    /// Above `LIMIT_BYTES`.
    TooLarge,
    /// XML files that differ, or more files than are looked at: each program may show another one.
    Several,
}

/// Whether these bytes say that they are a PDF.
pub fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// The XML file that a PDF carries.
pub fn xml(pdf: &[u8]) -> Embedded {
    let (mut from, mut looked_at, mut found) = (0, 0, None);
    while let Some(at) = find(pdf, from, b"/EmbeddedFile") {
        from = at + b"/EmbeddedFile".len();
        // `/EmbeddedFiles` is the tree of names.
        if pdf.get(from).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        looked_at += 1;
        if looked_at > FILES_LIMIT {
            return Embedded::Several;
        }
        match content(pdf, at) {
            Some(Ok(bytes)) if is_xml(&bytes) => {
                if found.is_some_and(|known| known != bytes) {
                    return Embedded::Several;
                }
                found = Some(bytes);
            }
            Some(Err(TooLarge)) => return Embedded::TooLarge,
            _ => {}
        }
    }
    found.map_or(Embedded::Nothing, Embedded::Xml)
}

struct TooLarge;

/// The stream of the dictionary that has something at `at`; none where it is not read.
fn content(pdf: &[u8], at: usize) -> Option<Result<Vec<u8>, TooLarge>> {
    let first = at.saturating_sub(DICTIONARY_LIMIT);
    let start = pdf.get(first..at)?.windows(4).rposition(|four| four == b" obj")? + first;
    let keyword = find(pdf, at, b"stream").filter(|end| end - at <= DICTIONARY_LIMIT)?;
    let dictionary = pdf.get(start..keyword)?;
    if find(dictionary, 0, b"endobj").is_some() {
        return None;
    }
    let rest = pdf.get(keyword + b"stream".len()..)?;
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    match filter(dictionary) {
        Some(b"FlateDecode") => inflated(rest),
        None => {
            let end = find(rest, 0, b"endstream")?;
            let stream = rest.get(..end)?;
            if end > LIMIT_BYTES { too_large(stream) } else { Some(Ok(stream.to_vec())) }
        }
        Some(_) => None,
    }
}

/// The name after `/Filter`.
fn filter(dictionary: &[u8]) -> Option<&[u8]> {
    let at = find(dictionary, 0, b"/Filter")? + b"/Filter".len();
    let rest = dictionary.get(at..)?;
    let start = rest.iter().position(|b| *b == b'/')? + 1;
    let rest = rest.get(start..)?;
    let end = rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
    rest.get(..end)
}

/// The stream of another kind of file may be as large as it likes.
fn too_large(head: &[u8]) -> Option<Result<Vec<u8>, TooLarge>> {
    is_xml(head).then_some(Err(TooLarge))
}

/// The stream ends where its own format says so, whatever length the dictionary claims.
fn inflated(bytes: &[u8]) -> Option<Result<Vec<u8>, TooLarge>> {
    let mut found = Vec::new();
    let limit = LIMIT_BYTES as u64 + 1;
    ZlibDecoder::new(bytes).take(limit).read_to_end(&mut found).ok()?;
    if found.len() > LIMIT_BYTES { too_large(&found) } else { Some(Ok(found)) }
}

/// Whether it may be a document: a page or a drawing beside it is none, though it begins like one.
fn is_xml(bytes: &[u8]) -> bool {
    const OTHERS: [&[u8]; 3] = [b"<!doctype html", b"<html", b"<svg"];
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begins = |with: &&[u8]| bytes.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    bytes.starts_with(b"<") && !OTHERS.iter().any(begins)
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let found = bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted)?;
    Some(from + found)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    fn pdf(entries: &str, stream: &[u8]) -> Vec<u8> {
        let mut pdf =
            b"%PDF-2.0\n1 0 obj\n<< /Names << /EmbeddedFiles 3 0 R >> >>\nendobj\n2 0 obj\n".to_vec();
        pdf.extend(format!("<< /Type /EmbeddedFile {entries} >>\nstream\n").bytes());
        pdf.extend(stream);
        pdf.extend(b"\nendstream\nendobj\n%%EOF");
        pdf
    }

    #[test]
    fn the_file_is_found_packed_or_not_and_whatever_length_is_claimed() {
        let xml_file = b"<?xml version=\"1.0\"?><BLai/>";
        let file = pdf("/Length 5 /Filter /FlateDecode", &packed(xml_file));
        assert_eq!(xml(&file), Embedded::Xml(xml_file.to_vec()));
        let file = pdf("/Length 28", xml_file);
        assert_eq!(xml(&file), Embedded::Xml(b"<?xml version=\"1.0\"?><BLai/>\n".to_vec()));
        assert!(is_pdf(&file) && !is_pdf(xml_file));
    }

    #[test]
    fn of_two_files_that_differ_none_is_taken_for_the_document() {
        let one = pdf("/Length 5", b"<a/>");
        let twice = [one.clone(), one.clone()].concat();
        assert_eq!(xml(&twice), Embedded::Xml(b"<a/>\n".to_vec()), "the same file again");
        assert_eq!(xml(&[one.clone(), pdf("/Length 5", b"<b/>")].concat()), Embedded::Several);
        let beside = [pdf("/Length 5", b"text"), one.clone()].concat();
        assert_eq!(xml(&beside), Embedded::Xml(b"<a/>\n".to_vec()), "a file of another kind");
        for other in ["<!DOCTYPE html><html/>", "<SVG/>"] {
            let page = [one.clone(), pdf("/Length 5", other.as_bytes())].concat();
            assert_eq!(xml(&page), Embedded::Xml(b"<a/>\n".to_vec()), "{other} is no document");
        }
        let scan = [one.clone(), pdf("/Filter /FlateDecode", &packed(&vec![b'-'; LIMIT_BYTES + 1]))].concat();
        assert_eq!(xml(&scan), Embedded::Xml(b"<a/>\n".to_vec()), "a large file of another kind");
        let many = [one, pdf("/Length 5", b"text").repeat(FILES_LIMIT)].concat();
        assert_eq!(xml(&many), Embedded::Several);
    }

    #[test]
    fn a_file_without_xml_has_none_and_a_bomb_is_not_unpacked() {
        assert_eq!(xml(b"%PDF-1.7\n%%EOF"), Embedded::Nothing);
        assert_eq!(xml(&pdf("/Filter /FlateDecode", &packed(b"just text"))), Embedded::Nothing);
        assert_eq!(xml(&pdf("/Filter /LZWDecode", b"<x/>")), Embedded::Nothing);
        assert_eq!(xml(&pdf("/Filter /FlateDecode", b"no zlib")), Embedded::Nothing);
        let bomb = packed(&vec![b'<'; LIMIT_BYTES + 1]);
        assert!(bomb.len() < 100_000);
        assert_eq!(xml(&pdf("/Filter /FlateDecode", &bomb)), Embedded::TooLarge);
    }
}
