//! A day of cash as a cashier, an approver and the accountant live it: on the real program, from
//! the counted float to the order to the Treasury.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::PersonId;
use bienlai::identity::{self, NewClient};
use bienlai::unit::CITY;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, send};
use crate::support::{World, each_database};

pub struct Desk<'a> {
    pub world: &'a World,
    pub service: &'a Service,
}

impl Desk<'_> {
    pub fn token(&self, role: Role, name: &str) -> String {
        let (system, unit) = (Actor::system(), self.world.ba_dinh.id);
        let person: PersonId =
            self.world.change(|tx, stamp| identity::create_person(tx, stamp, &system, unit, name));
        let new = NewClient {
            unit: CITY,
            name: format!("{} {name}", role.as_str()),
            person: Some(person),
            role,
            scope: Scope::unit(unit),
        };
        let made = self.world.change(|tx, stamp| identity::create_client(tx, stamp, &system, new.clone()));
        made.1.expose_secret().to_owned()
    }

    pub fn ask(&self, token: &str, method: &str, path: &str, body: &[u8]) -> Reply {
        let (bearer, key) = (format!("Bearer {token}"), format!("K{}", self.world.next()));
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key.as_str()),
        ];
        send(self.service.address, method, path, &headers, body).expect("an answer")
    }

    #[track_caller]
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        let reply = self.ask(token, "POST", path, body.to_string().as_bytes());
        assert!([200, 201].contains(&reply.status), "{path}: {} {}", reply.status, reply.json());
        reply.json()
    }

    #[track_caller]
    pub fn get(&self, token: &str, path: &str) -> Value {
        let reply = self.ask(token, "GET", path, b"");
        assert_eq!(reply.status, 200, "{path}: {}", reply.json());
        reply.json()
    }

    pub fn refused(&self, token: &str, path: &str, body: &Value) -> String {
        let reply = self.ask(token, "POST", path, body.to_string().as_bytes());
        reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

#[test]
fn the_api_takes_money_over_a_told_transfer_only_knowingly() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        assert_eq!(world.claim(&owed, Dong(25_000)).by("stranger").settle().receipt, None);
        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let cashier = desk.token(Role::Cashier, "Trần Văn Mẫu");
        desk.post(&cashier, "/api/v1/shifts", &json!({ "float": {} }));
        let pay = format!("/api/v1/obligations/{}/payments", owed.id);
        let mut cash = json!({ "method": "cash", "amount": 25_000 });
        assert_eq!(desk.refused(&cashier, &pay, &cash), "transfer_advised");
        assert_eq!((world.count("payment"), world.count("receipt")), (0, 0));
        cash["despite"] = json!(true);
        assert_eq!(desk.post(&cashier, &pay, &cash)["state"], "paid");
        assert_eq!(world.count("payment"), 1);
        service.stop();
    });
}

#[test]
fn cash_goes_from_the_counter_over_the_bank_to_the_treasury() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = [world.raise(Dong(25_000)), world.raise(Dong(25_000))];
        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let cashier = desk.token(Role::Cashier, "Trần Văn Mẫu");
        let finance = desk.token(Role::Finance, "Lê Thị Mẫu");
        let approver = desk.token(Role::Approver, "Phạm Văn Mẫu");

        let cash = json!({ "method": "cash", "amount": 25_000 });
        let pay =
            |owed: &bienlai::obligation::Obligation| format!("/api/v1/obligations/{}/payments", owed.id);
        assert_eq!(desk.refused(&cashier, &pay(&owed[0]), &cash), "shift_not_open");
        let wrong = json!({ "float": { "30000": 1 } });
        assert_eq!(desk.refused(&cashier, "/api/v1/shifts", &wrong), "cash_count_wrong");
        assert_eq!(desk.refused(&finance, "/api/v1/shifts", &json!({ "float": {} })), "role_not_allowed");
        let opened = desk.post(&cashier, "/api/v1/shifts", &json!({ "float": { "10000": 5 } }));
        let shift = format!("/api/v1/shifts/{}", id(&opened["shift"]));
        for owed in &owed {
            desk.post(&cashier, &pay(owed), &cash);
        }

        let close = format!("{shift}/close");
        let counted = desk.post(&cashier, &close, &json!({ "count": { "50000": 1, "20000": 2 } }));
        assert_eq!(counted["counted"]["variance"], -10_000, "{counted}");
        assert_eq!(counted["shift"]["state"], "counted");
        let queue = desk.get(&finance, "/api/v1/exceptions?state=open");
        assert_eq!(queue["exceptions"][0]["kind"], "deposit_differs", "{queue}");
        let reason = json!({ "reason": "biên bản kiểm quỹ" });
        assert_eq!(desk.refused(&cashier, &format!("{shift}/sign-off"), &reason), "role_not_allowed");
        let signed = desk.post(&approver, &format!("{shift}/sign-off"), &reason);
        assert_eq!(signed["shift"]["state"], "closed");

        let part = |amount| json!({ "parts": [{ "shift": id(&opened["shift"]), "amount": amount }] });
        assert_eq!(desk.refused(&cashier, "/api/v1/deposits", &part(50_000)), "deposit_beyond_drawer");
        let slip = desk.post(&cashier, "/api/v1/deposits", &part(40_000))["deposit"].clone();
        let report = desk.get(&cashier, &shift)["shift"].clone();
        assert_eq!((&report["cash_taken"], &report["held"]), (&json!(50_000), &json!(0)), "{report}");
        assert_eq!(report["takings"].as_array().map(Vec::len), Some(2));
        assert!(report["takings"][0]["receipt"].as_str().unwrap().starts_with("BD-26E"), "{report}");
        assert_eq!(report["deposits"][0]["state"], "in_transit");

        let today = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, today, 0)
            .book(40_000, slip["transfer_text"].as_str().unwrap(), "FT1")
            .without_sequence()
            .camt();
        let imported = desk.ask(&finance, "POST", "/api/v1/statements", &file);
        assert_eq!(imported.status, 200, "{}", imported.json());
        let as_requests_do = |told: &Value| {
            let named = (&told["unit"], &told["account"], &told["account_id"]);
            let account = world.ba_dinh.account.to_string();
            assert_eq!(named, (&json!("00004"), &json!(world.ba_dinh.account_no), &json!(account)), "{told}");
        };
        as_requests_do(&imported.json()["import"]["statements"][0]);
        as_requests_do(&desk.get(&finance, "/api/v1/statements")["statements"][0]);
        let matched = desk.post(&finance, "/api/v1/reconciliations", &json!({}));
        let named = (&matched["accounts"][0]["unit"], &matched["accounts"][0]["account"]);
        assert_eq!(named, (&json!("00004"), &json!(world.ba_dinh.account_no)), "as requests name them");
        let shown = desk.get(&cashier, &format!("/api/v1/deposits/{}", id(&slip)));
        assert_eq!(shown["deposit"]["state"], "credited", "{shown}");
        let closed = desk.post(&finance, "/api/v1/days/close", &json!({ "date": today }));
        as_requests_do(&closed["certificate"]);
        as_requests_do(&desk.get(&finance, "/api/v1/days")["certificates"][0]);

        let due = desk.get(&finance, "/api/v1/remittable");
        assert_eq!(due["sources"][0]["free"], 25_000, "gross is owed: {due}");
        let order = desk.post(&finance, "/api/v1/remittances", &json!({ "kind": "treasury" }));
        let path = format!("/api/v1/remittances/{}", id(&order["remittance"]));
        assert_eq!(
            desk.refused(&cashier, "/api/v1/remittances", &json!({ "kind": "treasury" })),
            "role_not_allowed"
        );
        assert_eq!(desk.refused(&finance, &format!("{path}/approve"), &Value::Null), "maker_is_checker");
        desk.post(&approver, &format!("{path}/approve"), &Value::Null);
        let pdf = desk.ask(&approver, "GET", &format!("{path}/pdf"), b"");
        assert_eq!((pdf.status, pdf.body.starts_with(b"%PDF-1.")), (200, true));
        let code = order["remittance"]["reference_code"].as_str().unwrap();
        let rows = format!(
            "ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n{code},805,2771,25000,{today},credited,\nx\n"
        );
        let told = desk.ask(&finance, "POST", "/api/v1/treasury/reports", rows.as_bytes()).json();
        assert_eq!(told["report"]["orders"][0]["outcome"], "credited", "{told}");
        assert_eq!(told["report"]["faults"][0]["line_no"], 3, "{told}");
        let shown = desk.get(&finance, &path);
        assert_eq!(shown["remittance"]["state"], "credited");
        assert_eq!(shown["lines"][0]["sub_item"], "2771");
        service.stop();
    });
}
