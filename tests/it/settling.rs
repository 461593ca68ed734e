//! Every way money can arrive by a claim or over the counter, and what the books say of it.

use bienlai::amount::Dong;
use bienlai::exception::{self, Kind, work_query};
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::receipt::verify::{TrustStore, verify};
use bienlai::store::failure::APPEND_ONLY;
use bienlai::unit::CITY;

use crate::support::world::{AUTHORITY_PEM, BANK, POLL, at, line};
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

fn clearing(world: &World) -> Account {
    Account::Clearing(world.ba_dinh.account, BANK.to_owned())
}

fn fees(item: &str) -> Account {
    Account::FeesCollected(item.to_owned())
}

#[test]
fn the_exact_amount_pays_and_the_signed_receipt_verifies() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let settled = world.claim(&owed, FEE).settle();
        assert_eq!((settled.obligation, settled.is_repeated), (Some(owed.id), false));
        let paid = world.again(&owed);
        assert_eq!((paid.state, paid.allocated, paid.outstanding()), (State::Paid, FEE, Dong(0)));
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 25_000), (fees("HT-01"), -25_000)]);
        let receipts = world.receipts(&owed);
        assert_eq!(receipts.len(), 1);
        assert_eq!(Some(receipts[0].id), settled.receipt);
        assert_eq!(
            (receipts[0].number, receipts[0].amount, receipts[0].state.as_str()),
            (1, FEE, "numbered")
        );
        assert_eq!(world.seal(), 1);
        assert_eq!(world.receipts(&owed)[0].state, "signed");
        let document = world
            .look(|conn| bienlai::receipt::query::document(conn, owed.unit, receipts[0].id))
            .expect("the receipt is sealed");
        let report = verify(&document, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now());
        assert!(report.is_valid(), "{:?}", report.problems());
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn a_part_waits_in_advance_and_the_rest_makes_one_receipt_for_the_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let part = world.claim(&owed, Dong(10_000)).settle();
        assert_eq!(part.receipt, None);
        let told = world.again(&owed);
        assert_eq!((told.state, told.outstanding()), (State::PartlyPaid, Dong(15_000)));
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 10_000), (Account::ReceivedInAdvance(owed.id), -10_000)],
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::Underpaid]);
        assert_eq!(world.exceptions(world.ba_dinh.id)[0].amount, Dong(15_000));

        let rest = world.claim(&owed, Dong(15_000)).settle();
        assert!(rest.receipt.is_some());
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 25_000), (fees("HT-01"), -25_000)]);
        assert_eq!(world.receipts(&owed).iter().map(|receipt| receipt.amount).collect::<Vec<_>>(), [FEE]);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "the missing part came");
    });
}

#[test]
fn three_parts_of_which_the_last_is_too_much_leave_a_surplus_of_the_last() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        for amount in [5_000, 5_000, 20_000] {
            world.claim(&owed, Dong(amount)).settle();
        }
        let payments = world.payments(&world.ba_dinh);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (clearing(&world), 30_000),
                (fees("HT-01"), -25_000),
                (Account::Surplus(payments[2].id), -5_000),
            ],
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::Overpaid]);
        assert_eq!(world.again(&owed).allocated, FEE);
    });
}

#[test]
fn the_item_about_a_missing_rest_names_the_rest_of_today_and_what_came_back_its_own_sum() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, owed) = (world.ba_dinh.id, world.raise(FEE));
        let item = || world.exceptions(unit).into_iter().find(|item| item.kind == Kind::Underpaid).unwrap();
        world.claim(&owed, Dong(5_000)).settle();
        assert_eq!((item().amount, item().revision), (Dong(20_000), 1));
        world.claim(&owed, Dong(8_000)).settle();
        assert_eq!((item().amount, item().state.as_str()), (Dong(12_000), "open"));
        let events = world.look(|conn| work_query::events(conn, unit, item().id));
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["opened", "restated"]);
        world.claim(&owed, Dong(12_000)).settle();
        assert_eq!((item().amount, item().state.as_str()), (Dong(12_000), "resolved"));
    });
}

#[test]
fn no_item_changes_its_amount_without_an_event_that_tells_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, Dong(5_000)).settle();
        let mut conn = world.database.as_owner();
        let mut refused = |sql: &str| assert_eq!(tools::code_of(&mut conn, sql), APPEND_ONLY, "{sql}");
        refused("UPDATE exception SET amount = 1, revision = revision + 1");
        refused("UPDATE exception SET detail = 'x', revision = revision + 1");
    });
}

#[test]
fn what_is_too_much_is_owed_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let settled = world.claim(&owed, Dong(30_000)).settle();
        assert!(settled.receipt.is_some());
        let payment = world.payments(&world.ba_dinh).remove(0);
        assert_eq!(
            (payment.to_obligations, payment.surplus, payment.unallocated),
            (FEE, Dong(5_000), Dong(0))
        );
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 30_000), (fees("HT-01"), -25_000), (Account::Surplus(payment.id), -5_000)],
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::Overpaid]);
    });
}

#[test]
fn a_second_transfer_for_a_paid_obligation_is_all_surplus_and_makes_no_receipt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let first = world.claim(&owed, FEE).settle();
        let second = world.claim(&owed, FEE).settle();
        assert_ne!(first.movement, second.movement);
        let payments = world.payments(&world.ba_dinh);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (clearing(&world), 50_000),
                (fees("HT-01"), -25_000),
                (Account::Surplus(payments[1].id), -25_000),
            ],
        );
        assert_eq!(world.receipts(&owed).len(), 1);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::DuplicateTransfer]);
        assert_eq!(world.again(&owed).state, State::Paid);
    });
}

#[test]
fn money_for_a_cancelled_or_waived_obligation_is_late_and_all_surplus() {
    each_database(|database| {
        let world = World::settled_in(database);
        let cancelled = world.raise(FEE);
        world.cancel(&cancelled).unwrap();
        let waived = world.raise(Dong(0));
        assert_eq!(waived.state, State::Waived);
        for owed in [&cancelled, &waived] {
            let settled = world.claim(owed, FEE).settle();
            assert_eq!(settled.receipt, None);
            assert_eq!(world.again(owed).allocated, Dong(0));
            assert!(world.receipts(owed).is_empty());
        }
        let payments = world.payments(&world.ba_dinh);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (clearing(&world), 50_000),
                (Account::Surplus(payments[0].id), -25_000),
                (Account::Surplus(payments[1].id), -25_000),
            ],
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::LatePayment, Kind::LatePayment]);
    });
}

#[test]
fn money_only_past_its_due_date_is_as_good_as_in_time() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.wait_days(20);
        assert!(owed.due_on < world.now().business_day());
        assert!(world.claim(&owed, FEE).settle().receipt.is_some());
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 25_000), (fees("HT-01"), -25_000)]);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn the_same_id_again_gets_the_same_answer_and_changes_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let telling = world.claim(&owed, FEE).id("FT-1");
        let first = telling.settle();
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        for _ in 0..3 {
            world.wait_seconds(60);
            let again = telling.settle();
            assert!(again.is_repeated);
            assert_eq!(
                (again.claim, again.movement, again.receipt),
                (first.claim, first.movement, first.receipt)
            );
        }
        assert_eq!(world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit)), balances);
        assert_eq!((world.count("claim"), world.count("payment"), world.count("receipt")), (1, 1, 1));
        assert_eq!(world.count("raw_event"), 4, "each delivery is kept");
        let noted = world.exceptions(owed.unit);
        assert_eq!(noted.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::DuplicateCallback]);
        assert!(world.open_kinds(owed.unit).is_empty(), "it is noted and asks for nothing");
    });
}

#[test]
fn a_receipt_is_answered_even_when_the_obligation_is_paid_by_another_later_one_of_the_batch() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let part = world.claim(&owed, Dong(10_000)).id("A1");
        let rest = world.claim(&owed, Dong(15_000)).id("A2");
        let answers = world.settle_all(&[part.arrival(), rest.arrival(), rest.arrival()]);
        assert!(answers[1].receipt.is_some());
        assert_eq!(answers[1].receipt, answers[2].receipt);
        assert_eq!((answers[1].is_repeated, answers[2].is_repeated), (false, true));
        assert!(world.open_kinds(owed.unit).is_empty());
    });
}

#[test]
fn the_same_id_with_other_content_is_an_exception_and_changes_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, other) = (world.raise(FEE), world.raise(FEE));
        let telling = world.claim(&owed, FEE).id("FT-1");
        telling.settle();
        let others = [
            telling.clone().amount(Dong(26_000)),
            telling.clone().memo(&other.reference_code),
            telling.clone().of_a_debit(),
            telling.clone().on(world.tay_ho.account_no),
        ];
        for changed in others {
            let answer = changed.settle();
            assert!(answer.is_repeated);
        }
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 25_000), (fees("HT-01"), -25_000)]);
        assert_eq!(world.again(&other).state, State::Raised);
        assert_eq!(world.count("claim"), 1);
        assert_eq!(world.open_kinds(owed.unit), [Kind::ContentDiffers]);
        assert_eq!(world.count("raw_event"), 5, "each delivery is kept");
    });
}

#[test]
fn a_channel_that_wraps_or_shortens_the_memo_repeats_the_same_content() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let telling = world.claim(&owed, FEE).id("FT-1");
        telling.settle();
        let grouped = owed.reference_code.to_lowercase();
        let again = telling.clone().memo(&format!("MBVCB.123.{grouped}. nop tien")).settle();
        assert!(again.is_repeated);
        let noted = world.exceptions(owed.unit);
        assert_eq!(noted.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::DuplicateCallback]);
        assert!(world.open_kinds(owed.unit).is_empty(), "it is noted and asks for nothing");
    });
}

#[test]
fn money_without_a_code_or_with_a_damaged_one_waits_for_the_statement() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.money(&world.ba_dinh, FEE).memo("nop phi ho tich").settle();
        let mut damaged = owed.reference_code.clone();
        let last = damaged.pop().unwrap();
        damaged.push(if last == '7' { '8' } else { '7' });
        world.money(&world.ba_dinh, FEE).memo(&damaged).settle();
        assert_eq!(world.again(&owed).state, State::Raised);
        assert_eq!(world.count("payment"), 0);
        world.assert_balances(world.ba_dinh.id, &[]);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::UnidentifiedCredit, Kind::DamagedCode]);
        assert_eq!(world.words("SELECT trust AS t FROM claim"), ["advises", "advises"]);
    });
}

#[test]
fn a_code_nobody_was_given_is_unidentified() {
    each_database(|database| {
        let world = World::settled_in(database);
        let foreign = World::settled_in(crate::support::Database::sqlite()).raise(FEE).reference_code;
        world.money(&world.ba_dinh, FEE).memo(&foreign).settle();
        assert_eq!(world.count("payment"), 0);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::UnidentifiedCredit]);
    });
}

#[test]
fn money_for_one_commune_on_anothers_account_is_owed_to_the_right_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let of_tay_ho = world.raise_at(&world.tay_ho, FEE);
        let of_ba_dinh = world.raise(FEE);
        let settles = world.claim(&of_tay_ho, FEE).on(world.ba_dinh.account_no).settle();
        assert_eq!((settles.unit, settles.obligation, settles.receipt), (world.ba_dinh.id, None, None));
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 25_000), (Account::DueToUnit(world.tay_ho.id), -25_000)],
        );
        let advises = world.claim(&of_ba_dinh, FEE).on(world.tay_ho.account_no).settle();
        assert_eq!(advises.unit, world.tay_ho.id);
        world.assert_balances(world.tay_ho.id, &[]);
        for (unit, owed) in [(world.ba_dinh.id, &of_tay_ho), (world.tay_ho.id, &of_ba_dinh)] {
            assert_eq!(world.open_kinds(unit), [Kind::WrongAccount]);
            assert_eq!(world.again(owed).state, State::Raised);
        }
    });
}

#[test]
fn one_transfer_for_several_obligations_pays_them_all_when_the_sum_is_theirs() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed: Vec<_> = [8_000, 9_000, 10_000].map(|amount| world.raise(Dong(amount))).into();
        let memo = owed.iter().map(|owed| owed.reference_code.as_str()).collect::<Vec<_>>().join(" ");
        let told = || world.money(&world.ba_dinh, Dong(27_000)).memo(&memo).id("T-1").settle();
        let settled = told();
        let mut made = Vec::new();
        for owed in &owed {
            assert_eq!(world.again(owed).state, State::Paid);
            assert_eq!(world.receipts(owed).len(), 1);
            made.push(world.receipts(owed)[0].id);
        }
        let sorted = |mut ids: Vec<bienlai::id::ReceiptId>| {
            ids.sort();
            ids
        };
        let all = sorted(settled.receipts.clone());
        assert_eq!(all, sorted(made), "the answer names them all, and what is named is signed at once");
        assert_eq!((settled.obligation, settled.receipt), (None, settled.receipts.first().copied()));
        let again = told();
        assert!(again.is_repeated);
        assert_eq!(again.receipts, settled.receipts, "the same answer");
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 27_000), (fees("HT-01"), -27_000)]);
        assert_eq!(world.payments(&world.ba_dinh).len(), 1);
    });
}

#[test]
fn one_transfer_for_several_obligations_waits_for_a_person_when_the_sum_is_not_theirs() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (one, two) = (world.raise(Dong(8_000)), world.raise(Dong(9_000)));
        let foreign = world.raise_at(&world.tay_ho, Dong(3_000));
        let both = format!("{} {}", one.reference_code, two.reference_code);
        world.money(&world.ba_dinh, Dong(16_999)).memo(&both).settle();
        let mixed = format!("{} {}", one.reference_code, foreign.reference_code);
        world.money(&world.ba_dinh, Dong(11_000)).memo(&mixed).settle();
        assert_eq!(world.again(&one).state, State::Raised);
        assert_eq!(world.again(&two).state, State::Raised);
        assert_eq!(world.count("payment"), 0);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::SeveralObligations, Kind::SeveralObligations]);
    });
}

#[test]
fn the_same_money_told_by_two_channels_is_taken_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let callback = world.claim(&owed, FEE).settle();
        let poll = world.claim(&owed, FEE).by(POLL).settle();
        assert_eq!(poll.movement, callback.movement);
        assert_eq!(poll.receipt, callback.receipt);
        assert!(!poll.is_repeated);
        assert_eq!((world.count("payment"), world.count("receipt"), world.count("movement")), (1, 1, 1));
        let marks = world.words(
            "SELECT CASE WHEN possible_duplicate THEN 'marked' ELSE 'plain' END AS t FROM claim ORDER BY id",
        );
        assert_eq!(marks, ["plain", "marked"]);
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 25_000), (fees("HT-01"), -25_000)]);
    });
}

#[test]
fn a_common_bank_reference_makes_it_certain_that_two_channels_tell_the_same_money() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let callback = world.claim(&owed, FEE).reference("FT2632712345").settle();
        let poll = world.claim(&owed, FEE).by(POLL).reference("FT2632712345").settle();
        assert_eq!(poll.movement, callback.movement);
        assert_eq!(world.count("claim WHERE possible_duplicate"), 0);
        assert_eq!(world.count("payment"), 1);
    });
}

#[test]
fn a_bank_reference_used_again_a_month_later_is_other_money() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = (world.raise(FEE), world.raise(FEE));
        let earlier = world.claim(&first, FEE).reference("FT1").settle();
        world.wait_days(30);
        let later = world.claim(&second, FEE).reference("FT1").settle();
        assert_ne!(earlier.movement, later.movement);
        assert!(later.receipt.is_some());
        assert_eq!(world.count("movement_key"), 2);
    });
}

#[test]
fn two_transfers_of_one_amount_told_by_two_channels_are_two_payments() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        for channel in [BANK, BANK, POLL, POLL] {
            world.claim(&owed, FEE).by(channel).settle();
        }
        assert_eq!((world.count("payment"), world.count("movement"), world.count("claim")), (2, 2, 4));
        assert_eq!(world.receipts(&owed).len(), 1);
        assert_eq!(world.open_kinds(owed.unit), [Kind::DuplicateTransfer]);
    });
}

#[test]
fn money_told_in_any_order_by_callback_and_poll_ends_in_the_same_books() {
    each_database(|database| {
        let world = World::settled_in(database);
        let orders: [&[(&str, &str)]; 6] = [
            &[(BANK, "a"), (POLL, "b")],
            &[(POLL, "b"), (BANK, "a")],
            &[(BANK, "a"), (POLL, "b"), (BANK, "a"), (POLL, "b")],
            &[(POLL, "b"), (POLL, "b"), (BANK, "a")],
            &[(BANK, "a"), (BANK, "a"), (POLL, "b")],
            &[(POLL, "b"), (BANK, "a"), (POLL, "b")],
        ];
        for (number, order) in orders.into_iter().enumerate() {
            for is_batch in [false, true] {
                for reference in [None, Some(format!("FT{number}{is_batch}"))] {
                    let owed = world.raise(FEE);
                    let tellings: Vec<_> = order
                        .iter()
                        .map(|(channel, id)| {
                            let id = format!("{id}{number}{is_batch}{}", reference.is_some());
                            let telling = world.claim(&owed, FEE).by(channel).id(&id);
                            match &reference {
                                Some(reference) => telling.reference(reference),
                                None => telling,
                            }
                        })
                        .collect();
                    let answers = if is_batch {
                        world
                            .settle_all(&tellings.iter().map(|telling| telling.arrival()).collect::<Vec<_>>())
                    } else {
                        tellings.iter().map(|telling| telling.settle()).collect()
                    };
                    let receipt = answers[0].receipt;
                    assert!(receipt.is_some());
                    assert!(answers.iter().all(|answer| answer.receipt == receipt), "{answers:?}");
                    assert_eq!(world.receipts(&owed).len(), 1);
                    assert_eq!(world.again(&owed).state, State::Paid);
                }
            }
        }
        assert_eq!(world.count("payment"), 24);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn money_on_an_account_nobody_registered_belongs_to_the_city() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let named = world.claim(&owed, FEE).on("9704009999").settle();
        let plain = world.money(&world.ba_dinh, FEE).on("9704009999").settle();
        assert_eq!((named.unit, plain.unit), (CITY, CITY));
        assert_eq!(world.open_kinds(CITY), [Kind::WrongAccount, Kind::UnidentifiedCredit]);
        assert_eq!(world.count("payment"), 0);
        assert_eq!(world.count(&format!("bank_account WHERE unit_id = {}", CITY.0)), 1);
    });
}

#[test]
fn a_channel_that_only_advises_is_told_to_the_citizen_and_posts_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_at(&world.tay_ho, FEE);
        let settled = world.claim(&owed, FEE).settle();
        assert_eq!(settled.receipt, None);
        let told = world.again(&owed);
        assert_eq!((told.state, told.allocated, told.revision), (State::Raised, Dong(0), 2));
        let kinds = world.words(&format!(
            "SELECT kind AS t FROM obligation_event WHERE obligation_id = {} ORDER BY revision",
            owed.id.0
        ));
        assert_eq!(kinds, ["raised", "advised"]);
        world.assert_balances(world.tay_ho.id, &[]);
        assert!(world.open_kinds(world.tay_ho.id).is_empty());
        world.claim(&owed, FEE).id("T-again").settle();
        assert_eq!((world.count("payment"), world.count("receipt")), (0, 0));
    });
}

#[test]
fn a_channel_that_settles_takes_the_money_that_another_only_advised() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let advised = world.claim(&owed, FEE).by("stranger").settle();
        assert_eq!(advised.receipt, None);
        let settled = world.claim(&owed, FEE).settle();
        assert_eq!(settled.movement, advised.movement);
        assert!(settled.receipt.is_some());
        assert_eq!(world.words("SELECT trust AS t FROM claim ORDER BY id"), ["advises", "settles"]);
    });
}

#[test]
fn trust_ends_with_its_last_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.wait_days(366);
        assert_eq!(world.claim(&owed, FEE).settle().receipt, None);
        assert_eq!(world.count("payment"), 0);
    });
}

#[test]
fn one_claim_above_the_limit_takes_the_trust_away_and_refuses_no_money() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.trust_within(&world.ba_dinh, BANK, Dong(30_000), Dong(1_000_000));
        let (small, large, after) = (world.raise(FEE), world.raise(Dong(30_001)), world.raise(FEE));
        assert!(world.claim(&small, FEE).settle().receipt.is_some());
        let refused = world.claim(&large, Dong(30_001)).settle();
        assert_eq!((refused.receipt, refused.is_repeated), (None, false));
        assert_eq!(world.claim(&after, FEE).settle().receipt, None, "the trust is gone");
        assert_eq!(
            world.words("SELECT reason AS t FROM channel_trust WHERE level = 'advises'"),
            ["claim_limit"]
        );
        assert_eq!(
            world.words("SELECT trust AS t FROM claim ORDER BY id"),
            ["settles", "advises", "advises"]
        );
        world.trust(&world.ba_dinh, BANK);
        let renewed = world.raise(FEE);
        assert!(world.claim(&renewed, FEE).settle().receipt.is_some(), "two persons gave it again");
    });
}

#[test]
fn who_steals_the_channels_secret_gets_receipts_up_to_the_limit_and_no_further() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.trust_within(&world.ba_dinh, BANK, Dong(50_000), Dong(100_000));
        let arrivals: Vec<_> = (0..40)
            .map(|number| {
                let owed = world.raise(FEE);
                world.claim(&owed, FEE).id(&format!("F{number:03}")).arrival()
            })
            .collect();
        // Part of the flood in one batch, part one by one: the limit holds across both.
        let mut answers = world.settle_all(&arrivals[..3]);
        answers.extend(world.settle_all(&arrivals[3..20]));
        for arrival in &arrivals[20..] {
            answers.extend(world.settle_all(std::slice::from_ref(arrival)));
        }
        let receipts = answers.iter().filter(|answer| answer.receipt.is_some()).count();
        assert_eq!(receipts, 4);
        world.assert_balances(world.ba_dinh.id, &[(clearing(&world), 100_000), (fees("HT-01"), -100_000)]);
        assert_eq!(world.count("channel_trust WHERE level = 'advises'"), 1, "one alarm, not forty");
    });
}

#[test]
fn a_debit_is_noted_and_pays_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let settled = world.claim(&owed, FEE).of_a_debit().settle();
        assert_eq!(settled.receipt, None);
        assert_eq!(world.again(&owed).state, State::Raised);
        assert_eq!(world.words("SELECT direction AS t FROM movement"), ["debit"]);
        let credit = world.claim(&owed, FEE).settle();
        assert_ne!(credit.movement, settled.movement);
        assert!(credit.receipt.is_some());
    });
}

#[test]
fn without_a_series_the_money_is_settled_and_the_receipt_is_due() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_at(&world.soc_son, FEE);
        let settled = world.claim(&owed, FEE).settle();
        assert_eq!(settled.receipt, None);
        assert_eq!(world.again(&owed).state, State::Paid);
        world.assert_balances(
            world.soc_son.id,
            &[
                (Account::Clearing(world.soc_son.account, BANK.to_owned()), 25_000),
                (Account::ReceivedInAdvance(owed.id), -25_000),
            ],
        );
        assert_eq!(world.open_kinds(world.soc_son.id), [Kind::ReceiptDue]);
        assert_eq!(world.words("SELECT code || ' ' || state AS t FROM receipt_due"), ["series_missing open"]);
    });
}

#[test]
fn a_series_that_is_used_up_stops_at_its_last_number() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.open_series(&world.soc_son, "SS-26E", 2);
        let arrivals: Vec<_> = (0..4)
            .map(|number| {
                let owed = world.raise_at(&world.soc_son, FEE);
                world.claim(&owed, FEE).id(&format!("S{number}")).arrival()
            })
            .collect();
        let answers = world.settle_all(&arrivals);
        assert_eq!(answers.iter().filter(|answer| answer.receipt.is_some()).count(), 2);
        assert_eq!(world.words("SELECT DISTINCT code AS t FROM receipt_due"), ["series_exhausted"]);
        assert_eq!(world.count("receipt_due"), 2);
        assert_eq!(world.count("obligation WHERE state = 'paid'"), 4);
    });
}

#[test]
fn a_unit_without_a_key_keeps_its_receipts_numbered_until_it_has_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.open_series(&world.soc_son, "SS-26E", 100);
        let without_key = world.raise_at(&world.soc_son, FEE);
        let with_key = world.raise(FEE);
        world.claim(&without_key, FEE).receipt();
        world.claim(&with_key, FEE).receipt();
        assert_eq!(world.seal(), 1);
        assert_eq!(world.receipts(&without_key)[0].state, "numbered");
        assert_eq!(world.receipts(&with_key)[0].state, "signed");
    });
}

#[test]
fn fees_of_all_kinds_of_one_obligation_are_posted_where_they_belong() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(
            &world.ba_dinh,
            vec![
                line("HT-01", "phi", "receipt", Dong(8_000)),
                line("HT-02", "le_phi", "receipt", Dong(9_000)),
                line("VPP", "pass_through", "receipt", Dong(3_000)),
                line("KHAC", "phi", "none", Dong(5_000)),
            ],
        );
        world.claim(&owed, Dong(25_000)).settle();
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (clearing(&world), 25_000),
                (fees("HT-01"), -8_000),
                (fees("HT-02"), -9_000),
                (Account::PassedOn("VPP".to_owned()), -3_000),
                (Account::CollectedWithoutDocument("KHAC".to_owned()), -5_000),
            ],
        );
        assert_eq!(world.receipts(&owed)[0].amount, Dong(17_000), "the receipt shows its own lines only");
    });
}

#[test]
fn an_obligation_that_needs_no_receipt_is_paid_without_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![line("KHAC", "phi", "none", FEE)]);
        let settled = world.claim(&owed, FEE).settle();
        assert_eq!(settled.receipt, None);
        assert_eq!(world.again(&owed).state, State::Paid);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        assert_eq!(world.count("receipt_due"), 0);
    });
}

#[test]
fn the_year_of_a_receipt_is_the_year_it_is_made_in() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (old, new) = (world.raise(FEE), world.raise(FEE));
        world.wait_seconds(at("2026-12-31T23:59:59+07:00").seconds_since(world.now()));
        assert!(world.claim(&old, FEE).settle().receipt.is_some());
        world.wait_seconds(1);
        assert_eq!(world.claim(&new, FEE).settle().receipt, None, "no series of the new year is open");
        assert_eq!(world.words("SELECT code AS t FROM receipt_due"), ["series_missing"]);
    });
}

#[test]
fn cash_at_the_counter_is_the_full_amount_and_makes_its_receipt_at_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        for wrong in [24_999, 25_001] {
            let refused = world.take(&owed, Dong(wrong), Method::Cash).unwrap_err();
            assert_eq!(refused.code(), "counter_full_amount_only");
        }
        let taken = world.take(&owed, FEE, Method::Cash).unwrap();
        assert!(taken.receipt.is_some());
        let payment = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((payment.state, payment.method), (PaymentState::Proven, Method::Cash));
        let drawer = Account::Drawer(payment.shift.unwrap());
        world.assert_balances(world.ba_dinh.id, &[(drawer, 25_000), (fees("HT-01"), -25_000)]);
        assert_eq!(world.take(&owed, FEE, Method::Cash).unwrap_err().code(), "obligation_closed");
        assert_eq!(world.count("payment"), 1);
    });
}

#[test]
fn the_counter_takes_what_a_transfer_left_open() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, Dong(10_000)).settle();
        assert_eq!(world.take(&owed, FEE, Method::Cash).unwrap_err().code(), "counter_full_amount_only");
        let taken = world.take(&owed, Dong(15_000), Method::Cash).unwrap();
        assert!(taken.receipt.is_some());
        assert_eq!(world.receipts(&owed)[0].amount, FEE);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn a_card_at_the_counter_waits_for_the_acquirers_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let taken = world.take(&owed, FEE, Method::Card).unwrap();
        assert!(taken.receipt.is_some());
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Claimed);
        world.assert_balances(
            world.ba_dinh.id,
            &[(Account::Clearing(world.ba_dinh.account, "pos".to_owned()), 25_000), (fees("HT-01"), -25_000)],
        );
    });
}

#[test]
fn a_cashier_of_one_commune_cannot_take_money_for_another() {
    each_database(|database| {
        use bienlai::actor::{Actor, Role, Scope};
        use bienlai::payment::counter::{self, Taking};
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let stranger = Actor {
            person: Some(world.chief),
            client: None,
            role: Role::Cashier,
            scope: Scope::unit(world.tay_ho.id),
        };
        let taking = Taking {
            unit: owed.unit,
            obligation: owed.id,
            amount: FEE,
            method: Method::Cash,
            collector: "Người Lạ".to_owned(),
        };
        let refused = world.app.write(&stranger, |tx, stamp| counter::take(tx, stamp, &stranger, &taking));
        assert_eq!(refused.unwrap_err().code(), "unit_not_found");
        let float = bienlai::shift::Count::default();
        world
            .app
            .write(&stranger, |tx, stamp| bienlai::shift::open(tx, stamp, &stranger, world.tay_ho.id, &float))
            .unwrap();
        // Naming their own unit does not reach the obligation either.
        let taking = Taking { unit: world.tay_ho.id, ..taking };
        let refused = world.app.write(&stranger, |tx, stamp| counter::take(tx, stamp, &stranger, &taking));
        assert_eq!(refused.unwrap_err().code(), "obligation_not_found");
    });
}

#[test]
fn an_obligation_with_money_on_it_cannot_be_cancelled() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (paid, part, open) = (world.raise(FEE), world.raise(FEE), world.raise(FEE));
        world.claim(&paid, FEE).settle();
        world.claim(&part, Dong(1)).settle();
        assert_eq!(world.cancel(&paid).unwrap_err().code(), "obligation_has_money");
        assert_eq!(world.cancel(&part).unwrap_err().code(), "obligation_has_money");
        let once = world.cancel(&open).unwrap();
        assert_eq!(world.cancel(&open).unwrap().revision, once.revision, "a second time changes nothing");
    });
}

#[test]
fn a_batch_does_what_its_claims_do_one_by_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        // The same thirty claims on two sets of obligations: once in one batch, once each alone.
        let mut outcomes = Vec::new();
        for is_batch in [true, false] {
            let owed: Vec<_> = (0..6).map(|_| world.raise(FEE)).collect();
            let amounts = [25_000, 10_000, 15_000, 30_000, 5_000, 25_000];
            let arrivals: Vec<_> = (0..30_usize)
                .map(|number| {
                    let owed = &owed[(number * 7) % 6];
                    let channel = if number % 3 == 0 { POLL } else { BANK };
                    // Ids grow with their place, because a batch is settled in the order of its keys.
                    let id = format!("{}{number:03}", if is_batch { "B" } else { "S" });
                    world.claim(owed, Dong(amounts[(number * 5) % 6])).by(channel).id(&id).arrival()
                })
                .collect();
            let mut in_order = arrivals.clone();
            in_order
                .sort_by_key(|arrival| (arrival.claim.channel.clone(), arrival.claim.external_id.clone()));
            if is_batch {
                world.settle_all(&arrivals);
            } else {
                for arrival in &in_order {
                    world.settle_all(std::slice::from_ref(arrival));
                }
            }
            let states: Vec<_> = owed
                .iter()
                .map(|owed| {
                    let now = world.again(owed);
                    (now.state, now.allocated, world.receipts(owed).len())
                })
                .collect();
            outcomes.push(states);
        }
        assert_eq!(outcomes[0], outcomes[1]);
        let sums = world.words("SELECT CAST(SUM(surplus) AS TEXT) AS t FROM payment");
        assert_eq!(sums[0].parse::<i64>().unwrap() % 2, 0, "both halves owe the same back");
    });
}

#[test]
fn numbering_goes_on_across_batches_without_a_gap() {
    each_database(|database| {
        let world = World::settled_in(database);
        for batch in 0..5 {
            let arrivals: Vec<_> = (0..20)
                .map(|number| {
                    let owed = world.raise(FEE);
                    world.claim(&owed, FEE).id(&format!("N{batch}-{number:02}")).arrival()
                })
                .collect();
            world.settle_all(&arrivals);
        }
        let numbers = world.look(|conn| {
            bienlai::receipt::query::numbers(conn, world.ba_dinh.id, world.ba_dinh.series.expect("a series"))
        });
        assert_eq!(
            numbers.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
            (1..=100).collect::<Vec<_>>()
        );
        assert_eq!(world.seal(), 100);
    });
}

#[test]
fn a_transaction_that_fails_takes_no_number() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (lost, kept) = (world.raise(FEE), world.raise(FEE));
        let arrival = world.claim(&lost, FEE).arrival();
        let failed = world.try_change(|tx, stamp| {
            let answers = bienlai::payment::settle(tx, stamp, std::slice::from_ref(&arrival))?;
            assert!(answers[0].receipt.is_some());
            Err::<(), _>(bienlai::error::Error::internal("the power went"))
        });
        assert!(failed.is_err());
        assert_eq!(world.again(&lost).state, State::Raised);
        world.claim(&kept, FEE).settle();
        assert_eq!(world.receipts(&kept)[0].number, 1);
    });
}

#[test]
fn an_exception_is_settled_by_two_persons() {
    each_database(|database| {
        use bienlai::actor::{Actor, Role, Scope};
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, Dong(30_000)).settle();
        let item = world.exceptions(owed.unit).remove(0);
        let officer = |person| Actor {
            person: Some(person),
            client: None,
            role: Role::Finance,
            scope: Scope::unit(owed.unit),
        };
        let (maker, checker) = (officer(world.clerk), officer(world.chief));
        let proposed = world.app.write(&maker, |tx, stamp| {
            exception::propose(tx, stamp, &maker, owed.unit, item.id, ("acknowledge", None, "sẽ hoàn"))
        });
        assert_eq!(proposed.unwrap().state, exception::State::Proposed);
        let alone =
            world.app.write(&maker, |tx, stamp| exception::approve(tx, stamp, &maker, owed.unit, item.id));
        assert_eq!(alone.unwrap_err().code(), "maker_is_checker");
        let approved = world
            .app
            .write(&checker, |tx, stamp| exception::approve(tx, stamp, &checker, owed.unit, item.id));
        assert_eq!(approved.unwrap().0.state, exception::State::Resolved);
        assert!(world.open_kinds(owed.unit).is_empty());
    });
}
