//! A morning at the counter as a cashier works it in a browser: the shift, the search, the money, the
//! paper, and every way in which money could be taken twice.

use std::time::Duration;

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::ObligationId;
use bienlai::payment::book::Method;

use crate::callbacks::token;
use crate::counter_desk;
use crate::support::program::{Service, get, send};
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database};

fn desk(world: &World, service: &Service) -> Visitor {
    seated(world, service.address, Role::Cashier, "thungan.badinh", Scope::unit(world.ba_dinh.id))
}

#[test]
fn a_cashier_finds_takes_prints_and_counts() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        cashier.get("/counter");
        cashier.sees("Chưa mở ca thu");

        // Who was about to take money is led back to it, and nowhere else.
        let begun = format!("/counter/obligations/{}", owed.id);
        cashier.get(&begun);
        let way = format!("/counter/shift?begun={}", owed.id);
        cashier.sees(&way);
        cashier.get("/counter/shift?begun=//evil.example");
        assert_eq!(cashier.value("begun"), None);
        cashier.get(&way);
        let id = cashier.value("begun").expect("what was begun");
        let fields = [("n10000", "hai"), ("n5000", "7"), ("begun", id.as_str())];
        let wrong = cashier.post("/counter/shift/open", &fields);
        assert_eq!(wrong.status, 400);
        cashier.sees("value=\"hai\"");
        cashier.sees("value=\"7\"");
        assert_eq!(world.count("shift"), 0, "nothing half-saved");
        assert_eq!(cashier.value("begun"), Some(id.clone()));
        let opened = cashier.post("/counter/shift/open", &[("n10000", "5"), ("begun", id.as_str())]);
        assert_eq!((opened.status, location(&opened)), (303, begun.as_str()));

        for asked in [
            owed.dossier_code.as_str(),
            "nguyen thi thu",
            "Nguyễn Thị Thử",
            "0900 000 001",
            "+84 900 000 001",
            "84900000001",
            &owed.reference_code,
        ] {
            cashier.get("/counter");
            let found = cashier.post("/counter/search", &[("q", asked)]);
            assert_eq!(found.status, 200);
            cashier.sees(&format!("/counter/obligations/{}", owed.id));
            cashier.sees("Nguyễn Thị Thử");
        }
        // What a scanner types: the whole of the payer's QR code, the memo at its end.
        let bearer = format!("Bearer {}", token(&world, Role::Finance));
        let path = format!("/api/v1/obligations/{}/qr", owed.id);
        let drawn = send(service.address, "GET", &path, &[("Authorization", &bearer)], b"").unwrap();
        let scanned = drawn.json()["payload"].as_str().expect("a payload").to_owned();
        assert!(scanned.len() > 100, "{scanned}");
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", &scanned)]);
        cashier.sees(&format!("/counter/obligations/{}", owed.id));
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", "Không Có Ai")]);
        cashier.sees("Không tìm thấy");

        let page = format!("/counter/obligations/{}", owed.id);
        let take = format!("{page}/take");
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        let form = |tendered: &'static str, method: &'static str| {
            vec![("amount", "25000"), ("tendered", tendered), ("method", method)]
        };
        let mut little = form("20.000", "cash");
        little.push(("key", key.as_str()));
        assert_eq!(cashier.post(&take, &little).status, 400);
        cashier.sees("ít hơn số phải nộp");
        cashier.sees("value=\"20.000\"");
        assert_eq!(cashier.value("key").as_deref(), Some(key.as_str()), "the same form comes back");
        let mut much = form("9.000.000", "cash");
        much.push(("key", key.as_str()));
        assert_eq!(cashier.post(&take, &much).status, 400, "a digit slipped in");
        cashier.sees("hãy kiểm tra lại số đã gõ");
        assert_eq!(world.count("payment"), 0);

        let mut enough = form("50.000", "cash");
        enough.push(("key", key.as_str()));
        let taken = cashier.post(&take, &enough);
        assert_eq!(taken.status, 303);
        let payment = world.payments(&world.ba_dinh).remove(0).id;
        assert_eq!(location(&taken), format!("{page}?taken={payment}"));
        cashier.get(location(&taken));
        cashier.sees("Tiền trả lại: 25.000 đ");
        world.seal();
        cashier.get(&page);
        cashier.sees("Xem, in (PDF)");

        cashier.get("/counter");
        cashier.sees("25.000 đ");
        cashier.sees("BD-26E");
        cashier.get("/counter/shift");
        cashier.sees("75.000 đ");
        let shift = cashier.value("shift").unwrap();
        let closed =
            cashier.post("/counter/shift/close", &[("shift", &shift), ("n10000", "5"), ("n5000", "5")]);
        assert_eq!(closed.status, 303);
        cashier.get("/counter/shift");
        cashier.sees("Ca hôm nay đã đóng");
        // What was taken stays on the desk, and a second opening has its own figures beside the first's.
        cashier.get("/counter");
        cashier.sees("BD-26E");
        cashier.get("/counter/shift");
        assert_eq!(cashier.post("/counter/shift/open", &[("n10000", "2")]).status, 303);
        cashier.get("/counter/shift");
        cashier.sees("Các lượt mở ca trong ngày");
        cashier.sees("Còn lại từ lượt trước");
        cashier.sees("45.000 đ");
        cashier.get("/counter");
        cashier.sees("Chưa có khoản nào");
        cashier.sees("BD-26E");
        service.stop();
    });
}

/// Part of it came by transfer: the change is of what was taken. And when the rest comes by transfer
/// while the cashier counts, the page says to give the money back.
#[test]
fn change_is_of_what_was_taken_and_a_form_that_comes_too_late_says_so() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (part, late) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        world.claim(&part, Dong(10_000)).settle();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        cashier.get("/counter/shift");
        cashier.post("/counter/shift/open", &[]);
        let page = format!("/counter/obligations/{}", part.id);
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        let form = [("amount", "15000"), ("tendered", "20.000"), ("method", "cash"), ("key", key.as_str())];
        let taken = cashier.post(&format!("{page}/take"), &form);
        cashier.get(location(&taken));
        cashier.sees("Đã thu tiền");
        cashier.sees("Tiền trả lại: 5.000 đ");

        let page = format!("/counter/obligations/{}", late.id);
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        world.claim(&late, Dong(25_000)).settle();
        let form = [("amount", "25000"), ("method", "cash"), ("key", key.as_str())];
        let refused = cashier.post(&format!("{page}/take"), &form);
        assert_eq!((refused.status, location(&refused)), (303, format!("{page}?late=1").as_str()));
        cashier.get(location(&refused));
        cashier.sees("hãy trả lại cho người nộp");
        assert!(!cashier.page.contains("Đã thu tiền"), "nothing was taken");
        assert_eq!(world.count("payment WHERE method = 'cash'"), 1);
        service.stop();
    });
}

#[test]
fn money_is_taken_once_however_often_and_from_wherever_the_form_is_sent() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut first = desk(&world, &service);
        first.get("/counter/shift");
        first.post("/counter/shift/open", &[]);
        let page = format!("/counter/obligations/{}", owed.id);
        let take = format!("{page}/take");
        first.get(&page);
        let (key, csrf) = (first.value("key").unwrap(), first.value("csrf").unwrap());
        first.get(&page);
        let second_key = first.value("key").unwrap();
        assert_ne!(key, second_key, "each form has its own key");

        let origin = format!("http://{}", service.address);
        let send = |key: &str| {
            let mut tab = Visitor::at(service.address);
            tab.cookies = first.cookies.clone();
            let fields = [
                ("csrf", csrf.as_str()),
                ("key", key),
                ("amount", "25000"),
                ("tendered", ""),
                ("method", "cash"),
            ];
            tab.post_from(&origin, &take, &fields).status
        };
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let tabs: Vec<_> =
                (0..6).map(|n| scope.spawn(move || send(if n % 2 == 0 { "a0" } else { "b1" }))).collect();
            tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
        });
        assert!(answers.contains(&303), "{answers:?}");
        assert!(answers.iter().all(|status| [303, 400, 409, 503].contains(status)), "{answers:?}");
        assert_eq!(send("a0"), 303, "the back button");
        assert_eq!(send(&second_key), 303, "another tab: the page shows that it is paid");
        assert_eq!(world.count("payment"), 1);
        assert_eq!(world.count("receipt"), 1);
        assert_eq!(send("not a key!"), 400);
        service.stop();
    });
}

#[test]
fn a_cashier_reaches_no_other_unit_and_no_other_desk() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let foreign = world.raise_at(&world.tay_ho, Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}", foreign.id);
        assert_eq!(cashier.get(&page).status, 404);
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", &foreign.reference_code)]);
        assert!(!cashier.page.contains(&foreign.id.to_string()));
        let take =
            cashier.post(&format!("{page}/take"), &[("key", "a0"), ("amount", "25000"), ("method", "cash")]);
        assert!([403, 404, 400].contains(&take.status), "{}", take.status);
        assert_eq!(world.count("payment"), 0);
        for other in ["/finance", "/finance/days", "/finance/exceptions", "/finance/statements", "/users"] {
            assert_eq!(cashier.get(other).status, 403, "{other}");
        }
        service.stop();
    });
}

/// What turns a page by itself where there are no scripts.
const TURNS: &str = "http-equiv=\"refresh\"";

#[test]
fn a_transfer_that_the_bank_only_told_of_is_seen_at_the_desk_and_paid_again_only_knowingly() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, plain) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        assert_eq!(world.claim(&owed, Dong(25_000)).by("stranger").settle().receipt, None);
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        for (asked, is_told) in [(&owed, true), (&plain, false)] {
            cashier.get("/counter");
            cashier.post("/counter/search", &[("q", &asked.reference_code)]);
            assert_eq!(cashier.page.contains("Báo có 25.000 đ lúc "), is_told, "{}", cashier.page);
        }
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&format!("{page}/guide"));
        cashier.sees("Ngân hàng đã báo có 25.000 đ lúc ");
        let folded = cashier.page.find("Xin đừng chuyển lại trong khi chờ").expect("it is folded");
        assert!(folded < cashier.page.find("class=\"card qr\"").unwrap(), "the code is folded away");

        cashier.get(&page);
        cashier.sees("Ngân hàng đã báo có 25.000 đ lúc ");
        let key = cashier.value("key").unwrap();
        let take = format!("{page}/take");
        let form = [("key", key.as_str()), ("amount", "25000"), ("tendered", "50.000"), ("method", "cash")];
        assert_eq!(cashier.post(&take, &form).status, 400, "{}", cashier.page);
        cashier.is_told("transfer_advised");
        cashier.sees("value=\"50.000\"");
        assert_eq!((world.count("payment"), world.count("receipt")), (0, 0));
        let knowing = [&form[..], &[("despite", "1")][..]].concat();
        assert_eq!(cashier.post(&take, &knowing).status, 303, "{}", cashier.page);
        assert_eq!(world.count("payment"), 1);

        cashier.get(&format!("/counter/obligations/{}", plain.id));
        assert!(!cashier.page.contains("name=\"despite\""), "nothing was told of this one");
        service.stop();
    });
}

#[test]
fn several_are_taken_over_a_told_transfer_only_knowingly() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, plain) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        world.claim(&owed, Dong(25_000)).by("stranger").settle();
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        cashier.get(&format!("/counter/together?o={}&o={}", owed.id, plain.id));
        cashier.sees("Báo có 25.000 đ lúc ");
        let key = cashier.value("key").unwrap();
        let (first, second) = (format!("o.{}", owed.id), format!("o.{}", plain.id));
        let form = [
            ("key", key.as_str()),
            (first.as_str(), "25000"),
            (second.as_str(), "8000"),
            ("tendered", "40.000"),
            ("method", "cash"),
        ];
        assert_eq!(cashier.post("/counter/together/take", &form).status, 400, "{}", cashier.page);
        cashier.is_told("transfer_advised");
        cashier.sees("value=\"40.000\"");
        assert_eq!(world.count("payment"), 0, "all or none");
        let knowing = [&form[..], &[("despite", "1")][..]].concat();
        assert_eq!(cashier.post("/counter/together/take", &knowing).status, 303, "{}", cashier.page);
        assert_eq!(world.count("payment"), 2);
        service.stop();
    });
}

#[test]
fn what_waits_on_a_slip_is_chosen_by_nobody_counted_in_no_sum_and_shown_no_code() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, plain) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        cashier.get("/counter/slips");
        assert_eq!(cashier.post("/counter/slips", &[("do", "print"), ("count", "2")]).status, 303);
        let page = format!("/counter/obligations/{}", owed.id);
        let picture = format!("/p/{}/qr.png", owed.reference_code);
        assert_eq!(cashier.get(&format!("{page}/guide")).status, 200);
        assert_eq!(get(service.address, &picture).unwrap().status, 200);
        cashier.get(&page);
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        let slip = [("number", "1"), ("amount", "25.000"), ("collected_at", now.as_str())];
        assert_eq!(cashier.post(&format!("{page}/slip"), &slip).status, 303, "{}", cashier.page);

        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", "nguyen thi thu")]);
        cashier.sees("Đã thu bằng phiếu tạm, chờ đối chứng");
        let choice = |id: ObligationId| format!("name=\"o\" value=\"{id}\"");
        cashier.sees(&choice(plain.id));
        assert!(!cashier.page.contains(&choice(owed.id)), "{}", cashier.page);
        cashier.get(&format!("/counter/together?o={}&o={}", owed.id, plain.id));
        cashier.sees("Đã thu bằng phiếu tạm, chờ đối chứng");
        cashier.sees("<p class=\"amount\">8.000 đ</p>");
        assert!(!cashier.page.contains(&format!("o.{}", owed.id)), "{}", cashier.page);
        let back = cashier.get(&format!("{page}/guide"));
        assert_eq!((back.status, location(&back)), (303, page.as_str()), "nobody is to pay it by phone");
        assert_eq!(get(service.address, &picture).unwrap().status, 409);
        service.stop();
    });
}

#[test]
fn without_scripts_the_guide_turns_by_itself_and_not_under_who_notes_a_ticket() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&format!("{page}/guide"));
        cashier.sees(TURNS);
        cashier.sees(&format!("{page}/guide?ticket=1"));
        cashier.get(&format!("{page}/guide?ticket=1"));
        assert!(!cashier.page.contains(TURNS), "it is typed");
        let refused = cashier.post(&format!("{page}/ticket"), &[("ticket", "0912345678")]);
        assert_eq!(refused.status, 400);
        assert!(!cashier.page.contains(TURNS), "its reasons are read");
        cashier.sees("value=\"0912345678\"");
        service.stop();
    });
}

/// Sóc Sơn has no signing key, nor has the city: its documents wait.
#[test]
fn a_slow_signature_of_several_offers_a_confirmation_of_each() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.open_series(&world.soc_son, "SS-26E", 1_000);
        let two = [8_000, 9_000].map(|amount| {
            let owed = world.raise_at(&world.soc_son, Dong(amount));
            world.take(&owed, Dong(amount), Method::Cash).unwrap();
            owed
        });
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.soc_son.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.socson", unit);
        std::thread::sleep(Duration::from_secs(4));
        cashier.get(&format!("/counter/together?o={}&o={}", two[0].id, two[1].id));
        for owed in &two {
            let confirmation = format!("/counter/obligations/{}/confirmation", owed.id);
            cashier.sees(&confirmation);
            assert_eq!(cashier.get(&confirmation).status, 200);
            cashier.sees("Đây không phải biên lai");
            cashier.get(&format!("/counter/together?o={}&o={}", two[0].id, two[1].id));
        }
        service.stop();
    });
}

/// Enter presses the first button of a form, which is cash.
#[test]
fn a_noted_approval_code_is_never_taken_as_cash_and_the_other_button_takes_nothing_more() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        let take = format!("{page}/take");
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        let form = |method: &'static str, code: &'static str| {
            [("key", key.as_str()), ("amount", "25000"), ("method", method), ("approval_code", code)]
        };
        assert_eq!(cashier.post(&take, &form("cash", "A1B2C3")).status, 400);
        cashier.is_told("card_code_with_cash");
        cashier.sees("value=\"A1B2C3\"");
        assert_eq!(cashier.post(&take, &form("gold", "")).status, 400, "neither cash nor card");
        assert_eq!(world.count("payment"), 0);
        assert_eq!(cashier.post(&take, &form("card", "")).status, 303);
        let taken = format!("{page}?taken={}", world.payments(&world.ba_dinh).remove(0).id);
        assert_eq!(world.count("card_slip"), 0);
        // The code is typed after all, and then mistyped: the card paid once, and nothing is given back.
        for (code, told) in [("A1B2C3", ""), ("a1b2 c3", ""), ("A1B2C4", "&kept=1"), ("", "")] {
            let again = cashier.post(&take, &form("card", code));
            let place = format!("{taken}{told}");
            assert_eq!((again.status, location(&again)), (303, place.as_str()), "{code}");
            cashier.get(&place);
            let names_kept = cashier.page.contains("Mã chuẩn chi đã ghi trước đó là A1B2C3");
            assert_eq!(names_kept, !told.is_empty(), "{code}");
        }
        assert_eq!(world.count("card_slip WHERE approval_code = 'A1B2C3'"), 1);
        assert_eq!((world.count("card_slip"), world.count("payment")), (1, 1));

        // Behind the back button stands the same form.
        let back = cashier.post(&take, &form("cash", ""));
        assert_eq!((back.status, location(&back)), (303, format!("{page}?late=1").as_str()));
        cashier.get(location(&back));
        cashier.sees("không ghi nhận thêm tiền");
        assert_eq!(world.count("payment"), 1);
        service.stop();
    });
}

#[test]
fn a_walk_in_with_other_figures_behind_the_back_button_leads_to_the_first_and_raises_one_more_only_knowingly()
{
    each_database(|database| {
        let world = World::settled_in_today(database);
        counter_desk::with_tariff(&world);
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        cashier.get("/counter/walk-in");
        let key = cashier.value("key").unwrap();
        let first = cashier.post("/counter/walk-in", &signatures(&key, "2"));
        assert_eq!(first.status, 303, "{}", cashier.page);
        assert_eq!(cashier.post("/counter/walk-in", &signatures(&key, "5")).status, 409);
        cashier.sees("số liệu mới chưa được lập");
        cashier.sees(&format!("href=\"{}\"", location(&first)));
        cashier.sees("value=\"5\"");
        assert_eq!(world.count("obligation"), 1);

        let fresh = cashier.value("key").unwrap();
        assert_ne!(fresh, key, "the next press is another wish");
        assert_eq!(cashier.post("/counter/walk-in", &signatures(&fresh, "5")).status, 303);
        assert_eq!(world.count("obligation"), 2);
        service.stop();
    });
}

/// So many signatures to be certified for a walk-in.
fn signatures<'f>(key: &'f str, count: &'f str) -> [(&'f str, &'f str); 4] {
    [("key", key), ("do", "raise"), ("name", "Lê Thị Mẫu"), ("quantity.chung_thuc_chu_ky", count)]
}

#[test]
fn a_field_of_a_slip_that_is_left_empty_is_named() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = counter_desk::desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&page);
        let written = [("number", "1"), ("amount", "25000"), ("collected_at", "2026-11-27T08:00")];
        for (empty, _) in written {
            let fields = written.map(|(name, value)| (name, if name == empty { " " } else { value }));
            assert_eq!(cashier.post(&format!("{page}/slip"), &fields).status, 400, "{empty}");
            cashier.is_told("field_missing");
            cashier.sees(&format!("href=\"#{empty}\""));
        }
        service.stop();
    });
}
