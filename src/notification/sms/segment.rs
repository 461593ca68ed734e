//! What a text costs as SMS: the alphabet it needs and the number of segments (3GPP TS 23.038 and
//! 23.040): 160 characters of the GSM 7-bit alphabet or 70 of UCS-2, in a chain 153 or 67.

/// The default alphabet without the escape character.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters that take two places.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub is_unicode: bool,
    /// Septets or UTF-16 units.
    pub length: usize,
    pub segments: usize,
}

pub fn size(text: &str) -> Size {
    let septets: Option<usize> = text
        .chars()
        .map(|c| match c {
            c if BASIC.contains(c) => Some(1),
            c if EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum();
    let (is_unicode, length, single, chained) = match septets {
        Some(length) => (false, length, 160, 153),
        None => (true, text.encode_utf16().count(), 70, 67),
    };
    let segments = if length <= single { 1 } else { length.div_ceil(chained) };
    Size { is_unicode, length, segments }
}

/// Vietnamese without marks, in the 7-bit alphabet; what has no place there becomes `?`.
pub fn unaccented(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let is_mark = |c: &char| unicode_normalization::char::is_combining_mark(*c);
    let plain = |c: char| match c {
        'đ' => 'd',
        'Đ' => 'D',
        '₫' => 'd',
        '–' | '—' => '-',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        '…' => '.',
        '\u{a0}' => ' ',
        c if BASIC.contains(c) || EXTENDED.contains(c) => c,
        _ => '?',
    };
    text.nfd().filter(|c| !is_mark(c)).map(plain).collect()
}

/// A text about somebody with a name, in one segment where that is possible: the name is cut where the
/// text would need a second one. Without `is_unicode` it goes without marks.
pub fn in_one(name: &str, text: impl Fn(&str) -> String, is_unicode: bool) -> String {
    let with = |name: &str| if is_unicode { text(name) } else { unaccented(&text(name)) };
    let full = with(name);
    let over = size(&full);
    if over.segments == 1 || over.is_unicode {
        return full;
    }
    let excess = over.length.saturating_sub(160);
    let kept: String = name.chars().take(name.chars().count().saturating_sub(excess)).collect();
    with(kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_operators_count_them() {
        let of = |text: &str| (size(text).is_unicode, size(text).segments);
        assert_eq!(of(&"a".repeat(160)), (false, 1));
        assert_eq!(of(&"a".repeat(161)), (false, 2));
        assert_eq!(of(&"a".repeat(306)), (false, 2));
        assert_eq!(of(&"a".repeat(307)), (false, 3));
        assert_eq!(of(&"đ".repeat(70)), (true, 1));
        assert_eq!(of(&"đ".repeat(71)), (true, 2));
        assert_eq!(of(&"đ".repeat(134)), (true, 2));
        assert_eq!(of(&"đ".repeat(135)), (true, 3));
        assert_eq!(size(&"[".repeat(80)).length, 160, "brackets take two places");
        assert_eq!(size("𠀀").length, 2, "outside the basic plane two units");
    }

    #[test]
    fn vietnamese_without_marks_fits_the_seven_bit_alphabet() {
        let text = "Đã thu 25.000 ₫ của Nguyễn Thị Thử – phường Ngọc Hà; ẵ Ỷ ộ";
        let plain = unaccented(text);
        assert_eq!(plain, "Da thu 25.000 d cua Nguyen Thi Thu - phuong Ngoc Ha; a Y o");
        assert!(!size(&plain).is_unicode);
        use unicode_normalization::UnicodeNormalization;
        assert_eq!(unaccented(&text.nfd().collect::<String>()), plain, "however it is encoded");
        assert!(!size(&unaccented("日本😀")).is_unicode);
    }
}
