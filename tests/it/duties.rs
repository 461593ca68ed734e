//! Who may decide: a delegation from offer to end, the city that takes over, and somebody who leaves.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::duty::agenda::{self, Place};
use bienlai::duty::delegation::{self, Offer};
use bienlai::duty::{Kind, Seat, waiting};
use bienlai::exception;
use bienlai::id::*;
use bienlai::identity::{self, NewClient};
use bienlai::notification::staff::Told;
use bienlai::payment::combine;
use bienlai::payment::refund::{self, Ask};
use bienlai::simulator::mail::MailServer;
use bienlai::store::Conn;
use bienlai::store::failure::CHECK;
use bienlai::unit::CITY;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::corrections::person as as_person;
use crate::messages::{courier, email_section};
use crate::refunds::{now, overpaid, payee, request, statement};
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, send};
use crate::support::visitor::{Visitor, appoint, protect, seated};
use crate::support::{World, each_database, tools};

fn person(world: &World, unit: UnitId, name: &str) -> PersonId {
    let system = Actor::system();
    world.change(|tx, stamp| identity::create_person(tx, stamp, &system, unit, name))
}

/// Whoever lends a power in Ba Đình, and whom they lend it to, of a unit.
fn giver_and_delegate(world: &World, of_delegate: UnitId) -> (PersonId, PersonId) {
    (person(world, world.ba_dinh.id, "Người Giao Mẫu"), person(world, of_delegate, "Người Nhận Mẫu"))
}

/// The world's clerk and chief as registered persons, so that they may have clients.
pub fn register_both(world: &World) {
    for id in [world.clerk, world.chief] {
        let sql = format!(
            "INSERT INTO person (unit_id, id, display_name, created_at) VALUES ({}, {}, 'Người Mẫu {}', 1)",
            world.ba_dinh.id.0, id.0, id.0
        );
        tools::run(&mut world.database.as_owner(), &sql).unwrap();
    }
}

fn client(world: &World, unit: UnitId, role: Role, person: PersonId) -> String {
    client_of(world, (unit, Scope::unit(unit)), role, person)
}

fn client_of(world: &World, (unit, scope): (UnitId, Scope), role: Role, person: PersonId) -> String {
    let system = Actor::system();
    let new = NewClient { unit, name: role.as_str().to_owned(), person: Some(person), role, scope };
    world.change(|tx, stamp| {
        let (_, token) = identity::create_client(tx, stamp, &system, new.clone())?;
        Ok(token.expose_secret().to_owned())
    })
}

fn post(service: &Service, token: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(service.address, "POST", path, &headers, &body).unwrap()
}

fn fetch(service: &Service, token: &str, path: &str) -> Value {
    let bearer = format!("Bearer {token}");
    let reply = send(service.address, "GET", path, &[("Authorization", bearer.as_str())], b"").unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

fn code(reply: &Reply) -> String {
    reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn offer(world: &World, delegate: PersonId, limit: i64) -> Value {
    let today = world.now().business_day();
    json!({
        "unit": "00004", "delegate": delegate, "acts": ["refund", "exception"], "limit": limit,
        "valid_from": today, "valid_until": today.plus_days(7),
        "decision": { "number": "12/QĐ-UBND", "on": today.plus_days(-1) },
    })
}

#[test]
fn a_delegate_of_another_unit_approves_within_what_was_lent_and_it_is_told_with_each_act() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        let (small, large) =
            (request(&world, payment, 2_000).unwrap(), request(&world, payment, 3_000).unwrap());
        let (home, other) = (world.ba_dinh.id, world.tay_ho.id);
        let (giver, delegate) = giver_and_delegate(&world, other);
        let chief = client(&world, home, Role::Approver, giver);
        let deputy = client(&world, other, Role::Finance, delegate);
        let outsider = client(&world, other, Role::Approver, person(&world, other, "Người Ngoài Mẫu"));
        let mut service = Service::start(&world);

        let to_oneself = post(&service, &chief, "/api/v1/delegations", &offer(&world, giver, 2_500));
        assert_eq!(code(&to_oneself), "delegation_to_oneself");
        let made = post(&service, &chief, "/api/v1/delegations", &offer(&world, delegate, 2_500));
        assert_eq!(made.status, 200, "{}", made.json());
        let id = made.json()["delegation"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/delegations/{id}");
        let acts = format!("{path}/acts");
        let approve = |token: &str, refund: RefundId| {
            post(&service, token, &acts, &json!({ "act": "refund", "subject": refund }))
        };

        assert_eq!(code(&approve(&deputy, small.id)), "delegation_not_in_force", "it was not accepted yet");
        assert_eq!(post(&service, &outsider, &format!("{path}/accept"), &Value::Null).status, 404);
        assert_eq!(post(&service, &chief, &format!("{path}/accept"), &Value::Null).status, 404);
        assert_eq!(post(&service, &deputy, &format!("{path}/accept"), &Value::Null).status, 200);
        let twice = post(&service, &deputy, &format!("{path}/accept"), &Value::Null);
        assert_eq!(code(&twice), "delegation_state_wrong");

        let plain = post(&service, &deputy, &format!("/api/v1/refunds/{}/approve", small.id), &Value::Null);
        assert_eq!(plain.status, 404, "without the delegation the unit is another's");
        assert_eq!(code(&approve(&deputy, large.id)), "delegation_amount_too_large");
        assert_eq!(approve(&outsider, small.id).status, 404);
        let other_act =
            post(&service, &deputy, &acts, &json!({ "act": "remittance", "subject": "rmt_0000000000000" }));
        assert!(other_act.status >= 400);
        let done = approve(&deputy, small.id);
        assert_eq!(done.status, 200, "{}", done.json());
        let approved = now(&world, &small);
        assert_eq!((approved.state.as_str(), approved.checker), ("approved", Some(delegate)));
        assert_eq!(code(&approve(&deputy, small.id)), "approval_not_waiting");

        let told = fetch(&service, &deputy, &path);
        let act = &told["acts"][0];
        assert_eq!(act["subject"], json!(small.id));
        assert_eq!((&act["decision_no"], &act["giver"]), (&json!("12/QĐ-UBND"), &json!(giver)));
        // It is told with the refund itself as well.
        let of_refund = fetch(&service, &chief, &format!("/api/v1/refunds/{}", small.id));
        assert_eq!(of_refund["delegated"][0]["decision_no"], "12/QĐ-UBND");
        let unit = Scope::unit(home);
        let mut visitor = seated(&world, service.address, Role::Approver, "duyet.badinh", unit);
        visitor.get(&format!("/finance/refunds/{}", small.id));
        visitor.sees("Người Nhận Mẫu duyệt, thay Người Giao Mẫu theo ủy quyền số 12/QĐ-UBND");
        let trail = world.words("SELECT detail AS t FROM audit_entry WHERE action = 'delegation.used'");
        assert_eq!(trail, [format!("{} 12/QĐ-UBND", small.id)]);
        assert_eq!(fetch(&service, &outsider, "/api/v1/delegations")["delegations"], json!([]));

        // Nobody lends what was lent to them: the deputy is no approver of the unit.
        let on = post(&service, &deputy, "/api/v1/delegations", &offer(&world, giver, 1_000));
        assert_eq!(code(&on), "role_not_allowed");
        assert_eq!(post(&service, &chief, &format!("{path}/end"), &Value::Null).status, 200);
        assert_eq!(code(&approve(&deputy, large.id)), "delegation_not_in_force");
        service.stop();
    });
}

#[test]
fn a_delegation_never_makes_one_person_of_maker_and_checker() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        // World's clerk asked for both; then the clerk is the giver of one and the delegate of another.
        let asked = request(&world, payment, 2_000).unwrap();
        let home = world.ba_dinh.id;
        register_both(&world);
        let delegate = person(&world, home, "Người Nhận Mẫu");
        let clerk_as_approver = client(&world, home, Role::Approver, world.clerk);
        let clerk = client(&world, home, Role::Finance, world.clerk);
        let deputy = client(&world, home, Role::Cashier, delegate);
        let chief = client(&world, home, Role::Approver, world.chief);
        let mut service = Service::start(&world);
        let lend = |from: &str, to: (&str, PersonId)| {
            let made = post(&service, from, "/api/v1/delegations", &offer(&world, to.1, 9_000)).json();
            let path = format!("/api/v1/delegations/{}", made["delegation"]["id"].as_str().unwrap());
            assert_eq!(post(&service, to.0, &format!("{path}/accept"), &Value::Null).status, 200);
            format!("{path}/acts")
        };
        let body = json!({ "act": "refund", "subject": asked.id });
        let of_the_maker = lend(&clerk_as_approver, (&deputy, delegate));
        assert_eq!(code(&post(&service, &deputy, &of_the_maker, &body)), "delegation_giver_is_maker");
        let to_the_maker = lend(&chief, (&clerk, world.clerk));
        assert_eq!(code(&post(&service, &clerk, &to_the_maker, &body)), "maker_is_checker");
        assert_eq!(now(&world, &asked).state.as_str(), "requested");

        // The database holds the same rule, whoever writes.
        let lent = to_the_maker.split('/').nth(4).unwrap().parse::<DelegationId>().unwrap();
        let sql = |maker: PersonId, amount: i64| {
            format!(
                "INSERT INTO delegated_act (unit_id, id, delegation_id, act, subject_id, amount, delegate_person_id, \
                 maker_person_id, acted_on, created_at) VALUES ({}, {}, {}, 'refund', 1, {amount}, {}, {}, '{}', 1)",
                home.0,
                7_000 + amount + maker.0 % 97,
                lent.0,
                world.clerk.0,
                maker.0,
                world.now().business_day()
            )
        };
        let mut owner = world.database.as_owner();
        assert_eq!(tools::code_of(&mut owner, &sql(world.clerk, 1)), CHECK);
        assert_eq!(tools::code_of(&mut owner, &sql(world.chief, 2)), CHECK);
        assert_eq!(tools::code_of(&mut owner, &sql(delegate, 9_001)), CHECK);
        assert_eq!(tools::code_of(&mut owner, &sql(delegate, 9_000)), "ok");
        // Of several makers it knows each, whichever is written down: the clerk named the payee.
        let second = sql(delegate, 8_000).replace("'refund', 1,", &format!("'refund', {},", asked.id.0));
        assert_eq!(tools::code_of(&mut owner, &second), CHECK);
        service.stop();
    });
}

/// The login that delegates of these stories come by.
const SEAT: Seat = Seat::Login(LoginId(71));

/// An accepted delegation of refunds up to 9.000 from one person of Ba Đình to another.
fn lent(world: &World, giver: PersonId, delegate: PersonId, limit: i64) -> DelegationId {
    lent_for(world, Kind::Refund, (giver, delegate), limit)
}

fn lent_for(world: &World, act: Kind, (giver, delegate): (PersonId, PersonId), limit: i64) -> DelegationId {
    let home = world.ba_dinh.id;
    let today = world.now().business_day();
    let offer = Offer {
        unit: home,
        delegate,
        acts: vec![act],
        limit: Dong(limit),
        valid_from: today,
        valid_until: today.plus_days(7),
        decision_no: "12/QĐ-UBND".to_owned(),
        decision_on: today,
    };
    let (chief, deputy) = (as_person(home, giver, Role::Approver), as_person(home, delegate, Role::Cashier));
    world.change(|tx, stamp| {
        let made = delegation::offer(tx, stamp, &chief, &offer)?;
        delegation::answer(tx, stamp, &deputy, (home, made.id), (delegation::Answer::Accept, SEAT))
    });
    world.look(|conn| delegation::list(conn, &deputy))[0].id
}

#[test]
fn who_has_a_hand_in_it_while_it_is_being_approved_is_seen() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 2_000).unwrap();
        let home = world.ba_dinh.id;
        let (giver, delegate) = giver_and_delegate(&world, home);
        client(&world, home, Role::Approver, giver);
        let id = lent(&world, giver, delegate, 9_000);
        let deputy = as_person(home, delegate, Role::Cashier);
        let (standing_in, _) = world.look(|conn| delegation::standing_in(conn, &deputy, SEAT, id));
        let (begins, begun) = std::sync::mpsc::channel();
        let approved = std::thread::scope(|threads| {
            threads.spawn(|| {
                let begins = begins;
                let helper = as_person(home, giver, Role::Finance);
                world.change(|tx, stamp| {
                    // Approving waits for this lock, after it has looked at who had a hand in it.
                    if let Conn::Pg(_) = tx.conn() {
                        let lock = format!("SELECT id FROM payment WHERE id = {} FOR UPDATE", payment.0);
                        tools::run(tx, &lock).unwrap();
                    }
                    begins.send(()).unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(500));
                    refund::name_payee(tx, stamp, &helper, home, asked.id, &payee())
                });
            });
            begun.recv().unwrap();
            world.try_change(|tx, stamp| {
                delegation::exercise(tx, stamp, &standing_in, id, (Kind::Refund, asked.id.0))
            })
        });
        assert_eq!(approved.unwrap_err().code(), "delegation_giver_is_maker");
        assert_eq!(now(&world, &asked).state.as_str(), "requested");
    });
}

#[test]
fn a_delegate_who_may_not_decide_holds_nothing_up() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let home = world.ba_dinh.id;
        let (giver, delegate) = giver_and_delegate(&world, world.tay_ho.id);
        // The giver asked for nothing and yet is no decider any more once they had a hand in it.
        client(&world, home, Role::Approver, giver);
        client(&world, world.tay_ho.id, Role::Cashier, delegate);
        lent(&world, giver, delegate, 2_500);
        let escalate = || waiting::escalate(&world.store, &world.stamp(), &Told::default()).unwrap();
        let asked = |amount: i64| {
            let maker = as_person(home, giver, Role::Finance);
            let ask =
                Ask { unit: home, payment, amount: Dong(amount), reason: "nộp thừa".into(), payee: None };
            world.app.write(&maker, |tx, stamp| refund::request(tx, stamp, &maker, &ask)).unwrap();
        };
        asked(1_000);
        assert_eq!(escalate(), 1, "who lent the power asked for it, so that the delegate may not decide");
        request(&world, payment, 2_000).unwrap();
        assert_eq!(escalate(), 0, "the giver decides, and the delegate may");
    });
}

#[test]
fn a_delegate_decides_no_part_of_a_combination_which_the_city_is_asked_for_at_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let home = world.ba_dinh.id;
        let owed = world.raise(Dong(2_500));
        let file = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0)
            .book(1_000, "chuyen lan 1", "U1")
            .book(1_500, "chuyen lan 2", "U2");
        statement(&world, file);
        // Somebody of the city lends their power in a unit where nobody but who asks decides.
        register_both(&world);
        client(&world, home, Role::Finance, world.clerk);
        let (giver, delegate) = giver_and_delegate(&world, world.tay_ho.id);
        client_of(&world, (CITY, Scope::All), Role::Approver, giver);
        client(&world, world.tay_ho.id, Role::Cashier, delegate);
        lent_for(&world, Kind::Exception, (giver, delegate), 9_000);
        let escalate = || waiting::escalate(&world.store, &world.stamp(), &Told::default()).unwrap();
        let clerk = as_person(home, world.clerk, Role::Finance);
        let chief = as_person(home, world.chief, Role::Approver);
        let one = world.exceptions(home).remove(0).id;
        world.change(|tx, stamp| {
            exception::propose(tx, stamp, &clerk, home, one, ("assign", Some(owed.id.0), "đúng người nộp"))
        });
        assert_eq!(escalate(), 0, "the delegate may decide on it");
        world.change(|tx, stamp| exception::refuse(tx, stamp, &chief, home, one, "chưa rõ"));
        let parts = world.exceptions(home);
        world.change(|tx, stamp| combine::propose(tx, stamp, &clerk, &parts, (owed.id, "hai lần chuyển")));
        assert_eq!(escalate(), 2, "only the whole is decided, by no delegate");
    });
}

#[test]
fn a_delegation_is_used_by_the_login_that_took_it_on() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 2_000).unwrap();
        let home = world.ba_dinh.id;
        let (giver, delegate) = giver_and_delegate(&world, home);
        client(&world, home, Role::Approver, giver);
        let id = lent(&world, giver, delegate, 9_000);
        let cashier = as_person(home, delegate, Role::Cashier);
        let by = |seat: Seat| {
            world
                .store
                .read(&Scope::All, |conn| delegation::standing_in(conn, &cashier, seat, id))
                .map(|_| asked.id)
        };
        // The same person in the same role and unit, by a login that may have no second factor.
        for other in [Seat::Login(LoginId(72)), Seat::Client(ClientId(71)), Seat::Console] {
            assert_eq!(by(other).unwrap_err().code(), "delegation_other_login", "{other:?}");
        }
        assert!(by(SEAT).is_ok());
    });
}

#[test]
fn a_delegation_is_offered_to_who_may_accept_it_and_once_however_often_its_form_is_sent() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let home = world.ba_dinh.id;
        let (giver, delegate) = giver_and_delegate(&world, home);
        let (auditor, nobody) = (person(&world, home, "Kiểm Toán Mẫu"), person(&world, home, "Đã Nghỉ Mẫu"));
        let unit = Scope::unit(home);
        let mut service = Service::start(&world);
        appoint(&world, Role::Finance, "ketoan.mau", unit.clone(), delegate);
        appoint(&world, Role::Auditor, "kiemtoan.mau", unit.clone(), auditor);
        let ready = appoint(&world, Role::Approver, "duyet.mau", unit, giver);
        let mut chief = Visitor::at(service.address);
        chief.sign_in(&ready.name, crate::support::visitor::PASSWORD, &ready.code(&world));
        chief.get("/duties");
        let is_offered = |id: PersonId| chief.page.contains(&format!("<option value=\"{id}\""));
        assert_eq!([delegate, auditor, nobody, giver].map(is_offered), [true, false, false, false]);

        let today = world.now().business_day();
        let (from, until) = (today.to_string(), today.plus_days(3).to_string());
        let to = delegate.to_string();
        let form = |limit: &'static str| {
            [
                ("unit", "00004"),
                ("delegate", to.as_str()),
                ("act-refund", "yes"),
                ("limit", limit),
                ("valid_from", from.as_str()),
                ("valid_until", until.as_str()),
                ("decision_no", "15/QĐ-UBND"),
                ("decision_on", from.as_str()),
            ]
        };
        assert_eq!(chief.post("/duties/offer", &form("5.000")).status, 303, "{}", chief.page);
        assert_eq!(chief.post("/duties/offer", &form("5.000")).status, 303, "{}", chief.page);
        assert_eq!(world.count("delegation"), 1);
        assert_eq!(chief.post("/duties/offer", &form("6.000")).status, 303, "{}", chief.page);
        assert_eq!(world.count("delegation"), 2, "another limit is another offer");
        service.stop();
    });
}

#[test]
fn a_delegation_ends_with_the_power_it_came_from() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 2_000).unwrap();
        let home = world.ba_dinh.id;
        let (giver, delegate) = giver_and_delegate(&world, home);
        let unit = Scope::unit(home);
        let mut service = Service::start(&world);
        let ready = appoint(&world, Role::Approver, "duyet.mau", unit.clone(), giver);
        let mut chief = Visitor::at(service.address);
        chief.sign_in(&ready.name, crate::support::visitor::PASSWORD, &ready.code(&world));
        chief.get("/duties");
        chief.sees("Giao ủy quyền");
        let today = world.now().business_day();
        let (from, until) = (today.to_string(), today.plus_days(3).to_string());
        let to = delegate.to_string();
        let wrong = chief.post(
            "/duties/offer",
            &[
                ("unit", "00004"),
                ("delegate", &to),
                ("limit", "5.000"),
                ("valid_from", &from),
                ("valid_until", &until),
                ("decision_no", ""),
                ("decision_on", &from),
            ],
        );
        assert_eq!(wrong.status, 400);
        chief.sees("Chọn ít nhất một loại việc");
        chief.sees("value=\"5.000\"");
        let made = chief.post(
            "/duties/offer",
            &[
                ("unit", "00004"),
                ("delegate", &to),
                ("act-refund", "yes"),
                ("limit", "5.000"),
                ("valid_from", &from),
                ("valid_until", &until),
                ("decision_no", "15/QĐ-UBND"),
                ("decision_on", &from),
            ],
        );
        assert_eq!(made.status, 303, "{}", chief.page);
        let ready = appoint(&world, Role::Cashier, "thungan.mau", unit, delegate);
        let mut deputy = Visitor::at(service.address);
        deputy.sign_in(&ready.name, crate::support::visitor::PASSWORD, "");
        deputy.get("/duties");
        deputy.sees("15/QĐ-UBND");
        let delegation = deputy.value("delegation").unwrap();
        // A password alone does not take an approver's power on.
        let accept = [("delegation", delegation.as_str()), ("answer", "accept")];
        assert_eq!(deputy.post("/duties/answer", &accept).status, 400, "{}", deputy.page);
        deputy.is_told("delegation_wants_second_factor");
        protect(&world, &mut deputy);
        deputy.get("/duties");
        let accepted = deputy.post("/duties/answer", &accept);
        assert_eq!(accepted.status, 303, "{}", deputy.page);
        deputy.get("/duties");
        deputy.sees("Duyệt theo ủy quyền");
        assert_eq!(deputy.value("subject").unwrap(), asked.id.to_string());

        let system = Actor::system();
        let login = world.look(|conn| identity::login::find_by_name(conn, "duyet.mau"));
        world.change(|tx, stamp| identity::login::end(tx, stamp, &system, login.id));
        let subject = asked.id.to_string();
        let act = [("delegation", delegation.as_str()), ("act", "refund"), ("subject", &subject)];
        let seen_otherwise = [act.as_slice(), &[("seen", "0")]].concat();
        assert_eq!(deputy.post("/duties/act", &act).status, 400, "{}", deputy.page);
        deputy.sees("Người giao không có quyền duyệt");
        appoint(&world, Role::Approver, "duyet.lai", Scope::unit(home), giver);
        deputy.get("/duties");
        // A delegate decides by what whoever gave the delegation would see.
        deputy.sees(&asked.reason);
        deputy.sees("Người đề nghị");
        assert_eq!(deputy.post("/duties/act", &seen_otherwise).status, 400, "{}", deputy.page);
        deputy.sees("Đề xuất đã thay đổi sau khi bạn xem");
        deputy.get("/duties");
        assert_eq!(deputy.post("/duties/act", &act).status, 303, "{}", deputy.page);
        assert_eq!(now(&world, &asked).state.as_str(), "approved");
        deputy.get("/duties");
        deputy.sees("Đã duyệt theo ủy quyền này");
        service.stop();
    });
}

#[test]
fn a_decision_that_waits_a_working_day_goes_to_the_city_and_one_that_nobody_may_take_at_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 2_000).unwrap();
        let home = world.ba_dinh.id;
        let escalate = || waiting::escalate(&world.store, &world.stamp(), &Told::default()).unwrap();
        let shown = || {
            let system = Actor::system();
            world.look(|conn| waiting::list(conn, &world.stamp(), &system, Some(home)))
        };
        register_both(&world);
        client(&world, home, Role::Finance, world.clerk);
        assert_eq!(escalate(), 1, "only who asked for it could decide it");
        assert_eq!(escalate(), 0, "once");
        assert_eq!(shown()[0].escalated.as_deref(), Some("nobody_else"));

        client(&world, home, Role::Approver, world.chief);
        let second = request(&world, payment, 1_000).unwrap();
        assert_eq!(escalate(), 0, "there is somebody, and there is time");
        let due = shown().iter().find(|one| one.subject == second.id.to_string()).unwrap().due_at;
        world.wait_seconds(due.seconds_since(world.now()) - 1);
        assert_eq!(escalate(), 0);
        world.wait_seconds(1);
        assert_eq!(escalate(), 1);
        let late = shown();
        let late = late.iter().find(|one| one.subject == second.id.to_string()).unwrap();
        assert_eq!(late.escalated.as_deref(), Some("waited"));

        // Page by page it is the same list, also when what a page ended with is decided meanwhile.
        let system = Actor::system();
        let counts = world.look(|conn| agenda::counts(conn, &system, None));
        assert_eq!((counts.waiting(), counts.for_city()), (2, 2));
        let turn = |after: Option<Place>| {
            let (items, next) = world.look(|conn| agenda::page(conn, &system, None, (after, 1)));
            (items.iter().map(|one| one.open.id).collect::<Vec<_>>(), next)
        };
        let (first, next) = turn(None);
        let next: Place = next.expect("another page").to_string().parse().unwrap();

        // The city's approver takes it, and it waits no more.
        let city = Actor {
            person: Some(person(&world, bienlai::unit::CITY, "Lãnh đạo Mẫu")),
            client: None,
            role: Role::Approver,
            scope: Scope::All,
        };
        let decide = |id: RefundId| {
            world.app.write(&city, |tx, stamp| refund::approve(tx, stamp, &city, home, id)).unwrap();
        };
        decide(asked.id);
        assert_eq!((first, turn(Some(next))), (vec![asked.id.0], (vec![second.id.0], None)));
        decide(second.id);
        assert!(shown().is_empty());
    });
}

/// A drawer and a slip wait for a second person as a refund does.
#[test]
fn a_difference_of_a_drawer_and_a_slip_on_paper_go_to_the_city_too() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (taken, on_paper) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        let mut service = Service::start(&world);
        let home = Scope::unit(world.ba_dinh.id);
        let mut first = seated(&world, service.address, Role::Cashier, "thungan.mot", home.clone());
        first.get("/counter/shift");
        first.post("/counter/shift/open", &[]);
        let page = format!("/counter/obligations/{}", taken.id);
        first.get(&page);
        let key = first.value("key").unwrap();
        let form = [("amount", "25000"), ("method", "cash"), ("key", key.as_str())];
        assert_eq!(first.post(&format!("{page}/take"), &form).status, 303, "{}", first.page);
        first.get("/counter/shift");
        let shift = first.value("shift").unwrap();
        let short = [("shift", shift.as_str()), ("n10000", "2"), ("differs", "20000")];
        assert_eq!(first.post("/counter/shift/close", &short).status, 303, "{}", first.page);
        // The day goes on when somebody has looked at it, and the page says so instead of a form that fails.
        first.get("/counter/shift");
        first.sees("khi kế toán hoặc người duyệt khác đã xác nhận chênh lệch");
        assert!(!first.page.contains("/counter/shift/open"), "{}", first.page);
        first.get("/counter/deposit");
        first.sees("25.000 đ: chờ người khác xác nhận chênh lệch");
        assert!(!first.page.contains("Không có ngăn quỹ nào"), "{}", first.page);

        let mut second = seated(&world, service.address, Role::Cashier, "thungan.hai", home);
        second.get("/counter/shift");
        second.post("/counter/shift/open", &[]);
        second.get("/counter/slips");
        second.post("/counter/slips", &[("do", "print"), ("count", "1")]);
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        let page = format!("/counter/obligations/{}", on_paper.id);
        second.get(&page);
        let fields = [("number", "1"), ("amount", "8.000"), ("collected_at", now.as_str())];
        assert_eq!(second.post(&format!("{page}/slip"), &fields).status, 303, "{}", second.page);

        // Nobody of the unit may decide, and the city is asked at once, each thing once.
        let escalate = || waiting::escalate(&world.store, &world.stamp(), &Told::default()).unwrap();
        assert_eq!((escalate(), escalate()), (2, 0));
        let kinds = world.words("SELECT kind AS t FROM approval_escalation ORDER BY kind");
        assert_eq!(kinds, ["drawer", "slip"]);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.tp", Scope::All);
        chief.get("/duties");
        chief.sees("Chênh lệch quỹ ca thu");
        chief.sees("Đơn vị không còn ai duyệt được");
        chief.sees("Phiếu thu tạm chờ ký đối chứng: 1");
        chief.sees("data-keys");
        chief.sees("data-row");
        chief.sees("Bàn phím: j việc sau");
        // The board counts, and the API lists, what this page shows, page by page.
        chief.sees("Việc chờ duyệt: 2");
        chief.get("/finance");
        chief.sees("Việc chờ duyệt: 2");
        chief.sees("trong đó thành phố duyệt: 2");
        register_both(&world);
        let token = client(&world, world.ba_dinh.id, Role::Approver, world.chief);
        let all = fetch(&service, &token, "/api/v1/approvals");
        assert_eq!(
            (&all["total"], &all["for_city"], &all["next"]),
            (&json!(2), &json!(2), &Value::Null),
            "{all}"
        );
        let one = fetch(&service, &token, "/api/v1/approvals?limit=1");
        assert_eq!(one["approvals"][0]["unit_code"], "00004", "a unit by what requests name it by");
        let next = one["next"].as_str().expect("another page");
        let other = fetch(&service, &token, &format!("/api/v1/approvals?limit=1&cursor={next}"));
        let kinds = [&one, &other].map(|page| page["approvals"][0]["kind"].as_str().unwrap().to_owned());
        assert_eq!(kinds, ["drawer", "slip"], "the older one first");
        assert_eq!(other["next"], Value::Null);
        service.stop();
    });
}

#[test]
fn the_city_is_told_by_mail_once_of_each_decision_that_is_handed_to_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 2_000).unwrap();
        let mailboxes = ["lanhdao@example.vn".to_owned(), "phoban@example.vn".to_owned()];
        let told = Told { mailboxes: &mailboxes, public_url: "https://bienlai.example.vn" };
        let escalate = || waiting::escalate(&world.store, &world.stamp(), &told).unwrap();
        assert_eq!(escalate(), 1);
        assert_eq!(escalate(), 0);
        assert_eq!(world.count("message WHERE kind = 'approval_waits'"), 2, "each mailbox once");
        let server = MailServer::start(0, None).unwrap();
        let courier = courier(&email_section(server.address.port()));
        while courier.send_due(&world.store, &|| world.stamp()).unwrap() > 0 {}
        let mut to: Vec<String> = server.received().into_iter().flat_map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, mailboxes);
        assert_eq!(
            world.count("message WHERE kind = 'approval_waits' AND state = 'sent'"),
            2,
            "{}",
            asked.id
        );
    });
}

#[test]
fn the_board_says_what_waits_and_what_the_city_is_asked_for() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        request(&world, payment, 2_000).unwrap();
        waiting::escalate(&world.store, &world.stamp(), &Told::default()).unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.tp", Scope::All);
        chief.get("/finance");
        chief.sees("Việc chờ duyệt: 1");
        chief.sees("trong đó thành phố duyệt: 1");
        chief.get("/duties");
        chief.sees("Đơn vị không còn ai duyệt được");
        let mut elsewhere =
            seated(&world, service.address, Role::Finance, "ketoan.tayho", Scope::unit(world.tay_ho.id));
        elsewhere.get("/finance");
        assert!(!elsewhere.page.contains("Việc chờ duyệt"), "another unit's");
        service.stop();
    });
}

#[test]
fn somebody_who_leaves_hands_over_shift_and_exceptions_first() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let home = world.ba_dinh.id;
        let unit = Scope::unit(home);
        let leaver = person(&world, home, "Người Rời Mẫu");
        appoint(&world, Role::Cashier, "thungan.roi", unit.clone(), leaver);
        appoint(&world, Role::Finance, "ketoan.roi", unit.clone(), leaver);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        let mut cashier = Visitor::at(service.address);
        cashier.sign_in("thungan.roi", crate::support::visitor::PASSWORD, "");
        cashier.get("/counter/shift");
        assert_eq!(cashier.post("/counter/shift/open", &[]).status, 303, "{}", cashier.page);
        let shift = ShiftId(world.look(|conn| Ok(tools::number(conn, "SELECT id AS n FROM shift"))));
        let item = crate::sign_in::complaint(&world);
        let boss =
            Actor { person: Some(world.chief), client: None, role: Role::Finance, scope: unit.clone() };
        let assign = |to: PersonId| {
            let owner = world.look(|conn| bienlai::exception::Owner::named(conn, "finance", Some(to)));
            world
                .app
                .write(&boss, |tx, stamp| {
                    bienlai::exception::assign(tx, stamp, &boss, home, item.id, (&owner, "giao"))
                })
                .unwrap();
        };
        assign(leaver);
        let end = |admin: &mut Visitor, login: &str| {
            admin.get("/users");
            admin.post("/users/end", &[("login", login), ("confirm", "")]).status
        };
        assert_eq!(end(&mut admin, "thungan.roi"), 400);
        admin.sees("Ca thu ngày");
        assert!(!admin.page.contains(&shift.to_string()), "an id tells an administrator nothing");
        assert_eq!(end(&mut admin, "ketoan.roi"), 400);
        admin.sees(&item.id.to_string());
        assert_eq!(world.count("login WHERE state = 'ended'"), 0);

        assign(person(&world, home, "Người Thay Mẫu"));
        assert_eq!(end(&mut admin, "ketoan.roi"), 200, "{}", admin.page);
        // A second login for the same counter carries the shift on.
        appoint(&world, Role::Cashier, "thungan.khac", unit, leaver);
        assert_eq!(end(&mut admin, "thungan.roi"), 200, "{}", admin.page);
        assert_eq!(end(&mut admin, "thungan.khac"), 400, "the last one does not");

        // Nobody ends the login they administrate with: another administrator does. A second one of theirs they may.
        assert_eq!(end(&mut admin, "quantri.mau"), 400);
        admin.is_told("login_end_own");
        assert_eq!(admin.get("/users").status, 200, "it is open still");
        let own = world.look(|conn| identity::login::find_by_name(conn, "quantri.mau")).person;
        appoint(&world, Role::Administrator, "quantri.cu", Scope::All, own);
        assert_eq!(end(&mut admin, "quantri.cu"), 200, "{}", admin.page);
        assert_eq!(admin.get("/users").status, 200, "the one in use stays");
        let mut other = seated(&world, service.address, Role::Administrator, "quantri.hai", Scope::All);
        assert_eq!(end(&mut other, "quantri.mau"), 200, "{}", other.page);
        service.stop();
    });
}
