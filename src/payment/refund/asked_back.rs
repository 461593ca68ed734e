//! The items that ask for what is owed back of a payment. Each asks for what is owed now, and ends where that is
//! nothing.

use std::collections::BTreeSet;

use super::owed_back::Debts;
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{self, Kind, Subject, work_query};
use crate::id::{ExceptionId, LineId, PaymentId, UnitId};
use crate::ledger::{self, Account};
use crate::payment::reopen::SETTLING;
use crate::payment::{late_groups, late_payout};
use crate::store::{Conn, Stamp, Tx};

const WHY: &str = "what was refunded came back";

/// An item asks for so much from now on, once there is one; with nothing it ends, because of the item `by` where a
/// decision about that one covered it.
pub(super) fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, kind, subject): (UnitId, Kind, Subject),
    left: Dong,
    by: Option<ExceptionId>,
) -> Result<()> {
    if !left.is_positive() {
        let ended = [(unit, kind, subject, WHY)];
        let settled = match by {
            Some(by) => exception::settle_with(tx, stamp, by, &ended),
            None => exception::settle_by_themselves(tx, stamp, &ended),
        };
        return settled.map(|_| ());
    }
    let Some(asked) = exception::find_any(tx, unit, kind, subject)? else { return Ok(()) };
    if asked.state != exception::State::Resolved {
        if asked.amount == left {
            return Ok(());
        }
        let now = (left, asked.detail.as_str());
        let why = format!("{} đồng are owed back now", left.0);
        return exception::restate(tx, stamp, (unit, asked.id), now, why).map(|_| ());
    }
    let again = exception::New {
        unit,
        kind,
        subject,
        account: asked.account,
        amount: left,
        opened_on: asked.opened_on,
        detail: asked.detail,
    };
    exception::open(tx, stamp, &[again]).map(|_| ())
}

/// The items about what the bank took of a payment ask for what is owed of that now.
pub(super) fn ask_of_bank(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, payment): (UnitId, PaymentId),
    debts: &Debts,
    by: ExceptionId,
) -> Result<()> {
    for (kind, subject, left) in of_bank(tx, (unit, payment), debts)? {
        ask(tx, stamp, (unit, kind, subject), left, Some(by))?;
    }
    Ok(())
}

/// What each of them asks for: what was taken first is covered first. Of what a line took that no item of its own asks
/// for, as a batch of cards, the item about the payment does.
fn of_bank(
    conn: &mut Conn,
    (unit, payment): (UnitId, PaymentId),
    debts: &Debts,
) -> Result<Vec<(Kind, Subject, Dong)>> {
    let mut lines = ledger::lines_of(conn, unit, &Account::ReversalToRecover(payment))?;
    lines.sort_unstable();
    lines.dedup();
    let (mut left, mut beside) = (debts.of_bank(), Dong::ZERO);
    let mut asked = Vec::new();
    for line in lines.into_iter().rev() {
        let taken = ledger::recovered_of(conn, unit, (line, payment))?.checked_sub(debts.beyond(line)?)?;
        if !taken.is_positive() {
            continue;
        }
        let part = taken.min(left);
        left = left.checked_sub(part)?;
        let own = Subject::Line(line);
        if !debts.is_of_refund(line) && asks_for_debt(conn, unit, line)? {
            let amount = part.checked_add(of_others(conn, unit, (line, payment))?)?;
            asked.push((Kind::BankReversal, own, amount));
        } else {
            beside = beside.checked_add(part)?;
        }
    }
    let beside = beside.checked_add(left)?;
    let whole = Subject::Payment(payment);
    let is_asked = exception::find_any(conn, unit, Kind::PosChargeback, whole)?.is_some();
    match asked.first_mut().filter(|_| !is_asked) {
        Some((_, _, newest)) => *newest = newest.checked_add(beside)?,
        None => asked.push((Kind::PosChargeback, whole, beside)),
    }
    Ok(asked)
}

/// Whether the item about a line asks for what that took of payments, or did until somebody covered it. One that ended
/// with the paper of its line, or by a decision, had asked what the line was.
fn asks_for_debt(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<bool> {
    let found = exception::find_any(conn, unit, Kind::BankReversal, Subject::Line(line))?;
    let Some(item) = found else { return Ok(false) };
    if item.state != exception::State::Resolved {
        return Ok(true);
    }
    let ended = work_query::last_of(conn, unit, item.id, &SETTLING)?;
    let is_known = |reason: &str| [late_payout::WHY, late_groups::WHY].contains(&reason);
    Ok(ended.is_some_and(|event| event.kind == "settled_by_itself" && !is_known(&event.reason)))
}

/// What is owed of the other payments whose money the same line took: one item asks for all of them.
fn of_others(conn: &mut Conn, unit: UnitId, (line, payment): (LineId, PaymentId)) -> Result<Dong> {
    let others: BTreeSet<PaymentId> = ledger::recovered_by(conn, unit, line)?.into_iter().collect();
    let mut owed = Dong::ZERO;
    for other in others.into_iter().filter(|other| *other != payment) {
        let taken = ledger::recovered_of(conn, unit, (line, other))?;
        owed = owed.checked_add(Debts::of(conn, unit, other)?.of_bank().min(taken))?;
    }
    Ok(owed)
}
