//! The order of booking, and balances the table does not state.

use rust_decimal::Decimal;

use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Balance, BalanceBasis, Line, Statement};

/// One row of the table: a movement, with its fee and tax as lines of their own, and the balance
/// behind it.
#[derive(Debug)]
pub(super) struct Movement {
    pub lines: Vec<Line>,
    pub balance: Option<Decimal>,
    /// How many lines at the end are fee and tax.
    pub charge_count: usize,
    /// No running balance has said whether its charges have their sign.
    pub is_undecided: bool,
}

/// What the running balances said about the signs of charges.
#[derive(Default)]
struct Signs {
    flipped: usize,
    kept: usize,
}

impl Signs {
    /// Whether the charges that no balance decides are written without their sign: as all others of the
    /// table are, or, where no balance speaks, when a column of fees alone never has a minus.
    fn is_unsigned(&self, movements: &[Movement], has_only_fees: bool) -> bool {
        if self.flipped > 0 || self.kept > 0 {
            return self.kept == 0;
        }
        let mut charges = movements.iter().flat_map(Movement::charges);
        has_only_fees && charges.all(|line| line.amount > Decimal::ZERO)
    }
}

impl Movement {
    fn sum(&self) -> Option<Decimal> {
        self.lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount))
    }

    /// Fee columns are written without a sign by some banks: then they are money out.
    fn charges_flipped(&self) -> Option<Decimal> {
        let main_count = self.lines.len().saturating_sub(self.charge_count);
        let signs = (0..self.lines.len()).map(|index| index >= main_count);
        self.lines.iter().zip(signs).try_fold(Decimal::ZERO, |sum, (line, is_charge)| {
            sum.checked_add(if is_charge { -line.amount } else { line.amount })
        })
    }

    fn charges(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().skip(self.lines.len().saturating_sub(self.charge_count))
    }

    fn flip_charges(&mut self) {
        self.is_undecided = false;
        let main_count = self.lines.len().saturating_sub(self.charge_count);
        for line in self.lines.iter_mut().skip(main_count) {
            line.amount = if line.amount.is_zero() { line.amount } else { -line.amount };
        }
    }

    fn leads(&self, before: Decimal, after: Decimal) -> bool {
        let reaches = |sum: Option<Decimal>| sum.and_then(|sum| before.checked_add(sum)) == Some(after);
        reaches(self.sum()) || (self.charge_count > 0 && reaches(self.charges_flipped()))
    }

    fn at(&self) -> String {
        self.lines.first().map(|line| line.at.clone()).unwrap_or_default()
    }
}

/// Orders the movements by booking, checks the running balances and fills the statement's lines
/// and missing balances.
pub(super) fn settle(
    statement: &mut Statement,
    mut movements: Vec<Movement>,
    has_only_fees: bool,
    findings: &mut Findings,
) {
    drop_constant_zero_balances(&mut movements);
    if is_newest_first(&movements) {
        movements.reverse();
        findings.warn(Finding::new(
            &statement.at,
            "newest_first",
            "Bảng xếp ngày mới trước; đã đảo lại",
            "the table is newest first and was turned round",
        ));
    }
    let opening = statement.opening.as_ref().map(|opening| opening.amount);
    let signs = check_running_balances(opening, &mut movements, findings);
    if signs.is_unsigned(&movements, has_only_fees) {
        movements.iter_mut().filter(|movement| movement.is_undecided).for_each(Movement::flip_charges);
    }
    derive_balances(statement, &movements, findings);
    for movement in movements {
        let last = movement.lines.len().saturating_sub(1);
        for (index, mut line) in movement.lines.into_iter().enumerate() {
            line.running_balance = movement.balance.filter(|_| index == last);
            statement.lines.push(line);
        }
    }
}

/// Some banks send a balance column that is always zero.
fn drop_constant_zero_balances(movements: &mut [Movement]) {
    let is_constant_zero =
        movements.len() > 1 && movements.iter().all(|movement| movement.balance == Some(Decimal::ZERO));
    if is_constant_zero {
        movements.iter_mut().for_each(|movement| movement.balance = None);
    }
}

/// Decided by the running balances; by the dates when there are none or they decide nothing.
fn is_newest_first(movements: &[Movement]) -> bool {
    let pairs = || movements.iter().zip(movements.iter().skip(1));
    let forward = pairs().filter(|(first, second)| follows(first, second)).count();
    let backward = pairs().filter(|(first, second)| follows(second, first)).count();
    if forward != backward {
        return backward > forward;
    }
    let day = |movement: &Movement| movement.lines.first().and_then(Line::day);
    let never_rises = pairs().all(|(first, second)| day(first) >= day(second));
    let falls = pairs().any(|(first, second)| day(first) > day(second));
    never_rises && falls
}

fn follows(earlier: &Movement, later: &Movement) -> bool {
    earlier.balance.zip(later.balance).is_some_and(|(before, after)| later.leads(before, after))
}

fn check_running_balances(
    opening: Option<Decimal>,
    movements: &mut [Movement],
    findings: &mut Findings,
) -> Signs {
    let mut signs = Signs::default();
    let mut before = opening;
    for movement in movements.iter_mut() {
        if let (Some(before), Some(after)) = (before, movement.balance) {
            let reached = movement.sum().and_then(|sum| before.checked_add(sum));
            if reached != Some(after) {
                if !movement.leads(before, after) {
                    findings.error(broken(movement, before, after));
                    return signs;
                }
                movement.flip_charges();
                signs.flipped += 1;
            } else if movement.charge_count > 0 {
                movement.is_undecided = false;
                signs.kept += 1;
            }
        }
        before = match movement.balance {
            Some(after) => Some(after),
            None => before.zip(movement.sum()).and_then(|(before, sum)| before.checked_add(sum)),
        };
    }
    signs
}

fn broken(movement: &Movement, before: Decimal, after: Decimal) -> Finding {
    Finding::new(
        movement.at(),
        "running_balance_broken",
        format!("Số dư sau dòng này ghi {after}, nhưng số dư trước là {before}"),
        format!("the balance behind this row is {after}, which does not follow from {before} before it"),
    )
}

fn derive_balances(statement: &mut Statement, movements: &[Movement], findings: &mut Findings) {
    let currency = statement.currency.clone().unwrap_or_default();
    let balance_of = |movement: &Movement, amount| Balance {
        date: movement.lines.first().and_then(Line::day),
        amount,
        currency: currency.clone(),
        at: movement.at(),
    };
    let first = movements.first().and_then(|movement| {
        let amount =
            movement.balance.zip(movement.sum()).and_then(|(balance, sum)| balance.checked_sub(sum))?;
        Some(balance_of(movement, amount))
    });
    let last = movements.last().and_then(|movement| Some(balance_of(movement, movement.balance?)));
    let misses = statement.opening.is_none() || statement.closing.is_none();
    statement.opening = statement.opening.take().or(first);
    statement.closing = statement.closing.take().or(last);
    if !misses {
        return;
    }
    let (code, vi, en) = if statement.opening.is_some() && statement.closing.is_some() {
        statement.balance_basis = BalanceBasis::Derived;
        (
            "balance_derived",
            "Số dư đầu kỳ hoặc cuối kỳ được suy ra từ cột số dư",
            "the opening or closing balance is derived from the balance column",
        )
    } else {
        (
            "balance_missing",
            "Bảng không có đủ số dư để chứng minh",
            "the table has no balances to prove it with",
        )
    };
    findings.warn(Finding::new(&statement.at, code, vi, en));
}
