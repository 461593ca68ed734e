//! The evidence of a unit and period: taken by an auditor, proven without a database.

use std::io::{Cursor, Read, Write};

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::payment::book::Method;
use bienlai::receipt::verify::TrustStore;
use bienlai::report::evidence::judge::{Judgement, judge};
use bienlai::worker;

use crate::cash_by_command::Shell;
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::world::AUTHORITY_PEM;
use crate::support::{World, each_database};

fn judged(world: &World, bytes: &[u8]) -> Judgement {
    judge(bytes, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now()).expect("it reads")
}

/// The same file with one entry changed, dropped, or added.
fn altered(bytes: &[u8], change: &dyn Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if let Some(content) = change(&name, content) {
            out.start_file(&name, zip::write::SimpleFileOptions::default()).unwrap();
            out.write_all(&content).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

/// What is done to a file of the bundle by its name; nothing takes it out.
type Change<'a> = &'a dyn Fn(&str, Vec<u8>) -> Option<Vec<u8>>;

#[test]
fn an_auditor_takes_the_evidence_of_a_period_and_it_proves_itself_offline() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        for amount in [25_000, 50_000, 10_000] {
            let owed = world.raise(Dong(amount));
            world.take(&owed, Dong(amount), Method::Cash).unwrap();
        }
        world.seal();
        worker::sign_audit_roots(&world.app).unwrap();
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.badinh", unit);
        let today = world.now().business_day().to_string();
        auditor.get("/admin/evidence");
        auditor.sees("verify-bundle");
        let asked = |unit: &str| format!("/admin/evidence/file?unit={unit}&from={today}&until={today}");
        assert_eq!(auditor.get(&asked("00091")).status, 404, "another unit's is not theirs");
        let ahead = world.now().business_day().plus_days(1);
        let early = format!("/admin/evidence/file?unit=00004&from={ahead}&until={ahead}");
        assert_eq!(auditor.get(&early).status, 400, "nothing can be proven of days to come");
        auditor.sees("phải đã bắt đầu");
        let taken = auditor.get(&asked("00004"));
        assert_eq!(taken.status, 200, "{}", auditor.page);
        assert_eq!(world.count("audit_entry WHERE action = 'evidence.bundled'"), 1);
        let bytes = taken.body;
        let found = judged(&world, &bytes);
        assert_eq!(found.faults, Vec::<String>::new());
        assert!(found.holds());
        assert_eq!((found.receipts, found.receipts_trusted, found.unit_code.as_str()), (3, 3, "00004"));
        assert_eq!(found.taken_at.map(|at| at.business_day()), Some(world.now().business_day()));
        assert!(found.trail_roots > 0 && found.signed_roots > 0 && found.trail_entries > 3);
        let trust = TrustStore::from_pem(AUTHORITY_PEM).unwrap();
        let later = judge(&bytes, &trust, world.now().plus_seconds(10 * 365 * 86_400)).unwrap();
        assert_eq!((later.faults, later.receipts_trusted), (vec![], 3), "when its certificate is long over");

        // Whatever is changed is found.
        let receipt = |name: &str| name.starts_with("receipts/");
        let changes: [(&str, Change<'_>); 4] = [
            ("a receipt", &|name, mut content: Vec<u8>| {
                if receipt(name) {
                    let at = content.len() / 2;
                    content[at] ^= 1;
                }
                Some(content)
            }),
            ("the trail", &|name, content: Vec<u8>| {
                let text = String::from_utf8_lossy(&content).into_owned();
                Some(if name == "trail.ndjson" {
                    text.replacen("account.", "acc0unt.", 1).into_bytes()
                } else {
                    content
                })
            }),
            ("one missing", &|name, content: Vec<u8>| {
                (!name.ends_with("2.xml") || !receipt(name)).then_some(content)
            }),
            ("one missing that only the list of numbers still names", &|name, content: Vec<u8>| {
                let is_second = |name: &str| receipt(name) && name.ends_with("2.xml");
                if name != "manifest.json" {
                    return (!is_second(name)).then_some(content);
                }
                let mut manifest: serde_json::Value = serde_json::from_slice(&content).unwrap();
                manifest["files"].as_object_mut().unwrap().retain(|name, _| !is_second(name));
                Some(manifest.to_string().into_bytes())
            }),
        ];
        for (what, change) in changes {
            assert!(!judged(&world, &altered(&bytes, change)).holds(), "{what}");
        }
        assert!(judge(b"PK", &TrustStore::empty(), world.now()).is_err());
        let other = TrustStore::empty();
        let unjudged = judge(&bytes, &other, world.now()).unwrap();
        assert!(unjudged.holds() && unjudged.receipts_trusted == 0, "intact, and nobody vouches");

        // The command needs no configuration of a database.
        let folder = world.database.folder.path();
        let (file, trust) = (folder.join("ho-so.zip"), folder.join("ca.pem"));
        std::fs::write(&file, &bytes).unwrap();
        std::fs::write(&trust, AUTHORITY_PEM).unwrap();
        let (file, trust) = (file.to_str().unwrap().to_owned(), trust.to_str().unwrap().to_owned());
        let offline = |arguments: &[&str]| {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"))
                .args(["--config", "/nonexistent.toml"])
                .args(arguments)
                .output()
                .unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (code, out) = offline(&["audit", "verify-bundle", &file, "--trust", &trust]);
        assert_eq!(code, Some(0), "{out}");
        assert!(out.contains("NGUYÊN VẸN"), "{out}");
        std::fs::write(&file, altered(&bytes, changes[1].1)).unwrap();
        assert_eq!(offline(&["audit", "verify-bundle", &file]).0, Some(1));
        std::fs::write(&file, b"no zip").unwrap();
        assert_eq!(offline(&["audit", "verify-bundle", &file]).0, Some(2));
        let shell = Shell::new(&world);
        let bundled =
            ["audit", "bundle", "--unit", "00004", "--from", &today, "--until", &today, "--out", &file];
        let (code, out, error) = shell.run(&bundled);
        assert_eq!(code, 0, "{out} {error}");
        assert!(judged(&world, &std::fs::read(&file).unwrap()).holds());
        service.stop();
    });
}
