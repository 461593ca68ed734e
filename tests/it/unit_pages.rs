//! An administrator keeps a unit from its page: accounts, series, what stands on documents, the certificate.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::unit::{self, NewUnit, certificate, certificate_stop};
use serde_json::{Value, json};

use crate::shifts_over_http::Desk;
use crate::support::program::Service;
use crate::support::visitor::{Visitor, location, seated};
use crate::support::world::{accept_registration, share_tax_code};
use crate::support::{World, each_database};

const SIGNER: &str = include_str!("../../fixtures/receipt/test-only-signer.pem");
const P12: &[u8] = include_bytes!("../../fixtures/receipt/test-only-signer.p12");
const PAGE: &str = "/admin/units/00004";

fn administrator(world: &World, service: &Service, scope: Scope) -> Visitor {
    let name = if scope == Scope::All { "quantri" } else { "quantri.badinh" };
    let mut admin = seated(world, service.address, Role::Administrator, name, scope);
    admin.get(PAGE);
    admin
}

#[test]
fn an_account_and_a_series_are_registered_and_bad_fields_come_back_as_they_were_typed() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = administrator(&world, &service, Scope::unit(world.ba_dinh.id));
        let account = [
            ("bank_bin", "97043"),
            ("account_no", "1900555500"),
            ("holder_name", "UBND phường Ba Đình"),
            ("opened_on", "2026-12-01"),
            ("opening_balance", "1.000.000"),
        ];
        let wrong = admin.post(&format!("{PAGE}/account"), &account);
        assert_eq!(wrong.status, 400);
        admin.sees("value=\"1900555500\"");
        admin.sees("value=\"1.000.000\"");
        admin.sees("href=\"#account-bank_bin\"");
        let good = [&[("bank_bin", "970432")][..], &account[1..]].concat();
        let done = admin.post(&format!("{PAGE}/account"), &good);
        assert_eq!((done.status, location(&done)), (303, PAGE), "{}", admin.page);
        admin.get(PAGE);
        admin.sees("1900555500");
        assert_eq!(world.count("bank_account WHERE account_no = '1900555500'"), 1);
        assert_eq!(admin.post(&format!("{PAGE}/account"), &good).status, 400, "a number is registered once");

        let series = [
            ("document_kind", "receipt"),
            ("template", "01BLP0-001"),
            ("series", "BX-26E"),
            ("year", "2026"),
            ("last_allowed_no", "9.999"),
            ("registration", "TB/2026-01"),
            ("do", "open"),
        ];
        let bad = [&series[..3], &[("year", "2025")][..], &series[4..]].concat();
        assert_eq!(admin.post(&format!("{PAGE}/series"), &bad).status, 400, "BX-26E is a series of 2026");
        admin.sees("value=\"BX-26E\"");
        let long = [&series[..4], &[("last_allowed_no", "10.000.000")][..], &series[5..]].concat();
        assert_eq!(admin.post(&format!("{PAGE}/series"), &long).status, 400, "a receipt has seven digits");
        admin.is_told("series_last_number_wrong");
        admin.sees("href=\"#series-last_allowed_no\"");
        let opened = admin.post(&format!("{PAGE}/series"), &series);
        assert_eq!(opened.status, 303, "{}", admin.page);
        admin.get(PAGE);
        admin.sees("BX-26E");
        assert_eq!(admin.post(&format!("{PAGE}/series"), &series).status, 400, "opened once");
        admin.get(PAGE);
        let option = admin.page.split("01BLP0-001 BX-26E</option>").next().unwrap();
        let id = option.rsplit("<option value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        let without = admin.post(&format!("{PAGE}/series/stop"), &[("which", &id), ("reason", " ")]);
        assert_eq!(without.status, 400);
        let stopped =
            admin.post(&format!("{PAGE}/series/stop"), &[("which", &id), ("reason", "in nhầm mẫu")]);
        assert_eq!(stopped.status, 303, "{}", admin.page);
        assert_eq!(world.count("receipt_series WHERE series = 'BX-26E' AND phase = 'stopped'"), 1);

        admin.get(PAGE);
        let imprint = [
            ("email", "thu@badinh.example.vn"),
            ("treasury_account", "3941.0.1234567"),
            ("treasury_code", "0011"),
            ("valid_from", "2026-12-01"),
        ];
        assert_eq!(admin.post(&format!("{PAGE}/imprint"), &imprint).status, 303, "{}", admin.page);
        assert_eq!(world.count("unit_imprint WHERE treasury_account = '3941.0.1234567'"), 1);

        // Of another unit's page there is nothing, and who only looks changes nothing.
        assert_eq!(admin.post("/admin/units/00091/account", &good).status, 404);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan", unit);
        auditor.get(PAGE);
        assert!(!auditor.page.contains("<form method=\"post\" action=\"/admin/units"));
        assert_eq!(auditor.post(&format!("{PAGE}/account"), &good).status, 403);
        service.stop();
    });
}

#[test]
fn a_certificate_is_uploaded_with_its_password_and_nothing_of_it_is_kept_in_the_clear() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let system = Actor::system();
        let id = world.change(|tx, stamp| {
            let new = NewUnit {
                code: "00999".into(),
                name: "Ủy ban nhân dân phường Thử Nghiệm".into(),
                kind: "phường".into(),
                tax_code: "9900000048".into(),
                budget_code: None,
                address: "Số 9 phố Mẫu".into(),
                phone: None,
                valid_from: stamp.today(),
            };
            unit::register(tx, stamp, &system, new)
        });
        share_tax_code(&world, id, "9900000009");
        accept_registration(&world, id, Some(("9900000009", SIGNER)));
        let mut service = Service::start(&world);
        let mut admin = administrator(&world, &service, Scope::All);
        let path = "/admin/units/00999/certificate";
        admin.get("/admin/units/00999");
        admin.sees("chứng thư");
        let stored = format!("signing_certificate WHERE unit_id = {}", id.0);
        for (password, file) in [("sai", P12), ("test-only", b"MZ".as_slice()), ("test-only", b"")] {
            let wrong = admin.upload(path, &[("password", password), ("active_from", "")], file);
            assert_eq!(wrong.status, 400, "{password}");
            assert!(!admin.page.contains("value=\"test-only\""), "a password does not come back");
        }
        admin.is_told("key_file_missing");
        let late = admin.upload(path, &[("password", "test-only"), ("active_from", "2099-01-01")], P12);
        assert_eq!(late.status, 400, "it would begin to sign after its end");
        admin.sees("value=\"2099-01-01\"");
        assert_eq!(world.count(&stored), 0);
        let done = admin.upload(path, &[("password", "test-only"), ("active_from", "")], P12);
        assert_eq!(done.status, 303, "{}", admin.page);
        assert_eq!(world.count(&stored), 1);
        admin.get("/admin/units/00999");
        admin.sees("20/03/2034");
        assert_eq!(
            admin.upload(path, &[("password", "test-only"), ("active_from", "")], P12).status,
            400,
            "stored once"
        );
        admin.is_told("certificate_exists");
        // Of Ba Đình's page the file is another unit's.
        let foreign = admin.upload("/admin/units/00091/certificate", &[("password", "test-only")], P12);
        assert_eq!(foreign.status, 400);
        service.stop();
        assert!(!service.log().contains("test-only"));
    });
}

/// The same over the API, of Ba Đình's own certificate: taken back, turned down, and stopped by another person.
fn stopped_over_the_api(world: &World, service: &Service) {
    let desk = Desk { world, service };
    let maker = desk.token(Role::Administrator, "Quản Trị Mẫu");
    let (other, clerk) = (desk.token(Role::Approver, "Duyệt Mẫu"), desk.token(Role::Finance, "Kế Toán Mẫu"));
    let key = world.look(|conn| certificate::of_unit(conn, world.ba_dinh.id)).remove(0).id;
    let (path, lost) = (format!("/api/v1/keys/{key}/stop"), json!({ "reason": "lộ khóa" }));
    assert_eq!(desk.refused(&clerk, &path, &lost), "role_not_allowed");
    let ask = || {
        let asked = desk.post(&maker, &path, &lost)["stop"].clone();
        assert_eq!(asked["certificate"], json!(key));
        let waiting = desk.get(&maker, "/api/v1/keys")["stops"].clone();
        assert_eq!((&waiting[0]["id"], &waiting[0]["unit"]), (&asked["id"], &json!("00004")));
        format!("/api/v1/keys/stops/{}", asked["id"].as_str().unwrap())
    };
    let found = json!({ "reason": "tìm thấy thẻ" });
    let first = ask();
    assert_eq!(desk.refused(&other, &format!("{first}/withdraw"), &found), "not_the_maker");
    assert_eq!(desk.post(&maker, &format!("{first}/withdraw"), &found)["stopped"], false);
    assert_eq!(desk.post(&clerk, &format!("{}/refuse", ask()), &found)["stopped"], false);
    let last = ask();
    assert_eq!(desk.refused(&maker, &format!("{last}/approve"), &Value::Null), "maker_is_checker");
    assert_eq!(desk.post(&other, &format!("{last}/approve"), &Value::Null)["certificate"], json!(key));
    assert_eq!(desk.refused(&other, &format!("{last}/approve"), &Value::Null), "certificate_stop_not_open");
    assert_eq!(desk.refused(&other, "/api/v1/keys/stops/evt_1/approve", &Value::Null), "id_unreadable");
    let told = desk.get(&maker, "/api/v1/keys");
    assert_eq!((&told["certificates"][0]["stopped"], &told["stops"]), (&json!(true), &json!([])));
}

#[test]
fn a_certificate_is_uploaded_as_pem_asked_to_stop_on_its_page_and_stopped_by_another_person() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let system = Actor::system();
        let id = world.change(|tx, stamp| {
            let new = NewUnit {
                code: "00999".into(),
                name: "Ủy ban nhân dân phường Thử Nghiệm".into(),
                kind: "phường".into(),
                tax_code: "9900000048".into(),
                budget_code: None,
                address: "Số 9 phố Mẫu".into(),
                phone: None,
                valid_from: stamp.today(),
            };
            unit::register(tx, stamp, &system, new)
        });
        share_tax_code(&world, id, "9900000009");
        accept_registration(&world, id, Some(("9900000009", SIGNER)));
        let mut service = Service::start(&world);
        let mut admin = administrator(&world, &service, Scope::All);
        let page = "/admin/units/00999";
        admin.get(page);
        let tomorrow = world.now().business_day().next().to_string();
        let from = [("active_from", tomorrow.as_str())];
        let done = admin.upload(&format!("{page}/certificate"), &from, SIGNER.as_bytes());
        assert_eq!(done.status, 303, "{}", admin.page);
        admin.get(page);
        admin.sees("thử nghiệm, chờ, chưa ký");
        let key = admin.page.split("id=\"key-stop-which\"").nth(1).unwrap();
        let key = key.split("<option value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let stop = format!("{page}/certificate/stop");
        assert_eq!(admin.post(&stop, &[("which", &key), ("reason", " ")]).status, 400);
        assert_eq!(admin.post(&stop, &[("which", "crt_1"), ("reason", "lộ khóa")]).status, 400);
        let asked = admin.post(&stop, &[("which", &key), ("reason", "lộ khóa")]);
        assert_eq!(asked.status, 303, "{}", admin.page);
        admin.get(page);
        admin.sees("đã đề nghị ngừng, chờ duyệt");

        // Whoever asked takes it back; nobody else does in their name.
        let back = format!("{stop}/withdraw");
        let waiting = world.look(|conn| certificate_stop::waiting(conn, id)).remove(0).id.to_string();
        let mut other = seated(&world, service.address, Role::Administrator, "quantri.hai", Scope::All);
        other.get(page);
        assert!(!other.page.contains("id=\"key-back-stop\""), "it is not theirs");
        let refused = other.post(&back, &[("stop", &waiting), ("reason", "tìm thấy thẻ")]);
        assert_eq!(refused.status, 400, "{}", other.page);
        admin.sees("id=\"key-back-stop\"");
        assert_eq!(admin.post(&back, &[("stop", &waiting), ("reason", " ")]).status, 400);
        assert_eq!(admin.post(&back, &[("stop", &waiting), ("reason", "tìm thấy thẻ")]).status, 303);
        admin.get(page);
        assert!(!admin.page.contains("đã đề nghị ngừng") && !admin.page.contains("id=\"key-back-stop\""));
        assert_eq!(admin.post(&back, &[("stop", &waiting), ("reason", "lần nữa")]).status, 400);
        assert_eq!(admin.post(&stop, &[("which", &key), ("reason", "lộ khóa")]).status, 303);

        let mut chief = seated(&world, service.address, Role::Approver, "duyet.thu", Scope::unit(id));
        chief.get("/duties");
        for words in ["Ngừng chứng thư số", "lộ khóa", "không ký gì nữa"] {
            chief.sees(words);
        }
        let subject = chief.value("subject").unwrap();
        let unit_id = id.to_string();
        let about = [
            ("act", "key_stop"),
            ("unit_id", unit_id.as_str()),
            ("subject", subject.as_str()),
            ("verdict", "approve"),
        ];
        assert_eq!(chief.post("/duties/decide", &about).status, 303, "{}", chief.page);
        assert_eq!(chief.post("/duties/decide", &about).status, 400, "once");
        admin.get(page);
        admin.sees("đã ngừng");
        assert!(!admin.page.contains("id=\"key-stop-which\""), "nothing is left to stop");
        stopped_over_the_api(&world, &service);

        // The city's own key stands among the units, and is kept on a page that offers nothing else.
        admin.get("/admin/units");
        admin.sees("href=\"/admin/units/city\"");
        admin.get("/admin/units/city");
        admin.sees("gốc nhật ký");
        admin.sees("id=\"certificate-form\"");
        assert!(!admin.page.contains("id=\"account-form\"") && !admin.page.contains("id=\"series-form\""));
        assert_eq!(admin.post("/admin/units/city/imprint", &[("valid_from", "2026-11-23")]).status, 404);
        let mut local = seated(&world, service.address, Role::Administrator, "quantri.ba", Scope::unit(id));
        assert_eq!(local.get("/admin/units/city").status, 404, "who is of one unit has no city");
        service.stop();
    });
}

#[test]
fn the_city_registers_a_unit_on_a_page_and_goes_on_at_its_checklist() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = administrator(&world, &service, Scope::All);
        let form = |code: &'static str, tax: &'static str, budget: &'static str| {
            [
                ("code", code),
                ("name", "Ủy ban nhân dân phường Mẫu Mới"),
                ("kind", "phuong"),
                ("tax_code", tax),
                ("budget_code", budget),
                ("address", "Số 1 phố Mẫu"),
                ("phone", ""),
                ("valid_from", "2026-12-01"),
            ]
        };
        let units = world.count("unit");
        admin.get("/admin/units");
        for (code, tax, budget, told) in [
            ("09999", "9900000008", "", "Mã số thuế không đúng"),
            ("09999", "9900000009", "12345", "phải có 7 chữ số"),
            ("phường 9", "9900000009", "", "Mã đơn vị có 1 đến 20 ký tự"),
            ("00004", "9900000009", "", "Đơn vị này đã được đăng ký"),
            ("09999", "9900000016", "", "Mã số thuế này là của một đơn vị khác đang hoạt động"),
        ] {
            assert_eq!(admin.post("/admin/units", &form(code, tax, budget)).status, 400, "{told}");
            admin.sees(told);
            admin.sees("value=\"Ủy ban nhân dân phường Mẫu Mới\"");
        }
        assert_eq!(world.count("unit"), units, "nothing is half-saved");
        let made = admin.post("/admin/units", &form("09999", "9900000030", "1234567"));
        assert_eq!((made.status, location(&made)), (303, "/onboarding/09999"), "{}", admin.page);
        admin.get("/onboarding/09999");
        admin.sees("Ủy ban nhân dân phường Mẫu Mới");
        admin.get("/admin/units");
        admin.sees("09999");
        admin.sees("Phường");

        // A unit's own administrator registers no other unit.
        let mut own = seated(
            &world,
            service.address,
            Role::Administrator,
            "quantri.rieng",
            Scope::unit(world.ba_dinh.id),
        );
        own.get("/admin/units");
        assert!(!own.page.contains("id=\"new-unit\""));
        assert_eq!(own.post("/admin/units", &form("09998", "9900000009", "")).status, 404);
        service.stop();
    });
}

#[test]
fn who_leaves_is_told_in_words_what_to_hand_over_first() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let home = Scope::unit(world.ba_dinh.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.nghi", home.clone());
        cashier.get("/counter/shift");
        assert_eq!(cashier.post("/counter/shift/open", &[]).status, 303);
        let mut admin = administrator(&world, &service, home);
        admin.get("/users");
        admin.sees("Người thungan.nghi (thungan.nghi)");
        assert_eq!(admin.post("/users/end", &[("login", "thungan.nghi")]).status, 400);
        admin.sees("Phải bàn giao trước");
        admin.sees("Ca thu ngày");
        assert!(!admin.page.contains("shf_"), "{}", admin.page);
        service.stop();
    });
}
