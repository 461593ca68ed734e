//! The database goes away, or its disk is full: 503 while it lasts, and recovery by itself.

use std::process::Command;
use std::time::{Duration, Instant};

use bienlai::actor::Scope;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::store::failure::Classify;
use bienlai::store::{Lane, Product};

use crate::callbacks::{claims, wait_for_signatures};
use crate::support::database::products;
use crate::support::postgres::Server;
use crate::support::program::{How, Service, callback, callback_until_taken, get};
use crate::support::{Database, World, each_database, tools};

#[test]
fn a_postgresql_that_is_gone_and_comes_back_needs_no_hand_work() {
    if !products().contains(&Product::PostgreSql) {
        return;
    }
    let server: &'static Server =
        Box::leak(Box::new(Server::start("outage").unwrap_or_else(|why| panic!("{why}"))));
    let world = World::settled_in_today(Database::postgresql_on(server));
    let claims = claims(&world, 30);
    let mut service = Service::start(&world);
    for claim in &claims[..10] {
        assert_eq!(callback(service.address, claim).unwrap().status, 200);
    }
    server.stop_at_once();
    let start = Instant::now();
    for claim in &claims[10..13] {
        let reply = callback(service.address, claim).unwrap();
        assert_eq!(reply.status, 503, "{reply:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(40), "the answer took {:?}", start.elapsed());
    assert_eq!(get(service.address, "/readyz").unwrap().status, 503);
    assert_eq!(get(service.address, "/healthz").unwrap().status, 200, "alive, but not ready");
    let log = service.log();
    assert!(log.contains("request put off") && log.contains("store_unavailable"), "the log says why: {log}");
    server.restart().unwrap();
    let start = Instant::now();
    for claim in &claims {
        callback_until_taken(service.address, claim, Duration::from_secs(30));
    }
    assert!(start.elapsed() < Duration::from_secs(30), "taken again after {:?}", start.elapsed());
    assert!(service.is_ready());
    wait_for_signatures(&world, Duration::from_secs(30));
    service.stop();
    assert_eq!((world.count("receipt"), world.count("claim")), (30, 30));
    assert_eq!(world.problems(), Vec::<String>::new());
    drop(world);
    server.stop_at_once();
}

#[test]
fn a_postgresql_that_crashes_under_load_loses_nothing_acknowledged() {
    if !products().contains(&Product::PostgreSql) {
        return;
    }
    let server: &'static Server =
        Box::leak(Box::new(Server::start("crash").unwrap_or_else(|why| panic!("{why}"))));
    let world = World::settled_in_today(Database::postgresql_on(server));
    let claims = claims(&world, 120);
    let mut service = Service::start(&world);
    let rounds = if crate::support::tools::is_long() { 50 } else { 2 };
    let address = service.address;
    std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..4)
            .map(|thread| {
                let claims = &claims;
                scope.spawn(move || {
                    for claim in claims.iter().skip(thread).step_by(4) {
                        // 503 while it is gone; anything else but 200 would be a lie.
                        callback_until_taken(address, claim, Duration::from_secs(60));
                    }
                })
            })
            .collect();
        for _ in 0..rounds {
            std::thread::sleep(Duration::from_millis(150));
            server.stop_at_once();
            server.restart().unwrap();
        }
        tellers.into_iter().for_each(|teller| teller.join().unwrap());
    });
    wait_for_signatures(&world, Duration::from_secs(30));
    service.stop();
    assert_eq!((world.count("receipt"), world.count("claim"), world.count("payment")), (120, 120, 120));
    assert_eq!(world.problems(), Vec::<String>::new());
    drop(world);
    server.stop_at_once();
}

#[test]
fn a_database_file_that_was_moved_away_takes_nothing_and_serves_again_when_it_is_back() {
    let world = World::settled_in_today(Database::sqlite());
    let claims = claims(&world, 6);
    let mut service = Service::start(&world);
    assert_eq!(callback(service.address, &claims[0]).unwrap().status, 200);
    wait_for_signatures(&world, Duration::from_secs(30));
    let file = world.database.url.strip_prefix("sqlite://").unwrap();
    let away = format!("{file}.away");
    std::fs::rename(file, &away).unwrap();
    for claim in &claims[1..4] {
        let reply = callback(service.address, claim).unwrap();
        assert_eq!(
            reply.status, 503,
            "nothing is acknowledged into a file that nobody opens again: {reply:?}"
        );
    }
    assert_eq!(get(service.address, "/readyz").unwrap().status, 503);
    assert!(!std::path::Path::new(file).exists(), "no empty file took its place");
    assert!(service.log().contains("the database file was moved, deleted or replaced"), "the log says why");
    std::fs::rename(&away, file).unwrap();
    for claim in &claims {
        callback_until_taken(service.address, claim, Duration::from_secs(20));
    }
    wait_for_signatures(&world, Duration::from_secs(30));
    assert_eq!(get(service.address, "/readyz").unwrap().status, 200);
    service.stop();
    assert_eq!((world.count("receipt"), world.count("claim")), (6, 6));
    assert_eq!(world.problems(), Vec::<String>::new());
}

#[test]
fn a_service_beside_a_schema_that_excludes_it_writes_nothing_more_and_says_why() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let claims = claims(&world, 2);
        let mut service = Service::start(&world);
        assert_eq!(callback(service.address, &claims[0]).unwrap().status, 200);
        wait_for_signatures(&world, Duration::from_secs(30));
        let floor = "INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2031-01-01-000001_later', '99.0.0')";
        tools::run(&mut world.database.as_owner(), floor).unwrap();
        let ready = get(service.address, "/readyz").unwrap();
        assert_eq!((ready.status, &ready.json()["store"]), (503, &serde_json::json!("schema_too_new")));
        let since = Instant::now();
        while !service.log().contains("nothing is written any more") {
            assert!(since.elapsed() < Duration::from_secs(40), "its housekeeping looks every ten seconds");
            std::thread::sleep(Duration::from_millis(200));
        }
        let refused = callback(service.address, &claims[1]).unwrap();
        assert_eq!(refused.status, 503, "the sender sends it again, to the newer program: {refused:?}");
        service.stop();
        assert_eq!((world.count("claim"), world.count("receipt")), (1, 1));
    });
}

#[test]
fn what_breaks_off_within_a_transaction_is_undone_and_the_next_one_goes_on() {
    each_database(|database| {
        let world = World::settled_in(database);
        for lane in [Lane::Live, Lane::Bulk, Lane::Live] {
            let broken = world.app.store.write(&Scope::All, lane, |tx| -> Result<()> {
                let row = "INSERT INTO holiday (day, name) VALUES ('2027-01-01', 'x')";
                tools::run(tx, row).classify()?;
                panic!("a sum that does not fit")
            });
            assert!(broken.unwrap_err().is_internal());
            assert_eq!(world.count("holiday"), 0);
        }
        world.raise(Dong(25_000));
        assert_eq!(world.count("obligation"), 1, "the writer is free");
    });
}

#[test]
fn a_full_disk_is_told_as_busy_and_over_when_there_is_room_again() {
    let world = World::settled_in_today(Database::sqlite());
    let claims = claims(&world, 400);
    // The log of the writes so far would hide how little room is left.
    crate::support::tools::run(&mut world.database.as_owner(), "PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let sizes = std::fs::read_dir(world.database.folder.path()).unwrap();
    let largest = sizes.map(|entry| entry.unwrap().metadata().unwrap().len()).max().unwrap();
    let limit_kb = largest / 1_024 + 256;
    let mut service = Service::start_as(&world, How { file_limit_kb: Some(limit_kb), ..How::default() })
        .expect("it starts");
    let mut taken = 0;
    let mut refused = 0;
    let mut is_full = false;
    for claim in &claims {
        let reply = callback(service.address, claim).unwrap();
        match reply.status {
            200 => (taken, refused) = (taken + 1, 0),
            503 => {
                refused += 1;
                // Moving the log into the file may make room in the log once more.
                std::thread::sleep(Duration::from_secs(1));
            }
            other => panic!("{other}: {reply:?}"),
        }
        // Room that was made just now may take a small write once more, and then it is ready indeed.
        is_full =
            refused >= 3 && crate::support::program::get(service.address, "/readyz").unwrap().status == 503;
        if is_full {
            break;
        }
    }
    assert!(is_full, "the disk never filled: {taken} taken, {refused} refused at last");
    let log = service.log();
    assert!(log.contains("request put off") && log.contains("store_unavailable"), "the log says why: {log}");
    assert_eq!(world.count("claim"), taken, "what was refused left nothing behind");
    let lifted =
        Command::new("prlimit").args(["--pid", &service.pid().to_string(), "--fsize=unlimited"]).status();
    assert!(lifted.is_ok_and(|status| status.success()), "prlimit (package util-linux) lifts the limit");
    for claim in &claims[..100] {
        callback_until_taken(service.address, claim, Duration::from_secs(20));
    }
    wait_for_signatures(&world, Duration::from_secs(30));
    assert_eq!(crate::support::program::get(service.address, "/readyz").unwrap().status, 200);
    service.stop();
    assert_eq!(world.count("receipt"), 100.max(taken));
    assert_eq!(world.problems(), Vec::<String>::new());
    assert_eq!(world.again(&world.raise(Dong(1))).total, Dong(1));
}
