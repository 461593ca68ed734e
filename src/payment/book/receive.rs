//! Accepting an incoming sum: the payment, what of it each obligation takes, and the name of what misses.

use super::bucket::{Bucket, Payment, PaymentEvent, PaymentState};
use super::{Book, Completion, Destination, Held, Incoming};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::{Account, Source};
use crate::notification::money::{Miss, Money, Notice};
use crate::obligation::{Obligation, State, rules};

impl Book {
    /// Accepts an incoming sum: makes the payment, allocates it, posts it and tells the
    /// obligations. `Unknown` destinations are the caller's: nothing is accepted for them.
    pub fn receive(&mut self, id: PaymentId, incoming: &Incoming, destination: &Destination) -> Result<()> {
        let payment = Payment {
            unit: incoming.unit,
            id,
            movement: incoming.movement,
            account: incoming.account,
            method: incoming.method,
            channel: incoming.channel.clone(),
            amount: incoming.amount,
            obligation: match destination {
                Destination::Obligations(ids) if ids.len() == 1 => ids.first().copied(),
                _ => None,
            },
            shift: incoming.shift,
            debit_account: incoming.debit.to_string(),
            accounting_date: incoming.accounting_date,
            state: if incoming.is_proven { PaymentState::Proven } else { PaymentState::Claimed },
            revision: 1,
            unallocated: incoming.amount,
            to_obligations: Dong::ZERO,
            surplus: Dong::ZERO,
            suspense: Dong::ZERO,
            other_unit: Dong::ZERO,
            reversed: Dong::ZERO,
        };
        self.payment_events.push(PaymentEvent {
            unit: incoming.unit,
            payment: id,
            revision: 1,
            kind: payment.state.as_str(),
            state: payment.state,
            reason: None,
        });
        self.payments.insert((incoming.unit, id), Held::fresh(payment));
        match destination {
            Destination::Obligations(ids) => self.distribute(id, incoming, ids),
            Destination::OtherUnit(owner, _) => {
                self.allocate(incoming.unit, id, Bucket::Unallocated, Bucket::OtherUnit, incoming.amount)?;
                let credit = Account::DueToUnit(*owner);
                self.post(incoming, incoming.debit.clone(), credit, incoming.amount, Source::Payment(id));
                Ok(())
            }
            Destination::Unknown(_) => {
                Err(Error::internal("a sum of unknown destination was to be received"))
            }
        }
    }

    /// Gives each obligation what it still needs and keeps the rest as surplus.
    fn distribute(&mut self, id: PaymentId, incoming: &Incoming, obligations: &[ObligationId]) -> Result<()> {
        let mut rest = incoming.amount;
        for (position, obligation) in obligations.iter().enumerate() {
            let is_last = position + 1 == obligations.len();
            let share = if is_last {
                rest
            } else {
                rest.min(self.obligation(incoming.unit, *obligation)?.outstanding())
            };
            rest = rest.checked_sub(share)?;
            self.pay_obligation(id, incoming, *obligation, share)?;
        }
        Ok(())
    }

    fn obligation(&self, unit: UnitId, id: ObligationId) -> Result<&Obligation> {
        self.obligations
            .get(&(unit, id))
            .map(|held| &held.value)
            .ok_or_else(|| Error::internal("an obligation was not read before it was paid"))
    }

    fn pay_obligation(
        &mut self,
        payment: PaymentId,
        incoming: &Incoming,
        id: ObligationId,
        amount: Dong,
    ) -> Result<()> {
        let unit = incoming.unit;
        let before = self.obligation(unit, id)?.clone();
        let mut effect = rules::receive(&before, amount);
        let repaid = self.repay(payment, incoming, id, effect.surplus)?;
        effect.surplus = effect.surplus.checked_sub(repaid)?;
        if repaid.is_zero() || effect.surplus.is_positive() {
            // What covers a debt is taken; only the rest is too much.
            let told = rules::Effect { taken: effect.taken.checked_add(repaid)?, ..effect };
            self.note_exceptions(incoming, payment, &before, &told);
        }
        if effect.surplus.is_positive() {
            self.allocate(unit, payment, Bucket::Unallocated, Bucket::Surplus, effect.surplus)?;
            let credit = Account::Surplus(payment);
            self.post(incoming, incoming.debit.clone(), credit, effect.surplus, Source::Payment(payment));
        }
        if effect.taken.is_zero() {
            return self
                .tell_obligation(unit, id, payment, "paid_again", before.state, before.allocated)
                .map(|_| ());
        }
        self.allocate(unit, payment, Bucket::Unallocated, Bucket::Obligation(id), effect.taken)?;
        let allocated = before.allocated.checked_add(effect.taken)?;
        let kind = if effect.completes { "paid" } else { "partly_paid" };
        let event_index = self.tell_obligation(unit, id, payment, kind, effect.state, allocated)?;
        let advance = Account::ReceivedInAdvance(id);
        let is_first = before.allocated.is_zero();
        if !(effect.completes && is_first) {
            self.post(
                incoming,
                incoming.debit.clone(),
                advance.clone(),
                effect.taken,
                Source::Payment(payment),
            );
        }
        if effect.completes {
            if !is_first || before.state == State::Reopened {
                self.settled_exceptions.push((
                    unit,
                    Kind::Underpaid,
                    Subject::Obligation(id),
                    "paid in full",
                ));
            }
            self.completions.push(Completion {
                unit,
                obligation: id,
                payment,
                debit: if is_first { incoming.debit.clone() } else { advance },
                accounting_date: incoming.accounting_date,
                collected_at: incoming.collected_at,
                collected_by: incoming.collected_by.clone(),
                method: incoming.method,
                event_index,
            });
        }
        Ok(())
    }

    /// Part, too much, twice and late each get their name.
    fn note_exceptions(
        &mut self,
        incoming: &Incoming,
        payment: PaymentId,
        before: &Obligation,
        effect: &rules::Effect,
    ) {
        let (kind, subject, amount) =
            match (effect.taken.is_zero(), effect.surplus.is_positive(), before.state) {
                (true, _, State::Cancelled | State::Waived) => {
                    (Kind::LatePayment, Subject::Payment(payment), effect.surplus)
                }
                (true, _, _) => (Kind::DuplicateTransfer, Subject::Payment(payment), effect.surplus),
                (false, true, _) => (Kind::Overpaid, Subject::Payment(payment), effect.surplus),
                (false, false, _) if !effect.completes => {
                    let missing = Dong(before.outstanding().0 - effect.taken.0);
                    (Kind::Underpaid, Subject::Obligation(before.id), missing)
                }
                _ => return,
            };
        let is_partial = kind == Kind::Underpaid;
        self.notices.push(Notice {
            unit: incoming.unit,
            party: before.party,
            payment,
            miss: if is_partial { Miss::Partial } else { Miss::Surplus },
            money: Money {
                obligation: before.id,
                received: Dong(effect.taken.0 + effect.surplus.0),
                difference: amount,
            },
        });
        self.exceptions.push(exception::New {
            unit: incoming.unit,
            kind,
            subject,
            account: incoming.account,
            amount,
            opened_on: incoming.accounting_date,
            detail: Detail::Obligation { obligation: before.id, code: before.reference_code.clone() }.into(),
        });
    }
}
