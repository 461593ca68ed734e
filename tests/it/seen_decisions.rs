//! Who approves, approves what they saw: what was changed after their page was drawn goes back to be looked at.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::Instant;
use bienlai::exception::{self, Kind, State};
use bienlai::payment::refund::{self, Ask, Payee};
use bienlai::payment::resolve;
use bienlai::remittance::{Kind as OrderKind, State as OrderState};

use serde_json::json;

use crate::desks::closed_day;
use crate::refunds::{now, overpaid, payee, request, statement, today};
use crate::remittances;
use crate::shifts_over_http::Desk;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, each_database};
use crate::taken_apart::{finance, item};

/// What the page's form says that it was drawn with.
fn seen(visitor: &Visitor) -> String {
    let behind = visitor.page.split("name=\"seen\" value=\"").nth(1).expect("the form says what was seen");
    behind.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn a_payee_that_was_changed_after_the_approver_looked_is_not_approved() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        let page = format!("/finance/refunds/{}", asked.id);
        chief.get(&page);
        let of_page = seen(&chief);
        chief.get("/duties");
        let of_duties = seen(&chief);

        let maker = finance(&world);
        let other = Payee { account_no: "9999888877".into(), ..payee() };
        world.change(|tx, stamp| refund::name_payee(tx, stamp, &maker, asked.unit, asked.id, &other));
        let step = format!("{page}/step");
        let late = chief.post(&step, &[("do", "approve"), ("seen", &of_page), ("confirm", "")]);
        assert_eq!(late.status, 400, "{}", chief.page);
        chief.sees("Đề xuất đã thay đổi sau khi bạn xem");
        let subject = asked.id.to_string();
        let unit = asked.unit.to_string();
        let decide = [
            ("act", "refund"),
            ("subject", subject.as_str()),
            ("unit_id", unit.as_str()),
            ("verdict", "approve"),
            ("seen", of_duties.as_str()),
            ("confirm", ""),
        ];
        assert_eq!(chief.post("/duties/decide", &decide).status, 400, "{}", chief.page);
        chief.is_told("act_changed");
        assert_eq!(now(&world, &asked).state, refund::State::Requested, "nothing moved");

        chief.get(&page);
        let of_page = seen(&chief);
        let done = chief.post(&step, &[("do", "approve"), ("seen", &of_page), ("confirm", "")]);
        assert_eq!(done.status, 303, "{}", chief.page);
        assert_eq!(now(&world, &asked).state, refund::State::Approved);
        service.stop();
    });
}

#[test]
fn a_refund_that_no_statement_shows_yet_says_so_in_the_place_of_the_button() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(30_000)).settle();
        let asked = request(&world, world.payments(&world.ba_dinh)[0].id, 5_000).unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        for page in [format!("/finance/refunds/{}", asked.id), "/duties".to_owned()] {
            chief.get(&page);
            chief.is_told("refund_money_unproven");
            chief.sees("value=\"refuse\"");
            assert!(!chief.page.contains("value=\"approve\""), "{}", chief.page);
        }
        service.stop();
    });
}

#[test]
fn a_refund_without_an_account_says_so_in_the_place_of_the_button_and_leads_to_its_form() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        let (unit, maker) = (world.ba_dinh.id, finance(&world));
        let ask = Ask { unit, payment, amount: Dong(5_000), reason: "nộp thừa".into(), payee: None };
        let asked = world.change(|tx, stamp| refund::request(tx, stamp, &maker, &ask));
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        chief.get("/duties");
        chief.is_told("refund_payee_missing");
        chief.sees(&format!("href=\"/finance/refunds/{}\"", asked.id));
        chief.sees("value=\"refuse\"");
        assert!(!chief.page.contains("value=\"approve\""), "{}", chief.page);
        world.change(|tx, stamp| refund::name_payee(tx, stamp, &maker, unit, asked.id, &payee()));
        chief.get("/duties");
        chief.sees("value=\"approve\"");
        service.stop();
    });
}

#[test]
fn another_proposal_than_the_one_on_the_page_is_not_approved() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        let (first, second) = (world.raise(Dong(40_000)), world.raise(Dong(40_000)));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(40_000, "nop tien", "R1");
        statement(&world, file);
        let id = item(&world, Kind::UnidentifiedCredit).id;
        let maker = finance(&world);
        let propose = |target: i64| {
            let ask = || ("assign", Some(target), "theo giấy nộp tiền").into();
            world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask(), &[]));
        };
        propose(first.id.0);
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        let page = format!("/finance/exceptions/{id}");
        chief.get(&page);
        let of_page = seen(&chief);
        world.change(|tx, stamp| exception::refuse(tx, stamp, &maker, unit, id, "nhầm").map(|_| ()));
        propose(second.id.0);
        let late = chief.post(&page, &[("do", "approve"), ("seen", &of_page), ("confirm", "")]);
        assert_eq!(late.status, 400, "{}", chief.page);
        chief.sees("Đề xuất đã thay đổi sau khi bạn xem");
        assert_eq!(item(&world, Kind::UnidentifiedCredit).state, State::Proposed);
        assert!(world.again(&second).allocated.is_zero(), "nothing moved");
        service.stop();
    });
}

#[test]
fn an_order_over_kept_shares_is_shown_with_codes_where_its_tariff_does_not_read() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        closed_day(&world);
        let order = remittances::draft_of(&world, OrderKind::Kept, &[]).unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        remittances::newer_tariff(&world, "không đọc được", order.created_at);
        assert_eq!(chief.get("/duties").status, 200, "{}", chief.page);
        chief.sees("HT-01");
        service.stop();
    });
}

#[test]
fn the_page_of_an_order_over_kept_shares_keeps_the_names_of_its_day() {
    each_database(|database| {
        let world = World::settled_in_before(database, 1);
        let order = remittances::kept_of_a_named_fee(&world);
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        let later = remittances::TARIFF.replace(remittances::FEE_NAME, "Phí sao y");
        assert_ne!(later, remittances::TARIFF, "the newer tariff has another name");
        remittances::newer_tariff(&world, &later, Instant(order.created_at.0 + 1));
        let shown = chief.get(&format!("/finance/remittances/{}", order.id));
        assert_eq!(shown.status, 200, "{}", chief.page);
        chief.sees(remittances::FEE_NAME);
        assert!(!chief.page.contains("Phí sao y"), "that is its name of later: {}", chief.page);
        service.stop();
    });
}

#[test]
fn an_order_that_was_approved_after_its_page_was_drawn_is_not_ended_by_that_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        closed_day(&world);
        let order = remittances::draft_of(&world, OrderKind::Treasury, &[]).unwrap();
        let mut service = Service::start(&world);
        let mut other = seated(&world, service.address, Role::Finance, "ketoan.hai", Scope::All);
        let page = format!("/finance/remittances/{}", order.id);
        other.get(&page);
        let of_page = seen(&other);
        remittances::approve(&world, &order).unwrap();
        let late = other.post(&page, &[("reason", "lập nhầm kỳ"), ("seen", &of_page)]);
        assert_eq!(late.status, 409, "{}", other.page);
        other.sees("Đề xuất đã thay đổi sau khi bạn xem");
        other.sees("value=\"lập nhầm kỳ\"");
        assert_eq!(remittances::now(&world, &order).state, OrderState::Approved, "it may be at the bank");

        let of_page = seen(&other);
        let done = other.post(&page, &[("reason", "lập nhầm kỳ"), ("seen", &of_page)]);
        assert_eq!(done.status, 303, "{}", other.page);
        assert_eq!(remittances::now(&world, &order).state, OrderState::Refused);
        service.stop();
    });
}

/// Approves over the API what was read in this revision: the status and the code of a refusal.
fn approve(desk: &Desk<'_>, token: &str, path: &str, revision: i64) -> (u16, String) {
    let body = json!({ "expected_revision": revision }).to_string();
    let reply = desk.ask(token, "POST", &format!("{path}/approve"), body.as_bytes());
    (reply.status, reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_refund_whose_payee_changed_in_between_is_not_approved_over_the_api() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let chief = desk.token(Role::Approver, "Phạm Văn Mẫu");
        let path = format!("/api/v1/refunds/{}", asked.id);
        let read = || desk.get(&chief, &path)["refund"]["revision"].as_i64().expect("it is shown");
        let seen = read();
        let maker = finance(&world);
        let other = Payee { account_no: "9999888877".into(), ..payee() };
        world.change(|tx, stamp| refund::name_payee(tx, stamp, &maker, asked.unit, asked.id, &other));
        assert_eq!(approve(&desk, &chief, &path, seen), (409, "act_changed".to_owned()));
        assert_eq!(now(&world, &asked).state, refund::State::Requested, "nothing moved");
        assert_eq!(approve(&desk, &chief, &path, read()).0, 200);
        assert_eq!(now(&world, &asked).state, refund::State::Approved);
        service.stop();
    });
}

#[test]
fn another_proposal_than_the_one_that_was_read_is_not_approved_over_the_api() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        let (first, second) = (world.raise(Dong(40_000)), world.raise(Dong(40_000)));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(40_000, "nop tien", "R1");
        statement(&world, file);
        let id = item(&world, Kind::UnidentifiedCredit).id;
        let maker = finance(&world);
        let propose = |target: i64| {
            let ask = || ("assign", Some(target), "theo giấy nộp tiền").into();
            world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask(), &[]));
        };
        propose(first.id.0);
        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let chief = desk.token(Role::Approver, "Phạm Văn Mẫu");
        let path = format!("/api/v1/exceptions/{id}");
        let read = || desk.get(&chief, &path)["exception"]["revision"].as_i64().expect("it is shown");
        let seen = read();
        world.change(|tx, stamp| exception::refuse(tx, stamp, &maker, unit, id, "nhầm").map(|_| ()));
        propose(second.id.0);
        assert_eq!(approve(&desk, &chief, &path, seen), (409, "act_changed".to_owned()));
        assert_eq!(item(&world, Kind::UnidentifiedCredit).state, State::Proposed);
        assert!(world.again(&second).allocated.is_zero(), "nothing moved");
        assert_eq!(approve(&desk, &chief, &path, read()).0, 200);
        assert_eq!(world.again(&second).allocated, Dong(40_000));
        service.stop();
    });
}
