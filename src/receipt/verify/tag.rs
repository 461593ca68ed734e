//! Start tags that are no XML with namespaces, though the parser reads them: it takes a default namespace that is
//! declared twice, or by a name with a prefix, and a prefix for no namespace. Another reader sees other elements there,
//! or none.

/// Where the tag ends, and how many quoted values it has.
pub(super) fn end(tag: &[u8]) -> Option<(usize, usize)> {
    let (mut quote, mut values) = (None, 0);
    for (at, &byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some((at, values)),
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                values += 1;
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Whether all readers see the same names and namespaces in a start tag, given without what closes it.
pub(super) fn is_plain(tag: &[u8]) -> bool {
    let (mut rest, mut has_default) = (tag, false);
    loop {
        let quote = rest.iter().position(|&byte| matches!(byte, b'"' | b'\'')).unwrap_or(rest.len());
        let (outside, quoted) = rest.split_at_checked(quote).unwrap_or_default();
        let mut last: &[u8] = b"";
        for name in outside.split(|&byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'/' | b'<')) {
            let is_default = name == b"xmlns";
            if name.starts_with(b":") || name.ends_with(b":xmlns") || is_default && has_default {
                return false;
            }
            has_default |= is_default;
            last = if name.is_empty() { last } else { name };
        }
        let Some((mark, behind)) = quoted.split_first() else { return true };
        let end = behind.iter().position(|byte| byte == mark).unwrap_or(behind.len());
        if end == 0 && last.starts_with(b"xmlns:") {
            return false;
        }
        rest = behind.get(end + 1..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_plain_when_each_name_has_one_reading() {
        for plain in [
            "<a",
            "<p:a b='1' p:c=\"x:xmlns=''\" xmlns='' xmlns:p=\"urn:p\" xmlns:xmlnsp='q' /",
            "<a xmlns = 'urn:a' b=\"xmlns='\" c='xmlns=\"'",
            "<a b='unended",
        ] {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
        for other in [
            "<a xmlns='urn:a' xmlns='urn:a'",
            "<a xmlns='urn:a' b='1'\n xmlns = \"\"",
            "<a p:xmlns='urn:a'",
            "<a :xmlns='urn:a'",
            "<:a",
            "<a b='1' :c='2'",
            "<a xmlns:p=''",
            "<a xmlns:p = \"\" b='1'",
        ] {
            assert!(!is_plain(other.as_bytes()), "{other}");
        }
    }
}
