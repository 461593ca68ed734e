//! Suggestions for credits and debits that nothing identified: dossier code, payer's name, damaged
//! code, amount and day. Every search goes through an index, so that a day of thousands of equal
//! fees stays fast.

use std::collections::{HashMap, HashSet};

use super::board::{Board, MovementCard, ObligationCard, days_between, within};
use super::code_set::{CodeSet, NO_CODES};
use super::edit::one_edit_apart;
use super::{CreditKind, Rule, Target};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::{AccountId, LineId, MovementId, ObligationId, UnitId};
use crate::reconciliation::classification::words;
use crate::reconciliation::evidence::Evidence;

/// Shorter dossier codes would be found in account numbers.
const DOSSIER_CODE_LENGTH_MIN: usize = 8;
/// Two parts of a code with a gap between them: one edit or one swap touches only one of them.
const HEAD_LENGTH: usize = 7;
const TAIL_LENGTH: usize = 5;
/// Candidates looked at in one bucket of an index.
const BUCKET_LIMIT: usize = 256;

pub(super) fn suggest(board: &mut Board<'_>) {
    let takes_money = |card: &ObligationCard<'_>| card.obligation.state_open && card.due.is_positive();
    // Nobody owes anything, and nothing is claimed that no line shows.
    if !board.movements.iter().any(MovementCard::is_available) && !board.obligations.iter().any(takes_money) {
        return;
    }
    let settled: HashSet<LineId> = settled_credits(board);
    let unknown: HashSet<LineId> = unknown_credits(board);
    let unplaced: HashSet<LineId> = unplaced_proofs(board);
    let wanted = |board: &Board<'_>, index: usize| {
        let card = &board.lines[index];
        let is_unknown = card.is_open() && (!card.inflow || unknown.contains(&card.line.id));
        !card.reversal && (is_unknown || (card.inflow && unplaced.contains(&card.line.id)))
    };
    let open: Vec<usize> = (0..board.lines.len()).filter(|&index| wanted(board, index)).collect();
    suggest_distant_movements(board, &settled);
    if open.is_empty() {
        return;
    }
    let obligations = ObligationIndex::of(board);
    let movements = MovementIndex::of(board);
    for index in open {
        if board.lines[index].inflow {
            by_dossier_code(board, &obligations, index);
            by_payer_name(board, &obligations, index);
            by_alias(board, index);
        }
        by_damaged_code(board, &obligations, &movements, index);
        if board.lines[index].is_open() {
            by_amount_and_day(board, &movements, index);
        }
    }
}

fn settled_credits(board: &Board<'_>) -> HashSet<LineId> {
    let code = board.outcome.credits.iter().filter(|credit| matches!(credit.kind, CreditKind::Code(..)));
    code.map(|credit| credit.line).collect()
}

fn unknown_credits(board: &Board<'_>) -> HashSet<LineId> {
    let unknown = board.outcome.credits.iter().filter(|credit| credit.kind == CreditKind::Unknown);
    unknown.map(|credit| credit.line).collect()
}

/// Lines that show what a channel told of first, and neither says whose it is: the money will wait in suspense.
fn unplaced_proofs(board: &Board<'_>) -> HashSet<LineId> {
    let nobodys: HashSet<MovementId> = board
        .movements
        .iter()
        .filter(|card| {
            let is_settled = || board.settings.splittable.contains(&card.movement.id);
            let is_named = || card.codes.iter().any(|code| board.obligation_of(code).is_some());
            card.movement.obligation.is_none() && !is_settled() && !is_named()
        })
        .map(|card| card.movement.id)
        .collect();
    let proofs = board.outcome.proofs.iter();
    let unplaced = proofs.filter(|proof| proof.parts.iter().all(|(id, _)| nobodys.contains(id)));
    unplaced.map(|proof| proof.line).collect()
}

/// A credit by code whose claim lies outside the join window: perhaps the same money.
fn suggest_distant_movements(board: &mut Board<'_>, settled: &HashSet<LineId>) {
    type Key = (AccountId, bool, CodeSet, Dong);
    let mut by_code: HashMap<Key, usize> = HashMap::new();
    for (index, card) in board.movements.iter().enumerate() {
        let movement = card.movement;
        if card.is_available() && card.code_set != NO_CODES {
            by_code.entry((movement.account, movement.inflow, card.code_set, movement.open)).or_insert(index);
        }
    }
    for index in 0..board.lines.len() {
        let card = &board.lines[index];
        if !settled.contains(&card.line.id) && (card.inflow || !card.can_prove()) {
            continue;
        }
        let key = (card.line.account, card.inflow, card.code_set, card.open);
        let Some(&movement) = by_code.get(&key) else { continue };
        let days = days_between(card.at, board.movements[movement].at);
        let evidence = vec![Evidence::AmountExact, Evidence::WithinDays(days)];
        let target = Target::Movement(board.movements[movement].movement.id);
        board.suggest(card.line.id, target, Rule::CodeAndAmount, 75, evidence);
    }
}

/// Money of a unit, narrowed down by a piece of text.
type Wanted<T> = (UnitId, Dong, T);
/// Positions with the text that must stand in the memo.
type Named = Vec<(usize, String)>;

/// Obligations that still take money, by what a memo may say of them.
struct ObligationIndex<'a> {
    /// By the first characters of the dossier code.
    by_dossier: HashMap<Wanted<[u8; DOSSIER_CODE_LENGTH_MIN]>, Named>,
    /// By the last two words of the payer's name.
    by_name: HashMap<Wanted<String>, Named>,
    by_head: HashMap<Wanted<&'a [u8]>, Vec<usize>>,
    by_tail: HashMap<Wanted<&'a [u8]>, Vec<usize>>,
}

impl<'a> ObligationIndex<'a> {
    fn of(board: &Board<'a>) -> Self {
        let mut index = ObligationIndex {
            by_dossier: HashMap::new(),
            by_name: HashMap::new(),
            by_head: HashMap::new(),
            by_tail: HashMap::new(),
        };
        for (position, card) in board.obligations.iter().enumerate() {
            let obligation = card.obligation;
            if !obligation.state_open || !card.due.is_positive() {
                continue;
            }
            let key = (obligation.unit, card.due);
            if let Some(code) = obligation.dossier_code_folded.as_deref().map(squashed)
                && let Some(start) = code.as_bytes().first_chunk()
            {
                index.by_dossier.entry((key.0, key.1, *start)).or_default().push((position, code));
            }
            if let Some(name) = obligation.payer_name_folded.as_deref().map(words)
                && let Some(last) = last_two(&name)
            {
                index.by_name.entry((key.0, key.1, last)).or_default().push((position, name));
            }
            if let Some((head, tail)) = head_and_tail(obligation.code.as_bytes()) {
                index.by_head.entry((key.0, key.1, head)).or_default().push(position);
                index.by_tail.entry((key.0, key.1, tail)).or_default().push(position);
            }
        }
        index
    }
}

fn squashed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The last two words of a name of at least two words.
fn last_two(name: &str) -> Option<String> {
    let mut words = name.split_whitespace().rev();
    let (last, before) = (words.next()?, words.next()?);
    Some(format!("{before} {last}"))
}

fn head_and_tail(code: &[u8]) -> Option<(&[u8], &[u8])> {
    let tail = code.get(code.len().checked_sub(TAIL_LENGTH)?..)?;
    // Shorter codes would have overlapping parts.
    (code.len() > HEAD_LENGTH + TAIL_LENGTH).then_some(())?;
    Some((code.get(..HEAD_LENGTH)?, tail))
}

fn by_dossier_code(board: &mut Board<'_>, index: &ObligationIndex<'_>, line: usize) {
    if index.by_dossier.is_empty() {
        return;
    }
    let (unit, open, id) = line_key(board, line);
    let memo = squashed(&board.lines[line].line.memo_folded);
    let mut found: Vec<usize> = Vec::new();
    for start in 0..memo.len() {
        let rest = memo.get(start..).unwrap_or_default();
        let Some(first) = rest.as_bytes().first_chunk() else { break };
        let bucket = index.by_dossier.get(&(unit, open, *first));
        let hits = bucket.into_iter().flatten().take(BUCKET_LIMIT);
        found.extend(hits.filter(|(_, code)| rest.starts_with(code.as_str())).map(|(position, _)| *position));
    }
    let evidence = [Evidence::DossierCodeInMemo, Evidence::AmountExact];
    suggest_obligations(board, id, found, Rule::DossierCode, 90, &evidence);
}

fn line_key(board: &Board<'_>, line: usize) -> (UnitId, Dong, LineId) {
    let card = &board.lines[line];
    (card.line.unit, card.open, card.line.id)
}

fn suggest_obligations(
    board: &mut Board<'_>,
    line: LineId,
    mut found: Vec<usize>,
    rule: Rule,
    score: u8,
    evidence: &[Evidence],
) {
    found.sort_unstable();
    found.dedup();
    // One more than is kept shows a tie.
    let limit = board.settings.suggestions_limit.saturating_add(1);
    for position in found.into_iter().take(limit) {
        let target = Target::Obligation(board.obligations[position].obligation.id);
        board.suggest(line, target, rule, score, evidence.to_vec());
    }
}

fn by_payer_name(board: &mut Board<'_>, index: &ObligationIndex<'_>, line: usize) {
    if index.by_name.is_empty() {
        return;
    }
    let (unit, open, id) = line_key(board, line);
    let booked = board.lines[line].line.booking_date;
    let memo = words(&board.lines[line].line.memo_folded);
    let tokens: Vec<&str> = memo.split_whitespace().collect();
    let mut found: Vec<usize> = Vec::new();
    for pair in tokens.windows(2) {
        let bucket = index.by_name.get(&(unit, open, pair.join(" ")));
        let hits = bucket.into_iter().flatten().take(BUCKET_LIMIT);
        let raised = |position: usize| raised_before(board, position, booked);
        found.extend(
            hits.filter(|(position, name)| memo.contains(name.as_str()) && raised(*position))
                .map(|(position, _)| *position),
        );
    }
    let evidence = [Evidence::PayerNameInMemo, Evidence::AmountExact];
    suggest_obligations(board, id, found, Rule::PayerName, 65, &evidence);
}

/// The account has paid for a payer before who owes exactly this now. Two that do are a tie.
fn by_alias(board: &mut Board<'_>, line: usize) {
    let (unit, open, id) = line_key(board, line);
    let account = board.lines[line].line.counterparty_account.as_deref();
    let Some(known) = account.and_then(|hash| board.settings.aliases.get(hash)) else { return };
    let booked = board.lines[line].line.booking_date;
    let owes = |id: &ObligationId| {
        // The board has obligations by id.
        let position = board.obligations.binary_search_by_key(id, |card| card.obligation.id).ok()?;
        let card = board.obligations.get(position)?;
        let one = card.obligation;
        let fits = one.state_open && one.unit == unit && card.due == open && one.raised_on <= booked;
        fits.then_some(position)
    };
    let found: Vec<usize> = known.iter().filter_map(owes).collect();
    let evidence = [Evidence::PaidFromAccountBefore, Evidence::AmountExact];
    suggest_obligations(board, id, found, Rule::PayerAlias, 70, &evidence);
}

fn raised_before(board: &Board<'_>, position: usize, booked: BusinessDay) -> bool {
    board.obligations[position].obligation.raised_on <= booked
}

fn by_damaged_code(
    board: &mut Board<'_>,
    obligations: &ObligationIndex<'_>,
    movements: &MovementIndex<'_>,
    line: usize,
) {
    let card = &board.lines[line];
    let (unit, open, id) = line_key(board, line);
    let mut targets: Vec<(Target, String)> = Vec::new();
    for damaged in card.line.damaged.iter().map(|text| text.as_bytes()) {
        let Some((head, tail)) = head_and_tail_of_damaged(damaged) else { continue };
        if card.inflow {
            let near =
                [obligations.by_head.get(&(unit, open, head)), obligations.by_tail.get(&(unit, open, tail))];
            for &position in near.into_iter().flatten().flat_map(|bucket| bucket.iter().take(BUCKET_LIMIT)) {
                let obligation = board.obligations[position].obligation;
                if one_edit_apart(damaged, obligation.code.as_bytes()) {
                    targets.push((Target::Obligation(obligation.id), obligation.code.clone()));
                }
            }
        }
        if !card.is_open() {
            continue; // It shows its movement already.
        }
        let key = (card.line.account, card.inflow, open);
        let near = [movements.by_head.get(&(key, head)), movements.by_tail.get(&(key, tail))];
        for &(position, code) in
            near.into_iter().flatten().flat_map(|bucket| bucket.iter().take(BUCKET_LIMIT))
        {
            if one_edit_apart(damaged, code.as_bytes()) {
                targets.push((Target::Movement(board.movements[position].movement.id), code.to_owned()));
            }
        }
    }
    targets.sort();
    targets.dedup();
    for (target, code) in targets.into_iter().take(board.settings.suggestions_limit.saturating_add(1)) {
        let evidence = vec![Evidence::CodeOneEditAway { code }, Evidence::AmountExact];
        board.suggest(id, target, Rule::DamagedCode, 80, evidence);
    }
}

/// The parts of a damaged code: it may be one character short.
fn head_and_tail_of_damaged(damaged: &[u8]) -> Option<(&[u8], &[u8])> {
    let tail = damaged.get(damaged.len().checked_sub(TAIL_LENGTH)?..)?;
    Some((damaged.get(..HEAD_LENGTH)?, tail))
}

type Money = (AccountId, bool, Dong);
/// Positions with their code.
type Coded<'a> = Vec<(usize, &'a str)>;

/// Movements that no line has proven.
struct MovementIndex<'a> {
    by_money: HashMap<Money, Vec<usize>>,
    by_head: HashMap<(Money, &'a [u8]), Coded<'a>>,
    by_tail: HashMap<(Money, &'a [u8]), Coded<'a>>,
}

impl<'a> MovementIndex<'a> {
    fn of(board: &Board<'a>) -> Self {
        let mut index =
            MovementIndex { by_money: HashMap::new(), by_head: HashMap::new(), by_tail: HashMap::new() };
        for (position, card) in board.movements.iter().enumerate().filter(|(_, card)| card.is_available()) {
            let movement = card.movement;
            let money = (movement.account, movement.inflow, movement.open);
            index.by_money.entry(money).or_default().push(position);
            for &code in card.codes.iter() {
                if let Some((head, tail)) = head_and_tail(code.as_bytes()) {
                    index.by_head.entry((money, head)).or_default().push((position, code));
                    index.by_tail.entry((money, tail)).or_default().push((position, code));
                }
            }
        }
        index
    }
}

/// No code on the line: movements of the amount, booked about the same day.
fn by_amount_and_day(board: &mut Board<'_>, index: &MovementIndex<'_>, line: usize) {
    let card = &board.lines[line];
    if card.code_set != NO_CODES && card.inflow {
        return;
    }
    let (id, at) = (card.line.id, card.at);
    let Some(bucket) = index.by_money.get(&(card.line.account, card.inflow, card.open)) else { return };
    let window = board.settings.suggestion_window_days;
    let near = within(bucket, at, window, |movement| board.movements[movement].at);
    let kept: Vec<usize> =
        near.iter().take(board.settings.suggestions_limit.saturating_add(1)).copied().collect();
    for movement in kept {
        let days = days_between(at, board.movements[movement].at);
        let score = if days == 0 { 50 } else { 45 };
        let evidence = vec![Evidence::AmountExact, Evidence::WithinDays(days)];
        let target = Target::Movement(board.movements[movement].movement.id);
        board.suggest(id, target, Rule::AmountAndDay, score, evidence);
    }
}
