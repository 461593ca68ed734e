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
        assert_eq!(decode_dos(b"M\x81ller Gro\xE1").0, "Müller Groß");
        assert!(looks_like_dos(b"M\x81ller") && !looks_like_dos(b"M\xFCller") && !looks_like_dos(b"l\x92or"));
    }
}
