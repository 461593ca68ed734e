//! Quotes within quoted cells that a bank has not doubled: `"UAB "Beržas"","12.20"`.

use std::borrow::Cow;

/// The text with such quotes doubled. A line is changed only where it cannot be read as it stands and
/// every quote that ends a cell has the separator or the end of the line behind it.
pub(super) fn doubled(text: &str, delimiter: u8) -> Cow<'_, str> {
    let delimiter = char::from(delimiter);
    let mut is_open = false;
    let mut written: Option<String> = None;
    let mut done = 0;
    for line in text.split_inclusive('\n') {
        let scan = scan(line, delimiter, is_open);
        let mended = if scan.is_damaged && !is_open { mended(line, delimiter) } else { None };
        is_open = scan.is_open && mended.is_none();
        if written.is_none() && mended.is_some() {
            written = Some(text.get(..done).unwrap_or_default().to_owned());
        }
        if let Some(written) = &mut written {
            written.push_str(mended.as_deref().unwrap_or(line));
        }
        done += line.len();
    }
    written.map_or(Cow::Borrowed(text), Cow::Owned)
}

struct Scan {
    /// A quote is not closed at the end of the line.
    is_open: bool,
    /// Behind a quote that closes a cell stands something else than a separator.
    is_damaged: bool,
}

fn scan(line: &str, delimiter: char, is_open: bool) -> Scan {
    let mut scan = Scan { is_open, is_damaged: false };
    let mut is_at_start = !is_open;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if scan.is_open {
            if letter != '"' {
                continue;
            }
            if let Some(rest) = letters.as_str().strip_prefix('"') {
                letters = rest.chars();
            } else {
                scan.is_open = false;
                scan.is_damaged |= !is_end(letters.as_str(), delimiter);
            }
        } else if letter == '"' && is_at_start {
            scan.is_open = true;
        }
        is_at_start = !scan.is_open && letter == delimiter;
    }
    scan
}

/// Whether a cell ends before this text; some banks leave blanks behind the quote.
fn is_end(rest: &str, delimiter: char) -> bool {
    let rest = rest.trim_start_matches(|letter| letter != delimiter && matches!(letter, ' ' | '\t'));
    rest.is_empty() || rest.starts_with([delimiter, '\n', '\r'])
}

fn mended(line: &str, delimiter: char) -> Option<String> {
    let mut written = String::with_capacity(line.len() + 4);
    let (mut is_open, mut is_at_start) = (false, true);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let is_quote = letter == '"';
        let rest = letters.as_str();
        match rest.strip_prefix('"') {
            Some(behind) if is_open && is_quote && !is_end(behind, delimiter) => {
                written.push_str("\"\"");
                letters = behind.chars();
            }
            _ if is_open && is_quote && is_end(rest, delimiter) => {
                written.push('"');
                is_open = false;
            }
            _ if is_open && is_quote => written.push_str("\"\""),
            _ => {
                is_open |= is_quote && is_at_start;
                written.push(letter);
            }
        }
        is_at_start = !is_open && letter == delimiter;
    }
    (!is_open).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, wanted: &str) {
        assert_eq!(doubled(line, b','), wanted, "{line}");
    }

    #[test]
    fn quotes_inside_of_a_quoted_cell_are_doubled() {
        check("a,b\n\"UAB \"Beržas\"\",\"12.20\"\n", "a,b\n\"UAB \"\"Beržas\"\"\",\"12.20\"\n");
        check("\"\"Beržas\" UAB\",\"1\"", "\"\"\"Beržas\"\" UAB\",\"1\"");
    }

    #[test]
    fn what_is_written_well_stays_as_it_is() {
        for line in [
            "\"a \"\"b\"\" c\",\"1\"\n",
            "\"two\nlines\",1\n",
            "\"\",\"\",x\n",
            "5\" pipe,1\n",
            "\"a\"b,1\n",
            "\"-18.00\" \t,CNY\n",
        ] {
            check(line, line);
        }
    }
}
