//! Identifiers of organisations and persons: form and check digit.

/// Weights of the first nine digits of a tax code.
const TAX_CODE_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// A tax code (mã số thuế): ten digits with a check digit, optionally `-001` to `-999` for a
/// branch, or the twelve-digit personal id that replaces it for individuals.
pub fn is_tax_code(text: &str) -> bool {
    match text.split_once('-') {
        Some((head, branch)) => is_ten_digit_tax_code(head) && is_digits(branch, 3) && branch != "000",
        None if text.len() == 12 => is_digits(text, 12),
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

/// A personal id (số định danh): twelve digits without a check digit. The first three are those of the
/// province of birth registration, 001 to `provinces`, where the profile knows how many there were; 0 asks
/// for nothing.
pub fn is_personal_id(text: &str, provinces: u32) -> bool {
    let province = text.get(..3).and_then(|digits| digits.parse().ok());
    let is_known = |province: u32| provinces == 0 || (1..=provinces).contains(&province);
    is_digits(text, 12) && province.is_some_and(is_known)
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
    fn a_personal_id_has_twelve_digits_and_a_province_where_the_profile_counts_them() {
        assert!(is_personal_id("001199000000", 96));
        assert!(is_tax_code("001199000000"), "it stands in for a tax code");
        for wrong in ["000190000001", "097190000001", "00119000000", "00119000000a", "٠٠١١٩٠٠٠٠٠٠١"]
        {
            assert!(!is_personal_id(wrong, 96), "{wrong}");
        }
        assert!(is_personal_id("097190000001", 97) && is_personal_id("999190000001", 0));
    }
}
