//! Identifiers of organisations and persons: form and check digit.

/// Weights of the first nine digits of a tax code.
const TAX_CODE_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// Provinces of birth registration were numbered 001 (Hà Nội) to 096 (Cà Mau).
const PROVINCE_LIMIT: u32 = 96;

/// A tax code (mã số thuế): ten digits with a check digit, optionally `-001` to `-999` for a
/// branch, or the twelve-digit personal id that replaces it for individuals.
pub fn is_tax_code(text: &str) -> bool {
    match text.split_once('-') {
        Some((head, branch)) => is_ten_digit_tax_code(head) && is_digits(branch, 3) && branch != "000",
        None if text.len() == 12 => is_personal_id(text),
        None => is_ten_digit_tax_code(text),
    }
}

fn is_ten_digit_tax_code(text: &str) -> bool {
    if !is_digits(text, 10) {
        return false;
    }
    let mut digits = text.bytes().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits.clone().zip(TAX_CODE_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    digits.next_back() == 10_u32.checked_sub(sum % 11)
}

/// A personal id (số định danh): twelve digits, of which the first three are a province's.
/// It has no check digit.
pub fn is_personal_id(text: &str) -> bool {
    let province = text.get(..3).and_then(|digits| digits.parse().ok());
    is_digits(text, 12) && province.is_some_and(|province: u32| (1..=PROVINCE_LIMIT).contains(&province))
}

/// A passport number: five to twenty capitals and digits.
pub fn is_passport(text: &str) -> bool {
    (5..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

pub fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_code_carries_its_check_digit() {
        assert!(is_tax_code("9900000009") && !is_tax_code("9900000008"));
        let valid: Vec<char> =
            ('0'..='9').filter(|digit| is_tax_code(&format!("010123456{digit}"))).collect();
        assert_eq!(valid.len(), 1, "exactly one last digit fits");
        let code = format!("010123456{}", valid[0]);
        assert!(is_tax_code(&format!("{code}-001")));
        for wrong in [format!("{code}-000"), format!("{code}-1"), format!("{code}001"), format!(" {code}")] {
            assert!(!is_tax_code(&wrong), "{wrong}");
        }
    }

    #[test]
    fn the_check_digit_follows_the_published_weights() {
        // 9·31 + 9·29 = 540; 540 mod 11 = 1; 10 − 1 = 9.
        assert!(is_tax_code("9900000009"));
    }

    #[test]
    fn a_number_whose_check_digit_would_be_ten_was_never_allocated() {
        let unallocated = (0..1_000_u32)
            .map(|n| format!("01{n:07}"))
            .find(|head| ('0'..='9').all(|digit| !is_tax_code(&format!("{head}{digit}"))));
        assert!(unallocated.is_some());
    }

    #[test]
    fn a_personal_id_has_twelve_digits_and_a_province() {
        assert!(is_personal_id("001199000000"));
        assert!(is_tax_code("001199000000"), "it stands in for a tax code");
        for wrong in ["000190000001", "097190000001", "00119000000", "00119000000a", "٠٠١١٩٠٠٠٠٠٠١"]
        {
            assert!(!is_personal_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_passport_is_capitals_and_digits() {
        assert!(is_passport("C1234567"));
        assert!(!is_passport("c1234567") && !is_passport("C-1234567") && !is_passport("C1"));
    }
}
