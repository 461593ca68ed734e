use rust_decimal::Decimal;

use crate::statement::{Format, Parsed, Statement, join_pages, parse};

const COMPLETE: &str = ":20:STMT261122\r\n:25:VPBKVNVX/0123456789\r\n:28C:00326/001\r\n:60F:C261121VND1000000,\r\n\
:61:2611221122C25000,NTRFHS0001//FT26326000000001\r\n:86:NHAN TU 0987654321 TRACE 123456 ND HNPH7K2MQ4X97\r\n\
:61:2611221122D5500,NCHGNONREF//FT26326000000002\r\n:86:PHI DICH VU\r\n\
:62F:C261122VND1019500,\r\n:64:C261122VND1019500,\r\n-\r\n";

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

/// The only statement of a file that must be without errors.
fn clean(text: &str) -> Statement {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    assert_eq!(parsed.statements.len(), 1, "{text}");
    parsed.statements.remove(0)
}

/// Place and code of the first error of a file that must be refused.
fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    assert_ne!(parsed.exit_code(), 0, "must be refused: {text}");
    let first = parsed.errors.first().expect("an error");
    (first.at.clone(), first.code)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

fn with_entry(entry: &str, closing: &str) -> String {
    format!(":20:A\n:25:1234567890\n:28C:1/1\n:60F:C261121EUR100,00\n{entry}\n:62F:{closing}\n")
}

#[test]
fn a_complete_statement_is_read_and_proven() {
    let statement = clean(COMPLETE);
    assert_eq!(statement.account.as_deref(), Some("VPBKVNVX/0123456789"));
    assert_eq!(statement.account_number().as_deref(), Some("0123456789"));
    assert_eq!(statement.number.as_deref(), Some("00326/001"));
    assert_eq!(statement.sequence, Some(326));
    assert_eq!(statement.currency.as_deref(), Some("VND"));
    assert_eq!(amounts(&statement), ["25000", "-5500"]);
    let line = &statement.lines[0];
    assert_eq!(line.booking_date.unwrap().to_string(), "2026-11-22");
    assert_eq!(line.reference.as_deref(), Some("HS0001"));
    assert_eq!(line.bank_reference.as_deref(), Some("FT26326000000001"));
    assert_eq!(line.memo.as_deref(), Some("NHAN TU 0987654321 TRACE 123456 ND HNPH7K2MQ4X97"));
    assert_eq!(line.at, "line 5");
    assert!(line.raw.starts_with(":61:2611221122C25000,") && line.raw.ends_with("HNPH7K2MQ4X97"));
    assert_eq!(statement.lines[1].reference, None, "NONREF is no reference");
}

#[test]
fn line_ends_of_every_kind_give_the_same() {
    let crlf = clean(COMPLETE);
    assert_eq!(clean(&COMPLETE.replace("\r\n", "\n")), crlf);
    assert_eq!(clean(&COMPLETE.replace("\r\n", "\r")), crlf);
}

#[test]
fn swift_blocks_around_a_message_are_taken_off() {
    let bare = clean(COMPLETE);
    let body = COMPLETE.trim_end_matches("-\r\n");
    for blocked in [
        format!(
            "{{1:F01VPBKVNVXAXXX0000000000}}{{2:O9400000N}}{{3:{{108:X}}}}{{4:\r\n{body}-}}{{5:{{CHK:123}}}}"
        ),
        format!("{{1:F01VPBKVNVXAXXX0000000000}}\r\n{{2:O9400000N}}\r\n{{4:{body}-}}\r\n"),
    ] {
        let statement = clean(&blocked);
        assert_eq!(statement.lines.len(), bare.lines.len());
        assert_eq!(statement.closing.unwrap().amount, bare.closing.clone().unwrap().amount);
    }
}

#[test]
fn several_messages_and_accounts_come_apart_by_dash_blank_line_or_nothing() {
    let first = COMPLETE.trim_end_matches("-\r\n").to_owned();
    let second = first.replace("0123456789", "9876543210").replace("00326", "00012");
    for separator in [
        "-\r\n",
        "\r\n\r\n",
        "",
        "-}{5:}{1:F01BANK}{2:O940}{4:\r\n",
        "-}$\u{1}{1:F01BANK}{4:\r\n",
        "-\r\nVPBKVNVX\r\n940\r\n",
    ] {
        let parsed = read(&format!("{first}{separator}{second}-\r\n"));
        assert_eq!(parsed.errors, vec![], "{separator:?}");
        let accounts: Vec<_> = parsed.statements.iter().filter_map(Statement::account_number).collect();
        assert_eq!(accounts, ["0123456789", "9876543210"], "{separator:?}");
    }
}

#[test]
fn text_before_the_first_message_is_left_out_with_a_warning() {
    let parsed = read(&format!("VPBKVNVX\r\n940\r\n------\r\n{COMPLETE}"));
    assert_eq!(parsed.errors, vec![]);
    assert!(
        parsed
            .warnings
            .iter()
            .any(|warning| warning.code == "text_outside_message" && warning.at == "line 1")
    );
}

#[test]
fn latin_1_and_utf_8_give_the_same_words() {
    let utf8 = COMPLETE.replace("PHI DICH VU", "Gebühr für Überweisung");
    let latin1: Vec<u8> = utf8.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let parsed = parse(&latin1);
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(parsed.statements, read(&utf8).statements);
    assert_eq!(parsed.encoding, "windows-1252");
}

#[test]
fn marks_reversals_and_funds_codes_are_told_apart() {
    for (mark, closing, amount, reversal) in [
        ("C", "C261122EUR125,50", "25.50", false),
        ("D", "C261122EUR74,50", "-25.50", false),
        ("CR", "C261122EUR125,50", "25.50", false),
        ("DR", "C261122EUR74,50", "-25.50", false),
        ("RC", "C261122EUR74,50", "-25.50", true),
        ("RD", "C261122EUR125,50", "25.50", true),
        ("RCR", "C261122EUR74,50", "-25.50", true),
        ("CD", "C261122EUR125,50", "25.50", false),
    ] {
        let statement = clean(&with_entry(&format!(":61:2611221122{mark}25,50NTRFNONREF"), closing));
        assert_eq!(amounts(&statement), [amount], "{mark}");
        assert_eq!(statement.lines[0].reversal, reversal, "{mark}");
    }
}

#[test]
fn an_overdraft_is_negative_on_both_sides() {
    let statement =
        clean(":20:A\n:25:1\n:28C:1\n:60F:D261121EUR100,00\n:61:261122D20,NTRFX\n:62F:D261122EUR120,00\n");
    assert_eq!(statement.opening.unwrap().amount.to_string(), "-100.00");
    assert_eq!(statement.closing.unwrap().amount.to_string(), "-120.00");
}

#[test]
fn the_habits_of_real_banks_do_not_stop_the_reading() {
    for (entry, reference, bank_reference) in [
        (":61:2611221122C5,00NTRF", None, None),
        (":61:2611221122C5,00 NTRFABC", Some("ABC"), None),
        (":61:2611221122C5,00N527NONREF", None, None),
        (":61:2611221122C5,00NET NONREF", None, None),
        (":61:2611221122C5,00NXYZABC//B1", Some("ABC"), Some("B1")),
        (":61:2611221122C5,NTRFABC", Some("ABC"), None),
        (":61:2611221122C5NTRFABC", Some("ABC"), None),
        (":61:2611221122C5.00NTRFABC", Some("ABC"), None),
        (":61:261122C5,00NTRFABC", Some("ABC"), None),
        (
            ":61:2611221122C5,00FMSCA VERY LONG REFERENCE OF MORE//THAN 16",
            Some("A VERY LONG REFERENCE OF MORE"),
            Some("THAN 16"),
        ),
        (":61:2611221122C000000000005,00NTRFABC", Some("ABC"), None),
        (":61:2611221122C5,00NTRFABC//B1\nSUPPLEMENT", Some("ABC"), Some("B1")),
        (":61:2611221122C5,00NTRF//B1", None, Some("B1")),
        (":61:2611221122C5,00NONREF", None, None),
        ("  :61:2611221122C5,00NTRFABC  ", Some("ABC"), None),
    ] {
        let statement = clean(&with_entry(entry, "C261122EUR105,00"));
        let line = &statement.lines[0];
        assert_eq!(line.amount, Decimal::from(5), "{entry}");
        assert_eq!(line.reference.as_deref(), reference, "{entry}");
        assert_eq!(line.bank_reference.as_deref(), bank_reference, "{entry}");
    }
}

#[test]
fn the_entry_date_belongs_to_the_year_next_to_the_value_date() {
    let statement = clean(&with_entry(":61:2612310102C5,NTRFX", "C270102EUR105,"));
    assert_eq!(statement.lines[0].booking_date.unwrap().to_string(), "2027-01-02");
    let statement = clean(&with_entry(":61:2701021231C5,NTRFX", "C270102EUR105,"));
    assert_eq!(statement.lines[0].booking_date.unwrap().to_string(), "2026-12-31");
}

#[test]
fn without_an_entry_date_the_value_date_is_the_day() {
    let line = clean(&with_entry(":61:261122C5,NTRFX", "C261122EUR105,")).lines.remove(0);
    assert_eq!(line.booking_date, None);
    assert_eq!(line.day().unwrap().to_string(), "2026-11-22");
}

#[test]
fn an_impossible_date_refuses_its_line_and_keeps_the_others() {
    let text = with_entry(
        ":61:2602310302C1,NTRFA\n:86:lost\n:61:2611311130C2,NTRFB\n:61:2613010101C3,NTRFC\n:61:2611221122C5,NTRFD\n:86:kept",
        "C261122EUR105,00",
    );
    let parsed = read(&text);
    let places: Vec<_> = parsed.errors.iter().map(|error| (error.at.as_str(), error.code)).collect();
    assert_eq!(places, [("line 5", "date_invalid"), ("line 7", "date_invalid"), ("line 8", "date_invalid")]);
    assert_eq!(parsed.statements[0].lines.len(), 1);
    assert_eq!(parsed.statements[0].lines[0].memo.as_deref(), Some("kept"));
    assert_eq!(parsed.exit_code(), 1);
}

#[test]
fn structured_information_is_joined_and_its_parties_found() {
    let text = with_entry(
        ":61:2611221122C5,NTRFX\n:86:166?00GUTSCHRIFT?109310?20EREF+HS-0001?21SVWZ+HNPH7K2MQ4X97 LE P\
         \n?22HI CHUNG THUC?30BANKDEFF?31DE00123?32NGUYEN VAN?33 MAU?34888?60CON LAI",
        "C261122EUR105,00",
    );
    let line = clean(&text).lines.remove(0);
    assert_eq!(line.memo.as_deref(), Some("EREF+HS-0001 SVWZ+HNPH7K2MQ4X97 LE P HI CHUNG THUC CON LAI"));
    assert_eq!(line.counterparty_name.as_deref(), Some("NGUYEN VAN MAU"));
    assert_eq!(line.counterparty_account.as_deref(), Some("DE00123"));
    assert_eq!(line.posting_text.as_deref(), Some("GUTSCHRIFT"));
}

#[test]
fn a_full_remittance_field_goes_on_in_the_next_without_a_space() {
    let full = "HNPH7K2MQ4X97ABCDEFGHIJKLMN";
    assert_eq!(full.chars().count(), 27);
    let entry = format!(":61:2611221122C5,NTRFX\n:86: 020~00POS~20{full}~21OP~32TEN");
    let text = with_entry(&entry, "C261122EUR105,");
    assert_eq!(clean(&text).lines[0].memo, Some(format!("{full}OP")));
}

#[test]
fn a_field_mark_may_be_broken_over_two_lines() {
    let text =
        with_entry(":61:2611221122C5,NTRFX\n:86: 020?00Wyplata?20AAA?\n21BBB?2\n2CCC", "C261122EUR105,");
    assert_eq!(clean(&text).lines[0].memo.as_deref(), Some("AAA BBB CCC"));
}

#[test]
fn slashed_information_keeps_its_text_and_gives_the_party() {
    let text = with_entry(
        ":61:2611221122C5,NTRFX\n:86:/TRTP/SEPA OVERBOEKING/IBAN/NL00BANK0123456789/BIC/BANKNL2A/NAME/J JANSEN\n/REMI/FACTUUR 1/EREF/NOTPROVIDED",
        "C261122EUR105,",
    );
    let line = clean(&text).lines.remove(0);
    assert_eq!(line.counterparty_name.as_deref(), Some("J JANSEN"));
    assert_eq!(line.counterparty_account.as_deref(), Some("NL00BANK0123456789"));
    assert!(line.memo.unwrap().contains("FACTUUR 1"));
}

#[test]
fn free_text_of_any_length_is_kept_whole() {
    let long = "X".repeat(65);
    let text = with_entry(
        &format!(":61:2611221122C5,NTRFX\n:86:{long}\n{long}\nY & * ' # <\nü\n- mot dong gach\n-\nhet\n8\n9"),
        "C261122EUR105,",
    );
    let memo = clean(&text).lines.remove(0).memo.unwrap();
    assert_eq!(memo, format!("{long}{long}Y & * ' # < ü - mot dong gach - het 8 9"));
}

#[test]
fn words_of_the_payer_may_look_like_a_tag() {
    let text = with_entry(
        ":61:2611221122C5,NTRFX\n:86:hen gap luc\n:12:11 ngay mai\n:20: nguoi\n:25:so nha\n:HD:123",
        "C261122EUR105,",
    );
    assert_eq!(
        clean(&text).lines[0].memo.as_deref(),
        Some("hen gap luc :12:11 ngay mai :20: nguoi :25:so nha :HD:123")
    );
}

#[test]
fn tags_of_a_bank_s_own_are_left_out() {
    let text = with_entry(
        ":NS:22Kontoinhaber\n:61:2611221122C5,NTRFX\n:NS:17extra\n:86:memo\n:25:1234567890\n:86:more",
        "C261122EUR105,",
    );
    let line = clean(&text).lines.remove(0);
    assert!(line.memo.unwrap().starts_with("memo"));
}

#[test]
fn information_about_the_statement_is_no_memo() {
    let text = ":20:A\n:25:1\n:28C:1\n:60F:C261121EUR1,\n:86:For your information\n:86:IBAN\n:61:261122C1,NTRFX\n:86:memo\n:62F:C261122EUR2,\n:86:end\n";
    assert_eq!(clean(text).lines[0].memo.as_deref(), Some("memo"));
}

#[test]
fn numbers_of_statements_may_be_long_or_old() {
    for number in [":28C:1234567/12345", ":28:27/01", ":28C:0"] {
        clean(&with_entry(":61:2611221122C5,NTRFX", "C261122EUR105,").replace(":28C:1/1", number));
    }
}

#[test]
fn the_account_may_carry_a_bank_a_currency_or_a_bic_line() {
    for (tag, number) in [
        (":25:20752041/0291593375", "0291593375"),
        (":25:NL00INGB0001234567EUR", "NL00INGB0001234567"),
        (":25:0129199348 EUR", "0129199348"),
        (":25P:0123456789\nVPBKVNVX", "0123456789"),
        (":25:\n0123456789", "0123456789"),
    ] {
        let statement =
            clean(&with_entry(":61:2611221122C5,NTRFX", "C261122EUR105,").replace(":25:1234567890", tag));
        assert_eq!(statement.account_number().as_deref(), Some(number), "{tag}");
    }
}

fn pages(first_closing: &str, second_opening: &str) -> String {
    format!(
        ":20:A\n:25:1\n:28C:7/1\n:60F:C261121EUR10,\n:61:261122C1,NTRFX\n:62M:{first_closing}\n-\n\
         :20:A\n:25:1\n:28C:7/2\n:60M:{second_opening}\n:61:261122C2,NTRFY\n:62F:C261122EUR13,\n-\n"
    )
}

#[test]
fn pages_follow_each_other_and_join_to_one_statement() {
    let parsed = read(&pages("C261122EUR11,", "C261122EUR11,"));
    assert_eq!((parsed.errors.len(), parsed.warnings.len(), parsed.statements.len()), (0, 0, 2));
    let joined = join_pages(parsed.statements);
    assert_eq!(joined.len(), 1);
    assert_eq!(amounts(&joined[0]), ["1", "2"]);
    assert_eq!(joined[0].lines[1].entry_index, 2);
    assert_eq!(crate::statement::prove_balance(&joined[0]), None);
}

#[test]
fn pages_that_do_not_chain_are_refused() {
    let text = pages("C261122EUR11,", "C261122EUR12,").replace("C2,NTRFY", "C1,NTRFY");
    assert_eq!(refused(&text), ("line 11".to_owned(), "page_chain_broken"));
}

#[test]
fn a_page_alone_is_read_with_a_warning() {
    let parsed = read(":20:A\n:25:1\n:28C:7/2\n:60M:C261122EUR11,\n:61:261122C2,NTRFY\n:62F:C261122EUR13,\n");
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(parsed.warnings[0].code, "page_missing");
}

#[test]
fn a_gap_between_two_statements_is_told() {
    let second = COMPLETE.replace("00326/001", "00327/001");
    let parsed = read(&format!("{COMPLETE}{second}"));
    assert_eq!(parsed.errors, vec![]);
    assert!(parsed.warnings.iter().any(|warning| warning.code == "statement_gap"));
}

#[test]
fn broken_money_is_refused_at_its_line() {
    for (from, to, at, code) in [
        ("C25000,NTRF", "C26000,NTRF", "line 9", "balance_broken"),
        ("VND1019500,\r\n:64", "VND1019501,\r\n:64", "line 9", "balance_broken"),
        ("VND1000000,", "VND100000O,", "line 4", "amount_unreadable"),
        ("C25000,NTRF", "C25.000,NTRF", "line 5", "amount_unreadable"),
        ("C25000,NTRF", "C25,000,NTRF", "line 5", "amount_unreadable"),
        ("C25000,NTRF", "C,NTRF", "line 5", "amount_unreadable"),
        ("C25000,NTRF", "X25000,NTRF", "line 5", "mark_invalid"),
        ("C25000,NTRF", "25000,NTRF", "line 5", "mark_invalid"),
        ("C25000,NTRFHS0001//FT26326000000001", "C25000,", "line 5", "transaction_code_missing"),
        ("C261121VND", "X261121VND", "line 4", "mark_invalid"),
        ("C261121VND", "C261131VND", "line 4", "date_invalid"),
        ("C261121VND", "C261121V1D", "line 4", "currency_invalid"),
        ("C261122VND1019500,\r\n:64", "C261122USD1019500,\r\n:64", "line 9", "currency_mixed"),
        (":25:VPBKVNVX/0123456789\r\n", "", "line 1", "tag_missing"),
        (":60F:C261121VND1000000,\r\n", "", "line 1", "tag_missing"),
        (":62F:C261122VND1019500,\r\n", "", "line 9", "closing_missing"),
        (":61:2611221122D5500,NCHGNONREF//FT26326000000002\r\n", "", "line 8", "balance_broken"),
        (":62F:C", ":25:999999\r\n:62F:C", "line 9", "account_changed"),
    ] {
        assert!(COMPLETE.contains(from), "{from}");
        assert_eq!(refused(&COMPLETE.replace(from, to)), (at.to_owned(), code), "{from} -> {to}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_never_taken_for_complete() {
    let closing = COMPLETE.find(":62F:").unwrap() + ":62F:C261122VND1019500,".len();
    // One character less leaves the whole amount without its comma, which real banks send too.
    for end in 1..closing - 1 {
        let parsed = parse(&COMPLETE.as_bytes()[..end]);
        assert!(!parsed.errors.is_empty(), "cut at {end}: {:?}", &COMPLETE[..end]);
    }
}

#[test]
fn a_message_that_breaks_off_before_the_next_is_refused() {
    let cut = &COMPLETE[..COMPLETE.find(":62F:").unwrap()];
    assert_eq!(refused(&format!("{cut}{COMPLETE}")), ("line 8".to_owned(), "closing_missing"));
}

#[test]
fn an_interim_report_needs_no_balances() {
    let text = ":20:A\n:25:0123456789\n:28C:1/1\n:34F:VND0,\n:13D:2611221200+0700\n:61:261122C5,NTRFX\n:86:memo\n:90C:1VND5,\n:90D:0VND0,\n";
    let parsed = read(text);
    assert_eq!((parsed.format, parsed.errors), (Format::Mt942, vec![]));
    assert_eq!(parsed.statements[0].currency.as_deref(), Some("VND"));
    let wrong = text.replace(":90C:1VND5,", ":90C:1VND6,");
    assert_eq!(refused(&wrong), ("line 8".to_owned(), "totals_mismatch"));
    let unreadable = text.replace(":90D:0VND0,", ":90D:0VND");
    assert_eq!(refused(&unreadable), ("line 9".to_owned(), "amount_unreadable"));
}

#[test]
fn a_file_that_ends_inside_of_its_blocks_is_cut_off() {
    let head = "{1:F01VPBKVNVXAXXX0000000000}{2:O9400000N}{4:";
    let body = COMPLETE.trim_end().strip_suffix('-').unwrap();
    let whole = format!("{head}\r\n{body}-}}{{5:{{CHK:123}}}}\r\n");
    clean(&whole);
    for (cut, line) in [
        (format!("{head}\r\n{body}"), "line 1"),
        (whole.replace("123}}", ""), "line 1"),
        (format!("{whole}{{1:F01VPBKVNVXAXXX0000000000}}{{2:O940"), "line 13"),
        (format!("{whole}{{1:F01VPBKVNVXAXXX0000000000}}"), "line 13"),
    ] {
        assert_eq!(refused(&cut), (line.to_owned(), "swift_block_unclosed"), "{cut}");
    }
    clean(&format!("{head}\r\n{body}-XXX\r\n"));
    for rest in [":2", ":20", ":"] {
        assert_eq!(refused(&format!("{COMPLETE}{rest}")), ("line 12".to_owned(), "tag_cut"));
    }
}

#[test]
fn nothing_but_a_balance_stands_in_a_balance() {
    let behind = |tag: &str, junk: &str| {
        let at = COMPLETE.find(tag).and_then(|at| Some(at + COMPLETE.get(at..)?.find("\r\n")?)).unwrap();
        let (before, after) = COMPLETE.split_at(at);
        format!("{before}\r\n{junk}{after}")
    };
    assert_eq!(refused(&behind(":60F:", "C100,00")), ("line 5".to_owned(), "text_behind_balance"));
    assert_eq!(refused(&behind(":62F:", "rubbish")), ("line 10".to_owned(), "text_behind_balance"));
    let available = COMPLETE.replace(":64:C261122VND1019500,", ":64:CX");
    assert_eq!(refused(&available), ("line 10".to_owned(), "date_invalid"));
}

#[test]
fn an_entry_may_be_broken_behind_its_mark() {
    let text = with_entry(":61:2611221122CR\n30,00N062NONREF\nmore", "C261122EUR130,00");
    let statement = clean(&text);
    assert_eq!(amounts(&statement), ["30.00"]);
    assert_eq!(statement.lines[0].posting_text.as_deref(), Some("more"));
    assert_eq!(statement.lines[0].raw, ":61:2611221122CR\n30,00N062NONREF\nmore");
    assert_eq!(refused(&with_entry(":61:2611221122CR", "C261122EUR130,00")).1, "amount_unreadable");
}

#[test]
fn a_bank_may_leave_its_reference_out_everywhere() {
    let bare = COMPLETE.replace(":20:STMT261122\r\n", "");
    let parsed = read(&format!("{bare}{bare}"));
    assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "tag_missing"));
    assert_eq!(amounts(&parsed.statements[1]), ["25000", "-5500"]);
    assert_eq!(refused(&format!("{COMPLETE}{bare}")).1, "tag_missing", "one was lost");
    assert_eq!(refused(&bare).1, "tag_missing", "one alone is no habit");
    clean(&format!("NGANHANG\r\n940\r\nNGANHANG\r\n{bare}"));
    let other = bare.replace("28C:00326/001", "28C:");
    assert_eq!(refused(&format!("{other}{other}")).1, "tag_missing");
}

#[test]
fn a_closing_balance_that_lost_its_decimals_with_the_end_of_the_file_is_cut() {
    let whole = with_entry(":61:2611221122C30,00NTRFX", "C261122EUR130,00");
    let cut = whole.trim_end().strip_suffix('0').unwrap();
    for cut in [cut, cut.strip_suffix('0').unwrap(), cut.strip_suffix(",0").unwrap()] {
        assert_eq!(refused(cut), ("line 6".to_owned(), "closing_cut"), "{cut}");
        clean(&format!("{cut}\n"));
    }
    clean(&with_entry(":61:2611221122C30,NTRFX", "C261122EUR130,").trim_end().replace(",00", ","));
    clean(&whole.replace("C30,00", "C30,").replace("130,00\n", "130,"));
}

#[test]
fn the_thirtieth_of_february_is_told_and_read_as_the_end_of_the_month() {
    let parsed = read(&with_entry(":61:2602300301DR6,00N024NONREF", "C260301EUR94,00"));
    assert_eq!(parsed.errors, vec![]);
    assert!(
        parsed.warnings.iter().any(|warning| (warning.at.as_str(), warning.code) == ("line 5", "date_moved"))
    );
    let line = &parsed.statements[0].lines[0];
    assert_eq!(line.value_date.unwrap().to_string(), "2026-02-28");
    assert_eq!(line.booking_date.unwrap().to_string(), "2026-03-01");
    for wrong in [":61:2602301122C5,00NTRFX", ":61:260230C5,00NTRFX"] {
        assert_eq!(refused(&with_entry(wrong, "C261122EUR105,00")), ("line 5".to_owned(), "date_invalid"));
    }
}

#[test]
fn a_padded_reference_ends_where_its_padding_starts() {
    let entry = ":61:261122C000000000005,00N0441234567890      TEN KHACH HANG                  ";
    let line = clean(&with_entry(entry, "C261122EUR105,00")).lines.remove(0);
    assert_eq!(line.reference.as_deref(), Some("1234567890"));
    assert_eq!(line.posting_text.as_deref(), Some("TEN KHACH HANG"));
    let entry = ":61:261122C5,00N030NONREF          CUA HANG MAU //NONREF";
    let line = clean(&with_entry(entry, "C261122EUR105,00")).lines.remove(0);
    assert_eq!((line.reference, line.bank_reference), (None, None));
}

#[test]
fn the_type_may_be_left_out_before_the_reference_of_the_bank() {
    let line = clean(&with_entry(":61:2611221122C5,00//19239782213", "C261122EUR105,00")).lines.remove(0);
    assert_eq!((line.reference, line.bank_reference.as_deref()), (None, Some("19239782213")));
    assert_eq!(
        refused(&with_entry(":61:2611221122C5,00//", "C261122EUR105,00")).1,
        "transaction_code_missing"
    );
}

#[test]
fn a_closing_balance_without_its_currency_is_in_that_of_the_opening() {
    let statement = clean(&with_entry(":61:261122C5,NTRFX", "C261122105,00"));
    assert_eq!(statement.closing.unwrap().currency, "EUR");
    let opening = with_entry(":61:261122C5,NTRFX", "C261122EUR105,").replace("EUR100", "100");
    assert_eq!(refused(&opening), ("line 4".to_owned(), "currency_invalid"));
}

#[test]
fn a_stray_dash_before_a_tag_or_between_two_ends_nothing() {
    for text in [
        ":20:A\n-:25:1234567890\n:28C:1\n:60F:C261121EUR100,00\n-:61:261122C5,NTRFX\n:86:memo\n:62F:C261122EUR105,\n-\n",
        ":20:A\n:25:1234567890\n:28C:1\n:60F:C261121EUR100,00\n-\n:61:261122C5,NTRFX\n:86:memo\n-\n:62F:C261122EUR105,\n-\n",
    ] {
        let statement = clean(text);
        assert_eq!(statement.lines[0].memo.as_deref().map(|memo| memo.starts_with("memo")), Some(true));
    }
}

#[test]
fn the_end_of_the_block_may_stick_to_the_last_balance() {
    let glued = COMPLETE.replace("VND1019500,\r\n-\r\n", "VND1019500,-}");
    assert_eq!(clean(&glued).closing, clean(COMPLETE).closing);
    let in_blocks = format!("{{1:F01AAAABB99BSMK3513951576}}{{2:I940BBBBAA33XXXXN}}{{4:{glued}");
    assert_eq!(clean(&in_blocks).lines.len(), 2);
    assert!(!read(&in_blocks.replace("-}", "")).errors.is_empty(), "the block is not closed");
}

#[test]
fn home_banking_marks_its_line_ends() {
    let text = "@@:20:A@@:25:1/2345678@@:28C:0@@:60F:C261121EUR1,00@@:61:261122C5,NTRFX@@:86:177?00UEBERWEISUNG?20HNPH7K2M@@Q4X97@@:62F:C261122EUR6,00@@-@@";
    let statement = clean(text);
    assert_eq!(statement.lines[0].memo.as_deref(), Some("HNPH7K2MQ4X97"));
    assert_eq!(statement.account.as_deref(), Some("1/2345678"));
}

#[test]
fn an_acknowledgement_before_the_message_is_taken_off() {
    let body = COMPLETE.trim_end_matches("-\r\n");
    let text = format!(
        "{{1:F21VPBKVNVXAXXX0304009999}}{{4:{{177:1608140809}}{{451:0}}}}{{1:F01VPBKVNVXAXXX0304009999}}{{2:O940N}}{{4:\n{body}-}}{{5:{{CHK:0FEC}}}}"
    );
    assert_eq!(clean(&text).lines.len(), 2);
}

#[test]
fn the_end_of_a_message_may_stick_to_the_text_behind_its_closing_balance() {
    let body = COMPLETE.trim_end_matches("-\r\n");
    let head = "{1:F01VPBKVNVXAXXX0304009999}{2:O940N}{4:\n";
    for end in ["-}", "-}{5:{CHK:0FEC}}", " -}\n\n"] {
        let text = format!("{head}{body}:86:TONG CONG: 19500\n VND {end}");
        assert_eq!(clean(&text).lines.len(), 2, "{end}");
        let second = text.replace(":20:STMT261122", ":20:STMT261123").replace("00326/001", "00327/001");
        let second = second.replace("VND1019500", "VND1039000").replace("VND1000000", "VND1019500");
        let parsed = read(&format!("{text}\n{second}"));
        assert_eq!((parsed.errors, parsed.statements.len()), (vec![], 2), "{end}");
    }
    // In the words of a payer, before the balance, it is no end.
    let words = COMPLETE.replace("PHI DICH VU", "PHI -}\r\nDICH VU");
    assert_eq!(clean(&format!("{head}{}-}}", words.trim_end_matches("-\r\n"))).lines.len(), 2);
    assert_eq!(refused(&format!("{head}{body}:86:TONG CONG")).1, "swift_block_unclosed");
}

#[test]
fn an_interim_report_that_stands_twice_is_refused_where_its_entries_have_the_banks_references() {
    let report = |reference: &str| {
        format!(
            ":20:A\n:25:0123456789\n:28C:1/1\n:34F:VND0,\n:13D:2611221200+0700\n:61:261122C5,NTRFX{reference}\n\
             :86:memo\n:90C:1VND5,\n:90D:0VND0,\n-\n"
        )
    };
    let named = report("//FT26326000000001");
    assert_eq!(refused(&format!("{named}{named}")).1, "statement_repeated");
    let later = named.replace("000001\n", "000002\n").replace(":28C:1/1", ":28C:2/1");
    assert_eq!(read(&format!("{named}{later}")).errors, vec![]);
    let unnamed = report("");
    assert_eq!(read(&format!("{unnamed}{unnamed}")).errors, vec![], "two payments may look alike");
}

#[test]
fn an_interim_report_with_an_entry_taken_back_is_proven_in_the_way_its_bank_counts() {
    let report = |sums: &str| {
        format!(
            ":20:A\n:25:0123456789\n:28C:1/1\n:34F:EUR0,\n:13D:2611221200+0100\n:61:261122D250,NTRFX\n\
             :61:261122RC50,NTRFY\n{sums}\n-\n"
        )
    };
    for sums in [":90D:1EUR250,\n:90C:1EUR50,", ":90D:2EUR300,\n:90C:0EUR0,", ":90D:1EUR250,\n:90C:0EUR0,"] {
        let parsed = read(&report(sums));
        assert_eq!((parsed.errors, parsed.warnings), (vec![], vec![]), "{sums}");
    }
    let wrong = report(":90D:1EUR250,\n:90C:1EUR50,").replace("D250,NTRFX", "D260,NTRFX");
    assert_eq!(refused(&wrong).1, "totals_mismatch");
}

#[test]
fn expected_entries_of_an_interim_report_are_told_and_do_not_count() {
    let text = ":20:A\n:25:0123456789\n:28C:1/1\n:34F:EURD0,\n:34F:EURC5,\n:13:2611221200\n:61:261122C5,NTRFX\n:61:261122EC7,NTRFY\n:86:later\n:61:261122ED1,NTRFZ\n:90D:1EUR1,\n:90C:2EUR12,\n-\n";
    let parsed = read(text);
    assert_eq!((parsed.format, parsed.errors.len()), (Format::Mt942, 0));
    assert_eq!(amounts(&parsed.statements[0]), ["5"]);
    let told = parsed.warnings.iter().filter(|warning| warning.code == "entry_not_booked").count();
    assert_eq!(told, 2);
}

#[test]
fn an_interim_sum_without_its_count_or_its_leading_zero_is_read() {
    let text = "@@:20:STARTUMS@@:25:1/23456@@:28C:0@@:34F:EUR 999999999999,99@@:13:1604202255@@:61:160421D0,02NMSCKREF+@@:90D:1EUR,02@@:90C:EUR,00";
    let parsed = read(text);
    assert_eq!((parsed.format, parsed.errors), (Format::Mt942, vec![]));
    assert_eq!(amounts(&parsed.statements[0]), ["-0.02"]);
}

#[test]
fn fields_of_information_may_be_marked_by_a_plus() {
    let text = with_entry(
        ":61:261122C5,NTRFX\n:86:000+20Plata+30302410000+31RO89RZBR0000+32CONG TY MAU+33/\n+23HNPH7K2MQ4X97",
        "C261122EUR105,",
    );
    let line = clean(&text).lines.remove(0);
    assert_eq!(line.memo.as_deref(), Some("Plata HNPH7K2MQ4X97"));
    assert_eq!(line.counterparty_account.as_deref(), Some("RO89RZBR0000"));
    let text = with_entry(":61:261122C5,NTRFX\n:86:EREF+20261122+21000", "C261122EUR105,");
    assert_eq!(clean(&text).lines[0].memo.as_deref(), Some("EREF+20261122+21000"));
}

#[test]
fn a_tag_of_the_bank_s_own_stays_with_the_text_of_its_line() {
    let text = with_entry(":61:1710111011DF5,00S   X\n:NS:01526715\n02A12596785", "D171011EUR95,00")
        .replace("D171011EUR95", "C171011EUR95");
    let line = clean(&text).lines.remove(0);
    assert!(line.raw.ends_with(":NS:01526715\n02A12596785"), "{}", line.raw);
}

#[test]
fn umlauts_of_dos_are_read_as_such() {
    let text = with_entry(":61:261122C5,NTRFX\n:86:Geb\u{81}hr f\u{81}r M\u{94}bel", "C261122EUR105,");
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let parsed = parse(&bytes);
    assert_eq!((parsed.encoding, parsed.errors.len()), ("IBM850", 0));
    assert_eq!(parsed.statements[0].lines[0].memo.as_deref(), Some("Gebühr für Möbel"));
}

#[test]
fn the_account_is_found_before_its_currency() {
    let text = with_entry(":61:261122C5,NTRFX", "C261122EUR105,")
        .replace(":25:1234567890", ":25://AT39364/12345678912/EUR");
    assert_eq!(clean(&text).account_number().as_deref(), Some("12345678912"));
}

#[test]
fn sums_of_an_interim_report_that_its_lines_contradict_are_refused_where_they_stand() {
    let text = ":20:A\n:25:0123456789\n:28C:1/1\n:34F:VND0,\n:13D:2611221200+0700\n:61:2611221122C25000,NTRFNONREF\n\
                :86:a\n:90D:0VND0,\n:90C:1VND26000,\n-\n";
    let parsed = parse(text.as_bytes());
    assert_eq!((parsed.errors[0].at.as_str(), parsed.errors[0].code), ("line 9", "totals_mismatch"));
    assert!(parse(text.replace("26000", "25000").as_bytes()).errors.is_empty());
}

#[test]
fn sums_may_be_more_than_the_lines_where_a_floor_limit_leaves_some_out() {
    let text = ":20:A\n:25:0123456789\n:28C:1/1\n:34F:VND10000,\n:13D:2611221200+0700\n:61:2611221122C25000,NTRFNONREF\n\
                :86:a\n:90D:0VND0,\n:90C:2VND26000,\n-\n";
    let parsed = read(text);
    assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "totals_mismatch"));
    assert_eq!(refused(&text.replace("26000", "24000")), ("line 9".to_owned(), "totals_mismatch"));
    // As many are listed as are counted: nothing was left out that could be the difference.
    assert_eq!(refused(&text.replace("2VND", "1VND")), ("line 9".to_owned(), "totals_mismatch"));
}

#[test]
fn the_first_balance_of_a_new_account_may_be_of_no_day() {
    let text =
        with_entry(":61:2611221122C50,NTRFX", "C261122EUR50,").replace("C261121EUR100,", "C000000EUR0,");
    let statement = clean(&text);
    assert_eq!(statement.opening.map(|opening| opening.date), Some(None));
    assert_eq!(refused(&text.replace("C000000EUR0,", "C000000EUR1,")).1, "date_invalid");
    assert_eq!(refused(&text.replace("C261122", "C000000")).1, "date_invalid");
}

#[test]
fn a_code_sent_alone_first_is_no_word_of_the_memo() {
    let entry =
        ":61:2611221122C50,S15000000029217\n:86:150\n:86:150~00B150PRZELEW~20NAP\u{141}ATA~32NGUOI MAU";
    let line = clean(&with_entry(entry, "C261122EUR150,")).lines.remove(0);
    assert_eq!(
        (line.memo.as_deref(), line.counterparty_name.as_deref()),
        (Some("NAP\u{141}ATA"), Some("NGUOI MAU"))
    );
    assert!(line.raw.contains(":86:150\n:86:150~00"));
}

#[test]
fn line_ends_may_be_mixed_in_one_file() {
    let mixed = COMPLETE.replacen("\r\n", "\n", 2).replacen("\r\n", "\r", 2);
    assert_eq!(clean(&mixed).lines.len(), 2);
}

#[test]
fn a_report_within_the_day_that_is_cut_has_no_end() {
    let whole = ":20:S\n:25:0123456789\n:28C:1/1\n:34F:EUR0,\n:13D:2611221200+0100\n:61:261122C10,00NTRFX\n:86:words\n";
    let ended = format!("{whole}:90D:0EUR0,\n:90C:1EUR10,00\n-");
    assert_eq!(crate::statement::parse(ended.as_bytes()).errors, vec![]);
    assert_eq!(crate::statement::parse(whole.as_bytes()).errors, vec![]);
    for end in ["\n:86", "words", ":61:"] {
        let cut = whole.split_once(end).unwrap().0;
        let parsed = crate::statement::parse(cut.as_bytes());
        assert!(parsed.errors.iter().any(|error| error.code == "message_cut"), "{end}: {parsed:?}");
    }
}

#[test]
fn a_statement_has_one_number() {
    let text = ":20:S\n:25:0123456789\n:28C:1/1\n:60F:C261122EUR100,00\n:28C:2/1\n:62F:C261122EUR100,00\n-\n";
    let parsed = crate::statement::parse(text.as_bytes());
    assert!(parsed.errors.iter().any(|error| error.code == "tag_repeated"), "{parsed:?}");
    assert_eq!(crate::statement::parse(text.replace(":28C:2/1", ":28C:1/1").as_bytes()).errors, vec![]);
}
