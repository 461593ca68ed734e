//! Matching against an oracle that knows the same rules and no index: every pair is looked at,
//! every subset is tried. Ten thousand small worlds, a million with `BIENLAI_TEST_LONG`.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;
use super::properties::{World, any_world};
use super::world::X;
use crate::cases::cases;

/// Codes as a set.
type Codes = BTreeSet<String>;
type Pair = (LineId, Vec<MovementId>);

const SOURCES: [Source; 2] = [Source::Bank, Source::Provider];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Bank,
    Provider,
}

struct Oracle<'a> {
    /// By booking date, then id.
    lines: Vec<&'a Line>,
    /// By the day first seen, then id.
    movements: Vec<&'a Movement>,
    obligations: &'a [Obligation],
    done: BTreeSet<LineId>,
    taken: BTreeSet<MovementId>,
    proofs: Vec<Pair>,
}

impl<'a> Oracle<'a> {
    fn new(world: &'a World) -> Oracle<'a> {
        let mut lines: Vec<&Line> = world.lines.iter().collect();
        lines.sort_by_key(|line| (line.booking_date, line.id));
        let mut movements: Vec<&Movement> = world.movements.iter().collect();
        movements.sort_by_key(|movement| (movement.first_seen, movement.id));
        let obligations = &world.obligations;
        let (done, taken) = (BTreeSet::new(), BTreeSet::new());
        Oracle { lines, movements, obligations, done, taken, proofs: Vec::new() }
    }

    fn size(line: &Line) -> Dong {
        Dong(line.open.0.abs())
    }

    fn can_prove(&self, line: &Line) -> bool {
        !line.reversal && !line.open.is_zero() && !self.done.contains(&line.id)
    }

    fn is_free(&self, movement: &Movement) -> bool {
        !movement.has_line && movement.open.is_positive() && !self.taken.contains(&movement.id)
    }

    fn codes_of_line(line: &Line) -> Codes {
        line.codes.iter().cloned().collect()
    }

    fn codes_of(movement: &Movement) -> Codes {
        movement.codes.iter().cloned().collect()
    }

    fn are_within(line: &Line, movement: &Movement, days: u32) -> bool {
        crate::working_days::WorkingDays::default().distance(line.booking_date, movement.first_seen) <= days
    }

    fn is_same_side(line: &Line, movement: &Movement) -> bool {
        line.account == movement.account && (line.amount.0 > 0) == movement.inflow
    }

    fn refers(line: &Line, movement: &Movement, source: Source) -> bool {
        let (reference, known) = match source {
            Source::Bank => (&line.bank_reference, &movement.bank_references),
            Source::Provider => (&line.customer_reference, &movement.external_ids),
        };
        Self::is_same_side(line, movement) && reference.as_ref().is_some_and(|one| known.contains(one))
    }

    /// The free movements the line's reference names, near enough.
    fn named(&self, line: &Line, source: Source) -> Vec<&'a Movement> {
        let is_named = |movement: &&&Movement| {
            self.is_free(movement)
                && Self::refers(line, movement, source)
                && Self::are_within(line, movement, 10)
        };
        self.movements.iter().filter(is_named).copied().collect()
    }

    /// The two references name movements of the amount, and none in common.
    fn is_contradictory(&self, line: &Line) -> bool {
        let [bank, provider] = SOURCES.map(|source| -> BTreeSet<MovementId> {
            let exact = self.named(line, source).into_iter();
            exact.filter(|movement| movement.open == Self::size(line)).map(|movement| movement.id).collect()
        });
        self.can_prove(line) && !bank.is_empty() && !provider.is_empty() && bank.is_disjoint(&provider)
    }

    fn prove(&mut self, line: LineId, mut movements: Vec<MovementId>) {
        movements.sort_unstable();
        self.done.insert(line);
        self.taken.extend(&movements);
        self.proofs.push((line, movements));
    }

    /// Oldest with oldest; each line takes the first free movement within the window.
    fn join(&mut self, lines: &[&Line], movements: &[&Movement], days: u32) {
        for line in lines {
            let fits =
                |movement: &&&Movement| self.is_free(movement) && Self::are_within(line, movement, days);
            if self.can_prove(line)
                && let Some(movement) = movements.iter().find(fits)
            {
                self.prove(line.id, vec![movement.id]);
            }
        }
    }

    /// What the references of one source decide: pairs first, then sums.
    fn by_reference(&mut self, source: Source, skipped: &BTreeSet<LineId>) {
        let mut keys: BTreeSet<(i64, bool, String, i64)> = BTreeSet::new();
        for line in self.lines.iter().filter(|line| self.can_prove(line) && !skipped.contains(&line.id)) {
            keys.extend(self.key(line, source));
        }
        for key in keys {
            let lines: Vec<&Line> = self
                .lines
                .iter()
                .filter(|line| self.can_prove(line) && !skipped.contains(&line.id))
                .filter(|line| self.key(line, source).as_ref() == Some(&key))
                .copied()
                .collect();
            let movements: Vec<&Movement> = self
                .movements
                .iter()
                .filter(|one| self.is_free(one) && one.open.0 == key.3)
                .filter(|one| lines.iter().any(|line| Self::refers(line, one, source)))
                .copied()
                .collect();
            self.pair(&lines, &movements);
        }
        self.sums(source, skipped);
    }

    fn key(&self, line: &Line, source: Source) -> Option<(i64, bool, String, i64)> {
        let reference = if source == Source::Bank { &line.bank_reference } else { &line.customer_reference };
        let reference = reference.clone()?;
        Some((line.account.0, line.amount.0 > 0, reference, Self::size(line).0))
    }

    /// Equal codes join; what is left joins when one side has no codes and neither can be told apart.
    fn pair(&mut self, lines: &[&Line], movements: &[&Movement]) {
        let sets: BTreeSet<Codes> = lines.iter().map(|line| Self::codes_of_line(line)).collect();
        for set in sets.iter().filter(|set| !set.is_empty()) {
            let lines: Vec<&Line> =
                lines.iter().filter(|line| Self::codes_of_line(line) == *set).copied().collect();
            let movements: Vec<&Movement> =
                movements.iter().filter(|one| Self::codes_of(one) == *set).copied().collect();
            self.join(&lines, &movements, 10);
        }
        let lines: Vec<&Line> = lines.iter().filter(|line| self.can_prove(line)).copied().collect();
        let movements: Vec<&Movement> = movements.iter().filter(|one| self.is_free(one)).copied().collect();
        let of_lines: BTreeSet<Codes> = lines.iter().map(|line| Self::codes_of_line(line)).collect();
        let of_movements: BTreeSet<Codes> = movements.iter().map(|one| Self::codes_of(one)).collect();
        let (Some(one), Some(other)) = (of_lines.first(), of_movements.first()) else { return };
        if of_lines.len() == 1 && of_movements.len() == 1 && (one.is_empty() || other.is_empty()) {
            self.join(&lines, &movements, 10);
        }
    }

    /// A line without codes, alone under its reference, is the sum of all it names.
    fn sums(&mut self, source: Source, skipped: &BTreeSet<LineId>) {
        // Who is alone, and what is named, is looked at before any sum is taken.
        let before: Vec<(&Line, Vec<&Movement>)> = self
            .lines
            .iter()
            .filter(|line| self.can_prove(line) && line.codes.is_empty() && !skipped.contains(&line.id))
            .filter(|line| {
                let mine = self.key(line, source).map(|key| (key.0, key.1, key.2));
                let others = self.lines.iter().filter(|other| {
                    self.is_rival(other, source)
                        && self.key(other, source).map(|key| (key.0, key.1, key.2)) == mine
                });
                mine.is_some() && others.count() == 1
            })
            .map(|line| (*line, self.named(line, source)))
            .collect();
        for (line, named) in before {
            let total: i64 = named.iter().map(|movement| movement.open.0).sum();
            let are_free = named.iter().all(|movement| self.is_free(movement));
            if named.len() >= 2 && total == Self::size(line).0 && are_free {
                self.prove(line.id, named.iter().map(|movement| movement.id).collect());
            }
        }
    }

    /// Open, with a movement of its reference near enough.
    fn is_rival(&self, line: &Line, source: Source) -> bool {
        self.can_prove(line) && !self.named(line, source).is_empty()
    }

    /// Equal codes and amount within three working days: first what the bank's reference names.
    fn by_code(&mut self) {
        for movement in self.movements.clone() {
            let names = |line: &&&Line| {
                self.is_free(movement)
                    && self.can_prove(line)
                    && !line.codes.is_empty()
                    && Self::refers(line, movement, Source::Bank)
                    && movement.open == Self::size(line)
                    && Self::codes_of(movement) == Self::codes_of_line(line)
                    && Self::are_within(line, movement, 3)
            };
            if let Some(line) = self.lines.iter().find(names).map(|line| line.id) {
                self.prove(line, vec![movement.id]);
            }
        }
        let lines: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| self.can_prove(line) && !line.codes.is_empty())
            .copied()
            .collect();
        for line in lines {
            let alike: Vec<&Movement> = self
                .movements
                .iter()
                .filter(|one| Self::is_same_side(line, one) && one.open == Self::size(line))
                .filter(|one| Self::codes_of(one) == Self::codes_of_line(line))
                .copied()
                .collect();
            self.join(&[line], &alike, 3);
        }
    }

    /// What is told twice leaves, and then the bank's charges: what is left may be alone now.
    fn leaves(&mut self, outcome: &Outcome) -> bool {
        let known = (self.done.len(), self.taken.len());
        for same in &outcome.same_money {
            self.done.insert(same.line);
            self.taken.extend(same.movements);
        }
        if known == (self.done.len(), self.taken.len()) {
            let is_debit = |id: &LineId| self.lines.iter().any(|line| line.id == *id && line.amount.0 < 0);
            let charges = outcome.classified.iter().map(|(line, ..)| *line).filter(is_debit);
            self.done.extend(charges.collect::<Vec<_>>());
        }
        known != (self.done.len(), self.taken.len())
    }

    /// All proofs, in the order of the lines.
    fn proofs(mut self, returned: &BTreeSet<LineId>, outcome: &Outcome) -> Vec<Pair> {
        self.done.extend(returned);
        loop {
            let known = self.proofs.len();
            let skipped: BTreeSet<LineId> =
                self.lines.iter().filter(|line| self.is_contradictory(line)).map(|line| line.id).collect();
            for source in SOURCES {
                self.by_reference(source, &skipped);
            }
            self.by_code();
            if self.proofs.len() == known && !self.leaves(outcome) {
                self.proofs.sort();
                return self.proofs;
            }
        }
    }

    /// What credits without a known movement become, by every choice there is.
    fn credits(&self, outcome: &Outcome) -> Vec<(LineId, CreditKind)> {
        let mut due: Vec<i64> = self.obligations.iter().map(|one| one.outstanding.0).collect();
        let owner = |code: &str| self.obligations.iter().position(|one| one.code == code);
        let is_candidate = |line: &&&Line| {
            let credit = outcome.credits.iter().find(|credit| credit.line == line.id);
            let is_held = credit.is_none_or(|credit| credit.kind == CreditKind::Disputed);
            !is_held && !line.reversal
        };
        let candidates: Vec<&Line> = self.lines.iter().filter(is_candidate).copied().collect();
        let mut kinds = Vec::new();
        let single = |line: &&&Line| Self::codes_of_line(line).len() == 1;
        let mut later = Vec::new();
        for line in candidates.iter().filter(single) {
            let own = owner(&line.codes[0]).filter(|&at| self.obligations[at].unit == line.unit);
            match own {
                Some(at) if self.obligations[at].state_open && due[at] == line.open.0 => {
                    due[at] = 0;
                    kinds.push((line.id, CreditKind::Code(self.obligations[at].id, Fit::Exact)));
                }
                _ => later.push(*line),
            }
        }
        for line in later {
            let Some(at) = owner(&line.codes[0]) else {
                kinds.push((line.id, CreditKind::Unknown));
                continue;
            };
            let obligation = &self.obligations[at];
            let fit = match due[at] {
                _ if !obligation.state_open => Fit::Closed,
                0 => Fit::NothingDue,
                rest if line.open.0 < rest => Fit::Under,
                rest if line.open.0 > rest => Fit::Over,
                _ => Fit::Exact,
            };
            let kind = if obligation.unit == line.unit {
                due[at] = if fit == Fit::Closed { due[at] } else { (due[at] - line.open.0).max(0) };
                CreditKind::Code(obligation.id, fit)
            } else {
                let (code, unit) = (obligation.code.clone(), obligation.unit);
                CreditKind::OtherUnit { code, obligation: obligation.id, unit }
            };
            kinds.push((line.id, kind));
        }
        for line in candidates.iter().filter(|line| Self::codes_of_line(line).len() > 1) {
            let owners: Vec<Option<usize>> =
                Self::codes_of_line(line).iter().map(|code| owner(code)).collect();
            let parts = self.only_split(line, &owners, &due);
            for (id, _) in &parts {
                let at = self.obligations.iter().position(|one| one.id == *id).expect("it is there");
                due[at] = 0;
            }
            kinds.push((line.id, CreditKind::SeveralCodes { parts }));
        }
        for line in candidates.iter().filter(|line| line.codes.is_empty()) {
            kinds.push((line.id, CreditKind::Unknown));
        }
        kinds.sort_by_key(|(line, _)| *line);
        kinds
    }

    /// Of all subsets of the codes, the whole one when it alone sums to the line and all of it is due.
    fn only_split(&self, line: &Line, owners: &[Option<usize>], due: &[i64]) -> Vec<(ObligationId, Dong)> {
        let Some(owners) = owners.iter().copied().collect::<Option<Vec<usize>>>() else { return Vec::new() };
        let is_payable = |&at: &usize| {
            self.obligations[at].unit == line.unit && self.obligations[at].state_open && due[at] > 0
        };
        if !owners.iter().all(is_payable) {
            return Vec::new();
        }
        let exact: Vec<u32> = (1..1_u32 << owners.len())
            .filter(|subset| {
                let chosen = owners.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1);
                chosen.map(|(_, &at)| due[at]).sum::<i64>() == line.open.0
            })
            .collect();
        let whole = (1_u32 << owners.len()) - 1;
        if exact != [whole] {
            return Vec::new();
        }
        let mut parts: Vec<_> = owners.iter().map(|&at| (self.obligations[at].id, Dong(due[at]))).collect();
        parts.sort_unstable();
        parts
    }
}

/// Lines that give another line's money back leave before anything is proven.
fn returned_first(world: &World, outcome: &Outcome) -> BTreeSet<LineId> {
    let is_certain = |reversal: &&Reversal| {
        let line = world.lines.iter().find(|line| line.id == reversal.line);
        let original = world.lines.iter().find(|line| line.id == reversal.original);
        line.zip(original).is_some_and(|(line, original)| {
            line.bank_reference.is_some()
                && line.bank_reference == original.bank_reference
                && line.amount.0 == -original.amount.0
        })
    };
    outcome.reversals.iter().filter(is_certain).map(|reversal| reversal.line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_proves_and_credits_exactly_what_the_oracle_does(world in any_world()) {
        let outcome = world.run();
        let expected = Oracle::new(&world).proofs(&returned_first(&world, &outcome), &outcome);
        let mut found: Vec<Pair> = outcome
            .proofs
            .iter()
            .map(|proof| (proof.line, proof.parts.iter().map(|(id, _)| *id).collect()))
            .collect();
        found.sort();
        prop_assert_eq!(&found, &expected);
        let expected = Oracle::new(&world).credits(&outcome);
        let found: Vec<(LineId, CreditKind)> = outcome
            .credits
            .iter()
            .filter(|credit| credit.kind != CreditKind::Disputed)
            .filter(|credit| !world.lines.iter().any(|line| line.id == credit.line && line.reversal))
            .map(|credit| (credit.line, credit.kind.clone()))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn the_oracle_is_not_asleep() {
    use super::world::{line, movement};
    let world = World {
        lines: vec![line(1, 25_000).code(X), line(2, 25_000).reference("FT0001")],
        movements: vec![movement(1, 25_000).code(X), movement(2, 25_000).reference("FT0001")],
        obligations: Vec::new(),
    };
    let proofs = Oracle::new(&world).proofs(&BTreeSet::new(), &Outcome::default());
    assert_eq!(proofs, [(LineId(1), vec![MovementId(1)]), (LineId(2), vec![MovementId(2)])]);
}
