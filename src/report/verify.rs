//! Whether the books hold: the checks of the accounting rules over everything a unit posted. The worker
//! asks them of each unit once a night; whoever doubts asks at any time.

use std::collections::BTreeMap;
use std::sync::RwLock;

use serde::Serialize;

use super::verify_query as query;
use crate::error::Result;
use crate::id::UnitId;
use crate::ledger::{self, Account};
use crate::store::Conn;
use crate::unit::account;

/// A rule of the books.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub code: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub(super) sql: &'static str,
}

/// A rule that does not hold. `about` names accounts or ids, never persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub check: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub about: Vec<String>,
}

/// What the last look at each unit found, for the board and the metrics.
#[derive(Debug, Default)]
pub struct Standing(RwLock<BTreeMap<UnitId, Vec<Fault>>>);

impl Standing {
    /// Takes in what a look at a unit found.
    pub fn take(&self, unit: UnitId, faults: Vec<Fault>) {
        let mut known = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if faults.is_empty() {
            known.remove(&unit);
        } else {
            known.insert(unit, faults);
        }
    }

    /// What does not hold in a unit.
    pub fn of_unit(&self, unit: UnitId) -> Vec<Fault> {
        let known = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.get(&unit).cloned().unwrap_or_default()
    }

    /// How many units' books do not hold.
    pub fn broken(&self) -> usize {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).len()
    }
}

/// Every check that one question answers, in the order it is asked; the bank accounts come after.
pub const CHECKS: &[Check] = query::CHECKS;

/// What does not hold in one unit; empty where the books do.
pub fn unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for check in CHECKS {
        let about = query::broken(conn, check, unit)?;
        if !about.is_empty() {
            faults.push(Fault { check: check.code, vi: check.vi, en: check.en, about });
        }
    }
    let about = banks(conn, unit)?;
    if !about.is_empty() {
        faults.push(Fault { check: BANK.0, vi: BANK.1, en: BANK.2, about });
    }
    Ok(faults)
}

const BANK: (&str, &str, &str) = (
    "bank",
    "Số dư sổ của tài khoản bằng số dư đầu kỳ cộng các dòng sao kê đã ghi",
    "What the books say of a bank account is its opening balance and its posted lines",
);

/// The bank accounts whose books differ from what was posted of their statements.
fn banks(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for one in account::of_unit(conn, unit)? {
        let account = Account::Bank(one.id);
        let told = one.opening_balance.checked_add(query::moved_by_lines(conn, unit, one.id)?)?;
        let shown = told.checked_add(query::handed_over(conn, unit, &account.to_string())?)?;
        if ledger::balance(conn, unit, &account)? != shown {
            wrong.push(account.to_string());
        }
    }
    Ok(wrong)
}
