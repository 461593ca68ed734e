//! What was on its way at the end of a day: money that documents were issued for on a channel's word or by card, and
//! that no line had shown by then, one by one. What happened to a claim since is read from what left clearing since.

use std::collections::{BTreeMap, BTreeSet};

use super::placed;
use super::standing::Standing;
use super::transit_query::{self, Left};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LineId, MovementId, PaymentId};
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

/// What was on its way at the end of a day, by payment.
pub fn at_end(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    standing: &Standing,
) -> Result<Vec<Claim>> {
    let mut open = Found::default();
    open.add(transit_query::expected(conn, account, date)?)?;
    let left = transit_query::left_after(conn, account, date)?;
    let (shown, returned) = lines(&left);
    open.add(transit_query::shown_by(conn, account, date, &shown)?)?;
    open.take(transit_query::unshown_by(conn, account, date, &returned)?)?;
    let sum = open.sum()?;
    // Card payments are looked for only where the books say that there are some.
    if sum != standing.clearing {
        open.add(transit_query::cards(conn, account, date)?)?;
        open.add(transit_query::cards_shown_after(conn, account, date)?)?;
    }
    if open.sum()? != standing.clearing {
        add_disproven(conn, account, date, standing.clearing, &mut open)?;
    }
    Ok(open.claims.into_values().filter(|claim| !claim.amount.is_zero()).collect())
}

/// What was found never to have come since, as far as the books had it on its way. One of the day itself may have been
/// taken back on the day after, when this one was closed.
fn add_disproven(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    clearing: Dong,
    open: &mut Found,
) -> Result<()> {
    let mut rest = clearing.checked_sub(open.sum()?)?;
    for claim in transit_query::disproven_since(conn, account, date)? {
        if claim.amount <= rest {
            rest = rest.checked_sub(claim.amount)?;
            open.add(vec![claim])?;
        }
    }
    Ok(())
}

/// The lines that showed claims after the day, and those whose matches were undone after it.
fn lines(left: &[Left]) -> (Vec<LineId>, Vec<LineId>) {
    let (mut shown, mut returned) = (BTreeSet::new(), BTreeSet::new());
    for one in left {
        let by_line = (one.source_kind == "line").then_some(LineId(one.source_id));
        let line = placed::line_of(&one.other).or(by_line);
        if one.is_back { returned.extend(line) } else { shown.extend(line) }
    }
    // Proven and taken apart again, both after the day: what is expected now was on its way then.
    returned.retain(|line| !shown.contains(line));
    (shown.into_iter().collect(), returned.into_iter().collect())
}

/// Claims by payment; one that several lines showed is one.
#[derive(Default)]
struct Found {
    claims: BTreeMap<PaymentId, Claim>,
}

impl Found {
    fn add(&mut self, claims: Vec<Claim>) -> Result<()> {
        for claim in claims {
            match self.claims.get_mut(&claim.payment) {
                Some(known) => known.amount = known.amount.checked_add(claim.amount)?,
                None => drop(self.claims.insert(claim.payment, claim)),
            }
        }
        Ok(())
    }

    fn take(&mut self, claims: Vec<Claim>) -> Result<()> {
        for claim in claims {
            if let Some(known) = self.claims.get_mut(&claim.payment) {
                known.amount = known.amount.checked_sub(claim.amount)?;
            }
        }
        Ok(())
    }

    fn sum(&self) -> Result<Dong> {
        Dong::sum(self.claims.values().map(|claim| claim.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(other: &str, source_kind: &str, is_back: bool) -> Left {
        Left { other: other.to_owned(), source_kind: source_kind.to_owned(), source_id: 7, is_back }
    }

    #[test]
    fn the_line_that_showed_a_claim_is_told_by_its_posting_or_by_its_suspense() {
        let found = [
            left("bank/acc_0000000000001", "line", false),
            left(&format!("suspense/{}", LineId(9)), "exception", false),
            left(&format!("suspense/{}", LineId(11)), "exception", true),
            left("fees_collected/HT-01", "receipt", false),
        ];
        assert_eq!(lines(&found), (vec![LineId(7), LineId(9)], vec![LineId(11)]));
    }
}
