//! `kill -9` at every named place and at any time: nothing acknowledged is lost, nothing is done
//! twice, no number is missing, and the service is ready again by itself.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::payment::Claim;

use crate::callbacks::{token, wait_for_signatures};
use crate::support::bank_file::BankFile;
use crate::support::program::{How, Service, callback, callback_until_taken, send};
use crate::support::world::BANK;
use crate::support::{World, each_database, tools};

/// Of work: a busy machine makes the wait for it longer.
const READY_CPU_LIMIT: Duration = Duration::from_secs(5);

/// Sends all claims until the service dies; returns the references it answered with.
fn tell(service: &Service, claims: &[Claim]) -> BTreeMap<String, String> {
    let acknowledged = Mutex::new(BTreeMap::new());
    let address = service.address;
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for claim in claims.iter().skip(thread).step_by(6) {
                    match callback(address, claim) {
                        Ok(reply) if reply.status == 200 => {
                            acknowledged.lock().unwrap().insert(claim.external_id.clone(), reply.reference());
                        }
                        Ok(reply) => assert_eq!(reply.status, 503, "{reply:?}"),
                        Err(_) => return,
                    }
                }
            });
        }
    });
    acknowledged.into_inner().unwrap()
}

/// Waits until the failpoint strikes, or until all work is done and it cannot strike any more.
fn dies_at_work(world: &World, service: &mut Service) -> bool {
    let start = Instant::now();
    let is_at_work = || world.count("receipt WHERE state = 'numbered'") > 0;
    while !service.has_ended() && is_at_work() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(50));
    }
    service.die_within(Duration::from_secs(1))
}

/// Kills a service in each of the given ways while claims come in, and looks over everything.
fn survive(world: &World, kills: &[String]) {
    let mut total = 0;
    let mut struck = 0;
    for kill in kills {
        let claims: Vec<Claim> = (0..24)
            .map(|number| {
                let commune = if number % 3 == 0 { &world.tay_ho } else { &world.ba_dinh };
                let owed = world.raise_at(commune, Dong(25_000));
                world.claim(&owed, Dong(25_000)).claim
            })
            .collect();
        total += claims.len() as i64;
        let (failpoint, after_ms) = match kill.strip_prefix("any time:") {
            Some(ms) => (None, ms.parse().unwrap()),
            None => (Some(kill.as_str()), 0),
        };
        let mut acknowledged = BTreeMap::new();
        if let Some(mut service) = Service::start_as(world, How { failpoint, ..How::default() }) {
            acknowledged = std::thread::scope(|scope| {
                let told = scope.spawn({
                    let service = &service;
                    let claims = &claims;
                    move || tell(service, claims)
                });
                if failpoint.is_none() {
                    std::thread::sleep(Duration::from_millis(after_ms));
                    crate::support::postgres::signal("KILL", service.pid());
                }
                told.join().unwrap()
            });
            struck += usize::from(match failpoint {
                Some(_) => dies_at_work(world, &mut service),
                None => service.die_within(Duration::from_millis(after_ms)),
            });
        } else {
            struck += 1;
        }
        for (id, reference) in &acknowledged {
            let stored = world.words(&format!(
                "SELECT CAST(claim_id AS TEXT) AS t FROM provider_key WHERE external_id = '{id}'"
            ));
            let stored: Vec<_> =
                stored.iter().map(|raw| bienlai::id::ClaimId(raw.parse().unwrap()).to_string()).collect();
            assert_eq!(&stored, std::slice::from_ref(reference), "{kill}: acknowledged and lost");
        }
        let mut service = Service::start(world);
        let work = service.ready_after_cpu;
        assert!(work < READY_CPU_LIMIT, "{kill}: {work:?} of work until it was ready");
        for claim in &claims {
            let reply = callback_until_taken(service.address, claim, Duration::from_secs(20));
            if let Some(reference) = acknowledged.get(&claim.external_id) {
                assert_eq!(&reply.reference(), reference, "{kill}: the same answer as before");
            }
        }
        wait_for_signatures(world, Duration::from_secs(20));
        service.stop();
        assert_eq!(world.count("claim"), total, "{kill}");
        assert_eq!(world.count("payment"), total, "{kill}");
        assert_eq!(world.count("receipt WHERE state = 'signed'"), total, "{kill}");
        assert_eq!(world.problems(), Vec::<String>::new(), "{kill}");
        world.app.lease.renew(&world.app.store, &world.app.clock).unwrap();
    }
    assert!(struck * 3 >= kills.len() * 2, "only {struck} of {} kills struck", kills.len());
}

/// `often` tells whether the place is passed with every claim or now and then.
fn kills_at(failpoint: &str, often: bool) {
    let rounds = if tools::is_long() { 100 } else { 3 };
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.trust(&world.tay_ho, BANK);
        // Early, late and in between. Six tell at once, so 24 claims are four batches at least, and no place
        // of a batch is passed less often.
        let place = |round| if often { 1 + round * 3 % 4 } else { 1 + round % 2 };
        let kills: Vec<String> = (0..rounds).map(|round| format!("{failpoint}:{}", place(round))).collect();
        survive(&world, &kills);
    });
}

#[test]
fn a_crash_after_the_event_is_stored_loses_nothing() {
    kills_at("event_stored", true);
}

#[test]
fn a_crash_after_settling_and_before_its_commit_loses_nothing() {
    kills_at("settled", true);
}

#[test]
fn a_crash_just_before_any_commit_loses_nothing() {
    kills_at("before_commit", true);
}

#[test]
fn a_crash_just_after_any_commit_does_nothing_twice() {
    kills_at("after_commit", true);
}

#[test]
fn a_crash_between_signature_and_seal_signs_again() {
    kills_at("signed", false);
}

#[test]
fn a_crash_after_sealing_signs_nothing_twice() {
    kills_at("sealed", false);
}

#[test]
fn a_crash_at_any_time_is_survived() {
    let rounds: u64 = if tools::is_long() { 1_000 } else { 4 };
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.trust(&world.tay_ho, BANK);
        let kills: Vec<String> =
            (0..rounds).map(|round| format!("any time:{}", 5 + round * 37 % 200)).collect();
        survive(&world, &kills);
    });
}

/// The office's evening, step by step; whenever the service dies it is started again and the step
/// is asked for once more.
fn evening(world: &World, failpoint: &str, bearer: &str) -> bool {
    let today = world.now().business_day();
    let mut file = BankFile::new(world.ba_dinh.account_no, today, 0);
    for number in 0..40 {
        let owed = world.raise(Dong(25_000));
        let claim = world.claim(&owed, Dong(25_000)).reference(&format!("FT{number:04}"));
        if number % 2 == 0 {
            claim.settle();
        }
        file = file.book(25_000, &claim.claim.memo, &format!("FT{number:04}"));
    }
    let close = format!("{{\"account\":\"{}\",\"date\":\"{today}\"}}", world.ba_dinh.account_no);
    let steps: [(&str, Vec<u8>); 3] = [
        ("/api/v1/statements", file.camt()),
        ("/api/v1/reconciliations", b"{}".to_vec()),
        ("/api/v1/days/close", close.into_bytes()),
    ];
    let mut struck = false;
    let mut service = Service::start_as(world, How { failpoint: Some(failpoint), ..How::default() })
        .expect("these places are not passed at start");
    for (path, body) in &steps {
        let headers = [("Authorization", bearer), ("Content-Type", "application/json")];
        let reply = match send(service.address, "POST", path, &headers, body) {
            Ok(reply) => reply,
            Err(_) => {
                struck |= service.die_within(Duration::from_secs(3));
                service = Service::start(world);
                let work = service.ready_after_cpu;
                assert!(work < READY_CPU_LIMIT, "{failpoint}: {work:?} of work until it was ready");
                send(service.address, "POST", path, &headers, body).expect("the second time it answers")
            }
        };
        // A day closed by the commit before the crash says so; everything else is done again quietly.
        assert!(
            reply.status == 200 || (reply.status == 409 && struck && path.ends_with("close")),
            "{failpoint} {path}: {} {}",
            reply.status,
            String::from_utf8_lossy(&reply.body)
        );
    }
    wait_for_signatures(world, Duration::from_secs(20));
    service.stop();
    assert_eq!(world.count("statement_line"), 40, "{failpoint}");
    assert_eq!(world.count("line_case"), 40, "{failpoint}");
    assert_eq!(
        (world.count("payment"), world.count("receipt WHERE state = 'signed'")),
        (40, 40),
        "{failpoint}"
    );
    assert_eq!(world.count("statement WHERE state = 'ready'"), 1, "{failpoint}");
    assert_eq!(world.count("day_certificate"), 1, "{failpoint}");
    assert_eq!(world.problems(), Vec::<String>::new(), "{failpoint}");
    struck
}

#[test]
fn a_crash_after_numbering_leaves_no_gap() {
    kills_at("numbered", true);
}

#[test]
fn a_crash_while_importing_matching_or_closing_is_finished_by_asking_again() {
    let rounds = if tools::is_long() { 100 } else { 3 };
    for failpoint in ["statement_chunk:1", "match:1", "close:1"] {
        for _ in 0..rounds {
            each_database(|database| {
                let world = World::settled_in_today(database);
                let bearer = format!("Bearer {}", token(&world, Role::Finance));
                assert!(evening(&world, failpoint, &bearer), "{failpoint} did not strike");
            });
        }
    }
}
