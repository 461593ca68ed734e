//! Fixed-form pages as PDF/A-3a and PDF/UA-1: Vietnamese fonts, paragraphs, tables that go on over
//! pages, and the tag tree that screen readers follow. Pure: the same calls give the same bytes.
//!
//! It works in two phases. Laying out pushes drawing operations onto pages, each with the node of
//! the tag tree it belongs to; emitting walks the pages once. So the number of pages is known when
//! “Trang 1/n” is drawn, and a table cell that goes on over the page stays one cell of the tree.
//!
//! Lengths are points (1/72 inch) in `f32`, y grows downwards. No length is ever taken from a text,
//! and every character that cannot be shown has a substitute, so no text makes a page fail.

mod draw;
pub mod embedded;
mod emit;
mod flow;
mod font;
mod line;
mod paragraph;
mod qr;
mod sheet;
mod syntax;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub use emit::{Attachment, Description, Moment, print};
pub use flow::{Part, Stack};
pub use font::Face;
pub use paragraph::{Align, Paragraph};
pub use qr::Qr;
pub use sheet::{Furniture, Leaves, Paper, Sheet};
pub use table::{Cell, Column, Row, Table, Width};
pub use tree::Role;

/// Millimetres as points.
pub const fn mm(length: f32) -> f32 {
    length * 72.0 / 25.4
}
