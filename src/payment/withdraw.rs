//! What withdrawing a correction that waits for more money does: the lines before it are in force
//! again, and what was paid of the difference is owed back to its payers.

use super::amend::{Amendment, Desk, lock_accounts};
use super::awaited_query;
use super::book::Book;
use super::correcting::kind_of;
use super::query;
use crate::actor::Actor;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::*;
use crate::ledger::{Account, Source};
use crate::obligation::{self, State, edition};
use crate::receipt::query as receipts;
use crate::receipt::relation::Action;
use crate::store::{Stamp, Tx, failure};

/// An agreed withdrawal.
pub struct Withdrawal {
    pub unit: UnitId,
    pub correction: CorrectionId,
    pub obligation: ObligationId,
    pub reason: String,
    /// Who asked for it; the refunds it opens are theirs to pursue.
    pub maker: PersonId,
}

/// What it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// Of what was paid of the difference.
    pub refunds: Vec<RefundId>,
}

/// Withdraws. Roles and persons are the caller's.
///
/// # Errors
/// `correction_not_awaiting` when its money came meanwhile.
pub fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    withdrawal: &Withdrawal,
) -> Result<Withdrawn> {
    let (unit, id) = (withdrawal.unit, withdrawal.obligation);
    let before = obligation::find(tx, unit, id)?;
    lock_accounts(tx, &before)?;
    let on = query::first_open_day(tx, unit, before.account, stamp.today())?;
    let not_awaiting = || {
        Error::conflict("correction_not_awaiting", "its money came meanwhile; its document is made or due")
    };
    let missing = || Error::internal("a waiting correction names what is not there");
    let waiting = awaited_query::waiting(tx, unit, id)?.filter(|row| row.0 == withdrawal.correction);
    let (correction, original, _, _, _, revision) = waiting.ok_or_else(not_awaiting)?;
    let (lines_before, _) = edition::newest_two(tx, &before)?;
    let begun = edition::begin(tx, stamp, actor, unit, id, &lines_before, &withdrawal.reason)?;
    if begun.revision != before.revision + 1 {
        return Err(Error::busy(failure::RETRY, 1, "the obligation changed meanwhile"));
    }
    let original = receipts::by_id(tx, unit, original)?.ok_or_else(missing)?;
    let amendment = Amendment {
        correction,
        action: Action::Adjust,
        original: &original,
        lines: Vec::new(),
        party: None,
        note: String::new(),
        reason: withdrawal.reason.clone(),
        maker: withdrawal.maker,
    };
    let kind = kind_of(&original)?;
    let book = Book::new(audit::actor_text(actor), stamp.now);
    let mut desk = Desk { tx, stamp, actor, amendment: &amendment, kind, on, book };
    let (owed, shares) = desk.held()?;
    if !matches!(owed.state, State::Reopened | State::PartlyPaid) {
        return Err(not_awaiting());
    }
    let excess = owed.allocated.checked_sub(owed.total)?;
    let advance = Account::ReceivedInAdvance(id);
    let down = if excess.is_positive() { vec![(advance, excess)] } else { Vec::new() };
    let surplus = desk.give_back(shares, down, Source::Correction(correction))?;
    desk.tell(&owed, "correction_withdrawn", State::Paid, owed.total, None)?;
    let refunds = desk.open_refunds(&owed, &surplus)?;
    let why = "the correction was withdrawn";
    desk.book.settled_exceptions.push((unit, Kind::Underpaid, Subject::Obligation(id), why));
    desk.flush()?;
    awaited_query::withdrawn(tx, unit, correction, revision)?;
    Ok(Withdrawn { refunds })
}
