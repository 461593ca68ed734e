//! A debit that was no money of an order is taken off it again, by two persons who decided so: the order waits for its
//! debit as before. What the Treasury reported of it stands.

use super::{Leg, Order, State, What, find, query, rules, step};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{LineId, UnitId};
use crate::ledger::Account;
use crate::store::past::PastEvent;
use crate::store::{Conn, Stamp, Tx};

/// The step of an order with which a debit is taken off it.
const UNDEBITED: &str = "undebited";
const WHY: &str = "the debit was no money of the order";

/// What one line showed leaving for an order, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debit {
    pub order: Order,
    line: LineId,
    /// Where the order stands without it.
    without: State,
}

/// The debit of an order that a line showed; None where it showed none, or where that was taken back.
///
/// # Errors
/// `undo_money_gone` where money of the order came back since, or the Treasury kept a part of it only.
pub fn standing(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Option<Debit>> {
    for id in query::debited_by(conn, unit, line)? {
        if !is_debited_last(&query::events(conn, unit, id)?, line) {
            continue;
        }
        let order = find(conn, unit, id)?;
        let gone = || {
            let detail = "money of the order came back since, or a part of it was rejected";
            Error::conflict("undo_money_gone", detail)
        };
        let without = rules::undebited(&order).ok_or_else(gone)?;
        return Ok(Some(Debit { order, line, without }));
    }
    Ok(None)
}

/// The last word about a line says whether it debits the order. Events are in their order.
fn is_debited_last(events: &[PastEvent], line: LineId) -> bool {
    let last = events.iter().rev().find(|event| event.line == Some(line));
    last.is_some_and(|event| event.kind != UNDEBITED)
}

impl Debit {
    /// What takes its postings back, from under the line: debit, credit, amount.
    ///
    /// # Errors
    /// Those of the store.
    pub fn back(&self, conn: &mut Conn) -> Result<Vec<(Account, Account, Dong)>> {
        let lines = query::lines(conn, self.order.unit, self.order.id)?;
        let posted = rules::postings(&self.order, &lines, Leg::Out, self.order.account)?;
        let unexplained = Account::UnexplainedDebit(self.line);
        Ok(posted.into_iter().map(|(paid, _, amount)| (unexplained.clone(), paid, amount)).collect())
    }
}

/// Takes it off its order. The postings are the caller's, who holds the lock of the account.
///
/// # Errors
/// Those of the store.
pub fn take_back(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, debit: &Debit) -> Result<()> {
    let mut order = debit.order.clone();
    order.was_debited = false;
    let what = What {
        kind: UNDEBITED,
        person: actor.person,
        line: Some(debit.line),
        reason: Some(WHY.to_owned()),
        ..What::default()
    };
    step(tx, stamp, &mut order, debit.without, what)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, order.unit, "remittance.undebited", order.id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;

    fn event(kind: &str, line: Option<i64>) -> PastEvent {
        PastEvent {
            kind: kind.to_owned(),
            state: String::new(),
            person: None,
            line: line.map(LineId),
            reason: None,
            at: Instant(0),
        }
    }

    #[test]
    fn the_last_word_about_a_line_says_whether_it_debits_the_order() {
        let mut events = vec![event("approved", None), event("debited", Some(1))];
        assert!(is_debited_last(&events, LineId(1)) && !is_debited_last(&events, LineId(2)));
        events.push(event("credited", None));
        assert!(is_debited_last(&events, LineId(1)));
        events.extend([event("undebited", Some(1)), event("debited", Some(2))]);
        assert!(!is_debited_last(&events, LineId(1)) && is_debited_last(&events, LineId(2)));
    }
}
