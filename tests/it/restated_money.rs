//! What a corrected statement does to money: a booking that the bank moves or words anew is the same
//! money, shown by another line; nothing is owed back, paid twice or counted twice because of it.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Kind};
use bienlai::id::LineId;
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::PaymentState;
use bienlai::payment::resolve;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::reconcile;
use bienlai::statement::version::{self, Decision, Version};

use crate::corrections::person;
use crate::imports::import;
use crate::restated::{approve, held, propose};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

pub fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

pub fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched");
}

/// What keeps a day open, or nothing: then it is closed.
pub fn obstacles(world: &World, day: BusinessDay) -> Vec<&'static str> {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let stamp = || world.stamp();
    match close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, day).unwrap() {
        Closing::Closed(_) => Vec::new(),
        Closing::Refused(obstacles) => obstacles.iter().map(|one| one.code()).collect(),
    }
}

/// Nothing keeps these days open: they are closed in their order.
fn assert_closes(world: &World, days: &[BusinessDay]) {
    for day in days {
        assert_eq!(obstacles(world, *day), Vec::<&str>::new(), "{day}");
    }
}

/// A statement until today of an account on which nothing was before.
fn statement(world: &World) -> BankFile {
    BankFile::new(world.ba_dinh.account_no, today(world), 0)
}

/// The first telling is matched; two persons accept the second.
fn restated(world: &World, first: &BankFile, second: &BankFile) -> Version {
    import(world, &first.camt());
    matched(world);
    corrected(world, second)
}

pub fn corrected(world: &World, second: &BankFile) -> Version {
    let version = held(&import(world, &second.camt())).clone();
    propose(world, version.id, Decision::Accept);
    let decided = approve(world, version.id, world.chief).expect("it goes in");
    matched(world);
    decided.version
}

pub fn line_of(world: &World, amount: i64, nth: usize) -> LineId {
    let sql = format!("SELECT CAST(id AS TEXT) AS t FROM statement_line WHERE amount = {amount} ORDER BY id");
    LineId(world.words(&sql)[nth].parse().unwrap())
}

pub fn bank(world: &World, amount: i64) -> (Account, i64) {
    (Account::Bank(world.ba_dinh.account), amount)
}

fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".to_owned()), -amount)
}

#[test]
fn a_receipted_credit_that_the_bank_moves_to_another_day_is_the_same_payment() {
    for is_claimed in [false, true] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let yesterday = today(&world);
            let owed = world.raise(Dong(FEE));
            if is_claimed {
                world.claim(&owed, Dong(FEE)).reference("FT26327001").settle();
            }
            world.wait_days(1);
            let memo = format!("{} nop phi", owed.reference_code);
            let first = statement(&world).book_on(yesterday, FEE, &memo, "FT26327001").book(
                8_000,
                "le",
                "FT26327002",
            );
            let moved = statement(&world).book(8_000, "le", "FT26327002").book(FEE, &memo, "FT26327001");
            restated(&world, &first, &moved);

            world.assert_balances(
                unit,
                &[
                    bank(&world, FEE + 8_000),
                    collected(FEE),
                    (Account::Suspense(line_of(&world, 8_000, 0)), -8_000),
                ],
            );
            let payment = world.payments(&world.ba_dinh).remove(0);
            assert_eq!((world.payments(&world.ba_dinh).len(), payment.state), (1, PaymentState::Proven));
            assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (State::Paid, 1));
            assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "nobody is asked about the fee");
            assert_closes(&world, &[yesterday]);
            let after_yesterday = world.look(|conn| {
                bienlai::reconciliation::day_close::balance_of_books(
                    conn,
                    unit,
                    world.ba_dinh.account,
                    yesterday,
                )
            });
            assert_eq!(after_yesterday, Dong::ZERO, "yesterday closes with what the bank says");
            assert_eq!(world.count("posting WHERE source_kind = 'day'"), 0, "no fee was proven by yesterday");
            assert_closes(&world, &[today(&world)]);
            let shares: i64 = world.count("posting WHERE source_kind = 'day'");
            assert_eq!(shares, 2, "it is shared out once, today");
            matched(&world);
            // The bank takes the moved line back for good: it is found by the line that shows it now.
            world.wait_days(1);
            let back = BankFile::new(world.ba_dinh.account_no, today(&world), FEE + 8_000).numbered(2);
            import(&world, &back.book(-FEE, &memo, "FT26327001").camt());
            matched(&world);
            let debt = Account::ReversalToRecover(payment.id);
            let owed_back = world.look(|conn| bienlai::ledger::balance(conn, unit, &debt));
            let cases = world.words("SELECT case_name AS t FROM line_case ORDER BY line_id");
            assert_eq!(owed_back, Dong(FEE), "{cases:?} {:?}", world.exceptions(unit));
        });
    }
}

#[test]
fn a_day_between_that_of_a_line_and_the_day_the_bank_moved_it_to_closes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first_day = today(&world);
        let owed = world.raise(Dong(FEE));
        world.wait_days(2);
        let memo = format!("{} nop phi", owed.reference_code);
        let first = statement(&world).book_on(first_day, FEE, &memo, "FT26327001");
        let moved = statement(&world).book(FEE, &memo, "FT26327001");
        restated(&world, &first, &moved);
        assert_eq!(world.open_kinds(world.ba_dinh.id), Vec::<Kind>::new(), "nobody is asked");
        assert_closes(&world, &[first_day, first_day.next(), today(&world)]);
    });
}

#[test]
fn a_receipted_credit_of_a_larger_sum_is_paid_by_the_new_line_and_only_the_rest_is_surplus() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        restated(
            &world,
            &statement(&world).book(FEE, &memo, "FT26327001"),
            &statement(&world).book(52_000, &memo, "FT26327001"),
        );
        let again = world.payments(&world.ba_dinh).remove(1);
        world.assert_balances(
            unit,
            &[bank(&world, 52_000), collected(FEE), (Account::Surplus(again.id), FEE - 52_000)],
        );
        assert_eq!(world.receipts(&owed).len(), 1);
        assert_eq!(world.open_kinds(unit), [Kind::Overpaid], "nothing is owed back any more");
        assert_closes(&world, &[today(&world)]);
    });
}

#[test]
fn a_receipted_credit_of_a_smaller_sum_leaves_the_difference_to_recover() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        restated(
            &world,
            &statement(&world).book(FEE, &memo, "FT26327001"),
            &statement(&world).book(15_000, &memo, "FT26327001"),
        );
        let payment = world.payments(&world.ba_dinh).remove(0);
        world.assert_balances(
            unit,
            &[bank(&world, 15_000), collected(FEE), (Account::ReversalToRecover(payment.id), 10_000)],
        );
        assert!(
            world.payments(&world.ba_dinh).iter().all(|one| one.surplus == Dong::ZERO),
            "none beside the debt"
        );
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal]);
        assert_closes(&world, &[today(&world)]);
    });
}

#[test]
fn interest_and_charges_that_the_bank_moves_count_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let yesterday = today(&world);
        world.wait_days(1);
        let of = |day| {
            statement(&world)
                .book_on(day, 1_200, "TRA LAI TIEN GUI", "FT26327001")
                .book_on(day, -700, "PHI DICH VU THANG 11", "FT26327002")
                .book(40, "le", "FT26327003")
        };
        restated(&world, &of(yesterday), &of(today(&world)));
        world.assert_balances(
            unit,
            &[
                bank(&world, 540),
                (Account::BudgetDue("interest".to_owned()), -1_200),
                (Account::ChargesToRecover, 700),
                (Account::Suspense(line_of(&world, 40, 0)), -40),
            ],
        );
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        assert_closes(&world, &[yesterday, today(&world)]);
        let account = world.ba_dinh.account;
        let kind = bienlai::remittance::Kind::Treasury;
        let due = world.look(|conn| bienlai::remittance::remittable(conn, unit, account, kind));
        let free: Vec<(String, Dong)> = due.into_iter().map(|one| (one.source, one.free)).collect();
        assert_eq!(free, [("budget_due/interest".to_owned(), Dong(1_200))], "and is remittable once");
    });
}

#[test]
fn money_that_two_persons_placed_stays_where_they_put_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let yesterday = today(&world);
        world.wait_days(1);
        let owed = world.raise(Dong(FEE));
        let of = |day| {
            statement(&world).book_on(day, FEE, "nop phi khong ma", "FT26327001").book(40, "le", "FT26327002")
        };
        import(&world, &of(yesterday).camt());
        matched(&world);
        let about = line_of(&world, FEE, 0);
        let open = world.exceptions(unit).into_iter().find(|item| item.subject_id == about.0).unwrap();
        let clerk = person(unit, world.clerk, bienlai::actor::Role::Finance);
        let chief = person(unit, world.chief, bienlai::actor::Role::Approver);
        let ask = ("assign", Some(owed.id.0), "người nộp xác nhận");
        world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, unit, open.id, ask));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, open.id));
        corrected(&world, &of(today(&world)));
        world.assert_balances(
            unit,
            &[bank(&world, FEE + 40), collected(FEE), (Account::Suspense(line_of(&world, 40, 0)), -40)],
        );
        assert_closes(&world, &[yesterday, today(&world)]);
    });
}

#[test]
fn money_nobody_placed_is_asked_about_once_under_its_new_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let yesterday = today(&world);
        world.wait_days(1);
        let of = |day| {
            statement(&world)
                .book_on(day, FEE, "khong ma", "FT26327001")
                .book_on(day, -3_000, "chuyen di dau", "FT26327002")
                .book(40, "le", "FT26327003")
        };
        restated(&world, &of(yesterday), &of(today(&world)));
        let (credit, debit) = (line_of(&world, FEE, 1), line_of(&world, -3_000, 1));
        world.assert_balances(
            unit,
            &[
                bank(&world, FEE - 3_000 + 40),
                (Account::Suspense(credit), -FEE),
                (Account::UnexplainedDebit(debit), 3_000),
                (Account::Suspense(line_of(&world, 40, 0)), -40),
            ],
        );
        let mut asked = world.open_kinds(unit);
        asked.sort();
        assert_eq!(asked, [Kind::UnidentifiedCredit, Kind::UnidentifiedCredit, Kind::UnknownDebit]);
        assert_closes(&world, &[yesterday, today(&world)]);
    });
}

#[test]
fn a_second_version_that_waits_is_compared_again_with_the_lines_as_they_stand() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let whole = statement(&world).book(FEE, "mot", "FT26327001").book(8_000, "hai", "FT26327002").book(
            40,
            "le",
            "FT26327003",
        );
        import(&world, &whole.camt());
        matched(&world);
        let less = statement(&world).book(8_000, "hai", "FT26327002").book(40, "le", "FT26327003");
        let least = statement(&world).book(40, "le", "FT26327003");
        let mut told_again = less.camt();
        told_again.push(b'\n');
        let one = held(&import(&world, &less.camt())).clone();
        let two = held(&import(&world, &least.camt())).clone();
        let three = held(&import(&world, &told_again)).clone();
        assert_eq!((one.gone, two.gone, three.gone), (1, 2, 1));
        for version in [&one, &two] {
            propose(&world, version.id, Decision::Accept);
        }
        approve(&world, one.id, world.chief).expect("the first goes in");

        let find = |id| world.look(|conn| version::find(conn, unit, id)).state;
        assert_eq!((find(two.id), find(three.id)), ("held".to_owned(), "applied".to_owned()));
        let left = world.look(|conn| version::differences(conn, unit, two.id));
        assert_eq!(left.len(), 1, "the line that the first took out is not in question any more: {left:?}");
        assert_eq!(left[0].old.as_ref().unwrap().amount, Dong(8_000));
        let refused = approve(&world, two.id, world.chief).unwrap_err();
        assert_eq!(
            refused.code(),
            "statement_version_not_proposed",
            "the old proposal was about other lines"
        );

        propose(&world, two.id, Decision::Accept);
        approve(&world, two.id, world.chief).expect("the second goes in too");
        matched(&world);
        world.assert_balances(unit, &[bank(&world, 40), (Account::Suspense(line_of(&world, 40, 0)), -40)]);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "nothing is left to decide");
        assert_closes(&world, &[today(&world)]);
    });
}
