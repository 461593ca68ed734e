//! SWIFT MT940 (and MT942) as banks really send it.
//!
//! `tag` cuts the text into messages and tags, `message` builds a statement of one message,
//! `envelope` follows the SWIFT blocks, `entry` reads `:61:`, `balance` the balances, `information`
//! reads `:86:`, `floor` the limits of an interim report, `mandatory` tells what is missing, `stray` what
//! lost its tag. Source: SWIFT category 9 field rules, and the deviations found in public files.

mod balance;
mod entry;
mod envelope;
mod floor;
#[cfg(test)]
mod habits_tests;
mod information;
mod mandatory;
mod message;
mod stray;
mod tag;
#[cfg(test)]
mod tests;

use super::finding::{Finding, Findings, line_place};
use super::model::Format;
use super::parse::Reading;

pub(super) fn looks_like_swift(text: &str) -> bool {
    let mut found: Vec<&str> = Vec::new();
    for (_, line) in tag::numbered_lines(text) {
        let line = line.trim_start().trim_start_matches("@@");
        if line.starts_with("{1:F") {
            return true;
        }
        if let Some((name, _)) = tag::split_tag(line).filter(|(name, _)| tag::is_statement_tag(name)) {
            if !found.contains(&name) {
                found.push(name);
            }
            if found.len() >= 2 {
                return true;
            }
        }
    }
    found.iter().any(|name| matches!(*name, "20" | "60F" | "60M" | "61" | "62F" | "62M"))
}

/// What one message cannot know of itself.
struct FileHabits {
    /// No message of the file has `:20:`.
    lacks_references: bool,
    /// The last line of the last message, where the file ends without ending it.
    last_line: Option<usize>,
}

pub(super) fn read(text: &str) -> Reading {
    let mut findings = Findings::default();
    let text = tag::with_line_ends(text);
    let tag::Messages { messages, lines } = tag::split_messages(&text, &mut findings);
    if messages.is_empty() {
        findings.error(Finding::new(
            "line 1",
            "statement_missing",
            "Tệp không có sao kê",
            "the file has no statement",
        ));
    }
    let is_interim = !messages.is_empty() && messages.iter().all(tag::Message::is_interim);
    let format = if is_interim { Format::Mt942 } else { Format::Mt940 };
    let last_line =
        (!text.ends_with(['\n', '\r'])).then(|| messages.last().map(|message| message.last_line)).flatten();
    let messages = without_interim(messages, &mut findings);
    // A bank that leaves `:20:` out does so everywhere; one message alone shows no habit, unless the
    // bank has a head of its own before it.
    let has_own_head =
        text.lines().take_while(|line| !line.starts_with(':')).any(|line| line.trim() == "940");
    let file = FileHabits {
        lacks_references: (has_own_head || messages.len() > 1)
            && messages.iter().all(|message| !message.has("20")),
        last_line,
    };
    if is_interim {
        check_end(&messages, file.last_line.is_some(), &mut findings);
    }
    let read = |message| message::read_message(message, &lines, format, &file, &mut findings);
    let statements = messages.iter().map(read).collect();
    Reading { format, version: None, statements, findings }
}

/// A report within the day tells again, or ahead, what a statement books: beside one it is left out, and only a file
/// of such reports is read as them.
fn without_interim<'a>(messages: Vec<tag::Message<'a>>, findings: &mut Findings) -> Vec<tag::Message<'a>> {
    if !messages.iter().any(tag::Message::is_booked) {
        return messages;
    }
    let (interim, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(tag::Message::is_surely_interim);
    for message in interim {
        findings.warn(Finding::new(
            line_place(message.first_line),
            "interim_left_out",
            "Bỏ qua báo cáo trong ngày (MT942) đứng cạnh sao kê đã ghi sổ",
            "an interim report (MT942) beside booked statements is left out",
        ));
    }
    others
}

/// A report within the day has no closing balance: where it ends shows by a mark or by its sums, and where
/// a bank sends neither, by the end of its last line.
fn check_end(messages: &[tag::Message<'_>], is_open_ended: bool, findings: &mut Findings) {
    let Some((last, others)) = messages.split_last() else { return };
    let is_ended_by_habit = others.iter().any(tag::Message::is_ended);
    let is_whole = last.is_ended() || (last.has("61") && !is_open_ended && !is_ended_by_habit);
    if !is_whole {
        findings.error(Finding::new(
            line_place(last.last_line),
            "message_cut",
            "Tệp kết thúc khi điện MT942 chưa có dấu kết thúc hoặc tổng :90D:/:90C:; có thể bị cắt cụt",
            "the file ends before the MT942 has its end mark or its sums :90D: and :90C:; it may be cut off",
        ));
    }
}

/// The line at a number with what belongs to it: its continuation, and the `:86:` of a `:61:`.
pub(super) fn field_text(text: &str, number: usize) -> Option<String> {
    let text = tag::with_line_ends(text);
    let mut lines = tag::numbered_lines(&text).skip_while(|(at, _)| *at < number).map(|(_, line)| line);
    let mut found = lines.next()?.to_owned();
    for line in lines {
        let is_own = match tag::split_tag(line.trim_start()) {
            Some((name, _)) => name == "86" && !found.contains(":86:"),
            None => !line.starts_with('-') && !line.starts_with('{'),
        };
        if !is_own {
            break;
        }
        found.push('\n');
        found.push_str(line);
    }
    Some(found.trim_end().to_owned())
}
