//! Leases: no id is minted twice whatever clocks do, and work for one is done by one.

use std::collections::HashSet;
use std::sync::Arc;

use bienlai::actor::Scope;
use bienlai::clock::{Clock, Instant};
use bienlai::id::EventId;
use bienlai::store::lease::{NodeLeaseHolder, hold_work};
use bienlai::store::{Lane, Settings, Store};

use crate::support::app::MORNING;
use crate::support::{Database, each_database, tools};

fn store(database: &Database) -> Store {
    Store::open(&Settings {
        url: database.parsed_url(),
        role: Some("bienlai_app".to_owned()),
        reader_limit: 2,
        writer_limit: 4,
    })
    .unwrap()
}

fn morning() -> Instant {
    MORNING.parse().unwrap()
}

fn mint(lease: &NodeLeaseHolder, clock: &Clock, count: usize, seen: &mut HashSet<i64>) {
    for _ in 0..count {
        match lease.ids.mint::<EventId>(clock.now()) {
            Ok(id) => assert!(seen.insert(id.0), "{id} was minted twice"),
            Err(error) => {
                assert!(error.is_busy(), "{error:?}");
                return;
            }
        }
    }
}

#[test]
fn a_process_that_starts_after_its_clock_was_set_back_mints_nothing_again() {
    each_database(|database| {
        let store = store(&database);
        let mut seen = HashSet::new();
        // Each process crashes: nothing is given back. Hours forward, hours back, and the same again.
        for (number, hours) in [0, 1, -1, 0, 0, -5, 3, 3, -5, 24, 1].into_iter().enumerate() {
            let clock = Clock::fixed(morning().plus_seconds(hours * 3_600));
            let lease = NodeLeaseHolder::take(&store, &clock, &format!("process {number}")).unwrap();
            mint(&lease, &clock, 20_000, &mut seen);
        }
        assert!(seen.len() > 200_000);
    });
}

#[test]
fn a_clock_that_jumps_while_the_process_runs_mints_nothing_again() {
    each_database(|database| {
        let store = store(&database);
        let mut seen = HashSet::new();
        let clock = Clock::fixed(morning());
        let mut lease = NodeLeaseHolder::take(&store, &clock, "first").unwrap();
        // Two processes by turns, with every jump between them.
        let other_clock = Clock::fixed(morning());
        let other = NodeLeaseHolder::take(&store, &other_clock, "other").unwrap();
        for (number, jump) in [100, -95, 200, -300, 45, 7_200, -7_000, 59, 61, -1, 90].into_iter().enumerate()
        {
            clock.set(clock.now().plus_seconds(jump));
            mint(&lease, &clock, 5_000, &mut seen);
            if lease.renew(&store, &clock).is_err() || number % 4 == 3 {
                lease = NodeLeaseHolder::take(&store, &clock, &format!("again {number}")).unwrap();
            }
            mint(&lease, &clock, 5_000, &mut seen);
            other_clock.set(other_clock.now().plus_seconds(20));
            let _ = other.renew(&store, &other_clock);
            mint(&other, &other_clock, 5_000, &mut seen);
        }
        assert!(seen.len() > 60_000);
    });
}

#[test]
fn a_renewal_under_a_clock_set_back_keeps_the_mark_that_was_reserved() {
    each_database(|database| {
        let store = store(&database);
        let mut seen = HashSet::new();
        let clock = Clock::fixed(morning());
        let first = NodeLeaseHolder::take(&store, &clock, "first").unwrap();
        clock.set(morning().plus_seconds(100));
        first.renew(&store, &clock).unwrap();
        clock.set(morning());
        first.renew(&store, &clock).unwrap();
        // Up to what the first reserved at its best, it may mint even now.
        let late = Clock::fixed(morning().plus_seconds(110));
        mint(&first, &late, 1_000, &mut seen);
        // It crashes; the next start reads a clock between the two.
        let between = Clock::fixed(morning().plus_seconds(105));
        let second = NodeLeaseHolder::take(&store, &between, "second").unwrap();
        between.set(morning().plus_seconds(110));
        mint(&second, &between, 1_000, &mut seen);
    });
}

#[test]
fn an_expired_node_is_used_again_by_another_process_and_the_first_goes_on_under_a_new_one() {
    each_database(|database| {
        let store = store(&database);
        let mut seen = HashSet::new();
        let clock = Clock::fixed(morning());
        let first = NodeLeaseHolder::take(&store, &clock, "first").unwrap();
        mint(&first, &clock, 100, &mut seen);
        clock.set(morning().plus_seconds(61));
        let second = NodeLeaseHolder::take(&store, &clock, "second").unwrap();
        let mut conn = database.as_owner();
        assert_eq!(tools::texts(&mut conn, "SELECT holder AS t FROM node_lease"), ["second"]);
        mint(&second, &clock, 100, &mut seen);
        // The first slept through all this; it must not mint under the same node any more.
        assert_eq!(first.ids.mint::<EventId>(clock.now()).unwrap_err().code(), "node_lease_exhausted");
        first.renew(&store, &clock).unwrap();
        let holders = tools::texts(&mut conn, "SELECT holder AS t FROM node_lease ORDER BY node");
        assert_eq!(holders, ["second", "first"], "nobody had to restart it");
        for _ in 0..3 {
            mint(&first, &clock, 5_000, &mut seen);
            mint(&second, &clock, 5_000, &mut seen);
            clock.set(clock.now().plus_seconds(20));
            first.renew(&store, &clock).unwrap();
            second.renew(&store, &clock).unwrap();
        }
        assert_eq!(seen.len(), 30_200, "both mint, and nothing twice");
        first.release(&store).unwrap();
    });
}

#[test]
fn a_node_given_back_is_used_again_after_its_mark() {
    each_database(|database| {
        let store = store(&database);
        let mut seen = HashSet::new();
        let clock = Clock::fixed(morning());
        for number in 0..50 {
            let lease = NodeLeaseHolder::take(&store, &clock, &format!("run {number}")).unwrap();
            mint(&lease, &clock, 9_000, &mut seen);
            lease.release(&store).unwrap();
            clock.set(clock.now().plus_seconds(1));
        }
        assert_eq!(seen.len(), 450_000);
        let nodes =
            tools::number(&mut database.as_owner(), "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM node_lease");
        assert!(nodes <= 2, "{nodes} nodes for one process at a time");
    });
}

#[test]
fn processes_that_start_at_the_same_moment_take_different_nodes() {
    each_database(|database| {
        let store = Arc::new(store(&database));
        let mut seen = HashSet::new();
        let leases: Vec<NodeLeaseHolder> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|number| {
                    let store = Arc::clone(&store);
                    scope.spawn(move || {
                        NodeLeaseHolder::take(&store, &Clock::fixed(morning()), &format!("process {number}"))
                            .unwrap()
                    })
                })
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        for lease in &leases {
            mint(lease, &Clock::fixed(morning()), 1_000, &mut seen);
        }
        assert_eq!(seen.len(), 8_000);
    });
}

#[test]
fn work_for_one_is_held_by_one_until_it_expires() {
    each_database(|database| {
        let store = store(&database);
        let hold = |holder: &str, now_ms: i64| {
            store
                .write(&Scope::All, Lane::Bulk, |tx| hold_work(tx, "sealer", holder, now_ms, 10_000))
                .unwrap()
        };
        assert!(hold("a", 0));
        assert!(!hold("b", 9_999));
        assert!(hold("a", 9_999), "the holder renews");
        assert!(!hold("b", 15_000));
        assert!(hold("b", 20_000));
        assert!(!hold("a", 20_001));
        let failed = store.write(&Scope::All, Lane::Bulk, |tx| {
            assert!(hold_work(tx, "other", "a", 0, 10_000)?);
            Err::<(), _>(bienlai::error::Error::internal("the work failed"))
        });
        assert!(failed.is_err());
        let free = store.write(&Scope::All, Lane::Bulk, |tx| hold_work(tx, "other", "b", 1, 10_000)).unwrap();
        assert!(free, "a lease falls with the transaction it was taken in");
    });
}

#[test]
fn a_callback_overtakes_imports_that_wait_for_the_writer() {
    each_database(|database| {
        let store = store(&database);
        let is_done = std::sync::atomic::AtomicBool::new(false);
        let longest = std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !is_done.load(std::sync::atomic::Ordering::SeqCst) {
                        store
                            .write(&Scope::All, Lane::Bulk, |_| {
                                std::thread::sleep(std::time::Duration::from_millis(40));
                                Ok(())
                            })
                            .unwrap();
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
            let longest = (0..10)
                .map(|_| {
                    let start = std::time::Instant::now();
                    store.write(&Scope::All, Lane::Live, |_| Ok(())).unwrap();
                    start.elapsed()
                })
                .max();
            is_done.store(true, std::sync::atomic::Ordering::SeqCst);
            longest.unwrap()
        });
        // One import is under way when the callback comes; the two that wait stay behind it.
        assert!(longest.as_millis() < 110, "a callback waited {longest:?}");
    });
}
