//! The order of booking, and balances the table does not state.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::label::Label;
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
    /// What the words of the row state, where it may be no movement.
    pub label: Option<Label>,
    /// The word of its state, where nothing tells whether that means booked.
    pub unknown_state: Option<String>,
}

/// What the running balances said about the signs of charges.
#[derive(Default)]
struct Signs {
    flipped: usize,
    kept: usize,
    /// Charges that the amount beside them has in it.
    included: usize,
}

impl Signs {
    /// Whether the charges that no balance decides are written without their sign: as all others of the
    /// table are, or, where no balance speaks, when a column of fees alone never has a minus.
    fn is_unsigned(&self, movements: &[Movement], has_only_fees: bool) -> bool {
        if self.flipped > 0 || self.kept > 0 || self.included > 0 {
            return self.kept == 0 && self.flipped > 0;
        }
        let mut charges = movements.iter().flat_map(Movement::charges);
        has_only_fees && charges.all(|line| line.amount > Decimal::ZERO)
    }

    /// Whether every charge that a balance decided is in the amount beside it.
    fn are_included(&self) -> bool {
        self.included > 0 && self.flipped == 0 && self.kept == 0
    }
}

impl Movement {
    pub fn sum(&self) -> Option<Decimal> {
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

    fn main_count(&self) -> usize {
        self.lines.len().saturating_sub(self.charge_count)
    }

    /// The amount alone, where it has its charges in it.
    fn without_charges(&self) -> Option<Decimal> {
        let mut main = self.lines.iter().take(self.main_count());
        main.clone().next()?;
        main.try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount))
    }

    /// The charges only tell what is in the amount.
    fn drop_charges(&mut self) {
        self.is_undecided = false;
        if self.main_count() > 0 {
            self.lines.truncate(self.main_count());
            self.charge_count = 0;
        }
    }

    /// Whether the row takes the account from one balance to the other.
    pub fn leads(&self, before: Decimal, after: Decimal) -> bool {
        let reaches = |sum: Option<Decimal>| sum.and_then(|sum| before.checked_add(sum)) == Some(after);
        reaches(self.sum())
            || (self.charge_count > 0 && (reaches(self.charges_flipped()) || reaches(self.without_charges())))
    }

    /// The day of its first line.
    pub fn day(&self) -> Option<NaiveDate> {
        self.lines.first().and_then(Line::day)
    }

    /// The number of its line in the file.
    pub fn line(&self) -> Option<usize> {
        self.lines.first()?.at.strip_prefix("line ")?.parse().ok()
    }

    pub fn at(&self) -> String {
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
    let opening = statement.opening.as_ref().map(|opening| opening.amount);
    let order = Order::of(&movements, opening);
    movements = order.arrange(movements);
    if order != Order::AsWritten {
        findings.warn(order.told(&statement.at));
    }
    let signs = check_running_balances(opening, &mut movements, findings);
    if signs.are_included() {
        movements.iter_mut().filter(|movement| movement.is_undecided).for_each(Movement::drop_charges);
    }
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

/// How the rows of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    AsWritten,
    NewestFirst,
    /// The days are turned round and the rows of a day are not.
    NewestDayFirst,
    /// The rows of a day are turned round and the days are not.
    NewestFirstInDay,
    /// The days stand in no order, and the rows of a day in that of booking.
    OldestFirstByDay,
    /// The days stand in no order, and the rows of a day have the newest first.
    NewestFirstByDay,
}

impl Order {
    /// Rows as written or turned round; where the balances follow from neither, by days.
    fn of(movements: &[Movement], opening: Option<Decimal>) -> Order {
        let usual = if is_newest_first(movements) { Order::NewestFirst } else { Order::AsWritten };
        if usual.proves(movements, opening) {
            return usual;
        }
        let by_day = [Order::NewestDayFirst, Order::NewestFirstInDay];
        let sorted = [Order::OldestFirstByDay, Order::NewestFirstByDay];
        // Days that are sorted prove nothing unless each row has a day and a balance of its own.
        let is_whole =
            movements.len() > 2 && movements.iter().all(|one| one.day().is_some() && one.balance.is_some());
        let mut orders = by_day.into_iter().chain(sorted.into_iter().filter(|_| is_whole));
        orders.find(|order| order.proves(movements, opening)).unwrap_or(usual)
    }

    fn proves(self, movements: &[Movement], opening: Option<Decimal>) -> bool {
        let indexes = self.indexes(movements);
        is_chain(indexes.into_iter().filter_map(|index| movements.get(index)), opening)
    }

    fn indexes(self, movements: &[Movement]) -> Vec<usize> {
        let mut indexes: Vec<usize> = (0..movements.len()).collect();
        let day = |index: &usize| movements.get(*index).and_then(Movement::day);
        let turn_days = |indexes: &[usize]| -> Vec<usize> {
            let mut turned = Vec::with_capacity(indexes.len());
            indexes.chunk_by(|a, b| day(a) == day(b)).for_each(|of_day| turned.extend(of_day.iter().rev()));
            turned
        };
        match self {
            Order::AsWritten => {}
            Order::NewestFirst => indexes.reverse(),
            Order::NewestDayFirst => {
                indexes.reverse();
                indexes = turn_days(&indexes);
            }
            Order::NewestFirstInDay => indexes = turn_days(&indexes),
            Order::OldestFirstByDay => indexes.sort_by_key(day),
            Order::NewestFirstByDay => {
                indexes.reverse();
                indexes.sort_by_key(day);
            }
        }
        indexes
    }

    fn arrange(self, mut movements: Vec<Movement>) -> Vec<Movement> {
        match self {
            Order::AsWritten => movements,
            Order::NewestFirst => {
                movements.reverse();
                movements
            }
            _ => {
                let indexes = self.indexes(&movements);
                let mut slots: Vec<Option<Movement>> = movements.into_iter().map(Some).collect();
                indexes.into_iter().filter_map(|index| slots.get_mut(index).and_then(Option::take)).collect()
            }
        }
    }

    fn told(self, at: &str) -> Finding {
        if matches!(self, Order::OldestFirstByDay | Order::NewestFirstByDay) {
            return Finding::new(
                at,
                "rows_out_of_order",
                "Các ngày trong bảng không theo thứ tự; đã xếp lại theo ngày và số dư chứng minh",
                "the days of the table stand in no order; they were sorted, and the balances prove it",
            );
        }
        let (vi, en) = match self {
            Order::NewestDayFirst => (
                "Bảng xếp ngày mới trước, trong ngày xếp dòng cũ trước; đã xếp lại theo số dư",
                "the table has the newest day first and the oldest row of a day first; it was put in order",
            ),
            Order::NewestFirstInDay => (
                "Trong mỗi ngày bảng xếp dòng mới trước; đã xếp lại theo số dư",
                "the table has the newest row of a day first; it was put in order",
            ),
            _ => ("Bảng xếp ngày mới trước; đã đảo lại", "the table is newest first and was turned round"),
        };
        Finding::new(at, "newest_first", vi, en)
    }
}

/// Whether the balances follow from each other, and from the opening.
fn is_chain<'a>(movements: impl Iterator<Item = &'a Movement>, opening: Option<Decimal>) -> bool {
    let mut before = opening;
    for movement in movements {
        if let (Some(before), Some(after)) = (before, movement.balance)
            && !movement.leads(before, after)
        {
            return false;
        }
        before = match movement.balance {
            Some(after) => Some(after),
            None => before.zip(movement.sum()).and_then(|(before, sum)| before.checked_add(sum)),
        };
    }
    true
}

/// Whether running balances link some of the movements, and none of them contradicts.
pub(super) fn proves(movements: &[Movement], opening: Option<Decimal>) -> Proof {
    let is_linked = movements.iter().filter(|movement| movement.balance.is_some()).count()
        + usize::from(opening.is_some())
        > 1;
    match Order::of(movements, opening).proves(movements, opening) {
        false => Proof::Contradicted,
        true if is_linked => Proof::Proven,
        true => Proof::Open,
    }
}

/// The movement the running balances begin with. Where no opening stands before it they say nothing of
/// its amount.
pub(super) fn first(movements: &[Movement], opening: Option<Decimal>) -> Option<usize> {
    Order::of(movements, opening).indexes(movements).first().copied()
}

/// Whether the days never fall in the order that the balances give the rows.
pub(super) fn keeps_days(movements: &[Movement], opening: Option<Decimal>) -> bool {
    let ordered = Order::of(movements, opening).indexes(movements);
    let days: Vec<Option<NaiveDate>> =
        ordered.into_iter().map(|index| movements.get(index).and_then(Movement::day)).collect();
    days.is_sorted()
}

/// What the running balances say of a way to read the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Proven,
    /// There are none, or too few.
    Open,
    Contradicted,
}

/// Decided by the running balances; by the dates when there are none or they decide nothing.
fn is_newest_first(movements: &[Movement]) -> bool {
    let pairs = || movements.iter().zip(movements.iter().skip(1));
    let forward = pairs().filter(|(first, second)| follows(first, second)).count();
    let backward = pairs().filter(|(first, second)| follows(second, first)).count();
    if forward != backward {
        return backward > forward;
    }
    let never_rises = pairs().all(|(first, second)| first.day() >= second.day());
    let falls = pairs().any(|(first, second)| first.day() > second.day());
    never_rises && falls
}

/// Whether the later row takes the account from the balance behind the earlier one to its own.
pub(super) fn follows(earlier: &Movement, later: &Movement) -> bool {
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
                if movement.charges_flipped().and_then(|sum| before.checked_add(sum)) == Some(after) {
                    movement.flip_charges();
                    signs.flipped += 1;
                } else {
                    movement.drop_charges();
                    signs.included += 1;
                }
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

/// Checks the running balances between the rows that could be read, in a table of which some (by their lines, in
/// the order of the file) could not: two rows with one of those between them prove nothing. Where the rows hold in
/// some order, none is broken.
pub(super) fn check_beside_unread(movements: &mut [Movement], unread: &[usize], findings: &mut Findings) {
    drop_constant_zero_balances(movements);
    let movements: &[Movement] = movements;
    let usual = if is_newest_first(movements) { Order::NewestFirst } else { Order::AsWritten };
    let in_usual = usual.indexes(movements);
    let Some(finding) = first_break(movements, &in_usual, (unread, 0)) else { return };
    let is_by_day = |order: &[usize]| {
        let ordered = order.iter().filter_map(|index| movements.get(*index));
        ordered.map(Movement::day).is_sorted()
    };
    // Where the days are turned round, a row at the end of one may belong between two others.
    let is_broken = |order: &[usize]| first_break(movements, order, (unread, 1)).is_some();
    let by_day = [Order::NewestDayFirst, Order::NewestFirstInDay].map(|order| order.indexes(movements));
    if by_day.iter().all(|order| *order == in_usual || !is_by_day(order) || is_broken(order)) {
        findings.error(finding);
    }
}

/// The first row, in this order, whose balance does not follow from the one before. A row that could not be read
/// parts two days also where it stands so many lines beside one of them.
fn first_break(
    movements: &[Movement],
    order: &[usize],
    (unread, reach): (&[usize], usize),
) -> Option<Finding> {
    let is_apart = |one: &Movement, other: &Movement| {
        let reach = if one.day() == other.day() { 0 } else { reach };
        let Some((one, other)) = one.line().zip(other.line()) else { return true };
        let (start, end) = (one.min(other).saturating_sub(reach), one.max(other).saturating_add(reach));
        let next = unread.partition_point(|line| *line < start);
        unread.get(next).is_some_and(|line| *line <= end)
    };
    let mut last: Option<(&Movement, Decimal)> = None;
    for movement in order.iter().filter_map(|index| movements.get(*index)) {
        let before = last.filter(|(one, _)| !is_apart(one, movement)).map(|(_, balance)| balance);
        if let (Some(before), Some(after)) = (before, movement.balance)
            && !movement.leads(before, after)
        {
            return Some(broken(movement, before, after));
        }
        let reached = before.zip(movement.sum()).and_then(|(before, sum)| before.checked_add(sum));
        last = movement.balance.or(reached).map(|balance| (movement, balance));
    }
    None
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
    let known = movements.iter().position(|movement| movement.balance.is_some());
    // The first balance, less all that moved up to it.
    let moved = known.and_then(|known| movements.get(..=known));
    let before = moved.and_then(|moved| {
        let after = moved.last()?.balance?;
        moved.iter().try_fold(after, |before, movement| before.checked_sub(movement.sum()?))
    });
    let first = movements.first().and_then(|movement| Some(balance_of(movement, before?)));
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
