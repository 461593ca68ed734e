//! What was read becomes what is stored: whole đồng, known days, lines set aside. Pure.

use crate::amount::Dong;
use crate::clock::BusinessDay;
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

/// All statements of the file, or everything that stands in the way. `account_no` is the account of a file
/// that names none. The statements are taken out of what was read: a month has a million lines, and
/// each copy of them costs as much as reading them.
pub(super) fn drafts(parsed: &mut Parsed, account_no: Option<&str>) -> Result<Vec<Draft>, Vec<Finding>> {
    let (of_lines, of_file): (Vec<&Finding>, Vec<&Finding>) =
        parsed.errors.iter().partition(|finding| is_of_line(finding, parsed.format));
    let mut refused: Vec<Finding> = of_file.into_iter().cloned().collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut drafts = Vec::new();
    let statements = join_pages(std::mem::take(&mut parsed.statements));
    let starts: Vec<String> = statements.iter().map(|statement| statement.at.clone()).collect();
    for (position, statement) in statements.into_iter().enumerate() {
        let next = starts.get(position + 1).map(String::as_str);
        let quarantined: Vec<Finding> = of_lines
            .iter()
            .filter(|finding| belongs(finding, &statement.at, next))
            .map(|f| (*f).clone())
            .collect();
        match draft(position, statement, account_no, quarantined) {
            Ok(draft) => drafts.push(draft),
            Err(finding) => refused.push(finding),
        }
    }
    let set_aside: usize = drafts.iter().map(|draft| draft.quarantined.len()).sum();
    if set_aside < of_lines.len() && refused.is_empty() {
        // An error that no statement owns may hide anything.
        refused.extend(of_lines.into_iter().cloned());
    }
    if refused.is_empty() { Ok(drafts) } else { Err(refused) }
}

/// What is booked after `last`, one finding a statement: no bank books a day ahead of tomorrow, so the file is of
/// another year, of another form of date, or no statement.
pub(super) fn ahead(drafts: &[Draft], last: BusinessDay) -> Vec<Finding> {
    let late = drafts.iter().filter(|draft| draft.closing_on > last);
    let told = late.map(|draft| {
        let line = draft.lines.iter().find(|line| line.booking_date > last);
        let (at, day) = line.map_or((&draft.at, draft.closing_on), |line| (&line.read.at, line.booking_date));
        not_come(at, day)
    });
    told.collect()
}

pub(super) fn not_come(at: &str, day: BusinessDay) -> Finding {
    Finding::new(
        at,
        "statement_in_future",
        format!("Ngày {day} chưa tới"),
        format!("the day {day} has not come"),
    )
}

/// In camt an element may be missing anywhere; only within an entry it concerns the entry alone.
fn is_of_line(finding: &Finding, format: Format) -> bool {
    let is_xml = matches!(format, Format::Camt052 | Format::Camt053 | Format::Camt054);
    LINE_CODES.contains(&finding.code) && (!is_xml || finding.at.contains("/Ntry["))
}

/// Whether the place lies in the statement that starts at `start`, before `next`.
fn belongs(finding: &Finding, start: &str, next: Option<&str>) -> bool {
    let line = |at: &str| at.strip_prefix("line ").and_then(|number| number.parse::<u64>().ok());
    match (line(&finding.at), line(start)) {
        (Some(at), Some(first)) => at >= first && next.and_then(line).is_none_or(|next| at < next),
        _ => finding.at.starts_with(&format!("{start}/")),
    }
}

fn draft(
    position: usize,
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
        position: i32::try_from(position).unwrap_or(i32::MAX),
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
    let amount = Dong::from_whole(line.amount).map_err(|error| {
        Finding::new(
            &line.at,
            error.code(),
            "Số tiền không phải đồng nguyên",
            "the amount is not in whole đồng",
        )
    })?;
    Ok((BusinessDay(day), amount))
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
