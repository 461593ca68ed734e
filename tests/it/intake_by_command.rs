//! The intake on the command line of the real program, and over HTTP.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use serde_json::{Value, json};

use crate::callbacks::token;
use crate::cash_by_command::Shell;
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, send};
use crate::support::{World, each_database};

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn day(world: &World, amounts: &[i64]) -> BankFile {
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 0);
    amounts.iter().enumerate().fold(file, |file, (index, amount)| {
        file.book(*amount, &format!("dong {index}"), &format!("FT2632700{index}"))
    })
}

#[test]
fn a_corrected_statement_is_shown_proposed_and_accepted_by_commands() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (clerk, chief) =
            (shell.person("Trần Văn Mẫu").to_string(), shell.person("Lê Thị Mẫu").to_string());
        let first = world.database.folder.written("first.xml", day(&world, &[10_000, 8_000]).camt());
        shell.json(&["statement", "import", &first]);
        let second = world.database.folder.written("second.xml", day(&world, &[12_000, 8_000]).camt());
        let imported = shell.json(&["statement", "import", &second]);
        let id = imported["held"][0]["id"].as_str().unwrap().to_owned();
        let (code, shown, _) = shell.run(&["statement", "diff", &id]);
        assert!(
            code == 0 && shown.contains("10000") && shown.contains("12000") && shown.contains("đổi"),
            "{shown}"
        );
        let listed = shell.json(&["statement", "version", "list", "--unit", "00004"]);
        assert_eq!(listed["versions"][0]["id"], id.as_str());

        let propose =
            ["statement", "version", "propose", &id, "--decision", "accept", "--reason", "bank says so"];
        let proposed = shell.json(&[&propose[..], &["--person", &clerk]].concat());
        assert_eq!(proposed["version"]["state"], "proposed");
        let (code, _, error) = shell.run(&[&propose[..], &["--person", &chief]].concat());
        assert!(code == 1 && error.contains("statement_version_not_held"), "{error}");
        let (code, _, error) = shell.run(&["statement", "version", "approve", &id, "--person", &clerk]);
        assert!(code != 0 && error.contains("maker_is_checker"), "{error}");
        let decided = shell.json(&["statement", "version", "approve", &id, "--person", &chief]);
        assert_eq!(decided["version"]["state"], "accepted");
        assert_eq!(world.count("statement_line"), 4);
        let sum = world.words("SELECT CAST(SUM(amount) AS TEXT) AS t FROM statement_line");
        assert_eq!(sum, ["20000"], "the lines come to the bank's last word");
    });
}

#[test]
fn a_line_set_aside_is_listed_with_its_text_and_repaired_by_command() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.limit_for_one(&world.ba_dinh, Dong(1_000_000));
        let shell = Shell::new(&world);
        let clerk = shell.person("Trần Văn Mẫu").to_string();
        let text = String::from_utf8(day(&world, &[10_000, 8_000]).mt940()).unwrap();
        let file = world.database.folder.written("bad.sta", text.replace("C8000,N", "C8x00,N").as_bytes());
        shell.json(&["statement", "import", &file]);
        let other = world.database.folder.written("not-a-statement.txt", b"Kinh gui quy khach hang");
        assert_eq!(shell.run(&["statement", "import", &other]).0, 2, "nothing of it can be read");
        let (code, shown, _) = shell.run(&["statement", "quarantine", "list", "--unit", "00004"]);
        assert!(code == 1 && shown.contains("C8x00,") && shown.contains("must come to 8000"), "{shown}");
        let id = shown.split_whitespace().find(|word| word.starts_with("evt_")).unwrap().to_owned();
        let date = today(&world).to_string();
        let repair = |amount: &str| {
            shell.run(&[
                "statement",
                "quarantine",
                "repair",
                &id,
                "--date",
                &date,
                "--amount",
                amount,
                "--memo",
                "dong 1",
                "--reason",
                "in sai",
                "--person",
                &clerk,
            ])
        };
        let (code, _, error) = repair("-8000");
        assert!(code != 0 && error.contains("quarantine_balance_broken"), "{error}");
        assert_eq!(repair("8000").0, 0);
        assert_eq!(shell.run(&["statement", "quarantine", "list", "--unit", "00004"]).0, 0, "nothing waits");
        assert_eq!(world.count("statement_line"), 2);
    });
}

#[test]
fn accounts_are_matched_by_command_and_each_is_told_apart() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let owed = world.raise(Dong(25_000));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, &format!("{} nop phi", owed.reference_code), "FT26327001")
            .book(8_000, "khong ro", "FT26327002");
        shell.json(&["statement", "import", &world.database.folder.written("day.xml", file.camt())]);
        let done = shell.json(&["reconcile"]);
        let accounts = done["accounts"].as_array().unwrap();
        let here = accounts.iter().find(|one| one["account"] == world.ba_dinh.account_no).unwrap();
        assert_eq!((here["lines_posted"].as_i64(), here["unknown"].as_i64()), (Some(2), Some(1)), "{done}");
        assert_eq!((here["credited"].as_i64(), here["receipts"].as_i64()), (Some(1), Some(1)), "{done}");
        assert_eq!(done["receipts_signed"], 1);
        assert!(accounts.len() > 1 && accounts.iter().all(|one| one["error"].is_null()), "{done}");
        let again = shell.json(&["reconcile", "--unit", "00004"]);
        assert_eq!(again["accounts"][0]["lines_posted"], 0, "matched once");
    });
}

#[test]
fn a_mapping_given_once_is_saved_and_used_by_the_next_import() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let number = world.ba_dinh.account_no;
        let table = |on: BusinessDay, opening: i64| {
            let (on, after) = (on.0.format("%d/%m/%Y"), opening + 25_000);
            format!("Tài khoản: {number}\nKhi nào;Việc gì;Bao nhiêu;Còn lại\n{on};tien gui;25.000;{after}\n")
        };
        let mapping = "name = \"own\"\nheadings = [\"Khi nào\"]\ncurrency = \"VND\"\n[columns]\nbooking_date = 1\n\
                       description = 2\namount = 3\nbalance = 4\n";
        let map = world.database.folder.written("own.toml", mapping.as_bytes());
        let one = world.database.folder.written("one.csv", table(today(&world), 0).as_bytes());
        let two = world.database.folder.written("two.csv", table(today(&world).next(), 25_000).as_bytes());
        assert_ne!(shell.run(&["statement", "import", &one]).0, 0, "nobody knows this table");
        assert_eq!(
            shell.json(&["statement", "import", &one, "--map", &map])["statements"][0]["lines_new"],
            1
        );
        assert_eq!(shell.json(&["statement", "import", &two])["statements"][0]["lines_new"], 1);
        let shown = shell.json(&["statement", "map", "show", "--unit", "00004", "--account", number]);
        assert_eq!((shown["layouts"][0]["version"].as_i64(), shown["layouts"][1].is_null()), (Some(1), true));
        assert_eq!(shell.run(&["statement", "imports", "--unit", "00004"]).0, 0);
    });
}

#[test]
fn a_corrected_table_that_came_with_a_mapping_of_its_own_is_accepted_by_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (clerk, chief) =
            (shell.person("Trần Văn Mẫu").to_string(), shell.person("Lê Thị Mẫu").to_string());
        let (number, on) = (world.ba_dinh.account_no, today(&world).0.format("%d/%m/%Y"));
        let mapping = |headings: &str, description: u8, amount: u8| {
            format!(
                "name = \"own\"\nheadings = [\"{headings}\"]\ncurrency = \"VND\"\n[columns]\nbooking_date = 1\n\
                 description = {description}\namount = {amount}\nbalance = 4\n"
            )
        };
        let one =
            format!("Tài khoản: {number}\nKhi nào;Việc gì;Bao nhiêu;Còn lại\n{on};tien gui;25.000;25.000\n");
        let two =
            format!("Tài khoản: {number}\nLúc nào;Bao nhiêu;Việc gì;Còn lại\n{on};26.000;tien gui;26.000\n");
        let import = |name: &str, file: &str, map: &str| {
            let map = world.database.folder.written(&format!("{name}.toml"), map.as_bytes());
            let file = world.database.folder.written(&format!("{name}.csv"), file.as_bytes());
            shell.json(&["statement", "import", &file, "--map", &map])
        };
        assert_eq!(import("one", &one, &mapping("Khi nào", 2, 3))["statements"][0]["lines_new"], 1);
        let held = import("two", &two, &mapping("Lúc nào", 3, 2));
        let id = held["held"][0]["id"].as_str().unwrap_or_else(|| panic!("{held}")).to_owned();
        let propose = ["statement", "version", "propose", &id, "--decision", "accept", "--reason", "đúng"];
        shell.json(&[&propose[..], &["--person", &clerk]].concat());
        let decided = shell.json(&["statement", "version", "approve", &id, "--person", &chief]);
        assert_eq!(decided["version"]["state"], "accepted");
        let sum = world.words("SELECT CAST(SUM(amount) AS TEXT) AS t FROM statement_line");
        assert_eq!(sum, ["26000"], "the lines come to the bank's last word");
    });
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("{reply:?}"))
}

#[test]
fn the_same_is_done_over_http() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.limit_for_one(&world.ba_dinh, Dong(1_000_000));
        let bearer = |role| format!("Bearer {}", token(&world, role));
        let (finance, approver) = (bearer(Role::Finance), bearer(Role::Approver));
        let mut service = Service::start(&world);
        let ask = |method: &str, path: &str, who: &str, bytes: &[u8]| {
            let reply = send(service.address, method, path, &[("Authorization", who)], bytes).unwrap();
            (reply.status, body(&reply))
        };
        let text = String::from_utf8(day(&world, &[10_000, 8_000]).mt940()).unwrap();
        let damaged = text.replace("C8000,N", "C8x00,N");
        assert_eq!(ask("POST", "/api/v1/statements", &finance, damaged.as_bytes()).0, 200);
        let (_, waiting) = ask("GET", "/api/v1/quarantine", &finance, b"");
        let line = &waiting["lines"][0];
        assert!(
            line["text"].as_str().unwrap().contains("C8x00,") && line["expected_of_statement"] == 8_000,
            "{line}"
        );
        let repair = json!({ "booking_date": today(&world), "amount": 8_000, "memo": "dong 1" });
        let asked =
            json!({ "lines": [{ "id": line["id"], "reason": "in sai", "repair": repair }] }).to_string();
        let path = format!("/api/v1/statements/{}/quarantine", line["statement"].as_str().unwrap());
        assert_eq!(ask("POST", &path, &finance, asked.as_bytes()).0, 200);
        assert_eq!(ask("GET", "/api/v1/quarantine", &finance, b"").1["lines"], json!([]));

        let other = day(&world, &[8_000]).mt940();
        let (_, held) = ask("POST", "/api/v1/statements", &finance, &other);
        let id = held["import"]["held"][0]["id"].as_str().unwrap_or_else(|| panic!("{held}")).to_owned();
        let (_, shown) = ask("GET", &format!("/api/v1/versions/{id}"), &finance, b"");
        assert_eq!((shown["version"]["state"].as_str(), shown["proposal"].is_null()), (Some("held"), true));
        let (_, listed) = ask("GET", "/api/v1/versions", &finance, b"");
        for version in [&shown["version"], &listed["versions"][0]] {
            let named = (&version["unit"], &version["account"], &version["account_id"]);
            let account = world.ba_dinh.account.to_string();
            assert_eq!(named, (&json!("00004"), &json!(world.ba_dinh.account_no), &json!(account)));
        }
        assert!(
            shown["differences"].as_array().unwrap().iter().any(|one| one["moves_money"] == true),
            "{shown}"
        );
        let proposal = json!({ "decision": "accept", "reason": "bank says so" }).to_string();
        let at = |step: &str| format!("/api/v1/versions/{id}/{step}");
        assert_eq!(ask("POST", &at("propose"), &finance, proposal.as_bytes()).0, 200);
        assert_eq!(ask("POST", &at("approve"), &finance, b"").0, 403, "one person decides nothing");
        let reason = json!({ "reason": "chưa có công văn" }).to_string();
        assert_eq!(ask("POST", &at("send-back"), &approver, reason.as_bytes()).1["version"]["state"], "held");
        assert_eq!(ask("POST", &at("propose"), &finance, proposal.as_bytes()).0, 200);
        let (status, decided) = ask("POST", &at("approve"), &approver, b"");
        assert_eq!((status, decided["version"]["state"].as_str()), (200, Some("accepted")), "{decided}");

        let mapping = b"name = \"own\"\nheadings = [\"Khi\"]\n[columns]\nbooking_date = 1\ndescription = 2\namount = 3\n";
        assert_eq!(ask("POST", "/api/v1/layouts", &finance, mapping).1["layout"]["version"], 1);
        assert_eq!(
            ask("POST", "/api/v1/layouts", &finance, b"name = 3").1["error"]["code"],
            "statement_layout_invalid"
        );
        assert_eq!(ask("GET", "/api/v1/layouts", &finance, b"").1["layouts"][0]["layout"]["name"], "own");
        let of_partners = "/api/v1/layouts?partner=pos";
        let named = b"headings = [\"Aaa\", \"Bbb\"]\n[columns]\napproval_code = 1\namount = 2\n";
        assert_eq!(ask("POST", of_partners, &finance, named).1["layout"]["partner"], "pos");
        let without = b"headings = [\"Aaa\", \"Bbb\"]\n[columns]\namount = 2\n";
        let refused = ask("POST", of_partners, &finance, without).1;
        assert_eq!(refused["error"]["code"], "partner_column_missing");
        let kept = ask("GET", of_partners, &finance, b"").1;
        assert_eq!(kept["layouts"][0]["layout"]["columns"], json!({ "amount": 2, "approval_code": 1 }));
        let unknown = ask("GET", "/api/v1/layouts?partner=bank", &finance, b"").1;
        assert_eq!(unknown["error"]["code"], "partner_unknown");
        service.stop();
        let lines = world.words("SELECT CAST(SUM(amount) AS TEXT) AS t FROM statement_line");
        assert_eq!(lines, [Dong(8_000).0.to_string()]);
    });
}
