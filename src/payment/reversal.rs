//! Lines that give an earlier line's money back.

use std::collections::{BTreeSet, HashMap};

use super::awaited;
use super::book::{Book, Bucket, Payment, PaymentState};
use super::documents::recognised_parts;
use super::held::touch;
use super::movement::State;
use super::prove::{Case, Desk, HELD_KINDS, LIKENESS_DAYS, LineWork, Mark, reference_key};
use super::{Direction, movement_query, payment_query, payout, settle_cash};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::{LineId, MovementId, ObligationId, PaymentId, UnitId};
use crate::ledger::Account;
use crate::obligation;
use crate::store::Tx;

/// What the lines that are taken back show.
pub(super) type Originals = HashMap<(UnitId, LineId), Vec<MovementId>>;

/// Which way a line's money went.
pub(super) fn direction(work: &LineWork) -> Direction {
    if work.amount < Dong::ZERO { Direction::Debit } else { Direction::Credit }
}

/// Debits that a channel told of and that this line may show.
pub(super) fn claimed(tx: &mut Tx<'_>, work: &LineWork) -> Result<Vec<(UnitId, MovementId)>> {
    let look = movement_query::Likeness {
        unit: work.unit,
        account: work.account,
        direction: direction(work).as_str(),
        code: work.code.clone(),
        amount: work.size(),
    };
    let mut found: Vec<(UnitId, MovementId)> =
        movement_query::alike(tx, &[look], work.booking_date.plus_days(-LIKENESS_DAYS))?
            .into_iter()
            .map(|movement| (movement.unit, movement.id))
            .collect();
    if let Some(key) = reference_key(work) {
        found.extend(movement_query::movement_keys(tx, &[key])?.into_iter().map(|(unit, _, id)| (unit, id)));
    }
    Ok(found)
}

/// Leaves out the originals that brought nobody's payment and whose money has left suspense since,
/// for a slip, an order or a decision: what the bank takes back then is not there any more, and a
/// person says whose it was. A movement that a late paper left without money is not looked at.
pub(super) fn drop_placed(
    tx: &mut Tx<'_>,
    works: &[&LineWork],
    book: &Book,
    originals: &mut Originals,
) -> Result<()> {
    for work in works {
        let Case::Reversal { original } = work.case else { continue };
        let key = (work.unit, original);
        let Some(shown) = originals.get_mut(&key) else { continue };
        let unpaid: Vec<(MovementId, Dong)> = shown
            .iter()
            .filter_map(|id| book.movements.get(&(work.unit, *id)))
            .filter(|held| held.value.payment.is_none())
            .map(|held| (held.value.id, held.value.amount))
            .collect();
        if unpaid.is_empty() {
            continue;
        }
        let sums: Vec<Dong> = unpaid.iter().map(|(_, amount)| *amount).collect();
        let stands = settle_cash::in_suspense(tx, work.unit, original)?;
        let Some(places) = payout::rules::standing(&sums, work.size(), stands)? else {
            originals.remove(&key);
            continue;
        };
        let gone: Vec<MovementId> = unpaid
            .iter()
            .enumerate()
            .filter(|(place, _)| !places.contains(place))
            .map(|(_, (id, _))| *id)
            .collect();
        shown.retain(|id| !gone.contains(id));
    }
    Ok(())
}

impl Desk<'_> {
    /// The bank took an earlier credit back. With a valid receipt the debt stays and a person
    /// decides; without one the obligation is open again.
    pub(super) fn reverse(&mut self, work: &LineWork, original: LineId) -> Result<Mark> {
        let size = work.size();
        if work.amount.is_positive() {
            if let Some(mark) = self.returned_refund(work, original)? {
                return Ok(mark);
            }
            // Money that comes back to us: a person says what it was taken for.
            return self.suspend(work, Kind::BankReversal);
        }
        let shown = self.originals.get(&(work.unit, original)).cloned().unwrap_or_default();
        let held = shown.iter().filter_map(|id| self.book.movements.get(&(work.unit, *id)));
        let held: Vec<(State, Dong)> = held.map(|held| (held.value.state, held.value.amount)).collect();
        let is_gone = held.len() > 1 && held.iter().any(|(state, _)| *state != State::Proven);
        if shown.is_empty() || is_gone || Dong::sum(held.iter().map(|(_, amount)| *amount))? != size {
            // The original brought no payer's money (interest, for one), or more than is taken back (what a fee was
            // kept of), or a part of it went before: a person says what of it that is.
            return self.leave_unexplained(work, Kind::BankReversal);
        }
        self.prove_take_back(work)?;
        let mut asked = Dong::ZERO;
        for movement in shown {
            asked = asked.checked_add(self.reverse_part(work, original, movement)?)?;
        }
        // What was too much was the payer's and no document stands on it: taking it back leaves nobody anything to do.
        if asked.is_positive() {
            self.note(work, Kind::BankReversal, asked);
        }
        Ok(Mark { matched: size, class: "reversal" })
    }

    /// One movement of a credit that was taken back whole; what somebody has to see to of it: all but what was too
    /// much.
    fn reverse_part(&mut self, work: &LineWork, original: LineId, movement: MovementId) -> Result<Dong> {
        let missing = || Error::internal("a reversed movement was not read");
        let held = self.book.movements.get_mut(&(work.unit, movement)).ok_or_else(missing)?;
        held.value.state = State::Reversed;
        touch(held);
        let (payment, size) = (held.value.payment, held.value.amount);
        let Some(payment) = payment else {
            // It stood in suspense: it is taken out again, and nobody has to place it.
            self.entry(work, Account::Suspense(original), Account::Bank(work.account), size);
            for kind in HELD_KINDS {
                for subject in [Subject::Line(original), Subject::Movement(movement)] {
                    self.book.settled_exceptions.push((work.unit, kind, subject, WHY));
                }
            }
            return Ok(size);
        };
        let debt = Account::ReversalToRecover(payment);
        self.entry(work, debt.clone(), Account::Bank(work.account), size);
        let before = self.too_much(work.unit, payment);
        self.release(work, payment, size, debt)?;
        size.checked_sub(before.checked_sub(self.too_much(work.unit, payment))?)
    }

    /// What of a payment is too much, as the book has it.
    pub(super) fn too_much(&self, unit: UnitId, id: PaymentId) -> Dong {
        self.book.payments.get(&(unit, id)).map_or(Dong::ZERO, |held| held.value.surplus)
    }

    /// A channel may have told of the taking back: the line proves that too, and posts it once.
    fn prove_take_back(&mut self, work: &LineWork) -> Result<()> {
        let by_key = reference_key(work).and_then(|key| self.known_keys.get(&key).copied());
        let told = self.book.movements.values().map(|held| &held.value).filter(|movement| {
            movement.direction == direction(work)
                && movement.state == State::Expected
                && (movement.unit, movement.account, movement.open())
                    == (work.unit, work.account, work.size())
                && (by_key == Some(movement.id) || (by_key.is_none() && movement.code == work.code))
        });
        let Some(id) = told.min_by_key(|movement| (movement.first_seen_on, movement.id)).map(|one| one.id)
        else {
            return Ok(());
        };
        self.link(work, id, work.size())?;
        if let Some(held) = self.book.movements.get_mut(&(work.unit, id)) {
            held.value.proven = held.value.amount;
            held.value.state = State::Proven;
            touch(held);
        }
        Ok(())
    }

    /// What others paid of it waits for more than it did.
    fn note_rest(&mut self, work: &LineWork, id: ObligationId, allocated: Dong) -> Result<()> {
        let missing = || Error::internal("a reversed obligation was not read");
        let owed = &self.book.obligations.get(&(work.unit, id)).ok_or_else(missing)?.value;
        let new = exception::New {
            unit: work.unit,
            kind: Kind::Underpaid,
            subject: Subject::Obligation(id),
            account: Some(work.account),
            amount: owed.total.checked_sub(allocated)?,
            opened_on: work.booking_date,
            detail: Detail::Obligation { obligation: id, code: owed.reference_code.clone() }.into(),
        };
        self.book.exceptions.push(new);
        Ok(())
    }

    /// A payment was taken back whole: what of it no document stands on is open again. Under a document the debt
    /// stays until a person decides.
    pub(super) fn release(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        size: Dong,
        debt: Account,
    ) -> Result<()> {
        let missing = || Error::internal("a reversed payment was not read");
        let payment = self.book.payments.get(&(work.unit, id)).ok_or_else(missing)?.value.clone();
        if payment.amount != size {
            return self.net(work, &payment, size);
        }
        if payment.other_unit.is_positive() {
            return self.release_other_unit(work, &payment, size, &debt);
        }
        let shares = self.stands_on.shares((work.unit, id));
        let (kept, open): (Vec<_>, Vec<_>) =
            shares.into_iter().partition(|share| self.is_documented(work.unit, id, *share));
        if open.is_empty() && !kept.is_empty() {
            return self.net(work, &payment, size);
        }
        let (kind, state) =
            if kept.is_empty() { ("reversed", PaymentState::Reversed) } else { ("moved", payment.state) };
        self.book.tell_payment(work.unit, id, kind, state, None)?;
        let mut left = size;
        for share in open {
            self.open_again(work, id, share, &debt)?;
            left = left.checked_sub(share.1)?;
        }
        if !kept.is_empty() {
            return self.net(work, &payment, left);
        }
        let on_its_way = self.recall_refunds(work, id)?;
        let surplus = payment.surplus.checked_sub(on_its_way)?;
        if surplus.is_positive() {
            self.book.allocate(work.unit, id, Bucket::Surplus, Bucket::Reversed, surplus)?;
            self.entry(work, Account::Surplus(id), debt, surplus);
        }
        if on_its_way.is_zero() {
            self.end_surplus(work, id);
        }
        Ok(())
    }

    /// Whether a document stands on this share. What a correction waits for stands on none yet, though the original
    /// does.
    fn is_documented(&self, unit: UnitId, id: PaymentId, (obligation, share): (ObligationId, Dong)) -> bool {
        self.receipts_of.contains(&(unit, obligation))
            && self.advances.get(&(unit, obligation, id)) != Some(&share)
    }

    /// One obligation is open again for a share of a payment that no document stands on.
    fn open_again(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (obligation, share): (ObligationId, Dong),
        debt: &Account,
    ) -> Result<()> {
        let missing = || Error::internal("a reversed obligation was not read");
        self.book.allocate(work.unit, id, Bucket::Obligation(obligation), Bucket::Reversed, share)?;
        let held = self.book.obligations.get(&(work.unit, obligation)).ok_or_else(missing)?;
        let is_advance = self.advances.get(&(work.unit, obligation, id)) == Some(&share);
        let is_recognised = held.value.state == obligation::State::Paid && !is_advance;
        let before = held.value.allocated;
        let lines = self.book.lines.get(&(work.unit, obligation)).cloned().unwrap_or_default();
        let parts = recognised_parts(&lines, obligation, share, is_recognised, &[])?;
        for part in parts.taken {
            self.entry(work, part.account, debt.clone(), part.amount);
        }
        for part in parts.left {
            self.entry(work, part.account, Account::ReceivedInAdvance(obligation), part.amount);
        }
        let allocated = before.checked_sub(share)?;
        let state = obligation::State::Reopened;
        self.book.tell_obligation(work.unit, obligation, id, "reopened", state, allocated)?;
        if allocated.is_zero() {
            // Nothing of it waits for its rest any more.
            let rest = (work.unit, Kind::Underpaid, Subject::Obligation(obligation), WHY);
            self.book.settled_exceptions.push(rest);
        } else if !self.receipts_of.contains(&(work.unit, obligation)) {
            self.note_rest(work, obligation, allocated)?;
        }
        Ok(())
    }

    /// A payment is never owed to its payer and owed by them at once: what is too much of it covers
    /// what the bank took back, before anything is refunded.
    pub(super) fn net(&mut self, work: &LineWork, payment: &Payment, size: Dong) -> Result<()> {
        if !payment.surplus.is_positive() {
            return Ok(());
        }
        let (unit, id) = (work.unit, payment.id);
        let on_its_way = self.recall_refunds(work, id)?;
        let covered = payment.surplus.checked_sub(on_its_way)?.min(size);
        if !covered.is_positive() {
            return Ok(());
        }
        self.book.tell_payment(unit, id, "moved", payment.state, Some(WHY.to_owned()))?;
        self.book.allocate(unit, id, Bucket::Surplus, Bucket::Reversed, covered)?;
        self.entry(work, Account::Surplus(id), Account::ReversalToRecover(id), covered);
        if covered == payment.surplus {
            self.end_surplus(work, id);
        }
        Ok(())
    }

    fn end_surplus(&mut self, work: &LineWork, id: PaymentId) {
        for kind in [Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment] {
            self.book.settled_exceptions.push((work.unit, kind, Subject::Payment(id), WHY));
        }
    }
}

pub(super) const WHY: &str = "the bank took it back";

/// The payments whose lines are reversed.
pub(super) fn payments(book: &Book, originals: &Originals) -> Vec<(UnitId, PaymentId)> {
    let shown = originals.iter().flat_map(|((unit, _), shown)| shown.iter().map(move |id| (unit, id)));
    let payments: BTreeSet<(UnitId, PaymentId)> = shown
        .filter_map(|(unit, id)| {
            let held = book.movements.get(&(*unit, *id))?;
            held.value.payment.map(|payment| (*unit, payment))
        })
        .collect();
    payments.into_iter().collect()
}

/// For obligations whose correction waits for its money: what of each payment is not what the
/// documents stand on. Asked only where something is reversed.
pub(super) fn advances(
    tx: &mut Tx<'_>,
    book: &Book,
    works: &[&LineWork],
) -> Result<HashMap<(UnitId, ObligationId, PaymentId), Dong>> {
    let mut found = HashMap::new();
    let takes_back = |case: &Case| {
        matches!(case, Case::Reversal { .. } | Case::TakenBack { .. } | Case::PosBatch(_) | Case::LumpSum(_))
    };
    if !works.iter().any(|work| takes_back(&work.case)) {
        return Ok(found);
    }
    for owed in book.obligations.values().map(|held| &held.value) {
        let Some(recognised) = awaited::recognised(tx, owed)? else { continue };
        let mut shares = Vec::new();
        for payment in payment_query::payments_on(tx, owed.unit, owed.id)? {
            let on_it = payment_query::allocated_to(tx, owed.unit, payment)?;
            let share = on_it.into_iter().find(|(id, _)| *id == owed.id);
            shares.extend(share.map(|(_, share)| (payment, share)));
        }
        for (payment, advance) in awaited::advances(&shares, recognised)? {
            found.insert((owed.unit, owed.id, payment), advance);
        }
    }
    Ok(found)
}
