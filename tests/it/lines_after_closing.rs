//! Days that are closed late: a line that comes after its day was closed is posted on the day that is open, and once
//! two persons open its own day again, that day has it and closes. What was settled before a day ended is not carried
//! from it.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Kind};
use bienlai::payment::pos::{self, Item, ItemKind, NewBatch};
use bienlai::payment::resolve;
use bienlai::reconciliation::day_close::{self, Closing, close, reading, verify_chain};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;

use crate::closings::{approve, ask};
use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

fn closing(world: &World, day: BusinessDay) -> Result<day_close::Certificate, Vec<&'static str>> {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let closed = close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closed.expect("the day is looked at") {
        Closing::Closed(certificate) => Ok(*certificate),
        Closing::Refused(obstacles) => Err(obstacles.iter().map(Obstacle::code).collect()),
    }
}

fn matched(world: &World, bytes: &[u8]) {
    import(world, bytes);
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

#[test]
fn a_day_that_is_opened_again_for_a_line_that_came_late_closes_with_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let monday = world.now().business_day();
        let (first, second) = (world.raise(Dong(25_000)), world.raise(Dong(30_000)));
        let memos = [&first, &second].map(|owed| format!("{} nop phi", owed.reference_code));
        let file = BankFile::new(world.ba_dinh.account_no, monday, 0).book(25_000, &memos[0], "R1");
        world.wait_days(1);
        matched(&world, &file.csv());
        closing(&world, monday).unwrap();

        // On Tuesday the bank shows two more of Monday's: a fee, and its own charge that no rule names.
        let tuesday = monday.next();
        let file = BankFile::new(world.ba_dinh.account_no, tuesday, 0)
            .book_on(monday, 25_000, &memos[0], "R1")
            .book_on(monday, 30_000, &memos[1], "R2")
            .book_on(monday, -4_000, "CT DI", "R3")
            .book_on(tuesday, 7_000, "CT DEN", "R4");
        matched(&world, &file.without_sequence().camt());
        assert_eq!(world.receipts(&second).len(), 1, "whoever paid has the receipt at once");
        assert!(closing(&world, tuesday).unwrap_err().contains(&"opening_differs"));

        for _ in 0..2 {
            let request = ask(&world, monday).unwrap();
            approve(&world, &request, world.chief).unwrap();
            let told = closing(&world, monday).unwrap();
            let told = reading::read(&told.document).unwrap();
            assert_eq!((told.closing, told.line_count), (Dong(51_000), 3));
            let mut carried: Vec<(i64, &str)> =
                told.carried.iter().map(|one| (one.amount.0, one.exception_kind.as_str())).collect();
            carried.sort_unstable();
            assert_eq!(carried, [(-4_000, "unknown_debit"), (30_000, "cut_off")], "by name, each once");
            let told = closing(&world, tuesday).unwrap();
            assert_eq!(told.closing, Dong(58_000));
        }
        assert_eq!(world.look(|conn| verify_chain(conn, world.ba_dinh.id, world.ba_dinh.account)), None);
    });
}

#[test]
fn what_was_settled_before_its_day_ended_is_not_carried_however_late_the_day_is_closed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, monday) = (world.ba_dinh.id, world.now().business_day());
        let (finance, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        for number in 1..=2 {
            let sale =
                Item { kind: ItemKind::Sale, approval_code: format!("X{number}"), amount: Dong(8_000) };
            let new = NewBatch {
                unit,
                account: None,
                reference: format!("POS00{number}"),
                settled_on: monday,
                fee: Dong::ZERO,
                items: vec![sale],
            };
            world.change(|tx, stamp| pos::import(tx, stamp, &finance, &new));
        }
        let settle = |id| {
            let ask = ("acknowledge", None, "máy khác");
            world.change(|tx, stamp| exception::propose(tx, stamp, &finance, unit, id, ask));
            world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, id));
        };
        let mut items = world.exceptions(unit);
        items.retain(|item| item.kind == Kind::BulkSettlement);
        let [first, second] = items.as_slice() else { panic!("two batches with sales that nobody knows") };
        settle(first.id);
        let file = BankFile::new(world.ba_dinh.account_no, monday, 0).book(7_000, "CT DEN", "R1");
        matched(&world, &file.camt());
        world.wait_days(1);
        settle(second.id);
        let told = reading::read(&closing(&world, monday).unwrap().document).unwrap();
        let carried: Vec<String> =
            told.carried.iter().filter(|one| one.kind == "batch").map(|one| one.exception.clone()).collect();
        assert_eq!(carried, [second.id.to_string()], "the other one was settled on its day");
    });
}
