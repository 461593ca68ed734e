//! Lines in parts, accounts that paid before, and that nothing depends on who runs it.

use super::super::*;
use super::world::*;
use crate::reconciliation::classification::{Class, Rule as ClassRule, RuleSet, default_rules};

fn splittable(ids: &[i64]) -> Settings {
    Settings { splittable: ids.iter().copied().map(MovementId).collect(), ..Settings::default() }
}

#[test]
fn lines_of_one_reference_that_add_up_to_its_claim_prove_it_together() {
    let lines = [line(1, 10_000).reference("FT0007"), line(2, 15_000).code(X).reference("FT0007")];
    let claims = [movement(5, 25_000).code(X).reference("FT0007")];
    let outcome = matching(&lines, &claims, &[obligation(9, X, 0)], &splittable(&[5]));
    assert_eq!(pairs(&outcome), [(1, vec![5]), (2, vec![5])]);
    assert_eq!(outcome.proofs[0].parts[..], [(MovementId(5), Dong(10_000))]);
    assert_eq!(outcome.proofs[1].rule, Rule::SplitReference);
    assert_eq!(outcome.proofs[1].evidence(&lines[1]), [Evidence::SameBankReference, Evidence::LinesAddUp(2)]);
}

#[test]
fn parts_that_do_not_add_up_or_name_something_else_prove_nothing() {
    let claim = [movement(5, 25_000).code(X).reference("FT0007")];
    let none = |lines: &[Line], movements: &[Movement], settings: &Settings| {
        let outcome = matching(lines, movements, &[], settings);
        assert!(pairs(&outcome).is_empty(), "{outcome:?}");
    };
    let (one, two) = (line(1, 10_000).reference("FT0007"), line(2, 15_000).reference("FT0007"));
    none(&[one.clone(), line(2, 15_001).reference("FT0007")], &claim, &splittable(&[5]));
    none(&[one.clone(), two.clone().code(Y)], &claim, &splittable(&[5]));
    none(&[one.clone(), two.clone().on("2026-12-28")], &claim, &splittable(&[5]));
    none(&[one.clone(), two.clone()], &claim, &splittable(&[]));
    let twin = [claim[0].clone(), movement(6, 9_000).reference("FT0007")];
    none(&[one, two], &twin, &splittable(&[5, 6]));
}

#[test]
fn of_two_lines_of_a_code_the_one_that_names_the_claim_proves_it_and_the_surplus_is_the_other_payers() {
    let shared = Settings { shared_references: BTreeSet::from([AccountId(1)]), ..Settings::default() };
    let claim = [movement(5, 25_000).code(X).reference("FT0002")];
    let other = line(1, 25_000).code(X).reference("FT0001").from("a1");
    let named = line(2, 25_000).code(X).reference("FT0002").from("b2");
    for lines in [[other.clone(), named.clone()], [named.clone(), other.clone()]] {
        let outcome = matching(&lines, &claim, &[obligation(9, X, 0)], &shared);
        assert_eq!(pairs(&outcome), [(2, vec![5])]);
        assert!(outcome.proofs[0].evidence(&named).contains(&Evidence::SameBankReference));
        assert_eq!(fit_of(&outcome, 1), (9, Fit::NothingDue), "what came beyond came from a1");
    }
    // Of two that name it the older proves it, and one that names nothing goes after both.
    let lines = [line(1, 25_000).code(X), named.clone(), Line { id: LineId(3), ..named }];
    let outcome = matching(&lines, &claim, &[obligation(9, X, 0)], &shared);
    assert_eq!(pairs(&outcome), [(2, vec![5])]);
}

#[test]
fn a_line_that_names_a_second_claim_by_the_channels_id_is_not_overtaken_by_an_older_one() {
    let mut by_channel = movement(6, 25_000);
    by_channel.external_ids.push("DVC-0001".into());
    let claims = [movement(5, 25_000).code(X).reference("FT0002"), by_channel];
    let other = line(1, 25_000).code(X).reference("FT0001");
    let mut named = line(2, 25_000).code(X).reference("FT0002");
    named.customer_reference = Some("DVC-0001".into());
    for lines in [[other.clone(), named.clone()], [named.clone(), other.clone()]] {
        let outcome = run(&lines, &claims, &[obligation(9, X, 0)]);
        assert_eq!(pairs(&outcome), [(2, vec![5])]);
        assert_eq!(fit_of(&outcome, 1), (9, Fit::NothingDue));
    }
}

fn remembered(owed: &[i64]) -> Settings {
    let owed = owed.iter().copied().map(ObligationId).collect();
    Settings { aliases: BTreeMap::from([("a1".to_owned(), owed)]), ..Settings::default() }
}

#[test]
fn an_account_that_paid_before_suggests_what_its_payer_owes_and_decides_nothing() {
    let lines = [line(1, 25_000).from("a1")];
    let owed = [obligation(7, X, 25_000), obligation(8, Y, 8_000), obligation(9, "HNPHAAAAAAAA0", 25_000)];
    let outcome = matching(&lines, &[], &owed, &remembered(&[7, 8]));
    assert_eq!(suggested(&outcome, 1), [(Target::Obligation(ObligationId(7)), Rule::PayerAlias)]);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
    assert!(outcome.ambiguous.is_empty());
    assert!(suggested(&matching(&lines, &[], &owed, &Settings::default()), 1).is_empty());
}

#[test]
fn of_two_equal_debts_of_the_payer_none_is_picked() {
    let owed = [obligation(7, X, 25_000), obligation(8, Y, 25_000)];
    let outcome = matching(&[line(1, 25_000).from("a1")], &[], &owed, &remembered(&[7, 8]));
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
    let [tie] = outcome.ambiguous.as_slice() else { panic!("{outcome:?}") };
    assert_eq!(tie.candidates.len(), 2);
    assert_eq!(tie.rule, Rule::PayerAlias);
}

#[test]
fn a_rule_of_the_units_own_classifies_and_the_others_stay() {
    let own = ClassRule {
        id: "sms".into(),
        class: Class::BankFee,
        phrases: vec!["TIN NHAN".into()],
        starts_with: Vec::new(),
        ..default_rules().into_iter().find(|rule| rule.id == "bank_fee").unwrap()
    };
    let rules: Vec<ClassRule> = std::iter::once(own).chain(default_rules()).collect();
    let settings = Settings { rules: RuleSet::of(&rules, &str::to_owned).unwrap(), ..Settings::default() };
    let lines = [line(1, -9_900).memo("THU TIN NHAN T11"), line(2, -1_100).memo("PHI DICH VU")];
    let outcome = matching(&lines, &[], &[], &settings);
    let told: Vec<_> = outcome.classified.iter().map(|(line, class, _)| (line.0, *class)).collect();
    assert_eq!(told, [(1, Class::BankFee), (2, Class::BankFee)]);
    assert!(run(&lines[..1], &[], &[]).classified.is_empty());
}

/// A day with rivals, twins, parts, groups and gaps, large enough to be spread over threads.
fn busy_day() -> (Vec<Line>, Vec<Movement>, Vec<Obligation>) {
    let (mut lines, mut movements, mut obligations) = (Vec::new(), Vec::new(), Vec::new());
    for n in 1..=300_i64 {
        let (code, reference) = (format!("HNPH{n:09}"), format!("FT{:04}", n % 97));
        let amount = 8_000 + 1_000 * (n % 5);
        let mut one = line(n, amount).reference(&reference);
        if n % 3 != 0 {
            one = one.code(&code);
        }
        lines.push(one.from(&format!("a{}", n % 7)));
        if n % 4 != 0 {
            movements.push(movement(1_000 + n, amount).code(&code).reference(&reference));
        }
        obligations.push(obligation(2_000 + n, &code, amount * (n % 2)));
    }
    (lines, movements, obligations)
}

#[test]
fn runs_beside_each_other_and_any_order_give_the_same_answer() {
    let (lines, movements, obligations) = busy_day();
    let expected = run(&lines, &movements, &obligations);
    assert!(expected.proofs.len() > 50 && expected.credits.len() > 20, "{}", expected.proofs.len());
    for threads in [1, 2, 8] {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..threads)
                .map(|turn| {
                    let (lines, movements, obligations) = (&lines, &movements, &obligations);
                    scope.spawn(move || {
                        let mut lines = lines.clone();
                        lines.rotate_left(turn * 37 % 300);
                        let movements: Vec<Movement> = movements.iter().rev().cloned().collect();
                        run(&lines, &movements, obligations)
                    })
                })
                .collect();
            for one in runs {
                assert_eq!(one.join().unwrap(), expected, "{threads} threads");
            }
        });
    }
}
