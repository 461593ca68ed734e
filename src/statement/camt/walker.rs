//! Streaming XML under limits: one small tree per child of a statement, never the whole file.
//!
//! DTDs are refused, so there are no entities but the five of XML and character references.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::fragment::{Fragment, Key, NOTHING, Node, Span, last_name};
use super::tee::Tee;
use crate::statement::finding::Finding;

const MAX_DEPTH: usize = 64;
/// Text of one element; the longest of the standard has 2,000 characters.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Elements inside one entry: a batch of a hundred thousand payments.
const MAX_ELEMENTS: usize = if cfg!(test) { 100_000 } else { 8_000_000 };
/// Prefixes in one file: those of the standard, of a signature, and of the bank.
const MAX_PREFIXES: usize = 64;
/// What a marked section begins with.
const CDATA: &str = "<![CDATA[";

pub(super) enum Step {
    /// An element was entered; it is the last of the path.
    Enter,
    /// The last element of the path was left.
    Leave,
    End,
}

/// A text in memory, or a file that is too large for it.
enum Input<'a> {
    Text { text: &'a str, reader: Reader<&'a [u8]> },
    Stream(Reader<Tee<'a>>),
}

pub(super) struct Walker<'a> {
    input: Input<'a>,
    /// Where the last element begins.
    mark: usize,
    /// The content of an event of a stream.
    buffer: Vec<u8>,
    /// Local names from the root, numbered where they repeat, each behind a slash.
    path: String,
    /// Where each of them begins.
    slashes: Vec<usize>,
    /// An empty element was entered; its end is still to be told.
    pending_leave: bool,
    /// The root element was left; nothing may follow it.
    is_root_closed: bool,
    /// Prefixes that some element has declared.
    prefixes: Vec<String>,
    version: Option<String>,
    /// The fragment read last, kept for the room it has.
    left: String,
    nodes: Vec<Node>,
    open: Vec<usize>,
    pieced: Vec<String>,
    currencies: String,
}

impl<'a> Walker<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        Walker::of(Input::Text { text, reader })
    }

    pub fn of_stream(input: &'a mut dyn BufRead) -> Self {
        let mut reader = Reader::from_reader(Tee::new(input));
        reader.config_mut().check_comments = true;
        Walker::of(Input::Stream(reader))
    }

    fn of(input: Input<'a>) -> Self {
        Walker {
            input,
            mark: 0,
            buffer: Vec::new(),
            path: String::new(),
            slashes: Vec::new(),
            pending_leave: false,
            is_root_closed: false,
            prefixes: Vec::new(),
            version: None,
            left: String::new(),
            nodes: Vec::new(),
            open: Vec::new(),
            pieced: Vec::new(),
            currencies: String::new(),
        }
    }

    pub fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// The last element of the path.
    pub fn name(&self) -> &str {
        last_name(&self.path)
    }

    /// Gives the last element of the path its number among its siblings.
    pub fn number_current(&mut self, ordinal: usize) {
        // Writing to a string cannot fail.
        let _ = write!(self.path, "[{ordinal}]");
    }

    pub fn take_version(&mut self) -> Option<String> {
        self.version.take()
    }

    /// The next element boundary; text between elements of the frame is of no interest.
    pub fn step(&mut self) -> Result<Step, Finding> {
        if std::mem::take(&mut self.pending_leave) {
            self.leave();
            return Ok(Step::Leave);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let step = loop {
            buffer.clear();
            self.mark();
            match self.next_event(&mut buffer) {
                Ok(Event::Start(tag)) => break self.enter(&tag, false)?,
                Ok(Event::Empty(tag)) => break self.enter(&tag, true)?,
                Ok(Event::End(_)) => {
                    self.leave();
                    break Step::Leave;
                }
                Ok(Event::Eof) if self.slashes.is_empty() => break Step::End,
                Ok(Event::Eof) => return Err(self.truncated()),
                Ok(Event::DocType(_)) => return Err(self.refuse_dtd()),
                // Files that were put one behind the other: a declaration begins the next.
                Ok(Event::Decl(_)) if self.is_root_closed => self.is_root_closed = false,
                Ok(Event::Text(text)) if self.slashes.is_empty() && !is_blank(&text) => {
                    return Err(self.stray());
                }
                Ok(Event::CData(_) | Event::GeneralRef(_)) if self.slashes.is_empty() => {
                    return Err(self.stray());
                }
                Ok(_) => {}
                Err(error) => return Err(self.broken(&error)),
            }
        };
        self.buffer = buffer;
        Ok(step)
    }

    fn enter(&mut self, tag: &BytesStart<'_>, is_empty: bool) -> Result<Step, Finding> {
        if self.slashes.len() >= MAX_DEPTH {
            return Err(self.refuse("xml_too_deep", "XML lồng quá sâu", "the XML is nested too deeply"));
        }
        if self.is_root_closed {
            return Err(self.stray());
        }
        self.check_tag(tag)?;
        self.note_version(tag);
        self.pending_leave = is_empty;
        self.slashes.push(self.path.len());
        self.path.push('/');
        self.path.push_str(local_of(tag.name().into_inner()));
        Ok(Step::Enter)
    }

    fn leave(&mut self) {
        if let Some(slash) = self.slashes.pop() {
            self.path.truncate(slash);
        }
        self.is_root_closed |= self.slashes.is_empty();
    }

    /// Attributes are well-formed and come once, and the prefix of the name was declared. The currency that the tag
    /// names.
    fn check_tag(&mut self, tag: &BytesStart<'_>) -> Result<Span, Finding> {
        let mut currency = None;
        if !tag.attributes_raw().is_empty() {
            for attribute in tag.attributes() {
                let Ok(attribute) = attribute else {
                    return Err(self.refuse(
                        "xml_broken",
                        "Thuộc tính XML hỏng",
                        "an attribute is malformed",
                    ));
                };
                let key = attribute.key.into_inner();
                if let Some(prefix) = key.strip_prefix("xmlns:") {
                    self.declare(prefix)?;
                }
                if currency.is_none() && local_of(key) == "Ccy" {
                    currency = Some(Span { start: self.currencies.len(), length: attribute.value.len() });
                    self.currencies.push_str(&attribute.value);
                }
            }
        }
        let name = tag.name().into_inner();
        let prefix_length = name.len() - local_of(name).len();
        match prefix_length.checked_sub(1).and_then(|length| name.get(..length)) {
            Some(prefix) if !self.prefixes.iter().any(|known| known == prefix) => Err(self.refuse(
                "xml_broken",
                "Tiền tố XML chưa khai báo",
                "the prefix of an element is not declared",
            )),
            _ => Ok(currency.unwrap_or_default()),
        }
    }

    fn declare(&mut self, prefix: &str) -> Result<(), Finding> {
        if self.prefixes.iter().any(|known| known == prefix) {
            return Ok(());
        }
        if self.prefixes.len() >= MAX_PREFIXES {
            return Err(self.refuse(
                "xml_too_large",
                "Khai báo quá nhiều tiền tố XML",
                "the XML declares too many prefixes",
            ));
        }
        self.prefixes.push(prefix.to_owned());
        Ok(())
    }

    fn stray(&self) -> Finding {
        self.refuse(
            "xml_broken",
            "Có nội dung ngoài phần tử gốc của XML",
            "something stands outside of the root element",
        )
    }

    fn note_version(&mut self, tag: &BytesStart<'_>) {
        if self.version.is_some() {
            return;
        }
        let raw = tag.attributes_raw();
        let version = raw.find("camt.05").and_then(|at| raw.get(at..)).map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').take(24).collect::<String>()
        });
        self.version = version;
    }

    /// Reads the element just entered with everything inside, and leaves it.
    pub fn read_element(&mut self) -> Result<Fragment<'_>, Finding> {
        self.nodes.clear();
        self.pieced.clear();
        self.currencies.clear();
        self.open.clear();
        self.left.clone_from(&self.path);
        self.nodes.push(Node { end: 1, ..NOTHING });
        if !std::mem::take(&mut self.pending_leave) {
            self.open.push(0);
            let mut buffer = std::mem::take(&mut self.buffer);
            self.read_inside(&mut buffer)?;
            self.buffer = buffer;
        }
        self.leave();
        Ok(Fragment {
            path: &self.left,
            raw: self.raw(),
            nodes: &self.nodes,
            pieced: &self.pieced,
            currencies: &self.currencies,
        })
    }

    fn read_inside(&mut self, buffer: &mut Vec<u8>) -> Result<(), Finding> {
        while !self.open.is_empty() {
            buffer.clear();
            let place = self.position() - self.mark;
            match self.next_event(buffer) {
                Ok(Event::Start(tag)) => self.open_node(&tag, place)?,
                Ok(Event::Empty(tag)) => {
                    self.open_node(&tag, place)?;
                    self.open.pop();
                }
                Ok(Event::End(_)) => self.close_node(),
                Ok(Event::Text(text)) => self.add_text(&text, Some(place))?,
                Ok(Event::CData(text)) => self.add_text(&text, Some(place + CDATA.len()))?,
                Ok(Event::GeneralRef(reference)) => {
                    let resolved = self.resolve(&reference).map_err(|finding| self.within(finding))?;
                    self.add_text(&resolved, None)?;
                }
                Ok(Event::Eof) => return Err(self.within(self.truncated())),
                Ok(Event::DocType(_)) => return Err(self.within(self.refuse_dtd())),
                Ok(_) => {}
                Err(error) => return Err(self.within(self.broken(&error))),
            }
        }
        Ok(())
    }

    fn open_node(&mut self, tag: &BytesStart<'_>, place: usize) -> Result<(), Finding> {
        let at = self.nodes.len();
        if self.slashes.len() + self.open.len() > MAX_DEPTH {
            let deep = self.refuse("xml_too_deep", "XML lồng quá sâu", "the XML is nested too deeply");
            return Err(self.within(deep));
        }
        if at > MAX_ELEMENTS {
            return Err(self.refuse("xml_too_large", "Bút toán quá lớn", "the entry has too many elements"));
        }
        let currency = self.check_tag(tag).map_err(|finding| self.within(finding))?;
        let name = tag.name().into_inner();
        let local = local_of(name);
        let length = local.len();
        // Behind the bracket, and the prefix where there is one.
        let start = place + 1 + name.len() - length;
        let name = Span { start, length };
        self.nodes.push(Node { name, key: Key::of(local), currency, end: at + 1, ..NOTHING });
        self.open.push(at);
        Ok(())
    }

    fn close_node(&mut self) {
        let end = self.nodes.len();
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at)) {
            node.end = end;
        }
    }

    /// Text of the innermost open element; `place` is where it stands in the fragment as it is.
    fn add_text(&mut self, text: &str, place: Option<usize>) -> Result<(), Finding> {
        let Some(node) = self.open.last().and_then(|at| self.nodes.get_mut(*at)) else { return Ok(()) };
        let known = node.text;
        // What stands between elements for the eye only.
        if known.length == 0 && text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Ok(());
        }
        if text.bytes().any(|byte| byte < b' ' && !byte.is_ascii_whitespace()) {
            let control =
                self.refuse("xml_broken", "Có ký tự điều khiển", "a control character stands in the text");
            return Err(self.within(control));
        }
        node.text.length += text.len();
        if node.text.length > MAX_TEXT_BYTES {
            let long = self.refuse("xml_text_too_long", "Nội dung quá dài", "the text is too long");
            return Err(self.within(long));
        }
        match (place, node.pieced.and_then(|at| self.pieced.get_mut(at))) {
            (_, Some(pieced)) => pieced.push_str(text),
            (Some(start), None) if known.length == 0 => node.text.start = start,
            (_, None) => {
                node.pieced = Some(self.pieced.len());
                let earlier = known.of(&self.raw()).to_owned();
                self.pieced.push(earlier + text);
            }
        }
        Ok(())
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<String, Finding> {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return Ok(character.to_string());
        }
        resolve_predefined_entity(reference).map(str::to_owned).ok_or_else(|| {
            self.refuse("xml_entity_unknown", "Thực thể XML không được phép", "the XML entity is not allowed")
        })
    }

    #[inline]
    fn next_event<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, quick_xml::Error>
    where
        'a: 'b,
    {
        match &mut self.input {
            Input::Text { reader, .. } => reader.read_event(),
            Input::Stream(reader) => reader.read_event_into(buffer),
        }
    }

    fn refuse_dtd(&self) -> Finding {
        self.refuse("xml_dtd_refused", "Không nhận XML có DTD", "XML with a DTD is refused")
    }

    fn broken(&self, error: &quick_xml::Error) -> Finding {
        let line = self.line();
        Finding::new(
            self.path(),
            "xml_broken",
            format!("XML hỏng ở dòng {line}"),
            format!("the XML is broken at line {line}: {error}"),
        )
    }

    pub fn truncated(&self) -> Finding {
        self.refuse("xml_truncated", "Tệp XML bị cắt cụt", "the XML ends before this element is closed")
    }

    fn refuse(&self, code: &'static str, vi: &str, en: &str) -> Finding {
        let line = self.line();
        Finding::new(self.path(), code, format!("{vi} (dòng {line})"), format!("{en} (line {line})"))
    }

    /// The next element starts here.
    fn mark(&mut self) {
        self.mark = self.position();
        if let Input::Stream(reader) = &mut self.input {
            reader.get_mut().mark();
        }
    }

    /// How many bytes are read.
    fn position(&self) -> usize {
        let position = match &self.input {
            Input::Text { reader, .. } => reader.buffer_position(),
            Input::Stream(reader) => reader.buffer_position(),
        };
        usize::try_from(position).unwrap_or(usize::MAX)
    }

    fn line(&self) -> usize {
        let ends = match &self.input {
            Input::Text { text, .. } => {
                let read = text.as_bytes().get(..self.position()).unwrap_or(text.as_bytes());
                read.iter().filter(|byte| **byte == b'\n').count()
            }
            Input::Stream(reader) => reader.get_ref().line_count(),
        };
        ends + 1
    }

    /// The text since the last mark.
    fn raw(&self) -> Cow<'_, str> {
        match &self.input {
            Input::Text { text, .. } => text.get(self.mark..self.position()).unwrap_or_default().into(),
            Input::Stream(reader) => String::from_utf8_lossy(reader.get_ref().kept()),
        }
    }

    /// The place of a finding inside of the elements that are open below the walker's own.
    fn within(&self, mut finding: Finding) -> Finding {
        let raw = self.raw();
        for node in self.open.iter().skip(1).filter_map(|at| self.nodes.get(*at)) {
            finding.at.push('/');
            finding.at.push_str(node.name.of(&raw));
        }
        finding
    }
}

/// What stands behind the prefix of a name. Names are short: going through their bytes costs less than any search.
fn local_of(name: &str) -> &str {
    let colon = name.bytes().position(|byte| byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

/// White space, or the byte order mark of a file that was joined.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\0' | '\u{1A}'))
}
