//! What was read becomes what is stored: whole đồng, known days, lines set aside. Pure.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::statement::balance::{check_contradicted, is_next_page};
use crate::statement::finding::Findings;
use crate::statement::refusal::Refusal;
use crate::statement::totals::check_totals_of_pages;
use crate::statement::{BalanceBasis, Finding, Format, Line, Parsed, Statement, join_pages, prove_balance};

/// What a reader says about one line only: the rest of the statement is usable without it.
const LINE_CODES: [&str; 17] = [
    "amount_decimals",
    "amount_unreadable",
    "amount_without_comma",
    "amount_negative",
    "amount_on_both_sides",
    "amount_out_of_range",
    "batch_mismatch",
    "currency_invalid",
    "date_invalid",
    "details_do_not_add_up",
    "element_missing",
    "element_repeated",
    "mark_invalid",
    "reversal_invalid",
    "row_too_wide",
    "status_invalid",
    "transaction_code_missing",
];

/// The code of a statement that stands in its file twice.
pub(super) const REPEATED: &str = "statement_repeated";

/// What a reader says about one statement only, once it has told the statements of the file apart. Whatever else it
/// says (a file that is cut off or damaged, pages that are missing or change their account) concerns the whole file.
const STATEMENT_CODES: [&str; 21] = [
    "balance_broken",
    "balance_chain_broken",
    "balance_decimals",
    "balance_missing",
    "balance_repeated",
    "count_mismatch",
    "currency_mixed",
    "date_missing",
    "element_misplaced",
    "element_unknown",
    "entry_repeated",
    "number_unreadable",
    "opening_differs",
    "opening_missing",
    "page_chain_broken",
    "page_mark_invalid",
    REPEATED,
    "tag_missing",
    "tag_repeated",
    "totals_mismatch",
    "totals_negative",
];

/// A statement ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Its place in the file, from zero.
    pub position: i32,
    pub at: String,
    pub account_no: String,
    pub currency: String,
    pub number: Option<String>,
    pub sequence: Option<i64>,
    pub opening_on: BusinessDay,
    pub opening: Dong,
    pub closing_on: BusinessDay,
    pub closing: Dong,
    pub is_derived: bool,
    pub lines: Vec<DraftLine>,
    /// Findings about lines that could not be read.
    pub quarantined: Vec<Finding>,
}

#[derive(Clone, Debug)]
pub(super) struct DraftLine {
    pub line_no: i32,
    pub booking_date: BusinessDay,
    pub amount: Dong,
    pub read: Line,
}

/// What of a file can be stored, and what cannot.
pub(super) struct Sorted<T> {
    pub drafts: Vec<T>,
    /// Statements that are not usable, each told apart from the others beyond doubt.
    pub refused: Vec<Refusal>,
    pub pages: Pages,
}

pub(super) fn place_of(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// Where the pages of a file begin, each with the statement it is of.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    /// Of each file of an archive the first lines in their order.
    lines: HashMap<String, Vec<(u64, usize)>>,
    elements: HashMap<String, usize>,
}

impl Pages {
    /// Of pages in their order, and the statements that were joined of them.
    pub fn of(pages: Vec<String>, joined: &[Statement]) -> Pages {
        let mut index = 0;
        let page = |(nth, at): (usize, String)| {
            if nth > 0 && joined.get(index + 1).is_some_and(|next| next.at == at) {
                index += 1;
            }
            (at, index)
        };
        Pages::starting(pages.into_iter().enumerate().map(page))
    }

    /// Of pages that are not joined, each by its own number.
    pub fn apart(pages: &[Statement]) -> Pages {
        Pages::starting(pages.iter().map(|page| page.at.clone()).zip(0..))
    }

    fn starting(starts: impl Iterator<Item = (String, usize)>) -> Pages {
        let mut pages = Pages::default();
        for (at, index) in starts {
            if let Some((file, line)) = line_of(&at) {
                pages.lines.entry(file.to_owned()).or_default().push((line, index));
            } else {
                pages.elements.entry(at).or_insert(index);
            }
        }
        pages.lines.values_mut().for_each(|begun| begun.sort_by_key(|(line, _)| *line));
        pages
    }

    /// The statement that a place lies in: within its element, or from its first line to the next one's.
    pub fn index_of(&self, at: &str) -> Option<usize> {
        let Some((file, line)) = line_of(at) else { return self.of_element(at) };
        let begun = self.lines.get(file)?;
        let after = begun.partition_point(|(first, _)| *first <= line);
        begun.get(after.checked_sub(1)?).map(|(_, index)| *index)
    }

    fn of_element(&self, at: &str) -> Option<usize> {
        let mut outer = Some(at);
        while let Some(element) = outer {
            if let Some(index) = self.elements.get(element) {
                return Some(*index);
            }
            outer = element.rsplit_once('/').map(|(outer, _)| outer);
        }
        None
    }

    /// The position of that statement.
    pub fn owner(&self, at: &str) -> Option<i32> {
        self.index_of(at).map(place_of)
    }
}

/// The file of an archive, and the line in it.
fn line_of(at: &str) -> Option<(&str, u64)> {
    let (file, place) = at.rsplit_once(": ").unwrap_or(("", at));
    Some((file, place.strip_prefix("line ")?.parse().ok()?))
}

/// The statements of the file, sorted, or everything that stands in the way of the whole of it. `account_no` is the
/// account of a file that names none.
pub(super) fn drafts(parsed: &mut Parsed, account_no: Option<&str>) -> Result<Sorted<Draft>, Vec<Finding>> {
    sorted(parsed, account_no, |index, statement, aside| draft(index, statement, account_no, aside))
}

/// The same of what `made` makes of each with the findings about its lines. The statements are taken out of what was
/// read: a month has a million lines, and each copy of them costs as much as reading them.
pub(super) fn sorted<T>(
    parsed: &mut Parsed,
    account_no: Option<&str>,
    made: impl Fn(usize, Statement, Vec<Finding>) -> Result<T, Finding>,
) -> Result<Sorted<T>, Vec<Finding>> {
    let errors = all_errors(parsed);
    let (of_lines, others): (Vec<Finding>, Vec<Finding>) =
        errors.into_iter().partition(|finding| is_of_line(finding, parsed.format));
    let pages: Vec<String> = parsed.statements.iter().map(|page| page.at.clone()).collect();
    let statements = join_pages(std::mem::take(&mut parsed.statements));
    let is_of_sheets = are_on_several_sheets(&statements);
    let pages = Pages::of(pages, &statements);
    let is_apart =
        |finding: &Finding| is_of_statement(finding, parsed.format) && pages.index_of(&finding.at).is_some();
    if !others.iter().all(is_apart) {
        return Err(others);
    }
    let is_owned = |finding: &Finding| !is_of_sheets && pages.index_of(&finding.at).is_some();
    if !of_lines.iter().all(is_owned) {
        // An error that no statement owns may hide anything.
        return Err(of_lines);
    }
    let of_lines = by_statement(of_lines, &pages, statements.len());
    let others = with_rivals(by_statement(others, &pages, statements.len()), &statements);
    let (mut drafts, mut refused) = (Vec::new(), Vec::new());
    for (index, (statement, (aside, faults))) in
        statements.into_iter().zip(of_lines.into_iter().zip(others)).enumerate()
    {
        let mut refusal = Refusal::of(parsed.format, (index, &statement), account_no, faults);
        // Behind why it is left out, what did not read of its lines.
        if !refusal.findings.is_empty() {
            refusal.findings.extend(aside);
            refused.push(refusal);
            continue;
        }
        match made(index, statement, aside.clone()) {
            Ok(draft) => drafts.push(draft),
            Err(finding) => {
                refusal.findings.push(finding);
                refusal.findings.extend(aside);
                refused.push(refusal);
            }
        }
    }
    Ok(Sorted { drafts, refused, pages })
}

/// Rows are counted anew on each sheet: a row says nothing of the statement it is of.
pub(super) fn are_on_several_sheets(statements: &[Statement]) -> bool {
    statements.windows(2).any(|pair| matches!(pair, [one, next] if one.sheet != next.sheet))
}

/// The errors of a file, and what a reader looks for in a file without errors only: that one statement contradicts
/// another, and what the pages of one state beside their lines.
fn all_errors(parsed: &Parsed) -> Vec<Finding> {
    let mut errors = parsed.errors.clone();
    if !errors.is_empty() && parsed.format.requires_balances() {
        let mut found = Findings::default();
        check_contradicted(&parsed.statements, &mut found);
        found.errors.retain(|finding| !errors.contains(finding));
        errors.append(&mut found.errors);
    }
    let of_pages = totals_of_pages(parsed, &errors);
    errors.extend(of_pages);
    errors
}

/// What the pages state that have no fault yet but lines to be set aside, which count: where one has, its statement is
/// short of what did not read.
fn totals_of_pages(parsed: &Parsed, errors: &[Finding]) -> Vec<Finding> {
    let mut found = Findings::default();
    if errors.is_empty() {
        return found.errors;
    }
    let pages = &parsed.statements;
    let places = Pages::apart(pages);
    let faults = errors.iter().filter(|error| !is_of_line(error, parsed.format));
    let faulty: BTreeSet<usize> = faults.filter_map(|error| places.index_of(&error.at)).collect();
    let mut first = 0;
    for of_one in pages.chunk_by(is_next_page) {
        let next = first + of_one.len();
        if faulty.range(first..next).next().is_none() {
            check_totals_of_pages(of_one, &mut found);
        }
        first = next;
    }
    found.errors
}

fn by_statement(findings: Vec<Finding>, pages: &Pages, count: usize) -> Vec<Vec<Finding>> {
    let mut sorted: Vec<Vec<Finding>> = (0..count).map(|_| Vec::new()).collect();
    for finding in findings {
        if let Some(own) = pages.index_of(&finding.at).and_then(|index| sorted.get_mut(index)) {
            own.push(finding);
        }
    }
    sorted
}

/// Of two that contradict each other nobody knows which one is right: neither is taken.
fn with_rivals(mut faults: Vec<Vec<Finding>>, statements: &[Statement]) -> Vec<Vec<Finding>> {
    let is_repeated = |own: &[Finding]| own.iter().any(|finding| finding.code == REPEATED);
    let repeated: Vec<&Statement> =
        statements.iter().zip(&faults).filter(|(_, own)| is_repeated(own)).map(|(one, _)| one).collect();
    let rivals: Vec<bool> = statements
        .iter()
        .zip(&faults)
        .map(|(one, own)| own.is_empty() && repeated.iter().any(|other| contradicts(one, other)))
        .collect();
    let at = statements.iter().map(|one| one.at.as_str());
    for ((own, at), _) in faults.iter_mut().zip(at).zip(rivals).filter(|(_, is_rival)| *is_rival) {
        own.push(Finding::new(
            at,
            "statement_repeated",
            "Sao kê này đứng hai lần trong tệp, với số dư cuối khác nhau",
            "this statement stands in the file twice, closing otherwise",
        ));
    }
    faults
}

fn contradicts(one: &Statement, other: &Statement) -> bool {
    let amount = |balance: &Option<super::Balance>| balance.as_ref().map(|balance| balance.amount);
    one.account == other.account
        && one.id == other.id
        && one.sequence == other.sequence
        && amount(&one.opening) == amount(&other.opening)
        && amount(&one.closing) != amount(&other.closing)
}

/// What is booked after `last`: no bank books a day ahead of tomorrow, so the statement is of another year, of another
/// form of date, or none.
pub(super) fn ahead(draft: &Draft, last: BusinessDay) -> Option<Finding> {
    if draft.closing_on <= last {
        return None;
    }
    let line = draft.lines.iter().find(|line| line.booking_date > last);
    let (at, day) = line.map_or((&draft.at, draft.closing_on), |line| (&line.read.at, line.booking_date));
    Some(not_come(at, day))
}

pub(super) fn not_come(at: &str, day: BusinessDay) -> Finding {
    Finding::new(
        at,
        "statement_in_future",
        format!("Ngày {day} chưa tới"),
        format!("the day {day} has not come"),
    )
}

/// In camt an element may be missing anywhere; only within an entry it concerns the entry alone. Of a notification no
/// entry is set aside: nothing would show that it is missing.
fn is_of_line(finding: &Finding, format: Format) -> bool {
    let is_xml = matches!(format, Format::Camt052 | Format::Camt053);
    format != Format::Camt054
        && LINE_CODES.contains(&finding.code)
        && (!is_xml || finding.at.contains("/Ntry["))
}

/// What a message is told of itself alone, with its place: its neighbours in the file read without it. Tables are no
/// such messages; where one account's rows end shows by the rows.
fn is_of_statement(finding: &Finding, format: Format) -> bool {
    !format.is_table() && (STATEMENT_CODES.contains(&finding.code) || LINE_CODES.contains(&finding.code))
}

fn draft(
    index: usize,
    mut statement: Statement,
    account_no: Option<&str>,
    mut quarantined: Vec<Finding>,
) -> Result<Draft, Finding> {
    let at = statement.at.clone();
    let missing = |code, vi: &str, en: &str| Finding::new(&at, code, vi, en);
    let account_no = statement.account_number().or(account_no.map(str::to_owned)).ok_or_else(|| {
        missing(
            "account_missing",
            "Không thấy số tài khoản trong tệp",
            "the account number is not in the file",
        )
    })?;
    let (Some(opening), Some(closing)) = (&statement.opening, &statement.closing) else {
        let (vi, en) =
            ("Sao kê không có đủ số dư đầu và cuối", "the statement has no opening or closing balance");
        return Err(missing("statement_without_balance", vi, en));
    };
    let currency = statement.currency.clone().unwrap_or_else(|| opening.currency.clone());
    let mut known = Vec::with_capacity(statement.lines.len());
    for line in statement.lines.iter().filter(|line| !line.amount.is_zero()) {
        known.push(day_and_amount(line).map_err(|finding| quarantined.push(finding)).ok());
    }
    if quarantined.is_empty()
        && let Some(finding) = prove_balance(&statement)
    {
        return Err(finding);
    }
    let lines = draft_lines(std::mem::take(&mut statement.lines), known);
    let first_day = lines.iter().map(|line| line.booking_date).min();
    let last_day = lines.iter().map(|line| line.booking_date).max();
    let stated = closing.date.or(opening.date).map(BusinessDay);
    let closing_on = stated.max(last_day).ok_or_else(|| {
        missing("statement_without_date", "Sao kê không có ngày", "the statement has no date")
    })?;
    let whole = |balance: &super::Balance| {
        Dong::from_whole(balance.amount).map_err(|error| {
            Finding::new(
                &balance.at,
                error.code(),
                "Số dư không phải đồng nguyên",
                "the balance is not in whole đồng",
            )
        })
    };
    Ok(Draft {
        position: place_of(index),
        account_no,
        currency,
        number: statement.number,
        sequence: statement.sequence.and_then(|sequence| i64::try_from(sequence).ok()),
        opening_on: first_day.unwrap_or(closing_on),
        opening: whole(opening)?,
        closing_on,
        closing: whole(closing)?,
        is_derived: statement.balance_basis == BalanceBasis::Derived,
        lines,
        quarantined,
        at,
    })
}

fn day_and_amount(line: &Line) -> Result<(BusinessDay, Dong), Finding> {
    let day = line.day().ok_or_else(|| {
        Finding::new(&line.at, "date_missing", "Bút toán không có ngày", "the entry has no date")
    })?;
    Ok((BusinessDay(day), whole(&line.at, line.amount)?))
}

/// An amount that stands there.
pub(super) fn whole(at: &str, amount: Decimal) -> Result<Dong, Finding> {
    Dong::from_whole(amount).map_err(|error| {
        Finding::new(at, error.code(), "Số tiền không phải đồng nguyên", "the amount is not in whole đồng")
    })
}

/// The lines that move money, numbered as they stand; those nothing is known of are left out.
fn draft_lines(lines: Vec<Line>, known: Vec<Option<(BusinessDay, Dong)>>) -> Vec<DraftLine> {
    let moving = lines.into_iter().filter(|line| !line.amount.is_zero());
    let numbered = moving.zip(known).zip(1..);
    numbered
        .filter_map(|((read, known), line_no)| {
            known.map(|(booking_date, amount)| DraftLine { line_no, booking_date, amount, read })
        })
        .collect()
}

#[cfg(test)]
mod tests;
