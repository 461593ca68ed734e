//! Slips of the finger: codes one edit apart, amounts with swapped digits.

use crate::amount::Dong;

/// Whether one insertion, deletion, substitution or swap of neighbours turns one into the other.
/// Equal texts are not one edit apart.
pub fn one_edit_apart(one: &[u8], other: &[u8]) -> bool {
    let prefix = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(prefix..).unwrap_or_default(), other.get(prefix..).unwrap_or_default());
    let suffix = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |text: &'_ [u8]| text.len().saturating_sub(suffix);
    match (middle(one), middle(other)) {
        (1, 1) | (1, 0) | (0, 1) => true,
        (2, 2) => one.first() == other.get(1) && one.get(1) == other.first(),
        _ => false,
    }
}

/// Whether two different amounts have the same digits in another order (the difference of such
/// amounts is divisible by nine): a hint at a typing slip, no more.
pub fn digits_swapped(one: Dong, other: Dong) -> bool {
    let sorted = |amount: Dong| {
        let mut digits = amount.0.unsigned_abs().to_string().into_bytes();
        digits.sort_unstable();
        digits
    };
    one != other && sorted(one) == sorted(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(one: &str, other: &str) -> bool {
        let forth = one_edit_apart(one.as_bytes(), other.as_bytes());
        assert_eq!(forth, one_edit_apart(other.as_bytes(), one.as_bytes()), "{one} {other}");
        forth
    }

    #[test]
    fn one_wrong_missing_added_or_swapped_character_is_one_edit() {
        assert!(apart("HNPH7K2M", "HNPH7K3M"));
        assert!(apart("HNPH7K2M", "HNPH7K2"));
        assert!(apart("HNPH7K2M", "HNPH77K2M"));
        assert!(apart("HNPH7K2M", "HNPHK72M"));
        assert!(!apart("HNPH7K2M", "HNPH7K2M"));
        assert!(!apart("HNPH7K2M", "HNPH2K7M"));
        assert!(!apart("HNPH7K2M", "HNPH7XXM"));
        assert!(!apart("", "AB"));
        assert!(apart("", "A"));
    }

    #[test]
    fn swapped_digits_are_told_from_other_differences() {
        assert!(digits_swapped(Dong(54_000), Dong(45_000)));
        assert!(!digits_swapped(Dong(54_000), Dong(54_000)));
        assert!(!digits_swapped(Dong(54_000), Dong(55_000)));
        assert!(!digits_swapped(Dong(10_000), Dong(1_000)));
    }
}
