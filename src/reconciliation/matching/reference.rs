//! Matching by reference: the bank's own, and the channel's transaction id.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::board::{Board, Reference, within};
use super::code_set::{CodeSet, NO_CODES};
use super::proof::Why;
use super::{Kind, Line, Movement, Rule, SameMoney, Settings, Target};
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

    /// Whether any line is under a reference of it.
    fn is_used(self, board: &Board<'_>) -> bool {
        board.reference_counts[self.place()] > 0
    }

    /// Its place in what cards keep by source.
    pub(super) fn place(self) -> usize {
        match self {
            Source::Bank => 0,
            Source::Provider => 1,
        }
    }

    pub(super) fn of_line<'a>(self, line: &'a Line, settings: &Settings) -> Option<&'a str> {
        match self {
            Source::Bank if settings.shared_references.contains(&line.account) => None,
            Source::Bank => line.bank_reference.as_deref(),
            Source::Provider => line.customer_reference.as_deref(),
        }
    }

    pub(super) fn of_movement(self, movement: &Movement) -> &[String] {
        match self {
            Source::Bank => &movement.bank_references,
            Source::Provider => &movement.external_ids,
        }
    }
}

/// Places of movements, reference by reference, in one piece.
struct Buckets {
    /// Where the bucket of each reference begins, and the last ends.
    starts: Vec<usize>,
    places: Vec<usize>,
}

impl Buckets {
    /// In the order in which they are given.
    fn of(count: usize, pairs: impl Iterator<Item = (Reference, usize)> + Clone) -> Buckets {
        let mut starts = vec![0; count + 1];
        for (reference, _) in pairs.clone() {
            starts[reference as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut places = vec![0; starts[count]];
        for (reference, place) in pairs {
            places[next[reference as usize]] = place;
            next[reference as usize] += 1;
        }
        Buckets { starts, places }
    }

    fn get(&self, reference: Reference) -> &[usize] {
        &self.places[self.starts[reference as usize]..self.starts[reference as usize + 1]]
    }
}

/// The movements still available under each reference of one source.
struct Index {
    source: Source,
    /// In board order.
    any: Buckets,
    /// By what is open, then in board order.
    exact: Buckets,
    /// Lines still to be proven under each reference that have a movement of it near enough: a line
    /// of another season is nobody's rival.
    rivals: Vec<usize>,
}

impl Index {
    fn of(board: &Board<'_>, source: Source) -> Self {
        let count = board.reference_counts[source.place()];
        let available =
            board.movements.iter().enumerate().filter(|(_, card)| count > 0 && card.is_available());
        let pairs = available.flat_map(|(index, card)| {
            card.references[source.place()].iter().map(move |reference| (*reference, index))
        });
        let any = Buckets::of(count, pairs);
        let mut exact = Buckets { starts: any.starts.clone(), places: any.places.clone() };
        for ends in any.starts.windows(2) {
            if let [first, end] = *ends
                && end - first > 1
            {
                exact.places[first..end].sort_by_key(|index| board.movements[*index].open);
            }
        }
        let mut rivals = vec![0; count];
        for card in board.lines.iter().filter(|card| card.can_prove()) {
            if let Some(reference) = card.references[source.place()]
                && !cut(board, any.get(reference), card.at).is_empty()
            {
                rivals[reference as usize] += 1;
            }
        }
        Index { source, any, exact, rivals }
    }

    fn of_line(&self, board: &Board<'_>, line: usize) -> Option<Reference> {
        board.lines[line].references[self.source.place()]
    }

    /// All movements under the line's reference, near enough in time.
    fn near(&self, board: &Board<'_>, line: usize) -> &[usize] {
        let bucket = self.of_line(board, line).map(|reference| self.any.get(reference));
        cut(board, bucket.unwrap_or_default(), board.lines[line].at)
    }

    /// Those of the line's amount.
    fn near_exact(&self, board: &Board<'_>, line: usize) -> &[usize] {
        let card = &board.lines[line];
        let bucket = self.of_line(board, line).map(|reference| self.of_amount(board, reference, card.open));
        cut(board, bucket.unwrap_or_default(), card.at)
    }

    /// All movements under a reference of which so much is open, in board order.
    fn of_amount(&self, board: &Board<'_>, reference: Reference, amount: Dong) -> &[usize] {
        let bucket = self.exact.get(reference);
        let open = |index: &usize| board.movements[*index].open;
        let first = bucket.partition_point(|index| open(index) < amount);
        let rest = &bucket[first..];
        &rest[..rest.partition_point(|index| open(index) == amount)]
    }

    /// Whether this is the only line left under its reference.
    fn is_only_line(&self, board: &Board<'_>, line: usize) -> bool {
        self.of_line(board, line).is_some_and(|reference| self.rivals[reference as usize] == 1)
    }

    /// Whether no other line is under a reference of the movement.
    fn is_named_by_no_other(&self, board: &Board<'_>, movement: usize, line: usize) -> bool {
        let own = self.of_line(board, line);
        board.movements[movement].references[self.source.place()]
            .iter()
            .all(|reference| self.rivals[*reference as usize] == usize::from(own == Some(*reference)))
    }
}

fn cut<'i>(board: &Board<'_>, bucket: &'i [usize], at: i64) -> &'i [usize] {
    within(bucket, at, board.settings.reference_window_days, |index| board.movements[index].at)
}

/// One round: pairs by reference and exact amount, then groups. Returns the lines proven.
pub(super) fn prove(board: &mut Board<'_>) -> usize {
    let contradictory = contradictory_lines(board);
    let mut found = 0;
    for source in Source::ALL {
        if !source.is_used(board) {
            continue;
        }
        found += prove_pairs(board, source, &contradictory);
        found += prove_groups(board, source, &contradictory);
    }
    found
}

/// Lines whose bank reference and channel id each hit a movement of the amount, but no common one.
fn contradictory_lines(board: &Board<'_>) -> HashSet<usize> {
    if !Source::ALL.iter().all(|source| source.is_used(board)) {
        return HashSet::new();
    }
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
    if contradictory.is_empty() {
        return 0;
    }
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
fn named_twice(board: &Board<'_>, indexes: &[Index; 2], line: usize) -> Option<[usize; 2]> {
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
    let index = Index::of(board, source);
    let mut keyed: Vec<((Reference, Dong), usize)> = Vec::new();
    for (line, card) in board.lines.iter().enumerate() {
        if card.can_prove() && !skipped.contains(&line) {
            keyed.extend(index.of_line(board, line).map(|reference| ((reference, card.open), line)));
        }
    }
    keyed.sort_unstable();
    let mut found = 0;
    for group in keyed.chunk_by(|one, other| one.0 == other.0) {
        let Some(&((reference, amount), _)) = group.first() else { continue };
        found += match (group, index.of_amount(board, reference, amount)) {
            (_, []) => 0,
            ([(_, line)], [movement]) => pair_one(board, *line, *movement, source.rule()),
            (lines, movements) => {
                let lines = lines.iter().map(|(_, line)| *line).collect();
                pair(board, (lines, movements.to_vec()), source.rule())
            }
        };
    }
    found
}

/// Pairs a line with the one movement of its reference and amount, unless their codes tell them apart.
fn pair_one(board: &mut Board<'_>, line: usize, movement: usize, rule: Rule) -> usize {
    let sets = [board.lines[line].code_set, board.movements[movement].code_set];
    if sets[0] != sets[1] && !sets.contains(&NO_CODES) {
        return 0;
    }
    board.join([line], [movement], board.settings.reference_window_days, rule)
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
        found += board.join(lines.iter().copied(), movements.iter().copied(), window, rule);
    }
    let lines: Vec<usize> = lines.into_iter().filter(|&line| board.lines[line].is_open()).collect();
    let movements: Vec<usize> =
        movements.into_iter().filter(|&index| board.movements[index].is_available()).collect();
    let line_sets: BTreeSet<CodeSet> = lines.iter().map(|&line| board.lines[line].code_set).collect();
    let movement_sets: BTreeSet<CodeSet> =
        movements.iter().map(|&index| board.movements[index].code_set).collect();
    let alike = line_sets.len() == 1 && movement_sets.len() == 1;
    if alike && (line_sets.contains(&NO_CODES) || movement_sets.contains(&NO_CODES)) {
        found += board.join(lines, movements, window, rule);
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
        let why = Why::Told(vec![source.evidence(), Evidence::GroupTotalExact(count)]);
        board.prove(line, near, Rule::BulkReference, why);
        found += 1;
    }
    found
}

fn total(board: &Board<'_>, movements: &[usize]) -> Option<Dong> {
    Dong::sum(movements.iter().map(|&index| board.movements[index].open)).ok()
}

/// After all proofs: lines whose reference still hits a movement it did not prove. They are
/// reported and returned; they must not be settled as new money.
pub(super) fn disputes(board: &mut Board<'_>) -> HashSet<usize> {
    let mut disputed = contradictory_lines(board);
    if !Source::ALL.iter().any(|source| source.is_used(board)) {
        return disputed;
    }
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

fn report_contradiction(board: &mut Board<'_>, indexes: &[Index], line: usize) {
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
fn report(board: &mut Board<'_>, index: &Index, line: usize) -> bool {
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
