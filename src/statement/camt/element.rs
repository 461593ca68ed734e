//! Streaming XML under limits: one small tree per child of a statement, never the whole file.
//!
//! DTDs are refused, so there are no entities but the five of XML and character references.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

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

pub(super) struct Walker<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Local names from the root, numbered where they repeat.
    path: Vec<String>,
    /// An empty element was entered; its end is still to be told.
    pending_leave: bool,
    /// Where the current element starts in the text.
    element_start: usize,
    version: Option<String>,
}

impl<'a> Walker<'a> {
    pub fn new(text: &'a str) -> Self {
        let reader = Reader::from_str(text);
        Walker { text, reader, path: Vec::new(), pending_leave: false, element_start: 0, version: None }
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
        loop {
            let start = self.position();
            match self.next_event()? {
                Event::Start(tag) => return self.enter(&tag, start, false),
                Event::Empty(tag) => return self.enter(&tag, start, true),
                Event::End(_) => {
                    self.path.pop();
                    return Ok(Step::Leave);
                }
                Event::Eof if self.path.is_empty() => return Ok(Step::End),
                Event::Eof => return Err(self.truncated()),
                _ => {}
            }
        }
    }

    fn enter(&mut self, tag: &BytesStart<'_>, start: usize, is_empty: bool) -> Result<Step, Finding> {
        if self.path.len() >= MAX_DEPTH {
            return Err(self.refuse("xml_too_deep", "XML lồng quá sâu", "the XML is nested too deeply"));
        }
        self.note_version(tag);
        self.element_start = start;
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
    pub fn read_element(&mut self) -> Result<(Element, &'a str), Finding> {
        let start = self.element_start;
        let base = self.path.len();
        let name = self.path.last().map(|name| bare_name(name).to_owned()).unwrap_or_default();
        let mut open = vec![Element { name, ..Element::default() }];
        if std::mem::take(&mut self.pending_leave) {
            self.path.pop();
            return Ok((open.pop().unwrap_or_default(), self.raw(start)));
        }
        let mut count = 0_usize;
        loop {
            match self.next_event()? {
                Event::Start(tag) => {
                    self.open_child(&tag, &mut open, &mut count)?;
                }
                Event::Empty(tag) => {
                    self.open_child(&tag, &mut open, &mut count)?;
                    self.path.pop();
                    close_child(&mut open);
                }
                Event::End(_) => {
                    self.path.pop();
                    if self.path.len() < base {
                        return Ok((open.pop().unwrap_or_default(), self.raw(start)));
                    }
                    close_child(&mut open);
                }
                Event::Text(text) => self.add_text(&mut open, &text.xml10_content())?,
                Event::CData(text) => self.add_text(&mut open, &text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let resolved = self.resolve(&reference)?;
                    self.add_text(&mut open, &resolved)?;
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

    fn next_event(&mut self) -> Result<Event<'a>, Finding> {
        match self.reader.read_event() {
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

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn line(&self) -> usize {
        let read = self.text.as_bytes().get(..self.position()).unwrap_or(self.text.as_bytes());
        read.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn raw(&self, start: usize) -> &'a str {
        self.text.get(start..self.position()).unwrap_or_default()
    }
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
