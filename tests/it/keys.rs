//! Certificates end, are followed by others, and nothing is lost meanwhile.

use bienlai::actor::{Actor, Role};
use bienlai::filing::registration::installed;
use bienlai::id::ReceiptId;
use bienlai::receipt::key::alarm::{self, Kind};
use bienlai::receipt::key::certificates_in;
use bienlai::receipt::key::watch;
use bienlai::receipt::query;
use bienlai::unit::registration::{CertificateAction, Family};
use bienlai::unit::series::{self, NewSeries};
use bienlai::unit::{certificate, certificate_stop};

use crate::cash_by_command::Shell;
use crate::corrections::person;
use crate::documents::{BOTH, fee_and_service};
use crate::support::keys::{KeyWorld, TAX_CODE};
use crate::support::{World, each_database, tools};

fn look(keys: &KeyWorld) {
    watch::look(&keys.world.store, &keys.world.stamp()).expect("the certificates are looked over");
}

#[test]
fn at_expiry_receipts_wait_the_administrator_is_alarmed_and_a_new_key_signs_them() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        keys.store(&keys.issue(36), None);
        let before = keys.pay();
        keys.world.seal();
        assert_eq!(keys.state(before), "signed");

        for (days, told) in [(0, Kind::Expires60), (7, Kind::Expires30), (23, Kind::Expires7)] {
            keys.world.wait_days(days);
            look(&keys);
            look(&keys);
            assert!(keys.alarms().contains(&told), "{told:?} stands once: {:?}", keys.alarms());
            assert_eq!(keys.alarms().iter().filter(|kind| **kind == told).count(), 1);
        }
        keys.world.wait_days(6);
        let after = keys.pay();
        keys.world.seal();
        assert_eq!(keys.state(after), "numbered", "the money is settled, the receipt waits");
        assert!(keys.alarms().contains(&Kind::SigningStopped), "at once, not with the next look");

        keys.store(&keys.issue(400), None);
        keys.world.wait_seconds(3);
        keys.world.seal();
        assert_eq!(keys.state(after), "signed");
        look(&keys);
        assert!(!keys.alarms().contains(&Kind::SigningStopped), "what is over is cleared");
    });
}

#[test]
fn two_overlapping_certificates_hand_over_at_their_instant_without_a_restart() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let old = keys.store(&keys.issue(100), None);
        let turn = keys.world.now().plus_seconds(20);
        let new = keys.store(&keys.issue(400), Some(turn));
        let first = keys.pay();
        keys.world.seal();
        keys.world.wait_seconds(19);
        let second = keys.pay();
        keys.world.seal();
        keys.world.wait_seconds(1);
        let third = keys.pay();
        keys.world.seal();
        assert_eq!([first, second, third].map(|receipt| keys.signed_under(receipt)), [old, old, new]);
        let all = keys.world.look(|conn| certificate::of_unit(conn, keys.world.soc_son.id));
        assert_eq!(all.len(), 2, "the old one stays, for verification");
        let shown = keys.world.look(|conn| certificate::pem(conn, &[keys.world.soc_son.id], old)).unwrap();
        assert_eq!(certificates_in(&shown).unwrap().len(), 2, "its authority goes into evidence with it");
    });
}

#[test]
fn a_successor_whose_turn_comes_after_a_gap_silences_no_warning() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        keys.store(&keys.issue(36), None);
        keys.store(&keys.issue(400), Some(keys.world.now().plus_seconds(66 * 86_400)));
        for (days, told) in
            [(0, Kind::Expires60), (7, Kind::Expires30), (23, Kind::Expires7), (6, Kind::Expired)]
        {
            keys.world.wait_days(days);
            look(&keys);
            assert_eq!(keys.alarms(), [told], "in the gap nothing is signed");
        }
        keys.world.wait_days(31);
        look(&keys);
        assert!(keys.alarms().is_empty(), "its turn came: {:?}", keys.alarms());
    });
}

/// The last step of a rotation: the form that stops the old certificate is accepted while that one is
/// still within its dates.
#[test]
fn a_stopped_certificate_signs_no_more_though_it_is_valid_and_is_not_warned_of() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let (leaving, coming) = (keys.issue(50), keys.issue(400));
        let new = keys.store(&coming, None);
        let old = keys.store(&leaving, Some(keys.world.now().plus_seconds(1)));
        keys.world.wait_seconds(2);
        let first = keys.pay();
        keys.world.seal();
        keys.tell(&leaving, CertificateAction::Stop);
        keys.world.wait_seconds(31);
        let second = keys.pay();
        keys.world.seal();
        assert_eq!([first, second].map(|receipt| keys.signed_under(receipt)), [old, new]);
        look(&keys);
        assert!(keys.alarms().is_empty(), "nobody waits for its end: {:?}", keys.alarms());
        keys.tell(&coming, CertificateAction::Stop);
        keys.world.wait_seconds(31);
        let third = keys.pay();
        keys.world.seal();
        assert_eq!(keys.state(third), "numbered", "with every certificate stopped nothing is signed");
        assert!(keys.alarms().contains(&Kind::SigningStopped));
    });
}

/// A form that covers receipts alone, and the one of invoices.
const OF_RECEIPTS: (&str, &str) = ("01/ĐK-BL", "receipt");
const OF_INVOICES: (&str, &str) = ("01/ĐKTĐ-HĐĐT", "invoice");

/// Sóc Sơn issues invoices beside its receipts.
fn with_invoices(world: World) -> KeyWorld {
    let keys = KeyWorld::new(world);
    keys.world.change(|tx, stamp| {
        let new = NewSeries {
            unit: keys.world.soc_son.id,
            document_kind: "invoice_vat".to_owned(),
            template: "1".to_owned(),
            series: "K26TSS".to_owned(),
            year: stamp.today().year(),
            last_allowed_no: 99,
            registration: "TB-0002".to_owned(),
        };
        series::open(tx, stamp, &Actor::system(), new)
    });
    keys
}

/// Somebody pays a fee and a service at once: the receipt and the invoice.
fn pay_both(keys: &KeyWorld) -> [ReceiptId; 2] {
    let owed = keys.world.raise_lines(&keys.world.soc_son, fee_and_service());
    keys.world.claim(&owed, BOTH).settle();
    let documents = keys.world.receipts(&owed);
    assert_eq!(crate::documents::kinds(&documents), ["receipt", "invoice_vat"]);
    [documents[0].id, documents[1].id]
}

fn states(keys: &KeyWorld, documents: [ReceiptId; 2]) -> [String; 2] {
    documents.map(|document| keys.state(document))
}

/// Why signing stopped, by the alarm that stands.
fn reasons(keys: &KeyWorld) -> Vec<String> {
    let open = keys.world.look(alarm::open);
    open.into_iter()
        .filter(|open| open.unit == keys.world.soc_son.id && open.kind == Kind::SigningStopped)
        .map(|open| open.detail)
        .collect()
}

#[test]
fn a_certificate_listed_for_invoices_only_seals_no_receipts_until_their_form_lists_it_too() {
    each_database(|database| {
        let keys = with_invoices(World::settled_in(database));
        let key = keys.issue(400);
        keys.tell_on(OF_INVOICES, &key, CertificateAction::Add);
        keys.hold(&key);
        let documents = pay_both(&keys);
        keys.world.seal();
        assert_eq!(states(&keys, documents), ["numbered", "signed"]);
        look(&keys);
        assert_eq!(reasons(&keys), ["certificate_not_registered"], "it stands, and says why");
        let next = pay_both(&keys);
        keys.world.wait_seconds(1);
        keys.world.seal();
        assert_eq!(states(&keys, next), ["numbered", "signed"], "receipts that wait hold up no invoices");

        keys.tell_on(OF_RECEIPTS, &key, CertificateAction::Add);
        keys.world.wait_seconds(3);
        keys.world.seal();
        assert_eq!([documents[0], next[0]].map(|receipt| keys.state(receipt)), ["signed", "signed"]);
        look(&keys);
        assert!(reasons(&keys).is_empty(), "what is over is cleared");
    });
}

#[test]
fn a_certificate_stopped_on_one_form_goes_on_sealing_what_the_other_form_covers() {
    each_database(|database| {
        let keys = with_invoices(World::settled_in(database));
        let key = keys.issue(400);
        for form in [OF_RECEIPTS, OF_INVOICES] {
            keys.tell_on(form, &key, CertificateAction::Add);
        }
        keys.hold(&key);
        let first = pay_both(&keys);
        keys.world.seal();
        assert_eq!(states(&keys, first), ["signed", "signed"]);

        keys.tell_on(OF_INVOICES, &key, CertificateAction::Stop);
        keys.world.wait_seconds(31);
        let second = pay_both(&keys);
        keys.world.seal();
        assert_eq!(states(&keys, second), ["signed", "numbered"], "receipts are still signed with it");
        assert_eq!(reasons(&keys), ["certificate_not_registered"]);

        keys.tell_on(OF_INVOICES, &key, CertificateAction::Renew);
        keys.tell_on(OF_RECEIPTS, &key, CertificateAction::Stop);
        keys.world.wait_seconds(31);
        let third = pay_both(&keys);
        keys.world.seal();
        assert_eq!(states(&keys, second), ["signed", "signed"]);
        assert_eq!(states(&keys, third), ["numbered", "signed"], "and the other way round");
    });
}

#[test]
fn forms_about_documents_are_signed_by_a_certificate_that_is_listed_for_them() {
    each_database(|database| {
        let keys = with_invoices(World::settled_in(database));
        let (of_receipts, of_invoices) = (keys.issue(400), keys.issue(400));
        keys.tell_on(OF_RECEIPTS, &of_receipts, CertificateAction::Add);
        keys.tell_on(OF_INVOICES, &of_invoices, CertificateAction::Add);
        let older = keys.hold(&of_receipts);
        let newer = keys.hold(&of_invoices);
        let (world, unit) = (&keys.world, keys.world.soc_son.id);
        let about = |family| {
            world.look(|conn| world.keyring.signer_about(conn, &world.vault, (unit, family), world.now()))
        };
        assert_eq!(about(Family::Receipt).certificate, older, "BC26 and 04/SS-CTĐT");
        assert_eq!(about(Family::Invoice).certificate, newer, "04/SS-HĐĐT");
        let of_days = world.look(|conn| world.keyring.signer(conn, &world.vault, unit, world.now()));
        assert_eq!(of_days.certificate, newer, "about no documents: whose turn came last");
    });
}

#[test]
fn documents_of_a_kind_that_a_newer_version_wrote_hold_up_no_others() {
    each_database(|database| {
        let mut keys = KeyWorld::new(World::settled_in(database));
        keys.world.stop_watching();
        let unknown = keys.pay();
        let mut owner = keys.world.database.as_owner();
        tools::unguarded(&mut owner, keys.world.database.product, "receipt");
        let newer = format!("UPDATE receipt SET document_kind = 'receipt_of_2030' WHERE id = {}", unknown.0);
        tools::run(&mut owner, &newer).unwrap();
        let known = keys.pay();
        let waiting = keys.world.look(|conn| query::waiting(conn, 1, &[]));
        assert_eq!(waiting, [(keys.world.soc_son.id, known)], "the older one is left to the newer version");
    });
}

#[test]
fn a_stolen_key_is_stopped_by_two_persons_and_signs_nothing_more() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let stolen = keys.store(&keys.issue(400), None);
        let first = keys.pay();
        keys.world.seal();
        assert_eq!(keys.signed_under(first), stolen);
        let unit = keys.world.soc_son.id;
        let clerk = person(unit, keys.world.clerk, Role::Administrator);
        let chief = person(unit, keys.world.chief, Role::Approver);
        let ask = |actor: &Actor, reason: &str| {
            keys.world.try_change(|tx, stamp| certificate_stop::ask(tx, stamp, actor, (unit, stolen), reason))
        };
        let approve = |actor: &Actor, id| {
            keys.world.try_change(|tx, stamp| certificate_stop::approve(tx, stamp, actor, unit, id))
        };
        let elsewhere = person(keys.world.ba_dinh.id, keys.world.chief, Role::Approver);
        let cashier = person(unit, keys.world.chief, Role::Cashier);
        assert_eq!(ask(&clerk, " ").unwrap_err().code(), "reason_missing");
        assert_eq!(ask(&elsewhere, "lộ khóa").unwrap_err().code(), "unit_not_found");
        // Two persons ask at one moment: the second is told so.
        let (asks, asked) = std::sync::mpsc::channel();
        let (id, second) = std::thread::scope(|threads| {
            let first = threads.spawn(|| {
                let asks = asks;
                keys.world.change(|tx, stamp| {
                    let id = certificate_stop::ask(tx, stamp, &clerk, (unit, stolen), "lộ khóa")?;
                    asks.send(()).unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(300));
                    Ok(id)
                })
            });
            asked.recv().unwrap();
            let second = ask(&chief, "lộ khóa");
            (first.join().unwrap(), second)
        });
        assert_eq!(second.unwrap_err().code(), "certificate_stop_open");
        assert_eq!(ask(&chief, "lộ khóa").unwrap_err().code(), "certificate_stop_open");
        assert_eq!(approve(&clerk, id).unwrap_err().code(), "maker_is_checker");
        assert_eq!(approve(&cashier, id).unwrap_err().code(), "role_not_allowed");
        let take_back = |actor: &Actor, reason: &str| {
            keys.world
                .try_change(|tx, stamp| certificate_stop::withdraw(tx, stamp, actor, (unit, id), reason))
        };
        assert_eq!(take_back(&chief, "tìm thấy rồi").unwrap_err().code(), "not_the_maker");
        assert_eq!(take_back(&clerk, "").unwrap_err().code(), "reason_missing");
        assert_eq!(take_back(&clerk, "tìm thấy rồi").unwrap(), stolen);
        assert_eq!(approve(&chief, id).unwrap_err().code(), "certificate_stop_not_open");
        keys.world.wait_seconds(31);
        let second = keys.pay();
        keys.world.seal();
        assert_eq!(keys.signed_under(second), stolen, "it signs on");

        let id = ask(&clerk, "lộ khóa thật").unwrap();
        assert_eq!(approve(&chief, id).unwrap(), stolen);
        assert_eq!(ask(&clerk, "lần nữa").unwrap_err().code(), "certificate_stopped");
        keys.world.wait_seconds(31);
        let third = keys.pay();
        keys.world.seal();
        assert_eq!(keys.state(third), "numbered", "the money is settled, the receipt waits");
        assert!(keys.alarms().contains(&Kind::SigningStopped));
        let installed = keys.world.look(|conn| installed(conn, unit, keys.world.now()));
        assert!(installed.is_empty(), "what was stopped is not listed anew");
        let coming = keys.store(&keys.issue(300), None);
        keys.world.wait_seconds(31);
        keys.world.seal();
        assert_eq!(keys.signed_under(third), coming, "another key signs it");
    });
}

#[test]
fn the_command_stops_a_key_when_a_second_person_agrees() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let held = world.look(|conn| certificate::of_unit(conn, world.ba_dinh.id)).remove(0).id.to_string();
        let shell = Shell::new(&world);
        let (maker, other) = (shell.person("Lê Thị Mẫu").to_string(), shell.person("Vũ Văn Mẫu").to_string());
        let ask = ["key", "stop", "--certificate", &held, "--reason", "lộ khóa", "--person", &maker];
        let (code, asked, error) = shell.run(&ask);
        assert_eq!(code, 0, "{error}");
        let id = asked.split_whitespace().next().unwrap();
        assert!(asked.contains(&held) && asked.contains(&format!("key stop-approve {id}")), "{asked}");
        let by = |person: &str| shell.run(&["key", "stop-approve", id, "--person", person]);
        let (code, _, error) = by(&maker);
        assert!(code == 1 && error.contains("maker_is_checker"), "{code} {error}");
        let (code, out, error) = by(&other);
        assert!(code == 0 && out.contains(&held), "{out} {error}");
        let (code, _, error) = shell.run(&ask);
        assert!(code == 1 && error.contains("certificate_stopped"), "{code} {error}");
        let (_, listed, _) = shell.run(&["key", "list"]);
        let line = listed.lines().find(|line| line.contains(&held)).unwrap();
        assert!(line.contains("stopped"), "{line}");
    });
}

#[test]
fn a_certificate_that_is_over_or_would_begin_outside_its_dates_is_refused() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let key = keys.issue(10);
        let error = |at| {
            let pem = key.to_pem();
            let own = key.certificate();
            let new = || certificate::NewCertificate {
                unit: keys.world.soc_son.id,
                subject: own.subject().to_owned(),
                issuer: own.issuer().to_owned(),
                serial: own.serial().to_owned(),
                certificate_pem: key.chain_pem(),
                chain_pem: key.chain_pem(),
                key_pem: &pem,
                not_before: own.valid_from(),
                not_after: own.valid_until(),
                is_test: true,
            };
            let custody = || certificate::Custody { active_from: at, ..certificate::Custody::software() };
            let system = bienlai::actor::Actor::system();
            let stored = keys
                .world
                .try_change(|tx, stamp| certificate::store_as(tx, stamp, &system, new(), custody()));
            stored.map(|_| ()).unwrap_err().code()
        };
        assert_eq!(error(Some(own_end(&key))), "active_from_unusable");
        keys.store(&key, None);
        assert_eq!(error(None), "certificate_exists");
        keys.world.wait_days(10);
        assert_eq!(error(None), "certificate_expired");
    });
}

fn own_end(key: &bienlai::receipt::key::SigningKey) -> bienlai::clock::Instant {
    assert_eq!(key.certificate().tax_code(), Some(TAX_CODE));
    key.certificate().valid_until()
}
