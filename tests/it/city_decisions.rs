//! What the city decides by two persons: a target for its units, whom its certificate signs for.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::EventId;
use bienlai::identity::{self, NewClient};
use bienlai::report::proposal::{self, Content, Limit};
use bienlai::unit::{CITY, city, entrustment};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::duties::register_both;
use crate::strangers::token;
use crate::support::program::{Reply, Service, send};
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, each_database};

/// The first open proposal on the page.
fn open(visitor: &Visitor) -> String {
    let rest = visitor.page.split_once("action=\"/admin/proposals/evt_").expect("one is open").1;
    format!("evt_{}", rest.split_once('/').unwrap().0)
}

#[test]
fn a_target_holds_when_another_administrator_has_approved_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut maker = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        let mut checker = seated(&world, service.address, Role::Administrator, "quantri.hai", Scope::All);
        let today = world.now().business_day().to_string();
        let asked = |percent: &str| {
            [
                ("measure", "electronic"),
                ("kinds", "phường, xã"),
                ("percent", percent),
                ("valid_from", today.as_str()),
                ("valid_until", ""),
                ("source", "Quyết định giao chỉ tiêu mẫu"),
                ("certainty", "P"),
                ("reason", "Chỉ tiêu mới"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let post = |visitor: &mut Visitor, percent: &str| {
            let fields = asked(percent);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            visitor.post("/admin/proposals/target", &fields).status
        };
        maker.get("/admin/proposals");
        assert_eq!(post(&mut maker, "101"), 400);
        maker.sees("phần trăm từ 0 đến 100");
        maker.sees("value=\"Quyết định giao chỉ tiêu mẫu\"");
        let once =
            ["value=\"Chỉ tiêu mới\"", "class=\"reason\""].map(|part| maker.page.matches(part).count());
        assert_eq!(once, [1, 1], "in the form that was sent, and in no other: {}", maker.page);
        let mut of_nobody = asked("70");
        of_nobody[1].1 = "phường, làng".to_owned();
        let fields: Vec<(&str, &str)> =
            of_nobody.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(maker.post("/admin/proposals/target", &fields).status, 400);
        maker.is_told("unit_kind_unknown");
        assert_eq!(world.count("proposal"), 0, "nothing is half saved");
        assert_eq!(post(&mut maker, "70"), 303, "{}", maker.page);
        maker.get("/admin/proposals");
        maker.sees("≥\u{a0}70\u{a0}%");
        maker.sees("(Phường, Xã)");
        assert!(!maker.page.contains("/approve\""), "another person approves: {}", maker.page);
        maker.get("/city");
        assert!(!maker.page.contains("≥\u{a0}70\u{a0}%"), "nobody approved it");
        maker.get("/admin/proposals");
        let approve = format!("/admin/proposals/{}/approve", open(&maker));
        assert_eq!(maker.post(&approve, &[]).status, 400);
        maker.sees("phải khác người đề nghị");
        checker.get("/admin/proposals");
        assert_eq!(checker.post(&approve, &[]).status, 303, "{}", checker.page);
        checker.get("/city");
        checker.sees("≥\u{a0}70\u{a0}%");
        assert_eq!(checker.post(&approve, &[]).status, 400, "once");

        let unit = Scope::unit(world.ba_dinh.id);
        let mut commune = seated(&world, service.address, Role::Administrator, "quantri.badinh", unit);
        assert_eq!(commune.get("/admin/proposals").status, 200);
        commune.sees("≥\u{a0}70\u{a0}%");
        assert!(!commune.page.contains("/admin/proposals/target"), "it is the city's to decide");
        assert_eq!(post(&mut commune, "80"), 400);
        commune.sees("toàn thành phố");
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.tp", Scope::All);
        assert_eq!(auditor.get("/admin/proposals").status, 200);
        assert!(!auditor.page.contains("/admin/proposals/target"), "auditors change nothing");
        service.stop();
    });
}

fn ask(service: &Service, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(service.address, method, path, &headers, &body).unwrap()
}

fn client(world: &World, name: &str) -> String {
    let system = Actor::system();
    world.change(|tx, stamp| {
        let person = identity::create_person(tx, stamp, &system, CITY, name)?;
        let new = NewClient {
            unit: CITY,
            name: name.to_owned(),
            person: Some(person),
            role: Role::Administrator,
            scope: Scope::All,
        };
        Ok(identity::create_client(tx, stamp, &system, new)?.1.expose_secret().to_owned())
    })
}

#[test]
fn no_proposal_that_waits_is_hidden_behind_newer_ones() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let by = |person| Actor {
            person: Some(person),
            client: None,
            role: Role::Administrator,
            scope: Scope::All,
        };
        register_both(&world);
        let (maker, checker) = (by(world.clerk), by(world.chief));
        let unit = world.ba_dinh.id;
        let propose = |amount: i64, reason: &str| {
            let asked = Limit { unit, amount: Dong(amount), decision_no: "9/QĐ-UBND".to_owned() };
            world.change(|tx, stamp| {
                proposal::propose(tx, stamp, &maker, &Content::Limit(asked.clone()), reason)
            })
        };
        propose(5_000, "Hạn mức xin trước tiên");
        let later: Vec<EventId> = (0..50).map(|more| propose(5_000 + more, "Hạn mức xin về sau")).collect();
        let mut service = Service::start(&world);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        admin.get("/admin/proposals");
        assert!(!admin.page.contains("Hạn mức xin trước tiên"), "a page has fifty");
        let rest = admin.page.split_once("href=\"/admin/proposals?before=").expect("older ones follow").1;
        let older = format!("/admin/proposals?before={}", rest.split_once('"').unwrap().0);
        admin.get(&older);
        admin.sees("Hạn mức xin trước tiên");
        let has_older = admin.page.contains("href=\"/admin/proposals?before=");
        assert!(!has_older, "there are no older ones");
        // A form that is refused stands on the page it was sent from.
        let (asked, at) = (open(&admin), admin.value("at").expect("the form names its page"));
        let unsaid = [("reason", " "), ("at", at.as_str())];
        assert_eq!(admin.post(&format!("/admin/proposals/{asked}/refuse"), &unsaid).status, 400);
        admin.is_told("field_missing");
        admin.sees("Hạn mức xin trước tiên");

        world.change(|tx, stamp| {
            later.iter().try_for_each(|id| proposal::refuse(tx, stamp, &checker, *id, "Chưa cần").map(|_| ()))
        });
        admin.get("/admin/proposals?state=proposed");
        admin.sees("Hạn mức xin trước tiên");
        assert!(!admin.page.contains("Hạn mức xin về sau"), "those were decided");
        admin.get("/admin/proposals?state=refused");
        admin.sees("Hạn mức xin về sau");
        assert_eq!(admin.get("/admin/proposals?state=xyz").status, 400);
        admin.is_told("state_unknown");
        assert_eq!(admin.get("/admin/proposals?before=evt_x").status, 400);
        admin.get("/admin/proposals?unit=00376");
        assert_eq!(admin.page.matches("<option value=\"00376\" selected>").count(), 5, "{}", admin.page);
        service.stop();
    });
}

#[test]
fn a_commune_reads_its_own_newest_proposals_however_many_others_have() {
    each_database(|database| {
        let world = World::settled_in(database);
        let maker =
            Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All };
        let propose = |unit, amount: i64| {
            let asked = Limit { unit, amount: Dong(amount), decision_no: "9/QĐ-UBND".to_owned() };
            let content = Content::Limit(asked);
            world.change(|tx, stamp| proposal::propose(tx, stamp, &maker, &content, "Nhiều khoản nhỏ"))
        };
        let own = [propose(world.tay_ho.id, 1_000), propose(world.tay_ho.id, 2_000)];
        for more in 0..5 {
            propose(world.ba_dinh.id, 5_000 + more);
        }
        let reader =
            Actor { person: None, client: None, role: Role::Auditor, scope: Scope::unit(world.tay_ho.id) };
        let ids = |found: Vec<proposal::Proposal>| found.iter().map(|one| one.id).collect::<Vec<_>>();
        let (newest, older) = world.look(|conn| proposal::page(conn, &reader, 1_i64, None));
        assert_eq!((ids(newest), older), (vec![own[1]], Some(own[1])));
        assert_eq!(ids(world.look(|conn| proposal::list(conn, &reader, 2))), [own[1], own[0]]);
        assert_eq!(ids(world.look(|conn| proposal::list(conn, &reader, 3))), [own[1], own[0]]);
        let city = Actor { scope: Scope::All, ..reader };
        assert_eq!(world.look(|conn| proposal::list(conn, &city, 7)).len(), 7);
    });
}

#[test]
fn a_proposal_that_is_sent_twice_waits_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let by = |person| Actor {
            person: Some(person),
            client: None,
            role: Role::Administrator,
            scope: Scope::All,
        };
        let (one, two) = (by(world.clerk), by(world.chief));
        let propose = |maker: &Actor, amount: i64| {
            let (unit, decision_no) = (world.ba_dinh.id, "9/QĐ-UBND".to_owned());
            let asked = Content::Limit(Limit { unit, amount: Dong(amount), decision_no });
            world.change(|tx, stamp| proposal::propose(tx, stamp, maker, &asked, "Nhiều khoản nhỏ"))
        };
        let first = propose(&one, 5_000);
        assert_eq!(propose(&one, 5_000), first);
        assert_ne!(propose(&one, 6_000), first, "another limit is another proposal");
        assert_ne!(propose(&two, 5_000), first, "and so is another person's");
        assert_eq!(world.count("proposal"), 3);
        world.change(|tx, stamp| proposal::refuse(tx, stamp, &two, first, "Chưa cần").map(|_| ()));
        assert_ne!(propose(&one, 5_000), first, "what was decided waits no more");
    });
}

#[test]
fn an_entrustment_begins_and_ends_by_two_persons_over_the_api() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (one, two) = (client(&world, "Người Một Mẫu"), client(&world, "Người Hai Mẫu"));
        let mut service = Service::start(&world);
        let today = world.now().business_day();
        let asked = json!({ "reason": "Đơn vị chưa có chứng thư", "entrustment": {
            "unit": "00376", "decision_no": "12/QĐ-UBND", "decided_on": today, "valid_from": today,
            "valid_until": today.plus_days(300) } });
        let propose = |body: &Value| ask(&service, &one, "POST", "/api/v1/proposals", body);
        let mut wrong = asked.clone();
        wrong["entrustment"]["valid_until"] = json!(today.plus_days(-1));
        assert_eq!(propose(&wrong).json()["error"]["code"], "entrustment_dates_wrong");
        let made = propose(&asked);
        assert_eq!(made.status, 200, "{}", made.json());
        let path = |made: &Reply, act: &str| {
            format!("/api/v1/proposals/{}/{act}", made.json()["id"].as_str().unwrap())
        };
        let approve =
            |token: &str, made: &Reply| ask(&service, token, "POST", &path(made, "approve"), &Value::Null);
        assert_eq!(approve(&one, &made).json()["error"]["code"], "maker_is_checker");
        assert_eq!(approve(&two, &made).json()["error"]["code"], "city_identity_missing");
        let identity = city::Identity {
            name: "Ủy ban nhân dân thành phố Mẫu".to_owned(),
            tax_code: "9900000030".to_owned(),
            address: "Số 9 phố Mẫu".to_owned(),
            phone: None,
            budget_code: None,
        };
        world.change(|tx, stamp| city::identify(tx, stamp, &Actor::system(), &identity));
        let held = || {
            let unit = world.soc_son.id;
            world.look(|conn| entrustment::in_force(conn, &[unit], today)).pop().map(|(_, held)| held)
        };
        assert!(held().is_none(), "what failed left nothing");
        assert_eq!(approve(&two, &made).status, 200);
        assert_eq!(held().unwrap().decision_no, "12/QĐ-UBND");
        let listed = ask(&service, &one, "GET", "/api/v1/entrustments", &Value::Null).json();
        assert_eq!(
            (&listed["entrustments"][0]["unit"], &listed["entrustments"][0]["is_end"]),
            (&json!("00376"), &json!(false))
        );

        let ended = propose(&json!({ "reason": "Đã có chứng thư", "entrustment_end": {
            "unit": "00376", "decision_no": "15/QĐ-UBND", "decided_on": today, "from": today } }));
        let refuse = json!({ "reason": "Chưa tới lúc" });
        assert_eq!(ask(&service, &two, "POST", &path(&ended, "refuse"), &refuse).status, 200);
        assert_eq!(approve(&two, &ended).json()["error"]["code"], "proposal_decided");
        assert!(held().is_some());
        let ended = propose(&json!({ "reason": "Đã có chứng thư", "entrustment_end": {
            "unit": "00376", "decision_no": "15/QĐ-UBND", "decided_on": today, "from": today } }));
        assert_eq!(approve(&two, &ended).status, 200, "{}", approve(&two, &ended).json());
        assert!(held().is_none());
        let commune = token(&world, &world.ba_dinh, Role::Administrator);
        assert_eq!(ask(&service, &commune, "POST", "/api/v1/proposals", &asked).status, 403);
        assert_eq!(
            ask(&service, &commune, "GET", "/api/v1/entrustments", &Value::Null).json()["entrustments"],
            json!([])
        );
        service.stop();
    });
}
