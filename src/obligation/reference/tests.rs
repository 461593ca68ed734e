use std::collections::BTreeSet;

use proptest::prelude::*;
use ring::rand::SystemRandom;

use super::*;

const GOLDEN: &str = "HNPH7K2MQ4X97";

fn golden() -> ReferenceCode {
    GOLDEN.parse().unwrap()
}

fn hanoi() -> CodeBook {
    CodeBook::hanoi()
}

fn only_code(memo: &str) -> ReferenceCode {
    match hanoi().extract(memo).as_slice() {
        [Found::Verified(code)] => code.clone(),
        other => panic!("expected one code in {memo:?}, found {other:?}"),
    }
}

fn only_damaged(memo: &str) -> Found {
    match hanoi().extract(memo).as_slice() {
        [found @ Found::Damaged { .. }] => found.clone(),
        other => panic!("expected one damaged code in {memo:?}, found {other:?}"),
    }
}

/// What banks make of a memo; names and numbers are invented.
fn wrappers(memo: &str) -> Vec<String> {
    vec![
        memo.to_owned(),
        format!(
            "MBVCB.4012345678.123456.{memo}.CT tu 0011001234567 TRAN VAN B toi 0123456789 UBND PHUONG A tai VPBANK"
        ),
        format!("123456.221126.093015.{memo}"),
        format!("0200970405112209301520260001234567.{memo}"),
        format!("PARTNER.DIRECT_DEBITS_VCB.12345678901.{memo}"),
        format!("SHGD:10001234.DD:221126.BO:TRAN VAN B.Remark:{memo}"),
        format!("CT nhanh 247 den: {memo} (0123456789) TRAN VAN B 970432***"),
        format!("Chuyen tien den tu NAPAS Noi dung: {memo} (0123) VPBANK 123456***"),
        format!("Vietinbank;0123456789;{memo}"),
        format!("0123xxx TKThe :0987xxx tai VPBANK. {memo} -CTLNHIDI000012345678901-1/1-CRE-002"),
        format!("REM Tfr Ac:12010001234567 O@L_123456_221126_1_1_0 {memo}"),
        format!("BIDV;12010001234567;{memo}"),
        format!("BLKPAY-{memo}"),
        format!("MB(123456)({memo})"),
        format!("IBFT {memo}"),
        format!("{memo}-221126-09:30:15 123456"),
        format!("NHAN TU 0123456789 TRACE 123456 ND {memo}"),
        format!("BankAPINotify NHAN TU 0123456789 TRACE 123456 ND {memo}"),
        format!("QR {memo} Ma giao dich Trace123456 Trace 123456"),
        format!("TRAN VAN B chuyen tien {memo} FT26326070035003"),
        format!("{memo} qua MoMo (0912345678) MOMOIBFT"),
        format!("{memo} (by TPBank ChatPay)"),
        format!("Thanh toán lệ phí – {memo} – Đặng Thị B"),
    ]
}

/// What people and printers make of a code.
fn manglings(code: &str) -> Vec<String> {
    let mut mangled = vec![code.to_owned(), code.to_lowercase()];
    for at in 1..code.len() {
        let (head, tail) = code.split_at(at);
        for glue in [" ", "\n", "-", ".", "\r\n"] {
            mangled.push(format!("{head}{glue}{tail}"));
        }
    }
    mangled
}

#[test]
fn the_golden_code_carries_its_check_symbol() {
    assert_eq!(hanoi().from_body("7K2MQ4X9").unwrap().as_str(), GOLDEN);
    assert_eq!(golden().prefix(), "HNPH");
    assert_eq!(golden().grouped(), "HNPH 7K2M Q4X9 7");
}

#[test]
fn every_single_wrong_symbol_is_detected() {
    for at in PREFIX_LENGTH..CODE_LENGTH {
        for &wrong in ALPHABET {
            let mut bytes = GOLDEN.as_bytes().to_vec();
            if bytes[at] == wrong {
                continue;
            }
            bytes[at] = wrong;
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(
                text.parse::<ReferenceCode>().unwrap_err().code(),
                "reference_code_check_failed",
                "{text}"
            );
            let damaged = only_damaged(&text);
            assert_eq!(candidates_at_one_edit(&damaged, &[golden()]), [golden()], "{text}");
        }
    }
}

#[test]
fn every_swap_of_two_symbols_is_detected() {
    for first in PREFIX_LENGTH..CODE_LENGTH {
        for second in first + 1..CODE_LENGTH {
            let mut bytes = GOLDEN.as_bytes().to_vec();
            bytes.swap(first, second);
            let text = String::from_utf8(bytes).unwrap();
            if text != GOLDEN {
                assert!(text.parse::<ReferenceCode>().is_err(), "{text}");
            }
        }
    }
}

#[test]
fn every_bank_wrapper_gives_the_code_back() {
    for mangled in manglings(GOLDEN) {
        for memo in wrappers(&mangled) {
            assert_eq!(only_code(&memo), golden(), "{memo:?}");
            assert_eq!(only_code(&memo.to_uppercase()), golden(), "{memo:?}");
        }
    }
}

#[test]
fn look_alike_letters_are_read_as_what_they_were_meant_to_be() {
    let code = hanoi().from_body("0110V2V0").unwrap();
    for typed in ["HNPHOIlouZuO", "hnph 0i1o vzv0", "HNPHOLLOU2UO"] {
        let typed = format!("{typed}{}", code.as_str().chars().last().unwrap());
        assert_eq!(only_code(&typed), code, "{typed}");
        assert_eq!(hanoi().parse(&typed).unwrap(), code, "{typed}");
    }
}

#[test]
fn two_codes_in_one_memo_are_both_reported_in_their_order() {
    let other = hanoi().from_body("ABCDEFGH").unwrap();
    let found = hanoi().extract(&format!("le phi {other}va{GOLDEN} {other}"));
    assert_eq!(found, [Found::Verified(other), Found::Verified(golden())]);
}

#[test]
fn the_same_code_twice_is_one_code_even_when_the_second_is_cut_off() {
    assert_eq!(only_code(&format!("{GOLDEN} {GOLDEN}")), golden());
    assert_eq!(only_code(&format!("{GOLDEN} LE PHI HNPH7K2")), golden());
    assert_eq!(only_code(&format!("HNPH {GOLDEN}")), golden());
}

#[test]
fn a_damaged_code_beside_a_whole_one_is_not_hidden() {
    let found = hanoi().extract(&format!("HNPHABCDEFGH {GOLDEN}"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(matches!(&found[0], Found::Damaged { text, .. } if text == "HNPHABCDEFGH"));
    assert_eq!(found[1].verified(), Some(&golden()));
}

#[test]
fn a_truncated_code_is_reported_with_its_text() {
    for length in PREFIX_LENGTH..CODE_LENGTH {
        let cut = &GOLDEN[..length];
        assert!(matches!(only_damaged(cut), Found::Damaged { text, .. } if text == cut), "{cut}");
    }
}

#[test]
fn one_lost_or_one_additional_symbol_leads_back_to_the_known_code() {
    let other = hanoi().from_body("ABCDEFGH").unwrap();
    for at in PREFIX_LENGTH..CODE_LENGTH {
        let lost = format!("{}{}", &GOLDEN[..at], &GOLDEN[at + 1..]);
        let added = format!("{}W{}", &GOLDEN[..at], &GOLDEN[at..]);
        for memo in [lost, added] {
            let damaged = only_damaged(&memo);
            assert_eq!(candidates_at_one_edit(&damaged, &[other.clone(), golden()]), [golden()], "{memo}");
        }
    }
}

#[test]
fn neighbours_typed_the_wrong_way_round_lead_back_to_the_known_code() {
    let damaged = only_damaged("HNPHK72MQ4X97");
    assert_eq!(candidates_at_one_edit(&damaged, &[golden()]), [golden()]);
}

#[test]
fn a_verified_code_has_no_candidates() {
    assert!(candidates_at_one_edit(&Found::Verified(golden()), &[golden()]).is_empty());
}

#[test]
fn numbers_without_the_prefix_are_no_codes() {
    for memo in ["FT26326070035003", "7K2MQ4X97", "", "HNP 7K2MQ4X97", "0200970405112209301520260001234567"] {
        assert!(hanoi().extract(memo).is_empty(), "{memo}");
    }
}

#[test]
fn a_hostile_memo_costs_no_more_than_its_length() {
    let began = std::time::Instant::now();
    for piece in ["HNPH", "HNPH7K2MQ4X9", GOLDEN, "H", "HNPHNPH"] {
        let found = hanoi().extract(&piece.repeat(100_000 / piece.len()));
        assert!(found.len() <= 9, "{piece}: {}", found.len());
    }
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn another_city_reads_only_its_own_prefix() {
    let other = CodeBook::new("LPDN").unwrap();
    assert!(other.extract(GOLDEN).is_empty());
    let code = other.from_body("7K2MQ4X9").unwrap();
    assert_eq!(other.extract(&format!("x {code}")), [Found::Verified(code)]);
    for bad in ["", "HNP", "hnph", "HN1H", "HNPHX", "ĐNPH"] {
        assert_eq!(CodeBook::new(bad).unwrap_err().code(), "reference_prefix_invalid", "{bad}");
    }
}

#[test]
fn what_a_person_types_is_told_apart_from_what_cannot_be_a_code() {
    assert_eq!(hanoi().parse(" hnph-7k2m q4x9.7 ").unwrap(), golden());
    assert_eq!(hanoi().parse("HNPH7K2MQ4X98").unwrap_err().code(), "reference_code_check_failed");
    for bad in ["", "HNPH", "7K2MQ4X97", "HNPH7K2MQ4X977", "ABCD7K2MQ4X97"] {
        assert_eq!(hanoi().parse(bad).unwrap_err().code(), "reference_code_unreadable", "{bad}");
    }
    assert_eq!("hnph7k2mq4x97".parse::<ReferenceCode>().unwrap_err().code(), "reference_code_unreadable");
    assert_eq!("HNPH7K2MQ4XI7".parse::<ReferenceCode>().unwrap_err().code(), "reference_code_unreadable");
}

#[test]
fn codes_travel_as_text_in_json() {
    let json = serde_json::to_string(&golden()).unwrap();
    assert_eq!(json, format!("\"{GOLDEN}\""));
    assert_eq!(serde_json::from_str::<ReferenceCode>(&json).unwrap(), golden());
    assert!(serde_json::from_str::<ReferenceCode>("\"HNPH7K2MQ4X98\"").is_err());
}

#[test]
fn minted_codes_verify_and_do_not_repeat() {
    let random = SystemRandom::new();
    let mut seen = BTreeSet::new();
    for _ in 0..2_000 {
        let code = hanoi().mint(&random).unwrap();
        assert_eq!(code.as_str().parse::<ReferenceCode>().unwrap(), code);
        assert!(seen.insert(code));
    }
    let symbols: BTreeSet<char> = seen.iter().flat_map(|code| code.as_str()[4..].chars()).collect();
    assert_eq!(symbols.len(), ALPHABET.len());
}

proptest! {
    #[test]
    fn any_code_survives_any_wrapper_and_mangling(
        body in "[0-9A-HJKMNP-TVWXY]{8}",
        wrapper in 0..23_usize,
        at in 1..13_usize,
        glue in "[ \n.;(-]{0,3}",
        lower in any::<bool>(),
    ) {
        let code = hanoi().from_body(&body).unwrap();
        prop_assume!(!code.as_str()[1..].contains("HNPH"));
        let (head, tail) = code.as_str().split_at(at);
        let mut typed = format!("{head}{glue}{}", tail.replace('0', "O").replace('1', "I"));
        if lower {
            typed = typed.to_lowercase();
        }
        let memo = wrappers(&typed).swap_remove(wrapper);
        prop_assert_eq!(hanoi().extract(&memo), vec![Found::Verified(code)]);
    }

    #[test]
    fn no_memo_panics_and_every_verified_code_is_canonical(memo in "\\PC{0,80}(HNPH[0-9A-Za-zđ ]{0,12}){0,4}\\PC{0,20}") {
        for found in hanoi().extract(&memo) {
            match found {
                Found::Verified(code) => prop_assert!(code.as_str().parse::<ReferenceCode>().is_ok()),
                Found::Damaged { text, candidates } => {
                    prop_assert!(text.starts_with("HNPH") && text.len() <= CODE_LENGTH);
                    for code in candidates {
                        prop_assert!(code.as_str().parse::<ReferenceCode>().is_ok());
                    }
                }
            }
        }
    }
}
