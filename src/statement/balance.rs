//! The balance proof, and how pages and statements of one account follow each other.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::finding::{Finding, Findings};
use super::model::{Balance, Line, Page, Statement};
use super::tally::Tally;

/// Opening balance plus every line must give the closing balance, all in one currency.
///
/// `None` means proven. A finding names both numbers. A statement without one of its balances
/// cannot be proven.
pub fn prove_balance(statement: &Statement) -> Option<Finding> {
    prove_tally(statement, &Tally::of(&statement.lines))
}

/// The same with the sums of lines that are no longer there.
pub(super) fn prove_tally(statement: &Statement, tally: &Tally) -> Option<Finding> {
    let (Some(opening), Some(closing)) = (&statement.opening, &statement.closing) else {
        return Some(Finding::new(
            &statement.at,
            "balance_missing",
            "Thiếu số dư đầu kỳ hoặc cuối kỳ",
            "the opening or the closing balance is missing",
        ));
    };
    if let Some(stranger) = first_of_other_currency(statement, tally, &opening.currency) {
        return Some(stranger);
    }
    let expected = tally.sum.and_then(|sum| opening.amount.checked_add(sum));
    let Some(expected) = expected else {
        return Some(Finding::new(
            &closing.at,
            "amount_out_of_range",
            "Tổng số tiền vượt quá giới hạn",
            "the sum of the lines is out of range",
        ));
    };
    if expected == closing.amount {
        return None;
    }
    let difference = closing.amount.checked_sub(expected).unwrap_or(Decimal::MAX);
    Some(Finding::new(
        &closing.at,
        "balance_broken",
        format!(
            "Số dư không khớp: đầu kỳ {} cộng phát sinh được {expected}, cuối kỳ ghi {}, lệch {difference}",
            opening.amount, closing.amount
        ),
        format!(
            "opening {} plus the lines gives {expected}, but closing is {}: off by {difference}",
            opening.amount, closing.amount
        ),
    ))
}

fn first_of_other_currency(statement: &Statement, tally: &Tally, currency: &str) -> Option<Finding> {
    let mixed = |at: &str, found: &str| {
        Finding::new(
            at,
            "currency_mixed",
            format!("Loại tiền {found} khác loại tiền {currency} của số dư đầu kỳ"),
            format!("the currency {found} differs from {currency} of the opening balance"),
        )
    };
    let closing = statement.closing.iter().map(|closing| (&closing.at, &closing.currency));
    let lines = tally.currencies().iter().map(|(currency, at)| (at, currency));
    closing.chain(lines).find(|(_, found)| *found != currency).map(|(at, found)| mixed(at, found))
}

/// Puts the pages of one statement together: the opening balance of the first page, all lines,
/// the closing balance of the last. Statements of one page pass unchanged.
pub fn join_pages(statements: Vec<Statement>) -> Vec<Statement> {
    let mut joined: Vec<Statement> = Vec::with_capacity(statements.len());
    for next in statements {
        match joined.last_mut().filter(|previous| is_next_page(previous, &next)) {
            Some(previous) => append_page(previous, next),
            None => joined.push(next),
        }
    }
    joined
}

/// Puts the pages of a statement, which came in files of their own, in their order.
pub(super) fn order_pages(statements: &mut [Statement]) {
    let is_begun = |at: usize| at.checked_sub(1).and_then(|before| statements.get(before));
    let follows = |(at, statement): (usize, &Statement)| {
        statement.page.is_none_or(|page| !page.continues)
            || is_begun(at).is_some_and(|previous| is_next_page(previous, statement))
    };
    if statements.iter().enumerate().all(follows) {
        return;
    }
    let mut first: HashMap<_, usize> = HashMap::new();
    let places: Vec<(usize, u32)> = statements
        .iter()
        .enumerate()
        .map(|(position, statement)| {
            let Some(number) = statement.page.and_then(|page| page.number) else { return (position, 0) };
            let key = (statement.account.clone(), statement.id.clone(), statement.sequence);
            (*first.entry(key).or_insert(position), number)
        })
        .collect();
    let mut places = places.into_iter();
    statements.sort_by_cached_key(|_| places.next());
}

pub(super) fn is_next_page(previous: &Statement, next: &Statement) -> bool {
    previous.account == next.account && is_numbered_on(previous, next)
}

/// Whether a page goes on where the one before ends, of whatever account it is.
fn is_numbered_on(previous: &Statement, next: &Statement) -> bool {
    let (Some(before), Some(after)) = (previous.page, next.page) else { return false };
    let pages_follow = match (before.number, after.number) {
        // Some banks give every page of a statement the number of the first; their balances follow.
        (Some(before), Some(after)) if before == after => {
            let balance = |balance: &Balance| (balance.amount, balance.currency.clone());
            let (closing, opening) = (previous.closing.as_ref(), next.opening.as_ref());
            closing.is_some() && closing.map(balance) == opening.map(balance)
        }
        (Some(before), Some(after)) => before.checked_add(1) == Some(after),
        _ => true,
    };
    !before.last
        && after.continues
        && pages_follow
        && (previous.sequence == next.sequence || previous.id == next.id)
}

fn append_page(statement: &mut Statement, page: Statement) {
    let offset = statement.lines.last().map_or(0, |line| line.entry_index);
    statement.lines.extend(page.lines.into_iter().map(|mut line| {
        line.entry_index = line.entry_index.saturating_add(offset);
        line
    }));
    statement.closing = page.closing;
    statement.totals = None;
    statement.tallies = Vec::new();
    let continues = statement.page.is_some_and(|first| first.continues);
    let first = statement.page.and_then(|first| first.first);
    let number = page.page.and_then(|last| last.number);
    statement.page = Some(Page { first, number, continues, last: page.page.is_none_or(|last| last.last) });
}

/// Checks what joins the statements of a file: a page opens with what the page before closed
/// with, and a statement of several pages is proven as a whole.
pub(super) fn check_sequence(statements: &[Statement], findings: &mut Findings) {
    check_repeated(statements, findings);
    for (position, statement) in statements.iter().enumerate() {
        let next = statements.get(position + 1);
        match next.filter(|next| is_next_page(statement, next)) {
            Some(next) => check_page_chain(statement, next, findings),
            None => check_open_end(statement, next, findings),
        }
        if let Some(next) = next {
            check_page_account(statement, next, findings);
        }
        let previous = position.checked_sub(1).and_then(|before| statements.get(before));
        check_start(previous, statement, findings);
    }
}

/// One statement twice in a file: the second would double every line of the first. Each statement is looked up by
/// what it says and compared with those alone that say it too, so that many pages of one number cost no more.
fn check_repeated(statements: &[Statement], findings: &mut Findings) {
    let mut alike: HashMap<Outline<'_>, usize> = HashMap::new();
    for statement in statements {
        *alike.entry(outline(statement)).or_default() += 1;
    }
    let mut seen: HashMap<(Outline<'_>, u64), Vec<&Statement>> = HashMap::new();
    for statement in statements {
        let outline = outline(statement);
        if alike.get(&outline).is_none_or(|count| *count < 2) {
            continue;
        }
        let earlier = seen.entry((outline, hash_of_lines(statement))).or_default();
        if earlier.iter().any(|one| have_the_same_lines(one, statement)) {
            findings.error(Finding::new(
                &statement.at,
                "statement_repeated",
                "Sao kê này đã có trong tệp",
                "this statement stands in the file already",
            ));
        } else if is_telling(statement) {
            earlier.push(statement);
        }
    }
}

/// What of two statements must be equal beside their lines: account, id, number and count of lines, then the page
/// and both balances.
type Outline<'s> = (
    (Option<&'s str>, Option<&'s str>, Option<u64>, usize),
    (bool, Option<u32>, BalanceAndDay, BalanceAndDay),
);
type BalanceAndDay = Option<(Decimal, Option<NaiveDate>)>;

fn outline(statement: &Statement) -> Outline<'_> {
    let (opening, closing) = (balance_of(&statement.opening), balance_of(&statement.closing));
    (
        (statement.account.as_deref(), statement.id.as_deref(), statement.sequence, statement.lines.len()),
        (statement.page.is_some(), page_number(statement), opening, closing),
    )
}

/// What of two lines must be equal.
fn told(line: &Line) -> (Decimal, Option<NaiveDate>, Option<&str>, Option<&str>, Option<&str>) {
    let (reference, bank_reference) = (line.reference.as_deref(), line.bank_reference.as_deref());
    (line.amount, line.booking_date, reference, bank_reference, line.memo.as_deref())
}

fn hash_of_lines(statement: &Statement) -> u64 {
    let mut hasher = DefaultHasher::new();
    statement.lines.iter().for_each(|line| told(line).hash(&mut hasher));
    hasher.finish()
}

fn have_the_same_lines(one: &Statement, other: &Statement) -> bool {
    one.lines.iter().map(told).eq(other.lines.iter().map(told))
}

/// Whether it is of camt: its places are paths, behind the name of a file where it is one of several.
fn is_xml(statement: &Statement) -> bool {
    statement.at.rsplit(": ").next().is_some_and(|at| at.starts_with('/'))
}

/// Whether another of its outline and its lines, of which there are some, is the same statement. An id that is
/// unique, as camt makes it, shows that it is the same; else that it takes the account from one balance to another:
/// the second would have to begin where the first ended; and without balances that each of its lines has a reference
/// of the bank.
fn is_telling(one: &Statement) -> bool {
    let is_message = is_xml(one) || one.page.is_some();
    let amount = |balance: &Option<Balance>| balance_of(balance).map(|(amount, _)| amount);
    let has_moved = one.opening.is_some() && amount(&one.opening) != amount(&one.closing);
    // A report within the day has no balances; the bank's own references make it one of a kind.
    let is_told_once = one.opening.is_none()
        && one.closing.is_none()
        && one.sequence.is_some_and(|number| number > 0)
        && one.lines.iter().all(|line| line.bank_reference.is_some());
    is_message
        && (one.id.is_some() || is_xml(one))
        && (has_moved || is_told_once || (is_xml(one) && one.id.is_some()))
        && !one.lines.is_empty()
}

fn balance_of(balance: &Option<Balance>) -> BalanceAndDay {
    balance.as_ref().map(|one| (one.amount, one.date))
}

/// Two statements of one number that begin with one balance on one day and end on one day, with different
/// balances: one of them is wrong. Reports within the day are told with no number, and begin alike.
pub(super) fn check_contradicted(statements: &[Statement], findings: &mut Findings) {
    let mut seen: HashMap<_, &Statement> = HashMap::new();
    for statement in statements {
        let (Some(opening), Some(closing)) = (&statement.opening, &statement.closing) else { continue };
        let number = match statement.sequence.filter(|number| *number > 0) {
            Some(number) => number,
            // Its id is unique.
            None if is_xml(statement) => 0,
            None => continue,
        };
        let days = (opening.date, closing.date);
        let key = (&statement.account, &statement.id, number, page_number(statement), days, opening.amount);
        let earlier = *seen.entry(key).or_insert(statement);
        let differs = earlier.closing.as_ref().is_some_and(|known| known.amount != closing.amount);
        let are_told = statement.id.is_some() && days.0.is_some() && days.1.is_some();
        if differs && are_told && earlier.currency == statement.currency {
            findings.error(Finding::new(
                &statement.at,
                "statement_repeated",
                format!("Sao kê này đã có trong tệp ({}), với số dư cuối khác", earlier.at),
                format!("this statement stands in the file already ({}), closing otherwise", earlier.at),
            ));
        }
    }
}

fn page_number(statement: &Statement) -> Option<u32> {
    statement.page.and_then(|page| page.number)
}

/// A page that goes on in number and balance where the one before ends, and names another account.
fn check_page_account(page: &Statement, next: &Statement, findings: &mut Findings) {
    let meets = match (&page.closing, &next.opening) {
        (Some(closing), Some(opening)) => {
            closing.amount == opening.amount && closing.currency == opening.currency
        }
        (None, None) => page.id.is_some() && page.id == next.id,
        _ => false,
    };
    let (Some(known), Some(found)) = (&page.account, &next.account) else { return };
    if known != found && meets && is_numbered_on(page, next) {
        findings.error(Finding::new(
            &next.at,
            "account_changed",
            format!("Số tài khoản đổi từ {known} sang {found} giữa hai trang"),
            format!("the account changes from {known} to {found} between two pages"),
        ));
    }
}

fn check_page_chain(page: &Statement, next: &Statement, findings: &mut Findings) {
    if let (Some(closing), Some(opening)) = (&page.closing, &next.opening)
        && (closing.amount != opening.amount || closing.currency != opening.currency)
    {
        findings.error(page_chain_broken(closing, opening));
    }
}

pub(super) fn page_chain_broken(closing: &Balance, opening: &Balance) -> Finding {
    Finding::new(
        &opening.at,
        "page_chain_broken",
        format!("Trang trước kết thúc ở {}, trang này bắt đầu ở {}", closing.amount, opening.amount),
        format!("the page before closes at {}, this one opens at {}", closing.amount, opening.amount),
    )
}

/// Pages may come in files of their own; between two pages of one file none may be missing.
fn check_open_end(statement: &Statement, next: Option<&Statement>, findings: &mut Findings) {
    if statement.page.is_none_or(|page| page.last) {
        return;
    }
    let finding = Finding::new(
        &statement.at,
        "page_missing",
        "Sao kê còn trang sau không có trong tệp",
        "a following page of this statement is not in the file",
    );
    match next.is_some_and(|next| is_later_page(statement, next)) {
        true => findings.error(finding),
        false => findings.warn(finding),
    }
}

fn is_later_page(page: &Statement, next: &Statement) -> bool {
    next.page.is_some_and(|page| page.continues)
        && page.account == next.account
        && page.sequence.is_some()
        && page.sequence == next.sequence
}

fn check_start(previous: Option<&Statement>, statement: &Statement, findings: &mut Findings) {
    let follows = previous.is_some_and(|previous| is_next_page(previous, statement));
    if statement.page.is_some_and(|page| page.continues) && !follows {
        findings.warn(Finding::new(
            &statement.at,
            "page_missing",
            "Sao kê có trang trước không có trong tệp",
            "an earlier page of this statement is not in the file",
        ));
        return;
    }
    let Some(previous) = previous.filter(|previous| !follows && previous.account == statement.account) else {
        return;
    };
    let is_successor =
        previous.sequence.zip(statement.sequence).is_some_and(|(a, b)| a.checked_add(1) == Some(b));
    if let (true, Some(closing), Some(opening)) = (is_successor, &previous.closing, &statement.opening)
        && closing.currency == opening.currency
        && closing.amount != opening.amount
    {
        findings.warn(Finding::new(
            &opening.at,
            "statement_gap",
            format!("Số dư đầu kỳ {} khác số dư cuối {} của sao kê trước", opening.amount, closing.amount),
            format!(
                "opening {} differs from closing {} of the statement before",
                opening.amount, closing.amount
            ),
        ));
    }
}

/// Proves the joined statements of several pages whose pages alone had no balances.
pub(super) fn prove_joined_pages(statements: &[Statement], findings: &mut Findings) {
    let has_gap = |statement: &Statement| {
        statement.page.is_some() && (statement.opening.is_none() || statement.closing.is_none())
    };
    if !statements.iter().any(has_gap) {
        return;
    }
    for joined in join_pages(statements.to_vec()) {
        let is_whole = joined.page.is_some_and(|page| page.last && !page.continues);
        if is_whole && let Some(finding) = prove_balance(&joined) {
            findings.error(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of one statement, of one line.
    fn page(number: i64, memo: &str) -> Statement {
        let balance = |amount: i64| Balance {
            date: NaiveDate::from_ymd_opt(2026, 11, 23),
            amount: Decimal::from(amount),
            currency: "VND".to_owned(),
            at: String::new(),
        };
        let line = Line { amount: Decimal::from(10), memo: Some(memo.to_owned()), ..Line::default() };
        Statement {
            account: Some("0021000123456".to_owned()),
            id: Some("SK2311".to_owned()),
            sequence: Some(57),
            // Some banks give every page the number of the first.
            page: Some(Page { first: Some(1), number: Some(1), continues: number > 1, last: false }),
            opening: Some(balance(0)),
            closing: Some(balance(10)),
            lines: vec![line],
            at: format!("page {number}"),
            ..Statement::default()
        }
    }

    fn repeated(pages: &[Statement]) -> Vec<String> {
        let mut findings = Findings::default();
        check_repeated(pages, &mut findings);
        findings.errors.into_iter().map(|finding| finding.at).collect()
    }

    #[test]
    fn among_very_many_pages_of_one_outline_only_those_that_stand_twice_are_named() {
        let mut pages: Vec<Statement> =
            (1..=50_000).map(|number| page(number, &number.to_string())).collect();
        assert!(repeated(&pages).is_empty());
        pages.extend([page(50_001, "7"), page(50_002, "another"), page(50_003, "7")]);
        assert_eq!(repeated(&pages), ["page 50001", "page 50003"]);
    }

    #[test]
    fn what_moves_nothing_and_has_no_unique_id_is_not_taken_for_a_repetition() {
        let still = |at: &str| {
            let one = page(1, "x");
            Statement { closing: one.opening.clone(), at: at.to_owned(), ..one }
        };
        assert!(repeated(&[still("one"), still("other")]).is_empty());
        assert_eq!(
            repeated(&[still("/Document/Stmt[1]"), still("/Document/Stmt[2]")]),
            ["/Document/Stmt[2]"]
        );
    }
}
