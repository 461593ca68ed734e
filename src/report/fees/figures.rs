//! The figures from the postings. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::amount::Dong;
use crate::error::Result;

/// What moved between two accounts in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub debit: String,
    pub credit: String,
    pub amount: Dong,
}

/// A fee item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    pub code: String,
    /// Collected before and not shared out yet: its money was not in the bank.
    pub opening: Dong,
    /// By documents of the period, net of corrections.
    pub collected: Dong,
    /// Shared out in the period.
    pub budget: Dong,
    pub kept: Dong,
    pub closing: Dong,
}

/// Something owed: to the budget by chapter and sub-item, or kept by fee item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Owed {
    pub code: String,
    pub opening: Dong,
    pub arisen: Dong,
    pub handed_over: Dong,
    pub closing: Dong,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub items: Vec<Item>,
    pub budget: Vec<Owed>,
    pub kept: Vec<Owed>,
    pub collected: Dong,
    pub budget_closing: Dong,
    pub kept_closing: Dong,
}

const FEES: [&str; 2] = ["fees_collected/", "collected_without_document/"];
const BUDGET: [&str; 2] = ["budget_due/", "budget_refund_due/"];
const KEPT: [&str; 1] = ["share_kept/"];

/// The part behind the slash when the account begins with one of the words.
fn code<'a>(account: &'a str, words: &[&str]) -> Option<&'a str> {
    words.iter().find_map(|word| account.strip_prefix(word))
}

/// `before`: credits less debits of each account at the end of the day before.
///
/// # Errors
/// `amount_out_of_range`.
pub fn figures(before: &[(String, Dong)], moves: &[Move]) -> Result<Figures> {
    let mut items: BTreeMap<String, Item> = BTreeMap::new();
    let mut budget: BTreeMap<String, Owed> = BTreeMap::new();
    let mut kept: BTreeMap<String, Owed> = BTreeMap::new();
    for (account, balance) in before {
        if let Some(item) = code(account, &FEES) {
            add(&mut items.entry(item.to_owned()).or_default().opening, *balance)?;
        } else if let Some(of) = code(account, &BUDGET) {
            add(&mut budget.entry(of.to_owned()).or_default().opening, *balance)?;
        } else if let Some(of) = code(account, &KEPT) {
            add(&mut kept.entry(of.to_owned()).or_default().opening, *balance)?;
        }
    }
    for one in moves {
        let back = Dong::ZERO.checked_sub(one.amount)?;
        for (own, other, amount) in [(&one.credit, &one.debit, one.amount), (&one.debit, &one.credit, back)] {
            if let Some(item) = code(own, &FEES) {
                let item = items.entry(item.to_owned()).or_default();
                if code(other, &BUDGET).is_some() {
                    add(&mut item.budget, Dong::ZERO.checked_sub(amount)?)?;
                } else if code(other, &KEPT).is_some() {
                    add(&mut item.kept, Dong::ZERO.checked_sub(amount)?)?;
                } else {
                    add(&mut item.collected, amount)?;
                }
            } else {
                let owed = match (code(own, &BUDGET), code(own, &KEPT)) {
                    (Some(of), _) => budget.entry(of.to_owned()).or_default(),
                    (None, Some(of)) => kept.entry(of.to_owned()).or_default(),
                    (None, None) => continue,
                };
                if is_handed_over(other) {
                    add(&mut owed.handed_over, Dong::ZERO.checked_sub(amount)?)?;
                } else {
                    add(&mut owed.arisen, amount)?;
                }
            }
        }
    }
    let mut figures = Figures::default();
    for (code, mut item) in items {
        let shared = item.budget.checked_add(item.kept)?;
        item.closing = item.opening.checked_add(item.collected)?.checked_sub(shared)?;
        add(&mut figures.collected, item.collected)?;
        figures.items.push(Item { code, ..item });
    }
    for (owed, list, total) in [
        (budget, &mut figures.budget, &mut figures.budget_closing),
        (kept, &mut figures.kept, &mut figures.kept_closing),
    ] {
        for (code, mut one) in owed {
            one.closing = one.opening.checked_add(one.arisen)?.checked_sub(one.handed_over)?;
            add(total, one.closing)?;
            list.push(Owed { code, ..one });
        }
    }
    Ok(figures)
}

/// Money that goes to the Treasury, or leaves the account as the kept share.
fn is_handed_over(account: &str) -> bool {
    account.starts_with("treasury_in_transit/") || account.starts_with("bank/")
}

fn add(sum: &mut Dong, amount: Dong) -> Result<()> {
    *sum = sum.checked_add(amount)?;
    Ok(())
}
