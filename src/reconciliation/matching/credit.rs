//! Credits that prove no known movement: what the line's own codes make of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::board::{Board, verified};
use super::edit::digits_swapped;
use super::{Credit, CreditKind, Fit, Kind, Line, Rule, Target};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::{AccountId, ObligationId};
use crate::reconciliation::evidence::Evidence;
use crate::reconciliation::matching::{Ambiguity, Class};

/// Gives every open credit exactly one kind. Exact amounts go first over all lines, so that a
/// partial payment never takes the place of the exact one.
pub(super) fn credit(board: &mut Board<'_>, disputes: &HashSet<usize>) {
    if !board.lines.iter().any(|card| card.is_open() && card.inflow) {
        return;
    }
    let twins = twin_lines(board);
    let open = |board: &Board<'_>| -> Vec<usize> {
        (0..board.lines.len())
            .filter(|&index| board.lines[index].is_open() && board.lines[index].inflow)
            .collect()
    };
    for index in open(board) {
        if disputes.contains(&index) {
            let evidence = Vec::new();
            finish(board, index, CreditKind::Disputed, Rule::None, evidence);
        } else if board.lines[index].reversal {
            let evidence = vec![Evidence::MarkedAsReversal];
            finish(board, index, CreditKind::Unknown, Rule::Reversal, evidence);
        }
    }
    let held: HashSet<_> = board.outcome.credits.iter().map(|credit| credit.line).collect();
    let rest = open(board).into_iter().filter(|&index| !held.contains(&board.lines[index].line.id));
    let (with_codes, without): (Vec<usize>, Vec<usize>) =
        rest.partition(|&index| !board.lines[index].codes.is_empty());
    let (one, several): (Vec<usize>, Vec<usize>) =
        with_codes.into_iter().partition(|&index| names_one(board, index));
    one.iter().for_each(|&index| credit_exact(board, index));
    one.iter().for_each(|&index| credit_code(board, index, &twins));
    // Every certain split is made before any is proposed: it changes what is due.
    let proposed: Vec<usize> = several.into_iter().filter(|&index| !split_exactly(board, index)).collect();
    proposed.iter().for_each(|&index| propose_split(board, index));
    without.iter().for_each(|&index| credit_unknown(board, index, &twins));
}

fn finish(board: &mut Board<'_>, index: usize, kind: CreditKind, rule: Rule, evidence: Vec<Evidence>) {
    let card = &mut board.lines[index];
    card.done = kind.is_settled();
    let (line, amount) = (card.line.id, card.open);
    board.outcome.credits.push(Credit { line, amount, kind, rule, evidence });
}

/// Whether a line has one code, or its codes all name one obligation, as those from before and after a merger do.
fn names_one(board: &Board<'_>, index: usize) -> bool {
    let codes = &board.lines[index].codes;
    let mut owners = codes.iter().map(|code| board.obligation_of(code));
    let first = owners.next().flatten();
    codes.len() == 1 || (first.is_some() && owners.all(|owner| owner == first))
}

/// The obligation of the line's code, if it is of the account's unit.
fn own_obligation(board: &Board<'_>, index: usize) -> Option<usize> {
    let card = &board.lines[index];
    let owner = board.obligation_of(card.codes.first()?)?;
    (board.obligations[owner].obligation.unit == card.line.unit).then_some(owner)
}

fn credit_exact(board: &mut Board<'_>, index: usize) {
    let Some(owner) = own_obligation(board, index) else { return };
    let obligation = &board.obligations[owner];
    if obligation.obligation.state_open && obligation.due == board.lines[index].open {
        settle(board, index, owner, Fit::Exact, vec![Evidence::AmountExact]);
    }
}

fn settle(board: &mut Board<'_>, index: usize, owner: usize, fit: Fit, about_amount: Vec<Evidence>) {
    let mut evidence: Vec<Evidence> = board.lines[index].codes.iter().map(|code| verified(code)).collect();
    evidence.extend(about_amount);
    let open = board.lines[index].open;
    let obligation = &mut board.obligations[owner];
    if fit != Fit::Closed {
        obligation.due = Dong((obligation.due.0 - open.0).max(0));
    }
    let id = obligation.obligation.id;
    let rule = if fit == Fit::Exact { Rule::CodeAndAmount } else { Rule::CodeOnly };
    let line = board.lines[index].line.id;
    finish(board, index, CreditKind::Code(id, fit), rule, evidence);
    if let Some(kind) = fit.exception() {
        board.except(line, kind);
    }
}

fn credit_code(board: &mut Board<'_>, index: usize, twins: &HashSet<usize>) {
    let card = &board.lines[index];
    let Some(&code) = card.codes.first().filter(|_| card.is_open()) else { return };
    let line = card.line.id;
    let Some(owner) = board.obligation_of(code) else {
        finish(
            board,
            index,
            CreditKind::Unknown,
            Rule::None,
            vec![verified(code), Evidence::CodeWithoutObligation],
        );
        return board.except(line, Kind::UnidentifiedCredit);
    };
    let obligation = board.obligations[owner].obligation;
    if obligation.unit != card.line.unit {
        let kind =
            CreditKind::OtherUnit { code: code.to_owned(), obligation: obligation.id, unit: obligation.unit };
        finish(board, index, kind, Rule::OtherUnit, vec![verified(code), Evidence::CodeOfOtherUnit]);
        return board.except(line, Kind::WrongAccount);
    }
    let (fit, evidence) = fit(card.open, board.obligations[owner].due, obligation.state_open);
    settle(board, index, owner, fit, evidence);
    if fit == Fit::NothingDue && twins.contains(&index) {
        board.except(line, Kind::TwinLines);
    }
}

fn fit(open: Dong, due: Dong, state_open: bool) -> (Fit, Vec<Evidence>) {
    if !state_open {
        return (Fit::Closed, vec![Evidence::ObligationClosed]);
    }
    if !due.is_positive() {
        return (Fit::NothingDue, vec![Evidence::NothingDue]);
    }
    let (fit, about_amount) = match open.cmp(&due) {
        std::cmp::Ordering::Equal => return (Fit::Exact, vec![Evidence::AmountExact]),
        std::cmp::Ordering::Less => (Fit::Under, Evidence::AmountUnder { missing: Dong(due.0 - open.0) }),
        std::cmp::Ordering::Greater => (Fit::Over, Evidence::AmountOver { surplus: Dong(open.0 - due.0) }),
    };
    let swapped = digits_swapped(open, due).then_some(Evidence::AmountDigitsSwapped);
    (fit, std::iter::once(about_amount).chain(swapped).collect())
}

/// What is due under the line's codes, of each obligation once, however many of them name it; None unless all of them
/// are open obligations of the account's unit, and no more than a memo may have.
fn dues(board: &Board<'_>, index: usize) -> Option<Vec<(usize, Dong)>> {
    let card = &board.lines[index];
    let owners: BTreeSet<usize> =
        card.codes.iter().map(|code| board.obligation_of(code)).collect::<Option<_>>()?;
    let own = |&owner: &usize| {
        let obligation = board.obligations[owner].obligation;
        obligation.unit == card.line.unit && obligation.state_open
    };
    let is_certain = card.codes.len() <= board.settings.codes_limit && owners.iter().all(own);
    is_certain.then(|| owners.into_iter().map(|owner| (owner, board.obligations[owner].due)).collect())
}

fn several(board: &Board<'_>, index: usize) -> (u32, Evidence) {
    let count = u32::try_from(board.lines[index].codes.len()).unwrap_or(u32::MAX);
    (count, Evidence::SeveralCodes(count))
}

/// Several codes in one memo whose dues add up to the credit: the split is certain.
fn split_exactly(board: &mut Board<'_>, index: usize) -> bool {
    let Some(dues) = dues(board, index) else { return false };
    let is_exact = dues.iter().all(|(_, due)| due.is_positive())
        && Dong::sum(dues.iter().map(|(_, due)| *due)).ok() == Some(board.lines[index].open);
    if !is_exact {
        return false;
    }
    let parts = parts(board, &dues);
    for (owner, _) in dues {
        board.obligations[owner].due = Dong::ZERO;
    }
    let (count, several) = several(board, index);
    let evidence = vec![several, Evidence::SumExact(count)];
    finish(board, index, CreditKind::SeveralCodes { parts }, Rule::SeveralCodes, evidence);
    true
}

/// Several codes, but another sum: a person splits.
fn propose_split(board: &mut Board<'_>, index: usize) {
    let line = board.lines[index].line;
    let owners = board.lines[index].codes.iter().filter_map(|code| board.obligation_of(code));
    let mut units = owners.map(|owner| board.obligations[owner].obligation.unit);
    let is_wrong_unit = units.any(|unit| unit != line.unit);
    let dues = dues(board, index).unwrap_or_default();
    suggest_subsets(board, index, &dues);
    let (_, several) = several(board, index);
    let kind = CreditKind::SeveralCodes { parts: Vec::new() };
    finish(board, index, kind, Rule::SeveralCodes, vec![several]);
    board.except(line.id, Kind::SeveralObligations);
    if is_wrong_unit {
        board.except(line.id, Kind::WrongAccount);
    }
}

fn parts(board: &Board<'_>, dues: &[(usize, Dong)]) -> Vec<(ObligationId, Dong)> {
    let mut parts: Vec<_> =
        dues.iter().map(|&(owner, due)| (board.obligations[owner].obligation.id, due)).collect();
    parts.sort_unstable();
    parts
}

/// The choices of some of the codes that add up exactly; at most 2^codes_limit are looked at.
fn suggest_subsets(board: &mut Board<'_>, index: usize, dues: &[(usize, Dong)]) {
    let (line, open) = (board.lines[index].line.id, board.lines[index].open);
    let dues: Vec<_> = dues.iter().copied().filter(|(_, due)| due.is_positive()).collect();
    let choices = 1_u64.checked_shl(u32::try_from(dues.len().min(16)).unwrap_or(16)).unwrap_or(0);
    let mut exact = Vec::new();
    for choice in 1..choices {
        let chosen: Vec<_> =
            dues.iter().enumerate().filter(|(bit, _)| choice >> bit & 1 == 1).map(|(_, due)| *due).collect();
        if Dong::sum(chosen.iter().map(|(_, due)| *due)).ok() == Some(open) {
            exact.push(parts(board, &chosen));
        }
    }
    exact.sort();
    let score = if exact.len() == 1 { 85 } else { 60 };
    let targets: Vec<Target> = exact.into_iter().map(Target::Obligations).collect();
    for target in &targets {
        let Target::Obligations(parts) = target else { continue };
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let about =
            if targets.len() == 1 { Evidence::SubsetSumExact(count) } else { Evidence::SumExact(count) };
        board.suggest(line, target.clone(), Rule::SeveralCodes, score, vec![about]);
    }
    if targets.len() > 1 {
        board.outcome.ambiguous.push(Ambiguity { line, candidates: targets, rule: Rule::SeveralCodes });
    }
}

fn credit_unknown(board: &mut Board<'_>, index: usize, twins: &HashSet<usize>) {
    let line = board.lines[index].line;
    let twin = twins.contains(&index);
    let evidence = twin.then_some(Evidence::IdenticalTwin).into_iter().collect();
    finish(board, index, CreditKind::Unknown, Rule::None, evidence);
    let class = super::class::suggest_class(board, index);
    let kind = match class {
        Some(Class::Interest) => Kind::Interest,
        _ if line.damaged.is_empty() => Kind::UnidentifiedCredit,
        _ => Kind::DamagedCode,
    };
    board.except(line.id, kind);
    if twin {
        board.except(line.id, Kind::TwinLines);
    }
}

/// Lines that agree in account, day, amount, memo and reference: one credit told twice, or two.
/// Lines already done count, so that the answer does not change when one of them is.
fn twin_lines(board: &Board<'_>) -> HashSet<usize> {
    fn key(line: &Line) -> (AccountId, BusinessDay, Dong, &str, Option<&str>) {
        let memo = line.memo_folded.as_str();
        (line.account, line.booking_date, line.amount, memo, line.bank_reference.as_deref())
    }
    let mut count: HashMap<_, u32> = HashMap::with_capacity(board.lines.len());
    for card in board.lines.iter().filter(|card| card.inflow) {
        *count.entry(key(card.line)).or_default() += 1;
    }
    let is_twin = |index: &usize| {
        let card = &board.lines[*index];
        card.inflow && count.get(&key(card.line)).is_some_and(|count| *count > 1)
    };
    (0..board.lines.len()).filter(is_twin).collect()
}
