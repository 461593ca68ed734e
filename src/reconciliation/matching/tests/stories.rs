use super::super::*;
use super::world::*;

// Proofs: the levels that decide.

#[test]
fn the_same_bank_reference_and_amount_prove_a_claim_even_without_a_code() {
    let credit = line(1, 25_000).reference("FT26058070035003");
    let claim = movement(1, 25_000).code(X).reference("FT26058070035003");
    let outcome = run(std::slice::from_ref(&credit), &[claim], &[]);
    assert_eq!(pairs(&outcome), [(1, vec![1])]);
    assert_eq!(outcome.proofs[0].rule, Rule::BankReference);
    assert_eq!(
        outcome.proofs[0].evidence(&credit),
        [Evidence::SameBankReference, Evidence::AmountExact, Evidence::WithinDays(0)]
    );
    assert!(outcome.credits.is_empty() && outcome.exceptions.is_empty());
}

#[test]
fn the_channels_own_id_carried_by_the_bank_proves_its_claim() {
    let mut claim = movement(1, 25_000).code(X);
    claim.external_ids.push("DVC-0001".into());
    let mut credit = line(1, 25_000);
    credit.customer_reference = Some("DVC-0001".into());
    let outcome = run(&[credit], &[claim], &[]);
    assert_eq!(pairs(&outcome), [(1, vec![1])]);
    assert_eq!(outcome.proofs[0].rule, Rule::ProviderReference);
}

#[test]
fn a_verified_code_with_the_exact_amount_proves_the_claim_of_friday_evening_on_monday() {
    let credit = line(1, 25_000).code(X).on("2026-11-23");
    let outcome = run(std::slice::from_ref(&credit), &[movement(1, 25_000).code(X).on("2026-11-20")], &[]);
    assert_eq!(pairs(&outcome), [(1, vec![1])]);
    assert_eq!(outcome.proofs[0].rule, Rule::CodeAndAmount);
    let code = Evidence::CodeVerified { code: X.to_owned() };
    assert_eq!(outcome.proofs[0].evidence(&credit), [code, Evidence::AmountExact, Evidence::WithinDays(1)]);
}

#[test]
fn a_code_longer_than_ours_is_compared_to_its_end() {
    let (one, other) = ("HNPH7K2MQ4X97-0001", "HNPH7K2MQ4X97-0002");
    let claims = [movement(1, 25_000).code(other), movement(2, 25_000).code(one)];
    assert_eq!(pairs(&run(&[line(1, 25_000).code(one)], &claims, &[])), [(1, vec![2])]);
}

#[test]
fn a_claim_known_only_by_its_obligation_is_proven_by_the_code_of_that_obligation() {
    let mut claim = movement(1, 25_000);
    claim.obligation = Some(ObligationId(9));
    let outcome = run(&[line(1, 25_000).code(X)], &[claim], &[obligation(9, X, 0)]);
    assert_eq!(pairs(&outcome), [(1, vec![1])]);
}

#[test]
fn a_claim_of_another_account_direction_or_amount_is_not_proven() {
    let mut other_account = movement(1, 25_000).code(X).reference("FT1234");
    other_account.account = AccountId(2);
    let claims = [other_account, movement(2, 25_000).code(X).outgoing(), movement(3, 25_001).code(X)];
    let outcome = run(&[line(1, 25_000).code(X).reference("FT1234")], &claims, &[]);
    assert!(outcome.proofs.is_empty());
}

#[test]
fn four_working_days_are_too_far_for_a_code_but_the_claim_is_suggested() {
    let lines = [line(1, 25_000).code(X).on("2026-11-24")];
    let outcome = run(&lines, &[movement(1, 25_000).code(X).on("2026-11-18")], &[obligation(9, X, 0)]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(fit_of(&outcome, 1), (9, Fit::NothingDue));
    assert_eq!(suggested(&outcome, 1), [(Target::Movement(MovementId(1)), Rule::CodeAndAmount)]);
    assert_eq!(outcome.suggestions[0].evidence[1], Evidence::WithinDays(4));
}

#[test]
fn a_reference_more_than_ten_working_days_away_was_used_again_by_the_bank() {
    let lines = [line(1, 25_000).reference("FT1234").on("2026-12-03")];
    let outcome = run(&lines, &[movement(1, 25_000).reference("FT1234").on("2026-11-18")], &[]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(kinds_of(&outcome, 1), [Kind::UnidentifiedCredit]);
}

#[test]
fn references_of_a_bank_that_shares_them_prove_nothing() {
    let settings = Settings { shared_references: BTreeSet::from([AccountId(1)]), ..Settings::default() };
    let outcome = matching(
        &[line(1, 25_000).reference("FT1234")],
        &[movement(1, 25_000).reference("FT1234")],
        &[],
        &settings,
    );
    assert!(outcome.proofs.is_empty());
    assert_eq!(suggested(&outcome, 1), [(Target::Movement(MovementId(1)), Rule::AmountAndDay)]);
}

#[test]
fn a_placeholder_is_not_a_reference() {
    for placeholder in ["NONREF", "notprovided", "0000000", " ", "-"] {
        let outcome = run(
            &[line(1, 25_000).reference(placeholder)],
            &[movement(1, 25_000).reference(placeholder)],
            &[],
        );
        assert!(outcome.proofs.is_empty(), "{placeholder}");
    }
}

#[test]
fn genuine_twins_prove_two_claims_oldest_with_oldest() {
    let lines = [line(2, 25_000).code(X), line(1, 25_000).code(X)];
    let claims = [movement(5, 25_000).code(X).on("2026-11-18"), movement(6, 25_000).code(X).on("2026-11-17")];
    let outcome = run(&lines, &claims, &[obligation(9, X, 0)]);
    assert_eq!(pairs(&outcome), [(1, vec![6]), (2, vec![5])]);
    assert!(outcome.exceptions.is_empty());
}

#[test]
fn a_second_line_of_a_code_with_no_claim_left_becomes_a_credit_for_settling_to_judge() {
    let lines = [line(1, 25_000).code(X), line(2, 25_000).code(X)];
    let outcome = run(&lines, &[movement(5, 25_000).code(X)], &[obligation(9, X, 0)]);
    assert_eq!(pairs(&outcome), [(1, vec![5])]);
    assert_eq!(fit_of(&outcome, 2), (9, Fit::NothingDue));
    assert_eq!(kinds_of(&outcome, 2), [Kind::DuplicateTransfer, Kind::TwinLines]);
}

#[test]
fn a_claim_that_has_its_line_takes_no_second_one() {
    let mut proven = movement(5, 25_000).code(X).reference("FT1234");
    proven.has_line = true;
    let outcome = run(&[line(1, 25_000).code(X).reference("FT1234")], &[proven], &[obligation(9, X, 0)]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(fit_of(&outcome, 1), (9, Fit::NothingDue));
}

#[test]
fn the_reference_tells_which_of_two_lines_belongs_to_the_claim() {
    let lines = [line(1, 25_000).code(X).reference("FT0001"), line(2, 25_000).code(X).reference("FT0002")];
    let outcome = run(&lines, &[movement(5, 25_000).code(X).reference("FT0002")], &[obligation(9, X, 0)]);
    assert_eq!(pairs(&outcome), [(2, vec![5])]);
}

#[test]
fn a_pos_batch_is_proven_as_a_group_when_it_adds_up() {
    let claims =
        [movement(1, 10_000).code(X).reference("POS-77"), movement(2, 15_000).code(Y).reference("POS-77")];
    let outcome = run(&[line(1, 25_000).reference("POS-77")], &claims, &[]);
    assert_eq!(outcome.proofs[0].parts[..], [(MovementId(1), Dong(10_000)), (MovementId(2), Dong(15_000))]);
    assert_eq!(outcome.proofs[0].rule, Rule::BulkReference);
}

#[test]
fn a_bulk_settlement_net_of_its_charge_is_an_exception_with_the_charge_named() {
    let claims = [movement(1, 10_000).reference("POS-77"), movement(2, 15_000).reference("POS-77")];
    let outcome = run(&[line(1, 24_700).reference("POS-77")], &claims, &[]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(kinds_of(&outcome, 1), [Kind::BulkSettlement]);
    assert_eq!(outcome.suggestions[0].target, Target::Movements(vec![MovementId(1), MovementId(2)]));
    assert!(outcome.suggestions[0].evidence.contains(&Evidence::ChargeWithheld { amount: Dong(300) }));
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Disputed);
}

#[test]
fn an_outgoing_refund_is_proven_by_its_debit() {
    let lines = [line(1, -25_000).reference("FT9999").memo("HOAN TIEN LE PHI")];
    let outcome = run(&lines, &[movement(1, 25_000).outgoing().reference("FT9999")], &[]);
    assert_eq!(pairs(&outcome), [(1, vec![1])]);
    assert!(outcome.exceptions.is_empty());
}

// References that do not agree.

#[test]
fn the_same_reference_with_another_amount_is_an_exception_and_not_settled_as_new_money() {
    let outcome = run(
        &[line(1, 45_000).code(X).reference("FT1234")],
        &[movement(1, 54_000).code(X).reference("FT1234")],
        &[obligation(9, X, 45_000)],
    );
    assert!(outcome.proofs.is_empty());
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Disputed);
    assert_eq!(kinds_of(&outcome, 1), [Kind::ContentDiffers]);
    assert!(outcome.suggestions[0].evidence.contains(&Evidence::AmountDigitsSwapped));
}

#[test]
fn the_same_reference_and_amount_with_another_code_is_an_exception() {
    let outcome = run(
        &[line(1, 45_000).code(X).reference("FT1234")],
        &[movement(1, 45_000).code(Y).reference("FT1234")],
        &[obligation(9, X, 45_000)],
    );
    assert!(outcome.proofs.is_empty());
    assert_eq!(kinds_of(&outcome, 1), [Kind::ContentDiffers]);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Disputed);
}

#[test]
fn two_claims_that_share_reference_and_amount_but_not_the_code_leave_a_line_without_code_open() {
    let claims =
        [movement(1, 45_000).code(X).reference("FT1234"), movement(2, 45_000).code(Y).reference("FT1234")];
    let outcome = run(&[line(1, 45_000).reference("FT1234")], &claims, &[]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(
        outcome.ambiguous[0].candidates,
        [Target::Movement(MovementId(1)), Target::Movement(MovementId(2))]
    );
    assert_eq!(suggested(&outcome, 1).len(), 2);
}

#[test]
fn a_line_that_proves_one_of_two_equal_claims_by_code_makes_the_other_one_certain() {
    let claims =
        [movement(1, 45_000).code(X).reference("FT1234"), movement(2, 45_000).code(Y).reference("FT1234")];
    let lines = [line(1, 45_000).reference("FT1234"), line(2, 45_000).code(X)];
    let outcome = run(&lines, &claims, &[]);
    assert_eq!(pairs(&outcome), [(1, vec![2]), (2, vec![1])]);
}

#[test]
fn a_movement_that_two_lines_name_is_joined_by_neither_whoever_comes_first() {
    let mut by_channel = movement(2, 45_000);
    by_channel.external_ids.push("DVC-0001".into());
    let told = [movement(1, 45_000).reference("FT1111"), by_channel, movement(3, 45_000).reference("FT3333")];
    let named = |id, reference| Line {
        customer_reference: Some("DVC-0001".into()),
        ..line(id, 45_000).reference(reference)
    };
    let outcome = run(&[named(1, "FT1111"), named(2, "FT3333")], &told, &[]);
    assert!(outcome.same_money.is_empty() && outcome.proofs.is_empty());
    for id in [1, 2] {
        assert_eq!(kinds_of(&outcome, id), [Kind::SameMoneyTwoChannels]);
    }
}

#[test]
fn a_line_of_another_season_under_the_same_reference_is_no_rival() {
    let mut by_channel = movement(2, 45_000);
    by_channel.external_ids.push("DVC-0001".into());
    let told = [movement(1, 45_000).reference("FT1234"), by_channel];
    let mut credit = line(1, 45_000).reference("FT1234");
    credit.customer_reference = Some("DVC-0001".into());
    let far = line(2, 45_000).reference("FT1234").on("2027-03-01");
    let outcome = run(&[credit, far], &told, &[]);
    assert_eq!(outcome.same_money.len(), 1);
}

#[test]
fn a_charge_that_carries_the_reference_of_a_debit_does_not_keep_the_debit_from_its_movement() {
    let told = [movement(1, 25_000).outgoing().reference("FT1234")];
    let charge = line(1, -25_000).reference("FT1234").memo("PHI DICH VU");
    let debit = line(2, -25_000).reference("FT1234").code(X);
    let outcome = run(&[charge, debit], &told, &[]);
    assert_eq!(pairs(&outcome), [(2, vec![1])], "in the same run, not in the next one");
    assert_eq!(outcome.classified.len(), 1);
}

#[test]
fn a_line_whose_two_references_point_to_two_claims_shows_the_same_money_told_twice() {
    let mut by_channel = movement(2, 45_000);
    by_channel.external_ids.push("DVC-0001".into());
    let mut credit = line(1, 45_000).reference("FT1234");
    credit.customer_reference = Some("DVC-0001".into());
    let by_bank = movement(1, 45_000).reference("FT1234");
    let outcome = run(&[credit.clone()], &[by_bank.clone(), by_channel.clone()], &[]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(outcome.same_money[0].movements, [MovementId(1), MovementId(2)]);
    // Two obligations are named: which of them was paid is for a person to say.
    let outcome = run(&[credit], &[by_bank.code(X), by_channel.code(Y)], &[]);
    assert!(outcome.proofs.is_empty() && outcome.same_money.is_empty());
    assert_eq!(kinds_of(&outcome, 1), [Kind::SameMoneyTwoChannels]);
    assert_eq!(outcome.ambiguous[0].candidates.len(), 2);
}

// Credits that no claim announced.

#[test]
fn a_callback_that_never_came_is_made_good_by_the_statement() {
    let outcome = run(&[line(1, 25_000).code(X)], &[], &[obligation(9, X, 25_000)]);
    assert_eq!(fit_of(&outcome, 1), (9, Fit::Exact));
    assert_eq!(
        credit_of(&outcome, 1).evidence,
        [Evidence::CodeVerified { code: X.into() }, Evidence::AmountExact]
    );
    assert!(outcome.exceptions.is_empty());
}

#[test]
fn under_and_over_are_told_with_their_difference() {
    let lines = [line(1, 20_000).code(X), line(2, 30_000).code(Y)];
    let outcome = run(&lines, &[], &[obligation(8, X, 25_000), obligation(9, Y, 25_000)]);
    assert_eq!(fit_of(&outcome, 1), (8, Fit::Under));
    assert_eq!(fit_of(&outcome, 2), (9, Fit::Over));
    assert_eq!(kinds_of(&outcome, 1), [Kind::Underpaid]);
    assert_eq!(kinds_of(&outcome, 2), [Kind::Overpaid]);
    assert_eq!(credit_of(&outcome, 1).evidence[1], Evidence::AmountUnder { missing: Dong(5_000) });
    assert_eq!(credit_of(&outcome, 2).evidence[1], Evidence::AmountOver { surplus: Dong(5_000) });
}

#[test]
fn digits_swapped_in_a_typed_amount_are_a_hint() {
    let outcome = run(&[line(1, 45_000).code(X)], &[], &[obligation(9, X, 54_000)]);
    assert_eq!(fit_of(&outcome, 1), (9, Fit::Under));
    assert!(credit_of(&outcome, 1).evidence.contains(&Evidence::AmountDigitsSwapped));
}

#[test]
fn a_partial_payment_and_its_rest_in_one_statement_complete_the_obligation() {
    let lines = [line(1, 10_000).code(X).on("2026-11-17"), line(2, 15_000).code(X)];
    let outcome = run(&lines, &[], &[obligation(9, X, 25_000)]);
    assert_eq!((fit_of(&outcome, 1), fit_of(&outcome, 2)), ((9, Fit::Under), (9, Fit::Exact)));
}

#[test]
fn the_exact_amount_goes_before_an_earlier_partial_one() {
    let lines = [line(1, 10_000).code(X).on("2026-11-17"), line(2, 25_000).code(X)];
    let outcome = run(&lines, &[], &[obligation(9, X, 25_000)]);
    assert_eq!((fit_of(&outcome, 1), fit_of(&outcome, 2)), ((9, Fit::NothingDue), (9, Fit::Exact)));
}

#[test]
fn money_for_a_closed_obligation_is_late() {
    let mut cancelled = obligation(9, X, 25_000);
    cancelled.state_open = false;
    let outcome = run(&[line(1, 25_000).code(X)], &[], &[cancelled]);
    assert_eq!(fit_of(&outcome, 1), (9, Fit::Closed));
    assert_eq!(kinds_of(&outcome, 1), [Kind::LatePayment]);
}

#[test]
fn a_valid_code_of_another_unit_is_never_booked_to_the_unit_that_got_the_money() {
    let mut elsewhere = obligation(9, X, 25_000);
    elsewhere.unit = B;
    let outcome = run(&[line(1, 25_000).code(X)], &[], &[elsewhere]);
    assert_eq!(
        credit_of(&outcome, 1).kind,
        CreditKind::OtherUnit { code: X.into(), obligation: ObligationId(9), unit: B }
    );
    assert_eq!(kinds_of(&outcome, 1), [Kind::WrongAccount]);
}

#[test]
fn a_valid_code_of_no_known_obligation_stays_in_suspense() {
    let outcome = run(&[line(1, 25_000).code(X)], &[], &[]);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
    assert!(credit_of(&outcome, 1).evidence.contains(&Evidence::CodeWithoutObligation));
    assert_eq!(kinds_of(&outcome, 1), [Kind::UnidentifiedCredit]);
}

#[test]
fn one_transfer_for_two_obligations_is_split_when_the_sum_is_exact() {
    let outcome =
        run(&[line(1, 40_000).code(X).code(Y)], &[], &[obligation(8, X, 25_000), obligation(9, Y, 15_000)]);
    let parts = vec![(ObligationId(8), Dong(25_000)), (ObligationId(9), Dong(15_000))];
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::SeveralCodes { parts });
    assert!(outcome.exceptions.is_empty());
}

#[test]
fn what_is_paid_under_a_code_from_before_a_merger_is_owed_once_and_settles_what_it_leads_to() {
    let moved = [Obligation { former_codes: vec![X.into()], ..obligation(9, Y, 25_000) }];
    assert_eq!(fit_of(&run(&[line(1, 25_000).code(X)], &[], &moved), 1), (9, Fit::Exact));
}

#[test]
fn two_codes_of_one_obligation_are_one_whatever_sum_came_for_it() {
    const Z: &str = "HNPH000000010";
    let moved = [Obligation { former_codes: vec![X.into()], ..obligation(9, Y, 25_000) }];
    let both = |amount| run(&[line(1, amount).code(X).code(Y)], &[], &moved);
    for (amount, fit, kind) in [
        (25_000, Fit::Exact, None),
        (50_000, Fit::Over, Some(Kind::Overpaid)),
        (10_000, Fit::Under, Some(Kind::Underpaid)),
    ] {
        let outcome = both(amount);
        assert_eq!(fit_of(&outcome, 1), (9, fit), "{amount}");
        assert_eq!(kinds_of(&outcome, 1), Vec::from_iter(kind), "{amount}");
    }
    let elsewhere = [Obligation { unit: B, ..moved[0].clone() }];
    let wrong = run(&[line(1, 25_000).code(X).code(Y)], &[], &elsewhere);
    assert_eq!(kinds_of(&wrong, 1), [Kind::WrongAccount]);
    let beside =
        run(&[line(1, 50_000).code(X).code(Y).code(Z)], &[], &[moved[0].clone(), obligation(8, Z, 15_000)]);
    assert_eq!(kinds_of(&beside, 1), [Kind::SeveralObligations], "another one is named, too");
}

#[test]
fn two_codes_whose_sum_is_not_paid_are_left_to_a_person_with_the_only_exact_choice() {
    let outcome =
        run(&[line(1, 25_000).code(X).code(Y)], &[], &[obligation(8, X, 25_000), obligation(9, Y, 15_000)]);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::SeveralCodes { parts: vec![] });
    assert_eq!(kinds_of(&outcome, 1), [Kind::SeveralObligations]);
    let only = Target::Obligations(vec![(ObligationId(8), Dong(25_000))]);
    assert_eq!(suggested(&outcome, 1), [(only, Rule::SeveralCodes)]);
}

#[test]
fn two_codes_of_the_same_amount_with_money_for_one_are_ambiguous() {
    let outcome =
        run(&[line(1, 25_000).code(X).code(Y)], &[], &[obligation(8, X, 25_000), obligation(9, Y, 25_000)]);
    assert_eq!(outcome.ambiguous[0].candidates.len(), 2);
    assert_eq!(suggested(&outcome, 1).len(), 2);
    assert!(!credit_of(&outcome, 1).kind.is_settled());
}

#[test]
fn more_codes_than_the_limit_are_not_split_by_the_program() {
    let codes: Vec<String> = (0..7).map(|n| format!("HNPH0000000{n}0")).collect();
    let mut credit = line(1, 70_000);
    credit.codes = codes.clone();
    let owed: Vec<Obligation> =
        codes.iter().zip(1..).map(|(code, id)| obligation(id, code, 10_000)).collect();
    let outcome = run(&[credit], &[], &owed);
    assert_eq!(kinds_of(&outcome, 1), [Kind::SeveralObligations]);
}

// Suggestions.

#[test]
fn a_dossier_code_in_the_memo_with_the_exact_amount_is_suggested_and_not_booked() {
    let mut owed = obligation(9, X, 25_000);
    owed.dossier_code_folded = Some("H26.15-241118-0042".into());
    let outcome = run(&[line(1, 25_000).memo("THANH TOAN HO SO H26.15-241118-00 42 CT TU")], &[], &[owed]);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
    assert_eq!(suggested(&outcome, 1), [(Target::Obligation(ObligationId(9)), Rule::DossierCode)]);
}

#[test]
fn a_payers_name_in_the_memo_is_suggested_and_two_payers_of_one_name_are_a_tie() {
    let named = |id, code: &str| Obligation {
        payer_name_folded: Some("NGUYEN THI MAU".into()),
        ..obligation(id, code, 25_000)
    };
    let credit = line(1, 25_000).memo("NGUYEN THI MAU CHUYEN TIEN");
    let outcome = run(std::slice::from_ref(&credit), &[], &[named(8, X)]);
    assert_eq!(suggested(&outcome, 1), [(Target::Obligation(ObligationId(8)), Rule::PayerName)]);
    assert!(outcome.ambiguous.is_empty());
    let outcome = run(&[credit], &[], &[named(8, X), named(9, Y)]);
    assert_eq!(outcome.ambiguous[0].candidates.len(), 2);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
}

#[test]
fn a_name_inside_a_longer_name_is_not_that_name() {
    let owed = Obligation { payer_name_folded: Some("THI MA".into()), ..obligation(8, X, 25_000) };
    let outcome = run(&[line(1, 25_000).memo("NGUYEN THI MAI CHUYEN TIEN")], &[], &[owed]);
    assert!(outcome.suggestions.is_empty());
}

#[test]
fn a_damaged_code_suggests_the_obligation_one_edit_away_of_the_same_amount_only() {
    let mut credit = line(1, 25_000);
    credit.damaged.push("HNPH7K2MQ4Y97".into());
    let outcome = run(&[credit.clone()], &[], &[obligation(8, X, 25_000), obligation(9, Y, 25_000)]);
    assert_eq!(suggested(&outcome, 1), [(Target::Obligation(ObligationId(8)), Rule::DamagedCode)]);
    assert_eq!(kinds_of(&outcome, 1), [Kind::DamagedCode]);
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
    let outcome = run(&[credit], &[], &[obligation(8, X, 26_000)]);
    assert!(outcome.suggestions.is_empty());
}

#[test]
fn every_single_slip_in_a_code_is_found_again() {
    let mut slips: Vec<String> = Vec::new();
    for at in 0..X.len() {
        slips.push(format!("{}W{}", &X[..at], &X[at + 1..]));
        slips.push(format!("{}{}", &X[..at], &X[at + 1..]));
        slips.push(format!("{}W{}", &X[..at], &X[at..]));
        if at + 1 < X.len() && X[at..=at] != X[at + 1..at + 2] {
            slips.push(format!("{}{}{}{}", &X[..at], &X[at + 1..at + 2], &X[at..=at], &X[at + 2..]));
        }
    }
    for slip in slips {
        let mut credit = line(1, 25_000);
        credit.damaged.push(slip.clone());
        let outcome = run(&[credit], &[], &[obligation(8, X, 25_000)]);
        assert_eq!(
            suggested(&outcome, 1),
            [(Target::Obligation(ObligationId(8)), Rule::DamagedCode)],
            "{slip}"
        );
    }
}

#[test]
fn without_any_code_a_claim_of_the_amount_and_day_is_only_suggested() {
    let outcome = run(&[line(1, 25_000)], &[movement(1, 25_000).code(X).on("2026-11-17")], &[]);
    assert!(outcome.proofs.is_empty());
    assert_eq!(suggested(&outcome, 1), [(Target::Movement(MovementId(1)), Rule::AmountAndDay)]);
    let outcome = run(&[line(1, 25_000)], &[movement(1, 25_000).code(X).on("2026-11-16")], &[]);
    assert!(outcome.suggestions.is_empty(), "two working days are too far");
}

#[test]
fn identical_credits_without_anything_to_tell_them_apart_are_both_kept_and_asked_about() {
    let outcome = run(&[line(1, 25_000), line(2, 25_000)], &[], &[]);
    assert_eq!(outcome.credits.len(), 2);
    assert_eq!(kinds_of(&outcome, 1), [Kind::UnidentifiedCredit, Kind::TwinLines]);
    assert_eq!(kinds_of(&outcome, 2), [Kind::UnidentifiedCredit, Kind::TwinLines]);
}

// Reversals.

#[test]
fn a_marked_reversal_with_the_same_reference_is_linked_to_its_original() {
    let mut original = line(1, 25_000).code(X).reference("FT1234").on("2026-11-17");
    original.open = Dong::ZERO;
    let outcome = run(
        &[original, line(2, -25_000).code(X).reference("FT1234").reversed()],
        &[],
        &[obligation(9, X, 0)],
    );
    assert_eq!((outcome.reversals[0].line, outcome.reversals[0].original), (LineId(2), LineId(1)));
    assert_eq!(kinds_of(&outcome, 2), [Kind::BankReversal]);
}

#[test]
fn a_debit_with_the_reference_of_a_credit_gives_it_back_without_any_mark() {
    let outcome = run(&[line(1, 25_000).reference("FT1234"), line(2, -25_000).reference("FT1234")], &[], &[]);
    assert_eq!(outcome.reversals.len(), 1);
    assert_eq!(outcome.reversals[0].evidence, [Evidence::SameBankReference, Evidence::AmountExact]);
}

#[test]
fn words_of_return_and_the_amount_alone_only_suggest_the_original() {
    let lines = [
        line(1, 25_000).from("a1").on("2026-11-16"),
        line(2, 25_000).from("b2").on("2026-11-17"),
        line(3, -25_000).from("a1").memo("HOAN TRA GD CHUYEN NHAM"),
    ];
    let outcome = run(&lines, &[], &[]);
    assert!(outcome.reversals.is_empty());
    assert_eq!(suggested(&outcome, 3)[0], (Target::Line(LineId(1)), Rule::Reversal));
    assert_eq!(kinds_of(&outcome, 3), [Kind::BankReversal]);
}

#[test]
fn a_debit_that_names_the_reference_of_a_credit_suggests_it_before_all_others() {
    let lines = [
        line(1, 25_000).reference("FT26327001").on("2026-11-16"),
        line(2, 25_000).reference("FT26327002").from("a1").on("2026-11-17"),
        line(3, -25_000).from("a1").memo("DIEU CHINH GD FT26327001/BNK SAI SOT"),
    ];
    let outcome = run(&lines, &[], &[]);
    assert!(outcome.reversals.is_empty(), "words are no proof");
    assert_eq!(suggested(&outcome, 3), [(Target::Line(LineId(1)), Rule::Reversal)]);
    assert_eq!(kinds_of(&outcome, 3), [Kind::BankReversal]);
    // Spoken of as a return, the other side speaks for the second: the named one still comes first.
    let spoken = line(3, -25_000).from("a1").memo("HOAN TRA GD FT26327001");
    let outcome = run(&[lines[0].clone(), lines[1].clone(), spoken], &[], &[]);
    assert_eq!(suggested(&outcome, 3)[0], (Target::Line(LineId(1)), Rule::Reversal));
    // Another sum, or a later credit, is not what it gives back.
    let other = line(1, 26_000).reference("FT26327001").on("2026-11-16");
    let later = line(2, 25_000).reference("FT26327001").on("2026-11-19");
    let outcome = run(&[other, later, lines[2].clone()], &[], &[]);
    assert!(suggested(&outcome, 3).iter().all(|(_, rule)| *rule != Rule::Reversal));
}

#[test]
fn two_credits_under_the_named_reference_leave_the_choice_to_a_person() {
    let lines = [
        line(1, 25_000).reference("FT26327001"),
        line(2, 25_000).reference("FT26327001"),
        line(3, -25_000).memo("DIEU CHINH GD FT26327001"),
    ];
    let outcome = run(&lines, &[], &[]);
    assert!(outcome.reversals.is_empty());
    let mut targets: Vec<_> = suggested(&outcome, 3).into_iter().map(|(target, _)| target).collect();
    targets.sort();
    assert_eq!(targets, [Target::Line(LineId(1)), Target::Line(LineId(2))]);
}

#[test]
fn one_original_is_given_back_once() {
    let mut returned = line(2, -25_000).reference("FT1234").reversed();
    returned.open = Dong::ZERO;
    let lines =
        [line(1, 25_000).reference("FT1234"), returned, line(3, -25_000).reference("FT1234").reversed()];
    let outcome = run(&lines, &[], &[]);
    assert!(outcome.reversals.is_empty());
    assert_eq!(kinds_of(&outcome, 3), [Kind::BankReversal]);
}

#[test]
fn two_originals_of_one_reference_leave_the_choice_to_a_person() {
    let lines = [
        line(1, 25_000).code(X).reference("FT1234"),
        line(2, 25_000).code(Y).reference("FT1234"),
        line(3, -25_000).reference("FT1234").reversed(),
    ];
    let outcome = run(&lines, &[], &[]);
    assert!(outcome.reversals.is_empty());
    let ambiguity = outcome.ambiguous.iter().find(|one| one.line == LineId(3)).unwrap();
    assert_eq!(ambiguity.candidates, [Target::Line(LineId(1)), Target::Line(LineId(2))]);
}

#[test]
fn a_return_is_never_booked_before_its_original() {
    let lines = [
        line(1, 25_000).reference("FT1234"),
        line(2, -25_000).reference("FT1234").reversed().on("2026-11-17"),
    ];
    assert!(run(&lines, &[], &[]).reversals.is_empty());
}

#[test]
fn a_reversal_that_quotes_a_code_settles_nothing() {
    let outcome = run(
        &[line(1, 25_000).code(X).reversed()],
        &[movement(1, 25_000).code(X)],
        &[obligation(9, X, 25_000)],
    );
    assert!(outcome.proofs.is_empty());
    assert_eq!(credit_of(&outcome, 1).kind, CreditKind::Unknown);
    assert_eq!(kinds_of(&outcome, 1), [Kind::BankReversal]);
}

#[test]
fn our_refund_that_comes_back_has_bounced() {
    let mut refund = line(1, -25_000).reference("FT1234").memo("HOAN TIEN LE PHI").on("2026-11-17");
    refund.open = Dong::ZERO;
    let outcome = run(&[refund, line(2, 25_000).reference("FT1234").reversed()], &[], &[]);
    assert_eq!(kinds_of(&outcome, 2), [Kind::RefundBounced]);
    assert_eq!(outcome.reversals[0].original, LineId(1));
}

#[test]
fn a_credit_and_its_take_back_on_one_statement_are_linked_though_both_are_open() {
    let owed = obligation(9, X, 25_000);
    for (credit, movements) in [
        (line(1, 25_000).code(X).reference("FT1234"), vec![]),
        (line(1, 25_000).code(X).reference("FT1234"), vec![movement(1, 25_000).code(X)]),
        (line(1, 25_000).reference("FT1234"), vec![]),
    ] {
        for debit in [
            line(2, -25_000).reference("FT1234"),
            line(2, -25_000).reference("FT1234").code(X),
            line(2, -25_000).reference("FT1234").code(X).memo("HOAN TRA PHI"),
            line(2, -25_000).reference("FT1234").memo("PHI CHUYEN TIEN"),
        ] {
            let outcome = run(&[credit.clone(), debit.clone()], &movements, std::slice::from_ref(&owed));
            assert_eq!(outcome.reversals.len(), 1, "{credit:?} {debit:?} {outcome:?}");
        }
    }
}

#[test]
fn a_take_back_that_a_channel_told_of_is_still_the_return_of_its_credit() {
    let lines = [line(1, 25_000).code(X).reference("FT1234"), line(2, -25_000).code(X).reference("FT1234")];
    let told = [
        movement(1, 25_000).code(X).reference("FT1234"),
        movement(2, 25_000).code(X).reference("FT1234").outgoing(),
    ];
    let outcome = run(&lines, &told, &[obligation(9, X, 25_000)]);
    assert_eq!(outcome.proofs.iter().map(|proof| proof.line).collect::<Vec<_>>(), [LineId(1)]);
    assert_eq!((outcome.reversals[0].line, outcome.reversals[0].original), (LineId(2), LineId(1)));
    assert_eq!(kinds_of(&outcome, 2), [Kind::BankReversal]);
}

// Lines that are no fee.

#[test]
fn the_banks_charge_is_classified_even_when_it_carries_the_reference_of_the_transfer() {
    let lines = [line(1, -1_100).reference("FT9999").memo("PHI CHUYEN TIEN")];
    let outcome = run(&lines, &[movement(1, 500_000).outgoing().reference("FT9999")], &[]);
    assert_eq!(outcome.classified[0].1, Class::BankFee);
    assert!(outcome.exceptions.is_empty());
}

#[test]
fn interest_is_classified_but_never_a_credit_with_a_code() {
    let memo = "TRA LAI TIEN GUI KKH";
    let outcome =
        run(&[line(1, 1_234).memo(memo), line(2, 1_234).memo(memo).code(X)], &[], &[obligation(9, X, 1_234)]);
    assert_eq!(outcome.classified.len(), 1);
    assert_eq!(outcome.classified[0].1, Class::Interest);
    assert_eq!(fit_of(&outcome, 2), (9, Fit::Exact));
}

#[test]
fn an_unknown_debit_is_an_exception_and_not_classified() {
    let outcome = run(&[line(1, -25_000)], &[], &[]);
    assert!(outcome.classified.is_empty() && outcome.credits.is_empty());
    assert_eq!(kinds_of(&outcome, 1), [Kind::UnknownDebit]);
}

#[test]
fn a_debit_that_speaks_of_the_budget_without_a_remittance_of_ours_is_only_suggested_as_one() {
    let outcome = run(&[line(1, -9_000_000).memo("NOP NSNN PHI LE PHI THANG 10")], &[], &[]);
    assert!(outcome.classified.is_empty());
    assert_eq!(suggested(&outcome, 1), [(Target::Class(Class::TransferToBudget), Rule::Classification)]);
    assert_eq!(kinds_of(&outcome, 1), [Kind::UnknownDebit]);
}

#[test]
fn a_refund_debit_without_a_refund_of_ours_waits_for_a_person() {
    let outcome = run(&[line(1, -25_000).memo("HOAN TRA LE PHI HO SO")], &[], &[]);
    assert!(outcome.classified.is_empty(), "the word PHI does not make it a charge");
    assert_eq!(kinds_of(&outcome, 1), [Kind::RefundUnmatched]);
}

#[test]
fn a_cash_deposit_that_differs_from_its_slip_is_a_deposit_short_or_over() {
    let lines = [line(1, 990_000).reference("SLIP-0007").memo("NOP TIEN MAT")];
    let outcome = run(&lines, &[movement(1, 1_000_000).reference("SLIP-0007")], &[]);
    assert_eq!(kinds_of(&outcome, 1), [Kind::DepositDiffers]);
}

// The frame.

#[test]
fn a_line_that_is_done_is_left_alone() {
    let mut done = line(1, 25_000).code(X);
    done.open = Dong::ZERO;
    assert_eq!(run(&[done], &[movement(1, 25_000).code(X)], &[obligation(9, X, 25_000)]), Outcome::default());
}

#[test]
fn a_line_open_in_part_is_matched_by_what_is_open() {
    let mut half = line(1, 40_000).code(X);
    half.open = Dong(15_000);
    let outcome = run(&[half], &[movement(1, 15_000).code(X)], &[]);
    assert_eq!(outcome.proofs[0].parts[..], [(MovementId(1), Dong(15_000))]);
}

#[test]
fn nonsense_in_open_is_treated_as_done() {
    for open in [-25_000, 25_001, i64::MIN, i64::MAX] {
        let mut bad = line(1, 25_000).code(X);
        bad.open = Dong(open);
        assert_eq!(run(&[bad], &[movement(1, 25_000).code(X)], &[]), Outcome::default(), "{open}");
    }
    let mut lowest = line(1, i64::MIN);
    lowest.open = Dong(i64::MIN);
    run(&[lowest], &[], &[]);
}

#[test]
fn claims_without_credit_are_told_with_their_age() {
    let mut proven = movement(3, 1).on("2026-11-02");
    proven.open = Dong::ZERO;
    let claims = [movement(1, 1).on("2026-11-20"), movement(2, 1).on("2026-11-16"), proven];
    let calendar = WorkingDays::default();
    assert_eq!(claims_without_credit(&claims, day("2026-11-23"), 1, &calendar), [(MovementId(2), 5)]);
    assert_eq!(
        claims_without_credit(&claims, day("2026-11-24"), 1, &calendar),
        [(MovementId(2), 6), (MovementId(1), 2)]
    );
}

#[test]
fn among_thousands_of_lines_every_sure_one_finds_its_movement() {
    let count = 2_000;
    let code = |n: i64| format!("HNPH{n:09}");
    let amount = |n: i64| 8_000 + 1_000 * (n % 5);
    let lines: Vec<Line> = (0..count)
        .map(|n| match n % 5 {
            0 => line(n, amount(n)).reference(&format!("FT{n:012}")),
            1 | 2 => line(n, amount(n)).code(&code(n)),
            3 => line(n, amount(n)).memo("TRAN VAN BAY CHUYEN TIEN LE PHI 0123456789 FT26058070035003"),
            _ => Line { damaged: vec![code(n + 1)], ..line(n, amount(n)) },
        })
        .collect();
    let movements: Vec<Movement> =
        (0..count).map(|n| movement(n, amount(n)).code(&code(n)).reference(&format!("FT{n:012}"))).collect();
    let owed: Vec<Obligation> = (0..count)
        .map(|n| Obligation {
            payer_name_folded: Some("TRAN VAN BAY".into()),
            ..obligation(n, &code(n), amount(n))
        })
        .collect();
    let outcome = run(&lines, &movements, &owed);
    assert_eq!(outcome.proofs.len(), 1_200, "by reference or by code, three of every five");
}
