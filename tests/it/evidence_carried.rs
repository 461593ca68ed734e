//! Who carries a bundle changes what no piece's own signature binds; and what happens while it is written.

use std::cell::RefCell;
use std::io::Write;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::payment::book::Method;
use bienlai::receipt::verify::TrustStore;
use bienlai::report::evidence;
use bienlai::report::evidence::judge::judge;
use bienlai::simulator::chance::Chance;
use bienlai::store::lease;
use bienlai::worker;
use serde_json::{Value, json};

use crate::evidence_attacks::{Attack, Forgery, PERIOD, each_is_named, judged, paid, taken, two_days};
use crate::support::world::AUTHORITY_PEM;
use crate::support::{Database, World, each_database};

/// Whoever carries a bundle has no key: what no piece's own signature binds is bound by the trail's.
const BOUND: &str = "manifest.json: is not what was written";

#[test]
fn what_only_the_taking_of_the_bundle_binds_cannot_be_changed_by_who_carries_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let owed = world.raise(Dong(15_000));
        world.take(&owed, Dong(15_000), Method::Cash).unwrap();
        let bytes = taken(&world, &world.ba_dinh, PERIOD);
        assert_eq!(judged(&world, &bytes).unsigned_numbers, 1, "one is numbered and not sealed yet");
        let register = Forgery::of(&bytes).named("register/");
        let in_register = |forgery: &mut Forgery, change: &dyn Fn(&mut Vec<Value>)| {
            forgery.lines(&register, |lines| change(lines));
        };
        let attacks: [Attack<'_>; 6] = [
            ("the last numbers are dated after the period", BOUND, &|forgery| {
                forgery.without_document("3.xml");
                in_register(forgery, &|lines| {
                    lines[3]["issued_on"] = json!("2026-11-26");
                    lines[4]["issued_on"] = json!("2026-11-26");
                });
            }),
            ("a number without a document", BOUND, &|forgery| {
                in_register(forgery, &|lines| drop(lines.pop()));
            }),
            ("an amount without a certificate", BOUND, &|forgery| {
                in_register(forgery, &|lines| lines[4]["amount"] = json!(1));
            }),
            ("another name", BOUND, &|forgery| {
                forgery.json("manifest.json", |manifest| manifest["unit_name"] = json!("Phường Khác"));
            }),
            ("another taking", "is cut off", &|forgery| {
                forgery.json("manifest.json", |manifest| manifest["taking"] = json!("aud_0000000000000"));
            }),
            ("a decision that is not there", BOUND, &|forgery| {
                forgery.json("manifest.json", |manifest| {
                    manifest["entrusted"] = json!([{
                        "tax_code": "9900000016", "name": "x", "decision_no": "1", "is_end": false,
                        "decided_on": "2026-11-01", "valid_from": "2026-11-01", "valid_until": "2026-12-31",
                    }]);
                });
            }),
        ];
        each_is_named(&world, &bytes, &attacks);
    });
}

#[test]
fn an_account_that_nobody_closes_cannot_be_left_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        paid(&world, &world.ba_dinh.clone(), 0, 25_000);
        world.wait_days(2);
        let bytes = taken(&world, &world.ba_dinh, ("2026-11-23", "2026-11-23"));
        let open = judged(&world, &bytes).open;
        assert!(open.iter().any(|one| one == "days/1900111100.json: 2026-11-23 – 2026-11-23"), "{open:?}");
        each_is_named(
            &world,
            &bytes,
            &[("the account", BOUND, &|forgery| drop(forgery.files.remove("days/1900111100.json")))],
        );
    });
}

/// Does something once, when the writing of a bundle comes to its registers.
struct Meanwhile<'a> {
    out: Vec<u8>,
    act: Option<Box<dyn FnOnce() + 'a>>,
}

impl Write for Meanwhile<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let name = b"register/";
        let comes = bytes.windows(name.len()).any(|part| part == name);
        if let Some(act) = self.act.take_if(|_| comes) {
            act();
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_the_unit_does_while_its_bundle_is_written_makes_no_bundle_false() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let owed = world.raise(Dong(15_000));
        world.take(&owed, Dong(15_000), Method::Cash).unwrap();
        let period = (PERIOD.0.parse().unwrap(), PERIOD.1.parse().unwrap());
        let actor = Actor::system();
        let unit = world.ba_dinh.id;
        let taking = world.change(|tx, stamp| evidence::admit(tx, stamp, &actor, unit, period));
        let other = RefCell::new(Vec::new());
        let act = || {
            world.seal();
            // Somebody else takes the same period.
            other.replace(taken(&world, &world.ba_dinh, PERIOD));
        };
        let mut out = Meanwhile { out: Vec::new(), act: Some(Box::new(act)) };
        worker::write_evidence(&world.app, &mut out, &taking).expect("the bundle is written");
        assert!(out.act.is_none(), "something happened meanwhile");
        let found = judged(&world, &out.out);
        assert_eq!((found.faults, found.receipts), (Vec::new(), 3), "sealed after the documents were read");
        let found = judged(&world, &other.borrow());
        assert_eq!((found.faults, found.receipts), (Vec::new(), 4));
    });
}

#[test]
fn a_bundle_cannot_write_over_the_screen_of_who_judges_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = taken(&world, &world.ba_dinh, PERIOD);
        let mut forgery = Forgery::of(&bytes);
        forgery.json("manifest.json", |manifest| manifest["unit_name"] = json!("\u{1b}[2J\u{202e}HOLDS"));
        forgery.files.insert("x\u{1b}[8m".to_owned(), Vec::new());
        let found = judged(&world, &forgery.bytes());
        assert_eq!(found.unit_name, "[2JHOLDS");
        let text = found.faults.concat();
        assert!(text.contains("x[8m") && !text.contains(char::is_control), "{text:?}");
    });
}

#[test]
fn days_and_places_at_the_end_of_all_numbers_are_faults_and_no_end_of_the_judge() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let bytes = taken(&world, &world.ba_dinh, PERIOD);
        let register = Forgery::of(&bytes).named("register/");
        let attacks: [Attack<'_>; 3] = [
            ("a day", "does not read after number 0", &|forgery| {
                forgery.lines(&register, |lines| lines[1]["issued_on"] = json!("-262143-01-01"));
            }),
            ("a number", "holds no number of a day", &|forgery| {
                forgery.lines(&register, |lines| lines[1]["number"] = json!(i64::MIN));
            }),
            ("a place", "trail.ndjson: does not read after entry 0", &|forgery| {
                forgery.lines("trail.ndjson", |lines| lines[1]["entry"]["seq"] = json!(i64::MAX));
            }),
        ];
        each_is_named(&world, &bytes, &attacks);
    });
}

#[test]
fn an_entry_that_stands_there_twice_is_named() {
    each_database(|database| {
        let world = World::settled_in(database);
        let mut forgery = Forgery::of(&taken(&world, &world.ba_dinh, PERIOD));
        forgery.files.insert("manifest.jsoX".to_owned(), b"another".to_vec());
        let mut bytes = forgery.bytes();
        let at: Vec<usize> = bytes
            .windows(13)
            .enumerate()
            .filter(|(_, part)| *part == b"manifest.jsoX")
            .map(|(at, _)| at + 12)
            .collect();
        assert_eq!(at.len(), 2, "its own head and the list's");
        at.into_iter().for_each(|at| bytes[at] = b'n');
        let found = judged(&world, &bytes);
        assert!(found.faults.iter().any(|fault| fault.contains("stands there twice")), "{:?}", found.faults);
    });
}

const TYPED: &[u8] = b"0123456789 \n\"{}[],:ae";

/// Whoever carries a bundle may change any byte of any entry and write the list of hashes anew.
#[test]
fn random_damage_to_a_bundle_is_found_or_changes_nothing_of_what_it_proves() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let genuine = Forgery::of(&taken(&world, &world.ba_dinh, PERIOD));
        let proven = judged(&world, &genuine.clone().bytes());
        assert!(proven.holds());
        let names: Vec<String> = genuine.files.keys().cloned().collect();
        let trust = TrustStore::from_pem(AUTHORITY_PEM).unwrap();
        let mut chance = Chance::new(0xB1E2_1A1F);
        for round in 0..100 {
            let mut damaged = genuine.clone();
            let name = chance.pick(&names).unwrap();
            let bytes = damaged.files.get_mut(name).unwrap();
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] ^= 1 << chance.below(7),
                1 => bytes.insert(at, TYPED[chance.below(TYPED.len())]),
                _ => drop(bytes.remove(at)),
            }
            if serde_json::from_slice::<serde_json::Value>(&damaged.files["manifest.json"]).is_err() {
                continue;
            }
            let Ok(found) = judge(&damaged.bytes(), &trust, world.now()) else { continue };
            assert!(!found.holds() || found == proven, "round {round}, {name} at {at}: {found:#?}");
        }
    });
}

/// A reader who went away.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_bundle_that_breaks_off_or_that_another_process_does_not_seal_is_told_so() {
    let world = World::settled_in(Database::sqlite());
    two_days(&world);
    let period = (PERIOD.0.parse().unwrap(), PERIOD.1.parse().unwrap());
    let (actor, unit) = (Actor::system(), world.ba_dinh.id);
    let admitted = || world.change(|tx, stamp| evidence::admit(tx, stamp, &actor, unit, period));
    let broken = worker::write_evidence(&world.app, &mut Gone, &admitted());
    assert_eq!(broken.map(|_| ()).unwrap_err().code(), "bundle_interrupted");
    // Another process holds the sealer's lease, and does not come to it.
    world.wait_seconds(60);
    let is_held = world.change(|tx, stamp| lease::hold_work(tx, "sealer", "other", stamp.now.ms(), 60_000));
    assert!(is_held);
    let unsettled = worker::write_evidence(&world.app, &mut Vec::new(), &admitted());
    assert_eq!(unsettled.map(|_| ()).unwrap_err().code(), "trail_unsettled");
    world.wait_seconds(61);
    worker::write_evidence(&world.app, &mut Vec::new(), &admitted()).expect("the lease is over");
}
