//! Tariffs on the command line are two persons' work, clients are listed and ended there, and the API says
//! which quantities an item takes.

use bienlai::actor::Role;
use serde_json::{Value, json};

use crate::cash_by_command::Shell;
use crate::strangers::token;
use crate::support::program::{How, Service, get, send};
use crate::support::{World, each_database};

const TARIFF: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tariff/hanoi.toml");

#[test]
fn the_first_tariff_stands_alone_and_every_later_one_is_approved_by_another_person() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        assert_eq!(shell.run(&["tariff", "load", TARIFF]).0, 0, "an empty installation");
        let text = std::fs::read_to_string(TARIFF).unwrap();
        let changed = world.database.folder.path().join("changed.toml");
        std::fs::write(&changed, format!("{text}\n# one more line\n")).unwrap();
        let file = changed.to_str().unwrap();
        let (code, _, error) = shell.run(&["tariff", "load", file]);
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("tariff_needs_two_persons") && error.contains("--maker"), "{error}");
        assert_eq!(world.count("tariff_edition"), 1, "nobody changed anything");

        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Phạm Văn Mẫu").to_string());
        let load = ["tariff", "load", file, "--maker", &maker, "--reason", "Nghị quyết 12/2026"];
        let (code, out, error) = shell.run(&load);
        assert_eq!(code, 0, "{error}");
        let draft = out.split(':').next().unwrap().to_owned();
        assert_eq!(world.count("tariff_edition"), 1, "proposed is not in force");
        let own = shell.run(&["tariff", "approve", &draft, "--checker", &maker]);
        assert!(own.0 == 1 && own.2.contains("maker_is_checker"), "{own:?}");
        let (code, out, _) = shell.run(&["tariff", "drafts"]);
        assert!(code == 0 && out.contains(&draft) && out.contains("đã đề xuất / proposed"), "{out}");
        let (code, _, error) = shell.run(&["tariff", "approve", &draft, "--checker", &checker]);
        assert_eq!(code, 0, "{error}");
        assert_eq!(world.count("tariff_edition"), 2);
        let again = shell.run(&["tariff", "refuse", &draft, "--checker", &checker, "--reason", "x"]);
        assert!(again.2.contains("tariff_draft_decided"), "{again:?}");
    });
}

#[test]
fn clients_are_listed_and_a_leaked_token_is_ended_on_the_command_line() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let leaked = token(&world, &world.ba_dinh, Role::UnitReader);
        let shell = Shell::new(&world);
        let listed = shell.json(&["client", "list", "--unit", "00004", "--json"]);
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0]["role"], &listed[0]["state"]), (&json!("unit_reader"), &json!("open")));
        let id = listed[0]["id"].as_str().unwrap();
        let mut service = Service::start(&world);
        let answered = |service: &Service| {
            let bearer = format!("Bearer {leaked}");
            send(service.address, "GET", "/api/v1/obligations", &[("Authorization", &bearer)], b"")
                .unwrap()
                .status
        };
        assert_eq!(answered(&service), 200);
        for _ in 0..2 {
            assert_eq!(shell.run(&["client", "end", id]).0, 0, "ending it twice changes nothing");
        }
        assert_eq!(answered(&service), 401);
        let (code, out, _) = shell.run(&["client", "list"]);
        assert!(code == 0 && out.contains(id) && out.contains("đã thu hồi / revoked"), "{out}");
        let (code, _, error) = shell.run(&["client", "end", "cli_0000000000001"]);
        assert!(code == 1 && error.contains("client_not_found"), "{error}");
        service.stop();
    });
}

#[test]
fn a_refused_quantity_says_what_the_item_takes_and_the_api_lists_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        assert_eq!(shell.run(&["tariff", "load", TARIFF]).0, 0);
        let system = token(&world, &world.ba_dinh, Role::DossierSystem);
        let mut service = Service::start(&world);
        let bearer = format!("Bearer {system}");
        let items = send(
            service.address,
            "GET",
            "/api/v1/tariff/items?unit=00004&intake_mode=counter",
            &[("Authorization", &bearer)],
            b"",
        );
        let items = items.unwrap().json();
        let takes = |code: &str| {
            let rows = items["items"].as_array().unwrap_or_else(|| panic!("{items}"));
            rows.iter().find(|row| row["item"] == code).map(|row| row["takes"].clone())
        };
        assert_eq!(takes("trich_luc_ho_tich"), Some(json!(["copies"])));
        assert_eq!(takes("chung_thuc_ban_sao"), Some(json!(["pages", "copies"])));
        let submitted_at = world.now();
        let today = submitted_at.business_day();
        let raise = |key: &str, line: Value| {
            let body = json!({
                "unit": "00004", "dossier_code": format!("HS-{key}"), "procedure_code": "2.000635",
                "procedure_field": "Hộ tịch", "intake_mode": "counter", "submitted_at": submitted_at,
                "due_on": today.plus_days(5), "payer": { "name": "Nguyễn Văn Mẫu" }, "lines": [line],
            });
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", key),
            ];
            let path = "/api/v1/obligations";
            send(service.address, "POST", path, &headers, body.to_string().as_bytes()).unwrap().json()
        };
        let refused = raise("K", json!({ "item": "trich_luc_ho_tich", "quantity": 1 }));
        assert_eq!(refused["error"]["code"], "tariff_quantity_unused", "{refused}");
        assert_eq!(refused["error"]["field"], "lines[0].quantity");
        assert_eq!(refused["error"]["detail"], "this item takes copies");
        let refused = raise("K", json!({ "item": "trich_luc_ho_tich" }));
        assert_eq!(refused["error"]["field"], "lines[0].copies", "{refused}");
        let refused = raise("K", json!({ "item": "trich_luc_ho_tich", "copies": "2" }));
        assert!(refused["error"]["detail"].as_str().unwrap().starts_with("copies: expected"), "{refused}");

        // A tariff that a command puts in force counts for the service that runs.
        let text = std::fs::read_to_string(TARIFF).unwrap();
        let dearer =
            text.replacen("per_unit = 8_000\nof = \"copies\"", "per_unit = 9_000\nof = \"copies\"", 1);
        assert_ne!(dearer, text);
        let file = world.database.folder.path().join("dearer.toml");
        std::fs::write(&file, dearer).unwrap();
        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Phạm Văn Mẫu").to_string());
        let asked =
            |key: &str| raise(key, json!({ "item": "trich_luc_ho_tich", "copies": 1 }))["total"].clone();
        assert_eq!(asked("before"), 8_000);
        let load = ["tariff", "load", file.to_str().unwrap(), "--maker", &maker, "--reason", "Nghị quyết"];
        let (code, out, error) = shell.run(&load);
        assert_eq!(code, 0, "{error}");
        let draft = out.split(':').next().unwrap();
        assert_eq!(asked("proposed"), 8_000, "nothing is in force before it is approved");
        assert_eq!(shell.run(&["tariff", "approve", draft, "--checker", &checker]).0, 0);
        assert_eq!(asked("after"), 9_000, "the service that runs takes the new price");
        assert_eq!(asked("before"), 8_000, "what was answered stays");
        service.stop();
    });
}

#[test]
fn metrics_have_an_address_of_their_own_and_leave_the_citizens_port() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        assert_eq!(get(service.address, "/metrics").unwrap().status, 200, "where nothing else is said");
        service.stop();
        let own = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let web = format!("first_administrator = false\nmetrics_listen = \"{own}\"");
        let mut service = Service::start_as(&world, How { web: &web, ..How::default() }).expect("it starts");
        assert_eq!(get(service.address, "/metrics").unwrap().status, 404);
        let told = get(own, "/metrics").unwrap();
        assert!(
            told.status == 200 && String::from_utf8_lossy(&told.body).contains("bienlai_"),
            "{}",
            told.head
        );
        assert_eq!(get(own, "/readyz").unwrap().status, 404, "nothing else is served there");
        service.stop();
    });
}
