//! Streaming XML under limits: one small tree per child of a statement, never the whole file.
//!
//! DTDs are refused, so there are no entities but the five of XML and character references.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::tee::Tee;
use crate::statement::finding::Finding;

const MAX_DEPTH: usize = 64;
/// Text of one element; the longest of the standard has 2,000 characters.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Elements inside one entry: a batch of a hundred thousand payments.
const MAX_ELEMENTS: usize = 8_000_000;

/// An element by its local name, with what we need of it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    currency: Option<String>,
    text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn descend(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The trimmed text of the element, if any.
    pub fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.descend(path)?.text()
    }

    /// Cleaned text at the path, for names and references.
    pub fn clean_at(&self, path: &[&str]) -> Option<String> {
        self.text_at(path).map(crate::text::clean).filter(|text| !text.is_empty())
    }

    /// The attribute `Ccy`.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref().map(str::trim).filter(|currency| !currency.is_empty())
    }
}

pub(super) enum Step {
    /// An element was entered; it is the last of the path.
    Enter(String),
    /// The last element of the path was left.
    Leave,
    End,
}

/// A text in memory, or a file that is too large for it.
enum Input<'a> {
    Text { text: &'a str, reader: Reader<&'a [u8]>, mark: usize },
    Stream(Reader<Tee<'a>>),
}

pub(super) struct Walker<'a> {
    input: Input<'a>,
    /// The content of an event of a stream.
    buffer: Vec<u8>,
    /// Local names from the root, numbered where they repeat.
    path: Vec<String>,
    /// An empty element was entered; its end is still to be told.
    pending_leave: bool,
    version: Option<String>,
}

impl<'a> Walker<'a> {
    pub fn new(text: &'a str) -> Self {
        Walker::of(Input::Text { text, reader: Reader::from_str(text), mark: 0 })
    }

    pub fn of_stream(input: &'a mut dyn BufRead) -> Self {
        Walker::of(Input::Stream(Reader::from_reader(Tee::new(input))))
    }

    fn of(input: Input<'a>) -> Self {
        Walker { input, buffer: Vec::new(), path: Vec::new(), pending_leave: false, version: None }
    }

    pub fn path(&self) -> String {
        if self.path.is_empty() { "/".to_owned() } else { format!("/{}", self.path.join("/")) }
    }

    /// Gives the last element of the path its number among its siblings.
    pub fn number_current(&mut self, ordinal: usize) {
        if let Some(last) = self.path.last_mut() {
            last.push_str(&format!("[{ordinal}]"));
        }
    }

    pub fn take_version(&mut self) -> Option<String> {
        self.version.take()
    }

    /// The next element boundary; text between elements of the frame is of no interest.
    pub fn step(&mut self) -> Result<Step, Finding> {
        if std::mem::take(&mut self.pending_leave) {
            self.path.pop();
            return Ok(Step::Leave);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let step = loop {
            buffer.clear();
            self.mark();
            match self.next_event(&mut buffer)? {
                Event::Start(tag) => break self.enter(&tag, false)?,
                Event::Empty(tag) => break self.enter(&tag, true)?,
                Event::End(_) => {
                    self.path.pop();
                    break Step::Leave;
                }
                Event::Eof if self.path.is_empty() => break Step::End,
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
        };
        self.buffer = buffer;
        Ok(step)
    }

    fn enter(&mut self, tag: &BytesStart<'_>, is_empty: bool) -> Result<Step, Finding> {
        if self.path.len() >= MAX_DEPTH {
            return Err(self.refuse("xml_too_deep", "XML lồng quá sâu", "the XML is nested too deeply"));
        }
        self.note_version(tag);
        self.pending_leave = is_empty;
        let name = tag.local_name().into_inner().to_owned();
        self.path.push(name.clone());
        Ok(Step::Enter(name))
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

    /// Reads the element just entered with everything inside, and leaves it. Gives the tree and
    /// the exact text.
    pub fn read_element(&mut self) -> Result<(Element, Cow<'_, str>), Finding> {
        let name = self.path.last().map(|name| bare_name(name).to_owned()).unwrap_or_default();
        let mut open = vec![Element { name, ..Element::default() }];
        if std::mem::take(&mut self.pending_leave) {
            self.path.pop();
        } else {
            let mut buffer = std::mem::take(&mut self.buffer);
            self.read_inside(&mut open, &mut buffer)?;
            self.buffer = buffer;
        }
        Ok((open.pop().unwrap_or_default(), self.raw()))
    }

    fn read_inside(&mut self, open: &mut Vec<Element>, buffer: &mut Vec<u8>) -> Result<(), Finding> {
        let base = self.path.len();
        let mut count = 0_usize;
        loop {
            buffer.clear();
            match self.next_event(buffer)? {
                Event::Start(tag) => {
                    self.open_child(&tag, open, &mut count)?;
                }
                Event::Empty(tag) => {
                    self.open_child(&tag, open, &mut count)?;
                    self.path.pop();
                    close_child(open);
                }
                Event::End(_) => {
                    self.path.pop();
                    if self.path.len() < base {
                        return Ok(());
                    }
                    close_child(open);
                }
                Event::Text(text) => self.add_text(open, &text.xml10_content())?,
                Event::CData(text) => self.add_text(open, &text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let resolved = self.resolve(&reference)?;
                    self.add_text(open, &resolved)?;
                }
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
        }
    }

    fn open_child(
        &mut self,
        tag: &BytesStart<'_>,
        open: &mut Vec<Element>,
        count: &mut usize,
    ) -> Result<(), Finding> {
        *count += 1;
        if self.path.len() >= MAX_DEPTH {
            return Err(self.refuse("xml_too_deep", "XML lồng quá sâu", "the XML is nested too deeply"));
        }
        if *count > MAX_ELEMENTS {
            return Err(self.refuse("xml_too_large", "Bút toán quá lớn", "the entry has too many elements"));
        }
        let name = tag.local_name().into_inner().to_owned();
        let currency =
            tag.attributes().flatten().find(|attribute| attribute.key.local_name().into_inner() == "Ccy");
        let currency = currency.map(|attribute| attribute.value.into_owned());
        self.path.push(name.clone());
        open.push(Element { name, currency, ..Element::default() });
        Ok(())
    }

    fn add_text(&self, open: &mut [Element], text: &str) -> Result<(), Finding> {
        let Some(element) = open.last_mut() else { return Ok(()) };
        if element.text.len() + text.len() > MAX_TEXT_BYTES {
            return Err(self.refuse("xml_text_too_long", "Nội dung quá dài", "the text is too long"));
        }
        element.text.push_str(text);
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

    fn next_event<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, Finding>
    where
        'a: 'b,
    {
        let event = match &mut self.input {
            Input::Text { reader, .. } => reader.read_event(),
            Input::Stream(reader) => reader.read_event_into(buffer),
        };
        match event {
            Ok(Event::DocType(_)) => {
                Err(self.refuse("xml_dtd_refused", "Không nhận XML có DTD", "XML with a DTD is refused"))
            }
            Ok(event) => Ok(event),
            Err(error) => {
                let line = self.line();
                Err(Finding::new(
                    self.path(),
                    "xml_broken",
                    format!("XML hỏng ở dòng {line}"),
                    format!("the XML is broken at line {line}: {error}"),
                ))
            }
        }
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
        match &mut self.input {
            Input::Text { reader, mark, .. } => *mark = position(reader),
            Input::Stream(reader) => reader.get_mut().mark(),
        }
    }

    fn line(&self) -> usize {
        let ends = match &self.input {
            Input::Text { text, reader, .. } => {
                let read = text.as_bytes().get(..position(reader)).unwrap_or(text.as_bytes());
                read.iter().filter(|byte| **byte == b'\n').count()
            }
            Input::Stream(reader) => reader.get_ref().line_count(),
        };
        ends + 1
    }

    /// The text since the last mark.
    fn raw(&self) -> Cow<'_, str> {
        match &self.input {
            Input::Text { text, reader, mark } => {
                text.get(*mark..position(reader)).unwrap_or_default().into()
            }
            Input::Stream(reader) => String::from_utf8_lossy(reader.get_ref().kept()),
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn close_child(open: &mut Vec<Element>) {
    if let Some(child) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(child);
    }
}

/// `Ntry[3]` is `Ntry`.
fn bare_name(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}
