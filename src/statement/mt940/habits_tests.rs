//! What banks of many countries write besides what the standard asks.

use crate::statement::{Finding, Line, Parsed, parse};

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

#[test]
fn pages_that_go_on_in_number_and_balance_are_of_one_account() {
    let page = |account: &str, number: u32, opening: &str, closing: &str| {
        format!(":20:A\n:25:{account}\n:28C:7/{number}\n{opening}\n:61:261122C5,00NTRFNONREF\n{closing}\n-\n")
    };
    let first = page("1234567890", 1, ":60F:C261121EUR100,00", ":62M:C261122EUR105,00");
    let second = |account| page(account, 2, ":60M:C261122EUR105,00", ":62F:C261122EUR110,00");
    assert_eq!(read(&(first.clone() + &second("1234567890"))).errors, vec![]);
    assert_eq!(refused(&(first + &second("1234567891"))), ("line 8".to_owned(), "account_changed"));
}

#[test]
fn a_statement_stands_in_a_file_once() {
    let day = |text: &str, closing: &str| with_entry(text, closing) + "-\n";
    let one = day(":61:261122C20,00NTRFNONREF\n:86:nop phi", "C261122EUR120,00");
    assert_eq!(refused(&(one.clone() + &one)), ("line 9".to_owned(), "statement_repeated"));
    let other = day(":61:261122C30,00NTRFNONREF\n:86:nop phi", "C261122EUR130,00");
    assert_eq!(refused(&(one.clone() + &other)), ("line 9".to_owned(), "statement_repeated"));
    let later = other.replace("261122", "261123").replace(":28C:1/1", ":28C:2/1");
    assert_eq!(read(&(one.clone() + &later)).errors, vec![]);
    let unnumbered = |text: &str| text.replace(":28C:1/1", ":28C:0");
    assert_eq!(read(&(unnumbered(&one) + &unnumbered(&other))).errors, vec![], "reports within the day");
    let quiet = day("", "C261121EUR100,00");
    assert_eq!(read(&(quiet.clone() + &quiet)).errors, vec![], "nothing would be counted twice");
}

#[test]
fn blanks_that_fill_lines_up_are_no_part_of_the_text() {
    let full = "nop phi thue dat theo thong bao so 1234 cua uy ban nhan dan phuong an ninh";
    let (line, rest) = full.split_at(65);
    let memo = |pad: &str| line_of(&format!(":61:261122C20,00NTRFNONREF\n:86:{line}{pad}\n{rest}{pad}")).memo;
    assert_eq!(memo("").as_deref(), Some(&*format!("{line}{rest}")));
    assert_eq!(memo("    "), memo(""));
    let field = |pad: &str| {
        let text = format!(":86:166?20SVWZ+nop phi ho so so HNPH7{pad}\n?21K2MQ4X97{pad}");
        line_of(&format!(":61:261122C20,00NTRFNONREF\n{text}")).memo
    };
    assert_eq!(field("").as_deref(), Some("SVWZ+nop phi ho so so HNPH7K2MQ4X97"));
    assert_eq!(field("   "), field(""));
}

#[test]
fn the_counts_of_a_report_are_of_what_it_lists() {
    let report = |floor: &str, count: u32| {
        format!(
            ":20:A\n:25:1234567890\n:28C:1/1\n:34F:EUR{floor}\n:13D:2611221200+0700\n\
             :61:261122C20,00NTRFNONREF\n:90C:{count}EUR20,00\n"
        )
    };
    assert_eq!(read(&report("0,", 1)).errors, vec![]);
    assert_eq!(refused(&report("0,", 2)), ("line 7".to_owned(), "count_mismatch"));
    assert_eq!(read(&report("10,", 2)).errors, vec![], "entries under the floor are not listed");
}

#[test]
fn an_entry_that_is_set_aside_counts_on_its_side() {
    let told = |entry: &str, count: u32| {
        let parsed = read(&format!(
            ":20:A\n:25:1234567890\n:28C:1/1\n:34F:EUR0,\n:13D:2611221200+0700\n\
             :61:261122C20,00NTRFNONREF\n:61:{entry}\n:90C:{count}EUR50,00\n"
        ));
        let codes = |found: &[Finding]| found.iter().map(|one| one.code).collect::<Vec<_>>();
        (codes(&parsed.errors), codes(&parsed.warnings).contains(&"count_uncompared"))
    };
    let unread = "261122C30,00--";
    assert_eq!(told(unread, 2), (vec!["transaction_code_missing"], false));
    assert_eq!(told(unread, 3), (vec!["transaction_code_missing", "count_mismatch"], false));
    assert_eq!(told("261122D30,00--", 2), (vec!["transaction_code_missing", "count_mismatch"], false));
    assert_eq!(told("261122X30,00NTRFA", 3), (vec!["mark_invalid"], true), "it may be of either side");
}

#[test]
fn blank_lines_before_marked_ends_and_a_brace_of_its_own_are_read_over() {
    let marked = with_entry("", "C261122EUR100,00").replace('\n', "@@");
    assert_eq!(read(&format!("\r\n\r\n@@{marked}")).errors, vec![]);
    let head = "{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n";
    let wrapped = format!("{head}{}-\n}}\n", with_entry("", "C261122EUR100,00"));
    assert_eq!(read(&wrapped).errors, vec![]);
    assert_eq!(refused(&(wrapped.trim_end().to_owned() + "{1:F01B")).1, "swift_block_unclosed");
}

#[test]
fn decimals_lost_with_the_end_of_the_file_show_by_the_other_amounts() {
    let text = with_entry(":61:261122C10,50NTRFNONREF", "C261122EUR10,5").replace("EUR100,00", "EUR0,");
    assert_eq!(refused(text.trim_end()), ("line 6".to_owned(), "closing_cut"));
    assert_eq!(read(&text).errors, vec![]);
}

#[test]
fn the_pages_of_a_statement_may_stand_in_one_message() {
    let pages = |ended: &str, begun: &str| {
        let first = format!(":61:261122C20,00NTRFNONREF\n:86:mot\n:62M:C261122EUR{ended}\n{begun}");
        with_entry(&format!("{first}:61:261123D5,00NTRFNONREF\n:86:hai"), "C261123EUR115,00")
    };
    for (begun, fault) in [(":60M:C261122EUR120,00\n", "page_chain_broken"), ("", "balance_broken")] {
        let parsed = read(&pages("120,00", begun));
        assert_eq!((parsed.errors, parsed.statements[0].lines.len()), (vec![], 2), "{begun}");
        assert_eq!(refused(&pages("120,01", begun)).1, fault, "{begun}");
    }
    let gap = pages("120,00", ":60M:C261122EUR120,01\n");
    assert_eq!(refused(&gap), ("line 8".to_owned(), "page_chain_broken"));
    let twice = with_entry(":62F:C261122EUR100,00", "C261122EUR100,00");
    assert_eq!(refused(&twice), ("line 6".to_owned(), "balance_repeated"));
}

#[test]
fn a_field_that_holds_a_filler_alone_is_empty() {
    let line = line_of(
        ":61:261122C20,00NTRFNONREF\n:86:020~00152~20NOP PHI~21\u{02D9}~22\u{02D9}~32NGUOI NOP~33\u{02D9}",
    );
    assert_eq!(line.memo.as_deref(), Some("NOP PHI"));
    assert_eq!(line.counterparty_name.as_deref(), Some("NGUOI NOP"));
}

#[test]
fn an_entry_with_a_damaged_tag_is_found_in_the_text_it_fell_into() {
    let first = ":61:2611221122C20,00NTRFNONREF\n:86:nop phi\n\n";
    for damaged in ["61:", ";61:", ":6l:", ":61;", ":16:", ":61A:", ":O61:"] {
        let text = with_entry(&format!("{first}{damaged}2611221122C5,00NTRFNONREF"), "C261122EUR125,00");
        let at: Vec<_> =
            read(&text).errors.into_iter().filter(|error| error.code == "entry_in_text").collect();
        assert_eq!(at.first().map(|error| error.at.as_str()), Some("line 8"), "{damaged}");
        let report = text.replace(":60F:C261121EUR100,00", ":34F:EUR0,\n:13D:2611221200+0700");
        let report = report.replace(":62F:C261122EUR125,00\n", "-\n");
        assert_eq!(refused(&report), ("line 9".to_owned(), "entry_in_text"), "{damaged}");
    }
    let told = with_entry(&format!("{first}261122 C5,00 da nop"), "C261122EUR120,00");
    assert_eq!(read(&told).errors, vec![]);
}

#[test]
fn what_stands_behind_a_balance_is_told_at_its_own_line() {
    let text = with_entry("\n61:261122C20,00NTRFNONREF", "C261122EUR120,00");
    assert_eq!(refused(&text), ("line 6".to_owned(), "text_behind_balance"));
}

#[test]
fn a_page_balance_written_twice_with_nothing_between_is_refused() {
    let twice = ":61:261122C20,00NTRFNONREF\n:86:mot\n:62M:C261122EUR120,00\n:62M:C261122EUR120,00\n";
    let parsed =
        refused(&with_entry(&format!("{twice}:61:261123D5,00NTRFNONREF\n:86:hai"), "C261123EUR115,00"));
    assert_eq!(parsed.1, "balance_repeated");
}

#[test]
fn a_currency_that_does_not_exist_is_refused_where_it_stands_first() {
    let text = with_entry(":61:2611221122C50,NTRFX", "C261122EUR150,");
    assert_eq!(read(&text.replace("EUR", "XCG")).errors, vec![], "one of the newest");
    assert_eq!(refused(&text.replace("EUR", "EUX")).1, "currency_invalid");
}

fn memo_of(information: &str) -> String {
    line_of(&format!(":61:261122C20,00NTRFNONREF\n:86:{information}")).memo.unwrap_or_default()
}

#[test]
fn the_tag_may_count_among_the_places_of_the_first_line_of_slashed_text() {
    let first = "/EREF/EV12341REP1231456T1234//CNTP/NL32INGB0000012345/INGBNL2";
    assert_eq!(first.chars().count(), 61);
    let memo = memo_of(&format!("{first}\nA/ING BANK NV INZAKE WEB///REMI/USTD//EV10001REP1000000T1000/"));
    assert!(memo.contains("/INGBNL2A/ING BANK NV"), "{memo}");
    let shorter = first.strip_suffix('2').unwrap();
    assert_eq!(memo_of(&format!("{shorter}\nA/ING")), format!("{shorter} A/ING"));
    assert_eq!(memo_of(&format!("{first}222\nA/ING")), format!("{first}222 A/ING"), "64 are not full");
    let second = memo_of(&format!("/REMI/\n{first}\nA/ING"));
    assert_eq!(second, format!("/REMI/ {first} A/ING"), "only the first line has the tag");
    let words = format!("nop{}", "x".repeat(58));
    assert_eq!(memo_of(&format!("{words}\nphi")), format!("{words} phi"), "words may end there by chance");
}

#[test]
fn a_line_that_is_longer_than_any_bank_breaks_it_ends_with_its_words() {
    let long = "/NAME/WWW.ROUTERHOSTING.COM/REMI/WWW.ROUTERHOSTING.COM TAURANGA SOUT, NZ";
    let memo = memo_of(&format!("{long}\n1.00 NZD, 1 NZD = 0.61000 EUR"));
    assert!(memo.contains("NZ 1.00 NZD"), "{memo}");
    for (places, between) in [(64, " "), (65, ""), (67, ""), (68, " "), (94, " ")] {
        let line = "x".repeat(places);
        assert_eq!(memo_of(&format!("{line}\nphi")), format!("{line}{between}phi"), "{places}");
    }
}

#[test]
fn each_sepa_attribute_begins_a_word_of_its_own_behind_a_full_field() {
    let memo = memo_of("109?00Retouren?20EREF+1234567890123456789012?21MREF+TEST-1234?22SVWZ+Miete");
    assert_eq!(memo, "EREF+1234567890123456789012 MREF+TEST-1234 SVWZ+Miete");
    let broken = memo_of("109?00Retouren?20EREF+12345678901234567890MR?21EF+TEST-1234");
    assert_eq!(broken, "EREF+12345678901234567890MREF+TEST-1234", "the word itself is broken");
    let polish = "P".repeat(35);
    assert_eq!(memo_of(&format!("020~00POS~20{polish}~21HI")), format!("{polish}HI"));
}

#[test]
fn a_floor_limit_leaves_entries_of_its_own_side_out() {
    let report = |floors: &str, entry: &str| {
        format!(
            ":20:A\n:25:1234567890\n:28C:1/1\n{floors}\n:13D:2601021430+0100\n:61:{entry}\n\
             :90D:2EUR30,\n:90C:3EUR900,\n-\n"
        )
    };
    let codes = |text: &str| {
        let parsed = read(text);
        let codes = |found: Vec<Finding>| found.into_iter().map(|one| one.code).collect::<Vec<_>>();
        (codes(parsed.errors), codes(parsed.warnings))
    };
    let debit = "2601020102D10,00NTRFNONREF";
    let differs = || vec!["totals_mismatch", "count_mismatch"];
    assert_eq!(codes(&report(":34F:EURD0,\n:34F:EURC1000,", debit)), (differs(), differs()));
    assert_eq!(codes(&report(":34F:EURD20,\n:34F:EURC0,", debit)), (differs(), differs()));
    let both = (vec![], [differs(), differs()].concat());
    assert_eq!(codes(&report(":34F:EURD20,\n:34F:EURC1000,", debit)), both);
    assert_eq!(codes(&report(":34F:EUR1000,", debit)), both, "without a mark it is of both sides");
    assert_eq!(codes(&report(":34F:EURD1000,", debit)), both, "and so is one that stands alone");
    let unread = codes(&report(":34F:EURD0,\n:34F:EURC1000,", "2601020102C10,00--"));
    assert_eq!(unread, (vec!["transaction_code_missing", "count_mismatch"], vec!["count_mismatch"]));
}

#[test]
fn the_word_for_no_reference_may_be_in_letters_of_either_size() {
    for word in ["NonRef", "nonref", "NONREF"] {
        let line = line_of(&format!(":61:261122C20,00NMSC{word}//{word}\n:86:nop phi"));
        assert_eq!((line.reference, line.bank_reference), (None, None), "{word}");
        let untyped = line_of(&format!(":61:261122C20,00{word}\n:86:nop phi"));
        assert_eq!((untyped.reference, untyped.transaction_code), (None, None), "{word}");
        let padded = line_of(&format!(":61:261122C20,00NMSC{word}  NGUOI NOP"));
        assert_eq!((padded.reference, padded.memo.as_deref()), (None, Some("NGUOI NOP")), "{word}");
    }
}

#[test]
fn a_statement_that_its_final_balances_prove_needs_no_number() {
    let text = ":20:MT940\n:25:13201234/PL61175049066532561735311116\n:60F:C210901PLN1234,18\n\
                :61:2108310902D469,99S0340000001090000123//123123\n:62F:C210930PLN764,19\n";
    let parsed = read(text);
    let told: Vec<_> = parsed.warnings.iter().map(|one| (one.at.as_str(), one.code)).collect();
    assert_eq!((parsed.errors, told), (vec![], vec![("line 1", "tag_missing")]));
    assert_eq!((parsed.statements[0].number.as_deref(), parsed.statements[0].sequence), (None, None));
    for (from, to) in [(":60F:", ":60M:"), (":62F:", ":62M:"), ("764,19", "764,20"), (":20:MT940\n", "")] {
        assert_eq!(refused(&text.replace(from, to)).1, "tag_missing", "{from}");
    }
    let next = text.replace("1234,18", "764,19").replace("D469,99", "C10,00");
    let next = next.replace(":62F:C210930PLN764,19", ":62F:C211031PLN774,19");
    assert_eq!(read(&format!("{text}{next}")).errors, vec![], "one may follow another");
    assert_eq!(refused(&format!("{text}{text}")), ("line 6".to_owned(), "statement_repeated"));
}

#[test]
fn an_interim_report_beside_booked_statements_is_left_out_and_told() {
    let booked = with_entry(":61:261122C20,00NTRFNONREF\n:86:nop phi", "C261122EUR120,00") + "-\n";
    let interim = ":20:B\n:25:1234567890\n:28C:2/1\n:34F:EUR0,\n:13D:2611231200+0100\n\
                   :61:261123C5,00NTRFNONREF\n:86:trong ngay\n:90D:0EUR0,\n:90C:1EUR5,00\n-\n";
    for (text, at) in [(format!("{booked}{interim}"), "line 9"), (format!("{interim}{booked}"), "line 1")] {
        let parsed = read(&text);
        let told: Vec<_> = parsed.warnings.iter().map(|one| (one.at.as_str(), one.code)).collect();
        assert_eq!((parsed.errors, told), (vec![], vec![(at, "interim_left_out")]));
        assert_eq!((parsed.statements.len(), parsed.statements[0].lines.len()), (1, 1));
    }
    let cut = booked.replace(":60F:C261121EUR100,00\n", "").replace(":62F:C261122EUR120,00\n", "");
    assert_eq!(refused(&format!("{booked}{cut}")).1, "tag_missing", "without a floor or sums it is none");
    let summed = cut.replace("-\n", ":90D:0EUR0,\n:90C:1EUR20,00\n-\n");
    let timed = summed.replace(":61:", ":13D:2611221200+0100\n:61:");
    assert_eq!(refused(&format!("{booked}{summed}")).1, "tag_missing", "a statement may have sums, too");
    assert_eq!(read(&format!("{booked}{timed}")).errors, vec![], "and none has a time beside them");
    assert_eq!(refused(&format!("{cut}{interim}")).1, "tag_missing", "beside nothing booked it stays");
}
