//! A line that paid out many payments is taken apart: what channels claimed and what cards paid waits for its line
//! again, what the line itself brought is open again, the fee is a charge no more, and the net stands in suspense, of a
//! debit that took only charges as one that nobody explained.

use std::collections::BTreeSet;

use super::paper::{Paper, Step};
use super::rules;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::book::{Book, Held, Payment, PaymentState};
use crate::payment::flush::flush;
use crate::payment::held::{load_obligations, touch};
use crate::payment::movement::State;
use crate::payment::pos::rules::pair;
use crate::payment::prove::HELD_KINDS;
use crate::payment::take_back::{TakeBack, Taken};
use crate::payment::undo::{self, Effect};
use crate::payment::unmatch::{self, Part};
use crate::payment::{line_query, payment_query, pos, query, refund, settle_cash};
use crate::statement::StoredLine;
use crate::store::{Conn, Stamp, Tx, rows};

/// A payment that the line shows.
pub(super) struct Paid {
    pub id: PaymentId,
    /// It was made on a channel's word, or at the counter; else by the line itself.
    pub is_claimed: bool,
}

/// What a line pays out, as it stands.
pub(in crate::payment) struct Payout {
    pub(super) line: StoredLine,
    pub(super) parts: Vec<Part>,
    /// The part that is the line's own movement, which a run left without money when the paper came after the line.
    pub(super) own: Option<MatchId>,
    pub(super) payments: Vec<Paid>,
    /// What the paper names and nobody knows, in suspense.
    pub(super) waiting: Dong,
    pub(super) fee: Dong,
    pub(super) paper: Option<Paper>,
    /// The day of its postings.
    pub shown_on: BusinessDay,
    pub effect: Effect,
}

fn unfit(detail: &str) -> Error {
    Error::conflict("unmatch_unfit", detail)
}

/// Looks at a line; None of one that shows no paper and was posted as no lump sum.
///
/// # Errors
/// `unmatch_unfit`, `unmatch_gave_back`, and those of `undo`.
pub(in crate::payment) fn of(conn: &mut Conn, line: &StoredLine) -> Result<Option<Payout>> {
    let (unit, id) = (line.unit, line.id);
    let shown = Paper::shown_by(conn, unit, id)?;
    let case = line_query::case_of(conn, unit, id)?.unwrap_or_default();
    let parts = unmatch::parts(conn, unit, id)?;
    let is_claimed = |part: &Part| part.is_claimed() && part.movement.payment.is_some();
    // What a corrected statement restated is a lump sum still where it shows more than its line has; so is a line whose
    // claims came after it, which shows them beside its own movement.
    let gross = Dong::sum(parts.iter().map(|part| part.amount))?;
    let may_be_late = ["taken_over", "unknown_credit"].contains(&case.as_str());
    let is_lump_sum = case == "lump_sum" || (may_be_late && gross > line.amount);
    if shown.is_none() && !(is_lump_sum && parts.iter().any(is_claimed)) {
        return Ok(None);
    }
    if shown.as_ref().is_some_and(|(paper, _)| paper.gave_back().is_positive()) {
        // What went back to payers is a debt that others covered since, a refund that is settled, or an obligation that
        // is open again: none of it is this line's to take from them. The other line has exactly this sum.
        let detail = "place the money of its own line, of the same sum, as what this line is; of a debit that took the \
                      payout back, wait for the credit that gives it back (given_back)";
        return Err(Error::conflict("unmatch_gave_back", detail));
    }
    if !line.amount.is_positive() && shown.is_none() {
        return Err(unfit("no paper says what this debit took"));
    }
    if parts.iter().any(|part| part.amount != part.movement.amount) {
        return Err(unfit("other lines show a part of the same payment"));
    }
    let (own, waiting) = waiting(conn, line, &parts)?;
    let (paper, shown_on) = match shown {
        Some((paper, on)) => (Some(paper), on),
        None => (None, line.posted_on.unwrap_or(line.booking_date)),
    };
    let found = payments(conn, unit, &parts, paper.as_ref())?;
    let to_suspense = Dong(line.amount.0.saturating_abs());
    let mut effect = Effect { line: Some(id), to_suspense, ..Effect::default() };
    let payments = look(conn, &found, &mut effect)?;
    let shown = Dong::sum(found.iter().map(|one| one.amount))?.checked_add(waiting)?;
    let fee = shown.checked_sub(line.amount)?;
    if fee < Dong::ZERO || paper.as_ref().is_some_and(|paper| paper.fee() != fee) {
        return Err(unfit("a part of its money was placed by a decision: open that one again first"));
    }
    let again = parts.iter().filter(|part| part.is_claimed()).map(|part| part.movement.id);
    effect.expected_again.extend(again);
    let line = line.clone();
    Ok(Some(Payout { line, parts, own, payments, waiting, fee, paper, shown_on, effect }))
}

/// The line's own movement that holds no money any more, and what waits in suspense.
fn waiting(conn: &mut Conn, line: &StoredLine, parts: &[Part]) -> Result<(Option<MatchId>, Dong)> {
    let free: Vec<&Part> = parts.iter().filter(|part| part.movement.payment.is_none()).collect();
    let sums: Vec<Dong> = free.iter().map(|part| part.amount).collect();
    let stands = settle_cash::in_suspense(conn, line.unit, line.id)?;
    let gone = || unfit("a part of its money was placed by a decision: open that one again first");
    let places = rules::standing(&sums, line.amount, stands)?.ok_or_else(gone)?;
    let waiting = Dong::sum(places.iter().filter_map(|place| sums.get(*place)).copied())?;
    if waiting != stands {
        return Err(gone());
    }
    let own = free.iter().enumerate().find(|(place, _)| !places.contains(place)).map(|(_, part)| part.id);
    Ok((own, waiting))
}

/// The payments that the line shows: those of its claims, or of its batch.
pub(super) fn payments(
    conn: &mut Conn,
    unit: UnitId,
    parts: &[Part],
    paper: Option<&Paper>,
) -> Result<Vec<Payment>> {
    let mut keys: BTreeSet<(UnitId, PaymentId)> =
        parts.iter().filter_map(|part| Some((unit, part.movement.payment?))).collect();
    if let Some(Paper::Batch(batch)) = paper {
        let matches = pos::query::matches(conn, unit, batch.id)?;
        keys.extend(matches.into_iter().map(|(_, payment)| (unit, payment)));
    }
    let mut found = payment_query::payments(conn, &keys.into_iter().collect::<Vec<_>>())?;
    found.sort_by_key(|payment| payment.id);
    if found.iter().any(|payment| !payment.debit_account.starts_with("clearing/")) {
        return Err(unfit("a part of its money was placed by a decision: open that one again first"));
    }
    Ok(found)
}

/// Whether all of them can be taken from the line, and what that does.
pub(super) fn look(conn: &mut Conn, found: &[Payment], effect: &mut Effect) -> Result<Vec<Paid>> {
    let keys: Vec<(UnitId, PaymentId)> = found.iter().map(|payment| (payment.unit, payment.id)).collect();
    let claimed: BTreeSet<PaymentId> = payment_query::claimed_first(conn, &keys)?.into_iter().collect();
    let mut payments = Vec::with_capacity(found.len());
    for payment in found {
        let is_claimed = claimed.contains(&payment.id);
        let debt = ledger::balance(conn, payment.unit, &Account::ReversalToRecover(payment.id))?;
        if payment.state != PaymentState::Proven || !debt.is_zero() {
            let detail = "the money was taken back since, or covered a debt";
            return Err(Error::conflict("undo_money_gone", detail));
        }
        if is_claimed {
            undo::of_refunds(conn, payment, effect)?;
            undo::check_standing(conn, payment)?;
            effect.claimed_again.push(payment.id);
        } else {
            undo::of_payment(conn, payment.unit, payment.id, effect)?;
        }
        payments.push(Paid { id: payment.id, is_claimed });
    }
    Ok(payments)
}

/// Takes a payout apart, as two persons decided about an item.
pub(in crate::payment) struct Apart<'a> {
    pub stamp: &'a Stamp<'a>,
    pub actor: &'a Actor,
    pub item: &'a Exception,
    /// Who asked and who approved.
    pub persons: (PersonId, PersonId),
    pub on: BusinessDay,
    pub why: &'static str,
    /// What the line's own movement is from now on: proven money in suspense, or reversed with the line.
    pub own: State,
    /// What asks about the line from now on.
    pub opens: Vec<exception::New>,
}

impl Apart<'_> {
    /// The line's account is locked.
    pub fn all(mut self, tx: &mut Tx<'_>, payout: &Payout) -> Result<()> {
        let mut book = Book::new(audit::actor_text(self.actor), self.stamp.now);
        let debits = self.payments(tx, &mut book, payout)?;
        self.movements(tx, &mut book, payout)?;
        book.exceptions.append(&mut self.opens);
        flush(tx, self.stamp, self.actor, book)?;
        ledger::post(tx, self.stamp, &self.postings(payout, debits)?)?;
        if let Some(mut paper) = payout.paper.clone() {
            let (person, line) = (self.persons.1, Some(payout.line.id));
            let step = Step { kind: "unmatched", state: "awaited", on: self.on, person, line };
            paper.step(tx, self.stamp, &step)?;
            paper.name_unknown(tx, self.stamp)?;
        }
        Ok(())
    }

    /// Each payment; returns the clearing that its money is claimed in again.
    pub(super) fn payments(
        &self,
        tx: &mut Tx<'_>,
        book: &mut Book,
        payout: &Payout,
    ) -> Result<Vec<(Account, Dong)>> {
        let unit = payout.line.unit;
        let brought = payout.payments.iter().filter(|paid| !paid.is_claimed);
        let mut shares = std::collections::BTreeMap::new();
        for paid in brought {
            shares.insert(paid.id, payment_query::allocated_to(tx, unit, paid.id)?);
        }
        // Obligations before payments, as everywhere.
        let owed: BTreeSet<(UnitId, ObligationId)> =
            shares.values().flatten().map(|(obligation, _)| (unit, *obligation)).collect();
        load_obligations(tx, self.stamp, book, &owed.into_iter().collect::<Vec<_>>())?;
        let keys: Vec<(UnitId, PaymentId)> = payout.payments.iter().map(|paid| (unit, paid.id)).collect();
        let locked = payment_query::lock_payments(tx, &keys)?;
        let pairs: BTreeSet<(UnitId, AccountId, String)> =
            locked.iter().filter_map(|one| Some((unit, one.account?, one.channel.clone()))).collect();
        for (key, (unproven, revision)) in query::exposures(tx, &pairs.into_iter().collect::<Vec<_>>())? {
            book.exposures.insert(key, Held::read(unproven, revision));
        }
        for payment in &locked {
            book.payments.insert((unit, payment.id), Held::read(payment.clone(), payment.revision));
        }
        let mut debits = Vec::with_capacity(locked.len());
        for payment in locked {
            let to = self.clearing(payout, &payment);
            debits.push((to.clone(), payment.amount));
            match shares.remove(&payment.id) {
                Some(shares) => self.take_back(tx, book, payout, (Taken { payment, shares }, to))?,
                None => self.unprove(tx, book, payout, &payment)?,
            }
        }
        Ok(debits)
    }

    fn clearing(&self, payout: &Payout, payment: &Payment) -> Account {
        match payment.movement {
            Some(_) => Account::Clearing(payout.line.account, payment.channel.clone()),
            None => pos::line::taken_into(payment)
                .unwrap_or_else(|| Account::Clearing(payout.line.account, payment.channel.clone())),
        }
    }

    /// The claim, or the counter's card, stands; its proof does not: its receipt stays.
    fn unprove(&self, tx: &mut Tx<'_>, book: &mut Book, payout: &Payout, payment: &Payment) -> Result<()> {
        let unit = payment.unit;
        let why = Some(self.why.to_owned());
        book.tell_payment(unit, payment.id, "unproven", PaymentState::Claimed, why)?;
        refund::drop_requested(tx, self.stamp, unit, payment.id, self.why)?;
        let Some(movement) = payment.movement else { return Ok(()) };
        book.expose(unit, payout.line.account, &payment.channel, payment.amount)?;
        if payment.other_unit.is_positive() {
            // The debt to the other unit is asked about under the claim again.
            let line = Subject::Line(payout.line.id);
            book.settled_exceptions.push((unit, Kind::WrongAccount, line, self.why));
            book.exceptions.push(exception::New {
                unit,
                kind: Kind::WrongAccount,
                subject: Subject::Movement(movement),
                account: Some(payout.line.account),
                amount: payment.amount,
                opened_on: self.stamp.today(),
                detail: String::new(),
            });
        }
        Ok(())
    }

    /// The line brought the payment: what it paid is open again.
    fn take_back(
        &self,
        tx: &mut Tx<'_>,
        book: &mut Book,
        payout: &Payout,
        (taken, to): (Taken, Account),
    ) -> Result<()> {
        let back = TakeBack {
            stamp: self.stamp,
            actor: self.actor,
            on: self.on,
            to,
            source: Source::Exception(self.item.id),
            why: self.why,
            end: PaymentState::Reversed,
        };
        back.all(tx, book, &taken)?;
        let line = Subject::Line(payout.line.id);
        book.settled_exceptions.push((taken.payment.unit, Kind::WrongAccount, line, self.why));
        Ok(())
    }

    /// Every movement as it is without this line, and the line's own.
    fn movements(&self, tx: &mut Tx<'_>, book: &mut Book, payout: &Payout) -> Result<()> {
        let unit = payout.line.unit;
        self.parts(tx, book, payout)?;
        let is_opened = |kind: &Kind| self.opens.iter().any(|new| new.kind == *kind);
        for kind in HELD_KINDS.into_iter().filter(|kind| !is_opened(kind)) {
            book.settled_exceptions.push((unit, kind, Subject::Line(payout.line.id), self.why));
        }
        // What a debit took is a movement of nobody.
        if payout.own.is_some() || !payout.line.amount.is_positive() {
            return Ok(());
        }
        unmatch::open_own(tx, self.stamp, &payout.line, self.own)
    }

    /// Every movement that the line showed.
    pub(super) fn parts(&self, tx: &mut Tx<'_>, book: &mut Book, payout: &Payout) -> Result<()> {
        let unit = payout.line.unit;
        let kept: BTreeSet<PaymentId> =
            payout.payments.iter().filter(|paid| paid.is_claimed).map(|paid| paid.id).collect();
        let mut undone = Vec::with_capacity(payout.parts.len());
        for part in &payout.parts {
            let (id, revision) = (part.movement.id, part.movement.revision);
            let mut held = Held::read(part.movement.clone(), revision);
            if payout.own == Some(part.id) {
                held.value.state = self.own;
            } else {
                let row = unmatch::part_row(self.stamp, &payout.line, id, part.amount)?;
                undone.push(unmatch::undoing(row, part.id, self.persons));
                held.value.payment = held.value.payment.filter(|payment| kept.contains(payment));
                held.value.state = if part.is_claimed() { State::Expected } else { State::Reversed };
                held.value.proven = Dong(held.value.proven.0.saturating_sub(part.amount.0));
            }
            touch(&mut held);
            book.movements.insert((unit, id), held);
            for kind in HELD_KINDS {
                book.settled_exceptions.push((unit, kind, Subject::Movement(id), self.why));
            }
        }
        rows::insert(tx, &undone)
    }

    /// The gross goes back to where it is claimed, so that each claim is seen to come back whole; of suspense the net
    /// is left when the fee is taken from the charges. What a debit took of the fee nobody explained.
    pub(super) fn postings(&self, payout: &Payout, mut debits: Vec<(Account, Dong)>) -> Result<Vec<Posting>> {
        let suspense = Account::Suspense(payout.line.id);
        debits.push((suspense.clone(), payout.waiting));
        let gross = payout.line.amount.checked_add(payout.fee)?;
        let posting = |(debit, credit, amount)| Posting {
            unit: payout.line.unit,
            debit,
            credit,
            amount,
            accounting_date: self.on,
            source: Source::Exception(self.item.id),
        };
        let mut pairs = pair(debits, vec![(suspense.clone(), gross)])?;
        let beyond = Dong::ZERO.checked_sub(payout.line.amount)?.max(Dong::ZERO);
        let unexplained = Account::UnexplainedDebit(payout.line.id);
        for (from, part) in [(suspense, payout.fee.checked_sub(beyond)?), (unexplained, beyond)] {
            if part.is_positive() {
                pairs.push((from, Account::ChargesToRecover, part));
            }
        }
        Ok(pairs.into_iter().map(posting).collect())
    }
}
