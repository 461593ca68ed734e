//! The bank took back what a line had paid out at once, less a fee. What the line showed waits for its line again: it
//! is taken apart, and its money leaves suspense with the debit that took it. Where that was said wrongly, two persons
//! open the debit's item again: it waits, and so does the line's money.

use chrono::Datelike;

use super::apart::{Apart, Payout, of};
use super::paper::Paper;
use crate::actor::Actor;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::book::{Book, Held};
use crate::payment::flush::flush;
use crate::payment::held::touch;
use crate::payment::line_query::{self, LineMark};
use crate::payment::movement::{Movement, State};
use crate::payment::undo::Effect;
use crate::payment::{query, settle_cash, unmatch};
use crate::statement::{self, StoredLine};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::succession;

/// An unexplained debit took back what a line paid out (target: the line, its batch or its settlement, or none where
/// only one of exactly this sum is there).
pub const PAYOUT_BACK: &str = "payout_back";

const WHY: &str = "the bank took back what was paid out";

/// The line that is meant: the one named, by itself or by its paper, or the only one whose paper paid out this sum.
pub(in crate::payment) fn named(
    conn: &mut Conn,
    item: &Exception,
    target: Option<i64>,
) -> Result<Option<i64>> {
    if let Some(target) = target {
        return Ok(Some(Paper::line_of(conn, item.unit, target)?.map_or(target, |line| line.0)));
    }
    let Some(account) = item.account else { return Ok(None) };
    Ok(match Paper::lines_of(conn, item.unit, account, item.amount)?.as_slice() {
        [only] => Some(only.0),
        _ => None,
    })
}

/// Whether some paper paid out this sum on the item's account, and a line shows it still.
pub fn could_be(conn: &mut Conn, item: &Exception) -> Result<bool> {
    let Some(account) = item.account else { return Ok(false) };
    Ok(!Paper::lines_of(conn, item.unit, account, item.amount)?.is_empty())
}

/// Whether the target paid out exactly this sum, and all of it is where it was put.
///
/// # Errors
/// `unit_handed_over`, and as `unmatch::plan`.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    let debit = settle_cash::line_of(conn, item)?;
    let on = statement::line_query::line(conn, item.unit, debit)?.booking_date;
    Ok(plan(conn, item, target, on)?.is_some())
}

fn plan(
    conn: &mut Conn,
    item: &Exception,
    target: Option<i64>,
    on: BusinessDay,
) -> Result<Option<(LineId, Payout)>> {
    succession::require_not_handed_over(conn, item.unit)?;
    let Some(line) = named(conn, item, target)? else { return Ok(None) };
    let line = statement::line_query::line(conn, item.unit, LineId(line))?;
    if line.amount != item.amount || Some(line.account) != item.account {
        return Ok(None);
    }
    let Some(payout) = of(conn, &line)? else { return Ok(None) };
    // What an earlier month shared out stays shared out: it would be shared out once more when it comes again.
    let (day, account) = (payout.shown_on, line.account);
    let is_earlier = (day.year(), day.0.month()) < (on.year(), on.0.month());
    let key = (item.unit, account);
    if is_earlier && query::closed_days(conn, &[key], day)?.contains(&(key.0, key.1, day)) {
        let detail = format!("{day} is closed, in an earlier month: two persons open it again first");
        return Err(Error::conflict("unmatch_day_closed", detail));
    }
    Ok(Some((line.id, payout)))
}

/// Carries it out on that day. The debit's account is locked.
pub(in crate::payment) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    on: BusinessDay,
) -> Result<()> {
    let gone = || Error::conflict("resolution_unfit", "no line paid out exactly this sum any more");
    let (line, payout) = plan(tx, item, proposal.target, on)?.ok_or_else(gone)?;
    let persons = (proposal.maker, actor.require_person()?);
    let own = State::Reversed;
    Apart { stamp, actor, item, persons, on, why: WHY, own, opens: Vec::new() }.all(tx, &payout)?;
    let taken = Posting {
        unit: item.unit,
        debit: Account::Suspense(line),
        credit: Account::UnexplainedDebit(settle_cash::line_of(tx, item)?),
        amount: item.amount,
        accounting_date: on,
        source: Source::Exception(item.id),
    };
    ledger::post(tx, stamp, &[taken])
}

/// What two persons said was back, and is not.
pub(in crate::payment) struct Kept {
    line: StoredLine,
    /// The line's own movement, which ended with the debit.
    own: Movement,
    debit: LineId,
    pub effect: Effect,
}

/// The line (target) whose payout a settled item said the bank took back.
///
/// # Errors
/// `undo_money_gone` where the line shows something else since.
pub(in crate::payment) fn kept(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<Kept> {
    let gone = || Error::conflict("undo_money_gone", "the line that paid it out shows something else since");
    let line = statement::line_query::line(conn, item.unit, LineId(target.ok_or_else(gone)?))?;
    let debit = settle_cash::line_of(conn, item)?;
    let stands = settle_cash::in_suspense(conn, item.unit, line.id)?;
    let mut parts = unmatch::parts(conn, item.unit, line.id)?;
    let own = parts.pop().filter(|_| parts.is_empty()).map(|part| part.movement);
    let is_ended =
        |one: &Movement| one.state == State::Reversed && one.payment.is_none() && one.amount == line.amount;
    let own = own.filter(is_ended).filter(|_| stands.is_zero()).ok_or_else(gone)?;
    let effect = Effect { line: Some(debit), to_suspense: item.amount, ..Effect::default() };
    Ok(Kept { line, own, debit, effect })
}

impl Kept {
    /// Carries it out for the item that two persons opened again. Its account is locked. The debit waits for its
    /// explanation and the line's money for its place, where the next run finds the paper that still waits for it.
    pub fn carry_out(
        self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        (item, on): (&Exception, BusinessDay),
    ) -> Result<()> {
        let mut book = Book::new(audit::actor_text(actor), stamp.now);
        let (key, revision) = ((self.own.unit, self.own.id), self.own.revision);
        let mut held = Held::read(self.own, revision);
        held.value.state = State::Proven;
        touch(&mut held);
        book.movements.insert(key, held);
        book.exceptions.push(exception::New {
            unit: item.unit,
            kind: Kind::UnidentifiedCredit,
            subject: Subject::Line(self.line.id),
            account: item.account,
            amount: self.line.amount,
            opened_on: stamp.today(),
            detail: Detail::Unmatched { exception: item.id }.into(),
        });
        flush(tx, stamp, actor, book)?;
        let back = Posting {
            unit: item.unit,
            debit: Account::UnexplainedDebit(self.debit),
            credit: Account::Suspense(self.line.id),
            amount: item.amount,
            accounting_date: on,
            source: Source::Exception(item.id),
        };
        ledger::post(tx, stamp, &[back])?;
        mark_unknown(tx, &self.line)
    }
}

/// A day that is closed keeps what its certificate says of the line; its money is carried on the days after it.
fn mark_unknown(tx: &mut Tx<'_>, line: &StoredLine) -> Result<()> {
    let posted_on = line.posted_on.unwrap_or(line.booking_date);
    let key = (line.unit, line.account);
    if query::closed_days(tx, &[key], posted_on)?.contains(&(key.0, key.1, posted_on)) {
        return Ok(());
    }
    let (unit, revision, matched) = (line.unit, line.revision, line.amount);
    let mark = LineMark { unit, line: line.id, revision, matched, class: "unknown", posted_on };
    line_query::mark_lines(tx, &[mark])
}
