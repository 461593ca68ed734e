use proptest::prelude::*;

use super::calendar::Urgency;
use super::figures::{Move, figures};
use super::*;
use crate::amount::Dong;
use crate::ledger::Account;

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn moved(debit: &str, credit: &str, amount: i64) -> Move {
    Move { debit: debit.to_owned(), credit: credit.to_owned(), amount: Dong(amount) }
}

#[test]
fn a_period_is_a_month_or_a_year() {
    let month = Span::parse("2026-11").unwrap();
    assert_eq!(month.period().unwrap(), Period::new(day("2026-11-01"), day("2026-11-30")).unwrap());
    let year = Span::parse("2026").unwrap();
    assert_eq!(year.period().unwrap(), Period::new(day("2026-01-01"), day("2026-12-31")).unwrap());
    for wrong in ["", "26", "2026-13", "11/2026", "2026-1", "9999", "2026-11-01"] {
        assert_eq!(Span::parse(wrong).unwrap_err().code(), "fee_period_unreadable", "{wrong}");
    }
}

#[test]
fn what_is_collected_is_shared_out_owed_and_handed_over() {
    let before = vec![("budget_due/805-2771".to_owned(), Dong(1_000)), ("bank/x".to_owned(), Dong(-9))];
    let moves = [
        moved("bank/acc", "fees_collected/HT-01", 25_000),
        moved("clearing/acc/sepay", "fees_collected/HT-01", 10_000),
        // A correction gives back.
        moved("fees_collected/HT-01", "surplus/pay", 5_000),
        moved("fees_collected/HT-01", "budget_due/805-2771", 10_000),
        moved("fees_collected/HT-01", "share_kept/HT-01", 10_000),
        moved("budget_due/805-2771", "treasury_in_transit/rmt", 7_000),
        moved("share_kept/HT-01", "bank/acc", 4_000),
        moved("interest", "budget_due/4254", 30),
    ];
    let found = figures(&before, &moves).unwrap();
    let item = &found.items[0];
    assert_eq!((item.collected, item.budget, item.kept), (Dong(30_000), Dong(10_000), Dong(10_000)));
    assert_eq!(item.closing, Dong(10_000), "its money is not in the bank yet");
    let budget: Vec<_> = found.budget.iter().map(|one| (one.code.as_str(), one.closing.0)).collect();
    assert_eq!(budget, [("4254", 30), ("805-2771", 4_000)]);
    assert_eq!((found.kept[0].handed_over, found.kept_closing), (Dong(4_000), Dong(6_000)));
}

#[test]
fn figures_are_reminded_of_until_they_are_handed_in_and_a_weekend_moves_the_last_day() {
    let calendar = Calendar::shipped().unwrap();
    let at = |today: &str, filed: &[(String, String)]| {
        calendar.due(&WorkingDays::default(), day(today), day("2026-10-05"), filed).unwrap()
    };
    assert_eq!(at("2026-10-31", &[]), [], "the month is not over");
    let november = at("2026-11-02", &[]);
    assert_eq!((november[0].period.as_str(), november[0].urgency), ("2026-10", Urgency::Open));
    assert_eq!(november[0].due_on, day("2026-11-20"));
    assert_eq!(at("2026-11-20", &[])[0].urgency, Urgency::Soon);
    assert_eq!(at("2026-11-21", &[])[0].urgency, Urgency::Overdue);
    let filed = [("month".to_owned(), "2026-10".to_owned())];
    assert_eq!(at("2026-11-21", &filed), []);
    // 20 December 2026 is a Sunday.
    let december = at("2026-12-10", &filed);
    assert_eq!(december[0].due_on, day("2026-12-21"));
    let year = at("2027-01-04", &filed);
    assert!(year.iter().any(|one| one.kind == "year" && one.due_on == day("2027-03-31")), "{year:?}");
    assert_eq!(december[0].certainty, "M", "how sure we are is told");
}

#[test]
fn a_calendar_with_a_day_that_is_none_is_refused() {
    let text = include_str!("../../../charts/fee-calendar.toml").replace("03-31", "02-31");
    assert_eq!(Calendar::parse(&text).unwrap_err().code(), "fee_calendar_unreadable");
}

/// Any of the accounts that stand in these figures, or beside them.
fn account() -> impl Strategy<Value = String> {
    (0_usize..7).prop_map(|which| {
        let account = match which {
            0 => Account::FeesCollected("HT-01".into()),
            1 => Account::BudgetDue("805-2771".into()),
            2 => Account::ShareKept("HT-01".into()),
            3 => Account::Bank(crate::id::AccountId(1)),
            4 => Account::TreasuryInTransit(crate::id::RemittanceId(1)),
            5 => Account::CollectedWithoutDocument("K".into()),
            _ => Account::Surplus(crate::id::PaymentId(1)),
        };
        account.to_string()
    })
}

proptest! {
    /// The closing figures are the balances, whatever moved.
    #[test]
    fn every_closing_figure_is_a_balance(
        moves in prop::collection::vec((account(), account(), 1_i64..1_000_000), 0..40)
    ) {
        let moves: Vec<Move> = moves.into_iter().map(|(d, c, a)| moved(&d, &c, a)).collect();
        let found = figures(&[], &moves).unwrap();
        let balance = |text: &str| -> i64 {
            moves.iter().map(|one| {
                i64::from(one.credit == text) * one.amount.0 - i64::from(one.debit == text) * one.amount.0
            }).sum()
        };
        for (code, text) in [("HT-01", "fees_collected/HT-01"), ("K", "collected_without_document/K")] {
            let closing = found.items.iter().find(|one| one.code == code).map_or(0, |one| one.closing.0);
            prop_assert_eq!(closing, balance(text));
        }
        prop_assert_eq!(found.budget_closing.0, balance("budget_due/805-2771"));
        prop_assert_eq!(found.kept_closing.0, balance("share_kept/HT-01"));
    }
}
