//! One message becomes one statement.

use crate::statement::balance::{page_chain_broken, prove_balance};
use crate::statement::currency;
use crate::statement::finding::{Finding, Findings, excerpt, line_place};
use crate::statement::model::{Balance, Format, Line, Page, Statement, Totals};
use crate::statement::number::swift_amount;
use crate::statement::tally::{Tally, Unread};
use crate::statement::totals::{Counting, check_counts, check_totals};

use super::FileHabits;
use super::balance::{is_currency, read_balance};
use super::entry::{Entry, given, read_entry, side_of_unread, written_entry};
use super::floor::Floors;
use super::information::{read_information, read_notes};
use super::mandatory::{check_mandatory, is_whole_without_number};
use super::stray::stray_entry;
use super::tag::{Lines, Message, Tag, is_statement_tag};

pub(super) fn read_message(
    message: &Message<'_>,
    lines: &Lines<'_>,
    format: Format,
    file: &FileHabits,
    findings: &mut Findings,
) -> Statement {
    let mut builder = Builder {
        statement: Statement { at: line_place(message.first_line), ..Statement::default() },
        findings: Findings::default(),
        entry_count: 0,
        expected_count: 0,
        unread: Unread::default(),
        faulty_count: 0,
        floors: Floors::default(),
        lacks_references: file.lacks_references,
        information: Vec::new(),
        notes: Vec::new(),
        target: Target::Statement,
        between: None,
        between_entries: 0,
    };
    message.tags(lines).for_each(|tag| builder.take(&tag));
    // A message that shows its end is whole, whatever the file's last byte is.
    let open_end = file.last_line.filter(|line| *line == message.last_line && !message.has_end);
    let (statement, mut own) = builder.finish(message, format, open_end);
    // What balances prove has every entry.
    if !own.errors.is_empty() || !format.requires_balances() {
        stray_entry(message, lines).into_iter().for_each(|stray| own.error(stray));
    }
    findings.append(own);
    statement
}

/// What an `:86:` belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Statement,
    Line,
    /// A line that could not be read; its information goes with it.
    Nothing,
}

struct Builder<'a> {
    statement: Statement,
    findings: Findings,
    entry_count: u32,
    /// Entries that are announced and not booked.
    expected_count: u32,
    /// Entries that could not be read.
    unread: Unread,
    /// Entries with an error of their own, one for each: they are set aside.
    faulty_count: usize,
    /// Entries under a floor limit are not listed.
    floors: Floors,
    lacks_references: bool,
    /// Lines of `:86:` for the last statement line.
    information: Vec<&'a str>,
    /// Lines of `:NS:` for it.
    notes: Vec<&'a str>,
    target: Target,
    /// The last balance is one between pages, with what keeps it from being proven.
    between: Option<Option<Finding>>,
    /// The entries up to that balance: one written twice has none behind it.
    between_entries: u32,
}

impl<'a> Builder<'a> {
    fn take(&mut self, tag: &Tag<'a, '_>) {
        if tag.name != "86" && is_statement_tag(tag.name) {
            self.close_line();
        }
        match tag.name {
            "61" => self.take_line(tag),
            "86" => self.take_information(tag),
            "20" => self.statement.id = present(tag.value()),
            "25" | "25P" => self.take_account(tag),
            "28" | "28C" => self.take_number(tag),
            "60F" | "60M" => self.take_opening(tag),
            "62F" | "62M" => self.take_closing(tag),
            "34F" => self.take_floor_limit(tag),
            "90C" | "90D" => self.take_sum(tag),
            "64" | "65" => self.check_available(tag),
            "21" | "13" | "13D" => {}
            "NS" if self.target == Target::Line => {
                self.notes.extend(tag.content);
                self.keep_raw(tag);
            }
            name => self.findings.warn(Finding::new(
                tag.at(),
                "tag_unknown",
                format!("Bỏ qua trường :{name}:"),
                format!("the tag :{name}: is left out"),
            )),
        }
    }

    fn take_account(&mut self, tag: &Tag<'a, '_>) {
        let Some(account) = present(tag.value()) else { return };
        match &self.statement.account {
            Some(known) if *known != account => self.findings.error(Finding::new(
                tag.at(),
                "account_changed",
                format!("Số tài khoản đổi từ {known} sang {account} trong một sao kê"),
                format!("the account changes from {known} to {account} within one statement"),
            )),
            _ => self.statement.account = Some(account),
        }
        if tag.name == "25P" {
            self.statement.bank_id = tag.content.get(1).and_then(|line| present(line));
        } else if let Some((bank, _)) = tag.first().split_once('/') {
            self.statement.bank_id = present(bank);
        }
    }

    fn take_number(&mut self, tag: &Tag<'a, '_>) {
        let Some(number) = present(tag.value()) else { return };
        if self.statement.number.as_ref().is_some_and(|known| *known != number) {
            self.findings.error(Finding::new(
                tag.at(),
                "tag_repeated",
                format!("Trường :{}: lặp lại với số khác", tag.name),
                format!("the tag :{}: is repeated with another number", tag.name),
            ));
            return;
        }
        let mut parts = number.split('/').map(str::trim);
        self.statement.sequence = parts.next().and_then(|part| part.parse().ok());
        let page = parts.next().and_then(|part| part.parse().ok());
        self.statement.page = Some(Page { first: page, number: page, continues: false, last: true });
        if self.statement.sequence.is_none() {
            self.findings.warn(Finding::new(
                tag.at(),
                "number_unreadable",
                format!("Số sao kê “{}” không phải là số", excerpt(&number)),
                format!("the statement number “{}” is not a number", excerpt(&number)),
            ));
        }
        self.statement.number = Some(number);
    }

    fn take_opening(&mut self, tag: &Tag<'a, '_>) {
        self.target = Target::Statement;
        if tag.name == "60M" && self.statement.closing.is_some() {
            return self.go_on(tag);
        }
        let is_repeat = self.statement.opening.is_some();
        let Some(balance) = self.read_balance(tag, is_repeat) else { return };
        self.statement.currency = Some(balance.currency.clone());
        self.statement.opening = Some(balance);
        if let Some(page) = &mut self.statement.page {
            page.continues = tag.name == "60M";
        }
    }

    fn take_closing(&mut self, tag: &Tag<'a, '_>) {
        self.target = Target::Statement;
        let has_more = self.entry_count > self.between_entries;
        if let Some(fault) = self.between.take_if(|_| has_more) {
            self.leave_between(fault);
        }
        let is_repeat = self.statement.closing.is_some();
        let Some(balance) = self.read_balance(tag, is_repeat) else { return };
        self.statement.closing = Some(balance);
        self.between = (tag.name == "62M").then(|| prove_balance(&self.statement));
        self.between_entries = self.entry_count;
        if let Some(page) = &mut self.statement.page {
            page.last = tag.name == "62F";
        }
    }

    /// Some banks write the pages of a statement into one message: `:60M:` goes on where `:62M:` ended.
    fn go_on(&mut self, tag: &Tag<'a, '_>) {
        let ended = self.statement.closing.clone();
        let fault = self.between.take();
        let is_page = fault.is_some();
        let Some(balance) = self.read_balance(tag, !is_page) else { return };
        if let Some(ended) = ended.filter(|ended| ended.amount != balance.amount) {
            self.findings.error(page_chain_broken(&ended, &balance));
        }
        self.leave_between(fault.flatten());
    }

    /// A balance that turned out to stand between lines: up to it they must come to it.
    fn leave_between(&mut self, fault: Option<Finding>) {
        fault.into_iter().for_each(|fault| self.findings.error(fault));
        self.statement.closing = None;
    }

    fn read_balance(&mut self, tag: &Tag<'a, '_>, is_repeat: bool) -> Option<Balance> {
        if is_repeat {
            self.findings.error(Finding::new(
                tag.at(),
                "balance_repeated",
                format!("Số dư :{}: lặp lại trong một sao kê", tag.name),
                format!("the balance :{}: is repeated within one statement", tag.name),
            ));
            return None;
        }
        if let Some((line, junk)) = tag.rest().next() {
            self.findings.error(Finding::new(
                line_place(line),
                "text_behind_balance",
                format!("Có nội dung lạ sau số dư :{}:: “{}”", tag.name, excerpt(junk)),
                format!("something stands behind the balance :{}:: “{}”", tag.name, excerpt(junk)),
            ));
        }
        let known_currency = self.statement.currency.as_deref();
        match read_balance(tag.first(), known_currency) {
            Ok((balance, deviates)) => {
                self.note_deviation(deviates, tag);
                if let Some(fault) = currency::fault_of_decimals(balance.amount, &balance.currency) {
                    self.findings.error(Finding { code: "balance_decimals", ..fault.at(tag.at()) });
                }
                Some(Balance { at: tag.at(), ..balance })
            }
            Err(fault) => {
                self.findings.error(fault.at(tag.at()));
                None
            }
        }
    }

    /// An available balance proves nothing, but must be one.
    fn check_available(&mut self, tag: &Tag<'a, '_>) {
        let is_given = !tag.first().trim().is_empty();
        let read = read_balance(tag.first(), self.statement.currency.as_deref());
        if let (Ok((balance, _)), Some(own)) = (&read, self.statement.currency.as_deref())
            && balance.currency != own
        {
            self.findings.error(currency_mixed(tag, &balance.currency));
        }
        if let Err(fault) = read.map(|_| ()).or_else(|fault| if is_given { Err(fault) } else { Ok(()) }) {
            self.findings.error(fault.at(tag.at()));
        }
    }

    fn take_line(&mut self, tag: &Tag<'a, '_>) {
        self.entry_count = self.entry_count.saturating_add(1);
        let written = written_entry(tag);
        match read_entry(&written.text) {
            Ok(entry) if entry.is_expected => {
                self.expected_count += 1;
                self.target = Target::Nothing;
                self.findings.warn(Finding::new(
                    tag.at(),
                    "entry_not_booked",
                    "Bút toán dự kiến (EC/ED), chưa ghi sổ, không tính",
                    "the entry is expected (EC/ED), not booked, and does not count",
                ));
            }
            Ok(entry) => {
                self.note_deviation(entry.amount_deviates, tag);
                let own = self.statement.currency.as_deref();
                if let Some(fault) = own.and_then(|own| currency::fault_of_decimals(entry.amount, own)) {
                    self.findings.error(fault.at(tag.at()));
                    self.faulty_count += 1;
                }
                self.note_moved_date(&entry, tag);
                self.note_funds_code(&entry, tag);
                let line = self.line_of(entry, tag, written.line_count);
                self.statement.lines.push(line);
                self.target = Target::Line;
            }
            Err(fault) => {
                self.findings.error(fault.at(tag.at()));
                self.unread.add(side_of_unread(&written.text));
                self.faulty_count += 1;
                self.target = Target::Nothing;
            }
        }
    }

    fn line_of(&self, entry: Entry, tag: &Tag<'a, '_>, line_count: usize) -> Line {
        let remainder = entry.remainder.as_deref().into_iter();
        let more = tag.content.get(line_count..).unwrap_or_default();
        // A long entry is broken ahead of the bank's reference.
        let wrapped = more.first().and_then(|line| line.trim().strip_prefix("//"));
        let wrapped = wrapped.filter(|_| entry.bank_reference.is_none()).and_then(given);
        let more = more.get(usize::from(wrapped.is_some())..).unwrap_or_default();
        let supplement = remainder.chain(more.iter().copied());
        let supplement = supplement.fold(String::new(), |joined, piece| joined + piece + " ");
        let mut raw = String::new();
        tag.write_raw(&mut raw);
        Line {
            booking_date: entry.booking_date,
            value_date: Some(entry.value_date),
            amount: entry.amount,
            reference: entry.reference,
            bank_reference: entry.bank_reference.or(wrapped),
            reversal: entry.reversal,
            entry_index: self.entry_count,
            currency: self.statement.currency.clone().unwrap_or_default(),
            at: tag.at(),
            raw,
            posting_text: present(supplement.trim_end()),
            transaction_code: entry.transaction_code,
            ..Line::default()
        }
    }

    fn take_information(&mut self, tag: &Tag<'a, '_>) {
        if self.target != Target::Line {
            return;
        }
        // Some banks send the code of the transaction alone first, then again with the fields.
        if let [code] = self.information.as_slice()
            && code.len() <= 4
            && code.bytes().all(|byte| byte.is_ascii_digit())
            && tag.first().starts_with(code)
        {
            self.information.clear();
        }
        self.information.extend(tag.content);
        self.keep_raw(tag);
    }

    /// The exact text of a tag that belongs to the last line.
    fn keep_raw(&mut self, tag: &Tag<'a, '_>) {
        if let Some(line) = self.statement.lines.last_mut() {
            line.raw.push('\n');
            tag.write_raw(&mut line.raw);
        }
    }

    /// All information of the last line is there when another tag comes.
    fn close_line(&mut self) {
        if self.target != Target::Line {
            return;
        }
        self.target = Target::Nothing;
        let information = match self.information.is_empty() {
            true => read_notes(&self.notes),
            false => read_information(&self.information),
        };
        self.information.clear();
        self.notes.clear();
        if let Some(line) = self.statement.lines.last_mut() {
            line.counterparty_name = information.counterparty_name;
            line.counterparty_account = information.counterparty_account;
            line.memo = information.memo.or_else(|| line.posting_text.clone());
            line.posting_text = line.posting_text.take().or(information.posting_text);
        }
    }

    /// The floor limit of an MT942 is where its currency stands: `EURD1000,`.
    fn take_floor_limit(&mut self, tag: &Tag<'a, '_>) {
        self.floors.take(tag.first());
        let currency = tag.first().get(..3).filter(|currency| is_currency(currency));
        self.statement.currency = self.statement.currency.take().or(currency.map(str::to_owned));
    }

    /// `:90C:` and `:90D:`: count, currency and sum.
    fn take_sum(&mut self, tag: &Tag<'a, '_>) {
        let content = tag.first().trim();
        let behind_count = content.trim_start_matches(|c: char| c.is_ascii_digit());
        let count = content.get(..content.len() - behind_count.len()).and_then(|count| count.parse().ok());
        let named = behind_count.get(..3).unwrap_or_default();
        if self.statement.currency.as_deref().is_some_and(|currency| currency != named) {
            self.findings.error(currency_mixed(tag, named));
        }
        let sum = match swift_amount(behind_count.get(3..).unwrap_or_default().trim()) {
            Ok((sum, _)) => Some(sum),
            Err(fault) => {
                self.findings.error(fault.at(tag.at()));
                None
            }
        };
        let totals = self.statement.totals.get_or_insert_with(Totals::default);
        if tag.name == "90C" {
            (totals.credit_count, totals.credit_sum, totals.credit_at) = (count, sum, tag.at());
        } else {
            (totals.debit_count, totals.debit_sum, totals.debit_at) = (count, sum, tag.at());
        }
    }

    fn note_deviation(&mut self, deviates: bool, tag: &Tag<'a, '_>) {
        if deviates {
            self.findings.warn(Finding::new(
                tag.at(),
                "amount_without_comma",
                "Số tiền không có dấu phẩy thập phân",
                "the amount has no decimal comma",
            ));
        }
    }

    fn note_moved_date(&mut self, entry: &Entry, tag: &Tag<'a, '_>) {
        if entry.date_deviates {
            self.findings.warn(Finding::new(
                tag.at(),
                "date_moved",
                format!("Ngày 30/02 (năm 360 ngày) được hiểu là {}", entry.value_date),
                format!("30 February (a year of 360 days) is read as {}", entry.value_date),
            ));
        }
    }

    fn note_funds_code(&mut self, entry: &Entry, tag: &Tag<'a, '_>) {
        let expected = self.statement.currency.as_deref().and_then(|currency| currency.chars().nth(2));
        if let (Some(code), Some(expected)) = (entry.funds_code, expected)
            && code != expected
            && code != 'R'
        {
            self.findings.warn(Finding::new(
                tag.at(),
                "funds_code_unexpected",
                format!("Mã quỹ {code} không phải chữ cái thứ ba của loại tiền"),
                format!("the funds code {code} is not the third letter of the currency"),
            ));
        }
    }

    fn finish(
        mut self,
        message: &Message<'_>,
        format: Format,
        open_end: Option<usize>,
    ) -> (Statement, Findings) {
        self.close_line();
        check_mandatory(&self.statement, message, (format, self.lacks_references), &mut self.findings);
        if is_whole_without_number(&self.statement, message) {
            self.statement.page = Some(Page { first: None, number: None, continues: false, last: true });
        }
        self.check_last_decimals(open_end);
        if self.findings.errors.is_empty() {
            if format.requires_balances()
                && let Some(finding) = prove_balance(&self.statement)
            {
                self.findings.error(finding);
            }
            self.compare_totals(format, check_totals);
        } else if self.findings.errors.len() == self.faulty_count {
            // The bank has counted what is set aside; its amounts are not known.
            self.compare_totals(format, check_counts);
        }
        (self.statement, self.findings)
    }

    fn compare_totals(&mut self, format: Format, compare: fn(&Totals, &[Tally], Counting, &mut Findings)) {
        let totals = self.statement.totals.as_ref().filter(|_| self.expected_count == 0);
        let Some(totals) = totals else { return };
        let tally = Tally { unread: self.unread.clone(), ..Tally::of(&self.statement.lines) };
        // Without balances nothing else would show an entry that was changed.
        let tallies = if format.requires_balances() { vec![tally] } else { tally.ways() };
        compare(totals, &tallies, self.floors.counting(), &mut self.findings);
    }

    /// Where the file breaks off inside the closing balance, its decimals may be gone and the number
    /// still be one: every other amount of the statement then has the same number of decimals. Nothing
    /// (`0,`) is written short by many.
    fn check_last_decimals(&mut self, open_end: Option<usize>) {
        let Some(closing) = &self.statement.closing else { return };
        let opening = self.statement.opening.iter().map(|opening| opening.amount);
        let others = opening.chain(self.statement.lines.iter().map(|line| line.amount));
        let mut decimals = others.filter(|amount| !amount.is_zero()).map(|amount| amount.scale());
        let habit = decimals.next().filter(|first| decimals.all(|one| one == *first));
        let is_last = open_end.is_some_and(|line| closing.at == line_place(line));
        if is_last && habit.is_some_and(|habit| closing.amount.scale() < habit) {
            self.findings.error(Finding::new(
                &closing.at,
                "closing_cut",
                "Tệp kết thúc giữa số dư cuối kỳ: thiếu các chữ số thập phân",
                "the file ends inside of the closing balance: its decimals are missing",
            ));
        }
    }
}

fn currency_mixed(tag: &Tag<'_, '_>, named: &str) -> Finding {
    Finding::new(
        tag.at(),
        "currency_mixed",
        format!("Loại tiền {} khác loại tiền của sao kê", excerpt(named)),
        format!("the currency {} is not the statement's", excerpt(named)),
    )
}

fn present(text: &str) -> Option<String> {
    Some(crate::text::clean(text)).filter(|text| !text.is_empty())
}
