//! The syntax of PDF (ISO 32000-2, 7.2 and 7.3), as far as finding the files of a document needs it. Reads
//! what lenient programs read as well: who hides something writes it wrongly on purpose. Pure.

/// How deep values lie in each other.
const DEPTH_LIMIT: u8 = 32;
/// Words that no value goes on over.
const ENDS: [&[u8]; 7] = [b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Without its slash, and with `#20` and the like as the characters they stand for.
    Name(Vec<u8>),
    /// `5 0 R`: the object's number.
    Reference(u32),
    Array(Vec<Value>),
    Dictionary(Dictionary),
    /// Numbers, strings and words.
    Other,
}

/// Keys with values in the order of the file: a key that stands there twice has two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dictionary(Vec<(Vec<u8>, Value)>);

impl Dictionary {
    pub(super) fn all<'d>(&'d self, key: &'d [u8]) -> impl Iterator<Item = &'d Value> {
        self.0.iter().filter(move |(own, _)| own == key).map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &[u8]) -> bool {
        self.all(key).next().is_some()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }
}

/// Reads on from a place.
#[derive(Clone, Copy)]
pub(super) struct Reader<'d> {
    bytes: &'d [u8],
    pub at: usize,
}

impl<'d> Reader<'d> {
    pub(super) fn new(bytes: &'d [u8], at: usize) -> Reader<'d> {
        Reader { bytes, at }
    }

    pub(super) fn rest(&self) -> &'d [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    pub(super) fn skip_blanks(&mut self) {
        while let Some(&byte) = self.rest().first() {
            if is_blank(byte) {
                self.at += 1;
            } else if byte == b'%' {
                self.run(|byte| !matches!(byte, b'\r' | b'\n'));
            } else {
                break;
            }
        }
    }

    /// What stands here, unless it is broken off or nothing that may be a value.
    pub(super) fn value(&mut self) -> Option<Value> {
        self.within(DEPTH_LIMIT)
    }

    /// The name at whose slash this stands.
    pub(super) fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut left = self.run(is_regular);
        let mut name = Vec::with_capacity(left.len());
        while let Some((&byte, after)) = left.split_first() {
            let code = after.split_at_checked(2).filter(|_| byte == b'#');
            let meant = code.and_then(|(two, more)| Some((hexadecimal(two)?, more)));
            let (byte, after) = meant.unwrap_or((byte, after));
            name.push(byte);
            left = after;
        }
        name
    }

    fn within(&mut self, depth: u8) -> Option<Value> {
        self.skip_blanks();
        match *self.rest().first()? {
            b'/' => Some(Value::Name(self.name())),
            b'(' => self.text(),
            b'[' => self.array(depth.checked_sub(1)?),
            b'<' if self.rest().starts_with(b"<<") => self.dictionary(depth.checked_sub(1)?),
            b'<' => {
                self.run(|byte| byte != b'>');
                self.rest().first().map(|_| self.passed(1))
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' => Some(self.number()),
            b')' | b'{' | b'}' => Some(self.passed(1)),
            b']' | b'>' => None,
            _ => (!ENDS.contains(&self.run(is_regular))).then_some(Value::Other),
        }
    }

    fn dictionary(&mut self, depth: u8) -> Option<Value> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            self.skip_blanks();
            if self.rest().starts_with(b">>") {
                self.at += 2;
                return Some(Value::Dictionary(Dictionary(entries)));
            }
            if *self.rest().first()? != b'/' {
                self.within(depth)?;
                continue;
            }
            let key = self.name();
            self.skip_blanks();
            let value = if self.rest().starts_with(b">>") { Value::Other } else { self.within(depth)? };
            entries.push((key, value));
        }
    }

    fn array(&mut self, depth: u8) -> Option<Value> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_blanks();
            if *self.rest().first()? == b']' {
                self.at += 1;
                return Some(Value::Array(values));
            }
            values.push(self.within(depth)?);
        }
    }

    /// A number, or with the two words behind it a reference: lenient programs take `+9` and `9.` for 9.
    fn number(&mut self) -> Value {
        let mut ahead = *self;
        let number = ahead.figure();
        ahead.skip_blanks();
        if !number.is_empty() && !ahead.figure().is_empty() {
            ahead.skip_blanks();
            if ahead.rest().starts_with(b"R") {
                self.at = ahead.at + 1;
                return Value::Reference(whole(number));
            }
        }
        self.run(is_regular);
        Value::Other
    }

    /// The digits, points and exponent of a number. Its sign may stand on the line before.
    fn figure(&mut self) -> &'d [u8] {
        self.run(|byte| matches!(byte, b'+' | b'-'));
        self.skip_blanks();
        self.run(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'e' | b'E'))
    }

    /// A text in brackets, with brackets in it.
    fn text(&mut self) -> Option<Value> {
        let mut open = 0_usize;
        while let Some(&byte) = self.rest().first() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'(' => open += 1,
                b')' if open == 1 => return Some(Value::Other),
                b')' => open -= 1,
                _ => {}
            }
        }
        None
    }

    fn passed(&mut self, bytes: usize) -> Value {
        self.at += bytes;
        Value::Other
    }

    fn run(&mut self, goes_on: impl Fn(u8) -> bool) -> &'d [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !goes_on(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

/// The number of the object that begins with the word `obj` behind these bytes: `5 0 obj`.
pub(super) fn number_before(bytes: &[u8]) -> Option<u32> {
    let (bytes, _generation) = digits_before(bytes)?;
    bytes.last().filter(|byte| is_blank(**byte))?;
    digits_before(bytes).map(|(_, number)| whole(number))
}

fn digits_before(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().rposition(|byte| !is_blank(*byte))? + 1;
    let bytes = bytes.get(..end)?;
    let start = bytes.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let (before, digits) = bytes.split_at(start);
    (!digits.is_empty()).then_some((before, digits))
}

fn hexadecimal(two: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()
}

fn whole(digits: &[u8]) -> u32 {
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

pub(super) fn is_regular(byte: u8) -> bool {
    !is_blank(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Value> {
        Reader::new(text.as_bytes(), 0).value()
    }

    fn name(text: &str) -> Value {
        Value::Name(text.as_bytes().to_vec())
    }

    #[test]
    fn a_value_is_read_however_it_is_spelled() {
        assert_eq!(value(" /E#6dbedded#46ile"), Some(name("EmbeddedFile")));
        assert_eq!(value("/A#zz"), Some(name("A#zz")), "no code");
        for reference in ["5 0 R", "5%why\n0\tR", "5 0R", "+5 0 R", "+\n5 +0 R"] {
            assert_eq!(value(reference), Some(Value::Reference(5)), "{reference}");
        }
        let unclear = Some(Value::Reference(u32::MAX));
        assert_eq!([value("5. 0 R"), value("5e0 0. R")], [unclear.clone(), unclear], "which one is not said");
        for other in ["5", "5.0", "-5", "- 5", "+", "(a (b) \\) c)", "<41>", "null", "true"] {
            assert_eq!(value(other), Some(Value::Other), "{other}");
        }
        let Some(Value::Dictionary(found)) = value("<</A[1 2 0 R/B]/C<</D 7>>/A(stream)/E>>") else {
            panic!("a dictionary")
        };
        let array = Value::Array(vec![Value::Other, Value::Reference(2), name("B")]);
        assert_eq!(found.all(b"A").collect::<Vec<_>>(), [&array, &Value::Other], "a key that stands twice");
        assert!(found.has(b"C") && found.has(b"E") && !found.has(b"D"));
    }

    #[test]
    fn what_is_broken_off_is_no_value() {
        for broken in ["", "(a", "<41", "[1", "<</A", "<</A 1", "<</A 1 obj>>", "]", ">"] {
            assert_eq!(value(broken), None, "{broken}");
        }
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(value(&deep(DEPTH_LIMIT.into())).is_some());
        assert_eq!(value(&deep(usize::from(DEPTH_LIMIT) + 1)), None);
    }

    #[test]
    fn an_objects_number_stands_before_its_word() {
        assert_eq!(number_before(b"%%EOF\n12 0 "), Some(12));
        assert_eq!(number_before(b"12\r\n0\n"), Some(12));
        for other in [&b"12 "[..], b"a 0 ", b"12 0 %why\n", b"end", b""] {
            assert_eq!(number_before(other), None);
        }
    }
}
