//! A debit line that a person says pays a refund, though its amount or its text is not the
//! refund's: exactly it, less than it (the rest is surplus again), or more (the payee owes that back);
//! or a refund that was refused and left the account all the same.

use super::owed_back::Debts;
use super::rules::free;
use super::{State, desk, find, query, step};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::book::{Book, Bucket, Held};
use crate::payment::flush::flush;
use crate::payment::payment_query;
use crate::payment::repaid;
use crate::store::{Conn, Stamp, Tx};

/// How a debit's amount stands to the refund's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debit {
    Exact,
    Short,
    Over,
    /// It was refused, and its amount left the account all the same.
    Refused,
}

impl Debit {
    pub fn parse(resolution: &str) -> Option<Debit> {
        match resolution {
            "refund_debit" => Some(Debit::Exact),
            "refund_short" => Some(Debit::Short),
            "refund_over" => Some(Debit::Over),
            "refund_refused" => Some(Debit::Refused),
            _ => None,
        }
    }

    fn of(debited: Dong, refund: Dong) -> Debit {
        match debited.cmp(&refund) {
            std::cmp::Ordering::Equal => Debit::Exact,
            std::cmp::Ordering::Less => Debit::Short,
            std::cmp::Ordering::Greater => Debit::Over,
        }
    }

    /// What the refund's event is called.
    pub(super) fn event(self) -> &'static str {
        match self {
            Debit::Exact => "debited",
            Debit::Short => "debited_short",
            Debit::Over => "debited_over",
            Debit::Refused => "debited_though_refused",
        }
    }
}

/// Whether the refund is on its way from the line's account, and the amounts are as said.
pub fn fits(conn: &mut Conn, item: &Exception, way: Debit, refund: RefundId) -> Result<bool> {
    if item.subject_kind != "line" {
        return Ok(false);
    }
    let line = LineId(item.subject_id);
    let debited = ledger::balance(conn, item.unit, &Account::UnexplainedDebit(line))?;
    let found = query::by_ids(conn, &[(item.unit, refund)])?.pop();
    Ok(found.is_some_and(|refund| {
        let expected = match refund.state {
            State::Approved | State::Sent => Some(Debit::of(debited, refund.amount)),
            State::Refused if debited == refund.amount => Some(Debit::Refused),
            _ => None,
        };
        Some(refund.account) == item.account && debited.is_positive() && expected == Some(way)
    }))
}

/// Takes the unexplained debit for the refund. Two persons decided; the account is locked.
///
/// # Errors
/// `resolution_unfit` when either changed meanwhile, `refund_others_open`.
pub fn settle(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    id: RefundId,
    on: BusinessDay,
) -> Result<()> {
    let (unit, line) = (item.unit, LineId(item.subject_id));
    let missing = || Error::internal("a refund's payment is gone");
    let payment = find(tx, unit, id)?.payment;
    let held = payment_query::lock_payments(tx, &[(unit, payment)])?.pop().ok_or_else(missing)?;
    let mut refund = find(tx, unit, id)?;
    let was_refused = refund.state == State::Refused;
    if !matches!(refund.state, State::Approved | State::Sent | State::Refused) {
        return Err(Error::conflict("resolution_unfit", "the refund is not on its way any more"));
    }
    if was_refused && refund.checker.is_none() {
        let checker = actor.require_person()?;
        if checker == refund.maker {
            let detail = "another person than the refund's maker must approve";
            return Err(Error::forbidden("maker_is_checker", detail));
        }
        refund.checker = Some(checker);
    }
    let debited = ledger::balance(tx, unit, &Account::UnexplainedDebit(line))?;
    let others = query::of_payments(tx, &[(unit, payment)])?;
    // What was refused is surplus again, or another refund's, or covers what the bank took back.
    let payable = if was_refused { Dong::ZERO } else { refund.amount };
    let parts = Parts::of(debited, payable, free(&held, &others)?)?;
    let asked_for = |one: &super::Refund| one.id != id && one.state == State::Requested;
    if parts.owed_back.is_positive() && others.iter().any(asked_for) {
        let detail = "another refund of this payment waits for its decision; decide that first";
        return Err(Error::conflict("refund_others_open", detail));
    }
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    book.payments.insert((unit, payment), Held::read(held.clone(), held.revision));
    let took = parts.took_of_surplus();
    // Of a payment whose money went back whole nothing moves any more: its end stays its last event.
    if held.reversed < held.amount {
        book.tell_payment(unit, payment, "refund_debited", held.state, took.clone())?;
    }
    let left = parts.covered.checked_add(parts.of_surplus)?;
    if left.is_positive() {
        book.allocate(unit, payment, Bucket::Surplus, Bucket::Reversed, left)?;
    }
    if parts.of_surplus.is_positive() && left < held.surplus {
        let why = "the debit of a refund took of it what no refund held";
        desk::surplus_covered(tx, stamp, &mut book, (unit, payment), why)?;
    }
    // What is surplus again covers first what the bank took back of the payment.
    let debt = Account::ReversalToRecover(payment);
    let owed = ledger::balance(tx, unit, &debt)?;
    let netted = parts.surplus_again.min(owed.max(Dong::ZERO));
    if netted.is_positive() {
        book.allocate(unit, payment, Bucket::Surplus, Bucket::Reversed, netted)?;
        if netted == owed {
            let ended = repaid::asked_alone(tx, unit, payment, "what a refund was debited short covered it")?;
            book.settled_exceptions.extend(ended);
        }
    }
    let unexplained = Account::UnexplainedDebit(line);
    for (debit, credit, amount) in [
        (Account::RefundPayable, unexplained.clone(), parts.covered),
        (Account::RefundPayable, Account::Surplus(payment), parts.surplus_again),
        (Account::Surplus(payment), unexplained.clone(), parts.of_surplus),
        (Account::Surplus(payment), debt.clone(), netted),
    ] {
        let source = Source::Exception(item.id);
        book.postings.push(Posting { unit, debit, credit, amount, accounting_date: on, source });
    }
    if parts.owed_back.is_positive() {
        // A debt as of any taking back: under the line, whose item asks for it until somebody covers it.
        book.postings.push(Posting {
            unit,
            debit: debt,
            credit: unexplained,
            amount: parts.owed_back,
            accounting_date: on,
            source: Source::Line(line),
        });
        book.exceptions.push(exception::New {
            unit,
            kind: Kind::BankReversal,
            subject: Subject::Line(line),
            account: item.account,
            amount: parts.owed_back,
            opened_on: item.opened_on,
            detail: item.detail.clone(),
        });
    }
    let subject = Subject::Payment(payment);
    book.settled_exceptions.push((unit, Kind::RefundUnmatched, subject, "a person named its debit"));
    if book.payments.get(&(unit, payment)).is_some_and(|held| held.value.surplus.is_zero()) {
        for kind in [Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment, Kind::RefundBounced] {
            book.settled_exceptions.push((unit, kind, subject, "it was refunded"));
        }
    }
    flush(tx, stamp, actor, book)?;
    if netted.is_positive() {
        Debts::of(tx, unit, payment)?.ask(tx, stamp, Some(item.id))?;
    }
    let way = if was_refused { Debit::Refused } else { Debit::of(debited, refund.amount) }.event();
    step(tx, stamp, &mut refund, State::Debited, (way, actor.person, Some(line), took))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.debit_named", id)])
}

/// A debit in its parts. Pure.
#[derive(Debug, PartialEq)]
struct Parts {
    /// Pays the refund.
    covered: Dong,
    /// Of the refund, still owed to the payer.
    surplus_again: Dong,
    /// Beyond the refund, out of surplus that no refund holds.
    of_surplus: Dong,
    /// Beyond all that was owed.
    owed_back: Dong,
}

impl Parts {
    fn of(debited: Dong, refund: Dong, free: Dong) -> Result<Parts> {
        let covered = debited.min(refund);
        let beyond = debited.checked_sub(covered)?;
        let of_surplus = beyond.min(free);
        Ok(Parts {
            covered,
            surplus_again: refund.checked_sub(covered)?,
            of_surplus,
            owed_back: beyond.checked_sub(of_surplus)?,
        })
    }

    /// Names what the debit took of the surplus beside the refund, which no item asks for.
    fn took_of_surplus(&self) -> Option<String> {
        let took = self.of_surplus;
        took.is_positive().then(|| format!("its debit took {} đồng of surplus that no refund held", took.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debit_is_split_to_the_dong_whatever_it_is_beside_the_refund() {
        for (debited, refund, free, expected) in [
            (5, 5, 0, (5, 0, 0, 0)),
            (4, 5, 0, (4, 1, 0, 0)),
            (8, 5, 2, (5, 0, 2, 1)),
            (6, 5, 9, (5, 0, 1, 0)),
        ] {
            let parts = Parts::of(Dong(debited), Dong(refund), Dong(free)).unwrap();
            let found = (parts.covered.0, parts.surplus_again.0, parts.of_surplus.0, parts.owed_back.0);
            assert_eq!(found, expected);
            assert_eq!(found.0 + found.2 + found.3, debited);
        }
    }

    #[test]
    fn a_resolution_says_how_the_amounts_stand() {
        assert_eq!(Debit::parse("refund_short"), Some(Debit::of(Dong(4), Dong(5))));
        assert_eq!(Debit::parse("refund_over"), Some(Debit::of(Dong(6), Dong(5))));
        assert_eq!(Debit::parse("refund_debit"), Some(Debit::of(Dong(5), Dong(5))));
        assert_eq!(Debit::parse("refund_refused"), Some(Debit::Refused));
        assert_eq!(Debit::parse("bank_charge"), None);
    }
}
