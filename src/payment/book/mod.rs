//! The decisions of one money transaction, in memory: what was read, what changes, what is new.
//!
//! Nothing here touches the database. `settle`, `prove` and `counter` read what they need into a
//! `Book`, decide on it, and `flush` writes it out in a few set statements.

mod bucket;
mod receive;

use std::collections::{BTreeSet, HashMap};

pub use bucket::{Allocation, Bucket, Method, Payment, PaymentEvent, PaymentState};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::notification::money::Notice;
use crate::obligation::{self, Line, Obligation, State};
use crate::party::Payer;
use crate::payment::movement::Movement;
use crate::payment::repaid::{Debt, Rest};
use crate::unit::Unit;
use crate::unit::imprint::Imprint;

/// A row that was read, or is new, with the revision the database knows.
#[derive(Clone, Debug)]
pub struct Held<T> {
    pub value: T,
    /// None while the row is not in the database yet.
    pub read_revision: Option<i64>,
    pub is_changed: bool,
}

impl<T> Held<T> {
    pub fn read(value: T, revision: i64) -> Self {
        Held { value, read_revision: Some(revision), is_changed: false }
    }

    pub fn fresh(value: T) -> Self {
        Held { value, read_revision: None, is_changed: true }
    }
}

/// An obligation that became fully paid: its documents are numbered when the book is written, and
/// its fees are posted then, because without its document no fee is recognised.
#[derive(Clone, Debug)]
pub struct Completion {
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub payment: PaymentId,
    /// Debited for this payment's part when nothing was received before, else the advance.
    pub debit: Account,
    pub accounting_date: BusinessDay,
    pub collected_at: Instant,
    pub collected_by: CollectedBy,
    pub method: Method,
    /// The event that says `paid`, which shall name the receipt.
    pub event_index: usize,
}

/// Who took the money, for the receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectedBy {
    Officer(String),
    Channel(String),
}

/// What is the same for every part of one incoming sum.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub unit: UnitId,
    pub amount: Dong,
    pub movement: Option<MovementId>,
    pub account: Option<AccountId>,
    pub shift: Option<ShiftId>,
    pub method: Method,
    pub channel: String,
    /// Where the money is now: clearing, bank or drawer.
    pub debit: Account,
    pub accounting_date: BusinessDay,
    pub collected_at: Instant,
    pub collected_by: CollectedBy,
    pub is_proven: bool,
}

/// Where an incoming sum belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Obligations(Vec<ObligationId>),
    /// Paid into this unit's account, owed to another unit.
    OtherUnit(UnitId, ObligationId),
    /// Nobody knows (yet): the codes do not help. The kind says why.
    Unknown(Kind),
}

impl Destination {
    /// Where a sum on `unit`'s account belongs, by the obligations its codes name. `owes` tells what is open of one of
    /// the unit's own; none of one that is not known. Two codes of one obligation, as after a merger, name it once.
    pub fn of(
        unit: UnitId,
        amount: Dong,
        named: &[(UnitId, ObligationId)],
        is_damaged: bool,
        owes: impl Fn(ObligationId) -> Option<Dong>,
    ) -> Destination {
        match named {
            [] if is_damaged => Destination::Unknown(Kind::DamagedCode),
            [] => Destination::Unknown(Kind::UnidentifiedCredit),
            [(owner, id)] if *owner == unit => Destination::Obligations(vec![*id]),
            [(owner, id)] => Destination::OtherUnit(*owner, *id),
            several => {
                let mut seen = BTreeSet::new();
                let distinct: Vec<(UnitId, ObligationId)> =
                    several.iter().copied().filter(|one| seen.insert(*one)).collect();
                if distinct.len() == 1 {
                    return Destination::of(unit, amount, &distinct, is_damaged, owes);
                }
                let own = distinct.iter().filter(|(owner, _)| *owner == unit);
                let owed: Vec<Dong> = own.filter_map(|(_, id)| owes(*id)).collect();
                let all_open = owed.len() == distinct.len() && owed.iter().all(|one| one.is_positive());
                if all_open && Dong::sum(owed).is_ok_and(|owed| owed == amount) {
                    Destination::Obligations(distinct.iter().map(|(_, id)| *id).collect())
                } else {
                    Destination::Unknown(Kind::SeveralObligations)
                }
            }
        }
    }
}

/// See the module.
pub struct Book {
    pub actor: String,
    pub now: Instant,
    pub obligations: HashMap<(UnitId, ObligationId), Held<Obligation>>,
    pub lines: HashMap<(UnitId, ObligationId), Vec<Line>>,
    pub payers: HashMap<(UnitId, PartyId), Payer>,
    pub units: HashMap<UnitId, Unit>,
    pub imprints: HashMap<UnitId, Imprint>,
    /// Stands in for payers nobody knows.
    pub nobody: Payer,
    pub movements: HashMap<(UnitId, MovementId), Held<Movement>>,
    pub payments: HashMap<(UnitId, PaymentId), Held<Payment>>,
    /// What the bank took back under a document that stands.
    pub debts: HashMap<(UnitId, ObligationId), Vec<Debt>>,
    /// What the bank took back of each payment of `debts`, under a document or not, and nobody covered.
    pub taken_back: HashMap<(UnitId, PaymentId), Dong>,
    pub exposures: HashMap<(UnitId, AccountId, String), Held<Dong>>,
    pub allocations: Vec<Allocation>,
    pub payment_events: Vec<PaymentEvent>,
    pub obligation_events: Vec<obligation::Event>,
    pub postings: Vec<Posting>,
    pub completions: Vec<Completion>,
    pub exceptions: Vec<exception::New>,
    /// What is allowed and asks nothing of anybody.
    pub noted: Vec<exception::New>,
    /// Exceptions whose cause is gone.
    pub settled_exceptions: Vec<(UnitId, Kind, Subject, &'static str)>,
    /// Debts of which a part is left.
    pub covered_in_part: Vec<Rest>,
    /// Payments whose payers are to be told that they missed what is owed.
    pub notices: Vec<Notice>,
}

impl Book {
    pub fn new(actor: String, now: Instant) -> Self {
        Book {
            actor,
            now,
            obligations: HashMap::new(),
            lines: HashMap::new(),
            payers: HashMap::new(),
            units: HashMap::new(),
            imprints: HashMap::new(),
            nobody: Payer::default(),
            movements: HashMap::new(),
            payments: HashMap::new(),
            debts: HashMap::new(),
            taken_back: HashMap::new(),
            exposures: HashMap::new(),
            allocations: Vec::new(),
            payment_events: Vec::new(),
            obligation_events: Vec::new(),
            postings: Vec::new(),
            completions: Vec::new(),
            exceptions: Vec::new(),
            noted: Vec::new(),
            settled_exceptions: Vec::new(),
            covered_in_part: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Where a sum on `unit`'s account belongs, by the obligations its codes name.
    pub fn destination(
        &self,
        unit: UnitId,
        amount: Dong,
        named: &[(UnitId, ObligationId)],
        is_damaged: bool,
    ) -> Destination {
        Destination::of(unit, amount, named, is_damaged, |id| {
            self.obligations.get(&(unit, id)).map(|held| held.value.outstanding())
        })
    }

    /// Raises the obligation's revision with an event; returns the event's place in the list.
    pub fn tell_obligation(
        &mut self,
        unit: UnitId,
        id: ObligationId,
        payment: PaymentId,
        kind: &'static str,
        state: State,
        allocated: Dong,
    ) -> Result<usize> {
        let index = self.tell(unit, id, kind, state, allocated)?;
        self.obligation_events[index].payment = Some(payment);
        Ok(index)
    }

    /// The same without a payment: a claim that only advises, for one.
    pub fn tell(
        &mut self,
        unit: UnitId,
        id: ObligationId,
        kind: &'static str,
        state: State,
        allocated: Dong,
    ) -> Result<usize> {
        let held = self
            .obligations
            .get_mut(&(unit, id))
            .ok_or_else(|| Error::internal("an obligation was not read before it was told"))?;
        held.value.state = state;
        held.value.allocated = allocated;
        held.value.revision += 1;
        held.is_changed = true;
        self.obligation_events.push(obligation::Event {
            unit,
            obligation: id,
            revision: held.value.revision,
            kind,
            state,
            allocated,
            payment: None,
            receipt: None,
            actor: self.actor.clone(),
            reason: None,
        });
        Ok(self.obligation_events.len() - 1)
    }

    /// Moves money of a payment between buckets.
    pub fn allocate(
        &mut self,
        unit: UnitId,
        payment: PaymentId,
        from: Bucket,
        to: Bucket,
        amount: Dong,
    ) -> Result<()> {
        let held = self
            .payments
            .get_mut(&(unit, payment))
            .ok_or_else(|| Error::internal("a payment was not read before its money was moved"))?;
        let source = held.value.bucket(from);
        if *source < amount {
            return Err(Error::internal("a payment's bucket holds less than is to be moved"));
        }
        *source = source.checked_sub(amount)?;
        let target = held.value.bucket(to);
        *target = target.checked_add(amount)?;
        held.is_changed = true;
        let revision = held.value.revision;
        self.allocations.push(Allocation { unit, payment, revision, from, to, amount });
        Ok(())
    }

    /// Raises a payment's revision with an event, before its money is moved.
    pub fn tell_payment(
        &mut self,
        unit: UnitId,
        id: PaymentId,
        kind: &'static str,
        state: PaymentState,
        reason: Option<String>,
    ) -> Result<()> {
        let held = self
            .payments
            .get_mut(&(unit, id))
            .ok_or_else(|| Error::internal("a payment was not read before it was told"))?;
        held.value.revision += 1;
        held.value.state = state;
        held.is_changed = true;
        let revision = held.value.revision;
        self.payment_events.push(PaymentEvent { unit, payment: id, revision, kind, state, reason });
        Ok(())
    }

    pub fn post(
        &mut self,
        incoming: &Incoming,
        debit: Account,
        credit: Account,
        amount: Dong,
        source: Source,
    ) {
        self.postings.push(Posting {
            unit: incoming.unit,
            debit,
            credit,
            amount,
            accounting_date: incoming.accounting_date,
            source,
        });
    }

    /// Adds to (or takes from) what a channel claimed and nothing has proven yet.
    pub fn expose(&mut self, unit: UnitId, account: AccountId, channel: &str, change: Dong) -> Result<()> {
        let key = (unit, account, channel.to_owned());
        let held = self.exposures.entry(key).or_insert_with(|| Held::fresh(Dong::ZERO));
        held.value = held.value.checked_add(change)?;
        held.is_changed = true;
        Ok(())
    }

    pub fn exposure(&self, unit: UnitId, account: AccountId, channel: &str) -> Dong {
        self.exposures.get(&(unit, account, channel.to_owned())).map_or(Dong::ZERO, |held| held.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_codes_of_one_obligation_name_it_once() {
        let place = |unit: UnitId, amount: i64, named: &[(UnitId, ObligationId)]| {
            Destination::of(unit, Dong(amount), named, false, |_| Some(Dong(25_000)))
        };
        let (own, other) = ((UnitId(4), ObligationId(7)), (UnitId(4), ObligationId(8)));
        let only = Destination::Obligations(vec![own.1]);
        assert_eq!(place(UnitId(4), 30_000, &[own, own]), only, "whatever came of it");
        assert_eq!(place(UnitId(9), 30_000, &[own, own]), Destination::OtherUnit(own.0, own.1));
        let both = Destination::Obligations(vec![own.1, other.1]);
        assert_eq!(place(UnitId(4), 50_000, &[own, other, own]), both);
        let unknown = Destination::Unknown(Kind::SeveralObligations);
        assert_eq!(place(UnitId(4), 75_000, &[own, other, own]), unknown);
    }
}
