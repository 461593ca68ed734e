//! The turns of a shift: a drawer that was closed and is opened again on its day is the same drawer, and each time
//! has its own float, takings, count and difference.

use serde::Serialize;

use super::turn_query as query;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;

pub use query::TURNS;

/// From a counted float to the count that closes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    pub opened_at: Instant,
    pub float: Dong,
    pub cash_taken: Dong,
    pub card_taken: Dong,
    /// To the bank, between opening and closing.
    pub handed_over: Dong,
    /// Float and what the drawer should hold beside it; none while the turn is open.
    pub expected: Option<Dong>,
    pub counted: Option<Dong>,
    /// Below zero is short.
    pub variance: Option<Dong>,
    pub closed_at: Option<Instant>,
    #[serde(skip)]
    pub(super) since: i64,
    #[serde(skip)]
    pub(super) until: i64,
}

impl Turn {
    /// What earlier turns left in the drawer, of a drawer that should hold so much with its float.
    pub fn carried(&self, expected: Dong) -> Result<Dong> {
        let own = self.float.checked_add(self.cash_taken)?.checked_sub(self.handed_over)?;
        expected.checked_sub(own)
    }

    /// Whether money was taken in this turn.
    pub fn holds(&self, payment: PaymentId) -> bool {
        self.since < payment.0 && payment.0 < self.until
    }
}

/// The turns of a shift, oldest first.
pub fn of_shift(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Vec<Turn>> {
    query::of_shift(conn, unit, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_turn_should_hold_is_float_takings_and_what_was_left_from_the_turn_before() {
        let turn = Turn {
            opened_at: Instant(0),
            float: Dong(10_000),
            cash_taken: Dong(25_000),
            card_taken: Dong(8_000),
            handed_over: Dong(5_000),
            expected: Some(Dong(80_000)),
            counted: Some(Dong(79_000)),
            variance: Some(Dong(-1_000)),
            closed_at: Some(Instant(1)),
            since: 10,
            until: 20,
        };
        assert_eq!(turn.carried(Dong(80_000)).unwrap(), Dong(50_000), "a card is in no drawer");
        let held: Vec<i64> = (9..=21).filter(|id| turn.holds(PaymentId(*id))).collect();
        assert_eq!(held, (11..=19).collect::<Vec<_>>());
    }
}
