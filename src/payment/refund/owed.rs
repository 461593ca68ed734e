//! What is owed back of a payment, step by step as it came to be: what the debits of its refunds took beyond all that
//! was owed, and beside it what the bank took. Pure.

use crate::amount::Dong;
use crate::error::Result;
use crate::id::{LineId, RefundId};

/// What is owed back under one debit of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owed {
    pub refund: RefundId,
    /// The debit; the item that asks for the debt is about it.
    pub line: LineId,
    /// What it took so.
    pub taken: Dong,
    pub left: Dong,
}

/// What happened to the debt of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The debit (line) of a refund took it beyond all that was owed.
    Beyond(RefundId, LineId),
    /// The bank took it.
    Taken,
    /// It came back of a refund.
    Back(RefundId),
    /// Whatever else covered it.
    Covered,
}

/// What is owed back of a payment.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// The oldest debit first.
    pub of_refunds: Vec<Owed>,
    /// What the bank took, and nobody covered. Below zero what was covered before it was owed.
    of_bank: Dong,
}

impl Standing {
    /// What the steps leave. In their order: what was covered before the bank took more is not owed again.
    pub fn after(moves: &[(Move, Dong)]) -> Result<Standing> {
        let mut standing = Standing::default();
        for (what, amount) in moves {
            standing.step(*what, *amount)?;
        }
        let early = Dong::ZERO.checked_sub(standing.of_bank)?;
        if early.is_positive() {
            cover(standing.of_refunds.iter_mut(), early)?;
        }
        Ok(standing)
    }

    pub fn of_bank(&self) -> Dong {
        self.of_bank.max(Dong::ZERO)
    }

    fn step(&mut self, what: Move, amount: Dong) -> Result<()> {
        match what {
            Move::Beyond(refund, line) => {
                if let Some(one) = self.of_refunds.iter_mut().find(|one| one.line == line) {
                    one.taken = one.taken.checked_add(amount)?;
                    one.left = one.left.checked_add(amount)?;
                    return Ok(());
                }
                self.of_refunds.push(Owed { refund, line, taken: amount, left: amount });
                self.of_refunds.sort_by_key(|one| one.line);
            }
            Move::Taken => self.of_bank = self.of_bank.checked_add(amount)?,
            Move::Back(refund) => {
                let own = self.of_refunds.iter_mut().filter(|one| one.refund == refund);
                let rest = cover(own, amount)?;
                self.cover_any(rest)?;
            }
            Move::Covered => self.cover_any(amount)?,
        }
        Ok(())
    }

    /// What covers the debt for no refund by name covers what the bank took, and only then the oldest debit.
    fn cover_any(&mut self, amount: Dong) -> Result<()> {
        let part = amount.min(self.of_bank());
        let rest = cover(self.of_refunds.iter_mut(), amount.checked_sub(part)?)?;
        self.of_bank = self.of_bank.checked_sub(part)?.checked_sub(rest)?;
        Ok(())
    }
}

/// Covers as much of them as the amount reaches, and returns what is left of it.
fn cover<'a>(owed: impl Iterator<Item = &'a mut Owed>, amount: Dong) -> Result<Dong> {
    let mut rest = amount;
    for one in owed {
        let part = rest.min(one.left);
        one.left = one.left.checked_sub(part)?;
        rest = rest.checked_sub(part)?;
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Move = Move::Beyond(RefundId(1), LineId(11));

    fn back(refund: i64) -> Move {
        Move::Back(RefundId(refund))
    }

    fn after(moves: &[(Move, i64)]) -> (Vec<i64>, i64) {
        let moves: Vec<_> = moves.iter().map(|(what, amount)| (*what, Dong(*amount))).collect();
        let standing = Standing::after(&moves).unwrap();
        (standing.of_refunds.iter().map(|one| one.left.0).collect(), standing.of_bank().0)
    }

    /// After three debits of two refunds.
    fn left(moves: &[(Move, i64)]) -> (Vec<i64>, i64) {
        let second = Move::Beyond(RefundId(2), LineId(12));
        let third = Move::Beyond(RefundId(1), LineId(13));
        let debits = [(FIRST, 700), (second, 400), (third, 50)];
        after(&[&debits[..], moves].concat())
    }

    #[test]
    fn what_is_paid_back_covers_its_own_refund_and_no_other() {
        assert_eq!(left(&[]), (vec![700, 400, 50], 0));
        assert_eq!(left(&[(back(2), 400)]), (vec![700, 0, 50], 0));
        assert_eq!(left(&[(back(1), 720), (back(2), 100)]), (vec![0, 300, 30], 0), "the oldest debit first");
    }

    #[test]
    fn what_the_bank_took_is_a_debt_beside_and_is_covered_before() {
        let taken = (Move::Taken, 25_000);
        assert_eq!(left(&[(back(2), 400), taken]), (vec![700, 0, 50], 25_000));
        assert_eq!(left(&[taken, (Move::Covered, 25_100)]), (vec![600, 400, 50], 0));
        let covered = left(&[(Move::Covered, 150)]);
        assert_eq!(covered, (vec![550, 400, 50], 0), "so much was covered for no refund by name");
        assert_eq!(left(&[(Move::Covered, 1_150)]), (vec![0, 0, 0], 0));
    }

    #[test]
    fn what_was_covered_before_the_bank_took_more_is_not_owed_again() {
        let covered = (Move::Covered, 700);
        assert_eq!(after(&[(FIRST, 700), covered, (Move::Taken, 7_700)]), (vec![0], 7_700));
        assert_eq!(
            after(&[(FIRST, 700), covered, (Move::Taken, 10_000), (Move::Covered, 2_300)]),
            (vec![0], 7_700)
        );
        assert_eq!(after(&[(FIRST, 700), (Move::Taken, 7_700), covered]), (vec![700], 7_000));
    }

    #[test]
    fn all_that_is_owed_is_what_was_posted_in_whatever_order() {
        assert_eq!(after(&[(Move::Covered, 300), (Move::Taken, 1_000)]), (vec![], 700));
        assert_eq!(after(&[(Move::Covered, 300), (FIRST, 700)]), (vec![400], 0));
        assert_eq!(after(&[(FIRST, 700), (back(1), 900), (Move::Taken, 1_000)]), (vec![0], 800));
    }
}
