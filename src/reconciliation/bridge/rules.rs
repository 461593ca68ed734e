//! The bridge from receipts to the bank, worked out from the postings of a day. Pure.
//!
//! A posting is balanced because it is one row, so what the bank account moved is, with the sign
//! turned, what all the other accounts moved. Sorted by what those accounts stand for, this is the
//! bridge: receipts, plus credited and not receipted, less receipted and not credited, less
//! reversals, plus what the bank moved for other reasons. It adds up by construction; what can
//! differ is the bank's own statement, and that difference is shown.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::amount::Dong;
use crate::error::Result;

/// What stands between two accounts of the ledger on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Accounts as the ledger writes them.
    pub debit: String,
    pub credit: String,
    pub amount: Dong,
}

/// Which pier of the bridge an account belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pier {
    /// Receipts issued and corrected.
    Receipts,
    /// Money that came and no receipt stands for yet (or needs to).
    CreditedNotReceipted,
    /// Receipts whose money is in a drawer, on its way or only claimed.
    ReceiptedNotCredited,
    /// Money the bank took back.
    Reversals,
    /// What the account moved for no payer: charges, interest, the Treasury, refunds.
    Own,
}

impl Pier {
    pub const ALL: [Pier; 5] =
        [Pier::Receipts, Pier::CreditedNotReceipted, Pier::ReceiptedNotCredited, Pier::Reversals, Pier::Own];

    pub fn as_str(self) -> &'static str {
        match self {
            Pier::Receipts => "receipts",
            Pier::CreditedNotReceipted => "credited_not_receipted",
            Pier::ReceiptedNotCredited => "receipted_not_credited",
            Pier::Reversals => "reversals",
            Pier::Own => "own",
        }
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Pier::Receipts => ("Biên lai, hóa đơn trong ngày", "Receipts and invoices of the day"),
            Pier::CreditedNotReceipted => ("Tiền đã về, chưa có biên lai", "Credited and not receipted"),
            Pier::ReceiptedNotCredited => {
                ("Đã có biên lai, tiền chưa về tài khoản", "Receipted and not credited")
            }
            Pier::Reversals => ("Ngân hàng thu hồi", "Taken back by the bank"),
            Pier::Own => ("Biến động không phải tiền nộp", "Moved for no payer"),
        }
    }

    /// By the account's text: its first word says what it is.
    pub fn of(account: &str) -> Pier {
        let (head, of) = account.split_once('/').unwrap_or((account, ""));
        match head {
            "fees_collected" => Pier::Receipts,
            "received_in_advance"
            | "surplus"
            | "collected_without_document"
            | "passed_on"
            | "due_to_unit" => Pier::CreditedNotReceipted,
            // Counted over: cash that is in the drawer, like the takings beside it.
            "suspense" if of.starts_with(crate::id::ShiftId::PREFIX) => Pier::ReceiptedNotCredited,
            "suspense" => Pier::CreditedNotReceipted,
            "clearing" | "drawer" | "deposit_in_transit" | "shortage" => Pier::ReceiptedNotCredited,
            "reversal_to_recover" => Pier::Reversals,
            _ => Pier::Own,
        }
    }
}

/// Documents by how many and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// Issued, or brought up.
    pub issued: (i64, Dong),
    /// Cancelled, or brought down.
    pub reduced: (i64, Dong),
}

/// What one account contributes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    pub pier: Pier,
    /// As the ledger writes it.
    pub account: String,
    /// With the sign it has in the sum that leads to the bank.
    pub amount: Dong,
}

/// The bridge of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bridge {
    pub receipts: Dong,
    pub credited_not_receipted: Dong,
    /// With its sign: receipts without money make it less than zero.
    pub receipted_not_credited: Dong,
    pub reversals: Dong,
    pub own: Dong,
    /// What the books moved on the bank account, counted on its own postings.
    pub bank: Dong,
    /// By pier and account; what came and went on the same day is left out.
    pub spans: Vec<Span>,
}

impl Bridge {
    /// The sum of a pier.
    pub fn of(&self, pier: Pier) -> Dong {
        match pier {
            Pier::Receipts => self.receipts,
            Pier::CreditedNotReceipted => self.credited_not_receipted,
            Pier::ReceiptedNotCredited => self.receipted_not_credited,
            Pier::Reversals => self.reversals,
            Pier::Own => self.own,
        }
    }

    /// Bank less the sum of the piers: zero, or the books do not add up.
    pub fn unexplained(&self) -> Result<Dong> {
        self.bank.checked_sub(Dong::sum(Pier::ALL.iter().map(|pier| self.of(*pier)))?)
    }
}

/// Works the bridge out for the account that the ledger calls `bank`.
///
/// # Errors
/// `amount_out_of_range`.
pub fn bridge(entries: &[Entry], bank: &str) -> Result<Bridge> {
    let mut changes: BTreeMap<(Pier, &str), Dong> = BTreeMap::new();
    let mut moved = Dong::ZERO;
    for entry in entries {
        for (account, amount) in
            [(&entry.debit, Dong::ZERO.checked_sub(entry.amount)?), (&entry.credit, entry.amount)]
        {
            if account == bank {
                moved = moved.checked_sub(amount)?;
            } else {
                let change = changes.entry((Pier::of(account), account.as_str())).or_default();
                *change = change.checked_add(amount)?;
            }
        }
    }
    let sum =
        |pier: Pier| Dong::sum(changes.iter().filter(|((of, _), _)| *of == pier).map(|(_, amount)| *amount));
    Ok(Bridge {
        receipts: sum(Pier::Receipts)?,
        credited_not_receipted: sum(Pier::CreditedNotReceipted)?,
        receipted_not_credited: sum(Pier::ReceiptedNotCredited)?,
        reversals: sum(Pier::Reversals)?,
        own: sum(Pier::Own)?,
        bank: moved,
        spans: changes
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|((pier, account), amount)| Span { pier, account: account.to_owned(), amount })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::*;
    use crate::ledger::Account;

    fn bank() -> String {
        Account::Bank(AccountId(1)).to_string()
    }

    fn entry(debit: &Account, credit: &Account, amount: i64) -> Entry {
        Entry { debit: debit.to_string(), credit: credit.to_string(), amount: Dong(amount) }
    }

    #[test]
    fn the_bridge_leads_from_receipts_to_the_bank() {
        let bank = Account::Bank(AccountId(1));
        let fees = Account::FeesCollected("HT-01".into());
        let clearing = Account::Clearing(AccountId(1), "sepay".into());
        let day = [
            // Claimed and shown on the same day; claimed only; cash; without a claim.
            entry(&clearing, &fees, 25_000),
            entry(&bank, &clearing, 25_000),
            entry(&clearing, &fees, 30_000),
            entry(&Account::Drawer(ShiftId(1)), &fees, 10_000),
            entry(&bank, &fees, 40_000),
            // Unknown, in part, taken back, the bank's charge.
            entry(&bank, &Account::Suspense(LineId(7)), 5_000),
            entry(&bank, &Account::ReceivedInAdvance(ObligationId(3)), 8_000),
            entry(&Account::ReversalToRecover(PaymentId(4)), &bank, 2_000),
            entry(&Account::ChargesToRecover, &bank, 1_100),
        ];
        let bridge = bridge(&day, &bank.to_string()).unwrap();
        assert_eq!(bridge.receipts, Dong(105_000));
        assert_eq!(bridge.credited_not_receipted, Dong(13_000));
        assert_eq!(bridge.receipted_not_credited, Dong(-40_000));
        assert_eq!((bridge.reversals, bridge.own), (Dong(-2_000), Dong(-1_100)));
        assert_eq!(bridge.bank, Dong(74_900));
        assert_eq!(bridge.unexplained().unwrap(), Dong::ZERO);
        let named: Vec<&str> = bridge.spans.iter().map(|span| span.account.as_str()).collect();
        assert!(named.contains(&Account::Suspense(LineId(7)).to_string().as_str()), "by name: {named:?}");
    }

    #[test]
    fn what_came_and_went_on_the_same_day_is_not_listed() {
        let clearing = Account::Clearing(AccountId(1), "sepay".into());
        let day = [
            entry(&clearing, &Account::FeesCollected("HT-01".into()), 25_000),
            entry(&Account::Bank(AccountId(1)), &clearing, 25_000),
        ];
        let bridge = bridge(&day, &bank()).unwrap();
        assert_eq!(bridge.spans.len(), 1, "{:?}", bridge.spans);
        assert_eq!((bridge.receipts, bridge.bank), (Dong(25_000), Dong(25_000)));
    }

    #[test]
    fn cash_counted_over_lies_with_the_drawer_and_unknown_money_in_the_bank() {
        assert_eq!(Pier::of(&Account::DrawerSuspense(ShiftId(1)).to_string()), Pier::ReceiptedNotCredited);
        assert_eq!(Pier::of(&Account::Suspense(LineId(1)).to_string()), Pier::CreditedNotReceipted);
    }

    #[test]
    fn sums_beyond_the_range_are_an_error() {
        let fees = Account::FeesCollected("HT-01".into());
        let day = [
            entry(&Account::Bank(AccountId(1)), &fees, i64::MAX),
            entry(&Account::Bank(AccountId(1)), &fees, 1),
        ];
        assert_eq!(bridge(&day, &bank()).unwrap_err().code(), "amount_out_of_range");
    }

    /// Any account that a posting of the day can name.
    fn account() -> impl Strategy<Value = String> {
        (0_usize..16, 1_i64..4).prop_map(|(which, id)| {
            let account = match which {
                0 | 1 => Account::Bank(AccountId(1)),
                2 => Account::Clearing(AccountId(1), "sepay".into()),
                3 => Account::FeesCollected(format!("HT-{id}")),
                4 => Account::Suspense(LineId(id)),
                5 => Account::Surplus(PaymentId(id)),
                6 => Account::ReceivedInAdvance(ObligationId(id)),
                7 => Account::Drawer(ShiftId(id)),
                8 => Account::DepositInTransit(SlipId(id)),
                9 => Account::ReversalToRecover(PaymentId(id)),
                10 => Account::ChargesToRecover,
                11 => Account::BudgetDue("805-2771".into()),
                12 => Account::TreasuryInTransit(RemittanceId(id)),
                13 => Account::DrawerSuspense(ShiftId(id)),
                14 => Account::Bank(AccountId(2)),
                _ => Account::RefundPayable,
            };
            account.to_string()
        })
    }

    proptest! {
        #[test]
        fn every_line_adds_up_whatever_was_posted(
            day in prop::collection::vec((account(), account(), 1_i64..1_000_000_000), 0..60)
        ) {
            let day: Vec<Entry> = day
                .into_iter()
                .map(|(debit, credit, amount)| Entry { debit, credit, amount: Dong(amount) })
                .collect();
            let bridge = bridge(&day, &bank()).unwrap();
            prop_assert_eq!(bridge.unexplained().unwrap(), Dong::ZERO);
            let moved: i64 = day.iter().map(|entry| {
                i64::from(entry.debit == bank()) * entry.amount.0 - i64::from(entry.credit == bank()) * entry.amount.0
            }).sum();
            prop_assert_eq!(bridge.bank, Dong(moved));
            for pier in Pier::ALL {
                let listed = bridge.spans.iter().filter(|span| span.pier == pier);
                prop_assert_eq!(Dong::sum(listed.map(|span| span.amount)).unwrap(), bridge.of(pier));
            }
        }
    }
}
