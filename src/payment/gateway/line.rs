//! The statement's side of gateways: the line that pays many claims out, less the fee, or takes what payers got
//! back beyond them.

use std::collections::HashMap;

use super::{Item, ItemKind, Settlement, Standing, query};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::payment::book::{Destination, PaymentState};
use crate::payment::held::touch;
use crate::payment::line_query::SETTLED_WITH;
use crate::payment::movement::State;
use crate::payment::pos::rules::pair;
use crate::payment::prove::{self, Case, Desk, LineWork, Mark};
use crate::store::{Conn, Stamp, Tx, failure};

/// What a line pays out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LumpSum {
    pub channel: String,
    /// None: found without a report, by the gateway's terms.
    pub settlement: Option<SettlementId>,
    /// Whole movements: (movement, gross).
    pub parts: Vec<(MovementId, Dong)>,
    /// What a report names and nobody claimed, item by item.
    pub unknown: Vec<Dong>,
    /// What payers got back, of the movement where the report names one.
    pub returned: Vec<(Option<MovementId>, Dong)>,
    pub fee: Dong,
}

/// The settlements that a run of lines shows. They change only under their account's lock.
#[derive(Default)]
pub struct Settlements {
    held: HashMap<SettlementId, Settlement>,
    /// With the line, which is of another payout where two persons settled what comes to nothing.
    shown: Vec<(SettlementId, BusinessDay, LineId)>,
}

impl Settlements {
    pub fn named(tx: &mut Tx<'_>, works: &[&LineWork]) -> Result<Settlements> {
        let ids: Vec<(UnitId, SettlementId)> = works
            .iter()
            .filter_map(|work| match &work.case {
                Case::LumpSum(lump) => lump.settlement.map(|id| (work.unit, id)),
                _ => None,
            })
            .collect();
        let held = query::by_ids(tx, &ids)?.into_iter().map(|one| (one.id, one)).collect();
        Ok(Settlements { held, shown: Vec::new() })
    }

    /// Writes the steps in their order.
    pub fn store(self, tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<()> {
        for (id, on, line) in self.shown {
            let Some(settlement) = self.held.get(&id) else { continue };
            query::store_state(tx, settlement)?;
            let kind = if settlement.net.is_zero() { SETTLED_WITH } else { "credited" };
            query::note(tx, stamp, settlement, kind, on, (None, Some(line)))?;
            let ends = [Kind::BulkSettlement, Kind::MatchDoubted];
            let ends = ends.map(|kind| (settlement.unit, kind, Subject::Settlement(id), "its line came"));
            exception::settle_by_themselves(tx, stamp, &ends)?;
        }
        Ok(())
    }

    fn show(&mut self, work: &LineWork, id: SettlementId, on: BusinessDay) -> Result<()> {
        let held = self.held.get_mut(&id).ok_or_else(overtaken)?;
        if held.state != "awaited" || held.net != work.amount || held.account != work.account {
            return Err(overtaken());
        }
        held.state = "credited".to_owned();
        held.revision += 1;
        self.shown.push((id, on, work.line));
        Ok(())
    }
}

/// What a lump sum names and nobody can place.
pub(in crate::payment) struct Unknown {
    /// What was paid, each under a movement of its own in the line's suspense.
    pub paid: Vec<(MovementId, Dong)>,
    /// What payers got back: a part of the line's unexplained debit.
    pub returned: Dong,
}

#[track_caller]
fn overtaken() -> Error {
    Error::busy(failure::RETRY, 1, "the claims of a lump sum changed meanwhile")
}

/// Where a part of a lump sum belongs.
#[derive(PartialEq, Eq)]
enum Place {
    /// Its claim was settled already.
    Settled,
    /// Its claim only advised; its codes say where it goes.
    Here(Destination),
    Nowhere,
}

impl Desk<'_> {
    /// The claims are proven gross, the fee is a charge to recover, what nobody claimed stands in
    /// suspense, each item under a movement and an exception of its own.
    pub(in crate::payment) fn settle_lump(&mut self, work: &LineWork, lump: &LumpSum) -> Result<Mark> {
        let bank = Account::Bank(work.account);
        let unknown = self.clear(work, lump, bank)?;
        match unknown.paid.as_slice() {
            // The only one is the line's.
            [(_, amount)] => self.note(work, Kind::BulkSettlement, *amount),
            several => {
                for (movement, amount) in several {
                    self.note_about(work, Kind::BulkSettlement, Subject::Movement(*movement), *amount);
                }
            }
        }
        // Of a debit the payments paid a part: what is open of it is what nobody knows to have gone back.
        let open = match work.amount.is_positive() {
            true => Dong::sum(unknown.paid.iter().map(|(_, amount)| *amount))?,
            false => unknown.returned,
        };
        let open = open.min(work.size());
        let class = if open.is_positive() { "unknown" } else { "fee_receipt" };
        Ok(Mark { matched: work.size().checked_sub(open)?, class })
    }

    /// Proves the parts and posts them against where the net stands, what the bank paid out or took; returns
    /// what nobody can place.
    pub(in crate::payment) fn clear(
        &mut self,
        work: &LineWork,
        lump: &LumpSum,
        net: Account,
    ) -> Result<Unknown> {
        let gross =
            Dong::sum(lump.parts.iter().map(|(_, amount)| *amount).chain(lump.unknown.iter().copied()))?;
        let returned = Dong::sum(lump.returned.iter().map(|(_, amount)| *amount))?;
        if gross.checked_sub(returned)?.checked_sub(lump.fee)? != work.amount {
            return Err(Error::internal("the parts of a lump sum less its fee are not the line"));
        }
        if let Some(id) = lump.settlement {
            let on = self.accounting_date(work);
            self.papers.settlements.show(work, id, on)?;
        }
        let placed = self.place(work, lump)?;
        let nowhere = placed.iter().filter(|(_, _, place)| *place == Place::Nowhere);
        let mut paid: Vec<(MovementId, Dong)> = nowhere.map(|(id, amount, _)| (*id, *amount)).collect();
        for amount in &lump.unknown {
            paid.push((self.open_part(work, *amount)?, *amount));
        }
        let mut credits = Vec::with_capacity(placed.len() + 2);
        for (id, amount, place) in placed {
            self.link(work, id, amount)?;
            let clearing = self.prove_claim(work, lump, (id, amount), place)?;
            credits.extend(clearing.map(|account| (account, amount)));
        }
        let suspended = Dong::sum(paid.iter().map(|(_, amount)| *amount))?;
        credits.push((Account::Suspense(work.line), suspended));
        let mut debits = Vec::with_capacity(lump.returned.len() + 3);
        match work.amount.is_positive() {
            true => debits.push((net, work.size())),
            false => credits.push((net, work.size())),
        }
        debits.push((Account::ChargesToRecover, lump.fee));
        let returned = self.give_back(work, lump, &mut debits)?;
        for (debit, credit, amount) in pair(debits, credits)? {
            self.entry(work, debit, credit, amount);
        }
        Ok(Unknown { paid, returned })
    }

    /// What payers got back: by our refund, or against our will, as money that the bank takes back; what nobody
    /// knows is a debit that nobody explained, and is returned.
    fn give_back(
        &mut self,
        work: &LineWork,
        lump: &LumpSum,
        debits: &mut Vec<(Account, Dong)>,
    ) -> Result<Dong> {
        let mut unknown = Dong::ZERO;
        for (movement, amount) in &lump.returned {
            let held = movement.and_then(|id| self.book.movements.get(&(work.unit, id)));
            // What this line itself brings stands on nothing yet: two persons say what was taken back of it.
            let is_known = |id: &PaymentId| {
                let held = self.book.payments.get(&(work.unit, *id));
                held.is_some_and(|held| held.read_revision.is_some())
            };
            let Some(payment) = held.and_then(|held| held.value.payment).filter(is_known) else {
                unknown = unknown.checked_add(*amount)?;
                continue;
            };
            if self.refund_to_card(work, payment, *amount)? {
                debits.push((Account::RefundPayable, *amount));
                continue;
            }
            let debt = Account::ReversalToRecover(payment);
            let before = debits.iter().filter(|(to, _)| *to == debt).map(|(_, amount)| *amount);
            let before = Dong::sum(before)?;
            let Some(taken) = self.take_from(work, payment, (*amount, before))? else {
                unknown = unknown.checked_add(*amount)?;
                continue;
            };
            debits.push((debt, *amount));
            self.note_chargeback(work, payment, (taken.asked, String::new()));
            // Whoever pays again covers this debt first; what only too much of it covered leaves the movement proven.
            let movement = movement.filter(|_| !taken.is_standing);
            if let Some(held) = movement.and_then(|id| self.book.movements.get_mut(&(work.unit, id))) {
                held.value.state = State::Reversed;
                touch(held);
            }
        }
        if unknown.is_positive() {
            debits.push((Account::UnexplainedDebit(work.line), unknown));
            self.note(work, Kind::UnknownDebit, unknown);
        }
        Ok(unknown)
    }

    fn place(&self, work: &LineWork, lump: &LumpSum) -> Result<Vec<(MovementId, Dong, Place)>> {
        let mut placed = Vec::with_capacity(lump.parts.len());
        for &(id, amount) in &lump.parts {
            let held = self.book.movements.get(&(work.unit, id)).ok_or_else(overtaken)?;
            let movement = &held.value;
            if movement.state != State::Expected
                || movement.open() != amount
                || movement.amount != amount
                || movement.account != work.account
            {
                return Err(overtaken());
            }
            let named = self.named(&movement.code);
            let place = match self.book.destination(work.unit, amount, &named, false) {
                _ if movement.payment.is_some() => Place::Settled,
                Destination::Unknown(_) => Place::Nowhere,
                known => Place::Here(known),
            };
            placed.push((id, amount, place));
        }
        Ok(placed)
    }

    /// Proves one claim; returns the clearing its money is taken from. One that belongs nowhere is
    /// shown too, so that no other line shows it again; its money is in suspense with the rest.
    fn prove_claim(
        &mut self,
        work: &LineWork,
        lump: &LumpSum,
        (id, amount): (MovementId, Dong),
        place: Place,
    ) -> Result<Option<Account>> {
        let held = self.book.movements.get_mut(&(work.unit, id)).ok_or_else(overtaken)?;
        held.value.proven = amount;
        held.value.state = State::Proven;
        touch(held);
        let payment = held.value.payment;
        for kind in prove::CLAIM_KINDS {
            let subject = Subject::Movement(id);
            self.book.settled_exceptions.push((work.unit, kind, subject, "a lump sum shows it"));
        }
        if place == Place::Nowhere {
            return Ok(None);
        }
        if let Place::Here(destination) = place {
            // Through clearing: the fee is kept of the whole, not of one payment.
            let clearing = Account::Clearing(work.account, lump.channel.clone());
            self.receive_at(work, id, amount, lump.channel.clone(), &destination, clearing.clone())?;
            return Ok(Some(clearing));
        }
        let payment = payment.ok_or_else(overtaken)?;
        let held = self.book.payments.get(&(work.unit, payment)).ok_or_else(overtaken)?;
        let (channel, other_unit) = (held.value.channel.clone(), held.value.other_unit);
        self.book.expose(work.unit, work.account, &channel, Dong(-amount.0))?;
        self.book.tell_payment(work.unit, payment, "proven", PaymentState::Proven, None)?;
        if other_unit.is_positive() {
            self.note(work, Kind::WrongAccount, amount);
        }
        Ok(Some(Account::Clearing(work.account, channel)))
    }
}

/// What the line of a settlement pays out, as its claims stand now.
pub fn lump_of(conn: &mut Conn, settlement: &Settlement) -> Result<LumpSum> {
    let items = query::items(conn, settlement.unit, settlement.id)?;
    let standings = query::standings(conn, settlement, &items)?;
    let (parts, unknown, returned) = sorted(&items, standings);
    Ok(LumpSum {
        channel: settlement.channel.clone(),
        settlement: Some(settlement.id),
        parts,
        unknown,
        returned,
        fee: settlement.fee,
    })
}

type Sorted = (Vec<(MovementId, Dong)>, Vec<Dong>, Vec<(Option<MovementId>, Dong)>);

/// The items that a claim waits for, what nobody claimed, and what payers got back.
pub fn sorted(items: &[Item], standings: Vec<(Standing, Option<MovementId>)>) -> Sorted {
    let (mut parts, mut unknown, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    for (item, standing) in items.iter().zip(standings) {
        match (item.kind, standing) {
            (ItemKind::Paid, (Standing::Awaited, Some(movement))) => parts.push((movement, item.amount)),
            (ItemKind::Paid, _) => unknown.push(item.amount),
            (ItemKind::Returned, (Standing::Awaited | Standing::Proven, movement)) => {
                returned.push((movement, item.amount));
            }
            (ItemKind::Returned, _) => returned.push((None, item.amount)),
        }
    }
    (parts, unknown, returned)
}
