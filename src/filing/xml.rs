//! Writes elements without namespaces directly in canonical form: the bytes written are the bytes
//! digested and sent.

use crate::receipt::xml::{push_attribute_value, push_text};

pub struct Writer {
    out: String,
}

impl Writer {
    /// `<tag Id="…">`
    pub fn body(tag: &str, id: &str) -> Writer {
        let mut out = format!("<{tag} Id=\"");
        push_attribute_value(&mut out, id);
        out.push_str("\">");
        Writer { out }
    }

    /// The whole as bytes, its first element closed.
    pub fn finish(mut self, tag: &str) -> Vec<u8> {
        self.close(tag);
        self.out.into_bytes()
    }

    pub fn element(&mut self, tag: &str, inside: impl FnOnce(&mut Writer)) {
        self.open(tag);
        inside(self);
        self.close(tag);
    }

    pub fn text(&mut self, tag: &str, value: &str) {
        self.open(tag);
        push_text(&mut self.out, value);
        self.close(tag);
    }

    pub fn number(&mut self, tag: &str, value: i64) {
        self.text(tag, &value.to_string());
    }

    /// 1 or 0.
    pub fn flag(&mut self, tag: &str, value: bool) {
        self.text(tag, if value { "1" } else { "0" });
    }

    /// Absent data has no tag.
    pub fn optional(&mut self, tag: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(tag, value);
        }
    }

    fn open(&mut self, tag: &str) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn close(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }
}
