//! Two persons settled a report that comes to nothing with the payout of another one, and it was not so. What it named
//! waits again, what it gave back is no debt any more, its fee is no charge; the payout stands as it is.

use std::collections::BTreeSet;

use super::apart::{self, Apart, Payout};
use super::paper::{Paper, Step};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Source};
use crate::payment::book::{Book, Held, PaymentState};
use crate::payment::flush::flush;
use crate::payment::gateway::{self, Settlement};
use crate::payment::held::touch;
use crate::payment::movement::{Movement, State};
use crate::payment::refund::{self, State as RefundState};
use crate::payment::undo::Effect;
use crate::payment::unmatch::{self, Part};
use crate::payment::{line_query, movement_query, payment_query, query, returned};
use crate::statement::{self, StoredLine};
use crate::store::{Conn, Stamp, Tx};

/// The movement and the payment that money was taken from, and how much.
type GivenBack = (Movement, PaymentId, Dong);

const WHY: &str = "its report was not settled with this payout";

/// What such a decision did.
pub(in crate::payment) struct SettledWith {
    report: Settlement,
    /// Its claims, as if a line had paid out what went back to payers.
    payout: Payout,
    /// What it gave back, whole.
    returned: Vec<GivenBack>,
}

fn gone() -> Error {
    Error::conflict("undo_money_gone", "what the report named, or gave back, went another way since")
}

/// Looks at what a settled item about a report that comes to nothing did.
///
/// # Errors
/// `undo_money_gone`, `undo_day_closed`, `undo_would_complete`, `reopen_money_moved` where a refund of ours left with
/// it, and those of `undo`.
pub(in crate::payment) fn of(conn: &mut Conn, item: &Exception) -> Result<SettledWith> {
    let unit = item.unit;
    let report = gateway::find(conn, unit, SettlementId(item.subject_id))?;
    let on = gateway::query::settled_with(conn, &report)?.ok_or_else(gone)?;
    let key = (unit, report.account);
    if query::closed_days(conn, &[key], on)?.contains(&(key.0, key.1, on)) {
        let detail = format!("{on} is closed: two persons open it again first");
        return Err(Error::conflict("undo_day_closed", detail));
    }
    let items = gateway::query::items(conn, unit, report.id)?;
    let standings = gateway::query::standings(conn, &report, &items)?;
    let (mut paid, mut back) = (BTreeSet::new(), Vec::new());
    for (one, (_, movement)) in items.iter().zip(standings) {
        let movement = movement.ok_or_else(gone)?;
        match one.kind {
            gateway::ItemKind::Paid => {
                paid.insert(movement);
            }
            gateway::ItemKind::Returned => back.push((movement, one.amount)),
        }
    }
    let (line, parts) = shown(conn, unit, &paid)?;
    let mut effect = Effect { line: Some(line), ..Effect::default() };
    let found = apart::payments(conn, unit, &parts, None)?;
    let payments = apart::look(conn, &found, &mut effect)?;
    if payments.len() != paid.len() {
        return Err(gone());
    }
    let claimed = parts.iter().filter(|part| part.is_claimed()).map(|part| part.movement.id);
    effect.expected_again.extend(claimed);
    let returned = given_back(conn, unit, &back)?;
    let line = statement::line_query::line(conn, unit, line)?;
    let payout = Payout {
        line: StoredLine { amount: report.returned, ..line },
        parts,
        own: None,
        payments,
        waiting: Dong::ZERO,
        fee: report.fee,
        paper: None,
        shown_on: on,
        effect,
    };
    Ok(SettledWith { report, payout, returned })
}

/// The line with whose payout the claims were settled, and what it shows of them.
fn shown(conn: &mut Conn, unit: UnitId, paid: &BTreeSet<MovementId>) -> Result<(LineId, Vec<Part>)> {
    let first = paid.first().map(|id| (unit, *id)).ok_or_else(gone)?;
    let lines = line_query::lines_of_movements(conn, &[first])?;
    let [(_, _, line)] = lines.as_slice() else { return Err(gone()) };
    let mut parts = unmatch::parts_beside(conn, unit, *line)?;
    parts.retain(|part| paid.contains(&part.movement.id));
    let is_whole = |part: &Part| part.movement.state == State::Proven && part.amount == part.movement.amount;
    if parts.len() != paid.len() || !parts.iter().all(is_whole) {
        return Err(gone());
    }
    Ok((*line, parts))
}

/// The payments that what was given back was taken from, where it is a debt, or can be given to them again.
fn given_back(conn: &mut Conn, unit: UnitId, back: &[(MovementId, Dong)]) -> Result<Vec<GivenBack>> {
    let mut found = Vec::with_capacity(back.len());
    for (id, amount) in back {
        let movement = movement_query::movements(conn, &[(unit, *id)])?.pop().ok_or_else(gone)?;
        let key = (unit, movement.payment.ok_or_else(gone)?);
        let is_ours = |one: &refund::Refund| one.amount == *amount && one.state == RefundState::Debited;
        if refund::query::of_payments(conn, &[key])?.iter().any(is_ours) {
            let detail = "a refund of ours left with this report";
            return Err(Error::conflict("reopen_money_moved", detail));
        }
        let payment = payment_query::payments(conn, &[key])?.pop();
        let payment = payment.filter(|one| one.state == PaymentState::Proven).ok_or_else(gone)?;
        returned::check(conn, &payment, *amount)?;
        found.push((movement, key.1, *amount));
    }
    Ok(found)
}

impl SettledWith {
    /// What taking it back would do.
    pub fn effect(&self) -> &Effect {
        &self.payout.effect
    }

    /// Carries it out for the item that two persons opened again, on the day of what it takes back. The account is
    /// locked.
    pub fn take_back(
        mut self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        (item, persons): (&Exception, (PersonId, PersonId)),
    ) -> Result<()> {
        let on = self.payout.shown_on;
        let mut book = Book::new(audit::actor_text(actor), stamp.now);
        let own = State::Reversed;
        let apart = Apart { stamp, actor, item, persons, on, why: WHY, own, opens: Vec::new() };
        let debits = apart.payments(tx, &mut book, &self.payout)?;
        apart.parts(tx, &mut book, &self.payout)?;
        for given in std::mem::take(&mut self.returned) {
            self.give_again(tx, stamp, (&mut book, item), given)?;
        }
        flush(tx, stamp, actor, book)?;
        ledger::post(tx, stamp, &apart.postings(&self.payout, debits)?)?;
        let (person, line) = (persons.1, Some(self.payout.line.id));
        let step = Step { kind: "unmatched", state: "awaited", on, person, line };
        Paper::Settlement(self.report).step(tx, stamp, &step)
    }

    /// What the report took from a payment is no debt any more; it passes through the line's suspense.
    fn give_again(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        (book, item): (&mut Book, &Exception),
        (movement, payment, amount): GivenBack,
    ) -> Result<()> {
        let on = self.payout.shown_on;
        let (source, from) = (Source::Exception(item.id), Account::Suspense(self.payout.line.id));
        let desk = returned::Desk { item, on, source, from, amount };
        if desk.restore(tx, stamp, book, payment)? {
            return Ok(());
        }
        book.settled_exceptions.push((item.unit, Kind::PosChargeback, Subject::Payment(payment), WHY));
        if movement.state == State::Reversed {
            let (key, revision) = ((movement.unit, movement.id), movement.revision);
            let mut held = Held::read(movement, revision);
            held.value.state = State::Proven;
            touch(&mut held);
            book.movements.insert(key, held);
        }
        Ok(())
    }
}
