//! The bank takes back a part: of a transfer that was split, of a payment, of money nobody knew. Two persons
//! say whose it was; what was paid with it is open again, or owed under its receipt.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{self, Exception, Kind, State as Step};
use bienlai::id::LineId;
use bienlai::ledger::Account;
use bienlai::obligation::{Obligation, State};
use bienlai::payment::book::PaymentState;
use bienlai::payment::split::Part;
use bienlai::payment::{reopen, resolve};
use bienlai::report::verify;

use crate::refunds::{self, statement, today};
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, bank, closed, finance, item};

/// One credit, under a reference of its own.
fn credited(world: &World, amount: i64, memo: &str) {
    statement(world, BankFile::new(world.ba_dinh.account_no, today(world), 0).book(amount, memo, "FT001"));
}

/// A day later the bank takes so much back, under words that name nothing.
fn debited(world: &World, opening: i64, amount: i64) -> Exception {
    world.wait_days(1);
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening);
    statement(world, file.book(-amount, "dieu chinh giao dich", "FT002"));
    item(world, Kind::UnknownDebit)
}

fn decided(world: &World, debit: &Exception, target: i64) -> Result<()> {
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    let ask = ("taken_back", Some(target), "công văn ngân hàng 7/2026");
    world.try_change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, debit.id), ask.into(), &[]))?;
    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, debit.id).map(|_| ()))
}

/// 60.000 without a word, split by two persons.
fn split(world: &World, parts: &[(&Obligation, i64)]) {
    credited(world, 60_000, "tien nop phi");
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    let id = item(world, Kind::UnidentifiedCredit).id;
    let parts: Vec<Part> =
        parts.iter().map(|(owed, amount)| Part { obligation: owed.id, amount: Dong(*amount) }).collect();
    world.change(|tx, stamp| {
        let ask = ("split", None, "theo bảng kê").into();
        resolve::propose(tx, stamp, &maker, (unit, id), ask, &parts)
    });
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
}

fn open(world: &World) -> Vec<(Kind, i64)> {
    let open = |item: &Exception| item.state == Step::Open;
    let found = world.exceptions(world.ba_dinh.id).into_iter().filter(open);
    found.map(|item| (item.kind, item.amount.0)).collect()
}

fn books_hold(world: &World) {
    let faults = world.look(|conn| verify::unit(conn, world.ba_dinh.id));
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn one_part_of_a_split_transfer_is_taken_back_and_the_others_stand() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (unit, day) = (world.ba_dinh.id, today(&world));
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(30_000)));
        // 20.000 of 25.000 for the one, the other is paid in full; 10.000 wait.
        split(&world, &[(&one, 20_000), (&two, 30_000)]);
        let file = BankFile::new(world.ba_dinh.account_no, day, 60_000);
        statement(&world, file.book(-20_000, "dieu chinh giao dich", "FT002"));
        let debit = item(&world, Kind::UnknownDebit);
        let page = format!("/finance/exceptions/{}", debit.id);

        let mut service = Service::start(&world);
        let scope = bienlai::actor::Scope::unit(unit);
        let mut clerk = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope.clone());
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.badinh", scope);
        clerk.get(&page);
        clerk.sees("Ngân hàng thu hồi tiền của một khoản nộp");
        let form = |code: &str| -> Vec<(&'static str, String)> {
            vec![
                ("do", "propose".into()),
                ("resolution", "taken_back".into()),
                ("target", code.to_owned()),
                ("reason", "công văn ngân hàng".into()),
            ]
        };
        let post = |who: &mut crate::support::visitor::Visitor, fields: Vec<(&'static str, String)>| {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
            who.post(&page, &fields).status
        };
        let nobody = world.raise(Dong(20_000));
        assert_eq!(post(&mut clerk, form(&nobody.reference_code)), 400, "nothing was paid for it");
        assert_eq!(post(&mut clerk, form(&one.reference_code)), 303, "{}", clerk.page);
        chief.get(&page);
        assert_eq!(post(&mut chief, vec![("do", "approve".into())]), 303, "{}", chief.page);
        service.stop();

        assert_eq!((world.again(&one).state, world.again(&two).state), (State::Reopened, State::Paid));
        assert_eq!(
            open(&world),
            [(Kind::UnidentifiedCredit, 10_000)],
            "nothing is asked for the first any more"
        );
        let balance = world.look(|conn| bienlai::ledger::trial_balance(conn, unit));
        let names: Vec<&str> = balance.iter().map(|(name, _)| name.split('/').next().unwrap()).collect();
        assert_eq!(names, ["bank", "fees_collected", "suspense"], "{balance:?}");
        books_hold(&world);
        closed(&world, day);
    });
}

#[test]
fn a_part_of_an_advance_is_open_again_and_the_rest_of_it_stays() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        credited(&world, 20_000, &format!("{} nop phi", owed.reference_code));
        let payment = world.payments(&world.ba_dinh).remove(0);
        let debit = debited(&world, 20_000, 5_000);
        decided(&world, &debit, payment.id.0).unwrap();
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong(15_000)));
        let advance = (Account::ReceivedInAdvance(owed.id), -15_000);
        world.assert_balances(world.ba_dinh.id, &[bank(&world, 15_000), advance]);
        books_hold(&world);
        // The rest comes: paid, once.
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 15_000);
        statement(&world, file.book(10_000, &format!("{} nop not", owed.reference_code), "FT003"));
        assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (State::Paid, 1));
        assert!(open(&world).is_empty(), "{:?}", open(&world));
        (0..=2).rev().for_each(|days| closed(&world, today(&world).plus_days(-days)));
    });
}

#[test]
fn under_a_receipt_the_surplus_covers_first_and_the_rest_is_a_debt_until_it_is_paid_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        credited(&world, 28_000, &format!("{} nop phi", owed.reference_code));
        assert_eq!(open(&world), [(Kind::Overpaid, 3_000)]);
        let payment = world.payments(&world.ba_dinh).remove(0);
        let debit = debited(&world, 28_000, 10_000);
        decided(&world, &debit, payment.movement.unwrap().0).unwrap();
        assert_eq!(open(&world), [(Kind::BankReversal, 7_000)]);
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        let debt = (Account::ReversalToRecover(payment.id), 7_000);
        world.assert_balances(unit, &[bank(&world, 18_000), collected.clone(), debt]);
        books_hold(&world);
        assert_eq!(decided(&world, &debit, payment.id.0).unwrap_err().code(), "exception_not_open");

        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 18_000);
        statement(&world, file.book(7_000, &format!("{} nop lai", owed.reference_code), "FT003"));
        assert!(open(&world).is_empty(), "{:?}", open(&world));
        world.assert_balances(unit, &[bank(&world, 25_000), collected]);
        assert_eq!(world.receipts(&owed).len(), 1);
    });
}

/// What is asked about, smallest first.
fn amounts(world: &World) -> Vec<i64> {
    let mut found: Vec<i64> = open(world).into_iter().map(|(_, amount)| amount).collect();
    found.sort_unstable();
    found
}

/// A day later the payer pays so much again.
fn paid_again(world: &World, owed: &Obligation, (opening, amount): (i64, i64), reference: &str) {
    world.wait_days(1);
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening);
    statement(world, file.book(amount, &format!("{} nop lai", owed.reference_code), reference));
}

/// The fee is paid, and the bank takes 3.000 and a day later 4.000 of it; the second item.
fn taken_in_two_lines(world: &World, owed: &Obligation) -> Exception {
    credited(world, 25_000, &format!("{} nop phi", owed.reference_code));
    let movement = world.payments(&world.ba_dinh).remove(0).movement.unwrap().0;
    let first = debited(world, 25_000, 3_000);
    decided(world, &first, movement).unwrap();
    world.wait_days(1);
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 22_000);
    statement(world, file.book(-4_000, "dieu chinh lan hai", "FT004"));
    let second = item_of(world, 4_000);
    decided(world, &second, movement).unwrap();
    second
}

#[test]
fn items_of_a_debt_over_two_lines_ask_together_for_what_is_owed_and_no_more() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        taken_in_two_lines(&world, &owed);
        assert_eq!(amounts(&world), [3_000, 4_000]);

        paid_again(&world, &owed, (18_000, 2_000), "FT005");
        assert_eq!(amounts(&world), [1_000, 4_000], "what was taken first is covered first");
        paid_again(&world, &owed, (20_000, 3_000), "FT006");
        assert_eq!(amounts(&world), [2_000]);
        paid_again(&world, &owed, (23_000, 2_000), "FT007");
        assert!(open(&world).is_empty(), "{:?}", open(&world));
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        world.assert_balances(world.ba_dinh.id, &[bank(&world, 25_000), collected]);
        books_hold(&world);
    });
}

#[test]
fn money_in_suspense_is_taken_back_whole_and_nothing_more_than_there_is() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        split(&world, &[(&owed, 25_000)]);
        let rest = item_of(&world, 35_000);
        let debit = debited(&world, 60_000, 35_000);
        let payment = world.payments(&world.ba_dinh).remove(0);
        let code = |target: i64| decided(&world, &debit, target).unwrap_err().code();
        assert_eq!(code(payment.id.0), "resolution_unfit", "more than that payment");
        assert_eq!(code(owed.id.0), "resolution_unfit");
        decided(&world, &debit, rest.subject_id).unwrap();
        assert!(open(&world).is_empty(), "{:?}", open(&world));
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        world.assert_balances(unit, &[bank(&world, 25_000), collected]);
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Proven);
        books_hold(&world);
        closed(&world, today(&world).plus_days(-1));
        closed(&world, today(&world));
    });
}

fn item_of(world: &World, amount: i64) -> Exception {
    let mut found = world.exceptions(world.ba_dinh.id).into_iter();
    found.find(|item| item.amount == Dong(amount)).expect("it is asked about")
}

#[test]
fn one_person_alone_takes_nothing_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.limit_for_one(&world.ba_dinh, Dong(1_000_000));
        let (unit, clerk) = (world.ba_dinh.id, finance(&world));
        credited(&world, 20_000, "khong ro");
        let movement = world.words("SELECT CAST(id AS TEXT) AS t FROM movement")[0].parse().unwrap();
        let debit = debited(&world, 20_000, 20_000);
        let ask: exception::Ask<'_> = ("taken_back", Some(movement), "một mình").into();
        let alone =
            world.try_change(|tx, stamp| resolve::alone(tx, stamp, &clerk, unit, debit.id, &ask).map(|_| ()));
        assert_eq!(alone.unwrap_err().code(), "second_person_needed");
        decided(&world, &debit, movement).unwrap();
        world.assert_balances(unit, &[]);
    });
}

/// Asked for and approved by two persons.
fn undone(world: &World, debit: &Exception) -> Result<()> {
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    world.try_change(|tx, stamp| reopen::ask(tx, stamp, &maker, unit, debit.id, "của khoản nộp khác"))?;
    world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, debit.id));
    books_hold(world);
    Ok(())
}

fn unexplained(debit: &Exception, amount: i64) -> (Account, i64) {
    (Account::UnexplainedDebit(LineId(debit.subject_id)), amount)
}

#[test]
fn a_whole_payment_that_was_not_taken_back_after_all_waits_for_its_place_and_is_given_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        credited(&world, 20_000, &format!("{} nop phi", owed.reference_code));
        let line = world.words("SELECT CAST(id AS TEXT) AS t FROM statement_line")[0].parse().unwrap();
        let payment = world.payments(&world.ba_dinh).remove(0);
        let debit = debited(&world, 20_000, 20_000);
        for _ in 0..2 {
            let movement =
                world.words("SELECT CAST(id AS TEXT) AS t FROM movement ORDER BY id")[0].parse().unwrap();
            decided(&world, &debit, movement).unwrap();
            assert!(open(&world).is_empty(), "{:?}", open(&world));
            undone(&world, &debit).unwrap();
            let suspense = (Account::Suspense(LineId(line)), -20_000);
            world.assert_balances(unit, &[suspense, unexplained(&debit, 20_000)]);
            assert_eq!(open(&world).len(), 2, "the debit, and the money: {:?}", open(&world));
        }
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Reversed, "{payment:?}");

        // The money is the citizen's again, and the debit a charge.
        let (maker, checker) = (finance(&world), approver(&world));
        let credit = item(&world, Kind::UnidentifiedCredit);
        for (id, ask) in [
            (credit.id, ("assign", Some(owed.id.0), "đúng người nộp")),
            (debit.id, ("bank_charge", None, "phí của ngân hàng")),
        ] {
            world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask.into(), &[]));
            world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        }
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::PartlyPaid, Dong(20_000)));
        undone(&world, &debit).expect("the charge alone is undone");
        world.assert_balances(
            unit,
            &[(Account::ReceivedInAdvance(owed.id), -20_000), unexplained(&debit, 20_000)],
        );
    });
}

#[test]
fn a_debt_under_a_receipt_is_none_any_more_and_the_surplus_is_owed_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        credited(&world, 28_000, &format!("{} nop phi", owed.reference_code));
        let payment = world.payments(&world.ba_dinh).remove(0);
        let debit = debited(&world, 28_000, 10_000);
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        for _ in 0..2 {
            decided(&world, &debit, payment.id.0).unwrap();
            undone(&world, &debit).unwrap();
            let surplus = (Account::Surplus(payment.id), -3_000);
            world.assert_balances(
                unit,
                &[bank(&world, 18_000), collected.clone(), surplus, unexplained(&debit, 10_000)],
            );
            let mut waits = open(&world);
            waits.sort_unstable();
            assert_eq!(waits, [(Kind::Overpaid, 3_000), (Kind::UnknownDebit, 10_000)]);
        }
        assert_eq!(world.receipts(&owed).len(), 1);

        // The payer paid the debt again before it was undone: that is too much now.
        decided(&world, &debit, payment.id.0).unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 18_000);
        statement(&world, file.book(7_000, &format!("{} nop lai", owed.reference_code), "FT003"));
        undone(&world, &debit).unwrap();
        let sum: i64 = world.payments(&world.ba_dinh).iter().map(|one| one.surplus.0).sum();
        assert_eq!(sum, 10_000, "3.000 of the first, 7.000 paid again");
    });
}

#[test]
fn a_debt_that_is_none_in_part_is_still_covered_by_what_the_payer_pays_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let second = taken_in_two_lines(&world, &owed);
        undone(&world, &second).unwrap();

        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 18_000);
        statement(&world, file.book(3_000, &format!("{} nop lai", owed.reference_code), "FT005"));
        assert_eq!(open(&world), [(Kind::UnknownDebit, 4_000)], "the 3.000 are no debt any more");
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        world.assert_balances(
            world.ba_dinh.id,
            &[bank(&world, 21_000), collected, unexplained(&second, 4_000)],
        );
        books_hold(&world);
    });
}

#[test]
fn what_goes_back_to_its_payer_does_not_come_back_as_money_without_a_place() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(24_000));
        world.cancel(&owed).unwrap();
        credited(&world, 24_000, &format!("{} nop phi", owed.reference_code));
        let payment = world.payments(&world.ba_dinh).remove(0);
        let asked = refunds::request(&world, payment.id, 24_000).unwrap();
        refunds::approve(&world, &asked).unwrap();
        refunds::send(&world, &asked).unwrap();
        let debit = debited(&world, 24_000, 24_000);
        decided(&world, &debit, payment.movement.unwrap().0).unwrap();
        assert_eq!(undone(&world, &debit).unwrap_err().code(), "undo_refund_under_way");
        books_hold(&world);
    });
}

#[test]
fn a_part_of_an_advance_is_given_back_unless_others_paid_it_meanwhile() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        credited(&world, 20_000, &format!("{} nop phi", owed.reference_code));
        let payment = world.payments(&world.ba_dinh).remove(0);
        let debit = debited(&world, 20_000, 5_000);
        decided(&world, &debit, payment.id.0).unwrap();
        undone(&world, &debit).unwrap();
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::PartlyPaid, Dong(20_000)));
        let advance = (Account::ReceivedInAdvance(owed.id), -20_000);
        world.assert_balances(world.ba_dinh.id, &[bank(&world, 15_000), advance, unexplained(&debit, 5_000)]);

        decided(&world, &debit, payment.id.0).unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 15_000);
        statement(&world, file.book(5_000, &format!("{} nop not", owed.reference_code), "FT003"));
        assert_eq!(world.again(&owed).allocated, Dong(20_000));
        assert_eq!(undone(&world, &debit).unwrap_err().code(), "undo_would_complete");
    });
}

/// What the page offers as the original: the form's value, whether it is chosen, and the words.
fn offered(page: &str) -> Vec<(String, bool, String)> {
    let rows = page.split("<div class=\"candidate\"").skip(1);
    let one = |row: &str| {
        let value = row.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let words = row.split("</label>").next().unwrap_or_default();
        (value.to_owned(), words.contains(" checked"), words.to_owned())
    };
    rows.map(one).collect()
}

#[test]
fn the_original_that_the_bank_names_is_chosen_on_the_page_and_two_persons_finish_there() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let day = today(&world);
        let (meant, other) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        let file = BankFile::new(world.ba_dinh.account_no, day, 0)
            .book(25_000, &format!("{} nop phi", meant.reference_code), "FT26327001")
            .book(25_000, &format!("{} nop phi", other.reference_code), "FT26327002")
            .book(-25_000, "dieu chinh GD FT26327001 hach toan nham", "FT26327009");
        statement(&world, file);
        let debit = item(&world, Kind::BankReversal);
        let page = format!("/finance/exceptions/{}", debit.id);

        let mut service = Service::start(&world);
        let scope = bienlai::actor::Scope::unit(world.ba_dinh.id);
        let mut clerk = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope.clone());
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.badinh", scope);
        clerk.get(&page);
        let offers = offered(&clerk.page);
        assert_eq!(offers.len(), 2, "{offers:?}");
        assert!(offers[0].1 && !offers[1].1, "one alone is named: {offers:?}");
        assert!(
            offers[0].2.contains(&meant.dossier_code) && offers[0].2.contains("FT26327001"),
            "{offers:?}"
        );
        assert!(clerk.page.contains("value=\"taken_back\" selected"), "{}", clerk.page);
        let target = offers[0].0.clone();
        let form = [
            ("do", "propose"),
            ("resolution", "taken_back"),
            ("target", target.as_str()),
            ("reason", "ngân hàng hạch toán nhầm"),
        ];
        assert_eq!(clerk.post(&page, &form).status, 303, "{}", clerk.page);
        chief.get(&page);
        assert_eq!(chief.post(&page, &[("do", "approve")]).status, 303, "{}", chief.page);
        service.stop();

        // Its receipt stands, so that the payer owes it again; nobody else does.
        let payments = world.payments(&world.ba_dinh);
        let paid = |owed: &Obligation| payments.iter().find(|one| one.obligation == Some(owed.id)).unwrap();
        let debt = |owed: &Obligation| {
            world.look(|conn| {
                bienlai::ledger::balance(conn, world.ba_dinh.id, &Account::ReversalToRecover(paid(owed).id))
            })
        };
        assert_eq!((debt(&meant), debt(&other)), (Dong(25_000), Dong(0)));
        books_hold(&world);
    });
}

#[test]
fn equals_are_offered_and_none_is_chosen() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, &format!("{} nop phi", one.reference_code), "FT26327001")
            .book(25_000, &format!("{} nop phi", two.reference_code), "FT26327002")
            .book(-25_000, "dieu chinh FT26327001 FT26327002", "FT26327009");
        statement(&world, file);
        let debit = item(&world, Kind::BankReversal);
        let mut service = Service::start(&world);
        let scope = bienlai::actor::Scope::unit(world.ba_dinh.id);
        let mut clerk = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope);
        clerk.get(&format!("/finance/exceptions/{}", debit.id));
        let offers = offered(&clerk.page);
        service.stop();
        assert_eq!(offers.len(), 2, "{offers:?}");
        assert!(offers.iter().all(|(_, is_chosen, _)| !is_chosen), "{offers:?}");
    });
}
