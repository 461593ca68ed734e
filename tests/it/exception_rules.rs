//! The second person is a rule of the database: whoever writes past the program is refused there.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::correction;
use bienlai::exception::{self, Exception, Kind, State, limit, work_query};
use bienlai::id::ExceptionId;
use bienlai::payment::{reopen, resolve};
use bienlai::reconciliation::reconcile;
use bienlai::store::failure::CHECK;

use crate::corrections::{corrected, person};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::line;
use crate::support::{World, each_database, tools};

/// Two credits and a debit that nobody can place.
fn unexplained(world: &World) -> Vec<Exception> {
    let (commune, today) = (&world.ba_dinh, world.now().business_day());
    let file = BankFile::new(commune.account_no, today, 0)
        .book(40_000, "chuyen tien", "R1")
        .book(70_000, "nop tien ho", "R2")
        .book(-11_000, "rut tien", "R3");
    import(world, &file.camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
    world.exceptions(commune.id)
}

/// The next event of an exception as somebody would write it by hand.
fn event(item: &Exception, kind: &str, state: &str, rest: (&str, &str, &str)) -> String {
    let (resolution, maker, checker) = rest;
    format!(
        "INSERT INTO exception_event (unit_id, id, exception_id, revision, kind, state, resolution, target_id, \
         maker_person_id, checker_person_id, reason, at) VALUES ({}, {}, {}, {}, '{kind}', '{state}', {resolution}, \
         NULL, {maker}, {checker}, 'x', 1)",
        item.unit.0,
        item.id.0 + 1,
        item.id.0,
        item.revision + 1
    )
}

#[test]
fn no_statement_settles_reopens_or_hands_over_without_two_names() {
    each_database(|database| {
        let world = World::settled_in(database);
        let items = unexplained(&world);
        let item = items.iter().find(|item| item.amount == Dong(40_000)).unwrap();
        let mut conn = world.database.as_owner();
        let mut refused = |sql: &str| assert_eq!(tools::code_of(&mut conn, sql), CHECK, "{sql}");
        for (kind, state, rest) in [
            ("approved", "resolved", ("'assign'", "11", "NULL")),
            ("approved", "resolved", ("'assign'", "NULL", "12")),
            ("approved", "resolved", ("'assign'", "11", "11")),
            ("approved", "resolved", ("NULL", "11", "12")),
            ("approved", "open", ("'assign'", "11", "12")),
            ("approved_alone", "resolved", ("'assign'", "11", "NULL")),
            ("approved_alone", "resolved", ("'to_budget'", "11", "NULL")),
            ("approved", "resolved", ("'to_budget'", "11", "12")),
            ("reopened", "open", ("NULL", "11", "NULL")),
            ("reopened", "open", ("NULL", "11", "11")),
            ("commented", "resolved", ("NULL", "11", "NULL")),
            ("commented", "open", ("NULL", "NULL", "NULL")),
            ("anything", "resolved", ("NULL", "NULL", "NULL")),
            ("proposed", "proposed", ("'assign'", "NULL", "NULL")),
        ] {
            refused(&event(item, kind, state, rest));
        }
        for change in ["state = 'resolved'", "owner = 'city'", "assignee_person_id = 11"] {
            refused(&format!(
                "UPDATE exception SET {change}, revision = revision + 1 WHERE id = {}",
                item.id.0
            ));
        }
        refused(
            "INSERT INTO match_part SELECT unit_id, id + 1, line_id, movement_id, amount, rule, evidence, \
                 11, NULL, id, created_at FROM match_part WHERE id = (SELECT MIN(id) FROM match_part)",
        );
        refused(
            "INSERT INTO exception_limit (unit_id, id, amount, decision_no, maker_person_id, \
                 checker_person_id, created_at) VALUES (2, 9, 1, 'x', 11, 11, 1)",
        );
    });
}

#[test]
fn a_limit_of_two_persons_lets_one_settle_small_things_alone_and_never_give_money_away() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let items = unexplained(&world);
        let find = |amount: i64| items.iter().find(|item| item.amount == Dong(amount)).unwrap().id;
        let (owed, dear) = (world.raise(Dong(40_000)), world.raise(Dong(70_000)));
        let clerk = person(unit, world.clerk, Role::Finance);
        let alone = |id: ExceptionId, resolution: &str, target: Option<i64>| {
            world.try_change(|tx, stamp| {
                let ask = (resolution, target, "đối chiếu chứng từ").into();
                resolve::alone(tx, stamp, &clerk, unit, id, &ask)
            })
        };
        let code = |id, resolution, target| alone(id, resolution, target).map(|_| ()).unwrap_err().code();
        assert_eq!(code(find(40_000), "assign", Some(owed.id.0)), "second_person_needed", "no limit yet");
        let same = world.try_change(|tx, stamp| {
            let (what, who) = ((Dong(50_000), "7/QĐ"), (world.clerk, world.clerk));
            limit::set(tx, stamp, &Actor::system(), unit, what, who)
        });
        assert_eq!(same.unwrap_err().code(), "maker_is_checker");
        world.change(|tx, stamp| {
            let (what, who) = ((Dong(50_000), "7/QĐ"), (world.clerk, world.chief));
            limit::set(tx, stamp, &Actor::system(), unit, what, who)
        });
        let (item, receipts) = alone(find(40_000), "assign", Some(owed.id.0)).unwrap();
        assert_eq!((item.state, receipts.len()), (State::Resolved, 1));
        assert_eq!(code(find(70_000), "assign", Some(dear.id.0)), "second_person_needed", "above the limit");
        assert_eq!(code(find(11_000), "to_budget", None), "decision_missing");
        assert_eq!(code(find(11_000), "refund_debit", Some(1)), "second_person_needed");
        assert_eq!(code(find(11_000), "acknowledge", None), "resolution_unfit", "unexplained money stands");
        alone(find(11_000), "bank_charge", None).unwrap();
        let kinds: Vec<String> = world
            .look(|conn| work_query::events(conn, unit, find(11_000)))
            .into_iter()
            .map(|event| event.kind)
            .collect();
        assert_eq!(kinds, ["opened", "approved_alone"]);
    });
}

#[test]
fn a_settled_item_is_opened_again_by_two_and_its_posting_is_taken_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let items = unexplained(&world);
        let charge = items.iter().find(|item| item.amount == Dong(11_000)).unwrap().id;
        let credit = items.iter().find(|item| item.amount == Dong(40_000)).unwrap().id;
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let settle = |id, resolution: &str, target| {
            world.change(|tx, stamp| {
                exception::propose(tx, stamp, &clerk, unit, id, (resolution, target, "theo giấy báo"))
            });
            world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, id));
        };
        let ask =
            |id| world.try_change(|tx, stamp| reopen::ask(tx, stamp, &clerk, unit, id, "ngân hàng nhầm"));
        assert_eq!(ask(charge).unwrap_err().code(), "exception_not_resolved");
        let before = world.look(|conn| bienlai::ledger::trial_balance(conn, unit));
        settle(charge, "bank_charge", None);
        for _ in 0..2 {
            assert_ne!(world.look(|conn| bienlai::ledger::trial_balance(conn, unit)), before);
            ask(charge).unwrap();
            assert_eq!(ask(charge).unwrap_err().code(), "reopening_asked");
            let by_maker = world.try_change(|tx, stamp| reopen::approve(tx, stamp, &clerk, unit, charge));
            assert_eq!(by_maker.unwrap_err().code(), "maker_is_checker");
            let again = world.change(|tx, stamp| reopen::approve(tx, stamp, &chief, unit, charge));
            assert_eq!(again.state, State::Open);
            assert_eq!(world.look(|conn| bienlai::ledger::trial_balance(conn, unit)), before);
            settle(charge, "bank_charge", None);
        }
        // Asked and refused: it stays settled, and may be asked for anew.
        ask(charge).unwrap();
        world.change(|tx, stamp| exception::refuse_reopening(tx, stamp, &chief, unit, charge, "đúng rồi"));
        ask(charge).unwrap();
        // What made a receipt takes the receipt back with it; the books are as they were.
        let owed = world.raise(Dong(40_000));
        let before = world.look(|conn| bienlai::ledger::trial_balance(conn, unit));
        settle(credit, "assign", Some(owed.id.0));
        ask(credit).unwrap();
        world.change(|tx, stamp| reopen::approve(tx, stamp, &chief, unit, credit));
        assert_eq!(world.look(|conn| bienlai::ledger::trial_balance(conn, unit)), before);
        assert_eq!(world.look(|conn| exception::find(conn, unit, credit)).state, State::Open);
        assert_eq!(world.again(&owed).state.as_str(), "reopened");
        // A receipt that was corrected since is cancelled by a correction first.
        let owed = world.raise(Dong(40_000));
        settle(credit, "assign", Some(owed.id.0));
        world.seal();
        let lines = vec![line("HT-01", "phi", "receipt", Dong(39_000))];
        corrected(&world, &world.receipts(&owed).remove(0), correction::Kind::Adjust, lines);
        assert_eq!(ask(credit).unwrap_err().code(), "undo_corrected");
        // What ended because its money found its place would ask for nothing.
        let owed = world.raise(Dong(30_000));
        world.claim(&owed, Dong(20_000)).settle();
        let part = world.exceptions(unit).into_iter().find(|item| item.kind == Kind::Underpaid).unwrap().id;
        world.claim(&owed, Dong(10_000)).settle();
        assert_eq!(world.look(|conn| exception::find(conn, unit, part)).state, State::Resolved);
        assert_eq!(ask(part).unwrap_err().code(), "undo_money_gone");
    });
}
