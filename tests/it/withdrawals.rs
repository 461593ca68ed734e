//! A correction that asks for more and is not paid is let be by two persons; money that was paid of
//! it and taken back opens it again; a payment is never owed to its payer and by them at once.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::correction::{self, Correction, Kind, State as Step, withdrawal};
use bienlai::error::Result;
use bienlai::exception::Kind as Exception;
use bienlai::ledger::{self, Account};
use bienlai::obligation::{Obligation, State};
use bienlai::payment::book::PaymentState;
use bienlai::payment::withdraw::Withdrawn;
use bienlai::payment::{awaited, resolve};
use bienlai::receipt::query::Stored;
use bienlai::reconciliation::reconcile;

use crate::corrections::{
    again, approve, ask, collected, corrected, fee, fees, person, refusal, request, states,
};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

/// 25.000 paid in cash, and a correction to 32.000 approved.
fn asked_for_more(world: &World) -> (Obligation, Stored, Correction) {
    let (owed, receipt) = collected(world, vec![fee("HT-01", 25_000)]);
    let asked = request(world, &ask(&receipt, Kind::Adjust, vec![fee("HT-01", 32_000)])).unwrap();
    approve(world, &asked).unwrap();
    (owed, receipt, asked)
}

fn withdraw(world: &World, asked: &Correction) -> Result<Correction> {
    let maker = person(asked.unit, world.clerk, Role::Finance);
    world.app.write(&maker, |tx, stamp| {
        withdrawal::ask(tx, stamp, &maker, asked.unit, asked.id, "người nộp không đồng ý")
    })
}

fn agree(world: &World, asked: &Correction, who: bienlai::id::PersonId) -> Result<Withdrawn> {
    let checker = person(asked.unit, who, Role::Approver);
    world.app.write(&checker, |tx, stamp| {
        withdrawal::approve(tx, stamp, &checker, asked.unit, asked.id).map(|(_, withdrawn)| withdrawn)
    })
}

fn balance(world: &World, account: &Account) -> i64 {
    world.look(|conn| ledger::balance(conn, world.ba_dinh.id, account)).0
}

fn code<T>(result: Result<T>) -> &'static str {
    result.map(|_| "ok").unwrap_or_else(|error| error.code())
}

#[test]
fn what_nobody_pays_is_withdrawn_by_two_persons_and_the_receipt_is_free_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt, asked) = asked_for_more(&world);
        assert_eq!(world.open_kinds(owed.unit), [Exception::Underpaid], "it is seen that nobody pays");
        let waits = world.look(|conn| awaited::of_correction(conn, asked.unit, asked.id)).unwrap();
        assert_eq!(waits.outstanding, Dong(7_000));
        for kind in [Kind::Adjust, Kind::Replace, Kind::Cancel] {
            let lines = if kind == Kind::Cancel { Vec::new() } else { vec![fee("HT-01", 20_000)] };
            assert_eq!(refusal(&world, &receipt, kind, lines), "correction_awaits_money");
        }
        assert_eq!(code(agree(&world, &asked, world.chief)), "correction_withdrawal_not_requested");
        withdraw(&world, &asked).unwrap();
        assert_eq!(code(withdraw(&world, &asked)), "correction_not_awaiting");
        assert_eq!(code(agree(&world, &asked, world.clerk)), "maker_is_checker");
        assert_eq!(agree(&world, &asked, world.chief).unwrap(), Withdrawn::default());

        let now = world.again(&owed);
        assert_eq!((now.state, now.total, now.allocated), (State::Paid, Dong(25_000), Dong(25_000)));
        assert_eq!(states(&world, &owed), [(25_000, "signed".into())], "nothing was numbered");
        assert!(world.open_kinds(owed.unit).is_empty());
        assert_eq!(balance(&world, &fees("HT-01")), -25_000);
        let told = world.look(|conn| correction::find(conn, asked.unit, asked.id));
        assert_eq!((told.state, told.withdrawal_checker), (Step::Withdrawn, Some(world.chief)));
        assert_eq!(world.look(|conn| awaited::of_correction(conn, asked.unit, asked.id)), None);

        // The receipt can be corrected as if nothing had been asked.
        corrected(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 20_000)]);
        assert_eq!(states(&world, &owed), [(25_000, "adjusted".into()), (-5_000, "signed".into())]);
        assert_eq!(balance(&world, &fees("HT-01")), -20_000);
    });
}

#[test]
fn what_was_paid_of_the_difference_goes_back_when_it_is_withdrawn() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, _, asked) = asked_for_more(&world);
        world.claim(&owed, Dong(3_000)).settle();
        withdraw(&world, &asked).unwrap();
        let withdrawn = agree(&world, &asked, world.chief).unwrap();
        assert_eq!(withdrawn.refunds.len(), 1);
        let part = world.payments(&world.ba_dinh).into_iter().find(|one| one.amount == Dong(3_000)).unwrap();
        assert_eq!((part.to_obligations, part.surplus), (Dong(0), Dong(3_000)));
        assert_eq!(balance(&world, &Account::Surplus(part.id)), -3_000);
        assert_eq!(balance(&world, &Account::ReceivedInAdvance(owed.id)), 0);
        assert_eq!(world.open_kinds(owed.unit), [Exception::Overpaid]);
        assert_eq!(world.again(&owed).state, State::Paid);
    });
}

#[test]
fn money_that_comes_before_the_second_person_agrees_makes_the_document() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt, asked) = asked_for_more(&world);
        withdraw(&world, &asked).unwrap();
        world.claim(&owed, Dong(7_000)).settle();
        world.seal();
        assert_eq!(code(agree(&world, &asked, world.chief)), "correction_not_awaiting");
        assert_eq!(states(&world, &owed), [(25_000, "adjusted".into()), (7_000, "signed".into())]);
        let checker = person(asked.unit, world.chief, Role::Approver);
        world.change(|tx, stamp| {
            withdrawal::refuse(tx, stamp, &checker, asked.unit, asked.id, "đã nộp").map(|_| ())
        });
        let told = world.look(|conn| correction::find(conn, asked.unit, asked.id));
        assert_eq!((told.state, told.withdrawal_maker), (Step::Approved, None));
        assert_eq!(again(&world, &receipt).state, "adjusted");
    });
}

#[test]
fn a_correction_whose_document_is_due_is_neither_withdrawn_nor_overtaken_by_another() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt, asked) = asked_for_more(&world);
        let series = world.ba_dinh.series.unwrap();
        let administrator = person(owed.unit, world.chief, Role::Administrator);
        world.change(|tx, stamp| {
            bienlai::unit::series::life::stop(tx, stamp, &administrator, owed.unit, series, "thử").map(|_| ())
        });
        world.claim(&owed, Dong(7_000)).settle();
        assert_eq!(world.again(&owed).state, State::Paid);
        assert_eq!(states(&world, &owed), [(25_000, "signed".into())], "its number is due");
        assert_eq!(balance(&world, &Account::ReceivedInAdvance(owed.id)), -7_000);
        withdraw(&world, &asked).unwrap();
        assert_eq!(code(agree(&world, &asked, world.chief)), "correction_not_awaiting");
        let second = request(&world, &ask(&receipt, Kind::Cancel, Vec::new())).unwrap();
        assert_eq!(code(approve(&world, &second)), "correction_awaits_document");
        world.open_series(&world.ba_dinh, "BE-26E", 100);
        assert_eq!(bienlai::worker::make_due_receipts(&world.app).unwrap(), 1);
        world.seal();
        approve(&world, &second).unwrap();
        assert_eq!(balance(&world, &fees("HT-01")), 0);
    });
}

fn statement(world: &World, file: BankFile) {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

fn today_file(world: &World, opening: i64) -> BankFile {
    BankFile::new(world.ba_dinh.account_no, world.now().business_day(), opening)
}

#[test]
fn a_part_of_the_difference_that_the_bank_takes_back_is_open_again_and_the_receipt_stays() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, _, asked) = asked_for_more(&world);
        let memo = format!("{} nop them", owed.reference_code);
        statement(&world, today_file(&world, 0).book(3_000, &memo, "FT26327000001"));
        assert_eq!(world.again(&owed).outstanding(), Dong(4_000));
        world.wait_days(1);
        let back = format!("DAO GIAO DICH {memo}");
        statement(&world, today_file(&world, 3_000).book(-3_000, &back, "FT26327000001"));

        let part = world.payments(&world.ba_dinh).into_iter().find(|one| one.amount == Dong(3_000)).unwrap();
        assert_eq!((part.state, part.reversed), (PaymentState::Reversed, Dong(3_000)));
        assert_eq!(balance(&world, &Account::ReversalToRecover(part.id)), 0, "nobody owes it twice");
        assert_eq!(balance(&world, &Account::ReceivedInAdvance(owed.id)), 0);
        let now = world.again(&owed);
        assert_eq!((now.state, now.outstanding()), (State::Reopened, Dong(7_000)));
        assert_eq!(states(&world, &owed), [(25_000, "signed".into())]);
        let waits = world.look(|conn| awaited::of_correction(conn, asked.unit, asked.id)).unwrap();
        assert_eq!(waits.outstanding, Dong(7_000), "it waits as before");
        // It is paid after all, and the document is made.
        world.claim(&owed, Dong(7_000)).settle();
        world.seal();
        assert_eq!(states(&world, &owed), [(25_000, "adjusted".into()), (7_000, "signed".into())]);
    });
}

#[test]
fn money_that_a_person_assigned_and_the_bank_takes_back_is_found_though_no_code_names_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        statement(&world, today_file(&world, 0).book(10_000, "khong ghi ma", "FT26327000002"));
        let item = world.exceptions(world.ba_dinh.id).remove(0);
        let clerk = person(owed.unit, world.clerk, Role::Finance);
        let chief = person(owed.unit, world.chief, Role::Approver);
        world.change(|tx, stamp| {
            let proposal = ("assign", Some(owed.id.0), "đối chiếu giấy nộp tiền");
            bienlai::exception::propose(tx, stamp, &clerk, owed.unit, item.id, proposal)
        });
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, owed.unit, item.id));
        assert_eq!(world.again(&owed).allocated, Dong(10_000));
        world.wait_days(1);
        statement(&world, today_file(&world, 10_000).book(-10_000, "khong ghi ma", "FT26327000002"));
        let now = world.again(&owed);
        assert_eq!((now.state, now.allocated), (State::Reopened, Dong(0)));
        world.assert_balances(owed.unit, &[]);
    });
}

#[test]
fn too_much_of_a_payment_covers_what_the_bank_takes_back_of_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", owed.reference_code);
        statement(&world, today_file(&world, 0).book(30_000, &memo, "FT26327000003"));
        let payment = world.payments(&world.ba_dinh).remove(0).id;
        world.wait_days(1);
        let back = format!("DAO GIAO DICH {memo}");
        statement(&world, today_file(&world, 30_000).book(-30_000, &back, "FT26327000003"));
        assert_eq!(balance(&world, &Account::Surplus(payment)), 0);
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 25_000, "what the receipt says");
        let held = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((held.to_obligations, held.surplus, held.reversed), (Dong(25_000), Dong(0), Dong(5_000)));
        assert_eq!(world.open_kinds(owed.unit), [Exception::BankReversal], "and nobody refunds it");
    });
}
