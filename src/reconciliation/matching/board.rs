//! The board of one run: the inputs in their canonical order, and what is decided so far.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;

use super::code_set::{CodeSet, CodeSets};
use super::proof::{Parts, Proof, Why};
use super::reference::Source;
use super::{Line, LineId, Movement, Obligation, Outcome, Rule, Settings, Target};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::{AccountId, MovementId, ObligationId};
use crate::reconciliation::evidence::Evidence;
use crate::reconciliation::matching::{Ambiguity, Kind, Suggestion};

/// Distinct and sorted codes. Nearly all lines and movements have one or none, which takes no memory of its own.
pub(super) enum Codes<'a> {
    None,
    One(&'a str),
    Several(Vec<&'a str>),
}

impl<'a> Codes<'a> {
    pub fn of(texts: &'a [String]) -> Codes<'a> {
        let mut codes = texts.iter().map(String::as_str).filter(|code| !code.is_empty());
        let Some(first) = codes.next() else { return Codes::None };
        let mut several: Vec<&str> = codes.filter(|code| *code != first).collect();
        if several.is_empty() {
            return Codes::One(first);
        }
        several.push(first);
        several.sort_unstable();
        several.dedup();
        Codes::Several(several)
    }
}

impl<'a> Deref for Codes<'a> {
    type Target = [&'a str];

    fn deref(&self) -> &[&'a str] {
        match self {
            Codes::None => &[],
            Codes::One(code) => std::slice::from_ref(code),
            Codes::Several(codes) => codes,
        }
    }
}

/// What the levels ask of a line stands in its card: they go through all cards again and again, and the lines
/// themselves lie all over the memory.
pub(super) struct LineCard<'a> {
    pub line: &'a Line,
    pub id: LineId,
    pub account: AccountId,
    pub inflow: bool,
    pub reversal: bool,
    /// What is open, above zero; zero when done before this run or unusable.
    pub open: Dong,
    pub codes: Codes<'a>,
    pub code_set: CodeSet,
    /// What it is found under, by source.
    pub references: [Option<Reference>; 2],
    /// Index of the booking date in working days.
    pub at: i64,
    /// Decided in this run.
    pub done: bool,
}

impl LineCard<'_> {
    pub fn is_open(&self) -> bool {
        !self.done && self.open.is_positive()
    }

    /// Open, and no reversal: a reversal proves nothing, whatever its memo quotes.
    pub fn can_prove(&self) -> bool {
        self.is_open() && !self.reversal
    }
}

pub(super) struct MovementCard<'a> {
    pub movement: &'a Movement,
    pub id: MovementId,
    pub account: AccountId,
    pub inflow: bool,
    pub open: Dong,
    /// No line had shown it before this run, and what is open of it can be.
    is_free: bool,
    pub codes: Codes<'a>,
    pub code_set: CodeSet,
    /// By source, each sorted and once; only those that some line is under.
    pub references: [Vec<Reference>; 2],
    pub at: i64,
    pub taken: bool,
}

impl MovementCard<'_> {
    pub fn is_available(&self) -> bool {
        self.is_free && !self.taken
    }
}

pub(super) struct ObligationCard<'a> {
    pub obligation: &'a Obligation,
    /// What is due after the credits of this run.
    pub due: Dong,
}

pub(super) struct Board<'a> {
    pub settings: &'a Settings,
    /// By booking date, then id.
    pub lines: Vec<LineCard<'a>>,
    /// By the day first seen, then id.
    pub movements: Vec<MovementCard<'a>>,
    /// By id.
    pub obligations: Vec<ObligationCard<'a>>,
    /// None where two obligations claim one code.
    code_owner: HashMap<&'a str, Option<usize>>,
    /// How many references the lines are under, by source.
    pub reference_counts: [usize; 2],
    pub outcome: Outcome,
}

impl<'a> Board<'a> {
    pub fn new(
        lines: &'a [Line],
        movements: &'a [Movement],
        obligations: &'a [Obligation],
        settings: &'a Settings,
    ) -> Self {
        // By everything, so that even two records of one id give the same answer in any order.
        let mut obligations: Vec<&Obligation> = obligations.iter().collect();
        obligations.sort_unstable();
        obligations.dedup_by_key(|one| one.id);
        let mut code_owner: HashMap<&str, Option<usize>> = HashMap::with_capacity(obligations.len());
        for (index, obligation) in obligations.iter().enumerate() {
            for code in std::iter::once(&obligation.code).chain(&obligation.former_codes) {
                code_owner.entry(code.as_str()).and_modify(|owner| *owner = None).or_insert(Some(index));
            }
        }
        let linked: HashSet<ObligationId> = movements.iter().filter_map(|one| one.obligation).collect();
        let code_of: HashMap<_, _> = obligations
            .iter()
            .filter(|one| linked.contains(&one.id))
            .map(|one| (one.id, one.code.as_str()))
            .collect();
        let mut sets = CodeSets::for_lines(lines.len());
        // Cards are made in the order in which their records lie in memory, and put into board order then.
        let order = board_order(lines, |line| (line.id.0, line.booking_date));
        let mut has_references = [false; 2];
        let cards = lines.iter().map(|line| {
            for source in Source::ALL {
                has_references[source.place()] |= source.of_line(line, settings).is_some();
            }
            line_card(line, &mut sets, settings)
        });
        let mut lines = arranged(cards.collect(), &order);
        let names = Source::ALL.map(|source| {
            let named: &mut [LineCard<'_>] =
                if has_references[source.place()] { &mut lines } else { &mut [] };
            References::of_lines(named, source, settings)
        });
        let order = board_order(movements, |movement| (movement.id.0, movement.first_seen));
        let cards = movements.iter().map(|movement| {
            let linked = movement.obligation.and_then(|id| code_of.get(&id).copied());
            let references = Source::ALL.map(|source| names[source.place()].of_movement(movement));
            movement_card(movement, linked, references, &mut sets, settings)
        });
        let movements = arranged(cards.collect(), &order);
        let obligations = obligations
            .into_iter()
            .map(|obligation| ObligationCard { obligation, due: obligation.outstanding });
        let obligations = obligations.collect();
        let reference_counts = names.map(|names| names.count);
        let pairs = lines.len().min(movements.len());
        let outcome = Outcome { proofs: Vec::with_capacity(pairs), ..Outcome::default() };
        Board { settings, lines, movements, obligations, code_owner, reference_counts, outcome }
    }

    /// The one obligation of a code.
    pub fn obligation_of(&self, code: &str) -> Option<usize> {
        self.code_owner.get(code).copied().flatten()
    }

    /// Records that a line proves movements, each for all that is open on it.
    pub fn prove(&mut self, line: usize, movements: &[usize], rule: Rule, why: Why) {
        let parts = match movements {
            [movement] => Parts::One(self.take(*movement)),
            several => {
                let mut parts: Vec<_> = several.iter().map(|movement| self.take(*movement)).collect();
                parts.sort_unstable();
                Parts::Several(parts)
            }
        };
        let card = &mut self.lines[line];
        card.done = true;
        self.outcome.proofs.push(Proof { line: card.id, parts, rule, why });
    }

    fn take(&mut self, movement: usize) -> (MovementId, Dong) {
        let card = &mut self.movements[movement];
        card.taken = true;
        (card.id, card.open)
    }

    /// Pairs lines with movements that cannot be told apart, oldest with oldest within the window.
    /// Both are in board order. Returns how many pairs were made.
    pub fn join(
        &mut self,
        lines: impl IntoIterator<Item = usize>,
        movements: impl IntoIterator<Item = usize>,
        window_days: u32,
        rule: Rule,
    ) -> usize {
        let window = i64::from(window_days);
        let mut waiting = movements.into_iter().peekable();
        let mut found = 0;
        for line in lines {
            let at = self.lines[line].at;
            // A movement too old for this line is too old for every later one.
            while waiting
                .next_if(|&index| {
                    let card = &self.movements[index];
                    !card.is_available() || card.at < at - window
                })
                .is_some()
            {}
            let Some(movement) = waiting.next_if(|&index| self.movements[index].at <= at + window) else {
                continue;
            };
            let (card, other) = (&self.lines[line], &self.movements[movement]);
            let has_same_codes = card.code_set == other.code_set;
            let why = Why::Pair { has_same_codes, days: days_between(card.at, other.at) };
            self.prove(line, &[movement], rule, why);
            found += 1;
        }
        found
    }

    pub fn suggest(&mut self, line: LineId, target: Target, rule: Rule, score: u8, evidence: Vec<Evidence>) {
        self.outcome.suggestions.push(Suggestion { line, target, rule, score, evidence });
    }

    pub fn except(&mut self, line: LineId, kind: Kind) {
        self.outcome.exceptions.push((line, kind));
    }

    /// The outcome in the order of the line ids.
    pub fn finish(mut self) -> Outcome {
        let limit = self.settings.suggestions_limit;
        let outcome = &mut self.outcome;
        outcome.proofs.sort_by_key(|proof| proof.line);
        outcome.credits.sort_by_key(|credit| credit.line);
        outcome.classified.sort();
        outcome.reversals.sort_by_key(|reversal| reversal.line);
        outcome.same_money.sort_by_key(|same| same.line);
        outcome
            .ambiguous
            .sort_by(|a, b| (a.line, a.rule, &a.candidates).cmp(&(b.line, b.rule, &b.candidates)));
        outcome.exceptions.sort();
        outcome.exceptions.dedup();
        rank(outcome, limit);
        self.outcome
    }
}

/// Best first within a line, one suggestion per target, no more than `limit`; a tie at the top is
/// an ambiguity.
fn rank(outcome: &mut Outcome, limit: usize) {
    let mut suggestions = std::mem::take(&mut outcome.suggestions);
    suggestions.sort_by(|a, b| {
        (a.line, &a.target).cmp(&(b.line, &b.target)).then(b.score.cmp(&a.score)).then(a.rule.cmp(&b.rule))
    });
    suggestions.dedup_by(|later, first| later.line == first.line && later.target == first.target);
    suggestions.sort_by(|a, b| (a.line, b.score, &a.target).cmp(&(b.line, a.score, &b.target)));
    let known: HashSet<LineId> = outcome.ambiguous.iter().map(|ambiguity| ambiguity.line).collect();
    for group in suggestions.chunk_by(|a, b| a.line == b.line) {
        let top: Vec<_> = group.iter().take_while(|one| one.score == group[0].score).collect();
        if top.len() > 1 && !known.contains(&group[0].line) {
            let candidates = top.iter().take(limit).map(|one| one.target.clone()).collect();
            outcome.ambiguous.push(Ambiguity { line: group[0].line, candidates, rule: group[0].rule });
        }
        outcome.suggestions.extend(group.iter().take(limit).cloned());
    }
    outcome.ambiguous.sort_by_key(|ambiguity| ambiguity.line);
}

pub(super) fn verified(code: &str) -> Evidence {
    Evidence::CodeVerified { code: code.to_owned() }
}

pub(super) fn days_between(one: i64, other: i64) -> u32 {
    u32::try_from(one.abs_diff(other)).unwrap_or(u32::MAX)
}

/// The part of a list in board order, given by its days, that lies within the window.
pub(super) fn within(list: &[usize], at: i64, window_days: u32, day_of: impl Fn(usize) -> i64) -> &[usize] {
    let window = i64::from(window_days);
    let first = list.partition_point(|&index| day_of(index) < at - window);
    let rest = list.get(first..).unwrap_or_default();
    let count = rest.partition_point(|&index| day_of(index) <= at + window);
    rest.get(..count).unwrap_or_default()
}

/// What banks write where there is no reference.
const PLACEHOLDERS: [&str; 7] =
    ["NONREF", "NOREF", "NOREFERENCE", "NOTPROVIDED", "NOTAVAILABLE", "NONE", "UNKNOWN"];

/// A reference that tells something: not a placeholder, not a run of zeros.
pub(super) fn usable(reference: &str) -> Option<&str> {
    let trimmed = reference.trim();
    let placeholder = PLACEHOLDERS.iter().any(|word| trimmed.eq_ignore_ascii_case(word));
    let says_something = trimmed.len() >= 4 && trimmed.chars().any(|c| c.is_ascii_alphanumeric() && c != '0');
    (says_something && !placeholder).then_some(trimmed)
}

/// The place of a reference among all that the lines are under, in their order: it compares at the price of a
/// number.
pub(super) type Reference = u32;

/// What one source calls the money of an account, in or out.
type Name<'a> = (AccountId, bool, &'a str);

/// The references of one source that the lines are under.
struct References<'a> {
    source: Source,
    numbers: HashMap<Name<'a>, Reference>,
    count: usize,
}

impl<'a> References<'a> {
    /// Numbers the references and writes each into its line's card.
    fn of_lines(lines: &mut [LineCard<'a>], source: Source, settings: &Settings) -> Self {
        let mut named: Vec<(Name<'a>, usize)> = Vec::new();
        for (index, card) in lines.iter().enumerate() {
            let text = source.of_line(card.line, settings).and_then(usable);
            named.extend(text.map(|text| ((card.line.account, card.inflow, text), index)));
        }
        named.sort_unstable();
        let mut numbers = HashMap::with_capacity(named.len());
        for group in named.chunk_by(|one, other| one.0 == other.0) {
            let number = numbers.len() as Reference;
            for (name, index) in group {
                numbers.insert(*name, number);
                lines[*index].references[source.place()] = Some(number);
            }
        }
        let count = numbers.len();
        References { source, numbers, count }
    }

    fn of_movement(&self, movement: &Movement) -> Vec<Reference> {
        if self.count == 0 {
            return Vec::new();
        }
        let texts = self.source.of_movement(movement).iter().filter_map(|text| usable(text));
        let numbers = texts.filter_map(|text| self.numbers.get(&(movement.account, movement.inflow, text)));
        let mut numbers: Vec<Reference> = numbers.copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The places of records in board order: by day, then id. Of two records of one id the one that is first by
/// everything counts, so that they give the same answer in any order.
fn board_order<T: Ord>(all: &[T], key: impl Fn(&T) -> (i64, BusinessDay)) -> Vec<usize> {
    let mut places: Vec<((i64, BusinessDay), usize)> = all.iter().map(key).zip(0..).collect();
    places.sort_unstable_by(|((one, _), at), ((other, _), there)| {
        one.cmp(other).then_with(|| all[*at].cmp(&all[*there]))
    });
    places.dedup_by_key(|((id, _), _)| *id);
    places.sort_unstable_by_key(|((id, day), _)| (*day, *id));
    places.into_iter().map(|(_, at)| at).collect()
}

/// The cards of these places.
fn arranged<C>(cards: Vec<C>, order: &[usize]) -> Vec<C> {
    if order.iter().copied().eq(0..cards.len()) {
        return cards;
    }
    let mut cards: Vec<Option<C>> = cards.into_iter().map(Some).collect();
    order.iter().filter_map(|place| cards.get_mut(*place)?.take()).collect()
}

fn line_card<'a>(line: &'a Line, sets: &mut CodeSets<'a>, settings: &Settings) -> LineCard<'a> {
    let codes = Codes::of(&line.codes);
    let code_set = sets.number(&codes);
    let at = settings.working_days.index(line.booking_date);
    let (inflow, open) = (line.amount.0 > 0, usable_open(line));
    LineCard {
        line,
        id: line.id,
        account: line.account,
        inflow,
        reversal: line.reversal,
        open,
        codes,
        code_set,
        references: [None; 2],
        at,
        done: false,
    }
}

/// What is open on a line, without its sign; zero when it cannot be a part of the amount.
fn usable_open(line: &Line) -> Dong {
    let same_sign = line.open.0.signum() == line.amount.0.signum();
    if !same_sign || line.open.0.unsigned_abs() > line.amount.0.unsigned_abs() {
        return Dong::ZERO;
    }
    line.open.0.checked_abs().map_or(Dong::ZERO, Dong)
}

fn movement_card<'a>(
    movement: &'a Movement,
    linked: Option<&'a str>,
    references: [Vec<Reference>; 2],
    sets: &mut CodeSets<'a>,
    settings: &Settings,
) -> MovementCard<'a> {
    let codes = match (Codes::of(&movement.codes), linked) {
        (Codes::None, Some(code)) => Codes::One(code),
        (codes, _) => codes,
    };
    let code_set = sets.number(&codes);
    let at = settings.working_days.index(movement.first_seen);
    MovementCard {
        movement,
        id: movement.id,
        account: movement.account,
        inflow: movement.inflow,
        open: movement.open,
        is_free: !movement.has_line && movement.open.is_positive() && movement.open <= movement.amount,
        codes,
        code_set,
        references,
        at,
        taken: false,
    }
}
