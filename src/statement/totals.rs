//! The counts and sums a bank states beside its lines.

use rust_decimal::Decimal;

use super::balance::is_next_page;
use super::finding::{Finding, Findings};
use super::model::{Statement, Totals};
use super::tally::{Side, Tally};

/// How a stated total is read where banks differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// A count that differs is an error: the message counts what it lists.
    Strict,
    /// A count that differs is told: a row with its charges may count as one entry or as several.
    Lenient,
    /// Entries under a limit are left out of the list: the stated sums and counts may be larger.
    AboveLimit,
}

/// Name, place, sum and count of a side, and how the lines give it.
type Stated<'a> = (&'a str, &'a str, Option<Decimal>, Option<u64>, fn(&Tally) -> Side);

/// Compares the lines with what the bank states of them. `tallies` are the ways in which a bank may
/// count: the booked lines alone, or with those that are announced; one of them must agree.
pub(super) fn check_totals(totals: &Totals, tallies: &[Tally], counting: Counting, findings: &mut Findings) {
    let Some(first) = tallies.first() else { return };
    // Banks do not agree on which side a reversal counts.
    let has_reversal = tallies.iter().any(|tally| tally.has_reversal);
    let is_limited = counting == Counting::AboveLimit;
    let is_more = |given: Decimal, own: Option<Decimal>| is_limited && own.is_some_and(|own| given > own);
    let mut tell = |finding: Finding, is_binding: bool| {
        if is_binding && !has_reversal { findings.error(finding) } else { findings.warn(finding) }
    };
    let sides: [Stated<'_>; 3] = [
        ("có/credit", &totals.credit_at, totals.credit_sum, totals.credit_count, |tally| {
            tally.credit.clone()
        }),
        ("nợ/debit", &totals.debit_at, totals.debit_sum, totals.debit_count, |tally| tally.debit.clone()),
        ("cả hai bên/overall", &totals.at, None, totals.count, Tally::both_sides),
    ];
    for (name, at, sum, count, side) in sides {
        let agrees = |given: u64| tallies.iter().any(|tally| counts(&side(tally), tally.zero_count, given));
        if let Some(given) = sum.filter(|given| !tallies.iter().any(|tally| side(tally).sum == Some(*given)))
        {
            let own = side(first).sum;
            // Where as many are listed as are counted, none was left out under the limit. Payments inside of a
            // batch and lines of nothing do not say so: others may be missing in their place.
            let is_whole = count.is_some_and(|given| tallies.iter().any(|tally| side(tally).count == given));
            tell(sum_differs(at, name, given, own), is_whole || !is_more(given, own));
        }
        if let Some(given) = count.filter(|given| !agrees(*given)) {
            tell(count_differs(at, name, given, side(first).count), counting == Counting::Strict);
        }
    }
    if let Some(given) = totals.sum.filter(|given| !tallies.iter().any(|tally| is_sum(tally, *given))) {
        tell(sum_differs(&totals.at, "cả hai bên/overall", given, first.both_sides().sum), true);
    }
    if let Some(given) = totals.net.filter(|given| !tallies.iter().any(|tally| tally.sum == Some(*given))) {
        tell(sum_differs(&totals.at, "ròng/net", given, first.sum), true);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors and warnings of a stated credit of 26 in so many entries beside one of 20, with a floor limit.
    fn told(count: u64, listed: Side, zero_count: u64) -> (usize, usize) {
        let tally = Tally { credit: listed, zero_count, ..Tally::default() };
        let credit_sum = Some(Decimal::from(26));
        let totals = Totals { credit_sum, credit_count: Some(count), ..Totals::default() };
        let mut findings = Findings::default();
        check_totals(&totals, &[tally], Counting::AboveLimit, &mut findings);
        (findings.errors.len(), findings.warnings.len())
    }

    #[test]
    fn only_a_list_of_as_many_entries_as_are_counted_leaves_none_out() {
        let side = |payment_count| Side { sum: Some(Decimal::from(20)), count: 1, payment_count };
        assert_eq!(told(1, side(1), 0), (1, 0), "nothing was left out that could be the difference");
        assert_eq!(told(3, side(3), 0), (0, 1), "the payments inside of a batch are no entries");
        assert_eq!(told(2, side(1), 1), (0, 1), "a line of nothing may be on the other side");
    }
}
