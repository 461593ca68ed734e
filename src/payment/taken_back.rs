//! A debit is money that the bank took back, and a person says of which payment: of one part of a transfer that
//! was split, of less than all of a payment, or under words that name nothing. Another person approves.

use super::book::{Bucket, PaymentState};
use super::case::Case;
use super::flush::flush;
use super::held::touch;
use super::movement::{Movement, State};
use super::prove::{self, Desk, HELD_KINDS, LineWork};
use super::refund::owed_back::Debts;
use super::reversal::WHY;
use super::{Direction, line_query, movement_query, payment_query, settle_cash};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation::State as Owed;
use crate::statement;
use crate::store::{Conn, Stamp, Tx};

/// An unexplained debit took back money of a payment (target: the payment, its movement, or the obligation that
/// only one fitting payment is for), or of a line in suspense (target: its movement).
pub const TAKEN_BACK: &str = "taken_back";

const RULE: &str = "by_two_persons";

/// The movement whose money is meant; None where nothing, or more than one, fits.
pub(super) fn named(conn: &mut Conn, item: &Exception, target: i64) -> Result<Option<MovementId>> {
    let mut found = Vec::new();
    if !movement_query::movements(conn, &[(item.unit, MovementId(target))])?.is_empty() {
        return Ok(Some(MovementId(target)));
    }
    let mut payments = payment_query::payments(conn, &[(item.unit, PaymentId(target))])?;
    if payments.is_empty() {
        let on_it = payment_query::payments_on(conn, item.unit, ObligationId(target))?;
        let keys: Vec<(UnitId, PaymentId)> = on_it.into_iter().map(|id| (item.unit, id)).collect();
        payments = payment_query::payments(conn, &keys)?;
    }
    for movement in payments.into_iter().filter_map(|payment| payment.movement) {
        if fits(conn, item, Some(movement.0))? {
            found.push(movement);
        }
    }
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// Whether so much of that money is here still, on the debit's account.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    Ok(plan(conn, item, target)?.is_some())
}

/// The movement whose money is taken back, and the line that shows it.
fn plan(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<Option<(Movement, LineId)>> {
    let Some(id) = target.map(MovementId) else { return Ok(None) };
    let found = movement_query::movements(conn, &[(item.unit, id)])?.pop();
    let is_here = |one: &Movement| {
        one.direction == Direction::Credit
            && (one.state == State::Proven || (one.state == State::Reversed && one.payment.is_some()))
            && Some(one.account) == item.account
            && item.amount <= one.amount
    };
    let Some(movement) = found.filter(is_here) else { return Ok(None) };
    let lines = line_query::lines_of_movements(conn, &[(item.unit, id)])?;
    let [(_, _, line)] = lines.as_slice() else { return Ok(None) };
    let is_left = match movement.payment {
        Some(payment) => item.amount <= left_of(conn, item.unit, payment)?,
        None => {
            item.amount == movement.amount && settle_cash::in_suspense(conn, item.unit, *line)? >= item.amount
        }
    };
    Ok(Some((movement, *line)).filter(|_| is_left))
}

/// What of a payment nobody has taken back yet.
fn left_of(conn: &mut Conn, unit: UnitId, id: PaymentId) -> Result<Dong> {
    let payment = payment_query::payments(conn, &[(unit, id)])?.pop();
    let Some(payment) = payment.filter(|one| one.state == PaymentState::Proven) else {
        return Ok(Dong::ZERO);
    };
    // What a refund's debit took beyond all that was owed was no money of the payment.
    let debt = Debts::of(conn, unit, id)?.of_bank();
    payment.amount.checked_sub(payment.reversed)?.checked_sub(debt)
}

/// Carries it out. The debit's account is locked.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    line: LineId,
) -> Result<()> {
    let gone =
        || Error::conflict("resolution_unfit", "this money is not here any more, or not so much of it");
    let (movement, shown_by) = plan(tx, item, proposal.target)?.ok_or_else(gone)?;
    let debit = statement::line_query::line(tx, item.unit, line)?;
    let brought = statement::line_query::line(tx, item.unit, shown_by)?;
    let work = LineWork {
        unit: item.unit,
        account: debit.account,
        line,
        // Not before the money was there: the debit may be shown as one of an earlier day.
        booking_date: debit.booking_date.max(brought.posted_on.unwrap_or(brought.booking_date)),
        amount: Dong(-item.amount.0),
        code: String::new(),
        is_damaged: false,
        bank_reference: None,
        revision: debit.revision,
        case: Case::TakenBack { movement: movement.id },
        rule: RULE,
        evidence: "[]".to_owned(),
        hint: None,
    };
    let mut desk = prove::look(tx, stamp, actor, &[&work], &[(item.unit, debit.account)])?;
    desk.take_back_named(&work, (movement.id, shown_by))?;
    std::mem::take(&mut desk.refunds).store(tx, stamp)?;
    flush(tx, stamp, actor, desk.book).map(|_| ())
}

impl Desk<'_> {
    /// The debit's money is a debt of the payment, as of any taking back; what is left of the debt is asked for.
    fn take_back_named(&mut self, work: &LineWork, (id, shown_by): (MovementId, LineId)) -> Result<()> {
        let missing = || Error::internal("a movement that is taken back was not read");
        let size = work.size();
        let held = self.book.movements.get_mut(&(work.unit, id)).ok_or_else(missing)?;
        let is_whole = held.value.amount == size;
        if is_whole {
            held.value.state = State::Reversed;
            touch(held);
        }
        let unexplained = Account::UnexplainedDebit(work.line);
        let Some(payment) = held.value.payment else {
            self.entry(work, Account::Suspense(shown_by), unexplained, size);
            for kind in HELD_KINDS {
                for subject in [Subject::Line(shown_by), Subject::Movement(id)] {
                    self.book.settled_exceptions.push((work.unit, kind, subject, WHY));
                }
            }
            return Ok(());
        };
        let debt = Account::ReversalToRecover(payment);
        self.entry(work, debt.clone(), unexplained, size);
        if is_whole {
            self.release(work, payment, size, debt.clone())?;
        } else {
            self.release_part(work, payment, size, &debt)?;
        }
        let left = self.owed_on(&debt)?;
        if left.is_positive() {
            self.note(work, Kind::BankReversal, left);
            // Whoever pays again covers this debt first, whole or not.
            if let Some(held) = self.book.movements.get_mut(&(work.unit, id)).filter(|_| !is_whole) {
                held.value.state = State::Reversed;
                touch(held);
            }
        }
        Ok(())
    }

    /// What this book leaves on a debt.
    pub(super) fn owed_on(&self, debt: &Account) -> Result<Dong> {
        let mut left = Dong::ZERO;
        for posting in &self.book.postings {
            if posting.debit == *debt {
                left = left.checked_add(posting.amount)?;
            }
            if posting.credit == *debt {
                left = left.checked_sub(posting.amount)?;
            }
        }
        Ok(left)
    }

    /// A part of a payment: what is too much of it covers the debt first, then what no document stands on,
    /// which is open again. Under a document the debt stays.
    pub(super) fn release_part(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        size: Dong,
        debt: &Account,
    ) -> Result<()> {
        let missing = || Error::internal("a payment that is taken back was not read");
        let before = self.book.payments.get(&(work.unit, id)).ok_or_else(missing)?.value.clone();
        self.net(work, &before, size)?;
        let payment = self.book.payments.get(&(work.unit, id)).ok_or_else(missing)?.value.clone();
        let mut left = size.checked_sub(payment.reversed.checked_sub(before.reversed)?)?;
        if payment.other_unit.is_positive() {
            return self.release_other_unit(work, &payment, left, debt);
        }
        for (obligation, share) in self.stands_on.shares((work.unit, id)) {
            let advance = match self.advances.get(&(work.unit, obligation, id)) {
                Some(advance) => (*advance).min(share),
                None if self.receipts_of.contains(&(work.unit, obligation)) => Dong::ZERO,
                None => share,
            };
            let part = left.min(advance);
            left = left.checked_sub(self.release_advance(work, id, (obligation, part), debt)?)?;
        }
        Ok(())
    }

    /// So much of an advance is taken back, and its obligation is open again; how much it was. Nothing of one that is
    /// paid in full.
    fn release_advance(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (obligation, part): (ObligationId, Dong),
        debt: &Account,
    ) -> Result<Dong> {
        let missing = || Error::internal("an obligation that is taken back was not read");
        let owed = self.book.obligations.get(&(work.unit, obligation)).ok_or_else(missing)?.value.clone();
        if !part.is_positive() || owed.state == Owed::Paid {
            return Ok(Dong::ZERO);
        }
        let held = self.book.payments.get(&(work.unit, id)).ok_or_else(missing)?;
        let (unit, why, state) = (work.unit, Some(WHY.to_owned()), held.value.state);
        self.book.tell_payment(unit, id, "moved", state, why)?;
        let from = Bucket::Obligation(obligation);
        self.book.allocate(unit, id, from, Bucket::Reversed, part)?;
        self.entry(work, Account::ReceivedInAdvance(obligation), debt.clone(), part);
        let allocated = owed.allocated.checked_sub(part)?;
        self.book.tell_obligation(unit, obligation, id, "reopened", Owed::Reopened, allocated)?;
        let subject = Subject::Obligation(obligation);
        if allocated.is_zero() {
            self.book.settled_exceptions.push((unit, Kind::Underpaid, subject, WHY));
        } else {
            self.note_about(work, Kind::Underpaid, subject, owed.total.checked_sub(allocated)?);
        }
        Ok(part)
    }
}
