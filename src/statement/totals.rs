//! The counts and sums a bank states beside its lines.

use rust_decimal::Decimal;

use super::balance::is_next_page;
use super::finding::{Finding, Findings};
use super::model::{Statement, Totals};
use super::tally::{Side, Tally, Unread};

/// How a stated total is read where banks differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// A count that differs is an error: the message counts what it lists.
    Strict,
    /// A count that differs is told: a row with its charges may count as one entry or as several.
    Lenient,
    /// Entries under a limit are left out of the list: the stated sums and counts of such a side may be larger. A side
    /// without a limit counts what it lists.
    AboveLimit { credits: bool, debits: bool },
}

impl Counting {
    fn limits_credits(self) -> bool {
        matches!(self, Counting::AboveLimit { credits: true, .. })
    }

    fn limits_debits(self) -> bool {
        matches!(self, Counting::AboveLimit { debits: true, .. })
    }

    fn limits_any(self) -> bool {
        self.limits_credits() || self.limits_debits()
    }

    /// Whether a count that differs is an error where no limit leaves entries out.
    fn is_exact(self) -> bool {
        self != Counting::Lenient
    }
}

/// The code of a count that nothing can be compared with.
const UNCOMPARED: &str = "count_uncompared";

/// What is stated of a side, or of both, and how the lines give it.
struct Stated<'a> {
    name: &'a str,
    at: &'a str,
    sum: Option<Decimal>,
    count: Option<u64>,
    side: fn(&Tally) -> Side,
    /// The entries that were set aside and count there, where that is known.
    unread: fn(&Unread) -> Option<u64>,
    /// Whether a limit may leave some of its entries out.
    is_limited: fn(Counting) -> bool,
}

fn stated(totals: &Totals) -> [Stated<'_>; 3] {
    [
        Stated {
            name: "có/credit",
            at: &totals.credit_at,
            sum: totals.credit_sum,
            count: totals.credit_count,
            side: |tally| tally.credit.clone(),
            unread: Unread::credits,
            is_limited: Counting::limits_credits,
        },
        Stated {
            name: "nợ/debit",
            at: &totals.debit_at,
            sum: totals.debit_sum,
            count: totals.debit_count,
            side: |tally| tally.debit.clone(),
            unread: Unread::debits,
            is_limited: Counting::limits_debits,
        },
        Stated {
            name: "cả hai bên/overall",
            at: &totals.at,
            sum: None,
            count: totals.count,
            side: Tally::both_sides,
            unread: Unread::entries,
            is_limited: Counting::limits_any,
        },
    ]
}

/// Compares the lines with what the bank states of them. `tallies` are the ways in which a bank may
/// count: the booked lines alone, or with those that are announced; one of them must agree. Where lines were set
/// aside, their amounts are not known and the counts alone are compared.
pub(super) fn check_totals(totals: &Totals, tallies: &[Tally], counting: Counting, findings: &mut Findings) {
    let Some(first) = tallies.first() else { return };
    if tallies.iter().any(|tally| !tally.unread.is_empty()) {
        return check_counts(totals, tallies, counting, findings);
    }
    // Banks do not agree on which side a reversal counts.
    let has_reversal = tallies.iter().any(|tally| tally.has_reversal);
    let is_more = |given: Decimal, own: Option<Decimal>| own.is_some_and(|own| given > own);
    let mut tell = |finding: Finding, is_binding: bool| {
        if is_binding && !has_reversal { findings.error(finding) } else { findings.warn(finding) }
    };
    for Stated { name, at, sum, count, side, is_limited, .. } in stated(totals) {
        let is_limited = is_limited(counting);
        let agrees = |given: u64| tallies.iter().any(|tally| counts(&side(tally), tally.zero_count, given));
        if let Some(given) = sum.filter(|given| !tallies.iter().any(|tally| side(tally).sum == Some(*given)))
        {
            let own = side(first).sum;
            // Where as many are listed as are counted, none was left out under the limit. Payments inside of a
            // batch and lines of nothing do not say so: others may be missing in their place.
            let is_whole = count.is_some_and(|given| tallies.iter().any(|tally| side(tally).count == given));
            tell(sum_differs(at, name, given, own), is_whole || !(is_limited && is_more(given, own)));
        }
        if let Some(given) = count.filter(|given| !agrees(*given)) {
            tell(count_differs(at, name, given, side(first).count), counting.is_exact() && !is_limited);
        }
    }
    if let Some(given) = totals.sum.filter(|given| !tallies.iter().any(|tally| is_sum(tally, *given))) {
        tell(sum_differs(&totals.at, "cả hai bên/overall", given, first.both_sides().sum), true);
    }
    if let Some(given) = totals.net.filter(|given| !tallies.iter().any(|tally| tally.sum == Some(*given))) {
        tell(sum_differs(&totals.at, "ròng/net", given, first.sum), true);
    }
}

/// Compares the counts alone, with the lines that were set aside: the bank has counted those, too.
pub(super) fn check_counts(totals: &Totals, tallies: &[Tally], counting: Counting, findings: &mut Findings) {
    let has_reversal = tallies.iter().any(|tally| tally.has_reversal);
    for Stated { name, at, count, side, unread, is_limited, .. } in stated(totals) {
        let Some(given) = count else { continue };
        let with_unread = |tally: &Tally| {
            let (read, unread) = (side(tally), unread(&tally.unread)?);
            let (count, payment_count) = (read.count + unread, read.payment_count.saturating_add(unread));
            Some((Side { count, payment_count, ..read }, tally.zero_count))
        };
        let Some(sides) = tallies.iter().map(with_unread).collect::<Option<Vec<_>>>() else {
            findings.warn(uncompared(at, name, given));
            continue;
        };
        if sides.iter().any(|(side, zero_count)| counts(side, *zero_count, given)) {
            continue;
        }
        let own = sides.first().map_or(0, |(side, _)| side.count);
        let finding = count_differs(at, name, given, own);
        if counting.is_exact() && !is_limited(counting) && !has_reversal {
            findings.error(finding);
        } else {
            findings.warn(finding);
        }
    }
}

/// Tells which counts of statements of several pages cannot be compared for a line that was set aside. Whether the
/// others agree is looked at where such a line does not keep its statement out.
pub(super) fn tell_uncompared_pages(statements: &[Statement], findings: &mut Findings) {
    let mut found = Findings::default();
    check_totals_of_pages(statements, &mut found);
    let uncompared = found.warnings.into_iter().filter(|finding| finding.code == UNCOMPARED);
    uncompared.for_each(|finding| findings.warn(finding));
}

/// What a page of several states is of the page, of the pages so far or of the whole statement: banks do not agree.
/// One of them must agree. A page without the others of its statement says nothing of those.
pub(super) fn check_totals_of_pages(statements: &[Statement], findings: &mut Findings) {
    for pages in statements.chunk_by(is_next_page) {
        let is_begun = pages.first().and_then(|first| first.page).is_some_and(|page| !page.continues);
        let is_ended = pages.last().and_then(|last| last.page).is_some_and(|page| page.last);
        if !is_begun || !is_ended || pages.iter().all(|page| page.totals.is_none()) {
            continue;
        }
        let whole = pages.iter().fold(Vec::new(), |sums: Vec<Tally>, page| plus_each(&sums, &page.tallies));
        let mut so_far: Vec<Tally> = Vec::new();
        for page in pages {
            so_far = plus_each(&so_far, &page.tallies);
            if let Some(totals) = &page.totals {
                let tallies = [page.tallies.as_slice(), so_far.as_slice(), whole.as_slice()].concat();
                check_totals(totals, &tallies, Counting::Strict, findings);
            }
        }
    }
}

/// The sums of one page more, in each way of counting.
fn plus_each(sums: &[Tally], more: &[Tally]) -> Vec<Tally> {
    let nothing = Tally::default();
    let plus = |(nth, one): (usize, &Tally)| {
        let sum = sums.get(nth).unwrap_or(&nothing).plus(one);
        Tally { currencies: Vec::new(), ..sum }
    };
    more.iter().enumerate().map(plus).collect()
}

/// Entries, or the payments inside of them.
fn counts(side: &Side, zero_count: u64, given: u64) -> bool {
    [side.count, side.payment_count].iter().any(|count| (*count..=count + zero_count).contains(&given))
}

/// The standard adds credits and debits up without their signs; some banks give the net sum.
fn is_sum(tally: &Tally, given: Decimal) -> bool {
    let net = tally.sum.map(|sum| sum.abs());
    tally.both_sides().sum == Some(given) || net == Some(given.abs())
}

fn sum_differs(at: &str, name: &str, given: Decimal, own: Option<Decimal>) -> Finding {
    let own = own.unwrap_or(Decimal::MAX);
    Finding::new(
        at,
        "totals_mismatch",
        format!("Tổng phát sinh {name} ghi {given}, cộng các dòng được {own}"),
        format!("the stated {name} total is {given}, the lines give {own}"),
    )
}

fn count_differs(at: &str, name: &str, given: u64, own: u64) -> Finding {
    Finding::new(
        at,
        "count_mismatch",
        format!("Số bút toán {name} ghi {given}, đọc được {own}"),
        format!("the stated {name} count is {given}, {own} were read"),
    )
}

fn uncompared(at: &str, name: &str, given: u64) -> Finding {
    Finding::new(
        at,
        UNCOMPARED,
        format!("Số bút toán {name} ghi {given}, không so được: không rõ ngân hàng tính dòng lỗi thế nào"),
        format!("the stated {name} count {given} is not compared: how a faulty line counts is unknown"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors and warnings of a stated credit of 26 in so many entries beside one of 20, with a floor limit.
    fn told(count: u64, listed: Side, zero_count: u64) -> (usize, usize) {
        let tally = Tally { credit: listed, zero_count, ..Tally::default() };
        let credit_sum = Some(Decimal::from(26));
        let totals = Totals { credit_sum, credit_count: Some(count), ..Totals::default() };
        let mut findings = Findings::default();
        let counting = Counting::AboveLimit { credits: true, debits: true };
        check_totals(&totals, &[tally], counting, &mut findings);
        (findings.errors.len(), findings.warnings.len())
    }

    #[test]
    fn a_line_that_was_set_aside_counts_where_its_side_is_known() {
        let told = |count: u64, unread: Unread| {
            let credit = Side { sum: Some(Decimal::from(20)), count: 1, payment_count: 1 };
            let tally = Tally { credit, unread, ..Tally::default() };
            let (credit_sum, credit_count) = (Some(Decimal::from(26)), Some(count));
            let totals = Totals { credit_sum, credit_count, count: Some(count), ..Totals::default() };
            let mut findings = Findings::default();
            check_totals(&totals, &[tally], Counting::Strict, &mut findings);
            let codes = |found: Vec<Finding>| found.into_iter().map(|one| one.code).collect::<Vec<_>>();
            (codes(findings.errors), codes(findings.warnings))
        };
        let one = |is_debit: Option<bool>| {
            let mut unread = Unread::default();
            unread.add(is_debit);
            unread
        };
        let mismatch = |times: usize| vec!["count_mismatch"; times];
        assert_eq!(told(2, one(Some(false))), (vec![], vec![]), "and no sum is compared");
        assert_eq!(told(3, one(Some(false))), (mismatch(2), vec![]), "another line is missing");
        assert_eq!(told(2, one(Some(true))), (mismatch(1), vec![]), "it is no credit, and one of both");
        assert_eq!(told(2, one(None)), (vec![], vec![UNCOMPARED]), "of both sides together it is one");
        assert_eq!(told(3, one(None)), (mismatch(1), vec![UNCOMPARED]));
        let mut open = Unread::default();
        open.add_open();
        assert_eq!(told(9, open), (vec![], vec![UNCOMPARED; 2]), "it may be several");
    }

    #[test]
    fn only_a_list_of_as_many_entries_as_are_counted_leaves_none_out() {
        let side = |payment_count| Side { sum: Some(Decimal::from(20)), count: 1, payment_count };
        assert_eq!(told(1, side(1), 0), (1, 0), "nothing was left out that could be the difference");
        assert_eq!(told(3, side(3), 0), (0, 1), "the payments inside of a batch are no entries");
        assert_eq!(told(2, side(1), 1), (0, 1), "a line of nothing may be on the other side");
    }
}
