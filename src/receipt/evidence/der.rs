//! Just enough DER (X.690) to write and read time stamps (RFC 3161) and certificate status
//! (RFC 6960): definite lengths, one-byte tags.

use chrono::NaiveDateTime;

use crate::clock::Instant;

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const ENUMERATED: u8 = 0x0a;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

pub const SHA256_OID: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
pub const SHA1_OID: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
pub const RSA_SHA256_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];

/// One element with its content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend_from_slice(&bytes);
    }
    out.extend_from_slice(content);
    out
}

/// An element of several parts, which are DER already.
pub fn of(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag, &parts.concat())
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    of(SEQUENCE, parts)
}

/// `[number]`, constructed.
pub fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A number that is not negative, from its big-endian bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv(INTEGER, &content)
}

/// AlgorithmIdentifier with NULL parameters.
pub fn algorithm(oid: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(OID, oid), &tlv(NULL, &[])])
}

pub fn time(at: Instant) -> Vec<u8> {
    tlv(GENERALIZED_TIME, at.utc().format("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

/// A string of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// One element as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    /// Tag, length and content.
    pub whole: &'a [u8],
}

/// Elements one after the other; None anywhere means that it is no good DER.
#[derive(Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// The next element, whatever it is.
    pub fn any(&mut self) -> Option<Element<'a>> {
        let bytes = self.0;
        let tag = *bytes.first()?;
        // Tags above 30 do not occur in what is read here.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let first = *bytes.get(1)?;
        let (length, head) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) {
                return None;
            }
            let digits = bytes.get(2..2 + count)?;
            let length = digits.iter().fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
            (length, 2 + count)
        };
        let end = head.checked_add(length)?;
        let whole = bytes.get(..end)?;
        self.0 = bytes.get(end..)?;
        Some(Element { tag, content: whole.get(head..)?, whole })
    }

    /// The next element, which must have this tag.
    pub fn one(&mut self, tag: u8) -> Option<Element<'a>> {
        let before = self.0;
        match self.any() {
            Some(element) if element.tag == tag => Some(element),
            _ => {
                self.0 = before;
                None
            }
        }
    }

    /// The elements inside the next one, which must have this tag.
    pub fn inside(&mut self, tag: u8) -> Option<Reader<'a>> {
        self.one(tag).map(|element| Reader(element.content))
    }

    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.any()
    }
}

/// GeneralizedTime as RFC 3161 writes it: UTC, perhaps with a fraction, which is dropped.
pub fn read_time(content: &[u8]) -> Option<Instant> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let whole = text.split('.').next()?;
    let at = NaiveDateTime::parse_from_str(whole, "%Y%m%d%H%M%S").ok()?;
    Some(Instant::from_ms(at.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_written_as_short_as_der_wants_them() {
        assert_eq!(tlv(OCTET_STRING, &[7]), [4, 1, 7]);
        assert_eq!(tlv(OCTET_STRING, &[0; 127])[..2], [4, 127]);
        assert_eq!(tlv(OCTET_STRING, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(OCTET_STRING, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn numbers_are_never_negative() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0]), [2, 1, 0]);
        assert_eq!(unsigned(&[5]), [2, 1, 5]);
    }

    #[test]
    fn a_time_reads_back() {
        let at: Instant = "2026-11-27T23:59:59+07:00".parse().unwrap();
        let written = time(at);
        assert_eq!(read_time(&written[2..]), Some(at));
        assert_eq!(read_time(b"20261127165959.25Z"), Some(at));
        assert_eq!(read_time(b"20261127165959"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(content in proptest::collection::vec(any::<u8>(), 0..400)) {
            let written = sequence(&[&tlv(OCTET_STRING, &content), &unsigned(&[1])]);
            let mut inside = Reader::new(&written).inside(SEQUENCE).unwrap();
            prop_assert_eq!(inside.one(OCTET_STRING).unwrap().content, content.as_slice());
            prop_assert!(inside.one(INTEGER).is_some() && inside.is_done());
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Reader::new(&bytes).count();
        }
    }
}
