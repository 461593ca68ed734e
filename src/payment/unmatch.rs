//! A statement line that is matched wrongly is taken apart: one person asks, another approves. The line
//! waits in suspense as money that nobody knows, a claim it was taken for waits for its own line again,
//! and what was paid with it is open again. A line that a rule, or the code of a paper of ours, explained alone
//! waits for its explanation in the same way, money out as an unexplained debit. `bank` stays as the line
//! posted it.

use super::book::{Book, Held, PaymentState};
use super::flush::flush;
use super::held::{movement_row, touch};
use super::line_query::{self, LineMark, MatchPartRow};
use super::movement::{Movement, State, line_key};
use super::payout::{self, Apart, Payout};
use super::settle_cash;
use super::take_back::{self, TakeBack};
use super::undo::{self, Effect};
use super::unexplain::{self, Explained};
use super::{Direction, movement_query, payment_query, query};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, Proposal, Subject, UNMATCH, work_query};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::statement::{self, StoredLine};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::unit::succession;

/// What a line may have been posted as, to be taken apart here. What a batch or a gateway paid out at once is looked at
/// by `payout`; charges, interest, the cash of slips and the debits of refunds and orders by `unexplain`. The credits
/// of refunds and orders are papers with a way back of their own.
const CASES: [&str; 5] = ["proof", "same_money", "credit", "taken_over", "unknown_credit"];
const RULE: &str = "unmatched";
pub(super) const WHY: &str = "the line was matched wrongly";

/// A match of a line as it stands.
pub(super) struct Part {
    pub id: MatchId,
    pub movement: Movement,
    pub amount: Dong,
}

impl Part {
    /// A channel told of it; without one the line itself brought the movement.
    pub fn is_claimed(&self) -> bool {
        !self.movement.claimed_by.is_empty()
    }
}

/// A line that can be taken apart.
pub struct Plan {
    line: StoredLine,
    parts: Vec<Part>,
    /// Where the line paid out many payments at once.
    payout: Option<Payout>,
    /// Where no payment was made of it.
    explained: Option<Explained>,
    pub effect: Effect,
}

impl Plan {
    /// The line's sum, without its sign.
    fn size(&self) -> Dong {
        Dong(self.line.amount.0.saturating_abs())
    }

    /// Under what the line waits from now on.
    fn kind(&self) -> Kind {
        if self.line.amount.is_positive() { Kind::UnidentifiedCredit } else { Kind::UnknownDebit }
    }

    /// What only the line itself brought is the line's movement still.
    fn keeps(&self, part: &Part) -> bool {
        self.parts.len() == 1 && !part.is_claimed()
    }
}

/// Who asks for a line to be taken apart.
pub const ASKERS: [Role; 2] = [Role::Finance, Role::Approver];

/// Asks for a line to be taken apart: an exception about it with the proposal of its un-matching.
///
/// # Errors
/// Those of `plan`; `exception_not_open` when somebody asked already; `reason_missing`.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, line): (UnitId, LineId),
    reason: &str,
) -> Result<Exception> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(unit)?;
    let plan = plan(tx, unit, line)?;
    let new = exception::New {
        unit,
        kind: Kind::MatchDoubted,
        subject: Subject::Line(line),
        account: Some(plan.line.account),
        amount: plan.size(),
        opened_on: stamp.today(),
        detail: String::new(),
    };
    exception::open(tx, stamp, &[new])?;
    let id = exception::query::by_subject(tx, unit, Kind::MatchDoubted, Subject::Line(line))?;
    exception::propose(tx, stamp, actor, unit, id, (UNMATCH, None, reason))
}

/// What un-matching would do, for the person who is to approve it.
pub fn check(conn: &mut Conn, item: &Exception) -> Result<Effect> {
    if item.kind != Kind::MatchDoubted || item.subject_kind != "line" {
        return Err(Error::conflict("resolution_unfit", "ask for the line to be taken apart"));
    }
    plan(conn, item.unit, LineId(item.subject_id)).map(|plan| plan.effect)
}

/// Looks at a line.
///
/// # Errors
/// `unit_handed_over`, `line_not_found`, `unmatch_unfit`, `unmatch_day_closed`, `undo_ordered`, and those of `undo`.
pub fn plan(conn: &mut Conn, unit: UnitId, id: LineId) -> Result<Plan> {
    let unfit = |detail: &str| Error::conflict("unmatch_unfit", detail);
    succession::require_not_handed_over(conn, unit)?;
    let line = statement::line_query::line(conn, unit, id)?;
    let posted_on = line.posted_on.unwrap_or(line.booking_date);
    if let Some(payout) = payout::of(conn, &line)? {
        for day in [posted_on, payout.shown_on] {
            require_open(conn, &line, day)?;
        }
        let effect = payout.effect.clone();
        return Ok(Plan { line, parts: Vec::new(), payout: Some(payout), explained: None, effect });
    }
    if let Some(explained) = unexplain::of_line(conn, &line)? {
        require_open(conn, &line, posted_on)?;
        let effect = explained.effect.clone();
        return Ok(Plan { line, parts: Vec::new(), payout: None, explained: Some(explained), effect });
    }
    let case = line_query::case_of(conn, unit, id)?.unwrap_or_default();
    if !CASES.contains(&case.as_str()) || !line.amount.is_positive() {
        return Err(unfit("no claim and no code was matched with it"));
    }
    require_open(conn, &line, posted_on)?;
    let parts = parts(conn, unit, id)?;
    let shown = Dong::sum(parts.iter().map(|part| part.amount))?;
    // What of a line that was split by hand waits in suspense goes back with the rest.
    let free = parts.iter().filter(|part| part.movement.payment.is_none()).map(|part| part.amount);
    let is_free = settle_cash::in_suspense(conn, unit, id)? == Dong::sum(free)?;
    let is_placed = parts.iter().any(|part| part.movement.payment.is_some());
    if !is_placed || !is_free || shown != line.amount {
        return Err(unfit("its money stands in suspense, or is of a paper of its own"));
    }
    let mut effect = Effect { line: Some(id), to_suspense: line.amount, ..Effect::default() };
    for part in &parts {
        let Some(payment) = part.movement.payment else { continue };
        if part.movement.state == State::Reversed {
            return Err(unfit("the bank took its money back since"));
        }
        if part.is_claimed() {
            effect.expected_again.push(part.movement.id);
        }
        match settled_before(conn, unit, payment)? {
            Some(claimed) => undo::of_refunds(conn, &claimed, &mut effect)?,
            None if part.amount == part.movement.amount => {
                undo::of_payment(conn, unit, payment, &mut effect)?;
            }
            None => return Err(unfit("other lines show a part of the same payment")),
        }
    }
    Ok(Plan { line, parts, payout: None, explained: None, effect })
}

fn require_open(conn: &mut Conn, line: &StoredLine, day: BusinessDay) -> Result<()> {
    let key = (line.unit, line.account);
    if !query::closed_days(conn, &[key], day)?.contains(&(key.0, key.1, day)) {
        return Ok(());
    }
    let detail = format!("{day} is closed: two persons open it again first");
    Err(Error::conflict("unmatch_day_closed", detail))
}

/// Whether two persons took this line apart at some time: then no run joins it with its paper again.
pub(super) fn was_taken_apart(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<bool> {
    let Some(item) = exception::find_any(conn, unit, Kind::MatchDoubted, Subject::Line(line))? else {
        return Ok(false);
    };
    Ok(work_query::events(conn, unit, item.id)?.iter().any(|event| event.kind == "approved"))
}

/// The matches of a line as they stand, without what was only settled with its payout.
pub(super) fn parts(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<Part>> {
    let own = line_query::own_parts(conn, unit, line)?;
    with_movements(conn, unit, own)
}

/// Only what was settled with a line's payout.
pub(super) fn parts_beside(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<Part>> {
    let beside = line_query::parts_beside(conn, unit, line)?;
    with_movements(conn, unit, beside)
}

fn with_movements(
    conn: &mut Conn,
    unit: UnitId,
    matches: Vec<(MatchId, MovementId, Dong)>,
) -> Result<Vec<Part>> {
    let mut found = Vec::with_capacity(matches.len());
    for (id, movement, amount) in matches {
        let movement = movement_query::movements(conn, &[(unit, movement)])?.pop();
        let movement = movement.ok_or_else(|| Error::internal("a matched movement is gone"))?;
        found.push(Part { id, movement, amount });
    }
    Ok(found)
}

/// The payment, where a channel settled it and the line only proved it.
fn settled_before(conn: &mut Conn, unit: UnitId, id: PaymentId) -> Result<Option<super::book::Payment>> {
    let payment = payment_query::payments(conn, &[(unit, id)])?.pop();
    Ok(payment.filter(|payment| payment.debit_account.starts_with("clearing/")))
}

/// Carries it out. The line's account is locked.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    proposal: &Proposal,
) -> Result<()> {
    let plan = plan(tx, item.unit, LineId(item.subject_id))?;
    let own = plan.line.posted_on.unwrap_or(plan.line.booking_date);
    // Not before what it takes back: the line may have found its place by a decision on a later day.
    let suspense = Account::Suspense(plan.line.id);
    let on = own.max(ledger::last_day(tx, item.unit, &suspense)?.unwrap_or(own));
    let on = plan.payout.as_ref().map_or(on, |payout| on.max(payout.shown_on));
    let on = if on == own { on } else { query::first_open_day(tx, item.unit, plan.line.account, on)? };
    let persons = (proposal.maker, actor.require_person()?);
    let opens = exception::New {
        unit: item.unit,
        kind: plan.kind(),
        subject: item_subject(item),
        account: item.account,
        amount: plan.size(),
        opened_on: stamp.today(),
        detail: Detail::Unmatched { exception: item.id }.into(),
    };
    if let Some(payout) = &plan.payout {
        let own = State::Proven;
        let apart = Apart { stamp, actor, item, persons, on, why: WHY, own, opens: vec![opens] };
        apart.all(tx, payout)?;
    } else if let Some(explained) = &plan.explained {
        explained.take_off_line(tx, stamp, actor, (item, &plan.line), opens)?;
    } else {
        let book = Book::new(audit::actor_text(actor), stamp.now);
        let mut desk = Desk { tx, stamp, actor, item, plan: &plan, on, book, clearing: Vec::new() };
        desk.take_apart(persons)?;
        let Desk { mut book, clearing, .. } = desk;
        book.exceptions.push(opens);
        flush(tx, stamp, actor, book)?;
        ledger::post(tx, stamp, &clearing)?;
    }
    line_query::forget_taught(tx, item.unit, plan.line.id)?;
    line_query::mark_lines(
        tx,
        &[LineMark {
            unit: item.unit,
            line: plan.line.id,
            revision: plan.line.revision,
            matched: plan.size(),
            class: "unknown",
            posted_on: own,
        }],
    )?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, item.unit, "line.unmatched", plan.line.id)])
}

fn item_subject(item: &Exception) -> Subject {
    Subject::Line(LineId(item.subject_id))
}

/// A line that is being taken apart.
struct Desk<'a, 'tx, 'conn> {
    tx: &'tx mut Tx<'conn>,
    stamp: &'a Stamp<'a>,
    actor: &'a Actor,
    item: &'a Exception,
    plan: &'a Plan,
    /// The accounting date: the line's own, which is open.
    on: BusinessDay,
    book: Book,
    /// Back to what a channel only claims: no payment of this book's making puts it there.
    clearing: Vec<Posting>,
}

impl Desk<'_, '_, '_> {
    fn suspense(&self) -> Account {
        Account::Suspense(self.plan.line.id)
    }

    fn take_apart(&mut self, persons: (PersonId, PersonId)) -> Result<()> {
        let plan = self.plan;
        let mut undone = Vec::new();
        for part in &plan.parts {
            let is_settled = self.empty(part)?;
            self.release(part, is_settled);
            if !plan.keeps(part) {
                undone.push(self.undo(part, persons)?);
            }
        }
        rows::insert(self.tx, &undone)?;
        if undone.is_empty() { Ok(()) } else { open_own(self.tx, self.stamp, &plan.line, State::Proven) }
    }

    /// Takes a part's money back to suspense. True where its payment stands on a claim and stays.
    fn empty(&mut self, part: &Part) -> Result<bool> {
        let Some(payment) = part.movement.payment else {
            let rest = Subject::Movement(part.movement.id);
            self.book.settled_exceptions.push((self.item.unit, Kind::UnidentifiedCredit, rest, WHY));
            return Ok(false);
        };
        if settled_before(self.tx, self.item.unit, payment)?.is_some() {
            self.unprove(part, payment)?;
            return Ok(true);
        }
        self.take_back(payment)?;
        Ok(false)
    }

    /// The claim stands, its proof does not: the money is claimed again, and its receipt stays.
    fn unprove(&mut self, part: &Part, id: PaymentId) -> Result<()> {
        let unit = self.item.unit;
        let taken = take_back::read(self.tx, self.stamp, &mut self.book, (unit, id))?;
        let payment = taken.payment;
        let account = self.plan.line.account;
        if payment.state == PaymentState::Proven {
            self.book.tell_payment(unit, id, "unproven", PaymentState::Claimed, Some(WHY.into()))?;
        }
        self.book.expose(unit, account, &payment.channel, part.amount)?;
        super::refund::drop_requested(self.tx, self.stamp, unit, id, WHY)?;
        self.clearing.push(Posting {
            unit,
            debit: Account::Clearing(account, payment.channel.clone()),
            credit: self.suspense(),
            amount: part.amount,
            accounting_date: self.on,
            source: Source::Exception(self.item.id),
        });
        if payment.other_unit.is_positive() {
            // The debt to the other unit is asked about under the claim again.
            self.book.settled_exceptions.push((unit, Kind::WrongAccount, item_subject(self.item), WHY));
            self.book.exceptions.push(exception::New {
                unit,
                kind: Kind::WrongAccount,
                subject: Subject::Movement(part.movement.id),
                account: Some(account),
                amount: part.amount,
                opened_on: self.stamp.today(),
                detail: String::new(),
            });
        }
        Ok(())
    }

    /// The line brought the payment: what it paid is open again.
    fn take_back(&mut self, id: PaymentId) -> Result<()> {
        let unit = self.item.unit;
        let taken = take_back::read(self.tx, self.stamp, &mut self.book, (unit, id))?;
        let back = TakeBack {
            stamp: self.stamp,
            actor: self.actor,
            on: self.on,
            to: self.suspense(),
            source: Source::Exception(self.item.id),
            why: WHY,
            end: PaymentState::Reversed,
        };
        back.all(self.tx, &mut self.book, &taken)?;
        self.book.settled_exceptions.push((unit, Kind::WrongAccount, item_subject(self.item), WHY));
        Ok(())
    }

    /// The movement as it is without this match.
    fn release(&mut self, part: &Part, keeps_payment: bool) {
        let movement = part.movement.clone();
        let revision = movement.revision;
        let mut held = Held::read(movement, revision);
        if !keeps_payment {
            held.value.payment = None;
        }
        if !self.plan.keeps(part) {
            held.value.state = if part.is_claimed() { State::Expected } else { State::Reversed };
            held.value.proven = Dong(held.value.proven.0.saturating_sub(part.amount.0));
        }
        touch(&mut held);
        self.book.movements.insert((self.item.unit, part.movement.id), held);
    }

    fn undo(&self, part: &Part, persons: (PersonId, PersonId)) -> Result<MatchPartRow> {
        let row = part_row(self.stamp, &self.plan.line, part.movement.id, part.amount)?;
        Ok(undoing(row, part.id, persons))
    }
}

/// The line's money is a movement of its own from now on, which it shows.
pub(super) fn open_own(tx: &mut Tx<'_>, stamp: &Stamp<'_>, line: &StoredLine, state: State) -> Result<()> {
    let own = own_movement(stamp, line, state)?;
    rows::insert(tx, &[movement_row(&own, stamp)])?;
    rows::insert_if_absent(tx, &[own_key(line, own.id)], &["unit_id", "key"])?;
    rows::insert(tx, &[part_row(stamp, line, own.id, line.amount)?])
}

/// A part that the un-matching writes.
pub(super) fn part_row(
    stamp: &Stamp<'_>,
    line: &StoredLine,
    movement_id: MovementId,
    amount: Dong,
) -> Result<MatchPartRow> {
    Ok(MatchPartRow {
        unit_id: line.unit,
        id: stamp.mint()?,
        line_id: line.id,
        movement_id,
        amount,
        rule: RULE,
        evidence: "[]".to_owned(),
        maker_person_id: None,
        checker_person_id: None,
        undoes_id: None,
        created_at: stamp.now,
    })
}

/// The same as what takes an earlier part back, by two persons.
pub(super) fn undoing(
    row: MatchPartRow,
    undoes: MatchId,
    (maker, checker): (PersonId, PersonId),
) -> MatchPartRow {
    MatchPartRow {
        undoes_id: Some(undoes),
        maker_person_id: Some(maker),
        checker_person_id: Some(checker),
        ..row
    }
}

/// It has no code: what the memo names is what persons said it is not.
fn own_movement(stamp: &Stamp<'_>, line: &StoredLine, state: State) -> Result<Movement> {
    Ok(Movement {
        unit: line.unit,
        id: stamp.mint()?,
        account: line.account,
        direction: Direction::Credit,
        amount: line.amount,
        code: String::new(),
        first_seen_on: line.booking_date,
        proven: line.amount,
        claimed_by: String::new(),
        payment: None,
        state,
        revision: 1,
    })
}

fn own_key(line: &StoredLine, movement_id: MovementId) -> movement_query::MovementKeyRow {
    movement_query::MovementKeyRow { unit_id: line.unit, key: line_key(line.id), movement_id }
}
