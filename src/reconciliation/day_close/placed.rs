//! What a line that nobody knew when it came was found to be: told by where the books moved its money.

use std::collections::{BTreeMap, BTreeSet};

use super::query;
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{AccountId, LineId, UnitId};
use crate::ledger::{self, Account};
use crate::reconciliation::classification::Class;
use crate::store::Conn;

/// What left a line's suspense or unexplained debit, by the account on the other side; the bank is left out. Less than
/// zero is what was put there: of a lump sum less its fee, for one.
pub type Moved = BTreeMap<String, Dong>;

/// The class of a line all of which found its place. Where it went to several, the greatest part says it.
pub fn class(moved: &Moved, is_of_account: impl Fn(LineId) -> bool) -> Class {
    let mut sums: BTreeMap<Class, i64> = BTreeMap::new();
    for (other, amount) in moved.iter().filter(|(_, amount)| amount.is_positive()) {
        let sum = sums.entry(of(other, &is_of_account)).or_default();
        *sum = sum.saturating_add(amount.0);
    }
    let greatest = sums.values().copied().max();
    let found = sums.into_iter().find(|(_, sum)| Some(*sum) == greatest);
    // Nothing but the bank itself took it: the bank withdrew the line.
    found.map_or(Class::Reversal, |(class, _)| class)
}

/// The class of a line as the books have its money now; unknown while nothing of it found its place.
pub fn class_now(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    (line, amount): (LineId, Dong),
) -> Result<Class> {
    let is_credit = amount.is_positive();
    let waiting = if is_credit { Account::Suspense(line) } else { Account::UnexplainedDebit(line) };
    let mut moved = Moved::new();
    for (other, sum) in ledger::between(conn, unit, &waiting, "")? {
        if !other.starts_with("bank/") {
            moved.insert(other, if is_credit { sum } else { Dong::ZERO.checked_sub(sum)? });
        }
    }
    if moved.is_empty() {
        return Ok(Class::Unknown);
    }
    let others: Vec<LineId> = moved.keys().filter_map(|other| line_of(other)).collect();
    let own: BTreeSet<LineId> =
        query::posted_lines(conn, unit, account, &others)?.into_iter().map(|(id, ..)| id).collect();
    Ok(class(&moved, |other| own.contains(&other)))
}

/// The line whose waiting account this is.
pub fn line_of(account: &str) -> Option<LineId> {
    match account.split_once('/') {
        Some(("suspense" | "unexplained_debit", id)) => id.parse().ok(),
        _ => None,
    }
}

fn of(other: &str, is_of_account: impl Fn(LineId) -> bool) -> Class {
    let head = other.split_once('/').map_or(other, |(head, _)| head);
    match head {
        "surplus" => Class::Surplus,
        "charges_to_recover" => Class::BankFee,
        "interest" => Class::Interest,
        "refund_payable" => Class::RefundByUs,
        "treasury_in_transit" | "budget_refund_due" | "budget_due" => Class::TransferToBudget,
        "deposit_in_transit" | "drawer" | "shortage" => Class::CashDeposit,
        "due_to_unit" | "merger" => Class::OtherUnit,
        "reversal_to_recover" => Class::Reversal,
        "suspense" | "unexplained_debit" => match line_of(other) {
            // Two lines of one account: what was taken came back.
            Some(line) if is_of_account(line) => Class::Reversal,
            _ => Class::OwnTransfer,
        },
        _ => Class::FeeReceipt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, PaymentId, PersonId, RemittanceId, SlipId, UnitId};
    use crate::ledger::Account;

    fn class_of(other: &Account) -> Class {
        class(&Moved::from([(other.to_string(), Dong(25_000))]), |line| line == LineId(2))
    }

    #[test]
    fn every_place_money_may_find_says_what_the_line_was() {
        let places = [
            (Account::FeesCollected("HT-01".into()), Class::FeeReceipt),
            (Account::Clearing(AccountId(1), "sepay".into()), Class::FeeReceipt),
            (Account::Surplus(PaymentId(1)), Class::Surplus),
            (Account::ChargesToRecover, Class::BankFee),
            (Account::RefundPayable, Class::RefundByUs),
            (Account::TreasuryInTransit(RemittanceId(1)), Class::TransferToBudget),
            (Account::BudgetDue("805-2771".into()), Class::TransferToBudget),
            (Account::BudgetRefundDue("805-2771".into()), Class::TransferToBudget),
            (Account::DepositInTransit(SlipId(1)), Class::CashDeposit),
            (Account::Shortage(PersonId(1)), Class::CashDeposit),
            (Account::DueToUnit(UnitId(1)), Class::OtherUnit),
            (Account::ReversalToRecover(PaymentId(1)), Class::Reversal),
            (Account::Suspense(LineId(2)), Class::Reversal),
            (Account::UnexplainedDebit(LineId(3)), Class::OwnTransfer),
        ];
        for (other, expected) in places {
            assert_eq!(class_of(&other), expected, "{other}");
        }
    }

    #[test]
    fn the_greatest_part_says_what_a_divided_line_was_and_the_bank_alone_took_it_back() {
        let moved = Moved::from([
            ("fees_collected/HT-01".to_owned(), Dong(8_000)),
            ("charges_to_recover".to_owned(), Dong(9_000)),
            ("refund_payable".to_owned(), Dong(-90_000)),
        ]);
        assert_eq!(class(&moved, |_| false), Class::BankFee);
        assert_eq!(class(&Moved::new(), |_| false), Class::Reversal);
    }
}
