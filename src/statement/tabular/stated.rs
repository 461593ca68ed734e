//! Dated rows that state a balance or a sum instead of a movement.
//!
//! Tables with one column of amounts write “Opening balance”, “Turnover” and “Closing balance” as rows
//! of their own. Only the exact words make such a row, and what it states must not contradict the rest.
//! The bare word “Total” is a payee, too: there the balance decides, or the figure, or nothing does. So does
//! the bare word for a balance, and where a booked balance stands says which one it is.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::amount::Notation;
use super::balance_words;
use super::column::{Column, normalise};
use super::header::Columns;
use super::label::{Label, exact_label};
use super::movement::{amount_in, is_dated};
use super::order::{Movement, follows};
use super::rows::Row;
use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Balance, Statement};

/// What a row states by the words of one of its cells alone.
pub(super) fn statement_of(row: &Row) -> Option<Label> {
    let stated = |cell: &String| exact_label(cell).filter(|label| is_statement(*label));
    row.cells.iter().find_map(stated)
}

/// The same for the bare word of a balance, which only a text can be.
pub(super) fn word_of(columns: &Columns, row: &Row) -> Option<Label> {
    let mut texts = columns.cells(row, Column::Description);
    statement_of(row).or_else(|| texts.any(balance_words::is_of_payers).then_some(Label::BalanceOrPayment))
}

/// Whether the words can be nothing but those of a balance or a sum.
pub(super) fn is_stated(row: &Row) -> bool {
    is_of_day(row) || statement_of(row).is_some_and(|label| label != Label::TotalOrPayee)
}

/// Whether a row without a day ends a cell in the word of a sum, and has no figures but those of the rows above.
pub(super) fn sums_up(columns: &Columns, notation: &Notation, row: &Row, above: &[Movement]) -> bool {
    let is_word = |cell: &String| cell.len() <= 40 && normalise(cell).ends_with(" TOTAL");
    if above.len() < 2 || is_dated(columns, row) || !row.cells.iter().any(is_word) {
        return false;
    }
    let money = [Column::Amount, Column::Debit, Column::Credit];
    let figures = money.map(|column| amount_in(columns.cell(row, column), notation));
    let sums = Sums::of(above);
    figures.iter().any(|figure| matches!(figure, Ok(Some(_))))
        && figures.iter().all(|figure| matches!(figure, Ok(stated) if stated.is_none() || sums.has(*stated)))
}

/// Words of a row that states the balance of its day, which moves nothing.
const OF_DAY: &[&str] = &[
    "TAGESSALDO",
    "SALDO DO DIA",
    "SALDO TOTAL DISPONIVEL DIA",
    "SALDO DEL DIA",
    "SOLDE DU JOUR",
    "DAILY BALANCE",
    "DAILY CLOSING BALANCE",
    "COD LANC 0",
];

/// Whether a cell has nothing but the words of the balance of a day.
pub(super) fn is_of_day(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.len() <= 40 && OF_DAY.contains(&normalise(cell).as_str()))
}

fn is_statement(label: Label) -> bool {
    matches!(
        label,
        Label::Opening
            | Label::Closing
            | Label::Balance
            | Label::Available
            | Label::Total
            | Label::TotalOrPayee
    )
}

/// What a row is by its words, its figure and its balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Moves,
    States(Label),
    /// The bare word “Total” beside a figure that is not the sum.
    Pays,
    /// It may be the sum or a balance, and may be a payment.
    Doubtful,
}

/// Takes the stated rows out of the movements, and what they state into the statement.
pub(super) fn settle(
    statement: &mut Statement,
    movements: Vec<Movement>,
    findings: &mut Findings,
) -> Vec<Movement> {
    if movements.iter().all(|movement| movement.label.is_none()) {
        return movements;
    }
    let opening = statement.opening.as_ref().map(|opening| opening.amount);
    let table = Table::of(&movements, opening);
    let (mut moving, mut sums) = (Vec::new(), Vec::new());
    // Of all rows so far, and of those since the last sum.
    let (mut so_far, mut since) = (Sums::default(), Sums::default());
    for (index, movement) in movements.into_iter().enumerate() {
        match table.role(&movement, index, &so_far) {
            Role::Moves => {}
            Role::Doubtful => findings.error(doubtful(&movement)),
            Role::Pays => findings.warn(paid(&movement)),
            Role::States(label) => {
                findings.warn(ignored(movement.at()));
                match label {
                    Label::Opening if statement.opening.is_none() => {
                        statement.opening = balance_of(&movement);
                    }
                    Label::Opening | Label::Available => {}
                    Label::Closing => statement.closing = balance_of(&movement),
                    _ if so_far.has(movement.sum()) || since.has(movement.sum()) => since = Sums::default(),
                    _ => sums.push(movement),
                }
                continue;
            }
        }
        so_far.take(&movement);
        since.take(&movement);
        moving.push(movement);
    }
    // A table with the newest rows first has its sum above them.
    for row in sums.iter().filter(|row| !so_far.has(row.sum())) {
        findings.error(contradicted(row));
    }
    moving
}

/// What the rows around one say of it.
struct Table {
    opening: Option<Decimal>,
    balances: Vec<Option<Decimal>>,
    /// The first and the last row whose words leave no doubt that they move something.
    first_plain: Option<usize>,
    last_plain: Option<usize>,
    /// The first and the last day of these.
    days: Option<(NaiveDate, NaiveDate)>,
    /// All of these have a balance.
    are_balanced: bool,
    /// `None` where the others do not tell it.
    is_newest_first: Option<bool>,
}

impl Table {
    fn of(movements: &[Movement], opening: Option<Decimal>) -> Table {
        let is_plain = |movement: &Movement| movement.label.is_none();
        let mut plain = movements.iter().filter(|movement| is_plain(movement));
        let days = plain.clone().filter_map(Movement::day);
        Table {
            opening,
            balances: movements.iter().map(|movement| movement.balance).collect(),
            first_plain: movements.iter().position(is_plain),
            last_plain: movements.iter().rposition(is_plain),
            days: days.clone().min().zip(days.max()),
            are_balanced: plain.clone().count() > 1 && plain.all(|movement| movement.balance.is_some()),
            is_newest_first: is_newest_first(movements),
        }
    }

    fn role(&self, movement: &Movement, index: usize, so_far: &Sums) -> Role {
        match movement.label {
            Some(label @ (Label::Opening | Label::Closing)) if states(movement) => Role::States(label),
            Some(Label::Total) if !self.is_step(movement, index) => Role::States(Label::Total),
            Some(Label::TotalOrPayee) => self.role_of_word(movement, index, so_far),
            // The balance says that it moved something.
            Some(Label::Balance | Label::Available | Label::BalanceOrPayment)
                if !states(movement) || self.is_led(movement, index) =>
            {
                Role::Moves
            }
            // Nobody knows whether the row that it would follow lies before it.
            Some(Label::Balance | Label::Available)
                if self.is_newest_first.is_none() && self.is_step(movement, index) =>
            {
                Role::Doubtful
            }
            Some(Label::Available) if self.is_amid(index) => Role::Doubtful,
            Some(Label::Available) => Role::States(Label::Available),
            Some(Label::Balance) => self.role_of_balance(movement, index),
            Some(Label::BalanceOrPayment) => Role::Doubtful,
            _ => Role::Moves,
        }
    }

    /// A booked balance is that of the end or the beginning where it stands at an end of the rows, with a day
    /// that is not inside of them.
    fn role_of_balance(&self, movement: &Movement, index: usize) -> Role {
        let (Some((earliest, latest)), Some(day)) = (self.days, movement.day()) else {
            return Role::States(Label::Closing);
        };
        let is_above = self.first_plain.is_some_and(|first| index < first) && earliest < latest;
        let is_below = self.last_plain.is_some_and(|last| index > last);
        if (is_below || is_above) && day >= latest {
            Role::States(Label::Closing)
        } else if is_above && day <= earliest {
            Role::States(Label::Opening)
        } else {
            Role::Doubtful
        }
    }

    /// Whether rows that move something stand above and below.
    fn is_amid(&self, index: usize) -> bool {
        let is_below = self.first_plain.is_some_and(|first| index > first);
        is_below && self.last_plain.is_some_and(|last| index < last)
    }

    /// A payee is called “Total”, too. The balance decides, then the figure.
    fn role_of_word(&self, movement: &Movement, index: usize, so_far: &Sums) -> Role {
        let lacks_balance = self.are_balanced && movement.balance.is_none();
        let repeats = self.beside(index).any(|balance| Some(balance) == movement.balance);
        let is_sum = so_far.has(movement.sum());
        // Behind one row alone, or ahead of others, a payment may be as large.
        let is_at_end =
            so_far.count > 1 && self.last_plain < Some(index) && so_far.adds_up_to(movement.sum());
        if self.is_step(movement, index) {
            Role::Moves
        } else if is_sum && (lacks_balance || repeats || (movement.balance.is_none() && is_at_end)) {
            Role::States(Label::Total)
        } else if is_sum || lacks_balance {
            Role::Doubtful
        } else {
            Role::Pays
        }
    }

    /// Whether the balance behind the row is that of its neighbour with its amount.
    fn is_step(&self, movement: &Movement, index: usize) -> bool {
        let Some((balance, sum)) = movement.balance.zip(movement.sum()) else { return false };
        self.beside(index).any(|before| before.checked_add(sum) == Some(balance))
    }

    /// The same with the row that is known to be booked before it.
    fn is_led(&self, movement: &Movement, index: usize) -> bool {
        let Some((balance, sum)) = movement.balance.zip(movement.sum()) else { return false };
        let before = self.is_newest_first.and_then(|is_newest_first| match is_newest_first {
            true if index.saturating_add(1) == self.balances.len() => self.opening,
            true => self.at(index.saturating_add(1)),
            false => index.checked_sub(1).map_or(self.opening, |above| self.at(above)),
        });
        before.and_then(|before| before.checked_add(sum)) == Some(balance)
    }

    fn at(&self, index: usize) -> Option<Decimal> {
        self.balances.get(index).copied().flatten()
    }

    /// The balances of the rows above and below.
    fn beside(&self, index: usize) -> impl Iterator<Item = Decimal> {
        let above = index.checked_sub(1).map_or(self.opening, |above| self.at(above));
        [above, self.at(index.saturating_add(1))].into_iter().flatten()
    }
}

/// Which way the rows stand that leave no doubt, by their days and their balances, which must not contradict each
/// other. Where both say nothing, the days of all rows tell it.
fn is_newest_first(movements: &[Movement]) -> Option<bool> {
    if movements.len() < 2 {
        return Some(false);
    }
    let plain: Vec<&Movement> = movements.iter().filter(|movement| movement.label.is_none()).collect();
    let pairs = || plain.iter().zip(plain.iter().skip(1));
    let forward = pairs().filter(|(one, other)| follows(one, other)).count();
    let backward = pairs().filter(|(one, other)| follows(other, one)).count();
    let by_balances = (forward != backward).then_some(backward > forward);
    let days: Vec<NaiveDate> = plain.iter().filter_map(|movement| movement.day()).collect();
    let is_one_day = days.iter().all(|day| days.first() == Some(day));
    match (do_fall(&days), by_balances) {
        (Some(by_days), Some(by_balances)) => (by_days == by_balances).then_some(by_days),
        (Some(by_days), None) => Some(by_days),
        (None, _) if !is_one_day => None,
        (None, Some(by_balances)) => Some(by_balances),
        (None, None) => do_fall(&movements.iter().filter_map(Movement::day).collect::<Vec<_>>()),
    }
}

/// Whether days fall or rise; `None` where they do both or neither.
fn do_fall(days: &[NaiveDate]) -> Option<bool> {
    match (days.is_sorted(), days.iter().rev().is_sorted()) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// What is said of a row that states a balance or a sum.
pub(super) fn ignored(at: String) -> Finding {
    Finding::new(
        at,
        "row_ignored",
        "Dòng ghi số dư hoặc tổng cộng, không phải giao dịch",
        "the row states a balance or a sum and is no transaction",
    )
}

fn paid(row: &Movement) -> Finding {
    Finding::new(
        row.at(),
        "total_read_as_payment",
        "Dòng “Total” không bằng tổng các dòng trên nên được đọc là giao dịch",
        "the row “Total” is not the sum of the rows above and is read as a payment",
    )
}

fn doubtful(row: &Movement) -> Finding {
    if matches!(row.label, Some(Label::Balance | Label::Available | Label::BalanceOrPayment)) {
        return Finding::new(
            row.at(),
            "balance_or_payment",
            "Dòng có thể ghi số dư hoặc một giao dịch; tải tệp có cột số dư hoặc không có dòng số dư",
            "the row may state a balance or be a payment; fetch the table with balances or without such a row",
        );
    }
    Finding::new(
        row.at(),
        "total_or_payee",
        "Dòng “Total” có thể là tổng hoặc một giao dịch; tải tệp có cột số dư hoặc không có tổng",
        "the row “Total” may be the sum or a payment; fetch the table with balances or without sums",
    )
}

/// A row whose own balance is another than its amount moved something, whatever its words.
fn states(movement: &Movement) -> bool {
    let sum = movement.sum().map(|sum| sum.abs());
    movement.balance.is_none_or(|balance| Some(balance.abs()) == sum)
}

fn balance_of(movement: &Movement) -> Option<Balance> {
    let line = movement.lines.first()?;
    Some(Balance {
        date: line.day(),
        amount: movement.balance.or_else(|| movement.sum())?,
        currency: line.currency.clone(),
        at: line.at.clone(),
    })
}

fn contradicted(movement: &Movement) -> Finding {
    Finding::new(
        movement.at(),
        "totals_mismatch",
        "Dòng tổng cộng không khớp các dòng giao dịch",
        "the row of a sum does not agree with the rows of the table",
    )
}

/// The sums a row of totals may state.
#[derive(Default)]
pub(super) struct Sums {
    pub credit: Decimal,
    debit: Decimal,
    count: usize,
}

impl Sums {
    pub fn of(movements: &[Movement]) -> Sums {
        let mut sums = Sums::default();
        movements.iter().for_each(|movement| sums.take(movement));
        sums
    }

    fn take(&mut self, movement: &Movement) {
        self.count += 1;
        for line in &movement.lines {
            let side = if line.amount > Decimal::ZERO { &mut self.credit } else { &mut self.debit };
            *side = side.saturating_add(line.amount);
        }
    }

    /// Money in, money out, both together, or what is left of them.
    pub fn has(&self, stated: Option<Decimal>) -> bool {
        let (net, gross) = (self.credit.saturating_add(self.debit), self.credit.saturating_sub(self.debit));
        let sums = [self.credit, self.debit, net, gross];
        stated.is_some_and(|stated| sums.iter().any(|sum| sum.abs() == stated.abs()))
    }

    /// One side of the column, or what is left of both, with its sign.
    fn adds_up_to(&self, stated: Option<Decimal>) -> bool {
        let sums = [self.credit, self.debit, self.credit.saturating_add(self.debit)];
        stated.is_some_and(|stated| sums.contains(&stated))
    }
}
