//! The Treasury takes some lines of an order and rejects others: what it took is settled with the budget, the rest
//! comes back and is ordered again.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{self, Exception, Kind as ExceptionKind};
use bienlai::ledger::Account;
use bienlai::payment::resolve;
use bienlai::remittance::{Kind, Order, State};

use crate::cash_by_command::Shell;
use crate::corrections::person;
use crate::remittances::{
    approved, bank, close_day, collected, draft_of, due, kept, now, outcome, refuse, shown, today, told,
};
use crate::shifts_over_http::Desk;
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::{World, each_database};

/// As `collected`, with interest of the next day, which is closed too: two budget codes.
fn collected_with_interest(world: &World) {
    collected(world);
    shown(world, 33_000, 700, "TRA LAI TIEN GUI");
    close_day(world);
    world.wait_days(1);
}

/// The Treasury takes the interest and rejects the fees.
fn in_part(world: &World, order: &Order) -> [String; 2] {
    let (code, day) = (&order.reference_code, today(world));
    [
        format!("{code},,interest,700,{day},credited,"),
        format!("{code},805,2771,20500,{day},rejected,sai mã chương"),
    ]
}

/// Two persons say that the line nobody knows is the order's.
fn named(world: &World, order: &Order) {
    let (unit, target) = (order.unit, Some(order.id.0));
    let came = world.exceptions(unit).into_iter().find(|item| item.subject_kind == "line");
    let id = came.expect("nobody knows it").id;
    let (maker, checker) =
        (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
    world
        .app
        .write(&maker, |tx, stamp| {
            let ask = exception::Ask::from(("remittance", target, "báo có của Kho bạc"));
            resolve::propose(tx, stamp, &maker, (unit, id), ask, &[])
        })
        .unwrap();
    world.app.write(&checker, |tx, stamp| resolve::approve(tx, stamp, &checker, unit, id)).unwrap();
}

#[test]
fn of_an_order_that_is_rejected_in_part_the_credited_lines_stay_and_the_others_come_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        assert_eq!(order.amount, Dong(21_200));
        shown(&world, 33_700, -21_200, &format!("NOP NSNN {}", order.reference_code));
        let rows = in_part(&world, &order);
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        assert_eq!(outcome(&told(&world, &rows)), "in_part");
        let held = now(&world, &order);
        assert_eq!((held.state, held.credited, held.returning()), (State::Rejected, Dong(700), Dong(20_500)));
        let transit = Account::TreasuryInTransit(order.id);
        world.assert_balances(
            order.unit,
            &[bank(&world, 12_500), (transit, 20_500), kept(-12_500), due(-20_500)],
        );
        let asked = world.exceptions(order.unit).pop().expect("it is asked about");
        assert_eq!((asked.kind, asked.amount), (ExceptionKind::TreasuryRejected, Dong(20_500)));
        assert_eq!(outcome(&told(&world, &[rows[1], rows[0]])), "known", "in another order of rows");
        let other = rows[1].replace("rejected", "credited");
        assert_eq!(outcome(&told(&world, &[rows[0], &other])), "differs", "nothing is credited after all");
        assert_eq!(refuse(&world, &order).unwrap_err().code(), "remittance_state_wrong");
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap_err().code(), "remittance_nothing_due");
        close_day(&world);
        world.wait_days(1);

        shown(&world, 12_500, 20_500, &format!("TRA LAI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled, "nothing of it is on its way");
        assert!(world.open_kinds(order.unit).is_empty(), "{:?}", world.open_kinds(order.unit));
        world.assert_balances(order.unit, &[bank(&world, 33_000), kept(-12_500), due(-20_500)]);
        close_day(&world);
        world.wait_days(1);
        let second = draft_of(&world, Kind::Treasury, &[]).unwrap();
        assert_eq!((second.amount, second.order_no), (Dong(20_500), 2), "the interest is not ordered twice");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

/// What is asked about the order, settled or not.
fn asked_about(world: &World, order: &Order) -> Exception {
    let items = world.exceptions(order.unit);
    items.into_iter().find(|item| item.kind == ExceptionKind::TreasuryRejected).expect("it is asked about")
}

#[test]
fn an_item_about_a_report_that_did_not_fit_asks_for_what_the_next_one_rejects_of_the_order() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        let rows = in_part(&world, &order);
        assert_eq!(outcome(&told(&world, &[&rows[0]])), "differs", "a line is missing");
        let asked = asked_about(&world, &order);
        assert_ne!(asked.title_en(), asked.kind.title_en(), "nothing was rejected");
        assert_eq!(asked.amount, Dong(21_200));
        assert_eq!(outcome(&told(&world, &[&rows[0], &rows[1]])), "in_part");
        let asked = asked_about(&world, &order);
        assert_eq!((asked.amount, asked.title_en()), (Dong(20_500), asked.kind.title_en()));
    });
}

#[test]
fn an_end_proposed_for_a_report_that_did_not_fit_is_sent_back_when_the_treasury_rejects_the_order() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        let rows = in_part(&world, &order);
        assert_eq!(outcome(&told(&world, &[&rows[0]])), "differs");
        let (unit, id) = (order.unit, asked_about(&world, &order).id);
        let (maker, checker) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let propose = || {
            world.app.write(&maker, |tx, stamp| {
                let ask = exception::Ask::from(("acknowledge", None, "chờ báo cáo khác"));
                resolve::propose(tx, stamp, &maker, (unit, id), ask, &[])
            })
        };
        assert_eq!(propose().unwrap().state, exception::State::Proposed);
        assert_eq!(outcome(&told(&world, &[&rows[0], &rows[1]])), "in_part");
        let asked = asked_about(&world, &order);
        assert_eq!((asked.state, asked.amount), (exception::State::Open, Dong(20_500)));
        assert_eq!(asked.title_en(), asked.kind.title_en(), "it says that it was rejected");
        let late = world.app.write(&checker, |tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        assert_eq!(late.unwrap_err().code(), "exception_not_proposed");
        assert_eq!(propose().unwrap_err().code(), "resolution_unfit", "its money is still to come back");
        assert_eq!(outcome(&told(&world, &[&rows[1], &rows[0]])), "known");
        assert_eq!(asked_about(&world, &order).amount, Dong(20_500));
    });
}

#[test]
fn a_report_in_part_may_come_before_the_bank_and_persons_name_the_part_that_comes_back_without_its_code() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        let rows = in_part(&world, &order);
        told(&world, &rows.iter().map(String::as_str).collect::<Vec<_>>());
        let refused = refuse(&world, &order).unwrap_err().code();
        assert_eq!(refused, "remittance_state_wrong", "the bank was slower: part of it left for good");
        shown(&world, 33_700, -21_200, &format!("NOP NSNN {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Rejected);
        close_day(&world);
        world.wait_days(1);
        shown(&world, 12_500, 20_500, "KBNN TRA LAI TIEN");
        let unit = order.unit;
        named(&world, &order);
        assert_eq!(now(&world, &order).state, State::Settled);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        world.assert_balances(unit, &[bank(&world, 33_000), kept(-12_500), due(-20_500)]);
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn what_the_treasury_returns_line_by_line_is_named_by_two_persons_until_the_rest_is_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        shown(&world, 33_700, -21_200, &format!("NOP NSNN {}", order.reference_code));
        let rows = in_part(&world, &order).map(|row| row.replace("credited", "rejected"));
        assert_eq!(outcome(&told(&world, &[&rows[0], &rows[1]])), "rejected");
        close_day(&world);
        world.wait_days(1);
        shown(&world, 12_500, 700, &format!("KBNN TRA LAI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Rejected, "one line of it proves nothing by itself");
        named(&world, &order);
        let held = now(&world, &order);
        assert_eq!((held.state, held.returned, held.returning()), (State::Rejected, Dong(700), Dong(20_500)));
        let asked = world.exceptions(order.unit);
        let asked = asked.iter().find(|item| item.kind == ExceptionKind::TreasuryRejected).unwrap();
        assert_eq!(asked.amount, Dong(20_500), "what is still to come back");
        assert_eq!(world.problems(), Vec::<String>::new());
        let early = draft_of(&world, Kind::Treasury, &[]).unwrap_err();
        assert_eq!(early.code(), "remittance_nothing_due", "it is ordered again when all of it is back");
        close_day(&world);
        world.wait_days(1);
        shown(&world, 13_200, 20_500, &format!("KBNN TRA LAI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Returned);
        assert!(world.open_kinds(order.unit).is_empty(), "{:?}", world.open_kinds(order.unit));
        close_day(&world);
        world.wait_days(1);
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap().amount, Dong(21_200));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn of_an_order_that_was_rejected_in_part_before_it_left_the_bank_sends_what_was_accepted() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        let rows = in_part(&world, &order);
        assert_eq!(outcome(&told(&world, &[&rows[0], &rows[1]])), "in_part");
        shown(&world, 33_700, -700, &format!("NOP NSNN {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled);
        assert!(world.open_kinds(order.unit).is_empty(), "{:?}", world.open_kinds(order.unit));
        world.assert_balances(order.unit, &[bank(&world, 33_000), kept(-12_500), due(-20_500)]);
        close_day(&world);
        world.wait_days(1);
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap().amount, Dong(20_500));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn page_api_and_command_say_of_each_line_what_the_treasury_said() {
    each_database(|database| {
        // Two days pass, so that the program's own clock shows the last of them.
        let world = World::settled_in_before(database, 2);
        let (unit, scope) = (world.ba_dinh.id, Scope::unit(world.ba_dinh.id));
        collected_with_interest(&world);
        let order = approved(&world, Kind::Treasury);
        shown(&world, 33_700, -21_200, &format!("NOP NSNN {}", order.reference_code));
        let rows = in_part(&world, &order);
        told(&world, &rows.iter().map(String::as_str).collect::<Vec<_>>());
        let shell = Shell::new(&world);
        let by_command = shell.json(&["remittance", "show", &order.id.to_string()]);
        let mut service = Service::start(&world);
        let mut seated = seated(&world, service.address, Role::Finance, "nguoi.ketoan", scope);
        seated.get(&format!("/finance/remittances/{}", order.id));
        seated.sees("Kho bạc từ chối một phần");
        seated.sees("sai mã chương");
        seated.sees("Kho bạc đã ghi có");
        let desk = Desk { world: &world, service: &service };
        let reader = desk.token(Role::Finance, "Lê Thị Mẫu");
        let by_api = desk.get(&reader, &format!("/api/v1/remittances/{}", order.id));
        service.stop();
        for told in [by_command, by_api] {
            let status = |at: usize| told["lines"][at]["status"].as_str().unwrap_or_default().to_owned();
            let mut both = [status(0), status(1)];
            both.sort();
            assert_eq!((both[0].as_str(), both[1].as_str()), ("credited", "rejected"), "{told}");
            assert_eq!(told["remittance"]["credited"], 700, "{told}");
        }
        assert_eq!(world.open_kinds(unit), [ExceptionKind::TreasuryRejected]);
    });
}

#[test]
fn what_waits_for_approval_names_interest_and_budget_codes_as_the_orders_page_does() {
    each_database(|database| {
        let world = World::settled_in_before(database, 2);
        let scope = Scope::unit(world.ba_dinh.id);
        collected_with_interest(&world);
        let order = draft_of(&world, Kind::Treasury, &[]).unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", scope);
        for page in ["/duties".to_owned(), format!("/finance/remittances/{}", order.id)] {
            assert_eq!(chief.get(&page).status, 200, "{page}");
            chief.sees("Lãi tiền gửi");
            chief.sees("tiểu mục 805-2771");
        }
        service.stop();
    });
}
