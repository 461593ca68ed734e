//! Bytes to text: byte order mark, declared encoding, strict UTF-8, then the legacy code page
//! that banks of that format use: Latin-1 or DOS for SWIFT and XML, and in đồng one of the two of
//! Vietnamese words where they show; for tables the one in which a
//! heading row is known (`table_encoding`).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};

use super::code_page::{Vietnamese, decode_dos, decode_tcvn3, looks_like_dos, vietnamese_page};
use super::table_encoding::{self, Page};

/// Text with the encoding it was read in. `guessed` is set when nothing in the file names it.
pub(super) struct Decoded<'a> {
    pub text: Cow<'a, str>,
    pub encoding: &'static str,
    pub guessed: bool,
    /// Bytes that the encoding does not have were replaced: the text is not to be trusted.
    pub damaged: bool,
}

pub(super) fn decode(bytes: &[u8]) -> Decoded<'_> {
    if let Some((encoding, mark_length)) = Encoding::for_bom(bytes) {
        return decode_as(bytes.get(mark_length..).unwrap_or_default(), encoding, false);
    }
    if let Some(encoding) = wide_encoding(bytes) {
        return decode_as(bytes, encoding, false);
    }
    match declared_encoding(bytes) {
        Some(encoding) if encoding != encoding_rs::UTF_8 => decode_as(bytes, encoding, false),
        Some(_) => decode_declared_utf8(bytes),
        None => decode_undeclared(bytes),
    }
}

/// What says that it is UTF-8 and is not was damaged on its way.
fn decode_declared_utf8(bytes: &[u8]) -> Decoded<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), encoding: "UTF-8", guessed: false, damaged: false },
        Err(_) => decode_as(bytes, encoding_rs::UTF_8, false),
    }
}

fn decode_undeclared(bytes: &[u8]) -> Decoded<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), encoding: "UTF-8", guessed: false, damaged: false },
        Err(_) if is_broken_utf8(bytes) => decode_as(bytes, encoding_rs::UTF_8, false),
        Err(_) => decode_legacy(bytes),
    }
}

/// UTF-8 with some bytes lost or changed: most of what is not ASCII are whole characters of several bytes,
/// or a first byte stands in a word in lower case, where no old code page has a capital.
fn is_broken_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    let mut leads = [false; 256];
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        let first_bytes = chunk.valid().bytes().filter(|byte| *byte >= 0xC0);
        first_bytes.for_each(|byte| note(&mut leads, byte));
        broken += usize::from(!chunk.invalid().is_empty());
    }
    // A letter of an old code page stands alone, and begins no character of the file.
    let is_letter = |chunk: &[u8]| match chunk {
        [] => true,
        [byte] => *byte >= 0xC0 && !leads.get(usize::from(*byte)).copied().unwrap_or(true),
        _ => false,
    };
    let are_letters = || bytes.utf8_chunks().all(|chunk| is_letter(chunk.invalid()));
    let is_torn = |three: &[u8]| match three {
        [before, 0xC2..=0xC5, after] => {
            before.is_ascii_lowercase() && !after.is_ascii_uppercase() && after.is_ascii()
        }
        _ => false,
    };
    // Such letters beside a name that was encoded twice: “Müller” and “CafÃ©”.
    let is_mixed = whole <= broken.saturating_mul(2) && are_letters();
    (whole >= broken && !is_mixed) || (broken == 1 && whole == 0 && bytes.windows(3).any(is_torn))
}

fn note(leads: &mut [bool; 256], byte: u8) {
    if let Some(lead) = leads.get_mut(usize::from(byte)) {
        *lead = true;
    }
}

/// SWIFT and XML files that are not UTF-8 are Latin-1 or DOS of some bank; tables are of the page that
/// makes a heading row.
fn decode_legacy(bytes: &[u8]) -> Decoded<'_> {
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    if bytes.first() == Some(&b'<') || has(b":20:") || has(b":60F:") {
        if let Some(decoded) = decode_vietnamese(bytes) {
            return decoded;
        }
        return if looks_like_dos(bytes) {
            decoded_by_table(decode_dos(bytes), "IBM850")
        } else {
            decode_as(bytes, WINDOWS_1252, true)
        };
    }
    match table_encoding::find(bytes) {
        Page::Tcvn3 => decoded_by_table(decode_tcvn3(bytes), "TCVN3"),
        Page::Of(encoding) => decode_as(bytes, encoding, true),
    }
}

/// A statement in đồng is of a bank that writes Vietnamese, where its words show that.
fn decode_vietnamese(bytes: &[u8]) -> Option<Decoded<'_>> {
    let is_of_balance = |window: &[u8]| window.starts_with(b":60") && window.ends_with(b"VND");
    let is_of_amount = |window: &[u8]| window == b"\"VND\"";
    if !bytes.windows(15).any(is_of_balance) && !bytes.windows(5).any(is_of_amount) {
        return None;
    }
    let decoded = match vietnamese_page(bytes)? {
        Vietnamese::Tcvn3 => decoded_by_table(decode_tcvn3(bytes), "TCVN3"),
        Vietnamese::Windows => decode_as(bytes, WINDOWS_1258, true),
    };
    Some(decoded).filter(|decoded| !decoded.damaged)
}

fn decoded_by_table((text, damaged): (String, bool), encoding: &'static str) -> Decoded<'static> {
    Decoded { text: Cow::Owned(text), encoding, guessed: true, damaged }
}

fn decode_as<'a>(bytes: &'a [u8], encoding: &'static Encoding, guessed: bool) -> Decoded<'a> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, encoding: encoding.name(), guessed, damaged }
}

/// UTF-16 without a byte order mark: every second byte of the ASCII start is zero.
fn wide_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(UTF_16LE),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding named by an XML declaration. A declared UTF-16 cannot be true here: the
/// declaration was readable byte by byte.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..200).unwrap_or(bytes);
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let declaration = head.get(start..)?.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value.strip_prefix(quote)?.split(quote).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_decides() {
        assert_eq!(decode(b"\xEF\xBB\xBFNg\xC3\xA0y").text, "Ngày");
        assert_eq!(decode(b"\xFF\xFEN\0g\0").text, "Ng");
    }

    #[test]
    fn wide_text_is_known_without_its_mark() {
        assert_eq!(decode(b"<\0a\0>\0").text, "<a>");
    }

    #[test]
    fn the_xml_declaration_names_the_encoding() {
        let decoded = decode(b"<?xml version=\"1.0\" encoding='ISO-8859-1'?><a>\xFC</a>");
        assert!(decoded.text.ends_with("<a>ü</a>"));
        assert!(!decoded.guessed);
    }

    #[test]
    fn one_name_that_was_encoded_twice_does_not_break_an_old_code_page() {
        let table = |rows: &[u8]| [b"Date,Description,Amount\n", rows].concat();
        let mixed = table(b"05/01/2026,M\xFCller,50.00\n16/01/2026,Caf\xC3\xA9,-7.50\n");
        let decoded = decode(&mixed);
        assert!(!decoded.damaged && decoded.text.contains("Müller"), "{}", decoded.text);
        for torn in [
            // The second byte of a character is lost, the first is, or there is too much that is whole.
            &b"05/01/2026,M\xC3ller,50.00\n16/01/2026,Caf\xC3\xA9,-7.50\n"[..],
            b"05/01/2026,M\xBCller,50.00\n16/01/2026,Caf\xC3\xA9,-7.50\n",
            b"05/01/2026,Ng\xE1\xBBn,50.00\n16/01/2026,ph\xC3\xAD,-7.50\n",
            b"05/01/2026,M\xFCller,50.00\n16/01/2026,Caf\xC3\xA9 \xC3\xA0 \xC3\xA9t\xC3\xA9,-7.50\n",
        ] {
            let torn = table(torn);
            assert!(decode(&torn).damaged, "{}", String::from_utf8_lossy(&torn));
        }
    }

    #[test]
    fn a_capital_inside_of_a_word_is_what_is_left_of_a_character() {
        for torn in [&b":20:X\r\n:86:Geb\xC3hr"[..], b":20:X\r\n:86:Caf\xC3 Mai"] {
            assert!(decode(torn).damaged, "{}", String::from_utf8_lossy(torn));
        }
        assert!(!decode(b":20:X\r\n:86:GEB\xDCHR \xC3NH").damaged);
    }

    #[test]
    fn a_statement_in_dong_is_read_in_the_code_page_that_its_words_show() {
        let read = |currency: &str, words: &[u8]| {
            let head = format!(":20:X\r\n:25:1\r\n:60F:C261121{currency}0,\r\n:86:");
            let file = [head.as_bytes(), words].concat();
            let decoded = decode(&file);
            (decoded.encoding, decoded.text.rsplit(':').next().map(crate::text::clean).unwrap_or_default())
        };
        let windows = b"n\xF4\xF2p l\xEA\xF2 ph\xED";
        assert_eq!(read("VND", windows), ("windows-1258", "nộp lệ phí".to_owned()));
        let tcvn3 = b"n\xE9p h\xE5 s\xAC \xAE\xCAt \xAEai";
        assert_eq!(read("VND", tcvn3), ("TCVN3", "nộp hồ sơ đất đai".to_owned()));
        assert_eq!(read("VND", b"Geb\xFChr").0, "windows-1252", "a letter of the west shows nothing");
        assert_eq!(read("VND", b"n\xE9p ti\xD2n").0, "windows-1252", "too few letters show nothing either");
        assert_eq!(read("EUR", windows).0, "windows-1252");
    }

    #[test]
    fn old_code_pages_are_guessed_by_kind_of_file() {
        let swift = decode(b":20:X\r\n:86:M\xFCller");
        assert!(swift.guessed && swift.text.ends_with("Müller"));
        assert_eq!(decode(b"Ng\xE0y;S\xF4\xEC").encoding, "windows-1258");
    }
}
