//! The bridge from receipts to the bank: every difference between the two totals, one by one.

use serde::{Deserialize, Serialize};

use super::proof::Item;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::ReceiptId;

/// One difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BridgeItem {
    pub item: Item,
    /// Above zero.
    pub amount: Dong,
    pub first_seen: BusinessDay,
}

/// What a bridge is made of: one unit or account, one day or month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BridgeFacts {
    /// Valid receipts, net of adjustments.
    pub receipts_total: Dong,
    /// Money in the bank for which no receipt exists yet.
    pub credited_not_receipted: Vec<BridgeItem>,
    /// Receipts whose money is not in the bank yet: cash in the drawer, claims not proven.
    pub receipted_not_credited: Vec<BridgeItem>,
    /// Money the bank took back while the receipt stands.
    pub reversals: Vec<BridgeItem>,
    /// Corrections counted in `receipts_total` whose receipts and money are of earlier days, each
    /// with what it changed.
    pub corrections: Vec<(ReceiptId, Dong)>,
    /// Credits of the bank for fees.
    pub bank_total: Dong,
}

/// The bridge, with its lists in order and its sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    pub receipts_total: Dong,
    pub credited_not_receipted: Dong,
    pub receipted_not_credited: Dong,
    pub reversals: Dong,
    /// Net of corrections of earlier days' receipts; below zero when they gave back.
    #[serde(default)]
    pub corrections: Dong,
    /// What the bank's total should be.
    pub expected_bank_total: Dong,
    pub bank_total: Dong,
    /// Bank less expected: zero when everything is explained.
    pub unexplained: Dong,
    pub credited_not_receipted_items: Vec<BridgeItem>,
    pub receipted_not_credited_items: Vec<BridgeItem>,
    pub reversal_items: Vec<BridgeItem>,
    #[serde(default)]
    pub correction_items: Vec<(ReceiptId, Dong)>,
}

impl Bridge {
    pub fn holds(&self) -> bool {
        self.unexplained.is_zero()
    }
}

/// Receipts, plus credited and not receipted, less receipted and not credited, less reversals,
/// and less corrections of earlier receipts, is the bank's total. `amount_out_of_range` when the sums leave the range.
pub fn bridge(facts: &BridgeFacts) -> Result<Bridge> {
    let sum = |items: &[BridgeItem]| Dong::sum(items.iter().map(|item| item.amount));
    let sorted = |items: &[BridgeItem]| {
        let mut items = items.to_vec();
        items.sort_unstable_by_key(|item| (item.first_seen, *item));
        items
    };
    let credited_not_receipted = sum(&facts.credited_not_receipted)?;
    let receipted_not_credited = sum(&facts.receipted_not_credited)?;
    let reversals = sum(&facts.reversals)?;
    let corrections = Dong::sum(facts.corrections.iter().map(|(_, difference)| *difference))?;
    let mut correction_items = facts.corrections.clone();
    correction_items.sort_unstable();
    let expected_bank_total = facts
        .receipts_total
        .checked_add(credited_not_receipted)?
        .checked_sub(receipted_not_credited)?
        .checked_sub(reversals)?
        .checked_sub(corrections)?;
    Ok(Bridge {
        receipts_total: facts.receipts_total,
        credited_not_receipted,
        receipted_not_credited,
        reversals,
        corrections,
        expected_bank_total,
        bank_total: facts.bank_total,
        unexplained: facts.bank_total.checked_sub(expected_bank_total)?,
        credited_not_receipted_items: sorted(&facts.credited_not_receipted),
        receipted_not_credited_items: sorted(&facts.receipted_not_credited),
        reversal_items: sorted(&facts.reversals),
        correction_items,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{LineId, MovementId};

    fn item(item: Item, amount: i64, day: &str) -> BridgeItem {
        BridgeItem { item, amount: Dong(amount), first_seen: day.parse().unwrap() }
    }

    #[test]
    fn the_bridge_leads_from_receipts_to_the_bank() {
        let facts = BridgeFacts {
            receipts_total: Dong(1_000_000),
            credited_not_receipted: vec![
                item(Item::Line(LineId(2)), 30_000, "2026-11-20"),
                item(Item::Line(LineId(1)), 20_000, "2026-11-19"),
            ],
            receipted_not_credited: vec![item(Item::Movement(MovementId(7)), 80_000, "2026-11-20")],
            reversals: vec![item(Item::Line(LineId(3)), 10_000, "2026-11-20")],
            corrections: Vec::new(),
            bank_total: Dong(960_000),
        };
        let bridge = bridge(&facts).unwrap();
        assert!(bridge.holds(), "{bridge:?}");
        assert_eq!(bridge.credited_not_receipted_items[0].item, Item::Line(LineId(1)), "oldest first");
    }

    #[test]
    fn corrections_of_earlier_receipts_are_named_and_move_no_bank() {
        let facts = BridgeFacts {
            receipts_total: Dong(95_000),
            corrections: vec![(ReceiptId(9), Dong(-5_000))],
            bank_total: Dong(100_000),
            ..BridgeFacts::default()
        };
        let bridge = bridge(&facts).unwrap();
        assert!(bridge.holds(), "{bridge:?}");
        assert_eq!((bridge.corrections, bridge.correction_items.len()), (Dong(-5_000), 1));
    }

    #[test]
    fn a_bridge_that_does_not_hold_says_by_how_much() {
        let facts = BridgeFacts { receipts_total: Dong(100), bank_total: Dong(90), ..BridgeFacts::default() };
        let bridge = bridge(&facts).unwrap();
        assert!(!bridge.holds());
        assert_eq!(bridge.unexplained, Dong(-10));
    }

    #[test]
    fn sums_beyond_the_range_are_an_error() {
        let facts = BridgeFacts {
            receipts_total: Dong(i64::MAX),
            credited_not_receipted: vec![item(Item::Line(LineId(1)), 1, "2026-11-20")],
            ..BridgeFacts::default()
        };
        assert_eq!(super::bridge(&facts).unwrap_err().code(), "amount_out_of_range");
    }
}
