//! Writes elements directly in Canonical XML 1.0 (inclusive, without comments).
//!
//! For elements without namespaces that is: UTF-8, no declaration, no `<a/>`, no white space between
//! tags, the five escapes of the specification. So the bytes written are the bytes digested, and
//! nothing has to be parsed.

use rust_decimal::Decimal;

/// No exponent, no trailing zeros: `0.5`, `25000`.
pub(super) fn decimal_text(value: Decimal) -> String {
    value.normalize().to_string()
}

pub(super) struct Writer {
    pub out: String,
}

impl Writer {
    /// Begins with the body's tag and its Id.
    pub fn body(tag: &str, id: &str, capacity: usize) -> Writer {
        let mut out = String::with_capacity(capacity);
        out.push('<');
        out.push_str(tag);
        out.push_str(" Id=\"");
        push_attribute_value(&mut out, id);
        out.push_str("\">");
        Writer { out }
    }

    pub fn finish(mut self, tag: &'static str) -> Vec<u8> {
        self.close(tag);
        self.out.into_bytes()
    }

    /// One more field (`TTin`) of `TTKhac`.
    pub fn extra(&mut self, field: &str, kind: &str, value: &str) {
        self.element("TTin", |xml| {
            xml.text("TTruong", field);
            xml.text("KDLieu", kind);
            xml.text("DLieu", value);
        });
    }

    pub fn element(&mut self, tag: &'static str, inside: impl FnOnce(&mut Writer)) {
        self.open(tag);
        inside(self);
        self.close(tag);
    }

    pub fn text(&mut self, tag: &'static str, value: &str) {
        self.open(tag);
        push_text(&mut self.out, value);
        self.close(tag);
    }

    /// Absent data has no tag.
    pub fn optional(&mut self, tag: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(tag, value);
        }
    }

    fn open(&mut self, tag: &'static str) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn close(&mut self, tag: &'static str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }
}

/// Appends text as Canonical XML writes it.
pub fn push_text(out: &mut String, value: &str) {
    push_escaped(out, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Appends an attribute value as Canonical XML writes it.
pub fn push_attribute_value(out: &mut String, value: &str) {
    push_escaped(out, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Copies unescaped stretches in one piece: almost all text has nothing to escape, and what is escaped is ASCII,
/// of which no byte stands within another character.
fn push_escaped(out: &mut String, value: &str, escape: impl Fn(u8) -> Option<&'static str>) {
    let mut copied = 0;
    for (at, byte) in value.bytes().enumerate() {
        if let Some(escaped) = escape(byte) {
            out.push_str(value.get(copied..at).unwrap_or_default());
            out.push_str(escaped);
            copied = at + 1;
        }
    }
    out.push_str(value.get(copied..).unwrap_or_default());
}
