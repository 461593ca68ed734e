//! “Tôi đã chuyển tiền”, whoever says it: with the code or with a proven dossier, while it is owed, after
//! it was paid and after it was cancelled; and how it meets the money that waits.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{Detail, Exception, Kind};
use bienlai::obligation::Obligation;
use bienlai::party::Payer;
use bienlai::payment::book::Method;

use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::program::{Service, get};
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database};

const PERSONAL_ID: &str = "001199000001";

fn payer() -> Payer {
    Payer {
        name: Some("Nguyễn Thị Thử".into()),
        personal_id: Some(PERSONAL_ID.into()),
        phone: Some("0900000001".into()),
        ..Payer::default()
    }
}

fn tells(citizen: &mut Visitor, owed: &Obligation, amount: &str, day: &str) -> u16 {
    let path = format!("/p/{}", owed.reference_code);
    citizen.get(&path);
    citizen.sees("Gửi cho đơn vị thu");
    let fields = [("amount", amount), ("on", day), ("time", "00:00"), ("trace", "FT2633")];
    citizen.post(&format!("{path}/told"), &fields).status
}

fn complaint(world: &World, owed: &Obligation) -> Exception {
    let all = world.exceptions(world.ba_dinh.id);
    let found = all.into_iter().find(|one| one.kind == Kind::Complaint && one.subject_id == owed.id.0);
    found.expect("an item asks the unit")
}

#[test]
fn a_payer_gets_to_the_form_by_code_or_by_a_proven_dossier_and_by_nothing_less() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_for(payer(), Dong(25_000));
        let mut service = Service::start(&world);
        let pay = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get("/lookup");
        citizen.sees("Tôi đã chuyển tiền");
        let led = citizen.post("/lookup/pay", &[("reference", &owed.reference_code)]);
        assert_eq!((led.status, location(&led)), (303, pay.as_str()));
        let code = owed.reference_code.as_str();
        let grouped = format!("{} {} {}", &code[..4], &code[4..8], &code[8..]);
        for printed in [grouped.clone(), grouped.to_lowercase()] {
            let led = citizen.post("/lookup/pay", &[("reference", &printed)]);
            assert_eq!(led.status, 303, "{printed}: the code as the page and the message print it");
        }
        assert_eq!(citizen.post("/lookup/pay", &[("reference", "HN-SAI-MA")]).status, 404);
        citizen.sees("value=\"HN-SAI-MA\"");
        let by_dossier = |citizen: &mut Visitor, id: &str| {
            citizen.get("/lookup");
            let fields = [("dossier", owed.dossier_code.as_str()), ("personal_id", id)];
            citizen.post("/lookup/dossier", &fields).status
        };
        assert_eq!(by_dossier(&mut citizen, "001199000009"), 404);
        assert!(!citizen.page.contains(&pay), "who proves nothing learns no code");
        assert_eq!(by_dossier(&mut citizen, PERSONAL_ID), 200);
        citizen.sees(&format!("href=\"{pay}\""));
        service.stop();
    });
}

#[test]
fn who_paid_twice_or_after_cancelling_says_so_and_the_waiting_money_is_one_press_away() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (paid, gone, due) =
            (world.raise(Dong(25_000)), world.raise(Dong(31_000)), world.raise(Dong(47_000)));
        world.take(&paid, Dong(25_000), Method::Cash).unwrap();
        world.cancel(&gone).unwrap();
        // Newer ones of the same sum, so that the sum alone would name another first.
        world.raise(Dong(47_000));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, "chuyen lan hai", "W1")
            .book(31_000, "nop phi", "W2")
            .book(47_000, "nop phi ho so", "W3");
        statement(&world, file);
        let mut service = Service::start(&world);
        let day = today(&world).to_string();
        let mut citizen = Visitor::at(service.address);
        for (owed, amount) in [(&paid, "25.000"), (&gone, "31.000"), (&due, "47.000")] {
            assert_eq!(tells(&mut citizen, owed, amount, &day), 200, "{}", citizen.page);
            citizen.sees("trả lời chậm nhất ngày");
            let waits = world
                .exceptions(world.ba_dinh.id)
                .into_iter()
                .find(|one| one.kind == Kind::UnidentifiedCredit && one.amount == owed.total)
                .expect("the money waits");
            let asked = complaint(&world, owed);
            let Some(Detail::PayerSays { time, waiting, .. }) = Detail::read(&asked.detail) else {
                panic!("{}", asked.detail);
            };
            assert_eq!((time.as_deref(), waiting), (Some("00:00"), vec![waits.id]));
        }
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        let asked = complaint(&world, &paid);
        let waits = Detail::read(&asked.detail).unwrap().waiting()[0];
        finance.get(&format!("/finance/exceptions/{}", asked.id));
        finance.sees("Người nộp cho biết đã chuyển 25.000 đ ngày");
        finance.sees(&format!("href=\"/finance/exceptions/{waits}\""));
        finance.get(&format!("/finance/exceptions/{waits}"));
        finance.sees(&format!("href=\"/finance/exceptions/{}\"", asked.id));

        // What is still owed stands first among the candidates, with its payer's word as the reason.
        let waits = Detail::read(&complaint(&world, &due).detail).unwrap().waiting()[0];
        finance.get(&format!("/finance/exceptions/{waits}"));
        let first = finance.page.split("name=\"target\" value=\"").nth(1).expect("a candidate");
        assert!(first.starts_with(&due.id.to_string()), "{}", &first[..60]);
        finance.sees("người nộp báo đã chuyển khoản này");

        // In English where somebody reads English; programs get the code and its values.
        let origin = format!("http://{}", service.address);
        finance.post_from(&origin, "/language", &[("lang", "en"), ("back", "/finance")]);
        finance.get(&format!("/finance/exceptions/{}", asked.id));
        finance.sees("The payer says that 25.000 đ was sent on");
        let token = crate::strangers::token(&world, &world.ba_dinh, Role::Finance);
        let path = format!("/api/v1/exceptions/{}", asked.id);
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let told = crate::support::program::send(service.address, "GET", &path, &headers, b"").unwrap();
        let told = told.json();
        assert_eq!(told["exception"]["about"]["say"], "payer_says", "{told}");
        assert_eq!(told["exception"]["about"]["amount"], 25_000);
        assert!(told["exception"]["detail_en"].as_str().unwrap().starts_with("The payer says"), "{told}");
        assert_eq!(get(service.address, &path).unwrap().status, 401);
        service.stop();
    });
}

#[test]
fn whoever_takes_one_code_for_the_other_is_led_to_its_page_and_an_empty_field_is_told() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        let receipt = world.words("SELECT lookup_code AS t FROM receipt").remove(0);
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        citizen.get("/lookup");
        let (pay, document) = (format!("/p/{}", owed.reference_code), format!("/r/{receipt}"));
        for (form, field) in [("/lookup/pay", "reference"), ("/lookup/receipt", "lookup_code")] {
            for (typed, page) in [(&owed.reference_code, &pay), (&receipt, &document)] {
                let led = citizen.post(form, &[(field, typed.as_str())]);
                assert_eq!((led.status, location(&led)), (303, page.as_str()), "{form} {typed}");
            }
            assert_eq!(citizen.post(form, &[(field, " ")]).status, 404);
            citizen.is_told("field_missing");
        }
        service.stop();
    });
}

#[test]
fn a_payer_who_is_asked_to_wait_for_an_answer_is_not_told_to_pay_the_rest_beside_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(10_000)).settle();
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.sees("còn thiếu 15.000 đ");
        citizen.sees("cho phần còn thiếu");
        assert_eq!(tells(&mut citizen, &owed, "15.000", &today(&world).to_string()), 200);
        citizen.sees("còn thiếu 15.000 đ");
        citizen.sees("Xin đừng chuyển lại trong khi chờ");
        assert!(!citizen.page.contains("cho phần còn thiếu"), "one thing at a time");
        service.stop();
    });
}
