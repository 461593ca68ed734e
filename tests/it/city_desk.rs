//! What administrators and auditors do in a browser: units, clients, channels and their archive, the
//! trail, onboarding, the tariff.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::identity::create_person;
use bienlai::payment::archived;
use bienlai::tariff::edition;
use bienlai::{audit, unit, worker};

use crate::support::program::{Service, callback_until_taken, send};
use crate::support::visitor::{Visitor, confirmed_before, location, seated};
use crate::support::world::BANK;
use crate::support::{World, each_database};

const TARIFF: &str = include_str!("../../fixtures/tariff/hanoi.toml");

/// What stands between two texts of the page, the first time.
fn between<'a>(visitor: &'a Visitor, from: &str, to: &str) -> &'a str {
    let rest = visitor.page.split_once(from).unwrap_or_else(|| panic!("no {from} on {}", visitor.page)).1;
    rest.split_once(to).expect("an end").0
}

#[test]
fn an_event_of_the_archive_is_read_again_and_the_money_stays_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let claim = world.claim(&owed, Dong(25_000)).claim;
        callback_until_taken(service.address, &claim, std::time::Duration::from_secs(10));
        assert_eq!(world.count("payment"), 1);
        let mut city = seated(&world, service.address, Role::Administrator, "quantri.thanhpho", Scope::All);
        assert_eq!(city.get("/admin/operations").status, 200);
        city.sees(BANK);
        city.sees("đã ghi nhận");
        let event = world.words("SELECT CAST(id AS TEXT) AS t FROM raw_event").remove(0);
        let event = bienlai::id::RawEventId(event.parse().unwrap()).to_string();
        city.sees(&event);
        let again = city.post("/admin/operations/replay", &[("event", &event)]);
        assert_eq!(again.status, 200, "{}", city.page);
        city.sees("không có gì thay đổi");
        assert_eq!((world.count("payment"), world.count("claim")), (1, 1), "the money stays once");
        assert_eq!(world.count("audit_entry WHERE action = 'event.replayed'"), 1);
        // Its content is shown under a purpose, which is written down.
        let place = format!("/admin/operations/events/{event}");
        assert_eq!(city.get(&place).status, 200);
        city.sees("clm_");
        assert!(!city.page.contains("<pre"), "nothing of it is shown before somebody says why");
        assert_eq!(city.post(&place, &[("purpose", " ")]).status, 400);
        assert_eq!(world.count("data_view"), 0);
        assert_eq!(city.post(&place, &[("purpose", "đối chiếu với ngân hàng")]).status, 200, "{}", city.page);
        assert!(between(&city, "<pre", "</pre>").contains(&owed.reference_code), "{}", city.page);
        assert_eq!(world.count("data_view WHERE purpose LIKE '%đối chiếu với ngân hàng'"), 1);
        city.sees("name=\"event\" value=\"");
        let unknown = bienlai::id::RawEventId(7).to_string();
        assert_eq!(city.post("/admin/operations/replay", &[("event", &unknown)]).status, 404);

        // What is read again is not the last that its channel told.
        let later = world.raise(Dong(5_000));
        let claim = world.claim(&later, Dong(5_000)).claim;
        callback_until_taken(service.address, &claim, std::time::Duration::from_secs(10));
        assert_eq!(city.post("/admin/operations/replay", &[("event", &event)]).status, 200);
        let auditor = Actor { person: None, client: None, role: Role::Auditor, scope: Scope::All };
        let health = world.look(|conn| archived::health(conn, &auditor, &[BANK], world.now()));
        let last = health.iter().find(|one| one.channel == BANK).and_then(|one| one.last_at);
        let newest = world.words("SELECT CAST(MAX(received_at) AS TEXT) AS t FROM raw_event").remove(0);
        assert_eq!(last.map(|at| at.0.to_string()), Some(newest));

        // Another unit's administrator sees none of it.
        let own = Scope::unit(world.tay_ho.id);
        let mut other = seated(&world, service.address, Role::Administrator, "quantri.tayho", own);
        other.get("/admin/operations");
        assert!(!other.page.contains(&event));
        assert_eq!(other.post("/admin/operations/replay", &[("event", &event)]).status, 404);
        assert_eq!(other.get(&place).status, 404);
        assert_eq!(other.get("/admin/units/00004").status, 404);
        other.get("/admin/units/00091");
        other.sees(world.tay_ho.account_no);
        city.get("/admin/units");
        city.sees("Ủy ban nhân dân xã Sóc Sơn");
        city.get("/admin/units/00004");
        city.sees("01BLP0-001 BD-26E");
        city.sees("thử nghiệm");
        // A wrong code leaves somebody at the event, with the form and its reason once.
        city.get(&place);
        confirmed_before(&world, 600);
        let unconfirmed = [("event", event.as_str()), ("confirm", "sai")];
        assert_eq!(city.post("/admin/operations/replay", &unconfirmed).status, 400);
        city.is_told("confirmation_wrong");
        city.sees("name=\"event\" value=\"");
        assert_eq!(city.page.matches("class=\"reason\"").count(), 1, "{}", city.page);
        service.stop();
    });
}

#[test]
fn a_client_gets_its_token_once_and_loses_it_for_good() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut city = seated(&world, service.address, Role::Administrator, "quantri.thanhpho", Scope::All);
        city.get("/admin/clients");
        let key = city.value("key").unwrap();
        let key = ("key", key.as_str());
        let wrong = [key, ("name", "Một cửa"), ("unit", "99999"), ("role", "unit_reader")];
        assert_eq!(city.post("/admin/clients/create", &wrong).status, 400);
        city.sees("value=\"Một cửa\"");
        let new = [key, ("name", "Một cửa"), ("unit", "00004"), ("role", "unit_reader")];
        assert_eq!(city.post("/admin/clients/create", &new).status, 200, "{}", city.page);
        let token = between(&city, "data-copy=\"", "\"").to_owned();
        let asks = |token: &str| {
            let bearer = format!("Bearer {token}");
            let headers = [("Authorization", bearer.as_str())];
            send(service.address, "GET", "/api/v1/obligations", &headers, b"").unwrap().status
        };
        assert_eq!(asks(&token), 200);
        // The form that comes again makes no second token, whatever it says now.
        let other = [key, ("name", "Một cửa khác"), ("unit", "00004"), ("role", "unit_reader")];
        for again in [new, other] {
            assert_eq!(city.post("/admin/clients/create", &again).status, 400);
            city.sees("Biểu mẫu này đã tạo một mã truy cập");
            assert!(!city.page.contains(&token), "a token is shown once");
        }
        assert_eq!(world.count("api_client WHERE name LIKE 'Một cửa%'"), 1);
        city.get("/admin/clients");
        assert!(!city.page.contains(&token), "a token is shown once");
        let client = between(&city, "<option value=\"cli_", "\"").to_owned();
        let revoked = city.post("/admin/clients/revoke", &[("client", &format!("cli_{client}"))]);
        assert_eq!(revoked.status, 200, "{}", city.page);
        assert_eq!(asks(&token), 401);
        city.sees("đã thu hồi");
        // A person's role is no client's.
        let person = [("name", "Ai đó"), ("unit", "00004"), ("role", "approver")];
        assert_eq!(city.post("/admin/clients/create", &person).status, 400);
        service.stop();
    });
}

/// How many parts a proof of trails has.
fn proven(visitor: &mut Visitor, path: &str) -> usize {
    visitor.prove(path, "Nhật ký đã kiểm chứng tới", "Nguyên vẹn")
}

#[test]
fn a_long_trail_is_proven_in_short_parts_that_follow_by_themselves() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        // More than an unhurried machine proves while a page may be waited for.
        world.change(|tx, stamp| {
            let one = |at: i32| audit::Entry::by(&Actor::system(), unit, "trail.filled", at);
            audit::record(tx, stamp, &(0..8_000).map(one).collect::<Vec<_>>())
        });
        worker::number_committed(&world.app).unwrap();
        let mut service = Service::start(&world);
        let mut auditor =
            seated(&world, service.address, Role::Auditor, "kiemtoan.badinh", Scope::unit(unit));
        assert!(proven(&mut auditor, "/admin/trail/proof?unit=00004") > 1);
        auditor.sees("Nguyên vẹn");
        service.stop();
    });
}

#[test]
fn the_trail_is_searched_and_proven_and_a_changed_entry_is_found() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.seal();
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.badinh", unit);
        auditor.get("/admin/trail");
        assert_eq!(auditor.post("/admin/trail", &[("unit", "00004"), ("text", "account.")]).status, 200);
        auditor.sees("Đăng ký tài khoản thu – account.registered");
        assert!(!auditor.page.contains("– unit.registered"), "the search leaves out what does not fit");
        auditor.sees("<option value=\"day.closed\">Khóa ngày</option>");
        assert_eq!(auditor.get("/admin/trail?unit=00091").status, 404, "another unit's trail");
        assert_eq!(auditor.get("/admin/trail?from=x").status, 400);
        let typed = auditor.get("/admin/trail?text=Nguyen");
        assert_eq!(typed.status, 400, "no address holds what somebody types");
        assert!(!auditor.page.contains("method=\"get\" action=\"/admin/trail\""), "{}", auditor.page);
        proven(&mut auditor, "/admin/trail/proof?unit=00004");
        auditor.sees("Nguyên vẹn");

        // Who reads for the city sees every unit's entries on one page, and proves every trail.
        let mut city = seated(&world, service.address, Role::Auditor, "kiemtoan.thanhpho", Scope::All);
        city.get("/admin/trail");
        city.post("/admin/trail", &[("text", "account.")]);
        city.sees("Tất cả đơn vị");
        let reversed =
            [("unit", "all"), ("from", "2026-11-30"), ("until", "2026-11-01"), ("text", "account.")];
        assert_eq!(city.post("/admin/trail", &reversed).status, 400);
        city.is_told("book_period_reversed");
        city.sees("value=\"2026-11-01\"");
        city.post("/admin/trail", &[("text", "account.")]);
        city.sees("Việc chung của thành phố");
        let rows = city.page.split("<tbody>").nth(1).unwrap().to_owned();
        for unit in [&world.ba_dinh, &world.tay_ho] {
            let name = world.look(|conn| bienlai::unit::find(conn, unit.id)).name;
            assert!(rows.contains(&name), "{name}: {rows}");
        }
        proven(&mut city, "/admin/trail/proof?unit=all");
        city.sees("Nguyên vẹn");
        city.sees("Số nhật ký đã kiểm chứng");
        // A long proof goes on from the place it came to, and is no proof of what an earlier part found broken.
        let on = |unit: bienlai::id::UnitId, place: &str, broken: &str| {
            format!("/admin/trail/proof?unit=all&at={unit}.{place}&broken={broken}")
        };
        proven(&mut city, &on(world.tay_ho.id, "e0", "0"));
        city.sees("Nguyên vẹn");
        proven(&mut city, &on(world.tay_ho.id, "r0", "1"));
        city.sees("không còn nguyên vẹn");
        city.get(&on(world.tay_ho.id, "r1000000", "0"));
        city.sees("there is no root at 1000000");
        for wrong in ["x", "r-1", "r1.r1"] {
            assert_eq!(city.get(&on(world.tay_ho.id, wrong, "0")).status, 400, "{wrong}");
        }
        // A person is chosen by name and login, and stands in the address by id alone.
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.thanhpho", Scope::All);
        admin.get("/admin/clients");
        let key = admin.value("key").unwrap();
        let new = [("key", key.as_str()), ("name", "Một cửa"), ("unit", "00004"), ("role", "unit_reader")];
        assert_eq!(admin.post("/admin/clients/create", &new).status, 200, "{}", admin.page);
        let (system, unit) = (Actor::system(), world.ba_dinh.id);
        let name = "Trần Thị Không Đăng Nhập";
        let without = world.change(|tx, stamp| create_person(tx, stamp, &system, unit, name));
        city.get("/admin/trail");
        let option = city.page.split("(quantri.thanhpho)").next().unwrap();
        let id = option.rsplit("<option value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        assert!(id.starts_with("per_"), "{id}");
        city.get(&format!("/admin/trail?person={id}"));
        city.sees(&format!("<option value=\"{without}\">{name}</option>"));
        assert!(!city.page.contains(" ()</option>"), "who has no login has a name alone");
        let rows: Vec<&str> = city.page.split("<tbody>").nth(1).unwrap().split("<tr>").skip(1).collect();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.contains(&id)), "{rows:?}");
        // What does not fit on a page follows.
        let last = city.page.matches("<tr>").count();
        assert!(last > 0);
        let before = world.words("SELECT CAST(MAX(id) AS TEXT) AS t FROM audit_entry").remove(0);
        let before = bienlai::id::AuditId(before.parse().unwrap());
        assert_eq!(city.get(&format!("/admin/trail?before={before}")).status, 200);
        service.stop();
    });
}

#[test]
fn an_account_goes_live_only_when_every_step_is_there() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut city = seated(&world, service.address, Role::Administrator, "quantri.thanhpho", Scope::All);
        city.get("/onboarding");
        city.sees("Ủy ban nhân dân xã Sóc Sơn");
        city.sees("Đang chuẩn bị");
        city.get("/onboarding/00004");
        for text in
            ["TB-0001", "BD-26E", "mới có chứng thư thử nghiệm", "thiếu thu ngân", "chưa có sao kê đầu tiên"]
        {
            city.sees(text);
        }
        for way in ["/admin/proposals?unit=00004#naming-unit", "/tax/registration?unit=00004"] {
            city.sees(&format!("href=\"{way}\""));
        }
        let account = city.value("account").unwrap();
        let early = city.post("/onboarding/live", &[("unit", "00004"), ("account", &account)]);
        assert_eq!(early.status, 409, "{}", city.page);
        city.sees("Chưa đủ các bước");
        assert_eq!(world.count("account_live"), 0);

        // Each step is found done by what was done about it.
        for (role, name) in [(Role::Cashier, "thungan"), (Role::Finance, "ketoan"), (Role::Approver, "duyet")]
        {
            seated(&world, service.address, role, &format!("{name}.badinh"), Scope::unit(world.ba_dinh.id));
        }
        city.get("/onboarding/00004");
        assert!(!city.page.contains("thiếu thu ngân"), "staff is there now");
        let unit = Scope::unit(world.tay_ho.id);
        let mut other = seated(&world, service.address, Role::Administrator, "quantri.tayho", unit);
        assert_eq!(other.get("/onboarding/00004").status, 404);
        other.get("/onboarding");
        assert!(!other.page.contains("Ba Đình"));
        service.stop();
    });
}

#[test]
fn a_price_is_proposed_tried_and_approved_by_another_person() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let system = Actor::system();
        world.change(|tx, stamp| Ok(edition::store_first(tx, stamp, &system, TARIFF)?.is_ok()));
        let mut service = Service::start(&world);
        let mut maker = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        let mut checker = seated(&world, service.address, Role::Approver, "duyet.thanhpho", Scope::All);
        maker.get("/tariff");
        maker.sees("Lệ phí đăng ký khai sinh không đúng hạn");
        let change = |from: &'static str| {
            [
                ("charge", "ho_tich_khai_sinh_qua_han/0"),
                ("from", from),
                ("price", "8.000"),
                ("ground", "Nghị quyết thử 01/2027"),
                ("reason", "Hội đồng nhân dân thông qua"),
            ]
        };
        assert_eq!(maker.post("/tariff/price", &change("2020-01-01")).status, 400);
        maker.sees("phải sau ngày đầu");
        maker.sees("value=\"Nghị quyết thử 01/2027\"");
        let proposed = maker.post("/tariff/price", &change("2027-01-01"));
        assert_eq!(proposed.status, 303, "{}", maker.page);
        let draft = location(&proposed).to_owned();
        maker.get("/duties");
        maker.sees("Đề nghị thay đổi biểu phí chờ duyệt: 1");
        maker.get(&draft);
        maker.sees("per_unit = 8000");
        let table =
            maker.page.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).unwrap();
        for told in
            ["Lệ phí đăng ký khai sinh không đúng hạn", ">5.000 đ<", "8.000 đ", "01/01/2027", "thử 01/2027"]
        {
            assert!(table.contains(told), "{told}: {table}");
        }

        // What would it cost, and why: by the draft and by the tariff in force.
        let ask = |day: &str, more: &str| {
            format!(
                "/tariff/simulator?unit=00004&channel=counter&on={day}&item0=ho_tich_khai_sinh_qua_han{more}"
            )
        };
        let by_draft = format!("&draft={}", draft.rsplit('/').next().unwrap());
        maker.get(&ask("2027-01-01", &by_draft));
        maker.sees("8.000 đ");
        maker.sees("Nghị quyết thử 01/2027");
        maker.get(&ask("2027-01-01", ""));
        maker.sees("5.000 đ");
        assert_eq!(maker.get(&ask("2027-01-01", "&item1=khong_co")).status, 400);

        maker.get(&draft);
        assert_eq!(maker.post(&format!("{draft}/approve"), &[]).status, 409);
        maker.sees("phải khác người đề nghị");
        checker.get(&draft);
        assert_eq!(checker.post(&format!("{draft}/approve"), &[]).status, 303, "{}", checker.page);
        checker.get(&ask("2027-01-01", ""));
        checker.sees("8.000 đ");
        checker.get(&ask("2026-12-31", ""));
        checker.sees("5.000 đ");
        checker.get(&draft);
        checker.sees("đã duyệt");

        // A bad text is told by its rows and nothing is stored; what was typed comes back.
        maker.get("/tariff");
        let bad = format!("{TARIFF}\n[[fee]]\ncode = \"sai\"\n");
        assert_eq!(maker.post("/tariff/text", &[("text", &bad), ("reason", "thử")]).status, 400);
        maker.sees("Dòng ");
        maker.sees("code = &quot;sai&quot;");
        assert_eq!(world.count("proposal WHERE kind = 'tariff'"), 1);
        assert_eq!(world.count("tariff_edition"), 2);

        // A commune's administrator changes nothing for the city.
        let unit = Scope::unit(world.ba_dinh.id);
        let mut commune = seated(&world, service.address, Role::Administrator, "quantri.badinh", unit);
        commune.get("/account");
        let refused = commune.post("/tariff/price", &change("2027-02-01"));
        assert_eq!(refused.status, 400, "{}", commune.page);
        commune.sees("toàn thành phố");
        let kind = world.look(|conn| unit::find(conn, world.ba_dinh.id)).kind;
        assert_eq!(kind, "phường");
        service.stop();
    });
}

#[test]
fn channels_are_told_by_what_they_sent_lately() {
    each_database(|database| {
        let world = World::settled_in(database);
        for channel in [BANK, BANK, "zz-cũ"] {
            let owed = world.raise(Dong(25_000));
            let mut telling = world.claim(&owed, Dong(25_000));
            telling.claim.channel = channel.to_owned();
            telling.settle();
        }
        let told = |scope: Scope| -> Vec<(String, i64, bool)> {
            let actor = Actor { person: None, client: None, role: Role::Administrator, scope };
            let names = ["im-lặng", BANK];
            let health = world.app.read(&actor, |conn| archived::health(conn, &actor, &names, world.now()));
            let one = |one: archived::Health| (one.channel, one.day_count, one.last_at.is_some());
            health.unwrap().into_iter().map(one).collect()
        };
        let row = |channel: &str, count, was_heard| (channel.to_owned(), count, was_heard);
        let silent = row("im-lặng", 0, false);
        let sorted = |mut rows: Vec<(String, i64, bool)>| {
            rows.sort();
            rows
        };
        let heard = vec![row(BANK, 2, true), silent.clone(), row("zz-cũ", 1, true)];
        assert_eq!(told(Scope::All), sorted(heard), "configured, and what spoke today beside");
        let own = sorted(vec![row(BANK, 0, false), silent.clone()]);
        assert_eq!(told(Scope::unit(world.tay_ho.id)), own, "another unit heard nothing");

        let system = Actor { role: Role::Auditor, ..Actor::system() };
        let place = (world.now().business_day(), None);
        let events = world.look(|conn| archived::list(conn, &system, place, None, 50));
        assert_eq!(events.iter().filter(|event| event.claim.is_some()).count(), 3, "{events:?}");

        world.wait_days(2);
        let quiet = sorted(vec![row(BANK, 0, true), silent.clone()]);
        assert_eq!(told(Scope::All), quiet, "who is not configured and said nothing today is gone");
        world.wait_days(30);
        let forgotten = sorted(vec![row(BANK, 0, false), silent]);
        assert_eq!(told(Scope::All), forgotten, "silent for 30 days");
    });
}
