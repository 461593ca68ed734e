//! Rows that state the balance of their day become the balances of the movements beside them.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::order::Movement;
use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Balance, Statement};

/// A row that states the balance of its day, with how many movements stand before.
pub(super) struct OfDay {
    pub at: String,
    pub day: NaiveDate,
    pub balance: Decimal,
    pub position: usize,
}

impl OfDay {
    /// The movement behind which the balance is stated; `None` where it stands ahead of all.
    fn place(&self, is_newest_first: bool) -> Option<usize> {
        if is_newest_first { Some(self.position) } else { self.position.checked_sub(1) }
    }
}

/// The balance of a day stands behind the last movement of the day: below it, or above it in a table with
/// the newest rows first. Ahead of all it is the opening one.
pub(super) fn place(
    rows: Vec<OfDay>,
    statement: &mut Statement,
    movements: &mut [Movement],
    findings: &mut Findings,
) {
    let is_newest_first =
        movements.first().and_then(Movement::day) > movements.last().and_then(Movement::day);
    let (count, currency) = (movements.len(), statement.currency.clone().unwrap_or_default());
    for row in rows {
        let known = match row.place(is_newest_first).filter(|at| *at < count) {
            Some(at) => {
                let Some(movement) = movements.get_mut(at) else { continue };
                // A row that stands among others of later days proves nothing.
                if movement.day().is_none_or(|day| day > row.day) {
                    continue;
                }
                *movement.balance.get_or_insert(row.balance)
            }
            None if count == 0 => continue,
            None => {
                let opening = statement.opening.get_or_insert_with(|| Balance {
                    date: Some(row.day),
                    amount: row.balance,
                    currency: currency.clone(),
                    at: row.at.clone(),
                });
                opening.amount
            }
        };
        if known != row.balance {
            findings.error(Finding::new(
                row.at,
                "running_balance_broken",
                format!("Số dư trong ngày ghi {}, khác {known} của dòng bên cạnh", row.balance),
                format!("the balance of the day is {}, the row beside it has {known}", row.balance),
            ));
        }
    }
}
