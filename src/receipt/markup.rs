//! A writer of canonical XML for our own certificates: no declaration, no white space between
//! tags, no self-closing tags, the escapes of Canonical XML 1.0.

use super::xml::{push_attribute_value, push_text};
use crate::amount::Dong;

/// The bytes so far.
pub struct Markup {
    out: String,
}

impl Markup {
    /// One document with an `Id` on its root element.
    pub fn document(root: &'static str, id: &str, inside: impl FnOnce(&mut Markup)) -> Vec<u8> {
        let mut markup = Markup { out: String::with_capacity(2_048) };
        markup.out.push('<');
        markup.out.push_str(root);
        markup.out.push_str(" Id=\"");
        push_attribute_value(&mut markup.out, id);
        markup.out.push_str("\">");
        inside(&mut markup);
        markup.close(root);
        markup.out.into_bytes()
    }

    pub fn element(&mut self, tag: &'static str, inside: impl FnOnce(&mut Markup)) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
        inside(self);
        self.close(tag);
    }

    pub fn text(&mut self, tag: &'static str, value: &str) {
        self.element(tag, |markup| push_text(&mut markup.out, value));
    }

    /// Whole đồng.
    pub fn amount(&mut self, tag: &'static str, amount: Dong) {
        self.text(tag, &amount.0.to_string());
    }

    fn close(&mut self, tag: &'static str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }
}
