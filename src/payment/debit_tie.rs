//! What the code in its text tied a debit to by itself: a refund, an order to the Treasury, the kept share, money of
//! another unit that it paid on. Two persons take the tie off (`unexplain`): what it had ended waits as before, and any
//! other line with the code is its debit. The line itself is posted, so that no run reads its code once more.

use super::handover::{self, Owed, TO_UNIT};
use super::line_query;
use super::refund::undebit as refunds;
use super::undo::Effect;
use super::unexplain::Back;
use super::untie;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind};
use crate::id::UnitId;
use crate::ledger::{self, Account};
use crate::remittance::undebit as orders;
use crate::statement::StoredLine;
use crate::store::{Conn, Stamp, Tx};

/// A tie as it stands.
pub(super) enum Tie {
    Refund(Box<refunds::Debited>),
    Order(Box<orders::Debit>),
    /// The items about the money that was paid on.
    Debts(Vec<Exception>),
}

fn gone(detail: &str) -> Error {
    Error::conflict("undo_money_gone", detail)
}

/// The tie of a debit that was posted as this case, with what takes its postings back.
///
/// # Errors
/// `undo_money_gone` where what it was tied to moved on since.
pub(super) fn of_line(conn: &mut Conn, line: &StoredLine, case: &str) -> Result<(Tie, Back)> {
    let unexplained = Account::UnexplainedDebit(line.id);
    match case {
        "refund" => {
            let debited = refunds::standing(conn, line.unit, line.id)?;
            let back = vec![(unexplained, Account::RefundPayable, debited.refund.amount)];
            Ok((Tie::Refund(Box::new(debited)), back))
        }
        TO_UNIT => {
            let paid = ledger::units_paid(conn, line.unit, line.id)?;
            let debts = debts(conn, line, &paid)?;
            let back = |(unit, amount)| (unexplained.clone(), Account::DueToUnit(unit), amount);
            Ok((Tie::Debts(debts), paid.into_iter().map(back).collect()))
        }
        _ => {
            let none = || gone("the order was debited otherwise since");
            let debit = orders::standing(conn, line.unit, line.id)?.ok_or_else(none)?;
            let back = debit.back(conn)?;
            Ok((Tie::Order(Box::new(debit)), back))
        }
    }
}

/// The items that ended when the debit was posted: of each sum that it paid one, whose codes its text has.
fn debts(conn: &mut Conn, line: &StoredLine, paid: &[(UnitId, Dong)]) -> Result<Vec<Exception>> {
    let none = || gone("the money it paid on was taken back, or paid on otherwise, since");
    let at = line_query::posted_at(conn, line.unit, line.id)?.ok_or_else(none)?;
    let mut ended: Vec<(Exception, Owed)> = Vec::new();
    for item in exception::settled_at(conn, line.unit, Kind::WrongAccount, at)? {
        let owed = handover::of_item(conn, &item)?.filter(|owed| is_named(owed, line));
        ended.extend(owed.map(|owed| (item, owed)));
    }
    let mut debts = Vec::with_capacity(paid.len());
    for sum in paid {
        let place = ended.iter().position(|(_, owed)| (owed.to, owed.amount) == *sum).ok_or_else(none)?;
        debts.push(ended.remove(place).0);
    }
    Ok(debts)
}

fn is_named(owed: &Owed, line: &StoredLine) -> bool {
    owed.code.split('+').all(|code| line.codes.iter().any(|known| known == code))
}

impl Tie {
    /// Adds what waits again without it.
    pub fn foresee(&self, effect: &mut Effect) {
        match self {
            Tie::Refund(debited) => effect.refunds_expected_again.push(debited.refund.id),
            Tie::Order(debit) => effect.orders_expected_again.push(debit.order.id),
            Tie::Debts(items) => effect.items_reopened.extend(items.iter().map(|item| item.id)),
        }
    }

    /// Takes it off. The postings are the caller's, who holds the lock of the account; `on` is their day.
    pub fn take_off(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, on: BusinessDay) -> Result<()> {
        match self {
            Tie::Refund(debited) => refunds::take_back(tx, stamp, actor, (debited.as_ref(), on)),
            Tie::Order(debit) => orders::take_back(tx, stamp, actor, debit),
            Tie::Debts(items) => {
                let again: Vec<exception::New> = items.iter().map(untie::again).collect();
                exception::open(tx, stamp, &again).map(|_| ())
            }
        }
    }
}
