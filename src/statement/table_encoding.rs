//! The code page of a table that is not UTF-8: the one in which its heading row is known best.
//!
//! Bytes alone hardly tell one page from another; words do. “Částka” is a heading in the page of Central
//! Europe and nothing in any other. A page made for the language of the headings goes before the others
//! that know them as well.

use std::borrow::Cow;
use std::collections::BTreeSet;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, IBM866, ISO_8859_2, KOI8_R, MACINTOSH, SHIFT_JIS, WINDOWS_874,
    WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    WINDOWS_1257, WINDOWS_1258,
};

use super::code_page::decode_tcvn3;
use super::tabular::{self, Heading};

/// The heading row stands within the first rows.
const HEAD_BYTES: usize = 64 * 1024;

/// So many lines full of digits in turn are rows of a table, below its heading.
const SURE_ROWS: usize = 12;

/// A date has six, or an amount beside it more.
const ROW_DIGITS: usize = 6;

/// A code page for tables.
pub(super) enum Page {
    Of(&'static Encoding),
    Tcvn3,
}

/// The likelier before the others, with the languages each was made for.
static PAGES: [(&Encoding, &[&str]); 18] = [
    (WINDOWS_1252, &[]),
    (WINDOWS_1250, &["cesky", "polski", "magyar", "romana", "hrvatski"]),
    (ISO_8859_2, &[]),
    (WINDOWS_1251, &["russkij", "ukrainska", "balgarski"]),
    (WINDOWS_1254, &["turkce"]),
    (WINDOWS_1257, &["eesti", "lietuviu", "latviesu"]),
    (WINDOWS_1253, &["ellinika"]),
    (WINDOWS_1255, &["ivrit"]),
    (WINDOWS_1256, &["arabi"]),
    (WINDOWS_874, &["thai"]),
    (SHIFT_JIS, &["nihongo"]),
    (EUC_JP, &[]),
    (GBK, &["zhongwen"]),
    (BIG5, &[]),
    (EUC_KR, &["hangugeo"]),
    (IBM866, &[]),
    (KOI8_R, &[]),
    (MACINTOSH, &[]),
];

pub(super) fn find(bytes: &[u8]) -> Page {
    let head = head_of(bytes);
    if is_no_text(head) {
        return Page::Of(WINDOWS_1258);
    }
    let top = top_of(head);
    let is_own = |heading: &Heading| {
        heading.is_vietnamese || (heading.language.is_none() && has_tones(&decoded(head, WINDOWS_1258)))
    };
    if tabular::heading(&decoded(top, WINDOWS_1258)).as_ref().is_some_and(is_own) {
        return Page::Of(WINDOWS_1258);
    }
    if tabular::heading(&decode_tcvn3(top).0).is_some_and(|heading| heading.is_vietnamese) {
        return Page::Tcvn3;
    }
    let known = PAGES.iter().filter_map(|(encoding, languages)| {
        let (text, is_damaged) = encoding.decode_without_bom_handling(top);
        let heading = tabular::heading(&text).filter(|_| !is_damaged)?;
        let is_at_home = heading.language.is_some_and(|language| languages.contains(&language.as_str()));
        Some(((heading.score, is_at_home), *encoding))
    });
    let best = known.reduce(|best, next| if next.0 > best.0 { next } else { best });
    // English headings, or those of the west, may stand above texts of the east.
    let eastern = || two_byte_page(head).map(Page::Of);
    match best {
        Some((_, encoding)) if encoding != WINDOWS_1252 => Page::Of(encoding),
        Some((_, encoding)) => eastern().unwrap_or_else(|| {
            Page::Of(if has_baltic_letters(&decoded(head, WINDOWS_1252)) { WINDOWS_1257 } else { encoding })
        }),
        None => eastern().unwrap_or_else(|| {
            let is_western = tabular::is_unheaded(&decoded(head, WINDOWS_1252));
            Page::Of(if is_western { WINDOWS_1252 } else { WINDOWS_1258 })
        }),
    }
}

/// Whether the bytes are of no text in any page, so that looking for headings in each would be for nothing: one
/// in fifty or more is a control character that only programs write.
fn is_no_text(head: &[u8]) -> bool {
    let is_foreign = |byte: &&u8| matches!(byte, 0..=8 | 14..=25 | 28..=31);
    head.iter().filter(is_foreign).count() * 50 > head.len()
}

/// Whether the accented letters are those into which the page of the West turns Lithuanian and Latvian: an eth
/// for each `š` or a thorn for each `ž`, beside letters that Icelandic and Faroese do not have.
fn has_baltic_letters(western: &str) -> bool {
    let is_turned = |c: &char| "ðþÐÞ".contains(*c);
    let is_other = |c: &char| "àèëøûâçìîïòÀÈËØÛÂÇÌÎÏÒ".contains(*c);
    let is_shared = |c: &char| "æáíÆÁÍ".contains(*c);
    let accented = || western.chars().filter(|c| !c.is_ascii() && c.is_alphabetic());
    let others: BTreeSet<char> = accented().filter(is_other).collect();
    accented().filter(is_turned).count() > 1
        && others.len() > 1
        && accented().all(|c| is_turned(&c) || is_other(&c) || is_shared(&c))
}

/// The page of Japanese, Korean or Chinese texts in which the bytes make words of nothing else.
fn two_byte_page(head: &[u8]) -> Option<&'static Encoding> {
    let letters = |encoding: &'static Encoding| {
        let (text, is_damaged) = encoding.decode_without_bom_handling(head);
        Letters::of(&text).filter(|_| !is_damaged)
    };
    // The characters of no other page begin below 0xA1.
    let begins_low = head.iter().any(|byte| (0x81..=0x9F).contains(byte));
    if begins_low && letters(SHIFT_JIS).is_some_and(|letters| letters.kana * 5 >= letters.all) {
        return Some(SHIFT_JIS);
    }
    if letters(EUC_KR).is_some_and(|letters| letters.hangul * 20 >= letters.all * 19) {
        return Some(EUC_KR);
    }
    if has_low_trails(head) {
        return letters(BIG5).map(|_| BIG5);
    }
    // Both pages have kana in the same place.
    letters(GBK).map(|letters| if letters.kana * 5 >= letters.all { EUC_JP } else { GBK })
}

/// How many letters of the east a text has.
struct Letters {
    all: usize,
    kana: usize,
    hangul: usize,
}

impl Letters {
    /// `None` where they are few, stand among other accented letters or inside of Latin words: those are
    /// texts of a page of one byte.
    fn of(text: &str) -> Option<Letters> {
        let mut found = Letters { all: 0, kana: 0, hangul: 0 };
        let (mut others, mut touching) = (0, 0);
        let mut before = ' ';
        for letter in text.chars() {
            let (is_own, was_own) = (is_eastern(letter), is_eastern(before));
            found.all += usize::from(is_own);
            found.kana += usize::from(matches!(letter, '\u{3040}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9F}'));
            found.hangul += usize::from(matches!(letter, '\u{AC00}'..='\u{D7AF}'));
            let is_mark = letter.is_ascii() || matches!(letter, '\u{2000}'..='\u{2BFF}');
            others += usize::from(!is_own && !is_mark);
            touching += usize::from(is_own && before.is_ascii_alphabetic());
            touching += usize::from(was_own && letter.is_ascii_alphabetic());
            before = letter;
        }
        (found.all >= 6 && others * 10 <= found.all && touching * 5 <= found.all).then_some(found)
    }
}

fn is_eastern(letter: char) -> bool {
    matches!(letter, '\u{3000}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{FF00}'..='\u{FFEF}')
}

/// Whether the second byte of a character may be of ASCII, which is so in Big5 and not in GB 2312.
fn has_low_trails(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    let mut has_some = false;
    while let Some(byte) = bytes.next() {
        if !byte.is_ascii() {
            has_some |= bytes.next().is_some_and(|trail| *trail < 0xA1);
        }
    }
    has_some
}

fn decoded<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, str> {
    encoding.decode_without_bom_handling(bytes).0
}

/// The first rows, up to the end of a line.
fn head_of(bytes: &[u8]) -> &[u8] {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let is_whole = head.len() == bytes.len();
    let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| !is_whole).unwrap_or(head.len());
    head.get(..end).unwrap_or(head)
}

/// What stands above the rows of the table, and the first of them: its rows have the digits of a date and
/// of an amount, one behind the other.
fn top_of(head: &[u8]) -> &[u8] {
    let (mut in_turn, mut end) = (0, 0);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        let digits = line.iter().filter(|byte| byte.is_ascii_digit()).count();
        in_turn = if digits >= ROW_DIGITS { in_turn + 1 } else { 0 };
        if in_turn == SURE_ROWS {
            break;
        }
    }
    head.get(..end).unwrap_or(head)
}

/// A tone mark behind a vowel, which this page writes as a letter of its own.
fn has_tones(text: &str) -> bool {
    let is_tone = |c: char| matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let is_vowel = |c: char| "aeiouyâăêôơưAEIOUYÂĂÊÔƠƯ".contains(c);
    text.chars().zip(text.chars().skip(1)).any(|(before, mark)| is_vowel(before) && is_tone(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(text: &str, encoding: &'static Encoding) -> &'static str {
        match find(&encoding.encode(text).0) {
            Page::Of(found) => found.name(),
            Page::Tcvn3 => "TCVN3",
        }
    }

    #[test]
    fn the_words_of_the_headings_tell_the_page() {
        for (heading, encoding) in [
            ("Datum;Popis;Částka;Měna", WINDOWS_1250),
            ("Dátum;Közlemény;Összeg;Devizanem;Egyenleg;Értéknap;Könyvelés dátuma;Leírás", WINDOWS_1250),
            ("Data operacji;Tytuł;Kwota;Waluta;Saldo końcowe;Numer rachunku;Opis", WINDOWS_1250),
            ("Дата операции;Описание;Сумма;Валюта", WINDOWS_1251),
            ("Дата;Описание;Сумма;Остаток", IBM866),
            ("Дата;Описание;Сумма;Остаток", KOI8_R),
            ("Tarih;Açıklama;Tutar;Bakiye;İşlem", WINDOWS_1254),
            ("Sąskaitos Nr;Data;Gavėjas;Paaiškinimai;Suma;Valiuta", WINDOWS_1257),
            ("Ημερομηνία;Περιγραφή;Ποσό;Υπόλοιπο", WINDOWS_1253),
            ("תאריך;תיאור;חובה;זכות;יתרה", WINDOWS_1255),
            ("التاريخ;البيان;مدين;دائن;الرصيد", WINDOWS_1256),
            ("日付;摘要;支払い金額;預かり金額;差引残高", SHIFT_JIS),
            ("日付;摘要;支払い金額;預かり金額;差引残高", EUC_JP),
            ("交易日期;摘要;支出金额;收入金额;余额", GBK),
            ("交易日期;說明;支出金額;存入金額;餘額", BIG5),
            ("거래일시;적요;출금액;입금액;잔액", EUC_KR),
            ("Datum;Verwendungszweck;Betrag;Währung", WINDOWS_1252),
            ("Ngày;Diễn giải;Số tiền ghi nợ;Số tiền ghi có", WINDOWS_1258),
        ] {
            let table = format!("{heading}\n1;2;3;4\n");
            if encoding == WINDOWS_1258 {
                // Its encoder does not take letters apart: `Ngµy` in bytes.
                assert!(matches!(find(b"Ng\xE0y;N\xF4\xA3i dung;S\xF4\xEC tie\xCCn\n"), Page::Of(_)));
            } else {
                assert_eq!(page_of(&table, encoding), encoding.name(), "{heading}");
            }
        }
    }

    #[test]
    fn texts_of_the_east_tell_their_page_below_headings_nobody_knows() {
        for (rows, encoding) in [
            ("年月日,不明項目,謎\n2026/7/1,ｶｰﾄﾞｼﾖｳﾋ ﾌﾘｺﾐ,5\n", SHIFT_JIS),
            ("Date,Description,Amount\n2026/7/1,カードショウヒ,5\n", SHIFT_JIS),
            ("Date,Description,Amount\n2026-07-01,급여 이체 서울상사,5\n", EUC_KR),
            ("Date,Description,Amount\n2026-07-01,工资转账 北京贸易公司,5\n", GBK),
            ("Date,Description,Amount\n2026-07-01,薪資轉帳 台北貿易公司,5\n", BIG5),
            ("Date,Description,Amount\n2026-07-01,MÜLLER SÖHNE GRÖSSE ÄRZTE ÜBUNG,5\n", WINDOWS_1252),
            ("Date,Description,Amount\n2026-07-01,Café à côté déjà payé été né,5\n", WINDOWS_1252),
            (
                "Date,Description,Amount\n2026-07-01,Mokėjimo paskirtis: lėšų įskaitymas už gautas pajamas,5\n",
                WINDOWS_1257,
            ),
            (
                "Date,Description,Amount\n2026-07-01,Samskipti við þjóð færð á það öðru síðar,5\n",
                WINDOWS_1252,
            ),
        ] {
            assert_eq!(page_of(rows, encoding), encoding.name(), "{rows}");
        }
    }

    #[test]
    fn bytes_of_a_program_are_no_text_and_a_table_that_ends_as_dos_does_is_one() {
        assert!(is_no_text(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0"));
        assert!(!is_no_text(
            b"Ngay;Dien giai;So tien\r\n01/10/2026;Thu phi;25000\r\n02/10/2026;Thu phi;5000\r\n\x1a"
        ));
        assert!(!is_no_text(b""));
    }

    #[test]
    fn an_english_heading_leaves_the_page_to_the_tones_of_the_text() {
        assert!(matches!(
            find(b"Date,Description,Amount\n22/11/2026,ti\xEA\xCCn ho\xF2c,5\n"),
            Page::Of(page) if page == WINDOWS_1258
        ));
        assert_eq!(
            page_of("Date,Description,Amount\n22/11/2026,Köln così,5\n", WINDOWS_1252),
            "windows-1252"
        );
    }
}
