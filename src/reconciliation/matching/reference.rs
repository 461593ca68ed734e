//! Matching by reference: the bank's own, and the channel's transaction id.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::board::{Board, CodeSet, LineCard, MovementCard, NO_CODES, Reference, usable, within};
use super::{Kind, Rule, SameMoney, Settings, Target};
use crate::amount::Dong;
use crate::reconciliation::classification::{Class, classify};
use crate::reconciliation::evidence::Evidence;
use crate::reconciliation::matching::Ambiguity;

/// Of movements that share reference and amount, no more than these are compared one by one.
const COMPARED_LIMIT: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Bank,
    Provider,
}

impl Source {
    pub(super) const ALL: [Source; 2] = [Source::Bank, Source::Provider];

    fn rule(self) -> Rule {
        match self {
            Source::Bank => Rule::BankReference,
            Source::Provider => Rule::ProviderReference,
        }
    }

    pub(super) fn evidence(self) -> Evidence {
        match self {
            Source::Bank => Evidence::SameBankReference,
            Source::Provider => Evidence::SameProviderReference,
        }
    }

    pub(super) fn of_line<'a>(self, card: &LineCard<'a>, settings: &Settings) -> Option<Reference<'a>> {
        let line = card.line;
        let text = match self {
            Source::Bank if settings.shared_references.contains(&line.account) => None,
            Source::Bank => line.bank_reference.as_deref(),
            Source::Provider => line.customer_reference.as_deref(),
        };
        text.and_then(usable).map(|reference| (line.account, card.inflow, reference))
    }

    pub(super) fn of_movement<'a>(self, card: &MovementCard<'a>) -> BTreeSet<Reference<'a>> {
        let movement = card.movement;
        let texts = match self {
            Source::Bank => &movement.bank_references,
            Source::Provider => &movement.external_ids,
        };
        let usable = texts.iter().filter_map(|text| usable(text));
        usable.map(|reference| (movement.account, movement.inflow, reference)).collect()
    }
}

/// The movements still available under each reference of one source, in board order.
struct Index<'a> {
    source: Source,
    any: HashMap<Reference<'a>, Vec<usize>>,
    exact: HashMap<(Reference<'a>, Dong), Vec<usize>>,
    /// Lines still to be proven under each reference that have a movement of it near enough: a line
    /// of another season is nobody's rival.
    rivals: HashMap<Reference<'a>, usize>,
}

impl<'a> Index<'a> {
    fn of(board: &Board<'a>, source: Source) -> Self {
        let (mut any, mut exact) = (HashMap::<_, Vec<usize>>::new(), HashMap::<_, Vec<usize>>::new());
        for (index, card) in board.movements.iter().enumerate().filter(|(_, card)| card.is_available()) {
            for reference in source.of_movement(card) {
                any.entry(reference).or_default().push(index);
                exact.entry((reference, card.movement.open)).or_default().push(index);
            }
        }
        let mut rivals = HashMap::new();
        for card in board.lines.iter().filter(|card| card.can_prove()) {
            if let Some(reference) = source.of_line(card, board.settings)
                && !cut(board, any.get(&reference), card.at).is_empty()
            {
                *rivals.entry(reference).or_insert(0) += 1;
            }
        }
        Index { source, any, exact, rivals }
    }

    /// All movements under the line's reference, near enough in time.
    fn near(&self, board: &Board<'a>, line: usize) -> &[usize] {
        let card = &board.lines[line];
        let reference = self.source.of_line(card, board.settings);
        let bucket = reference.and_then(|reference| self.any.get(&reference));
        cut(board, bucket, card.at)
    }

    /// Those of the line's amount.
    fn near_exact(&self, board: &Board<'a>, line: usize) -> &[usize] {
        let card = &board.lines[line];
        let reference = self.source.of_line(card, board.settings);
        let bucket = reference.and_then(|reference| self.exact.get(&(reference, card.open)));
        cut(board, bucket, card.at)
    }

    /// Whether this is the only line left under its reference.
    fn is_only_line(&self, board: &Board<'a>, line: usize) -> bool {
        let reference = self.source.of_line(&board.lines[line], board.settings);
        reference.and_then(|reference| self.rivals.get(&reference)) == Some(&1)
    }

    /// Whether no other line is under a reference of the movement.
    fn is_named_by_no_other(&self, board: &Board<'a>, movement: usize, line: usize) -> bool {
        let own = self.source.of_line(&board.lines[line], board.settings);
        self.source.of_movement(&board.movements[movement]).into_iter().all(|reference| {
            let named = self.rivals.get(&reference).copied().unwrap_or_default();
            named == usize::from(own == Some(reference))
        })
    }
}

fn cut<'i>(board: &Board<'_>, bucket: Option<&'i Vec<usize>>, at: i64) -> &'i [usize] {
    let list = bucket.map(Vec::as_slice).unwrap_or_default();
    within(list, at, board.settings.reference_window_days, |index| board.movements[index].at)
}

/// One round: pairs by reference and exact amount, then groups. Returns the lines proven.
pub(super) fn prove(board: &mut Board<'_>) -> usize {
    let contradictory = contradictory_lines(board);
    let mut found = 0;
    for source in Source::ALL {
        found += prove_pairs(board, source, &contradictory);
        found += prove_groups(board, source, &contradictory);
    }
    found
}

/// Lines whose bank reference and channel id each hit a movement of the amount, but no common one.
fn contradictory_lines(board: &Board<'_>) -> HashSet<usize> {
    let bank = Index::of(board, Source::Bank);
    let provider = Index::of(board, Source::Provider);
    (0..board.lines.len())
        .filter(|&line| board.lines[line].can_prove())
        .filter(|&line| {
            let one = bank.near_exact(board, line);
            let other = provider.near_exact(board, line);
            let compared =
                |list: &[usize]| list.iter().take(COMPARED_LIMIT).copied().collect::<BTreeSet<_>>();
            !one.is_empty() && !other.is_empty() && compared(one).is_disjoint(&compared(other))
        })
        .collect()
}

/// Credits whose bank reference and channel id each name exactly one movement of their amount, and
/// whose codes do not contradict each other: the bank says that the two movements are one. Nothing
/// is joined that another line names too. Returns the lines joined.
pub(super) fn join_same_money(board: &mut Board<'_>) -> usize {
    let mut contradictory: Vec<usize> = contradictory_lines(board).into_iter().collect();
    contradictory.sort_unstable();
    // All are found before one is joined: the choice must not depend on who comes first.
    let indexes = Source::ALL.map(|source| Index::of(board, source));
    let joined: Vec<(usize, [usize; 2])> = contradictory
        .into_iter()
        .filter_map(|line| Some((line, named_twice(board, &indexes, line)?)))
        .collect();
    for &(line, movements) in &joined {
        let id = board.lines[line].line.id;
        board.lines[line].done = true;
        let movements = movements.map(|index| {
            board.movements[index].taken = true;
            board.movements[index].movement.id
        });
        let evidence =
            vec![Evidence::SameBankReference, Evidence::SameProviderReference, Evidence::AmountExact];
        board.outcome.same_money.push(SameMoney { line: id, movements, evidence });
    }
    joined.len()
}

/// The two movements, older first, that the references of a contradictory line name, each the only
/// one of its reference and amount, when this line alone names them.
fn named_twice(board: &Board<'_>, indexes: &[Index<'_>; 2], line: usize) -> Option<[usize; 2]> {
    let [bank, provider] = indexes;
    let (&[one], &[other]) = (bank.near_exact(board, line), provider.near_exact(board, line)) else {
        return None;
    };
    let is_alone = indexes.iter().all(|index| {
        index.is_only_line(board, line)
            && index.is_named_by_no_other(board, one, line)
            && index.is_named_by_no_other(board, other, line)
    });
    let card = &board.lines[line];
    let sets = [card.code_set, board.movements[one].code_set, board.movements[other].code_set];
    let named: BTreeSet<CodeSet> = sets.into_iter().filter(|set| *set != NO_CODES).collect();
    // Two obligations are named, or two lines name one movement: a person decides. The board has
    // movements by the day first seen.
    (is_alone && card.inflow && named.len() <= 1).then(|| [one.min(other), one.max(other)])
}

type Group = (Vec<usize>, Vec<usize>);

fn prove_pairs(board: &mut Board<'_>, source: Source, skipped: &HashSet<usize>) -> usize {
    let mut groups: BTreeMap<(Reference<'_>, Dong), Group> = BTreeMap::new();
    for (index, card) in board.lines.iter().enumerate() {
        if !card.can_prove() || skipped.contains(&index) {
            continue;
        }
        if let Some(reference) = source.of_line(card, board.settings) {
            groups.entry((reference, card.open)).or_default().0.push(index);
        }
    }
    let index = Index::of(board, source);
    for (key, group) in &mut groups {
        group.1 = index.exact.get(key).cloned().unwrap_or_default();
    }
    groups
        .into_values()
        .filter(|group| !group.1.is_empty())
        .map(|group| pair(board, group, source.rule()))
        .sum()
}

/// Pairs one group of equal reference and amount. Equal codes join first. What is left joins only
/// when nothing in it could be told apart: a line or a movement that lost its code.
fn pair(board: &mut Board<'_>, (lines, movements): Group, rule: Rule) -> usize {
    let window = board.settings.reference_window_days;
    let mut by_codes: BTreeMap<CodeSet, Group> = BTreeMap::new();
    for &line in &lines {
        by_codes.entry(board.lines[line].code_set).or_default().0.push(line);
    }
    for &movement in &movements {
        by_codes.entry(board.movements[movement].code_set).or_default().1.push(movement);
    }
    let with_codes = by_codes.iter().filter(|(set, _)| **set != NO_CODES);
    let mut found = 0;
    for (lines, movements) in with_codes.map(|(_, group)| group) {
        found += board.join(lines, movements, window, rule);
    }
    let lines: Vec<usize> = lines.into_iter().filter(|&line| board.lines[line].is_open()).collect();
    let movements: Vec<usize> =
        movements.into_iter().filter(|&index| board.movements[index].is_available()).collect();
    let line_sets: BTreeSet<CodeSet> = lines.iter().map(|&line| board.lines[line].code_set).collect();
    let movement_sets: BTreeSet<CodeSet> =
        movements.iter().map(|&index| board.movements[index].code_set).collect();
    let alike = line_sets.len() == 1 && movement_sets.len() == 1;
    if alike && (line_sets.contains(&NO_CODES) || movement_sets.contains(&NO_CODES)) {
        found += board.join(&lines, &movements, window, rule);
    }
    found
}

/// A line without codes that is alone under its reference proves all movements of that reference
/// when they add up to it: a POS batch, a gateway's settlement without charge.
fn prove_groups(board: &mut Board<'_>, source: Source, skipped: &HashSet<usize>) -> usize {
    let index = Index::of(board, source);
    let mut found = 0;
    for line in 0..board.lines.len() {
        let card = &board.lines[line];
        if !card.can_prove() || card.code_set != NO_CODES || skipped.contains(&line) {
            continue;
        }
        let near = index.near(board, line);
        if near.len() < 2 || !index.is_only_line(board, line) || total(board, near) != Some(card.open) {
            continue;
        }
        // A movement of several references may have been taken by an earlier group.
        if near.iter().any(|&movement| !board.movements[movement].is_available()) {
            continue;
        }
        let count = u32::try_from(near.len()).unwrap_or(u32::MAX);
        let evidence = vec![source.evidence(), Evidence::GroupTotalExact(count)];
        board.prove(line, near, Rule::BulkReference, evidence);
        found += 1;
    }
    found
}

fn total(board: &Board<'_>, movements: &[usize]) -> Option<Dong> {
    Dong::sum(movements.iter().map(|&index| board.movements[index].movement.open)).ok()
}

/// After all proofs: lines whose reference still hits a movement it did not prove. They are
/// reported and returned; they must not be settled as new money.
pub(super) fn disputes(board: &mut Board<'_>) -> HashSet<usize> {
    let mut disputed = contradictory_lines(board);
    let indexes = Source::ALL.map(|source| Index::of(board, source));
    for line in 0..board.lines.len() {
        if !board.lines[line].can_prove() {
            continue;
        }
        if disputed.contains(&line) {
            report_contradiction(board, &indexes, line);
            continue;
        }
        for index in &indexes {
            if report(board, index, line) {
                disputed.insert(line);
                break;
            }
        }
    }
    disputed
}

fn report_contradiction(board: &mut Board<'_>, indexes: &[Index<'_>], line: usize) {
    let id = board.lines[line].line.id;
    let mut candidates = Vec::new();
    for index in indexes {
        let Some(&movement) = index.near_exact(board, line).first() else { continue };
        let target = Target::Movement(board.movements[movement].movement.id);
        let evidence = vec![index.source.evidence(), Evidence::AmountExact, Evidence::ReferencesDisagree];
        board.suggest(id, target.clone(), index.source.rule(), 70, evidence);
        candidates.push(target);
    }
    candidates.sort();
    board.outcome.ambiguous.push(Ambiguity { line: id, candidates, rule: Rule::BankReference });
    board.except(id, Kind::SameMoneyTwoChannels);
}

/// Reports the line if its reference hits a movement; true when it does.
fn report(board: &mut Board<'_>, index: &Index<'_>, line: usize) -> bool {
    let exact: Vec<usize> = index.near_exact(board, line).iter().take(COMPARED_LIMIT).copied().collect();
    if !exact.is_empty() {
        report_exact(board, index.source, line, &exact);
        return true;
    }
    let near = index.near(board, line);
    let Some(&first) = near.first() else { return false };
    let card = &board.lines[line];
    if near.len() >= 2 && card.code_set == NO_CODES && index.is_only_line(board, line) {
        report_group(board, index.source, line, near);
    } else {
        report_amount(board, index.source, line, first);
    }
    true
}

/// The amount agrees, but codes differ, or several movements fit equally well.
fn report_exact(board: &mut Board<'_>, source: Source, line: usize, exact: &[usize]) {
    let id = board.lines[line].line.id;
    let line_set = board.lines[line].code_set;
    let fits = |&index: &usize| {
        let set = board.movements[index].code_set;
        set == line_set || set == NO_CODES || line_set == NO_CODES
    };
    let fitting: Vec<usize> = exact.iter().copied().filter(fits).collect();
    let (listed, score) = if fitting.is_empty() { (exact, 40) } else { (fitting.as_slice(), 70) };
    let mut candidates = Vec::new();
    for &index in listed {
        let mut evidence = vec![source.evidence(), Evidence::AmountExact];
        if fitting.is_empty() {
            evidence.push(Evidence::ReferenceCodeDiffers);
        }
        let target = Target::Movement(board.movements[index].movement.id);
        board.suggest(id, target.clone(), source.rule(), score, evidence);
        candidates.push(target);
    }
    if fitting.is_empty() {
        board.except(id, Kind::ContentDiffers);
        return;
    }
    candidates.sort();
    let unexplained = if board.lines[line].inflow { Kind::UnidentifiedCredit } else { Kind::UnknownDebit };
    board.outcome.ambiguous.push(Ambiguity { line: id, candidates, rule: source.rule() });
    board.except(id, unexplained);
}

fn report_group(board: &mut Board<'_>, source: Source, line: usize, near: &[usize]) {
    let card = &board.lines[line];
    let (id, open) = (card.line.id, card.open);
    let mut evidence = vec![source.evidence()];
    let charge = total(board, near).and_then(|total| total.checked_sub(open).ok());
    evidence.extend(
        charge.filter(|charge| charge.is_positive()).map(|amount| Evidence::ChargeWithheld { amount }),
    );
    let mut ids: Vec<_> = near.iter().map(|&index| board.movements[index].movement.id).collect();
    ids.sort_unstable();
    board.suggest(id, Target::Movements(ids), Rule::BulkReference, 70, evidence);
    board.except(id, Kind::BulkSettlement);
}

fn report_amount(board: &mut Board<'_>, source: Source, line: usize, movement: usize) {
    let (card, known) = (&board.lines[line], board.movements[movement].movement);
    let id = card.line.id;
    let mut evidence =
        vec![source.evidence(), Evidence::ReferenceAmountDiffers { line: card.open, movement: known.open }];
    if super::edit::digits_swapped(card.open, known.open) {
        evidence.push(Evidence::AmountDigitsSwapped);
    }
    let class = classify(card.line, &board.settings.rules).map(|(class, _)| class);
    let is_deposit = class == Some(Class::CashDeposit);
    board.suggest(id, Target::Movement(known.id), source.rule(), 50, evidence);
    board.except(id, if is_deposit { Kind::DepositDiffers } else { Kind::ContentDiffers });
}
