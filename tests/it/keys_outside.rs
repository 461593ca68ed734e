//! Keys in a token and with a signing service: slow, failing and wrong ones cost nobody else
//! anything.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use bienlai::notification::Outbox;
use bienlai::receipt::key::alarm::Kind;
use bienlai::receipt::{query, seal};
use bienlai::simulator::signing_service::{Mood, SigningService};
use bienlai::worker;

use crate::support::app::MASTER_KEY;
use crate::support::keys::{FEE, KeyWorld};
use crate::support::program::{How, Service, callback};
use crate::support::{World, each_database};

fn with_service(database: crate::support::Database, timeout_ms: u64) -> (KeyWorld, SigningService) {
    let keys = KeyWorld::new(World::settled_in(database));
    let key = keys.issue(100);
    let service = SigningService::start(&key.to_pem()).expect("the service starts");
    keys.store_remote(&key, &service, timeout_ms);
    (keys, service)
}

fn pay_ba_dinh(keys: &KeyWorld) -> bienlai::id::ReceiptId {
    let owed = keys.world.raise(FEE);
    keys.world.claim(&owed, FEE).receipt()
}

#[test]
fn a_signing_service_signs_a_batch_with_one_authorisation() {
    each_database(|database| {
        let (keys, service) = with_service(database, 5_000);
        let receipts: Vec<_> = (0..5).map(|_| keys.pay()).collect();
        keys.world.seal();
        for receipt in receipts {
            assert_eq!(keys.state(receipt), "signed");
        }
        assert_eq!((service.signed(), service.calls()), (5, 1));
    });
}

#[test]
fn a_failing_service_stops_only_its_own_unit_and_is_alarmed_until_it_works_again() {
    each_database(|database| {
        let (keys, service) = with_service(database, 5_000);
        service.set(Mood::Failing);
        let (waiting, other) = (keys.pay(), pay_ba_dinh(&keys));
        for pause_s in [3, 5, 9] {
            keys.world.seal();
            keys.world.wait_seconds(pause_s);
        }
        assert_eq!((keys.state(waiting), keys.state(other)), ("numbered".to_owned(), "signed".to_owned()));
        assert_eq!(service.calls(), 3, "one try per pause");
        assert!(keys.alarms().contains(&Kind::SignerFails));
        service.set(Mood::Well);
        keys.world.seal();
        assert_eq!(keys.state(waiting), "signed");
        assert!(!keys.alarms().contains(&Kind::SignerFails));
    });
}

#[test]
fn a_rate_limited_service_gets_the_time_it_asks_for() {
    each_database(|database| {
        let (keys, service) = with_service(database, 5_000);
        service.set(Mood::Limited { times: 1, retry_after_s: 60 });
        let receipt = keys.pay();
        keys.world.seal();
        keys.world.wait_seconds(59);
        keys.world.seal();
        assert_eq!((keys.state(receipt).as_str(), service.calls()), ("numbered", 1));
        keys.world.wait_seconds(1);
        keys.world.seal();
        assert_eq!(keys.state(receipt), "signed");
    });
}

#[test]
fn a_wrong_signature_from_outside_never_becomes_a_receipt() {
    each_database(|database| {
        let (keys, service) = with_service(database, 5_000);
        service.set(Mood::Wrong);
        let receipt = keys.pay();
        keys.world.seal();
        assert_eq!(keys.state(receipt), "numbered");
        assert_eq!(keys.world.count("receipt_seal"), 0);
        assert_eq!(service.signed(), 1, "it did answer");
    });
}

#[test]
fn a_slow_service_keeps_no_other_unit_waiting() {
    each_database(|database| {
        let (keys, service) = with_service(database, 30_000);
        service.set(Mood::Slow(8_000));
        let (slow, quick) = (keys.pay(), pay_ba_dinh(&keys));
        let began = Instant::now();
        let batch = keys.world.look(|conn| query::waiting(conn, 100, &[]));
        let signed = worker::sign_apart(&keys.world, &batch, 1).expect("what can be signed here is signed");
        seal::store_seals(&keys.world.store, &keys.world.stamp(), signed, &Outbox).expect("and is stored");
        assert_eq!((keys.state(quick).as_str(), keys.state(slow).as_str()), ("signed", "numbered"));
        while keys.state(slow) == "numbered" && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(keys.state(slow), "signed");
    });
}

#[test]
fn money_is_settled_and_numbered_while_a_signing_service_holds_its_answer_back() {
    each_database(|database| {
        let (keys, service) = with_service(database, 600_000);
        service.set(Mood::Held);
        let first = keys.pay();
        let batch = keys.world.look(|conn| query::waiting(conn, 100, &[]));
        worker::sign_apart(&keys.world, &batch, 1).expect("nothing can be signed here");
        while service.calls() == 0 {
            std::thread::yield_now();
        }
        // Nobody lets the service answer before these are settled: were the money to wait for it, this
        // story would not end.
        let paid: Vec<_> = (0..5).map(|_| keys.pay()).collect();
        let other = pay_ba_dinh(&keys);
        assert_eq!(service.signed(), 0, "not one signature was given");
        for receipt in paid.iter().chain([&first, &other]) {
            assert_eq!(keys.state(*receipt), "numbered");
        }
        assert_eq!(keys.world.count("obligation WHERE state = 'paid'"), 7);
        service.set(Mood::Well);
        while keys.state(first) == "numbered" {
            std::thread::yield_now();
        }
        keys.world.seal();
        for receipt in paid.iter().chain([&first, &other]) {
            assert_eq!(keys.state(*receipt), "signed");
        }
    });
}

/// The program itself: banks are answered as fast as ever while a signing service holds an authorised batch for as
/// long as it likes, and while it fails; what it owes is signed when it is well.
#[test]
fn callbacks_are_answered_at_full_pace_while_a_signing_service_is_slow_or_fails_and_receipts_follow() {
    const EACH: usize = 12;
    let keys = KeyWorld::new(World::settled_in_today(crate::support::Database::sqlite()));
    let key = keys.issue(100);
    let signer = SigningService::start(&key.to_pem()).expect("the service starts");
    keys.store_remote(&key, &signer, 600_000);
    let world = &keys.world;
    let mut program = Service::start(world);
    // Half of the money is Sóc Sơn's, which signs outside, half Ba Đình's, which signs by itself.
    let tell = || {
        let claims: Vec<_> = (0..EACH)
            .flat_map(|_| [&world.soc_son, &world.ba_dinh])
            .map(|commune| world.claim(&world.raise_at(commune, FEE), FEE).claim)
            .collect();
        let began = Instant::now();
        for claim in &claims {
            let reply = callback(program.address, claim).expect("it is answered");
            assert_eq!(reply.status, 200, "{reply:?}");
        }
        began.elapsed()
    };
    let unsigned = |unit: bienlai::id::UnitId| {
        world.count(&format!("receipt WHERE state = 'numbered' AND unit_id = {}", unit.0))
    };
    let wait = |what: &str, is_so: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(90), "{what}: {}", program.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let well = tell();
    wait("both sign", &|| unsigned(world.soc_son.id) + unsigned(world.ba_dinh.id) == 0);

    let (calls, signed) = (signer.calls(), signer.signed());
    signer.set(Mood::Held);
    let held = tell();
    wait("it is asked", &|| signer.calls() > calls);
    let again = tell();
    assert_eq!(signer.signed(), signed, "not one signature came");
    assert_eq!(world.count("obligation WHERE state = 'paid'"), 3 * 2 * EACH as i64, "all of it is settled");
    assert_eq!(unsigned(world.soc_son.id), 2 * EACH as i64);
    wait("Ba Đình signs on", &|| unsigned(world.ba_dinh.id) == 0);
    signer.set(Mood::Failing);
    let failing = tell();
    for (how, took) in [("held", held), ("held again", again), ("failing", failing)] {
        assert!(took < well * 3 + Duration::from_secs(2), "{how}: {took:?}, well: {well:?}");
    }
    signer.set(Mood::Well);
    wait("what waited is signed", &|| unsigned(world.soc_son.id) + unsigned(world.ba_dinh.id) == 0);
    program.stop();
    assert_eq!(world.count("receipt WHERE state = 'signed'"), 4 * 2 * EACH as i64);
}

/// SoftHSM with one token in the folder of the story.
struct Token {
    settings: PathBuf,
    folder: PathBuf,
    config: PathBuf,
}

const TOKEN_PIN: &str = "1234";

impl Token {
    fn new(keys: &KeyWorld) -> Token {
        let folder = keys.world.database.folder.path().to_owned();
        let tokens = folder.join("tokens");
        std::fs::create_dir_all(&tokens).expect("a folder for tokens");
        let settings = folder.join("softhsm2.conf");
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        std::fs::write(&settings, text).expect("settings");
        let config = folder.join("keys.toml");
        let text = format!(
            "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
            keys.world.database.url
        );
        std::fs::write(&config, text).expect("a configuration");
        let token = Token { settings, folder, config };
        token.util(&["--init-token", "--free", "--label", "UBND", "--pin", TOKEN_PIN, "--so-pin", "123456"]);
        token
    }

    fn util(&self, arguments: &[&str]) {
        let mut command = Command::new("softhsm2-util");
        let done =
            command.args(arguments).env("SOFTHSM2_CONF", &self.settings).output().expect("softhsm2-util");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Puts a private key into the token.
    fn import(&self, key: &bienlai::receipt::key::SigningKey) {
        let pem = secrecy::ExposeSecret::expose_secret(&key.to_pem()).to_owned();
        let (private, _) = pem.split_once("-----BEGIN CERTIFICATE").expect("key and certificate");
        let private = self.file("key.pem", private).display().to_string();
        let place = ["--token", "UBND", "--label", "ky", "--id", "a1", "--pin", TOKEN_PIN];
        self.util(&[&["--import", private.as_str()], &place[..]].concat());
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn bienlai(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
        command.arg("--config").arg(&self.config).args(arguments).env("SOFTHSM2_CONF", &self.settings);
        command.output().expect("the program runs")
    }

    fn add(&self, certificate: &Path, pin: &str, more: &[&str]) -> Output {
        self.add_from("UBND", certificate, pin, more)
    }

    fn add_from(&self, token: &str, certificate: &Path, pin: &str, more: &[&str]) -> Output {
        let module = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("SoftHSM's module");
        let (pin, certificate) = (self.file("pin.txt", pin), certificate.display().to_string());
        let pin = pin.display().to_string();
        let base =
            ["key", "add-pkcs11", "--unit", "00376", "--module", module, "--token", token, "--key-label"];
        let rest = ["ky", "--pin-file", &pin, "--certificate", &certificate];
        self.bienlai(&[&base[..], &rest[..], more].concat())
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// The key with CKM_SHA256_RSA_PKCS, in a service that goes on: a token is pulled out and put back.
#[test]
fn a_token_that_was_away_signs_again_without_a_restart() {
    let keys = KeyWorld::new(World::settled_in_today(crate::support::Database::sqlite()));
    let token = Token::new(&keys);
    let key = keys.issue(100);
    token.import(&key);
    let chain = token.file("chain.pem", &key.chain_pem());
    keys.list(&key);
    let stored = token.add(&chain, TOKEN_PIN, &[]);
    assert!(stored.status.success(), "{}", told(&stored));

    let settings = token.settings.display().to_string();
    let environment = [("SOFTHSM2_CONF", settings.as_str())];
    let mut service = Service::start_as(&keys.world, How { environment: &environment, ..How::default() })
        .expect("the service is ready");
    let waits = |receipt, state: &str, patience_s| {
        let start = Instant::now();
        while keys.state(receipt) != state {
            assert!(start.elapsed() < Duration::from_secs(patience_s), "{state}: {}", service.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let first = keys.pay();
    waits(first, "signed", 10);

    let (here, away) = (token.folder.join("tokens"), token.folder.join("away"));
    std::fs::rename(&here, &away).expect("the token is pulled out");
    std::fs::create_dir(&here).expect("the place stays");
    let second = keys.pay();
    let start = Instant::now();
    while !keys.alarms().contains(&Kind::SignerFails) {
        assert!(start.elapsed() < Duration::from_secs(30), "nobody is alarmed: {}", service.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(keys.state(second), "numbered", "the money is settled, the receipt waits");

    std::fs::remove_dir(&here).expect("the empty place");
    std::fs::rename(&away, &here).expect("the token is put back");
    waits(second, "signed", 40);
    let third = keys.pay();
    waits(third, "signed", 10);
    service.stop();
    assert!(!keys.alarms().contains(&Kind::SignerFails), "and the alarm is over");
}

#[test]
fn a_key_in_a_token_signs_and_what_does_not_fit_it_is_refused() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in_today(database));
        let token = Token::new(&keys);
        let key = keys.issue(100);
        token.import(&key);
        let chain = token.file("chain.pem", &key.chain_pem());
        let other = token.file("other.pem", &keys.issue(100).chain_pem());

        let refused = token.add_from("KHONG CO", &chain, TOKEN_PIN, &[]);
        assert!(told(&refused).contains("signing_token_missing"), "{}", told(&refused));
        let refused = token.add(&chain, "9999", &[]);
        assert!(told(&refused).contains("token_pin_wrong"), "{}", told(&refused));
        let refused = token.add(&other, TOKEN_PIN, &[]);
        assert!(told(&refused).contains("key_certificate_mismatch"), "{}", told(&refused));
        let refused = token.add(&chain, TOKEN_PIN, &[]);
        assert!(told(&refused).contains("certificate_not_registered"), "{}", told(&refused));
        keys.list(&key);
        let stored = token.add(&chain, TOKEN_PIN, &["--digest-here", "--key-id", "a1"]);
        assert!(stored.status.success(), "{}", told(&stored));

        let receipt = keys.pay();
        let signed = token.bienlai(&["key", "sign-waiting"]);
        assert!(signed.status.success(), "{}", told(&signed));
        assert_eq!(keys.state(receipt), "signed");
        let listed = told(&token.bienlai(&["key", "list"]));
        assert!(listed.contains("pkcs11") && listed.contains("đang ký"), "{listed}");

        let refused = token.add(&chain, TOKEN_PIN, &["--key-id", "ff"]);
        assert!(told(&refused).contains("token_key_missing"), "{}", told(&refused));
        let private = token.folder.join("key.pem").display().to_string();
        token.util(&[
            "--import", &private, "--token", "UBND", "--label", "ky", "--id", "b2", "--pin", TOKEN_PIN,
        ]);
        let refused = token.add(&chain, TOKEN_PIN, &[]);
        assert!(told(&refused).contains("token_key_ambiguous"), "{}", told(&refused));
    });
}
