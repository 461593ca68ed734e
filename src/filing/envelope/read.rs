//! Reading an envelope: the order of elements does not matter, their number does.

use roxmltree::{Document, Node, ParsingOptions};

use super::gate::{self, unreadable};
use super::{is_message_code, is_party_code};
use crate::error::{Error, Result};

/// An element with what it holds; attributes play no part in replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub tag: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The one child of this name.
    ///
    /// # Errors
    /// `message_field_repeated`: two values for one field leave open which one counts.
    pub fn child(&self, tag: &str) -> Result<Option<&Element>> {
        let mut found = self.children.iter().filter(|child| child.tag == tag);
        let first = found.next();
        if found.next().is_some() {
            return Err(Error::invalid(tag, "message_field_repeated", "the field stands there twice"));
        }
        Ok(first)
    }

    pub fn text_of(&self, tag: &str) -> Result<Option<&str>> {
        Ok(self.child(tag)?.map(|child| child.text.as_str()).filter(|text| !text.is_empty()))
    }

    /// # Errors
    /// `message_field_missing`, `message_field_repeated`.
    pub fn required(&self, tag: &str) -> Result<&str> {
        self.text_of(tag)?
            .ok_or_else(|| Error::invalid(tag, "message_field_missing", "the field is required"))
    }

    /// Every element below of this name, however deep, in document order.
    pub fn all<'a>(&'a self, tag: &str, found: &mut Vec<&'a Element>) {
        for child in &self.children {
            if child.tag == tag {
                found.push(child);
            }
            child.all(tag, found);
        }
    }
}

/// A message that came, or that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub version: String,
    pub sender: String,
    pub recipient: String,
    pub kind: i32,
    pub message_code: String,
    pub answers: Option<String>,
    pub tax_code: Option<String>,
    pub count: u32,
    /// `DLieu` with the documents.
    pub data: Element,
}

/// Reads a message.
///
/// # Errors
/// `message_too_large`, `message_unreadable`, `message_dtd_refused`, `message_too_deep`,
/// `message_field_missing`, `message_field_repeated`, `message_code_wrong`.
pub fn read(bytes: &[u8]) -> Result<Received> {
    let text = gate::text(bytes)?;
    let nodes = u32::try_from(4 * gate::ELEMENTS_LIMIT).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit: nodes, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| unreadable("not XML"))?;
    let root = element(document.root_element());
    if root.tag != "TDiep" {
        return Err(unreadable("expected TDiep"));
    }
    let missing = |tag| move || Error::invalid(tag, "message_field_missing", "the field is required");
    let general = root.child("TTChung")?.ok_or_else(missing("TTChung"))?;
    let message_code = general.required("MTDiep")?.to_owned();
    let sender = general.required("MNGui")?.to_owned();
    let answers = general.text_of("MTDTChieu")?.map(str::to_owned);
    for code in [Some(&message_code), answers.as_ref()].into_iter().flatten() {
        if !is_message_code(code) {
            return Err(Error::invalid("MTDiep", "message_code_wrong", "not a code of a message"));
        }
    }
    if !is_party_code(&sender) {
        return Err(super::wrong_sender());
    }
    let number = |tag: &'static str, text: &str| {
        text.parse::<i32>().map_err(|_| Error::invalid(tag, "message_unreadable", "expected a number"))
    };
    Ok(Received {
        version: general.required("PBan")?.to_owned(),
        recipient: general.required("MNNhan")?.to_owned(),
        kind: number("MLTDiep", general.required("MLTDiep")?)?,
        tax_code: general.text_of("MST")?.map(str::to_owned),
        count: general
            .text_of("SLuong")?
            .map(|text| number("SLuong", text))
            .transpose()?
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0),
        data: root.child("DLieu")?.cloned().ok_or_else(missing("DLieu"))?,
        message_code,
        sender,
        answers,
    })
}

/// The gate limits the depth, so recursion is safe.
fn element(node: Node<'_, '_>) -> Element {
    let mut text = String::new();
    let mut children = Vec::new();
    for child in node.children() {
        if child.is_element() {
            children.push(element(child));
        } else if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    Element { tag: node.tag_name().name().to_owned(), text: text.trim().to_owned(), children }
}
