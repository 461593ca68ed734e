//! What a shift came to: float, takings with their documents, counts, deposits.

use serde::Serialize;

use super::turn::{self, Turn};
use super::{Shift, State, balance, deposit_query, query, report_query};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::identity;
use crate::store::Conn;

/// One taking with the document it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taking {
    pub payment: PaymentId,
    /// `cash` or `card`.
    pub method: String,
    pub amount: Dong,
    pub obligation: Option<ObligationId>,
    /// `BD-26E 42`; none when the document could not be made.
    pub receipt: Option<String>,
    pub receipt_state: Option<String>,
}

/// A count with its notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counting {
    /// `float` or `closing`.
    pub kind: String,
    pub total: Dong,
    /// Float and takings; of a float zero.
    pub expected: Dong,
    pub by: PersonId,
    pub at: Instant,
    /// (denomination, pieces), the largest first.
    pub notes: Vec<(i64, i64)>,
}

/// Part of a slip that this drawer filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deposit {
    pub slip: SlipId,
    pub reference_code: String,
    pub amount: Dong,
    pub state: super::deposit::State,
}

/// The report of a shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub id: ShiftId,
    pub cashier: String,
    pub person: PersonId,
    pub opened_on: crate::clock::BusinessDay,
    pub opened_at: Instant,
    pub state: State,
    pub float: Dong,
    pub cash_taken: Dong,
    pub card_taken: Dong,
    pub handed_over: Dong,
    /// Takings in the drawer now, without the float.
    pub held: Dong,
    /// Of the last closing count: below zero is short.
    pub variance: Option<Dong>,
    /// Each time it was opened; the sums above are of all of them.
    pub turns: Vec<Turn>,
    pub counts: Vec<Counting>,
    pub takings: Vec<Taking>,
    pub deposits: Vec<Deposit>,
    pub events: Vec<Event>,
}

/// A step of the shift's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    pub kind: String,
    pub state: String,
    pub person: PersonId,
    pub amount: Dong,
    pub reason: Option<String>,
    pub at: Instant,
}

impl Report {
    /// The state in words, Vietnamese and English.
    pub fn state_text(&self) -> &'static str {
        match self.state {
            State::Open => "chưa kiểm / not counted",
            State::InUse => "đang mở / in use",
            State::Counted => "chờ xác nhận chênh lệch / difference waits",
            State::Closed => "đã đóng / closed",
        }
    }
}

/// Everything about one shift.
pub fn report(conn: &mut Conn, shift: &Shift) -> Result<Report> {
    let (unit, id) = (shift.unit, shift.id);
    let takings = report_query::takings(conn, unit, id)?;
    let sum =
        |method: &str| Dong::sum(takings.iter().filter(|one| one.method == method).map(|one| one.amount));
    let mut counts = Vec::new();
    for count in query::counts(conn, unit, id)? {
        counts.push(Counting {
            notes: query::pieces(conn, unit, count.id)?,
            kind: count.kind,
            total: count.total,
            expected: count.expected,
            by: count.person,
            at: count.at,
        });
    }
    let variance = match counts.iter().rfind(|count| count.kind == "closing") {
        Some(count) => Some(count.total.checked_sub(count.expected)?),
        None => None,
    };
    Ok(Report {
        id,
        cashier: identity::person_name(conn, shift.person).unwrap_or_default(),
        person: shift.person,
        opened_on: shift.opened_on,
        opened_at: shift.opened_at,
        state: shift.state,
        float: query::last_float(conn, unit, id)?,
        cash_taken: sum("cash")?,
        card_taken: sum("card")?,
        handed_over: query::figures(conn, unit, id)?.handed_over,
        held: balance(conn, unit, id)?,
        variance,
        turns: turn::of_shift(conn, unit, id)?,
        counts,
        takings,
        deposits: deposits(conn, unit, id)?,
        events: query::events(conn, unit, id)?.into_iter().map(event_of).collect(),
    })
}

fn event_of(event: query::PastEvent) -> Event {
    Event {
        kind: event.kind,
        state: event.state,
        person: event.person,
        amount: event.amount,
        reason: event.reason,
        at: event.at,
    }
}

fn deposits(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Vec<Deposit>> {
    let parts = report_query::parts_of(conn, unit, id)?;
    let ids: Vec<(UnitId, SlipId)> = parts.iter().map(|(slip, _)| (unit, *slip)).collect();
    let slips = deposit_query::by_ids(conn, &ids)?;
    let of = |(slip, amount): (SlipId, Dong)| {
        slips.iter().find(|one| one.id == slip).map(|one| Deposit {
            slip,
            reference_code: one.reference_code.clone(),
            amount,
            state: one.state,
        })
    };
    Ok(parts.into_iter().filter_map(of).collect())
}
