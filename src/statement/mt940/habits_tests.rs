//! What banks of many countries write besides what the standard asks.

use crate::statement::{Line, Parsed, parse};

fn with_entry(entry: &str, closing: &str) -> String {
    format!(":20:A\n:25:1234567890\n:28C:1/1\n:60F:C261121EUR100,00\n{entry}\n:62F:{closing}\n")
}

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

fn line_of(entry: &str) -> Line {
    let mut parsed = read(&with_entry(entry, "C261122EUR120,00"));
    assert_eq!(parsed.errors, vec![], "{entry}");
    parsed.statements.remove(0).lines.remove(0)
}

fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("must be refused: {text}"));
    (first.at.clone(), first.code)
}

#[test]
fn a_message_that_shows_its_end_is_whole_without_a_last_line_end() {
    let text = with_entry(":61:261122C20,00NTRFNONREF", "C261122EUR120");
    assert_eq!(refused(text.trim_end()).1, "closing_cut");
    assert_eq!(read(&(text + "-")).errors, vec![]);
}

#[test]
fn a_reference_may_have_spaces_and_the_banks_may_stand_on_the_next_line() {
    let spaced = line_of(":61:261122C20,00NMSCDBT.DB  70201234");
    assert_eq!((spaced.reference.as_deref(), spaced.memo), (Some("DBT.DB 70201234"), None));
    let padded = line_of(":61:261122C20,00NMSC1234567890      NGUOI NOP");
    assert_eq!(padded.reference.as_deref(), Some("1234567890"));
    assert_eq!(padded.memo.as_deref(), Some("NGUOI NOP"));
    let wrapped = line_of(":61:261122C20,00NTRFVERYLONGCUSTREF1\n//BANKREF999\n:86:nop phi");
    assert_eq!(wrapped.bank_reference.as_deref(), Some("BANKREF999"));
    let none = line_of(":61:261122C20,00NTRFVERYLONGCUSTREF1\n//NONREF\n:86:nop phi");
    assert_eq!(none.bank_reference, None);
}

#[test]
fn a_bank_that_writes_an_empty_reference_is_told_and_not_refused() {
    let parsed = read(&with_entry("", "C261122EUR100,00").replace(":20:A", ":20:"));
    assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "tag_missing"));
    let missing = with_entry("", "C261122EUR100,00").replace(":20:A\n", "");
    assert_ne!(read(&missing).exit_code(), 0);
}

#[test]
fn one_field_behind_a_whole_code_is_a_field_and_a_mark_before_another_number_is_text() {
    let one = line_of(":61:261122C20,00NTRFNONREF\n:86:805?00PHI DICH VU");
    assert_eq!(one.memo.as_deref(), Some("PHI DICH VU"));
    let text = line_of(":61:261122C20,00NTRFNONREF\n:86:166?20SVWZ+so 335?960.484 x?30BIC");
    assert_eq!(text.memo.as_deref(), Some("SVWZ+so 335?960.484 x"));
}

#[test]
fn lines_of_notes_stand_in_for_the_information() {
    let noted = line_of(":61:261122C20,00NTRFNONREF\n:NS:01nop phi\n02ho so 7\n15NGUOI NOP\n17GUTSCHRIFT");
    assert_eq!(noted.memo.as_deref(), Some("nop phi ho so 7"));
    assert_eq!(noted.counterparty_name.as_deref(), Some("NGUOI NOP"));
}

#[test]
fn fractions_the_currency_does_not_have_and_another_currency_in_an_available_balance_are_refused() {
    let thousand = with_entry(":61:261122C1,234NTRFNONREF", "C261122EUR101,234");
    assert_eq!(refused(&thousand), ("line 5".to_owned(), "amount_decimals"));
    let balance = with_entry("", "C261122EUR100,005");
    assert_eq!(refused(&balance), ("line 6".to_owned(), "balance_decimals"));
    let dinar = with_entry(":61:261122C1,234NTRFNONREF", "C261122EUR101,234").replace("EUR", "KWD");
    assert_eq!(read(&dinar).errors, vec![]);
    let other = with_entry("", "C261122EUR100,00\n:64:C261122USD100,00");
    assert_eq!(refused(&other).1, "currency_mixed");
}

#[test]
fn pages_of_one_number_follow_each_other_by_their_balances() {
    let page = |opening: &str, entry: &str, closing: &str| {
        format!(":20:A\n:25:1234567890\n:28C:1/1\n{opening}\n{entry}\n{closing}\n-\n")
    };
    let first = page(":60F:C261121EUR100,00", ":61:261122C20,00NTRFNONREF", ":62M:C261122EUR120,00");
    let last = |opening: &str| page(opening, ":61:261122D5,00NTRFNONREF", ":62F:C261122EUR115,00");
    let good = read(&(first.clone() + &last(":60M:C261122EUR120,00")));
    assert_eq!((good.errors, good.warnings), (vec![], vec![]));
    let gap = read(&(first + &last(":60M:C261122EUR120,01")));
    assert_ne!(gap.exit_code(), 0);
}
