//! One movement that the bank booked in several lines of one reference.

use std::collections::BTreeMap;

use super::Rule;
use super::board::{Board, Reference};
use super::code_set::NO_CODES;
use super::proof::{Parts, Proof, Why};
use super::reference::Source;
use crate::amount::Dong;
use crate::reconciliation::evidence::Evidence;

/// Lines under one reference that add up to the one movement of that reference prove it together,
/// each its part. Only movements that the settings name: their money is settled, so that no part of
/// it has to find its place alone. Returns the lines proven.
pub(super) fn prove(board: &mut Board<'_>) -> usize {
    if board.settings.splittable.is_empty() {
        return 0;
    }
    Source::ALL.into_iter().map(|source| prove_by(board, source)).sum()
}

type Group = (Vec<usize>, Vec<usize>);

fn prove_by(board: &mut Board<'_>, source: Source) -> usize {
    let mut groups: BTreeMap<Reference, Group> = BTreeMap::new();
    for (index, card) in board.lines.iter().enumerate().filter(|(_, card)| card.can_prove()) {
        if let Some(reference) = card.references[source.place()] {
            groups.entry(reference).or_default().0.push(index);
        }
    }
    for (index, card) in board.movements.iter().enumerate().filter(|(_, card)| card.is_available()) {
        for reference in &card.references[source.place()] {
            groups.entry(*reference).and_modify(|group| group.1.push(index));
        }
    }
    let mut found = 0;
    for (lines, movements) in groups.into_values() {
        if let [movement] = movements.as_slice()
            && fits(board, &lines, *movement)
        {
            prove_parts(board, &lines, *movement, source);
            found += lines.len();
        }
    }
    found
}

fn fits(board: &Board<'_>, lines: &[usize], movement: usize) -> bool {
    let card = &board.movements[movement];
    let window = i64::from(board.settings.reference_window_days);
    let agrees = |line: &usize| {
        let line = &board.lines[*line];
        line.can_prove()
            && (line.code_set == NO_CODES || line.code_set == card.code_set)
            && (line.at - card.at).abs() <= window
    };
    let total = Dong::sum(lines.iter().map(|line| board.lines[*line].open));
    lines.len() >= 2
        && card.is_available()
        && board.settings.splittable.contains(&card.movement.id)
        && lines.iter().all(agrees)
        && total.is_ok_and(|total| total == card.movement.open)
}

fn prove_parts(board: &mut Board<'_>, lines: &[usize], movement: usize, source: Source) {
    let id = board.movements[movement].id;
    board.movements[movement].taken = true;
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    for &line in lines {
        let card = &mut board.lines[line];
        card.done = true;
        board.outcome.proofs.push(Proof {
            line: card.id,
            parts: Parts::One((id, card.open)),
            rule: Rule::SplitReference,
            why: Why::Told(vec![source.evidence(), Evidence::LinesAddUp(count)]),
        });
    }
}
