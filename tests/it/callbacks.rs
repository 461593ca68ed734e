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
use bienlai::web::retention;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::app::MASTER_KEY;
use crate::support::database::products;
use crate::support::program::{
    How, Reply, SECRET, Service, callback, callback_of, callback_to_the_healthy, get, send,
};
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
    one_request_at_two_services_is_done_once(&world, &services);
    wait_for_signatures(&world, Duration::from_secs(30));
    services.iter_mut().for_each(Service::stop);
    assert_eq!((world.count("receipt"), world.count("payment")), (101, 101));
    assert_eq!(world.count("parked_claim"), 0);
    assert_eq!(world.problems(), Vec::<String>::new());
}

/// Cash under one key, asked of both at the same moment: what one is still working on is not done by the other.
fn one_request_at_two_services_is_done_once(world: &World, services: &[Service; 2]) {
    let owed = world.raise(FEE);
    let bearer = format!("Bearer {}", token(world, Role::Cashier));
    let ask = |address, path: &str, key: &str, body: &[u8]| {
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", key),
            ("Content-Type", "application/json"),
        ];
        send(address, "POST", path, &headers, body).unwrap()
    };
    let opened = ask(services[0].address, "/api/v1/shifts", "shift", br#"{"float":{}}"#);
    assert_eq!(opened.status, 201, "{opened:?}");
    let path = format!("/api/v1/obligations/{}/payments", owed.id);
    let cash = br#"{"method":"cash","amount":25000}"#;
    let together = Barrier::new(8);
    let replies: Mutex<Vec<Reply>> = Mutex::default();
    std::thread::scope(|scope| {
        for place in 0..8 {
            let (ask, path, together, replies) = (&ask, &path, &together, &replies);
            scope.spawn(move || {
                together.wait();
                let reply = ask(services[place % 2].address, path, "cash", cash);
                replies.lock().unwrap().push(reply);
            });
        }
    });
    let again = ask(services[1].address, &path, "cash", cash);
    assert_eq!(again.status, 201, "{again:?}");
    for reply in replies.into_inner().unwrap() {
        match reply.status {
            201 => assert_eq!(reply.body, again.body, "every copy gets the same bytes"),
            409 | 503 => assert!(!reply.header("retry-after").is_empty(), "still in flight: {reply:?}"),
            _ => panic!("{reply:?}"),
        }
    }
    assert_eq!(world.receipts(&owed).len(), 1);
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
fn a_word_that_a_payment_is_under_way_which_comes_after_its_money_says_nothing_new() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(FEE);
        let claim = world.claim(&owed, FEE).claim;
        let mut service = Service::start(&world);
        assert_eq!(callback_of(service.address, &claim, "pending").unwrap().status, 200);
        assert_eq!(callback(service.address, &claim).unwrap().status, 200);
        assert_eq!(callback_of(service.address, &claim, "failed").unwrap().status, 200, "settles the item");
        assert_eq!(callback_of(service.address, &claim, "pending").unwrap().status, 200, "a late repetition");
        wait_for_signatures(&world, Duration::from_secs(60));
        service.stop();
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "nobody is asked to wait for the outcome");
        assert_eq!((world.receipts(&owed).len(), world.count("raw_event")), (1, 4), "each message is kept");
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
        age_by_30_days(
            &world,
            "refused_event SET received_at = received_at",
            "id = (SELECT MIN(id) FROM refused_event)",
        );
        assert_eq!(retention::purge(&world.app).unwrap(), 1, "what was refused is kept for 30 days");
        assert_eq!(world.count("refused_event"), 1);
    });
}

/// Makes rows of what may be deleted 30 days and a second older.
fn age_by_30_days(world: &World, what: &str, which: &str) {
    let age_us = (30 * 86_400 + 1) * 1_000_000_i64;
    let sql = format!("UPDATE {what} - {age_us} WHERE {which}");
    tools::run(&mut world.database.as_owner(), &sql).unwrap();
}

/// A log is read by many who may not read what payers are called.
#[test]
fn the_log_has_every_request_by_its_id_and_nobody_by_name() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let secret_token = token(&world, Role::Finance);
        let owed = world.raise(FEE);
        let memo = format!("{} NGUYEN THI THU 0900000001", owed.reference_code);
        let claim = world.claim(&owed, FEE).memo(&memo).claim;
        let log = "level = \"debug\"\nformat = \"json\"";
        let mut service = Service::start_as(&world, How { log, ..How::default() }).expect("it starts");
        let address = service.address;
        let bearer = format!("Bearer {secret_token}");
        let signed_in = [("Authorization", bearer.as_str())];
        let forged = [("X-Bienlai-Timestamp", "1763776800"), ("X-Bienlai-Signature", "v1=00")];
        let told = format!("{{\"notification_id\":\"F-1\",\"memo\":\"{memo}\"}}");
        let mut replies = vec![callback(address, &claim).unwrap()];
        wait_for_signatures(&world, Duration::from_secs(60));
        let lookup_code = world.receipts(&owed).remove(0).lookup_code;
        let obligation = format!("/api/v1/obligations/{}", owed.id);
        replies.push(send(address, "POST", "/callback/vpbank", &forged, told.as_bytes()).unwrap());
        replies.push(send(address, "GET", &obligation, &signed_in, b"").unwrap());
        replies
            .push(send(address, "GET", "/api/v1/nowhere", &[("X-Request-Id", "partner-0001")], b"").unwrap());
        replies.push(get(address, &format!("/p/{}", owed.reference_code)).unwrap());
        replies.push(get(address, &format!("/r/{lookup_code}")).unwrap());
        service.stop();
        assert_eq!(
            replies.iter().map(|reply| reply.status).collect::<Vec<_>>(),
            [200, 401, 200, 404, 200, 200]
        );
        assert_eq!(replies[3].header("x-request-id"), "partner-0001", "a caller's own id is kept");

        let log = service.log();
        let lines: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
        for reply in &replies {
            let id = reply.header("x-request-id");
            let answered =
                lines.iter().filter(|line| line["span"]["request_id"] == id && line["message"] == "answered");
            let statuses: Vec<&Value> = answered.map(|line| &line["status"]).collect();
            assert_eq!(statuses, [&json!(reply.status)], "{id}: one access line with its id");
        }
        for word in [
            "Nguyễn Thị Thử",
            "NGUYEN THI THU",
            "0900000001",
            "Số 2 ngõ Mẫu",
            owed.reference_code.as_str(),
            lookup_code.as_str(),
            secret_token.as_str(),
            SECRET,
            MASTER_KEY,
        ] {
            assert!(!log.contains(word), "{word} stands in the log");
        }
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
        assert!(world.count("idempotency") > 0, "answers are kept for 30 days");
        age_by_30_days(&world, "idempotency SET created_at = created_at", "created_at > 0");
        retention::purge(&world.app).unwrap();
        assert_eq!(world.count("idempotency"), 0);
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
