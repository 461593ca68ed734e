//! Lines that classification rules explain, and debits that nothing explains.

use std::collections::HashSet;

use super::board::Board;
use super::code_set::NO_CODES;
use super::{Kind, Rule, Target};
use crate::id::LineId;
use crate::reconciliation::classification::{Class, classify};
use crate::reconciliation::evidence::Evidence;

/// The bank's own charges. They often carry the reference of the movement they belong to, so they
/// are taken out before references are disputed. `returns` are left to a person. Returns the lines
/// classified.
pub(super) fn classify_debits(board: &mut Board<'_>, returns: &HashSet<usize>) -> usize {
    classify_lines(board, false, returns)
}

/// Interest, unless the reference says that it is something else.
pub(super) fn classify_credits(board: &mut Board<'_>, disputes: &HashSet<usize>) {
    classify_lines(board, true, disputes);
}

/// A rule decides only for lines without any code, intact or damaged, and without a reversal.
fn classify_lines(board: &mut Board<'_>, inflow: bool, skipped: &HashSet<usize>) -> usize {
    let excepted = excepted(board);
    let known = board.outcome.classified.len();
    for index in 0..board.lines.len() {
        let card = &board.lines[index];
        let line = card.line;
        let plain = card.can_prove() && card.code_set == NO_CODES && line.damaged.is_empty();
        if !plain || card.inflow != inflow || skipped.contains(&index) || excepted.contains(&line.id) {
            continue;
        }
        if let Some((class, rule)) = classify(line, &board.settings.rules)
            && class.explains_alone()
        {
            board.lines[index].done = true;
            board.outcome.classified.push((line.id, class, Evidence::ClassRule { rule }));
        }
    }
    board.outcome.classified.len() - known
}

fn excepted(board: &Board<'_>) -> HashSet<LineId> {
    board.outcome.exceptions.iter().map(|(line, _)| *line).collect()
}

/// Debits that prove no outgoing movement, are no charge and return nothing: exceptions, with the
/// class their memo speaks of as a suggestion.
pub(super) fn explain_debits(board: &mut Board<'_>) {
    let excepted = excepted(board);
    for index in 0..board.lines.len() {
        let card = &board.lines[index];
        if !card.is_open() || card.inflow || excepted.contains(&card.line.id) {
            continue;
        }
        let id = card.line.id;
        let class = suggest_class(board, index);
        let kind = match class {
            Some(Class::RefundByUs) => Kind::RefundUnmatched,
            Some(Class::BankFee) => Kind::BankFee,
            _ => Kind::UnknownDebit,
        };
        board.except(id, kind);
    }
}

/// Suggests the class of the first rule that covers the line, and returns it.
pub(super) fn suggest_class(board: &mut Board<'_>, index: usize) -> Option<Class> {
    let line = board.lines[index].line;
    let (class, rule) = classify(line, &board.settings.rules)?;
    let evidence = vec![Evidence::ClassRule { rule }];
    board.suggest(line.id, Target::Class(class), Rule::Classification, 55, evidence);
    Some(class)
}
