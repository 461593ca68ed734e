//! The XML file that a PDF carries (ISO 32000-2, 7.11.4): found by what names it, without reading the pages.
//! Every revision in the file counts, and whoever hides a file must not have it passed over: a stream is a file if
//! it says so or if anything in the document, packed or not, refers to it as one. Pure, and bounded: a few files
//! and a little more than the bytes of the document, each stream inflated up to a limit.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::syntax::{Dictionary, Reader, Value, is_regular, number_before};

/// The largest embedded file that is taken.
pub const LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// Embedded files that are looked at.
const FILES_LIMIT: usize = 16;
/// What the packed objects of a document hold together.
const OBJECTS_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// How often the bytes of a document are read, on an average.
const READINGS_LIMIT: usize = 8;
const LINE_ENDS: [&[u8]; 3] = [b"\r\n", b"\n", b"\r"];
/// Beginnings that tell what a file is.
const HEAD_BYTES: usize = 64;

/// What a file carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Embedded {
    Xml(Vec<u8>),
    /// A PDF without an XML file.
    Nothing,
    /// Above `LIMIT_BYTES`.
    TooLarge,
    /// XML files that differ, in whichever revision, or more files than are looked at: each program may show
    /// another one.
    Several,
    /// It is encrypted, or a file in it is packed in a way that is not read here: another program may show one.
    Unread,
}

/// Whether these bytes say that they are a PDF.
pub fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// The XML file that a PDF carries.
pub fn xml(pdf: &[u8]) -> Embedded {
    let Some(files) = files(pdf) else { return Embedded::Unread };
    if files.len() > FILES_LIMIT {
        return Embedded::Several;
    }
    let mut found: Option<Vec<u8>> = None;
    for file in &files {
        match file.content() {
            Content::Xml(bytes) if found.as_ref().is_some_and(|known| *known != bytes) => {
                return Embedded::Several;
            }
            Content::Xml(bytes) => found = Some(bytes),
            Content::Other => {}
            Content::TooLarge => return Embedded::TooLarge,
            Content::Unread => return Embedded::Unread,
        }
    }
    found.map_or(Embedded::Nothing, Embedded::Xml)
}

/// An object with a stream, of whichever revision.
struct Stream<'d> {
    number: Option<u32>,
    dictionary: Dictionary,
    /// From its first byte to the end of the document.
    data: &'d [u8],
}

enum Content {
    Xml(Vec<u8>),
    Other,
    TooLarge,
    Unread,
}

/// The streams that are files; none where that cannot be said.
fn files(pdf: &[u8]) -> Option<Vec<Stream<'_>>> {
    let mut left = pdf.len().saturating_mul(READINGS_LIMIT).saturating_add(OBJECTS_LIMIT_BYTES);
    let streams = streams(pdf, &mut left)?;
    let mut named = BTreeSet::new();
    name_files(pdf, &mut named, &mut left)?;
    let mut room = OBJECTS_LIMIT_BYTES;
    for packed in streams.iter().filter(|stream| stream.holds_objects()) {
        let (objects, read_bytes) = packed.unpacked(room)?;
        // What is packed may be long and hold nothing.
        left = left.checked_sub(read_bytes)?;
        room = room.checked_sub(objects.len())?;
        name_files(&objects, &mut named, &mut left)?;
    }
    let there: BTreeSet<u32> = streams.iter().filter_map(|stream| stream.number).collect();
    let is_file = |stream: &Stream<'_>| {
        stream.says_file() || stream.number.is_none_or(|number| named.contains(&number))
    };
    named.is_subset(&there).then(|| streams.into_iter().filter(is_file).collect())
}

/// Every object with a stream; none when reading them takes too long.
fn streams<'d>(pdf: &'d [u8], left: &mut usize) -> Option<Vec<Stream<'d>>> {
    const WORD: &[u8] = b"obj";
    let (mut from, mut found) = (0, Vec::new());
    while let Some(at) = find(pdf, from, WORD) {
        from = at + WORD.len();
        let before = pdf.get(..at).unwrap_or_default();
        if before.ends_with(b"end") || pdf.get(from).is_some_and(|byte| is_regular(*byte)) {
            continue;
        }
        let mut reader = Reader::new(pdf, from);
        let value = reader.value();
        reader.skip_blanks();
        *left = left.checked_sub(reader.at - from)?;
        let dictionary = match value {
            Some(Value::Dictionary(dictionary)) => dictionary,
            // Another program may read on where this one does not, and find a stream behind it.
            None if begins_dictionary(pdf, from) => return None,
            _ => continue,
        };
        let Some(data) = reader.rest().strip_prefix(b"stream") else { continue };
        let data = LINE_ENDS.iter().find_map(|end| data.strip_prefix(*end)).unwrap_or(data);
        found.push(Stream { number: number_before(before), dictionary, data });
    }
    Some(found)
}

fn begins_dictionary(bytes: &[u8], at: usize) -> bool {
    let mut reader = Reader::new(bytes, at);
    reader.skip_blanks();
    reader.rest().starts_with(b"<<")
}

/// Adds the numbers of the streams that something calls its file (`/EF`). None when that cannot be followed: it
/// is said in an object of its own or in a way that is not read here, everything is encrypted, or reading takes
/// too long.
fn name_files(bytes: &[u8], named: &mut BTreeSet<u32>, left: &mut usize) -> Option<()> {
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    for (at, _) in slashes {
        let mut reader = Reader::new(bytes, at);
        match reader.name().as_slice() {
            b"EF" => match reader.value() {
                Some(Value::Dictionary(of)) => {
                    for value in of.values() {
                        named.insert(reference(value)?);
                    }
                }
                Some(Value::Reference(_)) | None => return None,
                _ => {}
            },
            b"Encrypt" => return None,
            _ => {}
        }
        *left = left.checked_sub(reader.at - at)?;
    }
    Some(())
}

fn reference(value: &Value) -> Option<u32> {
    if let Value::Reference(number) = value { Some(*number) } else { None }
}

impl Stream<'_> {
    fn says_file(&self) -> bool {
        let is_file = |value: &Value| matches!(value, Value::Name(name) if name == b"EmbeddedFile");
        self.dictionary.all(b"Type").any(is_file)
    }

    /// Whether it may be read as a stream of packed objects, whatever it is called.
    fn holds_objects(&self) -> bool {
        self.dictionary.has(b"First") && self.dictionary.has(b"N")
    }

    fn content(&self) -> Content {
        let Some((bytes, _)) = self.unpacked(LIMIT_BYTES) else { return Content::Unread };
        match (is_xml(&bytes), bytes.len() > LIMIT_BYTES) {
            (true, false) => Content::Xml(bytes),
            (true, true) => Content::TooLarge,
            // A file of another kind may be as large as it likes.
            (false, _) => Content::Other,
        }
    }

    /// What the stream holds, up to one byte above the limit, and how many bytes were read for it; none where it
    /// is not read.
    fn unpacked(&self, limit: usize) -> Option<(Vec<u8>, usize)> {
        if self.is_packed()? {
            // It ends where its own format says so, whatever length the dictionary claims.
            let mut found = Vec::new();
            let most = u64::try_from(limit).ok()? + 1;
            let mut decoder = ZlibDecoder::new(self.data);
            decoder.by_ref().take(most).read_to_end(&mut found).ok()?;
            return Some((found, usize::try_from(decoder.total_in()).ok()?));
        }
        let end = find(self.data, 0, b"endstream")?;
        let found = self.data.get(..end.min(limit + 1))?;
        Some((found.to_vec(), end))
    }

    /// Whether it is deflated, and in no other way packed; none where that is not so or not clear.
    fn is_packed(&self) -> Option<bool> {
        const OTHERS: [&[u8]; 4] = [b"DecodeParms", b"F", b"FFilter", b"FDecodeParms"];
        if OTHERS.iter().any(|key| self.dictionary.has(key)) {
            return None;
        }
        let mut filters = self.dictionary.all(b"Filter");
        let filter = filters.next();
        if filters.next().is_some() {
            return None;
        }
        match filter {
            None => Some(false),
            Some(Value::Array(several)) => match several.as_slice() {
                [] => Some(false),
                [only] => is_deflate(only),
                _ => None,
            },
            Some(only) => is_deflate(only),
        }
    }
}

fn is_deflate(filter: &Value) -> Option<bool> {
    matches!(filter, Value::Name(name) if name == b"FlateDecode").then_some(true)
}

/// Whether it may be a document: a page or a drawing beside it is none, though it begins like one.
fn is_xml(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    const OTHERS: [&[u8]; 3] = [b"<!doctype html", b"<html", b"<svg"];
    let bytes = MARKS.iter().find_map(|mark| bytes.strip_prefix(*mark)).unwrap_or(bytes);
    // Of UTF-16 every other byte of a tag is zero.
    let narrow = bytes.iter().copied().filter(|byte| *byte != 0);
    let head: Vec<u8> = narrow.skip_while(u8::is_ascii_whitespace).take(HEAD_BYTES).collect();
    let begins = |with: &&[u8]| head.get(..with.len()).is_some_and(|own| own.eq_ignore_ascii_case(with));
    head.starts_with(b"<") && !OTHERS.iter().any(begins)
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
        let bomb = packed(&vec![b'<'; LIMIT_BYTES + 1]);
        assert!(bomb.len() < 100_000);
        assert_eq!(xml(&pdf("/Filter /FlateDecode", &bomb)), Embedded::TooLarge);
    }

    /// Another revision: objects behind the end of what was there.
    fn updated(before: &[u8], objects: &str) -> Vec<u8> {
        [before, b"\n", objects.as_bytes(), b"\n%%EOF"].concat()
    }

    #[test]
    fn a_draft_in_an_older_revision_is_another_file() {
        let draft = pdf("/Length 5", b"<draft/>");
        let object = "2 0 obj\n<< /Type /EmbeddedFile >>\nstream\n<final/>\nendstream\nendobj";
        assert_eq!(xml(&updated(&draft, object)), Embedded::Several);
        let same = object.replace("final", "draft");
        assert_eq!(xml(&updated(&draft, &same)), Embedded::Xml(b"<draft/>\n".to_vec()), "written again");
    }

    #[test]
    fn a_file_packed_in_another_way_is_told_and_never_passed_over() {
        let known = pdf("/Length 5", b"<a/>");
        for entries in [
            "/Filter /LZWDecode",
            "/Filter /FlateDecode",
            "/Filter [/ASCII85Decode /FlateDecode]",
            "/Filter /FlateDecode /Filter /LZWDecode",
            "/Filter 7 0 R",
            "/Filter null",
            "/DecodeParms << /Predictor 12 >>",
            "/F (elsewhere.xml)",
        ] {
            let hidden = pdf(entries, b"<x/>");
            assert_eq!(xml(&hidden), Embedded::Unread, "{entries}");
            assert_eq!(xml(&[known.clone(), hidden.clone()].concat()), Embedded::Unread, "behind: {entries}");
            assert_eq!(xml(&[hidden, known.clone()].concat()), Embedded::Unread, "before: {entries}");
        }
        assert_eq!(xml(&updated(&known, "trailer << /Encrypt 9 0 R >>")), Embedded::Unread, "encrypted");
        let plain = pdf("/Filter [/FlateDecode]", &packed(b"<a/>\n"));
        assert_eq!(xml(&[known.clone(), plain].concat()), Embedded::Xml(b"<a/>\n".to_vec()), "the same file");
    }

    #[test]
    fn a_file_is_found_however_it_is_called() {
        let known = pdf("/Length 5", b"<a/>");
        let other = "9 0 obj\n<< /Length 5 >>\nstream\n<b/>\nendstream\nendobj\n";
        assert_eq!(xml(&updated(&known, other)), Embedded::Xml(b"<a/>\n".to_vec()), "a stream is no file");
        for named in ["<< /EF << /F 9 0 R >> >>", "[<</FS<</#45F<</UF 9%\n0 R>>>>>>]"] {
            let hidden = updated(&known, &format!("{other}8 0 obj {named} endobj"));
            assert_eq!(xml(&hidden), Embedded::Several, "{named}");
        }
        let spelled = other.replace("/Length 5", "/Type /Embedded#46ile");
        assert_eq!(xml(&updated(&known, &spelled)), Embedded::Several);
        let unnumbered = other.replace("9 0 obj", "9 0 %\nobj");
        assert_eq!(xml(&updated(&known, &unnumbered)), Embedded::Several, "it may have any number");
        let in_a_text =
            "9 0 obj\n<< /Type /EmbeddedFile /Desc (stream\n<a/>\nendstream) >>\nstream\n<b/>\nendstream";
        assert_eq!(xml(&updated(&known, in_a_text)), Embedded::Several, "not what its description says");
        for marked in [&b"\xff\xfe<\0b\0/\0>\0"[..], b"\0<\0b\0/\0>", b"\xef\xbb\xbf <b/>"] {
            assert_eq!(xml(&[known.clone(), pdf("", marked)].concat()), Embedded::Several, "{marked:?}");
        }
    }

    #[test]
    fn what_calls_a_stream_its_file_may_be_packed_itself() {
        let known = pdf("/Length 5", b"<a/>");
        let other = "9 0 obj\n<< /Length 5 >>\nstream\n<b/>\nendstream\nendobj\n8 0 obj\n";
        let objects = packed(b"7 0 << /EF << /F 9 0 R >> >>");
        let packed_with = |entries: &str| {
            let head = format!("\n{other}<< /N 1 /First 4 {entries} >>\nstream\n");
            [known.as_slice(), head.as_bytes(), &objects, b"\nendstream\nendobj"].concat()
        };
        assert_eq!(xml(&packed_with("/Type /ObjStm /Filter /FlateDecode")), Embedded::Several);
        assert_eq!(xml(&packed_with("/Filter /FlateDecode")), Embedded::Several, "whatever it is called");
        assert_eq!(xml(&packed_with("/Filter /LZWDecode")), Embedded::Unread);
        for beyond in ["8 0 obj << /EF 9 0 R >> endobj", "8 0 obj << /EF << /F 9 0 R >> >> endobj"] {
            assert_eq!(xml(&updated(&known, beyond)), Embedded::Unread, "not there to be followed: {beyond}");
        }
    }

    #[test]
    fn a_file_that_is_called_in_a_way_that_is_not_read_here_is_told() {
        let known = pdf("/Length 5", b"<a/>");
        let other = "9 0 obj\n<< /Length 5 >>\nstream\n<b/>\nendstream\nendobj\n";
        let named =
            |entries: &str| xml(&updated(&known, &format!("{other}8 0 obj << /EF {entries} >> endobj")));
        let deep = format!("<< /X {}{} /F 9 0 R >>", "[".repeat(33), "]".repeat(33));
        for unread in [
            deep.as_str(),
            "<< ] /F 9 0 R >>",
            "<< /F 9. 0 R >>",
            "<< /F 9e0 0 R >>",
            "<< /F (9 0 R) >>",
            "+9 0 R",
        ] {
            assert_eq!(named(unread), Embedded::Unread, "{unread}");
        }
        for read in ["<< /F +9 0 R >>", "<< /F +\n9 0. R >>"] {
            assert_eq!(named(read), Embedded::Several, "{read}");
        }
        let unread = other.replace("<< /Length 5", "%\n<< /X ] /Type /EmbeddedFile");
        assert_eq!(
            xml(&updated(&known, &unread)),
            Embedded::Unread,
            "a stream whose dictionary does not read"
        );
        let no_stream = updated(&known, "9 0 obj ] endobj");
        assert_eq!(xml(&no_stream), Embedded::Xml(b"<a/>\n".to_vec()), "an object that is no dictionary");
    }

    #[test]
    fn what_is_packed_counts_by_what_is_read_of_it_though_it_holds_nothing() {
        let blocks = [0, 0, 0, 0xff, 0xff].repeat(1_000);
        let empty = [&[0x78, 1][..], &blocks, &[1, 0, 0, 0xff, 0xff, 0, 0, 0, 1]].concat();
        let document = pdf("/N 1 /First 4 /Filter /FlateDecode", &empty);
        let mut left = usize::MAX;
        let found = streams(&document, &mut left).unwrap();
        let packed = found.iter().find(|stream| stream.holds_objects()).unwrap();
        assert_eq!(packed.unpacked(LIMIT_BYTES), Some((Vec::new(), empty.len())));
    }

    #[test]
    fn reading_ends_where_it_would_take_too_long() {
        for endless in ["1 0 obj<<(", "/EF<<("] {
            assert_eq!(xml(endless.repeat(20_000).as_bytes()), Embedded::Unread, "{endless}");
        }
    }
}
