//! What a line's money does: proves what was claimed, settles what was advised, or is received by the line itself.

use super::{CLAIM_KINDS, Desk, LineWork, Mark, reference_key};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::payment::book::{CollectedBy, Destination, Held, Incoming, Method, PaymentState};
use crate::payment::held::touch;
use crate::payment::movement::{Movement, State, line_key};
use crate::payment::{Direction, movement_query};

impl Desk<'_> {
    fn incoming(&self, work: &LineWork, amount: Dong, movement: MovementId, channel: String) -> Incoming {
        Incoming {
            unit: work.unit,
            amount,
            movement: Some(movement),
            account: Some(work.account),
            shift: None,
            method: Method::Transfer,
            collected_by: CollectedBy::Channel(channel.clone()),
            channel,
            debit: Account::Bank(work.account),
            accounting_date: self.accounting_date(work),
            collected_at: work.booking_date.start(),
            is_proven: true,
        }
    }

    /// The line shows movements that channels claimed.
    pub(in crate::payment) fn prove(
        &mut self,
        work: &LineWork,
        parts: &[(MovementId, Dong)],
    ) -> Result<Mark> {
        let shown = Dong::sum(parts.iter().map(|(_, amount)| *amount))?;
        if shown != work.size() {
            return Err(Error::internal("the parts of a proof do not sum to the line"));
        }
        let mut class = "fee_receipt";
        for (id, amount) in parts {
            self.link(work, *id, *amount)?;
            class = self.prove_part(work, *id, *amount)?;
        }
        Ok(Mark { matched: shown, class })
    }

    fn prove_part(&mut self, work: &LineWork, id: MovementId, amount: Dong) -> Result<&'static str> {
        let held = self
            .book
            .movements
            .get_mut(&(work.unit, id))
            .ok_or_else(|| Error::internal("a proof names a movement that is not there"))?;
        if held.value.open() < amount || held.value.state != State::Expected {
            return Err(Error::busy(crate::store::failure::RETRY, 1, "the movement was proven meanwhile"));
        }
        held.value.proven = held.value.proven.checked_add(amount)?;
        let is_whole = held.value.open().is_zero();
        if is_whole {
            held.value.state = State::Proven;
        }
        touch(held);
        let movement = held.value.clone();
        let subject = Subject::Movement(id);
        for kind in CLAIM_KINDS {
            self.book.settled_exceptions.push((
                work.unit,
                kind,
                subject,
                "the line shows it and takes it over",
            ));
        }
        let may_be_ours = movement.payment.is_none() && amount == work.size();
        if let Some(mark) = if may_be_ours { self.paper_line(work)? } else { None } {
            return Ok(mark.class);
        }
        if movement.direction == Direction::Debit {
            let kind = self.debit_kind(work, Kind::UnknownDebit);
            self.entry(work, Account::UnexplainedDebit(work.line), Account::Bank(work.account), amount);
            self.note(work, kind, amount);
            return Ok("unknown");
        }
        match movement.payment {
            Some(payment) => self.prove_payment(work, payment, amount, is_whole),
            None => self.take_advised(work, &movement, amount),
        }
    }

    /// The money was settled on the channel's word; now the bank says so too.
    fn prove_payment(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        amount: Dong,
        is_whole: bool,
    ) -> Result<&'static str> {
        let held = self
            .book
            .payments
            .get(&(work.unit, id))
            .ok_or_else(|| Error::internal("a movement names a payment that is not there"))?;
        let (channel, other_unit) = (held.value.channel.clone(), held.value.other_unit);
        self.entry(
            work,
            Account::Bank(work.account),
            Account::Clearing(work.account, channel.clone()),
            amount,
        );
        self.book.expose(work.unit, work.account, &channel, Dong(-amount.0))?;
        if is_whole {
            self.book.tell_payment(work.unit, id, "proven", PaymentState::Proven, None)?;
        }
        if other_unit.is_positive() {
            // The claim's exception ends with its proof, the debt to the other unit does not.
            self.note(work, Kind::WrongAccount, amount);
            return Ok("other_unit");
        }
        Ok("fee_receipt")
    }

    /// The channel only advised: the line settles what the claim announced.
    fn take_advised(&mut self, work: &LineWork, movement: &Movement, amount: Dong) -> Result<&'static str> {
        let named = self.named(&movement.code);
        let destination = self.book.destination(work.unit, amount, &named, work.is_damaged);
        if let Destination::Unknown(kind) = destination {
            self.entry(work, Account::Bank(work.account), Account::Suspense(work.line), amount);
            // Of several claims under one line each is looked for alone, with a sum of its own.
            match amount == work.size() {
                true => self.note(work, kind, amount),
                false => self.note_about(work, Kind::BulkSettlement, Subject::Movement(movement.id), amount),
            }
            return Ok("unknown");
        }
        let channel =
            self.channels.get(&(work.unit, movement.id)).cloned().unwrap_or_else(|| "statement".into());
        self.receive(work, movement.id, amount, channel, &destination)
    }

    /// By the directory of codes, which shows other units' obligations too, whoever asks.
    pub(in crate::payment) fn named(&self, code: &str) -> Vec<(UnitId, ObligationId)> {
        let mut named: Vec<(UnitId, ObligationId)> =
            code.split('+').filter_map(|code| self.codes.get(code).copied()).collect();
        named.sort_unstable();
        named
    }

    pub(in crate::payment) fn receive(
        &mut self,
        work: &LineWork,
        movement: MovementId,
        amount: Dong,
        channel: String,
        destination: &Destination,
    ) -> Result<&'static str> {
        self.receive_at(work, movement, amount, channel, destination, Account::Bank(work.account))
    }

    /// The same, where the money is not on the bank account by itself.
    pub(in crate::payment) fn receive_at(
        &mut self,
        work: &LineWork,
        movement: MovementId,
        amount: Dong,
        channel: String,
        destination: &Destination,
        debit: Account,
    ) -> Result<&'static str> {
        let payment: PaymentId = self.stamp.mint()?;
        let incoming = Incoming { debit, ..self.incoming(work, amount, movement, channel) };
        self.book.receive(payment, &incoming, destination)?;
        if let Some(held) = self.book.movements.get_mut(&(work.unit, movement)) {
            held.value.payment = Some(payment);
            touch(held);
        }
        if let Destination::OtherUnit(..) = destination {
            self.note(work, Kind::WrongAccount, amount);
            return Ok("other_unit");
        }
        Ok("fee_receipt")
    }

    /// Money nobody claimed: the line opens the movement itself.
    pub(super) fn receive_line(&mut self, work: &LineWork, destination: &Destination) -> Result<Mark> {
        let movement = self.open_movement(work)?;
        let class = self.receive(work, movement, work.size(), "statement".into(), destination)?;
        Ok(Mark { matched: work.size(), class })
    }

    pub(super) fn open_movement(&mut self, work: &LineWork) -> Result<MovementId> {
        self.open_part(work, work.size())
    }

    /// The movement of what a line brings that nobody claimed; a line that took money brings what paid a part of it.
    pub(in crate::payment) fn open_part(&mut self, work: &LineWork, amount: Dong) -> Result<MovementId> {
        let id: MovementId = self.stamp.mint()?;
        let movement = Movement {
            unit: work.unit,
            id,
            account: work.account,
            direction: Direction::Credit,
            amount,
            code: work.code.clone(),
            first_seen_on: work.booking_date,
            proven: amount,
            claimed_by: String::new(),
            payment: None,
            state: State::Proven,
            revision: 1,
        };
        self.book.movements.insert((work.unit, id), Held::fresh(movement));
        self.key(work.unit, line_key(work.line), id);
        // The reference of a debit is that of money out.
        if let Some((unit, key)) = reference_key(work).filter(|_| work.amount.is_positive()) {
            self.key(unit, key, id);
        }
        self.link(work, id, amount)?;
        Ok(id)
    }

    /// Records a key unless another movement has it: references may repeat.
    fn key(&mut self, unit: UnitId, key: String, movement: MovementId) {
        if let std::collections::hash_map::Entry::Vacant(free) = self.known_keys.entry((unit, key.clone())) {
            free.insert(movement);
            self.movement_keys.push(movement_query::MovementKeyRow {
                unit_id: unit,
                key,
                movement_id: movement,
            });
        }
    }
}
