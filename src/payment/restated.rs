//! Lines that a corrected statement took out. What the bank account got of them is swapped, by the
//! contra line; the line that says the same money again takes over what they had shown, so that no
//! payment is un-proven, owed back and paid a second time because the bank moved a booking.

use super::book::Held;
use super::flush::flush;
use super::held::touch;
use super::line_query::{self, MatchPartRow};
use super::movement::State;
use super::payout::Paper;
use super::prove::{self, Desk, HELD_KINDS, LineWork, Mark};
use super::{movement_query, query};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::remittance;
use crate::store::{Stamp, Tx};

/// The class of interest, and the sub-item under which it is owed to the budget.
const INTEREST: &str = "interest";
/// The class of what the bank takes for its service.
const BANK_FEE: &str = "bank_fee";

/// A line that was taken out, the line that stands against it, and the one that says it again.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    pub original: LineWork,
    /// The class the original was posted with; `unknown` is no class of a line that takes over.
    pub class: &'static str,
    /// The class of what its money was found to be; the same where it was known when it came.
    pub placed: &'static str,
    pub contra: LineWork,
    /// The line of the new version, where it says the same money; in another amount it takes nothing over.
    pub successor: Option<LineWork>,
    /// Who accepted the version.
    pub decided_by: (PersonId, PersonId),
}

impl Withdrawal {
    fn place(&self) -> (UnitId, AccountId) {
        (self.contra.unit, self.contra.account)
    }

    /// Where money of the original is held that has no place of its own.
    fn held(&self) -> Account {
        held_under(&self.original)
    }
}

fn held_under(work: &LineWork) -> Account {
    let is_credit = work.amount.is_positive();
    if is_credit { Account::Suspense(work.line) } else { Account::UnexplainedDebit(work.line) }
}

/// Where the other side of a payout is held that nobody knows: chargebacks of a credit, sales of a debit.
fn beside_under(work: &LineWork) -> Account {
    let is_credit = work.amount.is_positive();
    if is_credit { Account::UnexplainedDebit(work.line) } else { Account::Suspense(work.line) }
}

/// Posts the contra line of an original that can be swapped or taken over, with the line that takes over.
/// False where neither is so: then the bank took money back, or gave it, and a person may have to decide.
pub fn take_out(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, one: &Withdrawal) -> Result<bool> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(one.contra.unit)?;
    query::lock_accounts(tx, &[one.place()])?;
    if line_query::case_of(tx, one.contra.unit, one.original.line)?.is_none() {
        pass_through(tx, stamp, actor, one)?;
        return Ok(true);
    }
    let waiting = ledger::balance(tx, one.contra.unit, &one.held())?;
    if Dong(waiting.0.saturating_abs()) == one.original.size() {
        swap(tx, stamp, actor, one, "")?;
        return Ok(true);
    }
    match one.successor.as_ref().filter(|successor| successor.amount == one.original.amount) {
        Some(successor) => take_over(tx, stamp, actor, one, successor)?,
        None if matches!(one.class, BANK_FEE | INTEREST) => swap(tx, stamp, actor, one, one.class)?,
        None => return Ok(false),
    }
    Ok(true)
}

/// Neither line was ever money: both are posted against each other, and ask nothing of anybody.
fn pass_through(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, one: &Withdrawal) -> Result<()> {
    let works = [&one.original, &one.contra];
    let mut desk = prove::look(tx, stamp, actor, &works, &[one.place()])?;
    for work in works {
        desk.move_bank(work, one.held());
    }
    store(tx, stamp, actor, desk, &works, &[reversal(&one.original), reversal(&one.contra)])
}

/// What the original posted, the other way round. `class` is empty where its money was still unplaced.
fn swap(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, one: &Withdrawal, class: &str) -> Result<()> {
    let contra = &one.contra;
    let mut desk = prove::look(tx, stamp, actor, &[contra], &[one.place()])?;
    let mut mark = reversal(contra);
    match class {
        BANK_FEE => {
            desk.move_bank(contra, Account::ChargesToRecover);
            mark.class = BANK_FEE;
        }
        INTEREST => {
            interest_back(tx, &mut desk, contra)?;
            mark.class = INTEREST;
        }
        _ => {
            desk.move_bank(contra, one.held());
            drop_unplaced(tx, stamp, &mut desk, one)?;
        }
    }
    store(tx, stamp, actor, desk, &[contra], &[mark])
}

/// Interest is owed to the budget at once; what an order took of it is the Treasury's to give back.
fn interest_back(tx: &mut Tx<'_>, desk: &mut Desk<'_>, contra: &LineWork) -> Result<()> {
    let due = Account::BudgetDue(INTEREST.into());
    let left = remittance::unordered(tx, contra.unit, contra.account, &due.to_string())?.min(contra.size());
    desk.entry(contra, due, Account::Interest, left);
    let taken = contra.size().checked_sub(left)?;
    desk.entry(contra, Account::BudgetRefundDue(INTEREST.into()), Account::Interest, taken);
    desk.move_bank(contra, Account::Interest);
    Ok(())
}

/// Nobody has to place money any more that never came. What a channel claimed waits for its line again.
fn drop_unplaced(tx: &mut Tx<'_>, stamp: &Stamp<'_>, desk: &mut Desk<'_>, one: &Withdrawal) -> Result<()> {
    let (unit, line) = (one.contra.unit, one.original.line);
    for part in line_query::standing_parts(tx, unit, line)? {
        let (_, id, amount) = part;
        let cause = (unit, Kind::BulkSettlement, Subject::Movement(id), WHY);
        desk.book.settled_exceptions.push(cause);
        let Some(movement) = movement_query::movements(tx, &[(unit, id)])?.pop() else { continue };
        if movement.payment.is_some() || movement.state != State::Proven {
            continue;
        }
        let revision = movement.revision;
        let mut held = Held::read(movement, revision);
        if held.value.claimed_by.is_empty() {
            held.value.state = State::Reversed;
        } else {
            held.value.state = State::Expected;
            held.value.proven = held.value.proven.checked_sub(amount)?;
            desk.match_parts.push(undo(stamp, one, part)?);
        }
        touch(&mut held);
        desk.book.movements.insert((unit, id), held);
    }
    let kinds = HELD_KINDS.into_iter().chain([Kind::UnknownDebit, Kind::RefundUnmatched, Kind::BankFee]);
    for kind in kinds {
        desk.book.settled_exceptions.push((unit, kind, Subject::Line(line), WHY));
    }
    Ok(())
}

/// The line shows the movement no more; the persons who accepted the version decided that.
fn undo(
    stamp: &Stamp<'_>,
    one: &Withdrawal,
    (id, movement, amount): (MatchId, MovementId, Dong),
) -> Result<MatchPartRow> {
    let (maker, checker) = one.decided_by;
    Ok(MatchPartRow {
        unit_id: one.contra.unit,
        id: stamp.mint()?,
        line_id: one.original.line,
        movement_id: movement,
        amount,
        rule: one.contra.rule,
        evidence: one.contra.evidence.clone(),
        maker_person_id: Some(maker),
        checker_person_id: Some(checker),
        undoes_id: Some(id),
        created_at: stamp.now,
    })
}

const WHY: &str = "the corrected statement took the line out";

/// Only the bank account moves, from the day and the line of the one to those of the other: payments,
/// receipts and what papers posted stay as they are, and the new line shows movements and papers from now on.
fn take_over(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    one: &Withdrawal,
    successor: &LineWork,
) -> Result<()> {
    let works = [&one.contra, successor];
    let mut desk = prove::look(tx, stamp, actor, &works, &[one.place()])?;
    for work in works {
        desk.move_bank(work, one.held());
    }
    // Whose account it was, the new line says.
    line_query::forget_taught(tx, one.contra.unit, one.original.line)?;
    let beside = line_query::parts_beside(tx, one.contra.unit, one.original.line)?;
    for part in line_query::standing_parts(tx, one.contra.unit, one.original.line)? {
        desk.match_parts.push(undo(stamp, one, part)?);
        desk.link(successor, part.1, part.2)?;
        if let Some(linked) = desk.match_parts.last_mut().filter(|_| beside.contains(&part)) {
            linked.rule = line_query::SETTLED_WITH;
        }
    }
    if let Some((mut paper, on)) = Paper::shown_by(tx, one.contra.unit, one.original.line)? {
        paper.shown_anew(tx, stamp, (successor.line, on), one.decided_by.1)?;
    }
    let left = move_unplaced(tx, &mut desk, one, successor)?;
    let class = if left.is_zero() { one.placed } else { "unknown" };
    // What stands gross may be more than the line.
    let taken = Mark { matched: successor.size().checked_sub(left.min(successor.size()))?, class };
    store(tx, stamp, actor, desk, &works, &[reversal(&one.contra), taken])
}

/// What of the original nobody could place yet waits under the new line, with what is asked about it.
fn move_unplaced(
    tx: &mut Tx<'_>,
    desk: &mut Desk<'_>,
    one: &Withdrawal,
    successor: &LineWork,
) -> Result<Dong> {
    let (unit, line) = (one.contra.unit, one.original.line);
    let mut moved = |from: Account, to: Account| -> Result<Dong> {
        let balance = ledger::balance(tx, unit, &from)?;
        let sum = Dong(balance.0.saturating_abs());
        let (debit, credit) = if balance < Dong::ZERO { (from, to) } else { (to, from) };
        desk.entry(successor, debit, credit, sum);
        Ok(sum)
    };
    let left = moved(one.held(), held_under(successor))?;
    moved(beside_under(&one.original), beside_under(successor))?;
    // A debt is asked for under the line that made it, and ends there.
    let is_debt = !ledger::recovered_by(tx, unit, line)?.is_empty();
    let kinds = HELD_KINDS.into_iter().chain([Kind::UnknownDebit, Kind::RefundUnmatched, Kind::BankFee]);
    for kind in kinds.filter(|kind| !(is_debt && *kind == Kind::BankReversal)) {
        if let Some(item) = exception::find_open(tx, unit, kind, Subject::Line(line))? {
            desk.book.settled_exceptions.push((unit, kind, Subject::Line(line), "another line shows it"));
            desk.note(successor, kind, item.amount);
        }
    }
    Ok(left)
}

impl Desk<'_> {
    /// The line's sum between the bank account and another one.
    fn move_bank(&mut self, work: &LineWork, other: Account) {
        let bank = Account::Bank(work.account);
        let (debit, credit) = if work.amount.is_positive() { (bank, other) } else { (other, bank) };
        self.entry(work, debit, credit, work.size());
    }
}

fn reversal(work: &LineWork) -> Mark {
    Mark { matched: work.size(), class: "reversal" }
}

fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    desk: Desk<'_>,
    works: &[&LineWork],
    marks: &[Mark],
) -> Result<()> {
    prove::write(tx, stamp, &desk, works, marks)?;
    flush(tx, stamp, actor, desk.book).map(|_| ())
}
