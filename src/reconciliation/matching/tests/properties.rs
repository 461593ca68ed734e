use proptest::prelude::*;

use super::super::*;
use super::world::*;
use crate::reconciliation::owed::codes_asked;

const CODES: [&str; 3] = [X, Y, "HNPHAAAAAAAA0"];
const REFERENCES: [&str; 3] = ["FT0001", "FT0002", "FT0003"];
const AMOUNTS: [i64; 3] = [10_000, 15_000, 25_000];
const DAYS: [&str; 4] = ["2026-11-16", "2026-11-18", "2026-11-20", "2026-11-27"];
const MEMOS: [&str; 5] = ["CHUYEN TIEN", "HOAN TRA", "PHI DICH VU", "LAI NHAP VON", "TRAN VAN BAY"];

fn maybe(list: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(list).prop_map(str::to_owned))
}

prop_compose! {
    fn any_line()(
        amount in prop::sample::select(&AMOUNTS[..]),
        out in prop::bool::weighted(0.2),
        done in prop::bool::weighted(0.1),
        reversal in prop::bool::weighted(0.1),
        account in 1_i64..=2,
        date in prop::sample::select(&DAYS[..]),
        codes in prop::collection::vec(prop::sample::select(&CODES[..]), 0..=2),
        bank_reference in maybe(&REFERENCES),
        customer_reference in maybe(&REFERENCES),
        counterparty_account in maybe(&["a1", "b2"]),
        memo in prop::sample::select(&MEMOS[..]),
        damaged in prop::bool::weighted(0.1),
    ) -> Line {
        let amount = if out { -amount } else { amount };
        let mut one = line(0, amount).on(date).memo(memo);
        one.account = AccountId(account);
        one.codes = codes.into_iter().map(str::to_owned).collect();
        one.open = if done { Dong::ZERO } else { one.open };
        one.damaged = damaged.then(|| "HNPH7K2MQ4Y97".to_owned()).into_iter().collect();
        Line { reversal, bank_reference, customer_reference, counterparty_account, ..one }
    }
}

prop_compose! {
    fn any_movement()(
        amount in prop::sample::select(&AMOUNTS[..]),
        inflow in prop::bool::weighted(0.8),
        account in 1_i64..=2,
        date in prop::sample::select(&DAYS[..]),
        code in maybe(&CODES),
        references in prop::collection::vec(prop::sample::select(&REFERENCES[..]), 0..=2),
        external in maybe(&REFERENCES),
        has_line in prop::bool::weighted(0.1),
    ) -> Movement {
        let mut one = movement(0, amount).on(date);
        one.account = AccountId(account);
        one.codes = code.into_iter().collect();
        one.bank_references = references.into_iter().map(str::to_owned).collect();
        one.external_ids = external.into_iter().collect();
        Movement { inflow, has_line, ..one }
    }
}

prop_compose! {
    fn any_obligation()(
        outstanding in prop::sample::select(&[0, 10_000, 15_000, 25_000][..]),
        unit in prop::sample::select(&[A, A, A, B][..]),
        state_open in prop::bool::weighted(0.8),
        named in any::<bool>(),
    ) -> Obligation {
        let payer_name_folded = named.then(|| "TRAN VAN BAY".to_owned());
        Obligation { unit, state_open, payer_name_folded, ..obligation(0, "", outstanding) }
    }
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub lines: Vec<Line>,
    pub movements: Vec<Movement>,
    pub obligations: Vec<Obligation>,
}

prop_compose! {
    pub(super) fn any_world()(
        mut lines in prop::collection::vec(any_line(), 0..=8),
        mut movements in prop::collection::vec(any_movement(), 0..=8),
        mut obligations in prop::collection::vec(any_obligation(), 0..=3),
    ) -> World {
        for (id, line) in (1..).zip(&mut lines) { line.id = LineId(id); }
        for (id, movement) in (1..).zip(&mut movements) { movement.id = MovementId(id); }
        for ((id, code), obligation) in (1..).zip(CODES).zip(&mut obligations) {
            obligation.id = ObligationId(id);
            obligation.code = code.to_owned();
        }
        World { lines, movements, obligations }
    }
}

impl World {
    pub fn run(&self) -> Outcome {
        run(&self.lines, &self.movements, &self.obligations)
    }

    fn line(&self, id: LineId) -> &Line {
        self.lines.iter().find(|line| line.id == id).unwrap()
    }

    fn movement(&self, id: MovementId) -> &Movement {
        self.movements.iter().find(|movement| movement.id == id).unwrap()
    }
}

/// What the rules allow to decide, written down a second time and without any index.
fn may_prove(line: &Line, movement: &Movement) -> bool {
    let days = WorkingDays::default().distance(line.booking_date, movement.first_seen);
    let same_money = line.account == movement.account
        && (line.amount.0 > 0) == movement.inflow
        && !movement.has_line
        && !line.reversal
        && !line.open.is_zero();
    let codes = |codes: &[String]| codes.iter().cloned().collect::<BTreeSet<String>>();
    let (line_codes, movement_codes) = (codes(&line.codes), codes(&movement.codes));
    let by_code = !line_codes.is_empty() && line_codes == movement_codes && days <= 3;
    let agree = line_codes == movement_codes || line_codes.is_empty() || movement_codes.is_empty();
    let refers = line.bank_reference.iter().any(|one| movement.bank_references.contains(one))
        || line.customer_reference.iter().any(|one| movement.external_ids.contains(one));
    same_money && (by_code || (refers && agree && days <= 10))
}

/// Pairs of line and movement that agree in code and amount and have no rival on either side.
fn unique_pairs(world: &World) -> Vec<(LineId, MovementId)> {
    let agree = |line: &Line, movement: &Movement| {
        line.codes.len() == 1
            && line.codes == movement.codes
            && may_prove(line, movement)
            && line.open.0.unsigned_abs() == movement.open.0.unsigned_abs()
            && WorkingDays::default().distance(line.booking_date, movement.first_seen) <= 3
    };
    // A rival may share a code, or a reference of either kind.
    let related = |line: &Line, movement: &Movement| {
        line.account == movement.account
            && (line.codes.iter().any(|code| movement.codes.contains(code))
                || line.bank_reference.iter().any(|one| movement.bank_references.contains(one))
                || line.customer_reference.iter().any(|one| movement.external_ids.contains(one)))
    };
    let mut pairs = Vec::new();
    for line in &world.lines {
        for movement in &world.movements {
            let rivals =
                world.lines.iter().filter(|other| other.id != line.id && related(other, movement)).count()
                    + world
                        .movements
                        .iter()
                        .filter(|other| other.id != movement.id && related(line, other))
                        .count();
            if agree(line, movement) && rivals == 0 {
                pairs.push((line.id, movement.id));
            }
        }
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_inputs_does_not_matter(
        (world, shuffled) in any_world().prop_flat_map(|world| {
            let shuffled = (
                Just(world.lines.clone()).prop_shuffle(),
                Just(world.movements.clone()).prop_shuffle(),
                Just(world.obligations.clone()).prop_shuffle(),
            );
            (Just(world), shuffled)
        })
    ) {
        let (lines, movements, obligations) = shuffled;
        prop_assert_eq!(world.run(), run(&lines, &movements, &obligations));
    }

    #[test]
    fn matching_again_after_applying_the_outcome_finds_nothing_new(mut world in any_world()) {
        let first = world.run();
        apply(&first, &mut world.lines, &mut world.movements, &mut world.obligations);
        let second = world.run();
        prop_assert!(second.proofs.is_empty() && second.classified.is_empty() && second.reversals.is_empty());
        prop_assert!(second.same_money.is_empty());
        prop_assert!(second.credits.iter().all(|credit| !credit.kind.is_settled()), "{:?}", second.credits);
        let open = |line: LineId| !world.line(line).open.is_zero();
        let still = |credits: &[Credit]| credits.iter().filter(|one| open(one.line)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(still(&first.credits), second.credits);
        let still = |all: &[Suggestion]| all.iter().filter(|one| open(one.line)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(still(&first.suggestions), second.suggestions);
        let still = |all: &[Ambiguity]| all.iter().filter(|one| open(one.line)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(still(&first.ambiguous), second.ambiguous);
        let still: Vec<_> = first.exceptions.iter().filter(|one| open(one.0)).copied().collect();
        prop_assert_eq!(still, second.exceptions);
    }

    #[test]
    fn nothing_is_proven_beyond_its_amount_or_against_the_rules(world in any_world()) {
        let outcome = world.run();
        let mut used: Vec<MovementId> = Vec::new();
        for proof in &outcome.proofs {
            let line = world.line(proof.line);
            let total = Dong::sum(proof.parts.iter().map(|(_, amount)| *amount)).unwrap();
            prop_assert_eq!(total.0, line.open.0.abs());
            for (id, amount) in proof.parts.iter() {
                let movement = world.movement(*id);
                prop_assert_eq!(*amount, movement.open);
                prop_assert!(may_prove(line, movement), "{line:?} {movement:?}");
                prop_assert!(!used.contains(id), "{id} is proven twice");
                used.push(*id);
            }
        }
    }

    #[test]
    fn nothing_changes_when_of_the_lines_codes_only_those_that_are_asked_for_are_looked_up(
        mut world in any_world(),
        settled in prop::collection::vec(any::<bool>(), 8),
    ) {
        // As the database has them: what is open takes money.
        for obligation in &mut world.obligations {
            obligation.state_open = obligation.outstanding.is_positive();
        }
        let settled = world.movements.iter().zip(settled).filter(|(_, is_settled)| *is_settled);
        let splittable = settled.map(|(movement, _)| movement.id).collect();
        let settings = Settings { splittable, ..Settings::default() };
        let asked = codes_asked(&world.lines, &world.movements, &settings);
        let named: BTreeSet<String> = world.lines.iter().flat_map(|line| line.codes.clone()).collect();
        let outcome = |codes: &BTreeSet<String>| {
            let is_read = |one: &&Obligation| (one.state_open && one.unit == A) || codes.contains(&one.code);
            let read: Vec<Obligation> = world.obligations.iter().filter(is_read).cloned().collect();
            matching(&world.lines, &world.movements, &read, &settings)
        };
        prop_assert_eq!(outcome(&asked), outcome(&named));
    }

    #[test]
    fn a_movement_shown_in_parts_is_shown_whole_and_never_more(world in any_world()) {
        let splittable = world.movements.iter().map(|movement| movement.id).collect();
        let settings = Settings { splittable, ..Settings::default() };
        let outcome = matching(&world.lines, &world.movements, &world.obligations, &settings);
        let mut shown: BTreeMap<MovementId, i64> = BTreeMap::new();
        let mut lines = BTreeSet::new();
        for proof in &outcome.proofs {
            prop_assert!(lines.insert(proof.line), "{} proves twice", proof.line);
            for (id, amount) in proof.parts.iter() {
                *shown.entry(*id).or_default() += amount.0;
            }
        }
        for (id, sum) in shown {
            prop_assert_eq!(sum, world.movement(id).open.0);
        }
    }

    #[test]
    fn an_exact_pair_of_code_and_amount_without_a_rival_is_always_found(world in any_world()) {
        let outcome = world.run();
        for (line, movement) in unique_pairs(&world) {
            let found = outcome.proofs.iter().any(|proof| {
                proof.line == line && proof.parts.iter().any(|(id, _)| *id == movement)
            });
            prop_assert!(found, "{line} {movement} {outcome:?}");
        }
    }

    #[test]
    fn every_open_line_gets_exactly_one_verdict(world in any_world()) {
        let outcome = world.run();
        for line in &world.lines {
            let verdicts = outcome.proofs.iter().filter(|one| one.line == line.id).count()
                + outcome.credits.iter().filter(|one| one.line == line.id).count()
                + outcome.classified.iter().filter(|one| one.0 == line.id).count()
                + outcome.reversals.iter().filter(|one| one.line == line.id).count()
                + outcome.same_money.iter().filter(|one| one.line == line.id).count();
            let excepted = !kinds_of(&outcome, line.id.0).is_empty();
            if line.open.is_zero() {
                prop_assert_eq!(verdicts, 0);
                prop_assert!(!excepted);
            } else if line.amount.0 > 0 {
                prop_assert_eq!(verdicts, 1);
            } else {
                prop_assert!(verdicts == 1 || (verdicts == 0 && excepted));
            }
        }
    }

    #[test]
    fn an_obligation_is_never_exactly_paid_twice(world in any_world()) {
        let outcome = world.run();
        for obligation in &world.obligations {
            let exact = outcome.credits.iter().filter(|credit| {
                credit.kind == CreditKind::Code(obligation.id, Fit::Exact)
            });
            prop_assert!(exact.count() <= 1);
        }
    }
}
