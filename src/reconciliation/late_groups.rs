//! Claims that came after the line that pays them out together: they complete it by the rules by which matching takes
//! them when they come first. Either all claims of one reference add up to the line that is alone under it, or the
//! claims of a gateway leave one choice for a line with its marker. A tie is left to persons, as it is then.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::evidence::Evidence;
use super::matching::{Line, Movement, Outcome, Proof, Rule, Settings, matching};
use super::payout::{Payouts, Seen, stored};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LineId, MovementId};
use crate::ledger;
use crate::payment::gateway::line::LumpSum;
use crate::payment::movement_query;
use crate::payment::prove::{Case, LineWork};
use crate::store::{Conn, Store};

/// What a run has read, and what it left.
pub(super) struct Left<'a> {
    pub lines: &'a [Line],
    pub movements: &'a [Movement],
    pub payouts: &'a Payouts,
    pub settings: &'a Settings,
    /// Credits that were posted as money nobody knows, in this run or an earlier one.
    pub unknown: Vec<LineWork>,
    /// The movements that this run has proven or a waiting report names.
    pub taken: HashSet<MovementId>,
}

/// The lines of which all money waits and that claims complete, each with these claims as a lump sum without a report.
pub(super) fn find(store: &Store, scope: &Scope, mut left: Left<'_>) -> Result<Vec<LineWork>> {
    left.taken.extend(left.payouts.reported());
    let free: Vec<&Movement> = left.movements.iter().filter(|one| left.is_free(one)).collect();
    let lines = left.reopened();
    let named = under_references(&lines, &free);
    let is_marked = left.payouts.has_marked(&lines, &left.works(&lines, &HashSet::new()));
    if free.is_empty() || (named.len() < 2 && !is_marked) {
        return Ok(Vec::new());
    }
    let (lines, told) = store.read(scope, |conn| {
        let lines = waiting(conn, lines)?;
        let told = if is_marked { told_on(conn, &free, &lines)? } else { HashMap::new() };
        Ok((lines, told))
    })?;
    let mut found = left.by_reference(&lines, &named);
    let grouped: HashSet<MovementId> = found.iter().flat_map(parts).collect();
    if is_marked {
        let rest = free.iter().filter(|one| !grouped.contains(&one.id));
        let rest: Vec<Movement> = rest.map(|one| as_told(one, &told)).collect();
        let sums = left.by_sum(&lines, &rest, &found);
        found.extend(sums);
    }
    let seen: HashMap<MovementId, BusinessDay> = free.iter().map(|one| (one.id, one.first_seen)).collect();
    for work in &mut found {
        // What claims settled stands on clearing from their day on, and leaves it on none before.
        let settled = parts(work).filter(|id| left.settings.splittable.contains(id));
        let last = settled.filter_map(|id| seen.get(&id).copied()).max();
        work.booking_date = last.map_or(work.booking_date, |day| day.max(work.booking_date));
    }
    Ok(found)
}

impl Left<'_> {
    /// A claim that no line shows.
    fn is_free(&self, movement: &Movement) -> bool {
        movement.inflow
            && movement.open == movement.amount
            && !movement.has_line
            && !self.taken.contains(&movement.id)
    }

    /// The lines of the unknown money, as if nobody had posted them.
    fn reopened(&self) -> Vec<Line> {
        let unknown: HashSet<LineId> = self.unknown.iter().map(|work| work.line).collect();
        let lines = self.lines.iter().filter(|line| unknown.contains(&line.id) && line.codes.is_empty());
        lines.map(|line| Line { open: line.amount, ..line.clone() }).collect()
    }

    /// The works of these lines, but for those that are done.
    fn works(&self, lines: &[Line], done: &HashSet<LineId>) -> BTreeMap<LineId, LineWork> {
        let wanted: HashSet<LineId> = lines.iter().map(|line| line.id).collect();
        let works = self.unknown.iter().filter(|work| wanted.contains(&work.line));
        works.filter(|work| !done.contains(&work.line)).map(|work| (work.line, work.clone())).collect()
    }

    fn by_reference(&self, lines: &[Line], named: &[Movement]) -> Vec<LineWork> {
        if named.len() < 2 {
            return Vec::new();
        }
        let works = self.works(lines, &HashSet::new());
        let lines_by_id: HashMap<LineId, &Line> = lines.iter().map(|line| (line.id, line)).collect();
        let outcome = matching(lines, named, &[], self.settings);
        let groups = outcome.proofs.iter().filter(|proof| proof.rule == Rule::BulkReference);
        let group = |proof: &Proof| {
            let line = lines_by_id.get(&proof.line).copied()?;
            let evidence = proof.evidence(line);
            if self.has_rival(line, evidence.contains(&Evidence::SameBankReference)) {
                return None;
            }
            let lump = LumpSum {
                channel: self.payouts.common_channel(&proof.parts)?.to_owned(),
                settlement: None,
                parts: proof.parts.to_vec(),
                unknown: Vec::new(),
                returned: Vec::new(),
                fee: Dong::ZERO,
            };
            Some(as_group(works.get(&proof.line)?, lump, proof.rule.as_str(), &evidence))
        };
        groups.filter_map(group).collect()
    }

    /// Whether another credit of the account carries the same reference, posted or not: whose claims these are is for
    /// persons to say.
    fn has_rival(&self, line: &Line, by_bank: bool) -> bool {
        let place = usize::from(!by_bank);
        let own = references(line)[place];
        let mut others = self.lines.iter().filter(|other| other.id != line.id && other.amount.is_positive());
        others.any(|other| references(other)[place] == own)
    }

    fn by_sum(&self, lines: &[Line], free: &[Movement], found: &[LineWork]) -> Vec<LineWork> {
        let done: HashSet<LineId> = found.iter().map(|work| work.line).collect();
        let mut works = self.works(lines, &done);
        let outcome = Outcome::default();
        let calendar = &self.settings.working_days;
        self.payouts.search(&Seen { lines, movements: free, outcome: &outcome, calendar }, &mut works);
        works.into_values().filter(|work| matches!(work.case, Case::LumpSum(_))).collect()
    }
}

fn as_group(work: &LineWork, lump: LumpSum, rule: &'static str, evidence: &[Evidence]) -> LineWork {
    LineWork { case: Case::LumpSum(lump), rule, evidence: stored(evidence), hint: None, ..work.clone() }
}

/// The claims of a group.
fn parts(work: &LineWork) -> impl Iterator<Item = MovementId> + '_ {
    let parts = match &work.case {
        Case::LumpSum(lump) => lump.parts.as_slice(),
        _ => &[],
    };
    parts.iter().map(|(id, _)| *id)
}

/// The bank's reference of a line and the one that it carried along.
fn references(line: &Line) -> [Option<&str>; 2] {
    [&line.bank_reference, &line.customer_reference].map(|text| text.as_deref().map(str::trim))
}

/// The claims under a reference of one of the lines.
fn under_references(lines: &[Line], free: &[&Movement]) -> Vec<Movement> {
    let told: HashSet<&str> = lines.iter().flat_map(references).flatten().collect();
    let is_named = |one: &&&Movement| {
        one.bank_references.iter().chain(&one.external_ids).any(|text| told.contains(text.trim()))
    };
    free.iter().filter(is_named).map(|one| (*one).clone()).collect()
}

/// Those of the lines whose money stands in suspense whole.
fn waiting(conn: &mut Conn, mut lines: Vec<Line>) -> Result<Vec<Line>> {
    let Some(unit) = lines.first().map(|line| line.unit) else { return Ok(lines) };
    let held = ledger::suspended(conn, unit)?;
    lines.retain(|line| held.get(&line.id) == Some(&line.amount));
    Ok(lines)
}

/// When the channels say that the money of claims came that were told of after one of the lines.
fn told_on(conn: &mut Conn, free: &[&Movement], lines: &[Line]) -> Result<HashMap<MovementId, BusinessDay>> {
    let Some(first) = lines.iter().min_by_key(|line| line.booking_date) else { return Ok(HashMap::new()) };
    let late = free.iter().filter(|one| one.first_seen > first.booking_date);
    let late: Vec<MovementId> = late.map(|one| one.id).collect();
    movement_query::occurred_on(conn, first.unit, &late)
}

/// A payout holds what was paid before it. A claim that came later than the line counts by the day on which its channel
/// says that the money came; one that does not say so counts by the day on which it came.
fn as_told(movement: &Movement, told: &HashMap<MovementId, BusinessDay>) -> Movement {
    let first_seen = told.get(&movement.id).map_or(movement.first_seen, |day| movement.first_seen.min(*day));
    Movement { first_seen, ..movement.clone() }
}
