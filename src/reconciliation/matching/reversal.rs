//! Lines that give the money of another line back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::board::{Board, LineCard, usable, verified};
use super::{Kind, Reversal, Rule, Target};
use crate::id::AccountId;
use crate::reconciliation::classification::{Class, classify, speaks_of_return};
use crate::reconciliation::evidence::Evidence;
use crate::reconciliation::matching::Ambiguity;
use crate::text;

/// Links the returns that are certain. This comes before any proof: a channel may have told of the
/// taking back as well, and a debit that gives a credit back is no debit nobody can explain.
pub(super) fn link_certain(board: &mut Board<'_>) {
    let mut sure: Vec<(usize, Link)> = sure_links(board).into_iter().collect();
    sure.sort_unstable_by_key(|(line, _)| *line);
    for (line, link) in sure {
        if let (Link::One(original), true) = (link, board.lines[line].is_open()) {
            link_one(board, line, original);
        }
    }
}

/// Links returns to their originals. Who returns whom depends on the lines alone and not on what
/// is open, so that a second run sees the same: one original is returned once.
pub(super) fn link(board: &mut Board<'_>) {
    if !board.lines.iter().any(may_return) {
        return;
    }
    let (sure, originals) = (sure_links(board), Originals::of(board));
    for line in 0..board.lines.len() {
        let card = &board.lines[line];
        if !card.is_open() {
            continue;
        }
        let (marked, inflow) = (card.reversal, card.inflow);
        match sure.get(&line) {
            Some(Link::One(original)) => link_one(board, line, *original),
            Some(Link::Many(candidates)) => report_tie(board, line, candidates),
            None if marked || !inflow => suggest_originals(board, &originals, line),
            None => {}
        }
    }
}

/// Open, and perhaps another line's money that is given back.
fn may_return(card: &LineCard<'_>) -> bool {
    card.is_open() && (card.reversal || !card.inflow)
}

/// Debits that may give another line's money back, by what the lines alone say: `link` leaves them
/// to a person, whatever their words are.
pub(super) fn returns(board: &Board<'_>) -> HashSet<usize> {
    let debits = |index: &usize| {
        let card = &board.lines[*index];
        card.is_open() && !card.inflow
    };
    if !(0..board.lines.len()).any(|index| debits(&index)) {
        return HashSet::new();
    }
    let (sure, originals) = (sure_links(board), Originals::of(board));
    (0..board.lines.len())
        .filter(debits)
        .filter(|line| sure.contains_key(line) || !originals_of(board, &originals, *line).is_empty())
        .collect()
}

enum Link {
    One(usize),
    Many(Vec<usize>),
}

/// Links by equal account, reference and amount with the opposite sign.
fn sure_links(board: &Board<'_>) -> HashMap<usize, Link> {
    // Nearly all lines of a day are credits, and nothing that is no return or shares its key with one is linked.
    let returns = board.lines.iter().filter(|card| card.reversal || !card.inflow);
    let mut groups: BTreeMap<Key<'_>, Vec<usize>> =
        returns.filter_map(|card| Some((key(board, card)?, Vec::new()))).collect();
    if groups.is_empty() {
        return HashMap::new();
    }
    for (index, card) in board.lines.iter().enumerate() {
        if let Some(group) = key(board, card).and_then(|key| groups.get_mut(&key)) {
            group.push(index);
        }
    }
    let mut links = HashMap::new();
    for group in groups.values().filter(|group| group.len() > 1) {
        link_group(board, group, &mut links);
    }
    links
}

/// Account, reference, and amount without its sign.
type Key<'a> = (AccountId, &'a str, u64);

fn key<'a>(board: &Board<'_>, card: &LineCard<'a>) -> Option<Key<'a>> {
    let line = card.line;
    if board.settings.shared_references.contains(&line.account) {
        return None;
    }
    let reference = line.bank_reference.as_deref().and_then(usable)?;
    Some((line.account, reference, line.amount.0.unsigned_abs()))
}

fn link_group(board: &Board<'_>, group: &[usize], links: &mut HashMap<usize, Link>) {
    let marked_credit = group.iter().any(|&index| board.lines[index].inflow && board.lines[index].reversal);
    // Without the bank's mark a debit is the return of a credit, never the other way round.
    let is_return = |index: usize| {
        let card = &board.lines[index];
        card.reversal || (!card.inflow && !marked_credit)
    };
    for inflow in [false, true] {
        let mut returns =
            group.iter().copied().filter(|&index| is_return(index) && board.lines[index].inflow == inflow);
        let originals: Vec<usize> = group
            .iter()
            .copied()
            .filter(|&index| !is_return(index) && board.lines[index].inflow != inflow)
            .collect();
        match originals.as_slice() {
            [] => {}
            [original] => {
                let booked = board.lines[*original].line.booking_date;
                if let Some(line) = returns.find(|&line| board.lines[line].line.booking_date >= booked) {
                    links.insert(line, Link::One(*original));
                }
            }
            many => links.extend(returns.map(|line| (line, Link::Many(many.to_vec())))),
        }
    }
}

fn link_one(board: &mut Board<'_>, line: usize, original: usize) {
    let kind = kind_of_return(board, line, original);
    let mut evidence = own_evidence(board, line);
    evidence.extend([Evidence::SameBankReference, Evidence::AmountExact]);
    let original = board.lines[original].line.id;
    let card = &mut board.lines[line];
    card.done = true;
    let line = card.line.id;
    board.outcome.reversals.push(Reversal { line, original, evidence });
    board.except(line, kind);
}

/// A refund of ours that comes back is a bounced refund, anything else a reversal.
fn kind_of_return(board: &Board<'_>, line: usize, original: usize) -> Kind {
    let class = classify(board.lines[original].line, &board.settings.rules).map(|(class, _)| class);
    if board.lines[line].inflow && class == Some(Class::RefundByUs) {
        return Kind::RefundBounced;
    }
    Kind::BankReversal
}

fn own_evidence(board: &Board<'_>, line: usize) -> Vec<Evidence> {
    let line = board.lines[line].line;
    let marked = line.reversal.then_some(Evidence::MarkedAsReversal);
    let words = speaks_of_return(&line.memo_folded).then_some(Evidence::ReversalWords);
    marked.into_iter().chain(words).collect()
}

/// Several originals share reference and amount: which one came back is for a person to say.
fn report_tie(board: &mut Board<'_>, line: usize, candidates: &[usize]) {
    let id = board.lines[line].line.id;
    let mut targets = Vec::new();
    for &original in candidates.iter().take(board.settings.suggestions_limit) {
        let target = Target::Line(board.lines[original].line.id);
        let mut evidence = own_evidence(board, line);
        evidence.extend([Evidence::SameBankReference, Evidence::AmountExact]);
        board.suggest(id, target.clone(), Rule::Reversal, 80, evidence);
        targets.push(target);
    }
    targets.sort();
    board.outcome.ambiguous.push(Ambiguity { line: id, candidates: targets, rule: Rule::Reversal });
    board.except(id, Kind::BankReversal);
}

type Money = (AccountId, bool, u64);

/// Lines of the amount of an open return, in board order, by what it shares with them: they may be its original.
struct Originals<'a> {
    by_counterparty: HashMap<(Money, &'a str), Vec<usize>>,
    by_code: HashMap<(Money, &'a str), Vec<usize>>,
    by_reference: HashMap<(Money, String), Vec<usize>>,
}

impl<'a> Originals<'a> {
    fn of(board: &Board<'a>) -> Self {
        let mut originals = Originals {
            by_counterparty: HashMap::new(),
            by_code: HashMap::new(),
            by_reference: HashMap::new(),
        };
        let size = |card: &LineCard<'_>| card.line.amount.0.unsigned_abs();
        let returns = board.lines.iter().filter(|card| may_return(card));
        let wanted: HashSet<Money> =
            returns.map(|card| (card.line.account, !card.inflow, size(card))).collect();
        for (index, card) in board.lines.iter().enumerate().filter(|(_, card)| !card.reversal) {
            let money = (card.line.account, card.inflow, size(card));
            if !wanted.contains(&money) {
                continue;
            }
            if let Some(counterparty) = card.line.counterparty_account.as_deref() {
                originals.by_counterparty.entry((money, counterparty)).or_default().push(index);
            }
            for &code in card.codes.iter() {
                originals.by_code.entry((money, code)).or_default().push(index);
            }
            if let Some(reference) = card.line.bank_reference.as_deref().and_then(usable) {
                originals.by_reference.entry((money, text::squash(reference))).or_default().push(index);
            }
        }
        originals
    }
}

/// Letters and digits that a reference has at least to be one within a text.
const NAMED_LENGTH: usize = 6;

/// The words of a return that may be the bank's reference of what it gives back, each once.
pub fn references_named(memo: &str, customer_reference: Option<&str>) -> BTreeSet<String> {
    let words = memo.split_whitespace().chain(customer_reference);
    // With its signs left out, and cut at them: banks write `FT26327001/BNK` and `(FT26327001)`.
    let forms = words.flat_map(|word| {
        let pieces = word.split(|c: char| !c.is_ascii_alphanumeric()).map(text::squash);
        std::iter::once(text::squash(word)).chain(pieces)
    });
    forms.filter(|word| word.len() >= NAMED_LENGTH && word.bytes().any(|c| c.is_ascii_digit())).collect()
}

/// The latest earlier lines of the same amount whose bank reference the line names, or with its
/// code or counterparty, each with what it shares. A debit that the bank neither marks nor speaks of
/// as a return is one by a named reference alone.
fn originals_of(board: &Board<'_>, originals: &Originals<'_>, line: usize) -> BTreeMap<usize, Vec<Evidence>> {
    let card = &board.lines[line];
    let money = (card.line.account, !card.inflow, card.line.amount.0.unsigned_abs());
    let booked = card.line.booking_date;
    let limit = board.settings.suggestions_limit;
    let latest = |list: Option<&Vec<usize>>| -> Vec<usize> {
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let earlier = list.partition_point(|&index| board.lines[index].line.booking_date <= booked);
        list.iter().take(earlier).rev().take(limit).copied().collect()
    };
    let mut found: BTreeMap<usize, Vec<Evidence>> = BTreeMap::new();
    for reference in references_named(&card.line.memo_folded, card.line.customer_reference.as_deref()) {
        for original in latest(originals.by_reference.get(&(money, reference.clone()))) {
            let named = Evidence::ReferenceNamed { reference: reference.clone() };
            found.entry(original).or_default().push(named);
        }
    }
    let speaks = card.reversal || speaks_of_return(&card.line.memo_folded);
    for &code in card.codes.iter().filter(|_| speaks) {
        for original in latest(originals.by_code.get(&(money, code))) {
            found.entry(original).or_default().push(verified(code));
        }
    }
    if let Some(counterparty) = card.line.counterparty_account.as_deref().filter(|_| speaks) {
        for original in latest(originals.by_counterparty.get(&(money, counterparty))) {
            found.entry(original).or_default().push(Evidence::SameCounterparty);
        }
    }
    found
}

/// Suggests the lines whose money this one may give back.
fn suggest_originals(board: &mut Board<'_>, originals: &Originals<'_>, line: usize) {
    let found = originals_of(board, originals, line);
    let card = &board.lines[line];
    let (id, marked) = (card.line.id, card.reversal);
    let any = !found.is_empty();
    for (original, shared) in found {
        // The bank's own word for which one it is counts twice.
        let is_named = shared.iter().any(|one| matches!(one, Evidence::ReferenceNamed { .. }));
        let weight = (shared.len() + usize::from(is_named)).min(3);
        let score = 60 + 10 * u8::try_from(weight).unwrap_or(3);
        let mut evidence = own_evidence(board, line);
        evidence.extend(shared);
        evidence.push(Evidence::AmountExact);
        board.suggest(id, Target::Line(board.lines[original].line.id), Rule::Reversal, score, evidence);
    }
    if marked || any {
        board.except(id, Kind::BankReversal);
    }
}
