//! Where a message can go: e-mail addresses and Vietnamese mobile numbers, checked and in one form.

/// The longest address a mail server must take (RFC 5321, 4.5.3.1.3).
const EMAIL_LIMIT: usize = 254;

/// Prefixes of mobile numbers after the leading 0, under the numbering plan in force since 2018.
const MOBILE_PREFIXES: [&str; 5] = ["3", "5", "7", "8", "9"];

/// An address as it is written into an envelope: ASCII, one `@`, a domain with a dot, no quoting.
/// `None` for everything else; what a payer typed never reaches a header unchecked.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let is_local = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&c);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    let is_good = text.len() <= EMAIL_LIMIT
        && (1..=64).contains(&local.len())
        && local.bytes().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(is_label);
    is_good.then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// `84900000001` for `0900 000 001`, `+84 900.000.001`, `0084900000001` or `84900000001`; `None`
/// for a landline, a short code, a foreign number or anything else.
pub fn mobile(text: &str) -> Option<String> {
    if text.len() > 40 {
        return None;
    }
    let text = text.trim();
    let is_international = text.starts_with('+');
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '+')).collect();
    if !digits.bytes().all(|c| c.is_ascii_digit()) || text.matches('+').count() > 1 {
        return None;
    }
    let national = match (is_international, digits.as_str()) {
        (true, digits) => digits.strip_prefix("84")?,
        (false, digits) if digits.starts_with("0084") => &digits[4..],
        (false, digits) if digits.starts_with("84") && digits.len() == 11 => &digits[2..],
        (false, digits) => digits.strip_prefix('0')?,
    };
    let is_mobile = national.len() == 9 && MOBILE_PREFIXES.iter().any(|prefix| national.starts_with(prefix));
    is_mobile.then(|| format!("84{national}"))
}

/// Whether it can be a telephone number of any kind and country: up to fifteen digits (ITU-T E.164) behind a
/// prefix `00`, at least the eight of a landline without its area code, in the groups people write.
pub fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let grouped = text.trim().trim_start_matches('+');
    (8..=17).contains(&digits)
        && grouped.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '(' | ')' | '/'))
}

/// Enough of an address for its owner to know it, too little for anybody else.
pub fn masked(to: &str) -> String {
    if let Some((local, domain)) = to.split_once('@') {
        return format!("{}***@{domain}", local.chars().take(1).collect::<String>());
    }
    let digits: Vec<char> = to.chars().collect();
    format!("***{}", digits[digits.len().saturating_sub(3)..].iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_number_has_one_form_however_it_is_written() {
        for text in ["0900000001", "+84 900 000 001", "84900000001", "0084-900.000.001", "+84 (900) 000001"] {
            assert_eq!(mobile(text).as_deref(), Some("84900000001"), "{text}");
        }
    }

    #[test]
    fn what_is_no_mobile_number_gets_no_message() {
        for text in [
            "02438000000",
            "1900",
            "113",
            "+1 202 555 0100",
            "090000000",
            "09000000011",
            "",
            "0900x00001",
            "+84+900000001",
            "01234567890",
            "84 24 3800000",
        ] {
            assert_eq!(mobile(text), None, "{text}");
        }
    }

    #[test]
    fn a_telephone_number_has_digits_enough_and_nothing_else() {
        for text in
            ["0900000001", "024 3800 0000", "+84 (24) 3800.0000", "+1 202 555 0100", "0084-900-000-001"]
        {
            assert!(is_phone(text), "{text}");
        }
        for text in ["12", "1900", "không có", "0900x00001", "+84+900000001", "", "090000000109000000019"] {
            assert!(!is_phone(text), "{text}");
        }
    }

    #[test]
    fn an_address_that_could_break_a_header_or_an_envelope_is_none() {
        assert_eq!(email(" Mau.Thu+1@Example.VN ").as_deref(), Some("Mau.Thu+1@example.vn"));
        for text in [
            "",
            "mau",
            "mau@",
            "@example.vn",
            "mau@localhost",
            "a@b@c.vn x",
            "mau@example.vn\r\nBcc: x@y.vn",
            "mau thu@example.vn",
            "\"mau\"@example.vn",
            "<mau@example.vn>",
            "mẫu@example.vn",
            "mau@exa_mple.vn",
            "mau@-a.vn",
            "a..b@example.vn",
            ".a@example.vn",
            "mau@example..vn",
        ] {
            assert_eq!(email(text), None, "{text}");
        }
        assert_eq!(email(&format!("{}@example.vn", "a".repeat(65))), None);
    }
}
