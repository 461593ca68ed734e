//! Every list of the API is read to its end, a page at a time, by one cursor.

use std::collections::BTreeSet;

use bienlai::actor::Role;
use bienlai::amount::Dong;
use serde_json::Value;

use crate::refunds::overpaid;
use crate::strangers::{Door, asked_for, lived_in, token};
use crate::support::program::{Service, send};
use crate::support::{World, each_database};

/// Path, the key its rows stand under, and who reads it.
const LISTS: [(&str, &str, Role); 22] = [
    ("/api/v1/obligations", "obligations", Role::Finance),
    ("/api/v1/notifications", "notifications", Role::Finance),
    ("/api/v1/exceptions", "exceptions", Role::Finance),
    ("/api/v1/corrections", "corrections", Role::Finance),
    ("/api/v1/refunds", "refunds", Role::Finance),
    ("/api/v1/remittances", "remittances", Role::Finance),
    ("/api/v1/deposits", "deposits", Role::Finance),
    ("/api/v1/shifts", "shifts", Role::Finance),
    ("/api/v1/letters", "letters", Role::Finance),
    ("/api/v1/pos/batches", "batches", Role::Finance),
    ("/api/v1/settlements", "settlements", Role::Finance),
    ("/api/v1/days/reopenings", "reopenings", Role::Finance),
    ("/api/v1/imports", "imports", Role::Finance),
    ("/api/v1/versions", "versions", Role::Finance),
    ("/api/v1/quarantine", "lines", Role::Finance),
    ("/api/v1/tax/registrations", "forms", Role::Finance),
    ("/api/v1/tax/notices", "notices", Role::Finance),
    ("/api/v1/tax/invoices", "invoices", Role::Finance),
    ("/api/v1/tax/transmissions", "transmissions", Role::Finance),
    ("/api/v1/privacy/requests", "requests", Role::Administrator),
    ("/api/v1/privacy/views", "views", Role::Administrator),
    ("/api/v1/privacy/incidents", "incidents", Role::Administrator),
];

/// Of these the story has several rows.
const FILLED: [&str; 5] = ["obligations", "notifications", "exceptions", "refunds", "incidents"];

fn id_of(row: &Value) -> String {
    let own = if row["id"].is_null() { &row["incident"]["id"] } else { &row["id"] };
    own.as_str().unwrap_or_else(|| panic!("a row without an id: {row}")).to_owned()
}

#[test]
fn every_list_is_read_to_its_end_by_one_cursor() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        overpaid(&world);
        let payments = world.payments(&world.ba_dinh);
        let surplus = payments.iter().find(|one| one.amount == Dong(30_000)).expect("it was overpaid").id;
        let finance = token(&world, &world.ba_dinh, Role::Finance);
        let keeper = token(&world, &world.ba_dinh, Role::Administrator);
        let [other_finance, other_keeper] =
            [Role::Finance, Role::Administrator].map(|role| token(&world, &world.tay_ho, role));
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        let get = |role: Role, path: &str| {
            let bearer = format!("Bearer {}", if role == Role::Finance { &finance } else { &keeper });
            let reply = send(service.address, "GET", path, &[("Authorization", &bearer)], b"").unwrap();
            assert_eq!(reply.status, 200, "{path}: {}", reply.json());
            reply.json()
        };
        let body = r#"{ "unit": "00004", "nature": "lộ tệp", "affected": 2 }"#.as_bytes();
        let bearer = format!("Bearer {keeper}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        assert_eq!(
            send(service.address, "POST", "/api/v1/privacy/incidents", &headers, body).unwrap().status,
            200
        );
        for key in ["A", "B"] {
            let bearer = format!("Bearer {finance}");
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", key),
            ];
            let path = format!("/api/v1/payments/{}/refunds", surplus);
            let asked = r#"{ "amount": 1000, "reason": "thừa" }"#.as_bytes();
            let made = send(service.address, "POST", &path, &headers, asked).unwrap();
            assert_eq!(made.status, 201, "{}", made.json());
        }
        for (path, key, role) in LISTS {
            let rows = |page: &Value| -> Vec<String> {
                let rows = page[key].as_array().unwrap_or_else(|| panic!("{path}: {page}"));
                rows.iter().map(id_of).collect()
            };
            let whole = || {
                let whole = get(role, &format!("{path}?unit=00004&limit=200"));
                assert!(whole["next"].is_null(), "{path}: {whole}");
                rows(&whole)
            };
            // The service works on while it is read: what came meanwhile is read with the next turn.
            let (mut before, mut read);
            loop {
                (before, read) = (whole(), Vec::new());
                let mut cursor = String::new();
                loop {
                    let page = get(role, &format!("{path}?unit=00004&limit=1{cursor}"));
                    read.extend(rows(&page));
                    let Some(next) = page["next"].as_str() else { break };
                    cursor = format!("&cursor={next}");
                }
                if whole() == before {
                    break;
                }
            }
            assert_eq!(read, before, "{path}");
            assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), read.len(), "{path}: each once");
            assert!(!FILLED.contains(&key) || read.len() >= 2, "{path} has {} rows", read.len());
            if let Some(elsewhere) = read.first() {
                let theirs = if role == Role::Finance { &other_finance } else { &other_keeper };
                let headers = [("Authorization", &*format!("Bearer {theirs}"))];
                let asked = format!("{path}?unit=00091&cursor={elsewhere}");
                let refused = send(service.address, "GET", &asked, &headers, b"").unwrap().json();
                assert_eq!(refused["error"]["code"], "cursor_unreadable", "{path}: a cursor of another unit");
            }
            let refused = send(
                service.address,
                "GET",
                &format!("{path}?unit=00004&cursor=x"),
                &[(
                    "Authorization",
                    &format!("Bearer {}", if role == Role::Finance { &finance } else { &keeper }),
                )],
                b"",
            );
            let refused = refused.unwrap().json();
            assert_eq!(refused["error"]["code"], "cursor_unreadable", "{path}");
            assert_eq!(refused["error"]["field"], "cursor", "{path}");
        }
        let day = world.now().business_day();
        let list = format!("from={day}&until={day}&limit=1");
        let first = get(Role::Finance, &format!("/api/v1/lists/obligations?unit=00004&{list}"));
        let next = first["next"].as_str().unwrap_or_else(|| panic!("{first}"));
        let headers = [("Authorization", &*format!("Bearer {other_finance}"))];
        let asked = format!("/api/v1/lists/obligations?unit=00091&{list}&cursor={next}");
        let refused = send(service.address, "GET", &asked, &headers, b"").unwrap().json();
        assert_eq!(refused["error"]["code"], "cursor_unreadable", "a list of another unit began it");
        // Programs that were written against `after` go on.
        let feed = get(Role::Finance, "/api/v1/obligations/changes?limit=1");
        let next = feed["next"].as_str().unwrap().to_owned();
        let of =
            |name: &str| get(Role::Finance, &format!("/api/v1/obligations/changes?{name}={next}&limit=1"));
        assert_eq!(of("cursor"), of("after"));
        assert_ne!(of("cursor")["changes"], feed["changes"]);
        service.stop();
    });
}
