//! Matching by verified code and exact amount, within the join window.

use std::collections::{HashMap, VecDeque};

use super::board::{Board, days_between, usable, verified};
use super::code_set::{CodeSet, NO_CODES};
use super::proof::Why;
use super::{Line, Movement, Rule};
use crate::amount::Dong;
use crate::id::AccountId;
use crate::reconciliation::evidence::Evidence;

/// Same account, direction, codes and amount: movements of one key cannot be told apart but by the
/// bank's reference, so a line joins the movement that names it, and what is left joins oldest with
/// oldest. This also keeps genuine twins apart. Returns the lines proven.
pub(super) fn prove(board: &mut Board<'_>) -> usize {
    let lines = board.lines.iter().enumerate().filter(|(_, card)| card.can_prove());
    let lines =
        keyed(lines.map(|(index, card)| ((card.account, card.inflow, card.code_set, card.open), index)));
    if lines.is_empty() {
        return 0;
    }
    let movements = board.movements.iter().enumerate().filter(|(_, card)| card.is_available());
    let movements =
        keyed(movements.map(|(index, card)| ((card.account, card.inflow, card.code_set, card.open), index)));
    let window = board.settings.join_window_days;
    let mut rest = movements.as_slice();
    let mut found = 0;
    // Both are sorted by their keys, so that one walk along them finds every pair of groups.
    for group in lines.chunk_by(|one, other| one.0 == other.0) {
        let Some((key, _)) = group.first() else { continue };
        let first = rest.iter().position(|(other, _)| other >= key).unwrap_or(rest.len());
        rest = rest.get(first..).unwrap_or_default();
        let count = rest.iter().take_while(|(other, _)| other == key).count();
        let same = rest.get(..count).unwrap_or_default();
        found += match (group, same) {
            (_, []) => 0,
            ([_], [_]) => board.join(places(group), places(same), window, Rule::CodeAndAmount),
            _ => {
                let named = prove_named(board, group, same);
                let left: Vec<usize> = places(group).filter(|&line| board.lines[line].is_open()).collect();
                named + board.join(left, places(same), window, Rule::CodeAndAmount)
            }
        };
    }
    found
}

fn places(group: &[(Key, usize)]) -> impl Iterator<Item = usize> {
    group.iter().map(|(_, index)| *index)
}

/// Of one key, the lines that carry a bank reference of a movement go before those that carry none or
/// another: whose transfer the bank told of is known then, and the other line is what came beyond. What
/// the level of references leaves comes here: lines that name a second movement by the channel's id, and
/// accounts whose bank gives one reference to several movements.
fn prove_named<'a>(board: &mut Board<'a>, lines: &[(Key, usize)], movements: &[(Key, usize)]) -> usize {
    let window = i64::from(board.settings.join_window_days);
    let mut waiting: HashMap<&'a str, VecDeque<usize>> = HashMap::new();
    for place in places(lines) {
        let line: &'a Line = board.lines[place].line;
        if let Some(reference) = line.bank_reference.as_deref().and_then(usable) {
            waiting.entry(reference).or_default().push_back(place);
        }
    }
    let mut found = 0;
    for place in places(movements) {
        let (movement, at): (&'a Movement, i64) =
            (board.movements[place].movement, board.movements[place].at);
        let mut first: Option<usize> = None;
        for reference in movement.bank_references.iter().filter_map(|text| usable(text)) {
            let Some(queue) = waiting.get_mut(reference) else { continue };
            // A line too old for this movement is too old for every later one.
            let is_past = |&line: &usize| !board.lines[line].is_open() || board.lines[line].at < at - window;
            while queue.front().is_some_and(is_past) {
                queue.pop_front();
            }
            let near = queue.front().copied().filter(|&line| board.lines[line].at <= at + window);
            first = first.into_iter().chain(near).min();
        }
        let Some(line) = first else { continue };
        let card = &board.lines[line];
        let codes = card.codes.iter().map(|code| verified(code));
        let pair = [Evidence::AmountExact, Evidence::WithinDays(days_between(card.at, at))];
        let evidence = [Evidence::SameBankReference].into_iter().chain(codes).chain(pair).collect();
        board.prove(line, &[place], Rule::CodeAndAmount, Why::Told(evidence));
        found += 1;
    }
    found
}

type Key = (AccountId, bool, CodeSet, Dong);

/// Those that have codes, by their key, then in board order.
fn keyed(cards: impl Iterator<Item = (Key, usize)>) -> Vec<(Key, usize)> {
    let mut keyed: Vec<(Key, usize)> = cards.filter(|((_, _, set, _), _)| *set != NO_CODES).collect();
    keyed.sort_unstable();
    keyed
}
