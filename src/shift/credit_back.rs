//! A credit that was no cash of a slip is taken off it again, by two persons who decided so: the slip waits for its
//! money as before.

use super::deposit::{self, Slip, State, Step};
use super::deposit_query::{self as query, PastEvent};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx};

/// The step of a slip with which a credit is taken off it. Its amount is what goes back.
const UNCREDITED: &str = "uncredited";

/// What one line credited to a slip, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub unit: UnitId,
    pub slip: SlipId,
    pub line: LineId,
    pub amount: Dong,
    /// The day it was posted on.
    pub on: BusinessDay,
}

/// What a line credited to a slip; None where it did not, or where that was taken back.
pub fn standing(conn: &mut Conn, (unit, slip): (UnitId, SlipId), line: LineId) -> Result<Option<Credit>> {
    let events = query::events(conn, unit, slip)?;
    let credit = |(amount, on)| Credit { unit, slip, line, amount, on };
    Ok(last_credit(&events, line).map(credit))
}

/// Events are in their order.
fn last_credit(events: &[PastEvent], line: LineId) -> Option<(Dong, BusinessDay)> {
    let last = events.iter().rev().find(|event| event.line == Some(line))?;
    (last.kind != UNCREDITED).then_some((last.amount, last.on))
}

/// Takes it off its slip, on its own day. The postings are the caller's, who holds the lock of the account. What is
/// missing of the slip is asked about: short, by its item; wholly, when it is on its way for too long.
pub fn take_back(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, credit: &Credit) -> Result<()> {
    let mut slip = deposit::find(tx, credit.unit, credit.slip)?;
    take_off(&mut slip, credit.amount)?;
    query::store(tx, &slip)?;
    let step = Step {
        kind: UNCREDITED,
        amount: credit.amount,
        person: actor.person,
        line: Some(credit.line),
        ..Step::on(credit.on)
    };
    deposit::note(tx, stamp, &slip, step)?;
    let asked =
        (slip.unit, Kind::DepositDiffers, Subject::Slip(slip.id), "a credit was no money of the slip");
    exception::settle_by_themselves(tx, stamp, &[asked])?;
    if slip.state == State::Short {
        deposit::ask_for_rest(tx, stamp, &slip, credit.on)?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, slip.unit, "deposit.uncredited", slip.id)])
}

fn take_off(slip: &mut Slip, amount: Dong) -> Result<()> {
    slip.credited = slip.credited.checked_sub(amount)?;
    slip.state = if slip.credited.is_positive() { State::Short } else { State::InTransit };
    slip.revision += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;

    fn event(kind: &str, line: i64, amount: i64) -> PastEvent {
        PastEvent {
            kind: kind.to_owned(),
            state: String::new(),
            amount: Dong(amount),
            on: "2026-11-23".parse().unwrap(),
            person: None,
            line: Some(LineId(line)),
            reason: None,
            at: Instant(0),
        }
    }

    #[test]
    fn the_last_word_about_a_line_says_whether_it_credits_the_slip() {
        let mut events = vec![event("credited", 1, 40), event("credited", 2, 60)];
        let amount = |events: &[PastEvent], line| last_credit(events, LineId(line)).map(|(sum, _)| sum);
        assert_eq!((amount(&events, 1), amount(&events, 3)), (Some(Dong(40)), None));
        events.push(event("uncredited", 1, 40));
        assert_eq!((amount(&events, 1), amount(&events, 2)), (None, Some(Dong(60))));
        events.push(event("credited", 1, 40));
        assert_eq!(amount(&events, 1), Some(Dong(40)), "it was this slip's after all");
    }
}
