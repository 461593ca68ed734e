//! What the fees of a month are owed as: the budget's part and the part the unit keeps. Pure.
//!
//! Shares are worked out on the month's sum and not fee by fee, so that the odd đồng does not add
//! up; a day posts what the sum to date has more (or less) than the days before it posted.

use std::collections::BTreeMap;

use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::ledger::Account;

const WHOLE_BP: i128 = 10_000;

/// A sum of equal fee lines whose money statement lines have proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    pub item_code: String,
    /// `phi` or `le_phi`.
    pub kind: String,
    /// `receipt`, `invoice` or `none`.
    pub document_kind: String,
    pub chapter: Option<String>,
    pub sub_item: Option<String>,
    /// The part the unit keeps, in hundredths of a per cent, as it was when the fee was raised.
    pub kept_share_bp: i32,
    pub amount: Dong,
}

/// One movement between the books' accounts; a negative amount is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub from: Account,
    pub to: Account,
    pub amount: Dong,
}

/// Amounts by (debit account, credit account), as text.
pub type Sums = BTreeMap<(String, String), Dong>;

/// What is to be posted so that `posted` becomes the share of `fees`, the month's sum to date.
pub fn shares(fees: &[Fee], posted: &Sums) -> Result<Vec<Share>> {
    let mut due: BTreeMap<(String, String), (Account, Account, Dong)> = BTreeMap::new();
    for ((from, budget, kept, bp), sum) in grouped(fees)? {
        let kept_amount = if bp > 0 { part(sum, bp)? } else { Dong::ZERO };
        for (to, amount) in [(budget, sum.checked_sub(kept_amount)?), (kept, kept_amount)] {
            let entry = due
                .entry((from.to_string(), to.to_string()))
                .or_insert_with(|| (from.clone(), to.clone(), Dong::ZERO));
            entry.2 = entry.2.checked_add(amount)?;
        }
    }
    for key in posted.keys().filter(|key| !due.contains_key(key)).cloned().collect::<Vec<_>>() {
        // What was shared and is no fee any more goes back where it came from.
        let accounts = (parse(&key.0)?, parse(&key.1)?, Dong::ZERO);
        due.insert(key, accounts);
    }
    let mut shares = Vec::new();
    for (key, (from, to, amount)) in due {
        let amount = amount.checked_sub(posted.get(&key).copied().unwrap_or_default())?;
        if !amount.is_zero() {
            shares.push(Share { from, to, amount });
        }
    }
    Ok(shares)
}

/// Takes a share back from the budget only as far as no order has taken it (`free`, by account), and
/// this close owes it nothing new: what other fees bring the same account covers what one takes
/// back, or it could be remitted again while the Treasury owes it. What was remitted beyond that is
/// the Treasury's to give back: `budget_refund_due`.
pub fn cap(shares: Vec<Share>, mut free: BTreeMap<String, Dong>) -> Result<Vec<Share>> {
    for share in shares.iter().filter(|share| share.amount.is_positive()) {
        if let Account::BudgetDue(_) = share.to {
            let left = free.entry(share.to.to_string()).or_default();
            *left = left.checked_add(share.amount)?;
        }
    }
    let mut capped = Vec::with_capacity(shares.len());
    for share in shares {
        let Some(sub_item) = budget_taken_back(&share) else {
            capped.push(share);
            continue;
        };
        let back = Dong::ZERO.checked_sub(share.amount)?;
        let left = free.entry(share.to.to_string()).or_default();
        let taken = back.min(*left);
        *left = left.checked_sub(taken)?;
        let rest = back.checked_sub(taken)?;
        let refund = Account::BudgetRefundDue(sub_item);
        for (to, amount) in [(share.to.clone(), taken), (refund, rest)] {
            if amount.is_positive() {
                capped.push(Share { from: share.from.clone(), to, amount: Dong(-amount.0) });
            }
        }
    }
    Ok(capped)
}

fn budget_taken_back(share: &Share) -> Option<String> {
    match &share.to {
        Account::BudgetDue(sub_item) if share.amount < Dong::ZERO => Some(sub_item.clone()),
        _ => None,
    }
}

type Group = (Account, Account, Account, i32);

/// Sums by source, budget account, kept account and rate.
fn grouped(fees: &[Fee]) -> Result<Vec<(Group, Dong)>> {
    let mut sums: BTreeMap<(String, String, i32), (Group, Dong)> = BTreeMap::new();
    for fee in fees {
        let from = match fee.document_kind.as_str() {
            "none" => Account::CollectedWithoutDocument(fee.item_code.clone()),
            _ => Account::FeesCollected(fee.item_code.clone()),
        };
        // A lệ phí is the budget's wholly.
        let bp = if fee.kind == "le_phi" { 0 } else { fee.kept_share_bp.clamp(0, 10_000) };
        let budget = Account::BudgetDue(budget_code(fee));
        let kept = Account::ShareKept(fee.item_code.clone());
        let key = (from.to_string(), budget.to_string(), bp);
        let entry = sums.entry(key).or_insert_with(|| ((from, budget, kept, bp), Dong::ZERO));
        entry.1 = entry.1.checked_add(fee.amount)?;
    }
    Ok(sums.into_values().collect())
}

/// Chapter and sub-item of the budget; the item itself where the tariff names none.
fn budget_code(fee: &Fee) -> String {
    match (&fee.chapter, &fee.sub_item) {
        (Some(chapter), Some(sub_item)) => format!("{chapter}-{sub_item}"),
        (_, Some(sub_item)) => sub_item.clone(),
        _ => fee.item_code.clone(),
    }
}

/// Rounded down: the odd đồng is the budget's.
fn part(sum: Dong, bp: i32) -> Result<Dong> {
    let part = (i128::from(sum.0) * i128::from(bp)).div_euclid(WHOLE_BP);
    i64::try_from(part).map(Dong).map_err(|_| Error::internal("a share is out of range"))
}

fn parse(account: &str) -> Result<Account> {
    let (name, of) = account.split_once('/').unwrap_or((account, ""));
    match name {
        "fees_collected" => Ok(Account::FeesCollected(of.to_owned())),
        "collected_without_document" => Ok(Account::CollectedWithoutDocument(of.to_owned())),
        "budget_due" => Ok(Account::BudgetDue(of.to_owned())),
        "share_kept" => Ok(Account::ShareKept(of.to_owned())),
        other => Err(Error::internal(format!("a day close posted on {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;

    fn fee(item: &str, kind: &str, bp: i32, amount: i64) -> Fee {
        Fee {
            item_code: item.to_owned(),
            kind: kind.to_owned(),
            document_kind: "receipt".to_owned(),
            chapter: Some("805".to_owned()),
            sub_item: Some("2716".to_owned()),
            kept_share_bp: bp,
            amount: Dong(amount),
        }
    }

    fn texts(shares: &[Share]) -> Vec<String> {
        shares.iter().map(|share| format!("{} -> {} {}", share.from, share.to, share.amount.0)).collect()
    }

    fn posted(shares: &[Share]) -> Sums {
        shares.iter().map(|share| ((share.from.to_string(), share.to.to_string()), share.amount)).collect()
    }

    #[test]
    fn the_odd_dong_is_the_budgets_and_a_le_phi_is_its_wholly() {
        let fees = [fee("P1", "phi", 7_000, 15_001), fee("L1", "le_phi", 7_000, 8_000)];
        assert_eq!(
            texts(&shares(&fees, &Sums::new()).unwrap()),
            [
                "fees_collected/L1 -> budget_due/805-2716 8000",
                "fees_collected/P1 -> budget_due/805-2716 4501",
                "fees_collected/P1 -> share_kept/P1 10500",
            ]
        );
    }

    #[test]
    fn a_day_posts_what_the_month_to_date_has_more() {
        let first = shares(&[fee("P1", "phi", 5_000, 1_001)], &Sums::new()).unwrap();
        let second = shares(&[fee("P1", "phi", 5_000, 2_002)], &posted(&first)).unwrap();
        // 2002 halves to 1001; day by day it would have been 500 and 500.
        assert_eq!(
            texts(&second),
            ["fees_collected/P1 -> budget_due/805-2716 500", "fees_collected/P1 -> share_kept/P1 501",]
        );
    }

    #[test]
    fn what_was_remitted_is_the_treasurys_to_give_back() {
        let first = shares(&[fee("P1", "phi", 5_000, 1_000)], &Sums::new()).unwrap();
        let back = shares(&[], &posted(&first)).unwrap();
        let free = |amount: i64| BTreeMap::from([("budget_due/805-2716".to_owned(), Dong(amount))]);
        assert_eq!(cap(back.clone(), free(500)).unwrap(), back, "no order took it");
        assert_eq!(
            texts(&cap(back.clone(), free(200)).unwrap()),
            [
                "fees_collected/P1 -> budget_due/805-2716 -200",
                "fees_collected/P1 -> budget_refund_due/805-2716 -300",
                "fees_collected/P1 -> share_kept/P1 -500",
            ]
        );
        let all = cap(back, BTreeMap::new()).unwrap();
        assert_eq!(texts(&all)[0], "fees_collected/P1 -> budget_refund_due/805-2716 -500");
    }

    #[test]
    fn what_another_fee_brings_the_same_budget_account_is_not_claimed_from_the_treasury() {
        let first = shares(&[fee("P1", "phi", 0, 1_000)], &Sums::new()).unwrap();
        // All of it was remitted; then 600 of it turn out to be another fee's.
        let moved = shares(&[fee("P1", "phi", 0, 400), fee("P2", "phi", 0, 600)], &posted(&first)).unwrap();
        assert_eq!(
            texts(&cap(moved, BTreeMap::new()).unwrap()),
            ["fees_collected/P1 -> budget_due/805-2716 -600", "fees_collected/P2 -> budget_due/805-2716 600"]
        );
        let less = shares(&[fee("P1", "phi", 0, 100), fee("P2", "phi", 0, 600)], &posted(&first)).unwrap();
        assert_eq!(
            texts(&cap(less, BTreeMap::new()).unwrap()),
            [
                "fees_collected/P1 -> budget_due/805-2716 -600",
                "fees_collected/P1 -> budget_refund_due/805-2716 -300",
                "fees_collected/P2 -> budget_due/805-2716 600",
            ],
            "only what is less in all is the Treasury's to give back"
        );
    }

    #[test]
    fn what_is_no_fee_any_more_is_taken_back() {
        let first = shares(&[fee("P1", "phi", 5_000, 1_000)], &Sums::new()).unwrap();
        assert_eq!(
            texts(&shares(&[], &posted(&first)).unwrap()),
            ["fees_collected/P1 -> budget_due/805-2716 -500", "fees_collected/P1 -> share_kept/P1 -500",]
        );
    }

    /// What every fee adds to the two accounts it is shared between, before the month's parts are rounded: of each
    /// source, budget account and rate the kept part is the most whole đồng that are no more than its rate.
    fn due_by_force(fees: &[Fee]) -> BTreeMap<(String, String), i64> {
        let place = |fee: &Fee| {
            let bp = if fee.kind == "le_phi" { 0 } else { i64::from(fee.kept_share_bp) };
            (format!("fees_collected/{}", fee.item_code), "budget_due/805-2716".to_owned(), bp)
        };
        let mut due: BTreeMap<(String, String), i64> = BTreeMap::new();
        let places: std::collections::BTreeSet<_> = fees.iter().map(place).collect();
        for (from, budget, bp) in places {
            let own = fees.iter().filter(|fee| place(fee) == (from.clone(), budget.clone(), bp));
            let sum: i64 = own.map(|fee| fee.amount.0).sum();
            let kept = (0..=sum).rev().find(|kept| kept * 10_000 <= sum * bp).unwrap_or(0);
            let item = from.trim_start_matches("fees_collected/").to_owned();
            *due.entry((from.clone(), budget)).or_default() += sum - kept;
            *due.entry((from, format!("share_kept/{item}"))).or_default() += kept;
        }
        due
    }

    /// Đồng by đồng: what other fees bring and what no order took gives back, the Treasury the rest.
    fn cap_by_force(shares: &[Share], free: i64) -> BTreeMap<(String, String), i64> {
        let is_budget = |share: &Share| matches!(share.to, Account::BudgetDue(_));
        let brought = shares.iter().filter(|share| is_budget(share) && share.amount.is_positive());
        let mut left = free + brought.map(|share| share.amount.0).sum::<i64>();
        let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
        for share in shares {
            let (from, to) = (share.from.to_string(), share.to.to_string());
            if !is_budget(share) || share.amount.is_positive() {
                *sums.entry((from, to)).or_default() += share.amount.0;
                continue;
            }
            for _ in 0..-share.amount.0 {
                let to = if left > 0 { to.clone() } else { to.replace("budget_due", "budget_refund_due") };
                left -= i64::from(left > 0);
                *sums.entry((from.clone(), to)).or_default() -= 1;
            }
        }
        sums
    }

    fn summed(shares: &[Share]) -> BTreeMap<(String, String), i64> {
        let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
        for share in shares {
            *sums.entry((share.from.to_string(), share.to.to_string())).or_default() += share.amount.0;
        }
        sums
    }

    fn any_fees() -> impl Strategy<Value = Vec<Fee>> {
        let one = (0_usize..2, any::<bool>(), 0_usize..4, 1_i64..=30);
        prop::collection::vec(one, 0..=8).prop_map(|fees| {
            let of = |(item, is_phi, bp, amount): (usize, bool, usize, i64)| {
                let kind = if is_phi { "phi" } else { "le_phi" };
                fee(["P1", "P2"][item], kind, [0, 3_333, 5_000, 10_000][bp], amount)
            };
            fees.into_iter().map(of).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

        #[test]
        fn a_day_posts_what_counting_every_dong_says(
            before in any_fees(),
            now in any_fees(),
            free in 0_i64..=40,
        ) {
            let first = shares(&before, &Sums::new()).unwrap();
            let second = shares(&now, &posted(&first)).unwrap();
            let mut expected = due_by_force(&now);
            for (place, amount) in due_by_force(&before) {
                *expected.entry(place).or_default() -= amount;
            }
            expected.retain(|_, amount| *amount != 0);
            prop_assert_eq!(summed(&second), expected);
            let account = "budget_due/805-2716".to_owned();
            let capped = cap(second.clone(), BTreeMap::from([(account, Dong(free))])).unwrap();
            prop_assert_eq!(summed(&capped), cap_by_force(&second, free));
        }
    }
}
