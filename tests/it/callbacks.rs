//! Callbacks and requests through the real program on a real port.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::identity::{self, NewClient};
use bienlai::payment::Claim;
use bienlai::queue::{Settings, upkeep};
use bienlai::store::Product;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::database::products;
use crate::support::program::{Service, callback, callback_of, callback_to_the_healthy, get, send};
use crate::support::{Database, World, each_database, tools};

const FEE: Dong = Dong(25_000);

pub fn claims(world: &World, count: usize) -> Vec<Claim> {
    (0..count)
        .map(|_| {
            let owed = world.raise(FEE);
            world.claim(&owed, FEE).claim
        })
        .collect()
}

/// Waits until every numbered receipt is signed.
pub fn wait_for_signatures(world: &World, patience: Duration) {
    let start = Instant::now();
    while world.count("receipt WHERE state = 'numbered'") > 0 {
        assert!(start.elapsed() < patience, "receipts stay unsigned");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_thousandfold_of_copies_at_once_gets_one_receipt_each_and_one_answer() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (count, copies) = if tools::is_long() { (1_000, 64) } else { (200, 16) };
        let claims = claims(&world, count);
        let mut service = Service::start(&world);
        let next = AtomicUsize::new(0);
        let answers: Mutex<BTreeMap<String, Vec<String>>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    loop {
                        let turn = next.fetch_add(1, Ordering::SeqCst);
                        if turn >= count * copies {
                            return;
                        }
                        // Copies of one payment are sent at the same moment.
                        let claim = &claims[turn / copies];
                        let reply = callback_to_the_healthy(service.address, claim, Duration::from_secs(60));
                        answers
                            .lock()
                            .unwrap()
                            .entry(claim.external_id.clone())
                            .or_default()
                            .push(reply.reference());
                    }
                });
            }
        });
        let answers = answers.into_inner().unwrap();
        assert_eq!(answers.len(), count);
        for (id, references) in &answers {
            assert_eq!(references.len(), copies);
            assert!(
                references[0].starts_with("clm_") && references.iter().all(|r| *r == references[0]),
                "{id}"
            );
        }
        assert_eq!(answers.values().map(|references| &references[0]).collect::<HashSet<_>>().len(), count);
        wait_for_signatures(&world, Duration::from_secs(60));
        service.stop();
        assert_eq!(
            (world.count("receipt"), world.count("payment"), world.count("claim")),
            (count as i64, count as i64, count as i64)
        );
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn sixty_four_copies_at_one_moment_are_answered_with_one_receipt() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(FEE);
        let claim = world.claim(&owed, FEE).claim;
        let mut service = Service::start(&world);
        let together = Barrier::new(64);
        let answers: Mutex<Vec<Value>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    together.wait();
                    let reply = callback_to_the_healthy(service.address, &claim, Duration::from_secs(60));
                    answers.lock().unwrap().push(reply.json());
                });
            }
        });
        let receipt = world.receipts(&owed).remove(0).id.to_string();
        let answers = answers.into_inner().unwrap();
        assert_eq!(answers.len(), 64);
        for answer in &answers {
            assert_eq!(*answer, answers[0]);
            assert_eq!(answer["receipts"], json!([receipt]));
        }
        let later = callback_to_the_healthy(service.address, &claim, Duration::from_secs(60));
        assert_eq!(later.json(), answers[0], "a repetition much later too");
        service.stop();
        assert_eq!((world.count("receipt"), world.count("claim")), (1, 1));
    });
}

#[test]
fn money_that_is_too_little_is_answered_without_a_receipt() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(FEE);
        let claim = world.claim(&owed, Dong(10_000)).claim;
        let mut service = Service::start(&world);
        let reply = callback_to_the_healthy(service.address, &claim, Duration::from_secs(60)).json();
        assert_eq!(reply["status"], "accepted");
        assert!(reply.get("receipts").is_none(), "{reply}");
        service.stop();
    });
}

#[test]
fn two_services_on_one_database_settle_the_same_money_once() {
    if !products().contains(&Product::PostgreSql) {
        return;
    }
    let world = World::settled_in_today(Database::postgresql());
    let claims = claims(&world, 100);
    let mut services = [Service::start(&world), Service::start(&world)];
    let answers: Mutex<BTreeMap<String, HashSet<String>>> = Mutex::default();
    std::thread::scope(|scope| {
        for (service, reversed) in services.iter().zip([false, true]) {
            for thread in 0..4 {
                let (claims, answers, address) = (&claims, &answers, service.address);
                scope.spawn(move || {
                    let mut order: Vec<&Claim> = claims.iter().skip(thread).step_by(4).collect();
                    if reversed {
                        order.reverse();
                    }
                    for claim in order {
                        let reply = callback_to_the_healthy(address, claim, Duration::from_secs(60));
                        answers
                            .lock()
                            .unwrap()
                            .entry(claim.external_id.clone())
                            .or_default()
                            .insert(reply.reference());
                    }
                });
            }
        }
    });
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.len(), 100);
    assert!(answers.values().all(|references| references.len() == 1), "{answers:?}");
    wait_for_signatures(&world, Duration::from_secs(30));
    services.iter_mut().for_each(Service::stop);
    assert_eq!((world.count("receipt"), world.count("payment")), (100, 100));
    assert_eq!(world.count("parked_claim"), 0);
    assert_eq!(world.problems(), Vec::<String>::new());
}

#[test]
fn a_payment_under_way_is_named_and_never_booked_until_its_outcome_comes() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        let (paid, lost) = (world.raise(FEE), world.raise(FEE));
        let (first, second) = (world.claim(&paid, FEE).claim, world.claim(&lost, FEE).claim);
        let mut service = Service::start(&world);
        for claim in [&first, &first, &second] {
            let reply = callback_of(service.address, claim, "pending").unwrap();
            assert_eq!(reply.status, 200, "{}", reply.json());
        }
        assert_eq!((world.count("movement"), world.count("posting"), world.count("receipt")), (0, 0, 0));
        assert_eq!(world.open_kinds(unit), [Kind::PaymentPending, Kind::PaymentPending]);
        assert_eq!(callback_of(service.address, &first, "perhaps").unwrap().status, 400);

        assert_eq!(callback_of(service.address, &second, "failed").unwrap().status, 200);
        assert_eq!(world.open_kinds(unit), [Kind::PaymentPending], "that one is over");
        assert_eq!(callback(service.address, &first).unwrap().status, 200);
        wait_for_signatures(&world, Duration::from_secs(60));
        service.stop();
        upkeep::look(&world.store, &world.stamp(), &Settings::default()).expect("the queue is looked over");
        assert!(world.open_kinds(unit).is_empty(), "its outcome came");
        assert_eq!((world.receipts(&paid).len(), world.receipts(&lost).len()), (1, 0));
    });
}

#[test]
fn a_callback_that_is_not_proven_changes_nothing() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let claim = claims(&world, 1).remove(0);
        let mut service = Service::start(&world);
        let body = format!("{{\"notification_id\":\"{}\",\"amount\":25000}}", claim.external_id);
        for headers in [vec![], vec![("X-Bienlai-Timestamp", "1763776800"), ("X-Bienlai-Signature", "v1=00")]]
        {
            let reply = send(service.address, "POST", "/callback/vpbank", &headers, body.as_bytes()).unwrap();
            assert_eq!(reply.status, 401, "{reply:?}");
        }
        assert_eq!(send(service.address, "POST", "/callback/nobody", &[], b"{}").unwrap().status, 404);
        service.stop();
        assert_eq!((world.count("claim"), world.count("raw_event")), (0, 0));
        assert_eq!(world.count("refused_event"), 2);
    });
}

/// A client of a role in Ba Đình, by its token.
pub fn token(world: &World, role: Role) -> String {
    let system = Actor::system();
    let unit = world.ba_dinh.id;
    world.change(|tx, stamp| {
        let person = identity::create_person(tx, stamp, &system, unit, "Trần Văn Mẫu")?;
        let new = NewClient {
            unit,
            name: role.as_str().to_owned(),
            person: (role != Role::DossierSystem).then_some(person),
            role,
            scope: Scope::unit(unit),
        };
        Ok(identity::create_client(tx, stamp, &system, new)?.1.expose_secret().to_owned())
    })
}

#[test]
fn a_request_under_one_key_is_done_once_even_by_many_at_once_and_after_a_restart() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(FEE);
        let bearer = format!("Bearer {}", token(&world, Role::Cashier));
        let path = format!("/api/v1/obligations/{}/payments", owed.id);
        let body = br#"{"method":"cash","amount":25000}"#;
        let ask = |address, key: &str, body: &[u8]| {
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Idempotency-Key", key),
                ("Content-Type", "application/json"),
            ];
            send(address, "POST", &path, &headers, body).unwrap()
        };
        let mut service = Service::start(&world);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let refused = ask(service.address, "key-0", body);
        assert_eq!(refused.status, 409, "no shift is open: {refused:?}");
        let opened = send(service.address, "POST", "/api/v1/shifts", &headers, br#"{"float":{"50000":2}}"#);
        assert_eq!(opened.unwrap().status, 201);
        let replies: Vec<_> = std::thread::scope(|scope| {
            let address = service.address;
            let asked: Vec<_> = (0..16).map(|_| scope.spawn(move || ask(address, "key-1", body))).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let done: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert!(!done.is_empty(), "{replies:?}");
        assert!(done.iter().all(|reply| reply.body == done[0].body));
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            assert!([409, 503].contains(&reply.status), "in flight: {reply:?}");
            assert!(reply.head.to_ascii_lowercase().contains("retry-after"), "{reply:?}");
        }
        service.kill();
        let mut service = Service::start(&world);
        let again = ask(service.address, "key-1", body);
        assert_eq!((again.status, &again.body), (201, &done[0].body), "byte for byte after a restart");
        let other = ask(service.address, "key-1", br#"{"method":"card","amount":25000}"#);
        assert!([409, 422].contains(&other.status), "{other:?}");
        let second = ask(service.address, "key-2", body);
        assert_eq!(second.status, 409, "the obligation is paid: {second:?}");
        service.stop();
        assert_eq!((world.count("payment"), world.count("receipt")), (1, 1));
    });
}

#[test]
fn a_service_that_is_asked_to_stop_finishes_what_it_took() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let claims = claims(&world, 60);
        let mut service = Service::start(&world);
        let address = service.address;
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (claims, taken) = (&claims, &taken);
                scope.spawn(move || {
                    for claim in claims.iter().skip(thread).step_by(6) {
                        match callback(address, claim) {
                            Ok(reply) if reply.status == 200 => {
                                taken.fetch_add(1, Ordering::SeqCst);
                            }
                            _ => return,
                        }
                    }
                });
            }
            while taken.load(Ordering::SeqCst) < 10 {
                std::thread::sleep(Duration::from_millis(5));
            }
            service.stop();
        });
        assert!(get(address, "/healthz").is_err());
        let taken = taken.into_inner() as i64;
        assert!(world.count("claim") >= taken);
        assert_eq!(world.count("receipt WHERE state = 'numbered'"), 0, "all are signed before it ends");
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}
