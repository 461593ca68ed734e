//! The number a visitor drew at the door: keyed at the counter, called by the waiting room's screen.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::payment::book::Method;

use crate::counter_desk::{desk, with_tariff};
use crate::support::program::Service;
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database};

#[test]
fn the_waiting_room_is_called_by_ticket_where_there_is_one_and_by_four_signs_of_the_dossier_else() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        with_tariff(&world);
        let (helped, plain) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        // Somebody without a dossier, with a ticket.
        cashier.get("/counter/favourites");
        cashier.post("/counter/favourites", &[("i.chung_thuc_ban_sao", "1")]);
        cashier.get("/counter/walk-in");
        let key = cashier.value("key").unwrap();
        let form = |ticket: &'static str| {
            vec![
                ("key", key.as_str()),
                ("do", "raise"),
                ("pages.chung_thuc_ban_sao", "5"),
                ("copies.chung_thuc_ban_sao", "1"),
                ("name", "Lê Thị Mẫu"),
                ("ticket", ticket),
            ]
        };
        assert_eq!(cashier.post("/counter/walk-in", &form("Lê Thị Mẫu")).status, 400, "no name fits");
        cashier.sees("Số thứ tự gồm nhiều nhất hai chữ cái");
        assert_eq!(world.count("obligation"), 2, "nothing is half-saved");
        assert_eq!(world.count("queue_ticket"), 0);
        let raised = cashier.post("/counter/walk-in", &form("a-027"));
        assert_eq!(raised.status, 303, "{}", cashier.page);
        let page = location(&raised).to_owned();
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        let owed = cashier.value("amount").unwrap();
        let taking = [("amount", owed.as_str()), ("method", "cash"), ("key", key.as_str()), ("tendered", "")];
        assert_eq!(cashier.post(&format!("{page}/take"), &taking).status, 303, "{}", cashier.page);

        // Somebody who pays by phone, helped at the counter.
        let guide = format!("/counter/obligations/{}", helped.id);
        cashier.get(&format!("{guide}/guide"));
        assert_eq!(cashier.post(&format!("{guide}/ticket"), &[("ticket", "0912345678")]).status, 400);
        cashier.sees("Số thứ tự gồm nhiều nhất hai chữ cái");
        for ticket in ["B12", "B13"] {
            cashier.get(&format!("{guide}/guide"));
            assert_eq!(cashier.post(&format!("{guide}/ticket"), &[("ticket", ticket)]).status, 303);
        }
        cashier.get(&format!("{guide}/guide"));
        cashier.sees("Số thứ tự: B13");
        world.claim(&helped, Dong(25_000)).settle();
        world.take(&plain, Dong(8_000), Method::Cash).unwrap();

        cashier.get("/counter/screen");
        for called in ["A027", "B13", &format!("…{}", &plain.dossier_code[plain.dossier_code.len() - 4..])]
        {
            cashier.sees(&format!(">{called}<"));
        }
        let hidden = &helped.dossier_code[helped.dossier_code.len() - 4..];
        assert!(!cashier.page.contains(&format!("…{hidden}<")), "a ticket stands for the dossier");
        for name in ["Mẫu", "Thử", "B12"] {
            let table = cashier.page.split("<table").nth(1).and_then(|rest| rest.split("</table>").next());
            assert!(!table.unwrap_or_default().contains(name), "{name}");
        }
        service.stop();
    });
}

#[test]
fn a_ticket_of_another_day_calls_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let cashier = world.cashier(world.ba_dinh.id);
        let key = (world.ba_dinh.id, owed.id);
        let note = |ticket: &str| {
            world
                .app
                .write(&cashier, |tx, stamp| {
                    bienlai::obligation::ticket::note(tx, stamp, &cashier, key, ticket)
                })
                .unwrap();
        };
        let today = |world: &World| {
            world.look(|conn| {
                bienlai::obligation::ticket::of_day(conn, key.0, &[key.1], world.now().business_day())
            })
        };
        note("A027");
        assert_eq!(today(&world).get(&owed.id).map(String::as_str), Some("A027"));
        world.wait_days(1);
        assert!(today(&world).is_empty());
        note("C1");
        assert_eq!(today(&world).get(&owed.id).map(String::as_str), Some("C1"));
    });
}

#[test]
fn a_screen_in_the_hall_opens_by_its_own_link_shows_no_amount_and_goes_dark_when_the_link_ends() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let plain = world.raise(Dong(8_000));
        world.take(&plain, Dong(8_000), Method::Cash).unwrap();
        let elsewhere = world.raise_at(&world.tay_ho, Dong(9_000));
        world.take(&elsewhere, Dong(9_000), Method::Cash).unwrap();
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut office = seated(&world, service.address, Role::Administrator, "quantri.badinh", unit);
        office.get("/admin/screens");
        let foreign = [("unit", "00091"), ("place", "Sảnh tầng một")];
        assert_eq!(office.post("/admin/screens/open", &foreign).status, 400, "another unit's hall");
        assert_eq!(office.post("/admin/screens/open", &[("unit", "00004"), ("place", " ")]).status, 400);
        let made = office.post("/admin/screens/open", &[("unit", "00004"), ("place", "Sảnh tầng một")]);
        assert_eq!(made.status, 200, "{}", office.page);
        let link = office.page.split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let path = link[link.find("/screen/").unwrap()..].to_owned();
        assert!(!world.words("SELECT token_sha256 AS t FROM screen_link")[0].is_empty());
        office.get("/admin/screens");
        assert!(!office.page.contains(&path), "it is shown once");

        let mut hall = Visitor::at(service.address);
        assert_eq!(hall.get(&path).status, 200);
        hall.sees(&format!(">…{}<", &plain.dossier_code[plain.dossier_code.len() - 4..]));
        let table = hall.page.split("<table").nth(1).and_then(|rest| rest.split("</table>").next()).unwrap();
        assert!(!table.contains("đ"), "no amount: {table}");
        assert_eq!(table.matches("<tr>").count(), 2, "another unit's is not shown: {table}");
        let (head, secret) = path.split_once('.').unwrap();
        for wrong in [format!("{head}.x{}", &secret[1..]), format!("/screen/00091.{secret}"), head.to_owned()]
        {
            assert_eq!(hall.get(&wrong).status, 404, "{wrong}");
        }

        let which = office.page.split("<option value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let which = which.unwrap().to_owned();
        assert_eq!(office.post("/admin/screens/end", &[("which", &which)]).status, 200, "{}", office.page);
        office.sees("đã thu hồi lúc");
        assert_eq!(hall.get(&path).status, 404, "the screen goes dark");
        assert_eq!(office.post("/admin/screens/end", &[("which", &which)]).status, 400, "once");
        assert_eq!(world.count("audit_entry WHERE action LIKE 'screen.%'"), 2);
        service.stop();
    });
}
