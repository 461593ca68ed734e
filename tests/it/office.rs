//! What stands on the administrator's and the approver's pages: trust in channels, alarms about keys, reports and
//! requests to undo; the units an answer names.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::duty::decision::{self, Matter, Verdict};
use bienlai::exception::{self, Kind, New, State, Subject};
use bienlai::filing;
use bienlai::receipt::key::alarm::{self, Alarm};
use bienlai::tariff::edition;
use bienlai::unit::imprint::{self, Imprint};
use bienlai::unit::trust;
use bienlai::worker;
use serde_json::json;

use crate::corrections::person;
use crate::strangers::token;
use crate::support::program::{Service, send};
use crate::support::visitor::seated;
use crate::support::world::BANK;
use crate::support::{World, each_database};

const TARIFF: &str = include_str!("../../fixtures/tariff/hanoi.toml");

#[test]
fn trust_is_given_by_two_shown_with_its_end_and_ended_by_one() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut maker = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        let mut checker = seated(&world, service.address, Role::Administrator, "quantri.hai", Scope::All);
        let own = Scope::unit(world.tay_ho.id);
        let mut clerk = seated(&world, service.address, Role::Finance, "ketoan.tayho", own);
        let today = world.now().business_day();
        let (from, until) = (today.to_string(), today.plus_days(300).to_string());
        let account = format!("00091/{}", world.tay_ho.account_no);
        let form = [
            ("account", account.as_str()),
            ("channel", BANK),
            ("agreement_no", "34/TT-2026"),
            ("claim_limit", "0"),
            ("unproven_limit", "50.000.000"),
            ("age_limit_days", "3"),
            ("valid_from", from.as_str()),
            ("valid_until", until.as_str()),
            ("reason", "Ngân hàng báo có đúng ba tháng liền"),
        ];
        maker.get("/admin/proposals");
        assert_eq!(maker.post("/admin/proposals/trust", &form).status, 400);
        maker.sees("Hạn mức mỗi báo có phải lớn hơn 0");
        maker.sees("value=\"34/TT-2026\"");
        let good = [&form[..3], &[("claim_limit", "5.000.000")][..], &form[4..]].concat();
        for wide in [("unproven_limit", "4.999.999"), ("age_limit_days", "32"), ("age_limit_days", "0")] {
            let bad: Vec<_> =
                good.iter().map(|field| if field.0 == wide.0 { wide } else { *field }).collect();
            assert_eq!(maker.post("/admin/proposals/trust", &bad).status, 400, "{wide:?}");
        }
        assert_eq!(maker.post("/admin/proposals/trust", &good).status, 303, "{}", maker.page);
        clerk.get("/finance/trust");
        assert!(!clerk.page.contains("đang tin"), "nobody approved it");
        checker.get("/admin/proposals");
        checker.sees(&format!("Hạn mức chưa chứng minh {}", Dong(50_000_000)));
        checker.sees("Số ngày chờ sao kê tối đa 3");
        let rest = checker.page.split_once("action=\"/admin/proposals/evt_").expect("one is open").1;
        let approve = format!("/admin/proposals/evt_{}/approve", rest.split_once('/').unwrap().0);
        assert_eq!(maker.post(&approve, &[]).status, 400);
        assert_eq!(checker.post(&approve, &[]).status, 303, "{}", checker.page);
        clerk.get("/finance/trust");
        clerk.sees("đang tin");
        clerk.sees("34/TT-2026");
        assert!(!clerk.page.contains(world.ba_dinh.account_no), "only of their own unit");

        let trusted = format!("{}/{BANK}", world.tay_ho.account);
        let end = |reason| [("trusted", trusted.as_str()), ("reason", reason)];
        assert_eq!(clerk.post("/finance/trust/end", &end(" ")).status, 400);
        assert_eq!(clerk.post("/finance/trust/end", &end("nghi lộ khóa")).status, 303, "{}", clerk.page);
        clerk.get("/finance/trust");
        clerk.sees("nghi lộ khóa");
        assert!(!clerk.page.contains("đang tin"));
        world.change(|tx, stamp| {
            let reason = "claims not proven in time";
            trust::suspend(tx, stamp, world.tay_ho.id, world.tay_ho.account, BANK, reason)
        });
        clerk.get("/finance/trust");
        clerk.sees("hệ thống tự ngừng");
        service.stop();
    });
}

#[test]
fn an_alarm_about_a_key_is_mailed_once_to_the_units_mailbox_and_stands_on_its_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        world.change(|tx, stamp| {
            let wanted = Imprint { email: Some("thu@badinh.example.vn".into()), ..Imprint::default() };
            imprint::record(tx, stamp, &Actor::system(), unit, stamp.today(), &wanted)
        });
        assert_eq!(worker::mail_key_alarms(&world.app).unwrap(), 0, "nothing warns");
        let failing = [Alarm::of_unit(unit, alarm::Kind::SigningStopped, "signing_key_missing")];
        alarm::raise(&world.store, &world.stamp(), &failing).unwrap();
        assert_eq!(worker::mail_key_alarms(&world.app).unwrap(), 1);
        assert_eq!(worker::mail_key_alarms(&world.app).unwrap(), 0, "once");
        assert_eq!(world.count(&format!("message WHERE kind = 'key_alarm' AND unit_id = {}", unit.0)), 1);
        let mut service = Service::start(&world);
        let mut admin =
            seated(&world, service.address, Role::Administrator, "quantri.badinh", Scope::unit(unit));
        admin.get("/admin/units/00004");
        admin.sees("Không ký được biên lai");
        service.stop();
    });
}

#[test]
fn a_report_and_a_request_to_undo_wait_beside_the_other_decisions() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        world.change(|tx, stamp| {
            let new = New {
                unit,
                kind: Kind::DuplicateCallback,
                subject: Subject::Claim(bienlai::id::ClaimId(7)),
                account: Some(world.ba_dinh.account),
                amount: Dong::ZERO,
                opened_on: stamp.today(),
                detail: "sent twice".into(),
            };
            exception::note(tx, stamp, &[new])
        });
        let item = world.exceptions(unit).remove(0);
        assert_eq!(item.state, State::Resolved);
        world
            .app
            .write(&clerk, |tx, stamp| {
                bienlai::payment::reopen::ask(tx, stamp, &clerk, unit, item.id, "xem lại")
            })
            .unwrap();
        let first: bienlai::clock::BusinessDay = "2027-01-01".parse().unwrap();
        world.wait_days(first.0.signed_duration_since(world.now().business_day().0).num_days());
        worker::produce_reports(&world.app).unwrap();

        let open = world.look(|conn| decision::open(conn, unit));
        let of = |matter: Matter| open.iter().find(|one| one.matter == matter).expect("it waits").clone();
        let (report, undo) = (of(Matter::Report), of(Matter::Undo));
        assert!(undo.is_open_to(&chief) && !undo.is_open_to(&clerk), "who asked does not decide");
        let decide = |one: &decision::Open, verdict: Verdict<'_>| {
            let about = (unit, one.matter, one.id);
            decision::decide(&world.store, &|| world.stamp(), &chief, about, verdict)
        };
        let refused = decide(&report, Verdict::Refuse("sai số")).unwrap_err();
        assert_eq!(refused.code(), "report_follows_receipts");
        decide(&report, Verdict::Approve("")).unwrap();
        let filed = world.look(|conn| filing::find(conn, unit, bienlai::id::FilingId(report.id)));
        assert_eq!(filed.state, filing::State::Drafted);
        decide(&undo, Verdict::Approve("")).unwrap();
        assert_eq!(world.exceptions(unit).remove(0).state, State::Open);
        assert!(world.look(|conn| decision::open(conn, unit)).is_empty());
    });
}

#[test]
fn an_answer_names_the_units_it_is_about_by_code_also_where_the_caller_may_not_see_them() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.change(|tx, stamp| Ok(edition::store_first(tx, stamp, &Actor::system(), TARIFF)?.is_ok()));
        let bearer = token(&world, &world.ba_dinh, Role::Cashier);
        let mut service = Service::start(&world);
        let ask = |method: &str, path: &str, body: &str| {
            let bearer = format!("Bearer {bearer}");
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", "a-key-of-this-story"),
            ];
            send(service.address, method, path, &headers, body.as_bytes()).unwrap().json()
        };
        let body = json!({ "unit": "00004", "dossier_code": "H26.1-261127-0002",
            "procedure_code": "2.000815", "procedure_field": "Chứng thực", "intake_mode": "counter",
            "receiving_unit": "00091", "competent_unit": "00376",
            "submitted_at": world.now(), "due_on": world.now().business_day().plus_days(5),
            "payer": { "name": "Nguyễn Thị Thử", "address": "Số 2 ngõ Mẫu" },
            "lines": [ { "item": "chung_thuc_ban_sao", "pages": 3, "copies": 2 } ] });
        let made = ask("POST", "/api/v1/obligations", &body.to_string());
        let id = made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let one = ask("GET", &format!("/api/v1/obligations/{id}"), "");
        let listed = ask("GET", "/api/v1/obligations?unit=00004", "")["obligations"][0].clone();
        for answer in [made, one, listed] {
            let named = (answer["receiving_unit"].as_str(), answer["competent_unit"].as_str());
            assert_eq!(named, (Some("00091"), Some("00376")), "{answer}");
        }
        service.stop();
    });
}
