//! What the bank sent beyond a refund is owed back under that refund, and comes back alone or with it.

use bienlai::amount::Dong;
use bienlai::exception::{self, Exception, Kind, State as Asked};
use bienlai::ledger::Account;
use bienlai::obligation;
use bienlai::payment::refund::{Refund, State};
use bienlai::payment::resolve;

use crate::refunds::{
    approve, balance, debited_otherwise, named, now, overpaid, paid_back, refuse, request, said_of_a_credit,
    send, statement, today,
};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, ask_to_reopen, finance, item, reopened};

/// 30.000 came for 25.000, and two refunds of it are approved.
fn two_refunds(world: &World, amounts: (i64, i64)) -> (Refund, Refund) {
    let payment = overpaid(world);
    let [first, second] = [amounts.0, amounts.1].map(|amount| {
        let asked = request(world, payment, amount).unwrap();
        approve(world, &asked).unwrap()
    });
    (first, second)
}

/// Two persons say that the debit which names a refund took so much more than it.
fn over(world: &World, one: &Refund, debited: i64) {
    of_debit(world, one, (debited, "refund_over"));
}

fn of_debit(world: &World, one: &Refund, (debited, resolution): (i64, &str)) {
    let (unit, maker, checker) = (one.unit, finance(world), approver(world));
    let mut items = world.exceptions(unit).into_iter();
    let is_debit = |item: &Exception| {
        (item.kind, item.state, item.amount) == (Kind::RefundUnmatched, Asked::Open, Dong(debited))
    };
    let id = items.find(is_debit).expect("it is open").id;
    let ask = (resolution, Some(one.id.0), "ủy nhiệm chi sai số tiền");
    world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask.into(), &[]));
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
}

/// What is asked for under debits that took too much, in order; the settled ones are zero.
fn asked(world: &World) -> Vec<i64> {
    let items = world.exceptions(world.ba_dinh.id).into_iter();
    let of_debits = items.filter(|item| item.kind == Kind::BankReversal);
    of_debits.map(|item| if item.state == Asked::Resolved { 0 } else { item.amount.0 }).collect()
}

#[test]
fn each_of_two_refunds_debited_too_much_is_paid_back_for_itself() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = two_refunds(&world, (2_000, 3_000));
        for one in [&first, &second] {
            send(&world, one).unwrap();
        }
        world.wait_days(1);
        let memo = |one: &Refund| format!("HOAN TIEN {}", one.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-2_700, &memo(&first), "R2").book(-3_400, &memo(&second), "R3"));
        over(&world, &first, 2_700);
        over(&world, &second, 3_400);
        let debt = Account::ReversalToRecover(first.payment);
        assert_eq!((balance(&world, &debt), asked(&world)), (1_100, vec![700, 400]));
        // What is more than one of them took too much is not its money, though both together took so much.
        let other = paid_back(&world, &second, 23_900, 700).unwrap_err();
        assert_eq!(other.code(), "resolution_unfit");
        let item = said_of_a_credit(&world, &first, 700, "refund_repaid").unwrap();
        assert_eq!((balance(&world, &debt), asked(&world)), (400, vec![0, 400]));
        let twice = paid_back(&world, &first, 24_600, 400).unwrap_err();
        assert_eq!(twice.code(), "resolution_unfit", "nothing is owed under it any more");
        said_of_a_credit(&world, &second, 400, "refund_repaid").unwrap();
        assert_eq!((balance(&world, &debt), asked(&world)), (0, vec![0, 0]));
        // The first was said wrongly: it is owed again, and only it; once.
        reopened(&world, item);
        assert_eq!((balance(&world, &debt), asked(&world)), (700, vec![700, 0]));
        assert_eq!(ask_to_reopen(&world, item).unwrap_err().code(), "exception_not_resolved");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn what_was_paid_back_is_not_owed_again_while_a_refund_is_asked_for_and_then_covered_by_surplus() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (asked_for, payment) = debited_otherwise(&world, 5_000, 5_000, 5_700);
        named(&world, &asked_for, "refund_over").unwrap();
        let item = paid_back(&world, &asked_for, 24_300, 700).unwrap();
        // It comes back under its own code, and is not sent again: the payer has a surplus.
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        let back = format!("TRA LAI {}", asked_for.reference_code);
        statement(&world, file.book(5_000, &back, "R9"));
        assert_eq!(now(&world, &asked_for).state, State::Bounced);
        assert_eq!(ask_to_reopen(&world, item).unwrap_err().code(), "undo_refund_under_way");
        refuse(&world, &asked_for).unwrap();
        reopened(&world, item);
        let held = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((held.id, held.surplus), (payment, Dong(4_300)));
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 0);
        assert_eq!(asked(&world), [0], "nobody owes anything");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_refund_debited_too_much_comes_back_with_all_that_left_in_one_step() {
    for kept in [0, 1_100] {
        each_database(|database| {
            let world = World::settled_in(database);
            let (one, payment) = debited_otherwise(&world, 5_000, 3_000, 6_500);
            named(&world, &one, "refund_over").unwrap();
            world.wait_days(1);
            let file = BankFile::new(world.ba_dinh.account_no, today(&world), 23_500);
            let came = 6_500 - kept;
            statement(&world, file.book(came, "TRA LAI LENH CHUYEN TIEN", "R9"));
            let more = said_of_a_credit(&world, &one, came, "refund_repaid").unwrap_err();
            assert_eq!(more.code(), "resolution_unfit", "1.500 of it are owed back");
            said_of_a_credit(&world, &one, came, "refund_bounced").unwrap();
            assert_eq!(now(&world, &one).state, State::Bounced);
            let sums = [
                (Account::RefundPayable, -3_000),
                (Account::Surplus(payment), -2_000),
                (Account::ReversalToRecover(payment), 0),
                (Account::ChargesToRecover, kept),
            ];
            for (account, sum) in sums {
                assert_eq!(balance(&world, &account), sum, "{account}");
            }
            let held = world.payments(&world.ba_dinh).remove(0);
            assert_eq!((held.surplus, held.reversed), (Dong(5_000), Dong::ZERO));
            assert_eq!(asked(&world), [0], "nobody owes anything back");
            let open = world.open_kinds(one.unit);
            assert_eq!(open.len(), 2, "{open:?}");
            assert!(open.contains(&Kind::Overpaid) && open.contains(&Kind::RefundBounced), "{open:?}");
            assert_eq!(world.problems(), Vec::<String>::new());
            send(&world, &one).expect("nothing is owed back any more");
        });
    }
}

#[test]
fn a_credit_that_was_said_of_the_wrong_refund_pays_back_another_one_and_the_first_is_asked_for_still() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = two_refunds(&world, (2_000, 3_000));
        refuse(&world, &second).unwrap();
        send(&world, &first).unwrap();
        world.wait_days(1);
        let memo = |one: &Refund| format!("HOAN TIEN {}", one.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-5_700, &memo(&first), "R2"));
        over(&world, &first, 5_700);
        let wrong = paid_back(&world, &first, 24_300, 700).unwrap();
        reopened(&world, wrong);
        assert_eq!(asked(&world), [700]);
        // It is of the other one, of which nothing was owed yet when it was said first.
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        statement(&world, file.book(-3_000, &memo(&second), "R3"));
        of_debit(&world, &second, (3_000, "refund_refused"));
        assert_eq!(asked(&world), [700, 3_000]);
        said_of_a_credit(&world, &second, 700, "refund_repaid").unwrap();
        assert_eq!(balance(&world, &Account::ReversalToRecover(first.payment)), 3_000);
        assert_eq!(asked(&world), [700, 2_300]);
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn persons_say_that_no_more_than_the_refund_is_all_that_its_debit_took() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (one, payment) = debited_otherwise(&world, 5_000, 5_000, 5_700);
        named(&world, &one, "refund_over").unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 24_300);
        statement(&world, file.book(4_600, "TRA LAI LENH CHUYEN TIEN", "R9"));
        said_of_a_credit(&world, &one, 4_600, "refund_bounced_whole").unwrap();
        assert_eq!((now(&world, &one).state, asked(&world)), (State::Bounced, vec![0]));
        let sums = [
            (Account::RefundPayable, -5_000),
            (Account::ReversalToRecover(payment), 0),
            (Account::ChargesToRecover, 1_100),
        ];
        for (account, sum) in sums {
            assert_eq!(balance(&world, &account), sum, "{account}");
        }
        assert_eq!(world.problems(), Vec::<String>::new());
        send(&world, &one).expect("nothing is owed back any more");
    });
}

#[test]
fn of_what_was_paid_back_in_part_no_more_comes_back_than_is_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (one, payment) = debited_otherwise(&world, 5_000, 5_000, 6_500);
        named(&world, &one, "refund_over").unwrap();
        let part = paid_back(&world, &one, 23_500, 500).unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 24_000);
        statement(&world, file.book(6_500, "TRA LAI LENH CHUYEN TIEN", "R9"));
        let whole = said_of_a_credit(&world, &one, 6_500, "refund_bounced");
        assert_eq!(whole.unwrap_err().code(), "resolution_unfit", "500 of it were paid back before");
        // They were not: that credit was somebody else's.
        reopened(&world, part);
        said_of_a_credit(&world, &one, 6_500, "refund_bounced").unwrap();
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 0);
        assert_eq!(balance(&world, &Account::RefundPayable), -5_000);
        let open = world.look(|conn| exception::find(conn, one.unit, part));
        assert_eq!((open.state, open.amount), (Asked::Open, Dong(500)), "whose it is, nobody knows");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_refused_refund_that_left_and_was_owed_in_part_comes_back_in_one_step_and_stays_refused() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = two_refunds(&world, (1_500, 1_000));
        refuse(&world, &first).unwrap();
        let third = approve(&world, &request(&world, first.payment, 3_000).unwrap()).unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-1_500, &format!("HOAN TIEN {}", first.reference_code), "R2"));
        named(&world, &first, "refund_refused").unwrap();
        // Two other refunds hold all but 1.000 of the surplus: so much of it was the payer's.
        assert_eq!((now(&world, &first).state, asked(&world)), (State::Debited, vec![500]));
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 28_500);
        let back = format!("TRA LAI {}", first.reference_code);
        statement(&world, file.book(1_500, &back, "R3"));
        assert_eq!(now(&world, &first).state, State::Debited, "persons say what of it was whose");
        said_of_a_credit(&world, &first, 1_500, "refund_bounced").unwrap();
        assert_eq!((now(&world, &first).state, asked(&world)), (State::Refused, vec![0]));
        assert_eq!(balance(&world, &Account::RefundPayable), -4_000);
        assert_eq!(balance(&world, &Account::Surplus(first.payment)), -1_000);
        for one in [&second, &third] {
            send(&world, one).expect("nothing is owed back any more");
        }
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_refund_that_is_refused_covers_what_another_one_took_too_much_and_nobody_is_asked() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = two_refunds(&world, (2_000, 3_000));
        send(&world, &first).unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-2_700, &format!("HOAN TIEN {}", first.reference_code), "R2"));
        over(&world, &first, 2_700);
        assert_eq!(asked(&world), [700]);
        refuse(&world, &second).unwrap();
        assert_eq!(balance(&world, &Account::ReversalToRecover(first.payment)), 0);
        assert_eq!(balance(&world, &Account::Surplus(first.payment)), -2_300);
        assert_eq!((asked(&world), world.open_kinds(first.unit)), (vec![0], vec![Kind::Overpaid]));
        assert_eq!(world.problems(), Vec::<String>::new());

        // What the bank takes afterwards is owed whole: what was covered before stays covered.
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 27_300);
        statement(&world, file.book(-10_000, "dieu chinh giao dich", "R3"));
        let paid = world.payments(&world.ba_dinh).remove(0);
        let (unit, id) = (first.unit, item(&world, Kind::UnknownDebit).id);
        let (maker, checker) = (finance(&world), approver(&world));
        let ask = ("taken_back", paid.movement.map(|movement| movement.0), "công văn ngân hàng 7/2026");
        world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask.into(), &[]));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        assert_eq!(balance(&world, &Account::ReversalToRecover(first.payment)), 7_700);
        assert_eq!(asked(&world), [0, 7_700]);
        let owed = paid.obligation.expect("it is for one");
        let owed = world.look(|conn| obligation::find(conn, unit, owed));
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 17_300);
        statement(&world, file.book(7_700, &format!("{} nop phi", owed.reference_code), "R4"));
        assert_eq!(balance(&world, &Account::ReversalToRecover(first.payment)), 0);
        assert_eq!(
            (asked(&world), world.open_kinds(unit)),
            (vec![0, 0], vec![]),
            "nothing of it is too much"
        );
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_refund_that_is_refused_and_covers_a_part_leaves_the_rest_to_be_asked_for() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = two_refunds(&world, (4_500, 500));
        send(&world, &first).unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-5_200, &format!("HOAN TIEN {}", first.reference_code), "R2"));
        over(&world, &first, 5_200);
        assert_eq!(asked(&world), [700]);
        refuse(&world, &second).unwrap();
        assert_eq!(balance(&world, &Account::ReversalToRecover(first.payment)), 200);
        assert_eq!((asked(&world), world.open_kinds(first.unit)), (vec![200], vec![Kind::BankReversal]));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}
