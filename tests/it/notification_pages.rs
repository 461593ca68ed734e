//! What staff see of the messages to payers, of a receipt that was cancelled, and of a correction they are
//! to approve.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::correction::Kind;
use bienlai::notification;
use bienlai::receipt::cancel;

use crate::corrections::{ask, collected, fee, request};
use crate::messages::{messages, sealed, with_email};
use crate::support::program::{Service, get};
use crate::support::visitor::{location, seated};
use crate::support::{World, each_database};

#[test]
fn what_did_not_reach_a_payer_is_found_with_its_reason_and_sent_again_by_a_button() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let of = sealed(&world, with_email());
        let id = messages(&world, &of)[0].id;
        world.change(|tx, stamp| {
            notification::bounced(tx, stamp, (of.0.unit, id), "dsn", "5.1.1", true).map(|_| ())
        });
        let mut service = Service::start(&world);
        let mut cashier =
            seated(&world, service.address, Role::Cashier, "thungan.mau", Scope::unit(world.ba_dinh.id));
        cashier.get("/finance/notifications?unit=00004&state=undelivered");
        for seen in ["bị trả lại", "5.1.1", "m***@example.vn"] {
            cashier.sees(seen);
        }
        assert!(!cashier.page.contains("mau@example.vn"), "the address is the payer's: {}", cashier.page);
        cashier.get(&format!("/finance/notifications?receipt={}", of.1));
        let one = format!("/finance/notifications/{id}");
        cashier.sees(&one);
        assert_eq!(cashier.get(&one).status, 200);
        let sent = cashier.post(&one, &[]);
        assert_eq!((sent.status, location(&sent)), (303, one.as_str()), "{}", cashier.page);
        cashier.get(&one);
        cashier.sees("đang chờ gửi");
        assert_eq!(cashier.post(&one, &[]).status, 400, "what waits is not sent again");
        cashier.get("/finance/notifications?unit=00004&state=undelivered");
        cashier.sees("Chưa có gì.");
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.mau", Scope::All);
        auditor.get(&one);
        assert_eq!(auditor.post(&one, &[]).status, 403);
        let elsewhere = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.khac", elsewhere);
        assert_eq!(stranger.get(&one).status, 404);
        service.stop();
    });
}

#[test]
fn whoever_approves_a_correction_reads_what_each_line_was_and_becomes() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 8_000), fee("HT-02", 9_000)]);
        request(&world, &ask(&receipt, Kind::Adjust, vec![fee("HT-01", 5_000), fee("HT-02", 9_000)]))
            .unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "truong.mau", Scope::All);
        chief.get("/duties");
        chief.sees("8.000 đ → 5.000 đ");
        assert!(!chief.page.contains("9.000 đ → 9.000 đ"), "what stays is not told: {}", chief.page);
        let mut cashier =
            seated(&world, service.address, Role::Cashier, "thungan.mau", Scope::unit(world.ba_dinh.id));
        cashier.get(&format!("/counter/obligations/{}", owed.id));
        cashier.sees(&format!("/counter/obligations/{}/correct", owed.id));
        cashier.sees(&format!("/finance/notifications?receipt={}", receipt.id));
        service.stop();
    });
}

#[test]
fn the_page_of_a_cancelled_receipt_says_the_day() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let (_, receipt) = collected(&world, vec![fee("HT-01", 8_000)]);
        let system = Actor::system();
        world.change(|tx, stamp| cancel::cancel(tx, stamp, &system, receipt.unit, receipt.id, "thu nhầm"));
        let day = world.now().business_day().0.format("%d/%m/%Y").to_string();
        let mut service = Service::start(&world);
        let page = get(service.address, &format!("/r/{}", receipt.lookup_code)).unwrap();
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(text.contains(&format!("Đã hủy ngày {day}")), "{text}");
        service.stop();
    });
}
