//! Money that only passes: paid into one unit's account for another and paid on, moved between own accounts,
//! taken out in cash by a decision.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{self, Exception, Kind};
use bienlai::id::{ExceptionId, LineId};
use bienlai::ledger::{self, Account};
use bienlai::obligation::State;
use bienlai::payment::{reopen, resolve};
use bienlai::reconciliation::reconcile;

use crate::imports::import;
use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, bank, closed, finance, item};

const FEE: i64 = 25_000;

fn other_line(world: &World, amount: i64, nth: usize) -> LineId {
    let sql = format!("SELECT CAST(id AS TEXT) AS t FROM statement_line WHERE amount = {amount} ORDER BY id");
    LineId(world.words(&sql)[nth].parse().unwrap())
}

#[test]
fn money_for_another_unit_is_paid_on_by_its_code_and_nothing_is_owed_any_more() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, neighbour) = (world.ba_dinh.id, &world.tay_ho);
        let owed = world.raise_at(neighbour, Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(FEE, &memo, "FT001"),
        );
        let due = Account::DueToUnit(neighbour.id);
        world.assert_balances(unit, &[bank(&world, FEE), (due.clone(), -FEE)]);
        let waiting = item(&world, Kind::WrongAccount);
        let transfer = world.look(|conn| bienlai::payment::handover::transfer(conn, &waiting)).unwrap();
        assert_eq!(transfer.account_no, neighbour.account_no);
        assert_eq!((transfer.amount, transfer.memo.as_str()), (Dong(FEE), owed.reference_code.as_str()));
        let waved = world.look(|conn| Ok(resolve::check_proposal(conn, &waiting, "acknowledge", None)));
        assert_eq!(waved.unwrap_err().code(), "other_unit_stands");

        // The transfer goes out with that text, and comes in at the neighbour's.
        world.wait_days(1);
        let text = format!("{} chuyen tra", transfer.memo);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), FEE).book(-FEE, &text, "FT002"),
        );
        world.assert_balances(unit, &[]);
        assert_eq!(world.open_kinds(unit), Vec::<Kind>::new());
        let undone = world
            .try_change(|tx, stamp| reopen::ask(tx, stamp, &finance(&world), unit, waiting.id, "nhầm dòng"));
        assert_eq!(undone.map(|_| ()).unwrap_err().code(), "undo_paid_on");
        let file = BankFile::new(neighbour.account_no, today(&world), 0).book(FEE, &text, "FT002");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), neighbour.id, neighbour.account).unwrap();
        assert_eq!(world.again(&owed).state, State::Paid);
        closed(&world, today(&world).plus_days(-1));
        closed(&world, today(&world));
        let kept = world.count("line_case WHERE case_name = 'to_unit'");
        assert_eq!(kept, 1);
    });
}

#[test]
fn a_transfer_to_another_unit_without_a_code_is_named_by_two_persons_and_by_its_sum() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, neighbour) = (world.ba_dinh.id, world.tay_ho.id);
        let mut file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        for (amount, reference) in [(FEE, "FT001"), (40_000, "FT002")] {
            let owed = world.raise_at(&world.tay_ho, Dong(amount));
            file = file.book(amount, &format!("{} nop phi", owed.reference_code), reference);
        }
        let file = file.book(-65_000, "chuyen tra", "FT003").book(-1_000, "khac", "FT004");
        statement(&world, file);
        let items = world.exceptions(unit);
        let debit = |sum: i64| {
            let is_it = |item: &&Exception| item.kind == Kind::UnknownDebit && item.amount == Dong(sum);
            items.iter().find(is_it).expect("it is unexplained").clone()
        };
        let fits = |item: &Exception, target: Option<i64>| {
            world.look(|conn| Ok(resolve::check_proposal(conn, item, "to_unit", target).is_ok()))
        };
        assert!(fits(&debit(65_000), Some(neighbour.0)) && fits(&debit(65_000), None), "the only unit");
        assert!(!fits(&debit(65_000), Some(world.soc_son.id.0)), "nothing is owed to that one");
        assert!(!fits(&debit(1_000), Some(neighbour.0)), "nothing of that sum is owed");
        let (maker, checker, id) = (finance(&world), approver(&world), debit(65_000).id);
        let ask = ("to_unit", Some(neighbour.0), "lệnh chuyển 12");
        world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, id, ask));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        let left = other_line(&world, -1_000, 0);
        world.assert_balances(unit, &[bank(&world, -1_000), (Account::UnexplainedDebit(left), 1_000)]);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit], "only the other debit waits");
    });
}

/// Two persons decide the same about two items at one moment: how many of the decisions stand.
fn at_one_moment(world: &World, items: &[ExceptionId], (resolution, target): (&str, Option<i64>)) -> usize {
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    for id in items {
        let ask = (resolution, target, "theo ngân hàng");
        world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, *id, ask));
    }
    let checker = &checker;
    let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
        let decide = |id: ExceptionId| {
            scope.spawn(move || {
                let decided = world.app.write(checker, |tx, stamp| {
                    let done = resolve::approve(tx, stamp, checker, unit, id);
                    // Both are inside their transactions before either commits.
                    std::thread::sleep(std::time::Duration::from_millis(300));
                    done
                });
                decided.map(|_| ())
            })
        };
        let deciding: Vec<_> = items.iter().map(|id| decide(*id)).collect();
        deciding.into_iter().map(|one| one.join().unwrap()).collect()
    });
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[test]
fn what_is_the_units_is_given_once_though_two_of_its_accounts_give_it_at_one_moment() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, neighbour) = (world.ba_dinh.id, world.tay_ho.id);
        let second = world.open_account(&world.ba_dinh, "1900444400");
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(FEE, &format!("{} nop phi", owed.reference_code), "FT001")
            .book(-FEE, "chuyen tra", "FT002")
            .book(-5_000, "khac", "FT003")
            .book(3_000, "tra lai", "FT004");
        statement(&world, file);
        let file = BankFile::new("1900444400", today(&world), 0)
            .book(-FEE, "chuyen tra", "FT005")
            .book(3_000, "tra lai", "FT006");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, second).unwrap();
        let of = |kind: Kind, sum: i64| -> Vec<ExceptionId> {
            let items = world.exceptions(unit).into_iter();
            items.filter(|item| (item.kind, item.amount) == (kind, Dong(sum))).map(|item| item.id).collect()
        };

        let debits = of(Kind::UnknownDebit, FEE);
        assert_eq!(debits.len(), 2);
        assert_eq!(at_one_moment(&world, &debits, ("to_unit", Some(neighbour.0))), 1);
        let balance = |account| world.look(|conn| ledger::balance(conn, unit, &account));
        assert_eq!(
            balance(Account::DueToUnit(neighbour)),
            Dong::ZERO,
            "nothing is owed, and nothing owed back"
        );

        let (maker, checker, id) = (finance(&world), approver(&world), of(Kind::UnknownDebit, 5_000)[0]);
        let charge = ("bank_charge", None, "phí của ngân hàng");
        world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, id, charge));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        let credits = of(Kind::UnidentifiedCredit, 3_000);
        assert_eq!(credits.len(), 2);
        assert_eq!(at_one_moment(&world, &credits, ("charge_returned", None)), 1);
        assert_eq!(balance(Account::ChargesToRecover), Dong(2_000), "no more is given back than was taken");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn one_debt_is_paid_on_once_though_runs_over_two_accounts_find_its_code_at_one_moment() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, neighbour) = (world.ba_dinh.id, world.tay_ho.id);
        let second = world.open_account(&world.ba_dinh, "1900444400");
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(FEE, &memo, "FT001"),
        );
        let waiting = item(&world, Kind::WrongAccount).id;
        let text = format!("{} chuyen tra", owed.reference_code);
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), FEE).book(-FEE, &text, "FT002");
        import(&world, &file.camt());
        let file = BankFile::new("1900444400", today(&world), 0).book(-FEE, &text, "FT003");
        import(&world, &file.without_sequence().camt());

        let who = finance(&world);
        let (world, who) = (&world, &who);
        std::thread::scope(|scope| {
            // Somebody writes under the item, so that both runs have read it before either ends it.
            scope.spawn(move || {
                let written = world.app.write(who, |tx, stamp| {
                    exception::comment(tx, stamp, who, unit, waiting, "đã gọi ngân hàng")?;
                    std::thread::sleep(std::time::Duration::from_millis(1_200));
                    Ok(())
                });
                written.unwrap();
            });
            std::thread::sleep(std::time::Duration::from_millis(200));
            for account in [world.ba_dinh.account, second] {
                scope.spawn(move || {
                    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
                });
            }
        });
        let balance = |account| world.look(|conn| ledger::balance(conn, unit, &account));
        assert_eq!(balance(Account::DueToUnit(neighbour)), Dong::ZERO, "it is paid on once");
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit], "what the other debit was, persons say");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_transfer_between_own_accounts_waits_for_its_other_line_and_then_explains_itself() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let second = world.open_account(&world.ba_dinh, "1900444400");
        let memo = "DIEU CHUYEN NOI BO";
        let out = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(-500_000, memo, "FT001");
        statement(&world, out);
        let debit = other_line(&world, -500_000, 0);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit], "the other line is not there");
        let into = BankFile::new("1900444400", today(&world), 0).book(500_000, memo, "FT002");
        import(&world, &into.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, second).unwrap();
        world.assert_balances(unit, &[bank(&world, -500_000), (Account::Bank(second), 500_000)]);
        assert_eq!(world.open_kinds(unit), Vec::<Kind>::new());
        assert_eq!(
            world.count(&format!("audit_entry WHERE action = 'line.own_transfer' AND subject = '{debit}'")),
            1
        );
        closed(&world, today(&world));
    });
}

#[test]
fn two_lines_that_may_be_the_other_side_are_left_to_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let second = world.open_account(&world.ba_dinh, "1900444400");
        let memo = "DIEU CHUYEN NOI BO";
        let into = BankFile::new("1900444400", today(&world), 0)
            .book(500_000, memo, "FT001")
            .book(500_000, memo, "FT002");
        import(&world, &into.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, second).unwrap();
        let out = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(-500_000, memo, "FT003");
        statement(&world, out);
        assert_eq!(world.open_kinds(unit).len(), 3, "nobody picks for them");
        let credit = other_line(&world, 500_000, 1);
        let (maker, checker, id) = (finance(&world), approver(&world), item(&world, Kind::UnknownDebit).id);
        let ask = ("own_transfer", Some(credit.0), "lệnh chuyển nội bộ");
        world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, id, ask));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        let left = other_line(&world, 500_000, 0);
        let balances =
            [bank(&world, -500_000), (Account::Bank(second), 1_000_000), (Account::Suspense(left), -500_000)];
        world.assert_balances(unit, &balances);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
    });
}

#[test]
fn cash_taken_out_by_decision_is_answered_for_by_a_person_until_it_is_paid_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let file =
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(-200_000, "rut tien mat", "FT001");
        statement(&world, file);
        let id = item(&world, Kind::UnknownDebit).id;
        let (maker, checker) = (finance(&world), approver(&world));
        let holder = world.change(|tx, stamp| {
            bienlai::identity::create_person(tx, stamp, &Actor::system(), unit, "Thủ Quỹ Mẫu")
        });
        let plain = ("cash_withdrawn", Some(holder.0), "rút tiền lẻ");
        let bare = world.try_change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, id, plain));
        assert_eq!(bare.unwrap_err().code(), "decision_missing");
        let decision = exception::Decision { number: "12/QĐ".into(), on: today(&world) };
        let ask = exception::Ask { decision: Some(decision), ..exception::Ask::from(plain) };
        world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, id, ask.clone()));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        world.assert_balances(unit, &[bank(&world, -200_000), (Account::Shortage(holder), 200_000)]);
        assert_eq!(world.open_kinds(unit), Vec::<Kind>::new());
    });
}
