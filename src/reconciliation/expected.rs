//! The open movements of an account as matching takes them: all of them, whatever their number. What a line shows
//! must not depend on which of them were read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::matching::{Movement, claims_without_credit};
use super::query::{self, References};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, MovementId, UnitId};
use crate::payment::{self, Direction, MovementState, movement_query};
use crate::store::Conn;
use crate::working_days::WorkingDays;

/// The most open movements of one account that a run holds, about 1 GB. Beyond it the account is not matched and its
/// run says so: it is never matched with some of them left out.
const LIMIT: usize = 2_000_000;

/// What was read.
#[derive(Default)]
pub(super) struct Expected {
    pub movements: Vec<Movement>,
    /// The channels that claimed each of them.
    pub channels: HashMap<MovementId, Vec<String>>,
    /// Claimed but not settled money by code: what the obligations will get when lines prove it.
    pub claimed: BTreeMap<String, i64>,
    /// Movements whose claim was settled: what lines show of them needs no place any more.
    pub settled: BTreeSet<MovementId>,
}

impl Expected {
    /// # Errors
    /// `open_movements_exceeded`.
    pub fn read(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Expected> {
        let mut expected = Expected::default();
        movement_query::each_in_state(conn, (unit, account), MovementState::Expected, |conn, page| {
            expected.take(conn, unit, page)
        })?;
        Ok(expected)
    }

    fn take(&mut self, conn: &mut Conn, unit: UnitId, page: Vec<payment::Movement>) -> Result<()> {
        within(self.movements.len().saturating_add(page.len()))?;
        let ids: Vec<MovementId> = page.iter().map(|movement| movement.id).collect();
        let mut references = query::references(conn, unit, &ids)?;
        for movement in page {
            if movement.payment.is_some() {
                self.settled.insert(movement.id);
            } else {
                *self.claimed.entry(movement.code.clone()).or_default() += movement.amount.0;
            }
            let mut known = references.remove(&movement.id);
            if let Some(known) = &mut known {
                self.channels.insert(movement.id, std::mem::take(&mut known.channels));
            }
            self.movements.push(movement_of(movement, known.unwrap_or_default()));
        }
        Ok(())
    }
}

fn within(count: usize) -> Result<()> {
    if count > LIMIT {
        let detail = format!("{count} open movements or more, at most {LIMIT} are matched");
        return Err(Error::conflict("open_movements_exceeded", detail));
    }
    Ok(())
}

/// The claims that a statement should have shown by a day, oldest first: how many working days they are late, and
/// what of them is open.
pub(super) fn overdue(
    conn: &mut Conn,
    place: (UnitId, AccountId),
    (covered_until, after_days): (BusinessDay, u32),
    calendar: &WorkingDays,
) -> Result<Vec<(MovementId, u32, Dong)>> {
    let mut found = Vec::new();
    movement_query::each_in_state(conn, place, MovementState::Expected, |_, page| {
        let movements: Vec<Movement> =
            page.into_iter().map(|movement| movement_of(movement, References::default())).collect();
        let open: HashMap<MovementId, Dong> =
            movements.iter().map(|movement| (movement.id, movement.open)).collect();
        let late = claims_without_credit(&movements, covered_until, after_days, calendar);
        found.extend(late.into_iter().map(|(id, age)| (id, age, open.get(&id).copied().unwrap_or_default())));
        Ok(())
    })?;
    Ok(found)
}

fn movement_of(movement: payment::Movement, known: References) -> Movement {
    Movement {
        id: movement.id,
        unit: movement.unit,
        account: movement.account,
        inflow: movement.direction == Direction::Credit,
        amount: movement.amount,
        open: movement.open(),
        codes: movement.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
        bank_references: known.bank,
        first_seen: movement.first_seen_on,
        obligation: None,
        has_line: movement.proven.is_positive(),
        external_ids: known.external,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_with_more_open_movements_than_a_run_holds_is_refused_and_not_matched_in_part() {
        assert!(within(LIMIT).is_ok());
        assert_eq!(within(LIMIT + 1).unwrap_err().code(), "open_movements_exceeded");
    }
}
