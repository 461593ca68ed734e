//! Text to messages and tags.
//!
//! A tag starts a line (`:61:`); what follows up to the next tag belongs to it. Messages start at
//! `:20:`, with or without SWIFT blocks around them, and end at `-`, `-}` or the next `:20:`.
//! Inside `:86:` a line that looks like a tag may be words of the payer.

use std::borrow::Cow;

use super::envelope::{Envelope, is_cut_tag, is_end_mark};
use crate::statement::finding::{Finding, Findings, excerpt, line_place};

/// One tag with its lines, as they stand in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a, 't> {
    pub name: &'a str,
    /// Line of the file, from one.
    pub line: usize,
    /// The content behind the tag, then the continuation lines.
    pub content: &'t [&'a str],
    /// The line of the file that each of them stands in.
    pub numbers: &'t [usize],
}

impl<'a> Tag<'a, '_> {
    pub fn first(&self) -> &'a str {
        self.content.first().copied().unwrap_or_default()
    }

    /// What stands behind the first line, with its place in the file, without blank lines and the end mark
    /// of a message.
    pub fn rest(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let rest = self.numbers.iter().copied().zip(self.content.iter().copied()).skip(1);
        rest.filter(|(_, line)| !line.trim().is_empty() && !is_end_mark(line))
    }

    /// The first line with content; some banks break the line behind the tag.
    pub fn value(&self) -> &'a str {
        self.content.iter().copied().find(|line| !line.trim().is_empty()).unwrap_or_default()
    }

    pub fn at(&self) -> String {
        line_place(self.line)
    }

    /// Adds the tag exactly as written, lines separated by line feeds.
    pub fn write_raw(&self, raw: &mut String) {
        let length: usize = self.content.iter().map(|line| line.len() + 1).sum();
        raw.reserve(length + self.name.len() + 2);
        raw.push(':');
        raw.push_str(self.name);
        for (position, line) in self.content.iter().enumerate() {
            raw.push(if position == 0 { ':' } else { '\n' });
            raw.push_str(line);
        }
    }
}

/// Where a tag stands among the lines of all tags.
#[derive(Debug)]
struct Head<'a> {
    name: &'a str,
    line: usize,
    start: usize,
    end: usize,
}

#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    heads: Vec<Head<'a>>,
    pub first_line: usize,
    pub last_line: usize,
    has_opening: bool,
    has_closing: bool,
    /// A dash or the end of a SWIFT block stands behind it.
    pub has_end: bool,
}

impl<'a> Message<'a> {
    /// The tags of the message; `lines` are those of all messages.
    pub fn tags<'t>(&'t self, lines: &'t Lines<'a>) -> impl Iterator<Item = Tag<'a, 't>> {
        self.heads.iter().map(|head| Tag {
            name: head.name,
            line: head.line,
            content: lines.texts.get(head.start..head.end).unwrap_or_default(),
            numbers: lines.numbers.get(head.start..head.end).unwrap_or_default(),
        })
    }

    /// Whether it shows where it ends: by a mark, or by the sums of its entries.
    pub fn is_ended(&self) -> bool {
        self.has_end || self.heads.last().is_some_and(|head| matches!(head.name, "90C" | "90D"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.heads.iter().any(|head| head.name == name)
    }

    /// An MT942: floor limit or a statement time, and no balances.
    pub fn is_interim(&self) -> bool {
        let has_mark = ["34F", "13", "13D", "90D", "90C"].iter().any(|name| self.has(name));
        has_mark && !self.has_opening && !self.has_closing
    }

    /// An MT942 by what no MT940 has: a floor limit, or its time with the sums. Sums alone may be those of a statement
    /// whose balances were lost.
    pub fn is_surely_interim(&self) -> bool {
        let has_any = |names: &[&str]| names.iter().any(|name| self.has(name));
        self.is_interim() && (self.has("34F") || (has_any(&["13", "13D"]) && has_any(&["90D", "90C"])))
    }

    /// A statement of what is booked, from one balance to another.
    pub fn is_booked(&self) -> bool {
        self.has_opening && self.has_closing
    }
}

/// Lines with their numbers; CRLF, LF and CR all end a line.
pub(super) fn numbered_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(text);
    let lines = std::iter::from_fn(move || {
        let (line, behind) = match rest?.split_once('\n') {
            Some((line, behind)) => (line.strip_suffix('\r').unwrap_or(line), Some(behind)),
            None => (rest?, None),
        };
        rest = behind;
        Some(line)
    });
    (1..).zip(lines.flat_map(|line| line.split('\r')))
}

/// `:61:rest` gives `61` and `rest`: two digits and an optional letter, or `NS`.
pub(super) fn split_tag(line: &str) -> Option<(&str, &str)> {
    let (name, content) = line.strip_prefix(':')?.split_once(':')?;
    let is_name = match name.as_bytes() {
        [a, b] => (a.is_ascii_digit() && b.is_ascii_digit()) || name == "NS",
        [a, b, c] => {
            a.is_ascii_digit() && b.is_ascii_digit() && (c.is_ascii_uppercase() || c.is_ascii_digit())
        }
        _ => false,
    };
    is_name.then_some((name, content))
}

/// Some banks put the end mark of a page before the next tag: `-:61:` is `:61:`.
fn without_stray_dash(line: &str) -> &str {
    let behind = line.trim_start().strip_prefix('-');
    behind.filter(|rest| split_tag(rest).is_some_and(|(name, _)| is_statement_tag(name))).unwrap_or(line)
}

/// Home banking (HBCI) sends `@@` where the line ends.
pub(super) fn with_line_ends(text: &str) -> Cow<'_, str> {
    let start = text.trim_start();
    let is_marked =
        start.starts_with("@@:") || start.lines().next().is_some_and(|line| line.contains("@@:2"));
    if is_marked { Cow::Owned(text.replace("@@", "\n")) } else { Cow::Borrowed(text) }
}

/// An account number and not the words of a payer.
fn looks_like_account(content: &str) -> bool {
    let is_plain =
        content.trim().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | ' ' | '-' | '.'));
    is_plain && content.bytes().filter(u8::is_ascii_digit).count() >= 5
}

/// Tags of MT940, MT942 and MT950 that mean something to us.
pub(super) fn is_statement_tag(name: &str) -> bool {
    // By bytes this is one look at the length and the digits.
    matches!(
        name.as_bytes(),
        b"20"
            | b"21"
            | b"25"
            | b"25P"
            | b"28"
            | b"28C"
            | b"60F"
            | b"60M"
            | b"61"
            | b"62F"
            | b"62M"
            | b"64"
            | b"65"
            | b"86"
            | b"34F"
            | b"13"
            | b"13D"
            | b"90C"
            | b"90D"
    )
}

/// The messages of a text, and the lines of their tags.
pub(super) struct Messages<'a> {
    pub messages: Vec<Message<'a>>,
    pub lines: Lines<'a>,
}

/// Lines of tags, with the line of the file that each stands in.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    texts: Vec<&'a str>,
    numbers: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn with_capacity(count: usize) -> Self {
        Lines { texts: Vec::with_capacity(count), numbers: Vec::with_capacity(count) }
    }

    fn push(&mut self, text: &'a str, number: usize) {
        self.texts.push(text);
        self.numbers.push(number);
    }

    fn len(&self) -> usize {
        self.texts.len()
    }
}

pub(super) fn split_messages<'a>(text: &'a str, findings: &mut Findings) -> Messages<'a> {
    let lines: Vec<(usize, &'a str)> = numbered_lines(text).collect();
    let mut splitter = Splitter {
        lines: &lines,
        messages: Vec::new(),
        content: Lines::with_capacity(lines.len()),
        is_open: false,
        envelope: Envelope::default(),
        findings,
    };
    for position in 0..lines.len() {
        splitter.take_line(position);
    }
    if let Some(number) = splitter.envelope.open_since() {
        splitter.findings.error(Finding::new(
            line_place(number),
            "swift_block_unclosed",
            "Tệp kết thúc khi khối SWIFT mở ở đây chưa đóng; có thể bị cắt cụt",
            "the file ends before the SWIFT block opened here is closed; it may be cut off",
        ));
    }
    Messages { messages: splitter.messages, lines: splitter.content }
}

struct Splitter<'a, 'b> {
    lines: &'b [(usize, &'a str)],
    messages: Vec<Message<'a>>,
    /// The lines of all tags so far; the last tag ends with the last of them.
    content: Lines<'a>,
    /// Whether the last message still takes lines.
    is_open: bool,
    envelope: Envelope,
    findings: &'b mut Findings,
}

impl<'a> Splitter<'a, '_> {
    fn take_line(&mut self, position: usize) {
        let Some(&(number, line)) = self.lines.get(position) else { return };
        // Transmission marks (SOH, ETX) stick to the envelope of some files.
        let line = self.without_blocks(line.trim_matches(|c: char| c.is_control() && c != '\t'), number);
        if line.trim().is_empty() {
            return;
        }
        let line = without_stray_dash(line);
        let Some((before, blocks)) = self.split_end(line, position) else {
            self.take_text(line, number, position);
            return;
        };
        self.take_text(before, number, position);
        self.end_message();
        self.envelope.end_text();
        self.envelope.take(blocks, number);
    }

    /// Where the line ends were lost, the end of the block sticks to the last balance, or to the text behind it. In
    /// text it is one only where the message could end: with its closing balance, and nothing but another one behind.
    fn split_end(&self, line: &'a str, position: usize) -> Option<(&'a str, &'a str)> {
        let (before, blocks) = line.rsplit_once("-}")?;
        if !(blocks.is_empty() || blocks.starts_with("{5:")) {
            return None;
        }
        let is_last = || {
            let mut behind = self.lines.iter().skip(position + 1).map(|(_, line)| line.trim());
            let next = behind.find(|line| !line.is_empty());
            let is_closed = self.is_open && self.messages.last().is_some_and(|message| message.has_closing);
            is_closed
                && self.envelope.open_since().is_some()
                && next.is_none_or(|line| line.starts_with("{1:"))
        };
        (before.trim_start().starts_with(":6") || is_last()).then_some((before, blocks))
    }

    fn take_text(&mut self, line: &'a str, number: usize, position: usize) {
        if is_end_mark(line) && self.messages.last().is_some_and(|message| message.has_closing) {
            self.envelope.end_text();
        }
        if line.trim() == "-" && self.ends_message(position) {
            self.end_message();
            return;
        }
        match split_tag(line.trim_start()) {
            Some((name, content)) if self.is_tag_here(name, content, position) => {
                self.push_tag(name, content, number);
            }
            _ if is_cut_tag(line) && self.is_cut_here(position) => self.findings.error(Finding::new(
                line_place(number),
                "tag_cut",
                format!("Trường “{}” bị cắt cụt", excerpt(line)),
                format!("the tag “{}” is cut off", excerpt(line)),
            )),
            _ => self.push_text(line, number),
        }
    }

    fn end_message(&mut self) {
        if let Some(message) = self.messages.last_mut().filter(|_| self.is_open) {
            message.has_end = true;
        }
        self.is_open = false;
    }

    /// Outside of free text, and where the file ends.
    fn is_cut_here(&self, position: usize) -> bool {
        !self.is_in_free_text()
            || self.lines.iter().skip(position + 1).all(|(_, line)| line.trim().is_empty())
    }

    /// Cuts the SWIFT envelope off a line: `-}` ends a message, `{4:` starts the next.
    fn without_blocks(&mut self, line: &'a str, number: usize) -> &'a str {
        let mut rest = line;
        let trimmed = line.trim_start();
        // The brace may stand on a line of its own, behind the dash.
        let behind =
            trimmed.strip_prefix("-}").or_else(|| trimmed.strip_prefix('}').filter(|_| !self.is_open));
        if let Some(behind) = behind {
            self.end_message();
            self.envelope.end_text();
            rest = behind.find('{').and_then(|at| behind.get(at..)).unwrap_or_default();
        }
        let is_block =
            |text: &str| matches!(text.trim_start().as_bytes(), [b'{', b'1'..=b'5' | b'S', b':', ..]);
        if !is_block(rest) {
            return rest;
        }
        if self.is_open && self.messages.last().is_some_and(|message| !message.has_closing) {
            self.findings.warn(Finding::new(
                line_place(number),
                "swift_block_unclosed",
                "Khối SWIFT trước chưa đóng",
                "the SWIFT block before this one is not closed",
            ));
        }
        self.is_open = false;
        self.envelope.take(rest, number);
        // An acknowledgement before the message has a block 4 of its own.
        rest.rsplit_once("{4:").map_or("", |(_, content)| content)
    }

    /// A lone `-` ends the message unless the statement or the text of `:86:` goes on behind it.
    fn ends_message(&self, position: usize) -> bool {
        let Some(message) = self.messages.last().filter(|_| self.is_open) else { return true };
        if message.has_closing {
            return true;
        }
        let next =
            self.lines.iter().skip(position + 1).map(|(_, line)| line.trim()).find(|line| !line.is_empty());
        let Some(next) = next else { return true };
        let is_in_free_text = self.is_in_free_text();
        match split_tag(next) {
            Some((name, _)) => name == "20" || !(is_in_free_text || is_statement_tag(name)),
            None => next == "-" || next.starts_with('{') || !is_in_free_text,
        }
    }

    fn is_in_free_text(&self) -> bool {
        let last = self.messages.last().filter(|_| self.is_open).and_then(|message| message.heads.last());
        last.is_some_and(|tag| tag.name == "86")
    }

    fn is_tag_here(&mut self, name: &str, content: &str, position: usize) -> bool {
        if !self.is_in_free_text() {
            return true;
        }
        let message = self.messages.last();
        let is_closed = message.is_some_and(|message| message.has_closing);
        let awaits_closing = message.is_some_and(|message| message.has_opening) && !is_closed;
        match name {
            "20" => is_closed || self.is_followed_by_head(position),
            "21" | "13" | "13D" => is_closed,
            "25" | "25P" => !awaits_closing || looks_like_account(content),
            "28" | "28C" => !awaits_closing || self.repeats_head(name, content),
            "NS" => true,
            _ if is_statement_tag(name) => true,
            _ => {
                let number = self.lines.get(position).map_or(0, |(number, _)| *number);
                self.findings.warn(Finding::new(
                    line_place(number),
                    "tag_in_text",
                    format!("Dòng “:{name}:” được coi là nội dung của :86:"),
                    format!("the line “:{name}:” is read as text of :86:"),
                ));
                false
            }
        }
    }

    /// The head of a message has its number or opening balance soon after `:20:`.
    fn is_followed_by_head(&self, position: usize) -> bool {
        let next = self.lines.iter().skip(position + 1).take(8);
        let names = next.filter_map(|(_, line)| split_tag(line.trim_start())).map(|(name, _)| name);
        names.take(4).any(|name| matches!(name, "28" | "28C" | "60F" | "60M"))
    }

    /// The head of a message stands before its entries and their texts.
    fn repeats_head(&self, name: &str, content: &str) -> bool {
        let tags = self.messages.last().map(|message| message.tags(&self.content)).into_iter().flatten();
        let tags = tags.take_while(|tag| !matches!(tag.name, "61" | "86"));
        tags.filter(|tag| tag.name == name).any(|tag| tag.first().trim() == content.trim())
    }

    fn push_tag(&mut self, name: &'a str, content: &'a str, number: usize) {
        let starts_anew = match self.messages.last().filter(|_| self.is_open) {
            None => true,
            Some(message) => {
                name == "20" || (matches!(name, "25" | "25P" | "28" | "28C") && message.has_closing)
            }
        };
        if starts_anew && !is_statement_tag(name) {
            return;
        }
        if starts_anew {
            self.messages.push(Message { first_line: number, ..Message::default() });
            self.is_open = true;
        }
        if let Some(message) = self.messages.last_mut() {
            message.last_line = number;
            message.has_opening |= matches!(name, "60F" | "60M");
            message.has_closing |= matches!(name, "62F" | "62M");
            let start = self.content.len();
            self.content.push(content, number);
            message.heads.push(Head { name, line: number, start, end: start + 1 });
        }
    }

    fn push_text(&mut self, line: &'a str, number: usize) {
        match self.messages.last_mut().filter(|_| self.is_open) {
            Some(message) => {
                message.last_line = number;
                if let Some(tag) = message.heads.last_mut() {
                    self.content.push(line, number);
                    tag.end = self.content.len();
                }
            }
            None => self.findings.warn(Finding::new(
                line_place(number),
                "text_outside_message",
                format!("Bỏ qua dòng ngoài điện: “{}”", excerpt(line)),
                format!("a line outside any message is left out: “{}”", excerpt(line)),
            )),
        }
    }
}
