//! Taking a claim for money, as far as its channel is trusted.

use super::Batch;
use super::read::Read;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::payment::book::{CollectedBy, Destination, Incoming, Method};
use crate::payment::held::touch;
use crate::payment::movement::State;
use crate::payment::prove::HELD_KINDS;
use crate::payment::{line_query, settle_cash};
use crate::store::Tx;
use crate::unit::trust::Level;

impl Batch<'_> {
    /// Takes the claim for money as far as its channel is trusted. Returns the trust it was given.
    pub(super) fn take(
        &mut self,
        tx: &mut Tx<'_>,
        read: &Read<'_>,
        named: &[(UnitId, ObligationId)],
        movement: MovementId,
    ) -> Result<Level> {
        let claim = read.claim();
        let destination = self.book.destination(read.unit, claim.amount, named, read.is_damaged);
        let held = self.book.movements.get(&(read.unit, movement)).map(|held| &held.value);
        let (is_settled, state) =
            held.map_or((false, State::Expected), |one| (one.payment.is_some(), one.state));
        let is_proven = state == State::Proven;
        if is_settled || state == State::Reversed {
            // What the bank took back, or a person split, before the channel told of it leaves nothing to take.
            // It asks for no trust, so no limit is crossed by it.
            return Ok(if is_settled && self.is_trusted(read) { Level::Settles } else { Level::Advises });
        }
        if is_proven && !matches!(destination, Destination::Unknown(_)) {
            self.identify_suspense(tx, read, movement, &destination)?;
            return Ok(Level::Advises);
        }
        if !is_proven {
            self.note_unknown(read, Subject::Movement(movement), &destination);
        }
        if self.trust_of(read) == Level::Advises || matches!(destination, Destination::Unknown(_)) {
            self.advise(read.unit, &destination)?;
            return Ok(Level::Advises);
        }
        let payment: PaymentId = self.stamp.mint()?;
        let incoming = Incoming {
            unit: read.unit,
            amount: claim.amount,
            movement: Some(movement),
            account: Some(read.account),
            shift: None,
            method: Method::Transfer,
            channel: claim.channel.clone(),
            debit: Account::Clearing(read.account, claim.channel.clone()),
            accounting_date: self.first_open_day(read),
            collected_at: self.stamp.now,
            collected_by: CollectedBy::Channel(claim.channel.clone()),
            is_proven: false,
        };
        self.book.receive(payment, &incoming, &destination)?;
        self.book.expose(read.unit, read.account, &claim.channel, claim.amount)?;
        if let Some(held) = self.book.movements.get_mut(&(read.unit, movement)) {
            held.value.payment = Some(payment);
            touch(held);
        }
        Ok(Level::Settles)
    }

    /// The bank showed this money before its claim came, and nobody could place it then: now the
    /// claim's code does, and the money leaves suspense.
    fn identify_suspense(
        &mut self,
        tx: &mut Tx<'_>,
        read: &Read<'_>,
        movement: MovementId,
        destination: &Destination,
    ) -> Result<()> {
        let line = line_query::lines_of_movements(tx, &[(read.unit, movement)])?.pop();
        let (_, _, line) = line.ok_or_else(|| Error::internal("a proven movement has no line"))?;
        let suspended = settle_cash::in_suspense(tx, read.unit, line)?;
        if suspended < read.claim().amount {
            let late = Destination::Unknown(Kind::LatePayment);
            self.note_unknown(read, Subject::Movement(movement), &late);
            return Ok(());
        }
        let payment: PaymentId = self.stamp.mint()?;
        let incoming = Incoming {
            unit: read.unit,
            amount: read.claim().amount,
            movement: Some(movement),
            account: Some(read.account),
            shift: None,
            method: Method::Transfer,
            channel: read.claim().channel.clone(),
            debit: Account::Suspense(line),
            accounting_date: self.first_open_day(read),
            collected_at: self.stamp.now,
            collected_by: CollectedBy::Channel(read.claim().channel.clone()),
            is_proven: true,
        };
        self.book.receive(payment, &incoming, destination)?;
        if let Some(held) = self.book.movements.get_mut(&(read.unit, movement)) {
            held.value.payment = Some(payment);
            touch(held);
        }
        let why = "identified by a later claim";
        self.book.settled_exceptions.push((
            read.unit,
            Kind::BulkSettlement,
            Subject::Movement(movement),
            why,
        ));
        // What else stands under the line has exceptions of its own.
        if suspended == read.claim().amount {
            self.book
                .settled_exceptions
                .extend(HELD_KINDS.map(|kind| (read.unit, kind, Subject::Line(line), why)));
        }
        self.note_unknown(read, Subject::Line(line), destination);
        Ok(())
    }

    /// The trust in force, within its limits. A claim that crosses one switches the channel back to
    /// `advises` for this account; no money is refused.
    fn trust_of(&mut self, read: &Read<'_>) -> Level {
        let claim = read.claim();
        let key = (read.unit, read.account, claim.channel.clone());
        let Some(trust) = self.world.trust.get(&key).filter(|_| self.is_trusted(read)) else {
            return Level::Advises;
        };
        let unproven = self.book.exposure(read.unit, read.account, &claim.channel);
        let crossed = if claim.amount > trust.claim_limit {
            Some("claim_limit")
        } else if unproven.0.saturating_add(claim.amount.0) > trust.unproven_limit.0 {
            Some("unproven_limit")
        } else {
            None
        };
        match crossed {
            None => Level::Settles,
            Some(limit) => {
                self.facts.suspensions.push((read.unit, read.account, claim.channel.clone(), limit));
                self.world.suspended.insert(key);
                Level::Advises
            }
        }
    }

    fn is_trusted(&self, read: &Read<'_>) -> bool {
        let key = (read.unit, read.account, read.claim().channel.clone());
        let is_in_force =
            self.world.trust.get(&key).is_some_and(|trust| trust.settles_on(self.stamp.today()));
        is_in_force && !self.world.suspended.contains(&key)
    }

    /// Money that nobody knows a home for gets its name at once; it is posted when a line shows it,
    /// and what a line showed already has its name under that line.
    fn note_unknown(&mut self, read: &Read<'_>, subject: Subject, destination: &Destination) {
        let kind = match destination {
            Destination::Obligations(_) => return,
            Destination::OtherUnit(..) => Kind::WrongAccount,
            Destination::Unknown(kind) => *kind,
        };
        self.book.exceptions.push(exception::New {
            unit: read.unit,
            kind,
            subject,
            account: Some(read.account),
            amount: read.claim().amount,
            opened_on: self.stamp.today(),
            detail: Detail::Channel { channel: read.claim().channel.clone(), code: read.code_text() }.into(),
        });
    }

    /// Tells the obligations that a claim waits for its proof, so that the citizen sees it.
    fn advise(&mut self, unit: UnitId, destination: &Destination) -> Result<()> {
        if let Destination::Obligations(ids) = destination {
            for id in ids {
                let Some(held) = self.book.obligations.get(&(unit, *id)) else { continue };
                let (state, allocated) = (held.value.state, held.value.allocated);
                self.book.tell(unit, *id, "advised", state, allocated)?;
            }
        }
        Ok(())
    }

    fn first_open_day(&self, read: &Read<'_>) -> BusinessDay {
        let today = self.stamp.today();
        let is_open = |day: &BusinessDay| !self.world.closed.contains(&(read.unit, read.account, *day));
        (0..).map(|days| today.plus_days(days)).find(is_open).unwrap_or(today)
    }
}
