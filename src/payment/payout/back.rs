//! The bank took back what a line had paid out at once, less a fee. What the line showed waits for its line again: it
//! is taken apart, and its money leaves suspense with the debit that took it.

use chrono::Datelike;

use super::apart::{Apart, Payout, of};
use super::paper::Paper;
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Exception, Proposal};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::movement::State;
use crate::payment::{query, settle_cash};
use crate::statement;
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
/// Errors: `unit_handed_over`, and as `unmatch::plan`.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    let debit = settle_cash::line_of(conn, item)?;
    let on = statement::query::line(conn, item.unit, debit)?.booking_date;
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
    let line = statement::query::line(conn, item.unit, LineId(line))?;
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
