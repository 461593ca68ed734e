//! Whether the books hold: the checks of the accounting rules over everything a unit posted. The worker
//! asks them of each unit once a night; whoever doubts asks at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::RwLock;

use serde::Serialize;

use super::verify_query as query;
use super::{verify_advances, verify_debts};
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::Kind;
use crate::id::{LineId, UnitId};
use crate::ledger::{self, Account};
use crate::payment::prove::HELD_KINDS;
use crate::payment::still_stands;
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

/// Every check that one question answers, in the order it is asked; suspense, unexplained debits, other units' money,
/// advances, what the bank took back and the bank accounts come after.
pub const CHECKS: &[Check] = query::CHECKS;

/// What does not hold in one unit; empty where the books do.
pub fn unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for check in CHECKS {
        faults.extend(fault((check.code, check.vi, check.en), query::broken(conn, check, unit)?));
    }
    faults.extend(fault(SUSPENSE, suspense(conn, unit)?));
    faults.extend(fault(DEBITS, debits(conn, unit)?));
    faults.extend(fault(DUE_TO_UNIT, due_to_units(conn, unit)?));
    faults.extend(fault(ADVANCE, verify_advances::unasked(conn, unit)?));
    faults.extend(fault(BOTH_WAYS, verify_debts::both_ways(conn, unit)?));
    faults.extend(fault(UNTOLD, verify_debts::untold(conn, unit)?));
    faults.extend(fault(BANK, banks(conn, unit)?));
    Ok(faults)
}

/// Code, Vietnamese, English.
type Rule = (&'static str, &'static str, &'static str);

fn fault((check, vi, en): Rule, about: Vec<String>) -> Option<Fault> {
    (!about.is_empty()).then_some(Fault { check, vi, en, about })
}

const SUSPENSE: Rule = (
    "suspense",
    "Tiền chưa rõ của mỗi dòng bằng tổng các việc đang mở về chính số tiền đó",
    "What stands in suspense under a line is the sum of the open items about it",
);
const DEBITS: Rule = (
    "debit_unasked",
    "Mỗi khoản chi chưa rõ có một việc đang mở về đúng số tiền đó",
    "An open item of the same sum asks about each debit that nobody explained",
);
const DUE_TO_UNIT: Rule = (
    "due_to_unit",
    "Tiền giữ cho đơn vị khác bằng tổng các việc đang mở về số tiền đó",
    "What is owed to another unit is the sum of the money that open items are about",
);
const ADVANCE: Rule = (
    "advance_unasked",
    "Mỗi khoản đã nộp trước đều có một việc đang mở, hoặc một điều chỉnh đang chờ, hỏi phần còn lại",
    "An open item, or a waiting correction, asks for the rest of each advance, and of nothing else",
);
const BOTH_WAYS: Rule = (
    "owed_both_ways",
    "Không khoản nộp nào vừa còn tiền thừa hoặc tiền của đơn vị khác, vừa có tiền ngân hàng đã thu hồi",
    "No payment has a surplus, or money of another unit, beside what the bank took back of it",
);
const UNTOLD: Rule = (
    "reversal_untold",
    "Khoản nộp mà ngân hàng đã thu hồi không còn giữ đủ tiền nếu không có khoản phải thu lại",
    "No payment whose money the bank took back holds all of it without a debt",
);
const BANK: Rule = (
    "bank",
    "Số dư sổ của tài khoản bằng số dư đầu kỳ cộng các dòng sao kê đã ghi",
    "What the books say of a bank account is its opening balance and its posted lines",
);

/// The lines (and drawers) whose money in suspense no open item asks about, or not all of it.
fn suspense(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let mut asked: BTreeMap<String, Vec<(Kind, Dong)>> = BTreeMap::new();
    for (kind, account, amount) in query::holders(conn, unit)? {
        if HELD_KINDS.contains(&kind) {
            asked.entry(account.to_string()).or_default().push((kind, amount));
        }
    }
    let mut wrong = Vec::new();
    for (account, held) in query::suspense(conn, unit)? {
        let mut about = asked.remove(&account).unwrap_or_default();
        if about.iter().any(|(kind, _)| *kind == Kind::BankReversal) && is_of_debit(conn, unit, &account)? {
            about.retain(|(kind, _)| *kind != Kind::BankReversal);
        }
        if asked_sum(&about)? != held {
            wrong.push(account);
        }
    }
    Ok(wrong)
}

/// Whether what the bank takes back under a line, as an item says, is what the line takes, and no money in suspense.
fn is_of_debit(conn: &mut Conn, unit: UnitId, account: &str) -> Result<bool> {
    let line = account.strip_prefix("suspense/").and_then(|line| line.parse::<LineId>().ok());
    line.map_or(Ok(false), |line| still_stands::is_of_debit(conn, unit, line))
}

/// What the items about one line ask for. That two channels told the same money is said of a line that is
/// placed too: it holds money only where nothing else is asked.
fn asked_sum(items: &[(Kind, Dong)]) -> Result<Dong> {
    let told = |(kind, _): &&(Kind, Dong)| items.len() == 1 || *kind != Kind::SameMoneyTwoChannels;
    Dong::sum(items.iter().filter(told).map(|(_, amount)| *amount))
}

/// The debits that nobody explained and no open item asks about: they are explained whole, so the sums are the same.
fn debits(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let asked: BTreeSet<(String, Dong)> = query::asked_of_lines(conn, unit)?
        .into_iter()
        .map(|(line, amount)| (Account::UnexplainedDebit(line).to_string(), amount))
        .collect();
    let unexplained = query::unexplained(conn, unit)?;
    Ok(unexplained.into_iter().filter(|one| !asked.contains(one)).map(|(account, _)| account).collect())
}

/// The units that are owed something else than open items are about.
fn due_to_units(conn: &mut Conn, unit: UnitId) -> Result<Vec<String>> {
    let asked: BTreeMap<String, Dong> = query::asked_for_units(conn, unit)?.into_iter().collect();
    let owed: BTreeMap<String, Dong> = query::due_to_units(conn, unit)?.into_iter().collect();
    let accounts: BTreeSet<&String> = asked.keys().chain(owed.keys()).collect();
    Ok(accounts.into_iter().filter(|account| asked.get(*account) != owed.get(*account)).cloned().collect())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_two_channels_told_the_same_money_holds_it_only_where_nothing_else_is_asked() {
        let same = (Kind::SameMoneyTwoChannels, Dong(50));
        let unknown = (Kind::UnidentifiedCredit, Dong(30));
        assert_eq!(asked_sum(&[]).unwrap(), Dong::ZERO);
        assert_eq!(asked_sum(&[same]).unwrap(), Dong(50));
        assert_eq!(asked_sum(&[same, unknown]).unwrap(), Dong(30));
        assert_eq!(asked_sum(&[unknown, unknown]).unwrap(), Dong(60));
    }
}
