//! What an administrator does on the command line: bulk load, trust in channels, erasure.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::identity::{self, NewClient};

use crate::cash_by_command::Shell;
use crate::strangers::token;
use crate::support::program::{Service, send};
use crate::support::visitor::appoint;
use crate::support::world::BANK;
use crate::support::{World, each_database};

const HEAD: &str =
    "unit,dossier_code,procedure_code,procedure_field,intake_mode,submitted_at,due_on,item,pages,copies";

fn row(world: &World, dossier: &str, pages: &str) -> String {
    let today = world.now().business_day();
    let due = today.plus_days(10);
    let submitted = today.start().in_hanoi().to_rfc3339();
    format!("00004,{dossier},2.000815,Chứng thực,counter,{submitted},{due},chung_thuc_ban_sao,{pages},1")
}

fn load(world: &World, shell: &Shell<'_>, rows: &[String], more: &[&str]) -> (i32, String, String) {
    let path = world.database.folder.path().join("load.csv");
    std::fs::write(&path, format!("{HEAD}\n{}\n", rows.join("\n"))).unwrap();
    shell.run(&[&["obligation", "import", path.to_str().unwrap()], more].concat())
}

#[test]
fn a_dossier_with_a_bad_row_is_left_out_whole_and_the_corrected_file_charges_it_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tariff/hanoi.toml");
        let (code, _, error) = shell.run(&["tariff", "load", tariff]);
        assert_eq!(code, 0, "{error}");
        let bad = [row(&world, "HS-1", "3"), row(&world, "HS-1", "x3"), row(&world, "HS-2", "4")];
        let (code, out, error) = load(&world, &shell, &bad, &[]);
        assert_eq!(code, 1, "{out} {error}");
        assert!(out.contains("1 raised, 0 known already, 2 failed"), "{out} {error}");
        assert!(error.contains("line 3: ") && error.contains("line 2: "), "{error}");
        assert_eq!(world.count("obligation"), 1, "only the whole dossier");

        let (code, _, error) = load(&world, &shell, &[row(&world, "HS-3", "-3")], &[]);
        assert!(code == 1 && error.contains("pages: ") && error.contains("request_unreadable"), "{error}");

        let good = [row(&world, "HS-1", "3"), row(&world, "HS-1", "5"), row(&world, "HS-2", "4")];
        let (code, out, _) = load(&world, &shell, &good, &[]);
        let told = "đã lập 1, đã có từ trước 1, lỗi 0\n1 raised, 1 known already, 0 failed";
        assert_eq!((code, out.trim()), (0, told), "Vietnamese first");
        assert_eq!((world.count("obligation"), world.count("obligation_line")), (2, 3));

        let (code, out, error) = load(&world, &shell, &[row(&world, "HS-2", "9")], &[]);
        assert_eq!(code, 1, "{out}");
        assert!(error.contains("dossier_owes_already") && error.contains("--additional"), "{error}");
        assert_eq!(world.count("obligation"), 2, "nobody is charged twice by a changed file");
        let (code, out, _) = load(&world, &shell, &[row(&world, "HS-2", "9")], &["--additional"]);
        assert!(code == 0 && out.contains("1 raised, 0 known already, 0 failed"), "{out}");
    });
}

#[test]
fn what_is_loaded_is_seen_by_its_dossier_system_whatever_token_it_shows() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let first = token(&world, &world.ba_dinh, Role::DossierSystem);
        let shell = Shell::new(&world);
        let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tariff/hanoi.toml");
        assert_eq!(shell.run(&["tariff", "load", tariff]).0, 0);
        let (code, _, error) = load(&world, &shell, &[row(&world, "HS-1", "3")], &[]);
        assert_eq!(code, 0, "{error}");
        // The token leaked: the same system gets another.
        let second = token(&world, &world.ba_dinh, Role::DossierSystem);
        let local =
            Actor { role: Role::Administrator, scope: Scope::unit(world.ba_dinh.id), ..Actor::system() };
        let refused = world.app.write(&local, |tx, stamp| {
            let new = NewClient {
                unit: world.ba_dinh.id,
                name: Role::DossierSystem.as_str().to_owned(),
                person: None,
                role: Role::DossierSystem,
                scope: Scope::unit(world.ba_dinh.id),
            };
            identity::create_client(tx, stamp, &local, new)
        });
        assert_eq!(refused.err().unwrap().code(), "client_name_taken", "nobody joins a system alone");
        let mut service = Service::start(&world);
        let ask = |token: &str, path: &str| {
            let bearer = format!("Bearer {token}");
            let headers = [("Authorization", bearer.as_str())];
            send(service.address, "GET", path, &headers, b"").unwrap().json()
        };
        for token in [&first, &second] {
            let found = ask(token, "/api/v1/obligations?unit=00004&dossier_code=HS-1");
            let item = &found["obligations"][0];
            assert_eq!(item["dossier_code"], "HS-1", "{found}");
            let one = ask(token, &format!("/api/v1/obligations/{}", item["id"].as_str().unwrap()));
            assert_eq!(one["dossier_code"], "HS-1", "{one}");
            let changes = ask(token, "/api/v1/obligations/changes?after=f0");
            assert!(changes["changes"].as_array().is_some_and(|told| !told.is_empty()), "{changes}");
        }
        service.stop();
    });
}

#[test]
fn a_channels_trust_is_listed_and_ended_and_its_claims_wait_again() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.trust(&world.ba_dinh, BANK);
        let shell = Shell::new(&world);
        let person = shell.person("Lê Thị Mẫu").to_string();
        let account = world.ba_dinh.account_no.to_string();
        let ask = |reason: &str| {
            shell.run(&[
                "trust",
                "end",
                "--unit",
                "00004",
                "--account",
                &account,
                "--channel",
                BANK,
                "--reason",
                reason,
                "--person",
                &person,
            ])
        };
        assert!(ask(" ").2.contains("reason_missing"));
        let (code, _, error) = ask("khóa bí mật có thể đã lộ");
        assert_eq!(code, 0, "{error}");
        let (_, listed, _) = shell.run(&["trust", "list", "--unit", "00004"]);
        assert!(listed.contains("12/TT-2026") && listed.contains("khóa bí mật có thể đã lộ"), "{listed}");
        assert!(ask("một lần nữa").2.contains("trust_not_granted"));
        let owed = world.raise(Dong(25_000));
        let settled = world.claim(&owed, Dong(25_000)).settle();
        assert!(settled.receipts.is_empty(), "without trust the statement decides");
    });
}

#[test]
fn a_years_personal_data_is_erased_by_command_only_after_its_retention() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.raise(Dong(25_000));
        let shell = Shell::new(&world);
        let (maker, checker) =
            (shell.person("Trần Văn Mẫu").to_string(), shell.person("Lê Thị Mẫu").to_string());
        let erase = |year: &str, checker: &str| {
            shell.run(&[
                "unit",
                "erase-year",
                "--unit",
                "00004",
                "--year",
                year,
                "--reason",
                "hết thời hạn lưu trữ",
                "--maker",
                &maker,
                "--checker",
                checker,
            ])
        };
        let this_year = world.now().business_day().year();
        assert!(erase(&this_year.to_string(), &checker).2.contains("year_not_over"));
        assert!(erase(&(this_year - 1).to_string(), &checker).2.contains("year_still_kept"));
        assert!(erase(&(this_year - 11).to_string(), &maker).2.contains("maker_is_checker"));
        assert!(erase(&(this_year - 11).to_string(), &checker).2.contains("data_key_not_found"));
    });
}

#[test]
fn a_file_that_is_not_there_is_no_verdict_on_a_receipt() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let genuine = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/receipt/test-only-receipt.xml");
        for missing in [
            &["receipt", "verify", "khong-co.xml"][..],
            &["receipt", "verify", genuine, "--trust", "khong-co.pem"],
        ] {
            let (code, _, error) = shell.run(missing);
            assert_eq!(code, 2, "{missing:?}: {error}");
        }
        for (wrong, expected) in [
            (&["--trust", "khong-co.pem"][..], "file_unreadable"),
            (&["--trust", genuine], "trust_store_empty"),
            (&["--at", "hom-qua"], "moment_unreadable"),
            (&["--lenient", "moi-loi"], "lenient_rule_unknown"),
            (&["--evidence", "khong-co.json"], "file_unreadable"),
            (&["--evidence", genuine], "evidence_unreadable"),
            (&[genuine, "--evidence", genuine], "evidence_of_many"),
        ] {
            let asked = [&["receipt", "verify", "--json", genuine][..], wrong].concat();
            let (code, told, error) = shell.run(&asked);
            assert_eq!(code, 2, "{wrong:?}: {error}");
            let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
            assert_eq!(told["error"]["code"], expected, "{told}");
            assert_eq!(told["verdict"], "unreadable", "{told}");
        }
    });
}

#[test]
fn a_unit_is_merged_and_handed_over_by_command_with_both_persons_named() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_at(&world.tay_ho, Dong(40_000));
        let shell = Shell::new(&world);
        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Trần Văn Mẫu").to_string());
        let today = world.now().business_day().to_string();
        let merge = |checker: &str| {
            let who = ["--reason", "Sắp xếp", "--maker", &maker, "--checker", checker];
            let what = ["unit", "merge", "--unit", "00091", "--into", "00004", "--on", &today];
            shell.run(&[&what[..], &["--decision", "21/NQ-HĐND"], &who[..]].concat())
        };
        assert!(merge(&maker).2.contains("maker_is_checker"));
        assert_eq!(world.count("proposal"), 0, "nothing is half decided");
        let (code, _, error) = merge(&checker);
        assert_eq!(code, 0, "{error}");
        world.shift(world.tay_ho.id);
        let (_, told, _) = shell.run(&["unit", "hand-over", "--unit", "00091"]);
        assert!(told.contains("Shifts that are not closed: 1"), "{told}");
        let (code, _, error) = shell.run(&["unit", "hand-over", "--unit", "00091", "--person", &maker]);
        assert!(code != 0 && error.contains("unit_busy") && error.contains("shift_open: 1"), "{error}");
        // Of two logins the one that sees both units hands over, whichever was named first.
        let both = shell.person("Mai Thị Mẫu");
        appoint(&world, Role::Administrator, "a.tayho", Scope::unit(world.tay_ho.id), both);
        appoint(&world, Role::Administrator, "b.badinh", Scope::unit(world.ba_dinh.id), both);
        let both = both.to_string();
        let (code, _, error) = shell.run(&["unit", "hand-over", "--unit", "00091", "--person", &both]);
        assert!(code != 0 && error.contains("unit_busy"), "{error}");
        assert_eq!(world.count("obligation_handover"), 0, "nothing moved");
        assert_eq!(world.again(&owed).state, bienlai::obligation::State::Raised);
    });
}

fn unit_file(world: &World, unit: &str, tax_code: &str) -> String {
    let path = world.database.folder.path().join("unit.toml");
    let text = format!(
        "[[unit]]\ncode = \"{unit}\"\nname = \"Phường Mẫu\"\nkind = \"phường\"\ntax_code = \"{tax_code}\"\n\
         address = \"Số 1 phố Thử\"\nvalid_from = \"2025-07-01\"\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_file_of_units_is_loaded_as_often_as_one_likes_and_brings_no_other_unit_under_a_tax_code_in_use() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let units = world.count("unit");
        for told in ["registered", "known"] {
            let (code, out, error) = shell.run(&["unit", "load", &unit_file(&world, "09999", "9900000030")]);
            assert!(code == 0 && out.contains(told), "{out} {error}");
        }
        let (code, _, error) = shell.run(&["unit", "load", &unit_file(&world, "09998", "9900000030")]);
        assert!(code != 0 && error.contains("tax_code_taken"), "{error}");
        assert_eq!(world.count("unit"), units + 1, "nothing is half registered");
    });
}
