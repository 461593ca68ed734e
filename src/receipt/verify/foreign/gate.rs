//! Limits on what others may make the parser do, counted in one pass before it starts.

use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::tag;

/// A message may have 2 MB; several are put into one file by some.
pub const BYTES_LIMIT: usize = 16 * 1024 * 1024;
const ELEMENTS_LIMIT: usize = 250_000;
/// Elements, texts, comments and instructions together.
pub(super) const NODES_LIMIT: u32 = 750_000;
const DEPTH_LIMIT: usize = 64;
const TAG_BYTES_LIMIT: usize = 16 * 1024;
const ATTRIBUTES_LIMIT: usize = 64;
/// In all elements together. The parser keeps each, however small it is: what a full message needs is less.
const ALL_ATTRIBUTES_LIMIT: usize = 200_000;
/// The parser copies the namespaces in force for every element that declares one.
const NAMESPACES_LIMIT: usize = 24;

struct Scan<'t> {
    rest: &'t [u8],
    nodes: usize,
    elements: usize,
    attributes: usize,
    /// Namespaces in force, for each open element.
    open: Vec<usize>,
    /// Nothing was read yet: a declaration may stand here.
    is_at_start: bool,
}

/// Counts the markup; whether it is well-formed is left to the parser, but for what it lets pass.
pub(super) fn check(text: &str) -> Result<(), Problem> {
    let is_at_start = text.starts_with("<?xml");
    let rest = text.as_bytes();
    let mut scan = Scan { rest, nodes: 0, elements: 0, attributes: 0, open: Vec::new(), is_at_start };
    while let Some(at) = scan.rest.iter().position(|&byte| byte == b'<') {
        let (content, markup) = scan.rest.split_at_checked(at).unwrap_or_default();
        refuse_no_character(content)?;
        scan.rest = markup;
        scan.markup()?;
        scan.is_at_start = false;
    }
    Ok(())
}

impl Scan<'_> {
    fn markup(&mut self) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > NODES_LIMIT as usize / 2 {
            return Err(Problem::ElementsExceeded);
        }
        if self.rest.starts_with(b"<!--") {
            return self.skip(4, b"-->");
        }
        if self.rest.starts_with(b"<![CDATA[") {
            return self.skip(9, b"]]>");
        }
        if self.rest.starts_with(b"<!") {
            return Err(Problem::DoctypeForbidden);
        }
        if self.rest.starts_with(b"<?") {
            return match target(self.rest) {
                Some(name) if self.is_declaration() || !name.eq_ignore_ascii_case("xml") => {
                    self.skip(2, b"?>")
                }
                _ => Err(Problem::NotXml),
            };
        }
        if self.rest.starts_with(b"</") {
            self.open.pop();
            return self.skip(2, b">");
        }
        self.start_tag()
    }

    fn is_declaration(&self) -> bool {
        self.is_at_start
            && self.rest.starts_with(b"<?xml")
            && self.rest.get(5).is_some_and(u8::is_ascii_whitespace)
    }

    fn skip(&mut self, from: usize, end: &[u8]) -> Result<(), Problem> {
        let inside = self.rest.get(from..).unwrap_or_default();
        let at = inside.windows(end.len()).position(|window| window == end).ok_or(Problem::NotXml)?;
        self.rest = inside.get(at + end.len()..).unwrap_or_default();
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), Problem> {
        let window = self.rest.get(..TAG_BYTES_LIMIT.min(self.rest.len())).unwrap_or_default();
        let (end, attributes) = tag::end(window).ok_or(if window.len() < TAG_BYTES_LIMIT {
            Problem::NotXml
        } else {
            Problem::TagTooLong
        })?;
        let tag = window.get(..end).unwrap_or_default();
        refuse_no_character(tag)?;
        if !tag::is_plain(tag) {
            return Err(Problem::NotXml);
        }
        self.elements += 1;
        if self.elements > ELEMENTS_LIMIT {
            return Err(Problem::ElementsExceeded);
        }
        self.attributes += attributes;
        if attributes > ATTRIBUTES_LIMIT || self.attributes > ALL_ATTRIBUTES_LIMIT {
            return Err(Problem::AttributesExceeded);
        }
        let declared = tag.windows(5).filter(|window| *window == b"xmlns").count();
        let in_force = self.open.last().copied().unwrap_or_default() + declared;
        if in_force > NAMESPACES_LIMIT {
            return Err(Problem::NamespacesExceeded);
        }
        if !tag.ends_with(b"/") {
            self.open.push(in_force);
            if self.open.len() > DEPTH_LIMIT {
                return Err(Problem::DepthExceeded);
            }
        }
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Ok(())
    }
}

/// The name of an instruction, up to a blank or its end; None when it is no name. That of the declaration, in letters
/// of any size, belongs to no other instruction.
fn target(instruction: &[u8]) -> Option<&str> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'?';
    let name = std::str::from_utf8(instruction.get(2..)?.split(ends).next()?).ok()?;
    let of_names =
        |c: char| c.is_alphanumeric() || "-_.:·".contains(c) || ('\u{300}'..='\u{36f}').contains(&c);
    name.chars().all(of_names).then_some(name)
}

/// A reference to what is no character, such as half of one (`&#xD800;`), makes a document no XML. The parser reads
/// U+FFFD there, so that it could be written for that character and the digest would still fit.
fn refuse_no_character(content: &[u8]) -> Result<(), Problem> {
    for reference in content.split(|&byte| byte == b'&').skip(1) {
        let Some(number) = reference.strip_prefix(b"#") else { continue };
        let number = number.split(|&byte| byte == b';').next().unwrap_or_default();
        let (digits, radix) = number.strip_prefix(b"x").map_or((number, 10), |hex| (hex, 16));
        let value = std::str::from_utf8(digits).ok().and_then(|text| u32::from_str_radix(text, radix).ok());
        if value.is_some_and(|value| char::from_u32(value).is_none()) {
            return Err(Problem::NotXml);
        }
    }
    Ok(())
}
