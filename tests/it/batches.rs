//! The queue in front of settling: copies, bad claims and several processes at once.

use std::sync::Arc;

use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::id::ReceiptId;
use bienlai::obligation::Obligation;
use bienlai::payment::Arrival;
use bienlai::payment::settler::{Answer, Settler, retry_parked};
use bienlai::store::Conn;
use futures_util::future::join_all;

use crate::support::{TestApp, World, each_database, tools};

const FEE: Dong = Dong(25_000);

/// Sends all arrivals at once and waits for all answers.
fn send(app: &TestApp, arrivals: &[Arrival]) -> Vec<Result<Answer>> {
    let (settler, threads) = Settler::start(&app.settling_tools());
    let answers = together(&settler, arrivals);
    drop(settler);
    for thread in threads {
        thread.join().unwrap();
    }
    answers
}

fn together(settler: &Settler, arrivals: &[Arrival]) -> Vec<Result<Answer>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(join_all(arrivals.iter().cloned().map(|arrival| settler.settle(arrival))))
}

fn receipt(answer: &Result<Answer>) -> Option<ReceiptId> {
    match answer {
        Ok(Answer::Settled(settled)) => settled.receipt,
        _ => None,
    }
}

fn payments(world: &World, count: usize) -> (Vec<Obligation>, Vec<Arrival>) {
    let owed: Vec<Obligation> = (0..count).map(|_| world.raise(FEE)).collect();
    let arrivals = owed.iter().map(|owed| world.claim(owed, FEE).arrival()).collect();
    (owed, arrivals)
}

/// Makes claims of this amount impossible to store, for a reason of their own.
fn set_trap(world: &World, amount: i64) {
    let mut owner = world.database.as_owner();
    let sql = match owner {
        Conn::Sqlite(_) => {
            format!(
                "CREATE TRIGGER trap BEFORE INSERT ON claim WHEN NEW.amount = {amount} BEGIN SELECT RAISE(ABORT, 'a trap'); END"
            )
        }
        Conn::Pg(_) => format!(
            "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a trap'; END $$; \
             CREATE TRIGGER trap BEFORE INSERT ON claim FOR EACH ROW WHEN (NEW.amount = {amount}) EXECUTE FUNCTION trap()"
        ),
    };
    tools::run(&mut owner, &sql).unwrap();
}

fn remove_trap(world: &World) {
    let mut owner = world.database.as_owner();
    let sql = if matches!(owner, Conn::Pg(_)) { "DROP TRIGGER trap ON claim" } else { "DROP TRIGGER trap" };
    tools::run(&mut owner, sql).unwrap();
}

#[test]
fn two_hundred_payments_told_sixteen_times_each_at_once_make_two_hundred_receipts() {
    each_database(|database| {
        let world = World::settled_in(database);
        let count = if tools::is_long() { 1_000 } else { 200 };
        let copies = if tools::is_long() { 64 } else { 16 };
        let (_, arrivals) = payments(&world, count);
        // Copy after copy, so that copies of one payment meet in one batch and in different ones.
        let mut told: Vec<Arrival> = Vec::new();
        for copy in 0..copies {
            let mut round = arrivals.clone();
            round.rotate_left(copy * 13 % count);
            told.extend(round);
        }
        let mut receipts: std::collections::HashMap<String, Vec<Option<ReceiptId>>> = Default::default();
        for chunk in told.chunks(2_000) {
            for (arrival, answer) in chunk.iter().zip(send(&world, chunk)) {
                assert!(answer.is_ok(), "{answer:?}");
                receipts.entry(arrival.claim.external_id.clone()).or_default().push(receipt(&answer));
            }
        }
        assert_eq!(receipts.len(), count);
        for (id, answers) in &receipts {
            assert_eq!(answers.len(), copies);
            assert!(
                answers[0].is_some() && answers.iter().all(|answer| *answer == answers[0]),
                "{id}: {answers:?}"
            );
        }
        let made: std::collections::HashSet<_> = receipts.values().map(|answers| answers[0]).collect();
        assert_eq!(
            (made.len(), world.count("receipt") as usize, world.count("payment") as usize),
            (count, count, count)
        );
        assert_eq!(world.seal(), count);
    });
}

#[test]
fn a_claim_that_cannot_be_stored_harms_only_itself_and_is_settled_when_its_cause_is_gone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, mut arrivals) = payments(&world, 63);
        let special = world.raise(Dong(4_321));
        let trapped = world.claim(&special, Dong(4_321)).id("TRAPPED");
        arrivals.insert(40, trapped.arrival());
        set_trap(&world, 4_321);
        let answers = send(&world, &arrivals);
        let parked = match &answers[40] {
            Ok(Answer::Parked(id)) => *id,
            other => panic!("{other:?}"),
        };
        for (place, answer) in answers.iter().enumerate().filter(|(place, _)| *place != 40) {
            assert!(receipt(answer).is_some(), "{place}: {answer:?}");
        }
        assert!(owed.iter().all(|owed| world.receipts(owed).len() == 1));
        assert_eq!(world.words("SELECT state AS t FROM parked_claim"), ["parked"]);
        // Told again, it is answered as before and kept once.
        for _ in 0..2 {
            match &send(&world, &[trapped.arrival()])[0] {
                Ok(Answer::Parked(again)) => assert_eq!(*again, parked, "every copy gets the same answer"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(world.count("parked_claim"), 1);
        assert_eq!(retry_parked(&world.settling_tools()).unwrap(), 0, "the cause is still there");
        assert!(world.receipts(&special).is_empty());

        remove_trap(&world);
        assert_eq!(retry_parked(&world.settling_tools()).unwrap(), 1);
        assert_eq!(world.receipts(&special).len(), 1);
        assert_eq!(retry_parked(&world.settling_tools()).unwrap(), 0, "once is enough");
        match &send(&world, &[trapped.arrival()])[0] {
            Ok(Answer::Settled(settled)) => assert!(settled.is_repeated && settled.receipt.is_some()),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.count("receipt"), 64);
    });
}

#[test]
fn claims_that_can_never_be_settled_are_kept_and_hold_nobody_up() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (_, mut arrivals) = payments(&world, 10);
        let strange = [
            world.money(&world.ba_dinh, FEE).on("19-00 111").arrival(),
            world.money(&world.ba_dinh, FEE).on("").arrival(),
            world.money(&world.ba_dinh, FEE).on(&"9".repeat(35)).arrival(),
            world.money(&world.ba_dinh, Dong(0)).arrival(),
            world.money(&world.ba_dinh, Dong(-5)).arrival(),
        ];
        for (place, arrival) in strange.iter().enumerate() {
            arrivals.insert(place * 3, arrival.clone());
        }
        let answers = send(&world, &arrivals);
        let parked = answers.iter().filter(|answer| matches!(answer, Ok(Answer::Parked(_)))).count();
        let settled = answers.iter().filter(|answer| receipt(answer).is_some()).count();
        assert_eq!((parked, settled, answers.len()), (5, 10, 15));
        assert_eq!(retry_parked(&world.settling_tools()).unwrap(), 0);
        assert_eq!(world.count("parked_claim WHERE state = 'parked'"), 5);
    });
}

#[test]
fn a_claim_parked_and_then_told_again_after_its_cause_is_gone_is_settled_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(4_321));
        let trapped = world.claim(&owed, Dong(4_321)).arrival();
        set_trap(&world, 4_321);
        assert!(matches!(send(&world, std::slice::from_ref(&trapped))[0], Ok(Answer::Parked(_))));
        remove_trap(&world);
        assert!(receipt(&send(&world, std::slice::from_ref(&trapped))[0]).is_some());
        retry_parked(&world.settling_tools()).unwrap();
        assert_eq!(world.count("parked_claim WHERE state = 'parked'"), 0);
        assert_eq!((world.count("receipt"), world.count("payment")), (1, 1));
        assert!(world.open_kinds(owed.unit).is_empty());
    });
}

#[test]
fn two_processes_that_are_told_the_same_at_once_settle_it_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let second = TestApp::open_on(Arc::clone(&world.database));
        let (_, mut arrivals) = payments(&world, 60);
        let of_tay_ho: Vec<_> = (0..20).map(|_| world.raise_at(&world.tay_ho, FEE)).collect();
        world.trust(&world.tay_ho, "vpbank");
        arrivals.extend(of_tay_ho.iter().map(|owed| world.claim(owed, FEE).arrival()));
        // Money on an account that neither has seen yet.
        arrivals
            .extend((0..6).map(|number| {
                world.money(&world.ba_dinh, FEE).on(&format!("77770{}", number / 3)).arrival()
            }));
        let mut reversed = arrivals.clone();
        reversed.reverse();
        let (first, other) = std::thread::scope(|scope| {
            let first = scope.spawn(|| send(&world, &arrivals));
            let other = scope.spawn(|| send(&second, &reversed));
            (first.join().unwrap(), other.join().unwrap())
        });
        // A lost race may be told to try again, as a bank does; nothing else may be told.
        let mut answers = first;
        answers.extend(other.into_iter().rev());
        for answer in &answers {
            assert!(
                matches!(answer, Ok(Answer::Settled(_)))
                    || answer.as_ref().is_err_and(|error| error.is_busy()),
                "{answer:?}"
            );
        }
        let again = send(&world, &arrivals);
        for (place, answer) in again.iter().enumerate() {
            assert_eq!(receipt(answer).is_some(), place < 80, "{answer:?}");
        }
        assert_eq!((world.count("receipt"), world.count("payment")), (80, 80));
        assert_eq!(world.count("claim"), 86);
        assert_eq!(world.count("parked_claim"), 0);
        world.wait_seconds(1);
    });
}

#[test]
fn a_queue_that_is_full_says_so_at_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let arrival = world.money(&world.ba_dinh, FEE).arrival();
        let many = vec![arrival; 6_000];
        let answers = send(&world, &many);
        let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        assert!(!refused.is_empty());
        assert!(refused.iter().all(|error| error.code() == "settler_queue_full" && error.is_busy()));
        assert_eq!(world.count("claim"), 1);
    });
}
