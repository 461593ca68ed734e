//! Matching by verified code and exact amount, within the join window.

use std::collections::BTreeMap;

use super::Rule;
use super::board::{Board, CodeSet, NO_CODES};
use crate::amount::Dong;
use crate::id::AccountId;

/// Same account, direction, codes and amount: movements of one key cannot be told apart, so the
/// oldest line joins the oldest movement. This also keeps genuine twins apart. Returns the lines
/// proven.
pub(super) fn prove(board: &mut Board<'_>) -> usize {
    type Key = (AccountId, bool, CodeSet, Dong);
    let mut groups: BTreeMap<Key, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, card) in board.lines.iter().enumerate() {
        if card.can_prove() && card.code_set != NO_CODES {
            let key = (card.line.account, card.inflow, card.code_set, card.open);
            groups.entry(key).or_default().0.push(index);
        }
    }
    for (index, card) in board.movements.iter().enumerate() {
        if card.is_available() && card.code_set != NO_CODES {
            let movement = card.movement;
            let key = (movement.account, movement.inflow, card.code_set, movement.open);
            groups.entry(key).and_modify(|group| group.1.push(index));
        }
    }
    let window = board.settings.join_window_days;
    groups
        .into_values()
        .map(|(lines, movements)| board.join(&lines, &movements, window, Rule::CodeAndAmount))
        .sum()
}
