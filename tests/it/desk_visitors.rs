//! Visitors at the counter: who pays without a dossier, and who comes back for what was paid.

use bienlai::amount::Dong;
use bienlai::party::Payer;
use bienlai::payment::book::Method;

use crate::counter_desk::{desk, with_tariff};
use crate::support::program::Service;
use crate::support::visitor::location;
use crate::support::{World, each_database};

#[test]
fn what_was_paid_is_found_by_name_phone_and_ticket_like_what_is_owed() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payer = || Payer {
            name: Some("Nguyễn Thị Minh Mẫu".into()),
            phone: Some("0900 000 009".into()),
            ..Payer::default()
        };
        let (paid, owed) = (world.raise_for(payer(), Dong(25_000)), world.raise_for(payer(), Dong(8_000)));
        let stranger = world.raise(Dong(5_000));
        for (item, amount) in [(&paid, 25_000), (&stranger, 5_000)] {
            world.take(item, Dong(amount), Method::Cash).unwrap();
        }
        let cashier = world.cashier(world.ba_dinh.id);
        let key = (world.ba_dinh.id, paid.id);
        world
            .app
            .write(&cashier, |tx, stamp| bienlai::obligation::ticket::note(tx, stamp, &cashier, key, "A027"))
            .unwrap();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let link = |id: bienlai::id::ObligationId| format!("/counter/obligations/{id}");
        for asked in ["nguyễn thị minh mẫu", "nguyen thi minh mau", "+84 900 000 009"] {
            cashier.get("/counter");
            cashier.post("/counter/search", &[("q", asked)]);
            let (first, second) = (link(owed.id), link(paid.id));
            let at = |link: &str| cashier.page.find(link).unwrap_or_else(|| panic!("{asked}: {link}"));
            assert!(at(&first) < at(&second), "what is owed comes first");
            cashier.sees("Đã nộp");
            assert!(!cashier.page.contains(&link(stranger.id)), "somebody else's");
        }
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", "a 027")]);
        cashier.sees(&link(paid.id));
        assert!(!cashier.page.contains(&link(owed.id)), "the ticket names one");
        cashier.get(&link(paid.id));
        cashier.sees(">A027<");
        service.stop();
    });
}

#[test]
fn a_walk_in_says_who_pays_is_charged_as_their_group_and_is_found_again() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        with_tariff(&world);
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        cashier.get("/counter/favourites");
        cashier.post("/counter/favourites", &[("i.chung_thuc_chu_ky", "1"), ("i.ho_kinh_doanh", "1")]);
        cashier.get("/counter/walk-in");
        cashier.sees("autofocus");
        cashier.sees("10.000 đ/");
        let key = cashier.value("key").unwrap();
        let form = |action: &'static str, phone: &'static str, group: &'static str| {
            vec![
                ("key", key.as_str()),
                ("do", action),
                ("quantity.chung_thuc_chu_ky", "1"),
                ("name", "Lê Thị Mẫu"),
                ("phone", phone),
                ("personal_id", "001099000017"),
                ("group", group),
            ]
        };
        assert_eq!(cashier.post("/counter/walk-in", &form("raise", "số máy", "")).status, 400);
        cashier.sees("<details open>");
        cashier.sees("value=\"số máy\"");
        assert_eq!(world.count("obligation"), 0, "nothing is half-saved");
        // Everything that is wrong is told at once, in the order of the form.
        let wrong = [
            ("key", key.as_str()),
            ("do", "raise"),
            ("ticket", "Lê Thị Mẫu"),
            ("phone", "số máy"),
            ("tax_code", "123"),
            ("personal_id", "1"),
            ("quantity.chung_thuc_chu_ky", "một"),
            ("quantity.ho_kinh_doanh", "-1"),
        ];
        assert_eq!(cashier.post("/counter/walk-in", &wrong).status, 400);
        let at =
            |field: &str| cashier.page.find(&format!("href=\"#{field}\"")).expect("a fault of the field");
        let told = wrong[2..].iter().map(|&(field, _)| at(field));
        assert!(told.is_sorted(), "{}", cashier.page);
        let reason = "Số lượng: Hãy nhập một số.";
        assert_eq!(cashier.page.matches(reason).count(), 4, "each on top and once beside its field");
        assert_eq!(cashier.post("/counter/walk-in", &form("price", "0900 000 017", "khong_co")).status, 400);
        let half = form("price", "0900 000 017", "nguoi_cao_tuoi");
        assert_eq!(cashier.post("/counter/walk-in", &half).status, 200, "{}", cashier.page);
        cashier.sees("<p class=\"amount\">5.000 đ</p>");
        assert_eq!(cashier.post("/counter/walk-in", &form("price", "0900 000 017", "")).status, 200);
        cashier.sees("<p class=\"amount\">10.000 đ</p>");
        cashier.sees("data-part>10.000 đ</strong>");
        let raised = cashier.post("/counter/walk-in", &form("raise", "0900 000 017", ""));
        assert_eq!(raised.status, 303, "{}", cashier.page);
        let page = location(&raised).to_owned();
        for asked in ["0900000017", "001099000017"] {
            cashier.get("/counter");
            cashier.post("/counter/search", &[("q", asked)]);
            cashier.sees(&page);
        }
        service.stop();
    });
}
