//! No money is matched twice: not by two runs at once, not by a line posted again, not by whoever
//! writes past the program.

use std::collections::BTreeSet;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::id::{LineId, MovementId};
use bienlai::ledger::Account;
use bienlai::payment::book::PaymentState;
use bienlai::payment::prove::{Case, LineWork, post_lines};
use bienlai::reconciliation::reconcile;
use bienlai::store::Lane;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::BANK;
use crate::support::{World, each_database, tools};

/// Ten claims shown by ten lines, five credits by code nobody claimed, a charge and a credit nobody
/// can place.
fn busy_day(world: &World) {
    let day = world.now().business_day();
    let mut file = BankFile::new(world.ba_dinh.account_no, day, 0);
    for turn in 0..15 {
        let owed = world.raise(Dong(25_000));
        if turn < 10 {
            world.claim(&owed, Dong(25_000)).settle();
        }
        file = file.book(25_000, &format!("{} LE PHI", owed.reference_code), &format!("FT{turn:04}"));
    }
    let file = file.book(-1_100, "PHI DICH VU", "FT9000").book(7_000, "CHUYEN TIEN", "FT9001");
    import(world, &file.without_sequence().camt());
}

fn matched(world: &World) -> usize {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let done = reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account);
    done.expect("a run that was overtaken starts over").lines_posted
}

#[test]
fn runs_at_the_same_time_post_each_line_once_and_agree_with_one_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        busy_day(&world);
        let posted: Vec<usize> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| matched(&world))).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(posted.iter().sum::<usize>(), 17, "{posted:?}");
        assert_eq!(world.count("line_case"), 17);
        assert_eq!(
            world.count("movement WHERE proven > 0"),
            16,
            "ten claims, five credits, the one in suspense"
        );
        let doubled = "(SELECT movement_id FROM match_part GROUP BY movement_id HAVING COUNT(*) > 1) x";
        assert_eq!(world.count(doubled), 0);
        let before = world.count("posting");
        assert_eq!(matched(&world), 0, "nothing is left");
        assert_eq!(world.count("posting"), before);
    });
}

fn line_works(world: &World, movement: MovementId) -> Vec<LineWork> {
    let sql = "SELECT id AS n FROM statement_line WHERE amount = 25000 ORDER BY id";
    let ids = world.look(|conn| Ok(tools::numbers(conn, sql)));
    let work = |id: &i64| LineWork {
        unit: world.ba_dinh.id,
        account: world.ba_dinh.account,
        line: LineId(*id),
        booking_date: world.now().business_day(),
        amount: Dong(25_000),
        code: String::new(),
        is_damaged: false,
        bank_reference: None,
        revision: 1,
        case: Case::Proof { parts: vec![(movement, Dong(25_000))] },
        rule: "code_and_amount",
        evidence: "[]".into(),
        hint: None,
    };
    ids.iter().map(work).collect()
}

#[test]
fn a_claim_that_two_lines_would_prove_is_proven_by_none() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        let day = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, day, 0);
        let file = file.book(25_000, "A", "FT1").book(25_000, "B", "FT2");
        import(&world, &file.without_sequence().camt());
        let movement = world.look(|conn| Ok(tools::number(conn, "SELECT id AS n FROM movement")));
        let works = line_works(&world, MovementId(movement));
        let actor = Actor::system();
        let seen = BTreeSet::from([MovementId(movement)]);
        let post = |works: &[LineWork]| {
            world
                .store
                .write(&actor.scope, Lane::Bulk, |tx| post_lines(tx, &world.stamp(), &actor, works, &seen))
        };
        assert_eq!(post(&works).unwrap_err().code(), "store_contended", "both at once");
        assert_eq!(world.count("line_case"), 0, "nothing was written");
        post(&works[..1]).unwrap();
        assert_eq!(post(&works[1..]).unwrap_err().code(), "store_contended", "one after the other");
        assert_eq!(post(&works[..1]).unwrap_err().code(), "store_contended", "the same line again");
        assert_eq!(world.count("match_part"), 1);
        matched(&world);
    });
}

#[test]
fn the_database_refuses_what_would_match_money_twice() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        busy_day(&world);
        matched(&world);
        let mut owner = world.database.as_owner();
        for attempt in [
            "INSERT INTO line_case SELECT * FROM line_case WHERE case_name = 'proof'",
            "UPDATE movement SET proven = amount + 1, revision = revision + 1 WHERE state = 'proven'",
            "UPDATE match_part SET amount = amount + 1",
            "DELETE FROM match_part",
            "UPDATE line_case SET case_name = 'credit'",
        ] {
            assert_ne!(tools::code_of(&mut owner, attempt), "ok", "{attempt}");
        }
    });
}

#[test]
fn a_claim_that_the_bank_booked_in_two_lines_is_proven_by_both_and_by_neither_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let told = world.raise(Dong(25_000));
        world.claim(&told, Dong(25_000)).reference("FT26327777").settle();
        let alone = world.raise(Dong(25_000));
        world.claim(&alone, Dong(25_000)).reference("FT26327888").settle();
        let day = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, day, 0)
            .book(10_000, "CHUYEN TIEN PHAN 1", "FT26327777")
            .book(15_000, "CHUYEN TIEN PHAN 2", "FT26327777")
            .book(10_000, "CHUYEN TIEN PHAN 1", "FT26327888");
        import(&world, &file.without_sequence().camt());
        matched(&world);
        let states: Vec<_> = world.payments(&world.ba_dinh).into_iter().map(|one| one.state).collect();
        assert_eq!(states, [PaymentState::Proven, PaymentState::Claimed]);
        let rules = world.words("SELECT rule AS t FROM match_part WHERE rule <> 'none'");
        assert_eq!(rules, ["split_reference", "split_reference"]);
        assert_eq!(
            world.open_kinds(world.ba_dinh.id),
            [Kind::ContentDiffers],
            "the third stands in suspense"
        );
        world.assert_balances(world.ba_dinh.id, &{
            let sql = "SELECT id AS n FROM statement_line WHERE bank_reference = 'FT26327888'";
            let line = world.look(|conn| Ok(tools::number(conn, sql)));
            vec![
                (Account::Bank(world.ba_dinh.account), 35_000),
                (Account::Clearing(world.ba_dinh.account, BANK.into()), 25_000),
                (Account::FeesCollected("HT-01".into()), -50_000),
                (Account::Suspense(LineId(line)), -10_000),
            ]
        });
    });
}
