//! Entries whose tag is damaged: they stand in the text of another tag, or under a name that is none.

use crate::statement::finding::{Finding, excerpt, line_place};

use super::entry::read_entry;
use super::tag::{Lines, Message, is_statement_tag};

/// How many characters a damaged tag may have.
const TAG_CHARS: usize = 6;

/// The first line that reads as a whole entry and is not taken for one.
pub(super) fn stray_entry(message: &Message<'_>, lines: &Lines<'_>) -> Option<Finding> {
    let found = message.tags(lines).find_map(|tag| {
        let renamed =
            (!is_statement_tag(tag.name) && is_entry(tag.first())).then_some((tag.line, tag.first()));
        renamed.or_else(|| tag.rest().find(|(_, line)| is_behind_damaged_tag(line)))
    });
    found.map(|(number, line)| {
        let shown = excerpt(line);
        Finding::new(
            line_place(number),
            "entry_in_text",
            format!("Dòng này giống một bút toán mà thiếu :61: đúng: “{shown}”"),
            format!("this line reads like an entry without a right :61:: “{shown}”"),
        )
    })
}

fn is_behind_damaged_tag(line: &str) -> bool {
    let starts = line.char_indices().take(TAG_CHARS + 1).map(|(at, _)| at);
    starts.filter_map(|at| line.get(at..)).any(is_entry)
}

/// A value date, a mark, an amount with a comma and a type, in their order.
fn is_entry(text: &str) -> bool {
    let begins = text.bytes().take(6).filter(u8::is_ascii_digit).count() == 6;
    begins && read_entry(text).is_ok_and(|entry| !entry.amount_deviates)
}
