use proptest::prelude::*;

use super::summary::summary;
use super::*;
use crate::amount::Dong;

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn reading(date: BusinessDay, opening: i64, credits: i64, debits: i64) -> Reading {
    Reading {
        id: "crt_x".into(),
        unit_id: "unt_x".into(),
        unit_code: "00004".into(),
        unit_name: "Đơn vị mẫu".into(),
        tax_code: "0100000000".into(),
        account_id: "acc_x".into(),
        bank_bin: "970400".into(),
        account_no: "******1100".into(),
        date,
        revision: 1,
        replaces_sha256: None,
        is_nil: credits == 0 && debits == 0,
        is_derived: false,
        is_sequence_checked: true,
        opening: Dong(opening),
        credits: Dong(credits),
        debits: Dong(debits),
        closing: Dong(opening + credits - debits),
        line_count: 2,
        classes: vec![("fee_receipt".into(), Dong(credits)), ("bank_fee".into(), Dong(-debits))],
        carried: Vec::new(),
        in_transit_count: 1,
        in_transit: Dong(7),
        in_transit_unnamed: Dong::ZERO,
        claims: Vec::new(),
        shares: Vec::new(),
        cash: Vec::new(),
        bridge: None,
        items: Default::default(),
        corrections: Vec::new(),
        statements: Vec::new(),
        previous_sha256: String::new(),
        issued_at: "2026-11-30T18:00:00".into(),
        signer_serial: "01".into(),
    }
}

#[test]
fn a_month_is_its_first_and_last_day_and_reads_as_it_is_written() {
    let month: Month = "2028-02".parse().unwrap();
    assert_eq!((month.first(), month.last()), (day("2028-02-01"), day("2028-02-29")));
    assert_eq!((month.next().to_string(), month.before().to_string()), ("2028-03".into(), "2028-01".into()));
    assert_eq!(Month::of(day("2026-12-31")).next().first(), day("2027-01-01"));
    for wrong in ["", "2026", "2026-13", "2026-1", "11/2026", "2026-11-01"] {
        assert_eq!(wrong.parse::<Month>().unwrap_err().code(), "month_unreadable", "{wrong}");
    }
}

#[test]
fn days_that_do_not_follow_are_no_month() {
    let days = [reading(day("2026-11-01"), 0, 100, 0), reading(day("2026-11-03"), 100, 0, 0)];
    assert!(summary(&days).is_err());
    let moved = [reading(day("2026-11-01"), 0, 100, 0), reading(day("2026-11-02"), 99, 0, 0)];
    assert!(summary(&moved).is_err());
}

proptest! {
    #[test]
    fn a_month_adds_up_to_what_its_days_do(
        moves in prop::collection::vec((0_i64..1_000_000, 0_i64..1_000_000), 1..31), opening in 0_i64..1_000_000
    ) {
        let mut days = Vec::new();
        let (mut date, mut balance) = (day("2026-12-01"), opening);
        for (credits, debits) in &moves {
            days.push(reading(date, balance, *credits, *debits));
            (date, balance) = (date.next(), balance + credits - debits);
        }
        let sum = summary(&days).unwrap();
        prop_assert_eq!((sum.opening, sum.closing), (Dong(opening), Dong(balance)));
        prop_assert_eq!(sum.opening.0 + sum.credits.0 - sum.debits.0, sum.closing.0);
        let classes: i64 = sum.classes.iter().map(|(_, amount)| amount.0).sum();
        prop_assert_eq!(classes, sum.credits.0 - sum.debits.0);
        prop_assert_eq!(sum.line_count, 2 * moves.len() as i64);
    }
}
