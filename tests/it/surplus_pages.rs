//! Money that came too much, as its payer and the staff see it on their pages; pictures of transfers;
//! what late and cancelled mean.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::obligation::Obligation;
use bienlai::party::Payer;
use bienlai::simulator::sms::SmsCentre;
use bienlai::store::Product;

use crate::messages::sms_section;
use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::program::{How, Reply, Service, get};
use crate::support::visitor::{Visitor, header, location, seated};
use crate::support::{World, each_database};

/// 30.000 came for 25.000, and the statement shows it.
fn overpaid(world: &World) -> Obligation {
    overpaid_by(world, |file| file)
}

/// The same from the account that the stories ask it back to.
fn overpaid_by_sender(world: &World) -> Obligation {
    overpaid_by(world, |file| file.sent_from("1900777700"))
}

fn overpaid_by(world: &World, sent: impl Fn(BankFile) -> BankFile) -> Obligation {
    let owed = world.raise(Dong(25_000));
    let memo = format!("{} nop phi", owed.reference_code);
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 0).book(30_000, &memo, "R1");
    statement(world, sent(file));
    owed
}

const ACCOUNT: [(&str, &str); 3] =
    [("bank", "VPBank"), ("account_no", "1900 7777 00"), ("holder", "NGUYEN THI THU")];

/// A service that can send codes, and where they arrive.
fn texting(world: &World) -> (Service, SmsCentre) {
    let centre = SmsCentre::start(0, None).unwrap();
    let sections = sms_section(world, &[&centre.url()]);
    (Service::start_as(world, How { sections: &sections, ..How::default() }).unwrap(), centre)
}

/// The code of the newest message, once there are so many.
fn code(centre: &SmsCentre, count: usize) -> String {
    let start = std::time::Instant::now();
    let codes = || -> Vec<String> {
        let texts = centre.sent().into_iter().map(|sms| sms.text);
        texts.filter(|text| text.contains("ma xac nhan hoan tien")).collect()
    };
    while codes().len() < count {
        assert!(start.elapsed().as_secs() < 10, "no code came");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let text = codes().pop().expect("a message");
    assert!(text.contains("7700"), "it names the account's end: {text}");
    text.split(' ').next().unwrap().to_owned()
}

fn ask_with(citizen: &mut Visitor, path: &str, code: &str) -> Reply {
    citizen.post(path, &[&ACCOUNT[..], &[("code", code)]].concat())
}

#[test]
fn what_was_paid_twice_or_for_nothing_is_shown_to_its_payer_and_not_waved_away() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let twice = world.raise(Dong(25_000));
        world.claim(&twice, Dong(25_000)).settle();
        world.claim(&twice, Dong(25_000)).settle();
        let in_parts = world.raise(Dong(30_000));
        for amount in [10_000, 20_000, 7_000] {
            world.claim(&in_parts, Dong(amount)).settle();
        }
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        for (owed, words) in
            [(&twice, "Bạn đã chuyển thừa 25.000 đ"), (&in_parts, "Bạn đã chuyển thừa 7.000 đ")]
        {
            citizen.get(&format!("/p/{}", owed.reference_code));
            citizen.sees(words);
            citizen.sees(&format!("/p/{}/refund", owed.reference_code));
        }
        service.stop();
        let items = world.exceptions(world.ba_dinh.id);
        let item = items.iter().find(|item| item.kind == Kind::DuplicateTransfer).expect("a surplus is told");
        let refused = world
            .app
            .read(&bienlai::actor::Actor::system(), |conn| {
                bienlai::payment::resolve::check_proposal(conn, item, "acknowledge", None)
            })
            .unwrap_err();
        assert_eq!(refused.code(), "surplus_stands");
    });
}

#[test]
fn a_payer_asks_for_surplus_back_and_sees_every_step_until_it_is_sent() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        let (mut service, centre) = texting(&world);
        let path = format!("/p/{}", owed.reference_code);
        let ask = format!("{path}/refund");
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.sees("Bạn đã chuyển thừa 5.000 đ");
        let wrong = citizen.post(&ask, &[("bank", "VPBank"), ("account_no", "?"), ("holder", " ")]);
        assert_eq!(wrong.status, 400);
        citizen.sees("value=\"970432\" selected");
        citizen.is_told("payee_account_wrong");
        citizen.is_told("field_missing");
        citizen.sees("href=\"#holder\"");
        assert_eq!(world.count("refund_request"), 0, "nothing half-saved");
        let elsewhere = citizen.post_from("https://evil.example", &ask, &ACCOUNT);
        assert_eq!(elsewhere.status, 403);
        assert_eq!(citizen.post(&ask, &ACCOUNT).status, 200);
        citizen.sees("gửi tới ***001");
        assert_eq!(world.count("refund_request"), 0, "no statement says that the account is the sender's");
        let code = code(&centre, 1);
        for _ in 0..2 {
            assert_eq!(ask_with(&mut citizen, &ask, &code).status, 200);
        }
        assert_eq!(world.count("refund_request"), 1, "asking twice asks once");
        citizen.sees("Đã nhận đề nghị hoàn 5.000 đ");
        let complaints = world.exceptions(world.ba_dinh.id);
        let complaint = complaints.iter().find(|item| item.kind == Kind::Complaint).expect("an item");
        citizen.sees(&complaint.due_on.0.format("%d/%m/%Y").to_string());
        let hex = match world.product() {
            Product::PostgreSql => "encode(cipher, 'hex')",
            Product::Sqlite => "lower(hex(cipher))",
        };
        let stored = world.words(&format!("SELECT {hex} AS t FROM refund_request"));
        assert_eq!(stored.len(), 1);
        let in_clear =
            ["1900777700", "1900 7777 00", "NGUYEN THI THU"].map(|text| bienlai::text::hex(text.as_bytes()));
        assert!(in_clear.iter().all(|text| !stored[0].contains(text)), "the account is encrypted");

        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit.clone());
        finance.get("/finance/refunds");
        finance.sees("hẹn trả lời");
        let id = finance.page.split("/finance/refund-requests/").nth(1).unwrap().split('"').next().unwrap();
        let request = format!("/finance/refund-requests/{id}");
        finance.get(&request);
        finance.sees("1900777700");
        finance.sees("Mã gửi tới điện thoại");
        let taken = finance.post(&format!("{request}/answer"), &[("do", "take_up")]);
        assert_eq!(taken.status, 303, "{}", finance.page);
        finance.get(&request);
        finance.sees("đã được trả lời");
        assert!(!world.open_kinds(world.ba_dinh.id).contains(&Kind::Complaint), "the item is settled");
        citizen.get(&path);
        citizen.sees("đang chờ người thứ hai duyệt");
        let promised = format!("Chậm nhất ngày {}", complaint.due_on.0.format("%d/%m/%Y"));
        citizen.sees(&promised);

        finance.get("/finance/refunds");
        let id = finance.page.split("/finance/refunds/").nth(1).unwrap().split('"').next().unwrap();
        let refund = format!("/finance/refunds/{id}");
        finance.get(&refund);
        let own = finance.post(&format!("{refund}/step"), &[("do", "approve")]);
        assert_eq!(own.status, 400, "who vouched for the account does not approve");
        let stamp = || get(service.address, &format!("{path}/status")).unwrap().json()["stamp"].clone();
        let taken_up = stamp();
        let mut approver = seated(&world, service.address, Role::Approver, "duyet.badinh", unit);
        approver.get(&refund);
        approver.sees("1900777700");
        let approved = approver.post(&format!("{refund}/step"), &[("do", "approve")]);
        assert_eq!(approved.status, 303, "{}", approver.page);
        citizen.get(&path);
        assert_ne!(stamp(), taken_up, "an open page is told of each step");
        citizen.sees("đã duyệt, sắp chuyển");
        citizen.sees("data-live");
        citizen.sees(&promised);
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
        let owed = overpaid_by_sender(&world);
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
            BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book(50_000, &memo, "R1")
                .sent_from("1900777700"),
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
        let (mut service, centre) = texting(&world);
        let path = format!("/p/{}", owed.reference_code);
        let ask = format!("{path}/refund");
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.post(&ask, &ACCOUNT);
        ask_with(&mut citizen, &ask, &code(&centre, 1));
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
        finance.is_told("refund_request_answered");
        citizen.get(&path);
        citizen.sees("tên chủ tài khoản khác");
        citizen.sees("Xin hoàn tiền");
        citizen.post(&ask, &ACCOUNT);
        ask_with(&mut citizen, &ask, &code(&centre, 2));
        assert_eq!(world.count("refund_request"), 2);
        // Another unit's staff see none of it.
        let other = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.tayho", other);
        assert_eq!(stranger.get(&request).status, 404);
        service.stop();
    });
}

#[test]
fn a_link_alone_sends_nobodys_money_to_another_account() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        let (mut service, centre) = texting(&world);
        let ask = format!("/p/{}/refund", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&format!("/p/{}", owed.reference_code));
        citizen.post(&ask, &ACCOUNT);
        citizen.sees("Chưa gửi: còn mã xác nhận");
        let first = code(&centre, 1);
        let elsewhere = [("bank", "VPBank"), ("account_no", "1900 8888 00"), ("holder", "NGUYEN THI THU")];
        let other = citizen.post(&ask, &[&elsewhere[..], &[("code", first.as_str())]].concat());
        assert_eq!(other.status, 400, "a code is good for the account it was asked for");
        citizen.sees("value=\"1900 8888 00\"");
        assert_eq!(ask_with(&mut citizen, &ask, &first).status, 400, "and was used up by the try");
        citizen.post(&ask, &ACCOUNT);
        let second = code(&centre, 2);
        let wrong = if second == "000000" { "000001" } else { "000000" };
        for _ in 0..4 {
            assert_eq!(ask_with(&mut citizen, &ask, wrong).status, 400);
            citizen.is_told("refund_code_wrong");
        }
        assert_eq!(ask_with(&mut citizen, &ask, wrong).status, 429, "five failures lock the door");
        citizen.is_told("refund_code_locked");
        assert_eq!(ask_with(&mut citizen, &ask, &second).status, 429);
        assert_eq!(world.count("refund_request"), 0);
        assert_eq!(world.count("one_time_code WHERE state = 'used'"), 1);
        let log = service.log();
        assert!(!log.contains(&first) && !log.contains(&second));
        service.stop();

        // The account that the money came from needs nothing.
        let own = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", own.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(30_000, &memo, "R2").sent_from("1900777700"));
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        let ask = format!("/p/{}/refund", own.reference_code);
        assert_eq!(citizen.post(&ask, &ACCOUNT).status, 200, "{}", citizen.page);
        assert_eq!(world.words("SELECT confirmed_by AS t FROM refund_request"), ["sender"]);
        service.stop();

        // Nowhere to send a code: the unit's counter.
        let unknown =
            world.raise_for(Payer { name: Some("Người Mẫu".into()), ..Payer::default() }, Dong(25_000));
        let memo = format!("{} nop phi", unknown.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 60_000);
        statement(&world, file.book(30_000, &memo, "R3"));
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        let ask = format!("/p/{}/refund", unknown.reference_code);
        assert_eq!(citizen.post(&ask, &ACCOUNT).status, 400);
        citizen.is_told("refund_needs_counter");
        citizen.sees("hãy thử lại khi ngân hàng đã gửi sao kê");
        assert_eq!(world.count("refund_request"), 1);
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
        // A photograph past the limit is told beside its field, and what was typed is still there.
        let photograph = [PICTURE, &vec![7; 5_000_000]].concat();
        assert_eq!(citizen.upload_as(&told, &fields, "picture", &photograph).status, 400);
        citizen.sees("tối đa 3 MB");
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
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.badinh", unit.clone());
        auditor.get(&format!("/finance/exceptions/{}", item.id));
        auditor.sees(&link);
        assert_eq!(auditor.get(&link).body, PICTURE);
        let seen = "audit_entry WHERE action = 'told.picture_seen' AND detail = 'audit'";
        assert_eq!(world.count(seen), 1, "an auditor reads everything, and that leaves a trace");
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", unit);
        assert_eq!(cashier.get(&link).status, 403);
        let other = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.tayho", other);
        assert_eq!(stranger.get(&link).status, 404);

        // What the unit answers is read where it was promised.
        let page = format!("/finance/exceptions/{}", item.id);
        finance.get(&page);
        let reads = "Người nộp sẽ đọc nguyên văn lời này";
        finance.sees(reads);
        finance.get("/finance/exceptions");
        finance.sees(reads);
        let answer = "Tiền của bạn vào nhầm tài khoản khác, ngân hàng đã trả lại";
        let proposed = [("do", "propose"), ("resolution", "acknowledge"), ("reason", answer)];
        assert_eq!(finance.post(&page, &proposed).status, 303, "{}", finance.page);
        citizen.get(&path);
        citizen.sees("trả lời chậm nhất ngày");
        assert!(!citizen.page.contains(answer), "another person has not agreed");
        finance.get(&page);
        finance.sees(reads);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.badinh", unit);
        chief.get(&page);
        assert_eq!(chief.post(&page, &[("do", "approve")]).status, 303, "{}", chief.page);
        citizen.get(&path);
        citizen.sees("Đơn vị thu đã trả lời ngày");
        citizen.sees(answer);
        assert!(!citizen.page.contains("trả lời chậm nhất ngày"), "{}", citizen.page);
        finance.get("/finance/exceptions?state=resolved");
        finance.sees(&format!(" – {answer} – "));
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
