//! The life of a correction and a refund as programs and citizens see it, on the real program.

use std::net::SocketAddr;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::Clock;
use bienlai::id::{PersonId, UnitId};
use bienlai::identity::{self, NewClient};
use bienlai::payment::book::Method;
use bienlai::unit::CITY;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::corrections::fee;
use crate::support::program::{Reply, Service, get, send};
use crate::support::{World, each_database};

/// Tokens of a unit's staff, and of a stranger.
pub struct Desk {
    pub address: SocketAddr,
    pub maker: String,
    pub checker: String,
    other_checker: String,
    pub stranger: String,
    pub maker_person: PersonId,
    pub checker_person: PersonId,
}

impl Desk {
    pub fn of(world: &World, service: &Service) -> Desk {
        let unit = world.ba_dinh.id;
        let system = Actor::system();
        let person =
            |name: &str| world.change(|tx, stamp| identity::create_person(tx, stamp, &system, unit, name));
        let (maker, checker, other) = (person("Lê Thị Mẫu"), person("Phạm Văn Mẫu"), person("Vũ Thị Mẫu"));
        let token = |role: Role, person: PersonId, unit: UnitId| {
            let scope = Scope::unit(unit);
            let new = NewClient {
                unit: CITY,
                name: role.as_str().to_owned(),
                person: Some(person),
                role,
                scope: scope.clone(),
            };
            let made = world.change(|tx, stamp| identity::create_client(tx, stamp, &system, new.clone()));
            made.1.expose_secret().to_owned()
        };
        Desk {
            address: service.address,
            maker: token(Role::Finance, maker, unit),
            checker: token(Role::Approver, checker, unit),
            other_checker: token(Role::Approver, other, unit),
            stranger: token(Role::Approver, checker, world.tay_ho.id),
            maker_person: maker,
            checker_person: checker,
        }
    }

    pub fn post(&self, token: &str, path: &str, key: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        send(self.address, "POST", path, &headers, &body).expect("an answer")
    }

    pub fn get(&self, token: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        send(self.address, "GET", path, &[("Authorization", bearer.as_str())], b"").expect("an answer")
    }
}

pub fn code(reply: &Reply) -> String {
    reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn asked(kind: &str, amount: i64) -> Value {
    let lines = if kind == "cancel" { json!([]) } else { json!([{ "item": "HT-01", "amount": amount }]) };
    let today = Clock::System.now().business_day();
    json!({
        "kind": kind,
        "reason": "tính nhầm",
        "agreement": { "number": "05/BB", "on": today, "about": "thỏa thuận về sai sót" },
        "lines": lines,
    })
}

/// A receipt of 25.000 paid in cash, signed by the library before the service starts.
fn receipt(world: &World) -> (String, String) {
    let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
    world.take(&owed, Dong(25_000), Method::Cash).unwrap();
    world.seal();
    let receipt = world.receipts(&owed).remove(0);
    assert_eq!(receipt.state, "signed");
    (receipt.id.to_string(), receipt.lookup_code)
}

#[test]
fn a_receipt_is_adjusted_by_two_persons_and_the_citizens_link_shows_the_chain() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (id, lookup) = receipt(&world);
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let path = format!("/api/v1/receipts/{id}/corrections");
        let body = asked("adjust", 20_000);
        let mut bare = body.clone();
        bare.as_object_mut().unwrap().remove("agreement");
        let mut whole = asked("cancel", 0);
        whole["payer"] = json!({ "name": "Nguyễn Thị Mẫu" });
        for (key, wrong, field, refusal) in [
            ("B1", bare, "agreement", "correction_agreement_missing"),
            ("B2", whole, "payer", "correction_cancel_whole"),
            ("B3", asked("adjust", -1), "lines[0].amount", "correction_amount_negative"),
        ] {
            let refused = desk.post(&desk.maker, &path, key, &wrong);
            assert_eq!(code(&refused), refusal);
            assert_eq!(refused.json()["error"]["field"], field, "{}", refused.json());
        }
        let first = desk.post(&desk.maker, &path, "K1", &body);
        assert_eq!(first.status, 201, "{}", first.json());
        let again = desk.post(&desk.maker, &path, "K1", &body);
        assert_eq!((again.status, &again.body), (201, &first.body), "sent twice, asked once");
        assert_eq!(code(&desk.post(&desk.maker, &path, "K1", &asked("cancel", 0))), "idempotency_key_reused");
        assert_eq!(code(&desk.post(&desk.maker, &path, "K2", &body)), "correction_open");
        assert_eq!(code(&desk.post(&desk.maker, &path, "", &body)), "idempotency_key_unreadable");
        let told = first.json();
        assert_eq!((told["difference"].as_i64(), told["rule"]["mark"].as_str()), (Some(-5_000), Some("P")));

        let correction = format!("/api/v1/corrections/{}", told["id"].as_str().unwrap());
        let shown = desk.get(&desk.checker, &correction).json();
        assert_eq!(shown["correction"]["rule"]["mark"], "P", "seen before it is approved");
        let approve = format!("{correction}/approve");
        assert_eq!(code(&desk.post(&desk.maker, &approve, "x", &Value::Null)), "maker_is_checker");
        assert_eq!(desk.post(&desk.stranger, &approve, "x", &Value::Null).status, 404);
        assert_eq!(desk.get(&desk.stranger, &correction).status, 404);
        assert_eq!(desk.post(&desk.stranger, &path, "K3", &body).status, 403, "an approver asks for none");
        assert_eq!(
            code(&desk.post(&desk.checker, &path, "K3", &body)),
            "role_not_allowed",
            "nor by an approver"
        );
        let done = desk.post(&desk.checker, &approve, "x", &Value::Null);
        assert_eq!(done.status, 200, "{}", done.json());
        assert_eq!(
            code(&desk.post(&desk.other_checker, &approve, "x", &Value::Null)),
            "correction_not_requested"
        );

        let api = desk.get(&desk.checker, &format!("/api/v1/receipts/{id}")).json();
        assert_eq!(
            (api["state"].as_str(), api["chain"].as_array().map(Vec::len)),
            (Some("adjusted"), Some(2))
        );
        assert_eq!(api["chain"][1]["action"], "adjust");
        let page = String::from_utf8(get(service.address, &format!("/r/{lookup}")).unwrap().body).unwrap();
        for words in ["Đã được điều chỉnh", "Lịch sử chứng từ", "Biên lai điều chỉnh", "-5.000", "20.000 đ"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        let adjusting =
            api["chain"][1]["links"]["page"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        assert!(page.contains(&format!("/r/{adjusting}")), "{page}");
        let own = String::from_utf8(get(service.address, &format!("/r/{adjusting}")).unwrap().body).unwrap();
        assert!(own.contains("Âm năm nghìn đồng") && own.contains("Biên lai gốc"), "{own}");
        service.stop();
    });
}

#[test]
fn a_request_that_names_no_change_or_an_agreement_from_before_its_document_is_refused_beside_its_field() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (id, _) = receipt(&world);
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let path = format!("/api/v1/receipts/{id}/corrections");
        let refused = |body: &Value, code: &str, field: &str| {
            let key = format!("{code}-{}", body["kind"].as_str().unwrap());
            let reply = desk.post(&desk.maker, &path, &key, body);
            let error = reply.json()["error"].clone();
            let told = (error["code"].as_str(), error["field"].as_str());
            assert_eq!((reply.status, told), (400, (Some(code), Some(field))), "{error}");
        };
        for kind in ["adjust", "replace"] {
            let mut nothing = asked(kind, 20_000);
            nothing["lines"] = json!([]);
            refused(&nothing, "correction_lines_missing", "lines");
        }
        let mut older = asked("adjust", 20_000);
        older["agreement"]["on"] = json!(Clock::System.now().business_day().plus_days(-2));
        refused(&older, "correction_agreement_before_document", "agreement.on");
        assert_eq!(world.count("correction"), 0);
        service.stop();
    });
}

#[test]
fn a_replaced_receipt_shows_its_successor_to_the_citizen_and_a_cancelled_one_none() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let ((replaced, lookup), (cancelled, gone)) = (receipt(&world), receipt(&world));
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        for (id, body) in [(&replaced, asked("replace", 22_000)), (&cancelled, asked("cancel", 0))] {
            let made =
                desk.post(&desk.maker, &format!("/api/v1/receipts/{id}/corrections"), "K", &body).json();
            // The key stands for the receipt too: the path is a part of the request.
            let made = if made["id"].is_null() {
                desk.post(&desk.maker, &format!("/api/v1/receipts/{id}/corrections"), id, &body).json()
            } else {
                made
            };
            let approve = format!("/api/v1/corrections/{}/approve", made["id"].as_str().unwrap());
            let done = desk.post(&desk.checker, &approve, "x", &Value::Null);
            assert_eq!(done.status, 200, "{}", done.json());
        }
        let page = |code: &str| {
            String::from_utf8(get(service.address, &format!("/r/{code}")).unwrap().body).unwrap()
        };
        let shown = page(&lookup);
        for words in ["Đã bị thay thế", "Chứng từ hiện hành", "22.000 đ", "Biên lai thay thế"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let in_english = [("Cookie", "bienlai-lang=en")];
        let reply = send(service.address, "GET", &format!("/r/{lookup}"), &in_english, b"").unwrap();
        let english = String::from_utf8(reply.body).unwrap();
        assert!(english.contains("In force now:") && english.contains("BD-26E no. 0"), "{english}");
        assert!(!english.contains(" số 0"), "{english}");
        let shown = page(&gone);
        assert!(shown.contains("Đã hủy") && !shown.contains("Chứng từ hiện hành"), "{shown}");
        let listed = desk.get(&desk.maker, "/api/v1/corrections?state=approved").json();
        assert_eq!(listed["corrections"].as_array().map(Vec::len), Some(2), "{listed}");
        service.stop();
    });
}

#[test]
fn of_two_approvers_at_one_moment_one_approves() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let receipts: Vec<String> = (0..4).map(|_| receipt(&world).0).collect();
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        for id in &receipts {
            let path = format!("/api/v1/receipts/{id}/corrections");
            let made = desk.post(&desk.maker, &path, id, &asked("adjust", 20_000)).json();
            let approve = format!("/api/v1/corrections/{}/approve", made["id"].as_str().unwrap());
            let codes: Vec<u16> = std::thread::scope(|scope| {
                let sent = [&desk.checker, &desk.other_checker, &desk.checker]
                    .map(|token| scope.spawn(|| desk.post(token, &approve, "x", &Value::Null).status));
                sent.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert_eq!(codes.iter().filter(|status| **status == 200).count(), 1, "{codes:?}");
            assert!(codes.iter().all(|status| [200, 409].contains(status)), "{codes:?}");
        }
        assert_eq!(world.count("refund"), 4);
        assert_eq!(world.count("receipt_relation"), 4);
        service.stop();
    });
}

#[test]
fn a_refund_is_asked_for_approved_and_sent_over_http() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (id, _) = receipt(&world);
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let made = desk
            .post(&desk.maker, &format!("/api/v1/receipts/{id}/corrections"), "K", &asked("cancel", 0))
            .json();
        let approve = format!("/api/v1/corrections/{}/approve", made["id"].as_str().unwrap());
        let done = desk.post(&desk.checker, &approve, "x", &Value::Null).json();
        let refund = done["refunds"][0].as_str().unwrap().to_owned();
        let path = |step: &str| format!("/api/v1/refunds/{refund}{step}");
        assert_eq!(
            code(&desk.post(&desk.checker, &path("/approve"), "x", &Value::Null)),
            "refund_payee_missing"
        );
        let wrong = json!({ "bank": "970432", "account_no": "1", "holder": "NGUOI NOP MAU" });
        assert_eq!(code(&desk.post(&desk.maker, &path("/payee"), "x", &wrong)), "payee_account_wrong");
        let payee = json!({ "bank": "970432", "account_no": "0123456789", "holder": "NGUOI NOP MAU" });
        assert_eq!(desk.post(&desk.maker, &path("/payee"), "x", &payee).status, 200);
        assert_eq!(desk.post(&desk.stranger, &path("/approve"), "x", &Value::Null).status, 404);
        assert_eq!(desk.post(&desk.checker, &path("/approve"), "x", &Value::Null).status, 200);
        let sent = desk.post(&desk.maker, &path("/send"), "x", &Value::Null).json();
        assert_eq!(sent["refund"]["state"], "sent", "{sent}");
        let shown = desk.get(&desk.checker, &path("")).json();
        assert_eq!(shown["payee"]["account_no"], "0123456789");
        assert_eq!(shown["events"].as_array().map(Vec::len), Some(4), "{shown}");
        assert_eq!(
            world.count("audit_entry WHERE action = 'refund.payee_seen'"),
            1,
            "looking leaves a trace"
        );
        let payment = shown["refund"]["payment"].as_str().unwrap();
        let more = json!({ "amount": 1, "reason": "thêm" });
        let asked = format!("/api/v1/payments/{payment}/refunds");
        assert_eq!(code(&desk.post(&desk.maker, &asked, "M", &more)), "refund_beyond_surplus");
        let refused = desk.post(&desk.checker, &path("/refuse"), "x", &json!({ "reason": "thôi" }));
        assert_eq!(code(&refused), "refund_state_wrong");
        let listed = desk.get(&desk.maker, "/api/v1/refunds?state=sent").json();
        assert_eq!(listed["refunds"].as_array().map(Vec::len), Some(1));
        service.stop();
    });
}
