//! Somebody who hands over a bundle changes it first, knows its form, and writes the list of hashes anew.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::audit::sha256_hex;
use bienlai::clock::BusinessDay;
use bienlai::correction::Kind;
use bienlai::receipt::key::SigningKey;
use bienlai::receipt::sign::Signer as _;
use bienlai::receipt::verify::TrustStore;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::reconcile;
use bienlai::report::evidence::judge::{Judgement, judge};
use bienlai::report::evidence::{self, TrailLine};
use bienlai::worker;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::corrections::{collected, corrected, fee};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::{AUTHORITY_PEM, Commune};
use crate::support::{World, each_database};

const OTHER_SIGNER: &str = include_str!("../../fixtures/receipt/test-only-other-signer.pem");

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

/// Takes a bundle as the program does.
pub fn taken(world: &World, commune: &Commune, (from, until): (&str, &str)) -> Vec<u8> {
    let period = (day(from), day(until));
    let actor = Actor::system();
    let taking = world.change(|tx, stamp| evidence::admit(tx, stamp, &actor, commune.id, period));
    let mut out = Vec::new();
    worker::write_evidence(&world.app, &mut out, &taking).expect("the bundle is written");
    out
}

pub fn judged(world: &World, bytes: &[u8]) -> Judgement {
    judge(bytes, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now()).expect("it reads")
}

/// A bundle taken apart, to be put together again under a manifest that fits.
#[derive(Clone)]
pub struct Forgery {
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Forgery {
    pub fn of(bytes: &[u8]) -> Forgery {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut files = BTreeMap::new();
        for at in 0..archive.len() {
            let mut file = archive.by_index(at).unwrap();
            let name = file.name().unwrap().into_owned();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            files.insert(name, content);
        }
        Forgery { files }
    }

    pub fn bytes(mut self) -> Vec<u8> {
        let hashes: BTreeMap<&String, String> = self
            .files
            .iter()
            .filter(|(name, _)| *name != "manifest.json")
            .map(|(name, content)| (name, sha256_hex(content)))
            .collect();
        let hashes = json!(hashes);
        self.json("manifest.json", |manifest| manifest["files"] = hashes);
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in self.files {
            out.start_file(&name, zip::write::SimpleFileOptions::default()).unwrap();
            out.write_all(&content).unwrap();
        }
        out.finish().unwrap().into_inner()
    }

    pub fn json(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let file = self.files.get_mut(name).unwrap();
        let mut content = serde_json::from_slice(file).unwrap();
        change(&mut content);
        *file = serde_json::to_vec(&content).unwrap();
    }

    pub fn lines(&mut self, name: &str, change: impl FnOnce(&mut Vec<Value>)) {
        let file = self.files.get_mut(name).unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        change(&mut lines);
        *file = lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes();
    }

    pub fn named(&self, beginning: &str) -> String {
        self.files.keys().find(|name| name.starts_with(beginning)).unwrap().clone()
    }

    /// Takes a document out of the files and the list.
    pub fn without_document(&mut self, ending: &str) {
        let is_it = |name: &str| name.starts_with("receipts/") && name.ends_with(ending);
        self.files.retain(|name, _| !is_it(name));
        self.json("manifest.json", |manifest| {
            let listed = manifest["receipts"].as_array_mut().unwrap();
            listed.retain(|one| !is_it(one["file"].as_str().unwrap()));
        });
    }
}

/// One fee of a commune paid by a transfer of today; the account's balance after it.
pub fn paid(world: &World, commune: &Commune, opening: i64, amount: i64) -> i64 {
    let owed = world.raise_at(commune, Dong(amount));
    let memo = format!("{} nop phi", owed.reference_code);
    let file = BankFile::new(commune.account_no, world.now().business_day(), opening);
    let file = file.book(amount, &memo, &format!("R{}", world.next()));
    import(world, &file.clone().without_sequence().camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
    world.seal();
    file.closing()
}

fn closed(world: &World, commune: &Commune, on: &str) {
    let place = (commune.id, commune.account);
    let made =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), place.0, place.1, day(on));
    assert!(matches!(made, Ok(Closing::Closed(_))), "{on} is not closed");
}

/// Two days of two communes, closed and certified, one night signed before; and a cancelled receipt.
pub fn two_days(world: &World) {
    let (ours, theirs) = (world.ba_dinh.clone(), world.tay_ho.clone());
    let (mut balance, mut other) = (0, 0);
    for on in ["2026-11-23", "2026-11-24"] {
        balance = paid(world, &ours, balance, 25_000);
        other = paid(world, &theirs, other, 10_000);
        worker::sign_audit_roots(&world.app).unwrap();
        world.wait_days(1);
        worker::audit_series(&world.app).unwrap();
        closed(world, &ours, on);
        closed(world, &theirs, on);
    }
    let (_, receipt) = collected(world, vec![fee("HT-01", 40_000)]);
    corrected(world, &receipt, Kind::Cancel, Vec::new());
    world.wait_seconds(60);
}

pub const PERIOD: (&str, &str) = ("2026-11-23", "2026-11-25");

#[test]
fn a_bundle_of_closed_days_shows_everything_and_what_is_not_closed_yet() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let found = judged(&world, &taken(&world, &world.ba_dinh, PERIOD));
        assert_eq!(found.faults, Vec::<String>::new());
        assert!(found.holds());
        assert_eq!(found.open, ["2026-11-25 – 2026-11-25: not over when the bundle was taken"]);
        assert_eq!((found.receipts, found.receipts_trusted), (3, 3));
        assert_eq!((found.day_certificates, found.series_certificates), (2, 2));
        assert_eq!((found.register_numbers, found.certified_numbers), (3, 2));
        assert_eq!(found.taken_at.map(|at| at.business_day()), Some(day("2026-11-25")));

        // A part of the period: the trail begins before it, and earlier numbers are counted and not shown.
        let found = judged(&world, &taken(&world, &world.ba_dinh, ("2026-11-24", "2026-11-24")));
        assert_eq!((found.faults.clone(), found.receipts, found.register_numbers), (vec![], 1, 3));

        world.wait_days(3);
        let found = judged(&world, &taken(&world, &world.ba_dinh, ("2026-11-23", "2026-11-27")));
        assert_eq!(found.faults, Vec::<String>::new());
        let open = ["series.json: 2026-11-25 – 2026-11-27", "days/1900111100.json: 2026-11-25 – 2026-11-27"];
        assert_eq!(found.open, open, "what nobody closed is told and no fault");
    });
}

/// What a forger does, and what the judge must say.
pub type Attack<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Forgery));

#[track_caller]
pub fn each_is_named(world: &World, bytes: &[u8], attacks: &[Attack<'_>]) {
    assert!(judged(world, &Forgery::of(bytes).bytes()).holds(), "put together again it holds");
    for (what, said, change) in attacks {
        let mut forgery = Forgery::of(bytes);
        change(&mut forgery);
        let found = judged(world, &forgery.bytes());
        let is_named = found.faults.iter().any(|fault| fault.contains(said));
        assert!(is_named, "{what}: {said} is not among {:#?}", found.faults);
    }
}

#[test]
fn a_document_that_is_dropped_or_told_otherwise_is_named() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let bytes = taken(&world, &world.ba_dinh, PERIOD);
        let register = Forgery::of(&bytes).named("register/");
        let in_register = |forgery: &mut Forgery, change: &dyn Fn(&mut Vec<Value>)| {
            forgery.lines(&register, |lines| change(lines));
        };
        let attacks: [Attack<'_>; 9] = [
            ("a document is dropped", "the document of number 2 is missing", &|forgery| {
                forgery.without_document("2.xml");
            }),
            ("its number too", "numbers 2 to 2 are missing", &|forgery| {
                forgery.without_document("2.xml");
                in_register(forgery, &|lines| drop(lines.remove(2)));
            }),
            ("the last numbers", "2 are certified on 2026-11-24 and missing", &|forgery| {
                forgery.without_document("2.xml");
                forgery.without_document("3.xml");
                in_register(forgery, &|lines| lines.truncate(2));
            }),
            ("one after the last certificate", "was sealed and stands in no register", &|forgery| {
                forgery.without_document("3.xml");
                in_register(forgery, &|lines| lines.truncate(3));
            }),
            ("moved out of the period", "are not those certified", &|forgery| {
                forgery.without_document("2.xml");
                in_register(forgery, &|lines| lines[2]["issued_on"] = json!("2026-12-24"));
            }),
            ("the whole register", "the register of BD-26E", &|forgery| {
                forgery.files.remove(&register);
            }),
            ("a cancelled one is told as valid", "said to be signed; the trail says cancelled", &|forgery| {
                in_register(forgery, &|lines| lines[3]["state"] = json!("signed"));
                forgery.json("manifest.json", |manifest| manifest["receipts"][2]["state"] = json!("signed"));
            }),
            ("another day", "is of another day than the list says", &|forgery| {
                forgery.json("manifest.json", |manifest| {
                    manifest["receipts"][0]["issued_on"] = json!("2026-11-24");
                });
            }),
            ("another unit's document", "is of another unit", &|forgery| {
                let other = Forgery::of(&taken(&world, &world.tay_ho, PERIOD));
                let (mine, theirs) = (forgery.named("receipts/"), other.named("receipts/"));
                forgery.files.insert(mine, other.files[&theirs].clone());
            }),
        ];
        each_is_named(&world, &bytes, &attacks);
    });
}

#[test]
fn a_certificate_that_is_dropped_anothers_or_signed_again_is_named() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let bytes = taken(&world, &world.ba_dinh, PERIOD);
        let other = Forgery::of(&taken(&world, &world.tay_ho, PERIOD));
        let key =
            SigningKey::from_pem(&SecretString::from(OTHER_SIGNER), OTHER_SIGNER, "9900000016").unwrap();
        let signer = key.signer().unwrap();
        let signed = |message: &[u8]| BASE64.encode(signer.sign(&[message]).unwrap().remove(0));
        let chain = "days/1900111100.json";
        let attacks: [Attack<'_>; 7] = [
            ("the last day", "the certificate of 2026-11-24 of acc_", &|forgery| {
                forgery.json(chain, |chain| drop(chain["certificates"].as_array_mut().unwrap().pop()));
            }),
            ("the first day", "a day before it has no certificate", &|forgery| {
                forgery.json(chain, |chain| drop(chain["certificates"].as_array_mut().unwrap().remove(0)));
            }),
            ("every day", "the certificate of 2026-11-23 of acc_", &|forgery| {
                forgery.files.remove(chain);
            }),
            ("another unit's days", "is of another unit, 00091", &|forgery| {
                forgery.files.insert(chain.to_owned(), other.files["days/1900222200.json"].clone());
            }),
            ("the last night", "series.json: the certificate of 2026-11-24 is missing", &|forgery| {
                forgery.json("series.json", |series| drop(series["parts"].as_array_mut().unwrap().pop()));
            }),
            ("another unit's nights", "is of another unit, 00091", &|forgery| {
                forgery.files.insert("series.json".to_owned(), other.files["series.json"].clone());
            }),
            // An authority that is believed vouches for the other signer too.
            ("signed again", "is signed by tax code 9900000016", &|forgery| {
                forgery.json("series.json", |series| {
                    let document = BASE64.decode(series["parts"][1]["document"].as_str().unwrap()).unwrap();
                    series["parts"][1]["signature"] = json!(signed(&document));
                    series["parts"][1]["signer"] = json!("crt_other");
                    series["signers"]["crt_other"] = json!(key.chain_pem());
                });
            }),
        ];
        each_is_named(&world, &bytes, &attacks);
    });
}

#[test]
fn a_trail_that_is_cut_off_changed_or_anothers_is_named() {
    each_database(|database| {
        let world = World::settled_in(database);
        two_days(&world);
        let bytes = taken(&world, &world.ba_dinh, ("2026-11-24", "2026-11-25"));
        let other = Forgery::of(&taken(&world, &world.tay_ho, ("2026-11-24", "2026-11-25")));
        let trail = "trail.ndjson";
        let read = |line: &Value| serde_json::from_value::<TrailLine>(line.clone()).unwrap();
        let signature = |line: &Value| matches!(read(line), TrailLine::Signature { .. });
        let attacks: [Attack<'_>; 7] = [
            ("its end, behind an earlier signature", "is cut off", &|forgery| {
                forgery.lines(trail, |lines| {
                    let signed: Vec<usize> = (0..lines.len()).filter(|at| signature(&lines[*at])).collect();
                    assert!(signed.len() > 1, "a night was signed before");
                    lines.truncate(signed[signed.len() - 2] + 1);
                });
            }),
            ("the last signature", "no signature reaches its end", &|forgery| {
                forgery.lines(trail, |lines| lines.retain(|line| !signature(line)));
            }),
            ("its beginning", "after the period does", &|forgery| {
                forgery.lines(trail, |lines| {
                    let root = lines.iter().position(|line| matches!(read(line), TrailLine::Root(_)));
                    let root = root.unwrap();
                    let TrailLine::Root(first) = read(&lines[root]) else { panic!() };
                    lines[0]["head"]["before_seq"] = json!(first.last_seq);
                    lines[0]["head"]["before_root"] = json!(first.root_sha256);
                    lines.drain(1..=root);
                });
            }),
            ("an entry", "is missing", &|forgery| {
                forgery.lines(trail, |lines| {
                    let at = lines.iter().position(|line| line["entry"]["action"] == "receipt.cancelled");
                    lines.remove(at.unwrap());
                });
            }),
            ("an entry told otherwise", "does not follow from its entries", &|forgery| {
                forgery.lines(trail, |lines| {
                    let at = lines.iter().position(|line| line["entry"]["action"] == "receipt.cancelled");
                    lines[at.unwrap()]["entry"]["action"] = json!("receipt.looked_at");
                });
            }),
            ("another unit's", "is of another unit, ", &|forgery| {
                forgery.files.insert(trail.to_owned(), other.files[trail].clone());
            }),
            ("all of it", "trail.ndjson: is missing", &|forgery| {
                forgery.files.remove(trail);
            }),
        ];
        each_is_named(&world, &bytes, &attacks);
    });
}
