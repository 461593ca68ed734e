//! The decisions of one money transaction, in memory: what was read, what changes, what is new.
//!
//! Nothing here touches the database. `settle`, `prove` and `counter` read what they need into a
//! `Book`, decide on it, and `flush` writes it out in a few set statements.

use std::collections::HashMap;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::notification::money::{Miss, Money, Notice};
use crate::obligation::{self, Line, Obligation, State, rules};
use crate::party::Payer;
use crate::payment::movement::Movement;
use crate::payment::repaid::Debt;
use crate::unit::Unit;
use crate::unit::imprint::Imprint;

/// How money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Transfer,
    Cash,
    Card,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Transfer => "transfer",
            Method::Cash => "cash",
            Method::Card => "card",
        }
    }

    pub fn parse(text: &str) -> Method {
        match text {
            "cash" => Method::Cash,
            "card" => Method::Card,
            _ => Method::Transfer,
        }
    }

    /// `HTTToan` of the receipt.
    pub fn on_receipt(self) -> &'static str {
        match self {
            Method::Transfer => "Chuyển khoản",
            Method::Cash => "Tiền mặt",
            Method::Card => "Thẻ",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    Claimed,
    Proven,
    Disproven,
    Reversed,
}

impl PaymentState {
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentState::Claimed => "claimed",
            PaymentState::Proven => "proven",
            PaymentState::Disproven => "disproven",
            PaymentState::Reversed => "reversed",
        }
    }

    pub fn parse(text: &str) -> PaymentState {
        match text {
            "proven" => PaymentState::Proven,
            "disproven" => PaymentState::Disproven,
            "reversed" => PaymentState::Reversed,
            _ => PaymentState::Claimed,
        }
    }
}

/// Money accepted. The buckets always sum to the amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub unit: UnitId,
    pub id: PaymentId,
    pub movement: Option<MovementId>,
    pub account: Option<AccountId>,
    pub method: Method,
    pub channel: String,
    pub amount: Dong,
    pub obligation: Option<ObligationId>,
    pub shift: Option<ShiftId>,
    pub debit_account: String,
    pub accounting_date: BusinessDay,
    pub state: PaymentState,
    pub revision: i64,
    pub unallocated: Dong,
    pub to_obligations: Dong,
    pub surplus: Dong,
    pub suspense: Dong,
    pub other_unit: Dong,
    pub reversed: Dong,
}

/// Where a part of a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Unallocated,
    Obligation(ObligationId),
    Surplus,
    Suspense,
    OtherUnit,
    Reversed,
}

impl Bucket {
    pub fn as_str(self) -> &'static str {
        match self {
            Bucket::Unallocated => "unallocated",
            Bucket::Obligation(_) => "obligation",
            Bucket::Surplus => "surplus",
            Bucket::Suspense => "suspense",
            Bucket::OtherUnit => "other_unit",
            Bucket::Reversed => "reversed",
        }
    }
}

impl Payment {
    fn bucket(&mut self, bucket: Bucket) -> &mut Dong {
        match bucket {
            Bucket::Unallocated => &mut self.unallocated,
            Bucket::Obligation(_) => &mut self.to_obligations,
            Bucket::Surplus => &mut self.surplus,
            Bucket::Suspense => &mut self.suspense,
            Bucket::OtherUnit => &mut self.other_unit,
            Bucket::Reversed => &mut self.reversed,
        }
    }
}

/// A move of a payment's money from one bucket to another.
#[derive(Clone, Debug)]
pub struct Allocation {
    pub unit: UnitId,
    pub payment: PaymentId,
    pub revision: i64,
    pub from: Bucket,
    pub to: Bucket,
    pub amount: Dong,
}

#[derive(Clone, Debug)]
pub struct PaymentEvent {
    pub unit: UnitId,
    pub payment: PaymentId,
    pub revision: i64,
    pub kind: &'static str,
    pub state: PaymentState,
    pub reason: Option<String>,
}

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
            exposures: HashMap::new(),
            allocations: Vec::new(),
            payment_events: Vec::new(),
            obligation_events: Vec::new(),
            postings: Vec::new(),
            completions: Vec::new(),
            exceptions: Vec::new(),
            noted: Vec::new(),
            settled_exceptions: Vec::new(),
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
        match named {
            [] if is_damaged => Destination::Unknown(Kind::DamagedCode),
            [] => Destination::Unknown(Kind::UnidentifiedCredit),
            [(owner, id)] if *owner == unit => Destination::Obligations(vec![*id]),
            [(owner, id)] => Destination::OtherUnit(*owner, *id),
            several => {
                let own: Vec<&Obligation> = several
                    .iter()
                    .filter(|(owner, _)| *owner == unit)
                    .filter_map(|key| self.obligations.get(key).map(|held| &held.value))
                    .collect();
                let owed: Dong = own.iter().map(|obligation| obligation.outstanding()).sum();
                let all_open = own.iter().all(|obligation| obligation.outstanding().is_positive());
                if own.len() == several.len() && all_open && owed == amount {
                    Destination::Obligations(several.iter().map(|(_, id)| *id).collect())
                } else {
                    Destination::Unknown(Kind::SeveralObligations)
                }
            }
        }
    }

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
