//! What a batch must be, which payments its items are, and what its line posts. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Batch, Item, ItemKind};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::PaymentId;
use crate::ledger::Account;
use crate::text;

const ITEMS_LIMIT: usize = 10_000;

fn wrong(field: &str, detail: &str) -> Error {
    Error::invalid(field, "pos_batch_wrong", detail.to_owned())
}

/// 1 to 20 letters and digits, in upper case.
pub fn approval_code(raw: &str) -> Result<String> {
    let code = text::squash(raw);
    if (1..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(code);
    }
    Err(Error::invalid("approval_code", "approval_code_wrong", "1 to 20 letters and digits"))
}

/// At least six letters and digits: it has to be told apart in a line's text.
pub fn reference(raw: &str) -> Result<String> {
    let reference = text::squash(raw);
    if (6..=40).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(reference);
    }
    Err(wrong("reference", "6 to 40 letters and digits"))
}

/// Whether something may be the amount of an item.
pub fn is_amount(amount: Dong) -> bool {
    amount.is_positive() && amount <= Dong::LIMIT
}

/// The items with clean codes. The one that is wrong is named by its place: `items[3].amount`, from 0.
pub fn items(raw: &[Item]) -> Result<Vec<Item>> {
    if raw.is_empty() || raw.len() > ITEMS_LIMIT {
        return Err(wrong("items", "1 to 10000 items"));
    }
    let item = |(place, item): (usize, &Item)| -> Result<Item> {
        let code = match is_amount(item.amount) {
            true => approval_code(&item.approval_code),
            false => Err(wrong("amount", "amounts are whole đồng above zero")),
        };
        let approval_code = code.map_err(|error| error.in_field(&format!("items[{place}]")))?;
        Ok(Item { approval_code, ..item.clone() })
    };
    raw.iter().enumerate().map(item).collect()
}

pub struct Sums {
    pub sales: Dong,
    pub charged_back: Dong,
    pub net: Dong,
}

pub fn sums(items: &[Item], fee: Dong) -> Result<Sums> {
    let sum = |kind| Dong::sum(items.iter().filter(|item| item.kind == kind).map(|item| item.amount));
    let (sales, charged_back) = (sum(ItemKind::Sale)?, sum(ItemKind::Chargeback)?);
    let net = sales.checked_sub(charged_back)?.checked_sub(fee)?;
    if fee < Dong::ZERO || net.is_zero() {
        return Err(wrong("fee", "a fee of zero or more, and something that is paid out or taken"));
    }
    Ok(Sums { sales, charged_back, net })
}

/// A card payment that an item may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub payment: PaymentId,
    pub approval_code: String,
    pub amount: Dong,
    /// It waits for its sale: claimed and in no batch.
    pub is_open: bool,
    /// What of its sale, which a batch showed, no batch gave back to the card; zero where none showed it.
    pub left: Dong,
    /// The only refund of it that is on its way to the card.
    pub refund: Option<Dong>,
}

/// The payment of each item, by the item's place: same approval code, same amount, and no other that fits as well.
/// A chargeback that is no payment's amount may be a part of the only one of its code of which as much is left.
pub fn matched(items: &[Item], candidates: &[Candidate]) -> BTreeMap<usize, PaymentId> {
    let mut found = BTreeMap::new();
    let mut sold = BTreeSet::new();
    let mut left: BTreeMap<PaymentId, Dong> = candidates.iter().map(|one| (one.payment, one.left)).collect();
    for (place, item) in items.iter().enumerate() {
        let same = |other: &&Item| {
            (other.kind, &other.approval_code, other.amount) == (item.kind, &item.approval_code, item.amount)
        };
        let waits = |candidate: &&Candidate| {
            let waits = match item.kind {
                ItemKind::Sale => candidate.is_open,
                ItemKind::Chargeback => left.get(&candidate.payment).is_some_and(|left| item.amount <= *left),
            };
            waits && candidate.approval_code == item.approval_code
        };
        let is_exact = |candidate: &&Candidate| {
            let is_refund = item.kind == ItemKind::Chargeback && candidate.refund == Some(item.amount);
            candidate.amount == item.amount || is_refund
        };
        let mut fitting: Vec<&Candidate> = candidates.iter().filter(waits).collect();
        if item.kind == ItemKind::Sale || fitting.iter().any(is_exact) {
            fitting.retain(|candidate| is_exact(candidate));
        }
        let only = fitting.first().map(|one| one.payment).filter(|_| fitting.len() == 1);
        let Some(payment) = only.filter(|_| items.iter().filter(same).count() == 1) else { continue };
        let is_taken = match item.kind {
            ItemKind::Sale => sold.insert(payment),
            ItemKind::Chargeback => match left.get_mut(&payment) {
                Some(left) => {
                    left.0 = left.0.saturating_sub(item.amount.0);
                    true
                }
                None => false,
            },
        };
        if is_taken {
            found.insert(place, payment);
        }
    }
    found
}

pub fn unmatched<'a>(items: &'a [Item], candidates: &[Candidate]) -> Vec<&'a Item> {
    let matched = matched(items, candidates);
    items.iter().enumerate().filter(|(place, _)| !matched.contains_key(place)).map(|(_, item)| item).collect()
}

/// The one batch that a line shows: exactly its net amount, its reference in the text.
pub fn shown<'a>(batches: &'a [Batch], amount: Dong, text_folded: &str) -> Option<&'a Batch> {
    let squashed = text::squash(text_folded);
    let mut fitting = batches
        .iter()
        .filter(|batch| batch.net == amount && squashed.contains(&text::squash(&batch.reference)));
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Pairs debits with credits of the same sum: one posting is one row.
pub fn pair(
    debits: Vec<(Account, Dong)>,
    credits: Vec<(Account, Dong)>,
) -> Result<Vec<(Account, Account, Dong)>> {
    let positive = |sides: Vec<(Account, Dong)>| sides.into_iter().filter(|(_, amount)| amount.is_positive());
    let mut credits = positive(credits);
    let mut open = credits.next();
    let mut postings = Vec::new();
    for (debit, amount) in positive(debits) {
        let mut rest = amount;
        while rest.is_positive() {
            let unequal = || Error::internal("debits and credits of a batch differ");
            let (credit, left) = open.take().ok_or_else(unequal)?;
            let part = rest.min(left);
            // What goes back to where it stood moves nothing.
            if debit != credit {
                postings.push((debit.clone(), credit.clone(), part));
            }
            rest = rest.checked_sub(part)?;
            let left = left.checked_sub(part)?;
            open = if left.is_positive() { Some((credit, left)) } else { credits.next() };
        }
    }
    if open.is_some() {
        return Err(Error::internal("debits and credits of a batch differ"));
    }
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;
    use crate::id::AccountId;

    fn item(kind: ItemKind, code: &str, amount: i64) -> Item {
        Item { kind, approval_code: code.into(), amount: Dong(amount) }
    }

    fn candidate(payment: i64, code: &str, amount: i64, is_open: bool) -> Candidate {
        Candidate {
            payment: PaymentId(payment),
            approval_code: code.into(),
            amount: Dong(amount),
            is_open,
            left: if is_open { Dong::ZERO } else { Dong(amount) },
            refund: None,
        }
    }

    #[test]
    fn an_item_is_the_only_payment_of_its_code_and_amount_or_none() {
        use ItemKind::*;
        let items = [
            item(Sale, "A1", 10),
            item(Sale, "A2", 20),
            item(Sale, "A3", 30),
            item(Chargeback, "A4", 40),
            item(Sale, "A5", 50),
            item(Sale, "A5", 50),
        ];
        let candidates = [
            candidate(1, "A1", 10, true),
            candidate(2, "A2", 21, true),
            candidate(3, "A3", 30, true),
            candidate(4, "A3", 30, true),
            candidate(5, "A4", 40, false),
            candidate(6, "A5", 50, true),
        ];
        let found = matched(&items, &candidates);
        assert_eq!(found, BTreeMap::from([(0, PaymentId(1)), (3, PaymentId(5))]), "never on a tie");
        assert_eq!(unmatched(&items, &candidates).len(), 4);
    }

    #[test]
    fn a_part_that_is_charged_back_is_the_only_payments_of_its_code_that_was_as_much() {
        let back = |amount| [item(ItemKind::Chargeback, "A1", amount)];
        let sold = [candidate(1, "A1", 10, false), candidate(2, "A2", 30, false)];
        assert_eq!(matched(&back(4), &sold), BTreeMap::from([(0, PaymentId(1))]));
        assert_eq!(matched(&back(11), &sold), BTreeMap::new(), "more than it was");
        let two = [candidate(1, "A1", 10, false), candidate(2, "A1", 30, false)];
        assert_eq!(matched(&back(4), &two), BTreeMap::new(), "either could be meant");
        assert_eq!(matched(&back(10), &two), BTreeMap::from([(0, PaymentId(1))]), "the exact one is");
    }

    #[test]
    fn parts_of_one_payment_are_never_more_than_what_is_left_of_it() {
        let back = |amount| item(ItemKind::Chargeback, "A1", amount);
        let sold = [Candidate { left: Dong(20), ..candidate(1, "A1", 30, false) }];
        let all = |places: &[usize]| places.iter().map(|place| (*place, PaymentId(1))).collect();
        assert_eq!(matched(&[back(12), back(8)], &sold), all(&[0, 1]), "both parts of what is left");
        assert_eq!(matched(&[back(12), back(9)], &sold), all(&[0]), "a part of it went before");
        assert_eq!(matched(&[back(30)], &sold), all(&[]), "all of it is more than is left");
    }

    #[test]
    fn debits_and_credits_are_paired_to_the_dong_or_refused() {
        let bank = Account::Bank(AccountId(1));
        let clearing = Account::Clearing(AccountId(1), "pos".into());
        let debits = vec![(bank.clone(), Dong(95)), (Account::ChargesToRecover, Dong(5))];
        let credits = vec![(clearing.clone(), Dong(60)), (Account::RefundPayable, Dong(40))];
        assert_eq!(
            pair(debits.clone(), credits).unwrap(),
            [
                (bank.clone(), clearing.clone(), Dong(60)),
                (bank, Account::RefundPayable, Dong(35)),
                (Account::ChargesToRecover, Account::RefundPayable, Dong(5)),
            ]
        );
        assert!(pair(debits.clone(), vec![(clearing.clone(), Dong(99))]).is_err());
        assert!(pair(debits, vec![(clearing, Dong(101))]).is_err());
    }

    #[test]
    fn a_batch_that_is_none_is_refused() {
        let code = |items: &[Item], fee| sums(items, Dong(fee)).map(|_| ()).unwrap_err().code();
        assert_eq!(code(&[item(ItemKind::Sale, "A1", 10)], 10), "pos_batch_wrong");
        assert_eq!(code(&[item(ItemKind::Sale, "A1", 10)], -1), "pos_batch_wrong");
        assert_eq!(items(&[]).unwrap_err().code(), "pos_batch_wrong");
        assert_eq!(items(&[item(ItemKind::Sale, "A1", 0)]).unwrap_err().code(), "pos_batch_wrong");
        assert_eq!(items(&[item(ItemKind::Sale, " ", 1)]).unwrap_err().code(), "approval_code_wrong");
        assert_eq!(reference("12 3").unwrap_err().code(), "pos_batch_wrong");
        assert_eq!(reference(" pos-0001/26 ").unwrap(), "POS000126");
    }

    /// How well an item could be a payment of which `left` is not given back: 0 not at all, 1 as a part, 2 exactly.
    fn fit(item: &Item, candidate: &Candidate, left: Dong) -> u8 {
        let is_same = item.amount == candidate.amount;
        let is_refund = candidate.refund == Some(item.amount);
        let is_of_it = item.approval_code == candidate.approval_code;
        match item.kind {
            ItemKind::Sale if is_of_it && candidate.is_open && is_same => 2,
            ItemKind::Chargeback if is_of_it && item.amount <= left && (is_same || is_refund) => 2,
            ItemKind::Chargeback if is_of_it && item.amount <= left => 1,
            _ => 0,
        }
    }

    /// The candidate that the item at `place` must be after the earlier choices: the only one that fits best, unless
    /// the item stands there twice.
    fn must_be(
        items: &[Item],
        candidates: &[Candidate],
        place: usize,
        earlier: &[Option<usize>],
    ) -> Option<usize> {
        let left = |at: usize| {
            let given = items
                .iter()
                .zip(earlier)
                .filter(|(item, chosen)| item.kind == ItemKind::Chargeback && **chosen == Some(at));
            Dong(candidates[at].left.0 - given.map(|(item, _)| item.amount.0).sum::<i64>())
        };
        let fits: Vec<u8> =
            (0..candidates.len()).map(|at| fit(&items[place], &candidates[at], left(at))).collect();
        let best = fits.iter().copied().max().filter(|best| *best > 0)?;
        let is_single = items.iter().filter(|other| **other == items[place]).count() == 1;
        let only = fits.iter().filter(|fit| **fit == best).count() == 1;
        fits.iter().position(|fit| *fit == best).filter(|_| is_single && only)
    }

    /// Every way to give each item a payment or none is tried; the right one gives each item what it must be.
    fn by_force(items: &[Item], candidates: &[Candidate]) -> Vec<BTreeMap<usize, PaymentId>> {
        let picks = candidates.len() + 1;
        let mut right = Vec::new();
        for way in 0..picks.pow(items.len() as u32) {
            let chosen: Vec<Option<usize>> = (0..items.len())
                .map(|place| (way / picks.pow(place as u32)) % picks)
                .map(|pick| Some(pick).filter(|pick| *pick < candidates.len()))
                .collect();
            let is_right = (0..items.len())
                .all(|place| chosen[place] == must_be(items, candidates, place, &chosen[..place]));
            if is_right {
                let given = chosen.iter().enumerate().filter_map(|(place, pick)| Some((place, (*pick)?)));
                right.push(given.map(|(place, pick)| (place, candidates[pick].payment)).collect());
            }
        }
        right
    }

    fn any_item() -> impl Strategy<Value = Item> {
        (any::<bool>(), 0_usize..2, 1_i64..=4).prop_map(|(is_sale, code, amount)| {
            let kind = if is_sale { ItemKind::Sale } else { ItemKind::Chargeback };
            item(kind, ["A1", "A2"][code], amount)
        })
    }

    fn any_candidate() -> impl Strategy<Value = Candidate> {
        (0_usize..2, 1_i64..=4, any::<bool>(), 0_i64..=4, prop::option::weighted(0.2, 1_i64..=4)).prop_map(
            |(code, amount, is_open, left, refund)| Candidate {
                left: if is_open { Dong::ZERO } else { Dong(left.min(amount)) },
                refund: refund.map(Dong),
                ..candidate(0, ["A1", "A2"][code], amount, is_open)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

        #[test]
        fn items_are_the_payments_that_trying_every_way_finds(
            items in prop::collection::vec(any_item(), 0..=4),
            candidates in prop::collection::vec(any_candidate(), 0..=3),
        ) {
            let numbered: Vec<Candidate> = candidates
                .into_iter()
                .zip(1..)
                .map(|(one, id)| Candidate { payment: PaymentId(id), ..one })
                .collect();
            prop_assert_eq!(vec![matched(&items, &numbered)], by_force(&items, &numbered));
        }
    }
}
