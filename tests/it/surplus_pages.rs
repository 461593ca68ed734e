//! Money that came too much, as its payer and the staff see it on their pages; pictures of transfers;
//! what late and cancelled mean.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::obligation::Obligation;

use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::program::{Service, get};
use crate::support::visitor::{Visitor, header, location, seated};
use crate::support::{World, each_database};

/// 30.000 came for 25.000, and the statement shows it.
fn overpaid(world: &World) -> Obligation {
    let owed = world.raise(Dong(25_000));
    let memo = format!("{} nop phi", owed.reference_code);
    statement(world, BankFile::new(world.ba_dinh.account_no, today(world), 0).book(30_000, &memo, "R1"));
    owed
}

const ACCOUNT: [(&str, &str); 3] =
    [("bank", "VPBank"), ("account_no", "1900 7777 00"), ("holder", "NGUYEN THI THU")];

#[test]
fn a_payer_asks_for_surplus_back_and_sees_every_step_until_it_is_sent() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let ask = format!("{path}/refund");
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.sees("Bạn đã chuyển thừa 5.000 đ");
        let wrong = citizen.post(&ask, &[("bank", "VPBank"), ("account_no", "?"), ("holder", "THU")]);
        assert_eq!(wrong.status, 400);
        citizen.sees("value=\"VPBank\"");
        citizen.sees("không hợp lệ");
        assert_eq!(world.count("refund_request"), 0, "nothing half-saved");
        let elsewhere = citizen.post_from("https://evil.example", &ask, &ACCOUNT);
        assert_eq!(elsewhere.status, 403);
        for _ in 0..2 {
            assert_eq!(citizen.post(&ask, &ACCOUNT).status, 200);
        }
        assert_eq!(world.count("refund_request"), 1, "asking twice asks once");
        citizen.sees("Đã nhận đề nghị hoàn 5.000 đ");
        let complaints = world.exceptions(world.ba_dinh.id);
        let complaint = complaints.iter().find(|item| item.kind == Kind::Complaint).expect("an item");
        citizen.sees(&complaint.due_on.0.format("%d/%m/%Y").to_string());
        let stored = world.words("SELECT account_no AS t FROM bank_account");
        assert!(stored.iter().all(|text| !text.contains("7777")));

        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit.clone());
        finance.get("/finance/refunds");
        finance.sees("hẹn trả lời");
        let id = finance.page.split("/finance/refund-requests/").nth(1).unwrap().split('"').next().unwrap();
        let request = format!("/finance/refund-requests/{id}");
        finance.get(&request);
        finance.sees("1900777700");
        let taken = finance.post(&format!("{request}/answer"), &[("do", "take_up")]);
        assert_eq!(taken.status, 303, "{}", finance.page);
        finance.get(&request);
        finance.sees("đã được trả lời");
        assert!(!world.open_kinds(world.ba_dinh.id).contains(&Kind::Complaint), "the item is settled");
        citizen.get(&path);
        citizen.sees("đang chờ người thứ hai duyệt");

        finance.get("/finance/refunds");
        let id = finance.page.split("/finance/refunds/").nth(1).unwrap().split('"').next().unwrap();
        let refund = format!("/finance/refunds/{id}");
        finance.get(&refund);
        let own = finance.post(&format!("{refund}/step"), &[("do", "approve")]);
        assert_eq!(own.status, 400, "who vouched for the account does not approve");
        let mut approver = seated(&world, service.address, Role::Approver, "duyet.badinh", unit);
        approver.get(&refund);
        approver.sees("1900777700");
        let approved = approver.post(&format!("{refund}/step"), &[("do", "approve")]);
        assert_eq!(approved.status, 303, "{}", approver.page);
        citizen.get(&path);
        citizen.sees("đã duyệt, sắp chuyển");
        finance.get(&refund);
        assert_eq!(
            finance.post(&format!("{refund}/step"), &[("do", "approve")]).status,
            400,
            "approved once"
        );
        finance.get(&refund);
        assert_eq!(finance.post(&format!("{refund}/step"), &[("do", "send")]).status, 303);
        citizen.get(&path);
        citizen.sees("đã gửi lệnh cho ngân hàng");
        assert!(world.count("audit_entry WHERE action = 'refund.payee_seen'") > 2, "seeing leaves a trace");
        service.stop();
    });
}

#[test]
fn two_pages_open_at_once_ask_for_a_surplus_once_and_both_show_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        let mut service = Service::start(&world);
        let (address, path) = (service.address, format!("/p/{}", owed.reference_code));
        let pages: Vec<Visitor> = (0..4)
            .map(|_| {
                let mut citizen = Visitor::at(address);
                citizen.get(&path);
                citizen
            })
            .collect();
        std::thread::scope(|scope| {
            for mut citizen in pages {
                let path = &path;
                scope.spawn(move || {
                    assert_eq!(citizen.post(&format!("{path}/refund"), &ACCOUNT).status, 200);
                    citizen.sees("Đã nhận đề nghị hoàn 5.000 đ");
                });
            }
        });
        assert_eq!((world.count("refund_request"), world.count("refund_asked")), (1, 1));
        service.stop();
    });
}

#[test]
fn one_transfer_for_two_dossiers_is_asked_back_once_from_either_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        let memo = format!("{} {}", one.reference_code, two.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(50_000, &memo, "R1"),
        );
        world.seal();
        for owed in [&one, &two] {
            let receipt = world.receipts(owed).remove(0);
            crate::corrections::corrected(&world, &receipt, bienlai::correction::Kind::Cancel, Vec::new());
        }
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        for owed in [&one, &two] {
            let path = format!("/p/{}", owed.reference_code);
            citizen.get(&path);
            assert_eq!(citizen.post(&format!("{path}/refund"), &ACCOUNT).status, 200);
            citizen.sees("Đã nhận đề nghị hoàn 50.000 đ");
        }
        assert_eq!(world.count("refund_request"), 1, "the second page shows the first request");
        service.stop();
    });
}

#[test]
fn a_declined_wish_names_its_reason_and_may_be_said_again() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.post(&format!("{path}/refund"), &ACCOUNT);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        finance.get("/finance/refunds");
        let id = finance.page.split("/finance/refund-requests/").nth(1).unwrap().split('"').next().unwrap();
        let request = format!("/finance/refund-requests/{id}");
        finance.get(&request);
        let without = finance.post(&format!("{request}/answer"), &[("do", "decline"), ("reason", " ")]);
        assert_eq!(without.status, 400);
        let fields = [("do", "decline"), ("reason", "tên chủ tài khoản khác")];
        assert_eq!(finance.post(&format!("{request}/answer"), &fields).status, 303);
        finance.get(&request);
        assert_eq!(finance.post(&format!("{request}/answer"), &fields).status, 400, "answered once");
        citizen.get(&path);
        citizen.sees("tên chủ tài khoản khác");
        citizen.sees("Xin hoàn tiền");
        citizen.post(&format!("{path}/refund"), &ACCOUNT);
        assert_eq!(world.count("refund_request"), 2);
        // Another unit's staff see none of it.
        let other = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.tayho", other);
        assert_eq!(stranger.get(&request).status, 404);
        service.stop();
    });
}

#[test]
fn a_picture_comes_with_the_word_and_only_staff_see_it() {
    const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n the screen of a telephone";
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let told = format!("{path}/told");
        let day = today(&world).to_string();
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        let fields = [("amount", "25.000"), ("on", day.as_str()), ("trace", "FT1")];
        let wrong = citizen.upload_as(&told, &fields, "picture", b"<svg onload=alert(1)>");
        assert_eq!(wrong.status, 400);
        citizen.sees("JPEG, PNG hoặc WebP");
        citizen.sees("value=\"25.000\"");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        assert_eq!(citizen.upload_as(&told, &fields, "picture", PICTURE).status, 200);
        citizen.sees("trả lời chậm nhất ngày");
        assert_eq!(citizen.upload_as(&told, &fields, "picture", b"").status, 200, "no picture is no fault");
        assert_eq!(world.count("told_picture"), 1);

        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit.clone());
        let item = world.exceptions(world.ba_dinh.id).remove(0);
        finance.get(&format!("/finance/exceptions/{}", item.id));
        let link = finance.page.split("/finance/pictures/").nth(1).unwrap().split('"').next().unwrap();
        let link = format!("/finance/pictures/{link}");
        let shown = finance.get(&link);
        assert_eq!((shown.status, shown.body.as_slice()), (200, PICTURE));
        assert_eq!(header(&shown, "content-type"), "image/png");
        assert!(header(&shown, "content-security-policy").contains("sandbox"));
        assert_eq!(location(&Visitor::at(service.address).get(&link)), format!("/sign-in?next={link}"));
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", unit);
        assert_eq!(cashier.get(&link).status, 403);
        let other = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.tayho", other);
        assert_eq!(stranger.get(&link).status, 404);
        service.stop();
    });
}

#[test]
fn late_and_cancelled_are_told_in_plain_words_and_the_code_is_a_picture_too() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let gone = world.raise(Dong(25_000));
        world.cancel(&gone).unwrap();
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&format!("/p/{}", gone.reference_code));
        citizen.sees("xin đừng chuyển tiền");
        citizen.get(&format!("/p/{}", owed.reference_code));
        citizen.sees("Lưu ảnh mã QR");
        let picture = get(service.address, &format!("/p/{}/qr.png", owed.reference_code)).unwrap();
        assert_eq!(picture.status, 200);
        let file = world.database.folder.path().join("qr.png");
        std::fs::write(&file, &picture.body).unwrap();
        let read = std::process::Command::new("zbarimg").args(["-q", "--raw"]).arg(&file).output().unwrap();
        let text = String::from_utf8(read.stdout).unwrap();
        assert!(text.contains(&owed.reference_code), "zbar reads {text}");
        assert_eq!(get(service.address, &format!("/p/{}/qr.png", gone.reference_code)).unwrap().status, 409);
        service.stop();
    });
}
