//! What was on its way at the end of a day: money that documents were issued for on a channel's word or by card, and
//! that no line had shown by then, one by one. What happened to a claim since is read from what left clearing since.

use std::collections::{BTreeMap, BTreeSet};

use super::placed;
use super::standing::Standing;
use super::transit_query::{self, Left, Part};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LineId, MovementId, PaymentId};
use crate::reconciliation::contra::STATEMENT_CORRECTED;
use crate::reconciliation::proof::Item;
use crate::store::Conn;
use crate::unit::BankAccount;

/// Money on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// None of a card payment, which no channel told of.
    pub movement: Option<MovementId>,
    pub payment: PaymentId,
    /// The reference code that the payer wrote; empty where there was none.
    pub code: String,
    pub amount: Dong,
    pub first_seen: BusinessDay,
}

impl Claim {
    /// What an exception about it is about.
    pub fn item(&self) -> Item {
        self.movement.map_or(Item::Payment(self.payment), Item::Movement)
    }
}

/// What was on its way at the end of a day.
pub enum Transit {
    /// Each claim, by payment.
    Named(Vec<Claim>),
    /// The claims of channels counted and summed, card payments by name; no more than `limit` are to be named.
    Summed { count: usize, amount: Dong, cards: Vec<Claim>, limit: usize },
}

/// What of it is told: how many and how much in all, and by name, by payment, as many as were asked for.
#[derive(Default)]
pub struct InTransit {
    pub count: usize,
    pub amount: Dong,
    pub claims: Vec<Claim>,
}

impl InTransit {
    fn of(claims: Vec<Claim>) -> Result<InTransit> {
        let amount = Dong::sum(claims.iter().map(|claim| claim.amount))?;
        Ok(InTransit { count: claims.len(), amount, claims })
    }

    /// How many are not named.
    pub fn left_off(&self) -> usize {
        self.count.saturating_sub(self.claims.len())
    }
}

impl Transit {
    /// Reads it. Thousands may be on their way at once: where no more than `limit` are to be named, the others are not
    /// read if the books allow it.
    pub fn read(
        conn: &mut Conn,
        account: &BankAccount,
        date: BusinessDay,
        standing: &Standing,
        limit: Option<usize>,
    ) -> Result<Transit> {
        let left = transit_query::left_after(conn, account, date)?;
        if let Some(limit) = limit.filter(|_| left.is_empty())
            && let Some(summed) = summed(conn, account, date, standing, limit)?
        {
            return Ok(summed);
        }
        at_end(conn, account, date, standing, &left).map(Transit::Named)
    }

    /// All of it.
    pub fn amount(&self) -> Result<Dong> {
        match self {
            Transit::Named(claims) => Dong::sum(claims.iter().map(|claim| claim.amount)),
            Transit::Summed { amount, cards, .. } => {
                amount.checked_add(Dong::sum(cards.iter().map(|claim| claim.amount))?)
            }
        }
    }

    /// What was on its way of each item that an exception may be about: these movements, and card payments.
    pub fn of_items(
        &self,
        conn: &mut Conn,
        account: &BankAccount,
        date: BusinessDay,
        movements: &[MovementId],
    ) -> Result<BTreeMap<Item, Dong>> {
        let by_item = |claims: &[Claim]| -> BTreeMap<Item, Dong> {
            claims.iter().map(|claim| (claim.item(), claim.amount)).collect()
        };
        match self {
            Transit::Named(claims) => Ok(by_item(claims)),
            Transit::Summed { cards, .. } => {
                let mut items = by_item(cards);
                let among = transit_query::among(conn, account, date, movements)?;
                items.extend(among.into_iter().map(|(id, amount)| (Item::Movement(id), amount)));
                Ok(items)
            }
        }
    }

    /// What is left of it beside what is told under exceptions. `items` is what `of_items` found for those.
    pub fn beside(
        &self,
        conn: &mut Conn,
        (account, date): (&BankAccount, BusinessDay),
        named: &BTreeSet<Item>,
        items: &BTreeMap<Item, Dong>,
    ) -> Result<InTransit> {
        let is_beside = |claim: &&Claim| !named.contains(&claim.item());
        let (count, cards, limit) = match self {
            Transit::Named(claims) => {
                return InTransit::of(claims.iter().filter(is_beside).cloned().collect());
            }
            Transit::Summed { count, cards, limit, .. } => (*count, cards, *limit),
        };
        let told: Vec<Dong> =
            items.iter().filter(|(item, _)| named.contains(item)).map(|(_, amount)| *amount).collect();
        let first = transit_query::first(conn, account, date, limit.saturating_add(told.len()))?;
        let mut claims: Vec<Claim> = first.iter().chain(cards).filter(is_beside).cloned().collect();
        claims.sort_unstable_by_key(|claim| claim.payment);
        claims.truncate(limit);
        Ok(InTransit {
            count: count.saturating_add(cards.len()).saturating_sub(told.len()),
            amount: self.amount()?.checked_sub(Dong::sum(told)?)?,
            claims,
        })
    }
}

/// What was on its way without looking at each claim, of a day after which nothing left clearing; None where that
/// cannot be said. Whatever stood there at its end is open still, and is among the claims that were first seen by then:
/// those are all of it, and no others, when they and the cards make what the books had. Where sums alone could not tell
/// claims from cards, each is looked at.
fn summed(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    standing: &Standing,
    limit: usize,
) -> Result<Option<Transit>> {
    let (count, amount) = transit_query::counted(conn, account, date)?;
    let mut cards = Found::default();
    if transit_query::takes_cards(conn, account)? {
        if amount == standing.clearing {
            return Ok(None);
        }
        cards.put(transit_query::cards(conn, account, date)?)?;
        cards.put(transit_query::cards_shown_after(conn, account, date)?)?;
    }
    let is_all = amount.checked_add(cards.sum()?)? == standing.clearing;
    let cards = cards.claims.into_values().collect();
    Ok(is_all.then_some(Transit::Summed { count, amount, cards, limit }))
}

/// What was on its way at the end of a day, by payment; `left` is what left clearing after it.
fn at_end(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    standing: &Standing,
    left: &[Left],
) -> Result<Vec<Claim>> {
    let mut open = Found::default();
    open.put(transit_query::expected(conn, account, date)?)?;
    open.put(transit_query::disproven_after(conn, account, date)?)?;
    let later = by_line(left)?;
    let lines: Vec<LineId> = later.keys().copied().collect();
    let (shown, returned) = since(transit_query::parts(conn, account, date, &lines)?, later)?;
    open.put(shown)?;
    open.take(returned)?;
    // Card payments are looked for only where the books say that there are some.
    if open.sum()? != standing.clearing {
        open.put(transit_query::cards(conn, account, date)?)?;
        open.put(transit_query::cards_shown_after(conn, account, date)?)?;
    }
    Ok(open.claims.into_values().filter(|claim| claim.amount.is_positive()).collect())
}

/// What the money of claims became that a line showed: what the bank has of it, the fee that a gateway or an acquirer
/// kept, and what payers got back in the same payout.
const SHOWN_AS: [&str; 4] = ["bank/", "charges_to_recover", "refund_payable", "reversal_to_recover/"];

/// What each line moved on clearing after the day, both ways together. What took a claim back is no line's.
fn by_line(left: &[Left]) -> Result<BTreeMap<LineId, Dong>> {
    let mut sums: BTreeMap<LineId, Dong> = BTreeMap::new();
    for one in left {
        let is_proof = SHOWN_AS.iter().any(|account| one.other.starts_with(account));
        let by_line = (one.source_kind == "line" && is_proof).then_some(LineId(one.source_id));
        if let Some(line) = placed::line_of(&one.other).or(by_line) {
            let sum = sums.entry(line).or_default();
            *sum = sum.checked_add(one.amount)?;
        }
    }
    Ok(sums)
}

/// What lines showed of claims after the day, and what of their matches was undone after it. A line may have shown
/// some of its claims before: its matches are gone through from the newest back, as far as the books moved later.
fn since(parts: Vec<Part>, mut later: BTreeMap<LineId, Dong>) -> Result<(Vec<Claim>, Vec<Claim>)> {
    let (mut shown, mut returned) = (Vec::new(), Vec::new());
    for part in parts.into_iter().rev() {
        // A line that took over from one of an older statement moved the bank account alone.
        if part.rule == STATEMENT_CORRECTED {
            continue;
        }
        let Some(rest) = later.get_mut(&part.line).filter(|rest| rest.is_positive()) else { continue };
        *rest = rest.checked_sub(part.claim.amount)?;
        match (part.is_claimed_by_then, part.is_undone) {
            (true, false) => shown.push(part.claim),
            (true, true) => returned.push(part.claim),
            (false, _) => {}
        }
    }
    Ok((shown, returned))
}

/// Claims by payment; one that several lines showed is one. Below zero stands what is put back by another look.
#[derive(Default)]
struct Found {
    claims: BTreeMap<PaymentId, Claim>,
}

impl Found {
    fn put(&mut self, claims: Vec<Claim>) -> Result<()> {
        for claim in claims {
            match self.claims.get_mut(&claim.payment) {
                Some(known) => known.amount = known.amount.checked_add(claim.amount)?,
                None => drop(self.claims.insert(claim.payment, claim)),
            }
        }
        Ok(())
    }

    fn take(&mut self, claims: Vec<Claim>) -> Result<()> {
        let mut negative = Vec::with_capacity(claims.len());
        for claim in claims {
            negative.push(Claim { amount: Dong::ZERO.checked_sub(claim.amount)?, ..claim });
        }
        self.put(negative)
    }

    fn sum(&self) -> Result<Dong> {
        Dong::sum(self.claims.values().map(|claim| claim.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(other: &str, source_kind: &str, amount: i64) -> Left {
        Left {
            other: other.to_owned(),
            source_kind: source_kind.to_owned(),
            source_id: 7,
            amount: Dong(amount),
        }
    }

    fn part(claim: i64, rule: &str, is_undone: bool) -> Part {
        let first_seen = "2026-11-23".parse().unwrap();
        let claim = Claim {
            movement: Some(MovementId(claim)),
            payment: PaymentId(claim),
            code: String::new(),
            amount: Dong(25),
            first_seen,
        };
        Part { line: LineId(7), claim, is_claimed_by_then: true, rule: rule.to_owned(), is_undone }
    }

    fn named(claims: &[Claim]) -> Vec<i64> {
        claims.iter().map(|claim| claim.payment.0).collect()
    }

    #[test]
    fn the_line_that_showed_a_claim_is_told_by_its_posting_or_by_its_suspense() {
        let found = [
            left("bank/acc_0000000000001", "line", 90),
            left("charges_to_recover", "line", 10),
            left(&format!("suspense/{}", LineId(9)), "exception", 25),
            left("fees_collected/HT-01", "receipt", 25),
            left("surplus/pay_0000000000001", "line", 25),
        ];
        let expected = BTreeMap::from([(LineId(7), Dong(100)), (LineId(9), Dong(25))]);
        assert_eq!(by_line(&found).unwrap(), expected);
    }

    #[test]
    fn what_payers_got_back_in_a_payout_is_a_part_of_what_its_line_showed() {
        let found = [
            left("bank/acc_0000000000001", "line", 60),
            left("charges_to_recover", "line", 10),
            left("refund_payable", "line", 20),
            left(&format!("reversal_to_recover/{}", PaymentId(3)), "line", 15),
            left(&format!("unexplained_debit/{}", LineId(7)), "line", 5),
        ];
        assert_eq!(by_line(&found).unwrap(), BTreeMap::from([(LineId(7), Dong(110))]));
    }

    #[test]
    fn a_line_that_showed_a_claim_before_the_day_and_another_after_it_tells_them_apart() {
        let parts =
            || vec![part(1, "code", false), part(1, "unmatched", true), part(2, "by_two_persons", false)];
        let told = |later: i64| {
            let (shown, returned) = since(parts(), BTreeMap::from([(LineId(7), Dong(later))])).unwrap();
            (named(&shown), named(&returned))
        };
        assert_eq!(told(0), (vec![], vec![]));
        assert_eq!(told(25), (vec![2], vec![]));
        assert_eq!(told(50), (vec![2], vec![1]));
        assert_eq!(told(75), (vec![2, 1], vec![1]), "the first claim was on its way all the time");
    }

    #[test]
    fn a_line_that_another_one_took_over_showed_its_claim_when_it_was_posted() {
        let parts = vec![part(1, "code", false), part(1, STATEMENT_CORRECTED, true)];
        let (shown, returned) = since(parts, BTreeMap::from([(LineId(7), Dong(25))])).unwrap();
        assert_eq!((named(&shown), named(&returned)), (vec![1], vec![]));
    }
}
