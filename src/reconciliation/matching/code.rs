//! Matching by verified code and exact amount, within the join window.

use super::Rule;
use super::board::Board;
use super::code_set::{CodeSet, NO_CODES};
use crate::amount::Dong;
use crate::id::AccountId;

/// Same account, direction, codes and amount: movements of one key cannot be told apart, so the
/// oldest line joins the oldest movement. This also keeps genuine twins apart. Returns the lines
/// proven.
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
        let same = rest.iter().take_while(|(other, _)| other == key);
        let lines = group.iter().map(|(_, index)| *index);
        found += board.join(lines, same.map(|(_, index)| *index), window, Rule::CodeAndAmount);
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
