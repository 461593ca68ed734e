//! An account with more open claims than are read at once: each of them takes part, the newest too.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::Kind;
use bienlai::queue::{Settings, upkeep};
use bienlai::reconciliation::{Report, reconcile};

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};

const FEE: i64 = 25_000;

/// So many more transfers on the account that a channel told of by this day and no line shows.
fn told_before(world: &World, count: u32, day: BusinessDay) {
    let sql = format!(
        "INSERT INTO movement (unit_id, id, account_id, direction, amount, code, first_seen_on, created_at, proven, \
         claimed_by, payment_id, state, revision) WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy \
         WHERE n < {count}) SELECT {unit}, (SELECT COALESCE(MAX(id), 0) FROM movement) + n, {account}, 'credit', 1000, \
         '', '{day}', 1, 0, 'bank', NULL, 'expected', 1 FROM copy",
        unit = world.ba_dinh.id.0,
        account = world.ba_dinh.account.0,
    );
    tools::run(&mut world.database.as_owner(), &sql).unwrap();
}

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn matched(world: &World, file: BankFile) -> Report {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched")
}

#[test]
fn a_line_proves_its_claim_behind_two_hundred_thousand_older_ones() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        // The copies are no books.
        world.stop_watching();
        told_before(&world, 200_000, today(&world));
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(FEE)).reference("FT26327001").settle();
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        let report = matched(&world, file.book(FEE, "chuyen tien", "FT26327001"));
        assert_eq!((report.lines_posted, report.proven, report.unknown), (1, 1, 0));
        assert_eq!(world.receipts(&owed).len(), 1);
    });
}

#[test]
fn a_claim_over_the_cut_off_is_named_behind_ten_thousand_older_ones() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        // The copies are no books.
        world.stop_watching();
        let owed = world.raise(Dong(FEE));
        world.wait_seconds(14 * 3_600 + 1_800); // 23:30
        world.claim(&owed, Dong(FEE)).reference("FT26327003").settle();
        matched(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 0));
        told_before(&world, 10_000, today(&world).plus_days(-30));
        upkeep::look(&world.store, &world.stamp(), &Settings::default()).expect("the queue is looked over");
        assert!(world.open_kinds(owed.unit).contains(&Kind::CutOff));
    });
}
