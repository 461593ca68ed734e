//! What a person asks about their data is carried out: contacts corrected, or erased with what no duty keeps.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::DataRequestId;
use bienlai::notification::consent::{self, Word};
use bienlai::obligation::Obligation;
use bienlai::party::{self, Payer};
use bienlai::payment::picture;
use bienlai::store::failure;
use serde_json::{Value, json};

use crate::strangers::token;
use crate::support::program::{Reply, Service, send};
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, each_database, tools};

const PHONE: &str = "0900000001";

fn ask(service: &Service, token: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(service.address, "POST", path, &headers, &body).unwrap()
}

fn payer() -> Payer {
    Payer {
        name: Some("Nguyễn Thị Thử".into()),
        address: Some("Số 2 ngõ Mẫu".into()),
        personal_id: Some("001099000001".into()),
        phone: Some(PHONE.into()),
        email: Some("thu@example.vn".into()),
        ..Payer::default()
    }
}

fn received(service: &Service, token: &str, kind: &str) -> String {
    let body = json!({ "unit": "00004", "kind": kind, "by": "personal_id", "value": "001099000001",
        "identity_shown": "vneid" });
    let made = ask(service, token, "/api/v1/privacy/requests", &body).json();
    made["request"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

#[test]
fn two_administrators_correct_how_somebody_is_reached_and_documents_keep_what_they_say() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_for(payer(), Dong(25_000));
        let receipt = world.claim(&owed, Dong(25_000)).receipt();
        let one = token(&world, &world.ba_dinh, Role::Administrator);
        let two = token(&world, &world.ba_dinh, Role::Administrator);
        let mut service = Service::start(&world);
        let id = received(&service, &one, "correction");
        let path = |act: &str| format!("/api/v1/privacy/requests/{id}/{act}");
        let code = |reply: Reply| reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
        let early = json!({ "act": "evt_0000000000000" });
        assert_eq!(code(ask(&service, &two, &path("approve"), &early)), "act_not_proposed");
        assert_eq!(code(ask(&service, &one, &path("propose"), &json!({}))), "field_missing");
        let dashes = json!({ "phone": "---" });
        assert_eq!(code(ask(&service, &one, &path("propose"), &dashes)), "phone_not_mobile");
        let proposed = |phone: &str| {
            let made = ask(&service, &one, &path("propose"), &json!({ "phone": phone })).json();
            json!({ "act": made["act"].as_str().unwrap_or_else(|| panic!("{made}")) })
        };
        let first = proposed("0900000088");
        let seen = ask(&service, &two, &path("act"), &Value::Null).json();
        assert_eq!((&seen["act"]["id"], &seen["act"]["parties"]), (&first["act"], &json!(1)), "{seen}");
        assert_eq!(seen["act"]["contact"]["phone"], "0900000088");
        assert_eq!(world.count("data_view"), 1, "the look is written down");
        assert_eq!(
            code(ask(&service, &one, &path("act"), &Value::Null)),
            "act_not_proposed",
            "not to decide"
        );
        let second = proposed("0900000077");
        let late = ask(&service, &two, &path("approve"), &first);
        assert_eq!((late.status, code(late)), (409, "act_changed".to_owned()), "another one took its place");
        let own = Scope::unit(world.ba_dinh.id);
        let mut third = seated(&world, service.address, Role::Administrator, "quantri.ba", own);
        third.get("/privacy");
        third.sees("0900000077");
        assert_eq!(world.count("data_view"), 2, "on the page too");
        assert_eq!(code(ask(&service, &one, &path("approve"), &second)), "maker_is_checker");
        let done = ask(&service, &two, &path("approve"), &second).json();
        assert_eq!(done["done"]["request"]["state"], "answered", "{done}");
        let key = (owed.unit, owed.party);
        let known = world.look(|conn| party::load(conn, &world.app.vault, &[key])).remove(&key).unwrap();
        assert_eq!(known.phone.as_deref(), Some("0900000077"));
        assert_eq!(known.email.as_deref(), Some("thu@example.vn"), "what was not named stays");
        let found = |value: &str| {
            world.look(|conn| party::search(conn, &world.app.vault, owed.unit, "phone", value)).len()
        };
        assert_eq!((found("0900000077"), found(PHONE)), (1, 0));
        let body = world.look(|conn| bienlai::receipt::query::body(conn, owed.unit, receipt));
        assert!(String::from_utf8(body).unwrap().contains(PHONE), "the document keeps what it says");
        service.stop();
    });
}

#[test]
fn a_shared_phone_or_mailbox_changes_nobodys_data() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.raise_for(payer(), Dong(25_000));
        let one = token(&world, &world.ba_dinh, Role::Administrator);
        let mut service = Service::start(&world);
        for (kind, by, value, refused) in [
            ("correction", "phone", PHONE, true),
            ("erasure", "email", "thu@example.vn", true),
            ("access", "phone", PHONE, false),
            ("erasure", "personal_id", "001099000001", false),
        ] {
            let body = json!({ "unit": "00004", "kind": kind, "by": by, "value": value,
                "identity_shown": "vneid" });
            let told = ask(&service, &one, "/api/v1/privacy/requests", &body).json();
            assert_eq!(told["error"]["code"] == "subject_not_unique", refused, "{kind} by {by}: {told}");
        }
        service.stop();
    });
}

#[test]
fn somebody_is_found_by_their_number_however_it_is_written_and_a_mistyped_value_is_refused() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let known = Payer { phone: Some("+84 912 345 678".into()), ..payer() };
        let owed = world.raise_for(known, Dong(25_000));
        let one = token(&world, &world.ba_dinh, Role::Administrator);
        let mut service = Service::start(&world);
        let asked = |by: &str, value: &str| {
            let body = json!({ "unit": "00004", "kind": "access", "by": by, "value": value,
                "identity_shown": "vneid" });
            ask(&service, &one, "/api/v1/privacy/requests", &body).json()
        };
        for written in ["0912 345 678", "+84912345678", "0084 912.345.678"] {
            let made = asked("phone", written);
            let id = made["request"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
            let path = format!("/api/v1/privacy/requests/{id}/file");
            let seen = ask(&service, &one, &path, &json!({ "purpose": "trả lời công dân" })).json();
            let dossier = &seen["file"]["entries"][0]["dossier_code"];
            assert_eq!(dossier, &json!(owed.dossier_code), "{written}: {seen}");
        }
        for (by, value, code) in [
            ("phone", "091234", "phone_unreadable"),
            ("email", "thu.example.vn", "email_unreadable"),
            ("personal_id", "00109900001", "personal_id_wrong"),
            ("tax_code", "123", "tax_code_wrong"),
            ("passport", "B1", "passport_wrong"),
        ] {
            let error = &asked(by, value)["error"];
            assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!("value")), "{by}");
        }
        assert_eq!(world.count("data_request"), 3, "nothing is kept of the mistyped");
        service.stop();
    });
}

#[test]
fn nobody_is_told_that_nothing_is_kept_while_something_of_theirs_is() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.raise_for(payer(), Dong(25_000));
        let one = token(&world, &world.ba_dinh, Role::Administrator);
        let mut service = Service::start(&world);
        let received = |by: &str, value: &str| {
            let body = json!({ "unit": "00004", "kind": "access", "by": by, "value": value,
                "identity_shown": "vneid" });
            let made = ask(&service, &one, "/api/v1/privacy/requests", &body).json();
            let id = made["request"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
            format!("/api/v1/privacy/requests/{id}")
        };
        let refused = |path: &str| {
            let ground = json!({ "ground": "nothing_kept", "reason": "không tìm thấy" });
            ask(&service, &one, &format!("{path}/refuse"), &ground).json()
        };
        for (by, value) in [("personal_id", "001099000001"), ("phone", PHONE), ("email", "thu@example.vn")] {
            let told = refused(&received(by, value));
            assert_eq!(told["error"]["code"], "data_still_kept", "by {by}: {told}");
        }
        let told = refused(&received("personal_id", "001099000009"));
        assert_eq!(told["request"]["state"], "refused", "{told}");

        // Once somebody else has left the same number, nobody can tell whose it is before the file is opened.
        world.raise_for(Payer { name: Some("Trần Văn Mẫu".into()), ..payer() }, Dong(25_000));
        let told = refused(&received("phone", PHONE));
        assert_eq!(told["request"]["state"], "refused", "{told}");
        let path = received("phone", PHONE);
        let seen = ask(&service, &one, &format!("{path}/file"), &json!({ "purpose": "trả lời công dân" }));
        assert_eq!(seen.status, 200, "{}", seen.json());
        let told = refused(&path);
        assert_eq!(told["error"]["code"], "data_still_kept", "{told}");
        service.stop();
    });
}

#[test]
fn who_left_a_phone_alone_is_corrected_and_erased_by_it_and_nobody_else_who_has_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let by_phone = |name: &str| Payer {
            name: Some(name.into()),
            phone: Some("0900000055".into()),
            ..Payer::default()
        };
        let first = world.raise_for(by_phone("Nguyễn Thị Thử"), Dong(25_000));
        let with_id = Payer { phone: Some("0900000055".into()), ..payer() };
        let other = world.raise_for(with_id, Dong(25_000));
        let (one, two) = (
            token(&world, &world.ba_dinh, Role::Administrator),
            token(&world, &world.ba_dinh, Role::Administrator),
        );
        let mut service = Service::start(&world);
        let asked = |kind: &str| {
            let body = json!({ "unit": "00004", "kind": kind, "by": "phone", "value": "0900000055",
                "identity_shown": "citizen_card" });
            ask(&service, &one, "/api/v1/privacy/requests", &body).json()
        };
        let made = asked("erasure");
        let id = made["request"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let path = |act: &str| format!("/api/v1/privacy/requests/{id}/{act}");
        let proposed = ask(&service, &one, &path("propose"), &json!({})).json();
        let seen = ask(&service, &two, &path("act"), &Value::Null).json();
        assert_eq!(seen["act"]["parties"], 1, "{proposed} {seen}");
        let done = ask(&service, &two, &path("approve"), &json!({ "act": seen["act"]["id"] }));
        assert_eq!(done.status, 200, "{}", done.json());
        let phone_of = |owed: &Obligation| {
            let key = (owed.unit, owed.party);
            world.look(|conn| party::load(conn, &world.app.vault, &[key])).remove(&key).unwrap().phone
        };
        assert_eq!((phone_of(&first), phone_of(&other)), (None, Some("0900000055".to_owned())));
        // Two of the same phone and other names: nobody can tell which of them asks.
        world.raise_for(by_phone("Trần Văn Mẫu"), Dong(25_000));
        world.raise_for(by_phone("Lê Thị Ví"), Dong(25_000));
        assert_eq!(asked("correction")["error"]["code"], "subject_not_unique");
        service.stop();
    });
}

#[test]
fn an_erasure_takes_what_no_duty_keeps_and_names_what_stays() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_for(payer(), Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        let other = world.raise(Dong(25_000));
        world.change(|tx, stamp| {
            let word = Word {
                unit: owed.unit,
                party: owed.party,
                is_given: true,
                source: "phiếu 1".into(),
                given_on: stamp.today(),
            };
            consent::record(tx, stamp, &Actor::system(), word)?;
            let png = b"\x89PNG\r\n\x1a\n and what follows";
            picture::keep(tx, stamp, &owed, png)
        });
        let mut service = Service::start(&world);
        let own = Scope::unit(world.ba_dinh.id);
        let mut one = seated(&world, service.address, Role::Administrator, "quantri.mot", own.clone());
        let mut two = seated(&world, service.address, Role::Administrator, "quantri.hai", own);
        let bearer = token(&world, &world.ba_dinh, Role::Administrator);
        let id = received(&service, &bearer, "erasure");
        let act = |visitor: &mut Visitor, path: &str| {
            visitor.get("/privacy");
            let seen = visitor.value("act").unwrap_or_default();
            visitor.post(path, &[("request", &id), ("act", &seen)]).status
        };
        assert_eq!(act(&mut one, "/privacy/propose"), 200, "{}", one.page);
        one.get("/privacy");
        one.sees("chờ người khác duyệt");
        assert_eq!(act(&mut one, "/privacy/approve"), 400);
        let pictures = || world.look(|conn| picture::of_obligation(conn, owed.unit, owed.id)).len();
        assert_eq!(pictures(), 1, "nothing was erased yet");
        assert_eq!(act(&mut two, "/privacy/approve"), 200, "{}", two.page);
        two.sees("Luật Kế toán");

        let key = (owed.unit, owed.party);
        let left = world.look(|conn| party::load(conn, &world.app.vault, &[key])).remove(&key).unwrap();
        assert_eq!((left.phone, left.email), (None, None));
        assert_eq!(left.name.as_deref(), Some("Nguyễn Thị Thử"), "vouchers are kept by law");
        assert_eq!(pictures(), 0);
        let given = world.look(|conn| consent::given(conn, &[key]));
        assert!(!given.get(&key).copied().unwrap_or(false), "nobody writes to them any more");
        let found =
            |value: &str| world.look(|conn| party::search(conn, &world.app.vault, owed.unit, "phone", value));
        assert_eq!(found(PHONE), [other.party], "somebody else of the same number is still found");
        let number: DataRequestId = id.parse().unwrap();
        assert_eq!(world.count(&format!("party_erasure WHERE request_id = {}", number.0)), 1);
        assert_eq!(world.count("data_act"), 0);
        world.seal();
        service.stop();
    });
}

#[test]
fn the_database_overwrites_no_payer_without_an_erasure_of_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_for(payer(), Dong(25_000));
        let sql = format!("UPDATE party SET cipher = cipher WHERE id = {}", owed.party.0);
        assert_eq!(tools::code_of(&mut world.database.as_owner(), &sql), failure::CHECK, "nobody decided it");
    });
}
