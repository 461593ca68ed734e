//! Code pages that `encoding_rs` does not have: DOS (850) and TCVN 5712-3, the fonts “ABC”.
//!
//! Both keep ASCII; a table holds the characters of the bytes 0x80 to 0xFF. In TCVN 5712-3 the
//! capitals with tone marks are a matter of the font, so such a text has them in lower case.

/// IBM 850; its letters are where 437 has them, too.
const DOS: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

/// TCVN 5712:1993, VN3. Bytes without a letter are U+FFFD.
const TCVN3: &str = "\
\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
\u{A0}ĂÂÊÔƠƯĐăâêôơưđ\u{FFFD}\
\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}àảãáạ\u{FFFD}ằẳẵắ\u{FFFD}\
\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ặầẩẫấậè\u{FFFD}ẻẽ\
éẹềểễếệìỉ\u{FFFD}\u{FFFD}\u{FFFD}ĩíịò\
\u{FFFD}ỏõóọồổỗốộờởỡớợù\
\u{FFFD}ủũúụừửữứựỳỷỹýỵ\u{FFFD}";

fn decode(bytes: &[u8], high: &str) -> (String, bool) {
    let high: Vec<char> = high.chars().collect();
    let mut damaged = false;
    let text = bytes.iter().map(|byte| {
        if byte.is_ascii() {
            return char::from(*byte);
        }
        let found = high.get(usize::from(*byte - 0x80)).copied().unwrap_or('\u{FFFD}');
        damaged |= found == '\u{FFFD}';
        found
    });
    (text.collect(), damaged)
}

/// The text, and whether a byte has no character.
pub(super) fn decode_dos(bytes: &[u8]) -> (String, bool) {
    decode(bytes, DOS)
}

/// The text, and whether a byte has no character.
pub(super) fn decode_tcvn3(bytes: &[u8]) -> (String, bool) {
    decode(bytes, TCVN3)
}

/// The old code pages of Vietnamese words.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Vietnamese {
    Windows,
    Tcvn3,
}

/// Which of them a text shows inside of its words: TCVN 5712-3 has letters where others have signs, Windows a vowel and
/// its tone apart, and that more often than what its words hardly have: a tone, å, é or Ö behind a consonant, where
/// TCVN 5712-3 has frequent letters. `None` where it shows neither.
pub(super) fn vietnamese_page(bytes: &[u8]) -> Option<Vietnamese> {
    let is_sign = |byte: u8| matches!(byte, 0xA7..=0xAE | 0xB5..=0xB9 | 0xBB..=0xBE);
    let is_tone = |byte: u8| matches!(byte, 0xCC | 0xD2 | 0xDE | 0xEC | 0xF2);
    let is_vowel = |byte: u8| b"aeiouyAEIOUY\xC2\xC3\xCA\xD4\xD5\xDD\xE2\xE3\xEA\xF4\xF5\xFD".contains(&byte);
    let is_foreign = |byte: u8| is_tone(byte) || matches!(byte, 0xD6 | 0xE5 | 0xE9);
    let (mut tones, mut foreign, mut letters) = (0_usize, 0_usize, 0_usize);
    for pair in bytes.windows(2) {
        let &[before, after] = pair else { continue };
        tones += usize::from(is_vowel(before) && is_tone(after));
        let is_behind_consonant = before.is_ascii_alphabetic() && !is_vowel(before);
        foreign += usize::from(is_behind_consonant && is_foreign(after));
        let is_in_word = (is_sign(before) && after.is_ascii_alphabetic())
            || (before.is_ascii_alphabetic() && is_sign(after));
        letters += usize::from(is_in_word);
    }
    if letters > 0 && (letters.saturating_mul(2) >= tones || foreign >= tones) {
        return Some(Vietnamese::Tcvn3);
    }
    (tones > foreign).then_some(Vietnamese::Windows)
}

/// Western letters of Windows lie above 0xC0, those of DOS below: a text whose accents all stand
/// in the place of DOS, inside of words, was written there.
pub(super) fn looks_like_dos(bytes: &[u8]) -> bool {
    let is_western_letter = |byte: &u8| *byte >= 0xC0 && *byte != 0xE1;
    if bytes.iter().any(is_western_letter) {
        return false;
    }
    bytes.windows(3).any(|three| match three {
        [before, middle, after] => {
            matches!(middle, 0x81 | 0x82 | 0x84 | 0x8E | 0x94 | 0x99 | 0x9A | 0xA0..=0xA3)
                && before.is_ascii_alphabetic()
                && after.is_ascii_alphabetic()
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_have_a_character_for_every_high_byte() {
        assert_eq!((DOS.chars().count(), TCVN3.chars().count()), (128, 128));
    }

    #[test]
    fn words_of_old_fonts_and_of_dos_are_read() {
        assert_eq!(decode_tcvn3(b"Ng\xB5y h\xB9ch to\xB8n, S\xE8 d\xAD").0, "Ngày hạch toán, Số dư");
        assert_eq!(
            decode_tcvn3(b"S\xE8 ti\xD2n, N\xE9i dung, \xA7\xE8ng \xAE\xE5ng").0,
            "Số tiền, Nội dung, Đống đồng"
        );
        assert_eq!(vietnamese_page(b"gi\xE2\xECy ph\xE9p l\xEA\xF2 ph\xED"), Some(Vietnamese::Windows));
        assert_eq!(vietnamese_page(b"n\xE9p ti\xD2n"), None, "it may be either: nộp tiền, or nép tỉn");
        assert_eq!(vietnamese_page(b"n\xE9p ti\xD2n h\xE5 s\xAC"), Some(Vietnamese::Tcvn3));
        assert_eq!(decode_dos(b"M\x81ller Gro\xE1").0, "Müller Groß");
        assert!(looks_like_dos(b"M\x81ller") && !looks_like_dos(b"M\xFCller") && !looks_like_dos(b"l\x92or"));
    }
}
