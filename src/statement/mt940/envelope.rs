//! The SWIFT blocks around a message: `{1:…}{2:…}{4:` before the text, `-}` and trailers behind it.

/// Whether the blocks read so far are closed.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    depth: usize,
    /// The header was there and the text block was not.
    awaits_text: bool,
    /// The line of the last header.
    opened_on: usize,
}

impl Envelope {
    /// A line of blocks; what follows `{4:` is text, unless it is the block of an acknowledgement.
    pub fn take(&mut self, line: &str, number: usize) {
        let text_at = line.rfind("{4:").map(|at| at + "{4:".len());
        let behind = text_at.and_then(|at| line.get(at..)).unwrap_or_default();
        let has_text = text_at.is_some() && !behind.trim_start().starts_with('{');
        let blocks = if has_text { line.strip_suffix(behind).unwrap_or(line) } else { line };
        if line.contains("{1:") {
            *self = Envelope { depth: 0, awaits_text: true, opened_on: number };
        }
        if text_at.is_some() {
            self.awaits_text = false;
        }
        for mark in blocks.chars() {
            match mark {
                '{' => self.depth += 1,
                '}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if has_text {
            // The headers are over when the text begins, also those that lack a brace.
            self.depth = 1;
        }
    }

    /// `-}`, or the dash some banks put in its place.
    pub fn end_text(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// The line of the header when the file must not end here.
    pub fn open_since(&self) -> Option<usize> {
        (self.depth > 0 || self.awaits_text).then_some(self.opened_on)
    }
}

/// A dash at the end of a message, alone or with a few letters (`-XXX`).
pub(super) fn is_end_mark(line: &str) -> bool {
    let line = line.trim();
    line.strip_prefix('-').is_some_and(|rest| rest.len() <= 4 && rest.chars().all(char::is_alphanumeric))
}

/// What is left of a tag where a file breaks off: `:2`, `:20`, `:62F`.
pub(super) fn is_cut_tag(line: &str) -> bool {
    let Some(rest) = line.trim().strip_prefix(':') else { return false };
    let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() <= 3
        && rest.len() - letters.len() <= 2
        && letters.len() <= 1
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_since(lines: &[&str]) -> Option<usize> {
        let mut envelope = Envelope::default();
        (1..).zip(lines).for_each(|(number, line)| match line.strip_prefix("-}") {
            Some(rest) => {
                envelope.end_text();
                envelope.take(rest, number);
            }
            None => envelope.take(line, number),
        });
        envelope.open_since()
    }

    #[test]
    fn an_envelope_is_open_until_its_last_block_is_closed() {
        let head = "{1:F01BANK}{2:O940}{3:{108:X}}{4:";
        assert_eq!(open_since(&[head]), Some(1));
        assert_eq!(open_since(&["{1:F01BANK}", "{2:O940}", "{4:", "-}"]), None);
        assert_eq!(open_since(&[head, "-}{5:{CHK:1}}"]), None);
        assert_eq!(open_since(&[head, "-}{5:{CHK:1"]), Some(1));
        assert_eq!(open_since(&[head, "-}", "{1:F01BANK}{2:O9"]), Some(3));
        assert_eq!(open_since(&[head, "-}", "{1:F01BANK}{2:O940}"]), Some(3));
        assert_eq!(open_since(&["{1:F21BANK}{4:{177:16}{451:0}}", head, "-}"]), None);
        let lacks_a_brace = "{1:F01BANK}{2:O940}{3:{118:X}{4:";
        assert_eq!(open_since(&[lacks_a_brace]), Some(1));
        assert_eq!(open_since(&[lacks_a_brace, "-}{5:{CHK:1}}"]), None);
        assert_eq!(open_since(&[&format!("{{1:F21BANK}}{{4:{{177:16}}}}{head}"), "-}"]), None);
    }

    #[test]
    fn what_a_broken_file_ends_with_is_no_text() {
        assert!([":", ":2", ":20", ":62F", ":6"].iter().all(|line| is_cut_tag(line)));
        assert!([":20:", ":a", "20", ":ABC", ":2026", "x"].iter().all(|line| !is_cut_tag(line)));
        assert!(is_end_mark("-") && is_end_mark(" -XXX") && !is_end_mark("- 25,00 EUR"));
    }
}
