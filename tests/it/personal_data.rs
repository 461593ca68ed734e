//! Personal data is encrypted at rest, found by keyed hashes, and erased by destroying keys.

use std::sync::Arc;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::party;
use bienlai::receipt::verify::{TrustStore, verify};

use crate::support::schema::{columns, tables};
use crate::support::world::{AUTHORITY_PEM, at};
use crate::support::{TestApp, World, each_database, tools};

/// What must not be readable anywhere but in receipts, which print it by law.
const PERSONAL: [&str; 4] = ["Nguyễn Thị Thử", "Số 2 ngõ Mẫu", "0900000001", "NGUYEN THI THU"];

#[test]
fn nothing_personal_is_stored_in_the_clear_outside_receipts() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.money(&world.ba_dinh, Dong(1_000)).memo("NGUYEN THI THU nop 0900000001").settle();
        world.seal();
        let mut conn = world.database.as_owner();
        for table in tables(&mut conn) {
            if table == "receipt" || table == "receipt_seal" {
                continue;
            }
            for column in columns(&mut conn, &table) {
                let as_text = match conn {
                    bienlai::store::Conn::Pg(_) => format!("{table}.{column}::text"),
                    bienlai::store::Conn::Sqlite(_) => format!("CAST({column} AS TEXT)"),
                };
                for value in PERSONAL {
                    let sql = format!(
                        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table} WHERE {as_text} LIKE '%{value}%'"
                    );
                    assert_eq!(tools::number(&mut conn, &sql), 0, "{table}.{column} tells {value:?}");
                }
            }
        }
    });
}

#[test]
fn a_payer_is_found_by_exact_values_in_their_own_unit_only() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let search = |unit, kind: &str, value: &str| {
            world.look(|conn| party::search(conn, &world.app.vault, unit, kind, value))
        };
        assert_eq!(search(owed.unit, "phone", "0900000001"), [owed.party]);
        assert_eq!(search(owed.unit, "name", "Nguyễn Thị Thử"), [owed.party]);
        assert!(search(owed.unit, "phone", "0900000002").is_empty());
        assert!(search(world.tay_ho.id, "phone", "0900000001").is_empty());
    });
}

#[test]
fn two_persons_erase_a_year_and_only_its_receipts_stay() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let receipt = world.claim(&owed, Dong(25_000)).receipt();
        world.seal();
        let administrator =
            Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All };
        let erase = |checker| {
            world.try_change(|tx, stamp| {
                party::erase_year(
                    tx,
                    stamp,
                    &administrator,
                    owed.unit,
                    (2026, 0),
                    checker,
                    "hết thời hạn lưu trữ",
                )
            })
        };
        let load = || {
            world
                .look(|conn| party::load(conn, &world.app.vault, &[(owed.unit, owed.party)]))
                .remove(&(owed.unit, owed.party))
        };
        assert_eq!(erase(world.chief).unwrap_err().code(), "year_not_over");
        world.wait_seconds(at("2027-01-04T09:00:00+07:00").seconds_since(world.now()));
        assert_eq!(erase(world.clerk).unwrap_err().code(), "maker_is_checker");
        assert_eq!(load().and_then(|payer| payer.name).as_deref(), Some("Nguyễn Thị Thử"));
        let beside = TestApp::open_on(Arc::clone(&world.database));
        let known_beside = || {
            let asked = [(owed.unit, owed.party)];
            !beside.look(|conn| party::load(conn, &beside.vault, &asked)).is_empty()
        };
        assert!(known_beside(), "another process has the key in memory");

        let looks = || beside.look(|conn| beside.vault.forget_destroyed(conn));
        let asked = [(owed.unit, owed.party)];
        let read_on = beside.look(|conn| {
            let begun = party::load(conn, &beside.vault, &asked)?;
            erase(world.chief).unwrap();
            assert!(looks() && !looks(), "its housekeeping finds that a key was destroyed");
            Ok((begun.len(), party::load(conn, &beside.vault, &asked)?.len()))
        });
        assert_eq!(read_on, (1, 1), "a report that began before sees its moment to the end");
        assert!(load().is_none());
        assert!(!known_beside(), "and the key is forgotten all the same");
        let found =
            world.look(|conn| party::search(conn, &world.app.vault, owed.unit, "phone", "0900000001"));
        assert!(found.is_empty(), "nor can it be asked whether a number was known");
        assert_eq!(erase(world.chief).unwrap_err().code(), "data_key_not_found");
        let document =
            world.look(|conn| bienlai::receipt::query::document(conn, owed.unit, receipt)).unwrap();
        assert!(String::from_utf8(document.clone()).unwrap().contains("Nguyễn Thị Thử"));
        let report = verify(&document, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now());
        assert!(report.is_valid(), "{:?}", report.problems());
        assert_eq!(
            world.words(
                "SELECT CAST(maker_person_id AS TEXT) || CAST(checker_person_id AS TEXT) AS t FROM erasure"
            ),
            ["1112"]
        );
        let late = world.try_change(|tx, stamp| {
            let then = at("2026-11-23T09:00:00+07:00");
            stamp.vault.sealing_key(tx, owed.unit, then, stamp.ids).map(|_| ())
        });
        assert_eq!(late.unwrap_err().code(), "data_key_destroyed", "nothing more is kept of that year");
        // Life goes on under a new key, and the other commune's data is untouched.
        let later = world.raise(Dong(25_000));
        assert!(
            world.look(|conn| party::load(conn, &world.app.vault, &[(later.unit, later.party)])).len() == 1
        );
    });
}

#[test]
fn erasing_a_year_leaves_the_signing_key_of_a_certificate_that_is_still_valid() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.wait_seconds(at("2027-01-04T09:00:00+07:00").seconds_since(world.now()));
        let administrator =
            Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All };
        world.change(|tx, stamp| {
            party::erase_year(
                tx,
                stamp,
                &administrator,
                owed.unit,
                (2026, 0),
                world.chief,
                "hết thời hạn lưu trữ",
            )
        });
        assert_eq!(world.seal(), 1, "the receipt of the erased year still waits for its signature");
    });
}

#[test]
fn a_rolled_back_transaction_leaves_no_key_behind_that_is_stored_nowhere() {
    each_database(|database| {
        let world = World::settled_in(database);
        let failed = world.try_change(|tx, stamp| {
            stamp.sealing_key(tx, world.soc_son.id)?;
            Err::<(), _>(bienlai::error::Error::internal("the power went"))
        });
        assert!(failed.is_err());
        let owed = world.raise_at(&world.soc_son, Dong(25_000));
        let payers = world.look(|conn| {
            world.app.vault.forget();
            party::load(conn, &world.app.vault, &[(owed.unit, owed.party)])
        });
        assert_eq!(payers.len(), 1);
    });
}

/// A token of an administrator of a unit who is a person.
fn keeper(world: &World, commune: &crate::support::world::Commune) -> String {
    crate::strangers::token(world, commune, Role::Administrator)
}

fn ask(
    service: &crate::support::program::Service,
    token: &str,
    method: &str,
    path: &str,
    body: serde_json::Value,
) -> (u16, serde_json::Value) {
    let bearer = format!("Bearer {token}");
    let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let path = format!("/api/v1/privacy/{path}");
    let reply = crate::support::program::send(service.address, method, &path, &headers, &body).unwrap();
    (reply.status, reply.json())
}

#[test]
fn a_person_sees_their_file_and_who_looked_at_it_and_is_refused_with_the_ground() {
    use serde_json::{Value, json};
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payer = bienlai::party::Payer {
            name: Some("Nguyễn Thị Thử".to_owned()),
            phone: Some("0900000001".to_owned()),
            personal_id: Some("001099000001".to_owned()),
            ..bienlai::party::Payer::default()
        };
        let owed = world.raise_for(payer, Dong(25_000));
        world.take(&owed, Dong(25_000), bienlai::payment::book::Method::Cash).unwrap();
        let (admin, cashier) =
            (keeper(&world, &world.ba_dinh), crate::strangers::token(&world, &world.ba_dinh, Role::Cashier));
        let stranger = keeper(&world, &world.tay_ho);
        let mut service = crate::support::program::Service::start(&world);
        let receive = |kind: &str, (by, value): (&str, &str)| {
            let body = json!({ "unit": "00004", "kind": kind, "by": by, "value": value,
                "identity_shown": "vneid" });
            let (status, made) = ask(&service, &cashier, "POST", "requests", body);
            assert_eq!(status, 200, "{made}");
            made["request"]["id"].as_str().unwrap().to_owned()
        };
        let access = receive("access", ("phone", "0900 000 001"));
        let file = format!("requests/{access}/file");
        let answer = format!("requests/{access}/answer");
        let early = ask(&service, &admin, "POST", &answer, json!({ "reason": "đã trao" }));
        assert_eq!((early.0, early.1["error"]["code"].as_str()), (409, Some("data_request_not_seen")));
        let nameless = ask(&service, &admin, "POST", &file, json!({ "purpose": " " }));
        assert_eq!(nameless.0, 400, "a view has a purpose");
        assert_eq!(ask(&service, &stranger, "POST", &file, json!({ "purpose": "tò mò" })).0, 404);
        assert_eq!(ask(&service, &cashier, "POST", &file, json!({ "purpose": "tò mò" })).0, 403);
        let (_, seen) = ask(&service, &admin, "POST", &file, json!({ "purpose": "trả lời công dân" }));
        let entry = &seen["file"]["entries"][0];
        assert_eq!(entry["payer"]["name"], "Nguyễn Thị Thử", "{seen}");
        assert_eq!(entry["dossier_code"], json!(owed.dossier_code));
        assert_eq!(entry["documents"][0]["amount"], 25_000);
        assert_eq!(seen["file"]["views"], json!([]), "nobody saw it before");
        let (_, again) = ask(&service, &admin, "POST", &file, json!({ "purpose": "in bản sao" }));
        assert_eq!(again["file"]["views"][0]["purpose"], "trả lời công dân");
        assert_eq!(ask(&service, &admin, "POST", &answer, json!({ "reason": "đã trao bản sao" })).0, 200);
        assert_eq!(ask(&service, &admin, "POST", &answer, json!({ "reason": "lại" })).0, 409);

        let erasure = receive("erasure", ("personal_id", "001099000001"));
        let done =
            ask(&service, &admin, "POST", &format!("requests/{erasure}/answer"), json!({ "reason": "xong" }));
        assert_eq!(done.1["error"]["code"], "erasure_not_done", "what is kept is not called erased");
        let refuse = format!("requests/{erasure}/refuse");
        let groundless = json!({ "ground": "because", "reason": "không" });
        assert_eq!(ask(&service, &admin, "POST", &refuse, groundless).0, 400);
        let ground = json!({ "ground": "retention_by_law", "reason": "chứng từ còn phải lưu" });
        assert_eq!(ask(&service, &admin, "POST", &refuse, ground).0, 200);
        let (_, list) = ask(&service, &admin, "GET", "requests?unit=00004", Value::Null);
        assert_eq!(list["requests"][0]["ground"], "retention_by_law");
        assert_eq!(list["requests"][1]["state"], "answered");
        let (_, views) = ask(&service, &admin, "GET", "views?unit=00004", Value::Null);
        assert_eq!(views["views"].as_array().unwrap().len(), 2);
        assert!(!list.to_string().contains("0900"), "a request names nobody in the clear");
        let (_, register) = ask(&service, &admin, "GET", "register?unit=00004", Value::Null);
        assert!(register["activities"].as_array().unwrap().len() >= 5);
        service.stop();
    });
}

#[test]
fn an_incident_has_72_hours_from_when_it_was_found_and_is_closed_only_after_the_authority_was_told() {
    use bienlai::privacy::incident::{self, Step};
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let admin = Actor {
            person: Some(world.chief),
            client: None,
            role: Role::Administrator,
            scope: Scope::unit(unit),
        };
        let found_at = world.now().minus_seconds(10 * 3_600);
        let opened = world
            .app
            .write(&admin, |tx, stamp| {
                incident::open(tx, stamp, &admin, unit, (found_at, 3, "gửi nhầm hộp thư"))
            })
            .unwrap();
        assert_eq!(opened.hours_left(world.now()), Some(62), "the clock ran before it was written down");
        let later = world.now().plus_seconds(1);
        let ahead = world
            .app
            .write(&admin, |tx, stamp| incident::open(tx, stamp, &admin, unit, (later, 0, "chưa xảy ra")));
        assert_eq!(ahead.unwrap_err().code(), "incident_time_wrong");
        let step = |step: Step, detail: &str| {
            world
                .app
                .write(&admin, |tx, stamp| incident::step(tx, stamp, &admin, (unit, opened.id), step, detail))
        };
        assert_eq!(step(Step::Closed, "xong").unwrap_err().code(), "incident_state_wrong");
        step(Step::Noted, "đã thu hồi thư").unwrap();
        world.wait_seconds(63 * 3_600);
        let late = world.look(|conn| incident::list(conn, &admin, unit, 10)).remove(0);
        assert_eq!(late.hours_left(world.now()), Some(-1), "an hour late");
        let told = step(Step::Notified, "05/BC-UBND; chậm vì chờ xác minh").unwrap();
        assert_eq!(told.hours_left(world.now()), None);
        step(Step::Closed, "đã khắc phục").unwrap();
        assert_eq!(step(Step::Noted, "thêm").unwrap_err().code(), "incident_state_wrong");
        let kinds: Vec<String> = world
            .look(|conn| incident::list(conn, &admin, unit, 10))
            .remove(0)
            .events
            .into_iter()
            .map(|event| event.kind)
            .collect();
        assert_eq!(kinds, ["opened", "noted", "notified", "closed"]);
    });
}

#[test]
fn a_keeper_answers_at_the_page_and_an_auditor_reads_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let unit = Scope::unit(world.ba_dinh.id);
        let mut service = crate::support::program::Service::start(&world);
        let seat = |role, name: &str| {
            crate::support::visitor::seated(&world, service.address, role, name, unit.clone())
        };
        let mut cashier = seat(Role::Cashier, "thungan.mau");
        cashier.get("/privacy");
        assert!(!cashier.page.contains("Hồ sơ xử lý"), "the desk takes requests in and reads none");
        let ask = [("unit", "00004"), ("kind", "access"), ("by", "phone"), ("identity_shown", "vneid")];
        let empty = cashier.post("/privacy/receive", &[&ask[..], &[("value", " ")]].concat());
        assert_eq!(empty.status, 400);
        let taken = cashier.post("/privacy/receive", &[&ask[..], &[("value", "0900 000 001")]].concat());
        assert_eq!(taken.status, 200, "{}", cashier.page);
        let mut keeper = seat(Role::Administrator, "quantri.mau");
        keeper.get("/privacy");
        keeper.sees("Xem dữ liệu");
        let request = keeper.value("request").unwrap();
        let seen = keeper.post("/privacy/file", &[("request", &request), ("purpose", "trả lời công dân")]);
        assert_eq!(seen.status, 200, "{}", keeper.page);
        keeper.sees("Nguyễn Thị Thử");
        keeper.sees(&owed.dossier_code);
        let told = [("request", request.as_str()), ("ground", ""), ("reason", "đã trao bản sao")];
        assert_eq!(keeper.post("/privacy/close", &told).status, 200, "{}", keeper.page);
        keeper.sees("đã trao bản sao");
        let incident =
            [("unit", "00004"), ("nature", "gửi nhầm hộp thư"), ("affected", "3"), ("hours", "10")];
        let [unit, nature, _, hours] = incident;
        let uncounted = [unit, nature, ("affected", "vài người"), hours];
        assert_eq!(keeper.post("/privacy/incident", &uncounted).status, 400);
        keeper.is_told("number_unreadable");
        assert_eq!(keeper.post("/privacy/incident", &incident).status, 200, "{}", keeper.page);
        keeper.sees("Còn 61 giờ để báo");
        let mut auditor = seat(Role::Auditor, "kiemtoan.mau");
        auditor.get("/privacy");
        auditor.sees("gửi nhầm hộp thư");
        auditor.sees("Hồ sơ xử lý dữ liệu cá nhân");
        assert!(!auditor.page.contains("/privacy/step"), "and changes nothing");
        let step = [("incident", "inc_0000000000000"), ("step", "closed"), ("detail", "x")];
        assert_eq!(auditor.post("/privacy/step", &step).status, 403);
        service.stop();
    });
}
