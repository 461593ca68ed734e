//! Which lines of a statement are known already.
//!
//! The same movement reaches us in camt.053, MT940 and CSV, in files that overlap, and again when
//! a file is sent twice. Nothing that all formats carry names it for certain: references are cut
//! or numbered anew, memos are wrapped at other columns. So a line is known by
//!
//! - its account, booking day and signed amount, which every format carries exactly;
//! - then the bank reference where both sides have one, then the squashed memo (letters and
//!   digits only), then the order;
//! - and its occurrence, because real twins (same day, amount and memo) are two movements.
//!
//! The balances say how much may be known at all. A statement that opens with the balance of the
//! day's beginning tells the day over again: of one amount it adds only as many lines as it has
//! more than we have. One that opens with the balance after our first `k` lines of the day begins
//! behind them, and those are no partners for its lines, however alike they look.
//!
//! So do the bank's numbers: of two statements of one and the same day and format, each under its own number, neither
//! tells a line of the other where they neither begin nor end at one balance, and neither begins at a balance between
//! the lines of the other (`Telling` in `sequence`). There only an equal reference makes two lines one, in whatever
//! order the statements come, and not even that where the statement begins behind the line by its balance: lines
//! without references are two movements, however alike they look. Where several starts are possible and no closing
//! balance proves one, two references of one format that differ are two movements, too; there a line without a
//! reference is known by its words as ever.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use crate::amount::Dong;
use crate::clock::BusinessDay;

/// More starting points than this in one day are a day full of zero sums, which proves nothing.
const START_LIMIT: usize = 8;

/// What all formats tell of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    pub date: BusinessDay,
    /// Minus is money out.
    pub amount: Dong,
    /// A keyed hash of the squashed memo.
    pub memo: String,
    pub bank_reference: Option<String>,
}

/// A line that is stored, in the order of booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub features: Features,
    pub occurrence: u32,
    /// A corrected statement took it out: it moves nothing and no line is it again, but its identity is
    /// used up.
    pub is_withdrawn: bool,
    pub place: Place,
    /// Its statement is of the format of the one that is planned: the bank names its lines alike in both.
    pub is_of_same_format: bool,
}

/// Where a line lies to the statement that is planned, by the numbers that the bank gives the statements of a day. One
/// that lies before or behind it is told by it only under its own reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Before,
    /// The numbers do not say it.
    #[default]
    Beside,
    Behind,
}

impl Known {
    /// Whether a line with a reference of its own may be it only by that reference, where nothing else can tell.
    fn is_named_alike(&self) -> bool {
        self.is_of_same_format && self.features.bank_reference.is_some()
    }
}

/// What a line of the new statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The line at this index of the known ones.
    Known(usize),
    /// New, as this occurrence of its day, amount and memo.
    New { occurrence: u32 },
}

/// The verdicts, in the order of the statement's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub verdicts: Vec<Verdict>,
    /// The opening balance follows from what is known: no statement is missing before this one.
    pub is_chained: bool,
    /// So many known lines of the first day lie before the statement.
    pub skip: usize,
}

/// The statement that is planned.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The first day it covers.
    pub first_day: BusinessDay,
    pub opening: Dong,
    pub closing: Dong,
    pub lines: &'a [Features],
}

/// Text of an identity, unique within its account: day, amount, memo hash, occurrence.
pub fn text(features: &Features, occurrence: u32) -> String {
    format!("{}/{}/{}/{occurrence}", features.date, features.amount.0, features.memo)
}

/// Memo hash and occurrence of an identity text.
pub fn parse(text: &str) -> (String, u32) {
    let mut parts = text.rsplit('/');
    let occurrence = parts.next().and_then(|part| part.parse().ok()).unwrap_or(1);
    (parts.next().unwrap_or_default().to_owned(), occurrence)
}

/// Decides line by line. `balance_before` is the balance known at the beginning of the first day;
/// `known` are the stored lines of the account from that day on.
pub fn plan(balance_before: Dong, known: &[Known], span: Span<'_>) -> Plan {
    let starts = starts(balance_before, known, &span);
    let Some(first) = starts.first().copied() else {
        return Plan { verdicts: assign(known, &span, 0, Pairing::Strict), is_chained: false, skip: 0 };
    };
    let closes =
        |verdicts: &[Verdict]| end_balance(balance_before, known, &span, verdicts) == Some(span.closing);
    let tried = starts.iter().map(|start| (*start, assign(known, &span, *start, Pairing::Loose)));
    let proven = { tried }.find(|(_, verdicts)| closes(verdicts));
    // Of several starts that no balance proves none is taken on its word: there the references tell.
    let unproven = if starts.len() > 1 { Pairing::Named } else { Pairing::Loose };
    let (skip, verdicts) = proven.unwrap_or_else(|| (first, assign(known, &span, first, unproven)));
    Plan { verdicts, is_chained: true, skip }
}

/// How the opening balance of a stored statement lies to the known lines of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    Follows,
    /// It follows only behind lines that the statement tells itself, which no statement begins behind: the day before
    /// is told with so much too little, or the statement's own lines were taken for twins that lie before it.
    AmidItsOwn,
    Broken,
}

/// What a stored statement, whose lines are not at hand, told of the lines of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    pub count: usize,
    /// What they come to, where that is known.
    pub sum: Option<Dong>,
}

/// Among more lines than this, or where they come to more sums, their number has to do.
const LINES_LIMIT: usize = 200;
const SUMS_LIMIT: usize = 20_000;

impl Again {
    /// Whether they can be among lines of these amounts.
    fn is_among(self, amounts: &[Dong]) -> bool {
        let are_enough = self.count <= amounts.len();
        let Some(sum) = self.sum.filter(|_| amounts.len() <= LINES_LIMIT) else { return are_enough };
        let mut reached = BTreeSet::from([(0, Dong::ZERO)]);
        for amount in amounts {
            let open = reached.iter().filter(|(count, _)| *count < self.count);
            let next: Vec<(usize, Dong)> =
                open.filter_map(|(count, sum)| Some((count + 1, sum.checked_add(*amount).ok()?))).collect();
            reached.extend(next);
            if reached.len() > SUMS_LIMIT {
                return are_enough;
            }
        }
        self.count == 0 || reached.contains(&(self.count, sum))
    }
}

/// Looks again whether a statement follows what is known. `known` are the lines of others; what it told `again` of
/// them lies behind its opening balance, and a balance before that is equal by chance.
pub fn chain(balance_before: Dong, known: &[Known], span: Span<'_>, again: Again) -> Chain {
    let starts = starts(balance_before, known, &span);
    if starts.iter().any(|start| again.is_among(&amounts_behind(known, &span, *start))) {
        Chain::Follows
    } else if starts.is_empty() {
        Chain::Broken
    } else {
        Chain::AmidItsOwn
    }
}

/// The lines behind so many of the first day; what was taken out since may have been any of them.
fn amounts_behind(known: &[Known], span: &Span<'_>, start: usize) -> Vec<Dong> {
    let mut passed = 0;
    let is_behind = |line: &&Known| {
        let is_of_day = !line.is_withdrawn && line.features.date == span.first_day;
        let is_before = is_of_day && line.place != Place::Behind && passed < start;
        passed += usize::from(is_before);
        !is_before
    };
    known.iter().filter(is_behind).map(|line| line.features.amount).collect()
}

/// The verdicts where only a reference or memo that agrees makes two lines one, behind `skip` known
/// lines of the first day.
pub fn plan_strictly(known: &[Known], span: Span<'_>, skip: usize) -> Vec<Verdict> {
    assign(known, &span, skip, Pairing::Strict)
}

/// After how many known lines of the first day the statement may begin, by its opening balance.
fn starts(balance_before: Dong, known: &[Known], span: &Span<'_>) -> Vec<usize> {
    let mut balance = Some(balance_before);
    let mut found = Vec::new();
    let of_day = |line: &&Known| !line.is_withdrawn && line.features.date == span.first_day;
    let day = known.iter().filter(of_day).filter(|line| line.place != Place::Behind);
    let told = span.lines.iter().filter(|_| !known.is_empty());
    let told: BTreeSet<(BusinessDay, Dong, &str)> = told.filter_map(by_reference).collect();
    // A reference that two statements use, of which neither tells a line of the other, names two lines.
    let is_told = |line: &Known| {
        line.place == Place::Beside && by_reference(&line.features).is_some_and(|line| told.contains(&line))
    };
    for (count, line) in day.map(Some).chain([None]).enumerate() {
        if balance == Some(span.opening) {
            found.push(count);
        }
        // The day before may have been misprinted by just so much: no statement begins behind what it shows.
        let Some(line) = line.filter(|line| !is_told(line)) else { break };
        balance = balance.and_then(|balance| balance.checked_add(line.features.amount).ok());
    }
    found.truncate(START_LIMIT);
    found
}

/// The balance once the new lines are added to all that is known up to the statement's end: to its last day, but for
/// what lies behind it and is none of its lines.
fn end_balance(balance_before: Dong, known: &[Known], span: &Span<'_>, verdicts: &[Verdict]) -> Option<Dong> {
    let last_day = span.lines.iter().map(|line| line.date).max().unwrap_or(span.first_day);
    let told: HashSet<usize> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Known(at) => Some(*at),
            Verdict::New { .. } => None,
        })
        .collect();
    let old = known
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_withdrawn && line.features.date <= last_day)
        .filter(|(at, line)| line.place != Place::Behind || told.contains(at))
        .map(|(_, line)| line.features.amount);
    let new = span.lines.iter().zip(verdicts).filter_map(|(line, verdict)| match verdict {
        Verdict::New { .. } => Some(line.amount),
        Verdict::Known(_) => None,
    });
    Dong::sum([balance_before].into_iter().chain(old).chain(new)).ok()
}

/// What makes two lines of one day and amount one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairing {
    /// The reference, else the words, else the order.
    Loose,
    /// The reference, else the words.
    Strict,
    /// As loose, but of two references of one format only the same.
    Named,
}

/// What two lines of one day and amount have in common, when they have it.
type Common = fn(&Features) -> Option<&str>;

/// In the order in which they make two lines one, where the reference of the bank does not.
const BY_WORDS: [Common; 2] = [|line| Some(line.memo.as_str()), |_| Some("")];

fn by_bank_reference(line: &Features) -> Option<&str> {
    line.bank_reference.as_deref()
}

/// Known lines without a partner, each kind in its order.
#[derive(Default)]
struct Waiting {
    for_any: VecDeque<usize>,
    /// No partners for a line with a reference.
    for_unnamed: VecDeque<usize>,
}

impl Waiting {
    /// The first that may be this line.
    fn take(&mut self, line: &Features) -> Option<usize> {
        let unnamed = self.for_unnamed.front().copied().filter(|_| line.bank_reference.is_none());
        match (self.for_any.front().copied(), unnamed) {
            (Some(any), Some(unnamed)) if unnamed < any => self.for_unnamed.pop_front(),
            (None, Some(_)) => self.for_unnamed.pop_front(),
            _ => self.for_any.pop_front(),
        }
    }
}

/// Pairs the lines of equal day and amount. `skip` lines of the first day lie before the statement.
fn assign<'l>(known: &'l [Known], span: &Span<'l>, skip: usize, pairing: Pairing) -> Vec<Verdict> {
    let mut free: Vec<usize> = Vec::new();
    let mut used: HashMap<(BusinessDay, Dong, &str), u32> = HashMap::with_capacity(span.lines.len());
    let mut passed = 0;
    for (index, line) in known.iter().enumerate() {
        let features = &line.features;
        let highest = used.entry((features.date, features.amount, features.memo.as_str())).or_default();
        *highest = (*highest).max(line.occurrence);
        if line.is_withdrawn {
            continue;
        }
        if features.date == span.first_day && passed < skip {
            passed += 1;
        } else {
            free.push(index);
        }
    }
    let mut verdicts: Vec<Option<Verdict>> = vec![None; span.lines.len()];
    pair(known, &mut free, (span.lines, &mut verdicts), (by_bank_reference, |_| false));
    // What lies before or behind the statement is none of its lines by words.
    free.retain(|index| known[*index].place == Place::Beside);
    let is_for_unnamed: fn(&Known) -> bool = match pairing {
        Pairing::Named => Known::is_named_alike,
        Pairing::Loose | Pairing::Strict => |_: &Known| false,
    };
    for common in BY_WORDS.into_iter().take(if pairing == Pairing::Strict { 1 } else { 2 }) {
        pair(known, &mut free, (span.lines, &mut verdicts), (common, is_for_unnamed));
    }
    let mut number = |line: &'l Features| {
        let highest = used.entry((line.date, line.amount, line.memo.as_str())).or_default();
        *highest += 1;
        Verdict::New { occurrence: *highest }
    };
    let numbered = span.lines.iter().zip(verdicts);
    numbered.map(|(line, verdict)| verdict.unwrap_or_else(|| number(line))).collect()
}

/// Gives each line without a verdict the first free known line that has the same in common with it. The second of the
/// functions tells which known lines are no partners for a line with a reference.
fn pair(
    known: &[Known],
    free: &mut Vec<usize>,
    (lines, verdicts): (&[Features], &mut [Option<Verdict>]),
    (common, is_for_unnamed): (Common, fn(&Known) -> bool),
) {
    let mut waiting: HashMap<(BusinessDay, Dong, &str), Waiting> = HashMap::new();
    for &index in free.iter() {
        let features = &known[index].features;
        if let Some(text) = common(features) {
            let alike = waiting.entry((features.date, features.amount, text)).or_default();
            let queue =
                if is_for_unnamed(&known[index]) { &mut alike.for_unnamed } else { &mut alike.for_any };
            queue.push_back(index);
        }
    }
    if waiting.is_empty() {
        return;
    }
    let mut taken = HashSet::new();
    for (line, verdict) in lines.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_none()) {
        let candidates = common(line).and_then(|text| waiting.get_mut(&(line.date, line.amount, text)));
        if let Some(index) = candidates.and_then(|alike| alike.take(line)) {
            *verdict = Some(Verdict::Known(index));
            taken.insert(index);
        }
    }
    free.retain(|index| !taken.contains(index));
}

/// A line as its reference names it; none without one.
fn by_reference(line: &Features) -> Option<(BusinessDay, Dong, &str)> {
    line.bank_reference.as_deref().map(|reference| (line.date, line.amount, reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn line(amount: i64, memo: &str, reference: Option<&str>) -> Features {
        Features {
            date: day("2026-11-22"),
            amount: Dong(amount),
            memo: memo.to_owned(),
            bank_reference: reference.map(str::to_owned),
        }
    }

    fn known(lines: &[Features]) -> Vec<Known> {
        let empty = Span { first_day: day("2026-11-22"), opening: Dong::ZERO, closing: Dong::ZERO, lines };
        plan(Dong::ZERO, &[], empty)
            .verdicts
            .into_iter()
            .zip(lines)
            .map(|(verdict, features)| match verdict {
                Verdict::New { occurrence } => {
                    let features = features.clone();
                    let place = Place::Beside;
                    Known { features, occurrence, is_withdrawn: false, place, is_of_same_format: true }
                }
                Verdict::Known(_) => panic!("nothing was known"),
            })
            .collect()
    }

    fn span(opening: i64, lines: &[Features]) -> Span<'_> {
        let closing = opening + lines.iter().map(|line| line.amount.0).sum::<i64>();
        Span { first_day: day("2026-11-22"), opening: Dong(opening), closing: Dong(closing), lines }
    }

    fn news(plan: &Plan) -> usize {
        plan.verdicts.iter().filter(|verdict| matches!(verdict, Verdict::New { .. })).count()
    }

    #[test]
    fn twins_of_one_statement_are_two_lines_with_two_identities() {
        let lines = [line(100, "a", None), line(100, "a", None)];
        let stored = known(&lines);
        assert_eq!(text(&stored[0].features, stored[0].occurrence), "2026-11-22/100/a/1");
        assert_eq!(text(&stored[1].features, stored[1].occurrence), "2026-11-22/100/a/2");
        assert_eq!(parse("2026-11-22/100/a/2"), ("a".to_owned(), 2));
    }

    #[test]
    fn the_same_day_told_again_adds_nothing_in_any_order_and_without_references() {
        let stored =
            known(&[line(100, "a", Some("R1")), line(100, "a", Some("R2")), line(-30, "b", Some("R3"))]);
        let again = [line(-30, "b", None), line(100, "a", None), line(100, "other words", None)];
        let plan = plan(Dong(500), &stored, span(500, &again));
        assert_eq!(news(&plan), 0);
        assert!(plan.is_chained);
    }

    #[test]
    fn a_fuller_statement_of_the_day_adds_what_is_missing_and_keeps_the_rest() {
        let stored = known(&[line(100, "a", Some("R1"))]);
        let fuller = [line(100, "b", Some("R2")), line(100, "a", Some("R1"))];
        let plan = plan(Dong(0), &stored, span(0, &fuller));
        assert_eq!(plan.verdicts, [Verdict::New { occurrence: 1 }, Verdict::Known(0)]);
    }

    #[test]
    fn the_afternoon_statement_brings_twins_of_the_morning_as_new_lines() {
        let stored = known(&[line(100, "a", None)]);
        let afternoon = [line(100, "a", None)];
        let plan = plan(Dong(0), &stored, span(100, &afternoon));
        assert_eq!(plan.verdicts, [Verdict::New { occurrence: 2 }]);
        assert!(plan.is_chained);
    }

    #[test]
    fn a_statement_that_begins_amid_the_known_day_overlaps_only_its_rest() {
        let stored = known(&[line(100, "a", None), line(70, "b", None)]);
        let rest = [line(70, "b", None), line(100, "a", None)];
        let plan = plan(Dong(0), &stored, span(100, &rest));
        assert_eq!(plan.verdicts, [Verdict::Known(1), Verdict::New { occurrence: 2 }]);
    }

    #[test]
    fn no_statement_begins_behind_a_line_that_it_shows_under_its_reference() {
        let lines = [line(100, "a", Some("R1")), line(30, "b", Some("R2"))];
        let stored = known(&lines);
        // The day before is known with 100 too little, so that its end and the first line come to the opening.
        let plan = plan(Dong(0), &stored, span(100, &lines));
        assert_eq!((news(&plan), plan.is_chained), (0, false));
    }

    #[test]
    fn a_day_that_sums_to_zero_is_told_apart_by_the_closing_balance() {
        let stored = known(&[line(100, "a", None), line(-100, "b", None)]);
        let evening = [line(100, "c", None)];
        let plan = plan(Dong(0), &stored, span(0, &evening));
        assert_eq!(news(&plan), 1, "the balance rose, so the credit is new");
    }

    #[test]
    fn after_a_gap_only_what_agrees_in_words_is_known() {
        let stored = known(&[line(100, "a", None)]);
        let lines = [line(100, "a", None), line(100, "b", None)];
        let plan = plan(Dong(0), &stored, span(9_999, &lines));
        assert_eq!(plan.verdicts, [Verdict::Known(0), Verdict::New { occurrence: 1 }]);
        assert!(!plan.is_chained);
    }

    #[test]
    fn a_stored_statement_follows_only_where_what_it_told_again_lies_behind_its_opening_balance() {
        let again = |count, sum| Again { count, sum: Some(Dong(sum)) };
        let at = |stored: &[Known], opening: i64, again| chain(Dong(0), stored, span(opening, &[]), again);
        // Its only line is a twin, and was taken for the first one while the one between them was missing.
        let day = known(&[line(100, "a", None), line(50, "b", None), line(100, "a", None)]);
        let steps: Vec<Chain> = (1..=3).map(|here| at(&day[..here], 150, again(1, 100))).collect();
        assert_eq!(steps, [Chain::Broken, Chain::AmidItsOwn, Chain::Follows], "the whole day brings it");
        // The day before is told with 100 too little, and its first line makes up for it by chance.
        let told = known(&[line(100, "a", Some("R1")), line(30, "b", Some("R2")), line(40, "c", None)]);
        assert_eq!(at(&told, 100, again(2, 130)), Chain::AmidItsOwn);
        assert_eq!(chain(Dong(100), &told, span(100, &[]), again(2, 130)), Chain::Follows, "it is mended");
        let unread = Again { count: 2, sum: None };
        assert_eq!(at(&told, 100, unread), Chain::Follows, "nothing but the number of its lines is known");
        assert_eq!(at(&told, 9_999, again(0, 0)), Chain::Broken);
    }

    #[test]
    fn between_two_numbered_statements_of_a_day_only_an_equal_reference_makes_two_lines_one() {
        let mut stored = known(&[line(100, "a", Some("R1")), line(100, "a", None)]);
        stored.iter_mut().for_each(|line| line.place = Place::Before);
        for opening in [9_999, 0] {
            let named = [line(100, "a", Some("R2")), line(100, "a", Some("R1"))];
            let plan = plan(Dong(0), &stored, span(opening, &named));
            assert_eq!(plan.verdicts, [Verdict::New { occurrence: 3 }, Verdict::Known(0)]);
            let others = [line(100, "a", Some("R2")), line(100, "a", None)];
            let verdicts = super::plan(Dong(0), &stored, span(opening, &others)).verdicts;
            assert_eq!(verdicts, [3, 4].map(|occurrence| Verdict::New { occurrence }), "words say nothing");
        }
    }

    #[test]
    fn a_reference_that_the_statement_before_used_already_names_another_line() {
        let lines = [line(100, "a", Some("X"))];
        let mut stored = known(&lines);
        stored.iter_mut().for_each(|line| line.place = Place::Before);
        let second = plan(Dong(0), &stored, span(100, &lines));
        assert_eq!((second.verdicts, second.is_chained), (vec![Verdict::New { occurrence: 2 }], true));
    }

    #[test]
    fn what_lies_behind_a_late_statement_is_no_part_of_the_balance_that_proves_where_it_begins() {
        // The morning's money was swept away, and the evening's statement came before the noon's.
        let mut stored =
            known(&[line(5_000, "a", Some("R1")), line(-5_000, "b", None), line(700, "c", None)]);
        if let Some(evening) = stored.last_mut() {
            evening.place = Place::Behind;
        }
        let noon = [line(5_000, "a", Some("R9"))];
        let late = plan(Dong(0), &stored, span(0, &noon));
        assert_eq!((late.verdicts, late.skip), (vec![Verdict::New { occurrence: 2 }], 2));
    }

    #[test]
    fn where_no_balance_says_which_start_is_the_one_another_reference_of_the_format_is_another_line() {
        let mut stored =
            known(&[line(5_000, "a", Some("R1")), line(-5_000, "b", Some("R2")), line(700, "c", Some("R3"))]);
        let noon = [line(5_000, "a", Some("R9"))];
        assert_eq!(news(&plan(Dong(0), &stored, span(0, &noon))), 1);
        let again = [line(5_000, "a", Some("R1")), line(-5_000, "b", None)];
        assert_eq!(news(&plan(Dong(0), &stored, span(0, &again))), 0);
        stored.iter_mut().for_each(|line| line.is_of_same_format = false);
        assert_eq!(news(&plan(Dong(0), &stored, span(0, &noon))), 0, "each format may number in its own way");
    }
}
