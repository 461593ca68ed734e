//! One way to read the rows of an account, and what speaks for it.
//!
//! Where headings and signs leave a choice (two columns of balances, a minus among the debits), the
//! running balances make it. The likeliest way is tried first; another is taken only when the balances
//! contradict the first and prove the other.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::amount::Notation;
use super::astray::{self, Around, Astray, Sheet};
use super::cell_words::has_figure;
use super::column::Column;
use super::ending::{self, Ending};
use super::given::Given;
use super::habit::{Habits, is_credited, is_plain};
use super::header::Columns;
use super::movement::{self, RowKind, RowReader, amount_in, is_dated};
use super::of_day::{self, OfDay};
use super::order::{self, Movement, Proof};
use super::rows::Row;
use super::shape;
use super::shifted;
use super::stated::{self, Sums};
use super::summary;
use super::totals;
use crate::statement::finding::{Finding, Findings, excerpt, line_place};
use crate::statement::model::{Balance, Statement, Totals};
use crate::statement::tally::Unread;
use crate::text::clean;

struct Bare {
    at: String,
    balance: Option<Decimal>,
    position: usize,
    is_dashed: bool,
}

pub(super) struct Attempt {
    statement: Statement,
    movements: Vec<Movement>,
    findings: Findings,
    /// Dated rows without an amount, with the balance they state and how many movements stand before.
    bare: Vec<Bare>,
    of_day: Vec<OfDay>,
    /// The first row with figures that was left out as none of the table.
    left_out: Option<String>,
    /// The rows that could not be read, by their lines.
    unread: Vec<usize>,
    /// How the bank has counted them.
    unread_counts: Unread,
    astray: Vec<Astray>,
    columns: Columns,
    habits: Habits,
    notation: Notation,
}

/// Reads the rows in the way their balances prove, or in the likeliest one.
pub(super) fn read(given: &Given<'_>, columns: Columns) -> Attempt {
    let notation = given.notation(&columns);
    let habits = Habits::of(&columns, given.body, &notation);
    let likeliest = Attempt::of(given, columns, habits);
    match likeliest.proof() {
        Proof::Proven => likeliest,
        proof => {
            let ways = likeliest.rivals(proof);
            let attempts = ways.into_iter().map(|(columns, habits)| Attempt::of(given, columns, habits));
            let proven = attempts.into_iter().find(|attempt| attempt.proof() == Proof::Proven);
            proven.map_or_else(|| likeliest.or_ambiguous(given, proof), Attempt::telling_view)
        }
    }
}

impl Attempt {
    fn of(given: &Given<'_>, columns: Columns, habits: Habits) -> Attempt {
        let notation = given.notation(&columns);
        let mut attempt = Attempt {
            statement: given.statement.clone(),
            movements: Vec::new(),
            findings: Findings::default(),
            bare: Vec::new(),
            of_day: Vec::new(),
            left_out: None,
            unread: Vec::new(),
            unread_counts: Unread::default(),
            astray: Vec::new(),
            habits,
            notation,
            columns,
        };
        attempt.read_labels(given);
        if given.ending != Ending::OfWorkbook {
            shape::check_lengths(&attempt.columns, given.body, &mut attempt.findings);
        }
        attempt.read_rows(given);
        let days = std::mem::take(&mut attempt.of_day);
        of_day::place(days, &mut attempt.statement, &mut attempt.movements, &mut attempt.findings);
        attempt.check_bare_rows();
        attempt.check_signs(given);
        attempt.check_astray();
        attempt.check_shifted(given);
        attempt.check_left_out();
        if attempt.findings.errors.is_empty() {
            let is_proven = attempt.proof() == Proof::Proven || attempt.ends_in_closing();
            ending::check(given.ending, &attempt.columns, given.body, is_proven, &mut attempt.findings);
        }
        let movements = std::mem::take(&mut attempt.movements);
        attempt.movements = stated::settle(&mut attempt.statement, movements, &mut attempt.findings);
        attempt.check_states();
        attempt.read_totals(given);
        let without_opening = |credit| attempt.without_opening(credit);
        let totals = attempt.statement.totals.clone();
        attempt.statement.totals = summary::totals(given.sums, totals, &attempt.notation, without_opening);
        attempt
    }

    /// Whether the running balances follow from each other.
    pub fn proof(&self) -> Proof {
        if !self.findings.errors.is_empty() {
            return Proof::Contradicted;
        }
        order::proves(&self.movements, self.statement.opening.as_ref().map(|opening| opening.amount))
    }

    /// Whether its balances do not turn the days round.
    pub fn keeps_days(&self) -> bool {
        order::keeps_days(&self.movements, self.statement.opening.as_ref().map(|opening| opening.amount))
    }

    /// Amount and balance of each movement, in the order of the rows.
    pub fn outcome(&self) -> Vec<(Decimal, Option<Decimal>)> {
        let of = |movement: &Movement| Some((movement.sum()?, movement.balance));
        self.movements.iter().filter_map(of).collect()
    }

    /// Other columns of amounts and balances, and other habits of signs.
    fn rivals(&self, proof: Proof) -> Vec<(Columns, Habits)> {
        let mut ways = Vec::new();
        for column in [Column::Balance, Column::Amount] {
            ways.extend(self.columns.rivals(column).map(|columns| (columns, self.habits)));
        }
        // What is not booked counts only where the balances are broken without it.
        let may_be = |habits: &Habits| !habits.counts_open || proof == Proof::Contradicted;
        ways.extend(self.habits.rivals().filter(may_be).map(|habits| (self.columns.clone(), habits)));
        ways
    }

    /// Says that the sides were turned round.
    fn telling_view(mut self) -> Attempt {
        if self.habits.is_own_view {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "sides_turned",
                "Cột 借 và 贷 ghi theo sổ của chủ tài khoản: 借 là tiền vào; số dư chứng minh",
                "借 and 贷 are those of the holder's books, 借 being money in, as the balances prove",
            ));
        }
        self
    }

    /// Where nothing decides between two columns of amounts, none is read.
    fn or_ambiguous(mut self, given: &Given<'_>, proof: Proof) -> Attempt {
        let differs = |row: &&Row| self.columns.amounts_differ(row, &self.notation);
        if proof == Proof::Open
            && let Some(row) = given.body.iter().filter(|row| is_dated(&self.columns, row)).find(differs)
        {
            self.findings.error(Finding::new(
                line_place(row.line),
                "amount_ambiguous",
                "Bảng có hai cột số tiền khác nhau và không có gì cho biết cột nào đã ghi sổ; dùng --map để chỉ rõ",
                "the table has two columns of amounts that differ, and nothing says which was booked; --map names it",
            ));
        }
        self
    }

    fn read_labels(&mut self, given: &Given<'_>) {
        let first = given.period.map(|(first, _)| first);
        let last = given.closing_day.or(given.period.map(|(_, last)| last));
        self.statement.opening = given.opening.and_then(|value| self.read_balance(value, first));
        self.statement.closing = given.closing.and_then(|value| self.read_balance(value, last));
    }

    fn read_balance(&mut self, (value, line): &(String, usize), date: Option<NaiveDate>) -> Option<Balance> {
        match amount_in(value, &self.notation) {
            Ok(amount) => amount.map(|amount| Balance {
                date,
                amount,
                currency: self.notation.currency.clone(),
                at: line_place(*line),
            }),
            Err(fault) => {
                self.findings.error(fault.at(line_place(*line)));
                None
            }
        }
    }

    fn read_rows(&mut self, given: &Given<'_>) {
        let (columns, notation) = (self.columns.clone(), self.notation.clone());
        let mut reader = RowReader::new(&columns, &notation, given.mark_column(&columns), self.habits);
        let last_dated = given.body.iter().rposition(|row| is_dated(&columns, row)).unwrap_or(0);
        let first = given.body.iter().find(|row| is_dated(&columns, row));
        reader.first_day =
            first.and_then(|row| columns.date(movement::date_cell(&columns, row)).ok()).map(|found| found.0);
        let has_amount = |row: &Row| {
            let money = [Column::Amount, Column::Debit, Column::Credit];
            money.into_iter().any(|column| columns.cell(row, column).chars().any(char::is_numeric))
        };
        let between = given.body.get(..last_dated).unwrap_or_default();
        let has_habit = between.iter().any(|row| !is_dated(&columns, row) && has_amount(row));
        reader.prints_each_day = given.prints_each_day(&columns);
        let first_dated = given.body.iter().position(|row| is_dated(&columns, row)).unwrap_or(last_dated);
        let is_text = given.ending != Ending::OfWorkbook;
        let cell_count = is_text.then(|| astray::usual_cell_count(&columns, given.body));
        let sheet = if is_text { None } else { Sheet::of(&columns, &notation, given.body) };
        for (index, row) in given.body.iter().enumerate() {
            reader.may_lack_day = has_habit || index <= last_dated;
            let is_inside = first_dated < index && index < last_dated;
            reader.around = Around { cell_count, sheet, is_inside };
            self.read_row(&mut reader, row);
        }
        self.statement.account = self.statement.account.take().or_else(|| reader.take_account());
    }

    fn read_row(&mut self, reader: &mut RowReader<'_>, row: &Row) {
        let at = line_place(row.line);
        match reader.read(row) {
            Ok(RowKind::Movement(movement)) => self.movements.push(*movement),
            Ok(RowKind::Continuation(text)) => {
                let last = self.movements.last_mut().and_then(|movement| movement.lines.first_mut());
                if let Some(line) = last {
                    line.memo = Some(clean(&format!("{} {text}", line.memo.as_deref().unwrap_or_default())));
                    line.raw.push('\n');
                    line.raw.push_str(&row.raw());
                }
            }
            Ok(RowKind::Bare(bare)) => {
                let position = self.movements.len();
                self.bare.push(Bare { at, balance: bare.balance, position, is_dashed: bare.is_dashed });
            }
            Ok(RowKind::OfDay(day, balance)) => {
                self.findings.warn(Finding::new(
                    &at,
                    "row_ignored",
                    "Dòng ghi số dư trong ngày, không phải giao dịch",
                    "the row states the balance of its day and is no transaction",
                ));
                let position = self.movements.len();
                self.of_day.extend(balance.map(|balance| OfDay { at, day, balance, position }));
            }
            Ok(RowKind::NotBooked) => self.findings.warn(Finding::new(
                at,
                "entry_not_booked",
                format!("Dòng chưa ghi sổ hoặc đã hủy, không tính: “{}”", excerpt(&row.raw())),
                format!("the row is not booked and does not count: “{}”", excerpt(&row.raw())),
            )),
            Ok(RowKind::Neutral) => self.findings.warn(Finding::new(
                at,
                "row_ignored",
                format!("Dòng không thu không chi, không tính: “{}”", excerpt(&row.raw())),
                format!("the row is neither money in nor out and does not count: “{}”", excerpt(&row.raw())),
            )),
            Ok(RowKind::Astray(fault)) => {
                let position = self.movements.len();
                self.astray.push(Astray { row: row.clone(), position, fault });
            }
            Ok(RowKind::Text) => {
                if self.left_out.is_none() && astray::has_figures(&self.columns, &self.notation, row) {
                    self.left_out = Some(at.clone());
                }
                self.findings.warn(Finding::new(
                    at,
                    "row_ignored",
                    format!("Bỏ qua dòng không phải giao dịch: “{}”", excerpt(&row.raw())),
                    format!("a row that is no transaction is left out: “{}”", excerpt(&row.raw())),
                ));
            }
            Err(_) if stated::sums_up(&self.columns, &self.notation, row, &self.movements) => {
                self.findings.warn(stated::ignored(at));
            }
            Err(fault) => {
                self.unread.push(row.line);
                totals::count(&mut self.unread_counts, &self.columns, &self.notation, row);
                self.findings.error(fault.at(at));
            }
        }
    }

    /// A row that is astray moves nothing only where the balances hold without it.
    fn check_astray(&mut self) {
        if self.astray.is_empty() {
            return;
        }
        let (is_whole, is_proven) = (self.ends_agree(), self.proof() == Proof::Proven);
        for row in std::mem::take(&mut self.astray) {
            if is_whole || (is_proven && row.is_between_balances(&self.movements)) {
                self.findings.warn(row.ignored());
            } else {
                self.unread.push(row.row.line);
                self.unread_counts.add_open();
                self.findings.error(row.refused());
            }
        }
        self.unread.sort_unstable();
    }

    /// A row of a workbook whose cells stand in the columns of others moves something else than they say.
    fn check_shifted(&mut self, given: &Given<'_>) {
        let opening = self.statement.opening.as_ref().map(|opening| opening.amount);
        let known = (opening, given.ending == Ending::OfWorkbook && self.proof() == Proof::Proven);
        let reading = (&self.columns, &self.notation, self.habits);
        let found = shifted::find(given, reading, &self.movements, known);
        for (removed_count, shifted) in found.into_iter().enumerate() {
            self.movements.remove(shifted.position.saturating_sub(removed_count));
            self.unread.push(shifted.line);
            self.unread_counts.add(None);
            self.findings.error(shifted.fault.at(line_place(shifted.line)));
        }
        self.unread.sort_unstable();
    }

    /// A table that has rows and gives no line at all was not understood.
    fn check_left_out(&mut self) {
        let Some(at) = self.left_out.take().filter(|_| self.movements.is_empty() && self.bare.is_empty())
        else {
            return;
        };
        self.findings.error(Finding::new(
            at,
            "amount_missing",
            "Bảng có dòng mang số tiền nhưng không đọc được dòng nào; dùng --map để chỉ cột số tiền",
            "the table has rows with figures and none could be read; --map names the column of amounts",
        ));
    }

    /// Beside amounts marked as credits, those without a mark are debits; a sign of another kind among
    /// them leaves that open, unless the balances say it.
    fn check_signs(&mut self, given: &Given<'_>) {
        if !self.habits.unmarked_is_out || self.proof() != Proof::Open {
            return;
        }
        let is_other = |row: &&Row| {
            let cell = self.columns.cell(row, Column::Amount);
            is_dated(&self.columns, row) && has_figure(cell) && !is_credited(cell) && !is_plain(cell)
        };
        if let Some(row) = given.body.iter().find(is_other) {
            self.findings.error(Finding::new(
                line_place(row.line),
                "mark_invalid",
                "Số tiền có dấu khác với “CR” của các dòng khác; không rõ dòng không dấu là ghi nợ hay ghi có",
                "some amounts have “CR” and this one another sign: nothing says what those without a sign are",
            ));
        }
    }

    /// A row that moves nothing repeats the balance beside it. Any other dated row without an amount
    /// has lost it.
    fn check_bare_rows(&mut self) {
        for bare in std::mem::take(&mut self.bare) {
            let before = bare.position.checked_sub(1).and_then(|position| self.movements.get(position));
            let beside = [before, self.movements.get(bare.position)].into_iter().flatten();
            let mut beside_too = beside.clone();
            // Where a dash says that nothing moved, it may be what stood before the row beside it.
            let is_before = |other: &Movement| {
                let before = other.balance.zip(other.sum()).and_then(|(after, sum)| after.checked_sub(sum));
                bare.is_dashed && before == bare.balance
            };
            let is_same = bare.balance.is_some()
                && (beside.clone().any(|other| other.balance == bare.balance) || beside_too.any(is_before));
            let finding = Finding::new(
                bare.at,
                if is_same { "row_ignored" } else { "amount_missing" },
                "Dòng có ngày nhưng không có số tiền",
                "the row has a date and no amount",
            );
            if is_same { self.findings.warn(finding) } else { self.findings.error(finding) }
        }
    }

    /// Where a word of a state is not known, the balances must show that its row was booked.
    fn check_states(&mut self) {
        let is_unknown = |movement: &&Movement| movement.unknown_state.is_some();
        if !self.movements.iter().any(|movement| is_unknown(&movement)) {
            return;
        }
        let is_proven = self.ends_agree() || self.balances_prove(is_unknown);
        for movement in &self.movements {
            let Some(word) = &movement.unknown_state else { continue };
            let shown = excerpt(word);
            let finding = Finding::new(
                movement.at(),
                "row_state_unknown",
                format!("Trạng thái “{shown}” không rõ là đã ghi sổ hay chưa"),
                format!("the state “{shown}” does not tell whether the row is booked"),
            );
            if is_proven { self.findings.warn(finding) } else { self.findings.error(finding) }
        }
    }

    /// Whether the running balances count these rows, each with a balance of its own.
    fn balances_prove(&self, is_meant: impl Fn(&&Movement) -> bool) -> bool {
        let opening = self.statement.opening.as_ref().map(|opening| opening.amount);
        let first = order::first(&self.movements, opening).filter(|_| opening.is_none());
        let is_step = |(index, movement): (usize, &Movement)| {
            !is_meant(&movement) || (movement.balance.is_some() && Some(index) != first)
        };
        self.proof() == Proof::Proven && self.movements.iter().enumerate().all(is_step)
    }

    /// Whether all rows together lead from the opening the bank states to the closing.
    fn ends_agree(&self) -> bool {
        let (Some(opening), Some(closing)) = (&self.statement.opening, &self.statement.closing) else {
            return false;
        };
        let add = |sum: Decimal, movement: &Movement| sum.checked_add(movement.sum()?);
        self.movements.iter().try_fold(opening.amount, add) == Some(closing.amount)
    }

    /// Whether the last row has the closing balance that the bank states.
    fn ends_in_closing(&self) -> bool {
        let closing = self.statement.closing.as_ref().map(|closing| closing.amount);
        closing.is_some() && self.movements.last().is_some_and(|last| last.balance == closing)
    }

    /// The sums under the table: of both sides, or of the one column of amounts.
    fn read_totals(&mut self, given: &Given<'_>) {
        let Some(row) = given.totals else { return };
        let (columns, notation) = (&self.columns, &self.notation);
        let read = |column| amount_in(columns.cell(row, column), notation).ok().flatten();
        let sum = |column| read(column).map(|sum| sum.abs());
        let at = line_place(row.line);
        match (sum(Column::Debit), sum(Column::Credit), read(Column::Amount)) {
            (Some(debit), Some(credit), _) => {
                let credit = self.without_opening(credit);
                self.statement.totals = Some(Totals {
                    debit_sum: Some(debit),
                    credit_sum: Some(credit),
                    credit_at: at.clone(),
                    debit_at: at,
                    ..Totals::default()
                });
            }
            (None, None, Some(stated)) if self.findings.errors.is_empty() => {
                let closing = self.statement.closing.as_ref().map(|closing| closing.amount);
                let last = self.movements.iter().any(|movement| movement.balance == Some(stated));
                if !Sums::of(&self.movements).has(Some(stated)) && closing != Some(stated) && !last {
                    self.findings.error(Finding::new(
                        at,
                        "totals_mismatch",
                        format!("Dòng tổng cộng ghi {stated}, khác tổng các dòng"),
                        format!("the row of totals states {stated}, which the rows do not add up to"),
                    ));
                }
            }
            _ => {}
        }
    }

    /// Some banks count the opening balance among the credits.
    fn without_opening(&self, credit: Decimal) -> Decimal {
        let opening = self.statement.opening.as_ref().map_or(Decimal::ZERO, |opening| opening.amount);
        let without = credit.checked_sub(opening).unwrap_or(credit);
        if Sums::of(&self.movements).credit == without { without } else { credit }
    }

    /// Orders the lines, fills the balances in and proves them.
    pub fn finish(mut self, findings: &mut Findings) -> Statement {
        if self.statement.account.is_none() {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "account_missing",
                "Không thấy số tài khoản trong tệp",
                "the account number is not in the file",
            ));
        }
        if self.findings.errors.is_empty() && findings.errors.is_empty() {
            let has_only_fees = self.columns.has_only_fees();
            order::settle(&mut self.statement, self.movements, has_only_fees, &mut self.findings);
        } else {
            // What else is wrong is no fault of a row, and leaves nothing to be compared.
            let is_of_rows = self.findings.errors.len() == self.unread.len() && findings.errors.is_empty();
            if is_of_rows {
                order::check_beside_unread(&mut self.movements, &self.unread, &mut self.findings);
            }
            self.statement.lines = self.movements.into_iter().flat_map(|movement| movement.lines).collect();
            if is_of_rows && self.findings.errors.len() == self.unread.len() {
                totals::compare(&self.statement, self.unread_counts, &mut self.findings);
            }
        }
        if self.findings.errors.is_empty() && findings.errors.is_empty() {
            totals::prove(&self.statement, &mut self.findings);
        }
        findings.append(self.findings);
        self.statement
    }
}
