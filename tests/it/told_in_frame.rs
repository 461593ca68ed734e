//! Where a way ends: a page that is not there or not one's own is told inside the frame, a wrong question gives
//! its form back, what is got can be asked for without its body.

use bienlai::actor::{Role, Scope};

use crate::support::program::{Service, send};
use crate::support::visitor::{header, seated};
use crate::support::{World, each_database};

#[test]
fn a_page_that_is_not_for_somebody_leaves_them_their_ways() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.mau", unit);
        for (path, status) in
            [("/finance", 403), ("/counter/obligations/obl_0000000000000", 404), ("/tra-cuu", 404)]
        {
            let accepts = [("Accept", "text/html")];
            assert_eq!(cashier.ask("GET", path, &accepts, b"").status, status, "{path}");
            cashier.sees("<nav class=\"desk\"");
            cashier.sees("action=\"/language\"");
            cashier.sees("href=\"/counter\"");
        }
        let from = format!("http://{}/counter/shift", service.address);
        cashier.ask("GET", "/finance", &[("Referer", from.as_str())], b"");
        cashier.sees("<a class=\"button\" href=\"/counter/shift\"");
        let mut stranger = crate::support::visitor::Visitor::at(service.address);
        stranger.ask("GET", "/tra-cuu", &[("Accept", "text/html")], b"");
        assert!(!stranger.page.contains("<nav class=\"desk\""), "{}", stranger.page);
        stranger.sees("href=\"/lookup\"");
        service.stop();
    });
}

#[test]
fn a_question_that_cannot_be_read_gives_its_form_back() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        for (path, form) in [
            ("/city?month=2026-13", "action=\"/city\""),
            ("/city?moth=1", "action=\"/city\""),
            ("/admin/trail?from=x", "action=\"/admin/trail\""),
            ("/admin/operations?day=x", "action=\"/admin/operations\""),
            ("/finance/lists/receipts?state=da_nop", "action=\"/finance/lists/receipts\""),
        ] {
            assert_eq!(admin.get(path).status, 400, "{path}");
            admin.sees(form);
            admin.sees("class=\"errors\"");
        }
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        for asked in ["from=x", "from=2026-12-01&until=2026-11-01"] {
            assert_eq!(finance.get(&format!("/finance/days?{asked}")).status, 400, "{asked}");
            finance.sees("action=\"/finance/days\"");
            finance.sees("class=\"errors\"");
        }
        finance.sees("value=\"2026-12-01\"");
        service.stop();
    });
}

#[test]
fn what_can_be_got_can_be_asked_for_without_its_body() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(bienlai::amount::Dong(25_000));
        let mut service = Service::start(&world);
        let stream = format!("/p/{}/events", owed.reference_code);
        let pay = format!("/p/{}", owed.reference_code);
        for path in ["/healthz", "/lookup", "/robots.txt", pay.as_str(), stream.as_str()] {
            let reply = send(service.address, "HEAD", path, &[], b"").unwrap();
            assert_eq!((reply.status, reply.body.len()), (200, 0), "{path}");
        }
        let icon = send(service.address, "GET", "/favicon.ico", &[], b"").unwrap();
        assert_eq!((icon.status, header(&icon, "content-type")), (200, "image/svg+xml"));
        let robots = send(service.address, "GET", "/robots.txt", &[], b"").unwrap();
        assert!(String::from_utf8_lossy(&robots.body).contains("Disallow: /"));
        let posted = send(service.address, "HEAD", "/sign-out", &[], b"").unwrap();
        assert_eq!((posted.status, header(&posted, "allow")), (405, "POST"));
        service.stop();
    });
}

#[test]
fn the_language_can_be_changed_on_the_answer_to_a_form() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", unit);
        finance.get("/finance/figures");
        let token = finance.value("csrf").unwrap();
        let (origin, from) = (
            format!("http://{}", service.address),
            format!("http://{}/finance/figures?unit=00004", service.address),
        );
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", origin.as_str()),
            ("Referer", from.as_str()),
        ];
        let form = format!("csrf={token}&unit=00004&period=x&reference_no=1");
        assert_eq!(finance.ask("POST", "/finance/figures", &headers, form.as_bytes()).status, 400);
        finance.sees("name=\"back\" value=\"/finance/figures?unit=00004\"");
        service.stop();
    });
}
